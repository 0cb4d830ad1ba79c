"""Keys of last resort: an authority's keys are gone, and so many holders of recovery keys give its log new ones."""

from dataclasses import replace
from shutil import rmtree

import pytest

from ledger.errors import LodetraceError
from ledger.evidence import format_evidence, parse_evidence, verify
from ledger.keys import LAST, Keys
from ledger.last_resort import combined
from ledger.log.trust import Policy
from nodes import last_resort
from nodes.auditing import audit, from_store
from nodes.following import Following
from nodes.homes import create_home
from nodes.identity import KEYS, load, make_recovery_key
from nodes.node import Caller, Node
from nodes.peers import Peers
from nodes.rekeyed import own_keys
from nodes.store import log
from tests.formats import second_verifier

NAME = "authority.example"
ORIGIN = f"{NAME}/log"
LI = Caller("Li")


class Holders:
    """Three of them, and one whom nobody asked."""

    def __init__(self, folder):
        self.files = [folder / f"holder-{number}.pem" for number in range(4)]
        self.public = [make_recovery_key(file) for file in self.files]

    def sign(self, text, *numbers):
        return [last_resort.sign(text, self.files[number]) for number in numbers]


@pytest.fixture
def holders(tmp_path):
    return Holders(tmp_path)


@pytest.fixture
def home(tmp_path, holders):
    recovery = {"m": 2, "keys": holders.public[:3]}
    create_home(tmp_path / "authority", {}, name=NAME, organisation="A", role="authority", recovery=recovery)
    stand(tmp_path / "authority")
    return tmp_path / "authority"


def stand(home):
    """It says something; answers all that it has said."""
    node = Node.open(home, {})
    node.start()
    node.sequencer.submit(node.command("stand", {}, LI, None)).result()
    node.sequencer.stop()
    word = node.registry_word(-1)
    node.store.close()
    return word


def pinned(home):
    node = Node.open(home, {})
    node.store.close()
    return f"log {node.identity.log.verifier.vkey} http://127.0.0.1:1\n#lodetrace registry {ORIGIN}\nquorum none\n"


def size(home):
    node = Node.open(home, {}) if (home / KEYS).exists() else None
    assert node is not None
    with node.store.read() as conn:
        found = log.head(conn).size
    node.store.close()
    return found


def recovered(home, holders):
    rmtree(home / KEYS)
    text = last_resort.prepare(home, {})
    return last_resort.finish(home, {}, holders.sign(text, 0, 2))


def test_nodes_that_pinned_the_old_key_follow(home, holders, tmp_path):
    policy = pinned(home)
    create_home(tmp_path / "metal", {}, name="metal.example", organisation="M", role="metal", policy=policy)
    node = Node.open(tmp_path / "metal", {})
    following = Following(node, Peers(node.identity, lambda: node.policy))
    try:
        following._take(ORIGIN, format_evidence(stand(home)))
        before = node.membership.books[ORIGIN].index
        done = recovered(home, holders)
        following._take(ORIGIN, format_evidence(stand(home)))
        assert node.membership.books[ORIGIN].index > before
        assert node.policy.log_key(ORIGIN, LAST) == done.identity.log.verifier
        following._take(ORIGIN, format_evidence(stand(home)))
    finally:
        node.store.close()
    node = Node.open(home, {})
    audit(from_store(node.store))
    node.store.close()


def test_evidence_verifies_for_whoever_pinned_either_key_and_both_verifiers_agree(home, holders):
    old = pinned(home)
    recovered(home, holders)
    word = stand(home)
    data = format_evidence(word)
    for policy in (old, pinned(home)):
        assert verify(parse_evidence(data), Policy.parse(policy)).missing == ()
        assert second_verifier.verify(data, second_verifier.Policy(policy))[0]["complete"]
    for policy in (old, pinned(home)):
        apart = replace(word, consistency=())
        assert refused(lambda policy=policy, apart=apart: verify(apart, Policy.parse(policy))) == "recovery-unproven"
        with pytest.raises(second_verifier.Unverified):
            second_verifier.verify(format_evidence(apart), second_verifier.Policy(policy))


def refused(run):
    with pytest.raises(LodetraceError) as found:
        run()
    return found.value.code


WRONG = {
    "too few": ((0,), "recovery-too-few"),
    "one holder twice": ((1, 1), "recovery-key-twice"),
    "one who is no holder": ((0, 3), "recovery-key-unknown"),
    "enough holders, and one who is none": ((0, 1, 3), "recovery-key-unknown"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_with_the_signatures_is_named_and_changes_nothing(home, holders, name):
    numbers, code = WRONG[name]
    before = size(home)
    text = last_resort.prepare(home, {})
    notes = holders.sign(text, *numbers)
    assert refused(lambda: last_resort.finish(home, {}, notes)) == code
    assert size(home) == before
    with pytest.raises(second_verifier.Unverified):
        _second(home, text, notes)
    last_resort.finish(home, {}, holders.sign(text, 1, 2))


def _second(home, text, notes):
    """The same signatures before the other verifier."""
    node = Node.open(home, {})
    with node.store.read() as conn:
        keys = own_keys(conn)
        index = log.head(conn).size
    node.store.close()
    new = load(home, NAME, folder=last_resort.PREPARED).published()
    recovery = {"m": keys.recovery.m, "keys": [_b64(key.public) for key in keys.recovery.keys]}
    other = second_verifier.Keys(ORIGIN, [dict(key) for key in keys.at(0)], recovery)
    other.recover(index, new, combined(notes).decode())


def _b64(raw):
    return second_verifier.b64encode(raw).decode()


def test_a_statement_of_other_keys_and_one_for_another_entry(home, holders):
    first = last_resort.prepare(home, {})
    signed = holders.sign(first, 0, 1)
    last_resort.prepare(home, {})
    assert refused(lambda: last_resort.finish(home, {}, signed)) == "recovery-of-other"
    text = last_resort.prepare(home, {})
    signed = holders.sign(text, 0, 1)
    assert refused(lambda: last_resort.finish(home, {}, [signed[0], *holders.sign(first, 1)])) == "recovery-of-other"
    stand(home)
    assert refused(lambda: last_resort.finish(home, {}, signed)) == "recovery-of-other"


def test_a_log_that_committed_to_no_recovery_keys_has_none(tmp_path, holders):
    home = tmp_path / "plain"
    create_home(home, {}, name=NAME, organisation="A", role="authority")
    text = last_resort.prepare(home, {})
    assert refused(lambda: last_resort.finish(home, {}, holders.sign(text, 0, 1))) == "recovery-not-committed"
    rmtree(home / last_resort.PREPARED)
    assert refused(lambda: last_resort.finish(home, {}, [])) == "recovery-not-prepared"
    with pytest.raises(LodetraceError):
        last_resort.sign("anything\n", holders.files[0])


@pytest.mark.parametrize("told", [{"m": 0}, {"m": 4}, {"m": "2"}, {"keys": []}, {"keys": None}])
def test_what_entry_0_may_not_commit_to(tmp_path, holders, told):
    recovery = {"m": 2, "keys": holders.public[:3], **told}
    code = refused(
        lambda: create_home(tmp_path / "x", {}, name=NAME, organisation="A", role="authority", recovery=recovery)
    )
    assert code == "field-wrong"
    twice = {"m": 1, "keys": [holders.public[0]] * 2}
    create = {"name": NAME, "organisation": "A", "role": "authority", "recovery": twice}
    assert refused(lambda: create_home(tmp_path / "y", {}, **create)) == "field-wrong"


def test_the_new_keys_alone_sign_the_entry_that_puts_them_in_force(home, holders):
    done = recovered(home, holders)
    node = Node.open(home, {})
    with node.store.read() as conn:
        keys = own_keys(conn)
    node.store.close()
    assert isinstance(keys, Keys)
    assert keys.signers_at(done.index) == (done.identity.author.verifier,)
    assert keys.log_at(done.index) != keys.log_at(done.index + 1) == done.identity.log.verifier
