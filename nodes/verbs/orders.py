"""Verbs of an authority about goods of others: freeze, release, void a shipment. They bind from their delivery."""

from typing import Any

from ledger.errors import Malformed, Unknown
from ledger.matter.events import is_id
from ledger.matter.quantities import amount
from nodes.verbs.books import node_of, notice_to, refuse_all_but_authority
from nodes.verbs.draft import Body, Delivery, Desk, Draft, at_of, documents_of, entry_of, only, recorded_of


def freeze(desk: Desk, body: Body) -> Draft:
    """Batches, or units of them, or so much of what stands loose of them, as the logs write them that made them
    (`log#id`).
    """
    rows: list[dict[str, Any]] = []
    for position, line in enumerate(body["lines"]):
        where = f"lines[{position}]"
        batch = _id_of(desk, line["batch"], f"{where}.batch")
        rows += [{"batch": batch, "unit": _id_of(desk, unit, f"{where}.units")} for unit in line.get("units") or ()]
        if line.get("quantity"):
            rows.append({"batch": batch, "mg": amount(line["quantity"], f"{where}.quantity").mg})
        elif not line.get("units"):
            rows.append({"batch": batch})
    to = node_of(desk, body["to"])
    return _draft(desk, body, {"kind": "freeze", "to": to}, rows)


def release(desk: Desk, body: Body) -> Draft:
    """The order ends, for all that it names; whom it was given to is told."""
    order = body["order"].removeprefix(f"{desk.origin}#")
    given = desk.locked_by(order)
    if given is None or not given.scalar("order"):
        raise Unknown("order-unknown", field="order", value=body["order"])
    return _draft(desk, body, {"kind": "release", "to": given.scalar("order")["to"], "ends": order}, [])


def inspect(desk: Desk, body: Body) -> Draft:
    """What was looked at, weighed or sampled at an organisation, and what came of it."""
    refuse_all_but_authority(desk)
    to = node_of(desk, body["to"])
    goods: list[dict[str, Any]] = []
    seen: list[dict[str, Any]] = []
    for position, line in enumerate(body.get("goods") or ()):
        where = f"goods[{position}]"
        named = {"batch": _id_of(desk, line["batch"], f"{where}.batch")}
        if line.get("unit"):
            named["unit"] = _id_of(desk, line["unit"], f"{where}.unit")
        goods.append(named)
        fields = {name: line.get(name) for name in ("method", "seen", "sample", "remark")}
        seen.append(only(**fields))
    slots = {
        "inspection": {"at": at_of(desk, body), "to": to, "result": body["result"]},
        "goods.chain": goods,
        "goods.partner": seen,
        "reason": only(text=body.get("reason"), announced_at=body.get("announced_at")) or None,
        "documents": documents_of(body),
        "recorded": recorded_of(desk, body),
    }
    return Draft(
        "inspected",
        slots,
        lambda sealed: {"to": to, "result": body["result"], "entry": entry_of(sealed)},
        deliveries=(notice_to(desk, to),),
    )


def void(desk: Desk, body: Body) -> Draft:
    """A shipment that its receiver never took is the sender's again. `voiding` and `unreceived`: nodes/voiding.py."""
    refuse_all_but_authority(desk)
    voiding = body["voiding"]
    slots = {
        "voiding": {"at": at_of(desk, body), **voiding},
        "unreceived": body["unreceived"],
        "reason": only(text=body.get("reason")) or None,
        "documents": documents_of(body),
        "recorded": recorded_of(desk, body),
    }
    size = body["unreceived"]["size"]
    return Draft(
        "voided",
        slots,
        lambda sealed: {"shipment": voiding["shipment"], "unreceived_at": size, "entry": entry_of(sealed)},
        deliveries=tuple(notice_to(desk, name) for name in (voiding["log"].rpartition("/")[0], voiding["to"])),
    )


def _draft(desk: Desk, body: Body, order: dict[str, Any], rows: list[dict[str, Any]]) -> Draft:
    refuse_all_but_authority(desk)
    slots = {
        "order": {"at": at_of(desk, body), **order},
        "lines.partner": rows,
        "reason": only(text=body.get("reason")) or None,
        "documents": documents_of(body),
        "recorded": recorded_of(desk, body),
    }
    deliveries: tuple[Delivery, ...] = (notice_to(desk, order["to"]),)
    return Draft(
        "ordered",
        slots,
        lambda sealed: {
            "order": f"{sealed.origin}#{order.get('ends') or sealed.event.ids['order']}",
            "to": order["to"],
            "entry": entry_of(sealed),
        },
        deliveries=deliveries,
    )


def _id_of(desk: Desk, given: str, field: str) -> str:
    if not is_id(given) or "#" not in given:
        raise Malformed("field-wrong", field=field, value=given, kind="log#id")
    return given.removeprefix(f"{desk.origin}#")
