"""The table of lies names tests that are there, and the registry's lies are among the vectors."""

import ast
import re
from pathlib import Path

from tests.formats.lies import LIES

ROOT = Path(__file__).resolve().parents[2]
ROWS = re.findall(r"^\| (.+?) \| .+? \| (.+?) \|$", (ROOT / "docs" / "lies.md").read_text("utf-8"), re.MULTILINE)


def test_every_lie_is_told_in_a_test_that_is_there():
    told = {lie: re.findall(r"`(tests/\S+\.py)::(\w+)`", tests) for lie, tests in ROWS if lie not in ("lie", "---")}
    assert len(told) > 20
    assert [lie for lie, tests in told.items() if not tests] == []
    missing = [f"{file}::{name}" for tests in told.values() for file, name in tests if name not in functions(file)]
    assert missing == []


def functions(file: str) -> set[str]:
    tree = ast.parse((ROOT / file).read_text("utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def test_what_a_registry_said_and_a_file_leaves_out_is_among_the_vectors():
    codes = {lie.code for lie in LIES}
    assert {"registry-entry-left-out", "shipped-while-suspended", "key-revoked", "standing-stale"} <= codes
