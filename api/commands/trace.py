"""`lodetrace trace` and `lodetrace evidence`: for whoever asks where something comes from, or went."""

from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from api import pictures
from api.commands import goods
from api.commands.asking import get, node, path_of, patiently, unit_or_batch, write_file
from api.commands.terminal import AsJson, Token, Url, say, show_json
from ledger.matter.quantities import show_mg

LINES_MAX = 500
"""Lines of a tree on the terminal: more than that nobody reads, and --json and --dot have it all."""


def add(app: typer.Typer) -> None:
    app.command()(trace)
    app.command()(evidence)


def trace(
    batch: goods.Batch,
    url: Url,
    token: Token,
    forward: Annotated[
        bool, typer.Option("--forward", help="What became of it, instead of its origin. 正向追踪")
    ] = False,
    dot: Annotated[Path | None, typer.Option("--dot", help="Write it for Graphviz. 输出 DOT 文件")] = None,
    svg: Annotated[Path | None, typer.Option("--svg", help="Write a picture. 输出图片")] = None,
    lang: Annotated[Literal["en", "zh"], typer.Option(help="Language of the picture. 图片语言")] = "en",
    as_json: AsJson = False,
) -> None:
    """Where a batch comes from, step by step, with every gap named. 追溯来源或去向。"""
    direction, path = "forward" if forward else "back", path_of("batches", batch, "trace")
    with node(url, token) as client:
        found = get(client, path, direction=direction)
        own = str(get(client, "/readyz")["name"])
        if svg is not None:
            with patiently():
                drawn = client.get(path, accept="image/svg+xml", direction=direction, lang=lang).body
            write_file(svg, drawn)
            say(f"✓ {svg}")
    if dot is not None:
        write_file(dot, pictures.draw_dot(found, own).encode())
        say(f"✓ {dot}")
    if as_json:
        show_json(found)
        return
    tree = _tree(found, own)
    for line in islice(tree, LINES_MAX):
        typer.echo(line)
    if next(tree, None) is not None:
        number = len(found["nodes"])
        say(f"… {number} batches in all; --json, --dot or --svg show them. 共 {number} 个批次。")
    gaps = [f"! {gap['at']}: {' / '.join(pictures.why_of(gap))}" for gap in found["gaps"]]
    typer.echo("\n".join(["", *(gaps or ["No gaps. 没有缺口。"])]))


def _tree(found: Mapping[str, Any], own: str) -> Iterator[str]:
    """From the batch asked about outwards; what was shown before is named, and not unfolded again."""
    ahead, behind = ("to", "from") if found["direction"] == "back" else ("from", "to")
    nodes = {one["batch"]: one for one in found["nodes"]}
    next_to: dict[str, list[tuple[str, Any]]] = {}
    for edge in found["edges"]:
        next_to.setdefault(edge[ahead], []).append((edge[behind], edge["mass"]))
    seen: set[str] = set()
    waiting: list[tuple[str, str, Any]] = [(found["root"], "", None)]
    while waiting:
        batch, indent, mass = waiting.pop()
        amount = f"{show_mg(mass['mg'])} " if mass else ""
        again = batch in seen
        yield f"{indent}{amount}{_line(nodes[batch], own)}" + (" (as above 同上)" if again else "")
        if not again:
            seen.add(batch)
            waiting += [(other, f"{indent}  ", part) for other, part in reversed(next_to.get(batch, []))]


def _line(one: Mapping[str, Any], own: str) -> str:
    what = " ".join(filter(None, (one["product"] or "?", one["lot_no"])))
    who = one["organisation"] or one["log"] or own
    when = (one["at"] or "")[:10]
    again = "recomputed 已重算: " + " ".join(map(str, one["recomputed_by"])) if one["recomputed_by"] else ""
    return ", ".join(filter(None, (what, who, one["event"], when, one["country"], one["standing"], again)))


def evidence(
    code: Annotated[str, typer.Argument(metavar="BATCH_OR_UNIT", help="A batch or a unit. 批次或包装件")],
    url: Url,
    token: Token,
    out: Annotated[Path, typer.Option("--out", help="The file to write: X.evidence.json. 输出文件")],
    as_json: AsJson = False,
) -> None:
    """The portable proof of where it comes from; lodetrace verify checks it. 导出溯源证据包。"""
    with node(url, token) as client:
        kind, found = unit_or_batch(client, code)
        id_ = found["unit"] if kind == "units" else found["batch"]
        with patiently():
            proof = client.get(path_of(kind, id_, "evidence")).body
    write_file(out, proof)
    if as_json:
        show_json({"file": str(out), "bytes": len(proof), "of": id_})
    else:
        typer.echo(f"✓ {out}: {len(proof)} bytes; check it with: lodetrace verify {out} --trust POLICY")
