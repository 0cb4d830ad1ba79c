"""An event sealed into a log and opened again: round trips, every changed byte refused, every other form refused."""

import json
from base64 import b64encode
from collections.abc import Callable
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.entries import (
    ENTRY_MAX,
    NOTHING_BEFORE,
    Commitment,
    Entry,
    commit,
    entry_text,
    id_bytes,
    id_in,
    id_text,
    new_id,
    open_entry,
    open_event,
    parse_entry,
    split_id,
)
from ledger.errors import LodetraceError, Malformed, Unverified
from ledger.log.canonical import b64url, dump
from ledger.log.disclosures import digest, disclose, open_disclosure, prove_items
from ledger.log.merkle import leaf_hash
from ledger.log.notes import Ed25519Signer, sign_note
from ledger.matter.events import EVENT_TYPES, Event
from tests.ledger.matter.story import AT, KG, SITE, World, answer, made, part, unit

ORIGIN = "mine.example/log"
TIME = "2026-11-22T00:15:30.123Z"
AUTHOR = Ed25519Signer.from_seed("mine.example/author", bytes(range(32)))
SECOND = Ed25519Signer.from_seed("mine.example/author", bytes(range(1, 33)))
STRANGER = Ed25519Signer.from_seed("else.example/author", bytes(range(2, 34)))
CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


class Entropy:
    """Bytes that look random and are the same every time."""

    def __init__(self, seed: str = "entries") -> None:
        self._seed, self.asked = seed, 0

    def __call__(self, number: int) -> bytes:
        blocks = range(self.asked, self.asked + number // 32 + 1)
        self.asked += number // 32 + 1
        return b"".join(sha256(f"{self._seed} {block}".encode()).digest() for block in blocks)[:number]


def seal(type_: str, slots: dict[str, Any], *, signers: Any = (AUTHOR,), index: int = 3) -> tuple[bytes, Commitment]:
    commitment = commit(type_, slots, ORIGIN, Entropy())
    text = entry_text(ORIGIN, index, sha256(b"the text before").digest(), TIME, type_, commitment.sd)
    return sign_note(text, signers), commitment


def open_whole(raw: bytes, commitment: Commitment) -> Event:
    return open_event(open_entry(raw, [AUTHOR.verifier]), commitment.disclosures, whole=True)


REGISTERED = {
    "batch": {"product": "ion_clay_mixed_oxide", "lot_no": "XF-2026-0001", "at": AT, "site": SITE},
    "origin": {"class": "mined", "country": "CN", "region": "Jiangxi", "feed_class": "ion_mid_y"},
    "quantity": {"mg": 20_000_000_000, "basis": "net", "typed": {"value": "20.000", "unit": "t", "basis": "net"}},
    "documents": {"list": [{"kind": "weigh_ticket", "no": "BT-991"}]},
    "recorded": {"by": "li", "external_ref": "ERP-5512"},
}


def shipped_slots(lines: int = 3) -> dict[str, Any]:
    ids = [new_id(ORIGIN, f"batch {number}") for number in range(lines)]
    return {
        "shipment": {"at": AT, "purpose": "sale", "to": "smelter.example"},
        "lines.chain": [{"batch": id_} for id_ in ids],
        "lines.partner": [
            {"mg": KG + number, "basis": "net", "units": [], "product": "prnd_oxide"} for number in range(lines)
        ],
        "lines.authority": [{"site": SITE} for _ in ids],
        "transport": {"vehicle": "赣B12345"},
        "recorded": {"by": "li"},
    }


# -- ids -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ("00" * 16, "0" * 26),
        ("ff" * 16, "7" + "Z" * 25),
        ("00" * 15 + "01", "0" * 25 + "1"),
        ("01563e3ab5d3d6764c61efb99302bd5b", "01ARZ3NDEKTSV4RRFFQ69G5FAV"),
    ],
)
def test_ids_are_crockfords_base32_of_one_big_number(data, text):
    """The last is the example of the ULID specification, which writes 128 bits the same way."""
    assert id_text(bytes.fromhex(data)) == text
    assert id_bytes(text) == bytes.fromhex(data)


@given(st.binary(min_size=16, max_size=16))
def test_ids_agree_with_long_division(data):
    number, digits = int.from_bytes(data, "big"), ""
    for _ in range(26):
        number, digit = divmod(number, 32)
        digits = CROCKFORD[digit] + digits
    assert id_text(data) == digits
    assert id_bytes(digits) == data


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0" * 25,
        "0" * 27,
        "8" + "0" * 25,
        "Z" * 26,
        "01arz3ndektsv4rrffq69g5fav",
        "01ARZ3NDEKTSV4RRFFQ69G5FAI",
        "01ARZ3NDEKTSV4RRFFQ69G5FAL",
        "01ARZ3NDEKTSV4RRFFQ69G5FAO",
        "01ARZ3NDEKTSV4RRFFQ69G5FAU",
        "01ARZ3NDEKTSV4RRFFQ69G5FA=",
        "01ARZ3NDEKTSV4RRFFQ69G5F==",
        "01ARZ3NDEKTSV4RRFFQ69G5FAV\n",
        " 01ARZ3NDEKTSV4RRFFQ69G5FA",
        "01ARZ3NDEKTSV4RRFFQ69G5FA\uff10",
        "01ARZ3NDEKTSV-RRFFQ69G5FAV",
    ],
)
def test_other_spellings_of_an_id_are_refused(text):
    with pytest.raises(Malformed, match="Crockford"):
        id_bytes(text)


def test_a_new_id_is_the_hash_that_the_formats_page_gives():
    salt = b64url(bytes(range(16)))
    hashed = sha256(b"lodetrace id v1\nmine.example/log\nAAECAwQFBgcICQoLDA0ODw").digest()[:16]
    assert new_id(ORIGIN, salt) == id_text(hashed)
    assert new_id("else.example/log", salt) != new_id(ORIGIN, salt)


def test_an_id_is_written_bare_in_its_own_log_and_with_its_origin_elsewhere():
    bare, foreign = "0" * 26, "mine.example/log#" + "0" * 26
    assert split_id(bare, ORIGIN) == (ORIGIN, bare)
    assert split_id(foreign, "else.example/log") == (ORIGIN, bare)
    assert id_in(bare, ORIGIN, "else.example/log") == foreign
    assert id_in(foreign, "else.example/log", ORIGIN) == bare
    assert id_in(foreign, "else.example/log", "third.example/log") == foreign
    assert id_in(bare, ORIGIN, ORIGIN) == bare


# -- committing ----------------------------------------------------------------------------------------------------


def test_every_slot_is_committed_whether_it_says_something_or_not():
    commitment = commit("registered", REGISTERED, ORIGIN, Entropy())
    assert list(commitment.sd) == [slot.name for slot in EVENT_TYPES["registered"]]
    opened = {one.path: one.value for one in map(open_disclosure, commitment.disclosures)}
    assert opened == {**REGISTERED, "assay": None}
    for name, text in zip(commitment.sd, commitment.disclosures, strict=True):
        assert commitment.sd[name] == b64url(digest(text))


@pytest.mark.parametrize(("count", "n"), [(0, 1), (1, 1), (2, 2), (3, 4), (4, 4), (5, 8), (50, 64)])
def test_lists_are_padded_to_a_power_of_two_with_committed_nulls(count, n):
    commitment = commit("shipped", shipped_slots(count), ORIGIN, Entropy())
    assert {commitment.sd[name]["n"] for name in ("lines.chain", "lines.partner", "lines.authority")} == {n}
    items = [one for one in map(open_disclosure, commitment.disclosures) if one.path.startswith("lines.chain/")]
    assert [one.path for one in items] == [f"lines.chain/{position}" for position in range(n)]
    assert [one.value for one in items[count:]] == [None] * (n - count)


def test_no_salt_is_used_twice_and_every_id_comes_from_the_salt_that_makes_it():
    slots = {
        "transformation": {"at": AT, "steps": []},
        "outputs.chain": [{"product": "a"}, {"product": "b"}, {"product": "c"}],
        "outputs.authority": [{}, {}, {}],
        "recorded": {"by": "li"},
    }
    commitment = commit("transformed", slots, ORIGIN, Entropy())
    opened = {one.path: one for one in map(open_disclosure, commitment.disclosures)}
    assert len({one.salt for one in opened.values()}) == len(commitment.disclosures)
    assert commitment.ids == {
        "outputs.chain": tuple(new_id(ORIGIN, opened[f"outputs.chain/{position}"].salt) for position in range(3))
    }


def test_what_is_not_there_gets_no_id():
    assert "batch" not in commit("registered", {**REGISTERED, "batch": None}, ORIGIN, Entropy()).ids


def test_a_slot_that_the_type_does_not_have_is_our_own_mistake():
    with pytest.raises(AssertionError, match="documentz"):
        commit("registered", {**REGISTERED, "documentz": {}}, ORIGIN, Entropy())


@pytest.mark.parametrize("value", [1.5, 2**53, {"Key": 1}, "\ud800", {1: 2}])
def test_values_outside_the_json_profile_are_refused(value):
    with pytest.raises(Malformed):
        commit("registered", {**REGISTERED, "assay": {"basis": value}}, ORIGIN, Entropy())


# -- round trips ---------------------------------------------------------------------------------------------------


def test_an_entry_reads_as_the_formats_page_shows():
    raw, commitment = seal("registered", REGISTERED, index=41)
    text, signature, rest = raw.decode().rpartition("\n\u2014 mine.example/author ")
    previous = b64encode(sha256(b"the text before").digest()).decode()
    event = json.dumps({"sd": dict(commitment.sd), "type": "registered", "v": 1}, separators=(",", ":"), sort_keys=True)
    assert text == f"lodetrace entry v1\n{ORIGIN}\n41\n{previous}\n{TIME}\n{event}\n"
    assert (signature, rest[-1]) == ("\n\u2014 mine.example/author ", "\n")
    assert len(raw) < 1024


def test_an_entry_opens_to_what_was_sealed():
    raw, commitment = seal("registered", REGISTERED)
    entry = open_entry(raw, [AUTHOR.verifier])
    assert (entry.origin, entry.index, entry.recorded_at, entry.type) == (ORIGIN, 3, TIME, "registered")
    assert entry.previous == sha256(b"the text before").digest()
    assert entry == parse_entry(raw)
    assert (entry.raw, entry.leaf) == (raw, leaf_hash(raw))
    assert entry.text_hash == sha256(raw[: raw.index(b"\n\xe2\x80\x94 ")]).digest()
    event = open_event(entry, commitment.disclosures, whole=True)
    assert event.slots == {**REGISTERED, "assay": None}
    assert event.ids == commitment.ids
    assert (event.type, event.origin, event.recorded_at) == ("registered", ORIGIN, TIME)


def test_entry_zero_is_chained_to_the_empty_text():
    assert sha256(b"").digest() == NOTHING_BEFORE


def told_by_stories() -> list[Event]:
    world = World()
    mine = world["mine"]
    world.do(mine.registered("ore", 100 * KG, count=100))
    world.do(mine.packed("ore", [unit("D-1", 5 * KG, count=5), unit("D-2", 5 * KG, count=5)]))
    world.do(mine.packed("ore", [unit("P-1", 10 * KG, count=10, contains=["D-1", "D-2"])]))
    world.do(mine.unpacked("P-1"))
    world.do(mine.moved(SITE, "yard", part("ore", 20 * KG, count=20)))
    world.do(mine.transformed([part("ore", KG, count=1)], [made("out", KG)], losses=[{"kind": "dust", "mg": 1}]))
    world.do(mine.assembled("M", [part("ore", KG, count=1)], [unit("M-1", KG, count=1)]))
    world.do(mine.dismantled(["M-1"], [made("scrap", KG)]))
    world.do(mine.removed(part("ore", KG, count=1)))
    offer = world.do(mine.shipped("S", "smelter", part("ore", 5 * KG, count=5, units=["D-1"])))
    world.do(world["smelter"].received(offer, answer(units={"D-1": "accepted"})))
    world.do(mine.acknowledged("S"))
    return [event for node in world.nodes.values() for event in node.log]


@pytest.mark.parametrize("event", told_by_stories(), ids=lambda event: event.type)
def test_every_type_of_event_survives_its_sealing(event):
    raw, commitment = seal(event.type, dict(event.slots))
    opened = open_whole(raw, commitment)
    for slot in EVENT_TYPES[event.type]:
        assert opened.slots[slot.name] == (list(event.items(slot.name)) if slot.items else event.slots.get(slot.name))
    assert opened.ids == commitment.ids
    assert opened.ids.keys() == event.ids.keys()


def test_two_authors_sign_in_their_published_order():
    raw, _ = seal("registered", REGISTERED, signers=[AUTHOR, SECOND])
    assert open_entry(raw, [AUTHOR.verifier, SECOND.verifier]).index == 3


AUTHORS = {
    "nobody is known": ([AUTHOR], []),
    "somebody else": ([AUTHOR], [STRANGER.verifier]),
    "another key of the same name": ([AUTHOR], [SECOND.verifier]),
    "one of two is missing": ([AUTHOR], [AUTHOR.verifier, SECOND.verifier]),
    "one too many": ([AUTHOR, SECOND], [AUTHOR.verifier]),
    "a stranger beside the author": ([AUTHOR, STRANGER], [AUTHOR.verifier]),
    "the other order": ([SECOND, AUTHOR], [AUTHOR.verifier, SECOND.verifier]),
    "one twice": ([AUTHOR, AUTHOR], [AUTHOR.verifier]),
}


@pytest.mark.parametrize(("signers", "authors"), AUTHORS.values(), ids=AUTHORS)
def test_exactly_the_authors_in_force_must_have_signed(signers, authors):
    raw, _ = seal("registered", REGISTERED, signers=signers)
    assert parse_entry(raw).index == 3
    with pytest.raises(Unverified) as wrong:
        open_entry(raw, authors)
    assert (wrong.value.code, wrong.value.value) == ("authors-differ", 3)


# -- every changed byte --------------------------------------------------------------------------------------------


def test_every_changed_bit_of_an_entry_is_refused():
    raw, _ = seal("registered", REGISTERED)
    refused = 0
    for position in range(len(raw)):
        for bit in range(8):
            changed = bytearray(raw)
            changed[position] ^= 1 << bit
            with pytest.raises((Malformed, Unverified)):
                open_entry(bytes(changed), [AUTHOR.verifier])
            refused += 1
    assert refused == 8 * len(raw)


def test_every_dropped_doubled_or_added_byte_of_an_entry_is_refused():
    raw, _ = seal("registered", REGISTERED)
    for position in range(len(raw) + 1):
        for changed in (
            raw[:position] + raw[position + 1 :],
            raw[:position] + raw[position : position + 1] * 2 + raw[position + 1 :],
            raw[:position] + b"\n" + raw[position:],
        ):
            if changed == raw:
                continue
            with pytest.raises((Malformed, Unverified)):
                open_entry(changed, [AUTHOR.verifier])


def test_every_changed_character_of_a_disclosure_is_refused():
    raw, commitment = seal("shipped", shipped_slots())
    entry = open_entry(raw, [AUTHOR.verifier])
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    for number, text in enumerate(commitment.disclosures):
        others = list(commitment.disclosures)
        for position, character in enumerate(text):
            at = alphabet.index(character)
            for other in (alphabet[at ^ 1], alphabet[at ^ 32], "="):
                others[number] = text[:position] + other + text[position + 1 :]
                with pytest.raises((Malformed, Unverified)):
                    open_event(entry, others)


def test_disclosures_of_another_entry_open_nothing():
    raw, commitment = seal("registered", REGISTERED)
    entry = parse_entry(raw)
    other = commit("registered", REGISTERED, ORIGIN, Entropy("another"))
    for number, text in enumerate(other.disclosures):
        mixed = [*commitment.disclosures[:number], text, *commitment.disclosures[number + 1 :]]
        with pytest.raises(Unverified):
            open_event(entry, mixed)


# -- opening in part -----------------------------------------------------------------------------------------------


def test_what_is_not_disclosed_stays_none():
    raw, commitment = seal("registered", REGISTERED)
    event = open_event(parse_entry(raw), [commitment.disclosures[1]])
    assert event.slots == dict.fromkeys(commitment.sd) | {"origin": REGISTERED["origin"]}
    assert event.ids == {}
    assert open_event(parse_entry(raw), []).slots == dict.fromkeys(commitment.sd)


@pytest.mark.parametrize("missing", range(len(EVENT_TYPES["registered"])))
def test_each_missing_disclosure_is_named_where_all_are_needed(missing):
    raw, commitment = seal("registered", REGISTERED)
    some = [text for number, text in enumerate(commitment.disclosures) if number != missing]
    with pytest.raises(Unverified) as wrong:
        open_event(parse_entry(raw), some, whole=True)
    assert (wrong.value.code, wrong.value.field) == ("disclosure-missing", list(commitment.sd)[missing])


def single(commitment: Commitment, slot: str, positions: list[int]) -> list[dict[str, Any]]:
    texts = {one.path: one.disclosure for one in map(open_disclosure, commitment.disclosures)}
    listed = [texts[f"{slot}/{position}"] for position in range(commitment.sd[slot]["n"])]
    paths = prove_items([digest(text) for text in listed], positions)
    return [
        {"d": listed[position], "path": [b64encode(node).decode() for node in path]}
        for position, path in zip(positions, paths, strict=True)
    ]


def test_single_items_of_a_list_open_in_their_places():
    raw, commitment = seal("shipped", shipped_slots(5))
    entry, slots = parse_entry(raw), shipped_slots(5)
    event = open_event(entry, single(commitment, "lines.chain", [1, 4]))
    assert [event.items("lines.chain")[at] for at in (1, 4)] == [slots["lines.chain"][at] for at in (1, 4)]
    assert [event.items("lines.chain")[at] for at in (0, 2, 3)] == [None] * 3
    with pytest.raises(Unverified, match="is not disclosed"):
        open_event(entry, single(commitment, "lines.chain", [1, 4]), whole=True)


def test_a_list_in_part_without_paths_is_refused():
    raw, commitment = seal("shipped", shipped_slots(5))
    some = [text for text in commitment.disclosures if open_disclosure(text).path == "lines.chain/1"]
    with pytest.raises(Unverified) as wrong:
        open_event(parse_entry(raw), some)
    assert wrong.value.code == "list-incomplete"


def test_a_second_opening_is_refused():
    raw, commitment = seal("registered", REGISTERED)
    with pytest.raises(Unverified) as wrong:
        open_event(parse_entry(raw), [*commitment.disclosures, commitment.disclosures[2]])
    assert wrong.value.code == "slot-opened-twice"


def test_values_that_are_no_object_are_refused_even_if_committed_to():
    for value in ("text", 7, ["list"], True):
        commitment = commit("registered", {**REGISTERED, "assay": None}, ORIGIN, Entropy())
        text = disclose(b64url(bytes(16)), "assay", value)
        sd = {**commitment.sd, "assay": b64url(digest(text))}
        raw = sign_note(entry_text(ORIGIN, 3, bytes(32), TIME, "registered", sd), [AUTHOR])
        with pytest.raises(Malformed) as wrong:
            open_event(parse_entry(raw), [text])
        assert (wrong.value.code, wrong.value.field) == ("field-wrong", "assay")


def test_fields_of_the_wrong_kind_are_refused_even_if_committed_to():
    raw, commitment = seal("registered", {**REGISTERED, "quantity": {"mg": -1, "basis": "net", "typed": {}}})
    with pytest.raises(Malformed, match=r"quantity\.mg"):
        open_event(parse_entry(raw), commitment.disclosures)


def test_a_null_between_items_is_not_an_item():
    slots = shipped_slots(3)
    slots["lines.chain"][1] = None
    raw, commitment = seal("shipped", slots)
    with pytest.raises(Malformed, match=r"lines\.chain/1 is missing"):
        open_whole(raw, commitment)


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
    "a float": (lambda: text_of(event='{"sd":{},"type":"drawn","v":1.0}'), "malformed"),
    "one key more": (event_of(x=1), "malformed"),
    "no commitments": (lambda: text_of(event='{"type":"shipped","v":1}'), "malformed"),
    "commitments that are a list": (event_of(sd=[]), "malformed"),
    "a type that is a number": (event_of(type=7), "malformed"),
    "event version 2": (event_of(v=2), "entry-version-unknown"),
    "event version true": (event_of(v=True), "entry-version-unknown"),
    "event version 1 as text": (event_of(v="1"), "entry-version-unknown"),
    "no event version": (lambda: text_of(event='{"sd":{},"type":"drawn"}'), "entry-version-unknown"),
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
    entry = open_entry(sign_note(entry_text(ORIGIN, 3, bytes(32), TIME, "drawn", sd), [AUTHOR]), [AUTHOR.verifier])
    assert (entry.type, entry.sd) == ("drawn", sd)
    with pytest.raises(Malformed) as wrong:
        open_event(entry, [])
    assert wrong.value.code == "event-type-unknown"


# -- sizes ---------------------------------------------------------------------------------------------------------


def of_size(size: int) -> bytes:
    """An entry of a type nobody knows, with as many bytes as asked for."""
    fewest = len(sign_note(entry_text(ORIGIN, 3, bytes(32), TIME, "drawn", {"contents": ""}), [AUTHOR]))
    text = entry_text(ORIGIN, 3, bytes(32), TIME, "drawn", {"contents": "x" * (size - fewest)})
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
