"""What waits for somebody: corrections for the approval of a second person, news of partners about goods here, and what
partners have not taken.
"""

import json
from contextlib import suppress

from fastapi import Response
from fastapi.concurrency import run_in_threadpool

from api.access import check_role
from api.bodies import validated
from api.screens.frame import Screens, Visit
from api.screens.wording import Field, cell
from api.verbs import RECORDINGS
from ledger.errors import LodetraceError
from nodes import drafts as kept
from nodes.correcting import Described, described
from nodes.notices import notices
from nodes.people import check_task
from nodes.store import drafts, lists
from nodes.store.drafts import WAITING, StoredDraft
from nodes.undelivered import bring_now, not_taken, refused

SHOWN = 100


def routes(screens: Screens) -> None:
    @screens.page("/corrections", "clerk", posts=True)
    async def corrections(visit: Visit) -> Response:
        if visit.posted and await _decide(visit):
            return visit.see("/corrections", visit._("Done."))
        return await run_in_threadpool(_listed, visit)

    @screens.page("/notices")
    def news(visit: Visit) -> Response:
        return visit.render("notices.html", found=notices(visit.node, SHOWN))

    @screens.page("/undelivered", posts=True)
    def undelivered(visit: Visit) -> Response:
        if visit.posted:
            assert visit.session is not None, "the screen is for those who are signed in"
            try:
                check_role(visit.session.holder, "supervisor")
            except LodetraceError as error:
                visit.refuse(error)
            else:
                bring_now(visit.node, visit.form.value("to"))
                return visit.see("/undelivered", visit._("It is brought again now."))
        return visit.render("undelivered.html", found=not_taken(visit.node), refused=refused(visit.node, SHOWN))


def _listed(visit: Visit) -> Response:
    supervisor = visit.may("supervisor")
    with visit.node.store.read() as conn:
        found = drafts.listed(conn, visit.owner, waiting=supervisor, before=lists.LATEST, limit=SHOWN)
    rows = [(one, *_told(visit, one)) for one in found]
    return visit.render("corrections.html", rows=rows, supervisor=supervisor, waiting=WAITING)


def _told(visit: Visit, one: StoredDraft) -> tuple[Described | None, list[Field]]:
    """What a correction would change; of other drafts, and of one whose words do not fit, what it says."""
    body = json.loads(one.body)
    if one.verb == "correct":
        with suppress(LodetraceError):
            return described(visit.node, validated(RECORDINGS["correct"].body, body).wire()), []
    return None, [Field(visit.field(name), cell(visit, name, value)) for name, value in body.items()]


async def _decide(visit: Visit) -> bool:
    """Another's draft is approved, one's own recorded, or one is withdrawn; False where that is refused."""
    draft, supervisor, do = visit.form.value("draft"), visit.may("supervisor"), visit.form.value("do")
    try:
        if do == "withdraw":
            kept.delete(visit.node, visit.caller, draft, supervisor=supervisor)
            return True
        found = kept.read(visit.node, visit.caller, draft, supervisor=supervisor and do == "approve")
        recording = RECORDINGS[found.verb]
        body = validated(recording.body, json.loads(found.body)).wire()
        assert visit.session is not None, "the screen is for those who are signed in"
        check_role(visit.session.holder, recording.role)
        check_task(visit.session.holder, found.verb, body)
        if do == "approve":
            await kept.approve(visit.node, visit.caller, found, body)
        elif kept.needs_approval(found.verb, body):
            await run_in_threadpool(kept.hand_in, visit.node, visit.caller, visit.form.key, found, body)
        else:
            await kept.seal(visit.node, visit.caller, draft, body, found.verb)
    except LodetraceError as error:
        visit.refuse(error)
        return False
    return True
