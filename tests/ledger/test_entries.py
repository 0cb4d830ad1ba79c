"""An event sealed into a log and opened again: ids, commitments, round trips, every changed byte, opening in part."""

import json
from base64 import b64encode
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.entries import (
    NOTHING_BEFORE,
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
from ledger.errors import Malformed, Unverified
from ledger.log.canonical import b64url
from ledger.log.disclosures import digest, disclose, open_disclosure
from ledger.log.merkle import leaf_hash
from ledger.log.notes import sign_note
from ledger.matter.event_types import EVENT_TYPES
from ledger.matter.events import Event
from tests.ledger.matter.story import AT, KG, SITE, World, answer, made, part, unit
from tests.ledger.sealing import (
    AUTHOR,
    ORIGIN,
    REGISTERED,
    SECOND,
    STRANGER,
    TIME,
    Entropy,
    open_whole,
    seal,
    shipped_slots,
    single,
)

CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


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
