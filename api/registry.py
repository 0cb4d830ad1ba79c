"""The registry: who takes part. At an authority requests, admissions and all that follows; for everybody who is known.

What a registry has said is public: members follow it without an account. Whoever asks to be admitted has none either,
so what may be left here is bounded (nodes/requests.py).
"""

import asyncio
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import Field

from api.access import Access
from api.bodies import openapi_body, read, read_bytes
from api.recording import JSON, Prepare, Recording, add, entry
from api.requests import Body, Code, Noted, Text
from api.tables import Format, table
from ledger.errors import Unknown
from ledger.evidence import format_evidence
from ledger.joining import REQUEST_MAX
from ledger.joining import Request as Asked
from ledger.keys import fingerprint
from ledger.log.canonical import b64
from ledger.registry import Member
from nodes import requests
from nodes.clock import stamp
from nodes.node import Caller, Node
from nodes.sequencer import Answer
from nodes.tokens import Pass
from nodes.verbs.books import AUTHORITY

KEY = "pHlZ2mY8cRjT0xWnQvK5uE7sLbA1dFgHiJkMoPqNrSw="
_FLEETING = {"access-control-allow-origin": "*", "cache-control": "public, max-age=2"}


class Admit(Noted):
    """A name that has asked. `roles` in place of those that it asked for; `author` to be sure of whom you let in."""

    name: Code
    roles: Annotated[list[Code], Field(min_length=1)] | None = None
    author: Text | None = None


class License(Noted):
    """What a member may do, under which number, from when until when."""

    name: Code
    kind: Code
    no: Text
    from_: Annotated[Text, Field(alias="from")]
    until: Text | None = None
    products: list[Code] | None = None


class Since(Noted):
    """Suspended or restored, from what was seen of its log on."""

    name: Code
    reason: Text


class Successor(Body):
    """The log that follows a lost one, by the leaf hash of its entry 0."""

    origin: Code
    leaf: Text


class Revoke(Noted):
    """A key of a member. Without `size` and `root`, what was last seen of its log is the last that counts."""

    name: Code
    use: Literal["log", "author", "witness", "peer", "seal"]
    key: Text
    reason: Text
    size: Annotated[int, Field(ge=0, strict=True)] | None = None
    root: Text | None = None
    successor: Successor | None = None


class Succeed(Noted):
    """A member that has asked, with a log that goes on where its own has ended. `author`: the key that it must have."""

    name: Code
    reason: Text
    author: Text | None = None


class ConfirmKeys(Noted):
    """An entry of a member's own log, `rekeyed`, that was deposited or told here."""

    log: Code
    index: Annotated[int, Field(ge=1, strict=True)]


class Refuse(Body):
    """Why a newcomer is not admitted. It stays among those who decide."""

    reason: Text


class Recommend(Noted):
    """A trust policy, whole."""

    text: Annotated[str, Field(min_length=1, max_length=100_000)]


class Stand(Noted):
    """Nothing to say but that it holds now."""


def _recording(
    path: str, verb: str, body: type[Body], summary: str, example: Mapping[str, Any], index: int, **answer: Any
) -> Recording:
    told = {**({"name": example["name"]} if "name" in example else {}), **answer}
    told["entry"] = entry("authority.example", index)
    return Recording(f"/api/v1/registry/{path}", verb, body, summary, example, told, role="supervisor")


NAME = "longnan.example"
RECORDINGS = (
    _recording("admissions", "admit", Admit, "Admit a newcomer that has asked", {"name": NAME}, 3),
    _recording(
        "licences",
        "license",
        License,
        "What a member is licensed for",
        {"name": NAME, "kind": "mining", "no": "C3600002026", "from": "2026-01-01", "until": "2028-12-31"},
        5,
    ),
    _recording(
        "suspensions",
        "suspend",
        Since,
        "What a member ships from now on is not relied on",
        {"name": NAME, "reason": "licence under review"},
        7,
    ),
    _recording("restorations", "restore", Since, "A suspension ends", {"name": NAME, "reason": "review closed"}, 9),
    _recording(
        "revocations",
        "revoke",
        Revoke,
        "A key that others may hold",
        {"name": NAME, "use": "author", "key": KEY, "reason": "stolen laptop"},
        11,
    ),
    _recording(
        "successions",
        "succeed",
        Succeed,
        "A member's log has ended, and the one with which it has asked goes on from there",
        {"name": NAME, "reason": "log key stolen"},
        16,
    ),
    _recording(
        "keys",
        "confirm_keys",
        ConfirmKeys,
        "A member has replaced keys, as its own log says",
        {"log": f"{NAME}/log", "index": 3},
        13,
        name=NAME,
    ),
    _recording(
        "policy", "recommend", Recommend, "The trust policy that newcomers begin with", {"text": "quorum none\n"}, 13
    ),
    _recording(
        "standings", "stand", Stand, "Stand by all that was said so far; the node does it by itself", {}, 15, members=1
    ),
)


def prepared(node: Node) -> Mapping[str, Prepare]:
    async def admit(body: dict[str, Any], caller: Caller, key: str) -> Answer:
        known = await asyncio.to_thread(node.answered, "admit", body, caller, key)
        if known is not None:
            return known
        asked = await asked_by(body)
        answer = await node.do("admit", {**body, "request": asked.fields()}, caller, key, asked=body)
        await asyncio.to_thread(requests.settled, node.settings.home, asked.name)
        return answer

    async def succeed(body: dict[str, Any], caller: Caller, key: str) -> Answer:
        """Two entries: where the old log ended, and with which keys the new one begins."""
        known = await asyncio.to_thread(node.answered, "succeed", body, caller, key)
        if known is not None:
            return known
        asked = await asked_by(body)
        final = await asyncio.to_thread(node.final_of, asked)
        told = {"request": asked.fields(), "final": final}
        answer = await node.do("succeed", {**body, **told}, caller, key, asked=body)
        await node.do("admit", {"name": asked.name, **told}, caller, None)
        await asyncio.to_thread(requests.settled, node.settings.home, asked.name)
        return answer

    async def asked_by(body: dict[str, Any]) -> Asked:
        asked = await asyncio.to_thread(requests.opened, node.settings.home, body["name"])
        if body.get("author") not in (None, asked.author.vkey):
            raise Unknown("request-of-other-key", field="author", value=body["author"], author=asked.author.vkey)
        return asked

    return {"admit": admit, "succeed": succeed}


def routes(node: Node, access: Access) -> APIRouter:
    router = APIRouter(tags=["registry"])
    add(router, node, access, RECORDINGS, prepared(node))
    viewer, supervisor = Depends(access.require("viewer")), Depends(access.require("supervisor"))

    @router.get("/registry/entries", summary="What this registry has said behind an entry, as evidence")
    async def entries(after: Annotated[int, Query(ge=-1)] = -1) -> Response:
        made = await asyncio.to_thread(node.registry_word, after)
        return Response(format_evidence(made), headers=_FLEETING, media_type=JSON)

    @router.post("/registry/requests", status_code=202, summary="A newcomer asks to be admitted")
    async def ask(request: Request) -> dict[str, Any]:
        if node.settings.role != AUTHORITY:
            raise Unknown("no-registry-here", field="path", value=node.settings.name)
        data = await read_bytes(request, REQUEST_MAX)
        kept = await asyncio.to_thread(requests.keep, node.settings.home, data)
        return {"name": kept.name, "author": kept.author.vkey, "status": "waiting"}

    @router.get("/api/v1/registry/requests", dependencies=[supervisor], summary="Who has asked to be admitted")
    def waiting(format: Format = "json") -> Any:  # noqa: A002 - the name on the wire
        home = node.settings.home
        found = [_shown(requests.opened(home, name)) for name in requests.waiting(home)]
        return {"requests": found} if format == "json" else table(node, format, "requests", found)

    @router.post(
        "/api/v1/registry/requests/{name:path}/refusal",
        summary="A newcomer is not admitted; it may ask again",
        status_code=200,
        openapi_extra=openapi_body(Refuse, {"reason": "no licence for this site"}),
    )
    async def refuse(name: str, request: Request, caller: Annotated[Pass, supervisor]) -> dict[str, Any]:
        told = await read(request, Refuse, node.settings.body_max)
        at = stamp(node.clock())
        done = await asyncio.to_thread(requests.refuse, node.settings.home, name, caller.owner, at, told.reason)
        return {"name": name, "status": "refused", "by": done.by, "at": at, "reason": done.reason}

    @router.get("/api/v1/registry", dependencies=[viewer], summary="The registries that are followed, and how fresh")
    def registries() -> dict[str, Any]:
        return {
            "registries": [
                {
                    "log": origin,
                    "members": len(book.registry.members),
                    "as_of": book.as_of,
                    "error": node.registry_errors.get(origin) or _contradicted(node, origin),
                }
                for origin, book in node.membership.books.items()
            ]
        }

    @router.get("/api/v1/registry/members", dependencies=[viewer], summary="Everybody who is admitted")
    def members() -> dict[str, Any]:
        return {"members": [_member(one) for _, one in sorted(node.membership.members.items())]}

    @router.get("/api/v1/registry/members/{name:path}", dependencies=[viewer], summary="One member")
    def member(name: str) -> dict[str, Any]:
        found = node.membership.members.get(name)
        if found is None:
            raise Unknown("member-not-known", field="name", value=name)
        return _member(found)

    return router


def _contradicted(node: Node, origin: str) -> str | None:
    """Of whom another registry tells something else."""
    errors = node.membership.contradicted.values()
    return next((one.text() for one in errors if origin in (one.facts["one"], one.facts["other"])), None)


def _shown(asked: Asked) -> dict[str, Any]:
    return {
        "name": asked.name,
        "log": asked.origin,
        **asked.member,
        "sites": [dict(site) for site in asked.sites],
        "reach": dict(asked.reach),
        "author": asked.author.vkey,
        "fingerprint": fingerprint(asked.author.public),
        "asked_at": asked.asked_at,
    }


def _member(one: Member) -> dict[str, Any]:
    return {
        "name": one.name,
        **one.told,
        "log": one.log.origin,
        "sites": [dict(site) for site in one.sites],
        "reach": dict(one.reach),
        "status": "suspended" if one.suspended else "admitted",
        "licences": [dict(licence) for licence in one.licences],
        "revoked": [{"use": key.use, "key": b64(key.key), "size": key.at[1]} for key in one.revocations],
    }
