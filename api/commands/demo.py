"""`lodetrace demo`: the story of a motor, from its mine, on this machine."""

from pathlib import Path
from typing import Annotated

import typer

from api.commands.terminal import AsJson


def add(app: typer.Typer) -> None:
    @app.command()
    def demo(
        exit_after: Annotated[bool, typer.Option("--exit", help="Play, check, stop. 演示、核对并退出")] = False,
        folder: Annotated[Path, typer.Option("--dir", help="Where homes, labels and evidence go. 目录")] = Path(
            "demo-data"
        ),
        base_port: Annotated[int, typer.Option(help="The first of seven ports. 起始端口")] = 8470,
        as_json: AsJson = False,
    ) -> None:
        """Six organisations, from mine to motor, on loopback. 六个单位，从矿山到电机。"""
        from api.demo.show import run

        raise typer.Exit(run(folder.resolve(), base_port, exit_after=exit_after, as_json=as_json))
