"""Every claim of either side is in one match, whatever the order of the rows, and tolerances are those of scales."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.matter.matching import DAYS_NEAR, STATES, Claim, Power, match, weigh_power

SCALE_PPM = 1000
KG = 10**6


def book(number, mg, day="2026-03-10", entry=1, log="a/log", row=0):
    return Claim(number, mg, day, (log, entry, row))


def office(number, mg, day="2026-03-10", row=2):
    return Claim(number, mg, day, ("", row, 0))


def states(books, rows):
    return [one.state for one in match(books, rows, SCALE_PPM)]


@pytest.mark.parametrize(
    ("books", "rows", "expected"),
    [
        ([book("x", 100 * KG)], [office("x", 100 * KG)], ["matched"]),
        ([book("x", 100_300_000)], [office("x", 100 * KG)], ["matched"]),
        ([book("x", 100_300_001)], [office("x", 100 * KG)], ["differs"]),
        ([book("x", None)], [office("x", 100 * KG)], ["matched"]),
        ([], [office("x", 1)], ["only_office"]),
        ([book("x", 1)], [], ["only_books"]),
        # lines of one invoice add up; seller, buyer and every batch name the whole paper
        (
            [book("x", 9 * KG), book("x", 9 * KG, entry=2)],
            [office("x", 4 * KG), office("x", 5 * KG, row=3)],
            ["matched"],
        ),
        # a mistyped number: same mass, near day
        ([book("x", 7 * KG)], [office("y", 7 * KG, "2026-04-10")], ["likely"]),
        ([book("x", 7 * KG)], [office("y", 7 * KG, "2026-04-11")], ["only_office", "only_books"]),
        ([book("x", 7 * KG, "")], [office("y", 7 * KG)], ["only_office", "only_books"]),
        ([book("x", None)], [office("y", 7 * KG)], ["only_office", "only_books"]),
    ],
)
def test_what_becomes_of_papers(books, rows, expected):
    assert states(books, rows) == expected


def test_a_difference_is_that_of_the_table_less_the_books():
    (one,) = match([book("x", 100 * KG)], [office("x", 90 * KG)], SCALE_PPM)
    assert (one.state, one.difference_mg) == ("differs", -10 * KG)


def test_the_nearest_day_is_paired_first_and_nothing_twice():
    rows = [office("p", 7 * KG, "2026-03-12", 2), office("q", 7 * KG, "2026-03-10", 3)]
    found = match([book("x", 7 * KG)], rows, SCALE_PPM)
    assert [(one.state, [claim.number for claim in one.office]) for one in found] == [
        ("only_office", ["p"]),
        ("likely", ["q"]),
    ]


DAYS = st.integers(0, 3 * DAYS_NEAR).map(lambda days: (date(2026, 1, 1) + timedelta(days)).isoformat())
MASSES = st.sampled_from([None, 1 * KG, 2 * KG, 2_001_000, 5 * KG])
CLAIMS = st.lists(st.tuples(st.sampled_from("abcdef"), MASSES, DAYS), max_size=12)


@given(CLAIMS, CLAIMS, st.randoms(use_true_random=False))
def test_every_claim_is_in_one_match_whatever_the_order(ours, theirs, order):
    books = [book(number, mg, day, at) for at, (number, mg, day) in enumerate(ours)]
    rows = [office(number, mg, day, at) for at, (number, mg, day) in enumerate(theirs)]
    found = match(books, rows, SCALE_PPM)
    assert sorted(claim.where for one in found for claim in one.books) == sorted(one.where for one in books)
    assert sorted(claim.where for one in found for claim in one.office) == sorted(one.where for one in rows)
    assert [STATES.index(one.state) for one in found] == sorted(STATES.index(one.state) for one in found)
    order.shuffle(books)
    order.shuffle(rows)
    assert match(books, rows, SCALE_PPM) == found


def test_power_for_each_tonne_of_metal():
    wh = {("a", "2026-01"): 9_000_000_000, ("a", "2026-02"): 5_000_000, ("b", "2026-01"): 1}
    metal = {("a", "2026-01"): 10**12, ("a", "2026-02"): 10**9}
    usual = Power("a", "2026-01", 9_000_000_000, 10**12, 9_000, "usual")
    assert weigh_power(wh, metal) == [
        usual,
        replace(usual, month="2026-02", wh=5_000_000, metal_mg=10**9, kwh_per_t=5_000, state="low"),
        Power("b", "2026-01", 1, 0, None, "no_metal"),
    ]
    assert weigh_power({("a", "2026-01"): 12_001_000_000}, {("a", "2026-01"): 10**12})[0].state == "high"
