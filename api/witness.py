"""The witness's interface, after https://c2sp.org/tlog-witness: anybody may ask, for a checkpoint that its log signed.

Errors have the statuses of that specification, with the usual problem as their body; a 409 has the size instead.
Of each log at most `AT_ONCE` requests are looked at together; more are 429, so nobody holds the store up for others.
"""

import asyncio
from collections import Counter
from collections.abc import Callable

from fastapi import APIRouter, Request, Response

from api.bodies import read_bytes
from api.errors import problem
from ledger.errors import Conflict, LodetraceError, Unavailable, Unknown
from ledger.log.witnessing import MAX_BODY, SIZE_TYPE, claimed_log, format_size, status_of
from nodes import witness
from nodes.node import Node

AT_ONCE = 4
_FLEETING = {"access-control-allow-origin": "*", "cache-control": "public, max-age=2"}


def routes(node: Node, refused: Callable[[str], None]) -> APIRouter:
    """`refused` hears the code of every error that is answered."""
    router = APIRouter(tags=["witness"])
    under_way: Counter[str] = Counter()

    @router.post("/witness/add-checkpoint", summary="Cosign a checkpoint of a log that this node knows")
    async def add_checkpoint(request: Request) -> Response:
        body = await read_bytes(request, MAX_BODY)
        whose = claimed_log(body)
        if under_way[whose] >= AT_ONCE:
            raise Unavailable("witness-busy", field="checkpoint", value=whose)
        under_way[whose] += 1
        try:
            lines = await asyncio.to_thread(witness.add_checkpoint, node, body)
        except Unavailable:
            raise
        except LodetraceError as error:
            refused(error.code)
            if isinstance(error, Conflict):
                return Response(format_size(error.value), 409, {"cache-control": "no-store", "content-type": SIZE_TYPE})
            return problem(error, status_of(error))
        finally:
            under_way[whose] -= 1
            if not under_way[whose]:
                del under_way[whose]
        return Response(lines, headers={"cache-control": "no-store"}, media_type="text/plain")

    @router.get("/witness/{log}/checkpoint", summary="The largest checkpoint of a log that this node cosigned")
    async def checkpoint(log: str) -> Response:
        origin = node.policy.log_of(log)
        found = None if origin is None else witness.cosigned(node, origin)
        if found is None:
            raise Unknown("log-not-witnessed", field="log", value=log)
        return Response(found, headers=_FLEETING, media_type="text/plain")

    return router
