"""Entries of every form that the writer would not write are refused; and how large entries may be."""

import json
from base64 import b64encode
from collections.abc import Callable
from typing import Any

import pytest

from ledger.entries import (
    ENTRY_MAX,
    Entry,
    commit,
    entry_text,
    id_text,
    open_entry,
    open_event,
    parse_entry,
)
from ledger.errors import LodetraceError, Malformed
from ledger.log.canonical import b64url, dump
from ledger.log.notes import sign_note
from tests.ledger.matter.story import AT, KG, World, made, part, unit
from tests.ledger.sealing import (
    AUTHOR,
    ORIGIN,
    TIME,
    Entropy,
    open_whole,
    seal,
    shipped_slots,
    single,
)

# -- other forms ---------------------------------------------------------------------------------------------------

COMMITTED = commit("shipped", shipped_slots(), ORIGIN, Entropy())
SD = dict(COMMITTED.sd)


def text_of(**changed: str) -> str:
    lines = {
        "head": "lodetrace entry v1",
        "origin": ORIGIN,
        "index": "3",
        "previous": b64encode(bytes(32)).decode(),
        "time": TIME,
        "event": dump({"sd": SD, "type": "shipped", "v": 1}).decode(),
    }
    return "".join(f"{line}\n" for line in {**lines, **changed}.values())


def event_of(**changed: Any) -> Callable[[], str]:
    return lambda: text_of(event=dump({"sd": SD, "type": "shipped", "v": 1, **changed}).decode())


def sd_of(**changed: Any) -> Callable[[], str]:
    sd = {**SD, **{name.replace("__", "."): value for name, value in changed.items()}}
    return event_of(sd={name: value for name, value in sd.items() if value is not None})


LIST = {"n": 4, "root": b64url(bytes(32))}
FORMS: dict[str, tuple[Callable[[], str], str]] = {
    "the next version": (lambda: text_of(head="lodetrace entry v2"), "entry-version-unknown"),
    "another head": (lambda: text_of(head="lodetrace label v1"), "malformed"),
    "a head in capitals": (lambda: text_of(head="Lodetrace entry v1"), "malformed"),
    "a head with a blank behind": (lambda: text_of(head="lodetrace entry v1 "), "entry-version-unknown"),
    "an origin that is no log": (lambda: text_of(origin="mine.example"), "malformed"),
    "an origin in capitals": (lambda: text_of(origin="Mine.example/log"), "malformed"),
    "an origin with a port": (lambda: text_of(origin="mine.example:80/log"), "malformed"),
    "no origin": (lambda: text_of(origin=""), "malformed"),
    "an index with a zero in front": (lambda: text_of(index="03"), "malformed"),
    "an index with a sign": (lambda: text_of(index="+3"), "malformed"),
    "an index below zero": (lambda: text_of(index="-1"), "malformed"),
    "an index with a blank": (lambda: text_of(index=" 3"), "malformed"),
    "an index in other digits": (lambda: text_of(index="\u0663"), "malformed"),
    "an index without end": (lambda: text_of(index="1" * 17), "malformed"),
    "a hash of 31 bytes": (lambda: text_of(previous=b64encode(bytes(31)).decode()), "malformed"),
    "a hash with spare bits": (lambda: text_of(previous="A" * 42 + "B="), "malformed"),
    "a hash without padding": (lambda: text_of(previous="A" * 43), "malformed"),
    "a hash in base64url": (lambda: text_of(previous="_" + "A" * 42 + "="), "malformed"),
    "a time to the second": (lambda: text_of(time="2026-11-22T00:15:30Z"), "malformed"),
    "a time to the microsecond": (lambda: text_of(time="2026-11-22T00:15:30.123456Z"), "malformed"),
    "a time with an offset": (lambda: text_of(time="2026-11-22T00:15:30.123+00:00"), "malformed"),
    "a time with a blank": (lambda: text_of(time="2026-11-22 00:15:30.123Z"), "malformed"),
    "the 31st of February": (lambda: text_of(time="2026-02-31T00:15:30.123Z"), "malformed"),
    "24 o'clock": (lambda: text_of(time="2026-11-22T24:00:00.000Z"), "malformed"),
    "a leap second": (lambda: text_of(time="2026-12-31T23:59:60.000Z"), "malformed"),
    "no event": (lambda: text_of(event=""), "malformed"),
    "an event that is a list": (lambda: text_of(event="[]"), "malformed"),
    "blanks in the event": (lambda: text_of(event=json.dumps({"sd": SD, "type": "shipped", "v": 1})), "malformed"),
    "keys in another order": (
        lambda: text_of(event=json.dumps({"v": 1, "type": "shipped", "sd": SD}, separators=(",", ":"))),
        "malformed",
    ),
    "a key twice": (lambda: text_of(event='{"sd":{},"type":"a","type":"shipped","v":1}'), "malformed"),
    "an escape that is not needed": (lambda: text_of(event='{"sd":{},"type":"\\u0061","v":1}'), "malformed"),
    "a float": (lambda: text_of(event='{"sd":{},"type":"smelted","v":1.0}'), "malformed"),
    "one key more": (event_of(x=1), "malformed"),
    "no commitments": (lambda: text_of(event='{"type":"shipped","v":1}'), "malformed"),
    "commitments that are a list": (event_of(sd=[]), "malformed"),
    "a type that is a number": (event_of(type=7), "malformed"),
    "event version 2": (event_of(v=2), "entry-version-unknown"),
    "event version true": (event_of(v=True), "entry-version-unknown"),
    "event version 1 as text": (event_of(v="1"), "entry-version-unknown"),
    "no event version": (lambda: text_of(event='{"sd":{},"type":"smelted"}'), "entry-version-unknown"),
    "a slot of another type": (sd_of(batch=b64url(bytes(32))), "malformed"),
    "a slot less": (sd_of(transport=None), "malformed"),
    "a list for a scalar": (sd_of(transport=LIST), "malformed"),
    "a scalar for a list": (sd_of(lines__chain=b64url(bytes(32))), "malformed"),
    "a null for a scalar": (event_of(sd={**SD, "transport": None}), "malformed"),
    "lists of one group of two lengths": (sd_of(lines__chain={**LIST, "n": 8}), "malformed"),
    "a seventh line": (lambda: text_of() + "more\n", "malformed"),
    "an empty line behind": (lambda: text_of() + "\n", "malformed"),
    "a line less": (lambda: text_of().partition("\n")[2], "malformed"),
    "a carriage return": (lambda: text_of(index="3\r"), "malformed"),
}


@pytest.mark.parametrize(("text", "code"), FORMS.values(), ids=FORMS)
def test_what_the_writer_would_not_write_is_refused(text, code):
    body = text().encode()
    signature = b64encode(AUTHOR.verifier.key_id + AUTHOR.sign(body)).decode()
    raw = body + f"\n\u2014 mine.example/author {signature}\n".encode()
    with pytest.raises(Malformed) as wrong:
        open_entry(raw, [AUTHOR.verifier])
    assert wrong.value.code == code


def test_the_form_that_these_differ_from_is_accepted():
    assert open_entry(sign_note(text_of(), [AUTHOR]), [AUTHOR.verifier]).type == "shipped"


DIGESTS = {
    "a digest of 31 bytes": {"transport": b64url(bytes(31))},
    "a digest in base64": {"transport": "/" * 42 + "8"},
    "a digest with spare bits": {"transport": "A" * 42 + "B"},
    "a length of zero": {"lines__chain": {**LIST, "n": 0}},
    "a length that is no power of two": {"lines__chain": {**LIST, "n": 3}},
    "a length that is true": {"lines__chain": {**LIST, "n": True}},
    "a length above all": {"lines__chain": {**LIST, "n": 131_072}},
    "a root of 31 bytes": {"lines__chain": {**LIST, "root": b64url(bytes(31))}},
    "a list with a third field": {"lines__chain": {**LIST, "x": 1}},
    "a list without its root": {"lines__chain": {"n": 4}},
}


@pytest.mark.parametrize("changed", DIGESTS.values(), ids=DIGESTS)
def test_commitments_of_another_form_are_refused(changed):
    with pytest.raises(Malformed, match="its slots are not those of its type"):
        parse_entry(sign_note(sd_of(**changed)(), [AUTHOR]))


def test_an_unknown_type_is_an_entry_that_nobody_here_can_open():
    sd = {"contents": b64url(bytes(32))}
    entry = open_entry(sign_note(entry_text(ORIGIN, 3, bytes(32), TIME, "smelted", sd), [AUTHOR]), [AUTHOR.verifier])
    assert (entry.type, entry.sd) == ("smelted", sd)
    with pytest.raises(Malformed) as wrong:
        open_event(entry, [])
    assert wrong.value.code == "event-type-unknown"


# -- sizes ---------------------------------------------------------------------------------------------------------


def of_size(size: int) -> bytes:
    """An entry of a type nobody knows, with as many bytes as asked for."""
    fewest = len(sign_note(entry_text(ORIGIN, 3, bytes(32), TIME, "smelted", {"contents": ""}), [AUTHOR]))
    text = entry_text(ORIGIN, 3, bytes(32), TIME, "smelted", {"contents": "x" * (size - fewest)})
    return sign_note(text, [AUTHOR])


def test_sixteen_kibibytes_are_the_most():
    assert len(of_size(ENTRY_MAX)) == ENTRY_MAX == 16_384
    assert isinstance(parse_entry(of_size(ENTRY_MAX)), Entry)
    with pytest.raises(Malformed, match="larger than 16384"):
        parse_entry(of_size(ENTRY_MAX + 1))


def test_fifty_inputs_and_twenty_outputs_fit_into_an_entry():
    world = World()
    mine = world["mine"]
    inputs = [world.do(mine.registered(f"in {n}", KG)) and part(f"in {n}", KG) for n in range(50)]
    event = world.do(mine.transformed(inputs, [made(f"out {n}", 2 * KG) for n in range(20)]))
    raw, commitment = seal(event.type, dict(event.slots))
    opened = open_whole(raw, commitment)
    assert len(raw) < 1536
    assert (len(opened.items("inputs.chain")), len(opened.ids["outputs.chain"])) == (50, 20)
    assert opened.slots["inputs.authority"] == event.slots["inputs.authority"]


def test_a_thousand_units_fit_into_an_entry():
    world = World()
    mine = world["mine"]
    world.do(mine.registered("ore", 1000 * KG))
    event = world.do(mine.packed("ore", [unit(f"D-{n}", KG) for n in range(1000)]))
    raw, commitment = seal(event.type, dict(event.slots))
    opened = open_whole(raw, commitment)
    assert len(raw) < 1024
    assert len(set(opened.ids["units.public"])) == 1000
    assert opened.slots["units.public"] == event.slots["units.public"]


def test_a_list_of_ten_thousand_items_fits_into_an_entry_and_opens_one_by_one():
    ids = [id_text(number.to_bytes(16, "big")) for number in range(10_000)]
    slots = {
        "unpacking": {"at": AT},
        "units.chain": [{"unit": id_, "batch": ids[0]} for id_ in ids],
        "recorded": {"by": "li"},
    }
    raw, commitment = seal("unpacked", slots)
    assert len(raw) < 1024
    assert commitment.sd["units.chain"]["n"] == 16_384
    assert open_whole(raw, commitment).slots["units.chain"] == slots["units.chain"]
    one = open_event(parse_entry(raw), single(commitment, "units.chain", [9_999]))
    assert one.items("units.chain")[9_999] == slots["units.chain"][9_999]


def test_more_than_65536_items_are_refused():
    with pytest.raises(Malformed, match="65536"):
        commit("unpacked", {"units.chain": [{}] * 65_537}, ORIGIN, Entropy())


def test_every_error_is_one_that_callers_can_read():
    with pytest.raises(LodetraceError) as wrong:
        parse_entry(b"")
    assert wrong.value.text("zh")
