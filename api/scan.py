"""The scan page: what a buyer, a customs officer or an inspector sees who points a phone at a label. No login.

HTML for a browser, JSON for a program, by Accept; Chinese or English by `?lang` or Accept-Language. What is shown is
decided in nodes/scan.py and worded in ledger/verdict.py; this file only sets it.
"""

import json
from functools import lru_cache
from typing import Any

from fastapi import APIRouter, Request, Response
from jinja2 import Environment, PackageLoader, select_autoescape

from api.access import Access
from ledger.errors import LodetraceError
from ledger.evidence import format_evidence
from ledger.matter.quantities import show_mg
from ledger.verdict import ATTESTED, CLAIMED, PROVEN, WORDS, Step, sentence
from nodes import evidence
from nodes.clock import stamp
from nodes.node import Node
from nodes.scan import LIFE, Scan, scan

_HEADERS = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}


def routes(node: Node, access: Access) -> APIRouter:
    router = APIRouter(tags=["scan"])

    @router.get("/q/{token}", summary="What a label leads to", response_class=Response)
    def page(token: str, request: Request) -> Response:
        language = _language(request)
        wants_json = "text/html" not in request.headers.get("accept", "*/*").replace("*/*", "text/html")
        try:
            found = scan(node, token)
        except LodetraceError as error:
            if wants_json:
                raise
            return _html("unknown.html", {"error": error.text(language)}, language, status=404)
        if wants_json:
            return Response(_json(node, found), media_type="application/json", headers=_HEADERS)
        return _html("scan.html", _facts(node, found, language, token), language)

    @router.get("/q/{token}/evidence", summary="The portable proof behind a label", response_class=Response)
    def proof(token: str, request: Request) -> Response:
        if not node.settings.evidence_public:
            access.admit(request, "viewer")
        found = scan(node, token)
        unit = found.label.unit if found.unit is None else found.unit.id
        with node.store.read() as conn:
            made = evidence.of_unit(conn, node.origin, unit, stamp(node.clock()))
        headers = {**_HEADERS, "content-disposition": f'attachment; filename="{unit[-26:]}.evidence.json"'}
        return Response(format_evidence(made), media_type="application/json", headers=headers)

    return router


@lru_cache(maxsize=1)
def _templates() -> Environment:
    return Environment(loader=PackageLoader("api", "pages"), autoescape=select_autoescape(), trim_blocks=True)


def _html(template: str, facts: dict[str, Any], language: str, status: int = 200) -> Response:
    zh = language == "zh"
    text = (
        _templates()
        .get_template(template)
        .render(**facts, zh=zh, t=lambda chinese, english: chinese if zh else english)
    )
    return Response(text, status, {**_HEADERS, "vary": "accept, accept-language"}, "text/html; charset=utf-8")


def _language(request: Request) -> str:
    asked = request.query_params.get("lang") or request.headers.get("accept-language", "zh")
    return "en" if asked.lower().startswith("en") else "zh"


def _facts(node: Node, found: Scan, language: str, token: str) -> dict[str, Any]:
    verdict, names = found.verdict, node.settings.evidence_public
    reference = node.reference
    return {
        "found": found,
        "token": token,
        "genuine": found.genuine,
        "failure": None if found.failure is None else found.failure.text(language),
        "product": None if found.product is None else reference.product_name(found.product, language),
        "net": show_mg(found.label.net_mg),
        "life": None if found.unit is None else LIFE[found.unit.state][0 if language == "en" else 1],
        "steps": [] if verdict is None else _grouped([_step(node, step, language, names) for step in verdict.steps]),
        "words": [
            (WORDS[word][0 if language == "en" else 1], word, [sentence(code, facts, language) for code, facts in said])
            for word, said in (
                ((PROVEN, verdict.proven), (ATTESTED, verdict.attested), (CLAIMED, verdict.claimed)) if verdict else ()
            )
        ],
        "notices": [] if verdict is None else [sentence(code, facts, language) for code, facts in verdict.notices],
        "organisation": node.settings.organisation,
        "download": node.settings.evidence_public,
    }


EVENTS = {
    "registered": ("登记", "registered"),
    "transformed": ("加工", "processed"),
    "packed": ("包装贴标", "packed and labelled"),
    "shipped": ("发运", "shipped"),
    "received": ("收货复磅", "received and reweighed"),
    "assembled": ("装配", "assembled"),
    "dismantled": ("拆解", "dismantled"),
}


def _step(node: Node, step: Step, language: str, names: bool) -> dict[str, Any]:
    reference, english = node.reference, language == "en"
    event = EVENTS.get(step.event, (step.event, step.event))[1 if english else 0]
    return {
        "date": step.at[:10],
        "country": step.country or "—",
        "what": ", ".join(reference.process_name(process, language) for process in step.processes) or event,
        "products": ", ".join(reference.product_name(product, language) for product in step.products),
        "who": step.organisation if names else None,
        "origin": step.origin,
    }


def _grouped(steps: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Neighbours that differ only by their day are one line: six lots of one mine are one thing to a reader."""
    lines: list[dict[str, Any]] = []
    for step in steps:
        last = lines[-1] if lines else None
        if last is not None and all(last[name] == step[name] for name in step if name != "date"):
            last["times"] += 1
            last["until"] = step["date"]
        else:
            lines.append({**step, "times": 1, "until": step["date"]})
    return lines


def _json(node: Node, found: Scan) -> bytes:
    unit = found.unit
    body = {
        "genuine": found.genuine,
        "maker": found.maker,
        "check_code": found.check_code,
        "label": {
            "log": found.label.origin,
            "index": found.label.index,
            "unit": found.label.unit,
            "net_mg": found.label.net_mg,
        },
        "serial": None if unit is None else unit.serial,
        "seal": None if unit is None else unit.seal,
        "state": None if unit is None else unit.state,
        "product": found.product,
        "failure": None if found.failure is None else {"code": found.failure.code, "text": found.failure.text()},
        "verdict": None if found.verdict is None else _public(node, found),
    }
    return json.dumps(body, ensure_ascii=False).encode()


def _public(node: Node, found: Scan) -> dict[str, Any]:
    """The verdict without names, unless this node lets its evidence go to anybody."""
    assert found.verdict is not None
    shown = found.verdict.to_json()
    if not node.settings.evidence_public:
        for step in shown["steps"]:
            step.update(organisation=None, log=None, batches=[])
        shown["notices"] = [one for one in shown["notices"] if one["code"] != "no-correction-known"]
    return shown
