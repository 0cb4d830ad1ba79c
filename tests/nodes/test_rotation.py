"""Keys that change while goods move: what was signed before and after holds, and what a thief signs does not."""

import shutil
from dataclasses import replace
from hashlib import sha256

import pytest

from ledger.errors import LodetraceError, Malformed, Unverified
from ledger.evidence import parse_evidence, verify
from ledger.labels import make_token, open_token
from ledger.log.canonical import b64, unb64
from ledger.log.trust import Policy
from nodes import identity, rotation
from nodes.homes import create_home
from nodes.identity import COMING, KEYS
from nodes.labels import label_of
from nodes.node import Node
from nodes.rekeyed import own_keys
from nodes.rotation import BEFORE, rotate, settle
from nodes.scan import scan
from nodes.signed_requests import sign_request
from nodes.store import deliveries
from tests.world import Member, World, until

MINE, PLANT = "mine.example", "plant.example"


class Cut(BaseException):
    """As if the process ended here."""


@pytest.fixture
def world(tmp_path):
    with World(tmp_path, MINE, PLANT) as world:
        yield world


def turn(world, name, *uses):
    member = world[name]
    member.stop()
    done = rotate(member.home, world.environ, uses or ("all",))
    member.start()
    return done


def trade(world, lot):
    mine, plant = world[MINE], world[PLANT]
    mine.register(lot, "100")
    shipment = mine.ship(PLANT, {"batch": lot, "quantity": {"value": "100", "unit": "kg", "basis": "net"}})
    plant.await_arrival(shipment)
    plant.receive(shipment)
    mine.await_status(shipment, "received")


def proof(member, lot):
    batch = next(one["batch"] for one in member.get("/api/v1/batches?limit=500")["batches"] if one["lot_no"] == lot)
    reply = member.ask("GET", f"/api/v1/batches/{batch.replace('#', '%23').replace('/', '%2F')}/evidence")
    assert reply.status == 200, reply.body
    return reply.body


def keys(member):
    return identity.load(member.home, member.name)


@pytest.mark.parametrize("uses", [("author",), ("peer",), ("log",), ("all",)])
def test_goods_before_and_after_verify_and_the_log_is_audited(world, uses):
    trade(world, "A-1")
    before = proof(world[MINE], "A-1")
    turn(world, MINE, *uses)
    trade(world, "A-2")
    trade(world, "A-3")
    policy = Policy.parse(world.policy)
    for file in (before, proof(world[MINE], "A-1"), proof(world[MINE], "A-2"), proof(world[MINE], "A-3")):
        assert verify(parse_evidence(file), policy).missing == ()
    turn(world, PLANT, *uses)
    trade(world, "A-4")


@pytest.mark.parametrize("secret", [None, "open sesame"])
def test_a_second_witness_key_and_a_passphrase_stay_with_the_keys_that_follow(tmp_path, secret):
    environ = {} if secret is None else {"LODETRACE_PASSPHRASE": secret}
    passphrase = None if secret is None else secret.encode()
    home = tmp_path / "mine"
    create_home(home, environ, name=MINE, organisation="M", role="mine", mldsa=True)
    first = identity.load(home, MINE, passphrase, mldsa=True)
    done = rotate(home, environ, ["all"])
    second = identity.load(home, MINE, passphrase, mldsa=True)
    assert second.witness_mldsa.verifier != first.witness_mldsa.verifier
    committed = {key["alg"]: key["next_commit"] for key in first.published() if key["use"] == "witness"}
    for key in second.published():
        if key["use"] == "witness":
            assert b64(sha256(unb64(key["key"])).digest()) == committed[key["alg"]]
    assert done.identity.published() == second.published()
    assert len(second.cosigners) == 2
    if secret is not None:
        for wrong in (None, b"open"):
            with pytest.raises(Malformed):
                identity.load(home, MINE, wrong, mldsa=True)
        with pytest.raises(Malformed):
            rotate(home, {}, ["author"])
        assert not (home / COMING).exists()
    rotate(home, environ, ["witness"])
    third = identity.load(home, MINE, passphrase, mldsa=True)
    assert third.witness_mldsa.verifier != second.witness_mldsa.verifier
    assert third.author.verifier == second.author.verifier
    node = Node.open(home, environ)
    node.store.close()


def test_keys_are_replaced_by_those_made_in_advance_and_again(world):
    first = keys(world[MINE])
    done = turn(world, MINE)
    second = keys(world[MINE])
    assert second.published() == done.identity.published()
    for use in ("log", "author", "witness", "peer"):
        assert getattr(first, use).verifier != getattr(second, use).verifier
    assert second.log_before.verifier == first.log.verifier
    turn(world, MINE, "author")
    third = keys(world[MINE])
    assert third.log.verifier == second.log.verifier
    assert third.author.verifier != second.author.verifier
    assert third.log_before.verifier == first.log.verifier
    trade(world, "A-1")


# -- a crash between any two steps --------------------------------------------------------------------------------


def published(world):
    """By the log, and by the files."""
    member = world[MINE]
    node = Node.open(member.home, world.environ)
    with node.store.read() as conn:
        sealed = own_keys(conn)
    node.store.close()
    return [dict(key) for key in sealed.lists[-1][1]], keys(member).published()


def cut(monkeypatch, where, name, *, after):
    """The process ends before, or after, the first call of something that a rotation does."""
    true = getattr(where, name)

    def ended(*given, **named):
        monkeypatch.setattr(where, name, true)
        if after:
            true(*given, **named)
        raise Cut

    monkeypatch.setattr(where, name, ended)


@pytest.mark.parametrize(
    ("where", "name", "after", "turned"),
    [
        (identity, "write_private", True, False),
        (rotation, "record", False, False),
        (rotation, "record", True, True),
        (rotation, "sync_folder", False, True),
        (shutil, "rmtree", False, True),
    ],
    ids=["keys half prepared", "nothing sealed", "sealed", "folders exchanged", "old keys not deleted"],
)
def test_a_rotation_that_is_cut_short_is_finished_or_undone_as_the_log_says(
    world, monkeypatch, where, name, after, turned
):
    member = world[MINE]
    trade(world, "A-1")
    first = keys(member).published()
    member.stop()
    true = rotation.settle
    calls = []

    def settle_once(*given):  # a process that has ended does not tidy up behind itself
        calls.append(given)
        if len(calls) == 1 or name in ("sync_folder", "rmtree"):
            true(*given)

    monkeypatch.setattr(rotation, "settle", settle_once)
    cut(monkeypatch, where, name, after=after)
    with pytest.raises(Cut):
        rotate(member.home, world.environ, ["all"])
    true(member.home, world.environ)
    true(member.home, world.environ)
    sealed, held = published(world)
    assert sealed == held
    assert (held != first) is turned
    assert not (member.home / COMING).exists()
    assert not (member.home / BEFORE).exists()
    member.start()
    trade(world, "A-2")
    assert keys(member).published() == held


def test_between_the_two_renames_there_are_no_keys_and_the_log_brings_them_back(world, monkeypatch):
    member = world[MINE]
    member.stop()
    monkeypatch.setattr(rotation, "settle", lambda *_: None)
    rotate(member.home, world.environ, ["all"])
    (member.home / KEYS).rename(member.home / BEFORE)
    with pytest.raises(LodetraceError, match="keys"):
        Node.open(member.home, world.environ)
    settle(member.home, world.environ)
    sealed, held = published(world)
    assert sealed == held
    member.start()


# -- what is refused ----------------------------------------------------------------------------------------------


def test_a_use_that_there_is_not_and_a_key_that_is_kept_elsewhere(world):
    member = world[MINE]
    member.stop()
    first = keys(member).published()
    with pytest.raises(Malformed, match="stamp"):
        rotate(member.home, world.environ, ["stamp"])
    (member.home / "keys/next/author.pem").rename(member.home / "elsewhere.pem")
    with pytest.raises(LodetraceError, match=r"author\.pem"):
        rotate(member.home, world.environ, ["author"])
    assert keys(member).published() == first
    member.start()


def test_a_key_that_nobody_committed_to_is_not_sealed(world):
    member = world[MINE]
    member.stop()
    first = keys(member).published()
    (member.home / "keys/next/author.pem").unlink()
    shutil.copy(world[PLANT].home / "keys/next/author.pem", member.home / "keys/next/author.pem")
    with pytest.raises(Unverified) as refused:
        rotate(member.home, world.environ, ["author"])
    assert refused.value.code == "key-not-committed"
    assert keys(member).published() == first
    assert not (member.home / COMING).exists()
    member.start()


def test_old_keys_do_not_open_the_node(world):
    member = world[MINE]
    member.stop()
    shutil.copytree(member.home / "keys", member.home / "stolen")
    rotate(member.home, world.environ, ["author"])
    shutil.move(member.home / "keys", member.home / "kept")
    shutil.copytree(member.home / "stolen", member.home / "keys")
    with pytest.raises(Unverified) as refused:
        Node.open(member.home, world.environ)
    assert refused.value.code == "keys-of-other-log"
    shutil.rmtree(member.home / "keys")
    shutil.move(member.home / "kept", member.home / "keys")
    member.start()


def thief(world, tmp_path):
    """Whoever copied the mine's home before its keys were replaced, and goes on writing under the old ones."""
    world[MINE].stop()
    shutil.copytree(world[MINE].home, tmp_path / "thief")
    rotate(world[MINE].home, world.environ, ["all"])
    world[MINE].start()
    return tmp_path / "thief"


def test_a_thief_with_all_old_keys_is_refused_once_the_partner_has_heard(world, tmp_path):
    home = thief(world, tmp_path)
    trade(world, "A-1")
    other = Member(world, MINE, home)
    other.start()
    try:
        batch = other.register("T-1", "100")
        other.ship(PLANT, {"batch": batch, "quantity": {"value": "100", "unit": "kg", "basis": "net"}})
        refused = until(lambda: first_refused(other), "the thief's goods are refused")
    finally:
        other.stop()
        world.network.members[MINE] = world[MINE]._take
    assert "signature-missing" in refused
    assert [one["lot_no"] for one in world[PLANT].get("/api/v1/batches?limit=500")["batches"]] == ["A-1"]
    trade(world, "A-2")


def first_refused(member):
    with member.node.store.read() as conn:
        found = deliveries.first_with_error(conn, "refused")
    return None if found is None else found.error


def test_a_request_under_a_peer_key_that_was_replaced_is_refused(world):
    trade(world, "A-1")
    stolen, old = keys(world[MINE]), world.network.parcels("handover")[0]
    turn(world, MINE, "peer")
    trade(world, "A-2")
    signed = sign_request("POST", f"http://{PLANT}{old.path}", old.body, stolen)
    again = replace(old, headers=(*signed.items(), ("content-type", "application/json")))
    reply = world[PLANT].deliver(again)
    assert (reply.status, reply.json()["code"]) == (401, "request-signature"), reply


def test_labels_printed_before_and_after_are_of_their_maker_and_a_stolen_key_makes_no_new_ones(world):
    mine = world[MINE]
    mine.register("A-1", "100")
    (first,) = mine.pack("A-1", "S-1")
    stolen = keys(mine)
    turn(world, MINE, "author")
    (second,) = mine.pack("A-1", "S-2")
    mine.await_checkpoint()
    for unit in (first, second):
        token = unit["label_url"].rpartition("/")[2]
        assert scan(mine.node, token).genuine
        assert scan(mine.node, label_of(mine.node, unit["unit"]).url).genuine
    label = open_token(second["label_url"], [(mine.node.origin, keys(mine).author.verifier)])
    with pytest.raises(Unverified) as refused:
        scan(mine.node, make_token(label, stolen.author))
    assert refused.value.code == "label-maker-unknown"
