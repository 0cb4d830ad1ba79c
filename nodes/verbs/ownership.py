"""Verbs on ownership: transfer of title, without any movement."""

from ledger.errors import Refusal
from nodes.verbs.draft import Body, Delivery, Desk, Draft, at_of, documents_of, entry_of, only, part_of, recorded_of


def transfer(desk: Desk, body: Body) -> Draft:
    """Goods that stand here come to belong to somebody else, or to us. Whoever owned them until then is told."""
    to = body["to"]
    parts = [part_of(desk, line, f"lines[{at}]") for at, line in enumerate(body["lines"])]
    owners = sorted({part.owner for part in parts})
    if len(owners) > 1:
        told = ", ".join(owner or desk.settings.name for owner in owners)
        raise Refusal("title-of-several-owners", field="lines", value=told)
    owner = owners[0] if owners and owners[0] else None
    goods = [
        only(batch=part.batch, mg=part.amount.mg, basis=part.amount.basis, count=part.amount.count) for part in parts
    ]
    slots = {
        "transfer": only(
            at=at_of(desk, body),
            to=desk.settings.partners.get(to, to),
            goods=None if owner is None else goods,
            **{"from": owner},
        ),
        "lines.chain": [{"batch": part.batch} for part in parts],
        "lines.authority": [part.row() for part in parts],
        "documents": documents_of(body),
        "recorded": recorded_of(desk, body),
    }
    deliveries = () if owner is None else (Delivery("notice", owner, f"{desk.origin}#{desk.index}"),)
    return Draft("title_transferred", slots, lambda sealed: {"entry": entry_of(sealed)}, deliveries=deliveries)
