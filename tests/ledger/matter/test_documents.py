"""Drawdown of documents: the same paper is found again, nothing of its number is told, and its mass is used once."""

import pytest

from ledger.matter.documents import Drawdown, document_hash, overdrawn, stated_mg

KEY, T = b"key", 10**9
ENTRY = ("a.example/log", 1)


def paper(number: str = "4403-01", kind: str = "invoice", mass: str | None = "20", **rest: object) -> dict:
    return {"kind": kind, "no": number} | ({"mass": {"value": mass, "unit": "t"}} if mass else {}) | rest


WIDE = "".join(chr(ord(digit) - ord("0") + 0xFF10) for digit in "440301")


@pytest.mark.parametrize("same", ["4403-01", " 4403 01", WIDE, "4403–01", "4403.01"])
def test_a_number_is_the_same_however_it_is_written(same):
    assert document_hash("invoice", same, KEY) == document_hash("special_invoice", "440301", KEY)


@pytest.mark.parametrize(
    "other",
    [
        document_hash("invoice", "440302", KEY),
        document_hash("customs_declaration", "440301", KEY),
        document_hash("invoice", "440301", b"other key"),
    ],
)
def test_other_papers_and_other_keys_have_other_hashes(other):
    assert document_hash("invoice", "440301", KEY) != other
    assert len(other) == 64
    assert "4403" not in other[:4]


def _over(account):
    """How much was drawn beyond the paper."""
    found = overdrawn(account, 1300)
    return 0 if found is None else found.facts["drawn_mg"] - found.facts["mass_mg"]


def test_a_finding_names_the_row_and_neither_number_nor_hash():
    found = []
    for key in (KEY, b"other key"):
        known = Drawdown(key)
        for entry in (3, 5):
            name, account = known.draw(paper(), ("a", entry), (f"b{entry}",), 20 * T, row=1)
        told = overdrawn(account, 1300)
        assert told.facts["document"] == ["a", 3, 1]
        assert name not in str(told.as_json())
        assert paper()["no"] not in str(told.as_json())
        found.append(told.id)
    assert found[0] == found[1]


def test_a_mass_is_drawn_once():
    known = Drawdown(KEY)
    for entry, over in ((1, 0), (2, 20 * T)):
        found = known.draw(paper(), ("a", entry), (f"b{entry}",), 20 * T)
        assert found is not None
        assert _over(found[1]) == over
    assert list(found[1].batches) == ["b1", "b2"]
    known.undo(("a", 2))
    assert _over(found[1]) == 0
    known.undo(("a", 2))
    assert found[1].drawn_mg == 20 * T


def test_what_scales_differ_by_is_not_overdrawn():
    known = Drawdown(KEY)
    found = known.draw(paper(), ENTRY, ("b",), 20 * T + 78 * 10**6)
    assert found is not None
    assert _over(found[1]) == 0
    known.draw(paper(drawn={"value": "1", "unit": "kg"}), ENTRY, ("b",), 7 * T)
    assert _over(found[1]) == 79 * 10**6


def test_buyer_and_seller_draw_apart():
    known = Drawdown(KEY)
    for side in ("in", "out", "pledge"):
        found = known.draw(paper(), ENTRY, ("b",), 20 * T, side)
        assert found is not None
        assert _over(found[1]) == 0


@pytest.mark.parametrize("row", [{}, {"kind": "photo", "no": "1"}, {"kind": "invoice"}, {"kind": "invoice", "no": 7}])
def test_rows_without_a_mass_to_use_up_are_let_pass(row):
    assert Drawdown(KEY).draw(row, ENTRY, ("b",), T) is None


@pytest.mark.parametrize("mass", [None, "20 t", {"value": "twenty", "unit": "t"}, {"value": "20", "unit": "bags"}])
def test_what_is_no_mass_limits_nothing(mass):
    assert stated_mg({"mass": mass}) is None
    found = Drawdown(KEY).draw(paper(mass=None, mass_=mass), ENTRY, ("b",), 99 * T)
    assert found is not None
    assert _over(found[1]) == 0
