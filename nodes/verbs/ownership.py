"""Verbs on ownership: transfer of title, without any movement."""

from nodes.verbs.draft import Body, Desk, Draft, at_of, documents_of, entry_of, part_of, recorded_of


def transfer(desk: Desk, body: Body) -> Draft:
    """Goods that stand here come to belong to somebody else, or to us."""
    to = body["to"]
    parts = [part_of(desk, line, f"lines[{at}]") for at, line in enumerate(body["lines"])]
    slots = {
        "transfer": {"at": at_of(desk, body), "to": desk.settings.partners.get(to, to)},
        "lines.chain": [{"batch": part.batch} for part in parts],
        "lines.authority": [part.row() for part in parts],
        "documents": documents_of(body),
        "recorded": recorded_of(desk, body),
    }
    return Draft("title_transferred", slots, lambda sealed: {"entry": entry_of(sealed)})
