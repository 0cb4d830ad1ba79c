"""The arithmetic of balances: signs, uncertainties, what counts as one figure, and what rounding may not do."""

from math import isqrt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.matter.balance import KEYS_MAX, PPM, Difference, Sheet, band, coverage

UG = st.integers(0, 10**15)
U = st.integers(0, 200_000)


def sheet(*terms: tuple[str, int, int, int]) -> Sheet:
    made = Sheet()
    for key, out_ug, in_ug, u_ppm in terms:
        made.put("Dy", key, out_ug, in_ug, u_ppm)
    return made


def test_different_figures_combine_in_quadrature():
    found = sheet(("in", 0, 3_000_000, 10_000), ("out", 4_000_000, 0, 10_000)).difference("Dy")
    assert (found.ug, found.u_ug) == (1_000_000, isqrt(30_000**2 + 40_000**2 + 2**2))
    assert found.k_milli == 1_000_000 * 1000 // found.u_ug


def test_amounts_on_one_figure_are_netted_first():
    """100 in and 99 out of one assay: what is uncertain is the one that is missing."""
    found = sheet(("lot", 0, 100_000_000, 50_000), ("lot", 99_000_000, 0, 50_000)).difference("Dy")
    assert (found.ug, found.u_ug) == (-1_000_000, 50_000)


def test_two_campaigns_fed_from_one_batch_err_together():
    apart = sheet(("a", 0, 10**8, 10_000), ("b", 0, 10**8, 10_000)).difference("Dy")
    together = sheet(("a", 0, 10**8, 10_000), ("a", 0, 10**8, 10_000)).difference("Dy")
    assert together.u_ug == 2 * 10**6
    assert apart.u_ug == isqrt(2 * 10**12 + 4)


def test_an_intermediate_product_drops_out():
    """Made and used up in the same month: its assay does not matter."""
    one = sheet(("feed", 0, 10**9, 10_000), ("middle", 10**9, 0, 300_000))
    other = sheet(("middle", 0, 10**9, 300_000), ("product", 10**9, 0, 10_000))
    month = Sheet()
    month.add(one, ["Dy"])
    month.add(other, ["Dy"])
    assert month.difference("Dy").u_ug == isqrt(2 * 10**14 + 16)
    assert month.difference("Dy").ug == 0


def test_the_common_share_does_not_average_out():
    terms = []
    for number in range(400):
        terms += [(f"in {number}", 0, 10**9, 10_000), (f"out {number}", 10**9, 0, 10_000)]
    alone, common = (sheet(*terms).difference("Dy", common_ppm=share) for share in (0, 300_000))
    assert alone.u_ug == pytest.approx(isqrt(800) * 10**7, rel=0.02)
    assert common.u_ug > 400 * 10**7 * 3 // 10
    assert common.u_ug < 400 * 10**7


def test_a_yield_is_a_difference_against_a_share_of_what_went_in():
    found = sheet(("in", 0, 1_000_000, 0), ("out", 940_000, 0, 0)).difference("Dy", in_ppm=950_000)
    assert found.ug == -10_000


def test_an_element_that_is_not_there_is_zero():
    assert Sheet().difference("Dy") == Difference("Dy", 0, 1)
    assert band(Sheet().difference("Dy")) == "fine"
    assert list(sheet(("a", 1, 0, 0))) == ["Dy"]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(UG, U), min_size=1, max_size=8), st.integers(1, 50))
def test_any_split_of_any_merge_differs_by_nothing_but_rounding(lots, pieces):
    made = Sheet()
    for number, (ug, u_ppm) in enumerate(lots):
        made.put("Nd", str(number), 0, ug, u_ppm)
        for piece in range(pieces):
            made.put("Nd", str(number), ug // pieces + (ug % pieces if piece == 0 else 0), 0, u_ppm)
    found = made.difference("Nd")
    assert found.ug == 0
    assert found.u_ug == len(lots) * (pieces + 1)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("abc"), UG, UG, U), max_size=10), st.randoms(use_true_random=False))
def test_the_order_of_terms_does_not_matter(terms, dice):
    shuffled = list(terms)
    dice.shuffle(shuffled)
    one, other = sheet(*terms), sheet(*shuffled)
    assert one.difference("Dy", in_ppm=960_000, common_ppm=300_000) == other.difference(
        "Dy", in_ppm=960_000, common_ppm=300_000
    )


def test_a_sheet_stays_small_and_exact():
    made = Sheet()
    for number in range(3 * KEYS_MAX):
        made.put("Nd", str(number), 0, 10**9, 10_000)
    found = made.difference("Nd")
    assert found.ug == -3 * KEYS_MAX * 10**9
    assert abs(found.u_ug - isqrt(3 * KEYS_MAX) * 10**7) < 10**7
    assert len(made._figures["Nd"]) <= KEYS_MAX


def test_a_doubt_of_its_own_is_added():
    made = sheet(("a", 0, 10**6, 0))
    made.doubt("Dy", 3000)
    assert made.difference("Dy", doubt_ug=4000).u_ug == 5000


@pytest.mark.parametrize(("comparisons", "k"), [(0, 3000), (1, 3000), (2, 3206), (4, 3461), (15, 3746), (10**9, 6316)])
def test_coverage(comparisons, k):
    assert coverage(comparisons) == k


def test_what_is_allowed_is_told_in_the_same_numbers():
    found = Difference("Dy", 400, 100)
    assert found.allowed_ug(3461) == 346
    assert found.beyond(3999)
    assert not found.beyond(4000)
    assert PPM == 10**6
