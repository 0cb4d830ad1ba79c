"""The scan page: what a buyer, a customs officer or an inspector sees who points a phone at a label. No login.

    /q/TOKEN             the page, or its JSON, by Accept; Chinese or English by `?lang` or Accept-Language
    /q/TOKEN/evidence    the portable proof behind it, where this node lets it go to anybody
    /u/UNIT              the short form for small parts: leads to the page of a unit that our own log labelled

What is shown, and to whom, is decided in nodes/scan.py and worded in ledger/verdict.py; this file only sets it.
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from fastapi import APIRouter, Request, Response
from starlette.background import BackgroundTask

from api.access import COOKIE, Access
from api.asked import in_chat, wants_json
from api.asked import language as language_of
from api.errors import status_of
from api.rendering import HEADERS, day, page, pressed
from api.screens.named import country_name, name_of, origin_name
from api.screens.shares import percent, told_shares
from api.words import LOCALES, words
from ledger.errors import LodetraceError, Unavailable, Unknown
from ledger.evidence import format_evidence
from ledger.matter.elements import ELEMENTS
from ledger.matter.events import is_id
from ledger.matter.provenance import OTHERS_ORIGIN
from ledger.matter.quantities import show_mg
from ledger.matter.rows import Row
from ledger.verdict import ATTESTED, CLAIMED, MEMBERSHIP, MODEL_WORDS, PROVEN, WORDS, Origin, Step, sentence
from nodes import labels
from nodes.node import Node
from nodes.scan import LIFE, SOMEBODY, STATUS, UNDECIDED, Mended, Scan, known_names, scan
from nodes.scanned import Scanned
from nodes.verbs.books import AUTHORITY


def routes(node: Node, access: Access) -> APIRouter:
    router = APIRouter(tags=["scan"])
    scanned_before = Scanned(node)

    def answered(response: Response, found: Scan, request: Request) -> Response:
        """Counted behind the answer: whoever scans does not wait for the disk."""
        address = "" if request.client is None else request.client.host
        response.background = BackgroundTask(scanned_before.remember, found.label, address)
        return response

    @router.get("/q/{token}", summary="What a label leads to", response_class=Response)
    def scanned(token: str, request: Request) -> Response:
        language = language_of(request)
        try:
            found = scan(node, token)
        except LodetraceError as error:
            return _refused(error, request)
        if wants_json(request):
            return answered(
                Response(_json(node, found), media_type="application/json", headers=HEADERS), found, request
            )
        facts = _facts(node, found, language, token)
        evidence = f"/q/{token}/evidence" if facts["download"] else ""
        inspects = node.settings.role == AUTHORITY and COOKIE in request.cookies  # whether it is valid, its page asks
        shown = {"evidence": evidence, "chat": in_chat(request), "address": str(request.url), "inspects": inspects}
        shown_page = pressed(page("scan.html", {**facts, **shown}, language, request=request), request)
        return answered(shown_page, found, request)

    @router.get("/q/{token}/evidence", summary="The portable proof behind a label", response_class=Response)
    def proof(token: str, request: Request) -> Response:
        if not node.settings.evidence_public:
            access.admit(request, "viewer")
        found = scan(node, token)
        unit = found.label.unit if found.unit is None else found.unit.id
        with node.store.read() as conn:
            made = node.proof_of(conn, unit=unit)
        headers = {**HEADERS, "content-disposition": f'attachment; filename="{unit[-26:]}.evidence.json"'}
        return Response(format_evidence(made), media_type="application/json", headers=headers)

    @router.get("/u/{unit}", summary="The short form of a label: leads to its page", response_class=Response)
    def short(unit: str, request: Request) -> Response:
        try:
            # By id alone, which nobody can guess: serials could be counted through by anybody.
            if not is_id(unit):
                raise Unknown("unit-unknown", field="unit", value=unit)
            token = labels.label_of(node, unit).url.rpartition("/q/")[2]
        except LodetraceError as error:
            return _refused(error, request)
        asked = f"?{request.url.query}" if request.url.query else ""
        return Response(status_code=303, headers={**HEADERS, "location": f"/q/{token}{asked}"})

    return router


def _refused(error: LodetraceError, request: Request) -> Response:
    """A page that tells forged from unknown from not now; for a program, the error as everywhere."""
    if wants_json(request):
        raise error
    language = language_of(request)
    facts = {
        "error": error.text(language),
        "later": isinstance(error, Unavailable),
        "undecided": error.code in UNDECIDED,
    }
    return pressed(page("unknown.html", facts, language, status_of(error), request), request)


def _facts(node: Node, found: Scan, language: str, token: str) -> dict[str, Any]:
    verdict, place = found.verdict, 0 if language == "en" else 1
    unit = found.unit
    said = ((PROVEN, verdict.proven), (ATTESTED, verdict.attested), (CLAIMED, verdict.claimed)) if verdict else ()
    return {
        "found": found,
        "token": token,
        "failure": _failure(node, found, language),
        "maker": found.organisation_en if language == "en" else found.organisation,
        "product": None if found.product is None else node.reference.product_name(found.product, language),
        "net": show_mg(found.label.net_mg),
        "net_now": None if found.weighed_since is None else show_mg(found.weighed_since),
        "status": None if found.status is None else STATUS[found.status][place],
        "life": None if unit is None else LIFE[unit.state][place],
        "membership": _membership(node, found, language),
        "countries": sorted({country_name(step.country, language) for step in verdict.steps if step.country})
        if verdict
        else [],
        "stages": [
            {
                "number": stage.number,
                "organisation": stage.organisation_en if language == "en" else stage.organisation,
                "steps": _grouped([_step(node, step, language) for step in stage.steps]),
            }
            for stage in found.stages
        ],
        "words": [
            (WORDS[word][place], word, [_said(node, found, *one, language) for one in sentences])
            for word, sentences in said
        ],
        "origins": [_origin(node, origin, language) for origin in verdict.origins] if verdict else [],
        "notices": [_said(node, found, *one, language) for one in verdict.notices] if verdict else [],
        "mended": _mended(found.mended, language),
        "shares": [
            (
                element,
                [
                    (origin_name(node, key, language), percent(was), percent(is_))
                    for key, (was, is_) in sorted(found.shares[element].items())
                ],
            )
            for element in ELEMENTS
            if element in found.shares
        ],
        "download": node.settings.evidence_public and verdict is not None,
    }


def _said(node: Node, found: Scan, code: str, facts: Mapping[str, Any], language: str) -> str:
    """A sentence of the verdict for a person: logs by their organisations, times as days, the goods as these goods."""
    told = {name: _named(node, found, one, language) if isinstance(one, str) else one for name, one in facts.items()}
    told |= {name: day(facts[name], LOCALES[language]) for name in ("as_of", "time") if name in facts}
    if found.verdict is not None and facts.get("what") in [origin.batch for origin in found.verdict.origins]:
        told["what"] = "these goods" if language == "en" else "本批货物"
    return sentence(code, told, language)


def _named(node: Node, found: Scan, fact: str, language: str) -> str:
    """A log or a node by its organisation, where it is known here; anything else as it is."""
    name = fact.removesuffix("/log")
    member = node.membership.members.get(name)
    if member is not None:
        return str((language == "en" and member.told.get("organisation_en")) or member.told["organisation"])
    for stage in found.stages:
        if stage.organisation and any(step.log == fact for step in stage.steps):
            return (language == "en" and stage.organisation_en) or stage.organisation
    names = known_names(node, fact) if name != fact else None
    return fact if names is None else names[1 if language == "en" else 0]


def _membership(node: Node, found: Scan, language: str) -> str | None:
    """What a registry says of the maker, and how old its word is. At the maker's own node, which needs no registry to
    know itself, the oldest word on the others that the verdict relies on.
    """
    said = [one for one in found.verdict.notices if one[0] in MEMBERSHIP] if found.verdict else []
    told = [one for one in said if one[1]["name"] == found.maker]
    aged = sorted((one for one in said if one[0] == "member-days"), key=lambda one: int(one[1]["days"]))
    return " ".join(_said(node, found, *one, language) for one in told or aged[-1:]) or None


def _origin(node: Node, origin: Origin, language: str) -> dict[str, Any]:
    """Each element: where it comes from and how much of it is recycled, in words, and the exact shares.

    Recycled is what the reference data count so: an organisation's own rework, for one, is not.
    """
    place = 0 if language == "en" else 1
    classes = node.reference.tables["feed_classes"]
    return {
        "standing": (WORDS[origin.standing][place], origin.standing),
        "model": MODEL_WORDS[origin.model][place],
        "elements": [
            (
                element,
                told_shares(_ranked((origin_name(node, key, language), row) for key, row in rows.items()), language),
                told_shares(
                    _ranked(
                        (classes[feed_class][language], row)
                        for feed_class, row in origin.recycled[element].items()
                        if classes.get(feed_class, {}).get("recycled_content") and row[0]
                    ),
                    language,
                ),
                [(origin_name(node, key, language), *_shares(row)) for key, row in rows.items()],
            )
            for element, rows in origin.elements.items()
        ],
        "together": any(OTHERS_ORIGIN in rows for rows in origin.elements.values()),
    }


def _ranked(rows: Iterable[tuple[str, Row]]) -> list[tuple[str, Row]]:
    return sorted(rows, key=lambda one: -one[1][0])


def _shares(row: Row) -> tuple[str, tuple[str, str] | None]:
    """The likely share, and between what it lies where that is no single value."""
    mid, lo, hi = row
    return percent(mid), None if lo == hi else (percent(lo), percent(hi))


def _failure(node: Node, found: Scan, language: str) -> str | None:
    """Why it does not hold. The full reason names logs, so it is for those who may see names."""
    if found.failure is None:
        return None
    if node.settings.evidence_public:
        return found.failure.text(language)
    told = (
        "The label is its maker's, but the history that this node holds does not verify.",
        "标签确为制签单位所作，但本节点所存的来历未通过核验。",
    )
    return told[0 if language == "en" else 1]


EVENTS = {
    "registered": ("登记", "registered"),
    "transformed": ("加工", "processed"),
    "packed": ("包装贴标", "packed and labelled"),
    "shipped": ("发运", "shipped"),
    "received": ("收货复磅", "received and reweighed"),
    "assembled": ("装配", "assembled"),
    "dismantled": ("拆解", "dismantled"),
    "charged": ("投料", "charged into a pool"),
    "drawn": ("出料", "drawn from a pool"),
    "closed": ("周期结清", "pool period closed"),
    "sampled": ("取样", "sampled"),
    "attested": ("鉴证账本", "replayed and attested a log"),
}


def _step(node: Node, step: Step, language: str) -> dict[str, Any]:
    reference, english = node.reference, language == "en"
    event = EVENTS.get(step.event, (step.event, step.event))[1 if english else 0]
    separator = ", " if english else "、"
    return {
        "date": step.at[:10],
        "country": None if step.country is None else country_name(step.country, language),
        "event": step.event,
        "what": separator.join(reference.process_name(process, language) for process in step.processes) or event,
        "products": separator.join(reference.product_name(product, language) for product in step.products),
        "origin": None if step.origin is None else _place(step.origin, language),
    }


def _place(origin: Mapping[str, Any], language: str) -> str:
    """The country, and the region where one is stated."""
    return " ".join(filter(None, (country_name(origin["country"], language), origin.get("region"))))


def _mended(mended: Sequence[Mended], language: str) -> list[dict[str, Any]]:
    """Corrections that read the same are one line."""
    names = {one: one.organisation_en if language == "en" else one.organisation for one in mended}
    lines = Counter((one.own, names[one], one.kinds, one.at) for one in mended)
    return [
        {
            "own": own,
            "who": who,
            "kinds": [words(language)(name_of("corrected", kind)) for kind in kinds],
            "at": at,
            "times": times,
        }
        for (own, who, kinds, at), times in lines.items()
    ]


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
    unit, failure = found.unit, found.failure
    body = {
        "genuine": found.genuine,
        "spent": found.spent,
        "status": found.status,
        "maker": found.maker,
        "organisation": found.organisation,
        "organisation_en": found.organisation_en,
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
        "scans": None if found.before is None else asdict(found.before),
        "failure": None if failure is None else {"code": failure.code, "text": _failure(node, found, "en")},
        "corrections": [
            {
                "of": "this" if one.own else "before",
                "kinds": list(one.kinds),
                "at": one.at,
                "log": one.log,
                "index": one.index,
                "organisation": one.organisation,
            }
            for one in found.mended
        ],
        "shares": {
            element: {key: {"was": was, "is": is_} for key, (was, is_) in sorted(rows.items())}
            for element, rows in found.shares.items()
        },
        "verdict": None if found.verdict is None else _nulled(found.verdict.to_json()),
    }
    return json.dumps(body, ensure_ascii=False).encode()


def _nulled(verdict: dict[str, Any]) -> dict[str, Any]:
    """What is not told is null."""
    for step in verdict["steps"]:
        if step["log"] == SOMEBODY:
            step.update(log=None, index=None, organisation=None)
    return verdict
