"""Audits of whole logs: reading them from a home or from a node's interface, and checking runs on all cores.

The rules are ledger/audit.py; here is only where records come from and who works. Runs of a few thousand entries go to
processes of their own, for verifying signatures is nearly all of the work; the replay takes them in order.

Besides custody, what every batch is made of is worked out again under the reference data that its entry names, and the
books of each closed month; of a home also the tables are compared: stock, compositions and flows. Entries under
reference data that is not at hand are counted in `unchecked`, and then what rests on them is not compared.

Over 400 lines because where a log is read, and what is compared with it, is read together.
"""

import gc
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import chain
from multiprocessing import get_context
from os import cpu_count
from pathlib import Path
from typing import Any

from ledger.audit import Record, Replay, Run, authors_of, check_entries, keys_after
from ledger.entries import open_event, parse_entry
from ledger.errors import LodetraceError, Malformed, Unknown, Unverified
from ledger.keys import Keys
from ledger.log.canonical import b64
from ledger.log.checkpoints import Checkpoint, claimed, open_checkpoint
from ledger.log.notes import Verifier
from ledger.matter.events import Event
from ledger.matter.findings import Finding
from ledger.matter.flows import Flow, dump_flow
from ledger.matter.makeups import Makeup
from ledger.matter.reference import Reference
from ledger.matter.stock import Booked, Key, State
from ledger.succession import Inherited, predecessor_of
from nodes import deposits
from nodes.contents import compositions
from nodes.inheritance import left_to
from nodes.inspecting import Watch, check_books, watch_of
from nodes.peers import ApiClient
from nodes.rulesets import Rulesets
from nodes.runs import check_packed, pack, unpack
from nodes.store import log, states, stock, upstream
from nodes.store.engine import Store
from nodes.store.sql import parts

RUN = 2000
PAGE = 1000


@dataclass(frozen=True, slots=True)
class Report:
    """A log that holds, from entry 0 to `size`; `unchecked` of its entries name reference data that is not at hand."""

    origin: str
    size: int
    root: str
    checkpoints: int
    batches: int
    units: int
    unchecked: int = 0
    findings: tuple[Finding, ...] = ()


def _none(_: str) -> Reference | None:
    return None


def _not_at_hand(opened: Event) -> Inherited | None:
    """A node's interface shows its own log only, and not the one that it succeeds."""
    raise Unknown("predecessor-incomplete", field=opened.origin, value=0)


@dataclass(frozen=True, slots=True)
class Source:
    """Where a log is read: its records in order, its checkpoint notes; and for a home what its tables show.

    `read` answers one record again, for entries that correct it. `stock`, `flows` and `makeups` answer the first thing
    that the tables show otherwise than what is given, which the log implies. `grants` are quotas that the authority
    granted, each with how long the log was when that was known, and `inspections` what it inspected; `orders` likewise,
    with the time of delivery where they bind by that. `inherited` answers what the log with an entry 0 begins with,
    where it succeeds another.
    """

    records: Callable[[], Iterator[Record]]
    checkpoints: Callable[[], Sequence[bytes]]
    log_key: Verifier | None = None
    stock: Callable[[Mapping[Key, State]], Key | None] | None = None
    read: Callable[[int], Record] | None = None
    ruleset: Callable[[str], Reference | None] = _none
    flows: Callable[[int, Sequence[str | None]], int | None] | None = None
    makeups: Callable[[Mapping[str, Makeup | None]], str | None] | None = None
    grants: Callable[[], Sequence[tuple[int, Event]]] = tuple
    inherited: Callable[[Event], Inherited | None] = _not_at_hand
    orders: Callable[[], Sequence[tuple[int, Flow, str]]] = tuple
    inspections: Callable[[], Sequence[tuple[int, Event]]] = tuple


def audit(
    source: Source,
    progress: Callable[[int], None] = lambda _: None,
    *,
    reference: Reference | None = None,
) -> Report:
    """Raises Unverified("audit-broken") with the first entry that does not hold. `progress` hears how far it is.

    `reference` judges what is found, and is used where an entry names none; the shipped data where it is not given.
    """
    with _uncollected():
        return _audit(source, progress, reference or Reference.parse())


def _audit(source: Source, progress: Callable[[int], None], reference: Reference) -> Report:
    records = source.records()
    first = next(records, None)
    if first is None:
        raise Malformed("malformed", field="log", why="it has no entries")
    try:
        origin, keys, _ = authors_of(first)
        opened = open_event(parse_entry(first.raw), first.disclosures, whole=True)
    except LodetraceError as error:
        raise Unverified("audit-broken", field="entry", value=0, log="?", why=str(error)) from error
    told = _Told(source, origin, watch_of(opened, reference))
    begins = None if predecessor_of(opened) is None else source.inherited(opened)
    replay = Replay(origin, told.watch.reference, told.booked, told.hear, source.ruleset, begins)
    for run in _checked(_chunks(first, records), origin, keys):
        for index, event in enumerate(run.events, run.start):
            keys = keys.after(index, event)
        told.leaves += run.leaves
        replay.take(run)
        told.compare_flows(run.start, replay)
        progress(replay.size)
    if source.log_key is not None and source.log_key not in {keys.log_at(size) for size, _ in keys.lists}:
        raise Unverified("audit-broken", field="entry", value=0, log=origin, why="its log key is not the trusted one")
    points = [_open_point(note, keys, origin) for note in source.checkpoints()]
    root = replay.finish(points)
    shown = None if source.stock is None else source.stock(replay.view)
    if shown is not None:
        raise Unverified("stock-differs", field=shown[0], value=shown[1], log=origin)
    if source.makeups is not None and not replay.unchecked:
        batch = source.makeups(replay.kept)
        if batch is not None:
            raise Unverified("composition-differs", field="batch", value=batch, log=origin)
    kinds = [kind for kind, _ in replay.view]
    counts = (len(points), kinds.count("batch"), kinds.count("unit"))
    return Report(origin, replay.size, b64(root), *counts, replay.unchecked, tuple(told.watch.findings.values()))


class _Told:
    """What the replay says of each entry, on its way to the inspector and to the tables."""

    def __init__(self, source: Source, origin: str, watch: Watch) -> None:
        self.watch, self.leaves = watch, list[bytes]()
        self._source, self._origin = source, origin
        self._flows: list[str | None] = []
        self._grants = deque(source.grants())
        self._orders = deque(source.orders())
        self._inspections = deque(source.inspections())

    def booked(self, index: int) -> Booked:
        """An entry that another one corrects: read again, and held against what was checked."""
        if self._source.read is None or index >= len(self.leaves):
            raise Unknown("entry-not-found", field="entry", value=index, size=len(self.leaves))
        record = self._source.read(index)
        entry = parse_entry(record.raw)
        if entry.leaf != self.leaves[index]:
            raise Unverified("leaf-differs", field="entry", value=b64(entry.leaf))
        return Booked(index, entry.leaf, open_event(entry, record.disclosures, whole=True))

    def hear(self, flow: Flow) -> None:
        while self._grants and self._grants[0][0] <= flow.index:
            self.watch.inspector.granted(self._grants.popleft()[1])
        while self._orders and self._orders[0][0] <= flow.index:
            self.watch.inspector.orders.told(*self._orders.popleft()[1:])
        while self._inspections and self._inspections[0][0] <= flow.index:
            self.watch.inspected(self._inspections.popleft()[1])
        self.watch.take(flow)
        ruleset = flow.event.scalar("recorded").get("ruleset")
        if flow.event.type == "period_closed" and ruleset == self.watch.reference.ruleset:
            check_books(flow.event, self.watch)
        self._flows.append(None if flow.event.type == "registered" else dump_flow(flow))

    def compare_flows(self, start: int, replay: Replay) -> None:
        if self._source.flows is not None and not replay.unchecked:
            index = self._source.flows(start, self._flows)
            if index is not None:
                raise Unverified("flow-differs", field="entry", value=index, log=self._origin)
        self._flows = []


@contextmanager
def _uncollected() -> Iterator[None]:
    """An audit makes millions of objects and no cycle: looking for some again and again takes a third of its time.

    It lasts until what the audit holds is gone: the collector would begin with looking through all of it.
    """
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


def _open_point(note: bytes, keys: Keys, origin: str) -> Checkpoint:
    try:
        return open_checkpoint(note, keys.log_at(claimed(note).size), origin)
    except LodetraceError as error:
        raise Unverified("checkpoint-broken", field="checkpoint", log=origin, why=str(error)) from error


def _chunks(first: Record, rest: Iterator[Record]) -> Iterator[list[Record] | LodetraceError]:
    """Runs of records; at the end, what stopped their reading: whatever was read before that is checked first."""
    chunk = [first]
    try:
        for record in rest:
            if len(chunk) == RUN:
                yield chunk
                chunk = []
            chunk.append(record)
    except LodetraceError as error:
        yield chunk
        yield error
    else:
        yield chunk


def _checked(chunks: Iterator[list[Record] | LodetraceError], origin: str, keys: Keys) -> Iterator[Run]:
    """Runs in order. One chunk alone is not worth a process; a log that broke early stops the rest."""
    head, second = next(chunks), next(chunks, None)
    assert isinstance(head, list), "there is a first record"
    if not isinstance(second, list):
        yield check_entries(head, 0, origin, keys)
        if second is not None:
            raise second
        return
    start, workers = 0, cpu_count() or 1
    # spawn, not fork: a forked child would inherit sockets and locks of a process that may be serving.
    with ProcessPoolExecutor(workers, get_context("spawn"), gc.disable) as pool:
        under_way: list[Future[bytes]] = []
        stopped = None
        for chunk in chain((head, second), chunks):
            if not isinstance(chunk, list):
                stopped = chunk
                break
            under_way.append(pool.submit(check_packed, pack(chunk), start, origin, keys))
            keys = keys_after(keys, chunk, start)
            start += len(chunk)
            if len(under_way) > 2 * workers:
                yield unpack(under_way.pop(0).result())
        for one in under_way:
            yield unpack(one.result())
    if stopped is not None:
        raise stopped


# -- sources ------------------------------------------------------------------------------------------------------


def from_store(store: Store, more: Sequence[Reference] = (), authority: str | None = None) -> Source:
    """A node's own database: entries, disclosures, the leaf hashes that its tree was built from, and its tables."""
    home = _Home(store, Rulesets(Reference.parse(), more), authority)
    return Source(
        home.records,
        home.checkpoints,
        stock=home.stock,
        read=home.read,
        ruleset=home.ruleset,
        flows=home.flows,
        makeups=home.makeups,
        grants=home.grants,
        inherited=home.inherited,
        orders=home.orders,
        inspections=home.inspections,
    )


@dataclass(frozen=True, slots=True)
class _Home:
    """A node's own database, as a source."""

    store: Store
    rulesets: Rulesets
    authority: str | None

    def records(self) -> Iterator[Record]:
        after = -1
        while True:
            with self.store.read() as conn:
                page = log.page(conn, after=after, limit=PAGE)
            for entry in page:
                if entry.index != after + 1:
                    raise Unverified(
                        "audit-broken", field="entry", value=after + 1, log="?", why="the entry is missing"
                    )
                after = entry.index
                yield Record(entry.note, entry.disclosures.split("\n"), entry.leaf)
            if len(page) < PAGE:
                return

    def read(self, index: int) -> Record:
        with self.store.read() as conn:
            found = log.entry(conn, index)
        return Record(found.note, found.disclosures.split("\n"), found.leaf)

    def checkpoints(self) -> list[bytes]:
        with self.store.read() as conn:
            newest = log.latest_checkpoint(conn)
        return [] if newest is None else [newest[1]]

    def stock(self, follows: Mapping[Key, State]) -> Key | None:
        with self.store.read() as conn:
            missing = set(follows)
            for state in stock.everything(conn):
                if follows.get(state.key) != state:
                    return state.key
                missing.discard(state.key)
            return next((key for key in follows if key in missing), None) or stock.mismarked(conn)

    def ruleset(self, name: str) -> Reference | None:
        with self.store.read() as conn:
            return self.rulesets.find(conn, name)

    def flows(self, start: int, texts: Sequence[str | None]) -> int | None:
        with self.store.read() as conn:
            kept = log.flows_at(conn, range(start, start + len(texts)))
        return next((at for at, text in enumerate(texts, start) if kept.get(at) != text), None)

    def makeups(self, follows: Mapping[str, Makeup | None]) -> str | None:
        with self.store.read() as conn:
            for keys in parts(follows):
                kept = compositions(conn, self.rulesets, keys)
                differing = next((key for key in keys if follows[key] is not None and kept[key] != follows[key]), None)
                if differing is not None:
                    return str(differing)
            return next((key for key in states.every(conn, "makeup") if follows.get(key) is None), None)

    def inherited(self, opened: Event) -> Inherited | None:
        with self.store.read() as conn:
            return left_to(conn, self.rulesets, opened)

    def grants(self) -> Sequence[tuple[int, Event]]:
        with self.store.read() as conn:
            return upstream.grants(conn, self.authority)

    def orders(self) -> Sequence[tuple[int, Flow, str]]:
        with self.store.read() as conn:
            return upstream.orders(conn, self.authority)

    def inspections(self) -> Sequence[tuple[int, Event]]:
        with self.store.read() as conn:
            return upstream.inspections(conn, self.authority)


def ruleset_in_force(store: Store, more: Sequence[Reference] = ()) -> Reference:
    """The reference data under which the newest entry of a home was recorded, as far as it can be read."""
    rulesets = Rulesets(Reference.parse(), more)
    try:
        with store.read() as conn:
            newest = log.entry(conn, log.head(conn).size - 1)
            event = newest.event
            return rulesets.find(conn, event.scalar("recorded").get("ruleset")) or rulesets.current
    except LodetraceError:  # what is wrong with that entry, the audit says
        return rulesets.current


def from_deposits(store: Store, origin: str, more: Sequence[Reference] = ()) -> Source:
    """Another log as it was deposited with us: needs nobody's server. A gap in it is named as the missing entry.

    What is kept of its flows is compared, as far as it has been followed here.
    """

    def records() -> Iterator[Record]:
        index = 0
        while True:
            with store.read() as conn:
                held = upstream.at(conn, [(origin, at) for at in range(index, index + PAGE)])
                size = max(upstream.checkpoints(conn, origin), default=0)
            for at in range(index, index + PAGE):
                entry = held.get((origin, at))
                if entry is None:
                    if at < size:
                        why = "it was never deposited here"
                        raise Unverified("audit-broken", field="entry", value=at, log=origin, why=why)
                    return
                yield Record(entry.note, entry.disclosures, entry.leaf)
            index += PAGE

    def checkpoints() -> list[bytes]:
        with store.read() as conn:
            return list(upstream.checkpoints(conn, origin).values())

    def read(index: int) -> Record:
        with store.read() as conn:
            entry = upstream.at(conn, [(origin, index)])[origin, index]
        return Record(entry.note, entry.disclosures, entry.leaf)

    def flows(start: int, texts: Sequence[str | None]) -> int | None:
        with store.read() as conn:
            progress = deposits.progress(conn).get(origin)
            size = min(start + len(texts), 0 if progress is None else progress.size)
            held = upstream.at(conn, [(origin, at) for at in range(start, size)])
            kept = log.flows_at(conn, [one.entry_no for one in held.values()])
        return next((at for at in range(start, size) if kept.get(held[origin, at].entry_no) != texts[at - start]), None)

    def grants() -> Sequence[tuple[int, Event]]:
        """Our own: nobody knows here how long that log was when it heard of them."""
        with store.read() as conn:
            granted = deposits.grants(conn).values()
        return [(0, event) for event in granted if deposits.concerns(event, origin)]

    def orders() -> Sequence[tuple[int, Flow, str]]:
        with store.read() as conn:
            return [(0, *served) for served in deposits.served(conn, origin)]

    def begins(opened: Event) -> Inherited | None:
        with store.read() as conn:
            return left_to(conn, Rulesets(Reference.parse(), more), opened)

    return Source(
        records,
        checkpoints,
        read=read,
        ruleset=_known(more),
        flows=flows,
        grants=grants,
        orders=orders,
        inspections=partial(_inspections, store, origin),
        inherited=begins,
    )


def _inspections(store: Store, origin: str) -> Sequence[tuple[int, Event]]:
    with store.read() as conn:
        return [(0, event) for event in deposits.inspections(conn, origin).values()]


def _known(more: Sequence[Reference]) -> Callable[[str], Reference | None]:
    rulesets = Rulesets(Reference.parse(), more)
    return lambda name: rulesets.find(None, name)


def from_node(client: ApiClient, log_key: Verifier | None = None, more: Sequence[Reference] = ()) -> Source:
    """A node's interface, with a viewer's token: for the authority and other auditors."""

    def records() -> Iterator[Record]:
        after: int | None = -1
        while after is not None:
            page: dict[str, Any] = client.get("/api/v1/entries", after=after, limit=PAGE, raw="true").json()
            for entry in page["entries"]:
                yield Record(entry["note"].encode(), entry["disclosures"])
            after = page["after"]

    def read(index: int) -> Record:
        (entry,) = client.get("/api/v1/entries", after=index - 1, limit=1, raw="true").json()["entries"]
        return Record(entry["note"].encode(), entry["disclosures"])

    def checkpoints() -> Sequence[bytes]:
        return [client.get("/log/checkpoint", accept="text/plain").body]

    return Source(records, checkpoints, log_key, read=read, ruleset=_known(more))


def open_home(home: Path) -> Store:
    """The database of a home, running or not."""
    return Store.open(home / "node.db")
