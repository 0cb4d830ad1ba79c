"""Scans: what a printed code leads to. Genuine or not, what it is, where it is in its life, what its history proves.

A label proves who made it, never that it still sticks on the same thing: every answer says so, and what to compare.
Whoever scans is nobody we know: unless the node lets its evidence go to anybody, a scan names its maker and ourselves
and no other organisation.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ledger.entries import id_in
from ledger.errors import LodetraceError, Unavailable, Unknown, Unverified
from ledger.evidence import Result
from ledger.labels import Label, check_code, open_token, parse_token
from ledger.log.notes import Verifier
from ledger.log.trust import organisation
from ledger.matter.event_types import NEWS
from ledger.matter.events import Event
from ledger.matter.stock import Unit
from ledger.succession import predecessor_of
from ledger.verdict import Origin, Step, Verdict, judge
from nodes.corrected import After, after, status_of
from nodes.node import Node
from nodes.recomputed import recomputed, shares
from nodes.scanned import scans_of
from nodes.store import lists, upstream
from nodes.store.engine import Connection
from nodes.store.records import UnitRecord
from nodes.store.scans import Scans

LIFE = {
    "here": ("with the organisation that labelled it or received it", "在贴标或收货单位处"),
    "quarantined": ("received, not yet decided", "已收货，待判定"),
    "shipped": ("shipped on", "已发出"),
    "missing": ("reported missing", "报告缺失"),
    "emptied": ("opened and used: this label should not be on goods any more", "已开启使用：此标签不应再出现在货物上"),
    "consumed": ("used up: this label should not be on goods any more", "已耗用：此标签不应再出现在货物上"),
    "reversed": (
        "recorded by mistake and reversed: this label should not be on goods",
        "误录并已红冲：此标签不应出现在货物上",
    ),
}
"""Unit state → where it is in its life, in English and Chinese."""
STATUS = {
    "valid": ("valid: no recall, hold or correction is known here", "有效：本节点未见召回、冻结或冲销记录"),
    "corrected": ("corrected: an entry behind it was put right since", "已冲销：其来历中有条目后来被更正"),
    "concerned": (
        "concerned: what it was made of, or more of its batch, was held or recalled; ask whether it may be used",
        "受牵连：其来料或同批货物已被冻结或召回，使用前请先核实",
    ),
    "held": ("held: it must not be used or moved on until it is released", "已冻结：解除之前不得使用或转移"),
    "recalled": ("recalled: stop using it, and return it as the recall says", "已召回：请停止使用，并按召回要求退回"),
}
"""Status → what it means for whoever scans, in English and Chinese."""
STOPPED = frozenset({"concerned", "held", "recalled"})
"""Statuses in which nobody should go on."""
SPENT = frozenset({"missing", "emptied", "consumed", "reversed"})
"""States in which the label, however genuine, should not be met with on goods."""
UNDECIDED = frozenset({"label-maker-unknown", "label-version-unknown"})
"""Errors that say nothing against a label: only that nobody can tell here."""
SOMEBODY = "…"
"""Stands for the name of an organisation that is not told."""
STANDING = " standing "
"""Between a registry and a member, where it is missing what the registry says of it."""
_IDS = ("unit", "batch", "shipment")


@dataclass(frozen=True, slots=True)
class Stage:
    """What one organisation did with the goods until it handed them on. Where its name is not told, it is None, and
    `number` still tells one organisation from another.
    """

    number: int
    organisation: str | None
    organisation_en: str | None
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Mended:
    """An entry behind the goods that was corrected on day `at`. `own` where it made them, else it came before them.
    `log`, `index` and the names are None of an organisation that is not told.
    """

    own: bool
    kinds: tuple[str, ...]
    at: str
    log: str | None
    index: int | None
    organisation: str | None
    organisation_en: str | None


@dataclass(frozen=True, slots=True)
class Scan:
    """`maker` is the node that signed the label, `organisation` what it calls itself (`_en`: in Latin letters, where it
    does). `unit` and `verdict` are None where only the label itself is known here.

    `verdict` and `stages` say what whoever scans may see; `failure` is why the history does not hold; `before` is how
    often the label was scanned here until now. `mended` are corrections, and `shares` what they changed, of the goods
    as our own books tell them: element → origin → (part of 10⁹ as it was, as it is). Never a mass but the label's.
    """

    label: Label
    maker: str
    organisation: str
    organisation_en: str
    check_code: str
    unit: Unit | None = None
    status: str | None = None
    product: str | None = None
    verdict: Verdict | None = None
    stages: tuple[Stage, ...] = ()
    failure: LodetraceError | None = None
    before: Scans | None = None
    mended: tuple[Mended, ...] = ()
    shares: Mapping[str, Mapping[str, tuple[int, int]]] = field(default_factory=dict)

    @property
    def genuine(self) -> bool:
        """The label is signed by a known maker, the entry it names is in that maker's log, and its history verifies."""
        return self.verdict is not None and self.verdict.vouched and self.failure is None

    @property
    def spent(self) -> bool:
        """As far as is known here, the goods that this label was made for are gone."""
        return self.unit is not None and self.unit.state in SPENT

    @property
    def stopped(self) -> bool:
        """Held or recalled, or made of what is, as far as is known here."""
        return self.status in STOPPED

    @property
    def weighed_since(self) -> int | None:
        """The unit's net in mg as weighed last, where that is not what the label says."""
        return None if self.unit is None or self.unit.net_mg == self.label.net_mg else self.unit.net_mg


def scan(node: Node, token: str) -> Scan:
    """Opens a label's token. Malformed for no code of ours, Unverified for a forged one or one of an unknown maker."""
    with node.store.read() as conn:
        label = open_token(token, authors(conn, node, parse_token(token).index))
        unit_id = id_in(label.unit, label.origin, node.origin)
        found = Scan(label, organisation(label.origin), *names_of(conn, node, label.origin), check_code(label.leaf))
        found = replace(found, before=scans_of(conn, label))
        try:
            record = lists.unit(conn, unit_id)
        except Unknown:
            return found
        return _known(conn, node, found, record)


def _known(conn: Connection, node: Node, found: Scan, record: UnitRecord) -> Scan:
    label, unit = found.label, record.unit
    batch = lists.batch(conn, unit.batch)
    since = after(conn, node.origin, batch, below_pools=node.settings.evidence_below_pools)
    status = status_of(since, node.origin, unit, batch)
    found = replace(found, unit=unit, status=status, product=batch.batch.product)
    found = replace(found, mended=_mended(conn, node, label, since), shares=shares(recomputed(conn, batch)))
    if record.packed_by is None:  # it came without the proof of its label
        return found
    try:
        made = node.proof_of(conn, unit=unit.id)
        result = node.verify(made)
        packed = result.entries.get((label.origin, label.index))
        net = result.subject.get("net_mg", str(label.net_mg))
        if packed is None or packed.entry.leaf != label.leaf or net != str(label.net_mg):
            raise Unverified("label-of-other-entry", field="label", value=label.index, log=label.origin)
    except Unavailable:  # says nothing against the label
        raise
    except LodetraceError as error:
        return replace(found, failure=error)
    verdict = judge(result)
    named = set(result.logs) if node.settings.evidence_public else {label.origin, node.origin}
    return replace(found, verdict=_without_names(verdict, named), stages=_stages(verdict, result, named))


def authors(conn: Connection, node: Node, index: int) -> list[tuple[str, Verifier]]:
    """Author keys that may have signed the label of an entry at `index`: our own, and those of every log whose opening
    we hold, also of logs that ended. A label is signed when it is printed, so by a key in force then or later, that was
    not revoked by then.
    """
    known = []
    members = (one.origin for member in node.membership.members.values() for one in member.logs)
    for origin in {node.origin, *_succeeded(conn, node), *node.policy.logs, *members}:
        keys = node.keys_of(conn, origin)
        if keys is not None:
            signed = keys.since("author", index)
            known += [(origin, key) for key in signed if not node.membership.revoked(origin, index, key, "author")]
    return known


def names_of(conn: Connection, node: Node, origin: str) -> tuple[str, str]:
    """What the organisation calls itself whose author keys are known here, and in Latin letters."""
    return _names(_opening(conn, node, origin))


def known_names(node: Node, origin: str) -> tuple[str, str] | None:
    """The same of any log; None where its entry 0 is not here."""
    with node.store.read() as conn:
        found = upstream.at(conn, [(origin, 0)]).get((origin, 0))
    return None if found is None else _names(found.event)


def _succeeded(conn: Connection, node: Node) -> Iterator[str]:
    """The logs that ours succeeds."""
    final = predecessor_of(node.opened())
    while final is not None:
        yield final.origin
        final = predecessor_of(upstream.at(conn, [(final.origin, 0)])[final.origin, 0].event)


def _opening(conn: Connection, node: Node, origin: str) -> Event:
    """Entry 0 of a log whose author keys are known here."""
    return node.opened() if origin == node.origin else upstream.at(conn, [(origin, 0)])[origin, 0].event


def _names(opened: Event) -> tuple[str, str]:
    """What an organisation calls itself; it need not have a name in Latin letters."""
    about = opened.scalar("log")
    name = str(about.get("organisation", opened.name))
    return name, str(about.get("organisation_en", name))


# -- for whoever scans --------------------------------------------------------------------------------------------


def _mended(conn: Connection, node: Node, label: Label, since: After) -> tuple[Mended, ...]:
    """The goods' own entry first, then what came before, the newest first."""
    told = []
    for own, one in (*((True, one) for one in since.own), *((False, one) for one in since.before)):
        is_named = node.settings.evidence_public or one.log in (label.origin, node.origin)
        place = (one.log, one.index, *names_of(conn, node, one.log)) if is_named else (None, None, None, None)
        told.append(Mended(own, one.kinds, one.at[:10], *place))
    return tuple(sorted(told, key=lambda one: (one.own, one.at), reverse=True))


def _stages(verdict: Verdict, result: Result, named: Collection[str]) -> tuple[Stage, ...]:
    """The steps by organisation, from handover to handover; in the order in which the stages ended. What was told of
    the goods since is no step of theirs: the status and the notices say it.
    """
    under_way: dict[str, list[Step]] = {}
    ended: list[list[Step]] = []
    for step in verdict.steps:
        if step.event in NEWS:
            continue
        steps = under_way.setdefault(step.log, [])
        steps.append(step)
        if step.event == "shipped":
            ended.append(under_way.pop(step.log))
    joined: list[list[Step]] = []
    for steps in (*ended, *under_way.values()):
        if joined and joined[-1][0].log == steps[0].log:
            joined[-1] += steps
        else:
            joined.append(list(steps))
    numbers = {log: number for number, log in enumerate(dict.fromkeys(steps[0].log for steps in joined), 1)}
    stages = []
    for steps in joined:
        log = steps[0].log
        name, latin = _names(result.logs[log].opened) if log in named else (None, None)
        stages.append(Stage(numbers[log], name, latin, tuple(_nameless(step, named) for step in steps)))
    return tuple(stages)


def _without_names(verdict: Verdict, named: Collection[str]) -> Verdict:
    """What is proven stays as it is; of whom it speaks is told only of the logs `named`."""
    return replace(
        verdict,
        subject={key: _bare(what, named) if key in _IDS else what for key, what in verdict.subject.items()},
        steps=tuple(_nameless(step, named) for step in verdict.steps),
        missing=tuple(_bare(what, named) for what in verdict.missing),
        origins=tuple(_unnamed(origin, named) for origin in verdict.origins),
        attested=tuple((code, _hidden(facts, named)) for code, facts in verdict.attested),
        claimed=tuple((code, _hidden(facts, named)) for code, facts in verdict.claimed),
        notices=tuple((code, _hidden(facts, named)) for code, facts in verdict.notices),
    )


def _hidden(facts: Mapping[str, Any], named: Collection[str]) -> Mapping[str, Any]:
    shown = dict(facts)
    for name in ("log", "by"):
        if name in facts and facts[name] not in named:
            shown[name] = SOMEBODY
    if "name" in facts and not _is_named(facts["name"], named):
        shown["name"] = SOMEBODY
    if "what" in facts:
        shown["what"] = _bare(facts["what"], named)
    return shown


def _unnamed(origin: Origin, named: Collection[str]) -> Origin:
    shown = replace(
        origin,
        batch=_bare(origin.batch, named),
        attested_by=tuple(by if by in named else SOMEBODY for by in origin.attested_by),
    )
    return shown if origin.log in named else replace(shown, log=SOMEBODY, index=0, organisation=SOMEBODY)


def _is_named(name: str, named: Collection[str]) -> bool:
    """Is a member one of the organisations whose logs are named?"""
    return name in {organisation(log) for log in named}


def _bare(what: str, named: Collection[str]) -> str:
    """`log#id`, `log index` or `registry standing name`, without whom is not to be named. Ids tell nothing."""
    registry, standing, name = what.partition(STANDING)
    if standing:
        return what if _is_named(name, named) else f"{registry}{standing}{SOMEBODY}"
    for mark in "# ":
        log, found, rest = what.rpartition(mark)
        if found:
            return what if log in named else f"{SOMEBODY}{mark}{rest}"
    return what


def _nameless(step: Step, named: Collection[str]) -> Step:
    if step.log in named:
        return replace(step, batches=tuple(_bare(batch, named) for batch in step.batches))
    return replace(step, log=SOMEBODY, index=0, organisation=SOMEBODY, batches=())
