"""Remembers that a label was scanned, so that whoever scans it next sees how often that was before.

A code that many have scanned already is no proof of a copy, and the page does not say so; but whoever holds goods that
were never opened may wonder. Of a reader nothing is kept but a hash of the address, under a salt that is drawn anew
each day, never leaves this process, and is gone with it.
"""

import hmac
import logging
from hashlib import sha256
from secrets import token_bytes
from threading import Lock

from ledger.errors import LodetraceError
from ledger.labels import Label
from nodes.clock import stamp
from nodes.node import Node
from nodes.store import scans
from nodes.store.engine import Connection
from nodes.store.scans import Scans

_say = logging.getLogger(__name__)


def scans_of(conn: Connection, label: Label) -> Scans | None:
    """None where nobody scanned it here."""
    return scans.find(conn, _hash(label))


class Scanned:
    """Counts scans of genuine labels, after they were answered: a disk that fails keeps nobody from the page."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._guard = Lock()
        self._day, self._salt = "", b""

    def remember(self, label: Label, address: str) -> None:
        at = stamp(self._node.clock())
        reader = hmac.digest(self._salt_of(at[:10]), address.encode(), "sha256")
        try:
            with self._node.store.write() as conn:
                scans.add(conn, _hash(label), at, reader)
        except LodetraceError as error:
            _say.warning("a scan was not counted: %s", error.text("en"))

    def _salt_of(self, day: str) -> bytes:
        with self._guard:
            if day != self._day:
                self._day, self._salt = day, token_bytes(32)
            return self._salt


def _hash(label: Label) -> bytes:
    """Of what the label is about, however its code is spelled."""
    return sha256(f"{label.origin} {label.index} {label.unit}".encode()).digest()
