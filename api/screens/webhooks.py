"""Programs that are told what waits for a person: which, what became of the last calls, and a new one."""

from collections.abc import Callable

from fastapi import Response

from api.forms import Form
from api.screens.frame import Screens, Visit
from api.screens.named import NAMED
from ledger.errors import LodetraceError, Unknown
from nodes import webhooks

SHOWN = 10


def routes(screens: Screens) -> None:
    @screens.page("/webhooks", "admin", posts=True)
    def page(visit: Visit) -> Response:
        secret = ""
        if visit.posted:
            try:
                if visit.form.value("do") == "add":
                    secret = _add(visit)
                else:
                    return visit.see("/webhooks", _do(visit))
            except LodetraceError as error:
                visit.refuse(error)
        store = visit.node.store
        found = [(one, webhooks.newest(store, one.no, SHOWN)) for one in webhooks.listed(store)]
        kinds = list(NAMED["telling"].items())
        return visit.render("webhooks.html", found=found, secret=secret, kinds=kinds, word_of=_words(visit))


def _words(visit: Visit) -> Callable[[str], str]:
    """What happened, in a call: a status, news, an arrival; a rule's code means a finding."""

    def word_of(what: str) -> str:
        if what == "arrived":
            return visit._("goods are on their way here")
        kind = next((kind for kind in ("status", "news") if what in NAMED[kind]), None)
        return visit._("a finding") if kind is None else visit.word(kind, what)

    return word_of


def _add(visit: Visit) -> str:
    form, node = visit.form, visit.node
    internal = form.value("internal") == "true"
    url = form.value("url").strip()
    _, secret = webhooks.add(node.store, url, form.many.get("for", []), node.clock, internal=internal)
    node.announce()
    visit.form = Form(csrf=form.csrf)  # it is done: the next one begins empty
    return secret


def _do(visit: Visit) -> str:
    """What was done with one that is there."""
    form, node = visit.form, visit.node
    named = form.value("webhook")
    if not (named.isascii() and named.isdigit() and len(named) < 10):
        raise Unknown("webhook-unknown", field="number", value=named)
    if form.value("do") == "remove":
        webhooks.remove(node.store, int(named))
        return visit._("Removed.")
    webhooks.send_again(node.store, int(named), node.clock)
    node.announce()
    return visit._("It is sent again.")
