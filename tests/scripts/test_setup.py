"""The set-up finds a Python that can run Lodetrace, or says plainly, in two languages, that there is none."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
PROGRAMS = ["scripts/demo", "scripts/test", "scripts/bench", "scripts/lock", ".ci/run"]


def find_python(path: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["/bin/bash", "-c", ". scripts/find-python && find_python"],
        cwd=ROOT,
        env={"PATH": str(path), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def put(folder: Path, name: str, script: str) -> Path:
    file = folder / name
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)
    return file


def test_a_python_on_the_path_is_found(tmp_path):
    python = put(tmp_path, "python3.12", f'exec {sys.executable} "$@"')
    found = find_python(tmp_path)
    assert (found.returncode, found.stdout.strip()) == (0, str(python))


def test_names_that_do_not_work_are_passed_over(tmp_path):
    put(tmp_path, "python3.14", "echo 'not installed' >&2; exit 127")
    put(tmp_path, "python3.11", "exit 1")
    python = put(tmp_path, "python3", f'exec {sys.executable} "$@"')
    assert find_python(tmp_path).stdout.strip() == str(python)


def test_the_named_one_comes_first(tmp_path):
    put(tmp_path, "python3.14", f'exec {sys.executable} "$@"')
    (tmp_path / "other").mkdir()
    named = put(tmp_path / "other", "my python", f'exec {sys.executable} "$@"')
    assert find_python(tmp_path, PYTHON=str(named)).stdout.strip() == str(named)


def test_none_is_said_in_two_languages_with_the_way_out(tmp_path):
    put(tmp_path, "python3", "exit 1")
    found = find_python(tmp_path)
    assert (found.returncode, found.stdout) == (1, "")
    assert "Lodetrace needs Python 3.11 or newer" in found.stderr
    assert "磁迹需要 Python 3.11 或更高版本" in found.stderr
    assert found.stderr.count("PYTHON=") == 2


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_program_can_be_run_and_says_what_it_is(program):
    text = (ROOT / program).read_text("utf-8").splitlines()
    assert text[0] == "#!/usr/bin/env bash"
    assert text[1].startswith("# ")
    assert os.access(ROOT / program, os.X_OK)


@pytest.mark.parametrize("script", [*PROGRAMS, "scripts/setup", "scripts/find-python"])
def test_bash_can_read_it(script):
    subprocess.run(["/bin/bash", "-n", ROOT / script], check=True)
