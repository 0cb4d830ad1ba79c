"""Holds, pledges, titles and recalls through the interface: what ends how, and where everything recalled is."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.world import Member, Reply, World, kg, until

MINE, PLANT, METAL = "mine.example", "plant.example", "metal.example"
WHY = {"kind": "quality", "reason": "wet"}
CALL = {"kind": "safety", "text": "Do not use."}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with World(tmp_path, MINE, PLANT, METAL) as world:
        world[MINE].register("A-1", "100")
        world[MINE].pack("A-1", "D-1", "D-2", "D-3")
        yield world


@pytest.fixture
def mine(world: World) -> Member:
    return world[MINE]


def boss(member: Member, path: str, body: dict[str, Any]) -> Reply:
    """A supervisor asks."""
    boss.asked += 1
    return member.ask("POST", path, body, role="supervisor", headers={"idempotency-key": f"boss {boss.asked}"})


boss.asked = 0


def done(member: Member, path: str, body: dict[str, Any]) -> dict[str, Any]:
    reply = boss(member, path, body)
    assert reply.status == 201, reply.body
    return dict(reply.json())


def refused(member: Member, path: str, body: dict[str, Any]) -> tuple[int, str]:
    reply = boss(member, path, body)
    return reply.status, reply.json()["code"]


def recall(member: Member, *lines: dict[str, Any]) -> dict[str, Any]:
    lock = done(member, "/api/v1/recalls", {**CALL, "lines": list(lines)})["lock"]
    return dict(member.get(f"/api/v1/recalls/{lock}"))


def split(member: Member, lot: str, mass: str, **line: Any) -> str:
    body = {
        "steps": [{"process": "split"}],
        "inputs": [line or {"batch": "A-1", "quantity": kg(mass)}],
        "outputs": [{"product": "ion_clay_mixed_oxide", "lot_no": lot, "quantity": kg(mass)}],
    }
    return str(member.record("/api/v1/transformations", body)["outputs"][0]["batch"])


# -- locks --------------------------------------------------------------------------------------------------------


def test_a_clerk_locks_nothing(mine):
    lines = [{"batch": "A-1", "quantity": kg("10")}]
    for path, body in (
        ("/api/v1/holds", {**WHY, "lines": lines}),
        ("/api/v1/recalls", {**CALL, "lines": [{"batch": "A-1"}]}),
        ("/api/v1/pledges", {"to": "Bank", "lines": lines}),
        ("/api/v1/titles", {"to": PLANT, "lines": lines}),
    ):
        assert mine.post(path, body).status == 403
        verb = {"holds": "hold", "recalls": "recall", "pledges": "pledge", "titles": "transfer"}[path.split("/")[-1]]
        told = mine.ask("POST", "/api/v1/bulk", {"verb": verb, "key": verb, "body": {}}).json()
        assert told["problem"]["code"] == "role-too-low"


def test_a_hold_on_a_part_and_on_units_ends_as_one(mine):
    lines = [{"batch": "A-1", "quantity": kg("30"), "units": ["D-1"]}, {"batch": "A-1", "units": ["D-2"]}]
    lock = done(mine, "/api/v1/holds", {**WHY, "lines": lines})["lock"]
    (shown,) = mine.get("/api/v1/holds")["locks"]
    assert {name: shown[name] for name in ("lock", "is", "kind", "reason", "ended")} == {
        "lock": lock,
        "is": "held",
        "kind": "quality",
        "reason": "wet",
        "ended": False,
    }
    assert [(line["mg"], len(line["units"])) for line in shown["lines"]] == [(30_000_000, 1), (10_000_000, 1)]
    gone = {"kind": "disposed", "lines": [{"batch": "A-1", "quantity": kg("51")}]}
    assert refused(mine, "/api/v1/removals", gone) == (422, "goods-held")
    assert refused(mine, "/api/v1/unpackings", {"units": ["D-2"]}) == (422, "unit-held")
    assert refused(mine, f"/api/v1/holds/{lock}/releases", {}) == (422, "reason-missing")
    assert refused(mine, f"/api/v1/pledges/{lock}/releases", {"reason": "x"}) == (422, "lock-of-other-kind")
    done(mine, f"/api/v1/holds/{MINE}%2Flog%23{lock}/releases", {"reason": "dried"})
    assert mine.get("/api/v1/holds")["locks"] == []
    assert mine.get("/api/v1/holds?ended=true")["locks"][0]["ended"]
    assert refused(mine, f"/api/v1/holds/{lock}/releases", {"reason": "x"}) == (422, "lock-ended")
    assert refused(mine, f"/api/v1/holds/{'0' * 26}/releases", {"reason": "x"}) == (404, "lock-unknown")
    done(mine, "/api/v1/removals", gone)


def test_goods_are_pledged_once(mine):
    body = {"to": "Bank", "receipt_no": "WR-1", "lines": [{"batch": "A-1", "quantity": kg("50")}]}
    lock = done(mine, "/api/v1/pledges", body)["lock"]
    assert refused(mine, "/api/v1/pledges", body) == (422, "goods-pledged")
    assert mine.get("/api/v1/holds")["locks"][0]["receipt_no"] == "WR-1"
    done(mine, f"/api/v1/pledges/{lock}/releases", {})
    done(mine, "/api/v1/pledges", body)


def test_the_owner_hears_of_goods_that_are_sold_where_they_stand(world, mine):
    """On consignment at the plant, and sold from there: the mine's books say that it no longer owns them."""
    plant = world[PLANT]
    shipment = mine.ship(PLANT, {"batch": "A-1", "quantity": kg("50")}, purpose="consignment")
    plant.await_arrival(shipment)
    plant.receive(shipment)
    mine.await_status(shipment, "received")
    mine.acknowledge(shipment)
    own = mine.get("/api/v1/batches/A-1")["batch"]
    line = {"batch": f"{MINE}/log#{own}", "quantity": kg("20"), "owner": MINE}
    sold = done(plant, "/api/v1/titles", {"to": METAL, "at": "2026-11-22T10:00:00+08:00", "lines": [line]})
    until(lambda: mine.get("/api/v1/titles")["titles"], "the owner hears of it")
    assert mine.get("/api/v1/titles")["titles"] == [
        {
            "log": f"{PLANT}/log",
            "index": sold["entry"]["index"],
            "at": "2026-11-22T10:00:00+08:00",
            "to": METAL,
            "lines": [{"batch": own, "mg": 20_000_000, "basis": "net"}],
        }
    ]
    bought = done(plant, "/api/v1/titles", {"to": PLANT, "lines": [{**line, "quantity": kg("30")}]})
    until(lambda: len(mine.get("/api/v1/titles")["titles"]) == 2, "and of the rest")
    assert mine.get("/api/v1/titles")["titles"][0]["index"] == bought["entry"]["index"]
    assert plant.get("/api/v1/titles")["titles"] == world[METAL].get("/api/v1/titles")["titles"] == []


def test_title_passes_and_the_goods_stay(mine):
    done(mine, "/api/v1/titles", {"to": PLANT, "lines": [{"batch": "A-1", "quantity": kg("20"), "units": ["D-1"]}]})
    loose = mine.get("/api/v1/batches/A-1")["loose"]
    assert sorted((held["owner"] or "", held["mg"]) for held in loose) == [("", 60_000_000), (PLANT, 10_000_000)]
    assert mine.get("/api/v1/units/D-1")["owner"] == PLANT
    back = {"to": MINE, "lines": [{"batch": "A-1", "quantity": kg("10"), "owner": PLANT}]}
    done(mine, "/api/v1/titles", back)
    assert refused(mine, "/api/v1/titles", {"to": MINE, "lines": back["lines"]})[0] == 422


# -- recalls ------------------------------------------------------------------------------------------------------


def by_lot(found: dict[str, Any]) -> dict[tuple[str | None, str], dict[str, Any]]:
    return {(one["lot_no"], one["how"]): one for one in found["goods"]}


def test_a_batch_is_recalled_with_all_that_was_made_of_it(world, mine):
    split(mine, "B-1", "30")
    split(mine, "B-2", "10", batch="B-1", quantity=kg("10"))
    mine.register("Z-1", "5")  # has nothing to do with it
    outside = {"to": {"outside": {"name": "Muster", "country": "DE"}}, "purpose": "sale"}
    mine.record("/api/v1/shipments", {**outside, "lines": [{"batch": "B-2", "quantity": kg("4")}]})
    shipment = mine.ship(PLANT, {"batch": "A-1", "quantity": kg("25"), "units": ["D-3"]})
    world[PLANT].await_arrival(shipment)
    world[PLANT].receive(shipment)
    mine.await_status(shipment, "received")
    found = recall(mine, {"batch": "A-1"})
    goods = by_lot(found)
    assert goods.keys() == {("A-1", "direct"), ("B-1", "indirect"), ("B-2", "indirect")}
    direct = goods["A-1", "direct"]
    assert (direct["here_mg"], [unit["serial"] for unit in direct["units"]]) == (45_000_000, ["D-1", "D-2"])
    assert [(sent["mg"], sent["status"], len(sent["units"])) for sent in direct["sent"]] == [
        (25_000_000, "received", 1)
    ]
    assert [one["here_mg"] for one in found["goods"][1:]] == [20_000_000, 6_000_000]
    assert {
        holder["holder"]: (holder["direct_mg"], holder["indirect_mg"], holder["country"]) for holder in found["holders"]
    } == {
        PLANT: (25_000_000, 0, None),
        "Muster": (0, 4_000_000, "DE"),
    }
    assert found["totals"]["indirect"] == {
        "batches": 2,
        "here_mg": 26_000_000,
        "here_units": 0,
        "sent_mg": 4_000_000,
        "sent_units": 0,
        "holders": 1,
    }
    assert not found["cut"]


def test_what_comes_back_is_subtracted_at_its_holder(world, mine):
    plant = world[PLANT]
    shipment = mine.ship(PLANT, {"batch": "A-1", "quantity": kg("40")})
    plant.await_arrival(shipment)
    plant.receive(shipment)
    mine.await_status(shipment, "received")
    lock = recall(mine, {"batch": "A-1"})["lock"]
    back = plant.ship(MINE, {"batch": "A-1", "quantity": kg("15")}, purpose="return", original=shipment)
    mine.await_arrival(back)
    mine.receive(back)
    found = mine.get(f"/api/v1/recalls/{lock}")
    (holder,) = found["holders"]
    assert (holder["direct_mg"], holder["returned_mg"]) == (40_000_000, 15_000_000)
    assert found["goods"][0]["here_mg"] == 75_000_000


def test_of_recalled_units_only_what_used_them(mine):
    """D-1 went whole into B-1; D-2 stands here; what was loose went into B-2."""
    split(mine, "B-1", "10", batch="A-1", units=["D-1"])
    split(mine, "B-2", "20")
    split(mine, "B-3", "5", batch="B-1", quantity=kg("5"))
    found = recall(mine, {"batch": "A-1", "units": ["D-1", "D-2"]})
    goods = by_lot(found)
    assert goods.keys() == {("A-1", "direct"), ("B-1", "indirect"), ("B-3", "indirect")}
    direct = goods["A-1", "direct"]
    assert (direct["here_mg"], direct["loose"], [unit["serial"] for unit in direct["units"]]) == (
        10_000_000,
        [],
        ["D-2"],
    )


def test_a_recalled_unit_that_was_opened_is_among_the_loose_goods(mine):
    split(mine, "B-0", "20")
    mine.record("/api/v1/unpackings", {"units": ["D-1"]})
    split(mine, "B-1", "20")
    found = recall(mine, {"batch": "A-1", "units": ["D-1"]})
    goods = by_lot(found)
    assert ("B-1", "indirect") in goods
    assert goods["A-1", "indirect"]["here_mg"] == 40_000_000
    assert goods["A-1", "direct"]["here_mg"] == 0


def test_recalled_goods_are_followed_through_a_pool(mine):
    mine.register("O-1", "100", product="prnd_oxide")
    inputs = [{"batch": "O-1", "quantity": kg("60")}]
    mine.record("/api/v1/pools/p/charges", {"inputs": inputs, "steps": [{"process": "blend"}]})
    drawn = {"product": "prnd_oxide", "lot_no": "O-2", "quantity": kg("20")}
    mine.record("/api/v1/pools/p/draws", {"outputs": [drawn]})
    found = recall(mine, {"batch": "O-1"})
    assert {(one["lot_no"], one["pool"], one["here_mg"]) for one in found["goods"]} == {
        ("O-1", None, 40_000_000),
        (None, "p", 0),
        ("O-2", None, 20_000_000),
    }
    mine.record("/api/v1/pools/p/closings", {"goes_on": False})
    again = mine.get(f"/api/v1/recalls/{found['lock']}")
    assert {one["lot_no"] for one in again["goods"]} == {"O-1", "O-2"}


def test_a_recall_ends_and_its_list_stays(mine):
    lock = recall(mine, {"batch": "A-1"})["lock"]
    assert refused(mine, "/api/v1/recalls", {**CALL, "lines": [{"batch": "A-1"}]}) == (422, "recalled-already")
    done(mine, f"/api/v1/holds/{lock}/releases", {"reason": "tested again"})
    assert mine.get(f"/api/v1/recalls/{lock}")["ended"]
    held = done(mine, "/api/v1/holds", {**WHY, "lines": [{"batch": "A-1", "quantity": kg("1")}]})["lock"]
    for other in (held, "0" * 26):
        assert mine.ask("GET", f"/api/v1/recalls/{other}").json()["code"] == "recall-unknown"


def test_the_list_as_a_file_and_as_a_page_in_both_languages(mine):
    mine.register("=1+1", "5")
    outside = {"to": {"outside": {"name": "<b>Muster</b>", "country": "DE"}}, "purpose": "sale"}
    mine.record("/api/v1/shipments", {**outside, "lines": [{"batch": "A-1", "units": ["D-1"]}]})
    lock = recall(mine, {"batch": "A-1"}, {"batch": "=1+1"})["lock"]
    for language, place, title in (("zh", "已发出", "召回清单"), ("en", "sent", "Recall list")):
        reply = mine.ask("GET", f"/api/v1/recalls/{lock}?format=csv&lang={language}")
        text = reply.body.decode("utf-8-sig")
        rows = list(csv.reader(io.StringIO(text)))
        assert {len(row) for row in rows} == {11}
        assert sorted(row[7] for row in rows[1:]) == ["10", "10", "10", "5", "70"]
        assert "'=1+1" in {row[2] for row in rows}
        sent = [row for row in rows if row[5] == place]
        assert [(row[4], row[6]) for row in sent] == [("D-1", "<b>Muster</b> (DE)")]
        page = mine.ask("GET", f"/api/v1/recalls/{lock}?format=html&lang={language}")
        body = page.body.decode()
        assert title in body
        assert "&lt;b&gt;Muster" in body
        assert "<b>Muster" not in body
        assert "format=html&amp;lang=" in body  # the other language, on the same page
        assert "default-src 'none'" in str(page.header("content-security-policy"))
    assert mine.ask("GET", f"/api/v1/recalls/{lock}?format=pdf").status == 422


def test_a_foreign_batch_is_recalled_by_whoever_holds_it(world):
    mine, plant = world[MINE], world[PLANT]
    shipment = mine.ship(PLANT, {"batch": "A-1", "quantity": kg("20")})
    plant.await_arrival(shipment)
    plant.receive(shipment)
    found = recall(plant, {"batch": "A-1"})
    assert found["goods"][0]["batch"].startswith(f"{MINE}/log#")
    assert found["goods"][0]["here_mg"] == 20_000_000
