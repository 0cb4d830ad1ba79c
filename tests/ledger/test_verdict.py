import json
import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from ledger.evidence import format_evidence, parse_evidence, verify
from ledger.log.checkpoints import add_signatures, cosign
from ledger.log.notes import COSIGNATURE, MAX_TIME
from ledger.log.trust import Policy
from ledger.verdict import ATTESTED, CLAIMED, PROVEN, SENTENCES, WORDS, judge, sentence
from tests.formats.scribe import recorded, signer
from tests.formats.story import (
    admitted_evidence,
    attested_evidence,
    handover_evidence,
    inspected_evidence,
    log_evidence,
    motor_evidence,
    oxide_evidence,
    plant_evidence,
    policy_text,
    registry_policy,
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
    assert steps[0].origin == {
        "class": "recycled",
        "country": "CN",
        "region": "江西",
        "feed_class": "post_consumer",
    }
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
    assert [code for code, _ in found.claimed] == ["statements", "origins"]
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


# -- origins ------------------------------------------------------------------------------------------------------


def test_where_the_elements_of_a_motor_come_from():
    [origin] = verdict(motor_evidence(STORY)).origins
    assert (origin.batch, origin.log, origin.index) == (STORY.batch, "motor.example/log", 3)
    assert (origin.organisation, origin.model, origin.standing) == ("明州电机有限公司", "identity_preserved", CLAIMED)
    assert list(origin.elements) == ["Pr", "Nd", "Dy"]
    whole = (10**9,) * 3
    assert all(rows == {"CN/post_consumer": whole} for rows in origin.elements.values())
    assert origin.recycled["Dy"] == {"post_consumer": whole, "pre_consumer_external": (0, 0, 0)}
    assert origin.only == {"Pr": ("CN",), "Nd": ("CN",), "Dy": ("CN",)}


def test_where_the_elements_of_an_oxide_come_from():
    [origin] = verdict(oxide_evidence(STORY)).origins
    assert (origin.batch, origin.index, origin.model) == (STORY.oxide, 4, "mass_balance")
    assert origin.elements["Nd"] == {
        "CN/ion_mid_y": (750_000_000, 644_444_444, 1_000_000_000),
        "MM/import_ion": (250_000_000, 0, 355_555_556),
    }
    assert origin.only == {"Nd": ("CN", "MM"), "Tb": ("CN",)}  # none of the Tb is from MM, by the plant's own word


def test_origins_are_claimed_until_somebody_attests_provenance():
    found = verdict(attested_evidence(STORY))
    assert [(one.standing, one.attested_by) for one in found.origins] == [(ATTESTED, ("authority.example/log",))]
    assert [code for code, _ in found.attested] == ["attested", "origins"]
    assert [code for code, _ in found.claimed] == ["statements-not-attested"]
    assert said(found.attested)["attested"] == {
        "by": "authority.example/log",
        "log": "motor.example/log",
        "size": 5,
        "checks": "custody, provenance",
        "entries": 4,
    }
    custody = tell(authority={"changes": {3: lambda slots: slots["attestation"].update(checks=["custody"])}})
    other = verdict(attested_evidence(custody))
    assert [(one.standing, one.attested_by) for one in other.origins] == [(CLAIMED, ())]
    assert [code for code, _ in other.attested] == ["attested"]
    assert [one.standing for one in verdict(attested_evidence(STORY), None).origins] == [CLAIMED]


def test_a_shipment_s_origins_line_by_line():
    origins = verdict(handover_evidence(STORY)).origins
    assert [(one.log, one.index) for one in origins] == [("magnet.example/log", 4)] * 2


def test_certificates_are_no_origin_of_goods():
    def claim(slots):
        slots["provenance"]["model"] = "book_and_claim"

    found = verdict(motor_evidence(tell(motor={"changes": {3: claim}})))
    assert found.origins[0].only == {"Pr": (), "Nd": (), "Dy": ()}
    _, facts = found.claimed[-1]
    assert "no statement about these goods" in sentence("origins", facts)
    assert "不代表实物来源" in sentence("origins", facts, "zh")


# -- what was corrected or recalled -------------------------------------------------------------------------------


def with_recall_taken_back():
    told = tell()
    plant = told.plant
    plant.write(
        "released",
        "2026-12-10T02:00:00.000Z",
        {
            "releasing": {"at": "2026-12-10T09:40:00+08:00", "lock": plant.written[16].ids["recall"]},
            "lines.chain": [{"batch": plant.written[6].ids["outputs.chain"][1]}],
            "lines.authority": [{}],
            "reason": {"text": "标签已更换"},
            "documents": None,
            "recorded": recorded("u-2"),
        },
    )
    return told


def with_holds():
    """Two holds of one batch, of which one has ended."""
    told = tell()
    plant = told.plant
    batch = plant.written[6].ids["outputs.chain"][1]
    why = {"reason": {"text": "受潮"}, "documents": None, "recorded": recorded("u-2")}
    for minute in (1, 2):
        at = f"2026-12-10T09:4{minute}:00+08:00"
        slots = {"hold": {"at": at, "kind": "quality"}, "lines.chain": [{"batch": batch}]}
        slots["lines.authority"] = [{"mg": 1000, "basis": "net", "site": "longnan-1", "typed": {}}]
        plant.write("held", f"2026-12-10T02:0{minute}:00.000Z", {**slots, **why})
    lock = plant.written[-2].ids["hold"]
    slots = {"releasing": {"at": "2026-12-10T09:45:00+08:00", "lock": lock}, "lines.chain": [{"batch": batch}]}
    plant.write("released", "2026-12-10T02:05:00.000Z", {**slots, "lines.authority": [{}], **why})
    return told, batch


def test_holds_are_said():
    told, batch = with_holds()
    notices = verdict(plant_evidence(told)).notices
    size, what = len(told.plant.written), f"longnan.example/log#{batch}"
    assert ("held", {"log": "longnan.example/log", "index": size - 2, "what": what}) in notices
    assert ("hold-ended", {"log": "longnan.example/log", "index": size - 3, "what": what}) in notices


def test_corrections_and_recalls_are_said():
    notices = verdict(plant_evidence(STORY)).notices
    plant, alloy = "longnan.example/log", "alloy.example/log"
    assert [tuple(facts.values()) for code, facts in notices if code == "corrected"] == [
        (plant, 17, 18, "reversed"),
        (plant, 1, 19, "amended"),
        (plant, 20, 23, "adjusted"),
        (alloy, 1, 2, "adjusted"),
        (plant, 21, 24, "adjusted"),
    ]
    retained = f"{plant}#{STORY.plant.written[6].ids['outputs.chain'][1]}"
    assert ("recalled", {"log": plant, "index": 16, "what": retained}) in notices
    known = [facts["log"] for code, facts in notices if code == "no-correction-known"]
    assert known == ["authority.example/log", "motor.example/log"]
    after = verdict(plant_evidence(with_recall_taken_back())).notices
    assert ("recall-ended", {"log": plant, "index": 16, "what": retained}) in after
    assert "recalled" not in dict(after)


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
        plant_evidence(STORY),
        plant_evidence(with_recall_taken_back()),
        plant_evidence(with_holds()[0]),
        attested_evidence(STORY),
        motor_evidence(STORY),
        without(motor_evidence(STORY), ("magnet.example/log", 4)),
        replace(motor_evidence(STORY), consistency=()),
    ):
        for policy in (POLICY, None):
            one = verdict(evidence, policy)
            for code, facts in (*one.proven, *one.attested, *one.claimed, *one.notices):
                found.add(code)
                assert "{" not in sentence(code, facts) + sentence(code, facts, "zh")
    # Members are below; of the pools that a file stops at, tests/nodes/verbs/test_pools.py tells.
    assert found | {"member", "member-days", "member-suspended", "cut-at-period"} == set(SENTENCES)


def of_members(now, **standing):
    """What is said of the magnet maker, whose log counts because a registry admits it."""
    result = verify(admitted_evidence(STORY), Policy.parse(registry_policy()), now)
    known = result.members["magnet.example"]
    told = replace(known, member=replace(known.member, **standing))
    return judge(replace(result, members={"magnet.example": told}))


def test_a_member_is_named_as_its_registry_names_it_and_how_old_that_word_is():
    found = of_members(datetime(2026, 12, 1, 1, 15, tzinfo=UTC))
    told = {"name": "magnet.example", "registry": "registry.example/log", "as_of": "2026-11-26T01:15:00.000Z"}
    assert said(found.notices)["member-days"] == {**told, "days": 5}
    assert said(of_members(datetime(2026, 12, 1, 1, 14, tzinfo=UTC)).notices)["member-days"]["days"] == 4
    assert said(of_members(datetime(2026, 11, 1, tzinfo=UTC)).notices)["member-days"]["days"] == 0
    assert said(of_members(None).notices)["member"] == told
    renamed = of_members(None, told={"organisation": "登记在册的名称", "roles": ["magnet"]})
    assert "登记在册的名称" in {step.organisation for step in renamed.steps}


def test_a_member_that_is_suspended_now_is_said_to_be():
    found = of_members(None, suspensions=(((0, 7), None),))
    assert said(found.notices)["member-suspended"] == {
        "name": "magnet.example",
        "registry": "registry.example/log",
        "size": 7,
    }
    assert "member-suspended" not in said(of_members(None).notices)


def test_as_json():
    found = verdict(motor_evidence(STORY))
    told = json.loads(json.dumps(found.to_json(), ensure_ascii=False))
    assert told["subject"] == dict(found.subject)
    assert (told["vouched"], told["complete"], told["missing"]) == (True, True, [])
    assert [step["event"] for step in told["steps"]] == [step.event for step in found.steps]
    assert told["steps"][0]["origin"]["region"] == "江西"
    assert told["origins"][0]["elements"][1] == {
        "element": "Nd",
        "rows": [{"country": "CN", "feed_class": "post_consumer", "mid": 10**9, "lo": 10**9, "hi": 10**9}],
        "recycled": [
            {"feed_class": "post_consumer", "mid": 10**9, "lo": 10**9, "hi": 10**9},
            {"feed_class": "pre_consumer_external", "mid": 0, "lo": 0, "hi": 0},
        ],
        "only_from": ["CN"],
    }
    for word in (*WORDS, "notices"):
        assert all(row.keys() == {"code", "text", "zh"} for row in told[word])
    assert told[CLAIMED][0]["text"] == sentence("statements", {})
    assert told["not_shown"] == found.not_shown


def test_what_an_authority_inspected_is_attested_and_by_nobody_else():
    found = verdict(inspected_evidence(STORY))
    batch = STORY.plant.written[1].ids["batch"]
    assert said(found.attested)["inspected"] == {
        "by": "authority.example/log",
        "log": STORY.plant.origin,
        "what": f"{STORY.plant.origin}#{batch}",
        "day": "2026-12-10",
        "result": "in_order",
    }
    assert "inspected" not in said(verdict(inspected_evidence(STORY), None).attested)
