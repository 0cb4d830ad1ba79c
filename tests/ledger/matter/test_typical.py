"""What goods hold that nobody assayed, and the chain from ore to magnets reckoned through with the same numbers."""

from decimal import Decimal
from fractions import Fraction
from math import sqrt

import pytest

from ledger.matter.assays import parse_assay
from ledger.matter.reference import Reference
from ledger.matter.typical import typical, typical_assay

REFERENCE = Reference.parse()
KG, T = 10**6, 10**9
UG_PER_KG = 10**9


def parse(value, product):
    return parse_assay(value, product, REFERENCE, "assay")


def test_what_is_not_assayed_has_its_usual_elements():
    prnd = typical("prnd_oxide", T, REFERENCE)
    assert prnd["Nd"][0] == round(T * 1000 * Fraction("0.99") * Fraction("0.8") * REFERENCE.factors["Nd"])
    assert typical("iron_boron", T, REFERENCE) == {}
    assert typical("ndfeb_magnet", T, REFERENCE) is None
    assert typical("something of their own", T, REFERENCE) is None
    assert typical("motor", T, REFERENCE) is None
    assert typical_assay("dy_metal", REFERENCE).status == "typical"


def test_an_ore_takes_its_profile():
    ore = typical("ion_clay_mixed_oxide", T, REFERENCE, feed_class="ion_mid_y")
    assert ore["Dy"][0] == round(T * 1000 * Fraction("0.92") * Fraction("0.037") * REFERENCE.factors["Dy"])
    assert ore["Nd"][1] == round(sqrt(0.15**2 + (1 / 92) ** 2) * 10**6)
    assert typical("ion_clay_mixed_oxide", T, REFERENCE, feed_class="import_ion") is None
    assert typical("dy_oxide", T, REFERENCE, feed_class="ion_mid_y").keys() == {"Dy"}


@pytest.mark.parametrize("grade", REFERENCE.tables["grades"])
def test_a_grade_of_magnet_is_as_wide_as_its_range(grade):
    row = REFERENCE.tables["grades"][grade]
    content = typical("ndfeb_magnet", 100 * KG, REFERENCE, grade=grade)
    low, high = (Decimal(end) for end in row["prnd_pct"])
    assert content["Pr"][0] + content["Nd"][0] == (low + high) / 2 * UG_PER_KG
    assert typical("ndfeb_alloy", KG, REFERENCE, grade=grade) is None
    assert "Tb" not in content


@pytest.mark.parametrize("product", REFERENCE.products)
def test_what_is_typical_would_be_accepted_as_an_assay(product):
    composition = REFERENCE.products[product].get("composition", {})
    if composition.get("of") == "reo" and composition.get("split_pct"):
        shares = [[element, percent] for element, percent, _ in composition["split_pct"]]
        value = {"basis": "as_received", "total_reo_pct": composition["total_pct"], "distribution_pct": shares}
        assert parse(value, product).content(KG, "net").keys() == typical(product, KG, REFERENCE).keys()
    else:
        assert typical(product, KG, REFERENCE) is None or composition["of"] == "metal"


# -- the chain worked by hand --------------------------------------------------------------------------------------


def test_a_hundred_tonnes_of_oxide_become_forty_three_of_magnets():
    """100 t REO, 95 % separated, 98.5 and 95 % reduced, 30.5 % of alloy, 71.7 % of it in parts: 43.3 t."""
    profile = REFERENCE.tables["ore_profiles"]["xinfeng"]["distribution_pct"]
    value = {"basis": "as_received", "total_reo_pct": "92.1", "distribution_pct": profile, "others_pct": "1.06"}
    content = parse(value, "ion_clay_mixed_oxide").content(100 * T, "reo")
    tonnes = {element: Fraction(ug, 10**12) for element, (ug, _) in content.items()}
    oxides = {
        element: tonnes[element] / REFERENCE.factors[element] * Fraction("0.95") for element in ("Pr", "Nd", "Dy")
    }
    assert round(oxides["Pr"] + oxides["Nd"], 1) == Fraction("22.0")
    assert abs(oxides["Dy"] - Fraction("3.52")) < Fraction(1, 100)
    metal = (tonnes["Pr"] + tonnes["Nd"]) * Fraction("0.95") * Fraction("0.985")
    assert abs(metal - Fraction("18.4")) < Fraction(1, 10)
    assert abs(tonnes["Dy"] * Fraction("0.95") * Fraction("0.95") - Fraction("2.92")) < Fraction(2, 100)
    # Rounded after each step it is 43.3 t; unrounded 43.39.
    assert abs(metal / Fraction("0.305") * Fraction("0.717") - Fraction("43.3")) < Fraction(1, 10)


@pytest.mark.parametrize(
    ("profile", "feed", "for_prnd"),
    [
        *(("longnan", "0.60", "20.6"), ("xinfeng", "1.08", None), ("xunwu", "2.3", None), ("mianning", "19", None)),
        *(("mt_weld_cld", "33", None), ("bayan_obo", "40", "3.1")),
    ],
)
def test_the_feed_that_one_motor_needs(profile, feed, for_prnd):
    """1.5 kg of magnets with 29 % PrNd and 1.5 % Dy, made as above."""
    share = {e: Fraction(text) / 100 for e, text in REFERENCE.tables["ore_profiles"][profile]["distribution_pct"]}
    parts = Fraction("0.717")
    dy2o3 = Fraction("1.5") * Fraction("0.015") / parts / Fraction("0.95") / REFERENCE.factors["Dy"]
    assert f"{float(dy2o3):.4f}" == "0.0379"
    mixed = Fraction("0.2") * REFERENCE.factors["Pr"] + Fraction("0.8") * REFERENCE.factors["Nd"]
    prnd = Fraction("1.5") * Fraction("0.29") / parts / Fraction("0.985") / mixed
    assert abs(prnd - Fraction("0.724")) < Fraction(1, 1000)
    needed = dy2o3 / share["Dy"] / Fraction("0.95")
    assert abs(needed / Fraction(feed) - 1) < Fraction(2, 100)
    if for_prnd is not None:
        assert abs(prnd / (share["Pr"] + share["Nd"]) / Fraction("0.95") / Fraction(for_prnd) - 1) < Fraction(2, 100)
