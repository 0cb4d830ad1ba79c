import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.errors import Malformed
from ledger.log.canonical import MAX_INT, b64, b64url, dump, format_json, parse_json, unb64, unb64url

VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "rfc8785.json").read_text(encoding="utf-8"))

KEYS = st.from_regex(r"[a-z][a-z0-9_.]{0,9}", fullmatch=True)
SCALARS = st.none() | st.booleans() | st.integers(-MAX_INT, MAX_INT) | st.text(max_size=12)
# At most five containers deep, which is within the profile's eight.
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4), max_leaves=5
)


def nested(depth):
    value = "x"
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize("vector", VECTORS["inside"], ids=lambda vector: vector["of"])
def test_published_vectors_within_the_profile(vector):
    value = json.loads(vector["input"])
    assert format_json(value) == dump(value) == vector["output"].encode()
    assert parse_json(vector["output"].encode()) == value
    with pytest.raises(Malformed):
        parse_json(vector["input"].encode())


@pytest.mark.parametrize("text", VECTORS["outside"])
def test_published_vectors_outside_the_profile_are_refused(text):
    with pytest.raises(Malformed):
        parse_json(text.encode())


@settings(deadline=None)
@given(VALUES)
def test_round_trip(value):
    text = format_json(value)
    assert text == dump(value)
    again = parse_json(text)
    assert again == value
    assert format_json(again) == text
    # an independent statement of the same serialisation, which holds because keys are ASCII and floats absent
    assert text == json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


@settings(deadline=None)
@given(VALUES, st.data())
def test_any_changed_byte_is_refused_or_is_another_value(value, data):
    text = bytearray(format_json(value))
    at = data.draw(st.integers(0, len(text) - 1))
    text[at] ^= data.draw(st.integers(1, 255))
    try:
        other = parse_json(bytes(text))
    except Malformed:
        return
    assert format_json(other) == text
    assert (other, format_json(other)) != (value, format_json(value))


REFUSED = {
    "blank inside": b'{"a": 1}',
    "blank after": b'{"a":1} ',
    "line end after": b'{"a":1}\n',
    "byte order mark": b'\xef\xbb\xbf{"a":1}',
    "UTF-16": '{"a":1}'.encode("utf-16"),
    "not UTF-8": b'"\xff"',
    "overlong UTF-8": b'"\xc0\xaf"',
    "keys not sorted": b'{"b":1,"a":2}',
    "key twice": b'{"a":1,"a":1}',
    "key twice, inner": b'{"x":[{"a":1,"b":2,"a":3}]}',
    "float": b"1.5",
    "float without need": b"1.0",
    "exponent": b"1e3",
    "minus zero": b"-0",
    "minus zero, inner": b'{"a":[-0]}',
    "leading zero": b"01",
    "plus": b"+4",
    "2^53": b"9007199254740992",
    "-2^53": b"-9007199254740992",
    "thousands of digits": b"1" * 5000,
    "NaN": b"NaN",
    "Infinity": b"-Infinity",
    "lone surrogate": b'"\\ud800"',
    "surrogates swapped": b'"\\udc00\\ud800"',
    "surrogate bytes": b'"\xed\xa0\x80"',
    "escaped without need": b'"\\u0041"',
    "escaped slash": b'"\\/"',
    "escaped in capitals": b'"\\u001F"',
    "escaped line end, long": b'"\\u000a"',
    "raw control character": b'"\x1f"',
    "empty": b"",
    "two values": b"1 2",
    "trailing comma": b"[1,]",
    "comment": b"/**/1",
    "single quotes": b"'a'",
    "capital in key": b'{"A":1}',
    "digit first in key": b'{"1a":1}',
    "empty key": b'{"":1}',
    "blank in key": b'{"a b":1}',
    "line end after key": b'{"a\\n":1}',
    "nine deep": dump(nested(9)),
    "a hundred thousand deep": b"[" * 100_000 + b"]" * 100_000,
}


@pytest.mark.parametrize("text", REFUSED.values(), ids=REFUSED)
def test_refuses(text):
    with pytest.raises(Malformed) as caught:
        parse_json(text, field="body")
    assert caught.value.field.startswith("body")
    assert caught.value.text("zh") != caught.value.text("en")


def test_names_the_key_that_stands_twice():
    with pytest.raises(Malformed, match="'weight' stands there twice"):
        parse_json(b'{"weight":1,"weight":2}')


def test_names_the_place():
    with pytest.raises(Malformed) as caught:
        format_json({"lines": [{"mg": 1}, {"mg": 0.5}]}, field="event")
    assert caught.value.field == "event.lines[1].mg"


@pytest.mark.parametrize("value", [(1, 2), {"a": (1,)}, b"x", 1.0, float("nan"), {1: 2}, {None: 1}, {"é": 1}, object()])
def test_formats_only_the_profile(value):
    with pytest.raises(Malformed):
        format_json(value)


def test_formats_no_lone_surrogate():
    with pytest.raises(Malformed):
        format_json({"a": "\ud800"})


def test_formats_no_subclass():
    class Name(str):
        __slots__ = ()

    with pytest.raises(Malformed):
        format_json([Name("a")])


def test_limits_are_inclusive():
    assert parse_json(format_json(MAX_INT)) == MAX_INT == 2**53 - 1
    assert parse_json(format_json(nested(8))) == nested(8)
    with pytest.raises(Malformed):
        format_json(nested(9))


def test_del_and_line_separators_stay_as_they_are():
    assert format_json("\x7f\u2028\u2029") == '"\x7f\u2028\u2029"'.encode()


@given(st.binary(max_size=80))
def test_base64_round_trip(data):
    assert unb64(b64(data), size=len(data)) == data
    assert unb64url(b64url(data), size=len(data)) == data


BASE64_REFUSED = [
    "QQ",
    "QQ=",
    "QR==",
    "QQ==\n",
    "QQ== ",
    " QQ==",
    "Q Q==",
    "QQ===",
    "Q",
    "QQ==QQ==",
    "QUI=A",
    "_-8=",
    "é",
    "=",
    "QUJ=",
]


@pytest.mark.parametrize("text", BASE64_REFUSED)
def test_base64_has_one_spelling(text):
    with pytest.raises(Malformed):
        unb64(text)


@pytest.mark.parametrize("text", ["QQ==", "QQ=", "QR", "QQ\n", " QQ", "Q", "QUJ", "+/8", "/-8", "é", "=", "QQQQ="])
def test_base64url_has_one_spelling(text):
    with pytest.raises(Malformed):
        unb64url(text)


def test_base64_length_is_checked():
    with pytest.raises(Malformed):
        unb64(b64(b"x" * 31), size=32)
    with pytest.raises(Malformed):
        unb64url(b64url(b"x" * 33), size=32)
