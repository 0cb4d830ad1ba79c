"""News: corrections, holds and recalls of goods that have left, and who must hear of them.

    concern    what an entry is about: the entries that it corrects or that made what it locks, and the batches
    hearers    the partners whose goods are concerned: those whose own evidence leads to these entries
    news       what is known here of some goods, of our own entries and of others'
    remember   keeps where news is found again, in the same way at recording, on arrival and in a rebuild

A partner hears of an entry exactly if the evidence of what we shipped to him names what it is about. So nobody learns
of organisations that his goods did not come through, and at a closed pool news ends where evidence ends: whoever runs
the pool decides what it means for what he drew. Custody is not touched: what is done with stock here, people decide.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ledger.entries import id_in
from ledger.log.trust import organisation
from ledger.matter import genealogy
from ledger.matter.event_types import CORRECTIONS, NEWS
from ledger.matter.events import Event
from nodes.store import genealogy as tables
from nodes.store import log, states, upstream
from nodes.store.deliveries import Outgoing
from nodes.store.engine import Connection

KEPT = "news"
"""States of this kind: a batch, or `log index` of an entry → the entry_nos of the news of it, in order."""


@dataclass(frozen=True, slots=True)
class Concern:
    """`entries` by entry_no, and the batches in each (as our log writes them) in `about`; `shipped` are those of them
    that sent goods. `batches` are as the news' own log has them.
    """

    entries: Mapping[int, Event]
    about: Mapping[int, tuple[str, ...]]
    batches: tuple[str, ...]

    @property
    def shipped(self) -> Mapping[int, tuple[str, ...]]:
        return {no: batches for no, batches in self.about.items() if self.entries[no].type == "shipped"}


def concern(conn: Connection, own: str, event: Event, *, below_pools: bool) -> Concern:
    """As far as it is known here. What went into our pools is nobody's who bought out of them, unless we say so."""
    batches = [id_in(batch, event.origin, own) for batch in genealogy.locked(event)]
    if event.type in CORRECTIONS:
        entries = _at(conn, own, event.origin, genealogy.corrected(event))
    else:
        numbers = [no for batch in batches for no in tables.made_or_got(conn, batch, event.origin)]
        entries = _numbered(conn, numbers)
    if event.origin == own and not below_pools:
        entries = {no: one for no, one in entries.items() if one.type != "charged"}
    about = {no: tuple(id_in(batch, one.origin, own) for batch in genealogy.about(one)) for no, one in entries.items()}
    if event.type in CORRECTIONS:
        batches += [batch for no, of in about.items() if entries[no].type != "shipped" for batch in of]
    return Concern(entries, about, tuple(dict.fromkeys(batches)))


def hearers(conn: Connection, own: str, event: Event, *, below_pools: bool) -> set[str]:
    """The nodes that must hear of it from us; never its own author."""
    found = concern(conn, own, event, below_pools=below_pools)
    names = tables.onward(conn, found.batches, event.origin, below_pools=below_pools)
    for no in found.shipped:
        names |= _of_shipment(conn, own, no, found.entries[no], below_pools)
    return names - {event.name}


def batches_for(conn: Connection, event: Event, found: Concern, to: str, *, below_pools: bool) -> set[str]:
    """Those of the batches that `to` has goods of, from us: what it may see of the rows of lists."""
    return {
        batch for batch in found.batches if to in tables.onward(conn, [batch], event.origin, below_pools=below_pools)
    }


def about_for(
    conn: Connection, own: str, event: Event, found: Concern, to: str, *, below_pools: bool
) -> dict[int, tuple[str, ...]]:
    """What it is about, as far as that is the business of `to`: entries of its goods, shipments that they came by, and
    what we adjust with it.
    """
    wanted = batches_for(conn, event, found, to, below_pools=below_pools)
    shares = event.scalar("adjustment").get("with") == to
    shared = {row["index"] for row in event.rows("shared.chain") if "index" in row} if shares else set()
    return {
        no: batches
        for no, batches in found.about.items()
        if (
            to in _of_shipment(conn, own, no, found.entries[no], below_pools)
            if no in found.shipped
            else wanted & {*batches}
        )
        or _index(conn, no) in shared
    }


def _of_shipment(conn: Connection, own: str, no: int, shipped: Event, below_pools: bool) -> set[str]:
    """Who got the goods of a shipment: from us, or further on."""
    index = _index(conn, no)
    names = tables.onward_of_shipment(conn, shipped.origin, index, below_pools=below_pools)
    to = shipped.scalar("shipment").get("to")
    return names | ({to} if shipped.origin == own and to else set())


def outgoing(
    conn: Connection, own: str, entry_no: int, index: int, event: Event, *, below_pools: bool, but: Iterable[str] = ()
) -> list[Outgoing]:
    """What to bring to whom. `but` are those who know it already."""
    if event.type not in NEWS:
        return []
    names = hearers(conn, own, event, below_pools=below_pools) - set(but)
    return [Outgoing("notice", name, f"{event.origin}#{index}", entry_no) for name in sorted(names)]


# -- what is known here -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class News:
    """One entry of news and what of it concerns the goods asked about: `batches`, or the entries `corrected`."""

    entry_no: int
    index: int
    event: Event
    batches: tuple[str, ...]
    corrected: tuple[int, ...]

    @property
    def lock(self) -> str | None:
        """The hold or recall that is made or ended, as `log#id`."""
        ids = self.event.ids
        lock = ids.get("hold") or ids.get("recall") or self.event.scalar("releasing").get("lock")
        return None if lock is None else id_in(lock, self.event.origin, "")

    def recalled(self, batches: Iterable[str], own: str) -> set[str]:
        """The units of these batches that it names."""
        return {unit for batch in batches for unit in self.units_of(batch, own) or ()}

    def units_of(self, batch: str, own: str) -> frozenset[str] | None:
        """The units of a batch that were recalled, as the log `own` writes them; None where it is the whole batch."""
        origin = self.event.origin
        rows = [row for row in self.event.rows("lines.public") if id_in(row.get("batch", ""), origin, own) == batch]
        if not rows or not all("unit" in row for row in rows):
            return None
        return frozenset(id_in(row["unit"], origin, own) for row in rows)


def news(conn: Connection, own: str, held: Iterable[tuple[str, str]], entries: Iterable[int]) -> list[News]:
    """All that is known here of batches as certain logs had them, and of entries. By log, in its order."""
    pairs = list(held)
    places = {f"{log_} {index}": (log_, index) for log_, index in upstream.places(conn, entries).values()}
    places |= {f"{own} {no}": (own, no) for no in entries if no >= 0}
    batches: dict[int, list[tuple[str, str]]] = {}
    corrected: dict[int, list[int]] = {}
    by_batch = states.load(conn, KEPT, dict.fromkeys(batch for batch, _ in pairs))
    for batch, log_ in pairs:
        for no in map(int, by_batch.get(batch, "").split()):
            batches.setdefault(no, []).append((batch, log_))
    for key, text in states.load(conn, KEPT, places).items():
        for no in map(int, text.split()):
            corrected.setdefault(no, []).append(places[key][1])
    events = _numbered(conn, batches.keys() | corrected.keys())
    found = []
    for no, event in events.items():
        of = tuple(batch for batch, log_ in batches.get(no, ()) if organisation(log_) == event.name)
        if of or no in corrected:
            found.append(News(no, _index(conn, no), event, of, tuple(sorted(corrected.get(no, ())))))
    return sorted(found, key=lambda one: (one.event.origin, one.index))


def told_of(
    conn: Connection, own: str, batches: Iterable[tuple[str, str, int | None]]
) -> dict[str, list[dict[str, Any]]]:
    """What any log says of each of many batches (id, log, index of the entry that made it); most have none."""
    kept = states.every(conn, KEPT)
    if not kept:
        return {}
    found = {
        batch: [int(no) for key in (batch, f"{log_} {index}") for no in kept.get(key, "").split()]
        for batch, log_, index in batches
    }
    events = _numbered(conn, (no for nos in found.values() for no in nos))
    places = {no: place(conn, own, no) for no in events}
    return {
        batch: [{"event": events[no].type, "log": places[no][0], "index": places[no][1]} for no in nos]
        for batch, nos in found.items()
        if nos
    }


def ended(found: Iterable[News]) -> frozenset[str]:
    """The locks that some news says to have ended."""
    return frozenset(one.lock for one in found if one.event.type == "released" and one.lock is not None)


def remember(conn: Connection, own: str, entry_no: int, event: Event) -> None:
    """Where this news is found again: by each batch that it locks, and each entry that it corrects."""
    if event.type not in NEWS:
        return
    keys = [id_in(batch, event.origin, own) for batch in genealogy.locked(event)]
    indexes = genealogy.corrected(event) if event.type in CORRECTIONS else ()
    keys = list(dict.fromkeys([*keys, *(f"{event.origin} {index}" for index in indexes)]))
    before = states.load(conn, KEPT, keys)
    kept = {key: before.get(key, "").split() for key in keys}
    states.save(conn, KEPT, {key: " ".join(dict.fromkeys([*nos, str(entry_no)])) for key, nos in kept.items()})


# -- entries by number and place ----------------------------------------------------------------------------------


def _at(conn: Connection, own: str, origin: str, indexes: Iterable[int]) -> dict[int, Event]:
    if origin == own:
        return {entry.index: entry.event for entry in log.entries_at(conn, sorted(indexes))}
    return {one.entry_no: one.event for one in upstream.at(conn, [(origin, index) for index in indexes]).values()}


def _numbered(conn: Connection, entry_nos: Iterable[int]) -> dict[int, Event]:
    wanted = sorted(set(entry_nos))
    own = {entry.index: entry.event for entry in log.entries_at(conn, [no for no in wanted if no >= 0])}
    return own | {no: one.event for no, one in upstream.numbered(conn, [no for no in wanted if no < 0]).items()}


def place(conn: Connection, own: str, entry_no: int) -> tuple[str, int]:
    """(log, index) of an entry, own or upstream."""
    return (own, entry_no) if entry_no >= 0 else upstream.places(conn, [entry_no])[entry_no]


def _index(conn: Connection, entry_no: int) -> int:
    return entry_no if entry_no >= 0 else upstream.places(conn, [entry_no])[entry_no][1]
