"""Random attempts to measure again, to lock and release, and to transfer ownership; and what must come of each.

What locks forbid is not said here: `Attempts.attempt` asks the books of locks for it.
"""

from ledger.matter.stock import Batch, Unit
from tests.ledger.matter.attempts import NAMES, SITES
from tests.ledger.matter.makings import Makings
from tests.ledger.matter.story import Node, Row, made, measured, part


class Statuses(Makings):
    # -- measuring again --------------------------------------------------------------------------------------

    def leaf(self, node: Node, *states: str) -> Unit | None:
        """A unit that holds goods directly, perhaps inside another."""
        known = [u for u in node.view.values() if isinstance(u, Unit) and u.state in states and not u.contains]
        return self.one(known) if known else None

    def sample(self) -> None:
        """Out of loose goods, or out of one unit; the samples add up, or are refused."""
        node = self.stocked()
        row, batch, wrong = self.sample_of_unit(node) if self.dice.random() < 0.5 else self.sample_of_loose(node)
        if row is None or batch is None:
            return
        slip = self.one((0, 0, 0, 1))
        goods = [row["mg"] // 2 + slip, row["mg"] - row["mg"] // 2]
        outputs = [made(self.name(f"{n}b"), mg, product=batch.product, site=row["site"]) for n, mg in enumerate(goods)]
        wrong = wrong or (["sums-differ"] if slip else [])
        self.attempt(node.sampled([row], outputs, site=row["site"]), *wrong)

    def sample_of_loose(self, node: Node) -> tuple[Row | None, Batch | None, list[str]]:
        found = self.holding(node)
        if found is None or found[1].mg < 2:
            return None, None, []
        batch, here = found
        mg, pieces = self.dice.randint(2, min(here.mg, 2000)), self.whole(1, here.count) if here.count else None
        return part(batch.id, mg, count=pieces, site=here.site, owner=here.owner or None), batch, []

    def sample_of_unit(self, node: Node) -> tuple[Row | None, Batch | None, list[str]]:
        one = self.leaf(node, "here", "here", "missing")
        if one is None or one.net_mg < 3:
            return None, None, []
        batch = node.view["batch", one.batch]
        assert isinstance(batch, Batch)
        pieces = self.one((None, 1)) if one.count else None
        wrong = ["unit-not-here"] if one.state != "here" else []
        if not wrong and one.count == pieces == 1:
            wrong = ["unit-without-pieces"]
        mg = self.dice.randint(2, min(one.net_mg - 1, 2000))
        row = part(one.batch, mg, count=pieces, units=[one.id], site=one.site, owner=one.owner or None)
        return row, batch, wrong

    def weigh(self) -> None:
        """Loose goods or a unit, 80 to 110 % of what the books say; or what they do not say."""
        node = self.stocked()
        one, found = self.leaf(node, "here", "missing"), self.holding(node)
        if one is not None and self.dice.random() < 0.5:
            before, batch, unit, site, owner = one.net_mg, one.batch, one.id, one.site, one.owner
            wrong = ["unit-not-here"] if one.state != "here" else []
        elif found is not None:
            before, batch, unit, site, owner = found[1].mg, found[0].id, None, found[1].site, found[1].owner
            wrong = []
        else:
            return
        mg, said = before * self.dice.randint(80, 110) // 100, self.one((None, None, None, before + 1))
        wrong = ["mass-is-zero"] if mg == 0 else wrong or (["books-differ"] if said is not None else [])
        told = before if said is None else said
        row = measured(batch, mg, unit=unit, before=told, site=site, owner=owner or None)
        nets = None if not wrong else {}
        self.attempt(node.remeasured(row, kind=self.one(("reweighed", "dried")), nets=nets), *wrong)

    def count(self) -> None:
        node = self.stocked()
        one, found = self.leaf(node, "here", "missing", "missing"), self.holding(node)
        if one is not None and self.dice.random() < 0.4:
            self.look_for(node, one)
        elif found is not None:
            batch, here = found
            mg, pieces = here.mg * self.whole(0, 105) // 100, None
            if here.count is not None:
                pieces = here.count * self.whole(0, 105) // 100
            row = measured(batch.id, mg, count=pieces, site=here.site, owner=here.owner or None)
            changed = (mg, pieces) != (here.mg, here.count)
            reason = self.one(("stock-take", None))
            self.attempt(node.counted(row, reason=reason), *(["reason-missing"] if changed and not reason else []))

    def look_for(self, node: Node, one: Unit) -> None:
        """A unit that is there, is not there, or turns up."""
        mg, site = self.one((0, one.net_mg)), self.one(SITES)
        wrong = []
        if one.state == "here" and site != one.site:
            wrong = ["unit-at-other-site"]
        elif one.state == "here" and one.inside is not None:
            wrong = ["unit-inside-other"]
        self.attempt(node.counted(measured(one.batch, mg, unit=one.id, site=site, owner=one.owner or None)), *wrong)

    # -- ownership and locks ----------------------------------------------------------------------------------

    def transfer(self) -> None:
        node = self.stocked()
        found = self.line(node)
        if found is None:
            return
        row, _, owner = found
        to = self.one(NAMES)
        same = f"{to}.example" == (owner or node.name)
        wrong = ["title-already"] if same else self.no_mass(row)
        self.attempt(node.title_transferred(to, row), *wrong)

    def no_mass(self, row: Row) -> list[str]:
        return ["mass-is-zero"] if row["mg"] == 0 and not row.get("count") else []

    def hold(self) -> None:
        """Whole stacks and loose goods, or one unit out of a stack."""
        node = self.stocked()
        one, found = self.leaf(node, "here"), self.line(node)
        if one is not None and self.dice.random() < 0.3:
            row = part(one.batch, one.net_mg, count=one.count, units=[one.id], site=one.site, owner=one.owner or None)
        elif found is not None:
            row = found[0]
        else:
            return
        self.attempt(node.held(self.name("h"), row), *self.no_mass(row))

    def pledge(self) -> None:
        node = self.stocked()
        found = self.line(node)
        if found is not None:
            self.attempt(node.pledged(self.name("r"), found[0]), *self.no_mass(found[0]))

    def recall(self) -> None:
        """A batch or a unit that is known, here or not."""
        node = self.stocked()
        known = [s for s in node.view.values() if isinstance(s, Batch | Unit)]
        if not known:
            return
        thing = self.one(known)
        recalled = {
            id_
            for kept in self.locks.open[node.name].values()
            if kept.kind == "recalled"
            for id_ in kept.batches | kept.units
        }
        batch = thing.batch if isinstance(thing, Unit) else thing.id
        wrong = ["recalled-already"] if {batch, thing.id} & recalled else []
        if isinstance(thing, Unit) and thing.contains and not wrong:
            wrong = ["unit-contents-missing"]
        self.attempt(node.recalled(self.name("c"), thing.id), *wrong)

    def release(self) -> None:
        """Mostly as it must be done, sometimes as for the other kind."""
        locked = [(name, id_) for name, kept in self.locks.open.items() for id_ in kept]
        if not locked:
            return
        name, id_ = self.one(locked)
        node, kind = self.world[name.removesuffix(".example")], self.locks.open[name][id_].kind
        as_pledge = (kind == "pledged") != (self.dice.random() < 0.1)
        event = node.unpledged(id_) if as_pledge else node.released(id_)
        self.attempt(event, *([] if as_pledge == (kind == "pledged") else ["lock-of-other-kind"]))
