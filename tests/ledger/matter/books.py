"""Bookkeeping from outside: what must be where, summed from what events say, with none of custody's code.

`Books.record` reads an event that custody allowed. `Books.check` then holds the views of all organisations against it:

    created + gained = held by all + in transit + used up + missing        for each batch, in mass and in pieces
                                       + given up by one partner and not yet taken by the other
    (a stock-take's loss is a gain below zero; what is charged into a pool is used up, what is drawn is created)
    every unit is in one place, nothing is negative, a stack weighs what is in it
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from ledger.matter.events import Event
from ledger.matter.stock import Batch, Key, Pool, State, Unit
from tests.ledger.matter.story import Node, World

Amount = tuple[int, int]
"""Milligrams and pieces."""
Period = tuple[str, int, int, int]
"""Of a pool: its open period or "", what went in since it opened, what came out, in how many draws."""
NOTHING: Amount = (0, 0)
HERE = ("here", "quarantined")
STAYING = ("packed", "unpacked", "moved", "held", "released", "pledged", "unpledged", "recalled")


def plus(one: Amount, other: Amount) -> Amount:
    return one[0] + other[0], one[1] + other[1]


def minus(one: Amount, other: Amount) -> Amount:
    return one[0] - other[0], one[1] - other[1]


def amount(row: Mapping[str, Any], prefix: str = "") -> Amount:
    return row.get(f"{prefix}mg") or 0, row.get(f"{prefix}count") or 0


def absolute(id_: str, origin: str) -> str:
    return id_ if "#" in id_ else f"{origin}#{id_}"


class Books:
    """`place` of a unit: an organisation's name, the shipment it is in, or "gone". Ids are absolute throughout."""

    def __init__(self) -> None:
        self.created: dict[str, Amount] = defaultdict(lambda: NOTHING)
        self.gained: dict[str, Amount] = defaultdict(lambda: NOTHING)
        self.used: dict[str, Amount] = defaultdict(lambda: NOTHING)
        self.missing: dict[str, Amount] = defaultdict(lambda: NOTHING)
        self.held: dict[tuple[str, str], Amount] = defaultdict(lambda: NOTHING)
        self.transit: dict[tuple[str, int], tuple[str, Amount]] = {}
        self.waiting: dict[str, Amount] = {}
        self.place: dict[str, str] = {}
        self.between: dict[str, Amount] = defaultdict(lambda: NOTHING)
        self.pools: dict[tuple[str, str], Period] = {}
        self.logs: dict[str, list[Event]] = defaultdict(list)

    # -- reading events ---------------------------------------------------------------------------------------

    def record(self, event: Event, before: Mapping[str, Unit]) -> None:
        """`before`: the units of the event's log as they were, by absolute id (a dismantled motor states no mass)."""
        self.logs[event.origin].append(event)
        self.make(event)
        for row in event.rows("inputs.chain", "inputs.authority"):
            self.use(event, row)
            self.leave_opened(event, row, before)
        for unit in event.ids.get("units.public", ()):
            self.place[absolute(unit, event.origin)] = event.name
        if event.type == "removed":
            for row in event.rows("lines.chain", "lines.authority"):
                self.use(event, row)
        elif event.type in ("unpacked", "dismantled"):
            for row in event.rows("units.chain"):
                self.open_unit(event, row, before)
        elif event.type == "shipped":
            self.send(event)
        elif event.type == "received":
            for row in event.rows("lines.chain", "lines.partner"):
                self.receive(event, row)
        elif event.type == "acknowledged":
            self.take_back(event)
        else:
            self.record_more(event, before)

    def record_more(self, event: Event, before: Mapping[str, Unit]) -> None:
        """What scales, pools and corrections say."""
        if event.type in ("remeasured", "counted"):
            self.measure(event, before)
        elif event.type in ("charged", "drawn", "closed"):
            self.pool(event)
        elif event.type == "reversed":
            self.undo(self.logs[event.origin][event.scalar("reversal")["index"] - 1], before)
        elif event.type == "adjusted":
            self.adjust(event)

    def make(self, event: Event) -> None:
        ids = [event.ids[slot] for slot in ("batch", "assembly") if slot in event.ids]
        rows = [event.scalar("quantity")] * len(ids)
        for id_, row in zip(
            (*ids, *event.ids.get("outputs.chain", ())), (*rows, *event.rows("outputs.authority")), strict=True
        ):
            batch = absolute(id_, event.origin)
            self.created[batch] = plus(self.created[batch], amount(row))
            self.hold(event.name, batch, amount(row))

    def hold(self, name: str, batch: str, more: Amount) -> None:
        self.held[name, batch] = plus(self.held[name, batch], more)

    def use(self, event: Event, row: Mapping[str, Any]) -> None:
        batch = absolute(row["batch"], event.origin)
        self.used[batch] = plus(self.used[batch], amount(row))
        self.hold(event.name, batch, minus(NOTHING, amount(row)))
        for unit in row.get("units") or ():
            self.place[absolute(unit, event.origin)] = "gone"

    def leave_opened(self, event: Event, row: Mapping[str, Any], before: Mapping[str, Unit]) -> None:
        """A unit that held more than a sample of it stays where it is."""
        for unit in row.get("units") or ():
            id_ = absolute(unit, event.origin)
            if event.type == "sampled" and row["mg"] < before[id_].net_mg:
                self.place[id_] = event.name

    def measure(self, event: Event, before: Mapping[str, Unit]) -> None:
        """What a scale or a stock-take says that the books did not; a unit that it does not find is gone."""
        for row in event.rows("lines.chain", "lines.authority"):
            batch = absolute(row["batch"], event.origin)
            more = minus(amount(row), amount(row, "before_"))
            if event.type == "counted" and "unit" in row:
                id_ = absolute(row["unit"], event.origin)
                pieces = before[id_].count or 0
                was, now = (pieces if row["before_mg"] else 0), (pieces if row["mg"] else 0)
                more = more[0], now - was
                self.place[id_] = event.name if row["mg"] else "gone"
            self.gained[batch] = plus(self.gained[batch], more)
            self.hold(event.name, batch, more)

    def pool(self, event: Event) -> None:
        """A period opens with its first charge, or goes on from the one before; kilograms are not carried over."""
        head = next(event.scalar(slot) for slot in ("charge", "draw", "closing") if slot in event.slots)
        place = event.name, head["pool"]
        opens = event.ids.get("opens")
        period, went_in, came_out, draws = self.pools.get(place, ("", 0, 0, 0))
        if event.type == "closed" or opens is not None:
            period, went_in, came_out, draws = opens or "", 0, 0, 0
        went_in += sum(row["mg"] for row in event.rows("inputs.chain", "inputs.authority"))
        came_out += sum(row["mg"] for row in event.rows("outputs.authority"))
        self.pools[place] = period, went_in, came_out, draws + (event.type == "drawn")

    def open_unit(self, event: Event, row: Mapping[str, Any], before: Mapping[str, Unit]) -> None:
        unit = absolute(row["unit"], event.origin)
        self.place[unit] = "gone"
        if event.type == "dismantled":
            inside = (before[unit].net_mg, before[unit].count or 0)
            batch = absolute(row["batch"], event.origin)
            self.used[batch] = plus(self.used[batch], inside)
            self.hold(event.name, batch, minus(NOTHING, inside))

    def undo(self, event: Event, before: Mapping[str, Unit]) -> None:
        """What it made is gone, what it used is back: everything with the opposite sign."""
        made = Books()
        made.make(event)
        for batch, created in made.created.items():
            self.created[batch] = minus(self.created[batch], created)
            self.hold(event.name, batch, minus(NOTHING, created))
        for unit in event.ids.get("units.public", ()):
            self.place[absolute(unit, event.origin)] = "gone"
        groups = [("inputs.chain", "inputs.authority")]
        if event.type == "removed":
            groups = [("lines.chain", "lines.authority")]
        for row in (row for group in groups for row in event.rows(*group)):
            batch = absolute(row["batch"], event.origin)
            self.used[batch] = minus(self.used[batch], amount(row))
            self.hold(event.name, batch, amount(row))
            for unit in row.get("units") or ():
                self.place[absolute(unit, event.origin)] = event.name
        if event.type in ("unpacked", "dismantled"):
            opened = Books()
            for row in event.rows("units.chain"):
                opened.open_unit(event, row, before)
                self.place[absolute(row["unit"], event.origin)] = event.name
            for batch, inside in opened.used.items():
                self.used[batch] = minus(self.used[batch], inside)
                self.hold(event.name, batch, inside)

    def adjust(self, event: Event) -> None:
        """More made or received comes to stand here, more used or shipped goes."""
        for group in (("lines.chain", "lines.authority"), ("shared.chain", "shared.partner", "shared.authority")):
            for row in event.rows(*group):
                batch, more = absolute(row["batch"], event.origin), amount(row, "delta_")
                here = more if row["side"] in ("made", "received") else minus(NOTHING, more)
                self.hold(event.name, batch, here)
                if row["side"] == "made":
                    self.created[batch] = plus(self.created[batch], more)
                elif row["side"] == "used":
                    self.used[batch] = plus(self.used[batch], more)
                else:
                    self.between[batch] = minus(self.between[batch], here)

    def send(self, event: Event) -> None:
        shipment = absolute(event.ids["shipment"], event.origin)
        for number, row in enumerate(event.rows("lines.chain", "lines.partner")):
            batch = absolute(row["batch"], event.origin)
            self.transit[shipment, number] = batch, amount(row)
            self.hold(event.name, batch, minus(NOTHING, amount(row)))
            for unit in row["units"]:
                self.place[absolute(unit["unit"], event.origin)] = shipment

    def receive(self, event: Event, row: Mapping[str, Any]) -> None:
        """Told: accepted, rejected, missing. Units in quarantine are held from when they came, and told later."""
        place = event.scalar("receipt")["shipment"], row["line"]
        batch, offered = self.transit[place]
        told, gone = plus(amount(row, "accepted_"), amount(row, "rejected_")), amount(row, "missing_")
        stacks = {unit.get("inside") for unit in row["units"]}
        waited, waits = NOTHING, NOTHING
        for unit in row["units"]:
            id_ = absolute(unit["unit"], event.origin)
            if unit["state"] == "unexpected":
                continue
            waited = plus(waited, self.waiting.pop(id_, NOTHING))
            self.place[id_] = "gone" if unit["state"] == "missing" else event.name
            if unit["state"] == "quarantined" and unit["unit"] not in stacks:
                self.waiting[id_] = unit["net_mg"], unit.get("count") or 0
                waits = plus(waits, self.waiting[id_])
        for outer in self.broken(row["units"]):
            self.place[absolute(outer, event.origin)] = "gone"
        arrived = minus(plus(told, waits), waited)
        self.transit[place] = batch, minus(minus(offered, arrived), gone)
        self.missing[batch] = plus(self.missing[batch], gone)
        self.gained[batch] = plus(self.gained[batch], (row["difference_mg"], 0))
        self.hold(event.name, batch, plus(arrived, (row["difference_mg"], 0)))

    def broken(self, units: Iterable[Mapping[str, Any]]) -> set[str]:
        """Stacks that come apart: named with parts of another fate, or not named when a part of them is."""
        words = {"concession": "accepted", "damaged": "rejected"}
        fate = {unit["unit"]: words.get(unit["state"], unit["state"]) for unit in units}
        inside = {unit["unit"]: unit.get("inside") for unit in units}
        found = set()
        for unit, told in fate.items():
            outer = inside[unit]
            while outer in fate:
                if fate[outer] != told:
                    found.add(outer)
                outer = inside[outer]
            if outer is not None:
                found.add(outer)
        return found

    def take_back(self, event: Event) -> None:
        shipment = absolute(event.scalar("acknowledgement")["shipment"], event.origin)
        for row in event.rows("lines.partner"):
            batch, out = self.transit[shipment, row["line"]]
            self.transit[shipment, row["line"]] = batch, minus(out, amount(row))
            self.hold(event.name, batch, amount(row))
            for unit in row.get("units") or ():
                self.place[absolute(unit, event.origin)] = event.name

    # -- holding the views against it ---------------------------------------------------------------------------

    def check(self, world: World) -> None:
        seen: dict[tuple[str, str], Amount] = defaultdict(lambda: NOTHING)
        stands: dict[str, list[str]] = defaultdict(list)
        for node in world.nodes.values():
            for batch, stock in batches(node).items():
                seen[node.name, batch] = plus(seen[node.name, batch], loose(stock))
            for id_, unit in units(node).items():
                if unit.state in HERE:
                    stands[id_].append(node.name)
                    if not unit.contains:
                        batch = absolute(unit.batch, node.origin)
                        seen[node.name, batch] = plus(seen[node.name, batch], (unit.net_mg, unit.count or 0))
            check_node(node)
            self.check_pools(node)
        assert {place: held for place, held in seen.items() if held != NOTHING} == {
            place: held for place, held in self.held.items() if held != NOTHING
        }
        for unit, place in self.place.items():
            assert stands[unit] == ([] if place == "gone" or "#" in place else [place])
        self.check_sums(seen)

    def check_pools(self, node: Node) -> None:
        """Every pool is in its open period, and a period is a batch of which nothing stands anywhere."""
        told = {
            (node.name, state.code): (state.period, state.in_mg, state.out_mg, state.draws)
            for state in node.view.values()
            if isinstance(state, Pool)
        }
        assert told == {place: period for place, period in self.pools.items() if place[0] == node.name}
        for period, *_ in told.values():
            if period:
                batch = node.view["batch", period]
                assert isinstance(batch, Batch)
                assert (batch.mg, batch.product, batch.loose) == (0, "pool", ())

    def check_owners(self, event: Event, before: Mapping[Key, State], node: Node) -> None:
        """Goods change hands by a transfer of title, as it says, and by nothing else that is done where they stand."""
        expected = owned(before.values())
        if event.type == "title_transferred":
            to = event.scalar("transfer")["to"]
            for row in event.rows("lines.chain", "lines.authority"):
                old, new = (row["batch"], row.get("owner") or ""), (row["batch"], "" if to == node.name else to)
                expected[old] = minus(expected[old], amount(row))
                expected[new] = plus(expected[new], amount(row))
        elif event.type not in STAYING:
            return
        now = owned(node.view.values())
        assert {whose: sum_ for whose, sum_ in now.items() if sum_ != NOTHING} == {
            whose: sum_ for whose, sum_ in expected.items() if sum_ != NOTHING
        }

    def check_sums(self, seen: Mapping[tuple[str, str], Amount]) -> None:
        somewhere: dict[str, Amount] = defaultdict(lambda: NOTHING)
        for (_, batch), held in seen.items():
            somewhere[batch] = plus(somewhere[batch], held)
        for batch, out in self.transit.values():
            assert min(out) >= 0
            somewhere[batch] = plus(somewhere[batch], out)
        for batch, given in self.between.items():
            somewhere[batch] = plus(somewhere[batch], given)
        for batch, created in self.created.items():
            ended = plus(self.used[batch], self.missing[batch])
            assert min(*ended, *created) >= 0
            assert plus(created, self.gained[batch]) == plus(somewhere[batch], ended)


def owned(states: Iterable[State]) -> dict[tuple[str, str], Amount]:
    """What is here of each batch, by owner, loose and in units."""
    found: dict[tuple[str, str], Amount] = defaultdict(lambda: NOTHING)
    for state in states:
        if isinstance(state, Batch):
            for held in state.loose:
                whose = state.id, held.owner
                found[whose] = plus(found[whose], (held.mg, held.count or 0))
        elif isinstance(state, Unit) and state.state in HERE and not state.contains:
            found[state.batch, state.owner] = plus(found[state.batch, state.owner], (state.net_mg, state.count or 0))
    return found


def batches(node: Node) -> dict[str, Batch]:
    return {absolute(s.id, node.origin): s for s in node.view.values() if isinstance(s, Batch)}


def units(node: Node) -> dict[str, Unit]:
    return {absolute(s.id, node.origin): s for s in node.view.values() if isinstance(s, Unit)}


def loose(batch: Batch) -> Amount:
    return sum(held.mg for held in batch.loose), sum(held.count or 0 for held in batch.loose)


def check_node(node: Node) -> None:
    """What must hold in one view by itself."""
    mine = {unit.id: unit for unit in node.view.values() if isinstance(unit, Unit)}
    for batch in batches(node).values():
        leaves = [u for u in mine.values() if u.batch == batch.id and u.state in HERE and not u.contains]
        assert batch.packed_mg == sum(unit.net_mg for unit in leaves)
        assert (batch.packed_count or 0) == sum(unit.count or 0 for unit in leaves)
        assert (batch.packed_count is not None) == batch.counted
        places = [(held.site, held.owner) for held in batch.loose]
        assert sorted(set(places)) == places
        for held in batch.loose:
            assert held.mg >= 0
            assert (held.count is not None) == batch.counted
            assert held.mg or held.count
            assert held.owner != node.name
    for unit in mine.values():
        assert unit.net_mg >= 0
        assert unit.owner != node.name
        if unit.state == "here":
            assert unit.inside is None or unit.id in mine[unit.inside].contains
            assert all(mine[inner].inside == unit.id and mine[inner].state == "here" for inner in unit.contains)
            assert not unit.contains or unit.net_mg == sum(mine[inner].net_mg for inner in unit.contains)
