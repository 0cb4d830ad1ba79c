"""The verb on corrections: `correct`, by its kind amend, reverse or adjust.

    amend     {"entry": 41, "words": [{"path": "batch.lot_no", "is": "A-2"}]}: other words, sealed at once
    reverse   {"entry": 41}: the entry is undone, where nothing came of it
    adjust    {"lines": [{"entry": 41, "side": "made", "batch": "A-1", "less": {"value": "18", "unit": "t"}}]}

The last two move goods: without `approved_by`, which only nodes/drafts.py fills in, custody refuses them. What a line
leaves out and its entry says (site, owner) is filled in from there; so is what stood in an amended place, where the
caller does not say what he believes to stand there.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from ledger.errors import Refusal, Unknown
from ledger.log.canonical import b64
from ledger.matter.corrections import SHARED, Amount, amounts, corrected
from ledger.matter.events import Event
from ledger.matter.handovers import refuse_other_amounts, shared
from ledger.matter.quantities import amount
from ledger.matter.stock import Batch, Booked, Correction
from ledger.matter.words import place_of, word
from nodes.verbs.draft import (
    Body,
    Delivery,
    Desk,
    Draft,
    Sealed,
    at_of,
    documents_of,
    entry_of,
    only,
    recorded_of,
)

KINDS = ("amend", "reverse", "adjust")


def correct(desk: Desk, body: Body) -> Draft:
    """A correction of an own entry, or of several."""
    kind = body["kind"]
    if kind not in KINDS:
        raise Refusal("kind-unknown", field="kind", value=kind, kinds=", ".join(KINDS))
    return {"amend": _amend, "reverse": _reverse, "adjust": _adjust}[kind](desk, body)


def _amend(desk: Desk, body: Body) -> Draft:
    booked = _named(desk, body)
    rows = [
        only(path=row["path"], was=row["was"] if "was" in row else _stands(desk, booked, row["path"]), **_is(row))
        for row in body.get("words") or ()
    ]
    slots = {
        "amendment": _corrects(desk, body, booked),
        "words": {"list": rows},
        "reason": _reason(body),
        "recorded": recorded_of(desk, body),
    }
    return Draft("amended", slots, _answer(booked.index))


def _is(row: Mapping[str, Any]) -> dict[str, Any]:
    """`is` is a word of Python's."""
    return {"is": row.get("is")}


def _stands(desk: Desk, booked: Booked, path: str) -> str | None:
    """What stands at a path now, with what was corrected before. Whether that may be amended, the rule says."""
    place = place_of(booked.event.type, path)
    before = desk.state(("correction", str(booked.index)))
    event: Event | None = booked.event
    if isinstance(before, Correction):
        event = corrected(booked.event, before)
    return None if place is None or event is None else word(event, place)


def _reverse(desk: Desk, body: Body) -> Draft:
    booked = _named(desk, body)
    slots = {
        "reversal": _corrects(desk, body, booked),
        "reason": _reason(body),
        "recorded": recorded_of(desk, body),
    }
    return Draft("reversed", slots, _answer(booked.index))


def _adjust(desk: Desk, body: Body) -> Draft:
    own: list[tuple[dict[str, Any], dict[str, Any]]] = []
    both: list[tuple[dict[str, Any], dict[str, Any], dict[str, Any]]] = []
    partner, indexes = None, []
    for position, line in enumerate(body.get("lines") or ()):
        where = f"lines[{position}]"
        booked = _entry(desk, line["entry"], f"{where}.entry")
        indexes.append(booked.index)
        batch = desk.batch_id(line["batch"], f"{where}.batch")
        row = _row_of(desk, booked, batch, line)
        place = only(site=row.site, owner=row.owner or line.get("owner") or None)
        named = {"index": booked.index, "leaf": b64(booked.leaf), "batch": batch}
        figures = {"side": line["side"], **_delta(desk, batch, line, where)}
        if line["side"] in SHARED:
            partner = _partner(booked.event)
            both.append((named, figures, place))
        else:
            own.append((named, {**figures, **place}))
    slots = {
        "adjustment": only(at=at_of(desk, body), **{"with": partner}),
        "lines.chain": [chain for chain, _ in own],
        "lines.authority": [authority for _, authority in own],
        "shared.chain": [chain for chain, _, _ in both],
        "shared.partner": [told for _, told, _ in both],
        "shared.authority": [authority for _, _, authority in both],
        "consent": _consent(desk, body["consent"], [chain | told for chain, told, _ in both])
        if body.get("consent")
        else None,
        "reason": _reason(body),
        "documents": documents_of(body),
        "recorded": recorded_of(desk, body),
    }
    deliveries = () if partner is None else (Delivery("notice", partner, f"{desk.origin}#{desk.index}"),)
    return Draft("adjusted", slots, _answer(*indexes), deliveries=deliveries)


def _consent(desk: Desk, named: Mapping[str, Any], taken: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Our ref to the partner's adjustment. What it does not give, no partner would find in it later: better now."""
    given, ref = desk.entry_of_other(named, "consent")
    rows, partner = shared(given), given.scalar("adjustment").get("with")
    if partner != desk.origin.rpartition("/")[0] or not all("delta_mg" in row for row in rows):
        raise Refusal("consent-unfitting", field="consent", value=f"{named['log']}#{named['index']}")
    if taken:
        refuse_other_amounts(rows, given.origin, taken, desk.origin)
    return dict(ref)


def _row_of(desk: Desk, booked: Booked, batch: str, line: Body) -> Amount:
    """The row of the entry that a line means; where none fits, what the line says, which the rule will refuse: its
    words need a site, and any will do.
    """
    rows = [one for one in amounts(booked.event) if (one.side, one.batch) == (line["side"], batch)]
    fitting = [one for one in rows if line.get("site") in (None, one.site) and line.get("owner") in (None, one.owner)]
    if fitting:
        return fitting[0]
    site = line.get("site") or next((one.code for one in desk.settings.sites), "nowhere")
    return Amount(line["side"], batch, site, line.get("owner") or "", 0, 0, "", None)


def _delta(desk: Desk, batch: str, line: Body, where: str) -> dict[str, Any]:
    """`more` or `less` as signed figures, on the batch's own basis unless another is stated."""
    state = desk.state(("batch", batch))
    basis = state.basis if isinstance(state, Batch) else "net"
    name, sign = ("more", 1) if line.get("more") else ("less", -1)
    stated = line.get(name)
    if not stated:
        raise Refusal("quantity-missing", field=f"{where}.more", value=line["batch"])
    counted = amount({"basis": basis, **stated}, f"{where}.{name}")
    count = None if counted.count is None else sign * counted.count
    return only(basis=counted.basis, delta_mg=sign * counted.mg, delta_count=count)


def _partner(event: Event) -> str | None:
    """Who shares the entry; None for a party outside, which has no log."""
    named = event.scalar("receipt").get("from") if event.type == "received" else event.scalar("shipment").get("to")
    return None if named is None else str(named)


def _named(desk: Desk, body: Body) -> Booked:
    """The one entry that an amendment or a reversal is about."""
    if body.get("entry") is None:
        raise Refusal("nothing-named", field="entry", verb=body["kind"])
    return _entry(desk, body["entry"], "entry")


def _entry(desk: Desk, index: int, where: str) -> Booked:
    found = desk.state(("entry", str(index)))
    if not isinstance(found, Booked):
        raise Unknown("entry-unknown", field=where, value=index)
    return found


def _corrects(desk: Desk, body: Body, booked: Booked) -> dict[str, Any]:
    return {"at": at_of(desk, body), "index": booked.index, "leaf": b64(booked.leaf)}


def _reason(body: Body) -> dict[str, Any] | None:
    return only(text=body.get("reason")) or None


def _answer(*indexes: int) -> Any:
    def answer(sealed: Sealed) -> dict[str, Any]:
        return {"corrected": sorted(set(indexes)), "entry": entry_of(sealed)}

    return answer
