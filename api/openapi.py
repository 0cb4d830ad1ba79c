"""The OpenAPI description (https://spec.openapis.org/oas/v3.1.0), complete where routes read their bodies themselves.

FastAPI writes it from the routes; here the parts of body schemas move to where references find them, and every
operation gets the one answer that all errors have (api/errors.py).
"""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

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
            for content in operation.get("requestBody", {}).get("content", {}).values():
                content["schema"] = _at_home(content["schema"], schemas)
        schemas["Problem"] = _PROBLEM
        app.openapi_schema = described
    return app.openapi_schema


def _at_home(schema: dict[str, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    """Moves a model's schema, and those it refers to, into the components, and answers a reference to it."""
    if "$ref" in schema or "title" not in schema:
        return schema
    parts = schema.pop("$defs", {})
    for name, part in {**parts, schema["title"]: schema}.items():
        assert schemas.setdefault(name, part) == part, f"two different schemas are named {name}"
    return {"$ref": f"#/components/schemas/{schema['title']}"}
