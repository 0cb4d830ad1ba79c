"""One browser for all tests of pages, and one served node for each organisation of the story."""

import os
from contextlib import ExitStack

import pytest

from tests.chain import NAMES, RIVAL
from tests.pages.browser import NAMES as BROWSERS
from tests.pages.browser import Browser, find_browser
from tests.serving import serving


@pytest.fixture
def browser(chromium):
    """For one test: its pages are closed behind it."""
    yield chromium
    chromium.close_pages()


@pytest.fixture(scope="session")
def chromium(tmp_path_factory):
    """A headless Chromium. Without one, tests of pages are skipped, but never where everything must be tested."""
    if find_browser() is None:
        missing = f"no browser: none of {', '.join(BROWSERS)} is installed; how pages look is not tested"
        if os.environ.get("CI") == "true":
            pytest.fail(missing)
        pytest.skip(missing)
    with Browser(tmp_path_factory.mktemp("browser") / "profile") as browser:
        yield browser


@pytest.fixture(scope="session")
def served(chain):
    """name -> where that node's pages are; "open": the last one's, with leave to name everybody."""
    with ExitStack() as stack:
        found = {name: stack.enter_context(serving(stack.enter_context(chain.node(name)))) for name in NAMES}
        node = stack.enter_context(chain.node(RIVAL, evidence_public="true"))
        found["open"] = stack.enter_context(serving(node))
        yield found


@pytest.fixture(scope="session")
def pictures(tmp_path_factory):
    """Where screenshots go, to be looked at."""
    return tmp_path_factory.mktemp("pictures")
