"""Random corrections: words, reversals and adjustments of whatever was recorded, alone and with a partner."""

from collections import defaultdict

from ledger.matter.corrections import as_corrected
from ledger.matter.event_types import CORRECTIONS
from ledger.matter.events import Event
from ledger.matter.stock import Batch, Correction, Shipment
from tests.ledger.matter.attempts import NAMES
from tests.ledger.matter.books import Amount, Books, amount, plus
from tests.ledger.matter.makings import Makings
from tests.ledger.matter.story import Node, Row, change

POOLS = ("charged", "drawn", "closed")
UNDONE = ("registered", "transformed", "sampled", "assembled", "dismantled", "removed", "packed", "unpacked", "moved")
FIXED = {
    "shipped": "reversal-of-shipment",
    "received": "reversal-of-receipt",
    "acknowledged": "reversal-of-acknowledgement",
    "confirmed": "reversal-of-confirmation",
    "device_set": "reversal-of-device",
    "period_closed": "reversal-of-closing",
    **dict.fromkeys(("remeasured", "counted"), "reversal-of-measurement"),
    **dict.fromkeys(
        ("title_transferred", "pledged", "unpledged", "held", "released", "recalled"), "reversal-of-status"
    ),
    **dict.fromkeys(POOLS, "correction-in-pool"),
}
TOUCHED = ("reversal-of-used", "reversal-of-used-unit", "reversal-of-goods-gone", "reversal-of-changed-units")
SOFT = ("adjustment-pieces-differ", "adjustment-leaves-half", "sums-differ", "pieces-from-nowhere")
"""What an adjustment may meet besides, depending on the rest of its entry."""

Place = tuple[str, int, str, str, str, str]


class Mendings(Makings):
    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self.words: dict[tuple[str, int], str | None] = {}
        self.deltas: dict[Place, Amount] = defaultdict(lambda: (0, 0))
        self.given: list[tuple[Node, Event, Node, Row]] = []

    # -- choosing ---------------------------------------------------------------------------------------------

    def entry(self, node: Node) -> tuple[int, list[str]]:
        """An entry, mostly one that is there and a late one, and why it cannot be corrected."""
        high = len(node.log) + (self.dice.random() < 0.03)
        low = max(high - 6, 1) if self.dice.random() < 0.7 else 1
        index = 0 if self.dice.random() < 0.03 else self.dice.randint(min(low, high), high)
        return index, self.why_not(node, index)

    def why_not(self, node: Node, index: int) -> list[str]:
        if index == 0:
            return ["correction-of-opening"]
        if index > len(node.log):
            return ["entry-unknown"]
        if node.log[index - 1].type in CORRECTIONS:
            return ["correction-of-correction"]
        return ["entry-reversed"] if "reversed" in self.kinds(node, index) else []

    def kinds(self, node: Node, index: int) -> tuple[str, ...]:
        found = node.view.get(("correction", str(index)))
        return found.kinds if isinstance(found, Correction) else ()

    # -- words and reversals ----------------------------------------------------------------------------------

    def amend(self) -> None:
        node = self.stocked()
        index, wrong = self.entry(node)
        was, text = self.words.get((node.origin, index)), self.name("w")
        stated = was if self.dice.random() < 0.8 else "else"
        if not wrong and stated != was:
            wrong = ["amendment-of-other-words"]
        elif not wrong and text == was:
            wrong = ["amendment-of-nothing"]
        if self.attempt(node.amended(index, ("recorded.external_ref", stated, text)), *wrong):
            self.words[node.origin, index] = text

    def reverse(self) -> None:
        node = self.stocked()
        index, wrong = self.entry(node)
        if wrong:
            self.attempt(node.reversed(index), *wrong)
            return
        entry = node.log[index - 1]
        if "adjusted" in self.kinds(node, index):
            wrong = ["reversal-of-adjusted"]
        elif entry.type in FIXED:
            wrong = [FIXED[entry.type]]
        elif entry.items("nets.public") and entry.type == "sampled":
            wrong = ["reversal-of-opened-unit"]
        elif entry.type == "moved" and self.mixed(node, entry):
            wrong = ["reversal-of-mixed-move", *TOUCHED]
        assert wrong or entry.type in UNDONE
        later = index < len(node.log) and entry.type != "removed"
        self.attempt(node.reversed(index), *wrong, perhaps=TOUCHED if later else ())

    def mixed(self, node: Node, entry: Event) -> bool:
        """Whether a line of a move holds more than its units do now."""
        for row in entry.rows("lines.chain", "lines.authority"):
            leaves = [one for one in (self.unit(node, id_) for id_ in row.get("units") or ()) if not one.contains]
            held = sum(one.net_mg for one in leaves), sum(one.count or 0 for one in leaves)
            if leaves and held != (row["mg"], row.get("count") or 0):
                return True
        return False

    # -- adjusting --------------------------------------------------------------------------------------------

    def moved_by(self, node: Node, event: Event) -> dict[tuple[str, str, str, str], Amount]:
        """What an entry of one's own moved: side, batch, site, owner → how much, as the event says it."""
        found: dict[tuple[str, str, str, str], Amount] = {}
        groups = {"inputs": "used", "outputs": "made"} | ({"lines": "used"} if event.type == "removed" else {})
        owner = ""
        if event.type == "registered":
            row = {**event.scalar("quantity"), **event.scalar("batch")}
            return {("made", event.ids["batch"], row["site"], ""): amount(row)}
        if event.type == "dismantled":
            owner = self.unit(node, event.items("units.chain")[0]["unit"]).owner
        for group, side in groups.items():
            for at, row in enumerate(event.rows(f"{group}.chain", f"{group}.authority")):
                owner = row.get("owner") or "" if side == "used" else owner
                id_ = event.ids["outputs.chain"][at] if side == "made" else row["batch"]
                place = side, id_, row["site"], owner
                found[place] = plus(found.get(place, (0, 0)), amount(row))
        return found

    def adjust(self) -> None:
        """One line, or a batch made and used by so much less; up to 120 % of what there is."""
        node = self.stocked()
        index, wrong = self.entry(node)
        if wrong:
            self.attempt(node.adjusted(change(index, "made", "7" * 26, 1)), *wrong)
            return
        places = self.moved_by(node, node.log[index - 1])
        if not places:
            return
        place = self.one(sorted(places))
        side, id_, site, owner = place
        batch = node.view["batch", id_]
        assert isinstance(batch, Batch)
        here = batch.holding(site, owner)
        sign = -1 if side == "used" else 1
        so_far = plus(places[place], self.deltas[node.origin, index, *place])
        low = so_far[0] if side == "used" else min(so_far[0], here.mg)
        high = here.mg if side == "used" else 10**6
        mg = self.one((-self.whole(0, low * 6 // 5), self.whole(0, high * 6 // 5)))
        pieces = self.one((0, self.dice.randint(-3, 3))) if batch.counted else 0
        after = plus(so_far, (mg, pieces))
        stands = plus((here.mg, here.count or 0), (sign * mg, sign * pieces))
        if node.log[index - 1].type in POOLS:
            wrong = ["correction-in-pool"]
        elif not mg and not pieces:
            wrong = ["adjustment-of-nothing"]
        elif min(after) < 0 or min(stands) < 0:
            wrong = ["adjustment-below-zero", "adjustment-not-here", *SOFT]
        line = change(index, side, id_, mg, count=pieces or None, site=site, owner=owner or None)
        if self.attempt(node.adjusted(line), *wrong, perhaps=SOFT):
            self.deltas[node.origin, index, *place] = plus(self.deltas[node.origin, index, *place], (mg, pieces))

    def adjust_together(self) -> None:
        """Whoever gives goes first: the receiver where less was shipped, the sender where more was."""
        receiver = self.stocked()
        receipts = [
            n for n, event in enumerate(receiver.log, 1) if event.type == "received" and event.items("lines.chain")
        ]
        if not receipts:
            return
        index = self.one(receipts)
        receipt = receiver.log[index - 1]
        sender = self.world[receipt.scalar("receipt")["from"].removesuffix(".example")]
        shipment = receipt.scalar("receipt")["shipment"].rpartition("#")[2]
        row = self.one(list(receipt.rows("lines.chain", "lines.partner", "lines.authority")))
        sent = next(n for n, event in enumerate(sender.log, 1) if event.ids.get("shipment") == shipment)
        offered = list(sender.log[sent - 1].rows("lines.chain", "lines.partner", "lines.authority"))[row["line"]]
        less = self.dice.random() < 0.5
        mg = (-1 if less else 1) * self.whole(1, max(row["accepted_mg"] * 11 // 10, 1))
        batch = receiver.batch(row["batch"])
        own = row.get("owner") == receiver.name
        stays = "" if own else row.get("owner") or sender.name
        owner = "" if receipt.scalar("receipt")["purpose"] in ("sale", "sample", "return") else stays
        theirs = change(index, "received", row["batch"], mg, site=row["site"], owner=owner or None)
        ours = change(sent, "shipped", offered["batch"], mg, site=offered["site"], owner=offered.get("owner"))
        for line in (theirs, ours):
            line["basis"] = batch.basis
        giver, taker, line, back = (receiver, sender, theirs, ours) if less else (sender, receiver, ours, theirs)
        perhaps = ["adjustment-below-zero", "adjustment-not-here"]
        state = sender.view["shipment", shipment]
        assert isinstance(state, Shipment)
        wrong = [] if less or state.closed else ["adjustment-before-receipt"]
        event = giver.adjusted(line, partner=taker.name)
        if self.attempt(event, *wrong, perhaps=perhaps):
            self.given.append((giver, event, taker, back))

    def take_given(self) -> None:
        """With the giver's consent; once."""
        if not self.given:
            return
        giver, event, taker, line = self.one(self.given[-4:])
        consent, wrong = giver.consent(event), []
        if self.dice.random() < 0.1:
            consent, wrong = None, ["consent-missing"]
        ref = f"{giver.origin}#{giver.index(event)}"
        if consent and ("consent", ref) in taker.view:
            wrong = ["consent-used"]
        if line["side"] == "shipped":
            shipment = taker.view["shipment", taker.log[line["entry"] - 1].ids["shipment"]]
            assert isinstance(shipment, Shipment)
            if not shipment.closed:
                wrong = ["adjustment-before-receipt"]
        perhaps = ["adjustment-below-zero"]
        self.attempt(taker.adjusted(line, partner=giver.name, consent=consent), *wrong, perhaps=perhaps)

    def close_month(self) -> None:
        node, month = self.world[self.one(NAMES)], f"2026-{self.dice.randint(1, 12):02}"
        wrong = ["month-not-over"] if month >= "2026-11" else ["month-closed"] if ("month", month) in node.view else []
        self.attempt(node.period_closed(month), *wrong)

    # -- folding ----------------------------------------------------------------------------------------------

    def check_folding(self) -> None:
        """All logs as corrected, summed anew: everybody holds as much, and as much is on its way."""
        logs = {node.name: dict(as_corrected(enumerate(node.log, 1))) for node in self.world.nodes.values()}
        folded = Books()
        for node, index, before in self.order:
            if index in logs[node.name]:
                folded.record(logs[node.name][index].check(), before)
        assert not folded.between
        assert without_nothing(folded.held) == without_nothing(self.books.held)
        assert on_the_way(folded) == on_the_way(self.books)
        assert without_nothing(folded.used) == without_nothing(self.books.used)


def without_nothing(sums: dict[str, Amount] | dict[tuple[str, str], Amount]) -> dict[object, Amount]:
    return {place: held for place, held in sums.items() if held != (0, 0)}


def on_the_way(books: Books) -> dict[object, Amount]:
    found: dict[str, Amount] = defaultdict(lambda: (0, 0))
    for batch, out in (*books.transit.values(), *books.between.items()):
        found[batch] = plus(found[batch], out)
    return without_nothing(found)
