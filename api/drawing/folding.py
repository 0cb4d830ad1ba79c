"""What is drawn of a trace: its batches one by one, or, where they are too many, in groups by organisation and step.

    fold(trace, opened)    spots and links: the same for the picture and for the table below it

A group holds the batches of one log that came to be by the same event as the same product; where even those are too
many, by the same event, and then all of a log. Opened, its batches stand singly, OPENED_MAX of them. Gaps are spots of
their own, one for each reason at each place. The answer of GET …/trace goes in, and nothing is decided.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

SPOTS_MAX = 300
OPENED_MAX = 200
_BY: Sequence[Callable[[Mapping[str, Any]], str]] = (
    lambda node: f"{node['log']} {node['event'] or '?'} {node['product'] or '?'}",
    lambda node: f"{node['log']} {node['event'] or '?'}",
    lambda node: str(node["log"]),
)


@dataclass(frozen=True, slots=True)
class Spot:
    """A box: a batch (one node), a group (several), or a gap (none, and `why`; `to`: whom the goods went to).
    `asked`: the batch that was asked about.
    """

    key: str
    nodes: tuple[Mapping[str, Any], ...] = ()
    asked: bool = False
    group: str = ""
    why: str = ""
    to: str = ""
    count: int = 1

    @property
    def node(self) -> Mapping[str, Any]:
        return self.nodes[0]


@dataclass(frozen=True, slots=True)
class Link:
    """`mass` in mg of all its edges together, None where one of them is not told; `share_ppb` of a single edge."""

    left: str
    right: str
    mass: int | None = None
    share_ppb: int | None = None
    count: int = 1
    missing: bool = False


@dataclass(frozen=True, slots=True)
class Folded:
    """All that is drawn; every batch of the trace is in one of the spots."""

    spots: tuple[Spot, ...]
    links: tuple[Link, ...]

    @property
    def batches(self) -> int:
        return sum(len(spot.nodes) for spot in self.spots)


def fold(trace: Mapping[str, Any], opened: str = "") -> Folded:
    """`opened`: the group whose batches stand singly."""
    nodes, asked = trace["nodes"], trace["root"]
    group_of = _grouping(nodes)
    members: dict[str, list[Mapping[str, Any]]] = {}
    spot_of: dict[str, str] = {}
    singly = 0
    for node in nodes:
        group = "" if node["batch"] == asked else group_of(node)
        alone = not group or (group == opened and singly < OPENED_MAX)
        singly += group == opened
        key = f"batch {node['batch']}" if alone else f"group {group}"
        spot_of[node["batch"]] = key
        members.setdefault(key, []).append(node)
    spots = [
        Spot(
            key,
            tuple(found),
            asked=found[0]["batch"] == asked,
            group=key.removeprefix("group ") if key.startswith("group ") else "",
            count=len(found),
        )
        for key, found in members.items()
    ]
    gaps, open_ends = _gaps(trace, spot_of)
    return Folded((*spots, *gaps), (*_links(trace, spot_of), *open_ends))


def _grouping(nodes: Sequence[Mapping[str, Any]]) -> Callable[[Mapping[str, Any]], str]:
    if len(nodes) <= SPOTS_MAX:
        return lambda _: ""
    return next((by for by in _BY if len({by(node) for node in nodes}) <= SPOTS_MAX), _BY[-1])


def _links(trace: Mapping[str, Any], spot_of: Mapping[str, str]) -> list[Link]:
    """One for each two spots; what lies within a group is not drawn."""
    found: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for edge in trace["edges"]:
        ends = spot_of[edge["from"]], spot_of[edge["to"]]
        if ends[0] != ends[1]:
            found.setdefault(ends, []).append(edge)
    links = []
    for (left, right), edges in found.items():
        told = [edge["mass"]["mg"] for edge in edges if edge["mass"]]
        whole = sum(told) if len(told) == len(edges) else None
        links.append(Link(left, right, whole, edges[0]["share_ppb"] if len(edges) == 1 else None, len(edges)))
    return links


def _gaps(trace: Mapping[str, Any], spot_of: Mapping[str, str]) -> tuple[list[Spot], list[Link]]:
    """A gap lies before what came from it, and behind what went into it."""
    below = _below(trace)
    counts: dict[tuple[str, bool, str, str], int] = {}
    for gap in trace["gaps"]:
        forward = gap["at"] in below or bool(gap.get("to")) or trace["direction"] == "forward"
        place = spot_of[gap["at"]], forward, gap["why"], gap.get("to", "")
        counts[place] = counts.get(place, 0) + 1
    spots, links = [], []
    for number, ((at, forward, why, to), count) in enumerate(counts.items()):
        key = f"gap {number}"
        spots.append(Spot(key, why=why, to=to, count=count))
        links.append(Link(at, key, missing=True) if forward else Link(key, at, missing=True))
    return spots, links


def _below(trace: Mapping[str, Any]) -> set[str]:
    """What became of the batch that was asked about."""
    nexts: dict[str, list[str]] = {}
    for edge in trace["edges"]:
        nexts.setdefault(edge["from"], []).append(edge["to"])
    found: set[str] = set()
    waiting = [trace["root"]]
    while waiting:
        fresh = [batch for batch in nexts.get(waiting.pop(), ()) if batch not in found]
        found.update(fresh)
        waiting += fresh
    return found - {trace["root"]}
