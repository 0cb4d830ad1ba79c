"""What documents tell a stranger to type, typed: all `sh` blocks of a text as one script, in a clone of its own."""

import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 180
_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_ENTRY_POINT = """#!/bin/sh
PYTHONPATH='{root}' exec '{python}' -m api "$@"
"""
"""What installing the package puts into .venv/bin, for a .venv in which it was not installed."""


def blocks(text: str, language: str | None = None) -> list[str]:
    """The fenced blocks of a document, of one language if asked."""
    return [body for found, body in _BLOCK.findall(text) if language in (None, found)]


def clone(folder: Path) -> Path:
    """A folder with the .venv that either of the two commands makes in a clone."""
    if (Path(sys.prefix) / "bin" / "lodetrace").exists():
        (folder / ".venv").symlink_to(sys.prefix)
        return folder
    (folder / ".venv" / "bin").mkdir(parents=True)
    command = folder / ".venv" / "bin" / "lodetrace"
    command.write_text(_ENTRY_POINT.format(root=ROOT, python=sys.executable))
    command.chmod(0o755)
    return folder


def free_ports(count: int) -> list[str]:
    held = [socket.socket() for _ in range(count)]
    for one in held:
        one.bind(("127.0.0.1", 0))
    ports = [str(one.getsockname()[1]) for one in held]
    for one in held:
        one.close()
    return ports


def play(folder: Path, script: str) -> str:
    """Runs `script` to its end, each command of it to success; answers what it printed. Nothing is left running."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("LODETRACE_")}
    process = subprocess.Popen(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=folder,
        env=clean,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        printed, _ = process.communicate(timeout=SECONDS)
    finally:
        end_session(process.pid)
    assert process.returncode == 0, printed
    return printed


def end_session(leader: int) -> None:
    """Ends what the script left running, if anything."""
    try:
        os.killpg(leader, signal.SIGKILL)
    except ProcessLookupError:
        return
