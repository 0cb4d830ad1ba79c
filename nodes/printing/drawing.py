"""A drawing: pieces on a sheet, in millimetres from its upper left corner. Every output is painted from one.

What is drawn is decided in layout.py, calibration.py and certificate.py; how, by pdf.py, raster.py and svg.py.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

Matrix = Sequence[Sequence[bool]]


@dataclass(frozen=True, slots=True)
class Text:
    """One line, drawable (typeface.py); `y` is its foot; `align`: left, right or centre of x."""

    x: float
    y: float
    size: float
    text: str
    align: str = "left"


@dataclass(frozen=True, slots=True)
class Bar:
    """A black rectangle. Lines are thin ones."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Symbol:
    """A QR symbol with its quiet zone. `module` is a whole number of the printer's dots."""

    x: float
    y: float
    module: float
    matrix: Matrix

    @property
    def side(self) -> float:
        return self.module * len(self.matrix)


Piece = Text | Bar | Symbol


@dataclass(frozen=True, slots=True)
class Drawing:
    """A label or a page, `width` by `height`, and what is on it."""

    width: float
    height: float
    pieces: list[Piece] = field(default_factory=list)

    def add(self, *pieces: Piece) -> None:
        self.pieces.extend(pieces)


def runs(matrix: Matrix) -> list[tuple[int, int, int]]:
    """(row, first column, length) of every run of black modules."""
    found = []
    for y, row in enumerate(matrix):
        x, end = 0, len(row)
        while x < end:
            if not row[x]:
                x += 1
                continue
            start = x
            while x < end and row[x]:
                x += 1
            found.append((y, start, x - start))
    return found
