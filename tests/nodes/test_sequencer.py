"""The one writer: groups, keys, order, full disks, locks, clocks, two writers at once, and stopping.

Over 400 lines because each thing that can happen to a group is a case of its own.
"""

import json
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest

from ledger.entries import ENTRY_MAX
from ledger.errors import Conflict, LodetraceError, Refusal, Unavailable, Unknown
from ledger.log.checkpoints import parse_checkpoint
from ledger.log.notes import parse_note
from nodes import sequencer
from nodes.clock import stamp
from nodes.homes import create_home
from nodes.node import Caller, Node
from nodes.sequencer import Answer, Command
from nodes.store import engine, log
from tests import outside
from tests.world import kg, until

LI, WANG = Caller("Li"), Caller("Wang")
PATIENCE = 30


@pytest.fixture(scope="module")
def founded(tmp_path_factory) -> Path:
    home = tmp_path_factory.mktemp("founded") / "home"
    sites = [{"code": "main", "country": "CN"}]
    create_home(home, {}, name="mine.example", organisation="Mine", role="mine", country="CN", sites=sites)
    return home


@pytest.fixture
def home(founded, tmp_path) -> Path:
    return Path(shutil.copytree(founded, tmp_path / "home"))


@pytest.fixture
def node(home) -> Iterator[Node]:
    """A running node; at the end its log is audited from outside."""
    node = Node.open(home, {})
    node.start()
    yield node
    until(lambda: checkpoint(node) == size(node), "everything is published")
    outside.audit(node.store)
    node.stop()


def ore(lot: str, mass: str = "100") -> dict[str, Any]:
    origin = {"class": "mined", "country": "CN"}
    return {"product": "ore", "lot_no": lot, "quantity": kg(mass), "origin": origin}


def send(node: Node, verb: str, body: dict[str, Any], key: str | None = None, by: Caller = LI) -> "Future[Answer]":
    return node.sequencer.submit(node.command(verb, body, by, key))


def do(node: Node, verb: str, body: dict[str, Any], key: str | None = None, by: Caller = LI) -> dict[str, Any]:
    answer = send(node, verb, body, key, by).result(PATIENCE)
    assert answer.status == 201
    return dict(json.loads(answer.body))


def failure(future: "Future[Answer]") -> LodetraceError:
    error = future.exception(PATIENCE)
    assert isinstance(error, LodetraceError), error
    return error


def size(node: Node) -> int:
    with node.store.read() as conn:
        return log.head(conn).size


def checkpoint(node: Node) -> int:
    with node.store.read() as conn:
        newest = log.latest_checkpoint(conn)
    return 0 if newest is None else newest[0]


@contextmanager
def writer_busy(node: Node) -> Iterator[None]:
    """Nothing is committed meanwhile: what is sent now lands in one group behind the first."""
    with node.store.write():
        yield


# -- groups -------------------------------------------------------------------------------------------------------


def test_what_waits_together_is_committed_together(node):
    before = node.sequencer.groups
    with writer_busy(node):
        first = send(node, "register", ore("A-0"))
        until(lambda: not node.sequencer._queue, "the writer has taken the first")
        waiting = [send(node, "register", ore(f"A-{number}")) for number in range(1, 200)]
        assert not any(one.done() for one in (first, *waiting)), "nothing is answered before it is committed"
    answers = [json.loads(one.result(PATIENCE).body) for one in (first, *waiting)]
    assert [answer["entry"]["index"] for answer in answers] == list(range(1, 201))
    assert node.sequencer.groups == before + 2
    leaves = [answer["entry"]["leaf"] for answer in answers]
    assert len(set(leaves)) == 200


def test_a_group_is_bounded(node, monkeypatch):
    monkeypatch.setattr(sequencer, "GROUP_MAX", 10)
    before = node.sequencer.groups
    with writer_busy(node):
        first = send(node, "register", ore("A-0"))
        until(lambda: not node.sequencer._queue, "the writer has taken the first")
        waiting = [send(node, "register", ore(f"A-{number}")) for number in range(1, 36)]
    for one in (first, *waiting):
        one.result(PATIENCE)
    assert node.sequencer.groups == before + 1 + 4


def _mistaken(desk: Any) -> Any:
    raise ZeroDivisionError("a mistake in a verb")


def test_a_bad_command_in_a_group_fails_alone(node):
    ship = {"to": {"node": "plant.example"}, "purpose": "sale", "lines": [{"batch": "A-1", "quantity": kg("101")}]}
    with writer_busy(node):
        first = send(node, "register", ore("A-0"))
        until(lambda: not node.sequencer._queue, "the writer has taken the first")
        good = [send(node, "register", ore("A-1"))]
        unknown = send(node, "unpack", {"units": ["nothing"]})
        refused = send(node, "register", {**ore("A-2"), "origin": {"class": "found", "country": "CN"}})
        too_much = send(node, "remove", {"kind": "disposed", "lines": [{"batch": "A-1", "quantity": kg("101")}]})
        malformed = send(node, "register", {**ore("A-3"), "documents": [{"kind": "x", "Number": "1"}]})
        mistaken = node.sequencer.submit(Command(_mistaken, "Li"))
        nobody = send(node, "ship", ship)
        good.append(send(node, "remove", {"kind": "disposed", "lines": [{"batch": "A-1", "quantity": kg("100")}]}))
        good.append(send(node, "register", ore("A-4")))
    assert json.loads(first.result(PATIENCE).body)["entry"]["index"] == 1
    assert [json.loads(one.result(PATIENCE).body)["entry"]["index"] for one in good] == [2, 3, 4]
    assert isinstance(failure(unknown), Unknown)
    assert failure(refused).code == "origin-unknown"
    assert failure(too_much).code == "not-enough"
    assert failure(malformed).code == "malformed"
    assert isinstance(mistaken.exception(PATIENCE), ZeroDivisionError)
    assert isinstance(failure(nobody), Refusal)
    assert size(node) == 5


def test_a_group_in_which_everything_fails_records_nothing(node):
    before = outside.everything(node.store)
    with writer_busy(node):
        waiting = [send(node, "unpack", {"units": [f"nothing-{number}"]}) for number in range(20)]
    assert {failure(one).code for one in waiting} == {"unit-unknown"}
    assert outside.everything(node.store) == before


def test_commands_see_what_the_ones_before_them_in_the_group_have_made(node):
    """By lot number, by serial, and down to the last milligram."""
    with writer_busy(node):
        send(node, "register", ore("A-0"))
        until(lambda: not node.sequencer._queue, "the writer has taken the first")
        waiting = [
            send(node, "register", ore("A-1")),
            send(node, "pack", {"batch": "A-1", "units": [{"serial": "D-1", "net": kg("60")}]}),
            send(node, "pack", {"batch": "A-1", "units": [{"serial": "D-2", "net": kg("60")}]}),
            send(node, "unpack", {"units": ["D-1"]}),
            send(node, "pack", {"batch": "A-1", "units": [{"serial": "D-3", "net": kg("100")}]}),
        ]
    codes = [error.code if isinstance(error := one.exception(PATIENCE), LodetraceError) else "" for one in waiting]
    assert codes == ["", "", "not-enough", "", ""]


def test_an_entry_is_small_whatever_it_lists(node):
    do(node, "register", ore("A-1", "1000"))
    units = [{"serial": f"D-{number}", "net": kg("1")} for number in range(1000)]
    do(node, "pack", {"batch": "A-1", "units": units})
    with node.store.read() as conn:
        assert max(len(entry.note) for entry in log.page(conn)) < 2000 < ENTRY_MAX


# -- keys ---------------------------------------------------------------------------------------------------------


def test_the_same_key_and_body_have_one_result(node):
    first = send(node, "register", ore("A-1"), "key 1").result(PATIENCE)
    before = outside.everything(node.store)
    for _ in range(3):
        assert send(node, "register", ore("A-1"), "key 1").result(PATIENCE) == first
    assert outside.everything(node.store) == before
    again = dict(reversed(ore("A-1").items()))
    assert send(node, "register", again, "key 1").result(PATIENCE) == first, "the order of members says nothing"


def test_the_same_key_with_another_body_is_a_conflict(node):
    do(node, "register", ore("A-1"), "key 1")
    before = outside.everything(node.store)
    for verb, body in (("register", ore("A-2")), ("register", ore("A-1", "99")), ("remove", ore("A-1"))):
        error = failure(send(node, verb, body, "key 1"))
        assert isinstance(error, Conflict)
        assert (error.code, error.field, error.value) == ("key-of-other-request", "Idempotency-Key", "key 1")
    assert outside.everything(node.store) == before


def test_a_key_is_its_owners(node):
    first, second = do(node, "register", ore("A-1"), "1", LI), do(node, "register", ore("A-1"), "1", WANG)
    assert first["batch"] != second["batch"]


def test_a_key_under_way_is_a_conflict_until_it_is_answered(node):
    with writer_busy(node):
        first = send(node, "register", ore("A-1"), "key 1")
        for body in (ore("A-1"), ore("A-2")):
            with pytest.raises(Conflict) as under_way:
                send(node, "register", body, "key 1")
            assert under_way.value.code == "key-in-flight"
        other = send(node, "register", ore("A-2"), "key 1", WANG)
    answer = first.result(PATIENCE)
    assert send(node, "register", ore("A-1"), "key 1").result(PATIENCE) == answer
    assert other.result(PATIENCE).status == 201
    assert size(node) == 3


def test_a_refusal_is_not_remembered(node):
    body = {"kind": "disposed", "lines": [{"batch": "A-1", "quantity": kg("1")}]}
    assert failure(send(node, "remove", body, "key 1")).code == "batch-unknown"
    do(node, "register", ore("A-1"))
    done = do(node, "remove", body, "key 1")
    assert do(node, "remove", body, "key 1") == done


def test_a_result_is_remembered_over_a_restart(home):
    node = Node.open(home, {})
    node.start()
    first = send(node, "register", ore("A-1"), "key 1").result(PATIENCE)
    node.stop()
    node = Node.open(home, {})
    node.start()
    assert send(node, "register", ore("A-1"), "key 1").result(PATIENCE) == first
    assert size(node) == 2
    node.stop()


# -- order --------------------------------------------------------------------------------------------------------


def test_many_commands_are_recorded_in_their_order(node):
    import asyncio

    commands: list[Command | LodetraceError] = []
    for number in range(700):
        if number % 100 == 50:
            commands.append(Refusal("site-unknown", field="site", value="?", sites="main"))
        elif number % 7 == 3:
            commands.append(node.command("unpack", {"units": ["nothing"]}, LI, None))
        else:
            commands.append(node.command("register", ore(f"A-{number}"), LI, f"key {number}"))
    answers = asyncio.run(node.do_all(commands))
    indexes = [json.loads(one.body)["entry"]["index"] for one in answers if isinstance(one, Answer)]
    assert indexes == list(range(1, len(indexes) + 1))
    for number, answer in enumerate(answers):
        if number % 100 == 50:
            assert answer is commands[number]
        elif number % 7 == 3:
            assert isinstance(answer, Unknown)
        else:
            assert isinstance(answer, Answer)
    lots = [event.scalar("batch")["lot_no"] for event in outside.audit(node.store).events[1:]]
    assert lots == [f"A-{number}" for number in range(700) if number % 7 != 3 and number % 100 != 50]


# -- two writers --------------------------------------------------------------------------------------------------


def test_two_nodes_on_one_database_make_one_log(home):
    """The lock on a home forbids it. Were it broken, nothing would fork: what was answered is there, once."""
    nodes = [Node.open(home, {}) for _ in range(2)]
    for one in nodes:
        one.start()
    answers: dict[str, tuple[int, str]] = {}
    errors: list[LodetraceError] = []

    def record(number: int) -> None:
        lot = f"A-{number}"
        try:
            entry = do(nodes[number % 2], "register", ore(lot), f"key {number // 2}")["entry"]
        except LodetraceError as error:
            errors.append(error)
        else:
            answers[lot] = entry["index"], entry["leaf"]

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(record, range(200)))
    for one in nodes:
        one.stop()
    store = engine.Store.open(home / "node.db")
    audited = outside.audit(store)
    store.close()
    assert len(answers) + len(errors) == 200
    assert {error.code for error in errors} <= {"key-of-other-request", "database-locked", "head-moved"}
    assert len(answers) == audited.replay.size - 1 == 100, "each key was used once, by one of the two"
    for lot, (index, _) in answers.items():
        assert audited.events[index].scalar("batch")["lot_no"] == lot


def test_of_two_who_saw_the_same_head_one_wins(home):
    """Entries sealed for a head that has moved meanwhile are refused whole."""
    node = Node.open(home, {})
    node.start()
    do(node, "register", ore("A-1"))
    with node.store.read() as conn:
        late = log.entry(conn, 1)
    do(node, "register", ore("A-2"))
    before = outside.everything(node.store)
    with pytest.raises(Conflict) as moved, node.store.write() as conn:
        log.append(conn, [replace(late, index=2), replace(late, index=3)], [], bytes(32))
    assert (moved.value.code, moved.value.facts["size"]) == ("head-moved", 3)
    assert outside.everything(node.store) == before
    do(node, "register", ore("A-3"))
    outside.audit(node.store)
    node.stop()


# -- the disk -----------------------------------------------------------------------------------------------------


def _limit_pages(node: Node, more: int) -> None:
    """The database may grow by so many pages, as long as this connection lives."""
    with node.store.write() as conn:
        (pages,) = conn.execute("PRAGMA page_count").fetchone()
        conn.execute(f"PRAGMA max_page_count = {pages + more}")


def test_a_full_disk_is_said_and_loses_nothing(node):
    kept = do(node, "register", ore("A-1"), "key 1")
    _limit_pages(node, 0)
    before = outside.everything(node.store)
    units = [{"serial": f"D-{number}", "net": kg("0.1")} for number in range(500)]
    others = [{**unit, "serial": f"E{unit['serial']}"} for unit in units]  # as large: what is small may still fit
    with writer_busy(node):
        waiting = [
            send(node, "pack", {"batch": "A-1", "units": units}, "key 2"),
            send(node, "pack", {"batch": "A-1", "units": others}),
        ]
    for one in waiting:
        error = failure(one)
        assert isinstance(error, Unavailable)
        assert error.code == "disk-full"
        assert "node.db" in error.text("en")
        assert "node.db" in error.text("zh")
    assert outside.everything(node.store) == before
    assert do(node, "register", ore("A-1"), "key 1") == kept
    # There is room again, for it is a new connection that does not know of the limit.
    do(node, "pack", {"batch": "A-1", "units": units}, "key 2")


@pytest.mark.parametrize("pages", range(1, 12))
def test_a_disk_that_fills_up_in_the_middle_of_a_commit(node, pages):
    do(node, "register", ore("A-1"))
    _limit_pages(node, pages)
    before = outside.everything(node.store)
    units = [{"serial": f"D-{number}", "net": kg("0.1")} for number in range(300)]
    assert failure(send(node, "pack", {"batch": "A-1", "units": units})).code == "disk-full"
    assert outside.everything(node.store) == before


def test_a_log_that_cannot_be_published_still_records_and_stops(home):
    """Entries are committed, checkpoints are not taken by the database; the next start publishes."""
    node = Node.open(home, {})
    node.start()
    with node.store.write() as conn:
        conn.execute(
            "CREATE TRIGGER refused BEFORE INSERT ON checkpoints BEGIN SELECT RAISE(ABORT, 'not a checkpoint'); END"
        )
    assert [do(node, "register", ore(f"A-{number}"))["entry"]["index"] for number in (1, 2)] == [1, 2]
    stopped = Thread(target=node.stop)
    stopped.start()
    stopped.join(PATIENCE)
    assert not stopped.is_alive()
    with closing(sqlite3.connect(home / "node.db")) as conn, conn:
        conn.execute("DROP TRIGGER refused")
    node = Node.open(home, {})
    assert checkpoint(node) == 1
    node.start()
    assert checkpoint(node) == 3
    outside.audit(node.store)
    node.stop()


# -- locks --------------------------------------------------------------------------------------------------------


@contextmanager
def locked(home: Path) -> Iterator[None]:
    """Another program writes to the database: a backup tool, a curious person."""
    with closing(sqlite3.connect(home / "node.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


def test_a_database_that_somebody_else_locks_is_said_and_loses_nothing(home, monkeypatch):
    monkeypatch.setattr(engine, "BUSY_SECONDS", 0.2)
    node = Node.open(home, {})
    node.start()
    kept = do(node, "register", ore("A-1"), "key 1")
    until(lambda: checkpoint(node) == 2, "it is published")
    before = outside.everything(node.store)
    with locked(home):
        error = failure(send(node, "register", ore("A-2"), "key 2"))
        assert isinstance(error, Unavailable)
        assert error.code == "database-locked"
        assert node.checkpoint(), "who only reads does not notice"
    assert outside.everything(node.store) == before
    assert do(node, "register", ore("A-2"), "key 2")["entry"]["index"] == 2
    assert do(node, "register", ore("A-1"), "key 1") == kept
    outside.audit(node.store)
    node.stop()


def test_a_lock_that_ends_in_time_is_only_waited_for(home):
    node = Node.open(home, {})
    node.start()
    with locked(home):
        waiting = send(node, "register", ore("A-1"))
        until(lambda: not node.sequencer._queue, "the writer has taken it")
        assert not waiting.done()
    assert waiting.result(PATIENCE).status == 201
    node.stop()


# -- the clock ----------------------------------------------------------------------------------------------------


class Hands:
    """A clock to be set."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@contextmanager
def at_the_clock(home: Path, clock: Callable[[], datetime]) -> Iterator[Node]:
    node = Node.open(home, {}, clock)
    node.start()
    yield node
    outside.audit(node.store)
    node.stop()


@pytest.fixture
def clock(home) -> Hands:
    """Ahead of the home's entry 0."""
    hands = Hands()
    hands.now = datetime.now(UTC) + timedelta(days=1)
    return hands


def test_a_clock_far_behind_the_last_entry_is_said_and_nothing_recorded(home, clock):
    with at_the_clock(home, clock) as node:
        do(node, "register", ore("A-1"), "key 1")
        until(lambda: checkpoint(node) == 2)
        before, last = outside.everything(node.store), clock.now
        clock.now = last - timedelta(seconds=60, milliseconds=2)
        error = failure(send(node, "register", ore("A-2"), "key 2"))
        assert isinstance(error, Unavailable)
        assert (error.code, error.value, error.facts["last"]) == ("clock-behind", stamp(clock.now), stamp(last))
        assert outside.everything(node.store) == before
        assert node.checkpoint()
        clock.now = last
        assert do(node, "register", ore("A-2"), "key 2")["entry"]["index"] == 2


def test_a_clock_slightly_behind_records_the_last_time_again(home, clock):
    with at_the_clock(home, clock) as node:
        do(node, "register", ore("A-1"))
        last = clock.now
        for seconds in (0.001, 1, 59.9):
            clock.now = last - timedelta(seconds=seconds)
            do(node, "register", ore(f"A {seconds}"))
        clock.now = last + timedelta(seconds=1)
        do(node, "register", ore("A-2"))
        times = [event.recorded_at for event in outside.audit(node.store).events[1:]]
    assert times == [stamp(last)] * 4 + [stamp(clock.now)]


def test_entry_0_of_the_future_is_a_clock_behind(home, clock):
    clock.now = datetime.now(UTC) - timedelta(days=365)
    with at_the_clock(home, clock) as node:
        assert failure(send(node, "register", ore("A-1"))).code == "clock-behind"


# -- stopping -----------------------------------------------------------------------------------------------------


def test_what_was_accepted_is_finished_before_it_stops(home):
    node = Node.open(home, {})
    node.start()
    with writer_busy(node):
        waiting = [send(node, "register", ore(f"A-{number}"), f"key {number}") for number in range(1500)]
        stopping = Thread(target=node.stop)
        stopping.start()
        until(lambda: node.sequencer._stopping, "it is told to stop")
        with pytest.raises(Unavailable) as late:
            send(node, "register", ore("late"))
        assert late.value.code == "node-stopping"
    stopping.join(PATIENCE)
    indexes = [json.loads(one.result(0).body)["entry"]["index"] for one in waiting]
    assert indexes == list(range(1, 1501))
    node = Node.open(home, {})
    audited = outside.audit(node.store)
    assert audited.replay.size == 1501
    assert checkpoint(node) == 1501, "the last checkpoint covers everything"
    node.store.close()


def test_a_queue_that_is_full_takes_nothing_more(node, monkeypatch):
    monkeypatch.setattr(sequencer, "QUEUE_MAX", 20)
    with writer_busy(node):
        first = send(node, "register", ore("A-0"))
        until(lambda: not node.sequencer._queue, "the writer has taken the first")
        waiting = [send(node, "register", ore(f"A-{number}"), f"key {number}") for number in range(20)]
        with pytest.raises(Unavailable) as full:
            send(node, "register", ore("late"), "late")
        assert (full.value.code, full.value.value) == ("node-overloaded", 20)
    assert [one.result(PATIENCE).status for one in (first, *waiting)] == [201] * 21
    assert do(node, "register", ore("late"), "late")["entry"]["index"] == 22, "its key is not under way"


# -- checkpoints --------------------------------------------------------------------------------------------------


def test_checkpoints_follow_the_log_and_never_overtake_it(node):
    ended, seen = Event(), []

    def watch() -> None:
        while not ended.is_set():
            with node.store.read() as conn:
                newest, head = log.latest_checkpoint(conn), log.head(conn).size
            assert newest is not None
            assert newest[0] <= head
            seen.append(newest[0])

    with ThreadPoolExecutor(1) as pool:
        watching = pool.submit(watch)
        for start in range(0, 1200, 60):
            for one in [send(node, "register", ore(f"A-{start + number}")) for number in range(60)]:
                one.result(PATIENCE)
        until(lambda: checkpoint(node) == 1201, "everything is published")
        until(lambda: watching.done() or 1201 in seen, "it is seen by who watches")
        ended.set()
        watching.result(PATIENCE)
    assert seen == sorted(seen), "no checkpoint takes anything back"
    assert parse_checkpoint(parse_note(node.checkpoint()).text).size == 1201


def test_a_checkpoint_is_published_for_a_single_entry_and_told_to_who_waits_for_it(node):
    told: list[int] = []
    node.published.append(lambda: told.append(checkpoint(node)))
    do(node, "register", ore("A-1"))
    until(lambda: told == [2], "it is told of")
    do(node, "register", ore("A-2"))
    until(lambda: told == [2, 3], "it is told of")


def test_what_a_crash_left_unpublished_is_published_by_the_next_start(home):
    node = Node.open(home, {})
    node.start()
    do(node, "register", ore("A-1"))
    node.stop()
    with closing(sqlite3.connect(home / "node.db")) as conn, conn:
        conn.execute("DELETE FROM checkpoints WHERE size = 2")
    node = Node.open(home, {})
    assert checkpoint(node) == 1
    node.start()
    assert checkpoint(node) == 2
    outside.audit(node.store)
    node.stop()
