"""Balance: is there as much of each element after as there was before? The matter page, "Balance".

A `Sheet` collects what went in and what came out, element by element, each amount under the key of the figure that it
rests on, and `difference` says out - in with its standard uncertainty. One sheet serves a transformation
(outs and losses against ins), a pool's period (draws, losses and closing against opening and charges), and an
organisation's month (the sum of both).

How figures count. Two amounts that rest on one measured figure (one assay of one batch) err together: their amounts
under one key are netted before the uncertainty is taken, and different keys combine in quadrature. So what is only
split, merged, regraded or repacked, whose parts all rest on the parent's figures, differs by zero with uncertainty
zero; an intermediate product that is made and used up drops out of a month; and two campaigns fed from one batch err
together. Figures of different keys are taken as independent, except for the share `common_ppm` of each uncertainty,
which all figures of one side have in common (one laboratory's calibration and habits of sampling): it adds up linearly
and does not vanish however many batches a period has.

How far is too far. A difference within 2 u is fine, between 2 and 3 u needs a reason, beyond 3 u is a finding: that
holds for a single comparison, which noise alone brings beyond 3 u on one side in 0.135 % of cases. Who makes N
comparisons would see N times as many; so `coverage(N)` widens the 3 so that N comparisons together keep the false
alarms of one. What lies between 3 u and that needs a reason, like what lies between 2 u and 3 u.

Promises: integers only, the same result in any order of terms, rounding (1 µg for each amount) never looks like matter.
Does not check: whether the goods were there (custody.py), where they came from (provenance.py).
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import isqrt

PPM = 10**6
MILLI = 1000
FINE_K, REASON_K = 2 * MILLI, 3 * MILLI
KEYS_MAX = 8192
"""Figures of one element that a sheet keeps apart. Beyond it the older half is added up as it is: batches so far back
are hardly used again within one period, and memory stays bounded."""

_COVERAGE = (
    (1, 3000),
    (2, 3206),
    (3, 3321),
    (5, 3461),
    (7, 3550),
    (10, 3643),
    (15, 3746),
    (20, 3818),
    (30, 3917),
    (50, 4038),
    (70, 4116),
    (100, 4198),
    (150, 4289),
    (200, 4352),
    (300, 4440),
    (500, 4549),
    (700, 4619),
    (1_000, 4693),
    (2_000, 4833),
    (5_000, 5012),
    (10_000, 5144),
    (20_000, 5272),
    (50_000, 5438),
    (100_000, 5560),
    (1_000_000, 5949),
    (10_000_000, 6316),
)
"""(N, k in thousandths): the normal quantile of 0.135 % / N on one side. Between two rows the next one holds."""
_COUNTS = [count for count, _ in _COVERAGE]


def coverage(comparisons: int) -> int:
    """The k (in thousandths) beyond which one of so many comparisons is a finding; 3 for a single one."""
    return _COVERAGE[min(bisect_left(_COUNTS, comparisons), len(_COUNTS) - 1)][1]


@dataclass(frozen=True, slots=True)
class Difference:
    """out - in of one element, and its standard uncertainty, in µg."""

    element: str
    ug: int
    u_ug: int

    @property
    def k_milli(self) -> int:
        """How many times its uncertainty it is, in thousandths, without its sign."""
        return abs(self.ug) * MILLI // self.u_ug

    def beyond(self, k_milli: int) -> bool:
        return abs(self.ug) * MILLI > self.u_ug * k_milli

    def allowed_ug(self, k_milli: int) -> int:
        return self.u_ug * k_milli // MILLI


def band(difference: Difference, comparisons: int = 1) -> str:
    """`fine`, `reason` or `finding`."""
    if not difference.beyond(FINE_K):
        return "fine"
    return "finding" if difference.beyond(coverage(comparisons)) else "reason"


class Sheet:
    """What went in and what came out, by element and by the figure that each amount rests on."""

    __slots__ = ("_figures", "_squares", "_terms", "sums")

    def __init__(self) -> None:
        self.sums: dict[str, list[int]] = {}
        self._figures: dict[str, dict[str, list[int]]] = {}
        self._squares: dict[str, int] = {}
        self._terms: dict[str, int] = {}

    def put(self, element: str, key: str, out_ug: int, in_ug: int, u_ppm: int) -> None:
        """An amount on either side, under the key of the figure that it was computed from."""
        sums = self.sums.get(element)
        if sums is None:
            self.sums[element] = [out_ug, in_ug]
            self._figures[element] = {key: [out_ug, in_ug, u_ppm]}
            self._terms[element] = 1
            return
        sums[0] += out_ug
        sums[1] += in_ug
        self._terms[element] += 1
        figures = self._figures[element]
        figure = figures.get(key)
        if figure is not None:
            figure[0] += out_ug
            figure[1] += in_ug
            figure[2] = max(figure[2], u_ppm)
            return
        figures[key] = [out_ug, in_ug, u_ppm]
        if len(figures) > KEYS_MAX:
            self._fold(element, figures)

    def doubt(self, element: str, u_ug: int) -> None:
        """A standard uncertainty of its own: a fresh weighing of goods whose assay stands on the other side as well."""
        self._squares[element] = self._squares.get(element, 0) + u_ug * u_ug

    def difference(self, element: str, *, in_ppm: int = PPM, common_ppm: int = 0, doubt_ug: int = 0) -> Difference:
        """Out - in; with `in_ppm` out - that share of in, for yields. `doubt_ug`: a further uncertainty."""
        out, in_ = self.sums.get(element, (0, 0))
        squares = above = below = 0
        for figure_out, figure_in, u_ppm in self._figures.get(element, {}).values():
            spread = (figure_out * PPM - figure_in * in_ppm) * u_ppm
            squares += spread * spread
            if spread > 0:
                above += spread
            else:
                below += spread
        common = (above // PPM * common_ppm) ** 2 + (below // PPM * common_ppm) ** 2
        own = self._squares.get(element, 0) + doubt_ug * doubt_ug + self._terms.get(element, 1) ** 2
        u_ug = isqrt((squares + common) // PPM**4 + own)
        return Difference(element, _nearest(out * PPM - in_ * in_ppm), u_ug)

    def add(self, other: "Sheet", elements: Iterable[str], sign: int = 1) -> None:
        """Another balance's amounts of these elements: a month is the sum of what happened in it. -1 takes it out."""
        for element in elements:
            for key, (out_ug, in_ug, u_ppm) in other._figures.get(element, {}).items():
                self.put(element, key, sign * out_ug, sign * in_ug, u_ppm)
            if element in other._squares:
                self._squares[element] = max(0, self._squares.get(element, 0) + sign * other._squares[element])

    def _fold(self, element: str, figures: dict[str, list[int]]) -> None:
        older = list(figures)[: len(figures) // 2]
        for key in older:
            out_ug, in_ug, u_ppm = figures.pop(key)
            spread = (out_ug - in_ug) * u_ppm
            self._squares[element] = self._squares.get(element, 0) + spread * spread // PPM**2

    def __iter__(self) -> Iterator[str]:
        return iter(self.sums)


def _nearest(millionths: int) -> int:
    """The nearest whole number, halves to even."""
    whole, odd = divmod(millionths, PPM)
    return whole + (2 * odd > PPM or (2 * odd == PPM and whole & 1))
