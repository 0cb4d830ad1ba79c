"""`lodetrace introduce`, `rebuild`, `doctor`: for whoever runs a node, on the machine where it runs."""

from typing import Annotated

import typer

from api.commands.terminal import AsJson, Home, show_json

MARKS = {"ok": "✓", "warning": "!", "failed": "✗"}


def add(app: typer.Typer) -> None:
    for verb in (introduce, rebuild, doctor):
        app.command()(verb)


def introduce(
    home: Home,
    witness: Annotated[
        bool, typer.Option("--witness", help="The line of its witness instead, for each key. 改为打印见证方的行")
    ] = False,
) -> None:
    """Print the line by which partners' trust policies know this node. 打印供合作方信任策略使用的一行。"""
    from nodes import config, identity

    environ = config.environment()
    settings = config.load(home, environ)
    keys = identity.load(home, settings.name, config.passphrase(environ), mldsa=settings.mldsa)
    if not witness:
        typer.echo(f"log {keys.log.verifier.vkey} {settings.url}")
        return
    for name, signer in zip((settings.name, f"{settings.name}-ml-dsa-44"), keys.cosigners, strict=False):
        typer.echo(f"witness {name} {signer.verifier.vkey} {settings.url}/witness")


def rebuild(home: Home, as_json: AsJson = False) -> None:
    """Make stock, units, traces and tree anew from the entries; the node must be stopped. 由日志重建派生数据。"""
    from rich.console import Console
    from rich.progress import Progress

    from nodes.config import environment
    from nodes.node import Node
    from nodes.posix import home_lock
    from nodes.rebuild import rebuild as replay
    from nodes.rotation import settle
    from nodes.store import log

    with home_lock(home):
        settle(home, environment())
        node = Node.open(home, environment())
        try:
            with node.store.read() as conn:
                size = log.head(conn).size
            console = Console(stderr=True)
            with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
                task = progress.add_task("entries 条", total=size)
                done = replay(node, lambda count: progress.update(task, completed=count))
        finally:
            node.stop()
    if as_json:
        show_json({"ok": True, "entries": done.entries, "openings": done.openings})
    else:
        typer.echo(f"✓ {done.entries} entries replayed, {done.openings} openings of other logs. 重建完成。")


def doctor(home: Home, as_json: AsJson = False) -> None:
    """Look at settings, keys, database, log, clock, disk, deliveries and peers; change nothing. 健康检查。"""
    from nodes.config import environment
    from nodes.doctor import FAILED, examine

    found = []
    for one in examine(home, environment()):
        found.append(one)
        if not as_json:
            typer.echo(f"{MARKS[one.state]} {one.check}: {one.en}\n  {one.zh}")
    well = all(one.state != FAILED for one in found)
    if as_json:
        show_json({"ok": well, "checks": [{name: getattr(one, name) for name in one.__slots__} for one in found]})
    raise typer.Exit(0 if well else 1)
