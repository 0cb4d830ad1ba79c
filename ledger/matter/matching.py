"""Matching: what an office has of papers and power, held against what organisations booked.

A paper of the office and one in the books are the same where their numbers are (by keyed hash, documents.py). What is
left on both sides is paired once more, one to one: equal mass within the scales' tolerance and days that are near, for
a number may be mistyped. Closest days first, then closest masses, then the order of the rows: so whoever matches the
same rows finds the same pairs.

    match(books, office, scale_ppm)   each paper once: matched, differs, likely, only_books, only_office
    weigh_power(power, metal)         kWh for each tonne of metal, beside what electrolysis usually takes

Promises: integers; every claim of either side is in exactly one match. Says nothing of who is wrong: an office has
typos too. Does not read papers or cells.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from ledger.matter.balance import PPM

STATES = ("differs", "only_office", "only_books", "likely", "matched")
"""Worst first."""
COVERAGE = 3
DAYS_NEAR = 31
"""An invoice follows its goods within a month."""
USUAL_KWH_PER_T = (8_000, 12_000)
"""Fluoride electrolysis of Nd and PrNd takes about 8.8 kWh for a kilogram, other consumption of the works comes on top
(trade figures). An indication: power is no entry, and nobody books against it.
"""
_MG_PER_T = 10**9


@dataclass(frozen=True, slots=True)
class Claim:
    """One word on a paper. `number`: the hash of it; `mg` None where it states no mass; `day` ISO, "" where unknown;
    `where` names the row: (log, entry, row) of books, ("", row, 0) of an office.
    """

    number: str
    mg: int | None
    day: str
    where: tuple[str, int, int]


@dataclass(frozen=True, slots=True)
class Match:
    """`difference_mg`: office − books, None where one side has no mass."""

    state: str
    books: tuple[Claim, ...]
    office: tuple[Claim, ...]
    difference_mg: int | None = None


@dataclass(frozen=True, slots=True)
class Power:
    """A month of one organisation. `kwh_per_t` None where no metal was booked; state: usual, high, low, no_metal."""

    holder: str
    month: str
    wh: int
    metal_mg: int
    kwh_per_t: int | None
    state: str


def match(books: Iterable[Claim], office: Iterable[Claim], scale_ppm: int) -> list[Match]:
    """Worst first, then by the rows. Several claims of one number are one paper: an office lists it line by line, whose
    masses add up; in books seller, buyer and every batch under it name the whole paper.
    """
    ours, theirs = _by_number(books), _by_number(office)
    found = [_same(ours[number], theirs[number], scale_ppm) for number in ours if number in theirs]
    left = [claims for number, claims in ours.items() if number not in theirs]
    right = [claims for number, claims in theirs.items() if number not in ours]
    for one, other in _likely(left, right, scale_ppm):
        found.append(Match("likely", one, other, _difference(one, other)))
        left.remove(one)
        right.remove(other)
    found += [Match("only_books", one, ()) for one in left]
    found += [Match("only_office", (), one) for one in right]
    return sorted(found, key=lambda one: (STATES.index(one.state), [claim.where for claim in one.office or one.books]))


def weigh_power(wh: Mapping[tuple[str, str], int], metal_mg: Mapping[tuple[str, str], int]) -> list[Power]:
    """Both by (holder, month). A month without power in the office's table is not told: the table may not have it."""
    return [_power(*key, wh[key], metal_mg.get(key, 0)) for key in sorted(wh)]


def _power(holder: str, month: str, wh: int, metal_mg: int) -> Power:
    if metal_mg <= 0:
        return Power(holder, month, wh, 0, None, "no_metal")
    kwh_per_t = wh * _MG_PER_T // (1000 * metal_mg)
    least, most = USUAL_KWH_PER_T
    state = "low" if kwh_per_t < least else "high" if kwh_per_t > most else "usual"
    return Power(holder, month, wh, metal_mg, kwh_per_t, state)


def _by_number(claims: Iterable[Claim]) -> dict[str, tuple[Claim, ...]]:
    found: dict[str, list[Claim]] = {}
    for claim in sorted(claims, key=lambda one: one.where):
        found.setdefault(claim.number, []).append(claim)
    return {number: tuple(rows) for number, rows in found.items()}


def _same(books: tuple[Claim, ...], office: tuple[Claim, ...], scale_ppm: int) -> Match:
    difference = _difference(books, office)
    agrees = difference is None or abs(difference) <= _allowed_mg(office, scale_ppm)
    return Match("matched" if agrees else "differs", books, office, difference)


def _likely(
    left: Sequence[tuple[Claim, ...]], right: Sequence[tuple[Claim, ...]], scale_ppm: int
) -> list[tuple[tuple[Claim, ...], tuple[Claim, ...]]]:
    by_day: dict[int, list[tuple[Claim, ...]]] = {}
    for other in right:
        if other[0].day:
            by_day.setdefault(_ordinal(other[0].day), []).append(other)
    near = []
    for one in left:
        booked = _ordinal(one[0].day) if one[0].day else None
        for day in () if booked is None else range(booked - DAYS_NEAR, booked + DAYS_NEAR + 1):
            for other in by_day.get(day, ()):
                difference = _difference(one, other)
                if difference is not None and abs(difference) <= _allowed_mg(other, scale_ppm):
                    apart = abs(day - (booked or 0))
                    near.append((apart, abs(difference), one[0].where, other[0].where, one, other))
    taken: set[str] = set()
    pairs = []
    for _, _, _, _, one, other in sorted(near, key=lambda row: row[:4]):
        if not {one[0].number, other[0].number} & taken:
            taken |= {one[0].number, other[0].number}
            pairs.append((one, other))
    return pairs


def _difference(books: tuple[Claim, ...], office: tuple[Claim, ...]) -> int | None:
    ours, theirs = _books_mg(books), _office_mg(office)
    return None if ours is None or theirs is None else theirs - ours


def _allowed_mg(office: tuple[Claim, ...], scale_ppm: int) -> int:
    return (_office_mg(office) or 0) * scale_ppm * COVERAGE // PPM


def _books_mg(claims: tuple[Claim, ...]) -> int | None:
    """Of books that differ, the one that the paper was first named with: that they differ is a finding of its own."""
    return next((claim.mg for claim in claims if claim.mg is not None), None)


def _office_mg(claims: tuple[Claim, ...]) -> int | None:
    masses = [claim.mg for claim in claims if claim.mg is not None]
    return sum(masses) if masses else None


def _ordinal(day: str) -> int:
    return date.fromisoformat(day[:10]).toordinal()
