"""Evidence: the portable proof of where goods come from (docs/formats.md, "Evidence file").

    format_evidence / parse_evidence   the file, in the one JSON profile, within the limits below
    verify                             the numbered procedure; what it returns was checked, entry by entry

Promises: `verify` answers only with entries that are in their logs under checkpoints that the trust policy accepts,
signed by keys proven from entry 0, with disclosures that those entries commit to. The first thing that does not hold is
raised with its name; what is merely not there is listed (verdict.py words it).
Does not check: whether what an organisation says about the world is true. That stays claimed, or attested.

Over 400 lines because the file and the steps that are taken on it stand together, as they do in the document.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from re import compile as pattern
from typing import Any

from ledger.entries import Entry, check_authors, open_event, parse_entry
from ledger.errors import LodetraceError, Malformed, Unverified
from ledger.links import Attestation, attestations, check_links, check_order, check_refs, check_subject
from ledger.log.canonical import b64, format_json, parse_json, unb64
from ledger.log.checkpoints import Checkpoint, claimed_origin, open_checkpoint
from ledger.log.disclosures import open_slots
from ledger.log.merkle import check_consistency, check_inclusion, leaf_hash
from ledger.log.notes import Verifier
from ledger.log.trust import Policy
from ledger.matter.event_types import EVENT_TYPES
from ledger.matter.events import KINDS, Event, is_id, is_origin
from ledger.origins import check_origins, check_vectors

FORMAT = "lodetrace evidence v1"
_SUBJECTS = ({"batch"}, {"batch", "unit"}, {"shipment"}, {"log"})
_SUBJECT_KINDS: Mapping[str, Callable[[Any], bool]] = {
    **dict.fromkeys(("batch", "unit", "shipment"), lambda text: is_id(text) and "#" in text),
    "serial": KINDS["text"],
    "net_mg": lambda text: isinstance(text, str) and pattern(r"0|[1-9][0-9]{0,15}").fullmatch(text) is not None,
    "log": is_origin,
}

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
    standing: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class Checked:
    """A verified entry: it is in its log, its authors signed it, `event` holds what is disclosed of it."""

    entry: Entry
    event: Event | None
    proven: Proven
    disclosures: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class LogFacts:
    """What is known of a log that the evidence names: its keys from entry 0, its newest verified checkpoint."""

    origin: str
    opened: Event
    authors: tuple[Verifier, ...]
    newest: Checkpoint
    witnesses: tuple[tuple[str, int], ...]
    consistent: bool


@dataclass(frozen=True, slots=True)
class Result:
    """What `verify` found. `vouched`: under a trust policy. `missing`: refs and sources that are not in the file.
    `attested`: what authorities and auditors vouch for; nothing without a policy.

    `subject` is what entries say of it; what only the file says is in `evidence.subject`, and is believed by nobody.
    """

    evidence: Evidence
    subject: Mapping[str, str]
    entries: Mapping[tuple[str, int], Checked]
    logs: Mapping[str, LogFacts]
    vouched: bool
    heads: tuple[Checkpoint, ...]
    missing: tuple[str, ...] = field(default=())
    attested: tuple[Attestation, ...] = field(default=())

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
        "standing": list(evidence.standing),
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
            standing=tuple(value["standing"]),
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


# -- the procedure ------------------------------------------------------------------------------------------------


def verify(evidence: Evidence, policy: Policy | None) -> Result:
    """The checks in their order. Without a policy each log is taken at its own word: self-consistent, no more.

    1  trust: every log must be named by the policy (its key), or the evidence is of strangers
    2  registry and standing: none yet; logs are named directly in the policy
    3  each checkpoint: signature of its log, witness quorum of the policy
    4  consistency between the checkpoints of one log, where shown
    5  each entry: inclusion, signature by the keys valid at its index, origin and index as stated; their order
    6  each disclosure: path and digest, and the form of what it says
    7  each ref: the entry it names is the one it means
    8  custody: sources present, both sides of each handover and shared adjustment agree, no origin comes from nowhere;
       all over what is disclosed
    9  the subject: an entry here makes it, and says of it what the file says
    """
    entries = _parse_entries(evidence)
    keys = _log_keys(evidence, entries, policy)
    opened = _check_checkpoints(evidence, keys, policy)
    consistent = _check_consistency(evidence, opened)
    logs = _open_logs(evidence, entries, opened, consistent, policy)
    places: dict[tuple[str, int], tuple[Proven, Entry]] = {}
    for proven, entry in zip(evidence.entries, entries, strict=True):
        _check_entry(proven, entry, opened[proven.checkpoint], logs)
        if places.setdefault((entry.origin, entry.index), (proven, entry))[1].raw != entry.raw:
            raise Unverified("two-entries-one-place", field="entries", value=entry.index, log=entry.origin)
    check_order(entry for _, entry in places.values())
    leaves = {place: entry.leaf for place, (_, entry) in places.items()}
    for leaf in evidence.disclosures.keys() - set(leaves.values()):
        raise Unverified("disclosure-of-nothing", field="disclosures", value=b64(leaf))
    checked = {place: _open(evidence, *found) for place, found in places.items()}
    events = {place: one.event for place, one in checked.items()}
    roots = {(point.origin, point.size): point.root for point in opened}
    missing = check_refs(events, leaves, roots) + check_links(events, leaves)
    known = [event for _, event in sorted(events.items(), key=lambda item: item[0]) if event is not None]
    check_origins(known)
    said, absent = check_subject(evidence.subject, known)
    missing += absent
    openings = {origin: facts.opened for origin, facts in logs.items()}
    return Result(
        evidence,
        said,
        checked,
        logs,
        policy is not None,
        tuple(opened),
        tuple(dict.fromkeys(missing)),
        attestations(events, openings, roots) if policy is not None else (),
    )


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


def _log_keys(evidence: Evidence, entries: Sequence[Entry], policy: Policy | None) -> dict[str, Verifier]:
    """Step 1. The key of each log: from the policy; without one, from the log's own entry 0 (nobody vouches)."""
    keys: dict[str, Verifier] = {}
    for origin in {claimed_origin(note) for note in evidence.checkpoints} | {entry.origin for entry in entries}:
        if policy is not None:
            named = policy.logs.get(origin)
            if named is None:
                raise Unverified("log-not-trusted", field="policy", value=origin)
            keys[origin] = named[0]
            continue
        here = (entry for entry in entries if (entry.origin, entry.index, entry.type) == (origin, 0, "log_opened"))
        first = next(here, None)
        if first is None:
            raise Unverified("entry-zero-missing", field="entries", value=origin)
        event = open_event(first, evidence.disclosures.get(first.leaf, ()))
        keys[origin] = keys_of(event, "log")[0]
    return keys


def keys_of(opened: Event, use: str) -> tuple[Verifier, ...]:
    """The Ed25519 keys that a `log_opened` publishes for a use, in their order. Others are carried and passed over."""
    if opened.scalar("log").get("name", opened.name) != opened.name:
        raise Unverified("entry-elsewhere", field="log.name", value=opened.scalar("log")["name"])
    name = opened.origin if use == "log" else f"{opened.name}/{use}"
    found = [
        Verifier.from_public(name, unb64(str(key.get("key")), field="keys", size=32))
        for key in opened.scalar("keys").get("list", ())
        if (key["use"], key["alg"]) == (use, "ed25519")
    ]
    if not found:
        raise Unverified("key-not-published", field="keys", value=use, log=opened.origin)
    return tuple(found)


def _check_checkpoints(evidence: Evidence, keys: Mapping[str, Verifier], policy: Policy | None) -> list[Checkpoint]:
    """Step 3. Under a policy its witness quorum counts too; without one, the log's own signature is all there is."""
    opened = []
    for note in evidence.checkpoints:
        origin = claimed_origin(note)
        if policy is None:
            opened.append(open_checkpoint(note, keys[origin], origin))
        else:
            opened.append(policy.open_checkpoint(note).checkpoint)
    return opened


def _check_consistency(evidence: Evidence, opened: Sequence[Checkpoint]) -> dict[str, bool]:
    """Step 4. One root for one size; proofs between sizes where given. Answers, by log, whether all sizes are shown."""
    roots: dict[tuple[str, int], bytes] = {}
    sizes: dict[str, set[int]] = {}
    for checkpoint in opened:
        known = roots.setdefault((checkpoint.origin, checkpoint.size), checkpoint.root)
        if known != checkpoint.root:
            raise Unverified("fork", field="checkpoints", value=checkpoint.size, log=checkpoint.origin)
        sizes.setdefault(checkpoint.origin, set()).add(checkpoint.size)
    joined: dict[str, set[tuple[int, int]]] = {}
    for proof in evidence.consistency:
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
    entries: Sequence[Entry],
    opened: Sequence[Checkpoint],
    consistent: Mapping[str, bool],
    policy: Policy | None,
) -> dict[str, LogFacts]:
    """Entry 0 of each log, included under its checkpoint, gives the author keys that sign all its entries."""
    logs: dict[str, LogFacts] = {}
    for proven, entry in zip(evidence.entries, entries, strict=True):
        if entry.index != 0 or entry.origin in logs:
            continue
        if entry.type != "log_opened":
            raise Unverified("entry-zero-missing", field="entries", value=entry.origin)
        _check_inclusion(proven, entry, opened[proven.checkpoint])
        event = open_event(entry, evidence.disclosures.get(entry.leaf, ()))
        newest = max((point for point in opened if point.origin == entry.origin), key=lambda point: point.size)
        note = evidence.checkpoints[opened.index(newest)]
        cosigned = policy.open_checkpoint(note).cosigned if policy is not None else ()
        witnesses = tuple((key.name, time) for key, time in cosigned)
        facts = LogFacts(entry.origin, event, keys_of(event, "author"), newest, witnesses, consistent[entry.origin])
        logs[entry.origin] = facts
    for entry in entries:
        if entry.origin not in logs:
            raise Unverified("entry-zero-missing", field="entries", value=entry.origin)
    return logs


def _check_inclusion(proven: Proven, entry: Entry, checkpoint: Checkpoint) -> None:
    if checkpoint.origin != entry.origin:
        raise Unverified("entry-elsewhere", field="entries", value=f"{entry.origin} {entry.index}")
    try:
        check_inclusion(proven.path, entry.index, checkpoint.size, leaf_hash(proven.note), checkpoint.root)
    except LodetraceError as error:
        raise Unverified("entry-not-included", field="entries", value=entry.index, log=entry.origin) from error


def _check_entry(proven: Proven, entry: Entry, checkpoint: Checkpoint, logs: Mapping[str, LogFacts]) -> None:
    """Step 5."""
    _check_inclusion(proven, entry, checkpoint)
    try:
        check_authors(entry, logs[entry.origin].authors)
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
