"""What the store gives to whoever asks: plain values, never its rows.

`entry_no` names an entry of any log: 0 and above is the index in our own log, below 0 an upstream entry (see
`upstream.numbered`). `no` is a cursor and nothing else.
"""

from dataclasses import dataclass

from ledger.entries import open_event, parse_entry
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

    @property
    def event(self) -> Event:
        """Whole."""
        return open_event(parse_entry(self.note), self.disclosures.split("\n"), whole=True)


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
