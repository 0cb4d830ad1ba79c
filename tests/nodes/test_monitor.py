"""Nodes that watch one another's logs over real requests: logs that grow, fork, shrink, stall, or serve rubbish.

The liar is a mine whose home is put back from a copy, or a rogue that only the test speaks for.

Over 400 lines because all lies are told by the same means.
"""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from ledger.forks import check_fork, parse_fork
from ledger.log.checkpoints import parse_checkpoint
from ledger.log.merkle import root_at
from ledger.log.notes import parse_note
from nodes import gossip
from nodes.doctor import examine
from nodes.monitor import seen_path
from nodes.store import followed, log
from tests import outside
from tests.world import Member, Parcel, Reply, World, kg, until

MINE, PLANT, METAL = "mine.example", "plant.example", "metal.example"
ORIGIN = {"class": "mined", "country": "CN"}
WATCHING = {"LODETRACE_WATCH_MAX_S": "1", "LODETRACE_WATCH_LIMIT_S": "1"}


@pytest.fixture
def world(tmp_path) -> Iterator[World]:
    with World(tmp_path, MINE, PLANT, METAL, environ=WATCHING) as world:
        yield world


def followed_size(member: Member, name: str = MINE) -> int:
    """Of the newest checkpoint of which everything was checked."""
    with member.node.store.read() as conn:
        one = followed.load(conn, f"{name}/log")
    return 0 if one is None or one.note is None else parse_checkpoint(parse_note(one.note).text).size


def own_size(member: Member) -> int:
    with member.node.store.read() as conn:
        return log.head(conn).size


def shipped(world: World, lot: str, to: str = PLANT) -> str:
    mine = world[MINE]
    mine.register(lot, "100")
    shipment = mine.ship(to, {"batch": lot, "quantity": kg("40")})
    world[to].await_arrival(shipment)
    return shipment


def alarms(member: Member) -> dict[str, str]:
    logs = member.get("/api/v1/logs")["logs"]
    return {alarm["code"]: one["log"] for one in logs for alarm in one["alarms"]}


def forked(member: Member, name: str = MINE) -> bytes:
    """The proof that this member holds, once it does; checked as anybody would."""
    found = until(lambda: outside.forks(member.node.store), f"{member.name} holds the proof")
    reply = member.ask("GET", f"/api/v1/forks/{found[0].no}")
    proven = check_fork(parse_fork(reply.body), member.node.policy)
    assert (proven.log, proven.trusted) == (f"{name}/log", True)
    return reply.body


def put_aside(world: World) -> Path:
    mine = world[MINE]
    mine.token("clerk")
    mine.stop()
    copy = mine.home.with_name("copy")
    shutil.copytree(mine.home, copy)
    mine.start()
    return copy


def put_back(world: World, copy: Path) -> None:
    mine = world[MINE]
    mine.stop()
    shutil.rmtree(mine.home)
    shutil.copytree(copy, mine.home)
    mine.start()


def served(world: World, change, path: str = "/log/") -> list[str]:
    """From now on the mine's answers below `path` are changed; which paths were."""
    bring, met = world.network.members[MINE], []

    async def lie(parcel: Parcel) -> Reply:
        reply = await bring(parcel)
        if parcel.path.startswith(path):
            met.append(parcel.path)
            return change(parcel, reply)
        return reply

    world.network.members[MINE] = lie
    return met


# -- honest logs ------------------------------------------------------------------------------------------------------


def test_both_sides_of_a_shipment_follow_each_other(world):
    shipment = shipped(world, "A-1")
    world[PLANT].receive(shipment)
    world[MINE].await_status(shipment, "received")
    for one, other in ((PLANT, MINE), (MINE, PLANT)):
        until(lambda one=one, other=other: followed_size(world[one], other) == own_size(world[other]), "it is followed")
    assert followed_size(world[METAL]) == 0
    before = followed_size(world[PLANT])
    for number in range(300):
        world[MINE].register(f"B-{number}", "1")
    until(lambda: followed_size(world[PLANT]) == before + 300, "it is followed over more than one bundle")
    (one,) = world[PLANT].get("/api/v1/logs")["logs"]
    assert (one["log"], one["alarms"]) == (f"{MINE}/log", [])
    assert outside.forks(world[PLANT].node.store) == []
    world[PLANT].restart()
    world[MINE].register("C-1", "1")
    until(lambda: followed_size(world[PLANT]) == before + 301, "it goes on after a restart")
    until(
        lambda: any(reply and reply.status == 304 for _, reply in world.network.carried),
        "a log that rests costs little",
    )


def test_a_long_log_is_read_in_several_bundles_at_once(world):
    """The first request makes the other side look for the key; those beside it wait for that, and are not refused."""
    lines = [{"product": "ore", "lot_no": f"L-{n}", "quantity": kg("1"), "origin": ORIGIN} for n in range(600)]
    bulk = "".join(json.dumps({"verb": "register", "key": one["lot_no"], "body": one}) + "\n" for one in lines)
    assert world[MINE].ask("POST", "/api/v1/bulk", bulk.encode()).body.count(b'"status":201') == 600
    shipped(world, "A-1")
    until(lambda: followed_size(world[PLANT]) == own_size(world[MINE]), "plant follows mine")
    answers = [reply.status for one, reply in world.network.carried if reply and "/tile/entries/" in one.path]
    assert len(answers) >= 3
    assert set(answers) == {200}


def test_what_an_entry_says_of_a_log_is_held_against_that_log(world):
    """Its writer may be wrong, or the log: it is an alarm, and no proof against anybody."""
    shipped(world, "A-1")
    plant = world[PLANT]
    until(lambda: followed_size(plant) == own_size(world[MINE]), "plant follows mine")
    size = followed_size(plant)
    with plant.node.store.write() as conn:
        for at in (size, size + 1):
            gossip.compare_ref(
                conn, gossip.Told(f"{MINE}/log", at, bytes(32), f"{METAL}/log"), "2026-11-22T00:00:00.000Z"
            )
        (one,) = followed.alarms(conn)
        assert (one.origin, one.code) == (f"{MINE}/log", "ref-differs")
        followed.end_alarms(conn, one.origin)
    world[MINE].register("A-2", "1")
    until(lambda: followed_size(plant) == size + 1, "plant goes on")
    assert alarms(plant) == {"ref-differs": f"{MINE}/log"}
    assert outside.forks(plant.node.store) == []


def test_an_alarm_about_what_an_entry_says_is_acknowledged_or_put_right(world):
    shipped(world, "A-1")
    plant, mine = world[PLANT], f"{MINE}/log"
    until(lambda: followed_size(plant) == own_size(world[MINE]), "plant follows mine")
    size, now = followed_size(plant), "2026-11-22T00:00:00.000Z"
    with plant.node.store.write() as conn:
        one = followed.load(conn, mine)
        roots = {at: root_at(at, followed.nodes(conn, one.log_no)) for at in (1, size)}
        gossip.compare_ref(conn, gossip.Told(mine, size, bytes(32), f"{METAL}/log"), now)
    seen = json.dumps({"log": mine, "code": "ref-differs", "reason": "metal wrote it by hand"}).encode()
    assert plant.ask("POST", "/api/v1/logs/acknowledgement", seen).status == 403
    told = plant.ask("POST", "/api/v1/logs/acknowledgement", seen, role="admin").json()
    assert (told["acknowledged_by"], told["reason"]) == ("Li", "metal wrote it by hand")
    numbers = plant.ask("GET", "/metrics", role=None).body.decode()
    assert "lodetrace_alarms 0.0" in numbers
    assert "lodetrace_alarms_acknowledged 1.0" in numbers
    assert plant.ask("GET", "/readyz", role=None).json()["alarms"] == 0
    looked = {one.check: one for one in examine(plant.home, world.environ)}
    assert "metal wrote it by hand" in looked["forks"].en
    assert looked["forks"].state == "ok"

    def tell(at: int, root: bytes, by: str) -> list[str | None]:
        with plant.node.store.write() as conn:
            gossip.compare_ref(conn, gossip.Told(mine, at, root, f"{by}/log"), now)
            return [one.acknowledged_by for one in followed.alarms(conn)]

    assert tell(size, roots[size], PLANT) == ["Li"]  # not who said it
    assert tell(1, roots[1], METAL) == ["Li"]  # of a time before
    assert tell(1, bytes(32), METAL) == [None]  # something else is wrong now
    assert tell(size, roots[size], METAL) == []
    assert plant.ask("POST", "/api/v1/logs/acknowledgement", seen, role="admin").status == 404


def test_entries_are_for_nodes_of_the_policy_only(world):
    mine = world[MINE]
    assert mine.ask("GET", "/log/tile/entries/000.p/1", role=None).status == 401
    shipped(world, "A-1")
    until(lambda: followed_size(world[PLANT]) > 0, "plant reads them")
    parcel = next(one for one, _ in world.network.carried if one.path.startswith("/log/tile/entries/"))
    assert mine.deliver(parcel).status == 200
    other_place = Parcel(PLANT, MINE, "GET", "/log/tile/entries/000.p/2", parcel.headers, b"")
    assert mine.deliver(other_place).status == 401
    strange = tuple((name, value.replace(PLANT, "stranger.example")) for name, value in parcel.headers)
    assert mine.deliver(Parcel("", MINE, "GET", parcel.path, strange, b"")).status == 404
    claimed = tuple((name, value.replace(PLANT, METAL)) for name, value in parcel.headers)
    assert mine.deliver(Parcel("", MINE, "GET", parcel.path, claimed, b"")).status == 401


def test_what_a_node_has_seen_is_for_nodes_of_the_policy_only(world):
    shipped(world, "A-1")
    until(lambda: followed_size(world[PLANT]) > 0, "plant follows mine")
    plant = world[PLANT]
    assert plant.ask("GET", seen_path(f"{MINE}/log"), role=None).status == 401
    assert plant.ask("GET", seen_path(f"{MINE}/log")).body.startswith(f"{MINE}/log\n".encode())
    assert plant.ask("GET", seen_path(f"{METAL}/log")).status == 404
    assert plant.ask("GET", "/log/seen/nothing").status == 404


# -- forks ------------------------------------------------------------------------------------------------------------


def test_a_log_that_goes_on_from_an_old_backup_is_proven_to_have_forked(tmp_path):
    with World(tmp_path, MINE, PLANT, METAL, environ=WATCHING) as world:
        copy = put_aside(world)
        shipped(world, "A-1")
        until(lambda: followed_size(world[PLANT]) == own_size(world[MINE]), "plant follows mine")
        put_back(world, copy)
        for number in range(5):
            world[MINE].register(f"B-{number}", "1")
        file = forked(world[PLANT])
        until(lambda: outside.forks(world[METAL].node.store), "metal is told, which never dealt with mine")
        assert forked(world[METAL]) == file
        _deals_with_it_no_more(world)


def _deals_with_it_no_more(world: World) -> None:
    mine, plant = world[MINE], world[PLANT]
    shipment = mine.ship(PLANT, {"batch": "B-0", "quantity": kg("1")})
    until(lambda: "403" in (mine.shipment(shipment).get("waiting_for") or ""), "plant refuses it")
    plant.register("P-1", "10")
    back = plant.ship(MINE, {"batch": "P-1", "quantity": kg("1")})
    until(lambda: "lodetrace forks" in (plant.shipment(back).get("waiting_for") or ""), "plant sends nothing there")
    assert "lodetrace_forks 1.0" in plant.ask("GET", "/metrics", role=None).body.decode()
    assert plant.ask("GET", "/readyz", role=None).json()["forks"] == 1
    (listed,) = plant.get("/api/v1/forks")["forks"]
    assert (listed["log"], listed["acknowledged_by"]) == (f"{MINE}/log", None)
    path = f"/api/v1/forks/{listed['no']}/acknowledgement"
    assert plant.ask("POST", path).status == 403
    assert plant.ask("POST", path, role="admin").json()["acknowledged_by"] == "Li"
    until(lambda: plant.shipment(back)["status"] == "delivered", "what waited goes")


def test_two_histories_shown_to_two_partners_are_found_by_asking_each_other(tmp_path):
    """Neither partner sees anything wrong in what it is shown itself."""
    with World(tmp_path, MINE, PLANT, METAL, environ=WATCHING) as world:
        copy = put_aside(world)
        shipped(world, "A-1", PLANT)
        until(lambda: followed_size(world[PLANT]) == own_size(world[MINE]), "plant follows the first")
        world[PLANT].stop()
        put_back(world, copy)
        shipped(world, "B-1", METAL)
        until(lambda: followed_size(world[METAL]) == own_size(world[MINE]), "metal follows the second")
        world[MINE].stop()
        world[PLANT].start()
        assert forked(world[PLANT])
        assert forked(world[METAL])
        world[MINE].start()


def keep_a_registry(world: World) -> None:
    """The mine is an authority, and a registry to all; nobody deals with it otherwise."""
    for member in world:
        (member.home / "policy.txt").write_text(f"{world.policy}#lodetrace registry {MINE}/log\n")
    file = world[MINE].home / "config.toml"
    file.write_text(file.read_text().replace('role = "mine"', 'role = "authority"'))


def test_a_registry_that_shows_two_histories_is_proven_to_have_forked(tmp_path):
    world = World(tmp_path, MINE, PLANT, METAL, environ=WATCHING | {"LODETRACE_REGISTRY_POLL_S": "1"})
    keep_a_registry(world)
    with world:
        copy = put_aside(world)
        world[METAL].stop()  # everybody follows a registry, and two histories of one length look alike by their sizes
        world[MINE].register("A-1", "1")
        until(lambda: followed_size(world[PLANT]) == own_size(world[MINE]), "plant follows the first")
        world[PLANT].stop()
        put_back(world, copy)
        world[METAL].start()
        world[MINE].register("B-1", "1")
        until(lambda: followed_size(world[METAL]) == own_size(world[MINE]), "metal follows the second")
        world[MINE].stop()
        world[PLANT].start()
        assert forked(world[PLANT])
        assert forked(world[METAL])
        world[MINE].start()


def test_what_is_told_to_a_partner_and_not_to_the_log_is_found(tmp_path):
    """The log that plant is told of in a message is another one than it is shown, which has grown past it."""
    with World(tmp_path, MINE, PLANT, environ=WATCHING) as world:
        mine = world[MINE]
        copy = put_aside(world)
        mine.register("A-1", "100")
        met = served(world, lambda _, __: Reply(503), "/log/checkpoint")
        shipment = mine.ship(PLANT, {"batch": "A-1", "quantity": kg("40")})
        world[PLANT].await_arrival(shipment)
        until(lambda: met, "plant looks and sees nothing")
        put_back(world, copy)
        for number in range(5):
            mine.register(f"B-{number}", "1")
        assert forked(world[PLANT])


def test_a_fork_is_found_by_whoever_is_brought_a_checkpoint_of_it(tmp_path):
    """Plant follows one history, and gets the other with goods that metal sends on."""
    with World(tmp_path, MINE, PLANT, METAL, environ=WATCHING | {"LODETRACE_WATCH_MAX_S": "1"}) as world:
        copy = put_aside(world)
        shipped(world, "A-1", PLANT)
        until(lambda: followed_size(world[PLANT]) == own_size(world[MINE]), "plant follows the first")
        put_back(world, copy)
        served(world, lambda _, __: Reply(503), "/log/")
        shipment = shipped(world, "B-1", METAL)
        world[METAL].receive(shipment)
        world[METAL].ship(PLANT, {"batch": "B-1", "quantity": kg("40")})
        assert forked(world[PLANT])


# -- short of a fork --------------------------------------------------------------------------------------------------


def _alarmed(world: World, code: str) -> None:
    until(lambda: alarms(world[PLANT]).get(code) == f"{MINE}/log", f"plant raises {code}")
    assert outside.forks(world[PLANT].node.store) == []


def _recovers(world: World) -> None:
    world[MINE].restart()
    world[MINE].register("after", "1")
    until(lambda: followed_size(world[PLANT]) == own_size(world[MINE]), "plant goes on")
    until(lambda: alarms(world[PLANT]) == {}, "the alarm is over")


def test_a_checkpoint_that_shrinks_is_an_alarm(world):
    shipped(world, "A-1")
    until(lambda: followed_size(world[PLANT]) == own_size(world[MINE]), "plant follows mine")
    with world[MINE].node.store.read() as conn:
        older = log.checkpoint(conn, 1)
    assert older is not None
    served(world, lambda _, __: Reply(200, older[1]), "/log/checkpoint")
    _alarmed(world, "log-shrank")
    _recovers(world)


def test_a_log_that_stalls_behind_what_it_told_is_an_alarm(world):
    shipped(world, "A-1")
    until(lambda: followed_size(world[PLANT]) == own_size(world[MINE]), "plant follows mine")
    last = world[MINE].node.checkpoint()
    served(world, lambda _, __: Reply(200, last), "/log/checkpoint")
    shipped(world, "A-2")
    _alarmed(world, "log-behind")
    (one,) = world[PLANT].get("/api/v1/logs")["logs"]
    (alarm,) = one["alarms"]
    assert alarm["evidence"]["shown"] == last.decode()
    assert alarm["evidence"]["told"].startswith(f"{MINE}/log\n")
    assert "lodetrace_alarms 1.0" in world[PLANT].ask("GET", "/metrics", role=None).body.decode()
    _recovers(world)


def _cut(parcel: Parcel, reply: Reply) -> Reply:
    return Reply(200, reply.body[:-32]) if "/tile/" in parcel.path else reply


def _one_bit(parcel: Parcel, reply: Reply) -> Reply:
    return Reply(200, reply.body[:-9] + b"A" + reply.body[-8:]) if "/tile/" in parcel.path else reply


RUBBISH = {
    "a bundle cut off": (_cut, "malformed"),
    "a bundle with another letter": (_one_bit, "signature-bad malformed"),
    "an empty bundle": (lambda parcel, reply: Reply(200) if "/tile/" in parcel.path else reply, "malformed"),
    "a page that is no checkpoint": (
        lambda parcel, reply: Reply(200, b"<html>", (("content-type", "text/html"),)),
        "malformed",
    ),
    "a compressed answer": (
        lambda parcel, reply: Reply(200, b"\x1f\x8b", (("content-encoding", "gzip"),)),
        "answer-encoded",
    ),
    "a body without end": (lambda parcel, reply: Reply(200, b"x" * (6 << 20)), "answer-too-large"),
    "a huge size": (
        lambda parcel, reply: Reply(200, f"{MINE}/log\n{2**62}\n{'A' * 43}=\n\n— {MINE}/log AAAAAAA=\n".encode()),
        "signature-missing signature-bad malformed",
    ),
}


@pytest.mark.parametrize("name", RUBBISH)
def test_rubbish_is_an_alarm_and_nothing_of_it_is_kept(world, name):
    change, codes = RUBBISH[name]
    met = served(world, change)
    shipped(world, "A-1")
    until(lambda: met, "plant looks")
    until(lambda: set(alarms(world[PLANT])) & set(codes.split()), f"plant raises one of {codes}")
    assert followed_size(world[PLANT]) == 0
    _recovers(world)


def test_a_redirect_is_never_followed(world):
    to = (("location", f"http://{METAL}/log/checkpoint"),)
    met = served(world, lambda _, __: Reply(302, b"", to))
    shipped(world, "A-1")
    until(lambda: len(met) > 1, "plant looks again")
    assert not any(parcel.receiver == METAL and parcel.path == "/log/checkpoint" for parcel, _ in world.network.carried)
    _recovers(world)


def test_a_log_that_nobody_can_reach_is_looked_at_again_and_no_alarm(world):
    shipped(world, "A-1")
    until(lambda: followed_size(world[PLANT]) == own_size(world[MINE]), "plant follows mine")
    world[MINE].stop()
    world[MINE].start()
    world[MINE].register("B-1", "1")
    until(lambda: followed_size(world[PLANT]) == own_size(world[MINE]), "plant goes on")
    assert alarms(world[PLANT]) == {}


def test_a_fork_file_that_proves_nothing_is_refused(world):
    shipped(world, "A-1")
    plant = world[PLANT]
    body = json.dumps({"format": "lodetrace fork v1"}).encode()
    parcel = Parcel(MINE, PLANT, "POST", "/inbox/fork", (), body)
    assert plant.deliver(parcel).status == 401
    signed = world[MINE].forge(parcel, body, receiver=PLANT, kind="fork")
    assert plant.deliver(signed).status == 422
    assert outside.forks(plant.node.store) == []
