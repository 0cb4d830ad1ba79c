"""Random attempts to charge pools, to draw from them and to close their periods; and what must come of each."""

from tests.ledger.matter.makings import Makings
from tests.ledger.matter.story import Node, made

CODES = ("tank-1", "heap-2")


class Poolings(Makings):
    def open_period(self, node: Node, code: str) -> str:
        return self.books.pools.get((node.name, code), ("", 0, 0, 0))[0]

    def somewhere(self) -> tuple[Node, str]:
        """A pool, mostly one that was charged."""
        if not self.books.pools or self.dice.random() < 0.1:
            return self.node(), self.one(CODES)
        name, code = self.one(sorted(self.books.pools))
        return self.world[name.removesuffix(".example")], code

    def old_period(self, node: Node, code: str) -> str | None:
        """One that is over, if this pool had any; rarely."""
        if self.dice.random() < 0.85:
            return None
        over = [
            event.ids["opens"]
            for event in node.log
            if event.ids.get("opens")
            and code in (event.scalar("charge").get("pool"), event.scalar("closing").get("pool"))
            and event.ids["opens"] != self.open_period(node, code)
        ]
        return self.one(over) if over else None

    def charge(self) -> None:
        """Into the open period, or one that opens with it; sometimes neither, or both."""
        node, code = self.stocked(), self.one(CODES)
        lines = self.lines(node, 3)
        if not lines:
            return
        period, owners = self.open_period(node, code), {owner for _, _, owner in lines}
        slip, old = self.dice.random() < 0.1, self.old_period(node, code)
        opens = bool(period) == slip
        wrong = []
        if period:
            wrong = ["pool-open"] if opens else ["pool-period-closed"] if old else []
        elif not opens:
            wrong = ["pool-not-open"]
        elif old:
            wrong = ["pool-opens-new"]
        if len(owners) > 1:
            wrong = ["owners-mixed"]
        elif owners != {""}:
            wrong = ["pool-own-goods-only"]
        rows = [row for row, _, _ in lines]
        self.attempt(node.charged(code, *rows, period=old, opens=self.name("p") if opens else None), *wrong)

    def draw(self) -> None:
        node, code = self.somewhere()
        old = self.old_period(node, code)
        count = self.one((None, 5))
        goods = [made(self.name(f"{n}b"), self.whole(1, 10**9), count=count) for n in range(self.dice.randint(0, 2))]
        wrong = [] if goods else ["nothing-named"]
        if not self.open_period(node, code):
            wrong = ["pool-not-open"]
        elif old:
            wrong = ["pool-period-closed"]
        self.attempt(node.drawn(code, *goods, period=old), *wrong)

    def close_period(self) -> None:
        node, code = self.somewhere()
        old = self.old_period(node, code)
        wrong = []
        if not self.open_period(node, code):
            wrong = ["pool-not-open"]
        elif old:
            wrong = ["pool-period-closed"]
        opens = self.name("p") if self.dice.random() < 0.6 else None
        self.attempt(node.closed(code, period=old, opens=opens), *wrong)
