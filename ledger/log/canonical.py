"""The one JSON profile, after RFC 8785 (https://www.rfc-editor.org/rfc/rfc8785), and the two spellings of base64.

The profile: objects whose keys match `[a-z][a-z0-9_.]*`, arrays, strings, integers |x| < 2^53, true, false, null;
at most 8 containers inside one another; no floats, no `-0`, no duplicate keys, no lone surrogates. Within it the
sorted, unspaced output of the standard library's encoder is RFC 8785 (keys are ASCII, so code point order is
UTF-16 order; integers print one way), which the published vectors of the RFC guard in the tests.

Promises: one value has one text, and parsing accepts that text only. Strings are never normalised.
Does not check: the size of what it is given (whoever reads bytes from outside limits them), nor which keys or
types belong where (ledger/matter/events.py, ledger/entries.py).
"""

import json
import re
from binascii import a2b_base64, b2a_base64
from collections.abc import Sequence
from functools import lru_cache
from itertools import chain
from typing import Any, TypeAlias

from ledger.errors import Malformed

Json: TypeAlias = "bool | int | str | list[Json] | dict[str, Json] | None"

MAX_DEPTH = 8
MAX_INT = 2**53 - 1

_is_key = lru_cache(1024)(re.compile(r"[a-z][a-z0-9_.]*").fullmatch)  # the same few keys, over and over
_LEAVES = frozenset({str, bool, type(None)})
_decode = json.JSONDecoder().raw_decode
_encode = json.JSONEncoder(
    ensure_ascii=False, check_circular=False, allow_nan=False, sort_keys=True, separators=(",", ":")
).encode
_to_url = bytes.maketrans(b"+/", b"-_")
_from_url = bytes.maketrans(b"-_+/", b"+/--")


def dump(value: Any) -> bytes:
    """Print without checking the profile: for values that our own code has just made.

    Whatever came from outside goes through `format_json`.
    """
    return _encode(value).encode()


def format_json(value: Json, *, field: str = "json") -> bytes:
    """Check the profile, then print. Malformed names the place inside `value`."""
    _check(value, field, 0)
    try:
        return _encode(value).encode()
    except UnicodeEncodeError:
        raise Malformed("malformed", field=field, why="a string holds half of a surrogate pair") from None


def check_json(value: Json, *, field: str, inside: int) -> None:
    """Check the profile of a value that will stand inside `inside` containers; `dump` may print it then."""
    _check(value, field, inside)


def parse_json(data: bytes, *, field: str = "json") -> Json:
    """The value of `data`, if `data` is exactly what `format_json` prints for it."""
    try:
        value: Json = json.loads(data.decode())
    except UnicodeDecodeError:
        raise Malformed("malformed", field=field, why="it is not UTF-8") from None
    except RecursionError:
        raise Malformed("malformed", field=field, why=f"it is nested deeper than {MAX_DEPTH}") from None
    except ValueError as error:
        # JSONDecodeError, and the interpreter's refusal of integers of thousands of digits
        raise Malformed("malformed", field=field, why=f"it is not JSON ({error})") from None
    if format_json(value, field=field) != data:
        raise Malformed("malformed", field=field, why=_difference(data))
    return value


def parse_all(texts: Sequence[str], *, inside: int) -> list[Json] | None:
    """The values of `texts`, if each is exactly what is printed for it inside `inside` containers; else None.

    For less than each by itself costs: they are printed again and compared together. What is wrong tells `parse_json`.
    """
    values: list[Json] = []
    try:
        for text in texts:
            value, end = _decode(text)
            if end != len(text):
                return None
            _check(value, "json", inside)
            values.append(value)
    except (ValueError, RecursionError, Malformed):
        return None
    # Each text is exactly one value, and ends where a comma stands outside all values: if the joined prints are equal,
    # each of them is.
    return values if _encode(values) == f"[{','.join(texts)}]" else None


def b64(data: bytes) -> str:
    """Standard base64, padded."""
    return b2a_base64(data, newline=False).decode()


def unb64(text: str, *, field: str = "base64", size: int | None = None) -> bytes:
    """Undo `b64`; refuse any other spelling, and any length but `size` if one is given."""
    try:
        data = a2b_base64(text)
    except ValueError:  # binascii.Error is one, and so is the refusal of non-ASCII text
        raise Malformed("malformed", field=field, value=text, why="it is not base64") from None
    # Re-encoding catches at once what decoders forgive: spare bits, missing padding, blanks, line ends.
    if b2a_base64(data, newline=False).decode() != text:
        raise Malformed("malformed", field=field, value=text, why="it is not base64 in its only spelling")
    if size is not None and len(data) != size:
        raise Malformed("malformed", field=field, value=text, why=f"it holds {len(data)} bytes, not {size}")
    return data


def b64url(data: bytes) -> str:
    """URL-safe base64, unpadded."""
    return b2a_base64(data, newline=False).translate(_to_url).rstrip(b"=").decode()


def unb64url(text: str, *, field: str = "base64url", size: int | None = None) -> bytes:
    """Undo `b64url`; refuse any other spelling, and any length but `size` if one is given."""
    try:
        plain = text.encode("ascii").translate(_from_url)
        data = a2b_base64(plain + b"=" * (-len(plain) % 4))
    except ValueError:
        raise Malformed("malformed", field=field, value=text, why="it is not base64url") from None
    if b2a_base64(data, newline=False).rstrip(b"=") != plain:
        raise Malformed("malformed", field=field, value=text, why="it is not base64url in its only spelling")
    if size is not None and len(data) != size:
        raise Malformed("malformed", field=field, value=text, why=f"it holds {len(data)} bytes, not {size}")
    return data


def _check(value: Any, place: str, depth: int) -> None:
    # Exact types: a subclass (an enum, a numpy integer) may print as something else than it compares to.
    kind = type(value)
    if kind in _LEAVES:
        return
    if kind is int:
        if not -MAX_INT <= value <= MAX_INT:
            raise Malformed("malformed", field=place, value=value, why="integers of 2^53 and more are written as text")
    elif kind is not dict and kind is not list:
        raise Malformed("malformed", field=place, why=f"{kind.__name__} is not a type of this JSON")
    elif depth == MAX_DEPTH:
        raise Malformed("malformed", field=place, why=f"it is nested deeper than {MAX_DEPTH}")
    elif kind is list:
        if depth + 1 == MAX_DEPTH or not _is_table(value):
            _check_items(value, place, depth)
    else:
        for key, item in value.items():
            if type(key) is not str or not _is_key(key):
                raise Malformed("malformed", field=place, value=key, why=f"{key!r} is not a key")
            if type(item) not in _LEAVES:
                _check(item, f"{place}.{key}", depth + 1)


def _check_items(items: list[Any], place: str, depth: int) -> None:
    for number, item in enumerate(items):
        if type(item) not in _LEAVES:  # without it, most of the time goes into calls that find nothing to do
            _check(item, f"{place}[{number}]", depth + 1)


def _is_table(value: list[Any]) -> bool:
    """Whether it is rows of leaves, as the long lists of this JSON are: looked through without a call for each row."""
    return {list}.issuperset(map(type, value)) and _LEAVES.issuperset(map(type, chain.from_iterable(value)))


def _difference(data: bytes) -> str:
    """Why well-formed JSON within the profile still is not its canonical text. Only ever run on refusal."""
    twice: list[str] = []

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        keys = [key for key, _ in items]
        twice.extend(key for key in keys if keys.count(key) > 1)
        return dict(items)

    json.loads(data, object_pairs_hook=pairs)
    if twice:
        return f"the key {twice[0]!r} stands there twice"
    return "keys must be sorted, with no blanks, and every character and number written the shortest way"
