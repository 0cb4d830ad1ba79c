"""The words of findings, their ids, and the cases they make."""

import re
from pathlib import Path
from string import Formatter

import pytest

from ledger.matter.finding_words import RULES, SENTENCES
from ledger.matter.findings import Finding, cases
from ledger.matter.quantities import show_ug
from tests.ledger.matter.test_finding_rules import ALL

DOCUMENT = Path(__file__).resolve().parents[3] / "docs" / "findings.md"


@pytest.mark.parametrize("rule", RULES)
def test_both_languages_say_the_same_with_the_same_numbers(rule):
    case = next(case for case in ALL.values() if case.rule == rule)
    found = case.books(True)[0]  # noqa: FBT003 - said by the story
    placeholders = [{name for _, name, _, _ in Formatter().parse(words) if name} for words in SENTENCES[rule]]
    assert placeholders[0] == placeholders[1]
    english, chinese = found.text("en"), found.text("zh")
    assert re.search(r"[\u4e00-\u9fff]", chinese)
    assert not re.search(r"[\u4e00-\u9fff]", english)
    numbers = r"[0-9]+(?:\.[0-9]+)?"
    assert sorted(re.findall(numbers, english)) == sorted(re.findall(numbers, chinese))
    assert "{" not in english + chinese
    assert english.endswith(".")
    assert chinese.endswith("。")


@pytest.mark.parametrize("case", ALL.values(), ids=ALL)
def test_a_finding_is_plain_data(case):
    found = case.books(True)[0]  # noqa: FBT003 - said by the story
    told_ = found.as_json()
    assert told_["id"] == found.id
    assert told_["text"]["zh"] == found.text("zh")
    _plain(told_)


def _plain(value: object) -> None:
    assert not isinstance(value, float)
    if isinstance(value, dict):
        assert all(isinstance(key, str) for key in value)
        [_plain(one) for one in value.values()]
    elif isinstance(value, (list, tuple)):
        [_plain(one) for one in value]
    else:
        assert isinstance(value, (str, int))


def test_the_document_has_a_row_for_every_rule_in_the_order_of_the_code():
    section = DOCUMENT.read_text("utf-8").split("## The rules")[1].split("## ")[0]
    rows = re.findall(r"^\| `([\w-]+)` \|(.+)\|$", section, re.MULTILINE)
    assert [rule for rule, _ in rows] == list(RULES)
    assert all(len([cell for cell in cells.split(" | ") if cell.strip()]) == 5 for _, cells in rows)


@pytest.mark.parametrize(
    ("ug", "text"),
    [
        (0, "0 kg"),
        (1, "1 µg"),
        (1_900_000_000_000, "1.9 t"),
        (-28_361_234_567_890, "-28.36 t"),
        (63_562_225_931, "63.56 kg"),
        (999_999_999, "1000 g"),
        (123_456_000_000_000_000, "123456 t"),
    ],
)
def test_masses_are_shown_to_four_figures(ug, text):
    assert show_ug(ug) == text


def a_finding(
    rule: str, *, batches: tuple[str, ...] = (), entries: tuple[tuple[str, int], ...] = (), month_: str = ""
) -> Finding:
    return Finding(rule, "mild", {"n": rule}, entries, batches, month=month_)


def test_findings_that_share_goods_are_one_case():
    first, second, third = (
        a_finding("a", batches=("x",)),
        a_finding("b", batches=("y",)),
        a_finding("c", batches=("y", "x")),
    )
    lone = a_finding("d", entries=(("log", 1),))
    monthly = [a_finding("e", month_="2026-01"), a_finding("e", month_="2026-01"), a_finding("e", month_="2026-02")]
    assert cases([first, lone, second, third, *monthly]) == [
        (first, second, third),
        (lone,),
        (monthly[0], monthly[1]),
        (monthly[2],),
    ]
    assert cases([]) == []


def test_an_id_is_of_the_facts_and_not_of_the_words():
    one = a_finding("a", batches=("x",))
    assert one.id == Finding("a", "grave", {"n": "a"}, (), ("x",), tolerance={"k_milli": 3000}).id
    assert one.id != a_finding("a", batches=("y",)).id
    assert re.fullmatch("[0-9a-f]{16}", one.id)
