"""What is sealed for one key opens with that key, for that purpose, as it was; and in no other way."""

import pytest

from ledger.errors import Unverified
from nodes.sealing import ADDED, KEY_SIZE, fresh, public_of, seal, unseal

KEY, OTHER = fresh(), fresh()
SEALED = seal(b"forty tonnes", public_of(KEY), "asked")


def test_it_opens_again():
    assert unseal(SEALED, KEY, "asked") == b"forty tonnes"
    assert len(SEALED) == len(b"forty tonnes") + ADDED
    assert seal(b"forty tonnes", public_of(KEY), "asked") != SEALED, "nobody sees that two are the same"


@pytest.mark.parametrize(
    ("sealed", "key", "purpose"),
    [
        (SEALED, OTHER, "asked"),
        (SEALED, KEY, "answered"),
        (SEALED[:-1], KEY, "asked"),
        (SEALED[:KEY_SIZE], KEY, "asked"),
        (bytes([SEALED[0] ^ 1]) + SEALED[1:], KEY, "asked"),
        (SEALED[:-1] + bytes([SEALED[-1] ^ 1]), KEY, "asked"),
        (b"", KEY, "asked"),
        (bytes(len(SEALED)), KEY, "asked"),
    ],
    ids=["other-key", "other-purpose", "cut", "without-text", "other-start", "other-end", "empty", "zeros"],
)
def test_nothing_else_opens(sealed, key, purpose):
    with pytest.raises(Unverified) as refused:
        unseal(sealed, key, purpose)
    assert refused.value.code == "sealed-wrong"


def test_a_key_that_is_none_is_refused():
    with pytest.raises(Unverified):
        seal(b"", bytes(KEY_SIZE), "asked")
