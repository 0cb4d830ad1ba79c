"""What comes from npm is fetched at locked versions, once, and says plainly when it cannot be."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from hatch_build import FILES, MADE_FROM, STAMP, copies, made_from

ROOT = Path(__file__).resolve().parent.parent
LOCK = (ROOT / "package-lock.json").read_text("utf-8")


@pytest.fixture
def tree(tmp_path):
    for name in MADE_FROM:
        shutil.copyfile(ROOT / name, tmp_path / name)
    return tmp_path


def build(tree: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    """The hook, for which every registry is out of reach: nothing listens there."""
    nowhere = {"npm_config_registry": "http://127.0.0.1:9/", "npm_config_fetch_retries": "0"}
    nowhere |= {"npm_config_cache": str(tree / "cache"), "PYTHONPATH": ":".join(sys.path)} | settings
    command = [sys.executable, "hatch_build.py"]
    return subprocess.run(command, cwd=tree, env=nowhere, capture_output=True, text=True, check=False)


def put(tree: Path) -> None:
    """Files as if they had been fetched."""
    for to, _ in copies():
        (tree / to).parent.mkdir(parents=True, exist_ok=True)
        (tree / to).write_text("as fetched", "utf-8")
    (tree / STAMP).write_text(made_from(tree), "utf-8")


def test_a_registry_out_of_reach_is_said_in_two_languages_with_the_way_out(tree):
    done = build(tree)
    assert done.returncode == 1
    assert "npm could not fetch the packages" in done.stderr
    assert "npm 未能获取" in done.stderr
    assert done.stderr.count("npm config get registry") == 2
    assert "Traceback" not in done.stderr
    assert not (tree / STAMP).exists()


def test_what_is_there_already_is_not_fetched_again(tree):
    put(tree)
    assert build(tree).returncode == 0


@pytest.mark.parametrize("change", ["another lock", "a file lost"])
def test_other_versions_and_lost_files_are_fetched(tree, change):
    put(tree)
    if change == "another lock":
        (tree / "package-lock.json").write_text(LOCK + "\n", "utf-8")
    else:
        (tree / "nodes/printing/fonts/NotoSansSC-Regular.ttf").unlink()
    assert "npm could not fetch" in build(tree).stderr


def test_each_locked_package_has_a_hash_and_no_address():
    packages = {name: one for name, one in json.loads(LOCK)["packages"].items() if name}
    assert {f"node_modules/{package}" for package, _ in FILES.values()} <= packages.keys()
    assert all(re.fullmatch(r"sha512-[\w+/]{86}==", one["integrity"]) for one in packages.values())
    assert not any("resolved" in one for one in packages.values())


def test_the_font_is_one_of_outlines_that_a_pdf_can_hold():
    head = (ROOT / "nodes/printing/fonts/NotoSansSC-Regular.ttf").read_bytes()[:1024]
    assert head[:4] == b"\0\1\0\0"
    assert b"glyf" in head
