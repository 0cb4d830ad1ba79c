"""What must fit: many inputs and outputs, a thousand packages, a list of ten thousand, within one small entry each.

Through the interface, across two organisations, up to the evidence that a third party checks by itself.
"""

from collections.abc import Iterator
from urllib.parse import quote

import pytest

from ledger.entries import ENTRY_MAX
from ledger.evidence import parse_evidence, verify
from ledger.log.trust import Policy
from ledger.verdict import judge
from nodes.store import log
from tests.world import Member, Reply, World, kg, until

MINE, PLANT = "mine.example", "plant.example"


@pytest.fixture
def world(tmp_path) -> Iterator[World]:
    with World(tmp_path, MINE, PLANT) as world:
        yield world


def largest_entry(member: Member) -> int:
    with member.node.store.read() as conn:
        return max(len(entry.note) for entry in log.page(conn, limit=1000))


def published(reply: Reply) -> Reply | None:
    """None while no checkpoint covers what was asked for: recording does not wait for one."""
    return None if reply.status == 503 and reply.json()["code"] == "no-checkpoint-yet" else reply


def evidence_holds(world: World, member: Member, path: str) -> int:
    """As somebody finds who has only the file and a trust policy; answers its size."""
    reply = until(lambda: published(member.ask("GET", path)), "a checkpoint covers it")
    assert reply.status == 200, reply.body
    verdict = judge(verify(parse_evidence(reply.body), Policy.parse(world.policy)))
    assert verdict.vouched
    assert verdict.missing == ()
    return len(reply.body)


def genuine(member: Member, label_url: str) -> bool:
    token = label_url.rpartition("/q/")[2]
    path, wanted = f"/q/{token}", {"accept": "application/json"}
    scan = until(lambda: published(member.ask("GET", path, role=None, headers=wanted)), "a checkpoint covers it")
    assert scan.status == 200, scan.body
    return bool(scan.json()["genuine"])


def test_fifty_inputs_and_twenty_outputs(world):
    mine, plant = world[MINE], world[PLANT]
    for number in range(50):
        mine.register(f"I-{number}", "20")
    made = mine.record(
        "/api/v1/transformations",
        {
            "steps": [{"process": "blend"}],
            "inputs": [{"batch": f"I-{number}", "quantity": kg("20")} for number in range(50)],
            "outputs": [{"product": "ore", "lot_no": f"O-{number}", "quantity": kg("50")} for number in range(20)],
        },
    )
    assert [row["lot_no"] for row in made["outputs"]] == [f"O-{number}" for number in range(20)]
    assert largest_entry(mine) < 2000 < ENTRY_MAX
    shipment = mine.ship(PLANT, *({"batch": f"O-{number}", "quantity": kg("50")} for number in range(20)))
    plant.await_arrival(shipment)
    received = plant.receive(shipment, *({"line": number, "weighed": kg("50.01")} for number in range(20)))
    assert [line["difference_mg"] for line in received["lines"]] == [10_000] * 20
    mine.await_status(shipment, "received")
    mine.acknowledge(shipment)
    own = made["outputs"][7]["batch"]
    there = quote(f"{MINE}/log#{own}", safe="")
    trace = plant.get(f"/api/v1/batches/{there}/trace")
    assert len(trace["nodes"]) == 51
    assert {edge["mass"] for edge in trace["edges"]} == {None}, "masses are not for who bought one output"
    evidence_holds(world, plant, f"/api/v1/batches/{there}/evidence")
    evidence_holds(world, mine, f"/api/v1/batches/{own}/evidence")


def test_a_packing_of_a_thousand(world):
    mine, plant = world[MINE], world[PLANT]
    mine.register("A-1", "1000")
    serials = [f"D-{number:04d}" for number in range(1000)]
    units = mine.pack("A-1", *serials, net="1", seal="S")
    assert [unit["serial"] for unit in units] == serials
    assert len({unit["unit"] for unit in units}) == 1000
    assert largest_entry(mine) < 2000 < ENTRY_MAX
    shipment = mine.ship(PLANT, {"batch": "A-1", "units": serials[:500]}, {"batch": "A-1", "units": serials[500:]})
    plant.await_arrival(shipment)
    states = [{"unit": serial, "state": "accepted"} for serial in serials[:500]]
    states[3] = {"unit": serials[3], "state": "rejected", "reason": "wet"}
    states[4] = {"unit": serials[4], "state": "missing", "reason": "not on the lorry"}
    received = plant.receive(shipment, {"line": 0, "units": states}, {"line": 1})
    assert [line["accepted_mg"] for line in received["lines"]] == [498 * 10**6, 500 * 10**6]
    assert genuine(mine, units[700]["label_url"])
    assert genuine(plant, units[700]["label_url"])
    evidence_holds(world, plant, f"/api/v1/units/{serials[700]}/evidence")


def test_a_list_of_ten_thousand(world):
    """Packed, shipped as the units of one line, received one by one, and each provable alone."""
    mine, plant = world[MINE], world[PLANT]
    mine.register("A-1", "10000")
    serials = [f"M-{number:05d}" for number in range(10_000)]
    units = mine.pack("A-1", *serials, net="1")
    assert len({unit["unit"] for unit in units}) == 10_000
    assert largest_entry(mine) < 2000 < ENTRY_MAX
    shipment = mine.ship(PLANT, {"batch": "A-1", "units": serials})
    plant.await_arrival(shipment)
    states = [{"unit": serial, "state": "accepted"} for serial in serials]
    received = plant.receive(shipment, {"line": 0, "weighed": kg("9998.7"), "units": states})
    assert received["lines"][0]["difference_mg"] == -1_300_000
    mine.await_status(shipment, "received")
    mine.acknowledge(shipment)
    size = evidence_holds(world, plant, f"/api/v1/units/{serials[9_999]}/evidence")
    assert size < 100_000, "one unit's proof does not carry the other 9 999"
    assert genuine(plant, units[4_321]["label_url"])


def test_ten_thousand_motors_from_one_assembly(world):
    mine = world[MINE]
    mine.register("A-1", "10000", product="ndfeb_magnet")
    made = mine.record(
        "/api/v1/assemblies",
        {
            "product": "motor",
            "inputs": [{"batch": "A-1", "quantity": kg("10000")}],
            "units": [{"serials": {"prefix": "M-", "first": 1, "count": 10_000, "digits": 6}, "net": kg("46.2")}],
        },
    )
    assert [made["units"][at]["serial"] for at in (0, 9_999)] == ["M-000001", "M-010000"]
    assert largest_entry(mine) < 2000 < ENTRY_MAX
    evidence_holds(world, mine, "/api/v1/units/M-009999/evidence")


def test_more_than_a_list_may_hold_is_refused_whole(world):
    mine = world[MINE]
    mine.register("A-1", "10000")
    ranges = [{"serials": {"prefix": f"{part}-", "first": 1, "count": 10_000}, "net": kg("1")} for part in range(7)]
    body = {"product": "motor", "inputs": [{"batch": "A-1", "quantity": kg("1")}], "units": ranges}
    before = mine.get("/api/v1/entries")
    reply = mine.post("/api/v1/assemblies", body)
    assert (reply.status, reply.json()["code"]) == (422, "malformed"), reply.body
    assert "65536" in reply.json()["detail"]
    assert mine.get("/api/v1/entries") == before
