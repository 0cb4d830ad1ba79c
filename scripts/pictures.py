"""Makes the pictures of all pages anew: docs/pictures/pages/NAME-360-zh.png and NAME-1280-en.png; or of those named.

Each page of docs/pages.md, opened as its test opens it (tests/pages/test_accessible.py): a phone in Chinese, a desk in
English, the first of it alone. Few colours and no second pixels keep each file small.
"""

import io
import re
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.pages.browser import Browser  # noqa: E402
from tests.pages.test_accessible import listed, opening  # noqa: E402

FOLDER = ROOT / "docs" / "pictures" / "pages"
SIZES = ((360, 960, "zh"), (1280, 600, "en"))
COLOURS = 48
READABLE = """
new Set([...'磁迹'].map(sign => {
  const pen = document.createElement('canvas').getContext('2d');
  pen.fillText(sign, 9, 9);
  return pen.canvas.toDataURL();
})).size === 2
"""
"""Without a Chinese font every sign is the same empty box."""


def name_of(path: str) -> str:
    """`/batches/{batch}/pack` → `batches-batch-pack`; the board is `board`."""
    return re.sub(r"[^a-z]+", "-", path.removeprefix("/api/v1")).strip("-") or "board"


def small(png: bytes, width: int, height: int) -> Image.Image:
    whole = Image.open(io.BytesIO(png)).convert("RGB")
    scaled = whole.resize((width, whole.height * width // whole.width), Image.Resampling.LANCZOS)
    return scaled.crop((0, 0, width, min(scaled.height, height))).quantize(COLOURS)


def main(wanted: list[str]) -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as name:
        folder = Path(name)
        with opening(folder / "world") as find, Browser(folder / "profile") as browser:
            if not browser.open("about:blank").value(READABLE):
                raise SystemExit(
                    "There is no Chinese font: install one, such as Noto Sans CJK. 缺少中文字体，请先安装。"
                )
            for path in (one for one in listed() if not wanted or name_of(one) in wanted):
                url, token = find(path)
                for width, height, language in SIZES:
                    page = browser.open("about:blank", width=width, height=height)
                    headers = {"accept-language": language}
                    if path != "/sign-in":
                        headers["authorization"] = f"Bearer {token}"
                    page.call("Network.setExtraHTTPHeaders", headers=headers)
                    page.go(url)
                    page.picture(folder / "page.png")
                    to = FOLDER / f"{name_of(path)}-{width}-{language}.png"
                    small((folder / "page.png").read_bytes(), width, height).save(to, optimize=True)
                    print(to.relative_to(ROOT), to.stat().st_size)


if __name__ == "__main__":
    main(sys.argv[1:])
