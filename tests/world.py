"""A test world: a federation of real nodes in this process, on a network that a test can rule.

    with World(folder, "mine.example", "plant.example") as world:
        lot = world["mine.example"].register("A-1", "100")
        world.network.rule(Lost(), kind="handover", times=2)

Each member is a home, a node and its application as they are served; between them stands, in place of sockets, a
network that tampers, loses, doubles, holds back and plays again what it is told to. Nothing of our own is replaced.
Leaving the world (with no error) audits every log from outside and compares both sides of each handover.

Over 400 lines because it is one world: its nodes, its roads and what can go wrong on them.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Event, Lock, Thread
from time import monotonic
from typing import Any, Self, TypeVar
from urllib.parse import quote

import httpx

from api.app import create_app
from nodes import tokens
from nodes.clock import Clock, system_clock
from nodes.homes import create_home
from nodes.node import Node
from nodes.peers import Peers
from nodes.signed_requests import sign_request
from nodes.store import log
from tests import outside

PATIENCE = 20.0
"""Seconds after which a condition that does not come is a failure."""
_T = TypeVar("_T")


def until(holds: Callable[[], _T], what: str = "", seconds: float = PATIENCE) -> _T:
    """What `holds` answers, as soon as that is true."""
    end, pause = monotonic() + seconds, Event()
    while not (found := holds()):
        assert monotonic() < end, f"it did not come about in {seconds:.0f} s: {what or holds}"
        pause.wait(0.01)
    return found


# -- the network ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Parcel:
    """A request from one node to another, as it travels. `sender` is "" where the request does not say."""

    sender: str
    receiver: str
    method: str
    path: str
    headers: tuple[tuple[str, str], ...] = field(repr=False)
    body: bytes = field(repr=False)

    @property
    def kind(self) -> str:
        """`handover`, `receipt`, `acknowledgement`; "" for anything else."""
        return self.path.removeprefix("/inbox/") if self.path.startswith("/inbox/") else ""


@dataclass(frozen=True)
class Reply:
    """What came back."""

    status: int
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()

    def json(self) -> Any:
        return json.loads(self.body)

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key.lower() == name), None)


Carry = Callable[[Parcel], Awaitable[Reply]]
Act = Callable[[Parcel, Carry], Awaitable[Reply]]


@dataclass
class Rule:
    """`act` instead of plain carrying, for the next `times` parcels that fit. `done` is set with the last of them."""

    act: Act
    to: str | None
    kind: str | None
    times: int
    done: Event = field(default_factory=Event)

    def fits(self, parcel: Parcel) -> bool:
        fitting = self.to in (None, parcel.receiver) and (parcel.kind != "" if self.kind is None else True)
        return self.times > 0 and fitting and self.kind in (None, parcel.kind)


class Network:
    """Brings parcels to whoever is there, by the rules of the test; remembers what it carried, and the answers."""

    def __init__(self) -> None:
        self.members: dict[str, Carry] = {}
        self.carried: list[tuple[Parcel, Reply | None]] = []
        self._rules: list[Rule] = []
        self._guard = Lock()

    def rule(self, act: Act, *, to: str | None = None, kind: str | None = None, times: int = 1) -> Rule:
        """Deliveries to `to` of `kind` (all, where not said) meet `act`; the rule made first counts first."""
        made = Rule(act, to, kind, times)
        with self._guard:
            self._rules.append(made)
        return made

    def clear(self) -> None:
        with self._guard:
            self._rules.clear()

    async def carry(self, parcel: Parcel) -> Reply:
        with self._guard:
            rule = next((rule for rule in self._rules if rule.fits(parcel)), None)
            if rule is not None:
                rule.times -= 1
        try:
            return await self.bring(parcel) if rule is None else await rule.act(parcel, self.bring)
        finally:
            if rule is not None and rule.times == 0:
                rule.done.set()

    async def bring(self, parcel: Parcel) -> Reply:
        """Straight to its receiver."""
        member = self.members.get(parcel.receiver)
        if member is None:
            raise httpx.ConnectError(f"nobody listens at {parcel.receiver}")
        reply: Reply | None = None
        try:
            reply = await member(parcel)
        finally:
            self.carried.append((parcel, reply))
        return reply

    def parcels(self, kind: str, *, taken: bool = True) -> list[Parcel]:
        """Those of `kind` that came to a receiver; with `taken`, those that it answered with 200."""
        return [
            parcel
            for parcel, reply in self.carried
            if parcel.kind == kind and (not taken or (reply is not None and reply.status == 200))
        ]


class Lost:
    """As a rule's act: parcels never arrive. What was lost is kept in `parcels`, to be played later."""

    def __init__(self) -> None:
        self.parcels: list[Parcel] = []

    async def __call__(self, parcel: Parcel, _: Carry) -> Reply:
        self.parcels.append(parcel)
        raise httpx.ConnectError(f"the network lost a {parcel.kind}")

    def first(self, kind: str = "") -> Parcel:
        """Waits for the first one."""
        return until(lambda: next((one for one in self.parcels if one.kind == (kind or one.kind)), None), f"a {kind}")


def answer_lost() -> Act:
    """It arrives and is dealt with, and nobody hears of that."""

    async def act(parcel: Parcel, bring: Carry) -> Reply:
        await bring(parcel)
        raise httpx.ReadError(f"the network lost the answer to a {parcel.kind}")

    return act


def answered(status: int, body: bytes = b"", **headers: str) -> Act:
    """Something on the way answers instead of the receiver."""

    async def act(_: Parcel, __: Carry) -> Reply:
        return Reply(status, body, tuple((name.replace("_", "-"), value) for name, value in headers.items()))

    return act


def tampered(change: Callable[[bytes], bytes]) -> Act:
    async def act(parcel: Parcel, bring: Carry) -> Reply:
        return await bring(replace(parcel, body=change(parcel.body)))

    return act


def answer_changed(change: Callable[[bytes], bytes]) -> Act:
    """It arrives and is dealt with; its answer comes back as something else."""

    async def act(parcel: Parcel, bring: Carry) -> Reply:
        reply = await bring(parcel)
        return replace(reply, body=change(reply.body))

    return act


def twice() -> Act:
    """It arrives twice at once."""

    async def act(parcel: Parcel, bring: Carry) -> Reply:
        first, second = await asyncio.gather(bring(parcel), bring(parcel))
        assert first.status == second.status
        return second

    return act


class Held:
    """As a rule's act: keeps parcels until `release`. `arrived` is set when the first one is there."""

    def __init__(self) -> None:
        self.arrived, self._go = Event(), Event()

    def release(self) -> None:
        self._go.set()

    async def __call__(self, parcel: Parcel, bring: Carry) -> Reply:
        self.arrived.set()
        await asyncio.to_thread(self._go.wait, PATIENCE)
        return await bring(parcel)


class _Wire(httpx.AsyncBaseTransport):
    """What a member's client writes to: requests become parcels, replies become answers still to be read."""

    def __init__(self, network: Network, sender: str) -> None:
        self._network, self._sender = network, sender

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        body = await request.aread()
        path, headers = request.url.raw_path.decode(), tuple(request.headers.multi_items())
        parcel = Parcel(self._sender, request.url.host, request.method, path, headers, body)
        reply = await self._network.carry(parcel)
        return httpx.Response(reply.status, headers=reply.headers, stream=httpx.ByteStream(reply.body))


# -- the members ------------------------------------------------------------------------------------------------------


def kg(value: str, **more: Any) -> dict[str, Any]:
    return {"value": value, "unit": "kg", "basis": "net", **more}


class Member:
    """One organisation: its home, and while it runs its node and application. Requests need no socket."""

    def __init__(self, world: "World", name: str, home: Path) -> None:
        self.name, self.home, self.clock = name, home, system_clock
        self._world, self._requests = world, 0
        self._tokens: dict[str, str] = {}

    @property
    def running(self) -> bool:
        return self.name in self._world.network.members

    def start(self, clock: Clock | None = None) -> None:
        self.clock = clock or self.clock
        self.node = Node.open(self.home, self._world.environ, self.clock)
        self.node.start()
        peers = Peers(self.node.identity, lambda: self.node.policy, transport=_Wire(self._world.network, self.name))
        self.app = create_app(self.node, peers)
        self._client = httpx.AsyncClient(
            transport=httpx.ASGITransport(self.app, raise_app_exceptions=False), base_url=f"http://{self.name}"
        )
        self._stopping = asyncio.Event()
        started = Event()
        self._life = self._world.spawn(self._live(started))
        until(lambda: started.is_set() or self._life.done(), f"{self.name} starts")
        self._world.network.members[self.name] = self._take

    async def _live(self, started: Event) -> None:
        async with self.app.router.lifespan_context(self.app), self._client:
            started.set()
            await self._stopping.wait()

    async def _take(self, parcel: Parcel) -> Reply:
        """What the network brings, as uvicorn would hand it over."""
        headers = [(name, value) for name, value in parcel.headers if name.lower() != "content-length"]
        answer = await self._client.request(parcel.method, parcel.path, content=parcel.body, headers=headers)
        return Reply(answer.status_code, answer.content, tuple(answer.headers.multi_items()))

    def stop(self) -> None:
        """As SIGTERM does. The home stays."""
        self._world.network.members.pop(self.name, None)
        self._world.loop.call_soon_threadsafe(self._stopping.set)
        self._life.result(PATIENCE)
        self.node.stop()

    def check_rebuild(self) -> None:
        """While it does not run."""
        node = Node.open(self.home, self._world.environ, self.clock)
        outside.check_rebuild(node)
        node.store.close()

    def restart(self) -> None:
        self.stop()
        self.start()

    # -- its own programs ---------------------------------------------------------------------------------------------

    def token(self, role: str) -> str:
        if role not in self._tokens:
            self._tokens[role] = tokens.mint(self.node.store, "Li", role, self.clock)
        return self._tokens[role]

    def ask(
        self,
        method: str,
        path: str,
        body: Any = b"",
        *,
        role: str | None = "clerk",
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """One request, with the token of `role`. A body that is not bytes goes as JSON."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        given = {"authorization": f"Bearer {self.token(role)}"} if role else {}
        answer = self._world.call(
            self._client.request(method, path, content=content, headers=given | dict(headers or {}))
        )
        return Reply(answer.status_code, answer.content, tuple(answer.headers.multi_items()))

    def get(self, path: str) -> Any:
        reply = self.ask("GET", path)
        assert reply.status == 200, reply.body
        return reply.json()

    def post(self, path: str, body: Any, *, key: str | None = None) -> Reply:
        """A recording request, under a key of its own where none is given."""
        self._requests += 1
        return self.ask("POST", path, body, headers={"idempotency-key": key or f"{self.name} {self._requests}"})

    def record(self, path: str, body: Any) -> dict[str, Any]:
        reply = self.post(path, body)
        assert reply.status == 201, reply.body.decode()
        return dict(reply.json())

    def register(self, lot: str, mass: str, **more: Any) -> str:
        """The id of a new batch of ore, `mass` in kg."""
        origin = {"class": "mined", "country": "CN"}
        body = {"product": "ion_clay_mixed_oxide", "lot_no": lot, "quantity": kg(mass), "origin": origin, **more}
        return str(self.record("/api/v1/batches", body)["batch"])

    def pack(self, lot: str, *serials: str, net: str = "10", **more: Any) -> list[dict[str, Any]]:
        units = [{"serial": serial, "net": kg(net), **more} for serial in serials]
        return list(self.record("/api/v1/units", {"batch": lot, "units": units})["units"])

    def ship(self, to: str, *lines: Mapping[str, Any], purpose: str = "sale", **more: Any) -> str:
        """The shipment as `log#id`."""
        body = {"to": {"node": to}, "purpose": purpose, "lines": list(lines), **more}
        return f"{self.name}/log#{self.record('/api/v1/shipments', body)['shipment']}"

    def receive(self, shipment: str, *lines: Mapping[str, Any], **more: Any) -> dict[str, Any]:
        body = {**({"lines": list(lines)} if lines else {}), **more}
        return self.record(f"/api/v1/shipments/{quote(shipment, safe='')}/receipts", body)

    def acknowledge(self, shipment: str, **more: Any) -> dict[str, Any]:
        return self.record(f"/api/v1/shipments/{shipment.partition('#')[2]}/acknowledgements", more)

    def shipment(self, shipment: str) -> dict[str, Any]:
        own = shipment.removeprefix(f"{self.name}/log#")
        return dict(self.get(f"/api/v1/shipments/{quote(own, safe='')}"))

    def await_arrival(self, shipment: str) -> None:
        until(
            lambda: any(one["shipment"] == shipment for one in self.get("/api/v1/arrivals?limit=500")["arrivals"]),
            f"{shipment} arrives at {self.name}",
        )

    def await_status(self, shipment: str, status: str) -> None:
        until(lambda: self.shipment(shipment)["status"] == status, f"{shipment} is {status}")

    def await_checkpoint(self) -> None:
        """Until all that is recorded here stands under a checkpoint, so that it may be shown."""
        until(self._is_published, f"{self.name}'s checkpoint")

    def _is_published(self) -> bool:
        with self.node.store.read() as conn:
            size, latest = log.head(conn).size, log.latest_checkpoint(conn)
        return latest is not None and latest[0] == size

    # -- as another node sees it --------------------------------------------------------------------------------------

    def deliver(self, parcel: Parcel) -> Reply:
        """Brings `parcel` here, past all rules."""
        return self._world.call(self._world.network.bring(replace(parcel, receiver=self.name)))

    def forge(self, parcel: Parcel, body: bytes, *, receiver: str | None = None, kind: str | None = None) -> Parcel:
        """`parcel` with another body, signed by this member's own key for requests: a liar can do that."""
        to, path = receiver or parcel.receiver, f"/inbox/{kind or parcel.kind}"
        signed = sign_request("POST", f"http://{to}{path}", body, self.node.identity)
        return Parcel(self.name, to, "POST", path, (*signed.items(), ("content-type", "application/json")), body)


class World:
    """A federation whose members all trust one another's logs."""

    def __init__(
        self,
        folder: Path,
        *names: str,
        sites: Iterable[str] = ("main",),
        policy: Iterable[str] = (),
        quorum: str = "none",
        witnesses: int = 0,
        environ: Mapping[str, str] | None = None,
        called: Mapping[str, tuple[str, str]] | None = None,
    ) -> None:
        """`policy`: further lines of it, for organisations that only a test speaks for, and witnesses. `called`:
        organisations by node, in Chinese and in English; else each is called as its node is.

        With `witnesses` N the members witness each other, and N of them are the quorum.
        """
        self.network = Network()
        self.settles = quorum == "none"
        """Whether deliveries get through in the end: not while the policy waits for witnesses."""
        # Nobody watches anybody's log, unless a test is about that: it would be asked at any moment.
        usual = {"RETRY_MAX_S": "1", "ORIGINS_ENFORCED": "false", "WATCH_MAX_S": "0"}
        self.environ = {**{f"LODETRACE_{name}": value for name, value in usual.items()}, **(environ or {})}
        self.loop = asyncio.new_event_loop()
        self._thread = Thread(target=self.loop.run_forever, name="world")
        self._members: dict[str, Member] = {}
        lines = list(policy)
        for name in names:
            home = folder / name.partition(".")[0]
            places = [{"code": code, "country": "CN"} for code in sites]
            chinese, english = (called or {}).get(name, (name, None))
            own = {"name": name, "organisation": chinese, "organisation_en": english}
            settings, keys = create_home(home, {}, **own, role="mine", country="CN", sites=places)
            lines.append(f"log {keys.log.verifier.vkey} http://{name}")
            if witnesses:
                lines.append(f"witness {name} {keys.witness.verifier.vkey} http://{name}/witness")
            self._members[name] = Member(self, settings.name, home)
        if witnesses:
            lines.append(f"group members {witnesses} {' '.join(names)}")
            quorum = "members"
        self.policy = "".join(f"{line}\n" for line in (*lines, f"quorum {quorum}"))
        for member in self:
            (member.home / "policy.txt").write_text(self.policy)

    def __getitem__(self, name: str) -> Member:
        return self._members[name]

    def __iter__(self) -> Iterator[Member]:
        return iter(self._members.values())

    def __enter__(self) -> Self:
        self._thread.start()
        for member in self:
            member.start()
        return self

    def __exit__(self, failed: object, *_: object) -> None:
        try:
            if failed is None:
                self.check()
        finally:
            for member in self:
                if member.running:
                    member.stop()
                if failed is None:
                    member.check_rebuild()
            self.loop.call_soon_threadsafe(self.loop.stop)
            self._thread.join()
            self.loop.close()

    def spawn(self, work: Coroutine[Any, Any, _T]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self.loop)

    def call(self, work: Coroutine[Any, Any, _T], seconds: float = PATIENCE) -> _T:
        """Runs `work` where the nodes run, and waits for it."""
        found: _T = self.spawn(work).result(seconds)
        return found

    def settle(self) -> None:
        """Until everything that can be delivered has been: the network is whole again, and everybody is there."""
        self.network.clear()
        for member in self:
            if not member.running:
                member.start()
        for member in self:
            until(lambda one=member: not outside.waiting(one.node.store, self._members), f"{member.name}'s deliveries")
            member.await_checkpoint()

    def check(self) -> dict[str, outside.Audited]:
        """Audits all logs, and holds both sides of each handover against each other."""
        if self.settles:
            self.settle()
        return outside.check((member.node.store for member in self), settled=self.settles)
