"""`lodetrace certificate …` against a served node; and a certificate checked with nothing but files."""

import pytest

from tests.nodes.printing import reading


@pytest.fixture
def files(mine, federation, lot, tmp_path):
    """A certificate, the evidence of its goods, and a buyer's policy, as files."""
    done = mine("certificate", "issue", lot, "--number", "QC-7", "--out", tmp_path / "c.pdf", "--json").fine().json
    mine("evidence", lot, "--out", tmp_path / "e.json").fine()
    trust = federation["mine"].home.parent / "trust.txt"
    return done, tmp_path / "c.pdf", ("--evidence", tmp_path / "e.json", "--trust", trust)


def test_issued_listed_and_fetched_again(mine, lot, files, tmp_path):
    done, pdf, _ = files
    assert reading.codes(reading.pdf_pages(pdf.read_bytes())[0]) == [done["url"]]
    listed = mine("certificate", "list", "--batch", lot, "--json").fine().json["certificates"]
    assert [one["no"] for one in listed] == [done["no"]]
    assert done["check_code"] in mine("certificate", "list").fine().out
    mine("certificate", "fetch", done["no"], "--out", tmp_path / "again.pdf").fine()
    assert (tmp_path / "again.pdf").read_bytes() == pdf.read_bytes()
    assert "check code" in mine("certificate", "issue", lot).fine().out
    assert mine("certificate", "issue").code == 2


def test_checked_offline(run, lot, files):
    done, pdf, more = files
    found = run("certificate", "verify", pdf, *more, "--json").fine().json
    assert found["contents"] == done["contents"]
    assert lot in run("certificate", "verify", pdf, *more).fine().out


def test_an_altered_one_is_found_out_offline(run, files, tmp_path, mine, lot):
    _, pdf, more = files
    content = pdf.read_bytes()
    start = content.index(b"lodetrace-certificate ") + 22
    code = content[start : start + 188]
    told = content.index(b" ", start) + 9
    other = b"A" if content[told : told + 1] != b"A" else b"B"
    changed = {
        "certificate-altered": content[:told] + other + content[told + 1 :],
        "certificate-maker-unknown": content.replace(code, code[:4] + b"AAAA" + code[8:]),
        "certificate-forged": content.replace(code, code[:150] + b"AAAA" + code[154:]),
        "certificate-unread": b"%PDF-1.3 a scan",
    }
    for expected, altered in changed.items():
        (tmp_path / "altered.pdf").write_bytes(altered)
        done = run("certificate", "verify", tmp_path / "altered.pdf", *more, "--json")
        assert (done.code, done.json["code"]) == (1, expected)
    gone = run("certificate", "verify", tmp_path / "gone.pdf", *more, "--json")
    assert (gone.code, gone.json["code"]) == (1, "file-unreadable")


def test_the_evidence_of_other_goods_proves_nothing(run, mine, files, tmp_path):
    _, pdf, more = files
    ore = ("--product", "prnd_oxide", "--origin", "mined", "--country", "CN", "--site", "pit-1")
    mine("batch", "register", *ore, "--lot", "OTHER-C", "--net", "1 t").fine()
    mine("evidence", "OTHER-C", "--out", tmp_path / "other.json").fine()
    done = run("certificate", "verify", pdf, "--evidence", tmp_path / "other.json", *more[2:], "--json")
    assert (done.code, done.json["code"]) == (1, "certificate-other-evidence")
