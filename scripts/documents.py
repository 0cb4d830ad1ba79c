"""Writes the parts of docs/ that follow from the code: routes, examples, errors, commands, settings.

    python scripts/documents.py            writes them where they are stale
    python scripts/documents.py --check    names the stale ones, and ends with 1 if there are any

Made is what stands between `<!-- made by scripts/documents.py: NAME -->` and `<!-- end -->`; all else is written by
hand.
"""

import ast
import json
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import MISSING
from pathlib import Path
from typing import Any
from urllib.parse import quote

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from fastapi import APIRouter  # noqa: E402
from pydantic_core import PydanticUndefined  # noqa: E402
from typer.main import get_command  # noqa: E402

from api import (  # noqa: E402
    batches,
    bulk,
    cases,
    certificates,
    corrections,
    deposit_pages,
    deposits,
    devices,
    element_years,
    entries,
    findings,
    forks,
    health,
    holds,
    imports,
    inbox,
    log,
    measuring,
    notices,
    orders,
    outside,
    oversight,
    pools,
    printing,
    quotas,
    regimes,
    registry,
    relay,
    roll,
    scan,
    shipments,
    units,
    witness,
)
from api.access import Required  # noqa: E402
from api.cli import build  # noqa: E402
from api.errors import STATUS, TITLE  # noqa: E402
from api.recording import Recording  # noqa: E402
from api.verbs import RECORDINGS  # noqa: E402
from ledger import errors  # noqa: E402
from ledger.errors import LodetraceError  # noqa: E402
from ledger.messages import MESSAGES  # noqa: E402
from nodes import config  # noqa: E402
from nodes.store.rebuild import DERIVABLE, NOT_DERIVABLE  # noqa: E402

DOCUMENTS = [ROOT / "docs" / f"{name}.md" for name in ("commands", "errors", "interface", "operating", "settings")]
WIDTH = 100
_PART = re.compile(r"(?<=<!-- made by scripts/documents.py: )([\w ]+)( -->\n)(.*?)(?=<!-- end -->)", re.DOTALL)


def render(document: str) -> str:
    """The document with its made parts as they are now."""

    def part(match: re.Match[str]) -> str:
        name, _, argument = match[1].partition(" ")
        made = PARTS[name](argument) if argument else PARTS[name]()
        return f"{match[1]}{match[2]}{made}\n"

    return _PART.sub(part, document)


def row(*cells: object) -> str:
    return f"| {' | '.join(str(cell).replace('|', chr(92) + '|') for cell in cells)} |"


def table(*columns: str) -> list[str]:
    return [row(*columns), row(*("---" for _ in columns)).replace(" ", "")]


# -- routes and examples ------------------------------------------------------------------------------------------


class _Node:
    """Stands where a node would: routers are made to be listed, and never asked."""

    origin = "node.example/log"

    def __getattr__(self, name: str) -> Any:
        return _Node()


class _Door:
    def require(self, role: str, *, nodes: bool = False) -> Required:
        return Required(None, role, nodes=nodes)  # type: ignore[arg-type]


def routers() -> Iterator[APIRouter]:
    node: Any = _Node()
    for part in (
        batches,
        units,
        shipments,
        pools,
        printing,
        measuring,
        devices,
        regimes,
        holds,
        notices,
        bulk,
        imports,
        certificates,
        entries,
        findings,
        quotas,
        orders,
        deposits,
        oversight,
        cases,
        outside,
        element_years,
        registry,
        roll,
        log,
        forks,
        scan,
    ):
        yield part.routes(node, _Door())  # type: ignore[arg-type]
    yield corrections.routes(node, _Door(), {})  # type: ignore[arg-type]
    yield inbox.routes(node, _Door())  # type: ignore[arg-type]
    yield relay.routes(node, _Door())  # type: ignore[arg-type]
    yield witness.routes(node, str)
    yield deposit_pages.routes(node)
    yield health.routes(node, _Node())  # type: ignore[arg-type]


def role_of(route: Any) -> str:
    """The role that a route asks for at its door; what it asks for later, its own text says."""
    found = [one.call for one in route.dependant.dependencies if isinstance(one.call, Required)]
    if found:
        return f"{found[0].role}{', another node' if found[0].nodes else ''}"
    between = route.path.startswith(("/inbox/", "/deposits/")) or ("POST" in route.methods and "/relay/" in route.path)
    return "another node" if between else "anyone"


def routes_table() -> str:
    lines = table("method and path", "who", "what")
    for router in routers():
        for route in router.routes:
            if not route.include_in_schema:  # type: ignore[attr-defined]
                continue  # a page
            path = re.sub(r":path\}", "}", route.path)  # type: ignore[attr-defined]
            method = next(iter(sorted(route.methods - {"HEAD"})))  # type: ignore[attr-defined]
            lines.append(row(f"`{method} {path}`", role_of(route), route.summary))  # type: ignore[attr-defined]
    return "\n".join(lines)


def recordings() -> dict[str, Recording]:
    """Those whose example can be played: there is no log on the page whose keys were replaced."""
    return {verb: one for verb, one in RECORDINGS.items() if verb != "confirm_keys"}


def example(verb: str) -> str:
    """A request with its body, and its answer, as the OpenAPI description shows them too."""
    one = recordings()[verb]
    path = one.path
    for part in re.findall(r"\{(\w+)(?::path)?\}", one.path):
        path = re.sub(rf"\{{{part}(:path)?\}}", quote(str(one.answer.get(part, one.names.get(part))), safe=""), path)
    name = one.answer["entry"]["log"].rpartition("/")[0]
    role = "" if one.role == "clerk" else f" role={one.role}"
    request = f"```http at={name}{role}\nPOST {path}\n\n{shown(one.example)}\n```"
    return f"{request}\n\n```json 201\n{shown(one.answer)}\n```"


def shown(value: Any, indent: str = "") -> str:
    """JSON on as few lines as fit the width."""
    flat = json.dumps(value, ensure_ascii=False)
    if len(indent) + len(flat) <= WIDTH or not value or not isinstance(value, dict | list):
        return flat
    deeper = indent + " "
    if isinstance(value, dict):
        rows = [f"{json.dumps(key, ensure_ascii=False)}: {shown(item, deeper)}" for key, item in value.items()]
        return "{" + ",".join(f"\n{deeper}{line}" for line in rows) + f"\n{indent}}}"
    return "[" + ",".join(f"\n{deeper}{shown(item, deeper)}" for item in value) + f"\n{indent}]"


# -- errors -------------------------------------------------------------------------------------------------------

COMPUTED = {
    "first.code": (
        "guard-capacity guard-moisture guard-oxide-metal guard-slip guard-spelling guard-ticket-used "
        "guard-wet-for-dry guard-yield"
    ),
    "way_out": (
        "correction-in-pool reversal-of-acknowledgement reversal-of-closing reversal-of-confirmation "
        "reversal-of-device "
        "reversal-of-measurement reversal-of-receipt reversal-of-shipment reversal-of-status reversal-of-told"
    ),
    "unknown": "batch-unknown shipment-unknown unit-unknown",
    "code": "database-damaged database-locked database-readonly disk-failing disk-full",
}
"""Places whose code is an expression: the codes it may be."""


def classes() -> dict[str, set[str]]:
    """Code → the classes it is raised as, read from the code."""
    kinds = {name for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, LodetraceError)}
    found: dict[str, set[str]] = {}
    for path in sorted(file for folder in ("ledger", "nodes", "api") for file in (ROOT / folder).rglob("*.py")):
        for call in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.args and call.func.id in kinds:
                for code in codes_of(call.args[0]):
                    found.setdefault(code, set()).add(call.func.id)
    return found


def codes_of(expression: ast.expr) -> list[str]:
    if isinstance(expression, ast.Constant) and isinstance(expression.value, str):
        return [expression.value]
    if isinstance(expression, ast.IfExp):
        return [*codes_of(expression.body), *codes_of(expression.orelse)]
    return COMPUTED[ast.unparse(expression)].split()


def errors_table() -> str:
    raised = classes()
    lines = table("code", "status", "class", "sentence")
    for code in sorted(MESSAGES):
        kinds = sorted(raised[code])
        statuses = sorted({STATUS.get(code, STATUS[getattr(errors, kind)]) for kind in kinds})
        sentence = MESSAGES[code][0].strip().replace("\n", " ")
        lines.append(row(f"`{code}`", ", ".join(map(str, statuses)), ", ".join(kinds), sentence))
    return "\n".join(lines)


def classes_table() -> str:
    lines = table("class", "title", "status", "when")
    for kind, title in TITLE.items():
        lines.append(
            row(kind.__name__, title, STATUS[kind], (kind.__doc__ or "").strip().partition(". `")[0].rstrip(".") + ".")
        )
    return "\n".join(lines)


# -- commands -----------------------------------------------------------------------------------------------------


def commands() -> str:
    """Every command with its arguments and options, in the order of `lodetrace --help`."""
    parts = []
    for name, command in leaves(get_command(build())):
        arguments = [one for one in command.params if one.param_type_name == "argument"]
        options = [one for one in command.params if one.param_type_name == "option" and one.name != "help"]
        usage = " ".join([f"lodetrace {name}", *(_argument(one) for one in arguments), "[OPTIONS]" if options else ""])
        lines = [f"### lodetrace {name}", "", command.help or "", "", f"    {usage.strip()}", ""]
        lines += table("option", "", "what")
        for one in (*arguments, *options):
            title = _argument(one) if one in arguments else ", ".join(f"`{text}`" for text in one.opts)
            lines.append(row(title, _needed(one), one.help))
        parts.append("\n".join(lines))
    return "\n\n".join(parts)


def leaves(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    for name, inner in getattr(command, "commands", {}).items():
        yield from leaves(inner, (*path, name))
    if not hasattr(command, "commands"):
        yield " ".join(path), command


def _argument(one: Any) -> str:
    name = one.metavar or str(one.name).upper()
    name += "…" if one.nargs == -1 else ""
    return name if one.required else f"[{name}]"


def _needed(one: Any) -> str:
    said = []
    if one.required:
        said.append("needed")
    if getattr(one, "multiple", False):
        said.append("repeatable")
    if one.envvar:
        said.append(f"else `{one.envvar}`")
    if one.default not in (None, False, MISSING, ()) and not callable(one.default) and not one.required:
        said.append(f"default {one.default}")
    return ", ".join(said)


# -- settings -----------------------------------------------------------------------------------------------------


def settings_table() -> str:
    lines = table("setting", "variable", "default", "what belongs there", "说明")
    for name in config.NAMES:
        field = config.Settings.model_fields[name]
        if field.is_required():
            default = "needed"
        elif field.default is PydanticUndefined:
            default = f"made from the others: `{config.Settings.model_fields[name].default_factory({'port': 8470})}`"  # type: ignore[call-arg,misc]
        else:
            default = "none" if field.default in (None, (), {}) else f"`{json.dumps(field.default, default=str)}`"
        says = config.says(name)
        lines.append(row(f"`{name}`", f"`{config.variable(name)}`", default, says.en, says.zh))
    return "\n".join(lines)


# -- tables of the database ---------------------------------------------------------------------------------------


def derivable() -> str:
    return ", ".join(f"`{name}`" for name in DERIVABLE)


def not_derivable() -> str:
    return ", ".join(f"`{name}`" for name in NOT_DERIVABLE)


PARTS: dict[str, Callable[..., str]] = {
    "routes": routes_table,
    "example": example,
    "errors": errors_table,
    "classes": classes_table,
    "commands": commands,
    "settings": settings_table,
    "derivable": derivable,
    "not_derivable": not_derivable,
}


def main(arguments: list[str]) -> int:
    stale = [path for path in DOCUMENTS if render(text := path.read_text("utf-8")) != text]
    for path in stale:
        print(f"{path.relative_to(ROOT)} {'is stale' if '--check' in arguments else 'written'}")
        if "--check" not in arguments:
            path.write_text(render(path.read_text("utf-8")), "utf-8")
    return 1 if stale and "--check" in arguments else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
