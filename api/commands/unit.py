"""`lodetrace unit …`: for clerks at the packing line; drums, cartons, pallets, motors."""

from typing import Annotated, Any

import typer

from api.commands import goods
from api.commands.asking import (
    At,
    Body,
    Confirm,
    Documents,
    Key,
    Limit,
    Ref,
    get,
    node,
    noted,
    pages,
    path_of,
    record,
    told,
)
from api.commands.batch import show_outputs
from api.commands.terminal import AsJson, Token, Url, show_facts, show_json, show_table


def add(app: typer.Typer) -> None:
    unit = typer.Typer(no_args_is_help=True, help="Labelled things: pack, unpack, show. 包装件")
    for verb in (pack, unpack, dismantle, show):
        unit.command()(verb)
    unit.command("list")(list_)
    app.add_typer(unit, name="unit")


def pack(
    url: Url,
    token: Token,
    batch: Annotated[str | None, typer.Argument(help="The batch: its id or lot number. 批次")] = None,
    serial: Annotated[
        list[str] | None, typer.Option("--serial", help="Serials, one by one or as D-001..D-088. 序列号")
    ] = None,
    net: Annotated[
        list[str] | None,
        typer.Option("--net", help='What each holds: "50 kg", "15 kg 500 pcs"; one for all, or each. 净重'),
    ] = None,
    kind: Annotated[str | None, typer.Option("--kind", help="drum (if not said), bag, carton, pallet … 类型")] = None,
    seal: Annotated[
        list[str] | None, typer.Option("--seal", help="Seal numbers, as many as serials; A1..A88 too. 铅封号")
    ] = None,
    contains: Annotated[
        list[str] | None, typer.Option("--contains", help="Units that go into this one: C-01..C-12. 内含包装件")
    ] = None,
    site: Annotated[str | None, typer.Option("--site", help="Where; if it stands at several. 场所")] = None,
    at: At = None,
    ref: Ref = None,
    document: Documents = None,
    confirm: Confirm = None,
    body: Body = None,
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """Loose goods into drums, bags, cartons; or cartons onto a pallet. 包装贴标。"""
    content = {
        "batch": batch,
        "site": site,
        "units": _to_pack(serial or [], net or [], seal or [], contains or [], kind),
        **noted(at, ref, document, confirm),
    }
    needed = {"BATCH": batch, "--serial": serial, "--net or --contains": (net or []) + (contains or [])}
    with node(url, token) as client:
        answer = record(client, "/api/v1/units", content, needed, body=body, key=key)

    def words() -> None:
        for unit in answer["units"]:
            typer.echo(f"✓ unit {unit['unit']}: {unit['serial']}, check code {unit['check_code']}")

    told(answer, as_json, words)


def _to_pack(
    serials: list[str], nets: list[str], seals: list[str], contains: list[str], kind: str | None
) -> list[dict[str, Any]]:
    named, sealed = goods.serials(serials, "--serial"), goods.serials(seals, "--seal")
    each = [goods.quantity(net, "--net") for net in nets]
    each = each * len(named) if len(each) == 1 else each
    for option, found in (("--net", each), ("--seal", sealed)):
        if found and len(found) != len(named):
            raise typer.BadParameter(f"{len(named)} serials, but {len(found)} of {option} / 数量与序列号不一致")
    if contains and len(named) != 1:
        raise typer.BadParameter("--contains is for one serial / --contains 只能用于一个序列号")
    units: list[dict[str, Any]] = [{"serial": serial} for serial in named]
    for position, unit in enumerate(units):
        unit.update({} if kind is None else {"kind": kind})
        unit.update({"net": each[position]} if each else {})
        unit.update({"seal": sealed[position]} if sealed else {})
        unit.update({"contains": goods.serials(contains, "--contains")} if contains else {})
    return units


def unpack(
    url: Url,
    token: Token,
    units: Annotated[list[str] | None, typer.Argument(help="Serials or ids; D-001..D-004 too. 序列号")] = None,
    at: At = None,
    ref: Ref = None,
    document: Documents = None,
    confirm: Confirm = None,
    body: Body = None,
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """Units are opened: what was in them stands loose, or on its own. 开启。"""
    content = {"units": goods.serials(units or (), "UNITS"), **noted(at, ref, document, confirm)}
    with node(url, token) as client:
        answer = record(client, "/api/v1/unpackings", content, {"UNITS": units}, body=body, key=key)
    told(answer, as_json, lambda: typer.echo("✓ unpacked"))


def dismantle(
    url: Url,
    token: Token,
    units: Annotated[list[str] | None, typer.Argument(help="Serials or ids; M-001..M-004 too. 序列号")] = None,
    step: goods.Steps = None,
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
    """Motors taken apart into new batches. 拆解。"""
    content = {
        "units": goods.serials(units or (), "UNITS"),
        "steps": [goods.step(text) for text in step or ()],
        "outputs": [goods.output(text) for text in output or ()],
        "losses": [goods.loss(text) for text in loss or ()],
        **noted(at, ref, document, confirm),
    }
    with node(url, token) as client:
        answer = record(client, "/api/v1/dismantlings", content, {"UNITS": units}, body=body, key=key)
    told(answer, as_json, lambda: show_outputs(answer))


def show(
    unit: Annotated[str, typer.Argument(help="Its id or serial. 编号或序列号")],
    url: Url,
    token: Token,
    as_json: AsJson = False,
) -> None:
    """One unit: what is in it, where it is in its life, what its label says. 查看包装件。"""
    with node(url, token) as client:
        found = get(client, path_of("units", unit))
    if as_json:
        show_json(found)
        return
    names = ("unit", "serial", "kind", "batch", "seal", "site", "owner", "state", "inside", "shipment", "label_url")
    facts = {name: found[name] or "-" for name in names}
    show_facts({**facts, "net": goods.amount_of(found, "net_mg"), "contains": ", ".join(found["contains"]) or "-"})
    for one in found["prints"]:
        typer.echo(f"printed {one['at']} by {one['by']}, copies: {one['copies']}, reason: {one['reason'] or '-'}")


def list_(
    url: Url,
    token: Token,
    batch: Annotated[str | None, typer.Option("--batch", help="Only those of this batch. 批次")] = None,
    site: goods.StandsAt = None,
    on_hand: Annotated[bool, typer.Option("--on-hand", help="Only what stands here. 仅看现存")] = False,
    limit: Limit = 50,
    as_json: AsJson = False,
) -> None:
    """Units, newest first. 包装件列表。"""
    with node(url, token) as client:
        query = {"batch": batch, "site": site, "on_hand": "true" if on_hand else None}
        found = pages(client, "/api/v1/units", "units", limit, **query)
    if as_json:
        show_json(found)
        return
    rows = [
        (one["unit"], one["serial"], one["kind"], goods.amount_of(one, "net_mg"), one["state"], one["site"])
        for one in found["units"]
    ]
    show_table(("unit", "serial", "kind", "net", "state", "site"), rows)
