"""The vectors, held against the code that made them and against the verifier that was written from the document.

Over 400 lines because it has a test for every part of one file.
"""

import copy
import importlib.util
import json
import subprocess
import sys
from base64 import b64decode
from datetime import datetime
from hashlib import sha256
from pathlib import Path

import pytest

from ledger import audit, entries, evidence, forks, labels
from ledger.errors import LodetraceError, Malformed, Unverified
from ledger.log import canonical, checkpoints, disclosures, merkle, notes, proofs, tiles, trust
from ledger.matter.events import is_name, is_origin
from ledger.matter.stock import Booked
from ledger.verdict import judge
from tests.formats import second_verifier as second
from tests.formats.lies import LIES

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "tests" / "vectors" / "lodetrace-v1.json").read_text("utf-8")
VECTORS = json.loads(TEXT)
TRUE = {row["name"]: row for row in VECTORS["evidence"]}


def generator():
    spec = importlib.util.spec_from_file_location("make_vectors", ROOT / "scripts" / "vectors.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


make_vectors = generator()


def named(rows):
    return pytest.mark.parametrize("row", rows, ids=[row["name"] for row in rows])


# -- the file itself ----------------------------------------------------------------------------------------------


def test_the_vectors_are_those_of_today_to_the_byte():
    assert make_vectors.printed(make_vectors.make()) == TEXT


def test_the_script_finds_nothing_to_write():
    command = [sys.executable, str(ROOT / "scripts" / "vectors.py"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120, cwd=ROOT / "tests")
    assert (done.returncode, done.stdout) == (0, "")


def test_the_second_verifier_knows_nothing_of_the_first():
    asked = (
        "import sys, runpy; runpy.run_path(sys.argv[1]); "
        "print(*{name.split('.')[0] for name in sys.modules} - sys.stdlib_module_names)"
    )
    command = [sys.executable, "-c", asked, second.__file__]
    loaded = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout.split()
    assert "cryptography" in loaded
    assert {name for name in loaded if not name.startswith("_")} <= {"cryptography"}


def edited(row):
    """The file of a vector: whole, as edits of another one, or as a text replaced in it."""
    if "file" in row:
        return canonical.dump(row["file"])
    base = TRUE[row["of"]]["file"]
    if "replace" in row:
        return canonical.dump(base).decode().replace(*row["replace"], 1).encode()
    value = copy.deepcopy(base)
    for kind, path, *to in row.get("edits", []):
        place = value
        for key in path[:-1]:
            place = place[key]
        match kind:
            case "set":
                place[path[-1]] = to[0]
            case "insert":
                place.insert(path[-1], to[0])
            case "delete":
                del place[path[-1]]
            case _:
                raise AssertionError(kind)
    return canonical.dump(value)


def told_time(row):
    """What time it is for the reader, where that matters."""
    return datetime.fromisoformat(row["now"]) if "now" in row else None


# -- evidence and lies --------------------------------------------------------------------------------------------


@named(VECTORS["evidence"])
def test_evidence_holds(row):
    data, text = edited(row), row["policy"]
    assert sha256(data).hexdigest() == row["sha256"]
    result = evidence.verify(evidence.parse_evidence(data), None if text is None else trust.Policy.parse(text))
    verdict = judge(result)
    assert evidence.format_evidence(result.evidence) == data
    told = row["verdict"]
    assert (verdict.vouched, verdict.complete, sorted(verdict.missing), verdict.not_shown) == (
        told["vouched"],
        told["complete"],
        told["missing"],
        told["not_shown"],
    )
    assert verdict.subject == told["subject"]
    assert [(one.by, one.index, one.log, one.size, list(one.checks)) for one in result.attested] == [
        tuple(one.values()) for one in told["attested"]
    ]
    assert [
        {
            "batch": one.batch,
            "log": one.log,
            "index": one.index,
            "standing": one.standing,
            "model": one.model,
            "shares": [[name, [[key, *row] for key, row in rows.items()]] for name, rows in one.elements.items()],
        }
        for one in verdict.origins
    ] == told["origins"]


@named(VECTORS["evidence"])
def test_evidence_holds_for_the_second_verifier(row):
    text = row["policy"]
    verdict, there = second.verify(edited(row), None if text is None else second.Policy(text))
    times = {log: [name for name, _ in facts["cosigned"]] for log, facts in row["verdict"]["logs"].items()}
    assert {log: facts.pop("cosigned") for log, facts in verdict["logs"].items()} == times
    assert verdict == {
        **row["verdict"],
        "logs": {
            log: {key: value for key, value in facts.items() if key != "cosigned"}
            for log, facts in row["verdict"]["logs"].items()
        },
    }
    for one in row.get("opened", []):
        entry = there[one["log"], one["index"]]
        assert (entry.slots, entry.ids) == (one["slots"], one["ids"])


def test_every_lie_is_in_the_vectors():
    assert [row["name"] for row in VECTORS["lies"]] == [lie.name for lie in LIES]
    assert {row["step"] for row in VECTORS["lies"]} == set(range(11))


@named(VECTORS["lies"])
def test_lies_are_refused(row):
    policy = trust.Policy.parse(row.get("policy", TRUE[row["of"]]["policy"]))
    with pytest.raises(LodetraceError) as caught:
        evidence.verify(evidence.parse_evidence(edited(row)), policy, told_time(row))
    assert (type(caught.value).__name__, caught.value.code) == (row["error"], row["code"])


@named(VECTORS["lies"])
def test_lies_are_refused_by_the_second_verifier(row):
    policy = second.Policy(row.get("policy", TRUE[row["of"]]["policy"]))
    with pytest.raises(getattr(second, row["error"])):
        second.verify(edited(row), policy, told_time(row))


@pytest.mark.parametrize(("lie", "row"), list(zip(LIES, VECTORS["lies"], strict=True)), ids=[lie.name for lie in LIES])
def test_the_edits_tell_the_whole_lie(lie, row):
    assert edited(row) == lie.file()
    assert row.get("policy", TRUE[row["of"]]["policy"]) == lie.policy()


# -- the small formats, by both -----------------------------------------------------------------------------------


@pytest.mark.parametrize("text", VECTORS["json"]["good"])
def test_json_is_printed_one_way(text):
    assert canonical.format_json(canonical.parse_json(text.encode())) == text.encode()
    assert second.show(second.read(text.encode())) == text


@named(VECTORS["json"]["refused"])
def test_other_json_is_refused(row):
    with pytest.raises(Malformed):
        canonical.parse_json(row["text"].encode("utf-8", "surrogatepass"))
    with pytest.raises(second.Malformed):
        second.read(row["text"].encode("utf-8", "surrogatepass"))


@pytest.mark.parametrize("row", VECTORS["base64"]["good"])
def test_base64(row):
    data = bytes.fromhex(row["bytes"])
    assert (canonical.b64(data), canonical.b64url(data)) == (row["base64"], row["base64url"])
    assert canonical.unb64(row["base64"]) == second.un64(row["base64"]) == data
    assert canonical.unb64url(row["base64url"]) == second.un64url(row["base64url"]) == data


@pytest.mark.parametrize("row", VECTORS["base64"]["refused"], ids=lambda row: f"{row['alphabet']}: {row['name']}")
def test_other_base64_is_refused(row):
    ours, theirs = {
        "base64": (canonical.unb64, second.un64),
        "base64url": (canonical.unb64url, second.un64url),
    }[row["alphabet"]]
    with pytest.raises(Malformed):
        ours(row["text"])
    with pytest.raises(second.Malformed):
        theirs(row["text"])


@pytest.mark.parametrize(("kind", "good"), [(kind, good) for kind in VECTORS["names"] for good in ("good", "refused")])
def test_names(kind, good):
    ours, theirs = {"nodes": (is_name, second.is_name), "origins": (is_origin, second.is_origin)}[kind]
    texts = VECTORS["names"][kind][good]
    wanted = [good == "good"] * len(texts)
    assert [ours(text) for text in texts] == wanted
    assert [theirs(text) for text in texts] == wanted


@named(VECTORS["keys"])
def test_keys(row):
    signer = notes.Ed25519Signer.from_seed(row["name"], bytes.fromhex(row["seed"]), row["type"])
    assert bytes.fromhex(row["seed"]) == sha256(f"lodetrace vectors {row['name']}".encode()).digest()
    for key in (notes.Verifier.parse(row["vkey"]), signer.verifier):
        assert (key.vkey, key.public.hex(), key.key_id.hex()) == (row["vkey"], row["public"], row["key_id"])
    other = second.Key.parse(row["vkey"])
    assert (other.name, other.kind, other.public.hex(), other.id.hex()) == (
        row["name"],
        row["type"],
        row["public"],
        row["key_id"],
    )


@named(VECTORS["keys_refused"])
def test_other_keys_are_refused(row):
    with pytest.raises(Malformed):
        notes.Verifier.parse(row["vkey"])
    with pytest.raises(second.Malformed):
        second.Key.parse(row["vkey"])


@named(VECTORS["notes_refused"])
def test_other_notes_are_refused(row):
    with pytest.raises(Malformed):
        notes.parse_note(row["note"].encode())
    with pytest.raises(second.Malformed):
        second.split_note(row["note"].encode())


@pytest.mark.parametrize("row", VECTORS["ids"]["good"])
def test_ids_come_from_salts(row):
    assert entries.new_id(row["origin"], row["salt"]) == second.new_id(row["origin"], row["salt"]) == row["id"]


@pytest.mark.parametrize("row", VECTORS["ids"]["good"] + VECTORS["ids"]["spelled"])
def test_ids_are_spelled_one_way(row):
    data = bytes.fromhex(row["bytes"])
    assert entries.id_text(data) == second.spell_id(data) == row["id"]
    assert entries.id_bytes(row["id"]) == data


@named(VECTORS["ids"]["refused"])
def test_other_ids_are_refused(row):
    with pytest.raises(Malformed):
        entries.id_bytes(row["id"])
    assert not second.is_bare_id(row["id"])


@pytest.mark.parametrize("row", VECTORS["disclosures"])
def test_disclosures(row):
    value = json.loads(row["json"])
    assert value[:2] == [row["salt"], row["path"]]
    assert disclosures.disclose(*value) == row["disclosure"]
    assert list(second.open_disclosure(row["disclosure"])) == value
    assert disclosures.digest(row["disclosure"]).hex() == row["digest"]
    assert sha256(row["disclosure"].encode()).hexdigest() == row["digest"]


@pytest.mark.parametrize("row", VECTORS["lists"], ids=lambda row: row["n"])
def test_lists(row):
    digests = [bytes.fromhex(one) for one in row["digests"]]
    commitment = disclosures.commit_list(digests)
    assert commitment.to_json() == {"n": row["n"], "root": row["root"]}
    assert second.root_of([second.leaf_of(one) for one in digests]) == commitment.root
    for index, path in enumerate(row["paths"]):
        nodes = [canonical.unb64(node) for node in path]
        disclosures.check_item(commitment, index, digests[index], nodes)
        second.check_inclusion(second.leaf_of(digests[index]), index, row["n"], nodes, commitment.root)


# -- logs ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("log", VECTORS["logs"], ids=lambda log: log["origin"])
def test_logs(log):
    leaves = []
    for index, row in enumerate(log["entries"]):
        authors = [notes.Verifier.parse(vkey) for vkey in row["authors"]]
        entry = entries.open_entry(row["note"].encode(), authors)
        other = second.Entry(row["note"].encode())
        assert (entry.origin, entry.index, entry.type, entry.recorded_at) == (
            log["origin"],
            index,
            row["type"],
            row["recorded_at"],
        )
        assert entry.text == other.text == row["text"]
        assert canonical.b64(entry.leaf) == canonical.b64(other.leaf) == row["leaf"]
        assert canonical.b64(entry.text_hash) == row["text_hash"]
        before = log["entries"][index - 1]["text"] if index else ""
        assert other.previous == entry.previous == sha256(before.encode()).digest()
        event = entries.open_event(entry, row["disclosures"], whole=True)
        other.open(row["disclosures"])
        assert (json.loads(json.dumps([event.slots, event.ids]))) == [row["slots"], row["ids"]]
        assert (other.slots, other.ids) == (row["slots"], row["ids"])
        keys = [second.Key.parse(vkey) for vkey in row["authors"]]
        assert len(second.signers(other.text, other.lines, keys)) == len(keys) == len(other.lines)
        leaves.append(entry.leaf)
    for size, root in enumerate(log["roots"]):
        assert canonical.b64(merkle.root_of(leaves[:size])) == canonical.b64(second.root_of(leaves[:size])) == root
    assert b64decode(log["tile"]["base64"]) == b"".join(leaves)
    assert tiles.parse_tile_path(log["tile"]["path"]) == (0, 0, len(leaves))
    assert tiles.parse_bundle_path(log["bundle"]["path"]) == (0, len(leaves))
    bundle = tiles.parse_bundle(b64decode(log["bundle"]["base64"]))
    assert bundle == [row["note"].encode() for row in log["entries"]]


@pytest.mark.parametrize("log", VECTORS["logs"], ids=lambda log: log["origin"])
def test_logs_pass_an_audit(log):
    records = [audit.Record(row["note"].encode(), row["disclosures"]) for row in log["entries"]]
    origin, authors, _ = audit.authors_of(records[0])
    run = audit.check_entries(records, 0, origin, authors)
    replay = audit.Replay(origin, read=lambda index: Booked(index, run.leaves[index], run.events[index]))
    replay.take(run)
    seen = [checkpoints.parse_checkpoint(row["text"]) for row in VECTORS["checkpoints"] if row["origin"] == origin]
    assert canonical.b64(replay.finish(seen)) == log["roots"][-1]


def test_all_types_of_events_are_told():
    told = {row["type"] for log in VECTORS["logs"] for row in log["entries"]}
    assert told == set(second.TYPES)


@pytest.mark.parametrize("row", VECTORS["checkpoints"], ids=lambda row: f"{row['origin']} {row['size']}")
def test_checkpoints(row):
    log = notes.Verifier.parse(vkey(row["origin"]))
    opened = checkpoints.open_checkpoint(row["note"].encode(), log, row["origin"])
    assert (opened.size, canonical.b64(opened.root)) == (row["size"], row["root"])
    witnesses = [notes.Verifier.parse(line.split()[2]) for line in policy_lines() if line.startswith("witness ")]
    found = checkpoints.cosignatures(row["note"].encode(), witnesses)
    assert [{"name": key.name, "time": time} for key, time in found] == row["cosigned"]
    point = second.Checkpoint(row["note"].encode())
    assert (point.text, point.log, point.size) == (row["text"], row["origin"], row["size"])
    assert second.Policy(TRUE["motor"]["policy"]).check(point) == sorted(one["name"] for one in row["cosigned"])


def vkey(name):
    return next(row["vkey"] for row in VECTORS["keys"] if row["name"] == name)


def policy_lines():
    return TRUE["motor"]["policy"].split("\n")


@pytest.mark.parametrize("log", VECTORS["consistency"], ids=lambda log: log["log"])
def test_consistency(log):
    roots = next(row["roots"] for row in VECTORS["logs"] if row["origin"] == log["log"])
    for proof in log["proofs"]:
        old, new = proof["old"], proof["new"]
        path = [canonical.unb64(node) for node in proof["path"]]
        ends = canonical.unb64(roots[old]), canonical.unb64(roots[new])
        merkle.check_consistency(path, old, new, *ends)
        second.check_consistency(old, new, path, *ends)
        if old < new:
            with pytest.raises(second.Unverified):
                second.check_consistency(old, new, path, ends[1], ends[1])


def test_proof():
    row = VECTORS["proof"]
    leaf = canonical.unb64(row["leaf"])
    proof = proofs.parse_proof(row["text"].encode())
    trusted = proofs.check_proof(proof, leaf, trust.Policy.parse(row["policy"]))
    point = second.check_proof(row["text"], leaf, second.Policy(row["policy"]))
    assert (trusted.checkpoint.origin, trusted.checkpoint.size) == (point.log, point.size) == ("magnet.example/log", 8)
    with pytest.raises(Unverified):
        proofs.check_proof(proof, bytes(32), trust.Policy.parse(row["policy"]))


@named(VECTORS["policies"]["quorums"])
def test_quorums(row):
    ours, theirs = trust.Policy.parse(row["text"]), second.Policy(row["text"])
    keys = [notes.Verifier.parse(text) for text in row["cosigned"]]
    assert ours.satisfied(keys) is theirs.satisfied({key.public for key in keys}) is row["satisfied"]


@named(VECTORS["policies"]["refused"])
def test_other_policies_are_refused(row):
    with pytest.raises(Malformed) as caught:
        trust.Policy.parse(row["text"])
    assert caught.value.facts["line"] == row["line"]
    with pytest.raises(second.Malformed):
        second.Policy(row["text"])


# -- forks --------------------------------------------------------------------------------------------------------


@named(VECTORS["forks"])
def test_forks(row):
    found = forks.check_fork(forks.parse_fork(row["file"].encode()))
    told = (found.kind, found.place, found.first, found.second)
    assert told == second.check_fork(row["file"].encode())
    assert told == (row["kind"], row["place"], bytes.fromhex(row["first"]), bytes.fromhex(row["second"]))


@named(VECTORS["forks_refused"])
def test_what_proves_no_fork(row):
    with pytest.raises(Unverified) as caught:
        forks.check_fork(forks.parse_fork(row["file"].encode()))
    assert caught.value.code == row["code"]
    with pytest.raises(second.Unverified):
        second.check_fork(row["file"].encode())


# -- labels and notes of delivery ---------------------------------------------------------------------------------


@pytest.mark.parametrize("row", VECTORS["labels"], ids=lambda row: row["unit"])
def test_labels(row):
    label = labels.Label(row["origin"], row["index"], canonical.unb64(row["leaf"]), row["unit"], row["net_mg"])
    assert labels.label_text(label) == row["text"]
    author = notes.Verifier.parse(row["author"])
    for text in (row["token"], row["url"]):
        assert labels.open_token(text, [(row["origin"], author)]) == label
    theirs = second.open_token(row["token"], [(row["origin"], second.Key.parse(row["author"]))])
    assert theirs == (row["text"], row["unit"])
    assert labels.check_code(label.leaf) == second.spell_id(label.leaf[:16])[:8] == row["check_code"]
    assert len(row["token"]) == 178
    assert row["short_url"].endswith(f"/u/{row['unit']}")


@named(VECTORS["labels_refused"])
def test_other_labels_are_refused(row):
    true = VECTORS["labels"][1]
    with pytest.raises({"Malformed": Malformed, "Unverified": Unverified}[row["error"]]):
        labels.open_token(row["token"], [(true["origin"], notes.Verifier.parse(true["author"]))])
    with pytest.raises(getattr(second, row["error"])):
        second.open_token(row["token"], [(true["origin"], second.Key.parse(true["author"]))])


def test_key_ids_that_are_equal_by_chance_are_all_tried():
    true = VECTORS["labels"][1]
    author = notes.Verifier.parse(true["author"])
    found = labels.open_token(true["token"], [("another.example/log", author), (true["origin"], author)])
    assert found.origin == true["origin"]


def test_delivery():
    row = VECTORS["delivery"]
    key = vkey("motor.example/author")
    assert notes.open_note(row["note"].encode(), [notes.Verifier.parse(key)]).text == row["text"]
    text, lines = second.split_note(row["note"].encode())
    assert second.signers(text, lines, [second.Key.parse(key)])
    assert text.split("\n")[2] == VECTORS["logs"][0]["entries"][4]["leaf"]
