"""Succession: a log whose key is lost or stolen ends at a size, and another of its organisation goes on from there.

    predecessor_of   the final checkpoint of the log that a `log_opened` succeeds, as it embeds it
    in_story_order   places of entries, each organisation's logs one behind the other
    inherited        the states and compositions that a log ended with, as its successor begins with them

Nothing is said anew: what the successor holds is what follows from the predecessor's entries below the final size, for
whoever replays them. So nothing is there twice, and nothing can be slipped in.
Does not check that the succession was admitted (standing.py), nor the signature of the embedded checkpoint.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from ledger.errors import Unverified
from ledger.log.checkpoints import Checkpoint, parse_checkpoint
from ledger.log.notes import parse_note
from ledger.log.trust import succession_order
from ledger.matter.events import Event
from ledger.matter.flows import Flow, flow_of
from ledger.matter.makeups import Composition, Makeup, PoolContent, is_sure, pool_of
from ledger.matter.provenance import take
from ledger.matter.sheet import goods
from ledger.matter.stock import Arrival, Batch, Booked, Correction, Key, Locked, Pool, Shipment, State, Unit


def predecessor_of(opened: Event) -> Checkpoint | None:
    """None for a log that succeeds no other. Unverified for one of another organisation, or one that comes later."""
    embedded = opened.scalar("predecessor")
    if not embedded:
        return None
    found = parse_checkpoint(parse_note(embedded["checkpoint"].encode()).text)
    own, before = succession_order(opened.origin), succession_order(found.origin)
    if own[0] != before[0] or before >= own:
        raise Unverified("predecessor-differs", field="predecessor", value=opened.origin, log=found.origin)
    return found


def in_story_order(place: tuple[str, int]) -> tuple[tuple[str, int, str], int]:
    """Sorts (log, index): a successor's entries come behind those of the log that it succeeds."""
    return succession_order(place[0]), place[1]


@dataclass(frozen=True, slots=True)
class Inherited:
    """What a successor log begins with."""

    states: Mapping[Key, State]
    makeups: Mapping[str, Makeup | None]

    def flow(self, opened: Event) -> Flow:
        """What came into the books of the successor with its entry 0: all that the predecessor still had."""
        outs = []
        for key, makeup in self.makeups.items():
            batch = self.states.get(("batch", key))
            if isinstance(makeup, Composition) and isinstance(batch, Batch) and 0 < batch.mg <= makeup.content.mg:
                part, _ = take(makeup.content, batch.mg)
                outs.append(goods(key, batch.product, part, sure=is_sure(makeup.rank)))
            elif isinstance(makeup, PoolContent) and makeup.now.elements:
                outs.append(goods(key, "pool", makeup.now, sure=False))
        return flow_of(0, opened, outs=outs)


def inherited(origin: str, states: Mapping[Key, State], makeups: Mapping[str, Makeup | None]) -> Inherited:
    """From the states and compositions behind the last entry that counts of the log `origin`.

    Ids that were bare there are written with their log. What corrected that log's own entries stays with them.
    """
    after = (_state(state, origin) for state in states.values() if not isinstance(state, (Correction, Booked)))
    return Inherited(
        {state.key: state for state in after},
        {
            _full(key, origin) if pool_of(key) is None else key: _makeup(makeup)
            for key, makeup in makeups.items()
            if makeup is not None
        },
    )


def _full(id_: str, origin: str) -> str:
    return id_ if "#" in id_ else f"{origin}#{id_}"


def _makeup(makeup: Makeup) -> Makeup:
    """For the successor it begins with entry 0, as it was then."""
    if not isinstance(makeup, Composition):
        return makeup
    content = replace(makeup.content, gone_mg=makeup.content.taken_mg)
    return replace(makeup, content=content, entries=(0,), adjusted=(), made=None)


def _state(state: State, origin: str) -> State:
    def full(id_: Any) -> Any:
        return _full(id_, origin) if id_ else id_  # a pool that was given up has no period

    match state:
        case Batch():
            locks = tuple(replace(lock, id=full(lock.id)) for lock in state.locks)
            return replace(state, id=full(state.id), locks=locks, recalled=full(state.recalled))
        case Unit():
            return replace(
                state,
                id=full(state.id),
                batch=full(state.batch),
                inside=full(state.inside),
                contains=tuple(map(full, state.contains)),
                shipment=full(state.shipment),
                locks=tuple((full(id_), kind) for id_, kind in state.locks),
            )
        case Shipment():
            lines = tuple(
                replace(line, batch=full(line.batch), units=tuple((full(unit), net, n) for unit, net, n in line.units))
                for line in state.lines
            )
            return replace(state, id=full(state.id), lines=lines, original=full(state.original))
        case Arrival():
            return replace(
                state,
                lines={
                    number: replace(
                        line,
                        batch=full(line.batch),
                        pending={full(unit): left for unit, left in line.pending.items()},
                        decided=frozenset(map(full, line.decided)),
                    )
                    for number, line in state.lines.items()
                },
            )
        case Locked():
            return replace(
                state,
                id=full(state.id),
                batches=tuple(map(full, state.batches)),
                units=tuple(map(full, state.units)),
            )
        case Pool():
            return replace(state, period=full(state.period))
        case _:  # a closed month, a consent, a device: none names anything of this log
            return state
