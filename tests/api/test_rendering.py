"""Pages that strangers see first are made before anybody asks."""

import pytest

from api import rendering


@pytest.mark.parametrize("language", rendering.LOCALES)
def test_a_first_page_makes_no_template(language):
    rendering.prepare()
    kept = rendering._templates(language).cache
    made = set(kept)
    assert {name for _, name in made} >= {*rendering.PREPARED}
    rendering.page("unknown.html", {"error": "", "later": False, "undecided": False}, language)
    assert set(kept) == made


def test_what_was_computed_is_told_to_the_gram_and_what_was_weighed_as_it_is():
    assert rendering.computed(98_447_446_104, "en") == "98,447.446 kg"
    assert rendering.computed(-1_500_000_600, "en") == "-1,500.001 kg"
    assert rendering.computed(120_000_000_000, "zh_CN") == "120,000 kg"
    assert rendering.mass(98_447_446_104, "en") == "98,447.446104 kg"
