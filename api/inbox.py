"""The inbox: where other nodes bring handovers, receipts and acknowledgements. Signed requests, verified evidence.

200 with a signed delivery note: verified and durably stored. 202: parked until what it refers to is here. 409: it
contradicts what the same log said before, both are kept. 422: final. Anything else: bring it again later.
"""

import asyncio
from datetime import timedelta

from fastapi import APIRouter, Request, Response

from api.access import Access
from api.bodies import read_bytes
from api.relay import RELAYED
from ledger.errors import Unverified
from ledger.evidence import FILE_MAX
from ledger.forks import FORK_MAX
from ledger.log.notes import Verifier
from nodes.forks import keep
from nodes.intake import Message, open_message, take_in
from nodes.node import Node
from nodes.relay import KEPT_DAYS
from nodes.signed_requests import check_digest, open_request


def routes(node: Node, access: Access) -> APIRouter:
    router = APIRouter(tags=["between nodes"])

    @router.post("/inbox/fork", summary="The proof that a log has forked, passed on by another node", status_code=204)
    async def fork(request: Request) -> Response:
        data = await read_bytes(request, FORK_MAX)
        await access.signer(request, data)
        await asyncio.to_thread(keep, node, data)
        return Response(status_code=204)

    @router.post("/inbox/{kind}", summary="A delivery of another node", response_class=Response)
    async def inbox(kind: str, request: Request) -> Response:
        data = await read_bytes(request, FILE_MAX)
        check_digest(_headers(request), data)
        message = await asyncio.to_thread(open_message, node, data)
        _check_sender(request, kind, message, data)
        taken = await asyncio.to_thread(take_in, node, message, data)
        if taken.note is None:
            return Response(status_code=202)
        return Response(taken.note, media_type="text/plain; charset=utf-8")

    return router


def _check_sender(request: Request, kind: str, message: Message, data: bytes) -> None:
    """The request is signed by the key that the sender's own proven entry 0 publishes for requests."""

    def key_of(name: str) -> Verifier:
        if name != message.sender:
            raise Unverified("sender-differs", field="cover.sender", value=message.sender, signer=name)
        return message.peer_key

    path = request.scope["raw_path"].decode("ascii")
    kept = timedelta(days=KEPT_DAYS) if RELAYED in request.scope else timedelta(0)
    open_request("POST", path, _headers(request), data, key_of, kept)
    if kind != message.kind:
        raise Unverified("sender-differs", field="cover.kind", value=message.kind, signer=kind)


def _headers(request: Request) -> list[tuple[str, str]]:
    return [(name.decode("latin-1"), value.decode("latin-1")) for name, value in request.headers.raw]
