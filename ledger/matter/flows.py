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
    adjusted, assayed, assay_agreed   restated: what earlier entries moved, and what they move now
    anything else              neither; it is still told, for its documents and dates
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
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

    `processes`: its steps, in order; `pool`: the code of the pool concerned; `cut`: more would have to be restated.
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
    restated: "tuple[Restated, ...]" = ()
    cut: bool = False


@dataclass(frozen=True, slots=True)
class Restated:
    """What an earlier entry moved by what was known so far, and what it moves since an adjustment or an assay.

    Slots that only commit to provenance are left out of the event: they are what they were.
    """

    was: Flow
    now: Flow

    @property
    def change(self) -> Flow:
        """What moves more, and what less, as goods of amounts below zero."""
        ins, outs, losses = (
            (*now, *map(_negative, was))
            for now, was in (
                (self.now.ins, self.was.ins),
                (self.now.outs, self.was.outs),
                (self.now.losses, self.was.losses),
            )
        )
        return replace(self.now, ins=ins, outs=outs, losses=losses)


def _negative(goods: Goods) -> Goods:
    elements = {element: (-ug, u_ppm) for element, (ug, u_ppm) in goods.elements.items()}
    return replace(goods, mg=-goods.mg, elements=elements, origins={})


def flow_of(
    index: int,
    event: Event,
    ins: Iterable[Goods] = (),
    outs: Iterable[Goods] = (),
    losses: Iterable[Goods] = (),
    restated: "tuple[Restated, ...]" = (),
    cut: bool = False,
) -> Flow:
    """The flow of an event that moved these goods, at the site and by the steps that the event names."""
    head = next((value for value in event.slots.values() if isinstance(value, Mapping) and "at" in value), {})
    steps: Sequence[Mapping[str, Any]] = head.get("steps", ())
    site = next((step["site"] for step in reversed(steps) if step.get("site")), head.get("site") or "")
    processes = tuple(step["process"] for step in steps)
    goods = (tuple(ins), tuple(outs), tuple(losses))
    return Flow(index, event, event_at(event), processes, site, head.get("pool"), *goods, restated, cut)


def dump_flow(flow: Flow) -> str | None:
    """What moved, as canonical JSON text; None where nothing did. The event itself stays in the log."""
    moved = _moved(flow)
    if flow.restated:
        moved += [[_restated(one) for one in flow.restated], flow.cut]
    return _print(moved) if any(moved) else None


def load_flow(index: int, event: Event, text: str | None) -> Flow:
    return _flow(index, event, *(json.loads(text) if text else ((), (), ())))


def brought_forth(text: str | None) -> list[tuple[str, int]]:
    """(batch as its log writes it, mg) of what came out, from the text of a flow."""
    return [(batch, mg) for batch, _, mg, *_ in json.loads(text)[1]] if text else []


def _moved(flow: Flow) -> list[Any]:
    return [[_plain(one) for one in goods] for goods in (flow.ins, flow.outs, flow.losses)]


def _flow(index: int, event: Event, ins: Any, outs: Any, losses: Any, restated: Any = (), cut: Any = False) -> Flow:
    goods = (map(_goods, ins), map(_goods, outs), map(_goods, losses))
    return flow_of(index, event, *goods, tuple(_load_restated(event.origin, *one) for one in restated), cut)


def _restated(one: Restated) -> list[Any]:
    told = [[flow.event.type, flow.event.slots, flow.event.ids, flow.event.recorded_at] for flow in (one.was, one.now)]
    return [one.now.index, told[0] if told[0] != told[1] else None, told[1], _moved(one.was), _moved(one.now)]


def _load_restated(origin: str, index: int, before: Any, after: Any, was: Any, now: Any) -> Restated:
    events = [_event(origin, *told) for told in (before or after, after)]
    return Restated(_flow(index, events[0], *was), _flow(index, events[1], *now))


def _event(origin: str, type_: str, slots: Any, ids: Any, recorded_at: str) -> Event:
    lists = {slot: tuple(one) if isinstance(one, list) else one for slot, one in ids.items()}
    return Event(type_, origin, slots, lists, recorded_at)


def without_vectors(flow: Flow) -> Flow:
    """As an earlier entry is told again, without what only commits to provenance, which stays what it was."""
    kept = {
        slot: value
        for slot, value in flow.event.slots.items()
        if slot.rpartition(".")[2] not in ("provenance", "sources")
    }
    return replace(flow, event=replace(flow.event, slots=kept))


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
