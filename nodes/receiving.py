"""Goods that arrive, as a person takes them in: what was offered, which unit a code names, what a weighing comes to.

Nothing is recorded here: the verb `receive` decides by the same rules when the receipt is sent.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ledger.entries import id_in
from ledger.errors import LodetraceError, Unknown
from ledger.labels import open_token, parse_token
from ledger.matter.quantities import amount, tolerance_mg
from nodes.node import Node
from nodes.scan import authors
from nodes.shipping import one_shipment

ACCEPTED = frozenset({"accepted", "concession"})
SCALE = "drum_scale"
"""What weighs where a receipt names no scale."""


@dataclass(frozen=True, slots=True)
class Weighed:
    """One line's weighing: what is accepted by the offer, what the scale says more, and what it may, in mg."""

    line: int
    accepted: int
    difference: int
    tolerance: int

    @property
    def within(self) -> bool:
        return abs(self.difference) <= self.tolerance


def offered(node: Node, shipment: str) -> dict[str, Any]:
    """A shipment that was offered to us, with its lines as the sender opened them. Unknown for one of our own."""
    found = one_shipment(node, shipment)
    if "offered" not in found:
        raise Unknown("shipment-unknown", field="shipment", value=shipment)
    return found


def named(node: Node, found: Mapping[str, Any], text: str) -> str:
    """The unit of this offer that a code names: a label's address, a serial, a ledger number. Unknown if none."""
    text = text.strip()
    units = [unit for line in found["offered"] for unit in line["units"]]
    if "/q/" in text:
        with node.store.read() as conn:
            label = open_token(text, authors(conn, node, parse_token(text).index))
        wanted = id_in(label.unit, label.origin, node.origin)
        fitting = [unit["unit"] for unit in units if unit["unit"] == wanted]
    else:
        fitting = [unit["unit"] for unit in units if text in (unit["serial"], unit["unit"])]
        if not fitting:  # the keyboard of a phone writes small letters
            fitting = [unit["unit"] for unit in units if unit["serial"].casefold() == text.casefold()]
    if len(fitting) != 1:
        raise Unknown("unit-unknown", field="scan", value=text[:80])
    return str(fitting[0])


def weighed(node: Node, found: Mapping[str, Any], lines: Sequence[Mapping[str, Any]]) -> list[Weighed]:
    """What the lines that hold a weighing come to; those whose mass cannot be read yet are left out."""
    told = []
    for at, line in enumerate(lines):
        if "value" not in line.get("weighed", {}):
            continue
        offer = found["offered"][line["line"]]
        try:
            mg = amount({**line["weighed"], "basis": offer["basis"]}, f"lines[{at}].weighed").mg
        except LodetraceError:
            continue
        states = {unit["unit"]: unit.get("state", "accepted") for unit in line.get("units") or ()}
        refused = sum(unit["net_mg"] for unit in offer["units"] if states.get(unit["unit"], "accepted") not in ACCEPTED)
        accepted = offer["mg"] - refused
        scale = node.reference.scale_ppm(SCALE)
        told.append(Weighed(line["line"], accepted, mg - accepted, tolerance_mg(accepted, (scale, scale))))
    return told
