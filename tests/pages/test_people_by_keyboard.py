"""An administrator lets somebody in, who takes a password of his own: in browsers, without a mouse."""

import pytest

from nodes.clock import system_clock
from nodes.homes import create_home
from nodes.node import Node
from nodes.people import hire
from tests.pages.test_clerk_by_keyboard import Hands
from tests.pages.visitor import browsing, page_of
from tests.serving import serving

FIRST, OWN = "a long enough sentence", "another good sentence"


@pytest.fixture
def visitors(tmp_path):
    """visit(): somebody at a browser of their own, on the page for signing in."""
    home = tmp_path / "home"
    create_home(home, {}, name="mine.example", organisation="Mine", role="mine", country="CN", sites=[])
    node = Node.open(home, {})
    node.start()
    hire(node.store, "Chen", "admin", system_clock, password=FIRST)
    try:
        with serving(node) as url, browsing() as browser:

            def visit():
                page = page_of(browser, url, "a phone in English")
                page.goto("/sign-in")
                return Hands(page)

            yield visit
    finally:
        node.stop()


def sign_in(hands, name, secret):
    hands.fill("name", name)
    hands.fill("password", secret)
    hands.enter("/$")


def test_somebody_new_comes_in_and_takes_a_password_of_his_own(visitors):
    chen, li = visitors(), visitors()
    sign_in(chen, "Chen", FIRST)
    chen.reach("nav details:last-of-type summary")
    chen.press("Enter")
    chen.reach('nav a[href="/people"]')
    chen.enter("/people$")
    chen.fill("name", "Li")
    chen.reach('[value="weighing"]')
    chen.press("Space")
    chen.fill("password", FIRST)
    chen.enter("/people$")
    assert "Li may sign in." in chen.page.inner_text("[role=status]")
    assert "weighing" in chen.page.inner_text("ul.units")

    sign_in(li, "Li", FIRST)
    assert li.page.query_selector('nav a[href="/people"]') is None
    li.reach('footer a[href="/me"]')
    li.enter("/me$")
    for name, text in (("old", FIRST), ("password", OWN), ("again", OWN)):
        li.fill(name, text)
    li.enter("/me$")
    assert "You have a new password" in li.page.inner_text("[role=status]")

    other = visitors()
    other.fill("name", "Li")
    other.fill("password", FIRST)
    with other.page.expect_navigation():
        other.press("Enter")
    assert ["401" in one for one in other.page.complaints] == [True]
    other.page.complaints.clear()
    assert "do not fit" in other.page.inner_text("main")
    other.fill("password", OWN)
    other.enter("/$")
