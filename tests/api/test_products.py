"""The list of products to choose from: each once, last used ones first, the others by groups that hold every form."""

import pytest

from api.screens.products import _GROUPS, product_groups
from api.screens.reader import Reader
from ledger.matter.reference_rows import FORMS


@pytest.mark.parametrize(("language", "first"), [("zh", "最近使用"), ("en", "Used lately")])
def test_each_product_is_offered_once_and_what_was_used_lately_first(node, language, first):
    lately = ["dy_oxide", "motor", "dy_oxide", "gone_from_the_tables"]
    groups = product_groups(Reader(node, language), lately)
    assert groups[0] == (first, [(code, node.reference.product_name(code, language)) for code in ("dy_oxide", "motor")])
    offered = [code for _, options in groups for code, _ in options]
    assert sorted(offered) == sorted(node.reference.products)
    assert product_groups(Reader(node, language))[0][0] != first


def test_no_form_of_goods_is_forgotten():
    grouped = [form for forms in _GROUPS.values() for form in forms]
    assert sorted(grouped) == sorted(FORMS)
