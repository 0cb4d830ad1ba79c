"""Goods that were picked, by a scan or from a list, as rows of a form."""

from collections.abc import Iterable, Mapping

from api.forms import Form
from nodes.processing import Picked


def put_rows(form: Form, list_: str, rows: Mapping[int, Picked], found: Iterable[Picked]) -> None:
    """What was found stands behind the rows of the form's list; what is in it already is not taken twice."""
    known = {picked.key for picked in rows.values()}
    at = max(rows, default=-1)
    for picked in found:
        if picked.key not in known:
            at += 1
            form.values[f"{list_}[{at}].batch"] = picked.batch.id
            if picked.unit is not None:
                form.values[f"{list_}[{at}].units[0]"] = picked.unit.id
