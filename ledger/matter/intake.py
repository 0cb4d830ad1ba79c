"""Intake: which origins an organisation may register at all, and with which papers.

The rows are reference data, one for each role and class of origin, `hard` where nothing is recorded without the paper;
what is merely doubtful is a finding (watch_intake.py). A role that the data does not know may register anything.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from ledger.errors import Refusal
from ledger.matter.reference import Reference


def refuse_origin(class_: str, documents: Sequence[Mapping[str, Any]], role: str, reference: Reference) -> None:
    """Refusal for a class that this role does not register, or for one without a paper that it must have."""
    rule = reference.origin_rule(role, class_)
    if rule is None:
        return
    if rule["may"] == "no":
        raise Refusal("origin-not-for-role", field="origin.class", value=class_, role=role)
    given = {document.get("kind") for document in documents}
    for wanted in rule["documents"]:
        if wanted["severity"] == "hard" and not given & set(wanted["kinds"]):
            kinds = ", ".join(wanted["kinds"])
            raise Refusal("origin-document-missing", field="documents", value=class_, kinds=kinds)
