"""Was our log put back to an older state, or does another copy of it write? Asks whoever remembers how long it was.

    Memory             a checkpoint of our log, and who has it: the high-water file, a witness, a partner's message
    contradiction      what memories say that the database cannot know or has otherwise; None if all of them agree
    ask_witness        the newest checkpoint of our log that a witness has cosigned
    ask_witnesses      the same of each witness of the policy

A log that goes on from an older state signs a second entry for an index that it has signed before: a fork, proven and
for ever. So a node that is contradicted reads, and records nothing (nodes/sequencer.py, `halt`).

Cannot see: entries that never left the machine in a checkpoint; a rollback of which neither the high-water file nor a
witness nor a partner was asked.
"""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ledger.errors import LodetraceError, Unavailable
from ledger.log.canonical import b64
from ledger.log.checkpoints import Checkpoint, claimed, open_checkpoint
from ledger.log.merkle import root_at
from ledger.log.trust import Policy, organisation
from nodes.highwater import Highwater
from nodes.identity import Identity
from nodes.peers import Peers
from nodes.store import log
from nodes.store.engine import Connection


@dataclass(frozen=True, slots=True)
class Memory:
    """`checkpoint` of our log, as it is known from somewhere, named in English and Chinese."""

    checkpoint: Checkpoint
    en: str
    zh: str


def of_highwater(highwater: Highwater) -> list[Memory]:
    """What the file says; nothing where there is none. Unavailable if it cannot be read."""
    found = highwater.read()
    return [] if found is None else [of_file(highwater.path, found)]


def of_file(path: Path, found: Checkpoint) -> Memory:
    return Memory(found, f"high-water file {path}", f"高水位文件 {path}")


def contradiction(conn: Connection, memories: Iterable[Memory]) -> LodetraceError | None:
    """Unavailable `log-rolled-back` (somebody knows a longer log) or `log-rewritten` (somebody knows another root)."""
    head = log.head(conn)
    read = log.hashes(conn)
    longer: list[Memory] = []
    for memory in memories:
        known = memory.checkpoint
        if known.size > head.size:
            longer.append(memory)
            continue
        root = root_at(known.size, read)
        if root != known.root:
            return Unavailable(
                "log-rewritten",
                field=known.origin,
                value=known.size,
                root=b64(root),
                known=b64(known.root),
                en=memory.en,
                zh=memory.zh,
            )
    if not longer:
        return None
    return Unavailable(
        "log-rolled-back",
        field=longer[0].checkpoint.origin,
        value=head.size,
        en="; ".join(f"{one.checkpoint.size} ({one.en})" for one in longer),
        zh="；".join(f"{one.checkpoint.size}（{one.zh}）" for one in longer),
    )


async def ask_witnesses(
    identity: Identity, policy: Policy, ca_file: Path | None
) -> tuple[list[Memory], list[LodetraceError]]:
    """(what they remember, why others could not be asked), all witnesses with an address at once."""
    addresses = policy.addresses_of(identity.origin)
    if not addresses:
        return [], []
    peers = Peers(identity, lambda: policy, ca_file=ca_file)
    try:
        found = await asyncio.gather(
            *(
                ask_witness(peers, policy, identity.origin, organisation(keys[0].name), url)
                for url, keys in addresses.items()
            )
        )
    finally:
        await peers.aclose()
    return [one for one in found if isinstance(one, Memory)], [one for one in found if isinstance(one, LodetraceError)]


async def ask_witness(peers: Peers, policy: Policy, origin: str, name: str, url: str) -> Memory | LodetraceError | None:
    """What the witness `name` remembers of our log `origin`; why it could not be asked; None if it knows of nothing.

    Our own key has signed what counts here; the witness's own signature adds nothing to it.
    """
    try:
        note = await peers.fetch_witnessed(url, origin)
        if note is None:
            return None
        key = policy.log_key(origin, claimed(note).size)
        return Memory(open_checkpoint(note, key, origin), f"witness {name}", f"见证人 {name}")
    except LodetraceError as error:
        return Unavailable("witness-silent", field=name, en=error.text(), zh=error.text("zh"))


def of_notes(identity: Identity, notes: Sequence[bytes], by: str) -> list[Memory]:
    """Checkpoints of our own log among verified ones that the node `by` sent."""
    start = f"{identity.origin}\n".encode()
    return [
        Memory(open_checkpoint(note, identity.log.verifier, identity.origin), f"a message of {by}", f"{by} 的消息")
        for note in notes
        if note.startswith(start)
    ]
