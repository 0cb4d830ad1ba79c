"""A plant from mine to motor in one node, season after season, recorded by the node's own verbs.

In a season lots are weighed in, pooled into blends, separated into oxides, and go through metal, alloy and magnets
into motors. Each step draws at random on what the step before made, so that a motor has thousands of ancestors behind
it and a lot thousands of descendants before it, as in a plant that works in campaigns. Masses always suffice.
"""

import json
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from random import Random
from typing import Any

from nodes.node import Caller, Node
from nodes.sequencer import Answer

AT = "2026-11-22T08:15:00+08:00"
UNDER_WAY = 2000
"""Commands in the queue at a time."""
SEASON = 10_000
"""Batches of a full season."""

Body = dict[str, Any]


def lot(number: int, *, papers: bool = False) -> Body:
    """A registration as a weighbridge sends it; with `papers`, also ticket, assay and documents."""
    body: Body = {
        "product": "ion_clay_mixed_oxide",
        "lot_no": f"XF-{number}",
        "external_ref": f"ERP-{number}",
        "at": AT,
        "quantity": {"value": "20.000", "unit": "t", "basis": "net"},
        "origin": {"class": "mined", "country": "CN", "region": "Jiangxi"},
    }
    if papers:
        ticket = f"BT-{number}"
        body["weighing"] = {"ticket": ticket, "scale": "WB-2", "gross": "32.460", "tare": "12.460", "unit": "t"}
        body["assay"] = {
            "basis": "ignited",
            "total_reo_pct": "92.1",
            "distribution_pct": [
                ["La", "48.3"],
                ["Nd", "17.6"],
                ["Pr", "5.1"],
                ["Dy", "3.7"],
                ["Tb", "0.6"],
                ["Y", "24.7"],
            ],
        }
        body["documents"] = [{"kind": "weigh_ticket", "no": ticket}]
    return body


@dataclass
class Plant:
    """`scale` makes a season smaller, for a test. `lots` and `motors` are of the last season."""

    node: Node
    scale: float = 1.0
    random: Random = field(default_factory=lambda: Random(2026))  # noqa: S311
    made: int = 0
    lots: list[str] = field(default_factory=list)
    motors: list[Body] = field(default_factory=list)

    def season(self, progress: Callable[[int], None] = lambda _: None) -> None:
        """About SEASON x scale batches more. `progress` hears how many there are in all."""
        pools, of = max(round(10 * self.scale), 1), max(round(300 * min(self.scale * 10, 1)), 45)
        lots = self._make("register", [lot(self.made + at) for at in range(pools * of)], progress)
        self.lots = [one["batch"] for one in lots]
        pooled = [self.lots[at * of : (at + 1) * of] for at in range(pools)]
        blends = self._outputs([step("merge", pool, 20_000, "mixed_concentrate", 20_000 * of) for pool in pooled])
        oxides = self._outputs(
            [
                step("separation", [blend], 2000 * of, "prnd_oxide", 3000, outputs=of // 15)
                for blend in blends
                for _ in range(5)
            ]
        )
        progress(self.made)
        metals = self._layer("electrolysis", oxides, 3, 100, "prnd_metal", 240, round(len(oxides) * 1.5), progress)
        alloys = self._layer("strip_cast", metals, 4, 10, "ndfeb_alloy", 100, len(metals), progress)
        magnets = self._layer("sinter", alloys, 3, 5, "ndfeb_magnet", 12, round(len(alloys) * 1.3), progress)
        wanted = round(len(magnets) / 2)
        bodies = [self._motor(self.random.sample(magnets, 4), self.made + at) for at in range(wanted)]
        self.motors = self._make("assemble", bodies, progress)

    def _layer(
        self,
        process: str,
        stock: Sequence[str],
        inputs: int,
        kg: int,
        product: str,
        out: int,
        count: int,
        progress: Any,
    ) -> list[str]:
        """`count` batches, each out of `inputs` of the stock."""
        drawn = [step(process, self.random.sample(stock, inputs), kg, product, out) for _ in range(count)]
        return self._outputs(drawn, progress)

    def _motor(self, magnets: Sequence[str], number: int) -> Body:
        return {
            "product": "motor",
            "at": AT,
            "inputs": [{"batch": one, "quantity": _kg(1)} for one in magnets],
            "units": [{"serial": f"M-{number:07d}", "net": _kg(46)}],
        }

    def _outputs(self, bodies: Sequence[Body], progress: Callable[[int], None] = lambda _: None) -> list[str]:
        return [row["batch"] for one in self._make("transform", bodies, progress) for row in one["outputs"]]

    def _make(self, verb: str, bodies: Sequence[Body], progress: Callable[[int], None]) -> list[Body]:
        answers = [json.loads(answer.body) for answer in record(self.node, verb, bodies)]
        self.made += sum(len(one.get("outputs", ())) or 1 for one in answers)
        progress(self.made)
        return answers


def record(node: Node, verb: str, bodies: Sequence[Body]) -> Iterator[Answer]:
    """The answers in order; never more under way than the queue takes."""
    under_way: deque[Future[Answer]] = deque()
    for body in bodies:
        if len(under_way) == UNDER_WAY:
            yield under_way.popleft().result()
        under_way.append(node.sequencer.submit(node.command(verb, body, Caller("bench"), None)))
    for one in under_way:
        yield one.result()


def step(process: str, inputs: Sequence[str], kg: int, product: str, out: int, *, outputs: int = 1) -> Body:
    """A transformation: `kg` of each input, `out` kg of each output."""
    return {
        "steps": [{"process": process}],
        "at": AT,
        "inputs": [{"batch": one, "quantity": _kg(kg)} for one in inputs],
        "outputs": [{"product": product, "quantity": _kg(out)}] * outputs,
    }


def _kg(value: int) -> Body:
    return {"value": str(value), "unit": "kg", "basis": "net"}
