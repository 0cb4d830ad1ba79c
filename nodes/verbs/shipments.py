"""Verbs between organisations: ship, receive, acknowledge.

Over 400 lines because an offer and the answers to it are read together.
"""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ledger.entries import id_in
from ledger.errors import Refusal
from ledger.matter.events import Event
from ledger.matter.handovers import check_receipt
from ledger.matter.quantities import amount, show_mg, tolerance_mg
from ledger.matter.stock import Arrival, ArrivalLine, Batch, Shipment, Voided
from nodes.verbs.books import notice_to
from nodes.verbs.draft import (
    Body,
    Delivery,
    Desk,
    Draft,
    Part,
    Sealed,
    at_of,
    documents_of,
    entry_of,
    only,
    part_of,
    recorded_of,
    site_of,
)

OUTCOMES = ("accepted", "rejected", "missing")


def ship(desk: Desk, body: Body) -> Draft:
    """An offer to another organisation, a member of the federation or one outside."""
    to = body["to"].get("node")
    node = None if to is None else desk.settings.partners.get(to, to)
    outside = body["to"].get("outside")
    parts = [part_of(desk, line, f"lines[{at}]") for at, line in enumerate(body["lines"])]
    lines = [_line_for_partner(desk, part, line) for part, line in zip(parts, body["lines"], strict=True)]
    slots = {
        "shipment": only(at=at_of(desk, body), purpose=body["purpose"], to=node, original=body.get("original")),
        "party": {"outside": dict(outside)} if outside else None,
        "lines.chain": [{"batch": part.batch} for part in parts],
        "lines.partner": lines,
        "lines.authority": [{"site": part.site, "typed": dict(part.typed)} for part in parts],
        "transport": dict(body["transport"]) if body.get("transport") else None,
        "documents": documents_of(body),
        "recorded": recorded_of(desk, body),
    }

    def answer(sealed: Sealed) -> dict[str, Any]:
        return {"shipment": sealed.event.ids["shipment"], "status": "offered", "entry": entry_of(sealed)}

    deliveries = (Delivery("handover", node, ""),) if node else ()
    return Draft("shipped", slots, answer, deliveries=deliveries, external_ref=body.get("external_ref"))


def _line_for_partner(desk: Desk, part: Part, line: Body) -> dict[str, Any]:
    batch = desk.state(("batch", part.batch))
    assert isinstance(batch, Batch), "part_of named a batch that is here"
    units = [
        only(
            unit=unit.id,
            serial=unit.serial,
            kind=unit.kind,
            net_mg=unit.net_mg,
            count=unit.count,
            seal=unit.seal,
            inside=unit.inside,
        )
        for unit in part.units
    ]
    return only(
        mg=part.amount.mg,
        basis=part.amount.basis,
        count=part.amount.count,
        units=units,
        owner=part.owner or None,
        product=batch.product,
        lot_no=batch.lot_no,
        assay=line.get("assay") or _assay_of(desk, part.batch) or desk.carried_assay(part.batch),
    )


def _assay_of(desk: Desk, batch: str) -> Mapping[str, Any] | None:
    """The assay that the batch was made with: the counterparty gets it with the goods, the chain does not."""
    event = desk.made_event(batch)
    if event is None:
        return None
    if event.type == "registered":
        return _as_told(event)
    ids = list(event.ids.get("outputs.chain", ()))
    if batch in ids:
        row = event.items("outputs.authority")[ids.index(batch)]
        return (row or {}).get("assay")
    return None


def _as_told(event: Event) -> Mapping[str, Any] | None:
    """The assay of a registration, if it says by itself what it meant there; else what goods are made of is told.

    A total alone meant the split of that feed class, and a moisture of the ticket dried it: the receiver has neither.
    """
    told = event.scalar("assay")
    moisture = event.scalar("quantity")["typed"].get("moisture_pct")
    is_split = told.keys() & {"distribution_pct", "elements_pct"}
    if not told or (event.scalar("origin").get("feed_class") and not is_split):
        return None
    return {"moisture_pct": moisture, **told} if moisture is not None else told


def receive(desk: Desk, body: Body) -> Draft:
    """The receiver's own weighing and decision, line by line and unit by unit."""
    shipment = body["shipment"]
    offer = desk.offer(shipment)
    sent = offer.shipped.scalar("shipment")
    declined = bool(body.get("declined", False))
    receipt = only(
        at=at_of(desk, body),
        shipment=shipment,
        final=bool(body.get("final", True)) or declined,
        declined=declined,
        reason=body.get("reason"),
        purpose=sent["purpose"],
        **{"from": offer.shipped.name},
    )
    known = desk.state(("arrival", shipment))
    arrival = known if isinstance(known, Arrival) else None
    lines = [] if declined else _receipt_lines(desk, body, offer.shipped, arrival, receipt["final"])
    slots = {
        "receipt": receipt,
        "offer": dict(offer.ref),
        "lines.chain": [{"line": line.number, "batch": line.row["batch"]} for line in lines],
        "lines.partner": [{key: value for key, value in line.row.items() if key != "batch"} for line in lines],
        "lines.provenance": [_item(offer.shipped, "lines.provenance", line.number) for line in lines],
        "lines.authority": [line.authority for line in lines],
        "documents": documents_of(body),
        "recorded": recorded_of(desk, body),
    }

    check_receipt(offer.shipped, Event("received", desk.origin, slots))  # the sender will, and must not disagree

    def answer(sealed: Sealed) -> dict[str, Any]:
        status = "declined" if declined else "received" if receipt["final"] else "received in part"
        shown = [
            {"batch": line.row["batch"], **{name: line.row[name] for name in _ANSWERED if name in line.row}}
            for line in lines
        ]
        return {"shipment": shipment, "status": status, "entry": entry_of(sealed), "lines": shown}

    deliveries = (Delivery("receipt", offer.shipped.name, shipment),)
    return Draft("received", slots, answer, deliveries=deliveries)


_ANSWERED = ("accepted_mg", "rejected_mg", "missing_mg", "difference_mg", "tolerance_mg")


@dataclass(frozen=True, slots=True)
class _Line:
    number: int
    row: dict[str, Any]
    authority: dict[str, Any]


def _receipt_lines(desk: Desk, body: Body, shipped: Event, arrival: Arrival | None, final: bool) -> list[_Line]:
    offered = list(shipped.rows("lines.chain", "lines.partner"))
    wanted = body.get("lines")
    if wanted is None:
        wanted = [{"line": number} for number in range(len(offered))]
    lines, named = [], set()
    for position, line in enumerate(wanted):
        where = f"lines[{position}]"
        number = _number_of(desk, line, offered, shipped.origin, where)
        if number in named:
            raise Refusal("line-twice", field=where, value=number)
        named.add(number)
        lines.append(_receipt_line(desk, line, number, offered[number], shipped, arrival, final, where))
    if final:
        _refuse_unnamed(offered, named, arrival)
    return lines


def _refuse_unnamed(offered: Sequence[Mapping[str, Any]], named: Container[int], arrival: Arrival | None) -> None:
    """After a final receipt nothing more can be said: every line must have been answered by then."""
    for number, row in enumerate(offered):
        if number not in named and (arrival is None or number not in arrival.lines):
            raise Refusal("line-left-open", field="lines", value=number, open=show_mg(row["mg"]))


def _number_of(desk: Desk, line: Body, offered: Sequence[Mapping[str, Any]], sender: str, where: str) -> int:
    """The offered line that is meant: by number, or by the batch's id or lot number if only one line has it."""
    if "line" in line:
        if not 0 <= line["line"] < len(offered):
            raise Refusal("line-not-offered", field=where, value=line["line"], shipment=sender)
        return int(line["line"])
    code = line.get("batch", "")  # a line that names nothing means none, not the one without a lot number
    found = [
        number
        for number, row in enumerate(offered)
        if code in (row["batch"], id_in(row["batch"], sender, desk.origin), row.get("lot_no"))
        or code == id_in(row["batch"], sender, "")
    ]
    if len(found) != 1:
        raise Refusal("line-not-offered", field=f"{where}.batch", value=code, shipment=sender)
    return found[0]


def _receipt_line(
    desk: Desk,
    line: Body,
    number: int,
    row: Mapping[str, Any],
    shipped: Event,
    arrival: Arrival | None,
    final: bool,
    where: str,
) -> _Line:
    batch = id_in(row["batch"], shipped.origin, desk.origin)
    before = (arrival.lines.get(number) if arrival else None) or ArrivalLine(batch, row["mg"], row.get("count"))
    units = _unit_states(desk, line, row, shipped.origin, before, final, where)
    outer = {unit["inside"] for unit in units if unit.get("inside")}
    in_units = dict.fromkeys((*OUTCOMES, "quarantined"), (0, 0))
    for unit in units:
        if unit["unit"] not in outer and unit["state"] != "unexpected":
            outcome = {"concession": "accepted", "damaged": "rejected"}.get(unit["state"], unit["state"])
            mg, pieces = in_units.get(outcome, (0, 0))
            in_units[outcome] = (mg + unit["net_mg"], pieces + (unit.get("count") or 0))
    resolved = [before.pending[unit["unit"]] for unit in units if unit["unit"] in before.pending]
    open_mg = before.open_mg + sum(net for net, _ in resolved) - sum(mg for mg, _ in in_units.values())
    open_count = before.open_count + sum(count or 0 for _, count in resolved) - sum(n for _, n in in_units.values())
    loose, loose_count = _loose_outcomes(line, row, open_mg, open_count, final, where)
    accepted = in_units["accepted"][0] + loose["accepted"]
    weighed = line.get("weighed")
    difference = 0 if weighed is None else amount(weighed, f"{where}.weighed").mg - accepted
    if weighed is not None and weighed.get("basis", "net") != row["basis"]:
        raise Refusal("basis-differs", field=f"{where}.weighed.basis", value=weighed.get("basis"), basis=row["basis"])
    scale = desk.reference.scale_ppm((line.get("weighing") or {}).get("scale_kind", "drum_scale"))
    tolerance = tolerance_mg(accepted, (scale, scale))
    if abs(difference) > tolerance and not line.get("reason"):
        raise Refusal(
            "difference-needs-reason",
            field=f"{where}.reason",
            value=show_mg(difference),
            tolerance=show_mg(tolerance),
        )
    counts = (
        {f"{outcome}_count": in_units[outcome][1] + loose_count[outcome] or None for outcome in OUTCOMES}
        if row.get("count") is not None
        else {}
    )
    told = only(
        batch=batch,
        basis=row["basis"],
        offered_mg=row["mg"],
        offered_count=row.get("count"),
        accepted_mg=accepted,
        rejected_mg=in_units["rejected"][0] + loose["rejected"],
        missing_mg=in_units["missing"][0] + loose["missing"],
        difference_mg=difference,
        tolerance_mg=tolerance,
        units=units,
        owner=row.get("owner"),
        product=row["product"],
        lot_no=row.get("lot_no"),
        reason=line.get("reason"),
        **counts,
    )
    site = site_of(desk, line.get("site"), f"{where}.site")
    assay = line.get("assay") or row.get("assay")
    return _Line(number, told, only(site=site, typed=weighed, weighing=line.get("weighing"), assay=assay))


def _item(event: Event, slot: str, at: int) -> Any:
    """An item of a list slot; None where it holds nothing, or was not disclosed to us."""
    items = event.items(slot)
    return items[at] if at < len(items) else None


def _unit_states(
    desk: Desk, line: Body, row: Mapping[str, Any], sender: str, before: ArrivalLine, final: bool, where: str
) -> list[dict[str, Any]]:
    """Each unit with its state. When final, naming none accepts all that are open, and naming some must name all."""
    offered = {id_in(unit["unit"], sender, desk.origin): unit for unit in row["units"]}
    inside = {id_: id_in(unit["inside"], sender, desk.origin) for id_, unit in offered.items() if unit.get("inside")}
    by_code = {unit["serial"]: id_ for id_, unit in offered.items()}
    by_code.update({unit["unit"]: id_ for id_, unit in offered.items()})
    by_code.update({id_in(unit["unit"], sender, ""): id_ for id_, unit in offered.items()})
    states: dict[str, dict[str, Any]] = {}
    strangers = []
    stacks = set(inside.values())
    waiting = [id_ for id_ in offered if id_ not in stacks | before.decided | before.pending.keys()]
    if "units" not in line and final:
        states = {id_: {"state": "accepted"} for id_ in waiting}
    for unit in line.get("units") or ():
        id_ = by_code.get(unit["unit"])
        if id_ is None and unit["state"] != "unexpected":
            raise Refusal("unit-not-offered", field=f"{where}.units", value=unit["unit"])
        if id_ is None:
            strangers.append(only(unit=unit["unit"], serial=unit["unit"], kind="unit", net_mg=0, state="unexpected"))
        else:
            states[id_] = only(state=unit["state"], reason=unit.get("reason"))
    _settle_stacks(states, inside)
    left = [offered[id_]["serial"] for id_ in waiting if id_ not in states]
    if final and left:
        raise Refusal("unit-left-open", field=f"{where}.units", value=left[0], left=len(left))
    known = [
        only(
            unit=id_,
            serial=unit["serial"],
            kind=unit["kind"],
            net_mg=unit["net_mg"],
            count=unit.get("count"),
            seal=unit.get("seal"),
            inside=id_in(unit["inside"], sender, desk.origin) if unit.get("inside") else None,
            **states[id_],
        )
        for id_, unit in offered.items()
        if id_ in states
    ]
    return known + strangers


def _settle_stacks(states: dict[str, dict[str, Any]], inside: Mapping[str, str]) -> None:
    """What is said of a stack is said of all in it; what is said of all parts of a stack is said of the stack."""
    parts: dict[str, list[str]] = {}
    for id_, outer in inside.items():
        parts.setdefault(outer, []).append(id_)
    told = list(states)
    while told:
        outer = told.pop()
        for id_ in parts.get(outer, ()):
            if id_ not in states:
                states[id_] = states[outer]
                told.append(id_)
    settled = True
    while settled:
        whole = [outer for outer, ids in parts.items() if outer not in states and all(id_ in states for id_ in ids)]
        states.update((outer, states[parts[outer][0]]) for outer in whole)
        settled = bool(whole)


def _loose_outcomes(
    line: Body, row: Mapping[str, Any], open_mg: int, open_count: int, final: bool, where: str
) -> tuple[dict[str, int], dict[str, int]]:
    """How much of what is not in units was accepted, rejected, missing: what is stated, and when final all the rest."""
    stated = {
        outcome: amount(line[outcome], f"{where}.{outcome}") if line.get(outcome) else None for outcome in OUTCOMES
    }
    mg = {outcome: found.mg if found else 0 for outcome, found in stated.items()}
    count = {outcome: (found.count or 0) if found else 0 for outcome, found in stated.items()}
    if stated["accepted"] is None:
        rest = open_mg - mg["rejected"] - mg["missing"]
        if final:
            mg["accepted"] = max(rest, 0)
            count["accepted"] = max(open_count - count["rejected"] - count["missing"], 0)
        elif line.get("weighed") and not row["units"]:
            weighed = amount(line["weighed"], f"{where}.weighed")
            mg["accepted"], count["accepted"] = min(weighed.mg, max(rest, 0)), weighed.count or 0
    return mg, count


def acknowledge(desk: Desk, body: Body) -> Draft:
    """The sender's answer to a receipt; also weighs in what was declined, or came back from outside."""
    shipment = desk.state(("shipment", desk.shipment_id(body["shipment"], "shipment")))
    if not isinstance(shipment, Shipment):
        raise Refusal("shipment-unknown", field="shipment", value=body["shipment"])
    found = desk.answer_to(shipment.id)
    void = desk.state(("voided", shipment.id)) if found is None else None
    voided = _ref_of(desk, void) if isinstance(void, Voided) else None
    if found is None and voided is None and not shipment.outside:
        raise Refusal("receipt-not-here", field="shipment", value=shipment.id)
    declined = found is not None and bool(found[0].scalar("receipt").get("declined"))
    rows, places = [], []
    for position, line in enumerate(body.get("lines") or (_all_back(shipment) if voided is not None else ())):
        where = f"lines[{position}]"
        number = line["line"] if "line" in line else _own_line(desk, shipment, line, where)
        if not 0 <= number < len(shipment.lines):
            raise Refusal("line-not-offered", field=where, value=number, shipment=shipment.id)
        offered = shipment.lines[number]
        units = [desk.unit_id(code, f"{where}.units") for code in line.get("units") or ()]
        nets = {unit: (net, count or 0) for unit, net, count in offered.units}
        weighed = amount(line["weighed"], f"{where}.weighed") if line.get("weighed") else None
        mg = weighed.mg if weighed else sum(nets.get(unit, (0, 0))[0] for unit in units)
        pieces = weighed.count if weighed else sum(nets.get(unit, (0, 0))[1] for unit in units) or None
        rows.append(only(line=number, batch=offered.batch, mg=mg, count=pieces, units=units or None))
        site = site_of(desk, line["site"], f"{where}.site") if "site" in line else offered.site
        places.append(only(site=site, typed=line.get("weighed")))
    slots = {
        "acknowledgement": only(
            at=at_of(desk, body),
            shipment=shipment.id,
            agreed=bool(body.get("agreed", True)),
            declined=declined,
            reason=body.get("reason"),
            voided=voided,
        ),
        "answer": None if found is None else dict(found[1]),
        "lines.partner": rows,
        "lines.authority": places,
        "recorded": recorded_of(desk, body),
    }

    def answer(sealed: Sealed) -> dict[str, Any]:
        status = "acknowledged" if body.get("agreed", True) else "disputed"
        return {"shipment": shipment.id, "status": status, "entry": entry_of(sealed)}

    # Of what was voided the receiver has heard from the authority.
    deliveries = (Delivery("acknowledgement", shipment.to, shipment.id),) if found is not None else ()
    return Draft("acknowledged", slots, answer, deliveries=deliveries)


def _ref_of(desk: Desk, void: Voided) -> dict[str, Any]:
    return dict(desk.entry_of_other({"log": void.log, "index": void.index}, "shipment")[1])


def _all_back(shipment: Shipment) -> list[dict[str, Any]]:
    """Goods of a voided shipment never reached anybody: unless it is said otherwise, they are all here again."""
    quantities = [{"value": str(line.mg), "unit": "mg", "basis": line.basis} for line in shipment.lines]
    return [
        {
            "line": number,
            "weighed": {**quantity, **only(count=line.count)},
            "units": [unit for unit, _, _ in line.units],
        }
        for number, (line, quantity) in enumerate(zip(shipment.lines, quantities, strict=True))
    ]


def withdraw(desk: Desk, body: Body) -> Draft:
    """The sender asks the receiver to decline what is on its way. Only the receiver ends it, or the authority."""
    shipment = desk.state(("shipment", desk.shipment_id(body["shipment"], "shipment")))
    assert isinstance(shipment, Shipment), "shipment_id names a shipment of ours"
    if desk.answer_to(shipment.id) is not None:
        raise Refusal("withdrawal-too-late", field="shipment", value=shipment.id)
    slots = {
        "withdrawal": {"at": at_of(desk, body), "shipment": shipment.id, "to": shipment.to or desk.settings.name},
        "reason": only(text=body.get("reason")) or None,
        "recorded": recorded_of(desk, body),
    }

    def answer(sealed: Sealed) -> dict[str, Any]:
        return {"shipment": shipment.id, "status": "withdrawal asked", "entry": entry_of(sealed)}

    deliveries = (notice_to(desk, shipment.to),) if shipment.to else ()
    return Draft("withdrawal_asked", slots, answer, deliveries=deliveries)


def _own_line(desk: Desk, shipment: Shipment, line: Body, where: str) -> int:
    if "batch" not in line:
        raise Refusal("line-not-offered", field=f"{where}.batch", value=None, shipment=shipment.id)
    batch = desk.batch_id(line["batch"], f"{where}.batch")
    found = [number for number, offered in enumerate(shipment.lines) if offered.batch == batch]
    if len(found) != 1:
        raise Refusal("line-not-offered", field=f"{where}.batch", value=line["batch"], shipment=shipment.id)
    return found[0]
