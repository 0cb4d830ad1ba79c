"""Makeups: what a batch is made of and how sure that is, and what is in a pool. Values, and their canonical text.

A composition is derived from the log like stock is (contents.py derives it), and kept by whoever keeps stock.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from ledger.matter.provenance import Content, Share

RANKS = ("typical", "provisional", "final", "agreed")
"""How sure a composition is: a later assay replaces an earlier one of its rank or below."""
TYPICAL = "typical"
"""The method of an assay that nobody made: what such goods usually are, as sure as that is, wherever they go."""
_print = json.JSONEncoder(ensure_ascii=False, check_circular=False, sort_keys=True, separators=(",", ":")).encode


@dataclass(frozen=True, slots=True)
class Composition:
    """What a batch is made of. `mg` of its content is on the batch's own basis; `rank` is one of RANKS.

    `origin` is where registered goods are from whose elements nobody told yet; their first assay will. `entries` are
    the indexes of the log's entries that made and changed it, in order, without what was reversed; adjustments and
    assays of it, or of what it was made of, are `adjusted`, its own assays among `entries` too. `made` is what it was
    as made, where that is another content by now: recompute.py begins there.
    """

    product: str
    basis: str
    content: Content
    rank: str = "typical"
    origin: str = ""
    entries: tuple[int, ...] = ()
    adjusted: tuple[int, ...] = ()
    made: "Composition | None" = None

    def as_made(self) -> "Composition":
        """As the log began with it: before anything was taken of it, or measured anew."""
        return self.made or replace(self, content=replace(self.content, taken_mg=self.content.gone_mg))


@dataclass(frozen=True, slots=True)
class PoolContent:
    """What is in a pool now, and what has gone into its period since that opened."""

    now: Content
    went_in: Content


Makeup = Composition | PoolContent


def is_sure(rank: str) -> bool:
    """Whether figures of this rank come from an assay, and not from what the product usually holds."""
    return rank != RANKS[0]


def pool_key(code: str) -> str:
    """The key under which a pool's content stands among the compositions of batches."""
    return f"pool/{code}"


def pool_of(key: str) -> str | None:
    """The code of the pool whose content stands under a key; None for the id of a batch."""
    return key.removeprefix("pool/") if key.startswith("pool/") else None


def as_assay(makeup: Composition) -> dict[str, Any] | None:
    """A composition that was carried over from what went in, stated as an assay, for whoever gets the goods.

    Percent of the net mass as metal, to seven decimals; None where nothing is known, or the mass is no net mass.
    """
    content = makeup.content
    if makeup.basis != "net" or not content.elements:
        return None
    percent = {
        element: (Decimal(share.ug) / (content.mg * 10)).quantize(Decimal("0.0000001"))
        for element, share in content.elements.items()
    }
    told = {element: value for element, value in percent.items() if value}
    uncertain = [[element, f"{value * content.elements[element].u_ppm / 10**6:.7f}"] for element, value in told.items()]
    return {
        "basis": "as_received",
        "elements_pct": [[element, f"{value.normalize():f}"] for element, value in told.items()],
        "uncertainty_pct": {"elements_pct": uncertain},
        "method": "carried" if is_sure(makeup.rank) else TYPICAL,
        "status": "final" if makeup.rank in ("final", "agreed") else "provisional",
    }


def dump_makeup(makeup: Makeup) -> str:
    """Canonical JSON text; amounts are plain integers of any size, which only this file reads."""
    if isinstance(makeup, PoolContent):
        plain: dict[str, Any] = {"now": _plain(makeup.now), "went_in": _plain(makeup.went_in)}
    else:
        plain = _composition(makeup)
    return _print(plain)


def _composition(makeup: Composition) -> dict[str, Any]:
    plain: dict[str, Any] = {
        "basis": makeup.basis,
        "content": _plain(makeup.content),
        "entries": makeup.entries,
        "origin": makeup.origin,
        "product": makeup.product,
        "rank": makeup.rank,
    }
    if makeup.adjusted:
        plain["adjusted"] = makeup.adjusted
    if makeup.made is not None:
        plain["made"] = _composition(makeup.made)
    return plain


def load_makeup(text: str) -> Makeup:
    plain = json.loads(text)
    if "now" in plain:
        return PoolContent(_content(plain["now"]), _content(plain["went_in"]))
    return _load(plain)


def _load(plain: Mapping[str, Any]) -> Composition:
    return Composition(
        plain["product"],
        plain["basis"],
        _content(plain["content"]),
        plain["rank"],
        plain["origin"],
        tuple(plain.get("entries", ())),
        tuple(plain.get("adjusted", ())),
        _load(plain["made"]) if "made" in plain else None,
    )


def _plain(content: Content) -> dict[str, Any]:
    elements = {
        element: [share.ug, share.u_ppm, share.origins, share.sources] for element, share in content.elements.items()
    }
    plain = {"elements": elements, "mg": content.mg, "model": content.model, "taken_mg": content.taken_mg}
    return {**plain, "gone_mg": content.gone_mg} if content.gone_mg else plain


def _content(plain: Mapping[str, Any]) -> Content:
    elements = {
        element: Share(
            ug,
            u_ppm,
            {key: (mid, lo, hi) for key, (mid, lo, hi) in origins.items()},
            {key: (mid, lo, hi) for key, (mid, lo, hi) in sources.items()},
        )
        for element, (ug, u_ppm, origins, sources) in plain["elements"].items()
    }
    return Content(plain["mg"], elements, plain["model"], plain["taken_mg"], plain.get("gone_mg", 0))
