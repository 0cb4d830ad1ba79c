"""China's monthly flow report, by flows made by hand: columns that add up, months that carry over, and each gap."""

import re

import pytest

from ledger.matter.elements import reo_ug
from ledger.matter.regimes import words
from ledger.matter.regimes.china_flows import COLUMNS, INS, OUTS, report_flows
from tests.ledger.matter.flows import KG, REFERENCE, Log, goods, ore, part

CHINESE = re.compile("[\u4e00-\u9fff]").search
ABOUT = {"organisation": "Plant", "country": "CN", "uscc": "91360000MA35XXXX0X"}
INVOICE = [{"kind": "special_invoice", "no": "INV-1"}]
OXIDE = goods("ox", "prnd_oxide", 500 * KG, {"Nd": 300, "Pr": 100})


def reported(log, month="2026-03", about=ABOUT):
    return report_flows(log.flows, month, about, REFERENCE)


def moved(report, product):
    """The columns of a product that are not zero, in kg."""
    return {name: one.mg / KG for name, one in report.rows[product].items() if one.mg}


def codes(report):
    return [code for code, _ in report.gaps]


def outside(log, at, line, country, **rest):
    """A sale to somebody who has no log."""
    party = {"outside": {"name": "Maier", "country": country}}
    return log.add("shipped", at, ins=[line], shipment={"purpose": "sale"}, party=party, **rest)


def sold_outside(country):
    log = Log()
    outside(log, "03-02", ore("x", 92), country)
    return log


def plant():
    """Buys 1000 kg in February, uses 600 of it in March, sells at home and abroad, closes both months."""
    log = Log()
    feed = ore("feed", 920)
    log.receive("02-10", feed, documents=INVOICE)
    log.add("period_closed", "03-01", period={"month": "2026-02", "at": "2026-03-01T10:00:00+08:00"})
    log.make("03-05", "separation", [part(feed, 600 * KG)], [OXIDE], losses=[goods("", "residue", 20 * KG, {})])
    log.ship("03-10", part(OXIDE, 200 * KG), documents=INVOICE)
    papers = [{"kind": "export_licence", "no": "E-1"}]
    outside(log, "03-11", part(OXIDE, 100 * KG), "DE", documents=papers)
    log.ship("03-12", part(OXIDE, 10 * KG), purpose="sample")
    log.add("removed", "03-13", ins=[part(OXIDE, 5 * KG)], removal={"kind": "destroyed"})
    log.add("counted", "03-20", ins=[part(OXIDE, 185 * KG)], outs=[part(OXIDE, 184 * KG)])
    return log


def test_a_month_opens_with_what_came_before_and_adds_up():
    report = reported(plant())
    assert moved(report, "ion_clay_mixed_oxide") == {"opening": 1000, "consumed": 600, "closing": 400}
    assert moved(report, "prnd_oxide") == {
        "produced": 500,
        "sold": 200,
        "exported": 100,
        "other_out": 15,
        "corrected": -1,
        "closing": 184,
    }
    assert report.losses == {"residue": 20 * KG}
    for columns in report.rows.values():
        for of in ("mg", "reo_ug", "unknown_mg"):
            amount = {name: getattr(one, of) for name, one in columns.items()}
            came, went = (sum(amount[name] for name in names) for names in (INS, OUTS))
            assert amount["closing"] == amount["opening"] + came - went + amount["corrected"]


def test_reo_is_by_the_oxides_of_the_assay():
    sold = reported(plant()).rows["prnd_oxide"]["sold"]
    expected = reo_ug([("Nd", 120 * 10**9), ("Pr", 40 * 10**9)], REFERENCE.factors)
    assert (sold.reo_ug, sold.unknown_mg) == (expected, 0)


def test_the_next_month_opens_where_this_one_closed():
    march, april = reported(plant()), reported(plant(), "2026-04")
    for product, columns in april.rows.items():
        assert columns["opening"].mg == columns["closing"].mg == march.rows[product]["closing"].mg
        assert columns["opening"].reo_ug == march.rows[product]["closing"].reo_ug


def test_what_comes_late_for_a_closed_month_is_in_the_open_one():
    log = plant()
    log.receive("02-28", ore("late", 92), documents=INVOICE)
    assert moved(reported(log), "ion_clay_mixed_oxide")["purchased"] == 100
    assert moved(reported(log, "2026-02"), "ion_clay_mixed_oxide") == {"purchased": 1000, "closing": 1000}


def test_every_trade_is_told_with_its_partner_and_papers():
    trades = reported(plant()).trades
    assert [(one["column"], one["partner"], one["country"], one["mg"] // KG) for one in trades] == [
        ("sold", "buyer.example", None, 200),
        ("exported", "Maier", "DE", 100),
    ]
    assert trades[0]["documents"] == [{"kind": "special_invoice", "no": "INV-1"}]


@pytest.mark.parametrize(
    ("class_", "column"),
    [
        ("mined", "produced"),
        ("imported", "purchased"),
        ("recycled", "purchased"),
        ("bought_outside", "purchased"),
        ("unknown_opening", "other_in"),
    ],
)
def test_what_is_registered_stands_by_its_origin(class_, column):
    log = Log()
    log.register("03-02", ore("x", 92), class_)
    assert moved(reported(log), "ion_clay_mixed_oxide") == {column: 100, "closing": 100}


def test_what_is_in_a_pool_is_in_no_product_and_is_told_besides():
    log, feed = Log(), ore("feed", 920)
    log.register("03-01", feed)
    log.add("charged", "03-02", ins=[feed], pool="sx")
    log.add("drawn", "03-03", outs=[OXIDE], pool="sx")
    whole, drawn = (
        reo_ug(((element, ug) for element, (ug, _) in one.elements.items()), REFERENCE.factors) for one in (feed, OXIDE)
    )
    assert reported(log).pools_reo_ug == whole - drawn
    log.add("closed", "03-31", ins=[feed], outs=[part(feed, 400 * KG)], pool="sx")
    measured = reo_ug(((element, ug * 2 // 5) for element, (ug, _) in feed.elements.items()), REFERENCE.factors)
    assert abs(reported(log).pools_reo_ug - (whole - drawn - whole + measured)) < len(feed.elements)


def test_rejected_goods_that_go_back_are_in_no_column():
    log, bad = Log(), ore("bad", 92)
    row = {"accepted_mg": 0, "rejected_mg": bad.mg, "difference_mg": 0, "product": bad.product}
    log.add(
        "received",
        "03-02",
        receipt={"from": "mine.example", "purpose": "sale"},
        lines__chain=[{"line": 0, "batch": "bad"}],
        lines__partner=[row],
    )
    log.ship("03-03", bad, purpose="return")
    assert reported(log).rows == {}


def test_goods_of_unknown_composition_are_known_by_their_product():
    log = Log()
    row = {"accepted_mg": KG, "difference_mg": 0, "product": "nd_oxide"}
    known = {"lines__chain": [{"line": 0, "batch": "x"}], "lines__partner": [row]}
    log.add(
        "received", "03-01", outs=[goods("x", "", KG)], receipt={"from": "mine.example", "purpose": "sale"}, **known
    )
    log.ship("03-02", goods("x", "", KG), documents=INVOICE)
    report = reported(log)
    assert moved(report, "nd_oxide") == {"purchased": 1, "sold": 1}
    assert "reo-unknown" in codes(report)


# -- gaps -----------------------------------------------------------------------------------------------------------


def one(type_, **rest):
    log = Log()
    getattr(log, type_)("03-02", rest.pop("goods", ore("x", 92)), **rest)
    return log


GAPS = {
    "partner-unknown": one("register", class_="imported"),
    "partner-without-uscc": sold_outside("CN"),
    "import-without-declaration": one("register", class_="imported"),
    "export-without-licence": sold_outside("DE"),
    "trade-without-invoice": one("ship"),
    "reo-unknown": one("register", goods=goods("x", "nd_oxide", KG)),
    "reo-typical": one("register", goods=goods("x", "nd_oxide", KG, {"Nd": 0.8}, sure=False)),
    "closing-negative": one("ship"),
    "own-uscc-unknown": one("register"),
    "month-open": one("register"),
}


def test_every_gap_has_its_case():
    assert set(GAPS) == set(words.FLOW_GAPS)


@pytest.mark.parametrize(("code", "log"), GAPS.items(), ids=GAPS)
def test_a_gap_is_named_in_two_languages(code, log):
    told = reported(log, about={"country": "CN"}).to_json(REFERENCE)
    found = next(gap for gap in told["gaps"] if gap["code"] == code)
    assert CHINESE(found["text"]["zh"])
    assert "{" not in found["text"]["en"] + found["text"]["zh"]


def test_a_month_without_gaps():
    log = Log()
    log.register("03-02", ore("x", 92))
    log.ship("03-03", ore("x", 92), documents=INVOICE)
    log.add("period_closed", "04-01", period={"month": "2026-03", "at": "2026-04-01T10:00:00+08:00"})
    report = reported(log)
    assert (report.gaps, report.closed) == ([], True)
    told = report.to_json(REFERENCE)
    assert (told["due"], told["size"], set(COLUMNS) < set(told["rows"][0])) == ("2026-04-10", 3, True)
    assert reported(Log()).rows == {}
