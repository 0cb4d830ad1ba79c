"""What is told of a content is read again as it was written, and nothing else is read at all."""

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import Malformed
from ledger.matter.elements import ELEMENTS
from ledger.matter.provenance import (
    MODELS,
    ORIGINS_MAX,
    SOURCES_MAX,
    UNEXPLAINED,
    UNEXPLAINED_ORIGIN,
    Content,
    apportion,
    entered,
    mix,
    scale,
    take,
)
from ledger.matter.vectors import PPB, Shares, Sourced, parse_rows, parse_shares, received, rows, shares
from tests.ledger.matter.contents import SHORT, TOTALS, check, contents

FLAG = True  # which is 1 to whoever looks no closer
OWN, OTHER, FOREIGN = "0" * 26, "1" * 26, "mine.example/log#" + "2" * 26


def content() -> Content:
    """A part of a mix: Nd of two origins, Dy of one."""
    mixed = mix(
        [
            entered(600, {"Nd": (6000, 5000), "Dy": (100, 9000)}, origin="CN/ion_mid_y", source=OWN),
            entered(400, {"Nd": (4000, 5000)}, origin="DE/post_consumer", source=FOREIGN),
        ]
    )
    return take(mixed, 700)[0]


def test_what_the_chain_is_told():
    assert shares(content()) == {
        "model": "controlled_blending",
        "shares": [
            [
                "Nd",
                [
                    ["CN/ion_mid_y", 600000000, 428571428, 857142858],
                    ["DE/post_consumer", 400000000, 142857142, 571428572],
                ],
            ],
            ["Dy", [["CN/ion_mid_y", 1000000000, 1000000000, 1000000000]]],
        ],
    }


def test_what_the_authority_is_told():
    assert rows(content()) == {
        "amounts": [
            ["Nd", "7000", 3606, [[OWN, "4200", "3000", "6000"], [FOREIGN, "2800", "1000", "4000"]]],
            ["Dy", "70", 9000, [[OWN, "70", "70", "70"]]],
        ]
    }


@SHORT
@given(contents())
def test_shares_are_read_as_they_were_written(made):
    told = json.loads(json.dumps(shares(made)))
    known = parse_shares(told)
    assert known.model == made.model
    assert list(known.elements) == [element for element in ELEMENTS if element in made.elements]
    for element, found in known.elements.items():
        share = made.elements[element]
        assert found.keys() == share.origins.keys()
        assert sum(row[0] for row in found.values()) == PPB
        for origin, (mid, lo, hi) in found.items():
            exact = share.origins[origin]
            assert 0 <= lo <= mid <= hi <= PPB
            assert lo * share.ug <= exact[1] * PPB
            assert hi * share.ug >= exact[2] * PPB
            assert abs(mid * share.ug - exact[0] * PPB) < 3 * share.ug


@SHORT
@given(contents(), TOTALS)
def test_a_receiver_tells_on_what_it_was_told(made, totals):
    """With 10^9 µg of each, shares are the receiver's rows, and his shares are those that he was told."""
    told = shares(made)
    got = received(told, made.mg, dict.fromkeys(made.elements, (PPB, 0)), OWN)
    check(got)
    assert shares(got) == told
    weighed = received(told, made.mg, totals, OWN)
    check(weighed)
    assert {element: (share.ug, share.u_ppm) for element, share in weighed.elements.items()} == {
        element: total for element, total in totals.items() if total[0]
    }
    assert all(share.sources == {OWN: (share.ug,) * 3} for share in weighed.elements.values())
    assert weighed.model == made.model


def test_what_a_receiver_finds_and_nobody_told_is_unexplained():
    got = received(shares(content()), 700, {"Tb": (5, 0), "Dy": (0, 0)}, OWN)
    assert got.elements.keys() == {"Tb"}
    assert got.elements["Tb"].origins == {UNEXPLAINED_ORIGIN: (5, 5, 5)}


def test_shares_do_not_tell_how_much_there_is():
    """The same mix, a thousand times as large, is told alike."""
    small = entered(1, {"Nd": (600, 0)}, origin="CN/mined", source=OWN)
    other = entered(1, {"Nd": (400, 0)}, origin="MM/mined", source=OTHER)
    mixed = mix([small, other])
    assert shares(mixed) == shares(scale(mixed, {"Nd": (1_000_000, 0)}))


@SHORT
@given(contents())
def test_rows_are_read_as_they_were_written(made):
    own = {source: str(number) * 26 for number, source in enumerate("abcdefg")}
    named = mix([renamed(made, own)])
    told = json.loads(json.dumps(rows(named)))
    assert parse_rows(told) == {
        element: Sourced(share.ug, share.u_ppm, share.sources) for element, share in named.elements.items()
    }


def renamed(made: Content, names: dict[str, str]) -> Content:
    elements = {
        element: type(share)(
            share.ug, share.u_ppm, share.origins, {names[key]: row for key, row in share.sources.items()}
        )
        for element, share in made.elements.items()
    }
    return Content(made.mg, elements, made.model)


def test_rows_of_nobody_and_of_many_are_read_too():
    many = mix(
        entered(1, {"Nd": (1 + number, 0)}, origin="CN/mined", source=f"{number:026d}") for number in range(4100)
    )
    (output,) = apportion(many, [{"Nd": (10**12, 0)}], [1])
    read = parse_rows(rows(output))["Nd"]
    assert len(read.sources) == SOURCES_MAX
    assert {"others", UNEXPLAINED} <= read.sources.keys()


def test_only_rare_earths_are_told():
    with pytest.raises(AssertionError, match="rare earths only"):
        shares(entered(1, {"Fe": (1, 0)}, origin="CN/mined", source=OWN))


def test_an_empty_content_is_told_as_empty():
    assert parse_shares(shares(mix([]))).elements == {}
    assert parse_rows(rows(mix([]))) == {}


# -- refused -------------------------------------------------------------------------------------------------------

ROWS_65 = [[f"{chr(65 + n // 26)}{chr(65 + n % 26)}/mined", 1, 0, PPB] for n in range(64)] + [
    ["ZZ/mined", PPB - 64, 0, PPB]
]

BAD_SHARES: dict[str, tuple[Callable[[Any], Any], str, str]] = {
    "no object": (lambda told: [told], "vector-form", "shares"),
    "a field more": (lambda told: {**told, "mg": 5}, "vector-form", "shares"),
    "a field less": (lambda told: {"model": told["model"]}, "vector-form", "shares"),
    "a model nobody knows": (lambda told: {**told, "model": "trust_me"}, "vector-model", "shares.model"),
    "a model of no text": (lambda told: {**told, "model": ["segregated"]}, "vector-model", "shares.model"),
    "elements as an object": (lambda told: {**told, "shares": {}}, "vector-form", "shares.shares"),
    "an element without rows": (lambda told: put(told, ["Nd"], 0), "vector-form", "shares.shares[0]"),
    "an element with a weight": (lambda told: put(told, ["Nd", "5", []], 0), "vector-form", "shares.shares[0]"),
    "an element nobody knows": (lambda told: put(told, "Xx", 0, 0), "vector-element", "shares.shares[0][0]"),
    "an element that is no rare earth": (lambda told: put(told, "Fe", 0, 0), "vector-element", "shares.shares[0][0]"),
    "an element of no text": (lambda told: put(told, ["Nd"], 0, 0), "vector-element", "shares.shares[0][0]"),
    "elements out of order": (
        lambda told: {**told, "shares": told["shares"][::-1]},
        "vector-order",
        "shares.shares[1][0]",
    ),
    "an element twice": (lambda told: put(told, "Nd", 1, 0), "vector-order", "shares.shares[1][0]"),
    "no rows": (lambda told: put(told, [], 0, 1), "vector-sum", "shares.shares[0][1]"),
    "rows as text": (lambda told: put(told, "CN/mined", 0, 1), "vector-form", "shares.shares[0][1]"),
    "a row too short": (
        lambda told: put(told, ["CN/mined", PPB, PPB], 0, 1, 0),
        "vector-form",
        "shares.shares[0][1][0]",
    ),
    "an origin without class": (
        lambda told: put(told, "CN", 0, 1, 0, 0),
        "vector-row-name",
        "shares.shares[0][1][0][0]",
    ),
    "an origin in small letters": (
        lambda told: put(told, "cn/mined", 0, 1, 0, 0),
        "vector-row-name",
        "shares.shares[0][1][0][0]",
    ),
    "an origin that goes on": (
        lambda told: put(told, "CN/mined\n", 0, 1, 0, 0),
        "vector-row-name",
        "shares.shares[0][1][0][0]",
    ),
    "an origin of no text": (lambda told: put(told, 5, 0, 1, 0, 0), "vector-row-name", "shares.shares[0][1][0][0]"),
    "origins out of order": (
        lambda told: put(told, told["shares"][0][1][::-1], 0, 1),
        "vector-order",
        "shares.shares[0][1][1][0]",
    ),
    "an origin twice": (
        lambda told: put(told, "CN/ion_mid_y", 0, 1, 1, 0),
        "vector-order",
        "shares.shares[0][1][1][0]",
    ),
    "a number as text": (lambda told: put(told, "600000000", 0, 1, 0, 1), "vector-number", "shares.shares[0][1][0]"),
    "a broken number": (lambda told: put(told, 6e8, 0, 1, 0, 1), "vector-number", "shares.shares[0][1][0]"),
    "a number that is a flag": (lambda told: put(told, FLAG, 0, 1, 0, 2), "vector-number", "shares.shares[0][1][0]"),
    "least above likely": (lambda told: put(told, 600000001, 0, 1, 0, 2), "vector-bounds", "shares.shares[0][1][0]"),
    "most below likely": (lambda told: put(told, 599999999, 0, 1, 0, 3), "vector-bounds", "shares.shares[0][1][0]"),
    "less than nothing": (lambda told: put(told, -1, 0, 1, 0, 2), "vector-bounds", "shares.shares[0][1][0]"),
    "more than all": (lambda told: put(told, PPB + 1, 0, 1, 0, 3), "vector-bounds", "shares.shares[0][1][0]"),
    "a row of nothing": (
        lambda told: put(told, [["AA/mined", 0, 0, 0], ["CN/mined", PPB, PPB, PPB]], 0, 1),
        "vector-bounds",
        "shares.shares[0][1][0]",
    ),
    "less in all": (lambda told: put(told, 599999999, 0, 1, 0, 1), "vector-sum", "shares.shares[0][1]"),
    "more in all": (lambda told: put(told, 600000001, 0, 1, 0, 1), "vector-sum", "shares.shares[0][1]"),
    "65 rows": (lambda told: put(told, ROWS_65, 0, 1), "vector-too-long", "shares.shares[0][1]"),
}

BAD_ROWS: dict[str, tuple[Callable[[Any], Any], str, str]] = {
    "shares": (lambda _: shares(content()), "vector-form", "rows"),
    "an element as the chain is told it": (lambda told: put(told, ["Nd", []], 0), "vector-form", "rows.amounts[0]"),
    "elements out of order": (lambda told: {"amounts": told["amounts"][::-1]}, "vector-order", "rows.amounts[1][0]"),
    "a total as a number": (lambda told: put(told, 7000, 0, 1), "vector-number", "rows.amounts[0][1]"),
    "a total with a zero before": (lambda told: put(told, "07000", 0, 1), "vector-number", "rows.amounts[0][1]"),
    "a total with a sign": (lambda told: put(told, "+7000", 0, 1), "vector-number", "rows.amounts[0][1]"),
    "a total in other digits": (lambda told: put(told, "\uff17000", 0, 1), "vector-number", "rows.amounts[0][1]"),
    "a total without end": (lambda told: put(told, "7" * 31, 0, 1), "vector-number", "rows.amounts[0][1]"),
    "a total of nothing": (lambda told: put(told, ["Nd", "0", 0, []], 0), "vector-sum", "rows.amounts[0][3]"),
    "another total": (lambda told: put(told, "7001", 0, 1), "vector-sum", "rows.amounts[0][3]"),
    "an uncertainty as text": (lambda told: put(told, "3606", 0, 2), "vector-number", "rows.amounts[0][2]"),
    "an uncertainty that is a flag": (lambda told: put(told, FLAG, 0, 2), "vector-number", "rows.amounts[0][2]"),
    "an uncertainty below nothing": (lambda told: put(told, -1, 0, 2), "vector-number", "rows.amounts[0][2]"),
    "a source that is no batch": (
        lambda told: put(told, "a", 0, 3, 0, 0),
        "vector-row-name",
        "rows.amounts[0][3][0][0]",
    ),
    "a source that is an origin": (
        lambda told: put(told, "CN/mined", 0, 3, 0, 0),
        "vector-row-name",
        "rows.amounts[0][3][0][0]",
    ),
    "a source of no text": (lambda told: put(told, [], 0, 3, 0, 0), "vector-row-name", "rows.amounts[0][3][0][0]"),
    "sources out of order": (
        lambda told: put(told, told["amounts"][0][3][::-1], 0, 3),
        "vector-order",
        "rows.amounts[0][3][1][0]",
    ),
    "an amount as a number": (lambda told: put(told, 4200, 0, 3, 0, 1), "vector-number", "rows.amounts[0][3][0]"),
    "least above likely": (lambda told: put(told, "4201", 0, 3, 0, 2), "vector-bounds", "rows.amounts[0][3][0]"),
    "more than all": (lambda told: put(told, "7001", 0, 3, 0, 3), "vector-bounds", "rows.amounts[0][3][0]"),
    "too many rows": (
        lambda told: put(told, [[f"{n:026d}", "1", "0", "2"] for n in range(SOURCES_MAX + 1)], 0, 3),
        "vector-too-long",
        "rows.amounts[0][3]",
    ),
}


def put(told: Any, value: Any, *path: int) -> Any:
    """`told` with something else at a place among its elements."""
    changed = copy.deepcopy(told)
    at = changed["shares" if "model" in changed else "amounts"]
    for step in path[:-1]:
        at = at[step]
    at[path[-1]] = value
    return changed


@pytest.mark.parametrize(("change", "code", "field"), BAD_SHARES.values(), ids=BAD_SHARES)
def test_shares_that_nobody_writes_are_refused(change, code, field):
    with pytest.raises(Malformed) as refused:
        parse_shares(change(shares(content())))
    assert (refused.value.code, refused.value.field) == (code, field)
    with pytest.raises(Malformed):
        received(change(shares(content())), 1, {"Nd": (1, 0)}, OWN)


@pytest.mark.parametrize(("change", "code", "field"), BAD_ROWS.values(), ids=BAD_ROWS)
def test_rows_that_nobody_writes_are_refused(change, code, field):
    with pytest.raises(Malformed) as refused:
        parse_rows(change(rows(content())))
    assert (refused.value.code, refused.value.field) == (code, field)


ODD = ["", "0", "1", "01", "+1", "-1", " 1", "1,2", "1_0", "\uff17", "9" * 30, "9" * 31, OWN, "CN/mined", "others"]


@SHORT
@given(
    st.integers(0, 2),
    st.integers(0, 3),
    st.sampled_from([*ODD, 1, None, True, []]),
    st.integers(0, 10**6),
    st.booleans(),
)
def test_rows_are_read_by_columns_as_one_by_one(at, place, odd, ug, shorter):
    """Rows that are no lists are looked at one by one: the same is read, or the same refused."""
    listed: list[list[Any]] = [[f"{number:026d}", str(ug), "0", str(2 * ug)] for number in range(3)]
    listed[at][place] = odd
    if shorter:
        listed[at].pop()
    told = [
        {"amounts": [["Nd", str(3 * ug), 0, listed], ["Dy", "1", 0, [["others", "1", "1", "1"]]]]},
        {"amounts": [["Nd", str(3 * ug), 0, [*map(tuple, listed)]], ["Dy", "1", 0, [("others", "1", "1", "1")]]]},
    ]
    assert read(told[0]) == read(told[1])


def read(told: Any) -> Any:
    try:
        return parse_rows(told)
    except Malformed as refused:
        return refused.code, refused.field


def test_where_a_vector_stands_is_told():
    with pytest.raises(Malformed) as refused:
        received({}, 1, {}, OWN, field="lines[2].shares")
    assert refused.value.field == "lines[2].shares"
    assert "lines[2].shares" in refused.value.text("zh")


@SHORT
@given(
    st.recursive(
        st.one_of(st.none(), st.booleans(), st.integers(), st.sampled_from(["Nd", "CN/mined", "1", *MODELS])),
        lambda inner: (
            st.lists(inner, max_size=5)
            | st.dictionaries(st.sampled_from(["model", "shares", "amounts"]), inner, max_size=2)
        ),
        max_leaves=20,
    )
)
def test_rubbish_is_refused_by_name(rubbish):
    """Unless by chance it is a vector, and then of no element."""
    for parse in (parse_shares, parse_rows):
        for told in (rubbish, {"model": MODELS[0], "shares": rubbish}, {"amounts": rubbish}):
            try:
                known = parse(told)
            except Malformed:
                continue
            assert not (known.elements if isinstance(known, Shares) else known)


def test_the_limit_of_origins_is_what_is_read():
    told = {"model": MODELS[0], "shares": [["Nd", ROWS_65[:ORIGINS_MAX]]]}
    told["shares"][0][1][-1] = [ROWS_65[63][0], PPB - 63, 0, PPB]
    assert len(parse_shares(told).elements["Nd"]) == ORIGINS_MAX
