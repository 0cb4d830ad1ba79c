"""Bounds against what really happens to goods: random lives of real matter, and every way of mixing once.

A life knows what the books do not: where each µg is. Goods are split, thrown together, processed with losses, weighed
anew, brought back; whatever way the matter goes, in heaps or evenly, its books must allow it. The statements under
which bounds are promised are the rules of these lives: parts have the recorded totals, new totals keep the shares, and
nothing enters unrecorded but what makes a surplus.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.matter.provenance import (
    UNEXPLAINED,
    UNEXPLAINED_ORIGIN,
    Content,
    apportion,
    entered,
    mix,
    scale,
    take,
)
from ledger.matter.rows import Row
from ledger.matter.vectors import received, shares
from tests.ledger.matter.contents import check

Label = tuple[str, str]
"""(origin, source): what is written on each µg, and no book knows."""
Heap = dict[Label, Fraction]
Matter = dict[str, Heap]
HIDDEN = (UNEXPLAINED_ORIGIN, UNEXPLAINED)
ORIGINS = ("CN/mined", "MM/import_ion", "DE/post_consumer")


def draw(heap: Heap, amount: Fraction | int, random: Random) -> Heap:
    """`amount` out of a heap, which keeps the rest: one label after the other, or evenly, or something between."""
    there = sum(heap.values())
    assert amount <= there
    even = random.choice([Fraction(0), Fraction(0), Fraction(1), Fraction(1, 3)]) * (amount / there if there else 0)
    got = {label: held * even for label, held in heap.items()}
    missing = amount - sum(got.values())
    for label in random.sample(sorted(heap), len(heap)):
        more = min(missing, heap[label] - got[label])
        got[label] += more
        missing -= more
    for label, taken in got.items():
        heap[label] -= taken
    return got


def thrown_together(heaps: list[Matter]) -> Matter:
    found: Matter = {}
    for matter in heaps:
        for element, heap in matter.items():
            into = found.setdefault(element, {})
            for label, amount in heap.items():
                into[label] = into.get(label, Fraction(0)) + amount
    return found


@dataclass(eq=False)
class Batch:
    content: Content
    matter: Matter  # what of it is here
    left_mg: int
    parent: "Batch | None" = None


class Life:
    """Some goods enter, and then things happen to them; `kinds` counts what did, `met` how near the bounds it came."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.batches: list[Batch] = []
        self.kinds = Counter[str]()
        self.met = Counter[str]()
        for source in "abcd"[: random.randint(2, 4)]:
            origin = random.choice(ORIGINS)
            totals = {element: (random.choice([0, 1, 7, 100, 10**6]), 5000) for element in ("Nd", "Dy")}
            matter = {element: {(origin, source): Fraction(ug)} for element, (ug, _) in totals.items() if ug}
            mg = random.choice([1, 10, 1000])
            self.born(entered(mg, totals, origin=origin, source=source), matter)

    def born(self, content: Content, matter: Matter, parent: Batch | None = None) -> Batch:
        """A batch comes into being: whatever way it came, its books must allow what it is made of."""
        check(content)
        matter = {element: heap for element, heap in matter.items() if sum(heap.values())}
        assert matter.keys() == content.elements.keys()
        for element, heap in matter.items():
            share = content.elements[element]
            assert sum(heap.values()) == share.ug
            self.met += allowed(share.origins, heap, 0) + allowed(share.sources, heap, 1)
        batch = Batch(content, matter, content.mg, parent)
        self.batches.append(batch)
        return batch

    def step(self) -> None:
        happens = self.random.choice(
            [
                self.split,
                self.split,
                self.merged,
                self.processed,
                self.processed,
                self.weighed,
                self.told,
                self.returned,
            ]
        )
        if happens():
            self.kinds[happens.__name__] += 1

    def part(self, batch: Batch) -> tuple[Content, Matter] | None:
        """Some of a batch, in the books and in truth.

        None where goods that came back make the books ask for a µg that the batch no longer has: that is the one
        µg which the module says may differ.
        """
        mg = self.random.choice([batch.left_mg, self.random.randint(0, batch.left_mg)])
        content, rest = take(batch.content, mg)
        asked = {element: share.ug for element, share in content.elements.items()}
        if any(sum(batch.matter[element].values()) < ug for element, ug in asked.items()):
            return None
        batch.content = rest
        batch.left_mg -= mg
        return content, {element: draw(batch.matter[element], ug, self.random) for element, ug in asked.items()}

    def parts(self) -> tuple[Content, Matter]:
        """Parts of some batches, thrown together."""
        chosen = self.random.choices(self.batches, k=self.random.randint(1, 4))
        found = [part for part in map(self.part, chosen) if part is not None]
        return mix([content for content, _ in found]), thrown_together([matter for _, matter in found])

    # -- what happens ----------------------------------------------------------------------------------------------

    def split(self) -> bool:
        parent = self.random.choice(self.batches)
        part = self.part(parent)
        return part is not None and bool(self.born(*part, parent))

    def merged(self) -> bool:
        return bool(self.born(*self.parts()))

    def processed(self) -> bool:
        """Parts go into outputs: some of an element stays behind, or a surplus is measured, or something was hidden."""
        content, matter = self.parts()
        number = self.random.randint(1, 3)
        wanted: list[dict[str, tuple[int, int]]] = [{} for _ in range(number)]
        made: list[Matter] = [{} for _ in range(number)]
        for element, share in content.elements.items():
            heap, kind = matter[element], self.random.choice(["loss", "loss", "all", "measured", "hidden"])
            total = {
                "loss": self.random.randint(0, share.ug),
                "all": share.ug,
                "measured": share.ug + share.ug // 1000,
                "hidden": share.ug * self.random.randint(11, 30) // 10 + 1,
            }[kind]
            if kind == "measured":
                heap = {label: amount * total / share.ug for label, amount in heap.items()}
            elif kind == "hidden":
                heap[HIDDEN] = heap.get(HIDDEN, Fraction(0)) + total - share.ug + self.random.choice([0, 0, total])
            for output, into in zip(wanted, made, strict=True):
                ug = total if output is wanted[-1] else self.random.randint(0, total)
                total -= ug
                output[element] = (ug, 5000)
                into[element] = draw(heap, ug, self.random)
        outputs = apportion(content, wanted, [self.random.randint(1, 1000) for _ in wanted])
        for output, real in zip(outputs, made, strict=True):
            self.born(output, real)
        return True

    def weighed(self) -> bool:
        """A batch that is whole is measured anew: the shares stay."""
        batch = self.random.choice(self.batches)
        if batch.content.taken_mg or not batch.left_mg:
            return False
        totals = {
            element: (max(1, share.ug * self.random.randint(90, 110) // 100), 4000)
            for element, share in batch.content.elements.items()
        }
        self.batches.remove(batch)
        self.born(scale(batch.content, totals, self.random.randint(1, 1000)), rescaled(batch.matter, totals))
        return True

    def told(self) -> bool:
        """Another organisation receives it: origins as told in parts of 10^9, one source, its own weighing."""
        parent = self.random.choice(self.batches)
        part = self.part(parent)
        if part is None:
            return False
        content, matter = part
        totals = {
            element: (max(1, share.ug * self.random.randint(99, 101) // 100), 4000)
            for element, share in content.elements.items()
        }
        source = f"r{len(self.batches)}"
        there: Matter = {}
        for element, heap in rescaled(matter, totals).items():
            there[element] = {}
            for (origin, _), amount in heap.items():
                there[element][origin, source] = there[element].get((origin, source), Fraction(0)) + amount
        self.born(received(shares(content), content.mg, totals, source), there)
        return True

    def returned(self) -> bool:
        """A part that nobody touched goes back into its batch."""
        children = [batch for batch in self.batches if batch.parent in self.batches and not batch.content.taken_mg]
        if not children:
            return False
        child = self.random.choice(children)
        self.batches = [batch for batch in self.batches if batch is not child]
        assert child.parent is not None
        child.parent.left_mg += child.left_mg
        child.parent.matter = thrown_together([child.parent.matter, child.matter])
        return True


def rescaled(matter: Matter, totals: dict[str, tuple[int, int]]) -> Matter:
    return {
        element: {label: amount * totals[element][0] / sum(heap.values()) for label, amount in heap.items()}
        for element, heap in matter.items()
    }


def allowed(rows: Mapping[str, Row], heap: Heap, side: int) -> Counter[str]:
    """Fails unless the rows allow what is there; counts where it met the bounds."""
    met = Counter[str]()
    real: dict[str, Fraction] = {}
    for label, amount in heap.items():
        real[label[side]] = real.get(label[side], Fraction(0)) + amount
    assert {key for key, amount in real.items() if amount} <= rows.keys()
    for key, (_, lo, hi) in rows.items():
        there = real.get(key, 0)
        assert lo <= there <= hi
        met["exact" if lo == hi else "least" if 0 < lo == there else "most" if there == hi else "between"] += 1
    return met


SEEDS = range(150)
STEPS = 30


@pytest.mark.parametrize("seed", SEEDS)
def test_whatever_happens_to_goods_their_books_allow_it(seed):
    life = Life(Random(seed))
    for _ in range(STEPS):
        life.step()
    assert len(life.batches) > 2


def test_the_lives_were_worth_it():
    """Everything happens often, and matter does go to its bounds, on both sides."""
    kinds, met = Counter[str](), Counter[str]()
    for seed in SEEDS[:60]:
        life = Life(Random(seed))
        for _ in range(STEPS):
            life.step()
        kinds.update(life.kinds)
        met.update(life.met)
    assert min(kinds.values()) > 60, kinds
    assert set(kinds) == {"split", "merged", "processed", "weighed", "told", "returned"}
    assert min(met["least"], met["most"]) > 60, met
    assert met["exact"] < met.total() // 2, met


# -- one mixing step: exact ----------------------------------------------------------------------------------------


AMOUNTS = st.lists(st.integers(1, 5), min_size=1, max_size=4)


def ways(amounts: list[int], ug: int) -> list[tuple[int, ...]]:
    """Every way to make `ug` out of so much of each source."""
    return [way for way in product(*(range(amount + 1) for amount in amounts)) if sum(way) == ug]


def check_exact(part: Content, amounts: list[int]) -> None:
    ug = part.elements["Nd"].ug if part.elements else 0
    found = ways(amounts, ug)
    for source, reached in zip("abcd", zip(*found, strict=True), strict=False):
        _, lo, hi = part.elements["Nd"].sources.get(source, (0, 0, 0)) if part.elements else (0, 0, 0)
        assert (lo, hi) == (min(reached), max(reached))


def mixture(amounts: list[int]) -> Content:
    named = zip("abcd", amounts, strict=False)
    return mix([entered(ug, {"Nd": (ug, 0)}, origin="CN/mined", source=source) for source, ug in named])


@settings(max_examples=40, deadline=None)
@given(AMOUNTS, st.data())
def test_a_part_of_one_mix_can_hold_exactly_what_its_bounds_say(amounts, data):
    mixed = mixture(amounts)
    _, begun = take(mixed, data.draw(st.integers(0, mixed.mg)))
    for mg in range(mixed.mg + 1):
        check_exact(take(begun, mg)[0], amounts)


@settings(max_examples=60, deadline=None)
@given(AMOUNTS, st.data())
def test_each_output_of_one_mix_can_hold_exactly_what_its_bounds_say(amounts, data):
    """Whatever the others want, and whatever stays behind, goes around it."""
    left, wanted = sum(amounts), []
    for _ in range(data.draw(st.integers(1, 3))):
        wanted.append({"Nd": (data.draw(st.integers(0, left)), 0)})
        left -= wanted[-1]["Nd"][0]
    for output in apportion(mixture(amounts), wanted, [1] * len(wanted)):
        check_exact(output, amounts)


@settings(max_examples=60, deadline=None)
@given(AMOUNTS, st.integers(1, 12))
def test_what_was_hidden_can_be_exactly_what_its_bounds_say(amounts, surplus):
    """The least when only the surplus was hidden, the most when everything that came out was."""
    total = sum(amounts) + surplus
    (output,) = apportion(mixture(amounts), [{"Nd": (total, 0)}], [1])
    found = [way for more in range(sum(amounts) + 1) for way in ways([*amounts, surplus + more], total)]
    for source, reached in zip([*"abcd"[: len(amounts)], UNEXPLAINED], zip(*found, strict=True), strict=True):
        assert output.elements["Nd"].sources[source][1:] == (min(reached), max(reached))


# -- more steps: sound, and not needlessly wide --------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(40))
def test_no_row_says_less_than_the_others_together(seed):
    """What the others' bounds leave to a row is never narrower than its own, but for what rounding outwards costs."""
    life = Life(Random(seed))
    for _ in range(STEPS):
        life.step()
    for batch in life.batches:
        for share in batch.content.elements.values():
            for rows in (share.origins, share.sources):
                slack = len(rows) * STEPS
                least, most = sum(row[1] for row in rows.values()), sum(row[2] for row in rows.values())
                for _, lo, hi in rows.values():
                    assert lo >= share.ug - (most - hi) - slack
                    assert hi <= share.ug - (least - lo) + slack
