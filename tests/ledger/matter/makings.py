"""Random attempts inside one organisation: registering, processing, packing, moving; and what must come of each."""

from ledger.matter.stock import Unit
from tests.ledger.matter.attempts import SITES, Attempts
from tests.ledger.matter.story import SITE, made, part, unit


class Makings(Attempts):
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
        self.attempt(node.removed(row, kind=self.one(("consumed", "consumed", "disposed"))), *wrong)

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
