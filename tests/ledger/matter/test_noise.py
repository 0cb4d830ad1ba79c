"""A year of one separation plant in which nothing is wrong but the measuring: no finding comes of noise alone.

True masses are kept beside the measured ones. Every assay errs by its stated uncertainty, element by element; scales by
theirs; what is in the circuit is estimated by 5 %. Processes lose what they usually lose, some of it unbooked; drying
loses nothing, so half of its balances gain by noise. Some entries come late, some slips of the point are caught by the
guards before they are booked. Everything is drawn from a seed, in whole numbers.
"""

from itertools import pairwise
from math import isqrt
from random import Random

import pytest

from ledger.matter.balance import FINE_K, PPM, Difference, Sheet, band, coverage
from ledger.matter.findings import Finding
from ledger.matter.flows import Goods
from ledger.matter.guards import slip_guard
from ledger.matter.quantities import tolerance_mg
from tests.ledger.matter.flows import PROFILES, REFERENCE, Log, inspector

SEEDS = range(12)
SCALE_PPM = REFERENCE.scale_ppm("weighbridge")
WIP_PPM = 50_000
BANDS = ((200_000, 10_000), (50_000, 20_000), (10_000, 50_000), (0, 100_000))  # share of the rare earths → u, in ppm
PRODUCTS = {
    "prnd_oxide": ("Pr", "Nd"),
    "dy_oxide": ("Dy",),
    "tb_oxide": ("Tb",),
    "la_ce_oxide": ("La", "Ce"),
    "smeugd_concentrate": ("Sm", "Eu", "Gd"),
    "y_rich_oxide": ("Y", "Ho", "Er", "Tm", "Yb", "Lu"),
}

Truth = dict[str, int]


class Year:
    """One plant, from January to December."""

    def __init__(self, seed: int) -> None:
        self.dice = Random(seed)
        self.log = Log("plant")
        self.circuit: Truth = {}
        self.typed: list[int] = []
        self.slips = 0

    def noisy(self, true: int, u_ppm: int) -> int:
        """Normal enough, in whole numbers: twelve throws of a flat die."""
        error = sum(self.dice.randint(-u_ppm // 2, u_ppm // 2) for _ in range(12))
        return max(true + true * error // PPM, 0)

    def measured(self, batch: str, product: str, truth: Truth, *, u_ppm: int | None = None) -> Goods:
        """What an assay and a scale make of it."""
        total = sum(truth.values())
        elements = {}
        for element, ug in truth.items():
            u = u_ppm or next(u for share, u in BANDS if ug * PPM >= share * total)
            u = isqrt(u * u + SCALE_PPM * SCALE_PPM)
            elements[element] = (self.noisy(ug, u), u)
        origins = {element: {"CN/ion_mid_y": (ug, 0, ug)} for element, (ug, _) in elements.items()}
        return Goods(batch, product, total // 850, elements, origins, sure=True)

    def recorded(self, at: str) -> dict[str, str]:
        """Mostly at once, sometimes days later."""
        if self.dice.random() < 0.03:
            return {"recorded_at": f"2026-{at[:2]}-28T09:00:00.000Z"}
        return {}

    def type_in(self, mg: int) -> None:
        """Now and then the point slips; the guard asks, and the clerk corrects it."""
        if self.dice.random() < 0.05 and len(self.typed) >= 3:
            assert slip_guard(mg * self.dice.choice((10, 100, 1000)), self.typed, "quantity") is not None
            self.slips += 1
        assert slip_guard(mg, self.typed, "quantity") is None
        self.typed.append(mg)

    def feed(self, month: int, number: int) -> None:
        at = f"{month:02d}-{number * 4 + 1:02d}"
        truth = {
            element: per_kg * self.dice.randint(24_000, 30_000) * self.dice.randint(97, 103) // 100
            for element, per_kg in PROFILES["xinfeng"].items()
        }
        name = f"mine.example/log#{month}.{number}"
        lot = self.measured(name, "ion_clay_mixed_oxide", truth)
        self.type_in(lot.mg)
        tolerance = tolerance_mg(lot.mg, (SCALE_PPM, SCALE_PPM))
        difference = self.noisy(lot.mg, SCALE_PPM) - self.noisy(lot.mg, SCALE_PPM)
        self.log.receive(
            at, lot, shipment=f"{month}.{number}", difference_mg=difference, tolerance_mg=tolerance, **self.recorded(at)
        )
        self.log.add("charged", at, ins=[lot], pool="sx-1", processes=["separation"])
        for element, ug in truth.items():
            self.circuit[element] = self.circuit.get(element, 0) + ug

    def draw(self, month: int, number: int) -> None:
        at = f"{month:02d}-{number * 4 + 3:02d}"
        for product, elements in PRODUCTS.items():
            truth = {}
            for element in elements:
                share = self.circuit[element] * self.dice.randint(15, 25) // 100
                self.circuit[element] -= share
                truth[element] = share * self.dice.randint(955, 985) // 1000
            drawn = self.measured(f"{product}.{month}.{number}", product, truth)
            self.log.add("drawn", at, outs=[drawn], pool="sx-1", processes=["separation"], **self.recorded(at))
            dried = self.measured(f"dry.{product}.{month}.{number}", product, truth)
            self.log.make(at, "dry", [drawn], [dried], **self.recorded(at))
            half = dried.mg // 2
            parts = [self.piece(dried, half, "a"), self.piece(dried, dried.mg - half, "b")]
            self.log.make(at, "split", [dried], parts, unmeasured=[part.batch for part in parts])
            self.log.ship(at, parts[0], shipment=f"{product}.{month}.{number}")

    def piece(self, whole: Goods, mg: int, name: str) -> Goods:
        elements = {element: (ug * mg // whole.mg, u_ppm) for element, (ug, u_ppm) in whole.elements.items()}
        return Goods(f"{whole.batch}.{name}", whole.product, mg, elements, whole.origins, sure=True)

    def close(self, month: int) -> None:
        left = self.measured(f"wip.{month}", "other_re_oxide", self.circuit, u_ppm=WIP_PPM)
        self.log.add("closed", f"{month:02d}-27", outs=[left], pool="sx-1", processes=["separation"])

    def play(self) -> list[Finding]:
        watching = inspector("separation")
        found = []
        for month in range(1, 13):
            before = len(self.log.flows)
            for number in range(6):
                self.feed(month, number)
                self.draw(month, number)
            self.close(month)
            found += [one for flow in self.log.flows[before:] for one in watching.take(flow)]
            found += watching.month(f"2026-{month:02d}")
        self.rows = watching.rows
        return found + watching.finish()


@pytest.fixture(scope="module", params=SEEDS)
def year(request) -> tuple[Year, list[Finding]]:
    played = Year(request.param)
    return played, played.play()


def test_noise_alone_is_no_finding(year):
    played, found = year
    assert [(one.rule, one.text()) for one in found if one.severity != "reason"] == []
    assert played.slips > 0
    assert len(played.log.flows) > 1000


def test_it_asks_for_reasons_as_seldom_as_the_normal_curve_has_it(year):
    """One comparison in forty-four lies beyond 2 u on the side of a gain; there are about a thousand in a year."""
    _, found = year
    asked = sum(len(one.elements) for one in found)
    assert 0 < asked < 60


def test_the_books_carry_over(year):
    played, _ = year
    months = [played.rows[month] for month in sorted(played.rows)]
    assert len(months) == 12
    for before, after in pairwise(months):
        assert {row.element: row.closing_ug for row in before} == {row.element: row.opening_ug for row in after}
    for row in (row for rows in months for row in rows):
        moved = row.entered_ug - row.left_ug + row.made_ug - row.lost_ug + row.revalued_ug
        assert row.opening_ug + moved == row.closing_ug
        assert row.pools_ug > 0
        assert row.pools_u_ug > 0


@pytest.mark.parametrize("comparisons", [1, 12, 180, 2000])
def test_the_limit_keeps_false_alarms_as_rare_as_for_one_comparison(comparisons):
    """By the tail of the normal distribution: N comparisons at coverage(N) alarm as often as one at 3."""
    from statistics import NormalDist  # a check of the table, not of the ledger: floats may stay here

    normal = NormalDist()
    alarms = comparisons * normal.cdf(-coverage(comparisons) / 1000)
    assert 0.6 * normal.cdf(-3) < alarms <= normal.cdf(-3) * 1.01


def test_bands():
    assert [band(Difference("Dy", ug, 100)) for ug in (200, 201, 300, 301, -301)] == [
        "fine",
        "reason",
        "reason",
        "finding",
        "finding",
    ]
    assert band(Difference("Dy", 301, 100), comparisons=2) == "reason"
    assert FINE_K == 2000


def test_a_hidden_feed_shows_above_the_noise():
    """The same year with 1.5 % undeclared feed each month: the month adds up what each balance lets pass."""
    sheet = Sheet()
    for number in range(40):
        sheet.put("Dy", f"in {number}", 0, 1_000_000, 20_000)
        sheet.put("Dy", f"out {number}", 1_015_000, 0, 20_000)
    alone = Sheet()
    alone.put("Dy", "in", 0, 1_000_000, 20_000)
    alone.put("Dy", "out", 1_015_000, 0, 20_000)
    assert band(alone.difference("Dy"), 40) == "fine"
    assert band(sheet.difference("Dy"), 15) == "reason"
    assert sheet.difference("Dy").k_milli > 3 * alone.difference("Dy").k_milli
