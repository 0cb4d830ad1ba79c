"""The organisation's own sign-in (https://openid.net/specs/openid-connect-core-1_0.html, authorization code flow).

    begin     where a browser goes to sign in, and a ticket that it keeps meanwhile in a cookie
    finish    what it comes back with → the name of a person there

The ticket holds state, nonce and the PKCE verifier (https://www.rfc-editor.org/rfc/rfc7636, S256): only the browser
that began can end it, and nothing is kept here. The ID token is believed after joserfc has checked its signature by a
key of the issuer, issuer, audience, times and nonce; which algorithms may sign is ours to say. Which person of ours
that is, nodes/people.py knows; nobody becomes one by signing in there.
"""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from hmac import compare_digest
from secrets import token_urlsafe
from typing import Any
from urllib.parse import quote_plus, urlencode, urlsplit

from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet

from ledger.errors import LodetraceError, Refusal, Unavailable
from nodes.clock import Clock
from nodes.config import Settings
from nodes.peers import Elsewhere
from nodes.posix import read_private

ALGORITHMS = ("RS256", "PS256", "ES256", "ES384")
"""Signatures that only the issuer can make: no `none`, and nothing under a secret that others share."""
TICKET_SECONDS = 600
LEEWAY_SECONDS = 60
NAME_MAX = 255


@dataclass(frozen=True, slots=True)
class Begun:
    """`url`: where the browser goes; `ticket`: what it keeps until it is back."""

    url: str
    ticket: str


class OwnSignIn:
    """One node's, if the settings name an issuer."""

    def __init__(self, settings: Settings, elsewhere: Elsewhere, clock: Clock) -> None:
        """Unavailable if the file with the secret may be read by others."""
        assert settings.oidc_issuer is not None, "the settings name an issuer"
        assert settings.oidc_client_id is not None, "and as whom it knows us"
        self._issuer, self._client, self._claim = settings.oidc_issuer, settings.oidc_client_id, settings.oidc_claim
        file = settings.oidc_secret
        self._secret = None if file is None else read_private(file).decode().strip()
        self._elsewhere, self._clock = elsewhere, clock
        self._about: Mapping[str, Any] = {}
        self._keys: Any = None

    async def begin(self, redirect: str, back: str) -> Begun:
        """`redirect`: our own address to come back to; `back`: the page that somebody wanted to see."""
        about = await self._discover()
        state, nonce, verifier = token_urlsafe(24), token_urlsafe(24), token_urlsafe(48)
        challenge = urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        asked = {
            "response_type": "code",
            "client_id": self._client,
            "redirect_uri": redirect,
            "scope": "openid profile email",
            "state": state,
            "nonce": nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        place = about["authorization_endpoint"]
        url = f"{place}{'&' if urlsplit(place).query else '?'}{urlencode(asked)}"
        return Begun(url, ".".join((state, nonce, verifier, urlsafe_b64encode(back.encode()).decode())))

    async def finish(self, ticket: str, given: Mapping[str, str], redirect: str) -> tuple[str, str]:
        """(the person's name there, the page that was wanted). Refusal for anything that does not hold."""
        parts = ticket.split(".")
        if len(parts) != 4 or not compare_digest(parts[0].encode(), given.get("state", "").encode()):
            raise Refusal("oidc-start-again", field="state")
        _, nonce, verifier, kept = parts
        try:
            back = urlsafe_b64decode(kept).decode()
        except (NotBase64, ValueError) as error:
            raise Refusal("oidc-start-again", field="state") from error
        if "code" not in given:
            said = _short(given.get("error", ""))
            raise _refused(f"it says {said}", f"其答复为 {said}")
        if given.get("iss", self._issuer) != self._issuer:  # https://www.rfc-editor.org/rfc/rfc9207
            raise _refused("it comes from another issuer", "来自其他 issuer")
        about = await self._discover()
        form = {
            "grant_type": "authorization_code",
            "code": given["code"],
            "redirect_uri": redirect,
            "client_id": self._client,
            "code_verifier": verifier,
        }
        answer = await self._ask(about["token_endpoint"], form, status=None)
        token = answer.get("id_token")
        if not isinstance(token, str):
            said = _short(answer.get("error", ""))
            raise _refused(f"no ID token ({said})", f"没有 ID token（{said}）")
        claims = await self._checked(token, nonce)
        name = claims.get(self._claim)
        if not isinstance(name, str) or not 0 < len(name) <= NAME_MAX:
            raise _refused(f"{self._claim} names nobody", f"{self._claim} 未指明人员")
        if self._claim == "email" and claims.get("email_verified") is not True:  # OpenID Connect Core, 5.7
            raise _refused("email is not verified", "email 未经验证")
        return name, back

    async def _checked(self, token: str, nonce: str) -> Mapping[str, Any]:
        """What an ID token says, once it holds (OpenID Connect Core, 3.1.3.7)."""
        try:
            try:
                opened = jwt.decode(token, await self._key_set(), algorithms=list(ALGORITHMS))
            except InvalidKeyIdError:  # the issuer has a new key
                opened = jwt.decode(token, await self._key_set(again=True), algorithms=list(ALGORITHMS))
            claims = opened.claims
            jwt.JWTClaimsRegistry(
                now=int(self._clock().timestamp()),
                leeway=LEEWAY_SECONDS,
                iss={"essential": True, "value": self._issuer},
                aud={"essential": True, "value": self._client},
                sub={"essential": True},
                exp={"essential": True},
                iat={"essential": True},
                nonce={"essential": True, "value": nonce},
            ).validate(claims)
        except (JoseError, ValueError, TypeError) as error:
            why = _short(str(error) or type(error).__name__)
            raise _refused(why, why) from error
        others = claims["aud"] != self._client and claims["aud"] != [self._client]
        if (others or "azp" in claims) and claims.get("azp") != self._client:
            raise _refused("it was made for somebody else", "并非为本节点签发")
        return claims

    # -- asking the issuer --------------------------------------------------------------------------------------

    async def _discover(self) -> Mapping[str, Any]:
        if not self._about:
            about = await self._ask(f"{self._issuer}/.well-known/openid-configuration")
            if about.get("issuer") != self._issuer:
                said = _short(about.get("issuer"))
                raise _away(self._issuer, f"It calls itself {said}.", f"其自称为 {said}。")
            for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
                wanted = ("https",) if self._issuer.startswith("https:") else ("http", "https")
                if not isinstance(about.get(name), str) or urlsplit(about[name]).scheme not in wanted:
                    raise _away(
                        self._issuer, f"Its {name} is no {wanted[0]} address.", f"其 {name} 不是 {wanted[0]} 地址。"
                    )
            self._about = about
        return self._about

    async def _key_set(self, *, again: bool = False) -> KeySet:
        if self._keys is None or again:
            about = await self._discover()
            found = await self._ask(about["jwks_uri"])
            try:
                self._keys = KeySet.import_key_set(found)  # type: ignore[arg-type]
            except (JoseError, ValueError, TypeError, KeyError) as error:
                raise _away(self._issuer, "Its keys cannot be read.", "无法读取其密钥。") from error
        assert isinstance(self._keys, KeySet), "they were just read"
        return self._keys

    async def _ask(
        self, url: str, form: Mapping[str, str] | None = None, *, status: int | None = 200
    ) -> Mapping[str, Any]:
        secret = None
        if form is not None and self._secret is not None:
            if self._takes_basic():  # https://www.rfc-editor.org/rfc/rfc6749, 2.3.1: written as in a form
                secret = quote_plus(self._client), quote_plus(self._secret)
            else:
                form = {**form, "client_secret": self._secret}
        try:
            reply = await self._elsewhere.ask(url, form, secret)
            found = reply.json()
        except LodetraceError as error:
            raise _away(self._issuer, error.text("en"), error.text("zh")) from error
        except (ValueError, RecursionError) as error:
            raise _away(self._issuer, f"HTTP {reply.status}, no JSON.", f"HTTP {reply.status}，不是 JSON。") from error
        if not isinstance(found, dict) or status not in (None, reply.status):
            raise _away(self._issuer, f"HTTP {reply.status}.", f"HTTP {reply.status}。")
        return found

    def _takes_basic(self) -> bool:
        """How the secret is told: as the standard prefers it, unless the issuer takes it in the form alone."""
        told = self._about.get("token_endpoint_auth_methods_supported")
        return not isinstance(told, list) or "client_secret_basic" in told


def _refused(en: str, zh: str) -> Refusal:
    return Refusal("oidc-refused", field="code", en=en, zh=zh)


def _away(issuer: str, en: str, zh: str) -> Unavailable:
    return Unavailable("oidc-unreachable", field="code", value=issuer, en=en, zh=zh)


def _short(text: Any) -> str:
    """What others wrote, fit for a sentence."""
    return json.dumps(text, ensure_ascii=True)[:120]
