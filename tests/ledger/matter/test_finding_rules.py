"""Every rule of findings that no fraud shows by itself: what raises it, and the like that does not.

Over 400 lines because each rule has its story.
"""

import pytest

from ledger.matter.across import Across
from ledger.matter.events import Event
from ledger.matter.finding_words import RULES
from ledger.matter.findings import SEVERITIES, Finding
from ledger.matter.flows import flow_of
from ledger.matter.reconciling import reciprocal, unanswered
from tests.ledger.matter.flows import (
    KEY,
    KG,
    PROFILES,
    REFERENCE,
    Log,
    T,
    everything,
    goods,
    inspector,
    invoice,
    ore,
    part,
    share,
    told,
)
from tests.ledger.matter.test_frauds import CASES as FRAUDS
from tests.ledger.matter.test_frauds import INVOICE, SWARF, Case, granted

PRND = {"Pr": 20, "Nd": 80}


def metal_from_oxide(
    ins_kg: dict, out_kg: dict, *, processes: str = "electrolysis", product: str = "prnd_metal"
) -> list[Finding]:
    log = Log("metal")
    oxide = goods("oxide", "prnd_oxide", 120 * KG, ins_kg)
    log.receive("02-01", oxide, sender="plant")
    log.make("02-10", processes, [oxide], [goods("metal", product, 100 * KG, out_kg)])
    return told(log, "metal")


def not_fed(wrong: bool) -> list[Finding]:
    return metal_from_oxide(PRND, {"Pr": 19.6, "Nd": 78.4} | ({"Tb": 3} if wrong else {"Tb": 0.05}))


def low(wrong: bool) -> list[Finding]:
    factor = 0.80 if wrong else 0.97
    return metal_from_oxide(PRND, {element: kg * factor for element, kg in PRND.items()})


def high(wrong: bool) -> list[Finding]:
    """Machining that leaves no swarf: no gain, but better than anybody machines."""
    factor = 0.999 if wrong else 0.88
    return metal_from_oxide(
        PRND, {el: kg * factor for el, kg in PRND.items()}, processes="machine", product="ndfeb_magnet"
    )


def swarf_is_no_product(wrong: bool) -> list[Finding]:
    """What is ground off comes out as well: the yield is of the parts. Wrong where it is put down as parts."""
    log = Log("magnet")
    block = goods("block", "ndfeb_block", 100 * KG, {"Nd": 25, "Pr": 6})
    log.receive("02-01", block, sender="plant")
    swarf = goods("swarf", "ndfeb_magnet" if wrong else "ndfeb_swarf", 24 * KG, {"Nd": 6, "Pr": 1.44})
    log.make("02-10", "machine", [block], [goods("parts", "ndfeb_magnet", 75 * KG, {"Nd": 18.75, "Pr": 4.5}), swarf])
    return told(log, "magnet")


def month(wrong: bool) -> list[Finding]:
    """Thirty dryings that each gain 2.5 %: never enough by themselves."""
    log = Log("metal")
    for number in range(30):
        wet = goods(f"wet-{number}", "prnd_oxide", 120 * KG, PRND)
        log.receive(f"03-{number % 28 + 1:02d}", wet, sender="plant", shipment=str(number))
        factor = 1.025 if wrong else 1.001
        dry = goods(f"dry-{number}", "prnd_oxide", 119 * KG, {el: kg * factor for el, kg in PRND.items()})
        log.make(f"03-{number % 28 + 1:02d}", "dry", [wet], [dry])
    return told(log, "metal")


def diffusion(wrong: bool) -> list[Finding]:
    """Grain-boundary diffusion brings Dy or Tb, up to 0.8 % of the mass, and nothing else."""
    log = Log("magnet")
    block = goods("block", "ndfeb_block", 1000 * KG, {"Nd": 240, "Pr": 60})
    log.receive("02-01", block, sender="plant")
    added = {"Nd": 262, "Pr": 60} if wrong else {"Nd": 240, "Pr": 60, "Tb": 6}
    log.make("02-10", "gbd coat", [block], [goods("parts", "ndfeb_magnet", 1020 * KG, added)])
    return told(log, "magnet")


def too_much_diffused(wrong: bool) -> list[Finding]:
    log = Log("magnet")
    block = goods("block", "ndfeb_block", 1000 * KG, {"Nd": 240, "Pr": 60})
    log.receive("02-01", block, sender="plant")
    parts = goods("parts", "ndfeb_magnet", 1020 * KG, {"Nd": 240, "Pr": 60, "Dy": 15 if wrong else 7})
    log.make("02-10", "gbd coat", [block], [parts])
    return told(log, "magnet")


def counted(wrong: bool, to_kg: int = 1080) -> list[Finding]:
    log = Log("metal")
    stock = goods("stock", "prnd_oxide", 1000 * KG, {"Nd": 850})
    log.receive("02-01", stock, sender="plant")
    found = part(stock, to_kg * KG if wrong else 1002 * KG)
    log.add("counted", "02-28", ins=[stock], outs=[found])
    return told(log, "metal")


def lost(wrong: bool) -> list[Finding]:
    return counted(wrong, 900)


def pool_counted(wrong: bool) -> list[Finding]:
    """A stock-take of a circuit is a measurement like a closing."""
    log = Log()
    feed = ore("feed", 50_000)
    log.receive("02-01", feed)
    log.add("charged", "02-02", ins=[feed], pool="sx", processes=["separation"])
    left = share(feed, dict.fromkeys(feed.elements, 1.3 if wrong else 0.97), "wip", "other_re_oxide")
    log.add("counted", "02-28", ins=[feed], outs=[left], pool="sx", processes=["separation"])
    return told(log)


def pool_loses(wrong: bool) -> list[Finding]:
    log = Log()
    feed = ore("feed", 50_000)
    log.receive("02-01", feed)
    log.add("charged", "02-02", ins=[feed], pool="sx", processes=["separation"])
    for one in everything(feed, 0.3 if wrong else 0.48):
        log.add("drawn", "02-20", outs=[one], pool="sx", processes=["separation"])
    left = share(feed, dict.fromkeys(feed.elements, 0.5), "wip", "other_re_oxide")
    log.add("closed", "02-28", outs=[left], pool="sx", processes=["separation"])
    return told(log)


def drawn_without_end(wrong: bool) -> list[Finding]:
    """More comes out of a circuit than ever went in: that needs no closing."""
    log = Log()
    feed = ore("feed", 50_000)
    log.receive("02-01", feed)
    log.add("charged", "02-02", ins=[feed], pool="sx", processes=["separation"])
    for number in range(2):
        half = share(feed, {"Dy": 0.7 if wrong else 0.45}, f"dy-{number}", "dy_oxide")
        log.add("drawn", f"02-2{number}", outs=[half], pool="sx", processes=["separation"])
    return told(log)


def other_assay(wrong: bool) -> list[Finding]:
    log = Log("metal")
    stock = goods("stock", "dyfe_alloy", 1000 * KG, {"Dy": 800})
    log.receive("02-01", stock, sender="plant")
    again = goods("stock", "dyfe_alloy", 1000 * KG, {"Dy": 600 if wrong else 805})
    log.add("assay_agreed", "02-10", ins=[stock], outs=[again])
    return told(log, "metal")


def not_allowed(wrong: bool) -> list[Finding]:
    log = Log("recycler")
    papers = [invoice("INV", 30), {"kind": "weigh_ticket", "no": "1"}]
    if wrong:
        log.register("02-01", ore("lot", 20_000), "mined", "ion_mid_y", documents=papers)
    else:
        log.register("02-01", goods("lot", "ndfeb_swarf", 20 * T, SWARF), "recycled", "post_consumer", documents=papers)
    return told(log, "recycler")


def other_feed(wrong: bool) -> list[Finding]:
    """A recycler buys outside: scrap, not carbonate."""
    log = Log("recycler")
    lot = goods("lot", "ndfeb_swarf", 20 * T, SWARF)
    log.register("02-01", lot, "bought_outside", "import_mixed" if wrong else "post_consumer", documents=INVOICE)
    return told(log, "recycler")


def paperless(wrong: bool) -> list[Finding]:
    log = Log()
    papers = [invoice("5301", 22, "customs_declaration"), invoice("INV", 22)]
    lot = ore("lot", 20_000, origin="MM/import_ion")
    log.register("02-01", lot, "imported", "import_ion", country="MM", documents=papers[1:] if wrong else papers)
    return told(log)


def unmeasured(wrong: bool) -> list[Finding]:
    log = Log()
    papers = [
        {"kind": "customs_declaration", "no": "5301"} if wrong else invoice("5301", 22, "customs_declaration"),
        invoice("INV", 22),
    ]
    lot = ore("lot", 20_000, origin="MM/import_ion")
    log.register("02-01", lot, "imported", "import_ion", country="MM", documents=papers)
    return told(log)


def two_masses(wrong: bool) -> list[Finding]:
    log = Log()
    for number in (1, 2):
        papers = [invoice("INV", 60 if wrong and number == 2 else 50)]
        log.register(f"02-0{number}", ore(f"lot-{number}", 20_000), "bought_outside", documents=papers)
    return told(log)


def profile(wrong: bool) -> list[Finding]:
    log = Log("mine")
    log.register("02-01", ore("lot", 20_000, "longnan" if wrong else "xinfeng"))
    return told(log, "mine")


def recycled_claim(wrong: bool) -> list[Finding]:
    """A magnet maker books in 2 t of recycled Nd and ships 3 t of it."""
    log = Log("magnet")
    papers = [invoice("INV", 30), {"kind": "weigh_ticket", "no": "1"}]
    scrap = goods("scrap", "ndfeb_scrap", 8 * T, {"Nd": 2000, "Dy": 60}, origin="CN/post_consumer")
    log.register("02-01", scrap, "recycled", "post_consumer", documents=papers)
    kg = 3000 if wrong else 1950
    log.ship("03-20", goods("parts", "ndfeb_magnet", 10 * T, {"Nd": kg}, origin="CN/post_consumer"))
    return told(log, "magnet")


def tolled(wrong: bool) -> list[Finding]:
    log = Log("mine")
    lot = ore("lot", 20_000)
    log.register("02-01", lot)
    log.ship("02-05", lot, to="plant", purpose="processing" if wrong else "sale")
    return told(log, "mine")


def coated_elsewhere(wrong: bool) -> list[Finding]:
    """Coating by a subcontractor is everyday; separating for others is forbidden."""
    log = Log()
    lot = ore("lot", 20_000) if wrong else goods("lot", "ndfeb_magnet", 1 * T, {"Nd": 250, "Pr": 60})
    log.receive("02-01", lot, purpose="processing")
    row = {"inputs__chain": [{"batch": "lot"}], "inputs__authority": [{"mg": lot.mg, "owner": "mine.example"}]}
    if wrong:
        log.make("02-05", "separation", [lot], everything(lot), **row)
    else:
        log.make("02-05", "coat", [lot], [goods("out", "ndfeb_magnet", 1010 * KG, {"Nd": 250, "Pr": 60})], **row)
    return told(log)


def ticket(wrong: bool) -> list[Finding]:
    log = Log("mine")
    for number in (1, 2):
        weighing = {
            "ticket": f"T{1 if wrong else number}",
            "scale": "WB",
            "gross": "32.46",
            "tare": "12.44",
            "unit": "t",
        }
        log.register("02-01", ore(f"lot-{number}", 18_400), weighing=weighing)
    return told(log, "mine")


def round_figures(wrong: bool) -> list[Finding]:
    log = Log("mine")
    for number in range(24):
        gross = f"{32 + number % 3}.000" if wrong else f"{32 + number % 3}.{number * 2 + 10:03d}"
        weighing = {"ticket": f"T{number}", "scale": "WB", "gross": gross, "tare": "12.500", "unit": "t"}
        log.register(f"02-{number + 1:02d}", ore(f"lot-{number}", 18_400), weighing=weighing)
    return told(log, "mine")


def before(wrong: bool) -> list[Finding]:
    log = Log("metal")
    oxide = goods("oxide", "prnd_oxide", 120 * KG, PRND)
    log.receive("02-10", oxide, sender="plant")
    log.make(
        "02-08" if wrong else "02-12",
        "electrolysis",
        [oxide],
        [goods("m", "prnd_metal", 99 * KG, {"Pr": 19.6, "Nd": 78.4})],
    )
    return told(log, "metal")


def near_quota(wrong: bool) -> list[Finding]:
    log = Log("mine")
    log.register("02-10", ore("lot", 82_000 if wrong else 79_000))
    watching = inspector("mine")
    watching.granted(granted(100))
    return told(log, one=watching)


def separation_quota(wrong: bool) -> list[Finding]:
    """The rock quota is used up; ion ore has its own."""
    log = Log()
    feed = ore("feed", 100_000, "bayan_obo", product="mixed_concentrate", origin="CN/mixed_bastnaesite_monazite")
    log.receive("02-01", feed)
    log.make("02-20", "separation", [feed], everything(feed))
    watching = inspector()
    watching.granted(granted(60 if wrong else 130, "separation", "plant.example", feed_class="rock"))
    return told(log, one=watching)


def handed_over(wrong: bool, *, mass: bool = False, early: bool = False) -> list[Finding]:
    sender, receiver = Log("plant"), Log("metal")
    lot = goods("lot", "dyfe_alloy", 1000 * KG, {"Dy": 800})
    came = goods("plant.example/log#lot", "dyfe_alloy", 1000 * KG, {"Dy": 800 if mass or early or not wrong else 690})
    sent = sender.ship("03-05", lot, to="metal")
    difference = -60 * KG if mass and wrong else 0
    got = receiver.receive("03-01" if early and wrong else "03-08", came, sender="plant", difference_mg=difference)
    return told(sender) + told(receiver, "metal") + reciprocal(sent, got, REFERENCE)


def nobody_answers(wrong: bool) -> list[Finding]:
    sender = Log("plant")
    sent = sender.ship("03-05", goods("lot", "dyfe_alloy", 1000 * KG, {"Dy": 800}), to="metal")
    return unanswered([sent], [], f"2026-0{5 if wrong else 3}-20T10:00:00+08:00", REFERENCE)


def nobody_sent(wrong: bool) -> list[Finding]:
    sender, receiver = Log("plant"), Log("metal")
    sent = sender.ship("03-05", goods("lot", "dyfe_alloy", 1000 * KG, {"Dy": 800}), to="metal")
    came = receiver.receive("03-08", goods("plant.example/log#lot", "dyfe_alloy", 1000 * KG), sender="plant")
    return unanswered([] if wrong else [sent], [came], "2026-03-20T10:00:00+08:00", REFERENCE)


def taken_though_voided(wrong: bool) -> list[Finding]:
    sender, receiver = Log("plant"), Log("metal")
    sent = sender.ship("03-05", goods("lot", "dyfe_alloy", 1000 * KG, {"Dy": 800}), to="metal")
    across = Across(REFERENCE, KEY)
    across.take(sent)
    if wrong:
        came = receiver.receive("03-08", goods("plant.example/log#lot", "dyfe_alloy", 1000 * KG), sender="plant")
        across.take(came)
    shipment = f"plant.example/log#{sent.event.ids['shipment']}"
    across.void(Event("voided", "authority.example/log", {"voiding": {"shipment": shipment}}))
    later = "2026-09-20T10:00:00+08:00"
    return [one for one, _ in across.findings(later, {"plant.example/log": 1, "metal.example/log": 1})]


ORDERED = "authority.example/log#7K3M00000000000000000000ZZ"


def frozen(wrong: bool, *, delivered_at: str, obeyed: bool) -> list[Finding]:
    """An order about a lot, of which nothing is taken unless that is wrong; obeyed by a hold or not."""
    log, watching = Log("plant"), inspector()
    order = {"kind": "freeze", "to": "plant.example", "at": "2026-03-01T08:00:00+08:00"}
    lines = [{"batch": "plant.example/log#lot"}]
    slots = {"order": order, "lines.partner": lines}
    watching.orders.told(
        flow_of(4, Event("ordered", "authority.example/log", slots, {"order": ORDERED[22:]})), delivered_at
    )
    log.add("held", "03-02", hold={"kind": "ordered"}, reason={"text": "x", "order": ORDERED if obeyed else None})
    lot = goods("lot" if wrong and obeyed else "other", "dyfe_alloy", 1000 * KG, {"Dy": 800})
    at = "03-03" if obeyed or not wrong else "03-20"
    log.add("removed", at, ins=[lot], lines__chain=[{"batch": lot.batch}], removal={"kind": "consumed"})
    return told(log, one=watching)


OTHERS = {
    "an element that was never fed": Case(not_fed, "element-not-fed", "grave", ("Tb",)),
    "less than the worst yield": Case(low, "yield-low", "mild", ("Pr", "Nd")),
    "more than the best yield": Case(high, "yield-high", "mild", ("Pr", "Nd")),
    "swarf put down as product": Case(swarf_is_no_product, "yield-high", "mild", ("Pr", "Nd")),
    "a month of small gains": Case(month, "month-gain", "grave", ("Pr", "Nd")),
    "neodymium out of diffusion": Case(diffusion, "element-gain", "grave", ("Nd",)),
    "too much diffused": Case(too_much_diffused, "element-not-fed", "grave", ("Dy",)),
    "counted too much": Case(counted, "stocktake-gain", "grave"),
    "counted too little": Case(lost, "stocktake-loss", "mild"),
    "a circuit counted": Case(pool_counted, "pool-gain", "grave", tuple(PROFILES["xinfeng"])),
    "a circuit that loses": Case(
        pool_loses,
        "yield-low",
        "mild",
        tuple(el for el in PROFILES["xinfeng"] if el not in {"Eu", "Tb", "Ho", "Tm", "Lu"}),
    ),
    "drawn without end": Case(drawn_without_end, "pool-gain", "grave", ("Dy",)),
    "a later assay that differs": Case(other_assay, "assay-differs", "mild", ("Dy",)),
    "an origin the role may not have": Case(not_allowed, "origin-not-allowed", "grave"),
    "feed the role may not have": Case(other_feed, "origin-feed-class", "grave"),
    "an import without its declaration": Case(paperless, "document-missing", "grave"),
    "a declaration without a mass": Case(unmeasured, "document-unmeasured", "reason"),
    "one invoice, two masses": Case(two_masses, "document-differs", "mild"),
    "ore of another class": Case(profile, "profile-off", "mild", tuple(el for el in PROFILES["longnan"] if el != "Gd")),
    "more recycled than came in": Case(recycled_claim, "recycled-above-recovered", "grave", ("Nd",)),
    "ore sent to be separated": Case(tolled, "tolling-shipped", "grave"),
    "others' ore separated": Case(coated_elsewhere, "tolling-separated", "grave"),
    "one ticket, two weighings": Case(ticket, "ticket-twice", "grave"),
    "round figures": Case(round_figures, "round-weighings", "mild"),
    "used before it was there": Case(before, "used-before-made", "mild"),
    "80 % of a quota": Case(near_quota, "quota-near", "reason"),
    "over a separation quota": Case(separation_quota, "quota-exceeded", "grave"),
    "two laboratories": Case(handed_over, "assays-disagree", "mild", ("Dy",)),
    "two scales": Case(lambda wrong: handed_over(wrong, mass=True), "handover-mass", "grave"),
    "received before it was sent": Case(lambda wrong: handed_over(wrong, early=True), "received-before-sent", "mild"),
    "nobody weighs it in": Case(nobody_answers, "receipt-overdue", "mild"),
    "nobody sent it": Case(nobody_sent, "receipt-of-nothing", "grave"),
    "sent though it was frozen": Case(
        lambda wrong: frozen(wrong, delivered_at="", obeyed=True), "order-goods-moved", "grave"
    ),
    "an order that nobody obeys": Case(
        lambda wrong: frozen(wrong, delivered_at="2026-03-01T02:00:00.000Z", obeyed=False), "order-unanswered", "grave"
    ),
    "taken though it was voided": Case(taken_though_voided, "receipt-of-voided", "grave"),
}
ALL = FRAUDS | OTHERS


@pytest.mark.parametrize("case", OTHERS.values(), ids=OTHERS)
def test_what_is_wrong_raises_its_finding_and_no_other(case):
    found = case.books(True)  # noqa: FBT003 - said by the story
    assert [(one.rule, one.severity) for one in found] == [(case.rule, case.severity)]
    assert set(found[0].elements) == set(case.elements)


@pytest.mark.parametrize("case", OTHERS.values(), ids=OTHERS)
def test_what_is_right_raises_none(case):
    assert case.books(False) == []  # noqa: FBT003 - said by the story


def test_every_rule_is_shown_by_a_story():
    assert {case.rule for case in ALL.values()} == set(RULES)
    assert {case.severity for case in ALL.values()} == set(SEVERITIES)
