"""Stock C2SP clients, built once from locked modules (tests/interop/main.go)."""

import os
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent
BUILD_SECONDS = 300
RUN_SECONDS = 90

Stock = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def stock(tmp_path_factory) -> Stock:
    """stock("note", key, file) runs a stock client. Without Go, skipped, but never where everything must be tested."""
    go = shutil.which("go")
    if go is None:
        missing = "no Go: whether other programs read our notes, checkpoints and tiles is not tested"
        if os.environ.get("CI") == "true":
            pytest.fail(missing)
        pytest.skip(missing)
    program = tmp_path_factory.mktemp("stock") / "stock"
    built = _run([go, "build", "-mod=readonly", "-o", str(program), "."], BUILD_SECONDS)
    assert built.returncode == 0, built.stderr

    def run(*arguments: object) -> subprocess.CompletedProcess[str]:
        return _run([str(program), *map(str, arguments)], RUN_SECONDS)

    return run


def _run(command: Sequence[str], seconds: float) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=FOLDER, capture_output=True, text=True, timeout=seconds, check=False)
