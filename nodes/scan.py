"""Scans: what a printed code leads to. Genuine or not, what it is, where it is in its life, what its history proves.

A label proves who made it, never that it still sticks on the same thing: every answer says so, and what to compare.
"""

from dataclasses import dataclass

from ledger.entries import id_in
from ledger.errors import LodetraceError, Unknown, Unverified
from ledger.evidence import keys_of, verify
from ledger.labels import Label, check_code, open_token
from ledger.log.notes import Verifier
from ledger.matter.stock import Unit
from ledger.verdict import Verdict, judge
from nodes import evidence
from nodes.clock import stamp
from nodes.node import Node
from nodes.store import lists, upstream
from nodes.store.engine import Connection
from nodes.store.records import UnitRecord

LIFE = {
    "here": ("with the organisation that labelled it or received it", "在贴标或收货单位处"),
    "quarantined": ("received, not yet decided", "已收货，待判定"),
    "shipped": ("shipped on", "已发出"),
    "missing": ("reported missing", "报告缺失"),
    "emptied": ("opened and used: this label should not be on goods any more", "已开启使用：此标签不应再出现在货物上"),
    "consumed": ("used up: this label should not be on goods any more", "已耗用：此标签不应再出现在货物上"),
}
"""Unit state → where it is in its life, in English and Chinese."""


@dataclass(frozen=True, slots=True)
class Scan:
    """`maker` is who signed the label. `unit` and `verdict` are None where only the label itself is known here."""

    label: Label
    maker: str
    check_code: str
    unit: Unit | None
    product: str | None
    verdict: Verdict | None
    failure: LodetraceError | None = None

    @property
    def genuine(self) -> bool:
        """The label is signed by a known maker, the entry it names is in that maker's log, and its history verifies."""
        return self.verdict is not None and self.verdict.vouched and self.failure is None


def scan(node: Node, token: str) -> Scan:
    """Opens a label's token. Malformed for no code of ours, Unverified for a forged one or one of an unknown maker."""
    with node.store.read() as conn:
        label = open_token(token, authors(conn, node))
        unit_id = id_in(label.unit, label.origin, node.origin)
        maker = label.origin.rpartition("/")[0]
        try:
            record = lists.unit(conn, unit_id)
        except Unknown:
            return Scan(label, maker, check_code(label.leaf), None, None, None)
        return _known(conn, node, label, maker, record)


def _known(conn: Connection, node: Node, label: Label, maker: str, record: UnitRecord) -> Scan:
    unit = record.unit
    made = evidence.of_unit(conn, node.origin, unit.id, stamp(node.clock()))
    product = lists.batch(conn, unit.batch).batch.product
    try:
        result = verify(made, node.policy)
        packed = result.entries.get((label.origin, label.index))
        if packed is None or packed.entry.leaf != label.leaf:
            raise Unverified("label-of-other-entry", field="label", value=label.index, log=label.origin)
    except LodetraceError as error:
        return Scan(label, maker, check_code(label.leaf), unit, product, None, error)
    return Scan(label, maker, check_code(label.leaf), unit, product, judge(result))


def authors(conn: Connection, node: Node) -> list[tuple[str, Verifier]]:
    """Author keys that may have signed a label: our own, and those of every log we hold the opening of."""
    known = [(node.origin, node.identity.author.verifier)]
    for opener in upstream.at(conn, {(origin, 0) for origin in node.policy.logs}).values():
        known += [(opener.log, key) for key in keys_of(opener.event, "author")]
    return known
