"""`lodetrace batch …` against a served node."""

import json

import pytest

ORE = ("--product", "ion_clay_mixed_oxide", "--origin", "mined", "--country", "CN", "--site", "pit-1")


def test_register_from_a_weighbridge_ticket(mine):
    done = mine(
        *("batch", "register", "--lot", "XF-1", "--net", "20 t", *ORE, "--region", "Jiangxi", "--moisture", "0.5"),
        *("--ticket", "BT-991", "--gross", "32.46", "--tare", "12.46", "--scale", "WB-2", "--ref", "ERP-1"),
        *("--document", "weigh_ticket:BT-991", "--at", "2026-11-20T08:15:00+08:00"),
    ).fine()
    assert done.out.startswith("✓ batch ")
    assert "20000 kg net" in done.out
    assert "of mine.example/log" in done.out
    shown = mine("batch", "show", "ERP-1", "--json").fine().json
    assert (shown["lot_no"], shown["mg"], shown["at"]) == ("XF-1", 20 * 10**9, "2026-11-20T08:15:00+08:00")


def test_the_net_is_reckoned_from_gross_and_tare(mine):
    done = mine("batch", "register", *ORE, "--gross", "32.46 t", "--tare", "12.46", "--json").fine()
    assert done.json["mass"] == {"mg": 20 * 10**9, "basis": "net"}


MISUSE = {
    "nothing": ([], ["--product", "--net", "--origin", "--country"]),
    "half a weighing": ([*ORE, "--gross", "1 t"], ["--tare"]),
    "a weighing without a unit": ([*ORE, "--gross", "2", "--tare", "1"], ["one unit"]),
    "a weighing in two units": ([*ORE, "--gross", "2 t", "--tare", "1 kg"], ["one unit"]),
    "no quantity": ([*ORE, "--net", "many"], ["no quantity"]),
    "a body and options": ([*ORE, "--body", "-"], ["--body"]),
    "a body that is not there": (["--body", "nowhere.json"], ["nowhere.json"]),
}


@pytest.mark.parametrize(("options", "named"), MISUSE.values(), ids=MISUSE)
def test_misuse_is_said_before_anything_is_sent(mine, options, named):
    before = mine("batch", "list", "--json").fine().json
    done = mine("batch", "register", *options)
    assert (done.code, done.out) == (2, "")
    assert [one for one in named if one in done.err] == named
    assert "用法有误" in done.err
    assert mine("batch", "list", "--json").fine().json == before


def test_a_body_of_ones_own_is_passed_on_byte_for_byte(mine, tmp_path):
    body = {
        "product": "nd_oxide",
        "lot_no": "BODY-1",
        "site": "pit-2",
        "quantity": {"value": "1", "unit": "kg"},
        "origin": {"class": "mined", "country": "CN"},
    }
    file = tmp_path / "body.json"
    file.write_text(json.dumps(body))
    assert mine("batch", "register", "--body", file).fine()
    assert mine("batch", "register", "--body", "-", stdin=json.dumps(body | {"lot_no": "BODY-2"}).encode()).fine()
    assert mine("batch", "show", "BODY-2", "--json").fine().json["loose"][0]["site"] == "pit-2"
    twice = mine("batch", "register", "--body", "-", stdin=b'{"product": "a", "product": "b"}')
    assert (twice.code, "stands there twice" in twice.err) == (1, True)


def test_a_refusal_is_told_in_both_languages_and_ends_with_1(mine, lot):
    done = mine("batch", "transform", "--step", "split@pit-1", "--input", f"{lot}=30 t", "--output", "nd_oxide=30 t")
    assert (done.code, done.out) == (1, "")
    assert "20000 kg in all" in done.err
    assert "请减少数量" in done.err
    asked = mine("batch", "show", "NO-SUCH-LOT", "--json")
    assert (asked.code, asked.json["ok"], asked.json["code"]) == (1, False, "node-said-no")
    assert "没有批次" in asked.json["zh"]


def test_of_several_sites_one_must_be_named(mine):
    done = mine("batch", "register", *ORE[:-2], "--net", "1 t")
    assert (done.code, "site is missing: say which of the sites (pit-1, pit-2)" in done.err) == (1, True)
    assert "缺少 site" in done.err


def test_one_key_is_one_record(mine):
    command = ("batch", "register", *ORE, "--lot", "KEY-1", "--net", "1 t", "--key", "once", "--json")
    assert mine(*command).fine().json == mine(*command).fine().json
    other = mine("batch", "register", *ORE, "--lot", "KEY-2", "--net", "1 t", "--key", "once")
    assert (other.code, "once" in other.err) == (1, True)


def test_a_slip_is_asked_about_and_confirmed(mine):
    for number in range(3):
        mine("batch", "register", *ORE[2:], "--product", "tb_oxide", "--lot", f"TB-{number}", "--net", "100 kg").fine()
    slip = ("batch", "register", *ORE[2:], "--product", "tb_oxide", "--lot", "TB-9", "--net", "1000 kg")
    assert "confirm with a reason" in mine(*slip).err
    assert "! guard-slip: ten lots in one" in mine(*slip, "--confirm", "ten lots in one").fine().out


def test_transform_into_outputs_and_losses(mine, lot):
    done = mine(
        *("batch", "transform", "--step", "separation@pit-2", "--step", "calcine@pit-2", "--input", f"{lot}=20 t"),
        *("--output", f"prnd_oxide:PN-{lot}=4040 kg", "--output", "dy_oxide=600 kg", "--loss", "residue=12 t"),
    ).fine()
    assert done.out.count("✓ batch ") == 2
    assert f"prnd_oxide PN-{lot}" in done.out
    shown = mine("batch", "show", f"PN-{lot}").fine().out
    assert "4040 kg net" in shown
    assert "loose at pit-2" in shown


def test_move_and_remove(mine, lot):
    assert mine("batch", "move", "--from", "pit-1", "--to", "pit-2", "--line", f"{lot}=5 t").fine()
    assert (
        mine("batch", "remove", "--kind", "disposed", "--line", f"{lot}=1 t", "--reason", "spill", "--json").code == 1
    )
    assert "pit-1, pit-2" in mine("batch", "remove", "--kind", "disposed", "--line", f"{lot}=1 t").err
    body = {"kind": "disposed", "lines": [{"batch": lot, "site": "pit-2", "quantity": {"value": "1", "unit": "t"}}]}
    assert mine("batch", "remove", "--body", "-", stdin=json.dumps(body).encode()).fine()
    loose = mine("batch", "show", lot, "--json").fine().json["loose"]
    assert {held["site"]: held["mg"] for held in loose} == {"pit-1": 15 * 10**9, "pit-2": 4 * 10**9}


def test_assemble_a_range_of_motors(mine):
    mine("batch", "register", *ORE[2:], "--product", "ndfeb_magnet", "--lot", "MG-1", "--net", "30 kg 1000 pcs").fine()
    done = (
        mine(
            *("batch", "assemble", "--product", "motor", "--lot", "EV-1", "--step", "assemble@pit-1"),
            *("--input", "MG-1=30 kg 1000 pcs", "--serial", "M-001..M-020", "--net", "46.2 kg", "--json"),
        )
        .fine()
        .json
    )
    assert [unit["serial"] for unit in done["units"]] == [f"M-{number:03d}" for number in range(1, 21)]
    listed = mine("unit", "list", "--batch", "EV-1", "--limit", "3").fine().out.splitlines()
    assert len(listed) == 4
    assert "46.2 kg, 1 pcs" in listed[1]


def test_list_pages_until_the_limit_and_filters(mine, lot):
    every = mine("batch", "list", "--limit", "1000", "--json").fine().json
    assert every["before"] is None
    assert [one["lot_no"] for one in every["batches"]].count(lot) == 1
    newest = mine("batch", "list", "--limit", "2", "--json").fine().json
    assert newest["batches"] == every["batches"][:2]
    assert newest["before"] is not None
    here = mine("batch", "list", "--site", "pit-2", "--product", "dy_oxide", "--on-hand", "--json").fine().json
    assert {one["product"] for one in here["batches"]} <= {"dy_oxide"}
    table = mine("batch", "list").fine().out.splitlines()
    assert table[0].split() == ["batch", "product", "lot", "here", "at", "country"]
    assert len(table[1].split()[0]) == 26  # no id is cut, however narrow the terminal


def test_a_node_that_is_not_there_is_said(run, federation):
    done = run("batch", "list", "--url", "http://127.0.0.1:1", "--token", "x", environ={})
    assert done.code == 1
    assert "No node answers at http://127.0.0.1:1" in done.err
    assert "没有节点应答" in done.err


def test_url_and_token_are_needed(run):
    done = run("batch", "list")
    assert (done.code, "--url" in done.err) == (2, True)
    assert "用法有误" in done.err
