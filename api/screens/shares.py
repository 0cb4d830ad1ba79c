"""Where something comes from, in a sentence that says how sure that is."""

from collections.abc import Iterable
from decimal import Decimal

from api.screens.named import N_
from api.words import words
from ledger.matter.rows import Row

WHOLE_PPB = 10**9
_ANY = N_("by the books alone, any share is possible")
_SURE, _LIKELY = "%(share)s %(name)s", N_("about %(share)s %(name)s")
_BETWEEN = N_("about %(share)s %(name)s (at least %(least)s, at most %(most)s)")


def told_shares(rows: Iterable[tuple[str, Row]], language: str) -> str:
    """`rows`: names with (likely, least, most) in parts per billion. What is certain is said as it is, what is likely
    as about that; where all from nothing to everything is possible, it is said once, for all.
    """
    said, any_ = [], False
    for name, (mid, least, most) in rows:
        form = _SURE if least == most else _LIKELY if (least, most) == (0, WHOLE_PPB) else _BETWEEN
        any_ = any_ or form == _LIKELY
        facts = {"share": percent(mid), "name": name, "least": percent(least), "most": percent(most)}
        said.append((form if form == _SURE else words(language)(form)) % facts)
    separator, end = ("; ", " — ") if language == "en" else ("；", "——")
    return separator.join(said) + (end + words(language)(_ANY) if any_ else "")


def percent(ppb: int) -> str:
    """To one decimal: `750200000` → `75 %`, `123400000` → `12.3 %`."""
    return f"{(Decimal(ppb) / 10**7).quantize(Decimal('0.1')):f} %".replace(".0 %", " %")
