"""From verified evidence to a trace: what is disclosed is in it with its entry, what is not is named."""

from dataclasses import replace

import pytest

from ledger.entries import parse_entry
from ledger.evidence import format_evidence, parse_evidence, verify
from ledger.log.disclosures import open_disclosure
from ledger.log.trust import Policy
from ledger.matter.reference import Reference
from ledger.matter.regimes.choice import REGIMES, report_on
from ledger.tracing import trace_of
from ledger.verdict import judge
from tests.formats.story import (
    attested_evidence,
    log_evidence,
    motor_evidence,
    oxide_evidence,
    plant_evidence,
    policy_text,
    tell,
    without,
)

STORY = tell()
POLICY = Policy.parse(policy_text())
REFERENCE = Reference.parse()


def traced(evidence, policy=POLICY):
    result = verify(parse_evidence(format_evidence(evidence)), policy)
    return trace_of(result, judge(result))


def gaps(evidence, name="dfars-7052", policy=POLICY):
    return {gap.code for gap in report_on(name, traced(evidence, policy), REFERENCE).gaps}


def test_what_was_done_where_by_whom_and_of_what():
    trace = traced(motor_evidence(STORY))
    assert (trace.batch, trace.unit["serial"], trace.unit["net_mg"]) == (STORY.batch, "M-000002", 12_400_000)
    assert [(one.process, one.site, one.country, one.word.index, one.makes[0]) for one in trace.steps] == [
        ("coat", "hall-3", "CN", 2, trace.parents[STORY.batch][0].batch),
        ("assemble", "hall-4", "CN", 3, STORY.batch),
    ]
    (magnets,) = trace.entered()
    assert (magnets.product, magnets.origin["class"], magnets.word.organisation) == (
        "ndfeb_magnet",
        "recycled",
        "龙南磁材有限公司",
    )
    assert trace.since()[magnets.batch] == {"coat", "assemble"}
    assert (trace.entries, trace.handovers, trace.hidden, trace.cut, trace.missing) == (8, 1, (), (), ())
    assert trace.origins.model == "identity_preserved"


def test_only_what_is_on_the_way_to_the_goods_is_in_it():
    """The file tells more of the plant's log than belongs to the subject."""
    evidence = plant_evidence(STORY)
    trace = traced(evidence)
    assert trace.goods.keys() <= trace.since().keys()
    registered = {one.batch for one in trace.entered()}
    told = [one for one in verify(evidence, POLICY).entries.values() if one.entry.type == "registered"]
    assert 0 < len(registered) < len(told)


def test_a_file_that_ends_at_a_pool_says_so():
    assert len(traced(oxide_evidence(STORY)).cut) == 1
    assert "pool-cut" in gaps(oxide_evidence(STORY))


def test_who_attested_goes_along():
    trace = traced(attested_evidence(STORY))
    assert {log: set(one.word.attested) for one in trace.steps for log in [one.word.log]} == {
        "motor.example/log": {"custody", "provenance"}
    }
    assert traced(motor_evidence(STORY)).steps[0].word.attested == {}


def test_what_is_missing_or_not_vouched_for_is_a_gap():
    assert "entry-missing" in gaps(without(motor_evidence(STORY), ("magnet.example/log", 4)))
    assert "made-of-unknown" in gaps(without(motor_evidence(STORY), ("magnet.example/log", 1)))
    assert "not-vouched" in gaps(motor_evidence(STORY), policy=None)
    assert "goods-not-here" in gaps(log_evidence(STORY))


@pytest.mark.parametrize("slot", ["transformation", "inputs.chain"])
def test_a_step_that_is_not_disclosed_is_a_gap_and_not_a_shorter_way(slot):
    evidence = motor_evidence(STORY)
    index = next(i for i, one in enumerate(evidence.entries) if (one.log, one.index) == ("motor.example/log", 2))
    trace = traced(hiding(evidence, index, slot))
    assert trace.hidden == ("motor.example/log 2",)
    assert "entry-not-disclosed" in gaps(hiding(evidence, index, slot))


def hiding(evidence, position, slot):
    """The same, with what opens a slot of an entry (or all items of its list) left out."""
    leaf = parse_entry(evidence.entries[position].note).leaf
    opens = tuple(
        one
        for one in evidence.disclosures[leaf]
        if open_disclosure(one["d"] if isinstance(one, dict) else one).path.partition("/")[0] != slot
    )
    assert len(opens) < len(evidence.disclosures[leaf])
    return replace(evidence, disclosures={**evidence.disclosures, leaf: opens})


@pytest.mark.parametrize("name", REGIMES)
@pytest.mark.parametrize("make", [motor_evidence, oxide_evidence, plant_evidence, log_evidence])
def test_every_regime_answers_for_every_file(name, make):
    report = report_on(name, traced(make(STORY)), REFERENCE)
    assert report.result in ("met", "not_met", "incomplete")
    assert (report.result == "met") <= (not report.gaps)
    assert report.to_json()["regime"] == name
