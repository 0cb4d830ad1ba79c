"""What people write into cells, as the ledger reads it: full-width digits, Chinese dates, units in words, names.

Nothing is guessed: what can be read in two ways is refused, and the cell named.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from unicodedata import normalize

from ledger.errors import Malformed
from ledger.matter.reference import Reference
from nodes.countries import country_codes

UNITS = {
    "吨": "t",
    "公吨": "t",
    "千克": "kg",
    "公斤": "kg",
    "克": "g",
    "毫克": "mg",
    "升": "L",
    "立方米": "m3",
    "t": "t",
    "kg": "kg",
}
UNITS |= {"g": "g", "mg": "mg", "l": "L", "m3": "m3", "tonne": "t", "tonnes": "t", "kgs": "kg"}
WORDS: Mapping[str, Mapping[str, str]] = {
    "origin": {
        **dict.fromkeys(("自采", "开采", "本矿开采"), "mined"),
        "进口": "imported",
        **dict.fromkeys(("回收", "回收料"), "recycled"),
        **dict.fromkeys(("外购", "联盟外采购"), "bought_outside"),
        **dict.fromkeys(("期初", "期初库存", "opening stock"), "unknown_opening"),
    },
    "purpose": dict(
        zip(
            "销售 加工 寄售 仓储 样品 退货 返修".split(),
            "sale processing consignment storage sample return repair".split(),
            strict=True,
        )
    ),
    "basis": {"净重": "net", "毛重": "gross", "干重": "dry", "干基": "dry", "金属量": "metal", "氧化物": "reo"},
    "assay_basis": {
        "收到基": "as_received",
        "干基": "dried",
        "干燥基": "dried",
        "灼烧基": "ignited",
        "灼减后": "ignited",
    },
}
TABLES: Mapping[str, str] = {"product": "products", "process": "processes", "feed_class": "feed_classes"}
"""Kinds of words that the reference data names."""
_number = re.compile(r"(?P<value>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+)\s*(?P<unit>[^\d\s.,].*)?").fullmatch
_date = re.compile(
    r"(\d{4})(?:年|[-/.])(\d{1,2})(?:月|[-/.])(\d{1,2})日?(?:[T\s]+(\d{1,2})[:时](\d{1,2})(?:[:分](\d{1,2})秒?|分)?)?"
).fullmatch
_whole = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,6})?[+-]\d{2}:\d{2}").fullmatch
_compact = re.compile(r"(\d{4})(\d{2})(\d{2})").fullmatch
_code = re.compile(r"[A-Za-z0-9_.-]+").fullmatch


def plain(text: str) -> str:
    """Without what cannot be seen or only looks different: full-width forms, doubled and trailing spaces."""
    return " ".join(normalize("NFKC", text).split())


def number(text: str, cell: str) -> tuple[str, str | None]:
    """(the plain decimal, the unit behind it if one is there). Malformed names the cell."""
    found = _number(plain(text))
    if found is None:
        if _number(plain(text).lstrip("-\N{MINUS SIGN} ")):
            raise Malformed("cell-negative", field=cell, value=text)
        raise Malformed("cell-no-number", field=cell, value=text)
    value = Decimal(found["value"].replace(",", ""))
    shown = format(value, "f")
    behind = found["unit"]
    if behind is None or behind == "%":
        return shown, None
    if behind.lower() not in UNITS:
        raise Malformed("cell-no-unit", field=cell, value=text)
    return shown, UNITS[behind.lower()]


def unit(text: str, cell: str) -> str:
    known = UNITS.get(plain(text).lower())
    if known is None:
        raise Malformed("cell-no-unit", field=cell, value=text)
    return known


def moment(text: str, cell: str, zone: str) -> str:
    """A date, perhaps with a time, in `zone` (+08:00); a day alone is its midnight. A time with a zone stays itself."""
    if _whole(plain(text)):
        return plain(text)
    found = _date(plain(text)) or _compact(plain(text))
    try:
        if found is None:
            raise ValueError(text)
        parts = [int(part) for part in found.groups() if part is not None]
        return datetime(*parts).isoformat(timespec="seconds") + zone  # type: ignore[arg-type] # noqa: DTZ001
    except ValueError as error:
        raise Malformed("cell-no-date", field=cell, value=text) from error


def word(kind: str, text: str, cell: str, reference: Reference) -> str:
    """The code that a name stands for; a code stands for itself, and the verb will judge it. Every country is known."""
    given = plain(text)
    found = _names(kind, reference).get(given.lower())
    if found is None and (kind == "country" or not _code(given)):
        raise Malformed("cell-word-unknown", field=cell, value=text)
    return found or given


def _names(kind: str, reference: Reference) -> Mapping[str, str]:
    if kind == "country":
        return country_codes()
    if kind not in TABLES:
        return WORDS[kind]
    rows = reference.tables[TABLES[kind]].items()
    return {str(row[language]).lower(): code for code, row in rows for language in ("zh", "en")}
