"""Recalls: all goods that a recall concerns, and where they are now.

Direct is what was recalled, indirect what was made of it, walking forward through everything known here. A batch that
was recalled wholly concerns all that was made of it. Of units, only entries that used one of them; once one was opened,
all that used its batch, for its content went among the rest. Pools mix: what was drawn from one may be made of all that
was ever charged.

Promises: nothing is left out that this node knows of. Does not know what became of goods at others: their holders are
named, with what they have not sent back.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ledger.entries import id_in
from ledger.errors import Unknown
from ledger.matter.event_types import STATUSES
from ledger.matter.events import Event
from ledger.matter.genealogy import event_at
from ledger.matter.stock import POOL_PRODUCT, Arrival, Batch, Locked, Pool, Shipment, Unit, load_kept
from nodes import shipping
from nodes.downstream import News, ended
from nodes.holds import lockings
from nodes.node import Node
from nodes.store import genealogy, lists, log, states, stock, upstream
from nodes.store.engine import Connection
from nodes.trace import NODES_MAX

HERE = ("here", "quarantined")
DIRECT, INDIRECT = "direct", "indirect"


@dataclass
class _Suspect:
    """Goods that are concerned: of a batch all, or these units of it, or what of it stands loose."""

    batch: str
    how: str
    units: frozenset[str] | None = None
    loose: bool = True

    def covers(self, unit: str) -> bool:
        return self.units is None or unit in self.units


@dataclass
class _Sums:
    here_mg: int = 0
    here_units: int = 0
    sent_mg: int = 0
    sent_units: int = 0


@dataclass
class _Walk:
    """What is concerned, in the order found: the recalled first."""

    suspects: list[_Suspect] = field(default_factory=list)
    cut: bool = False


def recall(node: Node, lock: str) -> dict[str, Any]:
    """Of a recall of ours, or of another's recall or hold of which we were told: then, what of our stock it touches.

    Unknown for any other lock.
    """
    id_ = lock.removeprefix(f"{node.origin}#")
    with node.store.read() as conn:
        index, event, is_over = _others_lock(conn, id_) if "#" in id_ else _own_recall(conn, id_)
        walk = _walk(conn, event, node.origin)
        batches = _batches(conn, walk.suspects)
        units = _units(conn, walk.suspects)
        records = lists.shipments_with(conn, batches)
        statuses = {one["shipment"]: one["status"] for one in shipping.shipments(node, conn, records)}
        returns = lists.arrivals_from(conn, {record.shipment.to for record in records})
        pools = _pools(conn)
    goods = [
        _goods(suspect, batches[suspect.batch], units, [record.shipment for record in records], statuses, pools)
        for suspect in walk.suspects
        if suspect.batch in batches
    ]
    goods = [one for one in goods if one["product"] != POOL_PRODUCT or one["pool"] is not None]
    holders = _holders(goods, returns)
    told = event.scalar("recall") or event.scalar("hold")
    return {
        "lock": id_,
        "is": event.type,
        "by": event.name,
        "kind": told.get("kind"),
        "text": told.get("text"),
        "reason": event.scalar("reason").get("text"),
        "at": event_at(event),
        "ended": is_over,
        "index": index,
        "goods": goods,
        "holders": holders,
        "totals": {how: _totals(goods, holders, how) for how in (DIRECT, INDIRECT)},
        "cut": walk.cut,
    }


def _own_recall(conn: Connection, id_: str) -> tuple[int, Event, bool]:
    text = states.load(conn, "lock", [id_]).get(id_)
    kept = None if text is None else load_kept("lock", text)
    if not isinstance(kept, Locked) or kept.kind != "recalled":
        raise Unknown("recall-unknown", field="lock", value=id_)
    return (*lockings(conn, [id_])[id_], kept.closed)


def _others_lock(conn: Connection, id_: str) -> tuple[int, Event, bool]:
    found = upstream.of_types(conn, [id_.partition("#")[0]], STATUSES)
    known = [News(one.entry_no, one.index, one.event, (), ()) for one in found]
    here = next((one for one in known if one.lock == id_ and one.event.type != "released"), None)
    if here is None:
        raise Unknown("recall-unknown", field="lock", value=id_)
    return here.index, here.event, id_ in ended(known)


# -- which goods --------------------------------------------------------------------------------------------------


def _walk(conn: Connection, event: Event, own: str) -> _Walk:
    rows = [
        {name: id_in(id_, event.origin, own) for name, id_ in row.items() if name in ("batch", "unit")}
        for row in event.rows("lines.public", "lines.chain")
        if "batch" in row
    ]
    whole = dict.fromkeys(row["batch"] for row in rows if "unit" not in row)
    by_unit: dict[str, set[str]] = {}
    for row in rows:
        if "unit" in row and row["batch"] not in whole:
            by_unit.setdefault(row["batch"], set()).add(row["unit"])
    walk = _Walk([_Suspect(batch, DIRECT) for batch in whole])
    walk.suspects += [_Suspect(batch, DIRECT, frozenset(units), loose=False) for batch, units in by_unit.items()]
    starts = [child for batch in whole for child, _ in genealogy.uses(conn, batch)]
    for batch, recalled in by_unit.items():
        opened, children = _made_of(conn, batch, recalled)
        if opened:
            walk.suspects.append(_Suspect(batch, INDIRECT, frozenset()))
        starts += children
    seen = set(whole)
    for start in starts:
        if start in seen:
            continue
        found = genealogy.trace(conn, start, "forward", NODES_MAX)
        walk.cut = walk.cut or found.cut
        for one in found.nodes:
            if one.batch not in seen:
                seen.add(one.batch)
                walk.suspects.append(_Suspect(one.batch, INDIRECT))
    return walk


def _made_of(conn: Connection, batch: str, recalled: set[str]) -> tuple[bool, list[str]]:
    """(whether any of these units was opened, what was made of the batch by entries that may have used them).

    What was in an opened unit stands loose among the rest of its batch since. Of entries that are not ours, all may.
    """
    uses = genealogy.uses(conn, batch)
    own = log.entries_at(conn, sorted({entry_no for _, entry_no in uses if entry_no >= 0}))
    named = {entry.index: _units_used(entry.event, batch) for entry in own}
    used = {unit for units in named.values() for unit in units}
    found = stock.load(conn, [("unit", unit) for unit in recalled - used]).values()
    opened = any(isinstance(unit, Unit) and unit.state == "emptied" for unit in found)
    concerned = {index for index, units in named.items() if opened or units & recalled}
    return opened, [child for child, entry_no in uses if entry_no < 0 or entry_no in concerned]


def _units_used(event: Event, batch: str) -> set[str]:
    rows = [*event.rows("inputs.chain", "inputs.authority"), *event.rows("units.chain")]
    of_batch = [row for row in rows if row.get("batch") == batch]
    return {unit for row in of_batch for unit in (*row.get("units", ()), *filter(None, [row.get("unit")]))}


# -- where they are -----------------------------------------------------------------------------------------------


def _batches(conn: Connection, suspects: Sequence[_Suspect]) -> dict[str, Batch]:
    found = stock.load(conn, dict.fromkeys(("batch", suspect.batch) for suspect in suspects))
    return {state.id: state for state in found.values() if isinstance(state, Batch)}


def _units(conn: Connection, suspects: Sequence[_Suspect]) -> dict[str, list[Unit]]:
    """The units of each batch, whatever became of them."""
    found: dict[str, list[Unit]] = {}
    for unit in lists.units_of(conn, dict.fromkeys(suspect.batch for suspect in suspects)):
        found.setdefault(unit.batch, []).append(unit)
    return found


def _pools(conn: Connection) -> dict[str, str]:
    """Open period → the pool's code."""
    kept = (load_kept("pool", text) for text in states.every(conn, "pool").values())
    return {pool.period: pool.code for pool in kept if isinstance(pool, Pool) and pool.period}


def _goods(
    suspect: _Suspect,
    batch: Batch,
    units: Mapping[str, list[Unit]],
    shipments: Sequence[Shipment],
    statuses: Mapping[str, str],
    pools: Mapping[str, str],
) -> dict[str, Any]:
    of_batch = {unit.id: unit for unit in units.get(batch.id, ()) if suspect.covers(unit.id)}
    here = [unit for unit in of_batch.values() if unit.state in HERE]
    loose: list[dict[str, Any]] = [
        {"site": held.site, "owner": held.owner or None, "mg": held.mg, "count": held.count}
        for held in batch.loose
        if suspect.loose
    ]
    sent = [
        told
        for shipment in shipments
        for line in shipment.lines
        if line.batch == batch.id and (told := _sent(suspect, shipment, line, of_batch, statuses)) is not None
    ]
    return {
        "batch": batch.id,
        "how": suspect.how,
        "product": batch.product,
        "lot_no": batch.lot_no,
        "basis": batch.basis,
        "pool": pools.get(batch.id),
        "here_mg": sum(held["mg"] for held in loose) + sum(unit.net_mg for unit in here if not unit.contains),
        "loose": loose,
        "units": [
            {
                "unit": unit.id,
                "serial": unit.serial,
                "kind": unit.kind,
                "net_mg": unit.net_mg,
                "site": unit.site,
                "owner": unit.owner or None,
                "state": unit.state,
                "inside": unit.inside,
            }
            for unit in here
        ],
        "sent": sent,
    }


def _sent(
    suspect: _Suspect, shipment: Shipment, line: Any, units: Mapping[str, Unit], statuses: Mapping[str, str]
) -> dict[str, Any] | None:
    """What of a shipment's line is concerned and was not weighed back in; None if nothing is."""
    listed = {unit: net for unit, net, _ in line.units}
    gone = [
        units[id_]
        for id_ in listed
        if id_ in units and units[id_].state == "shipped" and units[id_].shipment == shipment.id
    ]
    in_units = sum(unit.net_mg for unit in gone if not unit.contains)
    if suspect.units is None:
        mg = line.mg - line.back_mg
    elif suspect.loose:
        leaves = [net for id_, net in listed.items() if not _holds_others(id_, units)]
        mg = line.mg - sum(leaves) - line.back_mg
    else:
        mg = in_units
    if mg <= 0:
        return None
    return {
        "shipment": shipment.id,
        "to": {"outside": dict(shipment.outside)} if shipment.outside else {"node": shipment.to},
        "at": shipment.at,
        "purpose": shipment.purpose,
        "status": statuses[shipment.id],
        "mg": mg,
        "units": [
            {"unit": unit.id, "serial": unit.serial, "net_mg": unit.net_mg, "stack": bool(unit.contains)}
            for unit in gone
        ],
    }


def _holds_others(id_: str, units: Mapping[str, Unit]) -> bool:
    return id_ in units and bool(units[id_].contains)


def _holders(goods: Sequence[Mapping[str, Any]], returns: Sequence[Arrival]) -> list[dict[str, Any]]:
    """Who got how much of it, and what of that came back since."""
    found: dict[tuple[str, bool], dict[str, Any]] = {}
    for one in goods:
        for sent in one["sent"]:
            outside = sent["to"].get("outside")
            name = outside["name"] if outside else sent["to"]["node"]
            holder = found.setdefault(
                (name, bool(outside)),
                {
                    "holder": name,
                    "member": not outside,
                    "country": outside["country"] if outside else None,
                    "direct_mg": 0,
                    "indirect_mg": 0,
                    "returned_mg": 0,
                    "units": 0,
                    "shipments": [],
                },
            )
            holder[f"{one['how']}_mg"] += sent["mg"]
            holder["units"] += len(sent["units"])
            holder["shipments"] += [] if sent["shipment"] in holder["shipments"] else [sent["shipment"]]
    whole = {one["batch"] for one in goods}
    for arrival in returns:
        back = sum(line.accepted_mg + line.rejected_mg for line in arrival.lines.values() if line.batch in whole)
        if back and (arrival.sender, False) in found:
            found[arrival.sender, False]["returned_mg"] += back
    return list(found.values())


def _totals(goods: Sequence[Mapping[str, Any]], holders: Sequence[Mapping[str, Any]], how: str) -> dict[str, int]:
    sums = _Sums()
    for one in goods:
        if one["how"] == how:
            sums.here_mg += one["here_mg"]
            sums.here_units += len(one["units"])
            sums.sent_mg += sum(sent["mg"] for sent in one["sent"])
            sums.sent_units += sum(len(sent["units"]) for sent in one["sent"])
    return {
        "batches": sum(1 for one in goods if one["how"] == how),
        "here_mg": sums.here_mg,
        "here_units": sums.here_units,
        "sent_mg": sums.sent_mg,
        "sent_units": sums.sent_units,
        "holders": sum(1 for holder in holders if holder[f"{how}_mg"]),
    }
