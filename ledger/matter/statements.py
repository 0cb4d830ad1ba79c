"""Custody of what moves nothing: `assayed`, `assay_agreed`, `reported`, `answered`, `quota_granted`, `attested`,
`inspected`, `voided`.

Each rule checks only what its own fields can contradict. What an assay says of elements is read in assays.py, what is
left of a quota is counted elsewhere, and whether an attestation is to be believed is the reader's own decision.
"""

from collections.abc import Sequence

from ledger.errors import Refusal
from ledger.matter.dates import is_moment
from ledger.matter.desk import Desk
from ledger.matter.event_types import (
    ASSAY_RULES,
    ATTESTED_CHECKS,
    INSPECTION_METHODS,
    INSPECTION_RESULTS,
    QUOTA_KINDS,
)
from ledger.matter.events import Event

_NEEDED = {"own": ("own",), "other": ("other",), "mean": ("own", "other"), "umpire": ("umpire",)}
_YEARS = range(2000, 2100)


def refuse_kind_unknown(value: str, kinds: Sequence[str], field: str) -> None:
    if value not in kinds:
        raise Refusal("kind-unknown", field=field, value=value, kinds=", ".join(kinds))


def assayed(desk: Desk, event: Event) -> None:
    """A laboratory's own log may tell of a batch of which it only ever had a sample: nothing is known of it here."""
    batch = event.scalar("assaying")["batch"]
    if "#" not in batch:
        desk.batch(batch, "batch")
    if not event.scalar("assay"):
        raise Refusal("result-missing", field="assay", value="assay")


def assay_agreed(desk: Desk, event: Event) -> None:
    desk.batch(event.scalar("agreement")["batch"], "batch")
    results = event.scalar("results")
    refuse_kind_unknown(results["rule"], ASSAY_RULES, "results.rule")
    if not event.scalar("assay"):
        raise Refusal("result-missing", field="assay", value="assay")
    for name in _NEEDED[results["rule"]]:
        if not results.get(name):
            raise Refusal("result-missing", field=f"results.{name}", value=name)


def reported(_: Desk, event: Event) -> None:
    report = event.scalar("report")
    if report["month"] > report["at"][:7]:
        raise Refusal("month-ahead", field="month", value=report["month"], at=report["at"])


def answered(desk: Desk, event: Event) -> None:
    """The words are the operator's; which finding they answer is seen when findings are computed."""


def quota_granted(_: Desk, event: Event) -> None:
    grant = event.scalar("grant")
    refuse_kind_unknown(grant["kind"], QUOTA_KINDS, "kind")
    if grant["year"] not in _YEARS:
        raise Refusal("year-absurd", field="year", value=grant["year"], first=_YEARS[0], last=_YEARS[-1])
    if grant["reo_mg"] == 0:
        raise Refusal("mass-is-zero", field="quantity", value=grant["reo_mg"])


def voided(_: Desk, event: Event) -> None:
    """Whether the receiver's log holds no receipt up to that size is seen by whoever has it."""
    voiding, unreceived = event.scalar("voiding"), event.scalar("unreceived")
    if not event.scalar("reason"):
        raise Refusal("reason-missing", field="reason")
    for field, log, name in (
        ("voiding.log", voiding["log"], voiding["shipment"].rpartition("/log#")[0]),
        ("unreceived.log", unreceived["log"], voiding["to"]),
    ):
        if log.rpartition("/")[0] != name:
            raise Refusal("log-of-other", field=field, value=log, name=name)


def inspected(_: Desk, event: Event) -> None:
    """What was seen is the inspector's word; goods are named as their logs write them, and may be none."""
    inspection = event.scalar("inspection")
    if inspection["to"] == event.name:
        raise Refusal("to-oneself", field="to.node", value=inspection["to"])
    refuse_kind_unknown(inspection["result"], INSPECTION_RESULTS, "result")
    if not event.scalar("reason"):
        raise Refusal("reason-missing", field="reason")
    announced_at = event.scalar("reason").get("announced_at")
    if announced_at and not is_moment(announced_at):
        raise Refusal("at-not-a-date", field="announced_at", value=announced_at)
    for position, row in enumerate(event.rows("goods.partner")):
        refuse_kind_unknown(row["method"], INSPECTION_METHODS, f"goods[{position}].method")


def attested(_: Desk, event: Event) -> None:
    attestation = event.scalar("attestation")
    if attestation["log"] == event.origin:
        raise Refusal("attests-itself", field="log", value=attestation["log"])
    checks = list(attestation["checks"])
    if not checks:
        raise Refusal("nothing-named", field="checks", verb="attest")
    for position, check in enumerate(checks):
        refuse_kind_unknown(check, ATTESTED_CHECKS, f"checks[{position}]")
    if len(set(checks)) != len(checks):
        raise Refusal("named-twice", field="checks", value=", ".join(checks))
