"""Locks kept from outside: what events locked, read with none of custody's code, and whether it stayed.

`LockBooks.forbidden` says beforehand which codes may be met, because an event takes what is locked. After an event that
custody allowed, `record` reads it, and `check` holds the view against it: nothing locked left its place, its owner or
the organisation, except for what may, and the view tells the same locks.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
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
    if event.type in ("transformed", "assembled", "sampled"):
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

    def forbidden(self, event: Event, view: View) -> set[str]:
        """Empty: no lock stands in the way. Else the event must be refused, and may be with one of these codes."""
        mine, found = self.open[event.name], set[str]()
        wanted: dict[Place, list[int]] = defaultdict(lambda: [0, 0])
        for row in taken(event):
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
