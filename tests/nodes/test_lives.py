"""Whatever two organisations did with each other, what is read of it afterwards is whole."""

from collections import defaultdict
from contextlib import closing, contextmanager

import pytest

from ledger.evidence import verify
from ledger.labels import Label, make_token
from nodes.auditing import audit, from_store, open_home
from nodes.evidence import of_batch, of_unit
from nodes.identity import load as load_keys
from nodes.node import Node
from nodes.scan import scan
from nodes.store import lists, log, upstream
from nodes.trace import trace
from tests.nodes.lives import MINE, PLANT

NOW = "2026-11-22T01:00:00.000Z"
MOST = 10_000
BOTH = pytest.mark.parametrize("name", [MINE, PLANT])


@contextmanager
def opened(lived, name):
    node = Node.open(lived / name.partition(".")[0], {})
    try:
        yield node
    finally:
        node.stop()


def batches(node):
    with node.store.read() as conn:
        return [one.batch.id for one in lists.batches(conn, limit=MOST)]


def units(node):
    with node.store.read() as conn:
        return lists.units(conn, limit=MOST)


@BOTH
def test_its_log_holds(lived, name):
    with closing(open_home(lived / name.partition(".")[0])) as store:
        report = audit(from_store(store))
    assert report.batches > 5
    assert report.units > 3


@BOTH
def test_every_batch_has_evidence_with_nothing_missing(lived, name):
    with opened(lived, name) as node, node.store.read() as conn:
        for batch in batches(node):
            result = verify(of_batch(conn, node.origin, batch, NOW), node.policy)
            assert (result.vouched, result.missing) == (True, ()), batch


@BOTH
def test_every_unit_has_evidence_with_nothing_missing_and_a_genuine_label(lived, name):
    keys = {one: load_keys(lived / one.partition(".")[0], one, None) for one in (MINE, PLANT)}
    with opened(lived, name) as node, node.store.read() as conn:
        for record in units(node):
            assert record.packed_by is not None, record
            result = verify(of_unit(conn, node.origin, record.unit.id, NOW), node.policy)
            assert (result.vouched, result.missing) == (True, ()), record
            if record.packed_by >= 0:
                packed, origin = log.entry(conn, record.packed_by), node.origin
            else:
                packed = upstream.numbered(conn, [record.packed_by])[record.packed_by]
                origin = packed.log
            net = int(result.subject["net_mg"])
            label = Label(origin, packed.index, packed.leaf, record.unit.id[-26:], net)
            author = keys[origin.rpartition("/")[0]].author
            found = scan(node, make_token(label, author))
            assert found.genuine, record
            assert found.spent == (record.unit.state in ("missing", "emptied", "consumed"))


@BOTH
def test_every_trace_ends_where_goods_were_registered_and_its_shares_add_up(lived, name):
    with opened(lived, name) as node:
        for batch in batches(node):
            back = trace(node, batch, "back")
            fed = {edge["to"] for edge in back["edges"]}
            ends = [one for one in back["nodes"] if one["batch"] not in fed]
            assert {one["event"] for one in ends} <= {"registered"}
            assert {gap["why"] for gap in back["gaps"]} <= {"outside"}
            for found in (back, trace(node, batch, "forward")):
                shares = defaultdict(list)
                for edge in found["edges"]:
                    if edge["share_ppb"] is not None:
                        shares[edge["to"]].append(edge["share_ppb"])
                        assert edge["mass"] is not None
                for ppb in shares.values():
                    whole = found is back
                    assert (10**9 - len(ppb) if whole else 0) <= sum(ppb) <= 10**9
