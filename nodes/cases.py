"""Cases of an authority: findings of whomever, looked into together, from the opening to the conclusion.

    open → asked → answered → closed, and open again

A case is the sum of its steps, which are only ever added, each with who did it and when; docs/decisions/0017 says why
they are rows and no entries. The findings in it are kept as they were when they were put there: one that rests on
several logs gets another id as soon as more is deposited. What organisations answer in their own logs comes with their
deposits and is read beside the case.

Promises: a step and the answer to its request are kept in one transaction; the same key and request do one step. Does
not check roles: the door does.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any

from ledger.errors import Conflict, Malformed, Refusal, Unknown
from ledger.log.canonical import dump
from ledger.matter.findings import Finding
from nodes.clock import stamp
from nodes.findings import Told
from nodes.inspecting import Answered
from nodes.node import Caller, Node
from nodes.overview import Overview
from nodes.sequencer import Answer
from nodes.store import access, cases, log, people, upstream
from nodes.store.access import Idempotency
from nodes.store.cases import Step
from nodes.store.engine import Connection

OPEN, ASKED, ANSWERED, CLOSED = STATES = ("open", "asked", "answered", "closed")
KINDS: Mapping[str, tuple[str, ...]] = {
    "added": ("findings",),
    "assigned": ("to",),
    "noted": ("text",),
    "asked": ("organisation", "text"),
    "answered": ("organisation", "text"),
    "closed": ("text",),
    "reopened": ("text",),
}
"""What may be done in a case, and what it needs."""
CONCLUSIONS = ("ordered", "voided", "inspected", "suspended", "restored", "revoked", "licensed", "attested")
"""Types of the authority's own entries in which a case may end: what has an effect on others is signed."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A finding as it was when it was put into a case, and the logs whose entries it is about."""

    finding: Finding
    booked_in: str
    logs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Case:
    """`asked`: of whom something was asked, and when last; `answers_before`: how many answers each finding had in its
    log by then. `entry`: that of our own log in which it ended.
    """

    id: str
    title: str
    state: str
    opened_at: str
    opened_by: str
    assigned: str = ""
    findings: tuple[Kept, ...] = ()
    asked: Mapping[str, str] = field(default_factory=dict)
    answers_before: Mapping[str, int] = field(default_factory=dict)
    entry: int | None = None
    steps: tuple[Step, ...] = ()

    @property
    def logs(self) -> tuple[str, ...]:
        """Of all its findings."""
        return tuple(dict.fromkeys(log for one in self.findings for log in one.logs))


# -- reading ------------------------------------------------------------------------------------------------------


def every(node: Node) -> list[Case]:
    """Newest first."""
    node.oversight.check()
    with node.store.read() as conn:
        found: dict[str, list[Step]] = {}
        for step in cases.every(conn):
            found.setdefault(step.case, []).append(step)
    return [_case(steps) for steps in reversed(found.values())]


def find(node: Node, id_: str) -> Case:
    node.oversight.check()
    with node.store.read() as conn:
        return _found(conn, id_)


def by_finding(node: Node, overview: Overview | None) -> dict[str, list[tuple[Case, str]]]:
    """The cases that each finding is in, newest first, with their states."""
    found: dict[str, list[tuple[Case, str]]] = {}
    for case in every(node):
        for kept in case.findings:
            found.setdefault(kept.finding.id, []).append((case, state(case, overview)))
    return found


def isolated(text: str) -> str:
    """For plain text around it: marks in it that turn writing around turn nothing else (Unicode's FSI and PDI)."""
    return f"\u2068{text}\u2069"


def answers(case: Case, overview: Overview | None) -> dict[str, tuple[Answered, ...]]:
    """What organisations have answered in their own logs, by finding."""
    told = {one.finding.id: one.answers for one in (overview.findings if overview else ())}
    return {one.finding.id: told[one.finding.id] for one in case.findings if told.get(one.finding.id)}


def gone(case: Case, overview: Overview | None) -> set[str]:
    """Its findings that are not found any more: corrected since, or found under another id."""
    known = None if overview is None else {one.finding.id for one in overview.findings}
    return set() if known is None else {one.finding.id for one in case.findings} - known


def state(case: Case, overview: Overview | None) -> str:
    """As its steps say; asked is answered too by an answer in a log that came after the question."""
    if case.state != ASKED:
        return case.state
    now = answers(case, overview)
    return ANSWERED if any(len(given) > case.answers_before.get(id_, 0) for id_, given in now.items()) else ASKED


def _found(conn: Connection, id_: str) -> Case:
    steps = cases.steps(conn, id_)
    if not steps:
        raise Unknown("case-unknown", field="case", value=id_)
    return _case(steps)


def _case(steps: Sequence[Step]) -> Case:
    first, *rest = steps
    case = Case(first.case, first.body["title"], OPEN, first.at, first.by, findings=_kept(first.body["findings"]))
    for step in rest:
        case = _after(case, step)
    return replace(case, steps=tuple(steps))


def _after(case: Case, step: Step) -> Case:
    match step.kind:
        case "added":
            return replace(case, findings=(*case.findings, *_kept(step.body["findings"])))
        case "assigned":
            return replace(case, assigned=step.body["to"])
        case "asked":
            asked = {**case.asked, step.body["organisation"]: step.at}
            return replace(case, state=ASKED, asked=asked, answers_before=step.body["answers_before"])
        case "answered":
            return replace(case, state=ANSWERED)
        case "closed":
            return replace(case, state=CLOSED, entry=step.body.get("entry"))
        case "reopened":
            return replace(case, state=OPEN, entry=None)
    return case


def _kept(rows: Iterable[Mapping[str, Any]]) -> tuple[Kept, ...]:
    return tuple(Kept(Finding.parse(row), row["booked_in"], tuple(row["logs"])) for row in rows)


# -- writing ------------------------------------------------------------------------------------------------------


def opened(node: Node, caller: Caller, key: str, body: Mapping[str, Any]) -> Answer:
    """A new case of a title and some findings."""
    node.oversight.check()
    findings = _looked_up(node, body["findings"])

    def write(conn: Connection, at: str) -> str:
        id_ = cases.new_id(conn, at[:4])
        cases.add(conn, Step(id_, at, caller.owner, "opened", {"title": body["title"], "findings": findings}))
        return id_

    return _once(node, caller, key, ["open case", body], write)


def step(node: Node, caller: Caller, key: str, id_: str, body: Mapping[str, Any]) -> Answer:
    """One step of a case: `kind`, and what that needs (KINDS)."""
    node.oversight.check()
    kind = body["kind"]
    for name in KINDS[kind]:
        if name not in body:
            raise Malformed("field-missing", field=name)
    told = {name: value for name, value in body.items() if name != "kind"}
    if kind == "added":
        told["findings"] = _looked_up(node, body["findings"])

    def write(conn: Connection, at: str) -> str:
        case = _found(conn, id_)
        _check(conn, case, kind, told)
        if kind == "added":
            known = {one.finding.id for one in case.findings}
            told["findings"] = [one for one in told["findings"] if one["id"] not in known]
        if kind == "asked":  # times are claims: what was there is counted
            told["answers_before"] = _answers_held(conn, case)
        cases.add(conn, Step(id_, at, caller.owner, kind, told))
        return id_

    return _once(node, caller, key, ["step of case", id_, body], write)


def _check(conn: Connection, case: Case, kind: str, told: Mapping[str, Any]) -> None:
    if case.state == CLOSED and kind != "reopened":
        raise Refusal("case-closed", field="case", value=case.id)
    if case.state != CLOSED and kind == "reopened":
        raise Refusal("case-not-closed", field="case", value=case.id)
    if kind == "assigned" and not any(one.name == told["to"] and one.left_at is None for one in people.everybody(conn)):
        raise Unknown("person-unknown", field="to", value=told["to"])
    if kind == "answered" and told["organisation"] not in case.asked:
        raise Refusal("case-not-asked", field="organisation", value=told["organisation"])
    if kind == "closed" and "entry" in told:
        found = log.entries_at(conn, [told["entry"]])
        if not found:
            raise Unknown("entry-not-found", field="entry", value=told["entry"], size=log.head(conn).size)
        if found[0].type not in CONCLUSIONS:
            raise Malformed("field-wrong", field="entry", value=found[0].type, kind=", ".join(CONCLUSIONS))


def _answers_held(conn: Connection, case: Case) -> dict[str, int]:
    """How many answers there are to each finding in the logs that the case is about, worked out or not."""
    ours = {one.finding.id for one in case.findings}
    given = upstream.of_types(conn, case.logs, ["answered"])
    return Counter(id_ for one in given if (id_ := one.event.scalar("reply").get("finding")) in ours)


def _looked_up(node: Node, ids: Iterable[str]) -> list[dict[str, Any]]:
    """Findings as they are kept: as they were found last."""
    found = {one.finding.id: one for one in node.overlooking.soon()[0].findings}
    for id_ in ids:
        if id_ not in found:
            raise Unknown("finding-unknown", field="findings", value=id_)
    return [kept_json(found[id_]) for id_ in dict.fromkeys(ids)]


def kept_json(told: Told) -> dict[str, Any]:
    return {**told.finding.as_json(), "booked_in": told.booked_in, "logs": list(told.logs)}


def _once(node: Node, caller: Caller, key: str, asked: list[Any], write: Any) -> Answer:
    """What `write` does with (connection, time), under the caller's key; what the key did before, if it did."""
    idempotency = Idempotency(caller.owner, key, sha256(dump(asked)).digest())
    with node.store.write() as conn:
        before = access.recall(conn, [idempotency]).get((caller.owner, key))
        if before is None:
            at = stamp(node.clock())
            answer = Answer(201, dump({"case": write(conn, at)}))
            access.remember(conn, [(idempotency, answer.status, answer.body)], at)
            return answer
    if before.body_hash != idempotency.body_hash:
        raise Conflict("key-of-other-request", field="Idempotency-Key", value=key)
    return Answer(before.status, before.answer)
