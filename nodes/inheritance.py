"""What a log inherits that succeeds another: worked out by a replay of the predecessor's entries, which are held here.

The successor's own node holds them as entries of another log, all of them and whole; an authority, where they were
deposited. The same replay serves whoever seals entry 0, a rebuild, an audit, and the following of deposits.
"""

from collections.abc import Iterator

from ledger.audit import Record, Replay, authors_of, check_entries
from ledger.entries import open_event, parse_entry
from ledger.errors import Unknown
from ledger.log.checkpoints import Checkpoint
from ledger.matter.events import Event
from ledger.matter.stock import Booked
from ledger.succession import Inherited, inherited, predecessor_of
from nodes.rulesets import Rulesets
from nodes.store import upstream
from nodes.store.engine import Connection

RUN = 1000


def left_to(conn: Connection, rulesets: Rulesets, opened: Event) -> Inherited | None:
    """What the log with this entry 0 begins with; None for one that succeeds no other.

    Unknown("predecessor-incomplete") where an entry of the predecessor is not here; Unverified where they do not hold.
    """
    final = predecessor_of(opened) if opened.type == "log_opened" else None
    return None if final is None else _replayed(conn, rulesets, final)


def _replayed(conn: Connection, rulesets: Rulesets, final: Checkpoint) -> Inherited:
    def record(index: int) -> Record:
        return next(_records(conn, final.origin, index, index + 1))

    def booked(index: int) -> Booked:
        held = record(index)
        entry = parse_entry(held.raw)
        return Booked(index, entry.leaf, open_event(entry, held.disclosures, whole=True))

    first = record(0)
    origin, keys, _ = authors_of(first)
    begins = left_to(conn, rulesets, open_event(parse_entry(first.raw), first.disclosures, whole=True))
    replay = Replay(origin, rulesets.current, booked, None, lambda name: rulesets.find(conn, name), begins)
    for start in range(0, final.size, RUN):
        run = check_entries(_records(conn, origin, start, min(start + RUN, final.size)), start, origin, keys)
        for index, event in enumerate(run.events, start):
            keys = keys.after(index, event)
        replay.take(run)
    replay.finish([final])
    return inherited(origin, replay.view, replay.makeups)


def _records(conn: Connection, origin: str, start: int, end: int) -> Iterator[Record]:
    held = upstream.at(conn, [(origin, index) for index in range(start, end)])
    for index in range(start, end):
        if (origin, index) not in held:
            raise Unknown("predecessor-incomplete", field=origin, value=index)
        yield Record(held[origin, index].note, held[origin, index].disclosures)
