"""After a start the books are read beside the pages: none waits for them, each says that they are being read."""

import threading
from contextlib import contextmanager

import pytest

from nodes.beside import SOON
from nodes.clock import system_clock
from nodes.people import hire
from tests.api.test_bulk import ndjson, register
from tests.api.test_register_page import SECRET, TICKET, Desk
from tests.world import until

BEING_READ = "books are being read"


@pytest.fixture
def desk(client, node, token_of):
    """Somebody at a node whose log is longer than what is read while one waits."""
    weighing = {"ticket": "BT-991", "gross": "1.1", "tare": "1", "unit": "t"}
    lines = [register("k-0", "OLD-1", weighing=weighing), *(register(f"k-{number}") for number in range(1, SOON + 1))]
    answer = client.post("/api/v1/bulk", content=ndjson(*lines), headers=token_of("clerk"))
    assert answer.status_code == 200, answer.text
    assert answer.text.count('"status":201') == len(lines)
    hire(node.store, "Li", "clerk", system_clock, password=SECRET)
    return Desk(client)


@contextmanager
def unread(node):
    """As after a start, and somebody else has the books in hand."""
    with node.inspection._lock:
        assert node.inspection.size == 0
        yield


def test_the_board_and_the_ticket_do_not_wait(desk, node):
    with unread(node):
        board = desk.get("/").text
        assert BEING_READ in board
        assert 'hx-select-oob="#found"' in board, "it asks again by itself"
        told = desk.send("/register/preview", desk.get("/register").text, **TICKET).text
        assert "20,000 kg" in told
        assert "OLD-1" in told, "the ticket was used"
    until(lambda: BEING_READ not in desk.get("/").text, "the books are read")
    assert node.inspection.size == SOON + 2


@pytest.mark.parametrize("path", ["/months", "/months/2026-11", "/quota", "/findings", "/findings/0000000000000000"])
def test_pages_of_the_books_follow_when_they_are_read(desk, node, path):
    again = {"hx-request": "true"}
    with unread(node):
        assert BEING_READ in desk.get(path).text
        assert BEING_READ in desk.get(path, **again).text
    until(lambda: BEING_READ not in desk.get(path).text, "the books are read")
    followed = desk.get(path, **again)
    assert followed.headers["hx-refresh"] == "true"
    assert not followed.content


def test_what_reading_meets_is_told_and_read_again(desk, node, monkeypatch):
    def broken():
        raise RuntimeError("the disk is gone")

    with monkeypatch.context() as patched:
        patched.setattr(node.inspection, "read_on", broken)
        with pytest.raises(RuntimeError, match="the disk is gone"):
            until(lambda: node.beside.ask(lambda _, size: size))
    assert until(lambda: node.beside.ask(lambda _, size: size)) == SOON + 2


def test_a_node_stops_while_its_books_are_read(desk, node):
    with unread(node):
        assert node.beside.ask(lambda _, size: size) is None
        stopping = threading.Thread(target=node.beside.stop)
        stopping.start()
    stopping.join(10)
    assert not stopping.is_alive()
    assert node.beside.ask(lambda _, size: size) == node.inspection.size == SOON + 2, "asking reads the rest at once"
