"""`lodetrace order freeze`, `release`, `void`, `list`, `inspect`: an authority and the goods of others.

Whom they bind obeys with `lodetrace hold --order`.
"""

from typing import Annotated, Any

import typer

from api.commands.asking import At, Body, Documents, Key, Reason, get, node, noted, path_of, record, told
from api.commands.terminal import AsJson, Token, Url, show_json, show_table

Order = Annotated[str, typer.Argument(help="The order's id, as lodetrace order list shows it. 命令编号")]


def add(app: typer.Typer) -> None:
    orders = typer.Typer(no_args_is_help=True, help="Goods that the authority freezes. 监管命令")
    orders.command()(freeze)
    orders.command()(release)
    orders.command()(void)
    orders.command("list")(show)
    app.command()(inspect)
    app.add_typer(orders, name="order")


def freeze(
    url: Url,
    token: Token,
    to: Annotated[str | None, typer.Option("--to", help="The organisation's node. 企业节点")] = None,
    batch: Annotated[
        list[str] | None, typer.Option("--batch", help="A batch wholly, LOG#ID, repeatable. 整批冻结")
    ] = None,
    unit: Annotated[
        list[str] | None, typer.Option("--unit", help="BATCH=UNIT, each as LOG#ID, repeatable. 仅冻结某包装件")
    ] = None,
    reason: Reason = None,
    at: At = None,
    document: Documents = None,
    body: Body = None,
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """Order goods of an organisation to be frozen, from when its node has the order. 下达冻结命令。"""
    lines: list[dict[str, Any]] = [{"batch": one} for one in batch or ()]
    for pair in unit or ():
        named, equals, one = pair.partition("=")
        if not equals:
            raise typer.BadParameter(f"--unit {pair!r} lacks BATCH=UNIT / 应为 批次=包装件")
        lines.append({"batch": named, "units": [one]})
    content = {"to": to, "lines": lines, "reason": reason, **noted(at, None, document, None)}
    needed = {"--to": to, "--batch or --unit": lines, "--reason": reason}
    with node(url, token) as client:
        made = record(client, "/api/v1/orders", content, needed, body=body, key=key)
    told(made, as_json, lambda: typer.echo(f"✓ {made['to']} is ordered to freeze them: {made['order']} 已下达"))


def release(
    order: Order,
    url: Url,
    token: Token,
    reason: Reason = None,
    at: At = None,
    document: Documents = None,
    body: Body = None,
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """End an order. 解除命令。"""
    content = {"reason": reason, **noted(at, None, document, None)}
    with node(url, token) as client:
        path = path_of("orders", order, "releases")
        made = record(client, path, content, {"--reason": reason}, body=body, key=key)
    told(made, as_json, lambda: typer.echo(f"✓ {made['order']} ended 已解除"))


def void(
    shipment: Annotated[str, typer.Argument(help="LOG#ID, as lodetrace deposits handovers shows it. 发货单")],
    url: Url,
    token: Token,
    reason: Reason = None,
    at: At = None,
    document: Documents = None,
    body: Body = None,
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """Void a shipment that its receiver never took: the goods are the sender's again. 作废发货。"""
    content = {"shipment": shipment, "reason": reason, **noted(at, None, document, None)}
    with node(url, token) as client:
        made = record(client, "/api/v1/voidings", content, {"--reason": reason}, body=body, key=key)
    said = f"✓ {made['shipment']} voided 已作废; not received up to size {made['unreceived_at']} of the receiver's log"
    told(made, as_json, lambda: typer.echo(said))


def show(url: Url, token: Token, as_json: AsJson = False) -> None:
    """Orders given, at an authority; anywhere else those that came. 命令清单。"""
    with node(url, token) as client:
        found = get(client, "/api/v1/orders")
    if as_json:
        show_json(found)
        return
    rows = [
        (
            one["order"],
            one["to"],
            "ended 已解除" if one["ended"] else "stands 有效" if one["delivered"] else "not delivered yet 未送达",
            ", ".join(line["unit"] or line["batch"] for line in one["lines"]),
            ", ".join(one["answers"]),
            one["reason"],
        )
        for one in found["orders"]
    ]
    show_table(("order", "to", "state", "goods", "held by", "reason"), rows)


def inspect(
    url: Url,
    token: Token,
    to: Annotated[str | None, typer.Option("--to", help="The organisation's node. 企业节点")] = None,
    result: Annotated[
        str | None, typer.Option("--result", help="in_order, objections or not_in_order. 检查结论")
    ] = None,
    looked: Annotated[
        list[str] | None, typer.Option("--looked-at", help="A batch, LOG#ID, repeatable. 查看的批次")
    ] = None,
    sampled: Annotated[
        list[str] | None, typer.Option("--sampled", help="BATCH=SEAL of the sample, repeatable. 取样")
    ] = None,
    announced: Annotated[
        str | None, typer.Option("--announced-at", help="When it was announced, with a time zone. 通知时间")
    ] = None,
    reason: Reason = None,
    at: At = None,
    document: Documents = None,
    body: Body = None,
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """Record an inspection; it is sent to the organisation, and goes on with the goods. 登记检查。"""
    goods = [{"batch": one, "method": "looked"} for one in looked or ()]
    for pair in sampled or ():
        batch, _, seal = pair.partition("=")
        goods.append({"batch": batch, "method": "sampled", **({"sample": seal} if seal else {})})
    content = {"to": to, "result": result, "goods": goods, "announced_at": announced, "reason": reason}
    needed = {"--to": to, "--result": result, "--reason": reason}
    with node(url, token) as client:
        papers = noted(at, None, document, None)
        made = record(client, "/api/v1/inspections", {**content, **papers}, needed, body=body, key=key)
    told(made, as_json, lambda: typer.echo(f"✓ inspection of {made['to']}: {made['result']} 已登记"))
