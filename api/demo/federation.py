"""Six organisations on this machine: each a home, a process and a token of its own, speaking HTTP on loopback only."""

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

import stamina

from api.demo.story import AUTHORITY, NAMES
from ledger.errors import Unavailable
from nodes import config
from nodes.peers import ApiClient

START_SECONDS = 30
WAIT_SECONDS = 60.0
STOP_SECONDS = 40


class _NotYet(Exception):
    """A condition that does not hold yet."""


class Organisation:
    """One organisation: its home, its process, and the program that speaks to its node."""

    def __init__(self, role: str, home: Path, port: int) -> None:
        self.role, self.home, self.port = role, home, port
        self.name, self.organisation, self.english, self.sites = NAMES[role]
        self.url = f"http://127.0.0.1:{port}"
        self.facts: Mapping[str, Any] = {}
        self.token = ""
        self.second = ""
        self._process: subprocess.Popen[bytes] | None = None
        self._client: ApiClient | None = None

    def found(self) -> None:
        """`lodetrace init`, and tokens for a clerk and for a second person, who approves."""
        sites = [part for site in self.sites for part in ("--site", f"{site}:Jiangxi")]
        init = ["init", "--home", str(self.home), "--name", self.name, "--org", self.organisation]
        init += ["--org-en", self.english, "--role", self.role, "--port", str(self.port), *sites, "--json"]
        self.facts = json.loads(command(*init))
        self.token, self.second = self._admit("clerk", "Li"), self._admit("supervisor", "Wang")

    def _admit(self, role: str, name: str) -> str:
        token = ("token", "create", "--home", str(self.home), "--role", role, "--name", name, "--json")
        return str(json.loads(command(*token))["token"])

    def trust(self, policy: str) -> None:
        (self.home / "policy.txt").write_text(policy, encoding="utf-8")

    def start(self, *, wait: bool = True) -> None:
        """Runs the node; `wait` until it answers."""
        with (self.home / "node.log").open("ab") as journal:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "api", "serve", "--home", str(self.home)],
                stdout=journal,
                stderr=journal,
                env=environment(self.role),
            )
        if wait:
            self.wait_until_ready()

    def wait_until_ready(self) -> None:
        for attempt in stamina.retry_context(on=Unavailable, attempts=None, timeout=START_SECONDS, wait_max=0.2):
            with attempt:
                if self._process is not None and self._process.poll() is not None:
                    journal = (self.home / "node.log").read_text("utf-8")[-2000:]
                    raise RuntimeError(f"{self.name} ended with {self._process.returncode}:\n{journal}")
                with self.client(patience=0.5) as client:
                    client.get("/readyz")

    def client(self, patience: float = WAIT_SECONDS) -> ApiClient:
        return ApiClient(self.url, self.token, patience=patience)

    @property
    def program(self) -> ApiClient:
        """The organisation's own program: one connection, patient with a node that is just restarting."""
        if self._client is None:
            self._client = self.client()
        return self._client

    def kill(self) -> None:
        """Kill -9, as a power cut would."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def wait(self) -> None:
        if self._process is not None:
            self._process.wait()

    def stop(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            self._process.wait(STOP_SECONDS)
        if self._client is not None:
            self._client.close()
            self._client = None

    # -- what the story needs ---------------------------------------------------------------------------------

    def post(self, path: str, body: dict[str, Any], key: str) -> dict[str, Any]:
        return dict(self.program.post(path, body, key=f"story-{key}").json())

    def supervise(self, path: str, body: dict[str, Any], key: str) -> dict[str, Any]:
        """What only the second person may do."""
        with ApiClient(self.url, self.second, patience=WAIT_SECONDS) as client:
            return dict(client.post(path, body, key=f"story-{key}").json())

    def approve(self, draft: str, key: str) -> dict[str, Any]:
        """The second person looks at a correction, and seals it."""
        return self.supervise(f"/api/v1/drafts/{draft}/approval", {}, key)

    def get(self, path: str) -> dict[str, Any]:
        return dict(self.program.get(path).json())

    def wait_for_arrival(self, shipment: str) -> None:
        self._wait(
            lambda: any(one["shipment"] == shipment for one in self.get("/api/v1/arrivals?limit=500")["arrivals"])
        )

    def wait_for_status(self, shipment: str, status: str) -> None:
        self._wait(lambda: self.get(f"/api/v1/shipments/{quote(shipment, safe='')}")["status"] == status)

    def size(self) -> int:
        """Of the log, by its newest checkpoint."""
        return int(self.program.get("/log/checkpoint", accept="text/plain").body.split(b"\n")[1])

    def wait_for_deposits(self) -> None:
        """Until all that was recorded is with the authority."""
        self._wait(lambda: self._waiting_deliveries() == 0)

    def _waiting_deliveries(self) -> int:
        lines = self.program.get("/metrics", accept="text/plain").body.decode().splitlines()
        return sum(
            int(float(line.split()[1])) for line in lines if line.startswith('lodetrace_deliveries{state="waiting"}')
        )

    def _wait(self, holds: Any) -> None:
        for attempt in stamina.retry_context(
            on=_NotYet, attempts=None, timeout=WAIT_SECONDS, wait_initial=0.02, wait_max=0.2
        ):
            with attempt:
                if not holds():
                    raise _NotYet


class Federation:
    """All six, in a folder. `trust` is the policy that names them all: the buyer's trust file too."""

    def __init__(self, folder: Path, base_port: int) -> None:
        self.folder = folder
        self.organisations = {
            role: Organisation(role, folder / role, base_port + number) for number, role in enumerate(NAMES)
        }
        self.policy = folder / "trust-policy.txt"

    def __getitem__(self, role: str) -> Organisation:
        return self.organisations[role]

    def found(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        everyone = self.organisations.values()
        for one in everyone:
            one.found()
        lines = [f"log {one.facts['vkeys']['log']} {one.url}\n" for one in everyone]
        policy = "".join(lines) + "quorum none\n"
        self.policy.write_text(policy, encoding="utf-8")
        for one in everyone:
            one.trust(policy)

    def start(self) -> None:
        for one in self.organisations.values():
            one.start(wait=False)
        for one in self.organisations.values():
            one.wait_until_ready()

    def stop(self) -> None:
        for one in self.organisations.values():
            one.stop()

    def wait(self) -> None:
        """Until all processes have ended."""
        for one in self.organisations.values():
            one.wait()


def environment(role: str = AUTHORITY) -> dict[str, str]:
    """Ours, and this story's settings: it has nothing to hide from buyers, and all deposit with the authority."""
    settings = {"LODETRACE_EVIDENCE_PUBLIC": "true", "LODETRACE_EVIDENCE_BELOW_POOLS": "true"}
    if role != AUTHORITY:
        settings["LODETRACE_AUTHORITY"] = NAMES[AUTHORITY][0]
    return {**config.environment(), **settings}


def command(*arguments: str, accept: Sequence[int] = (0,)) -> str:
    """`lodetrace …` in a process of its own; its standard output."""
    done = subprocess.run(
        [sys.executable, "-m", "api", *arguments], capture_output=True, text=True, env=environment(), check=False
    )
    if done.returncode not in accept:
        raise RuntimeError(f"lodetrace {' '.join(arguments)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout
