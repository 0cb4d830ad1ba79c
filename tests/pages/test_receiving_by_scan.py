"""Drums that arrive are taken in by scanning: by a phone's camera, by photo, by a scanner that types; and with a
network that goes away.

The camera is Chromium's own, which is shown a film of our labels instead of the world. How many fields, keys and
touches it takes is held to docs/pages.md.
"""

from contextlib import contextmanager
from io import BytesIO
from types import SimpleNamespace
from urllib.parse import quote

import pytest
from PIL import Image

from nodes.clock import system_clock
from nodes.people import hire
from nodes.photos import code_in
from nodes.store import log
from tests.pages.test_clerk_by_keyboard import SECRET, Hands, promised
from tests.pages.visitor import LOOKS, sign_in, sound, visiting
from tests.serving import serving
from tests.world import World

MINE, PLANT = "mine.example", "plant.example"
FRAME = (1280, 720)
FRAMES_EACH = 30
"""A second of each label, as Chromium plays such a film; then it begins anew."""


@pytest.fixture(scope="module")
def trade(tmp_path_factory):
    """A mine that sends drums to a plant, where Li may sign in at `url`."""
    with World(tmp_path_factory.mktemp("trade"), MINE, PLANT) as world:
        world[MINE].register("A-1", "1000")
        hire(world[PLANT].node.store, "Li", "clerk", system_clock, password=SECRET)
        with serving(world[PLANT].node, world[PLANT].app) as url:
            yield SimpleNamespace(mine=world[MINE], plant=world[PLANT], url=url)


def send(trade, *serials):
    """Drums of 10 kg on their way: the shipment, and the picture of each label."""
    units = trade.mine.pack("A-1", *serials)
    labels = [trade.mine.ask("GET", f"/api/v1/units/{one['unit']}/qr.png?dpi=300").body for one in units]
    shipment = trade.mine.ship(PLANT, {"batch": "A-1", "units": list(serials)})
    trade.plant.await_arrival(shipment)
    return shipment, labels


def film(labels, to):
    """Each label held before the camera for a second, as motion JPEG: pictures behind one another."""
    with to.open("wb") as file:
        for label in labels:
            seen, printed = Image.new("RGB", FRAME, "grey"), Image.open(BytesIO(label)).convert("RGB")
            printed.thumbnail((FRAME[0] - 40, FRAME[1] - 40))
            seen.paste(printed, (30, 20))
            for _ in range(FRAMES_EACH):
                seen.save(file, "JPEG", quality=90)
    return to


@contextmanager
def signed_in(trade, look, *flags):
    """Li on the board."""
    with visiting(trade.url, look, "--use-fake-ui-for-media-stream", *flags) as page:
        sign_in(page, "Li", SECRET)
        yield page


class Thumb(Hands):
    """Touches instead of Tab; a touch counts as a key."""

    def touch(self, selector):
        self.page.locator(selector).first.click()
        self.keys += 1

    def fill(self, name, text):
        self.touch(f'[name="{name}"]')
        self.page.keyboard.type(text)
        self.keys, self.fields = self.keys + len(text), self.fields + 1

    def go(self, selector, path):
        with self.page.expect_navigation(url=path, wait_until="load"):
            self.touch(selector)


def ticked(page, serial):
    page.wait_for_selector(f"li.seen:has-text('{serial}')")


@pytest.mark.parametrize("look", LOOKS)
def test_by_camera(trade, tmp_path, pictures, look):
    _, language = LOOKS[look]
    name = look.replace(" ", "-")
    shipment, labels = send(trade, f"{name}-1", f"{name}-2")
    camera = film(labels, tmp_path / "labels.mjpeg")
    flags = ("--use-fake-device-for-media-stream", f"--use-file-for-fake-video-capture={camera}")
    with signed_in(trade, look, *flags) as page:
        thumb = Thumb(page)
        thumb.go('a[href="/arrivals"]', "**/arrivals")
        thumb.go(f'a[href$="{shipment.partition("#")[2]}"]', "**/receive/**")
        thumb.touch("[data-camera]")
        ticked(page, f"{name}-1")
        ticked(page, f"{name}-2")
        page.wait_for_function("() => (view => view.videoWidth && !view.paused)(document.querySelector('[data-view]'))")
        assert not page.is_visible("[data-camera]")
        page.screenshot(path=pictures / f"receive-{name}.png", full_page=True)
        sound(page)
        thumb.fill("lines[0].weighed.value", "19.99")
        page.wait_for_function("() => document.querySelector('.live').innerText.includes('-0.01 kg')")
        page.screenshot(path=pictures / f"weighed-{name}.png", full_page=True)
        thumb.go('button[value="receive"]', "**/receive/**")
        page.screenshot(path=pictures / f"received-{name}.png", full_page=True)
        sound(page)
        assert page.inner_text('[role="status"]') == {"en": "Received.", "zh-CN": "已收货。"}[language]
        assert (thumb.fields, thumb.keys) == promised("two drums received with a phone")
    assert trade.plant.shipment(shipment)["status"] == "received"


def test_by_a_scanner_that_types(trade):
    """It is one more keyboard, faster than any hand, and ends each code with Enter."""
    shipment, labels = send(trade, "typed-1", "typed-2")
    with signed_in(trade, "a desk in Chinese") as page:
        hands = Hands(page)
        hands.reach('a[href="/arrivals"]')
        hands.enter("/arrivals$")
        hands.reach(f'a[href$="{shipment.partition("#")[2]}"]')
        hands.enter("/receive/")
        for serial, label in zip(("typed-1", "typed-2"), labels, strict=True):
            page.keyboard.type(code_in(label))
            page.keyboard.press("Enter")
            ticked(page, serial)
            page.wait_for_function("() => document.activeElement.id === 'scan' && document.activeElement.value === ''")
        hands.fill("lines[0].weighed.value", "19.99")
        page.wait_for_function("() => document.querySelector('.live').innerText.includes('-0.01 kg')")
        hands.reach('button[value="receive"]')
        hands.enter("/receive/")
        assert page.inner_text('[role="status"]') == "已收货。"
        assert (hands.fields, hands.keys) == promised("two drums received with a scanner that types")
    assert trade.plant.shipment(shipment)["status"] == "received"


def test_by_photos_where_the_camera_is_refused(trade, pictures):
    """A page that came by plain HTTP has no camera; neither has one whose reader said no."""
    shipment, labels = send(trade, "photo-1")
    with signed_in(trade, "a phone in Chinese", "--deny-permission-prompts") as page:
        page.context.grant_permissions([])
        page.goto(f"/receive/{quote(shipment, safe='')}")
        page.click("[data-camera]")
        page.wait_for_selector("[data-denied]")
        page.screenshot(path=pictures / "denied.png", full_page=True)
        blank = BytesIO()
        Image.new("RGB", FRAME, "grey").save(blank, "JPEG")
        page.set_input_files("[name=photo]", {"name": "1.jpg", "mimeType": "image/jpeg", "buffer": blank.getvalue()})
        page.wait_for_selector("#wrong-scan")
        page.screenshot(path=pictures / "unread.png", full_page=True)
        assert ["422" in one for one in page.complaints] == [True]
        page.complaints.clear()
        page.set_input_files("[name=photo]", {"name": "2.png", "mimeType": "image/png", "buffer": labels[0]})
        ticked(page, "photo-1")
        sound(page)
        with page.expect_navigation(url="**/receive/**", wait_until="load"):
            page.click('button[value="receive"]')
        assert page.inner_text('[role="status"]') == "已收货。"
    assert trade.plant.shipment(shipment)["status"] == "received"


def test_a_network_that_goes_away_loses_nothing_and_sends_once(trade):
    shipment, _ = send(trade, "cut-1")
    store = trade.plant.node.store
    with signed_in(trade, "a phone in Chinese") as first:
        context = first.context
        first.goto(f"/receive/{quote(shipment, safe='')}")
        first.fill('[name="lines[0].weighed.value"]', "9.98")
        first.fill('[name="lines[0].reason"]', "袋湿")
        first.close()
        page = context.new_page()
        page.goto(f"/receive/{quote(shipment, safe='')}")
        assert page.input_value('[name="lines[0].reason"]') == "袋湿", "a closed tab loses nothing"
        with store.read() as conn:
            before = log.head(conn).size
        context.set_offline(True)
        page.click('button[value="receive"]')
        page.wait_for_selector(".offline:has-text('网络')")
        assert page.input_value('[name="lines[0].weighed.value"]') == "9.98"
        with store.read() as conn:
            assert log.head(conn).size == before
        with page.expect_navigation():
            context.set_offline(False)
    with store.read() as conn:
        types = [one.event.type for one in log.page(conn, after=before - 1, limit=10)]
    assert types.count("received") == 1
    assert trade.plant.shipment(shipment)["lines"][0]["accepted_mg"] == 10_000_000
