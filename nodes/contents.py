"""Contents on a node: the compositions that events read, out of the tables, with this group's changes on top.

The rules are ledger/matter/contents.py. A registered batch keeps no row of its own until something changes it: what it
is made of follows from the entry that registered it, and most batches come by the thousand and are never taken apart.
"""

from collections.abc import Iterable, Mapping, Sequence

from ledger.matter.contents import check, plan, settle, touches
from ledger.matter.events import Event, is_id
from ledger.matter.flows import Flow, dump_flow, flow_of, load_flow
from ledger.matter.makeups import Makeup, load_makeup
from ledger.matter.reference import Reference
from ledger.matter.sheet import Plan
from ledger.matter.stock import Booked, Key
from ledger.succession import Inherited
from nodes.rulesets import Rulesets
from nodes.store import codes, log, states
from nodes.store.engine import Connection


class Makeups:
    """A view of compositions over the tables; `changes` are those of the events so far."""

    def __init__(self, conn: Connection, rulesets: Rulesets) -> None:
        self._conn, self._rulesets = conn, rulesets
        self._view: dict[str, Makeup | None] = {}
        self._events: dict[int, Event] = {}
        self._registered: dict[str, int] = {}
        self.changes: dict[str, Makeup | None] = {}
        self.flows: dict[int, str] = {}

    def plan(self, event: Event, booked: Sequence[Booked] = ()) -> Plan | None:
        """What the event does to compositions. Goods that are registered without an assay are not worth a plan."""
        if event.type == "registered" and event.slots["assay"] is None:
            return None
        view = self.load(touches(event, booked))
        return plan(view, event, self.reference(event), booked, self)

    def load(self, keys: Iterable[str]) -> Mapping[str, Makeup | None]:
        """Brings what is known of `keys` into the view, and answers that: it has others besides."""
        wanted = [key for key in keys if key not in self._view]
        texts = states.load(self._conn, "makeup", wanted)
        for key in wanted:
            self._view[key] = load_makeup(texts[key]) if key in texts else self._as_registered(key)
        return self._view

    def makeup(self, key: str) -> Makeup | None:
        return self.load([key])[key]

    def event(self, index: int) -> Event:
        """An own entry, also one of the group that is not written yet."""
        found = self._events.get(index)
        return log.entry(self._conn, index).event if found is None else found

    def reference(self, event: Event) -> Reference:
        return self._rulesets.of(self._conn, event)

    def inherit(self, left: Inherited, opened: Event) -> None:
        """What a log begins with that succeeds another."""
        self._view.update(left.makeups)
        self.changes.update(left.makeups)
        text = dump_flow(left.flow(opened))
        if text is not None:
            self.flows[0] = text

    def settle(self, plan: Plan | None, event: Event, index: int) -> Flow | None:
        """The plan, done: under the ids of the sealed event. Answers what moved."""
        self._events[index] = event
        if event.type == "registered":
            self._registered[event.ids["batch"]] = index
        if plan is None:
            return None
        changes, flow = settle(plan, event, index)
        self._view.update(changes)
        if event.type != "registered":
            self.changes.update(changes)
            text = dump_flow(flow)
            if text is not None:
                self.flows[index] = text
        return flow

    def replay(self, event: Event, index: int, booked: Sequence[Booked] = ()) -> None:
        """What a committed event did; Unverified where its provenance is not what follows."""
        found = self.plan(event, booked)
        if found is not None:
            check(found, event)
        self.settle(found, event, index)

    def _as_registered(self, key: str) -> Makeup | None:
        if key in self._registered:
            return self._made_of(self._registered[key])
        if not is_id(key) or "#" in key:
            return None  # a pool, or goods of another log
        made_by = codes.made_by(self._conn, key)
        if made_by is None or made_by < 0:
            return None
        return self._made_of(made_by)

    def _made_of(self, index: int) -> Makeup | None:
        """What a batch was made of when it was registered; None where it was made otherwise."""
        event = self.event(index)
        if event.type != "registered":
            return None
        found = plan({}, event, self.reference(event))
        assert found is not None, "registering is among the rules"
        changes, _ = settle(found, event, index)
        return changes.get(event.ids["batch"])


def compositions(conn: Connection, rulesets: Rulesets, keys: Iterable[str]) -> Mapping[str, Makeup | None]:
    """What is known of the goods of some batches, for whoever only reads."""
    return Makeups(conn, rulesets).load(keys)


# -- entries that others correct ----------------------------------------------------------------------------------


def booked(conn: Connection, keys: Iterable[Key]) -> dict[Key, Booked]:
    """Those of our own entries that the keys name, read back from the log."""
    found: dict[Key, Booked] = {}
    for kind, index in keys:
        if kind == "entry":
            for entry in log.entries_at(conn, [int(index)]):
                found[kind, index] = Booked(entry.index, entry.leaf, entry.event)
    return found


def flow(conn: Connection, index: int, event: Event, text: str | None, rulesets: Rulesets) -> Flow:
    """What an entry moved: as it was worked out when it came, of which `text` is kept; a registration is read again."""
    if event.type != "registered":
        return load_flow(index, event, text)
    reference = rulesets.find(conn, event.scalar("recorded").get("ruleset")) or rulesets.current
    found = plan({}, event, reference)
    return flow_of(index, event) if found is None else settle(found, event, index)[1]
