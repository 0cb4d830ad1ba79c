"""The wheel holds every file of the three packages, templates, migrations and what came from npm, and the command."""

import tomllib
import zipfile
from importlib import import_module
from pathlib import Path

import pytest
from hatchling.build import build_wheel

from hatch_build import FILES

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ["ledger", "nodes", "api"]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        with zipfile.ZipFile(folder / build_wheel(str(folder))) as opened:
            yield opened


def test_every_file_of_the_packages_is_in_it(wheel):
    files = (file for package in PACKAGES for file in (ROOT / package).rglob("*") if file.is_file())
    wanted = {file.relative_to(ROOT).as_posix() for file in files if "__pycache__" not in file.parts}
    assert {name for name in wheel.namelist() if ".dist-info/" not in name} == wanted


def test_what_came_from_npm_is_among_them(wheel):
    held = {f"{folder}/{name}" for folder, (_, files) in FILES.items() for name in [*files, "LICENSE"]}
    assert {name for name in held if not name.startswith("tests/")} <= set(wheel.namelist())


def test_it_names_the_command_the_licence_and_what_it_needs(wheel):
    [about] = [name for name in wheel.namelist() if name.endswith(".dist-info/METADATA")]
    metadata = wheel.read(about).decode()
    assert "License-Expression: Apache-2.0\n" in metadata
    assert "Requires-Python: >=3.11\n" in metadata
    folder = about.rpartition("/")[0]
    assert wheel.read(f"{folder}/licenses/LICENSE") == (ROOT / "LICENSE").read_bytes()
    assert "lodetrace = api.cli:main\n" in wheel.read(f"{folder}/entry_points.txt").decode()


def test_the_command_is_there():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    module, _, name = project["scripts"]["lodetrace"].partition(":")
    assert callable(getattr(import_module(module), name))
