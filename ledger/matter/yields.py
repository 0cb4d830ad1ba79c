"""How much of the rare earths that went in comes out, by what somebody states; before anything is recorded.

An output holds what its assay says, else what is usual of its product, else, where the steps keep goods what they are,
its part of what went in. A loss of matter holds its part of what went in, too. Where one of them is unknown, so is the
share. What pages tell while one types and what is asked back before recording (guards.py) is this one sum.

Does not judge the books: watch_elements.py does, element by element, with its uncertainty.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from ledger.matter.elements import PPM, UG_PER_MG
from ledger.matter.limits import Limits
from ledger.matter.makeups import Composition, Makeup
from ledger.matter.outputs import WITHOUT_ELEMENTS, by_assay, rare_earths, same_goods
from ledger.matter.quantities import amount
from ledger.matter.reference import Reference
from ledger.matter.typical import typical


@dataclass(frozen=True, slots=True)
class Fed:
    """Goods that go in. `rare_mg`: rare earths in them, as metal; None where nobody knows."""

    mg: int
    product: str
    rare_mg: Fraction | None


@dataclass(frozen=True, slots=True)
class Expected:
    """Masses in mg, and shares of the rare earths that went in, in ppm: `share` comes out, `accounted` with what is
    lost, `least` to `greatest` is what the process reaches. A share is None where nobody knows it. `same`: outputs were
    taken to hold as much as the inputs do.
    """

    went_in: int
    came_out: int
    lost: int
    share: int | None
    accounted: int | None
    least: int | None
    typical: int | None
    greatest: int | None
    same: bool


def fed(mg: int, product: str, makeup: Makeup | None) -> Fed:
    if not isinstance(makeup, Composition) or not makeup.content.elements:
        return Fed(mg, product, None)
    ug = sum(share.ug for share in makeup.content.elements.values())
    return Fed(mg, product, Fraction(mg * ug, makeup.content.mg * UG_PER_MG))


def expected(body: Mapping[str, Any], inputs: Sequence[Fed], reference: Reference, role: str) -> Expected:
    """`body` as transforming takes it, perhaps unfinished. Raises what recording would say of a number."""
    steps = tuple(str(step.get("process", "")) for step in body.get("steps") or ())
    went_in, rare_in = sum(one.mg for one in inputs), sum((one.rare_mg or Fraction(0) for one in inputs), Fraction(0))
    known = all(one.rare_mg is not None for one in inputs)
    keeps = bool(steps) and all(map(reference.keeps_elements, steps))
    came_out, rare_out, same = 0, Fraction(0), False
    for at, output in enumerate(body.get("outputs") or ()):
        weighed = output.get("weighing")
        counted = amount(output["quantity"], f"outputs[{at}].quantity", weighing=weighed)
        came_out += counted.mg
        told, product = output.get("assay"), output.get("product", "")
        if told:
            held = by_assay(told, product, counted.mg, counted.basis, reference, f"outputs[{at}].assay").totals
        else:
            held = rare_earths(typical(product, counted.mg, reference, basis=counted.basis) or {})
        if held:
            rare_out += Fraction(sum(ug for ug, _ in held.values()), UG_PER_MG)
        elif went_in and keeps and same_goods(product, {one.product for one in inputs}, reference):
            rare_out, same = rare_out + counted.mg * rare_in / went_in, True
        else:
            known = False
    lost, rare_lost = 0, Fraction(0)
    for at, loss in enumerate(body.get("losses") or ()):
        mg = amount(loss["quantity"], f"losses[{at}].quantity").mg
        lost += mg
        if went_in and loss.get("kind") not in WITHOUT_ELEMENTS:
            rare_lost += mg * rare_in / went_in
    least, mostly, greatest = _reached(steps, reference, role)
    is_told = known and bool(rare_in) and bool(came_out)
    return Expected(
        went_in,
        came_out,
        lost,
        round(rare_out * PPM / rare_in) if is_told else None,
        round((rare_out + rare_lost) * PPM / rare_in) if is_told else None,
        least,
        mostly,
        greatest,
        same,
    )


def _reached(steps: tuple[str, ...], reference: Reference, role: str) -> tuple[int, int, int] | tuple[None, None, None]:
    """Least, typical and greatest share that several steps in a row bring out: they multiply."""
    least, greatest = Limits(reference, role).route(steps)
    if not least:
        return None, None, None
    mostly = PPM
    for process in steps:
        known = reference.yield_ppm(process)
        mostly = mostly if known is None else mostly * known[1] // PPM
    return least, mostly, greatest
