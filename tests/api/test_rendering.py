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
