"""Cases of an authority: opened from findings, assigned, asked, answered, closed, opened again; on pages and beside."""

import re
import sqlite3

import pytest

from nodes import tokens
from nodes.people import hire
from nodes.roll import SILENT_DAYS
from tests.hands import Hands, location
from tests.nodes.test_oversight import AUTHORITY, ONE, TWO
from tests.overseen import SCRIPT, overseen, worked_out


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    with overseen(tmp_path_factory.mktemp("cases")) as world:
        node = world[AUTHORITY].node
        hire(node.store, "Chen", "clerk", node.clock, password="a long enough sentence")
        yield world


@pytest.fixture
def chief(told):
    return Hands(told[AUTHORITY], role="supervisor")


def finding(told, rule):
    return next(one.finding for one in worked_out(told[AUTHORITY]).findings if one.finding.rule == rule)


def opened(told, hands, title, *rules):
    ids = [finding(told, rule).id for rule in rules]
    authority = told[AUTHORITY]
    reply = authority.ask(
        "POST",
        "/api/v1/oversight/cases",
        {"title": title, "findings": ids},
        headers={"idempotency-key": title},
    )
    assert reply.status == 201, reply.body
    return reply.json()["case"]


def step(told, case, role="supervisor", **body):
    headers = {"idempotency-key": f"{case} {sorted(body.items())}"}
    return told[AUTHORITY].ask("POST", f"/api/v1/oversight/cases/{case}/steps", body, role=role, headers=headers)


def test_a_case_from_its_opening_to_its_end(told, chief):
    one = finding(told, "document-overdrawn")
    where = f"/cases/new?finding={one.id}"
    assert where in chief.get(f"/oversight/{one.id}")
    empty = chief.post(where, {"findings": one.id, "title": ""})
    assert empty.status == 422
    assert 'id="wrong-title"' in empty.body.decode()
    case = location(chief.post(where, {"findings": one.id, "title": f"One paper {SCRIPT}"}))
    for path in ("/oversight", f"/oversight/{one.id}"):
        assert f'href="{case}"' in chief.get(path)
    page = chief.get(case)
    assert "&lt;script&gt;" in page
    assert SCRIPT not in page
    assert case in chief.get("/cases")
    assert f'href="{case}"' in chief.get(f"/oversight/{one.id}")
    assert "办理中" in Hands(told[AUTHORITY], "zh").get(case)

    assert location(chief.post(f"{case}?do=assigned", {"to": "Chen"})) == case
    assert "assigned to Chen" in chief.get(case)

    asking = chief.get(f"{case}?do=asked&organisation={TWO}")
    letter = re.search(r"<textarea[^>]*>(.*?)</textarea>", asking, re.DOTALL)[1]
    assert one.id in letter
    assert re.search("\u2068One paper [^\u2069\n]*\u202e[^\u2069\n]*\u2069, please answer", letter), (
        "it turns nothing else"
    )
    assert "your entries 1." in letter
    assert "150 kg" not in letter, "what others did is not told"
    chief.post(f"{case}?do=asked", {"organisation": TWO, "text": letter})
    assert f"Question asked</b> {TWO}" in chief.get(case)
    assert case in chief.get("/cases?state=asked")

    chief.post(f"{case}?do=answered", {"organisation": TWO, "text": "The paper is the other's."})
    assert case in chief.get("/cases?state=answered")
    chief.post(f"{case}?do=closed", {"text": "A fine.", "entry:int": ""})
    page = chief.get(case)
    assert case in chief.get("/cases?state=closed")
    for told_ in ("Opened", "Assigned", "The paper is the other&#39;s.", "A fine.", "Open it again"):
        assert told_ in page
    assert chief.post(f"{case}?do=noted", {"kind": "noted", "text": "late"}).status == 422
    chief.post(f"{case}?do=reopened", {"text": "The fine was lifted."})
    assert case in chief.get("/cases?state=open")


def test_what_organisations_answer_in_their_logs_is_beside_the_case(told, chief):
    case = opened(told, chief, "Gain", "element-gain")
    whole = told[AUTHORITY].get(f"/api/v1/oversight/cases/{case}")
    assert [one["text"] for one in whole["findings"][0]["answers"]] == [f"residues {SCRIPT}"]
    step(told, case, kind="asked", organisation=ONE, text="Why?")
    assert told[AUTHORITY].get(f"/api/v1/oversight/cases/{case}")["state"] == "asked", "it answered before it was asked"
    told[ONE].record("/api/v1/answers", {"finding": finding(told, "element-gain").id, "text": "now booked"})
    told.settle()
    worked_out(told[AUTHORITY])
    assert told[AUTHORITY].get(f"/api/v1/oversight/cases/{case}")["state"] == "answered"
    assert "now booked" in chief.get(f"/cases/{case}")


def test_findings_of_several_organisations_go_into_one_case(told, chief):
    case = opened(told, chief, "Both", "element-gain")
    more = finding(told, "document-overdrawn")
    fields = {"findings": more.id, "case": case, "title": ""}
    assert location(chief.post(f"/cases/new?finding={more.id}", fields)) == f"/cases/{case}"
    again = step(told, case, kind="added", findings=[more.id])
    assert again.status == 201
    whole = told[AUTHORITY].get(f"/api/v1/oversight/cases/{case}")
    assert [one["id"] for one in whole["findings"]] == [finding(told, "element-gain").id, more.id]
    assert whole["logs"] == [f"{ONE}/log", f"{TWO}/log"]


def test_the_same_request_does_one_step(told, chief):
    case = opened(told, chief, "Once", "element-gain")
    assert opened(told, chief, "Once", "element-gain") == case
    for _ in range(2):
        assert step(told, case, kind="noted", text="seen").status == 201
    told_ = told[AUTHORITY].get(f"/api/v1/oversight/cases/{case}")
    assert [one["kind"] for one in told_["steps"]] == ["opened", "noted"]
    headers = {"idempotency-key": "Once"}
    other = {"title": "Other", "findings": [finding(told, "element-gain").id]}
    reply = told[AUTHORITY].ask("POST", "/api/v1/oversight/cases", other, headers=headers)
    assert reply.json()["code"] == "key-of-other-request"


def test_who_may_do_what(told, chief):
    case = opened(told, chief, "Roles", "element-gain")
    clerk, viewer = Hands(told[AUTHORITY]), Hands(told[AUTHORITY], role="viewer")
    assert "do=closed" not in clerk.get(f"/cases/{case}")
    assert "do=noted" not in viewer.get(f"/cases/{case}")
    assert step(told, case, role="clerk", kind="closed", text="x").status == 403
    assert step(told, case, role="viewer", kind="noted", text="x").status == 403
    assert step(told, case, role="clerk", kind="noted", text="x").status == 201
    told[AUTHORITY]._tokens["wang"] = tokens.mint(told[AUTHORITY].node.store, "Wang", "supervisor", chief._member.clock)
    step(told, case, role="wang", kind="closed", text="done")
    steps = told[AUTHORITY].get(f"/api/v1/oversight/cases/{case}")["steps"]
    assert [one["by"] for one in steps] == ["Li", "Li", "Wang"]


def test_the_pack_is_had_on_the_page(told, chief):
    case = opened(told, chief, "Packed", "element-gain")
    page = chief.get(f"/cases/{case}")
    assert f"/cases/{case}/evidence-pack" in page
    headers = {"cookie": chief.cookies}
    reply = told[AUTHORITY].ask("GET", f"/cases/{case}/evidence-pack", role=None, headers=headers)
    assert (reply.status, reply.header("content-type")) == (200, "application/zip")
    part = told[AUTHORITY].ask(
        "GET", f"/cases/{case}/evidence-pack", role=None, headers={**headers, "hx-request": "true"}
    )
    assert f"case-{case}.zip" in part.body.decode()
    viewer = {"cookie": Hands(told[AUTHORITY], role="viewer").cookies}
    assert told[AUTHORITY].ask("GET", f"/cases/{case}/evidence-pack", role=None, headers=viewer).status == 403


def test_a_program_has_the_pack_as_a_job(told, chief):
    case, authority = opened(told, chief, "Packed by a program", "element-gain"), told[AUTHORITY]
    where = f"/api/v1/oversight/cases/{case}/evidence-pack"
    assert authority.ask("POST", where, role="viewer").status == 403
    reply = authority.ask("POST", where)
    assert reply.status == 202, reply.body
    job = authority.node.jobs.get(reply.json()["job"])
    assert job.ended.wait(60)
    again = authority.ask("POST", where).json()
    assert (again["job"], again["state"], again["name"]) == (job.id, "done", f"case-{case}.zip")
    made = authority.ask("GET", again["result"])
    assert (made.status, made.body[:2]) == (200, b"PK")
    assert told[ONE].ask("POST", where).json()["code"] == "only-the-authority"
    assert authority.ask("POST", where.replace(case, "1999-1")).json()["code"] == "case-unknown"


def test_nobody_changes_what_was_done(told, chief):
    opened(told, chief, "Kept", "element-gain")
    for verb in ("UPDATE case_steps SET by = 'x'", "DELETE FROM case_steps"):
        with pytest.raises(sqlite3.IntegrityError, match="never"), told[AUTHORITY].node.store.write() as conn:
            conn.execute(verb)


def test_a_number_that_is_none_is_told_beside_its_field_and_nothing_typed_is_lost(told, chief):
    case = opened(told, chief, "Not a number", "element-gain")
    refused = chief.post(f"/cases/{case}", {"kind": "closed", "text": "in the end", "entry:int": "abc"})
    page = refused.body.decode()
    assert refused.status == 422
    assert 'id="wrong-entry:int"' in page
    assert "in the end" in page
    assert 'value="abc"' in page


def test_accounts_of_everybody(told, chief):
    worked_out(told[AUTHORITY])
    page = chief.get("/accounts")
    assert "No quota was granted yet." in page
    assert f"Everybody has written within {SILENT_DAYS} days." in page
    assert "Every month that is due is closed." in page
    year = told[AUTHORITY].node.clock().year
    body = {"to": ONE, "kind": "mining", "year": year, "batch": 1, "feed_class": "ion_mid_y"}
    body["quantity"] = {"value": "50", "unit": "kg", "basis": "reo"}
    headers = {"idempotency-key": "quota"}
    assert told[AUTHORITY].ask("POST", "/api/v1/quotas", body, role="supervisor", headers=headers).status == 201
    told.settle()
    worked_out(told[AUTHORITY])
    assert re.search(r'aria-label="used [^"]*granted 50 kg"', chief.get("/accounts"))
    assert told[ONE].ask("GET", "/accounts", role="viewer").status == 404
