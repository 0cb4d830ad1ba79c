"""What an authority's pages show is worked out beside them: by one thread, once for each state of the deposits."""

import logging
from threading import Event, Thread

import pytest

from ledger.errors import Refusal, Unavailable
from nodes import packs
from nodes.beside import Beside
from nodes.overlooking import AGAIN_AFTER
from tests.hands import Hands
from tests.nodes.test_oversight import AUTHORITY, ONE, TWO
from tests.overseen import overseen, slowed, worked_out
from tests.world import until


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    with overseen(tmp_path_factory.mktemp("overlooking")) as world:
        yield world


@pytest.fixture
def slow(told):
    """(the clock, what looks by it)"""
    with slowed(told[AUTHORITY]) as clock:
        yield clock, told[AUTHORITY].node.overlooking


def test_whoever_looks_meanwhile_neither_waits_nor_begins_anew(slow):
    clock, overlooking = slow
    assert [overlooking.look() for _ in range(5)] == [(None, True)] * 5
    clock.go.set()
    until(lambda: not overlooking.look()[1], "it is worked out")
    last, _ = overlooking.look()
    assert last is not None
    assert overlooking.look()[0] is last
    assert clock.asked == 1


def test_what_fails_is_told_and_not_tried_in_a_circle(slow, caplog):
    clock, overlooking = slow
    clock.fails = True
    clock.go.set()
    with caplog.at_level(logging.ERROR):
        overlooking.look()
        until(lambda: not overlooking.look()[1], "it has failed")
    assert "the clock stumbled" in caplog.text
    assert overlooking.look() == (None, False)
    assert clock.asked == 1
    with pytest.raises(Unavailable) as refused:
        overlooking.soon(0)
    assert (refused.value.code, refused.value.value) == ("overview-failed", "RuntimeError")


def test_what_failed_is_tried_again_when_somebody_looks_later(slow):
    clock, overlooking = slow
    clock.fails = True
    clock.go.set()
    overlooking.look()
    until(lambda: not overlooking.look()[1], "it has failed")
    clock.fails, clock.later = False, AGAIN_AFTER
    clock.go.clear()
    assert overlooking.look() == (None, True)
    clock.go.set()
    until(lambda: overlooking.look()[0], "it is worked out")
    assert overlooking.failed is None


def test_a_program_waits_a_little_and_no_longer(slow):
    clock, overlooking = slow
    with pytest.raises(Unavailable) as refused:
        overlooking.soon(0)
    assert refused.value.code == "deposits-unread"
    clock.go.set()
    last, working = overlooking.soon(60)
    assert (last.logs.keys(), working) == ({f"{ONE}/log", f"{TWO}/log"}, False)


def test_what_is_asked_and_recorded_does_not_read_while_it_is_being_read(told):
    authority = told[AUTHORITY]
    last = worked_out(authority)
    year = last.at[:4]
    with authority.node.oversight._lock:
        assert authority.get("/api/v1/deposits/findings")["as_of"] == last.at
        assert authority.get(f"/api/v1/deposits/flows?year={year}&element=Dy")["as_of"] == last.at
        assert "As of" in Hands(authority).get(f"/flows?year={year}&element=Dy")
        case = authority.record("/api/v1/oversight/cases", {"title": "x", "findings": [last.findings[0].finding.id]})
        asked = {"kind": "asked", "organisation": ONE, "text": "why?"}
        authority.record(f"/api/v1/oversight/cases/{case['case']}/steps", asked)
        assert packs.pack(authority.node, case["case"], "Li").total


def test_work_beside_ends_after_the_step_it_is_at():
    beside, steps, begun, go = Beside("trying"), [], Event(), Event()

    def work():
        for step in range(3):
            steps.append(step)
            begun.set()
            assert go.wait(60)
            yield

    beside.begin(work())
    assert begun.wait(60)
    stopping = Thread(target=beside.stop)
    stopping.start()
    until(beside._ended.is_set, "it is told to end")
    go.set()
    stopping.join(60)
    assert (steps, beside.working) == ([0], False)
    beside.begin(work())
    assert (steps, beside.working) == ([0], False), "nothing begins after that"


def test_a_node_that_is_no_authority_refuses(told):
    node = told[ONE].node
    with pytest.raises(Refusal) as refused:
        node.overlooking.look()
    assert refused.value.code == "only-the-authority"
