"""Requests for admission: what a newcomer asks a registry to say of it, signed by the author key it will write with.

A request file is JSON in the one profile: `format`, the signed `note`, and entry 0 of the newcomer's log with all its
disclosures, which are public. The note's text is

    lodetrace request v1
    longnan.example/log
    2026-11-22T00:15:30.123Z
    {"member":{…},"reach":{…},"sites":[…]}

Promises: an opened request was signed by an author key that the newcomer's own entry 0 publishes, and that entry is
signed by the same keys. Does not check: that whoever asks is who they say they are. Whoever admits does, by the key's
fingerprint, over a way that they trust.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ledger.entries import check_authors, open_event, parse_entry
from ledger.errors import Malformed, Unverified
from ledger.keys import Keys
from ledger.log.canonical import b64, dump, format_json, parse_json
from ledger.log.notes import Signer, Verifier, open_note, parse_note, sign_note

FORMAT = "lodetrace request v1"
REQUEST_MAX = 1 << 16


@dataclass(frozen=True, slots=True)
class Request:
    """Opened. `keys`, `origin` and `leaf` are those of the newcomer's entry 0; the rest is what it says of itself.

    `predecessor` is the final checkpoint of the log that this one succeeds, a note, not verified; None for a newcomer.
    """

    name: str
    origin: str
    leaf: bytes
    keys: tuple[Mapping[str, Any], ...]
    author: Verifier
    asked_at: str
    member: Mapping[str, Any]
    sites: tuple[Mapping[str, Any], ...]
    reach: Mapping[str, Any]
    predecessor: bytes | None = None

    def fields(self) -> dict[str, Any]:
        """As JSON values, for whoever admits."""
        return {
            "name": self.name,
            "origin": self.origin,
            "leaf": b64(self.leaf),
            "keys": [dict(key) for key in self.keys],
            "member": dict(self.member),
            "sites": [dict(site) for site in self.sites],
            "reach": dict(self.reach),
        }


def make_request(
    entry: bytes,
    disclosures: Sequence[str],
    asked_at: str,
    member: Mapping[str, Any],
    sites: Sequence[Mapping[str, Any]],
    reach: Mapping[str, Any],
    author: Signer,
) -> bytes:
    """The file. `entry` is the note of entry 0, `asked_at` a time as entries have it."""
    said = dump({"member": dict(member), "reach": dict(reach), "sites": [dict(site) for site in sites]}).decode()
    note = sign_note(f"{FORMAT}\n{parse_entry(entry).origin}\n{asked_at}\n{said}\n", [author])
    return format_json(
        {"format": FORMAT, "note": note.decode(), "entry": entry.decode(), "disclosures": list(disclosures)},
        field="request",
    )


def open_request(data: bytes) -> Request:
    """Malformed or Unverified for anything that `make_request` would not have made."""
    if len(data) > REQUEST_MAX:
        raise Malformed("malformed", field="request", value=len(data), why=f"it is larger than {REQUEST_MAX} bytes")
    match parse_json(data, field="request"):
        case {
            "format": "lodetrace request v1",
            "note": str(note),
            "entry": str(raw),
            "disclosures": list(disclosures),
            **more,
        } if not more:
            pass
        case _:
            raise Malformed("malformed", field="request", why=f"it is not a {FORMAT}")
    entry = parse_entry(raw.encode())
    if (entry.index, entry.type) != (0, "log_opened"):
        raise Unverified("entry-zero-missing", field="request.entry", value=entry.origin)
    opened = open_event(entry, disclosures, whole=True)
    keys = Keys.opened(opened)
    authors = keys.of("author", 0)
    check_authors(entry, authors)
    lines = open_note(parse_note(note.encode()), authors).text.split("\n")
    if len(lines) != 5 or lines[:2] != [FORMAT, entry.origin]:
        raise Unverified(
            "request-of-other", field="request.note", value=lines[1] if lines[1:] else "", log=entry.origin
        )
    said: Any = parse_json(lines[3].encode(), field="request.note")
    match said:
        case {"member": dict(member), "reach": dict(reach), "sites": list(sites), **more} if not more:
            name = entry.origin.rpartition("/")[0]
            embedded = opened.scalar("predecessor")
            final = embedded["checkpoint"].encode() if embedded else None
            own = (name, entry.origin, entry.leaf, keys.at(0), authors[0], lines[2])
            return Request(*own, member, tuple(sites), reach, final)
    raise Malformed("malformed", field="request.note", why="it is not a member, reach and sites")
