"""Webhooks: things that wait for a person are told to programs that an administrator named.

    add, remove, send_again    for whoever administers the node
    waiting                    what waits for a person now, as a board shows it
    signed                     the headers of a call, by https://www.standardwebhooks.com

A call tells that something waits, and where to look; never masses, names or texts: it may go to a program of others.
Does not send: nodes/ringing.py does.
"""

from base64 import b64encode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from hmac import digest
from secrets import token_bytes
from urllib.parse import quote, urlsplit

from ledger.errors import Conflict, Malformed, Refusal, Unknown
from ledger.log.canonical import dump
from nodes import shipping
from nodes.clock import Clock, stamp
from nodes.node import Node
from nodes.notices import notices
from nodes.peers import is_inside
from nodes.store import lists
from nodes.store import webhooks as rows
from nodes.store.engine import Store
from nodes.store.webhooks import Call, Webhook

KINDS = ("arrivals", "disputes", "findings", "corrections", "recalls")
MOST = 20
URL_MAX = 500
LOOKED_AT = 500
"""So many of each kind, newest first: a board that is fuller than this is not read one by one."""
UNHAPPY = ("disputed", "declined", "overdue", "undeliverable")
"""What a shipment of ours may come to that somebody must settle."""
_NEWS = {
    **dict.fromkeys(("amended", "reversed", "adjusted"), "corrections"),
    **dict.fromkeys(("held", "recalled", "released"), "recalls"),
}
SECRET_MARK = "whsec_"  # noqa: S105 - as the standard writes secrets, so that they are known for what they are


@dataclass(frozen=True, slots=True)
class Waiting:
    """`what` happened to `subject`; `path`: the page where somebody deals with it."""

    kind: str
    what: str
    subject: str
    path: str


# -- administering ------------------------------------------------------------------------------------------------


def add(store: Store, url: str, kinds: Sequence[str], clock: Clock, *, internal: bool = False) -> tuple[int, str]:
    """(its number, its secret): the only time that the secret is told. `internal`: addresses inside are meant."""
    _check_address(url, internal=internal)
    for kind in kinds:
        if kind not in KINDS:
            raise Malformed("webhook-kind-unknown", field="for", value=kind, kinds=", ".join(KINDS))
    secret = token_bytes(32)
    with store.write() as conn:
        known = rows.everything(conn)
        if any(one.url == url for one in known):
            raise Conflict("webhook-known", field="url", value=url)
        if len(known) >= MOST:
            raise Refusal("webhooks-too-many", field="url", value=len(known))
        no = rows.add(conn, url, dict.fromkeys(kinds or KINDS), secret, stamp(clock()), internal=internal)
    return no, SECRET_MARK + b64encode(secret).decode()


def listed(store: Store) -> list[Webhook]:
    with store.read() as conn:
        return rows.everything(conn)


def newest(store: Store, no: int, limit: int) -> list[Call]:
    """What was told to a webhook, newest first."""
    with store.read() as conn:
        return rows.newest(conn, no, limit)


def remove(store: Store, no: int) -> None:
    """With everything that still waited for it."""
    with store.write() as conn:
        if not rows.remove(conn, no):
            raise Unknown("webhook-unknown", field="number", value=no)


def send_again(store: Store, no: int, clock: Clock) -> int:
    """What was given up is tried anew; how many calls."""
    with store.write() as conn:
        return rows.send_again(conn, no, stamp(clock()))


def _check_address(url: str, *, internal: bool) -> None:
    try:
        parts = urlsplit(url)
        plain = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        plain = False
    if (
        not plain
        or "@" in parts.netloc
        or parts.fragment
        or len(url) > URL_MAX
        or not all("!" <= c <= "~" for c in url)
    ):
        raise Malformed("webhook-address-wrong", field="url", value=url[:URL_MAX])
    if not internal and is_inside(parts.hostname or ""):
        raise Refusal("webhook-address-internal", field="url", value=parts.hostname)


# -- what waits ---------------------------------------------------------------------------------------------------


def waiting(node: Node) -> list[Waiting]:
    """Everything, by the books as they are now."""
    with node.store.read() as conn:
        arriving = lists.arrivals(conn, limit=LOOKED_AT, is_open=True)
        leaving = shipping.shipments(node, conn, lists.shipments(conn, limit=LOOKED_AT, is_open=True))
    unhappy = [one for one in leaving if one["status"] in UNHAPPY]
    open_ = [one.finding for one in node.inspection.findings() if not one.answers]
    return [
        *(Waiting("arrivals", "arrived", one.id, f"/receive/{quote(one.id, safe='')}") for one in arriving),
        *(Waiting("disputes", one["status"], one["shipment"], f"/shipments/{one['shipment']}") for one in unhappy),
        *(Waiting("findings", one.rule, one.id, f"/findings/{one.id}") for one in open_),
        *_news(node),
    ]


def _news(node: Node) -> Iterator[Waiting]:
    for one in notices(node, LOOKED_AT):
        kind = _NEWS.get(one["type"])
        if kind is not None and one["batches"] and not one["ended"]:
            yield Waiting(kind, one["type"], f"{one['log']}#{one['index']}", "/notices")


def body_of(node: Node, one: Waiting) -> str:
    """What is sent of it: canonical JSON."""
    told = {
        "id": sha256(f"{node.origin}\n{one.what}\n{one.subject}".encode()).hexdigest()[:32],
        "node": node.settings.name,
        "kind": one.kind,
        "what": one.what,
        "subject": one.subject,
        "at": stamp(node.clock()),
        "link": f"{node.settings.label_url}{one.path}",
    }
    return dump(told).decode()


# -- signing ------------------------------------------------------------------------------------------------------


def signed(secret: bytes, id_: str, body: bytes, now: datetime) -> dict[str, str]:
    """`v1,` and base64 of HMAC-SHA256 over `id.seconds.body`: who knows the secret can check it, and how old it is."""
    seconds = int(now.timestamp())
    mac = digest(secret, f"{id_}.{seconds}.".encode() + body, "sha256")
    return {
        "content-type": "application/json",
        "webhook-id": id_,
        "webhook-timestamp": str(seconds),
        "webhook-signature": f"v1,{b64encode(mac).decode()}",
    }
