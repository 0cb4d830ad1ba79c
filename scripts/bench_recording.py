"""What following elements adds to the recording of a transformation, in a real node, by its own verbs.

The same transformation is recorded of goods whose elements are known and of goods of which nothing is: all else is the
same, down to the commit on the disk.
"""

import gc
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

from bench_store import lot, step

from nodes.homes import create_home
from nodes.node import Caller, Node

INPUTS, OUTPUTS = 50, 20
PRODUCT = "ion_clay_mixed_oxide"
FOUR = {"Nd": "66", "Pr": "20", "Dy": "12", "Tb": "2"}
TWELVE = {
    "La": "28.3",
    "Ce": "3",
    "Pr": "5.1",
    "Nd": "17.6",
    "Sm": "4",
    "Eu": "0.5",
    "Gd": "4.5",
    "Tb": "0.6",
    "Dy": "3.7",
    "Ho": "1",
    "Er": "2",
    "Y": "29.7",
}


@dataclass(frozen=True, slots=True)
class Recorded:
    """Seconds to record one transformation, the quickest of some: of goods whose elements are known, and of others."""

    known: float
    unknown: float

    @property
    def added(self) -> float:
        return self.known - self.unknown


def transformations(home: Path, oxides: dict[str, str], sources: int, rounds: int) -> Recorded:
    """INPUTS batches become OUTPUTS, each of these `oxides` from so many sources; both kinds of goods by turns.

    Fewer sources than inputs are lots that were blended and parted before.
    """
    create_home(home, {}, name="blender.example", organisation="信丰", role="mine", country="CN", sites=[_SITE])
    node = Node.open(home, {})
    node.start()
    try:
        bodies = [
            step("blend", _stock(node, held, sources), 2, PRODUCT, 2 * INPUTS // OUTPUTS, outputs=OUTPUTS)
            for held in (oxides, {})
        ]
        with _as_served():
            taken = [[_record(node, "transform", body)[0] for body in bodies] for _ in range(rounds)]
    finally:
        node.stop()
    return Recorded(*map(min, zip(*taken, strict=True)))


def _stock(node: Node, oxides: dict[str, str], sources: int) -> list[str]:
    """INPUTS batches from so many sources."""
    lots = [_record(node, "register", _lot(number, oxides))[1]["batch"] for number in range(sources)]
    if sources == INPUTS:
        return lots
    parted = step("blend", lots, 5_000, PRODUCT, 5_000 * sources // INPUTS, outputs=INPUTS)
    return [row["batch"] for row in _record(node, "transform", parted)[1]["outputs"]]


_SITE = {"code": "pit-1", "country": "CN"}


def _lot(number: int, oxides: dict[str, str]) -> dict[str, Any]:
    body = lot(number)
    if oxides:
        distribution = [*map(list, oxides.items())]
        body["assay"] = {"basis": "ignited", "total_reo_pct": "92.1", "distribution_pct": distribution}
    return body


def _record(node: Node, verb: str, body: dict[str, Any]) -> tuple[float, dict[str, Any]]:
    started = perf_counter()
    answer = node.sequencer.submit(node.command(verb, body, Caller("bench"), None)).result()
    return perf_counter() - started, json.loads(answer.body)


@contextmanager
def _as_served() -> Iterator[None]:
    """With the collector as api/server.py sets it."""
    usual = gc.get_threshold()
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 50)
    try:
        yield
    finally:
        gc.set_threshold(*usual)
        gc.unfreeze()
