"""A registry's replay: what each entry makes of a member, what it may not say, and the lines of a standing."""

from dataclasses import replace
from hashlib import sha256

import pytest

from ledger.errors import LodetraceError, Unverified
from ledger.log.canonical import b64
from ledger.matter.events import Event
from ledger.registry import Registry, check_absence, check_standing, prove_absence, prove_standing
from tests.formats.scribe import next_key, opened, signer
from tests.formats.story import tell

STORY = tell()
REGISTRY = STORY.registry
WRITTEN = [(one.entry.index, one.leaf, opened(one)) for one in REGISTRY.written]
MAGNET, MOTOR, RECLAIM = "magnet.example", "motor.example", "reclaim.example"
HASH = b64(bytes(32))


def replayed(upto=None):
    registry = Registry()
    for index, leaf, event in WRITTEN[:upto]:
        registry.take(index, leaf, event)
    return registry


def again(index, **slots):
    """The entry at `index` with other values in its slots; None empties a slot, fields with None are taken out."""
    event = WRITTEN[index][2]
    told = dict(event.slots)
    for slot, fields in slots.items():
        merged = None if fields is None else {**(told[slot] or {}), **fields}
        told[slot] = merged and {key: value for key, value in merged.items() if value is not None}
    return replace(event, slots=told)


def after(registry, name):
    """What an entry about a member has to name."""
    member = registry.members[name]
    return {"name": name, "index": member.index, "leaf": b64(member.leaf)}


# -- members ------------------------------------------------------------------------------------------------------


def test_the_members_of_the_story():
    members = replayed().members
    assert sorted(members) == [MAGNET, MOTOR, RECLAIM]
    magnet, reclaim = members[MAGNET], members[RECLAIM]
    assert (magnet.index, magnet.told["roles"], magnet.reach["url"]) == (8, ["magnet"], "https://magnet.example/")
    assert [licence["no"] for licence in magnet.licences] == ["XK-2026-7"]
    assert magnet.suspensions == (((0, 6), (0, 7)),)
    assert [magnet.suspended_at("magnet.example/log", index) for index in (5, 6, 7)] == [False, True, False]
    assert not magnet.suspended
    old, new = signer("reclaim.example/author").verifier, next_key(RECLAIM, "author").verifier
    assert [[key.public for key in reclaim.log.keys.of("author", at)] for at in (0, 2, 3, 9)] == [
        [old.public],
        [old.public],
        [new.public],
        [new.public],
    ]
    assert reclaim.log.keys.signers_at(2) == (old, new)
    assert [reclaim.revoked_at(reclaim.log.origin, at, old.public, "author") is not None for at in (2, 3)] == [
        False,
        True,
    ]
    assert reclaim.revoked_at(reclaim.log.origin, 9, new.public, "author") is None


def test_suspended_until_it_is_restored():
    magnet = replayed(8).members[MAGNET]
    assert magnet.suspended
    assert [magnet.suspended_at("magnet.example/log", index) for index in (5, 6, 10**6)] == [False, True, True]


def test_another_log_is_not_the_members():
    with pytest.raises(Unverified):
        replayed().members[MAGNET].suspended_at("magnet.example/log2", 0)


def test_a_lost_log_is_succeeded_by_another():
    registry = replayed()
    lost = {"use": "log", "key": b64(signer("motor.example/log").verifier.public), "size": 5, "root": HASH}
    successor = {"origin": "motor.example/log2", "leaf": HASH}
    registry.take(
        12, sha256(b"12").digest(), again(6, about=after(registry, MOTOR), revocation=lost, successor=successor)
    )
    member = registry.members[MOTOR]
    assert [log.origin for log in member.logs] == ["motor.example/log", "motor.example/log2"]
    assert member.log.keys is None
    registry.take(13, sha256(b"13").digest(), again(7, about=after(registry, MOTOR), as_of={"size": 0}))
    assert registry.members[MOTOR].suspended_at("motor.example/log2", 0)
    assert not registry.members[MOTOR].suspended_at("motor.example/log", 10**6)
    told = again(2, about=after(registry, MOTOR), log=successor)
    registry.take(14, sha256(b"14").digest(), told)
    assert registry.members[MOTOR].log.keys.log_at(1).name == "motor.example/log2"


def test_said_again_it_replaces_who_a_member_is_and_never_its_keys():
    registry = replayed()
    moved = again(1, about=after(registry, MAGNET), reach={"url": "https://elsewhere.example/"}, member={"lei": None})
    registry.take(12, sha256(b"12").digest(), moved)
    assert registry.members[MAGNET].reach["url"] == "https://elsewhere.example/"
    assert registry.members[MAGNET].licences


def test_the_policy_is_the_one_set_last():
    assert replayed(9).policy is None
    assert "#lodetrace registry registry.example/log" in replayed().policy


# -- what a registry may not say ----------------------------------------------------------------------------------

NEW_KEYS = {"list": [{**key, "key": b64(sha256(b"no").digest())} for key in WRITTEN[1][2].scalar("keys")["list"]]}
REFUSED = {
    "a name that is taken": (lambda r: again(1), "name-taken"),
    "a member that never was": (lambda r: again(4, about={"name": "nobody.example"}), "member-unknown"),
    "a licence before it is admitted": (
        lambda r: again(4, about={"name": "nobody.example", "index": None, "leaf": None}),
        "member-unknown",
    ),
    "an older entry before it": (lambda r: again(4), "not-the-entry-before"),
    "no entry before it": (lambda r: again(4, about={"index": None, "leaf": None}), "not-the-entry-before"),
    "another leaf before it": (
        lambda r: again(4, about={**after(r, MAGNET), "leaf": HASH}),
        "not-the-entry-before",
    ),
    "restored, but not suspended": (lambda r: again(8, about=after(r, MAGNET)), "not-suspended"),
    "suspended before it was restored": (
        lambda r: again(7, about=after(r, MAGNET), as_of={"size": 6}),
        "size-went-back",
    ),
    "another log": (
        lambda r: again(1, about=after(r, MAGNET), log={"leaf": HASH}),
        "log-is-another",
    ),
    "other keys, said by the way": (lambda r: again(1, about=after(r, MAGNET), keys=NEW_KEYS), "keys-are-others"),
    "keys that nobody committed to": (
        lambda r: again(5, about=after(r, RECLAIM), cited={"index": 3}, keys=NEW_KEYS),
        "key-not-committed",
    ),
    "keys replaced before the ones they replace": (lambda r: again(5, about=after(r, RECLAIM)), "rekeyed-out-of-order"),
    "keys of a log that it does not write": (
        lambda r: again(5, about=after(r, RECLAIM), cited={"log": "reclaim.example/log2"}),
        "log-is-another",
    ),
    "a key that it never had": (
        lambda r: again(6, about=after(r, RECLAIM), revocation={"key": HASH}),
        "key-not-of-member",
    ),
    "a key for a use that it is not of": (
        lambda r: again(6, about=after(r, RECLAIM), revocation={"use": "peer"}),
        "key-not-of-member",
    ),
    "a log that succeeds itself": (
        lambda r: again(
            6,
            about=after(r, MOTOR),
            revocation={"use": "log", "key": b64(signer("motor.example/log").verifier.public)},
            successor={"origin": "motor.example/log", "leaf": HASH},
        ),
        "log-is-another",
    ),
    "another standing": (lambda r: again(10, standing={"n": 4}), "standing-differs"),
    "a policy that is none": (lambda r: again(9, policy={"text": "quorum two\n"}), "policy-not-one"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused_and_nothing_changed(case):
    make, code = REFUSED[case]
    registry = replayed()
    before = dict(registry.members), registry.policy
    with pytest.raises(LodetraceError) as refused:
        registry.take(12, sha256(b"12").digest(), make(registry))
    assert refused.value.code == code
    assert refused.value.text("zh") != refused.value.text("en")
    assert (registry.members, registry.policy) == before


def test_suspended_twice():
    registry = replayed(8)
    with pytest.raises(LodetraceError) as refused:
        registry.take(8, bytes(32), again(7, about=after(registry, MAGNET)))
    assert refused.value.code == "suspended-already"


def test_its_own_keys_are_no_members():
    registry = replayed()
    own = Event(
        "rekeyed", "registry.example/log", {"about": {"name": "registry.example"}, "cited": None, "keys": NEW_KEYS}
    )
    registry.take(12, bytes(32), own)
    assert sorted(registry.members) == [MAGNET, MOTOR, RECLAIM]


# -- standing -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", range(4))
def test_every_member_has_its_line_and_no_other_name_has_one(count):
    members = dict(sorted(replayed(4).members.items())[:count])
    registry = Registry()
    registry.members = members
    n, root = registry.standing()
    for name in members:
        check_standing(prove_standing(members, name), n, root)
    for name in ("a.example", "magnet.example0", "motor.example0", "zz.example", MAGNET, RECLAIM):
        if name not in members:
            check_absence(name, prove_absence(members, name), n, root)


def test_a_line_says_nothing_else():
    members = replayed().members
    n, root = replayed().standing()
    line = prove_standing(members, MOTOR)
    for wrong in (
        replace(line, name=MAGNET),
        replace(line, position=0),
        replace(line, last_index=3),
        replace(line, last_leaf=bytes(32)),
        replace(line, path=line.path[:1]),
    ):
        with pytest.raises(Unverified):
            check_standing(wrong, n, root)
    with pytest.raises(Unverified):
        check_standing(line, n - 1, root)


def test_a_name_is_not_absent_because_lines_are_left_out():
    members = replayed().members
    n, root = replayed().standing()
    magnet, motor, reclaim = (prove_standing(members, name) for name in (MAGNET, MOTOR, RECLAIM))
    for name, lines in (
        (MOTOR, (magnet, reclaim)),
        (MOTOR, (magnet, motor)),
        (MAGNET, (motor,)),
        (MAGNET, ()),
        (RECLAIM, (motor,)),
        ("n.example", (magnet,)),
        ("n.example", (reclaim, magnet)),
        ("n.example", (magnet, motor, reclaim)),
    ):
        with pytest.raises(Unverified):
            check_absence(name, lines, n, root)
