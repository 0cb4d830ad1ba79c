"""Scanning anything: a camera, a photo, a scanner that types, or fingers; leads to what the code stands for here."""

from urllib.parse import quote

from fastapi import Response

from api.screens.frame import Screens, Visit
from ledger.errors import LodetraceError, Malformed, Unknown
from nodes import processing, seeking
from nodes.photos import code_in
from nodes.shipping import one_shipment
from nodes.verbs.books import AUTHORITY


def routes(screens: Screens) -> None:
    @screens.page("/scan", posts=True)
    def scan(visit: Visit) -> Response:
        if visit.posted:
            try:
                text = scanned(visit, "code")
                if not text:
                    raise Malformed("code-missing", field="code", value=visit.form.files.get("photo", ("",))[0] or None)
                return visit.see(_way(visit, text))
            except LodetraceError as error:
                visit.refuse(error, at="code")
        return visit.render("scanning.html")


def scanned(visit: Visit, name: str) -> str:
    """The code that a hand, a scanner or a camera typed into this field, else the one in the photo, else ""."""
    typed = visit.form.value(name).strip()
    _, photo = visit.form.files.get("photo", ("", b""))
    return typed or (code_in(photo) if photo else "")


def _way(visit: Visit, text: str) -> str:
    """The goods themselves where they are here, a shipment to receive, else the page of the label."""
    try:
        return f"/batches/{quote(processing.pick(visit.node, text).batch.id, safe='')}"
    except LodetraceError as error:
        if visit.node.settings.role == AUTHORITY and _is_deposited(visit, text):
            return f"/seek?q={quote(text, safe='')}"
        if "/q/" in text:
            return f"/q/{quote(text.rpartition('/q/')[2], safe='')}"
        if not isinstance(error, Unknown):
            raise
    found = one_shipment(visit.node, text)
    return f"/{'receive' if 'offered' in found else 'shipments'}/{quote(found['shipment'], safe='')}"


def _is_deposited(visit: Visit, text: str) -> bool:
    """Whether goods of a deposited log are called that. What is wrong with a label is told by the label's own page."""
    try:
        return bool(seeking.seek(visit.node, text))
    except LodetraceError:
        return False
