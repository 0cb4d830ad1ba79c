"""Succession: a new home, with new keys and a log of its own, that goes on where a lost or stolen log ended.

    succeed   from the home of the old log: its final checkpoint, everything that it knew, who may use it, what waits to
              be brought to partners; then entry 0, which embeds that checkpoint and so inherits what the old log left

The old home is not changed but for a note in it, after which it records nothing any more: it is evidence. The new home
holds the old log's entries below the final size like those of another log, whole, and all that others gave.
Entries behind the final checkpoint do not count any more, and are told: whoever made them records them again.
Does not tell anybody: the registry must (`lodetrace join`, then `lodetrace registry succeed` there).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ledger.errors import Refusal, Unavailable
from ledger.log.merkle import prove_inclusion
from ledger.log.trust import organisation
from ledger.matter.event_types import EVENT_TYPES
from nodes import config, identity
from nodes.clock import Clock, system_clock
from nodes.identity import Identity
from nodes.intake import derive_upstream
from nodes.node import SUCCEEDED, found, succeeded_by
from nodes.posix import home_lock, new_folder, write_private
from nodes.rebuild import in_order
from nodes.rekeyed import own_keys
from nodes.store import access, deliveries, log, people, rulesets, upstream, webhooks
from nodes.store.deliveries import Outgoing
from nodes.store.engine import Connection, Store
from nodes.store.records import Entry
from nodes.store.upstream import Opening, Upstream


@dataclass(frozen=True, slots=True)
class Succeeded:
    """The new node; the old log's size that counts, and how many entries behind it do not."""

    identity: Identity
    before: str
    size: int
    lost: int


def succeed(
    old: Path, home: Path, environ: Mapping[str, str], *, up_to: int | None = None, clock: Clock = system_clock
) -> Succeeded:
    """Makes `home`, which must not exist or be empty. `up_to`: the first entry of the old log that is not its own.

    Refusal where the old log was succeeded before; Unavailable where it has no checkpoint that may be shown.
    """
    with home_lock(old), new_folder(home) as draft:
        before = succeeded_by(old)
        if before is not None:
            raise Refusal("succeeded-already", field=str(old), value=before[0])
        settings, passphrase = config.load(old, environ), config.passphrase(environ)
        was = identity.log_of(old, settings.name)
        store = Store.open(settings.database)
        try:
            with store.read() as conn:
                final = log.shown_checkpoint_within(conn, up_to)
                size, first = log.head(conn).size, log.entry(conn, 0).event
                key = own_keys(conn).log_at(size if final is None else final[0])
            if final is None:
                raise Unavailable("no-checkpoint-yet", field="log", value=was)
            written = config.copy(old, draft, key)
            keys = identity.create(draft, settings.name, passphrase, mldsa=settings.mldsa, origin=_next(was))
            new = Store.create(written.database, keys.origin)
            try:
                with store.read() as conn, new.write() as to:
                    _hand_over(conn, to, was, keys.origin, final, settings.authority)
                found(written, keys, new, clock, final[1], first.scalar("log").get("recovery"))
            finally:
                new.close()
        finally:
            store.close()
        write_private(old / SUCCEEDED, f"{keys.origin} {final[0]}\n".encode())
    return Succeeded(keys, was, final[0], size - final[0])


def _next(origin: str) -> str:
    """`NAME/log2` after `NAME/log`, `NAME/log3` after that."""
    number = re.fullmatch(r"log([0-9]*)", origin.rpartition("/")[2])
    assert number is not None, "origins end so"
    return f"{organisation(origin)}/log{int(number[1] or 1) + 1}"


def _hand_over(
    conn: Connection, to: Connection, was: str, origin: str, final: tuple[int, bytes], authority: str | None
) -> None:
    """Everything that the old node knew, in the order in which it came to know it; its own entries among it."""
    size, note = final
    read = log.hashes(conn)
    name = organisation(origin)
    upstream.save_checkpoints(to, {(was, size): note})
    for step in in_order(conn):
        if isinstance(step, Opening):
            for at, held in upstream.checkpoints(conn, step.entry.log).items():
                upstream.save_checkpoints(to, {(step.entry.log, at): held})
            coming = [step.entry]
        else:
            counting = (one for one in step if one.index < size)
            coming = [_as_upstream(one, was, size, prove_inclusion(one.index, size, read)) for one in counting]
        for entry, saved in zip(coming, upstream.save(to, coming, 0), strict=True):
            if entry.type in EVENT_TYPES:
                derive_upstream(to, origin, saved.entry_no, entry.event, name)
    access.copy_tokens(conn, to)
    people.copy(conn, to)
    webhooks.copy(conn, to)
    rulesets.copy(conn, to)
    deliveries.add(to, _still_to_bring(conn, to, was, size, authority))


def _as_upstream(one: Entry, origin: str, size: int, path: list[bytes]) -> Upstream:
    opened = tuple(one.disclosures.split("\n"))
    return Upstream(origin, one.index, one.leaf, one.type, one.note, size, tuple(path), opened)


def _still_to_bring(conn: Connection, to: Connection, was: str, size: int, authority: str | None) -> list[Outgoing]:
    """What waits for partners, of entries that count; and the whole log once more to the authority."""
    held = upstream.at(to, [(was, index) for index in range(size)])
    outgoing = [
        Outgoing(one.kind, one.to, one.subject if "#" in one.subject else f"{was}#{one.subject}", no)
        for one in deliveries.waiting(conn)
        if one.kind != "deposit" and 0 <= one.entry_no < size and (no := held[was, one.entry_no].entry_no)
    ]
    if authority is not None:
        outgoing.append(Outgoing("deposit", authority, was, held[was, size - 1].entry_no))
    return outgoing
