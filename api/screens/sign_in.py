"""Signing in and out: by name and password, or with a token of this node."""

from fastapi import Request, Response

from api.access import COOKIE
from api.errors import status_of
from api.screens.frame import Screens, Visit, safe_path
from ledger.errors import LodetraceError
from nodes import people
from nodes.people import SESSION_HOURS


def routes(screens: Screens) -> None:
    reception = screens.access.reception

    @screens.page("/sign-in", None, posts=True)
    def sign_in(visit: Visit) -> Response:
        form, back = visit.form, safe_path(visit.asked("next", "/"))
        if not visit.posted:
            return visit.see(back) if visit.session else _page(visit)
        try:
            if form.value("token"):
                cookie = reception.sign_in_with_token(form.value("token"))
            else:
                cookie = reception.sign_in(form.value("name"), form.value("password"), address(visit.request))
        except LodetraceError as error:
            form.refuse(error, visit.language, status_of(error))
            return _page(visit)
        return signed_in(visit, cookie, back)

    @screens.page("/sign-out", posts=True)
    def sign_out(visit: Visit) -> Response:
        if visit.posted:
            reception.sign_out(visit.request.cookies[COOKIE])
        response = visit.see("/sign-in")
        if visit.posted:
            response.delete_cookie(COOKIE)
        return response


def _page(visit: Visit) -> Response:
    return visit.render("sign_in.html", first=not people.listed(visit.node.store))


def signed_in(visit: Visit, cookie: str, path: str, told: str = "") -> Response:
    """On to `path`, with the cookie of a new session."""
    response = visit.see(path, told)
    response.set_cookie(
        COOKIE,
        cookie,
        max_age=SESSION_HOURS * 3600,
        httponly=True,
        samesite="lax",
        secure=visit.is_secure,
    )
    return response


def address(request: Request) -> str:
    return "" if request.client is None else request.client.host
