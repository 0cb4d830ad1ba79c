"""The states of custody in tables: what ledger/matter/custody.py reads, and where its changes go.

    load(conn, keys)            the states of those keys that exist
    save(conn, changes, made)   the states after a group of events

Promises: `load` gives back exactly what was saved, in a few statements for any number of keys; new rows are numbered in
the order of `changes`, so whatever is saved event by event in log order gets the same numbers however the events are
grouped. Does not check that the states are right: custody made them.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import count as counted_from
from typing import Any

from ledger.matter.stock import (
    KEPT,
    Arrival,
    Batch,
    Consent,
    Correction,
    Device,
    Holding,
    Key,
    Locked,
    Month,
    Pool,
    Shipment,
    State,
    Unit,
    dump_locks,
    dump_marks,
    dump_state,
    load_arrival,
    load_kept,
    load_locks,
    load_marks,
    load_shipment,
)
from nodes.store import states
from nodes.store.engine import Connection
from nodes.store.numbers import by_log, numbers, places, shipment_bytes, spell
from nodes.store.records import Making
from nodes.store.sql import PART, next_no, select_in

# Columns are listed once per table; the functions that turn rows into states take them in this order.
BATCH = (
    "SELECT b.no, l.no, l.origin, b.id, b.product, b.basis, b.counted, b.lot_no, b.packed_mg, b.packed_count,"
    " b.made_by, b.at, b.country, b.external_ref, b.locks, b.recalled"
    " FROM batches b JOIN logs l ON l.no = b.log_no WHERE b.basis IS NOT NULL"
)
UNIT = (
    "SELECT u.no, l.no, l.origin, u.id, m.no, m.origin, b.id, u.kind, u.serial, u.net_mg, u.count, u.seal, u.site,"
    " u.owner, u.state, u.inside, u.contains, u.shipment,"
    " coalesce(u.packed_by, p.entry_no), coalesce(u.item, p.item), u.locks"
    " FROM units u JOIN logs l ON l.no = u.log_no JOIN batches b ON b.no = u.batch_no JOIN logs m ON m.no = b.log_no"
    " LEFT JOIN labels p ON p.log_no = u.log_no AND p.id = u.id"
)
_BATCHES = f"{BATCH} AND b.log_no = ? AND b.id IN ({{}})"
_HOLDINGS = (
    "SELECT batch_no, site, owner, mg, count FROM holdings WHERE batch_no IN ({}) ORDER BY batch_no, site, owner"
)
_UNITS = f"{UNIT} WHERE u.log_no = ? AND u.id IN ({{}})"
_SHIPMENTS = "SELECT state FROM shipments WHERE id IN ({})"
_ARRIVALS = "SELECT state FROM arrivals WHERE state IS NOT NULL AND id IN ({})"

_NEW_BATCH = (
    "INSERT INTO batches (no, log_no, id, product, lot_no, basis, counted, packed_mg, packed_count,"
    " locks, recalled, on_hand, made_by, at, country, external_ref, made_mg)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_BATCH_COMES = (
    "UPDATE batches SET product = ?, lot_no = ?, basis = ?, counted = ?, packed_mg = ?, packed_count = ?, locks = ?,"
    " recalled = ?, on_hand = ? WHERE no = ?"
)
_CHANGED = (
    "UPDATE batches SET lot_no = ?, packed_mg = ?, packed_count = ?, locks = ?, recalled = ?, on_hand = ? WHERE no = ?"
)
_CLEAR_HOLDINGS = "DELETE FROM holdings WHERE batch_no = ?"
_NEW_HOLDING = "INSERT INTO holdings (batch_no, site, owner, mg, count) VALUES (?, ?, ?, ?, ?)"
_NEW_UNIT = (
    "INSERT INTO units (batch_no, kind, serial, net_mg, count, seal, site, owner, state, inside, contains, shipment,"
    " locks, no, log_no, id, packed_by, item) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_UNIT_CHANGES = (
    "UPDATE units SET batch_no = ?, kind = ?, serial = ?, net_mg = ?, count = ?, seal = ?, site = ?, owner = ?,"
    " state = ?, inside = ?, contains = ?, shipment = ?, locks = ? WHERE no = ?"
)
_NEW_SHIPMENT = (
    "INSERT INTO shipments (closed, state, id, no, to_name, purpose, at, made_by, external_ref)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_SHIPMENT_CHANGES = "UPDATE shipments SET closed = ?, state = ? WHERE id = ?"
_GOING = "INSERT INTO going (batch_no, shipment_no) VALUES (?, ?)"
_NEW_ARRIVAL = "INSERT INTO arrivals (final, declined, state, id, no, sender, purpose) VALUES (?, ?, ?, ?, ?, ?, ?)"
_ARRIVAL_CHANGES = "UPDATE arrivals SET final = ?, declined = ?, state = ? WHERE id = ?"
_KNOWN_SHIPMENTS = "SELECT id FROM shipments WHERE id IN ({})"
_KNOWN_ARRIVALS = "SELECT id FROM arrivals WHERE id IN ({})"
_TOLD_OF = "SELECT no FROM batches WHERE basis IS NULL AND no IN ({})"

_MISMARKED = (
    "SELECT l.no, l.origin, b.id FROM batches b JOIN logs l ON l.no = b.log_no WHERE b.on_hand <> (b.basis IS NOT NULL"
    " AND (b.packed_mg > 0 OR EXISTS (SELECT 1 FROM holdings h WHERE h.batch_no = b.no))) LIMIT 1"
)

_UNTOLD = Making(None)


# -- reading ------------------------------------------------------------------------------------------------------


def load(conn: Connection, keys: Iterable[Key]) -> dict[Key, State]:
    """The states of those keys that exist; a batch that upstream entries only tell of is no stock and has none."""
    ids: dict[str, list[str]] = {"batch": [], "unit": [], "shipment": [], "arrival": []}
    for kind, id_ in keys:
        ids.setdefault(kind, []).append(id_)
    rows: list[tuple[Any, ...]] = []
    for log_no, raw_ids in by_log(conn, ids["batch"]):
        rows += select_in(conn, _BATCHES, raw_ids, (log_no,))
    found: list[State] = [*batches_of(conn, rows)]
    for log_no, raw_ids in by_log(conn, ids["unit"]):
        found += [unit_of(row) for row in select_in(conn, _UNITS, raw_ids, (log_no,))]
    found += [load_shipment(text) for (text,) in select_in(conn, _SHIPMENTS, map(shipment_bytes, ids["shipment"]))]
    found += [load_arrival(text) for (text,) in select_in(conn, _ARRIVALS, ids["arrival"])]
    for kind in KEPT & ids.keys():
        found += [load_kept(kind, text) for text in states.load(conn, kind, ids[kind]).values()]
    return {state.key: state for state in found}


def everything(conn: Connection) -> Iterator[State]:
    """Every state in the tables: batches, units, shipments and arrivals as they came, then the rest."""
    batches = conn.execute(f"{BATCH} ORDER BY b.no")
    while rows := batches.fetchmany(PART):
        yield from batches_of(conn, rows)
    yield from map(unit_of, conn.execute(f"{UNIT} ORDER BY u.no"))
    for (text,) in conn.execute("SELECT state FROM shipments ORDER BY no"):
        yield load_shipment(text)
    for (text,) in conn.execute("SELECT state FROM arrivals WHERE state IS NOT NULL ORDER BY no"):
        yield load_arrival(text)
    for kind in sorted(KEPT):
        yield from (load_kept(kind, text) for text in states.every(conn, kind).values())


def mismarked(conn: Connection) -> Key | None:
    """A batch that is marked as on hand and is not, or the other way round: lists of what is on hand go by the mark."""
    row = conn.execute(_MISMARKED).fetchone()
    return None if row is None else ("batch", spell(*row))


def batches_of(conn: Connection, rows: Sequence[tuple[Any, ...]]) -> list[Batch]:
    """Rows of `BATCH` as states, in the same order, with their holdings."""
    loose: dict[int, list[Holding]] = {}
    for batch_no, site, owner, mg, count in select_in(conn, _HOLDINGS, (row[0] for row in rows)):
        loose.setdefault(batch_no, []).append(Holding(site, owner, mg, count))
    return [
        Batch(
            *(spell(log_no, origin, raw), product, basis, bool(counted), lot_no, tuple(loose.get(no, ())), mg, count),
            locks=load_locks(locks),
            recalled=recalled,
        )
        for no, log_no, origin, raw, product, basis, counted, lot_no, mg, count, *_, locks, recalled in rows
    ]


def unit_of(row: tuple[Any, ...]) -> Unit:
    """A row of `UNIT` as a state."""
    _, log_no, origin, raw, batch_log_no, batch_origin, batch_raw = row[:7]
    kind, serial, net_mg, count, seal, site, owner, state, inside, contains, shipment = row[7:18]
    return Unit(
        spell(log_no, origin, raw),
        spell(batch_log_no, batch_origin, batch_raw),
        kind,
        serial,
        net_mg,
        count,
        seal,
        site,
        owner,
        state,
        inside,
        tuple(contains.split(" ")) if contains else (),
        shipment,
        load_marks(row[20]),
    )


# -- writing ------------------------------------------------------------------------------------------------------


def save(conn: Connection, changes: Mapping[Key, State], made: Mapping[Key, Making]) -> None:
    """Writes the states after a group of events.

    `made` says of own batches, units and shipments how they came into being: those of them in `changes` are new, and
    whoever is not in `made` may be new or not. Batches before units, for units refer to them.
    """
    batches = [state for state in changes.values() if isinstance(state, Batch)]
    units = [state for state in changes.values() if isinstance(state, Unit)]
    if batches:
        _save_batches(conn, batches, made)
    if units:
        _save_units(conn, units, made)
    shipments = [state for state in changes.values() if isinstance(state, Shipment)]
    if shipments:
        _save_shipments(conn, shipments, made)
    arrivals = [state for state in changes.values() if isinstance(state, Arrival)]
    if arrivals:
        _save_arrivals(conn, arrivals)
    for state in changes.values():
        if isinstance(state, (Locked, Pool, Correction, Consent, Month, Device)):
            states.save(conn, state.key[0], {state.key[1]: dump_state(state)})


def _is_new(state: Batch | Unit, made: Mapping[Key, Making]) -> bool:
    """Ids of our own are made once, by chance: what an event of this group made needs no looking up."""
    return state.key in made and "#" not in state.id


def _save_batches(conn: Connection, batches: Sequence[Batch], made: Mapping[Key, Making]) -> None:
    known = numbers(conn, "batches", (batch.id for batch in batches if not _is_new(batch, made)))
    told_of = {no for (no,) in select_in(conn, _TOLD_OF, known.values())}
    places_of = places(conn, (batch.id for batch in batches if batch.id not in known))
    numbered = known | dict(zip(places_of, counted_from(next_no(conn, "batches")), strict=False))
    added, coming, changed, loose = [], [], [], []
    for batch in batches:
        no = numbered[batch.id]
        marks = (dump_locks(batch.locks), batch.recalled, bool(batch.loose) or batch.packed_mg > 0)
        stock = (batch.product, batch.lot_no, batch.basis, batch.counted, batch.packed_mg, batch.packed_count, *marks)
        if batch.id in places_of:
            how = made.get(batch.key, _UNTOLD)
            added.append(
                (no, *places_of[batch.id], *stock, how.entry_no, how.at, how.country, how.external_ref, how.mg)
            )
        elif no in told_of:
            coming.append((*stock, no))
        else:
            changed.append((batch.lot_no, batch.packed_mg, batch.packed_count, *marks, no))
        loose += [(no, here.site, here.owner, here.mg, here.count) for here in batch.loose]
    conn.executemany(_NEW_BATCH, added)
    conn.executemany(_BATCH_COMES, coming)
    conn.executemany(_CHANGED, changed)
    conn.executemany(_CLEAR_HOLDINGS, [row[-1:] for row in changed])
    conn.executemany(_NEW_HOLDING, loose)


def _save_units(conn: Connection, units: Sequence[Unit], made: Mapping[Key, Making]) -> None:
    known = numbers(conn, "units", (unit.id for unit in units if not _is_new(unit, made)))
    batch_numbers = numbers(conn, "batches", {unit.batch for unit in units})
    places_of = places(conn, (unit.id for unit in units if unit.id not in known))
    numbered = known | dict(zip(places_of, counted_from(next_no(conn, "units")), strict=False))
    added, changed = [], []
    for unit in units:
        no = numbered[unit.id]
        columns = (
            *(batch_numbers[unit.batch], unit.kind, unit.serial, unit.net_mg, unit.count, unit.seal, unit.site),
            *(unit.owner, unit.state, unit.inside, " ".join(unit.contains) or None, unit.shipment),
            *(dump_marks(unit.locks), no),
        )
        if unit.id in places_of:
            how = made.get(unit.key, _UNTOLD)
            added.append((*columns, *places_of[unit.id], how.entry_no, how.item))
        else:
            changed.append(columns)
    conn.executemany(_NEW_UNIT, added)
    conn.executemany(_UNIT_CHANGES, changed)


def _save_shipments(conn: Connection, shipments: Sequence[Shipment], made: Mapping[Key, Making]) -> None:
    known = {raw for (raw,) in select_in(conn, _KNOWN_SHIPMENTS, (shipment_bytes(one.id) for one in shipments))}
    batches = numbers(conn, "batches", {line.batch for one in shipments for line in one.lines})
    fresh = counted_from(next_no(conn, "shipments"))
    added, changed, going = [], [], []
    for one in shipments:
        columns = (one.closed, dump_state(one), shipment_bytes(one.id))
        if columns[-1] in known:
            changed.append(columns)
            continue
        no, how = next(fresh), made.get(one.key, _UNTOLD)
        added.append((*columns, no, one.to, one.purpose, one.at, how.entry_no, how.external_ref))
        going += [(batch_no, no) for batch_no in dict.fromkeys(batches[line.batch] for line in one.lines)]
    conn.executemany(_NEW_SHIPMENT, added)
    conn.executemany(_SHIPMENT_CHANGES, changed)
    conn.executemany(_GOING, going)


def _save_arrivals(conn: Connection, arrivals: Sequence[Arrival]) -> None:
    known = {id_ for (id_,) in select_in(conn, _KNOWN_ARRIVALS, (one.id for one in arrivals))}
    fresh = counted_from(next_no(conn, "arrivals"))
    added, changed = [], []
    for one in arrivals:
        columns = (one.final, one.declined, dump_state(one), one.id)
        if one.id in known:
            changed.append(columns)
        else:
            added.append((*columns, next(fresh), one.sender, one.purpose))
    conn.executemany(_NEW_ARRIVAL, added)
    conn.executemany(_ARRIVAL_CHANGES, changed)
