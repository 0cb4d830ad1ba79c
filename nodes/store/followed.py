"""Logs of others as far as they are followed: size, checkpoint, tree; what was heard of them; what is wrong with them.

A tree is kept as tiles of 256 hashes, of every eighth level; the levels between are reckoned when they are read.
Does not check anything: nodes/tailing.py has, and nodes/gossip.py compares.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from ledger.entries import NOTHING_BEFORE
from ledger.errors import Unknown
from ledger.log.merkle import Read, new_nodes
from ledger.log.tiles import WIDTH, node_in, tile_of
from nodes.store.engine import Connection
from nodes.store.numbers import add_logs

HEARD_MAX = 1000
"""Roots that are remembered of one log: whoever invents more tells nothing more."""

_COLUMNS = "size, text_hash, recorded_at, note, target, seen_at, ahead_size, ahead_since"
_ALL = f"SELECT l.origin, l.no, {_COLUMNS} FROM followed f JOIN logs l ON l.no = f.log_no"  # noqa: S608
_LOAD = f"{_ALL} WHERE l.origin = ?"
_SAVE = f"INSERT OR REPLACE INTO followed (log_no, {_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"  # noqa: S608
_TILE = "SELECT hashes FROM followed_tiles WHERE log_no = ? AND level = ? AND position = ?"
_SAVE_TILE = "INSERT OR REPLACE INTO followed_tiles (log_no, level, position, hashes) VALUES (?, ?, ?, ?)"
_HEAR = (
    "INSERT INTO heard (log_no, size, root, told_by) SELECT ?, ?, ?, ?"
    " WHERE (SELECT count(*) FROM heard WHERE log_no = ?) < ? ON CONFLICT (log_no, size, root) DO NOTHING"
)
_HEARD = "SELECT size, root, told_by FROM heard WHERE log_no = ? AND size <= ? ORDER BY size"
_FORGET = "DELETE FROM heard WHERE log_no = ? AND size <= ?"
_PARTNERS = "SELECT to_name FROM shipments UNION SELECT sender FROM arrivals"
_RAISE = (
    "INSERT INTO alarms (origin, code, en, zh, evidence, since) VALUES (?, ?, ?, ?, ?, ?)"
    " ON CONFLICT (origin, code) DO UPDATE SET en = excluded.en, zh = excluded.zh, evidence = excluded.evidence"
)
_ALARMS = (
    'SELECT a.origin, a.code, a.en, a.zh, a.evidence, a.since, k."by", k.at, k.reason FROM alarms a'
    " LEFT JOIN alarms_acknowledged k ON k.origin = a.origin AND k.code = a.code AND k.en = a.en"
    " ORDER BY a.since, a.origin, a.code"
)
_ACKNOWLEDGE = (
    'INSERT OR REPLACE INTO alarms_acknowledged (origin, code, en, "by", at, reason) VALUES (?, ?, ?, ?, ?, ?)'
)


@dataclass(frozen=True, slots=True)
class Followed:
    """How far a log is followed. `size` may be beyond `note`, on the way to `target`; else `target` is None."""

    origin: str
    log_no: int
    size: int = 0
    text_hash: bytes = NOTHING_BEFORE
    recorded_at: str = ""
    note: bytes | None = field(default=None, repr=False)
    target: bytes | None = field(default=None, repr=False)
    seen_at: str = ""
    ahead_size: int | None = None
    ahead_since: str | None = None


@dataclass(frozen=True, slots=True)
class Heard:
    """What somebody's entry says of a log: its root at a size."""

    size: int
    root: bytes
    told_by: str


@dataclass(frozen=True, slots=True)
class Alarm:
    """`evidence` is JSON: what was shown, as it was shown. As read, with who has acknowledged it when and why, if
    anybody has; an alarm that says something else by now is another one.
    """

    origin: str
    code: str
    en: str
    zh: str
    evidence: str = field(repr=False)
    since: str
    acknowledged_by: str | None = None
    acknowledged_at: str | None = None
    reason: str | None = None


# -- how far ------------------------------------------------------------------------------------------------------


def load(conn: Connection, origin: str) -> Followed | None:
    row = conn.execute(_LOAD, (origin,)).fetchone()
    return None if row is None else Followed(*row)


def everything(conn: Connection) -> list[Followed]:
    return [Followed(*row) for row in conn.execute(f"{_ALL} ORDER BY l.origin")]


def begin(conn: Connection, origin: str, at: str) -> Followed:
    """A log of which nothing is followed yet."""
    made = Followed(origin, add_logs(conn, [origin])[origin], seen_at=at)
    save(conn, made)
    return made


def save(conn: Connection, one: Followed) -> None:
    row = (one.size, one.text_hash, one.recorded_at, one.note, one.target, one.seen_at)
    conn.execute(_SAVE, (one.log_no, *row, one.ahead_size, one.ahead_since))


def partners(conn: Connection) -> set[str]:
    """Names of those we shipped to or received from."""
    return {name for (name,) in conn.execute(_PARTNERS)}


# -- the tree -----------------------------------------------------------------------------------------------------


def nodes(conn: Connection, log_no: int) -> Read:
    """A reader of complete nodes for ledger/log/merkle.py."""
    tiles: dict[tuple[int, int], bytes] = {}

    def read(wanted: Sequence[tuple[int, int]]) -> list[bytes]:
        found = []
        for node in wanted:
            level, position, first, count = tile_of(*node)
            if (level, position) not in tiles:
                row = conn.execute(_TILE, (log_no, level, position)).fetchone()
                if row is None:
                    raise Unknown("hash-not-found", field="followed log", value=node, size="?")
                tiles[level, position] = row[0]
            found.append(node_in(tiles[level, position], first, count))
        return found

    return read


def grow(conn: Connection, one: Followed, leaves: Sequence[bytes]) -> Followed:
    """Adds checked leaf hashes to the tree; answers how far it is now. The caller saves that."""
    made: dict[tuple[int, int], list[bytes]] = {}
    for level, index, hash_ in new_nodes(one.size, leaves, nodes(conn, one.log_no)):
        if level % 8 == 0:
            made.setdefault((level // 8, index // WIDTH), []).append(hash_)
    for (level, position), hashes in made.items():
        row = conn.execute(_TILE, (one.log_no, level, position)).fetchone()
        before = b"" if row is None else row[0]
        conn.execute(_SAVE_TILE, (one.log_no, level, position, before + b"".join(hashes)))
    return replace(one, size=one.size + len(leaves))


# -- what was heard -----------------------------------------------------------------------------------------------


def hear(conn: Connection, log_no: int, heard: Heard) -> None:
    """Remembers a root beyond what is followed."""
    conn.execute(_HEAR, (log_no, heard.size, heard.root, heard.told_by, log_no, HEARD_MAX))


def take_heard(conn: Connection, log_no: int, up_to: int) -> list[Heard]:
    """What was heard of sizes that are followed now; it is forgotten with that."""
    found = [Heard(*row) for row in conn.execute(_HEARD, (log_no, up_to))]
    conn.execute(_FORGET, (log_no, up_to))
    return found


# -- alarms -------------------------------------------------------------------------------------------------------


def raise_alarm(conn: Connection, alarm: Alarm) -> bool:
    """Whether it is new. One that is raised already keeps its `since`."""
    known = any((one.origin, one.code) == (alarm.origin, alarm.code) for one in alarms(conn))
    row = (alarm.origin, alarm.code, alarm.en, alarm.zh, alarm.evidence, alarm.since)
    conn.execute(_RAISE, row)
    return not known


def end_alarms(conn: Connection, origin: str, *, kept: Iterable[str] = ()) -> None:
    """What was wrong with a log is over, but for the codes in `kept`."""
    for alarm in alarms(conn):
        if alarm.origin == origin and alarm.code not in kept:
            end_alarm(conn, origin, alarm.code)


def end_alarm(conn: Connection, origin: str, code: str) -> None:
    for table in ("alarms", "alarms_acknowledged"):
        conn.execute(f"DELETE FROM {table} WHERE origin = ? AND code = ?", (origin, code))  # noqa: S608 - our own names


def acknowledge(conn: Connection, origin: str, code: str, by: str, at: str, reason: str) -> Alarm:
    """An operator has looked into it. The last word counts. Unknown if there is no such alarm now."""
    found = next((one for one in alarms(conn) if (one.origin, one.code) == (origin, code)), None)
    if found is None:
        raise Unknown("alarm-unknown", field="code", value=code, log=origin)
    conn.execute(_ACKNOWLEDGE, (origin, code, found.en, by, at, reason))
    return replace(found, acknowledged_by=by, acknowledged_at=at, reason=reason)


def alarms(conn: Connection) -> list[Alarm]:
    """Those that are up, acknowledged or not, oldest first."""
    return [Alarm(*row) for row in conn.execute(_ALARMS)]


def unacknowledged(conn: Connection) -> list[Alarm]:
    """Those that nobody has looked into."""
    return [one for one in alarms(conn) if one.acknowledged_at is None]
