"""Samples, scales, stock-takes and assays through the interface: what is looked up, and what the entry says."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.world import Member, World, kg

MINE, PLANT = "mine.example", "plant.example"
OWN = {"basis": "ignited", "total_reo_pct": "99.40", "distribution_pct": [["Pr", "24.8"], ["Nd", "75.2"]]}
OTHER = {"basis": "ignited", "total_reo_pct": "98.20", "distribution_pct": [["Pr", "25.0"], ["Nd", "75.0"]]}


@pytest.fixture
def mine(tmp_path: Path) -> Iterator[Member]:
    with World(tmp_path, MINE, PLANT) as world:
        one = world[MINE]
        one.register("A-1", "100", product="prnd_oxide", assay=OWN)
        one.pack("A-1", "D-1", "D-2")
        one.register("C-1", "10", product="ndfeb_magnet", quantity=kg("10", count=100))
        one.pack("C-1", "K-1", "K-2", net="2", count=20, kind="carton")
        stack = {"serial": "P-1", "kind": "pallet", "contains": ["K-1", "K-2"]}
        one.record("/api/v1/units", {"batch": "C-1", "units": [stack]})
        yield one


def unit(mine: Member, serial: str) -> tuple[int, int | None, str]:
    found = mine.get(f"/api/v1/units/{serial}")
    return found["net_mg"], found["count"], found["state"]


def here(mine: Member, lot: str) -> tuple[int, int | None]:
    found = mine.get(f"/api/v1/batches/{lot}")
    return found["mg"], found["count"]


def refused(mine: Member, path: str, body: dict[str, Any]) -> tuple[int, str, str]:
    reply = mine.post(path, body)
    return reply.status, reply.json()["code"], reply.json()["field"]


def portion(mass: str, **more: Any) -> dict[str, Any]:
    return {"lot_no": "S-1", "quantity": {"value": mass, "unit": "g", **more}, "use": "assay"}


def test_a_sample_of_what_stands_loose(mine):
    answer = mine.record("/api/v1/samples", {"batch": "A-1", "samples": [portion("200"), portion("100")]})
    assert [one["product"] for one in answer["samples"]] == ["prnd_oxide"] * 2
    assert here(mine, "A-1") == (99_700_000, None)
    assert {
        row["mid"]
        for row in mine.get(f"/api/v1/batches/{answer['samples'][0]['batch']}/contents")["elements"][0]["origins"]
    }


def test_a_sample_out_of_a_carton_on_a_pallet(mine):
    body = {"batch": "C-1", "unit": "K-1", "samples": [portion("100", count=1)]}
    mine.record("/api/v1/samples", body)
    assert unit(mine, "K-1") == (1_900_000, 19, "here")
    assert unit(mine, "P-1") == (3_900_000, 39, "here")
    assert here(mine, "C-1") == (9_900_000, 99)


def test_a_drum_and_what_is_loose_are_weighed_again(mine):
    lines = [{"unit": "D-1", "quantity": kg("9.8")}, {"batch": "A-1", "quantity": kg("79")}]
    answer = mine.record("/api/v1/remeasurements", {"kind": "reweighed", "lines": lines})
    assert [line["difference_mg"] for line in answer["lines"]] == [-200_000, -1_000_000]
    assert unit(mine, "D-1")[0] == 9_800_000
    assert here(mine, "A-1") == (98_800_000, None)
    entry = mine.get(f"/api/v1/entries?after={answer['entry']['index'] - 1}&limit=1")["entries"][0]
    assert [row["before_mg"] for row in entry["event"]["lines.authority"]] == [10_000_000, 80_000_000]


def test_a_slip_of_the_scale_is_asked_back(mine):
    body = {"kind": "reweighed", "lines": [{"batch": "A-1", "quantity": kg("8")}]}
    assert refused(mine, "/api/v1/remeasurements", body) == (422, "guard-slip", "lines[0].quantity")
    mine.record("/api/v1/remeasurements", {**body, "confirm": {"reason": "it leaked"}})
    assert here(mine, "A-1") == (28_000_000, None)


def test_a_stock_take_of_goods_units_and_nothing(mine):
    lines = [{"batch": "A-1", "quantity": kg("0")}, {"unit": "D-1"}, {"unit": "D-2", "missing": True}]
    assert refused(mine, "/api/v1/counts", {"lines": lines}) == (422, "reason-missing", "reason")
    answer = mine.record("/api/v1/counts", {"lines": lines, "reason": "burnt"})
    assert [line["difference_mg"] for line in answer["lines"]] == [-80_000_000, 0, -10_000_000]
    assert here(mine, "A-1") == (10_000_000, None)
    mine.record("/api/v1/counts", {"lines": [{"unit": "D-2"}], "reason": "found again"})
    assert unit(mine, "D-2")[2] == "here"
    assert here(mine, "A-1") == (20_000_000, None)


def test_pieces_are_counted_with_their_mass(mine):
    line = {"batch": "C-1", "quantity": kg("5.9", count=59)}
    answer = mine.record("/api/v1/counts", {"lines": [line], "reason": "one was missing"})
    assert answer["lines"][0]["difference_mg"] == -100_000
    assert here(mine, "C-1") == (9_900_000, 99)
    assert refused(mine, "/api/v1/counts", {"lines": [{"batch": "C-1"}]}) == (
        422,
        "quantity-missing",
        "lines[0].quantity",
    )
    assert refused(mine, "/api/v1/counts", {"lines": [{}]}) == (422, "nothing-named", "lines[0]")


def test_a_pool_is_counted(mine):
    steps = [{"process": "blend"}]
    mine.record("/api/v1/pools/p/charges", {"inputs": [{"batch": "A-1", "quantity": kg("50")}], "steps": steps})
    contents = [{"element": "Nd", "metal": {"value": "31", "unit": "kg"}, "u_pct": "1"}]
    counted = {"pools": [{"pool": "p", "method": "estimated", "contents": contents}], "reason": "dipped"}
    mine.record("/api/v1/counts", counted)
    assert mine.get("/api/v1/pools/p")["now"] == [{"element": "Nd", "ug": "31000000000", "u_ppm": 10000}]


# -- assays -------------------------------------------------------------------------------------------------------


def test_a_later_result_changes_what_goods_are_made_of_and_not_how_much_there_is(mine):
    before = mine.get("/api/v1/batches/A-1/contents")
    hexed = "ab" * 32
    body = {"batch": "A-1", "assay": {**OTHER, "status": "final"}, "certificate_sha256": hexed, "to": PLANT}
    index = mine.record("/api/v1/assays", body)["entry"]["index"]
    after = mine.get("/api/v1/batches/A-1/contents")
    assert (before["rank"], after["rank"]) == ("provisional", "final")
    assert before["mg"] == after["mg"]
    assert int(before["elements"][1]["ug"]) > int(after["elements"][1]["ug"])
    assert after["views"]["reo"]["mg"] == 98_200_000
    report = mine.get(f"/api/v1/entries?after={index - 1}&limit=1")["entries"][0]["event"]["report"]
    assert report["certificate"].startswith("q6urq6ur")
    assert report["lab"] == MINE
    mine.record("/api/v1/assays", {"batch": "A-1", "assay": OWN})  # provisional: less sure
    assert mine.get("/api/v1/batches/A-1/contents")["views"]["reo"]["mg"] == 98_200_000


def test_a_laboratory_tells_of_a_batch_of_another_log(mine):
    foreign = f"{PLANT}/log#{'0' * 26}"
    assert mine.record("/api/v1/assays", {"batch": foreign, "assay": OWN})["entry"]["index"]


def agree(mine: Member, **more: Any) -> dict[str, Any]:
    return mine.record("/api/v1/assays/agreements", {"batch": "A-1", "own": OWN, "other": OTHER, **more})


def test_within_the_limit_the_mean_counts(mine):
    answer = agree(mine, limit_pct="2")
    assert (answer["rule"], answer["assay"]["total_reo_pct"]) == ("mean", "98.8")
    assert [one["why"] for one in answer["values"]] == ["mean"] * 3
    assert mine.get("/api/v1/batches/A-1/contents")["rank"] == "agreed"


def test_beyond_it_an_umpire_is_needed(mine):
    body = {"batch": "A-1", "own": OWN, "other": OTHER, "limit_pct": "0.5"}
    assert refused(mine, "/api/v1/assays/agreements", body) == (422, "umpire-needed", "umpire")
    answer = agree(mine, limit_pct="0.5", umpire={**OTHER, "total_reo_pct": "98.40"})
    assert (answer["rule"], answer["assay"]["total_reo_pct"]) == ("umpire", "98.4")
    assert answer["values"][0] == {"of": "total_reo", "value": "98.4", "why": "umpire", "bears": "own"}


def test_without_a_limit_the_stated_uncertainties_decide(mine):
    sure = {"uncertainty_pct": {"total_reo_pct": "0.1"}}
    body = {"batch": "A-1", "own": {**OWN, **sure}, "other": {**OTHER, **sure}}
    assert refused(mine, "/api/v1/assays/agreements", body)[1] == "umpire-needed"
    unsure = {"uncertainty_pct": {"total_reo_pct": "0.9"}}
    assert agree(mine, own={**OWN, **unsure}, other={**OTHER, **unsure})["rule"] == "mean"


def test_what_was_agreed_otherwise_is_stated(mine):
    assert agree(mine, rule="other")["assay"] == OTHER
    told = {**OWN, "total_reo_pct": "99.0"}
    assert (agree(mine, assay=told)["rule"], agree(mine, assay=told, rule="own")["rule"]) == ("mean", "own")


def test_results_that_cannot_be_compared(mine):
    path, body = "/api/v1/assays/agreements", {"batch": "A-1", "own": OWN}
    other = {"basis": "ignited", "elements_pct": [["Pr", "20.0"], ["Nd", "64.0"]]}
    assert refused(mine, path, {**body, "other": other}) == (422, "assays-differ-in-shape", "other")
    assert refused(mine, path, body) == (422, "result-missing", "results.other")
    assert refused(mine, path, {**body, "rule": "loudest"}) == (422, "kind-unknown", "rule")
    hexless = {"batch": "A-1", "assay": OWN, "certificate_sha256": "xyz"}
    assert refused(mine, "/api/v1/assays", hexless) == (422, "hash-not-hex", "certificate_sha256")


# -- settlement ---------------------------------------------------------------------------------------------------


def test_the_settlement_sheet_on_both_sides(tmp_path):
    with World(tmp_path, MINE, PLANT) as world:
        mine, plant = world[MINE], world[PLANT]
        mine.register("A-1", "100", product="prnd_oxide", assay=OWN)
        shipment = mine.ship(PLANT, {"batch": "A-1", "quantity": kg("100")})
        plant.await_arrival(shipment)
        path = f"/api/v1/batches/A-1/settlement?shipment={shipment.replace('#', '%23').replace('/', '%2F')}"
        assert plant.ask("GET", path).status == 404
        plant.receive(shipment, {"line": 0, "weighed": kg("99.9")})
        mine.await_status(shipment, "received")
        plant.record("/api/v1/assays", {"batch": "A-1", "assay": {**OTHER, "status": "final"}})
        found = plant.get(path)
        assert (found["from"], found["to"], found["assays"]) == (MINE, PLANT, "own")
        assert (found["sent_mg"], found["received_mg"]) == (99_400_000, 98_101_800)
        assert found["difference_mg"] == -1_298_200
        assert found["verdict"] in ("reason", "dispute", "within")
        own = mine.get(path)
        assert (own["assays"], own["received"]["mg"]) == ("one", 99_900_000)
        for language, words in (("zh", "结算单"), ("en", "Settlement sheet")):
            page = plant.ask("GET", f"{path}&format=html&lang={language}")
            assert page.header("content-type").startswith("text/html")
            assert words in page.body.decode()
