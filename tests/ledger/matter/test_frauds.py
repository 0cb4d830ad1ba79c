"""Eleven ways to cheat, each as a small ledger: exactly the finding that explains it, and none for its honest twin.

Over 400 lines because every fraud has a story, and all stand in one table.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from ledger.matter.across import Across
from ledger.matter.events import Event
from ledger.matter.findings import Finding
from ledger.matter.reconciling import reciprocal, rings
from tests.ledger.matter.flows import (
    KEY,
    KG,
    PROFILES,
    REFERENCE,
    UG_PER_KG,
    Log,
    T,
    everything,
    goods,
    inspector,
    invoice,
    ore,
    share,
    told,
)

INVOICE = [invoice("INV-1", 200)]
SCRAP_PAPERS = [invoice("INV-S", 200), {"kind": "weigh_ticket", "no": "BT-7"}]


@dataclass(frozen=True)
class Case:
    """`books(fraud)` plays the story, honestly or not; rule, severity and elements are all that comes to light."""

    books: Callable[[bool], list[Finding]]
    rule: str
    severity: str
    elements: tuple[str, ...] = ()


# -- 1: black ion ore under declared rock ore ----------------------------------------------------------------------


def black_ore(fraud: bool) -> list[Finding]:
    """100 t REO of Bayan Obo type hold 0.087 t of Dy; 2.0 t Dy2O3 are sold."""
    log = Log()
    feed = ore("feed", 100_000, "bayan_obo", product="mixed_concentrate", origin="CN/mixed_bastnaesite_monazite")
    log.register("01-05", feed, "bought_outside", "mixed_bastnaesite_monazite", documents=INVOICE)
    products = everything(feed)
    if fraud:
        products = [
            goods("dy", "dy_oxide", 2000 * KG, {"Dy": 1742.6}) if one.product == "dy_oxide" else one for one in products
        ]
    log.make("01-20", "separation", [feed], products)
    return told(log)


def black_ore_in_a_circuit(fraud: bool) -> list[Finding]:
    """The same in a pool, where only the closing tells."""
    log = Log()
    feed = ore("feed", 100_000, "mianning", product="mixed_concentrate", origin="CN/bastnaesite")
    log.register("01-05", feed, "bought_outside", "bastnaesite", documents=INVOICE)
    left = share(feed, dict.fromkeys(feed.elements, 0.3), "wip", "other_re_oxide")
    log.add("charged", "01-06", ins=[feed], pool="sx-1", processes=["separation"])
    for one in everything(feed, 0.68):
        log.add("drawn", "01-25", outs=[one], pool="sx-1", processes=["separation"])
    if fraud:
        left = goods(
            "wip",
            "other_re_oxide",
            left.mg,
            {el: ug / UG_PER_KG for el, (ug, _) in left.elements.items()} | {"Dy": 900.0, "Y": 4000.0},
        )
    log.add("closed", "01-31", ins=[feed], outs=[left], pool="sx-1", processes=["separation"])
    return told(log)


# -- 2: a mine beyond its quota ------------------------------------------------------------------------------------


def granted(tonnes: int, kind: str = "mining", to: str = "mine.example", batch: int = 1, **rest: Any) -> Event:
    grant = {
        "at": "2026-01-01T00:00:00+08:00",
        "to": to,
        "kind": kind,
        "year": 2026,
        "batch": batch,
        "feed_class": "ion",
    }
    return Event("quota_granted", "miit.example/log", {"grant": grant | {"reo_mg": tonnes * T} | rest})


def over_quota(fraud: bool) -> list[Finding]:
    log = Log("mine")
    for month in range(1, 6 if fraud else 4):
        log.register(f"{month:02d}-10", ore(f"lot-{month}", 100_000))
    watching = inspector("mine")
    watching.granted(granted(450))
    return [one for one in told(log, one=watching) if one.rule != "quota-near"]


def unregistered_lots(fraud: bool) -> list[Finding]:
    """The weighbridge numbered its tickets; those of lots that were sold for cash are missing."""
    log = Log("mine")
    for number in range(1, 21):
        if fraud and number in {3, 4, 7, 8, 11, 15, 16}:
            continue
        weighing = {
            "ticket": f"BT-{number:04d}",
            "scale": "WB-2",
            "gross": f"32.{40 + number * 2}",
            "tare": "12.46",
            "unit": "t",
        }
        log.register("03-10", ore(f"lot-{number}", 18_000 + number), weighing=weighing)
    return told(log, "mine")


def under_weighed(fraud: bool) -> list[Finding]:
    """Lots leave the mine lighter than they are; the receiver's scale says so."""
    log = Log()
    lot = ore("mine.example/log#lot", 20_000)
    log.receive("03-12", lot, difference_mg=900 * KG if fraud else 30 * KG, tolerance_mg=80 * KG)
    return told(log)


# -- 3: ore as swarf -----------------------------------------------------------------------------------------------

SWARF = {"Nd": 4000, "Pr": 1000, "Dy": 150}


def ore_as_swarf(fraud: bool) -> list[Finding]:
    """The intake is assayed honestly: it is ion ore."""
    log = Log("recycler")
    scrap = goods("swarf", "ndfeb_swarf", 20 * T, SWARF, origin="CN/pre_consumer_external")
    if fraud:
        kg = {element: per_kg * 5000 / UG_PER_KG for element, per_kg in PROFILES["xinfeng"].items()}
        scrap = goods("swarf", "ndfeb_swarf", 20 * T, kg, origin="CN/pre_consumer_external")
    log.register("02-03", scrap, "recycled", "pre_consumer_external", documents=SCRAP_PAPERS)
    return told(log, "recycler")


def ore_among_swarf(fraud: bool) -> list[Finding]:
    """The intake's paper is clean; yttrium and erbium come out."""
    log = Log("recycler")
    scrap = goods("swarf", "ndfeb_swarf", 20 * T, SWARF, origin="CN/pre_consumer_external")
    log.register("02-03", scrap, "recycled", "pre_consumer_external", documents=SCRAP_PAPERS)
    out = [share(scrap, dict.fromkeys(SWARF, 0.95), "oxide", "other_re_oxide")]
    if fraud:
        out.append(goods("y", "y_rich_oxide", 800 * KG, {"Y": 500, "Er": 60}, origin="CN/pre_consumer_external"))
    log.make("02-20", "roast dissolve", [scrap], out)
    return told(log, "recycler")


# -- 4: one customs declaration for two loads ----------------------------------------------------------------------


def declaration_twice(fraud: bool) -> list[Finding]:
    log = Log()
    for number in (1, 2):
        declaration = "5301 2026 1000 12345" if fraud and number == 2 else f"5301-2026-1000-1234{number + 4}"
        papers = [invoice(declaration, 22, "customs_declaration"), invoice(f"INV-{number}", 22)]
        load = ore(f"load-{number}", 20_000, origin="MM/import_ion")
        log.register(f"04-{number:02d}", load, "imported", "import_ion", country="MM", documents=papers)
    return told(log)


# -- 5: one paper, two lots ----------------------------------------------------------------------------------------


def certificate_twice(fraud: bool) -> list[Finding]:
    log = Log("mine")
    for number in (1, 2):
        certificate = "ab" * 32 if fraud or number == 1 else "cd" * 32
        log.register(
            f"05-{number:02d}",
            ore(f"lot-{number}", 20_000),
            assay={"basis": "ignited", "certificate_sha256": certificate},
        )
    return told(log, "mine")


def invoice_in_two_books(fraud: bool) -> list[Finding]:
    """Two recyclers draw from one invoice; only who sees both can know."""
    both = Across(REFERENCE, KEY)
    for name in ("one", "two"):
        log = Log(name)
        number = "0441000111-22334455" if fraud else f"0441000111-2233445{name}"
        scrap = goods("swarf", "ndfeb_swarf", 20 * T, SWARF, origin="CN/pre_consumer_external")
        papers = [invoice(number, 20), {"kind": "weigh_ticket", "no": "BT-7"}]
        log.register("02-03", scrap, "recycled", "pre_consumer_external", documents=papers)
        assert "document-overdrawn" not in [one.rule for one in told(log, "recycler")]
        for flow in log.flows:
            both.take(flow)
    return [finding for finding, _ in both.findings("2026-12-01T00:00:00Z", {})]


def pledged_twice(fraud: bool) -> list[Finding]:
    log = Log("store")
    stock = goods("stock", "prnd_oxide", 20 * T, {"Pr": 3300, "Nd": 13_700})
    log.receive("06-01", stock)
    for bank in (1, 2):
        receipt = f"WR-{1 if fraud else bank}"
        mass = {"value": "20" if fraud else "10", "unit": "t"}
        papers = [{"kind": "warehouse_receipt", "no": receipt, "mass": mass}]
        pledged = stock if fraud else goods("stock", "prnd_oxide", 10 * T, {})
        log.add(
            "pledged",
            f"06-0{bank + 1}",
            ins=[pledged],
            pledge={"receipt_no": receipt, "to": f"bank {bank}"},
            documents=papers,
        )
    return told(log, "trader")


# -- 6: a label on another drum ------------------------------------------------------------------------------------


def other_drum(fraud: bool) -> list[Finding]:
    sender, receiver = Log("mill"), Log("metal")
    drum = goods("drum", "dy_oxide", 50 * KG, {"Dy": 43.5})
    came = goods("mill.example/log#drum", "dy_oxide", 50 * KG, {"Dy": 43.4})
    unit = {"unit": "U1", "kind": "drum", "serial": "D-001", "net_mg": 50 * KG, "seal": "A771"}
    sent = sender.ship(
        "07-01", drum, to="metal", lines__chain=[{"batch": "drum"}], lines__partner=[{"mg": 50 * KG, "units": [unit]}]
    )
    arrived = unit | {"unit": "mill.example/log#U1", "state": "accepted", "seal": "B102" if fraud else "A771"}
    got = receiver.receive("07-03", came, sender="mill", units=[arrived])
    return told(sender) + told(receiver, "metal") + reciprocal(sent, got, REFERENCE)


def cloned_label(fraud: bool) -> list[Finding]:
    """The true drum has long been received; a second one with its code arrives."""
    log = Log("metal")
    units = [
        {
            "unit": "mill.example/log#U1",
            "kind": "drum",
            "serial": "D-001",
            "net_mg": 50 * KG,
            "state": "unexpected" if fraud else "accepted",
        }
    ]
    log.receive("07-03", goods("mill.example/log#drum", "dy_oxide", 50 * KG, {"Dy": 43.4}), sender="mill", units=units)
    return told(log, "metal")


# -- 7: dysprosium that is not there -------------------------------------------------------------------------------


def dilution(fraud: bool) -> list[Finding]:
    """Blocks without dysprosium are sold as 42SH; an assay of the parts, made up to the grade, says 2 % Dy."""
    log = Log("magnet")
    flake = goods("flake", "ndfeb_alloy", 1000 * KG, {"Nd": 230, "Pr": 60, "Dy": 0.5 if fraud else 20})
    log.receive("08-01", flake, sender="alloy")
    parts = goods("parts", "ndfeb_magnet", 700 * KG, {"Nd": 161, "Pr": 42, "Dy": 14})
    swarf = goods("swarf", "ndfeb_swarf", 270 * KG, {"Nd": 62, "Pr": 16, "Dy": 0.1 if fraud else 5.4})
    log.make("08-15", "jet_mill sinter machine", [flake], [parts, swarf])
    return told(log, "magnet")


# -- 8: scrap that goes round --------------------------------------------------------------------------------------


def run_around(fraud: bool) -> list[Finding]:
    """Swarf is sold and bought back within days as recycled: nothing happened to it. The twin's was really recycled."""
    log = Log("magnet")
    swarf = goods("swarf", "ndfeb_swarf", 10 * T, {"Nd": 2000, "Pr": 500, "Dy": 60}, origin="CN/ion_mid_y")
    log.receive("09-01", swarf, sender="line-2", shipment="0")
    log.ship("09-02", swarf, to="recycler")
    kept = 1.0 if fraud else 0.93
    back = goods(
        "back",
        "ndfeb_swarf" if fraud else "prnd_oxide",
        10 * T if fraud else 2900 * KG,
        {"Nd": 2000 * kept, "Pr": 500 * kept},
        origin="CN/pre_consumer_external",
    )
    log.receive("09-09" if fraud else "09-28", back, sender="recycler")
    return told(log, "magnet")


def run_around_of_three(fraud: bool) -> list[Finding]:
    found, received = [], []
    for day, (sender, name) in enumerate((("a", "b"), ("b", "c"), ("c", "a"))):
        log = Log(name)
        lot = goods(f"{sender}.example/log#lot", "ndfeb_swarf", 10 * T, {"Nd": 2000 if day < 2 or fraud else 500})
        received.append(log.receive(f"09-{day * 3 + 1:02d}", lot, sender=sender))
        found += told(log, "trader")
    return found + rings(received, REFERENCE)


# -- 9: made where nothing is made ---------------------------------------------------------------------------------


def relabelled(fraud: bool) -> list[Finding]:
    """A workshop with two furnaces ships the magnets of a factory elsewhere."""
    log = Log("workshop")
    tonnes = 90 if fraud else 8
    flake = goods(
        "flake", "ndfeb_alloy", tonnes * T, {"Nd": 230 * tonnes, "Pr": 70 * tonnes}, origin="VN/import_separated"
    )
    log.receive("10-02", flake, sender="alloy")
    parts = share(flake, {"Nd": 0.72, "Pr": 0.72}, "parts", "ndfeb_magnet", purity=0.3)
    log.make("10-20", "jet_mill sinter machine", [flake], [parts])
    return told(log, "magnet", country="VN", capacities={("plant-1", "sinter"): 300 * KG})


# -- 10: books written before the inspector comes ------------------------------------------------------------------


def backdated(fraud: bool) -> list[Finding]:
    log = Log("mine")
    for number in range(12):
        at = f"{number % 9 + 1:02d}-15"
        recorded = "2026-11-06T03:00:00.000Z" if fraud else f"2026-{at}T05:00:00.000Z"
        log.register(at, ore(f"lot-{number}", 20_000 + number), recorded_at=recorded)
    watching = inspector("mine")
    watching.inspected("2026-11-04T09:00:00+08:00", "2026-11-12T09:00:00+08:00")
    return told(log, one=watching)


def written_in_one_night(fraud: bool) -> list[Finding]:
    """The same without an inspection: a quarter's books of one evening."""
    log = Log("mine")
    for number in range(12):
        at = f"{number % 9 + 1:02d}-15"
        recorded = "2026-11-06T15:00:00.000Z" if fraud else f"2026-{at}T05:00:00.000Z"
        log.register(at, ore(f"lot-{number}", 20_000 + number), recorded_at=recorded)
    return told(log, "mine")


# -- 11: devices that sign for themselves ---------------------------------------------------------------------------

NAMED_AT = "2026-01-02T02:00:00.000Z"


def name_scale(log: Log, recorded_at: str = NAMED_AT) -> None:
    log.add("device_set", recorded_at, recorded_at=recorded_at, device={"device": "scale-2", "key": "k"})


def signed_by_scale(seq: int, at: str) -> dict[str, Any]:
    told = {"device": "scale-2", "seq": seq, "at": at, "verb": "register", "request": "{}", "signature": "s"}
    return {"captured": told}


def weighings_left_out(fraud: bool) -> list[Finding]:
    """The scale signed every lot; those sold for cash were never handed to the node."""
    log = Log("mine")
    name_scale(log)
    for number in range(40, 60):
        if not (fraud and 47 <= number < 50):
            at = f"2026-03-{number - 39:02d}T10:00:00+08:00"
            log.register(at, ore(f"lot-{number}", 20_000 + number), recorded=signed_by_scale(number, at))
    return told(log, "mine")


def weighed_afterwards(named_at: str, *, clock_set_back: bool = False) -> Log:
    """Twelve lots of the months before, signed by a scale, that all come in on one night."""
    log = Log("mine")
    name_scale(log, named_at)
    for number in range(12):
        month = 9 - number % 9 if clock_set_back else number * 9 // 12 + 1
        at = f"2026-{month:02d}-{number + 10:02d}T10:00:00+08:00"
        recorded = signed_by_scale(number + 1, at)
        log.register(
            at, ore(f"lot-{number}", 20_000 + number), recorded_at="2026-11-06T03:00:00.000Z", recorded=recorded
        )
    return log


def key_after_the_notice(fraud: bool) -> list[Finding]:
    """A scale is named in time for the inspection, and signs what it never weighed."""
    watching = inspector("mine")
    watching.inspected("2026-11-04T09:00:00+08:00", "2026-11-12T09:00:00+08:00")
    return told(weighed_afterwards("2026-11-05T02:00:00.000Z" if fraud else NAMED_AT), one=watching)


def clock_set_back(fraud: bool) -> list[Finding]:
    """The scale was named long ago; its times do not go up with its numbers."""
    return told(weighed_afterwards(NAMED_AT, clock_set_back=fraud), "mine")


CASES = {
    "1 black ion ore under rock ore": Case(black_ore, "element-gain", "grave", ("Dy",)),
    "1 the same in a circuit": Case(black_ore_in_a_circuit, "pool-gain", "grave", ("Dy", "Y")),
    "2 over quota": Case(over_quota, "quota-exceeded", "grave"),
    "2 lots that were not registered": Case(unregistered_lots, "ticket-gap", "mild"),
    "2 lots under-weighed": Case(under_weighed, "weighing-difference", "grave"),
    "3 ore as swarf": Case(ore_as_swarf, "recycled-pattern", "grave", ("Pr", "Nd", "Y", "Sm", "Er")),
    "3 ore among swarf": Case(ore_among_swarf, "recycled-foreign", "grave", ("Er", "Y")),
    "4 one declaration, two loads": Case(declaration_twice, "document-overdrawn", "grave"),
    "5 one certificate, two lots": Case(certificate_twice, "certificate-twice", "grave"),
    "5 one invoice in two books": Case(invoice_in_two_books, "document-overdrawn", "grave"),
    "5 pledged twice": Case(pledged_twice, "document-overdrawn", "grave"),
    "6 another drum under the label": Case(other_drum, "seal-differs", "grave"),
    "6 a cloned label": Case(cloned_label, "unit-unexpected", "grave"),
    "7 dysprosium that is not there": Case(dilution, "element-gain", "grave", ("Dy",)),
    "8 scrap that goes round": Case(run_around, "ring", "mild", ("Nd",)),
    "8 and round three": Case(run_around_of_three, "ring-of-several", "mild", ("Nd",)),
    "9 made where nothing is made": Case(relabelled, "throughput", "grave"),
    "10 back-dated before an inspection": Case(backdated, "backdated-before-inspection", "grave"),
    "10 written in one night": Case(written_in_one_night, "late-cluster", "mild"),
    "11 weighings left out": Case(weighings_left_out, "device-gap", "mild"),
    "11 a key named after the notice": Case(key_after_the_notice, "backdated-before-inspection", "grave"),
    "11 a clock that was set back": Case(clock_set_back, "late-cluster", "mild"),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_fraud_raises_the_finding_that_explains_it_and_no_other(case):
    found = case.books(True)  # noqa: FBT003 - said by the story
    assert [(one.rule, one.severity) for one in found] == [(case.rule, case.severity)]
    assert set(found[0].elements) == set(case.elements)
    assert found[0].entries


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_its_honest_twin_raises_none(case):
    assert case.books(False) == []  # noqa: FBT003 - said by the story


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_it_is_found_again_under_the_same_id(case):
    one, again = case.books(True)[0], case.books(True)[0]  # noqa: FBT003 - said by the story
    assert one == again
    assert one.id == again.id
    assert len(one.id) == 16
    assert one.text("en") != one.text("zh")


def test_the_hidden_ore_is_named_with_its_tonnes():
    """2.0 t of Dy2O3 out of 0.1 t: 1.9 t come from 28 t of Longnan type, or 51 t of Xinfeng type."""
    found = black_ore(True)[0]  # noqa: FBT003 - said by the story
    hidden = {profile: int(ug) // 10**12 for profile, ug in found.facts["hidden"]}
    assert list(hidden) == ["longnan", "xinfeng", "xunwu"]
    assert hidden["longnan"] == 28
    assert hidden["xinfeng"] == 51
    assert "1.655 t Dy (error at most " in found.text("en")
    assert "at least 28.36 t REO of Longnan (high Y) or 51.35 t REO of Xinfeng" in found.text("en", REFERENCE)
    assert "1.655 t Dy（误差至多 " in found.text("zh")
    assert "至少需要账外原料 28.36 t REO（龙南（高钇））或 51.35 t REO" in found.text("zh", REFERENCE)
