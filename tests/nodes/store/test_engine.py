import os
import signal
import sqlite3
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier, Event, Thread

import pytest

from ledger.errors import Unavailable
from nodes.store import engine
from nodes.store.engine import Store
from nodes.store.migrate import REVISION
from tests.nodes.store.rows import ORIGIN

ADD = "INSERT INTO logs (no, origin) VALUES (?, ?)"
COUNT = "SELECT count(*) FROM logs"

HOLD_LOCK = """
import sqlite3, sys
conn = sqlite3.connect(sys.argv[1], isolation_level=None)
conn.execute("BEGIN IMMEDIATE")
print("locked", flush=True)
sys.stdin.readline()
"""
DIE_IN_TRANSACTION = """
import sys
from pathlib import Path
from nodes.store.engine import Store
store = Store.open(Path(sys.argv[1]))
with store.write() as conn:
    conn.execute("INSERT INTO logs (no, origin) VALUES (1, 'committed.example/log')")
with store.write() as conn:
    conn.execute("INSERT INTO logs (no, origin) VALUES (2, 'lost.example/log')")
    print("writing", flush=True)
    sys.stdin.readline()
"""
OPEN_AND_TELL = """
import sys
from pathlib import Path
from nodes.store.engine import Store
Store.open(Path(sys.argv[1])).close()
print(sorted(name for name in ("sqlalchemy", "sqlmodel", "alembic") if name in sys.modules))
"""
WRITE_WITH_SMALL_FILES = """
import resource, sys
from pathlib import Path
from ledger.errors import Unavailable
from nodes.store.engine import Store
store = Store.open(Path(sys.argv[1]))
resource.setrlimit(resource.RLIMIT_FSIZE, (65536, 65536))
try:
    with store.write() as conn:
        conn.executemany("INSERT INTO logs (no, origin) VALUES (?, ?)", ((no, str(no) * 100) for no in range(1, 20000)))
except Unavailable as error:
    print(error.code)
"""


def run(program: str, path: Path) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", program, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def count_logs(store: Store) -> int:
    with store.read() as conn:
        return int(conn.execute(COUNT).fetchone()[0])


def code_of(error: pytest.ExceptionInfo[Unavailable]) -> str:
    assert "node.sqlite" in error.value.text("en")
    assert "node.sqlite" in error.value.text("zh")
    return error.value.code


# -- opening ------------------------------------------------------------------------------------------------------


def test_a_new_database_is_durable_and_its_owners_only(path: Path, store: Store) -> None:
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with store.write() as conn:
        assert conn.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert conn.execute("PRAGMA synchronous").fetchone() == (2,)
        assert conn.execute("PRAGMA foreign_keys").fetchone() == (1,)
        assert conn.execute("SELECT no, origin FROM logs").fetchall() == [(0, ORIGIN)]


def test_what_was_written_is_there_after_opening_again(path: Path, store: Store) -> None:
    with store.write() as conn:
        conn.execute(ADD, (1, "metal.example/log"))
    store.close()
    again = Store.open(path)
    assert count_logs(again) == 2
    again.close()


def test_a_missing_database_is_not_made_by_opening(path: Path) -> None:
    with pytest.raises(Unavailable) as error:
        Store.open(path)
    assert code_of(error) == "database-missing"
    assert not path.exists()


def test_an_existing_database_is_not_made_anew(path: Path, store: Store) -> None:
    with pytest.raises(Unavailable) as error:
        Store.create(path, ORIGIN)
    assert code_of(error) == "database-exists"
    assert count_logs(store) == 1


def test_a_database_of_a_later_version_is_left_alone(path: Path, store: Store) -> None:
    with store.write() as conn:
        conn.execute("UPDATE alembic_version SET version_num = '9999'")
    store.close()
    with pytest.raises(Unavailable) as error:
        Store.open(path)
    assert code_of(error) == "database-newer"
    assert "9999" in str(error.value)


def test_a_database_that_would_not_be_durable_is_not_used(
    path: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.close()
    monkeypatch.setattr(engine, "_WRITER", ("PRAGMA synchronous = NORMAL", "PRAGMA foreign_keys = ON"))
    with pytest.raises(Unavailable) as error:
        Store.open(path)
    assert code_of(error) == "database-modes"
    assert error.value.value == "wal, 1, 1"


def test_what_is_no_database_is_said_to_be_damaged(path: Path) -> None:
    path.write_bytes(b"not a database at all, but long enough to be read as a header of one" * 100)
    with pytest.raises(Unavailable) as error:
        Store.open(path)
    assert code_of(error) == "database-damaged"


def test_several_open_a_new_database_at_once(path: Path) -> None:
    path.touch()
    start = Barrier(4)

    def open_it() -> list[tuple[str]]:
        start.wait()
        opened = Store.open(path)
        with opened.read() as conn:
            found = conn.execute("SELECT version_num FROM alembic_version").fetchall()
        opened.close()
        return found

    with ThreadPoolExecutor(4) as threads:
        futures = [threads.submit(open_it) for _ in range(4)]
        assert [future.result() for future in futures] == [[(REVISION,)]] * 4


def test_opening_an_up_to_date_database_loads_no_database_package(path: Path, store: Store) -> None:
    store.close()
    told = subprocess.run([sys.executable, "-c", OPEN_AND_TELL, str(path)], capture_output=True, text=True, check=True)
    assert told.stdout == "[]\n"


# -- transactions -------------------------------------------------------------------------------------------------


def test_a_write_that_raises_leaves_nothing(store: Store) -> None:
    with pytest.raises(ZeroDivisionError), store.write() as conn:
        conn.executemany(ADD, [(no, f"log{no}.example/log") for no in (1, 2)]).execute(COUNT).fetchone()[0] // 0
    assert count_logs(store) == 1
    with store.write() as conn:
        conn.execute(ADD, (1, "metal.example/log"))
    assert count_logs(store) == 2


def test_a_statement_that_is_our_own_mistake_is_not_called_unavailable(store: Store) -> None:
    with pytest.raises(sqlite3.IntegrityError), store.write() as conn:
        conn.executemany(ADD, [(1, "metal.example/log"), (1, "again.example/log")])
    assert count_logs(store) == 1


def test_a_read_sees_one_moment(store: Store) -> None:
    with store.read() as before:
        assert before.execute(COUNT).fetchone() == (1,)
        with store.write() as conn:
            conn.execute(ADD, (1, "metal.example/log"))
        assert before.execute(COUNT).fetchone() == (1,)
    assert count_logs(store) == 2


def test_a_read_cannot_write(store: Store) -> None:
    with pytest.raises(Unavailable) as error, store.read() as conn:
        conn.execute(ADD, (1, "metal.example/log"))
    assert code_of(error) == "database-readonly"


def test_many_threads_read_while_one_writes(store: Store) -> None:
    readers = engine.READERS_KEPT + 4
    start = Barrier(readers + 1)

    def read() -> list[int]:
        start.wait()
        return [count_logs(store) for _ in range(50)]

    with ThreadPoolExecutor(readers) as threads:
        futures = [threads.submit(read) for _ in range(readers)]
        start.wait()
        for no in range(1, 51):
            with store.write() as conn:
                conn.execute(ADD, (no, f"log{no}.example/log"))
        seen = [future.result() for future in futures]
    assert all(counts == sorted(counts) and 1 <= counts[0] <= counts[-1] <= 51 for counts in seen)
    assert count_logs(store) == 51


def test_writers_take_turns(store: Store) -> None:
    def write(no: int) -> None:
        with store.write() as conn:
            (last,) = conn.execute("SELECT max(no) FROM logs").fetchone()
            conn.execute(ADD, (last + 1, f"log{no}.example/log"))

    with ThreadPoolExecutor(8) as threads:
        for done in [threads.submit(write, no) for no in range(40)]:
            done.result()
    assert count_logs(store) == 41


def test_a_closed_store_says_so_and_waits_for_its_writer(path: Path, store: Store) -> None:
    writing, closing = Event(), Event()

    def write() -> None:
        with store.write() as conn:
            conn.execute(ADD, (1, "metal.example/log"))
            writing.set()
            closing.wait()

    thread = Thread(target=write)
    with store.read() as out:
        thread.start()
        writing.wait()
        closer = Thread(target=store.close)
        closer.start()
        closing.set()
        thread.join()
        closer.join()
        assert out.execute(COUNT).fetchone()[0] in {1, 2}  # a reader that is out finishes what it began
    for door in (store.read, store.write):
        with pytest.raises(Unavailable) as error, door():
            pass
        assert code_of(error) == "store-closed"
    again = Store.open(path)
    assert count_logs(again) == 2
    again.close()


# -- what the world does ------------------------------------------------------------------------------------------


def test_locked_by_another_process(path: Path, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    store.close()
    monkeypatch.setattr(engine, "BUSY_SECONDS", 0.05)
    impatient = Store.open(path)
    other = run(HOLD_LOCK, path)
    assert other.stdout is not None
    assert other.stdout.readline() == "locked\n"
    with pytest.raises(Unavailable) as error, impatient.write():
        pass
    assert code_of(error) == "database-locked"
    assert count_logs(impatient) == 1  # readers do not wait for writers
    other.communicate("\n")
    with impatient.write() as conn:
        conn.execute(ADD, (1, "metal.example/log"))
    assert count_logs(impatient) == 2
    impatient.close()


def test_locked_by_a_writer_of_our_own(path: Path, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "BUSY_SECONDS", 0.05)
    codes = []

    def write() -> None:
        try:
            with store.write():
                codes.append("written")
        except Unavailable as error:
            codes.append(error.code)

    with store.write():
        second = Thread(target=write)
        second.start()
        second.join()
    assert codes == ["database-locked"]


def test_a_full_disk(store: Store) -> None:
    with store.write() as conn:
        (pages,) = conn.execute("PRAGMA page_count").fetchone()
        conn.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(Unavailable) as error, store.write() as conn:
        conn.executemany(ADD, ((no, str(no) * 100) for no in range(1, 1000)))
    assert code_of(error) == "disk-full"
    assert count_logs(store) == 1
    with store.write() as conn:
        conn.execute(ADD, (1, "metal.example/log"))
    assert count_logs(store) == 2


def test_a_disk_that_fails(path: Path, store: Store) -> None:
    told = subprocess.run(
        [sys.executable, "-c", WRITE_WITH_SMALL_FILES, str(path)], capture_output=True, text=True, check=True
    )
    assert told.stdout in {"disk-failing\n", "disk-full\n"}
    assert count_logs(store) == 1


def test_a_database_that_must_not_be_written(store: Store) -> None:
    with store.write() as conn:
        conn.execute("PRAGMA query_only = ON")
    with pytest.raises(Unavailable) as error, store.write() as conn:
        conn.execute(ADD, (1, "metal.example/log"))
    assert code_of(error) == "database-readonly"


def test_a_node_killed_while_it_writes_keeps_what_it_committed_and_nothing_else(path: Path, store: Store) -> None:
    store.close()
    node = run(DIE_IN_TRANSACTION, path)
    assert node.stdout is not None
    assert node.stdout.readline() == "writing\n"
    os.kill(node.pid, signal.SIGKILL)
    node.communicate()
    again = Store.open(path)
    with again.read() as conn:
        origins = [origin for (origin,) in conn.execute("SELECT origin FROM logs ORDER BY no")]
    assert origins == [ORIGIN, "committed.example/log"]
    again.close()
