"""Introductions: who a node is, proven from the entry 0 that it serves, under the key that the trust policy names.

The answer of `/.well-known/lodetrace.json` is believed only as far as it is proven: the policy gives the log's key,
that signs a checkpoint, under which entry 0 stands, which publishes all other keys, and the entries that replaced them.
"""

import json
from asyncio import Lock, to_thread
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic
from typing import Any

from ledger.entries import open_entry, open_event, parse_entry
from ledger.errors import Malformed, Unavailable, Unknown, Unverified
from ledger.keys import LAST, Keys, replaces_own_keys
from ledger.log.canonical import unb64
from ledger.log.checkpoints import Checkpoint
from ledger.log.merkle import check_inclusion
from ledger.log.notes import Verifier
from ledger.log.trust import Policy
from ledger.matter.events import Event
from nodes.node import Node
from nodes.peers import Peers
from nodes.store import upstream

AGAIN_SECONDS = 60.0
"""How long a node that could not say who it is, is not asked again, however often somebody claims to be it."""


@dataclass(frozen=True, slots=True)
class Introduced:
    """A node's entry 0, its keys by position, and how far its log goes as it told us."""

    opened: Event
    keys: Keys
    size: int

    def authors(self) -> tuple[Verifier, ...]:
        """Whose signature the next entry carries."""
        return self.keys.of("author", self.size)


def open_introduction(data: bytes, name: str, policy: Policy) -> Introduced:
    """The proven `log_opened` of the node `name`, and what replaced its keys since. Raises Malformed or Unverified.

    That it left out its newest keys is not seen: then what they sign does not hold, and it is not heard.
    """
    told = _parse(data, name)
    checkpoint = policy.open_checkpoint(told["checkpoint"].encode()).checkpoint
    if checkpoint.origin != policy.origin_of(name):
        raise Unverified("entry-zero-missing", field="introduction", value=name)
    opened = _proven(told, checkpoint, "log_opened")
    keys = Keys.opened(opened)
    open_entry(told["entry"].encode(), keys.of("author", 0))
    for row in told.get("rekeyed", ()):
        index, event = parse_entry(row["entry"].encode()).index, _proven(row, checkpoint, "rekeyed")
        keys = keys.after(index, event)
        open_entry(row["entry"].encode(), keys.signers_at(index))
    return Introduced(opened, keys, checkpoint.size)


def _proven(row: dict[str, Any], checkpoint: Checkpoint, event_type: str) -> Event:
    entry = parse_entry(row["entry"].encode())
    first = event_type == "log_opened"
    if (entry.origin, entry.type, entry.index == 0) != (checkpoint.origin, event_type, first):
        raise Unverified("entry-zero-missing", field="introduction", value=entry.origin)
    path = [unb64(node, field="path", size=32) for node in row["path"]]
    check_inclusion(path, entry.index, checkpoint.size, entry.leaf, checkpoint.root)
    return open_event(entry, row["disclosures"], whole=entry.index == 0)


def _parse(data: bytes, name: str) -> dict[str, Any]:
    try:
        told = json.loads(data)
        right = isinstance(told["checkpoint"], str) and all(map(_is_row, [told, *told.get("rekeyed", ())]))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Malformed("malformed", field=f"introduction of {name}", why=str(error)) from error
    if not right:
        raise Malformed("malformed", field=f"introduction of {name}", why="entry, checkpoint and proof are not there")
    return dict(told)


def _is_row(row: Any) -> bool:
    """An entry, what it discloses, and its proof."""
    lists = isinstance(row["disclosures"], list) and isinstance(row["path"], list)
    return lists and isinstance(row["entry"], str)


class Introductions:
    """Author keys of other nodes' logs, fetched once in the life of this process, or when they fit no more."""

    def __init__(self, peers: Peers, policy: Callable[[], Policy]) -> None:
        self._peers, self._policy = peers, policy
        self._introduced: dict[str, Introduced] = {}

    async def authors(self, name: str, *, again: bool = False) -> tuple[Verifier, ...]:
        """The author keys in force of a node that the policy names; asked for `again` where they may be others now."""
        origin = self._policy().origin_of(name)
        if origin not in self._policy().logs:
            raise Unknown("peer-unknown", field="to", value=name)
        if again or origin not in self._introduced:
            told = await self._peers.fetch_well_known(name)
            self._introduced[origin] = open_introduction(told, name, self._policy())
        return self._introduced[origin].authors()


class PeerKeys:
    """The keys under which nodes of our policy sign their requests: from their entry 0 and what replaced its keys, if
    that came with a message, or as they introduce themselves. Each is looked for once, or when it fits no more; whoever
    was asked is not asked again for a while.
    """

    def __init__(self, node: Node, peers: Peers) -> None:
        self._node, self._peers = node, peers
        self._found: dict[str, Verifier] = {}
        self._lists: dict[str, int] = {}  # of how many lists of keys a node that introduced itself has told
        self._asked: dict[str, float] = {}
        self._asking: dict[str, Lock] = {}

    async def of(self, name: str, *, instead_of: Verifier | None = None) -> Verifier:
        """Unknown for a node that the policy does not name, Unavailable if it cannot be asked now who it is.
        `instead_of`: the key that does not fit; it may have been replaced.
        """
        origin = self._node.policy.origin_of(name)
        if origin not in self._node.policy.logs:
            raise Unknown("peer-unknown", field="Signature", value=name)
        async with self._asking.setdefault(name, Lock()):  # the others wait for the first, and ask nobody
            if self._found.get(origin) in (None, instead_of):
                self._found[origin] = await self._look_for(name, origin, instead_of)
        key = self._found[origin]
        if self._node.membership.revoked(origin, LAST, key, "peer"):
            raise Unverified("key-revoked", field="Signature", value="now", log=origin, key=key.name)
        return key

    async def learn(self, name: str, told: bytes) -> None:
        """Takes the key of a node that introduces itself by `told`, unless we know one that replaced it."""
        origin = self._node.policy.origin_of(name)
        if origin not in self._node.policy.logs:
            raise Unknown("peer-unknown", field="Signature", value=name)
        shown = (await to_thread(open_introduction, told, name, self._node.policy)).keys
        if len(shown.lists) > self._lists.get(origin, 0) and not await to_thread(self._is_old, shown):
            self._lists[origin] = len(shown.lists)
            self._found[origin] = shown.of("peer", LAST)[0]

    def _is_old(self, shown: Keys) -> bool:
        """Has the log replaced these keys, as we know it?"""
        with self._node.store.read() as conn:
            held = self._node.keys_of(conn, shown.origin)
        return held is not None and len(held.lists) > len(shown.lists)

    async def _look_for(self, name: str, origin: str, instead_of: Verifier | None) -> Verifier:
        held = await to_thread(self._held, origin)
        if held not in (None, instead_of):
            return held
        if self._asked.get(origin, 0.0) > monotonic():
            raise Unavailable("peer-unreachable", field=name, value="its key")
        self._asked[origin] = monotonic() + AGAIN_SECONDS
        told = open_introduction(await self._peers.fetch_well_known(name), name, self._node.policy)
        return told.keys.of("peer", told.size)[0]

    def _held(self, origin: str) -> Verifier | None:
        with self._node.store.read() as conn:
            first = upstream.at(conn, [(origin, 0)]).get((origin, 0))
            later = [one for one in upstream.of_types(conn, [origin], ["rekeyed"]) if replaces_own_keys(one.event)]
        if first is None or first.event.slots.get("keys") is None:
            return None
        keys, size = Keys.opened(first.event), 1
        for one in later:
            keys, size = keys.after(one.index, one.event), one.index + 1
        return keys.of("peer", size)[0]
