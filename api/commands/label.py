"""`lodetrace label` and `lodetrace prints`: labels on paper, and what was printed before.

The node draws them, as a job; here it is begun, watched and its result kept.
"""

import io
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from api.commands.asking import Key, Limit, node, pages, path_of, unit_or_batch, write_file
from api.commands.terminal import AsJson, Token, Url, show_json, show_table
from ledger.errors import Refusal

if TYPE_CHECKING:
    from nodes.peers import ApiClient

Form = Literal["pdf", "zpl", "tspl", "png", "svg"]
Reason = Literal["damaged", "lost", "unreadable", "not_printed", "other"]
SUFFIXES = {"pdf": "pdf", "zpl": "zpl", "tspl": "tspl", "prn": "zpl", "png": "png", "svg": "svg"}
PICTURES = ("png", "svg")
PAUSE_SECONDS = 0.1
UNFINISHED = ("waiting", "running")


def add(app: typer.Typer) -> None:
    app.command()(label)
    app.command()(prints)


def label(
    url: Url,
    token: Token,
    code: Annotated[
        str | None,
        typer.Argument(metavar="BATCH_OR_UNIT", help="A unit, or a batch for all its units. 批次或包装件"),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", help="A .pdf, .zpl, .tspl, .svg or .png; a folder for one picture each. 输出文件或目录"),
    ] = None,
    form: Annotated[Form | None, typer.Option("--format", help="If the file's name does not say it. 格式")] = None,
    size: Annotated[str, typer.Option("--size", help="100x70, a6, or width x height in mm. 标签尺寸")] = "100x70",
    sheet: Annotated[
        str | None, typer.Option("--sheet", help="On A4 sheets: columns x rows, such as 2x4. A4 标签纸 列x行")
    ] = None,
    start: Annotated[int, typer.Option("--start", min=1, help="First free place of the sheet. 起始位置")] = 1,
    margin: Annotated[
        str, typer.Option("--margin", help="Sheet: edge in mm, across,down. 页边距（毫米，左右,上下）")
    ] = "0,0",
    gap: Annotated[str, typer.Option("--gap", help="Sheet: between labels in mm, across,down. 标签间距")] = "0,0",
    dpi: Annotated[Literal["203", "300"], typer.Option("--dpi", help="Of the label printer. 打印机分辨率")] = "203",
    copies: Annotated[int, typer.Option("--copies", min=1, max=50, help="Of each label. 份数")] = 1,
    printer: Annotated[
        str | None, typer.Option("--printer", help="Send to this printer of the node's settings. 打印机名称")
    ] = None,
    grade: Annotated[str | None, typer.Option("--grade", help="Printed as it is given. 牌号")] = None,
    standard: Annotated[str | None, typer.Option("--standard", help="Printed as it is given. 执行标准")] = None,
    hazard: Annotated[str | None, typer.Option("--hazard", help="Printed as it is given. 危险性说明")] = None,
    reason: Annotated[
        Reason | None, typer.Option("--reason", help="Why labels are printed again. 重新打印的原因")
    ] = None,
    remark: Annotated[str | None, typer.Option("--remark", help="More on that. 备注")] = None,
    calibration: Annotated[
        bool, typer.Option("--calibration", help="Instead: the label to set a printer by. 校准标签")
    ] = False,
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """Labels to print: of one unit, or of all units of a batch. 打印标签。"""
    if (code is None) != calibration:
        raise typer.BadParameter("give a batch or unit, or --calibration / 请给出批次或包装件，或用 --calibration")
    if (out is None) != (printer is not None):
        raise typer.BadParameter("give --out or --printer / 请给出 --out 或 --printer 之一")
    body: dict[str, Any] = {
        "size": size,
        "dpi": int(dpi),
        "copies": copies,
        "sheet": None if sheet is None else {"grid": sheet, "start": start, "margin": margin, "gap": gap},
        "printer": printer,
        "grade": grade,
        "standard": standard,
        "hazard": hazard,
        "reason": reason,
        "remark": remark,
        "calibration": calibration or None,
    }
    with node(url, token) as client:
        kind, found = ("", {}) if code is None else unit_or_batch(client, code)
        if kind:
            body |= {"units": [found["unit"]]} if kind == "units" else {"batch": found["batch"]}
        wanted = None if out is None else _form(out, form, many=kind == "batches")
        body["form"] = wanted
        content = {name: value for name, value in body.items() if value is not None}
        job = _watched(client, client.post("/api/v1/labels", content, key=key).json())
        result = b"" if out is None else client.get(job["result"], accept="*/*").body
    written = [] if out is None else _keep(out, job, result)
    if as_json:
        show_json({**job, "files": [str(path) for path in written]})
    elif out is None:
        typer.echo(f"✓ {job['total']} labels sent to {printer}")
    elif len(written) == 1:
        typer.echo(f"✓ {written[0]}")
    else:
        typer.echo(f"✓ {len(written)} labels in {out}")


def _form(out: Path, form: Form | None, *, many: bool) -> str:
    """By the file's suffix, or for a folder by --format, and SVG if that does not say either."""
    suffix = out.suffix.lower().lstrip(".")
    wanted = SUFFIXES.get(suffix, "") if suffix else form or "svg"
    if not wanted or (suffix and form not in (None, wanted)) or (many and suffix and wanted in PICTURES):
        raise typer.BadParameter(
            f"--out {out}: name a .pdf, .zpl or .tspl file, for one label a .svg or .png, for pictures of a batch a "
            "folder / 请指定文件或目录"
        )
    return wanted


def _watched(client: "ApiClient", job: dict[str, Any]) -> dict[str, Any]:
    """The job when it has ended, with a bar meanwhile if somebody watches. What made it fail is raised."""
    from rich.console import Console
    from rich.progress import Progress
    from tenacity import Retrying, retry_if_result, wait_fixed

    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        bar = progress.add_task("Labels 标签", total=job["total"])

        def look() -> dict[str, Any]:
            seen: dict[str, Any] = client.get(path_of("jobs", job["job"])).json()
            progress.update(bar, completed=seen["done"])
            return seen

        unfinished = retry_if_result(lambda seen: seen["state"] in UNFINISHED)
        ended: dict[str, Any] = Retrying(retry=unfinished, wait=wait_fixed(PAUSE_SECONDS))(look)
    if ended["problem"] is not None:
        problem = ended["problem"]
        raise Refusal(
            "node-said-no",
            field=problem["code"],
            value=problem["status"],
            en=problem["detail"],
            zh=problem["detail_zh"],
        )
    return ended


def _keep(out: Path, job: dict[str, Any], result: bytes) -> list[Path]:
    """One file, or in a folder one for each label, named as the node names them."""
    if out.suffix:
        write_file(out, result)
        return [out]
    if not job["name"].endswith(".zip"):
        write_file(out / job["name"], result)
        return [out / job["name"]]
    written = []
    with zipfile.ZipFile(io.BytesIO(result)) as bundle:
        for name in bundle.namelist():
            path = out / Path(name).name  # a node's answer decides no other folder
            write_file(path, bundle.read(name))
            written.append(path)
    return written


def prints(
    url: Url,
    token: Token,
    again: Annotated[bool, typer.Option("--again", help="Only labels printed again. 仅看重新打印")] = False,
    unit: Annotated[str | None, typer.Option("--unit", help="Only those of this unit. 包装件")] = None,
    limit: Limit = 50,
    as_json: AsJson = False,
) -> None:
    """Labels that were printed, newest first: by whom, and why again. 标签打印记录。"""
    with node(url, token) as client:
        query = {"again": "true" if again else None, "unit": unit}
        found = pages(client, "/api/v1/prints", "prints", limit, **query)
    if as_json:
        show_json(found)
        return
    rows = [
        (one["at"], one["by"], one["unit"], one["form"], one["copies"], one["reason"], one["remark"])
        for one in found["prints"]
    ]
    show_table(("at", "by", "unit", "form", "copies", "reason", "remark"), rows)
