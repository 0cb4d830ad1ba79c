"""What is here, one by one, and page by page with the newest first.

A page takes `before`, the `no` of the last record of the page before it, so rows added meanwhile shift nothing.
"""

from collections.abc import Iterable
from typing import Any, TypeVar

from ledger.errors import Unknown
from ledger.matter.events import is_id
from ledger.matter.stock import Arrival, Unit, load_arrival, load_shipment
from nodes.store.engine import Connection
from nodes.store.numbers import numbers, shipment_bytes
from nodes.store.records import Answer, ArrivalRecord, BatchRecord, ShipmentRecord, UnitRecord
from nodes.store.sql import select_in
from nodes.store.stock import BATCH, UNIT, batches_of, unit_of

LATEST = 2**62
"""`before` of a first page."""

_AT_SITE = (
    "(EXISTS (SELECT 1 FROM holdings h WHERE h.batch_no = b.no AND h.site = ?) OR EXISTS (SELECT 1 FROM units u"
    " WHERE u.batch_no = b.no AND u.site = ? AND u.state IN ('here', 'quarantined')))"
)
_SHIPMENT = "SELECT no, state, made_by, external_ref FROM shipments"
_SHIPPED_WITH = (
    "SELECT DISTINCT s.no, s.state, s.made_by, s.external_ref FROM going g JOIN shipments s ON s.no = g.shipment_no"
    " WHERE g.batch_no IN ({})"
)
_UNITS_OF = f"{UNIT} WHERE u.batch_no IN ({{}})"
_ARRIVALS_FROM = "SELECT state FROM arrivals WHERE state IS NOT NULL AND sender IN ({})"
_ARRIVAL = "SELECT no, id, sender, purpose, at, offered_by, state FROM arrivals"
_ANSWERS = "SELECT shipment_no, entry_no, final, declined FROM answers WHERE shipment_no IN ({})"
_Record = TypeVar("_Record")


# -- pages --------------------------------------------------------------------------------------------------------


def batches(
    conn: Connection,
    *,
    before: int = LATEST,
    limit: int = 50,
    product: str | None = None,
    site: str | None = None,
    on_hand: bool = False,
) -> list[BatchRecord]:
    """Batches that are or were here: of a product, at a site, or those of which anything is left."""
    conditions: list[tuple[str, tuple[Any, ...]]] = [("b.no < ?", (before,))]
    if product is not None:
        conditions.append(("b.product = ?", (product,)))
    if site is not None:
        conditions.append((_AT_SITE, (site, site)))
    if on_hand:
        conditions.append(("b.on_hand", ()))
    rows = _page(conn, BATCH, " AND ", conditions, "b.no", limit)
    return _batch_records(conn, rows)


def units(
    conn: Connection,
    *,
    before: int = LATEST,
    limit: int = 50,
    batch: str | None = None,
    site: str | None = None,
    on_hand: bool = False,
    usable: bool = False,
) -> list[UnitRecord]:
    """Units that are or were here: holding a batch, at a site, those that still stand here, our own to use or send."""
    conditions: list[tuple[str, tuple[Any, ...]]] = [("u.no < ?", (before,))]
    if batch is not None:
        found = numbers(conn, "batches", [batch]) if is_id(batch) else {}
        conditions.append(("u.batch_no = ?", (found.get(batch, -1),)))
    if site is not None:
        conditions.append(("u.site = ?", (site,)))
    if on_hand or site is not None:
        conditions.append(("u.state IN ('here', 'quarantined')", ()))
    if usable:
        conditions.append(("u.state = 'here' AND u.owner = ''", ()))
    return [_unit_record(row) for row in _page(conn, UNIT, " WHERE ", conditions, "u.no", limit)]


def shipments(
    conn: Connection, *, before: int = LATEST, limit: int = 50, to: str | None = None, is_open: bool = False
) -> list[ShipmentRecord]:
    """Our shipments: to a node, or those that are not acknowledged."""
    conditions: list[tuple[str, tuple[Any, ...]]] = [("no < ?", (before,))]
    if to is not None:
        conditions.append(("to_name = ?", (to,)))
    if is_open:
        conditions.append(("NOT closed", ()))
    return _shipment_records(conn, _page(conn, _SHIPMENT, " WHERE ", conditions, "no", limit))


def arrivals(
    conn: Connection, *, before: int = LATEST, limit: int = 50, sender: str | None = None, is_open: bool = False
) -> list[ArrivalRecord]:
    """Shipments offered to us: by a node, or those that are not received or declined for good."""
    conditions: list[tuple[str, tuple[Any, ...]]] = [("no < ?", (before,))]
    if sender is not None:
        conditions.append(("sender = ?", (sender,)))
    if is_open:
        conditions.append(("NOT final", ()))
    return [_arrival_record(row) for row in _page(conn, _ARRIVAL, " WHERE ", conditions, "no", limit)]


def _page(
    conn: Connection,
    select: str,
    joint: str,
    conditions: list[tuple[str, tuple[Any, ...]]],
    order: str,
    limit: int,
) -> list[tuple[Any, ...]]:
    """`joint` is what stands between the select and its first further condition."""
    where = " AND ".join(condition for condition, _ in conditions)
    filled = [value for _, values in conditions for value in values]
    return conn.execute(f"{select}{joint}{where} ORDER BY {order} DESC LIMIT ?", (*filled, limit)).fetchall()


# -- one thing ----------------------------------------------------------------------------------------------------


def batch(conn: Connection, id_: str) -> BatchRecord:
    """A batch that is or was here. Unknown otherwise."""
    no = numbers(conn, "batches", [id_]).get(id_) if is_id(id_) else None
    found = [] if no is None else _batch_records(conn, conn.execute(f"{BATCH} AND b.no = ?", (no,)).fetchall())
    return _only(found, Unknown("batch-unknown", field="id", value=id_))


def unit(conn: Connection, id_: str) -> UnitRecord:
    no = numbers(conn, "units", [id_]).get(id_) if is_id(id_) else None
    found = [] if no is None else [_unit_record(row) for row in conn.execute(f"{UNIT} WHERE u.no = ?", (no,))]
    return _only(found, Unknown("unit-unknown", field="id", value=id_))


def shipment(conn: Connection, id_: str) -> ShipmentRecord:
    """A shipment of ours, by its own id."""
    rows: list[Any] = []
    if is_id(id_):
        rows = conn.execute(f"{_SHIPMENT} WHERE id = ?", (shipment_bytes(id_),)).fetchall()
    return _only(_shipment_records(conn, rows), Unknown("shipment-unknown", field="id", value=id_))


def arrival(conn: Connection, id_: str) -> ArrivalRecord:
    """A shipment offered to us, by `log#id`."""
    rows = conn.execute(f"{_ARRIVAL} WHERE id = ?", (id_,))
    return _only([_arrival_record(row) for row in rows], Unknown("arrival-unknown", field="id", value=id_))


# -- all of some goods --------------------------------------------------------------------------------------------


def shipments_with(conn: Connection, batches: Iterable[str]) -> list[ShipmentRecord]:
    """All our shipments that have or had a line of one of these batches, oldest first."""
    rows = {row[0]: row for row in select_in(conn, _SHIPPED_WITH, numbers(conn, "batches", batches).values())}
    return _shipment_records(conn, [rows[no] for no in sorted(rows)])


def units_of(conn: Connection, batches: Iterable[str]) -> list[Unit]:
    """All units that hold or held goods of these batches, whatever became of them, oldest first."""
    rows = select_in(conn, _UNITS_OF, numbers(conn, "batches", batches).values())
    return [unit_of(row) for row in sorted(rows)]


def arrivals_from(conn: Connection, senders: Iterable[str]) -> list[Arrival]:
    """What these senders sent us and we have received at least in part."""
    return [load_arrival(text) for (text,) in select_in(conn, _ARRIVALS_FROM, senders)]


def _only(found: list[_Record], unknown: Unknown) -> _Record:
    if not found:
        raise unknown
    return found[0]


# -- rows to records ----------------------------------------------------------------------------------------------


def _batch_records(conn: Connection, rows: list[tuple[Any, ...]]) -> list[BatchRecord]:
    states = batches_of(conn, rows)
    return [BatchRecord(row[0], state, *row[10:14]) for row, state in zip(rows, states, strict=True)]


def _unit_record(row: tuple[Any, ...]) -> UnitRecord:
    return UnitRecord(row[0], unit_of(row), *row[18:20])


def _shipment_records(conn: Connection, rows: Iterable[tuple[Any, ...]]) -> list[ShipmentRecord]:
    kept = list(rows)
    answers: dict[int, list[Answer]] = {}
    for no, entry_no, final, declined in select_in(conn, _ANSWERS, (row[0] for row in kept)):
        answers.setdefault(no, []).append(Answer(entry_no, bool(final), bool(declined)))
    return [
        ShipmentRecord(no, load_shipment(text), made_by, ref, tuple(answers.get(no, ())))
        for no, text, made_by, ref in kept
    ]


def _arrival_record(row: tuple[Any, ...]) -> ArrivalRecord:
    no, id_, sender, purpose, at, offered_by, state = row
    return ArrivalRecord(no, id_, sender, purpose, at, offered_by, None if state is None else load_arrival(state))
