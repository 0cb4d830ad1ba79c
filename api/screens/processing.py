"""Processing: goods are scanned in one after another, what came of them is typed, and what it comes to is told live.

Rows live in the form itself, so the page works without a script: a button adds one and shows the form again. The
first button of the form is the one that Enter presses, and a scanner ends each code with Enter: it adds a row.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import Response

from api.screens.frame import Screens, Visit
from api.screens.picking import put_rows
from api.screens.products import product_groups
from api.screens.telling import teller
from ledger.errors import LodetraceError, Malformed, Refusal
from ledger.matter.yields import Expected
from nodes import processing
from nodes.processing import Picked

ASSEMBLE = "assemble"
_OURS = ("do", "add", "serial", "count:int", "net", "product", "lot_no", "kind")
_ROW = re.compile(r"(inputs|outputs|losses)\[(\d{1,4})\]")
_SERIES = re.compile(r"(.*?)([0-9]{1,12})").fullmatch
BAND_WIDTH = 1000


@dataclass(frozen=True, slots=True)
class Row:
    """One input of the form: its number there, and the goods."""

    at: int
    picked: Picked


@dataclass(frozen=True, slots=True)
class Band:
    """Where shares lie in a drawing `BAND_WIDTH` wide that ends a little above and below all of them."""

    least: int
    typical: int
    greatest: int
    here: int | None


def routes(screens: Screens) -> None:
    @screens.page("/process", "clerk", posts=True)
    async def process(visit: Visit) -> Response:
        form = visit.form
        if not visit.posted and visit.asked("goods"):
            form.values["add"] = visit.asked("goods")
            _add(visit)
        do = form.value("do") if visit.posted else ""
        if do == "add":
            _add(visit)
        elif do.startswith("drop "):
            _drop(visit, do[5:])
        elif do == "record":
            verb = ASSEMBLE if _assembles(visit) else "transform"
            answer = await visit.record(verb, lambda: _body(visit))
            if answer is not None:
                return visit.see(f"/process/{answer['entry']['index']}", visit._("Recorded."))
        return _shown(visit, more=do)

    @screens.page("/process/preview", "clerk", posts=True)
    def preview(visit: Visit) -> Response:
        """A part of the page above: what went in and came out so far, and where the yield lies."""
        found, error = None, ""
        try:
            body = _body(visit)
            if body.get("inputs") and not _assembles(visit):
                found = processing.expected(visit.node, body)
        except LodetraceError as refused:
            error = teller(visit, {})(refused)
        band = None if found is None else _band(found)
        return visit.render("process_preview.html", 200, found=found, band=band, error=error)

    @screens.page("/process/{entry}")
    def made(visit: Visit) -> Response:
        told = visit.request.path_params["entry"]
        if not told.isdecimal() or len(told) > 15:
            raise Malformed(
                "fields-wrong", field="entry", value=told, en="entry must be a number.", zh="entry 应为数字。"
            )
        return visit.render("processed.html", made=processing.made(visit.node, int(told)))


# -- rows -------------------------------------------------------------------------------------------------------------


def _add(visit: Visit) -> None:
    """The goods that were scanned or typed become a row; what is in the list already is not taken twice."""
    form = visit.form
    text = form.value("add").strip()
    if not text:
        return
    try:
        found = processing.pick_all(visit.node, text)
    except LodetraceError as error:
        visit.refuse(error, at="add")
        return
    form.values["add"] = ""
    put_rows(form, "inputs", {row.at: row.picked for row in _rows(visit)}, found)


def _drop(visit: Visit, where: str) -> None:
    for name in [name for name in visit.form.values if name.startswith(f"{where}.")]:
        del visit.form.values[name]


def _rows(visit: Visit) -> list[Row]:
    values = visit.form.values
    numbers = sorted(int(found[2]) for name in values if (found := _ROW.match(name)) and name.endswith("].batch"))
    return [
        Row(at, processing.picked(visit.node, values[f"inputs[{at}].batch"], values.get(f"inputs[{at}].units[0]", "")))
        for at in numbers
    ]


def _numbers(visit: Visit, name: str, more: bool, least: int) -> list[int]:
    """Rows of outputs or losses that the form has, and one more where that is asked for."""
    known = {int(found[2]) for one in visit.form.values if (found := _ROW.match(one)) and found[1] == name}
    known |= set(range(least))
    return [*sorted(known), *([max(known, default=-1) + 1] if more else [])]


# -- what is recorded -------------------------------------------------------------------------------------------------


def _assembles(visit: Visit) -> bool:
    return visit.form.value("steps[0].process") == ASSEMBLE


def _body(visit: Visit) -> dict[str, Any]:
    """The form as the interface takes it. A row without a mass is one that nobody has filled in."""
    body = visit.form.body(without=_OURS)
    body["inputs"] = [_line(line) for line in body.get("inputs") or ()]
    body["outputs"] = [row for row in body.get("outputs") or () if "value" in row.get("quantity", {})]
    losses = [row for row in body.get("losses") or () if "value" in row.get("quantity", {})]
    if not _assembles(visit):
        return {
            **{name: part for name, part in body.items() if name != "losses"},
            **({"losses": losses} if losses else {}),
        }
    rest = {name: part for name, part in body.items() if name not in ("outputs", "losses")}
    return {**rest, **_assembled(visit)}


def _line(line: Mapping[str, Any]) -> dict[str, Any]:
    named = "units" in line or "value" not in line.get("quantity", {})
    return {name: part for name, part in line.items() if not (named and name == "quantity")}


def _assembled(visit: Visit) -> dict[str, Any]:
    """One new batch of things whose serials count on from the first."""
    form = visit.form
    first = form.value("serial").strip()
    found = _SERIES(first)
    if found is None:
        raise Malformed("series-without-number", field="serial", value=first)
    prefix, digits = found.groups()
    count = form.value("count:int", "1").strip()
    if not count.isdecimal() or len(count) > 5:
        raise Refusal("list-too-long", field="count", value=count, limit=10_000)
    serials = {"prefix": prefix, "first": int(digits), "count": int(count), "digits": len(digits)}
    unit = {
        "serials": serials,
        "kind": form.value("kind") or "motor",
        "net": {"value": form.value("net").strip(), "unit": "kg"},
    }
    lot = form.value("lot_no").strip()
    return {"product": form.value("product"), "units": [unit], **({"lot_no": lot} if lot else {})}


# -- what is shown ----------------------------------------------------------------------------------------------------


def _shown(visit: Visit, more: str) -> Response:
    reference, language = visit.node.reference, visit.language
    offered = processing.on_hand(visit.node)
    sites = [(one.code, one.code) for one in visit.node.settings.sites]
    rows = _rows(visit)
    at_rows = {name for name in visit.form.errors if _ROW.match(name)}
    return visit.render(
        "process.html",
        instead={"outputs": ("outputs[0].quantity.value",)},
        rows=rows,
        offered=offered,
        processes=sorted(((code, reference.process_name(code, language)) for code in reference.processes), key=_second),
        products=product_groups(visit, (one.product for one in offered)),
        kinds=[(code, row[language]) for code, row in reference.packages.items()],
        sites=sites,
        assembles=_assembles(visit),
        outputs=_numbers(visit, "outputs", more == "output", 1),
        losses=_numbers(visit, "losses", more == "loss", 1),
        fields={*visit.form.values, "add", "serial", "count", "net", "lot_no", "product", *at_rows},
    )


def _second(pair: tuple[str, str]) -> str:
    return pair[1]


def _band(found: Expected) -> Band | None:
    if found.least is None or found.typical is None or found.greatest is None:
        return None
    shown = [found.least, found.greatest, *([] if found.share is None else [found.share])]
    low, high = min(shown), max(shown)
    pad = max((high - low) // 5, 1)

    def place(ppm: int) -> int:
        return (ppm - low + pad) * BAND_WIDTH // (high - low + 2 * pad)

    here = None if found.share is None else place(found.share)
    return Band(place(found.least), place(found.typical), place(found.greatest), here)
