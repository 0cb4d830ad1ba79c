"""`lodetrace keys`: a node's own keys, replaced on the machine where it runs, while it is stopped."""

from typing import Annotated

import typer

from api.commands.terminal import AsJson, Home, say, show_json


def add(app: typer.Typer) -> None:
    keys = typer.Typer(no_args_is_help=True, help="The node's own keys. 节点自身的密钥")
    keys.command("rotate")(rotate)
    keys.callback()(_together)  # one command alone would swallow its name
    app.add_typer(keys, name="keys")


def _together() -> None:
    """The node's own keys. 节点自身的密钥"""


def rotate(
    home: Home,
    use: Annotated[
        list[str] | None,
        typer.Option("--use", help="log, author, witness, peer, seal or all; once for each. 用途，可重复"),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Put the keys made in advance in the place of the current ones; the node must be stopped. 更换密钥。"""
    from nodes.config import environment
    from nodes.posix import home_lock
    from nodes.rotation import ALL
    from nodes.rotation import rotate as replace

    uses = use or [ALL]
    with home_lock(home):
        done = replace(home, environment(), uses)
    vkeys = {name: getattr(done.identity, name).verifier.vkey for name in ("log", "author", "witness", "peer")}
    if as_json:
        show_json({"entry": done.index, "uses": uses, "vkeys": vkeys})
        return
    typer.echo(
        f"✓ Entry {done.index} of the log says it; start the node again. 已更换，见第 {done.index} 条，请重新启动节点。"
    )
    if {"log", ALL} & set(uses):
        say("The old log key signs along while keys/before/log.pem is there. 旧日志密钥在该文件存在期间继续共同签名。")
        typer.echo(f"log {vkeys['log']}")
