"""Slips that are asked about: what raises the question, what does not, and what the answer leaves behind."""

from json import dumps

import pytest

from ledger.errors import Malformed, Refusal
from ledger.matter.guards import (
    Guard,
    ask,
    basis_guards,
    capacity_guard,
    moisture_guard,
    slip_guard,
    spelling_guard,
    yield_guard,
)
from ledger.matter.quantities import Amount
from ledger.matter.reference import CONSERVING, Reference
from ledger.matter.yields import Fed, expected

KG = 10**6
HISTORY = [19 * KG, 20 * KG, 21 * KG]


@pytest.fixture(scope="module")
def reference() -> Reference:
    return Reference.parse()


@pytest.mark.parametrize("slip", [10, 100, 1000])
@pytest.mark.parametrize("percent", [75, 100, 125])
def test_a_slip_of_the_point_is_asked_about_both_ways(slip, percent):
    above = slip_guard(20 * KG * slip * percent // 100, HISTORY, "quantity")
    below = slip_guard(20 * KG * percent // 100 // slip, HISTORY, "quantity")
    for guard in (above, below):
        assert guard is not None
        assert (guard.code, guard.field, guard.facts["slip"]) == ("guard-slip", "quantity", slip)
        assert guard.facts["usual"] == "20 kg"


@pytest.mark.parametrize("mg", [20 * KG, 40 * KG, 5 * KG, 149 * KG, 251 * KG, 3 * KG, 0, 10**6 * KG])
def test_other_masses_are_not(mg):
    assert slip_guard(mg, HISTORY, "quantity") is None


@pytest.mark.parametrize("history", [[], [20 * KG], [20 * KG, 20 * KG]])
def test_nobody_is_asked_before_there_is_a_habit(history):
    assert slip_guard(200 * KG, history, "quantity") is None


def test_the_habit_is_the_median_so_one_slip_does_not_move_it():
    assert slip_guard(200 * KG, [*HISTORY, 2000 * KG], "quantity") is not None


def test_a_unit_holds_no_more_than_its_kind(reference):
    assert capacity_guard(400 * KG, "drum", reference, "units[0].net") is None
    guard = capacity_guard(401 * KG, "drum", reference, "units[0].net")
    assert guard == Guard("guard-capacity", "units[0].net", {"given": "401 kg", "kind": "drum", "capacity": "400 kg"})
    assert capacity_guard(10**9 * KG, "silo", reference, "units[0].net") is None


@pytest.mark.parametrize(
    ("product", "basis", "quantity", "codes"),
    [
        ("prnd_oxide", "net", {}, []),
        ("prnd_oxide", "reo", {}, []),
        ("prnd_oxide", "metal", {}, ["guard-oxide-metal"]),
        ("prnd_metal", "reo", {}, ["guard-oxide-metal"]),
        ("prnd_metal", "metal", {}, []),
        ("mixed_carbonate", "dry", {"moisture_pct": "12"}, ["guard-wet-for-dry"]),
        ("mixed_carbonate", "dry", {"moisture_pct": "0"}, []),
        ("mixed_carbonate", "dry", {}, []),
        ("mixed_carbonate", "net", {"moisture_pct": "12"}, []),
        ("something of their own", "metal", {}, []),
    ],
)
def test_wet_for_dry_and_metal_for_oxide(reference, product, basis, quantity, codes):
    assert [guard.code for guard in basis_guards(product, Amount(KG, basis), quantity, reference)] == codes


@pytest.mark.parametrize(
    ("product", "most"),
    [
        ("prnd_oxide", "5"),
        ("ion_clay_mixed_oxide", "40"),
        ("mixed_carbonate", "60"),
        ("prnd_oxalate", "60"),
        ("mixed_concentrate", "20"),
        ("prnd_chloride", "90"),
        ("prnd_metal", "1"),
        ("ndfeb_magnet", "1"),
        ("ndfeb_swarf", "50"),
    ],
)
def test_more_water_than_such_goods_hold_is_asked_about(reference, product, most):
    assert moisture_guard(product, {"moisture_pct": most}, reference, "assay") is None
    more = f"{most}.1"
    guard = moisture_guard(product, {"moisture_pct": more}, reference, "assay")
    assert guard == Guard("guard-moisture", "assay.moisture_pct", {"given": more, "product": product, "most": most})


@pytest.mark.parametrize("told", [{}, {"moisture_pct": "-5"}, {"moisture_pct": "100"}, {"moisture_pct": 97}])
def test_what_is_no_moisture_is_not_asked_about_but_refused_elsewhere(reference, told):
    assert moisture_guard("prnd_oxide", told, reference, "quantity") is None


def test_nobody_knows_how_wet_goods_of_one_s_own_may_be_until_one_says_so(reference):
    assert moisture_guard("our_cake", {"moisture_pct": "97"}, reference, "quantity") is None
    row = {"max_pct": "96", "source": "our presses", "confidence": "fact"}
    cake = {"form": "other", "zh": "饼", "en": "cake", "source": "our catalogue", "confidence": "fact"}
    own = Reference.parse(dumps({"products": {"our_cake": cake}, "moistures": {"our_cake": row}}).encode())
    assert moisture_guard("our_cake", {"moisture_pct": "97"}, own, "quantity") is not None
    with pytest.raises(Malformed, match=r"moistures\.their_cake"):
        Reference.parse(dumps({"moistures": {"their_cake": row}}).encode())


def test_a_guard_asks_and_a_reason_answers():
    guards = [None, slip_guard(200 * KG, HISTORY, "quantity"), None, slip_guard(2 * KG, HISTORY, "quantity")]
    for unanswered in (None, {}, {"reason": ""}):
        with pytest.raises(Refusal) as asked:
            ask(guards, unanswered)
        assert (asked.value.code, asked.value.field) == ("guard-slip", "quantity")
        assert "200 kg" in asked.value.text("en")
        assert "200 kg" in asked.value.text("zh")
    told = ask(guards, {"reason": "a whole truck, for once"})
    assert told == [{"guard": "guard-slip", "reason": "a whole truck, for once"}] * 2


def test_nothing_to_ask_leaves_nothing_behind():
    assert ask([None, None], None) == []
    assert ask([None], {"reason": "said unasked"}) == []


# -- the reference data that the guards read -----------------------------------------------------------------------


def test_every_row_of_the_reference_data_names_its_source(reference):
    for table in (reference.products, reference.processes, reference.packages, reference.scales):
        assert table
        assert all(row["source"] for row in table.values())
    assert reference.processes.keys() >= CONSERVING
    assert reference.version


def test_lookups_answer_for_what_they_do_not_know(reference):
    assert reference.form("prnd_oxide") == "oxide"
    assert reference.form("unheard of") is None
    assert reference.product_name("prnd_oxide", "zh") == "氧化镨钕"
    assert reference.product_name("unheard of", "zh") == "unheard of"
    assert reference.process_name("split", "en") != ""
    assert reference.process_name("unheard of", "en") == "unheard of"
    assert reference.scale_ppm("unheard of") == max(row["u_ppm"] for row in reference.scales.values())


@pytest.mark.parametrize("data", [b"", b"[]", b'{"products": []}', b'{"version": 1}', b"\xff"])
def test_reference_data_of_another_form_is_refused(data):
    with pytest.raises(Malformed):
        Reference.parse(data)


@pytest.mark.parametrize("word", ["seperation", "separaton", "separatiion", "separatoin", "eparation", "separations"])
def test_a_code_that_is_one_slip_off_a_known_one_is_asked_about(reference, word):
    guard = spelling_guard(word, reference.tables["processes"], "steps[0].process")
    assert guard == Guard("guard-spelling", "steps[0].process", {"given": word, "meant": "separation"})


@pytest.mark.parametrize("word", ["separation", "seperaton", "partition", "work", "cot", "reseparation"])
def test_other_codes_are_one_s_own(reference, word):
    assert spelling_guard(word, reference.tables["processes"], "steps[0].process") is None


# -- what comes out of what goes in -----------------------------------------------------------------------------------

DY_OXIDE = Fed(1000 * KG, "dy_oxide", 860 * KG)


def stated(mass: str, *losses: tuple[str, str], process: str = "reduction", product: str = "dy_metal"):
    """1,000 kg of dysprosium oxide with 860 kg of the metal in it, by a process that brings out 90 to 98 %."""
    return {
        "steps": [{"process": process}],
        "outputs": [{"product": product, "quantity": {"value": mass, "unit": "kg"}}],
        "losses": [{"kind": kind, "quantity": {"value": value, "unit": "kg"}} for kind, value in losses],
    }


@pytest.mark.parametrize(
    ("body", "asked"),
    [
        (stated("820"), False),
        (stated("650"), False),  # low enough for a finding, not for a slip
        (stated("150"), True),
        (stated("1500"), True),
        (stated("150", ("residue", "800")), False),
        (stated("150", ("water", "800")), True),  # water takes nothing with it
        (stated("150", process="rework"), False),  # nobody knows what it brings out
        (stated("150", product="unheard_of"), False),
    ],
)
def test_what_is_far_from_the_usual_yield_is_asked_about(reference, body, asked):
    guard = yield_guard(expected(body, [DY_OXIDE], reference, "separation"))
    assert (guard is not None) == asked


def test_a_yield_of_goods_that_nobody_knows_is_not_asked_about(reference):
    found = expected(stated("150"), [DY_OXIDE, Fed(KG, "scrap", None)], reference, "separation")
    assert (found.share, found.accounted, yield_guard(found)) == (None, None, None)


def test_the_question_tells_share_and_band(reference):
    guard = yield_guard(expected(stated("150"), [DY_OXIDE], reference, "separation"))
    assert guard is not None
    assert (guard.field, guard.facts["least"], guard.facts["greatest"]) == ("outputs", "90 %", "98 %")
    assert guard.facts["share"] == "17.2 %"


def test_shaped_goods_hold_what_went_into_them(reference):
    magnets = Fed(1000 * KG, "ndfeb_block", 300 * KG)
    found = expected(stated("700", process="machine", product="ndfeb_magnet"), [magnets], reference, "magnet")
    assert (found.same, found.share) == (True, 700_000)


def test_iron_that_nobody_booked_is_no_question(reference):
    """Strip casting of metal without the iron in the books: the alloy is taken to hold what the metal did."""
    metal = Fed(40 * KG, "prnd_metal", 40 * KG)
    found = expected(stated("100", process="strip_cast", product="ndfeb_alloy"), [metal], reference, "magnet")
    assert found.same
    assert found.share is not None
    assert found.greatest is not None
    assert found.share > 2 * found.greatest
    assert yield_guard(found) is None
