"""Compositions: shares of a mass as exact factors with their variances, and the usual ones of products and ores.

A mass leads to an element by a product of terms: what is left without water, the rare-earth oxide in it, the element's
share of that oxide. assays.py multiplies them; here they are made from percentages. An assay has dozens of them, so
each is made as one fraction from whole numbers: every step in between would look for a common divisor again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import lcm

from ledger.matter.reference import Reference


@dataclass(frozen=True, slots=True)
class Term:
    """A factor of the way from a mass to an element: its value and its relative variance."""

    value: Fraction
    variance: Fraction = Fraction(0)


EXACT_ONE = Term(Fraction(1))

Split = Sequence[tuple[str, Decimal, Decimal]]
"""Element, percentage, absolute standard uncertainty in the same percent."""


def share_of(percent: Decimal, whole: Fraction = Fraction(1)) -> Fraction:
    """A percentage of a whole."""
    numerator, denominator = percent.as_integer_ratio()
    return Fraction(numerator * whole.numerator, denominator * whole.denominator * 100)


def variance_in(percent: Decimal, u: Decimal) -> Fraction:
    """The relative variance of a percentage that is uncertain by `u` of the same percent."""
    (numerator, denominator), (u_numerator, u_denominator) = percent.as_integer_ratio(), u.as_integer_ratio()
    return Fraction((u_numerator * denominator) ** 2, (u_denominator * numerator) ** 2)


def sum_of(parts: Sequence[Fraction]) -> Fraction:
    whole = lcm(*(part.denominator for part in parts))
    return Fraction(sum(part.numerator * (whole // part.denominator) for part in parts), whole)


def oxide_terms(split: Split, reference: Reference) -> dict[str, Term]:
    """M and the elements' terms of shares of the total REO, as oxides."""
    terms = {
        element: Term(share_of(percent, reference.factors[element]), variance_in(percent, u))
        for element, percent, u in split
    }
    return {"M": Term(sum_of([term.value for term in terms.values()])), **terms}


def metal_terms(split: Split, reference: Reference, whole: Fraction = Fraction(1)) -> dict[str, Term]:
    """T, M and the elements' terms of mass percentages as metal, of `whole` of the mass.

    The total is the sum of the single values, so it adds nothing to an element's own uncertainty.
    """
    metal = {element: share_of(percent, whole) for element, percent, _ in split}
    reo = sum_of([share / reference.factors[element] for element, share in metal.items()])
    if not reo:
        return {"T": Term(Fraction(0)), "M": Term(Fraction(0))}
    terms = {element: Term(metal[element] / reo, variance_in(percent, u)) for element, percent, u in split}
    return {"T": Term(reo), "M": Term(sum_of([*metal.values()]) / reo), **terms}


def usual_split(product: str, reference: Reference, feed_class: str | None) -> Split | None:
    """The elements' usual shares of the total REO: of the product, else of the ore; None where neither is known."""
    composition = reference.products.get(product, {}).get("composition", {})
    if composition.get("of") == "reo" and "split_pct" in composition:
        return [(element, Decimal(percent), Decimal(u)) for element, percent, u in composition["split_pct"]]
    profile = reference.tables["feed_classes"].get(feed_class or "", {}).get("profile")
    if profile is None or reference.products.get(product, {}).get("holds", {}).get("trace_pct") != "0":
        return None
    shares = reference.tables["ore_profiles"][profile].get("distribution_pct")
    bands = sorted(
        ((Decimal(row["from_pct"]), row["u_ppm"]) for row in reference.tables["profile_bands"].values()), reverse=True
    )
    found = []
    for element, text in shares or ():
        percent = Decimal(text)
        ppm = next(ppm for lowest, ppm in bands if percent >= lowest)
        found.append((element, percent, percent * ppm / 10**6))
    return found or None
