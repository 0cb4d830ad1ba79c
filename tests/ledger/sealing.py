"""What tests of entries seal, and with what: keys and entropy that are the same every time, and two events."""

from base64 import b64encode
from hashlib import sha256
from typing import Any

from ledger.entries import (
    Commitment,
    commit,
    entry_text,
    new_id,
    open_entry,
    open_event,
)
from ledger.log.disclosures import digest, open_disclosure, prove_items
from ledger.log.notes import Ed25519Signer, sign_note
from ledger.matter.events import Event
from tests.ledger.matter.story import AT, KG, SITE

ORIGIN = "mine.example/log"
TIME = "2026-11-22T00:15:30.123Z"
AUTHOR = Ed25519Signer.from_seed("mine.example/author", bytes(range(32)))
SECOND = Ed25519Signer.from_seed("mine.example/author", bytes(range(1, 33)))
STRANGER = Ed25519Signer.from_seed("else.example/author", bytes(range(2, 34)))


class Entropy:
    """Bytes that look random and are the same every time."""

    def __init__(self, seed: str = "entries") -> None:
        self._seed, self.asked = seed, 0

    def __call__(self, number: int) -> bytes:
        blocks = range(self.asked, self.asked + number // 32 + 1)
        self.asked += number // 32 + 1
        return b"".join(sha256(f"{self._seed} {block}".encode()).digest() for block in blocks)[:number]


def seal(type_: str, slots: dict[str, Any], *, signers: Any = (AUTHOR,), index: int = 3) -> tuple[bytes, Commitment]:
    commitment = commit(type_, slots, ORIGIN, Entropy())
    text = entry_text(ORIGIN, index, sha256(b"the text before").digest(), TIME, type_, commitment.sd)
    return sign_note(text, signers), commitment


def open_whole(raw: bytes, commitment: Commitment) -> Event:
    return open_event(open_entry(raw, [AUTHOR.verifier]), commitment.disclosures, whole=True)


REGISTERED = {
    "batch": {"product": "ion_clay_mixed_oxide", "lot_no": "XF-2026-0001", "at": AT, "site": SITE},
    "origin": {"class": "mined", "country": "CN", "region": "Jiangxi", "feed_class": "ion_mid_y"},
    "quantity": {"mg": 20_000_000_000, "basis": "net", "typed": {"value": "20.000", "unit": "t", "basis": "net"}},
    "documents": {"list": [{"kind": "weigh_ticket", "no": "BT-991"}]},
    "recorded": {"by": "li", "external_ref": "ERP-5512"},
}


def shipped_slots(lines: int = 3) -> dict[str, Any]:
    ids = [new_id(ORIGIN, f"batch {number}") for number in range(lines)]
    return {
        "shipment": {"at": AT, "purpose": "sale", "to": "smelter.example"},
        "lines.chain": [{"batch": id_} for id_ in ids],
        "lines.partner": [
            {"mg": KG + number, "basis": "net", "units": [], "product": "prnd_oxide"} for number in range(lines)
        ],
        "lines.authority": [{"site": SITE} for _ in ids],
        "transport": {"vehicle": "赣B12345"},
        "recorded": {"by": "li"},
    }


def single(commitment: Commitment, slot: str, positions: list[int]) -> list[dict[str, Any]]:
    """Disclosures of single items of a list, each with its tree path."""
    texts = {one.path: one.disclosure for one in map(open_disclosure, commitment.disclosures)}
    listed = [texts[f"{slot}/{position}"] for position in range(commitment.sd[slot]["n"])]
    paths = prove_items([digest(text) for text in listed], positions)
    return [
        {"d": listed[position], "path": [b64encode(node).decode() for node in path]}
        for position, path in zip(positions, paths, strict=True)
    ]
