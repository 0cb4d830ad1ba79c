"""Pages for people: a template, the facts that go into it, and headers that let nothing else in.

Pages load nothing from elsewhere, run no script and are not kept by caches. What stands on them, others decide.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import urlencode

from fastapi import Request, Response
from jinja2 import Environment, PackageLoader, select_autoescape

HEADERS = {
    "cache-control": "no-store",
    "content-security-policy": (
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    ),
    "referrer-policy": "no-referrer",
    "vary": "accept, accept-language",
    "x-content-type-options": "nosniff",
}


@lru_cache(maxsize=1)
def _templates() -> Environment:
    return Environment(
        loader=PackageLoader("api", "pages"), autoescape=select_autoescape(), trim_blocks=True, lstrip_blocks=True
    )


def page(
    template: str, facts: Mapping[str, Any], language: str, status: int = 200, request: Request | None = None
) -> Response:
    """The page in `language`. With `request`, its link to the other language keeps what else was asked."""
    zh = language == "zh"
    asked = [] if request is None else [(name, text) for name, text in request.query_params.items() if name != "lang"]
    others = f"{urlencode(asked)}&" if asked else ""
    text = (
        _templates()
        .get_template(template)
        .render(**facts, zh=zh, others=others, t=lambda chinese, english: chinese if zh else english)
    )
    return Response(text, status, HEADERS, "text/html; charset=utf-8")
