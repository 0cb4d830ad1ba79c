"""Labels and quality certificates: what to print and on what, how far it is, and the file that comes of it."""

from collections.abc import Mapping
from typing import Any

from fastapi import Response

from api.bodies import validated
from api.certificates import Issue
from api.printing import PrintLabels
from api.screens.frame import Screens, Visit
from ledger.certificates import check_code
from ledger.errors import LodetraceError
from nodes import certificates, goods, printed
from nodes.store import certificates as kept
from nodes.store import codes, lists

FIELDS = {
    *("paper", "form", "sheet.grid", "sheet.start", "copies", "dpi", "printer", "reason", "remark"),
    *("grade", "standard", "hazard"),
}
SHEET = "sheet"
LISTED = 20


def routes(screens: Screens) -> None:
    @screens.page("/labels", "clerk", posts=True)
    def labels(visit: Visit) -> Response:
        if visit.posted:
            try:
                asked = validated(PrintLabels, _body(visit)).wire()
                job = printed.print_labels(visit.node, asked, visit.owner, visit.form.key)
                return visit.see(f"/labels/{job.id}")
            except LodetraceError as error:
                visit.refuse(error)
        return visit.render("labels.html", fields=FIELDS, **_subject(visit), **_choices(visit))

    @screens.page("/labels/{job}", "clerk")
    def progress(visit: Visit) -> Response:
        job = visit.node.jobs.get(visit.request.path_params["job"])
        wrong = "" if job.error is None else job.error.text(visit.language)
        return visit.render("printing.html", job=job, wrong=wrong)

    # What lies below a batch stands before it: its own path takes anything.
    @screens.page("/batches/{batch:path}/certificate", "clerk", posts=True)
    def certificate(visit: Visit) -> Response:
        batch = goods.whole(visit.node, visit.request.path_params["batch"]).record.batch
        if visit.posted:
            try:
                asked = validated(Issue, {**visit.form.body(), "batch": batch.id}).wire()
                made = certificates.issue(visit.node, asked, visit.caller, visit.form.key)
                told = visit._("Issued: certificate %(code)s.") % {"code": check_code(made.digest)}
                return visit.see(visit.request.url.path, told)
            except LodetraceError as error:
                visit.refuse(error)
        with visit.node.store.read() as conn:
            issued = kept.page(conn, before=lists.LATEST, limit=LISTED, batch=batch.id)
        return visit.render(
            "certify.html",
            batch=batch,
            issued=[(one, check_code(one.digest)) for one in issued],
            fields=("number", "grade", "standard"),
        )


def _subject(visit: Visit) -> Mapping[str, Any]:
    """What is printed: a batch's units, or some of them, as the page was asked for."""
    form = visit.form
    batch = form.value("batch", visit.asked("batch"))
    units = [code for code in form.value("units", visit.asked("units")).split(",") if code]
    with visit.node.store.read() as conn:
        record = lists.batch(conn, codes.find_batch(conn, batch)) if batch else None
        serials = [lists.unit(conn, codes.find_unit(conn, code)).unit.serial for code in units]
    return {"batch": record and record.batch, "units": ",".join(units), "serials": serials}


def _choices(visit: Visit) -> Mapping[str, Any]:
    _ = visit._
    return {
        "papers": [("100x70", "100 × 70 mm"), ("a6", "A6"), (SHEET, _("A4 sheet of labels"))],
        "forms": [("pdf", _("PDF, for any printer")), ("zpl", "ZPL"), ("tspl", "TSPL"), ("png", "PNG"), ("svg", "SVG")],
        "finenesses": [("203", "203 dpi"), ("300", "300 dpi")],
        "printers": [(name, name) for name in sorted(visit.node.settings.printers)],
        "reasons": [(code, visit.word("reprint", code)) for code in printed.REASONS],
    }


def _body(visit: Visit) -> dict[str, Any]:
    """The form as the interface takes it: `paper` is a size, or a sheet with its grid."""
    form = visit.form
    body = form.body(without=("do", "paper", "dpi", "units", "batch"))
    paper = form.value("paper", "100x70")
    if paper == SHEET:
        body["form"] = "pdf"
    else:
        body.pop("sheet", None)
        body["size"] = paper
    if form.value("dpi"):
        body["dpi"] = 300 if form.value("dpi") == "300" else 203
    if form.value("do") == "calibration":
        return {**body, "calibration": True}
    if form.value("units"):
        return {**body, "units": form.value("units").split(",")}
    return {**body, "batch": form.value("batch")}
