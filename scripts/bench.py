"""How fast this machine's Lodetrace is: each figure beside a ceiling measured in the same run, and its share of it.

What is measured how, and what decides each figure, is told in docs/speed.md. Trust the shares; the absolute figures are
this machine's, at this moment. Everything happens in a new folder that is removed at the end.

Over 400 lines because each figure is measured beside its ceiling, in one run.
"""

import argparse
import json
import os
import socket
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from multiprocessing import connection, get_context
from pathlib import Path
from statistics import mean, median
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any
from urllib.parse import quote, urlsplit

import bench_ceilings as ceilings
import bench_follow
import bench_labels
import bench_matter
import bench_recording
import bench_verify
from bench_load import drive, request
from bench_store import SEASON, Plant, lot
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from api import server
from ledger.entries import id_bytes
from ledger.log.checkpoints import Checkpoint, sign_checkpoint
from ledger.log.notes import Ed25519Signer
from ledger.log.witnessing import format_request
from nodes import auditing, tokens
from nodes.clock import system_clock
from nodes.homes import create_home
from nodes.node import Node
from nodes.store import genealogy, log

CONNECTIONS = 32
BULK_LINES = 2000
START_SECONDS = 60
ONE, ALL = "Ed25519 verify, one core", "Ed25519 verify, all cores"
_WALK = """
WITH RECURSIVE seen (no) AS (SELECT ? UNION SELECT e.{} FROM seen JOIN edges e ON e.{} = seen.no)
SELECT count(*) FROM seen
"""
WALKS = {"back": _WALK.format("parent_no", "child_no"), "forward": _WALK.format("child_no", "parent_no")}


@dataclass(frozen=True, slots=True)
class Size:
    """How much is done: requests, lines in bulk, scans, the plant's sizes in batches, seconds for each ceiling."""

    singles: int
    bulk: int
    scans: int
    plants: tuple[int, ...]
    seconds: float
    scale: float = 1.0


SIZES = {
    "smallest": Size(64, 200, 8, (300,), 0.05, 0.03),
    "quick": Size(5_000, 20_000, 200, (100_000,), 0.5),
    "full": Size(20_000, 100_000, 500, (100_000, 1_000_000), 2.0),
}


@dataclass(frozen=True, slots=True)
class Figure:
    """`share` of the ceiling: 1 would be as fast as the ceiling alone. `aim` is what it should be, if there is one."""

    name: str
    value: float
    unit: str
    ceiling: str
    limit: float
    share: float
    aim: str = ""
    met: bool | None = None


def rate(name: str, value: float, ceiling: str, limit: float, aim: str = "", met: bool | None = None) -> Figure:
    return Figure(name, value, "/s", ceiling, limit, value / limit, aim, met)


def cost(name: str, value: float, unit: str, ceiling: str, limit: float, most: float | None = None) -> Figure:
    """The less the better; `most` is the aim."""
    aim = "" if most is None else f"< {most:g} {unit}"
    return Figure(name, value, unit, ceiling, limit, limit / value, aim, None if most is None else value < most)


# -- processes ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Running:
    """A server in a process of its own. `seconds` it took from its start until it answered."""

    port: int
    pid: int
    seconds: float

    def peak_mb(self) -> float:
        """The most memory it had so far."""
        status = Path(f"/proc/{self.pid}/status").read_text("utf-8")
        return int(status.partition("VmHWM:")[2].split()[0]) / 1000


def serve_node(port: int, ready: connection.Connection, home: Path) -> None:
    server.run(home, {"LODETRACE_PORT": str(port)}, ready.send)


def serve_nothing(port: int, ready: connection.Connection) -> None:
    """The empty application, served with the settings of a node."""
    with server.listen("127.0.0.1", port) as listening:
        ceilings.ReadyServer(server.web(ceilings.empty_app()), lambda: ready.send("")).run(sockets=[listening])


@contextmanager
def running(serve: Callable[..., None], *arguments: object) -> Iterator[Running]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    spawn = get_context("spawn")
    ours, theirs = spawn.Pipe()
    process = spawn.Process(target=serve, args=(port, theirs, *arguments))
    start = perf_counter()
    process.start()
    try:
        if ours not in connection.wait([ours, process.sentinel], START_SECONDS):
            raise RuntimeError("the server did not start; the reason stands above")
        assert process.pid is not None
        yield Running(port, process.pid, perf_counter() - start)
    finally:
        process.terminate()
        process.join()


# -- the plan -----------------------------------------------------------------------------------------------------


class Bench:
    """One run. Each method measures one thing and adds its figures; `figures` is filled in the order of the table."""

    def __init__(self, folder: Path, size: Size, tell: Callable[[str], None]) -> None:
        self.folder, self.size, self.tell = folder, size, tell
        self.figures: list[Figure] = []
        self._seen: dict[str, list[float]] = {}

    def run(self, progress: Progress) -> None:
        self.ceilings()
        self.matter()
        self.recording()
        home, token = self._home("mine")
        with running(serve_node, home) as node:
            self.singles(node, token)
            self.bulk(node, token, "", papers=False)
            self.bulk(node, token, " with papers", papers=True)
            self.scans(node, token)
        self.follow(home)
        self.audit(home, "registrations", progress)
        self.labels()
        self.witnessing()
        self.verifying_a_handover()
        home, token = self._home("plant")
        for batches in self.size.plants:
            plant = self.grow(home, batches, progress)
            self.traces(home, token, plant)
        if self.size.plants[-1] != SIZES["quick"].plants[-1]:
            self.audit(home, "a plant", progress)

    @property
    def parts(self) -> dict[str, float]:
        """The ceilings; those measured before and after what they are compared with, as the mean of both."""
        return {name: mean(values) for name, values in self._seen.items()}

    def _part(self, name: str, value: float) -> None:
        self._seen.setdefault(name, []).append(value)

    def _home(self, name: str, policy: str = "quorum none\n") -> tuple[Path, str]:
        """A new node, and a clerk's token."""
        home = self.folder / name
        about = {"organisation": "信丰", "role": "mine", "country": "CN", "policy": policy}
        create_home(home, {}, name=f"{name}.example", sites=[{"code": f"{name}-1", "country": "CN"}], **about)
        node = Node.open(home, {})
        try:
            return home, tokens.mint(node.store, "bench", "clerk", system_clock)
        finally:
            node.stop()

    def ceilings(self) -> None:
        self.tell("ceilings 上限")
        self._part("fdatasync, seconds", ceilings.syncing(self.folder))
        self._part("Ed25519 sign", ceilings.signing(1000, self.size.seconds))
        self._part("SQLite group commit", ceilings.inserting(self.folder, 2300, self.size.seconds))
        self._verifying()
        self._posting()

    def _verifying(self) -> None:
        self._part(ONE, ceilings.verifying(1000, self.size.seconds))
        self._part(ALL, ceilings.verifying_on_all(1000, self.size.seconds))

    def _posting(self) -> None:
        with running(serve_nothing) as empty:
            post = request("POST", "/", body=json.dumps(lot(0)).encode())
            drive(empty.port, [post] * (self.size.singles // 4), CONNECTIONS, 201)
            self._part("empty POST", drive(empty.port, [post] * self.size.singles, CONNECTIONS, 201).rate)
            self._empty_start, self._empty_mb = empty.seconds, empty.peak_mb()

    def matter(self) -> None:
        self.tell("elements of transformations 元素平衡与来源")
        small = bench_matter.transformations(2, 2, max(50, int(2000 * self.size.seconds)))
        alone = "its rows' arithmetic alone"
        name = "contents, balance and findings in an audit, one core"
        self.figures.append(
            rate(name, 1 / small.whole, alone, 1 / small.alone, ">= 1667 /s", small.whole <= 60 / 100_000)
        )
        rounds = max(3, int(40 * self.size.seconds))
        for elements in (bench_recording.FOUR, bench_recording.TWELVE):
            large = bench_matter.transformations(50, 20, rounds, [*elements])
            name = f"the same for 50 inputs and 20 outputs of {len(elements)} elements"
            self.figures.append(cost(name, large.whole * 1e3, "ms", alone, large.alone * 1e3, 10))

    def recording(self) -> None:
        self.tell("recording transformations 加工记账")
        rounds = max(3, int(40 * self.size.seconds))
        for oxides, sources in ((bench_recording.FOUR, 8), (bench_recording.FOUR, 50), (bench_recording.TWELVE, 50)):
            home = self.folder / f"blender-{len(oxides)}-{sources}"
            took = bench_recording.transformations(home, oxides, sources, rounds)
            name = f"recording 50 inputs into 20 outputs: added by {len(oxides)} elements of {sources} sources"
            self.figures.append(
                cost(name, max(took.added * 1e3, 1e-3), "ms", "the same of goods unknown", took.unknown * 1e3, 10)
            )

    def singles(self, node: Running, token: str) -> None:
        self.tell("registrations one by one 逐条登记")
        requests = [
            request("POST", "/api/v1/batches", token, body=json.dumps(lot(number)).encode(), key=f"single-{number}")
            for number in range(self.size.singles + self.size.singles // 4)
        ]
        drive(node.port, requests[self.size.singles :], CONNECTIONS, 201)
        load = drive(node.port, requests[: self.size.singles], CONNECTIONS, 201)
        self._posting()
        limit = self.parts["empty POST"]
        name = f"registrations, {CONNECTIONS} connections"
        self.figures.append(rate(name, load.rate, "empty POST", limit, ">= 40 %", load.rate >= 0.4 * limit))
        self.figures.append(cost(f"{name}, p50", load.latency(50) * 1e3, "ms", "empty POST", CONNECTIONS / limit * 1e3))

    def witnessing(self) -> None:
        """First checkpoints of many logs: of each a signature checked, a row on the disk, a cosignature."""
        self.tell("add-checkpoint 见证")
        count = max(CONNECTIONS, self.size.singles // 4)
        logs = [Ed25519Signer.from_seed(f"{number}.example/log", number.to_bytes(32)) for number in range(count)]
        lines = [f"log {one.verifier.vkey}\n" for one in logs]
        home, _ = self._home("witness", "".join([*lines, "quorum none\n"]))
        notes = [sign_checkpoint(Checkpoint(one.verifier.name, 1, bytes(32)), [one]) for one in logs]
        asked = [request("POST", "/witness/add-checkpoint", body=format_request(0, (), note)) for note in notes]
        with running(serve_node, home) as node:
            load = drive(node.port, asked, CONNECTIONS, 200)
        limit = self.parts["empty POST"]
        self.figures.append(rate("add-checkpoint, each on the disk", load.rate, "empty POST", limit))

    def labels(self) -> None:
        self.tell("labels as PDF 打印标签")
        count = max(20, int(bench_labels.LABELS * self.size.scale))
        home, _ = self._home("packer")
        took = bench_labels.print_a_batch(home, count)
        most = 5 if count == bench_labels.LABELS else None
        name = f"labels as one PDF, {count:,} of them"
        self.figures.append(cost(name, took.whole, "s", "their QR symbols alone", took.symbols, most))

    def verifying_a_handover(self) -> None:
        """What a receiver does before goods with a thousand entries behind them are taken in."""
        self.tell("verification of a handover 交接核验")
        lots = max(8, int(bench_verify.LOTS * self.size.scale))
        here, browser = bench_verify.verify_seconds(self.folder, lots)
        limit = (lots + 3) / self.parts[ONE] * 1000
        named = f"verification of {lots:,} upstream entries"
        for name, value, most in ((named, here, 250), (f"{named} by a browser", browser, 500)):
            aim = most if lots == bench_verify.LOTS else None
            self.figures.append(cost(name, value * 1000, "ms", ONE, limit, aim))

    def bulk(self, node: Running, token: str, how: str, *, papers: bool) -> None:
        self.tell(f"registrations in bulk{how} 批量登记")
        bodies = []
        for first in range(0, self.size.bulk, BULK_LINES):
            numbers = range(first, min(first + BULK_LINES, self.size.bulk))
            lines = [
                json.dumps({"verb": "register", "key": f"bulk{how}-{number}", "body": lot(number, papers=papers)})
                for number in numbers
            ]
            bodies.append("\n".join(lines).encode())
        load = drive(node.port, [request("POST", "/api/v1/bulk", token, body=body) for body in bodies], 2, 200)
        done = sum(answer.body.count(b'"status":201') for answer in load.answers)
        if done != self.size.bulk:
            raise RuntimeError(f"{done} of {self.size.bulk} were recorded: {load.answers[0].body[:500]!r}")
        least = min(("Ed25519 sign", "SQLite group commit"), key=self.parts.__getitem__)
        value = done / load.seconds
        aim, met = ("", None) if papers else (">= 6000 /s", value >= 6000)
        self.figures.append(rate(f"registrations in bulk{how}", value, least, self.parts[least], aim, met))

    def scans(self, node: Running, token: str) -> None:
        self.tell("scans 扫码")
        drawn = [{"batch": f"XF-{number}", "quantity": {"value": "1", "unit": "t"}} for number in range(12)]
        # The lots stand there twice by their number, for they were also recorded in bulk: name them by id.
        ids = self._batches(node, token, len(drawn))
        for line, id_ in zip(drawn, ids, strict=True):
            line["batch"] = id_
        step = {"steps": [{"process": "separation"}], "inputs": drawn}
        out = {"product": "prnd_oxide", "quantity": {"value": "10", "unit": "t"}}
        batch = self._post(node, token, "transformations", {**step, "outputs": [out]})["outputs"][0]["batch"]
        drums = [
            {"serial": f"D-{at}", "kind": "drum", "net": {"value": "20", "unit": "kg"}} for at in range(self.size.scans)
        ]
        packed = self._post(node, token, "units", {"batch": batch, "units": drums})
        _wait_for_checkpoint(node, packed["entry"]["index"])
        pages = [request("GET", urlsplit(one["label_url"]).path, accept="text/html") for one in packed["units"]]
        entries = len(drawn) + 3  # and what separated, packed and opened the log
        limit = entries / self.parts[ONE] * 1e3
        for name, load in (
            ("scan page", drive(node.port, pages, 1, 200)),
            ("scan page, again", drive(node.port, pages, 1, 200)),
        ):
            for percent in (50, 99):
                value = load.latency(percent) * 1e3
                self.figures.append(cost(f"{name}, p{percent}", value, "ms", f"{entries} verifications", limit))

    def follow(self, home: Path) -> None:
        self.tell("following the log of another node 跟踪他人日志")
        follower, _ = self._home("follower")
        with running(serve_node, follower) as other:
            bench_follow.trust(home, follower, other.port)
            with running(serve_node, home) as node:
                bench_follow.trust(follower, home, node.port)
                found = bench_follow.follow(follower, self.size.scans)
        self._verifying()
        limit = self.parts[ALL]
        aim = ">= 10000 /s"
        rate_ = found.entries / found.seconds
        self.figures.append(
            rate("entries of a partner's log, checked and kept", rate_, ALL, limit, aim, rate_ >= 10_000)
        )
        # A look, and one question to somebody else, every `watch_max_s`.
        busy = bench_follow.RESTING * found.look_cpu_seconds / bench_follow.PAUSE_SECONDS * 100
        bare = bench_follow.RESTING * found.request_cpu_seconds / bench_follow.PAUSE_SECONDS * 100
        name = f"{bench_follow.RESTING} resting logs, of one core"
        self.figures.append(cost(name, busy, "%", "two bare requests each", bare, 2))

    def grow(self, home: Path, batches: int, progress: Progress) -> Plant:
        """Fills the store until it has so many batches and so many entries."""
        self.tell(f"a plant of {batches} batches 建账")
        node = Node.open(home, {})
        node.start()
        try:
            plant = Plant(node, self.size.scale)
            with node.store.read() as conn:
                size = log.head(conn).size
                plant.made = conn.execute("SELECT count(*) FROM batches").fetchone()[0]
            task = progress.add_task("a plant from mine to motor 建账", total=batches)
            while size < batches or plant.made < batches:
                plant.season(lambda made: progress.update(task, completed=made))
                with node.store.read() as conn:
                    size = log.head(conn).size
            progress.remove_task(task)
        finally:
            node.stop()
        return plant

    def traces(self, home: Path, token: str, plant: Plant) -> None:
        self.tell("traces 追溯")
        node_of = f"at {plant.made:,} batches"
        with running(serve_node, home) as node:
            start_mb = node.peak_mb()
            motor, first = plant.motors[-1], plant.lots[0]
            for name, batch, way, most in (
                ("back trace of a motor", motor["batch"], "back", 50),
                ("recall of a lot", first, "forward", 1000),
            ):
                path = f"/api/v1/batches/{quote(batch)}/trace?direction={way}"
                load = drive(node.port, [request("GET", path, token)] * 7, 1, 200)
                visited = len(json.loads(load.answers[0].body)["nodes"])
                limit = _walk(home, batch, way) * 1e3
                named = f"{name}, {visited:,} batches, {node_of}"
                self.figures.append(cost(named, load.latency(50) * 1e3, "ms", "the bare walk in SQLite", limit, most))
            page = request("GET", urlsplit(motor["units"][0]["label_url"]).path, accept="text/html")
            load = drive(node.port, [page], 1, 200)
            named, verify = f"scan of a motor, {node_of}", self.parts[ONE]
            entries = _history(home, motor["batch"])
            self.figures.append(
                cost(named, load.latency(50) * 1e3, "ms", f"{entries:,} verifications", entries / verify * 1e3)
            )
            if plant.made >= SEASON:
                self.bulk(node, token, f" {node_of}", papers=False)
            self.figures.append(cost(f"start-up {node_of}", node.seconds, "s", "empty FastAPI", self._empty_start, 3))
            for when, used in (("after start-up", start_mb), ("after all this", node.peak_mb())):
                self.figures.append(
                    cost(f"peak memory {when}, {node_of}", used, "MB", "empty FastAPI", self._empty_mb, 400)
                )
            self.pages(node, token, node_of)  # last: from the first look at the board on, the books are read beside

    def pages(self, node: Running, token: str, node_of: str) -> None:
        """Those that are opened all day, beside a page of the same node that says nothing of its goods."""
        bare = drive(node.port, [request("GET", "/verify", accept="text/html")] * 50, 1, 200).latency(99) * 1e3
        for name, path in (("board", "/"), ("goods", "/goods")):
            asked = request("GET", path, token, accept="text/html")
            first = drive(node.port, [asked], 1, 200).latency(50)
            later = drive(node.port, [asked] * 50, 1, 200).latency(99)
            for when, seconds in (("first look", first), ("p99", later)):
                named = f"page of the {name}, {when}, {node_of}"
                self.figures.append(cost(named, seconds * 1e3, "ms", "a page without goods", bare))

    def audit(self, home: Path, what: str, progress: Progress) -> None:
        self.tell(f"audit of {what} 审计")
        store = auditing.open_home(home)
        with store.read() as conn:
            size = log.head(conn).size
        task = progress.add_task("audit 审计", total=size)
        start = perf_counter()
        report = auditing.audit(auditing.from_store(store), lambda done: progress.update(task, completed=done))
        value = report.size / (perf_counter() - start)
        progress.remove_task(task)
        store.close()
        self._verifying()
        for ceiling in (ONE, ALL):
            limit = self.parts[ceiling]
            name = f"audit of {what}, {size:,} entries"
            self.figures.append(rate(name, value, ceiling, limit, ">= 75 %", value >= 0.75 * limit))

    def _post(self, node: Running, token: str, where: str, body: object) -> dict[str, Any]:
        sent = request("POST", f"/api/v1/{where}", token, body=json.dumps(body).encode(), key=where)
        return json.loads(drive(node.port, [sent], 1, 201).answers[0].body)

    def _batches(self, node: Running, token: str, count: int) -> list[str]:
        found = drive(node.port, [request("GET", f"/api/v1/batches?limit={count}", token)], 1, 200)
        return [one["batch"] for one in json.loads(found.answers[0].body)["batches"]]


def _wait_for_checkpoint(node: Running, index: int) -> None:
    """Labels hold as soon as a checkpoint covers their entry, a moment after it is recorded."""
    ask = [request("GET", "/log/checkpoint")]
    while int(drive(node.port, ask, 1, 200).answers[0].body.split(b"\n")[1]) <= index:
        pass


def _walk(home: Path, batch: str, way: str) -> float:
    """Seconds of the recursion alone, in the database, with nothing brought out of it."""
    conn = sqlite3.connect(home / "node.db")
    (number,) = conn.execute("SELECT no FROM batches WHERE log_no = 0 AND id = ?", (id_bytes(batch),)).fetchone()
    taken = []
    for _ in range(7):
        start = perf_counter()
        conn.execute(WALKS[way], (number,)).fetchone()
        taken.append(perf_counter() - start)
    conn.close()
    return median(taken)


def _history(home: Path, batch: str) -> int:
    """How many entries prove where a batch comes from."""
    store = auditing.open_home(home)
    with store.read() as conn:
        found = genealogy.closure(conn, batch, f"{home.name}.example/log")
    store.close()
    return len(found.entries)


# -- telling ------------------------------------------------------------------------------------------------------


def table(figures: list[Figure], parts: dict[str, float]) -> Iterator[Table]:
    measured = Table(title="Ceilings 上限", title_justify="left")
    for column in ("what", "measured"):
        measured.add_column(column, justify="left" if column == "what" else "right")
    for name, value in parts.items():
        measured.add_row(name, f"{value * 1e6:.0f} µs" if name.startswith("fdatasync") else f"{value:,.0f} /s")
    yield measured
    told = Table(title="Figures 实测", title_justify="left")
    for column in ("what", "measured", "ceiling", "of it", "aim", ""):
        told.add_column(column, justify="left" if column in {"what", "ceiling"} else "right")
    for one in figures:
        mark = {None: "", True: "[green]✓[/]", False: "[red]✗[/]"}[one.met]
        digits = 0 if one.value >= 100 else 2
        limit = f"{one.ceiling} {one.limit:,.{0 if one.limit >= 100 else 2}f} {one.unit}"
        told.add_row(one.name, f"{one.value:,.{digits}f} {one.unit}", limit, f"{one.share:.0%}", one.aim, mark)
    yield told


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    which = parser.add_mutually_exclusive_group()
    for name, told in (
        ("quick", "about a minute (the default)"),
        ("full", "a plant of 10^6 batches too: many minutes, some GB of disk"),
        ("smallest", "seconds: says whether it runs, nothing about speed"),
    ):
        which.add_argument(f"--{name}", dest="size", action="store_const", const=name, help=told)
    parser.add_argument("--json", action="store_true", help="JSON instead of tables")
    parser.add_argument("--folder", type=Path, help="where to measure: the disk decides (default: the system's)")
    chosen = parser.parse_args()
    screen = Console(stderr=True)
    with (
        TemporaryDirectory(prefix="lodetrace-bench-", dir=chosen.folder) as folder,
        Progress(console=screen) as progress,
    ):
        bench = Bench(Path(folder), SIZES[chosen.size or "quick"], screen.print)
        bench.run(progress)
    if chosen.json:
        machine = {"cores": os.cpu_count(), "python": sys.version.split()[0]}
        shown = {"machine": machine, "ceilings": bench.parts, "figures": [asdict(one) for one in bench.figures]}
        print(json.dumps(shown, indent=2, ensure_ascii=False))
        return
    for one in table(bench.figures, bench.parts):
        Console(width=max(Console().width, 150)).print(one)


if __name__ == "__main__":
    main()
