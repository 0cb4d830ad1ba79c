"""The picture of a year's flows of one element: organisations in the columns of their stages, ribbons as wide as kg.

    draw_year(year, place, alone=True)    text of an SVG

What comes in stands left of an organisation's bar, what goes out right of it; both sides are as tall as each other, for
the books add up. A link to the right is a band; one back, or within a column, is told at both of its ends instead. What
came from nowhere is a dashed ribbon, what goes to or comes from a log that is not deposited is hatched, and each says
so in words. Pixels are the only floats: every amount is shown from its integer.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from xml.etree import ElementTree as ET

from api.drawing.svg import add, cut, drawing, printed
from ledger.matter.element_years import STAGES, ElementYear, Link, Member, Part
from ledger.matter.quantities import show_ug

BAR_W, STUB_W, COLUMN_W, MARGIN, TOP = 14, 44, 516, 24, 56
TALLEST, SPACE = 360, 64
"""Pixels of the organisation through which most went, and between two of a column."""
_TEXT_ROOM, _LINES = 200, 30
WAYS: Mapping[str, tuple[str, str]] = {
    "opening": ("opening stock", "期初库存"),
    "closing": ("closing stock", "期末库存"),
    "below_zero": ("source unknown: below zero", "来源不明：库存为负"),
    "to": ("to", "发往"),
    "from": ("from", "来自"),
    "origin": ("entered the ledger", "首次入账"),
    "mined": ("mined", "开采"),
    "imported": ("imported", "进口"),
    "bought_outside": ("bought outside the federation", "体系外购入"),
    "unknown_opening": ("source unknown: first stock", "来源不明：初始库存"),
    "gained": ("source unknown: gained", "来源不明：产出多于投入"),
    "unsent": ("source unknown: not sent", "来源不明：收到多于本年所发"),
    "came_back": ("came back", "退回"),
    "undeposited": ("log not deposited", "账本未报备"),
    "under_way": ("under way, or lost on it", "在途或途中损失"),
    "outside": ("left the federation", "运往体系外"),
    "removed": ("removed", "移出"),
    "lost": ("booked losses", "已登记损失"),
    "unbooked": ("not accounted for", "去向未登记"),
    "revalued": ("by another assay", "化验调整"),
    "corrected": ("corrections", "更正"),
}
"""Ways and classes of origins, in English and Chinese."""
ROLES: Mapping[str, tuple[str, str]] = {
    "mine": ("mine", "矿山"),
    "separation": ("separation", "分离"),
    "metal": ("metal", "金属"),
    "magnet": ("magnet", "磁材"),
    "motor": ("motor", "电机"),
    "recycler": ("recycler", "回收"),
    "": ("others", "其他"),
}
TITLE = ("Flows of {0} in {1}", "{1} 年 {0} 流向")
ABOUT = (
    "{0} organisations, {1} links between them. Ribbons are as wide as mass of the element, as metal.",
    "{0} 家企业、{1} 条流向。带宽与该元素（以金属计）质量成正比。",
)
UNKNOWN = frozenset({"below_zero", "unknown_opening", "gained", "unsent"})


def way_of(part: Part, place: int) -> str:
    """A part in words, with whom or what it names."""
    known = WAYS.get(part.whom)
    if known is not None:
        return known[place]
    name = WAYS.get(part.way, (part.way, part.way))[place]
    return f"{name}: {part.whom}" if part.whom else name


def kind_of(part: Part) -> str:
    """How it is drawn: unknown, undeposited, stock, loss, or what it is otherwise."""
    if part.way in UNKNOWN or part.whom in UNKNOWN:
        return "unknown"
    kinds = {"undeposited": "undeposited", "opening": "stock", "closing": "stock", "lost": "loss", "unbooked": "loss"}
    return kinds.get(part.way, "flow")


@dataclass(frozen=True, slots=True)
class Bar:
    """An organisation in its place; `height` is that of all that goes through it."""

    member: Member
    column: int
    top: float
    height: float


@dataclass(frozen=True, slots=True)
class Places:
    """`scale`: pixels of one µg. `columns`: the roles shown, left to right."""

    bars: Mapping[str, Bar]
    columns: Sequence[str]
    scale: float
    height: float


def through(member: Member, links: Sequence[Link]) -> int:
    """µg that came in, which is what went out or stayed."""
    return sum(part.ug for part in member.ins) + sum(link.ug for link in links if link.receiver == member.name)


def arrange_year(year: ElementYear) -> Places:
    amounts = {member.name: through(member, year.links) for member in year.members}
    scale = TALLEST / max([*amounts.values(), 1])
    roles = [member.role if member.role in STAGES else "" for member in year.members]
    columns = [role for role in (*STAGES, "") if role in roles]
    bars: dict[str, Bar] = {}
    ends = [float(TOP)] * len(columns)
    for member, role in sorted(
        zip(year.members, roles, strict=True), key=lambda one: (-amounts[one[0].name], one[0].name)
    ):
        column, height = columns.index(role), amounts[member.name] * scale
        # Each stub has two lines of text, below the bands: a bar with many small ones needs room for all of them.
        sides = (
            (member.ins, [link.ug for link in year.links if link.receiver == member.name]),
            (member.outs, [link.ug for link in year.links if link.sender == member.name]),
        )
        room = max(sum(bands) * scale + (len(parts) + len(bands)) * _LINES for parts, bands in sides)
        bars[member.name] = Bar(member, column, ends[column], height)
        ends[column] += max(height, room) + SPACE
    return Places(bars, columns, scale, max(ends, default=float(TOP)))


def draw_year(year: ElementYear, place: int, *, alone: bool = True) -> str:
    """`place`: 0 for English, 1 for Chinese."""
    places = arrange_year(year)
    width = max(len(places.columns), 1) * COLUMN_W + 2 * MARGIN
    title = TITLE[place].format(year.element, year.year)
    about = ABOUT[place].format(len(year.members), len(year.links))
    svg = drawing(width, round(places.height) + MARGIN, title, about, alone=alone)
    hatch = add(add(svg, "defs"), "pattern", id="hatch", width=7, height=7, patternUnits="userSpaceOnUse")
    add(hatch, "path", "stripe", d="M0 7L7 0M-1 1L1-1M6 8L8 6")
    for column, role in enumerate(places.columns):
        add(svg, "text", "lot", text=ROLES[role][place], x=_left(column), y=TOP - 28)
    ribbons, bars = add(svg, "g"), add(svg, "g")
    ins, outs = ({name: list[Part]() for name in places.bars} for _ in range(2))
    left = {name: bar.top for name, bar in places.bars.items()}
    right = dict(left)
    for link in sorted(year.links, key=lambda one: (places.bars[one.receiver].top, places.bars[one.sender].top)):
        start, end, tall = places.bars[link.sender], places.bars[link.receiver], link.ug * places.scale
        if end.column <= start.column:
            outs[link.sender].append(Part("to", end.member.organisation, link.ug))
            ins[link.receiver].append(Part("from", start.member.organisation, link.ug))
            continue
        y, to_y = right[link.sender], left[link.receiver]
        right[link.sender] += tall
        left[link.receiver] += tall
        told = f"{start.member.organisation} → {end.member.organisation}: {show_ug(link.ug)}"
        _ribbon(ribbons, "flow", told, (_left(start.column) + BAR_W, y), (_left(end.column), to_y), tall)
    for name, bar in places.bars.items():
        sides = ((*ins[name], *bar.member.ins), left[name], -1), ((*outs[name], *bar.member.outs), right[name], 1)
        for parts, edge, sign in sides:
            _stubs(ribbons, bar, parts, edge, sign, places.scale, place)
        _bar(bars, bar, through(bar.member, year.links))
    return printed(svg)


def _left(column: int) -> int:
    return MARGIN + _TEXT_ROOM + STUB_W + column * COLUMN_W


def _bar(parent: ET.Element, bar: Bar, ug: int) -> None:
    group = add(parent, "g", "member")
    add(group, "title", text=f"{bar.member.organisation} ({bar.member.name}): {show_ug(ug)}")
    add(group, "rect", "bar", x=_left(bar.column), y=_px(bar.top), width=BAR_W, height=_px(max(bar.height, 1)))
    words = cut(f"{bar.member.organisation} · {show_ug(ug)}", COLUMN_W - 30, 12)
    add(group, "text", text=words, x=_left(bar.column), y=_px(bar.top - 7))


def _stubs(
    parent: ET.Element, bar: Bar, parts: Sequence[Part], edge: float, sign: int, scale: float, place: int
) -> None:
    """Short ribbons at one side of a bar, each with its words, which never stand on each other."""
    inner = _left(bar.column) + (BAR_W if sign > 0 else 0)
    line = bar.top - _LINES / 2
    for part in parts:
        tall, kind = part.ug * scale, kind_of(part)
        words = way_of(part, place)
        group = add(parent, "g", f"part {kind}")
        add(group, "title", text=f"{bar.member.organisation}: {words}: {show_ug(part.ug)}")
        x = inner if sign > 0 else inner - STUB_W
        add(group, "rect", "ribbon", x=x, y=_px(edge), width=STUB_W, height=_px(tall))
        line = max(line + _LINES, edge + tall / 2 - 3)
        anchor, at = "start" if sign > 0 else "end", inner + sign * (STUB_W + 5)
        add(group, "text", "soft", text=cut(words, _TEXT_ROOM, 11), x=at, y=_px(line), text_anchor=anchor)
        add(group, "text", "soft", text=show_ug(part.ug), x=at, y=_px(line + 13), text_anchor=anchor)
        edge += tall


def _ribbon(
    parent: ET.Element, kind: str, told: str, start: tuple[int, float], end: tuple[int, float], tall: float
) -> None:
    (x, y), (to_x, to_y) = start, end
    bow = (to_x - x) / 2
    top = f"M{x} {_px(y)}C{_px(x + bow)} {_px(y)} {_px(to_x - bow)} {_px(to_y)} {to_x} {_px(to_y)}"
    back = (
        f"V{_px(to_y + tall)}C{_px(to_x - bow)} {_px(to_y + tall)} {_px(x + bow)} {_px(y + tall)} {x} {_px(y + tall)}Z"
    )
    group = add(parent, "g", f"link {kind}")
    add(group, "title", text=told)
    add(group, "path", "ribbon", d=top + back)


def _px(value: float) -> str:
    return f"{value:.3f}".rstrip("0").rstrip(".")
