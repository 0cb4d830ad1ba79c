"""Random lives of processing: what entered is here, or left, or was lost; to the microgram, element by element.

After each event what is here now, summed over all batches and pools, is held against what was here before and what the
event's flow says. Where totals are told anew (an assay, what a stock-take finds, more out of a process than its inputs
were thought to hold, what was measured in a pool) the difference is booked as told; nowhere else may there be any.
That bounds stay in order, and that `plan` reads what `touches` names, is asserted by compounding.py for each event.
"""

from collections import Counter
from collections.abc import Callable
from random import Random
from typing import Any

import pytest

from ledger.errors import Refusal
from ledger.matter.events import Event
from ledger.matter.flows import Flow, Goods
from ledger.matter.makeups import Composition
from tests.ledger.matter.compounding import Amounts, Compounds, minus, of_goods, summed, ug
from tests.ledger.matter.story import KG, made, measured, part
from tests.ledger.matter.test_assays import MAGNET, ORE

SEEDS = range(40)
STEPS = 70
PRND = {"basis": "as_received", "total_reo_pct": "99", "distribution_pct": [["Pr", "25"], ["Nd", "75"]]}
DY = {"basis": "as_received", "total_reo_pct": "99.3", "distribution_pct": [["Dy", "99.7"], ["Tb", "0.3"]]}
ENTERS: list[dict[str, Any]] = [
    {"product": "ion_clay_mixed_oxide", "assay": ORE, "feed_class": "ion_mid_y"},
    {"product": "ion_clay_mixed_oxide", "feed_class": "ion_high_y"},
    {"product": "ion_clay_mixed_oxide", "country": "MM"},
    {"product": "prnd_oxide", "assay": PRND, "country": "MM"},
    {"product": "prnd_oxide"},
    {"product": "ndfeb_block", "assay": MAGNET},
    {"product": "dy_oxide", "assay": DY, "feed_class": "post_consumer", "country": "DE"},
]
ASSAYS = {"ion_clay_mixed_oxide": ORE, "prnd_oxide": PRND, "dy_oxide": DY, "ndfeb_block": MAGNET}
TANK = "tank-1"
TELLS = ("assayed", "counted")
"""Events whose word on totals is new."""


class Life:
    def __init__(self, seed: int) -> None:
        self.dice, self.world = Random(seed), Compounds()
        self.node = self.world["mine"]
        self.books: dict[str, Amounts] = {name: {} for name in ("entered", "left", "lost", "told")}
        self.tried: Counter[str] = Counter()
        self.number = 0

    def step(self) -> None:
        verbs: list[Callable[[], Event | None]] = [
            *[self.register] * 3,
            *[self.part_or_join] * 4,
            *[self.process] * 4,
            *[self.charge] * 3,
            *[self.draw] * 4,
            *[self.leave, self.sample, self.weigh, self.count, self.assay, self.close, self.reverse],
        ]
        event = self.dice.choice(verbs)()
        if event is None:
            return
        before = summed(*map(ug, self.world.all_here(self.node)))
        try:
            self.world.do(event)
        except Refusal as refused:
            if refused.code not in ("draw-above-content", "reversal-of-used"):
                raise
            self.tried[refused.code] += 1
            return
        self.tried[event.type] += 1
        now = summed(*map(ug, self.world.all_here(self.node)))
        self.book(event, minus(now, before), self.world.flow(self.node))
        self.world.check_custody(self.node)

    # -- what may change ------------------------------------------------------------------------------------------

    def book(self, event: Event, change: Amounts, flow: Flow) -> None:
        came, went = of_goods(*flow.outs), of_goods(*flow.ins)
        if event.type == "registered":
            self.add("entered", came)
            assert change == came
        elif event.type in ("shipped", "removed"):
            self.add("left", went)
            assert change == minus({}, went)
        elif event.type == "charged":
            assert change == {}
        elif event.type == "assayed":
            self.add("told", change)
        elif event.type == "reversed":
            self.take_back(event, change)
        else:
            self.process_moved(event, change, minus(came, went) if event.type != "drawn" else {})

    def process_moved(self, event: Event, change: Amounts, difference: Amounts) -> None:
        """What is lost is lost; what is more than was thought is told, where the event can tell."""
        if event.type == "drawn":  # more than was booked, within what measuring allows
            assert min(change.values(), default=0) >= 0
            self.add("told", change)
            return
        assert change == difference
        told = {element: amount for element, amount in change.items() if amount > 0}
        if event.type in ("remeasured", "sampled") or self.parts_only(event):
            assert change == {}
        self.add("told", told)
        self.add("lost", minus(told, change))

    def parts_only(self, event: Event) -> bool:
        steps = event.scalar("transformation").get("steps", ())
        return bool(steps) and steps[0]["process"] in ("split", "merge", "blend")

    def take_back(self, event: Event, change: Amounts) -> None:
        """What was made is gone and what was used is back, but for where the counter of a batch meets the rounding."""
        was = self.world.flow(self.node, event.scalar("reversal")["index"] - 1)
        expected = minus(of_goods(*was.ins), of_goods(*was.outs))
        off = minus(change, expected)
        assert all(abs(amount) <= len(was.ins) for amount in off.values()), off
        if was.event.type == "removed":
            self.add("left", minus({}, of_goods(*was.ins)))
        else:
            lost = {element: amount for element, amount in expected.items() if amount > 0}
            self.add("lost", minus({}, lost))
            self.add("told", minus(expected, lost))
        self.add("told", off)

    def add(self, name: str, amounts: Amounts) -> None:
        self.books[name] = summed(self.books[name], amounts)

    def check(self) -> None:
        here = summed(*map(ug, self.world.all_here(self.node)))
        assert summed(self.books["entered"], self.books["told"]) == summed(here, self.books["left"], self.books["lost"])

    # -- attempts -------------------------------------------------------------------------------------------------

    def name(self) -> str:
        self.number += 1
        return f"b{self.number}"

    def stock(self, *products: str) -> list[tuple[str, int, str]]:
        """Batch, mass and product of what is here."""
        return [
            (key, batch.mg, makeup.product)
            for key, makeup in self.world.view(self.node).items()
            if isinstance(makeup, Composition) and (batch := self.node.batch(key)).mg
            if not products or makeup.product in products
        ]

    def some(self, mg: int) -> int:
        return self.dice.choice((mg, self.dice.randint(1, mg), self.dice.randint(1, min(mg, 1000))))

    def taken(self, *products: str, most: int = 3) -> list[tuple[str, int, str]]:
        known = self.stock(*products)
        chosen = self.dice.sample(known, min(len(known), self.dice.randint(1, most)))
        return [(id_, self.some(mg), product) for id_, mg, product in chosen]

    def register(self) -> Event:
        mg = self.dice.choice((self.dice.randint(1, 5000), self.dice.randint(1, 10**9), 100 * KG))
        return self.node.registered(self.name(), mg, **self.dice.choice(ENTERS))

    def part_or_join(self) -> Event | None:
        first = self.taken(most=1)
        if not first:
            return None
        lines = self.taken(first[0][2])
        total, outs = sum(mg for _, mg, _ in lines), self.dice.randint(1, 4)
        if total < outs:
            return None
        cuts = sorted(self.dice.sample(range(1, total), outs - 1))
        masses = [end - start for start, end in zip([0, *cuts], [*cuts, total], strict=True)]
        goods = [made(self.name(), mg, product=first[0][2]) for mg in masses]
        process = self.dice.choice(("split", "merge", "blend"))
        return self.node.transformed([part(id_, mg) for id_, mg, _ in lines], goods, process=process)

    def process(self) -> Event | None:
        """Separation, told by assays or typical; electrolysis; machining with swarf and dust."""
        process, products = self.dice.choice(
            (
                ("separation", ("ion_clay_mixed_oxide", "prnd_oxide")),
                ("electrolysis", ("prnd_oxide",)),
                ("machine", ("ndfeb_block",)),
            )
        )
        lines = self.taken(*products)
        total = sum(mg for _, mg, _ in lines)
        if total < 100:
            return None
        share = {
            "separation": ((15, "prnd_oxide"), (2, "dy_oxide")),
            "electrolysis": ((80, "prnd_metal"),),
            "machine": ((70, "ndfeb_magnet"), (20, "ndfeb_swarf")),
        }[process]
        goods = [
            made(
                self.name(),
                total * percent // 100,
                product=product,
                assay=self.dice.choice((None, ASSAYS.get(product))),
            )
            for percent, product in share
        ]
        losses = [{"kind": self.dice.choice(("dust", "water")), "mg": total // 100}] if process == "machine" else []
        return self.node.transformed([part(id_, mg) for id_, mg, _ in lines], goods, process=process, losses=losses)

    def sample(self) -> Event | None:
        lines = self.taken(most=1)
        if not lines or lines[0][1] < 2:
            return None
        ((id_, mg, product),) = lines
        return self.node.sampled(
            [part(id_, mg)], [made(self.name(), one, product=product) for one in (mg // 2, mg - mg // 2)]
        )

    def leave(self) -> Event | None:
        lines = [part(id_, mg) for id_, mg, _ in self.taken()]
        if not lines:
            return None
        if self.dice.random() < 0.5:
            return self.node.removed(*lines)
        return self.node.shipped(self.name(), None, *lines, outside={"name": "Muster GmbH", "country": "DE"})

    def charge(self) -> Event | None:
        lines = [part(id_, mg) for id_, mg, _ in self.taken("ion_clay_mixed_oxide", "prnd_oxide", "dy_oxide")]
        if not lines:
            return None
        return self.node.charged(TANK, *lines, opens=None if self.node.period(TANK) else self.name())

    def draw(self) -> Event | None:
        """Some share of what is in, sometimes more; by assay or as is typical."""
        if not self.node.period(TANK):
            return None
        held = ug(self.world.pool(self.node, TANK)).get("Nd", 0)
        mg = held * self.dice.choice((10, 50, 90, 115, 200)) // 100 // 700
        if not mg:
            return None
        out = made(self.name(), mg, assay=self.dice.choice((None, PRND)))
        return self.node.drawn(TANK, out, process=self.dice.choice(("leach", "separation")))

    def close(self) -> Event | None:
        if not self.node.period(TANK):
            return None
        held, wip = ug(self.world.pool(self.node, TANK)), None
        if self.dice.random() < 0.5:
            wip = [[element, str(held[element] * self.dice.randint(50, 110) // 100), 20_000] for element in held]
            wip = [row for row in sorted(wip, key=lambda row: ORDER.index(row[0])) if row[1] != "0"]
        return self.node.closed(TANK, opens=self.name() if self.dice.random() < 0.8 else None, wip=wip)

    def weigh(self) -> Event | None:
        known = self.stock()
        if not known:
            return None
        id_, mg, _ = self.dice.choice(known)
        return self.node.remeasured(measured(id_, max(1, mg * self.dice.randint(90, 105) // 100)))

    def count(self) -> Event | None:
        known = self.stock()
        if not known:
            return None
        id_, mg, _ = self.dice.choice(known)
        return self.node.counted(measured(id_, mg * self.dice.choice((0, 70, 95, 105, 150)) // 100))

    def assay(self) -> Event | None:
        known = self.stock(*ASSAYS)
        if not known:
            return None
        id_, _, product = self.dice.choice(known)
        status = self.dice.choice(("provisional", "final"))
        return self.node.assayed(id_, assay={**ASSAYS[product], "status": status})

    def reverse(self) -> Event | None:
        """A late entry that can be undone, whose batches were not weighed or assayed since."""
        for index in range(len(self.node.log), max(0, len(self.node.log) - 4), -1):
            event = self.node.log[index - 1]
            if event.type in (*TELLS, "remeasured", "reversed"):
                return None
            if event.type in ("transformed", "removed") and ("correction", str(index)) not in self.node.view:
                return self.node.reversed(index)
        return None


ORDER = [*"La Ce Pr Nd Pm Sm Eu Gd Tb Dy Ho Er Tm Yb Lu Y Sc".split()]


@pytest.mark.parametrize("seed", SEEDS)
def test_what_entered_is_here_or_left_or_was_lost(seed):
    life = Life(seed)
    for _ in range(STEPS):
        life.step()
        life.check()
    assert life.tried.total() > STEPS // 5


def test_the_lives_are_worth_it():
    """Everything that can change what goods are made of happens often."""
    tried: Counter[str] = Counter()
    for life in map(Life, SEEDS):
        for _ in range(STEPS):
            life.step()
        tried.update(life.tried)
    wanted = "registered transformed sampled shipped removed charged drawn closed remeasured counted assayed reversed"
    assert {name: number for name in wanted.split() if (number := tried[name]) < 20} == {}
    assert tried["draw-above-content"] > 20


def test_goods_of_one_origin_stay_of_one_origin():
    """Nothing that only moves, parts, joins or pools goods makes an origin that was not there."""
    life = Life(7)
    life.world.do(life.node.registered("a", 10**6 * 3 + 1, product="prnd_oxide", assay=PRND))
    life.world.do(life.node.registered("b", 10**6 * 5 + 3, product="prnd_oxide", assay=PRND, country="MM"))
    origins: Counter[str] = Counter()
    for _ in range(120):
        event = life.dice.choice([life.part_or_join, life.charge, life.sample])()
        if event is not None:
            life.world.do(event)
    for content in life.world.all_here(life.node):
        origins.update({key: row[0] for key, row in _rows(content)})
    entered = [flow.outs[0] for flow in life.world.flows[life.node.name][:2] if flow is not None]
    assert origins == Counter({key: mid for goods in entered for key, (mid, _, _) in _goods_rows(goods)})


def _rows(content):
    return list(content.elements["Nd"].origins.items()) if "Nd" in content.elements else []


def _goods_rows(goods: Goods):
    return list(goods.origins["Nd"].items())
