"""`lodetrace audit`: replay whole logs, from a home or from running nodes. For operators and authorities."""

from pathlib import Path
from typing import Annotated

import typer

from api.commands.terminal import AsJson, show_json, tell
from ledger.errors import LodetraceError


def add(app: typer.Typer) -> None:
    @app.command()
    def audit(
        home: Annotated[Path | None, typer.Option("--home", help="The node's folder. 节点目录")] = None,
        log: Annotated[
            str | None, typer.Option("--log", help="Of that home: another log, as deposited there. 在此报备的账本")
        ] = None,
        url: Annotated[list[str] | None, typer.Option("--url", help="A running node, again for more. 节点地址")] = None,
        token: Annotated[list[str] | None, typer.Option("--token", help="A viewer's token of each. 令牌")] = None,
        as_json: AsJson = False,
    ) -> None:
        """Check every byte of a log: entries, chain, signatures, tree, custody. 核查整本账。"""
        from nodes import auditing
        from nodes.peers import ApiClient

        tokens = token or []
        if (home is None) == (not url) or len(tokens) != len(url or []):
            raise typer.BadParameter(
                "give --home, or one --token for each --url / 请给出 --home，或每个 --url 各一个 --token"
            )
        if home is not None:
            store = auditing.open_home(home)
            try:
                source = auditing.from_store(store) if log is None else auditing.from_deposits(store, log)
                sound = _report(source, as_json)
            finally:
                store.close()
        else:
            sound = True
            for address, secret in zip(url or [], tokens, strict=True):
                with ApiClient(address, secret) as client:
                    sound = _report(auditing.from_node(client), as_json) and sound
        raise typer.Exit(0 if sound else 1)


def _report(source: object, as_json: bool) -> bool:
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    from nodes.auditing import Source
    from nodes.auditing import audit as check

    assert isinstance(source, Source)
    columns = (SpinnerColumn(), TextColumn("{task.completed:,.0f} entries 条"), TimeElapsedColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("audit", total=None)
        try:
            report = check(source, lambda done: progress.update(task, completed=done))
        except LodetraceError as error:
            progress.stop()
            _say_broken(error, as_json)
            return False
    if as_json:
        show_json({"ok": True, "origin": report.origin, "size": report.size, "root": report.root})
    else:
        typer.echo(f"✓ {report.origin}: {report.size} entries hold, root {report.root}")
    return True


def _say_broken(error: LodetraceError, as_json: bool) -> None:
    if as_json:
        facts = {"ok": False, "code": error.code, "value": error.value, "log": error.facts.get("log")}
        show_json({**facts, "text": error.text("en"), "zh": error.text("zh")})
    else:
        tell(error, as_json=False)
