"""What an authority's pages show is worked out beside them: by one thread, once for each state of the deposits."""

import logging
from threading import Event, current_thread

import pytest

from ledger.errors import Refusal
from nodes.overview import Overlooking
from tests.nodes.test_oversight import AUTHORITY, ONE
from tests.overseen import overseen
from tests.world import until


class Slow:
    """A clock that stands still for whoever works beside the page, until it is let go; or stumbles."""

    def __init__(self, clock):
        self._clock, self.go, self.asked, self.fails = clock, Event(), 0, False

    def __call__(self):
        if current_thread().name.startswith("overview"):
            self.asked += 1
            assert self.go.wait(60)
            if self.fails:
                raise RuntimeError("the clock stumbled")
        return self._clock()


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    with overseen(tmp_path_factory.mktemp("overview")) as world:
        yield world


@pytest.fixture
def slow(told):
    """(the clock, what looks by it)"""
    node = told[AUTHORITY].node
    clock = Slow(node.clock)
    overlooking = Overlooking(node.store, node.oversight, clock)
    yield clock, overlooking
    clock.go.set()
    overlooking.stop()


def test_whoever_looks_meanwhile_neither_waits_nor_begins_anew(slow):
    clock, overlooking = slow
    assert [overlooking.look() for _ in range(5)] == [(None, True)] * 5
    clock.go.set()
    until(lambda: not overlooking.look()[1], "it is worked out")
    last, _ = overlooking.look()
    assert last is not None
    assert overlooking.look()[0] is last
    assert clock.asked == 1


def test_what_fails_is_told_in_the_journal_and_not_tried_in_a_circle(slow, caplog):
    clock, overlooking = slow
    clock.fails = True
    clock.go.set()
    with caplog.at_level(logging.ERROR):
        overlooking.look()
        until(lambda: not overlooking.look()[1], "it has failed")
    assert "the clock stumbled" in caplog.text
    assert overlooking.look() == (None, False)
    assert clock.asked == 1


def test_a_node_that_is_no_authority_refuses(told):
    node = told[ONE].node
    with pytest.raises(Refusal) as refused:
        node.overlooking.look()
    assert refused.value.code == "only-the-authority"
