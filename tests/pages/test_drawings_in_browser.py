"""Pages with drawings as a phone and a desk show them, by day, by night and on paper; by pointer and by keyboard."""

import base64
from urllib.parse import quote

import pytest

from tests.bookkeeping import ASSAY
from tests.nodes.test_oversight import AUTHORITY, IMPORTED, ONE, TWO, cast
from tests.overseen import worked_out
from tests.pages.test_scan_in_browser import CONTRASTS, DESK, LANGUAGES, SIZES, TONES
from tests.serving import serving
from tests.world import World, kg

MINE, PLANT = "xinfeng.example", "gannan.example"
LONG = "北方稀土高新技术产业开发区第三萃取分离车间第二十七批次"
OUTSIDE_ITS_BOX = """
[...document.querySelectorAll('svg .batch, svg .gap')].flatMap(group => {
  const box = group.querySelector('.box').getBoundingClientRect();
  return [...group.querySelectorAll('text')].filter(text => {
    const own = text.getBoundingClientRect();
    return own.left < box.left || own.right > box.right + 1 || own.top < box.top - 1 || own.bottom > box.bottom + 1;
  }).map(text => text.textContent);
})
"""
OVERHANGING = """
[...document.querySelectorAll('body *')]
  .filter(one => !one.closest('svg, nav') && one.checkVisibility())
  .filter(one => one.getBoundingClientRect().right > document.documentElement.clientWidth + .5)
  .map(one => one.tagName)
"""
ON_EACH_OTHER = """
(() => {
  const texts = [...document.querySelectorAll('svg .part text, svg .member text')];
  const boxes = texts.map(one => [one.textContent, one.getBoundingClientRect()]);
  return boxes.flatMap(([name, one], at) => boxes.slice(at + 1).filter(([, two]) =>
    one.left < two.right && two.left < one.right && one.top < two.bottom - 3 && two.top < one.bottom - 3
  ).map(([other]) => [name, other]));
})()
"""
WIDTH = "document.querySelector('.pan svg').getBoundingClientRect().width"


@pytest.fixture(scope="module")
def traced(tmp_path_factory):
    """(address, token, batch): an oxide of three lots of the mine, one of them bought outside; a part is under way."""
    with World(tmp_path_factory.mktemp("drawings"), MINE, PLANT) as world:
        mine = world[MINE]
        for lot in ("XF-1", LONG):
            mine.register(lot, "1000")
        mine.register("<b>&", "500", origin={"class": "bought_outside", "country": "MM", "feed_class": "import_ion"})
        lots = (("XF-1", "900"), (LONG, "1000"), ("<b>&", "500"))
        inputs = [{"batch": lot, "quantity": kg(mass)} for lot, mass in lots]
        made = [{"product": "prnd_oxide", "lot_no": "PN-7", "quantity": kg("400")}]
        losses = [{"kind": "residue", "quantity": kg("1990")}]
        body = {"steps": [{"process": "separation"}], "inputs": inputs, "outputs": made, "losses": losses}
        mine.record("/api/v1/transformations", body)
        shipment = mine.ship(PLANT, {"batch": "PN-7", "quantity": kg("300")})
        world[PLANT].await_arrival(shipment)
        with serving(mine.node) as at:
            yield at, mine.token("viewer"), "PN-7"


@pytest.fixture(scope="module")
def flowing(tmp_path_factory):
    """(address, token, path): an authority's; of two importers one sells to the other, and to one that deposits
    nothing; and makes more dysprosium than it had.
    """
    names = ONE, TWO, AUTHORITY, "silent.example"
    with cast(World(tmp_path_factory.mktemp("flows"), *names)) as world:
        one, two = world[ONE], world[TWO]
        one.register("I-1", "800", origin=IMPORTED, assay=ASSAY)
        shipment = one.ship(TWO, {"batch": "I-1", "quantity": kg("300")})
        two.await_arrival(shipment)
        two.receive(shipment, {"line": 0, "weighed": kg("300")})
        one.await_status(shipment, "received")
        one.ship("silent.example", {"batch": "I-1", "quantity": kg("200")})
        one.ship(TWO, {"batch": "I-1", "quantity": kg("50")})
        made = {"product": "dy_oxide", "lot_no": "T-1", "quantity": kg("30")}
        inputs = [{"batch": "I-1", "quantity": kg("100")}]
        body = {"steps": [{"process": "separation"}], "inputs": inputs, "outputs": [made]}
        one.record("/api/v1/transformations", {**body, "confirm": {"reason": "the rest is still in the circuit"}})
        world.settle()
        authority = world[AUTHORITY]
        worked_out(authority)
        with serving(authority.node) as at:
            year = authority.node.clock().year
            yield at, authority.token("viewer"), f"/flows?year={year}&element=Dy"


def opened(browser, traced, size, language="zh-CN", dark=False, path="", **more):
    at, token, batch = traced
    page = browser.open("about:blank", width=size[0], height=size[1], dark=dark)
    headers = {"authorization": f"Bearer {token}", "accept-language": language}
    page.call("Network.setExtraHTTPHeaders", headers=headers)
    page.go(at + (path or f"/trace/{quote(batch)}?direction=both"))
    return page


@SIZES
@TONES
@LANGUAGES
def test_a_trace_can_be_read(browser, traced, pictures, size, dark, language):
    page = opened(browser, traced, size, language, dark)
    page.picture(pictures / f"trace-{size[0]}-{language}-{'dark' if dark else 'light'}.png")
    assert page.value(OVERHANGING) == []
    assert page.value(CONTRASTS) == []
    assert page.value(OUTSIDE_ITS_BOX) == []
    assert page.complaints() == []
    words = page.words()
    assert words.count(LONG) >= 2
    assert "<b>&" in words


@SIZES
@TONES
@LANGUAGES
def test_a_year_of_an_element_can_be_read(browser, flowing, pictures, size, dark, language):
    page = opened(browser, flowing, size, language, dark, flowing[2])
    page.picture(pictures / f"flows-{size[0]}-{language}-{'dark' if dark else 'light'}.png")
    assert page.value(OVERHANGING) == []
    assert page.value(CONTRASTS) == []
    assert page.complaints() == []
    assert page.value("document.querySelectorAll('svg .member').length") == 2
    assert page.value("document.querySelectorAll('svg .unknown').length") == 1
    assert page.value("document.querySelectorAll('svg .undeposited').length") == 1
    assert page.value(ON_EACH_OTHER) == []


def test_it_is_whole_without_script_and_on_paper(browser, traced, pictures):
    page = browser.open("about:blank", width=DESK[0], height=DESK[1])
    page.call("Emulation.setScriptExecutionDisabled", value=True)
    at, token, batch = traced
    page.call("Network.setExtraHTTPHeaders", headers={"authorization": f"Bearer {token}"})
    page.go(f"{at}/trace/{batch}?direction=both")
    page.call("Emulation.setEmulatedMedia", media="print")
    paper = page.call("Page.printToPDF", landscape=True, printBackground=False)
    (pictures / "trace.pdf").write_bytes(base64.b64decode(paper["data"]))
    page.call("Emulation.setScriptExecutionDisabled", value=False)
    assert page.value("document.querySelectorAll('svg .batch').length") == 4
    assert page.value("document.querySelectorAll('.pan-tools').length") == 0
    assert page.value("document.querySelector('svg').getBoundingClientRect().width <= innerWidth")


def test_keys_and_buttons_zoom_and_every_batch_is_reached_by_keyboard(browser, traced):
    page = opened(browser, traced, DESK)
    before = page.value(WIDTH)
    page.value("document.querySelector('.pan').focus()")
    for key, sign in (("+", 1), ("-", -1)):
        page.call("Input.dispatchKeyEvent", type="keyDown", key=key, text=key)
        changed = page.value(WIDTH)
        assert (changed - before) * sign > 0 or changed == pytest.approx(before)
    page.value("document.querySelector('.pan-tools button:nth-child(2)').click()")
    assert page.value(WIDTH) == pytest.approx(before * 1.25)
    links = page.value("[...document.querySelectorAll('.pan a')].map(one => one.tabIndex >= 0)")
    assert links == [True] * 4
    assert page.value("[...document.querySelectorAll('.pan-tools button')].every(one => one.ariaLabel)")


def test_a_batch_leads_to_its_own_trace(browser, traced):
    page = opened(browser, traced, DESK, "en")
    leads = (
        "[...document.querySelectorAll('.pan a')].find(one => one.textContent.includes('XF-1')).getAttribute('href')"
    )
    page.go(traced[0] + page.value(leads))
    assert page.value("document.querySelector('h1').innerText").endswith("XF-1")
    assert page.value("document.querySelectorAll('svg .root').length") == 1
