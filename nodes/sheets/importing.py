"""What stands between a row and its recording: a key of its own, what was recorded before, and a rehearsal.

A row's key is made of what the row says, not of the file: a book that was corrected and is sent again records only what
is new in it, and a book sent twice nothing.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from ledger.errors import Conflict, LodetraceError
from ledger.log.canonical import dump
from nodes import tickets
from nodes.drafts import rehearse
from nodes.node import Caller, Node
from nodes.sequencer import Command
from nodes.sheets.rows import Row
from nodes.store import codes

GUARD = "guard-"
"""What the codes of typing guards begin with: such a trouble is a question, and a reason answers it."""


@dataclass(slots=True)
class Ready:
    """A row with the body that a verb takes. `before`: it was recorded already, under the same key."""

    row: Row
    verb: str
    body: Mapping[str, Any]
    key: str
    before: bool = False
    troubles: list[LodetraceError] = field(default_factory=list)

    @property
    def questions(self) -> bool:
        return bool(self.troubles) and all(one.code.startswith(GUARD) for one in self.troubles)

    def command(self, node: Node, caller: Caller, reason: str | None) -> Command:
        """The reason is no part of what is asked, so that giving one does not make it another request."""
        return node.command(self.verb, _confirmed(self.body, reason), caller, self.key, asked=self.body)


def ready(row: Row, verb: str, body: Mapping[str, Any]) -> Ready:
    return Ready(row, verb, body, f"sheet-{sha256(dump([verb, dict(body)])).hexdigest()}")


def look(node: Node, caller: Caller, rows: Iterable[Ready], reason: str | None, *, rehearsed: bool = True) -> None:
    """Notes at each row whether it was recorded before, and what would be refused of it now. Not `rehearsed`: what its
    verb refuses is left to the recording.

    A row may use what one above it makes: that is no trouble before the one above is recorded.
    """
    made: set[str] = set()
    for one in rows:
        lots = {str(out["lot_no"]) for out in (one.body, *one.body.get("outputs", ())) if out.get("lot_no")}
        try:
            one.before = node.answered(one.verb, one.body, caller, one.key) is not None
            if not one.before:
                _refuse_recorded(node, one)
                if rehearsed:
                    rehearse(node, caller, one.verb, _confirmed(one.body, reason))
        except LodetraceError as error:
            if error.code != "batch-unknown" or error.value not in made:
                one.troubles.append(error)
        made |= lots


def _refuse_recorded(node: Node, one: Ready) -> None:
    """Another person, or another book, has registered this ticket or this lot."""
    if one.verb != "register":
        return
    lot, weighing = one.body.get("lot_no"), one.body.get("weighing") or {}
    used = tickets.ticket_used(node, weighing)
    if used is not None:
        raise Conflict("row-recorded", field="weighing.ticket", value=weighing["ticket"], batch=used.batch)
    if lot:
        with node.store.read() as conn:
            found = codes.batches_named(conn, lot)
        if found:
            raise Conflict("row-recorded", field="lot_no", value=lot, batch=found[0])


def _confirmed(body: Mapping[str, Any], reason: str | None) -> Mapping[str, Any]:
    return body if reason is None else {**body, "confirm": {"reason": reason}}
