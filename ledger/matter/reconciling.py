"""What several logs say of the same handovers, held against each other: for an authority, which sees both sides.

    handover-mass        the receiver put down another mass than the sender offered, beyond what two scales may differ
    assays-disagree      sender and receiver have different figures for the same goods, beyond both uncertainties
    seal-differs         a unit left under one seal and came under another
    received-before-sent the receiver had it, by his own time, before the sender let it go
    receipt-overdue      shipped, and for many days nobody has weighed it in
    receipt-of-nothing   weighed in, and nobody has shipped it
    ring-of-several      the same mass of an element went round three or more organisations, back to where it came from

Two parties who lie alike are not found here: their elements are, in the balance of whoever used the goods.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import isqrt

from ledger.matter.balance import MILLI, PPM, Sheet, coverage
from ledger.matter.dates import days_between, hours_between
from ledger.matter.findings import Entry, Finding
from ledger.matter.flows import Flow, Goods
from ledger.matter.limits import entry_of
from ledger.matter.reference import Reference

_COVERAGE = 3
_RING_LONGEST = 6


def reciprocal(shipped: Flow, received: Flow, reference: Reference) -> list[Finding]:
    """One shipment and one of its receipts."""
    entries = (entry_of(shipped), entry_of(received))
    partners = {"sender": shipped.event.name, "receiver": received.event.name}
    sent = {absolute(goods.batch, shipped): goods for goods in shipped.ins}
    came = {absolute(goods.batch, received): goods for goods in received.outs}
    both = [batch for batch in sent if batch in came]
    findings = []
    masses = _masses(shipped, received, reference)
    if masses:
        facts = {**partners, "masses": [[batch, mg] for batch, mg, _ in masses]}
        tolerance = {"mass_limits": [[batch, allowed] for batch, _, allowed in masses], "k_milli": _COVERAGE * MILLI}
        batches = tuple(batch for batch, _, _ in masses)
        findings.append(Finding("handover-mass", "grave", facts, entries, batches, (), "", "weighing", tolerance))
    for batch in both:
        findings.extend(_assays(batch, sent[batch], came[batch], entries, partners))
    seals = _seals(shipped, received)
    if seals:
        batches = tuple(dict.fromkeys(batch for batch, _, _, _ in seals))
        facts = {**partners, "seals": [[serial, left, right] for _, serial, left, right in seals]}
        findings.append(Finding("seal-differs", "grave", facts, entries, batches))
    if hours_between(shipped.at, received.at) < 0:
        facts = {**partners, "sent_at": shipped.at, "received_at": received.at}
        findings.append(Finding("received-before-sent", "mild", facts, entries, tuple(sent), formula="times"))
    return findings


def _masses(shipped: Flow, received: Flow, reference: Reference) -> list[tuple[str, int, int]]:
    """(batch, receiver's mass less the sender's, allowed), by what scales may differ and not by what the receipt says
    of its own tolerance. What was rejected or is missing is told, and no mismatch.
    """
    sent = {absolute(goods.batch, shipped) for goods in shipped.ins}
    told: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for row in received.event.rows("lines.chain", "lines.partner"):
        sums = told[absolute(row["batch"], received)]
        sums[0] += row.get("accepted_mg", 0)
        sums[1] += row.get("difference_mg", 0)
    scale_ppm = reference.scale_ppm("")
    found = []
    for batch, (mg, difference) in told.items():
        allowed = isqrt(2 * (mg * scale_ppm) ** 2) * _COVERAGE // PPM
        if batch in sent and abs(difference) > allowed:
            found.append((batch, difference, allowed))
    return found


def _assays(
    batch: str, sent: Goods, came: Goods, entries: tuple[Entry, Entry], partners: Mapping[str, str]
) -> list[Finding]:
    """By the sender's figures, for the mass that came, against the receiver's own."""
    if not (sent.sure and came.sure and sent.mg and came.mg):
        return []
    sheet = Sheet()
    for element, (ug, u_ppm) in sent.elements.items():
        sheet.put(element, "sender", 0, ug * came.mg // sent.mg, u_ppm)
    for element, (ug, u_ppm) in came.elements.items():
        sheet.put(element, "receiver", ug, 0, u_ppm)
    common = [element for element in sheet if element in sent.elements and element in came.elements]
    limit_k = coverage(2 * len(common))
    off = [one for one in map(sheet.difference, common) if one.beyond(limit_k)]
    if not off:
        return []
    tolerance = {
        "limits": [[one.element, str(one.allowed_ug(limit_k)), str(one.u_ug)] for one in off],
        "k_milli": limit_k,
    }
    facts = {**partners, "rows": [[one.element, str(one.ug)] for one in off]}
    elements = tuple(one.element for one in off)
    return [Finding("assays-disagree", "mild", facts, entries, (batch,), elements, "", "assay", tolerance)]


def _seals(shipped: Flow, received: Flow) -> list[tuple[str, str, str, str]]:
    left = {
        absolute(unit["unit"], shipped): (absolute(row.get("batch", ""), shipped), unit["serial"], unit["seal"])
        for row in shipped.event.rows("lines.chain", "lines.partner")
        for unit in row.get("units") or ()
        if unit.get("seal")
    }
    found = []
    for row in received.event.rows("lines.chain", "lines.partner"):
        for unit in row.get("units") or ():
            known = left.get(absolute(unit["unit"], received))
            if known is not None and unit["state"] != "missing" and unit.get("seal") != known[2]:
                found.append((known[0], known[1], known[2], unit.get("seal") or ""))
    return found


def unanswered(shipped: Iterable[Flow], received: Iterable[Flow], now: str, reference: Reference) -> list[Finding]:
    """Shipments to members without any receipt, and receipts of what nobody shipped, as of `now`.

    For logs of which the authority has everything: what it does not see it would call missing.
    """
    offers = {f"{flow.event.origin}#{flow.event.ids.get('shipment')}": flow for flow in shipped}
    answered = set()
    findings = []
    days_allowed = reference.tables["finding_limits"]["answer_days"]["value"]
    for flow in received:
        shipment = flow.event.scalar("receipt").get("shipment", "")
        answered.add(shipment)
        if shipment not in offers:
            facts = {"shipment": shipment, "sender": flow.event.scalar("receipt").get("from", "")}
            batches = tuple(goods.batch for goods in flow.outs)
            findings.append(Finding("receipt-of-nothing", "grave", facts, (entry_of(flow),), batches))
    for shipment, flow in offers.items():
        to = flow.event.scalar("shipment").get("to")
        days = days_between(flow.at, now)
        if to is not None and shipment not in answered and days > days_allowed:
            facts = {"shipment": shipment, "receiver": to, "sent_at": flow.at}
            batches = tuple(absolute(goods.batch, flow) for goods in flow.ins)
            tolerance = {"days_allowed": days_allowed}
            findings.append(
                Finding(
                    "receipt-overdue", "mild", facts, (entry_of(flow),), batches, formula="overdue", tolerance=tolerance
                )
            )
    return findings


@dataclass(frozen=True, slots=True)
class _Move:
    """Goods that changed hands: the element of which they hold most."""

    sender: str
    receiver: str
    at: str
    element: str
    ug: int
    u_ug: int
    entry: Entry
    batches: tuple[str, ...]


def rings(received: Iterable[Flow], reference: Reference) -> list[Finding]:
    """Receipts of many logs: the same mass of one element that goes round three organisations or more within days.

    Two who sell back and forth are found in their own logs.
    """
    days = reference.tables["finding_limits"]["ring_days"]["value"]
    moves = sorted((move for flow in received for move in _moves(flow)), key=lambda move: (move.at, move.entry))
    leaving: dict[tuple[str, str], list[_Move]] = defaultdict(list)
    for move in moves:
        leaving[move.sender, move.element].append(move)
    findings = []
    for first in moves:
        path = _round_trip([first], leaving, days)
        if path is not None:
            findings.append(_ring(path, days))
    return findings


def _round_trip(path: list[_Move], leaving: Mapping[tuple[str, str], Sequence[_Move]], days: int) -> list[_Move] | None:
    """The first continuation that leads back to where the path began."""
    first, last = path[0], path[-1]
    if last.receiver == first.sender:
        return path if len(path) > 2 else None
    if len(path) == _RING_LONGEST:
        return None
    seen = {move.sender for move in path}
    for move in leaving.get((last.receiver, first.element), ()):
        if move.receiver in seen and move.receiver != first.sender:
            continue
        in_time = hours_between(last.at, move.at) >= 0 and days_between(first.at, move.at) <= days
        if in_time and abs(move.ug - first.ug) <= isqrt(move.u_ug**2 + first.u_ug**2) * _COVERAGE:
            found = _round_trip([*path, move], leaving, days)
            if found is not None:
                return found
    return None


def _ring(path: list[_Move], days: int) -> Finding:
    return Finding(
        "ring-of-several",
        "mild",
        {
            "partners": [move.sender for move in path],
            "rounds": [[move.element, str(move.ug)] for move in path],
            "days": days_between(path[0].at, path[-1].at),
        },
        tuple(move.entry for move in path),
        tuple(dict.fromkeys(batch for move in path for batch in move.batches)),
        (path[0].element,),
        formula="ring",
        tolerance={"days_allowed": days},
    )


def _moves(flow: Flow) -> Iterable[_Move]:
    if flow.event.scalar("receipt").get("purpose") != "sale":
        return
    sums: dict[str, tuple[int, int]] = {}
    for goods in flow.outs:
        for element, (ug, u_ppm) in goods.elements.items():
            had = sums.get(element, (0, 0))
            sums[element] = (had[0] + ug, had[1] + ug * u_ppm // PPM)
    if sums:
        element, (ug, u_ug) = max(sums.items(), key=lambda item: (item[1][0], item[0]))
        sender = str(flow.event.scalar("receipt").get("from", ""))
        batches = tuple(goods.batch for goods in flow.outs)
        yield _Move(sender, flow.event.name, flow.at, element, ug, u_ug, entry_of(flow), batches)


def absolute(id_: str, flow: Flow) -> str:
    """The id of a batch or unit as `log#id`, as the flow's log writes it."""
    return id_ if "#" in id_ else f"{flow.event.origin}#{id_}"
