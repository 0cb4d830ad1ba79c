"""What pydantic found wrong in a request, told in both languages, as one Malformed("fields-wrong").

Sentences are short and name the place as the sender wrote it (`lines[0].quantity.unit`); at most five are told at once.
An error type that is not in the table is told in pydantic's own words.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from ledger.errors import Malformed

TOLD = 5
SENTENCES: Mapping[str, tuple[str, str]] = {
    "missing": ("{place} is missing", "缺少 {place}"),
    "extra_forbidden": ("{place} is not known here (check its spelling)", "没有 {place} 这一项（请检查拼写）"),
    "string_type": ("{place} must be text (write numbers in quotes)", "{place} 应为文本（数字请加引号）"),
    "string_too_short": ("{place} must not be empty", "{place} 不能为空"),
    "string_too_long": ("{place} is longer than {max_length} characters", "{place} 超过 {max_length} 个字符"),
    "string_pattern_mismatch": ("{place} must be of the form {pattern}", "{place} 应符合 {pattern}"),
    "int_type": ("{place} must be a whole number", "{place} 应为整数"),
    "int_parsing": ("{place} must be a whole number", "{place} 应为整数"),
    "bool_type": ("{place} must be true or false", "{place} 应为 true 或 false"),
    "bool_parsing": ("{place} must be true or false", "{place} 应为 true 或 false"),
    "list_type": ("{place} must be a list", "{place} 应为列表"),
    "tuple_type": ("{place} must be a list", "{place} 应为列表"),
    "dict_type": ("{place} must be an object", "{place} 应为对象"),
    "model_type": ("{place} must be an object", "{place} 应为对象"),
    "model_attributes_type": ("{place} must be an object", "{place} 应为对象"),
    "literal_error": ("{place} must be one of {expected}", "{place} 应为以下之一：{expected}"),
    "enum": ("{place} must be one of {expected}", "{place} 应为以下之一：{expected}"),
    "too_short": ("{place} needs at least {min_length}", "{place} 至少需要 {min_length} 项"),
    "too_long": ("{place} may hold at most {max_length}", "{place} 至多 {max_length} 项"),
    "greater_than": ("{place} must be more than {gt}", "{place} 应大于 {gt}"),
    "greater_than_equal": ("{place} must be at least {ge}", "{place} 应不小于 {ge}"),
    "less_than": ("{place} must be less than {lt}", "{place} 应小于 {lt}"),
    "country": (
        "{place} must be a country's two capital letters, such as CN (ISO 3166-1)",
        "{place} 应为国家代码，两个大写字母，如 CN（ISO 3166-1）",
    ),
    "one_party": ("{place} must name either a node or a party outside", "{place} 应填写 node 或 outside 之一"),
    "one_serial": ("{place} needs either serial or serials", "{place} 应填写 serial 或 serials 之一"),
    "one_to_print": (
        "{place} must name one of batch, units and calibration",
        "{place} 应填写 batch、units、calibration 之一",
    ),
    "one_to_certify": ("{place} must name either a batch or a shipment", "{place} 应填写 batch 或 shipment 之一"),
    "one_change": ("{place} must say either more or less", "{place} 应填写 more 或 less 之一"),
    "one_form": ("{place} must give either metal or oxide", "{place} 应填写 metal 或 oxide 之一"),
    "less_than_equal": ("{place} must be at most {le}", "{place} 应不大于 {le}"),
}
_OUTSIDE = frozenset({"body", "query", "path", "header"})


def misfit(errors: Sequence[Mapping[str, Any]]) -> Malformed:
    """`errors` as pydantic lists them; the field and value of the answer are the first one's.

    The fact `wrong` holds all, (pydantic's type, place, en, zh) with {place} left open, for who calls places otherwise.
    """
    told = [_sentence(error, _place(error)) for error in errors[:TOLD]]
    more = len(errors) - len(told)
    en = "; ".join(en for en, _ in told) + (f"; and {more} more." if more else ".")
    zh = "；".join(zh for _, zh in told) + (f"；另有 {more} 处。" if more else "。")
    wrong = tuple((error["type"], _place(error), *_sentence(error, "{place}")) for error in errors)
    return Malformed("fields-wrong", field=_place(errors[0]), value=_value(errors[0]), en=en, zh=zh, wrong=wrong)


def _sentence(error: Mapping[str, Any], place: str) -> tuple[str, str]:
    if error["type"] not in SENTENCES:
        return f"{place}: {error['msg']}", f"{place}：{error['msg']}"
    en, zh = SENTENCES[error["type"]]
    facts = {"place": place, **error.get("ctx", {})}
    return en.format_map(facts), zh.format_map(facts)


def _place(error: Mapping[str, Any]) -> str:
    steps = list(error["loc"])
    if steps and steps[0] in _OUTSIDE:
        steps = steps[1:]
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps)
    return text.removeprefix(".") or "the body"


def _value(error: Mapping[str, Any]) -> Any:
    """What is missing has no value; pydantic shows what it is missing from."""
    return None if error["type"] == "missing" else error.get("input")
