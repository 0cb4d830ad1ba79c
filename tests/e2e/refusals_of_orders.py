"""What is refused of an authority's orders, and by them: a table as in refusals.py."""

from typing import Any
from urllib.parse import quote

from tests.e2e.refusals_of_corrections import lead
from tests.e2e.stage import AUTHORITY, METAL, NOWHERE, PLANT, Asked, Case, Make, Stage
from tests.world import kg

F1 = {"batch": "F-1", "quantity": kg("1"), "site": "main"}
SALE = {"to": {"node": PLANT}, "purpose": "sale", "lines": [F1]}
FREEZE = {"to": METAL, "lines": [{"batch": f"{METAL}/log#{NOWHERE}"}], "reason": "case 2026-17"}


def freeze(**changed: Any) -> Make:
    return lead("/api/v1/orders", {**FREEZE, **changed}, AUTHORITY)


def release(name: str, **changed: Any) -> Make:
    def make(stage: Stage) -> Asked:
        order = quote(stage.ids.get(name, name), safe="")
        return lead(f"/api/v1/orders/{order}/releases", {"reason": "x", **changed}, AUTHORITY)(stage)

    return make


def obey(name: str, line: dict[str, Any]) -> Make:
    def make(stage: Stage) -> Asked:
        hold = {"kind": "ordered", "reason": "x", "order": stage.ids.get(name, name), "lines": [line]}
        return lead("/api/v1/holds", hold, METAL)(stage)

    return make


def end_hold(stage: Stage) -> Asked:
    return lead(f"/api/v1/holds/{stage.ids['obeying hold']}/releases", {"reason": "x"}, METAL)(stage)


ORDERS: dict[str, Case] = {
    "an order by a mine": Case(422, "only-the-authority", "role", lead("/api/v1/orders", FREEZE)),
    "an order to nobody": Case(422, "partner-unknown", "to", freeze(to="nobody.example")),
    "an order to oneself": Case(422, "to-oneself", "to.node", freeze(to=AUTHORITY)),
    "an order about nothing": Case(422, "fields-wrong", "lines", freeze(lines=[])),
    "an order about a lot by its number": Case(422, "field-wrong", "lines[0].batch", freeze(lines=[{"batch": "A-1"}])),
    "an order about the same goods twice": Case(422, "named-twice", "lines", freeze(lines=FREEZE["lines"] * 2)),
    "an order for no reason": Case(422, "reason-missing", "reason", freeze(reason=None)),
    "an order that never was released": Case(404, "order-unknown", "order", release(NOWHERE)),
    "an order released twice": Case(422, "lock-ended", "order", release("ended order")),
    "an order released for no reason": Case(422, "reason-missing", "reason", release("order", reason=None)),
    "frozen goods sent": Case(422, "goods-frozen", "lines[0]", lead("/api/v1/shipments", SALE, METAL)),
    "a frozen drum opened": Case(
        422, "goods-frozen", "units[0]", lead("/api/v1/unpackings", {"units": ["F/2"]}, METAL)
    ),
    "more than is free beside a frozen part": Case(
        422,
        "part-frozen",
        "lines[0].quantity",
        lead("/api/v1/shipments", {**SALE, "lines": [{**F1, "batch": "F-9"}]}, METAL),
    ),
    "a hold by an order that never came": Case(
        404, "order-unknown", "order", obey("nowhere.example/log#" + NOWHERE, F1)
    ),
    "a hold of other goods than ordered": Case(404, "order-unknown", "order", obey("order of a drum", F1)),
    "a hold by an order that ended": Case(404, "order-unknown", "order", obey("ended order", F1)),
    "a hold ended while its order stands": Case(422, "order-stands", "lock", end_hold),
}


def withdraw(name: str, **changed: Any) -> Make:
    def make(stage: Stage) -> Asked:
        path = f"/api/v1/shipments/{stage.ids.get(name, name).partition('#')[2]}/withdrawals"
        return lead(path, {"reason": "wrong address", **changed}, METAL)(stage)

    return make


def void(name: str, member: str = AUTHORITY, **changed: Any) -> Make:
    def make(stage: Stage) -> Asked:
        body = {"shipment": stage.ids.get(name, name), "reason": "nobody there", **changed}
        return lead("/api/v1/voidings", body, member)(stage)

    return make


def receive_voided(stage: Stage) -> Asked:
    path = f"/api/v1/shipments/{quote(stage.ids['voided'], safe='')}/receipts"
    return lead(path, {"lines": [{"line": 0, "site": "main"}]}, METAL)(stage)


INSPECTION = {"to": METAL, "result": "in_order", "reason": "yearly"}


def inspect(**changed: Any) -> Make:
    return lead("/api/v1/inspections", {**INSPECTION, **changed}, AUTHORITY)


SHIPMENTS: dict[str, Case] = {
    "a shipment asked back twice": Case(422, "withdrawal-asked", "shipment", withdraw("asked back")),
    "a shipment asked back for no reason": Case(422, "fields-wrong", "reason", withdraw("asked back", reason="")),
    "a shipment asked back that was received": Case(422, "withdrawal-too-late", "shipment", withdraw("taken")),
    "a shipment asked back from outside": Case(422, "withdrawal-from-outside", "shipment", withdraw("sent outside")),
    "a shipment voided by its sender": Case(422, "only-the-authority", "role", void("asked back", METAL)),
    "a shipment voided that never was": Case(404, "shipment-unknown", "shipment", void(f"{METAL}/log#{NOWHERE}")),
    "a shipment voided that was received": Case(422, "voiding-of-received", "shipment", void("taken")),
    "a shipment voided that went outside": Case(422, "voiding-from-outside", "shipment", void("sent outside")),
    "a shipment voided for no reason": Case(422, "reason-missing", "reason", void("asked back", reason=None)),
    "an inspection by a mine": Case(422, "only-the-authority", "role", lead("/api/v1/inspections", INSPECTION)),
    "an inspection with no known result": Case(422, "kind-unknown", "result", inspect(result="fine")),
    "an inspection announced on no day": Case(
        422, "at-not-a-date", "announced_at", inspect(announced_at="2026-02-30T08:00:00+08:00")
    ),
    "an inspection of nobody": Case(422, "partner-unknown", "to", inspect(to="nobody.example")),
    "a voided shipment received": Case(422, "shipment-voided", "shipment", receive_voided),
}

GROUPS = (ORDERS, SHIPMENTS)
