"""What is put back after a loss: our own bytes, all of them, or nothing; whoever holds them may be a liar."""

import json
import shutil

import pytest

from ledger.errors import LodetraceError
from ledger.log.canonical import dump
from ledger.log.checkpoints import Checkpoint
from nodes import deposit_pages
from nodes.identity import load
from nodes.node import Caller, Node
from nodes.recovery import recover
from nodes.rollback import Memory
from nodes.rotation import rotate
from nodes.signed_requests import sign_request
from nodes.store import deliveries, log
from tests import outside
from tests.world import Parcel, World, kg

AUTHORITY, MINE, PLANT = "authority.example", "mine.example", "plant.example"


@pytest.fixture(scope="module")
def lost(tmp_path_factory):
    """A mine whose database was kept early on, has traded since, and deposited everything."""
    folder = tmp_path_factory.mktemp("lost")
    world = World(folder, MINE, PLANT, AUTHORITY)
    names_its_authority(world, MINE, PLANT)
    with world:
        mine, plant = world[MINE], world[PLANT]
        mine.register("A-1", "100")
        world.settle()
        mine.stop()
        shutil.copytree(mine.home, folder / "early")
        mine.start()
        for lot in ("A-2", "A-3"):
            mine.register(lot, "50")
        shipment = mine.ship(PLANT, {"batch": "A-2", "quantity": kg("20")})
        plant.await_arrival(shipment)
        plant.receive(shipment)
        mine.await_status(shipment, "received")
        mine.acknowledge(shipment)
        bought = plant.ship(MINE, {"batch": "A-2", "quantity": kg("5")})
        mine.await_arrival(bought)
        mine.receive(bought)
        told = {"kind": "quality", "text": "Send it back.", "lines": [{"batch": "A-2"}]}
        reply = mine.ask("POST", "/api/v1/recalls", told, role="supervisor", headers={"idempotency-key": "recall"})
        assert reply.status == 201, reply.body.decode()
        world.settle()
        yield world


def names_its_authority(world, *names):
    for name in names:
        settings = world[name].home / "config.toml"
        settings.write_text(settings.read_text().replace("# authority = …", f'authority = "{AUTHORITY}"'))
    settings = world[AUTHORITY].home / "config.toml"
    settings.write_text(settings.read_text().replace('role = "mine"', 'role = "authority"'))


@pytest.fixture
def early(lost, tmp_path):
    """The old state, opened."""
    node = Node.open(shutil.copytree(lost[MINE].home.with_name("early"), tmp_path / "mine"), {})
    yield node
    node.stop()


def pages_of(lost):
    with lost[AUTHORITY].node.store.read() as conn:
        return [json.loads(page) for page in deposit_pages.pages(conn, f"{MINE}/log")]


def put_back(node, pages, memories=()):
    return recover(node, [deposit_pages.parse(dump(page), "x") for page in pages], "x", memories)


def log_rows(store):
    with store.read() as conn:
        tables = ("entries", "disclosures", "hashes", "head")
        return {name: sorted(conn.execute(f"SELECT * FROM {name}").fetchall(), key=repr) for name in tables}


def test_everything_comes_back(lost, early):
    owed = [("acknowledgement", PLANT), ("handover", PLANT), ("notice", PLANT), ("receipt", PLANT)]
    with early.store.read() as conn:
        before = deliveries.counts(conn)
    done = put_back(early, pages_of(lost))
    assert (done.before, done.size) == (2, 8)
    assert log_rows(early.store) == log_rows(lost[MINE].node.store)
    assert outside.audit(early.store).replay.size == 8
    with early.store.read() as conn:
        rows = conn.execute("SELECT kind, to_name FROM deliveries WHERE state = 'waiting' ORDER BY kind").fetchall()
        assert rows == owed
        assert deliveries.counts(conn) == {**before, "waiting": 4}
        assert log.latest_checkpoint(conn)[0] == 8
    outside.check_rebuild(early)
    assert put_back(early, pages_of(lost)).before == 8


def test_page_by_page(lost, early, monkeypatch):
    monkeypatch.setattr(deposit_pages, "PAGE", 2)
    pages = pages_of(lost)
    assert [page["first"] for page in pages] == [0, 2, 4, 6, 8]
    assert put_back(early, pages[1:]).size == 8
    monkeypatch.setattr(deposit_pages, "PAGE_BYTES", 1)
    assert [page["first"] for page in pages_of(lost)] == list(range(8)), "and by bytes"


def shorter(pages):
    del pages[0]["entries"][-1]


def without_one(pages):
    del pages[0]["entries"][3]


def swapped(pages):
    entries = pages[0]["entries"]
    entries[3], entries[4] = entries[4], entries[3]


def other_text(pages):
    entry = pages[0]["entries"][4]
    entry["note"] = entry["note"].replace("registered", "registerex").replace("shipped", "shippex")


def other_value(pages):
    entry = pages[0]["entries"][3]
    entry["disclosures"][0] = pages[0]["entries"][2]["disclosures"][0]


def a_value_less(pages):
    del pages[0]["entries"][3]["disclosures"][0]


def too_late(pages):
    del pages[0]["entries"][:3]
    pages[0]["first"] = 3


def for_ever(pages):
    pages[0]["entries"], pages[0]["next"], pages[0]["first"] = [], 8, 8


def of_another(pages):
    pages[0]["log"] = f"{PLANT}/log"


def signed_by_another(pages):
    pages[0]["checkpoint"] = pages[0]["checkpoint"].replace("\n8\n", "\n6\n")


LIES = {
    "deposits of one entry less": (shorter, "recovery-incomplete"),
    "an entry left out": (without_one, "audit-broken"),
    "two entries in each other's place": (swapped, "audit-broken"),
    "another text": (other_text, "audit-broken"),
    "another value": (other_value, "audit-broken"),
    "a value left out": (a_value_less, "audit-broken"),
    "a gap behind our head": (too_late, "deposits-wrong"),
    "a page without end": (for_ever, "deposits-wrong"),
    "another log": (of_another, "deposits-wrong"),
    "another checkpoint": (signed_by_another, "signature-bad"),
}


@pytest.mark.parametrize(("lie", "code"), LIES.values(), ids=LIES)
def test_a_lie_changes_nothing(lost, early, lie, code):
    before = outside.everything(early.store)
    pages = pages_of(lost)
    lie(pages)
    with pytest.raises(LodetraceError) as caught:
        put_back(early, pages)
    assert caught.value.code == code
    assert outside.everything(early.store) == before


def test_what_nobody_holds_is_not_invented(lost, early):
    before = outside.everything(early.store)
    known = Memory(Checkpoint(f"{MINE}/log", 9, b"r" * 32), "witness hub", "见证人 hub")
    with pytest.raises(LodetraceError) as caught:
        put_back(early, pages_of(lost), [known])
    assert caught.value.code == "recovery-incomplete"
    assert "8 entries, but more are known: 9 (witness hub)" in caught.value.text()
    assert "9（见证人 hub）" in caught.value.text("zh")
    assert outside.everything(early.store) == before


def test_a_database_that_went_on_by_itself_is_not_mended(lost, early):
    """One that had no high-water file and nobody to ask: what it wrote cannot be joined with what it had lost."""
    early.start()
    body = {"product": "ore", "lot_no": "Z-1", "quantity": kg("1"), "origin": {"class": "mined", "country": "CN"}}
    early.sequencer.submit(early.command("register", body, Caller("Li"), None)).result(20)
    early.sequencer.stop()
    before = outside.everything(early.store)
    with pytest.raises(LodetraceError) as caught:
        put_back(early, pages_of(lost))
    assert caught.value.code == "recovery-differs"
    assert "successor log" in caught.value.text()
    assert outside.everything(early.store) == before


def test_a_fork_of_which_we_hold_one_side_is_said(lost, early):
    """A root that our own key signed, at a size that we have otherwise."""
    rival = Memory(Checkpoint(f"{MINE}/log", 2, b"r" * 32), "witness hub", "见证人 hub")
    with pytest.raises(LodetraceError) as caught:
        put_back(early, pages_of(lost), [rival])
    assert caught.value.code == "log-rewritten"


# -- the authority's door -----------------------------------------------------------------------------------------


def asked(lost, signer, path, to=AUTHORITY):
    headers = sign_request("GET", f"http://{to}{path}", b"", lost[signer].node.identity)
    return lost[to].deliver(Parcel(signer, to, "GET", path, tuple(headers.items()), b""))


def test_whoever_made_the_deposits_gets_them(lost):
    page = deposit_pages.parse(asked(lost, MINE, f"/deposits/{MINE}/3").body, "x")
    assert (page.log, page.first, len(page.records), page.next) == (f"{MINE}/log", 3, 5, None)
    beyond = deposit_pages.parse(asked(lost, MINE, f"/deposits/{MINE}/99").body, "x")
    assert (beyond.records, beyond.next) == ((), None)


def test_the_key_that_is_in_force_now_opens_and_the_one_before_does_not(tmp_path):
    world = World(tmp_path, MINE, AUTHORITY)
    names_its_authority(world, MINE)
    with world:
        world.settle()
        world[MINE].stop()
        before = load(world[MINE].home, MINE)
        rotate(world[MINE].home, world.environ, ["peer"])
        world[MINE].start()
        world.settle()
        path = f"/deposits/{MINE}/0"
        assert asked(world, MINE, path).status == 200
        headers = sign_request("GET", f"http://{AUTHORITY}{path}", b"", before)
        reply = world[AUTHORITY].deliver(Parcel(MINE, AUTHORITY, "GET", path, tuple(headers.items()), b""))
        assert (reply.status, reply.json()["code"]) == (401, "request-signature")


@pytest.mark.parametrize(
    ("signer", "path", "to", "status", "code"),
    [
        (PLANT, f"/deposits/{MINE}/0", AUTHORITY, 422, "deposits-of-others"),
        (AUTHORITY, f"/deposits/{MINE}/0", AUTHORITY, 422, "deposits-of-others"),
        (AUTHORITY, f"/deposits/{AUTHORITY}/0", AUTHORITY, 404, "deposits-missing"),
        (MINE, f"/deposits/{MINE}/0", PLANT, 422, "not-an-authority"),
        (MINE, f"/deposits/{MINE}/-1", AUTHORITY, 422, "fields-wrong"),
        (MINE, f"/deposits/{MINE}/x", AUTHORITY, 422, "fields-wrong"),
    ],
)
def test_nobody_else_gets_anything(lost, signer, path, to, status, code):
    reply = asked(lost, signer, path, to)
    assert (reply.status, reply.json()["code"]) == (status, code)
    assert reply.json()["detail_zh"]


def test_unsigned_or_signed_for_something_else_is_refused(lost):
    path = f"/deposits/{MINE}/0"
    unsigned = lost[AUTHORITY].deliver(Parcel(MINE, AUTHORITY, "GET", path, (), b""))
    assert (unsigned.status, unsigned.json()["code"]) == (401, "request-unsigned")
    headers = sign_request("GET", f"http://{AUTHORITY}/deposits/{MINE}/1", b"", lost[MINE].node.identity)
    moved = lost[AUTHORITY].deliver(Parcel(MINE, AUTHORITY, "GET", path, tuple(headers.items()), b""))
    assert (moved.status, moved.json()["code"]) == (401, "request-signature")
