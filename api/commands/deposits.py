"""`lodetrace deposits …`: what an authority sees over all logs that are deposited with it, and gives back of them."""

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from api.commands.asking import get, node, path_of, write_file
from api.commands.books import kg, say_finding
from api.commands.goods import amount_of
from api.commands.terminal import AsJson, Home, Token, Url, say, show_json, show_table

Log = Annotated[str | None, typer.Option("--log", help="Only of this log: mine.example/log. 账本")]
OfMonth = Annotated[str | None, typer.Option("--month", help="Only of this month: 2026-11. 月份")]
Limit = Annotated[int, typer.Option("--limit", min=1, max=1000, help="How many, gravest first. 条数")]


def add(app: typer.Typer) -> None:
    group = typer.Typer(no_args_is_help=True, help="What an authority sees over all deposits. 报备账本总览")
    for command in (logs, findings, finding, cases, balance, flows, handovers, export):
        group.command()(command)
    app.add_typer(group, name="deposits")


def logs(url: Url, token: Token, as_json: AsJson = False) -> None:
    """Logs that are deposited here, and how far each was followed; an audit checks custody. 已报备的账本。"""
    found = _ask(url, token, "deposits")
    if as_json:
        show_json(found)
        return
    show_table(("log", "followed", "unchecked"), [(one["log"], one["size"], one["unchecked"]) for one in found["logs"]])
    for one in found["logs"]:
        if one["broken"] is not None:
            typer.echo(f"! {one['log']}, entry {one['size']}: {one['broken']['en']}\n  {one['broken']['zh']}")
    if found["logs"]:
        typer.echo("custody is not checked here: lodetrace audit --home … --log … 此处未核对实物收发，请运行审计")


def findings(
    url: Url,
    token: Token,
    log: Log = None,
    rule: Annotated[str | None, typer.Option("--rule", help="Only of this rule: document-overdrawn. 规则")] = None,
    severity: Annotated[str | None, typer.Option("--severity", help="Only reason, mild or grave. 级别")] = None,
    since: Annotated[str | None, typer.Option("--since", help="From this month on: 2026-11. 起始月份")] = None,
    until: Annotated[str | None, typer.Option("--until", help="Up to this month. 截止月份")] = None,
    unanswered: Annotated[bool, typer.Option("--open", help="Only those without an answer. 仅未答复")] = False,
    limit: Limit = 100,
    as_json: AsJson = False,
) -> None:
    """Findings over all deposits, gravest first. 各账本疑点。"""
    asked = {"log": log, "rule": rule, "severity": severity, "since": since, "until": until, "limit": limit}
    found = _ask(url, token, "deposits/findings", **asked, open="true" if unanswered else None)
    if as_json:
        show_json(found)
        return
    for one in found["findings"]:
        say_finding(one)
    typer.echo(f"{len(found['findings'])} of {found['total']} findings 条疑点")


def finding(
    url: Url,
    token: Token,
    finding: Annotated[str, typer.Argument(help="The finding's number. 疑点编号")],
    as_json: AsJson = False,
) -> None:
    """One finding, with its entries and answers. 疑点详情。"""
    with node(url, token) as client:
        found = get(client, path_of("deposits/findings", finding))
    if as_json:
        show_json(found)
        return
    say_finding(found)
    for one in found["events"]:
        typer.echo(f"  entry {one['index']} of {one['log']}: {one['type']}")
    for one in found["answers"]:
        typer.echo(f"  answered 答复 {one['at']} {one['by']}: {one['text']}")


def cases(url: Url, token: Token, limit: Limit = 100, as_json: AsJson = False) -> None:
    """Findings that belong together, whosever they are. 案件（关联疑点）。"""
    found = _ask(url, token, "deposits/cases", limit=limit)
    if as_json:
        show_json(found)
        return
    for number, case in enumerate(found["cases"], 1):
        organisations = sorted({log for one in case for log in one["logs"]})
        typer.echo(f"case 案件 {number}: {', '.join(organisations)}")
        for one in case:
            say_finding(one)
    typer.echo(f"{len(found['cases'])} of {found['total']} cases 件")


def balance(url: Url, token: Token, month: OfMonth = None, log: Log = None, as_json: AsJson = False) -> None:
    """Books by organisation, month and element, in kilograms. 各企业月度平衡表。"""
    found = _ask(url, token, "deposits/balances", month=month, log=log)
    if as_json:
        show_json(found)
        return
    rows = [(one["log"], one["month"], row) for one in found["balances"] for row in one["rows"]]
    names = [name for name in rows[0][2] if name != "element"] if rows else []
    table = [(of, when, row["element"], *(kg(row[name]) for name in names)) for of, when, row in rows]
    show_table(("log", "month", "element", *(name.removesuffix("_ug") for name in names)), table)


def flows(
    url: Url,
    token: Token,
    year: Annotated[str, typer.Argument(help="Which year: 2026. 年度")],
    element: Annotated[str, typer.Option("--element", help="Which element: Nd. 元素")] = "Nd",
    svg: Annotated[Path | None, typer.Option("--svg", help="Write a picture. 输出图片")] = None,
    lang: Annotated[Literal["en", "zh"], typer.Option(help="Language of the picture. 图片语言")] = "en",
    as_json: AsJson = False,
) -> None:
    """A year of one element: who had, got, made, lost and gave on how much, in kg as metal. 全年元素流向。"""
    path, asked = "/api/v1/deposits/flows", {"year": year, "element": element}
    with node(url, token) as client:
        found = get(client, path, **asked)
        if svg is not None:
            write_file(svg, client.get(path, accept="image/svg+xml", lang=lang, **asked).body)
            say(f"✓ {svg}")
    if as_json:
        show_json(found)
        return
    rows = [
        (one["name"], sign, f"{part['way']} {part['whom']}".strip(), part["kind"], kg(part["ug"]))
        for one in found["organisations"]
        for sign, side in (("+", "ins"), ("-", "outs"))
        for part in one[side]
    ]
    show_table(("node", "", "way", "kind", f"{element} kg"), rows)
    for link in found["links"]:
        typer.echo(f"{link['from']} → {link['to']}: {kg(link['ug'])} kg")


def handovers(
    url: Url,
    token: Token,
    state: Annotated[
        str | None,
        typer.Option("--state", help="in_transit, overdue, partly, received, declined, voided, unsent. 状态"),
    ] = None,
    log: Log = None,
    as_json: AsJson = False,
) -> None:
    """Shipments, by the word of sender and receiver. 交接对账。"""
    found = _ask(url, token, "deposits/handovers", state=state, log=log)
    if as_json:
        show_json(found)
        return
    amounts = ("sent_mg", "received_mg", "difference_mg")
    rows = [
        (
            one["sender"],
            one["receiver"],
            (one["sent_at"] or "-")[:10],
            one["state"],
            *(amount_of(one, name) for name in amounts),
            one["shipment"],
        )
        for one in found["handovers"]
    ]
    show_table(("from", "to", "sent", "state", "shipped", "received", "difference", "shipment"), rows)


def export(
    home: Home,
    of: Annotated[str, typer.Option("--of", help="The node whose deposits they are. 报备节点")],
    out: Annotated[Path, typer.Option("--out", help="A file that does not exist yet. 输出文件", dir_okay=False)],
) -> None:
    """Write all that a node has deposited here into a file, for its recovery. 导出报备内容。"""
    from nodes.deposit_pages import pages
    from nodes.homes import open_store
    from nodes.posix import new_private

    with open_store(home) as store, store.read() as conn, new_private(out) as file:
        for page in pages(conn, f"{of}/log"):
            file.write(page + b"\n")
    say(f"✓ {out}: only for {of}. 仅供 {of} 使用。")


def _ask(url: str, token: str, path: str, **query: Any) -> Any:
    with node(url, token) as client:
        return get(client, f"/api/v1/{path}", **query)
