"""Links: what verified entries say of one another and of the evidence's subject (docs/formats.md, "Verification").

    check_order    entries of one log follow one another in time, and in the chain where they are neighbours
    check_refs     each ref names the entry it means
    check_links    both sides of a handover and of a shared adjustment agree; sources come before their use
    check_subject  an entry makes the thing that the evidence is about
    inspections    which goods an authority or auditor has looked at, with what result
    attestations   which logs an authority or auditor vouches for here, up to which size

Promises: whatever two disclosed values contradict is raised; whatever is named and not here is answered as missing.
Does not check: signatures and proofs (evidence.py did, before), what goods are made of (origins.py), nor a whole log's
custody (audit.py).
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ledger.entries import NOTHING_BEFORE, Entry, id_in
from ledger.errors import Refusal, Unverified
from ledger.log.canonical import b64
from ledger.matter.event_types import ATTESTED_CHECKS
from ledger.matter.events import Event
from ledger.matter.genealogy import made
from ledger.matter.handovers import check_acknowledgement, check_adjustments, check_receipt, shared
from ledger.matter.stock import Booked
from ledger.succession import in_story_order, predecessor_of

Place = tuple[str, int]
"""A log's origin, and an entry's index in it, or a size of it."""

_REFS = {
    "received": ("offer", "shipped"),
    "acknowledged": ("answer", "received"),
    "adjusted": ("consent", "adjusted"),
}
"""Which slot of a type refers to an entry elsewhere, and of which type that must be."""
ATTESTERS = frozenset({"authority", "auditor", "certifier"})
"""Roles of those whose `attested` counts where their log is trusted."""


@dataclass(frozen=True, slots=True)
class Attestation:
    """`by` (a log, in its entry `index`) replayed `log` up to `size` with `checks`, by the rules of `ruleset`."""

    by: str
    index: int
    log: str
    size: int
    checks: tuple[str, ...]
    ruleset: str


@dataclass(frozen=True, slots=True)
class Inspection:
    """`by` (a log, in its entry `index`) inspected the organisation `to`, and of its goods those named (`log#id`)."""

    by: str
    index: int
    at: str
    to: str
    result: str
    goods: tuple[str, ...]


def check_order(entries: Iterable[Entry]) -> None:
    """What an audit sees of a whole log, as far as it can be seen of parts. At most one entry for each place."""
    last: Entry | None = None
    for entry in sorted(entries, key=lambda entry: (entry.origin, entry.index)):
        before = last if last is not None and last.origin == entry.origin else None
        if entry.index == 0 and entry.previous != NOTHING_BEFORE:
            raise Unverified("chain-broken", field="entry", value=0)
        if before is not None and before.recorded_at > entry.recorded_at:
            raise Unverified("time-went-back", field="entry", value=entry.recorded_at, before=before.recorded_at)
        if before is not None and before.index + 1 == entry.index and before.text_hash != entry.previous:
            raise Unverified("chain-broken", field="entry", value=entry.index)
        last = entry


def check_refs(
    events: Mapping[Place, Event | None], leaves: Mapping[Place, bytes], roots: Mapping[Place, bytes]
) -> list[str]:
    """Answers the entries that are referred to and not here, as `log index`. `events` is None for unknown types."""
    missing: list[str] = []
    for place, event in _in_order(events):
        final = predecessor_of(event) if event.type == "log_opened" else None
        if final is not None and roots.get((final.origin, final.size), final.root) != final.root:
            raise Unverified("fork", field="predecessor", value=final.size, log=final.origin)
        slot, wanted = _REFS.get(event.type, ("attestation", ""))
        head = event.scalar(slot)
        known_root = roots.get((head["log"], head["size"])) if head else None
        if known_root is not None and b64(known_root) != head["root"]:
            raise Unverified("fork", field=slot, value=head["size"], log=head["log"])
        for where, named in _corrected(event):
            other = (event.origin, named["index"])
            if named["index"] >= place[1] or (other in leaves and b64(leaves[other]) != named["leaf"]):
                raise Unverified("ref-to-other-entry", field=where, value=named["index"], log=event.origin)
        if not head or not wanted:
            continue
        other = (head["log"], head["index"])
        if other not in events:
            missing.append(f"{head['log']} {head['index']}")
            continue
        found = events[other]
        if b64(leaves[other]) != head["leaf"] or (found is not None and found.type != wanted):
            raise Unverified("ref-to-other-entry", field=slot, value=head["index"], log=head["log"])
    return missing


def _in_order(events: Mapping[Place, Event | None]) -> list[tuple[Place, Event]]:
    ordered = ((place, events[place]) for place in sorted(events, key=in_story_order))
    return [(place, event) for place, event in ordered if event is not None]


def _corrected(event: Event) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The entries of its own log that a correction names, by index and leaf."""
    for slot in ("amendment", "reversal"):
        if event.scalar(slot):
            yield slot, event.scalar(slot)
    if event.type == "adjusted":
        for slot in ("lines.chain", "shared.chain"):
            yield from ((slot, row) for row in event.rows(slot) if "index" in row)


def check_links(events: Mapping[Place, Event | None], leaves: Mapping[Place, bytes]) -> list[str]:
    """Answers the batches that are used and come from nowhere here, as `log#id`.

    A log that succeeds another has what that one had made or received below its final size.
    """
    missing: list[str] = []
    sources: dict[str, dict[str, int]] = {}
    cut = {
        id_in(event.scalar("closing")["period"], event.origin, "")
        for _, event in _in_order(events)
        if event.type == "closed" and event.scalar("closing") and event.slots.get("provenance") is not None
    }
    for place, event in _in_order(events):
        _check_sides(place, event, events, leaves)
        here = sources.setdefault(event.origin, {})
        final = predecessor_of(event) if event.type == "log_opened" else None
        if final is not None:
            here |= {batch: -1 for batch, at in sources.get(final.origin, {}).items() if at < final.size}
        taken = [id_in(batch, event.origin, "") for batch in used(event)]
        missing += [batch for batch in taken if batch not in here and batch not in cut]
        came = [one.batch for one in made(event)]
        if event.type == "received":
            came += [row["batch"] for row in event.rows("lines.chain") if "batch" in row]
        for batch in came:
            here.setdefault(id_in(batch, event.origin, ""), place[1])
    return missing


def _check_sides(
    place: Place, event: Event, events: Mapping[Place, Event | None], leaves: Mapping[Place, bytes]
) -> None:
    """What two logs say of the same goods, where both are here."""
    ref = event.scalar(_REFS.get(event.type, ("", ""))[0])
    other = events.get((ref["log"], ref["index"])) if ref else None
    if other is None:
        return
    if event.type == "received":
        check_receipt(other, event)
    elif event.type == "acknowledged":
        check_acknowledgement(other, event)
    else:
        _check_adjustments((ref["log"], ref["index"]), other, place, event, events, leaves)


def _check_adjustments(
    given_at: Place,
    given: Event,
    taken_at: Place,
    taken: Event,
    events: Mapping[Place, Event | None],
    leaves: Mapping[Place, bytes],
) -> None:
    """Both adjustments of one shipment, where they are disclosed and the entries that they adjust are here."""
    booked = {}
    for (log, _), event in ((given_at, given), (taken_at, taken)):
        rows = shared(event)
        if not rows or not all("index" in row and "delta_mg" in row for row in rows) or not event.scalar("adjustment"):
            return
        place = (log, rows[0]["index"])
        found = events.get(place)
        if found is None:
            return
        booked[found.type] = Booked(place[1], leaves[place], found)
    if booked.keys() != {"shipped", "received"}:
        raise Refusal("adjustment-of-other-shipment", field="shared", value=taken.items("shared.chain")[0]["index"])
    check_adjustments(Booked(given_at[1], leaves[given_at], given), taken, booked["shipped"], booked["received"])


def used(event: Event) -> list[str]:
    """Batches that an entry takes from: they must have been made or received in the same log before.

    Of a pool's period that is closed here and tells its origins, what went in is not asked for: evidence may end there.
    """
    for type_, slot, field in _ONE_SOURCE:
        if event.type == type_:
            return [event.scalar(slot)[field]] if event.scalar(slot) else []
    if event.type == "received":
        return []
    rows = [*event.rows("inputs.chain"), *event.rows("lines.chain")]
    rows += event.rows("units.chain") if event.type in ("unpacked", "dismantled") else []
    return [row["batch"] for row in rows if "batch" in row]


_ONE_SOURCE = (("packed", "packing", "batch"), ("drawn", "draw", "period"), ("closed", "closing", "period"))
"""Types whose one source stands in a scalar slot."""


def attestations(
    events: Mapping[Place, Event | None], roles: Mapping[str, Collection[str]], roots: Mapping[Place, bytes]
) -> tuple[Attestation, ...]:
    """Those that count: by an authority, auditor or certifier, of another's log, at a size whose checkpoint is here.

    `roles` of each log: as the registry says that its organisation is relied on for, else as its entry 0 says.
    """
    found = []
    for (by, index), event in _in_order(events):
        told = event.scalar("attestation")
        if not told or ATTESTERS.isdisjoint(roles[by]):
            continue
        own = told["log"].rpartition("/")[0] == event.name
        if not own and (told["log"], told["size"]) in roots:
            checks = tuple(check for check in ATTESTED_CHECKS if check in told["checks"])
            found.append(Attestation(by, index, told["log"], told["size"], checks, told["ruleset"]))
    return tuple(found)


def inspections(events: Mapping[Place, Event | None], roles: Mapping[str, Collection[str]]) -> tuple[Inspection, ...]:
    """Those of goods, as far as they are shown, by an authority, auditor or certifier of somebody else."""
    found = []
    for (by, index), event in _in_order(events):
        told = event.scalar("inspection")
        if not told or ATTESTERS.isdisjoint(roles[by]) or told["to"] == event.name:
            continue
        rows = [row for row in event.rows("goods.chain") if "batch" in row]
        goods = tuple(id_in(row.get("unit", row["batch"]), event.origin, "") for row in rows)
        if goods:
            found.append(Inspection(by, index, told["at"], told["to"], told["result"], goods))
    return tuple(found)


def check_subject(subject: Mapping[str, str], events: Sequence[Event]) -> tuple[dict[str, str], list[str]]:
    """(what the entries here say of the subject, its id if none of them makes it), as far as is disclosed."""
    if "unit" in subject:
        return _check_unit(subject, events)
    if "log" in subject:
        here = {event.origin for event in events if event.type == "log_opened"}
    elif "shipment" in subject:
        here = {id_in(event.ids["shipment"], event.origin, "") for event in events if "shipment" in event.ids}
    else:
        here = {id_in(one.batch, event.origin, "") for event in events for one in made(event)}
    return dict(subject), [id_ for id_ in subject.values() if id_ not in here]


def _check_unit(subject: Mapping[str, str], events: Sequence[Event]) -> tuple[dict[str, str], list[str]]:
    """The entry that packed the unit tells its batch, serial and net mass; the file may not say otherwise."""
    for event in events:
        batch = event.ids.get("assembly") or event.scalar("packing").get("batch")
        for id_, row in zip(event.ids.get("units.public", ()), event.items("units.public"), strict=True):
            if id_ is None or id_in(id_, event.origin, "") != subject["unit"]:
                continue
            stated = {"unit": subject["unit"], "serial": row["serial"], "net_mg": str(row["net_mg"])}
            if batch:
                stated["batch"] = id_in(batch, event.origin, "")
            for field, value in stated.items():
                if subject.get(field, value) != value:
                    raise Unverified("subject-differs", field=f"subject.{field}", value=subject[field], stated=value)
            return stated, [] if batch else [subject["batch"]]
    return {"unit": subject["unit"]}, [subject["unit"]]
