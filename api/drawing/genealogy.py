"""The picture of a trace: what goods came from and what became of them, left to right, as SVG.

    draw(fold(trace), sight)    text of an SVG

A batch is a box with its lot, product, organisation, day and standing; standing is a word and a shape, not a colour
alone. A gap is a dashed box that says why the story stops there. A group is a pile with a number. Every box and edge
has its whole text in a <title>, every batch is a link. Decides nothing: words come from the `Sight`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from xml.etree import ElementTree as ET

from api.drawing.folding import Folded, Link, Spot
from api.drawing.layers import Layout, arrange
from api.drawing.svg import add, cut, drawing, lines, printed
from api.pictures import WHY
from ledger.matter.quantities import show_mg
from ledger.verdict import ATTESTED, CLAIMED, PROVEN, WORDS

BOX_W, BOX_H, GAP_H, GAP_X, MARGIN = 216, 88, 60, 128, 24
_PORTS_TOLD = 5
"""More edges than this at one side of a box: their masses stand in titles and in the table only."""
_SIGNS = {
    PROVEN: "M0-6A6 6 0 1 1 0 6A6 6 0 1 1 0-6Z",
    ATTESTED: "M0-7L7 0L0 7L-7 0Z",
    CLAIMED: "M-5-5H5V5H-5Z",
}
"""A disc, a diamond, an empty square."""


@dataclass(frozen=True, slots=True)
class Sight:
    """For whom it is drawn: `place` 0 for English and 1 for Chinese, how a product and a country are called, where a
    batch and a group lead, who the node itself is. `organisations`: log → what else than the trace tells it is called.
    `masses`: batch → mg as it was made, where that is known. `alone`: a file, not a part
    of a page.
    """

    own: str
    place: int = 0
    product: Callable[[str], str] = str
    country: Callable[[str], str] = str
    batch_link: Callable[[str], str] = lambda _: ""
    group_link: Callable[[str], str] = lambda _: ""
    masses: Mapping[str, int] = field(default_factory=dict)
    organisations: Mapping[str, str] = field(default_factory=dict)
    alone: bool = True
    words: Mapping[str, tuple[str, str]] = field(
        default_factory=lambda: {
            "title": ("Genealogy of {0}", "{0} 的谱系"),
            "about": (
                "{0} batches, {1} links, {2} gaps, from left to right",
                "共 {0} 个批次、{1} 条连接、{2} 处缺口，由左至右",
            ),
            "batches": ("{0} batches", "{0} 个批次"),
            "open": ("open this group", "展开此组"),
            "gap": ("gap", "缺口"),
            "to": ("to {0}", "去向 {0}"),
            "share": ("{0} % of all that went in", "占全部投入的 {0} %"),
            "untold": ("mass not disclosed", "质量未披露"),
            "times": ("{0} times", "{0} 次"),
        }
    )

    def say(self, word: str, *facts: object) -> str:
        return self.words[word][self.place].format(*facts)

    def what(self, spot: Spot) -> str:
        """The head of its box: a lot, how many batches, or why not."""
        if spot.why:
            return WHY.get(spot.why, (spot.why, spot.why))[self.place]
        if spot.group:
            return self.say("batches", spot.count)
        return str(spot.node["lot_no"] or spot.node["batch"][-26:][:10])

    def goods(self, spot: Spot) -> str:
        names = dict.fromkeys(self.product(node["product"]) if node["product"] else "?" for node in spot.nodes)
        return "、".join(names) if self.place else ", ".join(names)

    def who(self, spot: Spot) -> str:
        node = spot.node
        told = self.organisations.get(node["log"]) or node["organisation"]
        name = told or node["pseudonym"] or node["log"].removesuffix("/log") or self.own
        return f"{name} · {self.country(node['country'])}" if node["country"] else str(name)

    def whom(self, name: str) -> str:
        """Somebody to whom goods went, and of whom the trace tells nothing more."""
        return self.organisations.get(f"{name}/log", name)

    def when(self, spot: Spot) -> str:
        days = sorted(node["at"][:10] for node in spot.nodes if node["at"])
        return "–".join(dict.fromkeys((days[0], days[-1]))) if days else ""

    def mass(self, spot: Spot) -> str:
        """As it was made, where that is known; a group has none, for it would have to be looked up one by one."""
        known = None if spot.group else self.masses.get(spot.node["batch"])
        return "" if known is None else show_mg(known)

    def standings(self, spot: Spot) -> list[tuple[str, str]]:
        """(standing, its word, with its number in a group)."""
        counts: dict[str, int] = {}
        for node in spot.nodes:
            counts[node["standing"]] = counts.get(node["standing"], 0) + 1
        return [
            (standing, WORDS[standing][self.place] + (f" {count}" if spot.group else ""))
            for standing, count in sorted(counts.items(), reverse=True)
        ]

    def amount(self, link: Link) -> str:
        parts = [self.say("untold") if link.mass is None else show_mg(link.mass)]
        if link.share_ppb is not None:
            parts.append(self.say("share", _percent(link.share_ppb)))
        if link.count > 1:
            parts.append(self.say("times", link.count))
        return " · ".join(parts)

    def told(self, spot: Spot) -> str:
        """All that the box says, uncut."""
        if spot.why:
            parts = [f"{self.say('gap')}: {self.what(spot)}", self.say("to", self.whom(spot.to)) if spot.to else ""]
            parts.append(self.say("times", spot.count) if spot.count > 1 else "")
        else:
            words = ", ".join(word for _, word in self.standings(spot))
            parts = [self.what(spot), self.goods(spot), self.who(spot), self.mass(spot), self.when(spot), words]
            parts.append(self.say("open") if spot.group else "")
        return "\n".join(filter(None, parts))


def _percent(ppb: int) -> str:
    return f"{Decimal(ppb).scaleb(-7).quantize(Decimal('0.1')).normalize():f}"


def draw(folded: Folded, sight: Sight) -> str:
    heights = {spot.key: GAP_H if spot.why else BOX_H for spot in folded.spots}
    layout = arrange(heights, [(link.left, link.right) for link in folded.links])
    columns = max(layout.column.values(), default=0) + 1
    width = columns * (BOX_W + GAP_X) - GAP_X + 2 * MARGIN
    root = next(spot for spot in folded.spots if spot.asked)
    gaps = sum(spot.count for spot in folded.spots if spot.why)
    title = sight.say("title", " ".join(filter(None, (sight.goods(root), sight.what(root)))))
    about = sight.say("about", folded.batches, sum(link.count for link in folded.links if not link.missing), gaps)
    svg = drawing(width, layout.height + 2 * MARGIN, title, about, alone=sight.alone)
    edges, masses, boxes = add(svg, "g"), add(svg, "g"), add(svg, "g")
    _edges(edges, masses, folded, layout, heights, sight)
    for spot in sorted(folded.spots, key=lambda one: (layout.column[one.key], layout.middle[one.key])):
        _box(boxes, spot, _left(layout, spot.key), layout.middle[spot.key] + MARGIN, heights[spot.key], sight)
    return printed(svg)


def _left(layout: Layout, key: str) -> int:
    return MARGIN + layout.column[key] * (BOX_W + GAP_X)


def _edges(
    parent: ET.Element, masses: ET.Element, folded: Folded, layout: Layout, heights: Mapping[str, int], sight: Sight
) -> None:
    """Each from a place of its own at the right of one box to one at the left of another, past what lies between."""
    leaving: dict[str, list[Link]] = {}
    coming: dict[str, list[Link]] = {}
    for link in folded.links:
        leaving.setdefault(link.left, []).append(link)
        coming.setdefault(link.right, []).append(link)

    def port(at: str, links: list[Link], link: Link, other: Callable[[Link], str]) -> int:
        ordered = sorted(links, key=lambda one: (layout.middle[other(one)], other(one)))
        step = heights[at] / (len(links) + 1)
        return MARGIN + layout.middle[at] - heights[at] // 2 + round(step * (ordered.index(link) + 1))

    for link in folded.links:
        start = port(link.left, leaving[link.left], link, lambda one: one.right)
        end = port(link.right, coming[link.right], link, lambda one: one.left)
        group = add(parent, "g", "edge missing" if link.missing else "edge")
        if not link.missing:
            add(group, "title", text=sight.amount(link))
        x = _left(layout, link.left) + BOX_W
        path, y = f"M{x} {start}", start
        for height in layout.bends.get((link.left, link.right), ()):
            path += _curve(x, y, x + GAP_X, height + MARGIN) + f"H{x + GAP_X + BOX_W}"
            x, y = x + GAP_X + BOX_W, height + MARGIN
        last = _left(layout, link.right)
        add(group, "path", "line", d=path + _curve(x, y, last, end))
        if link.mass is not None and not link.missing:
            words = cut(_short(link), GAP_X - 16, 10.5)
            if len(coming[link.right]) <= _PORTS_TOLD:
                add(masses, "text", "mass", text=words, x=last - 6, y=end - 3, text_anchor="end")
            elif len(leaving[link.left]) <= _PORTS_TOLD:
                add(masses, "text", "mass", text=words, x=_left(layout, link.left) + BOX_W + 6, y=start - 3)


def _short(link: Link) -> str:
    share = "" if link.share_ppb is None else f" · {_percent(link.share_ppb)} %"
    return show_mg(link.mass or 0) + share


def _curve(x: int, y: int, to_x: int, to_y: int) -> str:
    middle = (x + to_x) // 2
    return f"C{middle} {y} {middle} {to_y} {to_x} {to_y}"


def _box(parent: ET.Element, spot: Spot, x: int, middle: int, height: int, sight: Sight) -> None:
    link = "" if spot.why else sight.group_link(spot.group) if spot.group else sight.batch_link(spot.node["batch"])
    around = add(parent, "a", href=link) if link else parent
    kind = "gap" if spot.why else "group" if spot.group else "batch"
    box = add(around, "g", f"{kind} root" if spot.asked else kind)
    add(box, "title", text=sight.told(spot))
    y = middle - height // 2
    for step in (8, 4) if spot.group else ():
        add(box, "rect", "pile", x=x + step, y=y + step, width=BOX_W, height=height, rx=8)
    add(box, "rect", "box", x=x, y=y, width=BOX_W, height=height, rx=8)
    room = BOX_W - 20
    if spot.why:
        for at, line in enumerate(lines(sight.what(spot), room, 12, 2)):
            add(box, "text", "why", text=line, x=x + 10, y=y + 19 + at * 15)
        more = sight.say("to", sight.whom(spot.to)) if spot.to else sight.say("gap")
        more += f" · {sight.say('times', spot.count)}" if spot.count > 1 else ""
        add(box, "text", "soft", text=cut(more, room, 11), x=x + 10, y=y + 51)
        return
    mass = cut(sight.mass(spot), 110, 12)
    add(box, "text", "lot", text=cut(sight.what(spot), room - (110 if mass else 0), 13), x=x + 10, y=y + 20)
    if mass:
        add(box, "text", text=mass, x=x + BOX_W - 10, y=y + 20, text_anchor="end")
    add(box, "text", text=cut(sight.goods(spot), room, 12), x=x + 10, y=y + 38)
    add(box, "text", "soft", text=cut(sight.who(spot), room, 11), x=x + 10, y=y + 56)
    add(box, "text", "soft", text=cut(sight.when(spot), room - 90, 11), x=x + 10, y=y + 75)
    right = x + BOX_W - 10
    for standing, word in sight.standings(spot):
        mark = add(box, "g", standing)
        add(mark, "text", "word", text=word, x=right, y=y + 75, text_anchor="end")
        right -= round(len(word) * (11 if sight.place else 6.6)) + 14
        add(mark, "path", "sign", d=_SIGNS[standing], transform=f"translate({right} {y + 71})")
        right -= 16
