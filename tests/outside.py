"""What may be said of nodes from outside, whatever happened to them: logs hold, and both sides of a handover agree.

Reads databases only; everything is recomputed with the ledger's own audit. `check` is run after each test of a world.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from ledger.audit import Record, Replay, Run, authors_of, check_entries, keys_after
from ledger.entries import id_in
from ledger.log.checkpoints import claimed, open_checkpoint
from ledger.log.merkle import Tree
from ledger.matter.events import Event
from ledger.matter.handovers import check_offer, check_receipt
from ledger.matter.stock import Arrival, Booked, Shipment, Unit
from nodes.node import Node
from nodes.rebuild import rebuild
from nodes.store import deliveries, inbox, lists, log, stock, upstream
from nodes.store import forks as forks_kept
from nodes.store.engine import Connection, Store
from nodes.store.rebuild import snapshot

PAGE = 500


@dataclass(frozen=True)
class Audited:
    """A log that holds: its events in order, their leaves, and the states that custody leaves behind."""

    origin: str
    run: Run
    replay: Replay
    deliveries: dict[str, int]
    """How many are waiting, sent, refused."""
    told: dict[str, list[tuple[str, int, bytes]]]
    """Shipment → the receipts (log, index, leaf) that this node was told of."""
    offered: frozenset[str]
    """Shipments that this node was offered."""

    @property
    def events(self) -> tuple[Event, ...]:
        return self.run.events

    @property
    def name(self) -> str:
        return self.origin.rpartition("/")[0]


def audit(store: Store) -> Audited:
    """Replays a log from its bytes. The tables must say what the replay says, and no checkpoint more than is there."""
    with store.read() as conn:
        stored = _entries(conn)
        records = [Record(one.note, one.disclosures.split("\n"), one.leaf) for one in stored]
        assert records, "a log begins with entry 0"
        origin, authors, _ = authors_of(records[0])
        run = check_entries(records, 0, origin, authors)
        told = dict(enumerate(zip(run.leaves, run.events, strict=True)))
        replay = Replay(origin, read=lambda index: Booked(index, *told[index]))
        replay.take(run)
        notes = [note for (note,) in conn.execute("SELECT note FROM checkpoints ORDER BY size")]
        keys = keys_after(authors, records, 0)
        points = [open_checkpoint(note, keys.log_at(claimed(note).size), origin) for note in notes]
        replay.finish(points)
        assert points, "entry 0 is published"
        head = log.head(conn)
        assert (head.size, head.text_hash, head.recorded_at) == (replay.size, run.last, run.last_time)
        assert [row.index for row in stored] == list(range(head.size))
        for size in {head.size, points[-1].size}:
            read = log.hashes(conn)
            assert Tree(run.leaves).root(size) == _root(size, read), "the stored tree is the tree of the leaves"
        assert stock.load(conn, replay.view) == replay.view, "the tables hold what the log says"
        answers = {state.id: _told(conn, state.id) for state in replay.view.values() if isinstance(state, Shipment)}
        offered = frozenset(id_ for (id_,) in conn.execute("SELECT id FROM arrivals"))
        return Audited(origin, run, replay, deliveries.counts(conn), answers, offered)


def _entries(conn: Connection) -> list:
    found, after = [], -1
    while page := log.page(conn, after=after, limit=PAGE):
        found += page
        after = page[-1].index
    return found


def _root(size: int, read) -> bytes:
    from ledger.log.merkle import root_at

    return root_at(size, read)


def _told(conn: Connection, shipment: str) -> list[tuple[str, int, bytes]]:
    answers = [answer.entry_no for answer in lists.shipment(conn, shipment).answers]
    return sorted((one.log, one.index, one.leaf) for one in upstream.numbered(conn, answers).values())


def check(stores: Iterable[Store], *, settled: bool = True) -> dict[str, Audited]:
    """Audits every log, then holds what they say of one another side by side.

    `settled`: all deliveries have been brought, so each side also knows what the other has recorded.
    """
    found = {one.name: one for one in map(audit, stores)}
    for sender in found.values():
        for index, event in enumerate(sender.events):
            if event.type == "shipped":
                receiver = found.get(event.scalar("shipment").get("to") or "")
                if receiver is not None:
                    _check_shipment(sender, index, event, receiver, settled=settled)
    return found


def _check_shipment(sender: Audited, index: int, shipped: Event, receiver: Audited, *, settled: bool) -> None:
    check_offer(shipped, receiver.name)
    own = shipped.ids["shipment"]
    id_ = f"{sender.origin}#{own}"
    shipment = sender.replay.view["shipment", own]
    assert isinstance(shipment, Shipment)
    receipts = [
        (at, event)
        for at, event in enumerate(receiver.events)
        if event.type == "received" and event.scalar("receipt")["shipment"] == id_
    ]
    for _, received in receipts:
        offer = received.scalar("offer")
        assert (offer["log"], offer["index"]) == (sender.origin, index)
        check_receipt(shipped, received)
    arrival = receiver.replay.view.get(("arrival", id_))
    if isinstance(arrival, Arrival):
        assert receipts
        _check_lines(sender, index, shipment, receiver, arrival)
    for unit in (unit for line in shipment.lines for unit, _, _ in line.units):
        here = sender.replay.view["unit", unit]
        there = receiver.replay.view.get(("unit", id_in(unit, sender.origin, receiver.origin)))
        assert isinstance(here, Unit)
        stands = [one for one in (here, there) if isinstance(one, Unit) and one.state in ("here", "quarantined")]
        assert len(stands) <= 1, f"unit {unit} stands in two places"
    known = {(receiver.origin, at, receiver.run.leaves[at]) for at, _ in receipts}
    assert set(sender.told[own]) <= known, "nobody is told of a receipt that is not in its log"
    if settled and not sender.deliveries.get("refused") and not receiver.deliveries.get("refused"):
        assert id_ in receiver.offered
        assert set(sender.told[own]) == known


def _check_lines(sender: Audited, index: int, shipment: Shipment, receiver: Audited, arrival: Arrival) -> None:
    for number, got in arrival.lines.items():
        line = shipment.lines[number]
        assert id_in(line.batch, sender.origin, "") == id_in(got.batch, receiver.origin, "")
        more = [
            row["delta_mg"]
            for event in sender.events
            if event.type == "adjusted"
            for row in event.rows("shared.chain", "shared.partner")
            if (row["side"], row["index"], row["batch"]) == ("shipped", index, line.batch)
        ]
        assert (line.mg - sum(more), line.count) == (got.offered_mg, got.offered_count)
        pending = sum(net for net, _ in got.pending.values())
        assert got.accepted_mg + got.rejected_mg + got.missing_mg + pending + got.open_mg == got.offered_mg
        assert min(got.accepted_mg, got.rejected_mg, got.missing_mg, got.open_mg) >= 0


def check_rebuild(node: Node) -> None:
    """What is derived again is what was there, to the byte. `node` is open and not started."""
    before = kept(node.store)
    rebuild(node)
    assert kept(node.store) == before


# -- what is kept, to compare before and after ------------------------------------------------------------------------


def kept(store: Store) -> tuple[int, bytes]:
    """The size of the log, and every row of every derivable table."""
    with store.read() as conn:
        return log.head(conn).size, b"".join(snapshot(conn))


def everything(store: Store) -> dict[str, list[tuple]]:
    """Every row of every table, but not what a delivery or a token's use changes by itself."""
    with store.read() as conn:
        names = [name for (name,) in conn.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]
        return {
            name: sorted(conn.execute(f'SELECT * FROM "{name}"').fetchall(), key=repr)
            for name in names
            if name not in ("deliveries", "checkpoints")
        }


def waiting(store: Store, to: Iterable[str]) -> list[str]:
    """What has not been brought yet to one of the nodes `to`, and why."""
    with store.read() as conn:
        rows = conn.execute("SELECT to_name, kind, error FROM deliveries WHERE state = 'waiting'").fetchall()
    return [f"{kind} to {name}: {error}" for name, kind, error in rows if name in set(to)]


def parked(store: Store) -> int:
    with store.read() as conn:
        return inbox.parked_count(conn)


def forks(store: Store) -> list[forks_kept.Fork]:
    with store.read() as conn:
        return forks_kept.everything(conn)
