"""Evidence: the portable proof of where goods come from (docs/formats.md, "Evidence file").

    format_evidence / parse_evidence   the file, in the one JSON profile, within the limits below
    verify                             the numbered procedure; what it returns was checked, entry by entry

Promises: `verify` answers only with entries that are in their logs under checkpoints that the trust policy accepts,
signed by keys proven from entry 0, with disclosures that those entries commit to. The first thing that does not hold is
raised with its name; what is merely not there is listed (verdict.py words it).
Does not check: whether what an organisation says about the world is true. That stays claimed, or attested.

Over 400 lines because the file and the steps that are taken on it stand together, as they do in the document.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from re import compile as pattern
from typing import Any

from ledger.disclosing import merge
from ledger.entries import Entry, check_authors, open_event, parse_entry
from ledger.errors import LodetraceError, Malformed, Unverified
from ledger.keys import Keys, replaces_own_keys
from ledger.links import (
    Attestation,
    Inspection,
    attestations,
    check_links,
    check_order,
    check_refs,
    check_subject,
    inspections,
)
from ledger.log.canonical import b64, format_json, parse_json, unb64
from ledger.log.checkpoints import Checkpoint, claimed, claimed_origin, open_checkpoint
from ledger.log.disclosures import open_slots
from ledger.log.merkle import check_consistency, check_inclusion, leaf_hash
from ledger.log.notes import Verifier
from ledger.log.trust import Policy, Trusted
from ledger.log.trust import organisation as name_of
from ledger.matter.event_types import EVENT_TYPES, REGISTRY_TYPES
from ledger.matter.events import KINDS, Event, is_id, is_origin
from ledger.origins import check_origins, check_vectors
from ledger.registry import Line, Member
from ledger.standing import Known, Standing, check_entry, check_lines, check_succession, keys_of_log, known_members
from ledger.succession import in_story_order

FORMAT = "lodetrace evidence v1"
_SUBJECTS = ({"batch"}, {"batch", "unit"}, {"shipment"}, {"log"})
_SUBJECT_KINDS: Mapping[str, Callable[[Any], bool]] = {
    **dict.fromkeys(("batch", "unit", "shipment"), lambda text: is_id(text) and "#" in text),
    "serial": KINDS["text"],
    "net_mg": lambda text: isinstance(text, str) and pattern(r"0|[1-9][0-9]{0,15}").fullmatch(text) is not None,
    "log": is_origin,
}

_OF_REGISTRIES = {"log_opened", *REGISTRY_TYPES}

FILE_MAX = 64 * 1024 * 1024
ENTRIES_MAX = 100_000
CHECKPOINTS_MAX = 10_000


@dataclass(frozen=True, slots=True)
class Proven:
    """An entry as carried: its bytes, the checkpoint (a position in `Evidence.checkpoints`) and the inclusion path."""

    note: bytes
    index: int
    log: str
    checkpoint: int
    path: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Consistency:
    """Proof that two sizes of one log are one history."""

    log: str
    old: int
    new: int
    path: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Evidence:
    """`disclosures` by leaf hash. Nothing in here is verified."""

    subject: Mapping[str, str]
    entries: tuple[Proven, ...]
    checkpoints: tuple[bytes, ...]
    disclosures: Mapping[bytes, tuple[Any, ...]]
    made_at: str
    consistency: tuple[Consistency, ...] = ()
    attestations: tuple[Any, ...] = ()
    standing: tuple[Standing, ...] = ()


@dataclass(frozen=True, slots=True)
class Checked:
    """A verified entry: it is in its log, its authors signed it, `event` holds what is disclosed of it."""

    entry: Entry
    event: Event | None
    proven: Proven
    disclosures: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class LogFacts:
    """What is known of a log that the evidence names: entry 0, its keys, its newest verified checkpoint."""

    origin: str
    opened: Event
    keys: Keys
    newest: Checkpoint
    witnesses: tuple[tuple[str, int], ...]
    consistent: bool


@dataclass(frozen=True, slots=True)
class Result:
    """What `verify` found. `vouched`: under a trust policy. `missing`: refs and sources that are not in the file.
    `attested`: what authorities and auditors vouch for, and `inspected` what of the goods they have looked at; nothing
    without a policy. `members`: by name, those whose
    logs are relied on because a registry admits them. `heads` by position in the file's checkpoints.

    `subject` is what entries say of it; what only the file says is in `evidence.subject`, and is believed by nobody.
    """

    evidence: Evidence
    subject: Mapping[str, str]
    entries: Mapping[tuple[str, int], Checked]
    logs: Mapping[str, LogFacts]
    vouched: bool
    heads: Mapping[int, Checkpoint]
    missing: tuple[str, ...] = field(default=())
    attested: tuple[Attestation, ...] = field(default=())
    members: Mapping[str, Known] = field(default_factory=dict)
    inspected: tuple[Inspection, ...] = field(default=())

    def attesting(self, checked: Checked) -> tuple[Attestation, ...]:
        """Those that cover an entry: it is below their size, and in the history that they are about."""
        log, under = checked.entry.origin, self.heads[checked.proven.checkpoint].size
        return tuple(
            one
            for one in self.attested
            if one.log == log and checked.entry.index < one.size and (under == one.size or self.logs[log].consistent)
        )


# -- the file -----------------------------------------------------------------------------------------------------


def format_evidence(evidence: Evidence) -> bytes:
    return format_json(evidence_json(evidence), field="evidence")


def evidence_json(evidence: Evidence) -> dict[str, Any]:
    """The evidence as JSON values, for a message that carries it inside."""
    return {
        "format": FORMAT,
        "subject": dict(evidence.subject),
        "entries": [
            {
                "note": proven.note.decode(),
                "index": proven.index,
                "log": proven.log,
                "checkpoint": proven.checkpoint,
                "path": [b64(node) for node in proven.path],
            }
            for proven in evidence.entries
        ],
        "checkpoints": [note.decode() for note in evidence.checkpoints],
        "consistency": [
            {"log": proof.log, "old": proof.old, "new": proof.new, "path": [b64(node) for node in proof.path]}
            for proof in evidence.consistency
        ],
        "disclosures": [{"leaf": b64(leaf), "opens": list(texts)} for leaf, texts in evidence.disclosures.items()],
        "attestations": list(evidence.attestations),
        "standing": [
            {
                "log": one.log,
                "index": one.index,
                "name": one.line.name,
                "position": one.line.position,
                "last_index": one.line.last_index,
                "last_leaf": b64(one.line.last_leaf),
                "path": [b64(node) for node in one.line.path],
            }
            for one in evidence.standing
        ],
        "made_at": evidence.made_at,
    }


def parse_evidence(data: bytes) -> Evidence:
    """Form and limits only."""
    if len(data) > FILE_MAX:
        raise Malformed("evidence-too-large", field="evidence", value=len(data), limit=FILE_MAX)
    return evidence_of(parse_json(data, field="evidence"))


def evidence_of(value: Any) -> Evidence:
    """The evidence in JSON values that were parsed strictly already."""
    try:
        if value["format"] != FORMAT or len(value) != 9:
            raise Malformed("malformed", field="evidence.format", value=value["format"], why=f"it is not {FORMAT}")
        for field, limit in (("entries", ENTRIES_MAX), ("checkpoints", CHECKPOINTS_MAX)):
            if len(value[field]) > limit:
                raise Malformed("evidence-too-large", field=field, value=len(value[field]), limit=limit)
        evidence = Evidence(
            subject=_subject(value["subject"]),
            entries=tuple(
                Proven(
                    note=row["note"].encode(),
                    index=_size(row["index"]),
                    log=_text(row["log"]),
                    checkpoint=_size(row["checkpoint"]),
                    path=tuple(unb64(node, field="path", size=32) for node in row["path"]),
                )
                for row in value["entries"]
            ),
            checkpoints=tuple(note.encode() for note in value["checkpoints"]),
            consistency=tuple(
                Consistency(
                    _text(row["log"]),
                    _size(row["old"]),
                    _size(row["new"]),
                    tuple(unb64(node, field="path", size=32) for node in row["path"]),
                )
                for row in value["consistency"]
            ),
            disclosures={
                unb64(row["leaf"], field="leaf", size=32): tuple(row["opens"]) for row in value["disclosures"]
            },
            attestations=tuple(value["attestations"]),
            standing=tuple(
                Standing(
                    _text(row["log"]),
                    _size(row["index"]),
                    Line(
                        _text(row["name"]),
                        _size(row["position"]),
                        _size(row["last_index"]),
                        unb64(row["last_leaf"], field="last_leaf", size=32),
                        tuple(unb64(node, field="path", size=32) for node in row["path"]),
                    ),
                )
                for row in value["standing"]
            ),
            made_at=_text(value["made_at"]),
        )
    except (KeyError, TypeError, AttributeError, IndexError) as error:
        raise Malformed("malformed", field="evidence", why=f"{type(error).__name__}: {error}") from error
    if len(evidence.disclosures) != len(value["disclosures"]):
        raise Malformed("malformed", field="evidence.disclosures", why="one leaf stands there twice")
    if evidence_json(evidence) != value:
        raise Malformed("malformed", field="evidence", why="it holds a key or a kind of value that has no place in it")
    return evidence


def _size(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise TypeError(f"{value!r} is not a size or an index")
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is not a text")
    return value


def _subject(value: Any) -> dict[str, str]:
    """A batch, a shipment, a log; or a unit with its batch, and perhaps its serial and net mass. Ids are `log#id`."""
    named = set(value) - {"serial", "net_mg"} if "unit" in value else set(value)
    if named in _SUBJECTS and all(_SUBJECT_KINDS[key](text) for key, text in value.items()):
        return dict(value)
    raise Malformed("malformed", field="evidence.subject", value=value, why="it names no batch, unit, shipment or log")


def joined(evidence: Evidence, more: Evidence) -> Evidence:
    """`evidence` with what it lacks of `more`: entries with their checkpoints and what is open of them, and standing.

    Unverified, both of them, and so is what comes of it.
    """
    notes = list(dict.fromkeys((*evidence.checkpoints, *more.checkpoints)))
    places = {note: position for position, note in enumerate(notes)}
    here = {(one.log, one.index, one.note) for one in evidence.entries}
    entries = list(evidence.entries)
    disclosures = dict(evidence.disclosures)
    for one in more.entries:
        if (one.log, one.index, one.note) not in here:
            entries.append(replace(one, checkpoint=places[more.checkpoints[one.checkpoint]]))
        leaf = leaf_hash(one.note)
        held, opens = disclosures.get(leaf, ()), more.disclosures.get(leaf, ())
        disclosures[leaf] = tuple(merge(parse_entry(one.note), held, opens)) if held else opens
    return replace(
        evidence,
        entries=tuple(entries),
        checkpoints=tuple(notes),
        disclosures={leaf: opens for leaf, opens in disclosures.items() if opens},
        consistency=tuple(dict.fromkeys((*evidence.consistency, *more.consistency))),
        standing=tuple(dict.fromkeys((*evidence.standing, *more.standing))),
    )


# -- the procedure ------------------------------------------------------------------------------------------------


def verify(evidence: Evidence, policy: Policy | None, now: datetime | None = None) -> Result:
    """The checks in their order. Without a policy each log is taken at its own word: self-consistent, no more.

    1  trust: every log is named by the policy (its key), or its organisation is a member of a registry that is
    3  each checkpoint: signature of its log, witness quorum of the policy
    4  consistency between the checkpoints of one log, where shown
    5  each entry: inclusion, signature by the keys valid at its index, origin and index as stated; their order
    6  each disclosure: path and digest, and the form of what it says
    2  registry and standing, once steps 3 to 6 were taken for the logs that the policy names: who is a member, with
       which keys, and that nothing said of a member was left out. Then they are taken for the members' logs
    7  each ref: the entry it names is the one it means
    8  custody: sources present, both sides of each handover and shared adjustment agree, no origin comes from nowhere;
       all over what is disclosed
    9  the subject: an entry here makes it, and says of it what the file says
    10 members: nothing was shipped while suspended, nothing signed by a revoked key

    `now` is what time it is for the reader: a policy that says how old a standing may be needs it.
    """
    entries = _parse_entries(evidence)
    origins = {claimed_origin(note) for note in evidence.checkpoints} | {entry.origin for entry in entries}
    named = origins if policy is None else origins & policy.logs.keys()
    other_registries = set() if policy is None else _registries(entries) - named
    origins -= other_registries
    if policy is not None and not policy.registries:
        _refuse_strangers(origins - named)
    logs = _check_logs(evidence, entries, named, policy, {})
    known: dict[str, Known] = {}
    standing = [one for one in evidence.standing if one.log not in other_registries]
    check_lines(standing, logs.events, None if policy is None else policy.registries)
    if policy is not None and origins != named:
        told = known_members(standing, logs.events, logs.leaves, policy.registries, now, policy.standing_max_age_days)
        names = {name_of(origin) for origin in origins - named}
        known = {name: told[name] for name in sorted(names & told.keys())}
        _refuse_strangers(origin for origin in origins - named if name_of(origin) not in known)
        logs = logs.joined(_check_logs(evidence, entries, origins - named, policy, known))
    events, leaves, roots = logs.events, logs.leaves, logs.roots
    missing = check_refs(events, leaves, roots) + check_links(events, leaves)
    known_events = [event for place in sorted(events, key=in_story_order) if (event := events[place]) is not None]
    check_origins(known_events)
    said, absent = check_subject(evidence.subject, known_events)
    words = [(name, word) for name, one in known.items() for word in one.words]
    missing += absent + [f"{word.registry} standing {name}" for name, word in words if word.as_of is None]
    roles = {origin: _roles(facts, known.get(name_of(origin))) for origin, facts in logs.facts.items()}
    result = Result(
        evidence,
        said,
        logs.checked,
        logs.facts,
        policy is not None,
        logs.heads,
        tuple(dict.fromkeys(missing)),
        attestations(events, roles, roots) if policy is not None else (),
        known,
        inspections(events, roles) if policy is not None else (),
    )
    for _, word in words:
        _check_member(result, word)
    return result


def _check_member(result: Result, known: Known) -> None:
    """Step 10, by one registry: of the logs that it knows of."""
    logs = {log.origin for log in known.member.logs}
    own = {place: one for place, one in result.entries.items() if place[0] in logs}
    for place, one in own.items():
        if place[1] == 0:
            check_succession(known, result.logs[place[0]].opened)
        check_entry(known, one.entry, one.event, result.logs[place[0]].keys.signers_at(place[1]), result.attesting(one))


def _roles(facts: LogFacts, known: Known | None) -> Collection[str]:
    if known is not None:
        return tuple(known.member.told["roles"])
    return (str(facts.opened.scalar("log").get("role")),)


def _registries(entries: Iterable[Entry]) -> set[str]:
    """Logs that bring nothing here but what a registry says. One that the policy does not name is passed over."""
    types: dict[str, set[str]] = {}
    for entry in entries:
        types.setdefault(entry.origin, set()).add(entry.type)
    return {origin for origin, found in types.items() if "admitted" in found and found <= _OF_REGISTRIES}


def _refuse_strangers(origins: Iterable[str]) -> None:
    for origin in sorted(origins):
        raise Unverified("log-not-trusted", field="policy", value=origin)


def _parse_entries(evidence: Evidence) -> list[Entry]:
    entries = []
    for position, proven in enumerate(evidence.entries):
        entry = parse_entry(proven.note)
        if (entry.origin, entry.index) != (proven.log, proven.index):
            raise Unverified("entry-elsewhere", field=f"entries[{position}]", value=f"{entry.origin} {entry.index}")
        if proven.checkpoint >= len(evidence.checkpoints):
            raise Malformed("malformed", field=f"entries[{position}].checkpoint", why="there is no such checkpoint")
        entries.append(entry)
    return entries


# -- steps 3 to 6, of some logs -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Logs:
    """What was checked of some logs. `heads` by position in the file's checkpoints."""

    heads: Mapping[int, Checkpoint]
    facts: Mapping[str, LogFacts]
    checked: Mapping[tuple[str, int], Checked]

    @property
    def events(self) -> dict[tuple[str, int], Event | None]:
        return {place: one.event for place, one in self.checked.items()}

    @property
    def leaves(self) -> dict[tuple[str, int], bytes]:
        return {place: one.entry.leaf for place, one in self.checked.items()}

    @property
    def roots(self) -> dict[tuple[str, int], bytes]:
        return {(head.origin, head.size): head.root for head in self.heads.values()}

    def joined(self, others: "_Logs") -> "_Logs":
        return _Logs({**self.heads, **others.heads}, {**self.facts, **others.facts}, {**self.checked, **others.checked})


def _check_logs(
    evidence: Evidence,
    entries: Sequence[Entry],
    origins: Collection[str],
    policy: Policy | None,
    known: Mapping[str, Known],
) -> _Logs:
    """Steps 3 to 6 for the logs `origins`: named by the policy, or of the members `known`, or at their own word."""
    rows = [row for row in zip(evidence.entries, entries, strict=True) if row[1].origin in origins]
    told: Mapping[str, Keys | None] = {}
    if policy is None or known:
        told = {origin: _told_keys(evidence, rows, origin, known.get(name_of(origin))) for origin in sorted(origins)}
    elif policy is not None:
        told = {
            origin: _recovered_keys(evidence, rows, origin, policy) for origin in _recovered(evidence, rows, policy)
        }
    trusted: dict[int, Trusted] = {}
    for position, note in enumerate(evidence.checkpoints):
        point = claimed(note)
        if point.origin in origins:
            trusted[position] = _open_checkpoint(note, point, told.get(point.origin), policy, known)
    heads = {position: one.checkpoint for position, one in trusted.items()}
    consistent = _check_consistency(evidence, heads, origins)
    facts = _open_logs(evidence, rows, trusted, consistent, told)
    places: dict[tuple[str, int], tuple[Proven, Entry]] = {}
    for proven, entry in rows:
        _check_entry(proven, entry, heads.get(proven.checkpoint), facts)
        if places.setdefault((entry.origin, entry.index), (proven, entry))[1].raw != entry.raw:
            raise Unverified("two-entries-one-place", field="entries", value=entry.index, log=entry.origin)
    check_order(entry for _, entry in places.values())
    for leaf in evidence.disclosures.keys() - {entry.leaf for entry in entries}:
        raise Unverified("disclosure-of-nothing", field="disclosures", value=b64(leaf))
    return _Logs(heads, facts, {place: _open(evidence, *found) for place, found in places.items()})


def _told_keys(evidence: Evidence, rows: Iterable[tuple[Proven, Entry]], origin: str, known: Known | None) -> Keys:
    """Of a log that the policy does not name, the keys are a member's as its registry tells them, and as the log has
    replaced them since, which its registry has not confirmed yet; or the log's own word.
    """
    own = [entry for _, entry in rows if entry.origin == origin]
    first = next((entry for entry in own if (entry.index, entry.type) == (0, "log_opened")), None)
    if first is None:
        raise Unverified("entry-zero-missing", field="entries", value=origin)
    opened = open_event(first, evidence.disclosures.get(first.leaf, ()))
    keys = Keys.opened(opened) if known is None else keys_of_log(known, origin, opened, first.leaf)
    return _own_keys(evidence, keys, own)


def _recovered(evidence: Evidence, rows: Iterable[tuple[Proven, Entry]], policy: Policy) -> list[str]:
    """Logs named by the policy whose keys recovery keys replace here, where the reader has not heard that before."""
    found = set()
    for _, entry in rows:
        if entry.type == "rekeyed" and entry.origin in policy.logs.keys() - policy.log_at.keys():
            with suppress(LodetraceError):  # what does not hold in it, step 6 says
                event = open_event(entry, evidence.disclosures.get(entry.leaf, ()))
                if replaces_own_keys(event) and event.scalar("keys").get("recovery"):
                    found.add(entry.origin)
    return sorted(found)


def _recovered_keys(
    evidence: Evidence, rows: Sequence[tuple[Proven, Entry]], origin: str, policy: Policy
) -> Keys | None:
    """The keys of a log which recovery keys have replaced, those that its entry 0 commits to, if all of its checkpoints
    here are shown to be of one history with one that the key of the policy signs. None where no recovery keys are used.
    """
    keys = _told_keys(evidence, rows, origin, None)
    if not keys.recovered:
        return None
    points = {claimed(note).size: note for note in evidence.checkpoints if claimed_origin(note) == origin}
    signed = set()
    for note in points.values():
        with suppress(LodetraceError):
            signed.add(open_checkpoint(note, policy.logs[origin][0], origin).size)
    joined = {size for one in evidence.consistency if one.log == origin for size in _other_end(one, signed)}
    if apart := sorted(points.keys() - signed - joined):
        raise Unverified("recovery-unproven", field="checkpoints", value=apart[0], log=origin)
    return keys


def _other_end(proof: Consistency, sizes: Collection[int]) -> Iterable[int]:
    """What a proof joins with one of `sizes`; step 4 checks that it holds."""
    if proof.old in sizes:
        yield proof.new
    if proof.new in sizes:
        yield proof.old


def _own_keys(evidence: Evidence, keys: Keys, entries: Iterable[Entry]) -> Keys:
    """What a log's `rekeyed` entries in this file make of the keys known before them."""
    last = keys.lists[-1][0]
    later = {entry.index: entry for entry in entries if entry.type == "rekeyed" and entry.index >= last}
    for _, entry in sorted(later.items()):
        keys = keys.after(entry.index, open_event(entry, evidence.disclosures.get(entry.leaf, ())))
    return keys


def _open_checkpoint(
    note: bytes, point: Checkpoint, keys: Keys | None, policy: Policy | None, known: Mapping[str, Known]
) -> Trusted:
    """Step 3. Under a policy its witness quorum counts too; without one, the log's own signature is all there is."""
    if keys is None:
        assert policy is not None, "without a policy, keys are told by the logs"
        return policy.open_checkpoint(note)
    log = keys.log_at(point.size)
    if policy is None:
        return Trusted(open_checkpoint(note, log, point.origin), log, ())
    if point.origin not in policy.logs:
        for word in known[name_of(point.origin)].words:
            if any(one.origin == point.origin for one in word.member.logs):
                _check_end(point, log, word.member)
    return policy.open_checkpoint(note, log)


def _check_end(point: Checkpoint, log: Verifier, member: Member) -> None:
    """By what one registry says of the log's organisation: the key is not revoked, and the log has not ended before."""
    if member.revoked_at(point.origin, point.size - 1, log.public, "log") is not None:
        raise Unverified("key-revoked", field="checkpoints", value=point.size, log=point.origin, key=log.name)
    ended = member.end_of(point.origin)
    # Whoever stole the keys that were made in advance too can replace the revoked one; the log has ended all the same.
    if ended is not None and point.size > ended.at[1]:
        raise Unverified("log-ended", field="checkpoints", value=point.size, log=point.origin, size=ended.at[1])
    if ended is not None and point.size == ended.at[1] and point.root != ended.root:
        raise Unverified("fork", field="checkpoints", value=point.size, log=point.origin)


def _check_consistency(
    evidence: Evidence, heads: Mapping[int, Checkpoint], origins: Collection[str]
) -> dict[str, bool]:
    """Step 4. One root for one size; proofs between sizes where given. Answers, by log, whether all sizes are shown."""
    roots: dict[tuple[str, int], bytes] = {}
    sizes: dict[str, set[int]] = {}
    for checkpoint in heads.values():
        known = roots.setdefault((checkpoint.origin, checkpoint.size), checkpoint.root)
        if known != checkpoint.root:
            raise Unverified("fork", field="checkpoints", value=checkpoint.size, log=checkpoint.origin)
        sizes.setdefault(checkpoint.origin, set()).add(checkpoint.size)
    elsewhere = {claimed_origin(note) for note in evidence.checkpoints} - set(origins)
    joined: dict[str, set[tuple[int, int]]] = {}
    for proof in evidence.consistency:
        if proof.log in elsewhere:
            continue
        try:
            old, new = roots[proof.log, proof.old], roots[proof.log, proof.new]
        except KeyError as error:
            raise Unverified("consistency-of-unknown", field="consistency", value=proof.log) from error
        check_consistency(proof.path, proof.old, proof.new, old, new)
        joined.setdefault(proof.log, set()).add((proof.old, proof.new))
    return {
        origin: all(pair in joined.get(origin, set()) for pair in zip(sorted(found), sorted(found)[1:], strict=False))
        for origin, found in sizes.items()
    }


def _open_logs(
    evidence: Evidence,
    rows: Sequence[tuple[Proven, Entry]],
    trusted: Mapping[int, Trusted],
    consistent: Mapping[str, bool],
    told: Mapping[str, Keys | None],
) -> dict[str, LogFacts]:
    """Entry 0 of each log, included under its checkpoint, and what replaced its keys since."""
    logs: dict[str, LogFacts] = {}
    for proven, entry in rows:
        if entry.index != 0 or entry.origin in logs:
            continue
        if entry.type != "log_opened":
            raise Unverified("entry-zero-missing", field="entries", value=entry.origin)
        _check_inclusion(proven, entry, trusted[proven.checkpoint].checkpoint if proven.checkpoint in trusted else None)
        event = open_event(entry, evidence.disclosures.get(entry.leaf, ()))
        own = (one for one in trusted.values() if one.checkpoint.origin == entry.origin)
        newest = max(own, key=lambda one: one.checkpoint.size)
        witnesses = tuple((key.name, time) for key, time in newest.cosigned)
        keys = told.get(entry.origin)
        if keys is None:
            keys = _own_keys(evidence, Keys.opened(event), (one for _, one in rows if one.origin == entry.origin))
        keys.of("author", 0)
        logs[entry.origin] = LogFacts(entry.origin, event, keys, newest.checkpoint, witnesses, consistent[entry.origin])
    for _, entry in rows:
        if entry.origin not in logs:
            raise Unverified("entry-zero-missing", field="entries", value=entry.origin)
    return logs


def _check_inclusion(proven: Proven, entry: Entry, checkpoint: Checkpoint | None) -> None:
    if checkpoint is None or checkpoint.origin != entry.origin:
        raise Unverified("entry-elsewhere", field="entries", value=f"{entry.origin} {entry.index}")
    try:
        check_inclusion(proven.path, entry.index, checkpoint.size, leaf_hash(proven.note), checkpoint.root)
    except LodetraceError as error:
        raise Unverified("entry-not-included", field="entries", value=entry.index, log=entry.origin) from error


def _check_entry(proven: Proven, entry: Entry, checkpoint: Checkpoint | None, logs: Mapping[str, LogFacts]) -> None:
    """Step 5."""
    _check_inclusion(proven, entry, checkpoint)
    try:
        check_authors(entry, logs[entry.origin].keys.signers_at(entry.index))
    except Unverified as error:
        raise Unverified("entry-signature-bad", field="entries", value=entry.index, log=entry.origin) from error


def _open(evidence: Evidence, proven: Proven, entry: Entry) -> Checked:
    """Step 6."""
    texts = evidence.disclosures.get(entry.leaf, ())
    event = open_event(entry, texts) if entry.type in EVENT_TYPES else None
    if event is None:
        open_slots(entry.sd, texts)  # a type of a later version: what it discloses holds, but nobody here can read it
    else:
        check_vectors(event)
    return Checked(entry, event, proven, texts)
