"""Who may ask: bearer tokens and roles at the door, before anything is read or looked up.

    Access(store).require("clerk")    a dependency for routes: the Pass of a caller who may do what a clerk may
    Access(store).admit(request, …)   the same as a plain call, where a request is worth more than its declaration

401 without a token, or with one that is unknown or revoked; 403 with a role too low. What a token is, nodes/tokens.py
knows. Requests between nodes are signed instead (nodes/signed_requests.py), and most of the log is public.
"""

from fastapi import Request
from fastapi.openapi.models import HTTPBearer as Scheme
from fastapi.security.base import SecurityBase

from ledger.errors import Refusal, Unknown
from nodes.store.engine import Store
from nodes.tokens import ROLES, Door, Pass, at_least


class Access:
    """One node's door."""

    def __init__(self, store: Store) -> None:
        self._door = Door(store)

    def admit(self, request: Request, role: str) -> Pass:
        """Who is calling, if they may do what `role` may."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise Unknown("token-missing", field="Authorization")
        caller = self._door.open(token.strip())
        if not at_least(caller.role, role):
            raise Refusal("role-too-low", field="Authorization", value=caller.role, wanted=role)
        return caller

    def require(self, role: str) -> "Required":
        assert role in ROLES, role
        return Required(self, role)


class Required(SecurityBase):
    """A dependency that also stands in the OpenAPI description, as bearer security."""

    def __init__(self, access: Access, role: str) -> None:
        self.model = Scheme(description="A token of this node, made with lodetrace token create.")
        self.scheme_name = "token"
        self._access, self.role = access, role

    async def __call__(self, request: Request) -> Pass:
        return self._access.admit(request, self.role)
