import json
import re
from dataclasses import replace

import pytest

from ledger.evidence import format_evidence, parse_evidence, verify
from ledger.log.checkpoints import add_signatures, cosign
from ledger.log.notes import COSIGNATURE, MAX_TIME
from ledger.log.trust import Policy
from ledger.verdict import ATTESTED, CLAIMED, PROVEN, SENTENCES, WORDS, judge, sentence
from tests.formats.scribe import signer
from tests.formats.story import (
    handover_evidence,
    log_evidence,
    motor_evidence,
    policy_text,
    tell,
    whole_evidence,
    without,
)

STORY = tell()
POLICY = Policy.parse(policy_text())


def verdict(evidence, policy=POLICY):
    return judge(verify(parse_evidence(format_evidence(evidence)), policy))


def said(sentences):
    return dict(sentences)


def test_the_steps_of_a_motor_in_their_order():
    steps = verdict(motor_evidence(STORY)).steps
    assert [(step.log.partition(".")[0], step.event) for step in steps] == [
        ("magnet", "registered"),
        ("magnet", "packed"),
        ("magnet", "shipped"),
        ("motor", "received"),
        ("motor", "transformed"),
        ("motor", "assembled"),
    ]
    assert {step.organisation for step in steps} == {"龙南磁材有限公司", "明州电机有限公司"}
    assert {step.country for step in steps} == {"CN"}
    assert {step.standing for step in steps} == {PROVEN}
    assert [step.processes for step in steps[-2:]] == [("coat",), ("assemble",)]
    assert [step.products for step in steps] == [
        ("ndfeb_magnet",),
        (),
        (),
        (),
        ("ndfeb_magnet",),
        ("motor",),
    ]
    assert steps[0].origin == {"class": "recycled", "country": "CN", "region": "江西"}
    assert steps[0].at == "2026-11-22T08:30:00+08:00"
    assert steps[0].recorded_at == "2026-11-22T00:31:12.004Z"
    assert steps[-1].batches == (STORY.batch,)
    assert all("#" in batch for step in steps for batch in step.batches)


def test_a_motor_s_verdict():
    found = verdict(motor_evidence(STORY))
    assert found.vouched
    assert found.complete
    assert found.missing == ()
    assert said(found.proven)["authorship"] == {"entries": 8, "logs": 2}
    assert said(found.proven)["handovers"] == {"handovers": 1}
    assert found.attested == ()
    assert [code for code, _ in found.claimed] == ["statements"]
    assert found.subject["serial"] == "M-000002"
    assert [(code, *facts.values()) for code, facts in found.notices[:2]] == [
        ("no-correction-known", "magnet.example/log", 8, "2026-11-22T00:15:30Z"),
        ("no-correction-known", "motor.example/log", 5, "2026-11-22T00:15:30Z"),
    ]


def test_the_time_of_knowing_is_not_the_file_s_word():
    fresh = replace(motor_evidence(STORY), made_at="2031-01-01T00:00:00.000Z")
    assert verdict(fresh).notices == verdict(motor_evidence(STORY)).notices
    logs = [line for line in policy_text().split("\n") if line.startswith("log ")]
    unwitnessed = verdict(fresh, Policy.parse("\n".join([*logs, "quorum none\n"])))
    assert [facts["time"] for code, facts in unwitnessed.notices if code == "no-correction-known"] == [
        "2026-11-22T01:30:00.000Z",
        "2026-11-23T06:12:00.000Z",
    ]


def test_a_cosignature_from_beyond_the_calendar():
    evidence, log = motor_evidence(STORY), STORY.magnet
    note = log.checkpoint(8, ["motor.example"])
    line = cosign(note, signer("authority.example/witness", COSIGNATURE), MAX_TIME)
    notes = (evidence.checkpoints[0], add_signatures(note, [line]), evidence.checkpoints[2])
    found = verdict(replace(evidence, checkpoints=notes))
    assert found.notices[0][1]["time"] == "9999-12-31T23:59:59Z"


def test_shown_and_not_shown_are_all_there_is():
    for evidence in (motor_evidence(STORY), handover_evidence(STORY), whole_evidence(STORY), log_evidence(STORY)):
        found = verdict(evidence)
        notes = [row.note for row in evidence.entries]
        written = [one for scribe in STORY.scribes() for one in scribe.written if one.entry.raw in notes]
        assert said(found.proven)["disclosed"]["values"] + found.not_shown == sum(
            len(one.disclosures) for one in written
        )
    assert verdict(whole_evidence(STORY)).not_shown == 0


def test_nobody_vouches_without_a_policy():
    found = verdict(motor_evidence(STORY), None)
    assert not found.vouched
    assert not found.complete
    assert found.missing == ()
    assert "authorship" not in said(found.proven)
    assert said(found.claimed)["authorship-by-own-word"] == {"entries": 8, "logs": 2}
    assert {step.standing for step in found.steps} == {CLAIMED}
    assert ("not-vouched", {}) in found.notices


def test_what_is_missing_makes_it_incomplete():
    found = verdict(without(motor_evidence(STORY), ("magnet.example/log", 4)))
    assert found.vouched
    assert not found.complete
    assert found.missing == ("magnet.example/log 4",)
    assert ("missing", {"what": "magnet.example/log 4"}) in found.notices


def test_a_handover_counts_only_with_both_sides():
    assert "handovers" not in said(verdict(without(motor_evidence(STORY), ("magnet.example/log", 4))).proven)
    evidence = motor_evidence(STORY)
    leaf = STORY.magnet.written[4].leaf
    hidden = {**evidence.disclosures, leaf: STORY.magnet.written[4].disclosures[:1]}
    assert "handovers" not in said(verdict(replace(evidence, disclosures=hidden)).proven)


def test_consistency_that_is_not_shown():
    notices = verdict(replace(motor_evidence(STORY), consistency=())).notices
    assert ("consistency-not-shown", {"log": "magnet.example/log"}) in notices
    assert "consistency-not-shown" not in dict(verdict(motor_evidence(STORY)).notices)


def test_an_event_of_a_later_version_is_no_step():
    later = tell(magnet={"texts": {6: lambda text: text.replace('"type":"removed"', '"type":"recast"')}})
    found = verdict(whole_evidence(later))
    assert ("magnet.example/log", 6) not in {(step.log, step.index) for step in found.steps}
    assert len(found.steps) == 10


def test_the_three_words():
    assert list(WORDS) == [PROVEN, ATTESTED, CLAIMED] == ["proven", "attested", "claimed"]
    assert all(re.search("[一-鿿]", chinese) for _, chinese in WORDS.values())


@pytest.mark.parametrize("code", SENTENCES)
def test_sentences_say_the_same_facts_in_both_languages(code):
    english, chinese = SENTENCES[code]
    assert re.search("[一-鿿]", chinese)
    assert not re.search("[一-鿿]", english)
    assert set(re.findall(r"{(\w+)}", english)) == set(re.findall(r"{(\w+)}", chinese))


def test_every_sentence_is_used():
    found = set()
    for evidence in (
        motor_evidence(STORY),
        without(motor_evidence(STORY), ("magnet.example/log", 4)),
        replace(motor_evidence(STORY), consistency=()),
    ):
        for policy in (POLICY, None):
            one = verdict(evidence, policy)
            for code, facts in (*one.proven, *one.attested, *one.claimed, *one.notices):
                found.add(code)
                assert "{" not in sentence(code, facts) + sentence(code, facts, "zh")
    assert found | {"cut-at-period"} == set(SENTENCES)  # no pool in this story: tests/nodes/verbs/test_pools.py


def test_as_json():
    found = verdict(motor_evidence(STORY))
    told = json.loads(json.dumps(found.to_json(), ensure_ascii=False))
    assert told["subject"] == dict(found.subject)
    assert (told["vouched"], told["complete"], told["missing"]) == (True, True, [])
    assert [step["event"] for step in told["steps"]] == [step.event for step in found.steps]
    assert told["steps"][0]["origin"]["region"] == "江西"
    for word in (*WORDS, "notices"):
        assert all(row.keys() == {"code", "text", "zh"} for row in told[word])
    assert told[CLAIMED][0]["text"] == sentence("statements", {})
    assert told["not_shown"] == found.not_shown
