"""What an authority looks at before it voids a shipment: the offer, and the receiver's log as it was deposited.

Does not ask anybody's server, and does not know what the receiver recorded since: the size says how far was looked.
"""

from typing import Any

from ledger.errors import Refusal, Unknown
from ledger.log.canonical import b64
from ledger.log.checkpoints import claimed
from nodes import deposits
from nodes.node import Node
from nodes.store import upstream
from nodes.store.engine import Connection
from nodes.verbs.books import AUTHORITY
from nodes.verbs.registry import NOTHING


def examine(node: Node, shipment: str) -> dict[str, Any]:
    """Of a shipment (`log#id`), the slots `voiding` and `unreceived`, without the time.

    Refusal where the receiver's log has a receipt of it.
    """
    if node.settings.role != AUTHORITY:
        raise Refusal("only-the-authority", field="role", value=node.settings.role)
    with node.store.read() as conn:
        log, _, id_ = shipment.partition("#")
        sent = upstream.of_types(conn, [log], ["shipped"])
        found = next((one for one in sent if one.event.ids.get("shipment") == id_), None)
        if found is None:
            raise Unknown("shipment-unknown", field="shipment", value=shipment)
        to = found.event.scalar("shipment").get("to")
        if to is None:
            raise Refusal("voiding-from-outside", field="shipment", value=shipment)
        return {
            "voiding": {"shipment": shipment, "to": to, "log": log, "index": found.index, "leaf": b64(found.leaf)},
            "unreceived": _unreceived(conn, shipment, f"{to}/log"),
        }


def _unreceived(conn: Connection, shipment: str, log: str) -> dict[str, Any]:
    """The receiver's log at the largest size that we have a checkpoint of and, where it is deposited, all entries."""
    receipts = upstream.of_types(conn, [log], ["received"])
    answer = next((one for one in receipts if one.event.scalar("receipt").get("shipment") == shipment), None)
    if answer is not None:
        raise Refusal("voiding-of-received", field="shipment", value=shipment, log=log, index=answer.index)
    followed = deposits.progress(conn).get(log)
    notes = upstream.checkpoints(conn, log)
    sizes = [size for size in notes if followed is None or size <= followed.size]
    if not sizes:
        return {"log": log, **NOTHING}
    newest = claimed(notes[max(sizes)])
    return {"log": log, "size": newest.size, "root": b64(newest.root)}
