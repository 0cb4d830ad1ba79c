"""Scans are counted by label, day and reader, and no reader is kept beyond the day."""

from hashlib import sha256

import pytest

from nodes.store import scans
from nodes.store.scans import READERS_MAX, Scans

ONE, OTHER = sha256(b"one").digest(), sha256(b"other").digest()


@pytest.fixture
def conn(store):
    with store.write() as conn:
        yield conn


def readers(conn):
    return conn.execute("SELECT count(*) FROM scan_readers").fetchone()[0]


def test_nobody_scanned_it(conn):
    assert scans.find(conn, ONE) is None


def test_times_days_and_readers(conn):
    first, again, later = "2026-11-22T09:00:00.000Z", "2026-11-22T23:59:59.999Z", "2026-11-23T00:00:00.000Z"
    for at, reader in ((first, b"a"), (first, b"a"), (again, b"b"), (later, b"c")):
        scans.add(conn, ONE, at, reader)
    assert scans.find(conn, ONE) == Scans(first, later, times=4, days=2, readers=3)
    assert scans.find(conn, OTHER) is None


def test_a_reader_is_forgotten_when_the_day_is_over(conn):
    scans.add(conn, ONE, "2026-11-22T09:00:00.000Z", b"a")
    scans.add(conn, OTHER, "2026-11-22T09:00:00.000Z", b"a")
    assert readers(conn) == 2
    scans.add(conn, OTHER, "2026-11-23T09:00:00.000Z", b"b")
    assert [tuple(row) for row in conn.execute("SELECT label, reader FROM scan_readers")] == [(OTHER, b"b")]


def test_however_many_come_the_table_stays_small(conn):
    for number in range(READERS_MAX + 10):
        scans.add(conn, ONE, "2026-11-22T09:00:00.000Z", number.to_bytes(2))
    assert readers(conn) == READERS_MAX
    found = scans.find(conn, ONE)
    assert (found.times, found.readers) == (READERS_MAX + 10, READERS_MAX)


def test_a_clock_put_back_adds_no_day(conn):
    scans.add(conn, ONE, "2026-11-23T09:00:00.000Z", b"a")
    scans.add(conn, ONE, "2026-11-22T09:00:00.000Z", b"a")
    found = scans.find(conn, ONE)
    assert (found.days, found.last_at) == (1, "2026-11-23T09:00:00.000Z")
