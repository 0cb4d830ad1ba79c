"""Goods that went through five organisations, played once: what was told to whom is then there to be read.

    mine ─ D-1 ─ trader ─ D-1 ─ plant ─ T-1 (C-1, C-2) ─ motor ─ U-1, E-1 ─ rival
       └ M-1, A-2, D-3 (comes back) ─┘ ├ C-3 ─ rival
       └ A-1 ─ rival                   └ W-1 ─ a party outside

Beside them the rival does with goods of its own what the others do not: in a pool, on the scale, under locks.

`Chain` holds the homes of nodes that have stopped; a test opens those it reads, and copies what it changes. What must
not reach a reader has words of its own: SECRETS.
"""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ledger.log.trust import Policy
from nodes.clock import Clock, system_clock
from nodes.node import Node
from tests.world import Parcel, World, kg

MINE, TRADER, PLANT, MOTOR, RIVAL = NAMES = (
    "mine.example",
    "trader.example",
    "plant.example",
    "motor.example",
    "rival.example",
)
PROFILE = [["Nd", "60"], ["Pr", "20"], ["Dy", "20"]]
ASSAY = "Laboratory that nobody names"
TICKET = "BT-secret-991"
VEHICLE = "secret-B12345"
LOSS = "secret_slag"
REFERENCE = "ERP-secret-1"
OUTSIDE = "Schrott und Soehne"
SECRETS = {"assay": ASSAY, "ticket": TICKET, "vehicle": VEHICLE, "loss": LOSS, "ref": REFERENCE, "outside": OUTSIDE}


@dataclass(frozen=True)
class Chain:
    """`batches` by lot number and `units` by serial, as `log#id`; shipments by sender, receiver and position."""

    folder: Path
    policy: Policy
    batches: Mapping[str, str]
    units: Mapping[str, str]
    labels: Mapping[str, str]
    shipments: Mapping[tuple[str, str, int], str]
    parcels: tuple[Parcel, ...]

    def home(self, name: str) -> Path:
        return self.folder / name.partition(".")[0]

    @contextmanager
    def node(self, name: str, home: Path | None = None, clock: Clock = system_clock, **settings: str) -> Iterator[Node]:
        """An open node that is not started: it reads. `settings` as they stand in the environment."""
        environ = {f"LODETRACE_{key.upper()}": value for key, value in settings.items()}
        node = Node.open(home or self.home(name), environ, clock)
        try:
            yield node
        finally:
            node.stop()

    def copy(self, name: str, to: Path) -> Path:
        """A home that a test may change."""
        return Path(shutil.copytree(self.home(name), to))

    def token(self, serial: str) -> str:
        """What is printed behind /q/ on a unit."""
        return self.labels[serial].rpartition("/q/")[2]

    def batch(self, lot: str, at: str) -> str:
        """A batch as the node `at` writes it."""
        return self.batches[lot].removeprefix(f"{at}/log#")

    def unit(self, serial: str, at: str) -> str:
        return self.units[serial].removeprefix(f"{at}/log#")


class _Teller:
    """Plays the story and writes down what came of it."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.batches: dict[str, str] = {}
        self.units: dict[str, str] = {}
        self.labels: dict[str, str] = {}
        self.shipments: dict[tuple[str, str, int], str] = {}

    def register(self, name: str, lot: str, mass: str, **more: object) -> None:
        self.batches[lot] = f"{name}/log#{self.world[name].register(lot, mass, **more)}"

    def transform(self, name: str, process: str, inputs: list, outputs: list, loss: str | None = None) -> None:
        body = {"steps": [{"process": process}], "inputs": inputs, "outputs": outputs}
        if loss is not None:
            body["losses"] = [{"kind": LOSS, "quantity": kg(loss)}]
        for made in self.world[name].record("/api/v1/transformations", body)["outputs"]:
            self.batches[made["lot_no"]] = f"{name}/log#{made['batch']}"

    def units_of(self, name: str, answer: list) -> None:
        for unit in answer:
            self.units[unit["serial"]] = f"{name}/log#{unit['unit']}"
            self.labels[unit["serial"]] = unit["label_url"]

    def pack(self, name: str, lot: str, *serials: str, **more: object) -> None:
        self.units_of(name, self.world[name].pack(lot, *serials, **more))

    def hand_over(self, sender: str, to: str, *lines: dict, **more: object) -> str:
        """Ships, and waits until it has arrived."""
        shipment = self.world[sender].ship(to, *lines, **more)
        place = sum(1 for one in self.shipments if one[:2] == (sender, to))
        self.shipments[sender, to, place] = shipment
        self.world[to].await_arrival(shipment)
        return shipment

    def give(self, sender: str, to: str, *lines: dict, **more: object) -> str:
        """Ships, and it is received as offered."""
        shipment = self.hand_over(sender, to, *lines, **more)
        self.world[to].receive(shipment)
        self.world[sender].await_status(shipment, "received")
        return shipment


def _mine(told: _Teller) -> None:
    weighing = {"ticket": TICKET, "scale": "WB-2", "gross": "112.0", "tare": "12.0", "unit": "kg"}
    assay = {"basis": "as_received", "total_reo_pct": "92.1", "distribution_pct": PROFILE, "lab": ASSAY}
    documents = [{"kind": "weigh_ticket", "no": TICKET}]
    told.register(MINE, "A-1", "100", weighing=weighing, assay=assay, documents=documents, external_ref=REFERENCE)
    told.register(MINE, "A-2", "50")
    told.register(MINE, "A-9", "70")
    inputs = [{"batch": "A-1", "quantity": kg("60")}, {"batch": "A-2", "quantity": kg("40")}]
    told.transform(MINE, "merge", inputs, [{"product": "ion_clay_mixed_oxide", "lot_no": "M-1", "quantity": kg("100")}])
    told.pack(MINE, "M-1", "D-1", "D-2", "D-3", "D-4", seal="A771")
    told.pack(MINE, "A-9", "X-1")
    transport = {"vehicle": VEHICLE}
    told.hand_over(
        MINE,
        PLANT,
        {"batch": "M-1", "quantity": kg("40"), "units": ["D-3"]},
        {"batch": "A-2", "quantity": kg("10")},
        transport=transport,
    )
    told.hand_over(MINE, TRADER, {"batch": "M-1", "units": ["D-1", "D-2"]})
    told.give(MINE, RIVAL, {"batch": "A-1", "quantity": kg("20")})


def _trader_and_returns(told: _Teller) -> None:
    world, mine = told.world, told.world[MINE]
    to_plant, to_trader = told.shipments[MINE, PLANT, 0], told.shipments[MINE, TRADER, 0]
    states = [{"unit": "D-1", "state": "accepted"}, {"unit": "D-2", "state": "missing", "reason": "not on the lorry"}]
    world[TRADER].receive(to_trader, {"line": 0, "units": states})
    mine.await_status(to_trader, "received")
    told.give(TRADER, PLANT, {"batch": "M-1", "units": ["D-1"]})
    broken = {"unit": "D-3", "state": "rejected", "reason": "seal broken"}
    world[PLANT].receive(to_plant, {"line": 0, "weighed": kg("29.95"), "units": [broken]}, {"line": 1})
    mine.await_status(to_plant, "received")
    mine.acknowledge(to_plant)
    told.give(PLANT, MINE, {"batch": "M-1", "units": ["D-3"]}, purpose="return", original=to_plant)


def _plant(told: _Teller) -> None:
    told.register(PLANT, "F-1", "50", product="iron_boron", origin={"class": "bought_outside", "country": "CN"})
    inputs = [
        {"batch": "M-1", "quantity": kg("39.95"), "units": ["D-1"]},
        {"batch": "A-2", "quantity": kg("10")},
        {"batch": "F-1", "quantity": kg("20")},
    ]
    magnets = {"product": "ndfeb_magnet", "lot_no": "P-1", "quantity": kg("40", count=4000)}
    waste = {"product": "ndfeb_swarf", "lot_no": "W-1", "quantity": kg("25")}
    told.transform(PLANT, "sinter", inputs, [magnets, waste], loss="4.95")
    told.pack(PLANT, "P-1", "C-1", "C-2", "C-3", net="5", kind="carton", count=500)
    pallet = {"serial": "T-1", "kind": "pallet", "contains": ["C-1", "C-2"]}
    told.units_of(PLANT, told.world[PLANT].record("/api/v1/units", {"batch": "P-1", "units": [pallet]})["units"])
    told.give(PLANT, MOTOR, {"batch": "P-1", "units": ["T-1"]})
    told.give(PLANT, RIVAL, {"batch": "P-1", "units": ["C-3"]})
    outside = {"outside": {"name": OUTSIDE, "country": "DE"}}
    lines = [{"batch": "W-1", "quantity": kg("10")}]
    told.world[PLANT].record("/api/v1/shipments", {"to": outside, "purpose": "sale", "lines": lines})


def _motor(told: _Teller) -> None:
    motor = told.world[MOTOR]
    motor.record("/api/v1/unpackings", {"units": ["T-1"]})
    motor.record("/api/v1/unpackings", {"units": ["C-1"]})
    built = motor.record(
        "/api/v1/assemblies",
        {
            "product": "motor",
            "lot_no": "EV-1",
            "inputs": [{"batch": "P-1", "quantity": kg("3", count=300)}],
            "units": [{"serial": f"U-{number}", "net": kg("20")} for number in (1, 2, 3)],
        },
    )
    told.batches["EV-1"] = f"{MOTOR}/log#{built['batch']}"
    told.units_of(MOTOR, built["units"])
    outputs = [{"product": "ndfeb_magnet", "lot_no": "E-1", "quantity": kg("0.9", count=90)}]
    taken = motor.record("/api/v1/dismantlings", {"units": ["U-3"], "outputs": outputs})
    told.batches["E-1"] = f"{MOTOR}/log#{taken['outputs'][0]['batch']}"
    lines = ({"batch": "EV-1", "units": ["U-1"]}, {"batch": "E-1", "quantity": kg("0.5", count=50)})
    told.give(MOTOR, RIVAL, *lines)


def _rival(told: _Teller) -> None:
    rival = told.world[RIVAL]
    oxide = {"basis": "ignited", "total_reo_pct": "99.0", "distribution_pct": [["Pr", "25.0"], ["Nd", "75.0"]]}
    told.register(RIVAL, "R-1", "100", product="prnd_oxide", assay=oxide)
    some = [{"batch": "R-1", "quantity": kg("10")}]
    steps = [{"process": "blend"}]
    rival.record("/api/v1/pools/r/charges", {"inputs": some, "steps": steps})
    drawn = {"product": "prnd_oxide", "lot_no": "R-2", "quantity": kg("4")}
    rival.record("/api/v1/pools/r/draws", {"outputs": [drawn]})
    rival.record("/api/v1/pools/r/closings", {})
    portion = {"lot_no": "R-1/S", "quantity": kg("0.5"), "use": "assay"}
    rival.record("/api/v1/samples", {"batch": "R-1", "samples": [portion]})
    rival.record("/api/v1/assays", {"batch": "R-1", "assay": oxide, "lab": "Lab", "sample": "R-1/S"})
    rival.record("/api/v1/assays/agreements", {"batch": "R-1", "own": oxide, "other": oxide})
    rival.record("/api/v1/remeasurements", {"kind": "reweighed", "lines": [{"batch": "R-1", "quantity": kg("89.4")}]})
    rival.record("/api/v1/counts", {"lines": [{"batch": "R-1", "quantity": kg("89.4")}]})

    def lead(path: str, body: dict) -> dict:
        headers = {"idempotency-key": f"lead {path}"}
        reply = rival.ask("POST", f"/api/v1/{path}", body, role="supervisor", headers=headers)
        assert reply.status == 201, reply.body
        return reply.json()

    lead("titles", {"to": MOTOR, "lines": some})
    pledge = lead("pledges", {"to": "Bank", "lines": some})["lock"]
    lead(f"pledges/{pledge}/releases", {"reason": "repaid"})
    hold = lead("holds", {"kind": "quality", "reason": "wet", "lines": some})["lock"]
    lead(f"holds/{hold}/releases", {"reason": "dried"})
    lead("recalls", {"kind": "other", "text": "for the story", "lines": [{"batch": "R-2"}]})


def play(folder: Path) -> Chain:
    """The whole story; every log was audited from outside when it is back."""
    with World(folder, *NAMES) as world:
        told = _Teller(world)
        for part in (_mine, _trader_and_returns, _plant, _motor, _rival):
            part(told)
        world.settle()
        parcels = tuple(parcel for parcel, reply in world.network.carried if reply is not None and parcel.kind)
        policy = Policy.parse(world.policy.encode())
    return Chain(folder, policy, told.batches, told.units, told.labels, told.shipments, parcels)
