"""Stacks: units inside units, as a list of units tells it (each with the unit it stands `inside`).

Promises: one unit is listed once, and stands inside a bounded number of others, so whoever walks up a stack comes to an
end, whatever a log claims. Does not check that what a stack holds is all there: custody.py and handovers.py do.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from ledger.errors import Refusal

STACK_MAX = 8
"""How many units may stand one inside the other: bag, carton, pallet, container, and as many again."""


def outers_of(units: Iterable[Mapping[str, Any]], field: str) -> dict[str, list[str]]:
    """Each unit's id → the listed units it stands inside, from the nearest out."""
    inside: dict[str, str | None] = {}
    for unit in units:
        if unit["unit"] in inside:
            raise Refusal("unit-twice", field=field, value=unit["unit"])
        inside[unit["unit"]] = unit.get("inside")
    found: dict[str, list[str]] = {}
    for id_, nearest in inside.items():
        chain: list[str] = []
        outer = nearest
        while outer is not None and outer in inside:
            chain.append(outer)
            if len(chain) > STACK_MAX:
                raise Refusal("stack-too-high", field=field, value=id_, limit=STACK_MAX)
            outer = inside[outer]
        found[id_] = chain
    return found
