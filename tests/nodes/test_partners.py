"""Whom the trust policy names, and what happens to goods and messages for somebody that it does not name."""

import json
import re

import pytest

from tests.world import World, kg

MINE, PLANT = "mine.example", "plant.example"


@pytest.fixture
def world(tmp_path):
    with World(tmp_path, MINE, PLANT) as world:
        yield world


def test_goods_for_a_name_that_nobody_knows_stay_where_they_are(world):
    mine = world[MINE]
    mine.register("A-1", "100")
    line = {"batch": "A-1", "quantity": kg("10")}
    body = {"to": {"node": "plamt.example"}, "purpose": "sale", "lines": [line]}
    reply = mine.post("/api/v1/shipments", body, key="typed in a hurry")
    assert (reply.status, reply.json()["code"], reply.json()["field"]) == (422, "partner-unknown", "to.node")
    assert mine.get("/api/v1/batches/A-1")["mg"] == 100_000_000
    assert mine.get("/api/v1/shipments")["shipments"] == []
    corrected = mine.post("/api/v1/shipments", body | {"to": {"node": PLANT}}, key="typed in a hurry")
    assert corrected.status == 201


def test_in_bulk_such_a_line_fails_alone(world):
    mine = world[MINE]
    mine.register("A-1", "100")
    line = '{"batch":"A-1","quantity":{"value":"10","unit":"kg"}}'
    rows = [
        f'{{"verb":"ship","key":"{to}","body":{{"to":{{"node":"{to}"}},"purpose":"sale","lines":[{line}]}}}}\n'
        for to in ("plamt.example", PLANT)
    ]
    reply = mine.ask("POST", "/api/v1/bulk", "".join(rows).encode())
    assert [row["status"] for row in map(json.loads, reply.body.splitlines())] == [422, 201]


def test_a_receipt_for_a_partner_that_was_struck_out_waits_until_it_is_named_again(world):
    mine, plant = world[MINE], world[PLANT]
    mine.register("A-1", "100")
    shipment = mine.ship(PLANT, {"batch": "A-1", "quantity": kg("10")})
    plant.await_arrival(shipment)
    world.settle()
    policy = plant.home / "policy.txt"
    policy.write_text(re.sub(rf"^log {MINE}/log.*\n", "", world.policy, flags=re.MULTILINE))
    plant.restart()
    assert plant.receive(shipment)["status"] == "received"
    policy.write_text(world.policy)
    plant.restart()
    mine.await_status(shipment, "received")
