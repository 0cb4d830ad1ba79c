"""Organisations as their authority sees them: the list, everything of one, and what the registry says of it next."""

from asyncio import to_thread
from collections.abc import Mapping
from functools import partial
from typing import Any
from urllib.parse import quote

from fastapi import Response

from api.rendering import moment
from api.screens.frame import Screens, Visit
from api.screens.named import N_, NAMED
from api.screens.orders import papers
from api.screens.sorting import Sorting
from api.words import LOCALES
from ledger.errors import Malformed
from ledger.keys import fingerprint
from ledger.log.canonical import unb64
from ledger.matter.dates import days_between
from ledger.matter.event_types import QUOTA_KINDS
from ledger.matter.findings import SEVERITIES
from ledger.registry import Member
from nodes import orders
from nodes.clock import stamp
from nodes.following import stand_by
from nodes.roll import STANDINGS, Enrolled, in_force

ACTS = {
    "license": (N_("Record a licence"), "license", N_("The licence is recorded.")),
    "quota": (N_("Grant a quota"), "grant", N_("The quota is granted.")),
    "suspend": (N_("Suspend"), "suspend", N_("The organisation is suspended.")),
    "restore": (N_("Restore"), "restore", N_("The organisation is restored.")),
    "revoke": (N_("Revoke a key"), "revoke", N_("The key is revoked.")),
}
"""What may be done to a member: its name, the verb that records it, and what is said afterwards."""
FIRST = {
    "license": N_("Everybody who follows the registry reads the licence."),
    "quota": N_("The organisation is told, and its account is filled. Granting the same batch again replaces it."),
    "suspend": N_("From what has been seen of its log on, nobody relies on what it ships: partners refuse it."),
    "restore": N_("The suspension ends: what it ships from now on is relied on again."),
    "revoke": N_("From what has been seen of its log on, nothing counts that this key signs. It cannot be taken back."),
}
"""What it means, said before it is done."""
FIELDS = {
    *("sure", "reason", "kind", "no", "from", "until", "products", "named"),
    *("year:int", "batch:int", "feed_class", "quantity.value", "group", "documents[0].no"),
}


def routes(screens: Screens) -> None:
    @screens.page("/members", for_role="authority")
    def members(visit: Visit) -> Response:
        asked = {name: visit.asked(name).strip() for name in ("q", "standing", "role", "sort")}
        everybody = visit.node.roll.everybody(visit.node.policy)
        everybody.sort(key=lambda one: (not one.troubled, one.name))
        sorting = Sorting(
            visit,
            {
                "name": lambda one: visit.organisation(one.name),
                "standing": lambda one: STANDINGS.index(one.standing),
                "last": lambda one: one.last_at or "",
                "size": lambda one: one.size,
                "witnesses": lambda one: one.witnesses,
            },
        )
        return visit.render(
            "members.html",
            members=sorting.rows(one for one in everybody if _fits(one, asked)),
            sorting=sorting,
            count=len(everybody),
            asked=asked,
            roles=[
                (code, visit.word("organisation_role", code))
                for code in sorted({role for one in everybody for role in _roles(one)})
            ],
            standings=[(code, visit.word("standing", code)) for code in STANDINGS],
            ago=lambda at: ago(visit, at),
        )

    # What is done to a member stands before the member: its own path takes anything.
    for act in ACTS:
        declare = screens.page(f"/members/{{member:path}}/{act}", "supervisor", posts=True, for_role="authority")
        declare(partial(done_to, act))

    @screens.page("/members/{member:path}", for_role="authority")
    def whole(visit: Visit) -> Response:
        return one_member(visit, visit.request.path_params["member"])


async def done_to(act: str, visit: Visit) -> Response:
    """One form for each thing that a registry may say of a member, and the grant of a quota."""
    node, name = visit.node, visit.request.path_params["member"]
    title, verb, told = ACTS[act]
    shown = await to_thread(node.roll.one, name, node.policy)
    member = node.membership.members.get(name)
    if visit.posted and await visit.record(verb, lambda: _body(visit, name, act)) is not None:
        await stand_by(node)
        return visit.see(path_of(name), visit._(told))
    feeds, today = node.reference.tables["feed_classes"].items(), stamp(node.clock())[:10]
    return visit.render(
        "member_act.html",
        member=shown,
        act=act,
        title=title,
        told_first=FIRST[act],
        fields=FIELDS,
        back=path_of(name),
        keys=[] if member is None else [_offered(visit, key) for key in _keys(member) if _revocable(key)],
        kinds=[(code, visit.word("licence", code)) for code in NAMED["licence"]],
        quotas=[(code, visit.word("licence", code)) for code in QUOTA_KINDS],
        feeds=[(code, row[visit.language]) for code, row in feeds if "quota_class" in row],
        today=today,
    )


def one_member(visit: Visit, name: str) -> Response:
    node = visit.node
    shown, member = node.roll.one(name, node.policy), node.membership.members.get(name)
    overview, working = node.overlooking.look()
    if overview is None:
        return visit.render("overlooking.html")
    found = [one for one in overview.findings if shown.log in one.logs and not one.answers]
    now = node.clock()
    return visit.render(
        "member.html",
        member=shown,
        sites=[] if member is None else member.sites,
        reach={} if member is None else member.reach,
        keys=[] if member is None else _keys(member),
        licences=[] if member is None else [(one, in_force(one, now)) for one in member.licences],
        said=node.roll.said_of(node.origin, name),
        health=health(visit, shown, overview.at if working else None),
        counts=[(code, n) for code in SEVERITIES if (n := sum(one.finding.severity == code for one in found))],
        accounts=[(key, account) for key, account in overview.quotas if key.holder == name],
        orders=[one for one in orders.orders(node) if one["to"] == name],
        acts=[(act, title) for act, (title, *_) in ACTS.items() if _possible(act, shown)],
        ago=lambda at: ago(visit, at),
    )


# -- in words -----------------------------------------------------------------------------------------------------


def ago(visit: Visit, at: str | None) -> str:
    """How long since a moment, in days: what a person asks of a log."""
    if at is None:
        return visit._("never")
    days = days_between(at, stamp(visit.node.clock()))
    if days <= 0:
        return visit._("within a day")
    return visit._("yesterday") if days == 1 else visit._("%(n)s days ago") % {"n": days}


def health(visit: Visit, one: Enrolled, as_of: str | None) -> list[tuple[bool, str]]:
    """(whether it is well, a sentence) for everything that can be said of a log. `as_of`: when its findings were worked
    out, where more has come since.
    """
    _ = visit._
    told: list[tuple[bool, str]] = []
    if not one.deposited:
        told.append((False, _("Nothing of its log is deposited here.")))
    else:
        told.append((not one.silent, _("The last entry was recorded: %(ago)s.") % {"ago": ago(visit, one.last_at)}))
        told.append(
            (
                one.behind == 0,
                _("Deposited entries: %(n)s; still to come: %(behind)s.") % {"n": one.size, "behind": one.behind},
            )
        )
    if one.seen_at is not None:
        told.append((True, _("Its log last grew before our eyes: %(ago)s.") % {"ago": ago(visit, one.seen_at)}))
    cosigned, of = one.witnesses
    if of == 0:
        told.append((False, _("No witness of other organisations is named for it.")))
    else:
        told.append(
            (
                cosigned > 0,
                _("%(n)s of %(of)s witnesses vouched for its newest checkpoint.") % {"n": cosigned, "of": of},
            )
        )
    if one.forks:
        told.append((False, _("It has shown two histories; proofs held here: %(n)s.") % {"n": one.forks}))
    else:
        told.append((True, _("No fork: everybody was shown one history.")))
    told += [(False, alarm.en if visit.language == "en" else alarm.zh) for alarm in one.alarms]
    if one.broken is not None:
        told.append((False, one.broken[0 if visit.language == "en" else 1]))
    if one.missing:
        told.append((False, _("Months due and not closed: %(months)s.") % {"months": ", ".join(one.missing)}))
    elif one.deposited:
        told.append((True, _("Every month that is due is closed.")))
    if as_of is not None:
        told.append(
            (
                True,
                _("Findings and quota are as of %(at)s; newer ones are being worked out.")
                % {"at": moment(as_of, LOCALES[visit.language])},
            )
        )
    return told


# -- parts --------------------------------------------------------------------------------------------------------


def _fits(one: Enrolled, asked: Mapping[str, str]) -> bool:
    names = (one.name, *(str(one.told.get(field, "")) for field in ("organisation", "organisation_en", "uscc")))
    return (
        (not asked["q"] or any(asked["q"].casefold() in name.casefold() for name in names))
        and asked["standing"] in ("", one.standing)
        and (not asked["role"] or asked["role"] in _roles(one))
    )


def _roles(one: Enrolled) -> list[str]:
    return list(one.told.get("roles", ()))


def _keys(member: Member) -> list[dict[str, Any]]:
    """Every key that its logs have published, newest first: from which entry on, until which one, and if revoked."""
    found: dict[tuple[str, str, str], dict[str, Any]] = {}
    for log in member.logs:
        lists = () if log.keys is None else log.keys.lists
        ends = [start - 1 for start, _ in lists[1:]]
        for (start, published), end in zip(lists, [*ends, None], strict=True):
            for key in published:
                public = unb64(str(key["key"]), field="key")
                revoked = any((one.use, one.key) == (key["use"], public) for one in member.revocations)
                known = {**key, "since": start, "revoked": revoked, "print": fingerprint(public)}
                found.setdefault((log.origin, key["use"], key["key"]), known)["until"] = end
    return list(reversed(found.values()))


def _revocable(key: Mapping[str, Any]) -> bool:
    """The registry's entries name keys of 32 bytes; a longer one beside it falls with its organisation's log key."""
    return not key["revoked"] and key["alg"] != "ml-dsa-44"


def _offered(visit: Visit, key: Mapping[str, Any]) -> tuple[str, str]:
    return f"{key['use']} {key['key']}", f"{visit.word('key', key['use'])}: {key['print']}"


def _possible(act: str, one: Enrolled) -> bool:
    if act == "quota":
        return True
    return (
        one.standing != "not_admitted"
        and not (act == "suspend" and one.standing == "suspended")
        and not (act == "restore" and one.standing != "suspended")
    )


def path_of(name: str) -> str:
    return f"/members/{quote(name, safe='')}"


def _body(visit: Visit, name: str, act: str) -> dict[str, Any]:
    """What the form says, as its verb takes it; what cannot be taken back is asked twice."""
    if act in ("suspend", "restore", "revoke") and visit.form.value("sure") != "true":
        en, zh = "tick that it is meant so; it cannot be taken back", "请勾选确认；此操作不可撤回"
        raise Malformed("fields-wrong", field="sure", value="", en=en, zh=zh)
    body = visit.form.body(without=("sure", "products", "named"))
    if act == "revoke":
        use, _, key = visit.form.value("named").partition(" ")
        body |= {"use": use, "key": key}
    if act == "license" and (told := visit.form.value("products").replace("，", ",").split(",")) != [""]:
        body["products"] = [one.strip() for one in told if one.strip()]
    papers(body)
    if act == "quota":
        return {"to": name, **body, "quantity": {**body.get("quantity", {}), "unit": "t", "basis": "reo"}}
    return {"name": name, **body}
