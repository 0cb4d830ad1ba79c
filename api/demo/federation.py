"""Organisations on this machine: each a home, a process and a token of its own, speaking HTTP on loopback only.

The authority keeps the registry. It and two others are the federation's witnesses and begin with a trust policy that
names them; everybody else is given nothing but the registry's address and key, and learns all the rest from it.
"""

import json
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

import stamina

from api.demo.story import AUTHORITY, LICENCES, NAMES, NEWCOMER, RECYCLER, USCC, WITNESSES
from ledger.errors import Unavailable
from nodes import config
from nodes.peers import ApiClient

START_SECONDS = 30
WAIT_SECONDS = 60.0
STOP_SECONDS = 40


T = TypeVar("T")


class _NotYet(Exception):
    """A condition that does not hold yet."""


class Organisation:
    """One organisation: its home, its process, and the program that speaks to its node."""

    def __init__(self, role: str, home: Path, port: int) -> None:
        self.role, self.home, self.port = role, home, port
        self.name, self.organisation, self.english, self.sites = {**NAMES, RECYCLER: NEWCOMER}[role]
        self.url = f"http://127.0.0.1:{port}"
        self.facts: Mapping[str, Any] = {}
        self.token = ""
        self.second = ""
        self._process: subprocess.Popen[bytes] | None = None
        self._client: ApiClient | None = None

    def found(self, registry: "Organisation | None" = None) -> None:
        """`lodetrace init`, and a token for a clerk."""
        sites = [part for site in self.sites for part in ("--site", f"{site}:Jiangxi")]
        init = ["init", "--home", str(self.home), "--name", self.name, "--org", self.organisation]
        init += ["--org-en", self.english, "--role", self.role, "--port", str(self.port), *sites, "--json"]
        if registry is not None:
            init += ["--registry", registry.url, "--registry-key", registry.facts["vkeys"]["log"]]
        self.facts = json.loads(command(*init))
        self.token = self._new_token("clerk", "Li")

    def supervisor(self) -> str:
        """The token of a second person, who approves; made when it is first needed."""
        self.second = self.second or self._new_token("supervisor", "Wang")
        return self.second

    def _new_token(self, role: str, name: str) -> str:
        token = ("token", "create", "--home", str(self.home), "--role", role, "--name", name, "--json")
        return str(json.loads(command(*token))["token"])

    def join(self) -> None:
        command("join", "--home", str(self.home), "--uscc", USCC[self.role])

    def trust(self, policy: str) -> None:
        (self.home / "policy.txt").write_text(policy, encoding="utf-8")

    def start(self, *, wait: bool = True) -> None:
        """Runs the node; `wait` until it answers."""
        with (self.home / "node.log").open("ab") as journal:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "api", "serve", "--home", str(self.home)],
                stdout=journal,
                stderr=journal,
                env=environment(),
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
        with ApiClient(self.url, self.supervisor(), patience=WAIT_SECONDS) as client:
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

    def wait_for_members(self, names: Iterable[str]) -> None:
        """Until it knows them all by the registry."""
        wanted = set(names)
        self._wait(lambda: wanted <= {one["name"] for one in self.get("/api/v1/registry/members")["members"]})

    def wait_for_witnesses(self) -> None:
        """Until all that was recorded is cosigned."""
        self._wait(lambda: self.size("checkpoint") == self.size("checkpoint-unwitnessed"))

    def size(self, which: str = "checkpoint") -> int:
        """Of the log, by its newest checkpoint that enough witnesses cosigned, or by its newest."""
        return int(self.program.get(f"/log/{which}", accept="text/plain").body.split(b"\n")[1])

    def wait_for_deposits(self) -> None:
        """Until all that was recorded is with the authority."""
        self._wait(lambda: self._waiting_deliveries() == 0)

    def _waiting_deliveries(self) -> int:
        lines = self.program.get("/metrics", accept="text/plain").body.decode().splitlines()
        return sum(
            int(float(line.split()[1])) for line in lines if line.startswith('lodetrace_deliveries{state="waiting"}')
        )

    def _wait(self, holds: Callable[[], bool]) -> None:
        for attempt in stamina.retry_context(
            on=_NotYet, attempts=None, timeout=WAIT_SECONDS, wait_initial=0.02, wait_max=0.2
        ):
            with attempt:
                if not holds():
                    raise _NotYet


class Federation:
    """All of them, in a folder. `policy` is what the registry recommends: the buyer's trust file too."""

    def __init__(self, folder: Path, base_port: int) -> None:
        self.folder, self._next_port = folder, base_port
        self.organisations: dict[str, Organisation] = {}
        for role in NAMES:
            self._expect(role)
        self.policy = folder / "trust-policy.txt"

    def __getitem__(self, role: str) -> Organisation:
        return self.organisations[role]

    def _expect(self, role: str) -> Organisation:
        self.organisations[role] = Organisation(role, self.folder / role, self._next_port)
        self._next_port += 1
        return self.organisations[role]

    def found(self) -> None:
        """First the registry and its witnesses, then everybody else by it; all of them serve, and know each other."""
        self.folder.mkdir(parents=True, exist_ok=True)
        authority, *witnesses = (self[role] for role in WITNESSES)
        members = [one for one in self.organisations.values() if one is not authority]
        authority.found()
        side_by_side(witnesses, lambda one: one.found(authority))
        policy = self._recommended()
        self.policy.write_text(policy, encoding="utf-8")
        for one in (authority, *witnesses):
            one.trust(policy)
        self.start(WITNESSES)
        authority.supervise("/api/v1/registry/policy", {"text": policy}, "recommend")
        authority.wait_for_witnesses()
        side_by_side((one for one in members if one not in witnesses), lambda one: one.found(authority))
        side_by_side(members, Organisation.join)
        for one in members:
            self.admit(one)
        self.start([one.role for one in members if one not in witnesses])
        for one in members:
            one.wait_for_members(other.name for other in members)

    def admit(self, one: Organisation) -> None:
        """The authority's second person admits a newcomer by the key that it told, and records its licence."""
        facts = {"name": one.name, "author": one.facts["vkeys"]["author"]}
        self[AUTHORITY].supervise("/api/v1/registry/admissions", facts, f"admit-{one.role}")
        if one.role in LICENCES:
            kind, no = LICENCES[one.role]
            licence = {"name": one.name, "kind": kind, "no": no, "from": "2026-01-01", "until": "2028-12-31"}
            self[AUTHORITY].supervise("/api/v1/registry/licences", licence, f"license-{one.role}")

    def newcomer(self) -> Organisation:
        """One more, of whom nothing is there yet."""
        return self._expect(RECYCLER)

    def _recommended(self) -> str:
        """Names the registry and the witnesses, and no other log."""
        authority, watchers = self[AUTHORITY], [self[role] for role in WITNESSES]
        lines = [f"log {authority.facts['vkeys']['log']} {authority.url}"]
        lines += [f"#lodetrace registry {authority.facts['origin']}"]
        lines += [f"witness {one.name} {one.facts['vkeys']['witness']} {one.url}/witness" for one in watchers]
        lines += [f"group witnesses 2 {' '.join(one.name for one in watchers)}", "quorum witnesses", ""]
        return "\n".join(lines)

    def start(self, roles: Iterable[str] = tuple(NAMES)) -> None:
        starting = [self[role] for role in roles]
        for one in starting:
            one.start(wait=False)
        for one in starting:
            one.wait_until_ready()

    def stop(self) -> None:
        for one in self.organisations.values():
            one.stop()

    def wait(self) -> None:
        """Until all processes have ended."""
        for one in self.organisations.values():
            one.wait()


def environment() -> dict[str, str]:
    """Ours, and this story's settings: it has nothing to hide from buyers, and asks the registry every second."""
    settings = {
        "LODETRACE_EVIDENCE_PUBLIC": "true",
        "LODETRACE_EVIDENCE_BELOW_POOLS": "true",
        "LODETRACE_REGISTRY_POLL_S": "1",
    }
    return {**config.environment(), **settings}


def side_by_side(organisations: Iterable[Organisation], work: Callable[[Organisation], T]) -> list[T]:
    """Much of it is waiting for programs to load."""
    with ThreadPoolExecutor() as workers:
        return list(workers.map(work, organisations))


def command(*arguments: str, accept: Sequence[int] = (0,)) -> str:
    """`lodetrace …` in a process of its own; its standard output."""
    done = subprocess.run(
        [sys.executable, "-m", "api", *arguments], capture_output=True, text=True, env=environment(), check=False
    )
    if done.returncode not in accept:
        raise RuntimeError(f"lodetrace {' '.join(arguments)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout
