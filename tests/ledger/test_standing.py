"""What a standing contradicts, beyond the lies of the vectors: entries after its line, and logs that succeed others."""

from dataclasses import replace

import pytest

from ledger.entries import open_event
from ledger.errors import LodetraceError
from ledger.evidence import Evidence, format_evidence, joined, parse_evidence, verify
from ledger.keys import Keys
from ledger.log.canonical import b64
from ledger.log.merkle import Tree, leaf_hash
from ledger.log.trust import Policy
from ledger.registry import Line, standing_line
from ledger.standing import Known, Standing, check_succession
from tests.formats import second_verifier as second
from tests.formats.federation import tell_registry, with_registry
from tests.formats.scribe import Scribe, opened, signer
from tests.formats.story import admitted_evidence, registry_policy, rekeyed_evidence, tell
from tests.ledger.test_registry import MOTOR, after, again, replayed

STORY = tell()
POLICY = Policy.parse(registry_policy())


def refused(evidence, policy=POLICY):
    with pytest.raises(LodetraceError) as found:
        verify(parse_evidence(format_evidence(evidence)), policy)
    return found.value.code


def test_a_standing_that_forgets_an_entry_before_it():
    registry = STORY.registry.written
    lines = {
        name: standing_line(name, index, registry[index].leaf)
        for name, index in (("magnet.example", 7), ("motor.example", 2), ("reclaim.example", 6))
    }
    tree = Tree([leaf_hash(line) for line in lines.values()])
    forgetful = tell(registry={"changes": {10: lambda slots: slots["standing"].update(root=b64(tree.root()))}})
    path = tuple(tree.prove_inclusion(0))
    line = Standing("registry.example/log", 10, Line("magnet.example", 0, 7, registry[7].leaf, path))
    assert refused(replace(admitted_evidence(forgetful), standing=(line,))) == "standing-contradicted"


def test_a_member_without_a_line_is_not_complete():
    result = verify(replace(rekeyed_evidence(STORY), standing=()), POLICY)
    assert result.missing == ("registry.example/log standing reclaim.example",)


def _otherwise(slots):
    """Another list of keys than entry 0 publishes."""
    other = {"next_commit": b64(bytes(32))}
    slots["keys"] = {"list": [key | other if key["use"] == "peer" else key for key in slots["keys"]["list"]]}


def _unproven(slots):
    slots["standing"] |= {"n": 9}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({}, None),
        ({3: _otherwise}, "registries-differ"),
        ({10: _unproven}, "standing-unproven"),
    ],
)
def test_two_registries_are_believed_as_far_as_they_agree(changes, code):
    """Both verifiers say so."""
    bureau = Scribe("bureau.example", changes=changes)
    tell_registry(bureau, STORY.magnet, STORY.motor, STORY.reclaim, "quorum none\n")
    word = with_registry(Evidence({}, (), (), {}, ""), bureau, "reclaim.example")
    data = format_evidence(joined(rekeyed_evidence(STORY), word))
    named = f"log {signer('bureau.example/log').verifier.vkey}", "#lodetrace registry bureau.example/log"
    text = registry_policy(*named)
    if code is None:
        found = verify(parse_evidence(data), Policy.parse(text))
        assert [one.registry for one in found.members["reclaim.example"].words] == [
            "bureau.example/log",
            "registry.example/log",
        ]
        second.verify(data, second.Policy(text))
        return
    assert refused(parse_evidence(data), Policy.parse(text)) == code
    with pytest.raises(second.Unverified):
        second.verify(data, second.Policy(text))


def test_a_log_that_succeeds_a_lost_one_embeds_what_counts_of_it():
    registry = replayed()
    head = STORY.motor.head(5)
    lost = {"use": "log", "key": b64(signer("motor.example/log").verifier.public), "size": 5, "root": b64(head.root)}
    successor = {"origin": "motor.example/log2", "leaf": b64(bytes(32))}
    told = again(6, about=after(registry, MOTOR), revocation=lost, successor=successor)
    registry.take(12, bytes(32), told)
    known = Known("registry.example/log", registry.members[MOTOR], ())
    first = opened(STORY.motor.written[0])
    check_succession(known, first)
    for size, fine in ((5, True), (4, False)):
        note = STORY.motor.checkpoint(size, []).decode()
        second = replace(first, origin="motor.example/log2", slots={**first.slots, "predecessor": {"checkpoint": note}})
        if fine:
            check_succession(known, second)
            continue
        with pytest.raises(LodetraceError) as found:
            check_succession(known, second)
        assert found.value.code == "predecessor-differs"
    with pytest.raises(LodetraceError) as found:
        check_succession(known, replace(first, origin="motor.example/log2"))
    assert found.value.code == "predecessor-differs"


def test_keys_by_position_of_the_recycler():
    written = STORY.reclaim.written
    keys = Keys.opened(opened(written[0]))
    for one in written[1:]:
        keys = keys.after(one.entry.index, open_event(one.entry, one.disclosures))
    assert [start for start, _ in keys.lists] == [0, 3]
    assert [len(keys.signers_at(index)) for index in range(5)] == [1, 1, 2, 1, 1]
