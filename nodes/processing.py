"""Processing as a person prepares it: goods picked by a scan or by name, what may come of them, and what came of them.

Nothing is recorded here, and nothing decided: the rules compute again when it is recorded.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ledger.entries import id_in
from ledger.errors import Refusal, Unknown
from ledger.labels import open_token, parse_token
from ledger.matter import yields
from ledger.matter.findings import Finding
from ledger.matter.quantities import amount
from ledger.matter.stock import Batch, Unit
from ledger.matter.yields import Expected, Fed, fed
from nodes.contents import compositions
from nodes.findings import told_by
from nodes.node import Node
from nodes.scan import authors
from nodes.store import codes, lists, log
from nodes.store.engine import Connection

OFFERED = 200
"""So many batches on hand are offered for choosing; others are scanned or typed."""
UNITS_MAX = 500
"""So many units of a batch are picked at once; a form of more can no longer be read."""


@dataclass(frozen=True, slots=True)
class Picked:
    """Goods to use: a unit, or what is loose of a batch. `mg` is what is there."""

    batch: Batch
    mg: int
    unit: Unit | None = None

    @property
    def key(self) -> str:
        return self.batch.id if self.unit is None else self.unit.id


@dataclass(frozen=True, slots=True)
class Made:
    """What one of our entries made: batches, and what the rules say of it; None while the books are being read."""

    batches: tuple[Batch, ...]
    findings: tuple[Finding, ...] | None


def on_hand(node: Node) -> list[Batch]:
    """Newest first."""
    with node.store.read() as conn:
        return [one.batch for one in lists.batches(conn, limit=OFFERED, on_hand=True)]


def pick(node: Node, text: str) -> Picked:
    """What a scanner typed, or a person: the address on a label, a unit's serial, a batch's lot or number."""
    text = text.strip()
    with node.store.read() as conn:
        if "/q/" in text:
            label = open_token(text, authors(conn, node, parse_token(text).index))
            return _unit(conn, lists.unit(conn, id_in(label.unit, label.origin, node.origin)).unit.id)
        for way in codes.spellings(text):
            for called in (_unit_called, _batch_called):
                try:
                    return called(conn, way)
                except Unknown:
                    continue
    raise Unknown("batch-unknown", field="add", value=text)


def pick_all(node: Node, text: str) -> list[Picked]:
    """The same, to be used or sent whole: of a batch of which all is packed, each unit that is here.

    Refusal for more than UNITS_MAX.
    """
    found = pick(node, text)
    if found.unit is not None or found.mg:
        return [found]
    with node.store.read() as conn:
        units = [one for one in lists.units_of(conn, [found.batch.id]) if one.state == "here" and one.inside is None]
    if len(units) > UNITS_MAX:
        raise Refusal("list-too-long", field="add", value=len(units), limit=UNITS_MAX)
    return [Picked(found.batch, unit.net_mg, unit) for unit in units] or [found]


def picked(node: Node, batch: str, unit: str = "") -> Picked:
    """The same goods again, by their numbers in the ledger."""
    with node.store.read() as conn:
        if unit:
            return _unit(conn, unit)
        return _loose(lists.batch(conn, batch).batch)


def _unit_called(conn: Connection, code: str) -> Picked:
    return _unit(conn, codes.find_unit(conn, code, field="add"))


def _batch_called(conn: Connection, code: str) -> Picked:
    return _loose(lists.batch(conn, codes.find_batch(conn, code, field="add")).batch)


def _loose(batch: Batch) -> Picked:
    return Picked(batch, sum(held.mg for held in batch.loose))


def _unit(conn: Connection, id_: str) -> Picked:
    unit = lists.unit(conn, id_).unit
    return Picked(lists.batch(conn, unit.batch).batch, unit.net_mg, unit)


def expected(node: Node, body: Mapping[str, Any]) -> Expected:
    """`body` as transforming takes it, perhaps unfinished. Raises what recording would say of a number."""
    with node.store.read() as conn:
        inputs = [_fed(conn, node, line, f"inputs[{at}]") for at, line in enumerate(body.get("inputs") or ())]
    return yields.expected(body, inputs, node.reference, node.settings.role)


def _fed(conn: Connection, node: Node, line: Mapping[str, Any], where: str) -> Fed:
    batch = lists.batch(conn, codes.find_batch(conn, line["batch"], field=where)).batch
    named = [lists.unit(conn, codes.find_unit(conn, unit, field=where)).unit for unit in line.get("units") or ()]
    quantity = line.get("quantity")
    mg = sum(unit.net_mg for unit in named) if quantity is None else amount(quantity, f"{where}.quantity").mg
    return fed(mg, batch.product, compositions(conn, node.rulesets, [batch.id])[batch.id])


def made(node: Node, index: int) -> Made:
    """What our entry at `index` made. Unknown where it made nothing."""
    with node.store.read() as conn:
        event = log.entry(conn, index).event
        ids = [*event.ids.get("outputs.chain", ()), *filter(None, [event.ids.get("assembly")])]
        batches = tuple(lists.batch(conn, id_).batch for id_ in ids)
    place = (node.origin, index)
    told = node.beside.ask(lambda watch, _: told_by(watch))
    return Made(batches, None if told is None else tuple(one.finding for one in told if place in one.finding.entries))
