"""Typing guards: slips that are probable enough to ask about, never sure enough to refuse.

A guard names what looks wrong; the clerk answers with a reason (`"confirm": {"reason": "…"}`) and the entry carries
that reason. The capacities and forms come from the reference data; the history is what this organisation booked last
for the same product.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from statistics import median_low
from typing import Any

from ledger.errors import Refusal
from ledger.matter.quantities import PPM, Amount, decimal, show_mg
from ledger.matter.reference import Reference
from ledger.matter.reference_rows import KINDS
from ledger.matter.stock import Batch
from ledger.matter.yields import Expected

SLIPS = (10, 100, 1000)
_NEAR_PPM = 250_000  # "about ten times" is 7.5 to 12.5 times: wide enough for lots that vary, narrow enough to be rare
_HISTORY_NEEDED = 3
_FAR_PPM = 200_000  # what goods usually hold is known to a fifth at worst
_SPELLING_FROM = 6  # letters: shorter codes are too often one letter apart by right


@dataclass(frozen=True, slots=True)
class Guard:
    """`code` of a sentence in ledger/messages.py with its facts."""

    code: str
    field: str
    facts: Mapping[str, Any]


def slip_guard(mg: int, history: Sequence[int], field: str) -> Guard | None:
    """x10, x100, x1000 (or a tenth …) off the median of the last bookings of this product."""
    if len(history) < _HISTORY_NEEDED:
        return None
    usual = median_low(history)
    for slip in SLIPS:
        for given, expected in ((mg, usual * slip), (mg * slip, usual)):
            if abs(given - expected) * PPM <= expected * _NEAR_PPM:
                return Guard("guard-slip", field, {"given": show_mg(mg), "usual": show_mg(usual), "slip": slip})
    return None


def capacity_guard(net_mg: int, kind: str, reference: Reference, field: str) -> Guard | None:
    """A unit cannot hold more than its kind does."""
    capacity = reference.capacity_mg(kind)
    if capacity is not None and net_mg > capacity:
        return Guard("guard-capacity", field, {"given": show_mg(net_mg), "kind": kind, "capacity": show_mg(capacity)})
    return None


def basis_guards(product: str, amount: Amount, quantity: Mapping[str, Any], reference: Reference) -> list[Guard]:
    """Wet taken for dry; metal mass for an oxide, oxide mass for a metal."""
    found = []
    if amount.basis == "dry" and "moisture_pct" in quantity and decimal(quantity["moisture_pct"], "moisture_pct") > 0:
        found.append(Guard("guard-wet-for-dry", "quantity.basis", {"moisture": quantity["moisture_pct"]}))
    form = reference.form(product)
    if (form, amount.basis) in {("oxide", "metal"), ("metal", "reo")}:
        found.append(Guard("guard-oxide-metal", "quantity.basis", {"form": form, "basis": amount.basis}))
    return found


def moisture_guard(product: str, told: Mapping[str, Any], reference: Reference, field: str) -> Guard | None:
    """More water than goods of this form plausibly hold, in a quantity or an assay. What is no percentage below 100 is
    refused where it is read.
    """
    given, most = told.get("moisture_pct"), reference.moisture_max_pct(product)
    if most is None or not KINDS["percent"].fits(given) or not Decimal(most) < Decimal(str(given)) < 100:
        return None
    return Guard("guard-moisture", f"{field}.moisture_pct", {"given": given, "product": product, "most": most})


def yield_guard(found: Expected) -> Guard | None:
    """More than a fifth of the rare earths is missing below the least that the process brings out, or is too much above
    the greatest.
    """
    if found.share is None or found.accounted is None or found.least is None or found.greatest is None:
        return None
    missing = found.accounted < found.least - _FAR_PPM
    # Where outputs are taken to hold as much as the inputs, iron that nobody booked would look like rare earths.
    if not missing and (found.same or found.share <= found.greatest + _FAR_PPM):
        return None
    share = found.accounted if missing else found.share
    band = _percent(found.least), _percent(found.greatest)
    return Guard("guard-yield", "outputs", {"share": _percent(share), "least": band[0], "greatest": band[1]})


def _percent(ppm: int) -> str:
    """To one decimal: `940000` → `94 %`."""
    return f"{(Decimal(ppm) / 10_000).quantize(Decimal('0.1')).normalize():f} %"


def spelling_guard(word: str, known: Iterable[str], field: str) -> Guard | None:
    """A code that is one letter off a known one: nothing would be tested of what it names."""
    known = frozenset(known)
    if word in known or len(word) < _SPELLING_FROM:
        return None
    meant = sorted(one for one in known if _one_off(word, one))
    return Guard("guard-spelling", field, {"given": word, "meant": meant[0]}) if meant else None


def ticket_guard(weighing: Mapping[str, Any], used: Batch | None, field: str) -> Guard | None:
    """A load is weighed once: its ticket stands for one batch, and this one does already for `used`."""
    if used is None:
        return None
    return Guard("guard-ticket-used", f"{field}.ticket", {"given": weighing["ticket"], "batch": used.lot_no or used.id})


def _one_off(one: str, other: str) -> bool:
    """One letter more, less or different, or two neighbours exchanged."""
    start = next((at for at, pair in enumerate(zip(one, other, strict=False)) if pair[0] != pair[1]), None)
    if start is None:
        return abs(len(one) - len(other)) == 1
    swapped = one[start : start + 2] == other[start : start + 2][::-1] and one[start + 2 :] == other[start + 2 :]
    return (
        swapped
        or one[start + 1 :] == other[start + 1 :]
        or one[start + 1 :] == other[start:]
        or (one[start:] == other[start + 1 :])
    )


def ask(guards: Sequence[Guard | None], confirm: Mapping[str, Any] | None) -> list[dict[str, str]]:
    """The confirmations to record; raises Refusal for the first guard when no reason was given."""
    found = [guard for guard in guards if guard is not None]
    reason = (confirm or {}).get("reason")
    if found and not reason:
        first = found[0]
        raise Refusal(first.code, field=first.field, **first.facts)
    return [{"guard": guard.code, "reason": str(reason)} for guard in found]
