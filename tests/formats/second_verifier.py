"""A verifier written from docs/formats.md alone: the standard library and one Ed25519 verify, and nothing of `ledger`.

It is here to show that the document says enough, and to disagree where code and document do. It reads the tables of
kinds, rows and event types out of the document itself. It is plain on purpose: no speed, no sentences, three classes.

Over 400 lines because it is one whole verifier, as somebody else would hand it over: notes to policies to labels.
"""

import json
import re
from base64 import b64decode, b64encode, urlsafe_b64decode, urlsafe_b64encode
from datetime import datetime
from hashlib import sha256
from itertools import pairwise
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

DOCUMENT = (Path(__file__).parents[2] / "docs" / "formats.md").read_text("utf-8")


class Malformed(Exception):
    """Not of the form."""


class Unverified(Exception):
    """Of the form, but a signature, hash, proof or policy does not hold."""


class Refusal(Exception):
    """Two true statements that contradict a rule of custody."""


def need(holds, error, what):
    if not holds:
        raise error(what)


# -- conventions, JSON, names -------------------------------------------------------------------------------------

NAME = r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+(/[a-z0-9-]+)*"
CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
NUMBER = r"0|[1-9][0-9]*"
LIMIT = 2**53 - 1


def of(pattern, text):
    return isinstance(text, str) and re.fullmatch(pattern, text, re.ASCII) is not None


def is_name(text):
    return of(NAME, text) and len(text) <= 120


def is_origin(text):
    return is_name(text) and of(r".+/log([2-9]|[1-9][0-9]+)?", text)


def is_key_name(text):
    return text != "" and not any(one.isspace() or one < " " or one == "+" for one in text)


def is_bare_id(text):
    return of(f"[0-7][{CROCKFORD}]{{25}}", text)


def is_foreign_id(text):
    return (
        isinstance(text, str)
        and text.count("#") == 1
        and is_origin(text.split("#")[0])
        and is_bare_id(text[-26:])
        and len(text.split("#")[1]) == 26
    )


def spell_id(data):
    number = int.from_bytes(data, "big")
    return "".join(CROCKFORD[number >> 5 * place & 31] for place in range(25, -1, -1))


def un64(text, size=None):
    try:
        data = b64decode(text, validate=True)
    except (ValueError, TypeError):
        raise Malformed("base64") from None
    need(b64encode(data).decode() == text and size in (None, len(data)), Malformed, "base64")
    return data


def un64url(text, size=None):
    need(of("[A-Za-z0-9_-]*", text), Malformed, "base64url")
    try:
        data = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        raise Malformed("base64url") from None
    need(urlsafe_b64encode(data).decode().rstrip("=") == text and size in (None, len(data)), Malformed, "base64url")
    return data


def show(value, depth=0):
    """The one text of a value."""
    if value is None or value is True or value is False:
        return {None: "null", True: "true", False: "false"}[value]
    if type(value) is int:
        need(-LIMIT <= value <= LIMIT, Malformed, "integer")
        return str(value)
    if type(value) is str:
        return '"' + "".join(map(_character, value)) + '"'
    need(type(value) in (list, dict) and depth < 8, Malformed, "a float, or too deep")
    if type(value) is list:
        return "[" + ",".join(show(item, depth + 1) for item in value) + "]"
    need(all(of("[a-z][a-z0-9_.]*", key) for key in value), Malformed, "key")
    return "{" + ",".join(f'"{key}":{show(value[key], depth + 1)}' for key in sorted(value)) + "}"


def _character(one):
    short = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r"}
    return short.get(one) or (f"\\u{ord(one):04x}" if one < " " else one)


def read(data):
    try:
        text = data.decode()
        value = json.loads(text)
        same = show(value).encode() == data
    except (ValueError, RecursionError):
        raise Malformed("JSON") from None
    need(same, Malformed, "not printed the one way")
    return value


# -- keys, notes, trees -------------------------------------------------------------------------------------------


PRIME = 2**255 - 19
SMALL_ORDER = {0, 1, PRIME - 1, PRIME, PRIME + 1} | {
    int.from_bytes(bytes.fromhex(y), "little")
    for y in re.findall("`([0-9a-f]{64})`", DOCUMENT.split("small order")[1].split("\n- ")[0])
}


class Key:
    """A key for notes: name, type, 32 bytes."""

    def __init__(self, name, kind, public):
        need(is_key_name(name) and kind in (1, 4) and len(public) == 32, Malformed, "key")
        need(int.from_bytes(public, "little") % 2**255 not in SMALL_ORDER, Malformed, "small order")
        self.name, self.kind, self.public = name, kind, public
        self.id = sha256(name.encode() + b"\n" + bytes([kind]) + public).digest()[:4]

    @classmethod
    def parse(cls, vkey):
        parts = vkey.split("+", 2)
        need(len(parts) == 3, Malformed, "vkey")
        blob = un64(parts[2])
        need(blob, Malformed, "vkey")
        key = cls(parts[0], blob[0], blob[1:])
        need(parts[1] == key.id.hex(), Malformed, "key id")
        return key

    def signed(self, message, signature):
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, message)
        except InvalidSignature:
            return False
        return True

    def holds(self, text, blob):
        if self.kind == 1:
            return self.signed(text.encode(), blob)
        time = int.from_bytes(blob[:8], "big")
        message = f"cosignature/v1\ntime {time}\n{text}".encode()
        return len(blob) == 72 and time < 2**63 and self.signed(message, blob[8:])


def split_note(raw, limit=1 << 20):
    """(text, [(name, key id, signature)])"""
    try:
        note = raw.decode()
    except UnicodeDecodeError:
        raise Malformed("not UTF-8") from None
    text, empty, tail = note.rpartition("\n\n")
    need(len(raw) <= limit and not re.search("[\x00-\x09\x0b-\x1f]", note), Malformed, "note")
    need(empty and tail.endswith("\n") and tail.count("\n") <= 100, Malformed, "note")
    lines = []
    for line in tail[:-1].split("\n"):
        words = line.split(" ")
        need(len(words) == 3 and words[0] == "—" and is_key_name(words[1]), Malformed, "signature line")
        blob = un64(words[2])
        need(len(blob) > 4, Malformed, "signature line")
        lines.append((words[1], blob[:4], blob[4:]))
    return text + "\n", lines


def signers(text, lines, keys):
    """Which of `keys` signed; Unverified if a line of one of them does not hold."""
    good = []
    for name, key_id, blob in lines:
        for key in keys:
            if (key.name, key.id) == (name, key_id):
                need(key.holds(text, blob), Unverified, "signature")
                good.append(key)
    return good


def leaf_of(data):
    return sha256(b"\0" + data).digest()


def node(left, right):
    return sha256(b"\1" + left + right).digest()


def root_of(leaves):
    if len(leaves) < 2:
        return leaves[0] if leaves else sha256(b"").digest()
    k = 1
    while 2 * k < len(leaves):
        k *= 2
    return node(root_of(leaves[:k]), root_of(leaves[k:]))


def check_inclusion(leaf, index, size, path, root):
    need(0 <= index < size, Unverified, "inclusion")
    inner = (index ^ (size - 1)).bit_length()
    need(len(path) == inner + (index >> inner).bit_count(), Unverified, "inclusion")
    for k, sibling in enumerate(path):
        leaf = node(sibling, leaf) if k >= inner or index >> k & 1 else node(leaf, sibling)
    need(leaf == root, Unverified, "inclusion")


def check_consistency(m, n, path, r1, r2):
    need(0 < m <= n, Unverified, "consistency")
    if m == n:
        need(not path and r1 == r2, Unverified, "consistency")
        return
    s = 0
    while m >> s & 1 == 0:
        s += 1
    last = m - 1 >> s
    inner = (last ^ (n - 1 >> s)).bit_length()
    border = (last >> inner).bit_count()
    path = list(path)
    need(path, Unverified, "consistency")
    a = b = r1 if m & (m - 1) == 0 else path.pop(0)
    need(len(path) == inner + border, Unverified, "consistency")
    for k, p in enumerate(path):
        if k >= inner or last >> k & 1:
            a, b = node(p, a), node(p, b)
        else:
            b = node(b, p)
    need((a, b) == (r1, r2), Unverified, "consistency")


# -- the tables of the document -----------------------------------------------------------------------------------


def table(name):
    body = DOCUMENT.split(f"<!-- made by scripts/vectors.py: {name} -->\n")[1].split("\n<!-- end -->")[0]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in body.split("\n")[2:]]


def fields(cell):
    return dict(re.findall(r"`(\w+)` (\w+\??)", cell))


def listed(after):
    """The codes in a paragraph of the section on provenance, behind some words."""
    return re.findall("`([A-Za-z_]+)`", DOCUMENT.split(after)[1].split(". ")[0].split(";")[0])


ELEMENTS = listed("The elements, in their order, are")
MODELS = listed("The models, the strongest first, are")
ROWS = {kind: fields(cell) for kind, cell in table("rows")}
TYPES = {}
for type_, slot, form, _, _, creates, cell in table("events"):
    TYPES.setdefault(type_.strip("`"), {})[slot.strip("`")] = (form == "list", bool(creates), fields(cell))


def whole(low):
    return lambda value: type(value) is int and low <= value <= LIMIT


KINDS = {
    "text": lambda value: isinstance(value, str) and 1 <= len(value) <= 500,
    "note": lambda value: isinstance(value, str) and 1 <= len(value) <= 131072,
    "code": lambda value: of("[a-z0-9][a-z0-9_.-]{0,63}", value),
    "codes": lambda value: isinstance(value, list) and all(of("[a-z0-9][a-z0-9_.-]{0,63}", one) for one in value),
    "name": is_name,
    "id": lambda value: is_bare_id(value) or is_foreign_id(value),
    "ids": lambda value: isinstance(value, list) and all(is_bare_id(one) or is_foreign_id(one) for one in value),
    "mg": whole(0),
    "count": whole(1),
    "count0": whole(0),
    "signed": whole(-LIMIT),
    "flag": lambda value: isinstance(value, bool),
    "month": lambda value: of(r"\d{4}-(0[1-9]|1[0-2])", value),
    "day": lambda value: of(r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])", value),
    "at": lambda value: of(
        r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3]):[0-5]\d:[0-5]\d[+-]([01]\d|2[0-3]):[0-5]\d", value
    ),
    "country": lambda value: of("[A-Z]{2}", value),
    "hash": lambda value: of("[A-Za-z0-9+/]{43}=", value),
    "list": lambda value: isinstance(value, list),
    "object": lambda value: isinstance(value, dict),
}


def check_fields(kinds, value):
    need(isinstance(value, dict), Malformed, "not an object")
    for name, kind in kinds.items():
        if value.get(name) is None:
            need(kind.endswith("?"), Malformed, f"{name} is missing")
        elif kind.rstrip("?") in ROWS:
            need(isinstance(value[name], list), Malformed, name)
            for row in value[name]:
                check_fields(ROWS[kind.rstrip("?")], row)
        else:
            need(KINDS[kind.rstrip("?")](value[name]), Malformed, f"{name} is no {kind}")


# -- provenance ---------------------------------------------------------------------------------------------------


def check_vector(slot, value):
    if slot.endswith("provenance"):
        check_shares(value)
    elif slot.endswith("sources"):
        check_amounts(value)
    elif slot in ("wip", "pools.authority"):
        check_contents(value["contents"])


def check_shares(value):
    need(value.keys() == {"model", "shares"} and value["model"] in MODELS, Malformed, "shares")
    for row in in_order(value["shares"], 2, ELEMENTS.index, ELEMENTS.__contains__):
        rows = in_order(row[1], 4, str.encode, lambda name: of(r"[A-Z]{2}/[a-z0-9][a-z0-9_.-]{0,63}", name))
        need(len(rows) <= 64, Malformed, "too many rows")
        check_bounds([one[1:] for one in rows], 10**9)


def check_amounts(value):
    need(value.keys() == {"amounts"}, Malformed, "amounts")
    for row in in_order(value["amounts"], 4, ELEMENTS.index, ELEMENTS.__contains__):
        need(KINDS["mg"](row[2]), Malformed, "uncertainty")
        rows = in_order(row[3], 4, str.encode, lambda name: name in ("unexplained", "others") or KINDS["id"](name))
        need(len(rows) <= 4096, Malformed, "too many rows")
        check_bounds([[amount(number) for number in one[1:]] for one in rows], amount(row[1]))


def check_contents(value):
    for row in in_order(value, 3, ELEMENTS.index, ELEMENTS.__contains__):
        need(KINDS["mg"](row[2]), Malformed, "uncertainty")
        amount(row[1])


def in_order(rows, length, key, known):
    """A list of lists, whose first values are known, and stand in order, none twice."""
    need(isinstance(rows, list), Malformed, "rows")
    need(all(isinstance(row, list) and len(row) == length and known(row[0]) for row in rows), Malformed, "row")
    keys = [key(row[0]) for row in rows]
    need(all(one < other for one, other in pairwise(keys)), Malformed, "order")
    return rows


def amount(text):
    need(of("0|[1-9][0-9]{0,29}", text), Malformed, "amount")
    return int(text)


def check_bounds(rows, total):
    need(all(type(number) is int for row in rows for number in row), Malformed, "number")
    need(all(0 <= lo <= mid <= hi <= total and hi > 0 for mid, lo, hi in rows), Malformed, "bounds")
    need(rows and sum(mid for mid, _, _ in rows) == total, Malformed, "sum")


# -- entries and commitments --------------------------------------------------------------------------------------


class Entry:
    """An entry by its form; `slots` and `ids` once it was opened."""

    def __init__(self, raw):
        need(len(raw) <= 16384, Malformed, "entry")
        self.raw, self.leaf = raw, leaf_of(raw)
        self.text, self.lines = split_note(raw)
        rows = self.text.split("\n")
        need(len(rows) == 7 and rows[0] == "lodetrace entry v1" and is_origin(rows[1]), Malformed, "entry")
        need(of("0|[1-9][0-9]{0,15}", rows[2]), Malformed, "index")
        need(of(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", rows[4]), Malformed, "time")
        try:
            datetime.strptime(rows[4], "%Y-%m-%dT%H:%M:%S.%fZ")  # noqa: DTZ007 - only whether it exists
        except ValueError:
            raise Malformed("time") from None
        need(rows[4][17:19] < "60", Malformed, "time")
        self.log, self.index, self.previous, self.time = rows[1], int(rows[2]), un64(rows[3], 32), rows[4]
        event = read(rows[5].encode())
        need(isinstance(event, dict) and event.keys() == {"sd", "type", "v"}, Malformed, "event")
        need(event["v"] == 1 and type(event["v"]) is int and isinstance(event["type"], str), Malformed, "event")
        self.type, self.sd, self.slots, self.ids = event["type"], event["sd"], {}, {}
        need(isinstance(self.sd, dict), Malformed, "sd")
        self.table = TYPES.get(self.type)
        if self.table is not None:
            need(self.table.keys() == self.sd.keys(), Malformed, "slots")
            need(all(isinstance(self.sd[slot], dict) is self.table[slot][0] for slot in self.sd), Malformed, "slots")
            found = {slot: self._commitment(one) for slot, one in self.sd.items()}
            groups = {(slot.split(".")[0], one[0]) for slot, one in found.items() if isinstance(one, tuple)}
            need(len(groups) == len({group for group, _ in groups}), Malformed, "group")

    @property
    def name(self):
        return self.log.rpartition("/")[0]

    def full(self, id_):
        return id_ if "#" in id_ else f"{self.log}#{id_}"

    def open(self, opens):
        """Steps 6: places → (salt, value), each as committed to; then slots, ids and kinds."""
        slots = {slot: self._commitment(one) for slot, one in self.sd.items()}
        places, parts, single = {}, {}, set()
        for one in opens:
            if isinstance(one, str):
                text, path = one, None
            else:
                need(isinstance(one, dict) and one.keys() == {"d", "path"}, Malformed, "opens")
                need(isinstance(one["path"], list), Malformed, "opens")
                text, path = one["d"], [un64(hash_, 32) for hash_ in one["path"]]
            salt, place, value = open_disclosure(text)
            slot, slash, number = place.partition("/")
            need(slot in slots and bool(slash) is isinstance(slots[slot], tuple), Unverified, "no such slot")
            need(place not in places, Unverified, "opened twice")
            digest = sha256(text.encode()).digest()
            if not slash:
                need(path is None and digest == slots[slot], Unverified, "digest")
            else:
                n, root = slots[slot]
                need(int(number) < n, Unverified, "no such item")
                if path is None:
                    parts.setdefault(slot, {})[int(number)] = digest
                else:
                    single.add(slot)
                    check_inclusion(leaf_of(digest), int(number), n, path, root)
            places[place] = salt, value
        for slot, digests in parts.items():
            n, root = slots[slot]
            need(slot not in single and len(digests) == n, Unverified, "list in part")
            need(root_of([leaf_of(digests[at]) for at in range(n)]) == root, Unverified, "list")
        self.shown = {place: value for place, (_, value) in places.items()}
        self.opened, self.commitments = len(places), sum(c[0] if isinstance(c, tuple) else 1 for c in slots.values())
        for slot, (is_list, creates, kinds) in (self.table or {}).items():
            names = [f"{slot}/{at}" for at in range(slots[slot][0])] if is_list else [slot]
            while is_list and names and names[-1] in places and places[names[-1]][1] is None:
                names.pop()
            values = [places.get(name, (None, None)) for name in names]
            for _, value in values:
                if value is not None:
                    check_fields(kinds, value)
                    check_vector(slot, value)
            made = [None if value is None else new_id(self.log, salt) for salt, value in values]
            self.slots[slot] = [value for _, value in values] if is_list else values[0][1]
            if creates and (is_list or made[0] is not None):
                self.ids[slot] = made if is_list else made[0]

    @staticmethod
    def _commitment(one):
        if isinstance(one, str):
            return un64url(one, 32)
        need(isinstance(one, dict) and one.keys() == {"n", "root"} and type(one["n"]) is int, Malformed, "commitment")
        need(one["n"] in {1 << bits for bits in range(17)}, Malformed, "commitment")
        return one["n"], un64url(one["root"], 32)

    def slot(self, name):
        return self.slots.get(name) or {}

    def rows(self, *names):
        """Rows of a group, merged: of each slot the fields of the table; what is not disclosed adds nothing."""
        lists = [(self.slots.get(name) or [], (self.table or {}).get(name, ("", "", {}))[2]) for name in names]
        merged = [{} for _ in range(max((len(items) for items, _ in lists), default=0))]
        for items, kinds in lists:
            for row, item in zip(merged, items, strict=False):
                row.update({name: item[name] for name in kinds if item and item.get(name) is not None})
        return merged


def open_disclosure(text):
    content = read(un64url(text))
    need(isinstance(content, list) and len(content) == 3, Malformed, "disclosure")
    salt, place, value = content
    need(of("[A-Za-z0-9_-]{21}[AQgw]", salt), Malformed, "salt")
    need(of(r"[a-z][a-z0-9_.]*(/(0|[1-9][0-9]{0,4}))?", place), Malformed, "path")
    return salt, place, value


def new_id(origin, salt):
    return spell_id(sha256(f"lodetrace id v1\n{origin}\n{salt}".encode()).digest()[:16])


# -- checkpoints, policy, proof, label ----------------------------------------------------------------------------


class Checkpoint:
    """A checkpoint by its form."""

    def __init__(self, raw):
        self.text, self.lines = split_note(raw, 1 << 17)
        rows = self.text.split("\n")
        need(len(rows) == 4 and is_key_name(rows[0]) and of(NUMBER, rows[1]), Malformed, "checkpoint")
        self.log, self.size, self.root = rows[0], int(rows[1]), un64(rows[2], 32)
        need(self.size < 2**63, Malformed, "checkpoint")


class Policy:
    """logs: name → key; witnesses: name → key; groups in the order of their lines."""

    def __init__(self, text):
        self.logs, self.witnesses, self.groups, self.quorum = {}, {}, {}, None
        self.registries, self.max_age = set(), None
        need(text.endswith("\n") and not re.search("[\x00-\x08\x0b-\x1f\x7f]", text), Malformed, "policy")
        for line in text.split("\n")[:-1]:
            words = re.findall("[^ \t]+", line)
            if words and words[0] == "#lodetrace":
                self._ours(words[1:])
            elif words and not words[0].startswith("#"):
                need(words[0] in ("log", "witness", "group", "quorum"), Malformed, line)
                getattr(self, "_" + words[0])(*self._counted(words))
        need(self.quorum is not None, Malformed, "no quorum")

    @staticmethod
    def _counted(words):
        low, high = {"log": (2, 3), "witness": (3, 4), "group": (4, 10**6), "quorum": (2, 2)}[words[0]]
        need(low <= len(words) <= high, Malformed, words)
        return words[1:]

    def _ours(self, words):
        need(len(words) == 2 and words[0] in ("registry", "standing-max-age-days"), Malformed, words)
        if words[0] == "registry":
            need(words[1] in self.logs.keys() - self.registries, Malformed, "registry")
            self.registries.add(words[1])
        else:
            need(self.max_age is None and of("[1-9][0-9]{0,5}", words[1]), Malformed, "days")
            self.max_age = int(words[1])

    def _log(self, vkey, _url=None):
        key = self._key(vkey, 1, self.logs)
        need(key.name not in self.logs, Malformed, "a log twice")
        self.logs[key.name] = key

    def _witness(self, name, vkey, _url=None):
        self._free(name)
        self.witnesses[name] = self._key(vkey, 4, self.witnesses)

    def _group(self, name, rule, *members):
        taken = [member for _, group in self.groups.values() for member in group]
        need(all(one in self.witnesses or one in self.groups for one in members), Malformed, "member")
        need(len({*taken, *members}) == len(taken) + len(members), Malformed, "a member twice")
        self._free(name)
        number = {"all": len(members), "any": 1}.get(rule) or (int(rule) if of("[1-9][0-9]*", rule) else 0)
        need(1 <= number <= len(members), Malformed, "threshold")
        self.groups[name] = number, members

    def _quorum(self, name):
        need(self.quorum is None and name in ("none", *self.witnesses, *self.groups), Malformed, "quorum")
        self.quorum = name

    def _free(self, name):
        need(name != "none" and name not in self.witnesses and name not in self.groups, Malformed, "name taken")

    @staticmethod
    def _key(vkey, kind, others):
        key = Key.parse(vkey)
        need(key.kind == kind and all(key.public != other.public for other in others.values()), Malformed, "key")
        return key

    def satisfied(self, publics):
        good = {name for name, key in self.witnesses.items() if key.public in publics}
        for name, (threshold, members) in self.groups.items():
            if len(good & set(members)) >= threshold:
                good.add(name)
        return self.quorum == "none" or self.quorum in good

    def check(self, point, log=None):
        """Names of the witnesses that count for a checkpoint that is trusted; `log` is the key of a member's log."""
        need(log or point.log in self.logs, Unverified, "log not trusted")
        log = log or self.logs[point.log]
        need(signers(point.text, point.lines, [log]), Unverified, "not signed by its log")
        own = point.log.rpartition("/")[0]
        foreign = [k for k in self.witnesses.values() if k.public != log.public and k.name.rpartition("/")[0] != own]
        good = signers(point.text, point.lines, foreign)
        need(self.satisfied({key.public for key in good}), Unverified, "quorum")
        return sorted({key.name for key in good})


def check_proof(text, leaf, policy):
    """A tlog-proof: the checkpoint that proves `leaf`."""
    head, _, note = text.partition("\n\n")
    first, index, *hashes = head.split("\n")
    need(first == "c2sp.org/tlog-proof@v1" and of(f"index ({NUMBER})", index), Malformed, "proof")
    point = Checkpoint(note.encode())
    policy.check(point)
    check_inclusion(leaf, int(index[6:]), point.size, [un64(one, 32) for one in hashes], point.root)
    return point


def check_fork(data, policy=None):
    """(kind, place, one root or leaf, the other)"""
    file = read(data)
    need(len(data) <= 1 << 20 and isinstance(file, dict), Malformed, "fork")
    forms = ({"path", "prefix"}, {"entries"})
    need(file.keys() - {"format", "log", "key", "checkpoints", "lineage"} in forms, Malformed, "fork")
    need(file["format"] == "lodetrace fork v1" and len(file["checkpoints"]) == 2, Malformed, "fork")
    key = policy.logs.get(file["log"]) if policy else None
    key = key or Key.parse(file["key"])
    need(key.name == file["log"], Unverified, "key of another log")
    points = [Checkpoint(note.encode()) for note in file["checkpoints"]]
    keys = _lineage(file["lineage"], points, key) if "lineage" in file else None
    for point in points:
        used = keys.of("log", point.size)[0] if keys else key
        need(point.log == file["log"] and signers(point.text, point.lines, [used]), Unverified, "checkpoint")
    one, other = points
    if "prefix" in file:
        prefix, path = un64(file["prefix"], 32), [un64(node, 32) for node in file["path"]]
        need(len(path) <= 64, Malformed, "path")
        need(prefix != one.root, Unverified, "no fork")
        check_consistency(one.size, other.size, path, prefix, other.root)
        return "checkpoints", one.size, one.root, prefix
    found = []
    for point, shown in zip(points, file["entries"], strict=True):
        need(shown.keys() == {"note", "index", "path", "disclosures"}, Malformed, "entry of a fork")
        entry = Entry(shown["note"].encode())
        need((entry.log, entry.index) == (point.log, shown["index"]), Unverified, "place")
        path = [un64(node, 32) for node in shown["path"]]
        check_inclusion(entry.leaf, entry.index, point.size, path, point.root)
        found.append((entry, shown["disclosures"]))
    (first, _), (second, _) = found
    need(first.leaf != second.leaf, Unverified, "one entry")
    if first.index == second.index:
        return "entries", first.index, first.leaf, second.leaf
    ids = []
    for entry, disclosures in found:
        need(len(disclosures) == 1 and entry.type == "shipped", Unverified, "nothing tells its shipment")
        entry.open(disclosures)
        ids.append(entry.ids["shipment"])
    need(ids[0] == ids[1], Unverified, "two shipments")
    return "shipments", min(first.index, second.index), first.leaf, second.leaf


def _lineage(told, points, key):
    """The keys of the log, from entry 0 under the checkpoint that `key` signs."""
    need(told.keys() == {"under", "path", "entries"} and len(told["entries"]) > 1, Malformed, "lineage")
    need(type(told["under"]) is int and told["under"] in (0, 1), Malformed, "lineage")
    point, entries = points[told["under"]], [Entry(row["note"].encode()) for row in told["entries"]]
    need(signers(point.text, point.lines, [key]), Unverified, "checkpoint")
    path = [un64(node, 32) for node in told["path"]]
    need(entries[0].index == 0 and all(entry.log == point.log for entry in entries), Unverified, "lineage")
    check_inclusion(entries[0].leaf, 0, point.size, path, point.root)
    for entry, row in zip(entries, told["entries"], strict=True):
        entry.open(row["disclosures"])
    keys = Keys(point.log, entries[0].slot("keys")["list"], entries[0].slot("log").get("recovery"))
    for entry in entries[1:]:
        need(entry.type == "rekeyed" and entry.slot("about").get("name") == entry.name, Unverified, "lineage")
        need(entry.slot("keys") and not entry.slot("cited"), Unverified, "lineage")
        told = entry.slot("keys")
        if told.get("recovery"):
            keys.recover(entry.index, told["list"], told["recovery"])
        else:
            keys.replace(entry.index, told["list"])
    for entry in entries:
        wanted = keys.signers(entry.index)
        need(
            [one.id for one in signers(entry.text, entry.lines, wanted)] == [one.id for one in wanted],
            Unverified,
            "authors",
        )
    return keys


def open_token(token, authors):
    """(text, unit) of a label; `authors` are (origin, key)."""
    data = un64url(token)
    need(data[:1] == b"\1" and len(data) == 133, Malformed, "label")
    key_id, unit, index = data[1:5], spell_id(data[5:21]), int.from_bytes(data[21:29], "big")
    leaf, mass, signature = data[29:61], int.from_bytes(data[61:69], "big"), data[69:]
    for origin, key in authors:
        text = f"lodetrace label v1\n{origin}\n{index}\n{b64encode(leaf).decode()}\n{unit}\n{mass}\n"
        if key.id == key_id and key.signed(text.encode(), signature):
            return text, unit
    raise Unverified("label")


# -- the procedure ------------------------------------------------------------------------------------------------

LISTS = {"entries": {"note", "index", "log", "checkpoint", "path"}, "consistency": {"log", "old", "new", "path"}}
LISTS["disclosures"] = {"leaf", "opens"}
LISTS["standing"] = {"log", "index", "name", "position", "last_index", "last_leaf", "path"}
TEXTS = dict.fromkeys(("note", "log", "leaf", "name", "last_leaf"), str) | {"path": list, "opens": list}


def verify(data, policy=None, now=None):
    """The verdict on an evidence file, under a Policy or none, for a reader for whom it is `now`."""
    file, entries, points = _form(data)
    opens = {un64(row["leaf"], 32): row["opens"] for row in file["disclosures"]}
    logs = {entry.log for entry in entries} | {point.log for point in points}
    named = logs if policy is None else logs & policy.logs.keys()
    others = _other_registries(entries) - named if policy else set()
    logs -= others
    file["standing"] = [row for row in file["standing"] if row["log"] not in others]
    need(named == logs or policy.registries, Unverified, "log not trusted")
    keys, cosigned, consistent, there, members = {}, {}, {}, {}, {}
    for some in (named, logs - named):
        if some is not named:
            told = _check_standing(file, there, policy, now, some)
            if not some:
                break
            need(all(_name(log) in told for log in some), Unverified, "log not trusted")
            members = {_name(log): told[_name(log)] for log in some}
        own = [(row, entry) for row, entry in zip(file["entries"], entries, strict=True) if entry.log in some]
        if policy is None or members:
            keys |= {log: _keys(log, own, opens, members.get(_name(log))) for log in sorted(some)}
        elif policy is not None:
            keys |= _recovered_keys(own, points, file["consistency"], opens, policy)
        for point in (point for point in points if point.log in some):
            cosigned[id(point)] = _check_point(point, keys, policy, members)
        consistent |= _check_histories(file, points, some)
        _check_entries(own, points, opens, keys)
        need(opens.keys() <= {entry.leaf for entry in entries}, Unverified, "disclosures of nothing")
        fresh = {(entry.log, entry.index): entry for _, entry in own}
        for entry in fresh.values():
            entry.open(opens.get(entry.leaf, []))
        there |= fresh
    missing = [*_check_refs(there, points), *_check_custody(there)]
    subject, absent = _check_subject(file["subject"], there.values())
    words = [word for member in members.values() for word in (member, *member["others"])]
    missing = {*missing, *absent, *(f"{m['registry']} standing {m['name']}" for m in words if not m["as_of"])}
    attested = _attested(there, points, members) if policy is not None else []
    first = {}
    for row, entry in zip(file["entries"], entries, strict=True):
        first.setdefault((entry.log, entry.index), points[row["checkpoint"]].size)
    for member in words:
        _check_acts(member, there, keys, attested, consistent, first)
    points = [point for point in points if point.log in logs]
    largest = {log: max((p for p in points if p.log == log), key=lambda p: p.size) for log in {log for log, _ in there}}
    return {
        "vouched": policy is not None,
        "complete": policy is not None and not missing,
        "missing": sorted(missing),
        "not_shown": sum(entry.commitments - entry.opened for entry in there.values()),
        "subject": subject,
        "attested": attested,
        "origins": [
            {
                **row,
                "standing": "attested"
                if any(
                    one["log"] == row["log"]
                    and row["index"] < one["size"]
                    and "provenance" in one["checks"]
                    and (consistent[one["log"]] or first[row["log"], row["index"]] == one["size"])
                    for one in attested
                )
                else "claimed",
            }
            for row in _origins(subject, there)
        ],
        "members": {
            name: {key: member[key] for key in ("registry", "index", "as_of")}
            | {"suspended": any(end is None for _, end in member["suspensions"])}
            for name, member in sorted(members.items())
        },
        "logs": {
            log: {"size": point.size, "consistent": consistent[log], "cosigned": cosigned[id(point)]}
            for log, point in sorted(largest.items())
        },
    }, there


def _form(data):
    need(len(data) <= 64 << 20, Malformed, "too large")
    file = read(data)
    keys = {"format", "subject", "entries", "checkpoints", "consistency", "disclosures", "attestations", "standing"}
    need(isinstance(file, dict) and file.keys() == keys | {"made_at"}, Malformed, "keys")
    need(file["format"] == "lodetrace evidence v1" and isinstance(file["made_at"], str), Malformed, "format")
    need(all(isinstance(file[key], list) for key in keys - {"format", "subject"}), Malformed, "lists")
    need(len(file["entries"]) <= 100_000 and len(file["checkpoints"]) <= 10_000, Malformed, "too many")
    need(all(isinstance(note, str) for note in file["checkpoints"]), Malformed, "checkpoints")
    for name, wanted in LISTS.items():
        for row in file[name]:
            need(isinstance(row, dict) and row.keys() == wanted, Malformed, name)
            for key, value in row.items():
                kind = TEXTS.get(key, int)
                need(type(value) is kind and (kind is not int or value >= 0), Malformed, key)
            for one in row.get("path", []):
                un64(one, 32)
            for key in {"leaf", "last_leaf"} & row.keys():
                un64(row[key], 32)
    need(len({row["leaf"] for row in file["disclosures"]}) == len(file["disclosures"]), Malformed, "a leaf twice")
    subject = file["subject"]
    need(isinstance(subject, dict), Malformed, "subject")
    named = subject.keys() - {"serial", "net_mg"} if "unit" in subject else subject.keys()
    need(named in ({"batch"}, {"shipment"}, {"log"}, {"batch", "unit"}), Malformed, "subject")
    kinds = dict.fromkeys(("batch", "unit", "shipment"), is_foreign_id)
    kinds |= {"log": is_origin, "serial": KINDS["text"], "net_mg": lambda text: of("0|[1-9][0-9]{0,15}", text)}
    need(all(kinds[key](value) for key, value in subject.items()), Malformed, "subject")
    entries = [Entry(row["note"].encode()) for row in file["entries"]]
    for row, entry in zip(file["entries"], entries, strict=True):
        need((entry.log, entry.index) == (row["log"], row["index"]), Unverified, "an entry elsewhere")
        need(row["checkpoint"] < len(file["checkpoints"]), Malformed, "no such checkpoint")
    return file, entries, [Checkpoint(note.encode()) for note in file["checkpoints"]]


def _first(entries, log):
    found = [entry for entry in entries if (entry.log, entry.index, entry.type) == (log, 0, "log_opened")]
    need(found, Unverified, "entry 0 is missing")
    return found[0]


def _other_registries(entries):
    """Logs with nothing in the file but what registries say."""
    types = {}
    for entry in entries:
        types.setdefault(entry.log, set()).add(entry.type)
    said = {"log_opened", "standing", "policy_set"} | {type_ for type_, slots in TYPES.items() if "about" in slots}
    return {log for log, found in types.items() if "admitted" in found and found <= said}


def _name(log):
    return log.rpartition("/")[0]


class Keys:
    """The lists that a log published: [(from which index, list)]."""

    def __init__(self, log, published, recovery=None):
        self.log, self.lists, self.recovery, self.recovered = log, [(0, published)], recovery, set()

    def of(self, use, index):
        published = [keys for start, keys in self.lists if start <= index][-1]
        found = [key for key in published if (key["use"], key["alg"]) == (use, "ed25519")]
        need(found, Unverified, "no such key")
        name = self.log if use == "log" else f"{_name(self.log)}/{use}"
        return [Key(name, 1, un64(key.get("key"), 32)) for key in found]

    def replace(self, index, published):
        start, old = self.lists[-1]
        need(index >= max(start, 1), Unverified, "keys out of order")
        known = [(key["use"], key["alg"], str(key.get("key"))) for key in old]
        committed = [(key["use"], key["alg"], key.get("next_commit")) for key in old]
        for key in published:
            if key["use"] != "witness" and (key["use"], key["alg"], str(key.get("key"))) not in known:
                ahead = b64encode(sha256(un64(str(key.get("key")))).digest()).decode()
                need((key["use"], key["alg"], ahead) in committed, Unverified, "nobody committed to this key")
        self.lists.append((index + 1, published))
        self.of("author", index + 1)

    def recover(self, index, published, note):
        """Put in force by so many of the recovery keys that entry 0 commits to, and by nobody else."""
        need(self.recovery, Unverified, "no recovery keys")
        keys = [Key(f"{_name(self.log)}/recovery", 1, un64(key, 32)) for key in self.recovery["keys"]]
        text, lines = split_note(note.encode())
        digest = b64encode(sha256(show(published).encode()).digest()).decode()
        said = f"lodetrace recovery v1\n{self.log}\n{index}\n{digest}\n"
        need(text == said, Unverified, "another statement")
        places = [line[:2] for line in lines]
        need(len(set(places)) == len(places), Unverified, "a key twice")
        need(set(places) <= {(key.name, key.id) for key in keys}, Unverified, "a key that is not committed to")
        need(len(signers(text, lines, keys)) >= self.recovery["m"], Unverified, "too few")
        need(index >= max(self.lists[-1][0], 1), Unverified, "keys out of order")
        self.lists.append((index + 1, published))
        self.recovered.add(index + 1)
        self.of("author", index + 1), self.of("log", index + 1)

    def signers(self, index):
        if index + 1 in self.recovered:
            return self.of("author", index + 1)
        found = {(key.name, key.id, key.public): key for key in self.of("author", index)}
        if index + 1 in [start for start, _ in self.lists]:
            found |= {(key.name, key.id, key.public): key for key in self.of("author", index + 1)}
        return list(found.values())


def _opened_keys(first, opens):
    first.open(opens.get(first.leaf, []))
    need(first.slot("log").get("name", first.name) == first.name, Unverified, "another node's name")
    return Keys(first.log, first.slot("keys").get("list", []), first.slot("log").get("recovery"))


def _own_keys(first, own, opens):
    """Of entry 0, and of each `rekeyed` of this very log."""
    return _later_keys(_opened_keys(first, opens), own, opens)


def _later_keys(before, own, opens):
    """As each `rekeyed` of this very log leaves them that comes after the keys known."""
    keys = Keys(before.log, [], before.recovery)
    keys.lists, keys.recovered = list(before.lists), set(before.recovered)
    last = keys.lists[-1][0]
    later = {entry.index: entry for entry in own if entry.type == "rekeyed" and entry.index >= last}
    for index, entry in sorted(later.items()):
        entry.open(opens.get(entry.leaf, []))
        if entry.slot("about").get("name") == entry.name and not entry.slot("cited") and entry.slot("keys"):
            told = entry.slot("keys")
            if told.get("recovery"):
                keys.recover(index, told["list"], told["recovery"])
            else:
                keys.replace(index, told["list"])
    return keys


def _keys(log, rows, opens, member):
    own = [entry for _, entry in rows if entry.log == log]
    first = _first(own, log)
    if member is None:
        return _own_keys(first, own, opens)
    keys = _opened_keys(first, opens)
    place = _which(member, log)
    need(member["logs"][place][1] == first.leaf, Unverified, "another log than the one admitted")
    told = member["logs"][place][2]
    need(told is None or told.lists[0] == keys.lists[0], Unverified, "other keys than admitted")
    return _later_keys(told or keys, own, opens)


def _recovered_keys(rows, points, consistency, opens, policy):
    """Of logs that the policy names: keys that recovery keys have put in force, by its key or before it."""
    found = {}
    for log in {entry.log for _, entry in rows if entry.type == "rekeyed"}:
        own = [entry for _, entry in rows if entry.log == log]
        if not any(_recovers(entry, opens) for entry in own):
            continue
        here = [point for point in points if point.log == log]
        signed = {point.size for point in here if _signed_by(point, policy.logs[log])}
        pairs = [(row["old"], row["new"]) for row in consistency if row["log"] == log]
        joined = {size for pair in pairs if signed & set(pair) for size in pair}
        need({point.size for point in here} <= signed | joined, Unverified, "not shown to be one history")
        found[log] = _own_keys(_first(own, log), own, opens)
    return found


def _recovers(entry, opens):
    try:
        entry.open(opens.get(entry.leaf, []))
    except (Malformed, Unverified):
        return False
    return entry.type == "rekeyed" and bool(entry.slot("keys").get("recovery")) and not entry.slot("cited")


def _signed_by(point, key):
    try:
        return bool(signers(point.text, point.lines, [key]))
    except Unverified:
        return False


def _which(member, log):
    names = [name for name, _, _ in member["logs"]]
    need(log in names, Unverified, "a log that was not admitted")
    return names.index(log)


def _check_point(point, keys, policy, members):
    if point.log not in keys:
        return policy.check(point)
    key = keys[point.log].of("log", point.size)[0]
    if policy is None:
        need(signers(point.text, point.lines, [key]), Unverified, "not signed by its log")
        return []
    if point.log in policy.logs:
        return policy.check(point, key)
    first = members[_name(point.log)]
    for member in (first, *first["others"]):
        if member is first or point.log in [one[0] for one in member["logs"]]:
            _refuse_revoked(member, point.log, point.size - 1, "log", key, lambda _: False)
            end = _end(member, point.log)
            need(end is None or point.size <= end[0], Unverified, "beyond the end of its log")
            need(end is None or point.size < end[0] or point.root == end[1], Unverified, "another history")
    return policy.check(point, key)


def _end(member, log):
    """(size, root) of a log that another one succeeds"""
    place = _which(member, log)
    ends = [one for one in member["revoked"] if one["use"] == "log" and one["at"][0] == place]
    return (ends[-1]["at"][1], ends[-1]["root"]) if place < len(member["logs"]) - 1 else None


def _story(place):
    """A log's successor comes behind it."""
    return _name(place[0]), len(place[0]), *place


def _predecessor(entry):
    told = entry.slot("predecessor") if entry.type == "log_opened" else None
    if not told:
        return None
    point = Checkpoint(told["checkpoint"].encode())
    later = _name(point.log) == entry.name and _story((point.log, 0)) < _story((entry.log, 0))
    need(later, Unverified, "another predecessor")
    return point


def _refuse_revoked(member, log, index, use, key, anew):
    at = _which(member, log), index
    for revoked in member["revoked"]:
        if (revoked["use"], revoked["key"]) == (use, key.public) and revoked["at"] <= at:
            need(anew(revoked), Unverified, "a revoked key")
            return


def _check_standing(file, there, policy, now, asked):
    """Step 2: every member that a registry tells of, by name; nobody if nobody is `asked` for."""
    for row in file["standing"]:
        need(policy is None or row["log"] in policy.registries, Unverified, "another registry")
        entry = there.get((row["log"], row["index"]))
        told = entry.slot("standing") if entry else {}
        need(told, Unverified, "no such standing")
        leaf = leaf_of(f"{row['name']}\n{row['last_index']}\n{row['last_leaf']}".encode())
        path = [un64(one, 32) for one in row["path"]]
        check_inclusion(leaf, row["position"], told["n"], path, un64(told["root"], 32))
    found = {}
    if policy is None or not asked:
        return found
    for registry in sorted(policy.registries):
        chains = {}
        for (log, _), entry in sorted(there.items()):
            own_keys = entry.type == "rekeyed" and not entry.slot("cited")
            if log == registry and entry.slot("about") and not own_keys:
                chains.setdefault(entry.slot("about")["name"], []).append(entry)
        for name, chain in chains.items():
            rows = [row for row in file["standing"] if (row["log"], row["name"]) == (registry, name)]
            for row in rows:
                last = there.get((registry, row["last_index"]))
                need(last in chain, Unverified, "an entry of the registry was left out")
                need(last.leaf == un64(row["last_leaf"]), Unverified, "another standing")
                need(not any(last.index < one.index < row["index"] for one in chain), Unverified, "another standing")
            as_of = max((there[registry, row["index"]].time for row in rows), default=None)
            member = _member(registry, chain) | {"as_of": as_of, "others": []}
            first = found.setdefault(name, member)
            if first is not member:
                _need_agreement(first, member)
                first["others"].append(member)
    for member in (word for first in found.values() for word in (first, *first["others"])):
        if member["as_of"] and policy.max_age is not None:
            days = (now - datetime.fromisoformat(member["as_of"])).days
            need(days <= policy.max_age, Unverified, "an old standing")
    return found


def _need_agreement(one, other):
    for (log, leaf, keys), (log_there, leaf_there, keys_there) in zip(one["logs"], other["logs"], strict=False):
        need((log, leaf) == (log_there, leaf_there), Unverified, "registries differ")
        pairs = zip(keys.lists, keys_there.lists, strict=False) if keys and keys_there else ()
        need(all(list(here) == list(there) for here, there in pairs), Unverified, "registries differ")


def _member(registry, chain):
    """What a chain of entries makes of a member; each names the one before."""
    member = None
    for at, entry in enumerate(chain):
        for slot in entry.table:
            said = slot in ("documents", "recorded") or entry.slots[slot] is not None
            null = slot in ("cited", "successor") and slot in entry.shown
            need(said or null, Unverified, "not disclosed")
        about = entry.slot("about")
        before = (about.get("index"), about.get("leaf"))
        last = (chain[at - 1].index, b64encode(chain[at - 1].leaf).decode()) if at else (None, None)
        need(before == last, Unverified, "not the entry before")
        need((member is None) is (at == 0) and (at or entry.type == "admitted"), Unverified, "not admitted")
        try:
            member = _say(member, entry, registry)
        except Malformed:
            raise Unverified("a chain that cannot be read") from None
    return member


def _say(member, entry, registry):
    if entry.type == "admitted":
        log, published = entry.slot("log"), entry.slot("keys")["list"]
        leaf = un64(log["leaf"], 32)
        keys = Keys(log["origin"], published)
        if member is None:
            keys.of("author", 0), keys.of("log", 0)
            member = {"registry": registry, "name": entry.slot("about")["name"], "logs": [(log["origin"], leaf, keys)]}
            member |= {"revoked": [], "suspensions": [], "cited": []}
        else:
            name, known, old = member["logs"][-1]
            need((name, known) == (log["origin"], leaf), Unverified, "another log")
            if old is None:
                keys.of("author", 0), keys.of("log", 0)
                member["logs"][-1] = (name, known, keys)
            else:
                need(old.lists[-1][1] == published, Unverified, "other keys")
        member["roles"] = entry.slot("member")["roles"]
    place = len(member["logs"]) - 1
    log, _, keys = member["logs"][place]
    if entry.type == "rekeyed":
        cited = entry.slot("cited")
        need(cited["log"] == log and keys is not None, Unverified, "another log")
        keys.replace(cited["index"], entry.slot("keys")["list"])
        member["cited"].append(cited)
    if entry.type == "revoked":
        told, after = entry.slot("revocation"), entry.slot("successor")
        published = [key for _, some in keys.lists for key in some] if keys else []
        known = any((key["use"], key.get("key")) == (told["use"], told["key"]) for key in published)
        need(known, Unverified, "not a key of the member")
        revoked = {"use": told["use"], "key": un64(told["key"], 32), "at": (place, told["size"])}
        member["revoked"].append(revoked | {"root": un64(told["root"], 32), "index": entry.index})
        if after:
            need(after["origin"] not in [one[0] for one in member["logs"]], Unverified, "another log")
            member["logs"].append((after["origin"], un64(after["leaf"], 32), None))
    if entry.type in ("suspended", "restored"):
        at, pairs = (place, entry.slot("as_of")["size"]), member["suspensions"]
        open_ = bool(pairs) and pairs[-1][1] is None
        need(open_ is (entry.type == "restored"), Unverified, "suspended or not")
        need(all(end is None or end <= at for pair in pairs for end in pair), Unverified, "a size that went back")
        pairs.append([at, None] if not open_ else [pairs.pop()[0], at])
    return member | {"index": entry.index}


def _check_acts(member, there, keys, attested, consistent, first):
    """Step 10."""
    for (log, index), entry in there.items():
        if log not in [one[0] for one in member["logs"]]:
            continue
        place = _which(member, log)
        if index == 0 and place:
            _check_succession(member, place, entry)
        for cited in member["cited"]:
            here = (cited["log"], cited["index"]) == (log, index)
            need(not here or un64(cited["leaf"]) == entry.leaf, Unverified, "another entry replaced the keys")
        covering = [
            one
            for one in attested
            if one["by"] == member["registry"]
            and (one["log"], True) == (log, index < one["size"])
            and (consistent[log] or first[log, index] == one["size"])
        ]
        for key in keys[log].signers(index):
            _refuse_revoked(
                member,
                log,
                index,
                "author",
                key,
                lambda revoked, covering=covering: any(one["index"] > revoked["index"] for one in covering),
            )
        pairs = member["suspensions"]
        held = any(since <= (place, index) and (end is None or (place, index) < end) for since, end in pairs)
        need(not held or entry.type != "shipped", Refusal, "shipped while suspended")


def _check_succession(member, place, first):
    before, last = member["logs"][place - 1][0], _predecessor(first)
    same = last is not None and (last.log, (last.size, last.root)) == (before, _end(member, before))
    need(same, Unverified, "another predecessor")


def _check_histories(file, points, some):
    roots, joined, elsewhere = {}, set(), {point.log for point in points} - set(some)
    for point in (point for point in points if point.log in some):
        need(roots.setdefault((point.log, point.size), point.root) == point.root, Unverified, "fork")
    for row in (row for row in file["consistency"] if row["log"] not in elsewhere):
        old, new = (row["log"], row["old"]), (row["log"], row["new"])
        need(old in roots and new in roots, Unverified, "consistency of an unknown size")
        check_consistency(row["old"], row["new"], [un64(one, 32) for one in row["path"]], roots[old], roots[new])
        joined.add((*old, row["new"]))
    sizes = {log: sorted(size for name, size in roots if name == log) for log, _ in roots}
    return {log: all((log, *pair) in joined for pair in pairwise(found)) for log, found in sizes.items()}


def _check_entries(rows, points, opens, keys):
    places, entries = {}, [entry for _, entry in rows]
    for row, entry in rows:
        point = points[row["checkpoint"]]
        need(point.log == entry.log, Unverified, "another log's checkpoint")
        check_inclusion(entry.leaf, entry.index, point.size, [un64(one, 32) for one in row["path"]], point.root)
        need(places.setdefault((entry.log, entry.index), entry.raw) == entry.raw, Unverified, "two for one place")
    for log in {entry.log for entry in entries}:
        first = _first(entries, log)
        if log not in keys:
            keys[log] = _own_keys(first, [entry for entry in entries if entry.log == log], opens)
        for entry in (entry for entry in entries if entry.log == log):
            authors = keys[log].signers(entry.index)
            wanted = [(key.name, key.id) for key in authors]
            need([line[:2] for line in entry.lines] == wanted, Unverified, "other signers")
            signers(entry.text, entry.lines, authors)
        own = sorted((entry for entry in entries if entry.log == log), key=lambda entry: entry.index)
        need(own[0].previous == sha256(b"").digest(), Unverified, "chain")
        for before, entry in pairwise(own):
            need(before.time <= entry.time, Unverified, "time went back")
            chained = entry.previous == sha256(before.text.encode()).digest()
            need(entry.index != before.index + 1 or chained, Unverified, "chain")


REFS = {
    "received": ("offer", "shipped"),
    "acknowledged": ("answer", "received"),
    "adjusted": ("consent", "adjusted"),
}


def _check_refs(there, points):
    """Step 7."""
    roots = {(point.log, point.size): point.root for point in points}
    for _, entry in sorted(there.items(), key=lambda item: _story(item[0])):
        before = _predecessor(entry)
        same = before is None or roots.get((before.log, before.size), before.root) == before.root
        need(same, Unverified, "fork")
        name, wanted = REFS.get(entry.type, ("attestation", ""))
        ref = entry.slot(name)
        if ref:
            root = roots.get((ref["log"], ref["size"]))
            need(root is None or b64encode(root).decode() == ref["root"], Unverified, "fork")
        named = [entry.slot("amendment"), entry.slot("reversal")]
        named += [row for slot in ("lines.chain", "shared.chain") for row in entry.rows(slot)] * (
            entry.type == "adjusted"
        )
        for one in named:
            if "index" in one:
                own = there.get((entry.log, one["index"]))
                same = own is None or b64encode(own.leaf).decode() == one["leaf"]
                need(one["index"] < entry.index and same, Unverified, "another entry corrected")
        if ref and wanted:
            other = there.get((ref["log"], ref["index"]))
            if other is None:
                yield f"{ref['log']} {ref['index']}"
            else:
                need(b64encode(other.leaf).decode() == ref["leaf"], Unverified, "ref")
                need(other.type == wanted or other.table is None, Unverified, "ref")


ONE_SOURCE = {"packed": ("packing", "batch"), "drawn": ("draw", "period"), "closed": ("closing", "period")}


def _check_custody(there):
    """Step 8."""
    known, entries = {}, [there[place] for place in sorted(there, key=_story) if there[place].table is not None]
    closed = {
        entry.full(entry.slot("closing")["period"]): entry
        for entry in entries
        if entry.type == "closed" and entry.slot("closing")
    }
    for entry in entries:
        ref = entry.slot(REFS.get(entry.type, ("",))[0])
        other = there.get((ref["log"], ref["index"])) if ref else None
        if other is not None and other.table is not None:
            {"received": _check_handover, "acknowledged": _check_answer}.get(
                entry.type, lambda given, taken: _check_adjustments(given, taken, there)
            )(other, entry)
        had, before = known.setdefault(entry.log, {}), _predecessor(entry)
        if before is not None:
            had |= {batch: -1 for batch, at in known.get(before.log, {}).items() if at < before.size}
        if entry.type in ONE_SOURCE:
            slot, field = ONE_SOURCE[entry.type]
            taken = [entry.slot(slot)[field]] if entry.slot(slot) else []
        else:
            slots = () if entry.type == "received" else ("inputs.chain", "lines.chain")
            slots += ("units.chain",) if entry.type in ("unpacked", "dismantled") else ()
            taken = [row["batch"] for slot in slots for row in entry.rows(slot) if "batch" in row]
        cut = {id_ for id_, one in closed.items() if one.slots["provenance"] is not None}
        yield from (entry.full(batch) for batch in taken if entry.full(batch) not in had.keys() | cut)
        came = _made(entry)
        if entry.type == "received":
            came += [entry.full(row["batch"]) for row in entry.rows("lines.chain") if row]
        for batch in came:
            had.setdefault(batch, entry.index)
    _check_origins(entries, closed)


def _made(entry):
    made = [entry.ids.get(slot) for slot in ("batch", "assembly", "opens")] + [*entry.ids.get("outputs.chain", [])]
    return [entry.full(id_) for id_ in made if id_]


def _check_adjustments(given, taken, there):
    pair = []
    for one in (given, taken):
        rows = one.rows("shared.chain", "shared.partner")
        if not rows or not all({"index", "delta_mg"} <= row.keys() for row in rows) or not one.slot("adjustment"):
            return
        about = there.get((one.log, rows[0]["index"]))
        if about is None or about.table is None:
            return
        pair.append((one, rows, about))
    need({about.type for _, _, about in pair} == {"shipped", "received"}, Refusal, "not one shipment")
    need(given.log != taken.log, Refusal, "one log")
    shipped, received = sorted((about for _, _, about in pair), key=lambda about: about.type != "shipped")
    offer = received.slot("offer")
    if offer:
        same = (offer["index"], offer["leaf"]) == (shipped.index, b64encode(shipped.leaf).decode())
        need(same, Refusal, "another shipment")
    sums = []
    for one, rows, about in pair:
        sums.append({})
        for row in rows:
            named = row["side"], row["index"], row["leaf"]
            need(named == (about.type, about.index, b64encode(about.leaf).decode()), Refusal, "another entry")
            mg, count = sums[-1].get(one.full(row["batch"]), (0, 0))
            sums[-1][one.full(row["batch"])] = mg + row["delta_mg"], count + row.get("delta_count", 0)
    for one, other in ((given, taken), (taken, given)):
        need(one.slot("adjustment").get("with") == other.name, Refusal, "with somebody else")
    need(sums[0] == sums[1], Refusal, "another amount")


ANY, NONE = "ZZ/other", "ZZ/unexplained"
MADE_OF = {
    "transformed": "inputs.chain",
    "sampled": "inputs.chain",
    "assembled": "inputs.chain",
    "dismantled": "units.chain",
}


def _vector(entry, place, of_nothing=()):
    """(origins by element, origins of other elements, model) as told at a place; None where that is not disclosed."""
    if place not in entry.shown:
        return None
    told = entry.shown[place]
    if told is None:
        return {}, set(of_nothing), MODELS[0]
    return {row[0]: {one[0] for one in row[1]} for row in told["shares"]}, set(), told["model"]


def _check_origins(entries, closed):
    logs = {}
    for entry in entries:
        before = _predecessor(entry)
        may = logs.setdefault(entry.log, dict(logs.get(before.log, {})) if before else {})  # batch → _vector, or None
        for place, sources in _made_of(entry):
            if entry.shown.get(place) is not None and sources is not None:
                if entry.type == "drawn":
                    from_ = [_vector(closed[id_], "provenance") if id_ in closed else None for id_ in sources]
                else:
                    from_ = [may.get(id_) for id_ in sources]
                if None not in from_:
                    _check_vector(_vector(entry, place), from_, entry.type == "drawn")
        _learn(entry, may)


def _check_vector(vector, from_, pooled):
    told, _, model = vector
    for element, origins in told.items():
        allowed = {origin for named, others, _ in from_ for origin in named.get(element, others)}
        free = pooled and ANY in allowed
        allowed |= {NONE} | ({ANY} if len(allowed) >= 64 else set())
        need(free or origins <= allowed, Refusal, "an origin from nowhere")
    best = min((MODELS.index(one[2]) for one in from_), default=0)
    known = any(origins != {NONE} for origins in told.values())
    need(not known or MODELS.index(model) >= best, Refusal, "a stronger model")


def _learn(entry, may):
    if "batch" in entry.ids and entry.type == "registered":
        origin = entry.slot("origin")
        key = f"{origin['country']}/{origin.get('feed_class') or origin['class']}" if origin else None
        may[entry.full(entry.ids["batch"])] = ({}, {key}, MODELS[0]) if origin else None
    if "assembly" in entry.ids:
        may[entry.full(entry.ids["assembly"])] = _vector(entry, "provenance")
    for at, id_ in enumerate(entry.ids.get("outputs.chain", [])):
        if id_:
            may[entry.full(id_)] = _vector(entry, f"outputs.provenance/{at}")
    for at, row in enumerate(entry.rows("lines.chain") if entry.type == "received" else []):
        if "batch" in row and not entry.full(row["batch"]).startswith(entry.log + "#"):
            batch, new = entry.full(row["batch"]), _vector(entry, f"lines.provenance/{at}", [ANY])
            may[batch] = _together(may.get(batch, new), new)


def _together(one, other):
    if one is None or other is None:
        return None
    named = {element: one[0].get(element, one[1]) | other[0].get(element, other[1]) for element in {*one[0], *other[0]}}
    return named, one[1] | other[1], MODELS[min(MODELS.index(one[2]), MODELS.index(other[2]))]


def _made_of(entry):
    """(place of shares, batches that they are held against, or None where one is not disclosed)"""
    if entry.type == "shipped":
        for at, row in enumerate(entry.rows("lines.chain")):
            yield f"lines.provenance/{at}", [entry.full(row["batch"])] if "batch" in row else None
        return
    rows = entry.rows(MADE_OF.get(entry.type, ""))
    sources = [entry.full(row["batch"]) for row in rows] if all("batch" in row for row in rows) else None
    if entry.type == "drawn":
        sources = [entry.full(entry.slot("draw")["period"])] if entry.slot("draw") else None
    elif entry.type not in MADE_OF:
        return
    yield from ((place, sources) for place in entry.shown if re.fullmatch("(outputs.)?provenance(/[0-9]+)?", place))


def _attested(there, points, members):
    found, sizes = [], {(point.log, point.size) for point in points}
    for _, entry in sorted(there.items()):
        told = entry.slot("attestation")
        member = members.get(entry.name)
        roles = member["roles"] if member else [there[entry.log, 0].slot("log").get("role")]
        if told and {"authority", "auditor", "certifier"} & set(roles) and told["log"].rpartition("/")[0] != entry.name:
            checks = [check for check in ("custody", "balance", "provenance") if check in told["checks"]]
            row = {"by": entry.log, "index": entry.index, "log": told["log"], "size": told["size"], "checks": checks}
            found += [row] * ((told["log"], told["size"]) in sizes)
    return found


def _origins(subject, there):
    """What is told of the subject, and by which entry."""
    made, sent = [], []
    for _, entry in sorted(there.items()):
        shipment = entry.full(entry.ids["shipment"]) if "shipment" in entry.ids else None
        told = [(entry.ids.get("assembly"), "provenance")]
        told += [(id_, f"outputs.provenance/{at}") for at, id_ in enumerate(entry.ids.get("outputs.chain", []))]
        lines = entry.rows("lines.chain") if entry.type == "shipped" else []
        for out, rows in (
            (made, told),
            (sent, [(row.get("batch"), f"lines.provenance/{at}") for at, row in enumerate(lines)]),
        ):
            for id_, place in rows:
                if id_ and entry.shown.get(place) is not None:
                    row = {"batch": entry.full(id_), "log": entry.log, "index": entry.index, **entry.shown[place]}
                    out.append((shipment, row))
    if "shipment" in subject:
        return [row for shipment, row in sent if shipment == subject["shipment"]]
    return [row for _, row in made + sent if row["batch"] == subject.get("batch")][:1]


def _check_handover(shipped, received):
    receipt, shipment = received.slot("receipt"), shipped.slot("shipment")
    if receipt and shipment:
        need(receipt["shipment"] == shipped.full(shipped.ids["shipment"]), Refusal, "another shipment")
        need(receipt["purpose"] == shipment["purpose"], Refusal, "another purpose")
    need(not receipt or receipt["from"] == shipped.name, Refusal, "another sender")
    need(not shipment or shipment.get("to") == received.name, Refusal, "sent to somebody else")
    offered = shipped.rows("lines.chain", "lines.partner")
    for at, row in enumerate(received.rows("lines.chain", "lines.partner")):
        if "line" not in row:
            continue
        need(row["line"] < len(offered), Refusal, "no such line")
        line = offered[row["line"]]
        if "batch" in line:
            need(shipped.full(line["batch"]) == received.full(row["batch"]), Refusal, "another batch")
        if "mg" in line and "offered_mg" in row:
            said = row["offered_mg"], row["basis"], row.get("offered_count"), row.get("owner")
            need(said == (line["mg"], line["basis"], line.get("count"), line.get("owner")), Refusal, "another amount")
            _check_units(shipped, line["units"], received, row["units"])
        sides = (shipped, f"lines.provenance/{row['line']}"), (received, f"lines.provenance/{at}")
        if all(place in side.shown for side, place in sides):
            need(len({show(side.shown[place]) for side, place in sides}) == 1, Refusal, "other origins")


def _check_units(shipped, offered, received, told):
    def words(entry, unit):
        return unit["net_mg"], unit.get("count"), unit.get("inside") and entry.full(unit["inside"])

    sent = {shipped.full(unit["unit"]): words(shipped, unit) for unit in offered}
    named = {received.full(unit["unit"]) for unit in told}
    for unit in told:
        fits = sent.get(received.full(unit["unit"])) == words(received, unit)
        need(unit["state"] == "unexpected" or fits, Refusal, "a unit that was not sent so")
    need(all(id_ in named or outer not in named for id_, (_, _, outer) in sent.items()), Refusal, "half a stack")


def _check_answer(received, acknowledged):
    receipt, answer = received.slot("receipt"), acknowledged.slot("acknowledgement")
    if receipt and answer:
        need(receipt["shipment"] == acknowledged.full(answer["shipment"]), Refusal, "another shipment")
        need(receipt["declined"] == answer["declined"], Refusal, "declined or not")


def _check_subject(subject, entries):
    if "unit" not in subject:
        there = {made for entry in entries for made in _made(entry)}
        there |= {entry.full(entry.ids["shipment"]) for entry in entries if "shipment" in entry.ids}
        there |= {entry.log for entry in entries if entry.type == "log_opened"}
        return subject, [id_ for id_ in subject.values() if id_ not in there]
    for entry in entries:
        for id_, item in zip(entry.ids.get("units.public", []), entry.slots.get("units.public", []), strict=True):
            if id_ and entry.full(id_) == subject["unit"]:
                stated = {"unit": subject["unit"], "serial": item["serial"], "net_mg": str(item["net_mg"])}
                batch = entry.ids.get("assembly") or entry.slot("packing").get("batch")
                stated |= {"batch": entry.full(batch)} if batch else {}
                same = all(subject.get(field, value) == value for field, value in stated.items())
                need(same, Unverified, "the subject differs")
                return stated, [] if batch else [subject["batch"]]
    return {"unit": subject["unit"]}, [subject["unit"]]
