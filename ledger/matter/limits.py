"""What the rules of findings measure by: limits of the reference data, made ready once for quick use.

Also the bookkeeping that all rules share: how many comparisons have been made this year, which widens what counts as a
finding (balance.py), and the entry that a flow comes from.
"""

from collections.abc import Mapping
from functools import cached_property

from ledger.matter.balance import PPM, coverage
from ledger.matter.findings import Entry
from ledger.matter.flows import Flow, Goods
from ledger.matter.reference import CONSERVING, Reference

BY_PRODUCTS = frozenset({"swarf", "eol", "other"})
"""Forms that come out beside the product: a yield is of the product, a loss is of all."""
RECYCLED_GROUP = "recycled"
FOREIGN_TO_MAGNETS = ("Y", "Sm", "Eu", "Er")


def entry_of(flow: Flow) -> Entry:
    return flow.event.origin, flow.index


class Limits:
    """One organisation's limits and counters. `role` and `country` are the organisation's own."""

    def __init__(self, reference: Reference, role: str, country: str = "CN") -> None:
        self.reference, self.role, self.country = reference, role, country
        rows = reference.tables["finding_limits"]
        self.value: Mapping[str, int] = {name: row["value"] for name, row in rows.items()}
        self._comparisons: dict[tuple[str, str], int] = {}
        self._routes: dict[tuple[str, ...], tuple[int, int]] = {}

    def comparisons(self, flow_at: str, family: str, more: int) -> int:
        """So many of this kind have been made this year, `more` of them now; the k in thousandths that follows."""
        key = (flow_at[:4], family)
        self._comparisons[key] = self._comparisons.get(key, 0) + more
        return coverage(self._comparisons[key])

    def route(self, processes: tuple[str, ...]) -> tuple[int, int]:
        """Least and greatest yield of several steps in a row, in ppm: they multiply. 0 and 1 where nothing is known."""
        known = self._routes.get(processes)
        if known is None:
            least, greatest, told = PPM, PPM, False
            for process in processes:
                found = self.reference.yield_ppm(process)
                if found is not None:
                    least, greatest, told = least * found[0] // PPM, greatest * found[2] // PPM, True
                elif self.reference.row("processes", process) is None:
                    least, greatest, told = 0, PPM, False
                    break
            known = self._routes[processes] = (least, greatest) if told else (0, PPM)
        return known

    def added_ug(self, processes: tuple[str, ...], mg: int) -> dict[str, int]:
        """What the steps may add to goods of `mg`, by element: only what the process brings."""
        found: dict[str, int] = {}
        for process in processes:
            _, most, elements = self.reference.adds_ppm(process)
            for element in elements:
                found[element] = found.get(element, 0) + mg * most // 1000
        return found

    def conserving(self, flow: Flow) -> bool:
        """Whether the event only parts or joins what is there."""
        if flow.event.type == "sampled":
            return True
        return bool(flow.processes) and all(process in CONSERVING for process in flow.processes)

    def holds_none(self, goods: Goods) -> bool:
        """Whether the product holds no rare earths at all, like iron: then nothing known is nothing there."""
        row = self.reference.row("products", goods.product)
        return row is not None and row.get("holds", {}).get("main") == []

    def by_product(self, product: str) -> bool:
        return self.reference.form(product) in BY_PRODUCTS

    def feed_group(self, feed_class: str) -> str | None:
        row = self.reference.row("feed_classes", feed_class)
        return None if row is None else str(row["group"])

    def only_recycled(self, goods: tuple[Goods, ...]) -> bool:
        """Whether all that is known of where these goods come from is recycled feed."""
        groups = {
            self.feed_group(origin.partition("/")[2])
            for one in goods
            for rows in one.origins.values()
            for origin, row in rows.items()
            if row[2]
        }
        return groups == {RECYCLED_GROUP}

    @cached_property
    def profiles(self) -> Mapping[str, Mapping[str, int]]:
        """Ore profile → element → µg of the element in a kilogram of REO."""
        return {
            name: {element: _per_kg(percent, self.reference, element) for element, percent in row["distribution_pct"]}
            for name, row in self.reference.tables["ore_profiles"].items()
            if "distribution_pct" in row
        }


def _per_kg(percent: str, reference: Reference, element: str) -> int:
    whole, _, decimals = percent.partition(".")
    ten_thousandths = int(whole + decimals.ljust(4, "0")[:4])
    factor = reference.factors[element]
    return ten_thousandths * 1000 * factor.numerator // factor.denominator


def hidden_feeds(gains: Mapping[str, int], profiles: Mapping[str, Mapping[str, int]]) -> list[tuple[str, int]]:
    """For each ore profile that holds all of these elements, the mg REO of it that would explain the gains (µg by
    element), the smallest first. One kind of ore at a time: a mix needs at least as much as its best part for the
    element that needs most, and what nobody sells of the rest can always have been thrown away.
    """
    found = []
    for name, per_kg in profiles.items():
        if all(per_kg.get(element) for element in gains):
            kg_milli = max(-(-gain * 1000 // per_kg[element]) for element, gain in gains.items())
            found.append((kg_milli * 1000, name))
    return [(name, mg) for mg, name in sorted(found)]
