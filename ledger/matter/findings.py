"""Findings: what the books say that cannot be, or should be asked about; with the numbers that say it.

A finding is computed, never stored as truth: whoever has the same entries and the same reference data gets the same
findings with the same ids, so an operator's `answered` can name one, and an audit finds it again. It accuses nobody:
it names rule, formula, numbers with units and uncertainty, entries and tolerance, and waits for an answer.

    reason   between 2 u and the limit, or a small lapse: the operator is asked for a reason, nobody else is told
    mild     unlikely, but with everyday explanations
    grave    impossible, or forbidden

`id` is the first 16 hex digits of the SHA-256 of rule, facts, entries, batches, elements and month as canonical JSON.
Severity, tolerance and words are left out: a better sentence or another limit does not make it another finding.

Does not decide who sees what: the facts may hold masses, quotas and partners, and are for the organisation and its
authority.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from ledger.matter import finding_words
from ledger.matter.reference import Reference

SEVERITIES = ("reason", "mild", "grave")
ID_DIGITS = 16

Entry = tuple[str, int]
"""Log and index."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule's word on some entries.

    `facts` are what was found, `tolerance` what would have been allowed: texts, whole numbers (amounts in µg as decimal
    strings) and lists of them, under names that end in their unit (`_ug`, `_mg`, `_ppm`, `_milli`).
    """

    rule: str
    severity: str
    facts: Mapping[str, Any]
    entries: tuple[Entry, ...] = ()
    batches: tuple[str, ...] = ()
    elements: tuple[str, ...] = ()
    month: str = ""
    formula: str = ""
    tolerance: Mapping[str, Any] = field(default_factory=dict)

    @property
    def id(self) -> str:
        told = [self.rule, self.facts, self.entries, self.batches, self.elements, self.month]
        return sha256(_canonical(told)).hexdigest()[:ID_DIGITS]

    def text(self, language: str = "en", reference: Reference | None = None) -> str:
        """What does not fit, by which formula, with which numbers, and what to do; in `en` or `zh`.

        With reference data, processes, products and classes are called by their names.
        """
        told = {**self.facts, **self.tolerance, "month": self.month}
        return finding_words.sentence(self.rule, told, language, reference)

    @classmethod
    def parse(cls, told: Mapping[str, Any]) -> "Finding":
        """One that `as_json` gave, again."""
        return cls(
            told["rule"],
            told["severity"],
            told["facts"],
            tuple((log, index) for log, index in told["entries"]),
            tuple(told["batches"]),
            tuple(told["elements"]),
            told["month"],
            told["formula"],
            told["tolerance"],
        )

    def as_json(self) -> dict[str, Any]:
        """For pages and reports; the sentences stand beside the facts."""
        return {
            "id": self.id,
            "rule": self.rule,
            "severity": self.severity,
            "facts": dict(self.facts),
            "entries": [list(entry) for entry in self.entries],
            "batches": list(self.batches),
            "elements": list(self.elements),
            "month": self.month,
            "formula": self.formula,
            "tolerance": dict(self.tolerance),
            "text": {language: self.text(language) for language in finding_words.LANGUAGES},
        }


def cases(findings: Iterable[Finding]) -> list[tuple[Finding, ...]]:
    """Findings that belong together: those that share a batch or an entry, directly or through others.

    A finding that names neither goes with those of its rule and month. Batches are those of the log of the finding's
    first entry, where they do not say whose. Cases come in the order of their first finding, and so do the findings in
    each.
    """
    told = list(findings)
    group = list(range(len(told)))
    first_with: dict[tuple[str, Any], int] = {}
    for position, finding in enumerate(told):
        keys: Sequence[tuple[str, Any]] = [
            *(("batch", _whose(batch, finding)) for batch in finding.batches),
            *(("entry", entry) for entry in finding.entries),
        ] or [(finding.rule, finding.month)]
        for key in keys:
            _join(group, position, first_with.setdefault(key, position))
    found: dict[int, list[Finding]] = {}
    for position, finding in enumerate(told):
        found.setdefault(_root(group, position), []).append(finding)
    return [tuple(case) for _, case in sorted(found.items())]


def _whose(batch: str, finding: Finding) -> str:
    return batch if "#" in batch or not finding.entries else f"{finding.entries[0][0]}#{batch}"


def _root(group: list[int], position: int) -> int:
    while group[position] != position:
        group[position] = group[group[position]]
        position = group[position]
    return position


def _join(group: list[int], one: int, other: int) -> None:
    low, high = sorted((_root(group, one), _root(group, other)))
    group[high] = low


def _canonical(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
