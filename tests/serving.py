"""A node's application behind a real socket, for readers that are programs of their own: browsers, command lines."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

import uvicorn
from fastapi import FastAPI

from api.app import create_app
from api.server import listen, web
from nodes.node import Node
from tests.world import until


@contextmanager
def serving(node: Node, app: FastAPI | None = None) -> Iterator[str]:
    """Where it answers. The node must be open; it need not be started to be read.

    `app`: its application where that lives already, as a member of a test world does; its workers are not begun again.
    """
    with listen("127.0.0.1", 0) as socket:
        config = web(app or create_app(node))
        config.lifespan = "auto" if app is None else "off"
        server = uvicorn.Server(config)
        thread = Thread(target=server.run, kwargs={"sockets": [socket]}, name="serving")
        thread.start()
        try:
            until(lambda: server.started or not thread.is_alive(), "the server starts")
            yield f"http://127.0.0.1:{socket.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()
