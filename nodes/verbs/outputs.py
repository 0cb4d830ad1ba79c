"""What comes out: the rows of an event's outputs and losses, as a request states them, with the typing guards asked."""

from collections.abc import Mapping, Sequence
from typing import Any

from ledger.matter.assay_members import refuse_unknown_members
from ledger.matter.guards import Guard, ask, basis_guards, moisture_guard, slip_guard, spelling_guard, yield_guard
from ledger.matter.quantities import Amount, amount
from ledger.matter.stock import Batch
from ledger.matter.yields import Fed, expected, fed
from nodes.verbs.draft import Body, Desk, Part, Sealed, only, product_of, site_of


def outputs_of(
    desk: Desk, body: Body, site: str, inputs: Sequence[Part] = ()
) -> tuple[list[tuple[dict[str, Any], dict[str, Any]]], list[dict[str, str]]]:
    """(what the chain sees and what the authority sees of each output, the guards that were confirmed). `inputs`: what
    these come of, where that is one process.
    """
    found, guards = [], process_guards(desk, body)
    for position, output in enumerate(body.get("outputs") or ()):
        where = f"outputs[{position}]"
        counted = amount(output["quantity"], f"{where}.quantity", weighing=output.get("weighing"))
        product = product_of(desk, output["product"])
        guards.append(spelling_guard(product, desk.reference.tables["products"], f"{where}.product"))
        guards.append(slip_guard(counted.mg, desk.usual_masses(product), f"{where}.quantity"))
        assay = output.get("assay") or {}
        refuse_unknown_members(assay, f"{where}.assay")
        guards += basis_guards(product, counted, output["quantity"], desk.reference)
        guards.append(moisture_guard(product, output["quantity"], desk.reference, f"{where}.quantity"))
        guards.append(moisture_guard(product, assay, desk.reference, f"{where}.assay"))
        stands = site_of(desk, output.get("site"), f"{where}.site") if output.get("site") else site
        found.append(
            (
                only(product=product, lot_no=output.get("lot_no")),
                only(
                    mg=counted.mg,
                    basis=counted.basis,
                    count=counted.count,
                    site=stands,
                    typed=dict(output["quantity"]),
                    assay=output.get("assay"),
                ),
            )
        )
    if inputs:
        guards.append(
            yield_guard(expected(body, [_fed(desk, part) for part in inputs], desk.reference, desk.settings.role))
        )
    return found, ask(guards, body.get("confirm"))


def _fed(desk: Desk, part: Part) -> Fed:
    batch = desk.state(("batch", part.batch))
    return fed(part.amount.mg, batch.product if isinstance(batch, Batch) else "", desk.makeup(part.batch))


def process_guards(desk: Desk, body: Body) -> list[Guard | None]:
    """Of the steps that a request states."""
    known = desk.reference.tables["processes"]
    return [
        spelling_guard(step["process"], known, f"steps[{at}].process")
        for at, step in enumerate(body.get("steps") or ())
    ]


def losses_of(body: Body) -> dict[str, Any] | None:
    """The slot `losses`; None where nothing was lost."""
    rows = []
    for position, loss in enumerate(body.get("losses") or ()):
        lost: Amount = amount(loss["quantity"], f"losses[{position}].quantity")
        rows.append({"kind": loss["kind"], "mg": lost.mg, "basis": lost.basis, "typed": dict(loss["quantity"])})
    return {"list": rows} if rows else None


def made_of(sealed: Sealed, outputs: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The new batches, as answers name them."""
    ids = sealed.event.ids["outputs.chain"]
    return [
        {"batch": id_, "product": row["product"], **only(lot_no=row.get("lot_no"))}
        for id_, row in zip(ids, outputs, strict=True)
    ]


def warnings_of(confirmed: Sequence[Mapping[str, str]]) -> tuple[dict[str, str], ...]:
    """What was asked back and confirmed, as answers tell it."""
    return tuple({"code": row["guard"], "reason": row["reason"]} for row in confirmed)
