from nodes.store import access
from nodes.store.access import Idempotency, Remembered, Token
from nodes.store.engine import Store
from tests.nodes.store.rows import NOW, a_hash

LATER = "2027-02-22T00:00:00.000Z"


# -- idempotency --------------------------------------------------------------------------------------------------


def test_an_answer_is_recalled_by_its_owner_and_key(store: Store) -> None:
    one, two = Idempotency("li", "k-1", a_hash("body 1")), Idempotency("li", "k-2", a_hash("body 2"))
    with store.write() as conn:
        access.remember(conn, [(one, 201, b'{"batch":"1"}'), (two, 201, b'{"batch":"2"}')], NOW)
        again = Idempotency("li", "k-1", a_hash("another body"))
        assert access.recall(conn, [again]) == {("li", "k-1"): Remembered(a_hash("body 1"), 201, b'{"batch":"1"}')}
        assert access.recall(conn, []) == {}


def test_owners_and_keys_do_not_run_into_each_other(store: Store) -> None:
    asked = [
        Idempotency(*pair, b"") for pair in (("li", "k-1"), ("l", "ik-1"), ("li k", "1"), ("li", "k 1"), ("1 li", "k"))
    ]
    with store.write() as conn:
        access.remember(conn, [(one, 200 + number, b"") for number, one in enumerate(asked)], NOW)
        found = access.recall(conn, asked)
    assert {key: one.status for key, one in found.items()} == {
        (one.owner, one.key): 200 + number for number, one in enumerate(asked)
    }


def test_old_answers_are_forgotten_a_few_at_a_time(store: Store) -> None:
    def keys(first: int, last: int) -> list[Idempotency]:
        return [Idempotency("li", f"k-{number}", b"") for number in range(first, last)]

    with store.write() as conn:
        access.remember(conn, [(key, 201, b"") for key in keys(0, 5)], NOW)
        access.remember(conn, [(key, 201, b"") for key in keys(5, 8)], LATER)
        assert access.forget(conn, NOW) == 0
        assert access.forget(conn, LATER, limit=3) == 3
        assert access.forget(conn, LATER, limit=3) == 2
        assert access.forget(conn, LATER, limit=3) == 0
        assert sorted(key for _, key in access.recall(conn, keys(0, 8))) == ["k-5", "k-6", "k-7"]
        access.remember(conn, [(key, 201, b"") for key in keys(0, 1)], LATER)
        assert len(access.recall(conn, keys(0, 8))) == 4


# -- tokens -------------------------------------------------------------------------------------------------------


def test_a_token_is_known_by_its_hash_until_revoked(store: Store) -> None:
    with store.write() as conn:
        no = access.add_token(conn, a_hash("secret"), "Li", "clerk", NOW)
        other = access.add_token(conn, a_hash("other secret"), "Wang", "viewer", NOW)
        assert access.token(conn, a_hash("secret")) == Token(no, "Li", "clerk", NOW, None)
        assert access.token(conn, a_hash("guess")) is None
        assert access.revoke(conn, no, LATER)
        assert not access.revoke(conn, no, "2028-01-01T00:00:00.000Z")
        assert not access.revoke(conn, 99, LATER)
        assert access.token(conn, a_hash("secret")) == Token(no, "Li", "clerk", NOW, LATER)
        assert [one.no for one in access.tokens(conn)] == [no, other]
