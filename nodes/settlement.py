"""The settlement sheet: one batch of one shipment, as its sender and its receiver weighed and assayed it.

Compared is what was accepted, on one basis only, each side by its own weighing and assay; where only one assay is known
here, both by that one, and the sheet says so. The tolerance is that of ledger/matter/settlement.py.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from ledger.entries import id_in
from ledger.errors import Unknown
from ledger.log.trust import organisation
from ledger.matter.assays import Assay, parse_assay
from ledger.matter.events import Event, is_id
from ledger.matter.quantities import show_mg
from ledger.matter.settlement import Settlement, Side, View, settle
from nodes.composition import views_of
from nodes.derive import ASSAYS
from nodes.node import Node
from nodes.store import codes, genealogy, lists, log, states, upstream
from nodes.store.engine import Connection

SCALE = "drum_scale"
"""What a mass was weighed on, where the ticket does not say."""


@dataclass(frozen=True, slots=True)
class _Line:
    """A line as both sides state it, in mg: offered, accepted by the sender's mass, weighed by the receiver."""

    sender: str
    receiver: str
    product: str
    basis: str
    offered_mg: int
    accepted_mg: int
    weighed_mg: int
    scale: str
    offered_assay: Mapping[str, Any] | None
    found_assay: Mapping[str, Any] | None


def sheet(node: Node, code: str, shipment: str, basis: str) -> dict[str, Any]:
    """Unknown where the shipment has no receipt here that names the batch."""
    with node.store.read() as conn:
        batch = codes.find_batch(conn, code)
        id_, shipped, receipts = _both_sides(conn, node, shipment)
        line = _line(node, batch, id_, shipped, receipts)
        ours = shipped.origin == node.origin
        results = _results(conn, batch)
    own, other = results.get("own"), results.get("other")
    sent_told = (own if ours else other) or line.offered_assay
    found_told = (other if ours else own) or line.found_assay
    sent = _read(node, line, sent_told or found_told, "sent")
    found = _read(node, line, found_told or sent_told, "received")
    settled = None
    u_ppm = node.reference.scale_ppm(line.scale)
    if sent is not None and found is not None:
        sides = (
            Side(line.accepted_mg, line.basis, u_ppm, sent),
            Side(line.weighed_mg, line.basis, u_ppm, found),
        )
        settled = settle(*sides, node.reference, basis)
    return {
        "batch": batch,
        "shipment": id_,
        "product": line.product,
        "from": line.sender,
        "to": line.receiver,
        "counted": line.basis,
        "offered_mg": line.offered_mg,
        "basis": basis,
        "assays": "own" if sent_told and found_told else "one" if sent_told or found_told else "none",
        "agreed": "agreed" in results,
        "sent": _side(line.accepted_mg, line.basis, sent, None if settled is None else settled.sent),
        "received": _side(line.weighed_mg, line.basis, found, None if settled is None else settled.received),
        **_difference(settled),
    }


def _side(mg: int, basis: str, assay: Assay | None, views: Mapping[str, View | None] | None) -> dict[str, Any]:
    shown = views_of(mg, basis, assay)
    if views is not None:
        shown = {
            name: None if one is None else {"mg": one.mg, "factor": one.factor, "u_ppm": one.u_ppm}
            for name, one in views.items()
        }
    return {"mg": mg, "assay": None if assay is None else dict(assay.stated), "views": shown}


def _difference(settled: Settlement | None) -> dict[str, Any]:
    names = ("sent_mg", "received_mg", "difference_mg", "u_mg", "tolerance_mg", "verdict")
    return {name: None if settled is None else getattr(settled, name) for name in names}


# -- both sides ---------------------------------------------------------------------------------------------------


def _both_sides(conn: Connection, node: Node, shipment: str) -> tuple[str, Event, list[Event]]:
    """The shipment's id, its shipped event and the receipts of it, as far as they are open to us."""
    own = shipment.removeprefix(f"{node.origin}#")
    if not is_id(own):
        own = codes.one_of(codes.shipments_named(conn, own), "shipment", own, "shipment-unknown")
    if "#" in own and organisation(own.partition("#")[0]) != node.settings.name:
        offer = upstream.offer(conn, own)
        if offer is None:
            raise Unknown("shipment-unknown", field="shipment", value=shipment)
        batches = [id_in(row["batch"], offer.log, node.origin) for row in offer.event.rows("lines.chain")]
        indexes = {index for batch in batches for index in genealogy.received_by(conn, batch)}
        receipts = [entry.event for entry in log.entries_at(conn, indexes)]
        return own, offer.event, [one for one in receipts if one.scalar("receipt")["shipment"] == own]
    record = lists.shipment(conn, own)
    assert record.made_by is not None, "our own shipments are made by entries of ours"
    told = upstream.numbered(conn, [answer.entry_no for answer in record.answers])
    no = record.made_by
    shipped = log.entry(conn, no).event if no >= 0 else upstream.numbered(conn, [no])[no].event
    return own, shipped, [one.event for one in told.values()]


def _line(node: Node, batch: str, shipment: str, shipped: Event, receipts: list[Event]) -> _Line:
    offered = [
        row
        for row in shipped.rows("lines.chain", "lines.partner")
        if "mg" in row and id_in(row["batch"], shipped.origin, node.origin) == batch
    ]
    slots = ("lines.chain", "lines.partner", "lines.authority")
    found = [
        (event, row)
        for event in receipts
        for row in event.rows(*slots)
        if "accepted_mg" in row and id_in(row["batch"], event.origin, node.origin) == batch
    ]
    if not offered or not found:
        raise Unknown("receipt-of-batch-unknown", field="batch", value=batch, shipment=shipment)
    accepted = sum(row["accepted_mg"] for _, row in found)
    last = found[-1][1]
    return _Line(
        sender=shipped.name,
        receiver=found[-1][0].name,
        product=offered[0]["product"],
        basis=offered[0]["basis"],
        offered_mg=sum(row["mg"] for row in offered),
        accepted_mg=accepted,
        weighed_mg=accepted + sum(row["difference_mg"] for _, row in found),
        scale=str((last.get("weighing") or {}).get("scale_kind", SCALE)),
        offered_assay=offered[0].get("assay"),
        found_assay=None if last.get("assay") == offered[0].get("assay") else last.get("assay"),
    )


def _results(conn: Connection, batch: str) -> dict[str, Mapping[str, Any]]:
    """What we have recorded since: our own laboratory's result, and where it was agreed, both and what counts."""
    indexes = map(int, states.load(conn, ASSAYS, [batch]).get(batch, "").split())
    found: dict[str, Mapping[str, Any]] = {}
    for entry in log.entries_at(conn, indexes):
        event = entry.event
        if event.type == "assayed":
            found["own"] = event.scalar("assay")
        else:
            results = event.scalar("results")
            found.update({name: results[name] for name in ("own", "other") if results.get(name)})
            found["agreed"] = event.scalar("assay")
    return found


def _read(node: Node, line: _Line, told: Mapping[str, Any] | None, field: str) -> Assay | None:
    if told is None:
        return None
    return parse_assay(told, line.product, node.reference, f"{field}.assay", custody=line.basis)


# -- printed ------------------------------------------------------------------------------------------------------

BASES = {
    "net": ("湿重（净重）", "wet (net)"),
    "dry": ("干重", "dry"),
    "reo": ("稀土氧化物 REO", "REO"),
    "metal": ("金属量", "metal"),
}
VERDICTS = {
    "within": ("在允差之内", "within the tolerance"),
    "reason": ("超出允差，须说明原因", "beyond the tolerance: a reason is needed"),
    "dispute": ("超出争议限，属争议", "beyond the limit of dispute"),
}


def as_page(node: Node, found: Mapping[str, Any], language: str) -> dict[str, Any]:
    """The facts of the page; masses to be compared in kg, all with as many decimals."""
    place = 1 if language == "en" else 0
    named, masses = [], []
    for name, words in BASES.items():
        sides = [found[side]["views"].get(name) for side in ("sent", "received")]
        if any(sides):
            named.append(words[place])
            masses += [None if one is None else one["mg"] for one in sides]
    settled = found["verdict"] is not None
    *sides, difference, tolerance = _aligned([*masses, found["difference_mg"], found["tolerance_mg"]])
    return {
        "sheet": found,
        "product": node.reference.product_name(found["product"], language),
        "rows": list(zip(named, sides[::2], sides[1::2], strict=True)),
        "offered": show_mg(found["offered_mg"]),
        "compared": BASES.get(found["basis"], (found["basis"],) * 2)[place],
        "difference": difference,
        "tolerance": tolerance,
        "verdict": VERDICTS[found["verdict"]][place] if settled else None,
    }


def _aligned(masses: Sequence[int | None]) -> list[str]:
    """Masses in kg as text, with as many decimals as the one that needs most."""
    shown = ["–" if mg is None else show_mg(mg).removesuffix(" kg") for mg in masses]
    decimals = max(len(text.partition(".")[2]) for text in shown)
    return ["–" if mg is None else f"{Decimal(text):.{decimals}f}" for mg, text in zip(masses, shown, strict=True)]
