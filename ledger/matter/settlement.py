"""Settlement: the views of a batch, both parties' values side by side, and what two laboratories agree on.

A view is what goods amount to on one basis: wet (net), dry, REO, metal. Custody counts one of them; the others follow
by factors of the assay. Two parties are compared on one basis only, each by its own weighing and assay, and never a wet
mass against a dry one.

Promises: exact sums, a difference judged against k times its own standard uncertainty by squares, without a root.
Does not move goods: a later assay changes views, never the stock.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from ledger.errors import Refusal
from ledger.matter.assays import Assay
from ledger.matter.elements import nearest_root, ppm_of, variance_of
from ledger.matter.reference import Reference
from ledger.matter.reference_rows import CUSTODY_BASES

_NINE = Decimal(10) ** -9


@dataclass(frozen=True, slots=True)
class View:
    """Goods on one basis: `mg`, what one custody mg is on it (to nine decimals, for people), and how sure that is."""

    mg: int
    factor: str
    u_ppm: int


def views(mg: int, basis: str, assay: Assay, mass_ppm: int = 0) -> dict[str, View | None]:
    """Net, dry, REO and metal of goods that custody counts as `mg` on `basis`; None for what the assay cannot tell."""
    found: dict[str, View | None] = {}
    for name in CUSTODY_BASES:
        try:
            ratio = assay.ratio(basis, name)
        except Refusal:
            found[name] = None
            continue
        factor = (Decimal(ratio.value.numerator) / Decimal(ratio.value.denominator)).quantize(_NINE)
        found[name] = View(round(mg * ratio.value), f"{factor:f}", ppm_of(ratio.variance + variance_of(mass_ppm)))
    return found


@dataclass(frozen=True, slots=True)
class Side:
    """One party's goods: its weighing on a custody basis, that weighing's uncertainty, its assay."""

    mg: int
    basis: str
    mass_ppm: int
    assay: Assay


@dataclass(frozen=True, slots=True)
class Settlement:
    """`difference` is the receiver's value less the sender's, in mg on `basis`, and `u` its standard uncertainty.

    `verdict`: `within` (no more than the first k times u), `reason` (up to the second k: accepted with a reason) or
    `dispute`.
    """

    basis: str
    sent: Mapping[str, View | None]
    received: Mapping[str, View | None]
    sent_mg: int
    received_mg: int
    difference_mg: int
    u_mg: int
    tolerance_mg: int
    verdict: str


def settle(sent: Side, received: Side, reference: Reference, basis: str = "reo") -> Settlement:
    """Both parties' values and their difference on `basis`: dry, reo, metal or an element; net where goods are dry."""
    product = sent.assay.product
    if product != received.assay.product:
        told = f"{product}, {received.assay.product}"
        raise Refusal("settlement-bases-mixed", field="lines", value=told)
    if basis == "net" and reference.holds_water(product):
        raise Refusal("settlement-on-wet", field="basis", value=basis, bases="dry, reo, metal, Nd, Dy, …")
    (ours, our_variance), (theirs, their_variance) = (_on(side, basis) for side in (sent, received))
    difference = theirs - ours
    variance = our_variance + their_variance
    accept, dispute = reference.tolerance("handover")
    return Settlement(
        basis=basis,
        sent=views(sent.mg, sent.basis, sent.assay, sent.mass_ppm),
        received=views(received.mg, received.basis, received.assay, received.mass_ppm),
        sent_mg=round(ours),
        received_mg=round(theirs),
        difference_mg=round(difference),
        u_mg=nearest_root(variance),
        tolerance_mg=nearest_root(accept * accept * variance),
        verdict=verdict(difference, variance, accept, dispute),
    )


def verdict(difference: Fraction, variance: Fraction, accept: int, dispute: int) -> str:
    """Compared by squares: |d| against k·u."""
    square = difference * difference
    if square <= accept * accept * variance:
        return "within"
    return "reason" if square <= dispute * dispute * variance else "dispute"


def _on(side: Side, basis: str) -> tuple[Fraction, Fraction]:
    """A side's value on the basis and its absolute variance, unrounded."""
    ratio = side.assay.ratio(side.basis, basis)
    value = side.mg * ratio.value
    return value, value * value * (ratio.variance + variance_of(side.mass_ppm))


@dataclass(frozen=True, slots=True)
class Agreed:
    """`value` is None where an umpire is still needed. `why` is the rule's name; `bears` who pays the umpire."""

    value: Decimal | None
    why: str
    bears: str | None = None


def agree(own: Decimal, other: Decimal, umpire: Decimal | None, tolerance: Decimal) -> Agreed:
    """The value that two laboratories' results lead to: exchange of assays with splitting limits.

    Within the tolerance the mean counts (`mean`), and an umpire is not asked. Beyond it the umpire's result counts when
    it lies between the two (`umpire`), else the result of the party nearer to it (`nearer`): always the middle of the
    three. The party that is farther from the umpire bears his cost; both do when they are equally far.
    """
    if abs(own - other) <= tolerance:
        return Agreed((own + other) / 2, "mean")
    if umpire is None:
        return Agreed(None, "umpire-needed")
    ours, theirs = abs(own - umpire), abs(other - umpire)
    bears = "both" if ours == theirs else "own" if ours > theirs else "other"
    middle = sorted((own, other, umpire))[1]
    return Agreed(middle, "umpire" if middle == umpire else "nearer", bears)
