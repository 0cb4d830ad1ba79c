"""Traces to draw: as the interface answers them, from a few words."""

from typing import Any

WEB = "{http://www.w3.org/2000/svg}"


def node(batch: str, **told: Any) -> dict[str, Any]:
    plain = {
        "batch": batch,
        "log": "mine.example/log",
        "index": 1,
        "organisation": "Mine",
        "pseudonym": None,
        "event": "transformed",
        "product": "nd_oxide",
        "lot_no": batch,
        "at": "2026-11-23T08:15:00+08:00",
        "country": "CN",
        "standing": "proven",
    }
    return plain | told


def edge(left: str, right: str, mg: int | None = None, share_ppb: int | None = None) -> dict[str, Any]:
    return {"from": left, "to": right, "mass": None if mg is None else {"mg": mg}, "share_ppb": share_ppb}


def trace(
    nodes: list[dict[str, Any]],
    edges: list[dict[str, Any]],
    gaps: tuple[dict[str, Any], ...] = (),
    direction: str = "back",
) -> dict[str, Any]:
    """Of the first of the nodes."""
    root = nodes[0]["batch"]
    return {"root": root, "direction": direction, "nodes": nodes, "edges": edges, "gaps": list(gaps), "cut": False}
