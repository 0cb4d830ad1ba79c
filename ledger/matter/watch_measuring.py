"""The rules on measuring again: what is found differs from the books, or from an earlier assay.

    stocktake-gain, stocktake-loss   a stock-take found another mass than the books have
    assay-differs                    a later assay says otherwise, beyond both uncertainties

What is only weighed again (dried, or damp) keeps its elements; its mass says nothing here.
"""

from collections.abc import Iterator
from math import isqrt
from typing import Any

from ledger.matter.balance import MILLI, PPM, Sheet
from ledger.matter.findings import Finding
from ledger.matter.flows import Flow
from ledger.matter.limits import Limits, entry_of
from ledger.matter.sheets import Balance


def recounted(flow: Flow, limits: Limits) -> Iterator[Finding]:
    after = {goods.batch: goods for goods in flow.outs}
    gains: list[list[Any]] = []
    losses: list[list[Any]] = []
    for before in flow.ins:
        now = after.get(before.batch)
        now_mg = 0 if now is None else now.mg
        u_mg = isqrt(before.mg**2 + now_mg**2) * limits.reference.scale_ppm("") // PPM + 1
        k_milli = abs(now_mg - before.mg) * MILLI // u_mg
        limit_k = limits.comparisons(flow.at, "recounts", 1)
        told = gains if now_mg > before.mg else losses
        if before.batch and k_milli > limit_k:
            told.append([before.batch, now_mg - before.mg, u_mg * limit_k // MILLI])
    known = {goods.batch for goods in flow.ins}
    gains.extend([goods.batch, goods.mg, 0] for goods in flow.outs if goods.batch and goods.batch not in known)
    for rule, severity, rows in (("stocktake-gain", "grave", gains), ("stocktake-loss", "mild", losses)):
        if rows:
            yield Finding(
                rule,
                severity,
                {"masses": [[batch, mg] for batch, mg, _ in rows]},
                (entry_of(flow),),
                tuple(str(batch) for batch, _, _ in rows),
                formula="count",
                tolerance={"mass_limits": [[batch, allowed] for batch, _, allowed in rows]},
            )


def reassayed(flow: Flow, limits: Limits) -> Iterator[Finding]:
    sheet = Sheet()
    for goods in flow.ins:
        for element, (ug, u_ppm) in goods.elements.items():
            sheet.put(element, f"before {goods.batch}", 0, ug, u_ppm)
    if not sheet.sums or not all(goods.sure for goods in flow.ins):
        return  # the first assay of goods; before it there was no more than what the product usually holds
    for goods in flow.outs:
        for element, (ug, u_ppm) in goods.elements.items():
            sheet.put(element, f"after {goods.batch}", ug, 0, u_ppm)
    limit_k = limits.comparisons(flow.at, "assays", 2 * len(sheet.sums))
    balance = Balance(sheet, list(flow.ins), [entry_of(flow)], [goods.batch for goods in flow.outs])
    differences = [balance.difference(element, limits.value["trace_ppm"]) for element in sheet]
    found = [one for one in differences if one.beyond(limit_k)]
    if found:
        yield balance.finding("assay-differs", "mild", found, limit_k, "assay", {})
