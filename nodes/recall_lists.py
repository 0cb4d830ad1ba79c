"""A recall's list as a file for spreadsheets, and as facts for a page to print: a place a line, in one language."""

import csv
import io
from collections.abc import Iterator, Mapping
from typing import Any

from ledger.matter.quantities import show_mg
from nodes.node import Node

COLUMNS = (
    ("关系", "relation"),
    ("批次", "batch"),
    ("批号", "lot"),
    ("产品", "product"),
    ("包装件", "unit"),
    ("位置", "place"),
    ("场所或持有方", "site or holder"),
    ("重量 kg", "kg"),
    ("发货单", "shipment"),
    ("日期", "date"),
    ("状态", "status"),
)
HOW = {"direct": ("直接", "direct"), "indirect": ("间接", "indirect")}
PLACES = {
    "loose": ("本单位散存", "here, loose"),
    "unit": ("本单位包装件", "here, in a unit"),
    "pool": ("料仓/槽体内", "here, in a pool"),
    "sent": ("已发出", "sent"),
}
PERIOD = ("料仓/槽体周期", "period of a pool")
KINDS = {
    "safety": ("安全", "safety"),
    "quality": ("质量", "quality"),
    "origin": ("来源", "origin"),
    "dispute": ("争议", "dispute"),
    "ordered": ("监管指令", "ordered"),
    "other": ("其他", "other"),
}
STATUSES = {
    "offered": "已发出",
    "delivered": "已送达",
    "received in part": "部分收货",
    "received": "已收货",
    "acknowledged": "已确认",
    "undeliverable": "无法送达",
    "declined": "已拒收",
    "disputed": "有争议",
    "overdue": "逾期未收",
    "voided": "已作废",
    "here": "在库",
    "quarantined": "待判定",
}
_RISKY = ("=", "+", "-", "@", "\t", "\r")


def as_csv(node: Node, recall: Mapping[str, Any], language: str) -> str:
    """UTF-8 with the mark by which spreadsheets know it. No cell is taken for a formula."""
    place = _place(language)
    out = io.StringIO()
    write = csv.writer(out)
    write.writerow([column[place] for column in COLUMNS])
    for row in _rows(node, recall, language):
        write.writerow([_safe(str(cell)) for cell in row])
    return f"\ufeff{out.getvalue()}"


def _safe(text: str) -> str:
    return f"'{text}" if text.startswith(_RISKY) else text


def as_page(node: Node, recall: Mapping[str, Any], language: str) -> dict[str, Any]:
    """The facts of the page: who has to be told, and the list, a batch at a time."""
    place = _place(language)
    return {
        "recall": recall,
        "kind": KINDS.get(recall["kind"], (recall["kind"],) * 2)[place],
        "organisation": recall["by"] if "#" in recall["lock"] else _own_name(node, place),
        "parts": [
            (
                HOW[how][place],
                [_batch(node, one, language) for one in recall["goods"] if one["how"] == how],
                _sums(recall["totals"][how]),
            )
            for how in HOW
        ],
        "holders": [
            {
                **holder,
                "direct": show_mg(holder["direct_mg"]),
                "indirect": show_mg(holder["indirect_mg"]),
                "returned": show_mg(holder["returned_mg"]),
            }
            for holder in recall["holders"]
        ],
    }


def _batch(node: Node, one: Mapping[str, Any], language: str) -> dict[str, Any]:
    """A batch, and its places as (unit or how it stands, where, kg, shipment, date, status)."""
    cells = (row[4:] for row in _places(node, one, language))
    rows = [(unit or place, where, *rest) for unit, place, where, *rest in cells]
    return {"batch": one["batch"], "lot_no": one["lot_no"], "product": _product(node, one, language), "rows": rows}


def _own_name(node: Node, place: int) -> str:
    latin = node.settings.organisation_en if place == 1 else None
    return latin or node.settings.organisation


def _sums(totals: Mapping[str, int]) -> dict[str, Any]:
    return {**totals, "here": show_mg(totals["here_mg"]), "sent": show_mg(totals["sent_mg"])}


def _place(language: str) -> int:
    return 1 if language == "en" else 0


def _rows(node: Node, recall: Mapping[str, Any], language: str) -> Iterator[tuple[str, ...]]:
    """Every place where some of it is, in the order of COLUMNS."""
    for one in recall["goods"]:
        yield from _places(node, one, language)


def _places(node: Node, one: Mapping[str, Any], language: str) -> Iterator[tuple[str, ...]]:
    place = _place(language)
    head = (HOW[one["how"]][place], one["batch"], one["lot_no"] or "", _product(node, one, language))
    if one["pool"]:
        yield (*head, "", PLACES["pool"][place], one["pool"], "", "", "", "")
    for held in one["loose"]:
        site = held["site"] if held["owner"] is None else f"{held['site']} ({held['owner']})"
        yield (*head, "", PLACES["loose"][place], site, _kg(held["mg"]), "", "", _status("here", place))
    for unit in one["units"]:
        status = _status(unit["state"], place)
        yield (*head, unit["serial"], PLACES["unit"][place], unit["site"], _kg(unit["net_mg"]), "", "", status)
    for sent in one["sent"]:
        yield from _sent(head, sent, place)


def _product(node: Node, one: Mapping[str, Any], language: str) -> str:
    if one["pool"]:
        return PERIOD[_place(language)]
    return node.reference.product_name(one["product"], language)


def _sent(head: tuple[str, ...], sent: Mapping[str, Any], place: int) -> Iterator[tuple[str, ...]]:
    """Its units one by one, and what of it was loose."""
    outside = sent["to"].get("outside")
    to = f"{outside['name']} ({outside['country']})" if outside else sent["to"]["node"]
    tail = (sent["shipment"], sent["at"][:10], _status(sent["status"], place))
    leaves = [unit for unit in sent["units"] if not unit["stack"]]
    for unit in leaves:
        yield (*head, unit["serial"], PLACES["sent"][place], to, _kg(unit["net_mg"]), *tail)
    loose = sent["mg"] - sum(unit["net_mg"] for unit in leaves)
    if loose > 0:
        yield (*head, "", PLACES["sent"][place], to, _kg(loose), *tail)


def _status(status: str, place: int) -> str:
    return STATUSES.get(status, status) if place == 0 else status


def _kg(mg: int) -> str:
    return show_mg(mg).removesuffix(" kg")
