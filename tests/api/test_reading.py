"""Reading over HTTP: what a viewer sees of goods that went through five organisations, page by page, by own codes."""

import io
import json
from urllib.parse import quote
from xml.etree import ElementTree

import pytest
from PIL import Image

from api.app import create_app
from ledger.entries import open_event, parse_entry
from ledger.evidence import parse_evidence, verify
from ledger.log.canonical import b64
from nodes import tokens
from nodes.clock import system_clock
from nodes.store import log
from tests.chain import MINE, MOTOR, NAMES, PLANT, REFERENCE, RIVAL

READS = (
    "/api/v1/batches",
    "/api/v1/batches/P-1",
    "/api/v1/batches/P-1/trace",
    "/api/v1/batches/P-1/evidence",
    "/api/v1/units",
    "/api/v1/units/C-1",
    "/api/v1/units/C-1/evidence",
    "/api/v1/units/C-1/qr.svg",
    "/api/v1/units/C-1/qr.png",
    "/api/v1/shipments",
    "/api/v1/arrivals",
    "/api/v1/entries",
)


class Reader:
    """One node's viewer."""

    def __init__(self, client, node) -> None:
        self.client, self.node = client, node
        self.headers = {"authorization": f"Bearer {tokens.mint(node.store, 'Wang', 'viewer', system_clock)}"}

    def ask(self, path, **rest):
        return self.client.get(path, headers=self.headers, **rest)

    def get(self, path, **rest):
        answer = self.ask(path, **rest)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def pages(self, path, list_name, cursor="before", **query):
        """All rows, page after page."""
        found = []
        while True:
            page = self.get(path, params=query)
            found += page[list_name]
            if page[cursor] is None:
                return found
            query[cursor] = page[cursor]


@pytest.fixture(scope="module")
def homes(chain, tmp_path_factory):
    """Copies, for a reader's token is a row too."""
    folder = tmp_path_factory.mktemp("reading")
    return {name: chain.copy(name, folder / name) for name in NAMES}


@pytest.fixture
def reader_of(chain, homes, client_of):
    """name -> Reader"""
    nodes = []

    def reader_of(name):
        opened = chain.node(name, homes[name])
        nodes.append(opened)
        node = opened.__enter__()
        return Reader(client_of(create_app(node)), node)

    yield reader_of
    for opened in nodes:
        opened.__exit__(None, None, None)


@pytest.fixture
def plant(reader_of):
    return reader_of(PLANT)


@pytest.mark.parametrize("path", READS)
def test_only_viewers_read(plant, problem, path):
    assert plant.ask(path).status_code == 200
    problem(plant.client.get(path), 401, "token-missing")
    problem(plant.client.get(path, headers={"authorization": "Bearer lt_" + "A" * 43}), 401, "token-unknown")


# -- batches ------------------------------------------------------------------------------------------------------


def test_batches_newest_first(plant):
    """What came from others stands where it was first heard of."""
    lots = [one["lot_no"] for one in plant.get("/api/v1/batches")["batches"]]
    assert lots[:3] == ["W-1", "P-1", "F-1"]
    assert set(lots[3:]) == {"A-2", "M-1"}
    assert plant.get("/api/v1/batches")["before"] is None


@pytest.mark.parametrize("limit", [1, 2, 3, 5, 6])
@pytest.mark.parametrize("path", ["batches", "units", "shipments", "arrivals"])
def test_pages_join_to_the_whole_list(plant, path, limit):
    whole = plant.get(f"/api/v1/{path}?limit=500")[path]
    assert len(whole) > 1
    assert plant.pages(f"/api/v1/{path}", path, limit=limit) == whole


def test_batches_of_a_product_a_site_or_still_here(plant):
    def lots(**query):
        return {one["lot_no"] for one in plant.get("/api/v1/batches", params=query)["batches"]}

    assert lots(product="ndfeb_magnet") == {"P-1"}
    assert lots(product="no_such_product") == set()
    assert lots(site="main") == {"P-1", "W-1", "F-1"}
    assert lots(site="elsewhere") == set()
    assert lots(on_hand=True) == {"P-1", "W-1", "F-1"}


def test_one_batch_with_its_units_and_where_it_stands(plant, chain):
    found = plant.get("/api/v1/batches/P-1")
    assert found["id"] == chain.batches["P-1"]
    assert found["batch"] == chain.batch("P-1", PLANT)
    assert (found["product"], found["basis"], found["country"]) == ("ndfeb_magnet", "net", "CN")
    assert (found["mg"], found["count"], found["packed_mg"]) == (25_000_000, 2500, 0)
    assert found["loose"] == [{"site": "main", "owner": None, "mg": 25_000_000, "count": 2500}]
    assert {unit["serial"]: unit["state"] for unit in found["units"]} == dict.fromkeys(
        ("C-1", "C-2", "C-3", "T-1"), "shipped"
    )


def test_a_batch_goes_by_all_its_names(reader_of, chain):
    mine = reader_of(MINE)
    by_id = mine.get(f"/api/v1/batches/{chain.batch('A-1', MINE)}")
    for code in (chain.batches["A-1"], "A-1", REFERENCE):
        assert mine.get(f"/api/v1/batches/{quote(code, safe='')}") == by_id
    motor = reader_of(MOTOR)
    foreign = motor.get(f"/api/v1/batches/{quote(chain.batches['P-1'], safe='')}")
    assert foreign == motor.get("/api/v1/batches/P-1")
    assert foreign["id"] == foreign["batch"] == chain.batches["P-1"]


@pytest.mark.parametrize("code", ["L-77", "0" * 26, "mine.example%2Flog%23" + "0" * 26, "%E2%98%83", "%00"])
@pytest.mark.parametrize("path", ["", "/trace", "/evidence"])
def test_a_batch_that_is_not_here(plant, problem, code, path):
    members = problem(plant.ask(f"/api/v1/batches/{code}{path}"), 404, "batch-unknown")
    assert members["value"]


def test_a_batch_that_is_only_told_of_is_no_stock_but_has_a_trace(reader_of, chain, problem):
    motor = reader_of(MOTOR)
    told = quote(chain.batches["A-1"], safe="")
    problem(motor.ask(f"/api/v1/batches/{told}"), 404, "batch-unknown")
    assert motor.get(f"/api/v1/batches/{told}/trace")["nodes"][0]["lot_no"] == "A-1"


# -- traces and evidence ------------------------------------------------------------------------------------------


def test_a_trace_both_ways(plant):
    back = plant.get("/api/v1/batches/P-1/trace")
    assert back == plant.get("/api/v1/batches/P-1/trace?direction=back")
    assert {one["lot_no"] for one in back["nodes"]} == {"P-1", "M-1", "A-1", "A-2", "F-1"}
    forward = plant.get("/api/v1/batches/F-1/trace?direction=forward")
    assert {one["lot_no"] for one in forward["nodes"]} == {"F-1", "P-1", "W-1"}
    cut = plant.get("/api/v1/batches/P-1/trace?limit=2")
    assert (len(cut["nodes"]), cut["cut"]) == (2, True)


def test_a_trace_as_a_picture_in_the_readers_language(plant):
    asked = {**plant.headers, "accept": "image/svg+xml"}
    path = "/api/v1/batches/P-1/trace?direction=both"
    chinese, english = (
        plant.client.get(path, headers={**asked, "accept-language": language}) for language in ("zh-CN", "en")
    )
    assert {one.headers["content-type"] for one in (chinese, english)} == {"image/svg+xml"}
    titles = [
        ElementTree.fromstring(one.content).find("{http://www.w3.org/2000/svg}title").text for one in (chinese, english)
    ]
    assert titles[0].endswith("P-1 的谱系")
    assert titles[1].startswith("Genealogy of ")
    assert plant.client.get(path, headers={**asked, "accept-language": "en"}).content == english.content
    assert "P-1" in english.text
    either = {**plant.headers, "accept": "image/svg+xml;q=0.5, application/json"}
    assert plant.client.get(path, headers=either).json()["direction"] == "both"


@pytest.mark.parametrize("query", ["direction=sideways", "limit=0", "limit=-1", "limit=1000000", "limit=x"])
def test_a_trace_asked_for_wrongly(plant, problem, query):
    members = problem(plant.ask(f"/api/v1/batches/P-1/trace?{query}"), 422, "fields-wrong")
    assert members["field"] == query.partition("=")[0]


def test_evidence_verifies_under_the_buyers_own_policy(plant, chain):
    for path in ("batches/P-1", "units/C-1"):
        answer = plant.ask(f"/api/v1/{path}/evidence")
        assert answer.headers["content-type"] == "application/json"
        result = verify(parse_evidence(answer.content), chain.policy)
        assert (result.vouched, result.missing) == (True, ())


# -- units and labels ---------------------------------------------------------------------------------------------


def test_units_of_a_batch_at_a_site_on_hand_and_usable(reader_of):
    mine = reader_of(MINE)

    def serials(**query):
        return [one["serial"] for one in mine.get("/api/v1/units", params=query)["units"]]

    assert serials() == ["X-1", "D-4", "D-3", "D-2", "D-1"]
    assert serials(batch="M-1") == ["D-4", "D-3", "D-2", "D-1"]
    assert serials(on_hand=True) == serials(site="main") == serials(usable=True) == ["X-1", "D-4", "D-3"]
    assert serials(batch="M-1", on_hand=True, limit=1) == ["D-4"]


def test_units_of_a_batch_that_is_not_here(plant, problem):
    problem(plant.ask("/api/v1/units?batch=L-77"), 404, "batch-unknown")


def test_one_unit_by_serial_and_id_with_its_label_where_we_made_it(reader_of, chain):
    motor = reader_of(MOTOR)
    own = motor.get("/api/v1/units/U-2")
    assert own == motor.get(f"/api/v1/units/{chain.unit('U-2', MOTOR)}")
    assert own["label_url"] == chain.labels["U-2"]
    assert (own["state"], own["net_mg"], own["batch"]) == ("here", 20_000_000, chain.batch("EV-1", MOTOR))
    foreign = motor.get("/api/v1/units/C-2")
    assert foreign["unit"] == chain.units["C-2"]
    assert foreign["label_url"] is None
    assert motor.get("/api/v1/units/T-1")["contains"] == []


def test_the_pictures_of_a_label(plant, problem):
    svg = plant.ask("/api/v1/units/C-1/qr.svg")
    assert svg.headers["content-type"] == "image/svg+xml"
    assert svg.text.startswith("<svg")
    assert all(words in svg.text for words in ("烧结钕铁硼磁体", "净重 Net", "P-1"))
    for dpi, width in ((203, 800), (300, 1181)):
        png = plant.ask(f"/api/v1/units/C-1/qr.png?dpi={dpi}")
        assert png.headers["content-type"] == "image/png"
        assert Image.open(io.BytesIO(png.content)).width == width
    for dpi in (1, "x"):
        problem(plant.ask(f"/api/v1/units/C-1/qr.png?dpi={dpi}"), 422, "fields-wrong")


@pytest.mark.parametrize("path", ["", "/evidence", "/qr.svg", "/qr.png"])
def test_a_unit_that_is_not_here(plant, problem, path):
    problem(plant.ask(f"/api/v1/units/D-77{path}"), 404, "unit-unknown")


@pytest.mark.parametrize("path", ["/qr.svg", "/qr.png"])
def test_the_label_of_somebody_else_is_printed_by_him(reader_of, problem, path):
    problem(reader_of(MOTOR).ask(f"/api/v1/units/C-2{path}"), 404, "label-of-other-log")


# -- shipments ----------------------------------------------------------------------------------------------------


def test_shipments_and_arrivals_with_their_filters(plant, chain):
    def shipments(**query):
        return plant.get("/api/v1/shipments", params=query)["shipments"]

    def arrivals(**query):
        return plant.get("/api/v1/arrivals", params=query)["arrivals"]

    assert [one["to"].get("node") for one in shipments()] == [None, RIVAL, MOTOR, MINE]
    assert [one["to"]["node"] for one in shipments(to=MOTOR)] == [MOTOR]
    assert shipments(to="nobody.example") == []
    assert len(shipments(open=True)) == 4
    assert [one["from"] for one in arrivals()] == ["trader.example", MINE]
    assert [one["from"] for one in arrivals(**{"from": MINE})] == [MINE]
    assert arrivals(open=True) == []
    id_ = chain.shipments[MINE, PLANT, 0]
    assert plant.get(f"/api/v1/shipments/{quote(id_, safe='')}")["from"] == MINE


@pytest.mark.parametrize("id_", ["0" * 26, "mine.example%2Flog%23" + "0" * 26, "x", "%23"])
def test_a_shipment_that_is_not_here(plant, id_):
    answer = plant.ask(f"/api/v1/shipments/{id_}")
    assert answer.status_code == 404
    assert answer.json()["code"] in ("shipment-unknown", "arrival-unknown")


# -- entries ------------------------------------------------------------------------------------------------------


def test_entries_oldest_first_and_by_type(plant):
    whole = plant.get("/api/v1/entries?limit=1000")["entries"]
    assert [one["index"] for one in whole] == list(range(len(whole)))
    assert whole[0]["type"] == "log_opened"
    for limit in (1, 4, 1000):
        assert plant.pages("/api/v1/entries", "entries", cursor="after", limit=limit) == whole
    received = plant.pages("/api/v1/entries", "entries", cursor="after", limit=1, type="received")
    assert received == [one for one in whole if one["type"] == "received"]
    assert len(received) == 2
    assert plant.get("/api/v1/entries?type=no_such_type") == {"entries": [], "after": None}
    assert plant.get(f"/api/v1/entries?after={len(whole) - 1}") == {"entries": [], "after": None}


def test_an_entry_is_shown_as_it_was_sealed(plant):
    [shown] = plant.get("/api/v1/entries?after=2&limit=1")["entries"]
    [raw] = plant.get("/api/v1/entries?after=2&limit=1&raw=true")["entries"]
    with plant.node.store.read() as conn:
        stored = log.entry(conn, 3)
    assert raw == {"index": 3, "note": stored.note.decode(), "disclosures": stored.disclosures.split("\n")}
    event = open_event(parse_entry(raw["note"].encode()), raw["disclosures"], whole=True)
    assert shown["leaf"] == b64(stored.leaf)
    assert shown["event"] == json.loads(json.dumps(dict(event.slots)))
    assert shown["ids"] == json.loads(json.dumps(dict(event.ids)))


QUERIES = ["limit=0", "limit=501", "limit=x", "before=x", "on_hand=perhaps"]


@pytest.mark.parametrize("query", QUERIES)
@pytest.mark.parametrize("path", ["batches", "units"])
def test_a_list_asked_for_wrongly(plant, problem, path, query):
    assert problem(plant.ask(f"/api/v1/{path}?{query}"), 422, "fields-wrong")["field"] == query.partition("=")[0]


def test_rows_added_while_somebody_pages_shift_nothing(client, node, token_of, app):
    """The cursor is a place in the list, not a count from its start."""
    clerk = token_of("clerk")
    body = {"product": "nd_oxide", "quantity": {"value": "1", "unit": "kg"}}
    body["origin"] = {"class": "mined", "country": "CN"}

    def register(lot):
        headers = {**clerk, "idempotency-key": lot}
        assert client.post("/api/v1/batches", json={**body, "lot_no": lot}, headers=headers).status_code == 201

    for number in range(6):
        register(f"L-{number}")
    seen, before = [], None
    for number in range(3):
        query = {"limit": 2, **({} if before is None else {"before": before})}
        page = client.get("/api/v1/batches", params=query, headers=clerk).json()
        seen += [one["lot_no"] for one in page["batches"]]
        before = page["before"]
        register(f"N-{number}")
    assert seen == [f"L-{number}" for number in reversed(range(6))]
