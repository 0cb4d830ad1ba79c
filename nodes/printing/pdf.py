"""Drawings as PDF: one a page, or many on A4 sheets. The same drawings give the same bytes.

Symbols and lines are vectors, type is embedded and cut down to the signs that are used.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import IO, Final

from reportlab import rl_config
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from ledger.errors import Malformed
from nodes.printing.drawing import Bar, Drawing, Symbol, Text, runs
from nodes.printing.typeface import in_pdf

A4: Final = (210.0, 297.0)


@dataclass(frozen=True, slots=True)
class Grid:
    """Labels on an A4 sheet, row by row. `margin` (left and right, top and bottom) and `gap` (across, down) in mm."""

    columns: int
    rows: int
    margin: tuple[float, float] = (0.0, 0.0)
    gap: tuple[float, float] = (0.0, 0.0)

    @property
    def cell(self) -> tuple[float, float]:
        """Width and height of one label. Malformed where the margins leave nothing."""
        across = (A4[0] - 2 * self.margin[0] - (self.columns - 1) * self.gap[0]) / self.columns
        down = (A4[1] - 2 * self.margin[1] - (self.rows - 1) * self.gap[1]) / self.rows
        if across <= 0 or down <= 0:
            raise Malformed("sheet-wrong", field="sheet", value=f"{self.columns}x{self.rows}")
        return across, down

    def place(self, number: int) -> tuple[float, float]:
        """Left and upper edge of the cell `number`, counted from 0."""
        row, column = divmod(number, self.columns)
        across, down = self.cell
        return self.margin[0] + column * (across + self.gap[0]), self.margin[1] + row * (down + self.gap[1])

    @property
    def count(self) -> int:
        return self.columns * self.rows


def pages(file: IO[bytes], drawings: Iterable[Drawing], title: str, keywords: str = "") -> None:
    """Each drawing on a page of its own size."""
    canvas = _canvas(file, title, keywords)
    for drawing in drawings:
        canvas.setPageSize((drawing.width * mm, drawing.height * mm))
        _paint(canvas, drawing, 0, 0, drawing.height)
        canvas.showPage()
    canvas.save()


def sheets(file: IO[bytes], drawings: Iterable[Drawing], grid: Grid, start: int, title: str) -> None:
    """On A4 sheets; `start` cells of the first sheet, counted from 0, were used before."""
    canvas = _canvas(file, title, "")
    canvas.setPageSize((A4[0] * mm, A4[1] * mm))
    number = start
    for drawing in drawings:
        if number == grid.count:
            canvas.showPage()
            number = 0
        _paint(canvas, drawing, *grid.place(number), A4[1])
        number += 1
    canvas.showPage()
    canvas.save()


def _canvas(file: IO[bytes], title: str, keywords: str) -> Canvas:
    rl_config.useA85 = 0  # bytes as they are: written as text they take longer than all drawing, and more room
    canvas = Canvas(file, invariant=1, pageCompression=1)
    canvas.setTitle(title)
    canvas.setCreator("Lodetrace")
    canvas.setKeywords(keywords)
    return canvas


def _paint(canvas: Canvas, drawing: Drawing, left: float, top: float, height: float) -> None:
    font = in_pdf()
    for piece in drawing.pieces:
        match piece:
            case Text(x, y, size, text, align):
                canvas.setFont(font, size * mm)
                draw = {"left": canvas.drawString, "right": canvas.drawRightString, "centre": canvas.drawCentredString}
                draw[align]((left + x) * mm, (height - top - y) * mm, text)
            case Bar(x, y, wide, high):
                canvas.rect((left + x) * mm, (height - top - y - high) * mm, wide * mm, high * mm, stroke=0, fill=1)
            case Symbol(x, y, module, matrix):
                _paint_symbol(canvas, (left + x) * mm, (height - top - y) * mm, module * mm, matrix)


def _paint_symbol(canvas: Canvas, x: float, y: float, module: float, matrix: object) -> None:
    """All modules as one path, in whole modules below its upper left corner: no seams between them, and few bytes."""
    canvas.saveState()
    canvas.transform(module, 0, 0, -module, x, y)
    boxes = " ".join(f"{column} {row} {length} 1 re" for row, column, length in runs(matrix))  # type: ignore[arg-type]
    canvas._code.append(f"{boxes} f")  # its own rectangles would each be a path of full coordinates
    canvas.restoreState()
