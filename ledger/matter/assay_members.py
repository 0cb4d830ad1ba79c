"""The members that an assay may have, and the refusal of any other before it is recorded.

Whoever reads an assay of another log passes over what it does not know, for a later version may have written it. Who
writes one is asked: what is misspelt would look stated, and count for nothing. Free words go into `remark`.
"""

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from ledger.errors import Refusal

COMPUTED_WITH = (
    "basis total_reo_pct distribution_pct elements_pct others_pct moisture_pct loi_pct uncertainty_pct loq_pct".split()
)
RADIOACTIVE = ("th_ppm", "u_ppm")
TEXTS = ("lab", "method", "sample", "certificate_no", "issued_at")
MEMBERS = (*COMPUTED_WITH, *RADIOACTIVE, *TEXTS, "certificate_sha256", "status", "remark")
UNCERTAIN = ("total_reo_pct", "distribution_pct", "elements_pct", "moisture_pct", "loi_pct")
"""What `uncertainty_pct` may speak of."""


def refuse_unknown_members(assay: Mapping[str, Any], field: str) -> None:
    """Raises Refusal for the first member that nothing reads, with the nearest that something does."""
    told = assay.get("uncertainty_pct")
    uncertain = told if isinstance(told, Mapping) else {}
    for known, group, where in ((MEMBERS, assay, field), (UNCERTAIN, uncertain, f"{field}.uncertainty_pct")):
        for name in group:
            if name not in known:
                meant = _nearest(name, known)
                raise Refusal("assay-member-unknown", field=f"{where}.{name}", value=group[name], meant=meant)


def _nearest(name: str, known: Sequence[str]) -> str:
    """One of the same first word, for units are mixed up more often than words; else the most alike."""
    begins = [one for one in known if one.partition("_")[0] == name.partition("_")[0]]
    return get_close_matches(name, begins or known, n=1, cutoff=0)[0]
