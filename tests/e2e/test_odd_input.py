"""Whatever else comes: requests that nearly make sense are recorded or clearly refused, and the node never stumbles."""

import json
import random
from collections.abc import Iterator
from copy import deepcopy
from typing import Any
from urllib.parse import quote

from api import batches, corrections, findings, shipments, units
from tests import outside
from tests.e2e import refusals
from tests.e2e.stage import (
    A1,
    C1,
    METAL,
    MOTORS,
    NOWHERE,
    Make,
    acknowledge,
    dismantle,
    made,
    post,
    problem,
    receive,
    register,
    ship,
    state,
    transform,
)
from tests.e2e.stage_of_devices import captured
from tests.world import kg

ODD: tuple[Any, ...] = (
    *(
        None,
        True,
        False,
        0,
        -1,
        1,
        2**53 - 1,
        "",
        " ",
        "x",
        "A-1",
        "D-1",
        "0",
        "-1",
        "1e9",
        "\u0000",
        "\u202e",
        "é" * 600,
    ),
    *(
        [],
        {},
        [[]],
        [{}],
        {"node": "x.example"},
        ["D-1"],
        [None],
        "mine.example/log#" + NOWHERE,
        NOWHERE,
        "NaN",
        "9" * 40,
    ),
    *(
        kg("1"),
        kg("0"),
        {"value": "1"},
        [A1],
        [A1, A1],
        [kg("1")],
        "2026-11-22T08:15:00+08:00",
        "0001-01-01T00:00:00+14:00",
    ),
)


def odd_bodies(body: Any, chance: random.Random) -> Any:
    """`body` with one or two members, anywhere in it, replaced, taken away or added."""
    changed = deepcopy(body)
    for _ in range(chance.choice((1, 1, 2))):
        places = list(_places(changed))
        if not places:
            return chance.choice(ODD)
        holder, key = chance.choice(places)
        act = chance.random()
        if act < 0.15:
            del holder[key]
        elif act < 0.25 and isinstance(holder, dict):
            holder[chance.choice(("site", "owner", "units", "count", "line", "x", "at", "from", "confirm"))] = (
                chance.choice(ODD)
            )
        else:
            holder[key] = deepcopy(chance.choice(ODD))
    return changed


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in list(pairs):
        yield value, key
        yield from _places(item)


FULL = {
    "at": "2026-11-22T08:15:00+08:00",
    "external_ref": "ERP-1",
    "documents": [{"kind": "note", "no": "1", "sha256": "x", "pages": 3}],
    "confirm": {"reason": "it is so"},
}
ASSAY = {"basis": "ignited", "total_reo_pct": "92.1", "distribution_pct": [["Nd", "100"]], "lab": "x"}
NEARLY: tuple[Make, ...] = (
    register(**FULL, lot_no="odd", assay=ASSAY, weighing={"gross": "2", "tare": "1", "unit": "kg", "scale_kind": "x"}),
    captured(9, lot_no="odd captured"),
    transform([{**A1, "quantity": kg("0.01")}], [{**made("0.01"), "assay": ASSAY, "lot_no": "odd"}], "split", **FULL),
    transform(
        [{**C1, "quantity": kg("0.01", count=1)}], [made("0.005")], losses=[{"kind": "x", "quantity": kg("0.005")}]
    ),
    post("/api/v1/units", {"batch": "A-1", "units": [{"serial": "odd", "net": kg("0.01"), "seal": "x"}], **FULL}),
    post("/api/v1/units", {"batch": "A-1", "units": [{"serial": "odd", "kind": "pallet", "contains": ["D-1"]}]}),
    ship({**A1, "quantity": kg("0.01")}, transport={"vehicle": "x", "waybill": "y"}, **FULL),
    ship({"batch": "C-1", "units": ["K-1"]}, to=METAL),
    post("/api/v1/moves", {"from": "main", "to": "annex", "lines": [{**A1, "quantity": kg("0.01")}]}),
    post(
        "/api/v1/removals", {"kind": "disposed", "lines": [{**A1, "quantity": kg("0.01")}], "reason": "spill", **FULL}
    ),
    post("/api/v1/assemblies", {**MOTORS, "units": [{"serials": {"first": 1, "count": 2}, "net": kg("1")}], **FULL}),
    post("/api/v1/unpackings", {"units": ["D-2"]}),
    dismantle("D-2"),
    receive(
        "in",
        {"line": 0, "units": [state("F-0", "quarantined", reason="x"), state("F-1", "rejected", reason="x")]},
        final=False,
    ),
    receive(
        "in",
        {"line": 1, "weighed": kg("1"), "accepted": kg("1"), "weighing": {"gross": "2", "tare": "1", "unit": "kg"}},
        final=False,
    ),
    acknowledge("answered", agreed=False, reason="x"),
    acknowledge(
        "outside", lines=[{"line": 0, "weighed": kg("0.01", count=1), "site": "main"}], agreed=False, reason="x"
    ),
)


def test_no_request_makes_the_node_stumble(stage):
    """Requests that nearly make sense: each is recorded or clearly refused, none meets a mistake of ours."""
    chance = random.Random(20261122)
    known = [
        *batches.RECORDINGS,
        *units.RECORDINGS,
        *shipments.RECORDINGS,
        *corrections.RECORDINGS,
        *findings.RECORDINGS,
    ]
    bodies = [(one.path, one.example) for one in known]
    bodies += [(asked.path, asked.body) for asked in (make(stage) for make in NEARLY * 4)]
    asked_in_vain = [case.asked(stage) for group in refusals.GROUPS for case in group.values()]
    bodies += [(asked.path, asked.body) for asked in asked_in_vain if asked.method == "POST"]
    outcomes: dict[int, int] = {}
    for number in range(1200):
        path, body = chance.choice(bodies)
        path = path.replace("{shipment:path}", quote(chance.choice(list(stage.ids.values())), safe=""))
        odd = odd_bodies(body, chance)
        headers = {"idempotency-key": f"odd {number}"}
        reply = stage.mine.ask("POST", path, json.dumps(odd).encode(), headers=headers)
        outcomes[reply.status] = outcomes.get(reply.status, 0) + 1
        assert reply.status < 500, (path, odd, reply.body)
        if reply.status >= 400:
            problem(reply)
    assert outcomes.get(201, 0) > 20, outcomes
    assert outcomes[422] > 300, outcomes
    outside.audit(stage.mine.node.store)


READ = (
    *(
        "batches",
        "units",
        "shipments",
        "arrivals",
        "entries",
        "batches/A-1",
        "batches/A-1/trace",
        "batches/A-1/evidence",
    ),
    *("units/D-1", "units/D-1/evidence", "units/D-1/qr.svg", "units/D-1/qr.png"),
)
ARGUMENTS = (
    "before",
    "after",
    "limit",
    "product",
    "site",
    "on_hand",
    "batch",
    "to",
    "open",
    "from",
    "type",
    "raw",
    "direction",
    "dpi",
)
WORDS = (
    "",
    "0",
    "-1",
    "1",
    "9" * 30,
    "-" + "9" * 30,
    "1.5",
    "x",
    "%00",
    "%F0%9F%98%80",
    "true",
    NOWHERE,
    "a%2Flog%23" + NOWHERE,
    "'",
    "%25",
)


def test_no_question_makes_the_node_stumble(stage):
    chance = random.Random(5)
    outcomes: dict[int, int] = {}
    for _ in range(600):
        path = chance.choice(READ)
        if chance.random() < 0.3:
            path = path.replace("A-1", chance.choice(WORDS)).replace("D-1", chance.choice(WORDS))
        arguments = "&".join(f"{chance.choice(ARGUMENTS)}={chance.choice(WORDS)}" for _ in range(chance.randrange(3)))
        reply = stage.mine.ask("GET", f"/api/v1/{path}?{arguments}", role="viewer")
        outcomes[reply.status] = outcomes.get(reply.status, 0) + 1
        assert reply.status < 500, (path, arguments, reply.body)
        if reply.status >= 400:
            problem(reply)
    for path in ("/q/{}", "/q/{}/evidence", "/u/{}", "/log/tile/{}", "/log/tile/0/{}", "/log/tile/entries/{}"):
        for word in (*WORDS, "000.p/0", "000.p/999", "x001/000", "A" * 178, "_" * 178):
            reply = stage.mine.ask("GET", path.format(word), role="viewer", headers={"accept": "application/json"})
            assert reply.status < 500, (path, word, reply.body)
    assert outcomes[200] > 100, outcomes
    assert outcomes[422] > 30, outcomes
