"""Custody of ownership: `title_transferred`. Goods that stand here come to belong to somebody else, and stay.

They are this organisation's own and become another's, or they are another's and become a third's or our own: so what
came on consignment, or in storage, or was rejected, is sold. What is locked keeps its owner. Goods that stand
elsewhere are in the other log, and change hands there.
"""

from ledger.errors import Refusal
from ledger.matter.desk import Desk
from ledger.matter.events import Event


def title_transferred(desk: Desk, event: Event) -> None:
    to = event.scalar("transfer")["to"]
    owner = "" if to == desk.me else to
    rows = list(event.rows("lines.chain", "lines.authority"))
    if not rows:
        raise Refusal("nothing-named", field="lines", verb="transfer")
    for position, row in enumerate(rows):
        where = f"lines[{position}]"
        if (row.get("owner") or "") == owner:
            raise Refusal("title-already", field=where, value=row["batch"], owner=to)
        desk.shift_part(row, where, row["site"], owner)
