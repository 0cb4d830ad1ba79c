"""`lodetrace webhook`: programs that are told what waits for a person. On the machine where the node runs."""

from typing import Annotated

import typer

from api.commands.terminal import AsJson, Home, say, show_json, show_table

SHOWN = 5
"""So many of the last calls to each."""


def add(app: typer.Typer) -> None:
    webhook = typer.Typer(no_args_is_help=True, help="Programs that are told what waits. 待办通知地址")
    webhook.command("add")(add_)
    webhook.command("list")(list_)
    webhook.command("remove")(remove)
    app.add_typer(webhook, name="webhook")


def add_(
    home: Home,
    url: Annotated[str, typer.Argument(help="Where the program takes calls. 接收通知的地址")],
    kinds: Annotated[
        str,
        typer.Option("--for", help="arrivals,disputes,findings,corrections,recalls; else all. 通知种类，不填为全部"),
    ] = "",
    internal: Annotated[
        bool, typer.Option("--internal", help="The address lies inside, and that is meant. 允许内部网络地址")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Call a program about what waits for a person, from now on; its secret is shown once. 新增通知地址。"""
    from nodes import webhooks
    from nodes.clock import system_clock
    from nodes.homes import open_store

    wanted = [kind.strip() for kind in kinds.split(",") if kind.strip()]
    with open_store(home) as store:
        no, secret = webhooks.add(store, url, wanted, system_clock, internal=internal)
    if as_json:
        show_json({"number": no, "secret": secret})
    else:
        say(f"Webhook {no}; its secret, this once / 通知地址 {no}，密钥仅显示一次:")
        typer.echo(secret)


def list_(home: Home, as_json: AsJson = False) -> None:
    """Webhooks, and what became of the last calls. 通知地址及最近通知。"""
    from nodes import webhooks
    from nodes.homes import open_store

    with open_store(home) as store:
        found = [(one, webhooks.newest(store, one.no, SHOWN)) for one in webhooks.listed(store)]
    if as_json:
        show_json(
            [
                {
                    "number": one.no,
                    "url": one.url,
                    "for": one.kinds,
                    "internal": one.internal,
                    "made_at": one.made_at,
                    "calls": [
                        {name: getattr(call, name) for name in ("what", "subject", "at", "state", "attempts", "error")}
                        for call in calls
                    ],
                }
                for one, calls in found
            ]
        )
        return
    rows = [
        (one.no, one.url, ", ".join(one.kinds), ", ".join(f"{call.what}: {call.state}" for call in calls))
        for one, calls in found
    ]
    show_table(("number", "url", "for", "last calls"), rows)


def remove(home: Home, number: Annotated[int, typer.Argument(help="As lodetrace webhook list shows it. 编号")]) -> None:
    """End a webhook, and what still waits for it. 删除通知地址。"""
    from nodes import webhooks
    from nodes.homes import open_store

    with open_store(home) as store:
        webhooks.remove(store, number)
    say(f"Webhook {number} is removed. 通知地址 {number} 已删除。")
