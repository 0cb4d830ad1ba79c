"""Whoever reads at a node, in one language: what codes, products and organisations are called for them."""

from dataclasses import dataclass, field

from api.screens.fields import FIELDS
from api.screens.named import country_name, name_of, origin_name
from api.words import Say, words
from nodes.called import organisations
from nodes.entries import batch_name
from nodes.node import Node


@dataclass(slots=True)
class Reader:
    """For one answer: organisations are looked up once."""

    node: Node
    language: str
    _organisations: dict[str, str] = field(default_factory=dict, init=False, repr=False)

    @property
    def _(self) -> Say:
        return words(self.language)

    def word(self, kind: str, code: str) -> str:
        """A code as people read it: reader.word('status', 'offered')."""
        return self._(name_of(kind, code))

    def field(self, name: str) -> str:
        """The name of a field of entries."""
        return self._(FIELDS.get(name, name))

    def product(self, code: str) -> str:
        return self.node.reference.product_name(code, self.language)

    def feed(self, code: str) -> str:
        """A class of feed, or of quota, by its name."""
        row = self.node.reference.row("feed_classes", code)
        return self.word("quota_class", code) if row is None else str(row[self.language])

    def batch_name(self, id_: str) -> str:
        """Its lot number; the end of its id where it has none."""
        with self.node.store.read() as conn:
            return batch_name(conn, id_)

    def country(self, code: str) -> str:
        return country_name(code, self.language)

    def origin(self, key: str) -> str:
        return origin_name(self.node, key, self.language)

    def organisation(self, name: str) -> str:
        """A node's organisation as it calls itself; the node's name where nobody has told."""
        log = f"{name}/log"
        if log not in self._organisations:
            with self.node.store.read() as conn:
                found = organisations(conn, self.node, {log}, self.language)
            self._organisations[log] = found.get(log, name)
        return self._organisations[log]
