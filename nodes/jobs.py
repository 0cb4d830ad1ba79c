"""Work that takes longer than an answer may: done in two lanes, one after the other in each, its result kept
for a while.

    QUICK   labels: somebody stands at the printer
    LONG    whole books of rows, and packs with whole logs: no label waits behind them

Jobs live as long as the process: what must not be lost is not done here. Results are files in a folder of their own
that goes with the node.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from secrets import token_hex
from tempfile import TemporaryDirectory
from threading import Event, Lock
from time import monotonic
from typing import IO, TypeVar

from ledger.errors import Conflict, LodetraceError, Unavailable, Unknown
from nodes.beside import giving_way

WAITING, RUNNING, DONE, FAILED, ENDED = "waiting", "running", "done", "failed", "ended"
QUICK, LONG = LANES = ("quick", "long")
WAITING_MOST = 16
"""In each lane, with what runs there."""
KEPT_SECONDS = 3600.0
KEPT_MOST = 64
_T = TypeVar("_T")


@dataclass(slots=True)
class Job:
    """`total` things, of which `done` are done. `name` and `media_type` are those of the file that comes of it.

    `key` is the caller's Idempotency-Key, `asked` the hash of the request that it stands for.
    """

    id: str
    total: int
    name: str
    media_type: str
    path: Path
    owner: str
    lane: str = QUICK
    state: str = WAITING
    done: int = 0
    error: LodetraceError | None = None
    key: str | None = None
    asked: bytes = b""
    ended_at: float | None = None
    ended: Event = field(default_factory=Event)

    def counted(self, things: Iterable[_T]) -> Iterator[_T]:
        """`things`, counted as they are done."""
        for thing in things:
            if self.state == ENDED:  # the node stops
                return
            yield thing
            self.done += 1


Work = Callable[[Job, IO[bytes]], None]


class Jobs:
    """One node's. Nothing is started, and no folder made, before the first job."""

    def __init__(self, timer: Callable[[], float] = monotonic) -> None:
        self._timer = timer
        self._guard = Lock()
        self._jobs: OrderedDict[str, Job] = OrderedDict()
        self._folder: TemporaryDirectory[str] | None = None
        self._workers: dict[str, ThreadPoolExecutor] = {}

    def start(
        self,
        work: Work,
        *,
        total: int,
        name: str,
        media_type: str,
        owner: str,
        lane: str = QUICK,
        key: str | None = None,
        asked: bytes = b"",
    ) -> Job:
        """A job that waits its turn in its lane. `work` writes its result into the file it is handed."""
        with self._guard:
            self._forget()
            waiting = sum(job.lane == lane and job.state in (WAITING, RUNNING) for job in self._jobs.values())
            if waiting >= WAITING_MOST:
                raise Unavailable("jobs-waiting", field="jobs", value=waiting)
            if self._folder is None:
                self._workers = {lane: ThreadPoolExecutor(1, f"jobs-{lane}") for lane in LANES}
                self._folder = TemporaryDirectory(prefix="lodetrace-jobs-")
            id_ = token_hex(8)
            path = Path(self._folder.name) / id_
            job = Job(id_, total, name, media_type, path, owner, lane, key=key, asked=asked)
            self._jobs[id_] = job
            self._workers[lane].submit(self._run, job, work)
        return job

    def asked_before(self, owner: str, key: str, asked: bytes) -> Job | None:
        """The job that the same request began, while it is kept; Conflict if the key stood for another request."""
        with self._guard:
            self._forget()
            job = next((job for job in self._jobs.values() if (job.owner, job.key) == (owner, key)), None)
        if job is not None and job.asked != asked:
            raise Conflict("key-of-other-request", field="Idempotency-Key", value=key)
        return job

    def get(self, id_: str) -> Job:
        with self._guard:
            self._forget()
            job = self._jobs.get(id_)
        if job is None:
            raise Unknown("job-unknown", field="job", value=id_)
        return job

    def result(self, id_: str) -> Job:
        """A job that is done. What made it fail is raised; Conflict while it is not done."""
        job = self.get(id_)
        if job.error is not None:
            raise job.error
        if job.state != DONE:
            raise Conflict("job-not-done", field="job", value=id_, state=job.state)
        return job

    def stop(self) -> None:
        """Ends what runs, and takes all results away."""
        with self._guard:
            for job in self._jobs.values():
                job.state = ENDED
            self._jobs.clear()
            workers, folder = self._workers, self._folder
            self._workers, self._folder = {}, None
        for worker in workers.values():
            worker.shutdown(cancel_futures=True)
        if folder is not None:
            folder.cleanup()

    def _run(self, job: Job, work: Work) -> None:
        if job.state == ENDED:
            return
        job.state = RUNNING
        try:
            with giving_way(), job.path.open("wb") as file:
                work(job, file)
        except LodetraceError as error:
            job.error = error
        except OSError as error:
            job.error = Unavailable("file-unwritable", field="job", value=error.strerror)
        except Exception:
            job.error = Unavailable("internal-error")
            raise
        finally:
            job.ended_at = self._timer()
            if job.state == RUNNING:
                job.state = DONE if job.error is None else FAILED
            job.ended.set()

    def _forget(self) -> None:
        """Drops what ended too long ago, and the oldest of too many."""
        ended = [job for job in self._jobs.values() if job.ended_at is not None]
        late = self._timer() - KEPT_SECONDS
        surplus = max(0, len(self._jobs) - KEPT_MOST + 1)
        for at, job in enumerate(ended):
            if at < surplus or (job.ended_at is not None and job.ended_at < late):
                del self._jobs[job.id]
                job.path.unlink(missing_ok=True)
