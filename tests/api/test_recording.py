"""Recording over HTTP: one shape for all verbs, and the promise of the Idempotency-Key."""

import asyncio
import json
import re
from itertools import count

import httpx
import pytest

from api.app import create_app
from api.recording import KEY_MAX
from api.verbs import RECORDINGS
from ledger.log.canonical import b64
from nodes import tokens
from nodes.clock import system_clock
from nodes.node import VERBS, Node
from nodes.store import log

KG100 = {"value": "100", "unit": "kg", "basis": "net"}
REGISTER = {
    "product": "nd_oxide",
    "quantity": KG100,
    "origin": {"class": "mined", "country": "CN"},
    "documents": [{"kind": "weigh_ticket", "no": "BT-1"}],
}


def path_of(verb: str) -> str:
    return re.sub(r"\{\w+(:path)?\}", "0" * 26, RECORDINGS[verb].path)


@pytest.fixture
def clerk(token_of):
    return token_of("clerk")


@pytest.fixture
def record(client, clerk):
    """verb, body, key -> the answer, which must be one"""

    numbers = count()

    def record(verb, body, key=None):
        headers = {**clerk, "idempotency-key": key or f"{verb} {next(numbers)}"}
        answer = client.post(path_of(verb), json=body, headers=headers)
        assert answer.status_code == 201, answer.text
        return answer.json()

    return record


def size(node) -> int:
    with node.store.read() as conn:
        return log.head(conn).size


# -- every route --------------------------------------------------------------------------------------------------


def test_every_verb_has_its_route():
    assert RECORDINGS.keys() == VERBS.keys()
    assert len({one.path for one in RECORDINGS.values()}) == len(RECORDINGS)


@pytest.mark.parametrize("verb", VERBS)
def test_nobody_records_without_a_clerks_token_and_a_key(client, token_of, problem, node, verb):
    path, body, key = path_of(verb), RECORDINGS[verb].example, {"idempotency-key": "k"}
    problem(client.post(path, json=body, headers=key), 401, "token-missing")
    problem(client.post(path, json=body, headers={**token_of("viewer"), **key}), 403, "role-too-low")
    role = RECORDINGS[verb].role
    problem(client.post(path, json=body, headers=token_of(role)), 400, "key-missing")
    assert size(node) == 1


@pytest.mark.parametrize("verb", VERBS)
def test_a_body_is_read_strictly(client, token_of, problem, node, verb):
    path, example = path_of(verb), dict(RECORDINGS[verb].example)
    headers = {**token_of(RECORDINGS[verb].role), "idempotency-key": "k"}
    problem(client.post(path, content=b"", headers=headers), 400, "body-not-json")
    problem(client.post(path, content=b'{"a":1,"a":2}', headers=headers), 400, "body-not-json")
    problem(client.post(path, content=b'{"quantity":1.5}', headers=headers), 400, "body-not-json")
    problem(client.post(path, json=[example], headers=headers), 422, "fields-wrong")
    members = problem(client.post(path, json={**example, "colour": "red"}, headers=headers), 422, "fields-wrong")
    assert members["field"] == "colour"
    said = {"shipment", "pool", "by", "recorded_at"} - RECORDINGS[verb].body.model_fields.keys()
    for name in sorted(said):  # what the path and the node say, no body may
        problem(client.post(path, json={**example, name: "x"}, headers=headers), 422, "fields-wrong")
    assert size(node) == 1


@pytest.mark.parametrize("verb", VERBS)
def test_other_methods_are_refused(client, clerk, problem, verb):
    for method in ("PUT", "PATCH", "DELETE"):
        answer = client.request(method, path_of(verb), json={}, headers=clerk)
        problem(answer, 405, "method-wrong")
        assert "POST" in answer.headers["allow"]


def test_a_days_work_of_one_node_is_what_its_log_says(record, client, clerk, node):
    """One of each verb that needs nobody else, each by the organisation's own codes."""
    line = {"batch": "L-1", "quantity": KG100}
    made = {"product": "ndfeb_magnet", "lot_no": "M-1", "quantity": {**KG100, "count": 1000}}
    work = [
        ("register", {**REGISTER, "product": "ndfeb_block", "lot_no": "L-1", "external_ref": "ERP-1"}, "registered"),
        ("transform", {"steps": [{"process": "magnetise"}], "inputs": [line], "outputs": [made]}, "transformed"),
        (
            "pack",
            {
                "batch": "M-1",
                "units": [{"serial": "C-1", "kind": "carton", "net": {"value": "20", "unit": "kg", "count": 200}}],
            },
            "packed",
        ),
        ("unpack", {"units": ["C-1"]}, "unpacked"),
        (
            "assemble",
            {
                "product": "motor",
                "lot_no": "EV-1",
                "inputs": [{"batch": "M-1", "quantity": {"value": "50", "unit": "kg", "count": 500}}],
                "units": [
                    {
                        "serials": {"prefix": "S-", "first": 1, "count": 3, "digits": 4},
                        "net": {"value": "9", "unit": "kg"},
                    }
                ],
            },
            "assembled",
        ),
        (
            "dismantle",
            {
                "units": ["S-0001"],
                "outputs": [
                    {"product": "ndfeb_magnet", "lot_no": "E-1", "quantity": {"value": "1", "unit": "kg", "count": 10}}
                ],
            },
            "dismantled",
        ),
        (
            "remove",
            {"kind": "disposed", "lines": [{"batch": "E-1", "quantity": {"value": "1", "unit": "kg", "count": 10}}]},
            "removed",
        ),
        (
            "ship",
            {
                "to": {"outside": {"name": "Somebody", "country": "DE"}},
                "purpose": "sale",
                "lines": [{"batch": "EV-1", "units": ["S-0002"]}],
            },
            "shipped",
        ),
    ]
    for index, (verb, body, event) in enumerate(work, 1):
        answer = record(verb, body)
        with node.store.read() as conn:
            stored = log.entry(conn, index)
        assert answer["entry"] == {"log": node.origin, "index": index, "leaf": b64(stored.leaf)}
        assert stored.type == event
        assert {one["code"] for one in answer.get("warnings", [])} <= {"yield-low"}
    read = client.get("/api/v1/entries?limit=100", headers=clerk).json()["entries"]
    assert [one["type"] for one in read] == ["log_opened", *(event for *_, event in work)]
    assert {one["event"]["recorded"]["by"] for one in read[1:]} == {"Li"}
    assert read[1]["event"]["quantity"]["typed"] == KG100  # as the clerk typed it


def test_an_assembly_answers_with_the_labels_of_its_units(record):
    record("register", {**REGISTER, "lot_no": "L-1"})
    unit = {"serials": {"prefix": "S-", "first": 9, "count": 2, "digits": 3}, "net": {"value": "9", "unit": "kg"}}
    answer = record("assemble", {"product": "motor", "inputs": [{"batch": "L-1", "quantity": KG100}], "units": [unit]})
    assert [one["serial"] for one in answer["units"]] == ["S-009", "S-010"]
    for one in answer["units"]:
        assert one["label_url"].partition("/q/")[0] == "http://127.0.0.1:8470"
        assert one["qr_png"] == f"/api/v1/units/{one['unit']}/qr.png"
        assert len(one["check_code"]) == 8


# -- asked back ---------------------------------------------------------------------------------------------------


def test_a_slip_is_asked_back_and_recorded_once_it_is_confirmed(record, client, clerk, problem, node):
    for number in range(5):
        record("register", {**REGISTER, "lot_no": f"L-{number}"})
    slip = {**REGISTER, "lot_no": "L-9", "quantity": {**KG100, "value": "1000"}}
    headers = {**clerk, "idempotency-key": "slip"}
    members = problem(client.post(path_of("register"), json=slip, headers=headers), 422, "guard-slip")
    assert members["field"] == "quantity"
    assert size(node) == 6
    answer = record("register", {**slip, "confirm": {"reason": "ten lorries"}}, key="slip")
    assert [warning["reason"] for warning in answer["warnings"]] == ["ten lorries"]
    read = client.get("/api/v1/entries?after=5", headers=clerk).json()["entries"]
    assert read[0]["event"]["recorded"]["confirmed"][0]["reason"] == "ten lorries"


# -- the Idempotency-Key ------------------------------------------------------------------------------------------


def test_the_same_key_and_body_have_one_result(client, clerk, node):
    headers = {**clerk, "idempotency-key": "k"}
    first, second = (client.post("/api/v1/batches", json=REGISTER, headers=headers) for _ in range(2))
    assert (first.status_code, first.content) == (second.status_code, second.content)
    assert size(node) == 2


def test_a_body_is_the_same_however_it_is_written(client, clerk, node):
    headers = {**clerk, "idempotency-key": "k"}
    first = client.post("/api/v1/batches", json=REGISTER, headers=headers)
    shuffled = json.dumps(dict(reversed(REGISTER.items())), indent=2, ensure_ascii=True).encode()
    with_null = {**REGISTER, "lot_no": None}
    for again in ({"content": shuffled}, {"json": with_null}):
        assert client.post("/api/v1/batches", headers=headers, **again).content == first.content
    assert size(node) == 2


def test_the_same_key_with_another_body_or_verb_is_a_conflict(client, clerk, problem, node):
    headers = {**clerk, "idempotency-key": "k"}
    assert client.post("/api/v1/batches", json={**REGISTER, "lot_no": "L-1"}, headers=headers).status_code == 201
    other = client.post("/api/v1/batches", json={**REGISTER, "lot_no": "L-2"}, headers=headers)
    assert problem(other, 409, "key-of-other-request")["value"] == "k"
    remove = {"kind": "disposed", "lines": [{"batch": "L-1", "quantity": KG100}]}
    problem(client.post("/api/v1/removals", json=remove, headers=headers), 409, "key-of-other-request")
    assert size(node) == 2


def test_a_key_belongs_to_its_owner_whatever_his_token(client, token_of, node):
    answers = [
        client.post("/api/v1/batches", json=REGISTER, headers={**headers, "idempotency-key": "k"}).json()
        for headers in (token_of("clerk", "Li"), token_of("supervisor", "Li"), token_of("clerk", "Wang"))
    ]
    assert answers[0] == answers[1]
    assert answers[0]["batch"] != answers[2]["batch"]
    assert size(node) == 3


def test_a_refusal_is_not_remembered(client, clerk, problem, record):
    headers = {**clerk, "idempotency-key": "k"}
    remove = {"kind": "disposed", "lines": [{"batch": "L-1", "quantity": KG100}]}
    problem(client.post("/api/v1/removals", json=remove, headers=headers), 404, "batch-unknown")
    record("register", {**REGISTER, "lot_no": "L-1"})
    assert client.post("/api/v1/removals", json=remove, headers=headers).status_code == 201


def test_a_result_outlives_the_process(home, client_of):
    headers, answers = {}, []
    for _ in range(2):
        node = Node.open(home, {})
        node.start()
        if not headers:
            token = tokens.mint(node.store, "Li", "clerk", system_clock)
            headers = {"authorization": f"Bearer {token}", "idempotency-key": "k"}
        answers.append(client_of(create_app(node)).post("/api/v1/batches", json=REGISTER, headers=headers).content)
        assert size(node) == 2
        node.stop()
    assert answers[0] == answers[1]


KEYS = {"empty": "", "too long": "k" * (KEY_MAX + 1), "a tab": "a\tb", "a sign that is none": "\x7f"}


@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS)
def test_a_key_that_is_none(client, clerk, problem, node, key):
    headers = {**clerk, "idempotency-key": key}
    problem(client.post("/api/v1/batches", json=REGISTER, headers=headers), 422, "key-wrong")
    assert size(node) == 1


def test_the_longest_key(client, clerk):
    headers = {**clerk, "idempotency-key": "k" * KEY_MAX}
    assert client.post("/api/v1/batches", json=REGISTER, headers=headers).status_code == 201


def test_a_key_that_is_under_way_is_asked_for_again_later(app, clerk, node):
    """Thirty at once: one is recorded, the others get its result or are told to come back."""

    async def go():
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://mine.example") as client:
            headers = {**clerk, "idempotency-key": "k"}
            return await asyncio.gather(
                *(client.post("/api/v1/batches", json=REGISTER, headers=headers) for _ in range(30))
            )

    answers = asyncio.run(go())
    recorded = {answer.content for answer in answers if answer.status_code == 201}
    later = [answer for answer in answers if answer.status_code != 201]
    assert len(recorded) == 1
    for answer in later:
        assert (answer.status_code, answer.json()["code"]) == (409, "key-in-flight")
        assert answer.headers["retry-after"] == "1"
    assert size(node) == 2
