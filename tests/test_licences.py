"""What is installed with Lodetrace may be used with it under Apache-2.0: read from each package's own metadata."""

import json
import re
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]

# SPDX names. Permissive ones; and MPL-2.0, whose reach ends at its own files, which are used unchanged.
ALLOWED = {"0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT", "MIT-0", "MIT-CMU", "MPL-2.0", "PSF-2.0"}
# What packages without an SPDX expression call the same licences.
CALLED = {
    "Apache Software License": "Apache-2.0",
    "BSD License": "BSD-3-Clause",
    "ISC License (ISCL)": "ISC",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0",
}
# Read by a person: (package, what its metadata says) and why it is fine. Another wording comes up for reading again.
READ = {
    ("pypdfium2", "BSD-3-Clause, Apache-2.0, dependency licenses"): "its parts are permissive, and only tests run it",
    ("qrcode", "BSD-3-Clause AND Other/Proprietary License"): "the other is the MIT licence of what it was ported from",
}


def spdx(package: metadata.PackageMetadata) -> str:
    """The SPDX expression of a package; older packages say it in classifiers, or in a short License field."""
    if expression := package.get("License-Expression"):
        return str(expression)
    classifiers = [
        line.rpartition(" :: ")[2] for line in package.get_all("Classifier", []) if line.startswith("License")
    ]
    named = {CALLED.get(name, name) for name in classifiers} - {"OSI Approved"}
    return " AND ".join(sorted(named)) or str(package.get("License") or "none named")


def is_allowed(expression: str) -> bool:
    """Of `A OR B` one suffices, of `A AND B` both must be allowed; inner brackets are for a person to judge."""
    expression = expression.removeprefix("(").removesuffix(")")
    return any(set(choice.strip().split(" AND ")) <= ALLOWED for choice in expression.split(" OR "))


def needed(requirements: list[str]) -> dict[str, metadata.Distribution]:
    """The closure of `requirements` on this machine, by what each installed package says that it needs."""
    found: dict[str, metadata.Distribution] = {}
    open_ends = [(Requirement(text), "") for text in requirements]
    while open_ends:
        requirement, extra = open_ends.pop()
        name = re.sub(r"[-_.]+", "-", requirement.name).lower()
        if requirement.marker and not requirement.marker.evaluate({"extra": extra}):
            continue
        known = name in found
        found[name] = metadata.distribution(name)
        wanted = sorted(requirement.extras) if known else ["", *sorted(requirement.extras)]
        open_ends += [(Requirement(text), extra) for extra in wanted for text in found[name].requires or []]
    return found


RUNNING = needed(PROJECT["dependencies"])
# A package from npm says it in one expression, and npm's lock repeats it. Fonts come under a licence of their own.
NPM = json.loads((ROOT / "package-lock.json").read_text("utf-8"))["packages"]
FONTS = {"node_modules/@expo-google-fonts/noto-sans-sc": "MIT AND OFL-1.1"}
TESTING = needed([text for texts in PROJECT["optional-dependencies"].values() for text in texts])


@pytest.mark.parametrize("name", sorted(RUNNING))
def test_what_runs_may_be_given_on(name):
    expression = spdx(RUNNING[name].metadata)
    assert is_allowed(expression) or (name, expression) in READ, expression


@pytest.mark.parametrize("name", sorted(TESTING.keys() - RUNNING.keys()))
def test_what_tests_may_be_used(name):
    expression = spdx(TESTING[name].metadata)
    assert is_allowed(expression) or (name, expression) in READ, expression


@pytest.mark.parametrize("name", sorted(NPM.keys() - {""}))
def test_what_comes_from_npm_may_be_used(name):
    assert is_allowed(NPM[name]["license"]) or FONTS[name] == NPM[name]["license"]


def test_the_closure_goes_below_the_first_row():
    assert {"starlette", "pydantic-core", "markupsafe", "cffi"} <= RUNNING.keys()
    assert not {"pytest", "hypothesis"} & RUNNING.keys()


@pytest.mark.parametrize(
    "expression",
    [
        "GPL-3.0-or-later",
        "LGPL-3.0-only",
        "MIT AND LGPL-2.1-or-later",
        "AGPL-3.0-only OR GPL-2.0-only",
        "none named",
        "",
    ],
)
def test_other_licences_are_refused(expression):
    assert not is_allowed(expression)


@pytest.mark.parametrize(
    "expression", ["MIT", "Apache-2.0 OR BSD-3-Clause", "(GPL-2.0-only OR MIT)", "MPL-2.0 AND MIT"]
)
def test_these_licences_are_allowed(expression):
    assert is_allowed(expression)


@pytest.mark.parametrize(
    ("lines", "expression"),
    [
        (["License-Expression: LGPL-3.0-only", "Classifier: License :: OSI Approved :: MIT License"], "LGPL-3.0-only"),
        (["Classifier: License :: OSI Approved :: MIT License", "License: see LICENSE"], "MIT"),
        (["Classifier: License :: OSI Approved", "License: BSD-3-Clause"], "BSD-3-Clause"),
        (
            [
                "Classifier: License :: OSI Approved :: MIT License",
                "Classifier: License :: OSI Approved :: GNU General Public License v3 (GPLv3)",
            ],
            "GNU General Public License v3 (GPLv3) AND MIT",
        ),
        (["Classifier: Topic :: Utilities"], "none named"),
    ],
)
def test_a_licence_is_read_wherever_a_package_says_it(tmp_path, lines, expression):
    (tmp_path / "METADATA").write_text("\n".join(["Metadata-Version: 2.4", "Name: some", "Version: 1", *lines, ""]))
    assert spdx(metadata.PathDistribution(tmp_path).metadata) == expression
