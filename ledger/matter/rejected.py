"""Goods that were rejected on arrival: they stand in the receiver's hands, were never his, and go back.

Custody counts them where they stand; the receipt's flow leaves them out. So whoever adds up flows must know, when a
return leaves, how much of it never entered. Promises: no more goes back than was rejected. Does not check: custody.
"""

from ledger.matter.events import Event
from ledger.matter.flows import Flow, Goods


class Rejected:
    """Takes the flows of a log in its order."""

    def __init__(self) -> None:
        self._mg: dict[str, int] = {}

    def going_back(self, flow: Flow) -> tuple[Goods, ...]:
        """What of the goods that leave with this flow was rejected before. Takes note of what it rejects itself."""
        self._note(flow.event)
        if flow.event.scalar("shipment").get("purpose") != "return":
            return ()
        return tuple(one for one in flow.ins if self._goes_back(one))

    def _note(self, event: Event) -> None:
        if event.type != "received":
            return
        for row in event.rows("lines.chain", "lines.partner"):
            if row.get("rejected_mg"):
                self._mg[row["batch"]] = self._mg.get(row["batch"], 0) + row["rejected_mg"]

    def _goes_back(self, goods: Goods) -> bool:
        rejected_mg = self._mg.get(goods.batch, 0)
        if not 0 < goods.mg <= rejected_mg:
            return False
        self._mg[goods.batch] = rejected_mg - goods.mg
        return True
