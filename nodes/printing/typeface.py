"""The one typeface on paper: Noto Sans SC, embedded in PDFs and rendered for printers, so Chinese prints anywhere.

The file comes with the built package (hatch_build.py). What it cannot draw, and what has no shape of its own (marks
that turn the reading direction, zero-width signs, controls), stands as an empty box: nothing is left out, so two
serials that differ never look the same, and nothing hidden decides how the rest is read.
"""

from functools import lru_cache
from pathlib import Path
from typing import Final
from unicodedata import category

from PIL import ImageFont
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFError, TTFont

from ledger.errors import Unavailable

NAME: Final = "NotoSansSC"
FILE: Final = Path(__file__).parent / "fonts" / "NotoSansSC-Regular.ttf"
BOX: Final = "□"
CUT: Final = "…"
_SHAPELESS: Final = {"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"}


def drawable(text: str) -> str:
    """`text` with a box for each sign that cannot be seen or drawn; every other sign as it is."""
    face = _embedded().face
    return "".join(
        sign if category(sign) not in _SHAPELESS and face.charToGlyph.get(ord(sign)) else BOX for sign in text
    )


def width(text: str, size: float) -> float:
    """How wide drawable text is, in the unit of `size`."""
    face = _embedded().face
    return float(sum(face.charWidths.get(ord(sign), face.defaultWidth) for sign in text)) * size / 1000


def fit(text: str, size: float, room: float, least: float) -> tuple[str, float]:
    """The text and its size so that it stands in `room`: made smaller down to `least`, then cut with an ellipsis."""
    shown = drawable(text)
    needed = width(shown, size)
    if needed <= room:
        return shown, size
    if needed * least <= room * size:
        return shown, size * room / needed
    while shown and width(shown + CUT, least) > room:
        shown = shown[:-1]
    return shown + CUT, least


def wrap(text: str, size: float, room: float, lines: int) -> list[str]:
    """The text in at most `lines` lines, broken at blanks and between Chinese signs; the last is cut if need be."""
    found: list[str] = []
    rest = drawable(text)
    while rest and len(found) < lines:
        end = len(rest)
        while end > 1 and width(rest[:end], size) > room:
            end -= 1
        if end < len(rest) and len(found) + 1 < lines:
            blank = rest.rfind(" ", 0, end + 1)
            end = blank if blank > 0 and rest[end].isascii() and rest[end] != " " else end
        elif end < len(rest):
            found.append(fit(rest, size, room, size)[0])
            break
        found.append(rest[:end])
        rest = rest[end:].lstrip(" ")
    return found


def in_pdf() -> str:
    """The name by which reportlab knows it, from then on."""
    _embedded()
    return NAME


@lru_cache(maxsize=32)
def for_printer(dots: int) -> ImageFont.FreeTypeFont:
    """In type of `dots` printer dots."""
    _refuse_missing()
    return ImageFont.truetype(str(FILE), dots, layout_engine=ImageFont.Layout.BASIC)


@lru_cache(maxsize=1)
def _embedded() -> TTFont:
    _refuse_missing()
    try:
        font = TTFont(NAME, str(FILE))
    except TTFError as error:
        raise Unavailable("font-missing", field="font", value=FILE.name) from error
    pdfmetrics.registerFont(font)
    return font


def _refuse_missing() -> None:
    if not FILE.is_file():
        raise Unavailable("font-missing", field="font", value=FILE.name)
