"""Newcomers that ask to be admitted: what each says of itself, whether its numbers hold, and the answer to it."""

from asyncio import to_thread
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from fastapi import Response

from api.screens.frame import Screens, Visit
from api.screens.members import path_of
from api.screens.orders import papers
from ledger.errors import LodetraceError, Malformed
from ledger.identifiers import is_eori, is_lei, is_uscc
from ledger.joining import Request
from ledger.keys import fingerprint
from ledger.log.canonical import unb64
from nodes import requests
from nodes.clock import stamp
from nodes.following import stand_by

FIELDS = {"sure", "reason", "documents[0].no", "refusal"}
SHOWN = 100
"""So many are opened at a time: each is verified anew."""


def routes(screens: Screens) -> None:
    @screens.page("/requests", "supervisor", for_role="authority")
    def waiting(visit: Visit) -> Response:
        home = visit.node.settings.home
        names = requests.waiting(home)
        return visit.render(
            "requests.html",
            waiting=[requests.opened(home, name) for name in names[:SHOWN]],
            more=len(names) - SHOWN,
            refused=requests.refused(home)[:SHOWN],
        )

    @screens.page("/requests/{request:path}", "supervisor", posts=True, for_role="authority")
    async def one(visit: Visit) -> Response:
        node, name = visit.node, visit.request.path_params["request"]
        asked = await to_thread(requests.opened, node.settings.home, name)
        if visit.posted and visit.form.value("do") == "refuse":
            reason = visit.form.value("refusal").strip()
            if reason:
                await to_thread(requests.refuse, node.settings.home, name, visit.owner, stamp(node.clock()), reason)
                return visit.see("/requests", visit._("Refused: %(name)s.") % {"name": name})
            visit.refuse(_missing("refusal", "say why", "请说明原因"))
        elif visit.posted:
            verb = "succeed" if asked.predecessor else "admit"
            if await visit.record(verb, lambda: _body(visit, name)) is not None:
                await stand_by(node)
                return visit.see(path_of(name), visit._("Admitted. Next: record its licence."))
        return visit.render(
            "request.html",
            asked=asked,
            member=node.membership.members.get(name),
            checks=list(_checks(visit, asked)),
            author=fingerprint(asked.author.public),
            keys=[{**key, "print": fingerprint(unb64(str(key["key"]), field="key"))} for key in asked.keys],
            before=next(
                (one for one in await to_thread(requests.refused, node.settings.home) if one.name == name), None
            ),
            path=f"/requests/{quote(name, safe='')}",
            fields=FIELDS,
        )


def _checks(visit: Visit, asked: Request) -> Iterator[tuple[str, str, bool, str]]:
    """(what number, its text, whether it holds, said in words) for each number that the newcomer states."""
    _ = visit._
    for name, title, check in (
        ("uscc", _("Company number"), is_uscc),
        ("lei", "LEI", is_lei),
        ("eori", "EORI", is_eori),
    ):
        text = str(asked.member.get(name, ""))
        if text and name == "eori":
            yield title, text, check(text), _("well formed; it has no check digit") if check(text) else _("malformed")
        elif text:
            yield (
                title,
                text,
                check(text),
                _("its check digit is right") if check(text) else _("its check digit is wrong"),
            )


def _missing(field: str, en: str, zh: str) -> LodetraceError:
    return Malformed("fields-wrong", field=field, value="", en=en, zh=zh)


def _body(visit: Visit, name: str) -> dict[str, Any]:
    """`author` is the key that was shown: a request that took this one's place meanwhile is refused."""
    if visit.form.value("sure") != "true":
        raise _missing("sure", "compare the fingerprint first, then tick it", "请先核对指纹，再勾选确认")
    return {"name": name, **papers(visit.form.body(without=("sure", "do", "refusal")))}
