"""Boxes at a relay: how they are shared among those who leave something there."""

import pytest

from ledger.errors import Unavailable
from nodes.store.engine import Store
from nodes.store.relayed import Room, leave

AT, ROOM = "2026-07-01T00:00:00.000Z", Room(messages=8, size=800, since="")


def left(store: Store, sender: str, size: int, limit: int = 100) -> int:
    """How many messages of this size a sender leaves until there is no room for it."""
    for count in range(limit):
        try:
            with store.write() as conn:
                leave(conn, "plant.example", sender, f"{sender} {size} {count}", AT, bytes(size), ROOM)
        except Unavailable:
            return count
    return limit


def test_whoever_sends_many_leaves_room_for_others(store: Store) -> None:
    assert [left(store, sender, 1) for sender in ("mine", "metal", "magnet", "motor", "late")] == [4, 2, 1, 1, 0]


def test_whoever_sends_much_leaves_room_for_others(store: Store) -> None:
    assert [left(store, sender, 100) for sender in ("mine", "metal", "magnet")] == [4, 2, 1]


def test_what_is_left_again_takes_the_place_of_the_first(store: Store) -> None:
    with store.write() as conn:
        found = {leave(conn, "plant.example", "mine", "a-1", AT, bytes(400), ROOM) for _ in range(3)}
    assert len(found) == 1
    with store.write() as conn, pytest.raises(Unavailable, match="full for one sender"):
        leave(conn, "plant.example", "mine", "a-1", AT, bytes(401), ROOM)
