"""Quantities: what a clerk types (value, unit, basis, moisture, weighing) and the integer that custody counts.

Promises: exact arithmetic from the decimal string to integer milligrams, rounded half-even once at the end; nothing
above 2^53 - 1 mg; one clear refusal that names the field and the way out. The typed form is kept by the caller as
typed; this module never rewrites it.
Does not check: whether a batch can give that much (custody.py), nor whether an element balance holds.

A `quantity` is `{"value": "20.000", "unit": "t", "basis": "net", "moisture_pct": "0.5"}`; volumes add
`"g_per_l"`. A `weighing` is `{"gross", "tare", "unit", "ticket", "scale", …}`, its masses decimal strings.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal, localcontext
from math import isqrt
from re import compile as pattern
from typing import Any

from ledger.errors import Refusal

MG_MAX = 2**53 - 1
MG_PER = {"mg": 1, "g": 10**3, "kg": 10**6, "t": 10**9}
LITRES_PER = {"L": 1, "m3": 1000}
BASES = ("net", "gross", "dry", "reo", "metal")
PPM = 10**6
_DECIMAL = pattern(r"(?:0|[1-9][0-9]{0,14})(?:\.[0-9]{1,9})?")
_EXACT = Context(prec=60, rounding=ROUND_HALF_EVEN)


@dataclass(frozen=True, slots=True)
class Amount:
    """What custody counts: `mg` integer milligrams on one `basis`, and `count` pieces where it has pieces."""

    mg: int
    basis: str = "net"
    count: int | None = None


def decimal(text: Any, field: str) -> Decimal:
    """A non-negative decimal from its plain form: no sign, no exponent, no leading zero, at most 9 decimals."""
    if not isinstance(text, str) or not _DECIMAL.fullmatch(text):
        raise Refusal("quantity-not-decimal", field=field, value=text)
    return Decimal(text)


def mass_mg(value: Any, unit: Any, field: str, *, g_per_l: Any = None) -> int:
    """Exact milligrams of `value unit`, rounded half-even once; volumes need a concentration in g/L."""
    if unit not in (*MG_PER, *LITRES_PER):
        raise Refusal("measure-unknown", field=f"{field}.unit", value=unit, units=", ".join((*MG_PER, *LITRES_PER)))
    if unit in MG_PER:
        return _whole_mg(value, unit, Decimal(MG_PER[unit]), f"{field}.value")
    if g_per_l is None:
        raise Refusal("volume-needs-concentration", field=f"{field}.g_per_l", value=unit)
    with localcontext(_EXACT):
        mg_per_unit = decimal(g_per_l, f"{field}.g_per_l") * MG_PER["g"] * LITRES_PER[unit]
        return _whole_mg(value, unit, mg_per_unit, f"{field}.value")


def _whole_mg(value: Any, unit: str, mg_per_unit: Decimal, field: str) -> int:
    with localcontext(_EXACT):
        mg = int((decimal(value, field) * mg_per_unit).to_integral_value(ROUND_HALF_EVEN))
    if mg > MG_MAX:
        raise Refusal("mass-too-large", field=field, value=value, unit=unit)
    return mg


def amount(quantity: Mapping[str, Any], field: str, *, weighing: Mapping[str, Any] | None = None) -> Amount:
    """The custody amount of a typed quantity. A gross quantity needs the tare of its weighing."""
    basis = quantity.get("basis", "net")
    if basis not in BASES:
        raise Refusal("basis-unknown", field=f"{field}.basis", value=basis, bases=", ".join(BASES))
    mg = mass_mg(quantity.get("value"), quantity.get("unit"), field, g_per_l=quantity.get("g_per_l"))
    if "moisture_pct" in quantity:
        moisture_ppm(quantity["moisture_pct"], f"{field}.moisture_pct")
    count = quantity.get("count")
    if count is not None and (not isinstance(count, int) or isinstance(count, bool) or not 0 < count <= MG_MAX):
        raise Refusal("count-not-whole", field=f"{field}.count", value=count)
    if weighing is not None:
        mg, basis = _net_of_weighing(mg, basis, quantity, weighing, field)
    elif basis == "gross":
        raise Refusal("gross-needs-tare", field=f"{field}.basis", value=basis)
    if mg == 0:
        raise Refusal("mass-is-zero", field=f"{field}.value", value=quantity.get("value"))
    return Amount(mg, basis, count)


def _net_of_weighing(
    mg: int, basis: str, quantity: Mapping[str, Any], weighing: Mapping[str, Any], field: str
) -> tuple[int, str]:
    """Gross - tare must be the quantity, to the milligram: what a clerk rounds, the ticket does not say."""
    unit = weighing.get("unit")
    if unit not in tuple(MG_PER):
        raise Refusal("measure-unknown", field="weighing.unit", value=unit, units=", ".join(MG_PER))
    gross = _whole_mg(weighing.get("gross"), unit, Decimal(MG_PER[unit]), "weighing.gross")
    tare = _whole_mg(weighing.get("tare"), unit, Decimal(MG_PER[unit]), "weighing.tare")
    if tare >= gross:
        raise Refusal("tare-above-gross", field="weighing.tare", value=weighing.get("tare"), gross=weighing["gross"])
    if basis == "gross":
        if mg != gross:
            raise Refusal("weighing-differs", field=f"{field}.value", value=quantity["value"], weighed=show_mg(gross))
        return gross - tare, "net"
    if basis == "net" and gross - tare != mg:
        raise Refusal(
            "weighing-differs", field=f"{field}.value", value=quantity["value"], weighed=show_mg(gross - tare)
        )
    return mg, basis


def moisture_ppm(text: Any, field: str) -> int:
    """Moisture in ppm from a percentage; 100 % and more is water, not goods."""
    ppm = int((decimal(text, field) * 10_000).to_integral_value(ROUND_HALF_EVEN))
    if ppm >= PPM:
        raise Refusal("moisture-absurd", field=field, value=text)
    return ppm


def dry_mg(net_mg: int, moisture: int) -> int:
    """Dry mass of a net mass: net x (1 - moisture), moisture in ppm. A view; custody never counts it."""
    return _round_half_even(net_mg * (PPM - moisture), PPM)


def net_of_dry_mg(dry: int, moisture: int) -> int:
    """Net (wet) mass of a dry mass: dry / (1 - moisture), moisture in ppm."""
    return _round_half_even(dry * PPM, PPM - moisture)


def _round_half_even(numerator: int, denominator: int) -> int:
    whole, rest = divmod(numerator, denominator)
    return whole + (2 * rest > denominator or (2 * rest == denominator and whole % 2 == 1))


def quadrature_ppm(parts: Sequence[int]) -> int:
    """Relative standard uncertainties (ppm) of independent factors, combined: root of the sum of squares."""
    return isqrt(sum(part * part for part in parts))


def tolerance_mg(mg: int, uncertainties_ppm: Sequence[int], coverage: int = 2) -> int:
    """k·u of the difference of two weighings of `mg`: what two honest scales may disagree by."""
    return mg * coverage * quadrature_ppm(uncertainties_ppm) // PPM


_UNITS = ((10**12, "t"), (10**9, "kg"), (10**6, "g"), (10**3, "mg"), (1, "µg"))
_FIGURES = 4


def show_mg(mg: int) -> str:
    """`1948500000` → `1948.5 kg`, for sentences. Never parsed again."""
    sign, mg = ("-", -mg) if mg < 0 else ("", mg)
    whole, rest = divmod(mg, MG_PER["kg"])
    decimals = f"{rest:06d}".rstrip("0")
    return f"{sign}{whole}{'.' + decimals if decimals else ''} kg"


def show_change(mg: int) -> str:
    """A difference with its sign, for sentences: `+1.5 kg`."""
    return f"{'+' if mg > 0 else ''}{show_mg(mg)}"


def show_ug(ug: int, *, signed: bool = False) -> str:
    """`1900000000000` → `1.9 t`, to four figures. Never parsed again."""
    sign = "-" if ug < 0 else "+" if signed and ug > 0 else ""
    size = abs(ug)
    if not size:
        return "0 kg"
    per, unit = next((one for one in _UNITS if size >= one[0]), _UNITS[-1])
    whole = size // per
    decimals = max(_FIGURES - len(str(whole)), 0)
    scaled, odd = divmod(size * 10**decimals, per)
    scaled += 2 * odd > per or (2 * odd == per and scaled & 1)
    text = f"{scaled // 10**decimals}.{scaled % 10**decimals:0{decimals}d}" if decimals else str(scaled)
    return f"{sign}{text.rstrip('0').rstrip('.') if decimals else text} {unit}"


def show_goods(batch: str, mg: int, count: int | None) -> str:
    """Goods of a batch in words that differ whenever the goods do, for sentences."""
    return f"{batch}, {show_mg(mg)}" + ("" if count is None else f", {count}")
