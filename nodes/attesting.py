"""What an authority vouches for: it replays a deposited log whole, and attests what held.

    examine   audits one log as it was deposited here; the fields of an attestation that the audit bears out
    quotas    the accounts of every log that was deposited here; at any other node its own

Nobody's server is asked: deposits are here. An audit takes as long as the log is long, so it is for threads, never for
the writer. Does not check that a log was deposited up to today: its size says how far.
"""

from collections.abc import Sequence
from typing import Any

from ledger.errors import Refusal, Unknown
from ledger.matter.event_types import ATTESTED_CHECKS
from ledger.matter.quota import AccountKey, QuotaAccount
from nodes.auditing import audit, from_deposits
from nodes.node import Node
from nodes.store import upstream
from nodes.verbs.books import AUTHORITY

OF_BALANCE = frozenset(
    {"element-gain", "element-not-fed", "recycled-foreign", "pool-gain", "month-gain", "stocktake-gain"}
)
"""Rules that say an element came from nowhere: a grave one of them, and the balance does not hold."""


def examine(node: Node, origin: str, wanted: Sequence[str] | None) -> dict[str, Any]:
    """Size, root, ruleset, and `wanted` checks, or all that hold. Refusal if one that is wanted does not."""
    if node.settings.role != AUTHORITY:
        raise Refusal("only-the-authority", field="role", value=node.settings.role)
    if origin == node.identity.origin:
        raise Refusal("attests-itself", field="log", value=origin)
    with node.store.read() as conn:
        if not upstream.at(conn, [(origin, 0)]):
            raise Unknown("deposits-incomplete", field="log", value=origin)
    report = audit(from_deposits(node.store, origin), reference=node.reference)
    lacking = {}
    if report.unchecked:
        why = f"{report.unchecked} entries name reference data that is not at hand"
        lacking = {"balance": why, "provenance": why}
    grave = [one for one in report.findings if one.severity == "grave" and one.rule in OF_BALANCE]
    if grave:
        lacking.setdefault("balance", f"finding {grave[0].id}, {grave[0].rule}")
    for check in wanted or ():
        if check in lacking:
            raise Refusal("attestation-unfounded", field=origin, value=check, why=lacking[check])
    checks = [one for one in ATTESTED_CHECKS if one not in lacking and (wanted is None or one in wanted)]
    return {
        "size": report.size,
        "root": report.root,
        "checks": checks,
        "ruleset": node.reference.ruleset,
    }


def quotas(node: Node) -> Sequence[tuple[AccountKey, QuotaAccount]]:
    """Accounts in the order in which they came to be known."""
    if node.settings.role != AUTHORITY:
        return node.inspection.quotas()
    return node.overlooking.soon()[0].quotas
