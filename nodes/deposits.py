"""Deposited logs, followed as they come: what each entry moved is worked out once, in the transaction that stores it.

An authority gets the logs of others whole and in order. Like the writer does for our own entries, `follow_deposits`
goes on from where it stopped: it keeps the compositions after the last entry, and the flow of each entry, so whoever
looks at findings, balances or quotas (nodes/oversight.py) reads flows and works nothing out again. All of it is derived
from the entries: a rebuild gives the same rows, and an audit of the deposited log compares the flows.

Does not check signatures and the tree, which intake has, nor custody, which an audit does. An entry that does not
follow from those before it ends the following, and the log says so: what came before it counts.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace

from ledger.audit import follow
from ledger.entries import open_event, parse_entry
from ledger.errors import LodetraceError, Unknown, Unverified
from ledger.log.trust import organisation
from ledger.matter.contents import touches as compositions_of
from ledger.matter.custody import touches
from ledger.matter.events import Event
from ledger.matter.flows import Flow, dump_flow, flow_of
from ledger.matter.makeups import Makeup, dump_makeup, load_makeup
from ledger.matter.reference import Reference
from ledger.matter.stock import Booked
from ledger.origins import check_vectors
from ledger.succession import Inherited
from nodes.contents import flow as flow_at
from nodes.inheritance import left_to
from nodes.rulesets import Rulesets
from nodes.store import deliveries, log, states, upstream
from nodes.store.engine import Connection
from nodes.store.upstream import Upstream

RUN = 500
GRANTS_MAX = 100_000
_KIND = "deposit"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a deposited log was followed: `size` entries, of which `unchecked` name reference data that is not at
    hand. `broken` says in English and Chinese why the next one does not follow; None while all do.
    """

    size: int = 0
    unchecked: int = 0
    broken: tuple[str, str] | None = None


def progress(conn: Connection) -> dict[str, Progress]:
    """Each deposited log, in the order of their names."""
    return {origin: _progress(body) for origin, body in states.every(conn, _KIND).items()}


def _progress(body: str) -> Progress:
    told = json.loads(body)
    return Progress(told["size"], told["unchecked"], None if told["broken"] is None else tuple(told["broken"]))


def follow_deposits(conn: Connection, origins: Iterable[str], rulesets: Rulesets) -> None:
    """Goes on with those of these logs that are deposited, for as long as the next entry is here, whole."""
    for origin in sorted(set(origins) & set(upstream.deposited(conn))):
        body = states.load(conn, _KIND, [origin]).get(origin)
        at = Progress() if body is None else _progress(body)
        while at.broken is None:
            coming = _coming(conn, origin, at.size)
            if not coming:
                break
            try:
                at = _Following(conn, origin, rulesets).take(at, coming)
            except Unknown:  # what the log inherited is not here yet
                break
            states.save(conn, _KIND, {origin: json.dumps(asdict(at), ensure_ascii=False, sort_keys=True)})


def _coming(conn: Connection, origin: str, size: int) -> list[tuple[Upstream, Event]]:
    """The next entries, up to the first that is not here or not open as a whole."""
    held = upstream.at(conn, [(origin, index) for index in range(size, size + RUN)])
    found: list[tuple[Upstream, Event]] = []
    for index in range(size, size + RUN):
        entry = held.get((origin, index))
        event = None if entry is None else _whole(entry)
        if entry is None or event is None:
            break
        found.append((entry, event))
    return found


def _whole(entry: Upstream) -> Event | None:
    try:
        return _opened(entry)
    except LodetraceError:  # less was opened to us than a deposit opens, so far
        return None


class _Following:
    """A run of one log's entries, on top of what is kept of those before."""

    def __init__(self, conn: Connection, origin: str, rulesets: Rulesets) -> None:
        self._conn, self._origin, self._rulesets = conn, origin, rulesets
        self._kind = f"makeup {origin}"
        self._makeups: dict[str, Makeup | None] = {}
        self._changed: dict[str, Makeup | None] = {}
        self._flows: dict[int, str] = {}
        self._left: dict[int, str | None] = {}

    def take(self, at: Progress, coming: Iterable[tuple[Upstream, Event]]) -> Progress:
        """How far it is then. Writes the flows and the compositions. Unknown where a predecessor is not here whole."""
        for entry, event in coming:
            if (left := left_to(self._conn, self._rulesets, event)) is not None:
                self._inherit(left, entry, event)
            wanted = [int(key) for kind, key in touches(event) if kind == "entry"]
            booked = self._booked(wanted, at.size)
            self._load(compositions_of(event, list(booked.values())))
            missing = next((index for index in wanted if index not in booked), None)
            at = self._follow(at, entry, event, list(booked.values()), missing)
            if at.broken is not None:
                break
        log.add_flows(self._conn, self._flows)
        texts = {key: None if one is None else dump_makeup(one) for key, one in self._changed.items()}
        states.save(self._conn, self._kind, texts)
        return at

    def _inherit(self, left: Inherited, entry: Upstream, opened: Event) -> None:
        self._makeups.update(left.makeups)
        self._changed.update(left.makeups)
        self._left[entry.index] = dump_flow(left.flow(opened))

    def _follow(
        self, at: Progress, entry: Upstream, event: Event, booked: Sequence[Booked], missing: int | None
    ) -> Progress:
        try:
            if missing is not None:
                raise Unknown("entry-not-found", field="entry", value=missing, size=at.size)
            check_vectors(event)
            done = follow(self._makeups, entry.index, event, booked, self._rulesets.current, self._find, self)
        except LodetraceError as error:
            return replace(at, broken=(error.text("en"), error.text("zh")))
        except Exception as error:  # noqa: BLE001 - custody is not checked here: what stumbles over that has found it
            why = Unverified("audit-broken", field="entry", value=entry.index, log=self._origin, why=repr(error))
            return replace(at, broken=(why.text("en"), why.text("zh")))
        self._makeups.update(done.changes)
        self._changed.update(done.changes)
        text = None if event.type == "registered" else dump_flow(done.flow)
        text = text or self._left.pop(entry.index, None)
        if text is not None:
            self._flows[entry.entry_no] = text
        return replace(at, size=at.size + 1, unchecked=at.unchecked + (0 if done.checked else 1))

    def _find(self, name: str | None) -> Reference | None:
        return self._rulesets.find(self._conn, name)

    def makeup(self, key: str) -> Makeup | None:
        self._load([key])
        return self._makeups[key]

    def event(self, index: int) -> Event:
        return _opened(upstream.at(self._conn, [(self._origin, index)])[self._origin, index])

    def reference(self, event: Event) -> Reference:
        return self._find(event.scalar("recorded").get("ruleset")) or self._rulesets.current

    def _load(self, keys: Iterable[str]) -> None:
        wanted = [key for key in keys if key not in self._makeups]
        texts = states.load(self._conn, self._kind, wanted)
        for key in wanted:
            self._makeups[key] = load_makeup(texts[key]) if key in texts else None

    def _booked(self, wanted: Iterable[int], size: int) -> dict[int, Booked]:
        """Those of the entries that the next one corrects which come before it, by index."""
        held = upstream.at(self._conn, [(self._origin, index) for index in wanted if 0 <= index < size])
        return {index: Booked(index, one.leaf, _opened(one)) for (_, index), one in sorted(held.items())}


def _opened(entry: Upstream) -> Event:
    return open_event(parse_entry(entry.note), entry.disclosures, whole=True)


# -- reading ------------------------------------------------------------------------------------------------------


def flows(conn: Connection, origin: str, start: int, stop: int, rulesets: Rulesets) -> Iterator[Flow]:
    """What the entries from `start` to before `stop` moved, all of which have been followed."""
    held = upstream.at(conn, [(origin, index) for index in range(start, stop)])
    texts = log.flows_at(conn, [entry.entry_no for entry in held.values()])
    for index in range(start, stop):
        entry = held[origin, index]
        yield flow_at(conn, index, _opened(entry), texts.get(entry.entry_no), rulesets)


def grants(conn: Connection, after: int = -1) -> dict[int, Event]:
    """The quotas that this node's own log has granted behind the entry `after`, by index."""
    found = log.page(conn, after=after, event_type="quota_granted", limit=GRANTS_MAX)
    return {one.index: one.event for one in found}


def inspections(conn: Connection, origin: str, after: int = -1) -> dict[int, Event]:
    """This node's own inspections of the organisation of a log, behind the entry `after`, by index."""
    found = log.page(conn, after=after, event_type="inspected", limit=GRANTS_MAX)
    return {one.index: one.event for one in found if one.event.scalar("inspection")["to"] == organisation(origin)}


def served(conn: Connection, origin: str) -> list[tuple[Flow, str]]:
    """This node's own orders to the organisation of a log that were delivered, and when, by its delivery note."""
    given = [
        (one.index, one.event)
        for one in log.page(conn, event_type="ordered", limit=GRANTS_MAX)
        if one.event.scalar("order")["to"] == origin.removesuffix("/log")
    ]
    subjects = {f"{event.origin}#{index}": (index, event) for index, event in given}
    about = deliveries.about(conn, subjects)
    notes = ((one.answer, place) for subject, place in subjects.items() for one in about.get(subject, ()))
    return [(flow_of(index, event), _noted_at(note)) for note, (index, event) in notes if note is not None]


def _noted_at(note: bytes) -> str:
    """The receiver's time in its delivery note."""
    return note.split(b"\n", 4)[3].decode()


def voidings(conn: Connection, after: int = -1) -> dict[int, Event]:
    """The shipments that this node's own log has voided behind the entry `after`, by index."""
    found = log.page(conn, after=after, event_type="voided", limit=GRANTS_MAX)
    return {one.index: one.event for one in found}


def concerns(grant: Event, origin: str) -> bool:
    """Whether the organisation of a log is told of a quota: the company's, or its group's."""
    told = grant.scalar("grant")
    return organisation(origin) in (told.get("to"), told.get("group"))
