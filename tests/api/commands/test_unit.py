"""`lodetrace unit …` against a served node."""

import json

import pytest


def test_pack_a_range_with_seals(mine, lot):
    done = (
        mine(
            *("unit", "pack", lot, "--serial", f"{lot}-001..{lot}-003", "--net", "1 t", "--kind", "bag"),
            *("--seal", "A7..A9", "--json"),
        )
        .fine()
        .json
    )
    assert [unit["serial"] for unit in done["units"]] == [f"{lot}-00{number}" for number in (1, 2, 3)]
    shown = mine("unit", "show", f"{lot}-002", "--json").fine().json
    assert (shown["seal"], shown["kind"], shown["net_mg"], shown["site"]) == ("A8", "bag", 10**9, "pit-1")
    words = mine("unit", "show", f"{lot}-002").fine().out
    assert "1000 kg" in words
    assert "/q/" in words


def test_pack_one_by_one_with_a_net_each(mine, lot):
    done = mine("unit", "pack", lot, "--serial", f"{lot}-a", "--serial", f"{lot}-b", "--net", "10 kg", "--net", "11 kg")
    assert done.fine().out.count("check code") == 2
    assert mine("unit", "show", f"{lot}-b", "--json").fine().json["net_mg"] == 11 * 10**6


def test_stack_and_unpack(mine, lot):
    mine("unit", "pack", lot, "--serial", f"{lot}-1..{lot}-3", "--net", "10 kg").fine()
    mine("unit", "pack", lot, "--serial", f"{lot}-P", "--kind", "pallet", "--contains", f"{lot}-1..{lot}-3").fine()
    assert len(mine("unit", "show", f"{lot}-P", "--json").fine().json["contains"]) == 3
    assert mine("unit", "unpack", f"{lot}-1").code == 1
    assert mine("unit", "unpack", f"{lot}-P").fine()
    assert mine("unit", "unpack", f"{lot}-1..{lot}-2").fine()
    states = {
        unit["serial"]: unit["state"] for unit in mine("unit", "list", "--batch", lot, "--json").fine().json["units"]
    }
    assert states == {f"{lot}-1": "emptied", f"{lot}-2": "emptied", f"{lot}-3": "here", f"{lot}-P": "emptied"}
    here = mine("unit", "list", "--batch", lot, "--on-hand").fine().out.splitlines()
    assert [line.split()[1] for line in here] == ["serial", f"{lot}-3"]


MISUSE = {
    "no serial": (["LOT", "--net", "1 kg"], "--serial"),
    "no net": (["LOT", "--serial", "A"], "--net"),
    "no batch": (["--serial", "A", "--net", "1 kg"], "BATCH"),
    "too many nets": (["LOT", "--serial", "A1..A3", "--net", "1 kg", "--net", "1 kg"], "3 serials, but 2 of --net"),
    "too few seals": (["LOT", "--serial", "A1..A3", "--net", "1 kg", "--seal", "S1"], "3 serials, but 1 of --seal"),
    "two pallets": (["LOT", "--serial", "P1..P2", "--contains", "A1"], "--contains"),
}


@pytest.mark.parametrize(("options", "named"), MISUSE.values(), ids=MISUSE)
def test_misuse(mine, options, named):
    done = mine("unit", "pack", *options)
    assert (done.code, named in done.err) == (2, True)


def test_dismantle(mine):
    ore = ("--origin", "mined", "--country", "CN", "--site", "pit-1")
    mine("batch", "register", "--product", "ndfeb_magnet", "--lot", "MG-D", "--net", "3 kg 100 pcs", *ore).fine()
    mine(
        *("batch", "assemble", "--product", "motor", "--lot", "EV-D", "--step", "assemble@pit-1"),
        *("--input", "MG-D=3 kg 100 pcs", "--serial", "D-M1..D-M2", "--net", "40 kg"),
    ).fine()
    done = mine(
        *("unit", "dismantle", "D-M1..D-M2", "--step", "dismantle@pit-1"),
        *("--output", "ndfeb_magnet:EOL=2.8 kg", "--loss", "scrap=77 kg"),
    ).fine()
    assert "ndfeb_magnet EOL" in done.out


def test_units_can_be_packed_by_a_body_too(mine, lot):
    body = {"batch": lot, "units": [{"serial": f"{lot}-x", "net": {"value": "1", "unit": "kg"}}]}
    assert mine("unit", "pack", "--body", "-", stdin=json.dumps(body).encode()).fine()
