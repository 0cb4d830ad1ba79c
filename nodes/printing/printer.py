"""Label printers that listen for raw labels, mostly on port 9100: bytes go in, nothing is said back.

Promises to give up: each step has `SECONDS`, and a printer that takes nothing for so long is left. What it printed of
what it took, only the operator sees.
"""

import socket
from pathlib import Path

from ledger.errors import Unavailable

SECONDS = 10.0
_PIECE = 1 << 16


def send(address: str, file: Path) -> None:
    """The file's bytes to `HOST:PORT`. Unavailable if the printer does not take them."""
    host, _, port = address.rpartition(":")
    try:
        with file.open("rb") as labels, socket.create_connection((host, int(port)), SECONDS) as printer:
            while piece := labels.read(_PIECE):
                printer.sendall(piece)
            printer.shutdown(socket.SHUT_WR)
    except OSError as error:
        why = error.strerror or str(error) or type(error).__name__
        raise Unavailable("printer-unreachable", field="printer", value=address, why=why) from error
