"""Scans at five nodes, of every kind of label that may be in front of somebody."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from ledger.entries import id_bytes
from ledger.errors import LodetraceError, Malformed, Unavailable, Unverified
from ledger.evidence import format_evidence, parse_evidence, verify
from ledger.labels import Label, make_token
from ledger.log.canonical import b64url, unb64url
from ledger.log.notes import Ed25519Signer
from ledger.log.trust import Policy
from ledger.verdict import ATTESTED, CLAIMED, PROVEN, judge
from nodes.node import Node
from nodes.scan import LIFE, SOMEBODY, SPENT, UNDECIDED, _without_names, scan
from nodes.scanned import Scanned
from nodes.store.engine import Store
from tests.chain import MINE, MOTOR, NAMES, PLANT, RIVAL, SECRETS, TRADER, Chain
from tests.formats.story import attested_evidence, policy_text, tell


def refused(node: Node, token: str) -> str:
    """The code with which a token is refused."""
    with pytest.raises(LodetraceError) as found:
        scan(node, token)
    assert isinstance(found.value, (Malformed, Unverified))
    return found.value.code


def shown(found) -> str:
    """Everything of a scan that anybody may be shown."""
    verdict = found.verdict
    return json.dumps(
        [verdict.to_json(), [[stage.organisation, [repr(step) for step in stage.steps]] for stage in found.stages]],
        ensure_ascii=False,
    )


def own_label(chain: Chain, serial: str, node: Node, **other: object) -> str:
    """A token that the node signs itself, as that of `serial` but for `other`."""
    with node.store.read() as conn:
        row = conn.execute(
            'SELECT u.packed_by, e.leaf, u.net_mg FROM units u JOIN entries e ON e."index" = u.packed_by'
            " WHERE u.serial = ?",
            (serial,),
        ).fetchone()
    fields = {"index": row[0], "leaf": row[1], "unit": chain.unit(serial, node.settings.name), "net_mg": row[2]}
    return make_token(Label(origin=node.origin, **(fields | other)), node.identity.author)


# -- genuine ------------------------------------------------------------------------------------------------------

STANDS = {
    ("D-1", MINE): "shipped",
    ("D-1", TRADER): "shipped",
    ("D-1", PLANT): "emptied",
    ("D-2", MINE): "shipped",
    ("D-2", TRADER): "missing",
    ("D-3", PLANT): "shipped",
    ("D-3", MINE): "here",
    ("D-4", MINE): "here",
    ("X-1", MINE): "here",
    ("C-1", PLANT): "shipped",
    ("C-1", MOTOR): "emptied",
    ("C-2", MOTOR): "here",
    ("T-1", MOTOR): "emptied",
    ("C-3", RIVAL): "here",
    ("U-1", MOTOR): "shipped",
    ("U-1", RIVAL): "here",
    ("U-2", MOTOR): "here",
    ("U-3", MOTOR): "consumed",
}
"""Where goods stand according to a node that had them; whoever else is asked knows the label's maker at most."""


@pytest.mark.parametrize(("serial", "name"), STANDS, ids=lambda part: part)
def test_whoever_has_had_the_thing_proves_its_label_genuine_and_says_where_it_is(chain, serial, name):
    with chain.node(name) as node:
        found = scan(node, chain.token(serial))
    assert found.genuine
    assert found.failure is None
    assert found.unit.serial == serial
    assert found.unit.state == STANDS[serial, name]
    assert found.spent == (found.unit.state in SPENT)
    assert found.maker == chain.units[serial].partition("/log#")[0]
    assert found.verdict.vouched
    assert found.verdict.missing == ()


def test_every_state_of_a_unit_has_its_words(chain):
    assert set(STANDS.values()) | {"quarantined", "reversed"} == LIFE.keys()
    assert LIFE.keys() > SPENT


def test_whoever_never_had_it_tells_its_maker_and_nothing_more(chain):
    with chain.node(MINE) as node:
        found = scan(node, chain.token("C-3"))
    assert (found.maker, found.genuine, found.unit, found.verdict, found.failure) == (PLANT, False, None, None, None)
    assert found.label.net_mg == 5_000_000
    assert not found.spent


def test_a_label_of_somebody_whom_nobody_has_introduced(chain):
    """The mine trusts the motor maker's log and has never seen an entry of it, so it has no key of his to try."""
    with chain.node(MINE) as node:
        assert refused(node, chain.token("U-1")) == "label-maker-unknown"
    assert "label-maker-unknown" in UNDECIDED


def test_a_whole_url_is_a_label_too(chain):
    with chain.node(MOTOR) as node:
        assert scan(node, chain.labels["U-2"]) == scan(node, chain.token("U-2"))


# -- what a buyer reads -------------------------------------------------------------------------------------------


def test_the_history_of_a_motor_is_told_in_stages(chain):
    with chain.node(RIVAL, evidence_public="true") as node:
        found = scan(node, chain.token("U-1"))
    told = [(stage.organisation, [step.event for step in stage.steps]) for stage in found.stages]
    assert told == [
        (MINE, ["registered", "registered", "transformed", "shipped", "shipped"]),
        (TRADER, ["received", "shipped"]),
        (PLANT, ["received", "received", "registered", "transformed", "shipped"]),
        (MOTOR, ["received", "assembled", "shipped"]),
        (RIVAL, ["received"]),
    ]
    assert [stage.number for stage in found.stages] == [1, 2, 3, 4, 5]
    assert sum(len(stage.steps) for stage in found.stages) == len(found.verdict.steps)
    assert {step.country for step in found.verdict.steps} == {"CN"}


def test_what_is_said_is_proven_or_claimed_and_nothing_is_attested(chain):
    with chain.node(RIVAL) as node:
        said = scan(node, chain.token("U-1")).verdict
    facts = dict(said.proven)
    assert facts["authorship"] == {"entries": len(said.steps) + len(NAMES), "logs": len(NAMES)}
    assert facts["handovers"] == {"handovers": 5}
    assert said.attested == ()
    assert [code for code, _ in said.claimed] == ["statements"]
    assert said.not_shown > 0
    assert {PROVEN, ATTESTED, CLAIMED} <= said.to_json().keys()


@pytest.mark.parametrize("serial", ["U-1", "U-2", "C-2", "T-1"])
def test_without_leave_only_the_maker_and_the_node_are_named(chain, serial):
    with chain.node(MOTOR) as node:
        found = scan(node, chain.token(serial))
    text = shown(found)
    for name in set(NAMES) - {found.maker, MOTOR}:
        assert name not in text
    for secret in SECRETS.values():
        assert secret not in text
    hidden = [step for step in found.verdict.steps if step.organisation == SOMEBODY]
    assert hidden
    assert {(step.log, step.index, step.batches) for step in hidden} == {(SOMEBODY, 0, ())}
    assert {stage.organisation for stage in found.stages} <= {found.maker, MOTOR, None}
    # What happened, when, to what and in which country is still told.
    assert {step.event for step in hidden} >= {"registered", "transformed", "shipped"}
    assert all(step.at and step.country for step in hidden)


def test_origins_and_attestations_name_no_organisation_either():
    """The parts by country and class stay; whose word they are, and who vouched for it, is told of nobody unnamed."""
    evidence = format_evidence(attested_evidence(tell()))
    verdict = judge(verify(parse_evidence(evidence), Policy.parse(policy_text())))
    assert verdict.origins
    assert verdict.attested
    hidden = _without_names(verdict, {"magnet.example/log"})
    text = json.dumps(hidden.to_json(), ensure_ascii=False)
    for name in ("motor.example", "authority.example", "明州电机有限公司", "自然资源监管局"):
        assert name not in text
    [origin] = hidden.origins
    assert (origin.log, origin.index, origin.organisation, origin.attested_by) == (SOMEBODY, 0, SOMEBODY, (SOMEBODY,))
    assert origin.elements == verdict.origins[0].elements
    assert _without_names(verdict, {"motor.example/log", "authority.example/log"}).origins == verdict.origins


def test_the_subject_names_no_organisation_either(chain):
    """Ids that are `log#id` lose the log of an organisation that is not to be named; so do the words about a log."""
    with chain.node(PLANT) as node:
        subject = scan(node, chain.token("D-1")).verdict.subject
    assert subject["unit"] == chain.units["D-1"]
    with chain.node(MOTOR) as node:
        verdict = scan(node, chain.token("U-1")).verdict
    assert verdict.subject["batch"] == chain.batches["EV-1"]
    assert {facts["log"] for code, facts in verdict.notices if code == "no-correction-known"} == {
        f"{MOTOR}/log",
        SOMEBODY,
    }


def test_what_a_registry_says_names_no_other_organisation():
    """Whoever is a member would else be known as a supplier, by the notice or by what is missing."""
    told = {"registry": "authority.example/log", "as_of": "2026-11-22T00:00:00.000Z"}
    members = tuple(("member", {**told, "name": name}) for name in ("metal.example", "motor.example"))
    missing = ("authority.example/log standing metal.example", "authority.example/log standing motor.example")
    said = judge(verify(parse_evidence(format_evidence(attested_evidence(tell()))), Policy.parse(policy_text())))
    bare = _without_names(replace(said, notices=members, missing=missing), {"motor.example/log"})
    assert [facts["name"] for _, facts in bare.notices] == [SOMEBODY, "motor.example"]
    assert bare.missing == (f"authority.example/log standing {SOMEBODY}", missing[1])


def test_with_leave_every_organisation_is_named_and_still_no_secret(chain):
    with chain.node(MOTOR, evidence_public="true") as node:
        found = scan(node, chain.token("U-1"))
    text = shown(found)
    for name in (MINE, TRADER, PLANT, MOTOR):
        assert name in text
    assert RIVAL not in text
    for secret in SECRETS.values():
        assert secret not in text
    assert {stage.organisation for stage in found.stages} == {MINE, TRADER, PLANT, MOTOR}


# -- forged -------------------------------------------------------------------------------------------------------

FIELDS = {
    "unit": range(5, 21),
    "index": range(21, 29),
    "leaf": range(29, 61),
    "net mass": range(61, 69),
    "signature": range(69, 133),
}


@pytest.mark.parametrize("field", FIELDS)
def test_a_label_changed_in_any_byte_is_forged(chain, field):
    raw = unb64url(chain.token("U-2"), field="label")
    with chain.node(MOTOR) as node:
        for at in FIELDS[field]:
            changed = bytearray(raw)
            changed[at] ^= 1
            assert refused(node, b64url(bytes(changed))) == "label-forged"


def test_a_label_that_names_another_key_or_version(chain):
    raw = bytearray(unb64url(chain.token("U-2"), field="label"))
    with chain.node(MOTOR) as node:
        for at in range(1, 5):
            changed = raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :]
            assert refused(node, b64url(bytes(changed))) == "label-maker-unknown"
        assert refused(node, b64url(b"\2" + bytes(raw[1:]))) == "label-version-unknown"


def test_the_key_of_one_organisation_makes_no_label_of_another(chain):
    with chain.node(PLANT) as plant, chain.node(MOTOR) as motor:
        unit = id_bytes(chain.unit("U-2", MOTOR))
        raw = bytearray(unb64url(chain.token("C-1"), field="label"))
        raw[5:21] = unit
        assert refused(motor, b64url(bytes(raw))) == "label-forged"
        stranger = Ed25519Signer.from_seed(f"{MOTOR}/author", b"7" * 32)
        label = Label(motor.origin, 4, b"\0" * 32, chain.unit("U-2", MOTOR), 20_000_000)
        assert refused(motor, make_token(label, stranger)) == "label-maker-unknown"
        # What is in one node's policy and keys decides there, so the same token is no better elsewhere.
        assert refused(plant, make_token(label, stranger)) == "label-maker-unknown"


@pytest.mark.parametrize("token", ["", "x", "AQ", "https://motor.example/", "A" * 178, "%00", "AQ==", "é"])
def test_what_is_no_token_is_refused(chain, token):
    with chain.node(MOTOR) as node:
        assert refused(node, token) in {"malformed", "label-version-unknown"}


def test_a_token_with_bytes_behind_it_or_missing_is_refused(chain):
    raw = unb64url(chain.token("U-2"), field="label")
    with chain.node(MOTOR) as node:
        for data in (raw + b"\0", raw[:-1], raw[:100]):
            assert refused(node, b64url(data)) == "malformed"


# -- signed by its maker, and still not right ---------------------------------------------------------------------


def test_a_label_of_another_entry_is_not_genuine(chain):
    """The maker's own key, on a label that leads to an entry which did not pack this unit."""
    with chain.node(MOTOR) as node:
        assert scan(node, own_label(chain, "U-2", node)).genuine
        for other in ({"index": 0}, {"index": 1}, {"leaf": b"\1" * 32}, {"net_mg": 19_000_000}, {"index": 10**6}):
            found = scan(node, own_label(chain, "U-2", node, **other))
            assert not found.genuine
            assert found.failure.code == "label-of-other-entry"
            assert found.verdict is None
            assert found.stages == ()
            assert found.unit.serial == "U-2"


def test_a_label_of_a_unit_that_nobody_packed_tells_only_its_maker(chain):
    with chain.node(MOTOR) as node:
        found = scan(node, own_label(chain, "U-2", node, unit="0" * 26))
    assert (found.genuine, found.unit, found.verdict, found.maker) == (False, None, None, MOTOR)


def test_a_history_that_was_changed_in_the_database_does_not_verify(chain, tmp_path):
    home = chain.copy(MOTOR, tmp_path / "home")
    store = Store.open(home / "node.db")
    with store.write() as conn:
        (no, note) = conn.execute("SELECT no, note FROM upstream WHERE type = 'transformed' LIMIT 1").fetchone()
        conn.execute("UPDATE upstream SET note = ? WHERE no = ?", (note.replace(b'"v":1', b'"v":1 ', 1), no))
    store.close()
    with chain.node(MOTOR, home) as node:
        found = scan(node, chain.token("U-2"))
    assert not found.genuine
    assert isinstance(found.failure, LodetraceError)
    assert found.verdict is None


def test_a_unit_that_came_without_the_proof_of_its_label(chain, tmp_path):
    home = chain.copy(MOTOR, tmp_path / "home")
    store = Store.open(home / "node.db")
    with store.write() as conn:
        conn.execute("DELETE FROM labels")
    store.close()
    with chain.node(MOTOR, home) as node:
        found = scan(node, chain.token("C-2"))
    assert (found.genuine, found.verdict, found.failure) == (False, None, None)
    assert found.unit.serial == "C-2"
    assert found.product == "ndfeb_magnet"


def test_before_the_first_checkpoint_it_is_too_early_to_say(chain, tmp_path):
    home = chain.copy(MOTOR, tmp_path / "home")
    store = Store.open(home / "node.db")
    with store.write() as conn:
        conn.execute("DELETE FROM checkpoints")
    store.close()
    with chain.node(MOTOR, home) as node, pytest.raises(Unavailable) as found:
        scan(node, chain.token("U-2"))
    assert found.value.code == "no-checkpoint-yet"


# -- how often ----------------------------------------------------------------------------------------------------


def test_one_reader_is_told_from_another_for_a_day_and_no_longer(chain, tmp_path):
    home, now = chain.copy(MOTOR, tmp_path / "home"), [datetime(2026, 12, 1, 9, tzinfo=UTC)]
    with chain.node(MOTOR, home, lambda: now[0]) as node:
        label = scan(node, chain.token("U-3")).label
        with node.store.write() as conn:
            conn.execute("DELETE FROM scans")
            conn.execute("DELETE FROM scan_readers")
        scanned = Scanned(node)
        for address in ("198.51.100.7", "198.51.100.7", "198.51.100.8"):
            scanned.remember(label, address)
        with node.store.read() as conn:
            readers = {bytes(row[0]) for row in conn.execute("SELECT reader FROM scan_readers")}
        assert len(readers) == 2
        now[0] += timedelta(days=1)
        scanned.remember(label, "198.51.100.7")
        with node.store.read() as conn:
            [[again]] = conn.execute("SELECT reader FROM scan_readers").fetchall()
        assert bytes(again) not in readers
        found = scan(node, chain.token("U-3")).before
        assert (found.times, found.days, found.readers, found.last_at[:10]) == (4, 2, 3, "2026-12-02")


def test_what_cannot_be_counted_is_said_and_harms_nobody(chain, caplog):
    with chain.node(MOTOR) as node:
        label = scan(node, chain.token("U-2")).label
        node.store.close()
        Scanned(node).remember(label, "198.51.100.7")
    assert "a scan was not counted" in caplog.text
