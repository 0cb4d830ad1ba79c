"""What was brought to other nodes and not taken: by receiver, since when, why; and brought at once, where asked. And
what they refused for good.

A first attempt that is under way is not told: most are taken in a moment.
"""

from dataclasses import dataclass

from ledger.log.trust import organisation
from nodes.node import Node
from nodes.peers import is_relayed
from nodes.store import deliveries
from nodes.store.deliveries import Delivery, Late


@dataclass(frozen=True, slots=True)
class NotTaken:
    """`late` is what waits for one receiver; `at_relay`: it fetches from there, else it is brought to its address."""

    late: Late
    at_relay: bool


def not_taken(node: Node) -> list[NotTaken]:
    """By receiver."""
    urls = [(organisation(origin), url) for origin, (_, url) in node.policy.logs.items() if url]
    relayed = {name for name, url in urls if is_relayed(url.rstrip("/"), name)}
    with node.store.read() as conn:
        found = deliveries.late(conn)
    return [NotTaken(one, one.to in relayed) for one in found]


def refused(node: Node, limit: int) -> list[Delivery]:
    """What is not brought again, newest first."""
    with node.store.read() as conn:
        return deliveries.given_up(conn, limit)


def bring_now(node: Node, to: str) -> None:
    """What waits for this receiver, without the pause that it was put off by. Nothing, where nothing waits."""
    with node.store.write() as conn:
        deliveries.due_now(conn, to)
    node.announce()
