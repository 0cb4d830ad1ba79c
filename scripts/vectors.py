"""Writes tests/vectors/lodetrace-v1.json, the generated parts of docs/formats.md, and the tables by which browsers
read events (api/pages/static/verifier/tables.js), anew from the code.

    python scripts/vectors.py            writes them
    python scripts/vectors.py --check    says which would change, and writes nothing

Keys, salts and times are fixed, so that the same code writes the same bytes. A change here is a change of the formats:
read the difference before it is kept. tests/formats holds both files against the code and against a second verifier.

Over 400 lines because a vector is found beside those that it resembles.
"""

import json
import re
import sys
from base64 import b64encode
from hashlib import sha256
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from ledger.entries import id_bytes, id_text  # noqa: E402
from ledger.evidence import Evidence, evidence_json, format_evidence, parse_evidence, verify  # noqa: E402
from ledger.forks import Fork, check_fork, format_fork  # noqa: E402
from ledger.labels import Label, check_code, label_text, make_token  # noqa: E402
from ledger.log.canonical import b64, b64url, format_json  # noqa: E402
from ledger.log.checkpoints import parse_checkpoint  # noqa: E402
from ledger.log.disclosures import commit_list, digest, disclose, open_disclosure, prove_items  # noqa: E402
from ledger.log.notes import parse_note, sign_note  # noqa: E402
from ledger.log.proofs import Proof, format_proof  # noqa: E402
from ledger.log.tiles import bundle_path, format_bundle, tile_path  # noqa: E402
from ledger.log.trust import Policy  # noqa: E402
from ledger.matter.elements import ELEMENTS  # noqa: E402
from ledger.matter.event_types import EVENT_TYPES, OPTIONAL, ROWS  # noqa: E402
from ledger.matter.provenance import MODELS  # noqa: E402
from ledger.verdict import judge  # noqa: E402
from tests.formats import forking, scribe, small, story  # noqa: E402
from tests.formats.lies import BASES, LIES, Lie  # noqa: E402

VECTORS = ROOT / "tests" / "vectors" / "lodetrace-v1.json"
DOCUMENT = ROOT / "docs" / "formats.md"
BROWSER = ROOT / "api" / "pages" / "static" / "verifier" / "tables.js"
HOST = "https://label.example"


def make() -> dict[str, Any]:
    """All vectors, as JSON values."""
    told = story.tell()
    return {
        "about": "Test vectors of docs/formats.md, made by scripts/vectors.py. The keys are for tests only.",
        "json": {"good": small.JSON_GOOD, "refused": small.JSON_REFUSED},
        "base64": small.BASE64,
        "names": small.NAMES,
        "keys": _keys(told),
        "keys_refused": small.keys_refused(),
        "notes_refused": small.notes_refused(),
        "ids": _ids(told),
        "disclosures": _disclosures(),
        "lists": [_list(count) for count in (1, 2, 4, 8)],
        "logs": [_log(writer) for writer in told.scribes()],
        "checkpoints": [_checkpoint(note) for note in story.checkpoints(told)],
        "consistency": [_consistency(writer) for writer in told.scribes()],
        "proof": _proof(told),
        "policies": small.policies(),
        "labels": [_label(told, number) for number in (0, 1)],
        "labels_refused": small.labels_refused(make_token(_label_of(told, 1), told.motor.key("author"))),
        "delivery": _delivery(told),
        "evidence": [
            _evidence(name, of, evidence, policy)
            for name, of, evidence, policy in small.evidence(told, story.policy_text())
        ],
        "lies": [_lie(lie) for lie in LIES],
        "forks": [_fork(name, fork) for name, fork in forking.proven().items()],
        "forks_refused": [
            {"name": name, "file": format_fork(fork).decode(), "code": code}
            for name, (fork, code) in forking.unproven().items()
        ],
    }


def _fork(name: str, fork: Fork) -> dict[str, Any]:
    data = format_fork(fork)
    found = check_fork(fork)
    facts = {"kind": found.kind, "place": found.place, "first": found.first.hex(), "second": found.second.hex()}
    return {"name": name, "file": data.decode(), **facts}


def _keys(told: story.Story) -> list[dict[str, Any]]:
    found = []
    for writer in told.scribes():
        for use in ("log", "author", "witness", "peer"):
            key = writer.key(use).verifier
            found.append(
                {
                    "name": key.name,
                    "type": key.algorithm,
                    "seed": scribe.seed(key.name).hex(),
                    "public": key.public.hex(),
                    "key_id": key.key_id.hex(),
                    "vkey": key.vkey,
                }
            )
    return found


def _ids(told: story.Story) -> dict[str, Any]:
    origin = told.magnet.origin
    good = []
    for path, id_ in (
        ("batch", told.magnet.written[1].ids["batch"]),
        ("shipment", told.magnet.written[4].ids["shipment"]),
    ):
        written = told.magnet.written[1 if path == "batch" else 4]
        salt = next(open_disclosure(text).salt for text in written.disclosures if scribe.place(text) == path)
        good.append({"origin": origin, "salt": salt, "bytes": id_bytes(id_).hex(), "id": id_})
    edges = [{"bytes": edge.hex(), "id": id_text(edge)} for edge in (bytes(16), b"\xff" * 16, bytes(range(16)))]
    return {"good": good, "spelled": edges, "refused": small.IDS_REFUSED}


def _disclosures() -> list[dict[str, Any]]:
    found = []
    for number, (path, value) in enumerate(small.DISCLOSED):
        salt = b64url(scribe.salts(f"disclosure {number}")(16))
        text = disclose(salt, path, value)
        plain = format_json([salt, path, value]).decode()
        found.append({"salt": salt, "path": path, "json": plain, "disclosure": text, "digest": digest(text).hex()})
    return found


def _list(count: int) -> dict[str, Any]:
    digests = [sha256(bytes([number])).digest() for number in range(count)]
    paths = [[b64(node) for node in path] for path in prove_items(digests, range(count))]
    return {"digests": [one.hex() for one in digests], **commit_list(digests).to_json(), "paths": paths}


def _log(writer: scribe.Scribe) -> dict[str, Any]:
    size, tree = len(writer.written), writer.tree()
    raws = [one.entry.raw for one in writer.written]
    return {
        "origin": writer.origin,
        "entries": [_entry(one, writer) for one in writer.written],
        "roots": [b64(tree.root(at)) for at in range(size + 1)],
        "tile": {
            "path": tile_path(0, 0, size),
            "base64": b64encode(b"".join(one.leaf for one in writer.written)).decode(),
        },
        "bundle": {"path": bundle_path(0, size), "base64": b64encode(format_bundle(raws)).decode()},
    }


def _entry(one: scribe.Written, writer: scribe.Scribe) -> dict[str, Any]:
    signers = writer.signs.get(one.entry.index, [writer.key("author")])
    return {
        "authors": [signer.verifier.vkey for signer in signers],
        "index": one.entry.index,
        "type": one.type,
        "recorded_at": one.entry.recorded_at,
        "text": one.entry.text,
        "note": one.entry.raw.decode(),
        "text_hash": b64(one.entry.text_hash),
        "leaf": b64(one.leaf),
        "disclosures": list(one.disclosures),
        "ids": _plain(one.ids),
        "slots": _plain(scribe.opened(one).slots),
    }


def _plain(value: Any) -> Any:
    return json.loads(json.dumps(value))


def _checkpoint(note: bytes) -> dict[str, Any]:
    parsed = parse_note(note)
    head = parse_checkpoint(parsed.text)
    cosigned = [
        {"name": line.name, "time": int.from_bytes(line.signature[:8], "big")}
        for line in parsed.signatures
        if line.name.endswith("/witness")
    ]
    return {
        "note": note.decode(),
        "text": parsed.text,
        "origin": head.origin,
        "size": head.size,
        "root": b64(head.root),
        "cosigned": cosigned,
    }


def _consistency(writer: scribe.Scribe) -> dict[str, Any]:
    """Of a small log between all sizes, of a larger one from each to the last."""
    size = len(writer.written)
    proofs = [(old, new) for new in range(1 if size < 10 else size, size + 1) for old in range(1, new + 1)]
    return {
        "log": writer.origin,
        "proofs": [
            {"old": old, "new": new, "path": [b64(node) for node in writer.tree().prove_consistency(old, new)]}
            for old, new in proofs
        ],
    }


def _proof(told: story.Story) -> dict[str, Any]:
    note = story.checkpoints(told)[1]
    proof = Proof(4, tuple(told.magnet.tree().prove_inclusion(4, 8)), note)
    return {
        "leaf": b64(told.magnet.written[4].leaf),
        "text": format_proof(proof).decode(),
        "policy": story.policy_text(),
    }


def _label_of(told: story.Story, number: int) -> Label:
    packed = (told.magnet.written[2], told.motor.written[3])[number]
    row, unit = packed.slots["units.public"][number], packed.ids["units.public"][number]
    return Label(packed.entry.origin, packed.entry.index, packed.leaf, unit, row["net_mg"])


def _label(told: story.Story, number: int) -> dict[str, Any]:
    label, author = _label_of(told, number), told.scribes()[number].key("author")
    token = make_token(label, author)
    return {
        "origin": label.origin,
        "index": label.index,
        "leaf": b64(label.leaf),
        "unit": label.unit,
        "net_mg": label.net_mg,
        "author": author.verifier.vkey,
        "text": label_text(label),
        "token": token,
        "url": f"{HOST}/q/{token}",
        "short_url": f"{HOST}/u/{label.unit}",
        "check_code": check_code(label.leaf),
    }


def _delivery(told: story.Story) -> dict[str, Any]:
    text = (
        f"lodetrace delivered v1\n{told.motor.origin}\n{b64(told.magnet.written[4].leaf)}\n2026-11-22T01:31:07.250Z\n"
    )
    return {"text": text, "note": sign_note(text, [told.motor.key("author")]).decode()}


def _evidence(name: str, of: str | None, evidence: Evidence, policy: str | None) -> dict[str, Any]:
    """A file that holds, whole; or as edits of one that stands whole before it."""
    data = format_evidence(evidence)
    result = verify(parse_evidence(data), None if policy is None else Policy.parse(policy))
    verdict = judge(result)
    opened = [
        {"log": log, "index": index, "slots": _plain(one.event.slots), "ids": _plain(one.event.ids)}
        for (log, index), one in sorted(result.entries.items())
        if one.event is not None
    ]
    value = evidence_json(evidence)
    true = value if of is None else evidence_json(BASES[of](story.tell()))
    return {
        "name": name,
        "policy": policy,
        **({"file": value, "opened": opened} if of is None else {"of": of, "edits": edits(true, value)}),
        "sha256": sha256(data).hexdigest(),
        "verdict": {
            "vouched": verdict.vouched,
            "complete": verdict.complete,
            "missing": sorted(verdict.missing),
            "not_shown": verdict.not_shown,
            "subject": dict(verdict.subject),
            "attested": [
                {"by": one.by, "index": one.index, "log": one.log, "size": one.size, "checks": list(one.checks)}
                for one in result.attested
            ],
            "origins": [
                {
                    "batch": one.batch,
                    "log": one.log,
                    "index": one.index,
                    "standing": one.standing,
                    "model": one.model,
                    "shares": [
                        [element, [[origin, *row] for origin, row in rows.items()]]
                        for element, rows in one.elements.items()
                    ],
                }
                for one in verdict.origins
            ],
            "members": {
                name: {
                    "registry": known.registry,
                    "index": known.member.index,
                    "as_of": known.as_of,
                    "suspended": known.member.suspended,
                }
                for name, known in sorted(result.members.items())
            },
            "logs": {
                origin: {
                    "size": facts.newest.size,
                    "consistent": facts.consistent,
                    "cosigned": [list(one) for one in facts.witnesses],
                }
                for origin, facts in sorted(result.logs.items())
            },
        },
    }


def _lie(lie: Lie) -> dict[str, Any]:
    """The lie as what turns a true file into it: one replaced text, or edits of its JSON values."""
    true = evidence_json(BASES[lie.base](story.tell()))
    told: dict[str, Any] = {"name": lie.name, "step": lie.step, "error": lie.error, "code": lie.code, "of": lie.base}
    if lie.now is not None:
        told["now"] = lie.now
    if lie.asked is not None:
        told["policy"] = lie.policy()
    if lie.text is not None:
        told["replace"] = list(lie.text)
    else:
        told["edits"] = edits(true, json.loads(lie.file()))
    return told


def edits(old: Any, new: Any, path: tuple[Any, ...] = ()) -> list[list[Any]]:
    """`["set", path, value]`, `["insert", path, value]` and `["delete", path]`, in order, that make `new` of `old`."""
    if type(old) is type(new) and isinstance(old, dict):
        found = [["delete", [*path, key]] for key in old if key not in new]
        for key in new:
            found += edits(old[key], new[key], (*path, key)) if key in old else [["set", [*path, key], new[key]]]
        return found
    if type(old) is type(new) and isinstance(old, list):
        if len(old) == len(new):
            return [edit for at in range(len(old)) for edit in edits(old[at], new[at], (*path, at))]
        at = next(
            (at for at, (one, other) in enumerate(zip(old, new, strict=False)) if one != other), min(len(old), len(new))
        )
        if old == [*new[:at], *new[at + 1 :]]:
            return [["insert", [*path, at], new[at]]]
        if new == [*old[:at], *old[at + 1 :]]:
            return [["delete", [*path, at]]]
    return [] if old == new and type(old) is type(new) else [["set", list(path), new]]


# -- the document -------------------------------------------------------------------------------------------------

_BLOCK = re.compile(r"(?<=^```)(text|json) vector=(\S+)\n(.*?)(?=^```$)", re.MULTILINE | re.DOTALL)
_TABLES = re.compile(r"(?<=<!-- made by scripts/vectors.py: )(\w+)( -->\n)(.*?)(?=<!-- end -->)", re.DOTALL)


def look_up(vectors: Any, path: str) -> Any:
    """`logs.0.entries.1.note`: the value at that place."""
    for key in path.split("."):
        vectors = vectors[int(key)] if isinstance(vectors, list) else vectors[key]
    return vectors


def render(document: str, vectors: dict[str, Any]) -> str:
    """The document with its excerpts and its tables as they are now."""

    def block(match: re.Match[str]) -> str:
        value = look_up(vectors, match[2])
        shown = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=1)
        return f"{match[1]} vector={match[2]}\n{shown.rstrip(chr(10))}\n"

    def table(match: re.Match[str]) -> str:
        return f"{match[1]}{match[2]}{ {'events': events_table, 'rows': rows_table}[match[1]]() }\n"

    return _TABLES.sub(table, _BLOCK.sub(block, document))


def events_table() -> str:
    lines = ["| type | slot | form | audience | null | creates | fields |", "|---|---|---|---|---|---|---|"]
    for event_type, slots in EVENT_TYPES.items():
        for slot in slots:
            fields = ", ".join(f"`{name}` {kind}" for name, kind in slot.kinds.items())
            form, null = "list" if slot.items else "scalar", "may be" if slot.name in OPTIONAL else "never"
            cells = (f"`{event_type}`", f"`{slot.name}`", form, slot.audience, null, slot.creates or "", fields)
            lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def rows_table() -> str:
    lines = ["| kind | fields of each object |", "|---|---|"]
    for kind, fields in ROWS.items():
        lines.append(
            f"| {kind} | {', '.join(f'`{name}` {field}' for name, field in fields.items()) or 'none checked'} |"
        )
    return "\n".join(lines)


def browser_tables() -> str:
    """What docs/formats.md tells in tables, as a module; as maps, in which no name finds what all objects have."""
    types = {
        name: {
            slot.name: {"list": slot.items, "creates": slot.creates is not None, "fields": slot.kinds} for slot in slots
        }
        for name, slots in EVENT_TYPES.items()
    }
    lines = [
        "// Made by scripts/vectors.py from the tables of docs/formats.md; do not edit.",
        f"export const ELEMENTS = {json.dumps(ELEMENTS)};",
        f"export const MODELS = {json.dumps(MODELS)};",
        "const maps = (value) => new Map(Object.entries(value));",
        "/** Kind → its fields, of kinds that are arrays of objects. */",
        "export const ROWS = maps({",
        *(f"  {json.dumps(kind)}: maps({json.dumps(fields)})," for kind, fields in ROWS.items()),
        "});",
        "const slot = (list, creates, fields) => ({ list, creates, fields: maps(fields) });",
        "/** Type → slot → {list, creates, fields}. */",
        "export const TYPES = maps({",
    ]
    for name, slots in types.items():
        lines.append(f"  {name}: maps({{")
        for key, one in slots.items():
            arguments = ", ".join(json.dumps(part) for part in one.values())
            lines.append(f"    {json.dumps(key)}: slot({arguments}),")
        lines.append("  }),")
    return "\n".join([*lines, "});"]) + "\n"


def printed(vectors: dict[str, Any]) -> str:
    """The file. What is unseen or has two spellings is escaped, so that no editor changes it."""
    unseen = re.compile("[\u007f-\u00a0\u00ad\u0300-\u036f\u00e9\u2028\u2029\ufeff]")
    return unseen.sub(lambda found: f"\\u{ord(found[0]):04x}", show(vectors, 3)) + "\n"


def show(value: Any, depth: int, indent: str = "") -> str:
    """JSON with each item on a line of its own down to `depth`, and on one line below that."""
    if depth == 0 or not value or not isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    deeper = indent + " "
    if isinstance(value, dict):
        rows = [f"{json.dumps(key)}: {show(item, depth - 1, deeper)}" for key, item in value.items()]
        return "{" + ",".join(f"\n{deeper}{row}" for row in rows) + f"\n{indent}}}"
    return "[" + ",".join(f"\n{deeper}{show(item, depth - 1, deeper)}" for item in value) + f"\n{indent}]"


def main(arguments: list[str]) -> int:
    vectors = make()
    wanted = {
        VECTORS: printed(vectors),
        DOCUMENT: render(DOCUMENT.read_text("utf-8"), vectors),
        BROWSER: browser_tables(),
    }
    stale = [path for path, text in wanted.items() if not path.exists() or path.read_text("utf-8") != text]
    for path in stale:
        print(f"{path.relative_to(ROOT)} {'is stale' if '--check' in arguments else 'written'}")
        if "--check" not in arguments:
            path.write_text(wanted[path], "utf-8")
    return 1 if stale and "--check" in arguments else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
