"""`lodetrace assay …`, `reweigh`, `count`, `contents`, `settlement`: for the laboratory, the scale and stock-takes."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from api.commands import goods
from api.commands.asking import (
    At,
    Body,
    Confirm,
    Documents,
    Html,
    Key,
    Ref,
    get,
    node,
    noted,
    path_of,
    patiently,
    record,
    told,
    write_file,
)
from api.commands.batch import Site
from api.commands.terminal import AsJson, Token, Url, say, show_facts, show_json, show_table
from ledger.matter.quantities import show_change, show_mg, show_ug

Batch = Annotated[str | None, typer.Argument(help="Its id or lot number. 批次")]
Reason = Annotated[str | None, typer.Option("--reason", help="Why it differs. 原因")]
Lang = Annotated[str, typer.Option("--lang", help="zh or en, of what is printed. 语言")]


def result_file(name: str, words: str) -> Any:
    """An option that names a file with a laboratory's result."""
    return typer.Option(name, help=words, exists=True, dir_okay=False)


def add(app: typer.Typer) -> None:
    assay = typer.Typer(no_args_is_help=True, help="Samples and results of laboratories. 取样与化验")
    assay.command("record")(result)
    assay.command()(agree)
    assay.command()(sample)
    app.add_typer(assay, name="assay")
    for verb in (reweigh, count, contents, settlement):
        app.command()(verb)


_ENTRY = "An entry with the result, as lodetrace notices shows it: LOG#INDEX. 载有结果的条目"


def _entry(text: str | None, option: str) -> dict[str, Any] | None:
    """`lab.example/log#7`"""
    if text is None:
        return None
    log, _, index = text.rpartition("#")
    if not log or not index.isdecimal():
        raise typer.BadParameter(f"{text}: LOG#INDEX, for instance lab.example/log#7", param_hint=option)
    return {"log": log, "index": int(index)}


def _entries(**named: str | None) -> dict[str, Any] | None:
    found = {name: _entry(text, f"--{name}-from") for name, text in named.items() if text is not None}
    return found or None


def _read(file: Path | None) -> Any:
    return None if file is None else json.loads(file.read_bytes())


def result(
    url: Url,
    token: Token,
    batch: Batch = None,
    file: Annotated[Path | None, result_file("--file", "The result as JSON. 化验结果文件")] = None,
    lab: Annotated[str | None, typer.Option("--lab", help="Who found it. 化验室")] = None,
    sample_no: Annotated[str | None, typer.Option("--sample", help="The sample's number. 样品编号")] = None,
    to: Annotated[str | None, typer.Option("--to", help="The node that is told. 告知节点")] = None,
    entry: Annotated[str | None, typer.Option("--from", help=_ENTRY)] = None,
    certificate: Annotated[
        str | None, typer.Option("--certificate-sha256", help="The certificate's SHA-256, hexadecimal. 证书哈希")
    ] = None,
    at: At = None,
    ref: Ref = None,
    document: Documents = None,
    confirm: Confirm = None,
    body: Body = None,
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """A laboratory's result for a batch, from a file or as it told us. 登记化验结果。"""
    content = {
        "batch": batch,
        "assay": _read(file),
        "from": _entry(entry, "--from"),
        "lab": lab,
        "sample": sample_no,
        "to": to,
        "certificate_sha256": certificate,
        **noted(at, ref, document, confirm),
    }
    with node(url, token) as client:
        needed = {"BATCH": batch, "--file or --from": file or entry}
        answer = record(client, "/api/v1/assays", content, needed, body=body, key=key)
    told(answer, as_json, lambda: typer.echo("✓ assay"))


def agree(
    url: Url,
    token: Token,
    batch: Batch = None,
    own: Annotated[Path | None, result_file("--own", "Our result as JSON. 我方结果")] = None,
    other: Annotated[Path | None, result_file("--other", "Their result as JSON. 对方结果")] = None,
    umpire: Annotated[Path | None, result_file("--umpire", "An umpire's result as JSON. 仲裁结果")] = None,
    own_from: Annotated[str | None, typer.Option("--own-from", help=_ENTRY)] = None,
    other_from: Annotated[str | None, typer.Option("--other-from", help=_ENTRY)] = None,
    umpire_from: Annotated[str | None, typer.Option("--umpire-from", help=_ENTRY)] = None,
    limit: Annotated[str | None, typer.Option("--limit", help="The splitting limit in percent: 0.5. 允许差 %")] = None,
    rule: Annotated[str | None, typer.Option("--rule", help="own or other, if one was accepted. 采用哪一方")] = None,
    at: At = None,
    ref: Ref = None,
    document: Documents = None,
    confirm: Confirm = None,
    body: Body = None,
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """The result that two parties agree on. 商定化验结果。"""
    content = {
        "batch": batch,
        "own": _read(own),
        "other": _read(other),
        "umpire": _read(umpire),
        "entries": _entries(own=own_from, other=other_from, umpire=umpire_from),
        "limit_pct": limit,
        "rule": rule,
        **noted(at, ref, document, confirm),
    }
    with node(url, token) as client:
        needed = {"BATCH": batch, "--own or --own-from": own or own_from}
        answer = record(client, "/api/v1/assays/agreements", content, needed, body=body, key=key)
    values = ", ".join(f"{one['of']} {one['value']} ({one['why']})" for one in answer["values"])
    told(answer, as_json, lambda: typer.echo(f"✓ agreed by {answer['rule']}: {values or 'as stated'}"))


def sample(
    url: Url,
    token: Token,
    batch: Batch = None,
    part: Annotated[
        list[str] | None, typer.Option("--sample", help='LOT=QUANTITY, repeatable: "PN-8/S1=200 g". 样品号=数量')
    ] = None,
    use: Annotated[
        str, typer.Option("--use", help="assay (if not said), retained, umpire, partner, authority. 用途")
    ] = "assay",
    seal: Annotated[str | None, typer.Option("--seal", help="The seal's number. 铅封号")] = None,
    unit: Annotated[str | None, typer.Option("--unit", help="The unit it is taken out of. 取自包装件")] = None,
    sampler: Annotated[str | None, typer.Option("--sampler", help="Who took it. 取样人")] = None,
    site: Site = None,
    at: At = None,
    ref: Ref = None,
    document: Documents = None,
    confirm: Confirm = None,
    body: Body = None,
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """Samples are taken of a batch. 取样。"""
    pairs = [goods.pair(text, "--sample") for text in part or ()]
    samples = [
        {"lot_no": lot, "quantity": amount, "use": use} | ({} if seal is None else {"seal": seal})
        for lot, amount in pairs
    ]
    content = {
        "batch": batch,
        "samples": samples,
        "unit": unit,
        "sampler": sampler,
        "site": site,
        **noted(at, ref, document, confirm),
    }
    with node(url, token) as client:
        needed = {"BATCH": batch, "--sample": samples}
        answer = record(client, "/api/v1/samples", content, needed, body=body, key=key)
    told(
        answer,
        as_json,
        lambda: typer.echo("\n".join(f"✓ sample {one['batch']}: {one['lot_no']}" for one in answer["samples"])),
    )


def reweigh(
    url: Url,
    token: Token,
    line: goods.Lines = None,
    unit: Annotated[
        list[str] | None, typer.Option("--unit", help='SERIAL=QUANTITY, repeatable: "D-001=49.8 kg". 包装件=数量')
    ] = None,
    kind: Annotated[str | None, typer.Option("--kind", help="reweighed (if not said), dried, other. 类型")] = None,
    site: Site = None,
    reason: Reason = None,
    at: At = None,
    ref: Ref = None,
    document: Documents = None,
    confirm: Confirm = None,
    body: Body = None,
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """Goods were weighed again: the stock is set to what the scale says. 复磅。"""
    content = {
        "kind": kind or ("reweighed" if body is None else None),
        "lines": _lines(line, unit, site),
        "reason": reason,
        **noted(at, ref, document, confirm),
    }
    with node(url, token) as client:
        needed = {"--line or --unit": content["lines"]}
        answer = record(client, "/api/v1/remeasurements", content, needed, body=body, key=key)
    told(answer, as_json, lambda: _show_changes(answer))


def count(
    url: Url,
    token: Token,
    line: goods.Lines = None,
    there: Annotated[
        list[str] | None, typer.Option("--there", help="Units that are there; ranges D-001..D-088 too. 在库包装件")
    ] = None,
    missing: Annotated[
        list[str] | None, typer.Option("--missing", help="Units that are not; ranges too. 缺失包装件")
    ] = None,
    site: Site = None,
    reason: Reason = None,
    at: At = None,
    ref: Ref = None,
    document: Documents = None,
    confirm: Confirm = None,
    body: Body = None,
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """A stock-take: what stands here is set to what was found. 盘点。"""
    lines = _lines(line, None, site)
    lines += [{"unit": serial} for serial in goods.serials(there or (), "--there")]
    lines += [{"unit": serial, "missing": True} for serial in goods.serials(missing or (), "--missing")]
    content = {"lines": lines, "reason": reason, **noted(at, ref, document, confirm)}
    with node(url, token) as client:
        needed = {"--line, --there or --missing": lines}
        answer = record(client, "/api/v1/counts", content, needed, body=body, key=key)
    told(answer, as_json, lambda: _show_changes(answer))


def _lines(line: list[str] | None, unit: list[str] | None, site: str | None) -> list[dict[str, Any]]:
    place = {} if site is None else {"site": site}
    found = [goods.line(text, "--line") | place for text in line or ()]
    for text in unit or ():
        serial, amount = goods.pair(text, "--unit")
        found.append({"unit": serial, "quantity": amount})
    return found


def _show_changes(answer: dict[str, Any]) -> None:
    for one in answer["lines"]:
        what = f"unit {one['unit']}" if "unit" in one else f"batch {one['batch']}"
        typer.echo(f"✓ {what}: {show_mg(one['mg'])} ({show_change(one['difference_mg'])})")


# -- reading ------------------------------------------------------------------------------------------------------


def contents(
    batch: goods.Batch,
    url: Url,
    token: Token,
    as_json: AsJson = False,
) -> None:
    """What a batch is made of, and where each element comes from. 元素组成与来源。"""
    with node(url, token) as client:
        found = get(client, path_of("batches", batch, "contents"))
    if as_json:
        show_json(found)
        return
    views = {name: show_mg(one["mg"]) for name, one in found["views"].items() if one is not None}
    facts = {name: found[name] or "-" for name in ("batch", "product", "lot_no", "rank", "model")}
    show_facts(facts | {"mass": f"{show_mg(found['mg'])} {found['basis']}"} | views)
    rows = []
    for one in found["elements"]:
        origins = ", ".join(f"{row['name']} {_share(row['mid'], one['ug'])}" for row in one["origins"])
        rows.append((one["element"], show_ug(int(one["ug"])), f"± {one['u_ppm'] / 10_000:g} %", origins))
    show_table(("element", "amount", "", "origin"), rows)


def _share(part: str, whole: str) -> str:
    return f"{int(part) * 1000 // max(int(whole), 1) / 10:g} %"


def settlement(
    batch: Annotated[str, typer.Argument(help="Its id or lot number. 批次")],
    url: Url,
    token: Token,
    shipment: Annotated[str, typer.Option("--shipment", help="The shipment it came or went with. 发货单")],
    basis: Annotated[str, typer.Option("--basis", help="reo, dry, metal or an element: Nd. 比较基准")] = "reo",
    html: Html = None,
    lang: Lang = "zh",
    as_json: AsJson = False,
) -> None:
    """Both sides' values of what was accepted, and their difference. 结算单。"""
    path = path_of("batches", batch, "settlement")
    with node(url, token) as client:
        found = get(client, path, shipment=shipment, basis=basis)
        if html is not None:
            with patiently():
                page = client.get(path, shipment=shipment, basis=basis, format="html", lang=lang).body
            write_file(html, page)
            say(f"✓ {html}")
    if as_json:
        show_json(found)
        return
    sent, received = found["sent"]["views"], found["received"]["views"]
    rows = [(name, _view(sent.get(name)), _view(received.get(name))) for name in sent]
    show_table(("basis", found["from"], found["to"]), rows)
    if found["verdict"] is not None:
        difference, tolerance = show_mg(found["difference_mg"]), show_mg(found["tolerance_mg"])
        typer.echo(f"{found['basis']}: {difference}, tolerance ± {tolerance}: {found['verdict']}")


def _view(one: dict[str, Any] | None) -> str | None:
    return None if one is None else show_mg(one["mg"])
