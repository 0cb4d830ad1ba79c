"""A real browser, driven over its DevTools protocol (https://chromedevtools.github.io/devtools-protocol/).

    with Browser(folder) as browser:
        page = browser.open("http://127.0.0.1:8470/q/…", width=360, height=740, dark=True, language="zh-CN")
        page.value("document.title")
        page.picture(Path("scan.png"))

Chromium writes and reads the protocol on two pipes (--remote-debugging-pipe): no port that another test could find, and
nothing between us and the browser that must be installed and fit its version.
"""

import base64
import json
import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from select import select
from time import monotonic
from typing import Any, Self

NAMES = ("chromium", "chromium-browser", "google-chrome")
SECONDS = 60.0
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
    "--remote-debugging-pipe",
)
KEPT = ("Page.loadEventFired", "Log.entryAdded")
_FIRST_FREE = 10  # the browser has the pipes as 3 and 4; ours must not lie there while it starts


def find_browser() -> str | None:
    return next((found for name in NAMES if (found := shutil.which(name))), None)


class Browser:
    """One process with a new profile in `folder`."""

    def __init__(self, folder: Path, program: str | None = None) -> None:
        found = program or find_browser()
        assert found is not None, f"none of {', '.join(NAMES)} is installed"
        self._arguments = [found, *FLAGS, f"--user-data-dir={folder}", "about:blank"]
        self._journal = folder.with_suffix(".log")
        self._asked = 0
        self._unread = b""
        self._events: list[dict[str, Any]] = []
        self._opened: list[str] = []

    def __enter__(self) -> Self:
        theirs_in, self._out = _pipe()
        self._in, theirs_out = _pipe()
        journal = os.open(self._journal, os.O_CREAT | os.O_WRONLY, 0o600)
        places = {theirs_in: 3, theirs_out: 4, journal: 2}
        moves = [(os.POSIX_SPAWN_DUP2, file, place) for file, place in places.items()]
        self._process = os.posix_spawn(self._arguments[0], self._arguments, os.environ, file_actions=moves)
        for file in places:
            os.close(file)
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._out)  # at the end of its input the browser ends
        os.close(self._in)
        os.kill(self._process, signal.SIGKILL)
        os.waitpid(self._process, 0)

    def call(self, method: str, session: str | None = None, **parameters: Any) -> dict[str, Any]:
        """One command, and its answer."""
        self._asked += 1
        message = {"id": self._asked, "method": method, "params": parameters}
        if session is not None:
            message["sessionId"] = session
        os.write(self._out, json.dumps(message).encode() + b"\0")
        answer = self._until(lambda one: one.get("id") == self._asked, method)
        assert "error" not in answer, f"{method}: {answer['error']}"
        return dict(answer["result"])

    def close_pages(self) -> None:
        """All that were opened: what nobody looks at any more asks the server for nothing."""
        for target in self._opened:
            self.call("Target.closeTarget", targetId=target)
        self._opened.clear()
        self._events.clear()

    def event(self, method: str, session: str) -> dict[str, Any]:
        """The next event of this name, or one that came already."""
        return self._until(lambda one: one.get("method") == method and one.get("sessionId") == session, method)

    def said(self, session: str) -> list[str]:
        """Entries of a page's journal that have come so far."""
        found = [one for one in self._events if one.get("sessionId") == session]
        return [one["params"]["entry"]["text"] for one in found if one["method"] == "Log.entryAdded"]

    def _until(self, fits: Callable[[dict[str, Any]], bool], what: str) -> dict[str, Any]:
        end = monotonic() + SECONDS
        while True:
            found = next((one for one in self._events if fits(one)), None)
            if found is not None:
                self._events.remove(found)
                return found
            self._keep(self._next(end, what))

    def _keep(self, message: dict[str, Any]) -> None:
        """Of events only those that are asked for: the network alone tells hundreds of each page."""
        if "id" in message or message["method"] in KEPT:
            self._events.append(message)

    def _next(self, end: float, what: str) -> dict[str, Any]:
        while b"\0" not in self._unread:
            ready, _, _ = select([self._in], [], [], max(0.0, end - monotonic()))
            assert ready, f"no answer to {what} within {SECONDS:.0f} s; see {self._journal}"
            part = os.read(self._in, 1 << 20)
            assert part, f"the browser has ended: {self._journal.read_text(errors='replace')[-2000:]}"
            self._unread += part
        message, _, self._unread = self._unread.partition(b"\0")
        return dict(json.loads(message))

    def open(
        self, url: str, *, width: int = 360, height: int = 740, dark: bool = False, language: str = "zh-CN"
    ) -> "Page":
        """A new page of that size, shown when it has loaded."""
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self._opened.append(target)
        page = Page(self, session)
        for domain in ("Page", "Network", "Log", "Runtime"):
            page.call(f"{domain}.enable")
        page.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=2, mobile=width < 600
        )
        colours = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
        page.call("Emulation.setEmulatedMedia", media="screen", features=colours)
        page.call("Network.setExtraHTTPHeaders", headers={"accept-language": language})
        page.go(url)
        return page


class Page:
    """One page of a browser."""

    def __init__(self, browser: Browser, session: str) -> None:
        self._browser, self._session = browser, session

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        return self._browser.call(method, self._session, **parameters)

    def go(self, url: str) -> None:
        """Loads `url`; a refusal to connect is an error, an error page of the server is not."""
        answer = self.call("Page.navigate", url=url)
        assert "errorText" not in answer, f"{url}: {answer['errorText']}"
        self._browser.event("Page.loadEventFired", self._session)

    def click(self, selector: str) -> None:
        """Clicks a link, and waits for the page that it leads to."""
        assert self.value(f"document.querySelector({json.dumps(selector)}) !== null"), f"there is no {selector}"
        self.value(f"void document.querySelector({json.dumps(selector)}).click()")
        self._browser.event("Page.loadEventFired", self._session)

    def value(self, script: str) -> Any:
        """What a JavaScript expression gives; of a promise, what it comes to."""
        answer = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def complaints(self) -> list[str]:
        """What the browser found wrong so far: blocked by policy, not found, deprecated."""
        self.value("0")  # whatever was said before this answer is here with it
        return self._browser.said(self._session)

    def words(self) -> str:
        """What is to be read on it."""
        return str(self.value("document.body.innerText"))

    def picture(self, to: Path, *, whole: bool = True) -> None:
        """A PNG of the whole page, or of the first screen."""
        answer = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        to.write_bytes(base64.b64decode(answer["data"]))


def _pipe() -> tuple[int, int]:
    """(to read, to write), both above what the browser is given."""
    import fcntl

    made = os.pipe()
    moved = tuple(fcntl.fcntl(file, fcntl.F_DUPFD_CLOEXEC, _FIRST_FREE) for file in made)
    for file in made:
        os.close(file)
    return moved[0], moved[1]
