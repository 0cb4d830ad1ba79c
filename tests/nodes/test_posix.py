import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from ledger.errors import Conflict, Unavailable
from nodes import posix

ROOT = Path(__file__).resolve().parent.parent.parent
HOLD = (
    "import sys; from pathlib import Path; from nodes.posix import home_lock\n"
    "with home_lock(Path(sys.argv[1])): print('held', flush=True); sys.stdin.read()"
)


def test_a_home_is_held_once_in_one_process(tmp_path):
    with posix.home_lock(tmp_path):
        with pytest.raises(Unavailable) as caught, posix.home_lock(tmp_path):
            pytest.fail("held twice")
        assert (caught.value.code, caught.value.value) == ("home-in-use", str(os.getpid()))
    with posix.home_lock(tmp_path):
        pass


def test_another_process_holds_it_until_it_is_killed(tmp_path):
    command = [sys.executable, "-c", HOLD, str(tmp_path)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout.readline() == b"held\n"
        with pytest.raises(Unavailable, match=str(other.pid)), posix.home_lock(tmp_path):
            pytest.fail("held twice")
        other.kill()
        other.wait()
        with posix.home_lock(tmp_path):
            assert (tmp_path / "lock").read_text() == f"{os.getpid()}\n"


def test_no_home_no_lock(tmp_path):
    with pytest.raises(Unavailable) as caught, posix.home_lock(tmp_path / "nowhere"):
        pytest.fail("held nothing")
    assert caught.value.code == "file-unreadable"


def test_a_new_folder_appears_whole(tmp_path):
    with posix.new_folder(tmp_path / "a" / "home") as draft:
        (draft / "file").write_text("x")
        assert not (tmp_path / "a" / "home").exists()
    assert (tmp_path / "a" / "home" / "file").read_text() == "x"
    assert stat.S_IMODE((tmp_path / "a" / "home").stat().st_mode) == 0o700
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["home"]


def test_a_new_folder_that_fails_leaves_nothing(tmp_path):
    with pytest.raises(FileNotFoundError), posix.new_folder(tmp_path / "home") as draft:
        (draft / "folder" / "file").write_text("x")
    assert list(tmp_path.iterdir()) == []


def test_an_empty_folder_is_not_in_the_way_and_anything_else_is(tmp_path):
    (tmp_path / "empty").mkdir()
    with posix.new_folder(tmp_path / "empty") as draft:
        (draft / "file").write_text("x")
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    for taken in (tmp_path / "empty", tmp_path / "empty" / "file", tmp_path / "link"):
        with pytest.raises(Conflict) as caught, posix.new_folder(taken):
            pytest.fail("taken")
        assert caught.value.code == "home-exists"


def test_a_folder_taken_meanwhile_is_not_replaced(tmp_path):
    with pytest.raises(Conflict), posix.new_folder(tmp_path / "home"):
        (tmp_path / "home").write_text("mine")
    assert (tmp_path / "home").read_text() == "mine"


def test_private_files(tmp_path):
    file = tmp_path / "key"
    posix.write_private(file, b"secret" * 100_000)
    assert posix.read_private(file) == b"secret" * 100_000
    with pytest.raises(FileExistsError):
        posix.write_private(file, b"other")
    file.chmod(0o644)
    with pytest.raises(Unavailable) as caught:
        posix.read_private(file)
    assert (caught.value.code, caught.value.value) == ("file-exposed", "-rw-r--r--")
