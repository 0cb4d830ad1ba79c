"""`lodetrace ship`, `receive`, `acknowledge` and the rest, between two served nodes."""

import pytest


@pytest.fixture
def packed(mine, lot):
    """The lot, four bags of 1 t of it packed: LOT-1 to LOT-4."""
    mine("unit", "pack", lot, "--serial", f"{lot}-1..{lot}-4", "--net", "1 t", "--kind", "bag").fine()
    return lot


def test_from_shipment_to_acknowledgement(mine, plant, packed):
    sent = mine(
        *("ship", "--to", "plant.example", "--units-of", packed, "--line", f"{packed}=5 t", "--ref", f"SO-{packed}"),
        *("--vehicle", "赣B12345", "--waybill", "WB-1", "--document", "delivery_note:DN-1"),
    ).fine()
    assert ": offered" in sent.out
    assert mine("shipment", "show", f"SO-{packed}", "--wait", "delivered").fine().out.count("plant.example") == 1
    id_ = f"mine.example/log#{mine('shipment', 'show', f'SO-{packed}', '--json').fine().json['shipment']}"
    assert id_ in plant("arrivals", "--open", "--wait", "--from", "mine.example").fine().out
    assert f"{packed}-4" in plant("shipment", "show", id_).fine().out

    received = plant("receive", id_, "--weighed", f"{packed}=4.998 t", "--json").fine().json
    assert [line["difference_mg"] for line in received["lines"]] == [-2_000_000]
    assert received["status"] == "received"
    assert mine("shipment", "show", f"SO-{packed}", "--wait", "received", "--json").fine().json["status"] == "received"
    assert ": acknowledged" in mine("acknowledge", f"SO-{packed}").fine().out
    row = next(
        line for line in mine("shipment", "list", "--to", "plant.example").fine().out.splitlines() if packed in line
    )
    assert row.rstrip().endswith("acknowledged")
    assert packed not in mine("shipment", "list", "--open").fine().out


def _sent(mine, plant, packed, *more):
    """The shipment's id, once it has arrived."""
    sent = mine("ship", "--to", "plant.example", "--units-of", packed, *more, "--json").fine().json
    mine("shipment", "show", sent["shipment"], "--wait", "delivered").fine()
    return f"mine.example/log#{sent['shipment']}"


def test_what_is_not_named_is_accepted(mine, plant, packed):
    id_ = _sent(mine, plant, packed)
    done = plant("receive", id_, "--unit", f"{packed}-2=rejected: seal broken", "--unit", f"{packed}-3=concession: wet")
    assert "3000 kg" in done.fine().out
    units = {unit["serial"]: unit for unit in plant("unit", "list", "--limit", "9", "--json").fine().json["units"]}
    whose = {number: units[f"{packed}-{number}"]["owner"] for number in (1, 2, 3, 4)}
    assert whose == {1: None, 2: "mine.example", 3: None, 4: None}


def test_what_is_said_of_a_pallet_is_said_of_its_cartons(mine, plant, packed):
    mine(
        "unit", "pack", packed, "--serial", f"{packed}-P", "--kind", "pallet", "--contains", f"{packed}-1..{packed}-2"
    ).fine()
    id_ = _sent(mine, plant, packed)
    received = plant("receive", id_, "--unit", f"{packed}-P=rejected: crushed", "--json").fine().json
    (line,) = received["lines"]
    assert (line["accepted_mg"], line["rejected_mg"]) == (2 * 10**9, 2 * 10**9)


def test_a_receipt_in_two_parts(mine, plant, packed):
    id_ = _sent(mine, plant, packed)
    first = plant("receive", id_, "--more-to-come", "--unit", f"{packed}-1=accepted", "--json").fine().json
    assert first["status"] == "received in part"
    assert mine("shipment", "show", id_.partition("#")[2], "--wait", "received in part").fine()
    assert plant("receive", id_, "--json").fine().json["status"] == "received"


def test_a_bare_id_and_the_only_open_arrival(mine, plant, packed):
    id_ = _sent(mine, plant, packed)
    assert plant("receive", id_.partition("#")[2], "--site", "plant-1", "--json").fine().json["shipment"] == id_
    nothing = plant("receive", id_.partition("#")[2], "--json")
    assert (nothing.code, nothing.json["code"]) == (1, "nothing-to-receive")


def test_which_of_two_open_arrivals_is_asked(mine, plant, packed):
    first = _sent(mine, plant, packed)
    sent = mine("ship", "--to", "plant.example", "--line", f"{packed}=1 t", "--json").fine().json
    mine("shipment", "show", sent["shipment"], "--wait", "delivered").fine()
    asked = plant("receive", "--from", "mine.example", "--json")
    assert (asked.code, asked.json["code"]) == (1, "ambiguous-code")
    assert first in asked.json["text"]
    for id_ in (first, f"mine.example/log#{sent['shipment']}"):
        plant("receive", id_).fine()


def test_decline_and_weigh_back_in(mine, plant, packed):
    id_ = _sent(mine, plant, packed)
    unsaid = plant("receive", id_, "--decline")
    assert (unsaid.code, "say why" in unsaid.err) == (1, True)
    assert plant("receive", id_, "--decline", "--reason", "wrong goods", "--json").fine().json["status"] == "declined"
    own = id_.partition("#")[2]
    mine("shipment", "show", own, "--wait", "declined").fine()
    assert mine("acknowledge", own, "--back", f"{packed}=4 t", "--unit", f"{packed}-1..{packed}-4").fine()
    assert mine("batch", "show", packed, "--json").fine().json["packed_mg"] == 4 * 10**9


def test_a_dispute_is_said_and_stays_open(mine, plant, packed):
    id_ = _sent(mine, plant, packed)
    plant("receive", id_, "--unit", f"{packed}-1=missing: not on the lorry").fine()
    own = id_.partition("#")[2]
    mine("shipment", "show", own, "--wait", "received").fine()
    done = mine("acknowledge", own, "--dispute", "--reason", "four bags were loaded", "--json").fine().json
    assert done["status"] == "disputed"
    assert own in mine("shipment", "list", "--open").fine().out


def test_a_return_names_its_original(mine, plant, packed):
    id_ = _sent(mine, plant, packed)
    plant("receive", id_, "--unit", f"{packed}-1=rejected: torn").fine()
    refused = plant("ship", "--to", "mine.example", "--purpose", "return", "--unit", f"{packed}-1", "--original", id_)
    assert refused.fine().out.startswith("✓ shipment")


def test_only_usable_units_are_meant_by_units_of(mine, plant, packed):
    id_ = _sent(mine, plant, packed)
    plant("receive", id_, "--unit", f"{packed}-1=rejected: torn").fine()
    plant("batch", "transform", "--step", "rework", "--units-of", packed, "--output", f"nd_oxide:{packed}-N=3 t").fine()
    states = {
        unit["serial"]: unit["state"] for unit in plant("unit", "list", "--limit", "9", "--json").fine().json["units"]
    }
    assert [states[f"{packed}-{number}"] for number in (1, 2, 3, 4)] == ["here", *["emptied"] * 3]
    none = plant("ship", "--to", "mine.example", "--units-of", packed, "--json")
    assert (none.code, none.json["code"]) == (1, "no-units-here")


REFUSED = {
    "a node that nobody knows": (["--to", "plamt.example"], "plamt.example"),
    "an outside party without a country": (["--outside", "Foundry"], "country"),
    "a purpose of one's own": (["--to", "plant.example", "--purpose", "gift"], "purpose"),
}


@pytest.mark.parametrize(("options", "named"), REFUSED.values(), ids=REFUSED)
def test_a_refused_shipment_moves_nothing(mine, packed, options, named):
    done = mine("ship", *options, "--line", f"{packed}=1 t")
    assert (done.code, named in done.err) == (1, True)
    assert mine("batch", "show", packed, "--json").fine().json["mg"] == 20 * 10**9


def test_to_somebody_outside(mine, packed):
    sent = mine("ship", "--outside", "Foundry Ltd", "--country", "DE", "--line", f"{packed}=1 t", "--json").fine().json
    shown = mine("shipment", "show", sent["shipment"]).fine().out
    assert "Foundry Ltd" in shown
    assert mine("acknowledge", sent["shipment"], "--back", f"{packed}=1 t").fine()


def test_names_that_are_not_in_the_shipment(mine, plant, packed):
    id_ = _sent(mine, plant, packed)
    for option in (("--weighed", "OTHER=4 t"), ("--unit", "OTHER-1=accepted")):
        done = plant("receive", id_, *option, "--json")
        assert (done.code, done.json["code"]) == (1, "not-in-this-shipment")
    assert plant("receive", id_, "--unit", "OTHER-1").code == 2
    assert plant("receive", id_, "--unit", "OTHER-1=unexpected").fine()


def test_waiting_ends_after_its_time(mine, packed):
    sent = mine("ship", "--to", "plant.example", "--units-of", packed, "--json").fine().json
    done = mine("shipment", "show", sent["shipment"], "--wait", "acknowledged", "--timeout", "0.3", "--json")
    assert (done.code, done.json["code"]) == (1, "waited-in-vain")


def test_incoming_shipments_are_arrivals(plant):
    incoming = plant("shipment", "list", "--incoming", "--limit", "1000", "--json").fine().json
    assert incoming == plant("arrivals", "--limit", "1000", "--json").fine().json


def test_misuse(mine):
    for options in ([], ["--to", "plant.example"], ["--line", "A=1 t"]):
        assert mine("ship", *options).code == 2


def test_a_link_for_a_consignee_outside(mine, packed, tmp_path):
    sent = mine("ship", "--outside", "Muster GmbH", "--country", "DE", "--units-of", packed, "--json").fine().json
    file = tmp_path / "link.svg"
    made = mine("shipment", "link", sent["shipment"], "--days", "3", "--out", str(file)).fine()
    assert "/g/" in made.out
    assert file.read_text("utf-8").startswith("<svg")
    assert "withdrawn" in mine("shipment", "link", sent["shipment"], "--withdraw").fine().out
