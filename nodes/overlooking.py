"""What an authority sees of all deposited logs, worked out beside requests: no request reads them.

    look    what was worked out last, at once: for pages, which tell its time and follow by themselves
    soon    the same for programs and for what is recorded: newer is waited for, a little

If more has come since the last time, a thread begins anew, one at a time; whoever looks again sees what it found. What
was worked out is kept in memory with the sizes of the logs that it rests on. What fails is told, and tried again when
more comes, or when somebody looks after a while.

Promises: safe from any thread; one result is kept. Does not check who may look.
"""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock
from time import monotonic

from ledger.errors import LodetraceError, Unavailable
from nodes import deposits
from nodes.beside import Beside
from nodes.clock import Clock, stamp
from nodes.oversight import Oversight
from nodes.overview import Overview
from nodes.store import log
from nodes.store.engine import Store

SOON_S = 5.0
AGAIN_AFTER = timedelta(minutes=10)
"""What failed may have been a full disk: so long it is left alone, unless more comes."""
_say = logging.getLogger(__name__)
_Basis = tuple[str, int, tuple[tuple[str, int], ...]]
"""The day, how long our own log is, and how far each deposited one was followed: what everything follows from."""


@dataclass(frozen=True, slots=True)
class Failed:
    """That nothing could be worked out of what was there at `at`; `error` says what to do."""

    at: str
    error: LodetraceError


class Overlooking:
    """The overview of one node, made when first looked at."""

    def __init__(self, store: Store, oversight: Oversight, clock: Clock) -> None:
        self._store, self._oversight, self._clock = store, oversight, clock
        self._guard, self._beside = Lock(), Beside("overlooking")
        self._basis: _Basis | None = None
        self._last: Overview | None = None
        self._failed: Failed | None = None
        self._begun: datetime | None = None

    @property
    def failed(self) -> Failed | None:
        """Of what was tried last; None while it is tried again."""
        with self._guard:
            return None if self._beside.working else self._failed

    def look(self) -> tuple[Overview | None, bool]:
        """(what was worked out last, None before the first time; whether newer is on its way). Never waits for
        it. Refusal where this is no authority's node.
        """
        self._oversight.check()
        now = self._clock()
        basis = self._now(now)
        with self._guard:
            again = self._failed is not None and self._begun is not None and now - self._begun >= AGAIN_AFTER
            if not self._beside.working and (again or basis != self._basis):
                self._begun = now
                self._beside.begin(self._working_out(basis, stamp(now)))
            return self._last, self._beside.working

    def soon(self, seconds: float = SOON_S) -> tuple[Overview, bool]:
        """As `look`, after waiting so long at most for newer. Unavailable where nothing was ever worked out by then."""
        (last, working), end = self.look(), monotonic() + seconds
        while working and (left := end - monotonic()) > 0:
            self._beside.wait(left)
            last, working = self.look()
        if last is None:
            raise self._failed.error if self._failed else Unavailable("deposits-unread", field="deposits")
        return last, working

    def stop(self) -> None:
        """Ends what is being worked out, and waits for its end."""
        with self._guard:
            self._beside.stop()

    def _now(self, now: datetime) -> _Basis:
        with self._store.read() as conn:
            sizes = tuple((origin, at.size) for origin, at in sorted(deposits.progress(conn).items()))
            return stamp(now)[:10], log.head(conn).size, sizes

    def _working_out(self, basis: _Basis, begun: str) -> Iterator[None]:
        failed = None
        try:
            yield from self._oversight.reading()
            self._last = self._oversight.overview(stamp(self._clock()))
        except Exception as error:  # noqa: BLE001 - pages go on with what there was, and the journal says why
            failed = Failed(begun, _failure(error))
            _say.exception("what is deposited was not worked out; it is tried again later")
        self._basis, self._failed = basis, failed


def worked_out(oversight: Oversight, clock: Clock) -> Overview:
    """Everything, which takes as long as it takes. Unavailable("overview-failed") whatever goes wrong."""
    try:
        return oversight.overview(stamp(clock()))
    except Exception as error:
        raise _failure(error) from error


def _failure(error: Exception) -> Unavailable:
    return Unavailable("overview-failed", field="deposits", value=getattr(error, "code", type(error).__name__))
