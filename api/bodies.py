"""Request bodies: JSON read strictly, then validated; and how they stand in the OpenAPI description.

Taken is what RFC 8259 calls JSON, in UTF-8, without what two readers could read differently: no duplicate key, no
number with a fraction or exponent (amounts are decimal strings), no integer of 2^53 or more, no half of a surrogate
pair, no nesting beyond 32. The first such place is named. Nothing is read beyond the size limit.

Shapes are for the models beside the routes; what a body means, nodes and ledger decide.
"""

import json
import re
from collections.abc import Sequence
from typing import Any, NoReturn, TypeVar

from fastapi import Request
from pydantic import BaseModel, ValidationError
from starlette.requests import ClientDisconnect

from api.misfits import misfit
from ledger.errors import Malformed

MAX_DEPTH = 32
MAX_INT = 2**53 - 1
REFS = "#/components/schemas/{model}"
DESCRIBED: dict[str, type[BaseModel]] = {}
"""Bodies that routes read themselves, by the name that api/openapi.py gives their schemas once it is asked for them."""

_M = TypeVar("_M", bound=BaseModel)
_surrogate = re.compile(r"\\u[dD][89a-fA-F]").search
_half_of_a_pair = re.compile(r"[\ud800-\udfff]").search


async def read_bytes(request: Request, limit: int) -> bytes:
    """The body, as it came. Malformed("body-too-large") before more than `limit` bytes are kept."""
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > limit:
        raise Malformed("body-too-large", field="body", value=limit)
    parts: list[bytes] = []
    length = 0
    while True:
        message = await request.receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        part: bytes = message.get("body", b"")
        length += len(part)
        if length > limit:
            raise Malformed("body-too-large", field="body", value=limit)
        parts.append(part)
        if not message.get("more_body", False):
            return parts[0] if len(parts) == 1 else b"".join(parts)


async def read(request: Request, model: type[_M], limit: int) -> _M:
    """The body as `model`; whatever is wrong with it is said once, with all places."""
    return validated(model, parse(await read_bytes(request, limit)))


def validated(model: type[_M], value: Any) -> _M:
    try:
        return model.model_validate(value)
    except ValidationError as error:
        raise misfit(error.errors(include_url=False)) from None


def parse(data: bytes) -> Any:
    """The value of a JSON text; Malformed("body-not-json") with the place of what is wrong."""
    try:
        text = data.decode()
        value = _decode(text)
    except UnicodeDecodeError as error:
        raise _wrong(f"byte {error.start}", "it is not UTF-8") from None
    except json.JSONDecodeError as error:
        raise _wrong(f"line {error.lineno} column {error.colno}", error.msg) from None
    except (_NotTaken, RecursionError):
        _point_out(text)
    if _may_be_deep(data) and _depth(value) > MAX_DEPTH:
        raise _wrong("body", f"it is nested deeper than {MAX_DEPTH}")
    if _surrogate(text) and _half_of_a_pair(json.dumps(value, ensure_ascii=False)):
        raise _wrong("body", "a string holds half of a surrogate pair")
    return value


def openapi_body(model: type[BaseModel], example: Any = None) -> dict[str, Any]:
    """`openapi_extra` for a route that reads its body itself."""
    name = model.__name__
    assert DESCRIBED.setdefault(name, model) is model, f"two different bodies are named {name}"
    content: dict[str, Any] = {"schema": {"$ref": REFS.format(model=name)}}
    if example is not None:
        content["example"] = example
    return {"requestBody": {"required": True, "content": {"application/json": content}}}


# -- the strict reader --------------------------------------------------------------------------------------------


class _NotTaken(Exception):
    """JSON, but none that is taken here."""


def _refuse(_: str) -> NoReturn:
    raise _NotTaken


def _integer(text: str) -> int:
    if len(text) > 17 or not -MAX_INT <= int(text) <= MAX_INT:
        raise _NotTaken
    return int(text)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise _NotTaken
    return value


_decode = json.JSONDecoder(
    object_pairs_hook=_object, parse_float=_refuse, parse_int=_integer, parse_constant=_refuse
).decode


def _may_be_deep(data: bytes) -> bool:
    """Few brackets cannot nest deep: most bodies need no walk."""
    return data.count(b"{") + data.count(b"[") > MAX_DEPTH


def _depth(value: Any) -> int:
    """Level by level, for a body may nest deeper than a function can call itself."""
    depth, level = 0, [value]
    while level := [one for one in level if isinstance(one, (dict, list))]:
        depth += 1
        level = [item for one in level for item in (one.values() if isinstance(one, dict) else one)]
    return depth


# -- saying what was wrong: only ever run on refusal ---------------------------------------------------------------


class _Mark:
    """Stands in the value where something is that is not taken."""

    def __init__(self, why: str) -> None:
        self.why = why


def _marked_integer(text: str) -> Any:
    try:
        return _integer(text)
    except _NotTaken:
        return _Mark(f"the integer {text[:20]} is too large; write it as text")


def _marked_object(pairs: Sequence[tuple[str, Any]]) -> Any:
    value: dict[str, Any] = {}
    for key, item in pairs:
        if key in value:
            return _Mark(f"the key {key!r} stands there twice")
        value[key] = item
    return value


_decode_marked = json.JSONDecoder(
    object_pairs_hook=_marked_object,
    parse_float=lambda text: _Mark(f"the number {text} has a fraction or exponent; write it as text"),
    parse_int=_marked_integer,
    parse_constant=lambda text: _Mark(f"{text} is not a value"),
).decode


def _point_out(text: str) -> NoReturn:
    """Reads it again, leaving marks instead of stopping, and tells the first in the order of the text."""
    try:
        value = _decode_marked(text)
    except json.JSONDecodeError as error:
        raise _wrong(f"line {error.lineno} column {error.colno}", error.msg) from None
    except RecursionError:
        raise _wrong("body", f"it is nested deeper than {MAX_DEPTH}") from None
    waiting: list[tuple[str, Any]] = [("", value)]
    while waiting:
        place, one = waiting.pop()
        if isinstance(one, _Mark):
            raise _wrong(place.removeprefix(".") or "body", one.why)
        if isinstance(one, dict):
            waiting += [(f"{place}.{key}", item) for key, item in reversed(one.items())]
        elif isinstance(one, list):
            waiting += [(f"{place}[{at}]", item) for at, item in reversed(list(enumerate(one)))]
    raise AssertionError("what stopped the strict reader left no mark")


def _wrong(place: str, why: str) -> Malformed:
    return Malformed("body-not-json", field=place, why=why)
