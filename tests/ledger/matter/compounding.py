"""Stories with contents: a world whose organisations keep compositions beside custody, as whoever records does.

`Compounds.do` plans an event, fills in the provenance that follows, applies it, checks it as an audit would, and
settles it. It asserts besides, every time, that

  - `plan` reads no more than `touches` names, and changes no more, but for what the event makes,
  - every content keeps the promises of the algebra (contents.check: 0 <= lo <= mid <= hi <= total),
  - a composition is the same after it was written as a text and read again.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace

from ledger.matter.contents import check, made_ids, plan, settle, touches
from ledger.matter.events import Event
from ledger.matter.flows import Flow, Goods
from ledger.matter.makeups import Composition, Makeup, PoolContent, dump_makeup, load_makeup, pool_key
from ledger.matter.provenance import Content, take
from ledger.matter.reference import Reference
from ledger.matter.stock import Booked
from tests.ledger.matter import contents
from tests.ledger.matter.story import Node, World

REFERENCE = Reference.parse()
Amounts = dict[str, int]
"""Element → µg."""


class Seen(dict[str, Makeup | None]):
    """A view that is asked for nothing but what `touches` named."""

    def __missing__(self, key: str) -> Makeup | None:
        raise AssertionError(f"touches does not name {key}")

    def get(self, key: str, default: object = None) -> Makeup | None:  # type: ignore[override]
        return self[key]


class Looking:
    """Back on the log of one organisation."""

    def __init__(self, world: "Compounds", node: Node) -> None:
        self._world, self._node = world, node

    def makeup(self, key: str) -> Makeup | None:
        return self._world.view(self._node).get(key)

    def event(self, index: int) -> Event:
        return self._node.booked(index).event

    def reference(self, _: Event) -> Reference:
        return REFERENCE


class Compounds:
    def __init__(self) -> None:
        self.world = World()
        self.makeups: dict[str, dict[str, Makeup | None]] = {}
        self.flows: dict[str, list[Flow | None]] = {}
        """By log and then by index, None where an event moves no element."""

    def __getitem__(self, name: str) -> Node:
        return self.world[name]

    def view(self, node: Node) -> dict[str, Makeup | None]:
        return self.makeups.setdefault(node.name, {})

    def planned(self, event: Event) -> Event:
        """The event with the provenance that follows, as it comes back out of its JSON."""
        node = self.world[event.name.removesuffix(".example")]
        found = plan(self.seen(node, event), event, REFERENCE, self.booked(node, event), Looking(self, node))
        slots = {} if found is None else json.loads(json.dumps(found.slots))
        return replace(event, slots={**event.slots, **slots})

    def seen(self, node: Node, event: Event) -> Seen:
        return Seen({key: self.view(node).get(key) for key in touches(event, self.booked(node, event))})

    def booked(self, node: Node, event: Event) -> list[Booked]:
        return [node.booked(event.scalar("reversal")["index"])] if event.type == "reversed" else []

    def do(self, event: Event) -> Event:
        node = self.world[event.name.removesuffix(".example")]
        event, booked = self.planned(event), self.booked(node, event)
        self.world.do(event)
        found = plan(self.seen(node, event), event, REFERENCE, booked, Looking(self, node))
        flow = None
        if found is not None:
            check(found, event)
            changes, flow = settle(found, event, node.index(event))
            own = {*touches(event, booked), *made_ids(event)}
            assert event.type in ("adjusted", "assayed", "assay_agreed") or changes.keys() <= own
            for makeup in filter(None, changes.values()):
                assert load_makeup(dump_makeup(makeup)) == makeup
                for content in (makeup.now, makeup.went_in) if isinstance(makeup, PoolContent) else (makeup.content,):
                    contents.check(content)
            self.view(node).update(changes)
        self.flows.setdefault(node.name, []).append(flow)
        return event

    # -- looking --------------------------------------------------------------------------------------------------

    def of(self, node: Node, name: str) -> Composition:
        found = self.view(node)[node.id(name)]
        assert isinstance(found, Composition)
        return found

    def pool(self, node: Node, code: str) -> Content:
        found = self.view(node)[pool_key(code)]
        assert isinstance(found, PoolContent)
        return found.now

    def flow(self, node: Node, at: int = -1) -> Flow:
        found = self.flows[node.name][at]
        assert found is not None
        return found

    def here(self, node: Node, name: str) -> Content:
        """What is here of a batch."""
        return left(self.of(node, name).content)

    def all_here(self, node: Node) -> Iterator[Content]:
        for makeup in self.view(node).values():
            if isinstance(makeup, PoolContent):
                yield makeup.now
            elif makeup is not None:
                yield left(makeup.content)

    def check_custody(self, node: Node) -> None:
        """What is here of each batch weighs as much in its composition as in custody."""
        for key, makeup in self.view(node).items():
            if isinstance(makeup, Composition):
                batch = node.batch(key)
                assert left(makeup.content).mg == batch.mg, batch


def left(content: Content) -> Content:
    return take(content, content.mg - content.taken_mg)[0]


def ug(content: Content) -> Amounts:
    return {element: share.ug for element, share in content.elements.items()}


def summed(*amounts: Mapping[str, int]) -> Amounts:
    found: Amounts = {}
    for one in amounts:
        for element, more in one.items():
            found[element] = found.get(element, 0) + more
    return {element: amount for element, amount in found.items() if amount}


def of_goods(*goods: Goods) -> Amounts:
    return summed(*({element: amount for element, (amount, _) in one.elements.items()} for one in goods))


def minus(one: Mapping[str, int], other: Mapping[str, int]) -> Amounts:
    return summed(one, {element: -amount for element, amount in other.items()})
