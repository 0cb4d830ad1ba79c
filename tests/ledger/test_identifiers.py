"""Identifiers, against published ones: no digit of them can be another one."""

import pytest

from ledger.identifiers import is_eori, is_lei, is_uscc

USCC = ("91350100M000100Y43", "91110000600037341L", "914403001922038216", "91330100799655058B")
"""The example of GB 32100-2015, and three listed companies' own."""
LEI = ("5493001KJTIIGC8Y1R12", "HWUPKR0MPOU8FGXBT394", "7LTWFZYICNSX8D621K86")
"""As GLEIF publishes them: Bloomberg, Apple, Deutsche Bank."""


@pytest.mark.parametrize(("fits", "text"), [(is_uscc, one) for one in USCC] + [(is_lei, one) for one in LEI])
def test_one_wrong_character_is_found(fits, text):
    assert fits(text)
    for place in range(len(text)):
        for other in "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ":
            if other.isdigit() == text[place].isdigit():  # MOD 97-10 promises no more
                assert fits(text[:place] + other + text[place + 1 :]) is (other == text[place])


@pytest.mark.parametrize("fits", [is_uscc, is_lei, is_eori])
@pytest.mark.parametrize("text", ["", "x", "91350100m000100y43", " 91350100M000100Y43", "五493001KJTIIGC8Y1R12"])
def test_what_is_not_of_the_form(fits, text):
    assert not fits(text)


def test_an_eori_is_a_country_and_a_number():
    assert is_eori("DE123456789012345")
    assert is_eori("FR1")
    assert not is_eori("DE1234567890123456")
    assert not is_eori("D1")
