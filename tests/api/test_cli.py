"""The real program, as its own process: what it prints, and how it ends."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from api.cli import build
from ledger.log.trust import Policy
from nodes import config
from nodes.peers import ApiClient

ROOT = Path(__file__).resolve().parent.parent.parent
PROGRAM = [sys.executable, "-c", "from api.cli import main; main()"]
CLEAN = {name: value for name, value in os.environ.items() if not name.startswith("LODETRACE_")} | {"COLUMNS": "200"}
MINE = ("--name", "mine.example", "--org", "信丰矿业", "--role", "mine")


def run(*arguments, environ=None):
    return subprocess.run(
        [*PROGRAM, *map(str, arguments)],
        cwd=ROOT,
        env={**CLEAN, **(environ or {})},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.fixture
def port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@contextmanager
def serving(home, port, **environ):
    """`lodetrace serve` on a home, from its first answer until it has ended."""
    command = [*PROGRAM, "serve", "--home", str(home), "--port", str(port)]
    with subprocess.Popen(
        command, cwd=ROOT, env={**CLEAN, **environ}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert f"http://127.0.0.1:{port}" in process.stderr.readline()
            yield process
        finally:
            process.kill()


# -- init ---------------------------------------------------------------------------------------------------------


def test_init_makes_a_node_and_tells_its_keys(tmp_path):
    done = run("init", "--home", tmp_path / "home", *MINE, "--port", "8600", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    told = json.loads(done.stdout)
    assert list(told) == ["name", "organisation", "role", "url", "origin", "vkeys", "home"]
    assert (told["name"], told["url"], told["origin"]) == ("mine.example", "http://127.0.0.1:8600", "mine.example/log")
    assert set(told["vkeys"]) == {"log", "author", "witness"}
    settings = config.load(tmp_path / "home", {})
    assert [site.code for site in settings.sites] == ["main"]


def test_init_tells_people_the_line_for_their_partners(tmp_path):
    done = run("init", "--home", tmp_path / "home", *MINE)
    assert done.returncode == 0
    line = done.stdout.splitlines()[-1]
    assert line.startswith("log mine.example/log+")
    assert line.endswith(" http://127.0.0.1:8470")
    other = run("init", "--home", tmp_path / "other", *MINE, "--trust", _file(tmp_path, f"{line}\nquorum none\n"))
    assert other.returncode == 0
    assert (tmp_path / "other" / "policy.txt").read_text() == f"{line}\nquorum none\n"


def test_init_with_a_second_witness_key_and_the_lines_for_both(tmp_path):
    home = tmp_path / "home"
    done = run("init", "--home", home, *MINE, "--ml-dsa", "--json")
    assert (done.returncode, set(json.loads(done.stdout)["vkeys"])) == (
        0,
        {"log", "author", "witness", "witness-ml-dsa-44"},
    )
    lines = run("introduce", "--home", home, "--witness").stdout
    policy = Policy.parse(f"{lines}group w all mine.example mine.example-ml-dsa-44\nquorum w\n")
    assert [(key.algorithm, url) for key, url in policy.witnesses.values()] == [
        (4, "http://127.0.0.1:8470/witness"),
        (6, "http://127.0.0.1:8470/witness"),
    ]


def test_init_with_sites_and_an_authority(tmp_path):
    authority = json.loads(
        run(
            "init", "--home", tmp_path / "a", "--name", "a.example", "--org", "A", "--role", "authority", "--json"
        ).stdout
    )
    registry = ("--registry", authority["url"], "--registry-key", authority["vkeys"]["log"])
    done = run("init", "--home", tmp_path / "b", *MINE, *registry, "--site", "pit-1:江西", "--site", "pit-2")
    assert done.returncode == 0
    settings = config.load(tmp_path / "b", {})
    assert settings.authority == "a.example"
    assert [(site.code, site.country, site.region) for site in settings.sites] == [
        ("pit-1", "CN", "江西"),
        ("pit-2", "CN", None),
    ]
    assert (tmp_path / "b" / "policy.txt").read_text().splitlines()[0] == f"log {registry[3]} {registry[1]}"


def test_init_leaves_an_existing_home_alone(home):
    before = {path: path.read_bytes() for path in home.rglob("*") if path.is_file()}
    done = run("init", "--home", home, *MINE)
    assert (done.returncode, done.stdout) == (1, "")
    assert "not touched" in done.stderr
    assert "不会被改动" in done.stderr
    assert {path: path.read_bytes() for path in home.rglob("*") if path.is_file()} == before


def test_init_with_wrong_settings_names_them_all_and_leaves_nothing(tmp_path):
    done = run("init", "--home", tmp_path / "home", "--name", "Mine", "--org", "x", "--role", "y", "--port", "0")
    assert done.returncode == 1
    assert [name for name in ("name", "role", "port") if f"  - {name} = " in done.stderr] == ["name", "role", "port"]
    assert list(tmp_path.iterdir()) == []


def test_errors_are_json_where_that_was_asked_for(home):
    done = run("init", "--home", home, *MINE, "--json")
    assert done.returncode == 1
    told = json.loads(done.stdout)
    assert (told["ok"], told["code"]) == (False, "home-exists")


MISUSE = {
    "an unknown verb": ["fly"],
    "an unknown option": ["serve", "--home", "x", "--fast"],
    "no home": ["serve"],
    "half a registry": ["init", "--home", "x", *MINE, "--registry", "http://a"],
    "a port in words": ["serve", "--home", "x", "--port", "many"],
    "verify without a file": ["verify"],
    "verify a file that is not there": ["verify", "nowhere.json"],
    "a number in words": ["token", "revoke", "--home", "x", "one"],
}


@pytest.mark.parametrize("arguments", MISUSE.values(), ids=MISUSE)
def test_misuse_is_2(arguments):
    done = run(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr


# -- token --------------------------------------------------------------------------------------------------------


def test_tokens_are_made_listed_and_revoked_beside_a_running_node(home, port):
    with serving(home, port):
        text = run("token", "create", "--home", home, "--role", "viewer", "--name", "Li").stdout.strip()
        url = f"http://127.0.0.1:{port}/log/tile/entries/000.p/1"
        headers = {"authorization": f"Bearer {text}"}
        assert httpx.get(url, headers=headers).status_code == 200
        listed = json.loads(run("token", "list", "--home", home, "--json").stdout)
        assert [(row["number"], row["name"], row["role"], row["revoked_at"]) for row in listed] == [
            (1, "Li", "viewer", None)
        ]
        assert run("token", "revoke", "--home", home, "1").returncode == 0
        again = run("token", "revoke", "--home", home, "1")
        assert (again.returncode, "token list" in again.stderr) == (1, True)
        assert "Li" in run("token", "list", "--home", home).stdout
    assert text.startswith("lt_")


def test_a_token_for_an_unknown_role_is_refused(home):
    done = run("token", "create", "--home", home, "--role", "boss", "--name", "Li", "--json")
    assert (done.returncode, json.loads(done.stdout)["code"]) == (1, "role-unknown")


# -- serve --------------------------------------------------------------------------------------------------------


def test_a_second_serve_on_one_home_is_refused_and_the_first_goes_on(home, port):
    with serving(home, port) as first:
        second = run("serve", "--home", home, "--port", "1")
        assert second.returncode == 1
        assert f"running already (process {first.pid})" in second.stderr
        assert httpx.get(f"http://127.0.0.1:{port}/readyz").status_code == 200


def test_a_port_that_is_taken_is_said_plainly(home, port):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port))
        taken.listen()
        done = run("serve", "--home", home, "--port", port)
    assert done.returncode == 1
    assert f"Another program listens at 127.0.0.1:{port} already." in done.stderr
    assert "Traceback" not in done.stderr


def test_an_address_of_another_machine_is_said_plainly(home):
    done = run("serve", "--home", home, "--host", "192.0.2.1")
    assert done.returncode == 1
    assert "cannot listen at 192.0.2.1" in done.stderr


def test_no_home_no_node(tmp_path):
    done = run("serve", "--home", tmp_path / "nowhere")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr


def test_keys_open_to_others_are_refused(home):
    (home / "keys" / "log.pem").chmod(0o644)
    done = run("serve", "--home", home)
    assert done.returncode == 1
    assert "chmod 600" in done.stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_stops_when_asked_and_can_be_started_again(home, port, number):
    for _ in range(2):
        with serving(home, port) as process:
            process.send_signal(number)
            _, errors = process.communicate(timeout=30)
            assert (process.returncode, errors) == (0, "")
    assert not (home / "node.db-wal").exists()


def test_what_was_accepted_before_the_stop_is_answered_and_kept(home, port):
    """Requests are under way from several threads while it stops; every 201 must be in the log afterwards."""
    body = {
        "product": "nd_oxide",
        "quantity": {"value": "1", "unit": "kg", "basis": "net"},
        "origin": {"class": "mined", "country": "CN"},
    }
    token = run("token", "create", "--home", home, "--role", "clerk", "--name", "Li").stdout.strip()
    acknowledged, first = [], threading.Event()

    def record(url):
        with httpx.Client(base_url=url, headers={"authorization": f"Bearer {token}"}) as client:
            for number in range(10_000):
                key = {"idempotency-key": f"{threading.get_ident()}-{number}"}
                try:
                    answer = client.post("/api/v1/batches", json=body, headers=key)
                except httpx.TransportError:
                    return
                if answer.status_code != 201:
                    return
                acknowledged.append(answer.json()["entry"]["index"])
                first.set()

    with serving(home, port) as process:
        url = f"http://127.0.0.1:{port}"
        threads = [threading.Thread(target=record, args=[url]) for _ in range(4)]
        for thread in threads:
            thread.start()
        assert first.wait(20)
        process.terminate()
        for thread in threads:
            thread.join()
        assert process.wait(30) == 0
    with serving(home, port):
        size = int(httpx.get(f"http://127.0.0.1:{port}/log/checkpoint").text.split("\n")[1])
    assert len(set(acknowledged)) == len(acknowledged) > 0
    assert max(acknowledged) < size


def test_settings_from_the_environment_reach_it(home, port):
    with serving(home, port, LODETRACE_LABEL_URL="https://q.example"):
        assert httpx.get(f"http://127.0.0.1:{port}/healthz").status_code == 200
    done = run("serve", "--home", home, environ={"LODETRACE_LABEL_URL": "q.example"})
    assert (done.returncode, "LODETRACE_LABEL_URL" in done.stderr) == (1, True)


def test_the_client_finds_the_node(home, port):
    with serving(home, port), ApiClient(f"http://127.0.0.1:{port}") as client:
        assert client.get("/readyz").json()["ready"] is True


# -- all of it ----------------------------------------------------------------------------------------------------


def test_every_verb_explains_itself_in_both_languages():
    from typer.main import get_command

    def leaves(command, path=()):
        for name, inner in getattr(command, "commands", {}).items():
            yield from leaves(inner, (*path, name))
        if not hasattr(command, "commands"):
            yield " ".join(path), command

    verbs = dict(leaves(get_command(build())))
    assert {"init", "serve", "verify", "token create", "token list", "token revoke"} <= set(verbs)
    for name, verb in verbs.items():
        assert any("\u4e00" <= sign <= "\u9fff" for sign in verb.help or ""), name


def test_verify_loads_neither_web_nor_database():
    code = (
        "import sys\nsys.argv = ['lodetrace', 'verify', 'nowhere.json']\n"
        "from api.cli import main\n"
        "try: main()\nexcept SystemExit as end: assert end.code == 2\n"
        "print(*{name.split('.')[0] for name in sys.modules})"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert {"typer", "ledger", "api"} <= loaded
    assert loaded & {"fastapi", "starlette", "uvicorn", "sqlmodel", "sqlalchemy", "sqlite3", "httpx", "nodes"} == set()


def _file(folder, text):
    file = folder / "trust.txt"
    file.write_text(text)
    return file
