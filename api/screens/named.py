"""Codes as people read them: statuses, severities, kinds of news. Each name is a message (api/words.py)."""

from collections.abc import Mapping


def N_(message: str) -> str:  # noqa: N802 - gettext's own mark for a message that is said later
    return message


NAMED: Mapping[str, Mapping[str, str]] = {
    "status": {
        "offered": N_("offered"),
        "delivered": N_("delivered"),
        "received in part": N_("received in part"),
        "received": N_("received"),
        "acknowledged": N_("acknowledged"),
        "confirmed by guest": N_("confirmed by guest"),
        "undeliverable": N_("undeliverable"),
        "declined": N_("declined"),
        "disputed": N_("disputed"),
        "overdue": N_("overdue"),
        "voided": N_("voided"),
        "withdrawal asked": N_("withdrawal asked"),
    },
    "severity": {"grave": N_("grave"), "mild": N_("mild"), "reason": N_("needs a reason")},
    "news": {
        "held": N_("goods held"),
        "released": N_("hold ended"),
        "recalled": N_("goods recalled"),
        "amended": N_("record corrected"),
        "reversed": N_("record reversed"),
        "adjusted": N_("quantity adjusted"),
        "assayed": N_("result of a laboratory"),
        "reported": N_("report"),
    },
    "purpose": {
        "sale": N_("sale"),
        "processing": N_("processing"),
        "consignment": N_("consignment"),
        "storage": N_("storage"),
        "sample": N_("sample"),
        "return": N_("return"),
        "repair": N_("repair"),
    },
    "state": {
        "here": N_("here"),
        "quarantined": N_("quarantined"),
        "shipped": N_("shipped"),
        "missing": N_("missing"),
        "emptied": N_("emptied"),
        "consumed": N_("used up"),
        "reversed": N_("reversed"),
    },
    "unit_state": {
        "accepted": N_("accepted"),
        "concession": N_("accepted with a concession"),
        "quarantined": N_("set aside, undecided"),
        "rejected": N_("rejected"),
        "damaged": N_("damaged"),
        "missing": N_("missing"),
    },
    "batch": {
        "valid": N_("valid"),
        "corrected": N_("corrected"),
        "concerned": N_("concerned by news"),
        "held": N_("held"),
        "recalled": N_("recalled"),
    },
    "basis": {
        "net": N_("net, as weighed"),
        "gross": N_("gross"),
        "dry": N_("dry mass"),
        "reo": N_("as oxides"),
        "metal": N_("as metal"),
    },
    "origin": {
        "mined": N_("mined here"),
        "imported": N_("imported"),
        "recycled": N_("recycled intake"),
        "bought_outside": N_("bought outside the federation"),
        "unknown_opening": N_("opening stock"),
    },
    "came": {
        "mined": N_("mined"),
        "imported": N_("imported"),
        "recycled": N_("recycled"),
        "bought_outside": N_("bought outside the federation"),
    },
    "paper": {
        "customs_declaration": N_("customs declaration"),
        "invoice": N_("invoice"),
        "production_record": N_("production record"),
        "purchase_contract": N_("purchase contract"),
        "special_invoice": N_("special invoice"),
        "stock_count": N_("stock count"),
        "warehouse_receipt": N_("warehouse receipt"),
        "waste_transfer": N_("waste transfer note"),
        "weigh_ticket": N_("weigh ticket"),
    },
    "assay": {
        "lab": N_("Laboratory"),
        "method": N_("Method"),
        "certificate_no": N_("Certificate number"),
        "total_reo_pct": N_("Total as oxides"),
        "moisture_pct": N_("Moisture"),
        "loi_pct": N_("Loss on ignition"),
        "basis": N_("Of the goods"),
    },
    "assay_basis": {
        "as_received": N_("as received"),
        "dried": N_("dried"),
        "ignited": N_("ignited"),
    },
    "measuring": {"reweighed": N_("weighed again"), "dried": N_("dried"), "other": N_("another reason")},
    "hold": {
        "quality": N_("quality"),
        "dispute": N_("dispute"),
        "ordered": N_("by order of an authority"),
        "other": N_("another reason"),
    },
    "event": {
        "registered": N_("registered"),
        "transformed": N_("processed"),
        "assembled": N_("assembled"),
        "dismantled": N_("taken apart"),
        "drawn": N_("drawn from a pool"),
        "closed": N_("period closed"),
        "sampled": N_("sampled"),
        "received": N_("received"),
        "packed": N_("packed"),
        "assayed": N_("assayed"),
        "assay_agreed": N_("assay agreed"),
        "remeasured": N_("weighed again"),
        "counted": N_("counted"),
        "log_opened": N_("brought over from the log before"),
    },
    "corrected": {"amended": N_("words changed"), "reversed": N_("reversed"), "adjusted": N_("amount changed")},
    "reprint": {
        "damaged": N_("damaged"),
        "lost": N_("lost"),
        "unreadable": N_("unreadable"),
        "not_printed": N_("did not come out"),
        "other": N_("another reason"),
    },
    "role": {
        "viewer": N_("viewer"),
        "clerk": N_("clerk"),
        "supervisor": N_("supervisor"),
        "admin": N_("administrator"),
    },
    "telling": {
        "arrivals": N_("arrivals"),
        "disputes": N_("disputes and silence"),
        "findings": N_("findings"),
        "corrections": N_("corrections of partners"),
        "recalls": N_("holds and recalls of partners"),
    },
    "call": {"waiting": N_("on its way"), "sent": N_("told"), "given up": N_("given up")},
    "task": {
        "weighing": N_("weighing"),
        "quality": N_("quality"),
        "sales": N_("sales"),
        "finance": N_("finance"),
    },
}


def name_of(kind: str, code: str) -> str:
    """The message for a code; a code that nobody has named is its own message."""
    return NAMED[kind].get(code, code)
