"""Guest receipts: somebody outside confirms a shipment on his own phone, through a link that serves once.

    invite, withdraw    for the sender's clerk: a link with a new secret, in place of an earlier one; none
    look                what a link leads to, and whether it still serves; changes nothing, for chat apps fetch links
    confirm             what the guest says becomes an entry of the sender's log

A secret has 256 random bits and is kept as its SHA-256. That it serves once is custody's rule: a shipment is confirmed
once (ledger/matter/shipping.py). An entry proves that whoever held the link said so, never who that was.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from secrets import token_urlsafe
from typing import Any

from ledger.errors import Refusal, Unknown
from ledger.matter.event_types import GUEST_STATES
from ledger.matter.events import is_id
from ledger.matter.quantities import amount
from ledger.matter.shipping import refuse_unconfirmable
from ledger.matter.stock import Shipment
from nodes.clock import stamp
from nodes.node import Node
from nodes.sequencer import Answer, Command
from nodes.store import codes, guests, lists, log
from nodes.store.engine import Connection
from nodes.store.guests import GuestLink
from nodes.verbs.draft import Body, Desk, Draft, Sealed, at_of, entry_of, only, recorded_of

GUEST = "guest"
"""Who recorded it, in `recorded.by`: nobody with a name here."""


@dataclass(frozen=True, slots=True)
class Invitation:
    """What whoever holds a link sees. `lines` are those of the shipped entry, each with its number in `line`."""

    shipment: Shipment
    lines: Sequence[Mapping[str, Any]]
    transport: Mapping[str, Any]
    ends_at: str


def invite(node: Node, code: str, by: str, days: int) -> tuple[GuestLink, str]:
    """A new link and its URL, the only time that it is known here."""
    secret = token_urlsafe(32)
    with node.store.write() as conn:
        shipment = _shipment(conn, code, node.origin)
        refuse_unconfirmable(shipment)
        link = GuestLink(shipment.id, by, stamp(node.clock() + timedelta(days=days)))
        guests.save(conn, link, _hash(secret))
    return link, f"{node.settings.label_url}/g/{secret}"


def withdraw(node: Node, code: str) -> None:
    with node.store.write() as conn:
        shipment = _shipment(conn, code, node.origin)
        if not guests.drop(conn, shipment.id):
            raise Unknown("link-unknown", field="shipment", value=shipment.id)


def look(node: Node, secret: str) -> Invitation:
    """Unknown, or a Refusal that says why it does not serve any more."""
    with node.store.read() as conn:
        link = guests.find(conn, _hash(secret))
        if link is None:
            raise Unknown("link-unknown", field="link")
        record = lists.shipment(conn, link.shipment)
        assert record.made_by is not None, "our own shipments are made by an entry"
        event = log.entry(conn, record.made_by).event
    refuse_unconfirmable(record.shipment)
    if link.ends_at <= stamp(node.clock()):
        raise Refusal("link-expired", field="link", value=link.ends_at[:10])
    rows = event.rows("lines.chain", "lines.partner")
    lines = [{**row, "line": number} for number, row in enumerate(rows)]
    return Invitation(record.shipment, lines, event.scalar("transport"), link.ends_at)


async def confirm(node: Node, secret: str, body: Body) -> Answer:
    """Records {complete, name, remark, lines: [{line, weighed, units: [{unit, state}]}]}; `weighed` is in kg.

    What is said of lines counts only where not all of it arrived: a form sends its fields whether they matter or not.
    """
    shipment = (await asyncio.to_thread(look, node, secret)).shipment
    return await node.sequencer.ask(Command(lambda desk: _draft(desk, shipment, body), GUEST))


def _draft(desk: Desk, shipment: Shipment, body: Body) -> Draft:
    complete = bool(body["complete"])
    slots = {
        "confirmation": {"at": at_of(desk, {}), "shipment": shipment.id, "complete": complete},
        "guest": only(name=body["name"], remark=body.get("remark")),
        "lines.authority": [] if complete else _differences(shipment, body.get("lines") or ()),
        "recorded": recorded_of(desk, {}),
    }

    def answer(sealed: Sealed) -> dict[str, Any]:
        return {"shipment": shipment.id, "status": "confirmed by guest", "entry": entry_of(sealed)}

    return Draft("confirmed", slots, answer)


def _differences(shipment: Shipment, told: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The lines of which something else is said than that it arrived."""
    rows = []
    for position, line in enumerate(told):
        number, units = int(line["line"]), line.get("units") or ()
        if number >= len(shipment.lines):
            raise Refusal("line-not-offered", field=f"lines[{position}]", value=number, shipment=shipment.id)
        said = line.get("weighed")
        where = f"lines[{position}].weighed"
        weighed = None if said is None else amount({"value": said, "unit": "kg"}, where).mg
        states = [dict(unit) for unit in units if unit["state"] != GUEST_STATES[0]]
        if weighed is not None or states:
            rows.append(only(line=number, batch=shipment.lines[number].batch, weighed_mg=weighed, units=states))
    return rows


def _shipment(conn: Connection, code: str, origin: str) -> Shipment:
    own = code.removeprefix(f"{origin}#")
    if not is_id(own):
        own = codes.one_of(codes.shipments_named(conn, own), "shipment", own, "shipment-unknown")
    return lists.shipment(conn, own).shipment


def _hash(secret: str) -> bytes:
    return sha256(secret.encode()).digest()
