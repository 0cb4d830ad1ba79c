"""The last stories: of a log whose keys were lost and that goes on under new ones, put in force by holders of recovery
keys; and of a log that has ended, and is succeeded by another one of its organisation, which ships what was left.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ledger.evidence import Evidence
from ledger.last_resort import statement
from ledger.log.canonical import b64
from ledger.log.checkpoints import sign_checkpoint
from ledger.log.notes import Ed25519Signer, parse_note, sign_note
from tests.formats.scribe import KG, Scribe, recorded, seed, signer, typed

ORE, PIT = "ore.example", "pit.example"
HOLDERS = tuple(Ed25519Signer.from_seed(f"{ORE}/recovery", seed(f"{ORE}/recovery {number}")) for number in range(3))
STRANGER = Ed25519Signer.from_seed(f"{ORE}/recovery", seed("nobody asked"))
FINAL = 2
"""So many entries of the log that has ended count."""


def new_key(use: str) -> Ed25519Signer:
    """The key that is put in force where nobody has the one before, nor the one made in advance."""
    return Ed25519Signer.from_seed(f"{ORE}/{use}", seed(f"{ORE}/{use} anew"))


def recovered(by: Sequence[Ed25519Signer] = HOLDERS[:2], *, index: int = 2, committed: bool = True) -> Evidence:
    """Of `recovering`: all entries, under both keys."""
    scribe = recovering(by, index=index, committed=committed)
    return Evidence(
        subject={"batch": f"{scribe.origin}#{scribe.written[3].ids['batch']}"},
        entries=tuple(scribe.proven(at, 4, 1) for at in range(4)),
        checkpoints=(scribe.checkpoint(2, []), anew(scribe)),
        disclosures={one.leaf: one.opening("public", "chain") for one in scribe.written},
        made_at="2026-11-27T02:00:00.000Z",
        consistency=(scribe.consistency(2, 4),),
    )


def recovering(by: Sequence[Ed25519Signer] = HOLDERS[:2], *, index: int = 2, committed: bool = True) -> Scribe:
    """Entry 2 replaces the keys, by the word of these holders on an entry at `index`."""
    new = new_key("author")
    scribe = lost("OR-1", committed=committed)
    scribe.signs = {2: [new], 3: [new]}
    keys = [dict(key) for key in scribe.written[0].slots["keys"]["list"]]
    for key in keys:
        if key["use"] in ("log", "author"):
            key |= {"key": b64(new_key(key["use"]).verifier.public), "next_commit": b64(bytes(32))}
    said = statement(scribe.origin, index, keys)
    lines = [str(line) for one in by for line in parse_note(sign_note(said, [one])).signatures]
    note = f"{said}\n{''.join(lines)}"
    about = {"at": "2026-11-21T08:58:00+08:00", "name": ORE}
    slots = {"about": about, "keys": {"list": keys, "recovery": note}, "cited": None}
    scribe.write("rekeyed", "2026-11-21T01:00:00.000Z", {**slots, "recorded": recorded("u-3")})
    _register(scribe, "OR-2")
    return scribe


def lost(lot: str, *, committed: bool = True) -> Scribe:
    """The log before its keys were lost: it registered one lot."""
    told = {"m": 2, "keys": [b64(one.verifier.public) for one in HOLDERS]}
    scribe = Scribe(ORE, changes={0: lambda slots: slots["log"].update(recovery=told)} if committed else {})
    scribe.open(ORE, "mine", "2026-11-20T00:15:30.123Z")
    _register(scribe, lot)
    return scribe


def anew(scribe: Scribe) -> bytes:
    """The checkpoint of all four entries, under the new key."""
    return sign_checkpoint(scribe.head(4), [new_key("log")])


def recovered_policy(*, now: bool = False) -> str:
    """Of a reader who knows the key that is lost, or the one of `now`."""
    key = new_key("log") if now else signer(f"{ORE}/log")
    return f"log {key.verifier.vkey}\nquorum none\n"


@dataclass
class Successor(Scribe):
    """Writes `NAME/log2`, with a log key of its own."""

    @property
    def origin(self) -> str:
        return f"{self.name}/log2"

    def key(self, use: str) -> Ed25519Signer:
        return signer(self.origin) if use == "log" else super().key(use)


def succeeded(*, final: int = FINAL, lot: int = 1, of: str = PIT) -> Evidence:
    """`log` has three entries, of which two count; `log2` packs and ships the lot of entry 1. Or lies about it: embeds
    another `final` checkpoint, one `of` another organisation, or ships another `lot`.
    """
    first = Scribe(PIT)
    first.open(PIT, "mine", "2026-11-20T00:15:30.123Z")
    _register(first, "PT-1")
    _register(first, "PT-2")
    other = Scribe(of)
    other.open(of, "mine", "2026-11-20T00:15:30.123Z")
    _register(other, "PT-1")
    embedded = (first if of == PIT else other).checkpoint(final, []).decode()
    last = Successor(PIT, changes={0: lambda slots: slots.update(predecessor={"checkpoint": embedded})})
    last.open(PIT, "mine", "2026-11-21T00:15:30.123Z")
    batch = f"{first.origin}#{first.written[lot].ids['batch']}"
    packing = {"batch": batch, "at": "2026-11-22T08:48:00+08:00", "site": "pit"}
    packed = last.write(
        "packed",
        "2026-11-22T00:48:40.500Z",
        {
            "packing": packing,
            "units.public": [{"serial": "P-1", "kind": "bag", "net_mg": 200 * KG}],
            "units.chain": [{}],
            "units.authority": [{"typed": typed("200")}],
            "recorded": recorded("u-1"),
        },
    )
    bag = {"unit": packed.ids["units.public"][0], "serial": "P-1", "kind": "bag", "net_mg": 200 * KG}
    shipped: dict[str, Any] = {
        "shipment": {"at": "2026-11-22T09:29:00+08:00", "purpose": "sale", "to": "plant.example"},
        "party": None,
        "lines.chain": [{"batch": batch}],
        "lines.provenance": [None],
        "lines.partner": [{"mg": 200 * KG, "basis": "net", "units": [bag], "product": "dy_oxide"}],
        "lines.authority": [{"site": "pit"}],
        "lines.sources": [None],
        "transport": None,
        "documents": None,
        "recorded": recorded("u-1"),
    }
    last.write("shipped", "2026-11-22T01:30:00.000Z", shipped)
    return Evidence(
        subject={"shipment": f"{last.origin}#{last.written[2].ids['shipment']}"},
        entries=(
            *(first.proven(at, lot + 1, 0) for at in range(lot + 1)),
            *(last.proven(at, 3, 1) for at in range(3)),
        ),
        checkpoints=(first.checkpoint(lot + 1, []), last.checkpoint(3, [])),
        disclosures={
            one.leaf: one.opening("public", "chain", "partner") for one in (*first.written[: lot + 1], *last.written)
        },
        made_at="2026-11-27T02:00:00.000Z",
    )


def succeeded_policy() -> str:
    keys = (signer(f"{PIT}/log").verifier.vkey, signer(f"{PIT}/log2").verifier.vkey)
    return "".join(f"log {key}\n" for key in keys) + "quorum none\n"


def _register(scribe: Scribe, lot: str) -> None:
    scribe.write(
        "registered",
        f"2026-11-2{len(scribe.written) // 2}T02:31:12.004Z",
        {
            "batch": {"product": "dy_oxide", "lot_no": lot, "at": "2026-11-20T08:30:00+08:00", "site": "pit"},
            "origin": {"class": "mined", "country": "CN"},
            "quantity": {"mg": 500 * KG, "basis": "net", "typed": typed("500")},
            "assay": None,
            "documents": None,
            "recorded": recorded("u-1"),
        },
    )
