"""Labels of our own units: the signed URL, and what is printed beside it for the eye to compare.

The token is signed anew whenever it is asked for; Ed25519 gives the same signature, so a reprint is the same label.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ledger.errors import Unknown
from ledger.labels import Label, check_code, make_token
from ledger.matter.quantities import show_mg
from ledger.matter.stock import Unit
from nodes.node import Node
from nodes.printing.layout import LabelText
from nodes.store import codes, lists, log
from nodes.store.engine import Connection
from nodes.store.records import BatchRecord, Entry, UnitRecord

DATED = ("packing", "assembly")
"""The slots that tell when units were packed."""


@dataclass(frozen=True, slots=True)
class _Packed:
    """A unit that our own log packed, as it was then: later weighings do not change what a label says."""

    unit: Unit
    batch: BatchRecord
    entry: Entry
    url: str
    net_mg: int
    at: str
    gross: str | None


def label_of(node: Node, code: str) -> LabelText:
    """The label of a unit that our own log packed. Unknown for others': their maker prints those."""
    with node.store.read() as conn:
        record = lists.unit(conn, codes.find_unit(conn, code))
        refuse_other(record, code)
        return next(texts(node, conn, [record], {}))


def texts(node: Node, conn: Connection, records: Iterable[UnitRecord], given: Mapping[str, str]) -> Iterator[LabelText]:
    """What stands on the labels of units that our own log packed, in their order. `given` are fields that the books do
    not know: grade, standard, hazard.
    """
    for packed in _packed(node, conn, records):
        unit, batch = packed.unit, packed.batch.batch
        rows = [
            ("净重", "Net", show_mg(packed.net_mg)),
            ("件号", "No.", unit.serial),
            ("批号", "Lot", batch.lot_no),
            ("危险性", "Hazard", given.get("hazard")),
            ("牌号", "Grade", given.get("grade")),
            ("毛重", "Gross", packed.gross),
            ("件数", "Pieces", None if unit.count is None else str(unit.count)),
            ("封号", "Seal", unit.seal),
            ("日期", "Packed", packed.at[:10]),
            ("产地", "Origin", packed.batch.country or node.settings.country),
            ("标准", "Standard", given.get("standard")),
        ]
        yield LabelText(
            url=packed.url,
            serial=unit.serial,
            maker=node.settings.organisation,
            maker_en=node.settings.organisation_en or "",
            product=node.reference.product_name(batch.product, "zh"),
            product_en=node.reference.product_name(batch.product, "en"),
            rows=tuple((zh, en, value) for zh, en, value in rows if value),
            check=check_code(packed.entry.leaf),
            host=_host(node),
        )


def is_own(record: UnitRecord) -> bool:
    """Did our own log pack it, so that its label is ours to print?"""
    return record.packed_by is not None and record.packed_by >= 0 and record.item is not None


def refuse_other(record: UnitRecord, code: str) -> None:
    if not is_own(record):
        raise Unknown("label-of-other-log", field="unit", value=code)


def _packed(node: Node, conn: Connection, records: Iterable[UnitRecord]) -> Iterator[_Packed]:
    """Units of one entry mostly follow one another: it is opened once for all of them."""
    entries: dict[int, tuple[Entry, Mapping[str, Any]]] = {}
    batches: dict[str, BatchRecord] = {}
    for record in records:
        assert record.packed_by is not None
        assert record.item is not None
        unit = record.unit
        if record.packed_by not in entries:
            entry = log.entry(conn, record.packed_by)
            event = entry.event
            opened: dict[str, Any] = {
                "public": event.items("units.public"),
                "authority": event.items("units.authority"),
                "at": next((event.scalar(slot)["at"] for slot in DATED if event.scalar(slot)), entry.recorded_at),
            }
            entries = {record.packed_by: (entry, opened)}
        if unit.batch not in batches:
            batches[unit.batch] = lists.batch(conn, unit.batch)
        entry, told = entries[record.packed_by]
        net = int(told["public"][record.item]["net_mg"])
        typed = told["authority"][record.item].get("typed", {}) if told["authority"] else {}
        gross = typed.get("gross")
        token = make_token(Label(node.origin, entry.index, entry.leaf, unit.id, net), node.identity.author)
        yield _Packed(
            unit,
            batches[unit.batch],
            entry,
            f"{node.settings.label_url}/q/{token}",
            net,
            told["at"],
            None if gross is None else f"{gross['value']} {gross['unit']}",
        )


def _host(node: Node) -> str:
    return node.settings.label_url.partition("://")[2]
