"""Nodes as they are really run: each `lodetrace serve` in a process of its own, on a port of this machine."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from nodes import tokens
from nodes.clock import system_clock
from nodes.homes import create_home, open_store
from nodes.peers import ApiClient

ROOT = Path(__file__).resolve().parents[1]
CLEAN = {name: value for name, value in os.environ.items() if not name.startswith("LODETRACE_")}
"""The environment without what whoever runs the tests has set for a node of theirs."""


@dataclass
class Organisation:
    name: str
    home: Path
    port: int
    token: str = field(default="", repr=False)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def found(folder: Path, name: str, codes: Sequence[str]) -> tuple[Organisation, str]:
    """A new home, and the line by which others know it."""
    one = Organisation(name, folder / name.partition(".")[0], free_port())
    sites = [{"code": code, "country": "CN"} for code in codes]
    settings, keys = create_home(
        one.home, {}, name=name, organisation=name.upper(), role="mine", country="CN", sites=sites, port=one.port
    )
    with open_store(one.home) as store:
        one.token = tokens.mint(store, "Li", "clerk", system_clock)
    return one, f"log {keys.log.verifier.vkey} {settings.url}\n"


@contextmanager
def serving(one: Organisation) -> Iterator[subprocess.Popen[bytes]]:
    """`lodetrace serve`, from its first answer until it has ended."""
    with (one.home / "journal").open("ab") as journal:
        process = subprocess.Popen(
            [sys.executable, "-m", "api", "serve", "--home", str(one.home)], cwd=ROOT, env=CLEAN, stderr=journal
        )
    try:
        with ApiClient(one.url) as client:
            client.get("/readyz")
        yield process
    finally:
        process.terminate()
        assert process.wait(30) == 0
