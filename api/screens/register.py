"""Registering a batch from a weighbridge ticket: one short form, told live what the ticket comes to."""

from collections.abc import Mapping
from typing import Any

from fastapi import Response

from api.screens.frame import Screens, Visit
from api.screens.products import product_groups
from api.screens.telling import teller
from ledger.errors import LodetraceError, Malformed
from ledger.matter.event_types import ORIGIN_CLASSES
from nodes import tickets
from nodes.clock import stamp
from nodes.store import codes, lists

FIELDS = (
    *("product", "lot_no", "site", "quantity.moisture_pct"),
    *("weighing.ticket", "weighing.scale", "weighing.gross", "weighing.tare", "weighing.unit"),
    *("origin.class", "origin.country", "origin.region", "origin.feed_class", "confirm.reason"),
    *("documents[0].kind", "documents[0].no"),
    *("assay.basis", "assay.total_reo_pct", "assay.lab", "assay.certificate_no"),
)
INSTEAD = {
    "quantity": ("weighing.gross",),
    "quantity.value": ("weighing.gross",),
    "documents": ("documents[0].no", "documents[0].kind"),
    "assay": ("assay.total_reo_pct", "origin.feed_class"),
}
RECENT = 30
USUAL_PAPER = "weigh_ticket"
"""The kind that the form begins with is no paper yet; one that somebody chose needs its number."""

MOST_USUAL = ("mined", "bought_outside")
"""Origins that come first where a role may register them: what else a plant imports or recycles, it says."""


def routes(screens: Screens) -> None:
    @screens.page("/register", "clerk", posts=True)
    async def register(visit: Visit) -> Response:
        if visit.posted:
            answer = await visit.record("register", lambda: _body(visit))
            if answer is not None:
                told = visit._("Registered. Next: pack it and print labels.")
                return visit.see(f"/batches/{answer['batch']}", told)
        return visit.render("register.html", fields=FIELDS, instead=INSTEAD, **_choices(visit))

    @screens.page("/register/preview", "clerk", posts=True)
    def preview(visit: Visit) -> Response:
        """A part of the page above: what is typed so far comes to so much."""
        found, error = None, ""
        if visit.form.value("weighing.gross").strip() and visit.form.value("weighing.tare").strip():
            try:
                found = tickets.preview(visit.node, _body(visit))
            except LodetraceError as refused:
                error = teller(visit, {})(refused)
        return visit.render("register_preview.html", 200, found=found, error=error)


def _body(visit: Visit) -> dict[str, Any]:
    """The form as the interface takes it: the quantity is the ticket's, gross less tare."""
    body = visit.form.body()
    weighing = body.get("weighing")
    if isinstance(weighing, dict) and "gross" in weighing:
        body["quantity"] = {**tickets.net_quantity(weighing), **body.get("quantity", {})}
    elif isinstance(weighing, dict):
        del body["weighing"]  # a unit alone is no weighing
    if isinstance(body.get("assay"), dict) and set(body["assay"]) == {"basis"}:
        del body["assay"]  # nor is a basis an assay
    if isinstance(body.get("documents"), list):
        if any("no" not in one and one.get("kind") != USUAL_PAPER for one in body["documents"]):
            raise Malformed("field-missing", field="documents[0].no")
        body["documents"] = [one for one in body["documents"] if "no" in one]
    return body


def _choices(visit: Visit) -> Mapping[str, Any]:
    node, zh = visit.node, visit.language == "zh"
    reference = node.reference
    with node.store.read() as conn:
        lately = [one.batch.product for one in lists.batches(conn, limit=RECENT)]
        number = 1
        day = stamp(node.clock())[:10].replace("-", "")
        while codes.batches_named(conn, f"{day}-{number}"):
            number += 1
    rules = {code: reference.origin_rule(node.settings.role, code) for code in ORIGIN_CLASSES}
    may = [code for code, rule in rules.items() if rule is None or rule["may"] != "no"]
    usual = sorted(may, key=lambda code: code not in MOST_USUAL)
    session = visit.session
    sites = [one.code for one in node.settings.sites if session and one.code in (session.holder.sites or [one.code])]
    papers = {paper for rule in rules.values() if rule for one in rule["documents"] for paper in one["kinds"]}
    return {
        "products": product_groups(visit, lately),
        "product": next((code for code in lately if code in reference.products), ""),
        "lot": f"{day}-{number}",
        "classes": [(code, visit.word("origin", code)) for code in usual],
        "feeds": [(code, row["zh" if zh else "en"]) for code, row in reference.tables["feed_classes"].items()],
        "sites": [(code, code) for code in sites],
        "country": node.settings.country or "CN",
        "region": next((one.region for one in node.settings.sites if one.region), "") or "",
        "usual_paper": USUAL_PAPER,
        "papers": [(code, visit.word("paper", code)) for code in sorted(papers)],
    }
