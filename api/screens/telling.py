"""What is wrong with a form, told as its page speaks: fields by their labels, codes by their words, beside the field.

Errors of the interface name places of a body (`weighing.gross`) and codes (`bought_outside`). The page is drawn once to
see which fields it shows and what they are called there, and once more with the errors at their fields. So a label is
written in one place, the template. All required fields that were left empty are told at once.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

from api.forms import Form
from api.screens.fields import FIELDS
from api.screens.named import N_, NAMED
from api.screens.reader import Reader
from ledger.errors import LodetraceError
from ledger.messages import MESSAGES

KINDS = (
    "origin",
    "paper",
    "basis",
    "assay_basis",
    "unit_state",
    "purpose",
    "measuring",
    "hold",
    "removal",
    "recall",
    "organisation_role",
)
"""Of these a code is a word wherever it is told; the first that has it says which."""
SAYINGS: Mapping[str, str] = {
    "assay-empty": N_(
        "What elements %(value)s holds is not known from this. Choose the kind of ore or feed, or enter the elements "
        "with the total; without them, leave the total empty."
    ),
    "origin-document-missing": N_(
        "For the origin “%(value)s” a paper is needed: %(kinds)s. Choose its kind and enter its number."
    ),
    "quantity-not-decimal": N_("%(value)s is no number for %(field)s. Write it in digits, like 1948.5."),
    "tare-above-gross": N_("The tare is not below the gross (%(gross)s). Were the two weighings swapped?"),
}
"""What a page says where the sentence of the interface tells how to write its bodies."""
Instead = Mapping[str, tuple[str, ...]]
"""Places of the body that the page works out itself -> the fields to mend them in, the first telling why."""

_last_step = re.compile(r"(\.[^.\[\]]+|\[\d+\])$")
_first_step = re.compile(r"^[^.\[\]]+(\[\d+\])*\.")
_codes = re.compile(r"[a-z]\w*(, [a-z]\w*)*")
_token = re.compile(r"(?<![\w.])[A-Za-z_]\w*(?:\[\d+\])*(?:\.[a-z_]\w*(?:\[\d+\])*)*")
_gap = re.compile(r"(?<=[\u3000-\u9fff\uff00-\uffef]) (?=[\u3000-\u9fff\uff00-\uffef])")
_id = re.compile(r"(?:[\w.-]+/log#)?\b[0-9A-HJKMNP-TV-Z]{26}\b")


@dataclass(slots=True)
class Shown:
    """A field as the page shows it. `options`: the words of a choice by their codes."""

    label: str = ""
    hint: str = ""
    is_required: bool = False
    options: dict[str, str] = field(default_factory=dict)


class _Page(HTMLParser):
    """Reads the fields of a page and their labels: `fields` by their full names, with `:int`."""

    def __init__(self) -> None:
        super().__init__()
        self.fields: dict[str, Shown] = {}
        self._names: dict[str, str] = {}
        self._labels: dict[str, str] = {}
        self._hints: dict[str, str] = {}
        self._label = self._hint = self._select = self._option = None  # type: str | None
        self._soft = False

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "label":
            self._label = given.get("for", "")
            self._labels[self._label] = ""
        elif tag == "span" and "soft" in given.get("class", ""):
            self._soft = True
        elif tag == "p" and given.get("id", "").startswith("hint-"):
            self._hint = given["id"].removeprefix("hint-")
        elif tag in ("input", "select", "textarea") and given.get("name") and given.get("type") != "hidden":
            shown = Shown(given.get("aria-label", ""), is_required=given.get("aria-required") == "true")
            self.fields.setdefault(given["name"], shown)
            if "id" in given:
                self._names[given["id"]] = given["name"]
            if self._label == "":  # the label stands around its field
                self._label = given["name"]
            self._select = given["name"] if tag == "select" else None
        elif tag == "option" and self._select is not None:
            self._option = given.get("value", "")
            self.fields[self._select].options[self._option] = ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "label":
            self._label = None
        elif tag == "span":
            self._soft = False
        elif tag == "p":
            self._hint = None
        elif tag == "option":
            self._option = None
        elif tag == "select":
            self._select = None

    def handle_data(self, data: str) -> None:
        if self._option is not None and self._select is not None:
            self.fields[self._select].options[self._option] += data
        elif self._label is not None and not self._soft:
            self._labels[self._label] = self._labels.get(self._label, "") + data
        elif self._hint is not None:
            self._hints[self._hint] = self._hints.get(self._hint, "") + data

    def close(self) -> None:
        super().close()
        for id_, text in self._labels.items():
            name = self._names.get(id_, id_)
            if name in self.fields and text.strip():
                self.fields[name].label = text.strip()
        for id_, text in self._hints.items():
            name = self._names.get(id_, id_)
            if name in self.fields:
                self.fields[name].hint = text.strip()


def shown_by(html: str) -> dict[str, Shown]:
    """The fields that people see on this page, by their full names."""
    page = _Page()
    page.feed(html)
    page.close()
    return {name: one for name, one in page.fields.items() if one.label}


def told(visit: Reader, form: Form, html: str, instead: Instead) -> dict[str, str]:
    """What stands at which field of this page; "" and names of no field for what is told at its top."""
    return _Telling(visit, form, shown_by(html), instead).errors()


def teller(reader: Reader, labels: Mapping[str, str]) -> Callable[[LodetraceError], str]:
    """Errors in a sentence each, where no page is drawn: places of the body by these labels."""
    telling = _Telling(reader, Form(), {place: Shown(label) for place, label in labels.items()}, {})
    return telling.sentences


class _Telling:
    def __init__(self, visit: Reader, form: Form, shown: Mapping[str, Shown], instead: Instead) -> None:
        self._visit, self._form, self._instead = visit, form, instead
        self._full = {name.partition(":")[0]: name for name in shown}
        self._shown = {bare: shown[name] for bare, name in self._full.items()}
        self._words = _words(visit)

    def errors(self) -> dict[str, str]:
        form = self._form
        found: dict[str, str] = {}
        empty: dict[str, str] = {}
        if form.was_sent:
            for bare, one in self._shown.items():
                if one.is_required and not one.options and not form.value(self._full[bare]).strip():
                    empty[bare] = self._sentence("field-missing", {"field": one.label})
        for place, error in form.refused:
            for where, text, is_missing in self._of(error, place):
                at = self._fields_for(where)
                if is_missing and not at and empty:
                    continue  # what is to be filled in for it is told where it is
                first, *others = at or (where,)
                if text not in found.get(first, ""):
                    found[first] = f"{found.get(first, '')} {empty.get(first) or text}".strip()
                for name in others:
                    found.setdefault(name, "")
        return {**found, **{name: text for name, text in empty.items() if name not in found}}

    def sentences(self, error: LodetraceError) -> str:
        told = (text for _, text, _ in self._of(error, None))
        return " ".join(text[:1].upper() + text[1:] for text in told)

    # -- where --------------------------------------------------------------------------------------------

    def _fields_for(self, place: str) -> tuple[str, ...]:
        """The fields to mark: of this name, those it is worked out from, its first part, or what it is a part of."""
        for above in _upwards(place):
            for name in _without_head(above):
                if name in self._shown:
                    return (name,)
                if name in self._instead:
                    return self._instead[name]
            below = next((name for name in self._shown if name.startswith((f"{above}.", f"{above}["))), None)
            if below and above == place:
                return (below,)
        return ()

    def _label(self, place: str) -> str:
        fields = self._fields_for(place)
        if fields and fields[0] in self._shown:
            return self._shown[fields[0]].label
        names = re.findall(r"[A-Za-z_]\w*", place)
        known = next((FIELDS[name] for name in reversed(names) if name in FIELDS), None)
        return self._visit._(known) if known else place

    # -- what ---------------------------------------------------------------------------------------------

    def _of(self, error: LodetraceError, place: str | None) -> Iterator[tuple[str, str, bool]]:
        """(place, sentence, is it that something is missing) for all that this error tells."""
        at, zh = place if place is not None else error.field or "", self._visit.language == "zh"
        if error.code != "fields-wrong":
            facts = {name: self._spoken(value) for name, value in error.facts.items()}
            label = self._label(at) if at else ""
            value = self._value(at, error.value)
            yield at, self._sentence(error.code, {**facts, "field": label, "value": value}), error.value in (None, "")
            return
        plain = [("", at, error.facts["en"], error.facts["zh"])]
        for kind, named, en, chinese in error.facts.get("wrong", plain):
            where = named if place is None else at
            label = self._label(named)
            if kind == "missing":
                yield where, self._sentence("field-missing", {"field": label}), True
                continue
            sentence = chinese if zh else en
            if kind == "string_pattern_mismatch":
                form = next((self._shown[name].hint for name in self._fields_for(where) if name in self._shown), "")
                text = self._visit._("%(field)s is not of its form. %(hint)s") % {"field": label, "hint": form}
            else:
                text = self._spoken(sentence.replace("{place}", label)).strip()
            ended = text if text.endswith((".", "。", "!", "?")) else text + ("。" if zh else ".")
            yield where, ended[:1].upper() + ended[1:], False

    def _sentence(self, code: str, facts: Mapping[str, Any]) -> str:
        zh = self._visit.language == "zh"
        if code in SAYINGS:
            text = self._visit._(SAYINGS[code]) % facts
        else:
            text = str(self._spoken(MESSAGES[code][1 if zh else 0])).format(**facts)
        return _gap.sub("", text)

    def _value(self, place: str, value: Any) -> Any:
        """What was chosen, as the page calls it; what was typed, as it was typed."""
        for name in self._fields_for(place):
            if value in self._shown[name].options:
                return self._shown[name].options[value]
            if value == self._form.value(self._full.get(name, name)) and not self._shown[name].options:
                return value
        return self._spoken(value)

    def _spoken(self, value: Any) -> Any:
        """Places and codes in a text as people read them."""
        if not isinstance(value, str):
            return value
        if _codes.fullmatch(value):
            return self._listed(value)
        named = _id.sub(lambda id_: self._visit.batch_name(id_.group()), value)
        return _token.sub(self._token, named)

    def _listed(self, codes: str) -> str:
        told = [self._words.get(code) or self._token_text(code) for code in codes.split(", ")]
        return ("、" if self._visit.language == "zh" else ", ").join(told)

    def _token(self, found: re.Match[str]) -> str:
        return self._token_text(found.group())

    def _token_text(self, text: str) -> str:
        """A word of a sentence stays; what only a program would write is told."""
        if not re.search(r"[_.\[]", text):
            return text
        return self._words.get(text) or self._label(text)


def _upwards(place: str) -> Iterator[str]:
    """`lines[0].units[1].state`, `lines[0].units[1]`, `lines[0].units`, `lines[0]`, `lines`."""
    while place:
        yield place
        shorter = _last_step.sub("", place)
        place = shorter if shorter != place else ""


def _without_head(place: str) -> Iterator[str]:
    """`units[0].net.value`, `net.value`, `value`: a page about one of many does not name which."""
    while place:
        yield place
        shorter = _first_step.sub("", place)
        place = shorter if shorter != place else ""


def _words(visit: Reader) -> Mapping[str, str]:
    """Every code that is called something -> what."""
    reference, language = visit.node.reference, visit.language
    found = {code: visit._(word) for kind in reversed(KINDS) for code, word in NAMED[kind].items()}
    found |= {code: str(row[language]) for code, row in reference.tables["feed_classes"].items()}
    found |= {code: str(row[language]) for code, row in reference.packages.items()}
    found |= {code: reference.product_name(code, language) for code in reference.products}
    return found
