"""Flows: what an event moved, in kilograms and elements, as balances and findings read it.

A flow says what went in, what came out and what was lost, each with the element amounts known when it was recorded.
Pure values; contents.py makes them, balance.py and findings.py judge them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from ledger.matter.events import Event
from ledger.matter.rows import Row


@dataclass(frozen=True, slots=True)
class Goods:
    """Goods of one batch. `elements`: element → (µg, relative uncertainty in ppm), empty where nothing is known.

    `origins`: element → origin key → row. `sure`: told by an assay, not by what is typical. Of a loss, `batch` is ""
    and `product` the kind of loss.
    """

    batch: str
    product: str
    mg: int
    elements: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    origins: Mapping[str, Mapping[str, Row]] = field(default_factory=dict)
    sure: bool = False


@dataclass(frozen=True, slots=True)
class Flow:
    """What an event of a log moved.

    Entering (registered, received) has only `outs`, leaving (shipped, removed) only `ins`; a charge has `ins`, a draw
    `outs`; a closing has what the pool held as `ins` and what was measured in it as `outs`; a stock-take and a
    reweighing have what was booked as `ins` and what was found as `outs`.
    """

    index: int
    event: Event
    at: str
    processes: tuple[str, ...]
    site: str
    pool: str | None
    ins: tuple[Goods, ...]
    outs: tuple[Goods, ...]
    losses: tuple[Goods, ...]
