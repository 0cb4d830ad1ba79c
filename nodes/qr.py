"""Draw a label: the QR symbol (ISO/IEC 18004) of a signed URL, bare or with the words that stand below it.

Every symbol has error correction M, unless it is asked for more, and a quiet zone of 4 modules. In an SVG a module is
one unit of the viewBox, in a PNG a whole number of pixels, so that a printer can give it a whole number of dots; both
are drawn from one matrix and are black and white only. PNGs and label SVGs carry their size on paper: half a millimetre
a module, type of 3 mm.

What the URL says, and whether it is signed, is the business of ledger/labels.py; which words stand below, the caller's.
"""

import io
import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Final
from unicodedata import category
from xml.sax.saxutils import escape

from PIL import Image, ImageDraw, ImageFont
from qrcode import QRCode
from qrcode.constants import ERROR_CORRECT_M

from ledger.errors import Malformed

QUIET_ZONE: Final = 4
MODULE_MM: Final = 0.5
LETTER: Final = 6  # type size in modules: 3 mm, what is read at arm's length
LINE: Final = 8  # modules from one line to the next

Matrix = list[list[bool]]  # rows of modules, True is black, quiet zone included


def draw_svg(url: str) -> str:
    """The symbol alone. No width or height: the page that holds it says how large."""
    matrix = matrix_of(url)
    return _svg(len(matrix), len(matrix), "", _modules(matrix))


def draw_png(url: str, *, module_px: int = 8) -> bytes:
    """The symbol alone; `module_px` pixels a module (4 are half a millimetre on a 203 dpi printer)."""
    return _png(_symbol(url, module_px), module_px)


def draw_label_svg(url: str, lines: Sequence[str]) -> str:
    """The symbol over `lines`, one below the other. Chinese and any other script come from the reader's own fonts."""
    _refuse_unprintable(lines)
    matrix = matrix_of(url)
    side = len(matrix)
    width = max([side, *(math.ceil(_reckoned_width(line)) + 2 * QUIET_ZONE for line in lines)])
    height = side + LINE * len(lines) + (QUIET_ZONE if lines else 0)
    feet = range(side + LETTER, height, LINE)
    text = "".join(
        f'<text x="{width / 2:g}" y="{y}">{escape(line)}</text>' for y, line in zip(feet, lines, strict=True)
    )
    size = f' width="{width * MODULE_MM:g}mm" height="{height * MODULE_MM:g}mm"'
    words = f'<g font-family="sans-serif" font-size="{LETTER}" text-anchor="middle">{text}</g>' if lines else ""
    return _svg(width, height, size, _modules(matrix, left=(width - side) // 2) + words)


def draw_label_png(url: str, lines: Sequence[str], *, module_px: int = 8) -> bytes:
    """The symbol over `lines`, in one built-in font, the same everywhere. ASCII only: for the rest take the SVG."""
    _refuse_unprintable(lines)
    for row, line in enumerate(lines):
        if not line.isascii():
            raise Malformed("label-not-ascii", field=f"lines[{row}]", value=line)
    symbol = _symbol(url, module_px)
    font = ImageFont.load_default(size=LETTER * module_px)
    widths = [math.ceil(font.getlength(line)) for line in lines]
    width = max([symbol.width, *(wide + 2 * QUIET_ZONE * module_px for wide in widths)])
    height = symbol.height + (LINE * len(lines) + (QUIET_ZONE if lines else 0)) * module_px
    label = Image.new("1", (width, height), 1)
    label.paste(symbol, ((width - symbol.width) // 2, 0))
    draw = ImageDraw.Draw(label)
    for row, (line, wide) in enumerate(zip(lines, widths, strict=True)):
        draw.text(((width - wide) // 2, symbol.height + LINE * row * module_px), line, fill=0, font=font)
    return _png(label, module_px)


def matrix_of(url: str, correction: int = ERROR_CORRECT_M, mask: int | None = None) -> Matrix:
    """The modules, quiet zone included. Without `mask` all eight are tried for the one that scanners like best."""
    assert url.isascii(), url
    code = QRCode(_version(len(url), correction), correction, border=QUIET_ZONE, mask_pattern=mask)
    # optimize=0: the library would otherwise cut the URL at runs of digits, and each cut costs more than it saves.
    code.add_data(url, optimize=0)
    code.make(fit=False)
    matrix: Matrix = code.get_matrix()
    return matrix


@lru_cache(maxsize=64)
def _version(length: int, correction: int) -> int:
    """The smallest symbol for so many characters, of which at least the scheme's are in lower case."""
    code = QRCode(error_correction=correction)
    code.add_data("x" * length, optimize=0)
    return int(code.best_fit())


def _modules(matrix: Matrix, left: int = 0) -> str:
    """One path for all black modules: a rectangle of height 1 for every run in a row."""
    runs = []
    for y, row in enumerate(matrix):
        x = 0
        while x < len(row):
            if not row[x]:
                x += 1
                continue
            start = x
            while row[x]:  # ends in the quiet zone at the latest
                x += 1
            runs.append(f"M{start + left} {y}h{x - start}v1h-{x - start}z")
    return f'<path d="{"".join(runs)}"/>'


def _svg(width: int, height: int, size: str, content: str) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}"{size} shape-rendering="crispEdges">'
        f'<rect width="{width}" height="{height}" fill="#fff"/>{content}</svg>'
    )


def _reckoned_width(line: str) -> float:
    """In modules, whichever font the reader has: a tenth more than ours needs; a square a character beyond ASCII."""
    latin = "".join(filter(str.isascii, line))
    scale = 8  # measured large, because the font's widths are whole pixels when small
    return 1.1 * ImageFont.load_default(size=LETTER * scale).getlength(latin) / scale + LETTER * (
        len(line) - len(latin)
    )


def _symbol(url: str, module_px: int) -> Image.Image:
    assert module_px >= 1, module_px
    matrix = matrix_of(url)
    side = len(matrix)
    image = Image.new("1", (side, side))
    image.putdata([0 if black else 255 for row in matrix for black in row])
    return image.resize((side * module_px, side * module_px), Image.Resampling.NEAREST)


def _png(image: Image.Image, module_px: int) -> bytes:
    dots_per_inch = module_px / MODULE_MM * 25.4
    file = io.BytesIO()
    image.save(file, "PNG", dpi=(dots_per_inch, dots_per_inch), optimize=True)
    return file.getvalue()


def _refuse_unprintable(lines: Sequence[str]) -> None:
    for row, line in enumerate(lines):
        if any(category(sign).startswith("C") for sign in line):
            raise Malformed("malformed", field=f"lines[{row}]", value=line, why="it holds signs that cannot be printed")
