"""Products as a person chooses one: those last used here, then the others by what they are, along the chain."""

from collections.abc import Iterable, Mapping

from api.screens.named import N_
from api.screens.reader import Reader

_GROUPS: Mapping[str, tuple[str, ...]] = {
    N_("Ores and concentrates"): ("ore", "concentrate"),
    N_("Carbonates, oxalates, chlorides and fluorides"): ("carbonate", "oxalate", "chloride", "fluoride"),
    N_("Oxides"): ("oxide",),
    N_("Metals and alloys"): ("metal", "alloy", "flake"),
    N_("Magnets and motors"): ("powder", "block", "magnet", "motor"),
    N_("Swarf and end-of-life goods"): ("swarf", "eol"),
    N_("Other goods"): ("other",),
}
"""Forms of the reference data's products, by what people call them."""
Groups = list[tuple[str, list[tuple[str, str]]]]
"""(words, [(code, words)])."""


def product_groups(reader: Reader, lately: Iterable[str] = ()) -> Groups:
    """Every product of the node's reference data once; `lately`: codes that come first, unknown ones are left out."""
    reference = reader.node.reference
    first = [code for code in dict.fromkeys(lately) if code in reference.products]
    rest = [code for code in reference.products if code not in first]
    found = [(reader._("Used lately"), first)]
    found += [
        (reader._(words), [code for code in rest if reference.form(code) in forms]) for words, forms in _GROUPS.items()
    ]
    return [(words, [(code, reader.product(code)) for code in codes]) for words, codes in found if codes]
