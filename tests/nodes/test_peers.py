import asyncio
import json
import socket
import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

import httpx
import pytest
import uvicorn
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from ledger.errors import Malformed, Refusal, Unavailable, Unknown, Unverified
from ledger.log.trust import Policy
from nodes import identity, peers
from nodes.peers import ApiClient, Peers
from nodes.signed_requests import open_request


@pytest.fixture(scope="module")
def mine(tmp_path_factory):
    return identity.create(tmp_path_factory.mktemp("mine"), "mine.example")


@pytest.fixture(scope="module")
def metal(tmp_path_factory):
    return identity.create(tmp_path_factory.mktemp("metal"), "metal.example")


def policy_of(node, url=""):
    policy = Policy.parse(f"log {node.log.verifier.vkey} {url}\nquorum none\n")
    return lambda: policy


async def read_body(receive):
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            return body


async def answer(send, status, body, *headers):
    await send({"type": "http.response.start", "status": status, "headers": list(headers)})
    await send({"type": "http.response.body", "body": body})


@contextmanager
def serving(app, **tls):
    """`app` on a free port of this machine, by uvicorn, as a node is."""
    server = uvicorn.Server(uvicorn.Config(app, log_level="critical", lifespan="off", **tls))
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            yield f"http{'s' if tls else ''}://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


class PrivateAuthority:
    """Signs certificates for this machine; who does not have `ca` does not believe them."""

    def __init__(self, folder):
        folder.mkdir(exist_ok=True)
        self._folder, self._key = folder, ec.generate_private_key(ec.SECP256R1())
        self.ca = folder / "ca.crt"
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "The group's own authority")])
        about = self._about(self._name, self._key).add_extension(
            x509.BasicConstraints(ca=True, path_length=0), critical=True
        )
        usage = x509.KeyUsage(**{name: name in ("key_cert_sign", "crl_sign") for name in _USES})
        made = about.add_extension(usage, critical=True).sign(self._key, hashes.SHA256())
        self.ca.write_bytes(made.public_bytes(Encoding.PEM))

    def issued(self):
        """What a server that listens on 127.0.0.1 is given."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "metal")])
        alternative = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
        issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        about = self._about(name, key).add_extension(alternative, critical=False)
        made = about.add_extension(issuer, critical=False).sign(self._key, hashes.SHA256())
        files = {"ssl_certfile": self._folder / "metal.crt", "ssl_keyfile": self._folder / "metal.key"}
        files["ssl_certfile"].write_bytes(made.public_bytes(Encoding.PEM))
        files["ssl_keyfile"].write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        return files

    def _about(self, name, key):
        now = datetime.now(UTC)
        made = x509.CertificateBuilder().subject_name(name).issuer_name(self._name).public_key(key.public_key())
        made = made.serial_number(x509.random_serial_number()).not_valid_before(now - timedelta(days=1))
        own = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
        return made.not_valid_after(now + timedelta(days=1)).add_extension(own, critical=False)


_USES = (
    *("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement"),
    *("key_cert_sign", "crl_sign", "encipher_only", "decipher_only"),
)


def said(status, body=b"", **headers):
    """An answer still to be read, as one from the network is."""
    body = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.Response(status, headers=headers, stream=httpx.ByteStream(body))


def run(client, call):
    async def go():
        try:
            return await call
        finally:
            await client.aclose()

    return asyncio.run(go())


# -- to other nodes -----------------------------------------------------------------------------------------------


def test_a_request_arrives_signed_and_its_answer_comes_back(mine, metal):
    async def inbox(scope, receive, send):
        headers = [(name.decode(), value.decode()) for name, value in scope["headers"]]
        sender = open_request(
            scope["method"], scope["path"], headers, await read_body(receive), lambda _: mine.peer.verifier
        )
        await answer(send, 200, sender.encode(), (b"retry-after", b"7"))

    with serving(inbox) as url:
        client = Peers(mine, policy_of(metal, f"{url}/"))
        reply = run(client, client.post("metal.example", "/inbox/handover", b"{}"))
    assert reply == peers.Reply(200, b"mine.example", 7)


def test_who_a_node_says_it_is(mine, metal):
    async def app(scope, receive, send):
        assert scope["path"] == "/base/.well-known/lodetrace.json"
        await answer(send, 200, b'{"name":"metal.example"}')

    client = Peers(mine, policy_of(metal, "http://metal.example/base"), httpx.ASGITransport(app))
    assert run(client, client.fetch_well_known("metal.example")) == b'{"name":"metal.example"}'


def test_a_refusal_is_an_answer_like_any_other(mine, metal):
    client = Peers(mine, policy_of(metal, "http://m.example"), httpx.MockTransport(lambda _: said(422)))
    assert run(client, client.post("metal.example", "/inbox/handover", b"{}")).status == 422


def test_only_who_the_policy_names_is_asked(mine, metal):
    client = Peers(mine, policy_of(metal), httpx.MockTransport(lambda _: pytest.fail("asked")))
    assert client.names() == ["metal.example"]
    with pytest.raises(Unknown, match=r"stranger\.example"):
        client.url_of("stranger.example")
    with pytest.raises(Unavailable, match="no address"):
        run(client, client.post("metal.example", "/inbox/handover", b"{}"))


def test_what_a_node_serves_is_fetched_once_and_signed_if_it_must_be(mine, metal):
    asked = []

    def app(request):
        asked.append(request)
        same = request.headers.get("if-none-match") == '"1"'
        return said(304 if same else 200, b"" if same else b"note", etag='"1"')

    async def go(client):
        first = await client.fetch("metal.example", "/log/checkpoint", 100)
        again = await client.fetch("metal.example", "/log/checkpoint", 100, etag=first.etag)
        await client.fetch("metal.example", "/log/tile/entries/000", 100, signed=True)
        return first, again

    client = Peers(mine, policy_of(metal, "http://m.example"), httpx.MockTransport(app))
    first, again = run(client, go(client))
    assert (first.status, first.body, again.status) == (200, b"note", 304)
    signed = asked[2]
    headers = list(signed.headers.multi_items())
    assert open_request("GET", signed.url.path, headers, b"", lambda _: mine.peer.verifier) == "mine.example"
    assert "signature" not in asked[0].headers


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        (said(302, location="http://127.0.0.1/"), "peer-said-no"),
        (said(404), "peer-said-no"),
        (said(200, b"x" * 101), "answer-too-large"),
        (said(200, b"x", content_encoding="gzip"), "answer-encoded"),
    ],
    ids=["a redirect", "nothing", "too much", "compressed"],
)
def test_what_is_not_taken_from_a_node(mine, metal, reply, code):
    client = Peers(mine, policy_of(metal, "http://m.example"), httpx.MockTransport(lambda _: reply))
    with pytest.raises((Unavailable, Unverified)) as error:
        run(client, client.fetch("metal.example", "/log/checkpoint", 100))
    assert error.value.code == code


def test_an_answer_that_drips_is_given_up(mine, metal, monkeypatch):
    monkeypatch.setattr(peers, "ANSWER_SECONDS", 0.3)
    done = threading.Event()

    async def drip(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        while not done.is_set():
            await send({"type": "http.response.body", "body": b".", "more_body": True})
            await asyncio.sleep(0.05)

    with serving(drip) as url:
        client = Peers(mine, policy_of(metal, url))
        with pytest.raises(Unavailable):
            run(client, client.fetch("metal.example", "/log/checkpoint", 1 << 20))
        done.set()


def test_a_redirect_is_not_followed(mine, metal):
    asked = []

    def elsewhere(request):
        asked.append(str(request.url))
        return said(307, location="http://elsewhere.example/")

    client = Peers(mine, policy_of(metal, "http://m.example"), httpx.MockTransport(elsewhere))
    assert run(client, client.post("metal.example", "/inbox/receipt", b"{}")).status == 307
    assert asked == ["http://m.example/inbox/receipt"]


def test_an_endless_answer_is_cut_off(mine, metal):
    sent = []

    async def endless(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        while len(sent) < 100:
            sent.append(1)
            await send({"type": "http.response.body", "body": b" " * 65536, "more_body": True})

    with serving(endless) as url:
        client = Peers(mine, policy_of(metal, url))
        with pytest.raises(Unverified) as caught:
            run(client, client.fetch_well_known("metal.example"))
    assert (caught.value.code, caught.value.field) == ("answer-too-large", "metal.example")


def test_the_certificate_of_a_private_authority_is_believed_where_the_settings_name_it(mine, metal, tmp_path):
    async def known(scope, receive, send):
        await answer(send, 200, b"here")

    authority, other = PrivateAuthority(tmp_path), PrivateAuthority(tmp_path / "other")
    with serving(known, **authority.issued()) as url:
        for file in (None, other.ca):
            stranger = Peers(mine, policy_of(metal, url), ca_file=file)
            with pytest.raises(Unavailable, match="CERTIFICATE_VERIFY_FAILED"):
                run(stranger, stranger.fetch_well_known("metal.example"))
        client = Peers(mine, policy_of(metal, url), ca_file=authority.ca)
        assert run(client, client.fetch_well_known("metal.example")) == b"here"


def test_who_does_not_answer_is_named(mine, metal):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, not listening: a connection is refused
        client = Peers(mine, policy_of(metal, f"http://127.0.0.1:{taken.getsockname()[1]}"))
        with pytest.raises(Unavailable, match=r"metal\.example cannot be reached"):
            run(client, client.post("metal.example", "/inbox/handover", b"{}"))


def test_who_answers_too_slowly_is_named(mine, metal, monkeypatch):
    monkeypatch.setattr(peers, "ANSWER_SECONDS", 0.05)

    async def silent(scope, receive, send):
        while (await receive())["type"] != "http.disconnect":
            pass

    with serving(silent) as url:
        client = Peers(mine, policy_of(metal, url))
        with pytest.raises(Unavailable, match="cannot be reached"):
            run(client, client.fetch_well_known("metal.example"))


def test_no_account_of_itself_is_no_node(mine, metal):
    client = Peers(mine, policy_of(metal, "http://m.example"), httpx.MockTransport(lambda _: said(404)))
    with pytest.raises(Unavailable, match="answered with 404"):
        run(client, client.fetch_well_known("metal.example"))


@pytest.mark.parametrize("url", ["ftp://metal.example", "metal.example:80", "http://"])
def test_an_address_that_is_none_is_refused(mine, metal, url):
    with pytest.raises(Malformed) as caught:
        Peers(mine, policy_of(metal, url)).names()
    assert caught.value.code == "peer-address-wrong"


# -- to one's own node --------------------------------------------------------------------------------------------


class Script:
    """A node that gives the answers of a list, and keeps what it was asked."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.asked = []

    def __call__(self, request):
        self.asked.append(request)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def client(self, **more):
        return ApiClient("http://node.example", "t0k3n", transport=httpx.MockTransport(self), **more)


def test_a_call_carries_token_key_and_body():
    script = Script(said(201, {"batch": "x"}), said(200, []))
    with script.client() as client:
        assert client.post("/api/v1/batches", {"lot_no": "磁"}, key="k-1").json() == {"batch": "x"}
        assert client.get("/api/v1/batches", after=3, product=None).json() == []
    made, read = script.asked
    assert json.loads(made.content) == {"lot_no": "磁"}
    assert (made.headers["authorization"], made.headers["idempotency-key"]) == ("Bearer t0k3n", "k-1")
    assert str(read.url) == "http://node.example/api/v1/batches?after=3"


def test_what_failed_on_the_way_is_repeated_under_the_same_key():
    script = Script(
        httpx.ConnectError("refused"),
        httpx.ReadError("cut off"),
        said(503, retry_after="0"),
        said(409, retry_after="0"),
        said(201),
    )
    with script.client() as client:
        assert client.post("/api/v1/batches", {}).status == 201
    assert len({request.headers["idempotency-key"] for request in script.asked}) == 1
    assert len(script.asked) == 5


def test_two_calls_have_two_keys():
    script = Script(said(201), said(201))
    with script.client() as client:
        client.post("/x", {})
        client.post("/x", {})
    assert len({request.headers["idempotency-key"] for request in script.asked}) == 2


PROBLEM = {"code": "batch-unknown", "detail": "There is no batch X here.", "detail_zh": "此处没有批次 X。"}


def test_a_no_is_told_in_the_nodes_own_words():
    script = Script(said(422, PROBLEM))
    with script.client() as client, pytest.raises(Refusal) as caught:
        client.post("/api/v1/shipments", {})
    assert caught.value.text() == "There is no batch X here. [422 batch-unknown]"
    assert caught.value.text("zh") == "此处没有批次 X。 [422 batch-unknown]"


@pytest.mark.parametrize("body", [b"<html>bad gateway</html>", b"[]", b'{"code":1}'])
def test_a_no_of_something_else_is_shown_as_it_is(body):
    script = Script(said(502, body))
    with script.client() as client, pytest.raises(Refusal) as caught:
        client.get("/")
    assert body.decode() in caught.value.text()


def test_patience_has_an_end():
    script = Script(*(httpx.ConnectError("refused") for _ in range(3)))
    with script.client(patience=0.0) as client, pytest.raises(Unavailable, match="lodetrace serve"):
        client.get("/healthz")
    assert len(script.asked) == 1


def test_a_busy_node_that_stays_busy_is_a_no():
    problem = {"code": "node-stopping", "detail": "Stopping.", "detail_zh": "正在停止。"}
    script = Script(said(503, problem))
    with script.client(patience=0.0) as client, pytest.raises(Refusal, match="Stopping"):
        client.get("/healthz")


@pytest.mark.parametrize("url", ["http://[", "node.example:1:2"])
def test_an_address_that_is_none_is_said_plainly(url):
    with pytest.raises((Malformed, Unavailable), match="address"), ApiClient(url, patience=0.0) as client:
        client.get("/")
