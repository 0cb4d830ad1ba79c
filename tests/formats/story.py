"""Two small logs, told with fixed keys, salts and times: a magnet maker ships to a motor maker, who builds two motors.

`tell()` gives the true story; `tell(changes)` one in which somebody wrote, signed and logged something else, with every
later entry, proof and checkpoint following from it. The vectors, and the tests of evidence and audit, are made of it.

Over 400 lines because it is one story, with every event of it written out.
"""

import json
from base64 import urlsafe_b64decode
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any

from ledger.audit import Record
from ledger.entries import NOTHING_BEFORE, Entry, commit, entry_text, id_in, open_event, parse_entry
from ledger.errors import Malformed
from ledger.evidence import Consistency, Evidence, Proven
from ledger.log.canonical import b64
from ledger.log.checkpoints import Checkpoint, add_signatures, cosign, sign_checkpoint
from ledger.log.disclosures import digest, prove_items
from ledger.log.merkle import Tree
from ledger.log.notes import COSIGNATURE, ED25519, Ed25519Signer, sign_note
from ledger.matter.event_types import EVENT_TYPES

WITNESSED_AT = 1795306530
KG = 10**6
USES = ("log", "author", "witness", "peer", "seal")


def seed(name: str) -> bytes:
    return sha256(f"lodetrace vectors {name}".encode()).digest()


def signer(name: str, algorithm: int = ED25519) -> Ed25519Signer:
    return Ed25519Signer.from_seed(name, seed(name), algorithm)


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

    def tree(self) -> Tree:
        return Tree([one.leaf for one in self.written])

    def head(self, size: int) -> Checkpoint:
        return Checkpoint(self.origin, size, self.tree().root(size))

    def checkpoint(self, size: int, witnesses: Iterable["Scribe | str"]) -> bytes:
        note = sign_checkpoint(self.head(size), [self.key("log")])
        for witness in witnesses:
            name = witness if isinstance(witness, str) else witness.name
            note = add_signatures(note, [cosign(note, signer(f"{name}/witness", COSIGNATURE), WITNESSED_AT)])
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
            following = sha256(seed(f"{self.name}/{use} next")).digest()
            keys.append({"use": use, "alg": alg, "key": b64(public), "next_commit": b64(following)})
        log = {"name": self.name, "organisation": organisation, "role": role, "country": "CN"}
        self.write("log_opened", recorded_at, {"log": log, "keys": {"list": keys}, "predecessor": None})


@dataclass
class Story:
    """`magnet` and `motor` as written, and the things they speak of, by their ids."""

    magnet: Scribe
    motor: Scribe

    @property
    def unit(self) -> str:
        """The second motor."""
        return f"{self.motor.origin}#{self.motor.written[3].ids['units.public'][1]}"

    @property
    def batch(self) -> str:
        return f"{self.motor.origin}#{self.motor.written[3].ids['assembly']}"

    @property
    def shipment(self) -> str:
        return f"{self.magnet.origin}#{self.magnet.written[4].ids['shipment']}"

    def scribes(self) -> tuple[Scribe, Scribe]:
        return self.magnet, self.motor


def recorded(by: str, **more: Any) -> dict[str, Any]:
    return {"by": by, **more, "ruleset": "2026-11"}


def typed(kg: str) -> dict[str, Any]:
    return {"value": kg, "unit": "kg", "basis": "net"}


def tell(
    magnet: Mapping[str, Any] | None = None, motor: Mapping[str, Any] | None = None, *, shipped_at: int = 5
) -> Story:
    """The story, with what `magnet` and `motor` (fields of Scribe) alter. A checkpoint is seen at `shipped_at`."""
    a, b = Scribe("magnet.example", **(magnet or {})), Scribe("motor.example", **(motor or {}))
    a.open("龙南磁材有限公司", "magnet", "2026-11-22T00:15:30.123Z")
    b.open("明州电机有限公司", "motor", "2026-11-22T00:20:00.000Z")
    _make_and_pack(a)
    _ship(a)
    _receive(a, b, shipped_at)
    _build(a, b)
    _afterwards(a, b)
    return Story(a, b)


def _make_and_pack(a: Scribe) -> None:
    registered = a.write(
        "registered",
        "2026-11-22T00:31:12.004Z",
        {
            "batch": {
                "product": "ndfeb_magnet",
                "lot_no": "MG-2026-07",
                "at": "2026-11-22T08:30:00+08:00",
                "site": "plant-1",
            },
            "origin": {"class": "recycled", "country": "CN", "region": "江西"},
            "quantity": {"mg": 120 * KG, "basis": "net", "count": 2400, "typed": typed("120.000") | {"count": 2400}},
            "assay": {"basis": "as_received", "elements_pct": [["Nd", "24.1"], ["Pr", "6.2"], ["Dy", "1.05"]]},
            "documents": {"list": [{"kind": "weigh_ticket", "no": "BT-991"}]},
            "recorded": recorded("u-1", external_ref="ERP-5512"),
        },
    )
    batch = registered.ids["batch"]
    cartons = [
        {"serial": f"C-{n}", "kind": "carton", "net_mg": 20 * KG, "count": 400, "seal": f"A77{n}"} for n in (1, 2, 3)
    ]
    packed = a.write(
        "packed",
        "2026-11-22T00:48:40.500Z",
        {
            "packing": {"batch": batch, "at": "2026-11-22T08:48:00+08:00", "site": "plant-1"},
            "units.public": cartons,
            "units.chain": [{}, {}, {}],
            "units.authority": [{"typed": typed("20.000")} for _ in cartons],
            "recorded": recorded("u-1"),
        },
    )
    row = {"mg": 30 * KG, "basis": "net", "count": 600, "units": [packed.ids["units.public"][2]]}
    a.write(
        "moved",
        "2026-11-22T01:02:03.004Z",
        {
            "move": {"at": "2026-11-22T09:00:00+08:00", "from": "plant-1", "to": "plant-2"},
            "lines.chain": [{"batch": batch}],
            "lines.authority": [{**row, "typed": typed("30")}],
            "recorded": recorded("u-2"),
        },
    )


def _ship(a: Scribe) -> None:
    batch, cartons = a.written[1].ids["batch"], a.written[2].ids["units.public"]
    listed = [
        {"unit": id_, **{key: row[key] for key in ("serial", "kind", "net_mg", "count", "seal")}}
        for id_, row in list(zip(cartons, a.written[2].slots["units.public"], strict=True))[:2]
    ]
    goods = {"basis": "net", "product": "ndfeb_magnet", "lot_no": "MG-2026-07"}
    a.write(
        "shipped",
        "2026-11-22T01:30:00.000Z",
        {
            "shipment": {"at": "2026-11-22T09:29:00+08:00", "purpose": "sale", "to": "motor.example"},
            "party": None,
            "lines.chain": [{"batch": batch}, {"batch": batch}],
            "lines.partner": [
                {"mg": 40 * KG, "count": 800, "units": listed, **goods},
                {"mg": 5 * KG, "count": 100, "units": [], **goods},
            ],
            "lines.authority": [{"site": "plant-1"}, {"site": "plant-1"}],
            "transport": {"vehicle": "赣B12345", "waybill": "W-1"},
            "documents": None,
            "recorded": recorded("u-1"),
        },
    )


def _receive(a: Scribe, b: Scribe, size: int) -> None:
    shipped = a.written[4]
    batch = id_in(a.written[1].ids["batch"], a.origin, b.origin)
    units = [
        {**unit, "unit": id_in(unit["unit"], a.origin, b.origin), "state": "accepted"}
        for unit in a.written[4].slots["lines.partner"][0]["units"]
    ]
    goods = {"basis": "net", "product": "ndfeb_magnet", "lot_no": "MG-2026-07"}
    b.write(
        "received",
        "2026-11-22T04:10:00.250Z",
        {
            "receipt": {
                "at": "2026-11-22T12:05:00+08:00",
                "shipment": f"{a.origin}#{shipped.ids['shipment']}",
                "from": a.name,
                "purpose": "sale",
                "final": True,
                "declined": False,
            },
            "offer": a.ref(4, size),
            "lines.chain": [{"line": 0, "batch": batch}, {"line": 1, "batch": batch}],
            "lines.partner": [
                {
                    **dict.fromkeys(("rejected_mg", "missing_mg"), 0),
                    **goods,
                    "offered_mg": 40 * KG,
                    "offered_count": 800,
                    "accepted_mg": 40 * KG,
                    "accepted_count": 800,
                    "difference_mg": -10_000,
                    "tolerance_mg": 56_000,
                    "units": units,
                },
                {
                    **goods,
                    "offered_mg": 5 * KG,
                    "offered_count": 100,
                    "accepted_mg": 4 * KG,
                    "accepted_count": 80,
                    "rejected_mg": 1 * KG,
                    "rejected_count": 20,
                    "missing_mg": 0,
                    "difference_mg": 0,
                    "units": [],
                    "reason": "镀层破损",
                },
            ],
            "lines.authority": [{"site": "hall-3", "typed": typed("39.99")}, {"site": "hall-3"}],
            "documents": None,
            "recorded": recorded("u-7"),
        },
    )


def _build(a: Scribe, b: Scribe) -> None:
    arrived = id_in(a.written[1].ids["batch"], a.origin, b.origin)
    carton = id_in(a.written[2].ids["units.public"][0], a.origin, b.origin)
    coated = b.write(
        "transformed",
        "2026-11-23T00:30:00.000Z",
        {
            "transformation": {
                "at": "2026-11-23T08:00:00+08:00",
                "steps": [{"process": "coat", "site": "hall-3", "country": "CN"}],
            },
            "inputs.chain": [{"batch": arrived}, {"batch": arrived}],
            "inputs.authority": [
                {"mg": 19_995_000, "basis": "net", "count": 400, "units": [carton], "site": "hall-3", "typed": {}},
                {"mg": 4 * KG, "basis": "net", "count": 80, "site": "hall-3", "typed": typed("4")},
            ],
            "outputs.chain": [{"product": "ndfeb_magnet", "lot_no": "MC-1"}],
            "outputs.authority": [
                {"mg": 24_100_000, "basis": "net", "count": 478, "site": "hall-3", "typed": typed("24.1")}
            ],
            "losses": {"list": [{"kind": "scrap", "mg": 100_000, "basis": "net"}]},
            "documents": None,
            "recorded": recorded("u-8"),
        },
    )
    motors = [
        {"serial": serial, "kind": "motor", "net_mg": 12_400_000, "count": 1} for serial in ("M-000001", "M-000002")
    ]
    b.write(
        "assembled",
        "2026-11-23T06:12:00.000Z",
        {
            "assembly": {
                "at": "2026-11-23T14:00:00+08:00",
                "product": "motor",
                "lot_no": "EM-7",
                "steps": [{"process": "assemble", "site": "hall-4", "country": "CN"}],
            },
            "quantity": {"mg": 24_800_000, "basis": "net", "count": 2, "site": "hall-3"},
            "inputs.chain": [{"batch": coated.ids["outputs.chain"][0]}],
            "inputs.authority": [{"mg": 2_420_000, "basis": "net", "count": 48, "site": "hall-3", "typed": {}}],
            "units.public": motors,
            "units.chain": [{"from": [0]}, {"from": [0]}],
            "documents": None,
            "recorded": recorded("u-8"),
        },
    )


def _afterwards(a: Scribe, b: Scribe) -> None:
    """What happens beside the motor's own way: it is in the logs, and in no evidence of the motor."""
    batch = a.written[1].ids["batch"]
    a.write(
        "unpacked",
        "2026-11-22T02:00:00.000Z",
        {
            "unpacking": {"at": "2026-11-22T10:00:00+08:00"},
            "units.chain": [{"unit": a.written[2].ids["units.public"][2], "batch": batch}],
            "recorded": recorded("u-2"),
        },
    )
    a.write(
        "removed",
        "2026-11-22T02:30:00.000Z",
        {
            "removal": {"at": "2026-11-22T10:25:00+08:00", "kind": "destroyed"},
            "lines.chain": [{"batch": batch}],
            "lines.authority": [{"mg": 1 * KG, "basis": "net", "count": 20, "site": "plant-2"}],
            "reason": {"text": "试样报废"},
            "documents": None,
            "recorded": recorded("u-2", approved_by="u-3"),
        },
    )
    a.write(
        "acknowledged",
        "2026-11-22T05:00:00.000Z",
        {
            "acknowledgement": {
                "at": "2026-11-22T13:00:00+08:00",
                "shipment": a.written[4].ids["shipment"],
                "agreed": True,
                "declined": False,
            },
            "answer": b.ref(1, 2),
            "lines.partner": [],
            "lines.authority": [],
            "recorded": recorded("u-1"),
        },
    )
    b.write(
        "dismantled",
        "2026-11-24T01:00:00.000Z",
        {
            "dismantling": {"at": "2026-11-24T08:50:00+08:00", "steps": [{"process": "dismantle", "site": "hall-4"}]},
            "units.chain": [{"unit": b.written[3].ids["units.public"][0], "batch": b.written[3].ids["assembly"]}],
            "units.authority": [{"mg": b.written[3].slots["units.public"][0]["net_mg"], "count": 1}],
            "outputs.chain": [{"product": "ndfeb_magnet", "lot_no": "MR-1"}],
            "outputs.authority": [
                {"mg": 1_200_000, "basis": "net", "count": 24, "site": "hall-4", "typed": typed("1.2")}
            ],
            "losses": None,
            "documents": None,
            "recorded": recorded("u-8"),
        },
    )


# -- what is handed out -------------------------------------------------------------------------------------------


def policy_text(quorum: str = "two") -> str:
    lines = [
        f"log {signer(f'{name}/log').verifier.vkey} https://{name}/" for name in ("magnet.example", "motor.example")
    ]
    witnesses = {name: signer(f"{name}.example/witness", COSIGNATURE) for name in ("authority", "magnet", "motor")}
    lines += [f"witness {name} {witness.verifier.vkey}" for name, witness in witnesses.items()]
    return "\n".join(["# Whose word is taken", *lines, "group two 2 authority magnet motor", f"quorum {quorum}", ""])


def checkpoints(story: Story) -> tuple[bytes, ...]:
    a, b = story.scribes()
    return (
        a.checkpoint(5, ["authority.example", b]),
        a.checkpoint(8, ["authority.example", b]),
        b.checkpoint(5, ["authority.example", a]),
    )


def motor_evidence(story: Story) -> Evidence:
    """For a buyer of the second motor: what the chain may see, and of the lists of motors only its own."""
    a, b = story.scribes()
    opens = {
        one.leaf: one.opening("public", "chain") for one in (*(a.written[i] for i in (0, 1, 2, 4)), *b.written[:3])
    }
    own = {"units.public": [1], "units.chain": [1]}
    opens[b.written[3].leaf] = b.written[3].opening("public", "chain", items=own)
    return Evidence(
        subject={"batch": story.batch, "unit": story.unit, "net_mg": "12400000"},
        entries=(
            *(a.proven(index, 8, 1) for index in (0, 1, 2)),
            a.proven(4, 5, 0),
            *(b.proven(index, 5, 2) for index in (0, 1, 2, 3)),
        ),
        checkpoints=checkpoints(story),
        consistency=(a.consistency(5, 8),),
        disclosures=opens,
        made_at="2026-11-24T02:00:00.000Z",
    )


def handover_evidence(story: Story) -> Evidence:
    """For the two partners and whoever settles between them: the shipment and its receipt, as partners see them."""
    a, b = story.scribes()
    shown = [*(a.written[index] for index in (0, 1, 2, 4)), b.written[0], b.written[1]]
    return Evidence(
        subject={"shipment": story.shipment},
        entries=(*(a.proven(index, 5, 0) for index in (0, 1, 2, 4)), b.proven(0, 5, 1), b.proven(1, 5, 1)),
        checkpoints=(checkpoints(story)[0], checkpoints(story)[2]),
        disclosures={one.leaf: one.opening("public", "chain", "partner") for one in shown},
        made_at="2026-11-24T02:00:00.000Z",
    )


def whole_evidence(story: Story) -> Evidence:
    """For an authority: every entry of both logs, and all that they commit to."""
    a, b = story.scribes()
    return Evidence(
        subject={"batch": story.batch},
        entries=(*(a.proven(index, 8, 0) for index in range(8)), *(b.proven(index, 5, 1) for index in range(5))),
        checkpoints=checkpoints(story)[1:],
        disclosures={one.leaf: one.disclosures for one in (*a.written, *b.written)},
        made_at="2026-11-24T02:00:00.000Z",
    )


def log_evidence(story: Story) -> Evidence:
    """Who a log is: its entry 0, whose disclosures are public."""
    a = story.magnet
    return Evidence(
        subject={"log": a.origin},
        entries=(a.proven(0, 8, 0),),
        checkpoints=(checkpoints(story)[1],),
        disclosures={a.written[0].leaf: a.written[0].disclosures},
        made_at="2026-11-24T02:00:00.000Z",
    )


def without(evidence: Evidence, *places: tuple[str, int]) -> Evidence:
    """The same, lacking some entries and what was disclosed of them."""
    gone = [one for one in evidence.entries if (one.log, one.index) in places]
    leaves = {parse_entry(one.note).leaf for one in gone}
    return replace(
        evidence,
        entries=tuple(one for one in evidence.entries if one not in gone),
        disclosures={leaf: opens for leaf, opens in evidence.disclosures.items() if leaf not in leaves},
    )


def opened(one: Written) -> Any:
    return open_event(one.entry, one.disclosures, whole=True)
