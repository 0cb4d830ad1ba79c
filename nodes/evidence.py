"""Evidence out of the store: which entries prove the history of some goods, with what their reader may see.

Own entries are proven under our newest checkpoint that our trust policy accepts, entries of other logs under the
checkpoint they came with. Whatever is handed out was verified when it came in, and is verified again by whoever gets it
(ledger/evidence.py).
"""

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

from ledger.disclosing import Wanted, select
from ledger.entries import Entry, id_in, parse_entry
from ledger.errors import Unavailable, Unknown
from ledger.evidence import Consistency, Evidence, Proven
from ledger.keys import replaces_own_keys
from ledger.log.canonical import b64
from ledger.log.checkpoints import claimed, parse_checkpoint
from ledger.log.merkle import Read, prove_consistency, prove_inclusion, root_at
from ledger.log.notes import parse_note
from ledger.matter import genealogy as matter
from ledger.matter.events import Event
from nodes import downstream
from nodes.openings import LATELY
from nodes.rekeyed import own_rekeyed
from nodes.store import followed, genealogy, lists, log, upstream
from nodes.store.engine import Connection
from nodes.store.upstream import Upstream

_TAKEN = ("inputs.chain", "lines.chain", "units.chain")
"""Slots whose rows name batches that an entry takes from."""
_NAMING = ("offer", "answer", "consent")
"""Slots that name an entry of another log."""
ENTRIES_MAX = 20_000
"""Entries of one evidence file that we make: far above any real history, and below what readers accept."""


@dataclass
class _Needs:
    """Entries by entry_no, each with the batches and units (as our own log writes them) it is needed for, and the
    indexes of entries that it corrects.
    """

    batches: dict[int, set[str]] = field(default_factory=dict)
    units: dict[int, set[str]] = field(default_factory=dict)
    corrected: dict[int, set[int]] = field(default_factory=dict)

    def add(
        self, entry_no: int, batches: Iterable[str] = (), units: Iterable[str] = (), corrected: Iterable[int] = ()
    ) -> None:
        self.batches.setdefault(entry_no, set()).update(batches)
        self.units.setdefault(entry_no, set()).update(units)
        self.corrected.setdefault(entry_no, set()).update(corrected)


def of_goods(
    conn: Connection,
    origin: str,
    subject: Mapping[str, str],
    batches: Sequence[str],
    units: Sequence[str],
    made_at: str,
    own: Mapping[int, str] | None = None,
    *,
    below_pools: bool = False,
    audience: str = "chain",
) -> Evidence:
    """The evidence of `batches` that are here, and of how `units` were packed, for a reader downstream.

    What is known here to have been corrected, held or recalled since is told with it. `own` adds entries of ours, each
    with the audience it is opened for: an offer, to the partner it is made to.
    With `below_pools` it does not stop at the periods of our pools. `audience` is for all the rest, as far as we hold
    it: `authority` opens everything, for ourselves.
    """
    needs = _Needs()
    held: set[tuple[str, str]] = set()
    for batch in batches:
        held |= _way(conn, needs, batch, origin, below_pools)
    packed: dict[int, set[str]] = {}
    for id_ in units:
        record = lists.unit(conn, id_)
        if record.packed_by is not None:
            needs.add(record.packed_by, [record.unit.batch], [id_])
            packed.setdefault(record.packed_by, set()).add(record.unit.batch)
    # Whoever packed a unit had the goods before; where they are ours and came back in it, their own way ends here.
    for packer in upstream.numbered(conn, [no for no in packed if no < 0]).values():
        for batch in packed[packer.entry_no]:
            held |= _way(conn, needs, batch, packer.log, below_pools)
    for entry_no in _confirmations(conn, units):
        needs.add(entry_no, batches, units)
    for one in downstream.news(conn, origin, held, list(needs.batches)):
        wanted = {batch for batch, log_ in held if log_ == one.event.origin}
        needs.add(one.entry_no, wanted, one.recalled(wanted, origin), one.corrected)
    for no, seen, opened in _inspections(conn, origin, held):
        needs.add(no, seen, opened)
    for index in own or {}:
        needs.add(index, batches, units)
    return _assemble(conn, origin, subject, needs, made_at, own or {}, audience=audience)


def _confirmations(conn: Connection, units: Iterable[str]) -> list[int]:
    """Our entries by which consignees outside confirmed the shipments that these units left with."""
    gone = {lists.unit(conn, id_).unit.shipment for id_ in units} - {None}
    told = log.of_types(conn, ["confirmed"]) if gone else []
    return [entry.index for entry in told if entry.event.scalar("confirmation")["shipment"] in gone]


def _way(conn: Connection, needs: _Needs, batch: str, log_: str, below_pools: bool) -> frozenset[tuple[str, str]]:
    """Adds what shows how a batch came to be in a log. Answers every (batch, log) on the way."""
    found = genealogy.closure(conn, batch, log_, below_pools=below_pools)
    for entry_no, needed_for in found.entries.items():
        needs.add(entry_no, needed_for)
    return found.held


def of_news(
    conn: Connection, origin: str, entry_no: int, event: Event, to: str, made_at: str, *, below_pools: bool
) -> Evidence:
    """An entry of news, ours or another's, with what it is about, for one who holds goods of it from us.

    A partner with whom we adjust a shipment sees that, too; nobody else sees with whom it was.
    """
    needs = _Needs()
    found = downstream.concern(conn, origin, event, below_pools=below_pools)
    about = downstream.about_for(conn, origin, event, found, to, below_pools=below_pools)
    wanted = downstream.batches_for(conn, event, found, to, below_pools=below_pools).union(*about.values())
    news = downstream.News(entry_no, 0, event, (), ())
    shares = event.scalar("adjustment").get("with") == to
    needs.add(entry_no, wanted, news.recalled(wanted, origin), [downstream.place(conn, origin, no)[1] for no in about])
    for no in about:
        needs.add(no, wanted)
    subject = {"log": event.origin}
    audiences = {entry_no: "partner"} if shares else {}
    return _assemble(conn, origin, subject, needs, made_at, audiences, attested=False)


def of_entry(
    conn: Connection,
    origin: str,
    subject: Mapping[str, str],
    index: int,
    audience: str,
    made_at: str,
    answered: Mapping[str, Any] | None = None,
) -> Evidence:
    """One entry of ours, opened whole for an audience, with entry 0: a receipt, an acknowledgement.

    With the proof of the entry that it answers (a ref), closed: its author sees by the checkpoint how long its own log
    is known to be.
    """
    needs = _Needs()
    needs.add(index)
    if answered:
        for one in upstream.at(conn, [(answered["log"], answered["index"])]).values():
            needs.add(one.entry_no)
    return _assemble(conn, origin, subject, needs, made_at, {index: audience}, whole=True)


def of_range(conn: Connection, origin: str, first: int, last: int, made_at: str) -> Evidence:
    """Entries of ours from `first` to `last`, opened whole: what is deposited with the authority."""
    needs = _Needs()
    for index in range(first, last + 1):
        needs.add(index)
    replacing_keys = (entry.index for entry in own_rekeyed(conn))  # they come along, and a deposit opens all it holds
    audiences = dict.fromkeys([*range(first, last + 1), *replacing_keys], "authority")
    return _assemble(conn, origin, {"log": origin}, needs, made_at, audiences, whole=True)


def of_deposited(conn: Connection, origin: str, log_: str, indexes: Iterable[int], made_at: str) -> Evidence:
    """Entries of a log that is deposited with us, opened as far as we hold them, with what shows how the batches in
    them came to be. For whoever may see what an authority sees.
    """
    needs = _Needs()
    waiting, seen = [(log_, index) for index in indexes], set[tuple[str, int]]()
    while waiting:
        seen.update(waiting)
        held, waiting = upstream.at(conn, waiting).values(), []
        for one in held:
            needs.add(one.entry_no)
            taken = [row["batch"] for slot in _TAKEN for row in one.event.rows(slot) if "batch" in row]
            for batch in dict.fromkeys([*matter.about(one.event), *taken]):
                _way(conn, needs, id_in(batch, one.log, origin), one.log, below_pools=True)
            named = [one.event.scalar(slot) for slot in _NAMING]
            waiting += [place for ref in named if ref and (place := (ref["log"], ref["index"])) not in seen]
    audiences = dict.fromkeys(needs.batches, "authority")
    return _assemble(conn, origin, {"log": log_}, needs, made_at, audiences, whole=True)


def of_predecessor(conn: Connection, origin: str, last: int, made_at: str) -> Evidence:
    """The log that ours succeeds, up to the upstream entry `last`, opened whole: an authority has it from its own node,
    or from us what that did not bring any more.
    """
    needs = _Needs()
    (place,) = upstream.places(conn, [last]).values()
    own = upstream.at(conn, [(place[0], index) for index in range(place[1] + 1)]).values()
    for one in own:
        needs.add(one.entry_no)
    audiences = dict.fromkeys((one.entry_no for one in own), "authority")
    return _assemble(conn, origin, {"log": place[0]}, needs, made_at, audiences, whole=True)


def _assemble(
    conn: Connection,
    origin: str,
    subject: Mapping[str, str],
    needs: _Needs,
    made_at: str,
    audiences: Mapping[int, str],
    *,
    whole: bool = False,
    attested: bool = True,
    audience: str = "chain",
) -> Evidence:
    needs.add(0)
    foreign = upstream.numbered(conn, [no for no in needs.batches if no < 0])
    about: dict[tuple[str, int], bytes] = {}
    if attested and not whole:
        for record, place, note in _attestations(conn, origin, {origin, *(one.log for one in foreign.values())}):
            foreign.setdefault(record.entry_no, record)
            needs.add(record.entry_no)
            about[place] = note
    about_keys = _rekeyed(conn, {one.log for one in foreign.values()})
    for record in about_keys:
        foreign.setdefault(record.entry_no, record)
    for entry_no in (*(one.entry_no for one in about_keys), *(one.index for one in own_rekeyed(conn))):
        needs.add(entry_no)
    for opener in upstream.at(conn, {(record.log, 0) for record in foreign.values()}).values():
        foreign.setdefault(opener.entry_no, opener)
        needs.add(opener.entry_no)
    if len(needs.batches) > ENTRIES_MAX:
        raise Unavailable("evidence-too-long", value=len(needs.batches), limit=ENTRIES_MAX)
    mine = log.entries_at(conn, [no for no in needs.batches if no >= 0])
    newest = shown(conn, origin, mine[-1].index)
    checkpoints: dict[tuple[str, int], bytes] = {(origin, newest[0]): newest[1]}
    for record in foreign.values():
        under = upstream.checkpoint(conn, record.log, record.at_size)
        assert under is not None, "an upstream entry is saved with the checkpoint that proves it"
        checkpoints.setdefault((record.log, record.at_size), under)
    checkpoints = about | checkpoints
    places = {key: position for position, key in enumerate(checkpoints)}
    proven: list[Proven] = []
    disclosures: dict[bytes, tuple[Any, ...]] = {}
    read = log.hashes(conn)
    for own in mine:
        path = prove_inclusion(own.index, newest[0], read)
        proven.append(Proven(own.note, own.index, origin, places[origin, newest[0]], tuple(path)))
        wanted = None if whole or own.index == 0 else _wanted(needs, own.index, origin, origin)
        held = own.disclosures.split("\n")
        _disclose(disclosures, parse_entry(own.note), held, audiences.get(own.index, audience), wanted)
    for entry_no, record in foreign.items():
        proven.append(Proven(record.note, record.index, record.log, places[record.log, record.at_size], record.path))
        open_whole = record.index == 0 or (whole and entry_no in audiences)
        wanted = None if open_whole else _wanted(needs, entry_no, origin, record.log)
        held_for = audiences.get(entry_no, audience)
        _disclose(disclosures, parse_entry(record.note), record.disclosures, held_for, wanted)
    made = Evidence(subject, tuple(proven), tuple(checkpoints.values()), disclosures, made_at)
    return one_history(conn, origin, made)


def one_history(conn: Connection, own: str, evidence: Evidence) -> Evidence:
    """`evidence` with proofs that the checkpoints in it of one log are of one history, as far as we hold its tree: of
    our own log, and of each that we follow. Where one is not of that tree, nothing is proven by it.
    """
    roots: dict[str, dict[int, bytes]] = {}
    for note in evidence.checkpoints:
        point = claimed(note)
        roots.setdefault(point.origin, {})[point.size] = point.root
    here = {(one.log, one.old, one.new) for one in evidence.consistency}
    made: list[Consistency] = []
    for log_, told in sorted(roots.items()):
        tree = _tree(conn, own, log_) if len(told) > 1 else None
        if tree is None:
            continue
        reach, read = tree
        ours = {size for size, root in told.items() if 0 < size <= reach and root_at(size, read) == root}
        for old, new in pairwise(sorted(told)):
            if {old, new} <= ours and (log_, old, new) not in here:
                made.append(Consistency(log_, old, new, tuple(prove_consistency(old, new, read))))
    return replace(evidence, consistency=(*evidence.consistency, *made)) if made else evidence


def _tree(conn: Connection, own: str, origin: str) -> tuple[int, Read] | None:
    """How far we hold a log's tree, and a reader of it."""
    if origin == own:
        return log.head(conn).size, log.hashes(conn)
    one = followed.load(conn, origin)
    return None if one is None else (one.size, followed.nodes(conn, one.log_no))


def _rekeyed(conn: Connection, logs: Iterable[str]) -> list[Upstream]:
    """What replaced the keys of other logs, as far as it is here."""
    return [one for one in upstream.of_types(conn, sorted(logs), ["rekeyed"]) if replaces_own_keys(one.event)]


def shown(conn: Connection, origin: str, index: int) -> tuple[int, bytes]:
    """(size, note) of the checkpoint under which our entry `index` may be shown. Unavailable while there is none."""
    found = log.shown_checkpoint(conn)
    if found is not None and found[0] > index:
        return found
    latest = log.latest_checkpoint(conn)
    if latest is not None and latest[0] > index:
        raise Unavailable("not-witnessed-yet", field="log", value=latest[0])
    raise Unavailable("no-checkpoint-yet", field="log", value=origin)


def _attestations(
    conn: Connection, origin: str, logs: Container[str]
) -> Iterable[tuple[Upstream, tuple[str, int], bytes]]:
    """The newest attestation of each log by each authority that we know of, and the checkpoint that it is about.

    One that is about a checkpoint which is not here would prove nothing to whoever reads the file.
    """
    found: dict[tuple[str, str], tuple[Upstream, tuple[str, int], bytes]] = {}
    for opening in upstream.openings_of(conn, "attested", limit=ENTRIES_MAX):
        told = opening.entry.event.scalar("attestation")
        place = told.get("log", ""), told.get("size", 0)
        if place[0] not in logs:
            continue
        if place[0] == origin:
            own = log.checkpoint(conn, place[1])
            note = None if own is None else own[1]
        else:
            note = upstream.checkpoint(conn, *place)
        if note is None or b64(parse_checkpoint(parse_note(note).text).root) != told["root"]:
            continue
        before = found.get((opening.entry.log, place[0]))
        if before is None or before[1][1] < place[1]:
            found[opening.entry.log, place[0]] = opening.entry, place, note
    return found.values()


def _inspections(
    conn: Connection, origin: str, held: Container[tuple[str, str]]
) -> Iterable[tuple[int, set[str], set[str]]]:
    """What is known here of inspections of goods on the way: the entry's number, and its batches and units of these."""
    for opening in upstream.openings_of(conn, "inspected", limit=ENTRIES_MAX):
        event = opening.entry.event
        log_ = f"{event.scalar('inspection').get('to', '')}/log"
        rows = [row for row in event.rows("goods.chain") if "batch" in row]
        here = [row for row in rows if (id_in(row["batch"], event.origin, origin), log_) in held]
        if here:
            units = {id_in(row["unit"], event.origin, origin) for row in here if "unit" in row}
            yield opening.entry.entry_no, {id_in(row["batch"], event.origin, origin) for row in here}, units


def _wanted(needs: _Needs, entry_no: int, own: str, written_in: str) -> Wanted:
    return Wanted(
        frozenset(id_in(batch, own, written_in) for batch in needs.batches[entry_no]),
        frozenset(id_in(unit, own, written_in) for unit in needs.units[entry_no]),
        frozenset(needs.corrected[entry_no]),
    )


def _disclose(
    disclosures: dict[bytes, tuple[Any, ...]], entry: Entry, held: Sequence[Any], audience: str, wanted: Wanted | None
) -> None:
    chosen = select(entry, held, audience, wanted, LATELY.of(entry, held))
    if chosen:
        disclosures[entry.leaf] = tuple(chosen)


def of_batch(
    conn: Connection,
    origin: str,
    batch: str,
    made_at: str,
    own: Mapping[int, str] | None = None,
    *,
    below_pools: bool = False,
    audience: str = "chain",
) -> Evidence:
    """For a buyer of a batch that is or was here."""
    subject = {"batch": id_in(batch, origin, "")}
    return of_goods(conn, origin, subject, [batch], [], made_at, own, below_pools=below_pools, audience=audience)


def of_unit(
    conn: Connection,
    origin: str,
    unit: str,
    made_at: str,
    own: Mapping[int, str] | None = None,
    *,
    below_pools: bool = False,
    audience: str = "chain",
) -> Evidence:
    """For whoever holds a labelled unit: its packing, and the history of what is in it."""
    record = lists.unit(conn, unit)
    if record.packed_by is None:
        raise Unknown("unit-unknown", field="unit", value=unit)
    subject = {
        "unit": id_in(unit, origin, ""),
        "batch": id_in(record.unit.batch, origin, ""),
        "serial": record.unit.serial,
    }
    return of_goods(
        conn, origin, subject, [record.unit.batch], [unit], made_at, own, below_pools=below_pools, audience=audience
    )
