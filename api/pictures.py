"""Pictures of a trace: as SVG, and as DOT, the language of Graphviz.

Ancestors stand left, what was made of them right, whichever way was asked; where the story stops although it went on,
the box is dashed and says why. Both take the answer of GET …/trace and decide nothing.
"""

from collections.abc import Mapping
from html import escape
from typing import Any

from ledger.matter.quantities import show_mg

BOX_W, BOX_H, GAP_X, GAP_Y, MARGIN = 184, 66, 42, 14, 24
WHY: Mapping[str, tuple[str, str]] = {
    "not_disclosed": ("not disclosed to this node", "未向本节点披露"),
    "outside": ("outside the federation", "在体系之外"),
    "cut_at_period_close": ("a pool's period: what went in is not shown", "料仓/槽体周期：投入未展示"),
    "cut_off": ("the trace was cut off here", "追溯在此截断"),
}
"""Why a trace stops at a place, in English and Chinese."""
_STYLE = (
    "text{font:12px system-ui,sans-serif;fill:#1b2430}.who{fill:#5b6675;font-size:10.5px}.lot{font-weight:600}"
    ".box{fill:#fff;stroke:#b9c2cc}.start{stroke:#0b7a4b;stroke-width:2}.gap{stroke:#8a5a00;stroke-dasharray:4 3}"
    ".why{fill:#8a5a00;font-size:10.5px}.edge{fill:none;stroke:#8a96a3;stroke-width:1.3}"
)


def draw_trace(trace: Mapping[str, Any], own: str) -> str:
    """An SVG. `own` names the node whose batches have bare ids."""
    layers = _layers(trace)
    columns: dict[int, list[Mapping[str, Any]]] = {}
    for node in trace["nodes"]:
        columns.setdefault(layers[node["batch"]], []).append(node)
    deepest = max(columns)
    gaps = gaps_of(trace)
    height = max(map(len, columns.values())) * (BOX_H + GAP_Y) + 2 * MARGIN
    width = (deepest + 1) * (BOX_W + GAP_X) - GAP_X + 2 * MARGIN
    places: dict[str, tuple[int, int]] = {}
    for layer, nodes in columns.items():
        top = (height - len(nodes) * (BOX_H + GAP_Y) + GAP_Y) // 2
        for row, node in enumerate(nodes):
            places[node["batch"]] = (MARGIN + (deepest - layer) * (BOX_W + GAP_X), top + row * (BOX_H + GAP_Y))
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img"><style>{_STYLE}</style>',
        f'<rect width="{width}" height="{height}" fill="#f4f6f8"/>',
    ]
    parts += [_edge(places[edge["from"]], places[edge["to"]]) for edge in trace["edges"]]
    for node in trace["nodes"]:
        kind = "box" + {trace["root"]: " start"}.get(node["batch"], "")
        parts.append(_box(node, places[node["batch"]], kind, gaps.get(node["batch"], []), own))
    return "".join(parts) + "</svg>\n"


def draw_dot(trace: Mapping[str, Any], own: str) -> str:
    """A DOT graph, for `dot -Tsvg` and its kind; each edge with its mass, each gap a node of its own."""
    lines = ["digraph trace {", "  rankdir=LR; node [shape=box];"]
    for node in trace["nodes"]:
        style = {trace["root"]: ", penwidth=2"}.get(node["batch"], "")
        lines.append(f"  {_quoted(node['batch'])} [label={_quoted(_what(node), _who(node, own))}{style}];")
    for edge in trace["edges"]:
        mass = f" [label={_quoted(show_mg(edge['mass']['mg']))}]" if edge["mass"] else ""
        lines.append(f"  {_quoted(edge['from'])} -> {_quoted(edge['to'])}{mass};")
    for number, gap in enumerate(trace["gaps"]):
        ends = [f"gap{number}", _quoted(gap["at"])]
        if trace["direction"] == "forward":
            ends.reverse()
        lines.append(f"  gap{number} [label={_quoted(why_of(gap)[0])}, style=dashed];")
        lines.append(f"  {ends[0]} -> {ends[1]} [style=dashed];")
    return "\n".join([*lines, "}", ""])


def gaps_of(trace: Mapping[str, Any]) -> dict[str, list[Mapping[str, Any]]]:
    """Batch → the gaps there."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    for gap in trace["gaps"]:
        found.setdefault(gap["at"], []).append(gap)
    return found


def why_of(gap: Mapping[str, Any]) -> tuple[str, str]:
    """A gap in words, in English and Chinese; with whom the goods went to, where that is told."""
    english, chinese = WHY.get(gap["why"], (gap["why"], gap["why"]))
    return (f"{gap['to']}: {english}", f"{gap['to']}：{chinese}") if gap.get("to") else (english, chinese)


def _layers(trace: Mapping[str, Any]) -> dict[str, int]:
    """The longest way to what came last: whoever feeds two steps stands left of both."""
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


def _box(node: Mapping[str, Any], place: tuple[int, int], kind: str, gaps: list[Mapping[str, Any]], own: str) -> str:
    x, y = place
    lot = (node["lot_no"] or node["batch"][-26:][:10])[:26]
    drawn = (
        f'<rect class="{kind}{" gap" if gaps else ""}" x="{x}" y="{y}" width="{BOX_W}" height="{BOX_H}" rx="8"/>'
        f'<text class="lot" x="{x + 10}" y="{y + 20}">{escape(lot)}</text>'
        f'<text x="{x + 10}" y="{y + 37}">{escape((node["product"] or "?")[:26])}</text>'
    )
    said = "; ".join(why_of(gap)[0] for gap in gaps)
    kind, text = ("why", said) if gaps else ("who", _who(node, own))
    return drawn + f'<text class="{kind}" x="{x + 10}" y="{y + 54}">{escape(text[:32])}</text>'


def _what(node: Mapping[str, Any]) -> str:
    return f"{node['product'] or '?'} {node['lot_no'] or ''}".strip()


def _who(node: Mapping[str, Any], own: str) -> str:
    return f"{node['country'] or '--'} · {node['organisation'] or node['log'] or own}"


def _quoted(*lines: str) -> str:
    """A DOT string of these lines; only quotes and backslashes mean something in one."""
    escaped = (line.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ") for line in lines)
    return '"' + "\\n".join(escaped) + '"'
