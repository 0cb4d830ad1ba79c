"""Which measured figure each batch's elements rest on: what balances need to know which errors are one and the same.

A batch with an assay of its own is a figure. What is only parted, joined or shaped (metal that stays metal, a product
that went in) and has no assay of its own has the composition of what went in, and rests on those figures: all of it on
one, where one went in, and by its parts on several, where goods were merged. It is as sure as they are. A merge of more
than ROOTS_MAX figures counts as a figure of its own; so many errors have averaged out. Anything else without an assay
has the composition that is usual for its product: a figure of its own, and not a sure one.

Promises: the amounts on figures add up to the goods exactly.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ledger.matter.flows import Flow, Goods
from ledger.matter.limits import Limits

ROOTS_MAX = 64
METALLIC = frozenset({"metal", "alloy", "flake", "powder", "block", "magnet", "swarf", "motor", "eol"})
"""Forms between which goods are only joined, parted or shaped."""


class Columns(NamedTuple):
    """An element's figures, µg of each and u ppm of each: no rows, for every merged batch of a log keeps its own."""

    figures: tuple[str, ...] = ()
    ug: tuple[int, ...] = ()
    u_ppm: tuple[int, ...] = ()


Parts = dict[str, Columns]
_NOTHING = Columns()


class Figures:
    """Takes flows in the order of the log."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._parts: dict[str, Parts] = {}
        self._alias: dict[str, str] = {}
        self._sure: set[str] = set()

    def sure(self, goods: Goods) -> bool:
        """Whether the goods' figures come from assays, their own or those of what they were made of."""
        return goods.sure or goods.batch in self._sure

    def rests_on(self, goods: Goods) -> Iterator[tuple[str, str, int, int]]:
        """(element, figure, µg, u ppm): the goods by the figures that they were computed from."""
        parts = self._parts.get(goods.batch)
        if parts is not None:
            yield from _split(goods, parts)
            return
        name = self._alias.get(goods.batch, goods.batch)
        for element, (ug, u_ppm) in goods.elements.items():
            yield element, name, ug, u_ppm

    def inherit(self, flow: Flow) -> None:
        """Outputs that are what went in, without an assay of their own, rest on the figures of what went in."""
        known = [goods for goods in flow.ins if goods.elements]
        roots = {self._alias.get(goods.batch, goods.batch) for goods in known}
        merged: Parts | None = None
        if len(roots) > 1 or any(goods.batch in self._parts for goods in known):
            merged = self._merged(known)
        sure = all(map(self.sure, known))
        for goods, assay in zip(flow.outs, own_assays(flow), strict=True):
            if assay or not self._carried(flow, goods):
                continue
            if sure:
                self._sure.add(goods.batch)
            if merged is not None:
                self._parts[goods.batch] = merged
            elif len(roots) == 1:
                self._alias[goods.batch] = next(iter(roots))

    def _carried(self, flow: Flow, goods: Goods) -> bool:
        if flow.event.type == "assembled" or self._limits.conserving(flow):
            return True
        reference = self._limits.reference
        if not flow.processes or not all(map(reference.keeps_elements, flow.processes)):
            return False
        products = {one.product for one in flow.ins}
        forms = {reference.form(product) for product in products}
        return goods.product in products or (reference.form(goods.product) in METALLIC and bool(forms & METALLIC))

    def _merged(self, known: Sequence[Goods]) -> Parts | None:
        sums: dict[str, dict[str, list[int]]] = {}
        for goods in known:
            for element, name, ug, u_ppm in self.rests_on(goods):
                figures = sums.setdefault(element, {})
                figure = figures.get(name)
                if figure is None:
                    figures[name] = [ug, u_ppm]
                    continue
                figure[0] += ug
                figure[1] = max(figure[1], u_ppm)
        if any(len(figures) > ROOTS_MAX for figures in sums.values()):
            return None
        return {
            element: Columns(tuple(figures), *map(tuple, zip(*figures.values(), strict=True)))
            for element, figures in sums.items()
        }


def own_assays(flow: Flow) -> list[bool]:
    """For each output whether the event gives an assay of its own for it."""
    rows = flow.event.items("outputs.authority")
    found = [bool(row and row.get("assay")) for row in rows[: len(flow.outs)]]
    return found + [False] * (len(flow.outs) - len(found))


def _split(goods: Goods, parts: Parts) -> Iterator[tuple[str, str, int, int]]:
    """Goods of a merged batch by the figures that they rest on."""
    for element, (ug, u_ppm) in goods.elements.items():
        figures, amounts, doubts = parts.get(element, _NOTHING)
        total = sum(amounts)
        if not total:
            yield element, goods.batch, ug, u_ppm
            continue
        left = ug
        for name, part, part_ppm in zip(figures[1:], amounts[1:], doubts[1:], strict=True):
            share = ug * part // total
            left -= share
            yield element, name, share, part_ppm
        yield element, figures[0], left, doubts[0]
