"""Every rule of the house holds in this tree, and every rule can fail: each is tried on a small bad source too."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from tests import architecture as rules
from tests.architecture import Source

ROOT = Path(__file__).resolve().parent.parent


def sources(*folders: str) -> list[Source]:
    files = sorted(file for folder in folders for file in (ROOT / folder).rglob("*.py"))
    return [Source(file.relative_to(ROOT).as_posix(), file.read_text("utf-8")) for file in files]


CODE = sources(*rules.PACKAGES)
EVERYTHING = [*CODE, *sources("tests", "scripts")]


@pytest.mark.parametrize("rule", rules.OF_ONE_FILE, ids=lambda rule: rule.__name__)
def test_in_every_file(rule):
    assert [complaint for source in CODE for complaint in rule(source)] == []


@pytest.mark.parametrize("rule", rules.OF_ALL_FILES, ids=lambda rule: rule.__name__)
def test_in_all_files_together(rule):
    assert rule(CODE) == []


@pytest.mark.parametrize("rule", [rules.names_say_something, rules.long_files_explain_themselves])
def test_in_tests_and_scripts_too(rule):
    assert [complaint for source in EVERYTHING for complaint in rule(source)] == []


def test_there_is_something_to_look_at():
    assert {source.path.split("/")[0] for source in CODE} == set(rules.PACKAGES)


BAD = {
    "a web package in the ledger": (rules.ledger_is_pure, "ledger/labels.py", "import fastapi"),
    "the clock's module": (rules.ledger_is_pure, "ledger/entries.py", "import time"),
    "randomness": (rules.ledger_is_pure, "ledger/log/disclosures.py", "from secrets import token_bytes"),
    "the network beside the pure half of a package": (
        rules.ledger_is_pure,
        "ledger/labels.py",
        "import urllib.request",
    ),
    "an import inside a function": (rules.ledger_is_pure, "ledger/audit.py", "def f():\n    import os"),
    "package data elsewhere": (
        rules.ledger_is_pure,
        "ledger/matter/reference.py",
        "from importlib.resources import files",
    ),
    "files of its own": (rules.ledger_is_pure, "ledger/audit.py", "def f(): return open('x')"),
    "the clock through a pure module": (rules.ledger_is_pure, "ledger/entries.py", "def f(d): return d.datetime.now()"),
    "a command line outside __main__": (rules.ledger_is_pure, "ledger/audit.py", "import argparse"),
    "the clock in __main__": (rules.ledger_is_pure, "ledger/__main__.py", "import datetime\ndatetime.date.today()"),
    "cryptography elsewhere in the ledger": (rules.doors, "ledger/log/checkpoints.py", "import cryptography.hazmat"),
    "cryptography in api": (rules.doors, "api/access.py", "from cryptography.hazmat import primitives"),
    "sqlmodel outside the store": (rules.doors, "nodes/sequencer.py", "from sqlmodel import Session"),
    "sqlalchemy outside the store": (rules.doors, "api/batches.py", "import sqlalchemy.orm as orm"),
    "alembic outside the store": (rules.doors, "nodes/node.py", "from alembic import command"),
    "httpx outside peers": (rules.doors, "nodes/handover.py", "import httpx"),
    "httpx in api": (rules.doors, "api/cli.py", "def f():\n    from httpx import Client"),
    "fastapi in nodes": (rules.doors, "nodes/node.py", "from fastapi import HTTPException"),
    "settings outside config": (rules.doors, "nodes/identity.py", "from pydantic_settings import BaseSettings"),
    "locks outside posix": (rules.doors, "nodes/sequencer.py", "import fcntl"),
    "limits outside posix": (rules.doors, "api/cli.py", "import resource"),
    "matter in log": (rules.walls, "ledger/log/notes.py", "from ledger.matter.events import Event"),
    "log in matter": (rules.walls, "ledger/matter/events.py", "from ledger.log import merkle"),
    "nodes in the ledger": (rules.walls, "ledger/audit.py", "import nodes.store.log"),
    "api in nodes": (rules.walls, "nodes/node.py", "from api import app"),
    "a wall behind TYPE_CHECKING": (rules.walls, "nodes/qr.py", "if TYPE_CHECKING:\n    from api.app import App"),
    "tests in api": (rules.walls, "api/cli.py", "from tests.world import World"),
    "a relative import": (rules.no_relative_imports, "nodes/store/log.py", "from . import tables"),
    "os.environ": (rules.environment_is_read_in_config, "api/cli.py", "import os\nos.environ['X']"),
    "os.getenv": (rules.environment_is_read_in_config, "nodes/node.py", "import os\nx = os.getenv('X')"),
    "environ by name": (rules.environment_is_read_in_config, "nodes/node.py", "from os import environ"),
    "os under another name": (rules.environment_is_read_in_config, "nodes/node.py", "import os as system"),
    "everything of os": (rules.environment_is_read_in_config, "nodes/node.py", "from os import *"),
    "user ids": (rules.posix_has_one_file, "nodes/identity.py", "import os\nos.getuid()"),
    "directories opened": (rules.posix_has_one_file, "nodes/store/files.py", "from os import O_DIRECTORY"),
    "signals that Windows lacks": (rules.posix_has_one_file, "api/cli.py", "import signal\nsignal.SIGKILL"),
    "api weighs": (rules.api_decides_nothing, "api/batches.py", "def f(b): return 1 if b.net_mg > 5 else 2"),
    "api judges a signature": (
        rules.api_decides_nothing,
        "api/inbox.py",
        "def f(n):\n    if not n.signatures: raise E",
    ),
    "api looks into custody": (rules.api_decides_nothing, "api/scan.py", "def f(h): return [x for x in h if x.owner]"),
    "api weighs what JSON holds": (rules.api_decides_nothing, "api/scan.py", "def f(h):\n    while h['mg']: pass"),
    "utils": (rules.names_say_something, "nodes/utils.py", ""),
    "a folder of services": (rules.names_say_something, "api/services/batches.py", ""),
    "a re-export": (rules.init_holds_a_docstring_at_most, "ledger/log/__init__.py", '"""Log."""\nfrom a import b'),
    "a value in __init__": (rules.init_holds_a_docstring_at_most, "api/__init__.py", "x = 1"),
    "a file of 401 lines": (rules.long_files_explain_themselves, "nodes/node.py", '"""Long."""\n' + "x = 1\n" * 400),
    "an excuse outside the docstring": (
        rules.long_files_explain_themselves,
        "nodes/node.py",
        '"""Long."""\n# Over 400 lines because I say so\n' + "x = 1\n" * 400,
    ),
}


@pytest.mark.parametrize(("rule", "path", "text"), BAD.values(), ids=BAD)
def test_a_bad_source_is_found_out(rule, path, text):
    complaints = rule(Source(path, text))
    assert len(complaints) == 1
    assert complaints[0].startswith(path)


GOOD = {
    "the door itself": ("nodes/peers.py", "import httpx"),
    "the store's own": ("nodes/store/tables.py", "from sqlmodel import Field\nimport sqlalchemy"),
    "the core's cryptography": ("ledger/log/notes.py", "from cryptography.hazmat.primitives import hashes"),
    "config reads": ("nodes/config.py", "import os\nos.environ['X']"),
    "posix locks": ("nodes/posix.py", "import fcntl, os\nos.getuid()"),
    "os for what every system has": ("nodes/store/files.py", "import os\nos.fsync(1)"),
    "names that only begin alike": (
        "ledger/log/tiles.py",
        "from ledger.logistics import x\nfrom urllib.parse import quote",
    ),
    "main reads files": ("ledger/__main__.py", "import argparse, sys\nfrom pathlib import Path\nprint('x')"),
    "api asks whether something is there": (
        "api/batches.py",
        "def f(b):\n    if b is None: raise E\n    return b.net_mg",
    ),
    "a long file that explains itself": (
        "nodes/node.py",
        '"""Node.\n\nOver 400 lines because it is one story.\n"""\n' + "x = 1\n" * 400,
    ),
    "a package with a docstring": ("ledger/__init__.py", '"""What is true."""\n'),
}


@pytest.mark.parametrize(("path", "text"), GOOD.values(), ids=GOOD)
def test_a_good_source_passes_every_rule(path, text):
    assert [complaint for rule in rules.OF_ONE_FILE for complaint in rule(Source(path, text))] == []


def test_a_circle_is_found_and_told():
    circle = [
        Source("nodes/a.py", "from nodes import b"),
        Source("nodes/b.py", "def late():\n    import nodes.c"),
        Source("nodes/c.py", "from nodes.a import thing"),
        Source("nodes/__init__.py", ""),
        Source("nodes/d.py", "from nodes.a import thing"),
    ]
    assert rules.no_circles(circle) == ["nodes.a -> nodes.b -> nodes.c -> nodes.a"]
    assert rules.no_circles([circle[0], *circle[2:]]) == []


def test_long_files_in_the_middle_are_found():
    long = [Source(f"nodes/{name}.py", "x = 1\n" * 201) for name in "abc"]
    assert rules.files_are_short(long) == ["the median file has 201 lines, above 200"]
    assert rules.files_are_short([*long, *(Source(f"api/{name}.py", "x = 1\n") for name in "abcd")]) == []


def test_every_rule_has_a_bad_source():
    tried = {rule for rule, _, _ in BAD.values()} | {rules.no_circles, rules.files_are_short}
    assert tried == {*rules.OF_ONE_FILE, *rules.OF_ALL_FILES}


def loaded_by(code: str) -> set[str]:
    """Top-level packages, beyond the standard library, that running `code` in a new interpreter loads."""
    report = (
        "import sys; before = set(sys.modules)\n"
        "try: exec(sys.argv.pop(1))\n"
        "except SystemExit: pass\n"
        "print('\\nLOADED', *{name.split('.')[0] for name in set(sys.modules) - before})"
    )
    command = [sys.executable, "-c", report, code]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.splitlines()[-1].split()[1:]) - sys.stdlib_module_names


LEDGER_NEEDS = {"ledger", "cryptography", "_cffi_backend", "_openssl"}  # the last two are parts of cryptography


def test_the_ledger_loads_nothing_but_cryptography():
    modules = [source.module for source in CODE if source.path.startswith("ledger/")]
    loaded = loaded_by("\n".join(f"import {module}" for module in modules))
    assert "ledger" in loaded
    assert loaded - LEDGER_NEEDS == set()


def test_running_the_ledger_loads_nothing_but_cryptography():
    asked = "import runpy, sys; sys.argv = ['ledger', 'verify', '--help']; "
    loaded = loaded_by(asked + "runpy.run_module('ledger', run_name='__main__')")
    assert "ledger" in loaded
    assert loaded - LEDGER_NEEDS == set()


def test_lodetrace_verify_loads_no_web_and_no_database_package():
    asked = "import sys; sys.argv = ['lodetrace', 'verify', '--help']; "
    loaded = loaded_by(asked + "from api.cli import main; main()")
    assert "typer" in loaded
    assert loaded & (rules.WEB | rules.DATABASE | {"httpx", "nodes"}) == set()


def test_what_is_loaded_is_noticed():
    assert {"fastapi", "starlette"} <= loaded_by("import ledger\nimport fastapi")


def test_the_rules_parse_what_this_python_runs():
    assert all(isinstance(ast.parse(source.text), ast.Module) for source in EVERYTHING)
