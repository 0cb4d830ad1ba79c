"""Our own log: entries, tree hashes, disclosures, checkpoints, and the head that all appending goes through.

Promises: `append` adds its rows at the size that the caller saw, or raises Conflict and adds nothing; the database
itself refuses a gap, a second writing, UPDATE and DELETE. Does not check signatures, hashes or the chain: whoever
appends made them, and audit reads them all again.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from ledger.errors import Conflict, Unknown
from ledger.log.merkle import Read
from nodes.store.engine import Connection
from nodes.store.records import Entry, Head
from nodes.store.sql import parts, select_in

TILE_WIDTH = 256

_HEAD = "SELECT size, text_hash, recorded_at FROM head WHERE no = 1"
_MOVE_HEAD = "UPDATE head SET size = ?, text_hash = ?, recorded_at = ? WHERE no = 1 AND size = ?"
_ADD_ENTRY = 'INSERT INTO entries ("index", leaf, type, recorded_at, note) VALUES (?, ?, ?, ?, ?)'
_ADD_HASH = "INSERT INTO hashes (level, position, hash) VALUES (?, ?, ?)"
_ADD_FLOW = "INSERT INTO flows (entry_no, body) VALUES (?, ?)"
_FLOWS_AT = "SELECT entry_no, body FROM flows WHERE entry_no IN ({})"
_ADD_DISCLOSURES = 'INSERT INTO disclosures ("index", body) VALUES (?, ?)'

# Read as bytes, whatever they were made since: an audit must name what is no text any more, not stumble over it.
_COLUMNS = "e.\"index\", e.leaf, e.type, e.recorded_at, CAST(e.note AS BLOB), CAST(coalesce(d.body, '') AS BLOB)"
_ENTRY = f'SELECT {_COLUMNS} FROM entries e LEFT JOIN disclosures d ON d."index" = e."index"'  # noqa: S608
_BY_INDEX = f'{_ENTRY} WHERE e."index" IN ({{}})'
_AFTER = f'{_ENTRY} WHERE e."index" > ? ORDER BY e."index" LIMIT ?'
_AFTER_OF_TYPE = f'{_ENTRY} WHERE e.type = ? AND e."index" > ? ORDER BY e."index" LIMIT ?'
_OF_TYPES = f'{_ENTRY} WHERE e."index" > ? AND e.type IN ({{}}) ORDER BY e."index"'
_DISCLOSURES_AT = 'SELECT "index", body FROM disclosures WHERE "index" IN ({})'
_NOTES = 'SELECT note FROM entries WHERE "index" >= ? AND "index" < ? ORDER BY "index"'
_LEAVES = 'SELECT leaf FROM entries WHERE "index" >= ? AND "index" < ? ORDER BY "index"'
_LEAVES_AT = 'SELECT "index", leaf FROM entries WHERE "index" IN ({})'
_HASHES = "SELECT hash FROM hashes WHERE level = ? AND position >= ? AND position < ? ORDER BY position"
# Not `WHERE (level, position) IN (VALUES …)`: SQLite walks the whole table for that.
_HASHES_AT = (
    "WITH wanted (level, position) AS (VALUES {}) SELECT h.level, h.position, h.hash"
    " FROM wanted w CROSS JOIN hashes h ON h.level = w.level AND h.position = w.position"
)

_ADD_CHECKPOINT = (
    "INSERT INTO checkpoints (size, note, at, satisfied) VALUES (?, ?, ?, ?)"
    " ON CONFLICT (size) DO UPDATE SET note = excluded.note, at = excluded.at, satisfied = excluded.satisfied"
)
_LATEST_CHECKPOINT = "SELECT size, note FROM checkpoints ORDER BY size DESC LIMIT 1"
_SHOWN_CHECKPOINT = "SELECT size, note FROM checkpoints WHERE satisfied ORDER BY size DESC LIMIT 1"
_SHOWN_WITHIN = "SELECT size, note FROM checkpoints WHERE satisfied AND size BETWEEN 1 AND ? ORDER BY size DESC LIMIT 1"
_MOST_WITNESSED = (
    "SELECT size, note FROM checkpoints WHERE size BETWEEN 1 AND ? ORDER BY length(note) DESC, size DESC LIMIT 1"
)
_NEWEST_CHECKPOINTS = "SELECT size, note FROM checkpoints ORDER BY size DESC LIMIT ?"
_SHOW = "UPDATE checkpoints SET satisfied = ? WHERE size = ?"
_SHOW_NONE = "UPDATE checkpoints SET satisfied = 0 WHERE satisfied"
_CHECKPOINT = "SELECT size, note FROM checkpoints WHERE size = ?"


# -- writing ------------------------------------------------------------------------------------------------------


def head(conn: Connection) -> Head:
    return Head(*conn.execute(_HEAD).fetchone())


def append(
    conn: Connection, entries: Sequence[Entry], nodes: Iterable[tuple[int, int, bytes]], text_hash: bytes
) -> None:
    """Adds `entries`, in order, and the tree `nodes` they complete (as merkle.new_nodes answers them, level 0 is the
    entries' own leaves and is left out). `text_hash` is of the last one's text. Conflict if the head has moved.
    """
    last = entries[-1]
    move_head(conn, entries[0].index, Head(last.index + 1, text_hash, last.recorded_at))
    put_back(conn, entries)
    add_hashes(conn, nodes)


def put_back(conn: Connection, entries: Sequence[Entry]) -> None:
    """The rows of entries behind the last one, and nothing else. By itself only a recovery does it, which replays."""
    conn.executemany(_ADD_ENTRY, [(e.index, e.leaf, e.type, e.recorded_at, e.note) for e in entries])
    conn.executemany(_ADD_DISCLOSURES, [(e.index, e.disclosures) for e in entries])


def rows(conn: Connection) -> int:
    """How many entries there are, whatever the head says: they differ only within a recovery."""
    (last,) = conn.execute('SELECT coalesce(max("index"), -1) FROM entries').fetchone()
    return int(last) + 1


def move_head(conn: Connection, size: int, to: Head) -> None:
    """Compare-and-swap: from `size`, or not at all. `append` does it; by itself only a rebuild does."""
    if conn.execute(_MOVE_HEAD, (to.size, to.text_hash, to.recorded_at, size)).rowcount != 1:
        raise Conflict("head-moved", field="head", value=size, size=head(conn).size)


def add_hashes(conn: Connection, nodes: Iterable[tuple[int, int, bytes]]) -> None:
    """Complete subtrees as merkle.new_nodes answers them. `append` does it; by itself only a rebuild does."""
    conn.executemany(_ADD_HASH, [node for node in nodes if node[0]])


# -- entries ------------------------------------------------------------------------------------------------------


def add_flows(conn: Connection, flows: Mapping[int, str]) -> None:
    """What entries moved, by entry_no, as ledger/matter/flows.py prints it."""
    conn.executemany(_ADD_FLOW, list(flows.items()))


def flows_at(conn: Connection, entry_nos: Iterable[int]) -> dict[int, str]:
    return dict(select_in(conn, _FLOWS_AT, entry_nos))


def entry(conn: Connection, index: int) -> Entry:
    found = entries_at(conn, [index])
    if not found:
        raise Unknown("entry-not-found", field="index", value=index, size=head(conn).size)
    return found[0]


def entries_at(conn: Connection, indexes: Iterable[int]) -> list[Entry]:
    """Those of `indexes` that exist, ascending."""
    return [_entry(row) for row in select_in(conn, _BY_INDEX, sorted(set(indexes)))]


def page(conn: Connection, *, after: int = -1, event_type: str | None = None, limit: int = 50) -> list[Entry]:
    """The entries behind index `after`, oldest first, of one type if asked."""
    if event_type is None:
        return [_entry(row) for row in conn.execute(_AFTER, (after, limit))]
    return [_entry(row) for row in conn.execute(_AFTER_OF_TYPE, (event_type, after, limit))]


def of_types(conn: Connection, types: Iterable[str], *, after: int = -1) -> list[Entry]:
    """All entries of some types behind index `after`, oldest first."""
    return [_entry(row) for row in select_in(conn, _OF_TYPES, list(types), (after,))]


def _entry(row: tuple[Any, ...]) -> Entry:
    index, leaf, event_type, recorded_at, note, body = row
    return Entry(index, leaf, event_type, recorded_at, note, body.decode(errors="replace"))


def disclosures_at(conn: Connection, indexes: Iterable[int]) -> dict[int, list[str]]:
    """All disclosures of the entries at `indexes`, in slot order."""
    return {index: body.split("\n") for index, body in select_in(conn, _DISCLOSURES_AT, indexes)}


def notes(conn: Connection, first: int, count: int) -> list[bytes]:
    """The bytes of `count` entries from index `first` on. Unknown if they are not all here."""
    found = [note for (note,) in conn.execute(_NOTES, (first, first + count))]
    return _all(found, count, f"entries {first} to {first + count - 1}")


# -- the tree -----------------------------------------------------------------------------------------------------


def hashes(conn: Connection) -> Read:
    """A reader of complete subtree hashes for ledger/log/merkle.py, in at most two statements for a proof.

    It remembers what it has read: a hash never changes, and the paths of many entries share most of theirs.
    """
    found: dict[tuple[int, int], bytes] = {}

    def read(wanted: Sequence[tuple[int, int]]) -> list[bytes]:
        fresh = [node for node in wanted if node not in found]
        leaves = [position for level, position in fresh if level == 0]
        found.update(((0, position), leaf) for position, leaf in select_in(conn, _LEAVES_AT, leaves))
        for part in parts(node for node in fresh if node[0]):
            statement = _HASHES_AT.format(",".join(["(?,?)"] * len(part)))
            for level, position, one in conn.execute(statement, [number for node in part for number in node]):
                found[level, position] = one
        missing = next((node for node in wanted if node not in found), None)
        if missing is not None:
            raise Unknown("hash-not-found", field="tree", value=missing, size=head(conn).size)
        return [found[node] for node in wanted]

    return read


def tile(conn: Connection, level: int, index: int, width: int = TILE_WIDTH) -> bytes:
    """The `width` hashes of a tile, one behind the other. `level` counts tiles: one is eight levels of hashes."""
    first = index * TILE_WIDTH
    if level == 0:
        rows = conn.execute(_LEAVES, (first, first + width))
    else:
        rows = conn.execute(_HASHES, (level * 8, first, first + width))
    return b"".join(_all([one for (one,) in rows], width, f"tile {level}/{index}"))


def _all(found: list[bytes], count: int, what: str) -> list[bytes]:
    if len(found) != count:
        raise Unknown("not-in-the-log-yet", field="log", value=what)
    return found


# -- checkpoints --------------------------------------------------------------------------------------------------


def save_checkpoint(conn: Connection, size: int, note: bytes, at: str, *, satisfied: bool = True) -> None:
    """A checkpoint that we signed; the same one again, when it has gathered more cosignatures.

    `satisfied`: our own trust policy accepts it, so it may be shown.
    """
    conn.execute(_ADD_CHECKPOINT, (size, note, at, satisfied))


def latest_checkpoint(conn: Connection) -> tuple[int, bytes] | None:
    """(size, note) of the largest one, witnessed or not; None before the first."""
    found: tuple[int, bytes] | None = conn.execute(_LATEST_CHECKPOINT).fetchone()
    return found


def shown_checkpoint(conn: Connection) -> tuple[int, bytes] | None:
    """(size, note) of the largest one that our own trust policy accepts: what others are shown; None before it."""
    found: tuple[int, bytes] | None = conn.execute(_SHOWN_CHECKPOINT).fetchone()
    return found


def shown_checkpoint_within(conn: Connection, up_to: int | None) -> tuple[int, bytes] | None:
    """The same, of those that cover no entry from the index `up_to` on."""
    most = head(conn).size if up_to is None else up_to
    found: tuple[int, bytes] | None = conn.execute(_SHOWN_WITHIN, (most,)).fetchone()
    return found


def most_witnessed_within(conn: Connection, up_to: int) -> tuple[int, bytes] | None:
    """Of those that cover no entry from the index `up_to` on, one with the most cosignatures; of these the largest."""
    found: tuple[int, bytes] | None = conn.execute(_MOST_WITNESSED, (up_to,)).fetchone()
    return found


def review_checkpoints(conn: Connection, accepted: Callable[[bytes], bool], *, at_most: int) -> None:
    """After the policy may have changed: what is shown is the newest that is `accepted`, of the last `at_most`."""
    shown = shown_checkpoint(conn)
    if shown is not None and not accepted(shown[1]):
        conn.execute(_SHOW_NONE)
        shown = None
    for size, note in conn.execute(_NEWEST_CHECKPOINTS, (at_most,)).fetchall():
        if shown is not None and shown[0] >= size:
            return
        if accepted(note):
            conn.execute(_SHOW, (True, size))
            return


def checkpoint(conn: Connection, size: int) -> tuple[int, bytes] | None:
    found: tuple[int, bytes] | None = conn.execute(_CHECKPOINT, (size,)).fetchone()
    return found
