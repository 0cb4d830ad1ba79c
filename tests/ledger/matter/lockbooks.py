"""Locks kept from outside: what events locked, read with none of custody's code, and whether it stayed.

`LockBooks.forbidden` says beforehand which codes may be met, because an event takes what is locked. After an event that
custody allowed, `record` reads it, and `check` holds the view against it: nothing locked left its place, its owner or
the organisation, except for what may, and the view tells the same locks.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ledger.matter.events import Event
from ledger.matter.stock import Batch, Key, State, Unit
from tests.ledger.matter.story import Node

View = Mapping[Key, State]
Place = tuple[str, str, str]
"""Batch, site, owner."""
GOODS = {"held": "goods-held", "pledged": "goods-pledged"}
UNITS = {"held": "unit-held", "pledged": "unit-pledged", "recalled": "unit-recalled"}
MEASURING = ("remeasured", "counted")
LINES = ("lines.chain", "lines.partner", "lines.authority")


@dataclass
class Kept:
    """A lock of one log. Ids are as that log writes them."""

    kind: str
    loose: dict[Place, list[int]] = field(default_factory=dict)
    units: set[str] = field(default_factory=set)
    batches: set[str] = field(default_factory=set)


def goes_back(event: Event) -> bool:
    """What recalled goods may do."""
    if event.type == "shipped":
        return event.scalar("shipment")["purpose"] == "return"
    return event.type == "removed" and event.scalar("removal")["kind"] in ("disposed", "destroyed")


def taken(event: Event) -> Iterator[dict[str, Any]]:
    """What an event takes, or tries to: rows of batch, site, owner, mg, count, units."""
    if event.type in ("transformed", "assembled", "sampled", "charged"):
        yield from event.rows("inputs.chain", "inputs.authority")
    elif event.type in ("shipped", "removed", "title_transferred", "pledged"):
        yield from event.rows(*LINES)
    elif event.type == "moved":
        yield from ({**row, "site": event.scalar("move")["from"]} for row in event.rows(*LINES))
    elif event.type == "packed":
        where = event.scalar("packing")
        for row in event.rows("units.public", "units.chain", "units.authority"):
            if row.get("contains"):
                yield {"batch": where["batch"], "units": row["contains"]}
            else:
                yield {**row, "batch": where["batch"], "site": where["site"], "mg": row["net_mg"]}
    elif event.type in ("unpacked", "dismantled"):
        yield from ({"batch": row["batch"], "units": [row["unit"]]} for row in event.rows("units.chain"))
    elif event.type == "drawn":
        yield {"batch": event.scalar("draw")["period"]}
    elif event.type == "closed" and event.ids.get("opens"):
        yield {"batch": event.scalar("closing")["period"]}
    elif event.type == "adjusted":
        yield from given_up(event)


def given_up(event: Event) -> Iterator[dict[str, Any]]:
    """What an adjustment takes once its lines are set against each other, place by place."""
    sums: dict[Place, list[int]] = defaultdict(lambda: [0, 0])
    for group in (("lines.chain", "lines.authority"), ("shared.chain", "shared.partner", "shared.authority")):
        for row in event.rows(*group):
            sign = 1 if row["side"] in ("used", "shipped") else -1
            place = sums[row["batch"], row["site"], row.get("owner") or ""]
            place[0] += sign * row["delta_mg"]
            place[1] += sign * row.get("delta_count", 0)
    for (batch, site, owner), (mg, count) in sums.items():
        if mg > 0 or count > 0:
            yield {"batch": batch, "site": site, "owner": owner, "mg": max(mg, 0), "count": max(count, 0)}


def taken_back(event: Event, view: View) -> Iterator[dict[str, Any]]:
    """The loose goods that the reversal of an entry takes: what it unpacked, and what it moved without units."""
    if event.type == "unpacked":
        for row in event.rows("units.chain"):
            one = view["unit", row["unit"]]
            assert isinstance(one, Unit)
            if not row.get("contains"):
                place = {"batch": one.batch, "site": one.site, "owner": one.owner}
                yield {**place, "mg": one.net_mg, "count": one.count or 0}
    elif event.type == "moved":
        for row in event.rows(*LINES):
            if not row.get("units"):
                yield {**row, "site": event.scalar("move")["to"]}


def split(row: Mapping[str, Any], view: View) -> tuple[list[Unit], int, int]:
    """A row's units as far as they are known, and what of it is loose."""
    ids = [one if isinstance(one, str) else one["unit"] for one in row.get("units") or ()]
    units = [unit for unit in (view.get(("unit", id_)) for id_ in ids) if isinstance(unit, Unit)]
    leaves = [unit for unit in units if not unit.contains]
    mg = row.get("mg", 0) - sum(unit.net_mg for unit in leaves)
    return units, max(mg, 0), max((row.get("count") or 0) - sum(unit.count or 0 for unit in leaves), 0)


def stands(view: View, place: Place) -> tuple[int, int]:
    batch = view.get(("batch", place[0]))
    for held in batch.loose if isinstance(batch, Batch) else ():
        if (held.site, held.owner) == place[1:]:
            return held.mg, held.count or 0
    return 0, 0


class LockBooks:
    def __init__(self) -> None:
        self.open: dict[str, dict[str, Kept]] = defaultdict(dict)
        """By the organisation's name, then by the lock's id."""

    # -- beforehand -------------------------------------------------------------------------------------------

    def forbidden(self, event: Event, view: View, log: Sequence[Event]) -> set[str]:
        """Empty: no lock stands in the way. Else the event must be refused, and may be with one of these codes.

        `log`: what was recorded before, for a reversal takes what an earlier entry made.
        """
        mine, found = self.open[event.name], set[str]()
        wanted: dict[Place, list[int]] = defaultdict(lambda: [0, 0])
        rows = list(taken(event))
        if event.type == "reversed" and 0 < event.scalar("reversal")["index"] <= len(log):
            undone = log[event.scalar("reversal")["index"] - 1]
            if self.locks_what_came_of(undone, mine.values(), view):
                found.add("reversal-of-locked")
            rows = list(taken_back(undone, view))
        for row in rows:
            units, mg, count = split(row, view)
            if not goes_back(event) and any(row["batch"] in one.batches for one in mine.values()):
                found.add("batch-recalled")
            for unit in units:
                kinds = {one.kind for one in mine.values() if unit.id in one.units}
                found |= {UNITS[kind] for kind in kinds if kind != "recalled" or not goes_back(event)}
            if "site" in row:
                place = wanted[row["batch"], row["site"], row.get("owner") or ""]
                place[0], place[1] = place[0] + mg, place[1] + count
        for place, (mg, count) in wanted.items():
            locks = [one for one in mine.values() if place in one.loose]
            here, pieces = stands(view, place)
            locked, locked_pieces = (sum(one.loose[place][n] for one in locks) for n in (0, 1))
            if (mg and mg > here - locked) or (count and count > pieces - locked_pieces):
                found |= {GOODS[one.kind] for one in locks}
        return found

    def locks_what_came_of(self, event: Event, locks: Iterable[Kept], view: View) -> bool:
        """Whether a batch or a unit that an entry made, opened or moved is locked."""
        batches = {event.ids[slot] for slot in ("batch", "assembly") if slot in event.ids}
        batches.update(event.ids.get("outputs.chain", ()))
        units = set(event.ids.get("units.public", ()))
        if event.type == "unpacked":
            units.update(inner for row in event.rows("units.chain") for inner in row.get("contains") or ())
        elif event.type == "moved":
            units.update(one for row in event.rows(*LINES) for one in row.get("units") or ())
        held = {one.batch for one in (view["unit", id_] for id_ in units) if isinstance(one, Unit)}
        return any(
            batches & {place[0] for place in kept.loose} or kept.batches & (batches | held) or kept.units & units
            for kept in locks
        )

    # -- reading events ---------------------------------------------------------------------------------------

    def record(self, event: Event, before: View) -> None:
        mine = self.open[event.name]
        if event.type in ("held", "pledged"):
            mine[event.ids["hold" if event.type == "held" else "pledge"]] = self.lines(event, before)
        elif event.type == "recalled":
            rows = list(event.rows("lines.public"))
            whole = {row["batch"] for row in rows if "unit" not in row}
            mine[event.ids["recall"]] = Kept("recalled", {}, {row["unit"] for row in rows if "unit" in row}, whole)
        elif event.type in ("released", "unpledged"):
            del mine[event.scalar("releasing" if event.type == "released" else "unpledging")["lock"]]
        elif event.type in MEASURING:
            for row in event.rows("lines.chain", "lines.authority"):
                if "unit" not in row:
                    self.measure(event.name, row, before)

    def lines(self, event: Event, before: View) -> Kept:
        kept = Kept(event.type)
        for row in event.rows("lines.chain", "lines.authority"):
            units, mg, count = split(row, before)
            kept.units |= {unit.id for unit in units}
            if mg or count:
                place = kept.loose.setdefault((row["batch"], row["site"], row.get("owner") or ""), [0, 0])
                place[0], place[1] = place[0] + mg, place[1] + count
        return kept

    def measure(self, name: str, row: Mapping[str, Any], before: View) -> None:
        """What locks all that stands there goes on to lock all of it."""
        place = row["batch"], row["site"], row.get("owner") or ""
        was = stands(before, place)
        now = row["mg"], row.get("count", was[1])
        for kept in self.open[name].values():
            if place in kept.loose:
                amounts = kept.loose[place]
                for n in (0, 1):
                    if amounts[n] == was[n]:
                        amounts[n] = max(amounts[n], now[n])

    # -- holding the view against it --------------------------------------------------------------------------

    def check(self, event: Event, before: View, node: Node) -> None:
        mine = self.open[node.name]
        if event.type not in MEASURING:
            for kept in mine.values():
                self.check_stays(kept, before, node.view, back=goes_back(event))
                for place in kept.loose:
                    self.check_loose(place, before, node)
        for batch in (state for state in node.view.values() if isinstance(state, Batch)):
            told = {(one.id, one.kind, one.site, one.owner, one.mg, one.count or 0) for one in batch.locks}
            assert len(told) == len(batch.locks)
            assert told == {
                (id_, kept.kind, place[1], place[2], *amounts)
                for id_, kept in mine.items()
                for place, amounts in kept.loose.items()
                if place[0] == batch.id
            }
            recalls = [id_ for id_, one in mine.items() if batch.id in one.batches]
            assert recalls == ([] if batch.recalled is None else [batch.recalled])
        for unit in (state for state in node.view.values() if isinstance(state, Unit)):
            assert sorted(unit.locks) == sorted((id_, one.kind) for id_, one in mine.items() if unit.id in one.units)

    def check_stays(self, kept: Kept, before: View, after: View, *, back: bool) -> None:
        """Locked units, and all of a recalled batch, stand where they stood, and are whose they were."""
        if kept.kind == "recalled" and back:
            return
        for key, then in before.items():
            if (
                isinstance(then, Unit)
                and then.state == "here"
                and (then.id in kept.units or then.batch in kept.batches)
            ):
                now = after[key]
                assert isinstance(now, Unit)
                assert (now.state, now.site, now.owner, now.net_mg) == ("here", then.site, then.owner, then.net_mg)
            elif isinstance(then, Batch) and then.id in kept.batches:
                for held in then.loose:
                    mg, count = stands(after, (then.id, held.site, held.owner))
                    assert mg >= held.mg
                    assert count >= (held.count or 0)

    def check_loose(self, place: Place, before: View, node: Node) -> None:
        """Goods may leave as long as all that is locked there stays; where less stands there already, none may."""
        locks = [one.loose[place] for one in self.open[node.name].values() if place in one.loose]
        for n, (then, now) in enumerate(zip(stands(before, place), stands(node.view, place), strict=True)):
            assert now >= min(then, sum(one[n] for one in locks))
