"""`lodetrace logs`, `forks`: which logs of others this node follows, and which of them cannot be believed any more."""

from pathlib import Path
from typing import Annotated

import typer

from api.commands.asking import get, node, write_file
from api.commands.terminal import AsJson, Token, Url, show_json, show_table


def add(app: typer.Typer) -> None:
    for verb in (logs, forks):
        app.command()(verb)


def logs(
    url: Url,
    token: Token,
    acknowledge: Annotated[
        str | None,
        typer.Option("--acknowledge", help="You have looked into an alarm of this log (admin). 确认该日志的告警"),
    ] = None,
    code: Annotated[str | None, typer.Option("--code", help="Which: ref-differs. 告警代码")] = None,
    reason: Annotated[str | None, typer.Option("--reason", help="Why it may stay. 理由")] = None,
    as_json: AsJson = False,
) -> None:
    """The logs that the node follows, how far, and what is wrong with them. 所跟踪的日志。"""
    said = {"log": acknowledge, "code": code, "reason": reason}
    if None in said.values() and any(said.values()):
        raise typer.BadParameter("give --acknowledge, --code and --reason together / 三个选项须同时给出")
    with node(url, token) as client:
        if acknowledge is not None:
            client.post("/api/v1/logs/acknowledgement", said)
        found = get(client, "/api/v1/logs")
    if as_json:
        show_json(found)
        return
    show_table(("log", "entries", "seen"), [(one["log"], str(one["size"]), one["seen_at"]) for one in found["logs"]])
    for one in found["logs"]:
        for alarm in one["alarms"]:
            typer.echo(f"! {alarm['since']} {alarm['detail']} [{alarm['code']}]\n  {alarm['detail_zh']}")
            if alarm["acknowledged_by"] is not None:
                typer.echo(f"  acknowledged 已确认 {alarm['acknowledged_by']}: {alarm['reason']}")


def forks(
    url: Url,
    token: Token,
    save: Annotated[int | None, typer.Option("--save", help="Write the proof of this number. 保存证明")] = None,
    out: Annotated[Path | None, typer.Option("--out", help="Where to: a file for verify. 保存位置")] = None,
    acknowledge: Annotated[
        int | None,
        typer.Option("--acknowledge", help="You have seen it: deliveries go on (admin). 确认并恢复投递"),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Logs that signed two histories, and the proofs of it. 分叉的日志及其证明。"""
    if (save is None) != (out is None):
        raise typer.BadParameter("give --save and --out together / --save 与 --out 须同时给出")
    with node(url, token) as client:
        if acknowledge is not None:
            client.post(f"/api/v1/forks/{acknowledge}/acknowledgement", {})
        if save is not None and out is not None:
            write_file(out, client.get(f"/api/v1/forks/{save}").body)
        found = get(client, "/api/v1/forks")
    if as_json:
        show_json(found)
        return
    rows = [
        (str(one["no"]), one["log"], str(one["place"]), one["at"], one["acknowledged_by"] or "-")
        for one in found["forks"]
    ]
    show_table(("no", "log", "at entry", "found", "acknowledged by"), rows)
