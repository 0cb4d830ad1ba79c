"""`lodetrace ship`, `receive`, `acknowledge`, `arrivals`, `shipment …`: for clerks at the gate, on either side.

Over 400 lines because what one side sends and the other answers is typed with the same words.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

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
    patiently,
    record,
    told,
    write_file,
)
from api.commands.terminal import AsJson, Token, Url, show_facts, show_json, show_table
from ledger.errors import Conflict, Unavailable, Unknown
from ledger.matter.quantities import show_mg

if TYPE_CHECKING:
    from nodes.peers import Reply

Open = Annotated[bool, typer.Option("--open", help="Only what is not settled. 仅看未结")]
Seconds = Annotated[float, typer.Option("--timeout", min=0, help="For how many seconds to wait. 等待秒数")]


def add(app: typer.Typer) -> None:
    for verb in (ship, receive, acknowledge, arrivals):
        app.command()(verb)
    shipment = typer.Typer(no_args_is_help=True, help="What is under way from here and to here. 发货单")
    shipment.command()(show)
    shipment.command("list")(list_)
    shipment.command()(withdraw)
    shipment.command()(link)
    app.add_typer(shipment, name="shipment")


# -- recording ----------------------------------------------------------------------------------------------------


def ship(
    url: Url,
    token: Token,
    to: Annotated[str | None, typer.Option("--to", help="A node, or your own code for it. 收货节点")] = None,
    outside: Annotated[
        str | None, typer.Option("--outside", help="Instead: the name of somebody without a node. 体系外收货方")
    ] = None,
    country: Annotated[str | None, typer.Option("--country", help="With --outside: where that is. 国家")] = None,
    purpose: Annotated[
        str | None,
        typer.Option(
            "--purpose", help="sale (if not said), processing, consignment, storage, sample, return, repair. 用途"
        ),
    ] = None,
    line: goods.Lines = None,
    unit: goods.Units = None,
    units_of: goods.UnitsOf = None,
    vehicle: Annotated[str | None, typer.Option("--vehicle", help="Its number plate. 车牌")] = None,
    waybill: Annotated[str | None, typer.Option("--waybill", help="The waybill's number. 运单号")] = None,
    carrier: Annotated[str | None, typer.Option("--carrier", help="Who carries it. 承运方")] = None,
    original: Annotated[
        str | None, typer.Option("--original", help="Of a return: the shipment it came with. 原发货单")
    ] = None,
    at: At = None,
    ref: Ref = None,
    document: Documents = None,
    confirm: Confirm = None,
    body: Body = None,
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """An offer to another organisation; it travels there by itself. 发货。"""
    party = (
        {} if outside is None else {"outside": {"name": outside} | ({} if country is None else {"country": country})}
    )
    with node(url, token) as client:
        lines = goods.lines_of(client, line or (), unit or (), units_of or (), "--line")
        content: dict[str, Any] = {
            "to": party | ({} if to is None else {"node": to}),
            "purpose": purpose,
            "lines": lines,
            "transport": _given(vehicle=vehicle, waybill=waybill, carrier=carrier),
            "original": original,
            **noted(at, ref, document, confirm),
        }
        if body is None:
            content["purpose"] = purpose or "sale"
        needed = {"--to or --outside": to or outside, "--line or --unit": lines}
        answer = record(client, "/api/v1/shipments", content, needed, body=body, key=key)
    told(answer, as_json, lambda: typer.echo(f"✓ shipment {answer['shipment']}: {answer['status']}"))


def receive(
    url: Url,
    token: Token,
    shipment: Annotated[
        str | None, typer.Argument(help="As lodetrace arrivals shows it; may be left out if one is open. 发货单")
    ] = None,
    sender: Annotated[str | None, typer.Option("--from", help="The only open one of this node. 发货节点")] = None,
    weighed: Annotated[
        list[str] | None,
        typer.Option("--weighed", help='What your scale says of what you accept: "PN-7=1948.5 kg", repeatable. 复磅'),
    ] = None,
    unit: Annotated[
        list[str] | None,
        typer.Option(
            "--unit",
            help='SERIAL=STATE[: REASON], repeatable: "D-07=rejected: seal broken"; accepted, concession, quarantined, '
            "rejected, missing, unexpected or damaged. Units not named are accepted. 包装件结果",
        ),
    ] = None,
    site: Annotated[str | None, typer.Option("--site", help="Where it stands now. 场所")] = None,
    decline: Annotated[
        bool, typer.Option("--decline", help="Nothing of it is taken; say why by --reason. 整单拒收")
    ] = False,
    more_to_come: Annotated[
        bool, typer.Option("--more-to-come", help="Only what is named here, the rest later. 未完，尚有后续")
    ] = False,
    reason: Annotated[
        str | None, typer.Option("--reason", help="Why it is declined, or why the scales differ. 原因")
    ] = None,
    at: At = None,
    ref: Ref = None,
    document: Documents = None,
    confirm: Confirm = None,
    body: Body = None,
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """What arrived, on your own scale; without options all of it is accepted as offered. 收货。"""
    with node(url, token) as client:
        id_ = _arrival(client, shipment, sender)
        content: dict[str, Any] = noted(at, ref, document, confirm)
        if decline:
            content |= {"declined": True, "reason": reason}
        elif weighed or unit or site or reason or more_to_come:
            offered = get(client, path_of("shipments", id_))["offered"]
            content["lines"] = _lines(offered, weighed or (), unit or (), site, reason, more_to_come)
        if more_to_come:
            content["final"] = False
        answer = record(client, path_of("shipments", id_, "receipts"), content, {}, body=body, key=key)

    def words() -> None:
        typer.echo(f"✓ shipment {answer['shipment']}: {answer['status']}")
        names = ("accepted", "rejected", "missing", "difference", "tolerance")
        rows = [(one["batch"], *(show_mg(one.get(f"{name}_mg", 0)) for name in names)) for one in answer["lines"]]
        if rows:
            show_table(("batch", *names), rows)

    told(answer, as_json, words)


def acknowledge(
    shipment: Annotated[str, typer.Argument(help="Its id, or your own number for it. 发货单")],
    url: Url,
    token: Token,
    dispute: Annotated[bool, typer.Option("--dispute", help="You do not agree; say why by --reason. 提出异议")] = False,
    reason: Annotated[str | None, typer.Option("--reason", help="Why not. 原因")] = None,
    back: Annotated[
        list[str] | None,
        typer.Option("--back", help='Goods that came back, weighed in: "PN-7=250 kg"; after a decline. 退回入库'),
    ] = None,
    unit: Annotated[
        list[str] | None, typer.Option("--unit", help="Units that came back with them. 退回的包装件")
    ] = None,
    at: At = None,
    ref: Ref = None,
    document: Documents = None,
    confirm: Confirm = None,
    body: Body = None,
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """The sender's answer to a receipt; it closes the shipment. 确认收货。"""
    with node(url, token) as client:
        found = get(client, path_of("shipments", shipment))
        content: dict[str, Any] = {"reason": reason, **noted(at, ref, document, confirm)}
        if dispute:
            content["agreed"] = False
        content["lines"] = _returned(client, back or (), unit or ())
        path = path_of("shipments", found["shipment"], "acknowledgements")
        answer = record(client, path, content, {}, body=body, key=key)
    told(answer, as_json, lambda: typer.echo(f"✓ shipment {answer['shipment']}: {answer['status']}"))


def withdraw(
    shipment: Annotated[str, typer.Argument(help="Its id, or your own number for it. 发货单")],
    url: Url,
    token: Token,
    reason: Annotated[str | None, typer.Option("--reason", help="Why you want it back. 原因")] = None,
    at: At = None,
    ref: Ref = None,
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """Ask the receiver to decline what is on its way; until then nothing is yours again. 申请撤回发货。"""
    with node(url, token) as client:
        found = get(client, path_of("shipments", shipment))
        path = path_of("shipments", found["shipment"], "withdrawals")
        content = {"reason": reason, **noted(at, ref, None, None)}
        answer = record(client, path, content, {"--reason": reason}, body=None, key=key)
    told(answer, as_json, lambda: typer.echo(f"✓ shipment {answer['shipment']}: {answer['status']} 已申请撤回"))


def _returned(client: Any, back: Sequence[str], units: Sequence[str]) -> list[dict[str, Any]]:
    lines = goods.lines_of(client, back, units, (), "--back")
    return [{{"quantity": "weighed"}.get(name, name): value for name, value in one.items()} for one in lines]


def _lines(
    offered: Sequence[Mapping[str, Any]],
    weighed: Sequence[str],
    units: Sequence[str],
    site: str | None,
    reason: str | None,
    only_named: bool,
) -> list[dict[str, Any]]:
    """One line for each that was offered, or with `only_named` for each of which something is said."""
    scales = dict(goods.pair(text, "--weighed") for text in weighed)
    states = dict(_state(text) for text in units)
    lines = []
    for number, offer in enumerate(offered):
        names = {offer["batch"], offer["batch"].rpartition("#")[2], offer.get("lot_no")}
        name = next((name for name in names if name in scales), None)
        said = {} if name is None else {"weighed": scales.pop(name)}
        known = {name: unit["unit"] for unit in offer["units"] for name in (unit["serial"], unit["unit"])}
        decided = {known[name]: {"unit": name, **states.pop(name)} for name in list(states) if name in known}
        last = number == len(offered) - 1
        strangers = [name for name, told in states.items() if told["state"] == "unexpected"] if last else []
        named = [*decided.values(), *({"unit": name, **states.pop(name)} for name in strangers)]
        if named and not only_named:
            rest = [unit["unit"] for unit in offer["units"] if not decided.keys() & _with_outers(unit, offer["units"])]
            named += [{"unit": unit, "state": "accepted"} for unit in rest]
        if only_named and not said and not named:
            continue
        lines.append(
            {"line": number, **said, **({"units": named} if named else {}), **_given(site=site, reason=reason)}
        )
    left = [*scales, *states]
    if left:
        raise Unknown("not-in-this-shipment", field="--weighed, --unit", value=", ".join(left))
    return lines


def _with_outers(unit: Mapping[str, Any], units: Sequence[Mapping[str, Any]]) -> set[str]:
    """The unit and those it stands in: what is said of a pallet is said of its cartons."""
    inside = {one["unit"]: one.get("inside") for one in units}
    found, at = set(), unit["unit"]
    while at is not None and at not in found:
        found.add(at)
        at = inside.get(at)
    return found


def _state(text: str) -> tuple[str, dict[str, Any]]:
    """`SERIAL=STATE[: REASON]`."""
    serial, equals, said = text.partition("=")
    state, _, why = said.partition(":")
    if not equals or not serial or not state.strip():
        raise typer.BadParameter(f"--unit {text!r} lacks SERIAL=STATE / 应为 序列号=结果")
    return serial, {"state": state.strip(), **_given(reason=why.strip() or None)}


def _arrival(client: Any, shipment: str | None, sender: str | None) -> str:
    """The shipment that is meant: as named, by its bare id too, or the only open one."""
    if shipment is not None and "#" in shipment:
        return shipment
    query = {"open": "true", "from": sender}
    found = [one["shipment"] for one in pages(client, "/api/v1/arrivals", "arrivals", goods.EVERY, **query)["arrivals"]]
    if shipment is not None:
        found = [one for one in found if one.endswith(f"#{shipment}")]
    if len(found) > 1:
        raise Conflict(
            "ambiguous-code", field="shipment", value=shipment, count=len(found), candidates=", ".join(found[:5])
        )
    if not found:
        raise Unknown("nothing-to-receive", field="shipment", value=shipment or sender or "-")
    return str(found[0])


# -- looking ------------------------------------------------------------------------------------------------------


def arrivals(
    url: Url,
    token: Token,
    sender: Annotated[str | None, typer.Option("--from", help="Only from this node. 发货节点")] = None,
    open_only: Open = False,
    wait: Annotated[bool, typer.Option("--wait", help="Until there is one. 等待到货信息")] = False,
    timeout: Seconds = 60,
    limit: Limit = 50,
    as_json: AsJson = False,
) -> None:
    """What other organisations have sent here, newest first. 到货列表。"""
    query: dict[str, Any] = {"from": sender, "open": "true" if open_only else None}
    with node(url, token) as client:
        if wait:
            path = "/api/v1/arrivals"
            _until(lambda: client.get(path, limit=1, **query), lambda page: page["arrivals"], timeout, "an arrival")
        found = pages(client, "/api/v1/arrivals", "arrivals", limit, **query)
    if as_json:
        show_json(found)
        return
    rows = [(one["shipment"], one["from"], one["purpose"], one["at"][:16], one["status"]) for one in found["arrivals"]]
    show_table(("shipment", "from", "purpose", "at", "status"), rows)


def list_(
    url: Url,
    token: Token,
    incoming: Annotated[bool, typer.Option("--incoming", help="What comes here, as arrivals shows it. 到货")] = False,
    to: Annotated[str | None, typer.Option("--to", help="Only to this node. 收货节点")] = None,
    open_only: Open = False,
    limit: Limit = 50,
    as_json: AsJson = False,
) -> None:
    """Our shipments, newest first. 发货列表。"""
    if incoming:
        arrivals(url, token, None, open_only, limit=limit, as_json=as_json)
        return
    with node(url, token) as client:
        found = pages(client, "/api/v1/shipments", "shipments", limit, to=to, open="true" if open_only else None)
    if as_json:
        show_json(found)
        return
    rows = [
        (one["shipment"], one["external_ref"], _party(one), one["purpose"], one["at"][:16], one["status"])
        for one in found["shipments"]
    ]
    show_table(("shipment", "ref", "to", "purpose", "at", "status"), rows)


def show(
    shipment: Annotated[str, typer.Argument(help="Its id, your own number, or log#id of an arrival. 发货单")],
    url: Url,
    token: Token,
    wait: Annotated[
        str | None,
        typer.Option("--wait", help="Until it has this status: delivered, received, acknowledged … 等待状态"),
    ] = None,
    timeout: Seconds = 60,
    as_json: AsJson = False,
) -> None:
    """One shipment: its lines, its status, and what it waits for. 查看发货单。"""
    path = path_of("shipments", shipment)
    with node(url, token) as client:
        if wait is not None:
            _until(lambda: client.get(path), lambda one: one["status"] == wait, timeout, wait)
        found = get(client, path)
    if as_json:
        show_json(found)
        return
    facts = {name: found.get(name) or "-" for name in ("shipment", "status", "from", "purpose", "at", "waiting_for")}
    if "to" in found:
        facts |= {"from": "-", "to": _party(found), "ref": found["external_ref"] or "-"}
    show_facts({name: value for name, value in facts.items() if value != "-"})
    offered = "offered" in found
    lines = found["offered"] if offered else found["lines"]
    units = [[unit["serial"] for unit in one["units"]] if offered else one["units"] for one in lines]
    rows = [
        (one["batch"], one.get("lot_no"), goods.amount_of(one), _shortened(named))
        for one, named in zip(lines, units, strict=True)
    ]
    show_table(("batch", "lot", "goods", "units"), rows)


def link(
    shipment: Annotated[str, typer.Argument(help="Its id, or your own number for it. 发货单")],
    url: Url,
    token: Token,
    days: Annotated[int, typer.Option("--days", min=1, max=90, help="For how long it serves. 有效天数")] = 14,
    out: Annotated[
        Path | None, typer.Option("--out", help="Write its QR code as an SVG, for the papers. 输出二维码")
    ] = None,
    withdraw: Annotated[bool, typer.Option("--withdraw", help="The link serves no more. 撤回链接")] = False,
    as_json: AsJson = False,
) -> None:
    """A link by which a consignee outside confirms once; an earlier one ends. 收货确认链接。"""
    path = path_of("shipments", shipment, "link")
    with node(url, token) as client:
        if withdraw:
            client.delete(path)
            typer.echo(f"✓ link of {shipment} withdrawn")
            return
        answer = client.post(f"{path}?days={days}", {}).json()
    if out is not None:
        write_file(out, answer["svg"].encode())

    if as_json:
        show_json(answer)
        return
    typer.echo(answer["url"])
    typer.echo(f"✓ shipment {answer['shipment']}: once, until {answer['ends_at'][:16]}Z")


def _until(ask: Callable[[], "Reply"], holds: Callable[[Any], object], seconds: float, wanted: str) -> None:
    """Asks again until it holds; what is waited for comes from another node, so nobody can tell when."""
    from stamina import retry_context

    try:
        with patiently():
            for attempt in retry_context(
                on=_NotYet, attempts=None, timeout=seconds, wait_initial=0.1, wait_max=1.0, wait_jitter=0.1
            ):
                with attempt:
                    if not holds(ask().json()):
                        raise _NotYet
    except _NotYet as error:
        raise Unavailable("waited-in-vain", field=wanted, value=f"{seconds:g}") from error


class _NotYet(Exception):
    """What is waited for has not come."""


def _party(shipment: Mapping[str, Any]) -> str:
    to = shipment["to"]
    return str(to["node"] if "node" in to else to["outside"]["name"])


def _shortened(units: Sequence[str]) -> str:
    return ", ".join(units[:4]) + (f" … ({len(units)})" if len(units) > 4 else "")


def _given(**fields: Any) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}
