"""All verbs of the interface: for the bulk route and for drafts, and for whoever documents or tests them."""

from collections.abc import Mapping

from api import (
    batches,
    corrections,
    devices,
    findings,
    holds,
    measuring,
    orders,
    pools,
    quotas,
    registry,
    shipments,
    units,
)
from api.recording import Prepare, Recording
from nodes.node import Node

_REPORTS = tuple(one for one in findings.RECORDINGS if one.verb == "report")

PLAIN: Mapping[str, Recording] = {
    one.verb: one
    for one in (
        *batches.RECORDINGS,
        *units.RECORDINGS,
        *shipments.RECORDINGS,
        *pools.RECORDINGS,
        *measuring.RECORDINGS,
        *holds.RECORDINGS,
        *corrections.RECORDINGS,
        *_REPORTS,
    )
}
"""Those that record what the body says, and do nothing before: they may stand in a line of bulk, and in a draft."""
RECORDINGS: Mapping[str, Recording] = {
    **PLAIN,
    **{
        one.verb: one
        for one in (
            *findings.RECORDINGS,
            *quotas.RECORDINGS,
            *orders.RECORDINGS,
            *devices.RECORDINGS,
            *registry.RECORDINGS,
        )
    },
}


def prepared(node: Node) -> Mapping[str, Prepare]:
    """What stands before some verbs, wherever they are asked for."""
    return {
        **corrections.prepared(node),
        **findings.prepared(node, node.inspection),
        **quotas.prepared(node),
        **registry.prepared(node),
    }
