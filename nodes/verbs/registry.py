"""Verbs of a registry, which an authority keeps in its own log: who takes part, with which keys, and in what standing.

Each names the entry before about the same member. What contradicts the registry so far is refused where it is sealed,
by the rules of ledger/registry.py, which everybody who follows it applies again.
"""

from hashlib import sha256
from typing import Any

from ledger.errors import Refusal
from ledger.log.canonical import b64
from ledger.registry import Member
from nodes.verbs.books import AUTHORITY
from nodes.verbs.draft import Body, Desk, Draft, Sealed, at_of, documents_of, entry_of, only, recorded_of

NOTHING = {"size": 0, "root": b64(sha256(b"").digest())}
"""A log of which no entry is known."""


def admit(desk: Desk, body: Body) -> Draft:
    """A newcomer, as its signed request says; or a member again, whose address, sites or roles are others now."""
    asked = body["request"]
    slots = {
        "about": _about(desk, body, asked["name"], known=False),
        "member": {**asked["member"], **only(roles=body.get("roles"))},
        "keys": {"list": asked["keys"]},
        "log": {"origin": asked["origin"], "leaf": asked["leaf"]},
        "sites": {"list": asked["sites"]},
        "reach": asked["reach"],
    }
    return _draft("admitted", desk, body, asked["name"], slots)


def license_(desk: Desk, body: Body) -> Draft:
    licence = {name: body[name] for name in ("kind", "no", "from", "until", "products") if body.get(name) is not None}
    return _draft("licensed", desk, body, body["name"], {"about": _about(desk, body), "licence": licence})


def suspend(desk: Desk, body: Body) -> Draft:
    """From what we have seen of its log on, nothing that the member ships is relied on."""
    return _draft("suspended", desk, body, body["name"], _since(desk, body))


def restore(desk: Desk, body: Body) -> Draft:
    return _draft("restored", desk, body, body["name"], _since(desk, body))


def revoke(desk: Desk, body: Body) -> Draft:
    """A key that others may hold now. `size` and `root` are the last state of its log that is believed."""
    member = _member(desk, body["name"])
    last = only(size=body.get("size"), root=body.get("root")) or _seen(desk, member)
    slots = {
        "about": _about(desk, body),
        "revocation": {"use": body["use"], "key": body["key"], "reason": body["reason"], **last},
        "successor": body.get("successor"),
    }
    return _draft("revoked", desk, body, body["name"], slots)


def succeed(desk: Desk, body: Body) -> Draft:
    """A log whose key is lost or stolen has ended, and the one that asks goes on where it did."""
    asked, final = body["request"], body["final"]
    member = _member(desk, asked["name"])
    assert member.log.keys is not None, "its final checkpoint was verified under them"
    key = b64(member.log.keys.log_at(final["size"]).public)
    last = {"size": final["size"], "root": final["root"]}
    slots = {
        "about": _about(desk, body, asked["name"]),
        "revocation": {"use": "log", "key": key, "reason": body["reason"], **last},
        "successor": {"origin": asked["origin"], "leaf": asked["leaf"]},
    }
    return _draft("revoked", desk, body, asked["name"], slots)


def confirm_keys(desk: Desk, body: Body) -> Draft:
    """That a member has replaced keys, as an entry of its own log says that was told to us."""
    cited = {name: body[name] for name in ("log", "index")}
    event, ref = desk.entry_of_other(cited, "index")
    if event.type != "rekeyed":
        raise Refusal("entry-of-other-type", field="index", value=body["index"], type=event.type, wanted="rekeyed")
    name = event.name
    slots = {
        "about": _about(desk, body, name),
        "keys": dict(event.scalar("keys")),
        "cited": {**cited, "leaf": ref["leaf"]},
    }
    return _draft("rekeyed", desk, body, name, slots)


def recommend(desk: Desk, body: Body) -> Draft:
    """The trust policy that newcomers begin with."""
    _refuse_other(desk)
    slots = {"policy": {"at": at_of(desk, body), "text": body["text"]}, "recorded": recorded_of(desk, body)}
    return Draft("policy_set", slots, lambda sealed: {"entry": entry_of(sealed)})


def stand(desk: Desk, body: Body) -> Draft:
    """The root over all members, as they are now."""
    _refuse_other(desk)
    n, root = desk.registry.standing()
    slots = {"standing": {"at": at_of(desk, body), "n": n, "root": b64(root)}, "recorded": recorded_of(desk, body)}
    return Draft("standing", slots, lambda sealed: {"members": n, "entry": entry_of(sealed)})


def _draft(type_: str, desk: Desk, body: Body, name: str, slots: dict[str, Any]) -> Draft:
    _refuse_other(desk)
    if type_ != "rekeyed":
        slots["documents"] = documents_of(body)
    slots["recorded"] = recorded_of(desk, body)

    def told(sealed: Sealed) -> dict[str, Any]:
        return {"name": name, "entry": entry_of(sealed)}

    return Draft(type_, slots, told)


def _about(desk: Desk, body: Body, name: str | None = None, *, known: bool = True) -> dict[str, Any]:
    """The member, and the last entry about it; of a newcomer there is none."""
    named = body["name"] if name is None else name
    member = _member(desk, named) if known else desk.registry.members.get(named)
    before = {} if member is None else {"index": member.index, "leaf": b64(member.leaf)}
    return {"at": at_of(desk, body), "name": named, **before}


def _member(desk: Desk, name: str) -> Member:
    member = desk.registry.members.get(name)
    if member is None:
        raise Refusal("member-unknown", field="name", value=name)
    return member


def _since(desk: Desk, body: Body) -> dict[str, Any]:
    member = _member(desk, body["name"])
    return {"about": _about(desk, body), "as_of": _seen(desk, member), "grounds": {"text": body["reason"]}}


def _seen(desk: Desk, member: Member) -> dict[str, Any]:
    """The largest state of the member's log that we hold a checkpoint of."""
    found = desk.newest_of(member.log.origin)
    return dict(NOTHING) if found is None else {"size": found.size, "root": b64(found.root)}


def _refuse_other(desk: Desk) -> None:
    if desk.settings.role != AUTHORITY:
        raise Refusal("only-the-authority", field="role", value=desk.settings.role)
