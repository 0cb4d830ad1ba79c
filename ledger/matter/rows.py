"""Rows: how an element is shared out among those it may come from; the integers under provenance.py.

A row is `(mid, lo, hi)` in µg, by name; the mids of an element's rows add up to its total. What is said of bounds rests
on the statements in provenance.py. Names are taken in the order of their bytes, so that the same rows give the same
parts, in whatever order they were gathered. Loops run once for each row of each element: plain tuples, few calls.
Does not check that rows add up, or that bounds are in order: nothing here makes others, and vectors.py reads no others.
"""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

Row: TypeAlias = tuple[int, int, int]
"""(mid, lo, hi) in µg, 0 <= lo <= mid <= hi <= total."""


def share_out(amount: int, weights: Sequence[int]) -> list[int]:
    """`amount` among `weights`, exactly: each takes in turn, rounded half even, its share of what is left.

    A larger amount gives nobody less, and the sum of the weights gives each its weight: a step of 1 in what is left
    moves a rounded share by 0 or 1, hence also what is left after it. So what lies between two amounts is never
    negative and never above a weight. Differences of cumulative sums, each rounded for itself, do not promise that: of
    two rows of 1 in a batch of 100 mg, the second would have 1 after 50 mg and 0 after 51 mg.
    """
    rest = sum(weights)
    found = []
    for weight in weights:
        if not weight:
            found.append(0)
            continue
        got, odd = divmod(amount * weight, rest)
        odd += odd
        if odd > rest or (odd == rest and got & 1):
            got += 1
        amount -= got
        rest -= weight
        found.append(got)
    assert not amount, "nothing can be shared out among nobody"
    return found


def half_even(numerator: int, denominator: int) -> int:
    """The quotient, rounded half even; 0 of nothing."""
    if not denominator:
        return 0
    whole, odd = divmod(numerator, denominator)
    odd += odd
    return whole + (odd > denominator or (odd == denominator and whole & 1))


def cut(rows: Mapping[str, Row], total: int, start: int, end: int) -> dict[str, Row]:
    """The rows of what lies from `start` to `end` of a whole of `total`; beyond it, the whole begins anew."""
    if len(rows) == 1:  # most goods have one origin, and registered ones one source: there is nothing to share out
        return _alone(rows, total, end - start)
    keys = sorted(rows)
    mids = weights = [rows[key][0] for key in keys]
    if end < total:
        mids = share_out(end, weights)
    elif end > total:
        mids = [more + weight for more, weight in zip(share_out(end - total, weights), weights, strict=True)]
    if start:
        mids = [upto - before for upto, before in zip(mids, share_out(start, weights), strict=True)]
    return bounded(rows, keys, mids, total, end - start)


def outputs_of(rows: Mapping[str, Row], total: int, asked: Sequence[tuple[int, int]]) -> list[dict[str, Row]]:
    """The rows of each output; none where it wants nothing."""
    if len(rows) == 1:
        return [_alone(rows, total, ug) if ug else {} for ug, _ in asked]
    keys = sorted(rows)
    left = [rows[key][0] for key in keys]
    found: list[dict[str, Row]] = []
    for ug, _ in asked:
        if not ug:
            found.append({})
            continue
        mids = share_out(ug, left)
        left = [had - got for had, got in zip(left, mids, strict=True)]
        found.append(bounded(rows, keys, mids, total, ug))
    return found


def _alone(rows: Mapping[str, Row], total: int, ug: int) -> dict[str, Row]:
    """`bounded` of an only row, which has all of it."""
    ((key, (_, lo, hi)),) = rows.items()
    return {key: (ug, max(0, lo - (total - ug)), min(hi, ug))}


def bounded(rows: Mapping[str, Row], keys: list[str], mids: list[int], total: int, ug: int) -> dict[str, Row]:
    """Rows of `ug` out of `total`: bounds by conservation around given mids.

    No bound needs to give way to a mid: each mid is at most its row's and all add up to `ug`, so it is at most
    min(ug, hi), and the others, at most total - mid of the whole, leave it at least ug - (total - lo).
    """
    rest = total - ug
    found = {}
    for key, mid in zip(keys, mids, strict=True):
        _, lo, hi = rows[key]
        lo -= rest
        found[key] = (mid, lo if lo > 0 else 0, hi if hi < ug else ug)  # noqa: FURB136 - min and max cost a call each
    return found


def stretch(rows: Mapping[str, Row], total: int, new: int) -> dict[str, Row]:
    """Rows of `total` as rows of `new`: shares kept, bounds rounded outwards, and out to a mid that rounding moved."""
    keys = sorted(rows)
    found = {}
    for key, mid in zip(keys, share_out(new, [rows[key][0] for key in keys]), strict=True):
        _, lo, hi = rows[key]
        found[key] = (mid, min(mid, lo * new // total), max(mid, -(-hi * new // total)))
    return found


def hidden(rows: Mapping[str, Row], key: str, surplus: int, total: int) -> dict[str, Row]:
    """Rows to which something hidden was added: at least `surplus`, at most all; nothing else is sure."""
    found = {known: (mid, 0, hi) for known, (mid, _, hi) in rows.items()}
    mid, lo, _ = rows.get(key, (0, 0, 0))
    found[key] = (mid + surplus, lo + surplus, total)
    return found


def add(rows: dict[str, Row], more: Mapping[str, Row]) -> None:
    for key, row in more.items():
        had = rows.get(key)
        rows[key] = row if had is None else (had[0] + row[0], had[1] + row[1], had[2] + row[2])


def at_most(limit: int, others: str, rows: dict[str, Row], total: int) -> dict[str, Row]:
    """At most `limit` rows: the smallest mids beyond it (of equal ones the first keys) become `others`."""
    if len(rows) <= limit:
        return rows
    named = sorted((row[0], key) for key, row in rows.items() if key != others)
    small = [key for _, key in named[: len(named) - (limit - 1)]]
    merged = [rows[key] for key in (*small, *({others} & rows.keys()))]
    kept = {key: rows[key] for key in sorted(rows.keys() - {others, *small})}
    mids, los, his = zip(*merged, strict=True)
    kept[others] = (sum(mids), sum(los), min(total, sum(his)))
    return kept
