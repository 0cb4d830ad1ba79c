"""The rare earths, and the way between an oxide and its metal.

Everywhere inside, an amount of an element is integer micrograms of the element as metal, whatever form the goods have;
what trade calls REO is the mass of the oxides that the same metal makes. The factors come from the reference data, as
exact fractions of their decimal strings, for the oxides that stand there (Pr6O11, Tb4O7 and CeO2 among them).

Promises: exact arithmetic, rounded half-even once at the end. Does not check what a product may hold: assays.py does.
"""

from collections.abc import Iterable, Mapping
from fractions import Fraction
from math import isqrt

from ledger.matter.rows import half_even

ELEMENTS = ("La", "Ce", "Pr", "Nd", "Pm", "Sm", "Eu", "Gd", "Tb", "Dy", "Ho", "Er", "Tm", "Yb", "Lu", "Y", "Sc")
"""In the order in which they are listed everywhere."""

UG_PER_MG = 1000
PPM = 10**6

Factors = Mapping[str, Fraction]
"""Element -> mass of metal in one mass of its oxide."""


def metal_ug(element: str, oxide_ug: int | Fraction, factors: Factors) -> int:
    """µg of the element in µg of its oxide."""
    return round(oxide_ug * factors[element])


def oxide_ug(element: str, metal_ug: int | Fraction, factors: Factors) -> int:
    """µg of the oxide that µg of the element make."""
    return round(metal_ug / factors[element])


def reo_ug(amounts: Iterable[tuple[str, int]], factors: Factors) -> int:
    """µg of REO of several elements' µg: one sum, rounded once."""
    return round(sum((ug / factors[element] for element, ug in amounts), Fraction(0)))


def ppm_of(*variances: Fraction) -> int:
    """A relative standard uncertainty in ppm from the relative variances of what is multiplied, to the nearest ppm."""
    numerator, denominator = 0, 1
    for one in variances:
        numerator = numerator * one.denominator + one.numerator * denominator
        denominator *= one.denominator
    return _root(half_even(4 * PPM * PPM * numerator, denominator))


def nearest_root(square: Fraction) -> int:
    """The square root to the nearest whole number."""
    return _root(half_even(4 * square.numerator, square.denominator))


def _root(four_squares: int) -> int:
    return (isqrt(four_squares) + 1) // 2


def variance_of(ppm: int) -> Fraction:
    """The relative variance of a relative standard uncertainty in ppm."""
    return Fraction(ppm * ppm, PPM * PPM)
