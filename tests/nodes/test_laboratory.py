"""A laboratory's result, in its own log, on its way to the client and into the client's books; over HTTP."""

from urllib.parse import quote

import pytest

from tests.world import Lost, World, kg, until

CLIENT, LAB, BUYER = "client.example", "lab.example", "buyer.example"
OWN = {"basis": "ignited", "total_reo_pct": "99.40", "distribution_pct": [["Pr", "24.8"], ["Nd", "75.2"]]}
FOUND = {"basis": "ignited", "total_reo_pct": "99.20", "distribution_pct": [["Pr", "25.0"], ["Nd", "75.0"]]}


@pytest.fixture
def world(tmp_path):
    """A sample of A-1 is at the laboratory; a second batch has none."""
    with World(tmp_path, CLIENT, LAB, BUYER) as made:
        client = made[CLIENT]
        for lot in ("A-1", "B-1"):
            client.register(lot, "100", product="prnd_oxide")
        portion = {"lot_no": "A-1/S", "quantity": {"value": "200", "unit": "g"}, "use": "assay"}
        made.sample = client.record("/api/v1/samples", {"batch": "A-1", "samples": [portion]})["samples"][0]["batch"]
        shipment = client.ship(LAB, {"batch": "A-1/S", "quantity": kg("0.2")}, purpose="sample")
        made[LAB].await_arrival(shipment)
        made[LAB].receive(shipment)
        client.await_status(shipment, "received")
        yield made


def assayed(world, **more):
    body = {"batch": f"{CLIENT}/log#{world.sample}", "assay": {**FOUND, "status": "final"}, "to": CLIENT, **more}
    return {"log": f"{LAB}/log", "index": world[LAB].record("/api/v1/assays", body)["entry"]["index"]}


def came(world):
    return until(lambda: world[CLIENT].get("/api/v1/notices")["notices"])


def refused(world, path, body):
    reply = world[CLIENT].post(path, body)
    return reply.status, reply.json()["code"], reply.json()["field"]


def rank(world, lot="A-1"):
    return world[CLIENT].get(f"/api/v1/batches/{quote(lot, safe='')}/contents")["rank"]


def test_a_result_comes_to_the_client_and_is_taken_over_by_one_request(world):
    place = assayed(world, certificate_sha256="0a" * 32)
    (told,) = came(world)
    assert (told["type"], told["log"], told["index"]) == ("assayed", place["log"], place["index"])
    assert told["assay"]["total_reo_pct"] == "99.20"
    assert told["report"]["lab"] == LAB
    assert [one["lot_no"] for one in told["batches"]] == ["A-1/S"]
    assert rank(world) == "typical"
    taken = world[CLIENT].record("/api/v1/assays", {"batch": "A-1", "from": place})
    assert taken["assay"] == {**FOUND, "status": "final"}
    assert rank(world) == "final"
    entry = world[CLIENT].get("/api/v1/entries?type=assayed")["entries"][0]["event"]
    (paper,) = entry["documents"]["list"]
    assert (paper["kind"], paper["no"]) == ("assayed", f"{place['log']}#{place['index']}")
    assert entry["report"]["certificate"] == told["report"]["certificate"]


def test_a_result_is_named_in_an_agreement(world):
    place = assayed(world)
    came(world)
    body = {"batch": "A-1", "own": OWN, "entries": {"other": place}, "limit_pct": "0.5"}
    agreed = world[CLIENT].record("/api/v1/assays/agreements", body)
    assert (agreed["rule"], agreed["assay"]["total_reo_pct"]) == ("mean", "99.3")
    entry = world[CLIENT].get("/api/v1/entries?type=assay_agreed")["entries"][0]["event"]
    assert entry["results"]["other"] == {**FOUND, "status": "final"}
    assert entry["documents"]["list"][0]["no"] == f"{place['log']}#{place['index']}"
    own = world[CLIENT].record("/api/v1/assays", {"batch": "A-1", "assay": OWN})["entry"]
    both = {"own": {"log": own["log"], "index": own["index"]}, "other": place}
    again = world[CLIENT].record("/api/v1/assays/agreements", {"batch": "A-1", "entries": both, "limit_pct": "0.5"})
    assert again["assay"] == agreed["assay"]


def test_a_result_is_taken_over_for_what_was_sampled_only(world):
    place = assayed(world)
    came(world)
    take = {"batch": "B-1", "from": place}
    assert refused(world, "/api/v1/assays", take) == (422, "result-of-other-goods", "from")
    both = {"batch": "A-1", "own": OWN, "entries": {"own": place}}
    assert refused(world, "/api/v1/assays/agreements", both) == (422, "result-twice", "own")
    nothing = {"batch": "A-1", "from": {**place, "index": 0}}
    assert refused(world, "/api/v1/assays", nothing) == (422, "result-not-told", "from")
    never = {"batch": "A-1", "from": {**place, "index": 99}}
    assert refused(world, "/api/v1/assays", never) == (404, "entry-of-other-unknown", "from")
    assert refused(world, "/api/v1/assays", {"batch": "A-1"}) == (422, "result-missing", "assay")
    stranger = {"batch": "A-1", "assay": OWN, "to": "nobody.example"}
    assert refused(world, "/api/v1/assays", stranger) == (422, "client-unknown", "to")


def test_nobody_else_hears_of_a_result(world):
    assayed(world)
    came(world)
    world.settle()
    assert [one.receiver for one in world.network.parcels("notice")] == [CLIENT]


def test_a_result_for_others_is_not_taken(world):
    lost = Lost()
    world.network.rule(lost, to=CLIENT, kind="notice", times=10**6)
    assayed(world)
    parcel = lost.first("notice")
    body = parcel.body.replace(f'"receiver":"{CLIENT}"'.encode(), f'"receiver":"{BUYER}"'.encode())
    reply = world[BUYER].deliver(world[LAB].forge(parcel, body, receiver=BUYER))
    assert (reply.status, reply.json()["code"]) == (422, "notice-of-others")
    assert world[BUYER].get("/api/v1/notices")["notices"] == []
