"""An adjustment of goods that were used and shipped: at the node, after a rebuild, in an audit, at the authority."""

from collections import Counter

import pytest

from ledger.matter.elements import reo_ug
from nodes.auditing import audit, from_deposits
from nodes.store import log
from tests.bookkeeping import ASSAY, AUTHORITY, MINE, PLANT, approved, recorded, register, world
from tests.world import kg


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """Two ores are blended, the blend is separated in a month that is closed, and then one ore was 60 kg, not 100.

    Leaving it audits all logs and rebuilds all tables.
    """
    with world(tmp_path_factory.mktemp("recompute")) as made:
        yield made, story(made)


def story(made):
    mine = made[MINE]
    register(mine, "HERE", "100", assay=ASSAY)
    origin = {"class": "imported", "country": "MM", "feed_class": "import_ion"}
    register(mine, "THERE", "100", assay=ASSAY, origin=origin)
    inputs = [{"batch": lot, "quantity": kg("100")} for lot in ("HERE", "THERE")]
    step(mine, "blend", inputs, [output("ion_clay_mixed_oxide", "BLEND", "200")])
    step(mine, "separation", [part("BLEND", "100")], [output("dy_oxide", "DY", "14")])
    mine.ship(PLANT, part("DY", "4"))
    register(mine, "LATER", "90", assay=ASSAY)
    register(mine, "WAITED", "100")
    step(mine, "split", [part("WAITED", "60")], [output("ion_clay_mixed_oxide", "HASTY", "60")])
    mine.ship(PLANT, part("HASTY", "20"))
    before = {month: mine.get(f"/api/v1/balances?month={month}") for month in ("2026-11",)}
    recorded(mine, "/api/v1/periods", {"month": "2026-11"})
    lines = [
        {"entry": entry, "side": side, "batch": batch, "less": kg("40")}
        for entry, side, batch in ((2, "made", "THERE"), (3, "used", "THERE"), (3, "made", "BLEND"))
    ]
    adjusted = approved(mine, {"kind": "adjust", "reason": "tare forgotten", "lines": lines})
    assay = {"batch": "WAITED", "assay": ASSAY, "at": "2026-12-04T08:00:00+08:00"}
    before["assayed"] = recorded(mine, "/api/v1/assays", assay)["entry"]["index"]
    made.settle()
    return before, adjusted["entry"]["index"]


def step(mine, process, inputs, outputs):
    body = {"steps": [{"process": process}], "inputs": inputs, "outputs": outputs, "at": "2026-11-09T08:00:00+08:00"}
    return mine.record("/api/v1/transformations", {**body, "confirm": {"reason": "the rest is still in the circuit"}})


def part(lot, mass):
    return {"batch": lot, "quantity": kg(mass)}


def output(product, lot, mass):
    return {"product": product, "lot_no": lot, "quantity": kg(mass)}


def foreign(elements, element="Dy"):
    """Of a thousand parts, how many come from abroad."""
    (one,) = [one for one in elements if one["element"] == element]
    abroad = sum(int(row["mid"]) for row in one["origins"] if row["name"].startswith("MM/"))
    return round(1000 * abroad / int(one["ug"]))


def test_a_descendant_tells_what_it_was_and_is(told):
    made, (_, entry) = told
    mine = made[MINE]
    for lot in ("BLEND", "DY"):
        (one,) = mine.get(f"/api/v1/batches/{lot}")["recomputed"]
        assert (one["entry"], foreign(one["was"]["elements"]), foreign(one["now"]["elements"])) == (entry, 500, 375)
        assert foreign(mine.get(f"/api/v1/batches/{lot}/contents")["elements"]) == 375
    assert mine.get("/api/v1/batches/HERE")["recomputed"] == []


def test_a_trace_says_which_goods_were_told_anew(told):
    made, (_, entry) = told
    nodes = made[MINE].get("/api/v1/batches/DY/trace?direction=back")["nodes"]
    assert {one["lot_no"]: one["recomputed_by"] for one in nodes} == {
        "DY": [entry],
        "BLEND": [entry],
        "THERE": [entry],
        "HERE": [],
    }


def test_what_was_parted_while_the_laboratory_worked_follows_its_assay(told):
    made, (before, _) = told
    mine = made[MINE]
    (one,) = mine.get("/api/v1/batches/HASTY")["recomputed"]
    was, now = ({row["element"]: int(row["ug"]) for row in one[side]["elements"]} for side in ("was", "now"))
    waited = mine.get("/api/v1/batches/WAITED/contents")["elements"]
    assert one["entry"] == before["assayed"]
    assert set(now) == {"Nd", "Pr", "Dy"} < set(was)
    assert all(abs(now[row["element"]] * 10 - int(row["ug"]) * 6) <= 10 for row in waited)


def test_a_closed_month_stays_and_the_difference_is_in_the_open_one(told):
    made, (before, _) = told
    mine = made[MINE]
    closed = mine.get("/api/v1/balances?month=2026-11")
    assert closed["rows"] == before["2026-11"]["rows"]
    rows = {row["element"]: row for row in mine.get("/api/v1/balances?month=2026-12")["rows"]}
    held = sum(here(mine, lot) for lot in ("HERE", "THERE", "BLEND", "DY", "LATER", "WAITED", "HASTY"))
    assert abs(int(rows["Dy"]["closing_ug"]) - held) <= 3


def here(mine, lot):
    found = mine.get(f"/api/v1/batches/{lot}/contents")
    (dy,) = [int(one["ug"]) for one in found["elements"] if one["element"] == "Dy"]
    return dy * (found["mg"] - found["taken_mg"]) // found["mg"] if found["mg"] else 0


def test_the_monthly_report_closes_with_what_is_there(told):
    """In the month that was closed before the adjustment as in that after it; and where it was not closed yet."""
    made, _ = told
    mine = made[MINE]
    factors = mine.node.reference.factors
    for month in ("2026-11", "2026-12"):
        report = mine.get(f"/api/v1/reports/flows?month={month}")
        books = mine.get(f"/api/v1/balances?month={month}")["rows"]
        reo = reo_ug([(row["element"], int(row["closing_ug"])) for row in books], factors)
        told_reo = sum(int(row["closing"]["reo_ug"]) for row in report["rows"]) + int(report["pools_reo_ug"])
        assert abs(told_reo - reo) < 1_000, month
    here = Counter()
    for batch in mine.get("/api/v1/batches?limit=500")["batches"]:
        here[batch["product"]] += batch["mg"]
    assert {row["product"]: row["closing"]["mg"] for row in report["rows"] if row["closing"]["mg"]} == +here
    (ore,) = [row for row in report["rows"] if row["product"] == "ion_clay_mixed_oxide"]
    assert ore["corrected"]["mg"] != 0


def test_the_authority_finds_the_same(told):
    made, _ = told
    mine, authority = made[MINE], made[AUTHORITY]
    report = audit(from_deposits(authority.node.store, f"{MINE}/log"))
    own = {one["id"] for one in mine.get("/api/v1/findings")["findings"]}
    assert {one.id for one in report.findings} == own
    balances = authority.get("/api/v1/deposits/balances")["balances"]
    rows = {one["month"]: one["rows"] for one in balances if one["log"] == f"{MINE}/log"}
    assert rows["2026-12"] == mine.get("/api/v1/balances?month=2026-12")["rows"]
    with mine.node.store.read() as conn:
        assert log.head(conn).size == report.size
