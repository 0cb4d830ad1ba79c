"""Forks are proven by what the log signed, and no log can be accused by anybody without its key."""

import json
from dataclasses import replace

import pytest

from ledger.__main__ import main
from ledger.errors import LodetraceError, Malformed, Unverified
from ledger.evidence import format_evidence
from ledger.forks import check_fork, fork_of_checkpoints, format_fork, is_fork, parse_fork
from ledger.log.canonical import format_json, parse_json
from ledger.log.checkpoints import Checkpoint, open_checkpoint, sign_checkpoint
from ledger.log.notes import Ed25519Signer, sign_note
from ledger.log.trust import Policy
from tests.formats import second_verifier as second
from tests.formats import story
from tests.formats.forking import across_keys, history, proven, unproven

PROVEN, UNPROVEN = proven(), unproven()
KEY = history("mine.example").key("log").verifier
TRUST = Policy.parse(f"log {KEY.vkey}\nquorum none\n")
KINDS = {"two entries at one place": "entries", "one shipment offered twice": "shipments"}


def trust_in(name):
    """Of a log that replaced its key, the reader knows the one under which the file shows its entry 0."""
    key = KEY if PROVEN[name].lineage is None else PROVEN[name].key
    return f"log {key.vkey}\nquorum none\n"


@pytest.mark.parametrize("name", PROVEN)
def test_a_fork_is_proven_from_its_file_alone(name):
    data = format_fork(PROVEN[name])
    assert is_fork(data)
    assert parse_fork(data) == PROVEN[name]
    found = check_fork(parse_fork(data), Policy.parse(trust_in(name)))
    assert found.log == PROVEN[name].log
    assert found.kind == KINDS.get(name.partition(",")[0], "checkpoints")
    assert found.trusted
    assert found.first != found.second
    assert not check_fork(parse_fork(data)).trusted


@pytest.mark.parametrize("name", UNPROVEN)
def test_nobody_is_accused_by_what_proves_nothing(name):
    fork, code = UNPROVEN[name]
    with pytest.raises(LodetraceError) as error:
        check_fork(parse_fork(format_fork(fork)))
    assert error.value.code == code
    assert error.value.text("zh") != error.value.text()


def test_a_file_with_a_key_of_its_own_accuses_nobody_whose_key_is_known():
    liar = Ed25519Signer.from_seed(KEY.name, bytes(32))
    one, other = (sign_checkpoint(Checkpoint(KEY.name, 2, root), [liar]) for root in (bytes(32), bytes([1] * 32)))
    made = fork_of_checkpoints(liar.verifier, one, other)
    assert not check_fork(made).trusted
    with pytest.raises(Unverified):
        check_fork(made, TRUST)


@pytest.mark.parametrize(("from_size", "trusted"), [(4, True), (3, False), (6, False)])
def test_whoever_knows_that_a_key_was_replaced_sees_a_fork_across_it(from_size, trusted):
    """Each checkpoint counts under the key of its size, and under no other."""
    made = PROVEN["a history that the next one does not begin with"]
    new = Ed25519Signer.from_seed(KEY.name, bytes(32))
    old, later = made.checkpoints
    turned = replace(made, checkpoints=(old, sign_checkpoint(open_checkpoint(later, KEY, KEY.name), [new])))
    policy = replace(TRUST, log_at={KEY.name: lambda size: new.verifier if size >= from_size else KEY})
    if trusted:
        assert check_fork(parse_fork(format_fork(turned)), policy).trusted
        return
    with pytest.raises(Unverified):
        check_fork(turned, policy)


def _without_the_key(fork):
    return replace(fork, lineage=replace(fork.lineage, path=(bytes(32), *fork.lineage.path[1:])))


def _by_another(fork):
    first, (note, opens) = fork.lineage.entries
    text, _, _ = note.partition(b"\n\n")
    liar = Ed25519Signer.from_seed("mine.example/author", bytes(32))
    return replace(
        fork, lineage=replace(fork.lineage, entries=(first, (sign_note(text.decode() + "\n", [liar]), opens)))
    )


def _not_told(fork):
    first, (note, _) = fork.lineage.entries
    return replace(fork, lineage=replace(fork.lineage, entries=(first, (note, ()))))


@pytest.mark.parametrize(
    "lie", [None, _without_the_key, _by_another, _not_told, lambda fork: replace(fork, lineage=None)]
)
@pytest.mark.parametrize("under", [0, 1])
def test_a_fork_across_a_replaced_key_is_proven_to_whoever_knows_one_of_the_two(lie, under):
    """By the log itself: its opening, which commits to the next key, and the entry that put that in force."""
    fork, key = across_keys(under)
    data = format_fork(fork if lie is None else lie(fork))
    trust = f"log {key.vkey}\nquorum none\n"
    assert format_fork(parse_fork(data)) == data
    if lie is None:
        found = check_fork(parse_fork(data), Policy.parse(trust))
        assert (found.kind, found.place, found.trusted) == ("checkpoints", 2, True)
        assert second.check_fork(data, second.Policy(trust))[:2] == ("checkpoints", 2)
        return
    with pytest.raises(LodetraceError):
        check_fork(parse_fork(data), Policy.parse(trust))
    with pytest.raises((second.Unverified, second.Malformed)):
        second.check_fork(data, second.Policy(trust))


def test_every_byte_of_a_file_counts():
    data = format_fork(PROVEN["a history that the next one does not begin with"])
    for at in range(0, len(data), 7):
        altered = bytearray(data)
        altered[at] ^= 1
        with pytest.raises(LodetraceError):
            check_fork(parse_fork(bytes(altered)), TRUST)


@pytest.mark.parametrize(
    "change",
    {
        "not JSON": lambda value: b"{",
        "a list": lambda value: b"[]",
        "no key": lambda value: value.pop("key"),
        "one checkpoint": lambda value: value["checkpoints"].pop(),
        "three checkpoints": lambda value: value["checkpoints"].append("x"),
        "neither form": lambda value: value.pop("prefix"),
        "both forms": lambda value: value.update(entries=[]),
        "a path of numbers": lambda value: value.update(path=[1]),
        "a path without end": lambda value: value.update(path=[value["prefix"]] * 65),
        "more than it should hold": lambda value: value.update(more=1),
        "another version": lambda value: value.update(format="lodetrace fork v2"),
    }.items(),
    ids=lambda item: item[0],
)
def test_what_is_not_of_the_form(change):
    value = parse_json(format_fork(PROVEN["two roots of one size"]))
    made = change[1](value)
    with pytest.raises(Malformed):
        parse_fork(made if isinstance(made, bytes) else format_json(value))


def test_a_file_too_large_is_not_read():
    with pytest.raises(Malformed):
        parse_fork(b" " * (1 << 20) + b"{}")


@pytest.mark.parametrize("name", PROVEN)
def test_verify_says_so(name, tmp_path, capsys):
    file, trust = tmp_path / "mine.fork.json", tmp_path / "trust.txt"
    file.write_bytes(format_fork(PROVEN[name]))
    trust.write_text(trust_in(name))
    assert main(["verify", str(file), "--trust", str(trust)]) == 0
    assert capsys.readouterr().out.startswith(f"✓ {PROVEN[name].log} ")
    assert main(["verify", str(file), "--trust", str(trust), "--lang", "zh", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["ok"], told["log"]) == (True, PROVEN[name].log)
    assert told["text"] != told["zh"]
    assert main(["verify", str(file)]) == 1
    assert "vouched by nobody" in capsys.readouterr().out


def test_verify_refuses_what_proves_nothing(tmp_path, capsys):
    file = tmp_path / "mine.fork.json"
    file.write_bytes(format_fork(UNPROVEN["a log that only grew"][0]))
    assert main(["verify", str(file)]) == 1
    assert capsys.readouterr().out.startswith("✗ This proves no fork of mine.example/log")


def test_evidence_is_no_fork():
    assert not is_fork(format_evidence(story.motor_evidence(story.tell())))
