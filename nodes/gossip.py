"""Gossip: every checkpoint and root of a followed log that reaches us is held against the tree we follow.

    compare       a checkpoint that the log signed: the same history, or Forked with the proof
    compare_ref   a root that somebody's entry names: the same, or an alarm, for it is only that somebody's word, until
                  they name the right one
    reached       both again, for what was beyond the tree when it came and is within it now

An entry told to us came with its inclusion under a checkpoint: where that checkpoint agrees with the followed tree, the
log has that entry at that place, and where it does not, the log said one thing to us and another to its readers.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from json import loads
from typing import Any

from ledger.disclosing import select
from ledger.entries import parse_entry
from ledger.errors import Forked, Unverified
from ledger.evidence import Result
from ledger.forks import Lineage, fork_of_checkpoints, format_fork
from ledger.keys import replaces_own_keys
from ledger.log.canonical import b64, dump, unb64
from ledger.log.checkpoints import Checkpoint, parse_checkpoint
from ledger.log.merkle import prove_consistency, prove_inclusion, root_at
from ledger.log.notes import Verifier, parse_note
from ledger.log.trust import Policy
from ledger.matter.events import Event
from nodes.rekeyed import keys_told
from nodes.store import followed, upstream, witnessed
from nodes.store.engine import Connection
from nodes.store.followed import Alarm, Followed, Heard


@dataclass(frozen=True, slots=True)
class Told:
    """A root that an entry names. `by` is that entry's log."""

    origin: str
    size: int
    root: bytes
    by: str


def checkpoint_of(note: bytes) -> Checkpoint:
    """Of a note that was verified before."""
    return parse_checkpoint(parse_note(note).text)


def contradiction(conn: Connection, one: Followed, key: Verifier, note: bytes) -> bytes | None:
    """The fork file, if the checkpoint `note`, signed by the log's `key`, is of another history than the one we follow.

    None if it is the same one, or if it is beyond what we follow and cannot be told yet.
    """
    told = checkpoint_of(note)
    if one.note is None or not 0 < told.size <= checkpoint_of(one.note).size:
        return None
    read = followed.nodes(conn, one.log_no)
    root = root_at(told.size, read)
    if root == told.root:
        return None
    size = checkpoint_of(one.note).size
    made = fork_of_checkpoints(key, note, one.note, root, prove_consistency(told.size, size, read))
    keys = keys_told(conn, "", one.origin)
    if keys is not None and keys.log_at(told.size) != keys.log_at(size):
        made = replace(made, key=keys.log_at(size), lineage=_lineage(conn, one.origin, prove_inclusion(0, size, read)))
    return format_fork(made)


def _lineage(conn: Connection, origin: str, path: Iterable[bytes]) -> Lineage:
    """From the opening of a log, proven under the second checkpoint, to the entries that replaced its keys."""
    later = [one for one in upstream.of_types(conn, [origin], ["rekeyed"]) if replaces_own_keys(one.event)]
    shown = [upstream.at(conn, [(origin, 0)])[origin, 0], *later]
    opens = [select(parse_entry(one.note), one.disclosures, "public") for one in shown]
    texts = [tuple(text for text in one if isinstance(text, str)) for one in opens]
    return Lineage(1, tuple(path), tuple(zip([one.note for one in shown], texts, strict=True)))


def compare(conn: Connection, policy: Policy, note: bytes) -> None:
    """Forked, with the fork file, if the verified checkpoint `note` is not of the history that we follow, if we do."""
    told = checkpoint_of(note)
    one = followed.load(conn, told.origin)
    if one is not None and told.origin in policy.logs:
        file = contradiction(conn, one, policy.logs[told.origin][0], note)
        if file is not None:
            raise Forked("log-forked", evidence=(file,), field=told.origin, value=told.size)


def compare_ref(conn: Connection, told: Told, at: str) -> None:
    """Raises an alarm where the root is not the followed tree's; remembers what is beyond it."""
    one = followed.load(conn, told.origin)
    if one is None:
        return
    if one.note is None or told.size > checkpoint_of(one.note).size:
        followed.hear(conn, one.log_no, Heard(told.size, told.root, told.by))
    elif root_at(told.size, followed.nodes(conn, one.log_no)) != told.root:
        error = Unverified("ref-differs", field=told.by, value=told.size, log=told.origin)
        shown = {"root": b64(told.root), "size": told.size, "told_by": told.by, "checkpoint": one.note.decode()}
        followed.raise_alarm(conn, alarm_of(told.origin, error, shown, at))
    else:
        _put_right(conn, told)


def _put_right(conn: Connection, told: Told) -> None:
    """Whoever named another root has since named the log's own, of that size or beyond."""
    for alarm in followed.alarms(conn):
        if (alarm.origin, alarm.code) == (told.origin, "ref-differs"):
            before = loads(alarm.evidence)
            if before["told_by"] == told.by and before["size"] <= told.size:
                followed.end_alarm(conn, alarm.origin, alarm.code)


def reached(conn: Connection, one: Followed, before: int, key: Verifier, at: str) -> list[bytes]:
    """Compares what was heard of sizes beyond `before` that are within the followed tree now: fork files, if any."""
    assert one.note is not None, "a checkpoint was reached"
    for heard in followed.take_heard(conn, one.log_no, one.size):
        compare_ref(conn, Told(one.origin, heard.size, heard.root, heard.told_by), at)
    held = upstream.checkpoints_between(conn, one.origin, before, one.size)
    cosigned = witnessed.largest(conn, one.origin)
    if cosigned is not None and before < cosigned[0] <= one.size:
        held.append(cosigned[1])
    return [file for note in held if (file := contradiction(conn, one, key, note)) is not None]


def refs_in(result: Result) -> Iterable[Told]:
    """The roots that the entries of a message name, of each log in the order of its entries: the last word counts."""
    for _, checked in sorted(result.entries.items()):
        if checked.event is not None:
            yield from _refs(checked.event)


def _refs(event: Event) -> Iterable[Told]:
    for value in event.slots.values():
        for item in value if isinstance(value, list) else [value]:
            match item:
                case {"log": str(log), "size": int(size), "root": str(root)} if size > 0:
                    yield Told(log, size, unb64(root, field="ref.root", size=32), event.origin)


def alarm_of(origin: str, error: Any, shown: dict[str, Any], at: str) -> Alarm:
    return Alarm(origin, error.code, error.text("en"), error.text("zh"), dump(shown).decode(), at)
