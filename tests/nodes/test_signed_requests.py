from datetime import UTC, datetime, timedelta

import pytest

from ledger.errors import Unknown, Unverified
from nodes import identity
from nodes.signed_requests import SKEW, open_request, sign_request

BODY = b'{"cover":{}}'
URL = "http://metal.example:8470/inbox/handover"
PATH = "/inbox/handover"


@pytest.fixture(scope="module")
def mine(tmp_path_factory):
    return identity.create(tmp_path_factory.mktemp("mine"), "mine.example")


@pytest.fixture(scope="module")
def other(tmp_path_factory):
    return identity.create(tmp_path_factory.mktemp("other"), "other.example")


@pytest.fixture
def key_of(mine, other):
    keys = {known.name: known.peer.verifier for known in (mine, other)}

    def key_of(name):
        if name not in keys:
            raise Unknown("peer-unknown", field="to", value=name)
        return keys[name]

    return key_of


def test_what_is_signed_opens_to_its_sender(mine, key_of):
    headers = sign_request("POST", URL, BODY, mine)
    assert set(headers) == {"Content-Digest", "Signature-Input", "Signature"}
    assert open_request("POST", PATH, headers.items(), BODY, key_of) == "mine.example"


def test_the_host_may_change_on_the_way_and_case_of_names_too(mine, key_of):
    headers = sign_request("POST", "https://elsewhere.example" + PATH, BODY, mine)
    lines = [(name.lower(), value) for name, value in headers.items()] + [("host", "inside"), ("via", "proxy")]
    assert open_request("POST", PATH, lines, BODY, key_of) == "mine.example"


@pytest.mark.parametrize("age", [timedelta(0), SKEW - timedelta(seconds=5), -SKEW + timedelta(seconds=5)])
def test_clocks_may_differ_a_little(mine, key_of, age):
    headers = sign_request("POST", URL, BODY, mine, created=datetime.now(UTC) - age)
    assert open_request("POST", PATH, headers.items(), BODY, key_of) == "mine.example"


def refused(code, *request, key_of):
    with pytest.raises(Unverified) as caught:
        open_request(*request, key_of)
    assert caught.value.code == code
    return caught.value


@pytest.mark.parametrize("age", [SKEW + timedelta(seconds=5), -SKEW - timedelta(seconds=5)])
def test_an_old_request_and_one_from_the_future_are_refused(mine, key_of, age):
    headers = sign_request("POST", URL, BODY, mine, created=datetime.now(UTC) - age)
    refused("request-signature", "POST", PATH, headers.items(), BODY, key_of=key_of)


CHANGES = {
    "another body": lambda h: ("POST", PATH, h, BODY + b" "),
    "no body": lambda h: ("POST", PATH, h, b""),
    "another path": lambda h: ("POST", "/inbox/receipt", h, BODY),
    "another method": lambda h: ("PUT", PATH, h, BODY),
    "another digest": lambda h: ("POST", PATH, {**h, "Content-Digest": "sha-256=:" + "A" * 43 + "=:"}, BODY),
    "no digest": lambda h: ("POST", PATH, {k: v for k, v in h.items() if k != "Content-Digest"}, BODY),
    "no signature": lambda h: ("POST", PATH, {k: v for k, v in h.items() if k != "Signature"}, BODY),
    "a signature of nothing": lambda h: ("POST", PATH, {**h, "Signature": "peer=::"}, BODY),
    "garbage for a signature": lambda h: ("POST", PATH, {**h, "Signature": "\x00"}, BODY),
    "another key's name": lambda h: ("POST", PATH, swap(h, "mine.example/peer", "other.example/peer"), BODY),
    "another use of a key": lambda h: ("POST", PATH, swap(h, "mine.example/peer", "mine.example/author"), BODY),
    "a name without a use": lambda h: ("POST", PATH, swap(h, "mine.example/peer", "mine"), BODY),
    "another time": lambda h: ("POST", PATH, swap(h, "created=1", "created=2"), BODY),
    "another tag": lambda h: ("POST", PATH, swap(h, "lodetrace-peer", "lodetrace-user"), BODY),
    "the digest not covered": lambda h: ("POST", PATH, swap(h, ' "content-digest"', ""), BODY),
    "the path not covered": lambda h: ("POST", PATH, swap(h, ' "@path"', ""), BODY),
    "another algorithm": lambda h: ("POST", PATH, swap(h, "ed25519", "rsa-pss-sha512"), BODY),
}


def swap(headers, old, new):
    assert old in headers["Signature-Input"]
    return {**headers, "Signature-Input": headers["Signature-Input"].replace(old, new)}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_any_change_is_refused(mine, key_of, change):
    method, path, headers, body = change(sign_request("POST", URL, BODY, mine))
    refused("request-signature", method, path, headers.items(), body, key_of=key_of)


def test_every_changed_byte_of_the_signature_is_refused(mine, key_of):
    headers = sign_request("POST", URL, BODY, mine)
    start = headers["Signature"].index(":") + 1
    for place in range(start, start + 85, 4):  # the last character has bits to spare
        changed = "B" if headers["Signature"][place] == "A" else "A"
        signature = headers["Signature"][:place] + changed + headers["Signature"][place + 1 :]
        refused("request-signature", "POST", PATH, {**headers, "Signature": signature}.items(), BODY, key_of=key_of)


def test_a_second_digest_line_is_refused(mine, key_of):
    headers = [*sign_request("POST", URL, BODY, mine).items(), ("content-digest", "sha-256=:AAAA:")]
    refused("request-signature", "POST", PATH, headers, BODY, key_of=key_of)


def test_an_unsigned_request_is_called_so(key_of):
    error = refused("request-unsigned", "POST", PATH, [("content-type", "application/json")], BODY, key_of=key_of)
    assert "RFC 9421" in error.text()
    assert "RFC 9421" in error.text("zh")


def test_whoever_knows_the_keys_has_the_last_word(mine, tmp_path, key_of):
    stranger = identity.create(tmp_path, "stranger.example")
    headers = sign_request("POST", URL, BODY, stranger)
    with pytest.raises(Unknown) as caught:
        open_request("POST", PATH, headers.items(), BODY, key_of)
    assert (caught.value.code, caught.value.value) == ("peer-unknown", "stranger.example")
