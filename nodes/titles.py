"""Goods of ours that stand with others and came to belong to somebody else, as those say who keep them."""

from typing import Any

from ledger.entries import id_in
from nodes.node import Node
from nodes.store import upstream


def told(node: Node) -> list[dict[str, Any]]:
    """The newest first. A batch of our own is named by its id alone."""
    with node.store.read() as conn:
        found = upstream.of_types(conn, node.policy.logs, ("title_transferred",))
    mine = [one for one in found if one.event.scalar("transfer").get("from") == node.settings.name]
    mine.sort(key=lambda one: one.entry_no)  # numbers of others' entries count downwards
    return [
        {
            "log": one.log,
            "index": one.index,
            "at": one.event.scalar("transfer")["at"],
            "to": one.event.scalar("transfer")["to"],
            "lines": [
                {**row, "batch": id_in(row["batch"], one.log, node.origin)}
                for row in one.event.scalar("transfer").get("goods") or ()
            ],
        }
        for one in mine
    ]
