"""Runs one node as a process: lock, node, socket, web server; and stops them in the reverse order.

Said plainly and before anything is served: a home that another process holds, settings or keys that do not fit, a port
that is taken, a certificate without its key. When asked to stop (SIGTERM, SIGINT), it takes no new request, answers
those it has, commits what was accepted, and closes the database; then it ends with 0.
"""

import asyncio
import errno
import gc
import logging
import signal
import socket
import ssl
from collections.abc import Callable, Mapping
from pathlib import Path

import uvicorn
from fastapi import FastAPI

from api.app import create_app
from api.rendering import prepare
from ledger.errors import Unavailable
from nodes.config import Settings, passphrase
from nodes.node import Node
from nodes.posix import home_lock
from nodes.rollback import ask_witnesses
from nodes.rotation import settle

_say = logging.getLogger(__name__)
STOP_SECONDS = 30
"""How long requests under way may take to end, once it is asked to stop."""


def run(home: Path, environ: Mapping[str, str], started: Callable[[str], None]) -> None:
    """Serves until stopped. `started` hears where, as soon as requests are answered."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    with home_lock(home):
        settle(home, environ)
        node = Node.open(home, environ)
        try:
            context = tls(node.settings, passphrase(environ))
            with listen(node.settings.host, node.settings.port) as listening:
                memories, silent = asyncio.run(ask_witnesses(node.identity, node.policy, node.settings.ca_file))
                for error in silent:
                    _say.warning("%s %s", error, error.text("zh"))
                node.start(memories)
                _serve(node, listening, context, started)
        finally:
            node.stop()


def listen(host: str, port: int) -> socket.socket:
    """A bound socket. Unavailable("port-taken") if somebody else has it."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # else a restart waits for old connections
    try:
        listening.bind((host, port))
        listening.listen(1)  # uvicorn sets its own backlog; until then a second bind must fail already
    except OSError as error:
        listening.close()
        if error.errno == errno.EADDRINUSE:
            raise Unavailable("port-taken", field=f"{host}:{port}") from error
        raise Unavailable("port-unusable", field=f"{host}:{port}", value=error.strerror) from error
    return listening


def tls(settings: Settings, secret: bytes | None) -> ssl.SSLContext | None:
    """For HTTPS, where the settings name a certificate. `secret` opens a key file that asks for one.

    Unavailable("tls-unreadable" or "tls-key-of-other") if the files cannot be read, or do not belong together.
    """
    cert, key = settings.tls_cert, settings.tls_key
    if cert is None or key is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    file = cert
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cert)  # load_cert_chain does not say which it is
        file = key
        key.read_bytes()
        context.load_cert_chain(cert, key, password=lambda: secret or b"")  # else OpenSSL asks at the terminal
    except ssl.SSLError as error:
        if "MISMATCH" in (error.reason or ""):
            raise Unavailable("tls-key-of-other", field="tls_key", value=str(key), cert=str(cert)) from error
        raise Unavailable("tls-unreadable", field=str(file), value=error.reason or "PEM") from error
    except OSError as error:
        raise Unavailable("tls-unreadable", field=str(file), value=error.strerror) from error
    return context


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, started: Callable[[], None]) -> None:
        super().__init__(config)
        self._started = started

    def end(self, *_: object) -> None:
        """Handles a signal before uvicorn does so itself, and once more after it has stopped, to no effect."""
        self.should_exit = True

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        if self.should_exit:
            return
        await super().startup(sockets)
        if self.started:
            self._started()


def web(app: FastAPI, context: ssl.SSLContext | None = None) -> uvicorn.Config:
    """How any application is served here: scripts/bench.py serves an empty one in the same way, to compare."""
    return uvicorn.Config(
        app,
        http="httptools",
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,  # api/proxied.py reads them, and must see where a request really comes from
        timeout_graceful_shutdown=STOP_SECONDS,
        ssl_context_factory=None if context is None else lambda *_: context,
    )


def _serve(
    node: Node, listening: socket.socket, context: ssl.SSLContext | None, started: Callable[[str], None]
) -> None:
    settings = node.settings
    config = web(create_app(node), context)
    server = _Server(config, lambda: started(f"{settings.name} serves at {settings.url} 已启动"))
    # uvicorn raises the signal again after it has stopped, which would end us before the node has stopped too.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, server.end)
    prepare()
    gc.collect()
    gc.freeze()  # what is loaded stays; the collector need not look at it again and again
    # Commands and the books make many objects and no cycles worth looking for. Nobody waits for more than 100,000 of
    # them to be looked at; all are once in 250 million.
    gc.set_threshold(20_000, 5, 2_500)
    server.run(sockets=[listening])
