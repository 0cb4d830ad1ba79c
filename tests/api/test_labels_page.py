"""Printing by hand: labels of a batch or of units, why again, how far it is; and quality certificates."""

import re

import pytest

from nodes.clock import system_clock
from nodes.people import hire
from tests.api.test_register_page import SECRET, TICKET, Desk
from tests.nodes.printing import reading

PAPER = {"paper": "100x70", "form": "pdf", "dpi": "203", "copies:int": "1", "do": "print"}


@pytest.fixture
def desk(client, node):
    hire(node.store, "Li", "clerk", system_clock, password=SECRET)
    return Desk(client)


@pytest.fixture
def batch(desk):
    """The path of a batch of which three drums are packed."""
    where = desk.send("/register", **TICKET).headers["location"]
    packing = {"kind": "drum", "count:int": "3", "serial": "D-098", "net.value": "50", "net.unit": "kg"}
    assert desk.send(f"{where}/pack", **packing).status_code == 303
    return where


def ask(batch):
    return f"/labels?batch={batch.rpartition('/')[2]}"


def send(desk, where, **fields):
    page = desk.get(where).text
    named = dict(re.findall(r'name="(batch|units)" value="([^"]*)"', page))
    return desk.send(where, page, **{**PAPER, **named, **fields})


def finished(desk, node, answer):
    assert answer.status_code == 303, answer.text
    where = answer.headers["location"]
    assert node.jobs.get(where.rpartition("/")[2]).ended.wait(60)
    page = desk.get(where).text
    return page, desk.get(re.search(r'href="(/api/v1/jobs/[^"]+)"', page)[1]) if "/api/v1/jobs" in page else None


def test_the_labels_of_a_batch_are_a_file_to_download(desk, node, batch):
    page, file = finished(desk, node, send(desk, ask(batch)))
    assert 'hx-get="' not in page, "nothing is asked for again once it is done"
    assert len(reading.pdf_pages(file.content)) == 3


def test_a_second_print_asks_why_and_keeps_what_was_chosen(desk, node, batch):
    finished(desk, node, send(desk, ask(batch)))
    again = send(desk, ask(batch), **{"copies:int": "2", "grade": "<b>4N</b>"})
    assert again.status_code == 422
    assert 'name="reason"' in again.text
    assert 'value="2"' in again.text
    assert "&lt;b&gt;4N&lt;/b&gt;" in again.text
    _, file = finished(desk, node, send(desk, ask(batch), **{"copies:int": "2", "reason": "damaged"}))
    assert len(reading.pdf_pages(file.content)) == 6


def test_some_units_go_on_a_sheet_that_was_begun(desk, node, batch):
    unit = re.search(r'href="(/labels\?units=[^"]+)"', desk.get(batch).text)[1]
    assert "D-098" in desk.get(unit).text
    sheet = {"paper": "sheet", "sheet.grid": "2x4", "sheet.start:int": "8"}
    _, file = finished(desk, node, send(desk, unit, **sheet))
    assert len(reading.pdf_pages(file.content)) == 1
    wrong = send(desk, unit, **{**sheet, "sheet.grid": "two", "reason": "lost"})
    assert 'id="wrong-sheet.grid"' in wrong.text


@pytest.mark.parametrize(("form", "begins"), [("zpl", b"^XA"), ("tspl", b"SIZE")])
def test_printers_languages_come_as_files(desk, node, batch, form, begins):
    _, file = finished(desk, node, send(desk, ask(batch), form=form, dpi="300"))
    assert begins in file.content[:200]


def test_a_calibration_label_needs_no_batch(desk, node):
    _, file = finished(desk, node, send(desk, "/labels", do="calibration"))
    assert len(reading.pdf_pages(file.content)) == 1


def test_a_job_that_nobody_knows_is_told(desk):
    assert desk.get("/labels/0123456789abcdef").status_code == 404


def test_a_certificate_is_issued_once_and_can_be_downloaded(desk, batch):
    where = f"{batch}/certificate"
    page = desk.get(where).text
    for _ in range(2):
        answer = desk.send(where, page, number="QC-1", grade="<b>", standard="GB/T 20892-2020")
        assert answer.status_code == 303, answer.text
    issued = desk.get(where).text
    [link] = set(re.findall(r'href="(/api/v1/certificates/\d+\.pdf)"', issued))
    assert desk.get(link).content.startswith(b"%PDF")
