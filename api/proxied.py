"""Web servers in front of the node: what they may say of a visitor, and from where alone it is believed.

    X-Forwarded-For, X-Forwarded-Proto   who asks, and how they came to the web server
    the setting `proxy_header`           whom the web server has signed in

Promises: none of it counts from an address that is not among `proxy_addresses`, whoever sends it, nor a name that is
there twice. That somebody tried is told in the journal, once.
"""

import logging
from ipaddress import ip_address, ip_network

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from nodes.config import Settings

VOUCHED = "lodetrace.vouched"
_say = logging.getLogger(__name__)


class Proxied:
    """Comes before everything else, and sees where a request really comes from."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = ProxyHeadersMiddleware(app, list(settings.proxy_addresses))  # type: ignore[arg-type]
        self._trusted = [ip_network(text) for text in settings.proxy_addresses]
        self._header = (settings.proxy_header or "").lower().encode()
        self._told = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and self._header:
            named = [value for name, value in scope["headers"] if name == self._header]
            if named and not self._is_trusted(scope):
                self._tell(scope)
            elif len(named) == 1:
                scope[VOUCHED] = named[0].decode("utf-8", "replace").strip()
        await self._app(scope, receive, send)  # type: ignore[arg-type]

    def _is_trusted(self, scope: Scope) -> bool:
        try:
            here = ip_address((scope.get("client") or ("",))[0])
        except ValueError:
            return False
        return any(here in network for network in self._trusted)

    def _tell(self, scope: Scope) -> None:
        if not self._told:
            self._told = True
            who = (scope.get("client") or ("?",))[0]
            _say.warning("%s names a person in %s; it is not among proxy_addresses", who, self._header.decode())


def vouched(request: Request) -> str:
    """Whom a web server in front has signed in, as it calls them; "" for nobody."""
    return str(request.scope.get(VOUCHED, ""))
