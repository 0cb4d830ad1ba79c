"""The page /verify: a reader's own browser checks any label of anybody, or an evidence file, with or without a network.

    /verify                         the page; /verify#TOKEN checks that label
    /verify/trust.json?key&index    whom this node trusts; with a label's key id and index, who may have signed it
    /verify/offline.json            the addresses of all that the page needs
    /verify/worker.js               keeps them; /verify/manifest.webmanifest lets phones install the page

The node decides nothing here: what holds is decided by the modules in pages/static/verifier, in the browser.
"""

import json
import re
from dataclasses import asdict
from importlib.resources import files
from typing import Any

from fastapi import APIRouter, Request, Response

from api.asked import in_chat
from api.rendering import HEADERS, address, file, page
from api.screens.frame import language as language_of
from api.words import words
from ledger.errors import Malformed
from nodes.node import Node
from nodes.trusting import told

NOBLE = [f"noble-hashes/{name}.js" for name in ("sha2", "_md", "_u64", "utils")] + ["noble-ed25519/index.js"]
PAGES = ["/verify", "/verify/trust.json", "/verify/manifest.webmanifest"]
_key_id = re.compile(r"[0-9a-f]{8}").fullmatch
_index = re.compile(r"0|[1-9][0-9]{0,18}").fullmatch


def routes(node: Node) -> APIRouter:
    router = APIRouter(include_in_schema=False)

    @router.get("/verify")
    def verify(request: Request) -> Response:
        facts = {"token": "", "evidence": "", "chat": in_chat(request), "address": str(request.url)}
        return page("verify.html", facts, language_of(request), request=request)

    @router.get("/verify/trust.json")
    def trust(key: str = "", index: str = "0") -> Response:
        if (key and not _key_id(key)) or not _index(index):
            raise Malformed("malformed", field="key", value=key, why="it is no key id of 8 hexadecimal digits")
        settings = node.settings
        whose = {"log": node.origin, "node": settings.name, "organisation": settings.organisation}
        return _json({**whose, **asdict(told(node, key, int(index)))})

    @router.get("/verify/offline.json")
    def offline() -> Response:
        folder = files("api") / "pages" / "static" / "verifier"
        ours = sorted(f"verifier/{one.name}" for one in folder.iterdir())
        return _json([*PAGES, *(address(path) for path in ["style.css", "icon.svg", *ours, *NOBLE])])

    @router.get("/verify/worker.js")
    def worker() -> Response:
        headers = {"cache-control": "no-cache", "service-worker-allowed": "/verify"}
        return Response(file("verifier/worker.js")[0], media_type="text/javascript", headers=headers)

    @router.get("/verify/manifest.webmanifest")
    def manifest(request: Request) -> Response:
        _ = words(language_of(request))
        about = {
            "name": _("Check a label or evidence"),
            "short_name": _("Lodetrace"),
            "start_url": "/verify",
            "scope": "/verify",
            "display": "standalone",
            "background_color": "#f2f4f7",
            "theme_color": "#0b5d56",
            "icons": [{"src": address("icon.svg"), "sizes": "any", "type": "image/svg+xml"}],
        }
        return Response(json.dumps(about), media_type="application/manifest+json", headers=HEADERS)

    return router


def _json(value: Any) -> Response:
    return Response(json.dumps(value, ensure_ascii=False), media_type="application/json", headers=HEADERS)
