"""Correcting an own entry by hand: what of it may be changed, what a correction would change, and whom that reaches.

    wordings        the words of an entry that may be others, as they stand now
    movings         the amounts of an entry, and of our entries that used what it made or received
    changed_words   the rows of an `amend` body: only what was typed otherwise
    changed_amounts the lines of an `adjust` body: what should stand there, as so much more or less
    described       what the body of a correction would change, for whoever confirms or approves it

Does not decide whether a correction may be: the rules do (`drafts.rehearse` asks them), and again when it is sealed.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ledger.matter.corrections import SHARED, amounts, corrected
from ledger.matter.events import Event
from ledger.matter.periods import month_key, month_of
from ledger.matter.quantities import amount, mass_mg, show_mg
from ledger.matter.words import WORDS, place_of, word
from nodes import entries
from nodes.clock import stamp
from nodes.node import Node
from nodes.store import genealogy, lists, log, stock
from nodes.store.engine import Connection

MOVINGS_MOST, REACHED_MOST = 60, 40
_DOCUMENT = ("kind", "no", "date")
"""What of a paper is offered to be written otherwise; more may be changed through the interface."""


@dataclass(frozen=True, slots=True)
class Wording:
    """`path` as `amended` has it, and what stands there; `thing`: whose words they are, by its serial, lot or place in
    a list; `row` counts papers from 1.
    """

    path: str
    name: str
    was: str | None
    thing: str = ""
    row: int | None = None


@dataclass(frozen=True, slots=True)
class Moving:
    """So much of a batch, by an entry. `of` tells it apart from all others of the form, whatever is recorded
    meanwhile; `kg` is the figure as it would be typed.
    """

    entry: int
    type: str
    side: str
    batch: str
    name: str
    site: str
    owner: str
    mg: int
    count: int | None
    of: str = ""

    @property
    def kg(self) -> str:
        whole, rest = divmod(self.mg, 10**6)
        return f"{whole}.{rest:06d}".rstrip("0") if rest else str(whole)


@dataclass(frozen=True, slots=True)
class Change:
    """Of `entry`: a wording from `was` to `is_`, or an amount (`mg`, or pieces) from one to the other."""

    entry: int
    type: str
    wording: Wording | None = None
    moving: Moving | None = None
    was: str | None = None
    now: str | None = None


@dataclass(frozen=True, slots=True)
class Described:
    """`closed`: months of corrected entries that are closed, so that it counts in the open month. `reached`: batches
    made of what is corrected; `hear`: partners who are told of it; `partner` shares the entry, and has agreed if
    `consent` is there.
    """

    kind: str
    entries: tuple[int, ...]
    changes: tuple[Change, ...]
    reason: str
    closed: tuple[str, ...]
    reached: tuple[tuple[str, str], ...]
    hear: tuple[str, ...]
    partner: str | None
    consent: bool


# -- what may be changed ------------------------------------------------------------------------------------------


def wordings(event: Event) -> list[Wording]:
    """In the order of the slots; one more paper than there is, so that one may be added."""
    found = []
    for place in sorted(WORDS.get(event.type, ())):
        slot, _, field = place.rpartition(".")
        if place == "documents.list":
            papers = event.scalar("documents").get("list", ())
            rows = [f"{place}[{row}].{key}" for row in range(len(papers) + 1) for key in _DOCUMENT]
            found += [
                _wording(event, path, path.rpartition(".")[2], row=at // len(_DOCUMENT) + 1)
                for at, path in enumerate(rows)
            ]
        elif "." in slot:
            for item, row in enumerate(event.items(slot)[:MOVINGS_MOST]):
                thing = str((row or {}).get("serial") or (row or {}).get("lot_no") or item + 1)
                found.append(_wording(event, f"{slot}/{item}.{field}", field, thing=thing))
        else:
            found.append(_wording(event, place, field))
    return found


def _wording(event: Event, path: str, name: str, *, thing: str = "", row: int | None = None) -> Wording:
    place = place_of(event.type, path)
    was = None if place is None else word(event, place)
    return Wording(path, name, None if was is None else str(was), thing, row)


def movings(node: Node, index: int) -> list[Moving]:
    """First those of the entry itself; then, of each batch in it, those of our later entries."""
    with node.store.read() as conn:
        own = _movings(conn, index)
        later: dict[int, set[str]] = {}
        for one in own:
            if one.side in ("made", "received"):
                for user in _users(conn, one.batch):
                    later.setdefault(user, set()).add(one.batch)
        rest = [
            one for user in sorted(later.keys() - {index}) for one in _movings(conn, user) if one.batch in later[user]
        ]
    return [*own, *rest][:MOVINGS_MOST]


def _movings(conn: Connection, index: int) -> list[Moving]:
    event = _now(conn, index)
    if event is None:
        return []
    found, seen = [], Counter[str]()
    for one in amounts(event):
        place = f"{index} {one.side} {one.batch} {one.site} {one.owner or ''}"
        seen[place] += 1
        name, owner = entries.batch_name(conn, one.batch), one.owner or ""
        of = f"{place} {seen[place]}"
        found.append(
            Moving(index, event.type, one.side, one.batch, name, one.site, owner, one.mg, one.count or None, of)
        )
    return found


def _users(conn: Connection, batch: str) -> set[int]:
    used = {no for _, no in genealogy.uses(conn, batch)}
    used |= {one.made_by for one in lists.shipments_with(conn, [batch]) if one.made_by is not None}
    return {no for no in used if no >= 0}


def _now(conn: Connection, index: int) -> Event | None:
    return corrected(log.entry(conn, index).event, entries.correction_of(conn, index))


# -- what was typed -----------------------------------------------------------------------------------------------


def changed_words(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Rows {path, was, is} of which `is` is another; what is left empty is taken away."""
    found = []
    for row in rows:
        was, is_ = row.get("was") or None, str(row.get("is") or "").strip() or None
        if was != is_:
            told = {"path": row.get("path"), "was": was, "is": is_}
            found.append({name: text for name, text in told.items() if text is not None})
    return found


def changed_amounts(shown: Iterable[Moving], rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Rows {of, is, count} for what was shown; what is left empty stays as it is."""
    typed_of = {str(row.get("of")): row for row in rows}
    found: list[dict[str, Any]] = []
    for at, one in enumerate(shown):
        row = typed_of.get(one.of, {})
        typed = str(row.get("is") or "").strip()
        mg = mass_mg(typed, "kg", f"amounts.n{at}.is") if typed else one.mg
        pieces = counted if isinstance(counted := row.get("count"), int) else one.count
        delta, more = mg - one.mg, (pieces or 0) - (one.count or 0)
        if delta and delta * more < 0:  # a line goes one way
            found += [_line(one, delta, 0), _line(one, 0, more)]
        elif delta or more:
            found.append(_line(one, delta, more))
    return found


def _line(one: Moving, delta: int, pieces: int) -> dict[str, Any]:
    figures: dict[str, Any] = {"value": str(abs(delta)), "unit": "mg", **({"count": abs(pieces)} if pieces else {})}
    way = "more" if delta + pieces > 0 else "less"
    line = {"entry": one.entry, "side": one.side, "batch": one.batch, "site": one.site, way: figures}
    return {**line, **({"owner": one.owner} if one.owner else {})}


def typed_again(shown: Sequence[Moving], lines: Iterable[Mapping[str, Any]]) -> dict[int, tuple[str, str]]:
    """(mass in kg, pieces or "") to stand in a form again, by the place of what was shown: the reverse of the above."""
    found = {}
    for line in lines:
        for at, one in enumerate(shown):
            if one.entry == line["entry"] and _is_of(one, line):
                mg, count = _after(one, line)
                found[at] = replace(one, mg=mg).kg, "" if count is None else str(count)
                break
    return found


# -- what a correction would change -------------------------------------------------------------------------------


def described(node: Node, body: Mapping[str, Any]) -> Described:
    """Unknown where it names an entry that is not there."""
    named = [body["entry"]] if body.get("entry") is not None else [line["entry"] for line in body.get("lines") or ()]
    indexes = tuple(dict.fromkeys(named))
    at = body.get("at") or stamp(node.clock())
    with node.store.read() as conn:
        events = {index: log.entry(conn, index).event for index in indexes}
        changes = tuple(_changes(conn, body, events))
        months = sorted({month_of(one) for one in map(_at, events.values()) if one})
        closed = [month for month in months if stock.load(conn, [month_key(month)]) and month != month_of(at)]
        made = dict.fromkeys(batch for event in events.values() for batch in entries.batches_of(event))
        reached = _reached(conn, made)
        hear: set[str] = set()
        for event in events.values():
            hear |= _hear(conn, node, event, made)
        partner = next((_partner(events[index]) for index in indexes if _shares(body)), None)
    consent = body.get("consent") is not None
    reason = str(body.get("reason") or "")
    return Described(
        str(body["kind"]), indexes, changes, reason, tuple(closed), reached, tuple(sorted(hear)), partner, consent
    )


def _changes(conn: Connection, body: Mapping[str, Any], events: Mapping[int, Event]) -> Iterable[Change]:
    if body["kind"] == "amend":
        (event,) = events.values()
        known = {one.path: one for one in wordings(event)}
        for row in body.get("words") or ():
            about = known.get(row["path"], Wording(row["path"], row["path"].rpartition(".")[2], row.get("was")))
            yield Change(body["entry"], event.type, about, None, row.get("was"), row.get("is"))
    for line in body.get("lines") or ():
        now = [one for one in _movings(conn, line["entry"]) if _is_of(one, line)]
        if now:
            yield _amount_change(now[0], line)
    if body["kind"] == "reverse":
        yield from (Change(index, event.type) for index, event in events.items())


def _is_of(one: Moving, line: Mapping[str, Any]) -> bool:
    alike = (one.side, one.batch) == (line["side"], line["batch"]) or line["batch"] == one.name
    return alike and line.get("site") in (None, one.site) and (line.get("owner") or "") in ("", one.owner)


def _amount_change(now: Moving, line: Mapping[str, Any]) -> Change:
    return Change(now.entry, now.type, None, now, _told(now.mg, now.count), _told(*_after(now, line)))


def _after(now: Moving, line: Mapping[str, Any]) -> tuple[int, int | None]:
    """Mass and pieces as the line leaves them."""
    sign, stated = (1, line["more"]) if line.get("more") else (-1, line["less"])
    delta = amount(stated, "lines")
    pieces = sign * (delta.count or 0)
    return now.mg + sign * delta.mg, None if now.count is None and not pieces else (now.count or 0) + pieces


def _told(mg: int, count: int | None) -> str:
    return show_mg(mg) if count is None else f"{show_mg(mg)} × {count}"


def _at(event: Event) -> str:
    return next(
        (str(value["at"]) for value in event.slots.values() if isinstance(value, Mapping) and "at" in value), ""
    )


def _reached(conn: Connection, made: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """Batches here that were made of these, themselves left out."""
    own = list(made)
    found: dict[str, str] = {}
    for batch in own:
        for one in genealogy.trace(conn, batch, "forward", REACHED_MOST).nodes:
            if one.batch not in own:
                found.setdefault(one.batch, one.lot_no or one.batch[-8:])
    return tuple(found.items())[:REACHED_MOST]


def _hear(conn: Connection, node: Node, event: Event, batches: Iterable[str]) -> set[str]:
    to = event.scalar("shipment").get("to")
    below = node.settings.evidence_below_pools
    return genealogy.onward(conn, batches, node.origin, below_pools=below) | ({str(to)} if to else set())


def _shares(body: Mapping[str, Any]) -> bool:
    return any(line["side"] in SHARED for line in body.get("lines") or ())


def _partner(event: Event) -> str | None:
    named = event.scalar("receipt").get("from") or event.scalar("shipment").get("to")
    return None if named is None else str(named)
