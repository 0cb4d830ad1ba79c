"""What is refused of corrections, drafts, months and of what the authority does: a table as in refusals.py."""

from typing import Any

from tests.e2e.stage import AUTHORITY, MINE, NOWHERE, PLANT, Asked, Case, Make, Stage, made, post, ship, transform
from tests.e2e.stage_of_corrections import CLOSED, REASON
from tests.e2e.stage_of_orders import KNOWN_TABLE
from tests.world import kg

MONTH_AHEAD = "2098-12"
GRANT = {
    "to": PLANT,
    "kind": "mining",
    "year": 2026,
    "batch": 1,
    "feed_class": "ion_mid_y",
    "quantity": {"value": "120", "unit": "t", "basis": "reo"},
}


def correct(kind: str, **body: Any) -> Make:
    return post("/api/v1/corrections", {"kind": kind, **REASON, **body})


def reverse(name: str, **more: Any) -> Make:
    def make(stage: Stage) -> Asked:
        return correct("reverse", entry=stage.entries[name], **more)(stage)

    return make


def amend(name: str, path: str, **words: Any) -> Make:
    """`is_` for `is`, which is a word of Python's; `more` is of the correction."""

    def make(stage: Stage) -> Asked:
        row = {"path": path, **{key.rstrip("_"): value for key, value in words.items() if key != "at"}}
        at = {"at": words["at"]} if "at" in words else {}
        return correct("amend", entry=stage.entries[name], words=[row], **at)(stage)

    return make


def line(name: str, side: str, batch: str, **changed: Any) -> dict[str, Any]:
    return {"entry": name, "side": side, "batch": batch, **changed}


def adjust(*lines: dict[str, Any], consent: tuple[str, str] | None = None) -> Make:
    """`consent` is an organisation and a name of an entry of its log."""

    def make(stage: Stage) -> Asked:
        rows = [{**one, "entry": stage.entries.get(one["entry"], one["entry"])} for one in lines]
        told = {}
        if consent is not None:
            told = {"consent": {"log": f"{consent[0]}/log", "index": stage.entries.get(consent[1], 9999)}}
        return correct("adjust", lines=rows, **told)(stage)

    return make


def draft(name: str, what: str = "", **more: Any) -> Make:
    def make(stage: Stage) -> Asked:
        return Asked(f"/api/v1/drafts/{stage.ids.get(name, name)}{what}", **more)

    return make


def lead(path: str, body: dict[str, Any], member: str | None = None) -> Make:
    return post(path, body, role="supervisor", **({} if member is None else {"member": member}))


def read(path: str, member: str = MINE) -> Make:
    return post(path, b"", method="GET", role="viewer", member=member)


def table(kind: str, data: bytes) -> Make:
    where = f"/api/v1/oversight/outside?kind={kind}&source=x&file=x.csv"
    return post(where, data, member=AUTHORITY)


def in_case(name: str, **step: Any) -> Make:
    def make(stage: Stage) -> Asked:
        return lead(f"/api/v1/oversight/cases/{stage.ids.get(name, name)}/steps", step, AUTHORITY)(stage)

    return make


def close_month(stage: Stage) -> Asked:
    return Asked("/api/v1/periods", {"month": stage.ids["month"]}, role="supervisor")


SOLD = line("sold sent", "shipped", "R-sold", less=kg("5"))
TAKEN = line("given up sent", "shipped", "R-given up", less=kg("5"))
CORRECTING: dict[str, Case] = {
    "the first entry reversed": Case(422, "correction-of-opening", "reversal.index", correct("reverse", entry=0)),
    "an entry that is not there": Case(404, "entry-unknown", "entry", correct("reverse", entry=99_999)),
    "a correction of nothing": Case(422, "nothing-named", "entry", correct("reverse")),
    "no words": Case(422, "nothing-named", "words", correct("amend", entry=1, words=[])),
    "an amendment amended": Case(
        422, "correction-of-correction", "amendment.index", amend("amendment", "reason.text", is_="x")
    ),
    "an entry reversed twice": Case(422, "entry-reversed", "reversal.index", reverse("reversed")),
    "words dated in a closed month": Case(
        422,
        "correction-in-closed-month",
        "at",
        amend("registered", "batch.lot_no", is_="x", at=f"{CLOSED}-15T08:00:00+08:00"),
    ),
    "a correction without a reason": Case(422, "fields-wrong", "reason", correct("reverse", entry=1, reason=None)),
    "a charge reversed": Case(422, "correction-in-pool", "reversal", reverse("charged")),
    "a shipment reversed": Case(422, "reversal-of-shipment", "reversal", reverse("sold sent")),
    "a receipt reversed": Case(422, "reversal-of-receipt", "reversal", reverse("received")),
    "an acknowledgement reversed": Case(422, "reversal-of-acknowledgement", "reversal", reverse("acknowledged")),
    "a weighing reversed": Case(422, "reversal-of-measurement", "reversal", reverse("remeasured")),
    "a hold reversed": Case(422, "reversal-of-status", "reversal", reverse("held")),
    "a month's closing reversed": Case(422, "reversal-of-closing", "reversal", reverse("period_closed")),
}
AMENDING: dict[str, Case] = {
    "a mass amended": Case(
        422, "amendment-not-words", "words[0].path", amend("registered", "quantity.mg", was="1", is_="2")
    ),
    "words that do not stand there": Case(
        422, "amendment-of-other-words", "words[0].was", amend("registered", "batch.lot_no", was="iron", is_="x")
    ),
    "the same words": Case(
        422, "amendment-of-nothing", "words[0].is", amend("registered", "batch.lot_no", is_="R-registered")
    ),
    "a reason taken away": Case(422, "amendment-leaves-nothing", "words[0].is", amend("removed", "reason.text")),
}
REVERSING: dict[str, Case] = {
    "goods that were used": Case(422, "reversal-of-used", "reversal", reverse("used")),
    "what was adjusted": Case(422, "reversal-of-adjusted", "reversal", reverse("adjusted")),
    "what is held": Case(422, "reversal-of-locked", "reversal", reverse("locked")),
    "a drum that was opened": Case(422, "reversal-of-used-unit", "reversal", reverse("drums packed")),
    "an opening whose goods are gone": Case(422, "reversal-of-goods-gone", "reversal", reverse("opened")),
    "a move whose goods are gone": Case(422, "reversal-of-goods-gone", "reversal", reverse("moved loose")),
    "a moved drum weighed since": Case(422, "reversal-of-changed-units", "reversal", reverse("moved unit")),
    "a drum and loose goods moved at once": Case(422, "reversal-of-mixed-move", "reversal", reverse("moved mixed")),
    "a sample out of a drum": Case(422, "reversal-of-opened-unit", "reversal", reverse("sampled")),
}
ADJUSTING: dict[str, Case] = {
    "a charge adjusted": Case(
        422, "correction-in-pool", "lines[0]", adjust(line("charged", "used", "O-1", less=kg("1")))
    ),
    "an entry of other goods": Case(
        422, "adjustment-of-other-entry", "lines[0]", adjust(line("registered", "made", "A-1", less=kg("1")))
    ),
    "less than nothing": Case(
        422, "adjustment-below-zero", "lines", adjust(line("registered", "made", "R-registered", less=kg("101")))
    ),
    "an adjustment by nothing": Case(
        422, "mass-is-zero", "lines[0].less.value", adjust(line("registered", "made", "R-registered", less=kg("0")))
    ),
    "neither more nor less": Case(422, "fields-wrong", "lines[0]", adjust(line("registered", "made", "R-registered"))),
    "more and less at once": Case(
        422, "fields-wrong", "lines[0]", adjust(line("registered", "made", "R-registered", more=kg("1"), less=kg("2")))
    ),
    "no lines to adjust": Case(422, "nothing-named", "lines", adjust()),
    "a side that is none": Case(
        422, "fields-wrong", "lines[0].side", adjust(line("registered", "lost", "R-registered", less=kg("1")))
    ),
    "the first entry adjusted": Case(
        422, "correction-of-opening", "lines[0].index", adjust(line("opening", "made", "R-registered", less=kg("1")))
    ),
    "all goods but no pieces": Case(
        422, "adjustment-pieces-differ", "lines", adjust(line("pieces", "made", "R-pieces", less=kg("10")))
    ),
    "made of something, but nothing made": Case(
        422, "adjustment-leaves-half", "lines", adjust(line("made", "made", "R-made", less=kg("20")))
    ),
    "goods that went on": Case(
        422, "adjustment-not-here", "lines", adjust(line("used", "made", "R-used", less=kg("60")))
    ),
    "two shared entries at once": Case(422, "adjustment-mixed", "shared", adjust(SOLD, TAKEN)),
    "a shipment not yet agreed": Case(
        422,
        "adjustment-before-receipt",
        "shared",
        adjust(line("offered", "shipped", "A-2", more=kg("1"))),
    ),
    "a shipment of which goods came back": Case(
        422, "adjustment-of-returned", "shared", adjust(line("abroad sent", "shipped", "R-abroad", less=kg("5")))
    ),
    "taken before it was given": Case(422, "consent-missing", "consent", adjust(SOLD)),
    "a partner's word on one's own goods": Case(
        422,
        "consent-unfitting",
        "consent",
        adjust(line("registered", "made", "R-registered", less=kg("1")), consent=(PLANT, "given")),
    ),
    "taken twice": Case(422, "consent-used", "consent", adjust(TAKEN, consent=(PLANT, "given"))),
    "a partner's entry that gave nothing": Case(
        422, "consent-unfitting", "consent", adjust(SOLD, consent=(PLANT, "no gift"))
    ),
    "less taken than was given": Case(
        422, "adjustments-differ", "shared", adjust({**TAKEN, "less": kg("4")}, consent=(PLANT, "given"))
    ),
    "a partner's entry that never came": Case(
        404, "entry-of-other-unknown", "consent", adjust(SOLD, consent=(PLANT, "nothing"))
    ),
}
DRAFTS: dict[str, Case] = {
    "approved by its writer": Case(
        422, "approval-by-oneself", "recorded.approved_by", draft("draft", "/approval", role="supervisor")
    ),
    "approved by a clerk": Case(403, "role-too-low", "Authorization", draft("draft", "/approval")),
    "an approval that nobody needs": Case(
        422, "draft-not-waiting", "draft", draft("own draft", "/approval", role="supervisor")
    ),
    "a draft that is not there": Case(404, "draft-unknown", "draft", draft(NOWHERE, "/sealing")),
    "a draft that waits, changed": Case(
        422,
        "draft-waiting",
        "draft",
        draft("draft", method="PUT", body={"verb": "unpack", "body": {"units": ["D-1"]}}),
    ),
    "a draft of another": Case(422, "draft-not-yours", "draft", draft("another's draft", "/sealing")),
    "a draft of a verb nobody knows": Case(
        422, "verb-unknown", "verb", post("/api/v1/drafts", {"verb": "steal", "body": {}})
    ),
}
BOOKS: dict[str, Case] = {
    "a month closed twice": Case(422, "month-closed", "period.month", lead("/api/v1/periods", {"month": CLOSED})),
    "the month it is": Case(422, "month-not-over", "period.month", close_month),
    "a month before the open one": Case(
        422, "month-before-open", "month", lead("/api/v1/periods", {"month": MONTH_AHEAD})
    ),
    "a report of a month to come": Case(
        422,
        "month-ahead",
        "month",
        post("/api/v1/reports", {"month": MONTH_AHEAD, "kind": "monthly_flow", "file_sha256": "0a" * 32}),
    ),
    "an answer to no finding": Case(
        404, "finding-unknown", "finding", post("/api/v1/answers", {"finding": "0" * 16, "text": "x"})
    ),
    "a regime that there is not": Case(
        404, "regime-unknown", "regime", post("/api/v1/batches/A-1/regimes/crma-30", b"", method="GET")
    ),
    "a quota granted by a mine": Case(422, "only-the-authority", "role", lead("/api/v1/quotas", GRANT)),
    "a look at deposits where there are none": Case(422, "only-the-authority", "role", read("/api/v1/deposits")),
    "an overview of deposits where there are none": Case(
        422, "only-the-authority", "role", read("/api/v1/oversight/findings")
    ),
    "tables of offices at a mine": Case(422, "only-the-authority", "role", read("/api/v1/oversight/outside")),
    "a table of an office that nobody brought": Case(
        404, "outside-unknown", "table", read("/api/v1/oversight/outside/99", AUTHORITY)
    ),
    "a table of gold": Case(422, "kind-unknown", "kind", table("gold", b"a,b\n1,2\n")),
    "a table that is here already": Case(409, "outside-known", "body", table("power", KNOWN_TABLE)),
    "cases where there are none": Case(422, "only-the-authority", "role", read("/api/v1/oversight/cases")),
    "a case that nobody opened": Case(404, "case-unknown", "case", read("/api/v1/oversight/cases/2026-99", AUTHORITY)),
    "a case of a finding that nobody has": Case(
        404,
        "finding-unknown",
        "findings",
        lead("/api/v1/oversight/cases", {"title": "x", "findings": ["0" * 16]}, AUTHORITY),
    ),
    "a note in a case that nobody opened": Case(
        404, "case-unknown", "case", in_case("2026-99", kind="noted", text="x")
    ),
    "a note without a word": Case(422, "field-missing", "text", in_case("case", kind="noted")),
    "a case assigned to a stranger": Case(404, "person-unknown", "to", in_case("case", kind="assigned", to="Nobody")),
    "an answer to no question": Case(
        422, "case-not-asked", "organisation", in_case("case", kind="answered", organisation=PLANT, text="x")
    ),
    "a case closed by an entry that is none": Case(
        404, "entry-not-found", "entry", in_case("case", kind="closed", text="x", entry=100_000)
    ),
    "a case closed by an entry of another kind": Case(
        422, "field-wrong", "entry", in_case("case", kind="closed", text="x", entry=0)
    ),
    "a case opened again that is open": Case(
        422, "case-not-closed", "case", in_case("case", kind="reopened", text="x")
    ),
    "a note in a case that is closed": Case(422, "case-closed", "case", in_case("closed case", kind="noted", text="x")),
    "findings of a log that was never deposited": Case(
        404, "deposits-incomplete", "log", read("/api/v1/deposits/findings?log=nobody.example/log", AUTHORITY)
    ),
    "a finding over deposits that nobody has": Case(
        404, "finding-unknown", "finding", read(f"/api/v1/deposits/findings/{'0' * 16}", AUTHORITY)
    ),
    "an attestation by a mine": Case(
        422, "only-the-authority", "role", lead("/api/v1/attestations", {"log": f"{PLANT}/log"})
    ),
    "a quota for what is no node": Case(
        422, "field-wrong", "grant.to", lead("/api/v1/quotas", {**GRANT, "to": "中国稀土集团"}, AUTHORITY)
    ),
    "a quota for a group of no name": Case(
        422, "fields-wrong", "group", lead("/api/v1/quotas", {**GRANT, "group": ""}, AUTHORITY)
    ),
    "a quota of no year": Case(422, "year-absurd", "year", lead("/api/v1/quotas", {**GRANT, "year": 26}, AUTHORITY)),
    "a quota of nothing": Case(
        422,
        "mass-is-zero",
        "quantity.value",
        lead("/api/v1/quotas", {**GRANT, "quantity": {"value": "0", "unit": "t", "basis": "reo"}}, AUTHORITY),
    ),
    "a quota by wet mass": Case(
        422,
        "quota-not-reo",
        "quantity.basis",
        lead("/api/v1/quotas", {**GRANT, "quantity": {"value": "1", "unit": "t"}}, AUTHORITY),
    ),
    "a quota of scrap": Case(
        422, "kind-unknown", "feed_class", lead("/api/v1/quotas", {**GRANT, "feed_class": "post_consumer"}, AUTHORITY)
    ),
    "one's own log attested": Case(
        422, "attests-itself", "log", lead("/api/v1/attestations", {"log": f"{AUTHORITY}/log"}, AUTHORITY)
    ),
    "a log attested that was never deposited": Case(
        404, "deposits-incomplete", "log", lead("/api/v1/attestations", {"log": f"{MINE}/log"}, AUTHORITY)
    ),
}

GONE = {"batch": "R-gone", "quantity": kg("1")}
"""A lot of which nothing is left; nobody says at which site."""
EMPTY: dict[str, Case] = {
    "goods that are all gone shipped": Case(422, "none-loose", "lines[0].site", ship(GONE)),
    "goods that are all gone used": Case(422, "none-loose", "inputs[0].site", transform([GONE], [made("1")])),
    "goods that are all gone held": Case(
        422, "none-loose", "lines[0].site", lead("/api/v1/holds", {"kind": "quality", "reason": "x", "lines": [GONE]})
    ),
    "goods that are all gone counted": Case(
        422, "none-loose", "lines[0].site", post("/api/v1/counts", {"lines": [GONE], "reason": "x"})
    ),
}

GROUPS = (EMPTY, CORRECTING, AMENDING, REVERSING, ADJUSTING, DRAFTS, BOOKS)
