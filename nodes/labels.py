"""Labels of our own units: the signed URL, and what is printed beside it for the eye to compare.

The token is signed anew whenever it is asked for; Ed25519 gives the same signature, so a reprint is the same label.
"""

from dataclasses import dataclass

from ledger.errors import Unknown
from ledger.labels import Label, check_code, make_token
from ledger.matter.quantities import show_mg
from nodes.node import Node
from nodes.store import codes, lists, log


@dataclass(frozen=True, slots=True)
class Printed:
    """`lines` in any script; `ascii_lines` for printers' plain fonts."""

    url: str
    serial: str
    lines: tuple[str, ...]
    ascii_lines: tuple[str, ...]


def label_of(node: Node, code: str) -> Printed:
    """The label of a unit that our own log packed. Unknown for others': their maker prints those."""
    with node.store.read() as conn:
        record = lists.unit(conn, codes.find_unit(conn, code))
        if record.packed_by is None or record.packed_by < 0 or record.item is None:
            raise Unknown("label-of-other-log", field="unit", value=code)
        entry = log.entry(conn, record.packed_by)
        product = lists.batch(conn, record.unit.batch).batch
    unit = record.unit
    # The net mass when it was packed: the label says that for ever, whatever was weighed later.
    net = int(entry.event.items("units.public")[record.item]["net_mg"])
    token = make_token(Label(node.origin, entry.index, entry.leaf, unit.id, net), node.identity.author)
    url = f"{node.settings.label_url}/q/{token}"
    host = node.settings.label_url.partition("://")[2]
    facts = [unit.serial, f"net {show_mg(net)}"]
    if unit.seal:
        facts.append(f"seal {unit.seal}")
    shared = (*facts, f"check {check_code(entry.leaf)}", host)
    name = f"{node.reference.product_name(product.product, 'zh')} {product.lot_no or ''}".strip()
    return Printed(url, unit.serial, (name, node.settings.organisation, *shared), (product.product, *shared))
