"""Regimes on a node: what a law or a buyer asks of goods that are or were here, and of the own log for a month.

A report on goods rests on evidence like everybody's, verified like everybody's; only that here all is open that this
node holds, its assays and masses among it. Whoever gets the goods sees less, and asks with an evidence file of his own.
"""

from collections.abc import Callable, Iterator
from typing import Any

from ledger.evidence import Evidence
from ledger.matter.flows import Flow
from ledger.matter.regimes.china_flows import FlowReport, report_flows
from ledger.matter.regimes.choice import known, report_on
from ledger.tracing import trace_of
from ledger.verdict import judge
from nodes import evidence
from nodes.clock import stamp
from nodes.derive import ASSAYS
from nodes.findings import PAGE, OwnBook
from nodes.node import Node
from nodes.store import codes, lists, states
from nodes.store.engine import Connection

OWN = "authority"
"""The audience that all of an own entry is open to."""


def of_batch(node: Node, name: str, code: str) -> dict[str, Any]:
    """Unknown for a regime that there is not, and for a batch that is not here."""

    def make(conn: Connection) -> Evidence:
        id_ = codes.find_batch(conn, code)
        own = _assays(conn, id_)
        return evidence.of_batch(conn, node.origin, id_, stamp(node.clock()), own, below_pools=True, audience=OWN)

    return _report(node, name, make)


def of_unit(node: Node, name: str, code: str) -> dict[str, Any]:
    def make(conn: Connection) -> Evidence:
        id_ = codes.find_unit(conn, code)
        own = _assays(conn, lists.unit(conn, id_).unit.batch)
        return evidence.of_unit(conn, node.origin, id_, stamp(node.clock()), own, below_pools=True, audience=OWN)

    return _report(node, name, make)


def _assays(conn: Connection, batch: str) -> dict[int, str]:
    """Our own entries that tell what the batch was assayed as since."""
    return {int(index): OWN for index in states.load(conn, ASSAYS, [batch]).get(batch, "").split()}


def _report(node: Node, name: str, make: Callable[[Connection], Evidence]) -> dict[str, Any]:
    known(name)
    with node.store.read() as conn:
        made = make(conn)
    result = node.verify(made)
    return report_on(name, trace_of(result, judge(result)), node.reference).to_json()


# -- the own log of a month ---------------------------------------------------------------------------------------


def flows(node: Node, month: str) -> FlowReport:
    """Reads the log from its beginning: a month opens with all that came before."""
    settings = node.settings
    own = node.membership.members.get(settings.name)
    about = {
        "name": settings.name,
        "organisation": settings.organisation,
        "uscc": None if own is None else own.told.get("uscc"),
        "role": settings.role,
        "country": settings.country,
    }
    return report_flows(own_flows(node), month, about, node.reference)


def own_flows(node: Node) -> Iterator[Flow]:
    """All of the own log, in its order."""
    book, start = OwnBook(node.settings, node.rulesets), 0
    while True:
        with node.store.read() as conn:
            page = book.flows(conn, start)
        yield from page
        if len(page) < PAGE:
            return
        start = page[-1].index + 1
