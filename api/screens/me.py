"""One's own sign-in: the password, the language, and signing out on every device."""

from fastapi import Response

from api.access import COOKIE
from api.screens.frame import Screens, Visit
from api.screens.sign_in import address, signed_in
from ledger.errors import LodetraceError, Malformed


def routes(screens: Screens) -> None:
    reception = screens.access.reception

    @screens.page("/me", posts=True)
    def me(visit: Visit) -> Response:
        cookie = visit.request.cookies.get(COOKIE, "")
        if visit.posted and visit.form.value("do") == "everywhere":
            reception.sign_out_everywhere(cookie)
            response = visit.see("/sign-in", visit._("You are signed out on every device."))
            response.delete_cookie(COOKIE)
            return response
        if visit.posted:
            form = visit.form
            try:
                if form.value("again") != form.value("password"):
                    raise Malformed("passwords-differ", field="again")
                new = reception.change_password(
                    cookie, form.value("old"), form.value("password"), address(visit.request)
                )
            except LodetraceError as error:
                visit.refuse(error)
            else:
                return signed_in(
                    visit, new, "/me", visit._("You have a new password. Every other device is signed out.")
                )
        return visit.render("me.html", sessions=reception.open_until(cookie))
