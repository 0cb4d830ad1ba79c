"""The OpenAPI description (https://spec.openapis.org/oas/v3.1.0), complete where routes read their bodies themselves.

FastAPI writes it from the routes; here the schemas of bodies come to where references find them, and every operation
gets the one answer that all errors have (api/errors.py). Made when somebody asks: it takes longer than all routes.
"""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic.json_schema import models_json_schema

from api.bodies import DESCRIBED, REFS
from api.errors import MEDIA_TYPE

TITLE = "Lodetrace 磁迹"
VERSION = "1"  # of this interface, as in /api/v1; not of the program
ABOUT = "One organisation's node: its batches, units, shipments and log. 企业节点接口：批次、包装件、发货与日志。"
_PROBLEM = {
    "title": "Problem",
    "description": "Problem details, RFC 9457.",
    "type": "object",
    "required": ["type", "title", "status", "code", "detail", "detail_zh", "field", "value"],
    "properties": {
        "type": {"type": "string", "examples": ["/errors/batch-unknown"]},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string", "description": "Stable; programs act on it."},
        "detail": {"type": "string", "description": "For people: what, where, and the way out."},
        "detail_zh": {"type": "string", "description": "The same in Chinese."},
        "field": {"type": ["string", "null"], "description": "Where in the request, such as lines[0].batch."},
        "value": {"description": "What stood there."},
    },
}
_ANSWER = {
    "description": "Anything that is wrong.",
    "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
}


def describe(app: FastAPI) -> dict[str, Any]:
    """The whole description; made at the first call, kept by the app."""
    if app.openapi_schema is None:
        described = get_openapi(title=TITLE, version=VERSION, description=ABOUT, routes=app.routes)
        schemas = described.setdefault("components", {}).setdefault("schemas", {})
        for name in ("HTTPValidationError", "ValidationError"):
            schemas.pop(name, None)
        for operation in (one for path in described.get("paths", {}).values() for one in path.values()):
            operation["responses"].pop("422", None)
            operation["responses"]["default"] = _ANSWER
        _, bodies = models_json_schema([(one, "validation") for one in DESCRIBED.values()], ref_template=REFS)
        schemas |= {**bodies["$defs"], "Problem": _PROBLEM}
        app.openapi_schema = described
    return app.openapi_schema
