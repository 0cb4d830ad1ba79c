"""What the store gives to whoever asks: plain values, never its rows.

`entry_no` names an entry of any log: 0 and above is the index in our own log, below 0 an upstream entry
(`upstream.refs` turns either into log, index and leaf). `no` is a cursor, and for upstream entries minus the entry_no.
"""

from dataclasses import dataclass, field
from typing import Any

from ledger.entries import open_event, parse_entry
from ledger.log.canonical import b64
from ledger.log.checkpoints import parse_checkpoint
from ledger.log.notes import parse_note
from ledger.matter.events import Event
from ledger.matter.stock import Arrival, Batch, Shipment, Unit


@dataclass(frozen=True, slots=True)
class Head:
    """How long our log is, the hash of its last text, and when that was recorded ("" for an empty log)."""

    size: int
    text_hash: bytes
    recorded_at: str


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of our own log. `disclosures` is the text that was stored with it, one disclosure a line."""

    index: int
    leaf: bytes
    type: str
    recorded_at: str
    note: bytes
    disclosures: str = ""


@dataclass(frozen=True, slots=True)
class Ref:
    """Which entry an `entry_no` is."""

    log: str
    index: int
    leaf: bytes
    type: str


@dataclass(frozen=True, slots=True)
class Making:
    """How a batch, unit or shipment came into being: what the log knows and custody does not keep.

    `item` is the place in the entry's list, for units. `mg` is the mass when made, where it is disclosed.
    """

    entry_no: int | None
    item: int | None = None
    at: str | None = None
    country: str | None = None
    external_ref: str | None = None
    mg: int | None = None


@dataclass(frozen=True, slots=True)
class BatchRecord:
    """A batch that is or was here, and how it came into being."""

    no: int
    batch: Batch
    made_by: int | None
    at: str | None
    country: str | None
    external_ref: str | None


@dataclass(frozen=True, slots=True)
class UnitRecord:
    """A unit, with the entry that made its label and its place in that entry's list."""

    no: int
    unit: Unit
    packed_by: int | None
    item: int | None


@dataclass(frozen=True, slots=True)
class Answer:
    """A receipt of one of our shipments that its receiver told us."""

    entry_no: int
    final: bool
    declined: bool


@dataclass(frozen=True, slots=True)
class ShipmentRecord:
    """A shipment of ours, and what its receiver has told of it so far."""

    no: int
    shipment: Shipment
    made_by: int | None
    external_ref: str | None
    answers: tuple[Answer, ...]


@dataclass(frozen=True, slots=True)
class ArrivalRecord:
    """A shipment offered to us. `arrival` is None until our first receipt."""

    no: int
    id: str
    sender: str
    purpose: str
    at: str | None
    offered_by: int | None
    arrival: Arrival | None


@dataclass(frozen=True, slots=True)
class Seen:
    """An entry of another log. `path` is its inclusion at `at_size`; `disclosures` is all that is open of it, each a
    text or `{"d", "path"}`. As read: `no`, and in `newest` the largest checkpoint of its log that is here.
    """

    log: str
    index: int
    leaf: bytes
    type: str
    note: bytes = field(repr=False)
    disclosures: tuple[Any, ...] = field(repr=False)
    path: tuple[bytes, ...] = field(repr=False)
    at_size: int
    no: int = 0
    newest: bytes | None = field(default=None, repr=False)

    @property
    def event(self) -> Event:
        """As far as it is open to us."""
        return open_event(parse_entry(self.note), self.disclosures)

    def ref(self) -> dict[str, Any]:
        """How an entry of ours names it: with the newest checkpoint that is here, so that the ref is gossip too."""
        assert self.newest is not None, "an entry is saved with the checkpoint that proves it"
        checkpoint = parse_checkpoint(parse_note(self.newest).text)
        return {
            "log": self.log,
            "index": self.index,
            "leaf": b64(self.leaf),
            "size": checkpoint.size,
            "root": b64(checkpoint.root),
        }


@dataclass(frozen=True, slots=True)
class Opening:
    """`seen` as it was opened when our own log had `head_size` entries. `no` is a cursor."""

    no: int
    head_size: int
    seen: Seen


@dataclass(frozen=True, slots=True)
class Outgoing:
    """To be brought to the node `to`, about one of our entries. `subject` is the shipment, as our own log writes it."""

    kind: str
    to: str
    subject: str
    entry_no: int


@dataclass(frozen=True, slots=True)
class Delivery:
    """state: waiting, sent (with the receiver's signed note as `answer`), or refused for good (with the `error`)."""

    no: int
    kind: str
    to: str
    entry_no: int
    subject: str
    state: str
    attempts: int
    tried_at: str | None
    answer: bytes | None
    error: str | None
