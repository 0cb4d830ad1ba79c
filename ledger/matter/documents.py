"""Document drawdown: the mass on a paper can be used once.

A customs declaration, an invoice or a warehouse receipt says how much it covers. Whatever enters the books under it
draws from that mass; when more was drawn than it covers, it was used twice. Papers are compared by a keyed hash of
their number, HMAC-SHA-256 under a key that lives as long as the comparison (an organisation's over its own log, an
authority's over all that is deposited with it, where the numbers are open): so the same paper is found again in two
books without any list of numbers lying around, and without the key a hash tells nothing, short as numbers are. A
finding names neither number nor hash but the row of the log that named the paper first, so whoever replays the log
finds it under the same id.

Buying and selling are different uses: the seller names the invoice when he ships, the buyer when he takes in, and
neither draws from the other. A warehouse receipt is drawn by pledging it.

Promises: exact sums; numbers that are only written differently (width, case, blanks, hyphens) are the same number.
Does not check that a paper exists, or that it is genuine: customs and tax offices do.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from hmac import digest
from typing import Any
from unicodedata import normalize

from ledger.errors import Refusal
from ledger.matter.balance import MILLI, PPM
from ledger.matter.findings import Entry, Finding
from ledger.matter.flows import Flow
from ledger.matter.quantities import mass_mg

FAMILIES: Mapping[str, str] = {
    "customs_declaration": "customs_declaration",
    "invoice": "invoice",
    "special_invoice": "invoice",
    "warehouse_receipt": "warehouse_receipt",
    "waste_transfer": "waste_transfer",
}
"""Kinds whose mass is used up, and what they are compared as: an invoice is not another one under another name."""
SIDES = ("in", "out", "pledge")
_COVERAGE = 3
_IGNORED = str.maketrans("", "", " -_/.\t\u2010\u2013\u2014")


def document_hash(kind: str, number: str, key: bytes) -> str:
    """The keyed hash under which a paper is known, in hex."""
    plain = normalize("NFKC", number).upper().translate(_IGNORED)
    told = f"lodetrace document v1\n{FAMILIES.get(kind, kind)}\n{plain}".encode()
    return digest(key, told, sha256).hex()


def stated_mg(document: Mapping[str, Any], name: str = "mass") -> int | None:
    """The mass that a document row states (`{"value": "30", "unit": "t"}`), None where it states none that is one."""
    quantity = document.get(name)
    if not isinstance(quantity, Mapping):
        return None
    try:
        return mass_mg(quantity.get("value"), quantity.get("unit"), f"documents.{name}")
    except Refusal:
        return None  # documents are kept as they were typed; who recorded it was told then


@dataclass(slots=True)
class Account:
    """One paper on one side: what it covers, what was drawn by whom, and the rows (log, entry, row) that name it."""

    kind: str
    mass_mg: int | None
    drawn_mg: int = 0
    draws: dict[Entry, int] = field(default_factory=dict)
    batches: dict[str, None] = field(default_factory=dict)
    masses: set[int] = field(default_factory=set)
    named: set[tuple[str, int, int]] = field(default_factory=set)


class Drawdown:
    """The papers known to whoever holds the key."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self.accounts: dict[tuple[str, str], Account] = {}
        self._drawn_by: dict[Entry, list[tuple[str, str]]] = {}

    def draw(
        self,
        document: Mapping[str, Any],
        entry: Entry,
        batches: tuple[str, ...],
        mg: int,
        side: str = "in",
        row: int = 0,
    ) -> tuple[str, Account] | None:
        """`mg` of goods refer to this paper; its hash and account, or None for a paper without a mass of its own.

        `row` is where it stands among the papers of the entry. A paper may say by `drawn` how much of these goods it
        stands for, where several papers cover one batch.
        """
        assert side in SIDES
        kind, number = document.get("kind"), document.get("no")
        if not isinstance(kind, str) or kind not in FAMILIES or not isinstance(number, str):
            return None
        name = document_hash(kind, number, self._key)
        account = self.accounts.setdefault((side, name), Account(FAMILIES[kind], None))
        account.named.add((*entry, row))
        mass = stated_mg(document)
        if mass is not None:
            account.masses.add(mass)
            account.mass_mg = mass if account.mass_mg is None else min(account.mass_mg, mass)
        drawn = stated_mg(document, "drawn")
        taken = mg if drawn is None else drawn
        account.drawn_mg += taken
        account.draws[entry] = account.draws.get(entry, 0) + taken
        account.batches.update(dict.fromkeys(batches))
        self._drawn_by.setdefault(entry, []).append((side, name))
        return name, account

    def undo(self, entry: Entry) -> None:
        """An entry was reversed: what it drew may be drawn again."""
        for key in self._drawn_by.pop(entry, ()):
            account = self.accounts[key]
            account.drawn_mg -= account.draws.pop(entry, 0)


def overdrawn(account: Account, scale_ppm: int) -> Finding | None:
    """More was drawn than the paper covers, beyond the tolerance of the scales."""
    if account.mass_mg is None:
        return None
    allowed = account.mass_mg * scale_ppm * _COVERAGE // PPM
    if account.drawn_mg - account.mass_mg <= allowed:
        return None
    facts = {**_facts(account), "mass_mg": account.mass_mg, "drawn_mg": account.drawn_mg}
    tolerance = {"allowed_mg": allowed, "k_milli": _COVERAGE * MILLI}
    return Finding("document-overdrawn", "grave", facts, *_where(account), formula="drawn", tolerance=tolerance)


def differing(account: Account) -> Finding | None:
    """The same paper was entered with two masses."""
    if len(account.masses) < 2:
        return None
    return Finding(
        "document-differs", "mild", {**_facts(account), "masses_mg": sorted(account.masses)}, *_where(account)
    )


def _facts(account: Account) -> dict[str, Any]:
    return {"kind": account.kind, "document": list(min(account.named))}


def _where(account: Account) -> tuple[tuple[Entry, ...], tuple[str, ...]]:
    return tuple(sorted(account.draws)), tuple(sorted(account.batches))


# -- who draws ----------------------------------------------------------------------------------------------------


def papers_of(flow: Flow) -> list[Mapping[str, Any]]:
    """The rows of the documents that go with an entry."""
    listed = flow.event.scalar("documents").get("list") or ()
    return [document for document in listed if isinstance(document, Mapping)]


def drawing(flow: Flow) -> tuple[str, list[Mapping[str, Any]]]:
    """(side, papers) from which the goods of an entry draw; a pledge without its paper stands for one of all of it."""
    type_ = flow.event.type
    if type_ in {"registered", "received"}:
        return "in", papers_of(flow)
    number = flow.event.scalar("pledge").get("receipt_no") if type_ == "pledged" else None
    if number is None:
        return "pledge", []
    held = sum(goods.mg for goods in flow.ins)
    row = {"kind": "warehouse_receipt", "no": number, "mass": {"value": str(held), "unit": "mg"}}
    return "pledge", [one for one in papers_of(flow) if one.get("kind") == "warehouse_receipt"] or [row]
