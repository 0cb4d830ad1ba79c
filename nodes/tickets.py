"""What a weighbridge ticket comes to, told while it is typed: net, dry, oxides; and whether the ticket was used before.

Nothing is recorded here, and nothing decided: the same rules compute again when the batch is registered.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ledger.errors import Refusal
from ledger.matter.assays import Assay, parse_assay
from ledger.matter.quantities import amount, decimal, dry_mg, moisture_ppm
from ledger.matter.typical import typical_assay
from nodes.derive import TICKETS, ticket_of
from nodes.node import Node
from nodes.store import codes, log, states


@dataclass(frozen=True, slots=True)
class Used:
    """A ticket that stands for a batch already: which, and when that was recorded."""

    batch: str
    lot_no: str | None
    at: str


@dataclass(frozen=True, slots=True)
class Preview:
    """Masses in mg; None where what was typed does not reach so far. `typical`: the oxides by a usual assay."""

    net: int
    dry: int | None
    reo: int | None
    typical: bool
    used: Used | None


def net_quantity(weighing: Mapping[str, Any]) -> dict[str, str]:
    """Gross less tare, exactly, in the ticket's own unit; Refusal where one of them is no number, or tare the more."""
    gross, tare = (decimal(weighing.get(name, ""), f"weighing.{name}") for name in ("gross", "tare"))
    if tare >= gross:
        raise Refusal("tare-above-gross", field="weighing.tare", value=weighing["tare"], gross=weighing["gross"])
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
    used = ticket_used(node, weighing or {})
    return Preview(counted.mg, dry, reo, not told, used)


def ticket_used(node: Node, weighing: Mapping[str, Any]) -> Used | None:
    """The batch that this ticket of this scale was registered for, if it was."""
    key = ticket_of(weighing)
    if key is None:
        return None
    with node.store.read() as conn:
        batch = states.load(conn, TICKETS, [key]).get(key)
        if batch is None:
            return None
        _, lot_no = codes.words_of(conn, batch)
        made_by = codes.made_by(conn, batch)
        assert made_by is not None, "its own entry registered it"
        return Used(batch, lot_no, log.entry(conn, made_by).recorded_at)
