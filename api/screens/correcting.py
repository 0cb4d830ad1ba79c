"""Correcting an entry by hand: other words, other amounts, or undone; looked at before it is recorded or sent on.

A form is filled, then shown as what it would change (`do=look`), then recorded, kept as a draft, or filled on. What
moves goods waits for a second person on the page of corrections.
"""

import json
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from fastapi import Response
from fastapi.concurrency import run_in_threadpool

from api.bodies import validated
from api.screens.entries import index_of
from api.screens.frame import Screens, Visit
from api.screens.named import NAMED
from api.verbs import RECORDINGS
from ledger.errors import LodetraceError, Unknown
from nodes import correcting, drafts, entries, notices
from nodes.correcting import Described
from nodes.people import check_task

KINDS = ("amend", "adjust", "reverse")
PAGE_FIELDS = ("do", "draft")
NOTICES = 100


def routes(screens: Screens) -> None:
    @screens.page("/correct/{entry}", "clerk", posts=True)
    async def correct(visit: Visit) -> Response:
        index = index_of(visit.request.path_params["entry"])
        if not visit.posted:
            return await run_in_threadpool(_filled, visit, index)
        return await _answered(visit, index)


def _filled(visit: Visit, index: int) -> Response:
    """As asked for, or as it was kept as a draft."""
    draft = visit.asked("draft")
    if draft:
        found = drafts.read(visit.node, visit.caller, draft, supervisor=False)
        visit.form.values.update(_values(visit, json.loads(found.body)), draft=draft)
    kind = visit.form.value("kind") or visit.asked("kind")
    if kind not in KINDS:  # what is wrong is mostly a number
        kind = "adjust" if correcting.movings(visit.node, index) else "amend"
    return _shown(visit, index, kind)


async def _answered(visit: Visit, index: int) -> Response:
    form = visit.form
    kind, do = form.value("kind"), form.value("do", "look")
    try:
        body = await run_in_threadpool(_body, visit, index, kind)
        if do == "look":
            return await run_in_threadpool(_looked, visit, index, kind, body)
        if do == "draft":
            await run_in_threadpool(_keep, visit, body)
            return visit.see("/corrections", visit._("Kept as a draft."))
    except LodetraceError as error:
        visit.refuse(error)
        do = "edit"
    if do == "record":
        answer = await visit.record("correct", body)
        if answer is not None:
            _forget(visit)
            waits = "waits_for" in answer
            told = visit._("Sent to a second person for approval.") if waits else visit._("Corrected.")
            return visit.see("/corrections" if waits else f"/entries/{index}", told)
    return await run_in_threadpool(_shown, visit, index, kind if kind in KINDS else "amend")


def _shown(visit: Visit, index: int, kind: str, described: Described | None = None) -> Response:
    one = entries.seen(visit.node, index)
    return visit.render(
        "correct.html",
        one=one,
        kind=kind,
        words=correcting.wordings(one.now or one.event),
        moved=correcting.movings(visit.node, index),
        typed_once=one.entry.event.scalar("quantity").get("weighing") is not None,
        has_sites=len(visit.node.settings.sites) > 1,
        awaiting=[told for told in notices.notices(visit.node, NOTICES) if told["awaits_consent"]],
        papers=[(code, visit.word("paper", code)) for code in NAMED["paper"]],
        described=described,
        fields={name.partition(":")[0] for name in visit.form.values} | {"reason"},
    )


def _looked(visit: Visit, index: int, kind: str, body: Mapping[str, Any]) -> Response:
    """What it would change, if the rules let it; else what they say, beside the form."""
    assert visit.session is not None, "the screen is for those who are signed in"
    whole = validated(RECORDINGS["correct"].body, body).wire()
    check_task(visit.session.holder, "correct", whole)
    drafts.rehearse(visit.node, visit.caller, "correct", drafts.as_if_approved("correct", whole))
    return _shown(visit, index, kind, correcting.described(visit.node, whole))


def _body(visit: Visit, index: int, kind: str) -> dict[str, Any]:
    typed = visit.form.body(without=PAGE_FIELDS)
    body = {"kind": kind, "reason": typed.get("reason", "")}
    if kind == "amend":
        return {**body, "entry": index, "words": correcting.changed_words(_rows(typed.get("words")))}
    if kind == "adjust":
        shown = correcting.movings(visit.node, index)
        lines = correcting.changed_amounts(shown, _rows(typed.get("amounts")))
        log, _, at = str(typed.get("consent", "")).rpartition("#")
        consent = {"consent": {"log": log, "index": index_of(at)}} if log else {}
        return {**body, "lines": lines, **consent}
    return {**body, "entry": index}


def _rows(told: Any) -> list[Mapping[str, Any]]:
    """The rows of a list, or of a group of fields; nothing where the form has none, or is not ours."""
    rows = told.values() if isinstance(told, Mapping) else told if isinstance(told, list) else ()
    return [row for row in rows if isinstance(row, Mapping)]


def _values(visit: Visit, body: Mapping[str, Any]) -> dict[str, str]:
    """What a kept body is as a form."""
    found = {"kind": str(body.get("kind", "amend")), "reason": str(body.get("reason") or "")}
    index = index_of(visit.request.path_params["entry"])
    one = entries.seen(visit.node, index)
    changed = {row["path"]: row.get("is") or "" for row in body.get("words") or ()}
    for at, wording in enumerate(correcting.wordings(one.now or one.event)):
        if wording.path in changed:
            found[f"words[{at}].is"] = changed[wording.path]
    shown = correcting.movings(visit.node, index)
    for at, (kg, count) in correcting.typed_again(shown, body.get("lines") or ()).items():
        found[f"amounts.n{at}.is"] = kg
        if count:
            found[f"amounts.n{at}.count:int"] = count
    consent = body.get("consent")
    return {**found, **({"consent": f"{consent['log']}#{consent['index']}"} if consent else {})}


def _keep(visit: Visit, body: Mapping[str, Any]) -> None:
    draft = visit.form.value("draft")
    if draft:
        drafts.change(visit.node, visit.caller, draft, "correct", body)
    else:
        drafts.save(visit.node, visit.caller, visit.form.key, "correct", body)


def _forget(visit: Visit) -> None:
    """The draft that has become an entry, or waits, is gone; it may have gone before."""
    if visit.form.value("draft"):
        with suppress(Unknown):
            drafts.delete(visit.node, visit.caller, visit.form.value("draft"), supervisor=False)
