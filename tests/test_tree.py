"""What the tree holds and may not hold: addresses nobody decided on, one machine's folders, links that lead nowhere."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ["ledger", "nodes", "api", "scripts", "tests", "docs", ".ci"]
TEXT = {
    ".py",
    ".md",
    ".toml",
    ".lock",
    ".json",
    ".html",
    ".css",
    ".js",
    ".mjs",
    ".svg",
    ".txt",
    ".mako",
    ".ini",
    ".sql",
    "",
}
# What others wrote: hatch_build.py fetches it, and package-lock.json repeats where its authors can be thanked.
FOREIGN = {"__pycache__", "vendor", "fonts", "package-lock.json"}

# Sites that are cited or fetched from, each on purpose. Names reserved for examples and this machine come beside them.
CITED = {
    "c2sp.org",
    "chromedevtools.github.io",
    "eur-lex.europa.eu",
    "graphviz.org",
    "prometheus.io",
    "spec.openapis.org",
    "keepachangelog.com",
    "openid.net",
    "pages.nist.gov",
    "ref.gs1.org",
    "schema.org",
    "semver.org",
    "www.apache.org",
    "www.gnu.org",
    "www.iso.org",
    "www.rfc-editor.org",
    "www.standardwebhooks.com",
    "www.sqlite.org",
    "www.w3.org",
}
EXAMPLE = re.compile(r"(.+\.)?(example(\.(com|org|net))?|test|invalid|localhost)|127\.0\.0\.1|0\.0\.0\.0|\[::1?\]")
# A host that is not spelled out: {host}, $HOST, HOST, <host>, …, *, or a regular expression.
UNSPELLED = re.compile(r"[^a-z0-9\[].*|.*\{\w+\}.*|[A-Z_]+|[a-z]|\[|")
URL = re.compile(r"\bhttps?://([^/\s\"'`)>:?#,;|]*)")
MACHINE = re.compile(r"(?<![\w.$}~])(?:/home/|/root/|/Users/|/work/|/private/|/tmp/|[A-Z]:\\Users\\)[\w.-]+")


def texts() -> dict[str, str]:
    """Path and text of every text file of ours but this one, which has to spell out what it looks for."""
    files = {*ROOT.iterdir(), *(file for folder in FOLDERS for file in (ROOT / folder).rglob("*"))}
    kept = {file for file in files if file.is_file() and file.suffix in TEXT and not FOREIGN & set(file.parts)}
    return {file.relative_to(ROOT).as_posix(): file.read_text("utf-8") for file in sorted(kept - {Path(__file__)})}


def foreign_hosts(text: str) -> set[str]:
    hosts = {host.rpartition("@")[2] for host in URL.findall(text)}
    return {host for host in hosts - CITED if not EXAMPLE.fullmatch(host) and not UNSPELLED.fullmatch(host)}


def machine_paths(text: str) -> list[str]:
    return MACHINE.findall(text)


def test_no_address_that_nobody_decided_on():
    assert {path: found for path, text in texts().items() if (found := foreign_hosts(text))} == {}


def test_no_folder_of_one_machine():
    assert {path: found for path, text in texts().items() if (found := machine_paths(text))} == {}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("see https://packages.somewhere.dev/simple", {"packages.somewhere.dev"}),
        ("http://10.0.0.7:8080/log", {"10.0.0.7"}),
        ("https://user@mirror.somewhere.cn/", {"mirror.somewhere.cn"}),
        (
            "https://c2sp.org/signed-note, https://longnan.example/q/X, http://127.0.0.1:8081 and http://localhost",
            set(),
        ),
        ("f'https://{host}/q/{token}' https://HOST/q/TOKEN https://$HOST/ https://…/q/… http://<host>/", set()),
        ("https://example.somewhere.dev", {"example.somewhere.dev"}),
    ],
)
def test_hosts_are_told_apart(text, found):
    assert foreign_hosts(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("cd /home/li/lodetrace", ["/home/li"]),
        ("see /root/.cache", ["/root/.cache"]),
        (r"C:\Users\li", [r"C:\Users\li"]),
        ("log/tile/entries, ./tmp/x, $HOME/root/x and {base}/home/x", []),
    ],
)
def test_machine_paths_are_told_apart(text, found):
    assert machine_paths(text) == found


def test_every_locked_package_has_hashes_and_no_address():
    lock = (ROOT / "requirements.lock").read_text("utf-8")
    lines = [line for line in lock.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    pins = [line for line in lines if not line.startswith(" ")]
    assert all(re.fullmatch(r"[a-z0-9-]+==[\w.]+( ; [^#]+)? \\", pin) for pin in pins)
    hashes = [line for line in lines if line.startswith(" ")]
    assert all(re.fullmatch(r"    --hash=sha256:[0-9a-f]{64}( \\)?", line) for line in hashes)
    blocks = re.split(r"^(?=[a-z0-9])", "\n".join(lines), flags=re.MULTILINE)[1:]
    assert len(blocks) == len(pins) > 50
    assert all("--hash=sha256:" in block for block in blocks)
    assert "://" not in lock


def test_the_lock_holds_every_dependency_and_the_build_backend():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    asked = [*project["project"]["dependencies"], *project["build-system"]["requires"]]
    asked += [name for extra in project["project"]["optional-dependencies"].values() for name in extra]
    names = {re.match(r"[\w.-]+", requirement)[0].lower() for requirement in asked}
    locked = set(re.findall(r"^([a-z0-9-]+)==", (ROOT / "requirements.lock").read_text("utf-8"), re.MULTILINE))
    assert names <= locked


def test_links_between_documents_lead_somewhere():
    documents = [path for path in texts() if path.endswith(".md")]
    assert {"README.md", "CHANGELOG.md", "docs/glossary.md", "docs/threats.md"} <= set(documents)
    links = [(path, link) for path in documents for link in re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", texts()[path])]
    assert [(path, link) for path, link in links if not (ROOT / path).parent.joinpath(link).exists()] == []
