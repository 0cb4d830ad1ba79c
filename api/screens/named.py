"""Codes as people read them: statuses, severities, kinds of news. Each name is a message (api/words.py)."""

from collections.abc import Mapping

from api.words import words
from ledger.matter.provenance import OTHERS_ORIGIN, UNEXPLAINED_ORIGIN
from nodes.countries import countries
from nodes.node import Node


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
        "safety": N_("safety"),
        "origin": N_("origin"),
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
        "unpacked": N_("unpacked"),
        "moved": N_("moved"),
        "shipped": N_("shipped"),
        "acknowledged": N_("receipt answered"),
        "withdrawal_asked": N_("withdrawal asked"),
        "confirmed": N_("confirmed by guest"),
        "removed": N_("removed"),
        "charged": N_("charged into a pool"),
        "title_transferred": N_("ownership passed on"),
        "pledged": N_("pledged"),
        "unpledged": N_("pledge ended"),
        "held": N_("goods held"),
        "released": N_("hold ended"),
        "recalled": N_("goods recalled"),
        "amended": N_("words changed"),
        "reversed": N_("reversed"),
        "adjusted": N_("amount changed"),
        "period_closed": N_("month closed"),
        "reported": N_("report handed in"),
        "answered": N_("finding answered"),
        "device_set": N_("device named or retired"),
        "quota_granted": N_("quota granted"),
        "attested": N_("attested"),
        "inspected": N_("inspected"),
        "ordered": N_("ordered by the authority"),
        "voided": N_("shipment voided"),
        "admitted": N_("member admitted"),
        "licensed": N_("licence entered"),
        "rekeyed": N_("keys replaced"),
        "revoked": N_("key revoked"),
        "suspended": N_("member suspended"),
        "restored": N_("member restored"),
        "standing": N_("standing of the members"),
        "policy_set": N_("trust policy set"),
    },
    "recall": {
        "safety": N_("safety"),
        "quality": N_("quality"),
        "origin": N_("origin"),
        "ordered": N_("by order of an authority"),
        "other": N_("another reason"),
    },
    "removal": {
        "consumed": N_("used up outside the chain"),
        "disposed": N_("disposed of"),
        "destroyed": N_("destroyed"),
    },
    "order": {"freeze": N_("freeze the goods"), "release": N_("release the goods")},
    "report": {"monthly_flow": N_("monthly flows")},
    "inspection": {
        "in_order": N_("in order"),
        "objections": N_("with objections"),
        "not_in_order": N_("not in order"),
    },
    "custody": {
        "identity_preserved": N_("identity preserved"),
        "segregated": N_("segregated"),
        "controlled_blending": N_("controlled blending"),
        "mass_balance": N_("mass balance"),
        "book_and_claim": N_("book and claim"),
    },
    "side": {
        "made": N_("came into being"),
        "used": N_("used, or left the chain"),
        "shipped": N_("shipped"),
        "received": N_("received"),
    },
    "loss": {"residue": N_("residue")},
    "way": {"in": N_("In"), "out": N_("Out")},
    "waiting": {
        "drafts": N_("drafts and corrections that wait"),
        "arrivals": N_("deliveries that nobody received yet"),
        "pools": N_("pools whose content was not measured since"),
        "findings": N_("findings without an answer"),
    },
    "organisation_role": {
        "mine": N_("mine"),
        "separation": N_("separation plant"),
        "metal": N_("metal maker"),
        "magnet": N_("magnet maker"),
        "motor": N_("motor maker"),
        "recycler": N_("recycler"),
        "trader": N_("trader"),
        "authority": N_("authority"),
        "laboratory": N_("laboratory"),
        "carrier": N_("carrier"),
    },
    "case": {"open": N_("looked into"), "asked": N_("asked"), "answered": N_("answered"), "closed": N_("concluded")},
    "case_step": {
        "opened": N_("Opened"),
        "added": N_("Findings added"),
        "assigned": N_("Assigned"),
        "noted": N_("Note"),
        "asked": N_("Question asked"),
        "answered": N_("Answered"),
        "closed": N_("Closed"),
        "reopened": N_("Opened again"),
    },
    "quota": {"mining": N_("mining"), "separation": N_("separation")},
    "quota_class": {
        "rock": N_("rock ore"),
        "ion": N_("ion-adsorption ore"),
        "monazite": N_("monazite"),
        "import": N_("imported ore"),
    },
    "outside": {
        "special_invoice": N_("special invoices"),
        "customs_declaration": N_("customs declarations"),
        "power": N_("use of power"),
    },
    "outside_place": {
        "number": N_("Number of the paper"),
        "mass": N_("Mass"),
        "unit": N_("Unit of the mass"),
        "day": N_("Date"),
        "holder": N_("Organisation"),
        "month": N_("Month"),
        "kwh": N_("Energy in kWh"),
    },
    "match": {
        "differs": N_("amounts differ"),
        "only_office": N_("only in the table"),
        "only_books": N_("only in the books"),
        "likely": N_("number differs, the rest fits"),
        "matched": N_("matched"),
    },
    "power": {
        "usual": N_("usual"),
        "high": N_("much power for the metal booked"),
        "low": N_("little power for the metal booked"),
        "no_metal": N_("power without any metal booked"),
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
    "standing": {
        "not_admitted": N_("not admitted"),
        "admitted": N_("admitted"),
        "licensed": N_("licensed"),
        "suspended": N_("suspended"),
        "revoked": N_("key revoked"),
    },
    "said": {
        "admitted": N_("admitted"),
        "licensed": N_("licensed"),
        "suspended": N_("suspended"),
        "restored": N_("restored"),
        "revoked": N_("key revoked"),
        "rekeyed": N_("keys replaced"),
    },
    "licence": {
        "mining": N_("mining"),
        "separation": N_("separation"),
        "recycling": N_("recycling"),
        "trade": N_("trade"),
        "export": N_("export"),
    },
    "inspected": {
        "in_order": N_("in order"),
        "objections": N_("with objections"),
        "not_in_order": N_("not in order"),
    },
    "inspecting": {"looked": N_("looked at"), "weighed": N_("weighed"), "sampled": N_("sampled")},
    "key": {
        "log": N_("log"),
        "author": N_("author"),
        "witness": N_("witness"),
        "peer": N_("requests to others"),
        "seal": N_("sealing"),
    },
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


def country_name(code: str, language: str) -> str:
    """`CN` → `China`; a code that no country has is its own name."""
    return countries(language).get(code, code)


PLACELESS = {OTHERS_ORIGIN: N_("other origins, not told apart"), UNEXPLAINED_ORIGIN: N_("nobody knows from where")}
"""Origins that are none of one country."""


def origin_name(node: Node, key: str, language: str) -> str:
    """`CN/ion_mid_y` → `China: ion-adsorption ore, mid Y, rich in Eu`; without feed class: `China: mined`."""
    if key in PLACELESS:
        return words(language)(PLACELESS[key])
    country, _, feed_class = key.partition("/")
    known = node.reference.row("feed_classes", feed_class)
    told = words(language)(name_of("came", feed_class)) if known is None else str(known[language])
    place = country_name(country, language)
    return f"{place}: {told}" if language == "en" else f"{place}{told}"
