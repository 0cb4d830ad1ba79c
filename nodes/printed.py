"""Printing labels: which units, on what paper, in which form; and that it was done, and why again.

Each printing is a row that stays (store/prints.py), written before the first dot: what may exist is recorded. A label
that was printed before needs a reason, for two labels of one thing are what a swap of goods looks like.

A label shows nothing new, so it is no entry of the log: docs/decisions/0015.
"""

import re
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from hashlib import sha256
from typing import IO, Any, Final

from ledger.errors import Malformed, Refusal, Unknown
from ledger.log.canonical import dump
from nodes import labels
from nodes.clock import stamp
from nodes.jobs import Job
from nodes.node import Node
from nodes.printing import layout, pdf, printer, raster, svg
from nodes.printing.calibration import calibration
from nodes.printing.drawing import Drawing
from nodes.printing.tspl import tspl
from nodes.printing.zpl import zpl
from nodes.scan import SPENT
from nodes.store import codes, lists, prints
from nodes.store.engine import Connection
from nodes.store.prints import Print
from nodes.store.records import UnitRecord
from nodes.store.sql import parts

LABELS_MOST: Final = 5000
COPIES_MOST: Final = 50
REASONS: Final = ("damaged", "lost", "unreadable", "not_printed", "other")
MEDIA_TYPES: Final[Mapping[str, str]] = {
    "pdf": "application/pdf",
    "zpl": "application/octet-stream",
    "tspl": "application/octet-stream",
    "png": "image/png",
    "svg": "image/svg+xml",
}
PDF_DPI: Final = "600"
_GIVEN: Final = ("grade", "standard", "hazard")
_READ: Final = 200
_UNSAFE = re.compile(r"[^\w.-]", re.ASCII).sub
_PAIR = re.compile(r"([0-9]{1,2})x([0-9]{1,2})")
_SIZE = re.compile(r"([0-9]{2,3})x([0-9]{2,3})")
_MM = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,2})?")


@dataclass(frozen=True, slots=True)
class Paper:
    """What labels are printed on. `size` in mm, of a cell where it is a sheet; `gap_mm` between labels of a roll."""

    form: str
    size: tuple[float, float]
    dots_per_mm: float
    copies: int = 1
    gap_mm: float = 3.0
    grid: pdf.Grid | None = None
    start: int = 0
    address: str | None = None
    given: Mapping[str, str] = field(default_factory=dict)


def print_labels(node: Node, body: Mapping[str, Any], owner: str, key: str) -> Job:
    """Records that these labels are printed, and begins to. Refused where one was before and no reason is given.

    Ordered by serial, numbers in it by their worth. The same key and body begin one job, while that is kept.
    """
    asked = sha256(dump(body)).digest()
    before = node.jobs.asked_before(owner, key, asked)
    if before is not None:
        return before
    paper, begun = paper_of(node, body), {"owner": owner, "key": key, "asked": asked}
    if body.get("calibration"):
        return _start(node, paper, [calibration(paper.size, paper.dots_per_mm)], [], "calibration", begun)
    with node.store.write() as conn:
        records = sorted(_records(conn, body), key=lambda record: _worth(record.unit.serial))
        if len(records) * paper.copies > LABELS_MOST:
            raise Refusal(
                "labels-too-many",
                field="units" if "units" in body else "batch",
                value=len(records) * paper.copies,
                limit=LABELS_MOST,
            )
        layout.label(next(labels.texts(node, conn, records[:1], paper.given)), paper.size, paper.dots_per_mm)
        again = _printed_before(conn, records)
        if again and body.get("reason") is None:
            raise Refusal(
                "reprint-needs-reason",
                field="reason",
                value=again[0],
                count=len(again),
                reasons=", ".join(REASONS),
            )
        known, at = set(again), stamp(node.clock())
        form = f"{paper.form} {body['printer']}" if "printer" in body else paper.form
        rows = (
            Print(one.unit.id, at, owner, form, paper.copies, *_why(body, one.unit.serial in known)) for one in records
        )
        prints.add(conn, rows)
        drawings = _drawings(node, records, paper)
        return _start(node, paper, drawings, records, _title(body, records), begun)


def picture(node: Node, code: str, form: str, dpi: str = "203") -> bytes:
    """One label of 100 by 70 mm as `svg` or `png`, for a page to show. Nothing is recorded."""
    paper = paper_of(node, {"form": form, "dpi": dpi})
    return _one(paper, layout.label(labels.label_of(node, code), paper.size, paper.dots_per_mm))


def paper_of(node: Node, body: Mapping[str, Any]) -> Paper:
    """What the request says of form and paper; a printer in the settings says its language and resolution itself."""
    form, dpi, address = body.get("form", "pdf"), str(body.get("dpi", 203)), None
    if "printer" in body:
        known = node.settings.printers.get(body["printer"])
        if known is None:
            raise Unknown(
                "printer-unknown",
                field="printer",
                value=body["printer"],
                printers=", ".join(sorted(node.settings.printers)) or "-",
            )
        form, dpi, address = known.split(" ")
    size, grid, start = _size(body.get("size", "100x70")), None, 0
    if body.get("sheet") is not None:
        if form != "pdf":
            raise Malformed("sheet-wrong", field="sheet", value=form)
        grid, start = _grid(body["sheet"])
        size = grid.cell
    return Paper(
        form,
        size,
        layout.DOTS_PER_MM[PDF_DPI if form in ("pdf", "svg") else dpi],
        body.get("copies", 1),
        float(_mm(body.get("gap", "3"), "gap")),
        grid,
        start,
        address,
        {name: body[name] for name in _GIVEN if body.get(name)},
    )


def _size(text: str) -> tuple[float, float]:
    known = layout.SIZES.get(text.lower())
    if known is not None:
        return known
    found = _SIZE.fullmatch(text)
    if found is None:
        raise Malformed("label-size-wrong", field="size", value=text, sizes=", ".join(layout.SIZES))
    return float(found[1]), float(found[2])


def _grid(sheet: Mapping[str, Any]) -> tuple[pdf.Grid, int]:
    found = _PAIR.fullmatch(sheet["grid"])
    if found is None or not int(found[1]) or not int(found[2]):
        raise Malformed("sheet-wrong", field="sheet.grid", value=sheet["grid"])
    margin, gap = (_two(sheet.get(name, "0,0"), f"sheet.{name}") for name in ("margin", "gap"))
    grid = pdf.Grid(int(found[1]), int(found[2]), margin, gap)
    start = sheet.get("start", 1)
    if not 1 <= start <= grid.count:
        raise Malformed("sheet-wrong", field="sheet.start", value=start)
    return grid, start - 1


def _two(text: str, where: str) -> tuple[float, float]:
    across, _, down = text.partition(",")
    return float(_mm(across, where)), float(_mm(down or across, where))


def _mm(text: str, where: str) -> Decimal:
    if not _MM.fullmatch(text):
        raise Malformed("sheet-wrong", field=where, value=text)
    return Decimal(text)


# -- which units ------------------------------------------------------------------------------------------------------


def _records(conn: Connection, body: Mapping[str, Any]) -> list[UnitRecord]:
    """The units named, or those of a batch that our own log packed and that are not spent."""
    if "batch" not in body:
        found = []
        for at, code in enumerate(body["units"]):
            record = lists.unit(conn, codes.find_unit(conn, code, field=f"units[{at}]"))
            labels.refuse_other(record, code)
            found.append(record)
        return list({record.no: record for record in found}.values())
    batch = codes.find_batch(conn, body["batch"])
    found, before = [], lists.LATEST
    while page := lists.units(conn, batch=batch, before=before, limit=_READ):
        before = page[-1].no
        found += [one for one in page if labels.is_own(one) and one.unit.state not in SPENT]
    if not found:
        raise Refusal("labels-none", field="batch", value=body["batch"])
    return found


def _worth(serial: str) -> list[tuple[int, int, str]]:
    return [(1, int(part), "") if part.isdecimal() else (0, 0, part) for part in re.split(r"([0-9]+)", serial)]


def _printed_before(conn: Connection, records: Sequence[UnitRecord]) -> list[str]:
    """Serials of those that were printed before, in their order."""
    known = {one.unit for one in prints.of_units(conn, (record.unit.id for record in records))}
    return [record.unit.serial for record in records if record.unit.id in known]


def _why(body: Mapping[str, Any], again: bool) -> tuple[str | None, str | None]:
    return (body["reason"], body.get("remark")) if again else (None, None)


# -- drawing ----------------------------------------------------------------------------------------------------------


def _drawings(node: Node, records: Sequence[UnitRecord], paper: Paper) -> Iterator[Drawing]:
    for part in parts(records, _READ):
        with node.store.read() as conn:
            texts = list(labels.texts(node, conn, part, paper.given))
        for text in texts:
            yield layout.label(text, paper.size, paper.dots_per_mm)


def _start(
    node: Node,
    paper: Paper,
    drawings: Iterable[Drawing],
    records: Sequence[UnitRecord],
    title: str,
    begun: Mapping[str, Any],
) -> Job:
    """`begun`: by whom, and under which key. The calibration label is of no unit."""
    bundled = paper.form in ("png", "svg") and len(records) > 1

    def work(job: Job, file: IO[bytes]) -> None:
        counted = job.counted(drawings)
        if bundled:
            names = file_names([(record.unit.serial, record.unit.id) for record in records])
            _bundle(
                file, ((f"{name}.{paper.form}", _one(paper, one)) for name, one in zip(names, counted, strict=False))
            )
        else:
            _write(file, paper, counted, title)
        file.flush()
        if paper.address is not None:
            printer.send(paper.address, job.path)

    kind = "zip" if bundled else paper.form
    return node.jobs.start(
        work,
        total=max(len(records), 1),
        name=f"{_UNSAFE('_', title).lstrip('.') or 'labels'}.{kind}",
        media_type="application/zip" if bundled else MEDIA_TYPES[paper.form],
        **begun,
    )


def _write(file: IO[bytes], paper: Paper, drawings: Iterable[Drawing], title: str) -> None:
    """All in one file: pages, sheets, or one label after the other in a printer's language."""
    if paper.form == "pdf":
        each = (one for one in drawings for _ in range(paper.copies))
        if paper.grid is None:
            pdf.pages(file, each, title)
        else:
            pdf.sheets(file, each, paper.grid, paper.start, title)
        return
    for drawing in drawings:
        file.write(_one(paper, drawing))


def _one(paper: Paper, drawing: Drawing) -> bytes:
    if paper.form == "svg":
        return svg.svg(drawing)
    if paper.form == "png":
        return raster.png(drawing, paper.dots_per_mm)
    image = raster.dots(drawing, paper.dots_per_mm)
    return zpl(image, paper.copies) if paper.form == "zpl" else tspl(image, paper.size, paper.gap_mm, paper.copies)


def _bundle(file: IO[bytes], files: Iterable[tuple[str, bytes]]) -> None:
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name, content in files:
            bundle.writestr(zipfile.ZipInfo(name), content)  # of no date: the same labels give the same file


def file_names(units: Sequence[tuple[str, str]]) -> list[str]:
    """A file's name for each (serial, id): its serial, and its id too where two would have one name.

    A serial may hold anything, a file name may not; and none begins with a dot.
    """
    taken = [_UNSAFE("_", serial).lstrip(".") or id_[-26:] for serial, id_ in units]
    often = Counter(name.lower() for name in taken)
    return [
        name if often[name.lower()] == 1 else f"{name}-{id_[-26:]}" for name, (_, id_) in zip(taken, units, strict=True)
    ]


def _title(body: Mapping[str, Any], records: Sequence[UnitRecord]) -> str:
    return str(body["batch"]) if "batch" in body else records[0].unit.serial
