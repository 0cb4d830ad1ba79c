"""Static files of pages. An address holds the mark of the content: what it answers never changes."""

import gzip
import re
from functools import cache

from fastapi import APIRouter, Request, Response

from api.rendering import file, mark

FOR_EVER = "public, max-age=31536000, immutable"
_COMMENT = re.compile(rb"^[ \t]*(?://[^\n]*|/\*\*(?:(?!\*/)[\s\S])*\*/)[ \t]*\n", re.MULTILINE)
"""On lines of its own."""


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
    """The verifier goes to every phone that scans a label: its comments, a sixth of it, stay in the plain answer."""
    content = file(path)[0]
    if path.startswith("verifier/") and path.endswith(".js"):
        content = _COMMENT.sub(b"", content)
    return gzip.compress(content, mtime=0)
