"""Deposits given back by an authority to the node that made them, for its recovery: a GET that its peer key signed."""

import asyncio

from fastapi import APIRouter, Path, Request, Response

from ledger.errors import Refusal, Unverified
from ledger.keys import LAST
from ledger.log.checkpoints import MAX_SIZE
from ledger.log.notes import Verifier
from nodes import deposit_pages
from nodes.node import Node
from nodes.signed_requests import open_request


def routes(node: Node) -> APIRouter:
    router = APIRouter(tags=["between nodes"])

    @router.get("/deposits/{name}/{first}", summary="A page of what a node has deposited here", response_class=Response)
    async def given_back(request: Request, name: str, first: int = Path(ge=0, le=MAX_SIZE)) -> Response:
        page = await asyncio.to_thread(_page, node, request, name, first)
        return Response(page, headers={"cache-control": "no-store"}, media_type="application/json")

    return router


def _page(node: Node, request: Request, name: str, first: int) -> bytes:
    if node.settings.role != "authority":
        raise Refusal("not-an-authority", field="name", value=node.settings.name)
    origin = node.policy.origin_of(name)
    with node.store.read() as conn:

        def key_of(signer: str) -> Verifier:
            if signer != name:
                raise Unverified("deposits-of-others", field="name", value=name, signer=signer)
            key = deposit_pages.owner_key(conn, origin)
            if node.membership.revoked(origin, LAST, key, "peer"):
                raise Unverified("key-revoked", field="Signature", value="now", log=origin, key=key.name)
            return key

        headers = [(key.decode("latin-1"), value.decode("latin-1")) for key, value in request.headers.raw]
        open_request("GET", request.scope["raw_path"].decode("ascii"), headers, b"", key_of)
        return deposit_pages.page(conn, origin, first)
