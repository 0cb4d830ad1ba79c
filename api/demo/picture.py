"""A trace as an SVG picture: the first ancestors on the left, the root on the right, gaps drawn as gaps."""

from collections.abc import Mapping
from html import escape
from typing import Any

BOX_W, BOX_H, GAP_X, GAP_Y, MARGIN = 176, 66, 44, 14, 24
_STYLE = (
    "text{font:12px system-ui,sans-serif;fill:#1b2430}.who{fill:#5b6675;font-size:10.5px}.lot{font-weight:600}"
    ".box{fill:#fff;stroke:#b9c2cc}.root{stroke:#0b7a4b;stroke-width:2}.gap{stroke:#8a5a00;stroke-dasharray:4 3}"
    ".edge{fill:none;stroke:#8a96a3;stroke-width:1.3}"
)


def draw_trace(trace: Mapping[str, Any], own: str) -> str:
    """`trace` is the answer of GET …/trace; `own` names the log that bare ids belong to."""
    layers = _layers(trace)
    columns: dict[int, list[Mapping[str, Any]]] = {}
    for node in trace["nodes"]:
        columns.setdefault(layers[node["batch"]], []).append(node)
    deepest = max(columns)
    height = max(map(len, columns.values())) * (BOX_H + GAP_Y) + 2 * MARGIN
    width = (deepest + 1) * (BOX_W + GAP_X) - GAP_X + 2 * MARGIN
    places: dict[str, tuple[int, int]] = {}
    for layer, nodes in columns.items():
        top = (height - len(nodes) * (BOX_H + GAP_Y) + GAP_Y) // 2
        for row, node in enumerate(nodes):
            places[node["batch"]] = (MARGIN + (deepest - layer) * (BOX_W + GAP_X), top + row * (BOX_H + GAP_Y))
    gaps = {gap["at"] for gap in trace["gaps"]}
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img"><style>{_STYLE}</style>',
        f'<rect width="{width}" height="{height}" fill="#f4f6f8"/>',
    ]
    parts += [_edge(places[edge["from"]], places[edge["to"]]) for edge in trace["edges"]]
    parts += [_box(node, places[node["batch"]], trace["root"], gaps, own) for node in trace["nodes"]]
    return "".join(parts) + "</svg>\n"


def _layers(trace: Mapping[str, Any]) -> dict[str, int]:
    """The longest way from the root: whoever feeds two steps stands left of both."""
    depth = {node["batch"]: 0 for node in trace["nodes"]}
    for _ in trace["nodes"]:
        changed = False
        for edge in trace["edges"]:
            if depth[edge["from"]] < depth[edge["to"]] + 1:
                depth[edge["from"]] = depth[edge["to"]] + 1
                changed = True
        if not changed:
            break
    return depth


def _edge(start: tuple[int, int], end: tuple[int, int]) -> str:
    x1, y1, x2, y2 = start[0] + BOX_W, start[1] + BOX_H // 2, end[0], end[1] + BOX_H // 2
    middle = (x1 + x2) // 2
    return f'<path class="edge" d="M{x1} {y1}C{middle} {y1} {middle} {y2} {x2} {y2}"/>'


def _box(node: Mapping[str, Any], place: tuple[int, int], root: str, gaps: set[str], own: str) -> str:
    x, y = place
    kind = "box" + (" root" if node["batch"] == root else "") + (" gap" if node["batch"] in gaps else "")
    lot = node["lot_no"] or node["batch"][-26:][:8]
    who = f"{node['country'] or '--'} · {node['organisation'] or node['log'] or own}"
    return (
        f'<rect class="{kind}" x="{x}" y="{y}" width="{BOX_W}" height="{BOX_H}" rx="8"/>'
        f'<text class="lot" x="{x + 10}" y="{y + 21}">{escape(lot[:24])}</text>'
        f'<text x="{x + 10}" y="{y + 39}">{escape((node["product"] or "?")[:26])}</text>'
        f'<text class="who" x="{x + 10}" y="{y + 55}">{escape(who[:26])}</text>'
    )
