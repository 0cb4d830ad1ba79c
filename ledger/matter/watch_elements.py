"""The rules on elements: transformations, pools, stock-takes and months balance, and yields are what processes reach.

    element-gain       out + losses - in of an element beyond what uncertainty allows: matter from nowhere
    element-not-fed    the same, of an element of which nothing went in
    recycled-foreign   the same, of Y, Sm, Eu or Er where nothing but recycled feed went in
    pool-gain          a pool's period: draws + losses + closing - opening - charges
    month-gain         all balances of a month together, apart from those that were findings of their own
    yield-low          less of an element is accounted for than the process loses at worst
    yield-high         more of it is in the products than the process yields at best
    stocktake-gain, stocktake-loss   goods were counted or weighed anew, and the masses differ
    assay-differs      a later assay says otherwise, beyond both uncertainties

Which figures rest on which is kept along the way: an output with an assay of its own is a new figure, one without
stands on the figures of what went in (a merge on all of them, each by its part).
What cannot be tested is not: where nothing is known of some input, a gain may come from there.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import isqrt
from typing import Any

from ledger.matter.balance import FINE_K, MILLI, PPM, Difference, Sheet
from ledger.matter.books import BookRow, Books
from ledger.matter.findings import Entry, Finding
from ledger.matter.flows import Flow, Goods
from ledger.matter.limits import FOREIGN_TO_MAGNETS, Limits, entry_of, hidden_feeds

MADE = frozenset({"transformed", "assembled", "dismantled", "sampled"})
HIDDEN_TOLD = 3
ROOTS_MAX = 64
"""Figures on which a merged batch is said to rest. Beyond it the merge counts as a figure of its own."""

Parts = dict[str, list[tuple[str, int, int]]]
"""Element → (figure, µg of it, u ppm)."""


@dataclass(slots=True)
class Balance:
    """A sheet in the making, with what its judgement needs besides: what was fed, and who said so."""

    sheet: Sheet = field(default_factory=Sheet)
    fed: list[Goods] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    batches: list[str] = field(default_factory=list)
    processes: tuple[str, ...] = ()
    products: dict[str, int] = field(default_factory=dict)
    added: dict[str, int] = field(default_factory=dict)
    told: set[str] = field(default_factory=set)
    unknown: bool = False
    sure: bool = True


class Elements:
    """Takes flows in the order of the log."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._trace_ppm, self._common_ppm = limits.value["trace_ppm"], limits.value["common_ppm"]
        self._scale_ppm = limits.reference.scale_ppm("")
        self._figures: dict[str, Parts] = {}
        self._alias: dict[str, str] = {}
        self._pools: dict[str, Balance] = {}
        self._months: dict[str, tuple[Sheet, list[Entry]]] = {}
        self._booked: dict[int, str] = {}
        self.books = Books()
        self.rows: dict[str, list[BookRow]] = {}

    def take(self, flow: Flow) -> Iterator[Finding]:
        type_ = flow.event.type
        if type_ in MADE:
            self._booked[flow.index] = self.books.month_of(flow)
            yield from self._made(flow)
        elif type_ in {"charged", "drawn"}:
            yield from self._through_pool(flow)
        elif type_ == "closed" or (flow.pool is not None and type_ == "counted"):
            yield from self._measured(flow)
        elif type_ in {"counted", "remeasured"}:
            yield from self._recounted(flow)
        elif type_ in {"assayed", "assay_agreed"}:
            yield from self._reassayed(flow)
        else:
            self._passed(flow)

    # -- goods that come and go --------------------------------------------------------------------------------

    def _passed(self, flow: Flow) -> None:
        event, books = flow.event, self.books
        if event.type in {"registered", "received"}:
            books.entered(flow, flow.outs)
        elif event.type == "removed":
            books.left(flow, flow.ins)
        elif event.type == "shipped":
            to_member = event.scalar("shipment").get("to") is not None
            books.left(flow, flow.ins, event.ids.get("shipment") if to_member else None)
        elif event.type == "acknowledged":
            books.arrived(event.scalar("acknowledgement").get("shipment", ""))
            books.entered(flow, flow.outs)
        elif event.type in {"reversed", "adjusted"}:
            self._corrected(flow)

    def _corrected(self, flow: Flow) -> None:
        """A correction of something made is part of the month's balance, as what it corrects was; of something that
        entered or left it is not. What corrects a closed month enters the books only.
        """
        corrects = flow.event.scalar("reversal").get("index")
        if corrects is None:
            corrects = next((row.get("index") for row in flow.event.items("lines.chain") if row), None)
        booked = self._booked.get(-1 if corrects is None else corrects)
        if flow.pool is not None:
            balance = self._pool(flow)
            self._note(balance, flow)
            self._undo(balance, flow)
        elif booked is None:
            self.books.entered(flow, flow.outs)
            self.books.left(flow, flow.ins)
        else:
            self.books.made(flow)
            if booked == self.books.month_of(flow):
                balance = Balance(entries=[entry_of(flow)])
                self._undo(balance, flow)
                self._book_month(flow, balance, balance.sheet.sums)

    def _undo(self, balance: Balance, flow: Flow) -> None:
        """Goods that come back were put in less, goods that are taken back came out less: under the same figures."""
        for goods in flow.outs:
            for element, name, ug, u_ppm in self._rests_on(goods):
                balance.sheet.put(element, name, 0, -ug, u_ppm)
        for goods in flow.ins:
            for element, name, ug, u_ppm in self._rests_on(goods):
                balance.sheet.put(element, name, -ug, 0, u_ppm)
                if not self._limits.by_product(goods.product):
                    balance.products[element] = balance.products.get(element, 0) - ug

    # -- transformations ---------------------------------------------------------------------------------------

    def _made(self, flow: Flow) -> Iterator[Finding]:
        self.books.made(flow)
        if self._limits.conserving(flow) and not any(_assays(flow)) and _adds_up(flow):
            self._inherit(flow)
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
        if not balance.unknown:
            self._book_month(flow, balance, self._testable(balance, failed))

    def _sheet_of(self, flow: Flow) -> Balance:
        balance = Balance(entries=[entry_of(flow)], batches=[goods.batch for goods in (*flow.outs, *flow.ins)])
        self._feed(balance, flow.ins)
        own = _assays(flow)
        if not all(own):
            self._inherit(flow)
        for goods, measured in zip(flow.outs, own, strict=True):
            self._yielded(balance, goods, measured=measured)
        for position, goods in enumerate(flow.losses):
            self._yielded(balance, goods, key=f"loss {flow.index}.{position}", measured=True)
        return balance

    def _rests_on(self, goods: Goods) -> Iterator[tuple[str, str, int, int]]:
        """(element, figure, µg, u ppm): the goods by the figures that they were computed from."""
        parts = self._figures.get(goods.batch)
        if parts is not None:
            yield from _split(goods, parts)
            return
        name = self._alias.get(goods.batch, goods.batch)
        for element, (ug, u_ppm) in goods.elements.items():
            yield element, name, ug, u_ppm

    def _feed(self, balance: Balance, ins: Iterable[Goods], key: str = "") -> None:
        put = balance.sheet.put
        for goods in ins:
            if not goods.elements:
                balance.unknown = balance.unknown or not self._limits.holds_none(goods)
                continue
            balance.fed.append(goods)
            balance.sure = balance.sure and goods.sure
            if key:
                for element, (ug, u_ppm) in goods.elements.items():
                    put(element, key, 0, ug, u_ppm)
            else:
                for element, name, ug, u_ppm in self._rests_on(goods):
                    put(element, name, 0, ug, u_ppm)

    def _yielded(self, balance: Balance, goods: Goods, *, key: str = "", measured: bool) -> None:
        sheet = balance.sheet
        balance.sure = balance.sure and (goods.sure or not goods.elements)
        if measured:
            for element, (ug, u_ppm) in goods.elements.items():
                sheet.put(element, key or goods.batch, ug, 0, u_ppm)
        else:
            for element, name, ug, u_ppm in self._rests_on(goods):
                sheet.put(element, name, ug, 0, u_ppm)
            for element, (ug, _) in goods.elements.items():
                sheet.doubt(element, ug * self._scale_ppm // PPM)
        if goods.batch and not self._limits.by_product(goods.product):
            for element, (ug, _) in goods.elements.items():
                balance.products[element] = balance.products.get(element, 0) + ug

    def _inherit(self, flow: Flow) -> None:
        """Outputs without an assay of their own rest on the figures of what went in."""
        known = [goods for goods in flow.ins if goods.elements]
        roots = {self._alias.get(goods.batch, goods.batch) for goods in known}
        merged: Parts | None = None
        if len(roots) > 1 or any(goods.batch in self._figures for goods in known):
            merged = self._merged(known)
        for goods, assay in zip(flow.outs, _assays(flow), strict=True):
            if assay or not goods.sure:
                continue
            if merged is not None:
                self._figures[goods.batch] = merged
            elif len(roots) == 1:
                self._alias[goods.batch] = next(iter(roots))

    def _merged(self, known: Sequence[Goods]) -> Parts | None:
        sums: dict[str, dict[str, list[int]]] = {}
        for goods in known:
            for element, name, ug, u_ppm in self._rests_on(goods):
                figure = sums.setdefault(element, {}).setdefault(name, [0, 0])
                figure[0] += ug
                figure[1] = max(figure[1], u_ppm)
        if any(len(figures) > ROOTS_MAX for figures in sums.values()):
            return None
        return {
            element: [(name, ug, u_ppm) for name, (ug, u_ppm) in figures.items()] for element, figures in sums.items()
        }

    # -- judging a sheet ---------------------------------------------------------------------------------------

    def _testable(self, balance: Balance, failed: set[str]) -> list[str]:
        """What goes into the month's balance: elements that every input names, and that were no findings already."""
        return [
            element
            for element in balance.sheet
            if element not in failed and all(element in goods.elements for goods in balance.fed)
        ]

    def _difference(self, balance: Balance, element: str, *, in_ppm: int = PPM, common: bool = False) -> Difference:
        unnamed = sum(
            sum(ug for ug, _ in goods.elements.values()) * self._trace_ppm // PPM
            for goods in balance.fed
            if element not in goods.elements
        )
        common_ppm = self._common_ppm if common else 0
        return balance.sheet.difference(element, in_ppm=in_ppm, common_ppm=common_ppm, doubt_ug=unnamed)

    def _gains(self, flow: Flow, balance: Balance, formula: str, *, common: bool = False) -> list[Finding]:
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
            found = self._difference(balance, element, common=common)
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
            findings.append(self._finding(rule, severity, balance, beyond, limit_k, formula, facts))
        if doubtful:
            rule = "pool-gain" if formula == "pool" else "element-gain"
            findings.append(self._finding(rule, "reason", balance, doubtful, FINE_K, formula, {"hidden": []}))
        return findings

    def _yields(self, flow: Flow, balance: Balance, failed: set[str], *, common: bool = False) -> Iterator[Finding]:
        least, greatest = self._limits.route(balance.processes)
        if balance.unknown or (least == 0 and greatest == PPM):
            return
        fed_ug = sum(in_ for _, in_ in balance.sheet.sums.values())
        low, high = [], []
        for element, (out, in_) in balance.sheet.sums.items():
            if element in failed or in_ * PPM < fed_ug * self._limits.value["yield_from_ppm"]:
                continue
            limit_k = self._limits.comparisons(flow.at, "yields", 1)
            added = balance.added.get(element, 0)
            product = balance.products.get(element, 0) - added
            if out * PPM < in_ * least:
                found = self._difference(balance, element, in_ppm=least, common=common)
                low.extend([found] if found.beyond(limit_k) else [])
            elif product * PPM > in_ * greatest:
                spread = self._difference(balance, element, in_ppm=greatest, common=common)
                found = Difference(element, product - in_ * greatest // PPM, spread.u_ug)
                high.extend([found] if found.beyond(limit_k) else [])
        bounds = {"least_ppm": least, "greatest_ppm": greatest}
        limit_k = self._limits.comparisons(flow.at, "yields", 0)
        if low:
            yield self._finding("yield-low", "mild", balance, low, limit_k, "yield_low", bounds)
        if high:
            yield self._finding("yield-high", "mild", balance, high, limit_k, "yield_high", bounds)

    def _finding(
        self,
        rule: str,
        severity: str,
        balance: Balance,
        found: Sequence[Difference],
        k_milli: int,
        formula: str,
        facts: Mapping[str, Any],
        month: str = "",
    ) -> Finding:
        worst = sorted(found, key=lambda one: (-one.k_milli, one.element))
        return Finding(
            rule,
            severity,
            {
                "rows": [[one.element, str(one.ug)] for one in worst],
                "processes": list(balance.processes),
                **facts,
            },
            tuple(dict.fromkeys(balance.entries)),
            tuple(dict.fromkeys(batch for batch in balance.batches if batch)),
            tuple(one.element for one in worst),
            month,
            formula,
            {
                "limits": [[one.element, str(one.allowed_ug(k_milli)), str(one.u_ug)] for one in worst],
                "k_milli": k_milli,
            },
        )

    # -- pools -------------------------------------------------------------------------------------------------

    def _pool(self, flow: Flow) -> Balance:
        return self._pools.setdefault(flow.pool or "", Balance())

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
        if flow.event.type == "drawn" and any(out > in_ for out, in_ in balance.sheet.sums.values()):
            # More has come out than ever went in: no need to wait until somebody measures what is left.
            yield from (
                found for found in self._gains(flow, balance, "pool", common=True) if found.severity != "reason"
            )

    def _measured(self, flow: Flow) -> Iterator[Finding]:
        """A pool was measured: its period ends here, and what is in it opens the next one."""
        balance = self._pool(flow)
        self._note(balance, flow)
        for position, goods in enumerate(flow.losses):
            self._yielded(balance, goods, key=f"loss {flow.index}.{position}", measured=True)
        self.books.lost(flow)
        if not flow.outs:
            return  # nobody said what is in it: the period goes on under the next name
        booked = {element: in_ - out for element, (out, in_) in balance.sheet.sums.items()}
        key = f"pool {flow.pool} {flow.index}"
        for goods in flow.outs:
            balance.sure = balance.sure and goods.sure
            for element, (ug, u_ppm) in goods.elements.items():
                balance.sheet.put(element, key, 0, -ug, u_ppm)  # what is left was not processed: yields are of the rest
        failed = set(balance.told)
        for finding in self._gains(flow, balance, "pool", common=True):
            failed.update(finding.elements if finding.severity != "reason" else ())
            yield finding
        yield from self._yields(flow, balance, failed, common=True)
        for element in balance.sheet:
            held = sum(goods.elements.get(element, (0, 0))[0] for goods in flow.outs)
            self.books.found(flow, element, held - booked.get(element, 0))
        if not balance.unknown:
            self._book_month(flow, balance, self._testable(balance, failed))
        opened = self._pools[flow.pool or ""] = Balance(processes=balance.processes)
        self._feed(opened, flow.outs, key)

    # -- measuring again ---------------------------------------------------------------------------------------

    def _recounted(self, flow: Flow) -> Iterator[Finding]:
        after = {goods.batch: goods for goods in flow.outs}
        gains: list[list[Any]] = []
        losses: list[list[Any]] = []
        for before in flow.ins:
            now = after.get(before.batch)
            now_mg = 0 if now is None else now.mg
            u_mg = isqrt(before.mg**2 + now_mg**2) * self._scale_ppm // PPM + 1
            k_milli = abs(now_mg - before.mg) * MILLI // u_mg
            limit_k = self._limits.comparisons(flow.at, "recounts", 1)
            told = gains if now_mg > before.mg else losses
            if k_milli > limit_k and (now_mg > before.mg or flow.event.type == "counted"):
                told.append([before.batch, now_mg - before.mg, u_mg * limit_k // MILLI])
            for element, (ug, _) in before.elements.items():
                found = 0 if now is None else now.elements.get(element, (0, 0))[0]
                self.books.found(flow, element, found - ug)
        known = {goods.batch for goods in flow.ins}
        gains.extend([goods.batch, goods.mg, 0] for goods in flow.outs if goods.batch not in known)
        for rule, severity, rows in (("stocktake-gain", "grave", gains), ("stocktake-loss", "mild", losses)):
            if rows:
                yield Finding(
                    rule,
                    severity,
                    {"masses": [[batch, mg] for batch, mg, _ in rows]},
                    (entry_of(flow),),
                    tuple(str(batch) for batch, _, _ in rows),
                    formula="count",
                    tolerance={"mass_limits": [[batch, allowed] for batch, _, allowed in rows]},
                )

    def _reassayed(self, flow: Flow) -> Iterator[Finding]:
        self.books.revalued(flow)
        sheet = Sheet()
        for goods in flow.ins:
            for element, (ug, u_ppm) in goods.elements.items():
                sheet.put(element, f"before {goods.batch}", 0, ug, u_ppm)
        if not sheet.sums or not all(goods.sure for goods in flow.ins):
            return  # the first assay of goods; before it there was no more than what the product usually holds
        for goods in flow.outs:
            for element, (ug, u_ppm) in goods.elements.items():
                sheet.put(element, f"after {goods.batch}", ug, 0, u_ppm)
        limit_k = self._limits.comparisons(flow.at, "assays", 2 * len(sheet.sums))
        balance = Balance(sheet, list(flow.ins), [entry_of(flow)], [goods.batch for goods in flow.outs])
        differences = [self._difference(balance, element) for element in sheet]
        found = [one for one in differences if one.beyond(limit_k)]
        if found:
            yield self._finding("assay-differs", "mild", balance, found, limit_k, "assay", {})

    # -- months ------------------------------------------------------------------------------------------------

    def _book_month(self, flow: Flow, balance: Balance, elements: Iterable[str]) -> None:
        sheet, entries = self._months.setdefault(self.books.month_of(flow), (Sheet(), []))
        wanted = [element for element in elements if element not in balance.added]
        sheet.add(balance.sheet, wanted)
        if len(entries) < ROOTS_MAX:
            entries.append(entry_of(flow))

    def month(self, month: str) -> Iterator[Finding]:
        """Closes all months up to this one."""
        for one in sorted({*self.books.months, *self._months, month}):
            if one <= month and one >= self.books.open_from:
                yield from self._close(one)

    def _close(self, month: str) -> Iterator[Finding]:
        sheet, entries = self._months.pop(month, (Sheet(), []))
        limit_k = self._limits.comparisons(month, "elements", len(sheet.sums))
        found = [sheet.difference(element, common_ppm=self._common_ppm) for element in sheet]
        gained = [one for one in found if one.ug > 0]
        balance = Balance(sheet, entries=entries)
        beyond = [one for one in gained if one.beyond(limit_k)]
        doubtful = [one for one in gained if one.beyond(FINE_K) and not one.beyond(limit_k)]
        if beyond:
            yield self._finding("month-gain", "grave", balance, beyond, limit_k, "month", {}, month)
        if doubtful:
            yield self._finding("month-gain", "reason", balance, doubtful, FINE_K, "month", {}, month)
        self.rows[month] = self.books.close(month, self._in_pools())

    def _in_pools(self) -> dict[str, tuple[int, int]]:
        """What all pools hold by the books, and its uncertainty."""
        held: dict[str, list[int]] = {}
        for balance in self._pools.values():
            for element in balance.sheet:
                one = balance.sheet.difference(element, common_ppm=self._common_ppm)
                sums = held.setdefault(element, [0, 0])
                sums[0] -= one.ug
                sums[1] += one.u_ug**2
        return {element: (ug, isqrt(squares)) for element, (ug, squares) in held.items()}


def _assays(flow: Flow) -> list[bool]:
    """For each output whether the event gives an assay of its own for it."""
    rows = flow.event.items("outputs.authority")
    found = [bool(row and row.get("assay")) for row in rows[: len(flow.outs)]]
    return found + [False] * (len(flow.outs) - len(found))


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


def _split(goods: Goods, parts: Parts) -> Iterator[tuple[str, str, int, int]]:
    """Goods of a merged batch by the figures that they rest on."""
    for element, (ug, u_ppm) in goods.elements.items():
        figures = parts.get(element)
        total = sum(part for _, part, _ in figures) if figures else 0
        if not figures or not total:
            yield element, goods.batch, ug, u_ppm
            continue
        left = ug
        for name, part, part_u in figures[1:]:
            share = ug * part // total
            left -= share
            yield element, name, share, part_u
        yield element, figures[0][0], left, figures[0][2]
