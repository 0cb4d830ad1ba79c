"""The sheet on which an event's effect on compositions is worked out: what is taken, what is made, what is committed.

contents.py has a rule for each event; they all write on a sheet, and its plan is what they leave.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ledger.matter import vectors
from ledger.matter.events import Event
from ledger.matter.flows import Goods, Restated
from ledger.matter.makeups import RANKS, Composition, Makeup, PoolContent, is_sure, pool_key
from ledger.matter.outputs import totals_of_outputs
from ledger.matter.provenance import MODELS, Content, Share, Totals, apportion, mix, take
from ledger.matter.recompute import Past
from ledger.matter.reference import Reference
from ledger.matter.rows import half_even, stretch
from ledger.matter.stock import Booked

View = Mapping[str, Makeup | None]


@dataclass(slots=True)
class Plan:
    """What an event does. `made` in the order of its output slot; under "" what a registered or assembled batch is."""

    slots: dict[str, Any] = field(default_factory=dict)
    changes: dict[str, Makeup | None] = field(default_factory=dict)
    made: list[Composition] = field(default_factory=list)
    restated: tuple[Restated, ...] = ()
    cut: bool = False
    ins: list[Goods] = field(default_factory=list)
    outs: list[Goods] = field(default_factory=list)
    losses: list[Goods] = field(default_factory=list)


class Sheet:
    """The view with what this event has changed so far on top."""

    def __init__(
        self, view: View, event: Event, reference: Reference, booked: Sequence[Booked], past: Past | None
    ) -> None:
        self._view, self.event, self.reference, self.booked, self.past = view, event, reference, booked, past
        self.plan = Plan()
        self._ranks: list[str] = []
        self._origins: set[str] = set()

    @property
    def rank(self) -> str:
        """How sure everything is that was taken: as the least sure of it."""
        return min(self._ranks, key=RANKS.index, default=RANKS[0])

    def origin(self, made: Content) -> str:
        """Where goods are from of whose elements nothing is known yet: where all of what was taken is from one origin,
        that; their first assay finds it. Nothing for goods whose elements tell their own origins.
        """
        return next(iter(self._origins)) if len(self._origins) == 1 and not made.elements else ""

    def find(self, key: str) -> Makeup | None:
        return self.plan.changes[key] if key in self.plan.changes else self._view.get(key)

    def batch(self, id_: str) -> Composition | None:
        found = self.find(id_)
        assert not isinstance(found, PoolContent), "ids of batches and keys of pools differ"
        return found

    def pool(self, code: str) -> PoolContent | None:
        found = self.find(pool_key(code))
        assert not isinstance(found, Composition), "ids of batches and keys of pools differ"
        return found

    def put(self, key: str, makeup: Makeup | None) -> None:
        """Keeps what the batch was as made, where it will be another one now."""
        before = self._view.get(key)
        if isinstance(makeup, Composition) and isinstance(before, Composition) and makeup.made is None:
            first = replace(before.as_made(), entries=(), adjusted=())
            if _untaken(first) != _untaken(makeup):
                makeup = replace(makeup, made=first)
        self.plan.changes[key] = makeup

    def take(self, id_: str, mg: int) -> Content:
        """The part of a batch that leaves it. Of a batch of which nothing is known, goods of which nothing is known."""
        known = self.batch(id_)
        if known is None or not known.content.mg:
            self.plan.ins.append(Goods(id_, "" if known is None else known.product, mg, {}, {}, sure=False))
            self._origins.add("")
            return Content(mg, {}, MODELS[0])
        # More than was ever made can be on its way: a batch that came back and was weighed in again.
        part, rest = take(known.content, min(mg, known.content.mg))
        if part.elements:
            self._ranks.append(known.rank)
        origins = {key for share in known.content.elements.values() for key in share.origins}
        self._origins |= origins or {known.origin}
        self.put(id_, replace(known, content=rest))
        self.plan.ins.append(goods(id_, known.product, part, sure=is_sure(known.rank)))
        return part

    def give_back(self, id_: str, mg: int) -> Content:
        """Goods of a batch stand here again, and their part of it.

        They are what left last. Where the batch was weighed anew since they left, what they were is not counted any
        more: then they are as much of what the batch is now, and of no origin of it is anything sure.
        """
        known = self.batch(id_)
        if known is None or not known.content.mg:
            return Content(mg, {}, MODELS[0])
        counted = min(mg, known.content.taken_mg)
        content = replace(known.content, taken_mg=known.content.taken_mg - counted)
        part, _ = take(content, counted)
        if counted < mg:
            more = _as_much(content, mg - counted)
            part, content = mix([part, more]), mix([content, more])
        self.put(id_, replace(known, content=content))
        return part

    def take_inputs(self) -> list[Content]:
        return [self.take(row["batch"], row["mg"]) for row in self.event.rows("inputs.chain", "inputs.authority")]

    def make_outputs(
        self, mixed: Content, processes: Sequence[str], losses: Sequence[Mapping[str, Any]], *, partly: bool = False
    ) -> Content:
        """Apportions a mix to the event's outputs, fills their provenance slots, and answers what stays behind.

        `partly`: the outputs are only some of the mix, by mass, as what is drawn from a pool is.
        """
        rows = list(self.event.rows("outputs.chain", "outputs.authority"))
        inputs = frozenset(one.product for one in self.plan.ins)
        taken_mg = sum(row["mg"] for row in (*rows, *losses))
        stays_mg = max(0, mixed.mg - taken_mg) if partly else 0
        told = totals_of_outputs(mixed, inputs, rows, losses, processes, self.reference, self.rank, stays_mg)
        wanted = [one.totals for one in told]
        left = _left_of(mixed, wanted)
        *made, rest = apportion(mixed, [*wanted, left], [*(row["mg"] for row in rows), 0])
        for row, content, one in zip(rows, made, told, strict=True):
            self.plan.made.append(Composition(row["product"], row["basis"], content, one.rank, self.origin(content)))
            self.plan.outs.append(goods("", row["product"], content, sure=is_sure(one.rank)))
        self.commit("outputs", [one.content for one in self.plan.made])
        self.lose(losses)
        return rest

    def lose(self, losses: Sequence[Mapping[str, Any]]) -> None:
        self.plan.losses += [Goods("", loss["kind"], loss["mg"], {}, {}, sure=True) for loss in losses]

    def commit(self, group: str, contents: Sequence[Content | None]) -> None:
        """The provenance slots of a group of rows; nothing where nothing is known."""
        known = [content if content is not None and content.elements else None for content in contents]
        self.plan.slots[f"{group}.provenance"] = [None if one is None else vectors.shares(one) for one in known]
        self.plan.slots[f"{group}.sources"] = [None if one is None else vectors.rows(one) for one in known]

    def commit_whole(self, content: Content) -> None:
        known = content if content.elements else None
        self.plan.slots["provenance"] = None if known is None else vectors.shares(known)
        self.plan.slots["sources"] = None if known is None else vectors.rows(known)


def _untaken(known: Composition) -> tuple[object, ...]:
    return known.content.mg, known.content.elements, known.content.model, known.rank, known.origin


def goods(batch: str, product: str, content: Content, *, sure: bool) -> Goods:
    """Goods as a flow names them."""
    return Goods(
        batch,
        product,
        content.mg,
        {element: (share.ug, share.u_ppm) for element, share in content.elements.items()},
        {element: share.origins for element, share in content.elements.items()},
        sure,
    )


def _as_much(content: Content, mg: int) -> Content:
    """So much of goods like these: each origin may have given all of it, or nothing."""
    elements = {}
    for element, share in content.elements.items():
        ug = half_even(share.ug * mg, content.mg)
        if ug:
            origins, sources = (
                {key: (mid, 0, ug) for key, (mid, _, _) in stretch(rows, share.ug, ug).items()}
                for rows in (share.origins, share.sources)
            )
            elements[element] = Share(ug, share.u_ppm, origins, sources)
    return Content(mg, elements, content.model)


def _left_of(mixed: Content, wanted: Sequence[Totals]) -> dict[str, tuple[int, int]]:
    """What stays behind of a mix, element by element: in a pool, or as a loss."""
    left = {}
    for element, share in mixed.elements.items():
        ug = share.ug - sum(totals[element][0] for totals in wanted if element in totals)
        if ug > 0:
            left[element] = (ug, share.u_ppm)
    return left
