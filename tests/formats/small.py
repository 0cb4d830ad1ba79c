"""The small formats of the vectors: what is written the one way, what is refused, and the true evidence files."""

from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from typing import Any

from ledger.evidence import Evidence
from ledger.log.canonical import b64, b64url, unb64url
from ledger.log.notes import COSIGNATURE, sign_note
from tests.formats import endings
from tests.formats.federation import recycler_evidence
from tests.formats.lies import direct_policy, named_directly
from tests.formats.scribe import next_key, place, signer
from tests.formats.story import (
    Story,
    admitted_evidence,
    attested_evidence,
    handover_evidence,
    log_evidence,
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

JSON_GOOD = [
    "null",
    "[]",
    '{"a":[],"a.b":{},"a_1":true}',
    '{"country":"CN","mg":9007199254740991,"signed":-9007199254740991}',
    '["\\b\\t\\n\\f\\r\\u0000\\u001f\\"\\\\/\u007f\u2028€氧化镨钕𠮷"]',
    '["e\u0301","\u00e9"]',
    "[[[[[[[[]]]]]]]]",
]
JSON_REFUSED = [
    {"name": "a blank", "text": '{"a": 1}'},
    {"name": "a line end behind it", "text": "{}\n"},
    {"name": "nothing", "text": ""},
    {"name": "two values", "text": "{}{}"},
    {"name": "keys out of order", "text": '{"b":1,"a":2}'},
    {"name": "a key twice", "text": '{"a":1,"a":1}'},
    {"name": "an empty key", "text": '{"":1}'},
    {"name": "a key with a capital", "text": '{"netMg":1}'},
    {"name": "a key that begins with a digit", "text": '{"1a":1}'},
    {"name": "a float", "text": "[1.0]"},
    {"name": "an exponent", "text": "[1e3]"},
    {"name": "minus zero", "text": "[-0]"},
    {"name": "a leading zero", "text": "[01]"},
    {"name": "2^53", "text": "[9007199254740992]"},
    {"name": "-2^53", "text": "[-9007199254740992]"},
    {"name": "not a number", "text": "[NaN]"},
    {"name": "infinity", "text": "[Infinity]"},
    {"name": "nine containers inside one another", "text": "[[[[[[[[[]]]]]]]]]"},
    {"name": "an escape that is not needed", "text": '["\\u0061"]'},
    {"name": "an escape in capitals", "text": '["\\u001F"]'},
    {"name": "a long escape for a short one", "text": '["\\u000a"]'},
    {"name": "an escaped solidus", "text": '["\\/"]'},
    {"name": "a character beyond the 16-bit plane, escaped", "text": '["\\ud842\\udfb7"]'},
    {"name": "half of a surrogate pair", "text": '["\\ud842"]'},
    {"name": "a control character as it is", "text": '["\u0001"]'},
    {"name": "a byte order mark", "text": "\ufeff{}"},
    {"name": "a comment", "text": "{}//"},
    {"name": "single quotes", "text": "{'a':1}"},
    {"name": "a comma too many", "text": "[1,]"},
]
BASE64 = {
    "good": [
        {"bytes": "", "base64": "", "base64url": ""},
        {"bytes": "fb", "base64": "+w==", "base64url": "-w"},
        {"bytes": "fbff", "base64": "+/8=", "base64url": "-_8"},
        {"bytes": "fbffbf", "base64": "+/+/", "base64url": "-_-_"},
    ],
    "refused": [
        {"name": "spare bits", "alphabet": "base64", "text": "+x=="},
        {"name": "padding missing", "alphabet": "base64", "text": "+w"},
        {"name": "padding too much", "alphabet": "base64", "text": "+/+/===="},
        {"name": "the other alphabet", "alphabet": "base64", "text": "-_8="},
        {"name": "a line end", "alphabet": "base64", "text": "+/+/\n"},
        {"name": "spare bits", "alphabet": "base64url", "text": "-x"},
        {"name": "padding", "alphabet": "base64url", "text": "-w=="},
        {"name": "the other alphabet", "alphabet": "base64url", "text": "+w"},
        {"name": "five characters", "alphabet": "base64url", "text": "-_-_A"},
    ],
}
_HOST = "a" * 60 + "." + "b" * 59
NAMES = {
    "nodes": {
        "good": ["longnan.example", "a.b", "hub.example/mill-7", "x-1.y2.example/a/b", _HOST],
        "refused": [
            "",
            "longnan",
            "Longnan.example",
            "longnan.example/",
            "/log",
            "longnan..example",
            "-a.example",
            "a-.example",
            "a.example:8080",
            "a.example/mill_7",
            "龙南.example",
            "a.example ",
            _HOST + "c",
        ],
    },
    "origins": {
        "good": ["longnan.example/log", "hub.example/mill-7/log", "longnan.example/log2", "longnan.example/log10"],
        "refused": [
            "longnan.example",
            "longnan.example/log1",
            "longnan.example/log0",
            "longnan.example/log02",
            "longnan.example/logs",
            "longnan.example/log/",
            "log",
        ],
    },
}
IDS_REFUSED = [
    {"name": "25 characters", "id": "0" * 25},
    {"name": "27 characters", "id": "0" * 27},
    {"name": "more than 128 bits", "id": "8" + "0" * 25},
    {"name": "a small letter", "id": "0" * 25 + "a"},
    {"name": "a letter that is none of the alphabet's", "id": "0" * 25 + "I"},
    {"name": "a hyphen", "id": "0" * 12 + "-" + "0" * 13},
]
_PRIME = 2**255 - 19
_SMALL_ORDER = (
    *(number.to_bytes(32, "little") for number in (0, 1, _PRIME - 1, _PRIME, _PRIME + 1, 2**255 + 1)),
    bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"),
    bytes.fromhex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"),
)
DISCLOSED: list[tuple[str, Any]] = [
    ("transport", {"vehicle": "赣B12345", "waybill": "W-1"}),
    ("documents", None),
    ("lines.chain/3", {"batch": "magnet.example/log#6PWD16XSJ7CFAK32PHAYDB96XK", "line": 3}),
    ("lines.chain/65535", None),
]


def keys_refused() -> list[dict[str, str]]:
    key = signer("magnet.example/log").verifier
    name, id_, blob = key.vkey.split("+", 2)
    return [
        {"name": "another name", "vkey": f"{name}2+{id_}+{blob}"},
        {"name": "another key id", "vkey": f"{name}+00000000+{blob}"},
        {"name": "an id in capitals", "vkey": f"{name}+{id_.upper()}+{blob}"},
        {"name": "a type that nobody knows", "vkey": f"{name}+{id_}+B{blob[1:]}"},
        {"name": "padding lost", "vkey": key.vkey.rstrip("=")[:-1]},
        {"name": "no key", "vkey": f"{name}+{id_}+"},
        {"name": "a blank in the name", "vkey": _vkey("magnet example/log", key.public)},
        {"name": "an ideographic space in the name", "vkey": _vkey("magnet\u3000example/log", key.public)},
        {"name": "a control character in the name", "vkey": _vkey("magnet\u0007.example/log", key.public)},
        {"name": "two parts", "vkey": f"{name}+{id_}"},
        *(
            {"name": f"a public key of small order, {number}", "vkey": _vkey(name, public)}
            for number, public in enumerate(_SMALL_ORDER)
        ),
    ]


def _vkey(name: str, public: bytes) -> str:
    key_id = sha256(name.encode() + b"\n\1" + public).digest()[:4]
    return f"{name}+{key_id.hex()}+{b64(bytes([1]) + public)}"


def notes_refused() -> list[dict[str, str]]:
    author = signer("magnet.example/author")
    note = sign_note("lodetrace entry v1\nand so on\n", [author]).decode()
    text, line = note.split("\n\n")
    return [
        {"name": "no signature", "note": text + "\n\n"},
        {"name": "no empty line", "note": f"{text}\n{line}"},
        {"name": "its last line does not end", "note": note[:-1]},
        {"name": "a line end too many", "note": note + "\n"},
        {"name": "a carriage return", "note": note.replace("\n", "\r\n")},
        {"name": "a tab in the text", "note": note.replace("and so", "and\tso")},
        {"name": "a hyphen for the dash", "note": note.replace("—", "-")},
        {"name": "two blanks", "note": note.replace("— ", "—  ")},
        {"name": "padding lost", "note": note.replace("=\n", "\n")},
        {"name": "a signature of no bytes", "note": f"{text}\n\n— {author.verifier.name} AAAAAA==\n"},
        {"name": "a plus in the name", "note": note.replace("/author", "+author")},
        {"name": "a no-break space in the name", "note": note.replace("/author", "\u00a0author")},
        {"name": "base64 with a line's end in it", "note": note.replace("=\n", "\n=\n")},
    ]


def policies() -> dict[str, Any]:
    vkeys = {name: signer(f"{name}.example/witness", COSIGNATURE).verifier.vkey for name in ("a", "b", "c")}
    log = f"log {signer('magnet.example/log').verifier.vkey}\n"
    witnesses = "".join(f"witness {name} {vkey}\n" for name, vkey in vkeys.items())
    ours, end = "#lodetrace", "quorum none\n"
    registry = f"{ours} registry magnet.example/log\n"
    nested = "group ab any a b\ngroup all all ab c\nquorum all\n"
    return {
        "quorums": [
            {"name": "nobody is asked", "text": log + "quorum none\n", "cosigned": [], "satisfied": True},
            *(
                {
                    "name": f"one of a and b, and c: {' '.join(who) or 'nobody'}",
                    "text": log + witnesses + nested,
                    "cosigned": [vkeys[name] for name in who],
                    "satisfied": satisfied,
                }
                for who, satisfied in (
                    ("", False),
                    ("a", False),
                    ("ab", False),
                    ("ac", True),
                    ("bc", True),
                    ("abc", True),
                )
            ),
            {
                "name": "two of three",
                "text": log + witnesses + "group two 2 a b c\nquorum two\n",
                "cosigned": [vkeys["b"], vkeys["b"]],
                "satisfied": False,
            },
        ],
        "refused": [
            {"name": "no quorum", "line": 1, "text": log},
            {"name": "two quorums", "line": 3, "text": log + "quorum none\nquorum none\n"},
            {"name": "no line end", "line": 2, "text": log + "quorum none"},
            {"name": "a word that nobody knows", "line": 1, "text": "mirror x\nquorum none\n"},
            {"name": "a quorum that is not defined", "line": 2, "text": log + "quorum some\n"},
            {"name": "a log twice", "line": 2, "text": log + log + "quorum none\n"},
            {
                "name": "a key twice, under two names",
                "line": 2,
                "text": f"witness a {vkeys['a']}\nwitness b {vkeys['a']}\nquorum a\n",
            },
            {"name": "a witness's key for a log", "line": 1, "text": f"log {vkeys['a']}\nquorum none\n"},
            {"name": "a log's key for a witness", "line": 1, "text": "witness a " + log[4:] + "quorum a\n"},
            {
                "name": "a member in two groups",
                "line": 5,
                "text": witnesses + "group x any a b\ngroup y any a c\nquorum y\n",
            },
            {"name": "a threshold above the members", "line": 4, "text": witnesses + "group x 3 a b\nquorum x\n"},
            {"name": "a threshold of zero", "line": 4, "text": witnesses + "group x 0 a b\nquorum x\n"},
            {"name": "a group before its members", "line": 1, "text": "group x any a b\n" + witnesses + "quorum x\n"},
            {"name": "a group named none", "line": 4, "text": witnesses + "group none any a\nquorum none\n"},
            {"name": "a control character", "line": 1, "text": "# \u0007\nquorum none\n"},
            {"name": "a registry that is no log", "line": 1, "text": f"{ours} registry magnet.example/log\n{log}{end}"},
            {"name": "a registry twice", "line": 3, "text": f"{log}{registry}{registry}{end}"},
            {"name": "an age of no days", "line": 1, "text": f"{ours} standing-max-age-days 0\n{end}"},
            {"name": "two ages", "line": 2, "text": f"{ours} standing-max-age-days 9\n" * 2 + end},
            {"name": "a line of ours that nobody knows", "line": 1, "text": f"{ours} registries all\n{end}"},
        ],
    }


def labels_refused(token: str) -> list[dict[str, str]]:
    data = unb64url(token)

    def changed(at: int) -> str:
        return b64url(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])

    return [
        {"name": "another version", "error": "Malformed", "token": b64url(b"\x02" + data[1:])},
        {"name": "a byte too few", "error": "Malformed", "token": b64url(data[:-1])},
        {"name": "a byte too many", "error": "Malformed", "token": b64url(data + b"\0")},
        {"name": "padding", "error": "Malformed", "token": token + "=="},
        {"name": "spare bits", "error": "Malformed", "token": token[:-1] + chr(ord(token[-1]) + 1)},
        {"name": "another key", "error": "Unverified", "token": changed(1)},
        {"name": "another unit", "error": "Unverified", "token": changed(5)},
        {"name": "another index", "error": "Unverified", "token": changed(28)},
        {"name": "another leaf", "error": "Unverified", "token": changed(29)},
        {"name": "another mass", "error": "Unverified", "token": changed(68)},
        {"name": "another signature", "error": "Unverified", "token": changed(132)},
    ]


def _under_shorter(told: Story, evidence: Evidence) -> Evidence:
    """The motor maker's entries under a checkpoint of size 4; that of size 5 is still there."""
    place_, motor = len(evidence.checkpoints), told.motor
    entries = [motor.proven(one.index, 4, place_) if one.log == motor.origin else one for one in evidence.entries]
    note = motor.checkpoint(4, ["authority.example", told.magnet])
    return replace(evidence, entries=tuple(entries), checkpoints=(*evidence.checkpoints, note))


def evidence(told: Story, policy: str) -> Iterator[tuple[str, str | None, Evidence, str | None]]:
    """Files that hold: name, the file that it is a variant of, evidence, and the trust policy, if any."""
    motor = motor_evidence(told)
    yield "motor", None, motor, policy
    yield "handover", None, handover_evidence(told), policy
    yield "whole", None, whole_evidence(told), policy
    yield "log", None, log_evidence(told), policy
    yield "plant", None, plant_evidence(told), policy
    yield "oxide", None, oxide_evidence(told), policy
    attested = attested_evidence(told)
    yield "attested", None, attested, policy
    yield "attested, and nobody who vouches", "attested", attested, None
    opener = told.authority.written[0].leaf
    roleless = {**attested.disclosures, opener: attested.disclosures[opener][1:]}
    yield "attested, by whom it is not told", "attested", replace(attested, disclosures=roleless), policy
    shorter = _under_shorter(told, attested)
    yield "attested, at a size that is not joined to that of the entries", "attested", shorter, policy
    joined = replace(shorter, consistency=(*shorter.consistency, told.motor.consistency(4, 5)))
    yield "attested, at a size that is joined to that of the entries", "attested", joined, policy
    small = oxide_evidence(told)
    drawn = told.plant.written[4].leaf
    chain = [text for text in small.disclosures[drawn] if place(text).startswith("draw")]
    bare = replace(small, disclosures={**small.disclosures, drawn: tuple(chain)})
    yield "oxide, only what was done disclosed", "oxide", bare, policy
    yield "oxide, the period not closed", "oxide", without(small, ("longnan.example/log", 5)), policy
    yield "motor, and nobody who vouches", "motor", motor, None
    yield "motor, under a policy that asks no witness", "motor", motor, policy_text("none")
    yield "motor, consistency not shown", "motor", replace(motor, consistency=()), policy
    yield "motor, the shipment missing", "motor", without(motor, ("magnet.example/log", 4)), policy
    yield "motor, the source missing", "motor", without(motor, ("magnet.example/log", 1)), policy
    yield "motor, the motor missing", "motor", without(motor, ("motor.example/log", 3)), policy
    openers = {scribe.written[0].leaf for scribe in told.scribes()}
    keys = {leaf: opens for leaf, opens in motor.disclosures.items() if leaf in openers}
    yield "motor, nothing opened", "motor", replace(motor, disclosures=keys), policy
    yield from _of_members(told)
    yield from _of_ended_keys()
    later = tell(magnet={"texts": {6: lambda text: text.replace('"type":"removed"', '"type":"recast"')}})
    yield "whole, with an event of a later version", "whole", whole_evidence(later), policy


def _of_members(told: Story) -> Iterator[tuple[str, str | None, Evidence, str | None]]:
    """Whose logs are relied on because a registry admits them."""
    trust = registry_policy()
    yield "admitted", None, admitted_evidence(told), trust
    rekeyed = rekeyed_evidence(told)
    yield "rekeyed", None, rekeyed, trust
    yield "rekeyed, and nobody who vouches", "rekeyed", rekeyed, None
    yield "rekeyed, no standing shown", "rekeyed", replace(rekeyed, standing=()), trust
    unconfirmed = replace(without(rekeyed, ("registry.example/log", 5), ("registry.example/log", 6)), standing=())
    yield "rekeyed, not confirmed by the registry yet", "rekeyed", unconfirmed, trust
    yield "rekeyed, the log named by the policy", "rekeyed", named_directly(told), direct_policy()
    yield "admitted, to a reader of no registry", "admitted", admitted_evidence(told), policy_text()
    new = b64(next_key("reclaim.example", "author").verifier.public)
    again = tell(registry={"changes": {6: lambda slots: slots["revocation"].update(key=new, size=4)}})
    yield (
        "rekeyed, a revoked key, attested anew",
        "rekeyed",
        recycler_evidence(again.reclaim, again.registry, 11),
        trust,
    )


def _of_ended_keys() -> Iterator[tuple[str, str | None, Evidence, str | None]]:
    """Under keys that holders of recovery keys have put in force, and of a log that succeeded another."""
    true = endings.recovered()
    yield "recovered", None, true, endings.recovered_policy()
    yield "recovered, to a reader of the new key", "recovered", true, endings.recovered_policy(now=True)
    trust = endings.succeeded_policy()
    yield "succeeded", None, endings.succeeded(), trust
    yield "succeeded, goods from beyond the end", "succeeded", endings.succeeded(lot=2), trust
    yield "succeeded, goods from beyond another end", "succeeded", endings.succeeded(final=1), trust
