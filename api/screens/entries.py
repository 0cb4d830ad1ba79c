"""One entry of the log as a person reads it, with what became of it and who stands behind it."""

from fastapi import Response

from api.screens.frame import Screens, Visit
from api.screens.wording import groups
from ledger.errors import Unknown
from nodes import entries

INDEX_DIGITS = 15
"""No log has more; a longer number is no entry, and none that the database could hold."""


def routes(screens: Screens) -> None:
    @screens.page("/entries/{index}")
    def entry(visit: Visit) -> Response:
        one = entries.seen(visit.node, index_of(visit.request.path_params["index"]))
        fields, lists = groups(visit, one.now or one.event)
        return visit.render("entry.html", one=one, fields=fields, lists=lists)


def index_of(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= INDEX_DIGITS):
        raise Unknown("entry-unknown", field="entry", value=text)
    return int(text)
