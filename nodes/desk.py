"""The desk that verbs draft on: the state of everything, as it is inside the writer's transaction.

On top of the tables lie the changes of the commands before this one in the same group, so that a command can use what
the one before it made, by id or by the organisation's own code.
"""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any

from ledger.errors import Unknown
from ledger.labels import Label, make_token
from ledger.log.checkpoints import Checkpoint, claimed
from ledger.matter.custody import touches
from ledger.matter.event_types import CORRECTIONS, EVENT_TYPES, REGISTRY_TYPES
from ledger.matter.events import Event, is_id
from ledger.matter.flows import Flow
from ledger.matter.makeups import Composition, Makeup, as_assay
from ledger.matter.sheet import Plan
from ledger.matter.stock import Batch, Booked, Key, Shipment, State, Unit
from ledger.registry import Registry
from nodes import decrees
from nodes.config import Settings
from nodes.contents import Makeups, booked
from nodes.derive import LOCKINGS, TICKETS, Derived, ticket_of
from nodes.identity import Identity
from nodes.inheritance import left_to
from nodes.rulesets import Rulesets
from nodes.store import codes, log, states, stock, upstream
from nodes.store.engine import Connection
from nodes.verbs.draft import Offer, Sealed

USUAL_KEPT = 15
_CREATES = {slot.name: slot.creates for slots in EVENT_TYPES.values() for slot in slots if slot.creates is not None}


class GroupDesk:
    """One group's view: tables, and on top of them the changes so far. See nodes/verbs/draft.py for the promises."""

    def __init__(
        self,
        conn: Connection,
        settings: Settings,
        identity: Identity,
        rulesets: Rulesets,
        recorded_at: str,
        usual: dict[str, deque[int]],
    ) -> None:
        self.settings, self.reference, self.recorded_at = settings, rulesets.current, recorded_at
        self.origin = identity.origin
        self.by = ""
        self.index = 0
        self.changes: dict[Key, State] = {}
        self._conn, self._identity, self._rulesets, self._usual = conn, identity, rulesets, usual
        self._missing: set[Key] = set()
        self._coined: dict[tuple[str, str], list[str]] = {}
        self._tickets: dict[str, str] = {}
        self._events: dict[str, Event] = {}
        self._booked: list[tuple[str, int]] = []
        self.view: dict[Key, State] = decrees.in_force(conn)
        self.makeups = Makeups(conn, rulesets)

    # -- state ------------------------------------------------------------------------------------------------

    def expect(self, event: Event) -> None:
        """What the event itself creates cannot be in the tables: ids come from salts drawn just now."""
        for slot, ids in event.ids.items():
            kind = _CREATES[slot]
            self._missing.update([(kind, id_) for id_ in ((ids,) if isinstance(ids, str) else ids)])

    def load(self, keys: Iterable[Key]) -> None:
        """Brings what exists of `keys` into the view."""
        wanted = [key for key in keys if key not in self.view and key not in self._missing]
        if wanted:
            found = stock.load(self._conn, wanted)
            found.update(booked(self._conn, wanted))
            self.view.update(found)
            self._missing.update(key for key in wanted if key not in found)

    def state(self, key: Key) -> State | None:
        if key not in self.view:
            self.load([key])
        return self.view.get(key)

    def plan(self, type_: str, slots: Mapping[str, Any]) -> Plan | None:
        """What an event that is about to be sealed does to the compositions of goods."""
        event = Event(type_, self.origin, slots, {}, self.recorded_at)
        return self.makeups.plan(event, self._corrected(event))

    def take(self, entry: Derived, changes: Mapping[Key, State], plan: Plan | None) -> Flow | None:
        """What custody allowed becomes the state that the next command sees. Answers what moved, where planned."""
        flow = self.makeups.settle(plan, entry.event, entry.index)
        if (left := left_to(self._conn, self._rulesets, entry.event)) is not None:
            self.makeups.inherit(left, entry.event)
            changes = {**changes, **left.states}
        self.changes.update(changes)
        self.view.update(changes)
        self._missing.difference_update(changes)
        for key, how in entry.made.items():
            state = changes[key]
            if isinstance(state, Batch):
                self._events[state.id] = entry.event
                if ticket := ticket_of(entry.event.scalar("quantity").get("weighing") or {}):
                    self._tickets.setdefault(ticket, state.id)
                if how.mg is not None:
                    self._booked.append((state.product, how.mg))
                self._coin("batch", state.lot_no, state.id)
                self._coin("batch", how.external_ref, state.id)
            elif isinstance(state, Unit):
                self._coin("unit", state.serial, state.id)
            elif isinstance(state, Shipment):
                self._coin("shipment", how.external_ref, state.id)
        return flow

    def _coin(self, kind: str, code: str | None, id_: str) -> None:
        if code is not None:
            self._coined.setdefault((kind, code), []).append(id_)

    def reach(self, event: Event) -> None:
        """Brings everything into the view that custody may read or change for an event."""
        self.load(touches(event))
        if entries := self._corrected(event):
            self.load(touches(event, entries))

    def _corrected(self, event: Event) -> list[Booked]:
        """The own entries that a correction names."""
        if event.type not in CORRECTIONS:
            return []
        return [state for key in sorted(touches(event)) if isinstance(state := self.state(key), Booked)]

    # -- own codes --------------------------------------------------------------------------------------------

    def batch_id(self, code: str, field: str) -> str:
        """The id of a batch named by id, lot number or external reference."""
        own = code.removeprefix(f"{self.origin}#")
        if is_id(own) and isinstance(self.state(("batch", own)), Batch):
            return own
        named = [*self._coined.get(("batch", code), ()), *codes.batches_named(self._conn, code)]
        return codes.one_of(named, field, code, "batch-unknown")

    def unit_id(self, code: str, field: str) -> str:
        """The id of a unit named by id or serial."""
        own = code.removeprefix(f"{self.origin}#")
        if is_id(own) and isinstance(self.state(("unit", own)), Unit):
            return own
        named = [*self._coined.get(("unit", code), ()), *codes.units_named(self._conn, code)]
        return codes.one_of(named, field, code, "unit-unknown")

    def shipment_id(self, code: str, field: str) -> str:
        """The id of a shipment of ours named by id or external reference."""
        own = code.removeprefix(f"{self.origin}#")
        if is_id(own) and isinstance(self.state(("shipment", own)), Shipment):
            return own
        named = [*self._coined.get(("shipment", code), ()), *codes.shipments_named(self._conn, code)]
        return codes.one_of(named, field, code, "shipment-unknown")

    # -- looking back -----------------------------------------------------------------------------------------

    def usual_masses(self, product: str) -> Sequence[int]:
        """The last bookings of a product, for the typing guards."""
        known = self._usual.get(product)
        if known is None:
            known = deque(codes.last_masses(self._conn, product, USUAL_KEPT), USUAL_KEPT)
            self._usual[product] = known
        return known

    def ticket_used(self, weighing: Mapping[str, Any]) -> Batch | None:
        """The batch that a weighing ticket was registered for, if it was."""
        key = ticket_of(weighing)
        if key is None:
            return None
        known = self._tickets.get(key) or states.load(self._conn, TICKETS, [key]).get(key)
        found = None if known is None else self.state(("batch", known))
        return found if isinstance(found, Batch) else None

    def remember_usual(self) -> None:
        """After the commit: the masses of the group are history now."""
        for product, mg in self._booked:
            if product in self._usual:
                self._usual[product].append(mg)

    def made_event(self, batch: str) -> Event | None:
        """The whole event that made a batch of ours; None for a batch of another log."""
        if batch in self._events:
            return self._events[batch]
        made_by = codes.made_by(self._conn, batch)
        if made_by is None or made_by < 0:
            return None
        entry = log.entry(self._conn, made_by)
        return entry.event

    def makeup(self, batch: str) -> Makeup | None:
        """What is known of what goods are made of."""
        return self.makeups.makeup(batch)

    def carried_assay(self, batch: str) -> Mapping[str, Any] | None:
        """What goods are made of that were not assayed themselves, but came from goods that were."""
        found = self.makeup(batch)
        return as_assay(found) if isinstance(found, Composition) else None

    def offer(self, shipment: str) -> Offer:
        """The verified offer of another log, and our ref to it: the newest of their checkpoints that we hold."""
        found = upstream.offer(self._conn, shipment)
        event = None if found is None else found.event
        # Another partner's evidence may name the shipment before its sender has opened the lines to us.
        if found is None or event is None or not all("mg" in row for row in event.rows("lines.partner")):
            raise Unknown("shipment-unknown", field="shipment", value=shipment)
        return Offer(event, found.ref())

    def answer_to(self, shipment: str) -> tuple[Event, Mapping[str, Any]] | None:
        """The last receipt that the receiver told us of, and our ref to it."""
        found = upstream.answers(self._conn, shipment)
        return (found[-1].event, found[-1].ref()) if found else None

    def entry_of_other(self, named: Mapping[str, Any], field: str) -> tuple[Event, Mapping[str, Any]]:
        """An entry of another log that we were told of, and our ref to it."""
        place = (named["log"], named["index"])
        found = upstream.at(self._conn, [place]).get(place)
        if found is None:
            raise Unknown("entry-of-other-unknown", field=field, value=named["index"], log=named["log"])
        return found.event, found.ref()

    def locked_by(self, lock: str) -> Event | None:
        """The entry of ours that made a lock: a hold, a pledge, a recall, an authority's order."""
        index = states.load(self._conn, LOCKINGS, [lock]).get(lock)
        return None if index is None else log.entry(self._conn, int(index)).event

    @cached_property
    def registry(self) -> Registry:
        """What our own log says as a registry, the commands before this one included."""
        found = Registry()
        for entry in log.of_types(self._conn, REGISTRY_TYPES):
            found.take(entry.index, entry.leaf, entry.event)
        return found

    def newest_of(self, log: str) -> Checkpoint | None:
        """The largest checkpoint of another log that we hold."""
        notes = upstream.checkpoints(self._conn, log)
        return claimed(notes[max(notes)]) if notes else None

    def label_url(self, sealed: Sealed, unit: str, net_mg: int) -> str:
        """What to print on the unit."""
        label = Label(sealed.origin, sealed.index, sealed.leaf, unit, net_mg)
        return f"{self.settings.label_url}/q/{make_token(label, self._identity.author)}"
