"""Who may ask: bearer tokens and roles at the door, before anything is read or looked up.

    Access(store).require("clerk")    a dependency for routes: the Pass of a caller who may do what a clerk may
    Access(store).admit(request, …)   the same as a plain call, where a request is worth more than its declaration
    Access(store, keys).require("viewer", nodes=True)   or a node that the trust policy names, by its signature

A browser that is signed in sends a cookie instead of a token; what it changes must carry the session's csrf too, which
only our own pages know. 401 without either, or with one that is unknown, revoked or over; 403 with a role too low.
What a token is, nodes/tokens.py knows, and what a session is, nodes/people.py. Requests between nodes are signed
instead (nodes/signed_requests.py), and most of the log is public.
"""

from fastapi import Request
from fastapi.openapi.models import HTTPBearer as Scheme
from fastapi.security.base import SecurityBase

from api.proxied import vouched
from ledger.errors import LodetraceError, Refusal, Unknown, Unverified
from ledger.log.notes import Verifier
from nodes.clock import Clock, system_clock
from nodes.introductions import PeerKeys
from nodes.people import Reception, Session, check_csrf
from nodes.signed_requests import check_digest, claimed_signer, open_request
from nodes.store.engine import Store
from nodes.tokens import ROLES, Door, Pass, at_least

COOKIE = "lodetrace_session"
CSRF = "x-csrf-token"
SAFE = ("GET", "HEAD", "OPTIONS")


class Access:
    """One node's door."""

    def __init__(self, store: Store, keys: PeerKeys | None = None, clock: Clock = system_clock) -> None:
        """`keys`: of other nodes; without, none of them is let in."""
        self.reception = Reception(store, clock)
        self._door = Door(store)
        self._keys = keys

    def admit(self, request: Request, role: str) -> Pass:
        """Who is calling, if they may do what `role` may."""
        caller = self._caller(request)
        check_role(caller, role)
        return caller

    def signed_in(self, request: Request) -> Session | None:
        """The session whose cookie a browser sent, if it still holds. A program may read pages with its token."""
        if "authorization" in request.headers and request.method in SAFE:
            return Session(self._caller(request), "")
        cookie = request.cookies.get(COOKIE)
        found = None if cookie is None else self.reception.of(cookie)
        here = vouched(request)
        # At the web server in front somebody else has signed in since, at the same browser.
        return None if found is not None and here and found.subject not in (None, here) else found

    def _caller(self, request: Request) -> Pass:
        given = request.headers.get("authorization")
        if given is None and COOKIE in request.cookies:
            session = self.signed_in(request)
            if session is None:
                raise Unknown("session-ended", field="Cookie")
            if request.method not in SAFE:
                check_csrf(session, request.headers.get(CSRF))
            return session.holder
        scheme, _, token = (given or "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise Unknown("token-missing", field="Authorization")
        return self._door.open(token.strip())

    async def introduced(self, request: Request, body: bytes, told: bytes) -> str:
        """The node of our policy that signed this request, which we cannot ask who it is: it has `told` it."""
        assert self._keys is not None, "the keys of nodes are at hand"
        await self._keys.learn(claimed_signer(_headers(request)), told)
        return await self.signer(request, body)

    async def signer(self, request: Request, body: bytes = b"") -> str:
        """The node of our policy that signed this request."""
        claimed_signer(_headers(request))
        check_body(request, body)
        return await self.announced(request, body)

    async def announced(self, request: Request, body: bytes | None = None) -> str:
        """The same before the body is read, where its digest alone is signed: `check_body` follows."""
        assert self._keys is not None, "the keys of nodes are at hand"
        headers = _headers(request)
        name = claimed_signer(headers)
        key = await self._keys.of(name)
        path = request.scope["raw_path"].decode("ascii")

        def opened(key: Verifier) -> str:
            def key_of(asked: str) -> Verifier:
                if asked != name:
                    raise Unverified("request-signature", field="Signature", value=asked, why=f"it names {name} too")
                return key

            return open_request(request.method, path, headers, body, key_of)

        try:
            return opened(key)
        except Unverified as refused:
            try:
                other = await self._keys.of(name, instead_of=key)
            except LodetraceError:
                raise refused from None
            return opened(other)

    def require(self, role: str, *, nodes: bool = False) -> "Required":
        assert role in ROLES, role
        return Required(self, role, nodes=nodes)


def check_body(request: Request, body: bytes) -> None:
    """Unverified unless this is the body that was signed, by its digest."""
    check_digest(_headers(request), body)


def _headers(request: Request) -> list[tuple[str, str]]:
    return [(name.decode("latin-1"), value.decode("latin-1")) for name, value in request.headers.raw]


def check_role(caller: Pass, role: str) -> None:
    if not at_least(caller.role, role):
        raise Refusal("role-too-low", field="Authorization", value=caller.role, wanted=role)


class Required(SecurityBase):
    """A dependency that also stands in the OpenAPI description, as bearer security."""

    def __init__(self, access: Access, role: str, *, nodes: bool = False) -> None:
        self.model = Scheme(description="A token of this node, made with lodetrace token create.")
        self.scheme_name = "token"
        self._access, self.role, self.nodes = access, role, nodes

    async def __call__(self, request: Request) -> Pass | str:
        """The Pass of a caller, or the name of a node."""
        if self.nodes and "signature-input" in request.headers:
            return await self._access.signer(request)
        return self._access.admit(request, self.role)
