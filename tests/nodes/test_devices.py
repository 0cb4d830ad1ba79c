"""What devices signed without a network is recorded later, once, as it was signed; an audit sees that from the log."""

from dataclasses import replace

import pytest

from ledger.captured import check_signed
from ledger.errors import Refusal
from ledger.matter.custody import apply
from ledger.matter.stock import Device
from nodes.auditing import audit, from_deposits, from_store
from nodes.devices import new_key, signed
from nodes.store import log, stock
from tests.bookkeeping import MINE, PLANT, as_supervisor, recorded, world
from tests.nodes.test_oversight import AUTHORITY, NAMES, ONE, cast
from tests.world import World, kg

SCALE = "yard-scale-2"
WEIGHED_AT = "2026-12-01T08:00:00+08:00"
"""Four days before the clocks of the stage."""


@pytest.fixture
def told(tmp_path):
    """Leaving it audits all logs and rebuilds all tables."""
    with world(tmp_path) as made:
        yield made


@pytest.fixture
def key(told, tmp_path):
    file = tmp_path / "scale.pem"
    recorded(told[MINE], "/api/v1/devices", {"device": SCALE, "key": new_key(file, SCALE)})
    return file


def ore(lot, mass="100", **more):
    origin = {"class": "mined", "country": "CN", "feed_class": "ion_mid_y"}
    return {"product": "ion_clay_mixed_oxide", "lot_no": lot, "quantity": kg(mass), "origin": origin, **more}


def weighed(key, seq, lot="A-1", *, log=f"{MINE}/log", at=WEIGHED_AT, verb="register", **more):
    return signed(key, log, SCALE, seq, at, verb, ore(lot, **more))


def code(reply):
    assert reply.status >= 400, reply.body
    assert reply.json()["detail_zh"]
    return reply.json()["code"]


def register(told, body):
    return told[MINE].post("/api/v1/batches", body)


def test_what_a_device_signed_stands_in_the_entry_with_its_signature(told, key):
    assert register(told, weighed(key, 7)).status == 201
    (entry,) = told[MINE].get("/api/v1/entries?type=registered")["entries"]
    captured = entry["event"]["recorded"]["captured"]
    assert (captured["device"], captured["seq"], captured["verb"]) == (SCALE, 7, "register")
    assert '"lot_no":"A-1"' in captured["request"]
    assert entry["event"]["batch"]["at"] == WEIGHED_AT  # when it was weighed, not when it came
    assert told[MINE].get("/api/v1/devices")["devices"][0]["seq"] == 7
    assert audit(from_store(told[MINE].node.store)).size == 3


def test_a_number_serves_once_also_under_another_key(told, key, tmp_path):
    assert register(told, weighed(key, 7)).status == 201
    assert code(register(told, weighed(key, 7, "A-2"))) == "captured-again"
    assert code(register(told, weighed(key, 6, "A-2"))) == "captured-again"
    other = tmp_path / "other.pem"
    recorded(told[MINE], "/api/v1/devices", {"device": SCALE, "key": new_key(other, SCALE)})
    assert code(register(told, weighed(other, 7, "A-2"))) == "captured-again"
    assert code(register(told, weighed(key, 8, "A-2"))) == "captured-unsigned"
    assert register(told, weighed(other, 8, "A-2")).status == 201


@pytest.mark.parametrize(
    "change",
    [
        lambda body: {**body, "quantity": kg("101")},
        lambda body: {**body, "lot_no": "B-1"},
        lambda body: {**body, "at": "2026-12-02T08:00:00+08:00"},
        lambda body: {**body, "external_ref": "ERP-1"},
        lambda body: {**body, "captured": {**body["captured"], "seq": 8}},
        lambda body: {**body, "captured": {**body["captured"], "at": "2026-12-01T08:00:01+08:00"}},
    ],
)
def test_nothing_may_be_changed_after_it_was_signed(told, key, change):
    assert code(register(told, change(weighed(key, 7)))) == "captured-unsigned"


def test_it_is_for_one_log_and_one_verb(told, key):
    assert code(register(told, weighed(key, 7, log=f"{PLANT}/log"))) == "captured-unsigned"
    assert code(register(told, weighed(key, 7, verb="transform"))) == "captured-unsigned"


def test_what_people_answer_afterwards_needs_no_device(told, key):
    body = {**weighed(key, 7), "confirm": {"reason": "it is so"}}
    assert register(told, body).status == 201


def test_a_device_that_is_not_known_or_retired_is_refused(told, key):
    mine = told[MINE]
    stranger = weighed(key, 7)
    stranger["captured"]["device"] = "yard-scale-9"
    assert code(register(told, stranger)) == "device-unknown"
    assert code(as_supervisor(mine, "POST", "/api/v1/devices", {"device": "yard-scale-9"})) == "device-unknown"
    recorded(mine, "/api/v1/devices", {"device": SCALE})
    assert code(register(told, weighed(key, 7))) == "device-retired"
    assert code(as_supervisor(mine, "POST", "/api/v1/devices", {"device": SCALE})) == "device-retired"
    assert mine.get("/api/v1/devices")["devices"] == [{"device": SCALE, "key": None, "seq": 0}]


def test_a_key_under_which_anybody_could_sign_is_no_key(told):
    anybody = {"device": SCALE, "key": "A" * 43 + "="}
    assert code(as_supervisor(told[MINE], "POST", "/api/v1/devices", anybody)) == "device-key-wrong"


def test_an_audit_finds_what_a_node_recorded_without_asking(told, key):
    """As an operator would whose own program leaves the refusals out: other figures, and another signature."""
    assert register(told, weighed(key, 7)).status == 201
    with told[MINE].node.store.read() as conn:
        event = log.entry(conn, 2).event
        public = stock.load(conn, [("device", SCALE)])["device", SCALE].public
    view = {("device", SCALE): Device(SCALE, public, 6)}
    assert apply(view, event)["device", SCALE].seq == 7
    check_signed(view, event)
    quantity = {**event.slots["quantity"], "mg": 2 * 10**8, "typed": kg("200")}
    with pytest.raises(Refusal) as refused:
        apply(view, replace(event, slots={**event.slots, "quantity": quantity}))
    assert refused.value.code == "captured-altered"
    recorded = {**event.slots["recorded"], "captured": {**event.slots["recorded"]["captured"], "seq": 8}}
    with pytest.raises(Refusal) as refused:
        check_signed(view, replace(event, slots={**event.slots, "recorded": recorded}))
    assert refused.value.code == "captured-unsigned"


@pytest.mark.parametrize(
    ("slot", "field", "value"),
    [
        ("batch", "lot_no", "B-1"),
        ("origin", "country", "MM"),
        ("origin", "class", "imported"),
        ("documents", "list", [{"kind": "weigh_ticket", "no": "BT-8"}]),
        ("recorded", "external_ref", "ERP-2"),
    ],
)
def test_an_audit_compares_every_field_that_was_signed(told, key, slot, field, value):
    papers = [{"kind": "weigh_ticket", "no": "BT-7"}]
    assert register(told, weighed(key, 7, documents=papers, external_ref="ERP-1")).status == 201
    with told[MINE].node.store.read() as conn:
        event = log.entry(conn, 2).event
        public = stock.load(conn, [("device", SCALE)])["device", SCALE].public
    view = {("device", SCALE): Device(SCALE, public, 6)}
    assert apply(view, event)["device", SCALE].seq == 7
    with pytest.raises(Refusal) as refused:
        apply(view, replace(event, slots={**event.slots, slot: {**event.slots[slot], field: value}}))
    assert refused.value.code == "captured-altered"


def test_what_no_known_device_signed_gets_into_no_log_unnoticed(told, key):
    """However it was written, an audit asks custody and the device's key of each entry: `captured` excuses nobody."""
    assert register(told, weighed(key, 7)).status == 201
    with told[MINE].node.store.read() as conn:
        event = log.entry(conn, 2).event
    with pytest.raises(Refusal) as refused:
        apply({}, event)
    assert refused.value.code == "device-unknown"
    with pytest.raises(Refusal) as refused:
        check_signed({("device", SCALE): Device(SCALE, "A" * 43 + "=", 6)}, event)
    assert refused.value.code == "device-key-wrong"


def test_numbers_left_out_are_found_alike_at_the_node_in_audits_and_by_the_authority(tmp_path):
    key = tmp_path / "scale.pem"
    with cast(World(tmp_path / "cast", *NAMES)) as told:
        one, authority = told[ONE], told[AUTHORITY]
        recorded(one, "/api/v1/devices", {"device": SCALE, "key": new_key(key, SCALE)})
        for seq in (7, 8, 11):
            one.record(
                "/api/v1/batches", weighed(key, seq, f"A-{seq}", log=f"{ONE}/log", at="2026-01-05T08:00:00+08:00")
            )
        told.settle()
        (found,) = [gap for gap in one.get("/api/v1/findings")["findings"] if gap["rule"] == "device-gap"]
        assert found["facts"] == {"device": SCALE, "first": 9, "last": 10, "missing": 2}
        assert found["entries"] == [[f"{ONE}/log", 3], [f"{ONE}/log", 4]]
        (seen,) = authority.get("/api/v1/deposits/findings?rule=device-gap")["findings"]
        assert seen["id"] == found["id"]
        for source in (from_store(one.node.store), from_deposits(authority.node.store, f"{ONE}/log")):
            assert [gap.id for gap in audit(source).findings if gap.rule == "device-gap"] == [found["id"]]
