"""All verbs of the interface in one list: for the bulk route, and for whoever documents or tests them all."""

from collections.abc import Mapping

from api import batches, holds, measuring, pools, shipments, units
from api.recording import Recording

RECORDINGS: Mapping[str, Recording] = {
    one.verb: one
    for one in (
        *batches.RECORDINGS,
        *units.RECORDINGS,
        *shipments.RECORDINGS,
        *pools.RECORDINGS,
        *measuring.RECORDINGS,
        *holds.RECORDINGS,
    )
}
