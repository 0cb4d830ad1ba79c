"""Processing as a person prepares it: goods picked by a scan or by name, what may come of them, and what came of them.

Nothing is recorded here, and nothing decided: the rules compute again when it is recorded.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from ledger.entries import id_in
from ledger.errors import Unknown
from ledger.labels import open_token, parse_token
from ledger.matter.assays import parse_assay
from ledger.matter.elements import PPM, UG_PER_MG
from ledger.matter.findings import Finding
from ledger.matter.limits import Limits
from ledger.matter.makeups import Composition
from ledger.matter.quantities import amount
from ledger.matter.stock import Batch, Unit
from ledger.matter.typical import typical_assay
from nodes.contents import compositions
from nodes.findings import told_by
from nodes.node import Node
from nodes.scan import authors
from nodes.store import codes, lists, log
from nodes.store.engine import Connection

OFFERED = 200
"""So many batches on hand are offered for choosing; others are scanned or typed."""


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
class Expected:
    """Masses in mg, and what share of the rare earths comes out, in ppm: `least` to `greatest` is what the process
    reaches. A share is None where nobody knows it. `same`: outputs were taken to hold as much as the inputs do.
    """

    went_in: int
    came_out: int
    lost: int
    share: int | None
    least: int | None
    typical: int | None
    greatest: int | None
    same: bool


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
        try:
            return _unit(conn, codes.find_unit(conn, text, field="add"))
        except Unknown:
            batch = lists.batch(conn, codes.find_batch(conn, text, field="add")).batch
    return Picked(batch, sum(held.mg for held in batch.loose))


def picked(node: Node, batch: str, unit: str = "") -> Picked:
    """The same goods again, by their numbers in the ledger."""
    with node.store.read() as conn:
        if unit:
            return _unit(conn, unit)
        found = lists.batch(conn, batch).batch
    return Picked(found, sum(held.mg for held in found.loose))


def _unit(conn: Connection, id_: str) -> Picked:
    unit = lists.unit(conn, id_).unit
    return Picked(lists.batch(conn, unit.batch).batch, unit.net_mg, unit)


def expected(node: Node, body: Mapping[str, Any]) -> Expected:
    """`body` as transforming takes it, perhaps unfinished. Raises what recording would say of a number."""
    reference = node.reference
    steps = tuple(str(step.get("process", "")) for step in body.get("steps") or ())
    went_in, rare_in, known = 0, Fraction(0), True
    for at, line in enumerate(body.get("inputs") or ()):
        mg, rare = _went_in(node, line, f"inputs[{at}]")
        went_in += mg
        known, rare_in = known and rare is not None, rare_in + (rare or 0)
    came_out, rare_out, same = 0, Fraction(0), False
    for at, output in enumerate(body.get("outputs") or ()):
        counted = amount(output["quantity"], f"outputs[{at}].quantity")
        came_out += counted.mg
        told = output.get("assay")
        assay = (
            parse_assay(told, output["product"], reference, f"outputs[{at}].assay")
            if told
            else typical_assay(output["product"], reference)
        )
        if assay is not None:
            rare_out += counted.mg * assay.ratio(counted.basis, "metal").value
        elif went_in and all(map(reference.keeps_elements, steps)):
            rare_out, same = rare_out + counted.mg * rare_in / went_in, True
        else:
            known = False
    losses = enumerate(body.get("losses") or ())
    lost = sum(amount(loss["quantity"], f"losses[{at}].quantity").mg for at, loss in losses)
    share = round(rare_out * PPM / rare_in) if known and rare_in and came_out else None
    least, typical, greatest = _reached(node, steps)
    return Expected(went_in, came_out, lost, share, least, typical, greatest, same)


def _went_in(node: Node, line: Mapping[str, Any], where: str) -> tuple[int, Fraction | None]:
    """(mg, mg of rare earths in it as metal; None where nobody knows)"""
    with node.store.read() as conn:
        batch = lists.batch(conn, codes.find_batch(conn, line["batch"], field=where)).batch
        named = [lists.unit(conn, codes.find_unit(conn, unit, field=where)).unit for unit in line.get("units") or ()]
        quantity = line.get("quantity")
        mg = sum(unit.net_mg for unit in named) if quantity is None else amount(quantity, f"{where}.quantity").mg
        found = compositions(conn, node.rulesets, [batch.id])[batch.id]
    if not isinstance(found, Composition) or not found.content.elements:
        return mg, None
    ug = sum(share.ug for share in found.content.elements.values())
    return mg, Fraction(mg * ug, found.content.mg * UG_PER_MG)


def _reached(node: Node, steps: Iterable[str]) -> tuple[int, int, int] | tuple[None, None, None]:
    """Least, typical and greatest share that several steps in a row bring out: they multiply."""
    steps = tuple(steps)
    least, greatest = Limits(node.reference, node.settings.role).route(steps)
    if not least:
        return None, None, None
    typical = PPM
    for process in steps:
        known = node.reference.yield_ppm(process)
        typical = typical if known is None else typical * known[1] // PPM
    return least, typical, greatest


def made(node: Node, index: int) -> Made:
    """What our entry at `index` made. Unknown where it made nothing."""
    with node.store.read() as conn:
        event = log.entry(conn, index).event
        ids = [*event.ids.get("outputs.chain", ()), *filter(None, [event.ids.get("assembly")])]
        batches = tuple(lists.batch(conn, id_).batch for id_ in ids)
    place = (node.origin, index)
    told = node.beside.ask(lambda watch, _: told_by(watch))
    return Made(batches, None if told is None else tuple(one.finding for one in told if place in one.finding.entries))
