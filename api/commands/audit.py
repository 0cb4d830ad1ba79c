"""`lodetrace audit`: replay whole logs, from a home or from running nodes. For operators and authorities."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.commands.terminal import AsJson, show_json, tell
from ledger.errors import LodetraceError

if TYPE_CHECKING:
    from ledger.matter.reference import Reference
    from nodes.auditing import Source


def add(app: typer.Typer) -> None:
    @app.command()
    def audit(
        home: Annotated[Path | None, typer.Option("--home", help="The node's folder. 节点目录")] = None,
        log: Annotated[
            str | None, typer.Option("--log", help="Of that home: another log, as deposited there. 在此报备的账本")
        ] = None,
        url: Annotated[list[str] | None, typer.Option("--url", help="A running node, again for more. 节点地址")] = None,
        token: Annotated[list[str] | None, typer.Option("--token", help="A viewer's token of each. 令牌")] = None,
        reference: Annotated[
            list[Path] | None,
            typer.Option("--reference", help="An own reference file that entries name, repeatable. 参考数据文件"),
        ] = None,
        findings: Annotated[
            bool, typer.Option("--findings", help="Also print what the books say that cannot be. 列出疑点")
        ] = False,
        as_json: AsJson = False,
    ) -> None:
        """Check every byte of a log: entries, chain, signatures, tree, custody, composition, books. 核查整本账。"""
        from ledger.matter.reference import Reference
        from nodes import auditing
        from nodes.peers import ApiClient

        tokens = token or []
        if (home is None) == (not url) or len(tokens) != len(url or []):
            raise typer.BadParameter(
                "give --home, or one --token for each --url / 请给出 --home，或每个 --url 各一个 --token"
            )
        more = [Reference.parse(path.read_bytes()) for path in reference or ()]
        judge = more[-1] if more else None
        if home is not None:
            store = auditing.open_home(home)
            try:
                if log is None:
                    source, judge = auditing.from_store(store, more), judge or auditing.ruleset_in_force(store, more)
                else:
                    source = auditing.from_deposits(store, log, more)
                sound = _report(source, judge, findings, as_json)
            finally:
                store.close()
        else:
            sound = True
            for address, secret in zip(url or [], tokens, strict=True):
                with ApiClient(address, secret) as client:
                    source = auditing.from_node(client, more=more)
                    sound = _report(source, judge, findings, as_json) and sound
        raise typer.Exit(0 if sound else 1)


def _report(source: "Source", reference: "Reference | None", findings: bool, as_json: bool) -> bool:
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    from nodes.auditing import audit as check

    columns = (SpinnerColumn(), TextColumn("{task.completed:,.0f} entries 条"), TimeElapsedColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("audit", total=None)

        def heard(done: int) -> None:
            progress.update(task, completed=done)

        try:
            report = check(source, heard, reference=reference)
        except LodetraceError as error:
            progress.stop()
            _say_broken(error, as_json)
            return False
    if as_json:
        facts = {"ok": True, "origin": report.origin, "size": report.size, "root": report.root}
        told = {"findings": [one.as_json() for one in report.findings]} if findings else {}
        show_json({**facts, "unchecked": report.unchecked, **told})
        return True
    typer.echo(f"✓ {report.origin}: {report.size} entries hold, root {report.root}")
    if report.unchecked:
        typer.echo(
            f"! {report.unchecked} entries name reference data that is not at hand (--reference): their compositions "
            "were not compared. 部分条目所依据的参考数据不在手边，其组成未比对。"
        )
    for one in report.findings if findings else ():
        typer.echo(f"{one.severity}  {one.id}  {one.text('en')}\n  {one.text('zh')}")
    if findings:
        typer.echo(f"{len(report.findings)} findings 条疑点")
    return True


def _say_broken(error: LodetraceError, as_json: bool) -> None:
    if as_json:
        facts = {"ok": False, "code": error.code, "value": error.value, "log": error.facts.get("log")}
        show_json({**facts, "text": error.text("en"), "zh": error.text("zh")})
    else:
        tell(error, as_json=False)
