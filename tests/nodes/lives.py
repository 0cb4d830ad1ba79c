"""Random lives of two organisations that trade with each other both ways, through their own interfaces.

What a step asks for is often refused (custody says no, a code is ambiguous); the next one asks for something else.
`Lives.done` counts what was recorded, by event type, so that a test can tell a rich life from a poor one.
"""

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

from tests.world import Member, World, kg

MINE, PLANT = "mine.example", "plant.example"
SITES = ("main", "annex")
STEPS = 220
EVENTS = {
    *("registered", "transformed", "packed", "unpacked", "moved", "removed"),
    *("shipped", "received", "acknowledged", "assembled", "dismantled"),
}
PRODUCTS = ("ion_clay_mixed_oxide", "prnd_oxide", "ndfeb_magnet", "iron_boron")
STATES = ("accepted", "accepted", "concession", "quarantined", "rejected", "missing", "damaged")


def weight(mg: int, **more: Any) -> dict[str, Any]:
    return kg(f"{mg // 10**6}.{mg % 10**6:06d}", **more)


class Lives:
    """`step` does one thing at one of the two."""

    def __init__(self, world: World, seed: int) -> None:
        self.members = list(world)
        self.random = Random(seed)
        self.done: Counter[str] = Counter()
        self._serial = 0
        self._steps: tuple[Callable[[Member], None], ...] = (
            *(
                self.register,
                self.register,
                self.transform,
                self.transform,
                self.pack,
                self.stack,
                self.unpack,
                self.move,
                self.remove,
            ),
            *(self.ship, self.ship, self.ship_units, self.receive, self.receive, self.receive, self.decline),
            *(self.acknowledge, self.give_back, self.assemble, self.dismantle),
        )

    def step(self) -> None:
        self.random.choice(self._steps)(self.random.choice(self.members))

    # -- what is there --------------------------------------------------------------------------------------------

    def _new(self, letter: str) -> str:
        self._serial += 1
        return f"{letter}-{self._serial}"

    def _ask(self, member: Member, event: str, path: str, body: dict[str, Any]) -> None:
        reply = member.post(path, body)
        assert reply.status in (201, 404, 409, 422), reply.body
        self.done[event if reply.status == 201 else "refused"] += 1

    def _loose(self, member: Member) -> list[dict[str, Any]]:
        """Some batches that stand loose and are our own, at one site each, with how much of them."""
        found = [
            {"batch": batch["batch"], **held, "product": batch["product"]}
            for batch in member.get("/api/v1/batches?on_hand=true&limit=500")["batches"]
            for held in batch["loose"]
            if held["owner"] is None and held["mg"] > 0
        ]
        self.random.shuffle(found)
        return found[: self.random.randint(1, 3)]

    def _some(self, held: dict[str, Any]) -> dict[str, Any]:
        """A line that takes a part of a holding, or all of it."""
        part = self.random.choice((1, 1, 2, 3))
        count = None if held["count"] is None else max(held["count"] // part, 1)
        mg = held["mg"] if part == 1 else max(held["mg"] // part, 1)
        return {"batch": held["batch"], "site": held["site"], "quantity": weight(mg, count=count), "mg": mg}

    def _units(self, member: Member, most: int = 4) -> list[dict[str, Any]]:
        found = member.get("/api/v1/units?usable=true&limit=500")["units"]
        self.random.shuffle(found)
        return found[: self.random.randint(1, most)]

    def _line(self, held: dict[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in self._some(held).items() if name != "mg"}

    # -- what may happen ------------------------------------------------------------------------------------------

    def register(self, member: Member) -> None:
        counted = self.random.random() < 0.4
        body = {
            "product": self.random.choice(PRODUCTS),
            "lot_no": self._new("L"),
            "site": self.random.choice(SITES),
            "quantity": kg(str(self.random.randint(50, 500)), count=self.random.randint(50, 900) if counted else None),
            "origin": {"class": self.random.choice(("mined", "bought_outside", "recycled")), "country": "CN"},
            "external_ref": self._new("ERP"),
            "confirm": {"reason": "random"},
        }
        self._ask(member, "registered", "/api/v1/batches", body)

    def transform(self, member: Member) -> None:
        taken = [self._some(held) for held in self._loose(member)]
        mg = sum(line.pop("mg") for line in taken)
        parts = self.random.randint(1, 3)
        outputs = [
            {"product": self.random.choice(PRODUCTS), "lot_no": self._new("T"), "quantity": weight(mg // (parts + 1))}
            for _ in range(parts)
        ]
        if not taken:
            return
        body = {
            "steps": [{"process": "separation", "site": self.random.choice(SITES)}],
            "inputs": taken,
            "outputs": outputs,
            "losses": [{"kind": "residue", "quantity": weight(mg - parts * (mg // (parts + 1)))}],
            "confirm": {"reason": "random"},
        }
        self._ask(member, "transformed", "/api/v1/transformations", body)

    def pack(self, member: Member) -> None:
        for held in self._loose(member)[:1]:
            number = self.random.randint(1, 4)
            pieces = None if held["count"] is None else held["count"] // (number + 1) or None
            units = [
                {"serial": self._new("U"), "net": weight(held["mg"] // (number + 1)), "count": pieces, "seal": "s"}
                for _ in range(number)
            ]
            body = {"batch": held["batch"], "site": held["site"], "units": units, "confirm": {"reason": "random"}}
            self._ask(member, "packed", "/api/v1/units", body)

    def stack(self, member: Member) -> None:
        units = self._units(member)
        alike = [one for one in units if (one["batch"], one["site"]) == (units[0]["batch"], units[0]["site"])]
        if alike:
            pallet = {"serial": self._new("P"), "kind": "pallet", "contains": [one["unit"] for one in alike]}
            body = {"batch": alike[0]["batch"], "units": [pallet], "confirm": {"reason": "random"}}
            self._ask(member, "packed", "/api/v1/units", body)

    def unpack(self, member: Member) -> None:
        units = [one["unit"] for one in self._units(member, 2)] or ["none"]
        self._ask(member, "unpacked", "/api/v1/unpackings", {"units": units})

    def move(self, member: Member) -> None:
        for held in self._loose(member)[:1]:
            to = next(site for site in SITES if site != held["site"])
            line = self._line(held)
            line.pop("site")
            self._ask(member, "moved", "/api/v1/moves", {"from": held["site"], "to": to, "lines": [line]})

    def remove(self, member: Member) -> None:
        for held in self._loose(member)[:1]:
            body = {"kind": "disposed", "lines": [self._line(held)], "reason": "random"}
            self._ask(member, "removed", "/api/v1/removals", body)

    def _other(self, member: Member) -> Member:
        return next(one for one in self.members if one is not member)

    def ship(self, member: Member) -> None:
        lines = [self._line(held) for held in self._loose(member)]
        purpose = self.random.choice(("sale", "processing", "storage", "sample"))
        to = {"node": self._other(member).name}
        if self.random.random() < 0.1:
            to = {"outside": {"name": "Somebody", "country": "DE"}}
        if lines:
            self._ask(member, "shipped", "/api/v1/shipments", {"to": to, "purpose": purpose, "lines": lines})

    def ship_units(self, member: Member) -> None:
        lines: dict[tuple[str, str], dict[str, Any]] = {}
        for unit in self._units(member):
            line = lines.setdefault((unit["batch"], unit["site"]), {"batch": unit["batch"], "units": []})
            line["units"].append(unit["unit"])
        if lines:
            body = {"to": {"node": self._other(member).name}, "purpose": "sale", "lines": list(lines.values())}
            self._ask(member, "shipped", "/api/v1/shipments", body)

    def _open_arrival(self, member: Member) -> str | None:
        found = member.get("/api/v1/arrivals?open=true&limit=100")["arrivals"]
        return self.random.choice(found)["shipment"] if found else None

    def receive(self, member: Member) -> None:
        shipment = self._open_arrival(member)
        if shipment is None:
            return
        final = self.random.random() < 0.6
        lines = [
            self._answer(number, row, final)
            for number, row in enumerate(self._offered(member, shipment))
            if final or self.random.random() < 0.7
        ]
        self._ask(member, "received", self._receipts(shipment), {"final": final, "lines": lines})

    def _answer(self, number: int, row: dict[str, Any], final: bool) -> dict[str, Any]:
        line: dict[str, Any] = {"line": number, "site": self.random.choice(SITES), "reason": "random"}
        loose = row["mg"] - sum(unit["net_mg"] for unit in row["units"] if unit["kind"] != "pallet")
        if row["units"]:
            line["units"] = [
                {"unit": unit["unit"], "state": self.random.choice(STATES), "reason": "random"}
                for unit in row["units"]
                if final or self.random.random() < 0.6
            ]
        elif final and row.get("count") is None and self.random.random() < 0.5:
            line["weighed"] = weight(loose * 999 // 1000)
        elif final and row.get("count") is None:
            line["rejected"] = weight(loose // 3)
        return line

    def _offered(self, member: Member, shipment: str) -> list[dict[str, Any]]:
        return list(member.shipment(shipment)["offered"])

    def _receipts(self, shipment: str) -> str:
        return f"/api/v1/shipments/{shipment.replace('#', '%23').replace('/', '%2F')}/receipts"

    def decline(self, member: Member) -> None:
        shipment = self._open_arrival(member)
        if shipment is not None and self.random.random() < 0.4:
            self._ask(member, "received", self._receipts(shipment), {"declined": True, "reason": "random"})

    def acknowledge(self, member: Member) -> None:
        found = member.get("/api/v1/shipments?open=true&limit=100")["shipments"]
        told = [one for one in found if one["status"] in ("received", "declined") or "outside" in one["to"]]
        if not told:
            return
        one = self.random.choice(told)
        body: dict[str, Any] = {"agreed": self.random.random() < 0.7, "reason": "random"}
        if one["status"] == "declined" or "outside" in one["to"]:
            body["lines"] = [
                {
                    "line": number,
                    "site": "main",
                    "units": line["units"],
                    "weighed": weight(line["mg"], count=line["count"]),
                }
                for number, line in enumerate(one["lines"])
            ]
        self._ask(member, "acknowledged", f"/api/v1/shipments/{one['shipment']}/acknowledgements", body)

    def give_back(self, member: Member) -> None:
        """What stands here and belongs to the other one."""
        owner = self._other(member).name
        lines = [
            {
                "batch": batch["batch"],
                "site": held["site"],
                "owner": owner,
                "quantity": weight(held["mg"], count=held["count"]),
            }
            for batch in member.get("/api/v1/batches?on_hand=true&limit=500")["batches"]
            for held in batch["loose"]
            if held["owner"] == owner and held["mg"] > 0
        ]
        units = member.get("/api/v1/units?on_hand=true&limit=500")["units"]
        theirs = [unit for unit in units if unit["owner"] == owner and unit["state"] == "here"]
        lines += [{"batch": unit["batch"], "units": [unit["unit"]]} for unit in theirs]
        if lines:
            body = {"to": {"node": owner}, "purpose": "return", "lines": self.random.sample(lines, 1)}
            self._ask(member, "shipped", "/api/v1/shipments", body)

    def assemble(self, member: Member) -> None:
        lines = [self._line(held) for held in self._loose(member)]
        if lines:
            body = {
                "product": "motor",
                "lot_no": self._new("M"),
                "inputs": lines,
                "steps": [{"process": "assemble", "site": "main"}],
                "units": [{"serial": self._new("S"), "net": kg("20")} for _ in range(self.random.randint(1, 3))],
            }
            self._ask(member, "assembled", "/api/v1/assemblies", body)

    def dismantle(self, member: Member) -> None:
        motors = [one for one in member.get("/api/v1/units?usable=true&limit=500")["units"] if one["kind"] == "motor"]
        if motors:
            unit = self.random.choice(motors)
            outputs = [{"product": "ndfeb_magnet", "lot_no": self._new("E"), "quantity": kg("1", count=9)}]
            body = {
                "units": [unit["unit"]],
                "outputs": outputs,
                "steps": [{"process": "dismantle", "site": unit["site"]}],
                "confirm": {"reason": "random"},
            }
            self._ask(member, "dismantled", "/api/v1/dismantlings", body)


def live(folder: Path, seed: int) -> None:
    """Two homes in `folder` with a life behind them in which every event type occurred; both logs were audited."""
    with World(folder, MINE, PLANT, sites=SITES) as world:
        lives, steps = Lives(world, seed), 0
        while steps < STEPS or lives.done.keys() < EVENTS | {"refused"}:
            lives.step()
            steps += 1
            assert steps < 10 * STEPS, f"never happened: {EVENTS - lives.done.keys()}"
        # What one of the two was allowed to record, the other one takes.
        assert [set(one.deliveries) for one in world.check().values()] == [{"sent"}, {"sent"}]
