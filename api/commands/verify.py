"""`lodetrace verify`: for whoever holds an evidence file. Offline, and loads nothing but the ledger."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal

import typer

from api.commands.terminal import AsJson


def add(app: typer.Typer) -> None:
    @app.command()
    def verify(
        file: Annotated[Path, typer.Argument(help="An evidence file, or the proof of a fork. 溯源证据包或分叉证明")],
        trust: Annotated[Path | None, typer.Option("--trust", help="Your trust policy. 信任策略文件")] = None,
        as_json: AsJson = False,
        lang: Annotated[Literal["en", "zh"], typer.Option(help="Language of the report. 报告语言")] = "en",
    ) -> None:
        """Check an evidence file, or the proof of a fork, without any server. 离线核查证据包或分叉证明。"""
        from ledger.__main__ import verify_file

        raise typer.Exit(verify_file(file, trust, datetime.now(UTC), as_json=as_json, language=lang))
