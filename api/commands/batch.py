"""`lodetrace batch …`: for clerks; what comes in, what is made of it, and what is there."""

import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from api.commands import goods
from api.commands.asking import (
    PAGE,
    At,
    Body,
    Confirm,
    Documents,
    Key,
    Limit,
    Reason,
    Ref,
    get,
    node,
    noted,
    pages,
    path_of,
    record,
    told,
)
from api.commands.terminal import AsJson, Token, Url, show_facts, show_json, show_table

Lot = Annotated[str | None, typer.Option("--lot", help="Your lot number. 批号")]
Product = Annotated[str | None, typer.Option("--product", help="What it is: ion_clay_mixed_oxide, prnd_oxide … 产品")]
Site = Annotated[str | None, typer.Option("--site", help="Where it stands; may be left out if there is one. 场所")]


def add(app: typer.Typer) -> None:
    batch = typer.Typer(no_args_is_help=True, help="Goods, counted as one: register, transform, show. 批次")
    for verb in (register, transform, assemble, move, remove, show):
        batch.command()(verb)
    batch.command("list")(list_)
    app.add_typer(batch, name="batch")


def register(
    url: Url,
    token: Token,
    product: Product = None,
    lot: Lot = None,
    net: Annotated[str | None, typer.Option("--net", help='How much: "20 t", "20 t dry". 数量')] = None,
    moisture: Annotated[str | None, typer.Option("--moisture", help="Its water in percent: 0.5. 水分 %")] = None,
    gross: Annotated[str | None, typer.Option("--gross", help="The scale's gross; needs no --net. 毛重")] = None,
    tare: Annotated[str | None, typer.Option("--tare", help="The scale's tare, in the same unit. 皮重")] = None,
    ticket: Annotated[str | None, typer.Option("--ticket", help="The weighing ticket's number. 磅单号")] = None,
    scale: Annotated[str | None, typer.Option("--scale", help="Which scale: WB-2. 磅秤")] = None,
    scale_kind: Annotated[
        str | None, typer.Option("--scale-kind", help="weighbridge, drum_scale or bench. 磅秤类型")
    ] = None,
    origin: Annotated[
        str | None,
        typer.Option("--origin", help="mined, imported, recycled, bought_outside or unknown_opening. 来源"),
    ] = None,
    country: Annotated[str | None, typer.Option("--country", help="Where it comes from: CN. 来源国家")] = None,
    region: Annotated[str | None, typer.Option("--region", help="And which part of it. 来源地区")] = None,
    feed_class: Annotated[str | None, typer.Option("--feed-class", help="Of ore: ion_mid_y … 矿种")] = None,
    assay: Annotated[
        Path | None,
        typer.Option(
            "--assay", help="A file with the laboratory's result as JSON. 化验结果文件", exists=True, dir_okay=False
        ),
    ] = None,
    site: Site = None,
    at: At = None,
    ref: Ref = None,
    document: Documents = None,
    confirm: Confirm = None,
    body: Body = None,
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """A batch enters the ledger: mined, imported, bought, recycled. 登记批次。"""
    weighing, quantity = _weighed(net, gross, tare)
    weighing |= _given(ticket=ticket, scale=scale, scale_kind=scale_kind)
    content = {
        "product": product,
        "lot_no": lot,
        "site": site,
        "quantity": quantity | (_given(moisture_pct=moisture) if quantity else {}),
        "weighing": weighing,
        "origin": _given(country=country, region=region, feed_class=feed_class) | _given(**{"class": origin}),
        "assay": None if assay is None else json.loads(assay.read_bytes()),
        **noted(at, ref, document, confirm),
    }
    needed = {"--product": product, "--net": quantity, "--origin": origin, "--country": country}
    with node(url, token) as client:
        answer = record(client, "/api/v1/batches", content, needed, body=body, key=key)
    mass = {"count": answer.get("count"), **answer["mass"]}
    told(answer, as_json, lambda: typer.echo(f"✓ batch {answer['batch']}: {goods.amount_of(mass)} {mass['basis']}"))


def transform(
    url: Url,
    token: Token,
    step: goods.Steps = None,
    inputs: goods.Inputs = None,
    unit: goods.Units = None,
    units_of: goods.UnitsOf = None,
    output: goods.Outputs = None,
    loss: goods.Losses = None,
    at: At = None,
    ref: Ref = None,
    document: Documents = None,
    confirm: Confirm = None,
    body: Body = None,
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """Inputs into outputs and losses; split and merge too. 加工：投入、产出、损耗。"""
    with node(url, token) as client:
        content = {
            "steps": [goods.step(text) for text in step or ()],
            "inputs": goods.lines_of(client, inputs or (), unit or (), units_of or (), "--input"),
            "outputs": [goods.output(text) for text in output or ()],
            "losses": [goods.loss(text) for text in loss or ()],
            **noted(at, ref, document, confirm),
        }
        needed = {"--step": step, "--input or --unit": content["inputs"]}
        answer = record(client, "/api/v1/transformations", content, needed, body=body, key=key)
    told(answer, as_json, lambda: show_outputs(answer))


def assemble(
    url: Url,
    token: Token,
    product: Product = None,
    lot: Lot = None,
    step: goods.Steps = None,
    inputs: goods.Inputs = None,
    unit: goods.Units = None,
    units_of: goods.UnitsOf = None,
    serial: Annotated[
        list[str] | None, typer.Option("--serial", help="What is built, one by one or as M-001..M-020. 产品序列号")
    ] = None,
    net: Annotated[str | None, typer.Option("--net", help='What each weighs: "46.2 kg". 单件净重')] = None,
    kind: Annotated[str | None, typer.Option("--kind", help="What each is; else a motor. 类型")] = None,
    at: At = None,
    ref: Ref = None,
    document: Documents = None,
    confirm: Confirm = None,
    body: Body = None,
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """Magnets into motors, each with its label. 装配：逐台贴标。"""
    each = _given(kind=kind) | ({} if net is None else {"net": goods.quantity(net, "--net")})
    with node(url, token) as client:
        content = {
            "product": product,
            "lot_no": lot,
            "steps": [goods.step(text) for text in step or ()],
            "inputs": goods.lines_of(client, inputs or (), unit or (), units_of or (), "--input"),
            "units": [{"serial": one, **each} for one in goods.serials(serial or (), "--serial")],
            **noted(at, ref, document, confirm),
        }
        needed = {"--product": product, "--input or --unit": content["inputs"], "--serial": serial, "--net": net}
        answer = record(client, "/api/v1/assemblies", content, needed, body=body, key=key)
    told(answer, as_json, lambda: typer.echo(f"✓ batch {answer['batch']}: {len(answer['units'])} units"))


def move(
    url: Url,
    token: Token,
    start: Annotated[str | None, typer.Option("--from", help="The site it stands at. 原场所")] = None,
    end: Annotated[str | None, typer.Option("--to", help="The site it goes to. 新场所")] = None,
    line: goods.Lines = None,
    unit: goods.Units = None,
    units_of: goods.UnitsOf = None,
    at: At = None,
    ref: Ref = None,
    document: Documents = None,
    confirm: Confirm = None,
    body: Body = None,
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """Goods from one site of yours to another. 移库。"""
    with node(url, token) as client:
        lines = goods.lines_of(client, line or (), unit or (), units_of or (), "--line")
        content = {"from": start, "to": end, "lines": lines, **noted(at, ref, document, confirm)}
        needed = {"--from": start, "--to": end, "--line or --unit": lines}
        answer = record(client, "/api/v1/moves", content, needed, body=body, key=key)
    told(answer, as_json, lambda: typer.echo("✓ moved"))


def remove(
    url: Url,
    token: Token,
    kind: Annotated[str | None, typer.Option("--kind", help="consumed, disposed or destroyed. 去向")] = None,
    line: goods.Lines = None,
    unit: goods.Units = None,
    units_of: goods.UnitsOf = None,
    reason: Reason = None,
    at: At = None,
    ref: Ref = None,
    document: Documents = None,
    confirm: Confirm = None,
    body: Body = None,
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """Goods leave the chain: used up elsewhere, disposed of, destroyed. 移出。"""
    with node(url, token) as client:
        lines = goods.lines_of(client, line or (), unit or (), units_of or (), "--line")
        content = {"kind": kind, "lines": lines, "reason": reason, **noted(at, ref, document, confirm)}
        needed = {"--kind": kind, "--line or --unit": lines}
        answer = record(client, "/api/v1/removals", content, needed, body=body, key=key)
    told(answer, as_json, lambda: typer.echo("✓ removed"))


def show(
    batch: Annotated[str, typer.Argument(help="Its id, lot number or your own number. 编号或批号")],
    url: Url,
    token: Token,
    as_json: AsJson = False,
) -> None:
    """One batch: what it is, what is left of it, and where. 查看批次。"""
    with node(url, token) as client:
        found = get(client, path_of("batches", batch))
    if as_json:
        show_json(found)
        return
    states = Counter(unit["state"] for unit in found["units"])
    counted = ", ".join(f"{count} {state}" for state, count in states.items()) or "none"
    show_facts(
        {
            "batch": found["id"],
            **{name: found[name] or "-" for name in ("product", "lot_no", "external_ref", "at", "country")},
            "here": f"{goods.amount_of(found)} {found['basis']}",
            **{f"loose at {held['site']}": _held(held) for held in found["loose"]},
            "in units": goods.amount_of({"mg": found["packed_mg"]}),
            "units": counted + ("" if len(found["units"]) < PAGE else ", of the newest alone"),
        }
    )


def list_(
    url: Url,
    token: Token,
    product: Product = None,
    site: goods.StandsAt = None,
    on_hand: Annotated[bool, typer.Option("--on-hand", help="Only what is left. 仅看现存")] = False,
    limit: Limit = 50,
    as_json: AsJson = False,
) -> None:
    """Batches, newest first. 批次列表。"""
    with node(url, token) as client:
        query = {"product": product, "site": site, "on_hand": "true" if on_hand else None}
        found = pages(client, "/api/v1/batches", "batches", limit, **query)
    if as_json:
        show_json(found)
        return
    rows = [
        (one["batch"], one["product"], one["lot_no"], goods.amount_of(one), (one["at"] or "")[:16], one["country"])
        for one in found["batches"]
    ]
    show_table(("batch", "product", "lot", "here", "at", "country"), rows)


def show_outputs(answer: Mapping[str, Any]) -> None:
    """The batches that came out, one a line."""
    for made in answer["outputs"]:
        typer.echo(f"✓ batch {made['batch']}: {made['product']} {made.get('lot_no', '')}".rstrip())
    if not answer["outputs"]:
        typer.echo("✓")


def _held(held: Mapping[str, Any]) -> str:
    whose = {None: ""}.get(held["owner"], f", of {held['owner']}")
    return goods.amount_of(held) + whose


def _weighed(net: str | None, gross: str | None, tare: str | None) -> tuple[dict[str, Any], dict[str, Any]]:
    """(the weighing, the quantity). Gross and tare are in the unit of whichever of the two texts names one."""
    quantity = {} if net is None else goods.quantity(net, "--net")
    if gross is None and tare is None:
        return {}, quantity
    if gross is None or tare is None:
        raise typer.BadParameter("--gross and --tare go together / --gross 与 --tare 应同时填写")
    values, units = zip(*(_scaled(text, name) for text, name in ((gross, "--gross"), (tare, "--tare"))), strict=True)
    named = {unit for unit in units if unit} or {quantity.get("unit", "")}
    if len(named) != 1 or named == {""}:
        raise typer.BadParameter('give --gross and --tare one unit, such as "32.46 t" / 毛重与皮重须用同一单位')
    unit = named.pop()
    return {"gross": values[0], "tare": values[1], "unit": unit}, quantity or {
        "value": values[0],
        "unit": unit,
        "basis": "gross",
    }


def _scaled(text: str, option: str) -> tuple[str, str]:
    if text.replace(".", "", 1).isdecimal():
        return text, ""
    read = goods.quantity(text, option)
    return read["value"], read["unit"]


def _given(**fields: Any) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}
