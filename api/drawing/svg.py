"""SVG elements and the text in them (https://www.w3.org/TR/SVG2/), through an XML library: names never become marks.

Text is cut to the room that it has, by widths that fit any usual font: a Chinese sign is as wide as it is tall.
"""

import re
from functools import lru_cache
from importlib.resources import files
from unicodedata import east_asian_width
from xml.etree import ElementTree as ET

SVG = "image/svg+xml"
_no_xml = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def drawing(width: int, height: int, title: str, about: str, *, alone: bool) -> ET.Element:
    """An empty picture. `alone`: it is a file of its own, and brings its styles with it; a page has them already."""
    root = ET.Element(
        "svg",
        {
            "xmlns": "http://www.w3.org/2000/svg",
            "class": "drawing",
            "viewBox": f"0 0 {width} {height}",
            "width": str(width),
            "height": str(height),
            "role": "group",
            "aria-label": clean(title),
        },
    )
    add(root, "title", text=title)
    add(root, "desc", text=about)
    if alone:
        add(root, "style", text=styles())
    add(root, "rect", "ground", width=width, height=height)
    return root


def add(parent: ET.Element, name: str, kind: str = "", *, text: str = "", **attributes: float | str) -> ET.Element:
    """A new last child; `kind` is its class. Names of attributes with a hyphen are written with an underscore."""
    made = ET.SubElement(parent, name, {"class": kind} if kind else {})
    for key, value in attributes.items():
        made.set(key.replace("_", "-"), clean(str(value)))
    if text:
        made.text = clean(text)
    return made


def printed(root: ET.Element) -> str:
    return ET.tostring(root, encoding="unicode") + "\n"


def clean(text: str) -> str:
    """Without the signs that no XML can hold, not even escaped."""
    return _no_xml.sub("\ufffd", text)


def cut(text: str, room: int, size: float) -> str:
    """As much of the text as fits into `room` pixels, on one line; what is missing is told by an ellipsis."""
    text = " ".join(text.split())
    if _wide(text) * size <= room:
        return text
    while text and (_wide(text) + 1) * size > room:
        text = text[:-1]
    return f"{text.rstrip()}…"


def lines(text: str, room: int, size: float, most: int) -> list[str]:
    """The text on up to `most` lines; the last is cut. Broken at spaces, and a word that is too long anywhere."""
    left = " ".join(text.split())
    found: list[str] = []
    while left and len(found) < most - 1 and _wide(left) * size > room:
        fitting = next(end for end in range(len(left), 0, -1) if _wide(left[:end]) * size <= room or end == 1)
        space = left.rfind(" ", 1, fitting + 1)
        end = fitting if space < 0 else space
        found.append(left[:end])
        left = left[end:].lstrip()
    return [*found, cut(left, room, size)]


def _wide(text: str) -> float:
    return sum(1.0 if east_asian_width(sign) in "WF" else 0.62 for sign in text)


@lru_cache(maxsize=1)
def styles() -> str:
    """Of all drawings, by day, by night and on paper."""
    return files("api").joinpath("pages/static/drawing.css").read_text("utf-8")
