"""The integers under provenance: what is shared out is all of it, and long lists end in `others`."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.matter.provenance import ORIGINS_MAX, OTHERS, OTHERS_ORIGIN, SOURCES_MAX, mix, proven_absent, take
from ledger.matter.rows import half_even, share_out
from tests.ledger.matter.contents import SHORT, check, goods, rows_of

# -- sharing out ---------------------------------------------------------------------------------------------------


WEIGHTS = st.lists(st.one_of(st.integers(0, 9), st.integers(0, 10**16)), min_size=1, max_size=40).filter(any)


@SHORT
@given(WEIGHTS, st.integers(0, 10**17))
def test_what_is_shared_out_is_all_of_it(weights, amount):
    found = share_out(amount, weights)
    assert sum(found) == amount
    assert all(got >= 0 for got in found)
    assert all(got == 0 for got, weight in zip(found, weights, strict=True) if weight == 0)


@SHORT
@given(st.lists(st.integers(0, 30), min_size=1, max_size=6).filter(any))
def test_more_to_share_out_gives_nobody_less(weights):
    """All amounts, one after the other: each µg goes to somebody, and the last one ends at the weights."""
    steps = [share_out(amount, weights) for amount in range(sum(weights) + 1)]
    for before, after in pairwise(steps):
        assert sorted(more - less for more, less in zip(after, before, strict=True)) == [0] * (len(weights) - 1) + [1]
    assert steps[0] == [0] * len(weights)
    assert steps[-1] == weights


@SHORT
@given(st.lists(st.integers(1, 10**15), min_size=1, max_size=200), st.integers(0, 10**15))
def test_each_gets_its_share_but_for_a_few(weights, amount):
    total = sum(weights)
    for got, weight in zip(share_out(amount, weights), weights, strict=True):
        assert abs(got * total - amount * weight) < 5 * total


def test_halves_go_to_the_even():
    assert [half_even(n, 2) for n in range(6)] == [0, 0, 1, 2, 2, 2]
    assert share_out(1, [1, 1]) == [0, 1]
    assert share_out(3, [1, 1]) == [2, 1]


def test_nothing_is_shared_out_among_nobody():
    assert share_out(0, [0, 0]) == [0, 0]
    with pytest.raises(AssertionError, match="among nobody"):
        share_out(1, [0])


# -- limits --------------------------------------------------------------------------------------------------------


def test_sources_beyond_the_limit_become_others():
    parts = [goods(10 + number, source=f"{number:05d}") for number in range(SOURCES_MAX + 2)]
    mixed = mix(reversed(parts))
    check(mixed)
    rows = rows_of(mixed)
    assert len(rows) == SOURCES_MAX
    assert rows[OTHERS] == (10 + 11 + 12, 33, 33)
    assert rows[f"{3:05d}"] == (13, 13, 13)
    again = mix([mixed, goods(1, source="zzz"), goods(11, source="zzzz")])
    assert len(rows_of(again)) == SOURCES_MAX
    assert rows_of(again)[OTHERS] == (33 + 1 + 11, 45, 45)


def test_equal_sources_beyond_the_limit_go_by_name():
    rows = rows_of(mix(goods(10, source=f"{number:05d}") for number in range(SOURCES_MAX + 1)))
    assert rows[OTHERS] == (20, 20, 20)
    assert min(rows) == f"{2:05d}"


def test_origins_beyond_the_limit_become_others_that_may_be_from_anywhere():
    parts = [goods(10 + number, f"{chr(65 + number // 26)}{chr(65 + number % 26)}/mined") for number in range(70)]
    content = mix(parts)
    check(content)
    assert len(content.elements["Nd"].origins) == ORIGINS_MAX
    assert content.elements["Nd"].origins[OTHERS_ORIGIN] == (91, 91, 91)  # 10 to 16
    assert not proven_absent(content, "Nd", "QQ")


def test_the_bounds_of_others_stay_within_the_total():
    part, _ = take(mix(goods(1, source=f"{number:05d}") for number in range(SOURCES_MAX + 8)), 3000)
    assert rows_of(part)[OTHERS][1:] == (0, 3)
    mixed = mix([part, goods(1, source="zzz")])
    check(mixed)
    assert len(rows_of(mixed)) == SOURCES_MAX
    assert rows_of(mixed)[OTHERS][1:] == (0, 4)  # 3 + 1 + 1, but of 4 in all
