"""Custody: who holds what, and what may happen to it. The matter page, "Custody", as one pure function.

    touches(event)     the keys of the states that an event reads or writes
    apply(view, event) the states it leaves behind, or a Refusal; the view is never changed

The same two functions run when a clerk records (over the store), and in an audit (over a dictionary), so both say the
same. What two logs say about one shipment is compared in handovers.py. One log's custody is what its organisation
possesses: goods that stand here and belong to somebody else carry that owner's name; what is in transit is in nobody's
stock until a receiver's `received` names the shipped entry.

Promises: no batch goes below zero, in mass or in count; nothing is taken that is not held here; every unit is in one
place; a shipment line is received once. Does not check signatures, nor whether elements balance.
"""

from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from ledger.errors import Refusal
from ledger.matter.events import PURPOSES, REMOVAL_KINDS, TITLE_PASSES, UNIT_STATES, Event, is_id
from ledger.matter.quantities import MG_MAX, show_mg
from ledger.matter.reference import CONSERVING
from ledger.matter.stacks import outers_of
from ledger.matter.stock import Arrival, ArrivalLine, Batch, Holding, Key, Line, Shipment, State, Unit

CLOCK_TOLERANCE = timedelta(minutes=5)
"""How far `at` may lie ahead of the node's clock: two honest clocks, one of them a clerk's phone."""


def touches(event: Event) -> frozenset[Key]:
    """Every key that `apply` may read or write for this event."""
    keys: set[Key] = set()
    for slot in ("batch", "assembly"):
        if slot in event.ids:
            keys.add(("batch", event.ids[slot]))
    keys.update(("batch", id_) for id_ in event.ids.get("outputs.chain", ()))
    keys.update(("unit", id_) for id_ in event.ids.get("units.public", ()))
    if event.type == "packed":
        keys.add(("batch", event.scalar("packing")["batch"]))
    for row in event.rows("units.public", "units.chain"):
        keys.update(("unit", id_) for id_ in row.get("contains") or ())
        if "unit" in row:
            keys.update((("unit", row["unit"]), ("batch", row["batch"])))
    for group in (("inputs.chain", "inputs.authority"), ("lines.chain", "lines.partner", "lines.authority")):
        for row in event.rows(*group):
            keys.add(("batch", row["batch"]))
            keys.update(("unit", id_) for unit in row.get("units") or () for id_ in _named(unit))
    if event.type == "shipped":
        keys.add(("shipment", event.ids["shipment"]))
    elif event.type == "received":
        keys.add(("arrival", event.scalar("receipt")["shipment"]))
    elif event.type == "acknowledged":
        keys.add(("shipment", event.scalar("acknowledgement")["shipment"]))
    return frozenset(keys)


def _named(unit: str | Mapping[str, Any]) -> Iterable[str]:
    """The units that a line's unit names: itself, and where it is told, the one it stands in."""
    return (unit,) if isinstance(unit, str) else filter(None, (unit["unit"], unit.get("inside")))


def apply(view: Mapping[Key, State], event: Event) -> dict[Key, State]:
    """The states after `event`, only those it changes. Raises Refusal; `view` is left as it was."""
    rule = _RULES.get(event.type)
    if rule is None:
        raise Refusal("event-type-unknown", field="type", value=event.type)
    _refuse_future(event)
    desk = _Desk(view, event)
    rule(desk, event)
    return desk.changes


def _refuse_future(event: Event) -> None:
    head = next((value for value in event.slots.values() if isinstance(value, Mapping) and "at" in value), None)
    if head is None or not event.recorded_at:
        return
    try:
        at = datetime.fromisoformat(head["at"])
    except ValueError as error:
        raise Refusal("at-not-a-date", field="at", value=head["at"]) from error
    recorded = datetime.fromisoformat(event.recorded_at)
    if at > recorded + CLOCK_TOLERANCE:
        raise Refusal("at-in-the-future", field="at", value=head["at"], now=event.recorded_at)


class _Desk:
    """The view with this event's own changes on top, and the moves every rule is made of."""

    def __init__(self, view: Mapping[Key, State], event: Event) -> None:
        self._view = view
        self.me = event.name
        self.changes: dict[Key, State] = {}

    def _get(self, key: Key) -> State | None:
        return self.changes.get(key) or self._view.get(key)

    def batch(self, id_: str, field: str) -> Batch:
        found = self._get(("batch", id_))
        if not isinstance(found, Batch):
            raise Refusal("batch-unknown", field=field, value=id_)
        return found

    def unit(self, id_: str, field: str) -> Unit:
        found = self._get(("unit", id_))
        if not isinstance(found, Unit):
            raise Refusal("unit-unknown", field=field, value=id_)
        return found

    def find(self, key: Key) -> State | None:
        return self._get(key)

    def put(self, state: Batch | Unit | Shipment | Arrival) -> None:
        self.changes[state.key] = state

    def refuse_known(self, key: Key) -> None:
        """An id comes from a salt; who uses a salt twice would make one thing out of two."""
        if self._get(key) is not None:
            raise Refusal("id-given-twice", field=key[0], value=key[1])

    # -- loose goods ------------------------------------------------------------------------------------------

    def add_loose(self, batch: Batch, site: str, owner: str, mg: int, count: int | None) -> None:
        """Goods come to stand at `site`, not in units."""
        kept = [holding for holding in batch.loose if (holding.site, holding.owner) != (site, owner)]
        here = batch.holding(site, owner)
        total = here.mg + mg
        if total > MG_MAX:
            raise Refusal("mass-too-large", field="quantity", value=str(total), unit="mg")
        pieces = (here.count or 0) + (count or 0) if batch.counted else None
        kept.append(Holding(site, owner, total, pieces))
        self.put(replace(batch, loose=tuple(sorted(kept, key=lambda h: (h.site, h.owner)))))

    def take_loose(self, id_: str, site: str, owner: str, mg: int, count: int | None, field: str) -> None:
        """Goods leave what stands loose at `site`; never below zero, in mass or in count."""
        batch = self.batch(id_, field)
        here = batch.holding(site, owner)
        if mg > here.mg:
            held = sum(h.mg for h in batch.loose) + batch.packed_mg
            raise Refusal(
                "not-enough",
                field=f"{field}.quantity",
                value=show_mg(mg),
                batch=id_,
                site=site,
                loose=show_mg(here.mg),
                packed=show_mg(batch.packed_mg),
                held=show_mg(held),
            )
        if batch.counted and mg > 0 and count is None and here.count:
            raise Refusal("count-missing", field=f"{field}.quantity.count", batch=id_)
        if not batch.counted and count is not None:
            raise Refusal("count-unexpected", field=f"{field}.quantity.count", value=count, batch=id_)
        if count is not None and count > (here.count or 0):
            raise Refusal("not-enough-pieces", field=f"{field}.quantity.count", value=count, held=here.count, batch=id_)
        rest = Holding(site, owner, here.mg - mg, None if not batch.counted else (here.count or 0) - (count or 0))
        kept = [holding for holding in batch.loose if (holding.site, holding.owner) != (site, owner)]
        if rest.mg or rest.count:
            kept.append(rest)
        self.put(replace(batch, loose=tuple(sorted(kept, key=lambda h: (h.site, h.owner)))))

    # -- units ------------------------------------------------------------------------------------------------

    def pack_mass(self, id_: str, mg: int, count: int | None, field: str) -> None:
        """What units of this batch hold here grows (or shrinks, with negative figures)."""
        batch = self.batch(id_, field)
        pieces = None if not batch.counted else (batch.packed_count or 0) + (count or 0)
        self.put(replace(batch, packed_mg=batch.packed_mg + mg, packed_count=pieces))

    def unit_here(self, id_: str, batch: str, field: str, *, owner: str | None, site: str | None = None) -> Unit:
        """The unit, if it stands here, holds that batch and may be used."""
        unit = self.unit(id_, field)
        if unit.batch != batch:
            raise Refusal("unit-of-other-batch", field=field, value=id_, batch=batch, holds=unit.batch)
        if unit.state != "here":
            raise Refusal("unit-not-here", field=field, value=id_, serial=unit.serial, state=unit.state)
        if owner is not None and unit.owner != owner:
            raise Refusal(
                "unit-of-other-owner", field=field, value=id_, serial=unit.serial, owner=unit.owner or self.me
            )
        if site is not None and unit.site != site:
            raise Refusal("unit-at-other-site", field=field, value=id_, serial=unit.serial, site=unit.site)
        return unit

    def take_part(self, row: Mapping[str, Any], field: str, after: Callable[[Unit], Unit]) -> None:
        """Takes a line's units and what of its mass is not in them; `after` says what becomes of each unit."""
        owner, site = row.get("owner") or "", row["site"]
        listed = [unit if isinstance(unit, str) else unit["unit"] for unit in row.get("units") or ()]
        if len(set(listed)) != len(listed):
            raise Refusal("unit-twice", field=f"{field}.units", value=_first_double(listed))
        units = [self.unit_here(id_, row["batch"], f"{field}.units", owner=owner, site=site) for id_ in listed]
        self.refuse_part_of_stack(units, set(listed), f"{field}.units")
        leaves = [unit for unit in units if not unit.contains]  # a stack's mass is its leaves': count it once
        mg, count = sum(unit.net_mg for unit in leaves), sum(unit.count or 0 for unit in leaves)
        pieces = row.get("count")
        if row["mg"] == 0 and not pieces:
            raise Refusal("mass-is-zero", field=f"{field}.quantity", value=row["mg"])
        if row["mg"] < mg:
            raise Refusal("less-than-its-units", field=f"{field}.quantity", value=show_mg(row["mg"]), units=show_mg(mg))
        batch = self.batch(row["batch"], field)
        if row["basis"] != batch.basis:
            raise Refusal("basis-differs", field=f"{field}.quantity.basis", value=row["basis"], basis=batch.basis)
        if count and pieces is None:
            raise Refusal("count-missing", field=f"{field}.quantity.count", batch=row["batch"])
        if pieces is not None and pieces < count:
            raise Refusal("less-than-its-units", field=f"{field}.quantity.count", value=pieces, units=count)
        if units:
            self.pack_mass(row["batch"], -mg, -count, field)
            for unit in units:
                self.put(after(unit))
        loose_pieces = None if pieces is None else pieces - count
        if row["mg"] > mg or loose_pieces or not units:
            self.take_loose(row["batch"], site, owner, row["mg"] - mg, loose_pieces, field)

    def refuse_part_of_stack(self, units: Iterable[Unit], listed: set[str], field: str) -> None:
        """What stands inside another unit moves with it: both are named, or it is unpacked first."""
        for unit in units:
            if unit.inside is not None and unit.inside not in listed:
                raise Refusal("unit-inside-other", field=field, value=unit.id, outer=unit.inside)
            refuse_contents_missing(unit, listed, field)


def refuse_contents_missing(unit: Unit, listed: Container[str], field: str) -> None:
    missing = [inner for inner in unit.contains if inner not in listed]
    if missing:
        raise Refusal("unit-contents-missing", field=field, value=unit.id, inner=missing[0])


def _first_double(ids: list[str]) -> str:
    return next(id_ for position, id_ in enumerate(ids) if id_ in ids[:position])


# -- the rules, one per event type --------------------------------------------------------------------------------


def _log_opened(desk: _Desk, event: Event) -> None:
    """Entry 0 moves nothing."""


def _new_batch(
    desk: _Desk, id_: str, made: Mapping[str, Any], amount: Mapping[str, Any], site: str, owner: str
) -> None:
    desk.refuse_known(("batch", id_))
    if amount["mg"] == 0:
        raise Refusal("mass-is-zero", field="quantity", value=amount["mg"])
    counted = amount.get("count") is not None
    batch = Batch(id_, made["product"], amount["basis"], counted, made.get("lot_no"), (), 0, 0 if counted else None)
    desk.add_loose(batch, site, owner, amount["mg"], amount.get("count"))


def _registered(desk: _Desk, event: Event) -> None:
    batch = event.scalar("batch")
    _new_batch(desk, event.ids["batch"], batch, event.scalar("quantity"), batch["site"], "")


def _take_inputs(desk: _Desk, event: Event, verb: str) -> str:
    """Takes every input away and answers whose they were: the outputs are the same owner's."""
    rows = list(event.rows("inputs.chain", "inputs.authority"))
    if not rows:
        raise Refusal("nothing-named", field="inputs", verb=verb)
    owners = {row.get("owner") or "" for row in rows}
    if len(owners) > 1:
        raise Refusal("owners-mixed", field="inputs", value=", ".join(sorted(owner or desk.me for owner in owners)))
    for position, row in enumerate(rows):
        desk.take_part(row, f"inputs[{position}]", lambda unit: replace(unit, state="emptied"))
    return owners.pop()


def _transformed(desk: _Desk, event: Event) -> None:
    owner = _take_inputs(desk, event, "transform")
    inputs = list(event.rows("inputs.chain", "inputs.authority"))
    outputs = list(event.rows("outputs.chain", "outputs.authority"))
    processes = {step["process"] for step in event.scalar("transformation")["steps"]}
    losses = event.scalar("losses").get("list", ())
    if not outputs and not losses:
        raise Refusal("nothing-named", field="outputs", verb="transform")
    if processes <= CONSERVING:
        _refuse_gain_or_loss(inputs, outputs, losses, processes)
    for id_, row in zip(event.ids.get("outputs.chain", ()), outputs, strict=True):
        _new_batch(desk, id_, row, row, row["site"], owner)


def _refuse_gain_or_loss(inputs: list[Any], outputs: list[Any], losses: Iterable[Any], processes: set[str]) -> None:
    """Parting and joining change no mass; whoever sees another sum has forgotten a loss or an output."""
    bases = {row["basis"] for row in (*inputs, *outputs)}
    if len(bases) > 1:
        raise Refusal("bases-mixed", field="outputs", value=", ".join(sorted(bases)))
    went_in = sum(row["mg"] for row in inputs)
    came_out = sum(row["mg"] for row in (*outputs, *losses))
    if went_in != came_out:
        raise Refusal(
            "sums-differ",
            field="outputs",
            value=show_mg(came_out),
            inputs=show_mg(went_in),
            difference=show_mg(came_out - went_in),
            process=", ".join(sorted(processes)),
        )
    counted = [row.get("count") for row in (*inputs, *outputs)]
    if all(count is not None for count in counted):
        pieces_in, pieces_out = sum(row["count"] for row in inputs), sum(row["count"] for row in outputs)
        if pieces_out > pieces_in:
            raise Refusal("pieces-from-nowhere", field="outputs", value=pieces_out, inputs=pieces_in)


def _packed(desk: _Desk, event: Event) -> None:
    packing = event.scalar("packing")
    id_, site = packing["batch"], packing["site"]
    if not event.ids.get("units.public"):
        raise Refusal("nothing-named", field="units", verb="pack")
    for position, (unit_id, row) in enumerate(
        zip(event.ids["units.public"], event.rows("units.public", "units.chain", "units.authority"), strict=True)
    ):
        where, owner, inner = f"units[{position}]", row.get("owner") or "", tuple(row.get("contains") or ())
        desk.refuse_known(("unit", unit_id))
        if row["net_mg"] == 0:
            raise Refusal("mass-is-zero", field=f"{where}.net", value=row["net_mg"])
        if inner:
            _stack(desk, unit_id, id_, inner, row, site, owner, where)
        else:
            desk.take_loose(id_, site, owner, row["net_mg"], row.get("count"), where)
            desk.pack_mass(id_, row["net_mg"], row.get("count"), where)
        desk.put(
            Unit(
                id=unit_id,
                batch=id_,
                kind=row["kind"],
                serial=row["serial"],
                net_mg=row["net_mg"],
                count=row.get("count"),
                seal=row.get("seal"),
                site=site,
                owner=owner,
                contains=inner,
            )
        )


def _stack(
    desk: _Desk,
    outer: str,
    batch: str,
    inner: tuple[str, ...],
    row: Mapping[str, Any],
    site: str,
    owner: str,
    where: str,
) -> None:
    """Units into a bigger unit: its net is theirs, and no mass moves."""
    if len(set(inner)) != len(inner):
        raise Refusal("unit-twice", field=f"{where}.contains", value=_first_double(list(inner)))
    units = [desk.unit_here(id_, batch, f"{where}.contains", owner=owner, site=site) for id_ in inner]
    for unit in units:
        if unit.inside is not None:
            raise Refusal("unit-inside-other", field=f"{where}.contains", value=unit.id, outer=unit.inside)
        desk.put(replace(unit, inside=outer))
    net = sum(unit.net_mg for unit in units)
    if net != row["net_mg"]:
        raise Refusal("less-than-its-units", field=f"{where}.net", value=show_mg(row["net_mg"]), units=show_mg(net))
    pieces = sum(unit.count or 0 for unit in units)
    if (row.get("count") or 0) != pieces:
        raise Refusal("less-than-its-units", field=f"{where}.count", value=row.get("count"), units=pieces)


def _unpacked(desk: _Desk, event: Event) -> None:
    rows = list(event.rows("units.chain"))
    if not rows:
        raise Refusal("nothing-named", field="units", verb="unpack")
    for position, row in enumerate(rows):
        where = f"units[{position}]"
        unit = desk.unit_here(row["unit"], row["batch"], where, owner=None)
        if unit.inside is not None:
            raise Refusal("unit-inside-other", field=where, value=unit.id, outer=unit.inside)
        refuse_contents_missing(unit, row.get("contains") or (), where)
        if unit.contains:
            for inner in unit.contains:
                desk.put(replace(desk.unit(inner, where), inside=None))
        else:
            desk.pack_mass(unit.batch, -unit.net_mg, -(unit.count or 0), where)
            desk.add_loose(desk.batch(unit.batch, where), unit.site, unit.owner, unit.net_mg, unit.count)
        desk.put(replace(unit, state="emptied", contains=()))


def _moved(desk: _Desk, event: Event) -> None:
    move = event.scalar("move")
    rows = list(event.rows("lines.chain", "lines.authority"))
    if not rows:
        raise Refusal("nothing-named", field="lines", verb="move")
    for position, row in enumerate(rows):
        where, owner = f"lines[{position}]", row.get("owner") or ""
        before = desk.batch(row["batch"], where)
        packed_mg, packed_count = before.packed_mg, before.packed_count
        desk.take_part({**row, "site": move["from"]}, where, lambda unit: replace(unit, site=move["to"]))
        after = desk.batch(row["batch"], where)
        in_units = packed_mg - after.packed_mg
        pieces = None if packed_count is None or after.packed_count is None else packed_count - after.packed_count
        desk.put(replace(after, packed_mg=packed_mg, packed_count=packed_count))
        count = None if row.get("count") is None else row["count"] - (pieces or 0)
        if row["mg"] > in_units or count:
            desk.add_loose(desk.batch(row["batch"], where), move["to"], owner, row["mg"] - in_units, count)


def _shipped(desk: _Desk, event: Event) -> None:
    shipment, id_ = event.scalar("shipment"), event.ids["shipment"]
    purpose, to = shipment["purpose"], shipment.get("to") or ""
    outside = event.scalar("party").get("outside")
    if purpose not in PURPOSES:
        raise Refusal("purpose-unknown", field="purpose", value=purpose, purposes=", ".join(PURPOSES))
    if bool(to) == bool(outside):
        raise Refusal("to-one-party", field="to", value=to or None)
    if to == desk.me:
        raise Refusal("to-oneself", field="to.node", value=to)
    desk.refuse_known(("shipment", id_))
    lines = []
    for position, row in enumerate(event.rows("lines.chain", "lines.partner", "lines.authority")):
        where, owner = f"lines[{position}]", row.get("owner") or ""
        if owner and (owner != to or purpose != "return"):
            raise Refusal("others-goods-go-back", field=where, value=row["batch"], owner=owner)
        if row["mg"] == 0:
            raise Refusal("mass-is-zero", field=f"{where}.quantity", value=row["mg"])
        if desk.batch(row["batch"], where).counted and row.get("count") is None:
            raise Refusal("count-missing", field=f"{where}.quantity.count", batch=row["batch"])
        outers_of(row["units"], f"{where}.units")
        for listed in row["units"]:
            unit = desk.unit(listed["unit"], f"{where}.units")
            if (listed["net_mg"], listed.get("count"), listed.get("inside")) != (unit.net_mg, unit.count, unit.inside):
                raise Refusal("unit-net-differs", field=f"{where}.units", value=unit.id, net=show_mg(unit.net_mg))
        desk.take_part(row, where, lambda unit: replace(unit, state="shipped", shipment=id_))
        units = tuple((unit["unit"], unit["net_mg"], unit.get("count")) for unit in row["units"])
        lines.append(Line(row["batch"], row["mg"], row["basis"], row.get("count"), units, owner, row["site"]))
    if not lines:
        raise Refusal("nothing-named", field="lines", verb="ship")
    desk.put(Shipment(id_, to, outside, purpose, shipment["at"], tuple(lines), shipment.get("original")))


def _received(desk: _Desk, event: Event) -> None:
    receipt = event.scalar("receipt")
    sender, purpose = receipt["from"], receipt["purpose"]
    found = desk.find(("arrival", receipt["shipment"]))
    arrival = found if isinstance(found, Arrival) else Arrival(receipt["shipment"], sender, purpose, {})
    if sender == desk.me or arrival.id.rpartition("#")[0].rpartition("/")[0] != sender:
        raise Refusal("receipt-of-other-shipment", field="shipment", value=arrival.id)
    if (arrival.sender, arrival.purpose) != (sender, purpose):
        told, offered = f"{sender}, {purpose}", f"{arrival.sender}, {arrival.purpose}"
        raise Refusal("line-differs-from-offer", field="shipment", value=told, offered=offered)
    if arrival.declined or (receipt["declined"] and arrival.lines):
        raise Refusal(
            "shipment-declined" if arrival.declined else "decline-too-late", field="shipment", value=arrival.id
        )
    if receipt["declined"]:
        if not receipt.get("reason"):
            raise Refusal("reason-missing", field="reason")
        desk.put(replace(arrival, declined=True, final=True))
        return
    rows = list(event.rows("lines.chain", "lines.partner", "lines.authority"))
    if not rows:
        raise Refusal("nothing-named", field="lines", verb="receive")
    lines, final = dict(arrival.lines), arrival.final or receipt["final"]
    for position, row in enumerate(rows):
        where = f"lines[{position}]"
        before = lines.get(row["line"]) or ArrivalLine(row["batch"], row["offered_mg"], row.get("offered_count"))
        told, offered = (
            _offered(row["batch"], row["offered_mg"], row.get("offered_count")),
            _offered(before.batch, before.offered_mg, before.offered_count),
        )
        if told != offered:
            raise Refusal("line-differs-from-offer", field=where, value=told, offered=offered)
        if arrival.final and not _decides_only(row["units"], before.pending):
            raise Refusal("shipment-received", field="shipment", value=arrival.id)
        lines[row["line"]] = _receive_line(desk, before, row, receipt, where)
    for number, line in lines.items():
        if final and (line.open_mg or line.open_count):
            raise Refusal("line-left-open", field="lines", value=number, open=show_mg(line.open_mg))
    desk.put(replace(arrival, lines=lines, final=final))


def _offered(batch: str, mg: int, count: int | None) -> str:
    """What a line offered, in words that differ whenever the offer does."""
    return f"{batch}, {show_mg(mg)}" + ("" if count is None else f", {count}")


def _decides_only(units: Iterable[Mapping[str, Any]], pending: Container[str]) -> bool:
    """After the final receipt: units that wait in quarantine, and the stacks that those make up."""
    stacks = {unit.get("inside") for unit in units}
    leaves = [unit["unit"] for unit in units if unit["unit"] not in stacks]
    return bool(leaves) and all(leaf in pending for leaf in leaves)


def _receive_line(
    desk: _Desk, line: ArrivalLine, row: Mapping[str, Any], receipt: Mapping[str, Any], where: str
) -> ArrivalLine:
    """Accepted + rejected + missing (+ quarantined units, decided later) never exceed what was offered."""
    own = row.get("owner") == desk.me
    stays = "" if own else row.get("owner") or receipt["from"]
    owners = {"accepted": "" if receipt["purpose"] in TITLE_PASSES else stays, "rejected": stays}
    if own and row["rejected_mg"]:
        raise Refusal("own-goods-not-rejected", field=where, value=row["batch"])
    _open_arriving_batch(desk, row, where)
    pending = dict(line.pending)
    leaves = _decide_units(desk, line, row, pending, owners, where)
    decided = {unit["unit"] for unit in row["units"] if unit["state"] not in ("quarantined", "unexpected")}
    after = line.with_receipt(row, pending, decided)
    if after.open_mg < 0 or after.open_count < 0:
        told = row["accepted_mg"] + row["rejected_mg"] + row["missing_mg"]
        raise Refusal("more-than-offered", field=where, value=show_mg(told), offered=show_mg(line.offered_mg))
    for outcome in ("accepted", "rejected", "missing"):
        _book(desk, row, outcome, leaves[outcome], owners.get(outcome, ""), where)
    return after


def _open_arriving_batch(desk: _Desk, row: Mapping[str, Any], where: str) -> None:
    """A batch is counted on one basis, and in pieces or not, for good: also when it comes back, or comes in parts."""
    offered_count = row.get("offered_count")
    known = desk.find(("batch", row["batch"]))
    if not isinstance(known, Batch):
        counted = offered_count is not None
        packed = 0 if counted else None
        desk.put(Batch(row["batch"], row["product"], row["basis"], counted, row.get("lot_no"), (), 0, packed))
    elif known.basis != row["basis"]:
        raise Refusal("basis-differs", field=f"{where}.basis", value=row["basis"], basis=known.basis)
    elif known.counted and offered_count is None:
        raise Refusal("count-missing", field=f"{where}.offered_count", batch=known.id)
    elif offered_count is not None and not known.counted:
        raise Refusal("count-unexpected", field=f"{where}.offered_count", value=offered_count, batch=known.id)


def _decide_units(
    desk: _Desk,
    line: ArrivalLine,
    row: Mapping[str, Any],
    pending: dict[str, tuple[int, int | None]],
    owners: Mapping[str, str],
    where: str,
) -> dict[str, list[Unit]]:
    """Places each listed unit, and answers the ones that hold goods directly, by outcome. Changes `pending`."""
    listed = [unit for unit in row["units"] if unit["state"] != "unexpected"]
    outers = outers_of(listed, f"{where}.units")
    outcomes = {unit["unit"]: _outcome(unit, f"{where}.units") for unit in listed}
    # A stack whose parts fare differently comes apart: the outer unit is empty, its parts stand alone.
    apart = {outer for id_, chain in outers.items() for outer in chain if outcomes[outer] != outcomes[id_]}
    inner: dict[str, list[str]] = {}
    for id_, chain in outers.items():
        for outer in chain[:1]:
            inner.setdefault(outer, []).append(id_)
    leaves: dict[str, list[Unit]] = {"accepted": [], "rejected": [], "missing": [], "quarantined": []}
    for unit in listed:
        id_, outcome = unit["unit"], outcomes[unit["unit"]]
        _refuse_decided(desk, line, unit, row["batch"], outcomes, f"{where}.units")
        if id_ in pending:
            net, count = pending.pop(id_)
            desk.pack_mass(row["batch"], -net, -(count or 0), where)
        _leave_waiting_stack(desk, unit, outcomes)
        placed = Unit(
            id=id_,
            batch=row["batch"],
            kind=unit["kind"],
            serial=unit["serial"],
            net_mg=unit["net_mg"],
            count=unit.get("count"),
            seal=unit.get("seal"),
            site=row["site"],
            owner=owners["accepted" if outcome == "accepted" else "rejected"],
            state="emptied" if id_ in apart else {"accepted": "here", "rejected": "here"}.get(outcome, outcome),
            inside=next((outer for outer in outers[id_][:1] if outer not in apart), None),
            contains=() if id_ in apart else tuple(inner.get(id_, ())),
        )
        desk.put(placed)
        if id_ not in inner:
            leaves[outcome].append(placed)
            if outcome == "quarantined":
                pending[id_] = (placed.net_mg, placed.count)
                desk.pack_mass(row["batch"], placed.net_mg, placed.count, where)
    return leaves


def _refuse_decided(
    desk: _Desk, line: ArrivalLine, unit: Mapping[str, Any], batch: str, listed: Container[str], where: str
) -> None:
    """A unit is decided once, holds what it held, and a stack that we know is decided with all that is in it."""
    id_, state = unit["unit"], unit["state"]
    if not is_id(id_):
        raise Refusal("unit-unknown", field=where, value=id_)
    if id_ in line.decided or (state == "quarantined" and id_ in line.pending):
        raise Refusal("unit-received", field=where, value=id_)
    if id_ in line.pending and line.pending[id_] != (unit["net_mg"], unit.get("count")):
        raise Refusal("unit-net-differs", field=where, value=id_, net=show_mg(line.pending[id_][0]))
    known = desk.find(("unit", id_))
    if not isinstance(known, Unit):
        return
    if known.batch != batch:
        raise Refusal("unit-of-other-batch", field=where, value=id_, batch=batch, holds=known.batch)
    if known.state not in ("shipped", "quarantined", "missing", "emptied"):
        raise Refusal("unit-received", field=where, value=id_)
    refuse_contents_missing(known, listed, where)


def _leave_waiting_stack(desk: _Desk, unit: Mapping[str, Any], listed: Container[str]) -> None:
    """A unit that is decided without the quarantined stack it waits in takes that stack apart."""
    outer = unit.get("inside")
    if outer is None or outer in listed:
        return
    stack = desk.find(("unit", outer))
    if isinstance(stack, Unit) and stack.state == "quarantined":
        desk.put(replace(stack, state="emptied", contains=()))


def _outcome(unit: Mapping[str, Any], where: str) -> str:
    state = unit["state"]
    if state not in UNIT_STATES:
        raise Refusal("unit-state-unknown", field=where, value=state, states=", ".join(UNIT_STATES))
    if state in ("concession", "rejected", "missing", "damaged") and not unit.get("reason"):
        raise Refusal("reason-missing", field=where)
    return {"concession": "accepted", "damaged": "rejected"}.get(state, str(state))


def _book(desk: _Desk, row: Mapping[str, Any], outcome: str, leaves: list[Unit], owner: str, where: str) -> None:
    """Books one outcome of a line: units as units, the rest as loose goods, and the weighing difference."""
    mg, count = row[f"{outcome}_mg"], row.get(f"{outcome}_count")
    in_units, pieces = sum(unit.net_mg for unit in leaves), sum(unit.count or 0 for unit in leaves)
    if mg < in_units:
        raise Refusal("less-than-its-units", field=f"{where}.{outcome}", value=show_mg(mg), units=show_mg(in_units))
    _refuse_uncounted(row, outcome, pieces, where)
    if outcome == "missing":
        return
    loose, difference = mg - in_units, row["difference_mg"] if outcome == "accepted" else 0
    if difference and in_units and not loose:
        in_units = _spread(desk, leaves, difference, where)
    else:
        loose += difference
    if loose < 0:
        raise Refusal("difference-too-large", field=where, value=show_mg(difference), accepted=show_mg(mg))
    if leaves:
        desk.pack_mass(row["batch"], in_units, pieces, where)
    loose_pieces = None if count is None else count - pieces
    if loose or loose_pieces:
        desk.add_loose(desk.batch(row["batch"], where), row["site"], owner, loose, loose_pieces)


def _refuse_uncounted(row: Mapping[str, Any], outcome: str, pieces: int, where: str) -> None:
    """Of a batch in pieces, each outcome says how many; of another, none does."""
    field, count = f"{where}.{outcome}_count", row.get(f"{outcome}_count")
    counted = row.get("offered_count") is not None
    if counted and count is None and (pieces or (row[f"{outcome}_mg"] and outcome != "missing")):
        raise Refusal("count-missing", field=field, batch=row["batch"])
    if count is not None and not counted:
        raise Refusal("count-unexpected", field=field, value=count, batch=row["batch"])
    if count is not None and count < pieces:
        raise Refusal("less-than-its-units", field=field, value=count, units=pieces)


def _spread(desk: _Desk, leaves: list[Unit], difference: int, where: str) -> int:
    """Goods that came in sealed units only: each unit's net becomes its share of what was weighed.

    Cumulative rounding in the order listed, so the shares add up exactly. Answers the weighed sum.
    """
    told = sum(unit.net_mg for unit in leaves)
    weighed = told + difference
    if weighed < 0:
        raise Refusal("difference-too-large", field=where, value=show_mg(difference), accepted=show_mg(told))
    so_far, given = 0, 0
    for unit in leaves:
        so_far += unit.net_mg
        share = so_far * weighed // told - given
        given += share
        desk.put(replace(unit, net_mg=share))
        outer = unit.inside
        while outer is not None:
            stack = desk.unit(outer, where)
            desk.put(replace(stack, net_mg=stack.net_mg + share - unit.net_mg))
            outer = stack.inside
    return weighed


def _acknowledged(desk: _Desk, event: Event) -> None:
    acknowledgement = event.scalar("acknowledgement")
    found = desk.find(("shipment", acknowledgement["shipment"]))
    if not isinstance(found, Shipment):
        raise Refusal("shipment-unknown", field="shipment", value=acknowledgement["shipment"])
    if found.closed:
        raise Refusal("shipment-closed", field="shipment", value=found.id)
    if not acknowledgement["agreed"] and not acknowledgement.get("reason"):
        raise Refusal("reason-missing", field="reason")
    rows = list(event.rows("lines.partner", "lines.authority"))
    if rows and not found.outside and not acknowledgement["declined"]:
        raise Refusal("return-by-shipment", field="lines", value=found.id)
    lines = list(found.lines)
    for position, row in enumerate(rows):
        where = f"lines[{position}]"
        if not 0 <= row["line"] < len(lines) or lines[row["line"]].batch != row["batch"]:
            raise Refusal("line-not-offered", field=where, value=row["batch"], shipment=found.id)
        lines[row["line"]] = _weigh_back(desk, found.id, lines[row["line"]], row, where)
    desk.put(replace(found, lines=tuple(lines), closed=acknowledgement["agreed"]))


def _weigh_back(desk: _Desk, shipment: str, line: Line, row: Mapping[str, Any], where: str) -> Line:
    """Goods that were declined, or come back from outside, are the sender's stock again, up to what went out."""
    mg, pieces = _units_back(desk, shipment, line, row, where)
    if row["mg"] < mg:
        raise Refusal("less-than-its-units", field=f"{where}.quantity", value=show_mg(row["mg"]), units=show_mg(mg))
    count = row.get("count")
    if count is None and line.count is not None and (row["mg"] or pieces):
        raise Refusal("count-missing", field=f"{where}.quantity.count", batch=row["batch"])
    if count is not None and line.count is None:
        raise Refusal("count-unexpected", field=f"{where}.quantity.count", value=count, batch=row["batch"])
    if count is not None and count < pieces:
        raise Refusal("less-than-its-units", field=f"{where}.quantity.count", value=count, units=pieces)
    after = replace(line, back_mg=line.back_mg + row["mg"], back_count=line.back_count + (count or 0))
    if after.back_mg > line.mg or after.back_count > (line.count or 0):
        out = _offered(line.batch, line.mg - line.back_mg, None if line.count is None else line.count - line.back_count)
        raise Refusal("more-than-sent", field=f"{where}.quantity", value=show_mg(row["mg"]), out=out)
    if mg:
        desk.pack_mass(row["batch"], mg, pieces, where)
    loose_pieces = None if count is None else count - pieces
    if row["mg"] > mg or loose_pieces:
        desk.add_loose(desk.batch(row["batch"], where), row["site"], line.owner, row["mg"] - mg, loose_pieces)
    return after


def _units_back(desk: _Desk, shipment: str, line: Line, row: Mapping[str, Any], where: str) -> tuple[int, int]:
    """Puts the listed units of a line back where they are weighed in; answers mass and pieces of those that hold goods.

    A unit that comes without the stack it stood in stands alone; a stack comes with all that is in it.
    """
    sent, listed = {unit for unit, _, _ in line.units}, list(row.get("units") or ())
    if len(set(listed)) != len(listed):
        raise Refusal("unit-twice", field=f"{where}.units", value=_first_double(listed))
    units = [desk.unit(id_, f"{where}.units") for id_ in listed]
    for unit in units:
        if unit.id not in sent or unit.state != "shipped" or unit.shipment != shipment:
            raise Refusal("unit-not-here", field=f"{where}.units", value=unit.id, serial=unit.serial, state=unit.state)
        refuse_contents_missing(unit, listed, f"{where}.units")
        inside = unit.inside if unit.inside in listed else None
        desk.put(replace(unit, state="here", shipment=None, site=row["site"], inside=inside))
    leaves = [unit for unit in units if not unit.contains]
    return sum(unit.net_mg for unit in leaves), sum(unit.count or 0 for unit in leaves)


def _assembled(desk: _Desk, event: Event) -> None:
    owner = _take_inputs(desk, event, "assemble")
    assembly, quantity, id_ = event.scalar("assembly"), event.scalar("quantity"), event.ids["assembly"]
    units = list(event.rows("units.public", "units.chain"))
    mg, count = sum(unit["net_mg"] for unit in units), sum(unit["count"] for unit in units)
    if mg != quantity["mg"]:
        raise Refusal("less-than-its-units", field="quantity", value=show_mg(quantity["mg"]), units=show_mg(mg))
    if count != quantity["count"]:
        raise Refusal("less-than-its-units", field="quantity.count", value=quantity["count"], units=count)
    if mg == 0:
        raise Refusal("mass-is-zero", field="quantity", value=mg)
    desk.refuse_known(("batch", id_))
    lot_no = assembly.get("lot_no")
    desk.put(
        Batch(
            id_, assembly["product"], quantity["basis"], counted=True, lot_no=lot_no, packed_mg=mg, packed_count=count
        )
    )
    for unit_id, unit in zip(event.ids["units.public"], units, strict=True):
        desk.refuse_known(("unit", unit_id))
        desk.put(
            Unit(
                id=unit_id,
                batch=id_,
                kind=unit["kind"],
                serial=unit["serial"],
                net_mg=unit["net_mg"],
                count=unit["count"],
                seal=unit.get("seal"),
                site=quantity["site"],
                owner=owner,
            )
        )


def _dismantled(desk: _Desk, event: Event) -> None:
    rows = list(event.rows("units.chain"))
    if not rows:
        raise Refusal("nothing-named", field="units", verb="dismantle")
    listed = [row["unit"] for row in rows]
    if len(set(listed)) != len(listed):
        raise Refusal("unit-twice", field="units", value=_first_double(listed))
    units = [desk.unit_here(row["unit"], row["batch"], f"units[{at}]", owner=None) for at, row in enumerate(rows)]
    desk.refuse_part_of_stack(units, set(listed), "units")
    owners = {unit.owner for unit in units}
    if len(owners) > 1:
        raise Refusal("owners-mixed", field="units", value=", ".join(sorted(owner or desk.me for owner in owners)))
    if not event.items("outputs.chain") and not event.scalar("losses"):
        raise Refusal("nothing-named", field="outputs", verb="dismantle")
    for unit in units:
        if not unit.contains:  # a stack's mass is its leaves'
            desk.pack_mass(unit.batch, -unit.net_mg, -(unit.count or 0), "units")
        desk.put(replace(unit, state="consumed"))
    owner = owners.pop()
    outputs = list(event.rows("outputs.chain", "outputs.authority"))
    for id_, row in zip(event.ids.get("outputs.chain", ()), outputs, strict=True):
        _new_batch(desk, id_, row, row, row["site"], owner)


def _removed(desk: _Desk, event: Event) -> None:
    removal = event.scalar("removal")
    if removal["kind"] not in REMOVAL_KINDS:
        raise Refusal("removal-unknown", field="kind", value=removal["kind"], kinds=", ".join(REMOVAL_KINDS))
    rows = list(event.rows("lines.chain", "lines.authority"))
    if not rows:
        raise Refusal("nothing-named", field="lines", verb="remove")
    for position, row in enumerate(rows):
        desk.take_part(row, f"lines[{position}]", lambda unit: replace(unit, state="consumed"))


_RULES: Mapping[str, Callable[[_Desk, Event], None]] = {
    "log_opened": _log_opened,
    "registered": _registered,
    "transformed": _transformed,
    "packed": _packed,
    "unpacked": _unpacked,
    "moved": _moved,
    "shipped": _shipped,
    "received": _received,
    "acknowledged": _acknowledged,
    "assembled": _assembled,
    "dismantled": _dismantled,
    "removed": _removed,
}
