"""Where boxes stand: whatever the graph, none lies on another, and every edge leads to the right."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from api.drawing.layers import BEND, SPACE, arrange


@st.composite
def graphs(draw, circles=False):
    """(heights, edges): up to 25 boxes; edges lead from a lower to a higher number unless there may be circles."""
    number = draw(st.integers(1, 25))
    heights = {str(one): draw(st.integers(20, 120)) for one in range(number)}
    ends = st.tuples(st.integers(0, number - 1), st.integers(0, number - 1)).filter(lambda two: two[0] != two[1])
    pairs = draw(st.lists(ends, max_size=60, unique=True))
    ordered = pairs if circles else list(dict.fromkeys(tuple(sorted(pair)) for pair in pairs))
    return heights, [(str(left), str(right)) for left, right in ordered]


@given(graphs(circles=True))
def test_boxes_of_a_column_never_overlap_and_all_of_them_are_there(graph):
    heights, edges = graph
    layout = arrange(heights, edges)
    assert layout.column.keys() == layout.middle.keys() == heights.keys()
    columns = {}
    for box, column in layout.column.items():
        columns.setdefault(column, []).append((layout.middle[box], heights[box]))
    for (left, _), bends in layout.bends.items():
        for at, middle in enumerate(bends, layout.column[left] + 1):
            columns.setdefault(at, []).append((middle, BEND))
    for boxes in columns.values():
        boxes.sort()
        for (above, tall), (below, deep) in itertools.pairwise(boxes):
            assert below - (deep + 1) // 2 - (above + (tall + 1) // 2) >= SPACE
    for box, middle in layout.middle.items():
        assert middle - heights[box] // 2 >= 0
        assert middle + (heights[box] + 1) // 2 <= layout.height


@given(graphs())
def test_edges_lead_to_the_right_and_bend_once_in_each_column_between(graph):
    heights, edges = graph
    layout = arrange(heights, edges)
    assert layout.bends.keys() == set(edges)
    for left, right in edges:
        assert len(layout.bends[left, right]) == layout.column[right] - layout.column[left] - 1 >= 0


@given(graphs(circles=True))
def test_of_a_circle_at_least_one_edge_still_leads_to_the_right(graph):
    heights, edges = graph
    layout = arrange(heights, edges)
    forward = {edge for edge in edges if layout.column[edge[0]] < layout.column[edge[1]]}
    assert layout.bends.keys() <= forward
    assert bool(forward) == bool(edges)
    assert arrange(heights, edges) == layout


def test_a_purchase_stands_beside_the_step_that_it_went_into():
    layout = arrange(dict.fromkeys("abcx", 50), [("a", "b"), ("b", "c"), ("x", "c")])
    assert dict(layout.column) == {"a": 0, "b": 1, "c": 2, "x": 1}


def test_the_order_that_crosses_less_is_taken():
    edges = [("a", "y"), ("b", "x"), ("c", "z")]
    layout = arrange(dict.fromkeys("abcxyz", 50), edges)
    lefts, rights = (sorted(names, key=layout.middle.__getitem__) for names in ("abc", "xyz"))
    assert [dict(edges)[left] for left in lefts] == rights


def test_a_chain_of_thousands_is_no_deeper_than_the_stack():
    names = [str(one) for one in range(5000)]
    layout = arrange(dict.fromkeys(names, 20), list(itertools.pairwise(names)))
    assert layout.column["4999"] == 4999
    assert len(set(layout.middle.values())) == 1
