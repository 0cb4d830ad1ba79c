"""Pools as people see them: which period is open, what has gone in and come out, and what of each element is in it now.

Kilograms are what custody booked; elements follow from assays and from what is typical of the goods, each with its
uncertainty, so what is in a pool is as sure as that.
"""

from collections.abc import Mapping
from typing import Any

from ledger.errors import Unknown
from ledger.matter.elements import ELEMENTS
from ledger.matter.makeups import PoolContent, pool_key
from ledger.matter.provenance import Content
from ledger.matter.stock import Pool, load_kept
from nodes.contents import compositions
from nodes.node import Node
from nodes.store import states
from nodes.store.engine import Connection


def pools(node: Node) -> list[dict[str, Any]]:
    """All pools that were ever charged, by code."""
    with node.store.read() as conn:
        return _shown(conn, node, states.every(conn, "pool"))


def one_pool(node: Node, code: str) -> dict[str, Any]:
    """Unknown for a pool that was never charged."""
    with node.store.read() as conn:
        found = _shown(conn, node, states.load(conn, "pool", [code]))
    if not found:
        raise Unknown("pool-unknown", field="pool", value=code)
    return found[0]


def _shown(conn: Connection, node: Node, texts: Mapping[str, str]) -> list[dict[str, Any]]:
    makeups = compositions(conn, node.rulesets, map(pool_key, texts))
    shown = []
    for code, text in texts.items():
        pool = load_kept("pool", text)
        assert isinstance(pool, Pool), "kept under its kind"
        content = makeups[pool_key(code)]
        held = content if isinstance(content, PoolContent) else None
        shown.append(
            {
                "pool": code,
                "period": pool.period or None,
                "site": pool.site or None,
                "process": pool.process,
                "in_mg": pool.in_mg,
                "out_mg": pool.out_mg,
                "draws": pool.draws,
                "model": None if held is None else held.now.model,
                "now": elements_of(None if held is None else held.now),
                "went_in": elements_of(None if held is None else held.went_in),
            }
        )
    return shown


def elements_of(content: Content | None) -> list[dict[str, Any]]:
    """Each element with its µg as metal (text, for it may be larger than JSON's integers) and its uncertainty."""
    if content is None:
        return []
    return [
        {"element": element, "ug": str(share.ug), "u_ppm": share.u_ppm}
        for element in ELEMENTS
        if (share := content.elements.get(element)) is not None
    ]
