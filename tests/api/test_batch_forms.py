"""What is found out about a batch and decided on it by hand: results, weighing again, holds; its page tells of it."""

import re

import pytest

from nodes.clock import system_clock
from nodes.people import hire
from tests.api.test_process_page import ASSAY
from tests.api.test_register_page import SECRET, TICKET, Desk


@pytest.fixture
def desk(client, node):
    hire(node.store, "Li", "supervisor", system_clock, password=SECRET)
    return Desk(client)


@pytest.fixture
def batch(desk):
    return desk.send("/register", **{**TICKET, **ASSAY, "documents[0].no": "WT-77"}).headers["location"]


def test_a_result_is_recorded_and_told(desk, batch):
    sent = {
        "assay.total_reo_pct": "91.5",
        "assay.basis": "dried",
        "assay.moisture_pct": "0.5",
        "assay.status": "final",
        "distribution": "Nd 60, Pr 20, Dy 20",
    }
    answer = desk.send(f"{batch}/assay", **{**sent, "lab": "<script>alert(1)</script>"})
    assert answer.headers.get("location") == batch, answer.text
    assert "assayed" in desk.get(batch).text
    wrong = desk.send(f"{batch}/assay", **{**sent, "distribution": "much"})
    assert 'id="wrong-distribution"' in wrong.text
    assert 'value="91.5"' in wrong.text


def test_goods_are_weighed_again(desk, batch):
    answer = desk.send(f"{batch}/weigh", **{"quantity.value": "19990", "kind": "reweighed", "unit": ""})
    assert answer.headers.get("location") == batch, answer.text
    assert "19,990 kg" in desk.get(batch).text
    wrong = desk.send(f"{batch}/weigh", **{"quantity.value": "heavy", "kind": "reweighed", "unit": ""})
    assert wrong.status_code == 422
    assert 'value="heavy"' in wrong.text


def test_goods_are_held_and_let_go(desk, batch):
    packing = {"kind": "drum", "count:int": "2", "serial": "D-1", "net.value": "50", "net.unit": "kg"}
    assert desk.send(f"{batch}/pack", **packing).status_code == 303
    answer = desk.send(f"{batch}/hold", kind="quality", reason="<b>dust</b>")
    assert answer.headers.get("location") == batch, answer.text
    assert "<dd>held</dd>" in desk.get(batch).text
    page = desk.get(f"{batch}/hold").text
    assert "&lt;b&gt;dust&lt;/b&gt;" in page
    lock = re.search(r'name="lock" value="([^"]+)"', page)[1]
    ended = desk.send(f"{batch}/hold", page, lock=lock, reason="sieved")
    assert ended.headers.get("location") == batch, ended.text
    assert "<dd>held</dd>" not in desk.get(batch).text


def test_a_clerk_holds_nothing(client, node, batch):
    hire(node.store, "Wang", "clerk", system_clock, password=SECRET)
    clerk = Desk(client, name="Wang")
    assert clerk.get(f"{batch}/hold").status_code == 403
    assert "/hold" not in clerk.get(batch).text


def test_its_page_tells_its_entries_papers_and_what_became_of_it(desk, batch):
    page = desk.get(batch).text
    assert "registered" in page
    assert "WT-77" in page
    hidden = dict(
        re.findall(r'<input [^>]*?name="(inputs[^"]+)" value="([^"]*)"', desk.get(f"/process?goods={batch[9:]}").text)
    )
    made = {"outputs[0].product": "prnd_oxide", "outputs[0].lot_no": "PN-1", "outputs[0].quantity.value": "100"}
    sent = {**hidden, **made, "outputs[0].quantity.unit": "kg", "steps[0].process": "separation", "do": "record"}
    sent["confirm.reason"] = "the rest is still in the circuit"
    assert desk.send("/process", **sent).status_code == 303
    assert "PN-1</a>" in desk.get(batch).text


def test_its_page_tells_what_a_correction_changed(desk, batch, client, token_of):
    less = {"value": "1000", "unit": "kg"}
    line = {"entry": 1, "side": "made", "batch": "XF-1", "less": less}
    asked = {"kind": "adjust", "reason": "misread", "lines": [line]}
    clerk, other = ({**token_of(*who), "idempotency-key": "k"} for who in (("clerk", "Wang"), ("supervisor", "Zhao")))
    draft = client.post("/api/v1/corrections", json=asked, headers=clerk)
    sealed = client.post(f"/api/v1/drafts/{draft.json()['draft']}/approval", json={}, headers=other)
    assert sealed.status_code == 201, (draft.text, sealed.text)
    page = desk.get(batch).text
    assert "amount changed" in page
    assert "20,000 kg" in page.split("By entry")[1]
    assert "19,000 kg" in page.split("By entry")[1]
