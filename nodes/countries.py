"""Countries: their codes (ISO 3166-1 alpha-2), and their names in Chinese and English as Unicode's CLDR has them.

A code that no country has is refused where somebody types it, and nowhere else: what is in a log stays readable
whatever becomes of a country.
"""

from collections.abc import Mapping
from functools import lru_cache

from babel import Locale

from ledger.matter.provenance import UNKNOWN_COUNTRIES

NO_COUNTRIES = frozenset({"EU", "EZ", "QO", "UN", "XA", "XB"})
"""Codes of two letters that CLDR has for unions and for tests."""


@lru_cache(maxsize=2)
def countries(language: str) -> Mapping[str, str]:
    """Code → name, in the order of codes, those for an unknown country last; `language` is `zh` or `en`."""
    names = {str(code): str(name) for code, name in Locale(language).territories.items()}
    known = {code: names[code] for code in sorted(names) if len(code) == 2 and code.isalpha()}
    unknown = dict.fromkeys(UNKNOWN_COUNTRIES, known.pop("ZZ"))
    return {code: name for code, name in known.items() if code not in NO_COUNTRIES} | unknown


def is_country(code: str) -> bool:
    return code in countries("en")


def country_code(text: str) -> str:
    """`中国`, `China` and `cn` → `CN`; what is none of them, as it is."""
    plain = text.strip()
    return country_codes().get(plain.lower(), plain)


@lru_cache(maxsize=1)
def country_codes() -> Mapping[str, str]:
    """What people write, in small letters → code: names in both languages, and the codes themselves."""
    known = [(name, code) for language in ("zh", "en") for code, name in countries(language).items()]
    return {written.lower(): code for name, code in known for written in (name, code)}
