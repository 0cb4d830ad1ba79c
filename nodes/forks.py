"""Forks found: kept as proofs, said in the journal, and what follows from them for deliveries.

keep             a proof that holds under our policy's key, kept for good; True if it is new
of_statements    the proof, from two statements that the intake met (Forked), and where they are proven
refuse_forked    nobody whose log has forked is dealt with, until an operator has acknowledged it
"""

import logging
from collections.abc import Mapping

from ledger import forks as proofs
from ledger.entries import parse_entry
from ledger.errors import Forked, Refusal, Unavailable, Unverified
from ledger.evidence import Checked, Result
from ledger.forks import Shown, check_fork, fork_of_checkpoints, fork_of_entries, format_fork, parse_fork
from ledger.log.disclosures import open_disclosure
from ledger.log.merkle import leaf_hash
from ledger.log.notes import Verifier
from ledger.log.trust import organisation
from nodes.clock import stamp
from nodes.node import Node
from nodes.store import forks, upstream
from nodes.store.engine import Connection
from nodes.store.forks import Fork

_say = logging.getLogger(__name__)


def keep(node: Node, data: bytes, known: Verifier | None = None) -> bool:
    """Keeps a fork file that proves what it says under the log's key in our policy: Unverified if it does not. `known`
    is the key of a log that the policy does not name, where the caller has it from a registry.
    """
    with node.store.write() as conn:
        fresh = keep_in(conn, node, data, known)
    if fresh:
        node.tell_heard()
    return fresh


def keep_in(conn: Connection, node: Node, data: bytes, known: Verifier | None = None) -> bool:
    """The same in a transaction of the caller's, who tells the node after it."""
    proof = parse_fork(data)
    found = check_fork(proof, node.policy)
    if not found.trusted and proof.key != known:
        raise Unverified("log-untrusted", field="fork", value=found.log)
    first, second = sorted((found.first, found.second))
    fresh = forks.save(conn, Fork(found.log, found.place, first, second, data, stamp(node.clock())))
    if fresh:
        _say.error("%s has forked (%s at %s): see lodetrace forks", found.log, found.kind, found.place)
    return fresh


def keep_forked(node: Node, fork: Forked, result: Result) -> None:
    """What the intake met. The message itself is not stored."""
    if fork.code == "log-forked" and len(fork.evidence) == 1:
        keep(node, fork.evidence[0])
        return
    told = result.logs[str(fork.field)]
    named = node.policy.logs.get(told.origin)
    key = told.keys.log_at(told.newest.size) if named is None else named[0]
    with node.store.read() as conn:
        made = of_statements(conn, fork, result, key)
    keep(node, format_fork(made), key)


def of_statements(conn: Connection, fork: Forked, result: Result, key: Verifier) -> proofs.Fork:
    """The proof: two checkpoints as they are, two entries with what proves them, in the message or in our store."""
    first, second = fork.evidence
    if fork.code == "log-forked":
        return fork_of_checkpoints(key, first, second)
    carried = {one.entry.leaf: one for one in result.entries.values()}
    told = fork.code == "shipment-forked"
    pairs = [_shown(conn, note, carried, result.evidence.checkpoints, told=told) for note in (first, second)]
    (one, one_point), (other, other_point) = pairs
    return fork_of_entries(key, (one_point, other_point), one, other)


def _shown(
    conn: Connection, note: bytes, carried: Mapping[bytes, Checked], checkpoints: tuple[bytes, ...], *, told: bool
) -> tuple[Shown, bytes]:
    """An entry as a fork shows it, and the checkpoint that it is under. `told`: with the shipment that it creates."""
    entry, brought = parse_entry(note), carried.get(leaf_hash(note))
    if brought is not None:
        path, point, opened = brought.proven.path, checkpoints[brought.proven.checkpoint], brought.disclosures
    else:
        held = upstream.at(conn, [(entry.origin, entry.index)])[entry.origin, entry.index]
        kept = upstream.checkpoint(conn, entry.origin, held.at_size)
        assert kept is not None, "an entry is kept with the checkpoint that proves it"
        path, point, opened = held.path, kept, held.disclosures
    texts = [one for one in opened if isinstance(one, str)] if told else []
    naming = tuple([text for text in texts if open_disclosure(text).path == "shipment"])
    return Shown(note, entry.index, tuple(path), naming), point


def refuse_forked(conn: Connection, origin: str) -> None:
    """Nothing is taken from an organisation whose log has forked, until an operator has seen that."""
    found = forks.unacknowledged(conn, origin)
    if found is not None:
        raise Refusal("sender-forked", field="cover.sender", value=organisation(origin), no=found.no)


def hold_back_from_forked(conn: Connection, origin: str) -> None:
    """The same, for what should go there: it waits."""
    found = forks.unacknowledged(conn, origin)
    if found is not None:
        raise Unavailable("receiver-forked", field="to", value=organisation(origin), no=found.no)
