"""An introduction by a node that replaced its keys: the story's recycler."""

import copy
import json

import pytest

from ledger.errors import LodetraceError
from ledger.log.canonical import b64
from ledger.log.trust import Policy
from nodes.introductions import open_introduction
from tests.formats.lies import direct_policy
from tests.formats.scribe import next_key, signer
from tests.formats.story import tell

RECLAIM = tell().reclaim
POLICY = Policy.parse(direct_policy())
NAME = RECLAIM.name


def row(index, size=5):
    one, path = RECLAIM.written[index], RECLAIM.tree().prove_inclusion(index, size)
    held = list(one.opening("public"))
    return {"entry": one.entry.raw.decode(), "disclosures": held, "path": [b64(node) for node in path]}


def told(size=5):
    head = RECLAIM.checkpoint(size, ["authority.example", "motor.example"])
    return {**row(0, size), "rekeyed": [row(2, size)] if size > 2 else [], "checkpoint": head.decode()}


def introduced(value):
    return open_introduction(json.dumps(value).encode(), NAME, POLICY)


def test_the_author_keys_are_those_in_force_at_the_end_of_its_log():
    assert introduced(told()).authors() == (next_key(NAME, "author").verifier,)
    assert introduced(told(2)).authors() == (signer(f"{NAME}/author").verifier,)
    assert introduced(told()).opened.scalar("log")["organisation"] == "赣州再生资源有限公司"


def test_a_node_that_never_replaced_a_key_need_not_say_so():
    value = told(2)
    del value["rekeyed"]
    assert introduced(value).authors() == (signer(f"{NAME}/author").verifier,)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda value: value["rekeyed"][0].update(path=[]), "inclusion-unproven"),
        (lambda value: value["rekeyed"].append(value["rekeyed"][0]), "rekeyed-out-of-order"),
        (lambda value: value["rekeyed"][0].update(row(0)), "entry-zero-missing"),
        (lambda value: value["rekeyed"][0].pop("disclosures"), "malformed"),
        (lambda value: value.update(rekeyed=7), "malformed"),
        (lambda value: value.update(row(2)), "entry-zero-missing"),
    ],
)
def test_what_is_not_proven_is_not_believed(change, code):
    value = copy.deepcopy(told())
    change(value)
    with pytest.raises(LodetraceError) as found:
        introduced(value)
    assert found.value.code == code
