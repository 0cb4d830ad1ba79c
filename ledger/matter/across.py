"""What only several logs together show, for an authority with which they are deposited.

    papers      one customs declaration, special invoice, waste transfer or warehouse receipt in two books
    handovers   what the sender shipped beside what the receiver received: differing, overdue, of nothing, voided
    rings       the same mass round several organisations
    quotas      the account of a group, which is that of its companies

What a single log shows is its inspector's, and stays out of here. Papers are compared by documents.py. Numbers that
every seller gives himself (`invoice`) are not compared between organisations: two of them may well give the same one.
Goods that are handed on keep the paper under which they entered, so receipts draw from special invoices only.

Promises: the answers follow from what was taken, in whatever order the logs were; each log's flows come in its order.
Memory grows with handovers and papers. Does not check anything: whoever hands flows in has.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ledger.matter.dates import days_between
from ledger.matter.documents import (
    FAMILIES,
    Drawdown,
    differing,
    document_hash,
    drawing,
    overdrawn,
    papers_of,
    stated_mg,
)
from ledger.matter.events import Event
from ledger.matter.findings import Entry, Finding
from ledger.matter.flows import Flow
from ledger.matter.inspector import about_quota
from ledger.matter.limits import entry_of
from ledger.matter.matching import Claim
from ledger.matter.quota import Quotas
from ledger.matter.reconciling import absolute, reciprocal, rings, unanswered
from ledger.matter.reference import Reference

NUMBERED_FOR_ALL = frozenset({"customs_declaration", "special_invoice", "waste_transfer", "warehouse_receipt"})
"""Kinds of papers whose numbers one office gives, so that two organisations never rightly have the same one."""
_NAMING = frozenset({"registered", "shipped", "received"})
_MELTING = frozenset({"electrolysis", "electrolysis_alloy", "reduction"})
"""Processes that make metal, and take most of the power of a works."""


@dataclass(frozen=True, slots=True)
class Handover:
    """A shipment between members. `sender` and `receiver` are names; amounts in mg, by the sender's and the receiver's
    entries. `state`: in_transit, overdue, partly (more receipts are to come), received, declined, voided (by the
    authority), or unsent: the receiver names a shipment that is not in the sender's log.
    """

    shipment: str
    sender: str
    receiver: str
    purpose: str
    sent_at: str
    received_at: str
    sent_mg: int
    received_mg: int
    difference_mg: int
    state: str
    entries: tuple[Entry, ...]


class Across:
    """`key` keys the hashes of papers' numbers."""

    def __init__(self, reference: Reference, key: bytes) -> None:
        self.quotas = Quotas(reference)
        self._reference = reference
        self._drawdown = Drawdown(key)
        self._shipped: dict[str, Flow] = {}
        self._received: dict[Entry, Flow] = {}
        self._receipts: dict[str, list[Entry]] = {}
        self._pairs: dict[tuple[Entry, Entry], list[Finding]] = {}
        self._rings: list[Finding] | None = None
        self._times: dict[Entry, str] = {}
        self._voided: set[str] = set()
        self._key = key
        self._named: dict[Entry, list[tuple[str, Claim]]] = {}
        self._metal: dict[Entry, tuple[str, int]] = {}

    def void(self, event: Event) -> None:
        """The authority voided a shipment: its silence is explained, and a receipt of it is not."""
        self._voided.add(event.scalar("voiding")["shipment"])

    def take(self, flow: Flow) -> None:
        """The next flow of any of the logs."""
        if not flow.at:
            return
        type_, entry = flow.event.type, entry_of(flow)
        if type_ == "shipped" and flow.event.scalar("shipment").get("to") is not None:
            self._shipped[f"{flow.event.origin}#{flow.event.ids.get('shipment')}"] = flow
        elif type_ == "received":
            self._received[entry] = flow
            self._receipts.setdefault(_shipment_of(flow), []).append(entry)
            self._rings = None
        elif type_ == "reversed":
            self._reverse((flow.event.origin, flow.event.scalar("reversal").get("index", -1)))
        self._draw(flow)
        self._note(flow)
        for _ in self.quotas.take(flow):
            pass

    def _reverse(self, entry: Entry) -> None:
        self.quotas.undo(entry)
        self._drawdown.undo(entry)
        self._named.pop(entry, None)
        self._metal.pop(entry, None)
        received = self._received.pop(entry, None)
        if received is not None:
            self._receipts[_shipment_of(received)].remove(entry)
            self._rings = None
        self._shipped = {id_: one for id_, one in self._shipped.items() if entry_of(one) != entry}

    def _draw(self, flow: Flow) -> None:
        side, papers = drawing(flow)
        goods = flow.ins if side == "pledge" else flow.outs
        batches = tuple(absolute(one.batch, flow) for one in goods)
        mg = sum(one.mg for one in goods)
        for row, paper in enumerate(papers):
            compared = paper.get("kind") in NUMBERED_FOR_ALL
            if compared and (flow.event.type != "received" or paper["kind"] == "special_invoice"):
                self._times[entry_of(flow)] = flow.at
                self._drawdown.draw(paper, entry_of(flow), batches, mg, side, row)

    def _note(self, flow: Flow) -> None:
        """The papers that an entry names, and the metal that it made, for whoever holds books against offices."""
        entry = entry_of(flow)
        if flow.event.type in _NAMING:
            self._named[entry] = [
                (
                    FAMILIES[paper["kind"]],
                    Claim(self.hash_of(paper["kind"], paper["no"]), stated_mg(paper), flow.at[:10], (*entry, row)),
                )
                for row, paper in enumerate(papers_of(flow))
                if paper.get("kind") in NUMBERED_FOR_ALL and isinstance(paper.get("no"), str)
            ]
        for one in (flow, *(restated.now for restated in flow.restated)):
            made = sum(goods.mg for goods in one.outs if _is_metal(goods.product, self._reference))
            if one.event.type == "transformed" and made and set(one.processes) & _MELTING:
                self._metal[entry_of(one)] = one.at[:7], made

    def hash_of(self, kind: str, number: str) -> str:
        """How a paper's number is known here."""
        return document_hash(kind, number, self._key)

    def papers(self, family: str) -> list[Claim]:
        """Those of one family (documents.py) that the books name."""
        return [claim for named in self._named.values() for kind, claim in named if kind == family]

    def metal(self) -> dict[tuple[str, str], int]:
        """The metal that was made from oxides and salts, in mg by (log, month)."""
        found: dict[tuple[str, str], int] = {}
        for (log, _), (month, mg) in self._metal.items():
            found[log, month] = found.get((log, month), 0) + mg
        return found

    # -- what that says ----------------------------------------------------------------------------------------

    def findings(self, now: str, sizes: Mapping[str, int]) -> list[tuple[Finding, str]]:
        """Each with the month in which it came to light, as of `now`. `sizes`: how much of each log was taken.

        Nothing is missed in a log that is not there, or not yet: its receipts and shipments may be.
        """
        found = [
            *self._of_papers(),
            *self._of_pairs(),
            *self._unanswered(now, sizes),
            *self._of_voided(),
            *self._round(),
        ]
        told = [(one, max((self._time(entry) for entry in one.entries), default=now)[:7]) for one in found]
        return [*told, *self._of_groups(now)]

    def _time(self, entry: Entry) -> str:
        known = self._received.get(entry)
        return known.at if known is not None else self._times.get(entry, "")

    def _of_papers(self) -> Iterator[Finding]:
        scale_ppm = self._reference.scale_ppm("")
        for account in self._drawdown.accounts.values():
            if len({log for log, _ in account.draws}) > 1:
                yield from filter(None, (overdrawn(account, scale_ppm), differing(account)))

    def _of_pairs(self) -> Iterator[Finding]:
        for shipment, shipped in self._shipped.items():
            for entry in self._receipts.get(shipment, ()):
                pair = (entry_of(shipped), entry)
                if pair not in self._pairs:
                    self._pairs[pair] = reciprocal(shipped, self._received[entry], self._reference)
                yield from self._pairs[pair]

    def _unanswered(self, now: str, sizes: Mapping[str, int]) -> Iterable[Finding]:
        names = {origin.rpartition("/")[0] for origin in sizes}
        shipped = [one for id_, one in self._shipped.items() if _to(one) in names and id_ not in self._voided]
        received = [one for one in self._received.values() if _sent_by(one) in sizes and _known(one, sizes)]
        for one in shipped:
            self._times[entry_of(one)] = one.at
        return unanswered(shipped, received, now, self._reference)

    def _of_voided(self) -> Iterator[Finding]:
        for shipment in sorted(self._voided):
            taken = [self._received[entry] for entry in self._receipts.get(shipment, ())]
            for one in taken:
                if not one.event.scalar("receipt").get("declined"):
                    batches = tuple(absolute(goods.batch, one) for goods in one.outs)
                    facts = {"shipment": shipment, "receiver": one.event.name}
                    yield Finding("receipt-of-voided", "grave", facts, (entry_of(one),), batches)

    def _round(self) -> list[Finding]:
        if self._rings is None:
            self._rings = rings(self._received.values(), self._reference)
        return self._rings

    def _of_groups(self, now: str) -> Iterator[tuple[Finding, str]]:
        for crossing in self.quotas.full():
            if crossing.key.holder.startswith("group:"):
                month = min(now[:7], f"{crossing.key.year}-12")
                yield about_quota(crossing, (), (), ""), month

    # -- handovers ---------------------------------------------------------------------------------------------

    def handovers(self, now: str, sizes: Mapping[str, int]) -> list[Handover]:
        """All of which one side at least is deposited, by the time of sending."""
        days_allowed = self._reference.tables["finding_limits"]["answer_days"]["value"]
        known = [self._handover(shipment, one, now, days_allowed) for shipment, one in self._shipped.items()]
        unsent = [
            self._unsent(shipment, [self._received[entry] for entry in entries])
            for shipment, entries in self._receipts.items()
            if entries and shipment not in self._shipped and _known(self._received[entries[0]], sizes)
        ]
        return sorted([*known, *unsent], key=lambda one: (one.sent_at, one.entries))

    def _handover(self, shipment: str, sent: Flow, now: str, days_allowed: int) -> Handover:
        came = [self._received[entry] for entry in self._receipts.get(shipment, ())]
        about = sent.event.scalar("shipment")
        state = _state(came)
        if state == "in_transit" and shipment in self._voided:
            state = "voided"
        elif state == "in_transit" and days_between(sent.at, now) > days_allowed:
            state = "overdue"
        sent_mg = sum(goods.mg for goods in sent.ins)
        purpose, entries = str(about.get("purpose", "")), (entry_of(sent), *map(entry_of, came))
        return Handover(shipment, sent.event.name, _to(sent), purpose, sent.at, *_came(came, sent_mg), state, entries)

    def _unsent(self, shipment: str, came: list[Flow]) -> Handover:
        receipt = came[0].event.scalar("receipt")
        sender, purpose = str(receipt.get("from", "")), str(receipt.get("purpose", ""))
        entries = tuple(map(entry_of, came))
        return Handover(shipment, sender, came[0].event.name, purpose, "", *_came(came, 0), "unsent", entries)


def _came(came: list[Flow], sent_mg: int) -> tuple[str, int, int, int]:
    """(time of the last receipt, mg sent, mg received, mg by which the receiver's weighings differ)."""
    rows = [row for one in came for row in one.event.rows("lines.chain", "lines.partner")]
    received_mg = sum(goods.mg for one in came for goods in one.outs)
    difference_mg = sum(row.get("difference_mg") or 0 for row in rows)
    return max((one.at for one in came), default=""), sent_mg, received_mg, difference_mg


def _state(came: list[Flow]) -> str:
    receipts: list[Mapping[str, Any]] = [one.event.scalar("receipt") for one in came]
    if not receipts:
        return "in_transit"
    if any(receipt.get("declined") for receipt in receipts):
        return "declined"
    return "received" if any(receipt.get("final") for receipt in receipts) else "partly"


def _shipment_of(received: Flow) -> str:
    return str(received.event.scalar("receipt").get("shipment", ""))


def _to(shipped: Flow) -> str:
    return str(shipped.event.scalar("shipment").get("to"))


def _sent_by(received: Flow) -> str:
    return str(received.event.scalar("offer").get("log", ""))


def _known(received: Flow, sizes: Mapping[str, int]) -> bool:
    """Whether the sender's log was taken up to the shipment that the receipt names."""
    index: int = received.event.scalar("offer").get("index", 0)
    return sizes.get(_sent_by(received), 0) > index


def _is_metal(product: str, reference: Reference) -> bool:
    row = reference.row("products", product)
    return row is not None and row["form"] in ("metal", "alloy")
