"""Notices as people read them: what other nodes told us of goods that we hold, of our samples, of shared shipments."""

from typing import Any

from ledger.entries import id_in
from ledger.matter import genealogy
from ledger.matter.event_types import NEWS
from nodes import downstream
from nodes.called import organisations
from nodes.downstream import News
from nodes.node import Node
from nodes.store import codes, stock, upstream
from nodes.store.engine import Connection
from nodes.store.upstream import Upstream


def notices(node: Node, limit: int) -> list[dict[str, Any]]:
    """The newest first. What a partner told another, and we saw in evidence, is among them."""
    with node.store.read() as conn:
        found = upstream.of_types(conn, node.policy.logs, (*NEWS, "assayed"))
        over = downstream.ended(_news(one) for one in found)
        found = sorted(found, key=lambda one: one.entry_no)[:limit]
        names = organisations(conn, node, {one.log for one in found})
        return [_shown(conn, node, one, names, over) for one in found]


def _news(one: Upstream) -> News:
    return News(one.entry_no, one.index, one.event, (), ())


def _shown(
    conn: Connection,
    node: Node,
    one: Upstream,
    names: dict[str, str],
    over: frozenset[str],
) -> dict[str, Any]:
    event, lock = one.event, _news(one).lock
    told = event.scalar("hold") or event.scalar("recall")
    found = downstream.concern(conn, node.origin, event, below_pools=True)
    batches = [*found.batches, *(batch for of in found.shipped.values() for batch in of)]
    if event.scalar("assaying"):
        batches.append(id_in(event.scalar("assaying")["batch"], event.origin, node.origin))
    asks = event.scalar("adjustment").get("with") == node.settings.name and not event.scalar("consent")
    return {
        "type": event.type,
        "log": one.log,
        "index": one.index,
        "organisation": names.get(one.log),
        "at": genealogy.event_at(event),
        "batches": [{"batch": id_, **_named(conn, id_)} for id_ in dict.fromkeys(batches)],
        "corrected": sorted(genealogy.corrected(event)) if event.type in ("amended", "reversed", "adjusted") else [],
        "lock": lock,
        "ended": lock in over if event.type in ("held", "recalled") else None,
        "kind": told.get("kind"),
        "text": told.get("text"),
        "report": dict(event.scalar("report")) or None,
        "assay": dict(event.scalar("assay")) or None,
        "awaits_consent": asks and not stock.load(conn, [("consent", f"{one.log}#{one.index}")]),
    }


def _named(conn: Connection, batch: str) -> dict[str, str | None]:
    product, lot_no = codes.words_of(conn, batch)
    return {"product": product, "lot_no": lot_no}
