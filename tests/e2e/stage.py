"""A world in which everything that can be refused is near at hand, and requests to make in it.

Each `Make` is a request that waits for the stage; `ask` makes it, and `problem` is the one shape of all refusals.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from tests.world import Member, Reply, World, kg

MINE, PLANT, METAL, AUTHORITY = "mine.example", "plant.example", "metal.example", "authority.example"
CHINESE = re.compile("[\u4e00-\u9fff]").search
BODY_MAX = 1 << 20
NOWHERE = "0" * 26
ORIGIN = {"class": "mined", "country": "CN"}
OXIDE = {"basis": "ignited", "total_reo_pct": "99.0", "distribution_pct": [["Pr", "25.0"], ["Nd", "75.0"]]}


@dataclass
class Stage:
    """The world that all cases share: none of them changes it. `ids` are shipments by what became of them, and locks
    and drafts by name; `entries` are numbers of entries of mine's log.
    """

    world: World
    ids: dict[str, str] = field(default_factory=dict)
    entries: dict[str, int] = field(default_factory=dict)

    @property
    def mine(self) -> Member:
        return self.world[MINE]


def set_stage(world: World) -> Stage:
    stage = Stage(world)
    _own_goods(stage.mine)
    _own_shipments(stage)
    _arrivals(stage)
    _goods_of_others(stage)
    _matter(stage)
    for member in world:
        member.token("viewer")
    world.settle()
    return stage


def _own_goods(mine: Member) -> None:
    """Ore in drums and loose, a pallet, pieces in a carton, goods at two sites, two lots of one name, a tower."""
    mine.register("A-1", "100", site="main")
    mine.pack("A-1", "D-1", "D-2", net="20")
    mine.register("S-1", "100", site="main")
    mine.pack("S-1", "S/1", "S/2", net="20")
    mine.record(
        "/api/v1/units", {"batch": "S-1", "units": [{"serial": "P-1", "kind": "pallet", "contains": ["S/1", "S/2"]}]}
    )
    mine.register("C-1", "10", site="main", product="ndfeb_magnet", quantity=kg("10", count=100))
    mine.pack("C-1", "K-1", net="4", count=40)
    mine.register("T-1", "100", site="main", product="dy_oxide")
    mine.record("/api/v1/moves", {"from": "main", "to": "annex", "lines": [{"batch": "T-1", "quantity": kg("50")}]})
    for _ in range(2):
        mine.register("X-1", "5", site="main", product="tb_oxide")
    ticket = {"ticket": "WB-1", "gross": "101", "tare": "1", "unit": "kg"}
    mine.register("H-1", "100", site="main", product="usual_ore", weighing=ticket)
    for number in (2, 3):
        mine.register(f"H-{number}", "100", site="main", product="usual_ore")
    mine.register("Z-1", "5", site="main", product="tower_ore")
    mine.pack("Z-1", "Z/0", net="1")
    for level in range(1, 11):
        unit = {"serial": f"Z/{level}", "kind": "crate", "contains": [f"Z/{level - 1}"]}
        mine.record("/api/v1/units", {"batch": "Z-1", "units": [unit]})


def _own_shipments(stage: Stage) -> None:
    """Offered, received and closed, received and not answered, declined, sent outside."""
    mine, plant = stage.mine, stage.world[PLANT]
    mine.register("A-2", "100", site="main", product="sent_ore")
    mine.pack("A-2", "E-1", "E-2", net="10")

    def ship(name: str, *lines: dict[str, Any]) -> str:
        stage.ids[name] = mine.ship(PLANT, *lines)
        plant.await_arrival(stage.ids[name])
        return stage.ids[name]

    ship("offered", {"batch": "A-2", "quantity": kg("10")})
    plant.receive(ship("closed", {"batch": "A-2", "quantity": kg("10")}), {"line": 0, "site": "main"})
    mine.await_status(stage.ids["closed"], "received")
    mine.acknowledge(stage.ids["closed"])
    plant.receive(ship("answered", {"batch": "A-2", "quantity": kg("10")}), {"line": 0, "site": "main"})
    mine.await_status(stage.ids["answered"], "received")
    plant.receive(ship("declined", {"batch": "A-2", "units": ["E-1", "E-2"]}), declined=True, reason="not ordered")
    mine.await_status(stage.ids["declined"], "declined")
    outside_party = {"outside": {"name": "Muster", "country": "DE"}}
    gone = {"to": outside_party, "purpose": "sale", "lines": [{"batch": "C-1", "quantity": kg("1", count=10)}]}
    stage.ids["outside"] = f"{MINE}/log#{mine.record('/api/v1/shipments', gone)['shipment']}"


def _arrivals(stage: Stage) -> None:
    """At mine, from plant: open; begun; received; declined; with drums in quarantine."""
    mine, plant = stage.mine, stage.world[PLANT]
    plant.register("B-1", "1000", site="main", product="oxide")
    plant.pack("B-1", *(f"F-{number}" for number in range(8)), net="20")
    plant.register("B-2", "10", site="main", product="magnets", quantity=kg("10", count=100))

    def arrive(name: str, *lines: dict[str, Any]) -> str:
        stage.ids[name] = plant.ship(MINE, *lines)
        mine.await_arrival(stage.ids[name])
        return stage.ids[name]

    drums = {"batch": "B-1", "quantity": kg("50"), "units": ["F-0", "F-1"]}
    ore = {"product": "ore", "site": "main", "quantity": kg("5"), "origin": ORIGIN}
    nameless = plant.record("/api/v1/batches", ore)["batch"]  # has no lot number
    pieces = {"batch": "B-2", "quantity": kg("10", count=100)}
    arrive("in", drums, {"batch": "B-1", "quantity": kg("100")}, pieces, {"batch": nameless, "quantity": kg("5")})
    part = {"line": 0, "site": "main", "units": [{"unit": "F-2", "state": "accepted"}]}
    mine.receive(arrive("begun", {"batch": "B-1", "units": ["F-2", "F-3"]}), part, final=False)
    mine.receive(arrive("received", {"batch": "B-1", "quantity": kg("10")}), {"line": 0, "site": "main"})
    mine.receive(arrive("refused", {"batch": "B-1", "quantity": kg("10")}), declined=True, reason="not ordered")
    waits = {"line": 0, "site": "main", "units": [{"unit": "F-4", "state": "quarantined"}]}
    mine.receive(arrive("quarantine", {"batch": "B-1", "units": ["F-4"]}), waits)


def _goods_of_others(stage: Stage) -> None:
    """Metal's goods stand at mine for storage; mine's own come back from plant, where they were processed."""
    mine, plant, metal = stage.mine, stage.world[PLANT], stage.world[METAL]
    metal.register("M-1", "100", site="main")
    metal.pack("M-1", "MD-1", net="20")
    stored = metal.ship(MINE, {"batch": "M-1", "quantity": kg("50"), "units": ["MD-1"]}, purpose="storage")
    mine.await_arrival(stored)
    mine.receive(stored, {"line": 0, "site": "main"})
    mine.register("W-1", "30", site="main", product="work_ore")
    work = mine.ship(PLANT, {"batch": "W-1", "quantity": kg("30")}, purpose="processing")
    plant.await_arrival(work)
    plant.receive(work, {"line": 0, "site": "main"})
    back = plant.ship(MINE, {"batch": "W-1", "quantity": kg("30")}, purpose="return", original=work)
    mine.await_arrival(back)
    stage.ids["own back"] = back


def _matter(stage: Stage) -> None:
    """At mine: a pool that is open and one that is closed, and goods that are held, pledged, recalled, free again."""
    mine = stage.mine
    mine.register("O-1", "100", site="main", product="prnd_oxide", assay=OXIDE)
    mine.register("O-2", "10", site="main", product="prnd_oxide")
    stage.entries["assayed"] = mine.record("/api/v1/assays", {"batch": "O-2", "assay": OXIDE})["entry"]["index"]
    steps = [{"process": "blend", "site": "main"}]
    for pool, mass in (("p", "50"), ("q", "20")):
        inputs = [{"batch": "O-1", "quantity": kg(mass), "site": "main"}]
        body = {"inputs": inputs, "steps": steps, "period_lot_no": f"{pool.upper()} 1"}
        mine.record(f"/api/v1/pools/{pool}/charges", body)
    mine.record("/api/v1/pools/q/closings", {"goes_on": False})
    for lot in ("L-1", "L-2", "L-3", "L-4"):
        mine.register(lot, "100", site="main", product="locked_ore")
        mine.pack(lot, lot.replace("-", "/"), net="10")

    wet = {**OXIDE, "basis": "dried", "moisture_pct": "20", "distribution_pct": [["La", "40"], ["Y", "60"]]}
    mine.register("W-2", "100", site="main", product="mixed_re_carbonate", assay={**wet, "total_reo_pct": "50"})
    stage.ids["wet"] = mine.ship(PLANT, {"batch": "W-2", "quantity": kg("10")})
    stage.world[PLANT].await_arrival(stage.ids["wet"])
    stage.world[PLANT].receive(stage.ids["wet"], {"line": 0, "site": "main"})
    mine.await_status(stage.ids["wet"], "received")

    def lock(name: str, path: str, body: dict[str, Any]) -> None:
        headers = {"idempotency-key": f"lock {name} {path}"}
        reply = mine.ask("POST", f"/api/v1/{path}", body, role="supervisor", headers=headers)
        assert reply.status == 201, reply.body
        stage.ids[name] = reply.json()["lock"]

    def part(lot: str) -> list[dict[str, Any]]:
        return [{"batch": lot, "quantity": kg("30"), "site": "main", "units": [lot.replace("-", "/")]}]

    lock("hold", "holds", {"kind": "quality", "reason": "x", "lines": part("L-1")})
    lock("pledge", "pledges", {"to": "Bank", "lines": part("L-2")})
    lock("recall", "recalls", {"kind": "safety", "text": "x", "lines": [{"batch": "L-3"}]})
    lock("units", "recalls", {"kind": "safety", "text": "x", "lines": [{"batch": "L-4", "units": ["L/4"]}]})
    lock("ended", "holds", {"kind": "other", "reason": "x", "lines": [{"batch": "L-4", "quantity": kg("5")}]})
    lock("ended", f"holds/{stage.ids['ended']}/releases", {"reason": "x"})


# -- requests ---------------------------------------------------------------------------------------------------------

Body = dict[str, Any] | bytes
Make = Callable[[Stage], "Asked"]


@dataclass(frozen=True)
class Asked:
    """A request to `member`. A recording one gets an Idempotency-Key unless `headers` say otherwise (None takes one
    away).
    """

    path: str
    body: Body = b""
    method: str = "POST"
    role: str | None = "clerk"
    headers: dict[str, str | None] = field(default_factory=dict)
    member: str = MINE


@dataclass(frozen=True)
class Case:
    """`field` is where the answer must point; None where there is no such place."""

    status: int
    code: str
    field: str | None
    asked: Make


def post(path: str, body: Body, **more: Any) -> Make:
    return lambda _: Asked(path, body, **more)


def register(**changed: Any) -> Make:
    body = {"product": "ore", "site": "main", "quantity": kg("1"), "origin": ORIGIN, **changed}
    return post("/api/v1/batches", {name: value for name, value in body.items() if value is not None})


def measured(**changed: Any) -> Make:
    """A registration of another quantity; a member that is None is left out."""
    return register(quantity={name: value for name, value in {**kg("1"), **changed}.items() if value is not None})


def transform(inputs: list[Any], outputs: list[Any], process: str = "separation", **more: Any) -> Make:
    steps = [{"process": process, "site": "main"}]
    return post("/api/v1/transformations", {"steps": steps, "inputs": inputs, "outputs": outputs, **more})


def made(mass: str, **more: Any) -> dict[str, Any]:
    return {"product": "new_oxide", "quantity": kg(mass, **more)}


def dismantle(*serials: str) -> Make:
    return post("/api/v1/dismantlings", {"units": list(serials), "steps": AT_MAIN, "outputs": [made("1")]})


def pack(batch: str, *rows: dict[str, Any]) -> Make:
    return post("/api/v1/units", {"batch": batch, "units": list(rows)})


def ship(*lines: dict[str, Any], to: str = PLANT, **more: Any) -> Make:
    body = {"to": {"node": to}, "purpose": "sale", "lines": list(lines), **more}
    return post("/api/v1/shipments", body)


def receive(name: str, *lines: dict[str, Any], **more: Any) -> Make:
    def make(stage: Stage) -> Asked:
        here = [{"site": "main", **line} for line in lines]
        path = f"/api/v1/shipments/{quote(stage.ids.get(name, name), safe='')}/receipts"
        return Asked(path, {**({"lines": here} if lines else {}), **more})

    return make


def acknowledge(name: str, **more: Any) -> Make:
    def make(stage: Stage) -> Asked:
        shipment = stage.ids.get(name, name).partition("#")[2] or name
        return Asked(f"/api/v1/shipments/{shipment}/acknowledgements", more)

    return make


def link(name: str, method: str = "POST") -> Make:
    def make(stage: Stage) -> Asked:
        shipment = stage.ids.get(name, name).partition("#")[2] or name
        return Asked(f"/api/v1/shipments/{shipment}/link", b"", method=method)

    return make


def state(unit: str, state: str, **more: Any) -> dict[str, Any]:
    return {"unit": unit, "state": state, **more}


A1 = {"batch": "A-1", "quantity": kg("1"), "site": "main"}
C1 = {"batch": "C-1", "quantity": kg("1", count=10), "site": "main"}
NEW_DRUM = {"serial": "new", "net": kg("1")}
AT_MAIN = [{"process": "work", "site": "main"}]
MOTORS = {"product": "motor", "steps": AT_MAIN, "inputs": [C1]}
GOOD = {"product": "ore", "site": "main", "quantity": kg("1"), "origin": ORIGIN}
GOOD_TEXT = json.dumps(GOOD).encode()


# -- asking -----------------------------------------------------------------------------------------------------------


def ask(member: Member, asked: Asked, key: str = "bad input") -> Reply:
    recording = asked.method == "POST" and asked.path.startswith("/api/")
    headers = {**({"idempotency-key": key} if recording else {}), **asked.headers}
    given = {name: value for name, value in headers.items() if value is not None}
    return member.ask(asked.method, asked.path, asked.body, role=asked.role, headers=given)


def problem(reply: Reply) -> dict[str, Any]:
    """The one shape that every refusal has, with its sentence in both languages."""
    assert reply.header("content-type") == "application/problem+json", reply
    members = reply.json()
    assert list(members) == ["type", "title", "status", "code", "detail", "detail_zh", "field", "value"]
    assert members["status"] == reply.status
    assert members["type"] == f"/errors/{members['code']}"
    assert CHINESE(members["detail_zh"])
    told = str(members["value"] or "")
    assert not CHINESE(members["detail"].replace(told, ""))
    assert len(members["detail"].split()) > 4
    assert "Value error" not in members["detail"], "pydantic's own words have no Chinese"
    return dict(members)
