"""A year of one element over all logs that are deposited: what every organisation had, got, made, lost and gave on.

    opening + ins = outs + closing        of each organisation, in µg, exactly

A link is what one says it sent another and the other says it received, as far as both agree. What was sent beyond that
is under way, or was lost on it; what was received beyond that was sent earlier, or by nobody. Of partners whose logs
are not deposited only one side is known. Stock below zero at the end is matter whose source is unknown, and so is
whatever was gained. Rests on the books (books.py): what they book in a year is what happened in it here.

Promises: the sums above. Does not judge how much of a gain or a loss may be: findings do.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ledger.matter.books import WAYS_BOTH, WAYS_IN, Ways

STAGES = ("mine", "separation", "metal", "magnet", "motor", "recycler")
"""Roles of organisations in the order in which matter goes through them; any other role stands behind."""


@dataclass(frozen=True, slots=True)
class Book:
    """Of one log, for one element and year. `ways` as books.py keeps them."""

    name: str
    organisation: str
    role: str
    opening_ug: int
    closing_ug: int
    ways: Ways


@dataclass(frozen=True, slots=True)
class Part:
    """So much came in or went out by a way; `whom`: the class of an origin, a member, a kind of loss."""

    way: str
    whom: str
    ug: int


@dataclass(frozen=True, slots=True)
class Link:
    """What went from one organisation to another by the word of both."""

    sender: str
    receiver: str
    ug: int


@dataclass(frozen=True, slots=True)
class Member:
    """`ins` and `outs` are what no link tells: all above zero, opening and closing among them."""

    name: str
    organisation: str
    role: str
    ins: tuple[Part, ...]
    outs: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class ElementYear:
    """Amounts in µg of the element as metal."""

    year: str
    element: str
    members: tuple[Member, ...]
    links: tuple[Link, ...]


def element_year(year: str, element: str, books: Mapping[str, Book]) -> ElementYear:
    """`books`: by the names of the nodes whose logs are deposited. Organisations without any of it are left out."""
    got = {(whom, name): ug for name, book in books.items() for way, whom, ug in _moved(book, element) if way == "from"}
    sent = {(name, whom): ug for name, book in books.items() for way, whom, ug in _moved(book, element) if way == "to"}
    links = {pair: min(ug, got.get(pair, 0)) for pair, ug in sent.items()}
    links = {pair: ug for pair, ug in links.items() if ug > 0}
    members = []
    for name, book in books.items():
        ins: list[Part] = []
        outs: list[Part] = []
        for part, inwards in _parts(name, book, element, books, links):
            if part.ug:
                # An amount below zero is one above zero the other way: a correction of more than there was, mostly.
                side = ins if inwards == (part.ug > 0) else outs
                side.append(Part(part.way, part.whom, abs(part.ug)))
        if ins or outs or any(name in pair for pair in links):
            members.append(Member(name, book.organisation, book.role, tuple(ins), tuple(outs)))
    return ElementYear(year, element, tuple(members), tuple(Link(*pair, ug) for pair, ug in links.items()))


def _parts(
    name: str, book: Book, element: str, books: Mapping[str, Book], links: Mapping[tuple[str, str], int]
) -> Iterator[tuple[Part, bool]]:
    """Every part and whether it comes in."""
    yield Part("opening", "", book.opening_ug), True
    for way, whom, ug in _moved(book, element):
        if way == "from":
            known = whom in books
            yield Part("unsent" if known else "undeposited", whom, ug - links.get((whom, name), 0)), True
        elif way == "to":
            known = whom in books
            yield Part("under_way" if known else "undeposited", whom, ug - links.get((name, whom), 0)), False
        else:
            yield Part(way, whom, ug), way in WAYS_IN or way in WAYS_BOTH
    yield Part("closing" if book.closing_ug >= 0 else "below_zero", "", book.closing_ug), False


def _moved(book: Book, element: str) -> Iterator[tuple[str, str, int]]:
    for (way, whom), amounts in sorted(book.ways.items()):
        yield way, whom, amounts.get(element, 0)
