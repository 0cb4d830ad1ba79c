"""Jobs: in two lanes, one after the other in each; what fails says why; nothing stays behind when the node stops."""

import threading

import pytest

from ledger.errors import Conflict, Unavailable, Unknown
from nodes.jobs import DONE, FAILED, KEPT_SECONDS, LONG, RUNNING, WAITING, WAITING_MOST, Jobs
from tests.world import until


class Hours:
    """A timer that goes when it is told."""

    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def hours():
    return Hours()


@pytest.fixture
def jobs(hours):
    made = Jobs(hours)
    yield made
    made.stop()


def start(jobs, work, total=1, **more):
    return jobs.start(work, total=total, name="x.pdf", media_type="application/pdf", owner="Li", **more)


def writing(content):
    return lambda job, file: [file.write(content) for _ in job.counted(range(job.total))]


def test_a_job_counts_and_keeps_its_result_for_an_hour(jobs, hours):
    job = start(jobs, writing(b"label"), total=3)
    until(lambda: jobs.get(job.id).state == DONE)
    assert (job.done, job.total, jobs.result(job.id).path.read_bytes()) == (3, 3, b"label" * 3)
    hours.now = KEPT_SECONDS + 1
    with pytest.raises(Unknown) as gone:
        jobs.result(job.id)
    assert gone.value.code == "job-unknown"
    assert not job.path.exists()


def test_a_result_is_not_there_before_it_is_done(jobs):
    go, began = threading.Event(), threading.Event()

    def waits(job, file):
        began.set()
        go.wait()

    job = start(jobs, waits)
    began.wait()
    with pytest.raises(Conflict) as early:
        jobs.result(job.id)
    assert (early.value.code, early.value.facts["state"]) == ("job-not-done", RUNNING)
    waiting = [start(jobs, writing(b"")) for _ in range(WAITING_MOST - 1)]
    with pytest.raises(Unavailable) as full:
        start(jobs, writing(b""))
    assert full.value.code == "jobs-waiting"
    go.set()
    until(lambda: all(one.state == DONE for one in waiting))


def test_a_label_does_not_wait_behind_a_long_import(jobs):
    go, began = threading.Event(), threading.Event()

    def waits(job, file):
        began.set()
        go.wait()

    books = [start(jobs, waits, lane=LONG) for _ in range(WAITING_MOST)]
    assert began.wait(60)
    with pytest.raises(Unavailable):
        start(jobs, waits, lane=LONG)
    label = start(jobs, writing(b"label"))
    assert label.ended.wait(60)
    assert (label.state, books[0].state, books[1].state) == (DONE, RUNNING, WAITING)
    go.set()
    until(lambda: all(one.state == DONE for one in books))


def test_what_made_a_job_fail_is_raised_for_whoever_asks(jobs):
    def fails(job, file):
        raise Unavailable("printer-unreachable", field="printer", value="192.0.2.7:9100", why="no route")

    job = start(jobs, fails)
    until(lambda: job.state == FAILED)
    with pytest.raises(Unavailable) as failed:
        jobs.result(job.id)
    assert failed.value.code == "printer-unreachable"
    after = start(jobs, writing(b"x"))
    until(lambda: after.state == DONE)


def test_the_same_key_is_the_same_job(jobs):
    job = start(jobs, writing(b"x"), key="k", asked=b"1")
    assert jobs.asked_before("Li", "k", b"1") is job
    assert jobs.asked_before("Wang", "k", b"1") is None
    with pytest.raises(Conflict) as other:
        jobs.asked_before("Li", "k", b"2")
    assert other.value.code == "key-of-other-request"


def test_stopping_ends_what_runs_and_leaves_nothing(hours):
    jobs = Jobs(hours)
    began, seen = threading.Event(), []

    def long(job, file):
        for number in job.counted(range(10**9)):
            seen.append(number)
            began.set()

    job = start(jobs, long, total=10**9)
    began.wait()
    jobs.stop()
    assert len(seen) < 10**9
    assert not job.path.parent.exists()
    Jobs().stop()
