"""Trust policies, after https://c2sp.org/tlog-policy: which logs, which witnesses, and how many of them are enough.

    log <vkey> [<url>]
    witness <name> <vkey> [<url>]
    group <name> all|any|<k> <member>...
    quorum <name>|none

Two lines of ours are comments to other readers of the format:

    #lodetrace registry <origin>                    a log named above, whose word on members is taken
    #lodetrace standing-max-age-days <days>         how old a registry's word may be

Promises: a policy that does not say exactly one thing is refused with the number of its line. A quorum counts
organisations, not names: no public key stands twice, no member is in two groups, and the keys of one organisation
count towards a number only as one member. `Policy.open_checkpoint` gives a checkpoint only if a log named here signed
it and witnesses of the quorum cosigned it, other than the log's own organisation.
Does not check: consistency between two checkpoints, nor the age of a cosignature. Narrower than the specification
in three places: a type of key that cannot be checked here is refused, not passed over; a log's name stands on one
line; and the keys of one organisation share a group with others only as a group of their own.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from hashlib import sha256

from ledger.errors import Malformed, Unverified
from ledger.log.checkpoints import Checkpoint, claimed, claimed_origin, cosignatures, open_checkpoint
from ledger.log.notes import COSIGNATURES, ED25519, Verifier

NONE = "none"
MAX_POLICY = 1 << 20
OURS = "#lodetrace"

_not_in_policy = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]").search
_is_threshold = re.compile(r"[1-9][0-9]{0,5}").fullmatch


@dataclass(frozen=True, slots=True)
class Group:
    """Cosigned when `threshold` of its members (witnesses or groups) are."""

    threshold: int
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Trusted:
    """A checkpoint that satisfied a policy, and the cosignatures that counted, with their POSIX times."""

    checkpoint: Checkpoint
    log: Verifier
    cosigned: tuple[tuple[Verifier, int], ...]


@dataclass(frozen=True, slots=True)
class Policy:
    """What a reader trusts. `Policy()` trusts no log; others come from `parse`."""

    logs: Mapping[str, tuple[Verifier, str | None]] = field(default_factory=dict)  # by origin, with URL
    witnesses: Mapping[str, tuple[Verifier, str | None]] = field(default_factory=dict)  # by name in the policy
    groups: Mapping[str, Group] = field(default_factory=dict)  # members stand before the groups they are in
    quorum: str = NONE
    registries: frozenset[str] = frozenset()
    standing_max_age_days: int | None = None
    log_at: Mapping[str, Callable[[int], Verifier]] = field(default_factory=dict)
    """For logs of which it is known that they replaced their key: by origin, the key that signs a size. No line says
    this; a node learns it from the logs themselves, beginning at the key that its policy names.
    """

    @classmethod
    def parse(cls, text: str | bytes) -> "Policy":
        """Read a policy. Names and URLs are opaque; bytes that are not UTF-8 are kept as they are."""
        if isinstance(text, bytes):
            text = text.decode(errors="surrogateescape")
        if len(text) > MAX_POLICY:
            raise Malformed("malformed", field="policy", why=f"it is longer than {MAX_POLICY} characters")
        reader = _Reader()
        *lines, rest = text.split("\n")
        for number, line in enumerate(lines, 1):
            reader.read(number, line)
        if rest:
            raise _refusal(len(lines) + 1, "it does not end with a line end; it may have been cut off")
        if reader.quorum is None:
            raise _refusal(len(lines), "the policy ends and no quorum was named")
        return cls(
            reader.logs,
            reader.witnesses,
            reader.groups,
            reader.quorum,
            frozenset(reader.registries),
            reader.standing_max_age_days,
        )

    def names(self, name: str) -> bool:
        """Does it name a log of the organisation `name`?"""
        return any(organisation(origin) == name for origin in self.logs)

    def origin_of(self, name: str) -> str:
        """The log that the organisation `name` writes now: of those named here the one that succeeds the others."""
        own = (origin for origin in self.logs if organisation(origin) == name)
        return max(own, key=succession_order, default=f"{name}/log")

    def satisfied(self, cosigners: Iterable[Verifier]) -> bool:
        """Is the quorum among these keys, whose cosignatures the caller has verified? Distinct keys count."""
        keys = {key.public for key in cosigners if key.algorithm in COSIGNATURES}
        good = {name for name, (key, _) in self.witnesses.items() if key.public in keys}
        for name, group in self.groups.items():
            if sum(member in good for member in group.members) >= group.threshold:
                good.add(name)
        return self.quorum == NONE or self.quorum in good

    def open_checkpoint(self, raw: bytes, log: Verifier | None = None) -> Trusted:
        """The checkpoint in the note `raw`, if its log is trusted here and its cosignatures meet the quorum.

        `log` is the key of a log that is not named here, and is trusted because a registry that is named tells it.
        """
        origin = claimed_origin(raw)
        if log is None:
            if origin not in self.logs:
                raise Unverified("log-untrusted", field="checkpoint", value=origin)
            log = self.log_key(origin, claimed(raw).size)
        checkpoint = open_checkpoint(raw, log, origin)
        cosigned = tuple(cosignatures(raw, [key for key, _ in self.witnesses_of(origin, log)]))
        if not self.satisfied(key for key, _ in cosigned):
            names = ", ".join(key.name for key, _ in cosigned) or "-"
            raise Unverified("quorum-missing", field="checkpoint", value=names, quorum=self.quorum)
        return Trusted(checkpoint, log, cosigned)

    def log_of(self, digest: str) -> str | None:
        """The log named here whose origin has this SHA-256, in hex: as paths name logs, after tlog-witness."""
        return next((origin for origin in self.logs if digest_of(origin) == digest), None)

    def log_key(self, origin: str, size: int) -> Verifier:
        """The key of a log that is named here, for a checkpoint of `size`."""
        return self.log_at[origin](size) if origin in self.log_at else self.logs[origin][0]

    def witnesses_of(self, origin: str, log: Verifier | None = None) -> list[tuple[Verifier, str | None]]:
        """Whose cosignatures of a log count, with their URLs. `log` is its key, where the log is not named here.

        A log's own organisation vouching for it adds nothing, under whatever key or name.
        """
        log = log or self.logs[origin][0]
        return [
            (key, url)
            for key, url in self.witnesses.values()
            if key.public != log.public and organisation(key.name) != organisation(origin)
        ]

    def addresses_of(self, origin: str) -> dict[str, list[Verifier]]:
        """Where witnesses of a log named here are asked, by URL: each once, whatever keys it has."""
        found: dict[str, list[Verifier]] = {}
        for key, url in self.witnesses_of(origin):
            if url is not None:
                found.setdefault(url.rstrip("/"), []).append(key)
        return found


def format_policy(policy: Policy) -> str:
    """The text that `Policy.parse` reads as this policy; of keys that logs replaced no line speaks."""
    lines = [f"log {key.vkey}{_at(url)}" for key, url in policy.logs.values()]
    lines += [f"{OURS} registry {origin}" for origin in sorted(policy.registries)]
    if policy.standing_max_age_days is not None:
        lines.append(f"{OURS} standing-max-age-days {policy.standing_max_age_days}")
    lines += [f"witness {name} {key.vkey}{_at(url)}" for name, (key, url) in policy.witnesses.items()]
    lines += [f"group {name} {one.threshold} {' '.join(one.members)}" for name, one in policy.groups.items()]
    return "\n".join([*lines, f"quorum {policy.quorum}"]) + "\n"


def _at(url: str | None) -> str:
    return "" if url is None else f" {url}"


def digest_of(origin: str) -> str:
    """SHA-256 of an origin in hex: its name in paths."""
    return sha256(origin.encode()).hexdigest()


def organisation(name: str) -> str:
    """Whose key or log this is: `longnan.example` for `longnan.example/log` and `longnan.example/witness`."""
    return name.rpartition("/")[0] or name


def succession_order(origin: str) -> tuple[str, int, str]:
    """Sorts each organisation's logs as they succeed one another: `/log`, `/log2`, … `/log10`."""
    return organisation(origin), len(origin), origin


class _Reader:
    """The state between a policy's lines; one method for each kind of line, named like its keyword."""

    def __init__(self) -> None:
        self.logs: dict[str, tuple[Verifier, str | None]] = {}
        self.witnesses: dict[str, tuple[Verifier, str | None]] = {}
        self.groups: dict[str, Group] = {}
        self.quorum: str | None = None
        self.registries: set[str] = set()
        self.standing_max_age_days: int | None = None
        self._members: set[str] = set()
        self._whose: dict[str, set[str]] = {}  # the organisations behind a witness or group
        self._line = 0

    def read(self, number: int, line: str) -> None:
        self._line = number
        if _not_in_policy(line):
            raise self._wrong("it holds a control character")
        items = re.findall(r"[^ \t]+", line)
        if not items or (items[0].startswith("#") and items[0] != OURS):
            return
        known = {"log": self._log, "witness": self._witness, "group": self._group, "quorum": self._quorum}
        known[OURS] = self._ours
        if items[0] not in known:
            raise self._wrong(f"{items[0]!r} is not log, witness, group or quorum")
        known[items[0]](items[1:])

    def _log(self, items: list[str]) -> None:
        if not 1 <= len(items) <= 2:
            raise self._wrong("it must be: log <vkey> [<url>]")
        key = self._key(items[0], {ED25519}, self.logs)
        if key.name in self.logs:
            raise self._wrong(f"the log {key.name} stands on an earlier line")
        self.logs[key.name] = key, (items[1] if items[1:] else None)

    def _witness(self, items: list[str]) -> None:
        if not 2 <= len(items) <= 3:
            raise self._wrong("it must be: witness <name> <vkey> [<url>]")
        self._define(items[0])
        key = self._key(items[1], COSIGNATURES, self.witnesses)
        self.witnesses[items[0]] = key, (items[2] if items[2:] else None)
        self._whose[items[0]] = {organisation(key.name)}

    def _group(self, items: list[str]) -> None:
        if len(items) < 3:
            raise self._wrong("it must be: group <name> all|any|<k> <member>...")
        name, rule, *members = items
        for member in members:
            if member not in self.witnesses and member not in self.groups:
                raise self._wrong(f"{member} is not a witness or group of an earlier line")
            if member in self._members:
                raise self._wrong(f"{member} is a member of a group already")
            self._members.add(member)
        self._define(name)
        if rule not in ("all", "any") and (not _is_threshold(rule) or int(rule) > len(members)):
            raise self._wrong(f"{rule!r} is not all, any, or a number from 1 to {len(members)}")
        threshold = {"all": len(members), "any": 1}.get(rule) or int(rule)
        together = [whose for member in members for whose in self._whose[member]]
        self._whose[name] = set(together)
        if len(self._whose[name]) > 1 and len(together) > len(self._whose[name]):
            twice = next(whose for whose in together if together.count(whose) > 1)
            raise self._wrong(f"{twice} would count twice; put its keys into a group of their own, and name that here")
        self.groups[name] = Group(threshold, tuple(members))

    def _quorum(self, items: list[str]) -> None:
        if len(items) != 1:
            raise self._wrong("it must be: quorum <name>|none")
        if self.quorum is not None:
            raise self._wrong("the quorum stands on an earlier line")
        if items[0] != NONE and items[0] not in self.witnesses and items[0] not in self.groups:
            raise self._wrong(f"{items[0]} is not a witness or group of an earlier line")
        self.quorum = items[0]

    def _ours(self, items: list[str]) -> None:
        """A line that others pass over. One that we do not know is refused: what it was meant to forbid is not lost."""
        match items:
            case ["registry", origin]:
                if origin not in self.logs or origin in self.registries:
                    raise self._wrong(f"{origin} is not a log of an earlier line, or is a registry already")
                self.registries.add(origin)
            case ["standing-max-age-days", days]:
                if not _is_threshold(days) or self.standing_max_age_days is not None:
                    raise self._wrong(f"{days!r} is not a number of days, or stands on an earlier line")
                self.standing_max_age_days = int(days)
            case _:
                raise self._wrong(f"it must be: {OURS} registry <origin>, or {OURS} standing-max-age-days <days>")

    def _define(self, name: str) -> None:
        if name == NONE or name in self.witnesses or name in self.groups:
            raise self._wrong(f"the name {name} is taken")

    def _key(self, vkey: str, kinds: AbstractSet[int], others: Mapping[str, tuple[Verifier, str | None]]) -> Verifier:
        try:
            key = Verifier.parse(vkey)
        except Malformed as error:
            raise self._wrong(error.text()) from error
        if key.algorithm not in kinds:
            wanted = " or ".join(map(str, sorted(kinds)))
            raise self._wrong(f"a key of type {key.algorithm} stands where one of type {wanted} belongs")
        if any(key.public == other.public for other, _ in others.values()):
            raise self._wrong(f"the key of {key.name} stands on an earlier line, perhaps under another name")
        return key

    def _wrong(self, why: str) -> Malformed:
        return _refusal(self._line, why)


def _refusal(line: int, why: str) -> Malformed:
    return Malformed("policy-malformed", field="policy", line=line, why=why)
