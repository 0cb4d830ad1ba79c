"""`lodetrace certificate …`: quality certificates of batches and shipments, issued, fetched, and checked offline."""

import re
from base64 import b64decode
from binascii import Error as NotBase64
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from api.commands.asking import Key, Limit, get, node, pages, record, write_file
from api.commands.terminal import AsJson, Token, Url, show_facts, show_json, show_table
from ledger.errors import Malformed

_CARRIED = re.compile(rb"lodetrace-certificate ([A-Za-z0-9_-]+) ([A-Za-z0-9+/=]+)")


def add(app: typer.Typer) -> None:
    group = typer.Typer(no_args_is_help=True, help="Quality certificates: issue, list, fetch, verify. 质量证明书")
    for verb in (issue, fetch, verify):
        group.command()(verb)
    group.command("list")(list_)
    app.add_typer(group, name="certificate")


def issue(
    url: Url,
    token: Token,
    batch: Annotated[str | None, typer.Argument(help="The batch: its id or lot number. 批次")] = None,
    shipment: Annotated[str | None, typer.Option("--shipment", help="Or a shipment of yours. 发货单")] = None,
    line: Annotated[int, typer.Option("--line", min=0, help="Which line of it, from 0. 行号")] = 0,
    number: Annotated[str | None, typer.Option("--number", help="Your own number for it. 证书编号")] = None,
    grade: Annotated[str | None, typer.Option("--grade", help="Printed as it is given. 牌号")] = None,
    standard: Annotated[str | None, typer.Option("--standard", help="Printed as it is given. 执行标准")] = None,
    out: Annotated[Path | None, typer.Option("--out", help="Write its PDF here. 输出 PDF")] = None,
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """Say and sign what a batch or a line of a shipment is. 出具质量证明书。"""
    content: dict[str, Any] = {
        "batch": batch,
        "shipment": shipment,
        "number": number,
        "grade": grade,
        "standard": standard,
    }
    if shipment is not None:
        content["line"] = line
    with node(url, token) as client:
        needed = {"BATCH or --shipment": batch or shipment}
        answer = record(client, "/api/v1/certificates", content, needed, body=None, key=key)
        if out is not None:
            write_file(out, client.get(answer["pdf"], accept="application/pdf").body)
    if as_json:
        show_json(answer)
    else:
        typer.echo(f"✓ certificate {answer['no']}, check code {answer['check_code']}\n  {answer['url']}")


def fetch(
    no: Annotated[int, typer.Argument(help="Its number at the node. 序号")],
    url: Url,
    token: Token,
    out: Annotated[Path, typer.Option("--out", help="Where to. 输出 PDF")],
) -> None:
    """The PDF of a certificate, the same bytes each time. 下载质量证明书。"""
    with node(url, token) as client:
        answer = get(client, f"/api/v1/certificates/{no}")
        write_file(out, client.get(answer["pdf"], accept="application/pdf").body)
    typer.echo(f"✓ {out}")


def list_(
    url: Url,
    token: Token,
    batch: Annotated[str | None, typer.Option("--batch", help="Only those of this batch. 批次")] = None,
    limit: Limit = 50,
    as_json: AsJson = False,
) -> None:
    """Certificates, newest first. 质量证明书列表。"""
    with node(url, token) as client:
        found = pages(client, "/api/v1/certificates", "certificates", limit, batch=batch)
    if as_json:
        show_json(found)
        return
    rows = [
        (one["no"], one["at"], one["by"], one["contents"]["lot_no"] or one["batch"], one["check_code"])
        for one in found["certificates"]
    ]
    show_table(("no", "at", "by", "batch", "check code"), rows)


def verify(
    file: Annotated[Path, typer.Argument(help="The PDF as it was issued. 质量证明书 PDF")],
    evidence: Annotated[Path, typer.Option("--evidence", help="The evidence of these goods. 溯源证据包")],
    trust: Annotated[Path, typer.Option("--trust", help="Your trust policy. 信任策略文件")],
    as_json: AsJson = False,
) -> None:
    """Check a certificate offline: who signed it, for which entry, and what it says. 离线核查质量证明书。"""
    from ledger.certificates import verify_certificate
    from ledger.evidence import parse_evidence
    from ledger.evidence import verify as verify_evidence
    from ledger.log.trust import Policy

    code, contents = _carried(file)
    result = verify_evidence(parse_evidence(_read(evidence)), Policy.parse(_read(trust)), datetime.now(UTC))
    certificate, told = verify_certificate(code, contents, result)
    if as_json:
        show_json({"ok": True, "log": certificate.origin, "index": certificate.index, "contents": told})
        return
    typer.echo(
        f"✓ signed by {certificate.origin}, for entry {certificate.index}. Compare with the paper. 请与纸面核对。"
    )
    show_facts({name: value for name, value in told.items() if value not in (None, "")})


def _carried(file: Path) -> tuple[str, bytes]:
    """The code, and what was signed, from the keywords of the PDF."""
    found = _CARRIED.search(re.sub(rb"\\\r?\n", b"", _read(file)))
    if found is None:
        raise Malformed("certificate-unread", field=str(file), value=file.name)
    try:
        return found[1].decode(), b64decode(found[2], validate=True)
    except NotBase64 as error:
        raise Malformed("certificate-unread", field=str(file), value=file.name) from error


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise Malformed("file-unreadable", field=str(path), value=error.strerror) from error
