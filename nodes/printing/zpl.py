"""Labels in ZPL II, the language of Zebra and of most others that speak it.

The label is one picture (`^GFA`): text comes as dots, so Chinese prints on any printer, and nothing that anybody typed
stands in the commands. The picture is written in the language's own short form: letters count repeated digits, `,`
fills a row with white, `!` with black, `:` repeats the row above.
"""

from itertools import groupby

from PIL import Image

from nodes.printing.raster import packed

_COUNTS = [(20 * at, chr(ord("f") + at)) for at in range(20, 0, -1)] + [
    (at, chr(ord("F") + at)) for at in range(19, 0, -1)
]
"""How often a digit stands: z to g for 400 to 20, Y to G for 19 to 1."""


def zpl(image: Image.Image, copies: int) -> bytes:
    """One label with so many copies."""
    data, row = packed(image)
    rows = (data[start : start + row].hex().upper() for start in range(0, len(data), row))
    before, lines = "", []
    for digits in rows:
        lines.append(":" if digits == before else _short(digits))
        before = digits
    picture = f"^GFA,{len(data)},{len(data)},{row},{''.join(lines)}"
    return f"^XA^PW{image.width}^LL{image.height}^LH0,0^FO0,0{picture}^FS^PQ{copies}^XZ\n".encode("ascii")


def _short(digits: str) -> str:
    for fill, sign in (("0", ","), ("F", "!")):
        if digits.endswith(fill):
            return "".join(_counted(digit, len([*run])) for digit, run in groupby(digits.rstrip(fill))) + sign
    return "".join(_counted(digit, len([*run])) for digit, run in groupby(digits))


def _counted(digit: str, times: int) -> str:
    counts = []
    if times < 2:
        return digit
    for worth, letter in _COUNTS:
        while times >= worth:
            counts.append(letter)
            times -= worth
    return "".join(counts) + digit
