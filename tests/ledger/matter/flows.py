"""Streams of flows, compactly: what an organisation's events moved, as the composition of its goods would give it.

`Log` numbers its flows and words their events as far as the rules of findings read them; masses are in kg or t, figures
of elements in kg of the metal. Batches are called by names.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ledger.matter.events import Event
from ledger.matter.flows import Flow, Goods
from ledger.matter.inspector import Inspector
from ledger.matter.limits import Limits
from ledger.matter.reference import Reference

REFERENCE = Reference.parse()
PROFILES = Limits(REFERENCE, "mine").profiles
KG, T = 10**6, 10**9
UG_PER_KG = 10**9
KEY = b"a key of whoever compares"
ASSAY_U = 10_000  # 1 % on every element: a round figure, in the middle of what laboratories state


def goods(
    batch: str,
    product: str,
    mg: int,
    kg: Mapping[str, float | int] | None = None,
    *,
    origin: str = "CN/ion_mid_y",
    u_ppm: int = ASSAY_U,
    sure: bool = True,
) -> Goods:
    """`kg`: element → kg of it, to the gram."""
    elements = {element: (round(amount * 1000) * 10**6, u_ppm) for element, amount in (kg or {}).items()}
    origins = {element: {origin: (ug, ug, ug)} for element, (ug, _) in elements.items()}
    return Goods(batch, product, mg, elements, origins, sure)


def ore(
    batch: str,
    reo_kg: int,
    profile: str = "xinfeng",
    *,
    product: str = "ion_clay_mixed_oxide",
    origin: str = "CN/ion_mid_y",
    u_ppm: int = ASSAY_U,
) -> Goods:
    """Ore or concentrate of so much REO, at 92 %, distributed like a reference profile."""
    elements = {element: (per_kg * reo_kg, u_ppm) for element, per_kg in PROFILES[profile].items()}
    origins = {element: {origin: (ug, ug, ug)} for element, (ug, _) in elements.items()}
    return Goods(batch, product, reo_kg * KG * 100 // 92, elements, origins, sure=True)


def part(whole: Goods, mg: int, batch: str | None = None, product: str | None = None) -> Goods:
    """So much of a batch, by its own figures."""
    elements = {element: (ug * mg // whole.mg, u_ppm) for element, (ug, u_ppm) in whole.elements.items()}
    origins = {
        element: {key: (mid * mg // whole.mg,) * 3 for key, (mid, _, _) in rows.items()}
        for element, rows in whole.origins.items()
    }
    return Goods(batch or whole.batch, product or whole.product, mg, elements, origins, whole.sure)


def share(whole: Goods, of: Mapping[str, float], batch: str, product: str, *, purity: float = 0.85) -> Goods:
    """What a process makes of goods: so large a share of each of these elements, by an assay of its own."""
    elements = {
        element: (whole.elements[element][0] * round(one * 10**6) // 10**6, whole.elements[element][1])
        for element, one in of.items()
    }
    mg = sum(ug for ug, _ in elements.values()) * 100 // round(purity * 100) // 1000
    origins = {
        element: dict.fromkeys(list(whole.origins[element])[:1], (elements[element][0],) * 3) for element in elements
    }
    return Goods(batch, product, mg, elements, origins, whole.sure)


def everything(whole: Goods, yield_: float = 0.96) -> list[Goods]:
    """Separated into the usual products, of which each holds the same share of its elements."""
    wanted = [("prnd_oxide", ("Pr", "Nd")), ("dy_oxide", ("Dy",)), ("tb_oxide", ("Tb",)), ("la_ce_oxide", ("La", "Ce"))]
    named = {element for _, elements in wanted for element in elements}
    rest = tuple(element for element in whole.elements if element not in named)
    return [
        share(
            whole,
            {element: yield_ for element in elements if element in whole.elements},
            f"{product}-{whole.batch}",
            product,
        )
        for product, elements in (*wanted, ("other_re_oxide", rest))
        if any(element in whole.elements for element in elements)
    ]


class Log:
    """One organisation's log. `at` is a day of 2026 (`03-15`) or a whole time; the record follows within the hour."""

    def __init__(self, name: str = "plant") -> None:
        self.origin = f"{name}.example/log"
        self.flows: list[Flow] = []

    def add(
        self,
        type_: str,
        at: str,
        *,
        ins: Iterable[Goods] = (),
        outs: Iterable[Goods] = (),
        losses: Iterable[Goods] = (),
        processes: Sequence[str] = (),
        pool: str | None = None,
        site: str = "plant-1",
        recorded_at: str | None = None,
        unmeasured: Sequence[str] = (),
        assays: Mapping[str, Mapping[str, Any]] | None = None,
        documents: Sequence[Mapping[str, Any]] = (),
        ids: Mapping[str, Any] | None = None,
        **slots: Any,
    ) -> Flow:
        """`slots`: with `__` for the dot in their names. Outputs have an assay unless they are `unmeasured`."""
        ins, outs = tuple(ins), tuple(outs)
        moment = at if "T" in at else f"2026-{at}T10:00:00+08:00"
        told = {name.replace("__", "."): value for name, value in slots.items()}
        if type_ in {"transformed", "drawn", "dismantled"}:
            given = assays or {}
            told["outputs.authority"] = [
                {} if one.batch in unmeasured else {"assay": given.get(one.batch, {"lab": "own"})} for one in outs
            ]
        if documents:
            told["documents"] = {"list": list(documents)}
        recorded = recorded_at or f"{moment[:10]}T02:30:00.000Z"
        event = Event(type_, self.origin, told, dict(ids or {}), recorded)
        flow = Flow(len(self.flows), event, moment, tuple(processes), site, pool, ins, outs, tuple(losses))
        self.flows.append(flow)
        return flow

    # -- the usual events --------------------------------------------------------------------------------------

    def register(
        self, at: str, batch: Goods, class_: str = "mined", feed_class: str = "ion_mid_y", **rest: Any
    ) -> Flow:
        papers = rest.pop("documents", PAPERS.get(class_, ()))
        country = rest.pop("country", "CN")
        origin = {"class": class_, "country": country, "feed_class": feed_class, **rest.pop("origin", {})}
        quantity = {"mg": batch.mg, "basis": "net", "weighing": rest.pop("weighing", None)}
        return self.add("registered", at, outs=[batch], origin=origin, quantity=quantity, documents=papers, **rest)

    def make(self, at: str, processes: str, ins: Iterable[Goods], outs: Iterable[Goods], **rest: Any) -> Flow:
        return self.add("transformed", at, ins=ins, outs=outs, processes=processes.split(), **rest)

    def ship(
        self, at: str, *lines: Goods, to: str = "buyer", purpose: str = "sale", shipment: str = "S", **rest: Any
    ) -> Flow:
        told = {"at": at, "purpose": purpose, "to": f"{to}.example"}
        return self.add("shipped", at, ins=lines, shipment=told, ids={"shipment": shipment}, **rest)

    def receive(
        self,
        at: str,
        *lines: Goods,
        sender: str = "mine",
        purpose: str = "sale",
        shipment: str = "S",
        difference_mg: int = 0,
        tolerance_mg: int | None = None,
        units: Sequence[Mapping[str, Any]] = (),
        **rest: Any,
    ) -> Flow:
        told = {
            "from": f"{sender}.example",
            "purpose": purpose,
            "shipment": f"{sender}.example/log#{shipment}",
            "final": True,
            "declined": False,
        }
        partner = [
            {
                "accepted_mg": one.mg - difference_mg,
                "difference_mg": difference_mg,
                "tolerance_mg": tolerance_mg,
                "rejected_mg": 0,
                "missing_mg": 0,
                "units": list(units),
            }
            for one in lines
        ]
        chain = [{"line": line, "batch": one.batch} for line, one in enumerate(lines)]
        return self.add("received", at, outs=lines, receipt=told, lines__chain=chain, lines__partner=partner, **rest)


def invoice(number: str, tonnes: int | str, kind: str = "special_invoice") -> dict[str, Any]:
    return {"kind": kind, "no": number, "mass": {"value": str(tonnes), "unit": "t"}}


PAPERS: Mapping[str, Sequence[Mapping[str, Any]]] = {
    "mined": ({"kind": "weigh_ticket", "no": "BT-1"},),
    "unknown_opening": ({"kind": "stock_count", "no": "SC-1"},),
}


def inspector(role: str = "separation", **rest: Any) -> Inspector:
    return Inspector(REFERENCE, role, key=KEY, **rest)


def told(log: Log, role: str = "separation", *, one: Inspector | None = None, **rest: Any) -> list[Any]:
    """All findings of a log, month ends included. `one`: an inspector that has been told things before."""
    watching = one or inspector(role, **rest)
    found = [finding for flow in log.flows for finding in watching.take(flow)]
    return found + watching.finish()
