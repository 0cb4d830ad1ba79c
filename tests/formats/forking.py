"""Forks for tests and vectors: one log in two histories, told with the same keys, and the files that prove it."""

from collections.abc import Mapping
from dataclasses import replace

from ledger.entries import commit
from ledger.forks import Fork, Lineage, Shown, fork_of_checkpoints, fork_of_entries
from ledger.log.canonical import b64
from ledger.log.checkpoints import sign_checkpoint
from ledger.log.notes import Ed25519Signer, Verifier
from tests.formats import endings
from tests.formats.scribe import Scribe, next_key, recorded, salts

NOW = "2026-11-22T01:00:00.000Z"
AT = "2026-11-22T09:00:00+08:00"


def history(name: str, *lots: str) -> Scribe:
    """A log that registers `lots`, one after another."""
    scribe = Scribe(name)
    scribe.open(name, "trader", NOW)
    for lot in lots:
        scribe.write(
            "registered",
            NOW,
            {
                "batch": {"product": "dy_oxide", "lot_no": lot, "at": AT, "site": "main"},
                "origin": {"class": "mined", "country": "CN"},
                "quantity": {"mg": 10**9, "basis": "net", "typed": {"value": "1000", "unit": "kg"}},
                "recorded": recorded("r"),
            },
        )
    return scribe


def turned(name: str, first: str, *lots: str) -> tuple[Scribe, Ed25519Signer]:
    """A log that replaces its log key by entry 2, and the key that signs it from size 3 on."""
    scribe, new = history(name, first), next_key(name, "log")
    keys = [dict(key) for key in scribe.written[0].slots["keys"]["list"]]
    next(key for key in keys if key["use"] == "log").update(key=b64(new.verifier.public), next_commit=b64(bytes(32)))
    about = {"about": {"at": AT, "name": name}, "keys": {"list": keys}, "cited": None, "recorded": recorded("r")}
    scribe.write("rekeyed", NOW, about)
    for one in history(name, *lots).written[1:]:
        scribe.write(one.type, NOW, dict(one.slots))
    return scribe, new


def across_keys(under: int) -> tuple[Fork, Verifier]:
    """A history at size 2 under the log's old key, another at size 4 under its new one, and entry 0 under either of
    them; with the key that signs that one.
    """
    one, (other, new) = history("mine.example", "B-1"), turned("mine.example", "A-1", "A-2")
    made = of_checkpoints(one, 2, other, 4)
    entries = [(other.written[index].entry.raw, other.written[index].opening("public")) for index in (0, 2)]
    path = (one, other)[under].tree().prove_inclusion(0, (2, 4)[under])
    later = sign_checkpoint(other.head(4), [new])
    made = replace(made, key=new.verifier, checkpoints=(made.checkpoints[0], later))
    keys = one.key("log").verifier, new.verifier
    return replace(made, lineage=Lineage(under, tuple(path), tuple(entries))), keys[under]


def _as_told_by(under: int) -> Fork:
    """The same for whoever knows only the key under which entry 0 is shown."""
    fork, key = across_keys(under)
    return replace(fork, key=key)


def across_recovery() -> Fork:
    """A history under the key that was lost, and another one under the key that recovery keys put in force."""
    one, other = endings.lost("OR-9"), endings.recovering()
    made = of_checkpoints(one, 2, other, 4)
    made = replace(made, checkpoints=(made.checkpoints[0], endings.anew(other)))
    shown = [(other.written[index].entry.raw, other.written[index].opening("public")) for index in (0, 2)]
    return replace(made, lineage=Lineage(0, tuple(one.tree().prove_inclusion(0, 2)), tuple(shown)))


def of_checkpoints(one: Scribe, old: int, other: Scribe, new: int) -> Fork:
    """The first history at `old` against the second at `new`."""
    tree = other.tree()
    return fork_of_checkpoints(
        one.key("log").verifier,
        one.checkpoint(old, []),
        other.checkpoint(new, []),
        tree.root(old),
        tree.prove_consistency(old, new),
    )


def of_entries(one: Scribe, first: int, other: Scribe, second: int, *, told: bool = False) -> Fork:
    """An entry of each history; `told`: with the disclosure that names the shipment they create."""
    sizes = len(one.written), len(other.written)
    notes = one.checkpoint(sizes[0], []), other.checkpoint(sizes[1], [])
    shown = (_shown(one, first, told=told), _shown(other, second, told=told))
    return fork_of_entries(one.key("log").verifier, notes, *shown)


def _shown(scribe: Scribe, index: int, *, told: bool) -> Shown:
    one = scribe.written[index]
    path = tuple(scribe.tree().prove_inclusion(index))
    return Shown(one.entry.raw, index, path, one.opening("chain")[:1] if told else ())


def twice_offered(name: str) -> Scribe:
    """A log whose entries 1 and 2 create one shipment: the second is sealed with the salts of the first."""
    scribe = history(name)
    slots = [{"shipment": {"at": AT, "purpose": "sale", "to": to}} for to in ("metal.example", "magnet.example")]
    scribe.reseals = {2: lambda _: commit("shipped", slots[1], scribe.origin, salts(f"{scribe.origin} 1"))}
    first, second = (scribe.write("shipped", NOW, told) for told in slots)
    assert first.ids["shipment"] == second.ids["shipment"]
    return scribe


def proven() -> Mapping[str, Fork]:
    """What is a fork, by a name that says of what."""
    one, other = history("mine.example", "A-1", "A-2"), history("mine.example", "B-1", "B-2", "B-3", "B-4")
    twice = twice_offered("mine.example")
    return {
        "two roots of one size": of_checkpoints(one, 3, other, 3),
        "a history that the next one does not begin with": of_checkpoints(one, 3, other, 5),
        "one entry more, and another beginning": of_checkpoints(one, 2, other, 3),
        "two entries at one place": of_entries(one, 1, other, 1),
        "two entries at one place, under other sizes": of_entries(one, 2, other, 2),
        "one shipment offered twice": of_entries(twice, 1, twice, 2, told=True),
        "two histories across a replaced key, opened under the first": _as_told_by(0),
        "two histories across a replaced key, opened under the second": _as_told_by(1),
        "two histories across keys that recovery keys put in force": across_recovery(),
    }


def _other_way() -> Fork:
    fork = _as_told_by(0)
    assert fork.lineage is not None
    return replace(fork, lineage=replace(fork.lineage, under=1))


def unproven() -> Mapping[str, tuple[Fork, str]]:
    """What is none, and the code of its refusal."""
    one, other = history("mine.example", "A-1", "A-2"), history("mine.example", "B-1", "B-2", "B-3", "B-4")
    stranger = history("else.example", "A-1")
    good, pair = of_checkpoints(one, 3, other, 5), of_entries(one, 1, other, 1)
    assert pair.entries is not None
    first, second = pair.entries
    grown = of_checkpoints(other, 3, other, 5)
    return {
        "a log that only grew": (grown, "fork-unproven"),
        "the same checkpoint twice": (of_checkpoints(one, 3, one, 3), "fork-unproven"),
        "the larger one first": (replace(good, checkpoints=good.checkpoints[::-1]), "fork-unproven"),
        "a root that nobody proves": (replace(grown, prefix=bytes(32)), "fork-unproven"),
        "a path that is cut off": (replace(good, path=good.path[:-1]), "fork-unproven"),
        "another log's key": (replace(good, key=stranger.key("log").verifier), "origin-differs"),
        "a checkpoint of another log": (
            replace(good, checkpoints=(stranger.checkpoint(2, []), good.checkpoints[1])),
            "signature-missing",
        ),
        "a key that did not sign": (
            replace(good, key=one.key("author").verifier, log="mine.example/author"),
            "signature-missing",
        ),
        "one entry, twice": (of_entries(one, 1, one, 1), "fork-unproven"),
        "two entries at two places": (of_entries(one, 1, other, 2), "fork-unproven"),
        "two shipments": (of_entries(one, 1, other, 2, told=True), "fork-unproven"),
        "a replaced key without what replaced it": (replace(_as_told_by(0), lineage=None), "signature-missing"),
        "a replaced key, opened under the other checkpoint": (_other_way(), "signature-missing"),
        "an entry at a place where it is not": (
            replace(pair, entries=(first, replace(second, index=2))),
            "fork-unproven",
        ),
        "an entry with another's path": (
            replace(pair, entries=(first, replace(second, path=first.path))),
            "inclusion-unproven",
        ),
        "an entry changed by one letter": (
            replace(pair, entries=(first, replace(second, note=second.note.replace(b"00.000Z", b"00.001Z")))),
            "inclusion-unproven",
        ),
    }
