"""Where the boxes of a drawing stand: columns from left to right, after Sugiyama, Tagawa and Toda (1981).

    1. edges that would close a circle are set aside, and each box gets a column right of all that leads to it
    2. an edge over several columns gets a bend in each column that it crosses
    3. boxes of a column are sorted by where their neighbours stand, to and fro, the order that crosses least is kept
    4. each column is brought as near to its neighbours as its boxes leave room (pooled adjacent violators, exact)

Promises: the same for the same input everywhere; boxes of a column never overlap; an edge leads to the right, unless it
closes a circle. Whole pixels come out. Knows nothing of what the boxes are.
"""

import itertools
from bisect import bisect_right, insort
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

SPACE = 18
BEND = 10
"""Pixels between two boxes of a column, and those that a passing edge takes."""
_SORTINGS, _SHIFTS = 8, 6

Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Layout:
    """`column` and `middle` (pixels from the top) of each box; of each edge the heights at which it passes the columns
    between its ends. `height` is that of the whole.
    """

    column: Mapping[str, int]
    middle: Mapping[str, int]
    bends: Mapping[Pair, Sequence[int]]
    height: int


def arrange(heights: Mapping[str, int], edges: Sequence[Pair]) -> Layout:
    """`heights`: of each box in pixels; `edges`: (left, right), each once, between different boxes."""
    order, kept = _in_order(list(heights), edges)
    column = _columns(order, kept)
    chains = {edge: _chain(edge, column) for edge in kept}
    rows: list[list[str]] = [[] for _ in range(max(column.values(), default=-1) + 1)]
    tall = dict(heights)
    for box in order:
        rows[column[box]].append(box)
    for (left, _), chain in chains.items():
        for place, bend in enumerate(chain[1:-1], column[left] + 1):
            rows[place].append(bend)
            tall[bend] = BEND
    steps = [pair for chain in chains.values() for pair in itertools.pairwise(chain)]
    before, after = _neighbours(tall, steps)
    middle = _shifted(_sorted(rows, before, after), tall, before, after)
    top = min((middle[one] - tall[one] // 2 for one in middle), default=0)
    middle = {one: at - top for one, at in middle.items()}
    return Layout(
        column,
        {box: middle[box] for box in heights},
        {edge: [middle[bend] for bend in chain[1:-1]] for edge, chain in chains.items()},
        max((middle[one] + (tall[one] + 1) // 2 for one in middle), default=0),
    )


def _in_order(boxes: Sequence[str], edges: Sequence[Pair]) -> tuple[list[str], list[Pair]]:
    """The boxes so that edges lead forward, and the edges without those that close a circle. Depth first, no recursion:
    a genealogy may be thousands deep.
    """
    nexts: dict[str, list[str]] = {box: [] for box in boxes}
    for left, right in edges:
        nexts[left].append(right)
    done: dict[str, bool] = {}
    order: list[str] = []
    circular: set[Pair] = set()
    entered = {right for _, right in edges}
    for start in sorted(boxes, key=entered.__contains__):
        waiting = [(start, iter(nexts[start]))] if start not in done else []
        done.setdefault(start, False)
        while waiting:
            box, rest = waiting[-1]
            for right in rest:
                if right not in done:
                    done[right] = False
                    waiting.append((right, iter(nexts[right])))
                    break
                if not done[right]:
                    circular.add((box, right))
            else:
                done[box] = True
                order.append(box)
                waiting.pop()
    return order[::-1], [edge for edge in edges if edge not in circular]


def _columns(order: Sequence[str], edges: Sequence[Pair]) -> dict[str, int]:
    """The longest way from the left; then whatever feeds more than it is fed by moves to the right as far as it may,
    so that a purchase stands beside the step it went into.
    """
    before, after = _neighbours(order, edges)
    column: dict[str, int] = {}
    for box in order:
        column[box] = max((column[left] + 1 for left in before[box]), default=0)
    for box in reversed(order):
        if after[box] and len(before[box]) <= len(after[box]):
            column[box] = min(column[right] for right in after[box]) - 1
    least = min(column.values(), default=0)
    return {box: at - least for box, at in column.items()}


def _neighbours(boxes: Sequence[str] | Mapping[str, int], edges: Sequence[Pair]) -> tuple[dict[str, list[str]], ...]:
    before: dict[str, list[str]] = {box: [] for box in boxes}
    after: dict[str, list[str]] = {box: [] for box in boxes}
    for left, right in edges:
        before[right].append(left)
        after[left].append(right)
    return before, after


def _chain(edge: Pair, column: Mapping[str, int]) -> list[str]:
    """The edge's ends, and the names of its bends between them; no box is named with a zero byte."""
    left, right = edge
    return [left, *(f"{left}\0{right}\0{at}" for at in range(column[left] + 1, column[right])), right]


def _sorted(
    rows: list[list[str]], before: Mapping[str, list[str]], after: Mapping[str, list[str]]
) -> Sequence[Sequence[str]]:
    best, fewest = rows, _crossings(rows, after)
    for turn in range(_SORTINGS):
        neighbours = after if turn % 2 else before
        columns = range(len(rows) - 2, -1, -1) if turn % 2 else range(1, len(rows))
        rows = list(rows)
        for at in columns:
            place = {one: number for number, one in enumerate(rows[at + 1 if turn % 2 else at - 1])}
            own = {one: number for number, one in enumerate(rows[at])}
            rows[at] = sorted(rows[at], key=lambda one: _mean([place[two] for two in neighbours[one]], own[one]))
        crossings = _crossings(rows, after)
        if crossings < fewest:
            best, fewest = rows, crossings
    return best


def _mean(places: Sequence[int], otherwise: int) -> float:
    return sum(places) / len(places) if places else float(otherwise)


def _crossings(rows: Sequence[Sequence[str]], after: Mapping[str, list[str]]) -> int:
    """How often edges between neighbouring columns cross."""
    found = 0
    for left, right in itertools.pairwise(rows):
        place = {one: number for number, one in enumerate(right)}
        above: list[int] = []
        for one in left:
            ends = sorted(place[two] for two in after[one])
            found += sum(len(above) - bisect_right(above, end) for end in ends)
            for end in ends:
                insort(above, end)
    return found


def _shifted(
    rows: Sequence[Sequence[str]],
    tall: Mapping[str, int],
    before: Mapping[str, list[str]],
    after: Mapping[str, list[str]],
) -> dict[str, int]:
    """Heights of the middles: each column in turn as near as may be to the mean of its neighbours."""
    middle: dict[str, int] = {}
    for row in rows:
        middle.update(_apart(row, dict.fromkeys(row, 0.0), tall))
    for turn in range(_SHIFTS):
        last = turn == _SHIFTS - 1
        for row in rows if turn % 2 else reversed(rows):
            wanted = {}
            for one in row:
                sides = before[one] + after[one] if last else before[one] if turn % 2 else after[one]
                near = sides or before[one] or after[one]
                wanted[one] = sum(middle[two] for two in near) / len(near) if near else float(middle[one])
            middle.update(_apart(row, wanted, tall))
    return middle


def _apart(row: Sequence[str], wanted: Mapping[str, float], tall: Mapping[str, int]) -> dict[str, int]:
    """The places nearest to the wanted ones (least squares) that keep the order and leave room."""
    offsets, blocks = [0], []
    for one, two in itertools.pairwise(row):
        offsets.append(offsets[-1] + (tall[one] + 1) // 2 + SPACE + (tall[two] + 1) // 2)
    for one, offset in zip(row, offsets, strict=False):
        blocks.append((wanted[one] - offset, 1))
        while len(blocks) > 1 and blocks[-2][0] > blocks[-1][0]:
            (value, count), (earlier, many) = blocks.pop(), blocks.pop()
            blocks.append(((value * count + earlier * many) / (count + many), count + many))
    starts = [round(value) for value, count in blocks for _ in range(count)]
    return {one: start + offset for one, start, offset in zip(row, starts, offsets, strict=False)}
