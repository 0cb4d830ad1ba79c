"""Reference data: products, processes, packages and scales, as a versioned file with a source for each number.

The file is an argument, never a constant: an organisation may bring its own, and the entry records which version was
in force. The shipped one is ledger/matter/data/reference.json.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ledger.errors import Malformed

CONSERVING = frozenset({"split", "merge", "blend", "repack", "regrade"})
"""Processes that only part or join what is there: their outputs and losses add up to their inputs, to the milligram."""


@dataclass(frozen=True, slots=True)
class Reference:
    """`version` names the data set; lookups answer None for what it does not know."""

    version: str
    products: Mapping[str, Mapping[str, Any]]
    processes: Mapping[str, Mapping[str, Any]]
    packages: Mapping[str, Mapping[str, Any]]
    scales: Mapping[str, Mapping[str, Any]]

    @classmethod
    def parse(cls, data: bytes) -> "Reference":
        try:
            tables = json.loads(data)
            return cls(
                version=tables["version"],
                products=tables["products"],
                processes=tables["processes"],
                packages=tables["packages"],
                scales=tables["scales"],
            )
        except (ValueError, KeyError, TypeError) as error:
            raise Malformed("malformed", field="reference data", why=f"{type(error).__name__}: {error}") from error

    def form(self, product: str) -> str | None:
        found = self.products.get(product)
        return None if found is None else str(found["form"])

    def product_name(self, product: str, language: str) -> str:
        found = self.products.get(product)
        return product if found is None else str(found[language])

    def process_name(self, process: str, language: str) -> str:
        found = self.processes.get(process)
        return process if found is None else str(found[language])

    def capacity_mg(self, kind: str) -> int | None:
        found = self.packages.get(kind)
        return None if found is None else int(found["capacity_mg"])

    def scale_ppm(self, kind: str) -> int:
        """Relative standard uncertainty (ppm) of a weighing on this kind of scale; the coarsest for an unknown one."""
        found = self.scales.get(kind)
        return int(found["u_ppm"]) if found is not None else max(int(scale["u_ppm"]) for scale in self.scales.values())
