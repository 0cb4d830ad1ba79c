"""What is selected for a reader opens, and opens what he may see and his goods need; what is merged opens both."""

from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ledger.disclosing import Wanted, merge, select
from ledger.entries import Commitment, Entry, commit, entry_text, new_id, parse_entry
from ledger.log.canonical import b64url
from ledger.log.disclosures import digest, disclose, open_slots, padded
from ledger.log.notes import sign_note
from ledger.matter.event_types import AUDIENCES, EVENT_TYPES, slot_of
from tests.ledger.sealing import AUTHOR, ORIGIN, TIME, Entropy

BATCHES = [new_id(ORIGIN, f"batch {number}") for number in range(6)]
UNITS = [new_id(ORIGIN, f"unit {number}") for number in range(6)]
TYPES = sorted(EVENT_TYPES)


@dataclass(frozen=True)
class Sealed:
    entry: Entry = field(repr=False)
    commitment: Commitment = field(repr=False)
    recipe: tuple[Any, ...]

    @property
    def held(self) -> list[Any]:
        return list(self.commitment.disclosures)

    def is_wanted(self, wanted: Wanted, group: str, at: int) -> bool:
        """Whether the row `at` of a group of lists makes, or else names, what is wanted."""
        rows = [slot for slot in EVENT_TYPES[self.entry.type] if slot.items and slot.name.startswith(f"{group}.")]
        sought = {"batch": wanted.batches, "unit": wanted.units}
        for slot in rows:
            if slot.creates:
                return self.commitment.ids[slot.name][at] in sought[slot.creates]
        opened = self.opened()
        named = {}
        for slot in rows:
            named |= opened[f"{slot.name}/{at}"].value
        if group == "shared":
            return named.get("index") in wanted.corrected
        kind = "unit" if "unit" in named else "batch"
        return named.get(kind) in sought[kind]

    def used(self, slot: str) -> int:
        """Items of a list, padding not counted."""
        opened = self.opened()
        n = self.entry.sd[slot]["n"]
        return sum(1 for at in range(n) if opened[f"{slot}/{at}"].value is not None)

    def opened(self):
        return open_slots(self.entry.sd, self.held)


def seal(event_type: str, sizes: tuple[int, ...], seed: str = "") -> Sealed:
    """An event of a type, its groups of lists as long as `sizes` says; rows name batches and units by turns."""
    groups = dict.fromkeys(slot.name.partition(".")[0] for slot in EVENT_TYPES[event_type] if slot.items)
    lengths = dict(zip(groups, sizes, strict=False))
    slots: dict[str, Any] = {}
    for slot in EVENT_TYPES[event_type]:
        if not slot.items:
            slots[slot.name] = {"what": slot.name}
            continue
        group = slot.name.partition(".")[0]
        slots[slot.name] = [_row(slot, at) for at in range(lengths.get(group, 0))]
    made = commit(event_type, slots, ORIGIN, Entropy(f"{event_type} {sizes} {seed}"))
    text = entry_text(ORIGIN, 3, sha256(b"before").digest(), TIME, event_type, made.sd)
    return Sealed(parse_entry(sign_note(text, [AUTHOR])), made, (event_type, sizes, seed))


def _row(slot, at: int) -> dict[str, Any]:
    row: dict[str, Any] = {"at": at}
    if slot.kinds.get("batch") == "id":
        row["batch"] = BATCHES[at % len(BATCHES)]
    if slot.kinds.get("unit") == "id":
        row["unit"] = UNITS[at % len(UNITS)]
    if slot.kinds.get("index") == "count0":
        row["index"] = at
    return row


def paths(entry: Entry, chosen: list[Any]) -> set[str]:
    return set(open_slots(entry.sd, chosen))


def is_input(event_type: str, slot: str) -> bool:
    return slot.startswith("inputs.") or (event_type == "dismantled" and slot.startswith("units."))


sealed = st.builds(seal, st.sampled_from(TYPES), st.tuples(*[st.integers(0, 9)] * 3), st.sampled_from("abc"))
audiences = st.sampled_from(AUDIENCES)


@st.composite
def goods(draw, one: Sealed) -> Wanted:
    """Some of the ids that the event makes or names, and some that it does not."""
    made = [made for ids in one.commitment.ids.values() for made in ((ids,) if isinstance(ids, str) else ids)]
    batches = draw(st.frozensets(st.sampled_from([*made, *BATCHES, new_id(ORIGIN, "no such batch")])))
    units = draw(st.frozensets(st.sampled_from([*made, *UNITS, new_id(ORIGIN, "no such unit")])))
    return Wanted(batches, units, draw(st.frozensets(st.integers(0, 9))))


# -- select -------------------------------------------------------------------------------------------------------


@given(sealed, audiences)
def test_a_whole_entry_for_an_audience_is_all_its_slots_and_no_more(one, audience):
    level = AUDIENCES.index(audience)
    expected = set()
    for slot in EVENT_TYPES[one.entry.type]:
        if AUDIENCES.index(slot.audience) <= level:
            places = range(one.entry.sd[slot.name]["n"]) if slot.items else None
            expected |= {slot.name} if places is None else {f"{slot.name}/{at}" for at in places}
    chosen = select(one.entry, one.held, audience)
    assert paths(one.entry, chosen) == expected
    assert all(isinstance(text, str) for text in chosen)
    assert chosen == [text for text in one.held if text in set(chosen)]  # in the order of the slots


@given(st.data(), sealed, audiences)
def test_of_lists_only_what_the_goods_need(data, one, audience):
    wanted = data.draw(goods(one))
    found = paths(one.entry, select(one.entry, one.held, audience, wanted))
    whole = paths(one.entry, select(one.entry, one.held, audience))
    assert found <= whole
    for path in whole:
        slot, _, place = path.partition("/")
        if not place or is_input(one.entry.type, slot):
            assert path in found
            continue
        used, at = one.used(slot), int(place)
        kept = [number for number in range(used) if one.is_wanted(wanted, slot.partition(".")[0], number)]
        # A list that is wanted from end to end comes with its padding: that there is no more is shown, too.
        assert (path in found) == (at in kept or (0 < used == len(kept)))


@given(st.data(), sealed)
def test_a_wider_audience_and_more_goods_open_more(data, one):
    wanted, more = data.draw(goods(one)), data.draw(goods(one))
    both = Wanted(wanted.batches | more.batches, wanted.units | more.units, wanted.corrected | more.corrected)
    before: set[str] = set()
    for audience in AUDIENCES:
        found = paths(one.entry, select(one.entry, one.held, audience, wanted))
        assert before <= found
        assert found <= paths(one.entry, select(one.entry, one.held, audience, both))
        before = found


@given(st.data(), sealed, audiences, audiences)
def test_what_was_selected_can_be_selected_from(data, one, audience, further):
    """Each hand passes on of what it was given; nothing that was not given comes back."""
    first, second = data.draw(goods(one)), data.draw(goods(one))
    given_first = select(one.entry, one.held, audience, first)
    handed_on = select(one.entry, given_first, further, second)
    found = paths(one.entry, handed_on)
    assert found <= paths(one.entry, given_first)
    direct = paths(one.entry, select(one.entry, one.held, further, second))
    # Padding apart: a list may be wanted whole by the second and have come in part to the first.
    opened = one.opened()
    real = {path for path in paths(one.entry, given_first) & direct if opened[path].value is not None}
    assert real == {path for path in found if opened[path].value is not None}
    assert select(one.entry, given_first, audience, first) == given_first


@given(st.data(), sealed, audiences)
def test_values_come_as_they_were_committed_to(data, one, audience):
    whole = one.opened()
    chosen = select(one.entry, one.held, audience, data.draw(goods(one)))
    for path, found in open_slots(one.entry.sd, chosen).items():
        assert found == whole[path]


@pytest.mark.parametrize(
    ("event_type", "group"), [("transformed", "inputs"), ("assembled", "inputs"), ("dismantled", "units")]
)
def test_what_went_in_is_always_told_whole(event_type, group):
    one = seal(event_type, (5, 5, 5))
    found = paths(one.entry, select(one.entry, one.held, "chain", Wanted()))
    assert {path for path in found if path.startswith(f"{group}.chain/")} == {f"{group}.chain/{at}" for at in range(8)}
    assert not any(path.startswith("outputs.") for path in found)


def test_a_row_that_is_wanted_is_wanted_in_all_slots_of_its_group():
    one = seal("shipped", (4,))
    found = paths(one.entry, select(one.entry, one.held, "partner", Wanted(frozenset({BATCHES[2]}))))
    assert {path for path in found if "/" in path} == {"lines.chain/2", "lines.provenance/2", "lines.partner/2"}


def test_an_entry_of_a_later_version_is_passed_on_closed():
    text = disclose("A" * 21 + "A", "future", {"what": 1})
    sd = {"future": b64url(digest(text))}
    note = sign_note(entry_text(ORIGIN, 3, sha256(b"before").digest(), TIME, "teleported", sd), [AUTHOR])
    entry = parse_entry(note)
    assert select(entry, [text], "authority") == []
    assert merge(entry, [], [text]) == [text]


def test_one_drum_of_a_thousand_costs_ten_hashes():
    one = seal("packed", (1000,))
    units = one.commitment.ids["units.public"]
    chosen = select(one.entry, one.held, "public", Wanted(units=frozenset({units[617]})))
    [item] = [found for found in chosen if isinstance(found, dict)]
    assert len(item["path"]) == 10
    assert padded(1000) == 1 << 10
    assert paths(one.entry, chosen) == {"units.public/617"}


# -- merge --------------------------------------------------------------------------------------------------------


@st.composite
def openings(draw, one: Sealed) -> list[Any]:
    """What somebody may hold of an entry: nothing, or some selection."""
    if draw(st.booleans()):
        return []
    wanted = draw(st.none() | goods(one))
    return select(one.entry, one.held, draw(audiences), wanted)


@given(st.data(), sealed)
def test_merged_opens_both_and_nothing_else(data, one):
    first, second = data.draw(openings(one)), data.draw(openings(one))
    merged = merge(one.entry, first, second)
    both = open_slots(one.entry.sd, first) | open_slots(one.entry.sd, second)
    assert open_slots(one.entry.sd, merged) == both


@given(st.data(), sealed)
def test_merging_knows_no_order_and_needs_no_repeating(data, one):
    first, second, third = (data.draw(openings(one)) for _ in range(3))
    merged = merge(one.entry, first, second)
    assert merge(one.entry, second, first) == merged
    assert merge(one.entry, merged, first) == merged
    assert merge(one.entry, merged, merged) == merged
    opened = [
        open_slots(one.entry.sd, merge(one.entry, merge(one.entry, *pair), rest))
        for *pair, rest in ((first, second, third), (second, third, first))
    ]
    assert opened[0] == opened[1]


@given(st.data(), sealed)
@example(data=None, one=seal("packed", (5,)))
def test_what_is_whole_stays_whole(data, one):
    part = [] if data is None else data.draw(openings(one))
    assert merge(one.entry, one.held, part) == one.held
    assert merge(one.entry, part, one.held) == one.held


def test_items_that_came_one_by_one_are_a_list_again():
    one = seal("packed", (4,))
    units = one.commitment.ids["units.public"]
    held: list[Any] = []
    for unit in units:
        held = merge(one.entry, held, select(one.entry, one.held, "public", Wanted(units=frozenset({unit}))))
    assert paths(one.entry, held) == {f"units.public/{at}" for at in range(4)}
    # Whoever holds all items can show the list without tree paths, and any part of it with.
    again = select(one.entry, held, "public")
    assert again == [text for text in one.held if text in again]
    assert all(isinstance(text, str) for text in again)
    [single] = select(one.entry, held, "public", Wanted(units=frozenset({units[1]})))
    assert paths(one.entry, [single]) == {"units.public/1"}


def test_slots_of_the_table_are_all_met():
    """Every type is sealed above with every slot it has, so a new one cannot be forgotten here."""
    for event_type in TYPES:
        one = seal(event_type, (2, 2, 2))
        for slot in one.entry.sd:
            assert slot_of(event_type, slot).name == slot
