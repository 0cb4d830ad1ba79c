"""What only POSIX systems do: the lock on a node's home, private files, and folders that appear whole or not at all.

Promises: one process at a time holds a home, and the lock ends with the process, however that ends; a file written here
is readable by its owner only and has reached the disk, its name too; `new_folder` leaves nothing half made behind, and
`replace_private` either the old content or the new one.
Does not protect against root, nor against another machine that mounts the same home: network file systems are refused
by the store.
"""

import fcntl
import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import get_native_id
from typing import BinaryIO

from ledger.errors import Conflict, Unavailable

PRIVATE_FILE = 0o600
PRIVATE_FOLDER = 0o700
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


@contextmanager
def home_lock(home: Path) -> Iterator[None]:
    """Holds `home` for the block. Unavailable if another process, or another node of this one, holds it.

    Two nodes on one home would sign two different entries for one index. The lock belongs to the open file, not to the
    file's existence, so one left behind by a crash is free.
    """
    file = _open(home / "lock", os.O_CREAT | os.O_RDWR)
    try:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(file, 32).decode("ascii", "replace").strip() or "?"
            raise Unavailable("home-in-use", field=str(home), value=holder) from None
        os.ftruncate(file, 0)
        os.pwrite(file, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(file)


@contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """A folder to fill, which becomes `path` when the block ends and vanishes if it fails. Conflict if `path` is taken.

    It is made beside `path`, so that the last step is a rename, which happens or does not. An empty folder at `path` is
    not in the way.
    """
    refuse_existing(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.mkdir(PRIVATE_FOLDER)
    try:
        yield draft
        sync_folder(draft)
        refuse_existing(path)
        draft.rename(path)
    except BaseException:
        shutil.rmtree(draft)
        raise
    sync_folder(path.parent)


def refuse_existing(path: Path) -> None:
    """Conflict if there is anything at `path` but an empty folder."""
    if path.is_symlink() or (path.exists() and not (path.is_dir() and not any(path.iterdir()))):
        raise Conflict("home-exists", field=str(path))


def write_private(path: Path, content: bytes) -> None:
    """A new file for its owner's eyes; FileExistsError if there is one."""
    file = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, PRIVATE_FILE)
    try:
        view = memoryview(content)
        while view:
            view = view[os.write(file, view) :]
        os.fsync(file)
    finally:
        os.close(file)
    sync_folder(path.parent)


@contextmanager
def new_private(path: Path) -> Iterator[BinaryIO]:
    """A new file for its owner's eyes, to be written in parts; gone if the block fails. Conflict if it is there."""
    try:
        number = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, PRIVATE_FILE)
    except FileExistsError:
        raise Conflict("home-exists", field=str(path)) from None
    try:
        with os.fdopen(number, "wb") as file:
            yield file
            file.flush()
            os.fsync(number)
    except BaseException:
        path.unlink()
        raise
    sync_folder(path.parent)


def replace_private(path: Path, content: bytes) -> None:
    """`path` holds `content` from here on, for its owner's eyes, or else what it held before.

    Unavailable("file-unwritable") if it could not be written: to be tried again. Unavailable("disk-unsynced") if the
    disk does not say that it has it: never to be tried again, for the next fsync may say so without having it.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}.{get_native_id()}")
    try:
        file = os.open(draft, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, PRIVATE_FILE)
        try:
            view = memoryview(content)
            while view:
                view = view[os.write(file, view) :]
            _sync(file, path)
        finally:
            os.close(file)
        draft.rename(path)
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            _sync(folder, path)
        finally:
            os.close(folder)
    except OSError as error:
        raise Unavailable("file-unwritable", field=str(path), value=error.strerror) from error


def _sync(file: int, path: Path) -> None:
    try:
        os.fsync(file)
    except OSError as error:
        raise Unavailable("disk-unsynced", field=str(path), value=error.strerror) from error


@contextmanager
def folder_lock(folder: Path) -> Iterator[None]:
    """Waits until no other process holds `folder`, and holds it for the block."""
    file = _open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
    finally:
        os.close(file)


def read_private(path: Path) -> bytes:
    """The content of a file that nobody but its owner may open, else Unavailable. What was checked is what is read."""
    file = _open(path, os.O_RDONLY)
    try:
        status = os.fstat(file)
        if status.st_mode & _OTHERS or status.st_uid not in (os.geteuid(), 0):
            raise Unavailable("file-exposed", field=str(path), value=stat.filemode(status.st_mode))
        with os.fdopen(file, "rb", closefd=False) as opened:
            return opened.read()
    finally:
        os.close(file)


def sync_file(path: Path) -> None:
    """Has the disk take a file that others have written."""
    file = os.open(path, os.O_RDONLY)
    try:
        os.fsync(file)
    finally:
        os.close(file)


def sync_folder(path: Path) -> None:
    """Makes the names in a folder as durable as the files they name."""
    folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _open(path: Path, flags: int) -> int:
    try:
        return os.open(path, flags, PRIVATE_FILE)
    except OSError as error:
        raise Unavailable("file-unreadable", field=str(path), value=error.strerror) from error
