"""The third story: a registry admits the magnet maker, the motor maker and a recycler, who then replaces its keys.

Told on top of the others: the registry's log is of its own, and says nothing that the other logs do not show.
"""

from dataclasses import replace
from typing import Any

from ledger.evidence import Evidence
from ledger.log.canonical import b64
from ledger.log.merkle import Tree, leaf_hash
from ledger.registry import Line, standing_line
from ledger.standing import Standing
from tests.formats.scribe import KG, WITNESSED_LATER, Scribe, next_key, recorded, typed

STANDING = 10
"""The registry's entry that sums up the ones before."""
ATTESTED = 11


def tell_recycler(c: Scribe) -> None:
    """Entries 0 to 4: swarf is taken in, keys are replaced, and under the new ones it is packed and sent off."""
    c.open("赣州再生资源有限公司", "recycler", "2026-11-20T00:15:30.123Z")
    new = next_key(c.name, "author")
    c.signs = {2: [c.key("author"), new], 3: [new], 4: [new], **c.signs}
    batch = c.write(
        "registered",
        "2026-11-20T00:31:12.004Z",
        {
            "batch": {"product": "ndfeb_swarf", "lot_no": "RS-1", "at": "2026-11-20T08:30:00+08:00", "site": "yard"},
            "origin": {"class": "recycled", "country": "CN", "feed_class": "pre_consumer_external"},
            "quantity": {"mg": 500 * KG, "basis": "net", "typed": typed("500")},
            "assay": None,
            "documents": None,
            "recorded": recorded("u-1"),
        },
    ).ids["batch"]
    keys = [dict(key) for key in c.written[0].slots["keys"]["list"]]
    keys[1] |= {"key": b64(new.verifier.public), "next_commit": b64(bytes(32))}
    c.write(
        "rekeyed",
        "2026-11-21T01:00:00.000Z",
        {
            "about": {"at": "2026-11-21T08:58:00+08:00", "name": c.name},
            "keys": {"list": keys},
            "cited": None,
            "recorded": recorded("u-3"),
        },
    )
    packed = c.write(
        "packed",
        "2026-11-22T00:48:40.500Z",
        {
            "packing": {"batch": batch, "at": "2026-11-22T08:48:00+08:00", "site": "yard"},
            "units.public": [{"serial": "R-1", "kind": "drum", "net_mg": 200 * KG}],
            "units.chain": [{}],
            "units.authority": [{"typed": typed("200")}],
            "recorded": recorded("u-1"),
        },
    )
    drum = {"unit": packed.ids["units.public"][0], "serial": "R-1", "kind": "drum", "net_mg": 200 * KG}
    c.write(
        "shipped",
        "2026-11-22T01:30:00.000Z",
        {
            "shipment": {"at": "2026-11-22T09:29:00+08:00", "purpose": "sale", "to": "magnet.example"},
            "party": None,
            "lines.chain": [{"batch": batch}],
            "lines.provenance": [None],
            "lines.partner": [{"mg": 200 * KG, "basis": "net", "units": [drum], "product": "ndfeb_swarf"}],
            "lines.authority": [{"site": "yard"}],
            "lines.sources": [None],
            "transport": None,
            "documents": None,
            "recorded": recorded("u-1"),
        },
    )


def tell_registry(r: Scribe, a: Scribe, b: Scribe, c: Scribe, policy: str) -> None:
    """Entries 0 to 11."""
    r.open("稀土产品追溯登记中心", "authority", "2026-11-24T00:15:30.123Z")
    ids = ("91350100M000100Y43", "914403001922038216", "91110000600037341L")
    for scribe, uscc in zip((a, b, c), ids, strict=True):
        opened = scribe.written[0].slots
        member = {
            "organisation": opened["log"]["organisation"],
            "uscc": uscc,
            "roles": [opened["log"]["role"]],
            "country": "CN",
        }
        _say(
            r,
            "admitted",
            scribe,
            member=member,
            keys=opened["keys"],
            log={"origin": scribe.origin, "leaf": b64(scribe.written[0].leaf)},
            sites={"list": [{"code": "plant-1", "country": "CN"}]},
            reach={"url": f"https://{scribe.name}/"},
        )
    _say(r, "licensed", a, licence={"kind": "smelting", "no": "XK-2026-7", "from": "2026-01-01", "until": "2028-12-31"})
    cited = {"log": c.origin, "index": 2, "leaf": b64(c.written[2].leaf)}
    _say(r, "rekeyed", c, keys=c.written[2].slots["keys"], cited=cited)
    old = {"use": "author", "key": b64(c.key("author").verifier.public), "reason": "replaced"}
    _say(r, "revoked", c, revocation={**old, **_as_of(c, 3)}, successor=None)
    _say(r, "suspended", a, as_of=_as_of(a, 6), grounds={"text": "许可证过期"})
    _say(r, "restored", a, as_of=_as_of(a, 7), grounds={"text": "已续期"})
    at, common = {"at": "2026-11-26T09:00:00+08:00"}, {"recorded": recorded("u-30")}
    r.write("policy_set", "2026-11-26T01:10:00.000Z", {"policy": {**at, "text": policy}, **common})
    told = _lines(r)
    root = Tree([leaf_hash(standing_line(*told[name])) for name in sorted(told)]).root()
    standing = {"standing": {**at, "n": len(told), "root": b64(root)}, **common}
    r.write("standing", "2026-11-26T01:15:00.000Z", standing)
    attestation = {
        **at,
        "log": c.origin,
        **_as_of(c, 5),
        "checks": ["custody"],
        "ruleset": "2026-11",
    }
    r.write("attested", "2026-11-26T02:00:00.000Z", {"attestation": attestation, "documents": None, **common})


def _as_of(scribe: Scribe, size: int) -> dict[str, Any]:
    return {"size": size, "root": b64(scribe.head(size).root)}


def _lines(r: Scribe) -> dict[str, tuple[str, int, bytes]]:
    """The last entry about each member, before the standing."""
    told: dict[str, tuple[str, int, bytes]] = {}
    for one in r.written[:STANDING]:
        if one.slots.get("about"):
            name = one.slots["about"]["name"]
            told[name] = name, one.entry.index, one.leaf
    return told


def _say(r: Scribe, event_type: str, of: Scribe, /, **slots: Any) -> None:
    index = len(r.written)
    about = {"at": "2026-11-26T08:00:00+08:00", "name": of.name}
    before = _lines(r).get(of.name)
    if before is not None:
        about |= {"index": before[1], "leaf": b64(before[2])}
    papers = {} if event_type == "rekeyed" else {"documents": None}
    told = {"about": about, **slots, **papers, "recorded": recorded("u-30")}
    r.write(event_type, f"2026-11-26T00:{10 + index}:00.000Z", told)


# -- what is handed out -------------------------------------------------------------------------------------------


def line(r: Scribe, name: str) -> Standing:
    told = _lines(r)
    names = sorted(told)
    tree = Tree([leaf_hash(standing_line(*told[one])) for one in names])
    position = names.index(name)
    _, index, leaf = told[name]
    return Standing(r.origin, STANDING, Line(name, position, index, leaf, tuple(tree.prove_inclusion(position))))


def with_registry(evidence: Evidence, r: Scribe, *names: str, more: tuple[int, ...] = ()) -> Evidence:
    """The same, and what the registry says of these members."""
    size, position = len(r.written), len(evidence.checkpoints)
    about = [one.entry.index for one in r.written[:STANDING] if (one.slots.get("about") or {}).get("name") in names]
    indices = (0, *about, STANDING, *more)
    return replace(
        evidence,
        entries=(*evidence.entries, *(r.proven(index, size, position) for index in indices)),
        checkpoints=(
            *evidence.checkpoints,
            r.checkpoint(size, ["authority.example", "motor.example"], WITNESSED_LATER),
        ),
        disclosures={
            **evidence.disclosures,
            **{r.written[index].leaf: r.written[index].opening("public") for index in indices},
        },
        standing=tuple(line(r, name) for name in names),
    )


def recycler_evidence(c: Scribe, r: Scribe, *more: int) -> Evidence:
    """The swarf, and by whose keys it was sent off; `more` entries of the registry."""
    opens = {one.leaf: one.opening("public", "chain") for one in c.written}
    alone = Evidence(
        subject={"batch": f"{c.origin}#{c.written[1].ids['batch']}"},
        entries=tuple(c.proven(index, 5, 0) for index in range(5)),
        checkpoints=(c.checkpoint(5, ["authority.example", "motor.example"]),),
        disclosures=opens,
        made_at="2026-11-27T02:00:00.000Z",
    )
    return with_registry(alone, r, c.name, more=tuple(more))
