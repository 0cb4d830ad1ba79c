"""Entries: an event sealed into a log, chained to the one before (docs/formats.md, "Entry").

    commit      an event's values → commitments (`sd`), disclosures, and the ids that the event creates
    entry_text  the text that is signed: origin, index, hash of the previous text, time, event
    parse_entry bytes → Entry, form only;  open_entry also checks the authors' signatures
    open_event  an entry and disclosures of it → Event, as far as they open it

Promises: a parsed entry prints to the same bytes; an opened event holds only values that the entry commits to, in their
own places. Does not check: that the entry is in a tree (proofs), that the index follows (audit), kilograms (custody).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from hashlib import sha256
from re import compile as pattern
from typing import Any

from ledger.errors import Malformed, Unverified
from ledger.log.canonical import b64, b64url, check_json, dump, parse_json, unb64
from ledger.log.disclosures import commit_list, digest, disclose_made, open_slots, padded
from ledger.log.merkle import leaf_hash
from ledger.log.notes import Note, Verifier, parse_note
from ledger.matter.event_types import EVENT_TYPES, LIST_MAX, OPTIONAL, Slot
from ledger.matter.events import Event, is_origin

FIRST_LINE = "lodetrace entry v1"
ENTRY_MAX = 16 * 1024
NOTHING_BEFORE = sha256(b"").digest()
"""What entry 0 is chained to: the hash of the empty text."""

Entropy = Callable[[int], bytes]
_TIME = pattern(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]\.[0-9]{3}Z")
_DIGEST = pattern(r"[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]")
_NUMBER = pattern(r"0|[1-9][0-9]{0,15}")
_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_PAIRS = [first + second for first in _CROCKFORD for second in _CROCKFORD]
_SHIFTS = range(120, -1, -10)
_TO_BASE32 = str.maketrans(_CROCKFORD, "0123456789ABCDEFGHIJKLMNOPQRSTUV")  # the digits that int() reads
_ID = pattern(r"[0-7][0-9A-HJKMNP-TV-Z]{25}")
_SLOTS = {type_: frozenset(slot.name for slot in table) for type_, table in EVENT_TYPES.items()}
_is_origin = lru_cache(64)(is_origin)  # that of one entry is mostly that of the next, and so is its time


@dataclass(frozen=True, slots=True)
class Commitment:
    """What `commit` makes of an event: `sd` for the entry, `disclosures` in slot order, padding included, and `ids`."""

    sd: Mapping[str, Any]
    disclosures: tuple[str, ...]
    ids: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Entry:
    """A parsed entry. `raw` is what was signed and is hashed, stored and served; nothing is ever printed again."""

    raw: bytes = field(repr=False)
    text: str = field(repr=False)
    origin: str
    index: int
    previous: bytes
    recorded_at: str
    type: str
    sd: Mapping[str, Any] = field(repr=False)

    @property
    def leaf(self) -> bytes:
        """The leaf hash: 32 bytes."""
        return leaf_hash(self.raw)

    @property
    def text_hash(self) -> bytes:
        """What the next entry is chained to."""
        return sha256(self.text.encode()).digest()


# -- ids ----------------------------------------------------------------------------------------------------------


def id_text(data: bytes) -> str:
    """16 bytes as 26 characters of Crockford's base32, as one big-endian number."""
    number = int.from_bytes(data, "big")
    # Two characters at a time: ids are printed for every row of every trace.
    return "".join([_PAIRS[number >> shift & 1023] for shift in _SHIFTS])


def id_bytes(text: str) -> bytes:
    """Undo `id_text`; Malformed for any other spelling."""
    if not _ID.fullmatch(text):
        raise Malformed("malformed", field="id", value=text, why="it is not 26 characters of Crockford's base32")
    return int(text.translate(_TO_BASE32), 32).to_bytes(16, "big")


def new_id(origin: str, salt: str) -> str:
    """The id of what a disclosure with this salt creates: it certifies itself, tells nothing, cannot be squatted."""
    return id_text(sha256(f"lodetrace id v1\n{origin}\n{salt}".encode()).digest()[:16])


def split_id(id_: str, own: str) -> tuple[str, str]:
    """(origin, id of 26 characters) of an id as written in the log `own`."""
    origin, found, rest = id_.rpartition("#")
    return (origin, rest) if found else (own, id_)


def id_in(id_: str, written_in: str, own: str) -> str:
    """An id as written in the log `written_in`, as the log `own` writes it."""
    origin, bare = split_id(id_, written_in)
    return bare if origin == own else f"{origin}#{bare}"


# -- sealing ------------------------------------------------------------------------------------------------------


def commit(event_type: str, slots: Mapping[str, Any], origin: str, entropy: Entropy) -> Commitment:
    """Commits to every slot of the type, absent ones as null, list slots padded with committed nulls.

    `entropy(n)` answers n random bytes; a salt is never used twice nor derived from a value.
    """
    table = EVENT_TYPES[event_type]
    assert slots.keys() <= {slot.name for slot in table}, f"{event_type} has no slot for all of {sorted(slots)}"
    longest: dict[str, int] = {}
    for slot in table:
        if slot.items:
            group = slot.name.partition(".")[0]
            longest[group] = max(longest.get(group, 0), len(slots.get(slot.name) or ()))
    counts = [padded(longest[slot.name.partition(".")[0]]) if slot.items else 1 for slot in table]
    pool = entropy(16 * sum(counts))
    drawn = [b64url(pool[at : at + 16]) for at in range(0, len(pool), 16)]
    used = 0
    sd: dict[str, Any] = {}
    disclosures: list[str] = []
    ids: dict[str, Any] = {}
    for slot, count in zip(table, counts, strict=True):
        value = slots.get(slot.name)
        if not slot.items:
            salt = drawn[used]
            used += 1
            if value is not None:
                check_json(value, field=slot.name, inside=1)
                if slot.creates:
                    ids[slot.name] = new_id(origin, salt)
            text = disclose_made(salt, slot.name, value)
            disclosures.append(text)
            sd[slot.name] = b64url(digest(text))
            continue
        salts = drawn[used : used + count]
        used += count
        items = list(value or ())
        check_json(items, field=slot.name, inside=0)
        texts = [
            disclose_made(salt, f"{slot.name}/{position}", items[position] if position < len(items) else None)
            for position, salt in enumerate(salts)
        ]
        disclosures.extend(texts)
        sd[slot.name] = commit_list([digest(text) for text in texts]).to_json()
        if slot.creates:
            ids[slot.name] = tuple(new_id(origin, salt) for salt in salts[: len(items)])
    return Commitment(sd, tuple(disclosures), ids)


def entry_text(
    origin: str, index: int, previous: bytes, recorded_at: str, event_type: str, sd: Mapping[str, Any]
) -> str:
    """The text that the authors sign. `previous` is the hash of the text before, `recorded_at` is `…T00:15:30.123Z`."""
    event = dump({"sd": sd, "type": event_type, "v": 1}).decode()
    return f"{FIRST_LINE}\n{origin}\n{index}\n{b64(previous)}\n{recorded_at}\n{event}\n"


def parse_entry(raw: bytes) -> Entry:
    """An entry by its form alone. Whoever relies on what it says calls `open_entry`."""
    return _parse(_note(raw))


def open_entry(raw: bytes, authors: Sequence[Verifier]) -> Entry:
    """An entry signed by exactly `authors`, the keys in force at its index, in their published order."""
    note = _note(raw)
    entry = _parse(note)
    _check_authors(note, entry, authors)
    return entry


def check_authors(entry: Entry, authors: Sequence[Verifier]) -> None:
    """What `open_entry` checks of an entry that was parsed before."""
    _check_authors(parse_note(entry.raw), entry, authors)


def _check_authors(note: Note, entry: Entry, authors: Sequence[Verifier]) -> None:
    lines = [(line.name, line.key_id) for line in note.signatures]
    if lines != [(author.name, author.key_id) for author in authors]:
        raise Unverified("authors-differ", field="entry", value=entry.index, log=entry.origin)
    for author, line in zip(authors, note.signatures, strict=True):
        if not author.signed_by(note.text, line.signature):
            raise Unverified("signature-bad", field="signature line", value=line.name)


def _note(raw: bytes) -> Note:
    if len(raw) > ENTRY_MAX:
        raise Malformed("malformed", field="entry", value=len(raw), why=f"it is larger than {ENTRY_MAX} bytes")
    return parse_note(raw)


def _parse(note: Note) -> Entry:
    lines = note.text.split("\n")
    if len(lines) != 7 or lines[6] or lines[0] != FIRST_LINE:
        if lines[0] != FIRST_LINE and lines[0].startswith("lodetrace entry "):
            raise Malformed("entry-version-unknown", field="entry", value=lines[0])
        raise Malformed("malformed", field="entry", why=f"it is not six lines headed {FIRST_LINE!r}")
    _, origin, index, previous, recorded_at, event_line, _ = lines
    if not _is_origin(origin):
        raise Malformed("malformed", field="entry.origin", value=origin, why="it is not a log's name")
    if not _NUMBER.fullmatch(index):
        raise Malformed("malformed", field="entry.index", value=index, why="it is not a plain number")
    if not _is_time(recorded_at):
        raise Malformed(
            "malformed", field="entry.time", value=recorded_at, why="it is not a time in UTC with milliseconds"
        )
    event = parse_json(event_line.encode(), field="entry.event")
    if isinstance(event, dict) and (event.get("v") != 1 or event["v"] is True):
        raise Malformed("entry-version-unknown", field="entry", value=f"v {event.get('v')}")
    match event:
        case {"sd": dict(sd), "type": str(type_), "v": 1, **rest} if not rest:
            table = EVENT_TYPES.get(type_)
            if table is not None and not (sd.keys() == _SLOTS[type_] and _fits(sd, table)):
                raise Malformed(
                    "malformed", field="entry.event", value=type_, why="its slots are not those of its type"
                )
            before = unb64(previous, field="entry.previous", size=32)
            return Entry(note.raw, note.text, origin, int(index), before, recorded_at, type_, sd)
    raise Malformed("malformed", field="entry.event", why="it is not an object of sd, type and v")


@lru_cache(64)
def _is_time(text: str) -> bool:
    """A day that exists, to the millisecond: the pattern alone would let the 31st of February pass."""
    if not _TIME.fullmatch(text):
        return False
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _fits(sd: Mapping[str, Any], table: Sequence[Slot]) -> bool:
    """Each slot a digest or a list as it should be; lists of one group equally long."""
    lengths: dict[str, Any] = {}
    for slot in table:
        commitment = sd[slot.name]
        if not (_is_list(commitment) if slot.items else _is_digest(commitment)):
            return False
        if slot.items and lengths.setdefault(slot.name.partition(".")[0], commitment["n"]) != commitment["n"]:
            return False
    return True


def _is_digest(value: Any) -> bool:
    """32 bytes in the only spelling of base64url."""
    return isinstance(value, str) and _DIGEST.fullmatch(value) is not None


def _is_list(value: Any) -> bool:
    if not isinstance(value, dict) or value.keys() != {"n", "root"} or not _is_digest(value["root"]):
        return False
    n = value["n"]
    return type(n) is int and 0 < n <= LIST_MAX and n.bit_count() == 1


# -- opening ------------------------------------------------------------------------------------------------------


def open_event(entry: Entry, disclosures: Sequence[Any], *, whole: bool = False) -> Event:
    """What `disclosures` (texts, or `{"d", "path"}` for single items of a list) open of an entry.

    With `whole`, every slot must be opened. Values not opened are None; so are list items, each in its place.
    """
    table = EVENT_TYPES.get(entry.type)
    if table is None:
        raise Malformed("event-type-unknown", field="type", value=entry.type)
    opened = open_slots(entry.sd, disclosures)
    slots: dict[str, Any] = {}
    ids: dict[str, Any] = {}
    for slot in table:
        if not slot.items:
            found = opened.get(slot.name)
            if found is None and whole:
                raise Unverified("disclosure-missing", field=slot.name, value=entry.index, log=entry.origin)
            slots[slot.name] = None if found is None else _object(found.value, slot.name)
            if slot.creates and found is not None and found.value is not None:
                ids[slot.name] = new_id(entry.origin, found.salt)
            continue
        shown = [opened.get(f"{slot.name}/{position}") for position in range(entry.sd[slot.name]["n"])]
        if whole and None in shown:
            raise Unverified("disclosure-missing", field=slot.name, value=entry.index, log=entry.origin)
        # Only nulls that are shown to be nulls are padding; what is not disclosed may be an item.
        while shown and shown[-1] is not None and shown[-1].value is None:
            shown.pop()
        slots[slot.name] = [None if item is None else _object(item.value, slot.name) for item in shown]
        if slot.creates:
            ids[slot.name] = tuple(
                None if item is None or item.value is None else new_id(entry.origin, item.salt) for item in shown
            )
    nulls = frozenset(
        place for place, found in opened.items() if found.value is None and place.partition("/")[0] in OPTIONAL
    )
    return Event(entry.type, entry.origin, slots, ids, entry.recorded_at, nulls).check(whole=whole)


def _object(value: Any, slot: str) -> Mapping[str, Any] | None:
    if value is None or isinstance(value, dict):
        return value
    raise Malformed("field-wrong", field=slot, value=value, kind="object")
