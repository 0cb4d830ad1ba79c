"""What the parts can do at most, measured in the same run: signatures, the database, the disk, the web framework."""

import os
import sqlite3
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from time import perf_counter

import uvicorn
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fastapi import FastAPI, Response

GROUP = 512
"""Rows of one commit, as many as the sequencer takes at most."""


def rate(work: Callable[[], object], seconds: float) -> float:
    """How often `work` can be done in a second."""
    done, start = 0, perf_counter()
    while (spent := perf_counter() - start) < seconds:
        for _ in range(50):
            work()
        done += 50
    return done / spent


def signing(size: int, seconds: float) -> float:
    """Ed25519 signatures over `size` bytes, one core."""
    key, message = Ed25519PrivateKey.generate(), os.urandom(size)
    return rate(lambda: key.sign(message), seconds)


def verifying(size: int, seconds: float) -> float:
    """Ed25519 verifications, one core."""
    key, message = Ed25519PrivateKey.generate(), os.urandom(size)
    public, signature = key.public_key(), key.sign(message)
    return rate(lambda: public.verify(signature, message), seconds)


def verifying_on_all(size: int, seconds: float) -> float:
    """The same, in one process for each core at a time."""
    workers = os.cpu_count() or 1
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        list(pool.map(verifying, [size] * workers, [0.05] * workers))  # until all have started
        return sum(pool.map(verifying, [size] * workers, [seconds] * workers))


def syncing(folder: Path, times: int = 200) -> float:
    """Seconds of an fdatasync behind 4 KiB, the median."""
    taken = []
    descriptor = os.open(folder / "sync", os.O_CREAT | os.O_WRONLY, 0o600)
    try:
        for _ in range(times):
            os.write(descriptor, bytes(4096))
            start = perf_counter()
            os.fdatasync(descriptor)
            taken.append(perf_counter() - start)
    finally:
        os.close(descriptor)
    return median(taken)


def inserting(folder: Path, size: int, seconds: float) -> float:
    """Rows of `size` bytes under a growing number, committed in groups, durable like the node's own database."""
    conn = sqlite3.connect(folder / "rows.db", isolation_level=None)
    conn.execute("PRAGMA journal_mode = WAL")
    conn.execute("PRAGMA synchronous = FULL")
    conn.execute("PRAGMA wal_autocheckpoint = 16384")
    conn.execute("CREATE TABLE rows (no INTEGER PRIMARY KEY, body BLOB NOT NULL)")
    body, done, start = os.urandom(size), 0, perf_counter()
    while (spent := perf_counter() - start) < seconds:
        conn.execute("BEGIN IMMEDIATE")
        conn.executemany("INSERT INTO rows VALUES (?, ?)", [(no, body) for no in range(done, done + GROUP)])
        conn.execute("COMMIT")
        done += GROUP
    conn.close()
    return done / spent


def empty_app() -> FastAPI:
    """An application whose one POST reads nothing, checks nothing and keeps nothing."""
    app = FastAPI(docs_url=None, redoc_url=None)

    @app.post("/", status_code=201)
    async def nothing() -> Response:
        return Response(b"{}", 201, media_type="application/json")

    return app


class ReadyServer(uvicorn.Server):
    """Tells when it answers requests."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: object = None) -> None:
        await super().startup(sockets)  # type: ignore[arg-type]
        self._ready()
