"""Links: what verified entries say of one another and of the evidence's subject (docs/formats.md, "Verification").

    check_order    entries of one log follow one another in time, and in the chain where they are neighbours
    check_links    each ref names the entry it means; both sides of a handover agree; sources come before their use
    check_subject  an entry makes the thing that the evidence is about

Promises: whatever two disclosed values contradict is raised; whatever is named and not here is answered as missing.
Does not check: signatures and proofs (evidence.py did, before), nor a whole log's custody (audit.py).
"""

from collections.abc import Iterable, Mapping, Sequence

from ledger.entries import NOTHING_BEFORE, Entry, id_in
from ledger.errors import Unverified
from ledger.log.canonical import b64
from ledger.matter.events import Event
from ledger.matter.genealogy import made
from ledger.matter.handovers import check_acknowledgement, check_receipt

Place = tuple[str, int]
"""A log's origin, and an entry's index in it, or a size of it."""

_REFS = {"received": ("offer", "shipped"), "acknowledged": ("answer", "received")}
"""Which slot of a type refers to an entry elsewhere, and of which type that must be."""


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


def check_links(
    events: Mapping[Place, Event | None], leaves: Mapping[Place, bytes], roots: Mapping[Place, bytes]
) -> list[str]:
    """Answers what is not here, as `log index` or a batch's `log#id`. `events` is None where the type is unknown."""
    missing: list[str] = []
    sources: dict[str, set[str]] = {}
    for _, event in sorted(events.items(), key=lambda item: item[0]):
        if event is None:
            continue
        missing += _check_ref(event, events, leaves, roots)
        here = sources.setdefault(event.origin, set())
        missing += [id_in(batch, event.origin, "") for batch in _used(event) if batch not in here]
        here.update(one.batch for one in made(event))
        if event.type == "received":
            here.update(row["batch"] for row in event.rows("lines.chain") if "batch" in row)
    return missing


def _check_ref(
    event: Event,
    events: Mapping[Place, Event | None],
    leaves: Mapping[Place, bytes],
    roots: Mapping[Place, bytes],
) -> list[str]:
    slot, wanted = _REFS.get(event.type, ("", ""))
    ref = event.scalar(slot)
    if not ref:
        return []
    known_root = roots.get((ref["log"], ref["size"]))
    if known_root is not None and b64(known_root) != ref["root"]:
        raise Unverified("fork", field=slot, value=ref["size"], log=ref["log"])
    place = (ref["log"], ref["index"])
    if place not in events:
        return [f"{ref['log']} {ref['index']}"]
    named = events[place]
    if b64(leaves[place]) != ref["leaf"] or (named is not None and named.type != wanted):
        raise Unverified("ref-to-other-entry", field=slot, value=ref["index"], log=ref["log"])
    if event.type == "received" and named is not None:
        check_receipt(named, event)
    elif named is not None:
        check_acknowledgement(named, event)
    return []


def _used(event: Event) -> list[str]:
    """Batches that an entry takes from: they must have been made or received in the same log before."""
    if event.type == "packed":
        packing = event.scalar("packing")
        return [packing["batch"]] if packing else []
    if event.type == "received":
        return []
    rows = [*event.rows("inputs.chain"), *event.rows("lines.chain")]
    rows += event.rows("units.chain") if event.type in ("unpacked", "dismantled") else []
    return [row["batch"] for row in rows if "batch" in row]


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
