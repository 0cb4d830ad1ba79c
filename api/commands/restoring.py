"""`lodetrace backup`, `restore`, `recover`: for whoever runs a node, for the day when it is lost."""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from api.commands.terminal import AsJson, Home, say, show_json


def add(app: typer.Typer) -> None:
    for verb in (backup, restore, recover):
        app.command()(verb)


def backup(
    home: Home, out: Annotated[Path, typer.Option("--out", help="A folder that does not exist yet. 备份目录")]
) -> None:
    """Copy all that a node needs into a new folder, beside the running node. 备份。"""
    from nodes import backups

    backups.backup(home, out)
    say(f"✓ {out}: settings, policy, keys, database. Keep it as secret as the home. 已备份，请与节点目录同等保密。")


def restore(
    home: Home,
    backup: Annotated[
        Path,
        typer.Option("--from", help="A folder that lodetrace backup wrote. 备份目录", exists=True, file_okay=False),
    ],
    as_json: AsJson = False,
) -> None:
    """Make a home of a backup, with new witness keys. 由备份恢复节点。"""
    from nodes import backups
    from nodes.config import environment

    witness = [key.vkey for key in backups.restore(backup, home, environment())]
    if as_json:
        show_json({"home": str(home), "witness": witness})
        return
    say(f"✓ {home} is restored. 已恢复。")
    _say_witness(witness)


def recover(
    home: Home,
    file: Annotated[
        Path | None,
        typer.Option(
            "--from", help="What lodetrace deposits export wrote there; else it is fetched. 报备文件", dir_okay=False
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Fetch back from the authority the entries that this database has lost; the node must be stopped. 从报备恢复。"""
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn

    from nodes.config import environment
    from nodes.recovery import recover_home

    console = Console(stderr=True)
    columns = (SpinnerColumn(), TextColumn("{task.completed:,.0f} entries 条"))
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("recover", total=None)
        done = recover_home(
            home,
            environment(),
            file,
            lambda error: say(f"! {error}\n  {error.text('zh')}"),
            lambda count: progress.update(task, completed=count),
        )
    if as_json:
        show_json({"ok": True, "before": done.before, "size": done.size, "witness": list(done.witness)})
        return
    typer.echo(f"✓ {done.size - done.before} entries put back, {done.size} in all. 已补回并核对。")
    if done.witness:
        _say_witness(done.witness)


def _say_witness(vkeys: Iterable[str]) -> None:
    say("It cosigns with new keys; whoever counts on its witness must take them. 见证密钥已更换，请通知信任方更新:")
    for vkey in vkeys:
        typer.echo(vkey)
