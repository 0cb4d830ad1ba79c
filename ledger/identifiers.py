"""Identifiers of organisations, checked by the digits that their standards put into them.

    USCC  统一社会信用代码, 18 characters, the last one a check character: GB 32100-2015, with the weights of GB/T 17710
    LEI   ISO 17442: 18 characters and two check digits after ISO 7064, MOD 97-10
    EORI  Regulation (EU) 2015/2447, Annex 12-01: a country and up to 15 characters, without a check digit

Promises: a mistyped character is found in a USCC or LEI. Does not check: that anybody was ever given the number.
"""

from re import compile as pattern

_USCC_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_USCC = pattern(f"[{_USCC_ALPHABET}]{{2}}[0-9]{{6}}[{_USCC_ALPHABET}]{{10}}")
_LEI = pattern("[0-9A-Z]{18}[0-9]{2}")
_EORI = pattern("[A-Z]{2}[0-9A-Z]{1,15}")


def is_uscc(text: str) -> bool:
    """The weight of place i is 3^i modulo 31; with the check character's own value the sum is a multiple of 31."""
    if not _USCC.fullmatch(text):
        return False
    weighed = sum(_USCC_ALPHABET.index(one) * pow(3, place, 31) for place, one in enumerate(text[:17]))
    return (weighed + _USCC_ALPHABET.index(text[17])) % 31 == 0


def is_lei(text: str) -> bool:
    """Letters count as 10 to 35; the number they spell leaves 1 when divided by 97."""
    return _LEI.fullmatch(text) is not None and int("".join(str(int(one, 36)) for one in text)) % 97 == 1


def is_eori(text: str) -> bool:
    return _EORI.fullmatch(text) is not None
