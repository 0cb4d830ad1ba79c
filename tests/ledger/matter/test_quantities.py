"""From what a clerk types to the integer that is counted: exact, rounded once, or refused by name."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import Refusal
from ledger.matter.quantities import (
    LITRES_PER,
    MG_MAX,
    MG_PER,
    PPM,
    Amount,
    amount,
    decimal,
    dry_mg,
    mass_mg,
    moisture_ppm,
    net_of_dry_mg,
    quadrature_ppm,
    show_mg,
    tolerance_mg,
)

DECIMALS = st.from_regex(r"(0|[1-9][0-9]{0,5})(\.[0-9]{1,9})?", fullmatch=True)


def half_even(exact: Fraction) -> int:
    """Rounding by its definition, over exact fractions."""
    low = exact.numerator // exact.denominator
    rest = exact - low
    if rest == Fraction(1, 2):
        return low + low % 2
    return low + (rest > Fraction(1, 2))


# -- exactness -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "unit", "mg"),
    [
        ("20", "t", 20_000_000_000),
        ("20.000", "t", 20_000_000_000),
        ("1948.5", "kg", 1_948_500_000),
        ("0.000001", "kg", 1),
        ("0.1", "g", 100),
        ("1", "mg", 1),
        ("0", "kg", 0),
        ("9007199254.740991", "kg", MG_MAX),
        ("9007199.254740991", "t", MG_MAX),
    ],
)
def test_masses_are_exact(value, unit, mg):
    assert mass_mg(value, unit, "quantity") == mg


@pytest.mark.parametrize(
    ("value", "mg"),
    [
        ("0.5", 0),
        ("1.5", 2),
        ("2.5", 2),
        ("3.5", 4),
        ("2.500000001", 3),
        ("2.499999999", 2),
    ],
)
def test_halves_of_a_milligram_go_to_the_even_one(value, mg):
    assert mass_mg(value, "mg", "quantity") == mg


@given(value=DECIMALS, unit=st.sampled_from(sorted(MG_PER)))
def test_masses_agree_with_fractions(value, unit):
    exact = Fraction(value) * MG_PER[unit]
    if half_even(exact) <= MG_MAX:
        assert mass_mg(value, unit, "quantity") == half_even(exact)


@given(value=DECIMALS, unit=st.sampled_from(sorted(LITRES_PER)), g_per_l=DECIMALS)
def test_volumes_agree_with_fractions_and_are_rounded_once(value, unit, g_per_l):
    exact = Fraction(value) * LITRES_PER[unit] * Fraction(g_per_l) * 1000
    if half_even(exact) <= MG_MAX:
        assert mass_mg(value, unit, "quantity", g_per_l=g_per_l) == half_even(exact)


def test_a_volume_is_its_concentration():
    assert mass_mg("3", "m3", "quantity", g_per_l="285.5") == 856_500_000
    assert mass_mg("2.5", "L", "quantity", g_per_l="1.001") == 2_502  # 2502.5 mg, to the even one


# -- what is typed -------------------------------------------------------------------------------------------------


def q(value: Any = "10", unit: Any = "kg", **rest: Any) -> dict[str, Any]:
    return {"value": value, "unit": unit, **rest}


def w(gross: Any = "12", tare: Any = "2", unit: Any = "kg") -> dict[str, Any]:
    return {"gross": gross, "tare": tare, "unit": unit}


@pytest.mark.parametrize(
    ("quantity", "weighing", "expected"),
    [
        (q(), None, Amount(10_000_000)),
        (q(basis="dry"), None, Amount(10_000_000, "dry")),
        (q(count=40), None, Amount(10_000_000, count=40)),
        (q(moisture_pct="12.5"), None, Amount(10_000_000)),
        (q("2", "m3", g_per_l="300"), None, Amount(600_000_000)),
        (q(), w(), Amount(10_000_000)),
        (q("12", basis="gross"), w(), Amount(10_000_000)),
        (q("20.000", "t"), w("32.46", "12.46", "t"), Amount(20_000_000_000)),
        (q("5", basis="reo"), w(), Amount(5_000_000, "reo")),
    ],
    ids=[
        "net is the default",
        "dry",
        "with pieces",
        "moisture is a view, not a change",
        "a volume",
        "weighed",
        "gross less tare is net",
        "a weighbridge ticket",
        "another basis is not compared with the scale",
    ],
)
def test_typed_quantities(quantity, weighing, expected):
    assert amount(quantity, "quantity", weighing=weighing) == expected


@dataclass(frozen=True)
class Case:
    quantity: dict[str, Any]
    code: str
    field: str
    weighing: dict[str, Any] | None = None


NO_DECIMALS = {
    "nothing": None,
    "a float": 1948.5,
    "a whole number": 10,
    "empty": "",
    "a blank in front": " 1",
    "a line end": "1\n",
    "a sign": "+1",
    "below zero": "-1",
    "an exponent": "1e3",
    "a leading zero": "01",
    "no digit before the point": ".5",
    "no digit after the point": "1.",
    "a decimal comma": "1,5",
    "a thousands mark": "1 948.5",
    "ten decimals": "1.0000000000",
    "sixteen digits": "1000000000000000",
    "not a number": "NaN",
    "infinite": "Infinity",
    "full-width digits": "\uff11\uff12",
    "arabic digits": "\u0661",
}

CASES = {
    **{
        f"a value that is no decimal: {name}": Case(q(value), "quantity-not-decimal", "quantity.value")
        for name, value in NO_DECIMALS.items()
    },
    "a value that is missing": Case({"unit": "kg"}, "quantity-not-decimal", "quantity.value"),
    "an unknown unit": Case(q(unit="lb"), "measure-unknown", "quantity.unit"),
    "a unit in capitals": Case(q(unit="KG"), "measure-unknown", "quantity.unit"),
    "no unit": Case(q(unit=None), "measure-unknown", "quantity.unit"),
    "a unit that is a list": Case(q(unit=["kg"]), "measure-unknown", "quantity.unit"),
    "an unknown basis": Case(q(basis="wet"), "basis-unknown", "quantity.basis"),
    "a basis that is a list": Case(q(basis=["net"]), "basis-unknown", "quantity.basis"),
    "one milligram too many": Case(q("9007199254.740992"), "mass-too-large", "quantity.value"),
    "a thousand million tonnes": Case(q("1000000000", "t"), "mass-too-large", "quantity.value"),
    "nothing at all": Case(q("0"), "mass-is-zero", "quantity.value"),
    "half a milligram": Case(q("0.5", "mg"), "mass-is-zero", "quantity.value"),
    "a volume without its concentration": Case(q("1", "m3"), "volume-needs-concentration", "quantity.g_per_l"),
    "a concentration that is no decimal": Case(q("1", "L", g_per_l=1), "quantity-not-decimal", "quantity.g_per_l"),
    "a volume of nothing": Case(q("1", "L", g_per_l="0"), "mass-is-zero", "quantity.value"),
    "pure water": Case(q(moisture_pct="100"), "moisture-absurd", "quantity.moisture_pct"),
    "water to the last ppm": Case(q(moisture_pct="99.99996"), "moisture-absurd", "quantity.moisture_pct"),
    "moisture that is no decimal": Case(q(moisture_pct=12), "quantity-not-decimal", "quantity.moisture_pct"),
    "moisture that is null": Case(q(moisture_pct=None), "quantity-not-decimal", "quantity.moisture_pct"),
    **{
        f"pieces that are {name}": Case(q(count=count), "count-not-whole", "quantity.count")
        for name, count in {
            "none": 0,
            "negative": -1,
            "halved": 1.5,
            "a text": "3",
            "true": True,
            "many": 2**53,
        }.items()
    },
    "gross without a tare": Case(q(basis="gross"), "gross-needs-tare", "quantity.basis"),
    "tare above gross": Case(q(), "tare-above-gross", "weighing.tare", w("2", "12")),
    "tare that is gross": Case(q(), "tare-above-gross", "weighing.tare", w("12", "12")),
    "a weighing without gross": Case(q(), "quantity-not-decimal", "weighing.gross", {"tare": "1", "unit": "kg"}),
    "a weighing without tare": Case(q(), "quantity-not-decimal", "weighing.tare", {"gross": "1", "unit": "kg"}),
    "a weighing without unit": Case(q(), "measure-unknown", "weighing.unit", {"gross": "12", "tare": "2"}),
    "a weighing in litres": Case(q(), "measure-unknown", "weighing.unit", w(unit="L")),
    "a weighing in a list": Case(q(), "measure-unknown", "weighing.unit", w(unit=["kg"])),
    "gross that is not the gross": Case(q("12.1", basis="gross"), "weighing-differs", "quantity.value", w()),
    "net that is not gross less tare": Case(q("11.1"), "weighing-differs", "quantity.value", w()),
    "net typed for gross": Case(q("12"), "weighing-differs", "quantity.value", w()),
    "a rounded net": Case(q("10.4"), "weighing-differs", "quantity.value", w("12", "2")),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_refused_with_its_field_and_a_way_out(case):
    with pytest.raises(Refusal) as refused:
        amount(case.quantity, "quantity", weighing=case.weighing)
    assert (refused.value.code, refused.value.field) == (case.code, case.field)
    assert refused.value.text("en")
    assert refused.value.text("zh")


@pytest.mark.parametrize("value", [value for value in NO_DECIMALS.values() if isinstance(value, str)])
def test_decimals_have_one_plain_form(value):
    with pytest.raises(Refusal):
        decimal(value, "x")


# -- views and words -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("text", "ppm"), [("0", 0), ("0.5", 5_000), ("12.34565", 123_456), ("99.9999", 999_999)])
def test_moisture_in_ppm(text, ppm):
    assert moisture_ppm(text, "moisture_pct") == ppm


@given(net=st.integers(0, MG_MAX), moisture=st.integers(0, PPM - 1))
def test_dry_mass_agrees_with_fractions(net, moisture):
    assert dry_mg(net, moisture) == half_even(Fraction(net * (PPM - moisture), PPM))
    assert net_of_dry_mg(net, moisture) == half_even(Fraction(net * PPM, PPM - moisture))


@given(dry=st.integers(0, MG_MAX), moisture=st.integers(0, PPM - 1))
def test_drying_undoes_wetting_to_a_milligram(dry, moisture):
    assert abs(dry_mg(net_of_dry_mg(dry, moisture), moisture) - dry) <= 1


def test_uncertainties_add_in_quadrature():
    assert quadrature_ppm([3000, 4000]) == 5000
    assert quadrature_ppm([]) == 0
    assert tolerance_mg(1_000_000_000, [300, 400]) == 1_000_000
    assert tolerance_mg(1_000_000_000, [300, 400], coverage=3) == 1_500_000


@pytest.mark.parametrize(
    ("mg", "words"),
    [(1_948_500_000, "1948.5 kg"), (1, "0.000001 kg"), (0, "0 kg"), (-1_500_000, "-1.5 kg"), (10**9, "1000 kg")],
)
def test_masses_in_words(mg, words):
    assert show_mg(mg) == words
