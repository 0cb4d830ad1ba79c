"""The page behind a guest's link: it shows the goods, changes nothing when looked at, and records once what is said."""

import json
import re
from datetime import timedelta

import pytest

from api.verbs import RECORDINGS
from ledger.verdict import judge, sentence
from nodes.clock import system_clock
from nodes.store import lists, log
from tests import outside

KG = {"unit": "kg", "basis": "net"}
ORIGIN = {"class": "mined", "country": "CN"}
GERMAN = {"outside": {"name": "Muster GmbH", "country": "DE"}}


@pytest.fixture
def clerk(token_of):
    return token_of("clerk")


@pytest.fixture
def sent(client, clerk):
    """Two drums of 10 kg on their way to somebody outside; answers the shipment."""

    def record(verb, body):
        headers = {**clerk, "idempotency-key": verb}
        answer = client.post(RECORDINGS[verb].path, json=body, headers=headers)
        assert answer.status_code == 201, answer.text
        return answer.json()

    record("register", {"product": "prnd_oxide", "lot_no": "A-1", "quantity": {"value": "30", **KG}, "origin": ORIGIN})
    drums = [{"serial": serial, "seal": "S-9", "net": {"value": "10", "unit": "kg"}} for serial in ("D-1", "D-2")]
    record("pack", {"batch": "A-1", "units": drums})
    body = {"to": GERMAN, "purpose": "sale", "lines": [{"batch": "A-1", "units": ["D-1", "D-2"]}]}
    return record("ship", {**body, "transport": {"vehicle": "赣B12345"}})["shipment"]


@pytest.fixture
def link(client, clerk):
    """shipment -> the path of a new link."""

    def made(shipment, **query):
        answer = client.post(f"/api/v1/shipments/{shipment}/link", params=query, headers=clerk)
        assert answer.status_code == 201, answer.text
        told = answer.json()
        assert told["shipment"] == shipment
        assert told["svg"].startswith("<svg")
        return "/g/" + told["url"].rpartition("/g/")[2]

    return made


def said(page, **more):
    """The form of a page, filled in."""
    hidden = dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', page))
    states = dict.fromkeys(re.findall(r'<select id="(lines[^"]+state)"', page), "accepted")
    return {**hidden, **states, "complete:bool": "true", "name": "Erika Muster", **more}


def size(node):
    with node.store.read() as conn:
        return log.head(conn).size


def told(node):
    with node.store.read() as conn:
        (entry,) = log.of_types(conn, ["confirmed"])
    return entry.event


def test_looking_changes_nothing(client, node, sent, link):
    path = link(sent)
    before = outside.everything(node.store)
    for language, words in (("zh", ("确认收货", "铅封")), ("en", ("Confirm a delivery", "seal"))):
        page = client.get(path, headers={"accept-language": language})
        assert page.status_code == 200
        for word in (*words, "Muster GmbH", "信丰矿业", "D-1", "S-9", "20 kg", "赣B12345"):
            assert word in page.text
        assert "script-src 'self'" in page.headers["content-security-policy"]
        assert page.headers["cache-control"] == "no-store"
    assert outside.everything(node.store) == before


def test_all_received(client, node, sent, link, clerk):
    path = link(sent)
    page = client.post(path, data=said(client.get(path).text), headers={"accept-language": "en"})
    assert page.status_code == 201, page.text
    assert "Thank you" in page.text
    event = told(node)
    assert event.scalar("confirmation")["complete"]
    assert event.scalar("guest") == {"name": "Erika Muster"}
    assert event.scalar("recorded")["by"] == "guest"
    assert list(event.items("lines.authority")) == []
    assert client.get(f"/api/v1/shipments/{sent}", headers=clerk).json()["status"] == "confirmed by guest"
    assert outside.audit(node.store)


def test_received_with_differences(client, node, sent, link):
    path = link(sent)
    more = {"complete:bool": "false", "lines[0].weighed": "19.5", "lines[0].units[1].state": "damaged"}
    answer = client.post(path, data=said(client.get(path).text, **more, remark="one drum was wet"))
    assert answer.status_code == 201, answer.text
    event = told(node)
    (line,) = event.rows("lines.authority")
    assert (line["line"], line["weighed_mg"]) == (0, 19_500_000)
    assert [unit["state"] for unit in line["units"]] == ["damaged"]
    assert event.scalar("guest")["remark"] == "one drum was wet"


def test_a_link_serves_once(client, node, sent, link, clerk, problem):
    path = link(sent)
    form = said(client.get(path).text)
    assert client.post(path, data=form).status_code == 201
    before = size(node)
    for again in (client.post(path, data=form), client.get(path)):
        assert again.status_code == 422
        assert "只能使用一次" in again.text
    assert size(node) == before
    problem(client.post(f"/api/v1/shipments/{sent}/link", headers=clerk), 422, "shipment-confirmed")


def test_a_new_link_ends_the_one_before_and_withdrawing_ends_it(client, sent, link, clerk, problem):
    first, second = link(sent), link(sent)
    assert first != second
    assert client.get(first).status_code == 404
    assert client.get(second).status_code == 200
    assert client.request("DELETE", f"/api/v1/shipments/{sent}/link", headers=clerk).status_code == 204
    gone = client.post(second, data={"complete:bool": "true", "name": "E"})
    assert (gone.status_code, "已被更换、撤回" in gone.text) == (404, True)
    problem(client.request("DELETE", f"/api/v1/shipments/{sent}/link", headers=clerk), 404, "link-unknown")


def test_a_link_ends_by_itself(client, node, sent, link):
    path = link(sent, days=1)
    node.clock = lambda: system_clock() + timedelta(days=1, seconds=1)
    for answer in (client.get(path), client.post(path, data={"complete:bool": "true", "name": "E"})):
        assert (answer.status_code, "失效" in answer.text) == (422, True)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"origin": "https://elsewhere.example"}, 403),
        ({"origin": "null"}, 403),
        ({"sec-fetch-site": "same-origin", "origin": "http://mine.example"}, 201),
    ],
)
def test_the_form_is_taken_from_our_own_page_only(client, node, sent, link, headers, status):
    path = link(sent)
    before = size(node)
    answer = client.post(path, data={"complete:bool": "true", "name": "E"}, headers=headers)
    assert answer.status_code == status
    assert (size(node) > before) == (status == 201)


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"name": "x" * 501},
        {"complete:bool": "false"},
        {"complete:bool": "false", "lines[0].weighed": "1,5"},
        {"complete:bool": "false", "lines[0].line:int": "7", "lines[0].weighed": "1"},
        {"complete:bool": "false", "lines[0].units[0].state": "stolen"},
        {"complete:bool": "false", "lines[0].units[0].state": "missing", "lines[0].units[0].unit": "0" * 26},
    ],
)
def test_what_does_not_fit_is_told_beside_what_was_typed(client, node, sent, link, wrong):
    path = link(sent)
    before = size(node)
    page = client.post(path, data=said(client.get(path).text, **{"remark": "", **wrong}))
    assert page.status_code == 422
    assert "told bad" in page.text or 'class="wrong"' in page.text
    assert size(node) == before
    assert client.get(path).status_code == 200


def test_too_much_is_not_read(client, node, sent, link):
    answer = client.post(link(sent), data={"complete:bool": "true", "name": "E", "remark": "x" * 70_000})
    assert answer.status_code == 413
    assert size(node) == 4


def test_the_secret_is_kept_as_a_hash_only(node, sent, link):
    secret = link(sent).rpartition("/")[2]
    assert len(secret) >= 43
    assert secret not in json.dumps(list(map(repr, outside.everything(node.store))))


def test_only_a_clerk_makes_links(client, sent, token_of, problem):
    path = f"/api/v1/shipments/{sent}/link"
    problem(client.post(path), 401, "token-missing")
    problem(client.post(path, headers=token_of("viewer")), 403, "role-too-low")
    problem(client.post(path, params={"days": 0}, headers=token_of("clerk")), 422, "fields-wrong")
    problem(client.post("/api/v1/shipments/nothing/link", headers=token_of("clerk")), 404, "shipment-unknown")


def test_it_is_told_as_claimed_and_a_rebuild_finds_it_again(client, node, sent, link):
    path = link(sent)
    client.post(path, data=said(client.get(path).text))
    node.sequencer.stop()
    outside.check_rebuild(node)
    with node.store.read() as conn:
        unit = lists.units(conn)[0].unit.id
        found = judge(node.verify(node.proof_of(conn, unit=unit)))
    (facts,) = [facts for code, facts in found.claimed if code == "confirmed-by-guest"]
    assert (facts["shipment"], facts["how"]) == (sent, "complete")
    assert "all of it arrived" in sentence("confirmed-by-guest", facts)
    assert "Erika" not in json.dumps(found.to_json())
