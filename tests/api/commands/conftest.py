"""Two served nodes, a mine and a plant, each a process of its own; and the command line, in a clerk's hands."""

import io
import json
import os
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import pytest

from api import cli
from tests.served import found, serving

SITES = {"mine.example": ("pit-1", "pit-2"), "plant.example": ("plant-1",)}


@dataclass(frozen=True)
class Done:
    """How a command ended, and what it printed."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    def fine(self) -> "Done":
        assert self.code == 0, self.err
        return self


@pytest.fixture(scope="session")
def federation(tmp_path_factory):
    """name -> Organisation, served for the whole session; each trusts the other."""
    folder = tmp_path_factory.mktemp("federation")
    founded = [found(folder, name, sites) for name, sites in SITES.items()]
    policy = "".join(line for _, line in founded) + "quorum none\n"
    for one, _ in founded:
        (one.home / "policy.txt").write_text(policy)
    (folder / "trust.txt").write_text(policy)
    with ExitStack() as stack:
        for one, _ in founded:
            stack.enter_context(serving(one))
        yield {one.name.partition(".")[0]: one for one, _ in founded}


@pytest.fixture
def run(monkeypatch, capfd):
    """The program itself, in this process: arguments -> Done."""

    def run(*arguments, stdin=b"", environ=None):
        monkeypatch.setattr(sys, "argv", ["lodetrace", *map(str, arguments)])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        for name in [name for name in os.environ if name.startswith("LODETRACE_")]:
            monkeypatch.delenv(name)
        for name, value in (environ or {}).items():
            monkeypatch.setenv(name, value)
        capfd.readouterr()
        try:
            cli.main()
        except SystemExit as end:
            code = end.code or 0
        else:
            code = 0
        printed = capfd.readouterr()
        return Done(code, printed.out, printed.err)

    return run


@pytest.fixture
def clerk_of(federation, run):
    """ "mine" -> its clerk, who types: arguments -> Done."""

    def clerk_of(which):
        one = federation[which]
        environ = {"LODETRACE_URL": one.url, "LODETRACE_TOKEN": one.token}
        return lambda *arguments, **rest: run(*arguments, environ=environ, **rest)

    return clerk_of


@pytest.fixture
def mine(clerk_of):
    return clerk_of("mine")


@pytest.fixture
def plant(clerk_of):
    return clerk_of("plant")


@pytest.fixture
def lot(mine, request):
    """A registered batch of 20 t with a lot number of its own, named by it."""
    name = f"LOT-{abs(hash(request.node.nodeid)) % 10**12}"
    ore = ("--product", "ion_clay_mixed_oxide", "--origin", "mined", "--country", "CN", "--site", "pit-1")
    mine("batch", "register", "--lot", name, "--net", "20 t", *ore).fine()
    return name
