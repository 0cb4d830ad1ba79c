"""A clerk's day without a mouse: from the ticket to the label in the hand, and two batches into one. On a phone and
at a desk, in Chinese and in English.

How many fields and keys that takes is held to docs/pages.md.
"""

import re
from contextlib import contextmanager
from pathlib import Path

import pytest
import zxingcpp

from nodes.clock import system_clock
from nodes.homes import create_home
from nodes.node import Node
from nodes.people import hire
from tests.nodes.printing import reading
from tests.pages.visitor import LOOKS, sign_in, sound, visiting
from tests.serving import serving

SECRET = "a long enough sentence"
TABS_MOST = 60
DOC = Path(__file__).resolve().parents[2] / "docs" / "pages.md"
ROW = re.compile(r"^\| ([^|]+?) \| (\d+) \| (\d+) \|$", re.MULTILINE)


class Hands:
    """Presses keys on a page, and counts them and the fields that were filled in."""

    def __init__(self, page):
        self.page, self.keys, self.fields = page, 0, 0

    def press(self, key):
        self.page.keyboard.press(key)
        self.keys += 1

    def reach(self, selector):
        """By Tab alone, from wherever the focus is."""
        for _ in range(TABS_MOST):
            if self.page.evaluate("selector => document.activeElement.matches(selector)", selector):
                return
            self.press("Tab")
        raise AssertionError(f"no Tab leads to {selector} on {self.page.url}")

    def skip(self):
        """Past the navigation, by the link that every page begins with."""
        self.reach(".skip")
        self.press("Enter")

    def fill(self, name, text):
        self.reach(f'[name="{name}"]')
        self.page.keyboard.type(text)
        self.keys, self.fields = self.keys + len(text), self.fields + 1

    def choose(self, name):
        """The first of a list of which nothing is chosen yet."""
        self.reach(f'[name="{name}"]')
        self.press("ArrowDown")
        self.fields += 1

    def enter(self, path):
        """Enter, which leads to a page whose path matches; browsers keep the fragment of `skip` on the way."""
        with self.page.expect_navigation(url=re.compile(path.replace("$", "(#main)?$")), wait_until="load"):
            self.press("Enter")
        sound(self.page)


@contextmanager
def mine(home):
    """The address of a mine's node where Li is a clerk."""
    sites = [{"code": "main", "country": "CN"}]
    create_home(home, {}, name="mine.example", organisation="Mine", role="mine", country="CN", sites=sites)
    node = Node.open(home, {})
    node.start()
    hire(node.store, "Li", "clerk", system_clock, password=SECRET)
    try:
        with serving(node) as url:
            yield url
    finally:
        node.stop()


@pytest.fixture(params=LOOKS)
def clerk(tmp_path, request):
    """A page on which that clerk sees the board."""
    with mine(tmp_path / "home") as url, visiting(url, request.param) as page:
        sign_in(page, "Li", SECRET)
        yield page


def promised(journey):
    """(fields, keys) as the document says."""
    return {name: (int(fields), int(keys)) for name, fields, keys in ROW.findall(DOC.read_text("utf-8"))}[journey]


def register(hands, ticket, lot="", *, first=False):
    """`first`: nothing was registered here yet, so no product is usual."""
    hands.reach('a[href="/register"]')
    hands.enter("/register$")
    if first:
        hands.choose("product")
    hands.fill("weighing.ticket", ticket)
    hands.fill("weighing.gross", "32.46")
    hands.fill("weighing.tare", "12.46")
    if lot:
        hands.fill("lot_no", lot)
    hands.enter("/batches/")


def test_from_the_ticket_to_the_label(clerk):
    hands = Hands(clerk)
    register(hands, "BT-991", first=True)
    hands.reach('a[href$="/pack"]')
    hands.enter("/pack$")
    hands.fill("serial", "D-1")
    hands.fill("net.value", "50")
    hands.enter("/batches/[^/]+$")
    hands.reach('a[href^="/labels?batch="]')
    hands.enter("/labels")
    hands.reach('button[value="print"]')
    hands.enter("/labels/")
    clerk.wait_for_selector("a[download]")
    hands.reach("a[download]")
    with clerk.expect_download() as download:
        hands.press("Enter")
    [paper] = reading.pdf_pages(Path(download.value.path()).read_bytes())
    [code] = zxingcpp.read_barcodes(paper, formats=zxingcpp.BarcodeFormat.QRCode)
    assert "/q/" in code.text
    assert (hands.fields, hands.keys) == promised("from the first ticket to a printed label")


def test_two_batches_into_one(clerk):
    before = Hands(clerk)
    for number in (1, 2):
        register(before, f"BT-{number}", lot=f"XF-{number}", first=number == 1)
        clerk.goto("/")
    hands = Hands(clerk)
    hands.reach('a[href="/process"]')
    hands.enter("/process$")
    for count, lot in enumerate(("XF-1", "XF-2"), start=1):
        hands.fill("add", lot)
        hands.press("Enter")
        clerk.wait_for_function("count => document.querySelectorAll('.row.input').length === count", arg=count)
        clerk.wait_for_function("() => document.activeElement.name === 'add'")
    hands.choose("outputs[0].product")
    hands.fill("outputs[0].lot_no", "OX-1")
    hands.fill("outputs[0].quantity.value", "30000")
    clerk.wait_for_function("() => document.querySelector('#live').innerText.includes('30,000 kg')")
    assert "40,000 kg" in clerk.inner_text("#live")
    hands.reach('button[value="record"]')
    hands.enter(r"/process/\d+$")
    assert "OX-1" in clerk.inner_text("main")
    assert (hands.fields, hands.keys) == promised("two batches into one")


def test_a_folded_part_says_what_was_chosen_in_it(clerk):
    clerk.goto("/register")
    said = clerk.locator('[data-told="origin.class"]')
    before = said.inner_text()
    clerk.click("summary:has([data-told])")
    clerk.select_option('[name="origin.class"]', index=1)
    chosen = clerk.eval_on_selector('[name="origin.class"]', "list => list.selectedOptions[0].text")
    assert said.inner_text() == chosen != before
