"""Random histories of four organisations, drawn from a seed: what somebody tries, and which refusals he may meet.

Each attempt is drawn from the views; some are impossible. What must happen is said beforehand: it is allowed, or it is
refused with one of a few codes. The books of books.py are kept along the way.
"""

from collections.abc import Callable, Sequence

from ledger.matter.event_types import PURPOSES
from ledger.matter.events import Event
from ledger.matter.stock import Arrival, Batch, Shipment
from tests.ledger.matter.attempts import NAMES, SITES
from tests.ledger.matter.books import absolute
from tests.ledger.matter.mendings import Mendings
from tests.ledger.matter.poolings import Poolings
from tests.ledger.matter.statuses import Statuses
from tests.ledger.matter.story import Node, Row, answer, part

OUTSIDE = {"name": "Muster GmbH", "country": "DE"}
FATES = ("accepted", "concession: worn", "rejected: wet", "damaged: dented", "missing: gone", "quarantined")
TOLD = ("accepted", "rejected", "missing")


def outcome_of(fate: str) -> str:
    state = fate.partition(":")[0]
    return {"concession": "accepted", "damaged": "rejected"}.get(state, state)


class History(Statuses, Poolings, Mendings):
    """Step by step, as likely as the verbs' weights say."""

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
            (3, self.charge),
            (3, self.draw),
            (2, self.close_period),
            (2, self.sample),
            (2, self.weigh),
            (2, self.count),
            (2, self.transfer),
            (3, self.hold),
            (2, self.pledge),
            (1, self.recall),
            (5, self.release),
            (3, self.amend),
            (6, self.reverse),
            (8, self.adjust),
            (4, self.adjust_together),
            (4, self.take_given),
            (1, self.close_month),
            (1, self.replay),
            (1, self.take_what_others_hold),
        ]
        self.dice.choices([verb for _, verb in verbs], [weight for weight, _ in verbs])[0]()

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
        """An event that made something, a second time: an id is never given twice, if the goods are still there.

        Also not when it was reversed.
        """
        if not self.creating:
            return
        gone = ["not-enough", "not-enough-pieces", "unit-not-here", "unit-at-other-site", "unit-inside-other"]
        gone += ["unit-net-differs", "count-missing", "unit-of-other-owner", "less-than-its-units", "net-untold"]
        gone += ["pool-open", "pool-not-open", "pool-period-closed"]
        self.attempt(self.one(self.creating), "id-given-twice", *gone)

    def take_what_others_hold(self) -> None:
        node, other = self.node(), self.stocked()
        theirs = [b for b in other.view.values() if isinstance(b, Batch)]
        if node is other or not theirs:
            return
        name = self.name_of(self.one(theirs).id, other.origin)
        if ("batch", node.id(name)) not in node.view:
            self.attempt(node.removed(part(name, 1)), "batch-unknown")
