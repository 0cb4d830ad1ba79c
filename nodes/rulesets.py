"""Which reference data was in force for an entry: each names its ruleset, and the node keeps what made it.

An entry that names none was recorded without: it is read by today's. A name that nobody here knows is None; whoever
asks decides whether that can be passed over (an audit says so) or not (a rebuild).
"""

from collections.abc import Iterable

from ledger.errors import Unavailable
from ledger.matter.events import Event
from ledger.matter.reference import Reference
from nodes.store import rulesets
from nodes.store.engine import Connection


class Rulesets:
    """`current` is what new entries are recorded under; `more` are known besides. Each is made ready once."""

    def __init__(self, current: Reference, more: Iterable[Reference] = ()) -> None:
        self.current = current
        self._known: dict[str, Reference | None] = {one.ruleset: one for one in (*more, current)}

    def find(self, conn: Connection | None, name: str | None) -> Reference | None:
        """The reference data of that name, out of the store where it is not at hand."""
        if name is None:
            return self.current
        if self._known.get(name) is None:
            self._known[name] = self._made(conn, name)
        return self._known[name]

    def of(self, conn: Connection, event: Event) -> Reference:
        """What was in force for an entry; Unavailable where it cannot be had."""
        name = event.scalar("recorded").get("ruleset")
        found = self.find(conn, name)
        if found is None:
            raise Unavailable("ruleset-missing", field="recorded.ruleset", value=name)
        return found

    def _made(self, conn: Connection | None, name: str) -> Reference | None:
        own = None if conn is None else rulesets.body(conn, name)
        if own is None and "+" in name:
            return None
        made = Reference.parse(own)
        return made if made.ruleset == name else None
