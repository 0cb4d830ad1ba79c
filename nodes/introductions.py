"""Introductions: who a node is, proven from the entry 0 that it serves, under the key that the trust policy names.

The answer of `/.well-known/lodetrace.json` is believed only as far as it is proven: the policy gives the log's key,
that signs a checkpoint, under which entry 0 stands, which publishes all other keys.
"""

import json
from collections.abc import Callable
from typing import Any

from ledger.entries import open_entry, open_event, parse_entry
from ledger.errors import Malformed, Unknown, Unverified
from ledger.keys import keys_of
from ledger.log.canonical import unb64
from ledger.log.merkle import check_inclusion
from ledger.log.notes import Verifier
from ledger.log.trust import Policy
from ledger.matter.events import Event
from nodes.peers import Peers


def open_introduction(data: bytes, name: str, policy: Policy) -> Event:
    """The proven `log_opened` of the node `name`. Raises Malformed or Unverified."""
    told = _parse(data, name)
    checkpoint = policy.open_checkpoint(told["checkpoint"].encode()).checkpoint
    entry = parse_entry(told["entry"].encode())
    if (entry.origin, entry.index, entry.type) != (f"{name}/log", 0, "log_opened") or checkpoint.origin != entry.origin:
        raise Unverified("entry-zero-missing", field="introduction", value=name)
    path = [unb64(node, field="path", size=32) for node in told["path"]]
    check_inclusion(path, 0, checkpoint.size, entry.leaf, checkpoint.root)
    opened = open_event(entry, told["disclosures"], whole=True)
    open_entry(entry.raw, keys_of(opened, "author"))
    return opened


def _parse(data: bytes, name: str) -> dict[str, Any]:
    try:
        told = json.loads(data)
        right = isinstance(told["checkpoint"], str) and isinstance(told["entry"], str)
        right = right and isinstance(told["disclosures"], list) and isinstance(told["path"], list)
    except (ValueError, KeyError, TypeError) as error:
        raise Malformed("malformed", field=f"introduction of {name}", why=str(error)) from error
    if not right:
        raise Malformed("malformed", field=f"introduction of {name}", why="entry, checkpoint and proof are not there")
    return dict(told)


class Introductions:
    """Author keys of other nodes, fetched once in the life of this process."""

    def __init__(self, peers: Peers, policy: Callable[[], Policy]) -> None:
        self._peers, self._policy = peers, policy
        self._opened: dict[str, Event] = {}

    async def authors(self, name: str) -> tuple[Verifier, ...]:
        """The author keys of a node that the policy names."""
        if f"{name}/log" not in self._policy().logs:
            raise Unknown("peer-unknown", field="to", value=name)
        if name not in self._opened:
            self._opened[name] = open_introduction(await self._peers.fetch_well_known(name), name, self._policy())
        return keys_of(self._opened[name], "author")
