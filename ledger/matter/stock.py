"""The states that custody reads and leaves behind: what one organisation holds, has under way, and has been offered.

Each state has a `key`; a view is a mapping from keys to states, whatever keeps it (the store's tables, or a dictionary
in an audit). Batches and units are columns there; shipments and arrivals are one JSON text, written and read here.

Over 400 lines because every state stands here, once, beside the text that it is kept as.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, astuple, dataclass, field, replace
from typing import Any

from ledger.matter.events import Event

Key = tuple[str, str]
POOL_PRODUCT = "pool"
"""The product of a batch that stands for a period of a pool."""


@dataclass(frozen=True, slots=True)
class Holding:
    """Goods that stand at `site`, not in units. `owner` is "" for this organisation, else a node's name."""

    site: str
    owner: str
    mg: int
    count: int | None = None


@dataclass(frozen=True, slots=True)
class Lock:
    """Goods that stand loose here and may not be taken: held or pledged, by the entry that created `id`.

    `mg` and `count` say how much of what stands at `site` for `owner`; `count` is None where the batch has no pieces.
    Units are locked by name, in the unit; a recall covers a batch wholly, or units.
    """

    id: str
    kind: str
    site: str
    owner: str
    mg: int
    count: int | None = None


@dataclass(frozen=True, slots=True)
class Batch:
    """What is here of a batch: loose, and in units (`packed_mg`, the sum over the units that hold goods directly).

    `basis` and whether it is counted are fixed when the batch is made. A batch of another log has the id `log#id`.
    `recalled` is the recall (a lock's id) that covers all of it, wherever it is.
    """

    id: str
    product: str
    basis: str
    counted: bool
    lot_no: str | None
    loose: tuple[Holding, ...] = ()
    packed_mg: int = 0
    packed_count: int | None = None
    locks: tuple[Lock, ...] = ()
    recalled: str | None = None

    @property
    def key(self) -> Key:
        return ("batch", self.id)

    @property
    def mg(self) -> int:
        """All that is here of it, whoever owns it."""
        return self.packed_mg + sum(holding.mg for holding in self.loose)

    @property
    def count(self) -> int | None:
        return (self.packed_count or 0) + sum(holding.count or 0 for holding in self.loose) if self.counted else None

    def holding(self, site: str, owner: str) -> Holding:
        """What stands loose at a site for an owner; nothing is a holding of zero."""
        for holding in self.loose:
            if (holding.site, holding.owner) == (site, owner):
                return holding
        return Holding(site, owner, 0, 0 if self.counted else None)


@dataclass(frozen=True, slots=True)
class Unit:
    """A labelled physical thing. `net_mg` is its net as last weighed; `contains` names the units stacked in it.

    state: here, quarantined (here, undecided), shipped, missing, emptied, consumed, reversed (never was).
    `locks` is what forbids its use: the lock's id, and its kind (held, pledged, recalled). They stay with it wherever
    it goes, and lock it again when it comes back.
    """

    id: str
    batch: str
    kind: str
    serial: str
    net_mg: int
    count: int | None
    seal: str | None
    site: str
    owner: str = ""
    state: str = "here"
    inside: str | None = None
    contains: tuple[str, ...] = ()
    shipment: str | None = None
    locks: tuple[tuple[str, str], ...] = ()

    @property
    def key(self) -> Key:
        return ("unit", self.id)


@dataclass(frozen=True, slots=True)
class Line:
    """A line of our own shipment. `units`: (unit, net mg, count); `owner` and `site` as they stood here.

    `back_mg`, `back_count`: what of it was weighed back into our own stock, declined or returned from outside.
    """

    batch: str
    mg: int
    basis: str
    count: int | None
    units: tuple[tuple[str, int, int | None], ...]
    owner: str
    site: str
    back_mg: int = 0
    back_count: int = 0


@dataclass(frozen=True, slots=True)
class Shipment:
    """Goods that left: in transit until the receiver's `received`, closed by our own `acknowledged`.

    `asked`: the receiver was asked to let them be withdrawn.
    `confirmed`: whoever got them outside has said, through a link, what arrived.
    """

    id: str
    to: str
    outside: Mapping[str, Any] | None
    purpose: str
    at: str
    lines: tuple[Line, ...]
    original: str | None = None
    closed: bool = False
    asked: bool = False
    confirmed: bool = False

    @property
    def key(self) -> Key:
        return ("shipment", self.id)


@dataclass(frozen=True, slots=True)
class ArrivalLine:
    """A line that another log offered us, and what our receipts have said of it so far.

    offered = accepted + rejected + missing + pending (quarantined units: unit → (net mg, count)) + open.
    """

    batch: str
    offered_mg: int
    offered_count: int | None
    accepted_mg: int = 0
    rejected_mg: int = 0
    missing_mg: int = 0
    decided_count: int = 0
    pending: Mapping[str, tuple[int, int | None]] = field(default_factory=dict)
    decided: frozenset[str] = frozenset()

    @property
    def open_mg(self) -> int:
        waiting = sum(net for net, _ in self.pending.values())
        return self.offered_mg - self.accepted_mg - self.rejected_mg - self.missing_mg - waiting

    @property
    def open_count(self) -> int:
        if self.offered_count is None:
            return 0
        return self.offered_count - self.decided_count - sum(count or 0 for _, count in self.pending.values())

    def with_receipt(
        self, row: Mapping[str, Any], pending: Mapping[str, tuple[int, int | None]], decided: set[str]
    ) -> "ArrivalLine":
        return replace(
            self,
            accepted_mg=self.accepted_mg + row["accepted_mg"],
            rejected_mg=self.rejected_mg + row["rejected_mg"],
            missing_mg=self.missing_mg + row["missing_mg"],
            decided_count=self.decided_count
            + sum(row.get(f"{outcome}_count") or 0 for outcome in ("accepted", "rejected", "missing")),
            pending=pending,
            decided=self.decided | decided,
        )


@dataclass(frozen=True, slots=True)
class Arrival:
    """A shipment offered to us, by `log#id`. `lines` by line number: those that a receipt of ours has named."""

    id: str
    sender: str
    purpose: str
    lines: Mapping[int, ArrivalLine]
    final: bool = False
    declined: bool = False

    @property
    def key(self) -> Key:
        return ("arrival", self.id)


@dataclass(frozen=True, slots=True)
class Locked:
    """A lock as such: the batches that it names, wholly or in part, and the units; what releases it names them all.

    Closed when released. `order` is the authority's (`log#id`) that a hold obeys. In an authority's own log, an order
    is a lock on goods of others, and names them as `log#id`.
    """

    id: str
    kind: str
    batches: tuple[str, ...]
    units: tuple[str, ...]
    closed: bool = False
    order: str = ""

    @property
    def key(self) -> Key:
        return ("lock", self.id)


@dataclass(frozen=True, slots=True)
class Frozen:
    """What the authority's orders forbid here of a batch, from their delivery until their release is delivered.

    `orders`: the order (`log#id`), the unit that it names or "", and how much it freezes of what stands loose, in mg;
    "" and 0 where it is all of the batch. It follows from what came from the authority and from nothing in this log:
    whoever records puts it into the view, a replay does not.
    """

    batch: str
    orders: tuple[tuple[str, str, int], ...]

    @property
    def key(self) -> Key:
        return ("frozen", self.batch)


@dataclass(frozen=True, slots=True)
class Voided:
    """That the authority voided a shipment, ours or one offered to us (`log#id`), since this was delivered here.

    `log` and `index` are where the authority's entry stands. Like `Frozen` it follows from nothing in this log.
    """

    shipment: str
    log: str
    index: int

    @property
    def key(self) -> Key:
        return ("voided", self.shipment)


@dataclass(frozen=True, slots=True)
class Pool:
    """A circuit, silo, tank, heap or furnace line: `period` is the batch that stands for all that is in it now.

    Custody knows a pool's mass in and out since the period began (`in_mg`, `out_mg`, informative: a pool's goods change
    form); what it may give is counted by element, in its composition.
    """

    code: str
    period: str
    site: str
    process: str
    in_mg: int = 0
    out_mg: int = 0
    draws: int = 0

    @property
    def key(self) -> Key:
        return ("pool", self.code)


@dataclass(frozen=True, slots=True)
class Delta:
    """How much more (or less, negative) of a batch an entry moved than it says; see adjusting.py for the sides."""

    side: str
    batch: str
    site: str
    owner: str
    mg: int
    count: int = 0

    @property
    def place(self) -> tuple[str, str, str, str]:
        return self.side, self.batch, self.site, self.owner


@dataclass(frozen=True, slots=True)
class Correction:
    """What corrections have been made to the own entry `index`, or, of one event, what it makes of them.

    `kinds` in order (amended, reversed, adjusted); `words`: path → what stands there now; `deltas` summed, one for each
    place.
    """

    index: int
    kinds: tuple[str, ...] = ()
    words: tuple[tuple[str, str | None], ...] = ()
    deltas: tuple[Delta, ...] = ()

    @property
    def key(self) -> Key:
        return ("correction", str(self.index))

    def plus(self, more: "Correction") -> "Correction":
        """This, and then `more`: the last words count, amounts add up."""
        sums: dict[tuple[str, str, str, str], Delta] = {}
        for delta in (*self.deltas, *more.deltas):
            before = sums.get(delta.place)
            sums[delta.place] = (
                delta if before is None else replace(delta, mg=before.mg + delta.mg, count=before.count + delta.count)
            )
        return Correction(
            self.index,
            self.kinds + more.kinds,
            tuple(dict((*self.words, *more.words)).items()),
            tuple(sums[place] for place in sorted(sums)),
        )


@dataclass(frozen=True, slots=True)
class Consent:
    """A partner's adjustment, `log#index`, whose goods were taken by our own: once."""

    id: str

    @property
    def key(self) -> Key:
        return ("consent", self.id)


@dataclass(frozen=True, slots=True)
class Booked:
    """An own entry that an event corrects, read back from the log for the rule: never changed, never saved."""

    index: int
    leaf: bytes
    event: Event

    @property
    def key(self) -> Key:
        return ("entry", str(self.index))


@dataclass(frozen=True, slots=True)
class Month:
    """A closed month of the books, `YYYY-MM`: what is corrected in it is corrected in the open one."""

    month: str

    @property
    def key(self) -> Key:
        return ("month", self.month)


@dataclass(frozen=True, slots=True)
class Device:
    """A scale, handheld or gateway that signs what it records. `public`: its key in base64, "" once it is retired.

    `seq` is the last number of its own that was recorded.
    """

    code: str
    public: str
    seq: int

    @property
    def key(self) -> Key:
        return ("device", self.code)


State = (
    Batch | Unit | Shipment | Arrival | Locked | Frozen | Voided | Pool | Correction | Consent | Booked | Month | Device
)


Kept = Locked | Pool | Correction | Consent | Month | Device
"""States that are kept as texts only."""
KEPT = frozenset({"lock", "pool", "correction", "consent", "month", "device"})
_PLAIN: Mapping[str, Callable[..., Kept]] = {
    "lock": Locked,
    "pool": Pool,
    "consent": Consent,
    "month": Month,
    "device": Device,
}


def dump_state(state: Shipment | Arrival | Kept) -> str:
    """Canonical JSON text of a state, for a column of the store."""
    plain = asdict(state)
    if isinstance(state, Arrival):
        plain["lines"] = {
            str(number): {**asdict(line), "decided": sorted(line.decided)} for number, line in state.lines.items()
        }
    return json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def load_kept(kind: str, text: str) -> Kept:
    """A state of `Kept` from its text; `kind` is the first part of its key."""
    if kind == "correction":
        return load_correction(text)
    plain = json.loads(text)
    return _PLAIN[kind](**{name: tuple(value) if isinstance(value, list) else value for name, value in plain.items()})


def dump_locks(locks: tuple[Lock, ...]) -> str | None:
    return json.dumps([astuple(lock) for lock in locks], ensure_ascii=False) if locks else None


def load_locks(text: str | None) -> tuple[Lock, ...]:
    return tuple(Lock(*row) for row in json.loads(text)) if text else ()


def dump_marks(marks: tuple[tuple[str, str], ...]) -> str | None:
    """The locks of a unit: (id, kind) each."""
    return json.dumps(marks, ensure_ascii=False) if marks else None


def load_marks(text: str | None) -> tuple[tuple[str, str], ...]:
    return tuple((id_, kind) for id_, kind in json.loads(text)) if text else ()


def load_shipment(text: str) -> Shipment:
    plain = json.loads(text)
    lines = tuple(
        Line(**{**line, "units": tuple((unit, net, count) for unit, net, count in line["units"])})
        for line in plain.pop("lines")
    )
    return Shipment(**plain, lines=lines)


def load_arrival(text: str) -> Arrival:
    plain = json.loads(text)
    lines = {
        int(number): ArrivalLine(
            **{
                **line,
                "pending": {unit: (net, count) for unit, (net, count) in line["pending"].items()},
                "decided": frozenset(line["decided"]),
            }
        )
        for number, line in plain.pop("lines").items()
    }
    return Arrival(**plain, lines=lines)


def load_correction(text: str) -> Correction:
    plain = json.loads(text)
    return Correction(
        plain["index"],
        tuple(plain["kinds"]),
        tuple((path, word) for path, word in plain["words"]),
        tuple(Delta(**delta) for delta in plain["deltas"]),
    )
