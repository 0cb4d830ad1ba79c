"""What goods usually hold, where nobody has assayed them: from the reference data, and as uncertain as that is.

Promises: an answer of the same form as an assay's, with the status `typical`; None where the reference data does not
know the product's elements. A product that holds no rare earths is known: its content is empty.
"""

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

from ledger.matter.assays import Assay, Content
from ledger.matter.compositions import EXACT_ONE, Split, Term, metal_terms, oxide_terms, usual_split
from ledger.matter.elements import ELEMENTS
from ledger.matter.reference import Reference


def typical(
    product: str,
    mg: int,
    reference: Reference,
    *,
    basis: str = "net",
    grade: str | None = None,
    feed_class: str | None = None,
) -> Content | None:
    """The usual elements of goods of `mg`; a magnet's need its grade, an ore's its feed class."""
    found = typical_assay(product, reference, grade=grade, feed_class=feed_class)
    return None if found is None else found.content(mg, basis)


def typical_assay(
    product: str, reference: Reference, *, grade: str | None = None, feed_class: str | None = None
) -> Assay | None:
    row = reference.products.get(product, {})
    composition = row.get("composition")
    graded = reference.tables["grades"].get(grade or "")
    if graded is not None and graded["product"] == product:
        parts = metal_terms(_of_grade(graded, reference), reference)
    elif composition is None:
        return None
    elif composition["of"] == "reo":
        split = usual_split(product, reference, feed_class)
        if split is None:
            return None
        parts = {"T": _total(composition), **oxide_terms(split, reference)}
    elif "split_pct" not in composition:
        return None
    else:
        parts = _of_metal(composition, reference)
    # The totals of the table are of goods as they are sold, so no water stands between them and the net mass.
    water = {} if reference.holds_water(product) else {"W": EXACT_ONE}
    held = tuple(element for element in ELEMENTS if element in parts)
    return Assay(product, "as_received", "typical", {}, {**water, **parts}, held)


def _total(composition: Mapping[str, Any]) -> Term:
    percent = Fraction(composition["total_pct"])
    return Term(percent / 100, (Fraction(composition["u_pct"]) / percent) ** 2)


def _of_metal(composition: Mapping[str, Any], reference: Reference) -> dict[str, Term]:
    split = [(element, Decimal(percent), Decimal(u)) for element, percent, u in composition["split_pct"]]
    if not split:
        return metal_terms([], reference)
    total = _total(composition)
    parts = metal_terms(split, reference, total.value)
    return {**parts, "T": Term(parts["T"].value, total.variance)}


def _of_grade(row: Mapping[str, Any], reference: Reference) -> Split:
    """The middle of each range, and half the range as its uncertainty; Pr and Nd as in the metal that is charged.

    Tb comes by diffusion only: none is assumed.
    """
    (low, high), (dy_low, dy_high) = ([Decimal(end) for end in row[name]] for name in ("prnd_pct", "dy_pct"))
    prnd, dy = (low + high) / 2, (dy_low + dy_high) / 2
    half = (high - low) / 2
    charged = reference.products["prnd_metal"]["composition"]["split_pct"]
    found = [
        (element, prnd * Decimal(share) / 100, (prnd * Decimal(u) + half * Decimal(share)) / 100)
        for element, share, u in charged
    ]
    return [*found, *([("Dy", dy, (dy_high - dy_low) / 2)] if dy else [])]
