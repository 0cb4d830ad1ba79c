"""Labels of the story's drums, cartons, pallet and motors: what is printed on them, and who can print them."""

import pytest

from ledger.entries import open_event, parse_entry
from ledger.errors import Conflict, Unknown
from ledger.labels import check_code, open_token
from nodes.labels import label_of
from nodes.store import log
from nodes.store.engine import Store
from tests.chain import MINE, MOTOR, PLANT, TRADER

OWN = {
    MINE: ("D-1", "D-2", "D-3", "D-4", "X-1"),
    PLANT: ("C-1", "C-2", "C-3", "T-1"),
    MOTOR: ("U-1", "U-2", "U-3"),
}
PACKED = [(name, serial) for name, serials in OWN.items() for serial in serials]


@pytest.mark.parametrize(("name", "serial"), PACKED)
def test_a_reprint_is_the_same_label_wherever_the_unit_is_now(chain, name, serial):
    with chain.node(name) as node:
        printed = label_of(node, serial)
        assert printed.url == chain.labels[serial]
        assert label_of(node, chain.units[serial]) == label_of(node, chain.unit(serial, name)) == printed
    assert printed.serial == serial


@pytest.mark.parametrize(("name", "serial"), PACKED)
def test_a_label_says_what_its_entry_says(chain, name, serial):
    with chain.node(name) as node:
        label = open_token(chain.labels[serial], [(node.origin, node.identity.author.verifier)])
        with node.store.read() as conn:
            stored = log.entry(conn, label.index)
    event = open_event(parse_entry(stored.note), stored.disclosures.split("\n"), whole=True)
    place = event.ids["units.public"].index(label.unit)
    row = event.items("units.public")[place]
    assert (label.origin, label.leaf) == (f"{name}/log", stored.leaf)
    assert (row["serial"], row["net_mg"]) == (serial, label.net_mg)
    assert chain.units[serial] == f"{label.origin}#{label.unit}"


def test_the_words_beside_the_code(chain):
    with chain.node(MINE, label_url="https://q.mine.example/labels") as node:
        printed = label_of(node, "D-4")
        code = check_code(open_token(printed.url, [(node.origin, node.identity.author.verifier)]).leaf)
    assert printed.url.startswith("https://q.mine.example/labels/q/")
    assert (printed.product, printed.product_en) == ("离子型稀土混合氧化物", "Ion-adsorption mixed rare-earth oxide")
    assert (printed.check, printed.host) == (code, "q.mine.example/labels")
    told = {english: value for _, english, value in printed.rows}
    assert (told["Net"], told["No."], told["Lot"], told["Seal"]) == ("10 kg", "D-4", "M-1", "A771")


def test_no_seal_no_line_about_a_seal(chain):
    with chain.node(MOTOR) as node:
        rows = label_of(node, "U-2").rows
    assert not any(english == "Seal" for _, english, _ in rows)
    assert ("净重", "Net", "20 kg") in rows


def test_the_printed_mass_stays_whatever_was_weighed_later(chain, tmp_path):
    home = chain.copy(MINE, tmp_path / "home")
    store = Store.open(home / "node.db")
    with store.write() as conn:
        assert conn.execute("UPDATE units SET net_mg = 9990000 WHERE serial = 'D-4'").rowcount == 1
    store.close()
    with chain.node(MINE, home) as node:
        assert label_of(node, "D-4").url == chain.labels["D-4"]
        assert ("净重", "Net", "10 kg") in label_of(node, "D-4").rows


@pytest.mark.parametrize(("name", "serial"), [(TRADER, "D-1"), (PLANT, "D-1"), (MOTOR, "C-2")])
def test_only_its_maker_prints_a_label(chain, name, serial):
    with chain.node(name) as node, pytest.raises(Unknown) as unknown:
        label_of(node, serial)
    assert unknown.value.code == "label-of-other-log"
    assert unknown.value.value == serial


@pytest.mark.parametrize("code", ["D-77", "0" * 26, "mine.example/log#" + "0" * 26, "", "D-1 "])
def test_a_unit_that_is_not_here_has_no_label(chain, code):
    with chain.node(MINE) as node, pytest.raises(Unknown) as unknown:
        label_of(node, code)
    assert unknown.value.code == "unit-unknown"


def test_a_serial_of_two_units_names_neither(chain, tmp_path):
    home = chain.copy(MINE, tmp_path / "home")
    store = Store.open(home / "node.db")
    with store.write() as conn:
        conn.execute("UPDATE units SET serial = 'X-1' WHERE serial = 'D-4'")
    store.close()
    with chain.node(MINE, home) as node:
        with pytest.raises(Conflict) as conflict:
            label_of(node, "X-1")
        assert conflict.value.code == "ambiguous-code"
        assert label_of(node, chain.unit("X-1", MINE)).url == chain.labels["X-1"]
