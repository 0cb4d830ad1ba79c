"""Drills for the worst day, with real processes: an old database put back, a copy that writes too, deaths in between.

Whatever happens, the log's key never signs two roots for one size, and what the authority holds comes back to the byte.

Over 400 lines because all drills are played by one federation.
"""

import json
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from ledger.errors import LodetraceError
from ledger.log.checkpoints import parse_checkpoint
from ledger.log.merkle import root_at
from nodes import identity
from nodes.clock import system_clock
from nodes.homes import create_home
from nodes.node import Caller, Node
from nodes.store import log, upstream
from tests import outside
from tests.processes import CLEAN, ROOT, Process, free_ports
from tests.world import kg, until

AUTHORITY, MINE, PLANT = "authority.example", "mine.example", "plant.example"
ORIGIN = {"class": "mined", "country": "CN"}


class Federation:
    """An authority, a mine and a plant that deposit with it; perhaps a witness: its line, or one of their names."""

    def __init__(self, folder: Path, *, witness: str | None = None) -> None:
        self.folder = folder
        lines = []
        self.members: dict[str, Process] = {}
        for name, role, port in zip(
            (AUTHORITY, MINE, PLANT), ("authority", "mine", "mine"), free_ports(3), strict=True
        ):
            home = folder / name.partition(".")[0]
            sites = [{"code": "main", "country": "CN"}]
            authority = None if role == "authority" else AUTHORITY
            settings, keys = create_home(
                home, {}, name=name, organisation=name, role=role, country="CN", sites=sites, port=port,
                authority=authority,
            )  # fmt: skip
            lines.append(f"log {keys.log.verifier.vkey} {settings.url}\n")
            self.members[name] = Process(home, name, port)
            if name == witness:
                lines.append(f"witness {name} {keys.witness.verifier.vkey} {settings.url}/witness\n")
        if witness is not None and witness not in self.members:
            lines.append(witness)
        for one in self.members.values():
            (one.home / "policy.txt").write_text("".join(lines) + "quorum none\n")

    def __getitem__(self, name: str) -> Process:
        return self.members[name]

    @property
    def mine(self) -> Process:
        return self[MINE]

    def deposited(self) -> None:
        """Waits until everything has been brought to everybody."""
        for one in self.members.values():
            with one.store() as store:
                until(lambda store=store: not outside.waiting(store, self.members), f"{one.name}'s deliveries")

    def end(self) -> None:
        for one in self.members.values():
            if one.running:
                one.kill()

    def check(self) -> None:
        """Every log holds, and nobody holds a checkpoint that is not of one and the same history."""
        for one in self.members.values():
            with one.store() as store:
                outside.audit(store)
                assert outside.forks(store) == []
        for owner in self.members.values():
            with owner.store() as store, store.read() as conn:
                tree, size = log.hashes(conn), log.head(conn).size
                for other in self.members.values():
                    if other is owner:
                        continue
                    with other.store() as there, there.read() as conn_there:
                        for at, note in upstream.checkpoints(conn_there, f"{owner.name}/log").items():
                            assert at <= size
                            assert parse_checkpoint(note.decode().partition("\n\n")[0] + "\n").root == root_at(at, tree)


@contextmanager
def federation(folder: Path, witness: str | None = None) -> Iterator[Federation]:
    made = Federation(folder, witness=witness)
    for one in made.members.values():
        one.start(wait=False)
    try:
        for one in made.members.values():
            one.wait_until_ready()
        yield made
    finally:
        made.end()


def lodetrace(*words: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "api", *map(str, words)]
    return subprocess.run(command, cwd=ROOT, env=CLEAN, capture_output=True, text=True, check=False)


def ran(*words: object) -> str:
    done = lodetrace(*words)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def register(mine: Process, lot: str) -> None:
    mine.record("/api/v1/batches", {"product": "ore", "lot_no": lot, "quantity": kg("100"), "origin": ORIGIN}, lot)


def refused(mine: Process, lot: str) -> str:
    """The code of what a request to record is answered."""
    body = {"product": "ore", "lot_no": lot, "quantity": kg("100"), "origin": ORIGIN}
    with mine.program(patience=0) as program, pytest.raises(LodetraceError) as said:
        program.post("/api/v1/batches", body, key=lot)
    assert said.value.value == 503
    return str(said.value.field)


def answers(mine: Process) -> bool:
    """It serves, whether it records or not."""
    with mine.program(patience=0) as program:
        try:
            return program.get("/healthz").status == 200
        except LodetraceError:
            return False


def start_halted(mine: Process) -> None:
    mine.start(wait=False)
    until(lambda: answers(mine) or not mine.running, "it answers", 30)
    assert mine.running, mine.journal()[-2000:]


def put_back(mine: Process, backup: Path, *, highwater: bool = True) -> str:
    """The home as it was when the backup was made; the high-water file stays, unless it is lost too."""
    lost = mine.home.with_name("lost")
    shutil.rmtree(lost, ignore_errors=True)
    mine.home.rename(lost)
    said = ran("restore", "--from", backup, "--home", mine.home)
    if highwater:
        shutil.copy(lost / "highwater", mine.home)
    return said


def test_an_old_backup_is_put_back(tmp_path):
    """It refuses to write, fetches back what it lost, goes on; nobody ever sees a fork."""
    with federation(tmp_path) as world:
        mine, plant = world.mine, world[PLANT]
        register(mine, "A-1")
        ran("backup", "--home", mine.home, "--out", tmp_path / "backup")
        assert not (tmp_path / "backup" / "highwater").exists()
        register(mine, "A-2")
        shipment = mine.ship(PLANT, {"batch": "A-2", "quantity": kg("60")})
        until(lambda: plant.has_arrival(shipment), "it arrives")
        plant.receive(shipment)
        until(lambda: mine.status(shipment) == "received", "its receipt arrives")
        mine.acknowledge(shipment)
        world.deposited()
        mine.kill()
        size, before = mine.size(), _entries(mine)
        old_key = identity.load(mine.home, MINE).witness.verifier.vkey

        said = put_back(mine, tmp_path / "backup")
        new_key = identity.load(mine.home, MINE).witness.verifier.vkey
        assert new_key in said
        assert new_key != old_key
        start_halted(mine)
        assert refused(mine, "A-3") == "log-rolled-back"
        assert mine.size() == 2
        assert not mine.ready()
        assert mine.get("/api/v1/batches/A-1")["lot_no"] == "A-1"
        with mine.program() as program:
            assert b"lodetrace_halted 1.0" in program.get("/metrics").body
        doctor = lodetrace("doctor", "--home", mine.home)
        assert doctor.returncode == 1
        assert "✗ highwater" in doctor.stdout
        assert re.search(rf"has 2 entries, but more are known: {size} \(high-water file", doctor.stdout)
        assert "lodetrace recover" in doctor.stdout
        in_use = lodetrace("recover", "--home", mine.home)
        assert in_use.returncode == 1
        assert "is running already" in in_use.stdout + in_use.stderr
        mine.stop()

        done = json.loads(ran("recover", "--home", mine.home, "--json"))
        assert (done["before"], done["size"]) == (2, size)
        assert not {old_key, new_key} & set(done["witness"])
        assert done["witness"]
        assert _entries(mine) == before
        assert "✓ mine.example/log" in ran("audit", "--home", mine.home)
        assert json.loads(ran("recover", "--home", mine.home, "--json")) == {
            "ok": True, "before": size, "size": size, "witness": [],
        }  # fmt: skip

        mine.start()
        register(mine, "A-3")
        again = mine.ship(PLANT, {"batch": "A-3", "quantity": kg("10")})
        until(lambda: plant.has_arrival(again), "it arrives")
        world.deposited()
        for one in world.members.values():
            one.stop()
        world.check()


def _entries(mine: Process) -> list[tuple[object, ...]]:
    with mine.store() as store, store.read() as conn:
        rows = conn.execute(
            'SELECT e.*, d.body FROM entries e JOIN disclosures d ON d."index" = e."index" ORDER BY e."index"'
        )
        return list(rows)


# -- who remembers ------------------------------------------------------------------------------------------------


class Witness:
    """What a witness publishes of a log, at the place where the protocol has it. It is silent where `note` is None."""

    def __init__(self, folder: Path, origin: str) -> None:
        self.note: bytes | None = None
        path = f"/{sha256(origin.encode()).hexdigest()}/checkpoint"
        witness = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                found = witness.note if self.path == path else None
                self.send_response(404 if found is None else 200)
                self.end_headers()
                self.wfile.write(found or b"")

            def log_message(self, *_: object) -> None:
                """Quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        Thread(target=self.server.serve_forever, daemon=True).start()
        key = identity.create(folder, "hub.example").witness.verifier.vkey
        self.line = f"witness hub {key} http://127.0.0.1:{self.server.server_port}\n"


@pytest.fixture
def witness(tmp_path):
    (tmp_path / "hub").mkdir()
    made = Witness(tmp_path / "hub", f"{MINE}/log")
    yield made
    made.server.shutdown()
    made.server.server_close()


def newest(mine: Process) -> bytes:
    with mine.program() as program:
        return program.get("/log/checkpoint", accept="text/plain").body


def published(mine: Process, size: int) -> bytes:
    until(lambda: newest(mine).split(b"\n")[1] == str(size).encode(), f"{size} entries are published")
    return newest(mine)


def test_a_witness_remembers_what_the_machine_has_forgotten(tmp_path, witness):
    """The high-water file is lost with the disk; what lies beyond the deposit is not invented."""
    with federation(tmp_path, witness.line) as world:
        mine = world.mine
        register(mine, "A-1")
        ran("backup", "--home", mine.home, "--out", tmp_path / "backup")
        world.deposited()
        world[AUTHORITY].kill()
        register(mine, "A-2")
        witness.note = published(mine, 3)
        mine.kill()
        put_back(mine, tmp_path / "backup", highwater=False)
        world[AUTHORITY].start()
        start_halted(mine)
        assert refused(mine, "A-3") == "log-rolled-back"
        assert "3 (witness hub.example)" in mine.journal()
        doctor = lodetrace("doctor", "--home", mine.home).stdout
        assert "✗ witnesses" in doctor
        assert "2 in" not in doctor, "there is no high-water file"
        mine.stop()
        before = _entries(mine)
        lost = lodetrace("recover", "--home", mine.home)
        assert lost.returncode == 1
        assert "has 2 entries, but more are known: 3 (witness hub.example)" in " ".join(
            (lost.stdout + lost.stderr).split()
        )
        assert "successor log" in lost.stdout + lost.stderr
        assert _entries(mine) == before

        witness.note = None
        start_halted(mine)
        assert refused(mine, "A-3") == "log-rolled-back", "what a witness has told once is not forgotten"
        assert (mine.home / "highwater").read_bytes().split(b"\n")[1] == b"3"


def test_a_member_that_cosigns_remembers_too(tmp_path):
    with federation(tmp_path, PLANT) as world:
        mine = world.mine
        register(mine, "A-1")
        ran("backup", "--home", mine.home, "--out", tmp_path / "backup")
        register(mine, "A-2")
        world.deposited()
        place = f"/witness/{sha256(f'{MINE}/log'.encode()).hexdigest()}/checkpoint"
        with world[PLANT].program() as program:
            until(lambda: program.get(place, accept="text/plain").body.split(b"\n")[1] == b"3", "it has cosigned it")
        mine.kill()
        put_back(mine, tmp_path / "backup", highwater=False)
        start_halted(mine)
        assert refused(mine, "A-3") == "log-rolled-back"
        assert f"3 (witness {PLANT})" in mine.journal()
        mine.stop()
        ran("recover", "--home", mine.home)
        mine.start()
        register(mine, "A-3")
        world.deposited()
        for one in world.members.values():
            one.stop()
        world.check()


def test_a_witness_that_is_away_does_not_keep_a_node_from_starting(tmp_path, witness):
    witness.server.shutdown()
    witness.server.server_close()
    with federation(tmp_path, witness.line) as world:
        register(world.mine, "A-1")
        assert "The witness hub.example could not be asked" in world.mine.journal()
        assert "无法向见证人 hub.example 询问" in world.mine.journal()


def test_deposits_come_back_from_a_file_too(tmp_path):
    """For an authority that cannot be reached: its operator writes the file. Nobody else's file fits."""
    with federation(tmp_path) as world:
        mine = world.mine
        register(mine, "A-1")
        ran("backup", "--home", mine.home, "--out", tmp_path / "backup")
        for number in range(2, 9):
            register(mine, f"A-{number}")
        register(world[PLANT], "B-1")
        world.deposited()
        mine.kill()
        before = _entries(mine)
        put_back(mine, tmp_path / "backup")
        for name in (MINE, PLANT):
            ran(
                "deposits",
                "export",
                "--home",
                world[AUTHORITY].home,
                "--of",
                name,
                "--out",
                tmp_path / f"{name}.deposits",
            )
        world[AUTHORITY].kill()
        other = lodetrace("recover", "--home", mine.home, "--from", tmp_path / f"{PLANT}.deposits")
        assert other.returncode == 1
        assert "they are of plant.example/log" in " ".join((other.stdout + other.stderr).split())
        ran("recover", "--home", mine.home, "--from", tmp_path / f"{MINE}.deposits")
        assert _entries(mine) == before
        mine.start()
        register(mine, "A-9")
        mine.stop()
        with mine.store() as store:
            outside.audit(store)


# -- two writers --------------------------------------------------------------------------------------------------


def copied(mine: Process, to: Path, port: int) -> Process:
    shutil.copytree(mine.home, to)
    return Process(to, mine.name, port)


def test_two_processes_on_one_home(tmp_path):
    with federation(tmp_path) as world:
        mine = world.mine
        second = Process(mine.home, MINE, free_ports(1)[0])
        second.start(wait=False)
        assert second.ended() == 1
        assert "is running already" in mine.journal()
        register(mine, "A-1")


def test_a_copied_home_is_caught_by_the_high_water_file_that_both_have(tmp_path):
    """Each believes to be the only one. The second to publish finds what the first has published, and signs nothing."""
    with federation(tmp_path) as world:
        mine = world.mine
        mine.stop()
        (tmp_path / "disk").mkdir()
        elsewhere = str(tmp_path / "disk" / "highwater")
        copy = copied(mine, tmp_path / "copy", free_ports(1)[0])
        mine.start(LODETRACE_HIGHWATER=elsewhere)
        copy.start(LODETRACE_HIGHWATER=elsewhere)
        register(mine, "A-1")
        published(mine, 2)
        register(copy, "B-1")
        until(lambda: not copy.ready(), "it halts")
        assert refused(copy, "B-2") == "log-rewritten"
        assert newest(copy).split(b"\n")[1] == b"1", "it has signed nothing but what both had before"
        register(mine, "A-2")
        copy.kill()


def test_a_copied_home_is_caught_by_what_a_partner_has_seen(tmp_path):
    """The copy has written nothing yet when a receipt for what the other has shipped comes to it."""
    with federation(tmp_path) as world:
        mine, plant = world.mine, world[PLANT]
        register(mine, "A-1")
        world.deposited()
        mine.stop()
        original = copied(mine, tmp_path / "copy", free_ports(1)[0])
        original.start()
        plant.stop()
        shipment = original.ship(PLANT, {"batch": "A-1", "quantity": kg("10")})
        plant.start()
        until(lambda: plant.has_arrival(shipment), "it arrives")
        original.stop()
        start_halted(mine)
        assert mine.ready(), "it does not know yet"
        plant.receive(shipment)
        until(lambda: not mine.ready(), "the receipt tells it")
        assert refused(mine, "A-2") == "log-rolled-back"
        assert "a message of plant.example" in mine.journal()
        mine.kill()
        start_halted(mine)
        assert refused(mine, "A-2") == "log-rolled-back", "it is not forgotten"
        mine.stop()
        with plant.store() as store:
            assert outside.forks(store) == []


# -- deaths, and a clock ------------------------------------------------------------------------------------------

RECORD_AND_DIE = """
import json, os, signal, sqlite3, sys
from pathlib import Path

step = None  # counted from the first statement that moves the head

def passed():
    global step
    if step is not None:
        if step == AT:
            os.kill(os.getpid(), signal.SIGKILL)
        step += 1

class Dying(sqlite3.Connection):
    def execute(self, text, *more):
        global step
        if step is None and text.startswith("UPDATE head"):
            step = 0
        passed()
        return super().execute(text, *more)

def dying(do):
    def done(*given, **named):
        passed()
        return do(*given, **named)
    return done

connect = sqlite3.connect
sqlite3.connect = lambda *given, **named: connect(*given, factory=Dying, **named)
for name in ("fsync", "rename", "open", "write"):
    setattr(os, name, dying(getattr(os, name)))

from nodes import sequencer
from nodes.node import Caller, Node
sequencer.sign_checkpoint = dying(sequencer.sign_checkpoint)
sequencer.log.save_checkpoint = dying(sequencer.log.save_checkpoint)

def record(home, body):
    node = Node.open(home, {})
    node.start()
    node.sequencer.submit(node.command("register", body, Caller("Li"), "key 1")).result()
    node.stop()

for line in sys.stdin:
    AT, home, body = json.loads(line)
    child = os.fork()
    if not child:
        record(Path(home), body)
        os._exit(0)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


def test_a_kill_at_any_step_between_commit_high_water_and_publication(tmp_path):
    """No death looks like a rollback afterwards, and none leaves a signature that could be given for something else."""
    loaded = tmp_path / "loaded"
    sites = [{"code": "main", "country": "CN"}]
    create_home(loaded, {}, name=MINE, organisation="Mine", role="mine", country="CN", sites=sites)
    body = {"product": "ore", "lot_no": "A-1", "quantity": kg("100"), "origin": ORIGIN}
    between = 0
    command = [sys.executable, "-c", RECORD_AND_DIE]
    with subprocess.Popen(command, cwd=ROOT, env=CLEAN, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as recorders:
        assert recorders.stdin is not None
        assert recorders.stdout is not None
        for at in range(200):
            home = Path(shutil.copytree(loaded, tmp_path / str(at)))
            recorders.stdin.write(json.dumps([at, str(home), body]).encode() + b"\n")
            recorders.stdin.flush()
            status = int(recorders.stdout.readline())
            assert status in (0, -signal.SIGKILL)
            kept = parse_checkpoint((home / "highwater").read_text()).size
            node = Node.open(home, {})
            with node.store.read() as conn:
                size, newest = log.head(conn).size, log.latest_checkpoint(conn)
            assert newest is not None
            assert newest[0] <= kept <= size, "what is signed is remembered, what is remembered is committed"
            between += newest[0] < kept
            node.start()
            node.sequencer.submit(node.command("register", body, Caller("Li"), "key 1")).result(20)
            node.stop()
            with Process(home, MINE, 1).store() as store:
                assert outside.audit(store).replay.size == 2
            assert parse_checkpoint((home / "highwater").read_text()).size == 2
            if status == 0:
                break
        recorders.stdin.close()
        assert status == 0, "the steps are fewer than that"
    assert at > 20
    assert between > 0


def test_a_clock_that_is_set_back_forks_nothing(tmp_path):
    """Neither at the start nor after a recovery: entries wait until the clock is past the last one that came back."""
    home = tmp_path / "mine"
    sites = [{"code": "main", "country": "CN"}]
    create_home(home, {}, name=MINE, organisation="Mine", role="mine", country="CN", sites=sites)
    body = {"product": "ore", "lot_no": "A-1", "quantity": kg("100"), "origin": ORIGIN}
    for clock, code in ((lambda: system_clock() - timedelta(days=1), "clock-behind"), (system_clock, None)):
        node = Node.open(home, {}, clock)
        node.start()
        asked = node.sequencer.submit(node.command("register", body, Caller("Li"), None))
        if code is None:
            asked.result(20)
        else:
            with pytest.raises(LodetraceError) as said:
                asked.result(20)
            assert said.value.code == code
        assert node.sequencer.halted is None
        node.stop()
    assert parse_checkpoint((home / "highwater").read_text()).size == 2
