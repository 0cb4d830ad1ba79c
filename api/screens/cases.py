"""Cases of an authority by hand: opened from findings, asked about, answered, closed; and packed for whoever judges."""

import asyncio
import json
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from fastapi import Response
from fastapi.responses import FileResponse
from pydantic import BaseModel

from api.bodies import validated
from api.cases import CaseStep, OpenCase, opened, stepped
from api.rendering import HEADERS
from api.screens.finding_names import finding_name
from api.screens.frame import Screens, Visit
from api.screens.sorting import Sorting
from ledger.errors import LodetraceError
from ledger.matter.findings import cases as grouped
from nodes import cases, packs, people
from nodes.cases import ANSWERED, ASKED, CLOSED, OPEN, STATES, Case, isolated
from nodes.jobs import DONE
from nodes.sequencer import Answer
from nodes.verbs.books import AUTHORITY

NEXT = {OPEN: "asked", ASKED: "answered", ANSWERED: "closed", CLOSED: "reopened"}
"""What a case in a state most likely waits for."""
SHORT_S = 3.0
"""So long a pack is waited for; then a page says how far it is."""


def routes(screens: Screens) -> None:
    @screens.page("/cases", for_role=AUTHORITY)
    def listed(visit: Visit) -> Response:
        overview, _ = visit.node.overlooking.look()
        asked = visit.asked("state")
        told = [(one, cases.state(one, overview)) for one in cases.every(visit.node)]
        counts = {one: sum(state == one for _, state in told) for one in STATES}
        sorting = Sorting(
            visit,
            {
                "title": lambda one: one[0].title,
                "state": lambda one: STATES.index(one[1]),
                "assigned": lambda one: one[0].assigned or None,
                "opened": lambda one: one[0].opened_at,
            },
        )
        found = sorting.rows(one for one in told if asked in ("", one[1]))
        return visit.render("cases.html", found=found, counts=counts, asked=asked, sorting=sorting)

    @screens.page("/cases/new", "clerk", posts=True, for_role=AUTHORITY)
    async def new(visit: Visit) -> Response:
        overview, _ = visit.node.overlooking.look()
        if overview is None:
            return visit.render("overlooking.html")
        form = visit.form
        chosen = form.many.get("findings", []) if visit.posted else [visit.asked("finding")]
        if visit.posted:
            into = form.value("case")
            body = {"findings": chosen, **({"kind": "added"} if into else {"title": form.value("title").strip()})}
            if into:
                case = await _record(visit, CaseStep, lambda: body, lambda whole: _step(visit, into, whole))
            else:
                case = await _record(visit, OpenCase, lambda: body, lambda whole: _open(visit, whole))
            if case is not None:
                return visit.see(f"/cases/{case}", visit._("Put into the case."))
        groups = grouped(one.finding for one in overview.findings)
        group = next((group for group in groups if {one.id for one in group} & set(chosen)), ())
        every = await asyncio.to_thread(cases.every, visit.node)
        open_cases = [(one.id, f"{one.id} {one.title}") for one in every if one.state != CLOSED]
        return visit.render("case_new.html", group=group, chosen=chosen, open_cases=open_cases, name=finding_name)

    @screens.page("/cases/{case}", posts=True, for_role=AUTHORITY)
    async def one(visit: Visit) -> Response:
        id_ = visit.request.path_params["case"]
        do = partial(_step, visit, id_)
        if visit.posted and await _record(visit, CaseStep, visit.form.body, do) is not None:
            return visit.see(f"/cases/{id_}", visit._("Kept in the case."))
        return await asyncio.to_thread(_shown, visit, id_)

    @screens.page("/cases/{case}/evidence-pack", "clerk", for_role=AUTHORITY)
    def packed(visit: Visit) -> Response:
        return _packed(visit)


def _packed(visit: Visit) -> Response:
    """The pack, or how far it is; a part of a page that asks how far it is does not get the file."""
    case = visit.request.path_params["case"]
    job = packs.pack(visit.node, case, visit.owner)
    job.ended.wait(SHORT_S)
    if job.error is not None:
        raise job.error
    if job.state == DONE and "hx-request" not in visit.request.headers:
        return FileResponse(job.path, filename=job.name, media_type=job.media_type, headers=HEADERS)
    return visit.render("case_pack.html", case=case, job=job, done=job.state == DONE)


def _shown(visit: Visit, id_: str) -> Response:
    case = cases.find(visit.node, id_)
    overview, _ = visit.node.overlooking.look()
    state = cases.state(case, overview)
    doing = visit.form.value("kind") or visit.asked("do")
    organisations = [log.removesuffix("/log") for log in case.logs]
    organisation = visit.form.value("organisation") or visit.asked("organisation") or next(iter(organisations), "")
    if doing == "asked" and not visit.posted:
        visit.form.values["text"] = _letter(visit, case, organisation)
    return visit.render(
        "case.html",
        case=case,
        state=state,
        doing=doing if visit.may("clerk") else "",
        next=NEXT[state],
        answers=cases.answers(case, overview),
        gone=cases.gone(case, overview),
        organisations=[(one, visit.organisation(one)) for one in organisations],
        organisation=organisation,
        people=[(one.name, one.name) for one in people.listed(visit.node.store) if one.left_at is None],
        name=finding_name,
    )


def _letter(visit: Visit, case: Case, organisation: str) -> str:
    """What to send to one organisation. Of a finding that others are in too it is told the number, not the figures."""
    log = f"{organisation}/log"
    named = {"case": case.id, "title": isolated(case.title), "name": visit.organisation(organisation)}
    lines = [visit._("%(name)s: on case %(case)s, %(title)s, please answer the following.") % named, ""]
    for kept in case.findings:
        one = kept.finding
        if kept.logs == (log,):
            lines.append(f"{one.id}: {one.text(visit.language, visit.node.reference)}")
        elif log in kept.logs:
            places = ", ".join(str(index) for whose, index in one.entries if whose == log)
            told = {"rule": visit._(finding_name("rule", one.rule)), "entries": places}
            lines.append(f"{one.id}: " + visit._("%(rule)s; your entries %(entries)s.") % told)
    lines += ["", visit._("Findings of your own books stand on your node under these numbers: answer them there.")]
    return "\n".join(lines)


async def _record(
    visit: Visit, shape: type[BaseModel], body: Callable[[], Mapping[str, Any]], do: Callable[[Any], Answer]
) -> str | None:
    """The case that was changed; None where it was refused, with the errors in the form."""
    try:
        whole = validated(shape, body())
        answer = await asyncio.to_thread(do, whole)
    except LodetraceError as error:
        visit.refuse(error)
        return None
    return str(json.loads(answer.body)["case"])


def _open(visit: Visit, whole: OpenCase) -> Answer:
    assert visit.session is not None, "the screen is for those who are signed in"
    return opened(visit.node, visit.session.holder, visit.form.key, whole)


def _step(visit: Visit, case: str, whole: CaseStep) -> Answer:
    assert visit.session is not None, "the screen is for those who are signed in"
    return stepped(visit.node, visit.session.holder, visit.form.key, case, whole)
