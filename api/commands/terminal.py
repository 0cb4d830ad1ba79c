"""What all verbs share: the options that recur, and how results are shown.

Results go to standard output, as a table for people or as one line of JSON for programs; everything else to standard
error. Exit 0: fine; 1: refused, or a check failed; 2: misuse.
"""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from ledger.errors import LodetraceError

Home = Annotated[Path, typer.Option("--home", help="The node's folder. 节点目录", envvar="LODETRACE_HOME")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for programs. 输出 JSON")]
Url = Annotated[str, typer.Option("--url", help="The node's address. 节点地址", envvar="LODETRACE_URL")]
Token = Annotated[str, typer.Option("--token", help="A token of that node. 令牌", envvar="LODETRACE_TOKEN")]

WIDE = 2000
FEW = 10
_T = TypeVar("_T")


def show_json(value: Any) -> None:
    typer.echo(json.dumps(value, ensure_ascii=False))


def show_facts(facts: Mapping[str, Any]) -> None:
    """One fact a line, the values below each other."""
    width = max(map(len, facts))
    for name, value in facts.items():
        typer.echo(f"{name:<{width}}  {value}")


def show_table(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """However narrow the terminal is, nothing is cut: an id with an end missing is no id."""
    from rich.console import Console
    from rich.table import Column, Table

    table = Table(*(Column(name, no_wrap=True) for name in columns), box=None, pad_edge=False)
    for row in rows:
        table.add_row(*("" if cell is None else str(cell) for cell in row))
    Console(width=WIDE, highlight=False, markup=False).print(table)


def tracked(things: Collection[_T], words: str) -> Iterable[_T]:
    """`things`, with a bar on standard error while they are gone through, if somebody watches."""
    from rich.console import Console
    from rich.progress import track

    console = Console(stderr=True)
    return track(things, words, console=console, transient=True, disable=not console.is_terminal or len(things) < FEW)


def say(text: str) -> None:
    """To people only."""
    typer.echo(text, err=True)


def tell(error: LodetraceError, *, as_json: bool) -> None:
    """Both languages: whoever reads a terminal has not told us theirs."""
    if as_json:
        show_json({"ok": False, "code": error.code, "text": error.text("en"), "zh": error.text("zh")})
    else:
        say(f"✗ {error.text('en')}\n  {error.text('zh')}")
