"""`lodetrace pool …`: for clerks at circuits, silos, tanks and furnaces; goods in, goods out, the end of a period."""

import re
from collections.abc import Iterable
from typing import Annotated, Any

import typer

from api.commands import goods
from api.commands.asking import At, Body, Confirm, Documents, Key, Ref, get, node, noted, path_of, record, told
from api.commands.batch import show_outputs
from api.commands.terminal import AsJson, Token, Url, show_facts, show_json, show_table
from ledger.matter.quantities import show_mg, show_ug

Pool = Annotated[str, typer.Argument(help="Your code for it: sx-1. 料仓/槽体代码")]
Period = Annotated[str | None, typer.Option("--period", help="A name for the new period: SX-1 2026-11. 周期名称")]
Metal = Annotated[
    list[str] | None,
    typer.Option("--metal", help='What is in it as metal, ELEMENT=MASS U%: "Nd=2.6 t 2%", repeatable. 槽存（金属量）'),
]
Oxide = Annotated[
    list[str] | None,
    typer.Option("--oxide", help='What is in it as oxide, ELEMENT=MASS U%: "Nd=3 t 2%", repeatable. 槽存（氧化物）'),
]
_HELD = re.compile(r"([A-Z][a-z]?)=(\d[\d.]*)\s*([A-Za-z]+)\s+(\d[\d.]*)\s*%").fullmatch


def add(app: typer.Typer) -> None:
    pool = typer.Typer(no_args_is_help=True, help="Where goods mix: charge, draw, close, show. 料仓/槽体")
    for verb in (charge, draw, close, show):
        pool.command()(verb)
    app.add_typer(pool, name="pool")


def charge(
    pool: Pool,
    url: Url,
    token: Token,
    inputs: goods.Inputs = None,
    unit: goods.Units = None,
    units_of: goods.UnitsOf = None,
    step: goods.Steps = None,
    period: Period = None,
    at: At = None,
    ref: Ref = None,
    document: Documents = None,
    confirm: Confirm = None,
    body: Body = None,
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """Goods go into a pool; the first charge opens a period, and says what is done there. 投料。"""
    with node(url, token) as client:
        content = {
            "inputs": goods.lines_of(client, inputs or (), unit or (), units_of or (), "--input"),
            "steps": [goods.step(text) for text in step or ()],
            "period_lot_no": period,
            **noted(at, ref, document, confirm),
        }
        needed = {"--input or --unit": content["inputs"]}
        answer = record(client, path_of("pools", pool, "charges"), content, needed, body=body, key=key)
    opened = " (new)" if answer["opened"] else ""
    told(answer, as_json, lambda: typer.echo(f"✓ pool {answer['pool']}: period {answer['period']}{opened}"))


def draw(
    pool: Pool,
    url: Url,
    token: Token,
    output: goods.Outputs = None,
    loss: goods.Losses = None,
    step: goods.Steps = None,
    at: At = None,
    ref: Ref = None,
    document: Documents = None,
    confirm: Confirm = None,
    body: Body = None,
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """Goods come out of a pool, made of all that is in it. 出料。"""
    content = {
        "outputs": [goods.output(text) for text in output or ()],
        "losses": [goods.loss(text) for text in loss or ()],
        "steps": [goods.step(text) for text in step or ()],
        **noted(at, ref, document, confirm),
    }
    with node(url, token) as client:
        needed = {"--output": output}
        answer = record(client, path_of("pools", pool, "draws"), content, needed, body=body, key=key)
    told(answer, as_json, lambda: show_outputs(answer))


def close(
    pool: Pool,
    url: Url,
    token: Token,
    metal: Metal = None,
    oxide: Oxide = None,
    estimated: Annotated[
        bool, typer.Option("--estimated", help="What is in it was estimated, not measured. 槽存为估算")
    ] = False,
    ends: Annotated[bool, typer.Option("--ends", help="It is empty and does not go on. 清空，不再延续")] = False,
    loss: goods.Losses = None,
    period: Period = None,
    reason: Annotated[str | None, typer.Option("--reason", help="Why, if that is worth a word. 原因")] = None,
    at: At = None,
    ref: Ref = None,
    document: Documents = None,
    confirm: Confirm = None,
    body: Body = None,
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """The period of a pool ends, with what is left in it. 周期结清。"""
    contents = [*_held(metal or (), "metal"), *_held(oxide or (), "oxide")]
    method = "estimated" if estimated else "measured"
    content = {
        "wip": {"method": method, "contents": contents} if contents else None,
        "goes_on": False if ends else None,
        "losses": [goods.loss(text) for text in loss or ()],
        "period_lot_no": period,
        "reason": reason,
        **noted(at, ref, document, confirm),
    }
    with node(url, token) as client:
        answer = record(client, path_of("pools", pool, "closings"), content, {}, body=body, key=key)
    after = f"next {answer['next']}" if answer["next"] else "empty"
    told(answer, as_json, lambda: typer.echo(f"✓ period {answer['period']} closed, {after}"))


def _held(texts: Iterable[str], form: str) -> list[dict[str, Any]]:
    found = []
    for text in texts:
        match = _HELD(text.strip())
        if match is None:
            raise typer.BadParameter(f'--{form} {text!r} is not like "Nd=2.6 t 2%" / 应如 "Nd=2.6 t 2%"')
        element, value, unit, percent = match.groups()
        found.append({"element": element, form: {"value": value, "unit": unit}, "u_pct": percent})
    return found


def show(
    url: Url,
    token: Token,
    pool: Annotated[str | None, typer.Argument(help="Your code for it; all, if left out. 料仓/槽体代码")] = None,
    as_json: AsJson = False,
) -> None:
    """What is in a pool, or all pools there are. 料仓/槽体现状。"""
    with node(url, token) as client:
        found = get(client, "/api/v1/pools") if pool is None else get(client, path_of("pools", pool))
    if as_json:
        show_json(found)
        return
    if pool is None:
        rows = [
            (one["pool"], one["period"], one["process"], one["site"], show_mg(one["in_mg"]), show_mg(one["out_mg"]))
            for one in found["pools"]
        ]
        show_table(("pool", "period", "process", "site", "in", "out"), rows)
        return
    facts = {name: found[name] or "-" for name in ("pool", "period", "process", "site", "model")}
    facts |= {"in": show_mg(found["in_mg"]), "out": f"{show_mg(found['out_mg'])}, {found['draws']} draws"}
    show_facts(facts | {row["element"]: _amount(row) for row in found["now"]})


def _amount(row: dict[str, Any]) -> str:
    return f"{show_ug(int(row['ug']))} ± {row['u_ppm'] / 10_000:g} %"
