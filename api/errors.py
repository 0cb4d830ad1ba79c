"""Every error as one shape of answer: problem details, after https://www.rfc-editor.org/rfc/rfc9457.

    {"type": "/errors/batch-unknown", "title": "Not found", "status": 404, "code": "batch-unknown",
     "detail": "…", "detail_zh": "…", "field": "lines[0].batch", "value": "9QX2…"}

`STATUS` is the one table from error to status: by class, and by code where a class is too coarse. Nothing else in this
package names a status for an error. What is not an error of the ledger becomes one here, or a 500 without its insides.
"""

import json
import logging
from collections.abc import Callable, Mapping
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from api.misfits import misfit
from ledger.errors import (
    Conflict,
    Forked,
    LodetraceError,
    Malformed,
    Refusal,
    Unavailable,
    Unknown,
    Unverified,
)

MEDIA_TYPE = "application/problem+json"
STATUS: Mapping[type[LodetraceError] | str, int] = {
    Malformed: 422,
    Unverified: 422,
    Unknown: 404,
    Conflict: 409,
    Refusal: 422,
    Forked: 409,
    Unavailable: 503,
    "body-not-json": 400,
    "key-missing": 400,
    "session-ended": 401,
    "sign-in-wrong": 401,
    "sign-in-unknown-here": 403,
    "sign-in-too-often": 429,
    "form-not-ours": 403,
    "task-of-others": 403,
    "site-of-others": 403,
    "token-missing": 401,
    "token-revoked": 401,
    "token-unknown": 401,
    "request-unsigned": 401,
    "request-signature": 401,
    "role-too-low": 403,
    "sender-forked": 403,
    "method-wrong": 405,
    "body-too-large": 413,
    "relay-busy": 429,
    "witness-busy": 429,
    "internal-error": 500,
    "disk-full": 507,
}
TITLE: Mapping[type[LodetraceError], str] = {
    Malformed: "Malformed",
    Unverified: "Not verified",
    Unknown: "Not found",
    Conflict: "Conflict",
    Refusal: "Refused",
    Forked: "Fork",
    Unavailable: "Not available now",
}
RETRY_AFTER: Mapping[str, int] = {"key-in-flight": 1, "node-overloaded": 1, "database-locked": 1, "witness-busy": 1}
"""After how many seconds the same call may work; for other errors nobody knows."""

_say = logging.getLogger(__name__)


def status_of(error: LodetraceError) -> int:
    return STATUS[error.code] if error.code in STATUS else STATUS[_class_of(error)]


def problem_of(error: LodetraceError) -> dict[str, Any]:
    """The members of the answer, also for a line of a bulk answer."""
    return {
        "type": f"/errors/{error.code}",
        "title": TITLE[_class_of(error)],
        "status": status_of(error),
        "code": error.code,
        "detail": error.text("en"),
        "detail_zh": error.text("zh"),
        "field": error.field,
        "value": _plain(error.value),
    }


def problem(error: LodetraceError, status: int | None = None) -> Response:
    """The answer to the whole request. `status`: where a specification of others says another one."""
    status = status or status_of(error)
    headers = {"cache-control": "no-store"}
    if status == 401:
        headers["www-authenticate"] = "Bearer"
    if error.code in RETRY_AFTER:
        headers["retry-after"] = str(RETRY_AFTER[error.code])
    return Response(_json(problem_of(error) | {"status": status}), status, headers, MEDIA_TYPE)


def install(app: FastAPI, refused: Callable[[str], None]) -> None:
    """All handlers. `refused` hears the code of every error that is answered."""

    def answer(error: LodetraceError) -> Response:
        refused(error.code)
        return problem(error)

    async def ours(_: Request, error: Exception) -> Response:
        assert isinstance(error, LodetraceError)
        return answer(error)

    async def validation(_: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        return answer(misfit(error.errors()))

    async def http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        path = request.url.path
        if error.status_code == 404:
            return answer(Unknown("route-unknown", field="path", value=path))
        if error.status_code == 405:
            allowed = (error.headers or {}).get("Allow", "")
            response = answer(Malformed("method-wrong", field=path, value=request.method, allowed=allowed))
            response.headers["allow"] = allowed
            return response
        refused("http-error")
        members = problem_of(Malformed("http-error", field=path, value=error.detail)) | {"status": error.status_code}
        return Response(_json(members), error.status_code, error.headers, MEDIA_TYPE)

    async def unexpected(request: Request, error: Exception) -> Response:
        _say.error("%s %s: %r", request.method, request.url.path, error)
        return answer(Unavailable("internal-error"))

    async def gone(_: Request, __: Exception) -> Response:
        return Response(status_code=499)  # nobody reads it; the journal of a proxy may

    app.add_exception_handler(LodetraceError, ours)
    app.add_exception_handler(RequestValidationError, validation)
    app.add_exception_handler(HTTPException, http)
    app.add_exception_handler(ClientDisconnect, gone)
    app.add_exception_handler(Exception, unexpected)


def _class_of(error: LodetraceError) -> type[LodetraceError]:
    return next(kind for kind in type(error).__mro__ if kind in TITLE)


def _plain(value: Any) -> Any:
    """What stood there, short enough to be told back, in types that JSON has."""
    if value is None or isinstance(value, (bool, int)):
        return value
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= 200 else f"{text[:200]}…"


def _json(members: Mapping[str, Any]) -> bytes:
    # A caller's own text may hold half a surrogate pair, which UTF-8 has no bytes for.
    return json.dumps(members, ensure_ascii=False, separators=(",", ":")).encode(errors="replace")
