"""Forms: what a person typed becomes the body of the interface, and what is refused comes back beside its field.

A field is named as the place in the body that it fills, `quantity.value` or `lines[0].units[1].state`, and with `:int`
or `:bool` after that where the body holds no text there. So the field that an error names is the field to mark. Empty
fields are left out. Every form carries the session's csrf, and a key made when it was first shown: however often the
same form arrives, it is recorded once.
"""

import re
from collections.abc import AsyncGenerator, Iterable, Mapping
from dataclasses import dataclass, field
from secrets import token_urlsafe
from typing import Any

from fastapi import Request
from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import FormParser, MultiPartException, MultiPartParser

from api.bodies import read_bytes
from ledger.errors import LodetraceError, Malformed
from nodes.countries import country_code

CSRF, KEY = "csrf", "key"
FIELDS_MAX, FILES_MAX, ITEMS_MAX = 5000, 4, 1000
_step = re.compile(r"\.?([^.\[\]]+)|\[(\d{1,4})\]")
_NUMBERS = re.compile(r"(^|\.)(value|gross|tare|net|is)$|_pct$")
"""Fields that hold a number, and may have been typed with a Chinese keyboard or with commas between thousands."""
_COUNTRY = re.compile(r"(^|\.)country$")
"""Fields that hold a country, which people write by its name too."""
_WIDE = {0xFEE0 + ord(narrow): narrow for narrow in "0123456789.,-"}
_thousands = re.compile(r"\d{1,3}(,\d{3})+\.\d+|\d{1,3}(,\d{3}){2,}")
_OURS = frozenset({CSRF, KEY, "lang"})


@dataclass(slots=True)
class Form:
    """One filling of a form. `errors` are by field, "" for what belongs to none; `refused` are those that a page puts
    into its own words, with the field that each is told at where the page knows. `was_sent`: it was to be recorded.
    """

    values: dict[str, str] = field(default_factory=dict)
    many: dict[str, list[str]] = field(default_factory=dict)
    files: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    refused: list[tuple[str | None, LodetraceError]] = field(default_factory=list)
    was_sent: bool = False
    code: str = ""
    csrf: str = ""
    key: str = field(default_factory=lambda: token_urlsafe(18))
    status: int = 200

    def value(self, name: str, default: str = "") -> str:
        return self.values.get(name, default)

    def refuse(self, error: LodetraceError, language: str, status: int, at: str | None = None) -> None:
        """Notes what is wrong: at the field of the error, or `at` another."""
        self.refused.append((at, error))
        self.errors[error.field or "" if at is None else at] = error.text(language)
        self.code, self.status = error.code, status

    def elsewhere(self, shown: Iterable[str]) -> list[str]:
        """Errors that no field of the page stands for: they are told at its top."""
        return [text for name, text in self.errors.items() if text and name not in set(shown)]

    def body(self, *, without: Iterable[str] = ()) -> dict[str, Any]:
        """The body that the fields describe. `without`: fields that are the page's own business."""
        left_out = _OURS | set(without)
        return nest({name: text for name, text in self.values.items() if name not in left_out and text.strip()})


async def read_form(request: Request, limit: int) -> Form:
    """What was posted, as a form of ours posts it; Malformed for anything else."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in ("application/x-www-form-urlencoded", "multipart/form-data"):
        raise Malformed("form-unreadable", field="Content-Type", value=kind)
    data = await read_bytes(request, limit)

    async def stream() -> AsyncGenerator[bytes, None]:
        yield data

    try:
        if kind == "multipart/form-data":
            parsed = await MultiPartParser(
                request.headers, stream(), max_files=FILES_MAX, max_fields=FIELDS_MAX, max_part_size=limit
            ).parse()
        else:
            parsed = await FormParser(request.headers, stream(), max_fields=FIELDS_MAX, max_part_size=limit).parse()
    except MultiPartException as error:
        raise Malformed("form-unreadable", field="body", value=error.message) from error
    try:
        return await _filled(parsed)
    finally:
        await parsed.close()


async def _filled(parsed: FormData) -> Form:
    form = Form()
    for name, given in parsed.multi_items():
        if isinstance(given, UploadFile):
            content = await given.read()
            if content or given.filename:
                form.files[name] = given.filename or "", content
        elif len(given) > 100_000:
            raise Malformed("form-unreadable", field=name, value=f"{given[:40]}…")
        else:
            form.values[name] = given
            form.many.setdefault(name, []).append(given)
    form.key = form.values.get(KEY) or form.key
    form.csrf = form.values.get(CSRF, "")
    return form


def nest(fields: Mapping[str, str]) -> dict[str, Any]:
    """`{"lines[0].units[1].state": "ok", "count:int": "3"}` → `{"lines": [{"units": [{"state": "ok"}]}], "count": 3}`.

    Gaps in a list close up, in the order of their numbers. Malformed("fields-wrong") where a whole number is none.
    """
    tree: dict[Any, Any] = {}
    for name, text in fields.items():
        path, _, kind = name.partition(":")
        steps: list[Any] = [int(number) if number else word for word, number in _step.findall(path)]
        if not steps or isinstance(steps[0], int):
            raise Malformed("form-unreadable", field=name, value=text)
        place = tree
        for step in steps[:-1]:
            place = place.setdefault(step, {})
            if not isinstance(place, dict):
                raise Malformed("form-unreadable", field=name, value=text)
        place[steps[-1]] = _typed(path, text, kind)
    nested: dict[str, Any] = _closed(tree)
    return nested


def _typed(place: str, text: str, kind: str) -> Any:
    if kind == "bool":
        return text in ("true", "on")
    if kind == "int":
        digits = text.strip().translate(_WIDE)
        if not re.fullmatch(r"[0-9]{1,15}", digits):
            en, zh = f"{place} must be a whole number.", f"{place} 应为整数。"
            raise Malformed("fields-wrong", field=place, value=text, en=en, zh=zh)
        return int(digits)
    if _COUNTRY.search(place):
        return country_code(text)
    return _number(text.strip()) if _NUMBERS.search(place) else text.strip()


def _number(text: str) -> str:
    """In ASCII digits, and without the commas that can only part thousands. `32,480` could be either: it stays, and is
    refused where numbers are read.
    """
    narrow = text.translate(_WIDE)
    return narrow.replace(",", "") if _thousands.fullmatch(narrow) else narrow


def _closed(tree: Any) -> Any:
    if not isinstance(tree, dict):
        return tree
    if tree and all(isinstance(step, int) for step in tree):
        return [_closed(tree[step]) for step in sorted(tree)]
    return {str(step): _closed(value) for step, value in tree.items()}
