"""Spreadsheets by hand: brought, their columns seen to, looked through, and recorded when somebody says so.

Looking through and recording are jobs. An import outlives them: where the node was started anew meanwhile, the page
says so, and the file is looked through again.
"""

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import IO, Any
from urllib.parse import quote

from fastapi import Response

from api.imports import look_through, record
from api.rendering import HEADERS
from api.screens.frame import Screens, Visit
from api.screens.named import N_
from api.tables import XLSX
from ledger.errors import Conflict, LodetraceError, Malformed, Unknown
from nodes import imports
from nodes.imports import Asked, Brought
from nodes.jobs import LONG, RUNNING, WAITING, Job
from nodes.sheets import marked, rows, workbook
from nodes.sheets.importing import Ready
from nodes.sheets.kinds import KINDS, NAMES, Column

SHOWN = 200
"""Troubles on the page; the marked file has all that a report tells."""
ZONES = ("+08:00", "+09:00", "+07:00", "+01:00", "+00:00", "-05:00")
HOW = {
    "registrations": N_("Goods that were here before the ledger, or come from outside: one row for each batch."),
    "transformations": N_("One row for each processing: what went in, what came out, what was lost."),
    "assays": N_("One row for each result of a laboratory."),
    "shipments": N_("What went to partners without a node: one row for each delivery."),
    "moves": N_("Goods between two of your own sites."),
}


def routes(screens: Screens) -> None:
    @screens.page("/import", "clerk", posts=True)
    def bring(visit: Visit) -> Response:
        if visit.posted:
            try:
                name, data = visit.form.files.get("body", ("", b""))
                if not name:
                    raise Malformed("import-missing", field="body")
                id_ = imports.bring(visit.node, visit.owner, name, visit.form.value("kind"), data)
                _begin(visit, id_)
                return visit.see(f"/import/{id_}")
            except LodetraceError as error:
                visit.refuse(error)
        return visit.render("import.html", kinds=_kinds(visit), brought=imports.of(visit.node, visit.owner))

    @screens.page("/import/{book}/marked", "clerk")
    def marks(visit: Visit) -> Response:
        brought = _book(visit)
        sheet = workbook.read(imports.content(visit.node, brought.stored.id), brought.asked.sheet)
        made = marked.marked(sheet, (brought.report or {}).get("troubles", ()), visit.language)
        name = quote(f"{brought.stored.name.rpartition('.')[0] or brought.stored.name}-marked.xlsx", safe="")
        headers = {**HEADERS, "content-disposition": f"attachment; filename*=UTF-8''{name}"}
        return Response(made, headers=headers, media_type=XLSX)

    @screens.page("/import/{book}", "clerk", posts=True)
    def book(visit: Visit) -> Response:
        brought = _book(visit)
        id_, do = brought.stored.id, visit.form.value("do")
        if visit.posted and do == "drop":
            imports.drop(visit.node, id_)
            return visit.see("/import", visit._("Removed from the list. What was recorded stays recorded."))
        if visit.posted:
            try:
                _check_idle(visit, brought)
                if do == "read":
                    imports.ask(visit.node, id_, _read(visit, brought.asked))
                elif visit.form.value("confirm.reason").strip():
                    reason = visit.form.value("confirm.reason").strip()[:500]
                    imports.ask(visit.node, id_, replace(brought.asked, reason=reason))
                _begin(visit, id_, recording=do == "record")
                return visit.see(f"/import/{id_}")
            except LodetraceError as error:
                visit.refuse(error)
        return visit.render("import_book.html", **_facts(visit, _book(visit)))


def _book(visit: Visit) -> Brought:
    return imports.one(visit.node, visit.owner, visit.request.path_params["book"])


def _kinds(visit: Visit) -> list[tuple[str, str, str]]:
    """(kind, its name, what its rows are), as far as they are the reader's task."""
    place = int(visit.language == "en")
    return [
        (name, NAMES[name][place], visit._(HOW[name])) for name, kind in KINDS.items() if visit.may("clerk", kind.verb)
    ]


def _read(visit: Visit, before: Asked) -> Asked:
    """How the form says that the file is to be read; a column is empty where the reader chose none."""
    places = [one.place for one in rows.kind_of(before.kind).columns]
    columns = {place: visit.form.value(f"column {place}") for place in places if f"column {place}" in visit.form.values}
    fixed = {place: text for place in places if (text := visit.form.value(f"fixed {place}").strip())}
    sheet = visit.form.value("sheet") or before.sheet
    if sheet != before.sheet:  # other headings: what was chosen for the first sheet means nothing there
        columns = {}
    return Asked(before.kind, sheet, columns, fixed, visit.form.value("zone", before.zone))


def _begin(visit: Visit, id_: str, *, recording: bool = False) -> None:
    """Looks the file through, and records its good rows if asked to. One brought again while it is under way is left
    to it.
    """
    brought = imports.one(visit.node, visit.owner, id_)
    if _under_way(visit, brought) is not None:
        return
    assert visit.session is not None, "only those who are signed in import"
    node, caller, data = visit.node, visit.session.holder, imports.content(visit.node, id_)

    def work(job: Job, _: IO[bytes]) -> None:
        def counted(ready: list[Ready]) -> Iterable[Ready]:
            job.total += len(ready)
            return job.counted(ready)

        try:
            looked = look_through(node, caller, data, brought.asked, rehearsed=not recording, counted=counted)
            if recording:
                asyncio.run(record(node, caller, looked, counted))
        except LodetraceError as error:
            imports.report(node, id_, error)
            return
        if job.state == RUNNING:  # else the node stops: what was not seen to the end is no report
            imports.report(node, id_, looked.report(node))

    def start() -> Job:
        return node.jobs.start(work, total=0, name="", media_type="", owner=visit.owner, lane=LONG)

    imports.begin(node, id_, start)


def _check_idle(visit: Visit, brought: Brought) -> None:
    if _under_way(visit, brought) is not None:
        raise Conflict("import-under-way", field="import", value=brought.stored.name)


def _under_way(visit: Visit, brought: Brought) -> Job | None:
    """The job that is at it; None if there is none, or the node was started anew since."""
    if brought.report is not None or not brought.stored.job:
        return None
    try:
        job = visit.node.jobs.get(brought.stored.job)
    except Unknown:
        return None
    return job if job.state in (WAITING, RUNNING) else None


def _facts(visit: Visit, brought: Brought) -> dict[str, Any]:
    job = _under_way(visit, brought)
    if job is None and brought.report is None:  # it may have ended between the two looks
        brought = _book(visit)
    report = brought.report if brought.report is not None and "problem" not in brought.report else None
    facts: dict[str, Any] = {
        "brought": brought,
        "name": NAMES[brought.asked.kind][visit.language == "en"],
        "job": job,
        "report": report,
        "problem": None if brought.report is None else brought.report.get("problem"),
        "same": imports.same(visit.node, brought),
        "zones": [(zone, zone) for zone in ZONES],
    }
    if report is not None:
        facts["new"] = report["good"] - report["recorded_before"] - report["recorded"]
        facts["bad"] = report["rows"] - report["good"]
        facts["questions"] = sum(one["question"] for one in report["troubles"])
        facts["shown"] = report["troubles"][:SHOWN]
    if job is None:
        facts |= _columns(visit, brought)
    return facts


def _columns(visit: Visit, brought: Brought) -> dict[str, Any]:
    """The sheets, the headings, and which column is taken for what."""
    try:
        data = imports.content(visit.node, brought.stored.id)
        kind = rows.kind_of(brought.asked.kind)
        sheet = workbook.read(data, brought.asked.sheet, rows.HEADERS_WITHIN)
    except LodetraceError as error:
        return {"gone": error.text(visit.language)}
    taken = {**rows.guessed(sheet, kind), **brought.asked.columns}
    place = int(visit.language == "en")
    return {
        "sheets": [(title, title) for title in workbook.titles(data)],
        "headings": rows.headings(sheet, kind),
        "columns": list(_rows_of(kind.columns, taken, brought.asked, place)),
    }


def _rows_of(
    columns: Sequence[Column], taken: dict[str, str], asked: Asked, place: int
) -> Iterator[tuple[str, str, bool, str, str]]:
    """(place, name, needed, the letter taken for it, what every row says): what is missing stands first."""
    missing = {one.place for one in columns if one.needed and not taken.get(one.place) and one.place not in asked.fixed}
    for one in sorted(columns, key=lambda one: one.place not in missing):
        yield one.place, one.names[place], one.needed, taken.get(one.place, ""), asked.fixed.get(one.place, "")
