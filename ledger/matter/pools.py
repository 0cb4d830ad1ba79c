"""Custody of pools: circuits, silos, tanks, heaps, furnace lines, where goods lose their names.

    charged   goods go in; the first charge opens a period
    drawn     goods come out, as new batches
    closed    the period ends; what is left opens the next one, or nothing is left

A pool's period is a batch without kilograms: charged goods are its parents, drawn goods its children, the next period
its child, so whoever traces goes through it as through any other batch. What a pool may give is counted by element in
its composition (contents.py), because what comes out has another form than what went in.

Promises: a period is opened once and closed once, and named by every charge and draw; goods of others go into no pool;
out of a recalled period nothing is drawn, nor carried into the next one. Does not check: that the elements drawn were
in it.
"""

from dataclasses import replace

from ledger.errors import Refusal
from ledger.matter.desk import Desk
from ledger.matter.events import Event
from ledger.matter.locks import refuse_frozen, refuse_recalled
from ledger.matter.processing import new_batch, take_inputs
from ledger.matter.stock import POOL_PRODUCT, Batch, Pool


def charged(desk: Desk, event: Event) -> None:
    charge, code = event.scalar("charge"), event.scalar("charge")["pool"]
    owner = take_inputs(desk, event, "charge")
    if owner:
        raise Refusal("pool-own-goods-only", field="inputs", value=owner, pool=code)
    mg = sum(row["mg"] for row in event.rows("inputs.chain", "inputs.authority"))
    step = charge["steps"][-1]
    found = desk.find(("pool", code))
    if isinstance(found, Pool) and found.period:
        if "opens" in event.ids:
            raise Refusal("pool-open", field="pool", value=code, period=found.period)
        _refuse_other_period(found, charge.get("period"))
        desk.put(replace(found, in_mg=found.in_mg + mg))
        return
    if "opens" not in event.ids:
        raise Refusal("pool-not-open", field="pool", value=code)
    if "period" in charge:
        raise Refusal("pool-opens-new", field="period", value=charge["period"], pool=code)
    period = _open_period(desk, event)
    desk.put(Pool(code, period, step.get("site") or "", step["process"], in_mg=mg))


def drawn(desk: Desk, event: Event) -> None:
    draw = event.scalar("draw")
    pool = _open_pool(desk, draw["pool"], draw["period"])
    rows = list(event.rows("outputs.chain", "outputs.authority"))
    if not rows:
        raise Refusal("nothing-named", field="outputs", verb="draw")
    refuse_recalled(desk.batch(pool.period, "period"), "period", ())
    refuse_frozen(desk.frozen(pool.period), None, "period", ())
    for id_, row in zip(event.ids["outputs.chain"], rows, strict=True):
        new_batch(desk, id_, row, row, row["site"], "")
    desk.put(replace(pool, out_mg=pool.out_mg + sum(row["mg"] for row in rows), draws=pool.draws + 1))


def closed(desk: Desk, event: Event) -> None:
    closing = event.scalar("closing")
    pool = _open_pool(desk, closing["pool"], closing["period"])
    if "opens" in event.ids:
        refuse_recalled(desk.batch(pool.period, "period"), "period", ())
        refuse_frozen(desk.frozen(pool.period), None, "period", ())
    period = _open_period(desk, event) if "opens" in event.ids else ""
    desk.put(Pool(pool.code, period, pool.site, pool.process))


def _open_period(desk: Desk, event: Event) -> str:
    id_, opens = str(event.ids["opens"]), event.scalar("opens")
    desk.refuse_known(("batch", id_))
    if opens["product"] != POOL_PRODUCT:
        raise Refusal("pool-opens-product", field="opens.product", value=opens["product"], product=POOL_PRODUCT)
    desk.put(Batch(id_, opens["product"], "net", counted=False, lot_no=opens.get("lot_no")))
    return id_


def _open_pool(desk: Desk, code: str, period: str) -> Pool:
    found = desk.find(("pool", code))
    if not isinstance(found, Pool) or not found.period:
        raise Refusal("pool-not-open", field="pool", value=code)
    _refuse_other_period(found, period)
    return found


def _refuse_other_period(pool: Pool, period: str | None) -> None:
    if period != pool.period:
        raise Refusal("pool-period-closed", field="period", value=period, pool=pool.code, period=pool.period)
