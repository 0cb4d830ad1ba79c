"""How a log is inspected, wherever that happens: beside the clerk, in an audit, at the authority over deposits.

One flow after the other goes to the inspector (ledger/matter/inspector.py), grants of the authority before the entries
that came after them, and a `period_closed` closes the month where it stands in the log. Answers are gathered besides.

Promises: the same log, grants and reference data give the same findings with the same ids, in log order; what a closed
month committed to is held against what the flows say. Does not check entries: whoever hands them in has.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from secrets import token_bytes

from ledger.errors import Unverified
from ledger.matter.books import BookRow
from ledger.matter.dates import is_moment
from ledger.matter.events import Event
from ledger.matter.findings import Entry, Finding
from ledger.matter.flows import Flow
from ledger.matter.inspector import Inspector
from ledger.matter.limits import Limits
from ledger.matter.reference import Reference
from ledger.matter.watch_elements import MADE, OF_GOODS, Elements
from ledger.matter.watch_intake import Intake

COUNTRY = "CN"
"""Of organisations that do not say where they are."""
_SEVERITIES = ("grave", "mild", "reason")


@dataclass(frozen=True, slots=True)
class Answered:
    """What the operator said to a finding, in which entry."""

    index: int
    at: str
    text: str
    by: str


class Watch:
    """An inspector with what it has found, by id, and what was answered."""

    def __init__(
        self,
        reference: Reference,
        role: str,
        country: str | None,
    ) -> None:
        self.reference = reference
        self.inspector = Inspector(reference, role, key=paper_key(), country=country or COUNTRY)
        self.findings: dict[str, Finding] = {}
        self.found_in: dict[str, str] = {}
        self.answers: dict[str, list[Answered]] = {}

    def take(self, flow: Flow) -> None:
        event = flow.event
        if event.type == "quota_granted":
            self.inspector.granted(event)
        found = self.inspector.take(flow)
        self._withdraw({(event.origin, one.now.index) for one in flow.restated})
        self._keep(found, flow.at[:7])
        if event.type == "period_closed":
            month = event.scalar("period")["month"]
            self._keep(self.inspector.month(month), month)
        if event.type == "answered":
            reply, by = event.scalar("reply"), event.scalar("recorded").get("by", "")
            told = Answered(flow.index, reply["at"], reply["text"], by)
            self.answers.setdefault(reply["finding"], []).append(told)

    def inspected(self, event: Event) -> None:
        """The authority's word on an inspection. One that was not announced left no time to write books before it."""
        announced_at, at = event.scalar("reason").get("announced_at"), event.scalar("inspection").get("at")
        if announced_at and at and is_moment(announced_at) and is_moment(at):  # another log's custody is not ours
            self.inspector.inspected(announced_at, at)

    def _withdraw(self, entries: Collection[Entry]) -> None:
        """What was found in entries that move other goods now, and was found by the goods: it is found anew, or not."""
        if entries:
            gone = [
                id_
                for id_, one in self.findings.items()
                if one.formula in OF_GOODS and len(one.entries) == 1 and one.entries[0] in entries
            ]
            for id_ in gone:
                del self.findings[id_], self.found_in[id_]

    def _keep(self, found: Sequence[Finding], month: str) -> None:
        for finding in found:
            id_ = finding.id  # worked out each time that it is asked for
            self.found_in.setdefault(id_, finding.month or month)
            self.findings.setdefault(id_, finding)


def paper_key() -> bytes:
    """What numbers of papers are hashed under while they are compared; no hash is kept, nor any key."""
    return token_bytes(32)


def watch_of(opened: Event, reference: Reference) -> Watch:
    """For the log with this entry 0."""
    about = opened.scalar("log")
    return Watch(reference, str(about.get("role", "")), about.get("country"))


# -- closed months ------------------------------------------------------------------------------------------------


def printed(rows: Sequence[BookRow]) -> list[list[str]]:
    """A month's rows as `books.authority` commits to them: element, then µg as decimal texts, in COLUMNS' order."""
    return [[row.element, *(str(getattr(row, name)) for name in COLUMNS)] for row in rows]


COLUMNS = tuple(name for name in BookRow.__slots__ if name != "element")


def check_books(event: Event, watch: Watch) -> None:
    """A closing that committed to other books than follow from the entries before it."""
    month = event.scalar("period")["month"]
    told = [row for item in event.items("books.authority") if item is not None for row in item["rows"]]
    follows = printed(watch.inspector.rows.get(month, ()))
    if told != follows:
        differing = next((one for one, other in zip(told, follows, strict=False) if one != other), ["-"])
        raise Unverified("month-books-differ", field="books.authority", value=month, element=str(differing[0]))


# -- at once ------------------------------------------------------------------------------------------------------


def at_once(flow: Flow, reference: Reference, role: str, country: str | None) -> list[Finding]:
    """What a single flow shows by itself, without anything that came before: told to the clerk who records it.

    A gain in a pool, papers that others drew from, and whatever rests on habits, need history and are not among it.
    """
    type_ = flow.event.type
    if type_ not in MADE and type_ != "registered":
        return []
    limits = Limits(reference, role, country or COUNTRY)
    if type_ == "registered":
        found = list(Intake(limits, b"at once").take(flow))
        return [finding for finding in found if "document" not in finding.facts]
    return sorted(Elements(limits).take(flow), key=lambda finding: _SEVERITIES.index(finding.severity))


def warning(finding: Finding) -> dict[str, str]:
    """A finding as the clerk who just recorded hears of it."""
    return {
        "code": finding.rule,
        "severity": finding.severity,
        "reason": finding.text("en"),
        "reason_zh": finding.text("zh"),
    }
