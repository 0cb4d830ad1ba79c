"""Traces: a batch's genealogy as this node knows it, gaps said as gaps.

What came from other logs was verified when it arrived and is kept here, so a trace asks nobody.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ledger.entries import id_in
from ledger.log.disclosures import open_disclosures
from ledger.matter.event_types import EVENT_TYPES
from ledger.matter.flows import brought_forth
from ledger.verdict import CLAIMED, PROVEN
from nodes import downstream
from nodes.called import organisations
from nodes.node import Node
from nodes.recomputed import restated_by
from nodes.store import codes, genealogy, log, upstream
from nodes.store.engine import Connection

NODES_MAX = 100_000
FROM_OUTSIDE = frozenset({"bought_outside", "imported", "unknown_opening"})
"""Origin classes whose own origin lies outside the federation: a gap, until papers of a regime fill it."""

_ORIGIN = [slot.name for slot in EVENT_TYPES["registered"]].index("origin")


def trace(node: Node, code: str, direction: str, limit: int = NODES_MAX) -> dict[str, Any]:
    """Ancestors ("back") or descendants ("forward") of a batch, named by id or own code; or "both".

    An edge's `share_ppb` is its part of all that went into the child, where every such mass is known. A batch's
    `recomputed_by` are our adjustments and assays that changed what it is made of (nodes/recomputed.py).
    """
    if direction == "both":
        return _joined(*(trace(node, code, way, limit) for way in ("back", "forward")))
    with node.store.read() as conn:
        batch = codes.find_batch(conn, code)
        found = genealogy.trace(conn, batch, direction, limit)
        names = organisations(conn, node, {one.log for one in found.nodes})
        gaps = _gaps(conn, found, direction)
        told = downstream.told_of(
            conn, node.origin, [(one.batch, one.log or node.origin, one.index) for one in found.nodes]
        )
        restated = restated_by(conn, [one.entry_no for one in found.nodes if one.entry_no is not None])
    return {
        "root": batch,
        "direction": direction,
        "nodes": [
            {
                "batch": one.batch,
                "log": one.log or node.origin,
                "index": one.index,
                "organisation": names.get(one.log),
                "pseudonym": None,
                "event": one.event,
                "product": one.product,
                "lot_no": one.lot_no,
                "at": one.at,
                "country": one.country,
                "standing": PROVEN if one.entry_no is not None else CLAIMED,
                "news": told.get(one.batch, []),
                "recomputed_by": restated.get(-1 if one.entry_no is None else one.entry_no, []),
            }
            for one in found.nodes
        ],
        "edges": [
            {
                "from": link.parent,
                "to": link.child,
                "mass": None if link.mg is None else {"mg": link.mg},
                "share_ppb": _share(link.mg, found.taken.get(link.child)),
            }
            for link in found.links
        ],
        "gaps": gaps,
        "cut": found.cut,
    }


def _joined(back: dict[str, Any], forward: dict[str, Any]) -> dict[str, Any]:
    """Both ways of one batch. A batch may lie on both only where a log tells of a circle; then it is named once."""
    known, edges = {one["batch"] for one in back["nodes"]}, {(one["from"], one["to"]) for one in back["edges"]}
    return {
        **back,
        "direction": "both",
        "nodes": back["nodes"] + [one for one in forward["nodes"] if one["batch"] not in known],
        "edges": back["edges"] + [one for one in forward["edges"] if (one["from"], one["to"]) not in edges],
        "gaps": back["gaps"] + [one for one in forward["gaps"] if one not in back["gaps"]],
        "cut": back["cut"] or forward["cut"],
    }


def masses(node: Node, batches: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """Nodes of a trace → mg of each batch as it was made, where the entry that made it is open to us. What was booked
    otherwise since then is in the books, not here. Reads each of those entries: for as many as are looked at.
    """
    wanted = {id_in(one["batch"], node.origin, ""): one for one in batches if one["index"] is not None}
    places = {(one["log"], one["index"]) for one in wanted.values()}
    with node.store.read() as conn:
        own = log.entries_at(conn, [index for origin, index in places if origin == node.origin])
        foreign = upstream.at(conn, [place for place in places if place[0] != node.origin]).values()
        events = {entry.index: entry.event for entry in own} | {entry.entry_no: entry.event for entry in foreign}
        flows = log.flows_at(conn, events)
    made: dict[str, int] = {}
    for entry_no, event in events.items():
        found = [(event.ids.get("batch"), event.scalar("quantity").get("mg"))] if event.type == "registered" else []
        for id_, mg in [*found, *brought_forth(flows.get(entry_no))]:
            one = None if id_ is None or mg is None else wanted.get(id_in(id_, event.origin, ""))
            if one is not None and mg is not None:
                made[one["batch"]] = mg
    return made


def _share(mg: int | None, total: int | None) -> int | None:
    return None if mg is None or not total else mg * 10**9 // total


def _gaps(conn: Connection, found: genealogy.Trace, direction: str) -> list[dict[str, str]]:
    """Where the story stops although it went on: not disclosed to us, at a pool's period, or outside the federation."""
    events = {one.batch: one.event for one in found.nodes}
    periods = {link.parent for link in found.links if events[link.child] in ("drawn", "closed")}
    gaps = [
        {"at": one.batch, "why": "cut_at_period_close" if one.batch in periods else "not_disclosed"}
        for one in found.nodes
        if one.entry_no is None
    ]
    if direction == "back":
        ends = {one.batch: one.entry_no for one in found.nodes if one.event == "registered"}
        classes = _origin_classes(conn, [entry_no for entry_no in ends.values() if entry_no is not None])
        gaps += [{"at": batch, "why": "outside"} for batch, no in ends.items() if classes.get(no) in FROM_OUTSIDE]
    else:
        for batch, to in genealogy.sent(conn, [one.batch for one in found.nodes]):
            gaps.append({"at": batch, "why": "not_disclosed" if to else "outside", "to": to})
    if found.cut:
        gaps.append({"at": found.nodes[0].batch, "why": "cut_off"})
    return gaps


def _origin_classes(conn: Connection, entry_nos: Sequence[int]) -> dict[int | None, Any]:
    """Registering entry → origin class, as it is disclosed to us. There may be thousands: of our own, only the one
    disclosure is read, for all of them are here and in their order.
    """
    own = log.disclosures_at(conn, [no for no in entry_nos if no >= 0])
    foreign = upstream.numbered(conn, [no for no in entry_nos if no < 0])
    classes: dict[int | None, Any] = {no: entry.event.scalar("origin").get("class") for no, entry in foreign.items()}
    for no, opened in zip(own, open_disclosures([texts[_ORIGIN] for texts in own.values()]), strict=True):
        assert opened.path == "origin", "disclosures are kept in slot order"
        assert isinstance(opened.value, dict), "a registration states its origin"
        classes[no] = opened.value.get("class")
    return classes
