"""The roll of an authority: who is under its eye, in what standing, and how healthy their logs are. Only reading."""

from typing import Any

from fastapi import APIRouter, Depends

from api.access import Access
from api.tables import Format, table
from ledger.errors import Refusal
from nodes.node import Node
from nodes.verbs.books import AUTHORITY


def routes(node: Node, access: Access) -> APIRouter:
    router = APIRouter(tags=["registry"])
    viewer = Depends(access.require("viewer"))

    @router.get("/api/v1/organisations", dependencies=[viewer], summary="Everybody, with standing and log, as one list")
    def organisations(format: Format = "json") -> Any:  # noqa: A002 - the name on the wire
        if node.settings.role != AUTHORITY:
            raise Refusal("only-the-authority", field="role", value=node.settings.role)
        found = [one.as_json() for one in node.roll.everybody(node.policy)]
        return {"organisations": found} if format == "json" else table(node, format, "organisations", found)

    return router
