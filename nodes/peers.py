"""The only door to other machines: the client for other nodes, and the client behind the command line.

    Peers       to nodes and witnesses of the trust policy, at the addresses that stand there; elsewhere never
    Elsewhere   to addresses that whoever runs this node has named: webhooks, the organisation's own sign-in
    ApiClient   to one node's own interface, with a bearer token; repeats what failed on the way under the same key

Promises: no redirect is followed; an answer is read up to a limit in bytes and in time; every delivery to another node,
and every question whose answer is for us alone, is signed (nodes/signed_requests.py). Does not check what comes back:
whoever asked does.

Over 400 lines because all that leaves this machine leaves through here.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from hashlib import sha256
from ipaddress import ip_address
from pathlib import Path
from secrets import token_hex
from socket import SOCK_STREAM
from ssl import SSLContext
from types import MappingProxyType
from typing import Any, Protocol, Self
from urllib.parse import urlsplit

import httpx
import stamina

from ledger.errors import Malformed, Refusal, Unavailable, Unknown, Unverified
from ledger.evidence import FILE_MAX
from ledger.log.checkpoints import MAX_CHECKPOINT
from ledger.log.trust import Policy, organisation, succession_order
from nodes.identity import Identity
from nodes.signed_requests import sign_request

ANSWER_MAX = 16 << 20
WELL_KNOWN, WELL_KNOWN_MAX = "/.well-known/lodetrace.json", 1 << 20
DOWNLOAD_MAX = 256 << 20
MESSAGE_ADDED = 1 << 14
"""Bytes of a message at a relay beside the body that it carries."""
MESSAGE_MAX = FILE_MAX + MESSAGE_ADDED
"""Of a whole one: nothing larger than evidence may be goes between nodes."""
SAID_MAX = 400
"""Characters of why another node says no: they go into our journal."""
WITNESS_ANSWER_MAX = 1 << 17
CONNECT_SECONDS = 5.0
ANSWER_SECONDS = 60.0
WITNESS_SECONDS = 10.0
TELL_SECONDS = 10.0
_TIMEOUT = httpx.Timeout(ANSWER_SECONDS, connect=CONNECT_SECONDS)
# Nothing of ours is compressed, and a compressed answer could unfold without end.
Asked = str | int | list[str]
"""What a query may hold; a list is the same name several times."""
_HEADERS = {"accept-encoding": "identity", "user-agent": "lodetrace"}


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back. `retry_after` is in seconds, where the other side asked for a pause; `kind` its media type, and
    `etag` as it stood there.
    """

    status: int
    body: bytes
    retry_after: int | None = None
    kind: str = ""
    etag: str | None = None

    def json(self) -> Any:
        return json.loads(self.body)


# -- to other nodes -----------------------------------------------------------------------------------------------


class Peers:
    """One client for all other nodes, kept for the life of the node; close it with `aclose`."""

    def __init__(
        self,
        identity: Identity,
        policy: Callable[[], Policy],
        transport: httpx.AsyncBaseTransport | None = None,
        *,
        ca_file: Path | None = None,
    ) -> None:
        """`policy` gives the one that counts now. `transport` is the network; tests put one in memory here. `ca_file`:
        certificates (PEM) of authorities that are believed besides the public ones.
        """
        self._identity, self._policy = identity, policy
        self.through: Through | None = None
        """The way to nodes that are reached at a relay; whoever runs a node sets it (nodes/relayed.py)."""
        # trust_env off: neither a proxy nor a password comes from the environment of whoever started the node.
        believed: SSLContext | bool = True
        if ca_file is not None:
            believed = httpx.create_ssl_context(trust_env=False)
            believed.load_verify_locations(ca_file)
        self._client = httpx.AsyncClient(
            verify=believed, transport=transport, timeout=_TIMEOUT, headers=_HEADERS, trust_env=False
        )

    def names(self) -> list[str]:
        """The nodes that the policy names, our own too if it is there."""
        return list(self._urls())

    def url_of(self, name: str) -> str:
        """Where a node is reached. Unknown if the policy does not name it, Unavailable if it gives no address."""
        urls = self._urls()
        if name not in urls:
            raise Unknown("peer-unknown", field="to", value=name)
        url = urls[name]
        if url is None:
            raise Unavailable("peer-without-address", field="to", value=name)
        return url

    def _urls(self) -> dict[str, str | None]:
        urls: dict[str, str | None] = {}
        for origin, (_, url) in sorted(self._policy().logs.items(), key=lambda item: succession_order(item[0])):
            check_address(origin, url)
            urls[organisation(origin)] = url.rstrip("/") if url else urls.get(organisation(origin))
        return urls

    async def post(self, name: str, path: str, body: bytes, key: str = "") -> Reply:
        """Sends `body`, signed, to `path` of a node. Unavailable if it cannot be reached or does not answer.

        `key`: a relay, if the node is behind one, keeps the message under this until it is answered.
        """
        url = self.url_of(name)
        if self.through is not None and is_relayed(url, name):
            headers = sign_request("POST", f"http://{name}{path}", body, self._identity)
            headers["content-type"] = "application/json"
            return await self.through("POST", name, path, headers, body, ANSWER_MAX, key)
        headers = sign_request("POST", url + path, body, self._identity)
        headers["content-type"] = "application/json"
        return await self._send(name, "POST", url + path, headers, body, ANSWER_MAX)

    async def fetch_well_known(self, name: str) -> bytes:
        """A node's own account of who it is: unverified until its entry 0 is proven under the policy's key."""
        return (await self.fetch(name, WELL_KNOWN, WELL_KNOWN_MAX)).body

    async def fetch_registry(self, name: str, after: int) -> bytes:
        """What the registry that `name` keeps has said behind its entry `after`: evidence, unverified."""
        return (await self.fetch(name, f"/registry/entries?after={after}", ANSWER_MAX)).body

    async def ask_witness(self, url: str, body: bytes) -> Reply:
        """`add-checkpoint` of the witness at the submission prefix `url`. Not signed: the checkpoint in it is."""
        headers = {"content-type": "text/plain; charset=utf-8"}
        address = f"{url.rstrip('/')}/add-checkpoint"
        return await self._send(url, "POST", address, headers, body, WITNESS_ANSWER_MAX, WITNESS_SECONDS)

    async def fetch(self, name: str, path: str, limit: int, *, signed: bool = False, etag: str | None = None) -> Reply:
        """What a node serves at `path`, up to `limit` bytes; with `signed`, as what is for nodes of its policy only.

        `etag`: of what is here already, for an answer 304 where it is the same. Unavailable, with the node's own words,
        for answers but 200 and that one; Unverified for more than the limit, and for compressed ones, which were not
        asked for.
        """
        url = self.url_of(name)
        relayed = self.through is not None and is_relayed(url, name) and path != WELL_KNOWN
        whole = f"http://{name}{path}" if relayed else url + path
        headers = sign_request("GET", whole, b"", self._identity) if signed else {}
        if etag is not None:
            headers["if-none-match"] = etag
        if self.through is not None and relayed:
            reply = await self.through("GET", name, path, headers, b"", limit)
        else:
            reply = await self._send(name, "GET", whole, headers, b"", limit)
        if reply.status not in (httpx.codes.OK, httpx.codes.NOT_MODIFIED):
            raise Unavailable(
                "peer-said-no", field=name, value=reply.status, why=_said_no(reply).facts["en"][:SAID_MAX]
            )
        return reply

    async def fetch_witnessed(self, url: str, origin: str) -> bytes | None:
        """The largest checkpoint of a log that the witness at `url` says it has cosigned; None if it knows of none."""
        address = f"{url.rstrip('/')}/{sha256(origin.encode()).hexdigest()}/checkpoint"
        reply = await self._send(url, "GET", address, {}, b"", MAX_CHECKPOINT, WITNESS_SECONDS)
        if reply.status == httpx.codes.NOT_FOUND:
            return None
        if reply.status != httpx.codes.OK:
            raise Unavailable("peer-said-no", field=url, value=reply.status, why=_said_no(reply).facts["en"][:SAID_MAX])
        return reply.body

    async def relay(self, name: str, way: str, sealed: bytes, limit: int) -> bytes | None:
        """Hands a sealed message to the relay at whose address the node `name` is reached. Its answer, sealed; None
        where the message is kept and not answered yet. Unavailable if the relay does not take it.
        """
        url = self.url_of(name) + way
        reply = await self._send(name, "POST", url, self._sealed("POST", url, sealed), sealed, limit)
        if reply.status == httpx.codes.ACCEPTED:
            return None
        return _taken(name, reply).body

    async def fetch_relayed(self, relay: str, body: bytes) -> tuple[int, bytes] | None:
        """The next message that waits for us at the node `relay`, by its number; None if none came for a while."""
        url = f"{self.url_of(relay)}/relay/box"
        limit = MESSAGE_MAX + MESSAGE_ADDED  # its number comes before it: one that the relay took must be had
        reply = await self._send(relay, "POST", url, self._sealed("POST", url, body), body, limit)
        if reply.status == httpx.codes.NO_CONTENT:
            return None
        no, _, sealed = _taken(relay, reply).body.partition(b"\n")
        if not no.removeprefix(b"-").isdigit():
            raise Malformed("malformed", field=relay, why="the number of a message is missing")
        return int(no), sealed

    async def answer_relayed(self, relay: str, no: int, sealed: bytes) -> None:
        url = f"{self.url_of(relay)}/relay/box/{no}"
        _taken(relay, await self._send(relay, "POST", url, self._sealed("POST", url, sealed), sealed, ANSWER_MAX))

    def _sealed(self, method: str, url: str, body: bytes) -> dict[str, str]:
        return sign_request(method, url, body, self._identity) | {"content-type": "application/octet-stream"}

    async def aclose(self) -> None:
        await self._client.aclose()

    async def _send(
        self,
        name: str,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes,
        limit: int,
        seconds: float | None = None,
    ) -> Reply:
        async with (
            _unreachable(name),
            asyncio.timeout(seconds or ANSWER_SECONDS),
            self._client.stream(method, url, headers=dict(headers), content=body) as answer,
        ):
            if answer.headers.get("content-encoding", "identity") != "identity":
                raise Unverified("answer-encoded", field=name, value=answer.headers["content-encoding"])
            body = await _read(answer, limit, name)
            kind = answer.headers.get("content-type", "").partition(";")[0].strip()
            return Reply(answer.status_code, body, _retry_after(answer), kind, answer.headers.get("etag"))


# -- to addresses that an administrator named ---------------------------------------------------------------------


class Elsewhere:
    """Programs that are no nodes. Believes the certificates that this machine believes: an organisation's own too."""

    def __init__(self) -> None:
        self._made: httpx.AsyncClient | None = None

    async def tell(self, url: str, headers: Mapping[str, str], body: bytes, *, internal: bool) -> int:
        """The status of the answer; what else it says is not read. Unavailable if there is none in time, Refusal for a
        name that leads inside where `internal` does not say that this is meant.
        """
        host = urlsplit(url).netloc
        async with _answering(host), asyncio.timeout(TELL_SECONDS):
            place, named = (url, {}) if internal else await _outside(url)
            sent = {**headers, "host": host}
            async with self._client.stream("POST", place, headers=sent, content=body, extensions=named) as answer:
                return answer.status_code

    async def ask(
        self, url: str, form: Mapping[str, str] | None = None, secret: tuple[str, str] | None = None
    ) -> Reply:
        """What is answered to a question, or to a form that is posted with `secret` (name, password). Unavailable for
        none in time, Unverified for more than anybody has to say.
        """
        host = urlsplit(url).netloc
        async with (
            _answering(host),
            asyncio.timeout(TELL_SECONDS),
            self._client.stream(
                "GET" if form is None else "POST",
                url,
                data=None if form is None else dict(form),
                auth=None if secret is None else httpx.BasicAuth(*secret),
                headers={"accept": "application/json"},
            ) as answer,
        ):
            return Reply(answer.status_code, await _read(answer, WELL_KNOWN_MAX, host))

    async def aclose(self) -> None:
        if self._made is not None:
            await self._made.aclose()

    @property
    def _client(self) -> httpx.AsyncClient:
        """Made when first used: most nodes never call anybody, and reading certificates takes its time."""
        if self._made is None:
            trusted = httpx.create_ssl_context(trust_env=False)
            trusted.load_default_certs()
            self._made = httpx.AsyncClient(verify=trusted, timeout=_TIMEOUT, headers=_HEADERS, trust_env=False)
        return self._made


def is_inside(host: str) -> bool:
    """This machine, or an address that is nobody's outside. Of a name nothing is known before it is resolved."""
    try:
        return not ip_address(host).is_global
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


async def _outside(url: str) -> tuple[str, dict[str, Any]]:
    """The same place by its number, and the name that its certificate must have. It is resolved once: what was looked
    at is what is connected to.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, parts.port or 443, type=SOCK_STREAM)
    except OSError as error:
        raise Unavailable("address-silent", field=host, value=error.strerror) from error
    numbers = [str(address[0]) for *_, address in found]
    if any(is_inside(number) for number in numbers):
        raise Refusal("webhook-address-internal", field="url", value=host)
    return str(httpx.URL(url).copy_with(host=numbers[0])), {"sni_hostname": host}


class Through(Protocol):
    """One HTTP request to a node behind a relay: method, name, path, headers, body, and up to how many bytes of answer;
    with a key, the relay keeps it until it is answered.
    """

    async def __call__(
        self, method: str, name: str, path: str, headers: Mapping[str, str], body: bytes, limit: int, key: str = ""
    ) -> Reply: ...


def relayed_at(url: str, name: str) -> str:
    """Where the node `name` is reached whose relay is reached at `url`."""
    return f"{url.rstrip('/')}/relay/{name}"


def is_relayed(url: str, name: str) -> bool:
    return url.endswith(f"/relay/{name}")


def _taken(name: str, reply: Reply) -> Reply:
    if reply.status not in (httpx.codes.OK, httpx.codes.NO_CONTENT):
        raise Unavailable("peer-said-no", field=name, value=reply.status, why=_said_no(reply).facts["en"][:SAID_MAX])
    return reply


def check_address(name: str, url: str | None) -> None:
    """An address that the policy gives for `name`: one that HTTP can be spoken with, or none."""
    if url is not None and (urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname):
        raise Malformed("peer-address-wrong", field=name, value=url)


@asynccontextmanager
async def _unreachable(name: str) -> AsyncIterator[None]:
    try:
        yield
    except (httpx.HTTPError, TimeoutError) as error:
        raise Unavailable("peer-unreachable", field=name, value=str(error) or type(error).__name__) from error


async def _read(answer: httpx.Response, limit: int, name: str) -> bytes:
    """Up to `limit` bytes, as they came: a compressed answer is not unfolded."""
    parts, length = [], 0
    async for part in answer.aiter_raw():
        length += len(part)
        if length > limit:
            raise Unverified("answer-too-large", field=name, value=limit)
        parts.append(part)
    return b"".join(parts)


@asynccontextmanager
async def _answering(host: str) -> AsyncIterator[None]:
    try:
        yield
    except (httpx.HTTPError, httpx.InvalidURL, UnicodeError, TimeoutError) as error:  # or no host can be called so
        raise Unavailable("address-silent", field=host, value=str(error) or type(error).__name__) from error


def _retry_after(answer: httpx.Response) -> int | None:
    """Seconds; the other form of the header, a date, is not worth reading."""
    text = answer.headers.get("retry-after", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else None


# -- to one's own node --------------------------------------------------------------------------------------------


class _Again(Exception):
    """The node asked to be asked again."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.status)
        self.reply = reply


class ApiClient:
    """A node's HTTP interface, for the command line and for programs: one connection, one token.

    Answers of 400 and above are raised as Refusal("node-said-no") with the node's own sentences; a node that cannot be
    reached is Unavailable("node-unreachable"). Every POST carries an Idempotency-Key, so repeating it is safe.
    """

    def __init__(
        self,
        url: str,
        token: str | None = None,
        *,
        patience: float = 30.0,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        """`patience`: for how many seconds a call is repeated while the node is away or busy; 0 for not at all."""
        self.url = url.rstrip("/")
        self._patience: dict[str, Any] = {"attempts": None, "timeout": patience} if patience else {"attempts": 1}
        headers = _HEADERS | ({"authorization": f"Bearer {token}"} if token else {})
        try:
            self._client = httpx.Client(
                base_url=self.url, transport=transport, timeout=_TIMEOUT, headers=headers, trust_env=False
            )
        except httpx.InvalidURL as error:
            raise Malformed("node-address-wrong", field="--url", value=url) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._client.close()

    def get(self, path: str, *, accept: str = "application/json", **query: str | int | None) -> Reply:
        """Query arguments that are None are left out."""
        asked = {name: value for name, value in query.items() if value is not None}
        return self._call("GET", path, {"accept": accept}, b"", asked)

    def post(
        self,
        path: str,
        body: Any,
        *,
        key: str | None = None,
        content_type: str = "application/json",
        query: Mapping[str, Asked] = MappingProxyType({}),
    ) -> Reply:
        """`body`: bytes as they are, anything else as JSON. Without `key` the call gets one of its own."""
        content = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
        headers = {"content-type": content_type, "idempotency-key": key or token_hex(16)}
        return self._call("POST", path, headers, content, query)

    def delete(self, path: str) -> Reply:
        """Away with it. Repeated, it may find nothing any more."""
        return self._call("DELETE", path, {}, b"", {})

    def _call(
        self, method: str, path: str, headers: Mapping[str, str], content: bytes, query: Mapping[str, Asked]
    ) -> Reply:
        try:
            for attempt in stamina.retry_context(on=_worth_repeating, **self._patience):
                with attempt:
                    reply = self._once(method, path, headers, content, query)
                    if reply.status == httpx.codes.SERVICE_UNAVAILABLE or _in_flight(reply):
                        raise _Again(reply)
        except _Again as again:
            reply = again.reply
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            why = str(error) or type(error).__name__
            raise Unavailable("node-unreachable", field=self.url, value=why) from error
        if reply.status >= httpx.codes.BAD_REQUEST:
            raise _said_no(reply)
        return reply

    def _once(
        self, method: str, path: str, headers: Mapping[str, str], content: bytes, query: Mapping[str, Asked]
    ) -> Reply:
        with self._client.stream(method, path, headers=dict(headers), content=content, params=dict(query)) as answer:
            parts, length = [], 0
            for part in answer.iter_raw():
                length += len(part)
                if length > DOWNLOAD_MAX:
                    raise Unverified("answer-too-large", field=self.url, value=DOWNLOAD_MAX)
                parts.append(part)
            return Reply(answer.status_code, b"".join(parts), _retry_after(answer))


def _worth_repeating(error: Exception) -> bool | float:
    """For stamina: True for its own pauses, a number for the pause that the node asked for."""
    if isinstance(error, _Again):
        return True if error.reply.retry_after is None else float(error.reply.retry_after)
    return isinstance(error, httpx.TransportError) and not isinstance(error, httpx.UnsupportedProtocol)


def _in_flight(reply: Reply) -> bool:
    return reply.status == httpx.codes.CONFLICT and reply.retry_after is not None


def _said_no(reply: Reply) -> Refusal:
    try:
        problem = reply.json()
        code, en, zh = problem["code"], problem["detail"], problem["detail_zh"]
    except (ValueError, KeyError, TypeError):
        code, en = "?", reply.body[:200].decode(errors="replace")
        zh = en
    return Refusal("node-said-no", field=code, value=reply.status, en=en, zh=zh)
