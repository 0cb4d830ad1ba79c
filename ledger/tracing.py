"""From verified evidence to a trace, which regimes read (ledger/matter/regimes/trace.py).

Takes over what entries here disclose, and decides nothing. Whose word something is goes along with it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from ledger.entries import id_in
from ledger.evidence import Checked, Result
from ledger.matter.event_types import EVENT_TYPES
from ledger.matter.events import Event
from ledger.matter.genealogy import edges, event_at, made
from ledger.matter.makeups import TYPICAL
from ledger.matter.regimes.trace import Goods, Organisation, Origins, Parent, Step, Trace, Word
from ledger.verdict import Verdict

_STEPS = ("transformation", "assembly", "dismantling", "charge", "draw")
_MAKING = ("transformed", "assembled", "dismantled", "sampled", "charged")
_NO_LABORATORY = (TYPICAL, "carried")
"""Methods of assays that no laboratory made: what goods usually are, or what went into them."""


def trace_of(result: Result, verdict: Verdict) -> Trace:
    """`verdict` is `verdict.judge` of the same result."""
    checked = sorted(
        result.entries.values(), key=lambda one: (one.entry.recorded_at, one.entry.origin, one.entry.index)
    )
    told = [(one, one.event) for one in checked if one.event is not None]
    words = {(one.entry.origin, one.entry.index): _word(one, result) for one, _ in told}
    goods: dict[str, Goods] = {}
    steps: list[Step] = []
    parents: dict[str, dict[str, Parent]] = {}
    unit: dict[str, Any] = {}
    for one, event in told:
        word = words[one.entry.origin, one.entry.index]
        processes = tuple(step["process"] for step in _steps(event))
        makes = (
            *(_full(batch.batch, event) for batch in made(event)),
            *(_full(edge.child, event) for edge in edges(event)),
        )
        steps += [
            Step(word, event_at(event), step["process"], step.get("site"), step.get("country"), makes)
            for step in _steps(event)
        ]
        goods.update((batch.batch, batch) for batch in _goods(event, word))
        for edge in edges(event):
            parent = Parent(_full(edge.parent, event), edge.mg, processes)
            parents.setdefault(_full(edge.child, event), {})[f"{parent.batch} {one.entry.index}"] = parent
        unit |= _unit(event, verdict.subject)
    _assay(goods, [event for _, event in told])
    hidden = [f"{log} {index}" for (log, index), one in sorted(result.entries.items()) if _hides(one)]
    notices = verdict.notices
    trace = Trace(
        batch=verdict.subject.get("batch"),
        goods=goods,
        steps=tuple(steps),
        parents={child: tuple(rows.values()) for child, rows in parents.items()},
        origins=_origins(verdict, words),
        organisations={log: _organisation(log, result) for log in result.logs},
        unit=unit,
        missing=verdict.missing,
        cut=tuple(f"{facts['log']}#{facts['period']}" for code, facts in notices if code == "cut-at-period"),
        recalled=tuple(facts["what"] for code, facts in notices if code == "recalled"),
        corrected=tuple(f"{facts['log']} {facts['corrected']}" for code, facts in notices if code == "corrected"),
        entries=len(checked),
        handovers=next((facts["handovers"] for code, facts in verdict.proven if code == "handovers"), 0),
        hidden=tuple(hidden),
        vouched=result.vouched,
    )
    way = trace.since()
    return replace(
        trace,
        goods={batch: one for batch, one in goods.items() if batch in way},
        steps=tuple(step for step in steps if not way.keys().isdisjoint(step.makes)),
    )


def _hides(one: Checked) -> bool:
    """Whether the entry tells too little to know what was made of what, and how; as one of a later type does."""
    event = one.event
    if event is None:
        return True
    slots = {slot.name for slot in EVENT_TYPES[event.type]}
    steps = [slot for slot in _STEPS if slot in slots]
    lists = [slot for slot in ("inputs.chain", "units.chain") if slot in slots and event.type in _MAKING]
    return any(not event.scalar(slot) for slot in steps) or any(
        not event.items(slot) or None in event.items(slot) for slot in lists[:1]
    )


def _full(id_: str, event: Event) -> str:
    return id_in(id_, event.origin, "")


def _word(one: Checked, result: Result) -> Word:
    attested: dict[str, tuple[str, ...]] = {}
    for attestation in result.attesting(one):
        for check in attestation.checks:
            attested[check] = (*attested.get(check, ()), attestation.by)
    log = one.entry.origin
    return Word(log, one.entry.index, _name(log, result), one.entry.recorded_at, attested)


def _name(log: str, result: Result) -> str:
    facts = result.logs[log]
    member = result.members.get(facts.opened.name)
    told = facts.opened.scalar("log") if member is None else member.member.told
    return str(told.get("organisation", facts.opened.name))


def _organisation(log: str, result: Result) -> Organisation:
    opened = result.logs[log].opened
    known, about = result.members.get(opened.name), opened.scalar("log")
    if known is None:
        return Organisation(_name(log, result), about.get("role"), about.get("country"))
    return Organisation(
        _name(log, result), about.get("role"), known.member.told.get("country"), known.registry, known.member.suspended
    )


def _steps(event: Event) -> list[Mapping[str, Any]]:
    return next((list(event.scalar(slot)["steps"]) for slot in _STEPS if event.scalar(slot)), [])


def _goods(event: Event, word: Word) -> Iterator[Goods]:
    """The batches that an event makes, with what is disclosed of each."""
    papers = event.scalar("documents").get("list")
    documents = None if papers is None else tuple(papers)
    amounts = {
        id_: row
        for id_, row in zip(event.ids.get("outputs.chain", ()), event.rows("outputs.authority"), strict=False)
        if id_ is not None
    }
    for one in made(event):
        row = amounts.get(one.batch) or event.scalar("quantity")
        origin = event.scalar("origin") if event.type == "registered" else None
        assay = row.get("assay") or event.scalar("assay") or None
        yield Goods(
            _full(one.batch, event),
            one.product,
            one.lot_no,
            one.at,
            word,
            origin,
            event.scalar("batch").get("site"),
            row.get("mg"),
            row.get("count"),
            assay if assay is None or assay.get("method") not in _NO_LABORATORY else None,
            documents,
        )


def _assay(goods: dict[str, Goods], events: list[Event]) -> None:
    """Goods as they were assayed since, or when they were handed over, in the order in which that was recorded."""
    for event in events:
        head = event.scalar("assaying") or event.scalar("agreement")
        found = [(head["batch"], event.scalar("assay"))] if head and event.scalar("assay") else []
        rows = event.rows("lines.chain", "lines.partner", "lines.authority")
        found += [(row["batch"], row["assay"]) for row in rows if "batch" in row and row.get("assay")]
        for id_, assay in found:
            batch = _full(id_, event)
            if batch in goods and assay.get("method") not in _NO_LABORATORY:
                goods[batch] = replace(goods[batch], assay=assay)


def _unit(event: Event, subject: Mapping[str, str]) -> dict[str, Any]:
    for id_, row in zip(event.ids.get("units.public", ()), event.items("units.public"), strict=True):
        if id_ is not None and _full(id_, event) == subject.get("unit"):
            return {"unit": subject["unit"], **row}
    return {}


def _origins(verdict: Verdict, words: Mapping[tuple[str, int], Word]) -> Origins | None:
    for one in verdict.origins:
        return Origins(words[one.log, one.index], one.model, one.elements, one.recycled)
    return None
