"""The organisation's own sign-in, by OpenID Connect or a web server in front: real servers, and their lies.

The provider is one of our own, made with the same library that checks it, so that it can say what no honest one would.
"""

import base64
import hashlib
import hmac
import json
import shutil
from contextlib import ExitStack, contextmanager
from threading import Thread
from time import time
from urllib.parse import parse_qs, unquote_plus, urlencode, urlsplit

import httpx
import pytest
import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, RedirectResponse
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, RSAKey

from api.server import listen
from ledger.errors import Malformed, Unavailable
from nodes import config
from nodes.clock import system_clock
from nodes.node import Node
from nodes.people import hire
from tests.serving import serving
from tests.world import until

CLIENT, SECRET = "lodetrace-mine", "the client's secret"
PUBLISHED, OTHER = RSAKey.generate_key(2048, {"kid": "one"}), RSAKey.generate_key(2048, {"kid": "one"})
LATER = ECKey.generate_key("P-256", {"kid": "two"})


def unpadded(data):
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


class Provider:
    """Signs everybody in as `subject`. A test changes what it says by changing its parts."""

    def __init__(self, url):
        self.url, self.subject, self.key, self.algorithm = url, "li-4711", PUBLISHED, "RS256"
        self.keys = [PUBLISHED]
        self.claims, self.about, self.codes, self.token = {}, {}, {}, None
        app = self.app = FastAPI()

        @app.get("/.well-known/openid-configuration")
        def discovery():
            places = {name: f"{url}/{path}" for name, path in PLACES.items()}
            return {"issuer": url, **places, **self.about}

        @app.get("/keys")
        def keys():
            return KeySet(self.keys).as_dict(private=False)

        @app.get("/authorize")
        def authorize(request: Request):
            asked = dict(request.query_params)
            assert (asked["response_type"], asked["code_challenge_method"]) == ("code", "S256")
            code = f"code-{len(self.codes)}"
            self.codes[code] = asked
            back = urlencode({"code": code, "state": asked["state"], "iss": url})
            return RedirectResponse(f"{asked['redirect_uri']}?{back}")

        @app.post("/token")
        async def token(request: Request):
            form = dict(await request.form())
            asked = self.codes.pop(form["code"], None)
            digest = hashlib.sha256(form["code_verifier"].encode()).digest()
            wanted = None if asked is None else (asked["code_challenge"], asked["redirect_uri"])
            if wanted != (unpadded(digest), form["redirect_uri"]) or not self.knows(request, form):
                return JSONResponse({"error": "invalid_grant"}, 400)
            return self.token or {"id_token": self.sign(asked["nonce"]), "token_type": "Bearer"}

    def knows(self, request, form):
        if self.about.get("token_endpoint_auth_methods_supported") == ["client_secret_post"]:
            return (form["client_id"], form["client_secret"]) == (CLIENT, SECRET)
        given = base64.b64decode(request.headers["authorization"].removeprefix("Basic ")).decode()
        return [unquote_plus(part) for part in given.split(":")] == [CLIENT, SECRET]

    def sign(self, nonce):
        now = int(time())
        claims = {"iss": self.url, "sub": self.subject, "aud": CLIENT, "iat": now, "exp": now + 60, "nonce": nonce}
        claims = {name: value for name, value in {**claims, **self.claims}.items() if value is not None}
        header = {"alg": self.algorithm, "kid": self.key.kid}
        if self.algorithm in ("none", "HS256"):  # no library of this kind makes them
            signed = f"{unpadded(json.dumps(header).encode())}.{unpadded(json.dumps(claims).encode())}"
            mac = hmac.digest(PUBLISHED.as_pem(private=False), signed.encode(), "sha256")
            return f"{signed}.{unpadded(mac) if self.algorithm == 'HS256' else ''}"
        return jwt.encode(header, claims, self.key, algorithms=[self.algorithm])


PLACES = {"authorization_endpoint": "authorize", "token_endpoint": "token", "jwks_uri": "keys"}


@contextmanager
def providing():
    with listen("127.0.0.1", 0) as socket:
        provider = Provider(f"http://127.0.0.1:{socket.getsockname()[1]}")
        server = uvicorn.Server(uvicorn.Config(provider.app, log_config=None))
        thread = Thread(target=server.run, kwargs={"sockets": [socket]}, name="provider")
        thread.start()
        try:
            until(lambda: server.started or not thread.is_alive(), "the provider starts")
            yield provider
        finally:
            server.should_exit = True
            thread.join()


@contextmanager
def node_at(home, environ):
    node = Node.open(home, environ)
    node.start()
    try:
        with serving(node) as url:
            yield node, url
    finally:
        node.stop()


@pytest.fixture(scope="module")
def stage(new_home, tmp_path_factory):
    """(provider, node, its address): one of each for all tests, which put the provider back as it was."""
    home = shutil.copytree(new_home, tmp_path_factory.mktemp("own") / "home")
    (home / "oidc.secret").write_text(f"{SECRET}\n")
    (home / "oidc.secret").chmod(0o600)
    with ExitStack() as stack:
        provider = stack.enter_context(providing())
        environ = {
            "LODETRACE_OIDC_ISSUER": provider.url,
            "LODETRACE_OIDC_CLIENT_ID": CLIENT,
            "LODETRACE_OIDC_SECRET": "oidc.secret",
        }
        node, url = stack.enter_context(node_at(home, environ))
        hire(node.store, "Li", "clerk", system_clock, subject="li-4711")
        yield provider, node, url


@pytest.fixture
def provider(stage):
    provider = stage[0]
    before = dict(vars(provider))
    yield provider
    vars(provider).update({**before, "claims": {}, "codes": {}})


@pytest.fixture
def browser(stage):
    with httpx.Client(base_url=stage[2], trust_env=False, headers={"accept-language": "en"}) as browser:
        yield browser


def come_back(browser, change=lambda url: url):
    """To the provider and back: the node's answer there."""
    there = browser.get("/sign-in/elsewhere", params={"next": "/goods"})
    assert there.status_code == 303, there.text
    returned = httpx.get(there.headers["location"], trust_env=False)
    return browser.get(change(returned.headers["location"]))


def test_whoever_is_known_is_signed_in_and_led_to_where_they_wanted_to_go(browser, provider):
    assert "Sign in with your organisation" in browser.get("/sign-in").text
    answer = come_back(browser)
    assert (answer.status_code, answer.headers["location"]) == (303, "/goods")
    assert browser.get("/goods").status_code == 200
    assert "Li" in browser.get("/me").text
    assert "lodetrace_ticket" not in browser.cookies


def test_a_stranger_is_told_and_becomes_nobody(browser, provider):
    provider.subject = "<b>stranger</b>"
    answer = come_back(browser)
    assert answer.status_code == 403
    assert "nobody here has that name" in answer.text
    assert "<b>stranger" not in answer.text
    assert browser.get("/").status_code == 303


def test_a_provider_that_takes_the_secret_in_the_form_alone(home, node):
    secret = home / "oidc.secret"
    secret.write_text(SECRET)
    secret.chmod(0o600)
    hire(node.store, "Li", "clerk", system_clock, subject="li@mine.example")
    node.stop()
    with providing() as provider:
        provider.about = {"token_endpoint_auth_methods_supported": ["client_secret_post"]}
        provider.claims = {"email": "li@mine.example", "email_verified": True}
        environ = {
            "LODETRACE_OIDC_ISSUER": provider.url,
            "LODETRACE_OIDC_CLIENT_ID": CLIENT,
            "LODETRACE_OIDC_SECRET": str(secret),
            "LODETRACE_OIDC_CLAIM": "email",
        }
        with node_at(home, environ) as (_, url), httpx.Client(base_url=url, trust_env=False) as browser:
            assert come_back(browser).headers["location"] == "/goods"
            for said in ({}, {"email_verified": False}, {"email_verified": "true"}):
                provider.claims = {"email": "li@mine.example", **said}
                browser.cookies.clear()
                assert "email 未经验证" in come_back(browser).text
        secret.chmod(0o644)
        with pytest.raises(Unavailable) as exposed, node_at(home, environ):
            pass
        assert exposed.value.code == "file-exposed"


def test_a_new_key_of_the_provider_is_fetched(browser, provider):
    assert come_back(browser).status_code == 303
    provider.keys, provider.key, provider.algorithm = [PUBLISHED, LATER], LATER, "ES256"
    assert come_back(browser).headers["location"] == "/goods"


def wrong_key(provider):
    provider.key = OTHER


def none(provider):
    provider.algorithm = "none"


def shared_secret(provider):
    """Signed under the public key, as if that were a secret between us."""
    provider.algorithm = "HS256"


def claims(**changed):
    return lambda provider: provider.claims.update(changed)


def token(**answer):
    return lambda provider: setattr(provider, "token", answer)


LIES = {
    "wrong nonce": claims(nonce="of another browser"),
    "no nonce": claims(nonce=None),
    "wrong audience": claims(aud="another-node"),
    "two audiences": claims(aud=[CLIENT, "another-node"]),
    "made for another": claims(azp="another-node"),
    "wrong issuer": claims(iss="https://evil.example"),
    "no subject": claims(sub=None),
    "a subject that is no text": claims(sub=4711),
    "an empty subject": claims(sub=""),
    "expired": claims(exp=int(time()) - 3600),
    "no end": claims(exp=None),
    "not yet": claims(nbf=int(time()) + 3600),
    "from the future": claims(iat=int(time()) + 3600),
    "no algorithm": none,
    "wrong key": wrong_key,
    "a shared secret": shared_secret,
    "no token": token(access_token="x"),
    "a token of one part": token(id_token="x"),
    "a token that is none": token(id_token=[1]),
    "an error": token(error="<script>alert(1)</script>"),
}


@pytest.mark.parametrize("lie", LIES)
def test_lies_of_the_provider(browser, provider, lie):
    LIES[lie](provider)
    answer = come_back(browser)
    assert answer.status_code in (400, 401, 403, 422), answer.status_code
    assert "gave no answer that holds" in answer.text
    assert "<script>alert" not in answer.text
    assert "lodetrace_session" not in browser.cookies


BACK = {
    "another state": (lambda url: url.replace("state=", "state=x"), "begun elsewhere"),
    "no state": (lambda url: url.replace("state=", "stat="), "begun elsewhere"),
    "no code": (lambda url: url.replace("code=", "error=access_denied&cod="), "access_denied"),
    "another code": (lambda url: url.replace("code=", "code=x"), "invalid_grant"),
    "another issuer": (lambda url: url.replace("iss=", "iss=x"), "another issuer"),
}


@pytest.mark.parametrize("change", BACK)
def test_who_comes_back_with_something_else(browser, provider, change):
    changed, said = BACK[change]
    answer = come_back(browser, changed)
    assert said in answer.text
    assert "lodetrace_session" not in browser.cookies


def test_another_browser_cannot_end_what_this_one_began(browser, stage, provider):
    there = browser.get("/sign-in/elsewhere")
    returned = httpx.get(there.headers["location"], trust_env=False).headers["location"]
    with httpx.Client(trust_env=False, headers={"accept-language": "en"}) as other:
        assert "begun elsewhere" in other.get(returned).text
        other.cookies.set("lodetrace_ticket", "a.b.c")
        assert "begun elsewhere" in other.get(returned).text
    assert browser.get(returned).status_code == 303
    assert "begun elsewhere" in browser.get(returned).text, "and once only"


def test_where_it_leads_on_is_here(browser, provider):
    there = browser.get("/sign-in/elsewhere", params={"next": "https://evil.example/"})
    asked = parse_qs(urlsplit(there.headers["location"]).query)
    assert asked["redirect_uri"] == [f"{browser.base_url}".rstrip("/") + "/sign-in/back"]
    answer = browser.get(httpx.get(there.headers["location"], trust_env=False).headers["location"])
    assert answer.headers["location"] == "/"


ABOUT = {
    "another issuer": {"issuer": "https://evil.example"},
    "an address that is none": {"token_endpoint": "javascript:alert(1)"},
    "no keys": {"jwks_uri": None},
}


@pytest.mark.parametrize("said", ABOUT)
def test_a_provider_that_describes_itself_wrongly(home, said):
    with providing() as provider:
        provider.about = ABOUT[said]
        environ = {"LODETRACE_OIDC_ISSUER": provider.url, "LODETRACE_OIDC_CLIENT_ID": CLIENT}
        with node_at(home, environ) as (_, url):
            answer = httpx.get(f"{url}/sign-in/elsewhere", trust_env=False, headers={"accept-language": "en"})
            assert answer.status_code == 503
            assert "cannot be used now" in answer.text


def test_a_provider_that_is_away_and_a_node_without_one(home, node):
    environ = {"LODETRACE_OIDC_ISSUER": "http://127.0.0.1:9", "LODETRACE_OIDC_CLIENT_ID": CLIENT}
    node.stop()
    with node_at(home, environ) as (_, url):
        answer = httpx.get(f"{url}/sign-in/elsewhere", trust_env=False)
        assert (answer.status_code, "口令" in answer.text) == (503, True)
    with node_at(home, {}) as (_, url):
        for path in ("/sign-in/elsewhere", "/sign-in/back?state=&code=x"):
            assert httpx.get(f"{url}{path}", trust_env=False).status_code == 404
        assert "elsewhere" not in httpx.get(f"{url}/sign-in", trust_env=False).text


def test_half_an_issuer_is_no_setting(home):
    with pytest.raises(Malformed) as wrong:
        config.load(home, {"LODETRACE_OIDC_ISSUER": "https://sso.example"})
    assert "oidc_client_id is missing" in wrong.value.text()


# -- a web server in front ----------------------------------------------------------------------------------------

HEADER = {"LODETRACE_PROXY_HEADER": "X-Remote-User"}


def asked_by(url, user, path="/goods", cookies=None):
    with httpx.Client(base_url=url, trust_env=False, cookies=cookies, follow_redirects=True) as client:
        client.headers.update({"x-remote-user": user, "accept-language": "en"} if user else {"accept-language": "en"})
        return client.get(path), client.cookies


def test_whom_a_web_server_in_front_has_signed_in(home, node):
    hire(node.store, "Li", "clerk", system_clock, subject="li")
    hire(node.store, "王", "clerk", system_clock, subject="wáng")
    node.stop()
    with node_at(home, HEADER) as (_, url):
        answer, cookies = asked_by(url, "li")
        assert (answer.status_code, answer.url.path) == (200, "/goods")
        assert "<h1>Li</h1>" in asked_by(url, "li", "/me", cookies)[0].text
        other, _ = asked_by(url, "wáng".encode(), "/me", cookies)
        assert "<h1>王</h1>" in other.text, "somebody else sits there now"
        stranger, _ = asked_by(url, "nobody", "/me")
        assert (stranger.url.path, "nobody here has that name" in stranger.text) == ("/sign-in", True)
        assert asked_by(url, "")[0].url.path == "/sign-in"
        left, _ = asked_by(url, "li", "/sign-in?out=true")
        assert left.url.path == "/sign-in"


@pytest.mark.parametrize(
    "environ",
    [{**HEADER, "LODETRACE_PROXY_ADDRESSES": '["192.0.2.1","198.51.100.0/24"]'}, {}],
    ids=["elsewhere", "off"],
)
def test_from_any_other_address_a_name_is_nothing(home, node, caplog, environ):
    hire(node.store, "Li", "clerk", system_clock, subject="li")
    node.stop()
    with node_at(home, environ) as (_, url):
        for _ in range(3):
            answer, _ = asked_by(url, "li")
            assert answer.url.path == "/sign-in"
            forged = httpx.get(
                f"{url}/sign-in",
                headers={"x-remote-user": "li", "x-forwarded-for": "192.0.2.1", "x-forwarded-proto": "https"},
                trust_env=False,
            )
            assert (forged.status_code, "set-cookie" in forged.headers) == (200, False)
    told = [record for record in caplog.records if "proxy_addresses" in record.getMessage()]
    assert len(told) == (1 if environ else 0)


def test_a_name_that_is_there_twice_is_nobodys(home, node):
    hire(node.store, "Li", "clerk", system_clock, subject="li")
    node.stop()
    with node_at(home, HEADER) as (_, url):
        twice = [("x-remote-user", "li"), ("x-remote-user", "chen")]
        assert httpx.get(f"{url}/sign-in", headers=twice, trust_env=False).status_code == 200
