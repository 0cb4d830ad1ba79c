"""Each regime by traces made by hand: what is met, what is not, what is not known, and each gap by its name."""

import json
import re
from dataclasses import replace

import pytest

from ledger.errors import Unknown
from ledger.matter.reference import Reference
from ledger.matter.regimes import words
from ledger.matter.regimes.choice import REGIMES, report_on
from ledger.matter.regimes.trace import Organisation, Parent
from tests.ledger.matter.regimes.traces import (
    ALLOY,
    ATTESTED,
    MAGNET,
    METAL,
    ORE,
    OXIDE,
    PPB,
    REFERENCE,
    ending_in,
    goods,
    magnet,
    motor,
    origins,
    step,
    with_goods,
    without_step,
    word,
)

CHINESE = re.compile("[\u4e00-\u9fff]").search
OWN = {"source": "a test", "confidence": "judgement"}


def asked(name, trace, reference=REFERENCE):
    return report_on(name, trace, reference)


def gaps(report):
    return [gap.code for gap in report.gaps]


def lines(report, code):
    return [line for line in report.lines if line.code == code]


def broken(report):
    return [line.facts.get("process") or line.facts.get("origin") or line.code for line in report.lines if line.breaks]


# -- DFARS ----------------------------------------------------------------------------------------------------------


def test_dfars_is_met_where_all_is_told_and_nothing_is_from_a_covered_country():
    report = asked("dfars-7052", magnet())
    assert (report.result, gaps(report), broken(report)) == ("met", [], [])
    told = [
        (one.facts["process"], one.facts["site"], one.facts["country"], one.facts["day"])
        for one in lines(report, "step")
    ]
    assert told == [
        (process, "works", "AU", "2026-10-01")
        for process in ("separation", "electrolysis", "strip_cast", "jet_mill", "sinter", "magnetise")
    ]
    since = {one.facts["process"]: one.facts["since"] for one in lines(report, "step")}
    assert (since["separation"], since["strip_cast"]) == ("2027-01-01", "")
    assert asked("dfars-7052", motor()).result == "met"


@pytest.mark.parametrize("country", ["CN", "IR", "KP", "RU"])
@pytest.mark.parametrize("process", ["separation", "electrolysis", "strip_cast", "jet_mill", "sinter", "magnetise"])
def test_dfars_is_not_met_by_any_step_in_a_covered_country(process, country):
    report = asked("dfars-7052", without_step(magnet(), process, country=country))
    assert (report.result, broken(report), gaps(report)) == ("not_met", [process], [])


def test_dfars_is_not_met_by_a_mine_or_an_origin_in_a_covered_country():
    at_mine = asked("dfars-7052", with_goods(magnet(), ORE, origin={"class": "mined", "country": "CN"}))
    assert (at_mine.result, broken(at_mine)) == ("not_met", ["entered"])
    some = {"Nd": {"AU/bastnaesite": (PPB - 1, 0, PPB), "CN/ion_mid_y": (1, 0, PPB)}}
    by_share = asked("dfars-7052", magnet(origins=origins(some)))
    assert (by_share.result, broken(by_share)) == ("not_met", ["CN/ion_mid_y"])


def test_where_a_motor_is_built_is_listed_and_does_not_count():
    report = asked("dfars-7052", without_step(motor(), "assemble", country="CN"))
    assert report.result == "met"
    assert [one.facts["country"] for one in lines(report, "step-besides")] == ["CN"]


def test_iron_from_a_covered_country_holds_no_rare_earths():
    iron = goods("m.example/log#iron", "iron_boron", origin={"class": "bought_outside", "country": "CN"})
    whole = magnet()
    parents = {**whole.parents, ALLOY: (*whole.parents[ALLOY], Parent(iron.batch, 1, ("strip_cast",)))}
    report = asked("dfars-7052", replace(whole, goods={**whole.goods, iron.batch: iron}, parents=parents))
    assert report.result == "met"
    assert len(lines(report, "holds-no-rare-earth")) == 1
    unheard = replace(iron, product="our_own_mix")
    report = asked("dfars-7052", replace(whole, goods={**whole.goods, iron.batch: unheard}, parents=parents))
    assert (report.result, gaps(report)) == ("not_met", ["history-before-unknown"])


def test_a_mine_that_is_not_named_is_a_gap():
    report = asked("dfars-7052", with_goods(magnet(), ORE, site=None))
    assert (report.result, gaps(report)) == ("not_met", ["facility-not-told"])


@pytest.mark.parametrize("process", ["separation", "electrolysis", "strip_cast", "jet_mill", "sinter"])
def test_a_stage_that_nobody_recorded_is_a_gap_and_that_is_not_met(process):
    report = asked("dfars-7052", without_step(magnet(), process))
    assert (report.result, gaps(report)) == ("not_met", ["stage-not-recorded"])


def test_a_stage_on_one_way_does_not_stand_for_another():
    """Half of the alloy's metal never went through a separation."""
    whole = magnet()
    parents = {**whole.parents, METAL: (*whole.parents[METAL], Parent(ORE, 1, ("electrolysis",)))}
    assert gaps(asked("dfars-7052", replace(whole, parents=parents))) == ["stage-not-recorded"]


def test_two_ways_may_reach_a_stage_by_different_processes():
    whole = magnet()
    other = goods("m.example/log#dy", "dy_metal", mg=1)
    parents = {
        **whole.parents,
        other.batch: (Parent(OXIDE, 1, ("reduction",)),),
        ALLOY: (*whole.parents[ALLOY], Parent(other.batch, 1, ("strip_cast",))),
    }
    report = asked("dfars-7052", replace(whole, goods={**whole.goods, other.batch: other}, parents=parents))
    assert (report.result, gaps(report)) == ("met", [])


def test_what_is_no_magnet_is_not_covered_and_what_may_be_one_is_a_gap():
    assert asked("dfars-7052", ending_in_oxide()).result == "not_covered"
    unheard = with_goods(magnet(), MAGNET, product="arc_of_ours")
    assert (asked("dfars-7052", unheard).result, gaps(asked("dfars-7052", unheard))) == (
        "not_met",
        ["magnet-kind-unknown"],
    )


def ending_in_oxide():
    whole = ending_in(OXIDE)
    kept = {batch: one for batch, one in whole.goods.items() if batch in (ORE, OXIDE)}
    return replace(whole, goods=kept, steps=whole.steps[:1])


def test_credits_do_not_satisfy_dfars():
    for model in ("mass_balance", "book_and_claim"):
        report = asked("dfars-7052", magnet(origins=origins(model=model)))
        assert (report.result, gaps(report)) == ("not_met", ["model-too-weak"])
    assert not lines(asked("dfars-7052", magnet(origins=origins(model="book_and_claim"))), "origin")


# -- CRMA -----------------------------------------------------------------------------------------------------------

RECYCLED = {
    "Nd": {
        "post_consumer": (3 * PPB // 10, PPB // 10, PPB // 2),
        "pre_consumer_external": (PPB // 5, 0, PPB // 5),
        "internal_rework": (PPB // 2, PPB // 2, PPB // 2),
    }
}


def followed_only(*elements):
    """Reference data that asks only for what the ledger follows: with it, the shares can be complete."""
    rules = {"crma-29.elements": {"texts": list(elements), **OWN}}
    return Reference.parse(json.dumps({"regime_rules": rules}).encode())


def test_recycled_content_by_element_and_class_and_what_runs_around_counts_nowhere():
    report = asked("crma-29", motor(origins=origins(recycled=RECYCLED)), followed_only("Nd", "Dy"))
    assert (report.result, gaps(report)) == ("met", [])
    (counts,), (besides,) = lines(report, "recycled"), lines(report, "recycled-besides")
    assert (counts.facts["element"], counts.facts["part"]) == ("Nd", "30 % (10–50 %)")
    assert (besides.facts["feed_class"], besides.facts["part"]) == ("pre_consumer_external", "20 % (0–20 %)")
    assert counts.standing == "attested"
    assert lines(report, "none-recorded")[0].facts["elements"] == ["Dy"]
    assert "internal_rework" not in json.dumps(report.to_json())


def test_as_shipped_the_rule_asks_for_more_than_the_ledger_follows():
    report = asked("crma-29", motor(origins=origins(recycled=RECYCLED)))
    assert (report.result, gaps(report)) == ("incomplete", ["material-not-followed"])
    assert report.gaps[0].facts == {"materials": ["B", "Ni", "Co"]}


@pytest.mark.parametrize(("mg", "result"), [(400_002, "met"), (400_000, "not_covered"), (1, "not_covered")])
def test_shares_are_published_above_two_hundred_grams(mg, result):
    """Of magnets in one motor; there are two."""
    report = asked("crma-29", motor(mg, origins=origins(recycled=RECYCLED)), followed_only("Nd"))
    assert report.result == result
    assert lines(report, "mass-per-product")[0].facts == {"mg": mg // 2, "threshold_mg": 200_000}


def test_certificates_are_no_content_of_these_goods():
    for name in ("crma-29", "china-value-share"):
        report = asked(name, motor(origins=origins(model="book_and_claim", recycled=RECYCLED)), followed_only("Nd"))
        assert (report.result, gaps(report)) == ("incomplete", ["book-and-claim"])
        assert not lines(report, "recycled")
        assert not lines(report, "origin")


def test_what_is_measured_stands_apart_from_what_is_declared():
    report = asked("crma-28", motor())
    measured = [(one.facts["element"], one.facts["percent"]) for one in lines(report, "measured")]
    assert measured == [("Nd", "29.8"), ("Dy", "1.2")]
    assert lines(report, "declared-total")[0].facts["percent"] == "31.5"
    assert {one.facts["grade"] for one in lines(report, "declared-grade")} >= {"N", "SH"}
    assert all(one.standing == "claimed" for one in report.lines if one.code.startswith("declared"))
    unmeasured = asked("crma-28", with_goods(motor(), MAGNET, assay=None))
    assert not lines(unmeasured, "measured")
    assert "composition-not-measured" in gaps(unmeasured)
    assert lines(unmeasured, "declared-total") == lines(report, "declared-total")


def test_crma_28_names_what_the_ledger_has_no_place_for():
    report = asked("crma-28", motor(unit={"unit": "m.example/log#u", "serial": "M-1"}))
    assert report.result == "incomplete"
    assert {"address", "magnet-location", "removal-steps", "glues", "coating-unknown"} <= set(gaps(report))
    assert lines(report, "label")[0].standing == "proven"
    coated = replace(motor(), steps=(*motor().steps, step("coat", MAGNET)))
    assert "coating-kind" in gaps(asked("crma-28", coated))


# -- China ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("elements", "result"),
    [
        ({"Nd": {"CN/ion_mid_y": (PPB, PPB, PPB)}}, "met"),
        ({"Dy": {"AU/bastnaesite": (PPB, PPB, PPB)}}, "met"),
        ({"Dy": {"AU/bastnaesite": (PPB, 0, PPB), "CN/ion_mid_y": (0, 0, PPB)}}, "incomplete"),
        ({"Dy": {"ZZ/other": (PPB, PPB, PPB)}}, "incomplete"),
    ],
    ids=["not listed", "not from there", "perhaps from there", "from nobody knows where"],
)
def test_value_share_is_met_only_where_nothing_listed_can_be_from_there(elements, result):
    assert asked("china-value-share", magnet(origins=origins(elements))).result == result


def test_the_mark_names_producers_by_the_form_of_the_goods():
    def said(batch, code):
        return [one.facts["organisation"] for one in lines(asked("china-mark", ending_in(batch)), code)]

    assert said(ORE, "producer") == ["Mill"]
    assert said(OXIDE, "ore-producer") == ["Mill"]
    assert said(METAL, "oxide-producer") == ["Mill"]
    assert said(MAGNET, "ore-producer") == said(MAGNET, "oxide-producer") == []


def test_the_mark_takes_the_net_of_the_label():
    report = asked("china-mark", magnet(unit={"unit": "m.example/log#u", "serial": "C-1", "net_mg": 7, "count": 3}))
    assert lines(report, "net-mass")[0].facts == {"mg": 7, "pieces": 3}


# -- OECD -----------------------------------------------------------------------------------------------------------


def test_red_flags_and_audits_at_control_points():
    risky = with_goods(magnet(), ORE, origin={"class": "imported", "country": "MM"})
    suspended = Organisation("Mill", "mine", "AU", "r.example/log", suspended=True)
    risky = replace(risky, organisations={"m.example/log": suspended})
    report = asked("oecd", risky)
    assert len(lines(report, "flag-origin")) == len(lines(report, "flag-suspended")) == 1
    assert {"history-before-unknown", "control-point-not-audited"} <= set(gaps(report))
    assert len(lines(asked("oecd", without_step(magnet(), "sinter", country="MM")), "flag-step")) == 1
    audited = asked("oecd", without_step(magnet(), "separation", word=word(**ATTESTED)))
    (line,) = lines(audited, "audited")
    assert (line.standing, line.attested_by) == ("attested", ("auditor.example/log",))
    assert "control-point-not-audited" not in gaps(audited)


def test_due_diligence_is_never_done_by_a_ledger():
    assert asked("oecd", magnet()).result == "incomplete"
    assert {"risk-response", "yearly-report"} <= set(gaps(asked("oecd", magnet())))


# -- every gap, every report ----------------------------------------------------------------------------------------

NOWHERE = {"Nd": {"ZZ/unexplained": (PPB, PPB, PPB)}}
SCRAP = with_goods(ending_in(OXIDE), ORE, origin={"class": "recycled", "country": "DE"})
GAPS = {
    "not-vouched": ("oecd", magnet(vouched=False)),
    "goods-not-here": ("dfars-7052", magnet(batch=None)),
    "entry-missing": ("dfars-7052", magnet(missing=("m.example/log 7",))),
    "entry-not-disclosed": ("dfars-7052", magnet(hidden=("m.example/log 7",))),
    "made-of-unknown": ("dfars-7052", magnet(parents={MAGNET: magnet().parents[MAGNET]})),
    "pool-cut": ("dfars-7052", magnet(cut=(ALLOY,))),
    "recalled": ("dfars-7052", magnet(recalled=(MAGNET,))),
    "magnet-kind-unknown": ("crma-29", with_goods(motor(), MAGNET, product="arc_of_ours")),
    "process-unknown": ("dfars-7052", without_step(magnet(), "magnetise", process="our_own_trick")),
    "country-not-told": ("dfars-7052", without_step(magnet(), "sinter", country=None)),
    "facility-not-told": ("dfars-7052", without_step(magnet(), "sinter", site=None)),
    "origin-not-disclosed": ("dfars-7052", with_goods(magnet(), ORE, origin={})),
    "history-before-unknown": ("dfars-7052", SCRAP),
    "stage-not-recorded": ("dfars-7052", without_step(magnet(), "sinter")),
    "origins-not-told": ("crma-29", motor(origins=None)),
    "origin-unknown": ("crma-29", motor(origins=origins(NOWHERE))),
    "model-too-weak": ("dfars-7052", magnet(origins=origins(model="mass_balance"))),
    "book-and-claim": ("oecd", magnet(origins=origins(model="book_and_claim"))),
    "material-not-followed": ("crma-29", motor()),
    "magnet-mass-unknown": ("crma-29", motor(None)),
    "product-not-here": ("crma-29", magnet()),
    "value-not-recorded": ("china-value-share", magnet(origins=origins({"Dy": {"CN/ion_mid_y": (PPB, PPB, PPB)}}))),
    "address": ("crma-28", motor()),
    "label": ("crma-28", motor()),
    "magnet-location": ("crma-28", motor()),
    "removal-steps": ("crma-28", motor()),
    "glues": ("crma-28", motor()),
    "coating-kind": ("crma-28", replace(magnet(), steps=(step("coat", MAGNET),))),
    "coating-unknown": ("crma-28", motor()),
    "composition-not-measured": ("china-mark", with_goods(magnet(), MAGNET, assay=None)),
    "grade": ("crma-28", motor()),
    "product-unknown": ("china-mark", with_goods(magnet(), MAGNET, product="arc_of_ours")),
    "lot": ("china-mark", with_goods(magnet(), MAGNET, lot_no=None)),
    "net-mass": ("china-mark", with_goods(magnet(), MAGNET, mg=None)),
    "gross-mass": ("china-mark", magnet()),
    "standard-no": ("china-mark", magnet()),
    "ex-works-date": ("china-mark", magnet()),
    "laboratory": ("china-mark", with_goods(magnet(), MAGNET, assay={"elements_pct": [["Nd", "30"]]})),
    "test-date": ("china-mark", with_goods(magnet(), MAGNET, assay={"elements_pct": [["Nd", "30"]]})),
    "producer": ("china-mark", with_goods(ending_in(ORE), ORE, origin={"class": "imported", "country": "AU"})),
    "ore-producer": ("china-mark", SCRAP),
    "oxide-producer": ("china-mark", with_goods(ending_in(METAL), OXIDE, product="nd_fluoride")),
    "scrap-producer": ("china-mark", with_goods(ending_in(ORE), ORE, product="ndfeb_swarf")),
    "scrap-supplier": ("china-mark", SCRAP),
    "producer-outside": ("china-mark", with_goods(magnet(), ORE, origin={"class": "imported", "country": "AU"})),
    "control-point-not-audited": ("oecd", magnet()),
    "no-control-point": ("oecd", without_step(magnet(), "separation")),
    "risk-response": ("oecd", magnet()),
    "yearly-report": ("oecd", magnet()),
}


def test_every_gap_has_its_case():
    assert set(GAPS) == set(words.GAPS)


@pytest.mark.parametrize(("code", "name", "trace"), [(code, *case) for code, case in GAPS.items()], ids=GAPS)
def test_a_gap_is_named_in_two_languages_and_is_never_a_pass(code, name, trace):
    report = asked(name, trace)
    assert code in gaps(report)
    assert report.result not in ("met", "not_covered")
    told = next(gap for gap in report.to_json()["gaps"] if gap["code"] == code)
    assert CHINESE(told["text"]["zh"])
    assert "{" not in told["text"]["en"] + told["text"]["zh"]


@pytest.mark.parametrize("name", REGIMES)
def test_every_report_names_its_law_its_rules_and_what_it_does_not_claim(name):
    told = asked(name, motor(unit={"unit": "m.example/log#u", "serial": "M-1", "net_mg": 1, "count": 1})).to_json()
    assert json.loads(json.dumps(told)) == told
    assert told["law"]
    assert told["rules"]
    assert all(rule["source"] and rule["confidence"] for rule in told["rules"])
    for text in (told["name"], told["text"], told["not_claimed"], *(line["text"] for line in told["lines"])):
        assert CHINESE(text["zh"])
        assert "{" not in text["en"] + text["zh"]


def test_every_rule_of_the_reference_data_is_asked_for_by_some_report():
    traces = (motor(), magnet(), ending_in(METAL), ending_in(ORE))
    used = {key for name in REGIMES for trace in traces for key in asked(name, trace).rules}
    shipped = set(REFERENCE.tables["regime_rules"])
    assert {key for key in shipped - used if not key.startswith("china-flows.")} == set()
    assert set(REFERENCE.tables["regimes"]) == {*REGIMES, "china-flows"}


def test_what_is_proven_is_only_who_recorded_what_and_nothing_where_nobody_vouches():
    codes = {line.code for name in REGIMES for line in asked(name, motor()).lines if line.standing == "proven"}
    assert codes == {"made-by", "records"}
    unvouched = [line for name in REGIMES for line in asked(name, motor(vouched=False)).lines]
    assert "proven" not in {line.standing for line in unvouched}


def test_a_regime_that_there_is_not():
    with pytest.raises(Unknown) as refused:
        asked("crma-30", magnet())
    assert (refused.value.code, refused.value.value) == ("regime-unknown", "crma-30")
