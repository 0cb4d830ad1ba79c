"""Named lies: altered evidence, each with the step of the procedure that catches it, the error's class and its code.

A lie is told once, in here; the tests of `ledger.evidence` refuse it by its code, the vectors carry it to other
implementations as edits of a true file, and the second verifier refuses it by its class.

Over 400 lines because it is one list of more than a hundred lies, each a few lines long.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from ledger.entries import Commitment, commit
from ledger.evidence import Evidence, evidence_json, format_evidence
from ledger.log.canonical import b64, b64url, dump, parse_json
from ledger.log.checkpoints import add_signatures, cosign, format_checkpoint
from ledger.log.disclosures import commit_list, digest, disclose, open_disclosure
from ledger.log.merkle import leaf_hash
from ledger.log.notes import COSIGNATURE, sign_note
from tests.formats import endings
from tests.formats.scribe import WITNESSED_AT, next_key, place, salts, seed, signer
from tests.formats.story import (
    Story,
    admitted_evidence,
    attested_evidence,
    checkpoints,
    handover_evidence,
    motor_evidence,
    oxide_evidence,
    plant_evidence,
    policy_text,
    registry_policy,
    rekeyed_evidence,
    tell,
    whole_evidence,
    without,
)

BASES: Mapping[str, Callable[[Story], Evidence]] = {
    "motor": motor_evidence,
    "handover": handover_evidence,
    "whole": whole_evidence,
    "plant": plant_evidence,
    "oxide": oxide_evidence,
    "attested": attested_evidence,
    "admitted": admitted_evidence,
    "rekeyed": rekeyed_evidence,
    "recovered": lambda _: endings.recovered(),
    "succeeded": lambda _: endings.succeeded(),
}
_HOLDERS = endings.HOLDERS
_POLICIES = {"recovered": endings.recovered_policy, "succeeded": endings.succeeded_policy}
BY_REGISTRY = ("admitted", "rekeyed")
"""Those whose reader names no log but a registry's."""
FORM, TRUST, STANDING, CHECKPOINTS, CONSISTENCY, ENTRIES, DISCLOSURES, REFS, CUSTODY, SUBJECT, MEMBERS = range(11)


def policy_of(base: str) -> str:
    """The policy under which a true file holds."""
    return _POLICIES.get(base, registry_policy if base in BY_REGISTRY else policy_text)()


@dataclass(frozen=True)
class Lie:
    """`base` names the true evidence that this is a lie about; `error` is a class of ledger/errors.py. `asked` is the
    policy, where it is another than the base's; `now` what time it is for the reader, where that matters.
    """

    name: str
    step: int
    error: str
    code: str
    base: str
    file: Callable[[], bytes]
    asked: Callable[[], str] | None = None
    text: tuple[str, str] | None = None
    now: str | None = None

    def policy(self) -> str:
        return policy_of(self.base) if self.asked is None else self.asked()

    def time(self) -> datetime | None:
        return None if self.now is None else datetime.fromisoformat(self.now)


def _story(told: Mapping[str, Any]) -> Story:
    return tell(**told)


def _text(name: str, find: str, put: str) -> Lie:
    """What no JSON value can show: the file's bytes, with `put` for the first `find`."""

    def file() -> bytes:
        text = format_evidence(motor_evidence(tell())).decode()
        assert find in text, find
        return text.replace(find, put, 1).encode()

    return Lie(name, FORM, "Malformed", "malformed", "motor", file, text=(find, put))


def _value(name: str, step: int, error: str, code: str, change: Callable[[Any], None], base: str = "motor") -> Lie:
    def file() -> bytes:
        value = evidence_json(BASES[base](tell()))
        change(value)
        return dump(value)

    return Lie(name, step, error, code, base, file)


def _made(name: str, step: int, error: str, code: str, make: Callable[[Story], Evidence], base: str = "motor") -> Lie:
    return Lie(name, step, error, code, base, lambda: format_evidence(make(tell())))


def _told(name: str, step: int, error: str, code: str, base: str = "motor", **told: Any) -> Lie:
    return Lie(name, step, error, code, base, lambda: format_evidence(BASES[base](_story(told))))


def _ended(name: str, step: int, code: str, make: Callable[[], Evidence], base: str = "recovered") -> Lie:
    return Lie(name, step, "Unverified", code, base, lambda: format_evidence(make()))


def _policy(name: str, code: str, change: Callable[[str], str], *, step: int = TRUST, error: str = "Unverified") -> Lie:
    return Lie(
        name, step, error, code, "motor", lambda: format_evidence(motor_evidence(tell())), lambda: change(policy_text())
    )


def _put(*path: Any, to: Any) -> Callable[[Any], None]:
    def change(value: Any) -> None:
        for key in path[:-1]:
            value = value[key]
        value[path[-1]] = to(value[path[-1]]) if callable(to) else to

    return change


def _delete(*path: Any) -> Callable[[Any], None]:
    def change(value: Any) -> None:
        for key in path[:-1]:
            value = value[key]
        del value[path[-1]]

    return change


def flip(text: str) -> str:
    """Another base64 text of the same length, altered in its middle."""
    middle = len(text) // 2
    return text[:middle] + ("A" if text[middle] != "A" else "B") + text[middle + 1 :]


def _line(number: int, change: Callable[[str], str]) -> Callable[[str], str]:
    """Changes one line of a note."""

    def changed(note: str) -> str:
        lines = note.split("\n")
        lines[number] = change(lines[number])
        return "\n".join(lines)

    return changed


def _signature(change: Callable[[str], str]) -> Callable[[str], str]:
    return lambda line: " ".join([*line.split(" ")[:2], change(line.split(" ")[2])])


def _slot(slot: str, **fields: Any) -> Callable[[dict[str, Any]], None]:
    """Other values in a scalar slot; None takes a field out."""

    def change(slots: dict[str, Any]) -> None:
        value = {**slots[slot], **fields}
        slots[slot] = {key: item for key, item in value.items() if item is not None}

    return change


def _row(slot: str, position: int, **fields: Any) -> Callable[[dict[str, Any]], None]:
    def change(slots: dict[str, Any]) -> None:
        slots[slot] = [dict(row) for row in slots[slot]]
        slots[slot][position].update(fields)

    return change


def _inside(slot: str, *path: Any, to: Any) -> Callable[[dict[str, Any]], None]:
    """Another value somewhere inside a slot: `to`, or what it makes of what stands there."""

    def change(slots: dict[str, Any]) -> None:
        slots[slot] = deepcopy(slots[slot])
        _put(slot, *path, to=to)(slots)

    return change


_ND = ("shares", 0, 1)
"""Where the rows of the oxide's neodymium stand in its shares."""
_UG, _FROM = ("amounts", 0, 1), ("amounts", 0, 3)
"""Where its µg, and their sources, stand in its amounts."""


def _sure(*origins: str) -> list[list[Any]]:
    """Rows of which each origin may be anything; the first is taken for all of it."""
    return [[origin, 0 if at else 10**9, 0, 10**9] for at, origin in enumerate(origins)]


def _backwards(rows: list[Any]) -> list[Any]:
    return rows[::-1]


# -- checkpoints and histories that only a key's owner can make -----------------------------------------------------


def _with_checkpoint(position: int, make: Callable[[Story], bytes]) -> Callable[[Story], Evidence]:
    def evidence(story: Story) -> Evidence:
        notes = list(checkpoints(story))
        notes[position] = make(story)
        return replace(motor_evidence(story), checkpoints=tuple(notes))

    return evidence


def _checkpoint_text(change: Callable[[str], str]) -> Callable[[Story], bytes]:
    """The magnet maker's last checkpoint with another text, well signed."""

    def make(story: Story) -> bytes:
        return sign_note(change(format_checkpoint(story.magnet.head(8))), [story.magnet.key("log")])

    return make


def _signed_by_author(story: Story) -> bytes:
    return sign_note(format_checkpoint(story.magnet.head(8)), [story.magnet.key("author")])


def _cosigned_twice(story: Story) -> bytes:
    note = story.magnet.checkpoint(8, ["authority.example"])
    return add_signatures(note, [cosign(note, signer("authority.example/witness", COSIGNATURE), WITNESSED_AT + 60)])


def _other_story() -> Story:
    """The magnet maker's other history: the same keys, another carton."""
    return tell(magnet={"changes": {2: _row("units.public", 0, serial="C-9")}})


def _fork_in_checkpoints(story: Story) -> Evidence:
    true, other = motor_evidence(story), _other_story().magnet
    return replace(true, checkpoints=(*true.checkpoints, other.checkpoint(8, ["authority.example", "motor.example"])))


def _fork_in_entries(story: Story) -> Evidence:
    true, other = motor_evidence(story), _other_story().magnet
    return replace(
        true,
        entries=(*true.entries, other.proven(2, 7, 3)),
        checkpoints=(*true.checkpoints, other.checkpoint(7, ["authority.example", "motor.example"])),
    )


def _registered_first(story: Story) -> Evidence:
    """A log whose entry 0 is not `log_opened`."""
    return motor_evidence(
        tell(magnet={"texts": {0: lambda text: text.replace('"type":"log_opened"', '"type":"log_started"')}})
    )


# -- commitments that say something else than events may ------------------------------------------------------------


def _reseal(event_type: str, path: str, make: Callable[[str], str]) -> Callable[[Commitment], Commitment]:
    """Commits, at `path`, to `make(disclosure)` in place of the disclosure."""

    def reseal(sealed: Commitment) -> Commitment:
        texts = [make(text) if place(text) == path else text for text in sealed.disclosures]
        slot = path.partition("/")[0]
        own = [new for old, new in zip(sealed.disclosures, texts, strict=True) if place(old).partition("/")[0] == slot]
        sd = dict(sealed.sd)
        sd[slot] = commit_list([digest(text) for text in own]).to_json() if "/" in path else b64url(digest(own[0]))
        return Commitment(sd, tuple(texts), sealed.ids)

    return reseal


def spaced(text: str) -> str:
    """The same disclosure with a blank in its JSON."""
    return urlsafe_b64encode(_json(text).replace(b'","', b'", "', 1)).rstrip(b"=").decode()


def spare_bits(text: str) -> str:
    """The same disclosure whose salt sets the four bits that a salt of 128 bits does not have."""
    data = _json(text)
    return urlsafe_b64encode(data[:23] + b"_" + data[24:]).rstrip(b"=").decode()


def _json(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _resalted(text: str) -> str:
    found = open_disclosure(text)
    return disclose(b64url(salts("another")(16)), found.path, found.value)


def _revalued(text: str) -> str:
    found = open_disclosure(text)
    assert isinstance(found.value, dict)
    return disclose(found.salt, found.path, {**found.value, "lot_no": "MG-2026-08"})


def _moved(path: str) -> Callable[[str], str]:
    def moved(text: str) -> str:
        found = open_disclosure(text)
        return disclose(found.salt, path, found.value)

    return moved


def _opens(leaf_of: int, change: Callable[[list[Any]], None]) -> Callable[[Any], None]:
    """Changes what is disclosed of the evidence's entry at this position."""

    def changed(value: Any) -> None:
        leaf = b64(leaf_hash(value["entries"][leaf_of]["note"].encode()))
        change(next(row["opens"] for row in value["disclosures"] if row["leaf"] == leaf))

    return changed


def _at(path: str, change: Callable[[Any], Any]) -> Callable[[list[Any]], None]:
    """Changes the disclosure that opens `path`."""

    def changed(opens: list[Any]) -> None:
        position = _position(opens, path)
        opens[position] = change(opens[position])

    return changed


def _position(opens: list[Any], path: str) -> int:
    texts = [one if isinstance(one, str) else one["d"] for one in opens]
    return next(position for position, text in enumerate(texts) if place(text) == path)


def _twice(path: str) -> Callable[[list[Any]], None]:
    return lambda opens: opens.append(opens[_position(opens, path)])


def _drop(path: str) -> Callable[[list[Any]], None]:
    return lambda opens: opens.pop(_position(opens, path))


def _swap_entries_disclosures(value: Any) -> None:
    rows = value["disclosures"]
    rows[1]["opens"][0], rows[2]["opens"][0] = rows[2]["opens"][0], rows[1]["opens"][0]


def _sd(change: Callable[[dict[str, Any]], None]) -> Callable[[str], str]:
    """Changes the commitments in an entry's text, canonically."""

    def changed(text: str) -> str:
        *lines, event, end = text.split("\n")
        value = parse_json(event.encode())
        assert isinstance(value, dict)
        change(value)
        return "\n".join([*lines, dump(value).decode(), end])

    return changed


def _longer_group(event: dict[str, Any]) -> None:
    listed = commit("shipped", {"lines.chain": [{}, {}, {}]}, "magnet.example/log", salts("longer"))
    event["sd"]["lines.chain"] = listed.sd["lines.chain"]


def _swell(event: dict[str, Any]) -> None:
    """A type of a later version, with more slots than an entry can hold."""
    event["type"] = "recast"
    event["sd"] |= {f"slot{number}": event["sd"]["removal"] for number in range(300)}


def _list_of_three(event: dict[str, Any]) -> None:
    event["type"] = "recast"
    event["sd"]["lines.chain"] = {**event["sd"]["lines.chain"], "n": 3}


def _stack(slots: dict[str, Any]) -> None:
    """The second carton stands in the first."""
    outer, inner = slots["lines.partner"][0]["units"]
    inner["inside"] = outer["unit"]


_UNSENT = "magnet.example/log#7ZZZZZZZZZZZZZZZZZZZZZZZZZ"
_OTHER_LEAF = b64(seed("another leaf"))
_FORMAT, _MADE_AT = '"format":"lodetrace evidence v1"', '"made_at":"2026-11-24T02:00:00.000Z"'


# -- what a registry says, and what its members do ------------------------------------------------------------------

REGISTRY = "registry.example/log"


def _all(*changes: Callable[[dict[str, Any]], None]) -> Callable[[dict[str, Any]], None]:
    def changed(slots: dict[str, Any]) -> None:
        for change in changes:
            change(slots)

    return changed


def _key(position: int, **fields: Any) -> Callable[[dict[str, Any]], None]:
    """Another key in a published list."""

    def change(slots: dict[str, Any]) -> None:
        slots["keys"] = {"list": [dict(key) for key in slots["keys"]["list"]]}
        slots["keys"]["list"][position].update(fields)

    return change


def _public(name: str) -> str:
    return b64(signer(name).verifier.public)


_NEW = b64(next_key("reclaim.example", "author").verifier.public)


def _stale() -> str:
    return registry_policy("#lodetrace standing-max-age-days 2")


def named_directly(story: Story) -> Evidence:
    """The recycler's own log, without what the registry says of it."""
    true = rekeyed_evidence(story)
    keep = tuple(one for one in true.entries if one.log == story.reclaim.origin)
    leaves = {one.leaf for one in story.reclaim.written}
    shown = {leaf: opens for leaf, opens in true.disclosures.items() if leaf in leaves}
    return replace(true, entries=keep, checkpoints=true.checkpoints[:1], disclosures=shown, standing=())


def direct_policy() -> str:
    return policy_text(names=["reclaim"])


_DIRECTLY = (
    Lie(
        "the log named by the policy, its new keys left out",
        ENTRIES,
        "Unverified",
        "entry-signature-bad",
        "rekeyed",
        lambda: format_evidence(without(named_directly(tell()), ("reclaim.example/log", 2))),
        direct_policy,
    ),
    Lie(
        "the log named by the policy, its new keys not opened",
        ENTRIES,
        "Unverified",
        "entry-signature-bad",
        "rekeyed",
        lambda: format_evidence(_unopened(named_directly(tell()), tell().reclaim.written[2].leaf)),
        direct_policy,
    ),
    Lie(
        "the log named by the policy, a new key that nobody committed to",
        ENTRIES,
        "Unverified",
        "key-not-committed",
        "rekeyed",
        lambda: format_evidence(named_directly(tell(reclaim={"changes": {2: _key(3, key=_public("somebody/peer"))}}))),
        direct_policy,
    ),
)


def _unopened(evidence: Evidence, leaf: bytes) -> Evidence:
    return replace(evidence, disclosures={one: opens for one, opens in evidence.disclosures.items() if one != leaf})


LIES: tuple[Lie, ...] = (
    # 0  the file's form
    _text("a blank between tokens", '"entries":', '"entries": '),
    _text("a line end after the file", 'WW6ZS"}}', 'WW6ZS"}}\n'),
    _text("a key twice", '"format":', '"format":"lodetrace evidence v1","format":'),
    _text("a number with a point", '"index":4', '"index":4.0'),
    _text("a minus zero", '"index":0', '"index":-0'),
    _text("an integer of 2^53", '"index":4', '"index":9007199254740992'),
    _text("an escape where none is needed", "lodetrace evidence v1", "lodetrace evidence\\u0020v1"),
    _text("a solidus escaped", "magnet.example/log", "magnet.example\\/log"),
    _text("a key that is none", '"made_at":', '"made at":'),
    _text("keys out of order", f"{_FORMAT},{_MADE_AT}", f"{_MADE_AT},{_FORMAT}"),
    _text("a control character as it is", '"made_at":"', '"made_at":"\x01'),
    _text("half of a surrogate pair", '"made_at":"', '"made_at":"\\ud800'),
    _value("another version of the format", FORM, "Malformed", "malformed", _put("format", to="lodetrace evidence v2")),
    _value("a key too many", FORM, "Malformed", "malformed", _put("comment", to="")),
    _value("a key too many in an entry", FORM, "Malformed", "malformed", _put("entries", 1, "comment", to="")),
    _value("a key missing", FORM, "Malformed", "malformed", _delete("standing")),
    _value("an index as text", FORM, "Malformed", "malformed", _put("entries", 1, "index", to="1")),
    _value("a negative index", FORM, "Malformed", "malformed", _put("entries", 1, "index", to=-1)),
    _value(
        "a path's hash of 31 bytes", FORM, "Malformed", "malformed", _put("entries", 1, "path", 0, to=b64(bytes(31)))
    ),
    _value(
        "a path's hash with spare bits set",
        FORM,
        "Malformed",
        "malformed",
        _put("entries", 1, "path", 0, to=lambda text: text[:42] + chr(ord(text[42]) + 1) + "="),
    ),
    _value(
        "a leaf twice",
        FORM,
        "Malformed",
        "malformed",
        lambda value: value["disclosures"].append(value["disclosures"][0]),
    ),
    _value("a checkpoint that is not there", FORM, "Malformed", "malformed", _put("entries", 1, "checkpoint", to=3)),
    _value("a subject of two kinds", FORM, "Malformed", "malformed", _put("subject", "shipment", to=_UNSENT)),
    _value(
        "a subject without its log", FORM, "Malformed", "malformed", _put("subject", "unit", to=lambda id_: id_[-26:])
    ),
    _value(
        "a subject with a sentence", FORM, "Malformed", "malformed", _put("subject", "note", to="best of all motors")
    ),
    # 1  trust
    _policy("a log that the policy does not name", "log-not-trusted", lambda text: _without_line(text, "log motor")),
    _policy(
        "another key under the log's name",
        "signature-missing",
        lambda text: text.replace(
            signer("motor.example/log").verifier.vkey, _renamed("magnet.example/log2", "motor.example/log")
        ),
        step=CHECKPOINTS,
    ),
    _policy(
        "a quorum that nobody can reach without the third witness",
        "quorum-missing",
        lambda text: text.replace("group two 2", "group two all"),
        step=CHECKPOINTS,
    ),
    # 3  checkpoints
    _value(
        "a checkpoint's size altered",
        CHECKPOINTS,
        "Unverified",
        "signature-bad",
        _put("checkpoints", 1, to=_line(1, lambda _: "9")),
    ),
    _value(
        "a checkpoint's root altered",
        CHECKPOINTS,
        "Unverified",
        "signature-bad",
        _put("checkpoints", 1, to=_line(2, flip)),
    ),
    _value(
        "the log's signature altered",
        CHECKPOINTS,
        "Unverified",
        "signature-bad",
        _put("checkpoints", 1, to=_line(4, _signature(flip))),
    ),
    _value(
        "the log's signature left out",
        CHECKPOINTS,
        "Unverified",
        "signature-missing",
        _put("checkpoints", 1, to=lambda note: "\n".join(note.split("\n")[:4] + note.split("\n")[5:])),
    ),
    _value(
        "a cosignature left out",
        CHECKPOINTS,
        "Unverified",
        "quorum-missing",
        _put("checkpoints", 1, to=lambda note: "\n".join(note.split("\n")[:5] + note.split("\n")[6:])),
    ),
    _value(
        "a cosignature altered",
        CHECKPOINTS,
        "Unverified",
        "signature-bad",
        _put("checkpoints", 1, to=_line(5, _signature(flip))),
    ),
    _value(
        "a checkpoint without its last line end",
        FORM,
        "Malformed",
        "malformed",
        _put("checkpoints", 1, to=lambda note: note[:-1]),
    ),
    _made(
        "a checkpoint signed with the author's key",
        CHECKPOINTS,
        "Unverified",
        "signature-missing",
        _with_checkpoint(1, _signed_by_author),
    ),
    _made(
        "a log cosigned by its own organisation",
        CHECKPOINTS,
        "Unverified",
        "quorum-missing",
        _with_checkpoint(1, lambda story: story.magnet.checkpoint(8, ["authority.example", story.magnet])),
    ),
    _made(
        "one witness that cosigned twice",
        CHECKPOINTS,
        "Unverified",
        "quorum-missing",
        _with_checkpoint(1, _cosigned_twice),
    ),
    _made(
        "a checkpoint with a fourth line",
        FORM,
        "Malformed",
        "malformed",
        _with_checkpoint(1, _checkpoint_text(lambda text: text + "more\n")),
    ),
    _made(
        "a size with a leading zero",
        FORM,
        "Malformed",
        "malformed",
        _with_checkpoint(1, _checkpoint_text(lambda text: text.replace("\n8\n", "\n08\n"))),
    ),
    # 4  consistency
    _value(
        "a consistency proof altered",
        CONSISTENCY,
        "Unverified",
        "consistency-unproven",
        _put("consistency", 0, "path", 1, to=flip),
    ),
    _value(
        "a consistency proof cut off",
        CONSISTENCY,
        "Unverified",
        "consistency-unproven",
        lambda value: value["consistency"][0]["path"].pop(),
    ),
    _value(
        "a consistency proof from a size that nobody signed",
        CONSISTENCY,
        "Unverified",
        "consistency-of-unknown",
        _put("consistency", 0, "old", to=4),
    ),
    _made("two roots for one size", CONSISTENCY, "Unverified", "fork", _fork_in_checkpoints),
    # 5  entries
    _value(
        "an entry's time altered",
        ENTRIES,
        "Unverified",
        "entry-not-included",
        _put("entries", 2, "note", to=lambda note: note.replace("T00:48:", "T00:47:")),
    ),
    _value(
        "an entry's signature altered",
        ENTRIES,
        "Unverified",
        "entry-not-included",
        _put("entries", 2, "note", to=_line(7, _signature(flip))),
    ),
    _value(
        "an inclusion proof altered",
        ENTRIES,
        "Unverified",
        "entry-not-included",
        _put("entries", 2, "path", 0, to=flip),
    ),
    _value(
        "an inclusion proof with a hash too many",
        ENTRIES,
        "Unverified",
        "entry-not-included",
        lambda value: value["entries"][2]["path"].append(_OTHER_LEAF),
    ),
    _value("an entry under another index", FORM, "Unverified", "entry-elsewhere", _put("entries", 2, "index", to=3)),
    _value(
        "an entry under another log",
        FORM,
        "Unverified",
        "entry-elsewhere",
        _put("entries", 2, "log", to="motor.example/log"),
    ),
    _value(
        "an entry under another log's checkpoint",
        ENTRIES,
        "Unverified",
        "entry-elsewhere",
        _put("entries", 2, "checkpoint", to=2),
    ),
    _made(
        "entry 0 left out",
        ENTRIES,
        "Unverified",
        "entry-zero-missing",
        lambda story: without(motor_evidence(story), ("motor.example/log", 0)),
    ),
    _made("an entry 0 that opens no log", ENTRIES, "Unverified", "entry-zero-missing", _registered_first),
    _made("two entries for one place", ENTRIES, "Unverified", "two-entries-one-place", _fork_in_entries),
    _told(
        "an entry signed with the log's key",
        ENTRIES,
        "Unverified",
        "entry-signature-bad",
        magnet={"signs": {2: [signer("magnet.example/log")]}},
    ),
    _told(
        "an entry signed by somebody else too",
        ENTRIES,
        "Unverified",
        "entry-signature-bad",
        magnet={"signs": {2: [signer("magnet.example/author"), signer("motor.example/author")]}},
    ),
    _told(
        "an entry 0 without an author key",
        ENTRIES,
        "Unverified",
        "key-not-published",
        magnet={"changes": {0: lambda slots: slots["keys"]["list"].pop(1)}},
    ),
    _told(
        "an entry 0 with another node's name",
        ENTRIES,
        "Unverified",
        "entry-elsewhere",
        magnet={"changes": {0: _slot("log", name="motor.example")}},
    ),
    _told(
        "a version of entries that nobody knows",
        FORM,
        "Malformed",
        "entry-version-unknown",
        magnet={"texts": {2: lambda text: text.replace("lodetrace entry v1", "lodetrace entry v2")}},
    ),
    _told(
        "a version of events that nobody knows",
        FORM,
        "Malformed",
        "entry-version-unknown",
        magnet={"texts": {2: _sd(lambda event: event.update(v=2))}},
    ),
    _told(
        "a slot missing",
        FORM,
        "Malformed",
        "malformed",
        magnet={"texts": {2: _sd(lambda event: event["sd"].pop("recorded"))}},
    ),
    _told(
        "a list where a scalar slot belongs",
        FORM,
        "Malformed",
        "malformed",
        magnet={"texts": {2: _sd(lambda event: event["sd"].update(packing=event["sd"]["units.chain"]))}},
    ),
    _told(
        "lists of one group of different lengths",
        FORM,
        "Malformed",
        "malformed",
        magnet={"texts": {4: _sd(_longer_group)}},
    ),
    _told(
        "a day that does not exist",
        FORM,
        "Malformed",
        "malformed",
        magnet={"texts": {2: lambda text: text.replace("2026-11-22T00", "2026-02-31T00")}},
    ),
    _told(
        "an index with a leading zero",
        FORM,
        "Malformed",
        "malformed",
        magnet={"texts": {2: lambda text: text.replace("\n2\n", "\n02\n")}},
    ),
    _told(
        "an event that is not printed the one way",
        FORM,
        "Malformed",
        "malformed",
        magnet={"texts": {2: lambda text: text.replace('"v":1', '"v": 1')}},
    ),
    _told(
        "an entry that was recorded before the one before it",
        ENTRIES,
        "Unverified",
        "time-went-back",
        magnet={"texts": {2: lambda text: text.replace("T00:48:40.500Z", "T00:31:12.003Z")}},
    ),
    _told(
        "an entry chained to another one",
        ENTRIES,
        "Unverified",
        "chain-broken",
        magnet={"texts": {2: _line(3, lambda _: _OTHER_LEAF)}},
    ),
    _told(
        "an entry 0 chained to something",
        ENTRIES,
        "Unverified",
        "chain-broken",
        motor={"texts": {0: _line(3, lambda _: _OTHER_LEAF)}},
    ),
    _told(
        "an origin that is none",
        FORM,
        "Malformed",
        "malformed",
        magnet={"texts": {2: lambda text: text.replace("/log\n2\n", "/logs\n2\n")}},
    ),
    _told("an entry of more than 16 KiB", FORM, "Malformed", "malformed", "whole", magnet={"texts": {6: _sd(_swell)}}),
    _told(
        "a commitment to a list of three in a type that nobody knows",
        DISCLOSURES,
        "Malformed",
        "malformed",
        "whole",
        magnet={"texts": {6: _sd(_list_of_three)}},
    ),
    # 6  disclosures
    _value("a salt altered", DISCLOSURES, "Unverified", "disclosure-unproven", _opens(1, _at("batch", _resalted))),
    _value("a value altered", DISCLOSURES, "Unverified", "disclosure-unproven", _opens(1, _at("batch", _revalued))),
    _value(
        "a disclosure moved to another slot",
        DISCLOSURES,
        "Unverified",
        "disclosure-unproven",
        _opens(1, _at("batch", _moved("quantity"))),
    ),
    _value("a slot opened twice", DISCLOSURES, "Unverified", "slot-opened-twice", _opens(1, _twice("batch"))),
    _value(
        "a slot that the entry does not have",
        DISCLOSURES,
        "Unverified",
        "slot-unknown",
        _opens(1, _at("batch", _moved("transport"))),
    ),
    _value(
        "an item beyond the list",
        DISCLOSURES,
        "Unverified",
        "slot-unknown",
        _opens(3, _at("lines.chain/1", _moved("lines.chain/2"))),
    ),
    _value(
        "an item of a slot that is no list",
        DISCLOSURES,
        "Unverified",
        "slot-unknown",
        _opens(1, _at("batch", _moved("batch/0"))),
    ),
    _value(
        "disclosures of two entries exchanged", DISCLOSURES, "Unverified", "slot-unknown", _swap_entries_disclosures
    ),
    _value(
        "an item of a whole list left out",
        DISCLOSURES,
        "Unverified",
        "list-incomplete",
        _opens(3, _drop("lines.chain/1")),
    ),
    _value(
        "an item with the tree path of another",
        DISCLOSURES,
        "Unverified",
        "disclosure-unproven",
        _opens(7, _at("units.public/1", lambda one: {**one, "path": [_OTHER_LEAF]})),
    ),
    _value(
        "a single item without its tree path",
        DISCLOSURES,
        "Unverified",
        "list-incomplete",
        _opens(7, _at("units.public/1", lambda one: one["d"])),
    ),
    _value(
        "a scalar slot with a tree path",
        DISCLOSURES,
        "Unverified",
        "disclosure-unproven",
        _opens(1, _at("batch", lambda text: {"d": text, "path": []})),
    ),
    _value(
        "an item that is neither a text nor a text with its path",
        DISCLOSURES,
        "Malformed",
        "malformed",
        _opens(7, _at("units.public/1", lambda one: {"d": one["d"]})),
    ),
    _value(
        "a disclosure with padding",
        DISCLOSURES,
        "Malformed",
        "malformed",
        _opens(1, _at("batch", lambda text: text + "=")),
    ),
    _value(
        "disclosures of an entry that is not there",
        DISCLOSURES,
        "Unverified",
        "disclosure-of-nothing",
        lambda value: value["disclosures"].append({"leaf": _OTHER_LEAF, "opens": []}),
    ),
    _told(
        "a blank inside a disclosure that was committed to",
        DISCLOSURES,
        "Malformed",
        "malformed",
        magnet={"reseals": {1: _reseal("registered", "batch", spaced)}},
    ),
    _told(
        "a salt of more than 128 bits",
        DISCLOSURES,
        "Malformed",
        "malformed",
        magnet={"reseals": {1: _reseal("registered", "batch", spare_bits)}},
    ),
    _told(
        "a field of the wrong kind",
        DISCLOSURES,
        "Malformed",
        "field-wrong",
        magnet={"changes": {2: _row("units.public", 0, net_mg="20000000")}},
    ),
    _told(
        "a field missing",
        DISCLOSURES,
        "Malformed",
        "field-missing",
        magnet={"changes": {1: _slot("batch", product=None)}},
    ),
    _told(
        "a step without its process",
        DISCLOSURES,
        "Malformed",
        "field-missing",
        motor={"changes": {2: _slot("transformation", steps=[{"site": "hall-3"}])}},
    ),
    _told(
        "a slot that is not an object",
        DISCLOSURES,
        "Malformed",
        "field-wrong",
        magnet={"changes": {1: lambda slots: slots.update(batch="MG-2026-07")}},
    ),
    # 6  what is said of elements
    *(
        _told(name, DISCLOSURES, "Malformed", code, "oxide", plant={"changes": {4: change}})
        for name, code, change in (
            ("shares with a field too many", "vector-form", _inside("outputs.provenance", 0, "lot", to="1")),
            ("a model that nobody knows", "vector-model", _inside("outputs.provenance", 0, "model", to="organic")),
            ("shares of iron", "vector-element", _inside("outputs.provenance", 0, "shares", 1, 0, to="Fe")),
            ("elements out of order", "vector-order", _inside("outputs.provenance", 0, "shares", to=_backwards)),
            ("an element twice", "vector-order", _inside("outputs.provenance", 0, "shares", 1, 0, to="Nd")),
            ("an element without rows", "vector-sum", _inside("outputs.provenance", 0, *_ND, to=[])),
            ("an element that is only a name", "vector-form", _inside("outputs.provenance", 0, "shares", 1, to=["Tb"])),
            ("an origin without a country", "vector-row-name", _inside("outputs.provenance", 0, *_ND, 0, 0, to="/x")),
            ("origins out of order", "vector-order", _inside("outputs.provenance", 0, *_ND, to=_backwards)),
            ("shares that make no whole", "vector-sum", _inside("outputs.provenance", 0, *_ND, 0, 1, to=749_999_999)),
            ("a share in words", "vector-number", _inside("outputs.provenance", 0, *_ND, 0, 1, to="750000000")),
            ("a share below its least", "vector-bounds", _inside("outputs.provenance", 0, *_ND, 1, 2, to=250_000_001)),
            ("a share above its most", "vector-bounds", _inside("outputs.provenance", 0, *_ND, 0, 3, to=749_999_999)),
            ("a share of more than all", "vector-bounds", _inside("outputs.provenance", 0, *_ND, 0, 3, to=10**9 + 1)),
            (
                "an origin that nothing is from",
                "vector-bounds",
                _inside("outputs.provenance", 0, *_ND, to=[["CN/ion_mid_y", *[10**9] * 3], ["MM/import_ion", 0, 0, 0]]),
            ),
            (
                "65 origins",
                "vector-too-long",
                _inside("outputs.provenance", 0, *_ND, to=_sure(*(f"CN/class{number:02}" for number in range(65)))),
            ),
        )
    ),
    *(
        _told(name, DISCLOSURES, "Malformed", code, "plant", plant={"changes": {index: change}})
        for name, code, index, change in (
            ("amounts as numbers", "vector-number", 4, _inside("outputs.sources", 0, *_UG, to=90)),
            (
                "an amount with a leading zero",
                "vector-number",
                4,
                _inside("outputs.sources", 0, *_UG, to="090000000000"),
            ),
            ("amounts of nothing", "vector-sum", 4, _inside("outputs.sources", 0, "amounts", 1, to=["Tb", "0", 0, []])),
            ("amounts that make no whole", "vector-sum", 4, _inside("outputs.sources", 0, *_UG, to="90000000001")),
            ("an uncertainty below nothing", "vector-number", 4, _inside("outputs.sources", 0, "amounts", 0, 2, to=-1)),
            ("a source that is no batch", "vector-row-name", 4, _inside("outputs.sources", 0, *_FROM, 0, 0, to="A-1")),
            ("sources out of order", "vector-order", 4, _inside("outputs.sources", 0, *_FROM, to=_backwards)),
            ("a source of more than all", "vector-bounds", 4, _inside("outputs.sources", 0, *_FROM, 0, 3, to="1" * 12)),
            ("contents of iron", "vector-element", 5, _inside("wip", "contents", 0, 0, to="Fe")),
            ("contents in kilograms", "vector-number", 10, _inside("pools.authority", 0, "contents", 0, 1, to="37.4")),
        )
    ),
    # 7  refs
    _told(
        "a ref to a leaf that is not the entry's",
        REFS,
        "Unverified",
        "ref-to-other-entry",
        motor={"changes": {1: _slot("offer", leaf=_OTHER_LEAF)}},
    ),
    _told(
        "a ref to an entry that is no shipment",
        REFS,
        "Unverified",
        "ref-to-other-entry",
        motor={"changes": {1: lambda slots: slots.update(offer=tell().magnet.ref(2, 5))}},
    ),
    _told(
        "a ref with a root that the log never signed",
        REFS,
        "Unverified",
        "fork",
        motor={"changes": {1: _slot("offer", root=_OTHER_LEAF)}},
    ),
    *(
        _told(name, REFS, "Unverified", code, base, **{who: {"changes": {index: change}}})
        for name, code, base, who, index, change in (
            (
                "a consent by an entry that adjusts nothing",
                "ref-to-other-entry",
                "plant",
                "plant",
                24,
                lambda slots: slots.update(consent=tell().alloy.ref(1, 3)),
            ),
            (
                "a consent with a root that the log never signed",
                "fork",
                "plant",
                "plant",
                24,
                lambda slots: slots.update(consent={**tell().alloy.ref(2, 3), "root": _OTHER_LEAF}),
            ),
            (
                "an attestation of a root that the log never signed",
                "fork",
                "attested",
                "authority",
                3,
                _slot("attestation", root=_OTHER_LEAF),
            ),
            (
                "a reversal of an entry with another leaf",
                "ref-to-other-entry",
                "plant",
                "plant",
                18,
                _slot("reversal", leaf=_OTHER_LEAF),
            ),
            (
                "an amendment of an entry that is still to come",
                "ref-to-other-entry",
                "plant",
                "plant",
                19,
                _slot("amendment", index=19),
            ),
            (
                "an adjustment of an entry with another leaf",
                "ref-to-other-entry",
                "plant",
                "plant",
                23,
                _row("lines.chain", 1, leaf=_OTHER_LEAF),
            ),
        )
    ),
    # 8  custody
    _told(
        "a receipt of another shipment",
        CUSTODY,
        "Refusal",
        "receipt-of-other-shipment",
        "handover",
        motor={"changes": {1: _slot("receipt", shipment=_UNSENT)}},
    ),
    _told(
        "a receipt from another sender",
        CUSTODY,
        "Refusal",
        "receipt-of-other-shipment",
        "handover",
        motor={"changes": {1: _slot("receipt", **{"from": "longnan.example"})}},
    ),
    _told(
        "a receipt of goods sent to somebody else",
        CUSTODY,
        "Refusal",
        "offer-to-other",
        "handover",
        magnet={"changes": {4: _slot("shipment", to="longnan.example")}},
    ),
    _told(
        "a receipt of goods sent outside",
        CUSTODY,
        "Refusal",
        "offer-to-other",
        "handover",
        magnet={"changes": {4: _slot("shipment", to=None)}},
    ),
    _told(
        "a receipt for another purpose",
        CUSTODY,
        "Refusal",
        "line-differs-from-offer",
        "handover",
        motor={"changes": {1: _slot("receipt", purpose="processing")}},
    ),
    _told(
        "a receipt of a line that was not offered",
        CUSTODY,
        "Refusal",
        "line-not-offered",
        "handover",
        motor={"changes": {1: _row("lines.chain", 1, line=2)}},
    ),
    _told(
        "a receipt of another batch",
        CUSTODY,
        "Refusal",
        "line-differs-from-offer",
        "handover",
        motor={"changes": {1: _row("lines.chain", 1, batch=_UNSENT)}},
    ),
    _told(
        "a receipt that states another mass as offered",
        CUSTODY,
        "Refusal",
        "line-differs-from-offer",
        "handover",
        motor={"changes": {1: _row("lines.partner", 1, offered_mg=6_000_000)}},
    ),
    _told(
        "a receipt of a carton that was not sent",
        CUSTODY,
        "Refusal",
        "unit-not-offered",
        "handover",
        motor={"changes": {1: lambda slots: slots["lines.partner"][0]["units"][0].update(unit=_UNSENT)}},
    ),
    _told(
        "a receipt that names another owner",
        CUSTODY,
        "Refusal",
        "line-differs-from-offer",
        "handover",
        motor={"changes": {1: _row("lines.partner", 1, owner="motor.example")}},
    ),
    _told(
        "a receipt of a carton with other pieces in it",
        CUSTODY,
        "Refusal",
        "unit-not-offered",
        "handover",
        motor={"changes": {1: lambda slots: slots["lines.partner"][0]["units"][0].update(count=401)}},
    ),
    _told(
        "a receipt of a stack without what stands in it",
        CUSTODY,
        "Refusal",
        "unit-contents-missing",
        "handover",
        magnet={"changes": {4: _stack}},
        motor={"changes": {1: lambda slots: slots["lines.partner"][0]["units"].pop()}},
    ),
    _told(
        "an answer to the receipt of another shipment",
        CUSTODY,
        "Refusal",
        "receipt-of-other-shipment",
        "whole",
        magnet={"changes": {7: _slot("acknowledgement", shipment=_UNSENT[-26:])}},
    ),
    _told(
        "an answer that weighs back what was accepted",
        CUSTODY,
        "Refusal",
        "decline-differs",
        "whole",
        magnet={"changes": {7: _slot("acknowledgement", declined=True)}},
    ),
    *(
        _told(name, CUSTODY, "Refusal", "origins-not-offered", base, **{who: {"changes": {1: change}}})
        for name, base, who, change in (
            (
                "a receipt that tells another origin than was offered",
                "handover",
                "motor",
                _inside("lines.provenance", 0, *_ND, to=_sure("DE/post_consumer")),
            ),
            (
                "a receipt that claims a stronger model than was offered",
                "plant",
                "alloy",
                _inside("lines.provenance", 0, "model", to="segregated"),
            ),
            (
                "a receipt that says nothing of the origins that were offered",
                "handover",
                "motor",
                _inside("lines.provenance", 0, to=None),
            ),
            (
                "a receipt that tells origins where none were offered",
                "plant",
                "alloy",
                _inside("lines.provenance", to=lambda items: items[:1] * 2),
            ),
        )
    ),
    *(
        _told(name, CUSTODY, "Refusal", code, base, **{who: {"changes": {index: change}}})
        for name, code, base, who, index, change in (
            (
                "a shipment of another origin than its batch",
                "origin-from-nowhere",
                "motor",
                "magnet",
                4,
                _inside("lines.provenance", 1, *_ND, to=_sure("DE/post_consumer")),
            ),
            (
                "a registration of another class than what is shipped of it",
                "origin-from-nowhere",
                "motor",
                "magnet",
                1,
                _slot("origin", feed_class=None),
            ),
            (
                "a part from nowhere in what is coated",
                "origin-from-nowhere",
                "motor",
                "motor",
                2,
                _inside("outputs.provenance", 0, *_ND, to=_sure("CN/post_consumer", "DE/post_consumer")),
            ),
            (
                "an element of which nothing went in",
                "origin-from-nowhere",
                "motor",
                "motor",
                3,
                _inside("provenance", "shares", to=lambda rows: [*rows, ["Ho", _sure("CN/post_consumer")]]),
            ),
            (
                "origins put together of fewer than 64",
                "origin-from-nowhere",
                "motor",
                "motor",
                3,
                _inside("provenance", *_ND, to=_sure("CN/post_consumer", "ZZ/other")),
            ),
            (
                "a part from nowhere in what is taken out of a motor",
                "origin-from-nowhere",
                "whole",
                "motor",
                4,
                _inside("outputs.provenance", 0, *_ND, to=_sure("CN/post_consumer", "DE/post_consumer")),
            ),
            (
                "a draw of what its period did not hold",
                "origin-from-nowhere",
                "oxide",
                "plant",
                4,
                _inside("outputs.provenance", 0, "shares", 1, 1, to=_sure("CN/ion_mid_y", "MM/import_ion")),
            ),
            (
                "a period that tells less than what was drawn from it",
                "origin-from-nowhere",
                "oxide",
                "plant",
                5,
                _inside("provenance", "shares", 0, 1, to=_sure("CN/ion_mid_y")),
            ),
            (
                "a period of which it is told that nothing is known",
                "origin-from-nowhere",
                "plant",
                "plant",
                5,
                lambda slots: slots.update(provenance=None),
            ),
            (
                "a sample of another origin than its batch",
                "origin-from-nowhere",
                "plant",
                "plant",
                6,
                _inside("outputs.provenance", 1, *_ND, to=_sure("CN/ion_mid_y", "DE/post_consumer")),
            ),
            (
                "a model that grows stronger in a pool",
                "model-grew-stronger",
                "oxide",
                "plant",
                4,
                _inside("outputs.provenance", 0, "model", to="controlled_blending"),
            ),
            (
                "a model that grows stronger on its way out",
                "model-grew-stronger",
                "plant",
                "plant",
                6,
                _inside("outputs.provenance", 0, "model", to="identity_preserved"),
            ),
        )
    ),
    *(
        _told(name, CUSTODY, "Refusal", code, "plant", **{who: {"changes": {index: change}}})
        for name, code, who, index, change in (
            (
                "an adjustment that takes more than was given",
                "adjustments-differ",
                "plant",
                24,
                _row("shared.partner", 0, delta_mg=-2_000_000),
            ),
            (
                "an adjustment of another batch than was given",
                "adjustments-differ",
                "plant",
                24,
                _row("shared.chain", 0, batch=_UNSENT[-26:]),
            ),
            (
                "an adjustment with somebody else",
                "adjustment-with-other",
                "alloy",
                2,
                _slot("adjustment", **{"with": "magnet.example"}),
            ),
            ("an adjustment with nobody", "adjustment-with-other", "plant", 24, _slot("adjustment", **{"with": None})),
            (
                "an adjustment of another side",
                "adjustment-of-other-shipment",
                "alloy",
                2,
                _row("shared.partner", 0, side="shipped"),
            ),
            (
                "an adjustment of an entry that is no receipt",
                "adjustment-of-other-shipment",
                "alloy",
                2,
                _row("shared.chain", 0, index=0, leaf=b64(tell().alloy.written[0].leaf)),
            ),
        )
    ),
    # 9  the subject
    _value(
        "a heavier motor on the cover",
        SUBJECT,
        "Unverified",
        "subject-differs",
        _put("subject", "net_mg", to="12500000"),
    ),
    _value("a motor of another batch", SUBJECT, "Unverified", "subject-differs", _put("subject", "batch", to=_UNSENT)),
    # 1, 2, 5, 10  members
    *_DIRECTLY,
    _made(
        "a recycler of whom no registry tells",
        TRUST,
        "Unverified",
        "log-not-trusted",
        lambda story: replace(without(rekeyed_evidence(story), *((REGISTRY, at) for at in (3, 5, 6))), standing=()),
        "rekeyed",
    ),
    Lie(
        "a registry that the policy does not call one",
        TRUST,
        "Unverified",
        "log-not-trusted",
        "rekeyed",
        lambda: format_evidence(rekeyed_evidence(tell())),
        lambda: policy_text(names=["registry"]),
    ),
    _made(
        "the new keys left out",
        STANDING,
        "Unverified",
        "registry-entry-left-out",
        lambda story: without(rekeyed_evidence(story), (REGISTRY, 5)),
        "rekeyed",
    ),
    _made(
        "the suspension left out",
        STANDING,
        "Unverified",
        "registry-entry-left-out",
        lambda story: without(admitted_evidence(story), (REGISTRY, 7)),
        "admitted",
    ),
    _made(
        "all that was said last left out",
        STANDING,
        "Unverified",
        "registry-entry-left-out",
        lambda story: without(admitted_evidence(story), (REGISTRY, 7), (REGISTRY, 8)),
        "admitted",
    ),
    _made(
        "the suspension not opened",
        STANDING,
        "Unverified",
        "registry-entry-left-out",
        lambda story: _unopened(admitted_evidence(story), story.registry.written[7].leaf),
        "admitted",
    ),
    _told(
        "a restoration that names another entry before it",
        STANDING,
        "Unverified",
        "registry-chain-broken",
        "admitted",
        registry={"changes": {8: _slot("about", index=4, leaf=b64(tell().registry.written[4].leaf))}},
    ),
    _told(
        "a member suspended twice",
        STANDING,
        "Unverified",
        "registry-chain-broken",
        "admitted",
        registry={"texts": {8: lambda text: text.replace('"type":"restored"', '"type":"suspended"')}},
    ),
    _told(
        "new keys that nobody committed to",
        STANDING,
        "Unverified",
        "registry-chain-broken",
        "rekeyed",
        reclaim={"changes": {2: _key(3, key=_public("somebody/peer"))}},
    ),
    _told(
        "another root of the standing",
        STANDING,
        "Unverified",
        "standing-unproven",
        "rekeyed",
        registry={"changes": {10: _slot("standing", root=b64(bytes(32)))}},
    ),
    _value(
        "a line at another place",
        STANDING,
        "Unverified",
        "standing-unproven",
        _put("standing", 0, "position", to=1),
        "rekeyed",
    ),
    _value(
        "a line of what is no standing",
        STANDING,
        "Unverified",
        "standing-unproven",
        _put("standing", 0, "index", to=5),
        "rekeyed",
    ),
    _value(
        "a standing of another registry",
        STANDING,
        "Unverified",
        "standing-of-other",
        _put("standing", 0, "log", to="authority.example/log"),
        "rekeyed",
    ),
    _value("a line without its path", FORM, "Malformed", "malformed", _delete("standing", 0, "path"), "rekeyed"),
    Lie(
        "an old standing",
        STANDING,
        "Unverified",
        "standing-stale",
        "rekeyed",
        lambda: format_evidence(rekeyed_evidence(tell())),
        _stale,
        now="2026-11-29T01:15:00+00:00",
    ),
    _told(
        "another log than the one admitted",
        CHECKPOINTS,
        "Unverified",
        "log-not-admitted",
        "rekeyed",
        registry={"changes": {3: _slot("log", leaf=b64(bytes(32)))}},
    ),
    _told(
        "other keys than those of the log",
        CHECKPOINTS,
        "Unverified",
        "keys-differ-from-log",
        "rekeyed",
        registry={"changes": {3: _key(3, next_commit=b64(bytes(32)))}},
    ),
    _told(
        "new keys under the old ones' signature alone",
        ENTRIES,
        "Unverified",
        "entry-signature-bad",
        "rekeyed",
        reclaim={"signs": {2: [signer("reclaim.example/author")]}},
    ),
    _told(
        "the old keys, after they were replaced",
        ENTRIES,
        "Unverified",
        "entry-signature-bad",
        "rekeyed",
        reclaim={"signs": {4: [signer("reclaim.example/author")]}},
    ),
    _told(
        "a log key that was revoked",
        CHECKPOINTS,
        "Unverified",
        "key-revoked",
        "rekeyed",
        registry={"changes": {6: _slot("revocation", use="log", key=_public("reclaim.example/log"), size=4)}},
    ),
    _told(
        "an author key that was revoked",
        MEMBERS,
        "Unverified",
        "key-revoked",
        "rekeyed",
        registry={"changes": {6: _slot("revocation", key=_NEW, size=4)}},
    ),
    _told(
        "a shipment while suspended",
        MEMBERS,
        "Refusal",
        "shipped-while-suspended",
        "admitted",
        registry={"changes": {7: _slot("as_of", size=3)}},
    ),
    _told(
        "another entry than the one that replaced the keys",
        MEMBERS,
        "Unverified",
        "ref-to-other-entry",
        "rekeyed",
        registry={"changes": {5: _slot("cited", leaf=b64(bytes(32)))}},
    ),
    # 5, 7  keys that were lost, and logs that ended
    _ended("keys put in force by one holder of two", 5, "recovery-too-few", lambda: endings.recovered(_HOLDERS[:1])),
    _ended("by one holder twice", 5, "recovery-key-twice", lambda: endings.recovered((_HOLDERS[0], _HOLDERS[0]))),
    _ended(
        "by a holder and a stranger",
        5,
        "recovery-key-unknown",
        lambda: endings.recovered((_HOLDERS[0], endings.STRANGER)),
    ),
    _ended("by a word on another entry", 5, "recovery-of-other", lambda: endings.recovered(index=3)),
    _ended(
        "by holders to whom nothing commits", 5, "recovery-not-committed", lambda: endings.recovered(committed=False)
    ),
    _ended(
        "a recovered log that nothing joins with the key from before",
        5,
        "recovery-unproven",
        lambda: replace(endings.recovered(), consistency=()),
    ),
    _ended(
        "a predecessor of another organisation",
        7,
        "predecessor-differs",
        lambda: endings.succeeded(of="else.example"),
        "succeeded",
    ),
)
"""One name each. The first thing that does not hold is what is told: the rest is as it should be."""


def _without_line(text: str, start: str) -> str:
    return "\n".join(line for line in text.split("\n") if not line.startswith(start))


def _renamed(key: str, name: str) -> str:
    """The public key of `key`, under another name."""
    other = signer(key).verifier
    return type(other).from_public(name, other.public).vkey
