"""Custody of ownership: `title_transferred`. Goods that stand here come to belong to somebody else, and stay.

They are this organisation's own and become another's, or they are another's and become a third's or our own: so what
came on consignment, or in storage, or was rejected, is sold. What is locked keeps its owner. Goods that stand
elsewhere are in the other log, and change hands there: `from` and `goods` tell their owner so, who is shown that slot.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from ledger.errors import Refusal
from ledger.matter.desk import Desk
from ledger.matter.events import Event


def title_transferred(desk: Desk, event: Event) -> None:
    to = event.scalar("transfer")["to"]
    owner = "" if to == desk.me else to
    rows = list(event.rows("lines.chain", "lines.authority"))
    if not rows:
        raise Refusal("nothing-named", field="lines", verb="transfer")
    _refuse_told_otherwise(event.scalar("transfer"), rows)
    for position, row in enumerate(rows):
        where = f"lines[{position}]"
        if (row.get("owner") or "") == owner:
            raise Refusal("title-already", field=where, value=row["batch"], owner=to)
        desk.shift_part(row, where, row["site"], owner)


def _refuse_told_otherwise(transfer: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> None:
    """What the owner is told is what the lines say, and all of it is his: he never sees the lines."""
    told, owner = transfer.get("goods"), transfer.get("from")
    if told is None and owner is None:
        return
    goods = [{name: row[name] for name in ("batch", "mg", "basis", "count") if name in row} for row in rows]
    if list(told or ()) != goods or any((row.get("owner") or None) != owner for row in rows):
        raise Refusal("title-told-otherwise", field="transfer.goods", value=owner or "-")
