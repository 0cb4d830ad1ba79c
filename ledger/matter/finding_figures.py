"""The numbers behind a finding, each under a name, with unit, uncertainty and what would have been allowed.

    figures(finding) → [Figure("rows", "Nd", "+2.1 kg", "±0.31 kg", "±1.1 kg"), Figure("k_milli", "", "3.64"), …]

Names are those of the finding's facts; pages and reports say them in words.
Promises: nothing that the finding holds is left out. Does not say what the numbers mean: finding_words.py does.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ledger.matter.finding_words import plain
from ledger.matter.findings import Finding
from ledger.matter.quantities import show_ug
from ledger.matter.reference import Reference


@dataclass(frozen=True, slots=True)
class Figure:
    """`of`: the element, batch or serial that it is about, "" where there is only one. Texts with their units."""

    name: str
    of: str
    value: str
    u: str = ""
    allowed: str = ""


def figures(finding: Finding, language: str = "en", reference: Reference | None = None) -> list[Figure]:
    """All facts of a finding, then the rest of its tolerance. Codes are called by their names, as in its sentence."""
    told = {**finding.facts, **finding.tolerance}

    def said(name: str, value: Any) -> Iterator[Figure]:
        listed = value if isinstance(value, list) else [value]
        if listed:
            yield Figure(name, "", ", ".join(plain(name, one, language, reference) for one in listed))

    return [
        one
        for name, value in told.items()
        if name not in _LIMITS
        for one in (_TABLES[name](name, value, told) if name in _TABLES else said(name, value))
    ]


_LIMITS = frozenset({"limits", "mass_limits", "share_limits", "content_limits"})
"""They stand beside the figures that they limit."""


def _rows(name: str, rows: Any, told: Mapping[str, Any]) -> Iterator[Figure]:
    limits = {element: (allowed, u) for element, allowed, u in told.get("limits", ())}
    for element, ug in rows:
        allowed, u = limits.get(element, (None, None))
        yield Figure(name, element, show_ug(int(ug), signed=True), _within(u), _within(allowed))


def _masses(name: str, rows: Any, told: Mapping[str, Any]) -> Iterator[Figure]:
    limits = dict(map(tuple, told.get("mass_limits", ())))
    for batch, mg in rows:
        allowed = _within(limits[batch] * 1000) if batch in limits else ""
        yield Figure(name, batch, show_ug(mg * 1000, signed=True), "", allowed)


def _amounts(name: str, rows: Any, _: Mapping[str, Any]) -> Iterator[Figure]:
    for of, ug in rows:
        yield Figure(name, of, show_ug(int(ug)))


def _shares(name: str, rows: Any, told: Mapping[str, Any]) -> Iterator[Figure]:
    limits = dict(map(tuple, told.get("share_limits", ())))
    for element, share, typical in rows:
        limit = plain("_ppm", limits[element], "en") if element in limits else ""
        yield Figure(name, element, plain("_ppm", share, "en"), "", f"{plain('_ppm', typical, 'en')} ± {limit}")


def _pattern(name: str, rows: Any, _: Mapping[str, Any]) -> Iterator[Figure]:
    for of, share, limit in rows:
        yield Figure(name, of, plain("_ppm", share, "en"), "", plain("_ppm", limit, "en"))


def _contents(name: str, rows: Any, told: Mapping[str, Any]) -> Iterator[Figure]:
    limits = dict(map(tuple, told.get("content_limits", ())))
    for element, class_, came, left in rows:
        value = f"{show_ug(int(left))} − {show_ug(int(came))}"
        yield Figure(name, f"{element} ({class_})", value, "", _within(limits.get(element)))


def _seals(name: str, rows: Any, _: Mapping[str, Any]) -> Iterator[Figure]:
    for serial, left, came in rows:
        yield Figure(name, serial, f"{left} → {came or '-'}")


def _within(ug: Any) -> str:
    return "" if ug is None else f"±{show_ug(int(ug))}"


_TABLES: Mapping[str, Callable[[str, Any, Mapping[str, Any]], Iterator[Figure]]] = {
    "rows": _rows,
    "masses": _masses,
    "sent": _amounts,
    "back": _amounts,
    "rounds": _amounts,
    "hidden": _amounts,
    "shares": _shares,
    "pattern": _pattern,
    "contents": _contents,
    "seals": _seals,
}
