"""A federation that newcomers join through a registry, as real processes; and what its word is worth afterwards.

Over 400 lines because its cases share one federation, which takes long to start.
"""

import json
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from ledger.errors import LodetraceError
from ledger.evidence import parse_evidence, verify
from ledger.log.trust import Policy, digest_of
from ledger.verdict import judge
from nodes import identity, joining, tokens
from nodes.clock import system_clock
from nodes.homes import create_home, open_store
from nodes.peers import ApiClient
from nodes.signed_requests import sign_request
from nodes.store import deliveries, log
from tests.served import CLEAN, ROOT, Organisation, free_port, serving
from tests.world import until

USCC = "91350100M000100Y43"  # the example of GB 32100-2015


@dataclass
class Member:
    one: Organisation
    client: ApiClient
    life: ExitStack


def found(folder: Path, name: str, role: str, policy: str = "quorum none\n", **more) -> Organisation:
    one = Organisation(name, folder / name.partition(".")[0], free_port())
    create_home(
        one.home,
        {},
        name=name,
        organisation=name.upper(),
        role=role,
        country="CN",
        sites=[{"code": "main", "country": "CN"}],
        port=one.port,
        policy=policy,
        registry_poll_s=1,
        **more,
    )
    with open_store(one.home) as store:
        one.token = tokens.mint(store, "Li", "supervisor", system_clock)
    return one


class Federation:
    """An authority that serves, and whoever has joined."""

    def __init__(self, folder: Path, stack: ExitStack, name: str = "authority.example", **more) -> None:
        self.folder, self.stack = folder, stack
        self.authority = self.serve(found(folder, name, "authority", **more))
        told = json.loads(self.authority.client.get("/.well-known/lodetrace.json").body)
        self.key = told["vkey"]

    def serve(self, one: Organisation) -> Member:
        life = self.stack.enter_context(ExitStack())
        life.enter_context(serving(one))
        return Member(one, life.enter_context(ApiClient(one.url, one.token)), life)

    def turn(self, member: Member) -> Member:
        """Replaces all its keys, while it is stopped."""
        member.life.close()
        command = [sys.executable, "-m", "api", "keys", "rotate", "--home", str(member.one.home), "--json"]
        done = subprocess.run(command, cwd=ROOT, env=CLEAN, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return self.serve(member.one)

    def confirmed(self) -> int:
        """How often the registry has told that somebody replaced keys."""
        with open_store(self.authority.one.home) as store, store.read() as conn:
            return len(list(log.of_types(conn, ["rekeyed"])))

    def join(self, name: str, role: str, *, reached_at: str | None = None, **more) -> Member:
        """As a newcomer does: begin with the registry's policy, ask, be admitted, serve."""
        policy = joining.first_policy(self.authority.one.url, self.key)
        one = found(self.folder, name, role, policy, authority="authority.example", **more)
        data = joining.request_of(one.home, {}, uscc=USCC, reached_at=reached_at)
        (answer,) = joining.ask(one.home, {}, data)
        assert answer["name"] == name
        assert answer["status"] == "waiting"
        self.tell("admissions", name=name, author=answer["author"])
        return self.serve(one)

    def tell(self, path: str, **body) -> dict:
        return self.authority.client.post(f"/api/v1/registry/{path}", body).json()

    def knows(self, member: Member, name: str, status: str) -> bool:
        return (name, status) in {(one["name"], one["status"]) for one in self.members(member)}

    def members(self, member: Member) -> list[dict]:
        return member.client.get("/api/v1/registry/members").json()["members"]

    def await_known(self, *members: Member, status: str = "admitted") -> None:
        for one in members:
            for other in members:
                name = other.one.name
                until(lambda one=one, name=name: self.knows(one, name, status), f"{one.one.name} knows {name}")


@pytest.fixture
def federation(tmp_path):
    with ExitStack() as stack:
        yield Federation(tmp_path, stack)


def register(member: Member, lot: str) -> str:
    """The batch, as others name it."""
    kg = {"value": "100", "unit": "kg", "basis": "net"}
    origin = {"class": "mined", "country": "CN", "feed_class": "ion_mid_y"}
    body = {"product": "ion_clay_mixed_oxide", "lot_no": lot, "quantity": kg, "origin": origin}
    paper = [{"kind": "weigh_ticket", "no": lot}]
    weighing = {"gross": "110", "tare": "10", "unit": "kg", "ticket": lot}
    made = member.client.post("/api/v1/batches", {**body, "documents": paper, "weighing": weighing}).json()
    return f"{member.one.name}/log#{made['batch']}"


def ship(member: Member, lot: str, to: str) -> str:
    line = {"batch": lot, "quantity": {"value": "100", "unit": "kg", "basis": "net"}}
    made = member.client.post("/api/v1/shipments", {"to": {"node": to}, "purpose": "sale", "lines": [line]}).json()
    return f"{member.one.name}/log#{made['shipment']}"


def arrived(member: Member, shipment: str) -> bool:
    return any(one["shipment"] == shipment for one in member.client.get("/api/v1/arrivals").json()["arrivals"])


def test_newcomers_join_and_trade_knowing_nothing_but_the_registrys_key(federation, tmp_path):
    mine = federation.join("mine.example", "mine")
    plant = federation.join("plant.example", "separation")
    federation.await_known(mine, plant)
    batch = register(mine, "A-1")
    shipment = ship(mine, "A-1", "plant.example")
    until(lambda: arrived(plant, shipment), "the offer arrives")
    line = {"batch": batch, "weighed": {"value": "100", "unit": "kg", "basis": "net"}}
    receipt = f"/api/v1/shipments/{shipment.replace('#', '%23')}/receipts"
    plant.client.post(receipt, {"final": True, "lines": [line]})

    data = plant.client.get(f"/api/v1/batches/{batch.replace('#', '%23')}/evidence").body
    policy = (mine.one.home / "policy.txt").read_text()
    assert "registry authority.example/log" in policy
    assert "mine.example" not in policy
    verdict = judge(verify(parse_evidence(data), Policy.parse(policy), system_clock()))
    assert verdict.complete, verdict.missing
    file, trust = tmp_path / "lot.evidence.json", tmp_path / "policy.txt"
    file.write_bytes(data)
    trust.write_text(policy)
    command = [sys.executable, "-m", "ledger", "verify", str(file), "--trust", str(trust)]
    done = subprocess.run(command, cwd=ROOT, env=CLEAN, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert "a member of the registry AUTHORITY.EXAMPLE as of" in scanned(plant, batch)


def scanned(member: Member, batch: str) -> str:
    """The page of whoever scans a unit of a batch."""
    unit = {"serial": "D-1", "net": {"value": "10", "unit": "kg", "basis": "net"}}
    (made,) = member.client.post("/api/v1/units", {"batch": batch, "units": [unit]}).json()["units"]
    path = "/q/" + made["label_url"].rpartition("/q/")[2]
    return member.client.get(path, accept="text/html", lang="en").body.decode()


def of_both(folder: Path, one: Federation, other: Federation, name: str, *, asks: Federation) -> Organisation:
    """A newcomer that takes the word of two registries, and has asked one of them to be admitted."""
    first, second = (joining.first_policy(each.authority.one.url, each.key) for each in (one, other))
    policy = first.replace("quorum none\n", second)
    member = found(folder, name, "mine", policy, authority=asks.authority.one.name)
    data = joining.request_of(member.home, {}, uscc=USCC)
    assert {answer["registry"] for answer in joining.ask(member.home, {}, data)} == {
        f"{each.authority.one.name}/log" for each in (one, other)
    }
    asks.tell("admissions", name=name)
    return member


def error_of(member: Member) -> str:
    errors = [one["error"] for one in member.client.get("/api/v1/registry").json()["registries"]]
    return " ".join(error for error in errors if error)


def test_members_of_two_registries_trade_and_either_may_suspend_them(tmp_path):
    """Who is in both is bound by both."""
    with ExitStack() as stack:
        one = Federation(tmp_path, stack)
        other = Federation(tmp_path, stack, "bureau.example")
        homes = [of_both(tmp_path, one, other, "mine.example", asks=one)]
        homes.append(of_both(tmp_path, one, other, "pit.example", asks=other))
        mine, pit = map(one.serve, homes)
        one.await_known(mine, pit)
        register(mine, "A-1")
        shipment = ship(mine, "A-1", "pit.example")
        until(lambda: arrived(pit, shipment), "the other registry's member takes it")

        other.tell("admissions", name="mine.example")
        other.tell("suspensions", name="mine.example", reason="licence under review")
        until(lambda: one.knows(pit, "mine.example", "suspended"), "either registry's word is heard")
        register(mine, "A-2")
        shipment = ship(mine, "A-2", "pit.example")
        path = f"/api/v1/shipments/{shipment.rpartition('#')[2]}"
        until(lambda: mine.client.get(path).json()["status"] == "undeliverable", "it is refused")
        assert "had suspended its organisation" in str(mine.client.get(path).json())


def test_of_whom_two_registries_tell_other_keys_is_refused_by_name(tmp_path):
    with ExitStack() as stack:
        one = Federation(tmp_path, stack)
        other = Federation(tmp_path, stack, "bureau.example")
        pit = one.serve(of_both(tmp_path, one, other, "pit.example", asks=other))
        mine = one.serve(of_both(tmp_path, one, other, "mine.example", asks=one))
        one.await_known(mine, pit)
        of_both(tmp_path / "elsewhere", one, other, "mine.example", asks=other)
        until(lambda: "mine.example" in error_of(pit), "the contradiction is heard")
        register(pit, "B-1")
        with pytest.raises(LodetraceError, match=r"tell of other logs or keys of mine\.example"):
            ship(pit, "B-1", "mine.example")
        register(mine, "A-1")
        shipment = ship(mine, "A-1", "pit.example")
        path = f"/api/v1/shipments/{shipment.rpartition('#')[2]}"
        until(lambda: mine.client.get(path).json()["status"] == "undeliverable", "it is refused")
        assert not arrived(pit, shipment)


def test_what_a_suspended_member_ships_is_not_taken(federation):
    mine = federation.join("mine.example", "mine")
    plant = federation.join("pit.example", "mine")
    federation.await_known(mine, plant)
    register(mine, "A-1")
    federation.tell("suspensions", name="mine.example", reason="licence under review")
    until(lambda: federation.knows(plant, "mine.example", "suspended"), "the other hears of the suspension")
    shipment = ship(mine, "A-1", "pit.example")
    path = f"/api/v1/shipments/{shipment.rpartition('#')[2]}"
    until(lambda: mine.client.get(path).json()["status"] == "undeliverable", "the other refuses it")
    assert not arrived(plant, shipment)
    register(plant, "B-1")
    with pytest.raises(LodetraceError, match="is suspended by its registry"):
        ship(plant, "B-1", "mine.example")


def published(member: Member, use: str) -> str:
    with open_store(member.one.home) as store, store.read() as conn:
        listed = log.entry(conn, 0).event.scalar("keys")["list"]
    return next(key["key"] for key in listed if key["use"] == use)


def revoke(federation: Federation, member: Member, use: str) -> None:
    nothing = {"size": 0, "root": "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="}
    key = published(member, use)
    federation.tell("revocations", name=member.one.name, use=use, key=key, reason="stolen", **nothing)


def heard(member: Member, name: str) -> bool:
    found = [one for one in federation_members(member) if one["name"] == name]
    return bool(found) and bool(found[0]["revoked"])


def federation_members(member: Member) -> list[dict]:
    return member.client.get("/api/v1/registry/members").json()["members"]


def test_a_request_under_a_revoked_peer_key_is_refused(federation):
    mine = federation.join("mine.example", "mine")
    plant = federation.join("pit.example", "mine")
    federation.await_known(mine, plant)
    register(mine, "A-1")
    revoke(federation, mine, "peer")
    until(lambda: heard(plant, "mine.example"), "the other hears of it")
    shipment = ship(mine, "A-1", "pit.example")
    path = f"/api/v1/shipments/{shipment.rpartition('#')[2]}"
    until(lambda: mine.client.get(path).json()["status"] == "undeliverable", "the other refuses it")
    with open_store(mine.one.home) as store, store.read() as conn:
        assert "key-revoked" in deliveries.first_with_error(conn, "refused").error
    assert not arrived(plant, shipment)
    keys = identity.load(mine.one.home, "mine.example")
    url = f"{plant.one.url}/log/seen/{digest_of('authority.example/log')}"
    reply = httpx.get(url, headers=sign_request("GET", url, b"", keys), trust_env=False)
    assert (reply.status_code, reply.json()["code"]) == (422, "key-revoked")
    url = f"{federation.authority.one.url}/deposits/mine.example/0"
    reply = httpx.get(url, headers=sign_request("GET", url, b"", keys), trust_env=False)
    assert (reply.status_code, reply.json()["code"]) == (422, "key-revoked"), "nor are deposits given to a thief"


def test_a_label_under_a_revoked_author_key_is_of_no_maker(federation):
    mine = federation.join("mine.example", "mine")
    register(mine, "A-1")
    kg = {"value": "10", "unit": "kg", "basis": "net"}
    (unit,) = mine.client.post("/api/v1/units", {"batch": "A-1", "units": [{"serial": "S-1", "net": kg}]}).json()[
        "units"
    ]
    path = f"/q/{unit['label_url'].rpartition('/')[2]}"
    until(lambda: mine.client.get(path).json()["genuine"], "the label is genuine")
    revoke(federation, mine, "author")
    until(lambda: heard(mine, "mine.example"), "its node hears of it")
    with pytest.raises(LodetraceError) as refused:
        mine.client.get(path)
    assert refused.value.field == "label-maker-unknown"


LICENCE = {"kind": "mining", "no": "C36", "from": "2026-02-01"}
REVOKED = {"key": "pHlZ2mY8cRjT0xWnQvK5uE7sLbA1dFgHiJkMoPqNrSw=", "reason": "lost"}
LEAF = "pHlZ2mY8cRjT0xWnQvK5uE7sLbA1dFgHiJkMoPqNrSw="
WRONG = {
    "a licence of nobody": ("licences", {"name": "nobody.example", **LICENCE}, "member-unknown"),
    "a licence that ends before it begins": (
        "licences",
        {"name": "mine.example", **LICENCE, "until": "2026-01-01"},
        "until-before-from",
    ),
    "a successor of a key that is no log's": (
        "revocations",
        {
            "name": "mine.example",
            "use": "author",
            **REVOKED,
            "successor": {"origin": "mine.example/log2", "leaf": LEAF},
        },
        "successor-of-no-log",
    ),
    "somebody else's log as a successor": (
        "revocations",
        {"name": "mine.example", "use": "log", **REVOKED, "successor": {"origin": "other.example/log", "leaf": LEAF}},
        "log-of-other",
    ),
    "a key that is not the member's": (
        "revocations",
        {"name": "mine.example", "use": "author", **REVOKED},
        "key-not-of-member",
    ),
    "an end to a suspension that was none": (
        "restorations",
        {"name": "mine.example", "reason": "review closed"},
        "not-suspended",
    ),
    "keys by an entry that is of something else": (
        "keys",
        {"log": "mine.example/log", "index": 1},
        "entry-of-other-type",
    ),
    "somebody who has not asked": ("admissions", {"name": "nobody.example"}, "request-unknown"),
    "somebody with another key than told": (
        "admissions",
        {"name": "pit.example", "author": "x"},
        "request-of-other-key",
    ),
    "a company number with a slip in it": ("admissions", {"name": "pit.example"}, "identifier-wrong"),
    "a successor of no log": ("successions", {"name": "pit.example", "reason": "stolen"}, "succeeds-nothing"),
    "a policy that is none": ("policy", {"text": "quorum everybody\n"}, "policy-not-one"),
}


def test_what_a_registry_may_not_say(federation):
    """Each is refused by its name, in both languages, and leaves nothing behind."""
    mine = federation.join("mine.example", "mine")
    register(mine, "A-1")
    pit = found(
        federation.folder, "pit.example", "mine", joining.registry_alone(federation.authority.one.url, federation.key)
    )
    joining.ask(pit.home, {}, joining.request_of(pit.home, {}, uscc=USCC[:-1] + "4"))

    def deposited() -> bool:
        logs = federation.authority.client.get("/api/v1/deposits").json()["logs"]
        return any(one["log"] == "mine.example/log" and one["size"] > 1 for one in logs)

    until(deposited, "the deposit arrives")
    until(lambda: not standing_due(federation.authority), "the registry stands by what it said")
    before = federation.authority.client.get("/api/v1/entries?limit=500").json()["entries"]
    for name, (path, body, code) in WRONG.items():
        with pytest.raises(LodetraceError) as refused:
            federation.tell(path, **body)
        assert refused.value.field == code, name
        assert refused.value.text("zh") != refused.value.text("en"), name
    after = federation.authority.client.get("/api/v1/entries?limit=500").json()["entries"]
    assert after == before


def standing_due(authority: Member) -> bool:
    """Whether the last thing that the registry said is not a standing."""
    (*_, last) = authority.client.get("/api/v1/entries?limit=500").json()["entries"]
    return last["type"] != "standing"


def test_a_member_replaces_its_keys_and_trades_on_while_its_registry_follows(federation):
    mine = federation.join("mine.example", "mine")
    plant = federation.join("pit.example", "mine")
    federation.await_known(mine, plant)
    policy = Policy.parse((plant.one.home / "policy.txt").read_text())
    for lot in ("A-1", "A-2", "A-3"):
        batch = register(mine, lot)
        shipment = ship(mine, lot, "pit.example")
        until(lambda shipment=shipment: arrived(plant, shipment), f"{lot} arrives, whether confirmed or not")
        data = mine.client.get(f"/api/v1/batches/{batch.rpartition('#')[2]}/evidence").body
        assert judge(verify(parse_evidence(data), policy, system_clock())).complete
        if lot != "A-3":
            mine = federation.turn(mine)
    until(lambda: federation.confirmed() == 2, "the registry tells both times")
    with open_store(mine.one.home) as store, store.read() as conn:
        assert deliveries.first_with_error(conn, "refused") is None
