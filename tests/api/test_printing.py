"""Printing over HTTP: batches and units in every form, reprints with their reasons, printers that listen and do not."""

import io
import socket
import threading
import zipfile

import pytest

from ledger.matter.events import is_id
from nodes import printed, tokens
from nodes.clock import system_clock
from nodes.node import Node
from nodes.printing import printer
from nodes.rebuild import rebuild
from tests.nodes.printing import reading
from tests.world import until

UNITS = ["D-2", "D-10", "D-1"]
HOSTILE = '<script>\u202e^XZ~JA"😀\u200b'


@pytest.fixture
def clerk(client, token_of):
    headers, count = token_of("clerk"), iter(range(10**6))

    class Clerk:
        def post(self, path, body, key=None):
            return client.post(path, headers={**headers, "idempotency-key": key or f"{next(count)}"}, json=body)

        def get(self, path, **rest):
            return client.get(path, headers=headers, **rest)

        def print(self, **body):
            """The job when it has ended, and its result."""
            begun = self.post("/api/v1/labels", body)
            assert begun.status_code == 202, begun.text
            path = f"/api/v1/jobs/{begun.json()['job']}"
            job = until(lambda: one if (one := self.get(path).json())["state"] not in ("waiting", "running") else None)
            return job, self.get(job["result"])

    clerk = Clerk()
    origin = {"class": "mined", "country": "CN"}
    ore = {"product": "prnd_oxide", "lot_no": "PN-7", "site": "main", "origin": origin}
    clerk.post("/api/v1/batches", {**ore, "quantity": {"value": "500", "unit": "kg"}})
    kg = {"value": "50", "unit": "kg"}
    rows = [
        {"serial": serial, "net": kg, "seal": f"A{serial}", "gross": {"value": "52.4", "unit": "kg"}}
        for serial in UNITS
    ]
    rows.append({"serial": HOSTILE, "net": kg})
    packed = clerk.post("/api/v1/units", {"batch": "PN-7", "units": rows}).json()
    clerk.urls = {unit["serial"]: unit["label_url"] for unit in packed["units"]}
    return clerk


def test_a_batch_as_pdf_in_the_order_of_serials(clerk):
    job, result = clerk.print(batch="PN-7", standard="GB/T 20892-2020", hazard="无 none")
    assert (job["state"], job["done"], job["total"], job["problem"]) == ("done", 4, 4, None)
    assert result.headers["content-type"] == "application/pdf"
    assert 'filename="PN-7.pdf"' in result.headers["content-disposition"]
    found = [reading.codes(page) for page in reading.pdf_pages(result.content)]
    assert found == [[clerk.urls[serial]] for serial in (HOSTILE, "D-1", "D-2", "D-10")]
    words = reading.pdf_text(result.content)
    for told in ("信丰矿业", "氧化镨钕", "50 kg", "52.4 kg", "D-10", "AD-10", "GB/T 20892-2020", "无 none", "CN"):
        assert told in words
    assert "\u202e" not in words
    assert '<script>□^XZ~JA"□□' in words


@pytest.mark.parametrize("dpi", [203, 300])
@pytest.mark.parametrize(("form", "read"), [("zpl", reading.zpl_labels), ("tspl", reading.tspl_labels)])
def test_a_batch_in_a_printer_s_language(clerk, form, read, dpi):
    _, result = clerk.print(batch="PN-7", form=form, dpi=dpi, size="a6", copies=2)
    labels = read(result.content)
    assert [copies for _, copies in labels] == [2] * 4
    assert [reading.codes(image) for image, _ in labels] == [
        [clerk.urls[serial]] for serial in (HOSTILE, "D-1", "D-2", "D-10")
    ]
    assert {reading.module_dots(image)[1] for image, _ in labels} == {6 if dpi == 203 else 10}


def test_a_sheet_with_two_of_each_from_its_third_place(clerk):
    sheet = {"grid": "2x4", "start": 3, "margin": "4.5,13", "gap": "2.5,0"}
    _, result = clerk.print(units=["D-1", "D-2"], sheet=sheet, copies=2)
    [page] = reading.pdf_pages(result.content)
    assert sorted(reading.codes(page)) == sorted([clerk.urls["D-1"], clerk.urls["D-2"]] * 2)
    assert reading.codes(page.crop((0, 0, page.width, page.height // 4))) == []


def test_pictures_of_several_come_in_one_file_named_by_serial(clerk):
    job, result = clerk.print(batch="PN-7", form="png")
    assert (job["name"], result.headers["content-type"]) == ("PN-7.zip", "application/zip")
    with zipfile.ZipFile(io.BytesIO(result.content)) as bundle:
        names = bundle.namelist()
        assert names[1:] == ["D-1.png", "D-2.png", "D-10.png"]
        assert not set('<>"/\\ ') & set(names[0])
        assert reading.codes(reading.png(bundle.read("D-10.png"))) == [clerk.urls["D-10"]]
    job, result = clerk.print(units=["D-1"], form="svg", reason="lost")
    assert (job["name"], result.headers["content-type"]) == ("D-1.svg", "image/svg+xml")
    assert "氧化镨钕" in result.text
    _, result = clerk.print(units=[HOSTILE], form="svg", reason="lost")
    assert "<script" not in result.text


def test_a_reprint_needs_a_reason_and_is_recorded(clerk, client, token_of, problem):
    clerk.print(units=["D-1"])
    again = {"units": ["D-1", "D-2"]}
    refused = problem(clerk.post("/api/v1/labels", again), 422, "reprint-needs-reason")
    assert (refused["field"], refused["value"]) == ("reason", "D-1")
    clerk.print(**again, reason="damaged", remark="叉车压坏 forklift", copies=3)
    viewer = token_of("viewer", "Chen")
    shown = client.get("/api/v1/units/D-1", headers=viewer).json()["prints"]
    assert [(one["by"], one["form"], one["copies"], one["reason"], one["remark"]) for one in shown] == [
        ("Li", "pdf", 1, None, None),
        ("Li", "pdf", 3, "damaged", "叉车压坏 forklift"),
    ]
    every = client.get("/api/v1/prints", headers=viewer).json()["prints"]
    assert [one["reason"] for one in every] == [None, "damaged", None], "D-2 was printed for the first time"
    assert all(is_id(one["unit"]) for one in every)
    page = client.get("/api/v1/prints", headers=viewer, params={"limit": 1}).json()
    assert len(page["prints"]) == 1
    rest = client.get("/api/v1/prints", headers=viewer, params={"before": page["before"]}).json()
    assert page["prints"] + rest["prints"] == every
    only = client.get("/api/v1/prints", headers=viewer, params={"again": "true"}).json()["prints"]
    assert [one["reason"] for one in only] == ["damaged"]
    assert len(client.get("/api/v1/prints", headers=viewer, params={"unit": "D-2"}).json()["prints"]) == 1


def test_what_was_printed_cannot_be_changed_in_the_database(clerk, node):
    clerk.print(units=["D-1"])
    for statement in ("UPDATE prints SET copies = 0", "DELETE FROM prints"):
        with pytest.raises(Exception, match="never"), node.store.write() as conn:
            conn.execute(statement)


def test_prints_outlive_a_rebuild(clerk, node):
    clerk.print(units=["D-1"])
    before = clerk.get("/api/v1/units/D-1").json()
    rebuild(node)
    assert clerk.get("/api/v1/units/D-1").json() == before


def test_the_same_key_prints_once(clerk, problem):
    body = {"units": ["D-1"]}
    first = clerk.post("/api/v1/labels", body, key="once").json()["job"]
    assert clerk.post("/api/v1/labels", body, key="once").json()["job"] == first
    assert len(clerk.get("/api/v1/prints").json()["prints"]) == 1
    problem(clerk.post("/api/v1/labels", {"units": ["D-2"]}, key="once"), 409, "key-of-other-request")


def test_the_calibration_label_is_of_no_unit(clerk):
    job, result = clerk.print(calibration=True, form="zpl")
    [(image, _)] = reading.zpl_labels(result.content)
    assert len(reading.codes(image)) >= 2
    assert (job["name"], clerk.get("/api/v1/prints").json()["prints"]) == ("calibration.zpl", [])


def test_nothing_is_recorded_where_nothing_is_printed(clerk, problem):
    for body, code in (
        ({"batch": "PN-7", "size": "40x20"}, "label-too-small"),
        ({"units": ["D-1", "D-9"]}, "unit-unknown"),
        ({"units": ["D-1"], "printer": "line-1"}, "printer-unknown"),
    ):
        problem(clerk.post("/api/v1/labels", body), 404 if code.endswith("unknown") else 422, code)
    assert clerk.get("/api/v1/prints").json()["prints"] == []


def test_only_a_clerk_prints(client, token_of, problem):
    headers = {**token_of("viewer"), "idempotency-key": "x"}
    problem(client.post("/api/v1/labels", headers=headers, json={"units": ["D-1"]}), 403, "role-too-low")


# -- printers ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def listening():
    """A printer of the test's own on this machine: (address, what it took)."""
    took = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def take():
            connection, _ = server.accept()
            with connection:
                parts = iter(lambda: connection.recv(1 << 16), b"")
                took.append(b"".join(parts))

        thread = threading.Thread(target=take)
        thread.start()
        yield f"127.0.0.1:{server.getsockname()[1]}", took, thread
        thread.join()


def test_labels_go_to_a_printer_as_they_are(tmp_path, listening):
    address, took, thread = listening
    (tmp_path / "labels").write_bytes(b"^XA^XZ\n" * 50_000)
    printer.send(address, tmp_path / "labels")
    thread.join()
    assert took == [b"^XA^XZ\n" * 50_000]


def test_a_printer_of_the_settings_prints_in_its_own_language(home, client, listening):
    address, took, thread = listening
    node = Node.open(home, {"LODETRACE_PRINTERS": f'{{"line-1": "tspl 300 {address}"}}'})
    try:
        paper = printed.paper_of(node, {"printer": "line-1", "form": "pdf"})
        assert (paper.form, paper.address) == ("tspl", address)
        job = printed.print_labels(node, {"calibration": True, "printer": "line-1"}, "Li", "k")
        until(lambda: job.state == "done")
    finally:
        node.stop()
    thread.join()
    [(image, _)] = reading.tspl_labels(took[0])
    assert abs(image.width - 1181) < 8


def test_a_printer_that_is_off_is_told_and_may_be_printed_again(home, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    node = Node.open(home, {"LODETRACE_PRINTERS": f'{{"line-1": "zpl 203 127.0.0.1:{port}"}}'})
    try:
        tokens.mint(node.store, "Li", "clerk", system_clock)
        job = printed.print_labels(node, {"calibration": True, "printer": "line-1"}, "Li", "k")
        until(lambda: job.state == "failed")
    finally:
        node.stop()
    assert job.error.code == "printer-unreachable"
    assert "not_printed" in job.error.text("en")
    assert "not_printed" in printed.REASONS
