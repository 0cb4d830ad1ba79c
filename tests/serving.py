"""A node's application behind a real socket, for readers that are programs of their own: browsers, command lines."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

import uvicorn

from api.app import create_app
from api.server import listen, web
from nodes.node import Node
from tests.world import until


@contextmanager
def serving(node: Node) -> Iterator[str]:
    """Where it answers. The node must be open; it need not be started to be read."""
    with listen("127.0.0.1", 0) as socket:
        server = uvicorn.Server(web(create_app(node)))
        thread = Thread(target=server.run, kwargs={"sockets": [socket]}, name="serving")
        thread.start()
        try:
            until(lambda: server.started or not thread.is_alive(), "the server starts")
            yield f"http://127.0.0.1:{socket.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()
