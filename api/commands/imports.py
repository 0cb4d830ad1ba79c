"""`lodetrace import FILE`: for clerks; a book of old rows, looked through and then recorded. `--template` writes an
empty one.
"""

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from api.commands.asking import node, path_of, patiently, write_file
from api.commands.terminal import AsJson, Token, Url, say, show_json, show_table
from ledger.errors import Conflict, Unavailable


def add(app: typer.Typer) -> None:
    app.command("import")(import_)


def import_(
    file: Annotated[Path, typer.Argument(help="An .xlsx, .xlsm or CSV file. 表格文件", dir_okay=False)],
    url: Url,
    token: Token,
    kind: Annotated[
        str, typer.Option("--kind", help="registrations, transformations, assays, shipments or moves. 表格种类")
    ] = "registrations",
    sheet: Annotated[str | None, typer.Option("--sheet", help="Its sheet; else the first. 工作表")] = None,
    column: Annotated[
        list[str] | None, typer.Option("--column", help="Which column is what: lot_no=C, repeatable. 指定列")
    ] = None,
    fixed: Annotated[
        list[str] | None, typer.Option("--fixed", help="What every row says: origin.country=CN, repeatable. 固定值")
    ] = None,
    reason: Annotated[
        str | None, typer.Option("--reason", help="Answers all questions of the report. 确认理由")
    ] = None,
    zone: Annotated[str, typer.Option("--zone", help="The time zone of its dates. 时区")] = "+08:00",
    good_only: Annotated[
        bool, typer.Option("--good-only", help="Record the good rows and leave the others. 仅导入正确的行")
    ] = False,
    template: Annotated[
        bool, typer.Option("--template", help="Write an empty book of this kind to FILE instead. 下载空白模板")
    ] = False,
    lang: Annotated[Literal["zh", "en"], typer.Option(help="Language of its headings. 模板语言")] = "zh",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only look it through. 只检查，不记录")] = False,
    as_json: AsJson = False,
) -> None:
    """A book of old rows: every mistake is named by its cell; a row is never recorded twice. 导入表格。"""
    if template:
        _template(url, token, file, kind, lang)
        return
    asked = {"kind": kind, "zone": zone, "sheet": sheet, "reason": reason, "column": column, "fixed": fixed}
    flags = {"dry_run": str(dry_run).lower(), "good_only": str(good_only).lower()}
    query = {name: given for name, given in (asked | flags).items() if given}
    with node(url, token) as client, patiently():
        content = _read(file)
        report = client.post("/api/v1/imports", content, content_type="application/octet-stream", query=query).json()
    if as_json:
        show_json(report)
    else:
        _show(report)
    if report["wrong"]:
        raise typer.Exit(1)


def _template(url: str, token: str, file: Path, kind: str, lang: str) -> None:
    """As CSV where the file is named so, else with choices to pick from."""
    if file.exists():
        raise Conflict("file-unwritable", field=str(file), value="it is there already")
    form = "csv" if file.suffix.lower() == ".csv" else "xlsx"
    with node(url, token) as client:
        write_file(file, client.get(f"{path_of('imports', kind)}/template", format=form, lang=lang).body)
    say(f"✓ {file}")


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise Unavailable("file-unreadable", field=str(file), value=error.strerror) from error


def _show(report: dict[str, Any]) -> None:
    if report["troubles"]:
        rows = [
            (one["cell"], str(one["value"] or ""), f"{one['reason']} {one['reason_zh']}") for one in report["troubles"]
        ]
        show_table(("cell", "value", "what is wrong"), rows)
    counts = [
        f"{report[name]} {name.replace('_', ' ')}" for name in ("rows", "good", "recorded_before", "recorded", "wrong")
    ]
    typer.echo(f"{'✗' if report['wrong'] else '✓'} {', '.join(counts)}")
