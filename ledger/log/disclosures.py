"""Salted commitments: what an entry's `sd` commits to, and how single values of it are opened (docs/formats.md).

A disclosure is base64url of the canonical JSON `[salt, path, value]`; its digest is SHA-256 over the disclosure's
ASCII, the form of https://www.rfc-editor.org/rfc/rfc9901 with the place bound in. A slot of `sd` is either such a
digest, or `{"n", "root"}` for a list: an RFC 6962 tree over the items' 32 raw digest bytes, n a power of two.

Promises: what `open_slots` returns was committed to in exactly that place, and no place was opened twice.
Does not check: that `sd` is signed and logged (entries.py), that it has the slots of its event type and values of
the right shape (matter/events.py). Salts are the caller's entropy.
"""

import re
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any, NamedTuple

from ledger.errors import Malformed, Unverified
from ledger.log.canonical import Json, b64url, dump, format_json, parse_all, parse_json, unb64, unb64url
from ledger.log.merkle import Tree, check_inclusion, leaf_hash, node_hash

MAX_ITEMS = 65_536

_SALT = "[A-Za-z0-9_-]{21}[AQgw]"  # 128 bits; the last character has four spare bits
_PATH = "[a-z][a-z0-9_.]*(?:/(?:0|[1-9][0-9]{0,4}))?"
_is_salt = re.compile(_SALT).fullmatch
_is_digest = re.compile(r"[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]").fullmatch  # 256 bits, in their only spelling
_is_path = re.compile(_PATH).fullmatch
_parts = re.compile(rf'\["({_SALT})","({_PATH})",(.+)\]', re.DOTALL).fullmatch


class Opened(NamedTuple):
    """A disclosure taken apart. From `open_slots` it is proven to be committed to, from `open_disclosure` it is not."""

    salt: str
    path: str
    value: Json
    disclosure: str


class ListCommitment(NamedTuple):
    """What `sd` says of a list slot: `n` items, padding included, under `root` (32 bytes)."""

    n: int
    root: bytes

    def to_json(self) -> dict[str, Json]:
        return {"n": self.n, "root": b64url(self.root)}


def disclose(salt: str, path: str, value: Json) -> str:
    """The text that opens `path` (`transport`, `lines.chain/3`) as `value`. `salt` is 22 base64url characters."""
    if not _is_salt(salt):
        raise Malformed("malformed", field="salt", why="a salt is 128 bits as 22 base64url characters")
    if not _is_path(path):
        raise Malformed("malformed", field="path", value=path, why="it is not of the form slot or slot/number")
    return b64url(format_json([salt, path, value], field=path))


def disclose_made(salt: str, path: str, value: Json) -> str:
    """`disclose` for a salt and a path of our own making and a value that `check_json` has passed: the same text."""
    if value is None:
        return b64url(f'["{salt}","{path}",null]'.encode())
    try:
        return b64url(dump([salt, path, value]))
    except UnicodeEncodeError:
        raise Malformed("malformed", field=path, why="a string holds half of a surrogate pair") from None


def digest(disclosure: str) -> bytes:
    return sha256(disclosure.encode()).digest()


def open_disclosure(disclosure: str) -> Opened:
    """Undo `disclose`. Malformed for any other text. Says nothing of whether anybody committed to it."""
    return open_disclosures([disclosure])[0]


def open_disclosures(disclosures: Sequence[str]) -> list[Opened]:
    """`open_disclosure` of each, for less: salts and paths have no second spelling, so only values are parsed."""
    contents = [unb64url(one, field="disclosure") for one in disclosures]
    try:
        parts = [_parts(content.decode()) for content in contents]
    except UnicodeDecodeError:
        return _open_exactly(disclosures, contents)
    found = [part.groups() for part in parts if part is not None]
    values = parse_all([value for _, _, value in found if value != "null"], inside=1)
    if values is None or len(found) != len(disclosures):
        return _open_exactly(disclosures, contents)
    parsed = iter(values)
    return [
        Opened(salt, path, None if value == "null" else next(parsed), disclosure)
        for (salt, path, value), disclosure in zip(found, disclosures, strict=True)
    ]


def _open_exactly(disclosures: Sequence[str], contents: Sequence[bytes]) -> list[Opened]:
    """The rule itself, which also says what is wrong."""
    found = []
    values = [parse_json(content, field="disclosure") for content in contents]
    for content, disclosure in zip(values, disclosures, strict=True):
        if not isinstance(content, list) or len(content) != 3:
            raise Malformed("malformed", field="disclosure", value=disclosure, why="it is not [salt, path, value]")
        salt, path, value = content
        if not (isinstance(salt, str) and isinstance(path, str) and _is_salt(salt) and _is_path(path)):
            raise Malformed("malformed", field="disclosure", value=disclosure, why="it is not [salt, path, value]")
        found.append(Opened(salt, path, value, disclosure))
    return found


def padded(count: int) -> int:
    """How many items a list of `count` is committed as: the next power of two, at least 1.

    The writer fills up with disclosures of null, so that the length of a list tells little.
    """
    if count > MAX_ITEMS:
        raise Malformed("malformed", field="list", value=count, why=f"a list has at most {MAX_ITEMS} items")
    return 1 << max(count - 1, 0).bit_length()


def commit_list(digests: Sequence[bytes]) -> ListCommitment:
    """Commit to the items' digests in their order; their number is `padded` already."""
    assert len(digests) == padded(len(digests)), "the caller pads with committed nulls"
    nodes = [leaf_hash(one) for one in digests]
    while len(nodes) > 1:  # a complete tree: RFC 6962 folds it level by level
        nodes = [node_hash(left, right) for left, right in zip(nodes[::2], nodes[1::2], strict=True)]
    return ListCommitment(len(digests), nodes[0])


def prove_items(digests: Sequence[bytes], indices: Sequence[int]) -> list[list[bytes]]:
    """One tree path for each of `indices`, all from one tree: to open some items of a list and not the others."""
    tree = Tree([leaf_hash(one) for one in digests])
    return [tree.prove_inclusion(index) for index in indices]


def prove_item(digests: Sequence[bytes], index: int) -> list[bytes]:
    return prove_items(digests, [index])[0]


def check_item(commitment: ListCommitment, index: int, item: bytes, proof: Sequence[bytes]) -> None:
    """Unverified unless the digest `item` stands at `index` of the list."""
    check_inclusion(proof, index, commitment.n, leaf_hash(item), commitment.root)


def open_slots(sd: Mapping[str, Any], disclosures: Sequence[str | dict[str, Any]]) -> dict[str, Opened]:
    """What `disclosures` open of the commitments `sd`, by path.

    A text alone opens a scalar slot, or, together with those of all its other items, a whole list (n texts).
    `{"d": text, "path": [base64 hashes]}` opens a single item. Refused: a path that is no slot of `sd` or lies
    beyond the list's n, a value that does not fit its commitment, a place opened twice, a list opened in part
    without tree paths, and one opened in both ways.
    """
    whole = _open_whole(sd, disclosures)
    return _open_each(sd, disclosures) if whole is None else whole


def _open_whole(sd: Mapping[str, Any], disclosures: Sequence[Any]) -> dict[str, Opened] | None:
    """The usual case for less: texts alone, and all that `sd` commits to. None for any other, and if anything is wrong:
    `_open_each` says what.
    """
    if not all(isinstance(one, str) for one in disclosures):
        return None
    try:
        found = {one.path: one for one in open_disclosures(disclosures)}
    except Malformed:
        return None
    opened = 0
    for slot, commitment in sd.items():
        if slot in found:
            if b64url(digest(found[slot].disclosure)) != commitment:
                return None
            opened += 1
            continue
        n = commitment["n"] if isinstance(commitment, dict) and commitment.keys() == {"n", "root"} else None
        if type(n) is not int or not 0 < n <= len(found) or n.bit_count() != 1:
            return None
        items = [found.get(f"{slot}/{at}") for at in range(n)]
        digests = [digest(item.disclosure) for item in items if item is not None]
        if len(digests) != n or commit_list(digests).to_json() != commitment:
            return None
        opened += n
    return found if opened == len(disclosures) else None


def _open_each(sd: Mapping[str, Any], disclosures: Sequence[str | dict[str, Any]]) -> dict[str, Opened]:
    slots = {name: _commitment(name, commitment) for name, commitment in sd.items()}
    found: dict[str, Opened] = {}
    whole: dict[str, dict[int, str]] = {}
    proofs = [None if isinstance(given, str) else _proof(given, at) for at, given in enumerate(disclosures)]
    texts = [given if isinstance(given, str) else given["d"] for given in disclosures]
    for at, (opened, proof) in enumerate(zip(open_disclosures(texts), proofs, strict=True)):
        path = opened.path
        slot, _, index = path.partition("/")
        commitment = slots.get(slot)
        if path in found:
            raise Unverified("slot-opened-twice", field=_place(at), value=path)
        if isinstance(commitment, ListCommitment) and index and int(index) < commitment.n:
            if proof is None:
                whole.setdefault(slot, {})[int(index)] = opened.disclosure
            elif not _holds(commitment, int(index), opened.disclosure, proof):
                raise Unverified("disclosure-unproven", field=_place(at), value=path)
        elif isinstance(commitment, str) and not index:
            if proof is not None or b64url(digest(opened.disclosure)) != commitment:
                raise Unverified("disclosure-unproven", field=_place(at), value=path)
        else:
            raise Unverified("slot-unknown", field=_place(at), value=path)
        found[path] = opened
    for slot, items in whole.items():
        commitment = slots[slot]
        assert isinstance(commitment, ListCommitment)
        if len(items) != commitment.n:
            raise Unverified("list-incomplete", field=slot, value=len(items), n=commitment.n)
        if commit_list([digest(items[index]) for index in range(commitment.n)]) != commitment:
            raise Unverified("disclosure-unproven", field=slot, value=slot)
    return found


def _holds(commitment: ListCommitment, index: int, disclosure: str, proof: Sequence[bytes]) -> bool:
    try:
        check_item(commitment, index, digest(disclosure), proof)
    except Unverified:
        return False
    return True


def _commitment(slot: str, commitment: Any) -> str | ListCommitment:
    """A scalar's as the text it is, for comparing it asks no bytes; a list's taken apart."""
    if isinstance(commitment, str):
        if not _is_digest(commitment):
            raise Malformed("malformed", field=slot, value=commitment, why="it is not 32 bytes in base64url")
        return commitment
    if isinstance(commitment, dict) and commitment.keys() == {"n", "root"}:
        n, root = commitment["n"], commitment["root"]
        if type(n) is int and 0 < n <= MAX_ITEMS and n.bit_count() == 1 and isinstance(root, str):
            return ListCommitment(n, unb64url(root, field=slot, size=32))
    raise Malformed("malformed", field=slot, value=commitment, why="it is neither a digest nor a list's n and root")


def _proof(given: Any, at: int) -> list[bytes]:
    """The tree path of a single item of a list."""
    if isinstance(given, dict) and given.keys() == {"d", "path"}:
        text, path = given["d"], given["path"]
        if isinstance(text, str) and isinstance(path, list) and all(isinstance(one, str) for one in path):
            return [unb64(one, field=_place(at), size=32) for one in path]
    raise Malformed("malformed", field=_place(at), why="it is neither a disclosure nor a disclosure with its tree path")


def _place(at: int) -> str:
    return f"disclosures[{at}]"
