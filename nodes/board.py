"""The board: what a person should know on opening the node. Arriving, on hand, leaving, and what waits for somebody.

Each part is the newest few with a sign whether there are more: counting everything would read everything.
"""

from dataclasses import dataclass
from typing import Any

from nodes import cases, orders, requests, shipping
from nodes.findings import gravest_of
from nodes.node import Node
from nodes.notices import notices
from nodes.shipping import arrivals
from nodes.store import drafts, lists, webhooks
from nodes.store.drafts import WAITING
from nodes.store.records import BatchRecord
from nodes.undelivered import NotTaken, not_taken
from nodes.verbs.books import AUTHORITY

SHOWN = 8
LOOKED_AT = 99
"""So many are counted; beyond, a board says 99+."""


@dataclass(frozen=True, slots=True)
class Part:
    """`count` is exact up to LOOKED_AT; `rows` are the first of them."""

    rows: tuple[Any, ...]
    count: int

    @property
    def told(self) -> str:
        return f"{LOOKED_AT}+" if self.count > LOOKED_AT else str(self.count)


@dataclass(frozen=True, slots=True)
class Overseen:
    """What an authority looks after: `findings` in deposited logs without an answer, the gravest first, None until they
    are worked out; `cases` and `orders` that are open; `requests` to take part, by name, for whoever may answer them;
    `troubled` organisations, as the roll has them: silent, behind with months, alarmed.
    """

    findings: Part | None
    cases: Part
    orders: Part
    requests: Part
    troubled: Part


@dataclass(frozen=True, slots=True)
class Board:
    """`arriving`, `leaving`: shipments as in the interface; `on_hand`: BatchRecord; `waiting`: other people's drafts;
    `findings`: not answered yet, None while the books are being read; `news`: what partners told of goods that are
    here; `untold`: calls to webhooks that were given up; `not_taken`: what partners have not taken yet;
    `overseen`: at an authority.
    """

    arriving: Part
    on_hand: Part
    leaving: Part
    disputed: Part
    waiting: Part
    findings: Part | None
    news: Part
    untold: int
    not_taken: list[NotTaken]
    overseen: Overseen | None


def board(node: Node, owner: str, *, supervisor: bool) -> Board:
    with node.store.read() as conn:
        arriving = arrivals(conn, lists.arrivals(conn, limit=LOOKED_AT + 1, is_open=True))
        on_hand: list[BatchRecord] = lists.batches(conn, limit=LOOKED_AT + 1, on_hand=True)
        leaving = shipping.shipments(node, conn, lists.shipments(conn, limit=LOOKED_AT + 1, is_open=True))
        untold = webhooks.given_up(conn)
        kept = drafts.listed(conn, owner, waiting=supervisor, before=lists.LATEST, limit=LOOKED_AT + 1)
    found = node.beside.ask(lambda watch, _: gravest_of(watch, LOOKED_AT + 1))
    return Board(
        _part(arriving),
        _part(on_hand),
        _part(leaving),
        _part([one for one in leaving if one["status"] in ("disputed", "declined", "overdue", "undeliverable")]),
        _part([one for one in kept if one.state == WAITING]),
        None if found is None else _part(found),
        _part([one for one in notices(node, LOOKED_AT + 1) if one["batches"] and not one["ended"]]),
        untold,
        not_taken(node),
        _overseen(node, supervisor=supervisor) if node.settings.role == AUTHORITY else None,
    )


def _overseen(node: Node, *, supervisor: bool) -> Overseen:
    last, _ = node.overlooking.look()
    return Overseen(
        None if last is None else _part([one for one in last.findings if not one.answers]),
        _part([one for one in cases.every(node) if cases.state(one, last) != cases.CLOSED]),
        _part([one for one in orders.orders(node) if not one["ended"]]),
        _part(requests.waiting(node.settings.home) if supervisor else []),
        _part([one for one in node.roll.everybody(node.policy) if one.troubled]),
    )


def _part(rows: list[Any]) -> Part:
    return Part(tuple(rows[:SHOWN]), len(rows))
