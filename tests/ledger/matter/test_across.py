"""What only several logs show: their order does not matter, reversals undo, and what is not there is not missed."""

import pytest

from ledger.matter.across import Across
from tests.ledger.matter.flows import KEY, KG, REFERENCE, Log, T, goods, invoice, ore, told
from tests.ledger.matter.test_frauds import granted

NOW = "2026-03-20T02:00:00.000Z"
LATER = "2026-09-20T02:00:00.000Z"
SWARF = {"Nd": 200, "Pr": 60}
BOTH = {"plant.example/log": 1, "metal.example/log": 1}


def both(*logs, key=KEY):
    made = Across(REFERENCE, key)
    for log in logs:
        for flow in log.flows:
            made.take(flow)
    return made


def rules(across, now=NOW, sizes=BOTH):
    return [one.rule for one, _ in across.findings(now, sizes)]


def importer(name, number="5301 2026", kind="customs_declaration", tonnes=20):
    log = Log(name)
    load = goods(f"load-{name}", "ndfeb_swarf", 20 * T, SWARF, origin="MM/import_ion")
    papers = [{"kind": "weigh_ticket", "no": "1"}, invoice(number, tonnes, kind)]
    log.register("02-03", load, "imported", "import_ion", documents=papers)
    return log


def reverse(log, index):
    log.add("reversed", "02-09", reversal={"index": index, "kind": "registered", "reason": "x"})


def handover(received=True, *, difference_mg=0, tolerance_mg=None, **more):
    sender, receiver = Log("plant"), Log("metal")
    lot = goods("lot", "dyfe_alloy", 1000 * KG, {"Dy": 800})
    sender.ship("03-05", lot, to="metal")
    if received:
        mg = 1000 * KG + difference_mg
        came = goods("plant.example/log#lot", "dyfe_alloy", mg, {"Dy": mg * 8 // (10 * KG)})
        offer = {"log": "plant.example/log", "index": 0}
        scale = {"difference_mg": difference_mg, "tolerance_mg": tolerance_mg}
        receiver.receive("03-08", came, sender="plant", offer=offer, **scale, **more)
    return sender, receiver


# -- papers -------------------------------------------------------------------------------------------------------


def test_the_order_of_logs_and_the_key_change_nothing():
    one, two, three = (importer(name) for name in "abc")
    found = [
        both(*logs, key=key).findings(NOW, {}) for logs, key in (((one, two, three), KEY), ((three, one, two), b"x"))
    ]
    assert found[0] == found[1]
    ((finding, month),) = found[0]
    assert (finding.rule, month) == ("document-overdrawn", "2026-02")
    assert finding.entries == tuple((f"{name}.example/log", 0) for name in "abc")
    assert finding.batches == tuple(f"{name}.example/log#load-{name}" for name in "abc")
    assert finding.facts["document"] == ["a.example/log", 0, 1]
    assert finding.facts["drawn_mg"] == 60 * T


@pytest.mark.parametrize(
    ("kind", "found"),
    [("special_invoice", ["document-overdrawn"]), ("waste_transfer", ["document-overdrawn"]), ("invoice", [])],
)
def test_which_papers_are_compared_between_organisations(kind, found):
    assert rules(both(importer("a", kind=kind), importer("b", kind=kind))) == found


def test_a_paper_that_covers_both_is_shared_rightly():
    assert rules(both(importer("a", tonnes=40), importer("b", tonnes=40))) == []
    assert rules(both(importer("a", tonnes=40), importer("b", tonnes=50))) == ["document-differs"]


def test_what_one_log_shows_by_itself_is_not_told_again():
    log = importer("a")
    load = goods("more", "ndfeb_swarf", 20 * T, SWARF, origin="MM/import_ion")
    log.register("02-04", load, "imported", "import_ion", documents=[invoice("5301 2026", 20, "customs_declaration")])
    assert "document-overdrawn" in [one.rule for one in told(log)]
    assert rules(both(log)) == []


def test_a_reversed_entry_draws_nothing():
    one, two = importer("a"), importer("b")
    reverse(two, 0)
    assert rules(both(one, two)) == []


def test_goods_that_are_handed_on_keep_their_declaration():
    """The buyer names the paper under which the seller imported: that uses nothing up."""
    seller, buyer = importer("a"), Log("b")
    came = goods("a.example/log#load-a", "ndfeb_swarf", 20 * T, SWARF)
    buyer.receive("02-20", came, sender="a", documents=[invoice("5301-2026", 20, "customs_declaration")])
    assert "document-overdrawn" not in rules(both(seller, buyer))


# -- handovers ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("made", "now", "state"),
    [
        (handover(received=False), NOW, "in_transit"),
        (handover(received=False), LATER, "overdue"),
        (handover(), NOW, "received"),
    ],
)
def test_where_a_shipment_is(made, now, state):
    (one,) = both(*made).handovers(now, BOTH)
    assert (one.shipment, one.sender, one.receiver, one.state) == (
        "plant.example/log#S",
        "plant.example",
        "metal.example",
        state,
    )
    assert one.sent_mg == 1000 * KG


def test_a_difference_is_told_whichever_log_comes_first():
    sender, receiver = handover(difference_mg=-90 * KG, tolerance_mg=KG)
    for made in (both(sender, receiver), both(receiver, sender)):
        assert rules(made) == ["handover-mass"]
        (one,) = made.handovers(NOW, BOTH)
        assert (one.received_mg, one.difference_mg) == (910 * KG, -90 * KG)


def test_a_receipt_that_was_reversed_is_none():
    sender, receiver = handover(difference_mg=-90 * KG, tolerance_mg=KG)
    reverse(receiver, 0)
    made = both(sender, receiver)
    assert rules(made) == []
    assert rules(made, LATER) == ["receipt-overdue"]
    assert [one.state for one in made.handovers(NOW, BOTH)] == ["in_transit"]


def test_what_is_not_deposited_is_not_missed():
    sender, receiver = handover()
    assert rules(both(receiver), sizes={"metal.example/log": 1}) == []
    assert rules(both(receiver), sizes={"metal.example/log": 1, "plant.example/log": 0}) == []
    assert rules(both(receiver)) == ["receipt-of-nothing"]
    assert [one.state for one in both(receiver).handovers(NOW, BOTH)] == ["unsent"]
    sender, _ = handover(received=False)
    assert rules(both(sender), LATER, {"plant.example/log": 1}) == []
    assert rules(both(sender), LATER) == ["receipt-overdue"]


def test_goods_that_go_round_three_organisations():
    logs = []
    for day, (sender, name) in enumerate((("a", "b"), ("b", "c"), ("c", "a"))):
        logs.append(Log(name))
        lot = goods(f"{sender}.example/log#lot", "ndfeb_swarf", 10 * T, {"Nd": 2000})
        logs[-1].receive(f"03-{day * 3 + 1:02d}", lot, sender=sender)
    assert rules(both(*logs), sizes={}) == ["ring-of-several"]
    assert rules(both(*logs[:2]), sizes={}) == []


# -- quotas of groups ---------------------------------------------------------------------------------------------


def test_the_account_of_a_group_is_that_of_its_companies():
    made = Across(REFERENCE, KEY)
    for name in "ab":
        made.quotas.grant(granted(100, to=f"{name}.example", group="g.example"))
    one, two = Log("a"), Log("b")
    one.register("02-03", ore("lot", 150_000))
    two.register("02-04", ore("lot", 95_000))
    for log in (one, two):
        for flow in log.flows:
            made.take(flow)
    ((finding, _),) = made.findings(NOW, {})
    assert (finding.rule, finding.facts["holder"]) == ("quota-exceeded", "group:g.example")
