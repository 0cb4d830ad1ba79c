"""A sheet with what its judgement needs besides: what was fed, by which processes, who said so; and the finding on it.

What an assay of something fed does not name may be there in traces: up to a share of the rare earths that it does name,
as a standard uncertainty (`trace_ppm` of the finding limits).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ledger.matter.balance import PPM, Difference, Sheet
from ledger.matter.findings import Entry, Finding
from ledger.matter.flows import Goods


@dataclass(slots=True)
class Balance:
    """A sheet in the making.

    `products`: µg by element in what is product and not by-product; `added`: what the processes may add; `told`:
    elements that were findings already; `unknown`: something fed of which nothing is known; `sure`: all from assays.
    """

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

    def testable(self, failed: set[str]) -> list[str]:
        """What goes into the month's balance: elements that every input names, and that were no findings already."""
        return [
            element
            for element in self.sheet
            if element not in failed and all(element in goods.elements for goods in self.fed)
        ]

    def difference(self, element: str, trace_ppm: int, *, in_ppm: int = PPM, common_ppm: int = 0) -> Difference:
        unnamed = sum(
            sum(ug for ug, _ in goods.elements.values()) * trace_ppm // PPM
            for goods in self.fed
            if element not in goods.elements
        )
        return self.sheet.difference(element, in_ppm=in_ppm, common_ppm=common_ppm, doubt_ug=unnamed)

    def finding(
        self,
        rule: str,
        severity: str,
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
                "processes": list(self.processes),
                **facts,
            },
            tuple(dict.fromkeys(self.entries)),
            tuple(dict.fromkeys(batch for batch in self.batches if batch)),
            tuple(one.element for one in worst),
            month,
            formula,
            {
                "limits": [[one.element, str(one.allowed_ug(k_milli)), str(one.u_ug)] for one in worst],
                "k_milli": k_milli,
            },
        )
