"""Orders, holds and inspections on the pages of an authority."""

import re

import pytest

from tests.bookkeeping import AUTHORITY, MINE, PLANT, as_supervisor, recorded, register
from tests.bookkeeping import world as bookkeeping
from tests.hands import Hands, location
from tests.world import kg, until

ODD = "<script>x</script>\u202e龙🐉"


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    with bookkeeping(tmp_path_factory.mktemp("orders")) as world:
        yield world


@pytest.fixture
def clerk(told):
    return Hands(told[AUTHORITY], role="supervisor")


def freeze(clerk, **changed):
    fields = {"to": MINE, "lines": "", "shipment": "", "ground": "Article 27", "reason": ODD, "sure": "true"}
    return clerk.post("/orders/new", {**fields, **changed})


def test_a_batch_is_frozen_obeyed_and_released(told, clerk):
    mine = told[MINE]
    batch = register(mine, "A-1", "100")["batch"]
    path = location(freeze(clerk, lines=f"{MINE}/log#{batch}", **{"documents[0].no": "赣 27"}))
    told.settle()
    page = clerk.get(path)
    assert batch in page
    assert "&lt;script&gt;" in page
    assert "delivered, not answered" in page
    order = mine.get("/api/v1/orders")["orders"][0]["order"]
    hold = {"kind": "ordered", "reason": "as ordered", "order": order}
    lock = recorded(mine, "/api/v1/holds", {**hold, "lines": [{"batch": "A-1", "quantity": kg("100")}]})["lock"]
    told.settle()
    until(lambda: lock in clerk.get(path), "the hold is deposited")
    assert "obeyed" in clerk.get("/orders")
    assert order in re.sub("%23", "#", clerk.get("/holds").replace("%2F", "/"))
    done = clerk.post(path, {"reason": "papers in order"})
    assert location(done) == path
    page = clerk.get(path)
    assert "End the freeze" not in page
    assert "papers in order" in page
    told.settle()
    assert mine.get("/api/v1/orders")["orders"][0]["ended"]


def test_units_and_a_whole_shipment_are_frozen(told, clerk):
    mine = told[MINE]
    batch = register(mine, "B-1", "100")["batch"]
    one, two = (unit["unit"] for unit in mine.pack("B-1", "D-1", "D-2"))
    freeze(clerk, lines=f"{MINE}/log#{batch} {MINE}/log#{one}")
    shipment = mine.ship(PLANT, {"batch": "B-1", "units": ["D-2"]})
    told[PLANT].await_arrival(shipment)
    told.settle()
    path = location(freeze(clerk, to=PLANT, shipment=shipment))
    assert two in clerk.get(path)
    assert one not in clerk.get(path)
    orders = told[AUTHORITY].get("/api/v1/orders")["orders"]
    assert [(line["batch"], line["unit"]) for line in orders[-1]["lines"]] == [
        (f"{MINE}/log#{batch}", f"{MINE}/log#{two}")
    ]
    assert orders[-2]["lines"][0]["unit"] == f"{MINE}/log#{one}"


WRONG = {
    "no ground": ({"ground": " "}, "ground"),
    "no reason": ({"reason": ""}, "reason"),
    "not sure": ({"sure": ""}, "sure"),
    "no goods": ({}, "lines"),
    "a batch that is none": ({"lines": "no such lot"}, "lines"),
    "a shipment of nobody": ({"shipment": f"{MINE}/log#{'0' * 26}"}, "shipment"),
    "nobody": ({"to": "", "lines": f"{MINE}/log#{'0' * 26}"}, "to"),
    "somebody unknown": ({"to": "nobody.example", "lines": f"{MINE}/log#{'0' * 26}"}, "to"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_is_told_beside_its_field_and_kept(clerk, case):
    changed, field = WRONG[case]
    reply = freeze(clerk, **{"documents[0].no": "kept 5", **changed})
    page = reply.body.decode()
    assert reply.status in (403, 404, 422), page
    assert f'id="wrong-{field}"' in page, re.findall(r"(?:told bad|wrong)[^<]*<", page)
    assert "kept 5" in page


def test_viewers_see_and_do_not_order(told):
    viewer = Hands(told[AUTHORITY], "zh", role="viewer")
    assert "/orders/new" not in viewer.get("/orders")
    assert viewer.post("/orders/new", {"to": MINE}, bare=True).status == 403
    assert "指令" in viewer.get("/orders")


def test_recalls_of_everybody_are_listed(told, clerk):
    mine = told[MINE]
    register(mine, "C-1", "100")
    body = {"kind": "safety", "text": "Leaking drums", "lines": [{"batch": "C-1"}]}
    assert as_supervisor(mine, "POST", "/api/v1/recalls", body).status == 201
    told.settle()
    until(lambda: "Leaking drums" in clerk.get("/holds"), "the recall is deposited")
    assert "safety" in clerk.get("/holds")


def test_an_inspection_is_recorded_with_its_announcement(told, clerk):
    batch = register(told[MINE], "E-1", "100")["batch"]
    fields = {"to": MINE, "announced_at": "2026-12-01T09:00", "at": "2026-12-04T10:00", "result": "objections"}
    nothing = clerk.post("/inspections/new", fields)
    assert nothing.status == 422
    assert 'id="wrong-reason"' in nothing.body.decode()
    seen = {"batch": f"{MINE}/log#{batch}", "method": "weighed", "seen": "9.5", "sample": "S-1", "reason": ODD}
    assert location(clerk.post("/inspections/new", {**fields, **seen})) == "/inspections"
    page = clerk.get("/inspections")
    assert "with objections" in page
    assert "&lt;script&gt;" in page
    odd = clerk.post("/inspections/new", {**fields, **seen, "announced_at": "soon"})
    assert odd.status == 422
    assert 'id="wrong-announced_at"' in odd.body.decode()
