"""Old books: every planted mistake is named by its cell, the good rows are recorded, and never twice."""

import csv
import io
import json
import re
import zipfile
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook

from api.app import create_app
from ledger.matter.reference import Reference
from nodes.node import Node
from nodes.sheets import rows as sheet_rows
from nodes.sheets import workbook
from nodes.sheets.kinds import KINDS
from nodes.store import log

HEADERS = ("过磅日期", "批号", "品名", "净重（吨）", "毛重(t)", "皮重(t)", "磅单号", "来源", "原产国", "备注")
URL = "/api/v1/imports?kind=registrations"


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
def send(client, token_of):
    clerk = token_of("clerk")

    def send(data, query="", status=200, headers=clerk):
        answer = client.post(URL + query, content=data, headers=headers)
        assert answer.status_code == status, answer.text
        return answer.json()

    return send


def good(number):
    return [
        date(2025, 3, 1 + number % 28),
        f"XF-{number:05}",
        "氧化镨钕",
        5 + (number % 7) / 10,
        15 + (number % 7) / 10,
        10,
        f"BT-{number:05}",
        "期初库存",
        "中国",
        None,
    ]


def book(rows, *, title="三月", headers=HEADERS, merged=()):
    made = Workbook()
    sheet = made.active
    sheet.title = title
    for row in ([*headers], *rows):
        sheet.append(row)
    for area in merged:
        sheet.merge_cells(area)
    made.create_sheet("说明")
    return saved(made)


def saved(made):
    data = io.BytesIO()
    made.save(data)
    return data.getvalue()


def as_csv(rows, encoding="utf-8-sig"):
    text = io.StringIO()
    csv.writer(text).writerows([HEADERS, *rows])
    return text.getvalue().encode(encoding)


def size(node):
    with node.store.read() as conn:
        return log.head(conn).size


def wrong(report):
    return {one["cell"]: one["code"] for one in report["troubles"]}


def test_a_dirty_book_of_ten_thousand_rows(send, node):
    rows = [good(number) for number in range(2, 10_002)]
    changed = {
        (17, 3): "\uff15.\uff13",  # full-width digits are digits
        (18, 0): "2025年3月7日",
        (19, 0): "2025.3.7 14:05",
        (20, 3): "5,100",  # 5,100 t: the ticket says 5.1
        (100, 3): "5.4O",
        (200, 0): "3月7日",
        (300, 2): "氧化普钕",
        (400, 3): "5.1斤",
        (500, 6): "BT-00499",
        (600, 8): None,
        (700, 4): 9,
        (800, 3): "=D799*1",
        (9999, 3): "-5",
    }
    for (number, column), value in changed.items():
        rows[number - 2][column] = value
    report = send(book(rows, merged=["I901:I902"]), "&dry_run=false&good_only=true")
    planted = {
        "三月!D20": "weighing-differs",
        "三月!D100": "cell-no-unit",
        "三月!A200": "cell-no-date",
        "三月!C300": "cell-word-unknown",
        "三月!D400": "cell-no-unit",
        "三月!G500": "cell-repeats",
        "三月!I600": "cell-empty",
        "三月!F700": "tare-above-gross",
        "三月!D800": "cell-formula-open",
        "三月!D9999": "cell-negative",
        "三月!I902": "cell-merged",
    }
    assert wrong(report) == planted
    assert all(one["cell"] in one["reason"] or one["code"].startswith(("tare", "weigh")) for one in report["troubles"])
    assert report["rows"] == 10_000
    assert report["good"] == report["recorded"] == 10_000 - len(planted)
    assert size(node) == 1 + report["recorded"]
    assert report["unused"] == ["备注"]


def test_a_book_sent_twice_and_a_corrected_one_record_nothing_twice(send, node):
    rows = [good(number) for number in range(5)]
    rows[3][3] = "?"
    assert send(book(rows), "&dry_run=false")["recorded"] == 0
    assert size(node) == 1
    assert send(book(rows), "&dry_run=false&good_only=true")["recorded"] == 4
    rows[3][3] = good(3)[3]
    rows[3][9] = "corrected"
    report = send(book(rows), "&dry_run=false")
    assert (report["recorded"], report["recorded_before"], report["wrong"]) == (1, 4, 0)
    assert send(as_csv(rows), "&dry_run=false")["recorded"] == 0
    assert size(node) == 6


def test_what_another_registered_is_named_with_its_batch(send, token_of):
    send(as_csv([good(1)]), "&dry_run=false")
    report = send(as_csv([good(1)]), headers=token_of("clerk", "Wang"))
    assert wrong(report) == {"CSV!G2": "row-recorded"}


def test_a_dry_run_records_nothing(send, node):
    report = send(book([good(1)]))
    assert (report["good"], report["recorded"]) == (1, 0)
    assert size(node) == 1


def test_questions_are_asked_and_one_reason_answers_them(send, node):
    for number in range(1, 5):
        send(as_csv([good(number)]), "&dry_run=false")
    slip = good(9)
    slip[3], slip[4] = 52, 62
    report = send(as_csv([slip]), "&dry_run=false")
    assert [(one["cell"], one["code"], one["question"]) for one in report["troubles"]] == [
        ("CSV!D2", "guard-slip", True)
    ]
    assert send(as_csv([slip]), "&dry_run=false&reason=two+trains")["recorded"] == 1
    assert send(as_csv([slip]), "&dry_run=false&reason=other+words")["recorded_before"] == 1
    assert size(node) == 6


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_csv_in_the_encodings_of_the_trade(send, encoding):
    assert send(as_csv([good(1)], encoding))["good"] == 1


def test_columns_and_what_every_row_says_can_be_told(send):
    headers = ("过磅日期", "甲", "品名", "净重（吨）", "毛重(t)", "皮重(t)", "磅单号", "乙", "丙", "备注")
    data = book([good(1)], headers=headers)
    assert send(data, status=422)["code"] == "columns-missing"
    told = "&column=lot_no%3DB&fixed=origin.class%3Dmined&fixed=origin.country%3DCN"
    report = send(data, told)
    assert (report["good"], report["columns"]["lot_no"]) == (1, "B")


def test_macros_are_told_and_never_run(send):
    data = io.BytesIO(book([good(1)]))
    with zipfile.ZipFile(data, "a") as packed:
        packed.writestr("xl/vbaProject.bin", b"Sub AutoOpen()")
    assert send(data.getvalue())["macros"] is True


def test_a_bomb_is_refused_by_what_it_declares_before_it_is_unpacked(send):
    data = io.BytesIO(book([good(1)]))
    with zipfile.ZipFile(data, "a", zipfile.ZIP_DEFLATED) as packed, packed.open("xl/media/x", "w") as member:
        for _ in range(300):
            member.write(bytes(1 << 20))
    assert send(data.getvalue(), status=422)["code"] == "sheet-too-large"


def test_a_bomb_that_lies_about_its_size_is_no_workbook(send):
    data = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(book([good(1)]))) as whole,
        zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as packed,
    ):
        for name in whole.namelist():
            text = whole.read(name)
            if name.endswith("sheet1.xml"):
                text = re.sub(rb"</sheetData>", b" " * (1 << 22) + b"</sheetData>", text)
            packed.writestr(name, text)
        real = packed.getinfo("xl/worksheets/sheet1.xml").file_size
    lying = data.getvalue().replace(real.to_bytes(4, "little"), (600).to_bytes(4, "little"))
    assert send(lying, status=422)["code"] == "sheet-unreadable"


def with_sheet(data, change):
    """The same workbook, with another text of its first sheet."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as whole, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as packed:
        for name in whole.namelist():
            text = whole.read(name)
            packed.writestr(name, change(text) if name.endswith("sheet1.xml") else text)
    return made.getvalue()


def test_merges_that_cover_more_than_anybody_has_are_refused_before_they_are_counted_out(send):
    merges = b'<mergeCell ref="A1:XFD1048576"/>' * 10_000
    data = with_sheet(
        book([good(1)], merged=["A5:A6"]), lambda text: text.replace(b"<mergeCell ", merges + b"<mergeCell ", 1)
    )
    assert send(data, status=422)["code"] == "sheet-too-large"


def test_a_text_that_looks_like_cells_without_end_is_read_once(send):
    """Were it read again from each of them, this test would not come to its end."""
    cells = b"<!--" + b'<c r="A1"' * 500_000 + b"-->"
    data = with_sheet(book([good(1)]), lambda text: text.replace(b"</worksheet>", cells + b"</worksheet>"))
    assert send(data)["good"] == 1


def test_transformations_may_use_what_rows_above_them_make(send, client, token_of):
    send(as_csv([good(1)]), "&dry_run=false")
    text = (
        "日期,工序,投入批号,投入量,产出产品,产出批号,产出量,单位\n"
        "2025-3-8,separation,XF-00001,5 t,pr_oxide,P-1,4.5 t,\n"
        "2025-3-9,separation,P-1,2 t,氧化镨钕,P-2,1.9 t,\n"
        "2025-3-9,separation,NONE,2 t,氧化镨钕,P-3,1 t,\n"
    ).encode()
    answer = client.post("/api/v1/imports?kind=transformations", content=text, headers=token_of("clerk"))
    assert answer.status_code == 200, answer.text
    assert wrong(answer.json()) == {"CSV!C4": "batch-unknown"}


def test_results_shipments_and_moves_come_in_as_books_too(send, client, node, token_of):
    send(as_csv([good(1)]), "&dry_run=false")

    def record(kind, text):
        path = f"/api/v1/imports?kind={kind}&dry_run=false"
        answer = client.post(path, content=text.encode(), headers=token_of("clerk"))
        assert answer.status_code == 200, answer.text
        assert answer.json()["troubles"] == []
        assert answer.json()["recorded"] == 1
        entry = client.get(f"/api/v1/entries?after={size(node) - 2}", headers=token_of("viewer")).json()["entries"][0]
        return entry["type"], json.dumps(entry, ensure_ascii=False)

    type_, told = record(
        "assays",
        "化验日期,批号,报告编号,基准,稀土总量,Pr6O11(%),钕配分,灼减\n2025-3-9,XF-00001,HY-1,灼减后,99.4,24.8,75.2%,\n",
    )
    assert type_ == "assayed"
    assert '["Pr", "24.8"], ["Nd", "75.2"]' in told
    type_, told = record(
        "shipments",
        "发货日期,发货单号,客户,国家,用途,批号,重量（kg）,报关单号,车牌号\n"
        "2025-3-10,SO-1,Muster GmbH,德国,销售,XF-00001,500,HG-77,赣B12345\n",
    )
    assert type_ == "shipped"
    assert all(one in told for one in ("Muster GmbH", '"DE"', "sale", "customs_declaration", "HG-77", "赣B12345"))
    text = "日期,调拨单号,调出仓库,调入仓库,批号,重量,单位\n2025-3-11,DB-1,main,nowhere,XF-00001,1,t\n"
    answer = client.post("/api/v1/imports?kind=moves", content=text.encode(), headers=token_of("clerk"))
    assert wrong(answer.json()) == {"CSV!D2": "site-unknown"}


def test_what_a_verb_refuses_of_a_row_is_told_by_its_columns(send):
    rows = [good(1) for _ in range(4)]
    units = ("5.1斤", "5.1", "5.1 公吨", "0 KG")
    for number, (row, mass) in enumerate(zip(rows, units, strict=True)):
        row[1], row[3:7] = f"L-{number}", (mass, None, None, None)
    rows[2][7] = "外购"
    report = send(book(rows, headers=("日期", "批号", "品名", "净重", *HEADERS[4:])))
    told = {one["cell"].partition("!")[2]: (one["reason"], one["reason_zh"]) for one in report["troubles"]}
    assert told.keys() == {"D2", "D3", "A4", "D5"}
    assert "专用发票、发票、采购合同" in told["A4"][1]
    for cell in ("D2", "D3"):
        assert "t, kg, g or mg" in told[cell][0]
        assert "吨、千克（公斤）、克或毫克" in told[cell][1]
    assert told["D5"] == (
        "Net is 0, which is no mass. Enter what the scale showed, or leave the line out.",
        "净重为 0，没有质量。请填写磅秤读数，或删去此行。",
    )


def test_an_exported_list_of_goods_is_read_as_it_is(send, client, token_of):
    send(as_csv([good(1), good(2)]), "&dry_run=false")
    clerk = token_of("clerk")
    for form in ("csv", "xlsx"):
        data = client.get(f"/api/v1/batches?format={form}", headers=clerk).content
        report = send(data, "&fixed=origin.class%3Dunknown_opening")
        assert wrong(report) == {f"{report['sheet']}!C{row}": "row-recorded" for row in (2, 3)}
        read = sheet_rows.book(
            workbook.read(data), KINDS["registrations"], Reference.parse(), fixed={"origin.class": "外购"}
        )
        listed = client.get("/api/v1/batches", headers=clerk).json()["batches"]
        for row, one in zip(read.rows, listed, strict=True):
            said = row.fields
            assert (said["quantity.value"], said["quantity.unit"]) == (str(one["mg"]), "mg")
            for place, name in (
                ("lot_no", "lot_no"),
                ("product", "product"),
                ("at", "at"),
                ("origin.country", "country"),
            ):
                assert said[place] == one[name]


@pytest.mark.parametrize("form", ["csv.zh", "csv.en", "xlsx.zh", "xlsx.en"])
def test_a_list_exported_for_people_is_read_as_it_is(send, client, token_of, form):
    send(as_csv([good(1)]), "&dry_run=false")
    data = client.get(f"/api/v1/batches?format={form}", headers=token_of("clerk")).content
    always = {"origin.class": "外购"}
    (row,) = sheet_rows.book(workbook.read(data), KINDS["registrations"], Reference.parse(), fixed=always).rows
    assert not row.troubles
    (one,) = client.get("/api/v1/batches", headers=token_of("clerk")).json()["batches"]
    said = row.fields
    assert (Decimal(said["quantity.value"]) * 10**6, said["quantity.unit"]) == (one["mg"], "kg")
    told = (said["lot_no"], said["product"], said["at"], said["origin.country"])
    assert told == (one["lot_no"], one["product"], one["at"], one["country"])


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(value=st.decimals("0.001", "999999", places=3), day=st.dates(date(2000, 1, 1), date(2026, 1, 1)))
def test_what_a_spreadsheet_holds_is_read_exactly(value, day):
    row = [day, "L", "x", float(value)]
    read = workbook.read(book([row], headers=HEADERS[:4])).rows[1]
    assert (read[0], Decimal(read[3])) == (day.isoformat(), value)
    assert load_workbook(io.BytesIO(book([row]))).sheetnames == ["三月", "说明"]


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("chosen", ["zh", "en"])
def test_a_template_is_understood_and_its_example_is_passed_over(client, token_of, name, chosen):
    clerk = token_of("clerk")
    path = f"/api/v1/imports/{name}/template?lang={chosen}"
    for form in ("xlsx", "csv"):
        data = client.get(f"{path}&format={form}", headers=clerk).content
        report = client.post(f"/api/v1/imports?kind={name}", content=data, headers=clerk).json()
        assert (report["rows"], report["wrong"]) == (0, 0), report
        assert set(report["columns"]) == {one.place for one in KINDS[name].columns if one.how != "unit"}
        assert len(report["unused"]) == 1
    made = load_workbook(io.BytesIO(client.get(path, headers=clerk).content))
    sheet = made.worksheets[0]
    assert len(made.sheetnames) == 3
    offered = {str(one.sqref).rstrip("0123456789")[0]: one.formula1 for one in sheet.data_validations.dataValidation}
    assert all(formula.startswith(f"'{made.sheetnames[1]}'!$") for formula in offered.values())
    example = [[cell.value for cell in row] for row in sheet.iter_rows()]
    example[1][-1] = None
    text = io.StringIO()
    csv.writer(text).writerows(example)
    read = sheet_rows.book(workbook.read(text.getvalue().encode()), KINDS[name], Reference.parse())
    assert len(read.rows) == 1
    assert [str(one) for row in read.rows for one in row.troubles] == []


def test_the_sheet_that_is_asked_for_must_be_there(send):
    report = send(book([good(1)]), "&sheet=May", status=404)
    assert (report["code"], report["value"]) == ("sheet-unknown", "May")
    assert "三月, 说明" in report["detail"]
