"""What adjustments and late assays changed below them: a batch as it was made, and as it is by now.

The rules are in ledger/matter/recompute.py. Does not work anything out: that was done in the transaction of their
entry, and is kept with what that moved.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ledger.matter.flows import Goods, load_flow
from ledger.matter.rows import half_even
from ledger.matter.vectors import PPB
from nodes.derive import RESTATED
from nodes.store import genealogy, log, states
from nodes.store.engine import Connection
from nodes.store.records import BatchRecord


def recomputed(conn: Connection, record: BatchRecord) -> list[dict[str, Any]]:
    """What the batch was as made, and is by now, for each adjustment or assay of ours that changed that, in order.

    `cut` where that one reached so far down that some goods keep the figures they had (recompute.py).
    """
    made_by, id_ = record.made_by, record.batch.id
    own = [] if made_by is None or made_by < 0 else [made_by]
    found = []
    for index in sorted(
        {at for told in restated_by(conn, [*own, *genealogy.received_by(conn, id_)]).values() for at in told}
    ):
        flow = load_flow(index, log.entry(conn, index).event, log.flows_at(conn, [index])[index])
        for one in flow.restated:
            was, now = (next((goods for goods in flow.outs if goods.batch == id_), None) for flow in (one.was, one.now))
            if one.now.event.type not in _MEASURED and was != now:
                found.append({"entry": index, "was": _told(was), "now": _told(now), "cut": flow.cut})
    return found


def shares(found: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, tuple[int, int]]]:
    """Of what `recomputed` found: element → origin → (part of 10⁹ as it was, as it is), where that is another one."""
    was, now = (found[0]["was"], found[-1]["now"]) if found else (None, None)
    if was is None or now is None:
        return {}
    before, after = _parts(was), _parts(now)
    told = {
        element: {name: (before[element].get(name, 0), parts.get(name, 0)) for name in before[element] | parts}
        for element, parts in after.items()
        if element in before
    }
    return {element: rows for element, rows in told.items() if any(one != other for one, other in rows.values())}


def _parts(told: Mapping[str, Any]) -> dict[str, dict[str, int]]:
    return {
        one["element"]: {row["name"]: half_even(int(row["mid"]) * PPB, int(one["ug"])) for row in one["origins"]}
        for one in told["elements"]
    }


_MEASURED = frozenset({"assayed", "assay_agreed", "remeasured", "counted", "acknowledged", "reversed"})
"""Types whose outs are goods that were there before."""


def restated_by(conn: Connection, entries: Iterable[int]) -> dict[int, list[int]]:
    """Own entries that move other goods than they said, and the adjustments and assays that made it so."""
    found = states.load(conn, RESTATED, [str(index) for index in entries])
    return {int(index): [int(at) for at in told.split()] for index, told in found.items()}


def _told(goods: Goods | None) -> dict[str, Any] | None:
    """None where there is none of it."""
    if goods is None:
        return None
    return {
        "mg": goods.mg,
        "elements": [
            {
                "element": element,
                "ug": str(ug),
                "origins": [
                    {"name": name, "mid": str(mid), "lo": str(lo), "hi": str(hi)}
                    for name, (mid, lo, hi) in sorted(goods.origins.get(element, {}).items())
                ],
            }
            for element, (ug, _) in sorted(goods.elements.items())
        ],
    }
