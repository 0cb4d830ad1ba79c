"""How goods are written on the command line: what is read as what, and what is misuse."""

import pytest
import typer

from api.commands import goods

QUANTITIES = {
    "20 t": {"value": "20", "unit": "t", "basis": "net"},
    "20t": {"value": "20", "unit": "t", "basis": "net"},
    " 20.000 t ": {"value": "20.000", "unit": "t", "basis": "net"},
    "20 t dry": {"value": "20", "unit": "t", "basis": "dry"},
    "15 kg 500 pcs": {"value": "15", "unit": "kg", "basis": "net", "count": 500},
    "15 kg net 500 件": {"value": "15", "unit": "kg", "basis": "net", "count": 500},
    "2 m3": {"value": "2", "unit": "m3", "basis": "net"},
    "1.5.0 furlong": {"value": "1.5.0", "unit": "furlong", "basis": "net"},  # the node says what is wrong with these
}


@pytest.mark.parametrize(("text", "read"), QUANTITIES.items(), ids=QUANTITIES)
def test_a_quantity_is_read(text, read):
    assert goods.quantity(text, "--net") == read


@pytest.mark.parametrize("text", ["", "t", "20", "-20 t", "20 t dry wet", "20 t 5 pcs dry", "20 t many pcs", "1,5 t"])
def test_what_is_no_quantity_is_misuse_in_both_languages(text):
    with pytest.raises(typer.BadParameter, match=r"--net.*no quantity.*不是数量"):
        goods.quantity(text, "--net")


def test_a_pair_is_split_at_its_last_equals_sign():
    assert goods.line("A=B=2 kg", "--line") == {
        "batch": "A=B",
        "quantity": {"value": "2", "unit": "kg", "basis": "net"},
    }


@pytest.mark.parametrize("text", ["PN-7", "=2 kg", "PN-7="])
def test_half_a_pair_is_misuse(text):
    with pytest.raises(typer.BadParameter, match="--line"):
        goods.line(text, "--line")


def test_outputs_losses_and_steps():
    assert goods.output("prnd_oxide:PN:7=1 kg")["lot_no"] == "PN:7"
    assert goods.output("prnd_oxide=1 kg").keys() == {"product", "quantity"}
    assert goods.loss("residue=1 kg")["kind"] == "residue"
    assert goods.step("separation") == {"process": "separation"}
    assert goods.step("separation@plant-1") == {"process": "separation", "site": "plant-1"}


SERIALS = {
    "D-001": ["D-001"],
    "D-008..D-011": ["D-008", "D-009", "D-010", "D-011"],
    "D-8..11": ["D-8", "D-9", "D-10", "D-11"],
    "7..7": ["7"],
    "A1-1..A1-2": ["A1-1", "A1-2"],
    "..": [".."],
    "X..Y": ["X..Y"],  # no numbers: a serial that happens to hold two dots
}


@pytest.mark.parametrize(("text", "read"), SERIALS.items(), ids=SERIALS)
def test_serials_are_written_out(text, read):
    assert goods.serials([text], "--serial") == read


@pytest.mark.parametrize("text", ["D-2..D-1", "D-1..E-2", "D-1..D-20000"])
def test_what_is_no_range_is_misuse(text):
    with pytest.raises(typer.BadParameter, match="no range"):
        goods.serials([text], "--serial")
