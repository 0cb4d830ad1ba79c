"""Evidence packs: what a case rests on, for whoever must judge it without this node. A zip of plain files.

    README.md                 how to verify it, in Chinese and English
    case.json                 what was done in the case, by whom and when
    findings/ID.txt           each finding in both languages, with its numbers and entries
    evidence/NAME.evidence.json   of each log, the entries that the findings are about, proven and opened
    checkpoints/NAME.txt      the checkpoints under which they are proven, signed notes
    audit.json                what a replay of each whole log came to
    trust.txt                 the trust policy of this node

Promises: the same case over the same deposits gives the same bytes: nothing in it says when it was packed. What is in
`evidence` was verified when it came in, and is verified again by whoever has the file (ledger/evidence.py). The numbers
and papers of organisations are open in it: it is for a court or an authority.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from hashlib import sha256
from typing import IO, Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from ledger.errors import LodetraceError
from ledger.evidence import Evidence, format_evidence
from ledger.log.canonical import dump
from ledger.log.trust import format_policy
from ledger.matter.finding_figures import figures
from ledger.matter.findings import Finding
from nodes import deposits, evidence
from nodes.auditing import audit, from_deposits
from nodes.cases import Case, find, isolated
from nodes.jobs import LONG, Job
from nodes.node import Node

_WHEN = (1980, 1, 1, 0, 0, 0)
README = """\
# Case {case}: {title}

This pack proves what the entries say on which the findings of the case rest, and nothing else: not that a finding is
right, and not what follows from it. Whoever has it needs no network and none of the nodes.

1. Decide whom you trust. `trust.txt` is the trust policy of the authority that made the pack. Compare its keys with
   what you know from elsewhere; a policy of your own is better.
2. Check each file of `evidence/`, with Lodetrace or with nothing but Python and `cryptography`:

       lodetrace verify evidence/NAME.evidence.json --trust trust.txt
       python -m ledger verify evidence/NAME.evidence.json --trust trust.txt

   It ends with 0 if every entry stands in its log, signed by its organisation, with the values that are opened here.
3. Read `findings/`. Each names its rule, formula, numbers and entries (log and index); the same entries stand in
   `evidence/`. The rules are in docs/findings.md.
4. `audit.json` says what a replay of each whole log came to where the pack was made. To repeat it takes the deposit:
   `lodetrace audit --home HOME --log LOG`.

# 案件 {case}：{title}

本证据包证明疑点所依据的条目确为各企业所记，除此之外不证明任何事项：不证明疑点成立，也不证明应如何处理。查验不需要网络，
也不需要任何节点。

1. 先确定信任谁。`trust.txt` 是制作本包的监管部门的信任策略。请与您从其他渠道得知的公钥核对；最好使用您自己的策略。
2. 逐一查验 `evidence/` 中的文件（命令同上）。退出码为 0，即每一条都在其账本之中，由该企业签名，公开值与承诺一致。
3. 阅读 `findings/`。每条疑点列明规则、公式、数字和条目（账本与序号），条目见 `evidence/`。
4. `audit.json` 为制作时对各整本账的回放结果；如需重做，须有报备数据：`lodetrace audit --home HOME --log LOG`。
"""


def pack(node: Node, id_: str, owner: str) -> Job:
    """Begins to pack a case; while that is kept, the same case over the same deposits is one job."""
    case = find(node, id_)
    with node.store.read() as conn:
        sizes = {origin: at.size for origin, at in deposits.progress(conn).items()}
    asked = sha256(dump([id_, len(case.steps), sizes])).digest()
    key = f"pack {id_} {asked.hex()}"
    before = node.jobs.asked_before(owner, key, asked)
    if before is not None:
        return before

    def work(job: Job, file: IO[bytes]) -> None:
        _write(file, dict(job.counted(_files(node, case))))

    name = f"case-{id_}.zip"
    total = len(case.findings) + 2 * len(case.logs) + 4
    return node.jobs.start(
        work, total=total, name=name, media_type="application/zip", owner=owner, lane=LONG, key=key, asked=asked
    )


def _write(file: IO[bytes], files: Mapping[str, bytes]) -> None:
    with ZipFile(file, "w") as archive:
        for name, content in sorted(files.items()):
            info = ZipInfo(name, _WHEN)
            info.compress_type, info.create_system = ZIP_DEFLATED, 3
            archive.writestr(info, content)


def _files(node: Node, case: Case) -> Iterator[tuple[str, bytes]]:
    yield "README.md", README.format(case=case.id, title=isolated(case.title)).encode()
    yield "case.json", _json(_case(case))
    yield "trust.txt", format_policy(node.trust).encode()
    for kept in case.findings:
        yield f"findings/{kept.finding.id}.txt", _finding(node, kept.finding).encode()
    for origin in sorted(case.logs):
        name, made = origin.removesuffix("/log"), _evidence(node, case, origin)
        yield f"evidence/{name}.evidence.json", format_evidence(made)
        yield f"checkpoints/{name}.txt", b"\n".join(made.checkpoints)
    yield "audit.json", _json({origin: _audit(node, origin) for origin in sorted(case.logs)})


def _evidence(node: Node, case: Case, origin: str) -> Evidence:
    indexes = {index for kept in case.findings for log, index in kept.finding.entries if log == origin}
    with node.store.read() as conn:
        made = evidence.of_deposited(conn, node.origin, origin, sorted(indexes), case.steps[-1].at)
        told = node.membership.beside(conn, made)
    return replace(told, subject={"log": origin})


def _audit(node: Node, origin: str) -> dict[str, Any]:
    try:
        report = audit(from_deposits(node.store, origin), reference=node.reference)
    except LodetraceError as error:
        return {"ok": False, "code": error.code, "text": error.text("en"), "zh": error.text("zh")}
    return {"ok": True, "size": report.size, "root": report.root, "unchecked": report.unchecked}


def _case(case: Case) -> dict[str, Any]:
    return {
        "case": case.id,
        "title": case.title,
        "state": case.state,
        "steps": [{"at": one.at, "by": one.by, "kind": one.kind, **one.body} for one in case.steps],
    }


def _finding(node: Node, finding: Finding) -> str:
    lines = [f"{finding.id}  {finding.rule}  {finding.severity}", ""]
    lines += [finding.text(language, node.reference) for language in ("zh", "en")]
    lines += ["", f"formula 公式: {finding.formula or '-'}"]
    for one in figures(finding, "en", node.reference):
        more = [f"u {one.u}"] * bool(one.u) + [f"allowed 允许 {one.allowed}"] * bool(one.allowed)
        lines.append("  ".join([f"{one.name} {one.of}".strip() + f": {one.value}", *more]))
    lines += ["", *(f"entry 条目: {log} {index}" for log, index in finding.entries)]
    lines += [f"batch 批次: {batch}" for batch in finding.batches]
    return "\n".join(lines) + "\n"


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True).encode() + b"\n"
