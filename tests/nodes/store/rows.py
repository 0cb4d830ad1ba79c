"""What the store's tests fill it with: ids, entries, batches, and another organisation's log with real notes."""

from collections.abc import Mapping, Sequence
from hashlib import sha256
from itertools import count
from typing import Any

from ledger.entries import commit, entry_text, id_text
from ledger.log.checkpoints import Checkpoint, sign_checkpoint
from ledger.log.merkle import Tree, leaf_hash, new_nodes
from ledger.log.notes import Ed25519Signer, sign_note
from ledger.matter.stock import Batch, Holding, Unit
from nodes.store import log
from nodes.store.engine import Connection
from nodes.store.records import Entry
from nodes.store.upstream import Upstream

ORIGIN = "xinfeng.example/log"
OTHER = "metal.example/log"
NOW = "2026-11-22T00:15:30.123Z"
KG = 10**6


def an_id(what: object) -> str:
    """26 characters that look like chance and are the same in every run."""
    return id_text(sha256(str(what).encode()).digest()[:16])


def a_hash(what: object) -> bytes:
    return sha256(str(what).encode()).digest()


def an_entry(index: int, event_type: str = "registered") -> Entry:
    """Not a real note: the log keeps bytes and does not look into them."""
    return Entry(index, a_hash(f"leaf {index}"), event_type, NOW, f"note {index}".encode(), f"d{index}.0\nd{index}.1")


def append(conn: Connection, entries: Sequence[Entry]) -> None:
    nodes = new_nodes(entries[0].index, [entry.leaf for entry in entries], log.hashes(conn))
    log.append(conn, entries, nodes, a_hash(f"text {entries[-1].index}"))


def a_batch(
    id_: str, mg: int = 20 * KG, *, product: str = "prnd_oxide", lot_no: str | None = None, **rest: Any
) -> Batch:
    loose = (Holding("plant-1", "", mg),) if mg else ()
    return Batch(id_, product, "net", counted=False, lot_no=lot_no, loose=loose, **rest)


def a_unit(id_: str, batch: str, serial: str, **rest: Any) -> Unit:
    fields = {"kind": "drum", "net_mg": 50 * KG, "count": None, "seal": None, "site": "plant-1", **rest}
    return Unit(id_, batch, serial=serial, **fields)


class OtherLog:
    """A log that other people keep, with entries signed and committed to as they should be."""

    def __init__(self, origin: str = OTHER) -> None:
        self.origin = origin
        name = origin.rpartition("/")[0]
        self._author = Ed25519Signer.from_seed(f"{name}/author", a_hash(f"author of {origin}"))
        self._log = Ed25519Signer.from_seed(origin, a_hash(f"log of {origin}"))
        self._chance = count()
        self.notes: list[bytes] = []
        self.disclosures: list[tuple[str, ...]] = []
        self.types: list[str] = []

    def add(self, event_type: str, slots: Mapping[str, Any]) -> Mapping[str, Any]:
        """Seals an event; answers the ids it creates."""
        made = commit(event_type, slots, self.origin, self._entropy)
        text = entry_text(self.origin, len(self.notes), a_hash("text before"), NOW, event_type, made.sd)
        self.notes.append(sign_note(text, [self._author]))
        self.disclosures.append(made.disclosures)
        self.types.append(event_type)
        return made.ids

    def upstream(self, index: int, disclosures: Sequence[Any] | None = None, *, size: int | None = None) -> Upstream:
        """An entry as it is kept elsewhere, all of it open unless told otherwise."""
        tree = self._tree(size)
        opened = self.disclosures[index] if disclosures is None else tuple(disclosures)
        leaf, path = leaf_hash(self.notes[index]), tuple(tree.prove_inclusion(index))
        return Upstream(self.origin, index, leaf, self.types[index], self.notes[index], tree.size, path, opened)

    def checkpoint(self, size: int | None = None) -> bytes:
        tree = self._tree(size)
        return sign_checkpoint(Checkpoint(self.origin, tree.size, tree.root()), [self._log])

    def _tree(self, size: int | None) -> Tree:
        return Tree(leaf_hash(note) for note in self.notes[:size])

    def _entropy(self, size: int) -> bytes:
        parts = (a_hash(f"{self.origin} {next(self._chance)}") for _ in range(-(-size // 32)))
        return b"".join(parts)[:size]
