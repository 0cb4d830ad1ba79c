"""Random histories of four organisations, drawn from a seed: what somebody tries, and which refusals he may meet.

Each attempt is drawn from the views; some are impossible. What must happen is said beforehand: it is allowed, or it is
refused with one of a few codes. The books of books.py are kept along the way.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from copy import deepcopy
from random import Random
from typing import TypeVar

from ledger.errors import Refusal
from ledger.matter.events import PURPOSES, Event
from ledger.matter.stock import Arrival, Batch, Holding, Shipment, Unit
from tests.ledger.matter.books import Books, absolute
from tests.ledger.matter.story import SITE, Node, Row, World, answer, made, part, unit

NAMES = ("mine", "smelter", "magnets", "motors")
SITES = (SITE, "yard")
OUTSIDE = {"name": "Muster GmbH", "country": "DE"}
FATES = ("accepted", "concession: worn", "rejected: wet", "damaged: dented", "missing: gone", "quarantined")
TOLD = ("accepted", "rejected", "missing")

T = TypeVar("T")


def outcome_of(fate: str) -> str:
    state = fate.partition(":")[0]
    return {"concession": "accepted", "damaged": "rejected"}.get(state, state)


class History:
    """`tried` counts what was allowed and what was refused, by event type and code."""

    def __init__(self, seed: int) -> None:
        self.dice = Random(seed)
        self.world, self.books = World(), Books()
        self.offers: list[Event] = []
        self.creating: list[Event] = []
        self.tried: Counter[tuple[str, str]] = Counter()
        for name in NAMES:
            assert self.world[name].name == f"{name}.example"

    # -- trying -----------------------------------------------------------------------------------------------

    def attempt(self, event: Event, *refusals: str) -> bool:
        """`refusals`: the codes one of which must be met. None: it must be allowed."""
        node = self.world[event.name.removesuffix(".example")]
        before = {absolute(s.id, node.origin): s for s in node.view.values() if isinstance(s, Unit)}
        views = deepcopy(node.view) if refusals else {}
        try:
            self.world.do(event)
        except Refusal as refusal:
            met = refusal
        else:
            assert not refusals, f"{event.type} should have been refused as {refusals}"
            self.tried[event.type, "allowed"] += 1
            self.books.record(event, before)
            self.books.check(self.world)
            if event.ids:
                self.creating.append(event)
            return True
        assert met.code in refusals, f"{event.type} met {met.code}, not one of {refusals}: {met}"
        assert node.view == views
        self.tried[event.type, met.code] += 1
        return False

    def step(self) -> None:
        verbs: list[tuple[int, Callable[[], object]]] = [
            (8, self.register),
            (4, self.transform),
            (3, self.part_or_join),
            (3, self.assemble),
            (2, self.dismantle),
            (1, self.remove),
            (9, self.pack),
            (6, self.stack),
            (4, self.unpack),
            (4, self.move),
            (14, self.ship),
            (22, self.receive),
            (6, self.decide),
            (2, self.decline),
            (8, self.acknowledge),
            (1, self.replay),
            (1, self.take_what_others_hold),
        ]
        self.dice.choices([verb for _, verb in verbs], [weight for weight, _ in verbs])[0]()

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

    # -- making -----------------------------------------------------------------------------------------------

    def register(self) -> None:
        mg, count = self.whole(0, 10**9), self.one((None, self.whole(1, 1000)))
        event = self.node().registered(self.name("b"), mg, count=count, site=self.one(SITES))
        self.attempt(event, *(["mass-is-zero"] if mg == 0 else []))

    def remove(self) -> None:
        """Up to 130 % of what stands there."""
        node = self.stocked()
        found = self.holding(node)
        if found is None:
            return
        batch, here = found
        mg, pieces = here.mg * self.whole(0, 130) // 100, self.whole(1, here.count + 1) if here.count else None
        wrong = []
        if mg == 0 and pieces is None:
            wrong.append("mass-is-zero")
        elif mg > here.mg:
            wrong.append("not-enough")
        elif pieces is not None and pieces > (here.count or 0):
            wrong.append("not-enough-pieces")
        row = part(batch.id, mg, count=pieces, site=here.site, owner=here.owner or None)
        self.attempt(node.removed(row, kind="consumed"), *wrong)

    def lines(self, node: Node, most: int) -> list[tuple[Row, Batch, str]]:
        """Lines that do not compete for the same goods."""
        found: dict[tuple[str, str, str], tuple[Row, Batch, str]] = {}
        for _ in range(self.dice.randint(1, most)):
            line = self.line(node)
            if line is not None:
                found.setdefault((line[0]["batch"], line[0]["site"], line[2]), line)
        return list(found.values())

    def transform(self) -> None:
        node = self.stocked()
        lines = self.lines(node, 4)
        if not lines:
            return
        count = self.one((None, 7))
        goods = [made(self.name(f"{n}b"), self.whole(1, 10**9), count=count) for n in range(self.dice.randint(1, 3))]
        owners = {owner for _, _, owner in lines}
        event = node.transformed([row for row, _, _ in lines], goods)
        self.attempt(event, *(["owners-mixed"] if len(owners) > 1 else []))

    def part_or_join(self) -> None:
        """Split, merge: to the milligram, or refused."""
        node = self.stocked()
        lines = [line for line in self.lines(node, 3) if line[0]["mg"] > 10]
        if not lines:
            return
        rows, owners = [row for row, _, _ in lines], {owner for _, _, owner in lines}
        total, parts, slip = sum(row["mg"] for row in rows), self.dice.randint(1, 4), self.one((0, 0, 0, 1, -1))
        masses = [total // parts] * (parts - 1) + [total - total // parts * (parts - 1) + slip]
        counts = [row.get("count") for row in rows]
        counted = None not in counts
        goods = [made(self.name(f"{n}b"), mg, count=1 if counted else None) for n, mg in enumerate(masses)]
        wrong = ["owners-mixed"] if len(owners) > 1 else ["sums-differ"] if slip else []
        if not wrong and counted and sum(counts) < parts:
            wrong = ["pieces-from-nowhere"]
        self.attempt(node.transformed(rows, goods, process=self.one(("split", "merge", "blend"))), *wrong)

    def assemble(self) -> None:
        node = self.stocked()
        lines = self.lines(node, 3)
        if not lines:
            return
        rows, owners = [row for row, _, _ in lines], {owner for _, _, owner in lines}
        motors = [unit(self.name(f"{n}u"), self.whole(1, 10**6), count=1) for n in range(self.dice.randint(1, 3))]
        event = node.assembled(self.name("b"), rows, motors)
        self.attempt(event, *(["owners-mixed"] if len(owners) > 1 else []))

    def dismantle(self) -> None:
        node = self.stocked()
        known = [u for u in node.view.values() if isinstance(u, Unit)]
        if not known:
            return
        one = self.one(known)
        wrong = [] if one.state == "here" else ["unit-not-here"]
        if one.state == "here" and (one.inside is not None or one.contains):
            wrong = ["unit-inside-other", "unit-contents-missing"]
        self.attempt(node.dismantled([one.id], [made(self.name("b"), 5)]), *wrong)

    # -- units ------------------------------------------------------------------------------------------------

    def pack(self) -> None:
        node = self.stocked()
        found, parts = self.holding(node), self.dice.randint(1, 5)
        if found is None:
            return
        batch, here = found
        share = here.mg * self.whole(1, 108) // 100 // parts
        pieces = max(here.count // parts, 1) if here.count else None
        rows = [unit(self.name(f"{n}u"), share, count=pieces, owner=here.owner or None) for n in range(parts)]
        wrong = []
        if share == 0:
            wrong = ["mass-is-zero"]
        elif share * parts > here.mg:
            wrong = ["not-enough", "not-enough-pieces"]
        elif pieces is not None and pieces * parts > here.count:
            wrong = ["not-enough-pieces"]
        self.attempt(node.packed(batch.id, rows, site=here.site), *wrong)

    def stack(self) -> None:
        node = self.stocked()
        tops = self.tops(node)
        if not tops:
            return
        first, extra = self.one(tops), self.one((0, 0, 0, 1))
        alike = [u for u in tops if (u.batch, u.site, u.owner) == (first.batch, first.site, first.owner)]
        chosen = self.some(alike, 3)
        row = unit(
            self.name("u"),
            sum(u.net_mg for u in chosen) + extra,
            count=sum(u.count or 0 for u in chosen) or None,
            contains=[u.id for u in chosen],
            owner=first.owner or None,
        )
        wrong = ["mass-is-zero"] if row["net_mg"] == 0 else ["less-than-its-units"] if extra else []
        self.attempt(node.packed(first.batch, [row], site=first.site), *wrong)

    def unpack(self) -> None:
        node = self.stocked()
        known = [u for u in node.view.values() if isinstance(u, Unit)]
        if not known:
            return
        one = self.one(known)
        wrong = [] if one.state == "here" else ["unit-not-here"]
        if one.state == "here" and one.inside is not None:
            wrong = ["unit-inside-other"]
        self.attempt(node.unpacked(one.id), *wrong)

    def move(self) -> None:
        node = self.stocked()
        found = self.line(node)
        if found is None:
            return
        row, batch, owner = found
        start, end = (row["site"], "yard" if row["site"] == SITE else SITE)
        wrong = []
        if self.dice.random() < 0.2:
            there = batch.holding(end, owner)
            if row["units"]:
                wrong = ["unit-at-other-site"]
            elif row["mg"] > there.mg:
                wrong = ["not-enough"]
            elif (row.get("count") or 0) > (there.count or 0):
                wrong = ["not-enough-pieces"]
            elif there.count and row.get("count") is None:
                wrong = ["count-missing"]
            start, end = end, start
        self.attempt(node.moved(start, end, row), *wrong)

    # -- handovers --------------------------------------------------------------------------------------------

    def ship(self) -> None:
        node = self.stocked()
        lines = self.lines(node, 3)
        if not lines:
            return
        to = None if self.dice.random() < 0.12 else self.one(NAMES)
        purpose, owners = self.one(PURPOSES), {owner for _, _, owner in lines}
        others = sorted(owners - {""})
        if others and self.dice.random() < 0.8:
            to, purpose = others[0].removesuffix(".example"), "return"
        wrong: list[str] = []
        if to and f"{to}.example" == node.name:
            wrong = ["to-oneself"]
        elif any(owner != f"{to}.example" or purpose != "return" for owner in others):
            wrong = ["others-goods-go-back"]
        if any(batch.counted and row.get("count") is None for row, batch, _ in lines):
            wrong.append("count-missing")
        if any(row["mg"] == 0 for row, _, _ in lines):
            wrong.append("mass-is-zero")
        rows, outside = [row for row, _, _ in lines], None if to else OUTSIDE
        event = node.shipped(self.name("s"), to, *rows, purpose=purpose, outside=outside)
        if self.attempt(event, *wrong) and to:
            self.offers.append(event)

    def offer(self) -> tuple[Event, Node, Arrival | None]:
        """Mostly one that waits for its first or its next receipt."""
        waiting = [offer for offer in self.offers if not getattr(self.arrival(offer), "final", False)]
        offer = self.one(waiting if waiting and self.dice.random() < 0.9 else self.offers)
        return offer, self.receiver(offer), self.arrival(offer)

    def receiver(self, offer: Event) -> Node:
        return self.world[offer.scalar("shipment")["to"].removesuffix(".example")]

    def arrival(self, offer: Event) -> Arrival | None:
        found = self.receiver(offer).view.get(("arrival", f"{offer.origin}#{offer.ids['shipment']}"))
        return found if isinstance(found, Arrival) else None

    def receive(self) -> None:
        """Some lines; of each some of the units that are open, and of the loose goods some, or when final all."""
        if not self.offers:
            return
        offer, node, arrival = self.offer()
        lines = list(offer.rows("lines.chain", "lines.partner"))
        final = self.dice.random() < 0.5
        begun = set(arrival.lines) if arrival is not None else set()
        chosen = sorted({*begun, *self.some(range(len(lines)), 3)}) if final else self.some(range(len(lines)), 3)
        answers, wrong = [], []
        for number in chosen:
            told, refusals = self.answer(offer, lines[number], number, node, final=final)
            answers.append(told)
            wrong += refusals
        if arrival is not None and arrival.declined:
            wrong = ["shipment-declined"]
        elif arrival is not None and arrival.final:
            wrong = ["shipment-received"]
        self.attempt(node.received(offer, *answers, final=final), *wrong)

    def answer(self, offer: Event, line: Row, number: int, node: Node, *, final: bool) -> tuple[Row, list[str]]:
        stacks = {u.get("inside") for u in line["units"]}
        shipment = f"{offer.origin}#{offer.ids['shipment']}"
        open_units = [u for u in line["units"] if self.books.place[absolute(u["unit"], offer.origin)] == shipment]
        leaves = [u for u in open_units if u["unit"] not in stacks]
        fates = self.fates(line, open_units, everything=final)
        sums = {outcome: [0, 0] for outcome in (*TOLD, "quarantined")}
        for one in leaves:
            if one["unit"] in fates:
                told = sums[outcome_of(fates[one["unit"]])]
                told[0], told[1] = told[0] + one["net_mg"], told[1] + (one.get("count") or 0)
        sealed = sums["accepted"][0]
        _, (mg, pieces) = self.books.transit[shipment, number]
        mg = max(mg - sum(u["net_mg"] for u in leaves), 0)
        pieces = max(pieces - sum(u.get("count") or 0 for u in leaves), 0)
        for outcome in TOLD:
            last = final and outcome == "missing"
            some, some_pieces = (mg, pieces) if last else (self.whole(0, mg), self.whole(0, pieces))
            sums[outcome][0], sums[outcome][1] = sums[outcome][0] + some, sums[outcome][1] + some_pieces
            mg, pieces = mg - some, pieces - some_pieces
        difference = self.one((0, 0, self.dice.randint(-1000, 1000)))
        counted = line.get("count") is not None
        wrong = []
        if line.get("owner") == node.name and sums["rejected"][0]:
            wrong.append("own-goods-not-rejected")
        if counted and any(sums[o][0] and not sums[o][1] for o in ("accepted", "rejected")):
            wrong.append("count-missing")
        beside = sums["accepted"][0] - sealed
        if difference < 0 and (beside if beside or not sealed else sealed) + difference < 0:
            wrong.append("difference-too-large")
        return (
            answer(
                number,
                **{outcome: sums[outcome][0] for outcome in TOLD},
                difference=difference,
                counts={outcome: sums[outcome][1] or None for outcome in TOLD} if counted else None,
                units={self.name_of(id_, offer.origin): fate for id_, fate in fates.items()},
                site=self.one(SITES),
            ),
            wrong,
        )

    def fates(self, line: Row, open_units: Sequence[Row], *, everything: bool) -> dict[str, str]:
        """Unit → outcome. A stack is named only together with all that was in it; mostly one fate for all."""
        inside = {u["unit"]: u.get("inside") for u in line["units"]}
        favourite = self.one(FATES)
        fates = {
            one["unit"]: favourite if self.dice.random() < 0.8 else self.one(FATES)
            for one in open_units
            if everything or self.dice.random() < 0.7
        }
        while partial := [u for u in fates if any(out == u and inner not in fates for inner, out in inside.items())]:
            for id_ in partial:
                del fates[id_]
        return fates

    def decide(self) -> None:
        """A unit that waits in quarantine, alone."""
        if not self.books.waiting:
            return
        id_ = self.one(sorted(self.books.waiting))
        offer, number, line = next(
            (offer, number, line)
            for offer in reversed(self.offers)
            for number, line in enumerate(offer.rows("lines.chain", "lines.partner"))
            if id_ in [absolute(u["unit"], offer.origin) for u in line["units"]]
        )
        node, fate, (mg, pieces) = self.receiver(offer), self.one(FATES), self.books.waiting[id_]
        outcome = outcome_of(fate)
        wrong = ["unit-received"] if outcome == "quarantined" else []
        if outcome == "rejected" and line.get("owner") == node.name and mg:
            wrong = ["own-goods-not-rejected"]
        elif outcome in ("accepted", "rejected") and line.get("count") is not None and mg and not pieces:
            wrong = ["count-missing"]
        told = answer(
            number,
            **{one: mg if one == outcome else 0 for one in TOLD},
            counts={one: pieces if one == outcome and pieces else None for one in TOLD},
            units={self.name_of(id_, ""): fate},
        )
        self.attempt(node.received(offer, told, final=False), *wrong)

    def decline(self) -> None:
        if not self.offers:
            return
        offer, node, arrival = self.offer()
        wrong = []
        if arrival is not None:
            wrong = ["shipment-declined"] if arrival.declined else ["decline-too-late"]
        self.attempt(node.received(offer, declined=True, reason="not ordered"), *wrong)

    def acknowledge(self) -> None:
        """Weighs back what was declined or comes back from outside: some units, and up to 120 % of the rest."""
        node = self.stocked()
        sent = [s for s in node.view.values() if isinstance(s, Shipment)]
        if not sent:
            return
        shipment = self.one(sent)
        id_ = f"{node.origin}#{shipment.id}"
        arrivals = [other.view.get(("arrival", id_)) for other in self.world.nodes.values()]
        declined = any(isinstance(one, Arrival) and one.declined for one in arrivals)
        rows, wrong = [], []
        for number in self.some(range(len(shipment.lines)), 2):
            row, refusals = self.weighed_back(node, shipment, number)
            if row is not None:
                rows.append(row)
                wrong += refusals
        if shipment.closed:
            wrong = ["shipment-closed"]
        elif rows and not shipment.outside and not declined:
            wrong = ["return-by-shipment"]
        agreed = self.dice.random() < 0.3
        event = node.acknowledged(shipment.id, *rows, agreed=agreed, declined=declined, reason="as weighed")
        self.attempt(event, *wrong)

    def weighed_back(self, node: Node, shipment: Shipment, number: int) -> tuple[Row | None, list[str]]:
        line = shipment.lines[number]
        out, out_pieces = self.books.transit[f"{node.origin}#{shipment.id}", number][1]
        units = [self.unit(node, id_) for id_, _, _ in line.units]
        away = [u for u in units if u.state == "shipped" and u.shipment == shipment.id]
        whole = [u for u in away if all(inner in away for inner in self.whole_stack(node, u))]
        every = {u.id: u for top in self.some(whole, 2) for u in self.whole_stack(node, top)} if whole else {}
        leaves = [u for u in every.values() if not u.contains]
        still = [u for u in away if not u.contains and u.id not in every]
        in_units, pieces = sum(u.net_mg for u in leaves), sum(u.count or 0 for u in leaves)
        beside, factor = out - in_units - sum(u.net_mg for u in still), self.whole(0, 120)
        mg, count = in_units + max(beside, 0) * factor // 100, None
        if line.count is not None:
            beside_pieces = out_pieces - pieces - sum(u.count or 0 for u in still)
            count = pieces + max(beside_pieces, 0) * min(factor, 100) // 100 or None
        if mg == 0:
            return None, []
        wrong = (
            ["count-missing"] if line.count is not None and count is None else ["more-than-sent"] if mg > out else []
        )
        row = part(line.batch, mg, count=count, units=list(every), site=self.one(SITES))
        return {**row, "line": number}, wrong

    # -- nonsense ---------------------------------------------------------------------------------------------

    def replay(self) -> None:
        """An event that made something, a second time: an id is never given twice, if the goods are still there."""
        if not self.creating:
            return
        gone = ["not-enough", "not-enough-pieces", "unit-not-here", "unit-at-other-site", "unit-inside-other"]
        gone += ["unit-net-differs", "count-missing", "unit-of-other-owner"]
        self.attempt(self.one(self.creating), "id-given-twice", *gone)

    def take_what_others_hold(self) -> None:
        node, other = self.node(), self.stocked()
        theirs = [b for b in other.view.values() if isinstance(b, Batch)]
        if node is other or not theirs:
            return
        name = self.name_of(self.one(theirs).id, other.origin)
        if ("batch", node.id(name)) not in node.view:
            self.attempt(node.removed(part(name, 1)), "batch-unknown")
