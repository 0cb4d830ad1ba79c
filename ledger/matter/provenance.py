"""Provenance: of each element in a batch, how much came from where. The matter page, "Provenance".

A batch as made is a `Content`: per element a total (µg of the element) and two lists of rows, by origin
(`CN/ion_mid_y`) and by source (the batch through which the matter entered this log). A row is `(mid, lo, hi)`: `mid` as
if everything mixed evenly, `lo` and `hi` what no mixing whatever can fall short of or exceed. Every step is one of

    entered     goods come in: one origin, one source
    take        a part of a batch, by mass         mix        parts thrown together
    apportion   a mix goes into outputs            scale      the same goods, weighed or assayed anew

Promises: integers only, no order of parts matters, nothing arises or is lost by rounding: the rows of an element add up
to its total, the parts of a batch to the batch, the outputs and what stays behind to the mix, row by row. In each row
0 <= lo <= mid <= hi <= total. No row is kept whose `hi` is 0, and no element of which there is nothing.

When the bounds are sound. `lo` and `hi` come from conservation alone: if of E in a whole a source has between lo and
hi, then of any o out of it it has at least o - (E - lo), for all the rest is only E - lo, and at most min(o, hi).
After pure inputs are mixed once both are reached by some way of mixing; after more steps they hold, but may be wider
than need be, for what two parts of one batch cannot both hold is forgotten. They rest on three statements:
1. The totals are right: a part has of each element what its mass has of the batch's, an output what its assay says.
   `u_ppm` says how uncertain a total is; no bound is widened by it.
2. Nothing entered unrecorded. Where more of an element comes out than went in, beyond three times its uncertainty,
   that is disproved for this element: the surplus is then a row of its own, and since more may have been hidden than
   came to light (as much more as stayed behind), that row may be everything, and no other row is sure of anything.
3. Where a total is set anew (`scale`, a surplus within its uncertainty, shares told by a sender) the shares are kept:
   bounds are rounded outwards, and hold of the new total if they held as shares of the old. What was really lost or
   left behind is no case for `scale`: `take` or `apportion` what remains.
Rows beyond a list's limit go into "others" ("ZZ/other") and are that from then on: who asks how much came at most from
a source adds what "others" may hold. Goods that come back and leave again meet the rounding at another place: then, and
only then, a part may have 1 µg of an element more or less than is there.

Does not check: whether goods are there (custody.py), whether elements balance (balance), whether an origin was allowed.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import isqrt
from typing import TypeAlias

from ledger.matter.quantities import PPM
from ledger.matter.rows import Row, add, at_most, cut, half_even, hidden, outputs_of, stretch

Totals: TypeAlias = Mapping[str, tuple[int, int]]
"""Element → (µg, relative standard uncertainty in ppm): what an assay of goods says."""

MODELS = ("identity_preserved", "segregated", "controlled_blending", "mass_balance", "book_and_claim")
"""Models of the chain of custody, the strongest first."""
UNEXPLAINED, UNEXPLAINED_ORIGIN = "unexplained", "ZZ/unexplained"
OTHERS, OTHERS_ORIGIN = "others", "ZZ/other"
SOURCES_MAX, ORIGINS_MAX = 4096, 64
UNKNOWN_COUNTRIES = ("ZZ", "XX")
UNKNOWN_CLASSES = ("other", "unexplained", "unknown_opening")
RECYCLED = ("post_consumer", "pre_consumer_external", "internal_rework")
"""Feed classes that came back. The last is a plant's own run-around, and never counts as recycled content."""
COVERAGE = 3
"""Times the uncertainty up to which a surplus is measurement, and beyond which it is matter."""


@dataclass(frozen=True, slots=True)
class Share:
    """One element: `ug` in all, its relative standard uncertainty, and the same `ug` by origin and by source."""

    ug: int
    u_ppm: int
    origins: Mapping[str, Row]
    sources: Mapping[str, Row]


@dataclass(frozen=True, slots=True)
class Content:
    """What a batch of `mg` is made of, as it was made: taking goods away only moves `taken_mg` on.

    `gone_mg` of it were taken before the log began, in the one that it succeeds: no books of this log know of them.
    """

    mg: int
    elements: Mapping[str, Share]
    model: str
    taken_mg: int = 0
    gone_mg: int = 0


def weakest(*models: str) -> str:
    """The weakest of some models: the only way in which a model ever changes."""
    return MODELS[max(map(MODELS.index, models))]


def entered(mg: int, totals: Totals, *, origin: str, source: str, model: str = MODELS[0]) -> Content:
    """Goods that come in from one origin, known by one source."""
    elements = {
        element: Share(ug, u_ppm, {origin: (ug, ug, ug)}, {source: (ug, ug, ug)})
        for element, (ug, u_ppm) in totals.items()
        if ug
    }
    return Content(mg, elements, model)


def take(content: Content, mg: int) -> tuple[Content, Content]:
    """The part of `mg` that leaves, and the content with `taken_mg` moved on (around, where goods came back before).

    Parts taken one after the other, until nothing is left, add up to the batch in every row.
    """
    whole, start = content.mg, content.taken_mg
    end = start + mg
    assert 0 <= mg <= whole, "custody lets nobody take what is not there"
    around, beyond = divmod(end, whole) if end > whole else (0, end)
    elements = {}
    for element, share in content.elements.items():
        total = share.ug
        before, after = half_even(total * start, whole), total * around + half_even(total * beyond, whole)
        ug = after - before
        if ug:
            elements[element] = Share(
                ug,
                share.u_ppm,
                cut(share.origins, total, before, after),
                cut(share.sources, total, before, after),
            )
    return (
        Content(mg, elements, content.model),
        replace(content, taken_mg=end - whole if around else end),
    )


def mix(parts: Iterable[Content]) -> Content:
    """Parts thrown together, each as a whole. Uncertainties add as those of independent measurements.

    Several sources of one origin are at best segregated, of several origins at best a controlled blend.
    """
    mg, models = 0, {MODELS[0]}
    sums: dict[str, list[int]] = {}
    origins: dict[str, dict[str, Row]] = {}
    sources: dict[str, dict[str, Row]] = {}
    for part in parts:
        mg += part.mg
        models.add(part.model)
        for element, share in part.elements.items():
            if element not in sums:
                sums[element], origins[element], sources[element] = [0, 0], {}, {}
            both = sums[element]
            both[0] += share.ug
            both[1] += (share.ug * share.u_ppm) ** 2
            add(origins[element], share.origins)
            add(sources[element], share.sources)
    elements = {
        element: Share(
            ug,
            half_even(isqrt(squares), ug),
            at_most(ORIGINS_MAX, OTHERS_ORIGIN, origins[element], ug),
            at_most(SOURCES_MAX, OTHERS, sources[element], ug),
        )
        for element, (ug, squares) in sorted(sums.items())
    }
    if len(set[str]().union(*sources.values())) > 1:
        alike = len(set[str]().union(*origins.values())) == 1
        models.add("segregated" if alike else "controlled_blending")
    return Content(mg, elements, weakest(*models))


def apportion(mixed: Content, wanted: Sequence[Totals], mgs: Sequence[int]) -> list[Content]:
    """What a mix becomes: outputs of `mgs`, each with the totals of its assay; what nobody wants stays behind.

    Outputs take one after the other from what remains. Where they want more than there is, see the statements above.
    """
    assert len(wanted) == len(mgs), "each output has its totals and its mass"
    outputs: list[dict[str, Share]] = [{} for _ in mgs]
    for element in sorted({element for totals in wanted for element in totals}):
        asked = [totals.get(element, (0, 0)) for totals in wanted]
        share = _enough(mixed.elements.get(element), asked)
        if share is None:
            continue
        rows = zip(
            asked, outputs_of(share.origins, share.ug, asked), outputs_of(share.sources, share.ug, asked), strict=True
        )
        for output, ((ug, u_ppm), origins, sources) in zip(outputs, rows, strict=True):
            if ug:
                output[element] = Share(ug, u_ppm, origins, sources)
    return [Content(mg, output, _model_of(mixed.model, output)) for mg, output in zip(mgs, outputs, strict=True)]


def scale(content: Content, totals: Totals, mg: int | None = None) -> Content:
    """The same goods with other totals: a receiver's weighing (`mg` then too), a later assay. Shares are kept.

    `totals` are the whole composition: an element that they do not name is not there, and one that was not there before
    is unexplained. With another `mg` nothing of the goods has been taken yet.
    """
    elements = {}
    for element, (ug, u_ppm) in totals.items():
        share = content.elements.get(element)
        if ug:
            elements[element] = unexplained(ug, u_ppm) if share is None else _scaled(share, ug, u_ppm)
    model = _model_of(content.model, elements)
    if mg is None or mg == content.mg:
        return replace(content, elements=elements, model=model)
    return Content(mg, elements, model)


def unexplained(ug: int, u_ppm: int) -> Share:
    """An element of which nobody knows where it comes from."""
    return Share(ug, u_ppm, {UNEXPLAINED_ORIGIN: (ug, ug, ug)}, {UNEXPLAINED: (ug, ug, ug)})


def is_matter(share: Share | None, asked: Sequence[tuple[int, int]]) -> bool:
    """Whether more of an element is asked than there is, by more than what measurement explains. `asked`: µg, u ppm."""
    here, here_ppm = (0, 0) if share is None else (share.ug, share.u_ppm)
    surplus = sum(ug for ug, _ in asked) - here
    squares = (here * here_ppm) ** 2 + sum((ug * u_ppm) ** 2 for ug, u_ppm in asked)
    return surplus > 0 and (surplus * PPM) ** 2 > COVERAGE**2 * squares


def _enough(share: Share | None, asked: Sequence[tuple[int, int]]) -> Share | None:
    """The mix of one element, made as large as what is asked of it; None where there is none and none is asked."""
    total = sum(ug for ug, _ in asked)
    if share is None:
        return unexplained(total, 0) if total else None
    surplus = total - share.ug
    if surplus <= 0:
        return share
    if not is_matter(share, asked):
        return _scaled(share, total, share.u_ppm)
    origins = hidden(share.origins, UNEXPLAINED_ORIGIN, surplus, total)
    sources = hidden(share.sources, UNEXPLAINED, surplus, total)
    return Share(
        total,
        share.u_ppm,
        at_most(ORIGINS_MAX, OTHERS_ORIGIN, origins, total),
        at_most(SOURCES_MAX, OTHERS, sources, total),
    )


def _scaled(share: Share, ug: int, u_ppm: int) -> Share:
    if ug == share.ug:
        return Share(ug, u_ppm, share.origins, share.sources)
    return Share(ug, u_ppm, stretch(share.origins, share.ug, ug), stretch(share.sources, share.ug, ug))


def _model_of(model: str, elements: Mapping[str, Share]) -> str:
    """With something in it that nobody can explain it is a blend at best, whatever the rest is."""
    if any(UNEXPLAINED_ORIGIN in share.origins for share in elements.values()):
        return weakest(model, "controlled_blending")
    return model


# -- questions -----------------------------------------------------------------------------------------------------


def recycled(content: Content, element: str) -> dict[str, Row]:
    """How much of an element came back, by class. What is of no known class may be of any: it counts in every `hi`."""
    share = content.elements.get(element)
    found = {}
    for class_ in RECYCLED:
        mid = lo = hi = other_lo = other_hi = 0
        for origin, row in () if share is None else share.origins.items():
            feed_class = origin.partition("/")[2]
            if feed_class == class_:
                mid, lo, hi = mid + row[0], lo + row[1], hi + row[2]
            else:
                other_hi += row[2]
                if feed_class in UNKNOWN_CLASSES:
                    hi += row[2]
                else:
                    other_lo += row[1]
        total = 0 if share is None else share.ug
        found[class_] = (mid, max(lo, total - other_hi), min(hi, total - other_lo))
    return found


def proven_absent(content: Content, element: str, country: str) -> bool:
    """Whether nothing of an element can be from a country: no row of it, nor of an unknown country, may hold any.

    Nothing is proven of an element that is not recorded, nor by a claim that is no statement about the goods.
    """
    share = content.elements.get(element)
    if share is None or content.model == "book_and_claim":
        return False
    doubtful = (country, *UNKNOWN_COUNTRIES)
    return not any(row[2] for origin, row in share.origins.items() if origin.partition("/")[0] in doubtful)
