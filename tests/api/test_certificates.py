"""Certificates over HTTP: issued, drawn, read back by a scanner, confirmed to anybody, and found out when altered."""

import json
import re
from base64 import b64decode
from urllib.parse import urlsplit

import pytest

from ledger.certificates import Certificate, check_code, check_contents, make_code, open_code
from ledger.errors import Malformed, Unverified
from ledger.log.notes import Ed25519Signer
from nodes.certificates import url_of
from nodes.store import certificates, log
from tests.nodes.printing import reading
from tests.world import until

ASSAY = {
    "basis": "ignited",
    "total_reo_pct": "99.2",
    "distribution_pct": [["Pr", "25.1"], ["Nd", "74.9"]],
    "uncertainty_pct": {"total_reo_pct": "0.3", "distribution_pct": [["Nd", "0.4"]]},
    "loi_pct": "0.6",
    "lab": "赣州检测中心 <b>",
    "method": "ICP-OES",
    "certificate_no": "R-77",
    "status": "final",
}
NAMED = {
    "en": ("Total as oxides", "99.2 %", "Loss on ignition", "ion-adsorption ore, mid Y, rich in Eu"),
    "zh": ("稀土氧化物总量", "99.2 %", "灼减", "离子型稀土矿（中钇富铕）"),
}


@pytest.fixture
def clerk(client, token_of, node):
    headers, count = token_of("clerk"), iter(range(10**6))

    def post(path, body, key=None):
        return client.post(path, headers={**headers, "idempotency-key": key or f"c{next(count)}"}, json=body)

    body = {
        "product": "prnd_oxide",
        "lot_no": "PN-7",
        "site": "main",
        "quantity": {"value": "500", "unit": "kg"},
        "origin": {"class": "mined", "country": "CN", "feed_class": "ion_mid_y"},
        "assay": ASSAY,
    }
    made = post("/api/v1/batches", body)
    assert made.status_code == 201, made.text
    _published(node)
    post.get = lambda path, **rest: client.get(path, headers={**headers, **rest.pop("headers", {})}, **rest)
    return post


def _published(node):
    def whole():
        with node.store.read() as conn:
            newest = log.shown_checkpoint(conn)
            return newest is not None and newest[0] == log.head(conn).size

    until(whole)


def issue(clerk, **more):
    answer = clerk("/api/v1/certificates", {"batch": "PN-7", "number": "QC-1", "standard": "GB/T 20892-2020", **more})
    assert answer.status_code == 201, answer.text
    return answer.json()


def test_a_certificate_says_what_the_books_say(clerk):
    one = issue(clerk, grade="PrNd-75")
    told = one["contents"]
    assert (told["lot_no"], told["mg"], told["basis"], told["country"]) == ("PN-7", "500000000", "net", "CN")
    assert (told["grade"], told["standard"], told["number"]) == ("PrNd-75", "GB/T 20892-2020", "QC-1")
    assert told["assay"]["distribution_pct"] == ASSAY["distribution_pct"]
    assert told["assay"]["rank"] == "final"
    assert told["origin"]["standing"] == "claimed"
    assert {row["country"] for element in told["origin"]["elements"] for row in element["rows"]} == {"CN"}


def test_on_paper_it_is_read_the_same_each_time(clerk):
    one = issue(clerk)
    pdf = clerk.get(one["pdf"])
    assert pdf.headers["content-type"] == "application/pdf"
    assert clerk.get(one["pdf"]).content == pdf.content
    [page] = reading.pdf_pages(pdf.content)
    assert reading.codes(page) == [one["url"]]
    words = reading.pdf_text(pdf.content)
    for told in (
        "质量证明书",
        "信丰矿业",
        "PN-7",
        "500 kg",
        "99.2",
        "0.3",
        "74.9",
        "赣州检测中心 <b>",
        "ICP-OES",
        "R-77",
        "QC-1",
    ):
        assert told in words, told
    assert one["check_code"] in words


def test_the_paper_carries_what_a_program_checks_offline(clerk, node):
    one = issue(clerk)
    pdf = clerk.get(one["pdf"]).content
    carried = pdf[pdf.index(b"lodetrace-certificate ") :].partition(b")")[0].decode().split(" ")

    def authors(_):
        return [(node.origin, node.identity.author.verifier)]

    certificate = open_code(carried[1], authors)
    told = check_contents(b64decode(carried[2]), certificate)
    assert told == one["contents"]
    assert certificate == open_code(one["url"], authors)
    altered = b64decode(carried[2]).replace(b"99.2", b"99.9")
    with pytest.raises(Unverified) as found:
        check_contents(altered, certificate)
    assert found.value.code == "certificate-altered"


def test_anybody_who_scans_is_told_what_was_issued_and_what_became_of_the_goods(clerk, client, token_of, node):
    one = issue(clerk)
    path = urlsplit(one["url"]).path
    found = client.get(path, headers={"accept": "application/json"}).json()
    assert (found["genuine"], found["status"], found["newer"]) == (True, "valid", False)
    assert found["contents"] == one["contents"]
    for language, words in (("en", "This certificate was issued here"), ("zh", "该证书确由本单位签发")):
        page = client.get(path, headers={"accept": "text/html", "accept-language": language})
        assert page.status_code == 200
        assert words in page.text
        assert one["check_code"] in page.text
        assert "赣州检测中心 &lt;b&gt;" in page.text
        assert not {"ion_mid_y", "total_reo_pct", "loi_pct"} & set(re.findall(r"[a-z_]+", page.text))
        for word in NAMED[language]:
            assert word in page.text
    held = {"kind": "quality", "reason": "x", "lines": [{"batch": "PN-7", "quantity": {"value": "1", "unit": "kg"}}]}
    supervisor = {**token_of("supervisor", "Chen"), "idempotency-key": "hold"}
    assert client.post("/api/v1/holds", headers=supervisor, json=held).status_code == 201
    _published(node)
    issue(clerk, number="QC-2")
    after = client.get(path, headers={"accept": "application/json"}).json()
    assert (after["status"], after["newer"]) == ("held", True)
    assert after["contents"] == one["contents"]


def test_a_forged_code_is_told_and_so_is_one_of_nobody_here(clerk, client, node, problem):
    one = issue(clerk)
    token = one["url"].rpartition("/c/")[2]
    forged = token[:-6] + ("A" if token[-6] != "A" else "B") + token[-5:]
    accept = {"accept": "application/json"}
    problem(client.get(f"/c/{forged}", headers=accept), 422, "certificate-forged")
    assert "certificate" in client.get(f"/c/{forged}", headers={"accept": "text/html", "accept-language": "en"}).text
    stranger = Ed25519Signer.from_seed("nobody.example/author", bytes(32))
    strange = make_code(Certificate("nobody.example/log", 1, bytes(32), bytes(32)), stranger)
    problem(client.get(f"/c/{strange}", headers=accept), 422, "certificate-maker-unknown")
    never = make_code(Certificate(node.origin, 1, bytes(32), bytes(32)), node.identity.author)
    problem(client.get(f"/c/{never}", headers=accept), 404, "certificate-unknown")
    problem(client.get("/c/AAAA", headers=accept), 422, "malformed")
    with pytest.raises(Malformed):
        open_code("https://q.mine.example/q/AAAA", lambda _: [])


def test_the_same_key_is_one_certificate(clerk, problem):
    body = {"batch": "PN-7"}
    first = clerk("/api/v1/certificates", body, key="once").json()
    assert clerk("/api/v1/certificates", body, key="once").json() == first
    problem(clerk("/api/v1/certificates", {**body, "number": "2"}, key="once"), 409, "key-of-other-request")
    listed = clerk.get("/api/v1/certificates?batch=PN-7").json()["certificates"]
    assert listed == [first] == [clerk.get(f"/api/v1/certificates/{first['no']}").json()]


def test_of_a_line_of_a_shipment(clerk, node, problem):
    sent = {
        "to": {"outside": {"name": "Muster", "country": "DE"}},
        "purpose": "sale",
        "external_ref": "SO-1",
        "lines": [{"batch": "PN-7", "quantity": {"value": "20", "unit": "kg"}}],
    }
    shipment = clerk("/api/v1/shipments", sent).json()["shipment"]
    _published(node)
    one = clerk("/api/v1/certificates", {"shipment": "SO-1", "line": 0}).json()
    assert (one["contents"]["shipment"], one["contents"]["mg"]) == (shipment, "20000000")
    problem(clerk("/api/v1/certificates", {"shipment": "SO-1", "line": 1}), 422, "certificate-no-line")


def test_what_was_issued_cannot_be_changed_in_the_database(clerk, node):
    issue(clerk)
    for statement in ("UPDATE certificates SET batch = ''", "DELETE FROM certificates"):
        with pytest.raises(Exception, match="never"), node.store.write() as conn:
            conn.execute(statement)
    with node.store.read() as conn:
        [kept] = certificates.page(conn, before=2**62, limit=5)
    assert url_of(node, kept).endswith(kept.token)
    assert len(check_code(kept.digest)) == 8
    assert json.loads(kept.body)["form"] == "lodetrace certificate v1"
