"""A wrong weight, by keyboard alone: a clerk corrects it, a supervisor approves, closes the month, and has its report.

How many fields and keys that takes is held to docs/pages.md.
"""

from contextlib import contextmanager
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import httpx
import pytest
from openpyxl import load_workbook

from nodes import tokens
from nodes.clock import system_clock
from nodes.homes import create_home
from nodes.node import Node
from nodes.people import hire
from tests.pages.test_clerk_by_keyboard import SECRET, Hands, promised
from tests.pages.visitor import browsing, page_of, sign_in
from tests.serving import serving

PAST = (system_clock().replace(day=1) - timedelta(days=2)).strftime("%Y-%m")
OXIDE = {"basis": "ignited", "total_reo_pct": "99.0", "distribution_pct": [["Pr", "25.0"], ["Nd", "75.0"]]}
BATCH = {
    "product": "prnd_oxide",
    "lot_no": "PN-7",
    "at": f"{PAST}-05T08:00:00+08:00",
    "origin": {"class": "bought_outside", "country": "CN"},
    "quantity": {"value": "2000", "unit": "kg"},
    "assay": OXIDE,
    "documents": [{"kind": "invoice", "no": "F-1"}],
}


@pytest.fixture
def plant(tmp_path):
    """A separation plant that has booked 2,000 kg in the month before, and a way to sign in there."""
    home = tmp_path / "home"
    sites = [{"code": "main", "country": "CN"}]
    create_home(home, {}, name="plant.example", organisation="Plant", role="separation", country="CN", sites=sites)
    node = Node.open(home, {})
    node.start()
    for name, role in (("Li", "clerk"), ("Wang", "supervisor")):
        hire(node.store, name, role, system_clock, password=SECRET)
    token = tokens.mint(node.store, "Li", "clerk", system_clock)
    try:
        with serving(node) as url, browsing() as browser:
            headers = {"authorization": f"Bearer {token}", "idempotency-key": "PN-7"}
            booked = httpx.post(f"{url}/api/v1/batches", json=BATCH, headers=headers)
            assert booked.status_code == 201, booked.text

            @contextmanager
            def signed_in(name):
                page = page_of(browser, url)
                sign_in(page, name, SECRET)
                yield page
                page.context.close()

            yield signed_in
    finally:
        node.stop()


def test_a_wrong_weight_is_corrected_approved_and_reported(plant):
    with plant("Li") as page:
        hands = Hands(page)
        hands.reach('a[href^="/batches/"]')
        hands.enter("/batches/[^/]+$")
        hands.reach('a[href^="/correct/"]')
        hands.enter(r"/correct/\d+$")
        hands.reach('a[href$="kind=adjust"]')
        hands.enter("kind=adjust$")
        hands.fill("amounts.n0.is", "1980")
        hands.fill("reason", "misread")
        hands.reach('button[value="look"]')
        hands.enter(r"/correct/\d+")
        assert "1980 kg" in page.inner_text("main").replace(",", "")
        hands.reach('button[value="record"]')
        hands.enter("/corrections$")
        assert "Waits for a second person." in page.inner_text("main")
        clerk = hands.fields, hands.keys
    with plant("Wang") as page:
        hands = Hands(page)
        hands.reach('a[href="/corrections"]')
        hands.enter("/corrections$")
        hands.skip()
        hands.reach('button[value="approve"]')
        hands.enter("/corrections$")
        hands.reach('a[href="/months"]')
        hands.enter("/months$")
        hands.skip()
        hands.reach(f'a[href="/months/{PAST}"]')
        hands.enter(f"/months/{PAST}$")
        hands.skip()
        hands.reach('button[value="close"]')
        hands.enter(f"/months/{PAST}$")
        assert "The month is closed." in page.inner_text("main")
        hands.skip()
        hands.reach('a[href*="/reports/flows"]')
        with page.expect_download() as download:
            hands.press("Enter")
        _, products, *_ = load_workbook(BytesIO(Path(download.value.path()).read_bytes())).worksheets
        [row] = products.iter_rows(min_row=2, values_only=True)
        told = dict(zip([cell.value for cell in products[1]], row, strict=True))
        # The month of the slip was open when it was corrected, so it tells the right weight.
        assert (told["Product"], told["Closing (t)"]) == ("Praseodymium-neodymium oxide", 1.98)
        assert clerk == promised("a wrong weight is corrected")
        assert (hands.fields, hands.keys) == promised("the correction approved, the month closed, its report in hand")
