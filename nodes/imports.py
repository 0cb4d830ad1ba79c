"""Imports: spreadsheets that somebody brought, kept until they are dropped or others follow.

    bring                   a file, whole, with what kind of rows it has; the same file of the same person goes on
    ask                     how it is to be read: sheet, columns, what every row says
    begin, report           it is being looked through or recorded by a job; what came of that

A job lives as long as the process, an import does not end with it: it can be looked through again, and no row is
recorded twice. How headings were mapped is remembered for the next one with the same. Files are kept for the last
`KEPT` imports of a person, the rest of what is known of an import for good.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from secrets import token_urlsafe
from typing import Any

from ledger.errors import LodetraceError, Unknown
from nodes.clock import stamp
from nodes.jobs import Job
from nodes.node import Node
from nodes.sheets import rows, workbook
from nodes.store import imports
from nodes.store.imports import StoredImport

KEPT = 20


@dataclass(frozen=True, slots=True)
class Asked:
    """How a file is to be read. `columns`: place → letter, empty for a column that is not to be read; `fixed`: place →
    what every row says; `reason` answers all questions.
    """

    kind: str
    sheet: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    fixed: Mapping[str, str] = field(default_factory=dict)
    zone: str = "+08:00"
    reason: str | None = None

    def text(self) -> str:
        found = {name: getattr(self, name) for name in self.__slots__}
        return json.dumps(found, ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class Brought:
    """An import, with how it is read. `report` is what came of it last, or `{"problem": {"code", "en", "zh"}}`."""

    stored: StoredImport
    asked: Asked
    report: Mapping[str, Any] | None


def bring(node: Node, owner: str, name: str, kind: str, data: bytes) -> str:
    """Its id. Malformed for what is no spreadsheet, or of no kind."""
    rows.kind_of(kind)
    titles = workbook.titles(data)
    hash_ = sha256(data).digest()
    with node.store.write() as conn:
        for one in imports.same(conn, hash_):
            if (
                one.owner == owner
                and _asked(one.asked).kind == kind
                and not _recorded(one)
                and imports.content(conn, one.id)
            ):
                return one.id
        id_ = token_urlsafe(12)
        imports.add(conn, id_, owner, name[:200], hash_, data, Asked(kind, titles[0]).text(), stamp(node.clock()))
        imports.keep_last(conn, owner, KEPT)
    _remember(node, id_, data)
    return id_


def of(node: Node, owner: str) -> list[Brought]:
    with node.store.read() as conn:
        return [_brought(one) for one in imports.of(conn, owner, KEPT)]


def one(node: Node, owner: str, id_: str) -> Brought:
    """Unknown for one that somebody else brought."""
    with node.store.read() as conn:
        found = imports.one(conn, id_)
    if found is None or found.owner != owner:
        raise Unknown("import-unknown", field="import", value=id_)
    return _brought(found)


def content(node: Node, id_: str) -> bytes:
    """Unknown where the file is no longer kept."""
    with node.store.read() as conn:
        data = imports.content(conn, id_)
    if not data:
        raise Unknown("import-gone", field="import", value=id_)
    return data


def same(node: Node, brought: Brought) -> list[Brought]:
    """The same file, brought before by anybody."""
    with node.store.read() as conn:
        return [_brought(one) for one in imports.same(conn, brought.stored.hash) if one.no < brought.stored.no]


def ask(node: Node, id_: str, asked: Asked) -> None:
    headings = _headings(content(node, id_), asked)
    with node.store.write() as conn:
        imports.ask(conn, id_, asked.text(), headings)


def begin(node: Node, id_: str, start: Callable[[], Job]) -> None:
    """Starts the job that is at it from now on."""
    with node.store.write() as conn:
        imports.clear(conn, id_)
    job = start()
    with node.store.write() as conn:
        imports.begun(conn, id_, job.id)


def report(node: Node, id_: str, found: Mapping[str, Any] | LodetraceError) -> None:
    if isinstance(found, LodetraceError):
        found = {"problem": {"code": found.code, "en": found.text("en"), "zh": found.text("zh")}}
    with node.store.write() as conn:
        imports.reported(conn, id_, json.dumps(found, ensure_ascii=False))


def drop(node: Node, id_: str) -> None:
    with node.store.write() as conn:
        imports.drop(conn, id_)


def _remember(node: Node, id_: str, data: bytes) -> None:
    """Reads the new file as the last one with the same headings was read."""
    with node.store.read() as conn:
        found = imports.one(conn, id_)
    assert found is not None, "it was just added"
    asked = _asked(found.asked)
    headings = _headings(data, asked)
    with node.store.write() as conn:
        before = imports.alike(conn, headings)
        if before is not None:
            old = _asked(before.asked)
            asked = Asked(asked.kind, asked.sheet, old.columns, old.fixed, old.zone)
        imports.ask(conn, id_, asked.text(), headings)


def _headings(data: bytes, asked: Asked) -> bytes:
    heads = rows.headings(workbook.read(data, asked.sheet, rows.HEADERS_WITHIN), rows.kind_of(asked.kind))
    return sha256(json.dumps([asked.kind, heads], ensure_ascii=False).encode()).digest()


def _asked(text: str) -> Asked:
    return Asked(**json.loads(text))


def _recorded(stored: StoredImport) -> bool:
    return bool(stored.report) and bool(json.loads(stored.report).get("recorded"))


def _brought(stored: StoredImport) -> Brought:
    return Brought(stored, _asked(stored.asked), json.loads(stored.report) if stored.report else None)
