"""Audits of whole logs: reading them from a home or from a node's interface, and checking runs on all cores.

The rules are ledger/audit.py; here is only where records come from and who works. Runs of a few thousand entries go to
processes of their own, for verifying signatures is nearly all of the work; the replay takes them in order.
"""

import gc
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from multiprocessing import get_context
from os import cpu_count
from pathlib import Path
from typing import Any

from ledger.audit import Record, Replay, Run, authors_of, check_entries
from ledger.errors import LodetraceError, Malformed, Unverified
from ledger.log.canonical import b64
from ledger.log.checkpoints import Checkpoint, open_checkpoint
from ledger.log.notes import Verifier
from ledger.matter.stock import Key, State
from nodes.peers import ApiClient
from nodes.runs import check_packed, pack, unpack
from nodes.store import log, stock, upstream
from nodes.store.engine import Store

RUN = 2000
PAGE = 1000


@dataclass(frozen=True, slots=True)
class Report:
    """A log that holds, from entry 0 to `size`."""

    origin: str
    size: int
    root: str
    checkpoints: int
    batches: int
    units: int


@dataclass(frozen=True, slots=True)
class Source:
    """Where a log is read: its records in order, its checkpoint notes, and for a home the stock that its tables show.

    `stock` answers the first thing that the tables show otherwise than the given states, which the log implies.
    """

    records: Callable[[], Iterator[Record]]
    checkpoints: Callable[[], Sequence[bytes]]
    log_key: Verifier | None = None
    stock: Callable[[Mapping[Key, State]], Key | None] | None = None


def audit(source: Source, progress: Callable[[int], None] = lambda _: None) -> Report:
    """Raises Unverified("audit-broken") with the first entry that does not hold. `progress` hears how far it is."""
    records = source.records()
    first = next(records, None)
    if first is None:
        raise Malformed("malformed", field="log", why="it has no entries")
    try:
        origin, authors, log_key = authors_of(first)
    except LodetraceError as error:
        raise Unverified("audit-broken", field="entry", value=0, log="?", why=str(error)) from error
    if source.log_key is not None and source.log_key != log_key:
        raise Unverified("audit-broken", field="entry", value=0, log=origin, why="its log key is not the trusted one")
    replay = Replay(origin)
    with _uncollected():
        for run in _checked(_chunks(first, records), origin, authors):
            replay.take(run)
            progress(replay.size)
    points = [_open_point(note, log_key, origin) for note in source.checkpoints()]
    root = replay.finish(points)
    shown = None if source.stock is None else source.stock(replay.view)
    if shown is not None:
        raise Unverified("stock-differs", field=shown[0], value=shown[1], log=origin)
    kinds = [kind for kind, _ in replay.view]
    return Report(origin, replay.size, b64(root), len(points), kinds.count("batch"), kinds.count("unit"))


@contextmanager
def _uncollected() -> Iterator[None]:
    """An audit makes millions of objects and no cycle: looking for some again and again takes a third of its time."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


def _open_point(note: bytes, log_key: Verifier, origin: str) -> Checkpoint:
    try:
        return open_checkpoint(note, log_key, origin)
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


def _checked(
    chunks: Iterator[list[Record] | LodetraceError], origin: str, authors: Sequence[Verifier]
) -> Iterator[Run]:
    """Runs in order. One chunk alone is not worth a process; a log that broke early stops the rest."""
    head, second = next(chunks), next(chunks, None)
    assert isinstance(head, list), "there is a first record"
    if not isinstance(second, list):
        yield check_entries(head, 0, origin, authors)
        if second is not None:
            raise second
        return
    start, workers, vkeys = 0, cpu_count() or 1, [author.vkey for author in authors]
    # spawn, not fork: a forked child would inherit sockets and locks of a process that may be serving.
    with ProcessPoolExecutor(workers, get_context("spawn"), gc.disable) as pool:
        under_way: list[Future[bytes]] = []
        stopped = None
        for chunk in chain((head, second), chunks):
            if not isinstance(chunk, list):
                stopped = chunk
                break
            under_way.append(pool.submit(check_packed, pack(chunk), start, origin, vkeys))
            start += len(chunk)
            if len(under_way) > 2 * workers:
                yield unpack(under_way.pop(0).result())
        for one in under_way:
            yield unpack(one.result())
    if stopped is not None:
        raise stopped


# -- sources ------------------------------------------------------------------------------------------------------


def from_store(store: Store) -> Source:
    """A node's own database: entries, disclosures, and the leaf hashes that its tree was built from."""

    def records() -> Iterator[Record]:
        after = -1
        while True:
            with store.read() as conn:
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

    def checkpoints() -> list[bytes]:
        with store.read() as conn:
            newest = log.latest_checkpoint(conn)
        return [] if newest is None else [newest[1]]

    def differs(states: Mapping[Key, State]) -> Key | None:
        with store.read() as conn:
            missing = set(states)
            for state in stock.everything(conn):
                if states.get(state.key) != state:
                    return state.key
                missing.discard(state.key)
            return next((key for key in states if key in missing), None)

    return Source(records, checkpoints, stock=differs)


def from_deposits(store: Store, origin: str) -> Source:
    """Another log as it was deposited with us: needs nobody's server. A gap in it is named as the missing entry."""

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

    return Source(records, checkpoints)


def from_node(client: ApiClient, log_key: Verifier | None = None) -> Source:
    """A node's interface, with a viewer's token: for the authority and other auditors."""

    def records() -> Iterator[Record]:
        after: int | None = -1
        while after is not None:
            page: dict[str, Any] = client.get("/api/v1/entries", after=after, limit=PAGE, raw="true").json()
            for entry in page["entries"]:
                yield Record(entry["note"].encode(), entry["disclosures"])
            after = page["after"]

    return Source(records, lambda: [client.get("/log/checkpoint", accept="text/plain").body], log_key)


def open_home(home: Path) -> Store:
    """The database of a home, running or not."""
    return Store.open(home / "node.db")
