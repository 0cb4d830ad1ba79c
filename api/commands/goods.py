"""How goods are written on the command line, and how they are shown.

    20 t · 20 t dry · 15 kg 500 pcs     a quantity: value, unit, perhaps its basis, perhaps pieces
    XF-1=20 t                           so much of a batch, all units of it that are named beside it included
    prnd_oxide:PN-7=4040 kg             a new batch: product, lot number, quantity
    D-001..D-088                        serials, from the first to the last

Only the form is read here, and numbers stay the text that they are; the node says whether they mean anything.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.commands.asking import get, pages, path_of
from api.commands.terminal import tracked
from ledger.errors import Unknown
from ledger.matter.quantities import show_mg

if TYPE_CHECKING:
    from nodes.peers import ApiClient

RANGE_MAX = 10_000
EVERY = 2**31
"""A limit that no list reaches."""
_QUANTITY = re.compile(r"(\d[\d.]*)\s*([A-Za-z]\w*)((?:\s+\S+)*)").fullmatch
_PIECES = ("pcs", "pieces", "件")
_RANGE = re.compile(r"(.*?)(\d+)\.\.(.*?)(\d+)").fullmatch

Batch = Annotated[str, typer.Argument(help="Its id, lot number or your own number. 批次")]
Lines = Annotated[
    list[str] | None,
    typer.Option(
        "--line", help='BATCH=QUANTITY, the units named beside it included; repeatable: "PN-7=2 t". 批次=数量'
    ),
]
Inputs = Annotated[list[str] | None, typer.Option("--input", help='BATCH=QUANTITY, repeatable: "XF-1=20 t". 批次=数量')]
Outputs = Annotated[
    list[str] | None,
    typer.Option("--output", help='PRODUCT[:LOT]=QUANTITY, repeatable: "prnd_oxide:PN-7=4 t". 产出'),
]
Losses = Annotated[list[str] | None, typer.Option("--loss", help='KIND=QUANTITY, repeatable: "residue=1.2 t". 损耗')]
Steps = Annotated[
    list[str] | None, typer.Option("--step", help="PROCESS[@SITE], in order, repeatable: separation@plant-1. 工序")
]
Units = Annotated[
    list[str] | None, typer.Option("--unit", help="A unit's serial, or a range D-001..D-088, repeatable. 包装件序列号")
]
StandsAt = Annotated[str | None, typer.Option("--site", help="Only what stands there. 场所")]
UnitsOf = Annotated[
    list[str] | None,
    typer.Option("--units-of", help="All units of this batch that are yours to use, repeatable. 整批可用包装件"),
]


# -- read ---------------------------------------------------------------------------------------------------------


def quantity(text: str, option: str) -> dict[str, Any]:
    """The object of a quantity. Misuse if it is none by its form."""
    match = _QUANTITY(text.strip())
    rest = [] if match is None else match[3].split()
    found: dict[str, Any] = {} if match is None else {"value": match[1], "unit": match[2]}
    if len(rest) >= 2 and rest[-1] in _PIECES and rest[-2].isdecimal():
        found["count"] = int(rest[-2])
        rest = rest[:-2]
    if match is None or len(rest) > 1:
        raise typer.BadParameter(f"{option} {text!r} is no quantity, such as 20 t / 不是数量，应如 20 t")
    found["basis"] = rest[0] if rest else "net"
    return found


def pair(text: str, option: str) -> tuple[str, dict[str, Any]]:
    """`NAME=QUANTITY`; a name may hold an equals sign, a quantity does not."""
    name, equals, rest = text.rpartition("=")
    if not equals or not name:
        raise typer.BadParameter(f"{option} {text!r} lacks NAME=QUANTITY / 应为 名称=数量")
    return name, quantity(rest, option)


def line(text: str, option: str) -> dict[str, Any]:
    """`BATCH=QUANTITY`."""
    batch, amount = pair(text, option)
    return {"batch": batch, "quantity": amount}


def output(text: str) -> dict[str, Any]:
    """`PRODUCT[:LOT]=QUANTITY`."""
    made, amount = pair(text, "--output")
    product, colon, lot = made.partition(":")
    return {"product": product, **({"lot_no": lot} if colon else {}), "quantity": amount}


def loss(text: str) -> dict[str, Any]:
    """`KIND=QUANTITY`."""
    kind, amount = pair(text, "--loss")
    return {"kind": kind, "quantity": amount}


def step(text: str) -> dict[str, Any]:
    """`PROCESS[@SITE]`."""
    process, at, site = text.partition("@")
    return {"process": process, "site": site} if at else {"process": process}


def serials(texts: Iterable[str], option: str) -> list[str]:
    """Serials with ranges written out: both ends of one must have the same words and as many digits, or more."""
    found: list[str] = []
    for text in texts:
        match = _RANGE(text)
        if match is None:
            found.append(text)
            continue
        prefix, first, again, last = match.groups()
        numbers = range(int(first), int(last) + 1)
        if again not in ("", prefix) or not 0 < len(numbers) <= RANGE_MAX:
            raise typer.BadParameter(
                f"{option} {text!r} is no range, such as D-001..D-088 / 不是区间，应如 D-001..D-088"
            )
        found += [f"{prefix}{number:0{len(first)}d}" for number in numbers]
    return found


# -- looked up ----------------------------------------------------------------------------------------------------


def lines_of(
    client: "ApiClient", lines: Sequence[str], units: Sequence[str], units_of: Sequence[str], option: str
) -> list[dict[str, Any]]:
    """Lines of a request: what is named by quantity, and units under the batches that they hold, one line a batch.

    Where a batch is named both ways, its quantity is all of it, the units included.
    """
    read = [line(text, option) for text in lines]
    if not units and not units_of:
        return read
    found = {_batch_id(client, one["batch"]): one for one in read}
    named = list(_named_units(client, units))
    for batch in units_of:
        here = pages(client, "/api/v1/units", "units", EVERY, batch=batch, usable="true")["units"]
        if not here:
            raise Unknown("no-units-here", field="--units-of", value=batch)
        named += here
    for unit in named:
        found.setdefault(unit["batch"], {"batch": unit["batch"]}).setdefault("units", []).append(unit["unit"])
    return list(found.values())


def _batch_id(client: "ApiClient", code: str) -> str:
    return str(get(client, path_of("batches", code))["batch"])


def _named_units(client: "ApiClient", units: Sequence[str]) -> Iterable[dict[str, Any]]:
    for serial in tracked(serials(units, "--unit"), "Units 包装件"):
        yield get(client, path_of("units", serial))


# -- shown --------------------------------------------------------------------------------------------------------


def amount_of(thing: Mapping[str, Any], field: str = "mg") -> str:
    """`1948.5 kg`, with the pieces of what is counted."""
    count = thing.get("count")
    return show_mg(thing[field]) + (f", {count} pcs" if count is not None else "")
