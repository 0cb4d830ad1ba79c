"""Keys by log position: which keys of an organisation are in force at an index or a size of its log.

Entry 0 publishes the first list; a `rekeyed` entry of the same log replaces it from the next index on, signed by the
author keys before and then by the ones after. A new key was committed to in the list that it was replaced in.

Promises: which key is in force follows from positions alone, never from anybody's clock; a key that nobody committed to
is refused. Does not check signatures: whoever opens an entry asks `signers_at` whose there must be.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from hashlib import sha256
from typing import Any

from ledger.errors import Unverified
from ledger.last_resort import Recovery, check_recovery, recovery_of
from ledger.log.canonical import b64, unb64
from ledger.log.notes import Verifier
from ledger.matter.events import Event

LAST = 2**62
"""Behind every index of every log: keys asked for at it are those in force now."""
_verifier = lru_cache(256)(Verifier.from_public)  # the keys of one entry are mostly those of the next
Published = tuple[Mapping[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Keys:
    """The lists that a log published, each with the index from which it is in force. The first one is from 0.

    `recovered`: those of these indexes whose list recovery keys put in force, which entry 0 committed to in `recovery`.
    """

    origin: str
    lists: tuple[tuple[int, Published], ...]
    recovery: Recovery | None = None
    recovered: frozenset[int] = frozenset()

    @classmethod
    def opened(cls, event: Event) -> "Keys":
        """From a `log_opened`, whose name must be the one that belongs to its origin."""
        if event.scalar("log").get("name", event.name) != event.name:
            raise Unverified("entry-elsewhere", field="log.name", value=event.scalar("log")["name"])
        return cls(event.origin, ((0, tuple(event.scalar("keys").get("list", ()))),), recovery_of(event))

    def at(self, index: int) -> Published:
        return next(published for start, published in reversed(self.lists) if start <= index)

    def of(self, use: str, index: int) -> tuple[Verifier, ...]:
        """The Ed25519 keys for a use in force at an index, in their order. Others are carried and passed over."""
        name = self.origin if use == "log" else f"{self.origin.rpartition('/')[0]}/{use}"
        keys = (
            _verifier(name, unb64(str(key.get("key")), field="keys", size=32))
            for key in self.at(index)
            if (key["use"], key["alg"]) == (use, "ed25519")
        )
        found = tuple(dict.fromkeys(keys))  # one that is published twice signs once
        if not found:
            raise Unverified("key-not-published", field="keys", value=use, log=self.origin)
        return found

    def signers_at(self, index: int) -> tuple[Verifier, ...]:
        """Who signs the entry at an index: the author keys in force, and where it replaces keys, then the new ones.
        Where recovery keys replace them, the new ones alone: the others are lost.
        """
        if index + 1 in self.recovered:
            return self.of("author", index + 1)
        signers = self.of("author", index)
        if any(start == index + 1 for start, _ in self.lists):
            signers += tuple(key for key in self.of("author", index + 1) if key not in signers)
        return signers

    def since(self, use: str, index: int) -> tuple[Verifier, ...]:
        """The keys for a use that were in force at an index or later: those which may speak of the entry there."""
        ends = [start for start, _ in self.lists[1:]]
        places = [0, *ends]
        live = [at for at, end in zip(places, [*ends, LAST], strict=True) if end > index]
        return tuple(dict.fromkeys(key for at in live for key in self.of(use, at)))

    def log_at(self, size: int) -> Verifier:
        """The key that signs a checkpoint of this size: what the entries below it say last."""
        return self.of("log", size)[0]

    def rekeyed(self, index: int, published: Iterable[Mapping[str, Any]]) -> "Keys":
        """After a `rekeyed` at `index`. Unverified for a key that the list before did not commit to."""
        old, new = self.lists[-1][1], tuple(published)
        if index < max(self.lists[-1][0], 1):
            raise Unverified("rekeyed-out-of-order", field="keys", value=index, log=self.origin)
        known = {(key["use"], key["alg"], str(key.get("key"))) for key in old}
        committed = {(key["use"], key["alg"], str(key.get("next_commit"))) for key in old}
        for key in new:
            use, alg, text = key["use"], key["alg"], str(key.get("key"))
            # A witness that lost its memory takes a key that nobody could foresee; who counts on it names its key.
            if use == "witness" or (use, alg, text) in known:
                continue
            if (use, alg, b64(sha256(unb64(text, field="keys")).digest())) not in committed:
                raise Unverified("key-not-committed", field="keys", value=use, log=self.origin)
        after = replace(self, lists=(*self.lists, (index + 1, new)))
        after.of("author", index + 1)
        return after

    def recovering(self, index: int, new: Published, note: bytes) -> "Keys":
        """After a `rekeyed` at `index` that carries the statement of recovery keys. Unverified if it does not hold."""
        check_recovery(self.recovery, note, self.origin, index, new)
        if index < max(self.lists[-1][0], 1):
            raise Unverified("rekeyed-out-of-order", field="keys", value=index, log=self.origin)
        after = replace(self, lists=(*self.lists, (index + 1, new)), recovered=self.recovered | {index + 1})
        after.of("author", index + 1), after.of("log", index + 1)
        return after

    def after(self, index: int, event: Event) -> "Keys":
        """After the entry at `index` of this very log."""
        if not replaces_own_keys(event):
            return self
        told = event.scalar("keys")
        if told.get("recovery"):
            return self.recovering(index, tuple(told["list"]), told["recovery"].encode())
        return self.rekeyed(index, told["list"])


def replaces_own_keys(event: Event) -> bool:
    """A `rekeyed` in the log whose keys it replaces: there it cites nothing, in a registry's log it does."""
    return (
        event.type == "rekeyed"
        and event.scalar("about").get("name") == event.name
        and not event.scalar("cited")
        and bool(event.scalar("keys"))
    )


def keys_of(opened: Event, use: str) -> tuple[Verifier, ...]:
    """The Ed25519 keys that a `log_opened` publishes for a use, in their order."""
    return Keys.opened(opened).of(use, 0)


def fingerprint(public: bytes) -> str:
    """A public key as it is compared over a telephone: the first 16 bytes of its SHA-256, `3F2A 91C0 …`.

    To find another key of the same fingerprint takes 2^128 tries.
    """
    digits = sha256(public).hexdigest()[:32].upper()
    return " ".join(digits[at : at + 4] for at in range(0, 32, 4))
