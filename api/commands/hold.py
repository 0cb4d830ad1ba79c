"""`lodetrace hold`, `release`, `pledge`, `unpledge`, `title`, `titles`, `locks`, `recall …`: for supervisors.

Nothing moves. `lodetrace notices` shows what others told.
"""

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from api.commands import goods
from api.commands.asking import (
    At,
    Body,
    Confirm,
    Documents,
    Html,
    Key,
    Reason,
    Ref,
    get,
    node,
    noted,
    path_of,
    patiently,
    record,
    told,
    write_file,
)
from api.commands.terminal import AsJson, Token, Url, say, show_json, show_table
from ledger.matter.quantities import show_mg

Lock = Annotated[str, typer.Argument(help="The lock's id, as lodetrace locks shows it. 封存编号")]
To = Annotated[str | None, typer.Option("--to", help="To whom. 对方")]
Kind = Annotated[str | None, typer.Option("--kind", help="quality, dispute, ordered, other. 类别")]


def add(app: typer.Typer) -> None:
    for verb in (hold, release, pledge, unpledge, title, titles, locks, notices):
        app.command()(verb)
    recall = typer.Typer(no_args_is_help=True, help="Goods that are called back, and where they are. 召回")
    recall.command()(start)
    recall.command()(show)
    app.add_typer(recall, name="recall")


def hold(
    url: Url,
    token: Token,
    line: goods.Lines = None,
    unit: goods.Units = None,
    units_of: goods.UnitsOf = None,
    kind: Kind = None,
    reason: Reason = None,
    order: Annotated[
        str | None, typer.Option("--order", help="The authority's order that this obeys. 命令编号")
    ] = None,
    at: At = None,
    ref: Ref = None,
    document: Documents = None,
    confirm: Confirm = None,
    body: Body = None,
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """Goods that stand here are not to be used or sent. 封存。"""
    kind = kind or ("ordered" if order else None)
    with node(url, token) as client:
        lines = goods.lines_of(client, line or (), unit or (), units_of or (), "--line")
        content = {"kind": kind, "lines": lines, "reason": reason, "order": order, **noted(at, ref, document, confirm)}
        needed = {"--line or --unit": lines, "--kind": kind, "--reason": reason}
        answer = record(client, "/api/v1/holds", content, needed, body=body, key=key)
    told(answer, as_json, lambda: typer.echo(f"✓ held by {answer['lock']}"))


def release(
    lock: Lock,
    url: Url,
    token: Token,
    reason: Reason = None,
    at: At = None,
    ref: Ref = None,
    document: Documents = None,
    confirm: Confirm = None,
    body: Body = None,
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """A hold or a recall ends. 解除封存或召回。"""
    content = {"reason": reason, **noted(at, ref, document, confirm)}
    with node(url, token) as client:
        path = path_of("holds", lock, "releases")
        answer = record(client, path, content, {"--reason": reason}, body=body, key=key)
    told(answer, as_json, lambda: typer.echo(f"✓ {answer['lock']} ended"))


def pledge(
    url: Url,
    token: Token,
    line: goods.Lines = None,
    unit: goods.Units = None,
    units_of: goods.UnitsOf = None,
    to: To = None,
    receipt: Annotated[str | None, typer.Option("--receipt", help="The warehouse receipt's number. 仓单号")] = None,
    at: At = None,
    ref: Ref = None,
    document: Documents = None,
    confirm: Confirm = None,
    body: Body = None,
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """Goods that stand here secure a loan. 质押。"""
    with node(url, token) as client:
        lines = goods.lines_of(client, line or (), unit or (), units_of or (), "--line")
        content = {"to": to, "receipt_no": receipt, "lines": lines, **noted(at, ref, document, confirm)}
        needed = {"--line or --unit": lines, "--to": to}
        answer = record(client, "/api/v1/pledges", content, needed, body=body, key=key)
    told(answer, as_json, lambda: typer.echo(f"✓ pledged by {answer['lock']}"))


def unpledge(
    lock: Lock,
    url: Url,
    token: Token,
    reason: Reason = None,
    at: At = None,
    ref: Ref = None,
    document: Documents = None,
    confirm: Confirm = None,
    body: Body = None,
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """A pledge ends. 解除质押。"""
    content = {"reason": reason, **noted(at, ref, document, confirm)}
    with node(url, token) as client:
        answer = record(client, path_of("pledges", lock, "releases"), content, {}, body=body, key=key)
    told(answer, as_json, lambda: typer.echo(f"✓ {answer['lock']} ended"))


def title(
    url: Url,
    token: Token,
    line: goods.Lines = None,
    unit: goods.Units = None,
    units_of: goods.UnitsOf = None,
    to: To = None,
    at: At = None,
    ref: Ref = None,
    document: Documents = None,
    confirm: Confirm = None,
    body: Body = None,
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """Goods come to belong to somebody else, where they stand. 货权转移。"""
    with node(url, token) as client:
        lines = goods.lines_of(client, line or (), unit or (), units_of or (), "--line")
        content = {"to": to, "lines": lines, **noted(at, ref, document, confirm)}
        needed = {"--line or --unit": lines, "--to": to}
        answer = record(client, "/api/v1/titles", content, needed, body=body, key=key)
    told(answer, as_json, lambda: typer.echo("✓ title transferred"))


def titles(url: Url, token: Token, as_json: AsJson = False) -> None:
    """Goods of ours with others that were sold there, as those tell us. 寄售等货权转移通知。"""
    with node(url, token) as client:
        found = get(client, "/api/v1/titles")
    if as_json:
        show_json(found)
        return
    rows = [
        (one["at"][:16], one["log"], one["to"], line["batch"], show_mg(line["mg"]))
        for one in found["titles"]
        for line in one["lines"]
    ]
    show_table(("at", "told by", "to", "batch", "mass"), rows)


def locks(
    url: Url,
    token: Token,
    ended: Annotated[bool, typer.Option("--ended", help="Also those that have ended. 含已解除的")] = False,
    as_json: AsJson = False,
) -> None:
    """What is held, pledged or recalled, newest first. 封存、质押与召回列表。"""
    with node(url, token) as client:
        found = get(client, "/api/v1/holds", ended="true" if ended else None)
    if as_json:
        show_json(found)
        return
    rows = [
        (one["lock"], one["is"], one["kind"], one["at"][:16], _covered(one), one["reason"] or one["to"] or one["text"])
        for one in found["locks"]
    ]
    show_table(("lock", "is", "kind", "at", "covers", "why"), rows)


def _covered(lock: dict[str, Any]) -> str:
    units = sum(len(line["units"]) for line in lock["lines"])
    parts = [show_mg(sum(line["mg"] or 0 for line in lock["lines"])), f"{units} units", f"{len(lock['lines'])} lines"]
    return ", ".join(part for part in parts if not part.startswith("0 "))


def notices(url: Url, token: Token, as_json: AsJson = False) -> None:
    """What others told us of our goods, samples and shared shipments, newest first. 收到的通报。"""
    with node(url, token) as client:
        found = get(client, "/api/v1/notices", limit=500)
    if as_json:
        show_json(found)
        return
    rows = [
        (
            f"{one['log']}#{one['index']}",
            one["organisation"],
            f"{one['type']}{' (ended 已解除)' if one['ended'] else ''}",
            one["at"][:16],
            ", ".join(batch["lot_no"] or batch["batch"] for batch in one["batches"]),
            one["lock"] or ("awaits your consent 待确认" if one["awaits_consent"] else one["text"]),
        )
        for one in found["notices"]
    ]
    show_table(("entry", "by", "what", "at", "batches", ""), rows)


# -- recalls ------------------------------------------------------------------------------------------------------


def start(
    url: Url,
    token: Token,
    batch: Annotated[list[str] | None, typer.Argument(help="Batches, wholly. 整批召回的批次")] = None,
    unit: goods.Units = None,
    kind: Annotated[str | None, typer.Option("--kind", help="safety, quality, origin, ordered, other. 类别")] = None,
    text: Annotated[str | None, typer.Option("--text", help="What anyone may read. 公开说明")] = None,
    reason: Reason = None,
    at: At = None,
    ref: Ref = None,
    document: Documents = None,
    confirm: Confirm = None,
    body: Body = None,
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """Batches, or some of their units, are called back. 发起召回。"""
    with node(url, token) as client:
        lines: list[dict[str, Any]] = [{"batch": code} for code in batch or ()]
        lines += goods.lines_of(client, (), unit or (), (), "--unit")
        content = {"kind": kind, "text": text, "lines": lines, "reason": reason, **noted(at, ref, document, confirm)}
        needed = {"BATCH or --unit": lines, "--kind": kind, "--text": text}
        answer = record(client, "/api/v1/recalls", content, needed, body=body, key=key)
    told(answer, as_json, lambda: typer.echo(f"✓ recalled by {answer['lock']}"))


def show(
    lock: Lock,
    url: Url,
    token: Token,
    csv: Annotated[Path | None, typer.Option("--csv", help="Write it for spreadsheets. 输出 CSV")] = None,
    html: Html = None,
    lang: Annotated[Literal["zh", "en"], typer.Option("--lang", help="Of what is written. 语言")] = "zh",
    as_json: AsJson = False,
) -> None:
    """What a recall concerns, and where it is: here, or with whom. 召回清单。"""
    path = path_of("recalls", lock)
    with node(url, token) as client:
        found = get(client, path)
        for form, file in (("csv", csv), ("html", html)):
            if file is not None:
                with patiently():
                    written = client.get(path, format=form, lang=lang).body
                write_file(file, written)
                say(f"✓ {file}")
    if as_json:
        show_json(found)
        return
    typer.echo(f"{found['text'] or found['is']} ({found['kind']})")
    rows = [
        (one["how"], one["lot_no"] or one["batch"], one["product"], show_mg(one["here_mg"]), _sent(one), one["pool"])
        for one in found["goods"]
    ]
    show_table(("how", "batch", "product", "here", "sent", "in pool"), rows)
    for holder in found["holders"]:
        mg = holder["direct_mg"] + holder["indirect_mg"]
        typer.echo(f"! {holder['holder']}: {show_mg(mg)}, sent back {show_mg(holder['returned_mg'])}")


def _sent(one: dict[str, Any]) -> str:
    return show_mg(sum(sent["mg"] for sent in one["sent"]))
