"""People who sign in: passwords, sessions, tasks and sites."""

from datetime import UTC, datetime, timedelta

import pytest

from ledger.errors import Conflict, LodetraceError, Malformed, Refusal, Unknown
from nodes import people, tokens
from nodes.people import SESSION_HOURS, Reception, check_csrf, check_task, hire
from nodes.store.engine import Store
from nodes.tokens import Pass

SECRET = "磁性材料 are heavy"
NOON = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)


class Clock:
    """Stands still until it is moved."""

    def __init__(self):
        self.now = NOON

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def store(tmp_path):
    made = Store.create(tmp_path / "node.db", "mine.example/log")
    yield made
    made.close()


@pytest.fixture
def reception(store, clock):
    hire(store, "Li", "clerk", clock, password=SECRET, tasks=["weighing"], sites=["main"], known_sites=["main", "mill"])
    return Reception(store, clock)


def test_whoever_knows_the_password_is_signed_in_as_what_they_are(reception):
    session = reception.of(reception.sign_in("Li", SECRET, "10.0.0.1"))
    assert session.holder == Pass("Li", "clerk", ("weighing",), ("main",))
    assert len(session.csrf) > 16


@pytest.mark.parametrize(("name", "secret"), [("Li", "wrong password"), ("Nobody", SECRET), ("Li", "")])
def test_wrong_name_and_wrong_password_are_told_alike(reception, name, secret):
    with pytest.raises(Refusal) as refused:
        reception.sign_in(name, secret, "10.0.0.1")
    assert (refused.value.code, refused.value.field, refused.value.value) == ("sign-in-wrong", "password", None)


def test_guessing_is_slow_and_locks_out_nobody_elsewhere(reception):
    for _ in range(10):
        with pytest.raises(Refusal):
            reception.sign_in("Li", "guess guess", "10.0.0.1")
    with pytest.raises(Refusal) as refused:
        reception.sign_in("Li", SECRET, "10.0.0.1")
    assert refused.value.code == "sign-in-too-often"
    assert reception.of(reception.sign_in("Li", SECRET, "10.0.0.2")) is not None


def test_a_session_ends_with_the_day_by_signing_out_and_when_somebody_leaves(reception, store, clock):
    first, second, third = (reception.sign_in("Li", SECRET, "10.0.0.1") for _ in range(3))
    reception.sign_out(first)
    assert reception.of(first) is None
    assert reception.of(second) is not None
    clock.now = NOON + timedelta(hours=SESSION_HOURS, seconds=-1)
    assert reception.of(second) is not None
    clock.now = NOON + timedelta(hours=SESSION_HOURS)
    assert reception.of(second) is None
    clock.now = NOON
    people.leave(store, "Li", clock)
    assert reception.of(third) is None
    with pytest.raises(Refusal) as refused:
        reception.sign_in("Li", SECRET, "10.0.0.1")
    assert refused.value.code == "sign-in-wrong"


def test_a_new_password_ends_what_the_old_one_opened(reception, store):
    before = reception.sign_in("Li", SECRET, "10.0.0.1")
    people.set_password(store, "Li", "another long sentence")
    assert reception.of(before) is None
    with pytest.raises(Refusal):
        reception.sign_in("Li", SECRET, "10.0.0.1")
    assert reception.of(reception.sign_in("Li", "another long sentence", "10.0.0.1")) is not None


def test_a_token_signs_in_until_it_is_revoked(reception, store, clock):
    cookie = reception.sign_in_with_token(f"  {tokens.mint(store, 'Wang', 'supervisor', clock)}\n")
    assert reception.of(cookie).holder == Pass("Wang", "supervisor")
    tokens.revoke(store, 1, clock)
    assert reception.of(cookie) is None
    with pytest.raises(Unknown):
        reception.sign_in_with_token("lt_" + "A" * 43)


def test_whom_the_organisation_vouches_for_is_signed_in_under_the_name_here(reception, store, clock):
    hire(store, "Zhao", "viewer", clock, subject="zhao@plant.example")
    assert reception.of(reception.sign_in_as("zhao@plant.example")).holder.owner == "Zhao"
    with pytest.raises(Refusal) as refused:
        reception.sign_in_as("chen@plant.example")
    assert refused.value.code == "sign-in-unknown-here"
    with pytest.raises(Refusal):
        reception.sign_in("Zhao", "", "10.0.0.1")


def test_nothing_that_is_kept_opens_anything(reception, store):
    cookie = reception.sign_in("Li", SECRET, "10.0.0.1")
    kept = store.path.read_bytes() + store.path.with_name("node.db-wal").read_bytes()
    assert b"Li" in kept
    assert cookie.encode() not in kept
    assert SECRET.encode() not in kept


@pytest.mark.parametrize(
    ("more", "error", "code"),
    [
        ({"name": "Li"}, Conflict, "person-known"),
        ({"name": " "}, Malformed, "owner-wrong"),
        ({"name": "A\u0000"}, Malformed, "owner-wrong"),
        ({"role": "boss"}, Malformed, "role-unknown"),
        ({"password": "short"}, Malformed, "password-length"),
        ({"password": "x" * 201}, Malformed, "password-length"),
        ({"tasks": ["gossip"]}, Malformed, "task-unknown"),
        ({"sites": ["moon"], "known_sites": ["main"]}, Unknown, "site-unknown"),
    ],
)
def test_who_cannot_be_added(reception, store, clock, more, error, code):
    whole = {"name": "Sun", "role": "clerk", "password": SECRET, **more}
    with pytest.raises(error) as refused:
        hire(store, whole.pop("name"), whole.pop("role"), clock, **whole)
    assert refused.value.code == code
    assert refused.value.text("zh") != refused.value.text("en")
    assert [one.name for one in people.listed(store)] == ["Li"]


@pytest.mark.parametrize(
    ("verb", "body", "code"),
    [
        ("register", {"site": "main"}, None),
        ("register", {}, None),
        ("register", {"site": "mill"}, "site-of-others"),
        ("move", {"from": "mill", "to": "main"}, "site-of-others"),
        ("move", {"from": "main", "to": "mill"}, None),
        ("transform", {"outputs": [{"site": "main"}, {"site": "mill"}]}, "site-of-others"),
        ("ship", {}, "task-of-others"),
        ("close_month", {}, "task-of-others"),
        ("correct", {"kind": "amend"}, None),
    ],
)
def test_tasks_and_sites(verb, body, code):
    holder = Pass("Li", "clerk", ("weighing",), ("main",))
    try:
        check_task(holder, verb, body)
        found = None
    except LodetraceError as error:
        found = error.code
    assert found == code
    check_task(Pass("Wang", "clerk"), verb, body)


def test_a_form_of_others_is_refused(reception):
    session = reception.of(reception.sign_in("Li", SECRET, "10.0.0.1"))
    check_csrf(session, session.csrf)
    for given in (None, "", "x" * len(session.csrf), session.csrf + "x"):
        with pytest.raises(Refusal) as refused:
            check_csrf(session, given)
        assert refused.value.code == "form-not-ours"
