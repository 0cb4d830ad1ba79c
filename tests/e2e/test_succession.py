"""The drill: a log key is stolen, the thief writes, and the organisation goes on the same day with a successor log."""

import json
import shutil
import subprocess
import sys
from contextlib import ExitStack
from urllib.parse import quote

import pytest

from ledger.errors import LodetraceError
from ledger.evidence import joined, parse_evidence, verify
from ledger.log.trust import Policy
from ledger.verdict import judge
from nodes import joining
from nodes.auditing import audit, from_deposits
from nodes.clock import system_clock
from nodes.homes import open_store
from nodes.node import Node
from nodes.rebuild import rebuild
from nodes.store import rebuild as tables
from tests.e2e.test_registry import USCC, Federation, arrived, register, ship
from tests.served import CLEAN, ROOT, Organisation
from tests.world import until

MINE, PLANT = "mine.example", "pit.example"


@pytest.fixture
def federation(tmp_path):
    with ExitStack() as stack:
        yield Federation(tmp_path, stack)


def lodetrace(*arguments: str) -> dict:
    done = subprocess.run(
        [sys.executable, "-m", "api", *arguments, "--json"],
        cwd=ROOT,
        env=CLEAN,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr + done.stdout
    return json.loads(done.stdout)


def receive(member, shipment, batch, mass="100"):
    line = {"batch": batch, "weighed": {"value": mass, "unit": "kg", "basis": "net"}}
    member.client.post(f"/api/v1/shipments/{quote(shipment, safe='')}/receipts", {"final": True, "lines": [line]})


def status(member, shipment):
    return member.client.get(f"/api/v1/shipments/{quote(shipment, safe='')}").json()["status"]


def proof(member, batch):
    return member.client.get(f"/api/v1/batches/{quote(batch, safe='')}/evidence").body


def judged(federation, data):
    """By somebody who pins the registry, and has heard what that says now."""
    policy = Policy.parse(joining.first_policy(federation.authority.one.url, federation.key))
    word = parse_evidence(federation.authority.client.get("/registry/entries").body)
    return judge(verify(joined(parse_evidence(data), word), policy, system_clock()))


def refused_with(federation, data):
    with pytest.raises(LodetraceError) as refused:
        judged(federation, data)
    return refused.value.code


def deposited(federation, origin, size):
    logs = federation.authority.client.get("/api/v1/deposits").json()["logs"]
    return any(one["log"] == origin and one["size"] >= size and one["broken"] is None for one in logs)


def test_a_stolen_log_ends_and_its_successor_trades_on(federation, tmp_path):
    mine, plant = federation.join(MINE, "mine"), federation.join(PLANT, "mine")
    federation.await_known(mine, plant)
    sold, kept = register(mine, "A-1"), register(mine, "A-2")
    on_the_way = ship(mine, "A-1", PLANT)
    until(lambda: arrived(plant, on_the_way), "the offer arrives")
    before = proof(mine, kept.partition("#")[2])
    assert judged(federation, before).complete
    until(lambda: deposited(federation, f"{MINE}/log", 4), "the authority has it all")

    # The thief has a copy of the home, writes with it, and sends goods to a partner.
    mine.life.close()
    stolen = Organisation(MINE, tmp_path / "stolen", mine.one.port, mine.one.token)
    shutil.copytree(mine.one.home, stolen.home)
    thief = federation.serve(stolen)
    forged = register(thief, "T-1")
    late = proof(thief, forged.partition("#")[2])
    assert judged(federation, late).complete, "nobody can tell it from the owner yet"
    until(lambda: deposited(federation, f"{MINE}/log", 5), "the thief deposits too")
    # Having the keys made in advance too, it replaces those that may be revoked, and nobody can tell.
    thief = federation.turn(thief)
    until(lambda: federation.confirmed() == 1, "the registry confirms the thief's keys")
    later = proof(thief, register(thief, "T-2").partition("#")[2])
    assert judged(federation, later).complete
    thief.life.close()

    # The owner goes on with a home of its own.
    old = mine.one.home
    new = Organisation(MINE, tmp_path / "mine2", mine.one.port, mine.one.token)
    done = lodetrace("succeed", "--old", str(old), "--home", str(new.home))
    assert (done["origin"], done["succeeds"], done["size"], done["lost"]) == (f"{MINE}/log2", f"{MINE}/log", 4, 0)
    with pytest.raises(LodetraceError) as again:
        _records(old)
    assert again.value.code == "log-succeeded"
    data = joining.request_of(new.home, {}, uscc=USCC)
    (answer,) = joining.ask(new.home, {}, data)
    assert answer["author"] == done["vkeys"]["author"]
    federation.tell("successions", name=MINE, author=answer["author"], reason="log key stolen")
    mine = federation.serve(new)
    until(lambda: _log_of(plant, MINE) == f"{MINE}/log2", "the partner hears of the successor")

    # What the thief wrote is refused, what was said before holds.
    assert refused_with(federation, late) == "key-revoked"
    assert refused_with(federation, later) == "log-ended", "under a key that nobody has revoked"
    assert judged(federation, before).complete

    # Goods that were here are here, and what was on the way arrives: answers reach the successor.
    batches = mine.client.get("/api/v1/batches").json()["batches"]
    assert [one["batch"] for one in batches if one["lot_no"] == "A-2"] == [kept]
    receive(plant, on_the_way, sold, "100")
    until(lambda: status(mine, on_the_way) == "received", "the receipt reaches the successor")
    mine.client.post(f"/api/v1/shipments/{quote(on_the_way, safe='')}/acknowledgements", {})
    shipment = ship_by(mine, kept, PLANT)
    until(lambda: arrived(plant, shipment), "the partner takes what the successor ships")
    receive(plant, shipment, kept)
    until(lambda: status(mine, shipment) == "received", "and answers it")
    verdict = judged(federation, proof(plant, kept))
    assert verdict.complete, verdict.missing
    assert {step.log for step in verdict.steps} == {f"{MINE}/log", f"{MINE}/log2", f"{PLANT}/log"}
    with pytest.raises(LodetraceError):
        ship_by(mine, kept, PLANT)  # it left, and is not there twice

    # Everything is derived: a rebuild and an audit say the same, here and at the authority.
    until(lambda: deposited(federation, f"{MINE}/log2", 3), "the authority follows the successor")
    mine.life.close()
    federation.authority.life.close()
    lodetrace("audit", "--home", str(new.home))
    with open_store(federation.authority.one.home) as store:
        told = audit(from_deposits(store, f"{MINE}/log2"))
    assert (told.origin, told.unchecked, told.findings) == (f"{MINE}/log2", 0, ())
    _rebuilds(new.home)
    _rebuilds(federation.authority.one.home)


def ship_by(member, batch, to):
    line = {"batch": batch, "quantity": {"value": "100", "unit": "kg", "basis": "net"}}
    made = member.client.post("/api/v1/shipments", {"to": {"node": to}, "purpose": "sale", "lines": [line]}).json()
    return f"{member.one.name}/log2#{made['shipment']}"


def _records(home):
    node = Node.open(home, {})
    try:
        node.start()
        node.sequencer.check_recording()
    finally:
        node.stop()


def _log_of(member, name):
    found = [
        one["log"] for one in member.client.get("/api/v1/registry/members").json()["members"] if one["name"] == name
    ]
    return found[0] if found else None


def _rebuilds(home):
    node = Node.open(home, {})
    try:
        with node.store.read() as conn:
            was = list(tables.snapshot(conn))
        node.learn()
        rebuild(node)
        with node.store.read() as conn:
            assert list(tables.snapshot(conn)) == was
    finally:
        node.store.close()
