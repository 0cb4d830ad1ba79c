"""Quotas and attestations: what the authority grants and vouches for, and how full each account is."""

import asyncio
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends
from pydantic import Field

from api.access import Access
from api.recording import Prepare, Recording, add, entry
from api.requests import Code, Noted, Quantity, Text
from api.tables import Format, table
from ledger.matter.quota import AccountKey, QuotaAccount
from nodes import attesting
from nodes.node import Caller, Node
from nodes.sequencer import Answer


class Grant(Noted):
    """One batch of a year's quota, in mass of REO. `group` is the name of the group that the company belongs to, and
    where it is a node's, that node is told too.
    """

    to: Code
    group: Text | None = None
    kind: Literal["mining", "separation"]
    year: Annotated[int, Field(strict=True)]
    batch: Annotated[int, Field(ge=1, strict=True)]
    feed_class: Code
    quantity: Quantity


class Attest(Noted):
    """A log that was deposited here. Without `checks`, those that the audit bears out."""

    log: Code
    checks: list[Literal["custody", "balance", "provenance"]] | None = None


RECORDINGS = (
    Recording(
        "/api/v1/quotas",
        "grant",
        Grant,
        "The authority grants a quota",
        {
            "to": "xinfeng.example",
            "kind": "mining",
            "year": 2026,
            "batch": 1,
            "feed_class": "ion_mid_y",
            "quantity": {"value": "120", "unit": "t", "basis": "reo"},
        },
        {"to": "xinfeng.example", "reo_mg": 120_000_000_000, "entry": entry("authority.example", 1)},
        role="supervisor",
    ),
    Recording(
        "/api/v1/attestations",
        "attest",
        Attest,
        "The authority replays a deposited log, and vouches for it",
        {"log": "xinfeng.example/log", "checks": ["custody"]},
        {
            "log": "xinfeng.example/log",
            "size": 32,
            "root": "pHlZ2mY8cRjT0xWnQvK5uE7sLbA1dFgHiJkMoPqNrSw=",
            "checks": ["custody"],
            "ruleset": "2026-11",
            "entry": entry("authority.example", 2),
        },
        role="supervisor",
    ),
)


def prepared(node: Node) -> Mapping[str, Prepare]:
    async def attest(body: dict[str, Any], caller: Caller, key: str) -> Answer:
        known = await asyncio.to_thread(node.answered, "attest", body, caller, key)
        if known is not None:
            return known
        # Replaying a year's log takes a while: never on the loop, and never inside the writer.
        found = await asyncio.to_thread(attesting.examine, node, body["log"], body.get("checks"))
        return await node.do("attest", {**body, **found}, caller, key, asked=body)

    return {"attest": attest}


def routes(node: Node, access: Access) -> APIRouter:
    router = APIRouter(tags=["quotas"])
    add(router, node, access, RECORDINGS, prepared(node))
    viewer = Depends(access.require("viewer"))

    @router.get("/api/v1/quotas", dependencies=[viewer], summary="Quota accounts: granted, used, pending")
    def quotas(format: Format = "json") -> Any:  # noqa: A002 - the name on the wire
        accounts = shown(attesting.quotas(node))
        return {"accounts": accounts} if format == "json" else table(node, format, "quotas", accounts)

    return router


def shown(accounts: Iterable[tuple[AccountKey, QuotaAccount]]) -> list[dict[str, Any]]:
    """Accounts as the interface tells them, in mg and ppm."""
    return [
        {
            "holder": key.holder,
            "kind": key.kind,
            "year": key.year,
            "quota_class": key.quota_class,
            "granted_mg": account.granted_mg,
            "used_mg": account.used_mg,
            "pending_mg": account.pending_mg,
            "share_ppm": account.share_ppm,
        }
        for key, account in accounts
    ]
