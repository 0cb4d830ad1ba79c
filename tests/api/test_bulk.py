"""Bulk: one result a line, in order; each line atomic alone, under a key of its own."""

import json

import pytest

from api import bulk
from api.app import create_app
from nodes import tokens
from nodes.clock import system_clock
from nodes.node import Node
from nodes.sequencer import QUEUE_MAX
from nodes.store import log

REGISTER = {
    "product": "nd_oxide",
    "quantity": {"value": "100", "unit": "kg", "basis": "net"},
    "origin": {"class": "mined", "country": "CN"},
}
BIG = {"LODETRACE_BODY_MAX": str(16 << 20)}


def register(key: str, lot: str | None = None, **more) -> dict:
    return {"verb": "register", "key": key, "body": {**REGISTER, **({"lot_no": lot} if lot else {}), **more}}


def ndjson(*lines) -> bytes:
    return b"".join(
        (line if isinstance(line, bytes) else json.dumps(line, ensure_ascii=False).encode()) + b"\n" for line in lines
    )


@pytest.fixture
def post(client, token_of):
    clerk = token_of("clerk")

    def post(*lines, headers=clerk, client=client):
        answer = client.post("/api/v1/bulk", content=ndjson(*lines), headers=headers)
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"] == "application/x-ndjson"
        return [json.loads(line) for line in answer.text.splitlines()]

    return post


def size(node) -> int:
    with node.store.read() as conn:
        return log.head(conn).size


def batches(client, headers) -> dict:
    found = client.get("/api/v1/batches?limit=500", headers=headers).json()["batches"]
    return {one["lot_no"]: one for one in found}


def test_results_stand_in_the_order_of_the_lines(post, node):
    results = post(*(register(f"k-{number}", f"L-{number}") for number in range(200)))
    assert [one["key"] for one in results] == [f"k-{number}" for number in range(200)]
    assert {one["status"] for one in results} == {201}
    assert [one["body"]["entry"]["index"] for one in results] == list(range(1, 201))
    assert size(node) == 201


def test_a_line_can_use_what_the_line_before_it_made(post, client, token_of):
    results = post(
        register("a", "L-1"),
        {
            "verb": "pack",
            "key": "b",
            "body": {"batch": "L-1", "units": [{"serial": "D-1", "net": {"value": "10", "unit": "kg"}}]},
        },
        {"verb": "unpack", "key": "c", "body": {"units": ["D-1"]}},
        {
            "verb": "transform",
            "key": "d",
            "body": {
                "steps": [{"process": "separation"}],
                "inputs": [{"batch": "L-1", "quantity": REGISTER["quantity"]}],
                "outputs": [{"product": "nd_oxide", "lot_no": "T-1", "quantity": REGISTER["quantity"]}],
            },
        },
        {
            "verb": "remove",
            "key": "e",
            "body": {"kind": "disposed", "lines": [{"batch": "T-1", "quantity": REGISTER["quantity"]}]},
        },
    )
    assert [one["status"] for one in results] == [201] * 5
    found = batches(client, token_of("viewer"))
    assert (found["L-1"]["mg"], found["T-1"]["mg"]) == (0, 0)


def test_a_line_that_is_refused_fails_alone_and_changes_nothing(post, client, token_of, node):
    pack = {"batch": "L-1", "units": [{"serial": "D-1", "net": {"value": "101", "unit": "kg"}}]}
    results = post(
        register("a", "L-1"),
        {"verb": "pack", "key": "b", "body": pack},
        register("c", "L-2", product="NO PRODUCT"),
        register("d", "L-3", at="2099-01-01T00:00:00+08:00"),
        register("e", "L-4"),
    )
    assert [one["status"] for one in results] == [201, 422, 422, 422, 201]
    assert [one["body"]["entry"]["index"] for one in (results[0], results[4])] == [1, 2]
    assert [one["problem"]["code"] for one in results[1:4]][2] == "at-in-the-future"
    assert size(node) == 3
    assert batches(client, token_of("viewer")).keys() == {"L-1", "L-4"}


LINES = {
    "no JSON": (b"{", 400, "body-not-json", None),
    "a duplicate key": (b'{"verb":"register","verb":"pack","key":"x","body":{}}', 400, "body-not-json", None),
    "a float": (b'{"verb":"register","key":"x","body":{"n":1.5}}', 400, "body-not-json", None),
    "no object": (b"[]", 422, "fields-wrong", None),
    "no key": ({"verb": "register", "body": REGISTER}, 422, "fields-wrong", None),
    "an empty key": ({**register(""), "key": ""}, 422, "fields-wrong", None),
    "a key too long": (register("k" * 201), 422, "key-wrong", None),
    "a key with a line break": (register("k\nk"), 422, "key-wrong", None),
    "no body": ({"verb": "register", "key": "x"}, 422, "fields-wrong", None),
    "no such verb": ({"verb": "destroy", "key": "x", "body": {}}, 422, "verb-unknown", "x"),
    "a field that nobody knows": (register("x", quantty={}), 422, "fields-wrong", "x"),
    "a field of the line that nobody knows": ({**register("x"), "colour": "red"}, 422, "fields-wrong", None),
    "a shipment where none belongs": ({**register("x"), "shipment": "s"}, 422, "fields-wrong", "x"),
    "no shipment to receive": ({"verb": "receive", "key": "x", "body": {}}, 422, "fields-wrong", "x"),
    "no shipment to acknowledge": ({"verb": "acknowledge", "key": "x", "body": {}}, 422, "fields-wrong", "x"),
    "a shipment that is not here": (
        {"verb": "receive", "key": "x", "body": {}, "shipment": "plant.example/log#" + "0" * 26},
        404,
        "shipment-unknown",
        "x",
    ),
    "a batch that is not here": (
        {"verb": "pack", "key": "x", "body": {"batch": "L-9", "units": [{"serial": "D"}]}},
        404,
        "batch-unknown",
        "x",
    ),
}


@pytest.mark.parametrize("case", LINES)
def test_a_bad_line_has_one_clear_problem_and_its_neighbours_are_recorded(post, node, case):
    line, status, code, key = LINES[case]
    first, bad, last = post(register("first", "L-1"), line, register("last", "L-2"))
    assert (first["status"], last["status"]) == (201, 201)
    assert (bad["status"], bad["key"]) == (status, key)
    problem = bad["problem"]
    assert (problem["code"], problem["status"], problem["type"]) == (code, status, f"/errors/{code}")
    assert problem["detail"]
    assert problem["detail_zh"]
    assert "body" not in bad
    assert size(node) == 3


def test_all_kinds_of_failure_at_once(post, node):
    lines = []
    for number, (line, *_, key) in enumerate(LINES.values()):
        lines += [register(f"k-{number}"), line if key is None else {**line, "key": f"x-{number}"}]
    results = post(*lines)
    assert [one["status"] for one in results[::2]] == [201] * len(LINES)
    assert [one["status"] for one in results[1::2]] == [status for _, status, *_ in LINES.values()]
    assert size(node) == 1 + len(LINES)


# -- keys ---------------------------------------------------------------------------------------------------------


def test_the_same_lines_again_have_the_same_results_and_are_recorded_once(post, node):
    lines = [register(f"k-{number}", f"L-{number}") for number in range(20)]
    assert post(*lines) == post(*lines)
    assert size(node) == 21


def test_part_of_the_lines_again_after_an_answer_was_lost(post, node):
    lines = [register(f"k-{number}", f"L-{number}") for number in range(20)]
    first = post(*lines[:12])
    again = post(*lines)
    assert again[:12] == first
    assert size(node) == 21


def test_a_key_with_another_body_is_a_conflict_of_that_line(post, node):
    post(register("a", "L-1"))
    first, second = post(register("a", "L-2"), register("b", "L-3"))
    assert (first["status"], first["problem"]["code"]) == (409, "key-of-other-request")
    assert second["status"] == 201
    assert size(node) == 3


def test_one_key_twice_in_one_request_is_recorded_once(post, node):
    results = post(register("a", "L-1"), register("a", "L-1"), register("a", "L-2"))
    assert results[0]["status"] == 201
    assert [one["problem"]["code"] for one in results[1:]] == ["key-in-flight"] * 2
    assert size(node) == 2
    [again] = post(register("a", "L-1"))
    assert again == results[0]


def test_a_key_belongs_to_its_owner_and_is_the_same_one_by_one(post, client, token_of, node):
    li, wang = token_of("clerk", "Li"), token_of("clerk", "Wang")
    [mine] = post(register("a", "L-1"), headers=li)
    [other] = post(register("a", "L-1"), headers=wang)
    assert mine["body"]["batch"] != other["body"]["batch"]
    single = client.post("/api/v1/batches", json={**REGISTER, "lot_no": "L-1"}, headers={**li, "idempotency-key": "a"})
    assert single.json() == mine["body"]
    assert size(node) == 3


def test_a_refusal_is_not_remembered(post):
    pack = {"batch": "L-1", "units": [{"serial": "D-1", "net": {"value": "1", "unit": "kg"}}]}
    line = {"verb": "pack", "key": "p", "body": pack}
    [before] = post(line)
    _, after = post(register("r", "L-1"), line)
    assert (before["status"], after["status"]) == (404, 201)


# -- limits and doors ---------------------------------------------------------------------------------------------


def test_blank_lines_and_a_missing_last_line_break_do_not_count(client, token_of):
    content = b"\n\n" + ndjson(register("a")) + b"  \n" + json.dumps(register("b")).encode()
    answer = client.post("/api/v1/bulk", content=content, headers=token_of("clerk"))
    assert [json.loads(line)["key"] for line in answer.text.splitlines()] == ["a", "b"]


def test_nothing_is_nothing(client, token_of, node):
    answer = client.post("/api/v1/bulk", content=b"", headers=token_of("clerk"))
    assert (answer.status_code, answer.content) == (200, b"")
    assert size(node) == 1


def test_only_clerks_record(client, token_of, problem, node):
    content = ndjson(register("a"))
    problem(client.post("/api/v1/bulk", content=content), 401, "token-missing")
    problem(client.post("/api/v1/bulk", content=content, headers=token_of("viewer")), 403, "role-too-low")
    assert size(node) == 1


def test_a_request_that_is_too_large_is_refused_whole(client, token_of, problem, node):
    content = ndjson(*(register(f"k-{number}") for number in range(600)))
    assert len(content) > node.settings.body_max
    problem(client.post("/api/v1/bulk", content=content, headers=token_of("clerk")), 413, "body-too-large")
    assert size(node) == 1


def test_more_lines_than_a_request_may_hold_are_refused_whole(client, token_of, problem, node, monkeypatch):
    monkeypatch.setattr(bulk, "LINES_MAX", 3)
    lines = [register(f"k-{number}") for number in range(4)]
    refused = client.post("/api/v1/bulk", content=ndjson(*lines), headers=token_of("clerk"))
    members = problem(refused, 422, "list-too-long")
    assert (members["value"], size(node)) == (4, 1)
    assert client.post("/api/v1/bulk", content=ndjson(*lines[:3]), headers=token_of("clerk")).status_code == 200
    assert size(node) == 4


def test_as_many_lines_as_a_request_may_hold_are_all_recorded(home, client_of, post):
    """More than the writer's queue takes at once; nobody else is there, so nothing may be turned away."""
    assert bulk.LINES_MAX > QUEUE_MAX
    node = Node.open(home, BIG)
    node.start()
    try:
        clerk = {"authorization": f"Bearer {tokens.mint(node.store, 'Li', 'clerk', system_clock)}"}
        lines = [register(f"k-{number}") for number in range(bulk.LINES_MAX)]
        results = post(*lines, headers=clerk, client=client_of(create_app(node)))
        assert {one["status"] for one in results} == {201}
        assert [one["body"]["entry"]["index"] for one in results] == list(range(1, bulk.LINES_MAX + 1))
    finally:
        node.stop()


def test_a_mistake_of_our_own_in_one_line_is_that_lines_answer():
    [line] = bulk._results(["k"], [ZeroDivisionError("a slip")])
    told = json.loads(line)
    assert (told["key"], told["status"], told["problem"]["code"]) == ("k", 500, "internal-error")
    assert "slip" not in line.decode()
