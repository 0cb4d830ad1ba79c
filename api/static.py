"""Static files of pages. An address holds the mark of the content: what it answers never changes."""

import gzip
from functools import cache

from fastapi import APIRouter, Request, Response

from api.rendering import file, mark

FOR_EVER = "public, max-age=31536000, immutable"


def routes() -> APIRouter:
    router = APIRouter()

    @router.get("/static/{version}/{path:path}", include_in_schema=False)
    def static(version: str, path: str, request: Request) -> Response:
        content, kind = file(path)
        headers = {
            "cache-control": FOR_EVER if version == mark() else "no-cache",
            "x-content-type-options": "nosniff",
            "vary": "accept-encoding",
        }
        if "gzip" in request.headers.get("accept-encoding", ""):
            headers["content-encoding"], content = "gzip", _pressed(path)
        return Response(content, media_type=kind, headers=headers)

    return router


@cache
def _pressed(path: str) -> bytes:
    return gzip.compress(file(path)[0], mtime=0)
