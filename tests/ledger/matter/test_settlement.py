"""Two parties, one basis: views with their factors, verdicts at the edges, and what laboratories agree on."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.errors import Refusal
from ledger.matter.assays import parse_assay
from ledger.matter.reference import Reference
from ledger.matter.settlement import Agreed, Side, View, agree, settle, verdict, views
from ledger.matter.typical import typical_assay

REFERENCE = Reference.parse()
T = 10**9
EXACT = {"total_reo_pct": "0", "moisture_pct": "0", "distribution_pct": [["Nd", "0"]]}


def carbonate(total, moisture, u="0", **more):
    value = {
        "basis": "dried",
        "total_reo_pct": total,
        "moisture_pct": moisture,
        "distribution_pct": [["Nd", "100"]],
        "uncertainty_pct": {**EXACT, "total_reo_pct": u},
        **more,
    }
    return parse_assay(value, "mixed_carbonate", REFERENCE, "assay")


def magnet(neodymium):
    value = {"basis": "as_received", "elements_pct": [["Nd", neodymium], ["Fe", "66"]]}
    return parse_assay(value, "ndfeb_magnet", REFERENCE, "assay")


# -- views ---------------------------------------------------------------------------------------------------------


def test_each_basis_has_its_factor():
    seen = views(30 * T, "net", carbonate("46", "30", "0.46"), 3000)
    assert seen == {
        "net": View(30 * T, "1.000000000", 3000),
        "dry": View(21 * T, "0.700000000", 3000),
        "reo": View(9_660_000_000, "0.322000000", 10_440),
        "metal": View(round(9_660_000_000 * REFERENCE.factors["Nd"]), "0.276068632", 10_440),
    }


def test_from_dry_and_from_reo_back_to_wet():
    assay = carbonate("46", "30")
    for basis, mg in (("dry", 21 * T), ("reo", 9_660_000_000)):
        assert views(mg, basis, assay)["net"].mg == 30 * T


def test_what_the_assay_cannot_tell_is_not_told():
    value = {"basis": "as_received", "total_reo_pct": "92", "distribution_pct": [["Nd", "100"]]}
    seen = views(T, "net", parse_assay(value, "ion_clay_mixed_oxide", REFERENCE, "assay"))
    assert seen["dry"] is None
    assert seen["reo"].mg == T * 92 // 100
    iron = views(T, "net", typical_assay("iron_boron", REFERENCE))
    assert (iron["dry"].mg, iron["reo"].mg, iron["metal"].mg) == (T, 0, 0)


@given(mg=st.integers(min_value=1, max_value=2**53 - 1), tenths=st.integers(min_value=0, max_value=999))
@settings(max_examples=50)
def test_a_view_of_a_view_is_the_view(mg, tenths):
    assay = carbonate("46", f"{tenths / 10:.1f}")
    dry = views(mg, "net", assay)["dry"]
    factor = 1 - Fraction(tenths, 1000)
    assert dry.mg == round(mg * factor)
    assert Fraction(dry.factor) == factor
    assert abs(views(dry.mg, "dry", assay)["reo"].mg - views(mg, "net", assay)["reo"].mg) <= 1


# -- settlement ----------------------------------------------------------------------------------------------------


def test_wet_goods_that_dried_on_the_way_are_no_difference():
    """2 t of water gone: 30 t at 30 % and 28 t at 25 % are 21 t dry both."""
    sent, received = carbonate("46", "30"), carbonate("46", "25")
    sheet = settle(Side(30 * T, "net", 1000, sent), Side(28 * T, "net", 1000, received), REFERENCE)
    assert sheet.sent["net"].mg - sheet.received["net"].mg == 2 * T
    assert sheet.sent["dry"].mg == sheet.received["dry"].mg == 21 * T
    assert (sheet.basis, sheet.sent_mg, sheet.received_mg) == ("reo", 9_660_000_000, 9_660_000_000)
    assert (sheet.difference_mg, sheet.verdict) == (0, "within")


def test_one_party_may_weigh_dry():
    wet, dry = Side(30 * T, "net", 0, carbonate("46", "30")), Side(21 * T, "dry", 0, carbonate("46", "25"))
    assert settle(wet, dry, REFERENCE, "dry").difference_mg == 0
    assert settle(wet, dry, REFERENCE, "Nd").difference_mg == 0


@pytest.mark.parametrize(
    ("received_mg", "told"),
    [
        (T, "within"),
        (T - 1_990_000, "within"),
        (T + 1_990_000, "within"),
        (T - 2_100_000, "reason"),
        (T - 2_990_000, "reason"),
        (T - 3_010_000, "dispute"),
        (T + 3_100_000, "dispute"),
    ],
)
def test_the_difference_is_judged_by_its_own_uncertainty(received_mg, told):
    """1 t against about 1 t, 0.08 % and 0.06 %: u is 1 kg, so 2 kg and 3 kg are the edges."""
    sides = (Side(T, "dry", 800, carbonate("100", "0")), Side(received_mg, "dry", 600, carbonate("100", "0")))
    sheet = settle(*sides, REFERENCE, "dry")
    assert sheet.verdict == told
    assert abs(sheet.u_mg - 10**6) < 2000
    assert abs(sheet.tolerance_mg - 2 * sheet.u_mg) <= 1
    assert sheet.difference_mg == received_mg - T


def test_the_edges_belong_to_the_milder_verdict():
    one = Fraction(1)
    for difference, told in ((2, "within"), (-2, "within"), (3, "reason"), (-3, "reason"), (4, "dispute")):
        assert verdict(Fraction(difference), one, 2, 3) == told
    assert verdict(Fraction(0), Fraction(0), 2, 3) == "within"
    assert verdict(Fraction(1), Fraction(0), 2, 3) == "dispute"


def test_both_sides_uncertainties_count():
    sides = (Side(T, "net", 3000, carbonate("46", "0", "0.46")), Side(T, "net", 4000, carbonate("46", "0", "0")))
    sheet = settle(*sides, REFERENCE)
    mg = 460_000_000
    assert abs(sheet.u_mg**2 - Fraction(mg) ** 2 * (3000**2 + 10_000**2 + 4000**2) / 10**12) <= 2 * sheet.u_mg


def test_wet_mass_settles_nothing_that_holds_water():
    side = Side(T, "net", 0, carbonate("46", "30"))
    with pytest.raises(Refusal) as refused:
        settle(side, side, REFERENCE, "net")
    assert (refused.value.code, refused.value.field) == ("settlement-on-wet", "basis")
    assert "wet mass" in refused.value.text("en")
    assert "湿重" in refused.value.text("zh")
    dry = Side(T, "net", 100, magnet("30"))
    assert settle(dry, dry, REFERENCE, "net").verdict == "within"


def test_wet_is_never_set_against_dry():
    """A side whose moisture nobody stated has no dry mass to compare."""
    unknown = {"basis": "as_received", "total_reo_pct": "32", "distribution_pct": [["Nd", "100"]]}
    wet = Side(T, "net", 0, parse_assay(unknown, "mixed_carbonate", REFERENCE, "assay"))
    with pytest.raises(Refusal) as refused:
        settle(wet, Side(T, "dry", 0, carbonate("46", "30")), REFERENCE, "dry")
    assert refused.value.code == "assay-moisture-missing"


def test_two_products_are_two_settlements():
    with pytest.raises(Refusal) as refused:
        settle(Side(T, "net", 0, magnet("30")), Side(T, "net", 0, carbonate("46", "30")), REFERENCE)
    assert refused.value.code == "settlement-bases-mixed"
    assert "ndfeb_magnet" in refused.value.text("en")
    assert "ndfeb_magnet" in refused.value.text("zh")


# -- agreement -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("own", "other", "umpire", "agreed"),
    [
        ("92.1", "92.4", None, Agreed(Decimal("92.25"), "mean")),
        ("92.1", "92.5", "80", Agreed(Decimal("92.3"), "mean")),
        ("92.1", "92.7", None, Agreed(None, "umpire-needed")),
        ("92.1", "92.7", "92.3", Agreed(Decimal("92.3"), "umpire", "other")),
        ("92.1", "92.7", "92.6", Agreed(Decimal("92.6"), "umpire", "own")),
        ("92.1", "92.7", "92.4", Agreed(Decimal("92.4"), "umpire", "both")),
        ("92.1", "92.7", "92.1", Agreed(Decimal("92.1"), "umpire", "other")),
        ("92.1", "92.7", "91.0", Agreed(Decimal("92.1"), "nearer", "other")),
        ("92.1", "92.7", "93.0", Agreed(Decimal("92.7"), "nearer", "own")),
    ],
)
def test_exchange_of_assays(own, other, umpire, agreed):
    umpires = None if umpire is None else Decimal(umpire)
    assert agree(Decimal(own), Decimal(other), umpires, Decimal("0.4")) == agreed


HUNDREDTHS = st.integers(min_value=0, max_value=10_000).map(lambda n: Decimal(n) / 100)


@given(own=HUNDREDTHS, other=HUNDREDTHS, umpire=HUNDREDTHS)
@settings(max_examples=100)
def test_neither_party_gains_by_being_asked_first(own, other, umpire):
    one, swapped = (agree(*pair, umpire, Decimal("0.4")) for pair in ((own, other), (other, own)))
    assert (one.value, one.why) == (swapped.value, swapped.why)
    assert min(own, other) <= one.value <= max(own, other)
    assert {one.bears, swapped.bears} in ({None}, {"both"}, {"own", "other"})
