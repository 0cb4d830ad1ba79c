"""Pools through the interface of a plant and its customer: what is in them, what is refused, what evidence shows."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from ledger.evidence import parse_evidence, verify
from ledger.verdict import judge
from tests.world import Member, World, kg, until

MINE, PLANT, METAL = "mine.example", "plant.example", "metal.example"
ORE = {
    "basis": "ignited",
    "total_reo_pct": "92.0",
    "moisture_pct": "0.5",
    "loi_pct": "1.0",
    "distribution_pct": [["Pr", "20.0"], ["Nd", "60.0"], ["Dy", "20.0"]],
}
STEPS = [{"process": "separation"}]
CLOSE = {"element": "Nd", "metal": {"value": "10", "unit": "kg"}, "u_pct": "1"}


@contextmanager
def told(folder: Path, **environ: str) -> Iterator[World]:
    """A mine's ore in a plant's pool; LODETRACE_… settings for all of them."""
    names = {f"LODETRACE_{name.upper()}": value for name, value in environ.items()}
    with World(folder, MINE, PLANT, METAL, environ=names) as world:
        ore = world[MINE].register("A-1", "1000", assay=ORE)
        shipment = world[MINE].ship(PLANT, {"batch": ore, "quantity": kg("1000")})
        world[PLANT].await_arrival(shipment)
        world[PLANT].receive(shipment)
        world[PLANT].register("B-1", "500", assay=ORE)
        yield world


def charge(plant: Member, lot: str, mass: str, **more: Any) -> dict[str, Any]:
    inputs = [{"batch": lot, "quantity": kg(mass)}]
    return plant.record("/api/v1/pools/sx-1/charges", {"inputs": inputs, **more})


def draw(plant: Member, lot: str, mass: str, **more: Any) -> dict[str, Any]:
    output = {"product": "nd_oxide", "lot_no": lot, "quantity": kg(mass)}
    return plant.record("/api/v1/pools/sx-1/draws", {"outputs": [output], **more})


def refused(member: Member, path: str, body: dict[str, Any]) -> tuple[int, str, str]:
    reply = member.post(path, body)
    told_of = reply.json()
    return reply.status, told_of["code"], told_of["field"]


def held(member: Member, which: str = "now") -> dict[str, int]:
    return {row["element"]: int(row["ug"]) for row in member.get("/api/v1/pools/sx-1")[which]}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with told(tmp_path) as world:
        yield world


def test_a_pool_from_its_first_charge_to_its_second_period(world):
    plant = world[PLANT]
    assert plant.get("/api/v1/pools") == {"pools": []}
    first = charge(plant, "A-1", "600", steps=STEPS, period_lot_no="SX 2026-11")
    assert (first["opened"], first["pool"]) == (True, "sx-1")
    second = charge(plant, "B-1", "400")
    assert (second["opened"], second["period"]) == (False, first["period"])
    before = held(plant)
    made = draw(plant, "ND-1", "200")
    assert [one["lot_no"] for one in made["outputs"]] == ["ND-1"]
    pool = plant.get("/api/v1/pools/sx-1")
    assert {name: pool[name] for name in ("period", "site", "process", "in_mg", "out_mg", "draws", "model")} == {
        "period": first["period"],
        "site": "main",
        "process": "separation",
        "in_mg": 1_000_000_000,
        "out_mg": 200_000_000,
        "draws": 1,
        "model": "mass_balance",
    }
    assert held(plant, "went_in") == before
    assert held(plant)["Dy"] == before["Dy"]
    taken = before["Nd"] - held(plant)["Nd"]
    assert 160_000_000_000 < taken < 200_000_000_000
    wip = {
        "method": "measured",
        "contents": [CLOSE, {"element": "Dy", "oxide": {"value": "1", "unit": "kg"}, "u_pct": "0.5"}],
    }
    closed = plant.record("/api/v1/pools/sx-1/closings", {"wip": wip, "period_lot_no": "SX 2026-12"})
    assert closed["period"] == first["period"]
    assert plant.get("/api/v1/pools/sx-1")["period"] == closed["next"]
    assert plant.get("/api/v1/batches/SX 2026-12")["product"] == "pool"
    assert held(plant) == {"Nd": 10_000_000_000, "Dy": 871_321_000} == held(plant, "went_in")


def test_a_pool_that_does_not_go_on_is_opened_anew(world):
    plant = world[PLANT]
    charge(plant, "A-1", "100", steps=STEPS)
    assert plant.record("/api/v1/pools/sx-1/closings", {"goes_on": False, "reason": "cleaned"})["next"] is None
    assert plant.get("/api/v1/pools/sx-1")["period"] is None
    assert refused(plant, "/api/v1/pools/sx-1/draws", {"outputs": []}) == (422, "pool-not-open", "pool")
    assert charge(plant, "A-1", "100")["opened"]  # what is done in it, is known


def test_what_is_refused_of_a_pool(world):
    plant = world[PLANT]
    line = {"batch": "A-1", "quantity": kg("100")}
    assert refused(plant, "/api/v1/pools/sx-1/charges", {"inputs": [line]}) == (422, "pool-process-missing", "steps")
    charge(plant, "A-1", "100", steps=STEPS)
    for contents, code, place in (
        ([{**CLOSE, "element": "Xx"}], "assay-element-unknown", "wip.contents[0].element"),
        ([CLOSE, CLOSE], "assay-element-twice", "wip.contents[1].element"),
        ([{**CLOSE, "u_pct": "101"}], "assay-percentage-absurd", "wip.contents[0].u_pct"),
        ([{**CLOSE, "metal": {"value": "1", "unit": "L"}}], "measure-unknown", "wip.contents[0].metal.unit"),
    ):
        wip = {"method": "measured", "contents": contents}
        assert refused(plant, "/api/v1/pools/sx-1/closings", {"wip": wip}) == (422, code, place)
    wip = {"method": "guessed", "contents": [CLOSE]}
    assert refused(plant, "/api/v1/pools/sx-1/closings", {"wip": wip}) == (422, "kind-unknown", "wip.method")
    much = {"product": "nd_oxide", "quantity": kg("100")}
    assert refused(plant, "/api/v1/pools/sx-1/draws", {"outputs": [much]}) == (422, "draw-above-content", "outputs")
    assert plant.ask("GET", "/api/v1/pools/sx-2").status == 404


# -- evidence -----------------------------------------------------------------------------------------------------


def drawn_and_sold(world: World) -> None:
    """Two periods: what is sold was drawn in the second, into which the first went over."""
    plant, metal = world[PLANT], world[METAL]
    charge(plant, "A-1", "600", steps=STEPS)
    charge(plant, "B-1", "400")
    draw(plant, "ND-1", "100")
    plant.record("/api/v1/pools/sx-1/closings", {})
    charge(plant, "A-1", "100")
    draw(plant, "ND-2", "100")
    shipment = plant.ship(METAL, {"batch": "ND-1", "quantity": kg("50")}, {"batch": "ND-2", "quantity": kg("50")})
    metal.await_arrival(shipment)
    metal.receive(shipment)


def evidence_of(member: Member, lot: str) -> bytes:
    """As soon as a checkpoint covers what was recorded last."""

    def made() -> bytes | None:
        reply = member.ask("GET", f"/api/v1/batches/{lot}/evidence")
        return reply.body if reply.status == 200 else None

    return bytes(until(made, f"the evidence of {lot}") or b"")


def entries_of(world: World, lot: str) -> tuple[list[tuple[str, str]], list[str]]:
    """(log, event) of the verified evidence of a batch at metal, and the codes of its notices."""
    result = verify(parse_evidence(evidence_of(world[METAL], lot)), world[METAL].node.policy)
    assert result.missing == ()
    found = [(place[0].partition(".")[0], one.entry.type) for place, one in result.entries.items() if place[1]]
    return sorted(found), [code for code, _ in judge(result).notices]


def test_evidence_stops_at_the_period(world):
    drawn_and_sold(world)
    found, notices = entries_of(world, "ND-1")
    assert found == sorted([("metal", "received"), ("plant", "closed"), ("plant", "drawn"), ("plant", "shipped")])
    assert "cut-at-period" in notices
    assert entries_of(world, "ND-2")[0] == found  # the same shipment: what closed one period began the other
    own = parse_evidence(evidence_of(world[PLANT], "ND-2"))
    entries = verify(own, world[METAL].node.policy).entries.values()
    assert [one.entry.type for one in entries if one.entry.index] == ["drawn"]
    trace = world[METAL].get("/api/v1/batches/ND-1/trace")
    period = next(edge["from"] for edge in trace["edges"])
    assert trace["gaps"] == [{"at": period, "why": "cut_at_period_close"}]
    own = world[PLANT].get("/api/v1/batches/ND-1/trace")
    assert {one["lot_no"] for one in own["nodes"]} >= {"ND-1", "A-1", "B-1"}
    assert own["gaps"] == []


def test_with_the_setting_it_goes_on_to_the_mine(tmp_path):
    with told(tmp_path, evidence_below_pools="true") as world:
        drawn_and_sold(world)
        found, notices = entries_of(world, "ND-2")
        assert "cut-at-period" not in notices
        trace = world[METAL].get("/api/v1/batches/ND-2/trace")
    assert found == sorted(
        [
            ("metal", "received"),
            *[("plant", "charged")] * 3,
            ("plant", "closed"),
            ("plant", "drawn"),
            ("plant", "received"),
            ("plant", "registered"),
            ("plant", "shipped"),
            ("mine", "registered"),
            ("mine", "shipped"),
        ]
    )
    assert {one["lot_no"] for one in trace["nodes"]} >= {"ND-2", "A-1", "B-1"}
    assert trace["gaps"] == []
