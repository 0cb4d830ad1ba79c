"""The form for a weighbridge ticket: what is typed is kept, what is wrong stands beside its field, nothing is lost."""

import re

import pytest

from api.access import COOKIE
from nodes.clock import system_clock
from nodes.people import hire

SECRET = "a long enough sentence"
TICKET = {
    "product": "ion_clay_mixed_oxide",
    "weighing.ticket": "BT-991",
    "weighing.gross": "32.46",
    "weighing.tare": "12.46",
    "weighing.unit": "t",
    "quantity.moisture_pct": "0.5",
    "lot_no": "XF-1",
    "site": "main",
    "origin.class": "mined",
    "origin.country": "CN",
    "assay.basis": "dried",
    "documents[0].kind": "weigh_ticket",
}


class Desk:
    """A browser that is signed in."""

    def __init__(self, client, language="en", name="Li"):
        self._client = client
        answer = client.post("/sign-in", data={"name": name, "password": SECRET})
        self._headers = {"cookie": f"{COOKIE}={answer.cookies[COOKIE]}", "accept-language": language}

    def get(self, path, **headers):
        return self._client.get(path, headers={**self._headers, **headers})

    def send(self, path, page=None, **fields):
        """Posts a form with the hidden fields of the page that shows it."""
        shown = page or self.get(path).text
        hidden = dict(re.findall(r'<input type="hidden" name="(csrf|key)" value="([^"]*)"', shown))
        return self._client.post(path, data={**hidden, **fields}, headers=self._headers)


@pytest.fixture
def desk(client, node):
    hire(node.store, "Li", "clerk", system_clock, password=SECRET)
    return Desk(client)


def wrong(page):
    return dict(re.findall(r'id="wrong-([^"]+)">([^<]+)<', page.replace("&#39;", "'")))


def test_a_ticket_becomes_a_batch_and_its_page(desk, client, node):
    answer = desk.send("/register", **TICKET)
    assert answer.status_code == 303, answer.text
    page = desk.get(answer.headers["location"])
    assert "XF-1" in page.text
    assert "20,000 kg" in page.text
    assert "/pack" in page.text


def test_the_same_form_sent_twice_is_one_batch(desk, node):
    page = desk.get("/register").text
    first, again = (desk.send("/register", page, **TICKET).headers["location"] for _ in range(2))
    assert first == again
    assert desk.get("/goods").text.count("XF-1</a>") == 1


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("weighing.gross", "heavy"),
        ("weighing.tare", "99"),
        ("origin.country", "XZ"),
        ("quantity.moisture_pct", "150"),
        ("assay.total_reo_pct", "102"),
    ],
)
def test_what_is_wrong_is_told_beside_its_field_and_everything_typed_is_kept(desk, field, typed):
    page = desk.send("/register", **{**TICKET, field: typed})
    assert page.status_code == 422
    told = wrong(page.text)
    assert told or 'class="told bad"' in page.text
    assert f'value="{typed}"' in page.text
    assert 'value="XF-1"' in page.text
    assert "XF-1</a>" not in desk.get("/goods").text


def test_a_guard_asks_and_a_reason_answers(desk):
    page = desk.send("/register", **{**TICKET, "quantity.moisture_pct": "70"})
    assert page.status_code == 422
    assert 'name="confirm.reason"' in page.text
    answer = desk.send("/register", page.text, **{**TICKET, "quantity.moisture_pct": "70", "confirm.reason": "rain"})
    assert answer.status_code == 303


def test_what_it_comes_to_is_told_while_one_types(desk):
    page = desk.get("/register").text
    told = desk.send("/register/preview", page, **TICKET).text
    assert "20,000 kg" in told
    assert "19,900 kg" in told
    assert "BT-991" not in told
    desk.send("/register", page, **TICKET)
    assert "XF-1" in desk.send("/register/preview", page, **TICKET).text, "the ticket was used"


def test_names_that_are_scripts_are_shown_as_text(desk):
    name = "<script>alert(1)</script>\u202eabc😀"
    answer = desk.send("/register", **{**TICKET, "lot_no": name})
    for page in (desk.get(answer.headers["location"]), desk.get("/goods"), desk.get("/")):
        assert "<script>alert" not in page.text
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page.text


def test_packing_counts_on_and_says_what_is_wrong(desk):
    where = desk.send("/register", **TICKET).headers["location"]
    form = {"kind": "drum", "count:int": "3", "serial": "D-098", "net.value": "50", "net.unit": "kg", "seal": "A7"}
    answer = desk.send(f"{where}/pack", **form)
    assert answer.status_code == 303, answer.text
    page = desk.get(where).text
    assert [serial in page for serial in ("D-098", "D-099", "D-100", "A9")] == [True] * 4
    for wrong_one in ({"serial": "drum"}, {"count:int": "many"}, {"count:int": "1001"}, {"net.value": "x"}):
        refused = desk.send(f"{where}/pack", **{**form, "serial": "E-1", **wrong_one})
        assert refused.status_code == 422
        assert 'value="A7"' in refused.text


def test_a_reader_of_chinese_is_told_in_chinese(client, node):
    hire(node.store, "Li", "clerk", system_clock, password=SECRET)
    page = Desk(client, "zh").send("/register", **{**TICKET, "origin.country": "CX1"})
    assert re.search("[\u4e00-\u9fff]", wrong(page.text)["origin.country"])


@pytest.mark.parametrize("typed", ["cn", "China", "中国"])
def test_a_country_is_known_by_its_name_too(desk, node, typed):
    made = desk.send("/register", **{**TICKET, "weighing.ticket": f"T {typed}", "origin.country": typed})
    assert made.status_code == 303, wrong(made.text)
    page = desk.get("/register").text
    assert '<option value="MM">Myanmar (Burma)</option>' in page


def test_whoever_may_not_is_told_so(client, node, token_of):
    hire(node.store, "Li", "viewer", system_clock, password=SECRET)
    assert Desk(client).get("/register").status_code == 403


def test_the_page_of_a_batch_shows_an_assay_that_told_its_total_alone(desk):
    assay = {"assay.total_reo_pct": "92", "origin.feed_class": "ion_mid_y"}
    page = desk.get(desk.send("/register", **{**TICKET, **assay}).headers["location"])
    assert page.status_code == 200, page.text
    assert "Elements and where they come from" in page.text
    assert "All of it: " in page.text
    typed = page.text.partition("As it was entered")[2].partition("</section>")[0]
    assert "Moisture 0.5 %" in typed
    assert re.search(r"Gross [\d.]+ t; Tare [\d.]+ t; Ticket BT-991", typed), typed
    assert "<dt>Total as oxides</dt><dd>92 %</dd>" in typed
