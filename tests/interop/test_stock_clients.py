"""What a node of ours publishes, read by programs that know nothing of us but the C2SP specifications."""

import pytest

from ledger.log.canonical import b64
from ledger.log.checkpoints import (
    Checkpoint,
    add_signatures,
    cosign,
    cosignatures,
    open_checkpoint,
    sign_checkpoint,
)
from ledger.log.merkle import leaf_hash, prove_inclusion
from ledger.log.notes import COSIGNATURE, ED25519, Ed25519Signer
from ledger.log.proofs import Proof, format_proof
from nodes import identity
from nodes.homes import open_store
from nodes.peers import ApiClient
from nodes.store import log
from tests.served import found, serving
from tests.world import until

GRAM = {"value": "1", "unit": "g", "basis": "net"}
REGISTER = {"product": "nd_oxide", "quantity": GRAM, "origin": {"class": "mined", "country": "CN"}}


@pytest.fixture(scope="module")
def grown(tmp_path_factory):
    """A served node whose log has outgrown one tile: (it, the checkpoint of its first entries, that of all)."""
    one, _ = found(tmp_path_factory.mktemp("stock"), "longnan.example", ["pit-1"])

    def size(client):
        return int(client.get("/log/checkpoint", accept="text/plain").body.split(b"\n")[1])

    with serving(one), ApiClient(one.url, one.token) as client:
        client.post("/api/v1/batches", {**REGISTER, "lot_no": "A-0"})
        until(lambda: size(client) == 2, "the first entry is covered")
        early = client.get("/log/checkpoint", accept="text/plain").body
        for number in range(1, 300):
            client.post("/api/v1/batches", {**REGISTER, "lot_no": f"A-{number}"})
        until(lambda: size(client) == 301, "all entries are covered")
        yield one, early, client.get("/log/checkpoint", accept="text/plain").body


@pytest.fixture(scope="module")
def node(grown, tmp_path_factory):
    """Its keys and store, read beside it."""
    one = grown[0]
    with open_store(one.home) as store:
        yield identity.load(one.home, one.name), store


def test_the_go_note_package_opens_checkpoints_and_entries(stock, grown, node, tmp_path):
    _, _, checkpoint = grown
    keys, store = node
    file = tmp_path / "note"
    file.write_bytes(checkpoint)
    said = stock("note", keys.log.verifier.vkey, file)
    assert said.stdout.split("\n")[:2] == ["longnan.example/log", "301"], said.stderr
    with store.read() as conn:
        file.write_bytes(log.entry(conn, 7).note)
    said = stock("note", keys.author.verifier.vkey, file)
    assert said.stdout.startswith("lodetrace entry v1\nlongnan.example/log\n7\n"), said.stderr

    file.write_bytes(checkpoint.replace(b"\n301\n", b"\n302\n"))
    assert stock("note", keys.log.verifier.vkey, file).returncode == 1


def test_a_policy_of_ours_is_read_the_same(stock, grown, node, tmp_path):
    """Two of three witnesses: with one cosignature the stock client refuses what we refuse."""
    checkpoint, keys = grown[2], node[0]
    witnesses = [Ed25519Signer.from_seed(f"w{n}.example/witness", bytes([n]) * 32, COSIGNATURE) for n in (1, 2, 3)]
    lines = [f"witness w{n} {one.verifier.vkey}\n" for n, one in enumerate(witnesses, 1)]
    policy, note = tmp_path / "policy.txt", tmp_path / "checkpoint"
    policy.write_text(
        f"log {keys.log.verifier.vkey}\n" + "".join(lines) + "group both 2 w1 w2 w3\nquorum both\n", encoding="utf-8"
    )
    once = add_signatures(checkpoint, [cosign(checkpoint, witnesses[0], 1_790_000_000)])
    twice = add_signatures(once, [cosign(checkpoint, witnesses[2], 1_790_000_001)])
    note.write_bytes(once)
    assert stock("checkpoint", policy, note).returncode == 1
    note.write_bytes(twice)
    said = stock("checkpoint", policy, note)
    assert said.stdout.split("\n")[:2] == ["longnan.example/log", "301"], said.stderr
    assert stock("cosigned", witnesses[2].verifier.vkey, note).stdout == "1790000001\n"


def test_tiles_and_bundles_hold_the_tree_that_the_checkpoint_names(stock, grown, node):
    one = grown[0]
    keys, store = node
    said = stock("entries", f"{one.url}/log", keys.log.verifier.vkey, one.token)
    assert said.returncode == 0, said.stderr
    with store.read() as conn:
        leaves = [b64(leaf_hash(note)) for note in log.notes(conn, 0, 301)]
    assert said.stdout.split() == leaves


def test_growth_is_proven_from_the_tiles(stock, grown, node, tmp_path):
    one, early, _ = grown
    keys = node[0]
    file = tmp_path / "early"
    file.write_bytes(early)
    said = stock("grown", f"{one.url}/log", keys.log.verifier.vkey, file)
    assert said.stdout == "2 301\n", said.stderr

    root = open_checkpoint(early, keys.log.verifier, keys.origin).root
    forged = Checkpoint(keys.origin, 3, root)
    file.write_bytes(sign_checkpoint(forged, [keys.log]))
    assert stock("grown", f"{one.url}/log", keys.log.verifier.vkey, file).returncode == 1


def test_a_proof_of_ours_holds(stock, grown, node, tmp_path):
    checkpoint = grown[2]
    keys, store = node
    policy, file = tmp_path / "policy.txt", tmp_path / "entry.tlog-proof"
    policy.write_text(f"log {keys.log.verifier.vkey}\nquorum none\n", encoding="utf-8")
    with store.read() as conn:
        leaf = log.entry(conn, 42).leaf
        path = prove_inclusion(42, 301, log.hashes(conn))
    file.write_bytes(format_proof(Proof(42, tuple(path), checkpoint)))
    assert (said := stock("proof", policy, b64(leaf), file)).returncode == 0, said.stderr
    assert stock("proof", policy, b64(leaf_hash(b"another entry")), file).returncode == 1


def test_a_stock_log_is_witnessed_by_our_node(stock, tmp_path):
    """Tessera publishes nothing that its witness has not cosigned, and its witness is ours."""
    name, seed = "outside.example/log", bytes(range(32))
    log_key = Ed25519Signer.from_seed(name, seed).verifier
    private = f"PRIVATE+KEY+{name}+{log_key.key_id.hex()}+{b64(bytes([ED25519]) + seed)}"
    one, _ = found(tmp_path, "longnan.example", ["pit-1"])
    (one.home / "policy.txt").write_text(f"log {log_key.vkey}\nquorum none\n", encoding="utf-8")
    witness = identity.load(one.home, one.name).witness.verifier
    with serving(one):
        said = stock("log", tmp_path / "tessera", private, witness.vkey, f"{one.url}/witness", 5)
    assert said.returncode == 0, said.stderr
    checkpoint = open_checkpoint(said.stdout.encode(), log_key, name)
    assert checkpoint.size == 5
    assert [key for key, _ in cosignatures(said.stdout.encode(), [witness])] == [witness]


def test_a_stock_log_that_we_do_not_know_gets_no_cosignature(stock, tmp_path):
    seed = bytes(range(1, 33))
    log_key = Ed25519Signer.from_seed("stranger.example/log", seed).verifier
    private = f"PRIVATE+KEY+stranger.example/log+{log_key.key_id.hex()}+{b64(bytes([ED25519]) + seed)}"
    one, _ = found(tmp_path, "longnan.example", ["pit-1"])
    witness = identity.load(one.home, one.name).witness.verifier
    with serving(one):
        said = stock("log", tmp_path / "tessera", private, witness.vkey, f"{one.url}/witness", 1)
    assert said.returncode == 1
    assert not said.stdout
