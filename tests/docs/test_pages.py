"""docs/pages.md names every page there is, for whom, and what it is."""

import re
from pathlib import Path

from api.app import create_app
from nodes.people import TASKS

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "pages.md").read_text("utf-8")


def test_every_page_is_in_the_table(node):
    routes = {
        re.sub(r":path\}", "}", route.path)
        for route in create_app(node).routes
        if getattr(route, "methods", None) and not route.include_in_schema
    }
    pages = {path for path in routes if not path.startswith(("/static", "/openapi", "/verify/"))}
    assert set(re.findall(r"^\| `(/\S*)` \|", TEXT, re.MULTILINE)) == pages


def test_every_task_is_explained():
    told = re.findall(r"^\| (\w+) \|", TEXT.partition("|---|---|\n")[2].partition("\n\n")[0], re.MULTILINE)
    assert told == list(TASKS)
