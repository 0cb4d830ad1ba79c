"""docs/interface.md is the interface: every route is in it, and what it shows is what real nodes answer."""

import re
from dataclasses import replace

import pytest

from api.app import create_app
from api.recording import Recording
from tests.docs.interface import PAGE, Stage, examples
from tests.docs.made import documents

TEXT = PAGE.read_text("utf-8")
EXAMPLES = list(examples(TEXT))
LINK = "/api/v1/shipments/{shipment:path}/link"
WITHOUT_EXAMPLE = {"GET /openapi.json", f"POST {LINK}", f"DELETE {LINK}", "POST /api/v1/imports"}
WITHOUT_EXAMPLE |= {"GET /api/v1/imports/{kind}/template"}
"""Routes that the page names and shows no example of: what they lead to is a page (tests/api/test_guest.py), or what
they take is no text (tests/api/test_imports.py).
"""


def path_of(route: str) -> re.Pattern[str]:
    """A route's path as a pattern for the paths of requests."""
    steps = re.split(r"\{(\w+)(?::path)?\}", route)
    return re.compile(
        "".join(re.escape(step) if at % 2 == 0 else "[^?]+?" for at, step in enumerate(steps)) + r"(\?.*)?"
    )


@pytest.fixture(scope="module")
def played(tmp_path_factory):
    """Every example with the answer that it got, all in one federation. Leaving it audits all logs."""
    stage = Stage(tmp_path_factory.mktemp("interface"))
    with stage.world:
        answers = []
        for number, one in enumerate(EXAMPLES):
            reply = stage.ask(one, number)
            stage.compare(one, reply)  # which also learns the ids that later examples name
            answers.append((one, reply, stage))
        yield answers


def test_every_example_of_the_page_is_played():
    assert len(EXAMPLES) == len(re.findall(r"^```http", TEXT, re.MULTILINE)) > 30
    assert len(EXAMPLES) * 2 == len(re.findall(r"^```(?!text$|python$)\w", TEXT, re.MULTILINE))


def test_every_example_is_answered_as_the_page_says(played):
    assert [one.status for one, _, _ in played] == [reply.status for _, reply, _ in played]


def test_every_route_is_in_the_table_and_has_an_example(node):
    routes = [
        (next(iter(sorted(route.methods - {"HEAD"}))), route.path)
        for route in create_app(node).routes
        if getattr(route, "methods", None) and (route.include_in_schema or "openapi" in route.path)
    ]
    table = re.findall(r"^\| `(\w+) (\S+)` \|", TEXT, re.MULTILINE)
    assert sorted(table) == sorted(
        (method, re.sub(r":path\}", "}", path)) for method, path in routes if "openapi" not in path
    )
    shown = {f"{one.method} {one.path}" for one in EXAMPLES}
    # The longest route that fits is the one meant: …/batches/X/trace is no batch named X/trace, and a fork no {kind}.
    taken = set()
    for one in shown:
        method, _, path = one.partition(" ")
        fitting = [route for verb, route in routes if verb == method and path_of(route).fullmatch(path)]
        assert fitting, one
        taken.add(f"{method} {max(fitting, key=lambda route: (route.count('/'), -route.count('{'), len(route)))}")
    assert {f"{method} {path}" for method, path in routes} - taken == WITHOUT_EXAMPLE


def test_every_verb_shows_the_example_of_its_route():
    made = re.findall(r"made by scripts/documents.py: example (\w+)", TEXT)
    recordings = documents.recordings()
    assert sorted(made) == sorted(recordings)
    assert all(isinstance(one, Recording) for one in recordings.values())


def test_the_page_is_checked_for_real(played):
    """An answer that differs in one field, one value or one line is noticed."""
    batch = next((one, reply, stage) for one, reply, stage in played if one.path == "/api/v1/batches/PN-7")
    one, reply, stage = batch
    for lie in (
        one.answer.replace('"mg": 2040000000', '"mg": 2040000001'),
        one.answer.replace('"count": null, ', ""),
        one.answer.replace('"state": "emptied"', '"state": "here"'),
        one.answer.replace('"entry_no": 2', '"entry_no": 2, "more": 1'),
    ):
        assert lie != one.answer
        with pytest.raises(AssertionError):
            stage.compare(replace(one, answer=lie), reply)
    checkpoint, reply, stage = next(found for found in played if found[0].path == "/log/checkpoint")
    with pytest.raises(AssertionError):
        stage.compare(replace(checkpoint, answer=checkpoint.answer.replace("\n24\n", "\n8\n")), reply)
