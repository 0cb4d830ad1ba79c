"""Where what stands on a label: fields as GB 39176 and ISO 22927 name them, beside a QR symbol for dusty places.

The words are the caller's (nodes/labels.py); here they are placed for the size of the paper. A text too long for its
field is set smaller, then cut with an ellipsis: the whole of it is in the entry that the symbol leads to.

The symbol has error correction Q and the largest module that fits, a whole number of the printer's dots; on small
labels M. Which of the eight masks it has does not matter: a token is as good as random, so none leaves large plain
areas, and trying all of them would take most of the time of a thousand labels.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from qrcode.constants import ERROR_CORRECT_M, ERROR_CORRECT_Q

from ledger.errors import Refusal
from nodes.printing.drawing import Bar, Drawing, Symbol, Text
from nodes.printing.typeface import fit
from nodes.qr import matrix_of

DOTS_PER_MM: Final = {"203": 8.0, "300": 300 / 25.4, "600": 600 / 25.4}
"""What printers call their resolution, and how fine it is: heads of 203 dpi have exactly 8 dots a millimetre."""
SIZES: Final = {"100x70": (100.0, 70.0), "a6": (105.0, 148.0)}
MODULE_LEAST: Final = 0.33  # mm: below, phones and worn printers fail
MODULE_MOST: Final = 1.0
MASK: Final = 2
_INVITING: Final = 0.5  # mm, a module that any phone reads
_LANDSCAPE: Final = 1.2
_PITCH_LEAST: Final = 2.6  # mm from row to row
_BOTH_LANGUAGES: Final = 0.7  # smaller labels name their fields in Chinese alone


@dataclass(frozen=True, slots=True)
class LabelText:
    """What a label says. `rows` are (name in Chinese, name in English, value), the most important first."""

    url: str
    serial: str
    maker: str
    maker_en: str
    product: str
    product_en: str
    rows: tuple[tuple[str, str, str], ...]
    check: str
    host: str


def label(text: LabelText, size: tuple[float, float], dots_per_mm: float) -> Drawing:
    """One label of `size` (width and height in mm). Refused where no symbol that phones read has room."""
    width, height = size
    drawing = Drawing(width, height)
    wide = width >= _LANDSCAPE * height
    unit = min(width / 100, height / 70) if wide else min(width / 105, height / 148) * 1.35
    edge = 3.2 * min(unit, 1)
    room = width - 2 * edge
    allowed = min(height - 2 * edge, 0.42 * width) if wide else min(room, 0.42 * height)
    symbol = _symbol(text.url, allowed, dots_per_mm, f"{width:g}x{height:g}")
    top = _head(drawing, text, edge, room, unit)
    # On its outer sides the quiet zone may lie in the edge of the paper, which is white; no word enters the others.
    quiet = 4 * symbol.module
    x = width - edge - symbol.side + quiet / 2
    y = height - edge - symbol.side + quiet / 2
    drawing.add(Symbol(x, y, symbol.module, symbol.matrix))
    beside = x - edge - 0.6
    if wide:
        foot = 8.6 * unit
        _rows(drawing, text.rows, (edge, top, beside, height - edge - top - foot), unit)
        _foot(drawing, text, (edge, height - edge, beside), unit)
    else:
        _rows(drawing, text.rows, (edge, top, room, y - top), unit)
        _tall_foot(drawing, text, (edge, height - edge - quiet / 2, beside), unit)
    return drawing


def invitation(url: str, lines: Sequence[str]) -> Drawing:
    """A symbol with `lines` below it, for a delivery note: whoever scans it is asked to do something."""
    symbol = Symbol(0, 0, _INVITING, matrix_of(url, ERROR_CORRECT_M, MASK))
    drawing = Drawing(symbol.side, symbol.side + 4 * len(lines) + 2, [symbol])
    for at, line in enumerate(lines):
        shown, size = fit(line, 3, symbol.side - 4, 1.8)
        drawing.add(Text(symbol.side / 2, symbol.side + 3 + 4 * at, size, shown, "centre"))
    return drawing


def _symbol(url: str, room: float, dots_per_mm: float, size: str) -> Symbol:
    for correction in (ERROR_CORRECT_Q, ERROR_CORRECT_M):
        matrix = matrix_of(url, correction, MASK)
        dots = int(min(room / len(matrix), MODULE_MOST) * dots_per_mm + 1e-9)
        if dots / dots_per_mm >= MODULE_LEAST:
            return Symbol(0, 0, dots / dots_per_mm, matrix)
    raise Refusal("label-too-small", field="size", value=size, least=f"{MODULE_LEAST * len(matrix) + 2:.0f}")


def _head(drawing: Drawing, text: LabelText, edge: float, room: float, unit: float) -> float:
    """Maker and product; where the head ends."""
    y = edge + 3.4 * unit
    maker, size = fit(text.maker, 3.6 * unit, room * 0.6, 2.2 * unit)
    drawing.add(Text(edge, y, size, maker))
    if text.maker_en:
        english, small = fit(text.maker_en, 2.4 * unit, room * 0.38, 1.8 * unit)
        drawing.add(Text(edge + room, y, small, english, "right"))
    drawing.add(Bar(edge, y + 1.5 * unit, room, 0.4))
    y += 8.2 * unit
    product, size = fit(text.product, 6 * unit, room, 3.4 * unit)
    drawing.add(Text(edge, y, size, product))
    if text.product_en and text.product_en != text.product:
        y += 4 * unit
        english, size = fit(text.product_en, 2.9 * unit, room, 2 * unit)
        drawing.add(Text(edge, y, size, english))
    return y + 2 * unit


def _rows(
    drawing: Drawing, rows: tuple[tuple[str, str, str], ...], place: tuple[float, float, float, float], unit: float
) -> None:
    """As many rows as have room, each with its name small and its value large."""
    x, y, width, height = place
    pitch = max(min(height / max(len(rows), 1), 7.2 * unit), _PITCH_LEAST)
    names = min(0.4 * width, 19 * unit)
    for at, (zh, en, value) in enumerate(rows):
        foot = y + pitch * (at + 0.78)
        if foot > y + height:
            break
        size = min(0.74 * pitch, 4 * unit)
        name, small = fit(
            f"{zh} {en}" if unit > _BOTH_LANGUAGES else zh, min(0.52 * pitch, 2.5 * unit), names - unit, 1.4 * unit
        )
        drawing.add(Text(x, foot, small, name))
        shown, size = fit(value, size, width - names, min(size, 2 * unit))
        drawing.add(Text(x + names, foot, size, shown))


def _foot(drawing: Drawing, text: LabelText, place: tuple[float, float, float], unit: float) -> None:
    """What the eye compares with the page that the symbol opens."""
    x, y, width = place
    code, size = fit(text.check, 3.9 * unit, width * 0.64, 2.4 * unit)
    name, small = fit("校验码 Check", 2.4 * unit, width * 0.36, 1.4 * unit)
    drawing.add(Bar(x, y - 8 * unit, width, 0.2))
    drawing.add(Text(x, y - 3.8 * unit, small, name), Text(x + width, y - 3.8 * unit, size, code, "right"))
    host, small = fit(f"扫码查验 Scan: {text.host}", 2.3 * unit, width, 1.5 * unit)
    drawing.add(Text(x, y - 0.4 * unit, small, host))


def _tall_foot(drawing: Drawing, text: LabelText, place: tuple[float, float, float], unit: float) -> None:
    """The same, one below the other."""
    x, y, width = place
    for (line, size), foot in zip(
        ((text.host, 2.5), ("扫码查验 Scan", 2.3), (text.check, 4.4), ("校验码 Check", 2.3)),
        (0, 3.8, 9.5, 14.6),
        strict=True,
    ):
        shown, fitted = fit(line, size * unit, width, 1.5 * unit)
        drawing.add(Text(x, y - foot * unit, fitted, shown))
