"""What a clerk may leave out of a receipt, and what not: through the interface of two nodes, audited at the end."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from tests.world import Member, World, kg

MINE, PLANT = "mine.example", "plant.example"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with World(tmp_path, MINE, PLANT) as world:
        yield world


def pallet(world: World, *, more: tuple[dict[str, Any], ...] = ()) -> str:
    """Two drums of 10 kg on a pallet, and 5 kg loose beside it, at the plant's door."""
    mine = world[MINE]
    mine.register("A-1", "100")
    mine.register("A-2", "100")
    mine.pack("A-1", "D-1", "D-2")
    mine.record(
        "/api/v1/units", {"batch": "A-1", "units": [{"serial": "P-1", "kind": "pallet", "contains": ["D-1", "D-2"]}]}
    )
    shipment = mine.ship(PLANT, {"batch": "A-1", "units": ["P-1"], "quantity": kg("25")}, *more)
    world[PLANT].await_arrival(shipment)
    return shipment


def told(member: Member, shipment: str, *lines: dict[str, Any], **more: Any) -> tuple[int, str]:
    """Status and code of a receipt that is refused."""
    path = f"/api/v1/shipments/{quote(shipment, safe='')}/receipts"
    reply = member.post(path, {"lines": list(lines), **more})
    return reply.status, reply.json().get("code")


def states(member: Member, *serials: str) -> list[str]:
    return [member.get(f"/api/v1/units/{serial}")["state"] for serial in serials]


def test_naming_nothing_accepts_everything(world):
    shipment = pallet(world)
    answer = world[PLANT].receive(shipment)
    assert answer["lines"][0]["accepted_mg"] == 25_000_000
    assert states(world[PLANT], "P-1", "D-1", "D-2") == ["here"] * 3
    world[MINE].await_status(shipment, "received")


def test_naming_the_pallet_names_its_drums(world):
    shipment = pallet(world)
    line = {"line": 0, "units": [{"unit": "P-1", "state": "rejected", "reason": "wet"}]}
    answer = world[PLANT].receive(shipment, line)
    assert (answer["lines"][0]["rejected_mg"], answer["lines"][0]["accepted_mg"]) == (20_000_000, 5_000_000)
    world[MINE].await_status(shipment, "received")


def test_a_rejected_drum_does_not_take_its_neighbour_with_it(world):
    shipment = pallet(world)
    bad = {"unit": "D-1", "state": "rejected", "reason": "wet"}
    assert told(world[PLANT], shipment, {"line": 0, "units": [bad]}) == (422, "unit-left-open")
    answer = world[PLANT].receive(shipment, {"line": 0, "units": [bad, {"unit": "D-2", "state": "accepted"}]})
    assert (answer["lines"][0]["rejected_mg"], answer["lines"][0]["accepted_mg"]) == (10_000_000, 15_000_000)
    assert states(world[PLANT], "P-1", "D-1", "D-2") == ["emptied", "here", "here"]
    world[MINE].await_status(shipment, "received")


def test_a_drum_received_first_leaves_the_rest_for_the_last_receipt(world):
    shipment = pallet(world)
    first = {"line": 0, "units": [{"unit": "D-1", "state": "accepted"}]}
    assert world[PLANT].receive(shipment, first, final=False)["lines"][0]["accepted_mg"] == 10_000_000
    assert world[PLANT].receive(shipment)["lines"][0]["accepted_mg"] == 15_000_000
    assert states(world[PLANT], "D-1", "D-2") == ["here", "here"]
    world[MINE].await_status(shipment, "received")


def test_a_quarantined_pallet_is_decided_drum_by_drum(world):
    shipment = pallet(world)
    plant = world[PLANT]
    plant.receive(shipment, {"line": 0, "units": [{"unit": "P-1", "state": "quarantined"}]})
    assert states(plant, "P-1", "D-1", "D-2") == ["quarantined"] * 3
    plant.receive(shipment, {"line": 0, "units": [{"unit": "D-1", "state": "accepted"}]})
    assert states(plant, "P-1", "D-1", "D-2") == ["emptied", "here", "quarantined"]
    plant.receive(shipment, {"line": 0, "units": [{"unit": "D-2", "state": "rejected", "reason": "wet"}]})
    assert states(plant, "D-1", "D-2") == ["here", "here"]
    world[MINE].await_status(shipment, "received")


def test_the_last_receipt_answers_every_line(world):
    shipment = pallet(world, more=({"batch": "A-2", "quantity": kg("7")},))
    assert told(world[PLANT], shipment, {"line": 0}) == (422, "line-left-open")
    everything = {"line": 0, "units": [{"unit": "P-1", "state": "accepted"}], "accepted": kg("5")}
    world[PLANT].receive(shipment, everything, final=False)
    world[PLANT].receive(shipment, {"line": 1})
    world[MINE].await_status(shipment, "received")


def test_a_received_pallet_is_unpacked_and_its_drums_used(world):
    shipment = pallet(world)
    plant = world[PLANT]
    plant.receive(shipment)
    plant.record("/api/v1/unpackings", {"units": ["P-1"]})
    assert states(plant, "P-1", "D-1", "D-2") == ["emptied", "here", "here"]
    plant.record("/api/v1/unpackings", {"units": ["D-1"]})
    assert states(plant, "D-1") == ["emptied"]


def contents(member: Member, batch: str) -> dict[str, int]:
    """Grams of each element."""
    found = member.get(f"/api/v1/batches/{quote(batch, safe='')}/contents")["elements"]
    return {one["element"]: round(int(one["ug"]), -6) // 10**6 for one in found}


TOTAL = {"basis": "dried", "total_reo_pct": "92"}
LA = {**TOTAL, "distribution_pct": [["La", "100"]]}


@pytest.mark.parametrize(
    ("assay", "typed"),
    [({**TOTAL, "moisture_pct": "8.5"}, {}), (TOTAL, {"moisture_pct": "8.5"}), (LA, {"moisture_pct": "8.5"})],
    ids=["a total for a kind of ore", "the same with a ticket", "a distribution with a ticket"],
)
def test_what_the_sender_knows_of_the_ore_comes_with_it(world, assay, typed):
    mine, plant = world[MINE], world[PLANT]
    ore = {"product": "mixed_concentrate", "origin": {"class": "mined", "country": "CN", "feed_class": "ion_mid_y"}}
    made = mine.register("A-1", "100", **ore, assay=assay, quantity={**kg("100"), **typed})
    shipment = mine.ship(PLANT, {"batch": "A-1", "quantity": kg("100")})
    plant.await_arrival(shipment)
    assert plant.receive(shipment)["lines"][0]["accepted_mg"] == 100_000_000
    ours = contents(mine, made)
    assert sum(ours.values()) > 60_000
    assert contents(plant, f"{MINE}/log#{made}") == ours
