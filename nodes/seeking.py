"""Goods of deposited logs: found by whatever a person has in hand, and what these logs tell of one batch.

Asks nobody and reads no log: it stands in tables that were derived as the deposits came, papers in what was worked out
of them beside requests.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ledger.entries import id_in
from ledger.errors import Unknown
from ledger.labels import open_token, parse_token
from ledger.log.trust import organisation
from ledger.matter.events import Event, is_id
from ledger.matter.genealogy import about
from nodes import orders
from nodes.findings import Told
from nodes.node import Node
from nodes.scan import authors
from nodes.store import codes, genealogy, upstream
from nodes.store.engine import Connection
from nodes.store.upstream import Upstream

_BATCHES = frozenset({"batch", "period"})
"""Fields whose values are batches."""
_ENTRY = re.compile(r"(\S+/log)[ #](\d{1,15})")
"""An entry as findings name it: its log and its number."""
_MOST = 100
"""So many entries that name one paper are opened."""


@dataclass(frozen=True, slots=True)
class Known:
    """`made`: the batch, and by which entry. `entries`: those that made, sent, received and used it, in that order.

    `holders`: the nodes that had it, the last one first. `orders`: those that freeze it, as orders.py shows them.
    """

    made: genealogy.Node
    entries: tuple[Upstream, ...]
    holders: tuple[str, ...]
    findings: tuple[Told, ...]
    orders: tuple[dict[str, object], ...]


def seek(node: Node, text: str) -> list[genealogy.Node]:
    """The batches that `text` may mean: the code of a label, an entry (`log 12`), a number in the ledger (`log#id`), a
    lot number or an external reference, in whatever case; else those that came, or went, under a paper of this number,
    as far as the logs were read. Newest first; none where nothing here is called that.
    """
    text = text.strip()
    with node.store.read() as conn:
        ids = dict.fromkeys(_meant(conn, node, text) or _under(conn, node, text) if text else ())
        return [genealogy.trace(conn, id_, "back", 1).nodes[0] for id_ in ids if genealogy.named(conn, [id_])]


def sought(node: Node, text: str, field: str) -> str:
    """The number in the ledger of the one batch that `text` means; what is one itself, as it is, for whoever records it
    to know. Unknown for none; Conflict for several.
    """
    if is_id(text):
        return text
    return codes.one_of([one.batch for one in seek(node, text)], field, text, "batch-unknown")


def known(node: Node, batch: str) -> Known:
    """Unknown where no deposited log tells of it."""
    if not is_id(batch):
        raise Unknown("batch-unknown", field="batch", value=batch)
    overview, _ = node.overlooking.look()
    with node.store.read() as conn:
        made = genealogy.trace(conn, batch, "back", 1).nodes[0]
        handovers = genealogy.handovers(conn, batch)
        used = [entry_no for _, entry_no in genealogy.uses(conn, batch)]
        sent = list(upstream.at(conn, [(one.sender, one.shipped_index) for one in handovers]).values())
        numbers = [*([] if made.entry_no is None else [made.entry_no]), *(one.received_by for one in handovers), *used]
        held = upstream.numbered(conn, [no for no in numbers if no < 0])
    entries = {(one.log, one.index): one for one in (*sent, *held.values())}
    found = [] if overview is None else overview.findings
    places = [organisation(made.log), *(organisation(one.receiver) for one in handovers)]
    return Known(
        made,
        tuple(sorted(entries.values(), key=lambda one: (one.event.recorded_at, one.log, one.index))),
        tuple(dict.fromkeys(reversed(places))),
        tuple(one for one in found if batch in _written(one, node.origin)),
        tuple(one for one in orders.orders(node) if any(line.get("batch") == batch for line in one["lines"])),
    )


def batches_of(node: Node, told: Told) -> list[str]:
    """The batches of a finding that are goods here, as we write them: a log writes those that it made bare."""
    with node.store.read() as conn:
        return [one for one in _written(told, node.origin) if genealogy.named(conn, [one])]


def entry(node: Node, log: str, index: int) -> Upstream:
    """An entry of a deposited log. Unknown where it is not here."""
    with node.store.read() as conn:
        found = upstream.at(conn, [(log, index)])
    if (log, index) not in found:
        raise Unknown("entry-unknown", field="entry", value=f"{log} {index}")
    return found[log, index]


def as_written_here(event: Event, own: str) -> Event:
    """The event with its batches as this log writes them: its own log writes those that it made bare."""

    def told(value: Any) -> Any:
        if isinstance(value, Mapping):
            return {name: ours(one) if name in _BATCHES else told(one) for name, one in value.items()}
        return [told(one) for one in value] if isinstance(value, (list, tuple)) else value

    def ours(value: Any) -> Any:
        if isinstance(value, (list, tuple)):
            return [ours(one) for one in value]
        return id_in(value, event.origin, own) if is_id(value) else value

    slots = {slot: told(value) for slot, value in event.slots.items()}
    return replace(event, slots=slots, ids={slot: ours(ids) for slot, ids in event.ids.items()})


def _meant(conn: Connection, node: Node, text: str) -> list[str]:
    if "/q/" in text:
        token = parse_token(text)
        label = open_token(text, authors(conn, node, token.index))
        return _named_by(conn, node, [(label.origin, label.index)])
    if (place := _ENTRY.fullmatch(text)) is not None:
        return _named_by(conn, node, [(place[1], int(place[2]))])
    if is_id(text):
        return [id_in(text, node.origin, node.origin)]
    return [batch for way in codes.spellings(text) for batch in codes.batches_called(conn, way)]


def _under(conn: Connection, node: Node, number: str) -> list[str]:
    overview, _ = node.overlooking.look()
    return [] if overview is None else _named_by(conn, node, overview.booked.naming(number)[:_MOST])


def _named_by(conn: Connection, node: Node, entries: Sequence[tuple[str, int]]) -> list[str]:
    held = upstream.at(conn, entries)
    return [id_in(batch, log, node.origin) for (log, _), one in held.items() for batch in about(one.event)]


def _written(told: Told, own: str) -> list[str]:
    """Of several logs nothing says which of them a bare number is of: each is tried."""
    ids = [one for one in told.finding.batches if is_id(one)]
    return list(dict.fromkeys(id_in(one, log, own) for one in ids for log in told.logs))
