"""The table of event types: which slots each has, which fields a slot holds, and who may read it by default.

A slot is one commitment (formats page, "Event JSON"): scalar, or a list of items of which each is committed apart.
Fields with the same readers share a slot, so one disclosure opens one reader's view. Every event of a type has all
its slots, absent ones as a committed null, so nothing is told by what is missing.

Audiences, each including the ones before it in what it may read:
  public     anyone (and anyone who holds the labelled thing in hand)
  chain      whoever holds a receipt downstream, as far as the goods came from there
  partner    the counterparty named in the entry (nobody for events without one)
  authority  the authority of the log's jurisdiction
Named grants come on top and are not part of this table.

Over 400 lines because the table is one table.
"""

from collections.abc import Mapping
from dataclasses import dataclass

AUDIENCES = ("public", "chain", "partner", "authority")
LIST_MAX = 65_536
NOTE_MAX = 1 << 17
PURPOSES = ("sale", "processing", "consignment", "storage", "sample", "return", "repair")
TITLE_PASSES = frozenset({"sale", "sample", "return"})
"""Purposes with which the accepted goods become the receiver's own; with the others the sender stays the owner."""
UNIT_STATES = ("accepted", "concession", "quarantined", "rejected", "missing", "unexpected", "damaged")
GUEST_STATES = ("accepted", "missing", "damaged")
"""What a consignee without a node may say of a unit."""
MEASURINGS = ("reweighed", "dried", "other")
SAMPLE_USES = ("assay", "retained", "umpire", "partner", "authority")
ASSAY_RULES = ("own", "other", "mean", "umpire")
"""Whose value two parties agree on; the mean is of `own` and `other`."""
HOLD_KINDS = ("quality", "dispute", "ordered", "other")
ORDER_KINDS = ("freeze", "release")
RECALL_KINDS = ("safety", "quality", "origin", "ordered", "other")
QUOTA_KINDS = ("mining", "separation")
INSPECTION_RESULTS = ("in_order", "objections", "not_in_order")
INSPECTION_METHODS = ("looked", "weighed", "sampled")
ATTESTED_CHECKS = ("custody", "balance", "provenance")
ORIGIN_CLASSES = ("mined", "imported", "recycled", "bought_outside", "unknown_opening")


@dataclass(frozen=True, slots=True)
class Slot:
    """`kinds` maps a field to its kind, with a `?` behind it where the field may be absent."""

    name: str
    audience: str
    kinds: Mapping[str, str]
    items: bool = False
    creates: str | None = None


def _slot(name: str, audience: str, creates: str | None = None, /, **kinds: str) -> Slot:
    # Field names that are Python keywords are written with a trailing underscore in the table below.
    return Slot(name, audience, {key.rstrip("_"): kind for key, kind in kinds.items()}, creates=creates)


def _list(name: str, audience: str, creates: str | None = None, /, **kinds: str) -> Slot:
    return Slot(name, audience, {key.rstrip("_"): kind for key, kind in kinds.items()}, items=True, creates=creates)


_DOCUMENTS = _slot("documents", "authority", list="documents")
_RECORDED = _slot(
    "recorded",
    "authority",
    by="text",
    approved_by="text?",
    external_ref="text?",
    confirmed="list?",
    captured="object?",
    ruleset="text?",
)
_LOSSES = _slot("losses", "authority", list="losses")
_PROVENANCE = {"model": "code", "shares": "list"}
_SOURCES = {"amounts": "list"}
_OUTPUTS = (
    _list("outputs.chain", "chain", "batch", product="code", lot_no="text?"),
    _list("outputs.provenance", "chain", **_PROVENANCE),
    _list(
        "outputs.authority",
        "authority",
        mg="mg",
        basis="code",
        count="count?",
        site="code",
        typed="object",
        assay="object?",
    ),
    _list("outputs.sources", "authority", **_SOURCES),
)
"""New batches. `provenance` tells the chain in shares where each element comes from, `sources` in amounts."""
_PART = {"mg": "mg", "basis": "code", "count": "count?", "units": "ids?", "owner": "name?"}
_INPUTS = (
    _list("inputs.chain", "chain", batch="id"),
    _list("inputs.authority", "authority", **_PART, site="code", typed="object"),
)
_LINES = (
    _list("lines.chain", "chain", batch="id"),
    _list("lines.authority", "authority", **_PART, site="code", typed="object?"),
)
_NETS = _list("nets.public", "public", unit="id", net_mg="mg", count="count?")
"""Units whose label no longer fits, and what they hold from now on: told to whoever holds the label in hand."""
_COVERED = (
    _list("lines.chain", "chain", batch="id"),
    _list("lines.authority", "authority", units="ids?"),
)
"""What a lock covers, named again when it ends."""
_REASON = _slot("reason", "authority", text="text")
_ABOUT = _slot("about", "public", at="at", name="name", index="count0?", leaf="hash?")
"""The member that an entry of a registry is about, and the entry before it in that registry about the same member."""
_CORRECTS = {"at": "at", "index": "count0", "leaf": "hash"}
_DELTA = {"basis": "code", "delta_mg": "signed", "delta_count": "signed?"}

EVENT_TYPES: Mapping[str, tuple[Slot, ...]] = {
    "log_opened": (
        _slot(
            "log",
            "public",
            name="name",
            organisation="text",
            organisation_en="text?",
            role="code",
            country="country?",
            recovery="object?",
        ),
        _slot("keys", "public", list="keys"),
        _slot("predecessor", "public", checkpoint="note"),
    ),
    "registered": (
        _slot("batch", "chain", "batch", product="code", lot_no="text?", at="at", site="code"),
        _slot("origin", "chain", class_="code", country="country", region="text?", feed_class="code?"),
        _slot("quantity", "authority", mg="mg", basis="code", count="count?", typed="object", weighing="object?"),
        _slot("assay", "authority", basis="code"),
        _DOCUMENTS,
        _RECORDED,
    ),
    "transformed": (
        _slot("transformation", "chain", at="at", steps="steps"),
        *_INPUTS,
        *_OUTPUTS,
        _LOSSES,
        _DOCUMENTS,
        _RECORDED,
    ),
    "packed": (
        _slot("packing", "chain", batch="id", at="at", site="code"),
        _list("units.public", "public", "unit", serial="text", kind="code", net_mg="mg", count="count?", seal="text?"),
        _list("units.chain", "chain", contains="ids?"),
        _list("units.authority", "authority", typed="object", owner="name?"),
        _RECORDED,
    ),
    "unpacked": (
        _slot("unpacking", "chain", at="at"),
        _list("units.chain", "chain", unit="id", batch="id", contains="ids?"),
        _RECORDED,
    ),
    "moved": (
        _slot("move", "authority", at="at", from_="code", to="code"),
        _list("lines.chain", "chain", batch="id"),
        _list("lines.authority", "authority", **_PART, typed="object?"),
        _RECORDED,
    ),
    "shipped": (
        _slot("shipment", "chain", "shipment", at="at", purpose="code", to="name?", original="id?"),
        _slot("party", "partner", outside="object"),
        _list("lines.chain", "chain", batch="id"),
        _list("lines.provenance", "chain", **_PROVENANCE),
        _list(
            "lines.partner",
            "partner",
            mg="mg",
            basis="code",
            count="count?",
            units="units",
            owner="name?",
            product="code",
            lot_no="text?",
            assay="object?",
        ),
        _list("lines.authority", "authority", site="code", typed="object?"),
        _list("lines.sources", "authority", **_SOURCES),
        _slot("transport", "partner", vehicle="text?", waybill="text?", carrier="text?"),
        _slot("documents", "partner", list="documents"),
        _RECORDED,
    ),
    "received": (
        _slot(
            "receipt",
            "chain",
            at="at",
            shipment="id",
            from_="name",
            purpose="code",
            final="flag",
            declined="flag",
            reason="text?",
        ),
        _slot("offer", "chain", log="name", index="count0", leaf="hash", size="count", root="hash"),
        _list("lines.chain", "chain", line="count0", batch="id"),
        _list("lines.provenance", "chain", **_PROVENANCE),
        _list(
            "lines.partner",
            "partner",
            basis="code",
            offered_mg="mg",
            offered_count="count?",
            accepted_mg="mg",
            accepted_count="count?",
            rejected_mg="mg",
            rejected_count="count?",
            missing_mg="mg",
            missing_count="count?",
            difference_mg="signed",
            tolerance_mg="mg?",
            units="received_units",
            owner="name?",
            product="code",
            lot_no="text?",
            reason="text?",
        ),
        _list("lines.authority", "authority", site="code", typed="object?", weighing="object?", assay="object?"),
        _list("lines.sources", "authority", **_SOURCES),
        _DOCUMENTS,
        _RECORDED,
    ),
    "acknowledged": (
        _slot(
            "acknowledgement",
            "partner",
            at="at",
            shipment="id",
            agreed="flag",
            declined="flag",
            reason="text?",
            voided="object?",
        ),
        _slot("answer", "partner", log="name", index="count0", leaf="hash", size="count", root="hash"),
        _list("lines.partner", "partner", line="count0", batch="id", mg="mg", count="count?", units="ids?"),
        _list("lines.authority", "authority", site="code", typed="object?"),
        _RECORDED,
    ),
    "withdrawal_asked": (
        _slot("withdrawal", "partner", at="at", shipment="id", to="name"),
        _slot("reason", "partner", text="text"),
        _RECORDED,
    ),
    "confirmed": (
        _slot("confirmation", "chain", at="at", shipment="id", complete="flag"),
        _slot("guest", "authority", name="text", remark="text?"),
        _list("lines.authority", "authority", line="count0", batch="id", weighed_mg="mg?", units="told_units"),
        _RECORDED,
    ),
    "assembled": (
        _slot("assembly", "chain", "batch", at="at", product="code", lot_no="text?", steps="steps"),
        _slot("provenance", "chain", **_PROVENANCE),
        _slot("quantity", "authority", mg="mg", basis="code", count="count", site="code"),
        _slot("sources", "authority", **_SOURCES),
        *_INPUTS,
        _list("units.public", "public", "unit", serial="text", kind="code", net_mg="mg", count="count", seal="text?"),
        _list("units.chain", "chain", from_="list?"),
        _DOCUMENTS,
        _RECORDED,
    ),
    "dismantled": (
        _slot("dismantling", "chain", at="at", steps="steps"),
        _list("units.chain", "chain", unit="id", batch="id"),
        _list("units.authority", "authority", mg="mg", count="count?"),
        *_OUTPUTS,
        _LOSSES,
        _DOCUMENTS,
        _RECORDED,
    ),
    "removed": (
        _slot("removal", "chain", at="at", kind="code"),
        _list("lines.chain", "chain", batch="id"),
        _list("lines.authority", "authority", **_PART, site="code", typed="object?"),
        _REASON,
        _DOCUMENTS,
        _RECORDED,
    ),
    # -- pools: what goes in loses its name, what comes out is made of all that is in ---------------------------
    "charged": (
        _slot("charge", "chain", at="at", pool="code", period="id?", steps="steps"),
        _slot("opens", "chain", "batch", product="code", lot_no="text?"),
        *_INPUTS,
        _DOCUMENTS,
        _RECORDED,
    ),
    "drawn": (
        _slot("draw", "chain", at="at", pool="code", period="id", steps="steps"),
        *_OUTPUTS,
        _LOSSES,
        _DOCUMENTS,
        _RECORDED,
    ),
    "closed": (
        _slot("closing", "chain", at="at", pool="code", period="id"),
        _slot("opens", "chain", "batch", product="code", lot_no="text?"),
        _slot("provenance", "chain", **_PROVENANCE),
        _slot("sources", "authority", **_SOURCES),
        _slot("wip", "authority", method="code", contents="list"),
        _LOSSES,
        _REASON,
        _DOCUMENTS,
        _RECORDED,
    ),
    # -- measuring again -----------------------------------------------------------------------------------------
    "sampled": (
        _slot("sampling", "chain", at="at", site="code", sampler="text?"),
        *_INPUTS,
        *_OUTPUTS,
        _list("outputs.sample", "authority", use="code", seal="text?"),
        _NETS,
        _DOCUMENTS,
        _RECORDED,
    ),
    "assayed": (
        _slot("assaying", "chain", at="at", batch="id"),
        _slot("assay", "partner", basis="code"),
        _slot("report", "partner", lab="text", to="name?", sample="text?", certificate="hash?"),
        _DOCUMENTS,
        _RECORDED,
    ),
    "assay_agreed": (
        _slot("agreement", "chain", at="at", batch="id"),
        _slot("assay", "partner", basis="code"),
        _slot("results", "partner", rule="code", own="object?", other="object?", umpire="object?"),
        _DOCUMENTS,
        _RECORDED,
    ),
    "remeasured": (
        _slot("measuring", "chain", at="at", kind="code"),
        _list("lines.chain", "chain", batch="id"),
        _list(
            "lines.authority",
            "authority",
            unit="id?",
            site="code",
            owner="name?",
            basis="code",
            before_mg="mg",
            mg="mg",
            before_count="count0?",
            count="count0?",
            typed="object",
            weighing="object?",
        ),
        _NETS,
        _REASON,
        _DOCUMENTS,
        _RECORDED,
    ),
    "counted": (
        _slot("stocktake", "chain", at="at"),
        _list("lines.chain", "chain", batch="id"),
        _list(
            "lines.authority",
            "authority",
            unit="id?",
            site="code",
            owner="name?",
            basis="code",
            before_mg="mg",
            mg="mg",
            before_count="count0?",
            count="count0?",
            typed="object",
        ),
        _list("pools.authority", "authority", pool="code", method="code", contents="list"),
        _REASON,
        _DOCUMENTS,
        _RECORDED,
    ),
    # -- ownership and status: nothing moves -----------------------------------------------------------------------
    "title_transferred": (
        _slot("transfer", "partner", at="at", to="name", from_="name?", goods="titled?"),
        *_LINES,
        _DOCUMENTS,
        _RECORDED,
    ),
    "pledged": (
        _slot("pledge", "partner", "lock", at="at", to="text", receipt_no="text?"),
        *_LINES,
        _DOCUMENTS,
        _RECORDED,
    ),
    "unpledged": (
        _slot("unpledging", "partner", at="at", lock="id"),
        *_COVERED,
        _REASON,
        _DOCUMENTS,
        _RECORDED,
    ),
    "held": (
        _slot("hold", "chain", "lock", at="at", kind="code"),
        *_LINES,
        _slot("reason", "authority", text="text", order="id?"),
        _DOCUMENTS,
        _RECORDED,
    ),
    "released": (
        _slot("releasing", "public", at="at", lock="id"),
        *_COVERED,
        _REASON,
        _DOCUMENTS,
        _RECORDED,
    ),
    "recalled": (
        _slot("recall", "public", "lock", at="at", kind="code", text="text"),
        _list("lines.public", "public", batch="id", unit="id?"),
        _REASON,
        _DOCUMENTS,
        _RECORDED,
    ),
    # -- corrections: nothing is edited, everything stays visible --------------------------------------------------
    "amended": (
        _slot("amendment", "chain", **_CORRECTS),
        _slot("words", "authority", list="words"),
        _REASON,
        _RECORDED,
    ),
    "reversed": (
        _slot("reversal", "chain", **_CORRECTS),
        _REASON,
        _RECORDED,
    ),
    "adjusted": (
        _slot("adjustment", "partner", at="at", with_="name?"),
        _list("lines.chain", "chain", index="count0", leaf="hash", batch="id"),
        _list("lines.authority", "authority", side="code", site="code", owner="name?", **_DELTA),
        _list("shared.chain", "chain", index="count0", leaf="hash", batch="id"),
        _list("shared.partner", "partner", side="code", **_DELTA),
        _list("shared.authority", "authority", site="code", owner="name?"),
        _slot("consent", "partner", log="name", index="count0", leaf="hash", size="count", root="hash"),
        _REASON,
        _DOCUMENTS,
        _RECORDED,
    ),
    # -- books, reports, answers -----------------------------------------------------------------------------------
    "period_closed": (
        _slot("period", "authority", at="at", month="month"),
        _list("books.authority", "authority", site="code?", product="code?", rows="list"),
        _DOCUMENTS,
        _RECORDED,
    ),
    "reported": (
        _slot("report", "authority", at="at", month="month", kind="code", sha256="hash", receipt_no="text?"),
        _DOCUMENTS,
        _RECORDED,
    ),
    "answered": (
        _slot("reply", "authority", at="at", finding="text", text="text"),
        _DOCUMENTS,
        _RECORDED,
    ),
    "device_set": (
        _slot("device", "authority", at="at", device="code", key="hash?"),
        _RECORDED,
    ),
    "quota_granted": (
        _slot(
            "grant",
            "partner",
            at="at",
            to="name",
            group="text?",
            kind="code",
            year="count",
            batch="count",
            feed_class="code",
            reo_mg="mg",
        ),
        _DOCUMENTS,
        _RECORDED,
    ),
    "attested": (
        _slot("attestation", "public", at="at", log="name", size="count", root="hash", checks="list", ruleset="text"),
        _DOCUMENTS,
        _RECORDED,
    ),
    "inspected": (
        _slot("inspection", "chain", at="at", to="name", result="code"),
        _list("goods.chain", "chain", batch="id", unit="id?"),
        _list("goods.partner", "partner", method="code", seen="object?", sample="text?", remark="text?"),
        _slot("reason", "partner", text="text", announced_at="at?"),
        _slot("documents", "partner", list="documents"),
        _RECORDED,
    ),
    "ordered": (
        _slot("order", "partner", "lock", at="at", kind="code", to="name", ends="id?"),
        _list("lines.partner", "partner", batch="id", unit="id?", mg="mg?"),
        _slot("reason", "partner", text="text"),
        _slot("documents", "partner", list="documents"),
        _RECORDED,
    ),
    "voided": (
        _slot("voiding", "partner", at="at", shipment="id", to="name", log="name", index="count0", leaf="hash"),
        _slot("unreceived", "partner", log="name", size="count0", root="hash"),
        _slot("reason", "partner", text="text"),
        _slot("documents", "partner", list="documents"),
        _RECORDED,
    ),
    # -- registries: who takes part, with which keys --------------------------------------------------------------
    "admitted": (
        _ABOUT,
        _slot(
            "member",
            "public",
            organisation="text",
            organisation_en="text?",
            uscc="text?",
            lei="text?",
            eori="text?",
            roles="codes",
            country="country",
        ),
        _slot("keys", "public", list="keys"),
        _slot("log", "public", origin="name", leaf="hash"),
        _slot("sites", "public", list="sites"),
        _slot("reach", "public", url="text?", deliver_via="text?", label_host="text?"),
        _DOCUMENTS,
        _RECORDED,
    ),
    "licensed": (
        _ABOUT,
        _slot("licence", "public", kind="code", no="text", from_="day", until="day?", products="codes?"),
        _DOCUMENTS,
        _RECORDED,
    ),
    "rekeyed": (
        _ABOUT,
        _slot("keys", "public", list="keys", recovery="note?"),
        _slot("cited", "public", log="name", index="count0", leaf="hash"),
        _RECORDED,
    ),
    "revoked": (
        _ABOUT,
        _slot("revocation", "public", use="code", key="hash", size="count0", root="hash", reason="text"),
        _slot("successor", "public", origin="name", leaf="hash"),
        _DOCUMENTS,
        _RECORDED,
    ),
    "suspended": (
        _ABOUT,
        _slot("as_of", "public", size="count0", root="hash"),
        _slot("grounds", "public", text="text"),
        _DOCUMENTS,
        _RECORDED,
    ),
    "restored": (
        _ABOUT,
        _slot("as_of", "public", size="count0", root="hash"),
        _slot("grounds", "public", text="text"),
        _DOCUMENTS,
        _RECORDED,
    ),
    "standing": (
        _slot("standing", "public", at="at", n="count0", root="hash"),
        _RECORDED,
    ),
    "policy_set": (
        _slot("policy", "public", at="at", text="note"),
        _RECORDED,
    ),
}
OPTIONAL = frozenset(
    {
        "predecessor",
        "assay",
        "documents",
        "losses",
        "party",
        "transport",
        "reason",
        "answer",
        "cited",
        "successor",
        "opens",
        "consent",
        "wip",
        "provenance",
        "sources",
        "outputs.provenance",
        "outputs.sources",
        "lines.provenance",
        "lines.sources",
    }
)
"""Slots that may hold a committed null, a list slot in any of its items; every other one says something in every event
of its type."""
ROWS: Mapping[str, Mapping[str, str]] = {
    "documents": {},
    "keys": {"use": "code", "alg": "code"},
    "losses": {"kind": "code", "mg": "mg", "basis": "code?"},
    "words": {"path": "text", "was": "text?", "is": "text?"},
    "sites": {"code": "code", "country": "country", "region": "text?"},
    "steps": {"process": "code", "site": "code?", "country": "country?"},
    "units": {
        "unit": "id",
        "kind": "code",
        "serial": "text",
        "net_mg": "mg",
        "count": "count?",
        "seal": "text?",
        "inside": "id?",
    },
    "told_units": {"unit": "id", "state": "code"},
    "titled": {"batch": "id", "mg": "mg", "basis": "code", "count": "count?"},
    "received_units": {
        "unit": "text",
        "state": "code",
        "kind": "code",
        "serial": "text",
        "net_mg": "mg",
        "count": "count?",
        "seal": "text?",
        "inside": "id?",
        "reason": "text?",
    },
}
"""Kinds that are arrays of objects, and the fields of those. A unit that nobody offered may have no id to state."""
REGISTRY_TYPES = ("admitted", "licensed", "rekeyed", "revoked", "suspended", "restored", "standing", "policy_set")
CORRECTIONS = ("amended", "reversed", "adjusted")
STATUSES = ("held", "released", "recalled")
NEWS = (*CORRECTIONS, *STATUSES)
"""What is told, after they left, to those who hold the goods or what was made of them."""
REMOVAL_KINDS = ("consumed", "disposed", "destroyed")


def slot_of(event_type: str, name: str) -> Slot:
    """The table's row for a slot; KeyError is a programming mistake."""
    return next(slot for slot in EVENT_TYPES[event_type] if slot.name == name)
