"""Scribes: who write the logs of the stories, with fixed keys and salts, and whatever lies they are asked for."""

import json
from base64 import urlsafe_b64decode
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from ledger.audit import Record
from ledger.entries import NOTHING_BEFORE, Entry, commit, entry_text, open_event, parse_entry
from ledger.errors import Malformed
from ledger.evidence import Consistency, Proven
from ledger.log.canonical import b64
from ledger.log.checkpoints import Checkpoint, add_signatures, cosign, sign_checkpoint
from ledger.log.disclosures import digest, prove_items
from ledger.log.merkle import Tree
from ledger.log.notes import COSIGNATURE, ED25519, Ed25519Signer, sign_note
from ledger.matter.event_types import EVENT_TYPES
from ledger.matter.provenance import Content, take

WITNESSED_AT = 1795306530
WITNESSED_LATER = WITNESSED_AT + 12 * 86400
KG = 10**6
USES = ("log", "author", "witness", "peer", "seal")


def seed(name: str) -> bytes:
    return sha256(f"lodetrace vectors {name}".encode()).digest()


def signer(name: str, algorithm: int = ED25519) -> Ed25519Signer:
    return Ed25519Signer.from_seed(name, seed(name), algorithm)


def next_key(name: str, use: str) -> Ed25519Signer:
    """The key that a node of this story made in advance."""
    return Ed25519Signer.from_seed(f"{name}/{use}", seed(f"{name}/{use} next"))


def salts(name: str) -> Callable[[int], bytes]:
    """As many bytes as asked for, the same ones each time. Real salts are random."""
    return lambda count: b"".join(
        sha256(f"lodetrace vectors salt {name} {block}".encode()).digest() for block in range(-(-count // 32))
    )[:count]


def place(disclosure: str) -> str:
    """The path in a disclosure, also in one that is not of the form."""
    path = json.loads(urlsafe_b64decode(disclosure + "=" * (-len(disclosure) % 4)))[1]
    assert isinstance(path, str)
    return path


@dataclass(frozen=True)
class Written:
    """An entry of the story, with all that its writer knows of it."""

    entry: Entry
    type: str
    slots: Mapping[str, Any]
    disclosures: tuple[str, ...]
    ids: Mapping[str, Any]

    @property
    def leaf(self) -> bytes:
        return self.entry.leaf

    def opening(self, *audiences: str, items: Mapping[str, Sequence[int]] | None = None) -> tuple[Any, ...]:
        """The disclosures of the slots with these audiences; of the slots in `items` only those items, with paths."""
        single = items or {}
        names = [slot.name for slot in EVENT_TYPES[self.type] if slot.audience in audiences]
        found: list[Any] = []
        for name in names:
            texts = [text for text in self.disclosures if place(text).partition("/")[0] == name]
            if name in single:
                proofs = prove_items([digest(text) for text in texts], single[name])
                rows = zip(single[name], proofs, strict=True)
                found += [{"d": texts[index], "path": [b64(node) for node in proof]} for index, proof in rows]
            else:
                found += texts
        return tuple(found)

    def record(self) -> Record:
        return Record(self.entry.raw, self.disclosures, self.leaf)


Change = Callable[[dict[str, Any]], None]
"""Alters the slots of an entry in place before they are committed to."""


@dataclass
class Scribe:
    """Writes one log. `changes` alter slots; `texts` alter the signed text; `signs` answers who signs an entry."""

    name: str
    changes: Mapping[int, Change] = field(default_factory=dict)
    texts: Mapping[int, Callable[[str], str]] = field(default_factory=dict)
    signs: Mapping[int, Sequence[Ed25519Signer]] = field(default_factory=dict)
    reseals: Mapping[int, Callable[[Any], Any]] = field(default_factory=dict)
    written: list[Written] = field(default_factory=list)
    contents: dict[str, Content] = field(default_factory=dict)

    @property
    def origin(self) -> str:
        return f"{self.name}/log"

    def key(self, use: str) -> Ed25519Signer:
        return signer(f"{self.name}/{use}", COSIGNATURE if use == "witness" else ED25519)

    def write(self, event_type: str, recorded_at: str, slots: dict[str, Any]) -> Written:
        index = len(self.written)
        if index in self.changes:
            self.changes[index](slots)
        sealed = commit(event_type, slots, self.origin, salts(f"{self.origin} {index}"))
        if index in self.reseals:
            sealed = self.reseals[index](sealed)
        before = self.written[-1].entry.text_hash if self.written else NOTHING_BEFORE
        text = entry_text(self.origin, index, before, recorded_at, event_type, sealed.sd)
        if index in self.texts:
            text = self.texts[index](text)
        raw = sign_note(text, self.signs.get(index, [self.key("author")]))
        try:
            entry = parse_entry(raw)
        except Malformed:
            # On purpose: carried as bytes, with what is needed to go on after it.
            entry = Entry(raw, text, self.origin, index, before, recorded_at, event_type, sealed.sd)
        self.written.append(Written(entry, event_type, slots, sealed.disclosures, sealed.ids))
        return self.written[-1]

    def take(self, batch: str, mg: int) -> Content:
        """A part of a batch, whose content moves on."""
        part, self.contents[batch] = take(self.contents[batch], mg)
        return part

    def tree(self) -> Tree:
        return Tree([one.leaf for one in self.written])

    def head(self, size: int) -> Checkpoint:
        return Checkpoint(self.origin, size, self.tree().root(size))

    def checkpoint(self, size: int, witnesses: Iterable["Scribe | str"], time: int = WITNESSED_AT) -> bytes:
        note = sign_checkpoint(self.head(size), [self.key("log")])
        for witness in witnesses:
            name = witness if isinstance(witness, str) else witness.name
            note = add_signatures(note, [cosign(note, signer(f"{name}/witness", COSIGNATURE), time)])
        return note

    def ref(self, index: int, size: int) -> dict[str, Any]:
        head, leaf = self.head(size), self.written[index].leaf
        return {"log": self.origin, "index": index, "leaf": b64(leaf), "size": size, "root": b64(head.root)}

    def proven(self, index: int, size: int, position: int) -> Proven:
        one = self.written[index]
        path = tuple(self.tree().prove_inclusion(index, size))
        return Proven(one.entry.raw, one.entry.index, self.origin, position, path)

    def consistency(self, old: int, new: int) -> Consistency:
        return Consistency(self.origin, old, new, tuple(self.tree().prove_consistency(old, new)))

    def open(self, organisation: str, role: str, recorded_at: str) -> None:
        keys = []
        for use in USES:
            alg = "x25519" if use == "seal" else "ed25519"
            public = seed(f"{self.name}/seal") if use == "seal" else self.key(use).verifier.public
            ahead = seed(f"{self.name}/{use} next")
            following = sha256(ahead if use == "seal" else next_key(self.name, use).verifier.public).digest()
            keys.append({"use": use, "alg": alg, "key": b64(public), "next_commit": b64(following)})
        log = {"name": self.name, "organisation": organisation, "role": role, "country": "CN"}
        self.write("log_opened", recorded_at, {"log": log, "keys": {"list": keys}, "predecessor": None})


def opened(one: Written) -> Any:
    return open_event(one.entry, one.disclosures, whole=True)


def recorded(by: str, **more: Any) -> dict[str, Any]:
    return {"by": by, **more, "ruleset": "2026-11"}


def typed(kg: str) -> dict[str, Any]:
    return {"value": kg, "unit": "kg", "basis": "net"}
