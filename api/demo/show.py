"""`lodetrace demo`: a federation of six trades, a seventh joins, the evidence is checked, and a lie is caught.

Everything goes through the nodes' public interfaces and the command line, as a user's own programs would. What is
checked is checked for real: the end of the story is a list of checks, and one that fails makes the exit status 1.
"""

import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from time import monotonic
from typing import Any

import typer
from rich.console import Console

from api.demo.federation import Federation, Organisation, command, environment, side_by_side
from api.demo.story import AUTHORITY, MAGNET, MOTOR, PLANT, Told, play
from ledger.evidence import parse_evidence, verify
from ledger.log.trust import Policy, organisation

TAMPER = """
import sqlite3, sys
source, target = sys.argv[1:]
sqlite3.connect(source).execute("VACUUM INTO ?", (target,))
thief = sqlite3.connect(target, isolation_level=None)
for (name,) in thief.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
    thief.execute(f"DROP TRIGGER {name}")
(index, note), = thief.execute("SELECT \\"index\\", note FROM entries WHERE type = 'drawn' LIMIT 1")
at = note.index(b'"sd":{') + 30
changed = note[:at] + (b"B" if note[at:at + 1] != b"B" else b"C") + note[at + 1:]
thief.execute('UPDATE entries SET note = ? WHERE "index" = ?', (changed, index))
print(index)
"""
"""Somebody with the database in his hands: takes the guards away and changes one letter of one commitment."""


@dataclass
class Checks:
    """What the demo promises, each said as it is checked."""

    console: Console
    failed: list[str] = field(default_factory=list)

    def that(self, holds: bool, en: str, zh: str) -> None:
        mark = "[green]✓[/]" if holds else "[red]✗[/]"
        self.console.print(f"  {mark} {en}  [dim]{zh}[/]")
        if not holds:
            self.failed.append(en)


def run(folder: Path, base_port: int, *, exit_after: bool, as_json: bool) -> int:
    """0 if every check held. Without `exit_after` the nodes go on until Ctrl-C."""
    console = Console(stderr=as_json, highlight=False)
    if (folder / "trust-policy.txt").exists():
        shutil.rmtree(folder)
    federation, told, checks = Federation(folder, base_port), Told(), Checks(console)
    started = monotonic()
    signal.signal(signal.SIGTERM, _end)  # else whoever stops the demo would leave its nodes running
    try:
        with console.status("Founding six organisations … 正在建立六个单位"):
            federation.found()
        console.print("[bold]Six organisations, six logs, six processes. 六个单位，六本账，六个进程。[/]")
        console.print("The authority's registry has admitted five. 监管部门的登记簿已准入五家。")
        _play(console, federation, told)
        _newcomer(console, checks, federation)
        motor = _labels(console, federation, told, folder)
        _trace(console, checks, federation, told, folder)
        _elements(console, checks, federation, told)
        _audits(console, checks, federation, folder)
        _regimes(console, checks, federation, motor)
        evidence = _scan_and_evidence(console, checks, federation, motor, folder)
        summary = _summary(federation, checks, told, motor, evidence)
        if exit_after:
            federation.stop()
        _verify_offline(console, checks, federation, evidence)
        summary["ok"] = not checks.failed
        console.print(f"\n[bold]{'All checks held.' if summary['ok'] else 'FAILED.'}[/] {monotonic() - started:.0f} s")
        if as_json:
            typer.echo(json.dumps(summary, ensure_ascii=False))
        if not exit_after:
            _stay(console, federation, motor)
        return 0 if summary["ok"] else 1
    finally:
        federation.stop()


def _end(*_: object) -> None:
    raise KeyboardInterrupt


def _play(console: Console, federation: Federation, told: Told) -> None:
    width = max(len(one.english) for one in federation.organisations.values())
    for shown in play(dict(federation.organisations), told):
        console.print(f"  [cyan]{federation[shown.role].english:<{width}}[/]  {shown.en}  [dim]{shown.zh}[/]")


def _newcomer(console: Console, checks: Checks, federation: Federation) -> None:
    """By the commands of the README: from nothing to the first goods accepted."""
    begun = monotonic()
    magnet, authority, one = federation[MAGNET], federation[AUTHORITY], federation.newcomer()
    console.print(f"\n[bold]A seventh joins: {one.english} 第七家加入：{one.organisation}[/]")
    one.found(authority)
    one.join()
    supervisor = ("--url", authority.url, "--token", authority.supervisor())
    command("registry", "admit", one.name, "--author", one.facts["vkeys"]["author"], *supervisor)
    one.start()
    magnet.wait_for_members([one.name])
    there, here = (("--url", node.url, "--token", node.token) for node in (magnet, one))
    command("ship", "--to", one.name, "--line", "SW-0417=8000 kg", "--ref", "SO-SW-1", *there)
    command("arrivals", "--wait", *here)
    command("receive", "--from", magnet.name, "--weighed", "SW-0417=7996 kg", *here)
    told = json.loads(command("shipment", "show", "SO-SW-1", "--wait", "received", "--json", *there))
    seconds = monotonic() - begun
    checks.that(
        told["status"] == "received",
        f"from nothing to its first accepted handover, 8 t of swarf, in {seconds:.0f} s",
        f"从零到首次交接（8 吨磁泥）完成，用时 {seconds:.0f} 秒",
    )


def _labels(console: Console, federation: Federation, told: Told, folder: Path) -> dict[str, Any]:
    """Label pictures of a drum, a carton and the first motor; answers the motor's unit."""
    labels = folder / "labels"
    labels.mkdir(exist_ok=True)
    for role, serial in ((PLANT, "PN-001"), (MAGNET, "C-0001"), (MOTOR, "M-000001")):
        for form in ("svg", "png"):
            reply = federation[role].program.get(f"/api/v1/units/{serial}/qr.{form}")
            (labels / f"{serial}.{form}").write_bytes(reply.body)
    console.print(f"\n  Labels for drums, cartons and motors are in {labels}  [dim]标签已生成[/]")
    return dict(told.ids["motors"][0])


def _trace(console: Console, checks: Checks, federation: Federation, told: Told, folder: Path) -> None:
    path = f"/api/v1/batches/{told.ids['motor batch']}/trace"
    found = federation[MOTOR].get(path)
    (folder / "trace.json").write_text(json.dumps(found, ensure_ascii=False, indent=1), encoding="utf-8")
    picture = federation[MOTOR].program.get(path, accept="image/svg+xml", lang="en")
    (folder / "trace.svg").write_bytes(picture.body)
    console.print("\n[bold]The motor's origin 电机的来历[/]")
    for node in reversed(found["nodes"]):
        lot = node["lot_no"] or ""
        console.print(
            f"  {node['country'] or '--'}  {node['organisation']:<12} {node['event']:<12} {node['product']} {lot}"
        )
    mined = [
        node for node in found["nodes"] if node["event"] == "registered" and node["product"] == "ion_clay_mixed_oxide"
    ]
    checks.that(len(mined) == 6, "the motor leads back to all six lots of the mine", "电机可追溯到矿山全部六个批次")
    gaps = [gap["why"] for gap in found["gaps"]]
    checks.that(
        gaps == ["outside", "outside"],
        "and to two gaps: iron and dysprosium from outside the federation",
        "缺口两处：体系外购入的铁和进口的镝",
    )


def _elements(console: Console, checks: Checks, federation: Federation, told: Told) -> None:
    """Where each element of the motor comes from: in the middle, at least, at most; and who says so."""
    console.print("\n[bold]Origin per element 各元素的来历[/]")
    found = federation[MOTOR].get(f"/api/v1/batches/{told.ids['motor batch']}/contents")
    rows = {one["element"]: {row["name"]: row for row in one["origins"]} for one in found["elements"]}
    for element, origins in rows.items():
        for origin, row in origins.items():
            mid, lo, hi = (_share(row[name], origins) for name in ("mid", "lo", "hi"))
            console.print(f"  {element}  {origin:<24} {mid:>7} %   {lo} … {hi} %")
    checks.that(set(rows.get("Nd", ())) == {"CN/ion_mid_y"}, "all Nd is from CN/ion_mid_y", "钕全部来自 CN/ion_mid_y")
    both = {"CN/ion_mid_y", "VN/import_separated"}
    checks.that(set(rows.get("Dy", ())) == both, "Dy is from two origins, told apart", "镝来自两处，分别说明")
    finding = federation[MAGNET].get(f"/api/v1/findings/{told.ids['finding']['id']}")
    checks.that(len(finding["answers"]) == 1, "the finding stands, with its answer", "疑点及其答复均在案")


def _share(ug: str, origins: Mapping[str, Mapping[str, str]]) -> str:
    total = sum(int(row["mid"]) for row in origins.values())
    return f"{Decimal(int(ug) * 100) / total:.1f}"


def _regimes(console: Console, checks: Checks, federation: Federation, motor: dict[str, Any]) -> None:
    """What two laws ask of the motor."""
    console.print("\n[bold]What laws ask of it 合规报告[/]")
    for name in ("dfars-7052", "crma-29"):
        found = federation[MOTOR].get(f"/api/v1/units/{motor['unit']}/regimes/{name}")
        console.print(
            f"  {found['name']['en']}: {found['text']['en']}; {len(found['gaps'])} gaps  [dim]{found['name']['zh']}[/]"
        )
        fitting = {"dfars-7052": "not_met", "crma-29": "incomplete"}[name]
        checks.that(found["result"] == fitting, f"{name}: {fitting}", "与所记载一致")


def _scan_and_evidence(
    console: Console, checks: Checks, federation: Federation, motor: dict[str, Any], folder: Path
) -> Path:
    console.print("\n[bold]A buyer scans the motor 买方扫码[/]")
    path = "/q/" + motor["label_url"].rpartition("/q/")[2]
    buyer = federation[MOTOR].client()
    scan = buyer.get(path).json()
    checks.that(scan["genuine"], "genuine: label, entry and history verify", "真实：标签、记录与历史均通过核验")
    countries = {step["country"] for step in scan["verdict"]["steps"]}
    checks.that(countries == {"CN", "VN"}, f"{len(scan['verdict']['steps'])} steps, in CN and VN", "工序在 CN 与 VN")
    (folder / "scan.html").write_bytes(buyer.get(path, accept="text/html").body)
    evidence = folder / "motor.evidence.json"
    evidence.write_bytes(buyer.get(f"{path}/evidence").body)
    forged = path[:-3] + ("A" if path[-3] != "A" else "B") + path[-2:]
    checks.that(not _accepted(buyer, forged), "a forged code is refused", "伪造的二维码被拒绝")
    buyer.close()
    return evidence


def _accepted(buyer: Any, path: str) -> bool:
    from ledger.errors import LodetraceError

    try:
        return bool(buyer.get(path).json()["genuine"])
    except LodetraceError:
        return False


def _audits(console: Console, checks: Checks, federation: Federation, folder: Path) -> None:
    console.print("\n[bold]The authority audits every log 监管部门核查每本账[/]")
    authority = str(federation[AUTHORITY].home)

    def audit(one: Organisation) -> dict[str, Any]:
        log = [] if one.role == AUTHORITY else ["--log", one.facts["origin"]]
        one.wait_for_witnesses()
        one.wait_for_deposits()
        return dict(json.loads(command("audit", "--home", authority, *log, "--json", accept=(0, 1))))

    audited = federation.organisations.values()
    for one, report in zip(audited, side_by_side(audited, audit), strict=True):
        whole = report.get("ok") is True and report.get("size") == one.size()
        checks.that(whole, f"{one.name}: all {report.get('size')} entries hold, as deposited", "报备完整，账本完好")
    attested = federation[AUTHORITY].supervise(
        "/api/v1/attestations", {"log": federation[MOTOR].facts["origin"]}, "attest"
    )
    federation[AUTHORITY].wait_for_witnesses()
    federation[AUTHORITY].wait_for_deposits()
    said = ", ".join(attested["checks"])
    checks.that("provenance" in attested["checks"], f"and attests the motor maker's log: {said}", "并鉴证电机厂的账本")
    console.print("\n[bold]Somebody edits the separation plant's database 有人改动分离厂的数据库[/]")
    stolen = folder / "tampered"
    shutil.rmtree(stolen, ignore_errors=True)
    shutil.copytree(federation[PLANT].home, stolen, ignore=shutil.ignore_patterns("node.db*", "lock", "node.log"))
    arguments = [sys.executable, "-c", TAMPER, str(federation[PLANT].home / "node.db"), str(stolen / "node.db")]
    done = subprocess.run(arguments, capture_output=True, text=True, env=environment(), check=True)
    altered = int(done.stdout)
    report = json.loads(command("audit", "--home", str(stolen), "--json", accept=(0, 1)))
    caught = report.get("ok") is False and report.get("value") == altered
    checks.that(caught, f"caught: entry {altered} is named", f"被发现：指出第 {altered} 条")
    if not report.get("ok"):
        console.print(f"    [dim]{report.get('text')}[/]")


def _verify_offline(console: Console, checks: Checks, federation: Federation, evidence: Path) -> None:
    """With nothing but Python, cryptography, the file and the buyer's trust policy."""
    console.print("\n[bold]The evidence, verified offline 离线核验证据包[/]")
    arguments = [sys.executable, "-m", "ledger", "verify", str(evidence), "--trust", str(federation.policy)]
    done = subprocess.run(arguments, capture_output=True, text=True, env=environment(), check=False)
    for line in done.stdout.splitlines():
        console.print(f"    [dim]{line}[/]")
    checks.that(done.returncode == 0, "it verifies with no server at all", "无需任何服务器即可核验")
    found = verify(
        parse_evidence(evidence.read_bytes()), Policy.parse(federation.policy.read_bytes()), datetime.now(UTC)
    )
    for log in found.logs.values():
        console.print(f"    [dim]{log.origin} {log.newest.size}: {', '.join(name for name, _ in log.witnesses)}[/]")
    checks.that(
        all(len({organisation(name) for name, _ in log.witnesses}) >= 2 for log in found.logs.values()),
        "two independent witnesses have cosigned each log's checkpoint",
        "每本账的检查点均有两个独立见证方联署",
    )
    days = [known.days for known in found.members.values()]
    checks.that(
        len(days) == 5 and not any(days),
        "the registry's word on all five members is of today",
        "登记簿对五家成员的陈述为当日",
    )
    stranger = subprocess.run(arguments[:-2], capture_output=True, text=True, env=environment(), check=False)
    checks.that(stranger.returncode == 1, "without a trust policy nobody vouches for it", "没有信任策略则无人担保")


def _summary(
    federation: Federation, checks: Checks, told: Told, motor: dict[str, Any], evidence: Path
) -> dict[str, Any]:
    nodes = []
    for role, one in federation.organisations.items():
        nodes.append(
            {
                "name": one.name,
                "organisation": one.organisation,
                "role": role,
                "url": one.url,
                "origin": one.facts["origin"],
                "vkeys": one.facts["vkeys"],
                "home": str(one.home),
                "token": one.token,
                "size": one.size(),
            }
        )
    return {
        "ok": not checks.failed,
        "nodes": nodes,
        "policy": str(federation.policy),
        "motor": {
            "batch": told.ids["motor batch"],
            "unit": motor["unit"],
            "label_url": motor["label_url"],
            "label_png": str(federation.folder / "labels" / "M-000001.png"),
        },
        "evidence": str(evidence),
    }


def _stay(console: Console, federation: Federation, motor: dict[str, Any]) -> None:
    console.print(f"\nThe nodes are running. Open the motor's page 打开电机的页面:\n  {motor['label_url']}")
    plant = federation["separation"]
    console.print("Sign in as a clerk of the separation plant, with this token 用此令牌以分离厂记账员身份登录:")
    console.print(f"  {plant.url}/sign-in\n  {plant.token}", soft_wrap=True)
    console.print("Ctrl-C ends the demo. 按 Ctrl-C 结束。")
    try:
        federation.wait()
    except KeyboardInterrupt:
        console.print("Stopping … 正在停止")
