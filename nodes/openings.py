"""What disclosures of entries open, remembered: units of one batch share a history, and each scan opens all of it.

Opening parses every disclosure and holds it against what the entry commits to. The same entry with the same disclosures
always opens the same, so what was opened lately is kept.
"""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from threading import Lock
from typing import Any

from ledger.entries import Entry
from ledger.log.disclosures import Opened, open_slots

DISCLOSURES_MAX = 20_000
"""About 40 MB."""


class Openings:
    """Promises: safe from any thread; keeps at most `most` disclosures, those asked for last. Nobody may change what it
    answers: the next who asks gets the same.
    """

    def __init__(self, most: int = DISCLOSURES_MAX) -> None:
        self._room = self._most = most
        self._guard = Lock()
        self._kept: OrderedDict[bytes, tuple[list[Any], Mapping[str, Opened]]] = OrderedDict()

    def of(self, entry: Entry, held: Sequence[Any]) -> Mapping[str, Opened]:
        """What `open_slots` answers for this entry, or refuses."""
        asked = list(held)
        with self._guard:
            known = self._kept.get(entry.leaf)
            if known is not None and known[0] == asked:
                self._kept.move_to_end(entry.leaf)
                return known[1]
        found = open_slots(entry.sd, asked)
        if len(asked) <= self._most // 2:  # more would drive out nearly all others
            self._keep(entry.leaf, asked, found)
        return found

    def _keep(self, leaf: bytes, held: list[Any], found: Mapping[str, Opened]) -> None:
        with self._guard:
            before = self._kept.pop(leaf, None)
            self._room += 0 if before is None else len(before[0])
            self._kept[leaf] = held, found
            self._room -= len(held)
            while self._room < 0:
                _, (oldest, _) = self._kept.popitem(last=False)
                self._room += len(oldest)


LATELY = Openings()
"""Of the whole process: what an entry opens is the same for every node in it."""
