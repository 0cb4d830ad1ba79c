"""What outputs are made of: the element totals of each output of a process, and how sure they are.

The first that applies, output by output:
1. its own assay;
2. where the process only parts or joins, whatever the product is called, or shapes goods without changing what they are
   (metal stays metal, or the product is one that went in): the mix, in proportion to mass. Losses take their part with
   them, but water and gas take none;
3. where a process keeps the elements and changes their form (oxide to metal): the total that is typical of the product,
   divided among its elements as the mix is, if any of these went in at all;
4. what is typical of the product;
5. nothing.

Pure arithmetic on integers, rounded half even once. Does not check that there is as much: the balance does.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ledger.matter.assays import parse_assay
from ledger.matter.elements import ELEMENTS
from ledger.matter.provenance import Content, Totals
from ledger.matter.reference import CONSERVING, Reference
from ledger.matter.rows import share_out
from ledger.matter.typical import typical

WITHOUT_ELEMENTS = frozenset({"water", "moisture", "drying", "ignition", "oxygen", "gas", "oil"})
"""Kinds of losses that carry no rare earths."""
_METALLIC = frozenset({"metal", "alloy", "flake", "powder", "block", "magnet", "swarf", "motor", "scrap"})


@dataclass(frozen=True, slots=True)
class Told:
    """An output's totals; `rank` as in makeups.RANKS."""

    totals: Totals
    rank: str


def totals_of_outputs(
    mixed: Content,
    inputs: Iterable[str],
    rows: Sequence[Mapping[str, Any]],
    losses: Sequence[Mapping[str, Any]],
    processes: Sequence[str],
    reference: Reference,
    rank: str,
    stays_mg: int = 0,
) -> list[Told]:
    """`inputs`: the products that went in; `rows`: the outputs, as the event tells them.

    `rank` is how sure the mix is, `stays_mg` what of it stays where it is, in a pool.
    """
    found: list[Told | None] = [
        None
        if row.get("assay") is None
        else by_assay(row["assay"], row["product"], row["mg"], row["basis"], reference, f"outputs[{at}].assay")
        for at, row in enumerate(rows)
    ]
    keeps = all(reference.keeps_elements(process) for process in processes) and bool(processes)
    parts = bool(processes) and CONSERVING.issuperset(processes)
    carried = [
        at
        for at, row in enumerate(rows)
        if found[at] is None and keeps and (parts or same_goods(row["product"], inputs, reference))
    ]
    _carry(mixed, found, carried, rows, losses, rank, stays_mg)
    return [
        one if one is not None else _by_product(mixed, row, keeps, reference)
        for one, row in zip(found, rows, strict=True)
    ]


def by_assay(
    told: Mapping[str, Any], product: str, mg: int, basis: str, reference: Reference, where: str, **known: str | None
) -> Told:
    """What goods hold by an assay, whoever made them and wherever it is stated; `known` as in parse_assay."""
    assay = parse_assay(told, product, reference, where, custody=basis, **known)
    return Told(rare_earths(assay.content(mg, basis)), assay.rank)


def rare_earths(totals: Totals) -> dict[str, tuple[int, int]]:
    """What provenance follows; iron and boron stand in the assay only."""
    return {element: totals[element] for element in ELEMENTS if element in totals}


def same_goods(product: str, inputs: Iterable[str], reference: Reference) -> bool:
    """Whether goods are only shaped where this comes of those."""
    forms = {reference.form(one) for one in inputs if one}
    return product in inputs or (reference.form(product) in _METALLIC and bool(forms & _METALLIC))


def _carry(
    mixed: Content,
    found: list[Told | None],
    carried: Sequence[int],
    rows: Sequence[Mapping[str, Any]],
    losses: Sequence[Mapping[str, Any]],
    rank: str,
    stays_mg: int,
) -> None:
    """Gives the carried outputs what assayed ones leave of the mix, by mass; the losses of matter take their part."""
    if not carried:
        return
    weights = [rows[at]["mg"] for at in carried]
    lost = stays_mg + sum(loss["mg"] for loss in losses if loss["kind"] not in WITHOUT_ELEMENTS)
    totals: list[dict[str, tuple[int, int]]] = [{} for _ in carried]
    for element, share in mixed.elements.items():
        told = sum(one.totals[element][0] for one in found if one is not None and element in one.totals)
        left = max(0, share.ug - told)
        *parts, _ = share_out(left, [*weights, lost])
        for one, ug in zip(totals, parts, strict=True):
            if ug:
                one[element] = (ug, share.u_ppm)
    for at, one in zip(carried, totals, strict=True):
        found[at] = Told(one, rank)


def _by_product(mixed: Content, row: Mapping[str, Any], keeps: bool, reference: Reference) -> Told:
    usual = rare_earths(typical(row["product"], row["mg"], reference, basis=row["basis"]) or {})
    in_mix = sum(share.ug for share in mixed.elements.values())
    if not keeps or not in_mix or usual.keys().isdisjoint(mixed.elements):
        return Told(usual, "typical")
    total = sum(ug for ug, _ in usual.values())
    u_ppm = max(u for _, u in usual.values())
    names = sorted(mixed.elements)
    parts = share_out(total, [mixed.elements[name].ug for name in names])
    return Told({name: (ug, u_ppm) for name, ug in zip(names, parts, strict=True) if ug}, "typical")
