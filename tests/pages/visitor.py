"""Somebody at a browser of their own (Playwright), and what every page must keep to that they meet on the way.

with visiting(url, "a phone in Chinese") as page:
    sign_in(page, "Li", SECRET)
    sound(page)
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.pages.browser import NAMES, find_browser

PHONE, DESK = (360, 740), (1280, 800)
LOOKS = {
    "a phone in Chinese": (PHONE, "zh-CN"),
    "a phone in English": (PHONE, "en"),
    "a desk in Chinese": (DESK, "zh-CN"),
    "a desk in English": (DESK, "en"),
}
MILLISECONDS = 20_000
AXE = (Path(__file__).parent / "vendor" / "axe-core" / "axe.min.js").read_text("utf-8")
SERIOUS = """
axe.run(%s).then(({ violations }) => violations
  .filter(one => ["serious", "critical"].includes(one.impact))
  .flatMap(one => one.nodes.map(node => [one.id, node.html.slice(0, 200), node.failureSummary])))
"""
OVERHANGING = """
[...document.querySelectorAll('body *')]
  .filter(one => !one.closest('.scroll, .pan, nav, svg') && one.checkVisibility()
    && one.getBoundingClientRect().right > document.documentElement.clientWidth + .5)
  .map(one => one.tagName + '.' + one.className)
"""


@contextmanager
def visiting(url: str, look: str = "a desk in English", *flags: str, **context: Any) -> Iterator[Any]:
    """A page of a new browser; what its console complains of is in `complaints`. `context`: as Playwright names it."""
    with browsing(*flags) as browser:
        yield page_of(browser, url, look, **context)


@contextmanager
def browsing(*flags: str) -> Iterator[Any]:
    """A browser. Without one, tests of pages are skipped, but never where everything must be tested."""
    program = find_browser()
    if program is None and os.environ.get("CI") != "true":
        pytest.skip(f"no browser: none of {', '.join(NAMES)} is installed")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program, args=["--no-sandbox", "--disable-gpu", *flags], timeout=3 * MILLISECONDS
        )
        try:
            yield browser
        finally:
            browser.close()


def page_of(browser: Any, url: str, look: str = "a desk in English", **context: Any) -> Any:
    """A page of a visitor with cookies of their own."""
    (width, height), language = LOOKS[look]
    size = {"width": width, "height": height}
    own = browser.new_context(base_url=url, locale=language, viewport=size, has_touch=width == PHONE[0], **context)
    own.set_default_timeout(MILLISECONDS)
    page = own.new_page()
    page.complaints = []
    page.on("console", lambda said: page.complaints.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    return page


def sign_in(page: Any, name: str, secret: str) -> None:
    page.goto("/sign-in")
    page.fill("[name=name]", name)
    page.fill("[name=password]", secret)
    with page.expect_navigation(url="**/"):
        page.keyboard.press("Enter")


def sound(page: Any) -> None:
    """The page is in the reader's language, fits the screen, stands in nobody's way; the browser does not complain."""
    assert page.evaluate("document.documentElement.lang === navigator.language")
    assert page.evaluate("document.documentElement.scrollWidth") == page.viewport_size["width"], page.url
    assert page.evaluate(OVERHANGING) == [], page.url
    page.evaluate(f"{AXE}; 0")
    assert page.evaluate(SERIOUS % "{}") == [], page.url
    assert page.complaints == []
