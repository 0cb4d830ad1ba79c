"""Three stories, told with fixed keys, salts and times. A magnet maker ships to a motor maker, who builds two motors; a
separation plant, a metal maker and an authority do everything else that can be done with goods (plant.py); and a
registry admits some of them, and a recycler (federation.py).

`tell()` gives the true stories; `tell(changes)` ones in which somebody wrote, signed and logged something else, with
every later entry, proof and checkpoint following from it. The vectors, and the tests of evidence and audit, are made of
it.

Over 400 lines because it is one story, with every event of it written out.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ledger.entries import id_in, parse_entry
from ledger.evidence import Evidence, Proven
from ledger.log.notes import COSIGNATURE
from ledger.matter.provenance import Content, apportion, entered, mix
from ledger.matter.vectors import received, rows, shares
from tests.formats.federation import recycler_evidence, tell_recycler, tell_registry, with_registry
from tests.formats.plant import oxide, tell_plant
from tests.formats.scribe import KG, WITNESSED_LATER, Scribe, recorded, signer, typed

NAMES = ("magnet", "motor", "longnan", "alloy", "authority")


@dataclass
class Story:
    """The logs as written, and the things they speak of, by their ids."""

    magnet: Scribe
    motor: Scribe
    plant: Scribe
    alloy: Scribe
    authority: Scribe
    reclaim: Scribe
    registry: Scribe

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

    @property
    def oxide(self) -> str:
        """What the plant drew from its pool."""
        return f"{self.plant.origin}#{oxide(self.plant)}"

    def scribes(self) -> tuple[Scribe, ...]:
        return self.magnet, self.motor, self.plant, self.alloy, self.authority, self.reclaim, self.registry


def tell(
    *,
    magnet: Mapping[str, Any] | None = None,
    motor: Mapping[str, Any] | None = None,
    plant: Mapping[str, Any] | None = None,
    alloy: Mapping[str, Any] | None = None,
    authority: Mapping[str, Any] | None = None,
    reclaim: Mapping[str, Any] | None = None,
    registry: Mapping[str, Any] | None = None,
    shipped_at: int = 5,
) -> Story:
    """The stories, with what each log's changes (fields of Scribe) alter. A checkpoint is seen at `shipped_at`."""
    changes = (magnet, motor, plant, alloy, authority)
    a, b, *others = (Scribe(f"{name}.example", **(change or {})) for name, change in zip(NAMES, changes, strict=True))
    a.open("龙南磁材有限公司", "magnet", "2026-11-22T00:15:30.123Z")
    b.open("明州电机有限公司", "motor", "2026-11-22T00:20:00.000Z")
    _make_and_pack(a)
    _ship(a)
    _receive(a, b, shipped_at)
    _build(a, b)
    _afterwards(a, b)
    tell_plant(*others, b)
    c, r = Scribe("reclaim.example", **(reclaim or {})), Scribe("registry.example", **(registry or {}))
    tell_recycler(c)
    tell_registry(r, a, b, c, registry_policy())
    return Story(a, b, *others, c, r)


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
            "origin": {"class": "recycled", "country": "CN", "region": "江西", "feed_class": "post_consumer"},
            "quantity": {"mg": 120 * KG, "basis": "net", "count": 2400, "typed": typed("120.000") | {"count": 2400}},
            "assay": {"basis": "as_received", "elements_pct": [["Nd", "24.1"], ["Pr", "6.2"], ["Dy", "1.05"]]},
            "documents": {"list": [{"kind": "weigh_ticket", "no": "BT-991"}]},
            "recorded": recorded("u-1", external_ref="ERP-5512"),
        },
    )
    batch = registered.ids["batch"]
    totals = {"Pr": (7_440_000_000, 5000), "Nd": (28_920_000_000, 5000), "Dy": (1_260_000_000, 8000)}
    a.contents[batch] = entered(120 * KG, totals, origin="CN/post_consumer", source=batch)
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
    sent = [a.take(batch, 40 * KG), a.take(batch, 5 * KG)]
    a.write(
        "shipped",
        "2026-11-22T01:30:00.000Z",
        {
            "shipment": {"at": "2026-11-22T09:29:00+08:00", "purpose": "sale", "to": "motor.example"},
            "party": None,
            "lines.chain": [{"batch": batch}, {"batch": batch}],
            "lines.provenance": [shares(one) for one in sent],
            "lines.partner": [
                {"mg": 40 * KG, "count": 800, "units": listed, **goods},
                {"mg": 5 * KG, "count": 100, "units": [], **goods},
            ],
            "lines.authority": [{"site": "plant-1"}, {"site": "plant-1"}],
            "lines.sources": [rows(one) for one in sent],
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
    told = shipped.slots.get("lines.provenance")  # repeated as it was offered, whatever it was
    weighed = [_known(a, mg, batch) for mg in (40 * KG, 4 * KG)]
    b.contents[batch] = mix(weighed)
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
            "lines.provenance": told,
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
            "lines.sources": [rows(content) for content in weighed],
            "documents": None,
            "recorded": recorded("u-7"),
        },
    )


def _known(a: Scribe, mg: int, batch: str) -> Content:
    """What the motor maker knows of a line: by what it weighed, and what it takes the magnets for."""
    totals = {"Pr": (62 * mg, 6000), "Nd": (241 * mg, 6000), "Dy": (10 * mg, 9000)}
    return received(shares(a.contents[a.written[1].ids["batch"]]), mg, totals, batch)


def _build(a: Scribe, b: Scribe) -> None:
    arrived = id_in(a.written[1].ids["batch"], a.origin, b.origin)
    carton = id_in(a.written[2].ids["units.public"][0], a.origin, b.origin)
    mixed = mix([b.take(arrived, 19_995_000), b.take(arrived, 4 * KG)])
    totals = {name: (share.ug * 241 // 242, share.u_ppm) for name, share in mixed.elements.items()}
    (magnets,) = apportion(mixed, [totals], [24_100_000])
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
            "outputs.provenance": [shares(magnets)],
            "outputs.authority": [
                {"mg": 24_100_000, "basis": "net", "count": 478, "site": "hall-3", "typed": typed("24.1")}
            ],
            "outputs.sources": [rows(magnets)],
            "losses": {"list": [{"kind": "scrap", "mg": 100_000, "basis": "net"}]},
            "documents": None,
            "recorded": recorded("u-8"),
        },
    )
    b.contents[coated.ids["outputs.chain"][0]] = magnets
    built = b.take(coated.ids["outputs.chain"][0], 2_420_000)
    motors = [
        {"serial": serial, "kind": "motor", "net_mg": 12_400_000, "count": 1} for serial in ("M-000001", "M-000002")
    ]
    assembled = b.write(
        "assembled",
        "2026-11-23T06:12:00.000Z",
        {
            "assembly": {
                "at": "2026-11-23T14:00:00+08:00",
                "product": "motor",
                "lot_no": "EM-7",
                "steps": [{"process": "assemble", "site": "hall-4", "country": "CN"}],
            },
            "provenance": shares(built),
            "quantity": {"mg": 24_800_000, "basis": "net", "count": 2, "site": "hall-3"},
            "sources": rows(built),
            "inputs.chain": [{"batch": coated.ids["outputs.chain"][0]}],
            "inputs.authority": [{"mg": 2_420_000, "basis": "net", "count": 48, "site": "hall-3", "typed": {}}],
            "units.public": motors,
            "units.chain": [{"from": [0]}, {"from": [0]}],
            "documents": None,
            "recorded": recorded("u-8"),
        },
    )
    b.contents[assembled.ids["assembly"]] = Content(24_800_000, built.elements, built.model)


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
    taken = b.take(b.written[3].ids["assembly"], 12_400_000)
    totals = {name: (share.ug, share.u_ppm) for name, share in taken.elements.items()}
    (magnets,) = apportion(taken, [totals], [1_200_000])
    b.write(
        "dismantled",
        "2026-11-24T01:00:00.000Z",
        {
            "dismantling": {"at": "2026-11-24T08:50:00+08:00", "steps": [{"process": "dismantle", "site": "hall-4"}]},
            "units.chain": [{"unit": b.written[3].ids["units.public"][0], "batch": b.written[3].ids["assembly"]}],
            "units.authority": [{"mg": b.written[3].slots["units.public"][0]["net_mg"], "count": 1}],
            "outputs.chain": [{"product": "ndfeb_magnet", "lot_no": "MR-1"}],
            "outputs.provenance": [shares(magnets)],
            "outputs.authority": [
                {"mg": 1_200_000, "basis": "net", "count": 24, "site": "hall-4", "typed": typed("1.2")}
            ],
            "outputs.sources": [rows(magnets)],
            "losses": None,
            "documents": None,
            "recorded": recorded("u-8"),
        },
    )


# -- what is handed out -------------------------------------------------------------------------------------------


def policy_text(quorum: str = "two", names: Iterable[str] = NAMES, more: Iterable[str] = ()) -> str:
    lines = [f"log {signer(f'{name}.example/log').verifier.vkey} https://{name}.example/" for name in names]
    lines += more
    witnesses = {name: signer(f"{name}.example/witness", COSIGNATURE) for name in ("authority", "magnet", "motor")}
    lines += [f"witness {name} {witness.verifier.vkey}" for name, witness in witnesses.items()]
    return "\n".join(["# Whose word is taken", *lines, "group two 2 authority magnet motor", f"quorum {quorum}", ""])


def registry_policy(*more: str) -> str:
    """Whoever relies on the registry names no other log."""
    return policy_text(names=["registry"], more=["#lodetrace registry registry.example/log", *more])


def checkpoints(story: Story) -> tuple[bytes, ...]:
    a, b = story.magnet, story.motor
    return (
        a.checkpoint(5, ["authority.example", b]),
        a.checkpoint(8, ["authority.example", b]),
        b.checkpoint(5, ["authority.example", a]),
    )


def motor_evidence(story: Story) -> Evidence:
    """For a buyer of the second motor: what the chain may see, and of the lists of motors only its own."""
    a, b = story.magnet, story.motor
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
    a, b = story.magnet, story.motor
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
    a, b = story.magnet, story.motor
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


def _under(scribe: Scribe, size: int, position: int, indices: Iterable[int]) -> tuple[Proven, ...]:
    return tuple(scribe.proven(index, size, position) for index in indices)


def _heads(story: Story) -> tuple[bytes, ...]:
    """The newest checkpoints of the plant, the metal maker and the authority."""
    witnesses = (story.magnet, story.motor)
    return tuple(
        scribe.checkpoint(len(scribe.written), witnesses, WITNESSED_LATER)
        for scribe in (story.plant, story.alloy, story.authority)
    )


def plant_evidence(story: Story) -> Evidence:
    """For an authority: every entry of the second story, and all that they commit to."""
    told = (story.plant, story.alloy, story.authority)
    heads = [*_heads(story), checkpoints(story)[2]]
    return Evidence(
        subject={"batch": story.oxide},
        entries=tuple(
            proven
            for position, scribe in enumerate(told)
            for proven in _under(scribe, len(scribe.written), position, range(len(scribe.written)))
        )
        + _under(story.motor, 5, 3, [0]),
        checkpoints=tuple(heads),
        disclosures={
            **{one.leaf: one.disclosures for scribe in told for one in scribe.written},
            story.motor.written[0].leaf: story.motor.written[0].disclosures,
        },
        made_at="2026-12-04T02:00:00.000Z",
    )


def oxide_evidence(story: Story) -> Evidence:
    """For whoever holds some of the oxide: the plant's own way with it, as far as the period of its pool."""
    plant, size = story.plant, len(story.plant.written)
    shown = [plant.written[0], plant.written[4], plant.written[5]]
    return Evidence(
        subject={"batch": story.oxide},
        entries=_under(plant, size, 0, (0, 4, 5)),
        checkpoints=_heads(story)[:1],
        disclosures={one.leaf: one.opening("public", "chain") for one in shown},
        made_at="2026-12-04T02:00:00.000Z",
    )


def attested_evidence(story: Story) -> Evidence:
    """The second motor's evidence, and what the authority says of the motor maker's log."""
    motor, authority = motor_evidence(story), story.authority
    shown = (authority.written[0], authority.written[3])
    return replace(
        motor,
        entries=(*motor.entries, *_under(authority, len(authority.written), 3, (0, 3))),
        checkpoints=(*motor.checkpoints, _heads(story)[2]),
        disclosures={**motor.disclosures, **{one.leaf: one.opening("public") for one in shown}},
    )


def inspected_evidence(story: Story) -> Evidence:
    """The oxide's evidence, and what the authority saw of the goods that it was made of."""
    oxide, authority = oxide_evidence(story), story.authority
    shown = (authority.written[0], authority.written[6])
    return replace(
        oxide,
        entries=(*oxide.entries, *_under(authority, len(authority.written), 1, (0, 6))),
        checkpoints=(*oxide.checkpoints, _heads(story)[2]),
        disclosures={**oxide.disclosures, **{one.leaf: one.opening("public", "chain") for one in shown}},
    )


def admitted_evidence(story: Story) -> Evidence:
    """The second motor's evidence, for whoever relies on the registry."""
    return with_registry(motor_evidence(story), story.registry, story.magnet.name, story.motor.name)


def rekeyed_evidence(story: Story) -> Evidence:
    return recycler_evidence(story.reclaim, story.registry)


def without(evidence: Evidence, *places: tuple[str, int]) -> Evidence:
    """The same, lacking some entries and what was disclosed of them."""
    gone = [one for one in evidence.entries if (one.log, one.index) in places]
    leaves = {parse_entry(one.note).leaf for one in gone}
    return replace(
        evidence,
        entries=tuple(one for one in evidence.entries if one not in gone),
        disclosures={leaf: opens for leaf, opens in evidence.disclosures.items() if leaf not in leaves},
    )
