"""Findings and books of a node's own log, kept up to date as it grows, for whoever asks.

One `Inspection` per node, made when first used. It reads the entries that it has not seen yet, page by page, with the
flows that were kept when they were recorded, and what the authority has granted meanwhile; nothing is read twice, and
nothing is stored: another start reads the log again and finds the same.

Promises: safe from any thread; what it answers is of one size of the log. Memory grows with what the inspector keeps,
not with entries.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Any, TypeVar

from ledger.entries import open_event, parse_entry
from ledger.errors import Unknown
from ledger.matter.books import BookRow
from ledger.matter.events import Event
from ledger.matter.findings import Finding, cases
from ledger.matter.flows import Flow
from ledger.matter.quota import AccountKey, QuotaAccount
from nodes.config import Settings
from nodes.contents import flow as flow_at
from nodes.identity import documents_key
from nodes.inspecting import Answered, Watch, watch_of
from nodes.rulesets import Rulesets
from nodes.store import log, upstream
from nodes.store.engine import Connection, Store

PAGE = 500
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Told:
    """A finding with the answers that were given to it, oldest first, and the month in which it came to light."""

    finding: Finding
    answers: tuple[Answered, ...]
    booked_in: str

    def as_json(self) -> dict[str, Any]:
        answers = [{"entry": one.index, "at": one.at, "text": one.text, "by": one.by} for one in self.answers]
        told = {"open": not answers, "answers": answers, "booked_in": self.booked_in}
        return {**self.finding.as_json(), **told}


class Inspection:
    """What the node's own books say."""

    def __init__(self, store: Store, settings: Settings, rulesets: Rulesets) -> None:
        self._store, self._settings, self._rulesets = store, settings, rulesets
        self._lock = Lock()
        self._watch: Watch | None = None
        self._size = self._opening = 0
        self._grants: list[tuple[int, Any]] = []
        self._granted: set[int] = set()

    def ask(self, question: Callable[[Watch, int], _T]) -> _T:
        """The answer to a question about the books as they are now, and how many entries they rest on."""
        with self._lock:
            watch = self._catch_up()
            return question(watch, self._size)

    def findings(self) -> list[Told]:
        """All, in the order of the log."""
        return self.ask(lambda watch, _: _told(watch))

    def finding(self, id_: str) -> Told:
        found = next((one for one in self.findings() if one.finding.id == id_), None)
        if found is None:
            raise Unknown("finding-unknown", field="finding", value=id_)
        return found

    def cases(self) -> list[list[Told]]:
        """Findings that belong together, in groups."""
        told = {one.finding.id: one for one in self.findings()}
        grouped = cases(one.finding for one in told.values())
        return [[told[finding.id] for finding in case] for case in grouped]

    def books(self, month: str) -> tuple[list[BookRow], bool, str, int]:
        """(the rows of a month, whether it is closed, the first open month with movements, entries they rest on)."""

        def look(watch: Watch, size: int) -> tuple[list[BookRow], bool, str, int]:
            inspector = watch.inspector
            closed = month in inspector.rows
            return inspector.preview(month), closed, next(iter(inspector.months), ""), size

        return self.ask(look)

    def quotas(self) -> list[tuple[AccountKey, QuotaAccount]]:
        return self.ask(lambda watch, _: list(watch.inspector.quotas.accounts.items()))

    # -- reading ----------------------------------------------------------------------------------------------

    def _catch_up(self) -> Watch:
        if self._watch is None:
            self._watch = watch_of(self._opened(), self._rulesets.current, documents_key(self._settings.home))
        while True:
            with self._store.read() as conn:
                flows = self._page(conn)
            for one in flows:
                self._grant(self._watch, one.index)
                self._watch.take(one)
                self._size = one.index + 1
            if len(flows) < PAGE:
                self._grant(self._watch, self._size)
                return self._watch

    def _opened(self) -> Event:
        with self._store.read() as conn:
            entry = log.entry(conn, 0)
        return open_event(parse_entry(entry.note), entry.disclosures.split("\n"), whole=True)

    def _page(self, conn: Connection) -> Sequence[Flow]:
        """The next entries as flows; before them what the authority granted."""
        while page := upstream.openings_of(conn, "quota_granted", after=self._opening):
            for one in page:
                event = one.entry.event
                fresh = one.entry.entry_no not in self._granted
                if fresh and event.scalar("grant") and event.name == self._settings.authority:
                    self._granted.add(one.entry.entry_no)
                    self._grants.append((one.head_size, event))
            self._opening = page[-1].no
        entries = log.page(conn, after=self._size - 1, limit=PAGE)
        texts = log.flows_at(conn, [entry.index for entry in entries])
        flows = []
        for entry in entries:
            event = open_event(parse_entry(entry.note), entry.disclosures.split("\n"), whole=True)
            flows.append(flow_at(conn, entry.index, event, texts.get(entry.index), self._rulesets))
        return flows

    def _grant(self, watch: Watch, index: int) -> None:
        """What was known before this entry was recorded."""
        while self._grants and self._grants[0][0] <= index:
            watch.inspector.granted(self._grants.pop(0)[1])


def _told(watch: Watch) -> list[Told]:
    return [Told(one, tuple(watch.answers.get(id_, ())), watch.found_in[id_]) for id_, one in watch.findings.items()]
