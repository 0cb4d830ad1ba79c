"""The high-water file: read as printed, only ever higher, on disk before anything is signed; and who outranks it."""

import errno
import os
from contextlib import closing, contextmanager
from threading import Thread

import pytest

from ledger.errors import LodetraceError, Unavailable
from ledger.log.checkpoints import Checkpoint, format_checkpoint, parse_checkpoint
from nodes.highwater import Highwater
from nodes.homes import create_home
from nodes.node import Caller, Node
from nodes.rollback import Memory
from nodes.store import log
from tests.world import kg, until

NAME = "m.example"
ORIGIN = f"{NAME}/log"


def at(size: int, fill: bytes = b"r") -> Checkpoint:
    return Checkpoint(ORIGIN, size, fill * 32)


def agreed(_: Checkpoint) -> None:
    """Somebody else's file, and nothing is wrong with it."""


@pytest.fixture
def highwater(tmp_path):
    return Highwater(tmp_path / "highwater", ORIGIN)


def test_it_is_read_as_it_was_printed(highwater):
    assert highwater.read() is None
    for size in (1, 2, 10**18):
        highwater.raise_to(at(size), agreed)
        assert highwater.read() == at(size)
        assert highwater.path.read_bytes() == format_checkpoint(at(size)).encode()
    assert highwater.path.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in highwater.path.parent.iterdir()] == ["highwater"]


GOOD = format_checkpoint(at(12)).encode()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        *(GOOD[:cut] for cut in (1, 10, len(GOOD) - 1)),
        GOOD + b"\n",
        GOOD.replace(b"12", b"012"),
        GOOD.replace(b"12", b"-1"),
        GOOD.replace(b"\n", b"\r\n"),
        GOOD.replace(b"=", b""),
        GOOD.replace(b"m.example", b"n.example"),
        b"\xff" + GOOD,
    ],
)
def test_anything_else_is_refused(highwater, content):
    highwater.path.write_bytes(content)
    highwater.path.chmod(0o600)
    with pytest.raises(Unavailable) as caught:
        highwater.read()
    assert (caught.value.code, caught.value.field) == ("highwater-unreadable", str(highwater.path))


def test_of_two_who_share_it_the_second_looks_at_what_the_first_wrote(highwater):
    other = Highwater(highwater.path, ORIGIN)
    highwater.raise_to(at(1), agreed)
    heard: list[Checkpoint] = []
    other.raise_to(at(2), heard.append)
    highwater.raise_to(at(3), heard.append)
    highwater.raise_to(at(4), heard.append)
    assert heard == [at(1), at(2)]

    def differs(_: Checkpoint) -> None:
        raise Unavailable("store-closed", field="x")

    with pytest.raises(Unavailable):
        other.raise_to(at(5), differs)
    assert highwater.read() == at(4)


def test_many_writers_never_lower_it(highwater):
    """Each stops at what is beyond its own size, as a log does; what the last one wrote is the highest of all."""
    written = []

    def write(sizes):
        own = Highwater(highwater.path, ORIGIN)
        for size in sizes:

            def check(found, size=size):
                if found.size > size:
                    raise Unavailable("store-closed", field="x")

            try:
                own.raise_to(at(size), check)
            except LodetraceError:
                return
            written.append(size)

    threads = [Thread(target=write, args=(range(start, 60, 3),)) for start in (1, 2, 3)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len(written) >= 20, "one of them came to its end"
    assert highwater.read() == at(max(written))


# -- in a node ----------------------------------------------------------------------------------------------------


@pytest.fixture
def home(tmp_path):
    sites = [{"code": "main", "country": "CN"}]
    create_home(tmp_path / "m", {}, name=NAME, organisation="M", role="mine", country="CN", sites=sites)
    return tmp_path / "m"


@contextmanager
def opened(home, **environ):
    node = Node.open(home, {f"LODETRACE_{name.upper()}": value for name, value in environ.items()})
    try:
        yield node
    finally:
        node.stop()


def record(node, lot):
    origin = {"class": "mined", "country": "CN"}
    body = {"product": "ore", "lot_no": lot, "quantity": kg("100"), "origin": origin}
    return node.sequencer.submit(node.command("register", body, Caller("Li"), None)).result(20)


def size_of(home):
    return parse_checkpoint((home / "highwater").read_text()).size


def is_published(node, size):
    until(lambda: node.checkpoint().split(b"\n")[1] == str(size).encode(), "it is published")


def test_it_is_written_before_anything_is_signed(home, monkeypatch):
    """The disk refuses the file: the entry is recorded, nothing is published. Then it takes it, and all goes on."""
    with opened(home) as node:
        node.start()
        assert size_of(home) == 1
        (home / "highwater").unlink()
        (home / "highwater").mkdir()
        record(node, "A-1")
        record(node, "A-2")
        assert node.checkpoint().split(b"\n")[1] == b"1"
        (home / "highwater").rmdir()
        is_published(node, 3)
        assert size_of(home) == 3


def test_a_disk_that_does_not_confirm_ends_all_recording(home, monkeypatch):
    """And is not asked a second time, whatever it would say then."""
    with opened(home) as node:
        node.start()
        sync, failed = os.fsync, []

        def fail(file):
            failed.append(file)
            raise OSError(errno.EIO, "Input/output error")

        monkeypatch.setattr(os, "fsync", fail)
        record(node, "A-1")
        until(lambda: node.sequencer.halted is not None, "it halts")
        monkeypatch.setattr(os, "fsync", sync)
        with pytest.raises(Unavailable) as caught:
            record(node, "A-2")
        assert (caught.value.code, caught.value.value) == ("disk-unsynced", "Input/output error")
        assert len(failed) == 1
        assert node.checkpoint().split(b"\n")[1] == b"1"
    with opened(home) as node:
        node.start()
        is_published(node, 2)
        record(node, "A-2")


def test_no_file_is_no_error_and_is_written_by_the_next_publication(home):
    (home / "highwater").unlink()
    with opened(home) as node:
        node.start()
        record(node, "A-1")
        is_published(node, 2)
    assert size_of(home) == 2


def test_it_may_lie_elsewhere_and_its_folder_must_be_there(home, tmp_path):
    with pytest.raises(LodetraceError) as caught, opened(home, highwater=str(tmp_path / "disk" / "highwater")):
        pass
    assert caught.value.code == "settings-wrong"
    assert "highwater" in caught.value.text()
    (tmp_path / "disk").mkdir()
    with opened(home, highwater=str(tmp_path / "disk" / "highwater")) as node:
        node.start()
        record(node, "A-1")
        is_published(node, 2)
    assert parse_checkpoint((tmp_path / "disk" / "highwater").read_text()).size == 2
    assert size_of(home) == 1


@pytest.mark.parametrize(
    ("known", "code"),
    [(at(9), "log-rolled-back"), (at(1), "log-rewritten"), (Checkpoint(ORIGIN, 1, b"x" * 32), "log-rewritten")],
)
def test_a_node_that_is_contradicted_reads_and_records_nothing(home, known, code):
    with opened(home) as node:
        node.start([Memory(known, "somebody", "某方")])
        before = (home / "highwater").read_bytes()
        for _ in range(2):
            with pytest.raises(Unavailable) as caught:
                record(node, "A-1")
            assert caught.value.code == code
            assert "somebody" in caught.value.text("en")
            assert "某方" in caught.value.text("zh")
        with node.store.read() as conn:
            assert log.head(conn).size == 1
        assert node.opened().name == NAME
        assert size_of(home) == max(known.size, 1)
        assert code == "log-rolled-back" or (home / "highwater").read_bytes() == before


def test_a_memory_that_agrees_changes_nothing(home):
    with opened(home) as node:
        node.start()
        record(node, "A-1")
        is_published(node, 2)
    kept = parse_checkpoint((home / "highwater").read_text())
    with closing(Node.open(home, {}).store):
        pass
    with opened(home) as node:
        node.start([Memory(kept, "somebody", "某方")])
        record(node, "A-2")


def test_what_is_under_way_when_it_halts_is_refused(home):
    with opened(home) as node:
        node.start()
        record(node, "A-1")
        node.compare([Memory(at(9), "somebody", "某方")])
        with pytest.raises(Unavailable):
            record(node, "A-2")
    with opened(home) as node:
        node.start()
        with pytest.raises(Unavailable) as caught:
            record(node, "A-2")
        assert caught.value.code == "log-rolled-back"
        assert "high-water file" in caught.value.text()
