"""The recall list and the settlement sheet as a phone and a desk show them, by day and by night, in both languages."""

from urllib.parse import quote

import pytest

from tests.pages.test_scan_in_browser import CONTRASTS, DESK, LANGUAGES, OVERHANGING, PHONE, SIZES, TONES
from tests.serving import serving
from tests.world import World, kg

MINE, PLANT = "xinfeng.example", "gannan.example"
ASSAY = {"basis": "ignited", "total_reo_pct": "99.0", "distribution_pct": [["Pr", "25.0"], ["Nd", "75.0"]]}
PAGES = pytest.mark.parametrize("name", ["recall", "settlement"])

CELLS = """
[...document.querySelectorAll('td')].filter(one => one.checkVisibility() && one.innerText.trim()).map(one => {
  const box = one.getBoundingClientRect();
  return [one.innerText, box.width, box.height / parseFloat(getComputedStyle(one).lineHeight)];
})
"""
BEHIND = """
[...document.querySelectorAll('.places td.n')]
  .map(one => getComputedStyle(one, ':after').content).filter(text => text.includes('kg')).length
"""


@pytest.fixture(scope="module")
def lists(tmp_path_factory):
    """name -> (address, token): goods in drums and loose, here, in a pool, at a member and outside; and their sale."""
    with World(tmp_path_factory.mktemp("lists"), MINE, PLANT) as world:
        mine, plant = world[MINE], world[PLANT]
        mine.register("PN-7", "2000", product="prnd_oxide", assay=ASSAY)
        mine.pack("PN-7", *(f"D-{number:03d}" for number in range(1, 6)), net="50")
        sold = mine.ship(PLANT, {"batch": "PN-7", "units": ["D-001", "D-002"], "quantity": kg("600")})
        plant.await_arrival(sold)
        plant.receive(sold, {"line": 0, "site": "main", "weighed": kg("600.4")})
        mine.await_status(sold, "received")
        mine.acknowledge(sold)
        steps, inputs = [{"process": "split", "site": "main"}], [{"batch": "PN-7", "quantity": kg("400")}]
        parts = [{"product": "prnd_oxide", "lot_no": lot, "quantity": kg("200")} for lot in ("PN-7A", "PN-7B")]
        mine.record("/api/v1/transformations", {"steps": steps, "inputs": inputs, "outputs": parts})
        outside = {"outside": {"name": "Muster Magnete GmbH", "country": "DE"}}
        lines = [{"batch": "PN-7A", "quantity": kg("120.5")}]
        mine.record("/api/v1/shipments", {"to": outside, "purpose": "sale", "lines": lines})
        steps, inputs = [{"process": "blend", "site": "main"}], [{"batch": "PN-7B", "quantity": kg("40")}]
        mine.record("/api/v1/pools/sx-1/charges", {"inputs": inputs, "steps": steps})
        body = {"kind": "quality", "text": "氯根超标：停用并退回。Chloride: send back.", "lines": [{"batch": "PN-7"}]}
        headers = {"idempotency-key": "recall"}
        reply = mine.ask("POST", "/api/v1/recalls", body, role="supervisor", headers=headers)
        assert reply.status == 201, reply.body
        batch = plant.get("/api/v1/batches")["batches"][0]["batch"]
        sheet = f"/api/v1/batches/{quote(batch, safe='')}/settlement?shipment={quote(sold, safe='')}&format=html"
        with serving(mine.node) as at_mine, serving(plant.node) as at_plant:
            yield {
                "recall": (f"{at_mine}/api/v1/recalls/{reply.json()['lock']}?format=html", mine.token("viewer")),
                "settlement": (f"{at_plant}{sheet}", plant.token("viewer")),
            }


def opened(browser, lists, name, size, language, dark=False):
    url, token = lists[name]
    page = browser.open("about:blank", width=size[0], height=size[1], dark=dark)
    headers = {"authorization": f"Bearer {token}", "accept-language": language}
    page.call("Network.setExtraHTTPHeaders", headers=headers)
    page.go(url)
    return page


@PAGES
@SIZES
@TONES
@LANGUAGES
def test_a_list_can_be_read(browser, lists, pictures, name, size, dark, language):
    page = opened(browser, lists, name, size, language, dark)
    page.picture(pictures / f"{name}-{size[0]}-{language}-{'dark' if dark else 'light'}.png")
    assert page.value(OVERHANGING) == []
    assert page.value(CONTRASTS) == []
    assert page.complaints() == []
    cramped = [cell for cell in page.value(CELLS) if cell[1] < 20 or cell[2] > 3.5]
    assert cramped == []


@LANGUAGES
def test_a_phone_shows_each_place_with_its_mass_and_each_sum_with_its_name(browser, lists, language):
    phone, desk = (opened(browser, lists, "recall", size, language) for size in (PHONE, DESK))
    placed = "document.querySelectorAll('.places td.n:not(:empty)').length"
    assert phone.value(BEHIND) == phone.value(placed) == 10
    assert desk.value(BEHIND) == 0
    named = "[...new Set([...document.querySelectorAll('[data-is]')].map(one => one.dataset.is))]"
    words = {
        "zh-CN": ["直接", "间接", "已退回", "包装件", "发货单"],
        "en": ["direct", "indirect", "sent back", "units", "shipments"],
    }
    assert phone.value(named) == words[language]
    shown = "getComputedStyle(document.querySelector('[data-is]'), ':before').content"
    assert phone.value(shown) == f'"{words[language][0]}"'
    assert desk.value(shown) == "none"


def test_masses_to_be_compared_stand_under_each_other(browser, lists):
    page = opened(browser, lists, "settlement", PHONE, "en")
    shown = page.value("[...document.querySelectorAll('td.n')].map(one => one.innerText.replace(/[^0-9.]/g, ''))")
    assert len({len(text.partition(".")[2]) for text in shown}) == 1
    assert page.words().count("✓ within the tolerance") == 1
