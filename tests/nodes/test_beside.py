"""Work beside requests lets them have the interpreter sooner, for as long as there is any."""

import sys
from threading import Event

from nodes.beside import Beside, giving_way
from tests.world import until

USUAL = 0.005


def usual():
    return sys.getswitchinterval() == USUAL


def test_requests_wait_less_while_anything_is_at_work():
    until(usual, "what other tests left at work is done")
    with giving_way():
        with giving_way():
            assert sys.getswitchinterval() < USUAL / 5
        assert sys.getswitchinterval() < USUAL / 5
    assert usual()


def test_so_it_is_beside_pages_also_where_the_work_fails():
    until(usual, "what other tests left at work is done")
    begun, go_on = Event(), Event()

    def steps():
        begun.set()
        go_on.wait()
        yield
        raise OSError("a disk that is full")

    beside = Beside("test")
    beside.begin(steps())
    begun.wait()
    assert not usual()
    go_on.set()
    beside.wait(20)
    until(usual, "it is as before")
    beside.stop()
