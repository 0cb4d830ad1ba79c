"""Evidence files: their form, what is accepted, what is named as missing, who vouches, and that every lie is refused.

Over 400 lines because it takes all the steps of one procedure.
"""

import copy
import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.errors import LodetraceError, Malformed, Refusal, Unverified
from ledger.evidence import (
    CHECKPOINTS_MAX,
    ENTRIES_MAX,
    FILE_MAX,
    evidence_json,
    evidence_of,
    format_evidence,
    parse_evidence,
    verify,
)
from ledger.keys import keys_of
from ledger.log.canonical import b64, dump
from ledger.log.disclosures import open_disclosure
from ledger.log.trust import Policy
from tests.formats.lies import BASES, LIES
from tests.formats.scribe import opened, place, signer
from tests.formats.story import (
    attested_evidence,
    handover_evidence,
    log_evidence,
    motor_evidence,
    oxide_evidence,
    plant_evidence,
    policy_text,
    tell,
    whole_evidence,
    without,
)

STORY = tell()
POLICY = Policy.parse(policy_text())
EVERY = (
    motor_evidence,
    handover_evidence,
    whole_evidence,
    log_evidence,
    plant_evidence,
    oxide_evidence,
    attested_evidence,
)
SECOND_MOTOR = ("motor.example/log", 3)


def verified(evidence, policy=POLICY):
    return verify(parse_evidence(format_evidence(evidence)), policy)


# -- the file -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", EVERY)
def test_a_file_reads_back_as_it_was_written(make):
    evidence = make(STORY)
    assert parse_evidence(format_evidence(evidence)) == evidence
    assert evidence_of(json.loads(format_evidence(evidence))) == evidence


def test_a_file_beyond_the_limit_is_not_even_parsed():
    with pytest.raises(Malformed) as caught:
        parse_evidence(b" " * (FILE_MAX + 1))
    assert (caught.value.code, caught.value.facts["limit"]) == ("evidence-too-large", FILE_MAX)


@pytest.mark.parametrize(("field", "limit"), [("entries", ENTRIES_MAX), ("checkpoints", CHECKPOINTS_MAX)])
def test_too_many_of_one_thing(field, limit):
    value = evidence_json(motor_evidence(STORY))
    value[field] = [None] * (limit + 1)
    with pytest.raises(Malformed) as caught:
        evidence_of(value)
    assert (caught.value.code, caught.value.field, caught.value.value) == ("evidence-too-large", field, limit + 1)


@pytest.mark.parametrize("key", evidence_json(motor_evidence(STORY)))
@pytest.mark.parametrize("wrong", [None, True, 7, "text", [None], [[]], [{}], {}, {"a": 1}])
def test_other_kinds_of_values_are_refused(key, wrong):
    value = {**evidence_json(motor_evidence(STORY)), key: wrong}
    if type(wrong) is type(evidence_json(motor_evidence(STORY))[key]) and key in (
        "made_at",
        "attestations",
    ):
        assert evidence_of(value) is not None
        return
    with pytest.raises(Malformed):
        evidence_of(value)


@pytest.mark.parametrize("value", [None, 7, "text", [], {}])
def test_what_is_no_evidence_at_all(value):
    with pytest.raises(Malformed):
        evidence_of(value)


@pytest.mark.parametrize(
    "subject",
    [
        {"batch": STORY.batch},
        {"shipment": STORY.shipment},
        {"log": "motor.example/log"},
        {"batch": STORY.batch, "unit": STORY.unit},
        {"batch": STORY.batch, "unit": STORY.unit, "serial": "M-000002"},
        {"batch": STORY.batch, "unit": STORY.unit, "serial": "M-000002", "net_mg": "12400000"},
    ],
)
def test_what_evidence_may_be_about(subject):
    result = verified(replace(whole_evidence(STORY), subject=subject))
    assert result.missing == ()
    assert subject.items() <= result.subject.items()


@pytest.mark.parametrize(
    "subject",
    [
        {},
        {"unit": STORY.unit},
        {"batch": STORY.batch, "net_mg": "1"},
        {"batch": STORY.batch, "log": "motor.example/log"},
        {"batch": STORY.batch, "unit": STORY.unit, "colour": "red"},
        {"batch": STORY.batch[-26:]},
        {"batch": "motor.example#" + STORY.batch[-26:]},
        {"batch": 7},
        {"log": "motor.example"},
        {"batch": STORY.batch, "unit": STORY.unit, "net_mg": "01"},
        {"batch": STORY.batch, "unit": STORY.unit, "net_mg": "-1"},
        {"batch": STORY.batch, "unit": STORY.unit, "serial": ""},
    ],
)
def test_what_evidence_may_not_be_about(subject):
    with pytest.raises(Malformed):
        evidence_of({**evidence_json(motor_evidence(STORY)), "subject": subject})


# -- what holds ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", EVERY)
def test_the_truth_is_accepted(make):
    result = verified(make(STORY))
    assert result.vouched
    assert result.missing == ()
    assert len(result.entries) == len(make(STORY).entries)


def test_the_facts_of_each_log():
    logs = verified(motor_evidence(STORY)).logs
    assert {origin: facts.newest.size for origin, facts in logs.items()} == {
        "magnet.example/log": 8,
        "motor.example/log": 5,
    }
    assert [name for name, _ in logs["magnet.example/log"].witnesses] == [
        "authority.example/witness",
        "motor.example/witness",
    ]
    assert all(facts.consistent for facts in logs.values())
    assert logs["motor.example/log"].keys.of("author", 0) == (signer("motor.example/author").verifier,)


def test_items_of_a_list_are_opened_one_by_one():
    evidence = motor_evidence(STORY)
    event = verified(evidence).entries[SECOND_MOTOR].event
    assert event.items("units.public") == [None, STORY.motor.written[3].slots["units.public"][1]]
    assert event.ids["units.public"][0] is None
    assert f"motor.example/log#{event.ids['units.public'][1]}" == STORY.unit
    first = next(text for text in STORY.motor.written[3].disclosures if place(text) == "units.public/0")
    assert open_disclosure(first).value["serial"] == "M-000001"
    assert first.encode() not in format_evidence(evidence)
    single = [one for one in evidence.disclosures[STORY.motor.written[3].leaf] if isinstance(one, dict)]
    assert [len(one["path"]) for one in single] == [1, 1]


def test_a_unit_is_what_its_entry_says():
    evidence = replace(motor_evidence(STORY), subject={"batch": STORY.batch, "unit": STORY.unit})
    assert verified(evidence).subject == {
        "batch": STORY.batch,
        "unit": STORY.unit,
        "serial": "M-000002",
        "net_mg": "12400000",
    }


def test_without_a_policy_nobody_vouches():
    result = verified(motor_evidence(STORY), None)
    assert not result.vouched
    assert result.missing == ()
    assert all(facts.witnesses == () for facts in result.logs.values())


def test_without_a_policy_the_checkpoints_must_fit_the_keys_in_the_file():
    key = b64(signer("longnan.example/log").verifier.public)
    other = tell(magnet={"changes": {0: lambda slots: slots["keys"]["list"][0].update(key=key)}})
    with pytest.raises(Unverified) as caught:
        verified(motor_evidence(other), None)
    assert caught.value.code == "signature-missing"


def test_without_a_policy_entry_0_must_be_there():
    with pytest.raises(Unverified) as caught:
        verified(without(motor_evidence(STORY), ("motor.example/log", 0)), None)
    assert (caught.value.code, caught.value.value) == ("entry-zero-missing", "motor.example/log")


def test_an_empty_policy_trusts_nobody():
    with pytest.raises(Unverified) as caught:
        verified(motor_evidence(STORY), Policy())
    assert caught.value.code == "log-not-trusted"


# -- what is missing is said --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("gone", "missing"),
    [
        (("magnet.example/log", 4), "magnet.example/log 4"),
        (("magnet.example/log", 1), f"magnet.example/log#{STORY.magnet.written[1].ids['batch']}"),
        (("motor.example/log", 1), f"magnet.example/log#{STORY.magnet.written[1].ids['batch']}"),
        (("motor.example/log", 2), f"motor.example/log#{STORY.motor.written[2].ids['outputs.chain'][0]}"),
        (SECOND_MOTOR, STORY.unit),
    ],
)
def test_what_is_missing_is_named(gone, missing):
    assert verified(without(motor_evidence(STORY), gone)).missing == (missing,)


def test_evidence_may_end_at_a_pool_s_period_that_tells_its_origins():
    evidence, plant = oxide_evidence(STORY), STORY.plant
    period = f"{plant.origin}#{plant.written[3].ids['opens']}"
    assert verified(evidence).missing == ()
    assert verified(without(evidence, (plant.origin, 5))).missing == (period,)
    closing = plant.written[5]
    few = tuple(text for text in closing.opening("chain") if place(text) != "provenance")
    assert verified(replace(evidence, disclosures={**evidence.disclosures, closing.leaf: few})).missing == (period,)


def test_a_pool_s_period_is_opened_by_its_first_charge():
    evidence, plant = oxide_evidence(STORY), STORY.plant
    charge = plant.written[3]
    told = replace(
        evidence,
        entries=(*evidence.entries[:2], plant.proven(3, len(plant.written), 0)),
        disclosures={leaf: opens for leaf, opens in evidence.disclosures.items() if leaf != plant.written[5].leaf}
        | {charge.leaf: charge.opening("chain")},
    )
    fed = tuple(f"{plant.origin}#{plant.written[at].ids['batch']}" for at in (1, 2))
    assert verified(told).missing == fed


def test_an_adjustment_whose_partner_s_is_not_here():
    evidence = plant_evidence(STORY)
    assert verified(without(evidence, ("alloy.example/log", 2))).missing == ("alloy.example/log 2",)


@pytest.mark.parametrize("gone", [("alloy.example/log", 1), ("longnan.example/log", 21)])
def test_two_adjustments_of_what_is_not_here_are_passed_over(gone):
    """The taker takes another amount than was given; whose shipment it was is not to be seen."""
    lie = next(lie for lie in LIES if lie.name == "an adjustment that takes more than was given")
    evidence = parse_evidence(lie.file())
    with pytest.raises(Refusal):
        verify(evidence, POLICY)
    assert verify(without(evidence, gone), POLICY).missing


def test_what_was_not_told_of_origins_is_no_contradiction():
    """A receipt whose line of origins is not disclosed says neither this nor that."""
    lie = next(lie for lie in LIES if lie.name == "a receipt that says nothing of the origins that were offered")
    evidence = parse_evidence(lie.file())
    few = {
        leaf: tuple(text for text in opens if not place(text).startswith("lines.provenance"))
        for leaf, opens in evidence.disclosures.items()
    }
    assert verify(replace(evidence, disclosures=few), POLICY).missing == ()


# -- who vouches --------------------------------------------------------------------------------------------------


def attests(evidence, policy=POLICY):
    result = verified(evidence, policy)
    covered = {place for place, one in result.entries.items() if result.attesting(one)}
    return [(one.by, one.log, one.size, one.checks) for one in result.attested], covered


def test_an_authority_attests():
    found, covered = attests(attested_evidence(STORY))
    assert found == [("authority.example/log", "motor.example/log", 5, ("custody", "provenance"))]
    assert covered == {("motor.example/log", index) for index in range(4)}


def test_nobody_attests_without_a_policy():
    assert attests(attested_evidence(STORY), None) == ([], set())


@pytest.mark.parametrize("role", ["motor", "laboratory", "trader"])
def test_who_is_no_authority_attests_nothing(role):
    other = tell(authority={"changes": {0: lambda slots: slots["log"].update(role=role)}})
    assert attests(attested_evidence(other)) == ([], set())


@pytest.mark.parametrize("role", ["authority", "auditor", "certifier"])
def test_who_may_attest(role):
    other = tell(authority={"changes": {0: lambda slots: slots["log"].update(role=role)}})
    assert attests(attested_evidence(other))[0]


@pytest.mark.parametrize("log", ["authority.example/log2", "magnet.example/log"])
def test_an_attestation_of_another_log_covers_nothing_here(log):
    """One's own log is nobody else's word; and of the other one the file has no checkpoint of that size."""
    other = tell(authority={"changes": {3: lambda slots: slots["attestation"].update(log=log, size=3)}})
    assert attests(attested_evidence(other)) == ([], set())


def test_checks_that_nobody_knows_are_passed_over():
    other = tell(authority={"changes": {3: lambda slots: slots["attestation"].update(checks=["taste", 7, "balance"])}})
    assert [one[-1] for one in attests(attested_evidence(other))[0]] == [("balance",)]


def test_what_came_after_it_is_not_covered():
    root = b64(STORY.motor.head(2).root)
    other = tell(authority={"changes": {3: lambda slots: slots["attestation"].update(size=2, root=root)}})
    evidence, motor = attested_evidence(other), other.motor
    notes = (*evidence.checkpoints, motor.checkpoint(2, ["authority.example", other.magnet]))
    apart = replace(evidence, checkpoints=notes)
    assert attests(apart)[1] == set()  # the entries are proven at another size, and nothing joins the two
    joined = replace(apart, consistency=(*evidence.consistency, motor.consistency(2, 5)))
    assert attests(joined)[1] == {("motor.example/log", 0), ("motor.example/log", 1)}


def test_an_empty_file_proves_nothing():
    empty = replace(motor_evidence(STORY), entries=(), checkpoints=(), consistency=(), disclosures={})
    result = verified(empty)
    assert result.missing == (STORY.unit,)
    assert result.subject == {"unit": STORY.unit}


def test_a_unit_whose_batch_is_not_disclosed():
    evidence = motor_evidence(STORY)
    leaf = STORY.motor.written[3].leaf
    only = tuple(one for one in evidence.disclosures[leaf] if isinstance(one, dict))
    result = verified(replace(evidence, disclosures={**evidence.disclosures, leaf: only}))
    assert result.missing == (STORY.batch,)
    assert "batch" not in result.subject


def test_consistency_that_is_not_shown_is_said():
    result = verified(replace(motor_evidence(STORY), consistency=()))
    assert {origin: facts.consistent for origin, facts in result.logs.items()} == {
        "magnet.example/log": False,
        "motor.example/log": True,
    }


def test_values_that_are_not_disclosed_are_passed_over():
    """A reader who sees of the shipment only that it is there cannot be told that a receipt of it is wrong."""
    evidence = handover_evidence(STORY)
    shipped = STORY.magnet.written[4]
    few = tuple(text for text in shipped.disclosures[:1])
    result = verified(replace(evidence, disclosures={**evidence.disclosures, shipped.leaf: few}))
    assert result.missing == ()
    assert list(result.entries["magnet.example/log", 4].event.rows("lines.chain", "lines.partner")) == [{}, {}]


def test_a_type_of_a_later_version_is_carried():
    later = tell(magnet={"texts": {6: lambda text: text.replace('"type":"removed"', '"type":"recast"')}})
    result = verified(whole_evidence(later))
    assert result.entries["magnet.example/log", 6].event is None
    evidence = whole_evidence(later)
    leaf = later.magnet.written[6].leaf
    twice = {**evidence.disclosures, leaf: (*evidence.disclosures[leaf], evidence.disclosures[leaf][0])}
    with pytest.raises(Unverified) as caught:
        verified(replace(evidence, disclosures=twice))
    assert caught.value.code == "slot-opened-twice"


def test_a_field_in_a_slot_where_it_does_not_belong_is_not_heard():
    """The mass that the partner was told stands in `lines.partner`; another one beside the site changes nothing."""

    def slip(slots):
        slots["lines.authority"] = [{**row, "mg": 1, "units": 7} for row in slots["lines.authority"]]

    event = opened(tell(magnet={"changes": {4: slip}}).magnet.written[4])
    assert [row["mg"] for row in event.rows("lines.chain", "lines.partner", "lines.authority")] == [
        40_000_000,
        5_000_000,
    ]


def test_keys_of_other_kinds_are_passed_over():
    event = opened(STORY.magnet.written[0])
    assert [key.name for key in keys_of(event, "author")] == ["magnet.example/author"]
    assert [key.name for key in keys_of(event, "log")] == ["magnet.example/log"]
    with pytest.raises(Unverified):
        keys_of(event, "seal")


# -- what does not hold -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lie", LIES, ids=lambda lie: lie.name)
def test_a_lie_is_refused(lie):
    with pytest.raises(LodetraceError) as caught:
        verify(parse_evidence(lie.file()), Policy.parse(lie.policy()), lie.time())
    assert (type(caught.value).__name__, caught.value.code) == (lie.error, lie.code)
    assert caught.value.text("en")
    assert caught.value.text("zh")


def test_each_step_of_the_procedure_has_lies():
    assert {lie.step for lie in LIES} == set(range(11))
    assert {lie.base for lie in LIES} == set(BASES)


def texts(value, path=()):
    """Where all strings are."""
    if isinstance(value, dict):
        return [found for key in value for found in texts(value[key], (*path, key))]
    if isinstance(value, list):
        return [found for at, item in enumerate(value) for found in texts(item, (*path, at))]
    return [path] if isinstance(value, str) else []


WHOLE = evidence_json(whole_evidence(STORY))
PLACES = [found for found in texts(WHOLE) if found != ("made_at",)]


@settings(max_examples=300)
@given(st.sampled_from(PLACES), st.integers(0, 10_000), st.sampled_from('\n\r =+/-_#09AZaz{}[]":,é铁\x01'))
def test_one_character_changed_anywhere_is_noticed(where, at, put):
    value = copy.deepcopy(WHOLE)
    spot = value
    for key in where[:-1]:
        spot = spot[key]
    text = spot[where[-1]]
    at %= len(text)
    spot[where[-1]] = text[:at] + put + text[at + 1 :]
    if spot[where[-1]] == text:
        return
    try:
        result = verify(parse_evidence(dump(value)), POLICY)
    except LodetraceError:
        return
    assert where[0] == "subject"
    assert result.missing
