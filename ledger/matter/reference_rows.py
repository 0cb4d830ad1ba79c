"""What the rows of the reference data look like: each table's fields, and the kind of value that each holds.

A field name with `?` behind it may be absent. A field that is a mapping is a group with fields of its own, and every
group that holds numbers has a `source` and a `confidence` beside them. Percentages and factors are decimal strings;
masses integer mg; yields and relative uncertainties integer ppm. Nothing is a float.

Promises: `problems` names everything that is wrong with a set of tables, each with its path, and the cross-checks that
single rows cannot show. Does not know where rows come from: reference.py does.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from re import compile as pattern
from typing import Any

from ledger.matter.elements import ELEMENTS, PPM

CONFIDENCES = ("fact", "computed", "trade", "judgement")
CUSTODY_BASES = ("net", "dry", "reo", "metal")
ASSAY_BASES = ("as_received", "dried", "ignited")
FORMS = (
    "ore concentrate carbonate oxalate oxide chloride fluoride metal alloy flake powder block magnet swarf eol motor "
    "other"
).split()
FEED_GROUPS = ("ore", "import", "import_made", "recycled", "unknown")
ORIGINS = ("mined", "imported", "recycled", "bought_outside", "unknown_opening")
ROLES = "authority mine separation metal magnet motor recycler trader laboratory carrier".split()
QUOTA_CLASSES = ("rock", "ion", "monazite", "import")
MAGNETS = ("NdFeB", "SmCo", "AlNiCo", "ferrite")
CLOSED = frozenset(
    {"elements", "origins", "profile_bands", "tolerances", "finding_limits", "quotas", "regimes", "regime_rules"}
)
"""Tables that an organisation may alter but not lengthen: the code asks for these keys and no others."""

_DECIMAL = pattern(r"(?:0|[1-9][0-9]{0,14})(?:\.[0-9]{1,9})?")
_KEY = pattern(r"[A-Za-z0-9_.:-]{1,64}")
_SYMBOL = pattern(r"[A-Z][a-z]?")
_DAY = pattern(r"20[0-9]{2}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])")


def _decimal(value: object) -> bool:
    return isinstance(value, str) and _DECIMAL.fullmatch(value) is not None


def _percent(value: object) -> bool:
    return _decimal(value) and Decimal(str(value)) <= 100


def _whole(low: int, high: int) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def _listed(fits: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, list) and all(fits(item) for item in value)


def _one_of(*words: str) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, str) and value in words


def _row_of(*kinds: Callable[[Any], bool]) -> Callable[[Any], bool]:
    def fits(value: Any) -> bool:
        return isinstance(value, list) and len(value) == len(kinds) and all(map(lambda k, v: k(v), kinds, value))

    return fits


def _range(value: Any) -> bool:
    return _row_of(_percent, _percent)(value) and Decimal(value[0]) <= Decimal(value[1])


def _documents(value: Any) -> bool:
    def fits(row: Any) -> bool:
        return (
            isinstance(row, dict)
            and row.keys() == {"kinds", "severity"}
            and row["kinds"] != []
            and _listed(lambda kind: isinstance(kind, str) and _KEY.fullmatch(kind) is not None)(row["kinds"])
            and row["severity"] in {"hard", "finding"}
        )

    return _listed(fits)(value)


@dataclass(frozen=True, slots=True)
class Kind:
    """`fits` for the machine; what belongs there, in words, for whoever wrote the file."""

    fits: Callable[[Any], bool]
    en: str
    zh: str


_MG = _whole(1, 2**53 - 1)
_element = _one_of(*ELEMENTS)

KINDS: Mapping[str, Kind] = {
    "text": Kind(lambda value: isinstance(value, str) and 0 < len(value) <= 500, "a text", "文本"),
    "code": Kind(
        lambda value: isinstance(value, str) and _KEY.fullmatch(value) is not None, "a code without spaces", "代码"
    ),
    "flag": Kind(lambda value: isinstance(value, bool), "true or false", "true 或 false"),
    "percent": Kind(_percent, 'a percentage as text: "92.1"', '百分数文本，如 "92.1"'),
    "decimal": Kind(_decimal, 'a decimal as text: "8.8"', '小数文本，如 "8.8"'),
    "range": Kind(_range, 'two percentages, the smaller first: ["29", "31.5"]', '两个百分数，小者在前：["29", "31.5"]'),
    "ppm": Kind(_whole(0, PPM), "a whole number of ppm, 0 to 1000000", "整数 ppm，0 到 1000000"),
    "ppms": Kind(_listed(_whole(0, PPM)), "a list of whole numbers of ppm", "整数 ppm 列表"),
    "whole": Kind(_whole(0, 2**53 - 1), "a whole number", "整数"),
    "mg": Kind(_MG, "a whole number of milligrams", "整数毫克"),
    "mgs": Kind(_listed(_MG), "a list of whole numbers of milligrams", "整数毫克列表"),
    "element": Kind(_element, "a rare earth's symbol", "稀土元素符号"),
    "elements": Kind(_listed(_element), "a list of rare earths' symbols", "稀土元素符号列表"),
    "symbols": Kind(
        _listed(lambda value: isinstance(value, str) and _SYMBOL.fullmatch(value) is not None),
        "a list of elements' symbols",
        "元素符号列表",
    ),
    "shares": Kind(
        _listed(_row_of(_element, _percent)), 'pairs of element and percentage: [["Nd", "80"]]', "元素与百分数"
    ),
    "uncertain_shares": Kind(
        _listed(_row_of(_element, _percent, _percent)),
        'element, percentage, its standard uncertainty: [["Nd", "80", "0.5"]]',
        "元素、百分数及其标准不确定度",
    ),
    "ranges": Kind(
        _listed(lambda value: isinstance(value, list) and bool(value) and _element(value[0]) and _range(value[1:])),
        'element, from, to: [["Nd", "17", "22"]]',
        "元素、下限、上限",
    ),
    "bands": Kind(
        _listed(_row_of(_percent, _whole(0, PPM))),
        'pairs of lowest percentage and ppm, the highest first: [["5", 20000]]',
        "百分数下限与 ppm，高者在前",
    ),
    "documents": Kind(_documents, 'objects of "kinds" and "severity" (hard or finding)', "kinds 与 severity 的列表"),
    "confidence": Kind(_one_of(*CONFIDENCES), f"one of {', '.join(CONFIDENCES)}", f"{'、'.join(CONFIDENCES)} 之一"),
    "form": Kind(_one_of(*FORMS), f"one of {', '.join(FORMS)}", f"{'、'.join(FORMS)} 之一"),
    "bases": Kind(_listed(_one_of(*CUSTODY_BASES)), f"a list of {', '.join(CUSTODY_BASES)}", "计量基准列表"),
    "assay_bases": Kind(_listed(_one_of(*ASSAY_BASES)), f"a list of {', '.join(ASSAY_BASES)}", "化验基准列表"),
    "total_of": Kind(_one_of("reo", "metal"), "reo or metal", "reo 或 metal"),
    "behaviour": Kind(_one_of("kept", "parted"), "kept or parted", "kept 或 parted"),
    "group": Kind(_one_of(*FEED_GROUPS), f"one of {', '.join(FEED_GROUPS)}", f"{'、'.join(FEED_GROUPS)} 之一"),
    "groups": Kind(_listed(_one_of(*FEED_GROUPS)), f"a list of {', '.join(FEED_GROUPS)}", "原料大类列表"),
    "role": Kind(_one_of(*ROLES), f"one of {', '.join(ROLES)}", f"{'、'.join(ROLES)} 之一"),
    "origin": Kind(_one_of(*ORIGINS), f"one of {', '.join(ORIGINS)}", f"{'、'.join(ORIGINS)} 之一"),
    "may": Kind(_one_of("yes", "finding", "no"), "yes, finding or no", "yes、finding 或 no"),
    "quota_class": Kind(_one_of(*QUOTA_CLASSES), f"one of {', '.join(QUOTA_CLASSES)}", "指标类别"),
    "quota_classes": Kind(_listed(_one_of(*QUOTA_CLASSES)), f"a list of {', '.join(QUOTA_CLASSES)}", "指标类别列表"),
    "magnet": Kind(_one_of(*MAGNETS), f"one of {', '.join(MAGNETS)}", f"{'、'.join(MAGNETS)} 之一"),
    "texts": Kind(
        _listed(lambda value: isinstance(value, str) and _KEY.fullmatch(value) is not None),
        "a list of codes",
        "代码列表",
    ),
    "day": Kind(
        lambda value: isinstance(value, str) and _DAY.fullmatch(value) is not None, "a day: 2027-01-01", "日期"
    ),
    "counts": Kind(_one_of("registered", "produced"), "registered or produced", "registered 或 produced"),
}

Fields = Mapping[str, Any]
_NAMED = {"zh": "text", "en": "text"}
_SOURCED = {"source": "text", "confidence": "confidence"}
_U_PCT = {"u_pct": "percent", **_SOURCED}

TABLES: Mapping[str, Fields] = {
    "elements": {"oxide": "text", "metal_per_oxide": "decimal", **_NAMED, **_SOURCED},
    "other_elements": {**_NAMED, **_SOURCED},
    "compounds": {"formula": "text", "element": "element", "reo_pct": "percent", **_SOURCED},
    "products": {
        "form": "form",
        "magnet?": "magnet",
        **_NAMED,
        "bases?": "bases",
        "assay_bases?": "assay_bases",
        "holds_water?": "flag",
        "holds?": {"main": "elements", "others": "symbols", "trace_pct": "percent", **_SOURCED},
        "composition?": {
            "of": "total_of",
            "total_pct": "percent",
            "u_pct": "percent",
            "split_pct?": "uncertain_shares",
            **_SOURCED,
        },
        **_SOURCED,
    },
    "grades": {
        "product": "code",
        "hcj_min_koe": "whole",
        "hcj_min_ka_per_m": "whole",
        "t_max_c": "whole",
        "prnd_pct": "range",
        "dy_pct": "range",
        "dytb_gbd_pct": "range",
        **_SOURCED,
    },
    "processes": {
        **_NAMED,
        "elements?": "behaviour",
        "conserving?": "flag",
        "yield?": {"min_ppm": "ppm", "typ_ppm": "ppm", "max_ppm": "ppm", **_SOURCED},
        "adds?": {"min_ppm": "ppm", "max_ppm": "ppm", "elements": "elements", **_SOURCED},
        **_SOURCED,
    },
    "ore_profiles": {
        **_NAMED,
        "distribution_pct?": "shares",
        "ranges_pct?": "ranges",
        "traces": "elements",
        **_SOURCED,
    },
    "profile_bands": {"from_pct": "percent", "u_ppm": "ppm", **_SOURCED},
    "scales": {"u_ppm": "ppm", "zh?": "text", "en?": "text", **_SOURCED},
    "assay_methods": {
        **_NAMED,
        "total": _U_PCT,
        "moisture": _U_PCT,
        "loi": _U_PCT,
        "parts": {"bands": "bands", **_SOURCED},
        **_SOURCED,
    },
    "moistures": {"max_pct": "percent", **_SOURCED},
    "packages": {"capacity_mg": "mg", "usual_mg?": "mgs", **_NAMED, **_SOURCED},
    "feed_classes": {
        **_NAMED,
        "group": "group",
        "quota_class?": "quota_class",
        "profile?": "code",
        "recycled_content?": "flag",
        **_SOURCED,
    },
    "origins": {
        "role": "role",
        "class": "origin",
        "may": "may",
        "feed_groups": "groups",
        "documents": "documents",
        **_SOURCED,
    },
    "figures": {**_NAMED, "unit": "text", "min?": "decimal", "typ?": "decimal", "max?": "decimal", **_SOURCED},
    "quotas": {
        **_NAMED,
        "role": "role",
        "counts": "counts",
        "quota_classes": "quota_classes",
        "warn": {"ppm": "ppms", **_SOURCED},
        **_SOURCED,
    },
    "magnet_mass": {**_NAMED, "per": "text", "min_mg": "mg", "max_mg": "mg", **_SOURCED},
    "tolerances": {
        "accept_k?": "whole",
        "dispute_k?": "whole",
        "abs_pct?": "percent",
        "mg?": "mg",
        **_SOURCED,
    },
    "finding_limits": {"value": "whole", "unit": "text", **_NAMED, **_SOURCED},
    "stages": {"processes": "texts", **_NAMED, **_SOURCED},
    "regimes": {"law": "text", **_NAMED, **_SOURCED},
    "regime_rules": {
        "texts?": "texts",
        "mg?": "mg",
        "ppm?": "ppm",
        "whole?": "whole",
        "day?": "day",
        **_NAMED,
        **_SOURCED,
    },
}


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong at `path`, in both languages."""

    path: str
    en: str
    zh: str


def unknown_fields(fields: Fields, row: Mapping[str, Any], path: str) -> Iterator[Problem]:
    """Names that no field of this group has."""
    known = {name.rstrip("?") for name in fields}
    for name in row.keys() - known:
        told = ", ".join(sorted(known))
        yield Problem(f"{path}.{name}", f"no such field, there are {told}", f"没有此字段，可用：{told}")


def fields_problems(fields: Fields, row: object, path: str) -> Iterator[Problem]:
    """Everything wrong with one row or group."""
    if not isinstance(row, dict):
        yield Problem(path, "must be an object", "必须是对象")
        return
    yield from unknown_fields(fields, row, path)
    for name, kind in fields.items():
        plain, value = name.rstrip("?"), row.get(name.rstrip("?"))
        if plain not in row:
            if plain == name:
                yield Problem(f"{path}.{plain}", "is missing", "缺失")
        elif isinstance(kind, Mapping):
            yield from fields_problems(kind, value, f"{path}.{plain}")
        elif not KINDS[kind].fits(value):
            yield Problem(f"{path}.{plain}", f"must be {KINDS[kind].en}", f"应为{KINDS[kind].zh}")


def problems(tables: Mapping[str, Mapping[str, Any]], conserving: frozenset[str]) -> Iterator[Problem]:
    """Everything wrong with whole tables: each field's kind first, and what rows say of each other if those fit."""
    found = False
    for table, rows in tables.items():
        for key, row in rows.items():
            for problem in fields_problems(TABLES[table], row, f"{table}.{key}"):
                found = True
                yield problem
    if not found:
        yield from _contradictions(tables, conserving)


def _contradictions(tables: Mapping[str, Mapping[str, Any]], conserving: frozenset[str]) -> Iterator[Problem]:
    """What one row says against another, or against itself."""
    for key, row in tables["processes"].items():
        for group in ("yield", "adds"):
            steps = [row[group][name] for name in _RISING if name in row[group]] if group in row else []
            if steps != sorted(steps):
                yield Problem(f"processes.{key}.{group}", "must rise from min over typ to max", "应由小到大")
        if row.get("conserving", False) != (key in conserving):
            yield Problem(f"processes.{key}.conserving", "is fixed for each process", "各工序的此项是固定的")
    for key, row in tables["magnet_mass"].items():
        if row["min_mg"] > row["max_mg"]:
            yield Problem(f"magnet_mass.{key}.min_mg", "must not be above max_mg", "不得大于 max_mg")
    for table, field, other in _NAMES_ANOTHER:
        for key, row in tables[table].items():
            if field in row and row[field] not in tables[other]:
                yield Problem(f"{table}.{key}.{field}", f"is no key of {other}", f"不在 {other} 表中")
    for key in sorted(tables["moistures"].keys() - tables["products"].keys() - set(FORMS)):
        yield Problem(f"moistures.{key}", "is neither a form nor a product", "既不是形态，也不是产品")
    yield from _odd_splits(tables)
    if "default" not in tables["assay_methods"]:
        yield Problem("assay_methods.default", "is missing", "缺失")


_RISING = ("min_ppm", "typ_ppm", "max_ppm")
_NAMES_ANOTHER = (("feed_classes", "profile", "ore_profiles"), ("grades", "product", "products"))


def _odd_splits(tables: Mapping[str, Mapping[str, Any]]) -> Iterator[Problem]:
    tolerance = Decimal(tables["tolerances"]["assay_sum"]["abs_pct"])
    for key, row in tables["products"].items():
        split = row.get("composition", {}).get("split_pct")
        if split and not _is_whole(split, row, tolerance):
            yield Problem(f"products.{key}.composition.split_pct", "must add up to 100 %", "合计应为 100 %")


def _is_whole(split: list[list[str]], row: Mapping[str, Any], tolerance: Decimal) -> bool:
    """The main elements make up the whole but for the traces that the product may hold."""
    missing = 100 - sum(Decimal(share[1]) for share in split)
    traces = Decimal(row["holds"]["trace_pct"]) if "holds" in row else Decimal(0)
    return -tolerance <= missing <= tolerance + traces
