"""What disclosures open is remembered, within bounds, and never for other disclosures than those it was opened with."""

import pytest

from ledger.entries import Entry
from ledger.errors import Unverified
from ledger.log.canonical import b64url
from ledger.log.disclosures import digest, disclose, open_slots
from nodes.openings import Openings


def sealed(number: int, slots: int = 4) -> tuple[Entry, list[str]]:
    texts = [disclose(b64url(bytes([number, at] * 8)), f"slot{at}", {"number": number}) for at in range(slots)]
    sd = {f"slot{at}": b64url(digest(text)) for at, text in enumerate(texts)}
    entry = Entry(bytes([number]), "", "x.example/log", number, bytes(32), "2026-01-01T00:00:00Z", "registered", sd)
    return entry, texts


def test_the_same_is_answered_again_as_it_was():
    openings = Openings()
    entry, texts = sealed(1)
    first = openings.of(entry, texts)
    assert first == open_slots(entry.sd, texts)
    assert openings.of(entry, list(texts)) is first


def test_other_disclosures_of_the_same_entry_are_opened_by_themselves():
    openings = Openings()
    entry, texts = sealed(1)
    openings.of(entry, texts)
    assert set(openings.of(entry, texts[:2])) == {"slot0", "slot1"}
    assert len(openings.of(entry, texts)) == 4
    _, others = sealed(2)
    with pytest.raises(Unverified) as caught:
        openings.of(entry, others)
    assert caught.value.code == "disclosure-unproven"


def test_those_asked_for_last_stay():
    openings = Openings(most=8)
    made = [sealed(number) for number in range(3)]
    first, second = (openings.of(*one) for one in made[:2])
    assert openings.of(*made[0]) is first
    openings.of(*made[2])
    assert openings.of(*made[0]) is first
    assert openings.of(*made[1]) is not second


def test_one_that_would_drive_out_the_others_is_not_kept():
    openings = Openings(most=8)
    small = sealed(1)
    kept = openings.of(*small)
    large = sealed(2, slots=5)
    assert openings.of(*large) is not openings.of(*large)
    assert openings.of(*small) is kept
