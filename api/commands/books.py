"""`lodetrace balance`, `findings`, `close-month`, `quota` …: for whoever keeps the books, and for the authority."""

from hashlib import file_digest
from pathlib import Path
from typing import Annotated, Any

import typer

from api.commands import goods
from api.commands.asking import At, Body, Documents, Key, get, node, noted, record, told, write_file
from api.commands.terminal import AsJson, Token, Url, show_json, show_table

Month = Annotated[str, typer.Argument(help="Which month: 2026-11. 月份")]


def add(app: typer.Typer) -> None:
    for verb in (close_month, balance, report, findings, answer, attest):
        app.command(verb.__name__.replace("_", "-"))(verb)
    quota = typer.Typer(no_args_is_help=True, help="Quotas: what is granted and used. 总量控制指标")
    quota.command()(grant)
    quota.command()(show)
    app.add_typer(quota, name="quota")


def close_month(
    url: Url,
    token: Token,
    month: Month,
    at: At = None,
    document: Documents = None,
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """Close a month's books; what comes later for it is booked in the next one. 月结。"""
    content = {"month": month, **noted(at, None, document, None)}
    with node(url, token) as client:
        answer = record(client, "/api/v1/periods", content, {}, body=None, key=key)
    told(answer, as_json, lambda: typer.echo(f"✓ {month} closed 已月结"))


def balance(
    url: Url,
    token: Token,
    month: Month,
    out: Annotated[Path | None, typer.Option("--out", help="Write it here for a spreadsheet. 导出 CSV")] = None,
    as_json: AsJson = False,
) -> None:
    """A month's books by element, in kilograms: opening, in, out, closing. 月度平衡表。"""
    with node(url, token) as client:
        if out is not None:
            write_file(out, client.get("/api/v1/balances", accept="text/csv", month=month, format="csv").body)
        found = get(client, "/api/v1/balances", month=month)
    if as_json:
        show_json(found)
        return
    names = [name for name in found["rows"][0] if name != "element"] if found["rows"] else []
    rows = [(row["element"], *(kg(row[name]) for name in names)) for row in found["rows"]]
    show_table(("element", *(name.removesuffix("_ug") for name in names)), rows)
    typer.echo(f"{month}, kg, {'closed 已月结' if found['closed'] else 'open 未月结'}")


def kg(ug: str) -> str:
    """To the gram, cut off; the exact figures are in the JSON and in the spreadsheet."""
    grams = int(ug) // 10**6 if not ug.startswith("-") else -(-int(ug) // 10**6)
    sign = "-" if grams < 0 else ""
    return f"{sign}{abs(grams) // 1000}.{abs(grams) % 1000:03d}"


def report(
    url: Url,
    token: Token,
    month: Month,
    file: Annotated[Path, typer.Argument(help="What was handed in. 上报文件", exists=True, dir_okay=False)],
    kind: Annotated[str, typer.Option("--kind", help="Which report: monthly_flow. 报表种类")] = "monthly_flow",
    receipt: Annotated[str | None, typer.Option("--receipt", help="The receipt number that came back. 回执号")] = None,
    at: At = None,
    document: Documents = None,
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """Record that a report was handed in; only the file's hash is kept. 登记上报。"""
    with file.open("rb") as opened:
        digest = file_digest(opened, "sha256").hexdigest()
    content = {"month": month, "kind": kind, "file_sha256": digest, "receipt_no": receipt}
    with node(url, token) as client:
        papers = noted(at, None, document, None)
        answer = record(client, "/api/v1/reports", {**content, **papers}, {}, body=None, key=key)
    told(answer, as_json, lambda: typer.echo(f"✓ report of {month} recorded, SHA-256 {digest}"))


def findings(
    url: Url,
    token: Token,
    month: Annotated[str | None, typer.Option("--month", help="Only of this month: 2026-11. 月份")] = None,
    severity: Annotated[str | None, typer.Option("--severity", help="Only reason, mild or grave. 级别")] = None,
    unanswered: Annotated[bool, typer.Option("--open", help="Only those without an answer. 仅未答复")] = False,
    as_json: AsJson = False,
) -> None:
    """What the books say that cannot be, or should be asked about. 疑点清单。"""
    with node(url, token) as client:
        asked = {"month": month, "severity": severity, "open": "true" if unanswered else None}
        found = get(client, "/api/v1/findings", **asked)
    if as_json:
        show_json(found)
        return
    for one in found["findings"]:
        say_finding(one)
    typer.echo(f"{len(found['findings'])} findings 条疑点")


def say_finding(one: dict[str, Any]) -> None:
    """A finding in words, and of whose logs, where that is told."""
    state = "open 未答复" if one["open"] else "answered 已答复"
    typer.echo("  ".join((one["severity"], one["id"], one["rule"], state, *one.get("logs", ()))))
    typer.echo(f"  {one['text']['en']}\n  {one['text']['zh']}")


def answer(
    url: Url,
    token: Token,
    finding: Annotated[str, typer.Argument(help="The finding's number. 疑点编号")],
    text: Annotated[str, typer.Argument(help="What you have to say to it. 答复")],
    at: At = None,
    document: Documents = None,
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """Answer a finding, with evidence. 答复疑点。"""
    content = {"finding": finding, "text": text, **noted(at, None, document, None)}
    with node(url, token) as client:
        told_of = record(client, "/api/v1/answers", content, {}, body=None, key=key)
    told(told_of, as_json, lambda: typer.echo(f"✓ {finding} answered 已答复"))


# -- the authority ------------------------------------------------------------------------------------------------


def grant(
    url: Url,
    token: Token,
    to: Annotated[str | None, typer.Option("--to", help="The company's node. 企业节点")] = None,
    group: Annotated[
        str | None, typer.Option("--group", help="Its group's name; a node's hears of it too. 集团名称或节点")
    ] = None,
    kind: Annotated[str | None, typer.Option("--kind", help="mining or separation. 指标种类")] = None,
    year: Annotated[int | None, typer.Option("--year", help="Of which year. 年度")] = None,
    batch: Annotated[int | None, typer.Option("--batch", help="Which batch of that year: 1, 2. 批次")] = None,
    feed_class: Annotated[str | None, typer.Option("--feed-class", help="Of which ore: ion_mid_y. 矿种")] = None,
    reo: Annotated[str | None, typer.Option("--reo", help='How much REO: "120 t". 数量（REO）')] = None,
    at: At = None,
    document: Documents = None,
    body: Body = None,
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """Grant a batch of a year's quota; it is sent to the company, and to its group's node. 下达指标。"""
    quantity = None if reo is None else goods.quantity(f"{reo} reo", "--reo")
    given = {"to": to, "kind": kind, "year": year, "batch": batch, "feed_class": feed_class, "quantity": quantity}
    needed: dict[str, Any] = {f"--{name.replace('_', '-')}": value for name, value in given.items()}
    content = {**given, "group": group, **noted(at, None, document, None)}
    with node(url, token) as client:
        made = record(client, "/api/v1/quotas", content, needed, body=body, key=key)
    told(made, as_json, lambda: typer.echo(f"✓ granted to {made['to']} 已下达"))


def show(url: Url, token: Token, as_json: AsJson = False) -> None:
    """Accounts: granted, used, pending, share. 指标使用情况。"""
    with node(url, token) as client:
        found = get(client, "/api/v1/quotas")
    if as_json:
        show_json(found)
        return
    rows = [
        (
            one["holder"],
            one["kind"],
            one["year"],
            one["quota_class"],
            *_amounts(one),
            f"{one['share_ppm'] / 10_000:.1f} %",
        )
        for one in found["accounts"]
    ]
    show_table(("holder", "kind", "year", "class", "granted", "used", "pending", "share"), rows)


def _amounts(account: dict[str, Any]) -> tuple[str, ...]:
    return tuple(goods.amount_of(account, name) for name in ("granted_mg", "used_mg", "pending_mg"))


def attest(
    url: Url,
    token: Token,
    log: Annotated[str, typer.Argument(help="A log that was deposited: mine.example/log. 已报备的账本")],
    check: Annotated[
        list[str] | None,
        typer.Option("--check", help="custody, balance or provenance, repeatable; else all that hold. 检查项"),
    ] = None,
    at: At = None,
    document: Documents = None,
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """Replay a deposited log and vouch for what held; it is sent to its organisation. 出具核查证明。"""
    content = {"log": log, "checks": check or None, **noted(at, None, document, None)}
    with node(url, token) as client:
        made = record(client, "/api/v1/attestations", content, {}, body=None, key=key)
    told(made, as_json, lambda: typer.echo(f"✓ {log} to {made['size']}: {', '.join(made['checks'])}"))
