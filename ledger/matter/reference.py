"""Reference data: factors, products, processes, ores, methods and rules, as tables in which each number has its source.

The data is an argument, never a constant: an organisation lays its own file over the shipped one, and every entry
records in `ruleset` what was in force. The tables are files in ledger/matter/data (docs/reference-data.md).

An own file is a JSON object of tables, each an object of rows: `{"processes": {"machine": {…}}}`. A row laid over a
shipped one replaces the fields that it names, each as a whole, and says its own `source` and `confidence`; a row with a
new key is a new row. `version` may stand beside the tables, for people.

Promises: what `parse` answers is complete and of the right kinds; everything wrong with an own file is named in one
Malformed. Does not check that a number is true: its source and confidence stand beside it.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from hashlib import sha256
from itertools import islice
from typing import Any

from ledger.errors import Malformed
from ledger.matter.reference_rows import CLOSED, KINDS, TABLES, Problem, fields_problems, problems, unknown_fields
from ledger.matter.shipped import shipped
from ledger.matter.stock import POOL_PRODUCT

CONSERVING = frozenset({"split", "merge", "blend", "repack", "regrade"})
"""Processes that only part or join what is there: their outputs and losses add up to their inputs, to the milligram."""

OWN_DIGITS = 16
_PROBLEMS_TOLD = 20

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Reference:
    """`version` names the shipped set, `ruleset` that and what lies over it; lookups answer None for the unknown."""

    version: str
    ruleset: str
    tables: Mapping[str, Mapping[str, Row]]
    factors: Mapping[str, Fraction]

    @classmethod
    def parse(cls, own: bytes | None = None) -> "Reference":
        """The shipped tables, with an organisation's own laid over them."""
        version, tables = shipped()
        ruleset = version
        if own is not None:
            laid = _own_tables(own)
            tables = _merged(tables, laid)
            ruleset = f"{version}+{sha256(_canonical(laid)).hexdigest()[:OWN_DIGITS]}" if laid else version
        _refuse(problems(tables, CONSERVING))
        factors = {element: Fraction(row["metal_per_oxide"]) for element, row in tables["elements"].items()}
        return cls(version, ruleset, tables, factors)

    @property
    def products(self) -> Mapping[str, Row]:
        return self.tables["products"]

    @property
    def processes(self) -> Mapping[str, Row]:
        return self.tables["processes"]

    @property
    def packages(self) -> Mapping[str, Row]:
        return self.tables["packages"]

    @property
    def scales(self) -> Mapping[str, Row]:
        return self.tables["scales"]

    def row(self, table: str, key: str) -> Row | None:
        """A table's row; a table that does not exist is a programming mistake."""
        return self.tables[table].get(key)

    def form(self, product: str) -> str | None:
        found = self.products.get(product)
        return None if found is None else str(found["form"])

    def product_name(self, product: str, language: str) -> str:
        if product == POOL_PRODUCT:
            return "pool" if language == "en" else "料仓/槽体"
        found = self.products.get(product)
        return product if found is None else str(found[language])

    def process_name(self, process: str, language: str) -> str:
        found = self.processes.get(process)
        return process if found is None else str(found[language])

    def holds_water(self, product: str) -> bool:
        """Whether net and dry mass may differ; so for a product that is not in the table."""
        return bool(self.products.get(product, {}).get("holds_water", True))

    def moisture_max_pct(self, product: str) -> str | None:
        """The most water that such goods plausibly hold: the product's own row, else that of its form."""
        rows = self.tables["moistures"]
        found = rows.get(product) or rows.get(self.form(product) or "")
        return None if found is None else str(found["max_pct"])

    def keeps_elements(self, process: str) -> bool:
        """Whether the outputs have the composition of what went in; not so for an unknown process."""
        return self.processes.get(process, {}).get("elements") == "kept"

    def yield_ppm(self, process: str) -> tuple[int, int, int] | None:
        """Least, typical and greatest share of an element's mass that comes out."""
        found = self.processes.get(process, {}).get("yield")
        return None if found is None else (found["min_ppm"], found["typ_ppm"], found["max_ppm"])

    def adds_ppm(self, process: str) -> tuple[int, int, tuple[str, ...]]:
        """Mass that the process adds, least and greatest, and the rare earths that may come with it."""
        found = self.processes.get(process, {}).get("adds")
        return (0, 0, ()) if found is None else (found["min_ppm"], found["max_ppm"], tuple(found["elements"]))

    def origin_rule(self, role: str, class_: str) -> Row | None:
        """Whether this role may register goods of this class, of which feed groups, and with which documents."""
        return self.tables["origins"].get(f"{role}:{class_}")

    def tolerance(self, name: str) -> tuple[int, int]:
        """(k up to which a difference is accepted, k beyond which it is disputed)."""
        found = self.tables["tolerances"][name]
        return found["accept_k"], found["dispute_k"]

    def capacity_mg(self, kind: str) -> int | None:
        found = self.packages.get(kind)
        return None if found is None else int(found["capacity_mg"])

    def scale_ppm(self, kind: str) -> int:
        """Relative standard uncertainty (ppm) of a weighing on this kind of scale; the coarsest for an unknown one."""
        found = self.scales.get(kind)
        return int(found["u_ppm"]) if found is not None else max(int(scale["u_ppm"]) for scale in self.scales.values())


def _own_tables(own: bytes) -> dict[str, Any]:
    try:
        laid = json.loads(own, object_pairs_hook=_no_twice, parse_constant=_no_constant)
        _canonical(laid)
    except (ValueError, RecursionError) as error:
        raise Malformed("malformed", field="reference data", why=f"{type(error).__name__}: {error}") from error
    if not isinstance(laid, dict):
        raise Malformed("malformed", field="reference data", why="it must be an object of tables")
    return laid


def _no_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("a key stands twice in one object")
    return made


def _no_constant(text: str) -> Any:
    raise ValueError(f"{text} is no number")


def _canonical(laid: Mapping[str, Any]) -> bytes:
    """The same for the same content, however it was written: sorted keys, no spaces, UTF-8."""
    return json.dumps(laid, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def _merged(shipped_tables: Mapping[str, Mapping[str, Row]], laid: Mapping[str, Any]) -> dict[str, dict[str, Row]]:
    _refuse(_own_problems(shipped_tables, laid))
    merged = {table: dict(rows) for table, rows in shipped_tables.items()}
    for table in laid.keys() & merged.keys():
        for key, row in laid[table].items():
            merged[table][key] = {**merged[table].get(key, {}), **row}
    return merged


def _own_problems(shipped_tables: Mapping[str, Mapping[str, Row]], laid: Mapping[str, Any]) -> Iterator[Problem]:
    """What is wrong with an own file by itself; what is wrong once it is laid over the shipped one comes after."""
    tables = ", ".join(TABLES)
    for table, rows in laid.items():
        if table == "version":
            if not KINDS["text"].fits(rows):
                yield Problem(table, f"must be {KINDS['text'].en}", f"应为{KINDS['text'].zh}")
        elif table not in TABLES:
            yield Problem(table, f"no such table, there are {tables}", f"没有此表，可用：{tables}")
        elif not isinstance(rows, dict):
            yield Problem(table, "must be an object of rows", "必须是由各行组成的对象")
        else:
            for key, row in rows.items():
                yield from _row_problems(shipped_tables[table], table, key, row)


def _row_problems(shipped_rows: Mapping[str, Row], table: str, key: str, row: Any) -> Iterator[Problem]:
    path = f"{table}.{key}"
    if not KINDS["code"].fits(key):
        yield Problem(table, f"{key!r} is no code without spaces", f"{key!r} 不是代码")
    elif key not in shipped_rows and table in CLOSED:
        yield Problem(path, "this table takes no new rows", "此表不能增加新行")
    elif not isinstance(row, dict):
        yield Problem(path, "must be an object", "必须是对象")
    elif key not in shipped_rows:
        yield from fields_problems(TABLES[table], row, path)
    else:
        yield from unknown_fields(TABLES[table], row, path)
        for name in ("source", "confidence"):
            if name not in row:
                yield Problem(f"{path}.{name}", "is missing: say where your numbers are from", "缺失：请说明数据来源")


def _refuse(found: Iterator[Problem]) -> None:
    told = list(islice(found, _PROBLEMS_TOLD))
    if told:
        raise Malformed(
            "reference-wrong",
            field=told[0].path,
            en="; ".join(f"{problem.path}: {problem.en}" for problem in told) + ".",
            zh="；".join(f"{problem.path}：{problem.zh}" for problem in told) + "。",
        )
