"""Every sentence of a page stands in both languages, and no catalogue keeps one that nobody says."""

import re
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from api.screens.ways import NAV
from api.words import catalogue, words

ROOT = Path(__file__).resolve().parent.parent.parent / "api"
CHINESE = re.compile(r"[\u3400-\u9fff]")
# Names and signs that are the same in both languages.
SAME = {"zh", "en"}


def asked():
    """Message -> where it is said."""
    found = {}
    ways = [("screens/**.py", "python"), ("pages/**.html", "jinja2.ext:babel_extract")]
    options = {"pages/**.html": {"newstyle_gettext": "true", "trimmed": "true", "silent": "false"}}
    for file, line, message, _, _ in extract_from_dir(
        ROOT, ways, options, {"_": None, "N_": None, "gettext": None, "ngettext": (1, 2)}
    ):
        for one in (message,) if isinstance(message, str) else message:
            found.setdefault(one, f"{file}:{line}")
    named = {one for name, links in NAV.items() for one in (name, *(link.name for link in links)) if one}
    return {**found, **dict.fromkeys(named, "api/screens/ways.py")}


def kept():
    """(file, message, its Chinese) of all catalogues."""
    for file in sorted((ROOT / "pages" / "words" / "zh").glob("*.po")):
        with file.open("rb") as opened:
            for message in read_po(opened, locale="zh_CN", abort_invalid=True):
                if message.id:
                    yield file.name, message


def test_there_are_sentences():
    assert len(asked()) > 50


def test_every_sentence_has_its_chinese():
    known = {message.id if isinstance(message.id, str) else message.id[0] for _, message in kept() if message.string}
    assert {message: place for message, place in asked().items() if message not in known} == {}


def test_no_catalogue_keeps_what_nobody_says():
    said = asked()
    assert [
        (file, message.id) for file, message in kept() if message.id not in said and isinstance(message.id, str)
    ] == []


def test_english_is_english_and_chinese_chinese():
    wrong = []
    for file, message in kept():
        english = message.id if isinstance(message.id, str) else message.id[0]
        chinese = message.string if isinstance(message.string, str) else message.string[0]
        if CHINESE.search(english) or (not CHINESE.search(chinese) and english == chinese and english not in SAME):
            wrong.append((file, english, chinese))
    assert wrong == []


def test_what_is_filled_in_is_the_same_in_both():
    slot = re.compile(r"%\((\w+)\)|\{(\w+)\}")
    for file, message in kept():
        if isinstance(message.id, str):
            assert set(slot.findall(message.id)) == set(slot.findall(str(message.string))), (file, message.id)


def test_a_message_stands_in_one_catalogue():
    seen = {}
    for file, message in kept():
        assert seen.setdefault(message.id, (file, message.string))[1] == message.string, (file, seen[message.id])


@pytest.mark.parametrize(("language", "said"), [("zh", "登录"), ("en", "Sign in")])
def test_words_are_said(language, said):
    assert words(language)("Sign in") == said
    assert catalogue(language).gettext("nobody says this") == "nobody says this"
