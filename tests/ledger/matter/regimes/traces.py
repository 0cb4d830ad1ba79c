"""Traces made by hand: a magnet that went from a mine to a magnet maker through facilities of one country each, all
of it told; and ways to take something away from it.
"""

from dataclasses import replace

from ledger.matter.reference import Reference
from ledger.matter.regimes.trace import Goods, Organisation, Origins, Parent, Step, Trace, Word

REFERENCE = Reference.parse()
PPB = 10**9
ORE, OXIDE, METAL, ALLOY, MAGNET, MOTOR = (f"m.example/log#{name}" for name in ("ore", "ox", "me", "al", "mag", "mot"))
ATTESTED = {"custody": ("auditor.example/log",), "provenance": ("auditor.example/log",)}
WAY = (
    (OXIDE, "nd_oxide", ORE, ("separation",)),
    (METAL, "nd_metal", OXIDE, ("electrolysis",)),
    (ALLOY, "ndfeb_alloy", METAL, ("strip_cast",)),
    (MAGNET, "ndfeb_magnet", ALLOY, ("jet_mill", "sinter", "magnetise")),
)
ELEMENTS = {"Nd": {"AU/bastnaesite": (PPB, PPB, PPB)}}
MEASURED = {"elements_pct": [["Nd", "29.8"], ["Dy", "1.2"]], "lab": "Lab", "issued_at": "2026-10-01", "basis": "dried"}


def word(index=1, organisation="Mill", **attested):
    return Word("m.example/log", index, organisation, "2026-10-02T00:00:00Z", attested)


def goods(batch, product, **more):
    return Goods(batch, product, batch.rpartition("#")[2].upper(), "2026-10-01T08:00:00+08:00", word(), **more)


def origins(elements=ELEMENTS, model="segregated", recycled=None):
    told = {element: (recycled or {}).get(element, {}) for element in elements}
    return Origins(word(9, **ATTESTED), model, elements, told)


def mined(**more):
    return goods(ORE, "mixed_concentrate", origin={"class": "mined", "country": "AU"}, site="pit", mg=10**9, **more)


def step(process, makes, country="AU", site="works"):
    return Step(word(), "2026-10-01T08:00:00+08:00", process, site, country, (makes,))


def magnet(**changes):
    """Everything that DFARS asks for is told, and nothing of it happened in a covered country."""
    made = [goods(batch, product, mg=10**8, count=1000, assay=MEASURED) for batch, product, _, _ in WAY]
    return replace(
        Trace(
            batch=MAGNET,
            goods={one.batch: one for one in (mined(), *made)},
            steps=tuple(step(process, batch) for batch, _, _, processes in WAY for process in processes),
            parents={batch: (Parent(parent, 10**8, processes),) for batch, _, parent, processes in WAY},
            origins=origins(),
            organisations={"m.example/log": Organisation("Mill", "separation", "AU")},
            entries=9,
            handovers=3,
        ),
        **changes,
    )


def motor(mg=10**6, **changes):
    """Two motors, with `mg` of these magnets in both together."""
    whole = magnet()
    return replace(
        whole,
        **{
            "batch": MOTOR,
            "goods": {**whole.goods, MOTOR: goods(MOTOR, "motor", mg=4 * 10**7, count=2)},
            "steps": (*whole.steps, step("assemble", MOTOR)),
            "parents": {**whole.parents, MOTOR: (Parent(MAGNET, mg, ("assemble",)),)},
            **changes,
        },
    )


def without_step(trace, process, /, **changes):
    """The step is told otherwise; without changes not at all, neither by itself nor on any way."""
    if changes:
        return replace(
            trace, steps=tuple(replace(one, **changes) if one.process == process else one for one in trace.steps)
        )
    return replace(
        trace,
        steps=tuple(one for one in trace.steps if one.process != process),
        parents={
            batch: tuple(replace(row, processes=tuple(one for one in row.processes if one != process)) for row in rows)
            for batch, rows in trace.parents.items()
        },
    )


def with_goods(trace, batch, **changes):
    return replace(trace, goods={**trace.goods, batch: replace(trace.goods[batch], **changes)})


def ending_in(batch):
    """The same way, asked about further up."""
    return magnet(batch=batch)
