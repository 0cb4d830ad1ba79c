"""The algebra of provenance: rows and columns add up, order does not matter, rounding makes and loses nothing.

How amounts are shared out, and how many rows there may be, is tried in test_rows.py; whether bounds hold of what really
happens to goods in test_provenance_bounds.py.
"""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.matter.provenance import (
    MODELS,
    RECYCLED,
    UNEXPLAINED,
    UNEXPLAINED_ORIGIN,
    Content,
    Share,
    apportion,
    entered,
    mix,
    proven_absent,
    recycled,
    scale,
    take,
    weakest,
)
from tests.ledger.matter.contents import MG, SHORT, TOTALS, added, check, contents, goods, mids, pure, rows_of

# -- take ----------------------------------------------------------------------------------------------------------


@SHORT
@given(contents(), st.data())
def test_parts_of_a_batch_add_up_to_it_in_every_row(content, data):
    """Begun in the middle too: what goes around to the same place is the whole batch."""
    left, rest, parts = content.mg, content, []
    while left:
        wish = data.draw(st.integers(1, left)) if len(parts) < 6 else left
        part, rest = take(rest, wish)
        check(part)
        assert part.mg == wish
        parts.append(part)
        left -= wish
    assert added(*parts) == mids(content)
    assert rest.elements == content.elements
    assert rest.taken_mg in {content.taken_mg, content.taken_mg + content.mg}


@SHORT
@given(contents(), st.data())
def test_two_parts_at_once_are_one_after_the_other(content, data):
    first = data.draw(st.integers(0, content.mg))
    second = data.draw(st.integers(0, content.mg - first))
    one, rest = take(content, first)
    other, after = take(rest, second)
    both, at_once = take(content, first + second)
    assert added(one, other) == mids(both)
    assert at_once.elements == after.elements
    assert (at_once.taken_mg - after.taken_mg) % content.mg == 0


def test_a_part_has_its_share_and_its_bounds():
    mixed = mix([goods(600), goods(400, source="b")])
    part, rest = take(mixed, 1400)
    assert rows_of(part) == {"a": (420, 300, 600), "b": (280, 100, 400)}
    assert (part.mg, part.elements["Nd"].ug, rest.taken_mg) == (1400, 700, 1400)


def test_goods_that_came_back_leave_again():
    part, rest = take(mix([goods(3), goods(4, source="b")]), 1500)
    again, rest = take(rest, 1500)
    assert rest.taken_mg == 1000
    assert part.elements["Nd"].ug + again.elements["Nd"].ug in {10, 11}
    assert take(rest, 0)[0].elements == {}


def test_nobody_takes_more_than_a_batch_has():
    with pytest.raises(AssertionError, match="custody"):
        take(goods(5), 1001)


def test_of_no_goods_there_is_nothing_to_take():
    empty = mix([])
    assert take(empty, 0) == (empty, empty)


# -- mix -----------------------------------------------------------------------------------------------------------


@SHORT
@given(st.lists(contents(), max_size=5), st.randoms(use_true_random=False))
def test_a_mix_is_the_sum_of_its_parts_in_any_order(parts, random):
    mixed = mix(parts)
    check(mixed)
    assert mids(mixed) == added(*parts)
    assert mixed.mg == sum(part.mg for part in parts)
    shuffled = list(parts)
    random.shuffle(shuffled)
    assert mix(shuffled) == mixed


@SHORT
@given(contents())
def test_one_part_alone_stays_what_it_is(content):
    untouched = take(content, 0)[1]
    mixed = mix([untouched])
    assert (mixed.mg, mixed.elements, mixed.model) == (content.mg, content.elements, content.model)


def test_uncertainties_add_as_squares():
    mixed = mix([goods(300, u_ppm=10_000), goods(400, source="b", u_ppm=10_000)])
    assert mixed.elements["Nd"].u_ppm == 7143  # 3 and 4 make 5, of 700
    assert mix([goods(300, u_ppm=10_000), goods(100, source="b")]).elements["Nd"].u_ppm == 7500


@pytest.mark.parametrize(
    ("parts", "model"),
    {
        "nothing": ([], "identity_preserved"),
        "one source twice": ([goods(1), goods(2)], "identity_preserved"),
        "two sources alike": ([goods(1), goods(2, source="b")], "segregated"),
        "two origins": ([goods(1), goods(2, "MM/import_ion", "b")], "controlled_blending"),
        "as weak as the weakest": ([goods(1), goods(2, model="mass_balance")], "mass_balance"),
        "never stronger": ([goods(1, model="book_and_claim"), goods(2, "DE/mined", "b")], "book_and_claim"),
    }.values(),
)
def test_mixing_weakens_the_model(parts, model):
    assert mix(parts).model == model


def test_elements_of_different_origin_are_a_blend_too():
    """Nd from here, Dy from there: no element is mixed, the batch is."""
    dysprosium = entered(5, {"Dy": (7, 0)}, origin="MM/import_ion", source="b")
    mixed = mix([goods(100), dysprosium])
    assert mixed.model == "controlled_blending"
    assert mixed.elements["Nd"].origins == {"CN/ion_mid_y": (100, 100, 100)}
    assert mixed.elements["Dy"].origins == {"MM/import_ion": (7, 7, 7)}


def test_the_weakest_model_wins():
    assert [weakest(MODELS[0], model) for model in MODELS] == list(MODELS)
    assert weakest(*MODELS) == MODELS[-1]


# -- apportion -----------------------------------------------------------------------------------------------------


@SHORT
@given(contents(), st.data())
def test_outputs_and_what_stays_behind_are_the_mix_row_by_row(mixed, data):
    left = {element: share.ug for element, share in mixed.elements.items()}
    wanted = []
    for _ in range(data.draw(st.integers(1, 5))):
        totals = {element: (data.draw(st.integers(0, ug)), 0) for element, ug in left.items()}
        left = {element: ug - totals[element][0] for element, ug in left.items()}
        wanted.append(totals)
    if data.draw(st.booleans()):
        wanted.append({element: (ug, 7) for element, ug in left.items()})
        left = dict.fromkeys(left, 0)
    outputs = apportion(mixed, wanted, data.draw(st.lists(MG, min_size=len(wanted), max_size=len(wanted))))
    for output, totals in zip(outputs, wanted, strict=True):
        check(output)
        assert output.model == mixed.model
        asked = {element: total for element, total in totals.items() if total[0]}
        assert {element: (share.ug, share.u_ppm) for element, share in output.elements.items()} == asked
    behind = {key: mid - added(*outputs).get(key, 0) for key, mid in mids(mixed).items()}
    assert min(behind.values(), default=0) >= 0
    for element, ug in left.items():
        for rows in (mixed.elements[element].origins, mixed.elements[element].sources):
            assert sum(behind.get((element, key), 0) for key in rows) == ug


@SHORT
@given(contents(), st.lists(TOTALS, min_size=1, max_size=4))
def test_outputs_have_what_they_ask_for_whatever_went_in(mixed, wanted):
    outputs = apportion(mixed, wanted, [1] * len(wanted))
    for output, totals in zip(outputs, wanted, strict=True):
        check(output)
        assert {element: share.ug for element, share in output.elements.items()} == {
            element: ug for element, (ug, _) in totals.items() if ug
        }


def test_a_surplus_within_its_uncertainty_is_measurement():
    mixed = mix([goods(600_000, u_ppm=3000), goods(400_000, source="b", u_ppm=3000)])
    (output,) = apportion(mixed, [{"Nd": (1_008_000, 2000)}], [1])
    assert rows_of(output) == {"a": (604_800, 604_800, 604_800), "b": (403_200, 403_200, 403_200)}
    assert output.model == "segregated"


def test_a_surplus_beyond_it_is_matter_from_nowhere():
    """What was hidden may be more than what came to light: nothing is sure any more but the surplus."""
    mixed = mix([goods(600_000, u_ppm=3000), goods(400_000, source="b", u_ppm=3000)])
    output, twin = apportion(mixed, [{"Nd": (510_000, 2000)}, {"Nd": (510_000, 2000)}], [1, 1])
    assert set(rows_of(output)) == {"a", "b", UNEXPLAINED}
    assert rows_of(output)[UNEXPLAINED] == (10_000, 0, 510_000)
    assert rows_of(output)["a"] == (300_000, 0, 510_000)
    assert rows_of(output)["b"] == (200_000, 0, 400_000)
    assert output.elements["Nd"].origins[UNEXPLAINED_ORIGIN] == (10_000, 0, 510_000)
    assert output.model == "controlled_blending"
    assert added(output, twin)["Nd", UNEXPLAINED] == 20_000
    (alone,) = apportion(mixed, [{"Nd": (1_020_000, 2000)}], [1])
    assert rows_of(alone)[UNEXPLAINED] == (20_000, 20_000, 1_020_000)


def test_the_edge_between_measurement_and_matter_is_exact():
    """Three times 1000 ppm of 3,000,000, to the µg."""
    mixed = goods(3_000_000, u_ppm=1000)
    sure = {surplus: apportion(mixed, [{"Nd": (3_000_000 + surplus, 0)}], [1])[0] for surplus in (9000, 9001)}
    assert UNEXPLAINED not in rows_of(sure[9000])
    assert rows_of(sure[9001]) == {"a": (3_000_000, 0, 3_000_000), UNEXPLAINED: (9001, 9001, 3_009_001)}


def test_a_second_surplus_joins_the_first():
    (once,) = apportion(goods(100), [{"Nd": (150, 0)}], [1])
    (twice,) = apportion(once, [{"Nd": (160, 0)}], [1])
    assert rows_of(twice) == {"a": (100, 0, 100), UNEXPLAINED: (60, 60, 160)}


def test_an_element_that_was_not_there_comes_from_nowhere():
    (output,) = apportion(goods(100), [{"Dy": (5, 300_000)}], [1])
    assert output.elements == {"Dy": Share(5, 300_000, {UNEXPLAINED_ORIGIN: (5, 5, 5)}, {UNEXPLAINED: (5, 5, 5)})}
    assert output.model == "controlled_blending"


def test_each_output_has_its_totals_and_its_mass():
    with pytest.raises(AssertionError, match="its mass"):
        apportion(goods(1), [{}], [1, 2])


# -- scale ---------------------------------------------------------------------------------------------------------


@SHORT
@given(contents(), TOTALS, MG)
def test_scaled_goods_have_the_new_totals(content, totals, mg):
    scaled = scale(content, totals, mg)
    check(scaled)
    assert scaled.mg == mg
    assert {element: (share.ug, share.u_ppm) for element, share in scaled.elements.items()} == {
        element: total for element, total in totals.items() if total[0]
    }


@SHORT
@given(contents())
def test_the_same_totals_change_nothing(content):
    assert scale(content, {element: (share.ug, share.u_ppm) for element, share in content.elements.items()}) == content


def test_bounds_are_rounded_outwards():
    part, _ = take(mix([goods(600), goods(400, source="b")]), 1400)
    assert rows_of(scale(part, {"Nd": (77, 0)}, 140)) == {"a": (46, 33, 66), "b": (31, 11, 44)}
    assert rows_of(scale(part, {"Nd": (71, 0)}, 140)) == {"a": (43, 30, 61), "b": (28, 10, 41)}


def test_a_late_assay_keeps_what_was_taken_and_a_weighing_begins_anew():
    _, rest = take(goods(100), 300)
    assert scale(rest, {"Nd": (90, 0)}).taken_mg == 300
    assert scale(rest, {"Nd": (90, 0)}, 1000).taken_mg == 300
    assert scale(rest, {"Nd": (90, 0)}, 999).taken_mg == 0


def test_what_a_late_assay_finds_first_is_unexplained():
    found = scale(goods(100), {"Nd": (100, 0), "Dy": (3, 0)})
    assert found.elements["Dy"].origins == {UNEXPLAINED_ORIGIN: (3, 3, 3)}
    assert found.model == "controlled_blending"
    assert scale(goods(100), {}).elements == {}


# -- long chains ---------------------------------------------------------------------------------------------------


@settings(max_examples=20, deadline=None)
@given(st.lists(pure(), min_size=2, max_size=5), st.randoms(use_true_random=False))
def test_a_long_chain_of_takes_and_mixes_makes_and_loses_nothing(entries, random):
    """Every batch is taken to its end, in parts, and the parts are mixed crosswise, thirty times over."""
    batches = list(entries)
    for _ in range(30):
        heaps: list[list[Content]] = [[] for _ in batches]
        for batch in batches:
            rest, left = batch, batch.mg
            for heap in heaps[:-1]:
                wish = random.randint(0, left)
                part, rest = take(rest, wish)
                heap.append(part)
                left -= wish
            heaps[-1].append(take(rest, left)[0])
        random.shuffle(heaps)
        batches = [mix(heap) for heap in heaps if sum(part.mg for part in heap)]
    for batch in batches:
        check(batch)
    assert added(*batches) == added(*entries)
    assert sum(batch.mg for batch in batches) == sum(entry.mg for entry in entries)


# -- questions -----------------------------------------------------------------------------------------------------


def blend(*parts: tuple[str, int], model: str = MODELS[0]) -> Content:
    return mix([goods(ug, origin, origin, model=model) for origin, ug in parts])


def test_recycled_content_is_told_by_class():
    content = blend(("DE/post_consumer", 30), ("CN/post_consumer", 10), ("CN/internal_rework", 20), ("CN/mined", 40))
    assert recycled(content, "Nd") == {
        "post_consumer": (40, 40, 40),
        "pre_consumer_external": (0, 0, 0),
        "internal_rework": (20, 20, 20),
    }
    part, _ = take(content, content.mg // 2)
    assert recycled(part, "Nd")["post_consumer"] == (20, 0, 40)
    assert recycled(content, "Dy") == dict.fromkeys(RECYCLED, (0, 0, 0))


def test_what_is_of_no_known_class_may_be_of_any():
    content = blend(("DE/post_consumer", 30), ("XX/unknown_opening", 10), ("CN/mined", 60))
    assert recycled(content, "Nd")["post_consumer"] == (30, 30, 40)
    assert recycled(content, "Nd")["pre_consumer_external"] == (0, 0, 10)


def test_two_origins_of_one_class_are_bounded_together():
    """Each alone may be missing in a part, both together may not."""
    content = blend(("DE/post_consumer", 40), ("CN/post_consumer", 40), ("CN/mined", 20))
    part, _ = take(content, content.mg // 2)
    assert part.elements["Nd"].origins["DE/post_consumer"][1] == 0
    assert recycled(part, "Nd")["post_consumer"] == (40, 30, 50)


@SHORT
@given(contents())
def test_recycled_rows_are_rows(content):
    for element, share in content.elements.items():
        for mid, lo, hi in recycled(content, element).values():
            assert 0 <= lo <= mid <= hi <= share.ug


@pytest.mark.parametrize(
    ("content", "country", "absent"),
    {
        "not in it": (blend(("CN/mined", 5)), "MM", True),
        "in it": (blend(("CN/mined", 5), ("MM/import_ion", 1)), "MM", False),
        "not in this part, as far as mids tell": (
            take(blend(("CN/mined", 10**6), ("MM/import_ion", 1)), 20)[0],
            "MM",
            False,
        ),
        "of unknown country": (blend(("CN/mined", 5), ("ZZ/post_consumer", 1)), "MM", False),
        "from opening stock": (blend(("CN/mined", 5), ("XX/unknown_opening", 1)), "MM", False),
        "unexplained": (apportion(blend(("CN/mined", 5)), [{"Nd": (9, 0)}], [1])[0], "MM", False),
        "no statement about the goods": (blend(("CN/mined", 5), model="book_and_claim"), "MM", False),
        "not recorded": (mix([]), "MM", False),
    }.values(),
)
def test_absence_is_proven_only_when_nothing_may_be_from_there(content, country, absent):
    assert proven_absent(content, "Nd", country) is absent
