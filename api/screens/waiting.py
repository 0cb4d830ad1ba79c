"""What waits for somebody: corrections for the approval of a second person, and news of partners about goods here."""

import json

from fastapi import Response

from api.screens.frame import Screens, Visit
from api.verbs import RECORDINGS
from ledger.errors import LodetraceError
from nodes import drafts as kept
from nodes.notices import notices
from nodes.people import check_task
from nodes.store import drafts, lists
from nodes.store.drafts import WAITING

SHOWN = 100


def routes(screens: Screens) -> None:
    @screens.page("/corrections", "clerk", posts=True)
    async def corrections(visit: Visit) -> Response:
        if visit.posted and await _decide(visit):
            return visit.see("/corrections", visit._("Done."))
        supervisor = visit.may("supervisor")
        with visit.node.store.read() as conn:
            found = drafts.listed(conn, visit.owner, waiting=supervisor, before=lists.LATEST, limit=SHOWN)
        rows = [(one, json.dumps(json.loads(one.body), ensure_ascii=False, indent=1)) for one in found]
        return visit.render("corrections.html", rows=rows, supervisor=supervisor, waiting=WAITING)

    @screens.page("/notices")
    def news(visit: Visit) -> Response:
        return visit.render("notices.html", found=notices(visit.node, SHOWN))


async def _decide(visit: Visit) -> bool:
    """Another's draft is approved, or a draft is withdrawn; False where that is refused."""
    draft, supervisor = visit.form.value("draft"), visit.may("supervisor")
    try:
        if visit.form.value("do") == "withdraw":
            kept.delete(visit.node, visit.caller, draft, supervisor=supervisor)
            return True
        found = kept.read(visit.node, visit.caller, draft, supervisor=supervisor)
        body = RECORDINGS[found.verb].body.model_validate(json.loads(found.body)).wire()
        assert visit.session is not None, "the screen is for those who are signed in"
        check_task(visit.session.holder, found.verb, body)
        await kept.approve(visit.node, visit.caller, found, body)
    except LodetraceError as error:
        visit.refuse(error)
        return False
    return True
