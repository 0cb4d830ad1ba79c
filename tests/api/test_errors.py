import json

import pytest
from fastapi import APIRouter
from starlette.exceptions import HTTPException

from api.errors import RETRY_AFTER, STATUS, TITLE, problem, problem_of, status_of
from ledger import errors
from ledger.errors import Conflict, Forked, LodetraceError, Malformed, Refusal, Unavailable, Unknown
from ledger.messages import MESSAGES

CLASSES = [one for one in vars(errors).values() if isinstance(one, type) and issubclass(one, LodetraceError)]


def test_every_class_has_a_status_and_a_title():
    leaves = {one for one in CLASSES if one is not LodetraceError}
    assert leaves == set(TITLE) == {key for key in STATUS if isinstance(key, type)}


def test_every_code_in_the_tables_has_a_sentence():
    codes = {key for key in STATUS if isinstance(key, str)} | set(RETRY_AFTER)
    assert codes - set(MESSAGES) == set()


SHOWN = {
    "a refusal": (Refusal("role-too-low", field="f", value="viewer", wanted="clerk"), 403),
    "unknown": (Unknown("route-unknown", field="path", value="/x"), 404),
    "full disk": (Unavailable("disk-full", field="/data"), 507),
    "busy": (Unavailable("database-locked", field="/data"), 503),
    "conflict": (Conflict("home-exists", field="/x"), 409),
    "fork": (Forked("home-exists", field="/x", evidence=(b"a", b"b")), 409),
    "not of the form": (Malformed("malformed", field="note", why="x"), 422),
}


@pytest.mark.parametrize(("error", "status"), SHOWN.values(), ids=SHOWN)
def test_an_error_has_its_status_and_shape(error, status):
    assert status_of(error) == status
    members = problem_of(error)
    assert (members["status"], members["detail"], members["detail_zh"]) == (status, error.text("en"), error.text("zh"))
    assert json.loads(problem(error).body) == members


def test_what_may_work_later_says_when():
    assert problem(Unavailable("database-locked", field="x")).headers["retry-after"] == "1"
    assert "retry-after" not in problem(Unavailable("disk-full", field="x")).headers


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, None),
        (3, 3),
        (True, True),
        ("x" * 300, "x" * 200 + "…"),
        (b"\x00", "b'\\x00'"),
        ([1, 2], "[1, 2]"),
        ("\ud800", "?"),
    ],
)
def test_values_are_told_back_short_and_plain(value, shown):
    assert json.loads(problem(Unknown("route-unknown", field="path", value=value)).body)["value"] == shown


@pytest.fixture
def faulty(app, client):
    router = APIRouter()

    @router.get("/boom")
    async def boom():
        raise RuntimeError("the password is 1234")

    @router.get("/teapot")
    async def teapot():
        raise HTTPException(418, "a teapot", {"x-pot": "yes"})

    @router.get("/number")
    async def number(n: int):
        return n

    app.include_router(router)
    return client


def test_a_mistake_of_ours_is_a_500_without_its_insides(faulty, problem, caplog):
    members = problem(faulty.get("/boom"), 500, "internal-error")
    assert "1234" not in json.dumps(members)
    assert "1234" in caplog.text
    assert "/boom" in caplog.text


def test_an_unknown_route(faulty, problem):
    for path in ("/nowhere", "/api/v1/", "/healthz/", "/%00"):
        problem(faulty.get(path), 404, "route-unknown")


def test_a_wrong_method(faulty, problem):
    answer = faulty.request("DELETE", "/healthz")
    members = problem(answer, 405, "method-wrong")
    assert answer.headers["allow"] == "GET"
    assert (members["field"], members["value"], "GET" in members["detail"]) == ("/healthz", "DELETE", True)


def test_a_wrong_query(faulty, problem):
    assert problem(faulty.get("/number?n=x"), 422, "fields-wrong")["field"] == "n"
    assert "n is missing" in problem(faulty.get("/number"), 422, "fields-wrong")["detail"]


def test_any_other_http_error_has_the_same_shape(faulty, problem):
    answer = faulty.get("/teapot")
    assert "a teapot" in problem(answer, 418, "http-error")["detail"]
    assert answer.headers["x-pot"] == "yes"


def test_every_operation_describes_this_shape(faulty):
    described = faulty.get("/openapi.json").json()
    assert "ValidationError" not in json.dumps(described)
    operations = [one for path in described["paths"].values() for one in path.values()]
    for operation in operations:
        assert "422" not in operation["responses"]
        assert "application/problem+json" in operation["responses"]["default"]["content"]
    assert described["components"]["schemas"]["Problem"]["required"] == list(problem_of(Unknown("route-unknown")))
