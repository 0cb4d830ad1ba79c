"""The node's own books, for pages that should not wait until all of them are read.

After a start nothing is read yet, and a long log takes a while. A page asks here: it is answered at once if little is
unread; otherwise a thread reads, and until it is done the answer is None, of which the page tells.
"""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Event, Lock
from typing import TypeVar

from nodes.findings import Inspection
from nodes.inspecting import Watch
from nodes.store import log
from nodes.store.engine import Store

SOON = 100
"""Entries that are read while somebody waits; some tenths of a second on an old machine."""
_T = TypeVar("_T")


class Beside:
    """Promises: safe from any thread; at most one thread reads, none after `stop`. What reading raises, the next asker
    gets.
    """

    def __init__(self, store: Store, inspection: Inspection) -> None:
        self._store, self._inspection = store, inspection
        self._guard = Lock()
        self._reading: Future[None] | None = None
        self._ended = Event()

    def ask(self, question: Callable[[Watch, int], _T]) -> _T | None:
        """The answer as `Inspection.ask` gives it; None while the books are being read."""
        with self._guard:
            if self._reading is None and self._unread() > SOON:
                self._reading = self._start()
            if self._reading is not None:
                if not self._reading.done():
                    return None
                done, self._reading = self._reading, None
                done.result()
        return self._inspection.ask(question)

    def stop(self) -> None:
        """Ends reading, and waits for its end."""
        with self._guard:
            self._ended.set()
            if self._reading is not None:
                self._reading.exception()

    def _unread(self) -> int:
        with self._store.read() as conn:
            return log.head(conn).size - self._inspection.size

    def _start(self) -> Future[None]:
        worker = ThreadPoolExecutor(1, "books")
        try:
            return worker.submit(self._read)
        finally:
            worker.shutdown(wait=False)

    def _read(self) -> None:
        while not self._ended.is_set() and not self._inspection.read_on():
            pass
