"""Random attempts of four organisations, drawn from a seed: how one is drawn, tried, and held against the books."""

from collections import Counter
from collections.abc import Mapping, Sequence
from copy import deepcopy
from random import Random
from typing import TypeVar

from ledger.errors import Refusal
from ledger.matter.events import Event
from ledger.matter.stock import Batch, Holding, Unit
from tests.ledger.matter.books import Books, absolute
from tests.ledger.matter.lockbooks import LockBooks
from tests.ledger.matter.story import SITE, Node, Row, World, part

NAMES = ("mine", "smelter", "magnets", "motors")
SITES = (SITE, "yard")

T = TypeVar("T")


class Attempts:
    """`tried` counts what was allowed and what was refused, by event type and code."""

    def __init__(self, seed: int) -> None:
        self.dice = Random(seed)
        self.world, self.books, self.locks = World(), Books(), LockBooks()
        self.offers: list[Event] = []
        self.creating: list[Event] = []
        self.tried: Counter[tuple[str, str]] = Counter()
        self.order: list[tuple[Node, int, Mapping[str, Unit]]] = []
        """What was recorded, one after the other: by whom, as which entry of his log, and the units as they were."""
        for name in NAMES:
            assert self.world[name].name == f"{name}.example"

    # -- trying -----------------------------------------------------------------------------------------------

    def attempt(self, event: Event, *refusals: str, perhaps: Sequence[str] = ()) -> bool:
        """`refusals`: the codes one of which must be met, or one that tells of a lock.

        None: it must be allowed, or met by one of `perhaps`.
        """
        node = self.world[event.name.removesuffix(".example")]
        refusals = (*refusals, *self.locks.forbidden(event, node.view, node.log))
        states = dict(node.view)
        before = {absolute(s.id, node.origin): s for s in node.view.values() if isinstance(s, Unit)}
        views = deepcopy(node.view) if refusals or perhaps else {}
        try:
            self.world.do(event)
        except Refusal as refusal:
            met = refusal
        else:
            assert not refusals, f"{event.type} should have been refused as {refusals}"
            self.tried[event.type, "allowed"] += 1
            self.order.append((node, len(node.log), before))
            self.books.record(event, before)
            self.books.check(self.world)
            self.books.check_owners(event, states, node)
            self.locks.record(event, states)
            self.locks.check(event, states, node)
            if event.ids:
                self.creating.append(event)
            return True
        codes = (*refusals, *perhaps)
        assert met.code in codes, f"{event.type} met {met.code}, not one of {codes}: {met}"
        assert node.view == views
        self.tried[event.type, met.code] += 1
        return False

    # -- drawing ----------------------------------------------------------------------------------------------

    def one(self, things: Sequence[T]) -> T:
        return self.dice.choice(things)

    def some(self, things: Sequence[T], most: int) -> list[T]:
        return self.dice.sample(things, self.dice.randint(1, min(most, len(things))))

    def whole(self, low: int, high: int) -> int:
        """The ends more often than the middle."""
        return self.dice.choice((low, high, self.dice.randint(low, high), self.dice.randint(low, high)))

    def name(self, letter: str) -> str:
        return f"{letter}{self.world.counter}"

    def name_of(self, id_: str, origin: str) -> str:
        wanted = absolute(id_, origin)
        return next(name for name, known in self.world.names.items() if known == wanted)

    def node(self) -> Node:
        return self.world[self.one(NAMES)]

    def stocked(self) -> Node:
        """Somebody who has something, where anybody has."""
        with_stock = [
            node
            for node in self.world.nodes.values()
            if any(isinstance(state, Batch) and state.mg for state in node.view.values())
        ]
        return self.one(with_stock or [self.node()])

    def holding(self, node: Node) -> tuple[Batch, Holding] | None:
        found = [(b, held) for b in node.view.values() if isinstance(b, Batch) for held in b.loose if held.mg]
        return self.one(found) if found else None

    def tops(self, node: Node) -> list[Unit]:
        return [u for u in node.view.values() if isinstance(u, Unit) and u.state == "here" and u.inside is None]

    def whole_stack(self, node: Node, top: Unit) -> list[Unit]:
        return [top, *(deep for inner in top.contains for deep in self.whole_stack(node, self.unit(node, inner)))]

    def unit(self, node: Node, id_: str) -> Unit:
        found = node.view["unit", id_]
        assert isinstance(found, Unit)
        return found

    def line(self, node: Node) -> tuple[Row, Batch, str] | None:
        """Whole stacks of one batch, site and owner, or loose goods, or both; never more than there is."""
        tops = self.tops(node)
        if tops and self.dice.random() < 0.6:
            return self.line_of_units(node, tops)
        held = self.holding(node)
        if held is None:
            return None
        batch, here = held
        mg, pieces = self.whole(1, here.mg), self.whole(1, here.count) if here.count else None
        return part(batch.id, mg, count=pieces, site=here.site, owner=here.owner or None), batch, here.owner

    def line_of_units(self, node: Node, tops: Sequence[Unit]) -> tuple[Row, Batch, str]:
        first = self.one(tops)
        batch = node.view["batch", first.batch]
        assert isinstance(batch, Batch)
        alike = [u for u in tops if (u.batch, u.site, u.owner) == (first.batch, first.site, first.owner)]
        every = [u for top in self.some(alike, 4) for u in self.whole_stack(node, top)]
        leaves = [u for u in every if not u.contains]
        beside = batch.holding(first.site, first.owner)
        mg = self.whole(0, beside.mg) if self.dice.random() < 0.4 else 0
        pieces = sum(u.count or 0 for u in leaves) + (self.whole(0, beside.count) if mg and beside.count else 0)
        if mg and beside.count:
            pieces = max(pieces, 1)  # no pieces at all cannot be said
        row = part(
            batch.id,
            sum(u.net_mg for u in leaves) + mg,
            count=pieces or None,
            units=[u.id for u in every],
            site=first.site,
            owner=first.owner or None,
        )
        return row, batch, first.owner

    def lines(self, node: Node, most: int) -> list[tuple[Row, Batch, str]]:
        """Lines that do not compete for the same goods."""
        found: dict[tuple[str, str, str], tuple[Row, Batch, str]] = {}
        for _ in range(self.dice.randint(1, most)):
            line = self.line(node)
            if line is not None:
                found.setdefault((line[0]["batch"], line[0]["site"], line[2]), line)
        return list(found.values())
