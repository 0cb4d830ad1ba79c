"""What an authority sees over everything deposited with it, and no single organisation does."""

import json
import re
import subprocess
import sys
from contextlib import closing

import pytest

from ledger.errors import Unverified
from nodes import deposits, tokens
from nodes.auditing import audit, from_deposits, from_store, open_home
from nodes.clock import stamp
from nodes.oversight import Oversight
from nodes.rebuild import rebuild
from nodes.store import log, upstream
from nodes.store.rebuild import snapshot
from tests.bookkeeping import ASSAY, recorded
from tests.served import CLEAN, ROOT
from tests.serving import serving
from tests.world import World, kg, until

ONE, TWO, AUTHORITY = NAMES = ("one.example", "two.example", "authority.example")
NUMBER = "5301-2026-1000-12345"
DECLARED = {"kind": "customs_declaration", "no": NUMBER, "mass": {"value": "100", "unit": "kg"}}
IMPORTED = {"class": "imported", "country": "MM", "feed_class": "import_ion"}
OVERDRAWN = "/api/v1/deposits/findings?rule=document-overdrawn"


def cast(made: World) -> World:
    """The third is the authority of the two others."""
    for member in made:
        file = member.home / "config.toml"
        text = file.read_text()
        if member.name == AUTHORITY:
            text = text.replace('role = "mine"', 'role = "authority"')
        else:
            text = re.sub(r"^# authority = .*$", f'authority = "{AUTHORITY}"', text, flags=re.MULTILINE)
        file.write_text(text)
    return made


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """Two importers use one declaration; goods go from one to the other, who weighs less; more are under way. Leaving
    the world audits all logs and rebuilds all tables.
    """
    with cast(World(tmp_path_factory.mktemp("oversight"), *NAMES)) as world:
        one, two = world[ONE], world[TWO]
        papers = [DECLARED, {"kind": "invoice", "no": "7", "mass": {"value": "80", "unit": "kg"}}]
        one.register("I-1", "80", origin=IMPORTED, documents=papers, assay=ASSAY)
        other = [{**DECLARED, "no": NUMBER.replace("-", " ")}, papers[1]]
        two.register("I-2", "70", origin=IMPORTED, documents=other)
        shipment = one.ship(TWO, {"batch": "I-1", "quantity": kg("40")})
        two.await_arrival(shipment)
        two.receive(shipment, {"line": 0, "weighed": kg("35"), "reason": "a bag burst"})
        one.await_status(shipment, "received")
        one.ship(TWO, {"batch": "I-1", "quantity": kg("5")})
        made = {"product": "dy_oxide", "lot_no": "T-1", "quantity": kg("20")}
        inputs = [{"batch": "I-1", "quantity": kg("20")}]
        one.record(
            "/api/v1/transformations", {"steps": [{"process": "separation"}], "inputs": inputs, "outputs": [made]}
        )
        gain = next(found for found in one.get("/api/v1/findings")["findings"] if found["rule"] == "element-gain")
        one.record("/api/v1/answers", {"finding": gain["id"], "text": "residues were not booked"})
        world.settle()
        yield world


def rules(found):
    return {one["rule"] for one in found["findings"]}


# -- across organisations -----------------------------------------------------------------------------------------


def test_one_declaration_in_two_books_is_found_by_the_authority_alone(told):
    for name in (ONE, TWO):
        assert "document-overdrawn" not in rules(told[name].get("/api/v1/findings"))
    (found,) = told[AUTHORITY].get(OVERDRAWN)["findings"]
    assert (found["severity"], found["facts"]["mass_mg"], found["facts"]["drawn_mg"]) == ("grave", 10**8, 15 * 10**7)
    assert found["entries"] == [[f"{ONE}/log", 1], [f"{TWO}/log", 1]]
    assert found["logs"] == [f"{ONE}/log", f"{TWO}/log"]


def test_the_finding_names_the_row_and_not_the_number(told):
    (found,) = told[AUTHORITY].get(OVERDRAWN)["findings"]
    assert NUMBER not in str(found)
    assert found["facts"]["document"] == [f"{ONE}/log", 1, 0]


def test_numbers_that_every_seller_gives_himself_are_not_compared(told):
    """Both named an invoice 7 of 80 kg, and drew 150 kg together."""
    assert told[AUTHORITY].get(OVERDRAWN)["total"] == 1


def test_a_finding_with_its_entries_and_answers(told):
    (found,) = told[AUTHORITY].get(OVERDRAWN)["findings"]
    whole = told[AUTHORITY].get(f"/api/v1/deposits/findings/{found['id']}")
    assert {name: whole[name] for name in found} == found
    assert [(one["log"], one["index"], one["type"]) for one in whole["events"]] == [
        (f"{name}/log", 1, "registered") for name in (ONE, TWO)
    ]
    assert whole["events"][0]["event"]["documents"]["list"][0]["no"] == NUMBER
    gain = told[AUTHORITY].get("/api/v1/deposits/findings?rule=element-gain")["findings"][0]
    assert [one["text"] for one in gain["answers"]] == ["residues were not booked"]
    assert not gain["open"]


def test_a_year_of_an_element_adds_up_and_names_what_came_from_nowhere(told):
    """Dysprosium of a lot that holds it: imported, sent on, and more of it made than went in."""
    year = str(told[AUTHORITY].node.clock().year)
    found = told[AUTHORITY].get(f"/api/v1/deposits/flows?year={year}&element=Dy")
    for one in found["organisations"]:
        came, went = (
            sum(int(part["ug"]) for part in one[side])
            + sum(int(link["ug"]) for link in found["links"] if link[end] == one["name"])
            for side, end in (("ins", "to"), ("outs", "from"))
        )
        assert came == went > 0
    ways = {
        (one["name"], side, part["way"], part["whom"]): part["kind"]
        for one in found["organisations"]
        for side in ("ins", "outs")
        for part in one[side]
    }
    assert ways[ONE, "ins", "origin", "imported"] == "flow"
    assert ways[ONE, "ins", "gained", ""] == "unknown"
    assert ways[ONE, "outs", "under_way", TWO] == "flow"
    assert ways[TWO, "outs", "closing", ""] == "stock"
    ((link),) = found["links"]
    assert (link["from"], link["to"]) == (ONE, TWO)
    books = told[AUTHORITY].get(f"/api/v1/deposits/balances?log={ONE}/log")["balances"]
    (row,) = (row for row in books[-1]["rows"] if row["element"] == "Dy")
    (closing,) = (
        part for one in found["organisations"] if one["name"] == ONE for part in one["outs"] if part["way"] == "closing"
    )
    assert closing["ug"] == row["closing_ug"]
    later = told[AUTHORITY].get(f"/api/v1/deposits/flows?year={int(year) + 1}&element=Dy")["organisations"]
    assert {(one["name"], part["way"], part["ug"]) for one in later for part in one["ins"]} >= {
        (ONE, "opening", closing["ug"])
    }
    assert told[AUTHORITY].get(f"/api/v1/deposits/flows?year={int(year) - 1}&element=Dy")["organisations"] == []


def test_both_sides_of_a_handover_are_held_against_each_other(told):
    arrived, under_way = told[AUTHORITY].get("/api/v1/deposits/handovers")["handovers"]
    assert (arrived["sender"], arrived["receiver"], arrived["state"]) == (ONE, TWO, "received")
    assert (arrived["sent_mg"], arrived["received_mg"], arrived["difference_mg"]) == (4 * 10**7, 35 * 10**6, -5 * 10**6)
    assert (under_way["state"], under_way["received_at"], under_way["received_mg"]) == ("in_transit", None, 0)
    asked = told[AUTHORITY].get(f"/api/v1/deposits/handovers?state=in_transit&log={TWO}/log")["handovers"]
    assert asked == [under_way]
    (differs,) = told[AUTHORITY].get("/api/v1/deposits/findings?rule=handover-mass")["findings"]
    assert differs["entries"] == arrived["entries"]


def test_what_belongs_together_is_one_case_whosever_it_is(told):
    found = told[AUTHORITY].get("/api/v1/deposits/cases")
    case = next(case for case in found["cases"] if "handover-mass" in {one["rule"] for one in case})
    assert {one["rule"] for one in case} >= {"weighing-difference", "handover-mass", "document-overdrawn"}
    assert {log for one in case for log in one["logs"]} == {f"{ONE}/log", f"{TWO}/log"}
    assert sum(len(case) for case in found["cases"]) == told[AUTHORITY].get("/api/v1/deposits/findings")["total"]


def test_the_gravest_come_first_and_every_filter_narrows(told):
    ask = told[AUTHORITY].get
    whole = ask("/api/v1/deposits/findings")
    ranks = ["grave", "mild", "reason"]
    assert [one["severity"] for one in whole["findings"]] == sorted(
        (one["severity"] for one in whole["findings"]), key=ranks.index
    )
    of_two = ask(f"/api/v1/deposits/findings?log={TWO}/log")["findings"]
    assert of_two == [one for one in whole["findings"] if f"{TWO}/log" in one["logs"]]
    assert 0 < len(of_two) < whole["total"]
    grave = ask("/api/v1/deposits/findings?severity=grave")["findings"]
    assert grave == [one for one in whole["findings"] if one["severity"] == "grave"]
    month = whole["findings"][0]["booked_in"]
    assert ask(f"/api/v1/deposits/findings?since={month}&until={month}")["total"] == whole["total"]
    assert ask("/api/v1/deposits/findings?until=2001-01")["total"] == 0
    answered = ask("/api/v1/deposits/findings?open=false")["findings"]
    assert [one["rule"] for one in answered] == ["element-gain"]
    assert ask("/api/v1/deposits/findings?limit=1") == {**whole, "findings": whole["findings"][:1]}


def test_a_receipt_that_is_missing_for_weeks(told):
    node = told[AUTHORITY].node
    later = Oversight(node.store, node.settings, node.rulesets).overview(stamp(node.clock().replace(year=2099)))
    assert [one.finding.rule for one in later.findings].count("receipt-overdue") == 1
    assert [one.state for one in later.handovers] == ["received", "overdue"]


# -- the same as at home ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [ONE, TWO])
def test_the_findings_of_one_log_are_those_of_its_own_audit_and_node(told, name):
    with closing(open_home(told[name].home)) as store:
        own = audit(from_store(store, authority=AUTHORITY), reference=told[name].node.reference)
    found = told[AUTHORITY].get(f"/api/v1/deposits/findings?log={name}/log&limit=1000")["findings"]
    alone = {one["id"]: one for one in found if one["logs"] == [f"{name}/log"]}
    assert alone.keys() == {one.id for one in own.findings}
    at_home = {one["id"]: one for one in told[name].get("/api/v1/findings")["findings"]}
    assert alone == {id_: {**one, "logs": [f"{name}/log"]} for id_, one in at_home.items()}
    deposited = audit(from_deposits(told[AUTHORITY].node.store, f"{name}/log"))
    assert [one.id for one in deposited.findings] == [one.id for one in own.findings]


def test_balances_are_those_of_the_organisations(told):
    found = told[AUTHORITY].get("/api/v1/deposits/balances")["balances"]
    assert {one["log"] for one in found} == {f"{ONE}/log", f"{TWO}/log"}
    for one in found:
        at_home = told[one["log"].removesuffix("/log")].get(f"/api/v1/balances?month={one['month']}")
        assert (one["rows"], one["closed"]) == (at_home["rows"], at_home["closed"])
    asked = told[AUTHORITY].get(f"/api/v1/deposits/balances?month={found[0]['month']}&log={found[0]['log']}")
    assert asked["balances"] == found[:1]


# -- kept, and read on --------------------------------------------------------------------------------------------


def test_what_comes_later_is_read_on_and_another_start_finds_the_same(told):
    node, one = told[AUTHORITY].node, told[ONE]
    before = _progress(node)[f"{ONE}/log"].size
    papers = [{**DECLARED, "no": "5301-2026-1000-77777"}]
    one.register("I-9", "120", origin=IMPORTED, documents=papers)
    told.settle()
    assert _progress(node)[f"{ONE}/log"].size > before
    fresh = Oversight(node.store, node.settings, node.rulesets).overview(stamp(node.clock()))
    last, working = node.overlooking.soon(60)
    assert not working
    assert [one.as_json() for one in fresh.findings] == [one.as_json() for one in last.findings]
    assert len([one for one in fresh.findings if one.finding.rule == "document-overdrawn"]) == 2


def _progress(node):
    with node.store.read() as conn:
        return deposits.progress(conn)


def test_a_grant_counts_what_was_there_before_it(told):
    authority = told[AUTHORITY]
    mined = {"class": "mined", "country": "CN", "feed_class": "ion_mid_y"}
    told[ONE].register("M-1", "10", origin=mined, assay=ASSAY)
    told.settle()
    assert authority.get("/api/v1/quotas")["accounts"] == []
    year = authority.node.clock().year
    quota = {"to": ONE, "kind": "mining", "year": year, "batch": 1, "feed_class": "ion_mid_y"}
    recorded(authority, "/api/v1/quotas", {**quota, "quantity": kg("5", basis="reo")})
    (account,) = authority.get("/api/v1/quotas")["accounts"]
    assert (account["holder"], account["granted_mg"]) == (ONE, 5 * 10**6)
    assert account["used_mg"] > account["granted_mg"]
    assert "quota-exceeded" in rules(authority.get("/api/v1/deposits/findings"))


def test_a_rebuild_makes_what_is_kept_again(tmp_path):
    with cast(World(tmp_path, *NAMES)) as world:
        world[ONE].register("A-1", "10", assay=ASSAY)
        world[ONE].register("A-2", "10", assay=ASSAY)
        merged = {"product": "ion_clay_mixed_oxide", "lot_no": "M-1", "quantity": kg("20")}
        inputs = [{"batch": lot, "quantity": kg("10")} for lot in ("A-1", "A-2")]
        body = {"steps": [{"process": "merge"}], "inputs": inputs, "outputs": [merged]}
        world[ONE].record("/api/v1/transformations", body)
        world.settle()
        node = world[AUTHORITY].node
        until(lambda: _progress(node).get(f"{ONE}/log"), "the log is deposited")
        with node.store.read() as conn:
            before = list(snapshot(conn))
            (entry_no,) = [one.entry_no for one in upstream.of_types(conn, [f"{ONE}/log"], ["transformed"])]
            assert log.flows_at(conn, [entry_no])
        with node.store.write() as conn:
            conn.execute("UPDATE flows SET body = replace(body, 'Dy', 'Tb') WHERE entry_no = ?", (entry_no,))
        source = from_deposits(node.store, f"{ONE}/log")
        with pytest.raises(Unverified) as found:
            audit(source)
        assert (found.value.code, found.value.value) == ("flow-differs", 3)
        world[AUTHORITY].stop()
        again = type(node).open(world[AUTHORITY].home, world.environ)
        rebuild(again)
        with again.store.read() as conn:
            assert list(snapshot(conn)) == before
            assert deposits.progress(conn)[f"{ONE}/log"].broken is None
        again.store.close()
        world[AUTHORITY].start()


# -- who may ask --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["", "/findings", "/findings/" + "0" * 16, "/cases", "/balances", "/handovers"])
def test_a_node_without_deposits_refuses(told, path):
    reply = told[ONE].ask("GET", f"/api/v1/deposits{path}", role="viewer")
    assert (reply.status, reply.json()["code"]) == (422, "only-the-authority")
    assert reply.json()["detail_zh"]
    assert told[AUTHORITY].ask("GET", f"/api/v1/deposits{path}", role=None).status == 401


def test_a_log_that_was_never_deposited(told):
    for path in ("findings", "balances", "handovers"):
        reply = told[AUTHORITY].ask("GET", f"/api/v1/deposits/{path}?log=nobody.example/log", role="viewer")
        assert (reply.status, reply.json()["code"]) == (404, "deposits-incomplete")
    unknown = told[AUTHORITY].ask("GET", f"/api/v1/deposits/findings/{'0' * 16}", role="viewer")
    assert (unknown.status, unknown.json()["code"]) == (404, "finding-unknown")


# -- by the command line ------------------------------------------------------------------------------------------


def test_the_commands_of_an_authority(told, tmp_path):
    node, drawn = told[AUTHORITY].node, tmp_path / "flows.svg"
    year = str(node.clock().year)
    token = tokens.mint(node.store, "inspector", "viewer", node.clock)
    (found,) = [one for one in told[AUTHORITY].get(OVERDRAWN)["findings"] if len(one["logs"]) > 1]
    commands = {
        ("logs",): [f"{ONE}/log", f"{TWO}/log"],
        ("findings", "--severity", "grave"): ["document-overdrawn", found["id"], "findings"],
        ("finding", found["id"]): ["registered", f"entry 1 of {TWO}/log"],
        ("cases",): ["case 案件 1"],
        ("balance", "--log", f"{ONE}/log"): ["Nd", "opening"],
        ("handovers",): ["in_transit", "-5 kg"],
        ("flows", year, "--element", "Dy", "--svg", str(drawn)): ["gained", "unknown", f"{ONE} → {TWO}: "],
    }
    with serving(node) as url:
        environ = {**CLEAN, "LODETRACE_URL": url, "LODETRACE_TOKEN": token}
        for command, words in commands.items():
            program = [sys.executable, "-m", "api", "deposits", *command]
            done = subprocess.run(program, cwd=ROOT, env=environ, capture_output=True, text=True, check=True)
            assert all(word in done.stdout for word in words), done.stdout
            done = subprocess.run([*program, "--json"], cwd=ROOT, env=environ, capture_output=True, check=True)
            assert json.loads(done.stdout)
    assert f"Flows of Dy in {year}" in drawn.read_text("utf-8")
