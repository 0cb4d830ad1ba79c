"""Verbs that move nothing: close a month, report it, answer a finding; and at the authority grant and attest.

Figures come from elsewhere: the rows of a month from the node's findings (nodes/findings.py), the root and the checks
of an attestation from an audit. `close_month` is refused where entries came in between, so what is sealed is what was
computed.
"""

from binascii import Error, unhexlify
from typing import Any

from ledger.errors import Conflict, Malformed, Refusal
from ledger.log.canonical import b64
from ledger.matter.events import is_name
from ledger.matter.quantities import amount
from ledger.matter.reference_rows import QUOTA_CLASSES
from ledger.matter.statements import refuse_kind_unknown
from nodes.verbs.draft import Body, Delivery, Desk, Draft, Sealed, at_of, documents_of, entry_of, only, recorded_of

AUTHORITY = "authority"


def close_month(desk: Desk, body: Body) -> Draft:
    """A month's books. `rows`, and the `size` of the log that they rest on, are the node's own reckoning."""
    if desk.index != body["size"]:
        raise Conflict("books-moved", field="month", value=body["month"])
    slots = {
        "period": {"at": at_of(desk, body), "month": body["month"]},
        "books.authority": [{"rows": body["rows"]}],
        "documents": documents_of(body),
        "recorded": recorded_of(desk, body),
    }
    return Draft("period_closed", slots, lambda sealed: {"month": body["month"], "entry": entry_of(sealed)})


def report(desk: Desk, body: Body) -> Draft:
    """That a report was submitted: for which month, which file, under which receipt number."""
    stated = body["file_sha256"]
    try:
        digest = unhexlify(stated)
    except (Error, ValueError) as error:
        raise Malformed("field-wrong", field="file_sha256", value=stated, kind="64 hex digits") from error
    slots = {
        "report": only(
            at=at_of(desk, body),
            month=body["month"],
            kind=body["kind"],
            sha256=b64(digest),
            receipt_no=body.get("receipt_no"),
        ),
        "documents": documents_of(body),
        "recorded": recorded_of(desk, body),
    }
    return Draft("reported", slots, lambda sealed: {"month": body["month"], "entry": entry_of(sealed)})


def answer(desk: Desk, body: Body) -> Draft:
    """The operator's word on a finding."""
    slots = {
        "reply": {"at": at_of(desk, body), "finding": body["finding"], "text": body["text"]},
        "documents": documents_of(body),
        "recorded": recorded_of(desk, body),
    }
    return Draft("answered", slots, lambda sealed: {"finding": body["finding"], "entry": entry_of(sealed)})


def grant(desk: Desk, body: Body) -> Draft:
    """A batch of a year's quota for an organisation, and for the group that it belongs to: by a name, or a node's."""
    refuse_all_but_authority(desk)
    to, group = node_of(desk, body["to"]), body.get("group")
    group = None if group is None else node_of(desk, group)
    granted = amount(body["quantity"], "quantity")
    if granted.basis != "reo":
        raise Refusal("quota-not-reo", field="quantity.basis", value=granted.basis)
    counted = {name for name, row in desk.reference.tables["feed_classes"].items() if "quota_class" in row}
    refuse_kind_unknown(body["feed_class"], sorted(counted.union(QUOTA_CLASSES)), "feed_class")
    slots = {
        "grant": only(
            at=at_of(desk, body),
            to=to,
            group=group,
            kind=body["kind"],
            year=body["year"],
            batch=body["batch"],
            feed_class=body["feed_class"],
            reo_mg=granted.mg,
        ),
        "documents": documents_of(body),
        "recorded": recorded_of(desk, body),
    }

    def told(sealed: Sealed) -> dict[str, Any]:
        return {"to": to, **only(group=group), "reo_mg": granted.mg, "entry": entry_of(sealed)}

    names = dict.fromkeys((to, group) if group is not None and is_name(group) else (to,))
    return Draft("quota_granted", slots, told, deliveries=tuple(notice_to(desk, name) for name in names))


def attest(desk: Desk, body: Body) -> Draft:
    """That a log was replayed here, up to a size and root, and which checks held."""
    refuse_all_but_authority(desk)
    stated = {name: body[name] for name in ("log", "size", "root", "checks", "ruleset")}
    slots = {
        "attestation": {"at": at_of(desk, body), **stated},
        "documents": documents_of(body),
        "recorded": recorded_of(desk, body),
    }
    deliveries = (notice_to(desk, body["log"].rpartition("/")[0]),)
    return Draft("attested", slots, lambda sealed: {**stated, "entry": entry_of(sealed)}, deliveries=deliveries)


def notice_to(desk: Desk, to: str) -> Delivery:
    return Delivery("notice", to, f"{desk.origin}#{desk.index}")


def node_of(desk: Desk, name: str) -> str:
    return desk.settings.partners.get(name, name)


def refuse_all_but_authority(desk: Desk) -> None:
    if desk.settings.role != AUTHORITY:
        raise Refusal("only-the-authority", field="role", value=desk.settings.role)
