"""From ids as people and entries write them to the small numbers that tables join on, and back.

An id is written bare if our own log made it, else `log#id`. In tables it is the number of a log and 16 bytes.
Numbers are never shown: they mean nothing outside this file.
"""

from collections.abc import Iterable
from itertools import count

from ledger.entries import id_bytes, id_text
from nodes.store.engine import Connection
from nodes.store.sql import next_no, select_in

OWN = 0
"""The number of our own log."""

_LOGS = "SELECT origin, no FROM logs WHERE origin IN ({})"
_ADD_LOG = "INSERT INTO logs (no, origin) VALUES (?, ?)"
_NUMBERS = {
    "batches": "SELECT id, no FROM batches WHERE log_no = ? AND id IN ({})",
    "units": "SELECT id, no FROM units WHERE log_no = ? AND id IN ({})",
}


def log_numbers(conn: Connection, origins: Iterable[str]) -> dict[str, int]:
    """Those of `origins` that were ever heard of."""
    return dict(select_in(conn, _LOGS, sorted(set(origins))))


def add_logs(conn: Connection, origins: Iterable[str]) -> dict[str, int]:
    """The numbers of all `origins`; new ones are numbered in the order given."""
    wanted = list(dict.fromkeys(origins))
    known = log_numbers(conn, wanted) if wanted else {}
    new = [origin for origin in wanted if origin not in known]
    if new:
        added = dict(zip(new, count(next_no(conn, "logs")), strict=False))
        conn.executemany(_ADD_LOG, [(no, origin) for origin, no in added.items()])
        known |= added
    return known


def spell(log_no: int, origin: str, raw: bytes) -> str:
    return id_text(raw) if log_no == OWN else f"{origin}#{id_text(raw)}"


def by_log(conn: Connection, ids: Iterable[str]) -> list[tuple[int, dict[bytes, str]]]:
    """`ids` parted by the log that made them: its number, and the raw ids with the text each was given as.

    Ids of logs never heard of are left out: nothing of theirs is here.
    """
    parted: dict[str, dict[bytes, str]] = {}
    for id_ in ids:
        origin, _, bare = id_.rpartition("#")
        parted.setdefault(origin, {})[id_bytes(bare)] = id_
    logs = log_numbers(conn, parted) if any(parted) else {}
    logs[""] = OWN
    return [(logs[origin], raw_ids) for origin, raw_ids in parted.items() if origin in logs]


def places(conn: Connection, ids: Iterable[str]) -> dict[str, tuple[int, bytes]]:
    """The log number and the raw id of each of `ids`, for rows to be added; logs not heard of before get numbers."""
    parted = [(id_, *id_.rpartition("#")[::2]) for id_ in ids]
    logs = add_logs(conn, (origin for _, origin, _ in parted if origin))
    logs[""] = OWN
    return {id_: (logs[origin], id_bytes(bare)) for id_, origin, bare in parted}


def shipment_bytes(id_: str) -> bytes:
    """Of one of our shipments. Those of a log that ours succeeds have its name before the id, as rare without."""
    return id_bytes(id_.rpartition("#")[2])


def numbers(conn: Connection, table: str, ids: Iterable[str]) -> dict[str, int]:
    """The numbers of those `ids` that `table` ("batches" or "units") has."""
    return {
        raw_ids[raw]: no
        for log_no, raw_ids in by_log(conn, ids)
        for raw, no in select_in(conn, _NUMBERS[table], raw_ids, (log_no,))
    }
