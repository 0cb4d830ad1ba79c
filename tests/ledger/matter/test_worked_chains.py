"""The three chains that docs/worked-chains.md works out by hand: the rules come to the same figures.

Each chain is played through custody and contents. Every figure is computed here a second time, by plain fractions, and
must be the one that the page prints.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from ledger.matter import contents
from ledger.matter.events import Event
from ledger.matter.flows import Flow
from ledger.matter.makeups import Composition, Makeup, PoolContent
from ledger.matter.reference import Reference
from ledger.matter.vectors import shares
from tests.ledger.matter.story import AT, Node, World, made, part

PAGE = Path(__file__).parents[3] / "docs" / "worked-chains.md"
REFERENCE = Reference.parse()
KG, T, UG_PER_T = 10**6, 10**9, 10**12
TO_METAL = {"Pr": Fraction("0.827704"), "Nd": Fraction("0.857356"), "Dy": Fraction("0.871321")}
Row = dict[str, Any]


class Plant:
    """One organisation whose events go through custody and contents."""

    def __init__(self) -> None:
        self.node: Node = World()["plant"]
        self.makeups: dict[str, Makeup | None] = {}
        self.flows: list[Flow] = []

    def do(self, event: Event) -> Flow:
        plan = contents.plan(self.makeups, event, REFERENCE)
        assert plan is not None
        event = replace(event, slots={**event.slots, **plan.slots})
        self.node.world.do(event)
        changes, flow = contents.settle(plan, event, len(self.flows))
        self.makeups.update(changes)
        self.flows.append(flow)
        return flow

    def register(
        self, name: str, mg: int, product: str, assay: Row, *, origin: Row | None = None, moisture: str | None = None
    ) -> Flow:
        event = self.node.registered(name, mg, product=product)
        typed = {"value": "as typed"} | ({} if moisture is None else {"moisture_pct": moisture})
        slots = {
            **event.slots,
            "quantity": {**event.slots["quantity"], "typed": typed},
            "assay": assay,
            "origin": origin or {"class": "mined", "country": "CN", "feed_class": "ion_mid_y"},
        }
        return self.do(replace(event, slots=slots))

    def transform(
        self, process: str, inputs: Sequence[Row], outputs: Sequence[tuple[Row, Row | None]], losses: Sequence[Row] = ()
    ) -> Flow:
        event = self.node.transformed(inputs, [row for row, _ in outputs], process=process, losses=losses)
        rows = [
            {**row, "assay": assay} if assay else row
            for row, (_, assay) in zip(event.slots["outputs.authority"], outputs, strict=True)
        ]
        return self.do(replace(event, slots={**event.slots, "outputs.authority": rows}))

    def content(self, name: str) -> Composition:
        found = self.makeups[self.node.id(name)]
        assert isinstance(found, Composition)
        return found

    def tonnes(self, name: str, element: str) -> Fraction:
        return Fraction(self.content(name).content.elements[element].ug, UG_PER_T)

    def pool(self, code: str) -> PoolContent:
        found = self.makeups[f"pool/{code}"]
        assert isinstance(found, PoolContent)
        return found


@pytest.fixture(scope="module")
def printed() -> Mapping[str, Fraction]:
    """The figures of the page, by their names: `name` = 1.2345."""
    found = re.findall(r"^\| `([a-z0-9 -]+)` \|.*\| ([0-9][0-9.]*) \|$", PAGE.read_text(), re.MULTILINE)
    figures = {name: Fraction(text) for name, text in found}
    assert len(figures) == len(found), "a figure has one name"
    return figures


def same(value: Fraction, printed: Fraction, digits: int = 4) -> bool:
    """Equal, rounded as the page rounds."""
    return round(value, digits) == round(printed, digits)


def test_from_a_hundred_tonnes_of_ore_to_magnets(printed):
    """Xinfeng ore, and the yields of the trade: what the figures of every table come to."""
    plant = Plant()
    profile = {"Pr": Fraction("5.6"), "Nd": Fraction("17.6"), "Dy": Fraction("3.7")}
    distribution = [
        *(["La", "27.6"], ["Ce", "3.2"], ["Pr", "5.6"], ["Nd", "17.6"], ["Sm", "4.5"], ["Eu", "0.93"], ["Gd", "6.0"]),
        *(["Tb", "0.68"], ["Dy", "3.7"], ["Ho", "0.74"], ["Er", "2.48"], ["Tm", "0.27"], ["Yb", "1.13"]),
        *(["Lu", "0.21"], ["Y", "24.3"]),
    ]
    ore = {
        "basis": "as_received",
        "total_reo_pct": "100",
        "distribution_pct": distribution,
        "others_pct": "1.06",
        "status": "final",
    }
    plant.register("ore", 100 * T, "ion_clay_mixed_oxide", ore)
    for element, percent in profile.items():
        by_hand = 100 * percent / 100 * TO_METAL[element]
        assert same(plant.tonnes("ore", element), by_hand)
        assert same(by_hand, printed[f"ore {element.lower()}"])

    prnd, dy = Fraction("22.0"), Fraction("3.52")
    pure = {"basis": "as_received", "total_reo_pct": "100"}
    plant.transform(
        "separation",
        [part("ore", 100 * T)],
        [
            (
                made("prnd", int(prnd * T), product="prnd_oxide"),
                {**pure, "distribution_pct": [["Pr", "24.14"], ["Nd", "75.86"]]},
            ),
            (made("dy", int(dy * T), product="dy_oxide"), {**pure, "distribution_pct": [["Dy", "100"]]}),
        ],
    )
    assert round((profile["Pr"] + profile["Nd"]) * Fraction("0.95"), 1) == prnd == printed["prnd oxide"]
    assert round(profile["Dy"] * Fraction("0.95"), 2) == dy == printed["dy oxide"]
    nd = prnd * Fraction("0.7586") * TO_METAL["Nd"]
    assert same(plant.tonnes("prnd", "Nd"), nd)
    assert same(nd, printed["prnd oxide nd"])

    metal = Fraction("18.4")
    plant.transform(
        "electrolysis",
        [part("prnd", int(prnd * T))],
        [
            (
                made("metal", int(metal * T), product="prnd_metal"),
                {"basis": "as_received", "elements_pct": [["Pr", "23.3"], ["Nd", "76.5"]]},
            )
        ],
    )
    plant.transform(
        "reduction",
        [part("dy", int(dy * T))],
        [(made("dymetal", 2920 * KG, product="dy_metal"), {"basis": "as_received", "elements_pct": [["Dy", "99.6"]]})],
    )
    assert same(plant.tonnes("metal", "Nd"), metal * Fraction("0.765"))
    assert same(metal * Fraction("0.765"), printed["metal nd"])
    assert same(plant.tonnes("dymetal", "Dy"), Fraction("2.92") * Fraction("0.996"))

    alloy = Fraction("60.4")
    assert round(metal / alloy, 3) == Fraction("0.305") == printed["prnd in alloy"]
    plant.register(
        "iron",
        int((alloy / Fraction("0.985") - metal) * T),
        "iron_boron",
        {"basis": "as_received", "elements_pct": [["Fe", "98.4"], ["B", "1.5"]]},
        origin={"class": "bought_outside", "country": "CN"},
    )
    plant.transform(
        "strip_cast",
        [part("metal", int(metal * T)), part("iron", int((alloy / Fraction("0.985") - metal) * T))],
        [(made("alloy", int(alloy * T), product="ndfeb_alloy"), None)],
    )
    magnets = Fraction("43.3")
    assert round(alloy * Fraction("0.717"), 1) == magnets == printed["magnets"]
    plant.transform(
        "machine",
        [part("alloy", int(alloy * T))],
        [(made("magnets", int(magnets * T), product="ndfeb_magnet"), None)],
        losses=[{"kind": "swarf", "mg": int((alloy - magnets) * T)}],
    )
    in_magnets = metal * Fraction("0.765") * magnets / alloy
    assert same(plant.tonnes("magnets", "Nd"), in_magnets)
    assert same(in_magnets, printed["magnets nd"])
    told = shares(plant.content("magnets").content)
    assert dict(told["shares"])["Nd"] == [["CN/ion_mid_y", 10**9, 10**9, 10**9]], "all of it, for certain"


def test_moisture_a_pool_with_its_wip_and_a_late_assay(printed):
    plant = Plant()
    feed = {
        "basis": "dried",
        "total_reo_pct": "61.0",
        "distribution_pct": [["La", "40.0"], ["Ce", "20.0"], ["Pr", "5.0"], ["Nd", "18.0"], ["Y", "17.0"]],
        "moisture_pct": "35.0",
    }
    plant.register("wet", 60 * T, "mixed_carbonate", feed)
    share = Fraction("0.18") * TO_METAL["Nd"]
    first = 30 * Fraction("0.65") * Fraction("0.61") * share
    assert same(plant.tonnes("wet", "Nd"), 2 * first)
    assert same(2 * first, printed["wet nd"])

    _charge(plant, "sx-1", part("wet", 30 * T))
    event = plant.node.assayed("wet", assay={**feed, "total_reo_pct": "60.2", "status": "final"})
    plant.do(event)
    second = 30 * Fraction("0.65") * Fraction("0.602") * share
    assert same(plant.tonnes("wet", "Nd"), 2 * second), "the whole batch, as it was made"
    _charge(plant, "sx-1", part("wet", 30 * T))
    held = Fraction(plant.pool("sx-1").now.elements["Nd"].ug, UG_PER_T)
    assert same(held, first + second)
    assert same(first + second, printed["pool nd"]), "what was charged before the assay stays as it was"

    oxide = {"basis": "as_received", "total_reo_pct": "99.5", "distribution_pct": [["Nd", "100"]]}
    _draw(plant, "sx-1", made("nd", 2 * T, product="nd_oxide"), oxide)
    drawn = 2 * Fraction("0.995") * TO_METAL["Nd"]
    assert same(plant.tonnes("nd", "Nd"), drawn)
    assert same(drawn, printed["drawn nd"])
    left = Fraction(plant.pool("sx-1").now.elements["Nd"].ug, UG_PER_T)
    assert same(left, first + second - drawn)
    assert same(left, printed["booked wip nd"])

    flow = _close(plant, "sx-1", {"Nd": (1_900_000_000_000, 30_000)})
    (before,), (after,) = flow.ins, flow.outs
    assert Fraction(before.elements["Nd"][0], UG_PER_T) == left
    missing = left - Fraction("1.9")
    assert same(missing, printed["wip difference"])
    assert after.elements == {"Nd": (1_900_000_000_000, 30_000)}
    assert missing <= 2 * Fraction("1.9") * Fraction("0.03"), "within two standard uncertainties of the measuring"


def test_recycled_swarf_and_the_mass_of_a_coating(printed):
    plant = Plant()
    swarf = {
        "basis": "dried",
        "moisture_pct": "25.0",
        "elements_pct": [["Nd", "22.5"], ["Pr", "5.5"], ["Dy", "1.2"], ["Fe", "66.0"], ["B", "1.0"]],
    }
    recycled = {"class": "recycled", "country": "CN", "feed_class": "pre_consumer_external"}
    plant.register("swarf", 10 * T, "ndfeb_swarf", swarf, origin=recycled)
    assert same(plant.tonnes("swarf", "Nd"), Fraction("7.5") * Fraction("0.225"))
    assert same(plant.tonnes("swarf", "Nd"), printed["swarf nd"])

    # 0.96 of Nd and Pr come out as oxide, and 0.985 of that as metal.
    metal = Fraction("7.5") * (Fraction("0.225") + Fraction("0.055")) * Fraction("0.96") * Fraction("0.985")
    assert same(metal, printed["recycled metal"])
    mg = int(round(metal, 3) * T)
    told = {"basis": "as_received", "elements_pct": [["Pr", "19.6"], ["Nd", "80.2"]]}
    plant.transform("dissolve", [part("swarf", 10 * T)], [(made("again", mg, product="prnd_metal"), told)])
    plant.register("primary", mg, "prnd_metal", told)
    plant.register(
        "iron",
        4 * mg,
        "iron_boron",
        {"basis": "as_received", "elements_pct": [["Fe", "98.4"]]},
        origin={"class": "bought_outside", "country": "CN"},
    )
    plant.transform(
        "strip_cast",
        [part("again", mg), part("primary", mg), part("iron", 4 * mg)],
        [(made("alloy", 6 * mg, product="ndfeb_alloy"), None)],
    )
    rows = plant.content("alloy").content.elements["Nd"].origins
    assert {key: row[0] * 2 for key, row in rows.items()} == {
        "CN/pre_consumer_external": plant.content("alloy").content.elements["Nd"].ug,
        "CN/ion_mid_y": plant.content("alloy").content.elements["Nd"].ug,
    }, "half and half, mixed evenly"

    # Machining keeps 0.75, coating adds 1.2 % of mass and nothing of any rare earth.
    bare, swarf_mg = 6 * mg * 3 // 4, 6 * mg // 4
    plant.transform(
        "machine",
        [part("alloy", 6 * mg)],
        [(made("bare", bare, product="ndfeb_magnet"), None)],
        losses=[{"kind": "swarf", "mg": swarf_mg}],
    )
    coated = bare * 1012 // 1000
    plant.transform("coat", [part("bare", bare)], [(made("coated", coated, product="ndfeb_magnet"), None)])
    assert plant.tonnes("coated", "Nd") == plant.tonnes("bare", "Nd"), "a coating adds no neodymium"
    percent = plant.tonnes("coated", "Nd") * T / coated * 100
    assert same(percent, printed["nd in coated magnet"], 2)
    found = plant.content("coated").content.elements["Nd"]
    half = Fraction(found.origins["CN/pre_consumer_external"][0], found.ug)
    assert abs(half - Fraction(1, 2)) <= Fraction(1, found.ug)
    assert plant.makeups[plant.node.id("coated")].content.model == "controlled_blending"  # type: ignore[union-attr]


# -- pools, worded ------------------------------------------------------------------------------------------------


def _charge(plant: Plant, code: str, *inputs: Row) -> Flow:
    node = plant.node
    opened = node.world.names.get(f"{code} period")
    slots = {
        "charge": {
            "at": AT,
            "pool": code,
            "steps": [{"process": "separation", "site": "plant-1"}],
            **({} if opened is None else {"period": node.id(f"{code} period")}),
        },
        "opens": None if opened else {"product": "pool", "lot_no": code},
        **node._parts("inputs", inputs, typed={}),
        "documents": None,
    }
    return plant.do(node.event("charged", slots, {} if opened else {"opens": node.call(f"{code} period")}))


def _draw(plant: Plant, code: str, output: Row, assay: Row) -> Flow:
    node = plant.node
    slots = {
        "draw": {
            "at": AT,
            "pool": code,
            "period": node.id(f"{code} period"),
            "steps": [{"process": "separation", "site": "plant-1"}],
        },
        "outputs.chain": [{"product": output["product"], "lot_no": output["name"]}],
        "outputs.authority": [{**node._output(output), "assay": assay}],
        "losses": None,
        "documents": None,
    }
    return plant.do(node.event("drawn", slots, {"outputs.chain": (node.call(output["name"]),)}))


def _close(plant: Plant, code: str, wip: Mapping[str, tuple[int, int]]) -> Flow:
    node = plant.node
    slots = {
        "closing": {"at": AT, "pool": code, "period": node.id(f"{code} period")},
        "opens": {"product": "pool", "lot_no": code},
        "wip": {"method": "measured", "contents": [[element, str(ug), u] for element, (ug, u) in wip.items()]},
        "losses": None,
        "reason": None,
        "documents": None,
    }
    return plant.do(node.event("closed", slots, {"opens": node.call(f"{code} next")}))
