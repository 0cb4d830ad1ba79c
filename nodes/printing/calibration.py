"""The calibration label: what the operator looks at to set size, place and darkness of a label printer.

It holds nothing of anybody's goods. The words say what to look at, in Chinese and English.
"""

from qrcode.constants import ERROR_CORRECT_Q

from nodes.printing.drawing import Bar, Drawing, Symbol, Text
from nodes.printing.typeface import fit
from nodes.qr import matrix_of

PROBE = "https://example.com/?lodetrace=calibration"
"""What the ladder's symbols say: a site that is kept for examples."""
LADDER = (2, 3, 4, 5, 6)  # dots a module
STEPS = (
    "1 四角十字须完整 All four crosses whole: else move the label",
    "2 标尺与钢尺一致 Rulers match a steel rule: else set the size",
    "3 细线分明不断 Thin lines apart, none broken: else change darkness",
    "4 手机能扫的最小码（点数: 毫米） Smallest code read (dots: mm): print larger",
)


def calibration(size: tuple[float, float], dots_per_mm: float) -> Drawing:
    """For labels of `size` (width and height in mm) on a printer with so many dots."""
    width, height = size
    drawing, dot = Drawing(width, height), 1 / dots_per_mm
    _crosses(drawing, dot)
    _rulers(drawing, dot)
    left, room = 8.0, width - 14.0
    dpi = round(dots_per_mm * 25.4)
    title, type_size = fit(f"校准标签 Calibration  {width:g} × {height:g} mm  {dpi} dpi", 3.6, room, 1.6)
    drawing.add(Text(left, 11.5, type_size, title))
    for at, step in enumerate(STEPS):
        shown, type_size = fit(step, 2.5, room, 1.4)
        drawing.add(Text(left, 16 + 3.8 * at, type_size, shown))
    _lines(drawing, left, 30.5, room, dot)
    _ladder(drawing, left, 36.5, room, height - 4, dot)
    return drawing


def _crosses(drawing: Drawing, dot: float) -> None:
    arm, edge, thick = 4.0, 1.5, 2 * dot
    for x in (edge, drawing.width - edge - arm):
        for y in (edge, drawing.height - edge - arm):
            drawing.add(Bar(x, y + arm / 2, arm, thick), Bar(x + arm / 2, y, thick, arm))


def _rulers(drawing: Drawing, dot: float) -> None:
    """In millimetres, from the left and the upper edge of the paper."""
    for mm in range(8, int(drawing.width) - 7):
        long = mm % 10 == 0
        drawing.add(Bar(mm - dot / 2, 1.5, dot, 3.0 if long else 1.4))
        if long:
            drawing.add(Text(mm, 6.6, 1.9, str(mm), "centre"))
    for mm in range(8, int(drawing.height) - 7):
        long = mm % 10 == 0
        drawing.add(Bar(1.5, mm - dot / 2, 3.0 if long else 1.4, dot))
        if long:
            drawing.add(Text(4.8, mm + 0.7, 1.9, str(mm)))


def _lines(drawing: Drawing, left: float, top: float, room: float, dot: float) -> None:
    """Lines of 1, 2 and 3 dots with as much white between them, and a solid bar that must be evenly black."""
    part = room / 4
    for at, dots in enumerate((1, 2, 3)):
        x = left + at * part
        drawing.add(Text(x, top + 3, 2, f"{dots}"))
        for line in range(int((part - 5) / (2 * dots * dot))):
            drawing.add(Bar(x + 2.5 + 2 * dots * dot * line, top, dots * dot, 4))
    drawing.add(Bar(left + 3 * part, top, part, 4))


def _ladder(drawing: Drawing, left: float, top: float, room: float, foot: float, dot: float) -> None:
    """The same symbol with modules of 2 dots and more, as far as there is room."""
    matrix = matrix_of(PROBE, ERROR_CORRECT_Q, 2)
    x = left
    for dots in LADDER:
        side = dots * dot * len(matrix)
        if x + side > left + room or top + side > foot:
            return
        drawing.add(Symbol(x, top, dots * dot, matrix))
        words = f"{dots}: {dots * dot:.3f}"
        shown, size = fit(words, 1.9, side - 1, 1.2)
        drawing.add(Text(x + side / 2, top + side + 0.6, size, shown, "centre"))
        x += side
