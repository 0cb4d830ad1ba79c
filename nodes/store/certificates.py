"""Quality certificates as they were issued. Rows are only ever added: the database refuses all else."""

from dataclasses import dataclass

from ledger.errors import Unknown
from nodes.store.engine import Connection
from nodes.store.sql import next_no

_ADD = 'INSERT INTO certificates (no, digest, batch, at, "by", body, token) VALUES (?, ?, ?, ?, ?, ?, ?)'
_ALL = 'SELECT no, digest, batch, at, "by", body, token FROM certificates'


@dataclass(frozen=True, slots=True)
class Issued:
    """`body` is what it says, canonical JSON; `digest` its SHA-256; `token` what stands behind /c/ in its code."""

    no: int
    digest: bytes
    batch: str
    at: str
    by: str
    body: str
    token: str


def next_number(conn: Connection) -> int:
    return next_no(conn, "certificates")


def add(conn: Connection, issued: Issued) -> None:
    row = (issued.no, issued.digest, issued.batch, issued.at, issued.by, issued.body, issued.token)
    conn.execute(_ADD, row)


def one(conn: Connection, no: int) -> Issued:
    row = conn.execute(f"{_ALL} WHERE no = ?", (no,)).fetchone()
    if row is None:
        raise Unknown("certificate-unknown", field="certificate", value=no)
    return Issued(*row)


def of_digest(conn: Connection, digest: bytes) -> Issued | None:
    row = conn.execute(f"{_ALL} WHERE digest = ?", (digest,)).fetchone()
    return None if row is None else Issued(*row)


def page(conn: Connection, *, before: int, limit: int, batch: str | None = None) -> list[Issued]:
    """Newest first; of one batch, if asked."""
    where, values = (" AND batch = ?", (batch,)) if batch is not None else ("", ())
    return [
        Issued(*row)
        for row in conn.execute(f"{_ALL} WHERE no < ?{where} ORDER BY no DESC LIMIT ?", (before, *values, limit))
    ]
