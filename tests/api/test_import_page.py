"""Books by hand: every bad file has its sentence, nothing is recorded unseen, and no book is lost."""

import csv
import html
import io
import re
import zipfile
from threading import Event
from urllib.parse import quote

import pytest
from openpyxl import Workbook, load_workbook

from api.app import create_app
from nodes import imports
from nodes.clock import system_clock
from nodes.jobs import LONG
from nodes.node import Node
from nodes.people import hire
from tests.api.test_imports import HEADERS, as_csv, book, good, saved, size
from tests.api.test_register_page import SECRET, Desk
from tests.world import until

XLSX = "application/octet-stream"


class Clerk(Desk):
    """Brings books, and waits for what comes of them."""

    def bring(self, data, name="三月.xlsx", kind="registrations"):
        hidden = re.search(r'name="csrf" value="([^"]*)"', self.get("/import").text)[1]
        fields = {"csrf": hidden, "kind": kind}
        files = {"body": (name, data, XLSX)} if data is not None else {"body": ("", b"")}
        return self._client.post("/import", data=fields, files=files, headers=self._headers)

    def opened(self, path):
        """The page once the work is done, as plain text."""
        pages = [""]

        def done():
            pages[0] = self.get(path).text
            return "<progress" not in pages[0]

        until(done, "the book is looked through")
        return html.unescape(pages[0])

    def brought(self, data, **rest):
        answer = self.bring(data, **rest)
        assert answer.status_code == 303, answer.text
        return answer.headers["location"], self.opened(answer.headers["location"])

    def do(self, path, **fields):
        answer = self.send(path, **fields)
        assert answer.status_code == 303, answer.text
        return self.opened(path)


@pytest.fixture
def node(home):
    node = Node.open(home, {"LODETRACE_BODY_MAX": str(16 << 20)})
    node.start()
    yield node
    node.stop()


@pytest.fixture
def client(node, client_of):
    return client_of(create_app(node))


@pytest.fixture
def clerk(client, node):
    hire(node.store, "Li", "clerk", system_clock, password=SECRET)
    return Clerk(client)


def told(page):
    return dict(re.findall(r"<tr><td><b>([A-Z]+\d+)</b></td>.*?<td[^>]*>.*?</td><td>(.*?)</td></tr>", page, re.DOTALL))


def test_a_book_is_looked_through_and_recorded_when_somebody_says_so(clerk, node):
    path, page = clerk.brought(book([good(1), good(2)]))
    assert "Record all rows (2)" in page
    assert size(node) == 1
    page = clerk.do(path, do="record")
    assert "All rows are recorded." in page
    assert size(node) == 3
    assert "rows recorded: 2" in clerk.get("/import").text
    assert "XF-00001" in clerk.get("/goods").text


@pytest.mark.parametrize("do", ["record", "read"])
def test_nothing_is_taken_silently_while_a_book_is_looked_through(clerk, node, do):
    go = Event()
    node.jobs.start(lambda *_: go.wait(60), total=1, name="", media_type="", owner="Wang", lane=LONG)
    path = clerk.bring(book([good(1)])).headers["location"]
    answer = clerk.send(path, do=do)
    assert answer.status_code == 409
    assert "三月.xlsx is being looked through or recorded. Wait until that is done" in answer.text
    go.set()
    assert "Record all rows (1)" in clerk.opened(path)
    assert size(node) == 1
    clerk.do(path, do="record")
    assert size(node) == 2


def test_what_is_wrong_is_named_by_its_cell_and_marked_in_the_file(clerk, node):
    rows = [good(1), good(2), good(3)]
    rows[1][3], rows[2][9] = "5.1斤", '=HYPERLINK("http://x")'
    rows[2][8] = None
    path, page = clerk.brought(book(rows))
    assert told(page).keys() == {"D3", "I4"}
    assert "5.1斤" in told(page)["D3"]
    file = clerk.get(f"{path}/marked")
    assert quote("三月-marked.xlsx") in file.headers["content-disposition"]
    data = file.content
    sheet = load_workbook(io.BytesIO(data)).active
    assert [cell.value for cell in sheet[1]][:10] == list(HEADERS)
    assert sheet["D3"].comment.text in told(page)["D3"]
    assert sheet["D3"].value == "5.1斤"
    assert sheet["D2"].value == pytest.approx(5.1)
    assert all(cell.data_type != "f" for row in sheet for cell in row)
    assert sheet["D3"].fill.fgColor.rgb != sheet["C3"].fill.fgColor.rgb != sheet["C2"].fill.fgColor.rgb
    page = clerk.do(path, do="record")
    assert size(node) == 2
    sheet["D3"], sheet["I4"] = 5.2, "中国"
    _, again = clerk.brought(saved(sheet.parent), name="corrected.xlsx")
    assert "Record all rows (2)" in again


def test_the_same_file_goes_on_and_once_recorded_is_noticed(clerk, client, node):
    data = book([good(1)])
    path, _ = clerk.brought(data)
    assert clerk.brought(data)[0] == path
    clerk.do(path, do="record")
    other, page = clerk.brought(data)
    assert other != path
    assert "The same file was brought on" in page
    assert "Rows of it that were recorded then: 1." in page
    assert "All rows are recorded." in page
    hire(node.store, "Wang", "clerk", system_clock, password=SECRET)
    wang = Clerk(client, name="Wang")
    assert wang.get(path).status_code == 404
    assert "by Li before" in wang.brought(data)[1]


def test_columns_are_said_once_for_all_books_with_these_headings(clerk):
    headers = ("过磅日期", "甲", "品名", "净重（吨）", "毛重(t)", "皮重(t)", "磅单号", "乙", "丙", "备注")
    path, page = clerk.brought(book([good(1)], headers=headers))
    assert "lacks the columns origin, country" in page
    assert '<option value="D" selected>D · 净重(吨)</option>' in page
    shown = dict(re.findall(r'<select name="(column [^"]+)".*?<option value="([A-Z]+)" selected', page))
    shown = {name: letter for name, letter in shown.items() if name.startswith("column ")}
    columns = {"column at": "A", "column lot_no": "B", "column product": "C", "column quantity.value": "D"}
    columns |= {"column weighing.ticket": "", "column origin.country": "I", "fixed origin.class": "mined"}
    page = clerk.do(path, do="read", **columns)
    assert "Record all rows (1)" in page
    _, page = clerk.brought(book([good(2)], headers=headers))
    assert "Record all rows (1)" in page
    assert 'value="mined"' in page


def test_another_sheet_can_be_chosen(clerk):
    made = Workbook()
    made.active.title = "封面"
    made.active.append(["三月台账"])
    sheet = made.create_sheet("明细")
    for row in ([*HEADERS], good(1)):
        sheet.append(row)
    path, page = clerk.brought(saved(made))
    assert "lacks the columns" in page
    assert "Record all rows (1)" in clerk.do(path, do="read", sheet="明细")
    page = clerk.send(path, do="read", sheet="<script>")
    assert page.status_code == 404
    assert "the book has no sheet &lt;script&gt;" in page.text


def test_a_question_is_answered_by_one_reason(clerk, node):
    for number in range(1, 5):
        path, _ = clerk.brought(as_csv([good(number)]), name=f"{number}.csv")
        clerk.do(path, do="record")
    slip = good(9)
    slip[3], slip[4] = 5100, 5110  # kilograms in a column of tonnes
    path, page = clerk.brought(as_csv([slip]))
    assert "Question" in told(page)["D2"]
    assert "Record" not in re.sub(r"Recorded|recorded", "", page.partition("What is wrong")[0])
    page = clerk.do(path, **{"do": "look", "confirm.reason": "a ship"})
    assert "Record all rows (1)" in page
    assert "All rows are recorded." in clerk.do(path, do="record")


def test_a_book_outlives_its_node(home, client_of):
    first = Node.open(home, {})
    first.start()
    hire(first.store, "Li", "clerk", system_clock, password=SECRET)
    clerk = Clerk(client_of(create_app(first)))
    path, _ = clerk.brought(book([good(1)]))
    id_ = path.rpartition("/")[2]
    with first.store.write() as conn:
        imports.imports.clear(conn, id_)
        imports.imports.begun(conn, id_, "a job that the node took with it")
    first.stop()
    again = Node.open(home, {})
    again.start()
    try:
        clerk = Clerk(client_of(create_app(again)))
        assert "because the node was started anew" in clerk.get(path).text
        assert "Record all rows (1)" in clerk.do(path, do="look")
    finally:
        again.stop()


def test_a_book_can_be_dropped_and_old_files_are_forgotten(clerk, node, monkeypatch):
    path, _ = clerk.brought(as_csv([good(1)]), name="a.csv")
    clerk.send(path, do="drop")
    assert clerk.get(path).status_code == 404
    monkeypatch.setattr(imports, "KEPT", 1)
    first, _ = clerk.brought(as_csv([good(2)]), name="b.csv")
    clerk.brought(as_csv([good(3)]), name="c.csv")
    assert "no longer kept" in clerk.get(first).text


def bomb():
    data = io.BytesIO(book([good(1)]))
    with zipfile.ZipFile(data, "a", zipfile.ZIP_DEFLATED) as packed, packed.open("xl/media/x", "w") as member:
        for _ in range(300):
            member.write(bytes(1 << 20))
    return data.getvalue()


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (None, "no file was chosen"),
        (b"", "empty, or no text"),
        (b"\xd0\xcf\x11\xe0rest", "an old .xls or a protected file"),
        (b"PK\x03\x04rest", "a damaged workbook"),
        (b"%PDF-1.7\x00\xff\xfe\x80", "neither .xlsx nor CSV"),
        (bomb, "more than 268435456 bytes"),
    ],
    ids=["none", "empty", "xls", "damaged", "pdf", "bomb"],
)
def test_what_is_no_book_is_said_beside_the_file(clerk, data, said):
    page = clerk.bring(data() if callable(data) else data)
    assert page.status_code in (404, 422), page.text
    assert said in re.search(r'id="wrong-body">([^<]*)<', html.unescape(page.text))[1]


def test_a_book_of_too_many_rows_is_told_once_it_was_looked_through(clerk):
    assert "more than 100000 rows" in clerk.brought(b"a\n" * 100_001, name="a.csv")[1]


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        (0, 45723, "which is no date"),
        (2, "<script>alert(1)</script>", "a name that is not known here"),
        (2, "\u202eNd\U0001f600", "a name that is not known here"),
        (3, "5，1", "which is no plain number"),
        (3, "1,2,3", "which is no plain number"),
        (3, "=D1*2", "a formula that was never computed"),
    ],
)
def test_a_cell_that_cannot_be_read_is_told(clerk, column, value, said):
    row = good(1)
    row[column] = value
    page = clerk.brought(book([row]))[1]
    assert said in told(page)[f"{'ABCD'[column]}2"]
    assert "<script>alert" not in clerk.get(clerk.bring(book([row])).headers["location"]).text


def test_numbers_of_the_trade_are_read(clerk):
    rows = [good(number) for number in range(1, 4)]
    rows[0][3] = "\uff15\uff0e\uff11"  # full-width
    rows[1][3], rows[1][4], rows[1][5] = "5,200 kg", "15,200kg", "10,000 公斤"
    rows[2][0] = "2025年3月7日"
    page = clerk.brought(book(rows))[1]
    assert "Record all rows (3)" in page, told(page)


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_csv_with_other_delimiters(clerk, delimiter):
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter).writerows([HEADERS, good(1)])
    assert "Record all rows (1)" in clerk.brought(text.getvalue().encode("gb18030"), name="a.csv")[1]


def test_macros_and_merged_cells_are_told(clerk):
    data = io.BytesIO(book([good(1), good(2)], merged=["I2:I3"]))
    with zipfile.ZipFile(data, "a") as packed:
        packed.writestr("xl/vbaProject.bin", b"Sub AutoOpen()")
    page = clerk.brought(data.getvalue(), name="a.xlsm")[1]
    assert "The file contains macros. They were not run." in page
    assert "covered by a merged cell" in told(page)["I3"]


def test_whoever_has_another_task_sees_other_kinds(client, node):
    hire(node.store, "Zhao", "clerk", system_clock, password=SECRET, tasks=["quality"])
    zhao = Clerk(client, language="zh", name="Zhao")
    page = zhao.get("/import").text
    assert 'value="assays"' in page
    assert 'value="registrations"' not in page
    assert "化验结果" in page
    _, page = zhao.brought(as_csv([good(1)]))
    assert "任务" in page or "权限" in page or "属于" in page


def test_a_kind_that_there_is_not(clerk):
    assert "books are read as one of" in html.unescape(clerk.bring(as_csv([good(1)]), kind="poems").text)


def test_a_viewer_brings_nothing(client, node):
    hire(node.store, "Sun", "viewer", system_clock, password=SECRET)
    viewer = Desk(client, name="Sun")
    assert viewer.get("/import").status_code == 403
    assert 'href="/import"' not in viewer.get("/").text


def test_one_row_of_another_person_is_recorded_once(clerk, client, node):
    data = book([good(1), good(2)])
    path, _ = clerk.brought(data)
    clerk.do(path, do="record")
    hire(node.store, "Wang", "clerk", system_clock, password=SECRET)
    wang = Clerk(client, name="Wang")
    _, page = wang.brought(data)
    assert "is registered already" in told(page)["G2"]
    assert size(node) == 3
