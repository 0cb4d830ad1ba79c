"""Countries by code and by name, as people write either."""

import pytest

from api.forms import nest
from ledger.errors import Malformed
from ledger.matter.reference import Reference
from nodes.countries import countries, country_code, is_country
from nodes.sheets import cells


@pytest.mark.parametrize("code", ["CN", "MM", "VN", "US", "DE", "AU", "MY", "TW"])
def test_countries_have_codes_and_names_in_both_languages(code):
    assert is_country(code)
    assert country_code(countries("zh")[code]) == country_code(countries("en")[code]) == code


@pytest.mark.parametrize("code", ["CX1", "cn", "C", "", "XZ", "EU", "中国", "001"])
def test_what_is_no_country_s_code(code):
    assert not is_country(code)


@pytest.mark.parametrize(
    ("text", "code"), [("cn", "CN"), (" CN ", "CN"), ("china", "CN"), ("缅甸", "MM"), ("Ziam", "Ziam")]
)
def test_what_somebody_typed(text, code):
    assert country_code(text) == code


def test_of_opening_stock_nobody_may_know_the_country():
    assert is_country("XX")
    assert is_country("ZZ")
    assert countries("zh")["XX"] == countries("zh")["ZZ"] == "未知地区"


def test_a_cell_names_a_country_or_is_refused():
    reference = Reference.parse()
    assert cells.word("country", "中国", "C5", reference) == cells.word("country", "cn", "C5", reference) == "CN"
    with pytest.raises(Malformed) as refused:
        cells.word("country", "火星", "C6", reference)
    assert (refused.value.code, refused.value.field, refused.value.value) == ("cell-word-unknown", "C6", "火星")


def test_a_form_takes_a_country_by_its_name_wherever_it_asks_for_one():
    typed = {"origin.country": "中国", "to.outside.country": "germany", "origin.region": "China"}
    assert nest(typed) == {"origin": {"country": "CN", "region": "China"}, "to": {"outside": {"country": "DE"}}}
    assert nest({"origin.country": "Mars"}) == {"origin": {"country": "Mars"}}
