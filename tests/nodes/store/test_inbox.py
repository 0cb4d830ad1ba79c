import pytest

from ledger.errors import Unavailable
from nodes.store import inbox
from nodes.store.engine import Store
from nodes.store.inbox import Parked
from tests.nodes.store.rows import NOW, a_hash

SENDER = "metal.example"


def test_a_message_waits_for_its_entry(store: Store) -> None:
    with store.write() as conn:
        inbox.park(conn, a_hash("leaf"), SENDER, b"first", NOW)
        inbox.park(conn, a_hash("other leaf"), SENDER, b"second", NOW)
        inbox.park(conn, a_hash("leaf"), SENDER, b"third", NOW)
        found = inbox.waiting_for(conn, [a_hash("leaf"), a_hash("nothing")])
        assert found == [
            Parked(1, a_hash("leaf"), SENDER, b"first", NOW),
            Parked(3, a_hash("leaf"), SENDER, b"third", NOW),
        ]
        inbox.unpark(conn, [one.no for one in found])
        assert inbox.waiting_for(conn, [a_hash("leaf")]) == []
        assert inbox.parked_count(conn) == 1


def test_the_same_message_is_parked_once(store: Store) -> None:
    with store.write() as conn:
        for at in (NOW, "2026-11-23T00:00:00.000Z"):
            inbox.park(conn, a_hash("leaf"), SENDER, b"message", at)
        assert inbox.waiting_for(conn, [a_hash("leaf")]) == [Parked(1, a_hash("leaf"), SENDER, b"message", NOW)]


def test_one_sender_cannot_fill_the_parking_place(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inbox, "PARKED_MESSAGES", 2)
    monkeypatch.setattr(inbox, "PARKED_BYTES", 1000)
    with store.write() as conn:
        inbox.park(conn, a_hash(1), SENDER, b"1", NOW)
        inbox.park(conn, a_hash(2), SENDER, b"2", NOW)
    for sender, body in ((SENDER, b"3"), ("hub.example", b"x" * 1001)):
        with pytest.raises(Unavailable) as error, store.write() as conn:
            inbox.park(conn, a_hash(3), sender, body, NOW)
        assert (error.value.code, error.value.value) == ("too-much-parked", sender)
        assert sender in error.value.text("zh")
    with store.write() as conn:
        inbox.park(conn, a_hash(3), "hub.example", b"3", NOW)
        assert inbox.parked_count(conn) == 3


def test_messages_are_given_up_after_a_time(store: Store) -> None:
    with store.write() as conn:
        for day in (1, 2, 3):
            inbox.park(conn, a_hash(day), SENDER, b"message", f"2026-11-0{day}T00:00:00.000Z")
        assert inbox.give_up(conn, "2026-11-03T00:00:00.000Z") == 2
        assert inbox.parked_count(conn) == 1
