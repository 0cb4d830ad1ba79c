"""What a form says that was filled in wrongly: beside the field, in the words of the page, all at once."""

import re
from html import unescape

import pytest

from api.forms import nest
from nodes.clock import system_clock
from nodes.people import hire
from tests.api.test_register_page import SECRET, TICKET, Desk

INNER = re.compile(r"[a-z]+\.[a-z_]+|\w+\[\d|[a-z]+_[a-z]+")
SAID = re.compile(r'class="(?:wrong|told bad)"[^>]*>([^<]+)<')


def said(page):
    return [unescape(text) for text in SAID.findall(page)]


def beside(page):
    """Errors by the field that they stand beside."""
    return {name: unescape(text) for name, text in re.findall(r'id="wrong-([^"]+)">([^<]+)<', page)}


def marked(page):
    return set(re.findall(r'name="([^"]+)"[^>]*aria-invalid="true"', page))


@pytest.fixture
def desks(client, node):
    hire(node.store, "Li", "supervisor", system_clock, password=SECRET)
    return {language: Desk(client, language) for language in ("zh", "en")}


@pytest.fixture
def zh(desks):
    return desks["zh"]


REGISTERED = {
    "nothing": dict.fromkeys(TICKET, ""),
    "no weights": {"weighing.gross": "", "weighing.tare": ""},
    "words for weights": {"weighing.gross": "heavy", "weighing.tare": "light", "quantity.moisture_pct": "wet"},
    "tare above gross": {"weighing.tare": "99"},
    "absurd": {"weighing.gross": "99999999999"},
    "country": {"origin.country": "XZ"},
    "moisture": {"quantity.moisture_pct": "150"},
    "guarded moisture": {"quantity.moisture_pct": "70"},
    "no paper": {"origin.class": "bought_outside", "documents[0].no": ""},
    "no elements": {"product": "mixed_concentrate", "assay.total_reo_pct": "50"},
    "zero oxides": {"assay.total_reo_pct": "0"},
    "too many oxides": {"assay.total_reo_pct": "102"},
    "class of others": {"origin.class": "recycled"},
    "unknown site": {"site": "nowhere"},
}


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("wrong", REGISTERED.values(), ids=REGISTERED)
def test_no_page_says_a_place_of_the_interface(desks, language, wrong):
    page = desks[language].send("/register", **{**TICKET, **wrong})
    assert page.status_code in (404, 422), page.headers.get("location")
    told = said(page.text)
    assert told
    assert [text for text in told if INNER.search(text)] == []
    if language == "zh":
        assert all(re.search("[\u4e00-\u9fff]", text) for text in told)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_nor_what_is_told_while_one_types(desks, language):
    desk = desks[language]
    page = desk.get("/register").text
    batch = desk.send("/register", page, **TICKET).headers["location"].rpartition("/")[2]
    taken = {"inputs[0].batch": batch, "inputs[0].quantity.value": "1", "inputs[0].quantity.unit": "t"}
    made = {"steps[0].process": "separation", "outputs[0].product": "prnd_oxide", "outputs[0].quantity.value": "x"}
    for path, body in {
        "/register/preview": {**TICKET, "weighing.gross": "heavy"},
        "/process/preview": {**taken, "inputs[0].quantity.basis": "net", **made, "outputs[0].quantity.unit": "kg"},
    }.items():
        (told,) = said(desk.send(path, page, **body).text)
        assert not INNER.search(told), told
        assert bool(re.search("[\u4e00-\u9fff]", told)) == (language == "zh")


def test_an_empty_form_marks_what_is_to_be_filled_in(zh):
    page = zh.send("/register", **{**TICKET, "weighing.ticket": "", "weighing.gross": "", "weighing.tare": ""}).text
    assert beside(page) == {
        "weighing.ticket": "缺少磅单号。请填写。",
        "weighing.gross": "缺少毛重。请填写。",
        "weighing.tare": "缺少皮重。请填写。",
    }
    assert marked(page) == {"weighing.ticket", "weighing.gross", "weighing.tare"}
    assert said(page) == list(beside(page).values()), "and nothing at the top"


def test_goods_from_outside_need_a_paper_and_its_number(zh):
    outside = {**TICKET, "origin.class": "bought_outside"}
    page = zh.send("/register", **outside).text
    assert {"documents[0].kind", "documents[0].no"} <= marked(page)
    assert "采购合同" in beside(page)["documents[0].no"]
    chosen = zh.send("/register", **{**outside, "documents[0].kind": "purchase_contract"}).text
    assert beside(chosen) == {"documents[0].no": "缺少凭证号。请填写。"}


def test_a_tare_above_the_gross_is_told_as_that(zh):
    page = zh.send("/register", **{**TICKET, "weighing.tare": "99"}).text
    assert beside(page) == {"weighing.tare": "皮重不小于毛重（32.46）。两次过磅是否填反了？"}


def test_an_assay_without_elements_says_what_this_form_can_do(zh):
    page = zh.send("/register", **{**TICKET, "product": "mixed_concentrate", "assay.total_reo_pct": "50"}).text
    assert marked(page) == {"assay.total_reo_pct", "origin.feed_class"}
    assert "混合稀土精矿" in beside(page)["assay.total_reo_pct"]


def test_nothing_is_sent_while_a_code_that_nobody_knows_stands_in_the_box(zh):
    where = zh.send("/register", **TICKET).headers["location"]
    batch = where.rpartition("/")[2]
    sent = {"do": "ship", "lines[0].batch": batch, "to.outside.name": "Li", "to.outside.country": "CN"}
    line = {"lines[0].quantity.value": "5", "lines[0].quantity.unit": "kg", "lines[0].quantity.basis": "net"}
    page = zh.send("/ship", **sent, **line, purpose="sale", add="GZ-B-999")
    assert page.status_code == 422
    assert "GZ-B-999" in beside(page.text)["add"]
    assert 'value="GZ-B-999"' in page.text
    assert zh.send("/ship", **sent, **line, purpose="sale", add="").status_code == 303


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("\uff11\uff12\uff0e\uff19", "12.9"),
        ("32,480.5", "32480.5"),
        ("1,234,567", "1234567"),
        ("32,480", "32,480"),
        ("八", "八"),
    ],
)
def test_numbers_of_a_chinese_keyboard_are_read_and_what_could_be_two_is_not(typed, read):
    assert nest({"weighing.gross": typed, "lot_no": typed}) == {"weighing": {"gross": read}, "lot_no": typed}
