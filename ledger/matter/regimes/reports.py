"""A report: what a regime asks of goods, line by line, and what nobody here has told: the gaps.

A line says how it stands: proven (who recorded it, and when), attested (somebody replayed that log), or claimed. The
result is one of

    met           everything that is asked for is here, by the words of those named
    not_met       something here contradicts the rule, or the rule takes a gap for that
    incomplete    something is not known; that is never a pass
    not_covered   the rule does not speak of these goods

A report prepares a decision and replaces none: which exceptions apply, and whether what is claimed is true, it does not
say.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ledger.matter.reference import Reference
from ledger.matter.regimes.trace import CLAIMED, PROVEN, Trace, Word
from ledger.matter.regimes.words import GAPS, LINES, NOT_CLAIMED, RESULTS

MET, NOT_MET, INCOMPLETE, NOT_COVERED = "met", "not_met", "incomplete", "not_covered"


@dataclass(frozen=True, slots=True)
class Line:
    """Something that is known. `breaks`: it contradicts the rule. `word`: the entry that says it."""

    code: str
    facts: Mapping[str, Any]
    standing: str = CLAIMED
    word: Word | None = None
    breaks: bool = False
    attested_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Gap:
    """Something that is asked for, and that nobody here has told."""

    code: str
    facts: Mapping[str, Any]


@dataclass
class Report:
    """What `regime` says of `subject`, gathered line by line. `rules` are the rows of the reference data it went by."""

    regime: str
    subject: Mapping[str, Any]
    reference: Reference
    lines: list[Line] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    rules: list[str] = field(default_factory=list)
    covered: bool = True
    gaps_break: bool = False

    @property
    def result(self) -> str:
        if not self.covered:
            return NOT_COVERED
        if any(line.breaks for line in self.lines) or (self.gaps and self.gaps_break):
            return NOT_MET
        return INCOMPLETE if self.gaps else MET

    def rule(self, name: str) -> Mapping[str, Any]:
        """A rule of this regime, by what stands behind the point in its key."""
        key = f"{self.regime}.{name}"
        if key not in self.rules:
            self.rules.append(key)
        return self.reference.tables["regime_rules"][key]

    def says(self, code: str, word: Word | None, check: str = "custody", *, breaks: bool = False, **facts: Any) -> None:
        """A line about the world: claimed, or attested where somebody replayed that log with this check."""
        standing = CLAIMED if word is None else word.standing(check)
        by = () if word is None else word.attested.get(check, ())
        self.lines.append(Line(code, facts, standing, word, breaks, by))

    def shows(self, code: str, trace: Trace, word: Word | None = None, **facts: Any) -> None:
        """A line that signatures and hashes show: who recorded something, when, under which label."""
        self.lines.append(Line(code, facts, PROVEN if trace.vouched else CLAIMED, word))

    def lacks(self, code: str, **facts: Any) -> None:
        gap = Gap(code, facts)
        if gap not in self.gaps:
            self.gaps.append(gap)

    def lacks_history(self, trace: Trace) -> None:
        """The gaps that any history may have."""
        if not trace.vouched:
            self.lacks("not-vouched")
        if trace.subject is None:
            self.lacks("goods-not-here")
        for what in trace.missing:
            self.lacks("entry-missing", what=what)
        for entry in trace.hidden:
            self.lacks("entry-not-disclosed", entry=entry)
        for batch in trace.unknown() if trace.subject is not None else ():
            self.lacks("made-of-unknown", batch=batch)
        for period in trace.cut:
            self.lacks("pool-cut", period=period)
        for what in trace.recalled:
            self.lacks("recalled", what=what)
        for one in trace.corrected:
            self.says("corrected", None, entry=one)

    def to_json(self) -> dict[str, Any]:
        row = self.reference.tables["regimes"][self.regime]
        return {
            "regime": self.regime,
            "name": _both((row["en"], row["zh"])),
            "law": row["law"],
            "subject": dict(self.subject),
            "result": self.result,
            "text": _both(RESULTS[self.result]),
            "lines": [
                {
                    "code": line.code,
                    "standing": line.standing,
                    "breaks": line.breaks,
                    "attested_by": list(line.attested_by),
                    "entry": None if line.word is None else {"log": line.word.log, "index": line.word.index},
                    "facts": dict(line.facts),
                    "text": _worded(LINES, line.code, line.facts),
                }
                for line in self.lines
            ],
            "gaps": [
                {"code": gap.code, "facts": dict(gap.facts), "text": _worded(GAPS, gap.code, gap.facts)}
                for gap in self.gaps
            ],
            "rules": [{"rule": key, **self.reference.tables["regime_rules"][key]} for key in self.rules],
            "ruleset": self.reference.ruleset,
            "source": row["source"],
            "confidence": row["confidence"],
            "not_claimed": _both(NOT_CLAIMED[self.regime]),
        }


def _both(pair: tuple[str, str]) -> dict[str, str]:
    return {"en": pair[0], "zh": pair[1]}


def _worded(table: Mapping[str, tuple[str, str]], code: str, facts: Mapping[str, Any]) -> dict[str, str]:
    shown = {name: _shown(value) for name, value in facts.items()}
    return _both((table[code][0].format(**shown), table[code][1].format(**shown)))


def _shown(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return ", ".join(map(str, value))
    return "–" if value is None else str(value)
