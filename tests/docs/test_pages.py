"""docs/pages.md names every page there is, for whom, and what it is."""

import re
from pathlib import Path

from api.app import create_app
from nodes.people import TASKS

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "pages.md").read_text("utf-8")


PAGES, _, SHARED = TEXT.partition("What programs read too")


def _in_table(text):
    return set(re.findall(r"^\| `(/\S*)` \|", text, re.MULTILINE))


def _routes(node, *, in_schema):
    return {
        re.sub(r":path\}", "}", route.path)
        for route in create_app(node).routes
        if getattr(route, "methods", None) and route.include_in_schema == in_schema
    }


def test_every_page_is_in_the_table(node, authority):
    routes = _routes(node, in_schema=False) | _routes(authority, in_schema=False)
    pages = {path for path in routes if not path.startswith(("/static", "/openapi", "/verify/"))}
    assert _in_table(PAGES) == pages


def test_what_programs_read_too_is_there_for_them(node):
    shared = _in_table(SHARED)
    assert shared
    assert shared <= _routes(node, in_schema=True)


def test_every_task_is_explained():
    told = re.findall(r"^\| (\w+) \|", TEXT.partition("|---|---|\n")[2].partition("\n\n")[0], re.MULTILINE)
    assert told == list(TASKS)
