"""What an adjustment changes below it: small graphs by hand, and random lives.

Those are held against their log told right at first, with each adjustment folded in where it belongs.
"""

from dataclasses import replace

import pytest

from ledger.errors import Refusal
from ledger.matter import recompute
from ledger.matter.contents import made_ids, plan, settle
from ledger.matter.corrections import amounts, as_corrected
from ledger.matter.events import Event
from ledger.matter.flows import dump_flow, load_flow
from ledger.matter.makeups import Composition
from tests.ledger.matter.compounding import REFERENCE, Compounds, minus, summed, ug
from tests.ledger.matter.flows import inspector
from tests.ledger.matter.story import KG, Node, change, made, measured, part
from tests.ledger.matter.test_assays import ORE
from tests.ledger.matter.test_contents import MIXED, TANK, by_assay, origins
from tests.ledger.matter.test_contents_property import Life


@pytest.fixture
def world() -> Compounds:
    return Compounds()


@pytest.fixture
def mine(world: Compounds) -> Node:
    return world["mine"]


def blended(world: Compounds, mine: Node, wrong_mg: int) -> list[Event]:
    """Ore of two countries is blended, parted and shipped; that of Myanmar was weighed wrongly."""
    return [
        world.do(mine.registered("home", 60 * KG, assay=ORE, feed_class="ion_mid_y")),
        world.do(mine.registered("abroad", wrong_mg, assay=ORE, country="MM")),
        world.do(
            mine.transformed(
                [part("home", 60 * KG), part("abroad", wrong_mg)],
                [made("blend", 60 * KG + wrong_mg, product=MIXED)],
                process="blend",
            )
        ),
        world.do(
            mine.transformed(
                [part("blend", 40 * KG)],
                [made("a", 30 * KG, product=MIXED), made("b", 10 * KG, product=MIXED)],
                process="split",
            )
        ),
        world.do(mine.shipped("S", None, part("a", 5 * KG), outside={"name": "Muster GmbH", "country": "DE"})),
    ]


def put_right(mine: Node, story: list[Event], mg: int) -> Event:
    _, abroad, blend, *_ = story
    return mine.adjusted(
        change(abroad, "made", "abroad", mg), change(blend, "used", "abroad", mg), change(blend, "made", "blend", mg)
    )


def test_two_steps_down_and_partly_shipped_the_origins_are_others(world, mine):
    """40 kg from Myanmar were 20 kg: of what was two fifths foreign, a quarter is."""
    story = blended(world, mine, 40 * KG)
    was = {name: world.of(mine, name).content for name in ("blend", "a", "b")}
    abroad = by_assay(ORE, MIXED, 10 * KG)["Nd"]
    assert abs(origins(was["b"])["MM/mined"] * 10 - abroad * 4) <= 10
    world.do(put_right(mine, story, -20 * KG))
    for name, mg in (("blend", 80 * KG), ("a", 30 * KG), ("b", 10 * KG)):
        found = world.of(mine, name).content
        assert (found.mg, found.taken_mg) == (mg, {"blend": 40 * KG, "a": 5 * KG, "b": 0}[name])
        assert abs(origins(found)["MM/mined"] * 4 - found.elements["Nd"].ug) <= 8
    assert abs(origins(world.of(mine, "b").content)["MM/mined"] * 10 * 4 - abroad * 10) <= 80
    told_again = [one.now.event.type for one in world.flow(mine).restated]
    assert told_again == ["registered", "transformed", "transformed", "shipped"]
    world.check_custody(mine)


def test_corrections_of_corrections_end_where_they_began(world, mine):
    story = blended(world, mine, 40 * KG)
    before = {key: goods(one) for key, one in world.view(mine).items()}
    for mg in (-20 * KG, 5 * KG, 15 * KG):
        world.do(put_right(mine, story, mg))
        assert as_told_right(mine) == now(world, mine)
    assert {key: goods(one) for key, one in world.view(mine).items()} == before


def test_adjusted_to_nothing_and_back(world, mine):
    story = blended(world, mine, 40 * KG)
    before = now(world, mine)
    world.do(put_right(mine, story, -40 * KG))
    assert "MM/mined" not in origins(world.of(mine, "b").content)
    assert world.of(mine, "abroad").content.mg == 0
    world.do(put_right(mine, story, 40 * KG))
    assert now(world, mine) == before


def test_what_was_used_is_not_reversed(world, mine):
    story = blended(world, mine, 40 * KG)
    world.do(put_right(mine, story, -20 * KG))
    with pytest.raises(Refusal):
        world.do(mine.reversed(story[3]))


def test_nobody_is_told_of_what_stays(world, mine):
    """Half of a batch that has a twin is adjusted: what was made of the twin is not looked at again."""
    first = world.do(mine.registered("x", 10 * KG, assay=ORE))
    world.do(mine.registered("y", 10 * KG, assay=ORE))
    world.do(mine.transformed([part("y", 10 * KG)], [made("z", 10 * KG, product=MIXED)], process="regrade"))
    world.do(mine.adjusted(change(first, "made", "x", -KG)))
    assert [one.now.index for one in world.flow(mine).restated] == [1]
    assert world.of(mine, "z").adjusted == ()


def test_a_pool_keeps_what_was_told_when_it_was_charged(world, mine):
    """Of a blend that is less foreign now, half went into a tank: the tank and what was drawn stay as they were."""
    story = blended(world, mine, 40 * KG)
    world.do(mine.charged(TANK, part("blend", 30 * KG), opens="P-1"))
    world.do(mine.drawn(TANK, made("out", 5 * KG, product=MIXED), process="blend"))
    tank, out = world.pool(mine, TANK), world.of(mine, "out")
    world.do(put_right(mine, story, -20 * KG))
    assert (world.pool(mine, TANK), world.of(mine, "out")) == (tank, out)
    assert unbooked(world, mine) == {}


def test_more_than_the_limit_is_cut_and_says_so(world, mine, monkeypatch):
    monkeypatch.setattr(recompute, "ENTRIES_MAX", 2)
    story = blended(world, mine, 40 * KG)
    before = world.of(mine, "b")
    world.do(put_right(mine, story, -20 * KG))
    flow = world.flow(mine)
    assert (len(flow.restated), flow.cut) == (2, True)
    assert world.of(mine, "b") == before


def test_a_flow_is_the_same_after_it_was_written(world, mine):
    story = blended(world, mine, 40 * KG)
    event = world.do(put_right(mine, story, -20 * KG))
    flow = world.flow(mine)
    again = load_flow(flow.index, event, dump_flow(flow))
    assert dump_flow(again) == dump_flow(flow)
    assert [one.now.outs for one in again.restated] == [one.now.outs for one in flow.restated]


# -- late assays ---------------------------------------------------------------------------------------------------


def test_what_left_before_the_laboratory_answered_is_told_by_its_answer(world, mine):
    world.do(mine.registered("x", 60 * KG, product=MIXED, feed_class="ion_mid_y"))
    world.do(mine.transformed([part("x", 20 * KG)], [made("y", 20 * KG, product=MIXED)], process="split"))
    world.do(mine.shipped("S", None, part("y", 5 * KG), outside={"name": "Muster GmbH", "country": "DE"}))
    world.do(mine.assayed("x", assay=ORE))
    assert [one.now.event.type for one in world.flow(mine).restated] == ["transformed", "shipped"]
    assert world.of(mine, "y").content.elements["Nd"].ug == by_assay(ORE, MIXED, 20 * KG)["Nd"]
    assert ug(world.of(mine, "x").content)["Nd"] == by_assay(ORE, MIXED, 60 * KG)["Nd"]


def test_percentages_are_of_the_mass_that_was_sampled(world, mine):
    """Of 60 kg, 20 are parted, the rest dries to 30, and is sampled then: nobody knows how wet the 20 kg were."""
    world.do(mine.registered("x", 60 * KG, product=MIXED, feed_class="ion_mid_y"))
    world.do(mine.transformed([part("x", 20 * KG)], [made("y", 20 * KG, product=MIXED)], process="split"))
    world.do(mine.remeasured(measured(mine.id("x"), 30 * KG)))
    world.do(mine.transformed([part("x", 10 * KG)], [made("z", 10 * KG, product=MIXED)], process="split"))
    before = world.of(mine, "y")
    world.do(mine.assayed("x", assay=ORE))
    assert world.of(mine, "y") == before
    assert world.of(mine, "z").content.elements["Nd"].ug == by_assay(ORE, MIXED, 10 * KG)["Nd"]
    assert unbooked(world, mine) == {}


# -- random lives --------------------------------------------------------------------------------------------------


class Slips(Life):
    """Lives in which masses turn out to have been others, once more or once less than was told."""

    def adjust(self) -> bool:
        index = self.dice.randint(1, len(self.node.log))
        rows = [row for row in amounts(self.node.log[index - 1]) if row.side in ("made", "used")]
        if not rows:
            return False
        row = self.dice.choice(rows)
        mg = self.dice.choice((-1, 1)) * self.dice.randint(1, max(1, row.mg // 2))
        try:
            self.world.do(self.node.adjusted(change(index, row.side, row.batch, mg, site=row.site)))
        except Refusal:
            return False
        return True


@pytest.mark.parametrize("seed", range(25))
def test_the_view_is_that_of_a_log_that_was_right_at_first(seed):
    life = Slips(seed)
    for name in ("charge", "draw", "close", "reverse"):
        setattr(life, name, lambda: None)
    done = 0
    for _ in range(60):
        life.step()
        if life.node.log and life.dice.random() < 0.3 and life.adjust():
            done += 1
            assert as_told_right(life.node) == now(life.world, life.node)
    assert done


@pytest.mark.parametrize("seed", range(100, 125))
def test_as_much_is_here_as_custody_counts_and_books_say_so(seed):
    """Also with pools and reversals. Scales are left out: what they find of goods gone is on paper only."""
    life = Slips(seed)
    for name in ("assay", "weigh", "count", "close"):
        setattr(life, name, lambda: None)
    for _ in range(60):
        life.step()
        if life.node.log and life.dice.random() < 0.3:
            before = unbooked(life.world, life.node)
            if life.adjust():
                life.world.check_custody(life.node)
                assert unbooked(life.world, life.node) == before


class Late(Slips):
    """Lives in which laboratories answer late, and not what was thought."""

    def assay(self) -> Event | None:
        event = super().assay()
        told = {} if event is None else event.scalar("assay")
        if event is None or "total_reo_pct" not in told:
            return event
        told = {**told, "total_reo_pct": str(self.dice.randint(40, 95))}
        return replace(event, slots={**event.slots, "assay": told})


@pytest.mark.parametrize("seed", range(200, 230))
def test_after_late_assays_as_much_is_here_as_books_say(seed):
    """Also of goods that were weighed, counted, reversed, put into a pool, or told anew before."""
    life, late = Late(seed), 0
    for _ in range(80):
        life.step()
        if life.dice.random() < 0.1 and life.node.log:
            life.adjust()
        event = life.assay()
        if event is not None and life.dice.random() < 0.5:
            before = unbooked(life.world, life.node)
            life.world.do(event)
            flow = life.world.flows[life.node.name][-1]
            late += flow is not None and bool(flow.restated)
            life.world.check_custody(life.node)
            assert unbooked(life.world, life.node) == before
    assert late


def goods(one):
    return (one.content, one.rank, one.origin) if isinstance(one, Composition) else one


def now(world: Compounds, node: Node) -> dict[str, object]:
    """What there is, but for what never was."""
    return {
        key: goods(one)
        for key, one in world.view(node).items()
        if one is not None and not (isinstance(one, Composition) and one.adjusted and not one.content.mg)
    }


def as_told_right(node: Node) -> dict[str, object]:
    """The log with each adjustment folded in where it belongs, and each assay told where it holds from."""
    view: dict = {}
    story: list[tuple[int, Event]] = []
    for at, event in as_corrected(enumerate(node.log, 1)):
        place = len(story)
        if event.type == "assayed":
            batch = event.scalar("assaying")["batch"]
            place = 1 + max(place for place, (_, one) in enumerate(story) if begins(one, batch))
            while place < len(story) and story[place][1].type == "assayed":
                place += 1
        story.insert(place, (at, event))
    for at, event in story:
        done = plan(view, event, REFERENCE)
        if done is not None:
            view.update(settle(done, event, at)[0])
    return {key: goods(one) for key, one in view.items() if one is not None}


def begins(event: Event, batch: str) -> bool:
    """Whether the batch is made here, or weighs something else since."""
    if event.type not in ("remeasured", "counted"):
        return batch in made_ids(event)
    rows = [row for row in event.rows("lines.chain", "lines.authority") if row["batch"] == batch]
    changes = [row["mg"] - row["before_mg"] for row in rows]
    return any(mg > 0 or (mg < 0 and event.type == "remeasured") for mg in changes)


def unbooked(world: Compounds, node: Node) -> dict[str, int]:
    """By how much more is here by the batches and pools than by the books: what pools gave beyond what they held."""
    watching = inspector("separation")
    flows = [flow for flow in world.flows[node.name] if flow is not None]
    for flow in flows:
        watching.take(flow)
    rows = [row for month in watching.months for row in watching.preview(month)]
    by_books = {row.element: row.closing_ug for row in rows}
    return minus(summed(*map(ug, world.all_here(node))), by_books)
