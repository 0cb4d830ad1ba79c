"""Orders of an authority: they bind from their delivery, are obeyed by a hold, and end by a release."""

from datetime import timedelta

import pytest

from nodes.auditing import audit, from_deposits, from_store
from nodes.store import upstream
from tests.bookkeeping import AUTHORITY, MINE, PLANT, as_supervisor, recorded, register, world
from tests.world import kg, until


@pytest.fixture
def told(tmp_path):
    """Leaving it audits all logs and rebuilds all tables."""
    with world(tmp_path) as made:
        yield made


def code(reply):
    assert reply.status >= 400, reply.body
    return reply.json()["code"]


def freeze(told, *lines):
    body = {"to": MINE, "lines": list(lines), "reason": "case 2026-17"}
    order = recorded(told[AUTHORITY], "/api/v1/orders", body)["order"]
    told.settle()
    return order


def release(told, order):
    recorded(told[AUTHORITY], f"/api/v1/orders/{order.replace('#', '%23')}/releases", {"reason": "papers in order"})
    told.settle()


def absolute(batch):
    return f"{MINE}/log#{batch}"


def test_a_frozen_batch_stays_until_the_order_is_released(told):
    mine = told[MINE]
    batch = register(mine, "A-1", "100")["batch"]
    line = {"batch": "A-1", "quantity": kg("10")}
    order = freeze(told, {"batch": absolute(batch)})
    refused = mine.post("/api/v1/shipments", {"to": {"node": PLANT}, "purpose": "sale", "lines": [line]})
    assert code(refused) == "goods-frozen"
    assert order in refused.json()["detail"]
    assert code(mine.post("/api/v1/removals", {"kind": "destroyed", "reason": "x", "lines": [line]})) == "goods-frozen"
    assert code(as_supervisor(mine, "POST", "/api/v1/pledges", {"to": "Bank", "lines": [line]})) == "goods-frozen"
    (got,) = mine.get("/api/v1/orders")["orders"]
    assert (got["order"], got["ended"], got["released_at"], got["answers"]) == (order, False, None, [])
    assert got["lines"] == [{"batch": batch, "unit": None, "mg": None}]

    hold = {
        "kind": "ordered",
        "reason": "as ordered",
        "order": order,
        "lines": [{"batch": "A-1", "quantity": kg("100")}],
    }
    lock = recorded(mine, "/api/v1/holds", hold)["lock"]
    assert mine.get("/api/v1/orders")["orders"][0]["answers"] == [lock]
    assert code(as_supervisor(mine, "POST", f"/api/v1/holds/{lock}/releases", {"reason": "x"})) == "order-stands"

    release(told, order)
    ended = mine.get("/api/v1/orders")["orders"][0]
    assert (ended["ended"], ended["release_reason"]) == (True, "papers in order")
    assert ended["released_at"] >= ended["at"]
    recorded(mine, f"/api/v1/holds/{lock}/releases", {"reason": "released by the authority"})
    shipment = mine.ship(PLANT, line)
    told[PLANT].await_arrival(shipment)
    assert told[AUTHORITY].get("/api/v1/orders")["orders"][0] == {
        **got,
        "ended": True,
        "released_at": ended["released_at"],
        "release_reason": ended["release_reason"],
        "answers": [absolute(lock)],
        "lines": [{"batch": absolute(batch), "unit": None, "mg": None}],
    }


def test_only_the_units_that_are_named_are_frozen(told):
    mine = told[MINE]
    batch = register(mine, "A-1", "100")["batch"]
    one, other = (unit["unit"] for unit in mine.pack("A-1", "D-1", "D-2"))
    order = freeze(told, {"batch": absolute(batch), "units": [absolute(one)]})
    assert code(mine.post("/api/v1/unpackings", {"units": ["D-1"]})) == "goods-frozen"
    assert mine.post("/api/v1/unpackings", {"units": ["D-2"]}).status == 201
    mine.ship(PLANT, {"batch": "A-1", "quantity": kg("5")})
    release(told, order)
    assert mine.post("/api/v1/unpackings", {"units": ["D-1"]}).status == 201
    assert other


def test_of_a_part_that_is_frozen_the_rest_is_free(told):
    mine = told[MINE]
    batch = register(mine, "P-1", "100")["batch"]
    order = freeze(told, {"batch": absolute(batch), "quantity": kg("60")})
    (got,) = [one for one in mine.get("/api/v1/orders")["orders"] if one["order"] == order]
    assert got["lines"] == [{"batch": batch, "unit": None, "mg": 60_000_000}]
    hold = {"kind": "ordered", "reason": "x", "order": order, "lines": [{"batch": "P-1", "quantity": kg("60")}]}
    lock = recorded(mine, "/api/v1/holds", hold)["lock"]
    mine.ship(PLANT, {"batch": "P-1", "quantity": kg("39")})
    line = {"batch": "P-1", "quantity": kg("2")}
    assert code(mine.post("/api/v1/removals", {"kind": "destroyed", "reason": "x", "lines": [line]})) == "goods-held"
    release(told, order)
    recorded(mine, f"/api/v1/holds/{lock}/releases", {"reason": "as ordered"})
    mine.ship(PLANT, {"batch": "P-1", "quantity": kg("61")})


def test_an_order_is_the_authoritys_alone(told):
    mine, plant = told[MINE], told[PLANT]
    batch = register(mine, "A-1", "100")["batch"]
    body = {"to": MINE, "lines": [{"batch": absolute(batch)}], "reason": "x"}
    assert code(as_supervisor(plant, "POST", "/api/v1/orders", body)) == "only-the-authority"
    stranger = {**body, "to": "nobody.example"}
    assert code(as_supervisor(told[AUTHORITY], "POST", "/api/v1/orders", stranger)) == "partner-unknown"
    hold = {"kind": "ordered", "reason": "x", "order": f"{AUTHORITY}/log#{'0' * 26}"}
    hold["lines"] = [{"batch": "A-1", "quantity": kg("1")}]
    assert code(as_supervisor(mine, "POST", "/api/v1/holds", hold)) == "order-unknown"
    until(lambda: mine.get("/api/v1/orders") == {"orders": []}, "no order came")


# -- shipments that nobody takes ----------------------------------------------------------------------------------


def sent(told, mass="40", **more):
    """A shipment of the mine to the plant: loose goods and a drum."""
    mine = told[MINE]
    register(mine, "A-1", "100")
    mine.pack("A-1", "D-1", net="10")
    shipment = mine.ship(PLANT, {"batch": "A-1", "quantity": kg(mass), "units": ["D-1"]}, **more)
    told[PLANT].await_arrival(shipment)
    told.settle()
    return shipment


def on_hand(member, lot):
    return member.get(f"/api/v1/batches/{lot}")["mg"]


def void(told, shipment):
    body = {"shipment": shipment, "reason": "nobody there"}
    return as_supervisor(told[AUTHORITY], "POST", "/api/v1/voidings", body)


def withdraw(member, shipment):
    path = f"/api/v1/shipments/{shipment.partition('#')[2]}/withdrawals"
    return member.post(path, {"reason": "sent to the wrong address"})


def test_what_is_asked_back_is_declined_by_the_receiver(told):
    mine, plant = told[MINE], told[PLANT]
    shipment = sent(told)
    assert withdraw(mine, shipment).status == 201
    assert code(withdraw(mine, shipment)) == "withdrawal-asked"
    assert mine.shipment(shipment)["status"] == "withdrawal asked"
    until(lambda: plant.shipment(shipment)["status"] == "withdrawal asked", "the plant is asked")
    plant.receive(shipment, declined=True, reason="asked back")
    mine.await_status(shipment, "declined")
    assert code(withdraw(mine, shipment)) == "withdrawal-too-late"
    back = {"batch": "A-1", "weighed": kg("40"), "units": ["D-1"]}
    mine.acknowledge(shipment, lines=[back])
    assert on_hand(mine, "A-1") == 100_000_000


def test_a_voided_shipment_is_the_senders_again_and_cannot_be_received(told):
    mine, plant = told[MINE], told[PLANT]
    shipment = sent(told)
    assert told[AUTHORITY].get("/api/v1/deposits/handovers")["handovers"][0]["state"] == "in_transit"
    made = void(told, shipment)
    assert made.status == 201, made.body
    assert made.json()["shipment"] == shipment
    until(lambda: mine.shipment(shipment)["status"] == "voided", "the mine is told")
    until(lambda: plant.shipment(shipment)["status"] == "voided", "the plant is told")
    refused = plant.post(f"/api/v1/shipments/{shipment.replace('#', '%23').replace('/', '%2F')}/receipts", {})
    assert code(refused) == "shipment-voided"
    assert told[AUTHORITY].get("/api/v1/deposits/handovers")["handovers"][0]["state"] == "voided"
    mine.acknowledge(shipment)
    assert mine.shipment(shipment)["status"] == "acknowledged"
    assert on_hand(mine, "A-1") == 100_000_000
    assert mine.post("/api/v1/unpackings", {"units": ["D-1"]}).status == 201


def test_what_was_received_is_not_voided(told):
    mine, plant = told[MINE], told[PLANT]
    shipment = sent(told)
    plant.receive(shipment)
    mine.await_status(shipment, "received")
    told.settle()
    refused = void(told, shipment)
    assert code(refused) == "voiding-of-received"
    assert code(void(told, absolute("0" * 26))) == "shipment-unknown"


# -- findings -----------------------------------------------------------------------------------------------------


def days_later(member, days):
    before = member.clock
    member.stop()
    member.start(lambda: before() + timedelta(days=days))


def rules(found):
    return [one["rule"] for one in found["findings"] if one["rule"].startswith("order-")]


def test_an_order_that_nobody_obeys_is_found_on_both_sides(told):
    mine, authority = told[MINE], told[AUTHORITY]
    batch = register(mine, "A-1", "100")["batch"]
    order = freeze(told, {"batch": absolute(batch)})
    register(mine, "A-2", "100")
    told.settle()
    assert rules(mine.get("/api/v1/findings")) == rules(authority.get("/api/v1/deposits/findings")) == []
    days_later(authority, 4)
    (silent,) = authority.get("/api/v1/deposits/findings?rule=order-unanswered")["findings"]
    assert (silent["facts"]["order"], silent["logs"]) == (order, [f"{MINE}/log"])
    days_later(mine, 4)
    register(mine, "A-3", "100")
    told.settle()
    (own,) = [one for one in mine.get("/api/v1/findings")["findings"] if one["rule"] == "order-unanswered"]
    assert own["id"] == silent["id"]
    with mine.node.store.read() as conn:
        assert [one[0] for one in upstream.orders(conn, AUTHORITY)] == [2]
    source = from_store(mine.node.store, authority=AUTHORITY)
    assert own["id"] in {one.id for one in audit(source).findings}
    assert own["id"] in {one.id for one in audit(from_deposits(authority.node.store, f"{MINE}/log")).findings}
    mine.record("/api/v1/answers", {"finding": own["id"], "text": "the store burnt down"})
    told.settle()
    (answered,) = authority.get("/api/v1/deposits/findings?rule=order-unanswered")["findings"]
    assert [one["text"] for one in answered["answers"]] == ["the store burnt down"]


# -- inspections --------------------------------------------------------------------------------------------------


def test_an_inspection_goes_on_with_the_goods(told):
    mine, plant = told[MINE], told[PLANT]
    batch, other = (register(mine, lot, "100")["batch"] for lot in ("A-1", "A-2"))
    goods = [{"batch": absolute(batch), "method": "sampled", "sample": "S-88"}]
    goods.append({"batch": absolute(other), "method": "looked"})
    body = {"to": MINE, "result": "in_order", "goods": goods, "reason": "yearly inspection"}
    recorded(told[AUTHORITY], "/api/v1/inspections", body)
    told.settle()
    shipment = mine.ship(PLANT, {"batch": "A-1", "quantity": kg("10")})
    plant.await_arrival(shipment)
    plant.receive(shipment)
    told.settle()
    with plant.node.store.read() as conn:
        evidence = plant.node.proof_of(conn, batch=absolute(batch))
    found = plant.node.verify(evidence).entries.values()
    (seen,) = [one.event for one in found if one.event is not None and one.event.type == "inspected"]
    assert list(seen.rows("goods.chain")) == [{"batch": absolute(batch)}, {}]  # the other lot went nowhere


def test_books_written_between_notice_and_inspection_are_found_on_both_sides(told):
    mine, authority = told[MINE], told[AUTHORITY]
    announced = (mine.clock() - timedelta(hours=1)).isoformat(timespec="seconds")
    register(mine, "A-1", "100")  # for a day a month before the notice
    register(mine, "A-2", "100", at=announced)
    body = {"to": MINE, "result": "objections", "reason": "yearly inspection", "announced_at": announced}
    recorded(authority, "/api/v1/inspections", body)
    told.settle()
    rule = "backdated-before-inspection"
    assert rule not in {
        one["rule"] for one in mine.get("/api/v1/findings")["findings"]
    }  # the day of the inspection is not over
    days_later(mine, 2)
    register(mine, "A-3", "100")  # late too, but the inspector has left
    told.settle()
    (own,) = [one for one in mine.get("/api/v1/findings")["findings"] if one["rule"] == rule]
    (seen,) = authority.get(f"/api/v1/deposits/findings?rule={rule}")["findings"]
    assert (own["severity"], own["entries"], own["facts"]["count"]) == ("grave", [[f"{MINE}/log", 1]], 1)
    assert (seen["id"], seen["logs"]) == (own["id"], [f"{MINE}/log"])
    assert own["id"] in {one.id for one in audit(from_store(mine.node.store, authority=AUTHORITY)).findings}
    assert own["id"] in {one.id for one in audit(from_deposits(authority.node.store, f"{MINE}/log")).findings}
