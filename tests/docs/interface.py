"""Plays docs/interface.md: every request of the page, in its order, to real nodes; and holds the answers against it."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from api.registry import KEY
from api.registry import NAME as NEWCOMER
from ledger.log.canonical import b64
from nodes import requests, tokens
from nodes.homes import create_home
from nodes.joining import request_of
from nodes.store import log
from nodes.succession import succeed
from tests.world import Member, Reply, World, until

PAGE = Path(__file__).resolve().parents[2] / "docs" / "interface.md"
NAMES = ("xinfeng.example", "metal.example", "motor.example", "authority.example")
SITES = {"xinfeng.example": ("xinfeng-1", "plant-1")}
ROLES = {"metal.example": "metal", "motor.example": "motor"}
STARTED = datetime(2026, 12, 1, tzinfo=UTC)
"""When the nodes of the page live: after everything that its examples date."""
VARIES = {"at", "check_code", "label_url", "leaf", "made_at", "recorded_at", "root"}
"""Fields that hold hashes, keys, times and tokens: of them only the kind is held against the page."""
MORE = "…"

_BLOCKS = re.compile(
    r"^```http at=(?P<at>\S+)(?: role=(?P<role>\S+))?(?: accept=(?P<accept>\S+))?\n(?P<request>.*?)^```\n\n"
    r"```(?P<form>\w+) (?P<status>\d+)\n(?P<answer>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
_ID = re.compile(r"[0-7][0-9A-HJKMNP-TV-Z]{25}")
_FINDING = re.compile(r"\b[0-9a-f]{16}\b")
_TOKEN = re.compile(r"/q/(\S+)")


@dataclass(frozen=True)
class Example:
    """A request of the page and its answer. `role` is "anyone" for a request without a token."""

    at: str
    role: str
    accept: str
    method: str
    path: str
    body: str
    form: str
    status: int
    answer: str

    def __str__(self) -> str:
        return f"{self.method} {self.path} at {self.at}"


def examples(page: str) -> Iterator[Example]:
    for found in _BLOCKS.finditer(page):
        line, _, body = found["request"].partition("\n")
        method, path = line.split(" ")
        yield Example(
            found["at"],
            found["role"] or "clerk",
            found["accept"] or "application/json",
            method,
            path,
            _body(body),
            found["form"],
            int(found["status"]),
            found["answer"],
        )


def _body(text: str) -> str:
    """As it stands on the page; what is no JSON needs its last line's end."""
    text = text.strip()
    return f"{text}\n" if text[:1] not in ("", "{", "[") else text


class Stage:
    """The nodes of the page. Ids and tokens of the page become those of the nodes as answers bring them."""

    def __init__(self, folder: Path) -> None:
        self.world = World(folder, *NAMES, sites=("main",))
        self._real: dict[str, str] = {}
        started = datetime.now(UTC)
        for member in self.world:
            member.clock = lambda: STARTED + (datetime.now(UTC) - started)
            _resite(member, SITES.get(member.name))
            _recast(member, ROLES.get(member.name, "mine"))
            _answer_to_the_authority(member)
        self._registry, self._newcomer = self.world[NAMES[-1]].home, folder / "newcomer"
        self._real[KEY] = _let_a_newcomer_ask(self._newcomer, self._registry)

    def ask(self, example: Example, number: int) -> Reply:
        """One request, after all that travels has arrived, all that was recorded is published, and no job runs."""
        self.world.settle()
        until(lambda: _stands(self.world[NAMES[-1]]), "the registry stands by what it said")
        until(lambda: _is_published(self.world[example.at]), f"{example.at} publishes its log")
        if example.path.endswith("/successions"):
            _let_it_go_on(self._newcomer, self._registry)
        jobs = self.world[example.at].node.jobs._jobs
        until(lambda: all(job.ended.is_set() for job in jobs.values()), "what is to be printed is drawn")
        if example.path.startswith("/api/v1/oversight/"):
            overlooking = self.world[example.at].node.overlooking
            until(lambda: not overlooking.look()[1], "what the pages show is worked out")
        role = None if example.role == "anyone" else example.role
        if role == "supervisor":
            self._as_another_person(self.world[example.at])
        headers = {"accept": example.accept, "idempotency-key": f"example {number}"}
        body = self._translated(example.body).encode()
        return self.world[example.at].ask(
            example.method, self._translated(example.path), body, role=role, headers=headers
        )

    def _as_another_person(self, member: Member) -> None:
        """Nobody approves what he wrote himself."""
        if "supervisor" not in member._tokens:
            member._tokens["supervisor"] = tokens.mint(member.node.store, "Wang", "supervisor", member.clock)

    def _translated(self, text: str) -> str:
        for shown, real in self._real.items():
            text = text.replace(shown, real)
        return text

    def compare(self, example: Example, reply: Reply) -> None:
        """Asserts that the answer is as the page shows it."""
        assert reply.status == example.status, f"{example}: {reply.body.decode(errors='replace')}"
        if example.form == "bytes":
            assert len(reply.body) == int(example.answer), f"{example}: {len(reply.body)}"
        elif example.form == "json":
            lines = [(example.answer, reply.body)]
            if reply.header("content-type") == "application/x-ndjson":
                lines = list(zip(example.answer.splitlines(), reply.body.splitlines(), strict=True))
            for shown, real in lines:
                self._learn(json.loads(shown), json.loads(real))
                self._same(json.loads(shown), json.loads(real), str(example), "")
        else:
            self._same_text(example, reply.body)

    def _same(self, shown: Any, real: Any, example: str, place: str) -> None:
        where = f"{example}{place}"
        if isinstance(shown, dict) and isinstance(real, dict):
            assert shown.keys() - {MORE} <= real.keys(), where
            assert MORE in shown or shown.keys() == real.keys(), f"{where} also has {real.keys() - shown.keys()}"
            for name in shown.keys() - {MORE}:
                if name in VARIES and isinstance(shown[name], str):
                    assert isinstance(real[name], str), f"{where}.{name}"
                else:
                    self._same(shown[name], real[name], example, f"{place}.{name}")
        elif isinstance(shown, list) and isinstance(real, list):
            more = shown[-1:] == [MORE]
            assert len(real) >= len(shown) - more if more else len(real) == len(shown), (
                f"{where} has {len(real)}: {real!r}"
            )
            for at, one in enumerate(shown[: len(shown) - more]):
                self._same(one, real[at], example, f"{place}[{at}]")
        elif isinstance(shown, str) and MORE in shown:
            start = self._translated(shown.partition(MORE)[0])
            assert real.startswith(start) if start else True, where
        else:
            assert (self._translated(shown) if isinstance(shown, str) else shown) == real, f"{where}: {real!r}"

    def _same_text(self, example: Example, body: bytes) -> None:
        """Line by line; dots in a line stand for anything, and a last line of dots for any lines."""
        shown, real = example.answer.split("\n")[:-1], body.decode("utf-8", "replace").split("\n")
        if shown[-1] == MORE:
            shown, real = shown[:-1], real[: len(shown) - 1]
        elif real[-1] == "":
            real = real[:-1]
        assert len(shown) == len(real), f"{example}: {real}"
        for line, found in zip(shown, real, strict=True):
            pattern = ".*".join(map(re.escape, line.split(MORE)))
            assert re.fullmatch(pattern, found.rstrip("\r")), f"{example}: {found}"

    def _learn(self, shown: Any, real: Any) -> None:
        """Which id and which token of the page stands for which of the nodes'."""
        if isinstance(shown, dict) and isinstance(real, dict):
            for name in shown.keys() & real.keys():
                self._learn(shown[name], real[name])
        elif isinstance(shown, list) and isinstance(real, list):
            for one, other in zip(shown, real, strict=False):
                self._learn(one, other)
        elif isinstance(shown, str) and isinstance(real, str):
            for pattern in (_ID, _TOKEN, _FINDING):
                for one, other in zip(pattern.findall(shown), pattern.findall(real), strict=False):
                    self._real.setdefault(one, other)


def _is_published(member: Member) -> bool:
    with member.node.store.read() as conn:
        newest = log.latest_checkpoint(conn)
        return newest is not None and newest[0] == log.head(conn).size


def _stands(authority: Member) -> bool:
    authority.node.learn()
    return not any(book.ahead for book in authority.node.membership.books.values())


def _let_a_newcomer_ask(home: Path, registry: Path) -> str:
    """A request waits at the registry; the key that it is signed with, as JSON has keys."""
    sites = [{"code": "main", "country": "CN"}]
    _, keys = create_home(home, {}, name=NEWCOMER, organisation="龙南矿业", role="mine", country="CN", sites=sites)
    requests.keep(registry, request_of(home, {}))
    return b64(keys.author.verifier.public)


def _let_it_go_on(home: Path, registry: Path) -> None:
    """It asks again, with the log that succeeds its own."""
    succeed(home, home.with_name("successor"), {})
    requests.keep(registry, request_of(home.with_name("successor"), {}))


def _recast(member: Member, role: str) -> None:
    file = member.home / "config.toml"
    file.write_text(file.read_text().replace('role = "mine"', f'role = "{role}"'))


def _answer_to_the_authority(member: Member) -> None:
    """One node is the authority's; the first deposits with it."""
    file = member.home / "config.toml"
    text = file.read_text()
    if member.name == NAMES[-1]:
        text = text.replace('role = "mine"', 'role = "authority"')
    elif member.name == "motor.example":
        text = text.replace('role = "mine"', 'role = "motor"')
    elif member.name == NAMES[0]:
        text = re.sub(r"^# authority = .*$", f'authority = "{NAMES[-1]}"', text, flags=re.MULTILINE)
    file.write_text(text)


def _resite(member: Member, codes: tuple[str, ...] | None) -> None:
    if codes is not None:
        file = member.home / "config.toml"
        sites = "\n".join(f'[[sites]]\ncode = "{code}"\ncountry = "CN"\n' for code in codes)
        file.write_text(re.sub(r'\[\[sites\]\]\ncode = "main"\ncountry = "CN"\n', sites, file.read_text()))
