"""What an authority's pages show of all deposited logs, worked out beside them: nobody who opens a page waits for it.

`look` answers what was worked out last. If more has come since, a thread begins anew, one at a time; whoever looks
again sees what it found. What was worked out is kept in memory with the sizes of the logs that it rests on.

Promises: safe from any thread; at most one thread works, and one result is kept. Does not check who may look.
"""

import logging
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from threading import Lock

from ledger.matter.quota import AccountKey, QuotaAccount
from nodes import deposits
from nodes.clock import Clock, stamp
from nodes.deposits import Progress
from nodes.findings import Told, named
from nodes.oversight import Booked, Months, Oversight
from nodes.store import log
from nodes.store.engine import Store

_say = logging.getLogger(__name__)
_Basis = tuple[str, int, tuple[tuple[str, int], ...]]
"""The day, how long our own log is, and how far each deposited one was followed: what everything follows from."""


@dataclass(frozen=True, slots=True)
class Overview:
    """As of `at`: findings gravest first, quota accounts, the months of each log, when each last wrote,
    and what is held against tables of others.
    """

    at: str
    logs: Mapping[str, Progress]
    findings: Sequence[Told]
    quotas: Sequence[tuple[AccountKey, QuotaAccount]]
    months: Mapping[str, Months]
    wrote: Mapping[str, str]
    booked: Booked

    def finding(self, id_: str) -> Told:
        """Unknown("finding-unknown") where it was not found, or is not found any more."""
        return named(self.findings, id_)


class Overlooking:
    """The overview of one node, made when first looked at."""

    def __init__(self, store: Store, oversight: Oversight, clock: Clock) -> None:
        self._store, self._oversight, self._clock = store, oversight, clock
        self._guard = Lock()
        self._worker: ThreadPoolExecutor | None = None
        self._working: Future[None] | None = None
        self._basis: _Basis | None = None
        self._last: Overview | None = None

    def look(self) -> tuple[Overview | None, bool]:
        """(what was worked out last, None before the first time; whether newer is on its way). Never waits for
        it. Refusal where this is no authority's node.
        """
        self._oversight.check()
        basis = self._now()
        with self._guard:
            working = self._working is not None and not self._working.done()
            if not working and basis != self._basis:
                self._worker = self._worker or ThreadPoolExecutor(1, "overview")
                self._working = self._worker.submit(self._work, basis)
                working = True
            return self._last, working

    def stop(self) -> None:
        """Once the store is closed: what runs finds that out at its next page of entries, and ends."""
        with self._guard:
            worker, self._worker = self._worker, None
        if worker is not None:
            worker.shutdown(cancel_futures=True)

    def _now(self) -> _Basis:
        with self._store.read() as conn:
            sizes = tuple((origin, at.size) for origin, at in sorted(deposits.progress(conn).items()))
            return stamp(self._clock())[:10], log.head(conn).size, sizes

    def _work(self, basis: _Basis) -> None:
        try:
            made = _made(self._oversight, self._clock)
        except Exception as error:  # noqa: BLE001 - pages go on with what there was, and the journal says why
            if getattr(error, "code", "") != "store-closed":
                _say.exception("what is deposited was not worked out; it is tried again when more comes")
            made = None
        with self._guard:
            self._basis = basis
            self._last = made or self._last


def _made(oversight: Oversight, clock: Clock) -> Overview:
    at = stamp(clock())
    findings, quotas = oversight.findings(), oversight.quotas()
    return Overview(
        at,
        oversight.logs(),
        findings,
        [(key, replace(account)) for key, account in quotas],  # accounts go on counting
        oversight.months(),
        oversight.wrote(),
        oversight.booked(),
    )
