"""Contents: what each batch is made of, carried through every event. Custody counts kilograms; this counts elements.

    touches(event)                 the keys of the compositions that an event reads or changes
    plan(view, event, reference)   what the event does to them, and the provenance it commits to, if any
    settle(plan, event, index)     the compositions after it, under the ids that sealing gave, and its flow (flows.py)
    check(plan, event)             that an event committed to the provenance that follows

The same functions run when a clerk records (`plan` fills the provenance slots before sealing), and in an audit. A
composition belongs to a batch as made: taking goods away moves a counter, so that parts add up to the whole, to the
microgram (provenance.py). What outputs are made of says outputs.py.

Promises: nothing is drawn from a pool that it does not hold, beyond what measurement allows. Does not check: custody;
whether elements balance (balance.py judges the flows).

Over 400 lines because the rules of all events stand beside each other, one for each.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ledger.errors import Refusal, Unverified
from ledger.matter import vectors
from ledger.matter.corrections import lines
from ledger.matter.events import Event, is_id
from ledger.matter.flows import Flow, Restated, flow_of, without_vectors
from ledger.matter.makeups import RANKS, Composition, Makeup, PoolContent, is_sure, pool_key
from ledger.matter.outputs import by_assay, rare_earths
from ledger.matter.provenance import (
    MODELS,
    OTHERS_ORIGIN,
    UNEXPLAINED,
    UNEXPLAINED_ORIGIN,
    Content,
    Share,
    Totals,
    entered,
    is_matter,
    mix,
    scale,
    take,
    weakest,
)
from ledger.matter.quantities import show_mg, show_ug
from ledger.matter.recompute import Done, Past, assayed, recompute
from ledger.matter.reference import CONSERVING, Reference
from ledger.matter.rows import half_even
from ledger.matter.sheet import Plan, Sheet, View, goods
from ledger.matter.stock import Booked
from ledger.matter.typical import typical

# -- entering -----------------------------------------------------------------------------------------------------


def origin_key(origin: Mapping[str, Any]) -> str:
    """`CN/ion_mid_y`: the country and the feed class, or where none is named, the way the goods came in."""
    return f"{origin['country']}/{origin.get('feed_class') or origin['class']}"


def _registered(at: Sheet) -> None:
    batch, quantity = at.event.scalar("batch"), at.event.scalar("quantity")
    told = at.event.scalar("assay")
    totals, rank = _told(
        batch["product"],
        quantity["mg"],
        quantity["basis"],
        told or None,
        at.reference,
        "assay",
        moisture_pct=quantity["typed"].get("moisture_pct"),
        feed_class=at.event.scalar("origin").get("feed_class"),
    )
    # The source is the batch itself, whose id sealing gives: settle() puts it in.
    content = entered(quantity["mg"], totals, origin=origin_key(at.event.scalar("origin")), source="")
    origin = "" if content.elements else origin_key(at.event.scalar("origin"))
    at.plan.made.append(Composition(batch["product"], quantity["basis"], content, rank, origin))
    at.plan.outs.append(goods("", batch["product"], content, sure=is_sure(rank)))


def _told(
    product: str,
    mg: int,
    basis: str,
    assay: Mapping[str, Any] | None,
    reference: Reference,
    where: str,
    *,
    moisture_pct: str | None = None,
    feed_class: str | None = None,
) -> tuple[Totals, str]:
    """Element totals of goods, and how sure they are: by assay, else by what is typical of the product."""
    if assay is None:
        return rare_earths(typical(product, mg, reference, basis=basis, feed_class=feed_class) or {}), RANKS[0]
    told = by_assay(assay, product, mg, basis, reference, where, moisture_pct=moisture_pct, feed_class=feed_class)
    return told.totals, told.rank


def _received(at: Sheet) -> None:
    """Accepted goods, as weighed. What was rejected stands here too, of the same batch: it is counted, and not told."""
    contents: list[Content | None] = []
    slots = ("lines.chain", "lines.partner", "lines.authority")
    offered = at.event.items("lines.provenance")
    for position, row in enumerate(at.event.rows(*slots)):
        shares = offered[position] if position < len(offered) else None
        weighed_mg = max(0, row["accepted_mg"] + row["difference_mg"])
        if "#" in row["batch"]:
            content, rank = _arrived(at, row, weighed_mg, shares, position)
            stays, _ = _arrived(at, row, row["rejected_mg"], shares, position)
            _add(at, row, mix([content, stays]) if row["rejected_mg"] else content, rank)
        else:  # our own goods that come back are what they were
            content, known = at.give_back(row["batch"], weighed_mg), at.batch(row["batch"])
            rank = RANKS[0] if known is None else known.rank
            at.give_back(row["batch"], row["rejected_mg"])
        contents.append(content if weighed_mg else None)
        if weighed_mg:
            at.plan.outs.append(goods(row["batch"], row["product"], content, sure=is_sure(rank)))
    at.plan.slots["lines.provenance"] = list(offered)
    at.plan.slots["lines.sources"] = [
        None if one is None or not one.elements else vectors.rows(one) for one in contents
    ]


def _arrived(at: Sheet, row: Mapping[str, Any], mg: int, shares: Any, position: int) -> tuple[Content, str]:
    """Goods of another log: the receiver's own weight and elements, the origins that the sender told."""
    where = f"lines[{position}].assay"
    totals, rank = _told(row["product"], mg, row["basis"], row.get("assay"), at.reference, where)
    if shares is None:
        return entered(mg, totals, origin=OTHERS_ORIGIN, source=row["batch"]), rank
    return vectors.received(shares, mg, totals, row["batch"]), rank


def _add(at: Sheet, row: Mapping[str, Any], more: Content, rank: str) -> None:
    """A batch that comes in several receipts: what is left of it is mixed with what comes, no surer than its parts."""
    known = at.batch(row["batch"])
    if not more.mg:
        return
    if known is None:
        at.put(row["batch"], Composition(row["product"], row["basis"], more, rank))
        return
    whole = mix([_left(known.content), more])
    content = Content(whole.mg, whole.elements, weakest(known.content.model, more.model))
    at.put(row["batch"], replace(known, content=content, rank=min(rank, known.rank, key=RANKS.index)))


# -- inside -------------------------------------------------------------------------------------------------------


def _transformed(at: Sheet) -> None:
    steps = at.event.scalar("transformation")["steps"]
    losses = at.event.scalar("losses").get("list", ())
    at.make_outputs(mix(at.take_inputs()), [step["process"] for step in steps], losses)


def _sampled(at: Sheet) -> None:
    at.make_outputs(mix(at.take_inputs()), ["split"], ())


def _assembled(at: Sheet) -> None:
    mixed = mix(at.take_inputs())
    quantity, product = at.event.scalar("quantity"), at.event.scalar("assembly")["product"]
    content = Content(quantity["mg"], mixed.elements, mixed.model)
    at.plan.made.append(Composition(product, quantity["basis"], content, at.rank, at.origin(content)))
    at.plan.outs.append(goods("", product, content, sure=any(one.sure for one in at.plan.ins)))
    at.commit_whole(content)


def _dismantled(at: Sheet) -> None:
    rows = at.event.rows("units.chain", "units.authority")
    mixed = mix([at.take(row["batch"], row["mg"]) for row in rows])
    steps = at.event.scalar("dismantling")["steps"]
    losses = at.event.scalar("losses").get("list", ())
    at.make_outputs(mixed, [step["process"] for step in steps], losses)


# -- pools --------------------------------------------------------------------------------------------------------


def _charged(at: Sheet) -> None:
    code = at.event.scalar("charge")["pool"]
    fed = mix(at.take_inputs())
    found = at.pool(code) or PoolContent(_EMPTY, _EMPTY)
    at.put(pool_key(code), PoolContent(_pooled(found.now, fed), _pooled(found.went_in, fed)))


def _pooled(*parts: Content) -> Content:
    whole = mix(parts)
    return Content(whole.mg, whole.elements, weakest(whole.model, "mass_balance"))


def _drawn(at: Sheet) -> None:
    draw = at.event.scalar("draw")
    pool = at.pool(draw["pool"]) or PoolContent(_EMPTY, _EMPTY)
    losses = at.event.scalar("losses").get("list", ())
    rest = at.make_outputs(pool.now, [step["process"] for step in draw["steps"]], losses, partly=True)
    _refuse_more_than_held(at, pool.now, draw["pool"])
    drawn_mg = sum(one.mg for one in (*at.plan.outs, *at.plan.losses))
    if drawn_mg > pool.now.mg and {step["process"] for step in draw["steps"]} <= CONSERVING:
        raise Refusal(
            "draw-above-mass", field="outputs", value=show_mg(drawn_mg), pool=draw["pool"], held=show_mg(pool.now.mg)
        )
    now = Content(max(0, pool.now.mg - drawn_mg), rest.elements, pool.now.model)
    at.put(pool_key(draw["pool"]), replace(pool, now=now))


def _refuse_more_than_held(at: Sheet, held: Content, code: str) -> None:
    """Element by element; a surplus within its uncertainty is measurement, not matter."""
    asked: dict[str, list[tuple[int, int]]] = {}
    for one in at.plan.outs:
        for element, amount in one.elements.items():
            asked.setdefault(element, []).append(amount)
    for element, amounts in asked.items():
        share = held.elements.get(element)
        if is_matter(share, amounts):
            raise Refusal(
                "draw-above-content",
                field="outputs",
                value=show_ug(sum(ug for ug, _ in amounts)),
                element=element,
                pool=code,
                held=show_ug(0 if share is None else share.ug),
            )


def _closed(at: Sheet) -> None:
    """The period's vector is committed; what goes on is what was measured, or where nothing was, what is booked."""
    closing = at.event.scalar("closing")
    pool = at.pool(closing["pool"]) or PoolContent(_EMPTY, _EMPTY)
    at.commit_whole(pool.went_in)
    at.plan.ins.append(goods(closing["period"], "pool", pool.now, sure=False))
    left = _measured(pool.now, at.event.scalar("wip").get("contents"), "wip.contents")
    goes_on = at.event.slots.get("opens") is not None
    if goes_on:
        at.plan.outs.append(goods("", "pool", left, sure=at.event.slots.get("wip") is not None))
    at.lose(at.event.scalar("losses").get("list", ()))
    at.put(pool_key(closing["pool"]), PoolContent(left, left) if goes_on else None)


def _measured(now: Content, told: Any, where: str) -> Content:
    return now if told is None else scale(now, vectors.parse_totals(told, where))


# -- measuring again ----------------------------------------------------------------------------------------------


def _assayed(at: Sheet) -> None:
    """The batch by its new figures, and what was made of it before, or left (recompute.py)."""
    id_ = assayed(at.event)
    assert id_ is not None, "an assay is of a batch"
    known, told = at.batch(id_), at.event.scalar("assay")
    if known is None:
        return  # goods of another log that a laboratory speaks of: it never had them
    found = by_assay(told, known.product, known.content.mg, known.basis, at.reference, "assay")
    rank = "agreed" if at.event.type == "assay_agreed" else found.rank
    if RANKS.index(rank) < RANKS.index(known.rank):
        return
    content = scale(known.content, found.totals)
    if known.origin:
        first = entered(known.content.mg, found.totals, origin=known.origin, source=id_, model=known.content.model)
        content = replace(known.content, elements=first.elements)
    at.plan.ins.append(goods(id_, known.product, _had(known.content), sure=is_sure(known.rank)))
    at.plan.outs.append(goods(id_, known.product, _had(content), sure=is_sure(rank)))
    at.put(id_, replace(known, content=content, rank=rank, origin="" if content.elements else known.origin))
    if at.past is not None:
        _tell_below(at, at.past, {})


def _measured_again(at: Sheet) -> None:
    """The elements stay, the mass is another one. A stock-take loses goods, or finds some that nobody can explain."""
    for row in at.event.rows("lines.chain", "lines.authority"):
        known, change = at.batch(row["batch"]), row["mg"] - row["before_mg"]
        if known is None or not change or not known.content.mg:
            continue
        left = _left(known.content)
        if at.event.type == "remeasured":
            whole = Content(max(0, left.mg + change), left.elements, left.model)
        elif change < 0:
            _, whole = take(known.content, min(-change, left.mg))
        else:
            whole = mix([left, _found(known.content, change)])
        at.put(row["batch"], replace(known, content=whole))
        sure = is_sure(known.rank)
        at.plan.ins.append(goods(row["batch"], known.product, left, sure=sure))
        at.plan.outs.append(goods(row["batch"], known.product, _left(whole), sure=sure))
    for position, row in enumerate(at.event.items("pools.authority")):
        pool = at.pool(row["pool"])
        if pool is not None:
            now = _measured(pool.now, row["contents"], f"pools[{position}].contents")
            at.plan.ins.append(goods("", "pool", pool.now, sure=False))
            at.plan.outs.append(goods("", "pool", now, sure=True))
            at.put(pool_key(row["pool"]), replace(pool, now=now))


def _had(whole: Content) -> Content:
    """What this log had of a batch: all of it, unless another log had it before."""
    return _left(replace(whole, taken_mg=whole.gone_mg))


def _left(whole: Content) -> Content:
    """What is here of a batch."""
    return take(whole, whole.mg - whole.taken_mg)[0]


def _found(whole: Content, mg: int) -> Content:
    """Goods that nobody can explain, of the elements of their batch as it was made."""
    totals = {element: (half_even(share.ug * mg, whole.mg), share.u_ppm) for element, share in whole.elements.items()}
    return entered(mg, totals, origin=UNEXPLAINED_ORIGIN, source=UNEXPLAINED)


# -- leaving ------------------------------------------------------------------------------------------------------


def _shipped(at: Sheet) -> None:
    rows = at.event.rows("lines.chain", "lines.partner")
    at.commit("lines", [at.take(row["batch"], row["mg"]) for row in rows])


def _removed(at: Sheet) -> None:
    for row in at.event.rows("lines.chain", "lines.authority"):
        at.take(row["batch"], row["mg"])


def _acknowledged(at: Sheet) -> None:
    """Declined goods, and what comes back from outside, are what they were."""
    for row in at.event.rows("lines.partner", "lines.authority"):
        _give_back(at, row["batch"], row["mg"])


# -- corrections --------------------------------------------------------------------------------------------------


def _reversed(at: Sheet) -> None:
    """What was made is not, and what was taken is untaken. Vectors that others committed to stay as they are."""
    for was in (one.event for one in at.booked):
        for id_ in made_ids(was):
            known = at.batch(id_)
            if known is not None:
                at.plan.ins.append(goods(id_, known.product, known.content, sure=is_sure(known.rank)))
            at.put(id_, None)
        taken = [*was.rows("inputs.chain", "inputs.authority")]
        if was.type == "dismantled":
            taken += was.rows("units.chain", "units.authority")
        if was.type == "removed":
            taken += was.rows("lines.chain", "lines.authority")
        for row in taken:
            _give_back(at, row["batch"], row["mg"])


def _give_back(at: Sheet, id_: str, mg: int) -> None:
    """Goods stand here again, and are told as what comes out of the event."""
    content, known = at.give_back(id_, mg), at.batch(id_)
    product, rank = ("", RANKS[0]) if known is None else (known.product, known.rank)
    at.plan.outs.append(goods(id_, product, content, sure=is_sure(rank)))


def _adjusted(at: Sheet) -> None:
    """Everything below the entries that are adjusted, as it would be had they said so at once (recompute.py)."""
    assert at.past is not None, "who plans adjustments can look back"
    more: dict[str, int] = {}
    for row in lines(at.event):
        sign = -1 if row["side"] in ("used", "shipped") else 1
        more[row["batch"]] = more.get(row["batch"], 0) + sign * row["delta_mg"]
    _tell_below(at, at.past, more)


def _tell_below(at: Sheet, past: Past, more: Mapping[str, int]) -> None:
    """`more`: batches of which more is here by the event, or less, in mg. What the event itself changed stays so."""
    found = recompute(past, at.event, _batches_of, _again)
    at.plan.restated = tuple(Restated(without_vectors(one.was), without_vectors(one.now)) for one in found.restated)
    at.plan.cut = found.cut
    for id_ in sorted((more.keys() | found.batches.keys()) - at.plan.changes.keys()):
        before, now = past.makeup(id_), found.batches.get(id_)
        if not isinstance(before, Composition):
            if now is not None:
                at.plan.changes[id_] = now
        elif id_ not in found.batches:
            at.plan.changes[id_] = before
        else:  # a batch that never was keeps its name: it may be adjusted back
            now = now or replace(before, content=_EMPTY, made=None)
            here = before.content.mg - before.content.taken_mg + more.get(id_, 0)
            content = _as_much_as(now.content, here)
            at.plan.changes[id_] = replace(now, content=content, entries=before.entries, adjusted=before.adjusted)


def _as_much_as(content: Content, here_mg: int) -> Content:
    """Goods that went and came back may be overdrawn in between, as told anew: as much is here as custody counts."""
    if not content.mg or content.mg - content.taken_mg == here_mg:
        return content
    if content.mg < here_mg:
        totals = {
            element: (half_even(share.ug * here_mg, content.mg), share.u_ppm)
            for element, share in content.elements.items()
        }
        content = scale(content, totals, here_mg)
    return replace(content, taken_mg=content.mg - here_mg)


def _batches_of(event: Event) -> list[str]:
    """The batches that an entry reads, changes or makes; pools are not recomputed."""
    return sorted(key for key in {*touches(event), *made_ids(event)} if is_id(key.rpartition("#")[2]))


def _again(view: View, event: Event, index: int, reference: Reference) -> Done:
    """An earlier entry, once more. It was allowed by the figures of its time."""
    found = plan(view, event, reference)
    if found is None:
        return Done({}, flow_of(index, event))
    changes, flow = settle(found, event, index)
    return Done(changes, flow)


def made_ids(event: Event) -> tuple[str, ...]:
    """The batches that an event made, in the order of its plan."""
    for slot in ("batch", "assembly"):
        if slot in event.ids:
            return (event.ids[slot],)
    return tuple(event.ids.get("outputs.chain", ()))


_EMPTY = Content(0, {}, MODELS[0])

_RULES: Mapping[str, Callable[[Sheet], None]] = {
    "registered": _registered,
    "received": _received,
    "transformed": _transformed,
    "sampled": _sampled,
    "assembled": _assembled,
    "dismantled": _dismantled,
    "charged": _charged,
    "drawn": _drawn,
    "closed": _closed,
    "assayed": _assayed,
    "assay_agreed": _assayed,
    "remeasured": _measured_again,
    "counted": _measured_again,
    "shipped": _shipped,
    "acknowledged": _acknowledged,
    "removed": _removed,
    "reversed": _reversed,
    "adjusted": _adjusted,
}
_ROWS = {
    "received": ("lines.chain",),
    "shipped": ("lines.chain",),
    "acknowledged": ("lines.partner",),
    "removed": ("lines.chain",),
    "remeasured": ("lines.chain",),
    "counted": ("lines.chain",),
    "adjusted": ("lines.chain",),
    "dismantled": ("units.chain",),
}


def touches(event: Event, booked: Sequence[Booked] = ()) -> frozenset[str]:
    """The keys of every composition that `plan` may read."""
    if event.type not in _RULES:
        return frozenset()
    keys = {row["batch"] for row in event.items("inputs.chain")}
    keys.update(row["batch"] for row in event.items("shared.chain"))
    for slot in _ROWS.get(event.type, ()):
        keys.update(row["batch"] for row in event.items(slot))
    for slot in ("charge", "draw", "closing"):
        if slot in event.slots:
            keys.add(pool_key(event.scalar(slot)["pool"]))
    keys.update(pool_key(row["pool"]) for row in event.items("pools.authority"))
    for slot in ("assaying", "agreement"):
        if slot in event.slots:
            keys.add(event.scalar(slot)["batch"])
    if event.type == "reversed":
        keys = keys.union(*(touches(one.event) | set(made_ids(one.event)) for one in booked))
    return frozenset(keys)


def plan(
    view: View, event: Event, reference: Reference, booked: Sequence[Booked] = (), past: Past | None = None
) -> Plan | None:
    """What the event does; `event.ids` are not looked at. Raises Refusal, and Malformed for a vector that is none.

    `past` is needed for an adjustment, which may change whatever was made since; without it, an assay does not.
    """
    rule = _RULES.get(event.type)
    if rule is None:
        return None
    at = Sheet(view, event, reference, booked, past)
    rule(at)
    return at.plan


def check(plan: Plan, event: Event) -> None:
    """Raises Unverified("provenance-differs") unless the event committed to the plan's provenance."""
    for slot, follows in plan.slots.items():
        said = event.slots.get(slot)
        differs = _trimmed(said or ()) != _trimmed(follows) if isinstance(follows, list) else said != follows
        if differs:
            raise Unverified("provenance-differs", field=slot, value=event.type)


def _trimmed(items: Sequence[Any]) -> list[Any]:
    """Without the nulls at the end, which nobody can tell from the filling of the list."""
    kept = list(items)
    while kept and kept[-1] is None:
        kept.pop()
    return kept


def settle(plan: Plan, event: Event, index: int) -> tuple[dict[str, Makeup | None], Flow]:
    """The compositions after the event, with the ids that it was given, and its flow."""
    changes, ids, late = plan.changes, made_ids(event), assayed(event)
    outs = list(plan.outs)
    for position, (id_, made) in enumerate(zip(ids, plan.made, strict=False)):
        changes[id_] = replace(made, content=_named(made.content, id_)) if event.type == "registered" else made
        outs[position] = replace(outs[position], batch=id_)
    for key, makeup in changes.items():
        if isinstance(makeup, Composition) and (event.type == "adjusted" or late is not None):
            entries = (*makeup.entries, index) if key == late else makeup.entries
            changes[key] = replace(makeup, entries=entries, adjusted=(*makeup.adjusted, index))
        elif isinstance(makeup, Composition) and event.type == "reversed":
            undone = event.scalar("reversal")["index"]
            changes[key] = replace(makeup, entries=tuple(one for one in makeup.entries if one != undone))
        elif isinstance(makeup, Composition):
            changes[key] = replace(makeup, entries=(*makeup.entries, index))
    return changes, flow_of(index, event, plan.ins, outs, plan.losses, plan.restated, plan.cut)


def _named(content: Content, id_: str) -> Content:
    """A registered batch is its own source."""
    elements = {
        element: Share(share.ug, share.u_ppm, share.origins, {id_: (share.ug, share.ug, share.ug)})
        for element, share in content.elements.items()
    }
    return Content(content.mg, elements, content.model)
