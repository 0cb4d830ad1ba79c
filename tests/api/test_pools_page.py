"""Pools by hand: charged, drawn, closed; what is wrong stands beside its field."""

import pytest

from nodes.clock import system_clock
from nodes.people import hire
from tests.api.test_process_page import ASSAY
from tests.api.test_register_page import SECRET, TICKET, Desk

CHARGE = {"add": "XF-1", "quantity.value": "10000", "steps[0].process": "separation", "period_lot_no": "SX 1"}
DRAW = {
    "outputs[0].product": "prnd_oxide",
    "outputs[0].lot_no": "PN-1",
    "outputs[0].quantity.value": "100",
    "outputs[0].quantity.unit": "kg",
    "outputs[0].assay.basis": "ignited",
    "outputs[0].assay.total_reo_pct": "99.5",
    "distribution": "Pr 25, Nd 75",
}


@pytest.fixture
def desk(client, node):
    hire(node.store, "Li", "clerk", system_clock, password=SECRET)
    desk = Desk(client)
    assert desk.send("/register", **{**TICKET, **ASSAY}).status_code == 303
    return desk


def test_a_pool_is_charged_drawn_and_closed(desk):
    assert desk.get("/pools?pool=sx-1").headers["location"] == "/pools/sx-1/charge"
    assert desk.send("/pools/sx-1/charge", **CHARGE).headers["location"] == "/pools/sx-1"
    page = desk.get("/pools/sx-1").text
    assert "10,000 kg" in page
    assert "<td>Nd</td>" in page
    drawn = desk.send("/pools/sx-1/draw", **DRAW)
    assert drawn.status_code == 303, drawn.text
    assert "PN-1</a>" in desk.get(drawn.headers["location"]).text
    closed = desk.send("/pools/sx-1/close", **{"left.Nd": "1500", "u_pct": "2", "method": "measured"})
    assert closed.status_code == 303, closed.text
    assert "1,500" not in desk.get("/pools").text
    ended = desk.send("/pools/sx-1/close", ends="true", reason="emptied")
    assert ended.status_code == 303, ended.text
    assert "closed" in desk.get("/pools").text


@pytest.mark.parametrize(
    ("path", "sent", "field"),
    [
        ("charge", {**CHARGE, "add": "<script>alert(1)</script>"}, "add"),
        ("draw", {**DRAW, "distribution": "some"}, "distribution"),
        ("draw", {**DRAW, "outputs[0].quantity.value": "x"}, "outputs[0].quantity.value"),
    ],
)
def test_what_is_wrong_stands_beside_its_field(desk, path, sent, field):
    desk.send("/pools/sx-1/charge", **CHARGE)
    page = desk.send(f"/pools/sx-1/{path}", **sent)
    assert page.status_code in (404, 422), page.text
    assert f'id="wrong-{field}"' in page.text
    assert "<script>alert" not in page.text
    assert 'value="PN-1"' in page.text or 'value="10000"' in page.text


def test_a_pool_that_nobody_charged_is_not_there(desk):
    assert desk.get("/pools/none").status_code == 404
    assert "There is no pool yet" in desk.get("/pools").text
