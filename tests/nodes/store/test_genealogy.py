from itertools import pairwise
from random import Random

import pytest

from ledger.errors import Unknown
from ledger.matter.genealogy import Edge, Made
from ledger.matter.stock import Line, Shipment
from nodes.store import genealogy, stock, upstream
from nodes.store.engine import Connection, Store
from nodes.store.genealogy import Link, Node
from nodes.store.records import Making
from tests.nodes.store.rows import KG, NOW, ORIGIN, OTHER, OtherLog, a_batch, an_entry, an_id, append

SEEDS = range(12)


def spelled(origin: str, id_: str) -> str:
    return id_ if origin == ORIGIN else f"{origin}#{id_}"


def random_edges(random: Random, batches: list[str]) -> dict[str, list[str]]:
    """Child → parents among earlier batches, as log order makes it; some ways lead to one ancestor many times."""
    return {
        child: random.sample(batches[max(0, at - 12) : at], min(at, random.randint(0, 4)))
        for at, child in enumerate(batches)
    }


def reached(start: str, ways: dict[str, list[str]]) -> set[str]:
    seen, waiting = {start}, [start]
    while waiting:
        for one in ways.get(waiting.pop(), ()):
            if one not in seen:
                seen.add(one)
                waiting.append(one)
    return seen


def turned(ways: dict[str, list[str]]) -> dict[str, list[str]]:
    back: dict[str, list[str]] = {}
    for child, parents in ways.items():
        for parent in parents:
            back.setdefault(parent, []).append(child)
    return back


# -- traces -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", SEEDS)
def test_a_trace_is_everything_that_can_be_reached_once(seed: int, store: Store) -> None:
    random = Random(seed)
    batches = [spelled(random.choice([ORIGIN, OTHER]), an_id(number)) for number in range(80)]
    parents = random_edges(random, batches)
    ways = {"back": parents, "forward": turned(parents)}
    with store.write() as conn:
        for index, (child, row) in enumerate(parents.items()):
            genealogy.save_edges(conn, index, [Edge(child, parent, index * KG) for parent in row])
    with store.read() as conn:
        for start in random.sample([batch for batch in batches if parents[batch]], 10):
            for direction, way in ways.items():
                found = genealogy.trace(conn, start, direction, 1000)
                expected = reached(start, way)
                assert found.nodes[0].batch == start
                assert sorted(node.batch for node in found.nodes) == sorted(expected)
                assert not found.cut
                links = {(link.child, link.parent) for link in found.links}
                assert len(links) == len(found.links)
                assert links == {
                    (one, other) if direction == "back" else (other, one)
                    for one in expected
                    for other in way.get(one, ())
                }
                assert all(link.mg == link.entry_no * KG for link in found.links)


def test_a_trace_that_is_cut_shows_the_nearest(store: Store) -> None:
    chain = [an_id(number) for number in range(10)]
    with store.write() as conn:
        for index, (parent, child) in enumerate(pairwise(chain)):
            genealogy.save_edges(conn, index, [Edge(child, parent, None)])
    with store.read() as conn:
        found = genealogy.trace(conn, chain[9], "back", 4)
        assert [node.batch for node in found.nodes] == chain[:5:-1]
        assert [(link.child, link.parent) for link in found.links] == [
            (chain[9], chain[8]),
            (chain[8], chain[7]),
            (chain[7], chain[6]),
        ]
        assert found.cut
        assert not genealogy.trace(conn, chain[9], "back", 10).cut
        assert not genealogy.trace(conn, chain[9], "forward", 1).cut


def test_what_a_trace_tells_of_each_batch(store: Store) -> None:
    own, told, named = an_id("own"), f"{OTHER}#{an_id('told')}", f"hub.example/log#{an_id('named')}"
    other = OtherLog()
    other.add("removed", {})
    with store.write() as conn:
        append(conn, [an_entry(0, "log_opened"), an_entry(1, "transformed")])
        (saved,) = upstream.save(conn, [other.upstream(0)], 2)
        batch = a_batch(own, lot_no="L-1")
        stock.save(conn, {batch.key: batch}, {batch.key: Making(1, None, NOW, "CN", "ERP-1", KG)})
        genealogy.save_made(conn, saved.entry_no, [Made(told, "prnd_oxide", "PN-7", NOW)], "VN")
        genealogy.save_edges(conn, 1, [Edge(own, told, 5 * KG)])
        genealogy.save_edges(conn, saved.entry_no, [Edge(told, named, None)])
    with store.read() as conn:
        found = genealogy.trace(conn, own, "back", 10)
    assert found.nodes == (
        Node(own, ORIGIN, 1, 1, "transformed", "prnd_oxide", "L-1", NOW, "CN"),
        Node(told, OTHER, -1, 0, "removed", "prnd_oxide", "PN-7", NOW, "VN"),
        Node(named, "hub.example/log", None, None, None, None, None, None, None),
    )
    assert found.links == (Link(own, told, 1, 5 * KG), Link(told, named, -1, None))


def test_telling_of_a_batch_again_fills_in_and_changes_nothing(store: Store) -> None:
    told = f"{OTHER}#{an_id('told')}"
    with store.write() as conn:
        genealogy.save_edges(conn, 0, [Edge(an_id("own"), told, None)])
        genealogy.save_made(conn, -1, [Made(told, "prnd_oxide", None, NOW)], None)
        genealogy.save_made(conn, -2, [Made(told, "other_product", "PN-7", "later")], "CN")
        genealogy.save_edges(conn, 0, [Edge(an_id("own"), told, 7)])
        genealogy.save_edges(conn, 0, [Edge(an_id("own"), told, None)])
        found = genealogy.trace(conn, told, "forward", 10)
    assert found.nodes[0] == Node(told, OTHER, -1, None, None, "prnd_oxide", "PN-7", NOW, "CN")
    assert [link.mg for link in found.links] == [7]


def test_a_batch_nobody_named_is_unknown(store: Store) -> None:
    with store.read() as conn:
        with pytest.raises(Unknown):
            genealogy.trace(conn, an_id("nothing"), "back", 10)
        with pytest.raises(Unknown):
            genealogy.closure(conn, an_id("nothing"), ORIGIN)
        with pytest.raises(Unknown) as error:
            genealogy.closure(conn, an_id("nothing"), "nobody.example/log")
        assert error.value.code == "log-unknown"


def test_where_batches_were_sent(store: Store) -> None:
    one, two, three = (a_batch(an_id(name)) for name in ("one", "two", "three"))
    lines = tuple(Line(batch.id, KG, "net", None, (), "", "plant-1") for batch in (one, two))
    sent = Shipment(an_id("s"), "metal.example", None, "sale", NOW, lines)
    again = Shipment(an_id("t"), "metal.example", None, "sale", NOW, lines[:1])
    outside = Shipment(an_id("o"), "", {"name": "Fritz"}, "sale", NOW, lines[:1])
    with store.write() as conn:
        stock.save(conn, {state.key: state for state in (one, two, three, sent, again, outside)}, {})
    with store.read() as conn:
        assert genealogy.sent(conn, [one.id, two.id, three.id, an_id("nothing")]) == [
            (one.id, ""),
            (one.id, "metal.example"),
            (two.id, "metal.example"),
        ]


# -- closures -----------------------------------------------------------------------------------------------------


class Federation:
    """Logs that make batches out of what they have and send some on; keeps the right answer in plain dictionaries."""

    def __init__(self, random: Random, conn: Connection) -> None:
        self.random, self.conn = random, conn
        self.logs = [ORIGIN, OTHER, "magnet.example/log", "motor.example/log"]
        self.entries = dict.fromkeys(self.logs, 0)
        self.here: dict[str, list[str]] = {log: [] for log in self.logs}  # absolute ids, as each log came by them
        self.made: dict[tuple[str, str], tuple[int, list[str]]] = {}
        self.came: dict[tuple[str, str], list[tuple[int, int, str]]] = {}
        self.others = {log: OtherLog(log) for log in self.logs[1:]}
        for _ in range(3):
            for log in self.logs:
                self.register(log)

    def entry(self, log: str) -> tuple[int, int]:
        """A new entry: (entry_no, its index)."""
        index = self.entries[log]
        self.entries[log] += 1
        if log == ORIGIN:
            append(self.conn, [an_entry(index)])
            return index, index
        self.others[log].add("removed", {})
        (saved,) = upstream.save(self.conn, [self.others[log].upstream(index)], self.entries[ORIGIN])
        return saved.entry_no, index

    def register(self, log: str) -> None:
        self._make(log, [])

    def transform(self, log: str) -> None:
        self._make(log, self.random.sample(self.here[log], min(len(self.here[log]), self.random.randint(1, 3))))

    def _make(self, log: str, parents: list[str]) -> None:
        entry_no, _ = self.entry(log)
        absolute = f"{log}#{an_id((log, entry_no))}"
        self.made[absolute, log] = entry_no, parents
        self.here[log].append(absolute)
        own = self.spell(absolute)
        if log == ORIGIN:
            batch = a_batch(own)
            stock.save(self.conn, {batch.key: batch}, {batch.key: Making(entry_no)})
        else:
            genealogy.save_made(self.conn, entry_no, [Made(own, "p", None, NOW)], None)
        genealogy.save_edges(self.conn, entry_no, [Edge(own, self.spell(parent), None) for parent in parents])

    def ship(self, log: str) -> None:
        to = self.random.choice([other for other in self.logs if other != log])
        goods = [batch for batch in self.here[log] if not batch.startswith(f"{to}#")]
        if not goods:
            return
        shipped_by, shipped_index = self.entry(log)
        received_by, _ = self.entry(to)
        sent = self.random.sample(goods, min(len(goods), 2))
        for batch in sent:
            self.came.setdefault((batch, to), []).append((received_by, shipped_by, log))
            self.here[to].append(batch)
        offer = {"log": log, "index": shipped_index}
        genealogy.save_receipts(self.conn, received_by, offer, [self.spell(batch) for batch in sent])

    def spell(self, absolute: str) -> str:
        return absolute.removeprefix(f"{ORIGIN}#")

    def proof(self, batch: str, log: str) -> dict[int, set[str]]:
        needed: dict[int, set[str]] = {}
        seen, waiting = {(batch, log)}, [(batch, log)]
        while waiting:
            here = waiting.pop()
            if here in self.made:
                entry_no, parents = self.made[here]
                needed.setdefault(entry_no, set()).add(self.spell(here[0]))
                further = [(parent, here[1]) for parent in parents]
            else:
                further = []
                for received_by, shipped_by, sender in self.came[here]:
                    needed.setdefault(received_by, set()).add(self.spell(here[0]))
                    needed.setdefault(shipped_by, set()).add(self.spell(here[0]))
                    further.append((here[0], sender))
            waiting += [one for one in further if one not in seen]
            seen.update(further)
        return needed


@pytest.mark.parametrize("seed", SEEDS)
def test_a_closure_is_what_proves_a_history_and_nothing_else(seed: int, store: Store) -> None:
    random = Random(seed)
    with store.write() as conn:
        world = Federation(random, conn)
        for _ in range(60):
            log = random.choice(world.logs)
            random.choice([world.transform, world.ship, world.ship])(log)
        for log in world.logs:
            for batch in set(world.here[log][-8:]):
                found = genealogy.closure(conn, world.spell(batch), log)
                assert found.entries == world.proof(batch, log)
                assert found.gaps == ()


def test_a_closure_names_what_is_not_known_here(store: Store) -> None:
    """The shipped entry of a receipt is missing, then what its log made the batch from."""
    batch, other = f"{OTHER}#{an_id('b')}", OtherLog()
    other.add("removed", {})
    other.add("removed", {})
    with store.write() as conn:
        append(conn, [an_entry(0)])
        genealogy.save_receipts(conn, 0, {"log": OTHER, "index": 1}, [batch])
        found = genealogy.closure(conn, batch, ORIGIN)
        assert found.entries == {0: {batch}}
        assert set(found.gaps) == {(batch, ORIGIN), (batch, OTHER)}
        upstream.save(conn, [other.upstream(0), other.upstream(1)], 1)
        found = genealogy.closure(conn, batch, ORIGIN)
        assert (found.entries, found.gaps) == ({0: {batch}, -2: {batch}}, ((batch, OTHER),))
        genealogy.save_made(conn, -1, [Made(batch, "p", None, NOW)], None)
        found = genealogy.closure(conn, batch, ORIGIN)
        assert (found.entries, found.gaps) == ({0: {batch}, -2: {batch}, -1: {batch}}, ())
