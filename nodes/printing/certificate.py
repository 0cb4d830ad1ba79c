"""The quality certificate 质量证明书 on an A4 page: what the GB standards of rare-earth products ask of one.

In Chinese and English, with the code that confirms it. All of it is in `contents` (nodes/certificates.py); this file
only places it. Of a long table of origins the smallest rows are left to the code's page, and that is said.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from qrcode.constants import ERROR_CORRECT_M

from ledger.matter.quantities import show_mg
from nodes.printing.drawing import Bar, Drawing, Symbol, Text
from nodes.printing.pdf import A4
from nodes.printing.typeface import fit, wrap
from nodes.qr import matrix_of

LEFT, RIGHT, TOP, FOOT = 20.0, 190.0, 20.0, 281.0
BODY: Final = 3.5
SMALL: Final = 2.7
LINE: Final = 6.0
ORIGINS_MOST: Final = 14
MODULE: Final = 13 / 600 * 25.4
_PPB: Final = 10**7
RANKS: Final = {
    "typical": "未化验，按产品通常组成 not assayed: what such goods usually hold",
    "provisional": "初步结果 provisional",
    "final": "最终结果 final",
    "agreed": "双方商定 agreed by both parties",
}
WORDS: Final = {"attested": "已见证 attested", "claimed": "声明 claimed"}
BASES: Final = {"as_received": "收到基 as received", "dried": "干基 dried", "ignited": "灼后 ignited"}
SINGLE: Final = (
    ("total_reo_pct", "稀土总量 Total REO"),
    ("moisture_pct", "水分 Moisture"),
    ("loi_pct", "灼减 Loss on ignition"),
    ("others_pct", "其他 Others"),
)


def draw(contents: Mapping[str, Any], url: str, check: str) -> Drawing:
    """The page. `check` is the code's short form for the eye."""
    drawing = Drawing(*A4)
    y = _head(drawing, contents, check)
    y = _facts(drawing, contents, y)
    y = _assay(drawing, contents, y)
    _origin(drawing, contents["origin"], y)
    _foot(drawing, contents, url, check)
    return drawing


def _head(drawing: Drawing, contents: Mapping[str, Any], check: str) -> float:
    maker = contents["maker"]
    drawing.add(Text(A4[0] / 2, TOP + 6, *_sized(maker["organisation"], 5.2, RIGHT - LEFT), "centre"))
    if maker.get("organisation_en"):
        drawing.add(Text(A4[0] / 2, TOP + 11, *_sized(maker["organisation_en"], 3.2, RIGHT - LEFT), "centre"))
    drawing.add(Text(A4[0] / 2, TOP + 21, 7.4, "质量证明书", "centre"))
    drawing.add(Text(A4[0] / 2, TOP + 26.5, 3.6, "Quality certificate", "centre"))
    number = contents.get("number") or check
    drawing.add(Text(LEFT, TOP + 32, *_sized(f"编号 No. {number}", SMALL, 80)))
    issued = f"签发 Issued {contents['issued_at'][:16].replace('T', ' ')} UTC"
    drawing.add(Text(RIGHT, TOP + 32, SMALL, issued, "right"))
    drawing.add(Bar(LEFT, TOP + 34, RIGHT - LEFT, 0.4))
    return TOP + 40


def _facts(drawing: Drawing, contents: Mapping[str, Any], y: float) -> float:
    """Two columns of names and values."""
    mass = f"{show_mg(int(contents['mg']))} ({contents['basis']})"
    product = " / ".join(dict.fromkeys((contents["product_zh"], contents["product_en"])))
    facts = [
        ("品名 Product", product),
        ("牌号 Grade", contents.get("grade")),
        ("批号 Lot", contents["lot_no"] or contents["batch"]),
        ("净重 Net", mass),
        ("件数 Pieces", None if contents.get("count") is None else str(contents["count"])),
        ("生产日期 Made", (contents["made_at"] or "")[:10]),
        ("产地 Origin", contents["country"]),
        ("执行标准 Standard", contents.get("standard")),
        ("收货单位 To", contents.get("to")),
        ("发货单 Shipment", contents.get("shipment")),
    ]
    shown = [(name, value) for name, value in facts if value]
    half, names = (RIGHT - LEFT) / 2, 27.0
    drawing.add(Text(LEFT, y, SMALL, shown[0][0]), Text(LEFT + names, y, *_sized(shown[0][1], BODY, 2 * half - names)))
    for at, (name, value) in enumerate(shown[1:]):
        x, foot = LEFT + half * (at % 2), y + LINE * (1 + at // 2)
        drawing.add(Text(x, foot, SMALL, name), Text(x + names, foot, *_sized(value, BODY, half - names - 3)))
    return y + LINE * (1 + (len(shown)) // 2) + 6


def _assay(drawing: Drawing, contents: Mapping[str, Any], y: float) -> float:
    assay = contents["assay"]
    y = _title(drawing, "化验结果 Assay", "" if assay is None else RANKS[assay["rank"]], y)
    if assay is None:
        drawing.add(Text(LEFT, y, BODY, "无化验结果 There is no assay."))
        return y + LINE + 4
    told = [
        ("基准 Basis", BASES.get(assay.get("basis", ""), "")),
        ("方法 Method", assay.get("method")),
        ("化验室 Laboratory", assay.get("lab")),
        ("报告号 Report", assay.get("certificate_no")),
        ("样品 Sample", assay.get("sample")),
    ]
    words = "    ".join(f"{name}: {value}" for name, value in told if value)
    for line in wrap(words, SMALL, RIGHT - LEFT, 2):
        drawing.add(Text(LEFT, y, SMALL, line))
        y += 4.5
    rows = _results(assay)
    lines = -(-len(rows) // 2)
    half = (RIGHT - LEFT) / 2 - 4
    for at, (name, value, uncertainty) in enumerate(rows):
        x, foot = LEFT + (half + 8) * (at // lines), y + 1 + 5.2 * (at % lines)
        drawing.add(Text(x, foot, *_sized(name, 3.1, 38)), Text(x + 56, foot, 3.3, value, "right"))
        drawing.add(Text(x + 58, foot, SMALL, f"± {uncertainty} %" if uncertainty else "%"))
        drawing.add(Bar(x, foot + 1.4, half, 0.08))
    return y + 5.2 * lines + 6


def _results(assay: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """(what, value in %, standard uncertainty in % or nothing)."""
    unsure = assay.get("uncertainty_pct") or {}
    rows = [(name, str(assay[key]), str(unsure.get(key, ""))) for key, name in SINGLE if assay.get(key) is not None]
    for key, form in (("distribution_pct", "{} /REO"), ("elements_pct", "{}")):
        known = dict(unsure.get(key, ()))
        rows += [
            (form.format(element), str(value), str(known.get(element, ""))) for element, value in assay.get(key) or ()
        ]
    return rows


def _origin(drawing: Drawing, origin: Mapping[str, Any] | None, y: float) -> None:
    word = "" if origin is None else WORDS[origin["standing"]]
    by = ", ".join(origin["attested_by"]) if origin else ""
    y = _title(drawing, "来源与回收料 Origin and recycled share", f"{word} {by}".strip(), y)
    if origin is None:
        drawing.add(Text(LEFT, y, BODY, "未说明来源 No origin is told."))
        return
    rows = [
        (element["element"], f"{row['country']} {row['feed_class']}".strip(), row, "")
        for element in origin["elements"]
        for row in element["rows"]
    ]
    rows += [
        (element["element"], f"回收 recycled: {row['feed_class']}", row, "")
        for element in origin["elements"]
        for row in element["recycled"]
        if row["hi"]
    ]
    rows.sort(key=lambda row: -row[2]["mid"])
    kept = sorted(rows[:ORIGINS_MOST], key=lambda row: row[0])
    half = (RIGHT - LEFT) / 2 - 4
    lines = -(-len(kept) // 2)
    for at, (element, what, row, _) in enumerate(kept):
        x, foot = LEFT + (half + 8) * (at // lines), y + 5.2 * (at % lines)
        span = "" if row["lo"] == row["hi"] else f"  ({_percent(row['lo'])} – {_percent(row['hi'])})"
        drawing.add(Text(x, foot, 3.1, element), Text(x + 8, foot, *_sized(what, 3.1, 36)))
        drawing.add(Text(x + half, foot, *_sized(f"{_percent(row['mid'])} %{span}", 3.1, 34), "right"))
        drawing.add(Bar(x, foot + 1.4, half, 0.08))
    if len(rows) > len(kept):
        more = f"另有 {len(rows) - len(kept)} 行见二维码页面 {len(rows) - len(kept)} more rows on the code's page"
        drawing.add(Text(LEFT, y + 5.2 * lines, SMALL, more))


def _foot(drawing: Drawing, contents: Mapping[str, Any], url: str, check: str) -> None:
    matrix = matrix_of(url, ERROR_CORRECT_M, 2)
    side = MODULE * len(matrix)
    quiet = 4 * MODULE
    drawing.add(Symbol(RIGHT - side + quiet, FOOT - side + quiet, MODULE, matrix))
    room = RIGHT - side - LEFT - 2
    drawing.add(Text(LEFT, FOOT - 33, SMALL, "质检 Quality inspector"), Bar(LEFT + 32, FOOT - 33, 30, 0.15))
    drawing.add(Text(LEFT + 68, FOOT - 33, SMALL, "盖章 Stamp"))
    entry = contents["entry"]
    who, place = contents["maker"]["name"], f"{entry['log']} #{entry['index']}"
    proven = f"已证明 Proven: 由 {who} 的作者密钥就 {place} 签署。 Signed by its author key, for that entry of its log."
    words = (
        f"校验码 Check code  {check}",
        proven,
        "声明 claimed：除另有注明外，由签发单位负责。 Everything else is the maker's claim unless it says attested.",
        "扫码核对全文与货物现状。 Scan to compare every word, and to see what has become of the goods since.",
    )
    y = FOOT - 22.0
    for at, text in enumerate(words):
        size = 4.2 if at == 0 else SMALL
        for line in wrap(text, size, room, 3):
            drawing.add(Text(LEFT, y, size, line))
            y += 4.0 if at else 5.0


def _title(drawing: Drawing, title: str, beside: str, y: float) -> float:
    drawing.add(Text(LEFT, y, 4, title), Bar(LEFT, y + 1.6, RIGHT - LEFT, 0.25))
    if beside:
        drawing.add(Text(RIGHT, y, *_sized(beside, SMALL, 95), "right"))
    return y + 7


def _sized(text: str, size: float, room: float) -> tuple[float, str]:
    shown, fitted = fit(text, size, room, 0.6 * size)
    return fitted, shown


def _percent(ppb: int) -> str:
    return f"{(Decimal(ppb) / _PPB).quantize(Decimal('0.1'))}"
