from dataclasses import replace

import pytest

from ledger.entries import parse_entry
from ledger.errors import Forked
from ledger.log.canonical import b64
from ledger.log.checkpoints import add_signatures, cosign, parse_checkpoint, sign_checkpoint
from ledger.log.notes import COSIGNATURE, Ed25519Signer, parse_note
from ledger.matter.stock import Line, Shipment
from nodes.store import stock, upstream
from nodes.store.engine import Store
from nodes.store.upstream import Saved
from tests.nodes.store.rows import KG, NOW, OTHER, OtherLog, a_batch, an_id

BATCH = {"product": "prnd_oxide", "lot_no": "PN-7", "at": "2026-11-22T08:15:00+08:00", "site": "plant-1"}


@pytest.fixture
def other() -> OtherLog:
    made = OtherLog()
    made.add("removed", {})
    made.add("registered", {"batch": BATCH, "origin": {"class": "mined", "country": "CN"}})
    made.add("removed", {})
    return made


def test_a_kept_entry_comes_back_with_its_number_and_its_logs_newest_checkpoint(store: Store, other: OtherLog) -> None:
    with store.write() as conn:
        upstream.save_checkpoints(conn, {(OTHER, 2): other.checkpoint(2), (OTHER, 3): other.checkpoint()})
        assert upstream.save(conn, [other.upstream(1), other.upstream(0)], 7) == [
            Saved(-1, opened=True),
            Saved(-2, opened=True),
        ]
    kept = replace(other.upstream(1), entry_no=-1, newest=other.checkpoint())
    with store.read() as conn:
        assert upstream.at(conn, [(OTHER, 1), (OTHER, 9), ("nobody.example/log", 0)]) == {(OTHER, 1): kept}
        assert upstream.numbered(conn, [-1, -9]) == {-1: kept}
        assert upstream.at(conn, []) == {}


def test_what_is_open_of_it_reads_as_an_event(store: Store, other: OtherLog) -> None:
    with store.write() as conn:
        upstream.save(conn, [other.upstream(1, other.disclosures[1][:1])], 0)
        event = upstream.numbered(conn, [-1])[-1].event
    assert event.scalar("batch") == BATCH
    assert event.slots["origin"] is None


def test_a_ref_names_the_newest_checkpoint_we_hold(store: Store, other: OtherLog) -> None:
    with store.write() as conn:
        upstream.save_checkpoints(conn, {(OTHER, 3): other.checkpoint(), (OTHER, 2): other.checkpoint(2)})
        upstream.save(conn, [other.upstream(1, size=2)], 0)
        ref = upstream.numbered(conn, [-1])[-1].ref()
    newest = parse_checkpoint(parse_note(other.checkpoint()).text)
    assert ref == {"log": OTHER, "index": 1, "leaf": b64(other.upstream(1).leaf), "size": 3, "root": b64(newest.root)}


def test_the_same_entry_again_changes_nothing(store: Store, other: OtherLog) -> None:
    with store.write() as conn:
        upstream.save(conn, [other.upstream(1)], 0)
        before = list(conn.iterdump())
        assert upstream.save(conn, [other.upstream(1)], 5) == [Saved(-1, opened=False)]
        assert list(conn.iterdump()) == before


def test_more_of_an_entry_is_opened_later(store: Store, other: OtherLog) -> None:
    some, everything = other.disclosures[1][:1], other.disclosures[1]
    with store.write() as conn:
        upstream.save(conn, [other.upstream(1, some), other.upstream(2)], 3)
        assert upstream.save(conn, [other.upstream(1, everything)], 8) == [Saved(-1, opened=True)]
        assert upstream.numbered(conn, [-1])[-1].disclosures == everything
        found = upstream.openings(conn)
        assert [(one.no, one.head_size, one.entry.index, one.entry.disclosures) for one in found] == [
            (1, 3, 1, some),
            (2, 3, 2, other.disclosures[2]),
            (3, 8, 1, everything),
        ]
        assert upstream.openings(conn, after=1, limit=1) == found[1:2]


def test_an_inclusion_in_a_larger_tree_takes_the_place_of_one_in_a_smaller(store: Store, other: OtherLog) -> None:
    with store.write() as conn:
        for size, expected in ((2, 2), (3, 3), (2, 3)):
            upstream.save(conn, [other.upstream(1, size=size)], 0)
            (kept,) = upstream.numbered(conn, [-1]).values()
            assert (kept.at_size, kept.path) == (expected, other.upstream(1, size=expected).path)


def test_single_items_are_kept_with_their_paths(store: Store, other: OtherLog) -> None:
    item = {"d": other.disclosures[1][0], "path": ["AAAA"]}
    with store.write() as conn:
        upstream.save(conn, [other.upstream(1, [item])], 0)
        assert upstream.numbered(conn, [-1])[-1].disclosures == (item,)


def test_two_entries_at_one_place_are_a_fork(store: Store, other: OtherLog) -> None:
    liar = OtherLog()
    liar.add("removed", {"reason": {"text": "another story"}})
    with store.write() as conn:
        upstream.save(conn, [other.upstream(0)], 0)
    with pytest.raises(Forked) as error, store.write() as conn:
        upstream.save(conn, [liar.upstream(0)], 0)
    assert error.value.evidence == (other.notes[0], liar.notes[0])
    assert (error.value.field, error.value.value) == (OTHER, 0)
    assert parse_entry(error.value.evidence[0]).origin == OTHER
    with store.read() as conn:
        assert upstream.numbered(conn, [-1])[-1].note == other.notes[0]


# -- checkpoints --------------------------------------------------------------------------------------------------


def test_checkpoints_of_other_logs(store: Store, other: OtherLog) -> None:
    three = other.checkpoint(3)
    witness = Ed25519Signer.from_seed("witness.example/witness", bytes(32), COSIGNATURE)
    cosigned = add_signatures(three, [cosign(three, witness, 1_795_306_530)])
    with store.write() as conn:
        upstream.save_checkpoints(conn, {(OTHER, 3): three, (OTHER, 1): other.checkpoint(1)})
        upstream.save_checkpoints(conn, {(OTHER, 3): cosigned})
    with store.read() as conn:
        assert upstream.checkpoint(conn, OTHER, 3) == cosigned
        assert upstream.checkpoint(conn, OTHER, 1) == other.checkpoint(1)
        assert upstream.checkpoint(conn, OTHER, 2) is None
        assert upstream.checkpoint(conn, "nobody.example/log", 1) is None


def test_another_root_of_the_same_size_is_a_fork_and_takes_no_place(store: Store, other: OtherLog) -> None:
    three = other.checkpoint(3)
    head = parse_checkpoint(parse_note(three).text)
    forged = sign_checkpoint(replace(head, root=bytes(32)), [Ed25519Signer.from_seed(OTHER, bytes(32))])
    with store.write() as conn:
        upstream.save_checkpoints(conn, {(OTHER, 3): three})
    with pytest.raises(Forked) as forked, store.write() as conn:
        upstream.save_checkpoints(conn, {(OTHER, 2): other.checkpoint(2), (OTHER, 3): forged})
    assert (forked.value.code, forked.value.field, forked.value.value) == ("log-forked", OTHER, 3)
    assert forked.value.evidence == (three, forged)
    with store.read() as conn:
        assert upstream.checkpoint(conn, OTHER, 3) == three
        assert upstream.checkpoint(conn, OTHER, 2) is None


# -- offers and answers -------------------------------------------------------------------------------------------


def test_an_offer_leads_to_its_entry(store: Store, other: OtherLog) -> None:
    shipment = f"{OTHER}#{an_id('s')}"
    with store.write() as conn:
        upstream.save(conn, [other.upstream(0), other.upstream(1)], 0)
        upstream.save_offer(conn, shipment, "metal.example", "sale", NOW, -2)
        upstream.save_offer(conn, shipment, "metal.example", "sale", NOW, -2)
    with pytest.raises(Forked) as forked, store.write() as conn:
        upstream.save_offer(conn, shipment, "metal.example", "sale", NOW, -1)
    assert (forked.value.code, forked.value.field, forked.value.value) == ("shipment-forked", OTHER, 0)
    assert forked.value.evidence == (other.upstream(1).note, other.upstream(0).note)
    with store.read() as conn:
        found = upstream.offer(conn, shipment)
        assert found is not None
        assert (found.entry_no, found.index) == (-2, 1), "the first offer of a shipment stands"
        assert upstream.offer(conn, f"{OTHER}#{an_id('t')}") is None


def test_answers_stand_as_in_the_receivers_log(store: Store, other: OtherLog) -> None:
    batch = a_batch(an_id("b"))
    line = Line(batch.id, KG, "net", None, (), "", "plant-1")
    sent = Shipment(an_id("s"), "metal.example", None, "sale", NOW, (line,))
    with store.write() as conn:
        stock.save(conn, {batch.key: batch, sent.key: sent}, {})
        assert upstream.answers(conn, sent.id) == []
        for index in (2, 1):  # they came in the wrong order
            (saved,) = upstream.save(conn, [other.upstream(index)], 0)
            upstream.save_answer(conn, sent.id, saved.entry_no, final=index == 2, declined=False)
        assert [one.index for one in upstream.answers(conn, sent.id)] == [1, 2]
        upstream.save_answer(conn, an_id("nothing"), -1, final=True, declined=False)
        assert upstream.answers(conn, an_id("nothing")) == []
