"""docs/formats.md says what the code does: its excerpts are the vectors, its tables the code's tables."""

import re

from ledger.matter.event_types import AUDIENCES, EVENT_TYPES
from ledger.matter.events import KINDS
from tests.formats.lies import LIES
from tests.formats.second_verifier import DOCUMENT
from tests.formats.test_vectors import VECTORS, make_vectors

BLOCK = re.compile(r"^```(\w+) vector=(\S+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def test_the_document_is_rendered():
    assert make_vectors.render(DOCUMENT, VECTORS) == DOCUMENT


def test_excerpts_are_the_vectors():
    blocks = BLOCK.findall(DOCUMENT)
    shown = {path: text for _, path, text in blocks}
    assert len(shown) == len(blocks) >= 12
    assert shown["logs.0.entries.1.note"] == VECTORS["logs"][0]["entries"][1]["note"]
    assert shown["proof.text"] == VECTORS["proof"]["text"]
    assert shown["labels.1.url"] == VECTORS["labels"][1]["url"] + "\n"
    assert all(text.strip() for text in shown.values())


def test_a_changed_excerpt_is_noticed():
    changed = DOCUMENT.replace(
        "lodetrace entry v1\nmagnet.example/log\n1\n", "lodetrace entry v1\nmagnet.example/log\n2\n"
    )
    assert changed != DOCUMENT
    assert make_vectors.render(changed, VECTORS) == DOCUMENT


def test_every_event_type_slot_and_audience_is_in_the_table():
    rows = re.findall(r"^\| `(\w+)` \| `([\w.]+)` \| (list|scalar) \| (\w+) \|", DOCUMENT, re.MULTILINE)
    assert [(row[0], row[1], row[2] == "list", row[3]) for row in rows] == [
        (event_type, slot.name, slot.items, slot.audience)
        for event_type, slots in EVENT_TYPES.items()
        for slot in slots
    ]
    assert {row[3] for row in rows} <= set(AUDIENCES)


def test_every_kind_is_explained():
    section = DOCUMENT.split("## Kinds of values")[1].split("## Event types")[0]
    explained = re.findall(r"^\| (\w+) \|", section, re.MULTILINE)
    assert set(KINDS) <= set(explained)


def test_every_lie_has_its_code_in_the_table_of_steps():
    section = DOCUMENT.split("Class and code of what does not hold")[1].split("**The verdict.**")[0]
    rows = re.findall(r"^\| ([0-9, ]+) \| (\w+) \| (.*) \|$", section, re.MULTILINE)
    told = {
        (int(step), error, code)
        for steps, error, codes in rows
        for step in steps.split(", ")
        for code in re.findall(r"`([\w-]+)`", codes)
    }
    assert {(lie.step, lie.error, lie.code) for lie in LIES} - told == set()


def test_every_key_of_the_vectors_is_explained():
    section = DOCUMENT.split("## Vectors")[1]
    explained = {
        key for row in re.findall(r"^\| (`.*?) \|", section, re.MULTILINE) for key in re.findall(r"`(\w+)`", row)
    }
    assert explained == set(VECTORS) - {"about"}
