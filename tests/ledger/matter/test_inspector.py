"""The inspector along a log: figures, corrections, months, quotas, and what it leaves alone."""

from dataclasses import replace

from ledger.matter.flows import Flow, Goods, Restated
from ledger.matter.limits import hidden_feeds
from tests.ledger.matter.flows import (
    KG,
    PROFILES,
    UG_PER_KG,
    Log,
    T,
    goods,
    inspector,
    invoice,
    ore,
    part,
    share,
    told,
)
from tests.ledger.matter.test_finding_rules import PRND
from tests.ledger.matter.test_frauds import SWARF, granted


def test_pure_splits_and_merges_are_never_noise():
    """However uncertain the figures: the parts rest on the same ones."""
    log = Log()
    lots = [ore(f"lot-{number}", 10_000 + number, u_ppm=400_000) for number in range(8)]
    for number, lot in enumerate(lots):
        log.receive("01-02", lot, shipment=str(number))
    merged = [
        goods_of([lots[0], lots[1]], "m1"),
        goods_of([lots[2], lots[3], lots[4]], "m2"),
        goods_of(lots[5:], "m3"),
    ]
    for ins, out in ((lots[:2], merged[0]), (lots[2:5], merged[1]), (lots[5:], merged[2])):
        log.make("01-05", "merge", ins, [out], unmeasured=[out.batch])
    blend = goods_of(merged, "blend")
    log.make("01-06", "blend", merged, [blend], unmeasured=["blend"])
    thirds = [part(blend, blend.mg // 3, f"p{number}") for number in range(3)]
    rest = part(blend, blend.mg - 3 * (blend.mg // 3), "rest")
    log.make("01-07", "split", [blend], [*thirds, rest], unmeasured=[*(one.batch for one in thirds), "rest"])
    for third in thirds:
        log.make(
            "01-09", "calcine", [third], [part(third, third.mg, f"c-{third.batch}")], unmeasured=[f"c-{third.batch}"]
        )
    assert told(log) == []


def goods_of(parts, batch):
    elements = {
        element: (sum(one.elements[element][0] for one in parts), parts[0].elements[element][1])
        for element in parts[0].elements
    }
    origins = {element: {"CN/ion_mid_y": (ug, ug, ug)} for element, (ug, _) in elements.items()}
    return type(parts[0])(batch, parts[0].product, sum(one.mg for one in parts), elements, origins, sure=True)


def test_a_regrade_makes_nothing_else_of_the_goods():
    """Lanthanum that is regraded to dysprosium, without any assay."""
    log = Log("trader")
    la = goods("la", "la_oxide", 100 * KG, {"La": 85})
    log.receive("01-02", la)
    log.make("01-03", "regrade", [la], [goods("dy", "dy_oxide", 100 * KG, {"Dy": 87})], unmeasured=["dy"])
    assert [(one.rule, one.elements) for one in told(log, "trader")] == [("element-not-fed", ("Dy",))]


def test_nothing_is_said_where_nothing_is_known():
    log = Log("metal")
    unknown = goods("in", "other_re_oxide", 100 * KG)
    log.receive("01-02", unknown)
    log.make("01-03", "electrolysis", [unknown], [goods("out", "prnd_metal", 90 * KG, {"Nd": 80})])
    assert told(log, "metal") == []


def test_iron_is_known_to_hold_none():
    log = Log("metal")
    iron, metal = goods("fe", "iron_boron", 690 * KG), goods("m", "prnd_metal", 310 * KG, {"Nd": 248, "Pr": 62})
    log.receive("01-02", iron, metal)
    flake = goods("flake", "ndfeb_alloy", 985 * KG, {"Nd": 290, "Pr": 61})
    log.make("01-03", "strip_cast", [iron, metal], [flake])
    assert [(one.rule, one.elements) for one in told(log, "metal")] == [("element-gain", ("Nd",))]


def test_what_rests_on_typical_compositions_weighs_less():
    log = Log("metal")
    oxide = goods("in", "prnd_oxide", 100 * KG, PRND, sure=False)
    log.receive("01-02", oxide)
    log.make("01-03", "electrolysis", [oxide], [goods("out", "prnd_metal", 140 * KG, {"Nd": 110, "Pr": 25})])
    assert [(one.rule, one.severity) for one in told(log, "metal")] == [("element-gain", "mild")]


def test_a_reversal_frees_paper_ticket_certificate_and_quota():
    log = Log("mine")
    papers = [invoice("INV", 22), {"kind": "weigh_ticket", "no": "1"}]
    weighing = {"ticket": "T1", "scale": "WB", "gross": "32.46", "tare": "12.44", "unit": "t"}
    assay = {"basis": "ignited", "certificate_sha256": "ab" * 32}
    lots = [ore(f"lot-{number}", 18_400) for number in (1, 2)]
    log.register("02-01", lots[0], documents=papers, weighing=weighing, assay=assay)
    log.add("reversed", "02-02", ins=[lots[0]], reversal={"at": "x", "index": 0, "leaf": "x"})
    log.register("02-03", lots[1], documents=papers, weighing=weighing, assay=assay)
    watching = inspector("mine")
    watching.granted(granted(25))
    assert told(log, one=watching) == []


def test_a_reversed_transformation_leaves_no_trace_in_the_balances():
    """The loss that is taken back is no gain, in the same month or in a later one."""
    for later in ("02-20", "03-20"):
        log = Log("metal")
        oxide = goods("oxide", "prnd_oxide", 120 * KG, PRND)
        metal = goods("metal", "prnd_metal", 99 * KG, {"Pr": 19.5, "Nd": 78.2})
        log.receive("02-01", oxide, sender="plant")
        log.make("02-10", "electrolysis", [oxide], [metal])
        watching = inspector("metal")
        found = [one for flow in log.flows for one in watching.take(flow)]
        found += watching.month("2026-02") if later > "03" else []
        back = log.add("reversed", later, ins=[metal], outs=[oxide], reversal={"at": "x", "index": 1, "leaf": "x"})
        found += watching.take(back) + watching.finish()
        assert found == []
        closing = {row.element: row.closing_ug for row in watching.rows[f"2026-{later[:2]}"]}
        assert closing == {"Pr": 20 * UG_PER_KG, "Nd": 80 * UG_PER_KG}


def test_a_reversed_charge_and_draw_leave_none_in_the_pool():
    log = Log()
    feed = ore("feed", 50_000)
    draw = share(feed, {"Dy": 0.9}, "dy", "dy_oxide")
    left = share(feed, dict.fromkeys(feed.elements, 0.99), "wip", "other_re_oxide")
    log.receive("02-01", feed)
    log.receive("02-01", other := part(feed, feed.mg, "other"), shipment="2")
    log.add("charged", "02-02", ins=[other], pool="sx", processes=["separation"])
    log.add("charged", "02-02", ins=[feed], pool="sx", processes=["separation"])
    log.add("drawn", "02-03", outs=[draw], pool="sx", processes=["separation"])
    log.add("reversed", "02-04", ins=[draw], pool="sx", reversal={"at": "x", "index": 4, "leaf": "x"})
    log.add("reversed", "02-05", outs=[other], pool="sx", reversal={"at": "x", "index": 2, "leaf": "x"})
    log.add("closed", "02-28", outs=[left], pool="sx", processes=["separation"])
    watching = inspector()
    assert told(log, one=watching) == []
    held = {row.element: row.pools_ug for row in watching.rows["2026-02"]}
    assert held["Dy"] == left.elements["Dy"][0]


def test_what_comes_late_for_a_closed_month_is_booked_in_the_open_one():
    log, watching = Log("metal"), inspector("metal")
    first = log.receive("02-01", goods("a", "prnd_oxide", 120 * KG, PRND), sender="plant")
    watching.take(first)
    assert watching.month("2026-02") == []
    late = log.receive("02-11", goods("b", "prnd_oxide", 120 * KG, PRND), sender="plant", shipment="2")
    assert watching.take(late) == watching.month("2026-03") == []
    rows = {month: {row.element: row for row in found} for month, found in watching.rows.items()}
    assert rows["2026-02"]["Nd"].closing_ug == 80 * UG_PER_KG
    assert rows["2026-03"]["Nd"].opening_ug == 80 * UG_PER_KG
    assert rows["2026-03"]["Nd"].entered_ug == 80 * UG_PER_KG
    assert rows["2026-03"]["Nd"].closing_ug == 160 * UG_PER_KG


def test_goods_under_way_are_in_transit_until_the_answer():
    log, watching = Log("metal"), inspector("metal")
    stock = goods("a", "prnd_oxide", 120 * KG, PRND)
    flows = [log.receive("02-01", stock, sender="plant"), log.ship("02-20", stock, to="alloy", shipment="S7")]
    [watching.take(flow) for flow in flows]
    watching.month("2026-02")
    answer = log.add("acknowledged", "03-02", acknowledgement={"shipment": "S7", "agreed": True, "declined": False})
    watching.take(answer)
    watching.month("2026-03")
    february = {row.element: row for row in watching.rows["2026-02"]}
    assert (february["Nd"].closing_ug, february["Nd"].transit_ug) == (0, 80 * UG_PER_KG)
    assert watching.rows["2026-03"] == []


def test_a_month_that_is_closed_late_tells_what_was_then_in_pools_and_under_way():
    """Not what later months have brought since: goods are sent, sent back and pooled while it is still open."""
    log, watching = Log(), inspector()
    feed, sent = ore("feed", 50_000), ore("sent", 10_000)
    draw = share(feed, {"Dy": 0.5}, "dy", "dy_oxide")
    left = share(feed, dict.fromkeys(feed.elements, 0.4), "wip", "other_re_oxide")
    log.receive("02-01", feed)
    log.receive("02-01", sent, shipment="2")
    log.add("charged", "02-02", ins=[feed], pool="sx", processes=["separation"])
    log.ship("02-20", part(sent, sent.mg // 2, "sent"), to="metal", shipment="S7")
    log.ship("03-01", part(sent, sent.mg // 2, "sent"), to="metal", shipment="S8")
    log.add("drawn", "03-02", outs=[draw], pool="sx", processes=["separation"])
    log.add("acknowledged", "03-03", acknowledgement={"shipment": "S7", "agreed": True, "declined": False})
    log.add("closed", "03-28", outs=[left], pool="sx", processes=["separation"])
    for flow in log.flows:
        list(watching.take(flow))
    for month in ("2026-02", "2026-03"):
        preview = {row.element: row for row in watching.preview(month)}
        list(watching.month(month))
        assert {row.element: row for row in watching.rows[month]} == preview
    february, march = ({row.element: row for row in watching.rows[month]}["Dy"] for month in ("2026-02", "2026-03"))
    half = part(sent, sent.mg // 2, "sent").elements["Dy"][0]
    assert (february.pools_ug, february.transit_ug) == (feed.elements["Dy"][0], half)
    assert (march.pools_ug, march.transit_ug) == (left.elements["Dy"][0], half)


def test_a_quota_of_a_group_is_its_companies():
    watching = inspector("mine")
    for number, name in enumerate(("one", "two")):
        watching.granted(granted(100, to=f"{name}.example", group="China RE", batch=number + 1))
    found = []
    for name in ("one", "two"):
        log = Log(name)
        log.register("03-01", ore(f"lot-{name}", 78_000 if name == "one" else 90_000))
        found += [one for flow in log.flows for one in watching.take(flow)]
    assert [(one.facts["holder"], one.facts["reached_ppm"]) for one in found] == [
        ("two.example", 800_000),
        ("group:China RE", 800_000),
    ]


def test_a_further_batch_of_quota_makes_room():
    log = Log("mine")
    lots = [log.register(f"0{number}-10", ore(f"lot-{number}", 90_000)) for number in (1, 2)]
    watching = inspector("mine")
    watching.granted(granted(100))
    assert [one.rule for one in watching.take(lots[0])] == ["quota-near"]
    watching.granted(granted(120, batch=2))
    assert [one.facts["reached_ppm"] for one in watching.take(lots[1])] == [800_000]


def test_a_batch_of_quota_that_is_granted_again_counts_as_granted_last():
    watching = inspector("mine")
    for tonnes, batch in ((1000, 1), (120, 2), (100, 1)):
        watching.granted(granted(tonnes, batch=batch, group="group.example"))
    assert [account.granted_mg // T for account in watching.quotas.accounts.values()] == [220, 220]


def test_pending_counts_until_the_assay_is_there():
    log = Log("mine")
    lot = ore("lot", 90_000)
    typical = type(lot)(lot.batch, lot.product, lot.mg, lot.elements, lot.origins, sure=False)
    watching = inspector("mine")
    watching.granted(granted(100))
    found = watching.take(log.register("02-01", typical))
    facts = [(one.facts["used_mg"], one.facts["pending_mg"] // T) for one in found if one.rule == "quota-near"]
    assert facts == [(0, 89)]
    (account,) = watching.quotas.accounts.values()
    watching.take(log.add("assayed", "02-09", ins=[typical], outs=[ore("lot", 81_000)]))
    assert (account.used_mg // T, account.pending_mg) == (80, 0)


def adjusted(log: Log, at: str, *changes: tuple[Flow, dict[str, tuple[Goods, ...]]]) -> Flow:
    """`changes`: earlier flows, and which goods they move now."""
    flow = log.add("adjusted", at)
    log.flows[-1] = replace(flow, restated=tuple(Restated(was, replace(was, **now)) for was, now in changes))
    return log.flows[-1]


def test_what_is_adjusted_counts_as_adjusted():
    log = Log("mine")
    lot = ore("lot", 90_000)
    watching = inspector("mine")
    watching.granted(granted(100))
    first = log.register("02-01", lot)
    watching.take(first)
    (account,) = watching.quotas.accounts.values()
    before = account.used_mg
    watching.take(adjusted(log, "02-03", (first, {"outs": (ore("lot", 9_000),)})))
    assert abs(account.used_mg * 10 - before) <= 10
    watching.take(adjusted(log, "02-04", (replace(first, outs=(ore("lot", 9_000),)), {"outs": ()})))
    assert account.used_mg == 0
    watching.take(adjusted(log, "02-05", (replace(first, outs=()), {"outs": (lot,)})))
    assert account.used_mg == before


def test_what_is_adjusted_is_booked_where_it_belongs():
    """More used by a step changes what the step made; less that was received is less that entered."""
    log = Log("metal")
    oxide, other = goods("oxide", "prnd_oxide", 120 * KG, PRND), goods("other", "prnd_oxide", 120 * KG, PRND)
    watching = inspector("metal")
    first = log.receive("02-01", oxide, other, sender="plant")
    made = log.make("02-02", "electrolysis", [part(oxide, 60 * KG)], [goods("m", "prnd_metal", 50 * KG, {})])
    for flow in (first, made):
        watching.take(flow)
    less, more = (oxide, part(other, 108 * KG)), (part(oxide, 72 * KG),)
    watching.take(adjusted(log, "02-03", (first, {"outs": less}), (made, {"ins": more})))
    (row,) = [row for row in watching.preview("2026-02") if row.element == "Nd"]
    assert (row.entered_ug, row.made_ug) == (152 * UG_PER_KG, -48 * UG_PER_KG)
    assert row.closing_ug == 104 * UG_PER_KG


def test_what_is_adjusted_in_a_closed_month_is_booked_in_the_open_one():
    log = Log("metal")
    oxide = goods("oxide", "prnd_oxide", 120 * KG, PRND)
    watching = inspector("metal")
    first = log.receive("02-01", oxide, sender="plant")
    watching.take(first)
    watching.month("2026-02")
    closed = watching.rows["2026-02"]
    watching.take(adjusted(log, "03-03", (first, {"outs": (part(oxide, 60 * KG),)})))
    assert watching.rows["2026-02"] == closed
    (row,) = [row for row in watching.preview("2026-03") if row.element == "Nd"]
    assert (row.opening_ug, row.entered_ug, row.closing_ug) == tuple(n * UG_PER_KG for n in (80, -40, 40))


def test_the_smallest_hidden_feed_comes_first_and_must_hold_every_element():
    gains = {"Dy": 67 * UG_PER_KG, "Y": 10 * UG_PER_KG}
    found = hidden_feeds(gains, PROFILES)
    assert found == sorted(found, key=lambda one: one[1])
    assert "mountain_pass" not in {name for name, _ in found}
    name, mg = found[0]
    assert name == "longnan"
    for element, ug in gains.items():
        assert PROFILES[name][element] * mg // KG >= ug - UG_PER_KG // 1000


def test_the_same_flows_give_the_same_findings():
    def played() -> list[str]:
        log = Log("recycler")
        log.register("02-01", goods("s", "ndfeb_swarf", 20 * T, SWARF | {"Y": 900}), "recycled", "post_consumer")
        return [one.id for one in told(log, "recycler")]

    assert played() == played() != []


def test_events_without_goods_are_let_pass():
    log = Log()
    log.add("answered", "02-01", reply={"at": "x", "finding": "0" * 16, "text": "weighed again"})
    log.add("period_closed", "03-01", period={"at": "x", "month": "2026-02"})
    log.add("moved", "03-01")
    assert told(log) == []
    assert inspector().finish() == []


def test_what_is_carried_is_as_sure_as_what_it_came_from():
    """Machined without an assay: the flow calls it unsure, but it is of assayed blocks."""
    for sure, severity in ((True, "grave"), (False, "mild")):
        log = Log("magnet")
        block = goods("block", "ndfeb_block", 1000 * KG, {"Nd": 240, "Pr": 60}, sure=sure)
        log.receive("01-02", block, sender="plant")
        parts = goods("parts", "ndfeb_magnet", 900 * KG, {"Nd": 216, "Pr": 54}, sure=False)
        log.make("01-03", "machine", [block], [parts], unmeasured=["parts"])
        log.make("01-04", "magnetise", [parts], [goods("sold", "ndfeb_magnet", 900 * KG, {"Nd": 300, "Pr": 54})])
        assert [(one.rule, one.severity) for one in told(log, "magnet")] == [("element-gain", severity)]


def test_a_pool_that_was_not_measured_goes_on_or_is_given_up():
    for opens, closing in ((True, 50_000), (False, 0)):
        log = Log()
        feed = ore("feed", 50_000)
        booked = type(feed)("", "pool", feed.mg, feed.elements, feed.origins, sure=False)
        log.receive("02-01", feed)
        log.add("charged", "02-02", ins=[feed], pool="sx", processes=["separation"])
        slots = {"opens": {"product": "other_re_oxide"}} if opens else {}
        log.add("closed", "02-28", ins=[booked], outs=[booked], pool="sx", **slots)
        watching = inspector()
        assert [one.rule for one in told(log, one=watching)] == ([] if opens else ["yield-low"])
        held = {row.element: row.pools_ug for row in watching.rows["2026-02"]}
        assert held["Dy"] == PROFILES["xinfeng"]["Dy"] * closing


def test_a_stock_take_of_several_pools_measures_each():
    log = Log()
    for code in ("a", "b"):
        feed = ore(f"feed-{code}", 50_000)
        log.receive("02-01", feed, shipment=code)
        log.add("charged", "02-02", ins=[feed], pool=code, processes=["separation"])
    one, other = (
        share(ore("x", 50_000), dict.fromkeys(PROFILES["xinfeng"], part_), "", "pool") for part_ in (0.99, 1.2)
    )
    named = [{"pool": "a", "method": "dip"}, {"pool": "b", "method": "dip"}]
    log.add("counted", "02-28", outs=[one, other], pools__authority=named)
    assert [(found.rule, "feed-b" in found.batches) for found in told(log)] == [("pool-gain", True)]


def test_what_is_weighed_again_keeps_its_elements():
    log = Log("metal")
    wet = goods("wet", "prnd_oxide", 120 * KG, PRND)
    dry = goods("wet", "prnd_oxide", 110 * KG, PRND)
    log.receive("02-01", wet, sender="plant")
    log.add("remeasured", "02-03", ins=[wet], outs=[dry])
    log.add("remeasured", "02-04", ins=[dry], outs=[wet])
    watching = inspector("metal")
    assert told(log, "metal", one=watching) == []
    assert {row.element: row.closing_ug for row in watching.rows["2026-02"]} == {
        "Pr": 20 * UG_PER_KG,
        "Nd": 80 * UG_PER_KG,
    }
