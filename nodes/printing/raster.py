"""Drawings as pictures of a label printer's dots: black and white, each module and line a whole number of dots."""

import io
from math import ceil

from PIL import Image, ImageDraw, ImageFont

from nodes.printing.drawing import Bar, Drawing, Symbol, Text
from nodes.printing.typeface import for_printer, width

ANCHORS = {"left": "ls", "right": "rs", "centre": "ms"}
LEAST_DOTS = 8


def dots(drawing: Drawing, dots_per_mm: float) -> Image.Image:
    """A picture of mode "1": 0 is black, 255 white."""
    size = (round(drawing.width * dots_per_mm), round(drawing.height * dots_per_mm))
    image = Image.new("1", size, 255)
    draw = ImageDraw.Draw(image)
    draw.fontmode = "1"
    for piece in drawing.pieces:
        match piece:
            case Text(x, y, type_size, text, align):
                place = (round(x * dots_per_mm), round(y * dots_per_mm))
                draw.text(place, text, fill=0, font=_fitting(text, type_size, dots_per_mm), anchor=ANCHORS[align])
            case Bar(x, y, wide, high):
                left, top = round(x * dots_per_mm), round(y * dots_per_mm)
                right, foot = left + max(1, round(wide * dots_per_mm)), top + max(1, round(high * dots_per_mm))
                draw.rectangle((left, top, right - 1, foot - 1), fill=0)
            case Symbol(x, y, module, matrix):
                each = round(module * dots_per_mm)
                side = len(matrix)
                small = Image.new("1", (side, side))
                small.putdata([0 if black else 255 for row in matrix for black in row])
                large = small.resize((side * each, side * each), Image.Resampling.NEAREST)
                image.paste(large, (round(x * dots_per_mm), round(y * dots_per_mm)))
    return image


def _fitting(text: str, size: float, dots_per_mm: float) -> ImageFont.FreeTypeFont:
    """In whole dots small type runs wider than it was reckoned: then it is set a dot smaller."""
    room = width(text, size) * dots_per_mm + 1
    each = max(1, round(size * dots_per_mm))
    while each > LEAST_DOTS and for_printer(each).getlength(text) > room:
        each -= 1
    return for_printer(each)


def png(drawing: Drawing, dots_per_mm: float) -> bytes:
    """The same picture as a PNG that knows its size on paper."""
    file = io.BytesIO()
    inch = dots_per_mm * 25.4
    dots(drawing, dots_per_mm).save(file, "PNG", dpi=(inch, inch), optimize=True)
    return file.getvalue()


def packed(image: Image.Image) -> tuple[bytes, int]:
    """Row after row, eight dots a byte from the left, 1 is black; and how many bytes a row has."""
    row = ceil(image.width / 8)
    white = Image.new("1", (row * 8, image.height), 255)
    white.paste(image, (0, 0))
    return bytes(byte ^ 0xFF for byte in white.tobytes()), row
