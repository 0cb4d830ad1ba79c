"""Recovery: entries that our database has lost, put back as others hold them; or nothing at all.

    recover_home   asks everybody who remembers our log, and the authority for what was deposited; then `recover`
    recover        appends the deposited entries behind our head, replays the whole log, and holds it against everybody
                   who remembers it; all in one transaction, which is given up if anything does not hold

What is put back are our own bytes: they chain to our head, our author key signed them, and the root is the one that
our own log key signed. Nothing is invented: if anybody knows of more than was deposited, nothing changes.
What the entries owe to partners is brought again (they know a repeat); tokens, drafts, and keys of requests since the
backup are gone. The witness keys of the home are replaced: what the lost state has cosigned, nobody here knows.
"""

import asyncio
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeGuard

from ledger.audit import Record, Run, check_entries
from ledger.entries import parse_entry
from ledger.errors import LodetraceError, Malformed, Unavailable, Unverified
from ledger.keys import Keys
from ledger.log.checkpoints import Checkpoint, open_checkpoint
from ledger.log.merkle import root_at
from ledger.log.trust import organisation
from ledger.matter.events import Event
from ledger.matter.stock import Shipment
from nodes import config, downstream
from nodes.clock import stamp
from nodes.deposit_pages import Page, parse
from nodes.identity import renew_witness
from nodes.node import Node
from nodes.noticing import NOTICES
from nodes.peers import ANSWER_MAX, Peers
from nodes.posix import home_lock
from nodes.rebuild import replay
from nodes.rekeyed import own_rekeyed
from nodes.rollback import Memory, ask_witnesses, contradiction, of_highwater
from nodes.store import deliveries, log, stock, witnessed
from nodes.store.deliveries import Outgoing
from nodes.store.engine import Connection
from nodes.store.records import Entry


@dataclass(frozen=True, slots=True)
class Recovered:
    """The log had `before` entries, and has `size`. `witness`: the new vkeys, where something had been lost."""

    before: int
    size: int
    witness: tuple[str, ...] = ()


def recover_home(
    home: Path,
    environ: Mapping[str, str],
    file: Path | None = None,
    say: Callable[[LodetraceError], None] = lambda _: None,
    progress: Callable[[int], None] = lambda _: None,
) -> Recovered:
    """From `file` (as `lodetrace deposits` writes it), else from the authority. `say` hears who could not be asked."""
    with home_lock(home), _opened(home, environ) as node:
        memories, silent = asyncio.run(ask_witnesses(node.identity, node.policy, node.settings.ca_file))
        highwater = node.sequencer.highwater
        try:
            memories += of_highwater(highwater)
        except Unavailable as error:  # everybody else is asked, and then it is written anew
            silent.append(error)
        for one in silent:
            say(one)
        giver = str(file) if file else node.settings.authority
        if giver is None:
            raise Unavailable("recovery-without-authority", field=str(node.settings.home))
        with closing(_from_file(file) if file else _from_authority(node, giver)) as pages:
            done = recover(node, pages, giver, memories, progress)
        with node.store.read() as conn:
            root = root_at(done.size, log.hashes(conn))
        highwater.replace(Checkpoint(node.origin, done.size, root))
        if done.size == done.before:
            return done
        settings = node.settings
        renewed = renew_witness(home, settings.name, config.passphrase(environ), mldsa=settings.mldsa)
        return replace(done, witness=tuple(key.vkey for key in renewed))


@contextmanager
def _opened(home: Path, environ: Mapping[str, str]) -> Iterator[Node]:
    node = Node.open(home, environ)
    try:
        node.learn()
        yield node
    finally:
        node.stop()


def _from_file(file: Path) -> Generator[Page, None, None]:
    with file.open("rb") as lines:
        for line in lines:
            yield parse(line.removesuffix(b"\n"), str(file))


def _from_authority(node: Node, authority: str) -> Generator[Page, None, None]:
    """Page after page, as they are asked for."""
    with asyncio.Runner() as runner, node.store.read() as conn:
        first: int | None = log.head(conn).size
        peers = Peers(node.identity, lambda: node.policy, ca_file=node.settings.ca_file)
        try:
            while first is not None:
                path = f"/deposits/{node.settings.name}/{first}"
                page = parse(runner.run(peers.fetch(authority, path, ANSWER_MAX, signed=True)).body, authority)
                yield page
                first = page.next
        finally:
            runner.run(peers.aclose())


def recover(
    node: Node,
    pages: Iterable[Page],
    giver: str,
    memories: Sequence[Memory],
    progress: Callable[[int], None] = lambda _: None,
) -> Recovered:
    """`pages` from our size on or before it, as `giver` has them. The node must be open and not started."""
    with node.store.write() as conn:
        head = log.head(conn)
        told = list(memories)
        newest = None
        for page in pages:
            newest = _checkpoint(node, page, giver)
            told.append(Memory(newest[1], f"deposits with {giver}", f"在 {giver} 的报备"))
            _put_back(conn, node, page, giver)
        size = head.size
        if log.rows(conn) > head.size:
            replay(conn, node, progress)
            size = log.head(conn).size
            _owe(conn, node, head.size)
        _check(conn, told)
        if newest is not None and newest[1].size == size:
            log.save_checkpoint(conn, size, newest[0], stamp(node.clock()), satisfied=node.accepts(newest[0]))
        if size > head.size:
            witnessed.forget(conn)
    return Recovered(head.size, size)


def _checkpoint(node: Node, page: Page, giver: str) -> tuple[bytes, Checkpoint]:
    if page.log != node.origin:
        raise Malformed("deposits-wrong", field="deposits", value=giver, why=f"they are of {page.log}")
    return page.checkpoint, open_checkpoint(page.checkpoint, node.identity.log.verifier, node.origin)


def _put_back(conn: Connection, node: Node, page: Page, giver: str) -> None:
    """What lies behind our last row. Rows that we have are left to the replay and to the comparison of roots."""
    size = log.rows(conn)
    records = page.records[max(size - page.first, 0) :]
    if page.first > size:
        raise Malformed("deposits-wrong", field="deposits", value=giver, why=f"entry {size} is not among them")
    if not records:
        return
    run = check_entries(records, size, node.origin, _keys(conn))
    _check_chain(conn, run)
    rows = [_entry(record) for record in records]
    log.put_back(conn, rows)


def _keys(conn: Connection) -> Keys:
    """Those in force behind our last row."""
    keys = Keys.opened(log.entry(conn, 0).event)
    for entry in own_rekeyed(conn):
        keys = keys.after(entry.index, entry.event)
    return keys


def _check_chain(conn: Connection, run: Run) -> None:
    last = log.entry(conn, run.start - 1)
    before = parse_entry(last.note)
    if run.previous != before.text_hash or run.first_time < before.recorded_at:
        raise Unverified("recovery-differs", field=before.origin, value=run.start)


def _entry(record: Record) -> Entry:
    entry = parse_entry(record.raw)
    body = "\n".join(record.disclosures)
    return Entry(entry.index, entry.leaf, entry.type, entry.recorded_at, record.raw, body)


def _check(conn: Connection, memories: Sequence[Memory]) -> None:
    error = contradiction(conn, memories)
    if error is not None and error.code == "log-rolled-back":
        en, zh = error.facts["en"], error.facts["zh"]
        raise Unavailable("recovery-incomplete", field=error.field, value=error.value, en=en, zh=zh)
    if error is not None:
        raise error


# -- what the entries owe -----------------------------------------------------------------------------------------


def _owe(conn: Connection, node: Node, first: int) -> None:
    """Deliveries of the entries from `first` on, but to the authority that gave them: whether they had left, nobody
    here knows any more, and whoever has them says so again.
    """
    after = first - 1
    while page := log.page(conn, after=after):
        owed = [one for entry in page for one in _owed(conn, node, entry.index, entry.event)]
        deliveries.add(conn, [one for one in owed if one.to != node.settings.name])
        after = page[-1].index


def _owed(conn: Connection, node: Node, index: int, event: Event) -> list[Outgoing]:
    own = _promised(conn, node, index, event)
    below, told = node.settings.evidence_below_pools, [one.to for one in own]
    return own + downstream.outgoing(conn, node.origin, index, index, event, below_pools=below, but=told)


def _promised(conn: Connection, node: Node, index: int, event: Event) -> list[Outgoing]:
    """To whom the entry itself names."""
    if event.type == "shipped" and (to := event.scalar("shipment").get("to")):
        return [Outgoing("handover", to, event.ids["shipment"], index)]
    if event.type == "received" and (offer := event.scalar("offer")):
        return [Outgoing("receipt", organisation(offer["log"]), event.scalar("receipt")["shipment"], index)]
    if event.type == "acknowledged":
        key = ("shipment", event.scalar("acknowledgement")["shipment"])
        shipment = stock.load(conn, [key]).get(key)
        return [Outgoing("acknowledgement", shipment.to, shipment.id, index)] if _has_node(shipment) else []
    if event.type in NOTICES:
        names = dict.fromkeys(name for name in NOTICES[event.type](event) if name)
        return [Outgoing("notice", name, f"{node.origin}#{index}", index) for name in names]
    return []


def _has_node(shipment: object) -> TypeGuard[Shipment]:
    return isinstance(shipment, Shipment) and bool(shipment.to)
