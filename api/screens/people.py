"""Who may sign in, what each of them may do, and the end of it: for administrators."""

from typing import Any

from fastapi import Response

from api.screens.frame import Screens, Visit
from api.screens.named import NAMED
from ledger.errors import LodetraceError, Unknown
from nodes import people
from nodes.store.people import Person
from nodes.tokens import ROLES


def routes(screens: Screens) -> None:
    @screens.page("/people", "admin", posts=True)
    def everybody(visit: Visit) -> Response:
        form = visit.form
        if visit.posted:
            try:
                _hire(visit)
            except LodetraceError as error:
                visit.refuse(error)
            else:
                return visit.see("/people", visit._("%(name)s may sign in.") % {"name": form.value("name").strip()})
        found = sorted(people.listed(visit.node.store), key=lambda one: (one.left_at is not None, one.name))
        return visit.render("people.html", found=found, **_choices(visit))

    @screens.page("/people/{person}", "admin", posts=True)
    def somebody(visit: Visit) -> Response:
        named = visit.request.path_params["person"]
        if not (named.isascii() and named.isdigit() and len(named) < 10):
            raise Unknown("person-unknown", field="name", value=named)
        one = people.person(visit.node.store, int(named))
        if visit.posted:
            try:
                told = _change(visit, one)
            except LodetraceError as error:
                visit.refuse(error)
            else:
                return visit.see(visit.request.url.path, told)
        return visit.render("person.html", one=one, **_choices(visit))


def _choices(visit: Visit) -> dict[str, Any]:
    return {
        "roles": [(code, visit.word("role", code)) for code in ROLES],
        "tasks": [(code, visit.word("task", code)) for code in NAMED["task"]],
        "sites": [one.code for one in visit.node.settings.sites],
    }


def _hire(visit: Visit) -> None:
    form, node = visit.form, visit.node
    subject = form.value("subject").strip() or None
    password = form.value("password")
    people.hire(
        node.store,
        form.value("name").strip(),
        form.value("role"),
        node.clock,
        password=password if password or subject is None else None,
        subject=subject,
        tasks=form.many.get("task", ()),
        sites=form.many.get("site", ()),
        known_sites=[one.code for one in node.settings.sites],
    )


def _change(visit: Visit, one: Person) -> str:
    """What was done with somebody, to be told on the next page."""
    form, store = visit.form, visit.node.store
    if form.value("do") == "password":
        people.set_password(store, one.name, form.value("password"))
        return visit._("%(name)s has a new password, and must sign in again.") % {"name": one.name}
    people.check_another(one.name, visit.owner)
    if form.value("do") == "leave":
        people.leave(store, one.name, visit.node.clock)
        return visit._("%(name)s may no longer sign in.") % {"name": one.name}
    people.change(
        store,
        one.name,
        form.value("role"),
        subject=form.value("subject").strip() or None,
        tasks=form.many.get("task", ()),
        sites=form.many.get("site", ()),
        known_sites=[site.code for site in visit.node.settings.sites],
    )
    return visit._("Changed.")
