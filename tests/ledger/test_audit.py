from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.audit import Record, Replay, authors_of, check_entries, keys_after
from ledger.entries import NOTHING_BEFORE, open_event, parse_entry
from ledger.errors import LodetraceError, Unverified
from ledger.log.checkpoints import Checkpoint
from ledger.log.merkle import EMPTY_ROOT, Tree
from ledger.matter.stock import Batch, Booked
from tests.formats.lies import _line, flip
from tests.formats.scribe import signer
from tests.formats.story import tell

STORY = tell()
LOGS = {scribe.origin: [one.record() for one in scribe.written] for scribe in STORY.scribes()}
MAGNET, MOTOR = "magnet.example/log", "motor.example/log"


def audit(records, checkpoints=(), *, runs=1):
    """The whole procedure, in as many runs as asked for: the root, and what the log leaves in stock."""
    origin, keys, _ = authors_of(records[0])
    replay = Replay(origin, read=lambda index: booked(records, index))
    length = -(-len(records) // runs)
    for start in range(0, len(records), length):
        run = records[start : start + length]
        replay.take(check_entries(run, start, origin, keys))
        keys = keys_after(keys, run, start)
    return replay.finish(checkpoints), replay.view


def booked(records, index):
    """An entry that a later one corrects, read again."""
    entry = parse_entry(records[index].raw)
    return Booked(index, entry.leaf, open_event(entry, records[index].disclosures, whole=True))


def broken_at(records, checkpoints=()):
    with pytest.raises(Unverified) as caught:
        audit(records, checkpoints)
    assert caught.value.text("zh")
    assert caught.value.text("en")
    return caught.value.code, caught.value.value


# -- logs that hold -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("runs", [1, 2, 3, 8])
@pytest.mark.parametrize("origin", LOGS)
def test_a_log_that_holds(origin, runs):
    scribe = next(scribe for scribe in STORY.scribes() if scribe.origin == origin)
    sizes = range(len(LOGS[origin]) + 1)
    root, view = audit(LOGS[origin], [scribe.head(size) for size in sizes], runs=runs)
    assert root == scribe.tree().root()
    assert view == audit(LOGS[origin])[1]


def test_what_the_log_leaves_in_stock():
    magnets = STORY.magnet.written[1].ids["batch"]
    batch = audit(LOGS[MAGNET])[1]["batch", magnets]
    assert isinstance(batch, Batch)
    assert (batch.mg, batch.count) == (74_000_000, 1480)


def test_runs_know_where_they_stand():
    origin, authors, log = authors_of(LOGS[MAGNET][0])
    assert (origin, log) == (MAGNET, signer(MAGNET).verifier)
    run = check_entries(LOGS[MAGNET][3:5], 3, origin, authors)
    assert (run.start, len(run.leaves), len(run.events)) == (3, 2, 2)
    assert run.previous == STORY.magnet.written[2].entry.text_hash
    assert run.last == STORY.magnet.written[4].entry.text_hash
    assert (run.first_time, run.last_time) == ("2026-11-22T01:02:03.004Z", "2026-11-22T01:30:00.000Z")


def test_nothing_is_a_run_too():
    origin, authors, _ = authors_of(LOGS[MAGNET][0])
    replay = Replay(origin)
    run = check_entries([], 0, origin, authors)
    assert (run.leaves, run.previous) == ((), NOTHING_BEFORE)
    replay.take(run)
    assert replay.finish() == EMPTY_ROOT


# -- any byte -----------------------------------------------------------------------------------------------------

BYTES = [
    (origin, index, part, at)
    for origin, records in list(LOGS.items())[:2]
    for index, record in enumerate(records)
    for part, data in [("entry", record.raw), *enumerate(text.encode() for text in record.disclosures)]
    for at in range(len(data))
]
"""Every byte of every entry and of every disclosure of two logs."""


def altered(records, index, part, at, mask):
    record = records[index]
    if part == "entry":
        changed = replace(record, raw=flipped(record.raw, at, mask))
    else:
        texts = list(record.disclosures)
        texts[part] = flipped(texts[part].encode(), at, mask).decode("utf-8", "surrogateescape")
        changed = replace(record, disclosures=texts)
    return [*records[:index], changed, *records[index + 1 :]]


def flipped(data, at, mask):
    return data[:at] + bytes([data[at] ^ mask]) + data[at + 1 :]


@pytest.mark.parametrize("leaf", [True, False], ids=["with the leaf kept apart", "without"])
def test_every_byte_counts(leaf):
    """One bit of every byte, in its own run: the run is refused, and names its entry."""
    kept = {origin: [replace(one, leaf=one.leaf if leaf else None) for one in LOGS[origin]] for origin in LOGS}
    authors = {origin: authors_of(records[0])[1] for origin, records in LOGS.items()}
    assert len(BYTES) > 20_000
    for origin, index, part, at in BYTES[int(leaf) :: 2]:
        changed = altered(kept[origin], index, part, at, 1 << at % 8)
        with pytest.raises(Unverified) as caught:
            check_entries([changed[index]], index, origin, authors[origin])
        assert (caught.value.code, caught.value.value) == ("audit-broken", index), (origin, index, part, at)


@settings(max_examples=150)
@given(st.lists(st.sampled_from(BYTES), min_size=1, max_size=3, unique_by=lambda place: place[:3]), st.integers(1, 255))
def test_the_first_altered_entry_is_named(places, mask):
    origin = places[0][0]
    here = [place for place in places if place[0] == origin]
    records = LOGS[origin]
    for _, index, part, at in here:
        records = altered(records, index, part, at, mask)
    first = min(index for _, index, _, _ in here)
    with pytest.raises(LodetraceError) as caught:
        audit(records, [])
    if first:
        assert (caught.value.code, caught.value.value) == ("audit-broken", first)


def test_a_changed_leaf_beside_the_entry_is_caught():
    records = [replace(one, leaf=bytes(32)) if at == 3 else one for at, one in enumerate(LOGS[MAGNET])]
    assert broken_at(records) == ("audit-broken", 3)


# -- entries missing, added, moved --------------------------------------------------------------------------------


@pytest.mark.parametrize("gone", range(1, 7))
def test_a_missing_entry(gone):
    records = LOGS[MAGNET]
    assert broken_at([*records[:gone], *records[gone + 1 :]]) == ("audit-broken", gone)


def test_a_missing_run():
    origin, authors, _ = authors_of(LOGS[MAGNET][0])
    replay = Replay(origin)
    replay.take(check_entries(LOGS[MAGNET][:3], 0, origin, authors))
    with pytest.raises(Unverified) as caught:
        replay.take(check_entries(LOGS[MAGNET][4:], 4, origin, authors))
    assert (caught.value.code, caught.value.value) == ("audit-broken", 3)


def test_a_log_without_its_beginning():
    with pytest.raises(Unverified) as caught:
        authors_of(LOGS[MAGNET][1])
    assert caught.value.code == "entry-zero-missing"


@pytest.mark.parametrize("twice", range(7))
def test_an_entry_twice(twice):
    records = LOGS[MAGNET]
    assert broken_at([*records[: twice + 1], *records[twice:]]) == ("audit-broken", twice + 1)


@pytest.mark.parametrize(("one", "other"), [(1, 2), (3, 6), (2, 7)])
def test_entries_that_changed_places(one, other):
    records = list(LOGS[MAGNET])
    records[one], records[other] = records[other], records[one]
    assert broken_at(records) == ("audit-broken", one)


def test_a_run_under_another_number():
    """Nothing before it to be chained to, nothing in it to be compared with: the index alone tells."""
    origin, authors, _ = authors_of(LOGS[MAGNET][0])
    with pytest.raises(Unverified) as caught:
        check_entries(LOGS[MAGNET][3:4], 4, origin, authors)
    assert (caught.value.code, caught.value.value) == ("audit-broken", 4)


def test_an_entry_of_another_log():
    records = [*LOGS[MAGNET][:3], LOGS[MOTOR][3], *LOGS[MAGNET][4:]]
    assert broken_at(records) == ("audit-broken", 3)


def test_an_entry_of_another_history_of_the_same_log():
    """Everything about it holds, but for what it is chained to, also where a new run begins."""
    other = tell(magnet={"changes": {2: lambda slots: slots["units.public"][0].update(serial="C-9")}})
    records = [*LOGS[MAGNET][:4], *(one.record() for one in other.magnet.written[4:])]
    assert broken_at(records) == ("audit-broken", 4)
    origin, authors, _ = authors_of(records[0])
    replay = Replay(origin)
    replay.take(check_entries(records[:4], 0, origin, authors))
    with pytest.raises(Unverified) as caught:
        replay.take(check_entries(records[4:], 4, origin, authors))
    assert (caught.value.code, caught.value.value) == ("audit-broken", 4)


# -- entries that were written wrong ------------------------------------------------------------------------------


def test_an_entry_signed_by_somebody_else():
    told = tell(magnet={"signs": {5: [signer("motor.example/author")]}})
    assert broken_at([one.record() for one in told.magnet.written]) == ("audit-broken", 5)


@pytest.mark.parametrize("runs", [1, 8])
def test_time_that_goes_back(runs):
    """Well chained and well signed: written so."""
    told = tell(
        magnet={
            "changes": {5: lambda slots: slots["unpacking"].update(at="2026-11-22T09:20:00+08:00")},
            "texts": {5: lambda text: text.replace("T02:00:00.000Z", "T01:29:59.999Z")},
        }
    )
    with pytest.raises(Unverified) as caught:
        audit([one.record() for one in told.magnet.written], runs=runs)
    assert (caught.value.code, caught.value.value) == ("audit-broken", 5)
    assert "2026-11-22T01:29:59.999Z" in str(caught.value)


def test_a_chain_that_was_written_wrong():
    told = tell(magnet={"texts": {0: _line(3, flip)}})
    assert broken_at([one.record() for one in told.magnet.written]) == ("audit-broken", 0)


REFUSED = {
    "more is shipped than there is": (4, lambda slots: slots["lines.partner"][1].update(mg=85_000_001, count=1000)),
    "more is moved than there is": (3, lambda slots: slots["lines.authority"][0].update(mg=130_000_000)),
    "a drum is packed out of nothing": (2, lambda slots: slots["units.public"][0].update(net_mg=100_000_001)),
    "goods happen in the future": (1, lambda slots: slots["batch"].update(at="2026-11-23T08:30:00+08:00")),
    "a carton is emptied that was shipped": (5, lambda slots: slots["units.chain"][0].update(unit=carton(0))),
    "an unknown batch is removed": (6, lambda slots: slots["lines.chain"][0].update(batch="0" * 26)),
}


@pytest.mark.parametrize(("index", "change"), REFUSED.values(), ids=REFUSED)
def test_what_custody_would_have_refused(index, change):
    told = tell(magnet={"changes": {index: change}})
    assert broken_at([one.record() for one in told.magnet.written]) == ("audit-broken", index)


def carton(number):
    return STORY.magnet.written[2].ids["units.public"][number]


def test_a_disclosure_that_is_gone():
    records = list(LOGS[MAGNET])
    records[4] = Record(records[4].raw, records[4].disclosures[:-1], records[4].leaf)
    assert broken_at(records) == ("audit-broken", 4)


def test_a_disclosure_too_many():
    records = list(LOGS[MAGNET])
    records[4] = replace(records[4], disclosures=(*records[4].disclosures, records[4].disclosures[0]))
    assert broken_at(records) == ("audit-broken", 4)


# -- against checkpoints ------------------------------------------------------------------------------------------


def test_a_log_that_was_cut_off():
    assert broken_at(LOGS[MAGNET][:6], [STORY.magnet.head(5), STORY.magnet.head(8)]) == ("log-cut-off", 8)


def test_a_checkpoint_of_another_history():
    other = tell(magnet={"changes": {2: lambda slots: slots["units.public"][0].update(serial="C-9")}})
    assert broken_at(LOGS[MAGNET], [STORY.magnet.head(2), other.magnet.head(3)]) == ("root-differs", 3)


def test_a_checkpoint_of_another_log():
    assert broken_at(LOGS[MAGNET], [STORY.motor.head(3)]) == ("entry-elsewhere", MOTOR)


def test_every_size_has_its_root():
    tree = Tree([one.leaf for one in STORY.magnet.written])
    for size in range(9):
        wrong = Checkpoint(MAGNET, size, tree.root((size + 1) % 9))
        assert broken_at(LOGS[MAGNET], [wrong]) == ("root-differs", size)
