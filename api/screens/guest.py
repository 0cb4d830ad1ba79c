"""What a consignee without a node sees who points his phone at the code on the papers, and what he says of the goods.

    /g/SECRET    GET shows what is being delivered and changes nothing; POST records what the guest says, once

The secret in the path is all that the guest has; the form is taken from this page only.
"""

from typing import Any, Literal
from urllib.parse import urlsplit

from fastapi import Response
from fastapi.concurrency import run_in_threadpool
from pydantic import Field
from starlette.requests import Request

from api.bodies import validated
from api.errors import status_of
from api.requests import Body, Code, Text
from api.screens.frame import Screens, Visit
from ledger.errors import LodetraceError, Refusal
from ledger.matter.event_types import GUEST_STATES
from nodes import guests
from nodes.guests import Invitation
from nodes.node import Node


class GuestUnit(Body):
    """What became of one unit."""

    unit: Code
    state: Literal["accepted", "missing", "damaged"]


class GuestLine(Body):
    """A line of the delivery as the guest found it. `weighed` is in kg, net."""

    line: int = Field(ge=0)
    weighed: Text | None = None
    units: list[GuestUnit] | None = None


class GuestReceipt(Body):
    """What the guest says. Lines count where it is not complete."""

    complete: bool
    name: Text
    remark: Text | None = None
    lines: list[GuestLine] | None = None


def routes(screens: Screens) -> None:
    @screens.page("/g/{secret}", None, posts=True)
    async def guest(visit: Visit) -> Response:
        secret = visit.request.path_params["secret"]
        try:
            found = await run_in_threadpool(guests.look, visit.node, secret)
            if visit.posted:
                _check_origin(visit.request, visit.node)
        except LodetraceError as error:
            return visit.render("guest.html", status_of(error), over=error.text(visit.language))
        if visit.posted:
            try:
                said = validated(GuestReceipt, visit.form.body()).wire()
                await guests.confirm(visit.node, secret, said)
                return visit.render("guest.html", 201, done=said, **_facts(visit, found))
            except LodetraceError as error:
                visit.refuse(error)
        return visit.render("guest.html", **_facts(visit, found))


def _check_origin(request: Request, node: Node) -> None:
    """Browsers that do not send Sec-Fetch-Site, which every screen looks at, send Origin."""
    given = request.headers.get("origin")
    ours = {request.headers.get("host", ""), urlsplit(node.settings.label_url).netloc}
    if given is not None and urlsplit(given).netloc not in ours:
        raise Refusal("form-not-ours", field="Origin")


def _facts(visit: Visit, found: Invitation) -> dict[str, Any]:
    _ = visit._
    settings = visit.node.settings
    english = visit.language == "en" and settings.organisation_en
    return {
        "invitation": found,
        "consignee": (found.shipment.outside or {}).get("name"),
        "sender": english or settings.organisation,
        "product": visit.product,
        "states": list(zip(GUEST_STATES, (_("arrived"), _("missing"), _("damaged")), strict=True)),
        "answers": [("true", _("All of it arrived")), ("false", _("It arrived with differences"))],
        "fields": ["complete", "name", "remark"],
    }
