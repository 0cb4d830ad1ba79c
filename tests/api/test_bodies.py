import json
from typing import Annotated, Literal

import pytest
from fastapi import APIRouter, Request, Response
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field

from api.bodies import openapi_body, parse, read
from ledger.errors import Malformed

LIMIT = 65536


@pytest.mark.parametrize(
    "value",
    [
        {"batch": "7K3M", "lines": [{"n": 1}, {}], "flag": True, "none": None, "zh": '磁迹 \\ " \n 😀'},
        {"n": 2**53 - 1, "m": -(2**53) + 1, "zero": 0},
        [],
        "text",
        {"deep": [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]},
    ],
)
def test_json_is_read(value):
    assert parse(json.dumps(value).encode()) == value
    assert parse(json.dumps(value, ensure_ascii=False, indent=2).encode()) == value


REFUSED = {
    "a fraction": (b'{"quantity":{"value":20.5}}', "quantity.value", "20.5"),
    "a fraction that is whole": (b'{"lines":[{},{"mg":1.0}]}', "lines[1].mg", "1.0"),
    "an exponent": (b'{"a":1e3}', "a", "1e3"),
    "infinity by exponent": (b'{"a":1e999}', "a", "1e999"),
    "NaN": (b'{"a":NaN}', "a", "NaN"),
    "infinity": (b'{"a":[-Infinity]}', "a[0]", "-Infinity"),
    "2^53": (b'{"a":9007199254740992}', "a", "9007199254740992"),
    "-2^53": (b'{"a":-9007199254740992}', "a", "-9007199254740992"),
    "a thousand digits": (b'{"a":' + b"9" * 10_000 + b"}", "a", "too large"),
    "a key twice": (b'{"a":1,"a":2}', "body", "'a' stands there twice"),
    "a key twice, further in": (b'{"b":[{"a":1 , "a" :1}]}', "b[0]", "'a' stands there twice"),
    "a key twice, by an escape": (b'{"a":1,"\\u0061":2}', "body", "'a' stands there twice"),
    "the first of two mistakes": (b'{"x":1.5,"y":{"a":1,"a":2}}', "x", "1.5"),
    "a leading zero": (b'{"a":01}', "line 1 column 7", "delimiter"),
    "a plus": (b'{"a":+1}', "line 1 column 6", "value"),
    "a comma too many": (b'{"a":1,}', "line 1 column", "property name"),
    "a comment": (b'{"a":1} // x', "line 1 column 9", "Extra data"),
    "two values": (b"{}{}", "line 1 column 3", "Extra data"),
    "single quotes": (b"{'a':1}", "line 1 column 2", "property name"),
    "cut off": (b'{"a":\n"b', "line 2 column 1", "Unterminated"),
    "nothing": (b"", "line 1 column 1", "value"),
    "blanks": (b"  ", "line 1 column 3", "value"),
    "a line end in a string": (b'{"a":"b\nc"}', "line 1 column 8", "control character"),
    "an unknown escape": (b'{"a":"\\x"}', "line 1 column 7", "escape"),
    "no UTF-8": (b'{"a":"\xff"}', "byte 6", "UTF-8"),
    "GBK": ('{"a":"磁迹"}'.encode("gbk"), "byte 6", "UTF-8"),
    "a byte order mark": (b"\xef\xbb\xbf{}", "line 1 column 1", "value"),
    "UTF-16": ("{}".encode("utf-16"), "byte 0", "UTF-8"),
    "half a surrogate pair": (b'{"a":"\\ud800"}', "body", "surrogate"),
    "the other half": (b'{"a":["\\uDC00"]}', "body", "surrogate"),
    "half a pair in a key": (b'{"\\ud800":1}', "body", "surrogate"),
    "33 deep": (b"[" * 33 + b"]" * 33, "body", "nested deeper than 32"),
    "33 deep, objects": (b'{"a":' * 33 + b"1" + b"}" * 33, "body", "nested deeper than 32"),
    "without a floor": (b"[" * 30_000 + b"]" * 30_000, "body", "nested deeper than 32"),
    "a fraction in a well": (b"[" * 40 + b"1.5" + b"]" * 40, "[0]" * 40, "1.5"),
}


@pytest.mark.parametrize(("data", "place", "why"), REFUSED.values(), ids=REFUSED)
def test_what_is_not_taken_is_pointed_at(data, place, why):
    with pytest.raises(Malformed) as caught:
        parse(data)
    assert caught.value.code == "body-not-json"
    assert caught.value.field.startswith(place)
    assert why in caught.value.facts["why"]
    assert place in caught.value.text("zh")


def test_an_escaped_pair_is_one_character():
    assert parse(b'{"a":"\\ud83d\\ude00"}') == {"a": "😀"}


def test_no_prefix_is_taken():
    data = b'{"a":[1,{"b":"\\u00e9"},null,true],"c":"d"}'
    assert parse(data)
    for end in range(len(data)):
        with pytest.raises(Malformed):
            parse(data[:end])


@given(
    st.binary(max_size=60)
    | st.text(alphabet='{}[]",:1.e-\\u\ud800 an', max_size=40).map(lambda text: text.encode(errors="ignore"))
)
def test_whatever_comes_is_taken_or_pointed_at(data):
    try:
        value = parse(data)
    except Malformed as error:
        assert error.code == "body-not-json"  # noqa: PT017 - either outcome is right
    else:
        assert json.loads(data) == value


# -- over HTTP ----------------------------------------------------------------------------------------------------


class Inner(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    unit: Literal["kg", "t"]
    count: Annotated[int, Field(gt=0)] | None = None


class Thing(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    name: Annotated[str, Field(min_length=1, max_length=5)]
    inner: list[Inner] = []


@pytest.fixture
def echo(app, client):
    router = APIRouter()

    @router.post("/echo", openapi_extra=openapi_body(Thing, {"name": "drum"}))
    async def echo(request: Request) -> Response:
        return Response((await read(request, Thing, LIMIT)).model_dump_json())

    app.include_router(router)
    return client


def test_a_body_is_read_and_validated(echo):
    assert echo.post("/echo", content=b'{"name":"drum"}').json() == {"name": "drum", "inner": []}


@pytest.mark.parametrize(("data", "place", "why"), REFUSED.values(), ids=REFUSED)
def test_what_is_not_taken_is_a_400(echo, problem, data, place, why):
    problem(echo.post("/echo", content=data), 400, "body-not-json")


MISFITS = {
    "missing": ({}, "name", "name is missing"),
    "unknown": ({"name": "a", "nmae": 1}, "nmae", "nmae is not known here"),
    "a number for text": ({"name": 1}, "name", "name must be text"),
    "empty": ({"name": ""}, "name", "must not be empty"),
    "too long": ({"name": "123456"}, "name", "longer than 5"),
    "not one of": ({"name": "a", "inner": [{"unit": "kg"}, {"unit": "lb"}]}, "inner[1].unit", "'kg' or 't'"),
    "an object for a list": ({"name": "a", "inner": {}}, "inner", "must be a list"),
    "text for an object": ({"name": "a", "inner": ["x"]}, "inner[0]", "must be an object"),
    "true for a number": ({"name": "a", "inner": [{"unit": "t", "count": True}]}, "inner[0].count", "a whole number"),
    "0": ({"name": "a", "inner": [{"unit": "t", "count": 0}]}, "inner[0].count", "more than 0"),
    "a list for it all": ([], "the body", "must be an object"),
    "null": (None, "the body", "must be an object"),
}


@pytest.mark.parametrize(("body", "place", "why"), MISFITS.values(), ids=MISFITS)
def test_what_does_not_fit_is_a_422_with_its_place(echo, problem, body, place, why):
    members = problem(echo.post("/echo", content=json.dumps(body)), 422, "fields-wrong")
    assert members["field"] == place
    assert why in members["detail"]
    assert "must" not in members["detail_zh"]


def test_several_misfits_are_told_at_once(echo, problem):
    body = {"name": 1, **{f"x{number}": 0 for number in range(9)}}
    detail = problem(echo.post("/echo", json=body), 422, "fields-wrong")["detail"]
    assert detail.count(";") == 5
    assert detail.endswith("and 5 more.")


def test_a_body_that_is_too_large_is_refused_by_its_header(echo, problem):
    problem(echo.post("/echo", content=b" " * (LIMIT + 1)), 413, "body-too-large")


def test_a_body_that_is_too_large_is_refused_without_one(echo, problem):
    sent = []

    async def parts():
        while len(sent) < 100:
            sent.append(1)
            yield b" " * 8192

    problem(echo.post("/echo", content=parts()), 413, "body-too-large")


def test_a_body_in_parts_is_put_together(echo):
    async def parts():
        for part in (b'{"na', b"", b'me":"', b'drum"}'):
            yield part

    assert echo.post("/echo", content=parts()).json()["name"] == "drum"


def test_the_models_stand_in_the_description(echo):
    described = echo.get("/openapi.json").json()
    content = described["paths"]["/echo"]["post"]["requestBody"]["content"]["application/json"]
    assert content == {"schema": {"$ref": "#/components/schemas/Thing"}, "example": {"name": "drum"}}
    schemas = described["components"]["schemas"]
    assert schemas["Thing"]["properties"]["inner"]["items"] == {"$ref": "#/components/schemas/Inner"}
    assert schemas["Inner"]["required"] == ["unit"]
