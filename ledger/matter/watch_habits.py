"""The rules on how books are kept: entries, tickets, figures and times that honest work does not leave.

    ticket-twice        one weighing ticket stands for two weighings
    ticket-gap          numbers are missing in a scale's series
    device-gap          a device left numbers out of what it signed
    round-weighings     too many weighings of a month are round figures
    late-cluster        many late entries of one day, reaching far back
    backdated-before-inspection   entries made after an inspection was announced, for the time before
    used-before-made    goods were used before they came into being
    throughput          more came out of a process at a site than its registered capacity

Single late or back-dated entries are legal and visible, and no finding. What a device `captured` while it was offline
was written when the device says, as long as its times go up with its numbers from when its key was named: a key named
for the purpose, or a clock that was set back, frees no entry.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from re import compile as pattern
from typing import Any

from ledger.errors import Refusal
from ledger.matter.balance import PPM
from ledger.matter.dates import days_between, days_of_month, hours_between, is_later
from ledger.matter.devices import captured
from ledger.matter.events import Event
from ledger.matter.findings import Entry, Finding
from ledger.matter.flows import Flow
from ledger.matter.limits import Limits, entry_of
from ledger.matter.quantities import MG_PER, mass_mg

_SERIES = pattern(r"(.*?)([0-9]{1,15})")
_TOLD = 20

Capacities = Mapping[tuple[str, str], int]
"""(site, process) → mg that it may put out in a day."""


@dataclass(slots=True)
class _Month:
    tickets: dict[tuple[str, str], dict[int, Entry]] = field(default_factory=dict)
    weighed: list[tuple[int, Entry]] = field(default_factory=list)
    made: dict[tuple[str, str], tuple[int, list[Entry]]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Late:
    """An entry that was recorded long after it happened."""

    at: str
    recorded_at: str
    entry: Entry

    def prepares(self, announced: str, inspected: str) -> bool:
        """Recorded between the notice of an inspection and its day, for the time before the notice."""
        in_time = hours_between(announced, self.recorded_at) >= 0 and days_between(inspected, self.recorded_at) <= 0
        return in_time and hours_between(self.at, announced) >= 0


class Habits:
    """Takes flows in the order of the log. `inspections`: (announced at, day of it), as the authority tells them."""

    def __init__(self, limits: Limits, capacities: Capacities) -> None:
        self._limits, self._capacities = limits, capacities
        self._tickets: dict[tuple[str, str], tuple[Entry, str]] = {}
        self._series: dict[tuple[str, str], int] = {}
        self._numbers: dict[str, tuple[int, Entry]] = {}
        self._clocks: dict[str, str] = {}
        self._months: dict[str, _Month] = {}
        self._late: list[_Late] = []
        self._clustered = 0
        self._inspections: list[tuple[str, str]] = []
        self._unjudged: list[tuple[str, str]] = []
        self._made_at: dict[str, tuple[str, Entry]] = {}

    def inspected(self, announced_at: str, inspected_at: str) -> None:
        self._inspections.append((announced_at, inspected_at))
        self._unjudged.append((announced_at, inspected_at))

    def take(self, flow: Flow) -> Iterator[Finding]:
        yield from self.backdated(flow.event.recorded_at)
        yield from self._ticketed(flow)
        yield from self._numbered(flow)
        yield from self._ordered(flow)
        self._lateness(flow)
        self._throughput(flow)
        if flow.event.type == "reversed":
            entry = (flow.event.origin, flow.event.scalar("reversal").get("index", -1))
            for key in [key for key, (used, _) in self._tickets.items() if used == entry]:
                del self._tickets[key]

    def month(self, month: str) -> Iterator[Finding]:
        for one in sorted(self._months):
            if one <= month:
                seen = self._months.pop(one)
                yield from self._gaps(one, seen)
                yield from self._round(one, seen)
                yield from self._capacity(one, seen)
        yield from self._clusters(month)

    # -- weighings ---------------------------------------------------------------------------------------------

    def _ticketed(self, flow: Flow) -> Iterator[Finding]:
        month = flow.at[:7]
        for batch, weighing in _weighings(flow):
            net = _net_mg(weighing)
            seen = self._months.setdefault(month, _Month())
            if net is not None:
                seen.weighed.append((net, entry_of(flow)))
            ticket, scale = weighing.get("ticket"), str(weighing.get("scale") or "")
            if not isinstance(ticket, str):
                continue
            known = self._tickets.setdefault((scale, ticket), (entry_of(flow), batch))
            if known != (entry_of(flow), batch):
                facts = {"ticket": ticket, "scale": scale}
                entries = tuple(dict.fromkeys((known[0], entry_of(flow))))
                yield Finding("ticket-twice", "grave", facts, entries, tuple(dict.fromkeys((known[1], batch))))
            numbered = _SERIES.fullmatch(ticket)
            if numbered:
                seen.tickets.setdefault((scale, numbered[1]), {}).setdefault(int(numbered[2]), entry_of(flow))

    def _gaps(self, month: str, seen: _Month) -> Iterator[Finding]:
        """Between a month's first and last number, and since the last one of the months before."""
        for (scale, series), numbers in sorted(seen.tickets.items()):
            first = self._series.get((scale, series), min(numbers) - 1) + 1
            last = max(numbers)
            self._series[scale, series] = max(last, first - 1)
            expected = last - first + 1
            missing = expected - sum(1 for number in numbers if number >= first)
            value = self._limits.value
            if missing >= value["ticket_gap"] and missing * PPM >= expected * value["ticket_gap_ppm"]:
                yield Finding(
                    "ticket-gap",
                    "mild",
                    {"scale": scale, "series": series, "first": first, "last": last, "missing": missing},
                    (numbers[min(numbers)], numbers[last]),
                    month=month,
                    formula="tickets",
                    tolerance={"missing_allowed": value["ticket_gap"] - 1, "gap_ppm": value["ticket_gap_ppm"]},
                )

    def _numbered(self, flow: Flow) -> Iterator[Finding]:
        """Against the number recorded before: a device's numbers only go up, so those left out stay out."""
        found = captured(flow.event)
        if found is None:
            return
        before = self._numbers.get(found.device)
        self._numbers[found.device] = (found.seq, entry_of(flow))
        if before is not None and found.seq > before[0] + 1:
            first, last = before[0] + 1, found.seq - 1
            facts = {"device": found.device, "first": first, "last": last, "missing": last - first + 1}
            yield Finding("device-gap", "mild", facts, (before[1], entry_of(flow)), formula="numbers")

    def _round(self, month: str, seen: _Month) -> Iterator[Finding]:
        value = self._limits.value
        looked = [(net, entry) for net, entry in seen.weighed if net >= value["round_from_mg"]]
        round_ = [entry for net, entry in looked if net % value["round_step_mg"] == 0]
        if len(looked) >= value["round_count"] and len(round_) * PPM > len(looked) * value["round_ppm"]:
            yield Finding(
                "round-weighings",
                "mild",
                {"round": len(round_), "weighings": len(looked), "step_mg": value["round_step_mg"]},
                tuple(dict.fromkeys(round_))[:_TOLD],
                month=month,
                formula="round",
                tolerance={"share_ppm": value["round_ppm"]},
            )

    # -- times -------------------------------------------------------------------------------------------------

    def _lateness(self, flow: Flow) -> None:
        event = flow.event
        written_at = self._written_at(event)
        if not written_at or hours_between(flow.at, written_at) <= self._limits.value["late_hours"]:
            return
        self._late.append(_Late(flow.at, event.recorded_at, entry_of(flow)))

    def _written_at(self, event: Event) -> str:
        """By the clock of its device, where that never went back since the device's key was named; else of the log."""
        if event.type == "device_set":
            self._clocks[event.scalar("device")["device"]] = event.recorded_at
        found = captured(event)
        if found is None:
            return event.recorded_at
        newest = self._clocks.get(found.device, event.recorded_at)
        if is_later(newest, found.at):
            return event.recorded_at
        self._clocks[found.device] = found.at
        return found.at

    def backdated(self, now: str) -> Iterator[Finding]:
        """Of inspections that are over as of `now`, "" for the end of what there is. Once told after its day, an
        inspection is judged by the entries before it, so whoever hears of it late finds the same.
        """
        for announced, inspected in list(self._unjudged):
            if now and days_between(inspected, now) <= 0:
                continue
            self._unjudged.remove((announced, inspected))
            rows = [late for late in self._late if late.prepares(announced, inspected)]
            if rows:
                yield Finding(
                    "backdated-before-inspection",
                    "grave",
                    {
                        "announced": announced,
                        "inspected": inspected,
                        "count": len(rows),
                        "earliest": min(late.at for late in rows),
                    },
                    tuple(late.entry for late in rows)[:_TOLD],
                    month=inspected[:7],
                    formula="backdated",
                    tolerance={"late_hours": self._limits.value["late_hours"]},
                )

    def _clusters(self, month: str) -> Iterator[Finding]:
        days: dict[str, list[tuple[str, Entry]]] = {}
        for late in self._late[self._clustered :]:
            if not any(late.prepares(*inspection) for inspection in self._inspections):
                days.setdefault(late.recorded_at[:10], []).append((late.at, late.entry))
        self._clustered = len(self._late)
        for day, rows in sorted(days.items()):
            earliest = min(at for at, _ in rows)
            reach = days_between(earliest, f"{day}T23:59:59Z")
            value = self._limits.value
            if len(rows) >= value["late_cluster"] and reach >= value["late_cluster_days"]:
                yield Finding(
                    "late-cluster",
                    "mild",
                    {"day": day, "count": len(rows), "earliest": earliest, "days": reach},
                    tuple(entry for _, entry in rows)[:_TOLD],
                    month=month,
                    formula="late",
                    tolerance={"count_allowed": value["late_cluster"] - 1, "late_hours": value["late_hours"]},
                )

    def _ordered(self, flow: Flow) -> Iterator[Finding]:
        """By the times that the clerks gave: whatever the order of recording, nothing is used before it exists."""
        early = []
        for goods in flow.ins:
            made = self._made_at.get(goods.batch)
            if made is not None and is_later(made[0], flow.at):
                early.append((goods.batch, made))
        if early:
            yield Finding(
                "used-before-made",
                "mild",
                {"used_at": flow.at, "made_at": max(made[0] for _, made in early)},
                (*dict.fromkeys(made[1] for _, made in early), entry_of(flow)),
                tuple(dict.fromkeys(batch for batch, _ in early)),
                formula="times",
            )
        for goods in flow.outs:
            self._made_at.setdefault(goods.batch, (flow.at, entry_of(flow)))

    # -- capacity ----------------------------------------------------------------------------------------------

    def _throughput(self, flow: Flow) -> None:
        if not self._capacities or flow.event.type not in {"transformed", "drawn", "assembled"}:
            return
        made = sum(goods.mg for goods in flow.outs)
        for process in dict.fromkeys(flow.processes):
            if (flow.site, process) in self._capacities:
                seen = self._months.setdefault(flow.at[:7], _Month())
                had = seen.made.get((flow.site, process), (0, []))
                seen.made[flow.site, process] = (had[0] + made, [*had[1], entry_of(flow)][-_TOLD:])

    def _capacity(self, month: str, seen: _Month) -> Iterator[Finding]:
        for (site, process), (mg, entries) in sorted(seen.made.items()):
            daily = self._capacities[site, process]
            days = days_of_month(month)
            if mg > daily * days:
                yield Finding(
                    "throughput",
                    "grave",
                    {"site": site, "process": process, "made_mg": mg, "days": days},
                    tuple(entries),
                    month=month,
                    formula="throughput",
                    tolerance={"daily_mg": daily, "capacity_mg": daily * days},
                )


def _weighings(flow: Flow) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """(batch, weighing) of every ticket that the event brings."""
    event = flow.event
    if event.type == "registered":
        weighing = event.scalar("quantity").get("weighing")
        if weighing:
            yield (flow.outs[0].batch if flow.outs else ""), weighing
    elif event.type in {"received", "remeasured"}:
        for row in event.rows("lines.chain", "lines.authority"):
            if row.get("weighing"):
                yield str(row.get("batch", "")), row["weighing"]


def _net_mg(weighing: Mapping[str, Any]) -> int | None:
    unit = weighing.get("unit")
    if unit not in tuple(MG_PER):
        return None
    try:
        gross, tare = (mass_mg(weighing.get(name), unit, f"weighing.{name}") for name in ("gross", "tare"))
    except Refusal:
        return None  # a ticket is kept as it was typed; who recorded it was told then
    return gross - tare
