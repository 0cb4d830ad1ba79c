"""Every error a caller can meet has its sentence, in both languages, and every raise gives what the sentence needs."""

import ast
import re
import string
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from ledger import errors
from ledger.errors import Forked, LodetraceError, Refusal
from ledger.messages import MESSAGES

ROOT = Path(__file__).resolve().parents[2]
SOURCES = {
    path.relative_to(ROOT).as_posix(): ast.parse(path.read_text("utf-8"))
    for folder in ("ledger", "nodes", "api")
    for path in sorted((ROOT / folder).rglob("*.py"))
}
SOURCES.pop("ledger/messages.py")
RAISED = {name for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, LodetraceError)}
CHINESE = re.compile(r"[\u4e00-\u9fff]")

# Sites whose code is an expression, and the codes that it may be there. A site with `**facts` passes on what another
# site, checked for itself, has gathered.
COMPUTED = {
    (
        "ledger/matter/guards.py",
        "first.code",
    ): "guard-capacity guard-oxide-metal guard-slip guard-spelling guard-wet-for-dry",
    ("ledger/matter/reversing.py", "way_out"): (
        "correction-in-pool reversal-of-acknowledgement reversal-of-closing reversal-of-confirmation "
        "reversal-of-device "
        "reversal-of-measurement reversal-of-receipt reversal-of-shipment reversal-of-status"
    ),
    ("nodes/store/codes.py", "unknown"): "batch-unknown unit-unknown",
    ("nodes/store/engine.py", "code"): "database-damaged database-locked database-readonly disk-failing disk-full",
}


@dataclass(frozen=True)
class Site:
    path: str
    line: int
    codes: tuple[str, ...]
    given: frozenset[str]
    passes_on: bool

    def __str__(self) -> str:
        return f"{self.path}:{self.line}"


def placeholders(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name is not None}


def without_carried(names: set[str], language: str) -> set[str]:
    """`{en}` and `{zh}` carry sentences of others into the sentence of the same language."""
    return names - {language}


def codes_of(path: str, first: ast.expr) -> tuple[str, ...]:
    """A literal, one literal or another, or an expression that COMPUTED explains."""
    if isinstance(first, ast.Constant) and isinstance(first.value, str):
        return (first.value,)
    if isinstance(first, ast.IfExp):
        return (*codes_of(path, first.body), *codes_of(path, first.orelse))
    return tuple(COMPUTED.get((path, ast.unparse(first)), f"computed:{ast.unparse(first)}").split(" "))


def sites() -> Iterator[Site]:
    for path, tree in SOURCES.items():
        for call in ast.walk(tree):
            if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name) or not call.args:
                continue
            given = {keyword.arg for keyword in call.keywords if keyword.arg is not None}
            passes_on = any(keyword.arg is None for keyword in call.keywords)
            if call.func.id in RAISED:
                yield Site(path, call.lineno, codes_of(path, call.args[0]), frozenset(given), passes_on)
            elif call.func.id == "Guard":
                code, _, facts = call.args
                assert isinstance(facts, ast.Dict), f"{path}:{call.lineno}: a guard's facts are spelled out"
                named = {key.value for key in facts.keys if isinstance(key, ast.Constant)}
                yield Site(path, call.lineno, codes_of(path, code), frozenset({"field", *named}), passes_on=False)


SITES = list(sites())


def test_there_are_sites_to_check():
    assert len(SITES) > 100
    assert {"Refusal", "Malformed", "Unverified", "Forked"} <= RAISED


def test_every_code_that_is_raised_has_a_sentence():
    """`computed:…` is an expression that COMPUTED has to explain."""
    assert {str(site): code for site in SITES for code in site.codes if code not in MESSAGES} == {}


def test_every_sentence_is_raised_somewhere():
    literals = {
        node.value
        for tree in SOURCES.values()
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    assert sorted(MESSAGES.keys() - literals) == []


@pytest.mark.parametrize("site", SITES, ids=str)
def test_each_raise_gives_the_facts_that_its_sentence_needs(site):
    needed = {code: placeholders("".join(MESSAGES.get(code, ()))) - site.given for code in site.codes}
    assert site.passes_on or {code: lacking for code, lacking in needed.items() if lacking} == {}


@pytest.mark.parametrize("site", [site for site in SITES if site.passes_on], ids=str)
def test_only_named_places_pass_facts_on(site):
    assert site.path in {path for path, _ in COMPUTED} | {"ledger/errors.py"}


@pytest.mark.parametrize("code", MESSAGES)
def test_both_languages_say_the_same_in_their_own_words(code):
    english, chinese = MESSAGES[code]
    names = without_carried(placeholders(english), "en")
    assert names == without_carried(placeholders(chinese), "zh")
    assert ("{en}" in english) == ("{zh}" in chinese)
    assert CHINESE.search(chinese) or "{zh}" in chinese
    assert not CHINESE.search(english)
    assert re.fullmatch(r".*(?:\.|\{\w+\}[^.]*)", english, re.DOTALL)
    assert re.fullmatch(r".*(?:。|\{\w+\}[^。]*)", chinese, re.DOTALL)


@pytest.mark.parametrize("code", MESSAGES)
def test_each_sentence_can_be_filled_in(code):
    facts = {name: f"<{name}>" for name in placeholders("".join(MESSAGES[code])) - {"field", "value"}}
    error = Refusal(code, field="<field>", value="<value>", **facts)
    for language, sentence in zip(("en", "zh"), MESSAGES[code], strict=True):
        assert all(f"<{name}>" in error.text(language) for name in placeholders(sentence))
        assert "{" not in error.text(language)


def test_a_code_without_a_sentence_is_our_own_mistake():
    with pytest.raises(AssertionError, match="no sentence"):
        Refusal("nobody-wrote-this")


def test_an_error_reads_as_its_english_sentence_and_carries_its_facts():
    error = Refusal("unit-twice", field="lines[0].units", value="7K")
    assert str(error) == "lines[0].units: unit 7K is listed twice. Remove one of the two."
    assert error.text("zh") == "lines[0].units：包装件 7K 列了两次。请删去其中一次。"
    assert (error.code, error.field, error.value, error.facts) == ("unit-twice", "lines[0].units", "7K", {})


def test_a_fork_carries_both_statements():
    error = Forked("fork", evidence=(b"one", b"other"), field="checkpoints", value=3, log="mine.example/log")
    assert error.evidence == (b"one", b"other")
    assert "two histories of mine.example/log at size 3" in str(error)
