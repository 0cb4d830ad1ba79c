import pytest
from fastapi import APIRouter, Depends

from api.access import Access
from ledger.errors import Malformed, Unknown
from nodes import tokens
from nodes.clock import system_clock
from nodes.tokens import ROLES, Door, Pass


@pytest.fixture
def doors(app, node, client):
    """One route for each role, which answers whose token it was."""
    access = Access(node.store)
    router = APIRouter()
    for role in ROLES:
        required = Depends(access.require(role))

        @router.get(f"/for/{role}", name=role)
        async def enter(caller: Pass = required):
            return {"owner": caller.owner, "role": caller.role}

    app.include_router(router)
    return client


@pytest.mark.parametrize("wanted", ROLES)
@pytest.mark.parametrize("role", ROLES)
def test_each_role_may_do_what_those_before_it_may(doors, token_of, problem, role, wanted):
    answer = doors.get(f"/for/{wanted}", headers=token_of(role))
    if ROLES.index(role) >= ROLES.index(wanted):
        assert answer.json() == {"owner": "Li", "role": role}
    else:
        members = problem(answer, 403, "role-too-low")
        assert (members["value"], wanted in members["detail"]) == (role, True)


MISSING = {
    "no header": {},
    "no scheme": {"authorization": "lt_" + "A" * 43},
    "another scheme": {"authorization": "Basic bGk6bGk="},
    "no token": {"authorization": "Bearer "},
    "a cookie": {"cookie": "token=lt_" + "A" * 43},
}
UNKNOWN = {
    "never given out": "lt_" + "A" * 43,
    "too short": "lt_A",
    "too long": "lt_" + "A" * 10_000,
    "without its mark": "A" * 46,
    "beyond ASCII": "lt_" + "\xe9" * 43,
}


@pytest.mark.parametrize("headers", MISSING.values(), ids=MISSING)
def test_without_a_token(doors, problem, headers):
    answer = doors.get("/for/viewer", headers=headers)
    problem(answer, 401, "token-missing")
    assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("token", UNKNOWN.values(), ids=UNKNOWN)
def test_with_what_is_no_token(doors, problem, token):
    answer = doors.get("/for/viewer", headers={"authorization": f"Bearer {token}".encode("latin-1")})
    assert problem(answer, 401, "token-unknown")["value"] is None


def test_every_changed_character_of_a_token_is_refused(doors, token_of):
    text = token_of("viewer")["authorization"]
    for place in range(len("Bearer lt_"), len(text), 7):
        changed = text[:place] + ("B" if text[place] == "A" else "A") + text[place + 1 :]
        assert doors.get("/for/viewer", headers={"authorization": changed}).status_code == 401


def test_the_scheme_may_be_written_small(doors, token_of):
    text = token_of("viewer")["authorization"].replace("Bearer", "bearer")
    assert doors.get("/for/viewer", headers={"authorization": text}).status_code == 200


def test_a_revoked_token_is_refused_within_a_second(node):
    now = [0.0]
    door = Door(node.store, lambda: now[0])
    text = tokens.mint(node.store, "Li", "clerk", system_clock)
    assert door.open(text) == Pass("Li", "clerk")
    [token] = tokens.listed(node.store)
    tokens.revoke(node.store, token.no, system_clock)
    now[0] = 0.9
    assert door.open(text) == Pass("Li", "clerk")
    now[0] = 1.0
    with pytest.raises(Unknown) as caught:
        door.open(text)
    assert caught.value.code == "token-revoked"


def test_a_revoked_token_is_a_401(doors, node, problem):
    text = tokens.mint(node.store, "Li", "clerk", system_clock)
    tokens.revoke(node.store, 1, system_clock)
    members = problem(doors.get("/for/viewer", headers={"authorization": f"Bearer {text}"}), 401, "token-revoked")
    assert members["value"].endswith("Z")


def test_a_token_is_kept_as_a_hash_only(node):
    text = tokens.mint(node.store, "Li", "clerk", system_clock)
    kept = b"".join(path.read_bytes() for path in node.settings.home.iterdir() if path.is_file())
    assert b"clerk" in kept
    assert text.encode() not in kept
    assert text[3:].encode() not in kept


def test_tokens_are_listed_and_revoked_by_number(node):
    for owner, role in (("Li", "clerk"), ("Wang", "admin")):
        tokens.mint(node.store, owner, role, system_clock)
    tokens.revoke(node.store, 2, system_clock)
    assert [(token.no, token.owner, token.role) for token in tokens.listed(node.store)] == [
        (1, "Li", "clerk"),
        (2, "Wang", "admin"),
    ]
    assert [token.revoked_at is None for token in tokens.listed(node.store)] == [True, False]
    for number in (2, 3):
        with pytest.raises(Unknown, match="token list"):
            tokens.revoke(node.store, number, system_clock)


@pytest.mark.parametrize(
    ("owner", "role"), [("Li", "boss"), ("", "clerk"), (" ", "clerk"), ("a\nb", "clerk"), ("a" * 101, "clerk")]
)
def test_a_token_for_nobody_or_for_nothing_is_refused(node, owner, role):
    with pytest.raises(Malformed):
        tokens.mint(node.store, owner, role, system_clock)
    assert tokens.listed(node.store) == []


def test_the_door_remembers_only_so_many(node, monkeypatch):
    monkeypatch.setattr(tokens, "_KEPT", 2)
    door = Door(node.store)
    for owner in ("a", "b", "c"):
        door.open(tokens.mint(node.store, owner, "viewer", system_clock))
    assert len(door._known) == 2


def test_doors_stand_in_the_description(doors):
    described = doors.get("/openapi.json").json()
    assert described["paths"]["/for/clerk"]["get"]["security"] == [{"token": []}]
    assert described["components"]["securitySchemes"]["token"]["scheme"] == "bearer"
