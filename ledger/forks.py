"""Forks: the portable proof that a log signed two statements that cannot both be true (docs/formats.md, "Fork file").

    format_fork / parse_fork   the file `*.fork.json`, in the one JSON profile, within the limits below
    check_fork                 does it prove what it says, under the log's key? what returns is proven
    fork_of_checkpoints, fork_of_entries   the two kinds, made by whoever has met both statements

A fork of checkpoints shows that the tree of the second one has, at the size of the first, another root than the first
one states. A fork of entries shows two entries under the log's own checkpoints that exclude each other: two at one
place, or two that create the same shipment (ids are made from salts, so `disclosures` of both tell it). Where the log
replaced its key between the two checkpoints, `lineage` proves that both keys are its own.

Promises: what `check_fork` accepts, nobody could have made without the log's key: it accuses no honest log.
Does not check: witnesses. A log's signature is its word, whoever else has seen it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ledger.entries import Entry, open_entry, open_event, parse_entry
from ledger.errors import LodetraceError, Malformed, Unverified
from ledger.keys import Keys
from ledger.log.canonical import b64, format_json, parse_json, unb64
from ledger.log.checkpoints import MAX_CHECKPOINT, Checkpoint, claimed, open_checkpoint, parse_checkpoint
from ledger.log.merkle import check_consistency, check_inclusion
from ledger.log.notes import Verifier, parse_note
from ledger.log.trust import Policy

FORMAT = "lodetrace fork v1"
FORK_MAX = 1 << 20
"""Bytes: two checkpoints with all their cosignatures and two entries stay far below."""
_PATH_MAX = 64


@dataclass(frozen=True, slots=True)
class Shown:
    """An entry in a fork: its note, its place, its inclusion under the checkpoint of the same position."""

    note: bytes
    index: int
    path: tuple[bytes, ...]
    disclosures: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Lineage:
    """How a log came from one key to the next: entry 0, included by `path` under the checkpoint `under` (0 or 1), and
    the entries that replaced its keys, each as a note with what it discloses.
    """

    under: int
    path: tuple[bytes, ...]
    entries: tuple[tuple[bytes, tuple[str, ...]], ...]


@dataclass(frozen=True, slots=True)
class Fork:
    """Either `prefix` and `path` are set, or the two `entries`. Made by the functions below, or read from a file."""

    log: str
    key: Verifier  # the log's, as whoever made the file knows it
    checkpoints: tuple[bytes, bytes]
    prefix: bytes | None = None
    path: tuple[bytes, ...] = ()
    entries: tuple[Shown, Shown] | None = None
    lineage: Lineage | None = None


@dataclass(frozen=True, slots=True)
class Contradiction:
    """What a checked fork proves. `kind`: checkpoints, entries or shipments. `place`: the size, or the first index, at
    which the two contradict each other; `first` and `second` are the two roots or leaf hashes there. `sizes` are those
    of the two checkpoints. `trusted`: the reader's own policy names the key.
    """

    log: str
    kind: str
    place: int
    first: bytes
    second: bytes
    sizes: tuple[int, int]
    trusted: bool


# -- making -------------------------------------------------------------------------------------------------------


def fork_of_checkpoints(
    key: Verifier, first: bytes, second: bytes, prefix: bytes | None = None, path: Sequence[bytes] = ()
) -> Fork:
    """Of two checkpoint notes: `prefix` is the root that the second one's tree has at the size of the first, and `path`
    proves it; for equal sizes neither is needed.
    """
    opened = parse_checkpoint(parse_note(second, limit=MAX_CHECKPOINT).text)
    return Fork(opened.origin, key, (first, second), opened.root if prefix is None else prefix, tuple(path))


def fork_of_entries(key: Verifier, checkpoints: tuple[bytes, bytes], first: Shown, second: Shown) -> Fork:
    """Of two entries, each with its inclusion under the checkpoint of its position."""
    return Fork(key.name, key, checkpoints, entries=(first, second))


# -- the file -----------------------------------------------------------------------------------------------------


def format_fork(fork: Fork) -> bytes:
    value: dict[str, Any] = {
        "format": FORMAT,
        "log": fork.log,
        "key": fork.key.vkey,
        "checkpoints": [note.decode() for note in fork.checkpoints],
    }
    if fork.entries is None:
        assert fork.prefix is not None, "a fork of checkpoints says what the root should have been"
        value |= {"prefix": b64(fork.prefix), "path": [b64(node) for node in fork.path]}
    else:
        value["entries"] = [
            {
                "note": one.note.decode(),
                "index": one.index,
                "path": [b64(node) for node in one.path],
                "disclosures": list(one.disclosures),
            }
            for one in fork.entries
        ]
    if fork.lineage is not None:
        value["lineage"] = {
            "under": fork.lineage.under,
            "path": [b64(node) for node in fork.lineage.path],
            "entries": [{"note": note.decode(), "disclosures": list(opens)} for note, opens in fork.lineage.entries],
        }
    return format_json(value)


def is_fork(data: bytes) -> bool:
    """Does the file say that it is one? Nothing is checked."""
    return len(data) <= FORK_MAX and f'"format":"{FORMAT}"'.encode() in data


def parse_fork(data: bytes) -> Fork:
    """Undo `format_fork`, WITHOUT checking. Malformed for anything else."""
    if len(data) > FORK_MAX:
        raise Malformed("malformed", field="fork", why=f"it is larger than {FORK_MAX} bytes")
    match parse_json(data, field="fork"):
        case {
            "format": "lodetrace fork v1",
            "log": str(log),
            "key": str(vkey),
            "checkpoints": [str(first), str(second)],
            **rest,
        }:
            notes = first.encode(), second.encode()
            key = Verifier.parse(vkey)
        case _:
            raise _wrong("it is not an object of format, log, key and two checkpoints")
    lineage = _lineage(rest.pop("lineage")) if "lineage" in rest else None
    match rest:
        case {"prefix": str(prefix), "path": list(path), **more} if not more:
            root = unb64(prefix, field="fork.prefix", size=32)
            return Fork(log, key, notes, root, _path(path), lineage=lineage)
        case {"entries": [one, other], **more} if not more:
            return Fork(log, key, notes, entries=(_shown(one), _shown(other)), lineage=lineage)
    raise _wrong("it has neither prefix and path nor two entries")


def _shown(value: Any) -> Shown:
    match value:
        case {"note": str(note), "index": int(index), "path": list(path), "disclosures": list(texts), **more} if (
            not more and index >= 0 and len(texts) <= 1 and all(isinstance(text, str) for text in texts)
        ):
            return Shown(note.encode(), index, _path(path), tuple(texts))
    raise _wrong("an entry in it is not note, index, path and at most one disclosure")


def _lineage(value: Any) -> Lineage:
    match value:
        case {"under": 0 | 1 as under, "path": list(path), "entries": [_, _, *_] as rows, **more} if (
            not more and under is not False and under is not True
        ):
            return Lineage(under, _path(path), tuple(_opened(row) for row in rows))
    raise _wrong("its lineage is not under, path and two entries or more")


def _opened(value: Any) -> tuple[bytes, tuple[str, ...]]:
    match value:
        case {"note": str(note), "disclosures": list(texts), **more} if not more and all(
            isinstance(text, str) for text in texts
        ):
            return note.encode(), tuple(texts)
    raise _wrong("an entry of its lineage is not note and disclosures")


def _path(values: list[Any]) -> tuple[bytes, ...]:
    if len(values) > _PATH_MAX or not all(isinstance(value, str) for value in values):
        raise _wrong(f"a path in it is not a list of at most {_PATH_MAX} hashes")
    return tuple([unb64(value, field="fork.path", size=32) for value in values])


def _wrong(why: str) -> Malformed:
    return Malformed("malformed", field="fork", why=why)


# -- checking -----------------------------------------------------------------------------------------------------


def check_fork(fork: Fork, policy: Policy | None = None) -> Contradiction:
    """What `fork` proves: Unverified if it proves nothing. The key is the policy's, which may know which one counts at
    which size; if it does not name the log, the file's own, and the answer is not `trusted`. A lineage leads from that
    key to the other one.
    """
    named = policy is not None and fork.log in policy.logs
    if not named and fork.key.name != fork.log:
        raise Unverified("origin-differs", field="fork.key", value=fork.key.name, expected=fork.log)

    def key_at(size: int) -> Verifier:
        return policy.log_key(fork.log, size) if policy is not None and named else fork.key

    log_at = key_at if fork.lineage is None else _keys(fork, fork.lineage, key_at).log_at
    first, second = (open_checkpoint(note, log_at(claimed(note).size), fork.log) for note in fork.checkpoints)
    sizes = first.size, second.size
    if fork.entries is None:
        root = _other_root(fork, first, second)
        return Contradiction(fork.log, "checkpoints", first.size, first.root, root, sizes, named)
    pairs = zip(fork.entries, (first, second), strict=True)
    one, other = (_included(shown, checkpoint) for shown, checkpoint in pairs)
    kind = _excluding(fork.log, (one, other), fork.entries)
    place = min(one.index, other.index) if kind == "shipments" else one.index
    return Contradiction(fork.log, kind, place, one.leaf, other.leaf, sizes, named)


def _keys(fork: Fork, lineage: Lineage, key_at: Callable[[int], Verifier]) -> Keys:
    """The log's keys by position, from the checkpoint that the reader's key signs: under it stands entry 0, which
    publishes the first ones and commits to the next. Nobody without these keys can make any of it.
    """
    note = fork.checkpoints[lineage.under]
    head = open_checkpoint(note, key_at(claimed(note).size), fork.log)
    (first, opens), *later = lineage.entries
    entry = _included(Shown(first, 0, lineage.path), head)
    keys = Keys.opened(open_event(entry, opens))
    open_entry(first, keys.signers_at(0))
    for raw, opens in later:
        entry = parse_entry(raw)
        after = keys.after(entry.index, open_event(entry, opens))
        if entry.origin != fork.log or after is keys:
            raise _unproven(fork.log, "an entry of its lineage replaces no keys of the log")
        keys = after
        open_entry(raw, keys.signers_at(entry.index))
    return keys


def _other_root(fork: Fork, first: Checkpoint, second: Checkpoint) -> bytes:
    assert fork.prefix is not None, "parse_fork and the makers set it"
    if fork.prefix == first.root or first.size > second.size:
        raise _unproven(fork.log, "the two checkpoints agree, or stand in the wrong order")
    try:
        check_consistency(fork.path, first.size, second.size, fork.prefix, second.root)
    except Unverified as error:
        raise _unproven(fork.log, "its path does not lead to the second checkpoint") from error
    return fork.prefix


def _included(shown: Shown, checkpoint: Checkpoint) -> Entry:
    entry = parse_entry(shown.note)
    if (entry.origin, entry.index) != (checkpoint.origin, shown.index):
        raise _unproven(checkpoint.origin, "an entry in it is of another log or place")
    check_inclusion(shown.path, shown.index, checkpoint.size, entry.leaf, checkpoint.root)
    return entry


def _excluding(log: str, entries: tuple[Entry, Entry], shown: tuple[Shown, Shown]) -> str:
    one, other = entries
    if one.leaf == other.leaf:
        raise _unproven(log, "the two entries are one")
    if one.index == other.index:
        return "entries"
    try:
        ids = [
            open_event(entry, part.disclosures).ids.get("shipment") for entry, part in zip(entries, shown, strict=True)
        ]
    except LodetraceError as error:
        raise _unproven(log, "a disclosure in it is not of its entry") from error
    if ids[0] is None or ids[0] != ids[1]:
        raise _unproven(log, "two entries at different places, of different shipments, exclude nothing")
    return "shipments"


def _unproven(log: str, why: str) -> Unverified:
    return Unverified("fork-unproven", field="fork", value=log, why=why)
