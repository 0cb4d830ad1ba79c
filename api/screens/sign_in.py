"""Signing in and out: by name and password, with a token of this node, or by the organisation's own sign-in."""

from urllib.parse import urlencode

from fastapi import Request, Response
from fastapi.concurrency import run_in_threadpool

from api.access import COOKIE
from api.errors import status_of
from api.proxied import vouched
from api.screens.frame import Screens, Visit, safe_path
from ledger.errors import LodetraceError, Unknown
from nodes import people
from nodes.oidc import TICKET_SECONDS
from nodes.people import SESSION_HOURS

TICKET, PLACE = "lodetrace_ticket", "/sign-in"


def routes(screens: Screens) -> None:
    reception = screens.access.reception
    _elsewhere(screens)

    @screens.page("/sign-in", None, posts=True)
    def sign_in(visit: Visit) -> Response:
        form, back = visit.form, safe_path(visit.asked("next", "/"))
        if not visit.posted and visit.session:
            return visit.see(back)
        here = vouched(visit.request)
        if not visit.posted and (not here or visit.asked("out")):
            return _page(visit, screens)
        try:
            if not visit.posted:  # a web server in front has signed them in
                cookie = reception.sign_in_as(here)
            elif form.value("token"):
                cookie = reception.sign_in_with_token(form.value("token"))
            else:
                cookie = reception.sign_in(form.value("name"), form.value("password"), address(visit.request))
        except LodetraceError as error:
            form.refuse(error, visit.language, status_of(error))
            return _page(visit, screens)
        return signed_in(visit, cookie, back)

    @screens.page("/sign-out", posts=True)
    def sign_out(visit: Visit) -> Response:
        if visit.posted:
            reception.sign_out(visit.request.cookies[COOKIE])
        response = visit.see("/sign-in?out=true" if vouched(visit.request) else "/sign-in")
        if visit.posted:
            response.delete_cookie(COOKIE)
        return response


def _elsewhere(screens: Screens) -> None:
    """The way to the organisation's own sign-in, and back."""
    own, reception = screens.own_sign_in, screens.access.reception

    @screens.page("/sign-in/elsewhere", None)
    async def elsewhere(visit: Visit) -> Response:
        if own is None:
            raise Unknown("route-unknown", value="/sign-in/elsewhere")
        try:
            begun = await own.begin(_redirect(visit), safe_path(visit.asked("next", "/")))
        except LodetraceError as error:
            visit.refuse(error)
            return await run_in_threadpool(_page, visit, screens)
        response = visit.see(begun.url)
        response.set_cookie(
            TICKET, begun.ticket, TICKET_SECONDS, path=PLACE, httponly=True, samesite="lax", secure=visit.is_secure
        )
        return response

    @screens.page("/sign-in/back", None)
    async def came_back(visit: Visit) -> Response:
        if own is None:
            raise Unknown("route-unknown", value="/sign-in/back")
        given, ticket = dict(visit.request.query_params), visit.request.cookies.get(TICKET, "")
        try:
            subject, back = await own.finish(ticket, given, _redirect(visit))
            cookie = await run_in_threadpool(reception.sign_in_as, subject)
            response = signed_in(visit, cookie, safe_path(back))
        except LodetraceError as error:
            visit.refuse(error)
            response = await run_in_threadpool(_page, visit, screens)
        response.delete_cookie(TICKET, path=PLACE)
        return response


def _page(visit: Visit, screens: Screens) -> Response:
    first = not people.listed(visit.node.store)
    elsewhere = f"/sign-in/elsewhere?{urlencode({'next': safe_path(visit.asked('next', '/'))})}"
    return visit.render("sign_in.html", first=first, elsewhere=elsewhere if screens.own_sign_in else "")


def _redirect(visit: Visit) -> str:
    """Where the organisation's own sign-in sends a browser back to: it knows this address, and takes no other."""
    url = visit.request.url
    return f"{url.scheme}://{url.netloc}/sign-in/back"


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
