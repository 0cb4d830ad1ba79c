"""From a certificate to micrograms: exact on every basis, as uncertain as its parts, or refused in a clerk's words."""

from fractions import Fraction
from math import sqrt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.errors import LodetraceError
from ledger.matter.assays import parse_assay
from ledger.matter.elements import ELEMENTS
from ledger.matter.reference import Reference

REFERENCE = Reference.parse()
KG, T = 10**6, 10**9
UG_PER_KG = 10**9

XINFENG = [
    *(["La", "27.6"], ["Ce", "3.2"], ["Pr", "5.6"], ["Nd", "17.6"], ["Sm", "4.5"], ["Eu", "0.93"], ["Gd", "6.0"]),
    *(["Tb", "0.68"], ["Dy", "3.7"], ["Ho", "0.74"], ["Er", "2.48"], ["Tm", "0.27"], ["Yb", "1.13"], ["Lu", "0.21"]),
    ["Y", "24.3"],
]
ORE = {"basis": "as_received", "total_reo_pct": "92.1", "distribution_pct": XINFENG, "others_pct": "1.06"}
DYDY = {"basis": "as_received", "total_reo_pct": "99.2", "distribution_pct": [["Dy", "99.6"], ["Tb", "0.4"]]}
MAGNET = {
    "basis": "as_received",
    "elements_pct": [["Nd", "24.1"], ["Pr", "6.2"], ["Dy", "1.05"], ["Fe", "66.4"], ["B", "0.98"], ["Co", "1.2"]],
}
MOIST = {
    **ORE,
    "basis": "dried",
    "moisture_pct": "30",
    "uncertainty_pct": {"moisture_pct": "0.5", "total_reo_pct": "0.3"},
}


def parse(value, product="ion_clay_mixed_oxide", **more):
    return parse_assay(value, product, REFERENCE, "assay", **more)


def without(value, *names):
    return {name: given for name, given in value.items() if name not in names}


# -- content -------------------------------------------------------------------------------------------------------


def test_an_oxide_by_hand():
    """1 t at 92.1 % REO, of which 3.7 % Dy2O3, of which 87.13 % metal."""
    ug, _ = parse(ORE).content(T, "net")["Dy"]
    assert ug == round(T * 1000 * Fraction("0.921") * Fraction("0.037") * REFERENCE.factors["Dy"])
    assert round(Fraction(ug, UG_PER_KG), 2) == Fraction("29.69")


def test_a_magnet_by_hand():
    content = parse(MAGNET, "ndfeb_magnet").content(20 * KG, "net")
    assert {element: ug for element, (ug, _) in content.items()} == {
        "Nd": 20 * 241 * UG_PER_KG // 1000,
        "Pr": 20 * 62 * UG_PER_KG // 1000,
        "Dy": 20 * 105 * UG_PER_KG // 10_000,
    }
    assert list(content) == ["Pr", "Nd", "Dy"]


WATER = {"moisture_pct": "30", "loi_pct": "5"}


@pytest.mark.parametrize(
    ("basis", "custody", "factor"),
    [
        ("as_received", "net", "1"),
        ("as_received", "dry", "1/0.7"),
        ("dried", "net", "0.7"),
        ("dried", "dry", "1"),
        ("ignited", "net", "0.7*0.95"),
        ("ignited", "dry", "0.95"),
    ],
)
def test_water_stands_between_the_bases(basis, custody, factor):
    over, _, under = factor.partition("/")
    exact = Fraction(1)
    for part in over.split("*"):
        exact *= Fraction(part)
    exact /= Fraction(under or "1")
    content = parse({**ORE, "basis": basis, **WATER}, custody=custody).content(T, custody)
    assert content["Nd"][0] == round(T * 1000 * exact * Fraction("0.921") * Fraction("0.176") * REFERENCE.factors["Nd"])


def test_a_loss_on_ignition_of_goods_as_received_holds_the_water():
    got = parse({**ORE, "basis": "ignited", "loi_pct": "4"}).content(T, "net")["Nd"][0]
    assert got == round(T * 1000 * Fraction("0.96") * Fraction("0.921") * Fraction("0.176") * REFERENCE.factors["Nd"])


def test_the_weighing_may_bring_the_moisture():
    lent = parse(without(MOIST, "moisture_pct"), moisture_pct="30").content(T, "net")
    assert lent == parse(MOIST).content(T, "net")
    assert parse(MOIST, moisture_pct="10").content(T, "net") == lent


def test_custody_in_reo_or_metal_needs_no_total():
    ore, dysprosium = parse(ORE), parse(DYDY, "dy_oxide")
    assert ore.content(T, "reo")["Nd"][0] == round(T * 1000 * Fraction("0.176") * REFERENCE.factors["Nd"])
    metal = {element: ug for element, (ug, _) in dysprosium.content(KG, "metal").items()}
    assert abs(sum(metal.values()) - UG_PER_KG) <= 1
    magnet = parse(MAGNET, "ndfeb_magnet").content(KG, "metal")
    assert abs(magnet["Nd"][0] - UG_PER_KG * Fraction("24.1") / Fraction("31.35")) <= 1


def test_a_total_alone_takes_the_usual_shares():
    total = {"basis": "as_received", "total_reo_pct": "99.2"}
    assert list(parse(total, "prnd_oxide").content(KG, "net")) == ["Pr", "Nd"]
    ore = parse(without(ORE, "distribution_pct"), feed_class="ion_mid_y").content(T, "net")
    measured = parse(ORE).content(T, "net")
    assert {element: ug for element, (ug, _) in ore.items()} == {element: ug for element, (ug, _) in measured.items()}
    assert all(ore[element][1] > measured[element][1] for element in ore)


def test_goods_without_rare_earths_have_no_content():
    iron = parse({"basis": "as_received", "elements_pct": [["Fe", "98"], ["B", "2"]]}, "iron_boron")
    assert iron.content(T, "net") == iron.content(T, "metal") == {}
    nought = {"basis": "as_received", "elements_pct": [["Nd", "99"], ["Pr", "0"]]}
    assert list(parse(nought, "nd_metal").content(KG, "net")) == ["Nd"]


PERCENTS = st.integers(min_value=1, max_value=999).map(lambda tenths: f"{tenths / 10:.1f}")


@given(mg=st.integers(min_value=1, max_value=2**53 - 1), total=PERCENTS, moisture=PERCENTS)
@settings(max_examples=100)
def test_each_element_is_rounded_once(mg, total, moisture):
    assay = parse({**ORE, "basis": "dried", "total_reo_pct": total, "moisture_pct": moisture})
    reo = mg * 1000 * (1 - Fraction(moisture) / 100) * Fraction(total) / 100
    for element, text in XINFENG:
        exact = reo * Fraction(text) / 100 * REFERENCE.factors[element]
        assert assay.content(mg, "net").get(element, (0, 0))[0] == round(exact)


@given(mg=st.integers(min_value=1000, max_value=2**53 - 1))
@settings(max_examples=50)
def test_the_elements_never_outweigh_the_goods(mg):
    content = parse(ORE).content(mg, "net")
    assert sum(ug for ug, _ in content.values()) <= mg * 1000
    assert set(content) <= set(ELEMENTS)


@given(whole=st.integers(min_value=2, max_value=10**15), part=st.integers(min_value=1, max_value=10**15))
@settings(max_examples=50)
def test_parts_of_a_batch_are_its_content_within_rounding(whole, part):
    part = min(part, whole - 1)
    assay = parse(MAGNET, "ndfeb_magnet")
    one, other, both = (assay.content(mg, "net") for mg in (part, whole - part, whole))
    for element, (ug, _) in both.items():
        assert abs(one.get(element, (0, 0))[0] + other.get(element, (0, 0))[0] - ug) <= 1


# -- uncertainty ---------------------------------------------------------------------------------------------------


def test_a_truck_of_moist_ore_is_known_to_a_little_under_one_per_cent():
    """30 t on a scale of 20 kg, moisture 30 ± 0.5 %, grade 92 ± 0.3 %: 0.09, 0.71, 0.33 and so 0.79 %."""
    value = {**MOIST, "total_reo_pct": "92"}
    weighing = round(sqrt(2) * 20 / 30_000 * 10**6)
    assert round(weighing / 10_000, 2) == 0.09
    ratio = parse(value).ratio("net", "reo")
    assert abs(sqrt(ratio.variance) - sqrt((0.5 / 70) ** 2 + (0.3 / 92) ** 2)) < 1e-12
    one = parse({**value, "distribution_pct": [["Nd", "100"]], "others_pct": "0"})
    assert round(one.content(30 * T, "net", weighing)["Nd"][1] / 10_000, 2) == 0.79


def test_moisture_makes_nothing_uncertain_that_was_weighed_as_assayed():
    exact = {"moisture_pct": "0", "total_reo_pct": "0", "distribution_pct": [[e, "0"] for e, _ in XINFENG]}
    told = {**MOIST, "uncertainty_pct": {**exact, "moisture_pct": "2"}}
    assert parse(told).content(T, "dry")["Nd"][1] == 0
    assert parse(told).content(T, "net")["Nd"][1] == round(2 / 70 * 10**6)
    assert parse(told).content(T, "net", 30_000)["Nd"][1] == round(sqrt((2 / 70) ** 2 + 0.03**2) * 10**6)


def test_a_loss_on_ignition_is_as_uncertain_as_stated():
    exact = {"total_reo_pct": "0", "distribution_pct": [[e, "0"] for e, _ in XINFENG], "moisture_pct": "0"}
    told = {**ORE, "basis": "ignited", **WATER, "uncertainty_pct": {**exact, "loi_pct": "1"}}
    assert parse(told).content(T, "net")["Nd"][1] == round(1 / 95 * 10**6)


def test_a_stated_uncertainty_goes_before_the_method():
    exact = {"total_reo_pct": "0"}
    told = {**ORE, "uncertainty_pct": {**exact, "distribution_pct": [["Dy", "0.37"]]}}
    assert parse(told).content(T, "net")["Dy"][1] == 100_000
    rough, fine = ({**ORE, "method": method, "uncertainty_pct": exact} for method in ("xrf_handheld", "icp_oes"))
    assert parse(rough).content(T, "net")["Dy"][1] > 2 * parse(fine).content(T, "net")["Dy"][1]
    assert parse({**ORE, "method": "our own way"}).content(T, "net") == parse(ORE).content(T, "net")


def test_a_nearly_pure_product_is_not_less_certain_than_its_impurity():
    """99.6 % is known as well as the 0.4 % beside it."""
    told = {**DYDY, "uncertainty_pct": {"total_reo_pct": "0"}}
    content = parse(told, "dy_oxide").content(KG, "net")
    assert content["Tb"][1] == 100_000
    assert content["Dy"][1] == round(0.04 / 99.6 * 10**6)


# -- refusals ------------------------------------------------------------------------------------------------------

REFUSED = {
    "no basis": (without(ORE, "basis"), "assay-basis-missing", "assay.basis"),
    "an unknown basis": ({**ORE, "basis": "wet"}, "assay-basis-missing", "assay.basis"),
    "a distribution below the whole": (without(ORE, "others_pct"), "assay-sum-differs", "assay.distribution_pct"),
    "a distribution above the whole": (
        {**ORE, "distribution_pct": [["La", "60"], ["Ce", "40.6"]], "others_pct": "0"},
        "assay-sum-differs",
        "assay.distribution_pct",
    ),
    "too much unnamed": ({**ORE, "others_pct": "5.1"}, "assay-percentage-absurd", "assay.others_pct"),
    "a negative share": (
        {**ORE, "distribution_pct": [["La", "-3"]]},
        "assay-percentage-absurd",
        "assay.distribution_pct[0]",
    ),
    "a share above 100": (
        {**ORE, "distribution_pct": [["La", "276"]]},
        "assay-percentage-absurd",
        "assay.distribution_pct[0]",
    ),
    "a share that is a number": (
        {**ORE, "distribution_pct": [["La", 27.6]]},
        "quantity-not-decimal",
        "assay.distribution_pct[0]",
    ),
    "a negative moisture": ({**ORE, "moisture_pct": "-1"}, "assay-percentage-absurd", "assay.moisture_pct"),
    "nothing but water": ({**ORE, "moisture_pct": "100"}, "assay-percentage-absurd", "assay.moisture_pct"),
    "a negative total": ({**ORE, "total_reo_pct": "-92"}, "assay-percentage-absurd", "assay.total_reo_pct"),
    "a total above 100": ({**ORE, "total_reo_pct": "100.1"}, "assay-total-above-100", "assay.total_reo_pct"),
    "a total of nothing": ({**ORE, "total_reo_pct": "0"}, "assay-empty", "assay"),
    "an element twice": (
        {**ORE, "distribution_pct": [["La", "50"], ["La", "50"]]},
        "assay-element-twice",
        "assay.distribution_pct[1]",
    ),
    "an unknown element": (
        {**ORE, "distribution_pct": [["Xx", "50"]]},
        "assay-element-unknown",
        "assay.distribution_pct[0]",
    ),
    "iron among the rare earths": (
        {**ORE, "distribution_pct": [["Fe", "50"]]},
        "assay-element-unknown",
        "assay.distribution_pct[0]",
    ),
    "promethium in ore": (
        {**ORE, "distribution_pct": [*XINFENG, ["Pm", "0.1"]]},
        "assay-element-foreign",
        "assay.distribution_pct[15]",
    ),
    "dried without moisture": (without(MOIST, "moisture_pct"), "assay-moisture-missing", "assay.moisture_pct"),
    "a distribution of nothing": (without(ORE, "total_reo_pct"), "assay-total-missing", "assay.total_reo_pct"),
    "nothing at all": ({"basis": "as_received"}, "assay-empty", "assay"),
    "a total of unknown shares": (without(ORE, "distribution_pct"), "assay-empty", "assay"),
    "both shapes": ({**ORE, "elements_pct": [["Nd", "10"]]}, "assay-two-shapes", "assay"),
    "below the limit of all": (
        {**ORE, "loq_pct": "0.25"},
        "assay-below-loq",
        "assay.distribution_pct[13]",
    ),
    "below its own limit": ({**ORE, "loq_pct": [["Dy", "4"]]}, "assay-below-loq", "assay.distribution_pct[8]"),
    "no assay": ("92.1", "field-wrong", "assay"),
    "pairs that are none": ({**ORE, "distribution_pct": [["La"]]}, "field-wrong", "assay.distribution_pct[0]"),
    "a list that is none": ({**ORE, "distribution_pct": "La"}, "field-wrong", "assay.distribution_pct"),
    "uncertainties that are none": ({**ORE, "uncertainty_pct": "0.3"}, "field-wrong", "assay.uncertainty_pct"),
    "an uncertainty that is negative": (
        {**ORE, "uncertainty_pct": {"total_reo_pct": "-0.3"}},
        "assay-percentage-absurd",
        "assay.uncertainty_pct.total_reo_pct",
    ),
    "another status": ({**ORE, "status": "maybe"}, "field-wrong", "assay.status"),
    "half a fingerprint": ({**ORE, "certificate_sha256": "ab"}, "field-wrong", "assay.certificate_sha256"),
    "a laboratory without a name": ({**ORE, "lab": ""}, "field-wrong", "assay.lab"),
    "thorium in words": ({**ORE, "th_ppm": "some"}, "quantity-not-decimal", "assay.th_ppm"),
}
REFUSED_PRODUCTS = {
    "ignited without loss": ({**ORE, "basis": "ignited"}, "mixed_carbonate", "assay-loi-missing", "assay.loi_pct"),
    "ignited with moisture alone": (
        {**ORE, "basis": "ignited", "moisture_pct": "1"},
        "mixed_carbonate",
        "assay-loi-missing",
        "assay.loi_pct",
    ),
    "a magnet on an ignited basis": (
        {**MAGNET, "basis": "ignited"},
        "ndfeb_magnet",
        "assay-basis-misfit",
        "assay.basis",
    ),
    "yttrium in a magnet": (
        {**MAGNET, "elements_pct": [["Nd", "24"], ["Y", "3"]]},
        "ndfeb_magnet",
        "assay-element-foreign",
        "assay.elements_pct[1]",
    ),
    "lanthanum in dysprosium": (
        {**DYDY, "distribution_pct": [["Dy", "90"], ["La", "10"]]},
        "dy_oxide",
        "assay-element-foreign",
        "assay.distribution_pct[1]",
    ),
    "neodymium in iron": (
        {"basis": "as_received", "elements_pct": [["Fe", "90"], ["Nd", "1"]]},
        "iron_boron",
        "assay-element-foreign",
        "assay.elements_pct[1]",
    ),
    "more metal than goods": (
        {**MAGNET, "elements_pct": [["Nd", "60"], ["Fe", "45"]]},
        "ndfeb_magnet",
        "assay-metals-above-100",
        "assay.elements_pct",
    ),
    "metals without any": ({**MAGNET, "elements_pct": []}, "ndfeb_magnet", "assay-empty", "assay"),
}


@pytest.mark.parametrize(
    ("value", "product", "code", "field"),
    [
        *(pytest.param(v, "ion_clay_mixed_oxide", code, field, id=name) for name, (v, code, field) in REFUSED.items()),
        *(pytest.param(*case, id=name) for name, case in REFUSED_PRODUCTS.items()),
    ],
)
def test_refusals_name_what_is_wrong_in_both_languages(value, product, code, field):
    with pytest.raises(LodetraceError) as refused:
        parse(value, product)
    assert (refused.value.code, refused.value.field) == (code, field)
    assert field in refused.value.text("en")
    assert field in refused.value.text("zh")
    assert refused.value.text("en") != refused.value.text("zh")


def test_an_oxide_is_sold_ignited():
    """Nobody need state its loss again; what it may have taken up since makes it less certain."""
    stated = parse({**ORE, "basis": "ignited", "moisture_pct": "0.5", "loi_pct": "0"}).content(10**9, "net")
    usual = parse({**ORE, "basis": "ignited", "moisture_pct": "0.5"}).content(10**9, "net")
    assert {element: ug for element, (ug, _) in usual.items()} == {element: ug for element, (ug, _) in stated.items()}
    assert all(usual[element][1] >= stated[element][1] for element in stated)


@pytest.mark.parametrize("last", ["24.8", "23.8"])
def test_rounding_of_a_distribution_is_borne(last):
    assert parse({**ORE, "distribution_pct": [*XINFENG[:-1], ["Y", last]]}).status == "provisional"


def test_a_product_of_ones_own_may_hold_anything():
    odd = {"basis": "as_received", "elements_pct": [["Nd", "24"], ["Y", "3"], ["Sn", "1"]]}
    assert list(parse(odd, "something of their own").content(KG, "net")) == ["Nd", "Y"]


def test_another_custody_basis_asks_for_another_water():
    dried = without(MOIST, "moisture_pct")
    assert parse(dried, custody="dry").content(T, "dry") == parse(MOIST).content(T, "dry")
    with pytest.raises(LodetraceError) as refused:
        parse(ORE, custody="dry")
    assert (refused.value.code, refused.value.field) == ("assay-moisture-missing", "assay.moisture_pct")
    ignited = {**ORE, "basis": "ignited", "loi_pct": "4"}
    with pytest.raises(LodetraceError, match="moisture"):
        parse(ignited, custody="dry")


def test_an_assay_answers_for_its_own_bases_only():
    for basis in ("gross", "Sc"):
        with pytest.raises(LodetraceError) as refused:
            parse(DYDY, "dy_oxide").ratio(basis, "reo")
        assert refused.value.code == "basis-unknown"
    iron = parse({"basis": "as_received", "elements_pct": [["Fe", "98"]]}, "iron_boron")
    with pytest.raises(LodetraceError) as refused:
        iron.ratio("reo", "net")
    assert refused.value.code == "assay-empty"


def test_what_was_stated_is_parsed_again_to_the_same():
    full = {
        **MOIST,
        "loi_pct": "4",
        "loq_pct": "0.01",
        "th_ppm": "12",
        "u_ppm": "3.5",
        "lab": "L",
        "method": "icp_oes",
        "sample": "S-1",
        "certificate_no": "C-9",
        "certificate_sha256": "ab" * 32,
        "issued_at": "2026-11-22",
        "status": "final",
    }
    assay = parse({**full, "of a later version": "not part of it"})
    assert assay.stated == full
    assert assay.status == "final"
    assert parse(assay.stated) == assay
