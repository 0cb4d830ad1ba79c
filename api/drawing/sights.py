"""How this node shows its traces: names in the reader's language, masses that are open to it, links to its pages."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal
from urllib.parse import quote, urlencode

from fastapi import Query

from api.drawing.folding import Folded, fold
from api.drawing.genealogy import Sight, draw
from api.screens.named import country_name
from nodes import trace
from nodes.called import organisations
from nodes.node import Node

Direction = Literal["back", "forward", "both"]
Group = Annotated[str, Query(max_length=500)]


def picture(node: Node, found: Mapping[str, Any], language: str, group: str = "") -> str:
    """A file of its own. Its links lead to where labels lead, for a file has no server around it."""
    folded = fold(found, group)
    return draw(folded, sight(node, found, folded, language, at=node.settings.label_url))


def sight(node: Node, found: Mapping[str, Any], folded: Folded, language: str, at: str = "") -> Sight:
    """Without `at`, of a picture that is part of a page of this node."""

    def link(batch: str, **more: str) -> str:
        asked = {"direction": found["direction"], **more, "lang": language}
        return f"{at}/trace/{quote(batch, safe='')}?{urlencode(asked)}"

    logs = {one["log"] for one in found["nodes"]} | {f"{gap['to']}/log" for gap in found["gaps"] if gap.get("to")}
    with node.store.read() as conn:
        names = organisations(conn, node, logs, language)
    return Sight(
        node.settings.name,
        0 if language == "en" else 1,
        lambda product: node.reference.product_name(product, language),
        lambda country: country_name(country, language),
        link,
        lambda group: link(found["root"], group=group),
        trace.masses(node, (spot.node for spot in folded.spots if spot.nodes and not spot.group)),
        names,
        alone=bool(at),
    )
