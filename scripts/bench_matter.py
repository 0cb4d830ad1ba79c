"""What following elements costs: contents, balance and findings of transformations, beside the bare arithmetic.

Pure code on values in memory, as an audit runs it: without the collector; nothing is signed, read or written.
"""

import gc
from collections.abc import Sequence
from dataclasses import dataclass, replace
from time import perf_counter

from ledger.matter import contents
from ledger.matter.events import Event
from ledger.matter.inspector import Inspector
from ledger.matter.makeups import Composition, Makeup
from ledger.matter.provenance import Content, apportion, entered, mix, take
from ledger.matter.reference import Reference

ORIGIN = "plant.example/log"
AT = "2026-11-22T08:15:00+08:00"
ELEMENTS = ("La", "Ce", "Pr", "Nd", "Sm", "Eu", "Gd", "Tb", "Dy", "Ho", "Er", "Y")
KG = 10**6
PART = 10 * KG


@dataclass(frozen=True)
class Cost:
    """Seconds for one transformation: with everything, and the arithmetic of its rows alone."""

    whole: float
    alone: float


def transformations(inputs: int, outputs: int, rounds: int, elements: Sequence[str] = ELEMENTS) -> Cost:
    """Of so many inputs, each from a source of its own, blended into so many outputs."""
    reference = Reference.parse()
    inspector = Inspector(reference, "separation", key=bytes(32))
    batches = [f"{number:026d}" for number in range(inputs)]
    view: dict[str, Makeup | None] = {one: _batch(one, rounds, elements) for one in batches}
    mg = PART * inputs // outputs
    gc.disable()
    started = perf_counter()
    for index in range(rounds):
        event = _event(index, batches, outputs, mg)
        plan = contents.plan(view, event, reference)
        assert plan is not None, "a transformation is among the rules"
        contents.check(plan, replace(event, slots={**event.slots, **plan.slots}))
        changes, flow = contents.settle(plan, event, index)
        view.update({key: changes[key] for key in batches})
        inspector.take(flow)
    whole = (perf_counter() - started) / rounds
    parts: dict[str, Content] = {one: _batch(one, rounds, elements).content for one in batches}
    started = perf_counter()
    for _ in range(rounds):
        taken = []
        for one in batches:
            part, parts[one] = take(parts[one], PART)
            taken.append(part)
        mixed = mix(taken)
        wanted = {element: (share.ug // outputs, share.u_ppm) for element, share in mixed.elements.items()}
        apportion(mixed, [wanted] * outputs, [mg] * outputs)
    alone = (perf_counter() - started) / rounds
    gc.enable()
    return Cost(whole, alone)


def _batch(id_: str, rounds: int, elements: Sequence[str]) -> Composition:
    totals = dict.fromkeys(elements, (PART * rounds * 50, 3000))
    return Composition(
        "ion_clay_mixed_oxide",
        "net",
        entered(PART * rounds, totals, origin="CN/ion_mid_y", source=id_),
        "final",
    )


def _event(index: int, batches: list[str], outputs: int, mg: int) -> Event:
    made = [f"7{index:015d}{number:010d}" for number in range(outputs)]  # none of them is an input's id
    slots = {
        "transformation": {"at": AT, "steps": [{"process": "blend", "site": "plant-1"}]},
        "inputs.chain": [{"batch": one} for one in batches],
        "inputs.authority": [{"mg": PART, "basis": "net", "site": "plant-1", "typed": {}} for _ in batches],
        "outputs.chain": [{"product": "ion_clay_mixed_oxide"} for _ in made],
        "outputs.authority": [{"mg": mg, "basis": "net", "site": "plant-1", "typed": {}} for _ in made],
        "losses": None,
        "documents": None,
        "recorded": {"by": "u-1"},
    }
    return Event("transformed", ORIGIN, slots, {"outputs.chain": tuple(made)}, "2026-11-22T00:20:00.000Z")
