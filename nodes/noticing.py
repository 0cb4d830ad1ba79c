"""Notices on arrival: whom they concern, and whether what they speak of is here.

noticed    the entry that a notice brings: about us, or about goods that we hold
not_here   the entry that it waits for, held against what is here
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from ledger.entries import id_in
from ledger.errors import Refusal, Unverified
from ledger.evidence import Checked, Result
from ledger.log.canonical import b64, unb64
from ledger.log.trust import organisation
from ledger.matter import genealogy
from ledger.matter.event_types import CORRECTIONS, NEWS
from ledger.matter.events import Event
from ledger.matter.handovers import check_consent
from nodes.node import Node
from nodes.store import genealogy as tables
from nodes.store import log, upstream
from nodes.store.engine import Connection

NOTICES: Mapping[str, Callable[[Event], Collection[str | None]]] = {
    "quota_granted": lambda event: (event.scalar("grant").get("to"), event.scalar("grant").get("group")),
    "attested": lambda event: (event.scalar("attestation").get("log", "").rpartition("/")[0],),
    "inspected": lambda event: (event.scalar("inspection").get("to"),),
    "ordered": lambda event: (event.scalar("order").get("to"),),
    "voided": lambda event: (
        event.scalar("voiding").get("log", "").rpartition("/")[0],
        event.scalar("voiding").get("to"),
    ),
    "withdrawal_asked": lambda event: (event.scalar("withdrawal").get("to"),),
    "assayed": lambda event: (event.scalar("report").get("to"),),
    "adjusted": lambda event: (event.scalar("adjustment").get("with"),),
    "title_transferred": lambda event: (event.scalar("transfer").get("from"),),
}
"""Types of entries that go by themselves to whom they concern, and the names of those in them."""
DECREES = ("ordered", "voided")
"""Those of them that bind whom they are delivered to, and are taken from the own authority only."""


def noticed(node: Node, sender: str, log_: str, result: Result) -> Checked:
    """An entry that is about us (granted to us, attested of our log, adjusted with us, assayed for us), or about goods
    that we hold. Of goods, it may be passed on by who sold them; what it is about comes along.
    """
    own = [one for one in result.entries.values() if one.entry.origin == log_]
    told = [one for one in own if one.event is not None and one.event.type in (*NOTICES, *NEWS)]
    if not own or (not told and organisation(log_) != sender):
        raise Unverified("subject-missing", field="cover.subject", value=log_)
    subject = max(told or own, key=lambda one: one.entry.index)
    event = subject.event
    if event is None or not told:
        raise Refusal("notice-unfit", field="evidence", value=subject.entry.type)
    event.check(whole=False)
    names = [name for name in NOTICES[event.type](event) if name] if event.type in NOTICES else []
    if node.settings.name not in names:
        if not is_news(event):
            raise Refusal("notice-of-others", field="evidence", value=", ".join(names) or "-")
        return subject
    if organisation(log_) != sender:
        raise Unverified("subject-missing", field="cover.subject", value=log_)
    authority = node.settings.authority
    if event.type == "quota_granted" and sender != authority:
        raise Refusal("grant-by-other", field="cover.sender", value=sender, authority=authority or "-")
    if event.type in DECREES and sender != authority:
        raise Refusal("decree-by-other", field="cover.sender", value=sender, authority=authority or "-")
    return subject


def is_news(event: Event) -> bool:
    """Whether it tells holders of goods something of them, as far as it is open."""
    return event.type in NEWS and bool(genealogy.corrected(event) or genealogy.locked(event))


def not_here(conn: Connection, origin: str, result: Result, subject: Checked) -> bytes | None:
    """News is of goods that something here names. Until then it waits for the entry that it is about."""
    event = subject.event
    assert event is not None, "only what can be read is a notice"
    if event.type == "adjusted" and event.scalar("consent").get("log") == origin:
        return _consent_not_here(conn, origin, event)
    if event.type == "voided":
        return _voided_not_here(conn, origin, event.scalar("voiding"))
    if event.type == "withdrawal_asked" and upstream.offer(conn, _asked_back(event)) is None:
        raise Refusal("shipment-unknown", field="evidence", value=_asked_back(event))
    assayed = id_in(event.scalar("assaying")["batch"], event.origin, origin) if event.scalar("assaying") else ""
    if assayed and "#" not in assayed and not tables.named(conn, [assayed]):
        raise Refusal("batch-unknown", field="evidence", value=assayed)
    if not is_news(event):
        return None
    corrected = genealogy.corrected(event) if event.type in CORRECTIONS else {}
    for (_, index), held in upstream.at(conn, [(event.origin, index) for index in corrected]).items():
        if b64(held.leaf) != corrected[index]:
            raise Unverified("ref-to-other-entry", field="evidence", value=index, log=event.origin)
    locked = genealogy.locked(event) if event.type not in CORRECTIONS else []
    about = [
        one
        for one in result.entries.values()
        if one.event is not None
        and one.event.name == event.name  # of its log, or of one that this succeeds
        and (
            (one.entry.origin, one.entry.index) in {(event.origin, index) for index in corrected}
            or set(_full(locked, event)) & set(_full(genealogy.about(one.event), one.event))
        )
    ]
    batches = [*_full(locked, event)]
    batches += (batch for one in about if one.event for batch in _full(genealogy.about(one.event), one.event))
    if not about:
        raise Refusal("evidence-incomplete", field="evidence", value=", ".join([*map(str, corrected), *locked]))
    known = tables.named(conn, [id_in(batch, "", origin) for batch in batches])
    return None if known else about[0].entry.leaf


def _full(batches: Iterable[str], event: Event) -> list[str]:
    return [id_in(batch, event.origin, "") for batch in batches]


def _consent_not_here(conn: Connection, origin: str, taken: Event) -> bytes | None:
    """A consent names what we gave, and takes exactly that: as at its recording, so on its arrival here."""
    ref = taken.scalar("consent")
    own = log.entries_at(conn, [ref["index"]])
    if not own:
        return unb64(ref["leaf"], field="ref.leaf", size=32)
    if b64(own[0].leaf) != ref["leaf"] or own[0].type != "adjusted":
        raise Unverified("ref-to-other-entry", field="consent", value=ref["index"], log=origin)
    check_consent(own[0].event, taken)
    return None


def _voided_not_here(conn: Connection, origin: str, voiding: Mapping[str, Any]) -> bytes | None:
    """A shipment of ours is voided by the entry that offered it."""
    own = log.entries_at(conn, [voiding["index"]]) if voiding["log"] == origin else []
    if own and b64(own[0].leaf) != voiding["leaf"]:
        raise Unverified("ref-to-other-entry", field="voiding", value=voiding["index"], log=origin)
    return None


def _asked_back(event: Event) -> str:
    """The shipment, as `log#id`."""
    return f"{event.origin}#{event.scalar('withdrawal')['shipment']}"
