"""A trace as DOT, the language of Graphviz; and why a trace stops where it stops, in words.

Ancestors stand left, what was made of them right, whichever way was asked; where the story stops although it went on,
a dashed box says why. Takes the answer of GET …/trace and decides nothing.
"""

from collections.abc import Mapping
from typing import Any

from ledger.matter.quantities import show_mg

WHY: Mapping[str, tuple[str, str]] = {
    "not_disclosed": ("not disclosed to this node", "未向本节点披露"),
    "outside": ("outside the federation", "在体系之外"),
    "cut_at_period_close": ("a pool's period: what went in is not shown", "料仓/槽体周期：投入未展示"),
    "cut_off": ("the trace was cut off here", "追溯在此截断"),
}
"""Why a trace stops at a place, in English and Chinese."""


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


def why_of(gap: Mapping[str, Any]) -> tuple[str, str]:
    """A gap in words, in English and Chinese; with whom the goods went to, where that is told."""
    english, chinese = WHY.get(gap["why"], (gap["why"], gap["why"]))
    return (f"{gap['to']}: {english}", f"{gap['to']}：{chinese}") if gap.get("to") else (english, chinese)


def _what(node: Mapping[str, Any]) -> str:
    return f"{node['product'] or '?'} {node['lot_no'] or ''}".strip()


def _who(node: Mapping[str, Any], own: str) -> str:
    return f"{node['country'] or '--'} · {node['organisation'] or node['log'] or own}"


def _quoted(*lines: str) -> str:
    """A DOT string of these lines; only quotes and backslashes mean something in one."""
    escaped = (line.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ") for line in lines)
    return '"' + "\\n".join(escaped) + '"'
