"""`lodetrace regime` and `lodetrace flows`: for whoever has to answer to a law or a buyer."""

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from api.commands.asking import get, node, path_of, unit_or_batch, write_file
from api.commands.books import Month, kg
from api.commands.terminal import AsJson, Token, Url, say, show_json, show_table
from ledger.errors import Unavailable
from ledger.matter.quantities import show_mg

_FINE = ("met", "not_covered")
_HEADS = {
    "gaps": ("gaps", "缺口"),
    "rules": ("rules that were applied", "所依规则"),
    "not_claimed": ("not claimed", "不作声明"),
}
_WORDS = {"proven": "已证明", "attested": "已鉴证", "claimed": "自称"}


def add(app: typer.Typer) -> None:
    app.command()(regime)
    app.command()(flows)


def regime(
    name: Annotated[str, typer.Argument(help="Which: dfars-7052, crma-28, crma-29, china-mark, … 合规报告名称")],
    code: Annotated[
        str | None, typer.Argument(metavar="[BATCH_OR_UNIT]", help="A batch or a unit. 批次或包装件")
    ] = None,
    evidence: Annotated[
        Path | None, typer.Option("--evidence", help="An evidence file, instead of a node. 溯源证据包（离线）")
    ] = None,
    trust: Annotated[Path | None, typer.Option("--trust", help="Your trust policy, with --evidence. 信任策略")] = None,
    url: Url = "",
    token: Token = "",
    as_json: AsJson = False,
    lang: Annotated[Literal["en", "zh"], typer.Option(help="Language of the report. 报告语言")] = "en",
) -> None:
    """What a law or a buyer asks of goods, what is known of it, and every gap. 合规报告与证据缺口。"""
    if (code is None) == (evidence is None):
        raise typer.BadParameter("give a batch or a unit, or --evidence FILE / 请给出批次或包装件，或 --evidence 文件")
    if evidence is None and not (url and token):
        raise typer.BadParameter("a node is asked with --url and --token / 查询节点须给出 --url 与 --token")
    if evidence is not None:
        found = _of_file(name, evidence, trust)
    else:
        with node(url, token) as client:
            kind, goods = unit_or_batch(client, str(code))
            found = get(client, path_of(kind, goods["unit" if kind == "units" else "batch"], "regimes", name))
    if as_json:
        show_json(found)
    else:
        for line in _report(found, lang):
            typer.echo(line)
    if found["result"] not in _FINE:
        sys.exit(1)


def _of_file(name: str, file: Path, trust: Path | None) -> dict[str, Any]:
    """Offline: what the file discloses, by the shipped reference data."""
    from ledger.evidence import parse_evidence, verify
    from ledger.log.trust import Policy
    from ledger.matter.reference import Reference
    from ledger.matter.regimes.choice import known, report_on
    from ledger.tracing import trace_of
    from ledger.verdict import judge
    from nodes.clock import system_clock

    known(name)
    try:
        data, policy = file.read_bytes(), None if trust is None else Policy.parse(trust.read_bytes())
    except OSError as error:
        raise Unavailable("file-unreadable", field=str(error.filename), value=error.strerror) from error
    result = verify(parse_evidence(data), policy, system_clock())
    return report_on(name, trace_of(result, judge(result)), Reference.parse()).to_json()


def _report(found: Mapping[str, Any], lang: str) -> Iterator[str]:
    heads = {name: words[0 if lang == "en" else 1] for name, words in _HEADS.items()}
    mark = "✓" if found["result"] in _FINE else "✗"
    yield f"{mark} {found['name'][lang]} — {found['law']}"
    yield f"  {found['result']}: {found['text'][lang]}"
    for line in found["lines"]:
        word = line["standing"] if lang == "en" else _WORDS[line["standing"]]
        by = f" ({', '.join(line['attested_by'])})" if line["attested_by"] else ""
        yield f"  {'✗' if line['breaks'] else '·'} {word}{by}: {line['text'][lang]}"
    yield f"{heads['gaps']}: {len(found['gaps'])}"
    yield from (f"  ! {gap['text'][lang]}" for gap in found["gaps"])
    yield f"{heads['rules']} ({found['ruleset']}):"
    for rule in found["rules"]:
        values = [rule.get("day"), *rule.get("texts", ()), *(str(rule[one]) for one in ("mg", "ppm") if one in rule)]
        yield f"  {rule[lang]}: {', '.join(filter(None, values))} [{rule['confidence']}: {rule['source']}]"
    yield f"{heads['not_claimed']}: {found['not_claimed'][lang]}"


def flows(
    url: Url,
    token: Token,
    month: Month,
    out: Annotated[
        Path | None, typer.Option("--out", help="Write it here for a spreadsheet: .csv or .xlsx. 导出表格")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """A month's flows by product, made ready for the official upload. 稀土产品流向月报（备报）。"""
    with node(url, token) as client:
        if out is not None:
            form = "xlsx" if out.suffix.lower() == ".xlsx" else "csv"
            write_file(out, client.get("/api/v1/reports/flows", accept="*/*", month=month, format=form).body)
        found = get(client, "/api/v1/reports/flows", month=month)
    if as_json:
        show_json(found)
        return
    columns = ("opening", "purchased", "produced", "consumed", "sold", "exported", "closing")
    rows = [
        (row["product"], *(show_mg(row[name]["mg"]) for name in columns), kg(row["closing"]["reo_ug"]))
        for row in found["rows"]
    ]
    show_table(("product", *columns, "closing REO kg"), rows)
    for gap in found["gaps"]:
        say(f"! {gap['text']['en']} {gap['text']['zh']}")
