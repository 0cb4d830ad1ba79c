import json
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.errors import LodetraceError, Malformed, Unverified
from ledger.log.checkpoints import Checkpoint, add_signatures, cosign, sign_checkpoint
from ledger.log.notes import Ed25519Signer
from ledger.log.trust import MAX_POLICY, Group, Policy, format_policy, organisation

FOLDER = Path(__file__).parents[2] / "vectors"
EXAMPLE = json.loads((FOLDER / "tlog_policy.json").read_text(encoding="utf-8"))["example"]
REAL = json.loads((FOLDER / "tlog_cosignature.json").read_text(encoding="utf-8"))["real"]

ORIGIN = "longnan.example/log"
TIME = 1_795_305_600
CHECKPOINT = Checkpoint(ORIGIN, 70_000, bytes(range(32)))


def log(name=ORIGIN, seed=1):
    return Ed25519Signer.from_seed(name, bytes([seed]) * 32)


def witness(number, name=None):
    return Ed25519Signer.from_seed(name or f"w{number}.example/witness", bytes([100 + number]) * 32, 4)


LOG = log().verifier.vkey
W1, W2, W3 = (witness(number).verifier.vkey for number in (1, 2, 3))
RAW = sign_checkpoint(CHECKPOINT, [log()])


def cosigned(*witnesses):
    return add_signatures(RAW, [cosign(RAW, one, TIME) for one in witnesses])


def example():
    """The specification's example with keys filled in; the witnesses by their names in it."""
    names = ["X1", "X2", "X3", "Y1", "Y2", "Y3"]
    keys = {name: witness(number, f"{name.lower()}.example") for number, name in enumerate(names)}
    text = EXAMPLE.replace("log <vkey>", f"log {LOG}")
    for name, key in keys.items():
        text = text.replace(f"witness {name} <vkey>", f"witness {name} {key.verifier.vkey}")
    return Policy.parse(text), keys


def test_a_policy_is_printed_as_it_is_read():
    policy, _ = example()
    assert Policy.parse(format_policy(policy)) == policy
    more = f"log {LOG} https://longnan.example/\n#lodetrace registry {ORIGIN}\n#lodetrace standing-max-age-days 30\n"
    text = f"{more}witness a {W1}\nwitness b {W2} https://b.example/\ngroup both 2 a b\nquorum both\n"
    assert format_policy(Policy.parse(text)) == text


def test_the_example_of_the_specification():
    policy, keys = example()
    assert set(policy.logs) == {ORIGIN}
    assert list(policy.witnesses) == list(keys)
    assert policy.groups == {
        "X-witnesses": Group(2, ("X1", "X2", "X3")),
        "Y-witnesses": Group(1, ("Y1", "Y2", "Y3")),
        "X-and-Y": Group(2, ("X-witnesses", "Y-witnesses")),
    }
    assert policy.quorum == "X-and-Y"
    for count in range(7):
        for chosen in combinations(keys, count):
            enough = sum(name[0] == "X" for name in chosen) >= 2 and any(name[0] == "Y" for name in chosen)
            assert policy.satisfied(keys[name].verifier for name in chosen) is enough


def test_a_real_checkpoint_under_a_policy():
    lines = [f"witness {number} {vkey}" for number, vkey in enumerate(REAL["witnesses"])]
    head = "\n".join([f"log {REAL['log']} https://log.example/", *lines])
    raw = REAL["note"].encode()
    for threshold in (1, 2, 3):
        trusted = Policy.parse(f"{head}\ngroup g {threshold} 0 1 2\nquorum g\n").open_checkpoint(raw)
        assert trusted.checkpoint.size == REAL["size"]
        assert trusted.log.vkey == REAL["log"]
        assert {key.vkey for key, _ in trusted.cosigned} == set(REAL["witnesses"])
        assert {time for _, time in trusted.cosigned} == {REAL["time"]}
    policy = Policy.parse(f"{head}\nwitness absent {W1}\ngroup g all 0 1 2 absent\nquorum g\n")
    with pytest.raises(Unverified) as caught:
        policy.open_checkpoint(raw)
    assert caught.value.code == "quorum-missing"


def test_whitespace_comments_and_urls():
    text = (
        f"# who we trust\n\n \t \n\tlog\t{LOG}   https://longnan.example \t\n  # log nonsense\n"
        f"witness K\u212a {W1} https://w1.example/\u9f99\nquorum K\u212a\n#end\n"
    )
    for policy in (Policy.parse(text), Policy.parse(text.encode())):
        assert policy.logs[ORIGIN] == (log().verifier, "https://longnan.example")
        assert policy.witnesses == {"K\u212a": (witness(1).verifier, "https://w1.example/\u9f99")}
        assert policy.quorum == "K\u212a"


def test_names_are_opaque_bytes():
    policy = Policy.parse(b"witness " + b"\xff\xfe " + W1.encode() + b"\nquorum \xff\xfe\n")
    assert policy.satisfied([witness(1).verifier])
    with pytest.raises(Malformed):
        Policy.parse(b"witness \xff " + W1.encode() + b"\nquorum \xfe\n")


def test_order_is_free_but_for_names():
    policy = Policy.parse(f"witness a {W1}\nquorum a\nlog {LOG}\nwitness b {W2}\ngroup g any b\n")
    assert policy.satisfied([witness(1).verifier])
    assert not policy.satisfied([witness(2).verifier])


REFUSED = {
    "empty": ("", 0),
    "no quorum": (f"log {LOG}\n", 1),
    "last line does not end": (f"log {LOG}\nquorum none", 2),
    "two quorums": ("quorum none\nquorum none\n", 2),
    "quorum without name": ("quorum\n", 1),
    "quorum with two names": (f"witness a {W1}\nquorum a a\n", 2),
    "quorum of a later name": (f"quorum a\nwitness a {W1}\n", 1),
    "quorum of a log": (f"log {LOG}\nquorum {ORIGIN}\n", 2),
    "unknown word": ("logs x\nquorum none\n", 1),
    "word in capitals": (f"Log {LOG}\nquorum none\n", 1),
    "comment behind": ("quorum none # no witnesses\n", 1),
    "carriage return": ("quorum none\r\n", 1),
    "vertical tab": ("quorum\vnone\n", 1),
    "form feed": ("quorum none\n\f\n", 2),
    "NUL": ("quorum none\n\0\n", 2),
    "DEL": ("quorum none\n# \x7f\n", 2),
    "no-break space": ("quorum\u00a0none\n", 1),
    "log without key": ("log\nquorum none\n", 1),
    "log with too much": (f"log {LOG} u v\nquorum none\n", 1),
    "log twice": (f"log {LOG}\nlog {LOG}\nquorum none\n", 2),
    "log key under another name": (f"log {LOG}\nlog {log('b.example/log').verifier.vkey}\nquorum none\n", 2),
    "two keys of one log": (f"log {LOG}\nlog {log(seed=2).verifier.vkey}\nquorum none\n", 2),
    "log with a witness's key": (f"log {W1}\nquorum none\n", 1),
    "log with a broken key": (f"log {LOG[:-1]}\nquorum none\n", 1),
    "witness without key": ("witness a\nquorum none\n", 1),
    "witness with too much": (f"witness a {W1} u v\nquorum none\n", 1),
    "witness with a log's key": (f"witness a {LOG}\nquorum none\n", 1),
    "witness name twice": (f"witness a {W1}\nwitness a {W2}\nquorum none\n", 2),
    "witness key twice": (f"witness a {W1}\nwitness b {W1}\nquorum none\n", 2),
    "witness key under another name": (
        f"witness a {W1}\nwitness b {witness(1, 'other.example').verifier.vkey}\nquorum none\n",
        2,
    ),
    "witness called none": (f"witness none {W1}\nquorum none\n", 1),
    "group called none": (f"witness a {W1}\ngroup none any a\nquorum none\n", 2),
    "group called as a witness": (f"witness a {W1}\nwitness b {W2}\ngroup a any b\nquorum none\n", 3),
    "group twice": (f"witness a {W1}\nwitness b {W2}\ngroup g any a\ngroup g any b\nquorum g\n", 4),
    "group without members": (f"witness a {W1}\ngroup g any\nquorum none\n", 2),
    "group of none": ("group g any none\nquorum none\n", 1),
    "group of itself": (f"witness a {W1}\ngroup g any a g\nquorum none\n", 2),
    "group of a later name": (f"group g any a\nwitness a {W1}\nquorum none\n", 1),
    "member twice in a group": (f"witness a {W1}\ngroup g 2 a a\nquorum g\n", 2),
    "member of two groups": (f"witness a {W1}\ngroup g any a\ngroup h any a\nquorum g\n", 3),
    "threshold 0": (f"witness a {W1}\ngroup g 0 a\nquorum g\n", 2),
    "threshold above the members": (f"witness a {W1}\ngroup g 2 a\nquorum g\n", 2),
    "threshold with a plus": (f"witness a {W1}\ngroup g +1 a\nquorum g\n", 2),
    "threshold with a zero": (f"witness a {W1}\ngroup g 01 a\nquorum g\n", 2),
    "threshold with other digits": (f"witness a {W1}\ngroup g \u0661 a\nquorum g\n", 2),
    "threshold in words": (f"witness a {W1}\ngroup g most a\nquorum g\n", 2),
}


@pytest.mark.parametrize(("text", "line"), REFUSED.values(), ids=REFUSED)
def test_refuses_and_names_the_line(text, line):
    with pytest.raises(Malformed) as caught:
        Policy.parse(text)
    assert (caught.value.code, caught.value.facts["line"]) == ("policy-malformed", line)
    assert f"ine {line} " in caught.value.text("en")
    assert str(line) in caught.value.text("zh")


def test_another_key_type_is_refused_with_its_number():
    # type 6 (ML-DSA-44): a policy that asks for what this reader cannot check must not look satisfied
    with pytest.raises(Malformed, match="type 6"):
        Policy.parse("witness a w.example+00000000+BgAA\nquorum none\n")


def test_a_policy_has_a_limit():
    assert Policy.parse("#" * (MAX_POLICY - 13) + "\nquorum none\n").quorum == "none"
    with pytest.raises(Malformed):
        Policy.parse("#" * MAX_POLICY + "\nquorum none\n")


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_every_generated_policy_counts_as_written(data):
    names = [f"n{number}" for number in range(6)]
    lines = [f"witness {name} {witness(number).verifier.vkey}" for number, name in enumerate(names)]
    free, groups = list(names), []
    for number in range(data.draw(st.integers(0, 4))):
        members = data.draw(st.lists(st.sampled_from(free), min_size=1, max_size=len(free), unique=True))
        threshold = data.draw(st.integers(1, len(members)))
        words = {1: ["any"], len(members): ["all"]}
        rule = data.draw(st.sampled_from([str(threshold), *words.get(threshold, [])]))
        lines.append(f"group g{number} {rule} {' '.join(members)}")
        groups.append((f"g{number}", members, len(members) if rule == "all" else threshold))
        free = [name for name in free if name not in members] + [f"g{number}"]
    quorum = data.draw(st.sampled_from(["none", *names, *(name for name, _, _ in groups)]))
    policy = Policy.parse("\n".join([*lines, f"quorum {quorum}", ""]))
    chosen = data.draw(st.sets(st.sampled_from(range(6))))

    def good(name):
        for group, members, threshold in groups:
            if group == name:
                return sum(map(good, members)) >= threshold
        return name == "none" or int(name[1:]) in chosen

    assert policy.satisfied(witness(number).verifier for number in chosen) is good(quorum)


def test_a_quorum_counts_keys_not_names():
    policy = Policy.parse(f"witness a {W1}\nwitness b {W2}\ngroup g 2 a b\nquorum g\n")
    same = [witness(1, name).verifier for name in ("w1.example/witness", "x.example", "y.example")]
    assert not policy.satisfied(same)
    assert policy.satisfied([*same, witness(2).verifier])
    # the same bytes as a key of another type have not cosigned anything
    plain = Ed25519Signer.from_seed("w2.example/witness", bytes([102]) * 32).verifier
    assert not policy.satisfied([*same, plain])


POLICY = Policy.parse(f"log {LOG}\nwitness a {W1}\nwitness b {W2}\nwitness c {W3}\ngroup g 2 a b c\nquorum g\n")


def test_opens_with_a_quorum_only():
    one, two, three, stranger = (witness(number) for number in (1, 2, 3, 4))
    assert POLICY.open_checkpoint(cosigned(one, two)).checkpoint == CHECKPOINT
    trusted = POLICY.open_checkpoint(cosigned(three, stranger, one))
    assert trusted.cosigned == ((three.verifier, TIME), (one.verifier, TIME))
    for raw in (RAW, cosigned(one), cosigned(one, one), cosigned(one, stranger), cosigned(stranger)):
        with pytest.raises(Unverified) as caught:
            POLICY.open_checkpoint(raw)
        assert caught.value.code == "quorum-missing"


def test_without_a_quorum_the_log_is_enough():
    assert Policy.parse(f"log {LOG}\nquorum none\n").open_checkpoint(RAW).cosigned == ()


def test_the_own_organisation_does_not_count():
    own = witness(1, "longnan.example/witness")
    text = f"log {LOG}\nwitness a {own.verifier.vkey}\nwitness b {W2}\ngroup g 2 a b\nquorum g\n"
    with pytest.raises(Unverified) as caught:
        Policy.parse(text).open_checkpoint(cosigned(own, witness(2)))
    assert caught.value.code == "quorum-missing"
    # nor does the log's own key under somebody else's name
    again = Ed25519Signer.from_seed("w1.example/witness", b"\1" * 32, 4)
    text = f"log {LOG}\nwitness a {again.verifier.vkey}\nquorum a\n"
    with pytest.raises(Unverified):
        Policy.parse(text).open_checkpoint(cosigned(again))
    # a mill below a hub's name is an organisation of its own
    assert organisation("hub.example/mill-7/witness") == "hub.example/mill-7"
    assert organisation("hub.example/log") == organisation("hub.example/witness") == organisation("hub.example")


def test_unknown_logs_are_not_trusted():
    for policy in (
        Policy(),
        Policy.parse("quorum none\n"),
        Policy.parse(f"log {log('b.example/log', 2).verifier.vkey}\nquorum none\n"),
    ):
        with pytest.raises(Unverified) as caught:
            policy.open_checkpoint(RAW)
        assert caught.value.code == "log-untrusted"


def test_a_bad_line_of_a_trusted_witness_spoils_the_checkpoint():
    earlier = sign_checkpoint(Checkpoint(ORIGIN, 1, bytes(32)), [log()])
    raw = add_signatures(cosigned(witness(1), witness(2)), [cosign(earlier, witness(3), TIME)])
    with pytest.raises(Unverified) as caught:
        POLICY.open_checkpoint(raw)
    assert (caught.value.code, caught.value.value) == ("signature-bad", "w3.example/witness")


def test_every_change_of_a_fully_cosigned_checkpoint_is_refused():
    text = f"log {LOG}\nwitness a {W1}\nwitness b {W2}\ngroup g all a b\nquorum g\n"
    policy, raw = Policy.parse(text), cosigned(witness(1), witness(2))
    assert policy.open_checkpoint(raw).checkpoint == CHECKPOINT
    for at, byte in enumerate(raw):
        changes = [
            raw[:at] + bytes([other]) + raw[at + 1 :] for other in {byte ^ 1, byte ^ 0x20, byte + 1, 10} - {byte}
        ]
        for change in [*changes, raw[:at] + raw[at + 1 :], raw[:at] + b"A" + raw[at:]]:
            with pytest.raises(LodetraceError):
                policy.open_checkpoint(change)
