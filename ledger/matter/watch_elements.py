"""The rules on elements: transformations, pools, stock-takes and months balance, and yields are what processes reach.

    element-gain       out + losses - in of an element beyond what uncertainty allows: matter from nowhere
    element-not-fed    the same, of an element of which nothing went in
    recycled-foreign   the same, of Y, Sm, Eu or Er where nothing but recycled feed went in
    pool-gain          a pool's period: draws + losses + closing - opening - charges
    month-gain         all balances of a month together, apart from those that were findings of their own
    yield-low          less of an element is accounted for than the process loses at worst
    yield-high         more of it is in the products than the process yields at best

Which figures rest on which is kept along the way: an output with an assay of its own is a new figure, one without
stands on the figures of what went in (a merge on all of them, each by its part).
What cannot be tested is not: where nothing is known of some input, a gain may come from there.

Over 400 lines because what is judged, booked and told anew shares its sheets and figures.
"""

from collections.abc import Iterable, Iterator
from copy import deepcopy
from dataclasses import replace
from math import isqrt
from typing import Any

from ledger.matter.balance import FINE_K, PPM, Difference, Sheet
from ledger.matter.books import BookRow, Books
from ledger.matter.figures import Figures, own_assays
from ledger.matter.findings import Entry, Finding
from ledger.matter.flows import Flow, Goods, Restated
from ledger.matter.limits import FOREIGN_TO_MAGNETS, Limits, entry_of, hidden_feeds
from ledger.matter.makeups import pool_of
from ledger.matter.rejected import Rejected
from ledger.matter.sheets import Balance
from ledger.matter.watch_measuring import reassayed, recounted

MADE = frozenset({"transformed", "assembled", "dismantled", "sampled"})
OF_GOODS = frozenset({"made", "yield_low", "yield_high"})
"""Formulas of findings on the goods of a single entry: they are worked out anew where these are told anew."""
HIDDEN_TOLD = 3
ENTRIES_TOLD = 64


class Elements:
    """Takes flows in the order of the log."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._trace_ppm, self._common_ppm = limits.value["trace_ppm"], limits.value["common_ppm"]
        self._scale_ppm = limits.reference.scale_ppm("")
        self._figures = Figures(limits)
        self._pools: dict[str, Balance] = {}
        self._pooled: dict[str, dict[str, int]] = {}
        self._months: dict[str, tuple[Sheet, list[Entry]]] = {}
        self._booked: dict[int, tuple[str, tuple[str, ...]]] = {}
        self._rejected = Rejected()
        self.books = Books()
        self.rows: dict[str, list[BookRow]] = {}

    def take(self, flow: Flow) -> Iterator[Finding]:
        type_ = flow.event.type
        # What was rejected enters the books as it goes back: they would fall below what is here otherwise.
        self.books.sent_back(flow, self._rejected.going_back(flow))
        if type_ in MADE:
            self.books.made(flow)
            yield from self._made(flow)
        elif type_ == "adjusted":
            for one in flow.restated:
                yield from self._restated(one)
        elif type_ in {"charged", "drawn"}:
            yield from self._through_pool(flow)
        elif type_ == "closed" or (flow.pool is not None and type_ == "counted"):
            yield from self._measured(flow)
        elif type_ == "counted":
            yield from self._recounted(flow)
        elif type_ in {"assayed", "assay_agreed"}:
            yield from reassayed(flow, self._limits)
            yield from self._revalued(flow)
        else:
            self._passed(flow)

    # -- goods that come and go --------------------------------------------------------------------------------

    def _passed(self, flow: Flow) -> None:
        event, books = flow.event, self.books
        if event.type in {"registered", "received", "log_opened"}:  # a successor begins with what was left
            books.entered(flow, flow.outs)
            for goods in flow.outs:
                if (code := pool_of(goods.batch)) is not None:
                    self._feed(self._pools.setdefault(code, Balance()), [goods], f"{goods.batch} {flow.index}")
                    self._pool_moves(flow, [goods], 1)
        elif event.type == "removed":
            books.left(flow, flow.ins)
        elif event.type == "shipped":
            to_member = event.scalar("shipment").get("to") is not None
            books.left(flow, flow.ins, event.ids.get("shipment") if to_member else None)
        elif event.type == "acknowledged":
            books.arrived(flow, event.scalar("acknowledgement").get("shipment", ""))
            books.entered(flow, flow.outs)
        elif event.type == "reversed":
            self._reversed(flow)
        elif event.type == "remeasured":
            books.revalued(flow)  # dried, or weighed again: the mass is another one, the elements are what they were

    def _reversed(self, flow: Flow) -> None:
        """The reversal of something made is part of the month's balance, as that was; of something that entered or
        left it is not. What was in a closed month enters the books only.
        """
        booked = self._booked.get(flow.event.scalar("reversal").get("index", -1))
        if flow.pool is not None:
            balance = self._pool(flow)
            self._note(balance, flow)
            self._undo(balance, flow)
            self._pool_moves(flow, flow.ins, 1)
            self._pool_moves(flow, flow.outs, -1)
        elif booked is None:
            self.books.entered(flow, flow.outs)
            self.books.left(flow, flow.ins)
        else:
            self.books.made(flow)
            if booked[0] == self.books.month_of(flow):
                balance = Balance(entries=[entry_of(flow)])
                self._undo(balance, flow)
                self._book_month(flow, balance, balance.sheet.sums)

    def _revalued(self, flow: Flow) -> Iterator[Finding]:
        """What is here of a batch by its new assay, today; what went of it before, where that is told anew."""
        self.books.revalued(flow)
        batches = {goods.batch for goods in flow.outs}
        for one in flow.restated:
            change = one.change
            ins, outs = ([goods for goods in side if goods.batch in batches] for side in (change.ins, change.outs))
            self.books.revalued(replace(change, ins=tuple(outs), outs=tuple(ins)))
            self.books.revalued(replace(flow, ins=tuple(ins), outs=tuple(outs)))
            yield from self._restated(one)

    def _restated(self, one: Restated) -> Iterator[Finding]:
        """The difference is booked in the entry's own month, or where that is closed, in the first open one. What was
        made is judged anew; a closed month's balance is not, nor are pools: what went in is what was told then.
        """
        change, type_ = one.change, one.now.event.type
        if type_ in MADE:
            self.books.made(change)
            yield from self._rejudged(one)
        elif type_ == "shipped":
            shipment = change.event.ids.get("shipment", "")
            self.books.left(change, change.ins, shipment if self.books.under_way(shipment) else None)
        elif type_ == "charged":
            for goods in change.ins:
                for element, (ug, _) in goods.elements.items():
                    self.books.found(change, element, -ug)
        elif type_ in {"assayed", "assay_agreed"}:
            self.books.revalued(change)
        elif type_ == "counted":
            for sign, side in ((1, change.outs), (-1, change.ins)):
                for goods in side:
                    for element, (ug, _) in goods.elements.items():
                        self.books.found(change, element, sign * ug)
        else:
            self._passed(change)

    def _rejudged(self, one: Restated) -> Iterator[Finding]:
        month, elements = self._booked.pop(one.now.index, ("", ()))
        was = self._sheet_of(one.was).sheet if elements and month in self._months else None
        if was is not None:
            self._months[month][0].add(was, elements, -1)
        yield from self._made(one.now, closed=month < self.books.open_from)

    def _undo(self, balance: Balance, flow: Flow) -> None:
        """Goods that come back were put in less, goods that are taken back came out less: under the same figures."""
        for goods in flow.outs:
            for element, name, ug, u_ppm in self._figures.rests_on(goods):
                balance.sheet.put(element, name, 0, -ug, u_ppm)
        for goods in flow.ins:
            for element, name, ug, u_ppm in self._figures.rests_on(goods):
                balance.sheet.put(element, name, -ug, 0, u_ppm)
                if not self._limits.by_product(goods.product):
                    balance.products[element] = balance.products.get(element, 0) - ug

    # -- transformations ---------------------------------------------------------------------------------------

    def _made(self, flow: Flow, *, closed: bool = False) -> Iterator[Finding]:
        """`closed`: it is not part of any month's balance any more."""
        self._booked[flow.index] = (self.books.month_of(flow), ())
        if self._limits.conserving(flow) and not any(own_assays(flow)) and _adds_up(flow):
            self._figures.inherit(flow)
            return  # every part rests on the figures of what went in
        balance = self._sheet_of(flow)
        balance.processes = flow.processes
        fed_mg = sum(goods.mg for goods in flow.ins)
        balance.added = self._limits.added_ug(flow.processes, fed_mg)
        failed: set[str] = set()
        for finding in self._gains(flow, balance, "made"):
            failed.update(finding.elements if finding.severity != "reason" else ())
            yield finding
        yield from self._yields(flow, balance, failed)
        if not balance.unknown and not closed:
            tested = balance.testable(failed)
            self._booked[flow.index] = (self.books.month_of(flow), tuple(tested))
            self._book_month(flow, balance, tested)

    def _sheet_of(self, flow: Flow) -> Balance:
        balance = Balance(entries=[entry_of(flow)], batches=[goods.batch for goods in (*flow.outs, *flow.ins)])
        self._feed(balance, flow.ins)
        own = own_assays(flow)
        if not all(own):
            self._figures.inherit(flow)
        for goods, measured in zip(flow.outs, own, strict=True):
            self._yielded(balance, goods, measured=measured)
        for position, goods in enumerate(flow.losses):
            self._yielded(balance, goods, key=f"loss {flow.index}.{position}", measured=True)
        return balance

    def _feed(self, balance: Balance, ins: Iterable[Goods], key: str = "") -> None:
        put = balance.sheet.put
        for goods in ins:
            if not goods.elements:
                balance.unknown = balance.unknown or not self._limits.holds_none(goods)
                continue
            balance.fed.append(goods)
            balance.sure = balance.sure and self._figures.sure(goods)
            if key:
                for element, (ug, u_ppm) in goods.elements.items():
                    put(element, key, 0, ug, u_ppm)
            else:
                for element, name, ug, u_ppm in self._figures.rests_on(goods):
                    put(element, name, 0, ug, u_ppm)

    def _yielded(self, balance: Balance, goods: Goods, *, key: str = "", measured: bool) -> None:
        sheet = balance.sheet
        balance.sure = balance.sure and (not goods.elements or self._figures.sure(goods))
        if measured:
            for element, (ug, u_ppm) in goods.elements.items():
                sheet.put(element, key or goods.batch, ug, 0, u_ppm)
        else:
            for element, name, ug, u_ppm in self._figures.rests_on(goods):
                sheet.put(element, name, ug, 0, u_ppm)
            for element, (ug, _) in goods.elements.items():
                sheet.doubt(element, ug * self._scale_ppm // PPM)
        if goods.batch and not self._limits.by_product(goods.product):
            for element, (ug, _) in goods.elements.items():
                balance.products[element] = balance.products.get(element, 0) + ug

    # -- judging a sheet ---------------------------------------------------------------------------------------

    def _gains(self, flow: Flow, balance: Balance, formula: str, *, common_ppm: int = 0) -> list[Finding]:
        """At most one finding beyond the limit and one that asks for a reason."""
        sheet = balance.sheet
        limit_k = self._limits.comparisons(flow.at, "elements", len(sheet.sums))
        if balance.unknown:
            return []
        beyond, doubtful = [], []
        for element, (out, in_) in sheet.sums.items():
            gained = out - in_ - balance.added.get(element, 0)
            if gained <= 0 or element in balance.told:
                continue
            found = balance.difference(element, self._trace_ppm, common_ppm=common_ppm)
            found = Difference(element, gained, found.u_ug)
            if found.beyond(limit_k):
                beyond.append(found)
            elif found.beyond(FINE_K):
                doubtful.append(found)
        balance.told.update(found.element for found in beyond)
        findings = []
        if beyond:
            fed = {element for goods in balance.fed for element in goods.elements}
            rule = "pool-gain" if formula == "pool" else "element-gain"
            if self._limits.only_recycled(tuple(balance.fed)) and {f.element for f in beyond} <= {*FOREIGN_TO_MAGNETS}:
                rule = "recycled-foreign"
            elif rule == "element-gain" and not any(found.element in fed for found in beyond):
                rule = "element-not-fed"
            facts: dict[str, Any] = {"hidden": []}
            if rule == "recycled-foreign" or not all(map(self._limits.reference.keeps_elements, balance.processes)):
                hidden = hidden_feeds({found.element: found.ug for found in beyond}, self._limits.profiles)
                facts = {"hidden": [[name, str(mg * 1000)] for name, mg in hidden[:HIDDEN_TOLD]]}
            severity = "grave" if balance.sure else "mild"
            findings.append(balance.finding(rule, severity, beyond, limit_k, formula, facts))
        if doubtful:
            rule = "pool-gain" if formula == "pool" else "element-gain"
            findings.append(balance.finding(rule, "reason", doubtful, FINE_K, formula, {"hidden": []}))
        return findings

    def _yields(self, flow: Flow, balance: Balance, failed: set[str], *, common_ppm: int = 0) -> Iterator[Finding]:
        least, greatest = self._limits.route(balance.processes)
        if balance.unknown or (least == 0 and greatest == PPM):
            return
        from_ug = sum(in_ for _, in_ in balance.sheet.sums.values()) * self._limits.value["yield_from_ppm"] // PPM
        looked = [
            (element, out, in_)
            for element, (out, in_) in balance.sheet.sums.items()
            if in_ > from_ug and element not in failed
        ]
        limit_k = self._limits.comparisons(flow.at, "yields", len(looked))
        low, high = [], []
        for element, out, in_ in looked:
            added = balance.added.get(element, 0)
            product = balance.products.get(element, 0) - added
            if out * PPM < in_ * least:
                found = balance.difference(element, self._trace_ppm, in_ppm=least, common_ppm=common_ppm)
                low.extend([found] if found.beyond(limit_k) else [])
            elif product * PPM > in_ * greatest:
                spread = balance.difference(element, self._trace_ppm, in_ppm=greatest, common_ppm=common_ppm)
                found = Difference(element, product - in_ * greatest // PPM, spread.u_ug)
                high.extend([found] if found.beyond(limit_k) else [])
        bounds = {"least_ppm": least, "greatest_ppm": greatest}
        if low:
            yield balance.finding("yield-low", "mild", low, limit_k, "yield_low", bounds)
        if high:
            yield balance.finding("yield-high", "mild", high, limit_k, "yield_high", bounds)

    # -- pools -------------------------------------------------------------------------------------------------

    def _pool(self, flow: Flow) -> Balance:
        return self._pools.setdefault(flow.pool or "", Balance())

    def _pool_moves(self, flow: Flow, goods: Iterable[Goods], sign: int) -> None:
        for one in goods:
            for element, (ug, _) in one.elements.items():
                self._pool_moved(flow, element, sign * ug)

    def _pool_moved(self, flow: Flow, element: str, ug: int) -> None:
        """So much more is in pools since the month in which the flow is booked."""
        month = self._pooled.setdefault(self.books.month_of(flow), {})
        month[element] = month.get(element, 0) + ug

    def _note(self, balance: Balance, flow: Flow) -> None:
        balance.entries.append(entry_of(flow))
        balance.batches.extend(goods.batch for goods in (*flow.ins, *flow.outs))
        balance.processes = balance.processes or flow.processes

    def _through_pool(self, flow: Flow) -> Iterator[Finding]:
        balance = self._pool(flow)
        self._note(balance, flow)
        self._feed(balance, flow.ins)
        for goods in flow.outs:
            self._yielded(balance, goods, measured=True)
        for position, goods in enumerate(flow.losses):
            self._yielded(balance, goods, key=f"loss {flow.index}.{position}", measured=True)
        self.books.lost(flow)
        self._pool_moves(flow, flow.ins, 1)
        self._pool_moves(flow, (*flow.outs, *flow.losses), -1)
        if flow.event.type == "drawn" and any(out > in_ for out, in_ in balance.sheet.sums.values()):
            # More has come out than ever went in: no need to wait until somebody measures what is left.
            yield from (
                found
                for found in self._gains(flow, balance, "pool", common_ppm=self._common_ppm)
                if found.severity != "reason"
            )

    def _measured(self, flow: Flow) -> Iterator[Finding]:
        """A pool was measured: its period ends here, and what is in it opens the next one.

        Where it was not measured, the period goes on under the next name, or the pool is given up and holds nothing.
        """
        balance = self._pool(flow)
        self._note(balance, flow)
        for position, goods in enumerate(flow.losses):
            self._yielded(balance, goods, key=f"loss {flow.index}.{position}", measured=True)
        self.books.lost(flow)
        self._pool_moves(flow, flow.losses, -1)
        left = [goods for goods in flow.outs if goods.sure]
        if not left and flow.event.slots.get("opens") is not None:
            return
        booked = {element: in_ - out for element, (out, in_) in balance.sheet.sums.items()}
        key = f"pool {flow.pool} {flow.index}"
        for goods in left:
            for element, (ug, u_ppm) in goods.elements.items():
                balance.sheet.put(element, key, 0, -ug, u_ppm)  # what is left was not processed: yields are of the rest
        failed = set(balance.told)
        for finding in self._gains(flow, balance, "pool", common_ppm=self._common_ppm):
            failed.update(finding.elements if finding.severity != "reason" else ())
            yield finding
        yield from self._yields(flow, balance, failed, common_ppm=self._common_ppm)
        for element in balance.sheet:
            held = sum(goods.elements.get(element, (0, 0))[0] for goods in left)
            self.books.found(flow, element, held - booked.get(element, 0))
            self._pool_moved(flow, element, held - booked.get(element, 0))
        if not balance.unknown:
            self._book_month(flow, balance, balance.testable(failed))
        opened = self._pools[flow.pool or ""] = Balance(processes=balance.processes)
        self._feed(opened, left, key)

    # -- measuring again ---------------------------------------------------------------------------------------

    def _recounted(self, flow: Flow) -> Iterator[Finding]:
        """What a stock-take finds is booked; gains that are within the scale's tolerance still add up over a month.

        Goods without a batch are what pools hold, in the order in which the event names the pools.
        """
        named = [row["pool"] for row in flow.event.items("pools.authority") if row]
        held = [goods for goods in flow.outs if not goods.batch]
        for code, goods in zip([one for one in named if one in self._pools], held, strict=False):
            yield from self._measured(replace(flow, pool=code, ins=(), outs=(goods,), losses=()))
        failed: set[str] = set()
        for finding in recounted(flow, self._limits):
            failed.update(finding.batches)
            yield finding
        after = {goods.batch: goods for goods in flow.outs}
        balance = Balance(entries=[entry_of(flow)])
        for before in flow.ins:
            now = after.get(before.batch)
            for element, (ug, u_ppm) in before.elements.items() if before.batch else ():
                found = 0 if now is None else now.elements.get(element, (0, u_ppm))[0]
                self.books.found(flow, element, found - ug)
                if before.batch not in failed:
                    balance.sheet.put(element, f"count {flow.index} {before.batch}", found, ug, u_ppm)
                    balance.sheet.doubt(element, isqrt(found**2 + ug**2) * self._scale_ppm // PPM)
        self._book_month(flow, balance, balance.sheet.sums)

    # -- months ------------------------------------------------------------------------------------------------

    def _book_month(self, flow: Flow, balance: Balance, elements: Iterable[str]) -> None:
        sheet, entries = self._months.setdefault(self.books.month_of(flow), (Sheet(), []))
        wanted = [element for element in elements if element not in balance.added]
        sheet.add(balance.sheet, wanted)
        if len(entries) < ENTRIES_TOLD:
            entries.append(entry_of(flow))

    def month(self, month: str) -> Iterator[Finding]:
        """Closes all months up to this one."""
        for one in sorted({*self.books.months, *self._months, month}):
            if one <= month and one >= self.books.open_from:
                yield from self._close(one)

    def preview(self, month: str) -> list[BookRow]:
        """The rows of a closed month; of an open one those it would have if it were closed now. Closes nothing."""
        if month in self.rows or month < self.books.open_from:
            return self.rows.get(month, [])
        books, rows = deepcopy(self.books), list[BookRow]()
        for one in sorted({*books.months, month}):
            if books.open_from <= one <= month:
                rows = books.close(one, self._in_pools(one))
        return rows

    def _close(self, month: str) -> Iterator[Finding]:
        sheet, entries = self._months.pop(month, (Sheet(), []))
        limit_k = self._limits.comparisons(month, "elements", len(sheet.sums))
        found = [sheet.difference(element, common_ppm=self._common_ppm) for element in sheet]
        gained = [one for one in found if one.ug > 0]
        balance = Balance(sheet, entries=entries)
        beyond = [one for one in gained if one.beyond(limit_k)]
        doubtful = [one for one in gained if one.beyond(FINE_K) and not one.beyond(limit_k)]
        if beyond:
            yield balance.finding("month-gain", "grave", beyond, limit_k, "month", {}, month)
        if doubtful:
            yield balance.finding("month-gain", "reason", doubtful, FINE_K, "month", {}, month)
        self.rows[month] = self.books.close(month, self._in_pools(month))
        self._pooled = {one: moved for one, moved in self._pooled.items() if one > month}

    def _in_pools(self, month: str) -> dict[str, tuple[int, int]]:
        """What all pools held by the books at the end of a month, and the uncertainty of what they hold now."""
        later = [moved for one, moved in self._pooled.items() if one > month]
        held: dict[str, list[int]] = {}
        for balance in self._pools.values():
            for element in balance.sheet:
                one = balance.sheet.difference(element, common_ppm=self._common_ppm)
                sums = held.setdefault(element, [0, 0])
                sums[0] -= one.ug
                sums[1] += one.u_ug**2
        for element in {element for moved in later for element in moved}:
            held.setdefault(element, [0, 0])[0] -= sum(moved.get(element, 0) for moved in later)
        return {element: (ug, isqrt(squares)) for element, (ug, squares) in held.items()}


def _adds_up(flow: Flow) -> bool:
    """Whether nothing is there that was not before, but for rounding."""
    sums: dict[str, int] = {}
    for goods in flow.ins:
        for element, (ug, _) in goods.elements.items():
            sums[element] = sums.get(element, 0) + ug
    for goods in (*flow.outs, *flow.losses):
        for element, (ug, _) in goods.elements.items():
            sums[element] = sums.get(element, 0) - ug
    return all(left >= -len(flow.outs) - len(flow.ins) for left in sums.values())
