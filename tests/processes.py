"""Nodes in processes of their own, that can be killed at any moment, and a toll gate before each of them.

The trust policy gives the gates' addresses, so what nodes bring one another passes a `Network` of tests/world.py with
its rules; their own programs go to them directly.
"""

import asyncio
import os
import random
import re
import socket
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Any, Self
from urllib.parse import quote

import httpx
import uvicorn

from ledger.errors import LodetraceError
from nodes import tokens
from nodes.clock import system_clock
from nodes.homes import create_home, open_store
from nodes.peers import ApiClient
from nodes.store.engine import Store
from tests import outside
from tests.world import Network, Parcel, Reply, until

ROOT = Path(__file__).resolve().parents[1]
CLEAN = {name: value for name, value in os.environ.items() if not name.startswith("LODETRACE_")}
"""The environment without what whoever runs the tests has set for a node of theirs."""
START_SECONDS = 30.0
SERVE = ("-m", "api", "serve", "--home")
_KEYID = re.compile(r'keyid="([^"]+)/peer"')


def free_ports(count: int) -> list[int]:
    """Beside one another, where the system gives none to outgoing connections: a killed node's port stays free."""
    low = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    chance = random.SystemRandom()
    while True:
        first = chance.randrange(10_000, low - count)
        try:
            for port in range(first, first + count):
                with socket.socket() as probe:
                    probe.bind(("127.0.0.1", port))
        except OSError:
            continue
        return list(range(first, first + count))


class Process:
    """One organisation: home, process, and a program of its own that speaks to it."""

    def __init__(self, home: Path, name: str, port: int) -> None:
        """`home` is that of a node `name`."""
        self.name, self.home, self.port = name, home, port
        self.url = f"http://127.0.0.1:{port}"
        with open_store(self.home) as store:
            self.token = tokens.mint(store, "Li", "clerk", system_clock)
        self._process: subprocess.Popen[bytes] | None = None
        self._requests = 0

    def start(self, *, serve: Iterable[str] = SERVE, wait: bool = True, **environ: str) -> None:
        """`serve`: what Python runs, with the home behind it."""
        command = [sys.executable, *serve, str(self.home)]
        settings = {"LODETRACE_RETRY_MAX_S": "1", "LODETRACE_PORT": str(self.port), **environ}
        with (self.home / "journal").open("ab") as journal:
            self._process = subprocess.Popen(command, cwd=ROOT, env=CLEAN | settings, stdout=journal, stderr=journal)
        if wait:
            self.wait_until_ready()

    def wait_until_ready(self) -> None:
        until(lambda: self.ready() or not self.running, f"{self.name} answers", START_SECONDS)
        assert self.running, self.journal()[-2000:]

    def journal(self) -> str:
        return (self.home / "journal").read_text()

    def ready(self) -> bool:
        try:
            with self.program(patience=0) as program:
                program.get("/readyz")
        except LodetraceError:
            return False
        return True

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def kill(self) -> None:
        """As a power cut would, were the disk's cache to survive it."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def ended(self, seconds: float = START_SECONDS) -> int:
        """Waits for the end of the process; its status."""
        assert self._process is not None
        return self._process.wait(seconds)

    def signal(self, number: int) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def stop(self) -> None:
        if self.running:
            assert self._process is not None
            self._process.terminate()
            assert self._process.wait(START_SECONDS) == 0, self.journal()[-2000:]

    # -- its own program ------------------------------------------------------------------------------------------

    def program(self, patience: float = 30.0) -> ApiClient:
        return ApiClient(self.url, self.token, patience=patience)

    def get(self, path: str) -> Any:
        with self.program() as program:
            return program.get(path).json()

    def record(self, path: str, body: Any, key: str | None = None) -> dict[str, Any]:
        self._requests += 1
        with self.program() as program:
            return dict(program.post(path, body, key=key or f"{self.name} {self._requests}").json())

    def ship(self, to: str, *lines: Mapping[str, Any]) -> str:
        body = {"to": {"node": to}, "purpose": "sale", "lines": list(lines)}
        return f"{self.name}/log#{self.record('/api/v1/shipments', body)['shipment']}"

    def receive(self, shipment: str, **more: Any) -> dict[str, Any]:
        return self.record(f"/api/v1/shipments/{quote(shipment, safe='')}/receipts", more)

    def acknowledge(self, shipment: str) -> dict[str, Any]:
        return self.record(f"/api/v1/shipments/{shipment.partition('#')[2]}/acknowledgements", {})

    def status(self, shipment: str) -> str:
        own = shipment.removeprefix(f"{self.name}/log#")
        return str(self.get(f"/api/v1/shipments/{quote(own, safe='')}")["status"])

    def has_arrival(self, shipment: str) -> bool:
        return any(one["shipment"] == shipment for one in self.get("/api/v1/arrivals?limit=500")["arrivals"])

    @contextmanager
    def store(self) -> Iterator[Store]:
        """The database, beside the process or after its end."""
        with open_store(self.home) as store:
            yield store

    def size(self) -> int:
        with self.store() as store:
            return outside.kept(store)[0]


class Processes:
    """A federation of processes. Entering it founds and starts them; leaving it stops them and audits their logs."""

    def __init__(self, folder: Path, *names: str) -> None:
        self.network = Network()
        ports = free_ports(2 * len(names))
        self.members: dict[str, Process] = {}
        self._gates: dict[int, str] = {}
        lines = []
        for name, port, gate in zip(names, ports[: len(names)], ports[len(names) :], strict=True):
            home = folder / name.partition(".")[0]
            sites = [{"code": "main", "country": "CN"}]
            _, keys = create_home(home, {}, name=name, organisation=name, role="mine", country="CN", sites=sites)
            self.members[name], self._gates[gate] = Process(home, name, port), name
            self.network.members[name] = self._bring
            lines.append(f"log {keys.log.verifier.vkey} http://127.0.0.1:{gate}\n")
        for one in self:
            (one.home / "policy.txt").write_text("".join(lines) + "quorum none\n")

    def __getitem__(self, name: str) -> Process:
        return self.members[name]

    def __iter__(self) -> Iterator[Process]:
        return iter(self.members.values())

    def __enter__(self) -> Self:
        self._sockets = [socket.create_server(("127.0.0.1", gate), backlog=100) for gate in self._gates]
        config = uvicorn.Config(self._gate, interface="asgi3", lifespan="off", log_config=None, access_log=False)
        self._server = uvicorn.Server(config)
        self._serving = Thread(target=self._server.run, kwargs={"sockets": self._sockets}, name="gates")
        self._serving.start()
        for one in self:
            one.start(wait=False)
        for one in self:
            one.wait_until_ready()
        return self

    def __exit__(self, failed: object, *_: object) -> None:
        try:
            if failed is None:
                self.check()
        finally:
            for one in self:
                if one.running:
                    one.kill()
            self._server.should_exit = True
            self._serving.join()
            for listening in self._sockets:
                listening.close()

    def check(self) -> None:
        """Everything is brought, everybody stops; then the logs are audited and compared."""
        self.network.clear()
        for one in self:
            with one.store() as store:
                until(lambda store=store: not outside.waiting(store, self.members), f"{one.name}'s deliveries")
        for one in self:
            one.stop()
        stores = [Store.open(one.home / "node.db") for one in self]
        try:
            outside.check(stores)
        finally:
            for store in stores:
                store.close()

    # -- the gates ------------------------------------------------------------------------------------------------

    async def _gate(self, scope: Any, receive: Any, send: Any) -> None:
        """An ASGI application: a request for a gate becomes a parcel for the node behind it."""
        assert scope["type"] == "http"
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"])
        sender = _KEYID.search(dict(headers).get("signature-input", ""))
        parcel = Parcel(
            sender[1] if sender else "",
            self._gates[scope["server"][1]],
            scope["method"],
            scope["raw_path"].decode("ascii"),
            headers,
            body,
        )
        try:
            reply = await self.network.carry(parcel)
        except httpx.TransportError:
            reply = Reply(502)  # a gate cannot look like nobody; what it answers is as little final
        shown = [(name.encode(), value.encode()) for name, value in reply.headers if name.lower() == "content-type"]
        await send({"type": "http.response.start", "status": reply.status, "headers": shown})
        await send({"type": "http.response.body", "body": reply.body})

    async def _bring(self, parcel: Parcel) -> Reply:
        headers = [(name, value) for name, value in parcel.headers if name.lower() not in ("host", "content-length")]
        address = self[parcel.receiver].url
        async with httpx.AsyncClient(trust_env=False, timeout=60) as client:
            answer = await client.request(
                parcel.method, f"{address}{parcel.path}", content=parcel.body, headers=headers
            )
        return Reply(answer.status_code, answer.content, tuple(answer.headers.multi_items()))

    async def kill(self, name: str) -> None:
        """From a rule of the network."""
        await asyncio.to_thread(self[name].kill)
