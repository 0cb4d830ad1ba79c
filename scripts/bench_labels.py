"""Labels on paper: how long a batch of drums takes as one PDF, beside the making of its QR symbols alone."""

from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from qrcode.constants import ERROR_CORRECT_Q

from nodes import printed
from nodes.node import Caller, Node
from nodes.printing import layout
from nodes.qr import matrix_of

LABELS = 1000


@dataclass(frozen=True, slots=True)
class Took:
    """Seconds: `whole` from the request to the finished file, `symbols` for the codes alone."""

    whole: float
    symbols: float


def print_a_batch(home: Path, count: int) -> Took:
    """`count` drums of one batch in a new home, printed as a PDF of 100 x 70 mm."""
    node = Node.open(home, {})
    node.start()
    try:
        _drums(node, count)
        start = perf_counter()
        job = printed.print_labels(node, {"batch": "PN-1", "form": "pdf"}, "bench", "1")
        job.ended.wait()
        whole = perf_counter() - start
        if not node.jobs.result(job.id).path.stat().st_size:
            raise RuntimeError("an empty file was printed")
    finally:
        node.stop()
    url = f"https://q.longnan.example/q/{'AdXfGh12_-' * 17}abcd"
    start = perf_counter()
    for number in range(count):
        matrix_of(f"{url}{number:04d}", ERROR_CORRECT_Q, layout.MASK)
    return Took(whole, perf_counter() - start)


def _drums(node: Node, count: int) -> None:
    caller = Caller("bench")
    ore = {
        "product": "prnd_oxide",
        "lot_no": "PN-1",
        "quantity": {"value": "100", "unit": "t"},
        "origin": {"class": "mined", "country": "CN"},
    }
    node.sequencer.submit(node.command("register", ore, caller, None)).result()
    net = {"value": "50", "unit": "kg"}
    units = [{"serial": f"D-{number}", "kind": "drum", "net": net} for number in range(count)]
    for first in range(0, count, 200):
        body = {"batch": "PN-1", "units": units[first : first + 200]}
        node.sequencer.submit(node.command("pack", body, caller, None)).result()
