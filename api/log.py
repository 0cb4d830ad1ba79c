"""The log, for whoever checks it: checkpoint, tiles, bundles of entries, and who this node is.

Paths and contents after https://c2sp.org/tlog-tiles. Checkpoints and hash tiles are public; entries are commitments,
yet their types and times tell something, so bundles of them are for the node's own viewers, and for the nodes that its
trust policy names: they follow this log. Those may also ask what it has seen of others.

Promises: full tiles are served from memory after the first time; they never change, and say so to caches.
Does not check what it serves: the store keeps it, readers rebuild the root of a checkpoint from it.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from hashlib import sha256
from typing import TypeVar

from fastapi import APIRouter, Depends, Request, Response

from api.access import Access
from ledger.errors import Malformed, Unknown
from ledger.log.canonical import dump
from ledger.log.tiles import WIDTH, format_bundle, parse_bundle_path, parse_tile_path
from nodes import monitor
from nodes.node import Node
from nodes.store import log

CACHE_BYTES = 64 << 20
_ANYWHERE = {"access-control-allow-origin": "*"}
_IMMUTABLE = _ANYWHERE | {"cache-control": "public, max-age=31536000, immutable"}
_OWN = {"cache-control": "private, max-age=31536000, immutable"}
_FLEETING = _ANYWHERE | {"cache-control": "public, max-age=2"}
_OCTETS = "application/octet-stream"

_T = TypeVar("_T")


class Cache:
    """The bytes of full tiles and bundles, those used last, up to a size."""

    def __init__(self, limit: int = CACHE_BYTES) -> None:
        self._limit = limit
        self._kept: OrderedDict[str, bytes] = OrderedDict()
        self.size = 0

    def get(self, path: str, make: Callable[[], tuple[bytes, bool]]) -> bytes:
        """What `path` holds. `make` answers it, and whether it is final; only final bytes are kept."""
        found = self._kept.get(path)
        if found is not None:
            self._kept.move_to_end(path)
            return found
        made, final = make()
        if final:
            self._kept[path] = made
            self.size += len(made)
            while self.size > self._limit:
                _, dropped = self._kept.popitem(last=False)
                self.size -= len(dropped)
        return made


def routes(node: Node, access: Access) -> APIRouter:
    router = APIRouter(tags=["log"])
    cache, prefix = Cache(), f"/{node.origin.rpartition('/')[2]}"

    def make_tile(path: str) -> tuple[bytes, bool]:
        level, index, width = _parsed(parse_tile_path, path)
        with node.store.read() as conn:
            return log.tile(conn, level, index, width), width == WIDTH

    def make_bundle(path: str) -> tuple[bytes, bool]:
        index, width = _parsed(parse_bundle_path, path)
        with node.store.read() as conn:
            return format_bundle(log.notes(conn, index * WIDTH, width)), width == WIDTH

    @router.get("/.well-known/lodetrace.json", summary="Who this node is, with the proof of its entry 0")
    async def well_known() -> Response:
        return Response(dump(node.well_known()), headers=_FLEETING, media_type="application/json")

    @router.get(
        f"{prefix}/checkpoint",
        summary="The newest checkpoint that this node's witnesses have seen, a signed note; with an ETag",
    )
    async def checkpoint(request: Request) -> Response:
        note = node.shown_checkpoint()
        headers = _FLEETING | {"etag": f'"{sha256(note).hexdigest()}"'}
        if request.headers.get("if-none-match") == headers["etag"]:
            return Response(status_code=304, headers=headers)
        return Response(note, headers=headers, media_type="text/plain")

    @router.get(f"{prefix}/checkpoint-unwitnessed", summary="The newest checkpoint, witnessed or not")
    async def unwitnessed() -> Response:
        return Response(node.checkpoint(), headers=_FLEETING, media_type="text/plain")

    @router.get(
        "/log/seen/{digest}",
        summary="The newest checkpoint of another log that this node knows of, by the SHA-256 of its origin",
        dependencies=[Depends(access.require("viewer", nodes=True))],
        response_class=Response,
    )
    async def seen(digest: str) -> Response:
        note = await asyncio.to_thread(monitor.seen, node, digest)
        return Response(note, headers={"cache-control": "no-store"}, media_type="text/plain")

    @router.get(
        prefix + "/tile/entries/{place:path}",
        summary="A bundle of up to 256 entries",
        dependencies=[Depends(access.require("viewer", nodes=True))],
    )
    async def entries(request: Request) -> Response:
        path = request.url.path[len(prefix) + 1 :]
        return Response(cache.get(path, lambda: make_bundle(path)), headers=_OWN, media_type=_OCTETS)

    @router.get(prefix + "/tile/{place:path}", summary="A tile of up to 256 hashes of the tree")
    async def tile(request: Request) -> Response:
        path = request.url.path[len(prefix) + 1 :]
        return Response(cache.get(path, lambda: make_tile(path)), headers=_IMMUTABLE, media_type=_OCTETS)

    return router


def _parsed(parse: Callable[[str], _T], path: str) -> _T:
    """To a caller, a path that no tile can have is a path where nothing is."""
    try:
        return parse(path)
    except Malformed as error:
        raise Unknown("route-unknown", field="path", value=f"/log/{path}") from error
