"""Receiving in a browser: by a phone's camera, by a scanner that types, by photo; and with a network that goes away.

How many fields and keys that takes is held to docs/pages.md.
"""

from contextlib import contextmanager
from urllib.parse import quote

import pytest
import qrcode
from PIL import Image

from nodes.people import hire
from nodes.store import log
from tests.pages.browser import find_browser
from tests.pages.test_clerk_by_keyboard import SECRET, Hands, promised
from tests.serving import serving
from tests.world import World

MINE, PLANT = "mine.example", "plant.example"
LOOKS = {"zh": (360, 740, "zh-CN", "使用摄像头"), "en": (1280, 800, "en", "Use the camera")}
VIDEO = 640, 480


@pytest.fixture(scope="module")
def plant(tmp_path_factory):
    """(world, address of the plant's node, label addresses of the mine's drums)."""
    with World(tmp_path_factory.mktemp("receiving"), MINE, PLANT) as world:
        mine, node = world[MINE], world[PLANT].node
        mine.register("A-1", "100")
        labels = {one["serial"]: one["label_url"] for one in mine.pack("A-1", "D-1", "D-2", "D-3", "D-4", "D-5")}
        hire(node.store, "Li", "clerk", node.clock, password=SECRET)
        with serving(node) as url:
            yield world, url, labels


def arrived(world, serial):
    shipment = world[MINE].ship(PLANT, {"batch": "A-1", "units": [serial]})
    world[PLANT].await_arrival(shipment)
    return shipment


def to(shipment):
    """The link to where it is received."""
    return f'main a[href^="/receive/"][href$="{shipment.rpartition("#")[2]}"]'


def film(path, text):
    """What a camera sees that is held before a label: one picture, for as long as it is looked at (YUV4MPEG2)."""
    code = qrcode.make(text, border=4).get_image().convert("L").resize((440, 440), Image.Resampling.NEAREST)
    picture = Image.new("L", VIDEO, 255)
    picture.paste(code, (100, 20))
    grey = bytes([128]) * (VIDEO[0] * VIDEO[1] // 2)
    path.write_bytes(b"YUV4MPEG2 W640 H480 F10:1 Ip A1:1 C420jpeg\n" + (b"FRAME\n" + picture.tobytes() + grey) * 10)
    return path


@contextmanager
def clerk(url, look="en", video=None):
    """(context, page) of somebody who is signed in and sees the board."""
    sync = pytest.importorskip("playwright.sync_api")
    program = find_browser()
    if program is None:
        pytest.skip("no browser is installed")
    width, height, locale, _ = LOOKS[look]
    eyes = ["--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"]
    seen = [*eyes, f"--use-file-for-fake-video-capture={video}"] if video else []
    with sync.sync_playwright() as playwright:
        args = ["--no-sandbox", "--disable-gpu", *seen]
        browser = playwright.chromium.launch(executable_path=program, args=args)
        context = browser.new_context(base_url=url, locale=locale, viewport={"width": width, "height": height})
        page = context.new_page()
        trouble = []
        page.on("pageerror", lambda error: trouble.append(str(error)))
        page.goto("/sign-in")
        page.fill("[name=name]", "Li")
        page.fill("[name=password]", SECRET)
        page.keyboard.press("Enter")
        page.wait_for_url(f"{url}/")
        try:
            yield context, page
        finally:
            browser.close()
        assert trouble == []


@pytest.mark.parametrize(("look", "serial"), [("zh", "D-1"), ("en", "D-2")])
def test_by_the_camera_of_a_phone(plant, look, serial, tmp_path):
    world, url, labels = plant
    shipment = arrived(world, serial)
    with clerk(url, look, film(tmp_path / "label.y4m", labels[serial])) as (_, page):
        page.click('a[href="/arrivals"]:visible')
        page.click(to(shipment))
        page.click(f"button:text('{LOOKS[look][3]}')")
        page.wait_for_selector(f".units .seen b:text('{serial}')")
        page.fill('[name="lines[0].weighed.value"]', "9.99")
        page.wait_for_selector(".live .proven:has-text('0.01 kg')")
        assert page.evaluate("document.documentElement.scrollWidth") <= LOOKS[look][0]
        with page.expect_navigation():
            page.click('button[value="receive"]')
    assert world[PLANT].shipment(shipment)["lines"][0]["accepted_mg"] == 10_000_000


def test_by_a_scanner_that_types(plant):
    world, url, labels = plant
    shipment = arrived(world, "D-3")
    with clerk(url) as (_, page):
        hands = Hands(page)
        hands.reach('main a[href="/arrivals"]')
        hands.enter("/arrivals$")
        hands.reach(to(shipment))
        hands.enter("/receive/")
        hands.reach('[name="scan"]')
        page.keyboard.type(labels["D-3"])  # by the scanner, and its Enter with it
        page.keyboard.press("Enter")
        page.wait_for_selector(".units .seen b:text('D-3')")
        hands.fill("lines[0].weighed.value", "10.00")
        hands.reach('button[value="receive"]')
        with page.expect_navigation():
            hands.press("Enter")
        assert (hands.fields, hands.keys) == promised("a delivery scanned, weighed and received")
    assert world[PLANT].shipment(shipment)["status"] == "received"


def test_a_photo_of_a_label_leads_to_its_delivery(plant, tmp_path):
    world, url, labels = plant
    shipment = arrived(world, "D-4")
    photo = tmp_path / "label.png"
    qrcode.make(labels["D-4"]).save(photo)
    with clerk(url, "zh") as (_, page):
        page.goto("/scan")
        page.set_input_files("[name=photo]", photo)
        with page.expect_navigation():
            page.click("main form button:visible")
        assert page.url.startswith((f"{url}/receive/", f"{url}/q/")), page.url
        page.goto(f"/receive/{quote(shipment, safe='')}")
        page.click("details:has([value=decline]) summary")
        page.fill("[name=reason]", "未订购")
        with page.expect_navigation():
            page.click("[value=decline]")
    assert world[PLANT].shipment(shipment)["status"] == "declined"


def test_a_network_that_goes_away_loses_nothing_and_sends_once(plant):
    world, url, _ = plant
    node = world[PLANT].node
    shipment = arrived(world, "D-5")
    with clerk(url, "zh") as (context, first):
        first.goto(f"/receive/{quote(shipment, safe='')}")
        first.fill('[name="lines[0].weighed.value"]', "9.98")
        first.fill('[name="lines[0].reason"]', "袋湿")
        first.close()
        page = context.new_page()
        page.goto(f"/receive/{quote(shipment, safe='')}")
        assert page.input_value('[name="lines[0].reason"]') == "袋湿", "a closed tab loses nothing"
        with node.store.read() as conn:
            before = log.head(conn).size
        context.set_offline(True)
        page.click('button[value="receive"]')
        page.wait_for_selector(".offline:has-text('网络')")
        assert page.input_value('[name="lines[0].weighed.value"]') == "9.98"
        with node.store.read() as conn:
            assert log.head(conn).size == before
        with page.expect_navigation():
            context.set_offline(False)
    with node.store.read() as conn:
        types = [one.event.type for one in log.page(conn, after=before - 1, limit=10)]
    assert types.count("received") == 1
    assert world[PLANT].shipment(shipment)["lines"][0]["accepted_mg"] == 10_000_000
