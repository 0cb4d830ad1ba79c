"""A regulator's day with organisations, in a browser: a newcomer is admitted, licensed, suspended and restored, and
goods of it are frozen and released. On a phone and at a desk, in Chinese and in English.
"""

from contextlib import ExitStack

import pytest

from ledger.joining import open_request
from ledger.keys import fingerprint
from nodes import joining
from tests.e2e.test_registry import USCC, Federation, found, register
from tests.pages.visitor import LOOKS, sound, visiting
from tests.world import until

NEW = "mine.example"
SAYS = {
    "zh-CN": {"standing": "已许可", "suspended": "已暂停", "sent": "已送达，未回应", "ended": "已解除"},
    "en": {"standing": "licensed", "suspended": "suspended", "sent": "delivered, not answered", "ended": "ended"},
}


@pytest.fixture
def federation(tmp_path):
    with ExitStack() as stack:
        yield Federation(tmp_path, stack)


class Regulator:
    """Whoever sits before the page: follows links, fills in fields, sends."""

    def __init__(self, page, token):
        self.page = page
        page.goto("/sign-in")
        page.click("details summary")
        page.fill("[name=token]", token)
        with page.expect_navigation():
            page.locator("form:has([name=token]) button").click()

    def follow(self, path):
        """By the link that leads there, which a heading of the navigation may have to show first."""
        link = self.page.locator(f'a[href="{path}"]').first
        link.wait_for(state="attached")
        if not link.is_visible():
            self.page.click(f'nav details:has(a[href="{path}"]) summary')
        with self.page.expect_navigation():
            link.click()
        sound(self.page)

    def send(self, button, **fields):
        for name, text in fields.items():
            self.page.fill(f'[name="{name}"]', text)
        if self.page.locator("[name=sure]").count():
            self.page.check("[name=sure]")
        with self.page.expect_navigation():
            self.page.click(button)
        assert self.page.locator(".wrong, .told.bad").count() == 0, self.words
        sound(self.page)

    @property
    def words(self):
        return self.page.inner_text("main")


@pytest.mark.parametrize("look", LOOKS)
def test_from_a_request_to_a_release(federation, tmp_path, look):
    says = SAYS[LOOKS[look][1]]
    authority = federation.authority
    policy = joining.first_policy(authority.one.url, federation.key)
    one = found(tmp_path, NEW, "mine", policy, authority=authority.one.name)
    data = joining.request_of(one.home, {}, uscc=USCC)
    joining.ask(one.home, {}, data)
    with visiting(authority.one.url, look) as page:
        _journey(page, says, federation, one, data)


def _journey(page, says, federation, one, data):
    authority = federation.authority
    clerk = Regulator(page, authority.one.token)

    clerk.follow("/requests")
    clerk.follow(f"/requests/{NEW}")
    assert fingerprint(open_request(data).author.public) in clerk.words
    clerk.send("button[value=admit]")
    assert page.url.endswith(f"/members/{NEW}")

    clerk.follow(f"/members/{NEW}/license")
    clerk.send("button.main", no="C36-2026", until="2099-12-31")
    assert says["standing"] in clerk.words
    clerk.follow(f"/members/{NEW}/suspend")
    clerk.send("button.bad", reason="licence under review")
    assert says["suspended"] in clerk.words
    clerk.follow(f"/members/{NEW}/restore")
    clerk.send("button.main", reason="review closed")
    assert says["standing"] in clerk.words

    mine = federation.serve(one)
    batch = register(mine, "A-1")
    page.goto(f"/members/{NEW}")
    clerk.follow(f"/orders/new?to={NEW}")
    clerk.send("button.bad", lines=batch, ground="Article 27", reason="no papers")
    order = page.url

    def is_delivered():
        page.goto(order)
        return says["sent"] in clerk.words

    until(is_delivered, "the order is delivered")
    (got,) = mine.client.get("/api/v1/orders").json()["orders"]
    assert (got["lines"][0]["batch"], got["ended"]) == (batch.rpartition("#")[2], False)
    clerk.send("button.main", reason="papers in order")
    until(lambda: mine.client.get("/api/v1/orders").json()["orders"][0]["ended"], "the release is delivered")
    clerk.follow("/orders")
    assert says["ended"] in clerk.words
