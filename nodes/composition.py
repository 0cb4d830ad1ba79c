"""What a batch is made of, as people and programs see it: elements, origins, sources, and how sure that is.

Amounts are of the batch as made (or as weighed last), in µg as text; what has been taken of it since is told beside
them. A view is what that mass comes to on another basis, by the assay that counts.
"""

from collections.abc import Mapping
from typing import Any

from ledger.matter.assays import Assay, parse_assay
from ledger.matter.elements import ELEMENTS
from ledger.matter.events import Event
from ledger.matter.makeups import RANKS, Composition
from ledger.matter.provenance import recycled
from ledger.matter.rows import Row
from ledger.matter.settlement import views
from ledger.matter.stock import Batch
from ledger.matter.typical import typical_assay
from nodes.contents import compositions
from nodes.derive import ASSAYS
from nodes.node import Node
from nodes.store import codes, genealogy, lists, log, states
from nodes.store.engine import Connection


def composition_of(node: Node, code: str) -> dict[str, Any]:
    """Of a batch that is or was here, by id or own code."""
    with node.store.read() as conn:
        batch = lists.batch(conn, codes.find_batch(conn, code)).batch
        found = compositions(conn, node.rulesets, [batch.id])[batch.id]
        assay = assay_of(conn, node, batch)
    known = found if isinstance(found, Composition) else None
    mg = batch.mg if known is None else known.content.mg
    return {
        "batch": batch.id,
        "product": batch.product,
        "lot_no": batch.lot_no,
        "basis": batch.basis,
        "mg": mg,
        "taken_mg": None if known is None else known.content.taken_mg,
        "rank": None if known is None else known.rank,
        "model": None if known is None else known.content.model,
        "elements": [] if known is None else _elements(known),
        "views": views_of(mg, batch.basis, assay),
    }


def _elements(known: Composition) -> list[dict[str, Any]]:
    return [
        {
            "element": element,
            "ug": str(share.ug),
            "u_ppm": share.u_ppm,
            "origins": _rows(share.origins),
            "sources": _rows(share.sources),
            "recycled": _rows(recycled(known.content, element)),
        }
        for element in ELEMENTS
        if (share := known.content.elements.get(element)) is not None
    ]


def _rows(rows: Mapping[str, Row]) -> list[dict[str, str]]:
    return [
        {"name": name, "mid": str(mid), "lo": str(lo), "hi": str(hi)} for name, (mid, lo, hi) in sorted(rows.items())
    ]


def views_of(mg: int, basis: str, assay: Assay | None) -> dict[str, Any]:
    """Net, dry, REO and metal; None where no assay tells."""
    if assay is None:
        return {}
    return {
        name: None if one is None else {"mg": one.mg, "factor": one.factor, "u_ppm": one.u_ppm}
        for name, one in views(mg, basis, assay).items()
    }


def assay_of(conn: Connection, node: Node, batch: Batch) -> Assay | None:
    """The assay that counts: a later one replaces one that is no surer; else what is typical of the product."""
    found: Assay | None = None
    rank, feed = 0, None
    for event in _telling(conn, batch):
        moisture = None
        if event.type == "registered":  # read as it was booked: ore of a known kind, with the ticket's moisture
            feed = event.scalar("origin").get("feed_class")
            moisture = event.scalar("quantity").get("typed", {}).get("moisture_pct")
        for told in filter(None, _in(event, batch.id)):
            read = parse_assay(
                told,
                batch.product,
                node.reference,
                "assay",
                custody=batch.basis,
                moisture_pct=moisture,
                feed_class=feed,
            )
            sure = event.type == "assay_agreed"
            standing = RANKS.index("agreed" if sure else read.rank)
            if standing >= rank:
                found, rank = read, standing
    return found or typical_assay(batch.product, node.reference, feed_class=feed)


def _telling(conn: Connection, batch: Batch) -> list[Event]:
    """Every entry of ours that may state an assay of a batch, oldest first."""
    made_by = codes.made_by(conn, batch.id)
    indexes = [*genealogy.received_by(conn, batch.id), *([] if made_by is None or made_by < 0 else [made_by])]
    later = states.load(conn, ASSAYS, [batch.id]).get(batch.id, "")
    indexes += map(int, later.split())
    return [entry.event for entry in log.entries_at(conn, indexes)]


def _in(event: Event, batch: str) -> list[Mapping[str, Any]]:
    """The assays of a batch that an event states."""
    if event.type == "received":
        rows = event.rows("lines.chain", "lines.authority")
        return [row["assay"] for row in rows if row["batch"] == batch and "assay" in row]
    if "outputs.chain" in event.ids:
        made = zip(event.ids["outputs.chain"], event.rows("outputs.chain", "outputs.authority"), strict=True)
        return [row["assay"] for id_, row in made if id_ == batch and "assay" in row]
    return [event.scalar("assay")] if event.scalar("assay") else []
