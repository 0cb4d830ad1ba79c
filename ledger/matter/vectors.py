"""Vectors: what a batch is made of, as JSON to be committed. The matter page, "Provenance"; provenance.py computes it.

    shares  for the chain: how each element divides by origin, in parts of 10^9, so that the size of a mix stays unknown
            {"model": "segregated", "shares": [["Nd", [["CN/ion_mid_y", 700000000, 650000000, 750000000], …]], …]}
    rows    for the authority: the µg of each element by source, decimal strings, for they may pass 2^53
            {"amounts": [["Nd", "2000000", 5000, [["7K3M…", "1400000", "1300000", "1500000"], …]], …]}

Each row is name, mid, lo, hi. Elements stand in the order of `ELEMENTS`, rows in the order of their names' bytes.
Promises: mids add up (to 10^9, to the element's µg); bounds are rounded outwards, so that they hold for what is printed
if they hold for what is kept. A parser takes what its formatter may have written, and refuses everything else.
Does not check: whether a vector follows from what went in; whoever sees the inputs computes it again and compares.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from operator import le
from re import compile as pattern
from typing import Any

from ledger.errors import Malformed
from ledger.matter.elements import ELEMENTS
from ledger.matter.events import is_id
from ledger.matter.provenance import (
    MODELS,
    ORIGINS_MAX,
    OTHERS,
    SOURCES_MAX,
    UNEXPLAINED,
    Content,
    Share,
    Totals,
    unexplained,
)
from ledger.matter.rows import Row, half_even, stretch

PPB = 10**9
_ORIGIN = pattern(r"[A-Z]{2}/[a-z0-9][a-z0-9_.-]{0,63}")
_DECIMAL = pattern(r"0|[1-9][0-9]{0,29}")
_DECIMALS = pattern(rf"(?:{_DECIMAL.pattern})(?:,(?:{_DECIMAL.pattern}))*")
_PPM_MAX = 2**53 - 1


@dataclass(frozen=True, slots=True)
class Shares:
    """What a chain is told: the model claimed, and per element its rows by origin, in parts of 10^9."""

    model: str
    elements: Mapping[str, Mapping[str, Row]]


@dataclass(frozen=True, slots=True)
class Sourced:
    """What an authority is told of one element: µg, relative uncertainty, rows by source."""

    ug: int
    u_ppm: int
    sources: Mapping[str, Row]


def shares(content: Content) -> dict[str, Any]:
    """What the chain is told of a content."""
    return {
        "model": content.model,
        "shares": [
            [element, [[key, *row] for key, row in stretch(share.origins, share.ug, PPB).items()]]
            for element, share in _in_order(content)
        ],
    }


def parse_shares(told: Any, field: str = "shares") -> Shares:
    """The shares that a content was told as; Malformed for anything else."""
    told = _object(told, ("model", "shares"), field)
    if told["model"] not in MODELS:
        raise Malformed("vector-model", field=f"{field}.model", value=told["model"], models=", ".join(MODELS))
    elements = {}
    for where, element, (listed,) in _elements(told["shares"], 1, f"{field}.shares"):
        numbers = _rows(listed, ORIGINS_MAX, f"{where}[1]")
        for place, key, row in numbers:
            if not isinstance(key, str) or not _ORIGIN.fullmatch(key):
                raise Malformed("vector-row-name", field=f"{place}[0]", value=key)
            for number in row:
                if not isinstance(number, int) or isinstance(number, bool):
                    raise Malformed("vector-number", field=place, value=number)
        elements[element] = _checked(numbers, PPB, f"{where}[1]")
    return Shares(told["model"], elements)


def received(told: Any, mg: int, totals: Totals, source: str, *, field: str = "shares") -> Content:
    """What a receiver knows of goods: origins as the sender's shares tell, the weight his own, and one source.

    An element that the shares do not name, and the receiver finds, has no origin that anybody told.
    """
    known = parse_shares(told, field)
    elements = {}
    for element, (ug, u_ppm) in totals.items():
        if ug:
            origins = known.elements.get(element)
            from_ = unexplained(ug, u_ppm).origins if origins is None else stretch(origins, PPB, ug)
            elements[element] = Share(ug, u_ppm, from_, {source: (ug, ug, ug)})
    return Content(mg, elements, known.model)


def rows(content: Content) -> dict[str, Any]:
    """What the authority is told of a content."""
    return {
        "amounts": [
            [
                element,
                str(share.ug),
                share.u_ppm,
                [[key, str(mid), str(lo), str(hi)] for key, (mid, lo, hi) in sorted(share.sources.items())],
            ]
            for element, share in _in_order(content)
        ]
    }


def parse_rows(told: Any, field: str = "rows") -> dict[str, Sourced]:
    """Element → what `rows` told of it; Malformed for anything else."""
    found = {}
    known = {UNEXPLAINED, OTHERS}
    for where, element, (total, u_ppm, listed) in _elements(
        _object(told, ("amounts",), field)["amounts"], 3, f"{field}.amounts"
    ):
        if not isinstance(u_ppm, int) or isinstance(u_ppm, bool) or not 0 <= u_ppm <= _PPM_MAX:
            raise Malformed("vector-number", field=f"{where}[2]", value=u_ppm)
        ug = _decimal(total, f"{where}[1]")
        sources = _all_well(listed, ug, known)
        if sources is None:
            sources = _sources(listed, ug, f"{where}[3]")
        found[element] = Sourced(ug, u_ppm, sources)
    return found


def parse_totals(told: Any, field: str) -> dict[str, tuple[int, int]]:
    """`[["Nd", "µg", u_ppm], …]`: what was measured of a pool."""
    found = {}
    for where, element, (ug, u_ppm) in _elements(told, 2, field):
        if not isinstance(u_ppm, int) or isinstance(u_ppm, bool) or not 0 <= u_ppm <= _PPM_MAX:
            raise Malformed("vector-number", field=f"{where}[2]", value=u_ppm)
        found[element] = (_decimal(ug, f"{where}[1]"), u_ppm)
    return found


def _in_order(content: Content) -> list[tuple[str, Share]]:
    assert content.elements.keys() <= set(ELEMENTS), "provenance follows rare earths only"
    return [(element, content.elements[element]) for element in ELEMENTS if element in content.elements]


def _object(told: Any, names: tuple[str, ...], field: str) -> Mapping[str, Any]:
    if not isinstance(told, Mapping) or set(told) != set(names):
        raise Malformed("vector-form", field=field, form="{" + ", ".join(names) + "}")
    return told


def _list(told: Any, length: int | None, field: str, form: str) -> Sequence[Any]:
    if not isinstance(told, (list, tuple)) or (length is not None and len(told) != length):
        raise Malformed("vector-form", field=field, form=form)
    return told


def _elements(told: Any, facts: int, field: str) -> list[tuple[str, str, Sequence[Any]]]:
    """Where each element stands, its symbol and its facts: every one known, named once, in order."""
    found: list[tuple[str, str, Sequence[Any]]] = []
    last = -1
    for position, item in enumerate(_list(told, None, field, "[…]")):
        where = f"{field}[{position}]"
        element, *rest = _list(item, 1 + facts, where, "[element" + ", …" * facts + "]")
        if element not in ELEMENTS:
            raise Malformed("vector-element", field=f"{where}[0]", value=element)
        place = ELEMENTS.index(element)
        if place <= last:
            raise Malformed("vector-order", field=f"{where}[0]", value=element)
        last = place
        found.append((where, element, rest))
    return found


def _rows(told: Any, limit: int, field: str) -> list[tuple[str, Any, tuple[Any, ...]]]:
    """Where each row stands, its name and its three numbers, none of them checked yet."""
    listed = _list(told, None, field, "[[name, mid, lo, hi], …]")
    if len(listed) > limit:
        raise Malformed("vector-too-long", field=field, value=len(listed), limit=limit)
    found = []
    for position, item in enumerate(listed):
        key, *numbers = _list(item, 4, f"{field}[{position}]", "[name, mid, lo, hi]")
        found.append((f"{field}[{position}]", key, tuple(numbers)))
    return found


def _checked(numbers: Sequence[tuple[str, str, tuple[Any, ...]]], total: int, field: str) -> dict[str, Row]:
    """Rows in order, each within its bounds and the total, together the total, and that is something."""
    found: dict[str, Row] = {}
    last = ""
    for place, key, (mid, lo, hi) in numbers:
        if key <= last:
            raise Malformed("vector-order", field=f"{place}[0]", value=key)
        if not 0 <= lo <= mid <= hi <= total or not hi:
            raise Malformed("vector-bounds", field=place, value=f"{mid}, {lo}, {hi}", total=total)
        found[key] = (mid, lo, hi)
        last = key
    added = sum(row[0] for row in found.values())
    if added != total or not total:
        raise Malformed("vector-sum", field=field, value=added, total=total)
    return found


def _sources(listed: Any, total: int, field: str) -> dict[str, Row]:
    """Rows by source, looked at one by one: this says what is wrong with them."""
    numbers = []
    for place, key, row in _rows(listed, SOURCES_MAX, field):
        if key not in (UNEXPLAINED, OTHERS) and not is_id(key):
            raise Malformed("vector-row-name", field=f"{place}[0]", value=key)
        numbers.append((place, key, tuple(_decimal(number, place) for number in row)))
    return _checked(numbers, total, field)


def _all_well(listed: Any, total: int, known: set[str]) -> dict[str, Row] | None:
    """What `_sources` answers, by columns and for a fourth of the cost; None where anything is wrong.

    `known` are names found good in the same vector, for its elements mostly share them.
    """
    if type(listed) is not list or not 0 < len(listed) <= SOURCES_MAX or {*map(type, listed)} != {list}:
        return None
    if {*map(len, listed)} != {4} or {*map(type, chain.from_iterable(listed))} != {str}:
        return None
    keys, *texts = zip(*listed, strict=True)
    if not all(map(is_id, {*keys} - known)) or [*keys] != sorted({*keys}):
        return None
    known.update(keys)
    joined = ",".join(chain.from_iterable(texts))
    numbers = [*map(int, joined.split(","))] if _DECIMALS.fullmatch(joined) else []
    count = len(keys)
    if len(numbers) != 3 * count:
        return None
    mids, los, his = numbers[:count], numbers[count : 2 * count], numbers[2 * count :]
    if not (min(his) > 0 and max(his) <= total == sum(mids) and all(map(le, los, mids)) and all(map(le, mids, his))):
        return None
    return dict(zip(keys, zip(mids, los, his, strict=True), strict=True))


def _decimal(text: Any, field: str) -> int:
    if not isinstance(text, str) or not _DECIMAL.fullmatch(text):
        raise Malformed("vector-number", field=field, value=text)
    return int(text)


def show_part(row: Row) -> str:
    """`70 % (65–75 %)`: to a hundredth of a percent; what is least is rounded down, and what is most, up."""
    unit = PPB // 10_000
    mid, lo, hi = half_even(row[0], unit), row[1] // unit, -(-row[2] // unit)
    between = f" ({_percent(lo)}–{_percent(hi)} %)" if row[1] != row[2] else ""
    return f"{_percent(mid)} %{between}"


def _percent(hundredths: int) -> str:
    whole, rest = divmod(hundredths, 100)
    return f"{whole}.{rest:02}".rstrip("0").rstrip(".") if rest else str(whole)
