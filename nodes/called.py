"""What organisations are called, for whoever reads it: in Chinese, or in Latin letters where they have such a name."""

from collections.abc import Iterable
from dataclasses import replace

from ledger.log.trust import organisation as owner_of
from ledger.matter.element_years import ElementYear, Member, Part
from nodes.node import Node
from nodes.store import upstream
from nodes.store.engine import Connection


def organisations(conn: Connection, node: Node, logs: Iterable[str], language: str = "zh") -> dict[str, str]:
    """Log → its organisation, as its registry calls it, else as it calls itself in its entry 0. Left out where nobody
    has told; "" is our own log.
    """
    own = node.settings.organisation_en if language == "en" else None
    names = dict.fromkeys((node.origin, ""), own or node.settings.organisation)
    asked = set(logs) - names.keys()
    for opener in upstream.at(conn, {(origin, 0) for origin in asked}).values():
        about = opener.event.scalar("log")
        names[opener.log] = _name(about.get("organisation", opener.log), about.get("organisation_en"), language)
    for origin in asked:
        member = node.membership.members.get(owner_of(origin))
        if member is not None:
            names[origin] = _name(member.told["organisation"], member.told.get("organisation_en"), language)
    return names


def year_as_read(node: Node, year: ElementYear, language: str) -> ElementYear:
    """A year of an element with everybody in it by name, also those whose logs are not deposited."""
    whom = {part.whom for member in year.members for part in (*member.ins, *member.outs)}
    named = {member.name for member in year.members} | {name for name in whom if "." in name}
    with node.store.read() as conn:
        found = organisations(conn, node, {f"{name}/log" for name in named}, language)
    names = {name: found[f"{name}/log"] for name in named if f"{name}/log" in found}

    def read(parts: tuple[Part, ...]) -> tuple[Part, ...]:
        return tuple(replace(part, whom=names.get(part.whom, part.whom)) for part in parts)

    def member_read(one: Member) -> Member:
        return replace(one, organisation=names.get(one.name, one.organisation), ins=read(one.ins), outs=read(one.outs))

    return replace(year, members=tuple(map(member_read, year.members)))


def _name(chinese: object, english: object, language: str) -> str:
    return str(english if language == "en" and english else chinese)
