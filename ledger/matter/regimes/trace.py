"""A trace: what a regime may read of some goods. What was done to them where, what they are, where their elements are
from; and behind each of it an entry of somebody's log.

ledger/tracing.py makes a trace of verified evidence. Ids are whole (`log#id`). What was not disclosed is None or empty:
a regime asks for it, and where it is not there says so.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ledger.matter.reference import Reference
from ledger.matter.rows import Row

PROVEN, ATTESTED, CLAIMED = "proven", "attested", "claimed"


@dataclass(frozen=True, slots=True)
class Word:
    """The entry that says something, and whose it is. `attested`: check → the logs that replayed it with that check."""

    log: str
    index: int
    organisation: str
    recorded_at: str = ""
    attested: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def standing(self, check: str) -> str:
        """Of what the entry says of the world: attested where somebody replayed the log with this check."""
        return ATTESTED if self.attested.get(check) else CLAIMED


@dataclass(frozen=True, slots=True)
class Step:
    """A process step: at which facility, in which country, when (None where nobody told it), and what came of it."""

    word: Word
    at: str
    process: str
    site: str | None
    country: str | None
    makes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Goods:
    """A batch. `origin` and `site` are of where it was registered: None unless it was, and an origin that is not
    disclosed is empty. `mg`, `count`, `assay` and `documents` (None where not disclosed) are of the batch as made.
    """

    batch: str
    product: str
    lot_no: str | None
    at: str
    word: Word
    origin: Mapping[str, Any] | None = None
    site: str | None = None
    mg: int | None = None
    count: int | None = None
    assay: Mapping[str, Any] | None = None
    documents: tuple[Mapping[str, Any], ...] | None = None

    def holds_rare_earths(self, reference: Reference) -> bool:
        """Not for iron and the like; of a product in no table that is not known, so it may."""
        holds = reference.products.get(self.product, {}).get("holds")
        return holds is None or bool(holds["main"])


@dataclass(frozen=True, slots=True)
class Parent:
    """Something that went into a batch, how much of it (None: not disclosed), and by which processes."""

    batch: str
    mg: int | None = None
    processes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Origins:
    """What an entry tells of the subject's elements, in parts of 10^9: by `country/feed_class`, and what came back by
    class.
    """

    word: Word
    model: str
    elements: Mapping[str, Mapping[str, Row]]
    recycled: Mapping[str, Mapping[str, Row]]


@dataclass(frozen=True, slots=True)
class Organisation:
    """Who keeps a log. `admitted_by` a registry, where one is relied on."""

    name: str
    role: str | None
    country: str | None
    admitted_by: str | None = None
    suspended: bool = False


@dataclass(frozen=True, slots=True)
class Trace:
    """`batch` is what is asked about (None where the evidence is about no goods); `unit`: its label's unit, serial, net
    and seal. `missing`: entries that are not here; `hidden`: entries (`log index`) that do not disclose what went in or
    was done; `cut`: periods of pools (log#id) at which the history ends.
    """

    batch: str | None
    goods: Mapping[str, Goods]
    steps: tuple[Step, ...] = ()
    parents: Mapping[str, tuple[Parent, ...]] = field(default_factory=dict)
    origins: Origins | None = None
    organisations: Mapping[str, Organisation] = field(default_factory=dict)
    unit: Mapping[str, Any] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()
    cut: tuple[str, ...] = ()
    recalled: tuple[str, ...] = ()
    corrected: tuple[str, ...] = ()
    entries: int = 0
    handovers: int = 0
    vouched: bool = True

    @property
    def subject(self) -> Goods | None:
        return self.goods.get(self.batch or "")

    def entered(self) -> list[Goods]:
        """What came into the ledger, by day."""
        found = [one for one in self.goods.values() if one.origin is not None]
        return sorted(found, key=lambda one: (one.at, one.batch))

    def kinds(self, reference: Reference) -> set[str]:
        """The kinds of magnets among these goods."""
        rows = (reference.products.get(one.product, {}) for one in self.goods.values())
        return {str(row["magnet"]) for row in rows if "magnet" in row}

    def magnets(self, reference: Reference) -> list[Goods]:
        """The magnets that went into the subject, or the subject itself where it is magnets."""
        here = [self.batch or "", *(one.batch for one in self.parents.get(self.batch or "", ()))]
        found = [self.goods[id_] for id_ in dict.fromkeys(here) if id_ in self.goods]
        return [one for one in found if "magnet" in reference.products.get(one.product, {})]

    def unknown(self) -> list[str]:
        """Batches on the way of which nobody here tells what they were made of."""
        known = {one.batch for one in self.entered()} | {child for child, rows in self.parents.items() if rows}
        return sorted({*self.since()} - known - {*self.cut})

    def since(self, told_as: Callable[[str], str | None] = str) -> dict[str, frozenset[str | None]]:
        """By batch, the processes that lie on every way from it to the subject; `told_as` says what counts as one: two
        ways may reach the same stage by different processes.
        """
        found: dict[str, frozenset[str | None]] = {self.batch or "": frozenset()}
        waiting = [*found]
        while waiting:
            child = waiting.pop()
            for parent in self.parents.get(child, ()):
                passed = found[child] | {*map(told_as, parent.processes)}
                before = found.get(parent.batch)
                if before is None or before & passed != before:
                    found[parent.batch] = passed if before is None else before & passed
                    waiting.append(parent.batch)
        return found
