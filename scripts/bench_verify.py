"""Verification of evidence with a long history, as a receiver does it before goods are taken in."""

from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import perf_counter

from ledger.entries import id_text
from ledger.evidence import format_evidence, parse_evidence, verify
from nodes.clock import system_clock
from nodes.homes import create_home
from nodes.node import Caller, Node

LOTS = 1_000
_LOT = {
    "product": "ion_clay_mixed_oxide",
    "quantity": {"value": "100", "unit": "kg", "basis": "net"},
    "origin": {"class": "mined", "country": "CN", "feed_class": "ion_mid_y"},
    "documents": [{"kind": "weigh_ticket", "no": "BT-1"}],
    "weighing": {"gross": "110", "tare": "10", "unit": "kg", "ticket": "BT-1"},
}


def history(folder: Path, lots: int) -> tuple[bytes, Callable[[bytes], object]]:
    """Evidence of a batch that was merged from so many lots, and how its node verifies it."""
    home = folder / "verified"
    sites = [{"code": "main", "country": "CN"}]
    create_home(home, {}, name="mine.example", organisation="Mine", role="mine", country="CN", sites=sites)
    node = Node.open(home, {})
    node.start()
    caller = Caller("bench")
    for number in range(lots):
        node.sequencer.submit(node.command("register", {**_LOT, "lot_no": f"L-{number}"}, caller, None))
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
    return data, lambda told: verify(parse_evidence(told), policy, system_clock())


def verify_seconds(folder: Path, lots: int = LOTS, rounds: int = 5) -> float:
    """Median time from the bytes of a file to its verified result."""
    data, check = history(folder, lots)
    taken = []
    for _ in range(rounds):
        start = perf_counter()
        check(data)
        taken.append(perf_counter() - start)
    return median(taken)
