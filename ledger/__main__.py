"""`python -m ledger verify FILE [--trust POLICY] [--json] [--lang zh]`: check evidence, or a proof of a fork.

Needs nothing but Python and `cryptography`: a court, a customs office or a buyer runs it years later, with the file and
a trust policy in hand. Exit 0: verified under the policy, nothing missing. Exit 1: something does not hold, is missing,
or nobody vouches. Exit 2: misuse.
"""

import argparse
import json
import sys
from datetime import UTC, datetime
from pathlib import Path

from ledger.errors import LodetraceError
from ledger.evidence import parse_evidence, verify
from ledger.forks import Contradiction, check_fork, is_fork, parse_fork
from ledger.log.canonical import b64
from ledger.log.trust import Policy
from ledger.matter.quantities import show_mg
from ledger.matter.vectors import show_part
from ledger.verdict import ATTESTED, CLAIMED, MODEL_WORDS, PROVEN, WORDS, Origin, Verdict, judge, sentence

SUBJECTS = ("unit", "batch", "shipment", "log")
"""What the first line of a report names; of several, the first one."""
_ORIGIN_WORDS = {
    "heading": (
        "origin of {batch} ({word}, {organisation}; {model})",
        "{batch} 的元素来源（{word}，{organisation}；{model}）",
    ),
    "attested": (", attested by {by}", "，鉴证方 {by}"),
    "recycled": ("recycled, {feed_class}: {part}", "再生料 {feed_class}：{part}"),
    "only": ("from no other country than {countries}", "仅来自 {countries}，不含其他国家"),
}
_FORK_WORDS = {
    "checkpoints": (
        "{log} signed two histories of its first {place} entries, with the roots {first} and {second}",
        "{log} 为其前 {place} 条签署了两个不同的历史，根分别为 {first} 和 {second}",
    ),
    "entries": (
        "{log} has two entries {place}, with the leaf hashes {first} and {second}",
        "{log} 的第 {place} 条有两个版本，叶哈希分别为 {first} 和 {second}",
    ),
    "shipments": (
        "{log} offered one shipment twice, first in entry {place}: leaf hashes {first} and {second}",
        "{log} 将同一票货提供了两次，首次在第 {place} 条：叶哈希分别为 {first} 和 {second}",
    ),
    "untrusted": (
        "Self-consistent, vouched by nobody: no trust policy names this log.",
        "自洽，但无人担保：没有信任策略列出该日志。",
    ),
}


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m ledger", description="Lodetrace evidence, checked offline")
    verbs = parser.add_subparsers(dest="verb", required=True)
    verb = verbs.add_parser("verify", help="check an evidence file, or the proof of a fork")
    verb.add_argument("file", type=Path)
    verb.add_argument("--trust", type=Path, help="a trust policy: which logs and witnesses you rely on")
    verb.add_argument("--json", action="store_true", help="the verdict as JSON")
    verb.add_argument("--lang", choices=("en", "zh"), default="en")
    given = parser.parse_args(arguments)
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="replace")  # a console that has no ✓ or no Chinese still gets the verdict
    return verify_file(given.file, given.trust, datetime.now(UTC), as_json=given.json, language=given.lang)


def verify_file(file: Path, trust: Path | None, now: datetime, *, as_json: bool = False, language: str = "en") -> int:
    """Prints the verdict; answers the exit status. Also behind `lodetrace verify`. `now` is the reader's clock."""
    try:
        data = file.read_bytes()
        policy = Policy.parse(trust.read_bytes()) if trust is not None else None
    except OSError as error:
        print(f"{error.filename}: {error.strerror}", file=sys.stderr)
        return 2
    except LodetraceError as error:
        print(f"{trust}: {error.text(language)}", file=sys.stderr)
        return 2
    try:
        if is_fork(data):
            return _show_fork(check_fork(parse_fork(data), policy), as_json, 0 if language == "en" else 1)
        verdict = judge(verify(parse_evidence(data), policy, now))
    except LodetraceError as error:
        if as_json:
            print(json.dumps({"ok": False, "code": error.code, "text": error.text("en"), "zh": error.text("zh")}))
        else:
            print(f"✗ {error.text(language)}")
        return 1
    if as_json:
        print(json.dumps({"ok": verdict.complete, **verdict.to_json()}, ensure_ascii=False))
    else:
        print("\n".join(report(verdict, language)))
    return 0 if verdict.complete else 1


def _show_fork(found: Contradiction, as_json: bool, language: int) -> int:
    """A proof that holds is a check that passed, whatever it says of the log."""
    facts = {"log": found.log, "place": found.place, "first": b64(found.first), "second": b64(found.second)}
    texts = [text.format(**facts) for text in _FORK_WORDS[found.kind]]
    if as_json:
        told = {"ok": found.trusted, "fork": found.kind, **facts, "sizes": list(found.sizes)}
        print(json.dumps({**told, "text": texts[0], "zh": texts[1]}, ensure_ascii=False))
    else:
        print(f"{'✓' if found.trusted else '✗'} {texts[language]}")
        if not found.trusted:
            print(f"! {_FORK_WORDS['untrusted'][language]}")
    return 0 if found.trusted else 1


def report(verdict: Verdict, language: str) -> list[str]:
    """The verdict as lines of text: the steps in order, origins by element, the three words, then what is not shown or
    missing.
    """
    subject = verdict.subject
    lines = [f"{'✓' if verdict.complete else '✗'} {next(subject[key] for key in SUBJECTS if key in subject)}"]
    if "net_mg" in subject:
        lines[0] += f"  {show_mg(int(subject['net_mg']))}"
    for step in verdict.steps:
        what = ", ".join((*step.processes, *step.products)) or "-"
        lines.append(f"  {step.at[:10]}  {step.country or '--'}  {step.organisation}  {step.event}  {what}")
    for origin in verdict.origins:
        lines += _origin(origin, 0 if language == "en" else 1)
    for word, said in ((PROVEN, verdict.proven), (ATTESTED, verdict.attested), (CLAIMED, verdict.claimed)):
        shown = [sentence(code, facts, language) for code, facts in said] or ["-"]
        lines += [f"{WORDS[word][0 if language == 'en' else 1]}: {text}" for text in shown]
    return lines + [f"! {sentence(code, facts, language)}" for code, facts in verdict.notices]


def _origin(origin: Origin, language: int) -> list[str]:
    """Element by element: the likely part of each origin, and in brackets the least and the most it can be."""
    words = {name: pair[language] for name, pair in _ORIGIN_WORDS.items()}
    lines = [
        words["heading"].format(
            batch=origin.batch,
            word=WORDS[origin.standing][language],
            organisation=origin.organisation,
            model=MODEL_WORDS[origin.model][language],
        )
        + "".join(words["attested"].format(by=by) for by in origin.attested_by)
    ]
    for element, rows in origin.elements.items():
        told = ", ".join(f"{key.replace('/', ' ')} {show_part(row)}" for key, row in rows.items())
        lines.append(f"  {element:<2}  {told}")
        lines += [
            "      " + words["recycled"].format(feed_class=feed_class, part=show_part(row))
            for feed_class, row in origin.recycled[element].items()
            if row[2]
        ]
        if origin.only[element]:
            lines.append("      " + words["only"].format(countries=", ".join(origin.only[element])))
    return lines


if __name__ == "__main__":
    sys.exit(main())
