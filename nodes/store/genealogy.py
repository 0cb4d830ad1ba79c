"""Which batch was made out of which, across all logs that we know of, and how each came from one log to the next.

    save_made, save_edges, save_receipts   what an entry says, own or upstream
    trace      every ancestor or descendant of a batch, nearest first
    closure    the entries that prove a batch's history, for evidence

Walks are WITH RECURSIVE … UNION over integer keys: each batch is visited once, however many ways lead to it
(https://www.sqlite.org/lang_with.html). Ids come and go as our own log writes them. A batch that an entry names for
the first time gets its number there, so replaying entries in the same order gives the same numbers.
Does not check what entries say: whoever saves has verified them.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import count as counted_from
from typing import Any

from ledger.errors import Unknown
from ledger.matter.genealogy import Edge, Made
from nodes.store import states
from nodes.store.engine import Connection
from nodes.store.numbers import OWN, add_logs, log_numbers, numbers, places, spell
from nodes.store.sql import next_no, select_in

_TELL_OF = (
    "INSERT INTO batches (no, log_no, id, counted, packed_mg) VALUES (?, ?, ?, 0, 0)"  # basis is null: not in stock
)
_FILL_IN = (
    "UPDATE batches SET made_by = coalesce(made_by, ?), product = coalesce(product, ?), lot_no = coalesce(lot_no, ?),"
    " at = coalesce(at, ?), country = coalesce(country, ?) WHERE no = ?"
)
_IS_PERIOD = "UPDATE batches SET product = coalesce(product, 'pool') WHERE no = ?"
_ADD_EDGE = (
    "INSERT INTO edges (child_no, parent_no, entry_no, mg) VALUES (?, ?, ?, ?)"
    " ON CONFLICT (child_no, parent_no, entry_no) DO UPDATE SET mg = coalesce(mg, excluded.mg)"
)
_ADD_RECEIPT = (
    "INSERT INTO receipts (batch_no, log_no, received_by, sender_no, shipped_index) VALUES (?, ?, ?, ?, ?)"
    " ON CONFLICT (batch_no, log_no, received_by) DO NOTHING"
)
_ADD_LABEL = "INSERT INTO labels (log_no, id, entry_no, item) VALUES (?, ?, ?, ?) ON CONFLICT (log_no, id) DO NOTHING"
_LOG_OF = "SELECT log_no FROM upstream WHERE no = ?"

_WALK = """
WITH RECURSIVE seen (no) AS (
    SELECT ? UNION SELECT e.{there} FROM seen JOIN edges e ON e.{here} = seen.no LIMIT ?
)
"""
_NODES = """
SELECT b.no, l.no, l.origin, b.id, b.made_by, coalesce(u."index", n."index"), coalesce(u.type, n.type), b.product,
    b.lot_no, b.at, b.country
FROM seen CROSS JOIN batches b ON b.no = seen.no CROSS JOIN logs l ON l.no = b.log_no
    LEFT JOIN upstream u ON b.made_by < 0 AND u.no = -b.made_by
    LEFT JOIN entries n ON b.made_by >= 0 AND n."index" = b.made_by
"""
_EDGES = "SELECT e.child_no, e.parent_no, e.entry_no, e.mg FROM seen CROSS JOIN edges e ON e.{here} = seen.no"
_TAKEN = """SELECT e.child_no, sum(e.mg) FROM seen CROSS JOIN edges e ON e.child_no = seen.no
GROUP BY e.child_no HAVING count(e.mg) = count(*)"""
_ENDS = {"back": {"here": "child_no", "there": "parent_no"}, "forward": {"here": "parent_no", "there": "child_no"}}
_TRACE = {way: tuple((_WALK + what).format(**ends) for what in (_NODES, _EDGES, _TAKEN)) for way, ends in _ENDS.items()}

# A batch in the log that made it leads to its parents there; elsewhere, to itself in the log that sent it. Only one
# of the two outer joins ever matches, so they multiply nothing. A period of an own pool leads on only if asked.
_CLOSURE = """
WITH RECURSIVE walk (batch_no, log_no) AS (
    SELECT ?, ?
    UNION
    SELECT coalesce(e.parent_no, r.batch_no), coalesce(r.sender_no, w.log_no)
    FROM walk w CROSS JOIN batches b ON b.no = w.batch_no
        LEFT JOIN edges e ON b.log_no = w.log_no AND e.child_no = w.batch_no
            AND (b.product IS NULL OR b.product <> 'pool' OR b.log_no <> 0 OR ? = 1)
        LEFT JOIN receipts r ON b.log_no <> w.log_no AND r.batch_no = w.batch_no AND r.log_no = w.log_no
    WHERE e.child_no IS NOT NULL OR r.batch_no IS NOT NULL
)
SELECT m.no, m.origin, b.id, l.origin, CASE WHEN b.log_no = w.log_no THEN b.made_by ELSE r.received_by END,
    b.log_no <> w.log_no, CASE r.sender_no WHEN 0 THEN r.shipped_index ELSE -u.no END,
    CASE b.product WHEN 'pool' THEN b.no END
FROM walk w CROSS JOIN batches b ON b.no = w.batch_no CROSS JOIN logs m ON m.no = b.log_no
    CROSS JOIN logs l ON l.no = w.log_no
    LEFT JOIN receipts r ON b.log_no <> w.log_no AND r.batch_no = w.batch_no AND r.log_no = w.log_no
    LEFT JOIN upstream u ON u.log_no = r.sender_no AND u."index" = r.shipped_index
"""

# The same ways, walked forward. Goods do not come out of a period of an own pool under a name unless that is asked for.
_ONWARD = """
WITH RECURSIVE walk (batch_no, log_no) AS (
    SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]') FROM json_each(?)
    UNION
    SELECT e.child_no, w.log_no FROM walk w CROSS JOIN edges e ON e.parent_no = w.batch_no
        CROSS JOIN batches b ON b.no = e.child_no
    WHERE b.log_no = w.log_no AND (b.product IS NULL OR b.product <> 'pool' OR b.log_no <> 0 OR ? = 1)
    UNION
    SELECT r.batch_no, r.log_no FROM walk w CROSS JOIN receipts r ON r.batch_no = w.batch_no
    WHERE r.sender_no = w.log_no
)
SELECT DISTINCT w.batch_no FROM walk w WHERE w.log_no = 0
"""

_MADE_OR_GOT = """
SELECT made_by FROM batches WHERE no = ? AND log_no = ? AND made_by IS NOT NULL
UNION SELECT received_by FROM receipts WHERE batch_no = ? AND log_no = ? ORDER BY 1
"""

_GOT_BY = "SELECT DISTINCT batch_no, log_no FROM receipts WHERE sender_no = ? AND shipped_index = ?"

_CHARGES = "SELECT child_no, entry_no FROM edges WHERE child_no IN ({})"

_USES = """SELECT l.no, l.origin, b.id, e.entry_no FROM edges e JOIN batches b ON b.no = e.child_no
JOIN logs l ON l.no = b.log_no WHERE e.parent_no = ? ORDER BY b.no, e.entry_no"""

_RECEIVED_BY = "SELECT received_by FROM receipts WHERE batch_no = ? AND log_no = ? ORDER BY received_by"

_HANDOVERS = """SELECT s.origin, r.shipped_index, l.origin, r.received_by FROM receipts r
JOIN logs l ON l.no = r.log_no JOIN logs s ON s.no = r.sender_no WHERE r.batch_no = ?
ORDER BY abs(r.received_by)"""

_SENT = (
    "SELECT DISTINCT g.batch_no, s.to_name FROM going g JOIN shipments s ON s.no = g.shipment_no"
    " WHERE g.batch_no IN ({}) ORDER BY g.batch_no, s.to_name"
)


CLOSINGS = "closing"
"""States of this kind: period → the entry_no that closed it."""


@dataclass(frozen=True, slots=True)
class Node:
    """A batch on a trace. `entry_no` (with its `index` in `log`, and `event` type) made it, where that is known."""

    batch: str
    log: str
    entry_no: int | None
    index: int | None
    event: str | None
    product: str | None
    lot_no: str | None
    at: str | None
    country: str | None


@dataclass(frozen=True, slots=True)
class Link:
    """`child` was made out of `parent` by an entry; `mg` of the parent went in, where that is known."""

    child: str
    parent: str
    entry_no: int
    mg: int | None


@dataclass(frozen=True, slots=True)
class Handover:
    """`sender` shipped it by an entry of its log, `receiver` (both are logs) received it by the entry `received_by`."""

    sender: str
    shipped_index: int
    receiver: str
    received_by: int


@dataclass(frozen=True, slots=True)
class Trace:
    """`nodes` from the root outwards, `links` among them. `cut`: there is more than the limit let through.

    `taken` is what went into a batch in all, from off the trace too, for those where every such mass is known here.
    """

    nodes: tuple[Node, ...]
    links: tuple[Link, ...]
    taken: Mapping[str, int]
    cut: bool


@dataclass(frozen=True, slots=True)
class Closure:
    """What proves a batch's history: entries, each with the batches that it is needed for.

    `gaps` are (batch, log) where it is not known here how that log made the batch, or came by it. `periods` are those
    of pools that it comes to, wherever it goes on from there. `held` are all (batch, log) on the way, each a batch that
    this log made or received.
    """

    entries: Mapping[int, frozenset[str]]
    gaps: tuple[tuple[str, str], ...]
    periods: tuple[str, ...] = ()
    held: frozenset[tuple[str, str]] = frozenset()


# -- writing ------------------------------------------------------------------------------------------------------


def name_batches(conn: Connection, ids: Iterable[str]) -> dict[str, int]:
    """The numbers of all `ids`; those named for the first time are numbered in the order given."""
    wanted = list(dict.fromkeys(ids))
    known = numbers(conn, "batches", wanted)
    new = places(conn, (id_ for id_ in wanted if id_ not in known))
    if new:
        added = dict(zip(new, counted_from(next_no(conn, "batches")), strict=False))
        conn.executemany(_TELL_OF, [(no, *new[id_]) for id_, no in added.items()])
        known |= added
    return known


def save_made(conn: Connection, entry_no: int, made: Sequence[Made], country: str | None) -> None:
    """What an upstream entry says of the batches it made. Fills in what is not known yet and changes nothing else.

    Our own batches come through stock.save, which writes the same columns.
    """
    known = name_batches(conn, (one.batch for one in made))
    conn.executemany(_FILL_IN, [(entry_no, one.product, one.lot_no, one.at, country, known[one.batch]) for one in made])


def save_edges(conn: Connection, entry_no: int, edges: Sequence[Edge]) -> None:
    known = name_batches(conn, (id_ for edge in edges for id_ in (edge.child, edge.parent)))
    conn.executemany(_ADD_EDGE, [(known[edge.child], known[edge.parent], entry_no, edge.mg) for edge in edges])


def save_receipts(conn: Connection, entry_no: int, offer: Mapping[str, Any], batches: Sequence[str]) -> None:
    """That the entry `entry_no` received `batches`, which its own log did not make, by answering `offer` (its log and
    index: the shipped entry). That one need not be here yet.
    """
    known = name_batches(conn, batches)
    sender_no = add_logs(conn, [offer["log"]])[offer["log"]]
    log_no = OWN if entry_no >= 0 else conn.execute(_LOG_OF, (-entry_no,)).fetchone()[0]
    conn.executemany(_ADD_RECEIPT, [(no, log_no, entry_no, sender_no, offer["index"]) for no in known.values()])


def save_periods(conn: Connection, periods: Sequence[str]) -> None:
    """That these batches of other logs are periods of pools, which a draw tells though their making is not shown."""
    known = name_batches(conn, periods)
    conn.executemany(_IS_PERIOD, [(no,) for no in known.values()])


def save_closing(conn: Connection, entry_no: int, period: str) -> None:
    """That an entry, own or upstream, closed a pool's period."""
    states.save(conn, CLOSINGS, {period: str(entry_no)})


def save_labels(conn: Connection, entry_no: int, units: Mapping[str, int]) -> None:
    """That an upstream entry labelled these units, each with its place in that entry's list."""
    rows = [(*place, entry_no, units[id_]) for id_, place in places(conn, units).items()]
    conn.executemany(_ADD_LABEL, rows)


# -- walking ------------------------------------------------------------------------------------------------------


def trace(conn: Connection, batch: str, direction: str, limit: int) -> Trace:
    """Every batch that `batch` was made from ("back"), or that was made from it ("forward"), `batch` first.

    At most `limit` of them, the nearest. Unknown if no entry here names the batch.
    """
    start = _number(conn, batch)
    nodes_text, edges_text, taken_text = _TRACE[direction]
    # One more than asked for tells whether the limit cut anything off.
    rows = conn.execute(nodes_text, (start, limit + 1)).fetchall()
    kept, cut = rows[:limit], len(rows) > limit
    nodes = {no: Node(spell(log_no, origin, raw), origin, *rest) for no, log_no, origin, raw, *rest in kept}
    links = tuple(
        Link(nodes[child].batch, nodes[parent].batch, entry_no, mg)
        for child, parent, entry_no, mg in conn.execute(edges_text, (start, limit + 1))
        if child in nodes and parent in nodes
    )
    taken = {nodes[no].batch: mg for no, mg in conn.execute(taken_text, (start, limit + 1)) if no in nodes}
    return Trace(tuple(nodes.values()), links, taken, cut)


def closure(conn: Connection, batch: str, log: str, *, below_pools: bool = False) -> Closure:
    """The entries that show how `batch` came to be in the log `log`.

    Made there, out of what; or received there, from whom: and so on, back to where everything was registered. An
    entry's inputs are needed with it and not listed. A period of an own pool is where it ends, with the entry that
    closed it, unless `below_pools`: then every charge of the period is needed, and what lies below. Of other logs'
    pools, what they let us see.
    """
    log_no = log_numbers(conn, [log]).get(log)
    if log_no is None:
        raise Unknown("log-unknown", field="log", value=log)
    needed: dict[int, set[str]] = {}
    gaps: dict[tuple[str, str], None] = {}
    periods: dict[int, str] = {}
    rows = conn.execute(_CLOSURE, (_number(conn, batch), log_no, int(below_pools)))
    held = set()
    for maker_no, maker, raw, here, entry_no, was_sent, shipped_by, period_no in rows:
        id_ = spell(maker_no, maker, raw)
        held.add((id_, here))
        if period_no is not None:
            periods[period_no] = id_
            if maker_no == OWN and not below_pools:
                continue
        for one in (entry_no, shipped_by) if was_sent else (entry_no,):
            if one is None:
                gaps[id_, here] = None
            else:
                needed.setdefault(one, set()).add(id_)
    below = [no for no, id_ in periods.items() if below_pools or "#" in id_]
    for no, entry_no in select_in(conn, _CHARGES, below):
        needed.setdefault(entry_no, set()).add(periods[no])
    for id_, text in states.load(conn, CLOSINGS, periods.values()).items():
        needed.setdefault(int(text), set()).add(id_)
    entries = {entry_no: frozenset(ids) for entry_no, ids in needed.items()}
    return Closure(entries, tuple(gaps), tuple(periods.values()), frozenset(held))


def onward(conn: Connection, batches: Iterable[str], log: str, *, below_pools: bool = False) -> set[str]:
    """The nodes that were sent, by us, any of `batches` as `log` had them, or what was made of that.

    The reverse of `closure`: exactly those whose goods `closure` leads back to these batches in that log. Parties
    outside are not among them.
    """
    return _sent_on(conn, _held(conn, batches, log), below_pools)


def onward_of_shipment(conn: Connection, log: str, index: int, *, below_pools: bool = False) -> set[str]:
    """The nodes that were sent, by us, goods that came by a shipment of another log, or what was made of them."""
    log_no = log_numbers(conn, [log]).get(log)
    return _sent_on(conn, [list(row) for row in conn.execute(_GOT_BY, (log_no, index))], below_pools)


def _held(conn: Connection, batches: Iterable[str], log: str) -> list[list[int]]:
    log_no = log_numbers(conn, [log]).get(log)
    return [] if log_no is None else [[no, log_no] for no in numbers(conn, "batches", batches).values()]


def _sent_on(conn: Connection, held: Sequence[Sequence[int]], below_pools: bool) -> set[str]:
    reached = [no for (no,) in conn.execute(_ONWARD, (json.dumps(held), int(below_pools)))]
    return {to for _, to in select_in(conn, _SENT, reached) if to}


def made_or_got(conn: Connection, batch: str, log: str) -> list[int]:
    """The entries, as far as they are here, by which `log` made or received a batch."""
    found = _held(conn, [batch], log)
    return [no for batch_no, log_no in found for (no,) in conn.execute(_MADE_OR_GOT, (batch_no, log_no) * 2)]


def named(conn: Connection, batches: Iterable[str]) -> bool:
    """Whether any entry here names any of these batches."""
    return bool(numbers(conn, "batches", batches))


def uses(conn: Connection, batch: str) -> list[tuple[str, int]]:
    """(what was made of a batch, by which entry), in no order that means anything."""
    rows = conn.execute(_USES, (_number(conn, batch),))
    return [(spell(log_no, origin, raw), entry_no) for log_no, origin, raw, entry_no in rows]


def handovers(conn: Connection, batch: str) -> list[Handover]:
    """How it went from log to log, as receivers tell, in the order in which that was known here."""
    return [Handover(*row) for row in conn.execute(_HANDOVERS, (_number(conn, batch),))]


def received_by(conn: Connection, batch: str) -> list[int]:
    """The indexes of our own entries that received a batch of another log, ascending."""
    return [index for (index,) in conn.execute(_RECEIVED_BY, (_number(conn, batch), OWN))]


def sent(conn: Connection, batches: Iterable[str]) -> list[tuple[str, str]]:
    """(batch, to) for each of `batches` and each node that we shipped any of it to; "" for parties outside."""
    known = {no: id_ for id_, no in numbers(conn, "batches", batches).items()}
    return [(known[no], to) for no, to in select_in(conn, _SENT, known)]


def _number(conn: Connection, batch: str) -> int:
    found = numbers(conn, "batches", [batch])
    if batch not in found:
        raise Unknown("batch-unknown", field="batch", value=batch)
    return found[batch]
