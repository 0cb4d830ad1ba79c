"""What following costs: another node's log as fast as it comes, and logs that rest."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter, process_time

from ledger.errors import LodetraceError
from ledger.log.checkpoints import MAX_CHECKPOINT
from ledger.log.trust import organisation
from nodes import config, identity
from nodes.config import Settings
from nodes.monitor import seen_path
from nodes.node import Node
from nodes.peers import Peers
from nodes.tailing import Tail

RESTING = 500
PAUSE_SECONDS = Settings.model_fields["watch_max_s"].default


@dataclass(frozen=True, slots=True)
class Following:
    """`look_cpu_seconds`: of one look at a resting log and one question to another node about it;
    `request_cpu_seconds`: of two requests alone.
    """

    entries: int
    seconds: float
    look_cpu_seconds: float
    request_cpu_seconds: float


def trust(home: Path, other: Path, port: int) -> None:
    """From now on the node at `home` trusts the log of the one at `other`, which is served at `port`."""
    key = identity.load(other, config.load(other, {}).name).log.verifier
    (home / "policy.txt").write_text(f"log {key.vkey} http://127.0.0.1:{port}\nquorum none\n")


def follow(home: Path, looks: int) -> Following:
    """The node at `home` follows the one log that it trusts to its end, and then looks at it `looks` times more."""
    node = Node.open(home, {})
    try:
        (origin,) = node.policy.logs.keys() - {node.origin}
        return asyncio.run(_follow(node, origin, looks))
    finally:
        node.store.close()


async def _follow(node: Node, origin: str, looks: int) -> Following:
    peers = Peers(node.identity, lambda: node.policy)
    tail, name = Tail(node, peers, origin), organisation(origin)
    try:
        entries, start, more = 0, perf_counter(), True
        while more:
            turn = await tail.look()
            entries, more = entries + turn.entries, turn.more
        seconds = perf_counter() - start

        async def look() -> None:
            await tail.look()
            with suppress(LodetraceError):  # it has seen nothing of its own log
                await peers.fetch(name, seen_path(origin), MAX_CHECKPOINT, signed=True)

        async def requests() -> None:
            for _ in range(2):
                await peers.fetch(name, "/healthz", MAX_CHECKPOINT)

        return Following(entries, seconds, await _cpu(look, looks), await _cpu(requests, looks))
    finally:
        await peers.aclose()


async def _cpu(work: Callable[[], Awaitable[None]], times: int) -> float:
    """Seconds of a core, each time."""
    start = process_time()
    for _ in range(times):
        await work()
    return (process_time() - start) / times
