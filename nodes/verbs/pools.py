"""Verbs on pools (circuits, silos, tanks, heaps, furnace lines): charge, draw, close.

Which period a charge or draw belongs to, nobody types: it is the open one. Where a pool stands and what is done in it,
its first charge says; later ones, and draws, may leave the steps out. Stocks in progress are typed per element, as
metal or as oxide, and become whole micrograms of the metal here; contents.py counts with them.
"""

from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction
from typing import Any

from ledger.errors import Refusal
from ledger.matter.elements import ELEMENTS, UG_PER_MG, metal_ug
from ledger.matter.guards import ask
from ledger.matter.quantities import MG_PER, decimal
from ledger.matter.reference import Reference
from ledger.matter.statements import refuse_kind_unknown
from ledger.matter.stock import POOL_PRODUCT, Pool
from nodes.verbs.draft import (
    Body,
    Desk,
    Draft,
    Sealed,
    at_of,
    documents_of,
    entry_of,
    only,
    part_of,
    recorded_of,
    steps_of,
)
from nodes.verbs.outputs import losses_of, made_of, outputs_of, process_guards, warnings_of

WIP_METHODS = ("measured", "estimated")
_PPM_OF_PCT = 10_000


def charge(desk: Desk, body: Body) -> Draft:
    """Goods go into a pool; the first charge opens a period."""
    code = body["pool"]
    known = _known(desk, code)
    is_open = known is not None and bool(known.period)
    if known is None and not body.get("steps"):
        raise Refusal("pool-process-missing", field="steps", value=code)
    steps, _ = _steps(desk, body, known)
    confirmed = ask(process_guards(desk, body), body.get("confirm"))
    parts = [part_of(desk, line, f"inputs[{at}]") for at, line in enumerate(body["inputs"])]
    opens = None if is_open else only(product=POOL_PRODUCT, lot_no=body.get("period_lot_no"))
    slots = {
        "charge": only(
            at=at_of(desk, body), pool=code, period=known.period if known and is_open else None, steps=steps
        ),
        "opens": opens,
        "inputs.chain": [{"batch": part.batch} for part in parts],
        "inputs.authority": [part.row() for part in parts],
        "documents": documents_of(body),
        "recorded": recorded_of(desk, body, confirmed),
    }

    def answer(sealed: Sealed) -> dict[str, Any]:
        period = sealed.event.ids["opens"] if known is None or not is_open else known.period
        return {"pool": code, "period": period, "opened": not is_open, "entry": entry_of(sealed)}

    return Draft("charged", slots, answer)


def draw(desk: Desk, body: Body) -> Draft:
    """Goods come out of a pool, as new batches made of all that is in it now."""
    pool = _open(desk, body["pool"])
    steps, site = _steps(desk, body, pool)
    outputs, confirmed = outputs_of(desk, body, site)
    warnings = warnings_of(confirmed)
    slots = {
        "draw": {"at": at_of(desk, body), "pool": pool.code, "period": pool.period, "steps": steps},
        "outputs.chain": [chain for chain, _ in outputs],
        "outputs.authority": [authority for _, authority in outputs],
        "losses": losses_of(body),
        "documents": documents_of(body),
        "recorded": recorded_of(desk, body, confirmed),
    }

    def answer(sealed: Sealed) -> dict[str, Any]:
        made = made_of(sealed, [chain for chain, _ in outputs])
        return {"outputs": made, "entry": entry_of(sealed), "warnings": list(warnings)}

    return Draft("drawn", slots, answer, warnings, external_ref=body.get("external_ref"))


def close(desk: Desk, body: Body) -> Draft:
    """A pool's period ends, with what was measured or estimated to be left in it; the next one begins with that."""
    pool = _open(desk, body["pool"])
    wip = body.get("wip")
    goes_on = bool(body.get("goes_on", True))
    slots = {
        "closing": {"at": at_of(desk, body), "pool": pool.code, "period": pool.period},
        "opens": only(product=POOL_PRODUCT, lot_no=body.get("period_lot_no")) if goes_on else None,
        "wip": None if wip is None else _wip(desk, wip),
        "losses": losses_of(body),
        "reason": only(text=body.get("reason")) or None,
        "documents": documents_of(body),
        "recorded": recorded_of(desk, body),
    }

    def answer(sealed: Sealed) -> dict[str, Any]:
        return {"period": pool.period, "next": sealed.event.ids.get("opens"), "entry": entry_of(sealed)}

    return Draft("closed", slots, answer)


def _known(desk: Desk, code: str) -> Pool | None:
    found = desk.state(("pool", code))
    return found if isinstance(found, Pool) else None


def _open(desk: Desk, code: str) -> Pool:
    found = _known(desk, code)
    if found is None or not found.period:
        raise Refusal("pool-not-open", field="pool", value=code)
    return found


def _steps(desk: Desk, body: Body, pool: Pool | None) -> tuple[list[dict[str, Any]], str]:
    """The steps as stated, else what is done in the pool where it stands; and the site of the last one."""
    if body.get("steps") or pool is None:
        return steps_of(desk, body, "")
    return steps_of(desk, {"steps": [only(process=pool.process, site=pool.site or None)]}, "")


# -- what is left in a pool ---------------------------------------------------------------------------------------


def _wip(desk: Desk, wip: Body) -> dict[str, Any]:
    refuse_kind_unknown(wip["method"], WIP_METHODS, "wip.method")
    return {"method": wip["method"], "contents": measured_of(wip["contents"], desk.reference, "wip.contents")}


def measured_of(contents: Sequence[Body], reference: Reference, field: str) -> list[list[Any]]:
    """`[["Nd", "µg", u_ppm], …]` in the order of the elements, as events state what was found in a pool."""
    found: dict[str, list[Any]] = {}
    for position, row in enumerate(contents):
        where, element = f"{field}[{position}]", row["element"]
        if element not in reference.factors:
            raise Refusal("assay-element-unknown", field=f"{where}.element", value=element, known="La, Nd, Dy")
        if element in found:
            raise Refusal("assay-element-twice", field=f"{where}.element", value=element)
        ug = _metal_ug(element, row, reference, where)
        percent = decimal(row["u_pct"], f"{where}.u_pct")
        if percent > 100:
            raise Refusal("assay-percentage-absurd", field=f"{where}.u_pct", value=row["u_pct"])
        u_ppm = int((percent * _PPM_OF_PCT).to_integral_value(ROUND_HALF_EVEN))
        found[element] = [element, str(ug), u_ppm]
    return [found[element] for element in ELEMENTS if element in found]


def _metal_ug(element: str, row: Mapping[str, Any], reference: Reference, where: str) -> int:
    """As metal, rounded half even once, whichever of the two was weighed."""
    form = "metal" if "metal" in row else "oxide"
    unit = row[form]["unit"]
    if unit not in MG_PER:
        raise Refusal("measure-unknown", field=f"{where}.{form}.unit", value=unit, units=", ".join(MG_PER))
    value: Decimal = decimal(row[form]["value"], f"{where}.{form}.value")
    ug = Fraction(value) * MG_PER[unit] * UG_PER_MG
    return round(ug) if form == "metal" else metal_ug(element, ug, reference.factors)
