"""Keys of last resort: entry 0 may name n recovery keys, of which m together replace keys that are lost or stolen.

    recovery_of     what a `log_opened` commits to: m, and the keys, whose holders keep them apart and offline
    statement       the text that they sign: from which index on the log has which keys
    combined        the note of several holders, each of whom signed the same text in a note of its own
    check_recovery  exactly committed keys signed it, at least m of them, each once

The statement is a signed note with the lines `lodetrace recovery v1`, the log's origin, the index of the `rekeyed`
that carries it, and base64 of the SHA-256 of the new list of keys as JSON. No key that was in force before is needed.
Promises: a line of a key that is not committed to, or of one that stands there twice, is refused by name.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from ledger.errors import Malformed, Unverified
from ledger.log.canonical import b64, dump, unb64
from ledger.log.notes import Verifier, format_note, open_note, parse_note
from ledger.matter.events import Event

FIRST_LINE = "lodetrace recovery v1"
KEYS_MAX = 20


@dataclass(frozen=True, slots=True)
class Recovery:
    """`m` of `keys`, each of the name NAME/recovery."""

    m: int
    keys: tuple[Verifier, ...]


def recovery_of(opened: Event) -> Recovery | None:
    """None for a log that has none. Malformed unless 1 ≤ m ≤ n ≤ 20, and no key stands twice."""
    told = opened.scalar("log").get("recovery")
    return None if told is None else parse_recovery(told, opened.name)


def parse_recovery(told: Mapping[str, Any], name: str) -> Recovery:
    m, listed = told.get("m"), told.get("keys")
    if not isinstance(listed, list) or not 0 < len(listed) == len(set(map(str, listed))) <= KEYS_MAX:
        raise Malformed("field-wrong", field="log.recovery.keys", value=listed, kind=f"1 to {KEYS_MAX} different keys")
    if type(m) is not int or not 1 <= m <= len(listed):
        raise Malformed("field-wrong", field="log.recovery.m", value=m, kind=f"a number from 1 to {len(listed)}")
    keys = (unb64(str(key), field="log.recovery.keys", size=32) for key in listed)
    return Recovery(m, tuple(Verifier.from_public(f"{name}/recovery", key) for key in keys))


def statement(origin: str, index: int, published: Iterable[Mapping[str, Any]]) -> str:
    digest = sha256(dump([dict(key) for key in published])).digest()
    return f"{FIRST_LINE}\n{origin}\n{index}\n{b64(digest)}\n"


def combined(notes: Sequence[bytes]) -> bytes:
    """Unverified if they are not of one text."""
    parsed = [parse_note(note) for note in notes]
    for one in parsed:
        if one.text != parsed[0].text:
            raise Unverified("recovery-of-other", field="recovery", value=one.text.strip())
    return format_note(parsed[0].text, [line for one in parsed for line in one.signatures])


def check_recovery(
    recovery: Recovery | None, note: bytes, origin: str, index: int, published: Iterable[Mapping[str, Any]]
) -> None:
    """Unverified with the name of what is wrong."""
    if recovery is None:
        raise Unverified("recovery-not-committed", field="recovery", value=origin)
    parsed = parse_note(note)
    if parsed.text != statement(origin, index, published):
        raise Unverified("recovery-of-other", field="recovery", value=index)
    places = [line.place for line in parsed.signatures]
    known = {(key.name, key.key_id) for key in recovery.keys}
    for name, key_id in places:
        if (name, key_id) not in known:
            raise Unverified("recovery-key-unknown", field="recovery", value=f"{name}+{key_id.hex()}")
        if places.count((name, key_id)) > 1:
            raise Unverified("recovery-key-twice", field="recovery", value=f"{name}+{key_id.hex()}")
    signed = open_note(parsed, recovery.keys).verified
    if len(signed) < recovery.m:
        raise Unverified("recovery-too-few", field="recovery", value=len(signed), m=recovery.m, n=len(recovery.keys))
