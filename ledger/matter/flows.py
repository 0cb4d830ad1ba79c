"""Flows: what each own event moved, by element. The common ground of balances, findings and quota accounts.

A flow is derived from an event and the composition of the goods in it; it decides nothing. `ins` and `outs` by type:

    registered, received       outs: what entered
    shipped, removed           ins: what left
    transformed, assembled, dismantled, sampled   both, and losses
    charged                    ins: what went into the pool        drawn   outs and losses: what came out
    closed                     ins: the pool as booked; outs: the pool as measured, where it was
    counted, remeasured        ins: as booked before; outs: as found
    acknowledged               outs: what came back
    assayed, assay_agreed      ins: by the figures before; outs: by the new ones
    anything else              neither; it is still told, for its documents and dates
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ledger.matter.events import Event
from ledger.matter.genealogy import event_at
from ledger.matter.rows import Row

_print = json.JSONEncoder(ensure_ascii=False, check_circular=False, sort_keys=True, separators=(",", ":")).encode


@dataclass(frozen=True, slots=True)
class Goods:
    """An amount of one batch. `elements`: element → (µg, relative standard uncertainty in ppm); empty if unknown.

    `origins`: element → origin key (`CN/ion_mid_y`) → row. `sure` when the figures come from an assay and not from what
    the product usually holds. A loss has the batch "" and its kind as product.
    """

    batch: str
    product: str
    mg: int
    elements: Mapping[str, tuple[int, int]]
    origins: Mapping[str, Mapping[str, Row]]
    sure: bool


@dataclass(frozen=True, slots=True)
class Flow:
    """What an event of a log moved; the list above says what of it are `ins` and `outs`.

    `processes`: its steps, in order; `pool`: the code of the pool concerned.
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


def flow_of(
    index: int, event: Event, ins: Iterable[Goods] = (), outs: Iterable[Goods] = (), losses: Iterable[Goods] = ()
) -> Flow:
    """The flow of an event that moved these goods, at the site and by the steps that the event names."""
    head = next((value for value in event.slots.values() if isinstance(value, Mapping) and "at" in value), {})
    steps: Sequence[Mapping[str, Any]] = head.get("steps", ())
    site = next((step["site"] for step in reversed(steps) if step.get("site")), head.get("site") or "")
    processes = tuple(step["process"] for step in steps)
    goods = (tuple(ins), tuple(outs), tuple(losses))
    return Flow(index, event, event_at(event), processes, site, head.get("pool"), *goods)


def dump_flow(flow: Flow) -> str | None:
    """What moved, as canonical JSON text; None where nothing did. The event itself stays in the log."""
    moved = [[_plain(one) for one in goods] for goods in (flow.ins, flow.outs, flow.losses)]
    return _print(moved) if any(moved) else None


def load_flow(index: int, event: Event, text: str | None) -> Flow:
    ins, outs, losses = json.loads(text) if text else ((), (), ())
    return flow_of(index, event, map(_goods, ins), map(_goods, outs), map(_goods, losses))


def _plain(goods: Goods) -> list[Any]:
    return [goods.batch, goods.product, goods.mg, goods.elements, goods.origins, goods.sure]


def _goods(plain: Sequence[Any]) -> Goods:
    batch, product, mg, elements, origins, sure = plain
    return Goods(
        batch,
        product,
        mg,
        {element: (ug, u_ppm) for element, (ug, u_ppm) in elements.items()},
        {element: {key: (mid, lo, hi) for key, (mid, lo, hi) in rows.items()} for element, rows in origins.items()},
        sure,
    )
