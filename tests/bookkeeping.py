"""A mine, a plant and their authority, whose books are corrected, closed, answered for, granted and attested.

`play` tells the story in a world and answers what came of it; the tests look at its parts.
"""

import json
import re
from contextlib import contextmanager
from datetime import UTC, datetime
from types import SimpleNamespace

from nodes import tokens
from tests.world import Member, World, kg, until

MINE, PLANT, AUTHORITY = NAMES = ("mine.example", "plant.example", "authority.example")
STARTED = datetime(2026, 12, 5, tzinfo=UTC)
ASSAY = {
    "basis": "as_received",
    "total_reo_pct": "92.1",
    "distribution_pct": [["Nd", "60"], ["Pr", "20"], ["Dy", "20"]],
}
EVENTS = {"amended", "reversed", "adjusted", "period_closed", "reported", "answered", "quota_granted", "attested"}
ORDERING = {"inspected", "ordered", "voided", "withdrawal_asked"}
"""What happens in tests/nodes/test_orders.py, among the same three."""


@contextmanager
def world(folder):
    """Not started as a mine, the authority is told so by its settings."""
    made = World(folder, *NAMES)
    started = datetime.now(UTC)
    for member in made:
        member.clock = lambda: STARTED + (datetime.now(UTC) - started)
        file = member.home / "config.toml"
        text = file.read_text()
        if member.name == AUTHORITY:
            text = text.replace('role = "mine"', 'role = "authority"')
        else:
            text = re.sub(r"^# authority = .*$", f'authority = "{AUTHORITY}"', text, flags=re.MULTILINE)
        file.write_text(text)
    with made:
        yield made


def as_supervisor(member: Member, method: str, path: str, body=None, owner="Wang"):
    """Asked by another person than the clerk."""
    token = tokens.mint(member.node.store, owner, "supervisor", member.clock)
    headers = {"authorization": f"Bearer {token}", "idempotency-key": f"{owner} {token[-8:]}"}
    return member.ask(method, path, b"" if body is None else json.dumps(body).encode(), role=None, headers=headers)


def approved(member: Member, body) -> dict:
    """A correction that a second person approves."""
    draft = member.post("/api/v1/corrections", body)
    assert draft.status == 202, draft.body
    reply = as_supervisor(member, "POST", f"/api/v1/drafts/{draft.json()['draft']}/approval", {})
    assert reply.status == 201, reply.body
    return reply.json()


def recorded(member: Member, path: str, body) -> dict:
    reply = as_supervisor(member, "POST", path, body)
    assert reply.status == 201, reply.body
    return reply.json()


def register(member: Member, lot: str, mass: str, **more) -> dict:
    origin = {"class": "mined", "country": "CN", "feed_class": "ion_mid_y"}
    body = {"product": "ion_clay_mixed_oxide", "lot_no": lot, "quantity": kg(mass), "origin": origin}
    return member.record("/api/v1/batches", {**body, "at": "2026-11-03T08:00:00+08:00", **more})


def play(told: World) -> SimpleNamespace:
    mine, plant, authority = (told[name] for name in NAMES)
    found = SimpleNamespace(mine=mine, plant=plant, authority=authority)
    quota = {"kind": "mining", "year": 2026, "batch": 1, "feed_class": "ion_mid_y"}
    quota = {"to": MINE, **quota, "quantity": kg("200", basis="reo")}
    found.grant = recorded(authority, "/api/v1/quotas", quota)
    until(lambda: mine.get("/api/v1/quotas")["accounts"], "the quota is known at the mine")
    found.registered = [register(mine, lot, "100", assay=ASSAY) for lot in ("A-1", "A-2", "A-3")]
    made = {"product": "dy_oxide", "lot_no": "T-1", "quantity": kg("60")}
    body = {"steps": [{"process": "separation"}], "inputs": [{"batch": "A-3", "quantity": kg("80")}], "outputs": [made]}
    body["at"] = "2026-11-09T08:00:00+08:00"
    found.gain = mine.record("/api/v1/transformations", body)
    amended = {"kind": "amend", "entry": 1, "reason": "typed wrong", "words": [{"path": "batch.lot_no", "is": "A-01"}]}
    found.amended = mine.record("/api/v1/corrections", amended)
    found.reversed = approved(mine, {"kind": "reverse", "entry": 2, "reason": "booked twice"})
    less = {"entry": 1, "side": "made", "batch": "A-01", "less": kg("10")}
    found.adjusted = approved(mine, {"kind": "adjust", "reason": "tare forgotten", "lines": [less]})
    found.shipment = mine.ship(PLANT, {"batch": "A-01", "quantity": kg("50")})
    plant.await_arrival(found.shipment)
    plant.receive(found.shipment)
    mine.await_status(found.shipment, "received")
    mine.acknowledge(found.shipment)
    batch = plant.get("/api/v1/batches?on_hand=true")["batches"][0]["batch"]
    received = plant.get("/api/v1/entries?type=received")["entries"][0]["index"]
    given = {"entry": received, "side": "received", "batch": batch, "less": kg("5")}
    found.given = approved(plant, {"kind": "adjust", "reason": "too much on the papers", "lines": [given]})
    place = {"log": f"{PLANT}/log", "index": found.given["entry"]["index"]}
    told.settle()
    shipped = mine.get("/api/v1/entries?type=shipped")["entries"][0]["index"]
    taken = {"entry": shipped, "side": "shipped", "batch": "A-01", "less": kg("5")}
    body = {"kind": "adjust", "reason": "too much on the papers", "lines": [taken], "consent": place}
    found.taken = approved(mine, body)
    found.findings = mine.get("/api/v1/findings")["findings"]
    gain = next(one for one in found.findings if one["rule"] == "element-gain")
    found.answer = mine.record("/api/v1/answers", {"finding": gain["id"], "text": "residues were not booked"})
    found.closed = recorded(mine, "/api/v1/periods", {"month": "2026-11"})
    report = {"month": "2026-11", "kind": "monthly_flow", "file_sha256": "0a" * 32, "receipt_no": "R-1"}
    found.report = mine.record("/api/v1/reports", report)
    told.settle()
    found.attested = recorded(authority, "/api/v1/attestations", {"log": f"{MINE}/log"})
    told.settle()
    return found
