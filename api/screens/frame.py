"""What all screens share: who looks at them, how a form is recorded, and what stands around a page.

    screens = Screens(node, access)
    @screens.page("/register", role="clerk")
    async def register(visit: Visit) -> Response: ...

A page function runs for GET and, where it is declared, for POST; `visit.posted` tells. Whoever is not signed in is led
to the sign-in and back. Errors become pages in the reader's language. Nothing here decides about matter or trust.
"""

import inspect
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.routing import APIRoute

from api.access import COOKIE, Access, check_role
from api.asked import language as language_of
from api.bodies import validated
from api.errors import status_of
from api.forms import Form, read_form
from api.recording import Prepare
from api.rendering import HEADERS, page
from api.screens.reader import Reader
from api.screens.telling import Instead
from api.screens.telling import told as told_by
from api.verbs import RECORDINGS, prepared
from api.words import LANGUAGES
from ledger.errors import LodetraceError, Refusal, Unknown
from nodes.node import Caller, Node
from nodes.oidc import OwnSignIn
from nodes.people import Session, check_csrf, check_task, may
from nodes.tokens import at_least

TOLD = "lodetrace_told"
LANGUAGE = "lodetrace_language"
_IN_ADDRESSES = "%/:?#[]@!$&'()*+,;=~"
"""What an address may hold as it is; anything else a header cannot carry."""


@dataclass(slots=True)
class Visit(Reader):
    """One request for a screen, by somebody who is signed in (or by anybody, where the screen says so)."""

    request: Request
    session: Session | None
    form: Form = field(default_factory=Form)
    nav: "Nav" = field(default_factory=dict)
    prepared: Mapping[str, Prepare] = field(default_factory=dict)

    @property
    def ways(self) -> list[tuple[str, list["Link"]]]:
        """The navigation as this person sees it: headings with their links."""
        seen = ((name, [link for link in links if link.shown(self)]) for name, links in self.nav.items())
        return [(name, links) for name, links in seen if links]

    @property
    def here(self) -> str:
        """The path of the link that leads to this page, or to what it is a part of; "" where none does."""
        path = self.request.url.path
        links = (link.path for links in self.nav.values() for link in links)
        return max((one for one in links if path == one or path.startswith(f"{one}/")), key=len, default="")

    @property
    def posted(self) -> bool:
        return self.request.method == "POST"

    @property
    def is_secure(self) -> bool:
        """Came it by HTTPS, to us or to the web server in front? Then no cookie ever goes another way."""
        return self.request.url.scheme == "https"

    @property
    def owner(self) -> str:
        assert self.session is not None, "the screen is for those who are signed in"
        return self.session.holder.owner

    @property
    def caller(self) -> Caller:
        return Caller(self.owner)

    def asked(self, name: str, default: str = "") -> str:
        return str(self.request.query_params.get(name, default))

    def may(self, role: str, verb: str = "") -> bool:
        """For showing or hiding a way; the door is closed again where it is tried."""
        if self.session is None:
            return False
        return at_least(self.session.holder.role, role) and (not verb or may(self.session.holder, verb))

    # -- recording ----------------------------------------------------------------------------------------

    async def record(
        self, verb: str, body: Callable[[], Mapping[str, Any]] | Mapping[str, Any] | None = None, **named: str
    ) -> dict[str, Any] | None:
        """Records what the form says, or `body`; None where it was refused, with the errors in the form. A function is
        called for the body here, so that what is wrong with a field it reads is told beside that field too.

        `named` is what stands in the path of the interface: shipment, pool. The key is the form's.
        """
        assert self.session is not None, "only those who are signed in record"
        recording = RECORDINGS[verb]
        try:
            check_role(self.session.holder, recording.role)
            given = self.form.body() if body is None else body() if callable(body) else body
            whole = {**validated(recording.body, given).wire(), **named}
            check_task(self.session.holder, verb, whole)
            prepare = self.prepared.get(verb)
            if prepare is None:
                answer = await self.node.do(verb, whole, self.caller, self.form.key)
            else:
                answer = await prepare(whole, self.caller, self.form.key)
        except LodetraceError as error:
            self.form.was_sent = True
            self.refuse(error)
            return None
        found: dict[str, Any] = json.loads(answer.body)
        return found

    def refuse(self, error: LodetraceError, at: str | None = None) -> None:
        """`at`: the field it is told at, where that is not the one that the error names."""
        if (
            error.code == "key-of-other-request"
        ):  # sent already, then changed: what stands there now is a form of its own
            self.form.key = Form().key
        self.form.refuse(error, self.language, status_of(error) if at is None else 422, at)

    # -- answering ----------------------------------------------------------------------------------------

    def render(self, template: str, status: int = 0, instead: Instead | None = None, **facts: Any) -> Response:
        """A whole page, with the frame's own facts beside those given. `instead`: see api/screens/telling.py."""
        told = _told(self.request)
        whole = {"visit": self, "form": self.form, "told": told, "path": self.request.url.path, **facts}
        response = page(template, whole, self.language, status or self.form.status, self.request)
        if self.form.refused:  # drawn again, with what is wrong told by the labels that the page gives its fields
            self.form.errors = told_by(self, self.form, bytes(response.body).decode(), instead or {})
            response = page(template, whole, self.language, status or self.form.status, self.request)
        if told:
            response.delete_cookie(TOLD)
        self._keep_language(response)
        return response

    def see(self, path: str, told: str = "") -> Response:
        """Leads on after something was done; `told` is said on the next page.

        A script that sent the form (static/forms.js) is told where, and leads there itself: following a redirect, it
        would be the one who reads `told`.
        """
        by_script = self.request.headers.get("sent-by") == "script"
        headers = {**HEADERS, "location": quote(path, safe=_IN_ADDRESSES)}
        response = Response(status_code=204 if by_script else 303, headers=headers)
        if told:
            response.set_cookie(
                TOLD,
                urlsafe_b64encode(told.encode()).decode(),
                max_age=60,
                httponly=True,
                samesite="lax",
                secure=self.is_secure,
            )
        self._keep_language(response)
        return response

    def _keep_language(self, response: Response) -> None:
        if self.request.query_params.get("lang") in LANGUAGES:
            response.set_cookie(LANGUAGE, self.language, max_age=31_536_000, samesite="lax", secure=self.is_secure)


@dataclass(frozen=True, slots=True)
class Link:
    """A way in the navigation: for whom, where, called what (a message). `at`, `not_at`: the organisation's role, where
    only such a node has the page, or where it would be in the way.
    """

    role: str
    path: str
    name: str
    verb: str = ""
    at: str = ""
    not_at: str = ""

    def shown(self, visit: Visit) -> bool:
        role = visit.node.settings.role
        return self.at in ("", role) and role != self.not_at and visit.may(self.role, self.verb)


Nav = Mapping[str, tuple[Link, ...]]
"""Links by their heading (a message), which opens them; those of no heading always stand there."""
Show = Callable[[Visit], Response | Awaitable[Response]]


class _Direct(APIRoute):
    """Hands the request over as it is: screens read their own forms."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        return self.endpoint


class Screens:
    """The screens of one node, as routes."""

    def __init__(
        self, node: Node, access: Access, nav: Nav | None = None, own_sign_in: OwnSignIn | None = None
    ) -> None:
        """`own_sign_in`: the organisation's, where it has one."""
        self.node, self.access, self.nav, self.own_sign_in = node, access, nav or {}, own_sign_in
        self.prepared = prepared(node)
        self.router = APIRouter()

    def page(
        self,
        path: str,
        role: str | None = "viewer",
        *,
        posts: bool = False,
        for_role: str = "",
        reads_books: bool = False,
    ) -> Callable[[Show], Show]:
        """Declares a screen. `role` None: for anybody. `for_role`: only at nodes of such an organisation.
        `reads_books`: it is shown when the books were read; until then the page says that they are.
        """

        def declare(show: Show) -> Show:
            async def endpoint(request: Request) -> Response:
                return await self._answer(request, role, show, reads_books=reads_books)

            if not for_role or self.node.settings.role == for_role:
                self.router.add_api_route(
                    path,
                    endpoint,
                    methods=["GET", "POST"] if posts else ["GET"],
                    include_in_schema=False,
                    route_class_override=_Direct,
                )
            return show

        return declare

    async def _answer(self, request: Request, role: str | None, show: Show, *, reads_books: bool) -> Response:
        session = self.access.signed_in(request)
        visit = Visit(self.node, language(request), request, session, nav=self.nav, prepared=self.prepared)
        if session is not None:
            visit.form.csrf = session.csrf
        if role is not None and session is None:
            if "hx-request" in request.headers:  # a part of a page: what is typed there goes on, sending it leads here
                return Response(status_code=204, headers=HEADERS)
            return _to_sign_in(visit)
        try:
            if role is not None and session is not None:
                check_role(session.holder, role)
            if visit.posted:
                if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
                    raise Refusal("form-not-ours", field="Sec-Fetch-Site")
                visit.form = await read_form(request, self.node.settings.body_max)
                if session is not None:
                    given, visit.form.csrf = visit.form.csrf, session.csrf
                    check_csrf(session, given)
            unread = await _unread(visit) if reads_books and not visit.posted else None
            if unread is not None:
                found: Any = unread
            elif inspect.iscoroutinefunction(show):
                found = await show(visit)
            else:
                found = await run_in_threadpool(show, visit)  # it reads the database, others are served meanwhile
        except LodetraceError as error:
            visit.refuse(error)
            return visit.render("trouble.html", error=error.text(visit.language), code=error.code)
        assert isinstance(found, Response)
        return found


async def _unread(visit: Visit) -> Response | None:
    """A page in place of one of the books, while those are being read: it asks again, until it is led to what was asked
    for.
    """
    if await run_in_threadpool(visit.node.beside.ask, lambda _, size: size) is None:
        return visit.render("books_read.html")
    return Response(headers={**HEADERS, "hx-refresh": "true"}) if "hx-request" in visit.request.headers else None


def language(request: Request) -> str:
    """As asked, else as chosen before, else by what the browser prefers."""
    chosen = request.cookies.get(LANGUAGE, "")
    return chosen if "lang" not in request.query_params and chosen in LANGUAGES else language_of(request)


def safe_path(text: str) -> str:
    """A path of this node to go on to, never an address elsewhere."""
    plain = text.startswith("/") and not text.startswith("//") and "\\" not in text and text.isprintable()
    return text if plain else "/"


def _to_sign_in(visit: Visit) -> Response:
    """To the sign-in, and back here. What was typed into a form stays in the browser (static/forms.js)."""
    url = visit.request.url
    back = "/" if visit.posted else quote(url.path) + (f"?{url.query}" if url.query else "")
    if COOKIE in visit.request.cookies:
        visit.refuse(Unknown("session-ended", field="Cookie"))
    return visit.see(f"/sign-in?{urlencode({'next': back})}", "".join(visit.form.errors.values()))


def _told(request: Request) -> str:
    try:
        return urlsafe_b64decode(request.cookies.get(TOLD, "")).decode()
    except (NotBase64, UnicodeDecodeError):
        return ""
