"""What stands on the stage by an authority's word: frozen goods, a hold that obeys, an order that has ended; shipments
that nobody takes.
"""

from typing import Any

from nodes import outside
from nodes.clock import stamp
from nodes.node import Caller
from nodes.store import cases
from nodes.store.cases import Step
from tests.bookkeeping import recorded
from tests.e2e.stage import AUTHORITY, METAL, PLANT, Stage
from tests.world import kg

KNOWN_TABLE = b"month,kwh\n2026-11,1\n"


def set_orders(stage: Stage) -> None:
    metal = stage.world[METAL]
    metal.token("supervisor")
    ids = {lot: metal.register(lot, "100", site="main", product="frozen_ore") for lot in ("F-1", "F-2", "F-9")}
    metal.pack("F-2", "F/2", net="10")
    unit = metal.get("/api/v1/units/F%2F2")["unit"]
    stage.ids["order"] = _order(stage, {"batch": _absolute(ids["F-1"])})
    stage.ids["order of a drum"] = _order(stage, {"batch": _absolute(ids["F-2"]), "units": [_absolute(unit)]})
    _order(stage, {"batch": _absolute(ids["F-9"]), "quantity": kg("99.5")})
    stage.ids["ended order"] = _order(stage, {"batch": _absolute(ids["F-1"])})
    _end(stage, stage.ids["ended order"])
    stage.world.settle()
    hold = {"kind": "ordered", "reason": "as ordered", "order": stage.ids["order"]}
    hold["lines"] = [{"batch": "F-1", "quantity": kg("90"), "site": "main"}]
    stage.ids["obeying hold"] = recorded(metal, "/api/v1/holds", hold)["lock"]
    _shipments(stage)
    _cases(stage)
    stage.world.settle()


def _cases(stage: Stage) -> None:
    """Of no finding: nothing is deposited here. And a table of an office."""
    node = stage.world[AUTHORITY].node
    stage.world[AUTHORITY].token("clerk")
    outside.bring(node, Caller("Li"), "power", "grid", "power.csv", KNOWN_TABLE)
    with node.store.write() as conn:
        for name, case in (("case", "2026-1"), ("closed case", "2026-2")):
            stage.ids[name] = case
            cases.add(conn, Step(case, stamp(node.clock()), "Li", "opened", {"title": name, "findings": []}))
        cases.add(conn, Step("2026-2", stamp(node.clock()), "Li", "closed", {"text": "nothing was found"}))


def _shipments(stage: Stage) -> None:
    """From metal to plant: asked back, answered; outside. From plant to metal: voided."""
    metal, plant = stage.world[METAL], stage.world[PLANT]
    outside = {"outside": {"name": "Muster", "country": "DE"}}
    line = {"quantity": kg("1"), "site": "main"}
    metal.register("F-3", "100", site="main", product="sent_ore")
    plant.register("F-4", "100", site="main", product="sent_ore")
    stage.ids["asked back"] = metal.ship(PLANT, {"batch": "F-3", **line})
    stage.ids["taken"] = metal.ship(PLANT, {"batch": "F-3", **line})
    gone = {"to": outside, "purpose": "sale", "lines": [{"batch": "F-3", **line}]}
    stage.ids["sent outside"] = f"{METAL}/log#{metal.record('/api/v1/shipments', gone)['shipment']}"
    stage.ids["voided"] = plant.ship(METAL, {"batch": "F-4", **line})
    for name in ("asked back", "taken"):
        plant.await_arrival(stage.ids[name])
    metal.await_arrival(stage.ids["voided"])
    plant.receive(stage.ids["taken"], {"line": 0, "site": "main"})
    metal.await_status(stage.ids["taken"], "received")
    asked = stage.ids["asked back"].partition("#")[2]
    metal.record(f"/api/v1/shipments/{asked}/withdrawals", {"reason": "wrong address"})
    stage.world.settle()
    recorded(stage.world[AUTHORITY], "/api/v1/voidings", {"shipment": stage.ids["voided"], "reason": "nobody there"})


def _absolute(id_: str) -> str:
    return f"{METAL}/log#{id_}"


def _order(stage: Stage, *lines: dict[str, Any]) -> str:
    body = {"to": METAL, "lines": list(lines), "reason": "case 2026-17"}
    return str(recorded(stage.world[AUTHORITY], "/api/v1/orders", body)["order"])


def _end(stage: Stage, order: str) -> None:
    path = f"/api/v1/orders/{order.replace('#', '%23')}/releases"
    recorded(stage.world[AUTHORITY], path, {"reason": "papers in order"})
