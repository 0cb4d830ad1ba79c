"""Who may ask, and what was answered: tokens, and the results of commands that carried an Idempotency-Key.

Tokens and keys are kept as hashes only. Does not check roles, nor what a command is: api/access.py and the sequencer
do.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import count as counted_from

from nodes.store.engine import Connection
from nodes.store.sql import next_no, select_in

_RECALL = "SELECT key_hash, body_hash, status, answer FROM idempotency WHERE key_hash IN ({})"
_REMEMBER = "INSERT INTO idempotency (no, key_hash, body_hash, status, answer, at) VALUES (?, ?, ?, ?, ?, ?)"
# Numbers follow time, so only the oldest rows need a look.
_FORGET = (
    "DELETE FROM idempotency WHERE no IN (SELECT no FROM"
    " (SELECT no, at FROM idempotency ORDER BY no LIMIT ?) oldest WHERE at < ?)"
)
_ADD_TOKEN = "INSERT INTO tokens (no, hash, owner, role, created_at) VALUES (?, ?, ?, ?, ?)"  # noqa: S105
_WHOLE_TOKENS = "SELECT no, hash, owner, role, created_at, revoked_at FROM tokens ORDER BY no"
_COPIED_TOKEN = "INSERT INTO tokens (no, hash, owner, role, created_at, revoked_at) VALUES (?, ?, ?, ?, ?, ?)"  # noqa: S105
_TOKEN = "SELECT no, owner, role, created_at, revoked_at FROM tokens"  # noqa: S105
_REVOKE = "UPDATE tokens SET revoked_at = ? WHERE no = ? AND revoked_at IS NULL"


@dataclass(frozen=True, slots=True)
class Idempotency:
    """`owner` of the token, the caller's key, and the hash of the request it stands for."""

    owner: str
    key: str
    body_hash: bytes


@dataclass(frozen=True, slots=True)
class Remembered:
    """What the request with `body_hash` was answered."""

    body_hash: bytes
    status: int
    answer: bytes


@dataclass(frozen=True, slots=True)
class Token:
    """A bearer token as kept. `no` names it where it is revoked; the token itself is not here."""

    no: int
    owner: str
    role: str
    created_at: str
    revoked_at: str | None


# -- idempotency --------------------------------------------------------------------------------------------------


def recall(conn: Connection, keys: Iterable[Idempotency]) -> dict[tuple[str, str], Remembered]:
    """What was answered before, by (owner, key); the caller compares the body's hash."""
    wanted = {_key_hash(one): (one.owner, one.key) for one in keys}
    return {wanted[key_hash]: Remembered(*rest) for key_hash, *rest in select_in(conn, _RECALL, wanted)}


def remember(conn: Connection, answers: Sequence[tuple[Idempotency, int, bytes]], at: str) -> None:
    """Status and body of commands that were just recorded, in the transaction that records them."""
    rows = zip(counted_from(next_no(conn, "idempotency")), answers, strict=False)
    conn.executemany(
        _REMEMBER, [(no, _key_hash(key), key.body_hash, status, body, at) for no, (key, status, body) in rows]
    )


def forget(conn: Connection, before: str, *, limit: int = 1000) -> int:
    """Drops answers given before a time, at most `limit` of them; how many went."""
    return conn.execute(_FORGET, (limit, before)).rowcount


def _key_hash(key: Idempotency) -> bytes:
    # The length keeps ("ab", "c") and ("a", "bc") apart.
    return sha256(f"{len(key.owner)} {key.owner} {key.key}".encode()).digest()


# -- tokens -------------------------------------------------------------------------------------------------------


def add_token(conn: Connection, token_hash: bytes, owner: str, role: str, at: str) -> int:
    no = next_no(conn, "tokens")
    conn.execute(_ADD_TOKEN, (no, token_hash, owner, role, at))
    return no


def token(conn: Connection, token_hash: bytes) -> Token | None:
    """The token with this hash, revoked or not; None for a hash that was never given out."""
    row = conn.execute(f"{_TOKEN} WHERE hash = ?", (token_hash,)).fetchone()
    return None if row is None else Token(*row)


def tokens(conn: Connection) -> list[Token]:
    return [Token(*row) for row in conn.execute(f"{_TOKEN} ORDER BY no")]


def copy_tokens(conn: Connection, to: Connection) -> None:
    """Whoever may use one home may use the other."""
    to.executemany(_COPIED_TOKEN, conn.execute(_WHOLE_TOKENS))


def revoke(conn: Connection, no: int, at: str) -> bool:
    """Whether there was a token of that number to revoke."""
    return conn.execute(_REVOKE, (at, no)).rowcount == 1
