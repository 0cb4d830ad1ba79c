"""What a weighbridge ticket comes to, told while it is typed: net, dry, oxides; and whether the ticket was used before.

Nothing is recorded here, and nothing decided: the same rules compute again when the batch is registered.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ledger.matter.assays import Assay, parse_assay
from ledger.matter.quantities import amount, decimal, dry_mg, moisture_ppm
from ledger.matter.typical import typical_assay
from nodes.node import Node
from nodes.store import codes, log


@dataclass(frozen=True, slots=True)
class Used:
    """A ticket that stands for a batch already: which, and when that was recorded."""

    batch: str
    lot_no: str | None
    at: str


@dataclass(frozen=True, slots=True)
class Preview:
    """Masses in mg; None where what was typed does not reach so far. `typical`: the oxides by a usual assay. `unread`:
    the books are still being read, so that whether the ticket was used is not known yet.
    """

    net: int
    dry: int | None
    reo: int | None
    typical: bool
    used: Used | None
    unread: bool


def net_quantity(weighing: Mapping[str, Any]) -> dict[str, str]:
    """Gross less tare, exactly, in the ticket's own unit; Malformed where one of them is no number."""
    gross, tare = (decimal(weighing.get(name, ""), f"weighing.{name}") for name in ("gross", "tare"))
    return {"value": str(gross - tare), "unit": str(weighing.get("unit", "")), "basis": "net"}


def preview(node: Node, body: Mapping[str, Any]) -> Preview:
    """`body` as registering takes it, perhaps unfinished. Raises what registering would say of a number."""
    quantity, weighing = body["quantity"], body.get("weighing")
    counted = amount(quantity, "quantity", weighing=weighing)
    moisture = quantity.get("moisture_pct")
    dry = None if moisture is None else dry_mg(counted.mg, moisture_ppm(moisture, "quantity.moisture_pct"))
    product, feed = str(body.get("product", "")), (body.get("origin") or {}).get("feed_class")
    told = body.get("assay")
    if told and "total_reo_pct" in told:
        assay: Assay | None = parse_assay(
            told, product, node.reference, "assay", moisture_pct=moisture, feed_class=feed
        )
    else:
        assay = typical_assay(product, node.reference, feed_class=feed)
    reo = None
    if assay is not None:
        reo = round(counted.mg * assay.ratio(counted.basis, "reo").value)
    read = node.beside.ask(lambda *_: True)
    used = ticket_used(node, weighing or {}) if read else None
    return Preview(counted.mg, dry, reo, not told, used, unread=not read)


def ticket_used(node: Node, weighing: Mapping[str, Any]) -> Used | None:
    """The batch that this ticket of this scale was registered for, if it was. Waits until the books are read."""
    ticket, scale = weighing.get("ticket"), str(weighing.get("scale") or "")
    if not ticket:
        return None
    found = node.inspection.ask(lambda watch, _: watch.inspector.weighed_by(scale, str(ticket)))
    if found is None:
        return None
    (origin, index), batch = found
    if origin != node.origin:
        return None
    with node.store.read() as conn:
        _, lot_no = codes.words_of(conn, batch)
        return Used(batch, lot_no, log.entry(conn, index).recorded_at)
