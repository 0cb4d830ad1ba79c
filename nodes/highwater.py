"""The high-water file: how far our log was published at most, kept where no database and no backup is.

    mine.example/log            the text of a checkpoint (docs/formats.md), unsigned: origin, size, root
    1042
    9hcGk…=

It is on disk before a checkpoint is signed, so nothing was ever signed beyond it. A database that was put back to an
older state is behind it, and one that another copy of this node has outrun differs from it.

Promises: it only rises; of two processes that share the file, only one raises it from any size; it is read exactly as
it is printed. Does not protect against whoever takes back the file along with the database: witnesses and partners do.
"""

from collections.abc import Callable
from pathlib import Path

from ledger.errors import LodetraceError, Malformed, Unavailable
from ledger.log.checkpoints import Checkpoint, format_checkpoint, parse_checkpoint
from nodes.posix import folder_lock, read_private, replace_private


class Highwater:
    """The file at `path` of the log `origin`."""

    def __init__(self, path: Path, origin: str) -> None:
        self.path, self._origin = path, origin
        self._written = b""

    def read(self) -> Checkpoint | None:
        """None where there is none: before the first start that writes one. Unavailable if it is not of our log."""
        content = self._content()
        return None if content is None else self._parse(content)

    def raise_to(self, checkpoint: Checkpoint, check: Callable[[Checkpoint], None]) -> None:
        """Writes `checkpoint`. `check` raises what is wrong with a file that somebody else has written."""
        content = format_checkpoint(checkpoint).encode()
        with folder_lock(self.path.parent):
            before = self._content()
            if before is not None and before not in (self._written, content):
                check(self._parse(before))
            if before != content:
                replace_private(self.path, content)
        self._written = content

    def remember(self, checkpoint: Checkpoint) -> None:
        """Raises the file to a checkpoint of ours that others have shown us, if it is beyond what the file says."""
        with folder_lock(self.path.parent):
            before = self.read()
            if before is None or before.size < checkpoint.size:
                replace_private(self.path, format_checkpoint(checkpoint).encode())

    def replace(self, checkpoint: Checkpoint) -> None:
        """Whatever it says: for a recovery, which has asked everybody else."""
        with folder_lock(self.path.parent):
            replace_private(self.path, format_checkpoint(checkpoint).encode())

    def _content(self) -> bytes | None:
        return read_private(self.path) if self.path.exists() else None

    def _parse(self, content: bytes) -> Checkpoint:
        try:
            checkpoint = parse_checkpoint(content.decode())
            if checkpoint.origin != self._origin:
                raise Malformed("field-wrong", field="origin", value=checkpoint.origin, kind=self._origin)
        except (LodetraceError, UnicodeDecodeError) as error:
            raise Unavailable("highwater-unreadable", field=str(self.path), value=str(error)) from error
        return checkpoint
