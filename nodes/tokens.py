"""Bearer tokens (RFC 6750): who may speak to this node, and as what.

    mint    a new token, shown this once; the database keeps its hash
    Door    text → Pass, for every request; a revoked token stops working within a second

Promises: a token has 256 random bits, so its bare SHA-256 is safe to keep, and looking that hash up takes no time that
would tell a guesser how near a guess was. Does not check what a role may do: api/access.py asks for one at each door.
"""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from secrets import token_urlsafe
from threading import Lock
from time import monotonic

from ledger.errors import Malformed, Unknown
from nodes.clock import Clock, stamp
from nodes.store import access
from nodes.store.access import Token
from nodes.store.engine import Store

ROLES = ("viewer", "clerk", "supervisor", "admin")
"""Each may do what those before it may."""
PREFIX = "lt_"
FRESH_SECONDS = 1.0
_KEPT = 1024
_LENGTH = len(PREFIX) + 43


@dataclass(frozen=True, slots=True)
class Pass:
    """A token or a session that holds now: whose it is, and their role. `tasks` and `sites` are empty where the holder
    has all of them.
    """

    owner: str
    role: str
    tasks: tuple[str, ...] = ()
    sites: tuple[str, ...] = ()


def mint(store: Store, owner: str, role: str, clock: Clock) -> str:
    """The token, which is kept nowhere: whoever loses it gets another one."""
    if role not in ROLES:
        raise Malformed("role-unknown", field="role", value=role, roles=", ".join(ROLES))
    if not owner.strip() or len(owner) > 100 or not owner.isprintable():
        raise Malformed("owner-wrong", field="name", value=owner)
    text = PREFIX + token_urlsafe(32)
    with store.write() as conn:
        access.add_token(conn, hash_of(text), owner, role, stamp(clock()))
    return text


def listed(store: Store) -> list[Token]:
    """All tokens ever given out, by number."""
    with store.read() as conn:
        return access.tokens(conn)


def revoke(store: Store, no: int, clock: Clock) -> None:
    """Unknown if no token of that number is in use."""
    with store.write() as conn:
        if not access.revoke(conn, no, stamp(clock())):
            raise Unknown("token-number", field="number", value=no)


class Door:
    """Looks tokens up; remembers each for a second, because most requests come in rows."""

    def __init__(self, store: Store, timer: Callable[[], float] = monotonic) -> None:
        self._store, self._timer = store, timer
        self._guard = Lock()
        self._known: OrderedDict[bytes, tuple[float, Pass]] = OrderedDict()

    def open(self, text: str) -> Pass:
        """Unknown("token-unknown") for a text that was never a token, Unknown("token-revoked") for a former one."""
        if len(text) != _LENGTH or not text.startswith(PREFIX):
            raise Unknown("token-unknown", field="Authorization")
        digest = hash_of(text)
        now = self._timer()
        with self._guard:
            known = self._known.get(digest)
        if known is not None and now - known[0] < FRESH_SECONDS:
            return known[1]
        found = self._look_up(digest)
        with self._guard:
            self._known[digest] = now, found
            self._known.move_to_end(digest)
            if len(self._known) > _KEPT:
                self._known.popitem(last=False)
        return found

    def _look_up(self, digest: bytes) -> Pass:
        with self._store.read() as conn:
            token = access.token(conn, digest)
        if token is None:
            raise Unknown("token-unknown", field="Authorization")
        if token.revoked_at is not None:
            raise Unknown("token-revoked", field="Authorization", value=token.revoked_at)
        return Pass(token.owner, token.role)


def at_least(role: str, wanted: str) -> bool:
    """May the holder of `role` do what `wanted` may?"""
    return ROLES.index(role) >= ROLES.index(wanted)


def hash_of(text: str) -> bytes:
    """As which a token is kept."""
    return sha256(text.encode()).digest()
