"""What may enter the books at all: origins by role, their papers, opening stock until the first month is closed."""

from datetime import UTC, datetime

import pytest

from nodes import tokens
from tests.world import World, kg

MINE = "mine.example"
ORE = {"product": "ion_clay_mixed_oxide", "quantity": kg("20000")}


@pytest.fixture
def mine(tmp_path):
    with World(tmp_path, MINE, environ={"LODETRACE_ORIGINS_ENFORCED": "true"}) as world:
        yield world[MINE]


def origin(class_: str) -> dict:
    return {"class": class_, "country": "CN"}


@pytest.mark.parametrize(
    ("class_", "documents", "code", "field"),
    [
        ("imported", [{"kind": "customs_declaration", "no": "1"}], "origin-not-for-role", "origin.class"),
        ("recycled", [], "origin-not-for-role", "origin.class"),
        ("bought_outside", [], "origin-document-missing", "documents"),
        ("bought_outside", [{"kind": "photo", "no": "1"}], "origin-document-missing", "documents"),
    ],
)
def test_a_mine_registers_what_a_mine_may(mine, class_, documents, code, field):
    reply = mine.post("/api/v1/batches", {**ORE, "origin": origin(class_), "documents": documents})
    problem = reply.json()
    assert (reply.status, problem["code"], problem["field"], problem["value"]) == (422, code, field, class_)
    assert class_ in problem["detail"]
    assert class_ in problem["detail_zh"]
    assert mine.get("/api/v1/batches")["batches"] == []


def test_with_its_paper_it_is_registered(mine):
    paper = [{"kind": "special_invoice", "no": "INV-1"}]
    assert mine.record("/api/v1/batches", {**ORE, "origin": origin("bought_outside"), "documents": paper})["batch"]


def test_who_only_reports_records_it_with_a_warning(tmp_path):
    with World(tmp_path, MINE) as world:
        answer = world[MINE].record("/api/v1/batches", {**ORE, "origin": origin("recycled"), "documents": []})
    assert "origin-not-allowed" in [warning["code"] for warning in answer["warnings"]]


def test_opening_stock_ends_with_the_first_month_that_is_closed(mine):
    started, begun = datetime.now(UTC), datetime(2026, 12, 3, tzinfo=UTC)
    mine.stop()
    mine.start(lambda: begun + (datetime.now(UTC) - started))
    opening = {**ORE, "origin": origin("unknown_opening"), "documents": [{"kind": "stock_count", "no": "S-1"}]}
    mine.record("/api/v1/batches", opening)
    token = tokens.mint(mine.node.store, "Wang", "supervisor", mine.node.clock)
    headers = {"authorization": f"Bearer {token}", "idempotency-key": "close"}
    closed = mine.ask("POST", "/api/v1/periods", b'{"month":"2026-12"}', role=None, headers=headers)
    assert closed.json()["code"] == "month-not-over"
    closed = mine.ask("POST", "/api/v1/periods", b'{"month":"2026-11"}', role=None, headers=headers)
    assert closed.status == 201, closed.body
    late = mine.post("/api/v1/batches", opening)
    assert (late.status, late.json()["code"]) == (422, "opening-closed")
    mine.check_rebuild()


def test_no_more_is_drawn_of_a_mix_than_was_mixed(mine):
    mine.register("A-1", "50", documents=[{"kind": "weigh_ticket", "no": "1"}])
    path, steps = "/api/v1/pools/bin-1", [{"process": "blend"}]
    mine.record(f"{path}/charges", {"steps": steps, "inputs": [{"batch": "A-1", "quantity": kg("50")}]})
    out = {"product": "ion_clay_mixed_oxide", "lot_no": "B-1", "quantity": kg("400")}
    reply = mine.post(f"{path}/draws", {"steps": steps, "outputs": [out], "confirm": {"reason": "it is so"}})
    assert (reply.status, reply.json()["code"]) == (422, "draw-above-mass")
