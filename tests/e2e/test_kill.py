"""kill -9 at any moment: what was acknowledged is there, anything else is there whole or not at all, and it goes on.

In three ways: at each statement of a commit, around each kind of delivery, and at random moments of the demo's story.

Over 400 lines because the story, its kills and its books are read together.
"""

import asyncio
import json
import random
import shutil
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from queue import Queue
from threading import Event, Thread
from typing import Any

import httpx
import pytest

from api.demo.federation import Federation, environment
from api.demo.story import AUTHORITY, MINE, MOTOR, NAMES, Told, play
from ledger.evidence import evidence_of, verify
from ledger.log.canonical import b64, parse_json
from ledger.log.trust import Policy
from ledger.verdict import judge
from nodes import evidence, shipping, tokens, trace
from nodes.clock import stamp, system_clock
from nodes.homes import create_home, open_store
from nodes.node import Caller, Node
from nodes.store import lists, upstream
from nodes.store.engine import Store
from tests import outside
from tests.processes import CLEAN, ROOT, Process, Processes, free_ports
from tests.world import Carry, Parcel, Reply, kg, until

DIES = """
import os, signal, sqlite3, sys

class Dying(sqlite3.Connection):
    '''Ends this process, as kill -9 does: before statement number AT, counted from the first that moves the head, or
    right after the COMMIT that follows it.'''

    count = None

    def __step(self, text):
        if Dying.count is None and text.startswith("UPDATE head"):
            Dying.count = 0
        if Dying.count is not None:
            if str(Dying.count) == AT:
                os.kill(os.getpid(), signal.SIGKILL)
            Dying.count += 1

    def execute(self, text, *more):
        self.__step(text)
        done = super().execute(text, *more)
        if AT == "committed" and text == "COMMIT" and Dying.count is not None:
            os.kill(os.getpid(), signal.SIGKILL)
        return done

    def executemany(self, text, *more):
        self.__step(text)
        return super().executemany(text, *more)

AT = os.environ.get("DIE_AT")
connect = sqlite3.connect
sqlite3.connect = lambda *given, **named: connect(*given, factory=Dying, **named)
"""
SHIP = (
    DIES
    + """
import json
from pathlib import Path
from nodes.node import Caller, Node

def ship(home, body):
    node = Node.open(home, {})
    node.start()
    answer = node.sequencer.submit(node.command("ship", body, Caller("Li"), "key 1")).result()
    (home / "answer").write_bytes(answer.body)
    node.stop()

for line in sys.stdin:
    AT, home, body = json.loads(line)
    child = os.fork()  # of one thread, with everything loaded: a process that need not start from nothing
    if not child:
        ship(Path(home), body)
        os._exit(0)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""
)
SERVE_AND_DIE = (
    DIES
    + """
from api.cli import main
sys.argv = ["lodetrace", "serve", "--home", sys.argv[1]]
main()
"""
)
PARTNER = "plant.example"
MINE_NODE = "mine.example"


# -- at each statement of a commit --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def loaded(tmp_path_factory) -> Path:
    """A home with drums to ship, whose node does not run."""
    folder = tmp_path_factory.mktemp("loaded")
    sites = [{"code": "main", "country": "CN"}]
    _, partner = create_home(folder / "partner", {}, name=PARTNER, organisation="Plant", role="separation", sites=sites)
    policy = f"log {partner.log.verifier.vkey} http://127.0.0.1:9\nquorum none\n"
    home = folder / "home"
    create_home(home, {}, name=MINE_NODE, organisation="Mine", role="mine", country="CN", sites=sites, policy=policy)
    node = Node.open(home, {})
    node.start()
    origin = {"class": "mined", "country": "CN"}
    for verb, body in (
        ("register", {"product": "ore", "lot_no": "A-1", "quantity": kg("100"), "origin": origin}),
        ("pack", {"batch": "A-1", "units": [{"serial": f"D-{number}", "net": kg("20")} for number in range(3)]}),
    ):
        node.sequencer.submit(node.command(verb, body, Caller("Li"), None)).result(20)
    node.stop()
    return home


SHIPMENT = {
    "to": {"node": PARTNER},
    "purpose": "sale",
    "lines": [{"batch": "A-1", "units": ["D-0", "D-1"]}, {"batch": "A-1", "quantity": kg("30")}],
}


def test_a_kill_at_any_statement_of_a_commit_leaves_all_of_it_or_nothing(loaded, tmp_path):
    """And the same request under the same key brings what an undisturbed one would have brought."""
    whole, nothing = 0, 0
    command = [sys.executable, "-c", SHIP]
    with subprocess.Popen(command, cwd=ROOT, env=CLEAN, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as shippers:
        assert shippers.stdin is not None
        assert shippers.stdout is not None
        for at in range(100):
            home = Path(shutil.copytree(loaded, tmp_path / str(at)))
            shippers.stdin.write(json.dumps([str(at), str(home), SHIPMENT]).encode() + b"\n")
            shippers.stdin.flush()
            status = int(shippers.stdout.readline())
            assert status in (0, -signal.SIGKILL)
            size = _as_if_nothing_had_been(home)
            whole, nothing = whole + (size == 4), nothing + (size == 3)
            if status == 0:
                break
        shippers.stdin.close()
        assert status == 0, "the statements of a commit are fewer than that"
    assert nothing > 8
    assert whole > 3


def _as_if_nothing_had_been(home: Path) -> int:
    """How long the log was that the death left; what was answered is in it, and the same request completes it."""
    store = Store.open(home / "node.db")
    size = outside.kept(store)[0]
    store.close()
    told = (home / "answer").read_bytes() if (home / "answer").exists() else b""
    assert size == 4 or (size == 3 and not told), "nothing is answered that is not there"
    node = Node.open(home, {})
    node.start()
    answer = node.sequencer.submit(node.command("ship", SHIPMENT, Caller("Li"), "key 1")).result(20)
    assert told in (b"", answer.body)
    until(lambda: b"\n4\n" in node.checkpoint(), "it is published")
    audited = outside.audit(node.store)
    node.stop()
    assert audited.replay.size == 4
    assert audited.deliveries == {"waiting": 1}
    return size


def test_a_kill_between_commit_and_answer(loaded, tmp_path):
    """The program that got no answer asks again under its key, and gets the answer that was on its way."""
    home, port = Path(shutil.copytree(loaded, tmp_path / "home")), free_ports(1)[0]
    served = Process(home, MINE_NODE, port)
    served.start(serve=("-c", SERVE_AND_DIE), DIE_AT="committed")
    answers: list[bytes] = []

    def ask() -> None:
        with served.program() as program:
            answers.append(program.post("/api/v1/shipments", SHIPMENT, key="key 1").body)

    asking = Thread(target=ask)
    asking.start()
    assert served.ended() == -signal.SIGKILL
    assert answers == []
    assert served.size() == 4, "it is committed"
    served.start()
    asking.join(30)
    (answer,) = answers
    assert json.loads(answer)["entry"]["index"] == 3
    with served.program() as program:
        assert program.post("/api/v1/shipments", SHIPMENT, key="key 1").body == answer
    served.stop()
    with served.store() as store:
        audited = outside.audit(store)
    assert audited.replay.size == 4


# -- around a delivery --------------------------------------------------------------------------------------------


class Fatal:
    """As a rule's act: somebody dies while a parcel is under way."""

    def __init__(self, processes: Processes, who: str, when: str) -> None:
        self._processes, self._who, self._when = processes, who, when
        self.victim = ""

    async def __call__(self, parcel: Parcel, bring: Carry) -> Reply:
        self.victim = parcel.sender if self._who == "sender" else parcel.receiver
        if self._when == "before":
            await self._processes.kill(self.victim)
            return await bring(parcel)
        if self._when == "meanwhile":
            bringing = asyncio.create_task(bring(parcel))
            await self._processes.kill(self.victim)
            await asyncio.wait([bringing])
            if self._who == "receiver" and bringing.exception() is not None:
                raise httpx.ReadError("it was killed")
            return bringing.result()
        reply = await bring(parcel)
        await self._processes.kill(self.victim)
        if self._who == "receiver":
            raise httpx.ReadError("its answer was lost")
        return reply


@pytest.fixture(scope="module")
def pair(tmp_path_factory) -> Iterator[Processes]:
    with Processes(tmp_path_factory.mktemp("pair"), MINE_NODE, PARTNER) as pair:
        yield pair


@pytest.mark.parametrize("when", ["before", "meanwhile", "after"])
@pytest.mark.parametrize("who", ["sender", "receiver"])
@pytest.mark.parametrize("kind", ["handover", "receipt", "acknowledgement"])
def test_a_death_around_a_delivery(pair, kind, who, when):
    """Of either side: before it arrives, while it is dealt with, after it was answered."""
    mine, plant = pair[MINE_NODE], pair[PARTNER]
    fatal = Fatal(pair, who, when)
    rule = pair.network.rule(fatal, kind=kind)
    lot = f"{kind} {who} {when}"
    origin = {"class": "mined", "country": "CN"}
    mine.record("/api/v1/batches", {"product": "ore", "lot_no": lot, "quantity": kg("10"), "origin": origin})
    revive = Thread(target=_revive, args=(pair, rule.done, fatal))
    revive.start()
    shipment = mine.ship(PARTNER, {"batch": lot, "quantity": kg("10")})
    until(lambda: plant.has_arrival(shipment), "it arrives")
    plant.receive(shipment)
    until(lambda: mine.status(shipment) == "received", "its receipt arrives")
    mine.acknowledge(shipment)
    revive.join(30)
    assert fatal.victim
    for one in pair:
        with one.store() as store:
            until(lambda store=store: not outside.waiting(store, pair.members), f"{one.name}'s deliveries")
    assert mine.status(shipment) == "acknowledged"


def _revive(pair: Processes, dead: Event, fatal: Fatal) -> None:
    assert dead.wait(30)
    until(lambda: not pair[fatal.victim].running, f"{fatal.victim} is dead")
    pair[fatal.victim].start()


# -- at random moments of the story -------------------------------------------------------------------------------

Founded = tuple[Path, list[int], dict[str, tuple[str, str]]]
"""Homes before anything has happened, ports, and tokens by role."""
KILLS = 10
SEEDS = (20261122, 5)


@dataclass
class Run:
    """The six organisations of the story in a folder of their own, and what their programs were answered."""

    folder: Path
    ports: list[int]
    answers: list[tuple[str, str, dict[str, Any], str, bytes]] = field(default_factory=list)
    told: Told = field(default_factory=Told)
    kills: Counter[str] = field(default_factory=Counter)
    steps: "Queue[str]" = field(default_factory=Queue)
    """Whose turn it is, as the story goes on; "" when it has ended."""

    def __post_init__(self) -> None:
        self.federation = Federation(self.folder, self.ports[0])

    def homes(self) -> Iterator[tuple[str, Path]]:
        for role, one in self.federation.organisations.items():
            yield role, one.home

    def play(self) -> None:
        for _ in play({role: Recorded(self, role) for role in NAMES}, self.told):
            pass
        for one in self.federation.organisations.values():
            one.wait_for_deposits()

    def nodes(self) -> Iterator[tuple[str, Node]]:
        """Opened beside nobody, to be read."""
        for role, home in self.homes():
            node = Node.open(home, environment())
            try:
                yield role, node
            finally:
                node.store.close()


@dataclass
class Recorded:
    """An organisation's program in the story, whose answers are kept."""

    run: Run
    role: str

    def post(self, path: str, body: dict[str, Any], key: str) -> dict[str, Any]:
        self.run.steps.put(self.role)
        reply = self.run.federation[self.role].program.post(path, body, key=f"story-{key}")
        assert reply.status in (201, 202)
        self.run.answers.append((self.role, path, body, f"story-{key}", reply.body))
        return dict(reply.json())

    def get(self, path: str) -> dict[str, Any]:
        return self.run.federation[self.role].get(path)

    def approve(self, draft: str, key: str) -> dict[str, Any]:
        self.run.steps.put(self.role)
        return self.run.federation[self.role].approve(draft, key)

    def wait_for_arrival(self, shipment: str) -> None:
        self.run.federation[self.role].wait_for_arrival(shipment)

    def wait_for_status(self, shipment: str, status: str) -> None:
        self.run.federation[self.role].wait_for_status(shipment, status)


@pytest.fixture(scope="module")
def founded(tmp_path_factory) -> Founded:
    """Six homes that trust one another, before anything happened; the ports; the tokens by role."""
    folder, ports = tmp_path_factory.mktemp("founded"), free_ports(len(NAMES))
    lines, given = [], {}
    for (role, (name, organisation, english, codes)), port in zip(NAMES.items(), ports, strict=True):
        sites = [{"code": code, "country": "CN", "region": "Jiangxi"} for code in codes]
        settings, keys = create_home(
            folder / role,
            {},
            name=name,
            organisation=organisation,
            organisation_en=english,
            role=role,
            country="CN",
            sites=sites,
            port=port,
            authority=None if role == AUTHORITY else NAMES[AUTHORITY][0],
        )
        lines.append(f"log {keys.log.verifier.vkey} {settings.url}\n")
        with open_store(folder / role) as store:
            given[role] = (
                tokens.mint(store, "Li", "clerk", system_clock),
                tokens.mint(store, "Wang", "supervisor", system_clock),
            )
    for role in NAMES:
        (folder / role / "policy.txt").write_text("".join(lines) + "quorum none\n")
    return folder, ports, given


def begin(founded: Founded, folder: Path) -> Run:
    before, ports, given = founded
    shutil.copytree(before, folder)
    run = Run(folder, ports)
    for role, (token, second) in given.items():
        run.federation[role].token, run.federation[role].second = token, second
    run.federation.start()
    return run


def tell_undisturbed(founded: Founded, folder: Path) -> dict[str, Any]:
    run = begin(founded, folder)
    try:
        run.play()
    finally:
        run.federation.stop()
    return ending(run)


def test_the_story_ends_the_same_however_often_somebody_is_killed(founded, tmp_path):
    """One test, so that the undisturbed story is told once."""
    undisturbed = tell_undisturbed(founded, tmp_path / "undisturbed")
    for seed in SEEDS:
        found = tell_with_kills(founded, tmp_path / str(seed), seed)
        for part, value in undisturbed.items():
            assert found[part] == value, f"{part}, with seed {seed}"


def tell_with_kills(founded: Founded, folder: Path, seed: int) -> dict[str, Any]:
    run = begin(founded, folder)
    killer = Thread(target=kill, args=(run, random.Random(seed)), name="killer")
    killer.start()
    try:
        run.play()
        run.steps.put("")
        killer.join()
        for role, path, body, key, answer in run.answers:
            again = run.federation[role].program.post(path, body, key=key)
            assert again.body == answer, f"{role} {path} {key}"
    finally:
        run.steps.put("")
        killer.join()
        run.federation.stop()
    assert sum(run.kills.values()) == KILLS, run.kills
    leaves = {f"{NAMES[role][0]}/log": outside.audit(node.store).run.leaves for role, node in run.nodes()}
    for _, _, _, _, answer in run.answers:
        entry = json.loads(answer).get("entry")  # a correction that waits for a second person has none yet
        assert entry is None or b64(leaves[entry["log"]][entry["index"]]) == entry["leaf"]
    return ending(run)


def kill(run: Run, chance: random.Random) -> None:
    """Kills whoever's turn it is, or somebody else, some milliseconds into a step; starts them again; and so on."""
    moment = Event()
    while (acting := run.steps.get()) and sum(run.kills.values()) < KILLS:
        if chance.random() < 0.5:
            continue
        role = acting if chance.random() < 0.6 else chance.choice(list(NAMES))
        moment.wait(chance.uniform(0, 0.03))  # never set: the moment is the kill's own, not that of any condition
        run.federation[role].kill()
        run.kills[role] += 1
        run.federation[role].start(wait=False)


# -- the ending ---------------------------------------------------------------------------------------------------


def ending(run: Run) -> dict[str, Any]:
    """What is left at the end, by the names that people use: ids, salts and times differ from run to run."""
    stores = [Store.open(home / "node.db") for _, home in run.homes()]
    try:
        audited = outside.check(stores)
    finally:
        for store in stores:
            store.close()
    found: dict[str, Any] = {
        "logs": {name: [event.type for event in one.events] for name, one in audited.items()},
        "deliveries": {name: set(one.deliveries) for name, one in audited.items()},
    }
    for role, node in run.nodes():
        with node.store.read() as conn:
            found[f"stock of {role}"] = stock(conn)
            found[f"shipments of {role}"] = shipments(node, conn)
            places = [(f"{name}/log", index) for name in audited for index in range(audited[name].replay.size)]
            held = upstream.at(conn, places).values()
            found[f"evidence of {role}"] = sorted((one.log, one.index, one.type, len(one.disclosures)) for one in held)
        if role == MOTOR:
            found["trace"] = shape(trace.trace(node, run.told.ids["motor batch"], "back"))
            found["evidence"] = verdict(node, run.told.ids["motors"][0]["unit"])
        if role == MINE:
            found["recall"] = shape(trace.trace(node, "XF-2026-0001", "forward"))
    return found


def stock(conn: Any) -> dict[str, Any]:
    batches = lists.batches(conn, limit=500)
    lots = {one.batch.id: one.batch.lot_no for one in batches}
    units = lists.units(conn, limit=500)
    serials = {one.unit.id: one.unit.serial for one in units}
    return {
        "batches": sorted(
            repr((one.batch.lot_no, one.batch.product, one.batch.mg, one.batch.count, one.batch.packed_mg))
            + repr((one.batch.loose, one.at, one.country, one.external_ref))
            for one in batches
        ),
        "units": sorted(
            repr((one.unit.serial, one.unit.kind, one.unit.net_mg, one.unit.count, one.unit.seal, one.unit.site))
            + repr((one.unit.owner, one.unit.state, lots[one.unit.batch], serials.get(one.unit.inside or "")))
            + repr(([serials[inner] for inner in one.unit.contains], one.unit.shipment is not None, one.item))
            for one in units
        ),
    }


def shipments(node: Node, conn: Any) -> list[str]:
    own = shipping.shipments(node, conn, lists.shipments(conn, limit=500))
    sent = [
        repr((one["status"], one["to"], one["purpose"], one["at"], one["waiting_for"]))
        + repr([(line["mg"], line["count"], len(line["units"])) for line in one["lines"]])
        + repr([(about["kind"], about["state"]) for about in one["deliveries"]])
        for one in own
    ]
    arrived = [
        repr((one["status"], one["from"], one["purpose"], one["at"]))
        + repr([{key: value for key, value in line.items() if key != "batch"} for line in one["lines"]])
        for one in map(shipping.arrival, lists.arrivals(conn, limit=500))
    ]
    return sorted(sent) + sorted(arrived)


def shape(found: dict[str, Any]) -> dict[str, Any]:
    """A trace without ids."""
    names = {one["batch"]: (one["product"], one["lot_no"], one["log"]) for one in found["nodes"]}
    kept = ("log", "index", "organisation", "event", "product", "lot_no", "at", "country", "standing")
    return {
        "nodes": sorted(repr([one[name] for name in kept]) for one in found["nodes"]),
        "edges": sorted(
            repr((names[one["from"]], names[one["to"]], one["mass"], one["share_ppb"])) for one in found["edges"]
        ),
        "gaps": sorted(repr((names.get(one["at"]), one["why"], one.get("to"))) for one in found["gaps"]),
    }


def verdict(node: Node, unit: str) -> dict[str, Any]:
    """What the evidence of a motor proves to somebody who trusts the six logs."""
    with node.store.read() as conn:
        made = evidence.of_unit(conn, node.origin, unit, stamp(node.clock()))
    found = judge(
        verify(evidence_of(parse_json(evidence_bytes(made))), Policy.parse(node.settings.policy.read_bytes()))
    )
    return {
        "vouched": found.vouched,
        "missing": found.missing,
        "entries": sorted((proven.log, proven.index) for proven in made.entries),
    }


def evidence_bytes(made: Any) -> bytes:
    from ledger.evidence import format_evidence

    return format_evidence(made)
