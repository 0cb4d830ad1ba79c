"""Work beside requests: one piece at a time, in a thread of its own, ended early when the node stops.

    Beside   any piece of work, as an iterator: between two of its steps others may ask, and the node may stop
    Books    the node's own books, for pages that should not wait until all of them are read
    giving_way   for any long work in a thread: whoever asks meanwhile has the interpreter sooner

After a start nothing is read yet, and a long log takes a while. A page asks `Books`: it is answered at once if little
is unread; otherwise a thread reads, and until it is done the answer is None, of which the page tells.
"""

import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from threading import Event, Lock
from typing import TypeVar

from nodes.findings import Inspection
from nodes.inspecting import Watch
from nodes.store import log
from nodes.store.engine import Store

SOON = 100
"""Entries that are read while somebody waits; some tenths of a second on an old machine."""
_T = TypeVar("_T")
_TURN_S = 0.0005
_counting = Lock()
_at_work = 0
_usual_s = sys.getswitchinterval()


@contextmanager
def giving_way() -> Iterator[None]:
    """A page lets go of the interpreter at each look into the database, and waits to have it back for as long as a
    thread at work may keep it: thirty times the usual 5 ms is a slow page. While anything is done in here it is a tenth
    of that, for which everything at work is slower by some hundredths.
    """
    _count(1)
    try:
        yield
    finally:
        _count(-1)


def _count(more: int) -> None:
    global _at_work  # noqa: PLW0603 - there is one interpreter
    with _counting:
        _at_work += more
        sys.setswitchinterval(_TURN_S if _at_work else _usual_s)


class Beside:
    """Promises: at most one thread works, none after `stop`. `begin` and `outcome` are called by one at a time."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._running: Future[None] | None = None
        self._ended = Event()

    @property
    def working(self) -> bool:
        return self._running is not None and not self._running.done()

    def begin(self, steps: Iterator[None]) -> None:
        """Nothing may be at work. Does nothing once the node stops."""
        if not self._ended.is_set():
            worker = ThreadPoolExecutor(1, self._name)
            self._running = worker.submit(self._work, steps)
            worker.shutdown(wait=False)

    def outcome(self) -> None:
        """Raises what the work that is done has met, once."""
        done, self._running = self._running, None
        if done is not None:
            done.result()

    def wait(self, seconds: float) -> None:
        """So long at most, for what is at work."""
        if (running := self._running) is not None:
            wait([running], seconds)

    def stop(self) -> None:
        """Ends what is at work after the step that it is at, and waits for that."""
        self._ended.set()
        if (running := self._running) is not None:
            wait([running])

    def _work(self, steps: Iterator[None]) -> None:
        with giving_way():
            for _ in steps:
                if self._ended.is_set():
                    return


class Books:
    """Promises: safe from any thread. What reading raises, the next asker gets."""

    def __init__(self, store: Store, inspection: Inspection) -> None:
        self._store, self._inspection = store, inspection
        self._guard, self._beside = Lock(), Beside("books")

    def ask(self, question: Callable[[Watch, int], _T]) -> _T | None:
        """The answer as `Inspection.ask` gives it; None while the books are being read."""
        with self._guard:
            if not self._beside.working:
                self._beside.outcome()
                if self._unread() > SOON:
                    self._beside.begin(self._reading())
            if self._beside.working:
                return None
            self._beside.outcome()
        return self._inspection.ask(question)

    def stop(self) -> None:
        """Ends reading, and waits for its end."""
        with self._guard:
            self._beside.stop()

    def _unread(self) -> int:
        with self._store.read() as conn:
            return log.head(conn).size - self._inspection.size

    def _reading(self) -> Iterator[None]:
        while not self._inspection.read_on():
            yield
