from dataclasses import replace

from ledger.errors import Unavailable
from nodes.store import deliveries
from nodes.store.deliveries import AT_ONCE, Delivery, Outgoing
from nodes.store.engine import Connection, Store

T = [f"2026-11-22T00:15:0{second}.000Z" for second in range(10)]


def outgoing(entry_no: int, to: str = "metal.example") -> Outgoing:
    return Outgoing("handover", to, f"S-{entry_no}", entry_no)


def claimed(conn: Connection, now: str, until: str, *, covered: int = 100, limit: int = 100) -> list[int]:
    return [one.entry_no for one in deliveries.claim(conn, now=now, until=until, covered=covered, limit=limit)]


def test_a_delivery_waits_is_claimed_and_is_sent(store: Store) -> None:
    with store.write() as conn:
        deliveries.add(conn, [outgoing(5)])
        waiting = Delivery(1, "handover", "metal.example", 5, "S-5", "waiting", 0, AT_ONCE, None, None)
        assert deliveries.about(conn, ["S-5", "S-6"]) == {"S-5": [waiting]}
        assert deliveries.claim(conn, now=T[0], until=T[5], covered=6, limit=9) == [waiting]
        assert deliveries.about(conn, ["S-5"]) == {"S-5": [replace(waiting, attempts=1, next_at=T[5])]}
        deliveries.sent(conn, 1, b"signed note")
        settled = replace(waiting, state="sent", attempts=1, next_at=T[5], answer=b"signed note")
        assert deliveries.about(conn, ["S-5"]) == {"S-5": [settled]}
        assert claimed(conn, T[9], T[9]) == []
        assert deliveries.counts(conn) == {"sent": 1}


def test_what_no_checkpoint_covers_stays(store: Store) -> None:
    with store.write() as conn:
        deliveries.add(conn, [outgoing(5), outgoing(6)])
        assert deliveries.next_due(conn, covered=5) is None
        assert claimed(conn, T[0], T[1], covered=5) == []
        assert deliveries.next_due(conn, covered=6) == AT_ONCE
        assert claimed(conn, T[0], T[1], covered=6) == [5]
        assert deliveries.next_due(conn, covered=6) == T[1]


def test_claims_are_bounded_and_the_longest_waiting_come_first(store: Store) -> None:
    with store.write() as conn:
        deliveries.add(conn, [outgoing(entry_no) for entry_no in range(6)])
        assert claimed(conn, T[0], T[9], limit=4) == [0, 1, 2, 3]
        for no, at in ((1, T[3]), (2, T[1]), (3, T[2])):
            deliveries.later(conn, no, at, "not reached")
        assert claimed(conn, T[2], T[9], limit=2) == [4, 5]
        assert claimed(conn, T[2], T[9]) == [1, 2]
        assert claimed(conn, T[3], T[9]) == [0]
        assert deliveries.next_due(conn, covered=100) == T[9]


def test_who_is_alone_releases_what_somebody_claimed_and_nothing_that_was_put_off(store: Store) -> None:
    with store.write() as conn:
        deliveries.add(conn, [outgoing(entry_no) for entry_no in range(4)])
        assert claimed(conn, T[0], T[9], limit=3) == [0, 1, 2]
        deliveries.later(conn, 1, T[5], "not reached")
        deliveries.sent(conn, 2, b"signed note")
        deliveries.release(conn)
        assert claimed(conn, T[0], T[9]) == [2, 3]
        assert claimed(conn, T[5], T[9]) == [0]


def test_a_claim_that_was_never_settled_is_due_again(store: Store) -> None:
    with store.write() as conn:
        deliveries.add(conn, [outgoing(5)])
        assert claimed(conn, T[0], T[3]) == [5]
    store.close()  # its courier died
    again = Store.open(store.path)
    with again.write() as conn:
        assert claimed(conn, T[2], T[9]) == []
        assert claimed(conn, T[3], T[9]) == [5]
        assert deliveries.about(conn, ["S-5"])["S-5"][0].attempts == 2
    again.close()


def test_a_settled_delivery_stays_as_it_was_settled(store: Store) -> None:
    with store.write() as conn:
        deliveries.add(conn, [outgoing(1), outgoing(2), outgoing(3)])
        deliveries.refused(conn, 1, "not-enough: there is less")
        deliveries.later(conn, 2, T[4], "not reached")
        deliveries.sent(conn, 2, b"note")
        deliveries.refused(conn, 2, "too late")
        deliveries.later(conn, 1, T[5], "too late")
        found = deliveries.about(conn, ["S-1", "S-2"])
        settled = [(one.state, one.answer, one.error) for subject in ("S-1", "S-2") for one in found[subject]]
        assert settled == [("refused", None, "not-enough: there is less"), ("sent", b"note", None)]
        assert deliveries.counts(conn) == {"refused": 1, "sent": 1, "waiting": 1}


def test_an_error_is_told_in_the_language_of_the_reader(store: Store) -> None:
    with store.write() as conn:
        deliveries.add(conn, [outgoing(0)])
        deliveries.refused(conn, 1, deliveries.kept(Unavailable("not-witnessed-yet", value=7)))
        (one,) = deliveries.about(conn, ["S-0"])["S-0"]
    assert "confirmed" in (one.told("en") or "")
    assert "确认" not in (one.told("en") or "")
    assert "见证" in (one.told("zh") or "")
    assert deliveries.in_words("as it was kept before", "zh") == "as it was kept before"
