"""Following another node's log, from checkpoint to checkpoint (https://c2sp.org/tlog-tiles), with every entry checked.

    Tail(node, peers, origin).look()   one turn: the newest checkpoint, and as many entries as a turn may bring

A turn asks for the checkpoint (only if it has changed), verifies it under our policy, fetches bundles of entries, and
checks: their leaf hashes are those of the tree that the checkpoint signs, and that tree begins with the one we followed
so far, by our own stored hashes; each text is chained to the one before; each entry is signed by the keys that are the
log's authors at its index; no time goes back. What is checked is stored, so that the next turn goes on from there.
Whose keys those are, bundles do not tell, for they hold commitments only: the log's introduction does, with proof.

Where a tree does not begin with ours, the log's own tiles tell a liar from a broken server: if they prove that the new
checkpoint has another beginning than the one signed before, that is a fork, and its proof is kept.

Promises: a turn is bounded in bytes, entries and time, whatever the other side sends; nothing unchecked is stored; only
addresses that the policy names are asked. Does not see what entries commit to: that is for those it is disclosed to.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import pairwise

from ledger.entries import Entry, open_entry
from ledger.errors import LodetraceError, Malformed, Unavailable, Unverified
from ledger.forks import fork_of_checkpoints, format_fork
from ledger.keys import Keys
from ledger.log.checkpoints import MAX_CHECKPOINT, Checkpoint
from ledger.log.merkle import Read, check_consistency, prove_consistency, root_at
from ledger.log.notes import Verifier
from ledger.log.tiles import WIDTH, bundle_path, node_in, parse_bundle, tile_of, tile_path, width_at
from ledger.log.trust import organisation
from nodes import forks, gossip
from nodes.clock import stamp
from nodes.introductions import open_introduction
from nodes.node import Node
from nodes.peers import Peers
from nodes.store import followed
from nodes.store.engine import Connection
from nodes.store.followed import Followed

TURN_BYTES = 16 << 20
TURN_ENTRIES = 64 * WIDTH
TURN_SECONDS = 120.0
AT_ONCE = 4
"""Bundles that are fetched and checked side by side."""
BUNDLE_MAX = 5 << 20  # 256 entries of 16 KiB behind their lengths, and some

Take = Callable[[Connection, Sequence[Entry]], None]


@dataclass(frozen=True, slots=True)
class Turn:
    """What a turn brought. `more`: the checkpoint shown is not reached yet. `forked`: the proof of a fork was kept."""

    entries: int = 0
    more: bool = False
    forked: bool = False


class Tail:
    """One log, followed. One turn at a time."""

    def __init__(self, node: Node, peers: Peers, origin: str, take: Take | None = None) -> None:
        """`take` is handed the entries of each step, in order, in the transaction that keeps them; but for those that a
        revoked key has signed.
        """
        self.origin = origin
        self._name = organisation(origin)
        self._node, self._peers, self._take = node, peers, take
        self._prefix = f"/{origin.rpartition('/')[2]}"
        self._keys: Keys | None = None
        self._etag: str | None = None
        self._fresh_etag: str | None = None

    async def look(self) -> Turn:
        """Unavailable if the log cannot be read now; Malformed or Unverified if what it shows does not hold."""
        try:
            async with asyncio.timeout(TURN_SECONDS):
                return await self._look()
        except TimeoutError as error:
            raise Unavailable("peer-unreachable", field=self._name, value=f"{TURN_SECONDS:.0f} s") from error

    async def _look(self) -> Turn:
        one = await asyncio.to_thread(self._load) or await self._begin()
        if one.target is None:
            note = await self._newest()
            if note is None:
                return Turn()
            shown = self._opened(note)
            whole = None if one.note is None else gossip.checkpoint_of(one.note)
            if whole is not None and shown.size <= whole.size:
                return await self._not_grown(one, whole, shown, note)
            # Only now the witnesses: that a log contradicts itself, its own signature tells.
            self._node.policy.open_checkpoint(note)
            if shown.size == 0:
                return Turn()
            one = replace(one, target=note)
        try:
            return await self._catch_up(one)
        except LodetraceError:
            if await self._forked(one):
                return Turn(forked=True)
            raise

    def authors_at(self, index: int) -> tuple[Verifier, ...]:
        """Whose signatures the entry at `index` must carry, all of them, in this order."""
        assert self._keys is not None, "nothing is checked before it is known who signs"
        return self._keys.signers_at(index)

    def revoked(self, conn: Connection) -> Unverified | None:
        """The first entry that a revoked key has signed, if there is one: it is in the log's tree, and not believed.

        Told by positions alone, so it does not matter whether the registry's word came before that entry or after it.
        """
        one, keys = followed.load(conn, self.origin), self._keys or self._node.keys_of(conn, self.origin)
        if one is None or keys is None:
            return None
        found = self._node.membership.first_revoked(keys, one.size)
        if found is None:
            return None
        index, key = found
        return Unverified("key-revoked", field=self.origin, value=index, log=self.origin, key=key.name)

    # -- the checkpoint -----------------------------------------------------------------------------------------

    def _load(self) -> Followed | None:
        with self._node.store.read() as conn:
            return followed.load(conn, self.origin)

    async def _begin(self) -> Followed:
        """A log that cannot say who signs it is not followed."""
        await self._introduce()
        now = stamp(self._node.clock())

        def begin() -> Followed:
            with self._node.store.write() as conn:
                return followed.begin(conn, self.origin, now)

        return await asyncio.to_thread(begin)

    async def _introduce(self) -> Keys:
        """Who signs: from entry 0 and the entries that replaced its keys, which are open to everybody, proven under the
        policy's key.
        """
        told = await self._peers.fetch_well_known(self._name)
        self._keys = open_introduction(told, self._name, self._node.policy).keys
        return self._keys

    async def _newest(self) -> bytes | None:
        """The log's newest checkpoint; None if it is the one we saw last."""
        reply = await self._peers.fetch(self._name, f"{self._prefix}/checkpoint", MAX_CHECKPOINT, etag=self._etag)
        if reply.status != 200:
            return None
        self._etag = None  # until it is checked
        self._fresh_etag = reply.etag
        return reply.body

    def _opened(self, note: bytes) -> Checkpoint:
        return self._node.signed(self.origin, note)

    @property
    def _key(self) -> Verifier:
        if self.origin not in self._node.policy.logs:
            raise Unverified("log-untrusted", field="checkpoint", value=self.origin)
        return self._node.policy.logs[self.origin][0]

    async def _not_grown(self, one: Followed, whole: Checkpoint, shown: Checkpoint, note: bytes) -> Turn:
        """The same checkpoint, perhaps with more cosignatures; or an older one, or another one."""
        if await asyncio.to_thread(self._contradicts, one, note):
            return Turn(forked=True)
        if shown.size < whole.size:
            # Whoever asks more of witnesses than before shows less for a while. Its log is not shorter by that.
            own = (await self._peers.fetch(self._name, f"{self._prefix}/checkpoint-unwitnessed", MAX_CHECKPOINT)).body
            if await asyncio.to_thread(self._contradicts, one, own):
                return Turn(forked=True)
            length = self._opened(own).size
            if length < whole.size:
                raise Unverified("log-shrank", field=self.origin, value=length, size=whole.size)
        elif note != one.note:
            self._node.policy.open_checkpoint(note)
            await asyncio.to_thread(self._save, replace(one, note=note))
        self._etag = self._fresh_etag
        return Turn()

    def _contradicts(self, one: Followed, note: bytes) -> bool:
        """Is it of another history than the one that we follow? Then the proof is kept."""
        self._opened(note)
        with self._node.store.read() as conn:
            file = gossip.contradiction(conn, one, self._key, note)
        if file is not None:
            forks.keep(self._node, file)
        return file is not None

    def _save(self, one: Followed) -> None:
        with self._node.store.write() as conn:
            followed.save(conn, one)

    def _revoked_at(self, index: int) -> bool:
        revoked = self._node.membership.revoked
        return any(revoked(self.origin, index, key, "author") for key in self.authors_at(index))

    # -- entries ------------------------------------------------------------------------------------------------

    async def _catch_up(self, one: Followed) -> Turn:
        assert one.target is not None, "there is something to catch up with"
        if self._keys is None:
            await self._introduce()
        target = gossip.checkpoint_of(one.target)
        start, taken = one.size, 0
        while one.size < target.size and one.size - start < TURN_ENTRIES and taken < TURN_BYTES:
            first = one.size // WIDTH
            last = min(first + AT_ONCE, -(-target.size // WIDTH))
            bundles = await asyncio.gather(*(self._bundle(one, number, target.size) for number in range(first, last)))
            entries = [entry for bundle in bundles for entry in bundle]
            taken += sum(len(entry.raw) for entry in entries)
            one = await self._keep(one, target, entries)
        return Turn(one.size - start, more=one.size < target.size)

    async def _bundle(self, one: Followed, number: int, size: int) -> list[Entry]:
        """The entries of a bundle that we do not have yet, each signed by its authors."""
        width = width_at(size, 0, number)
        path = f"{self._prefix}/{bundle_path(number, width)}"
        data = (await self._peers.fetch(self._name, path, BUNDLE_MAX, signed=True)).body
        known = self._keys
        try:
            return await asyncio.to_thread(self._open_bundle, one, number, width, data)
        except Unverified as error:
            # Keys that were replaced since it told us who it is, it tells of when it is asked again.
            if error.code != "authors-differ" or await self._introduce() == known:
                raise
        return await asyncio.to_thread(self._open_bundle, one, number, width, data)

    def _open_bundle(self, one: Followed, number: int, width: int, data: bytes) -> list[Entry]:
        raws = parse_bundle(data)
        if len(raws) != width:
            raise Malformed("malformed", field=f"bundle {number} of {self.origin}", why=f"it does not hold {width}")
        entries = []
        for index, raw in enumerate(raws, number * WIDTH):
            if index < one.size:
                continue
            entry = open_entry(raw, self.authors_at(index))
            if (entry.origin, entry.index) != (self.origin, index):
                raise Unverified("entry-elsewhere", field="entry", value=f"{entry.origin} {entry.index}")
            entries.append(entry)
        return entries

    async def _keep(self, one: Followed, target: Checkpoint, entries: list[Entry]) -> Followed:
        """Checks that the entries are the tree's, and chained; keeps what they add."""
        _check_chain(one, entries)
        end = one.size + len(entries)
        grown: Followed | None = None
        remote: dict[tuple[int, int], bytes] = {}
        if end < target.size:
            needed = _asked(lambda read: prove_consistency(end, target.size, read))
            remote = await self._nodes([node for node in needed if not _within(node, end)], target.size)

        def keep() -> Followed:
            nonlocal grown
            with self._node.store.write() as conn:
                grown = followed.grow(conn, one, [entry.leaf for entry in entries])
                own = followed.nodes(conn, one.log_no)
                _check_tree(own, remote, end, target)
                grown = replace(grown, text_hash=entries[-1].text_hash, recorded_at=entries[-1].recorded_at)
                grown = self._settled(conn, grown, target)
                if self._take is not None:
                    self._take(conn, [entry for entry in entries if not self._revoked_at(entry.index)])
            return grown

        kept = await asyncio.to_thread(keep)
        if kept.target is None:
            self._etag = self._fresh_etag
            self._node.tell_heard()
        return kept

    def _settled(self, conn: Connection, grown: Followed, target: Checkpoint) -> Followed:
        """Saved as far as it is; a checkpoint that is reached is held against everything heard meanwhile."""
        if grown.size < target.size:
            followed.save(conn, grown)
            return grown
        before = 0 if grown.note is None else gossip.checkpoint_of(grown.note).size
        now = stamp(self._node.clock())
        whole = replace(grown, note=grown.target, target=None, seen_at=now)
        followed.save(conn, whole)
        for file in gossip.reached(conn, whole, before, self._key, now):
            forks.keep_in(conn, self._node, file)
        return whole

    # -- hashes of the log's own tree ---------------------------------------------------------------------------

    async def _nodes(self, nodes: Sequence[tuple[int, int]], size: int) -> dict[tuple[int, int], bytes]:
        """Complete nodes of the log's tree at `size`, from its tiles: believed only as far as a proof holds them."""
        places = {node: tile_of(*node) for node in nodes}
        tiles = {(level, position): b"" for level, position, _, _ in places.values()}
        for level, position in tiles:
            width = width_at(size, level, position)
            path = f"{self._prefix}/{tile_path(level, position, width)}"
            data = (await self._peers.fetch(self._name, path, WIDTH * 32)).body
            if len(data) != width * 32:
                raise Malformed("malformed", field=path, value=len(data), why=f"a tile of {width} hashes is asked for")
            tiles[level, position] = data
        return {node: node_in(tiles[where[:2]], *where[2:]) for node, where in places.items()}

    async def _forked(self, one: Followed) -> bool:
        """Do the log's own tiles show that it signed two histories: before and now, or while we were catching up?"""
        notes = [note for note in (one.note, one.target) if note is not None]
        with suppress(LodetraceError):
            reply = await self._peers.fetch(self._name, f"{self._prefix}/checkpoint", MAX_CHECKPOINT)
            self._opened(reply.body)
            notes.append(reply.body)
        for first, second in pairwise(notes):
            old, new = sorted((first, second), key=lambda note: gossip.checkpoint_of(note).size)
            with suppress(LodetraceError):  # its tiles do not fit its checkpoint: nothing is proven by them
                if await self._keep_fork(old, new):
                    return True
        return False

    async def _keep_fork(self, old_note: bytes, new_note: bytes) -> bool:
        old, new = gossip.checkpoint_of(old_note), gossip.checkpoint_of(new_note)
        if old.size == 0 or old == new:
            return False
        asked = _asked(lambda read: (root_at(old.size, read), prove_consistency(old.size, new.size, read)))
        remote = await self._nodes(asked, new.size)

        def read(wanted: Sequence[tuple[int, int]]) -> list[bytes]:
            return [remote[node] for node in wanted]

        prefix, path = root_at(old.size, read), prove_consistency(old.size, new.size, read)
        check_consistency(path, old.size, new.size, prefix, new.root)
        if prefix == old.root:
            return False
        file = format_fork(fork_of_checkpoints(self._key, old_note, new_note, prefix, path))
        await asyncio.to_thread(forks.keep, self._node, file)
        return True


def _check_chain(one: Followed, entries: Sequence[Entry]) -> None:
    if entries[0].previous != one.text_hash:
        raise Unverified("chain-broken", field="entry", value=entries[0].index)
    if entries[0].recorded_at < one.recorded_at:
        raise Unverified("time-went-back", field="entry", value=entries[0].recorded_at, before=one.recorded_at)
    for before, entry in pairwise(entries):
        if entry.previous != before.text_hash:
            raise Unverified("chain-broken", field="entry", value=entry.index)
        if entry.recorded_at < before.recorded_at:
            raise Unverified("time-went-back", field="entry", value=entry.recorded_at, before=before.recorded_at)


def _check_tree(own: Read, remote: dict[tuple[int, int], bytes], end: int, target: Checkpoint) -> None:
    """The tree of what we have, `end` leaves, is the beginning of the target's."""
    root = root_at(end, own)
    if end == target.size:
        if root != target.root:
            raise Unverified("root-differs", field="checkpoint", value=end, log=target.origin)
        return

    def read(wanted: Sequence[tuple[int, int]]) -> list[bytes]:
        return [remote[node] if node in remote else own([node])[0] for node in wanted]

    check_consistency(prove_consistency(end, target.size, read), end, target.size, root, target.root)


def _within(node: tuple[int, int], size: int) -> bool:
    level, index = node
    return index + 1 << level <= size


def _asked(work: Callable[[Read], object]) -> list[tuple[int, int]]:
    """The nodes that a proof would read."""
    asked: list[tuple[int, int]] = []

    def read(wanted: Sequence[tuple[int, int]]) -> list[bytes]:
        asked.extend(wanted)
        return [bytes(32)] * len(wanted)

    work(read)
    return asked
