"""Corrections by two persons, books of a month, findings and their answers, quotas and attestations, between nodes."""

import csv
import io
import sqlite3
from contextlib import closing
from urllib.parse import quote

import pytest

from ledger.errors import Unverified
from nodes.auditing import audit, from_deposits, from_store, open_home
from nodes.findings import Inspection, OwnBook
from nodes.inspecting import COLUMNS, printed
from nodes.store import log, upstream
from nodes.store.engine import Store
from tests.bookkeeping import (
    ASSAY,
    AUTHORITY,
    EVENTS,
    MINE,
    NAMES,
    PLANT,
    as_supervisor,
    play,
    recorded,
    register,
    world,
)
from tests.world import kg, until


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """The story, and the nodes still running. Leaving it audits all logs and rebuilds all tables."""
    with world(tmp_path_factory.mktemp("bookkeeping")) as made:
        yield play(made)


def code(reply):
    assert reply.status >= 400, reply.body
    return reply.json()["code"]


def entry(member, index):
    return member.get(f"/api/v1/entries?after={index - 1}&limit=1")["entries"][0]


# -- corrections --------------------------------------------------------------------------------------------------


def test_words_are_amended_at_once_and_found_by(told):
    assert told.amended["corrected"] == [1]
    assert told.mine.get("/api/v1/batches/A-01")["lot_no"] == "A-01"
    assert code(told.mine.ask("GET", "/api/v1/batches/A-1")) == "batch-unknown"


def test_what_moves_goods_is_recorded_by_one_and_approved_by_another(told):
    recorded = entry(told.mine, told.reversed["entry"]["index"])["event"]["recorded"]
    assert (recorded["by"], recorded["approved_by"]) == ("Li", "Wang")


def test_nobody_approves_his_own_correction(told):
    draft = told.mine.post("/api/v1/corrections", {"kind": "reverse", "entry": 3, "reason": "x"})
    assert code(draft) == "reversal-of-used"  # rehearsed: a clerk hears at once what nobody could approve
    body = {"kind": "adjust", "reason": "x", "lines": [{"entry": 3, "side": "made", "batch": "A-3", "less": kg("1")}]}
    body["at"] = "2026-12-05T08:00:00+08:00"
    draft = told.mine.post("/api/v1/corrections", body).json()
    assert (draft["state"], draft["waits_for"]) == ("waiting", "supervisor")
    path = f"/api/v1/drafts/{draft['draft']}"
    assert code(told.mine.ask("POST", f"{path}/approval", b"", headers={"idempotency-key": "own"})) == "role-too-low"
    own = as_supervisor(told.mine, "POST", f"{path}/approval", {}, owner="Li")
    assert code(own) == "approval-by-oneself"
    assert draft["draft"] in [
        one["draft"] for one in as_supervisor(told.mine, "GET", "/api/v1/drafts").json()["drafts"]
    ]
    changed = told.mine.ask("PUT", path, {"verb": "correct", "body": body})
    assert code(changed) == "draft-waiting"
    assert told.mine.ask("DELETE", path).status == 204
    assert code(as_supervisor(told.mine, "POST", f"{path}/approval", {})) == "draft-unknown"


def test_goods_of_a_shipment_are_adjusted_on_both_sides(told):
    (batch,) = [one for one in told.plant.get("/api/v1/batches?on_hand=true")["batches"] if one["mg"]]
    assert batch["mg"] == 45_000_000
    assert told.mine.get("/api/v1/batches/A-01")["mg"] == 45_000_000
    consent = entry(told.mine, told.taken["entry"]["index"])["event"]["consent"]
    assert (consent["log"], consent["leaf"]) == ("plant.example/log", told.given["entry"]["leaf"])


# -- drafts -------------------------------------------------------------------------------------------------------


def test_a_draft_is_sealed_once(told):
    origin = {"class": "mined", "country": "CN"}
    body = {"product": "ion_clay_mixed_oxide", "lot_no": "D-9", "quantity": kg("3"), "origin": origin}
    saved = told.mine.post("/api/v1/drafts", {"verb": "register", "body": {"product": 7}})
    path = f"/api/v1/drafts/{saved.json()['draft']}"
    assert (saved.status, saved.json()["state"]) == (201, "open")
    assert code(told.mine.post(f"{path}/sealing", {})) == "fields-wrong"
    assert told.mine.ask("PUT", path, {"verb": "register", "body": body}).json()["body"] == body
    assert code(as_supervisor(told.mine, "POST", f"{path}/sealing", {})) == "draft-not-yours"
    assert code(as_supervisor(told.mine, "POST", f"{path}/approval", {})) == "draft-not-yours"
    first, again = (told.mine.post(f"{path}/sealing", {}) for _ in range(2))
    assert (first.status, first.json()) == (201, again.json())
    assert told.mine.get("/api/v1/batches/D-9")["mg"] == 3_000_000
    assert code(told.mine.ask("GET", path)) == "draft-unknown"


def test_the_same_key_keeps_one_draft(told):
    body = {"verb": "report", "body": {}}
    one, other = (told.mine.post("/api/v1/drafts", body, key="same") for _ in range(2))
    assert one.json() == other.json()
    assert code(told.mine.post("/api/v1/drafts", {"verb": "report", "body": {"x": 1}}, key="same")) == (
        "key-of-other-request"
    )
    assert code(told.mine.post("/api/v1/drafts", {"verb": "attest", "body": {}})) == "verb-unknown"


# -- books --------------------------------------------------------------------------------------------------------


def test_a_closed_month_commits_to_its_books(told):
    books = told.mine.get("/api/v1/balances?month=2026-11")
    assert books["closed"]
    sealed = entry(told.mine, told.closed["entry"]["index"])["event"]["books.authority"]
    assert sealed == [{"rows": [[row["element"], *(row[name] for name in COLUMNS)] for row in books["rows"]]}]
    assert {row["element"] for row in books["rows"]} == {"Nd", "Pr", "Dy"}
    for row in books["rows"]:
        ug = {name: int(row[name]) for name in COLUMNS}
        closing = (
            ug["opening_ug"] + ug["entered_ug"] - ug["left_ug"] + ug["made_ug"] - ug["lost_ug"] + ug["revalued_ug"]
        )
        assert closing == ug["closing_ug"]


def test_months_are_closed_in_their_order_once_and_when_they_are_over(told):
    for month, expected in {"2026-11": "month-closed", "2026-12": "month-not-over"}.items():
        assert code(as_supervisor(told.mine, "POST", "/api/v1/periods", {"month": month})) == expected
    assert code(told.mine.post("/api/v1/periods", {"month": "2026-11"})) == "role-too-low"
    register(told.plant, "L-1", "10", at="2026-09-03T08:00:00+08:00", assay=ASSAY)
    early = as_supervisor(told.plant, "POST", "/api/v1/periods", {"month": "2026-10"})
    assert (code(early), early.json()["value"]) == ("month-before-open", "2026-10")
    for month in ("2026-09", "2026-10"):
        assert as_supervisor(told.plant, "POST", "/api/v1/periods", {"month": month}).status == 201
    assert told.plant.get("/api/v1/periods")["closed"] == ["2026-09", "2026-10"]


def test_the_books_as_a_spreadsheet(told):
    reply = told.mine.ask("GET", "/api/v1/balances?month=2026-11&format=csv")
    assert reply.body.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(reply.body.decode("utf-8-sig"))))
    shown = told.mine.get("/api/v1/balances?month=2026-11")["rows"]
    assert rows == [{name: row[name] for name in ("element", *COLUMNS)} for row in shown]


def test_another_start_finds_the_same(told):
    node = told.mine.node
    book = OwnBook(node.settings, node.rulesets)
    fresh, running = Inspection(node.store, node.rulesets, book), node.inspection
    assert [one.as_json() for one in fresh.findings()] == [one.as_json() for one in running.findings()]
    assert printed(fresh.books("2026-12")[0]) == printed(running.books("2026-12")[0])


# -- findings -----------------------------------------------------------------------------------------------------


def test_a_clerk_hears_at_once_what_cannot_be(told):
    assert "element-gain" in [one["code"] for one in told.gain["warnings"]]
    assert all(one["reason"] and one["reason_zh"] for one in told.gain["warnings"])


def test_findings_are_listed_answered_and_grouped(told):
    gain = next(one for one in told.findings if one["rule"] == "element-gain")
    now = told.mine.get(f"/api/v1/findings/{gain['id']}")
    assert (gain["open"], now["open"]) == (True, False)
    assert now["answers"][0]["entry"] == told.answer["entry"]["index"]
    asked = told.mine.get(f"/api/v1/findings?open=false&severity={gain['severity']}&month=2026-11")["findings"]
    assert [one["id"] for one in asked] == [gain["id"]]
    cases = told.mine.get("/api/v1/cases")["cases"]
    assert sorted(one["id"] for case in cases for one in case) == sorted(
        one["id"] for one in told.mine.get("/api/v1/findings")["findings"]
    )
    unknown = told.mine.post("/api/v1/answers", {"finding": "0" * 16, "text": "?"})
    assert code(unknown) == "finding-unknown"


# -- quotas and attestations --------------------------------------------------------------------------------------


def test_what_is_mined_counts_against_the_quota(told):
    (account,) = told.mine.get("/api/v1/quotas")["accounts"]
    assert (account["holder"], account["granted_mg"]) == (MINE, 200_000_000)
    # A-1 with 10 kg less, A-3; A-2 was reversed.
    assert (account["used_mg"], account["pending_mg"]) == ((90 + 100) * 921_000, 0)
    (same,) = [one for one in told.authority.get("/api/v1/quotas")["accounts"] if one["holder"] == MINE]
    assert same == account


def test_only_the_authority_grants_and_attests(told):
    grant = {"kind": "mining", "year": 2026, "batch": 1, "feed_class": "ion_mid_y"}
    reply = as_supervisor(told.mine, "POST", "/api/v1/quotas", {"to": MINE, **grant, "quantity": kg("1", basis="reo")})
    assert code(reply) == "only-the-authority"
    assert (
        code(as_supervisor(told.mine, "POST", "/api/v1/attestations", {"log": f"{MINE}/log"})) == "only-the-authority"
    )
    nobody = as_supervisor(told.authority, "POST", "/api/v1/attestations", {"log": "nobody.example/log"})
    assert code(nobody) == "deposits-incomplete"


def test_an_authority_that_grants_to_itself_brings_nothing_to_itself(told):
    quota = {"kind": "separation", "year": 2026, "batch": 1, "feed_class": "rock", "quantity": kg("1", basis="reo")}
    granted = recorded(told.authority, "/api/v1/quotas", {"to": AUTHORITY, **quota})
    assert outgoing(told.authority, granted) == []


@pytest.mark.parametrize(
    ("group", "told_to"),
    [("中国稀土集团", [MINE]), ("China Rare Earth Group", [MINE]), (PLANT, [MINE, PLANT]), (MINE, [MINE])],
)
def test_a_group_of_a_name_of_its_own_has_an_account_and_no_notice(told, group, told_to):
    quota = {"kind": "separation", "year": 2027, "batch": 1, "feed_class": "rock", "quantity": kg("1", basis="reo")}
    granted = recorded(told.authority, "/api/v1/quotas", {"to": MINE, "group": group, **quota})
    assert granted["group"] == group
    assert outgoing(told.authority, granted) == told_to
    index = granted["entry"]["index"]
    until(lambda: upstream_has(told.mine, index), "the company hears of it")
    for member in (told.mine, told.authority):
        holders = {one["holder"] for one in member.get("/api/v1/quotas")["accounts"] if one["year"] == "2027"}
        assert holders >= {MINE, f"group:{group}"}


def upstream_has(member, index):
    with member.node.store.read() as conn:
        return bool(upstream.at(conn, [(f"{AUTHORITY}/log", index)]))


def outgoing(member, granted):
    """To whom an entry goes."""
    with closing(sqlite3.connect(member.home / "node.db")) as conn:
        rows = conn.execute("SELECT to_name FROM deliveries WHERE entry_no = ?", (granted["entry"]["index"],))
        return [name for (name,) in rows]


def test_an_attestation_says_what_the_audit_bore_out(told):
    assert "custody" in told.attested["checks"]
    assert "provenance" in told.attested["checks"]
    with told.mine.node.store.read() as conn:
        (told_of,) = upstream.openings_of(conn, "attested")
        head = log.head(conn)
    assert told_of.entry.event.scalar("attestation")["root"] == told.attested["root"]
    assert told_of.entry.log == f"{AUTHORITY}/log"
    assert told.attested["size"] <= head.size


# -- audits -------------------------------------------------------------------------------------------------------


def test_all_of_it_holds_in_homes_and_as_deposited(told):
    types = set()
    for member in (told.mine, told.plant, told.authority):
        with closing(open_home(member.home)) as store:
            report = audit(from_store(store))
            with store.read() as conn:
                types |= {row[0] for row in conn.execute("SELECT DISTINCT type FROM entries")}
        assert report.unchecked == 0
    assert types >= EVENTS
    deposited = audit(from_deposits(told.authority.node.store, f"{MINE}/log"))
    assert deposited.unchecked == 0
    assert "element-gain" in [one.rule for one in deposited.findings]
    assert len(NAMES) == 3


AS_REGISTERED = """INSERT INTO states SELECT 'makeup', id, '{}' FROM batches
    WHERE id NOT IN (SELECT key FROM states WHERE kind = 'makeup')"""
"""A composition kept of goods whose entry alone says what they are made of."""


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ("UPDATE flows SET body = replace(body, 'Dy', 'Tb') WHERE body LIKE '%Dy%'", "flow-differs"),
        ("DELETE FROM flows", "flow-differs"),
        ("UPDATE states SET body = replace(body, '\"mg\":', '\"mg\":1') WHERE kind = 'makeup'", "composition-differs"),
        ("INSERT INTO states VALUES ('makeup', 'stranger', '{}')", "composition-differs"),
        (AS_REGISTERED, "composition-differs"),
    ],
)
def test_tables_of_contents_that_the_log_does_not_imply(told, tmp_path, change, expected):
    home = tmp_path / "node.db"
    with told.mine.node.store.read() as conn, closing(sqlite3.connect(home)) as copy:
        conn.backup(copy)
        assert copy.execute(change).rowcount > 0
        copy.commit()
    with closing(Store.open(home)) as store:
        source = from_store(store)
        with pytest.raises(Unverified) as found:
            audit(source)
    assert found.value.code == expected


# -- what others see ----------------------------------------------------------------------------------------------


def test_a_batch_tells_what_was_corrected_behind_it(told):
    mine = told.mine.get("/api/v1/batches/A-01")
    assert mine["corrections"] == [{"log": f"{MINE}/log", "index": 1, "kinds": ["amended", "adjusted"]}]
    assert mine["upstream_corrections"] == []
    assert mine["status"] == {"held": False, "recalled": False, "pledged": False}
    here = told.plant.get("/api/v1/batches?on_hand=true")["batches"]
    (batch,) = [one["batch"] for one in here if one["batch"].startswith(MINE)]
    found = told.plant.get(f"/api/v1/batches/{quote(batch, safe='')}")
    known = {(one["log"], *one["kinds"]) for one in found["upstream_corrections"]}
    assert known >= {("plant.example/log", "adjusted"), (f"{MINE}/log", "adjusted")}


def test_a_label_of_corrected_goods_says_so(told):
    (unit,) = told.mine.pack("A-01", "U-77", net="1")
    token = unit["label_url"].rpartition("/q/")[2]
    until(lambda: told.mine.ask("GET", f"/q/{token}?lang=en", role=None).status == 200, "the entry is published")
    program = {"accept": "application/json"}
    assert told.mine.ask("GET", f"/q/{token}", role=None, headers=program).json()["status"] == "corrected"
    for language, words in {"en": "put right since", "zh": "已冲销"}.items():
        page = told.mine.ask("GET", f"/q/{token}?lang={language}", role=None, headers={"accept": "text/html"})
        assert words in page.body.decode()
