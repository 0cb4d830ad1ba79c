"""Tables of offices: brought in as Chinese spreadsheets save them, their columns said, held against deposited books."""

import io
import re

import pytest
from openpyxl import Workbook

from tests.hands import Hands, location
from tests.nodes.test_oversight import AUTHORITY, NUMBER, ONE
from tests.overseen import SCRIPT, overseen, worked_out
from tests.world import kg

DECLARATIONS = f"""海关统计,,,
报关单号,申报日期,净重（千克）,收发货人
{NUMBER.replace("-", "")},2026-11-01,100,{SCRIPT.replace('"', "")}
9999-0000,2026-11-02,"1,050",甲
,2026-11-03,1,乙
8888,2026-11-03,一百,丙
7777,2026-11-03,−180,丁
"""


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """One of the two makes metal, too."""
    with overseen(tmp_path_factory.mktemp("outside")) as world:
        world[ONE].register("O-1", "1200", product="prnd_oxide")
        made = {"product": "prnd_metal", "lot_no": "ME-1", "quantity": kg("1000")}
        body = {
            "steps": [{"process": "electrolysis"}],
            "inputs": [{"batch": "O-1", "quantity": kg("1200")}],
            "outputs": [made],
        }
        world[ONE].record("/api/v1/transformations", body)
        world.settle()
        worked_out(world[AUTHORITY])
        yield world


@pytest.fixture
def clerk(told):
    return Hands(told[AUTHORITY])


def upload(hands, kind, source, name, data):
    page = hands.get("/outside")
    fields = {"kind": kind, "source": source, **dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', page))}
    parts = [f'--b\r\ncontent-disposition: form-data; name="{k}"\r\n\r\n{v}\r\n'.encode() for k, v in fields.items()]
    head = f'--b\r\ncontent-disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
    body = b"".join([*parts, head.encode(), data, b"\r\n--b--\r\n"])
    headers = {"content-type": "multipart/form-data; boundary=b", "cookie": hands.cookies}
    return hands._member.ask("POST", "/outside", body, role=None, headers=headers)


def test_columns_that_nobody_filled_in_are_no_columns(clerk):
    """A sheet may have formatted hundreds of them."""
    wide = DECLARATIONS.replace("\n", "," * 60 + "\n").replace("CD-7", "CD-8")
    page = clerk.get(location(upload(clerk, "customs_declaration", "海关", "宽.csv", wide.encode())))
    assert page.count("<option") < 60


def test_declarations_are_held_against_the_books(told, clerk):
    where = location(upload(clerk, "customs_declaration", "海关", "海关.csv", DECLARATIONS.encode("gb18030", "ignore")))
    page = clerk.get(where)
    assert "<script>" not in page
    assert "5 rows" in page
    assert "Rows that could not be read: 3" in page
    assert "below zero. Put what cancels a row (a credit note)" in page
    found = told[AUTHORITY].get(f"/api/v1/oversight{where}")
    assert found["columns"] == {"number": "0", "day": "1", "mass": "2", "holder": "3", "default_unit": "kg"}
    assert [(one["row"], one["problem"]["code"]) for one in found["troubles"]] == [
        (5, "field-missing"),
        (6, "cell-no-number"),
        (7, "cell-negative"),
    ]
    assert [(one["state"], one["rows"], one["difference_mg"]) for one in found["matches"]] == [
        ("only_office", [4], None),
        ("matched", [3], 0),
    ]
    assert {entry[0] for entry in found["matches"][1]["books"]} == {"one.example/log", "two.example/log"}
    assert "only in the table" in page
    assert "row 3" not in clerk.get(f"{where}?state=only_office")


def test_columns_are_said_anew_and_the_table_is_taken_away(told, clerk):
    rows = [["Nummer", "Masse", "Wann"], [NUMBER, "0.09", "2026-11-01"]]
    data = "\n".join(",".join(row) for row in rows).encode()
    where = location(upload(clerk, "customs_declaration", "Zoll", "zoll.csv", data))
    assert "matches" in told[AUTHORITY].get(f"/api/v1/oversight{where}")
    said = {"number": "0", "mass": "1", "day": "2", "default_unit": "t"}
    assert location(clerk.post(where, said)) == where
    (one,) = told[AUTHORITY].get(f"/api/v1/oversight{where}")["matches"]
    assert (one["state"], one["difference_mg"]) == ("differs", -10 * 10**6)
    assert "! amounts differ" in clerk.get(where)
    assert location(clerk.post(where, {"do": "away"})) == "/outside"
    assert told[AUTHORITY].ask("GET", f"/api/v1/oversight{where}", role="viewer").status == 404


def test_power_is_held_against_metal_that_was_booked(told, clerk):
    month = told[AUTHORITY].node.clock().strftime("%Y年%m月")
    book = Workbook()
    for row in (["户名", "电费年月", "用电量"], [ONE, month, 9000], ["陌生企业", month, 1], [ONE, "2020-01", 5]):
        book.active.append(row)
    file = io.BytesIO()
    book.save(file)
    where = location(upload(clerk, "power", "电网", "电.xlsx", file.getvalue()))
    found = told[AUTHORITY].get(f"/api/v1/oversight{where}")
    assert [(one["row"], one["problem"]["code"]) for one in found["troubles"]] == [(3, "log-unknown")]
    assert [(one["state"], one["kwh"], one["metal_mg"], one["kwh_per_t"]) for one in found["power"]] == [
        ("no_metal", 5, 0, None),
        ("usual", 9000, 10**9, 9000),
    ]
    assert "! power without any metal booked" in clerk.get(where)


def test_what_cannot_be_brought_in(told, clerk):
    assert 'id="wrong-source"' in upload(clerk, "power", " ", "x.csv", b"a,b\n1,2\n").body.decode()
    assert "a heading without rows" in upload(clerk, "power", "x", "x.csv", b"a,b\n").body.decode()
    assert upload(clerk, "gold", "x", "x.csv", b"a,b\n1,2\n").status == 422
    data = b"a,b\n7,8\n"
    where = location(upload(clerk, "power", "once", "x.csv", data))
    again = upload(clerk, "power", "twice", "x.csv", data)
    assert again.status == 409
    assert f"as table {where.rpartition('/')[2]}" in again.body.decode()
    viewer = Hands(told[AUTHORITY], role="viewer")
    assert upload(viewer, "power", "x", "y.csv", b"a,b\n3,4\n").status == 403
    assert viewer.post(where, {"do": "away"}).status == 403
    assert told[ONE].ask("GET", "/outside", role="viewer").status == 404
