"""The monthly flow report as a file to keep and to enter from: in tonnes, and in tonnes of oxides, as quotas are.

No official form was found (docs/regimes.md): sheets and columns are what notices and drafts ask enterprises for.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any

from api.screens.listing import exact, or_nothing, readable
from api.screens.named import N_
from api.screens.reader import Reader
from ledger.matter.regimes.china_flows import COLUMNS
from ledger.matter.regimes.words import FLOW_GAPS

TITLE = N_("Monthly report")
_COLUMNS = {
    "opening": N_("Opening"),
    "purchased": N_("Purchased"),
    "other_in": N_("Other goods in"),
    "produced": N_("Produced"),
    "consumed": N_("Consumed"),
    "sold": N_("Sold in the country"),
    "exported": N_("Exported"),
    "other_out": N_("Other goods out"),
    "corrected": N_("Corrected"),
    "closing": N_("Closing"),
}
_PAPERS = {
    N_("Invoice"): ("special_invoice", "invoice"),
    N_("Customs declaration"): ("customs_declaration",),
    N_("Export licence"): ("export_licence",),
}
_TONNES, _MICRO_TONNES = 9, 12
"""10⁻⁹ t is a milligram, 10⁻¹² t a microgram."""


def monthly_report(
    reader: Reader, found: Mapping[str, Any], quotas: Iterable[Mapping[str, Any]]
) -> dict[str, Iterable[Mapping[str, Any]]]:
    """Title → rows by headings: the report as the interface tells it (nodes/regimes.py), and quota accounts."""
    _ = reader._
    sheets = {
        _("Report"): _about(reader, found),
        _("Products"): _products(reader, found),
        _("Purchases and sales"): _trades(reader, found),
        _("Losses"): _losses(reader, found),
        _("Quota"): readable(reader, "quotas", quotas, "t"),
        _("What is missing"): ({_("What is missing"): _gap(reader, one)} for one in found["gaps"]),
    }
    return {title: or_nothing(reader, rows) for title, rows in sheets.items()}


def _about(reader: Reader, found: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    _, about = reader._, found["organisation"]
    told = {
        _("Organisation"): reader.organisation(about["name"]),
        _("Unified social credit code"): about.get("uscc"),
        _("Role"): reader.word("organisation_role", about["role"]),
        _("Month"): found["month"],
        _("Month closed"): _("yes") if found["closed"] else _("no"),
        _("To be handed in by"): date.fromisoformat(found["due"]),
        _("In pools, as oxides (t)"): exact(found["pools_reo_ug"], _MICRO_TONNES),
        _("Entries of the log"): found["size"],
        _("Rules of"): found["ruleset"],
    }
    for name, value in told.items():
        yield {_("Item"): name, _("Value"): value}


def _called(reader: Reader, column: str) -> str:
    message = _COLUMNS[column]
    return reader._(message)


def _products(reader: Reader, found: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    _ = reader._
    for row in found["rows"]:
        amounts: dict[str, Any] = {}
        for column in COLUMNS:
            called = _called(reader, column)
            amounts[_("%(what)s (t)") % {"what": called}] = exact(row[column]["mg"], _TONNES)
            amounts[_("%(what)s, as oxides (t)") % {"what": called}] = exact(row[column]["reo_ug"], _MICRO_TONNES)
        unknown = {_("Closing without a known composition (t)"): exact(row["closing"]["unknown_mg"], _TONNES)}
        yield {_("Product"): row["name"][reader.language], **amounts, **unknown}


def _trades(reader: Reader, found: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    _ = reader._
    for trade in found["trades"]:
        partner = trade["partner"]
        member = reader.node.membership.members.get(partner)
        origin, feed, country = trade["origin_class"], trade["feed_class"], trade["country"]
        yield {
            _("Day"): date.fromisoformat(trade["day"]),
            _("Kind"): _called(reader, trade["column"]),
            _("Product"): reader.product(trade["product"]),
            _("Mass (t)"): exact(trade["mg"], _TONNES),
            _("As oxides (t)"): exact(trade["reo_ug"], _MICRO_TONNES),
            _("Partner"): partner and reader.organisation(partner),
            _("Unified social credit code"): trade["uscc"] or (member and member.told.get("uscc")),
            _("Country"): country and reader.country(country),
            _("Kind of origin"): origin and reader.word("origin", origin),
            _("Kind of feed"): feed and reader.feed(feed),
            **{_(called): _numbers(trade["documents"], kinds) for called, kinds in _PAPERS.items()},
            _("Other papers"): _others(reader, trade["documents"]),
            _("Entry"): trade["entry"],
        }


def _numbers(papers: Iterable[Mapping[str, Any]], kinds: Iterable[str]) -> str | None:
    return "; ".join(one["no"] or "?" for one in papers if one["kind"] in kinds) or None


def _others(reader: Reader, papers: Iterable[Mapping[str, Any]]) -> str | None:
    known = {kind for kinds in _PAPERS.values() for kind in kinds}
    told = (f"{reader.word('paper', one['kind'])} {one['no'] or '?'}" for one in papers if one["kind"] not in known)
    return "; ".join(told) or None


def _losses(reader: Reader, found: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    _ = reader._
    for loss in found["losses"]:
        yield {_("Kind"): reader.word("loss", loss["kind"]), _("Mass (t)"): exact(loss["mg"], _TONNES)}


def _gap(reader: Reader, gap: Mapping[str, Any]) -> str:
    """As its text, with products and partners by their names."""
    names = {"product": reader.product, "partner": reader.organisation}
    told = {fact: names[fact](value) if fact in names else value for fact, value in gap["facts"].items()}
    en, zh = FLOW_GAPS[gap["code"]]
    return (en if reader.language == "en" else zh).format(**told)
