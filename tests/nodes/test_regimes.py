"""Regimes on nodes, on the story of tests/chain.py: the node that holds more has fewer gaps; flows agree with stock."""

from collections import Counter

import pytest

from ledger.errors import Unknown
from ledger.evidence import format_evidence, parse_evidence, verify
from ledger.matter.regimes.choice import report_on
from ledger.tracing import trace_of
from ledger.verdict import judge
from nodes import evidence, regimes
from nodes.clock import stamp
from nodes.store import lists
from tests.bookkeeping import ASSAY, approved, world
from tests.chain import MINE, MOTOR, NAMES, PLANT, RIVAL
from tests.world import kg


def codes(told, part="gaps"):
    return [one["code"] for one in told[part]]


def test_the_motor_does_not_meet_dfars(chain):
    with chain.node(MOTOR) as node:
        told = regimes.of_unit(node, "dfars-7052", chain.unit("U-1", MOTOR))
    assert told["result"] == "not_met"
    steps = [
        (one["facts"]["process"], one["facts"]["country"], one["breaks"])
        for one in told["lines"]
        if "process" in one["facts"]
    ]
    assert steps == [("merge", "CN", False), ("sinter", "CN", True), ("assemble", "CN", False)]
    assert [one["breaks"] for one in told["lines"] if one["code"] == "entered"] == [True, True]
    assert codes(told) == ["stage-not-recorded", "stage-not-recorded", "origins-not-told"]
    assert told["gaps"][0]["facts"]["stages"] == ["separation", "metal", "alloy", "powder"]
    assert told["subject"]["serial"] == "U-1"


def test_its_maker_knows_the_mass_of_the_magnets_and_its_buyer_does_not(chain):
    unit = chain.unit("U-1", MOTOR)
    with chain.node(MOTOR) as node:
        own = regimes.of_unit(node, "crma-29", unit)
        with node.store.read() as conn:
            file = format_evidence(evidence.of_unit(conn, node.origin, unit, stamp(node.clock())))
    mass = next(one for one in own["lines"] if one["code"] == "mass-per-product")
    assert mass["facts"] == {"mg": 1_000_000, "threshold_mg": 200_000}
    assert "magnet-mass-unknown" not in codes(own)
    result = verify(parse_evidence(file), chain.policy)
    outside = report_on("crma-29", trace_of(result, judge(result)), node.reference).to_json()
    assert "magnet-mass-unknown" in codes(outside)
    assert outside["result"] == own["result"] == "incomplete"


def test_a_mine_s_own_assay_is_in_its_mark(chain):
    with chain.node(MINE) as node:
        told = regimes.of_batch(node, "china-mark", "A-1")
        bare = regimes.of_batch(node, "china-mark", "A-2")
    measured = {
        one["facts"]["element"]: one["facts"]["percent"] for one in told["lines"] if one["code"] == "measured-of-reo"
    }
    assert measured == {"Nd": "60", "Pr": "20", "Dy": "20"}
    assert "composition-not-measured" not in codes(told)
    assert "composition-not-measured" in codes(bare)


def test_an_assay_of_later_counts(chain):
    with chain.node(RIVAL) as node:
        told = regimes.of_batch(node, "crma-28", "R-1")
        mark = regimes.of_batch(node, "china-mark", "R-1")
    assert {one["facts"]["element"] for one in mark["lines"] if one["code"] == "measured-of-reo"} == {"Pr", "Nd"}
    assert "magnet-kind-unknown" in codes(told)


def test_below_its_own_pool_a_node_sees_what_went_in(chain):
    with chain.node(RIVAL) as node:
        told = regimes.of_batch(node, "oecd", "R-2")
    assert "pool-cut" not in codes(told)
    assert "entered" in codes(told, "lines")


def test_what_is_not_there(chain):
    with chain.node(MINE) as node:
        with pytest.raises(Unknown) as refused:
            regimes.of_batch(node, "crma-30", "A-1")
        assert refused.value.code == "regime-unknown"
        for ask, code in ((regimes.of_batch, "batch-unknown"), (regimes.of_unit, "unit-unknown")):
            with pytest.raises(Unknown) as refused:
                ask(node, "oecd", "nothing")
            assert refused.value.code == code


@pytest.mark.parametrize("name", NAMES)
def test_a_month_s_closing_is_what_stands_in_the_books(chain, name):
    with chain.node(name) as node:
        report = regimes.flows(node, node.clock().strftime("%Y-%m"))
        with node.store.read() as conn:
            batches = lists.batches(conn, limit=500)
    stock: Counter[str] = Counter()
    for one in batches:
        stock[one.batch.product] += one.batch.mg
    closing = {product: columns["closing"].mg for product, columns in report.rows.items()}
    assert {product: mg for product, mg in closing.items() if mg} == {
        product: mg for product, mg in stock.items() if mg
    }
    assert "closing-negative" not in [code for code, _ in report.gaps]


def test_the_plant_s_month(chain):
    with chain.node(PLANT) as node:
        told = regimes.flows(node, node.clock().strftime("%Y-%m")).to_json(node.reference)
    rows = {
        row["product"]: {name: one["mg"] for name, one in row.items() if isinstance(one, dict) and one.get("mg")}
        for row in told["rows"]
    }
    assert rows["ndfeb_magnet"] == {"produced": 40_000_000, "sold": 15_000_000, "closing": 25_000_000}
    assert rows["ndfeb_swarf"] == {"produced": 25_000_000, "exported": 10_000_000, "closing": 15_000_000}
    assert {(one["column"], one["partner"]) for one in told["trades"] if one["product"] == "ndfeb_swarf"} == {
        ("exported", "Schrott und Soehne")
    }
    assert "export-without-licence" in codes(told)


def test_what_is_corrected_before_the_month_is_closed_stands_in_its_column(tmp_path):
    with world(tmp_path) as made:
        mine = made[MINE]
        origin = {"class": "bought_outside", "country": "CN"}
        bought = {
            "quantity": kg("100"),
            "assay": ASSAY,
            "origin": origin,
            "documents": [{"kind": "invoice", "no": "1"}],
        }
        mine.record("/api/v1/batches", {"product": "ion_clay_mixed_oxide", "lot_no": "B-1", **bought})
        entry = mine.get("/api/v1/entries?type=registered")["entries"][-1]["index"]
        line = {"entry": entry, "side": "made", "batch": "B-1", "less": kg("40")}
        approved(mine, {"kind": "adjust", "reason": "tare forgotten", "lines": [line]})
        month = mine.get("/api/v1/batches/B-1")["at"][:7]
        told = mine.get(f"/api/v1/reports/flows?month={month}")
    (row,) = told["rows"]
    assert {name: row[name]["mg"] for name in ("purchased", "corrected", "closing")} == {
        "purchased": 60_000_000,
        "corrected": 0,
        "closing": 60_000_000,
    }
    assert [(one["entry"], one["mg"]) for one in told["trades"]] == [(entry, 100_000_000), (entry, -40_000_000)]


def test_what_is_rejected_and_sent_back_leaves_no_book_below_zero(tmp_path):
    """It enters the receiver's books as it goes back, and his report not at all: it was never his."""
    with world(tmp_path) as made:
        mine, plant = made[MINE], made[PLANT]
        mine.register("B-1", "100", assay=ASSAY)
        shipment = mine.ship(PLANT, {"batch": "B-1", "quantity": kg("40")})
        plant.await_arrival(shipment)
        rejected = {"line": 0, "weighed": kg("25"), "rejected": kg("15"), "reason": "wet"}
        plant.receive(shipment, rejected)
        mine.await_status(shipment, "received")
        (here,) = plant.get("/api/v1/batches?on_hand=true")["batches"]
        line = {"batch": here["batch"], "quantity": kg("15"), "owner": MINE}
        back = plant.ship(MINE, line, purpose="return", original=shipment)
        mine.await_arrival(back)
        mine.receive(back)
        plant.await_status(back, "received")
        month = plant.node.clock().strftime("%Y-%m")
        books = {
            one.name: {row["element"]: row for row in one.get(f"/api/v1/balances?month={month}")["rows"]}
            for one in (mine, plant)
        }
        (told,) = plant.get(f"/api/v1/reports/flows?month={month}")["rows"]
    dy = {
        name: {way: int(book["Dy"][f"{way}_ug"]) for way in ("entered", "left", "closing")}
        for name, book in books.items()
    }
    five = dy[PLANT]["closing"] // 5  # of five kilograms
    assert dy == {
        MINE: {"entered": 23 * five, "left": 8 * five, "closing": 15 * five},
        PLANT: {"entered": 8 * five, "left": 3 * five, "closing": 5 * five},
    }
    assert {name: told[name]["mg"] for name in ("other_in", "purchased", "other_out", "closing")} == {
        "purchased": 25_000_000,
        "other_in": 0,
        "other_out": 0,
        "closing": 25_000_000,
    }
