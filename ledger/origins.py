"""Origins: what verified entries say of where elements come from, as far as it is disclosed (docs/formats.md).

    check_vectors   each vector of an event is of its form: models, elements, rows, bounds, sums
    check_origins   nothing comes from where nothing that went in came from, and no claim grows stronger on its way
    told_of         what an entry here tells of the subject's elements

Promises: whatever two disclosed values contradict is raised; what is not disclosed is passed over, and so is whatever
was made of it. Does not check: the numbers. How much of an element is from where follows from amounts that only the
authority is shown; it replays the log (audit.py), and attests that it did.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from ledger.entries import id_in
from ledger.errors import Refusal
from ledger.matter.contents import origin_key
from ledger.matter.events import Event
from ledger.matter.provenance import (
    MODELS,
    ORIGINS_MAX,
    OTHERS_ORIGIN,
    RECYCLED,
    UNEXPLAINED_ORIGIN,
    Content,
    Share,
    proven_absent,
    recycled,
)
from ledger.matter.rows import Row
from ledger.matter.vectors import PPB, Shares, parse_rows, parse_shares, parse_totals
from ledger.succession import predecessor_of

Place = tuple[str, int]
_INPUTS = {
    "transformed": "inputs.chain",
    "sampled": "inputs.chain",
    "assembled": "inputs.chain",
    "dismantled": "units.chain",
}
"""Where the batches stand of which an entry's outputs are made."""


# -- form ---------------------------------------------------------------------------------------------------------


def check_vectors(event: Event) -> None:
    """Malformed for a disclosed vector that no formatter writes."""
    for slot, value in event.slots.items():
        kind = slot.rpartition(".")[2]
        if kind not in ("provenance", "sources"):
            continue
        for place, item in enumerate(value or ()) if "." in slot else [(None, value)]:
            if item is not None:
                where = slot if place is None else f"{slot}/{place}"
                (parse_shares if kind == "provenance" else parse_rows)(item, where)
    if event.scalar("wip"):
        parse_totals(event.scalar("wip")["contents"], "wip.contents")
    for place, row in enumerate(event.items("pools.authority")):
        if row is not None:
            parse_totals(row["contents"], f"pools.authority/{place}.contents")


# -- what may be in what ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Known:
    """The origins that a batch may have: of each element named, and of all `others`."""

    elements: Mapping[str, frozenset[str]]
    others: frozenset[str]
    model: str = MODELS[0]

    def of(self, element: str) -> frozenset[str]:
        return self.elements.get(element, self.others)

    def joined(self, more: "_Known") -> "_Known":
        """A batch that came in two receipts."""
        elements = {name: self.of(name) | more.of(name) for name in {*self.elements, *more.elements}}
        return _Known(elements, self.others | more.others, min(self.model, more.model, key=MODELS.index))


_NOTHING = _Known({}, frozenset())


def check_origins(events: Iterable[Event]) -> None:
    """`events` of any logs, each log's in their order, a successor's behind its predecessor's. Raises Refusal."""
    events = list(events)
    periods = {_full(one.scalar("closing")["period"], one): _told(one, "provenance") for one in _closings(events)}
    logs: dict[str, dict[str, _Known | None]] = {}
    for event in events:
        final = predecessor_of(event) if event.type == "log_opened" else None
        known = logs.setdefault(event.origin, {} if final is None else dict(logs.get(final.origin, {})))
        for where, shares, ingredients in _vectors(event):
            from_ = [periods.get(one) if event.type == "drawn" else known.get(one) for one in ingredients or ()]
            if ingredients is not None and None not in from_:
                whole = [one for one in from_ if one is not None]
                _check_vector(shares, whole, where, pooled=event.type == "drawn")
        _learn(event, known)


def _closings(events: Iterable[Event]) -> list[Event]:
    return [event for event in events if event.type == "closed" and event.scalar("closing")]


def _vectors(event: Event) -> Iterator[tuple[str, Shares, list[str] | None]]:
    """Where each vector of what is made or sent stands, the vector, and of what the goods are made; None where some
    of that is not disclosed.
    """
    if event.type == "shipped":
        for place, row in enumerate(event.rows("lines.chain")):
            shares = _item(event, "lines.provenance", place)
            if shares is not None:
                yield f"lines.provenance/{place}", shares, [_full(row["batch"], event)] if "batch" in row else None
        return
    if event.type == "drawn":
        draw = event.scalar("draw")
        ingredients = [_full(draw["period"], event)] if draw else None
    elif event.type in _INPUTS:
        rows = list(event.rows(_INPUTS[event.type]))
        ingredients = [_full(row["batch"], event) for row in rows] if all("batch" in row for row in rows) else None
    else:
        return
    if event.type == "assembled":
        told = event.slots.get("provenance")
        if told is not None:
            yield "provenance", parse_shares(told), ingredients
        return
    for place in range(len(event.items("outputs.provenance"))):
        shares = _item(event, "outputs.provenance", place)
        if shares is not None:
            yield f"outputs.provenance/{place}", shares, ingredients


def _check_vector(shares: Shares, ingredients: Sequence[_Known], where: str, *, pooled: bool) -> None:
    explained = False
    for element, rows in shares.elements.items():
        may_be = {origin for one in ingredients for origin in one.of(element)}
        # A pool's rows beyond the limit were put together at another time than its period's.
        anything = pooled and OTHERS_ORIGIN in may_be
        if len(may_be) >= ORIGINS_MAX:
            may_be.add(OTHERS_ORIGIN)
        for origin in rows:
            if origin != UNEXPLAINED_ORIGIN and origin not in may_be and not anything:
                raise Refusal("origin-from-nowhere", field=where, value=origin, element=element)
            explained |= origin != UNEXPLAINED_ORIGIN
    best = min((one.model for one in ingredients), key=MODELS.index, default=MODELS[0])
    if explained and MODELS.index(shares.model) < MODELS.index(best):
        raise Refusal("model-grew-stronger", field=where, value=shares.model, best=best)


def _learn(event: Event, known: dict[str, _Known | None]) -> None:
    """What is known of the batches that an event makes or receives; None where it is not disclosed."""
    if event.type == "registered" and "batch" in event.ids:
        origin = event.scalar("origin")
        entered = _Known({}, frozenset({origin_key(origin)})) if origin else None
        known[_full(event.ids["batch"], event)] = entered
    elif event.type == "assembled" and "assembly" in event.ids:
        known[_full(event.ids["assembly"], event)] = _told(event, "provenance")
    elif event.type == "received":
        for place, row in enumerate(event.rows("lines.chain")):
            if "batch" in row:
                _learn_received(event, place, _full(row["batch"], event), known)
    for place, id_ in enumerate(event.ids.get("outputs.chain", ())):
        if id_ is not None:
            known[_full(id_, event)] = _told(event, "outputs.provenance", place)


def _learn_received(event: Event, place: int, batch: str, known: dict[str, _Known | None]) -> None:
    if batch.startswith(f"{event.origin}#"):
        return  # our own goods that come back are what they were
    told = _told(event, "lines.provenance", place, of_nothing=_Known({}, frozenset({OTHERS_ORIGIN})))
    before = known.get(batch, told)
    known[batch] = None if told is None or before is None else before.joined(told)


def _told(event: Event, slot: str, place: int | None = None, of_nothing: _Known = _NOTHING) -> _Known | None:
    """What a vector says; `of_nothing` where it is shown that nothing is said, None where that is not shown."""
    shares = _item(event, slot, place)
    if shares is not None:
        return _Known({name: frozenset(rows) for name, rows in shares.elements.items()}, frozenset(), shares.model)
    return of_nothing if (slot if place is None else f"{slot}/{place}") in event.nulls else None


def _item(event: Event, slot: str, place: int | None) -> Shares | None:
    if place is None:
        value = event.slots.get(slot)
    else:
        items = event.items(slot)
        value = items[place] if place < len(items) else None
    return None if value is None else parse_shares(value)


def _full(id_: str, event: Event) -> str:
    return id_in(id_, event.origin, "")


# -- for the verdict ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Told:
    """What the entry at `place` tells of the elements of a batch (`log#id`)."""

    batch: str
    place: Place
    shares: Shares

    def recycled(self, element: str) -> dict[str, Row]:
        """Parts of 10^9 that came back, by class; what a plant ran around itself is left out, for it never counts."""
        return {name: row for name, row in recycled(self._content(), element).items() if name != RECYCLED[2]}

    def absent(self, element: str, country: str) -> bool:
        """Whether, by this, nothing of an element can be from a country."""
        return proven_absent(self._content(), element, country)

    def only_from(self, element: str) -> tuple[str, ...]:
        """The countries that an element is from, where by this it can be from no other; else nothing."""
        countries = {origin.partition("/")[0] for origin in self.shares.elements.get(element, {})}
        return tuple(sorted(countries)) if self.absent(element, "") else ()

    def _content(self) -> Content:
        elements = {name: Share(PPB, 0, rows, {}) for name, rows in self.shares.elements.items()}
        return Content(0, elements, self.shares.model)


def told_of(subject: Mapping[str, str], events: Sequence[tuple[Place, Event]]) -> tuple[Told, ...]:
    """What is told of a batch by the entry that makes it, else by the first one here that ships some of it; of a
    shipment, line by line. `events` in the order of logs and indices.
    """
    if "shipment" in subject:
        return tuple(
            one
            for place, event in events
            if "shipment" in event.ids and _full(event.ids["shipment"], event) == subject["shipment"]
            for one in _shipped(place, event)
        )
    batch = subject.get("batch")
    made = [one for place, event in events for one in _made(place, event) if one.batch == batch]
    sent = [one for place, event in events for one in _shipped(place, event) if one.batch == batch]
    return tuple([*made, *sent][:1])


def _made(place: Place, event: Event) -> Iterator[Told]:
    outputs = event.ids.get("outputs.chain", ())
    told = [(id_, "outputs.provenance", at) for at, id_ in enumerate(outputs) if id_ is not None]
    for id_, slot, at in [*told, *([(event.ids["assembly"], "provenance", None)] if "assembly" in event.ids else [])]:
        shares = _item(event, slot, at)
        if shares is not None:
            yield Told(_full(id_, event), place, shares)


def _shipped(place: Place, event: Event) -> Iterator[Told]:
    if event.type == "shipped":
        for at, row in enumerate(event.rows("lines.chain")):
            shares = _item(event, "lines.provenance", at)
            if shares is not None and "batch" in row:
                yield Told(_full(row["batch"], event), place, shares)
