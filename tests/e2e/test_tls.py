"""A node that speaks HTTPS itself, in a process of its own, with a certificate made here; and files that do not do."""

import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID

from nodes import people
from nodes.clock import system_clock
from nodes.config import load
from tests.e2e.test_serve import found
from tests.processes import SERVE
from tests.world import until

SECRET = "a long enough sentence"


def key_pem(key, passphrase=None):
    kept = NoEncryption() if passphrase is None else BestAvailableEncryption(passphrase)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, kept)


@pytest.fixture
def files(tmp_path):
    """A certificate for 127.0.0.1 and its key, the key under a passphrase, and the key of nobody."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mine")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    (tmp_path / "mine.crt").write_bytes(certificate.public_bytes(Encoding.PEM))
    (tmp_path / "mine.key").write_bytes(key_pem(key))
    (tmp_path / "closed.key").write_bytes(key_pem(key, b"a passphrase"))
    (tmp_path / "other.key").write_bytes(key_pem(ec.generate_private_key(ec.SECP256R1())))
    (tmp_path / "words.txt").write_text("no certificate")
    return tmp_path


def with_tls(files, key, cert="mine.crt"):
    return (*SERVE[:-1], "--tls-cert", str(files / cert), "--tls-key", str(files / key), "--home")


def reader(served, files):
    trusted = ssl.create_default_context(cafile=files / "mine.crt")
    return httpx.Client(base_url=f"https://127.0.0.1:{served.port}", verify=trusted, trust_env=False)


def answers(client):
    try:
        return client.get("/readyz").status_code == 200
    except httpx.TransportError:
        return False


@pytest.mark.parametrize(
    ("key", "environ"), [("mine.key", {}), ("closed.key", {"LODETRACE_PASSPHRASE": "a passphrase"})]
)
def test_pages_are_served_over_https_and_cookies_go_no_other_way(tmp_path, files, key, environ):
    served = found(tmp_path / "home", environ)
    with served.store() as store:
        people.hire(store, "Li", "clerk", system_clock, password=SECRET)
    served.start(serve=with_tls(files, key), wait=False, **environ)
    with reader(served, files) as client:
        until(lambda: answers(client) or not served.running, "it answers", 30)
        assert served.running, served.journal()
        given = [client.get("/sign-in?lang=en"), client.post("/sign-in", data={"name": "Li", "password": SECRET})]
        cookies = [one for answer in given for one in answer.headers.get_list("set-cookie")]
        assert {one.partition("=")[0] for one in cookies} == {"lodetrace_language", "lodetrace_session"}
        assert all("; secure" in one.lower() for one in cookies)
        assert "HttpOnly" in cookies[-1]
        assert client.get("/").status_code == 200
    with httpx.Client(trust_env=False) as plain, pytest.raises(httpx.TransportError):
        plain.get(f"http://127.0.0.1:{served.port}/readyz")
    assert f"https://127.0.0.1:{served.port}" in served.journal()
    served.stop()


@pytest.mark.parametrize(
    ("cert", "key", "said"),
    [
        ("mine.crt", "gone.key", "tls_key = "),
        ("gone.crt", "mine.key", "tls_cert = "),
        ("mine.crt", "other.key", "is not that of the certificate in"),
        ("mine.crt", "words.txt", "words.txt cannot be used for HTTPS"),
        ("words.txt", "mine.key", "words.txt cannot be used for HTTPS"),
        ("mine.crt", "closed.key", "LODETRACE_PASSPHRASE opens a closed key"),
        ("words.txt", "words.txt", "words.txt 不能用于 HTTPS"),
    ],
)
def test_files_that_do_not_do_are_named_before_anything_is_served(tmp_path, files, cert, key, said):
    served = found(tmp_path / "home")
    served.start(serve=with_tls(files, key, cert), wait=False)
    assert served.ended() == 1
    journal = served.journal()
    assert said in journal, journal
    assert "Traceback" not in journal


def test_a_certificate_without_a_key_is_no_setting(tmp_path, files):
    served = found(tmp_path / "home")
    served.start(wait=False, LODETRACE_TLS_CERT=str(files / "mine.crt"))
    assert served.ended() == 1
    assert "tls_key is missing" in served.journal()
    settings = load(served.home, {f"LODETRACE_TLS_{name.upper()}": str(files / f"mine.{end}") for name, end in PAIR})
    assert settings.url == settings.label_url == "https://127.0.0.1:8470"


PAIR = (("cert", "crt"), ("key", "key"))
