"""Whom this node trusts, told to whoever checks a label or evidence with a program of their own, such as a browser.

A trust policy names partners, which is nobody else's business (docs/decisions/0006): whoever may not see the names on
the way is told of our own log, of registries and witnesses, and of the author of the one label that they hold.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from ledger.log.trust import format_policy, organisation
from nodes.node import Node
from nodes.scan import authors, names_of
from nodes.store.engine import Connection

POLICY = "policy"


@dataclass(frozen=True, slots=True)
class Author:
    """An author key with what its organisation calls itself. `because`: `policy`, where our own policy names the log
    or it is ours, else the origin of the registry that admits it.
    """

    log: str
    vkey: str
    organisation: str
    latin: str
    because: str


@dataclass(frozen=True, slots=True)
class Told:
    """`policy` is a text in the form of tlog-policy. `replaced`: of logs in it that replaced their keys, from which
    size on which key (vkey) signs: (log, size, vkey).
    """

    policy: str
    replaced: tuple[tuple[str, int, str], ...]
    authors: tuple[Author, ...]


def told(node: Node, key_id: str = "", index: int = 0) -> Told:
    """`key_id` (8 hex digits) and `index` are those of a label: whose keys with this id may have signed it."""
    with node.store.read() as conn:
        known = authors(conn, node, index) if key_id else []
        matching = tuple(_author(conn, node, log, key.vkey) for log, key in known if key.key_id.hex() == key_id)
        named = _named(node)
        trust = replace(node.trust, logs={log: node.trust.logs[log] for log in named})
        return Told(format_policy(trust), tuple(_replaced(conn, node, named)), matching)


def _named(node: Node) -> list[str]:
    """Logs of the policy that anybody may be told of."""
    everybody, own, registries = node.settings.evidence_public, node.settings.name, node.trust.registries
    return [log for log in node.trust.logs if everybody or organisation(log) == own or log in registries]


def _replaced(conn: Connection, node: Node, logs: Iterable[str]) -> Iterable[tuple[str, int, str]]:
    for log in logs:
        keys = node.keys_of(conn, log)
        if keys is not None and len(keys.lists) > 1:
            yield from ((log, size, keys.of("log", size)[0].vkey) for size, _ in keys.lists)


def _author(conn: Connection, node: Node, log: str, vkey: str) -> Author:
    books = node.membership.books
    registry = next((one for one, book in books.items() if organisation(log) in book.registry.members), POLICY)
    return Author(log, vkey, *names_of(conn, node, log), POLICY if log in node.trust.logs else registry)
