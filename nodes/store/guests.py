"""Links for consignees outside: at most one for each shipment, kept as the hash of its secret.

Does not check that a link may be made, or still serves: nodes/guests.py does.
"""

from dataclasses import dataclass

from nodes.store.engine import Connection

_SAVE = (
    "INSERT INTO guest_links (shipment, hash, made_by, ends_at) VALUES (?, ?, ?, ?)"
    " ON CONFLICT (shipment) DO UPDATE SET hash = excluded.hash, made_by = excluded.made_by, ends_at = excluded.ends_at"
)
_FIND = "SELECT shipment, made_by, ends_at FROM guest_links WHERE hash = ?"
_DROP = "DELETE FROM guest_links WHERE shipment = ?"


@dataclass(frozen=True, slots=True)
class GuestLink:
    """`shipment` is the id of one of our own; `ends_at` is in UTC, as the log writes times."""

    shipment: str
    made_by: str
    ends_at: str


def save(conn: Connection, link: GuestLink, hash_: bytes) -> None:
    """In place of an earlier one of the same shipment, which leads nowhere from now on."""
    conn.execute(_SAVE, (link.shipment, hash_, link.made_by, link.ends_at))


def find(conn: Connection, hash_: bytes) -> GuestLink | None:
    row = conn.execute(_FIND, (hash_,)).fetchone()
    return None if row is None else GuestLink(*row)


def drop(conn: Connection, shipment: str) -> bool:
    """Whether there was one."""
    return conn.execute(_DROP, (shipment,)).rowcount == 1
