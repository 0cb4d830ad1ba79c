"""What stands on the stage to be corrected in vain: entries by name, a draft that waits, a month that is closed.

Everything is recorded as its organisation records it; what moves goods was approved by a second person.
"""

import json
from typing import Any

from nodes import tokens
from tests.e2e.stage import AUTHORITY, ORIGIN, PLANT, Stage
from tests.world import Member, kg, until

CLOSED = "2020-01"
REASON = {"reason": "entered wrongly"}
GONE = {"to": {"outside": {"name": "Muster", "country": "DE"}}, "purpose": "sale"}


def set_corrections(stage: Stage) -> None:
    _own_entries(stage)
    _moves(stage)
    _pieces(stage)
    _shared(stage)
    mine = stage.mine
    _lead(mine, "/api/v1/periods", {"month": CLOSED})
    for type_ in ("charged", "received", "acknowledged", "remeasured", "held", "period_closed"):
        stage.entries[type_] = _last(mine, type_)
    stage.entries |= {"opening": 0, "no gift": _last(stage.world[PLANT], "received")}
    stage.entries["offered"] = min(_all(mine, "shipped"))
    body = {"kind": "reverse", "entry": stage.entries["waits"], **REASON}
    stage.ids["draft"] = _proposed(mine, body)
    opening = {"verb": "unpack", "body": {"units": ["D-1"]}}
    stage.ids["own draft"] = mine.record("/api/v1/drafts", opening)["draft"]
    stage.ids["another's draft"] = _lead(mine, "/api/v1/drafts", opening)["draft"]
    stage.ids["month"] = mine.get("/api/v1/periods")["open"][-1]
    stage.world[AUTHORITY].token("supervisor")
    stage.world.settle()


def _own_entries(stage: Stage) -> None:
    """Registered, made, used, removed, sampled; reversed, adjusted and amended ones."""
    for lot in ("registered", "reversed", "adjusted", "amended", "waits"):
        _register(stage, lot)
    mine, entries = stage.mine, stage.entries
    _approved(mine, {"kind": "reverse", "entry": entries["reversed"], **REASON})
    less = {"entry": entries["adjusted"], "side": "made", "batch": "R-adjusted", "less": kg("1")}
    _approved(mine, {"kind": "adjust", "lines": [less], **REASON})
    words = [{"path": "batch.lot_no", "was": "R-amended", "is": "R-amended-2"}]
    _did(stage, "amendment", "corrections", {"kind": "amend", "entry": entries["amended"], "words": words, **REASON})
    _register(stage, "gone")
    mine.record("/api/v1/removals", {"kind": "disposed", "reason": "slag", "lines": [_line("gone", "100")]})
    _register(stage, "used")
    made = {"product": "new_oxide", "lot_no": "R-made", "quantity": kg("20")}
    steps = [{"process": "separation", "site": "main"}]
    _did(stage, "made", "transformations", {"steps": steps, "inputs": [_line("used", "50")], "outputs": [made]})
    _register(stage, "locked")
    _lead(mine, "/api/v1/holds", {"kind": "quality", "reason": "x", "lines": [_line("locked", "30")]})
    removal = {"kind": "disposed", "reason": "slag", "lines": [_line("used", "1")]}
    _did(stage, "removed", "removals", removal)


def _moves(stage: Stage) -> None:
    """Drums that were opened, moved with loose goods, or weighed since; loose goods that went on."""
    mine = stage.mine
    for lot in ("drums", "unpacked", "moved", "mixed", "weighed", "sampled"):
        _register(stage, lot)
        units = [{"serial": f"R/{lot}", "net": kg("20")}]
        _did(stage, f"{lot} packed", "units", {"batch": f"R-{lot}", "units": units})
    _did(stage, "opened", "unpackings", {"units": ["R/unpacked"]})
    mine.record("/api/v1/removals", {"kind": "disposed", "reason": "slag", "lines": [_line("unpacked", "90")]})
    mine.record("/api/v1/unpackings", {"units": ["R/drums"]})
    away = {"from": "main", "to": "annex"}
    _did(stage, "moved loose", "moves", {**away, "lines": [_line("moved", "30")]})
    mine.record(
        "/api/v1/removals", {"kind": "disposed", "reason": "x", "lines": [{**_line("moved", "5"), "site": "annex"}]}
    )
    _did(stage, "moved mixed", "moves", {**away, "lines": [{**_line("mixed", "30"), "units": ["R/mixed"]}]})
    _did(stage, "moved unit", "moves", {**away, "lines": [{**_line("weighed", "20"), "units": ["R/weighed"]}]})
    mine.record(
        "/api/v1/remeasurements", {"kind": "reweighed", "lines": [{"unit": "R/weighed", "quantity": kg("20.1")}]}
    )
    portion = {"quantity": {"value": "1", "unit": "g"}, "use": "assay"}
    sampled = {"batch": "R-sampled", "site": "main", "unit": "R/sampled", "samples": [portion]}
    _did(stage, "sampled", "samples", sampled)


def _pieces(stage: Stage) -> None:
    _register(stage, "pieces", product="ndfeb_magnet", quantity=kg("10", count=100))


def _shared(stage: Stage) -> None:
    """With plant: two shipments that both agree on, and one whose surplus plant gave up and mine took; with a party
    outside: one of which goods came back.
    """
    mine, plant = stage.mine, stage.world[PLANT]
    for name in ("sold", "given up"):
        _register(stage, name)
        shipment = {"to": {"node": PLANT}, "purpose": "sale", "lines": [_line(name, "20")]}
        sent = _did(stage, f"{name} sent", "shipments", shipment)["shipment"]
        id_ = f"{mine.name}/log#{sent}"
        plant.await_arrival(id_)
        plant.receive(id_, {"line": 0, "site": "main"})
        mine.await_status(id_, "received")
        mine.acknowledge(id_)
    batches = plant.get("/api/v1/batches?on_hand=true")["batches"]
    batch = next(one["batch"] for one in batches if one["lot_no"] == "R-given up")
    given = {"entry": _last(plant, "received"), "side": "received", "batch": batch, "less": kg("5")}
    gave = _approved(plant, {"kind": "adjust", "lines": [given], **REASON})["entry"]["index"]
    stage.entries["given"] = gave
    body = {
        "kind": "adjust",
        "lines": [{"entry": stage.entries["given up sent"], "side": "shipped", "batch": "R-given up", "less": kg("5")}],
        "consent": {"log": f"{PLANT}/log", "index": gave},
        **REASON,
    }
    until(lambda: _propose(mine, body).status == 202, "plant's adjustment is here")
    _approved(mine, body)
    _register(stage, "abroad")
    away = _did(stage, "abroad sent", "shipments", {**GONE, "lines": [_line("abroad", "20")]})["shipment"]
    mine.record(
        f"/api/v1/shipments/{away}/acknowledgements",
        {"agreed": False, "reason": "broken", "lines": [{"line": 0, "weighed": kg("18"), "site": "main"}]},
    )


# -- recording --------------------------------------------------------------------------------------------------------


def _line(lot: str, mass: str) -> dict[str, Any]:
    return {"batch": f"R-{lot}", "quantity": kg(mass), "site": "main"}


def _did(stage: Stage, name: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
    """Records it, and remembers its entry under `name`."""
    answer = stage.mine.record(f"/api/v1/{path}", body)
    stage.entries[name] = answer["entry"]["index"]
    return answer


def _all(member: Member, type_: str) -> list[int]:
    """The entries of a type in a member's log."""
    return [one["index"] for one in member.get(f"/api/v1/entries?type={type_}&limit=500")["entries"]]


def _last(member: Member, type_: str) -> int:
    return max(_all(member, type_))


def _register(stage: Stage, lot: str, **more: Any) -> None:
    body = {
        "product": "wrong_ore",
        "lot_no": f"R-{lot}",
        "site": "main",
        "quantity": kg("100"),
        "origin": ORIGIN,
        **more,
    }
    _did(stage, lot, "batches", body)


def _lead(member: Member, path: str, body: dict[str, Any]) -> dict[str, Any]:
    """As a supervisor of another name than the clerk's."""
    token = tokens.mint(member.node.store, "Wang", "supervisor", member.clock)
    headers = {"authorization": f"Bearer {token}", "idempotency-key": f"Wang {path}"}
    reply = member.ask("POST", path, json.dumps(body).encode(), role=None, headers=headers)
    assert reply.status == 201, reply.body
    return dict(reply.json())


def _propose(member: Member, body: dict[str, Any]) -> Any:
    return member.post("/api/v1/corrections", body)


def _proposed(member: Member, body: dict[str, Any]) -> str:
    reply = _propose(member, body)
    assert reply.status == 202, reply.body
    return str(reply.json()["draft"])


def _approved(member: Member, body: dict[str, Any]) -> dict[str, Any]:
    return _lead(member, f"/api/v1/drafts/{_proposed(member, body)}/approval", {})
