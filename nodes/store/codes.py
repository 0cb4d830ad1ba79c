"""Which thing a code of the organisation's own means, and a few single facts about batches.

A code is an id, else the lot number or external reference of a batch, the external reference of a shipment, or the
serial of a unit. What means several things is refused with the candidates, never guessed.
"""

from collections.abc import Sequence
from typing import Any

from ledger.errors import Conflict, Unknown
from ledger.matter.events import is_id
from nodes.store.engine import Connection
from nodes.store.numbers import OWN, numbers, spell

CANDIDATES = 5
"""How many of the things it may mean an ambiguous code is answered with."""
_MOST = 100

# Two indexed look-ups; an OR over two columns would walk the table.
_BATCHES = (
    "SELECT l.no, l.origin, b.id FROM (SELECT no FROM batches WHERE lot_no = ?1"
    " UNION SELECT no FROM batches WHERE external_ref = ?1) n JOIN batches b ON b.no = n.no"
    " JOIN logs l ON l.no = b.log_no WHERE b.basis IS NOT NULL ORDER BY b.no DESC LIMIT ?2"
)
_CALLED = _BATCHES.replace(" WHERE b.basis IS NOT NULL", "")
_UNITS = (
    "SELECT l.no, l.origin, u.id FROM units u JOIN logs l ON l.no = u.log_no WHERE u.serial = ?1"
    " ORDER BY u.no DESC LIMIT ?2"
)
_SHIPMENTS = f"SELECT {OWN}, '', id FROM shipments WHERE external_ref = ?1 ORDER BY no DESC LIMIT ?2"  # noqa: S608
_MADE_BY = "SELECT made_by FROM batches WHERE no = ?"
_WORDS = "SELECT product, lot_no FROM batches WHERE no = ?"
_MASSES = "SELECT made_mg FROM batches WHERE product = ? AND made_mg IS NOT NULL ORDER BY no DESC LIMIT ?"


def batches_named(conn: Connection, code: str) -> list[str]:
    """Ids of the batches here that have this lot number or external reference, newest first."""
    return _ids(conn, _BATCHES, code)


def batches_called(conn: Connection, code: str) -> list[str]:
    """The same of batches anywhere, also of those that other logs only tell of."""
    return _ids(conn, _CALLED, code)


def units_named(conn: Connection, serial: str) -> list[str]:
    """Ids of the units with this serial, newest first."""
    return _ids(conn, _UNITS, serial)


def shipments_named(conn: Connection, code: str) -> list[str]:
    """Ids of our shipments with this external reference, newest first."""
    return _ids(conn, _SHIPMENTS, code)


def spellings(code: str) -> list[str]:
    """How a person may have meant what was typed: as it is, else in capitals, else in small letters."""
    return list(dict.fromkeys((code, code.upper(), code.lower())))


def find_batch(conn: Connection, code: str, *, field: str = "batch") -> str:
    """The id of the one batch that `code` means, as our log writes it. By id also one that is only told of."""
    return _known(conn, "batches", code) or one_of(batches_named(conn, code), field, code, "batch-unknown")


def words_of(conn: Connection, batch: str) -> tuple[str | None, str | None]:
    """The product and lot number of a batch, own or only told of, as far as they are known here."""
    no = numbers(conn, "batches", [batch]).get(batch)
    row = None if no is None else conn.execute(_WORDS, (no,)).fetchone()
    return (None, None) if row is None else (row[0], row[1])


def find_unit(conn: Connection, code: str, *, field: str = "unit") -> str:
    """The id of the one unit that `code` means, as our log writes it."""
    return _known(conn, "units", code) or one_of(units_named(conn, code), field, code, "unit-unknown")


def one_of(ids: Sequence[str], field: str, code: str, unknown: str) -> str:
    """The only one of `ids`. Unknown, with the code `unknown`, for none; Conflict for several."""
    if not ids:
        raise Unknown(unknown, field=field, value=code)
    if len(ids) > 1:
        shown = ", ".join(ids[:CANDIDATES])
        raise Conflict("ambiguous-code", field=field, value=code, count=len(ids), candidates=shown)
    return ids[0]


def made_by(conn: Connection, batch: str) -> int | None:
    """The entry_no of the entry that made a batch; None where that is not known here."""
    no = numbers(conn, "batches", [batch]).get(batch)
    row: Any = None if no is None else conn.execute(_MADE_BY, (no,)).fetchone()
    return None if row is None else row[0]


def last_masses(conn: Connection, product: str, limit: int) -> list[int]:
    """How much the last batches of a product were when we made them, oldest first: what a slip is measured by."""
    return [mg for (mg,) in conn.execute(_MASSES, (product, limit))][::-1]


def _ids(conn: Connection, statement: str, code: str) -> list[str]:
    return [spell(log_no, origin, raw) for log_no, origin, raw in conn.execute(statement, (code, _MOST))]


def _known(conn: Connection, table: str, code: str) -> str | None:
    """The id that `code` is, if it is one and `table` has it; our own origin before the id is left out."""
    if not is_id(code) or code not in numbers(conn, table, [code]):
        return None
    (own,) = conn.execute("SELECT origin FROM logs WHERE no = ?", (OWN,)).fetchone()
    return code.removeprefix(f"{own}#")
