"""What every correction must satisfy, and `amended`, which changes words and moves nothing.

A correction names an entry of its own log by number and leaf hash; the view holds that entry as `Booked`, and what was
corrected of it before as `Correction`. Nothing is edited: both entries stay, and corrections.py folds them together.

The rules that move goods are in reversing.py and adjusting.py; which words may change, in words.py.
"""

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ledger.errors import Refusal
from ledger.matter.corrections import corrected, told
from ledger.matter.desk import Desk
from ledger.matter.event_types import CORRECTIONS
from ledger.matter.events import Event
from ledger.matter.periods import month_key, refuse_closed_month
from ledger.matter.stock import Batch, Booked, Consent, Correction, Key, Unit
from ledger.matter.words import exists, place_of, word

_HEADS = {"amended": "amendment", "reversed": "reversal", "adjusted": "adjustment"}


def touched(event: Event) -> set[Key]:
    """The entries that a correction names, what was corrected of them before, its month, and its partner's consent."""
    keys = {month_key(event.scalar(_HEADS[event.type])["at"])}
    for one in told(event):
        keys |= {("entry", str(one.index)), one.key}
    consent = event.scalar("consent")
    return keys | {consent_of(consent).key} if consent else keys


def consent_of(ref: Mapping[str, Any]) -> Consent:
    return Consent(f"{ref['log']}#{ref['index']}")


def refuse_careless(desk: Desk, event: Event, *, approved: bool = True) -> None:
    """A correction says why, lies in the open month, and where it moves goods, a second person stands behind it."""
    if not event.scalar("reason").get("text"):
        raise Refusal("reason-missing", field="reason")
    recorded = event.scalar("recorded")
    by = recorded.get("approved_by")
    if approved and not by:
        raise Refusal("approval-missing", field="recorded.approved_by")
    if approved and by == recorded["by"]:
        raise Refusal("approval-by-oneself", field="recorded.approved_by", value=by)
    refuse_closed_month(desk, event.scalar(_HEADS[event.type])["at"])


def booked(desk: Desk, named: Mapping[str, Any], where: str) -> tuple[Event, Correction]:
    """The entry that is corrected, and what was corrected of it before."""
    index = named["index"]
    if index == 0:
        raise Refusal("correction-of-opening", field=f"{where}.index", value=index)
    found = desk.find(("entry", str(index)))
    if not isinstance(found, Booked):
        raise Refusal("entry-unknown", field=f"{where}.index", value=index)
    if b64encode(found.leaf).decode() != named["leaf"]:
        raise Refusal("entry-other-leaf", field=f"{where}.leaf", value=named["leaf"], index=index)
    if found.event.type in CORRECTIONS:
        raise Refusal("correction-of-correction", field=f"{where}.index", value=index, type=found.event.type)
    before = desk.find(("correction", str(index)))
    correction = before if isinstance(before, Correction) else Correction(index)
    if "reversed" in correction.kinds:
        raise Refusal("entry-reversed", field=f"{where}.index", value=index)
    return found.event, correction


def amended(desk: Desk, event: Event) -> None:
    refuse_careless(desk, event, approved=False)
    entry, before = booked(desk, event.scalar("amendment"), "amendment")
    rows = event.scalar("words")["list"]
    if not rows:
        raise Refusal("nothing-named", field="words", verb="amend")
    after = before
    for position, row in enumerate(rows):
        where, path = f"words[{position}]", row["path"]
        # The words of an entry that was adjusted to nothing at all are still there to be read.
        stands = corrected(entry, replace(after, deltas=())) or entry
        place = place_of(entry.type, path)
        if place is None or not exists(stands, place):
            raise Refusal("amendment-not-words", field=f"{where}.path", value=path, type=entry.type)
        was, text = word(stands, place), row.get("is")
        if row.get("was") != was:
            raise Refusal("amendment-of-other-words", field=f"{where}.was", value=row.get("was"), path=path, was=was)
        if text == was:
            raise Refusal("amendment-of-nothing", field=f"{where}.is", value=text, path=path)
        if text is None and not place.optional:
            raise Refusal("amendment-leaves-nothing", field=f"{where}.is", value=path)
        after = after.plus(Correction(after.index, words=((path, text),)))
        _rename(desk, entry, place.slot, place.item, place.field, text)
    desk.put(replace(after, kinds=(*after.kinds, "amended")))


def _rename(desk: Desk, entry: Event, slot: str, item: int | None, field: str, text: str | None) -> None:
    """A lot number or a seal is told of what the entry made, too."""
    ids = entry.ids.get(slot)
    id_ = ids if item is None or ids is None else ids[item]
    if field == "lot_no":
        batch = desk.find(("batch", str(id_)))
        if isinstance(batch, Batch):
            desk.put(replace(batch, lot_no=text))
    elif field == "seal":
        unit = desk.find(("unit", str(id_)))
        if isinstance(unit, Unit):
            desk.put(replace(unit, seal=text))
