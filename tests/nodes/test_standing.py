"""What a node hands on of a registry that it follows: the story's registry, kept as other logs' entries are."""

from pathlib import Path

import pytest

from ledger.evidence import Evidence, Proven, parse_evidence, verify
from ledger.evidence import format_evidence as printed
from ledger.log.trust import Policy
from nodes.standing import standing_of
from nodes.store import upstream
from nodes.store.engine import Store
from nodes.store.upstream import Upstream
from tests.formats.federation import STANDING
from tests.formats.story import motor_evidence, registry_policy, tell

STORY = tell()
REGISTRY = STORY.registry
SIZE = len(REGISTRY.written)
MEMBERS = ["magnet.example", "motor.example"]


@pytest.fixture
def conn(tmp_path: Path):
    store = Store.create(tmp_path / "node.db", "motor.example/log")
    with store.write() as found:
        yield found
    store.close()


def kept(conn, indices):
    rows = []
    for index in indices:
        one, proven = REGISTRY.written[index], REGISTRY.proven(index, SIZE, 0)
        opens = one.opening("public")
        rows.append(Upstream(REGISTRY.origin, index, one.leaf, one.type, one.entry.raw, SIZE, proven.path, opens))
    upstream.save(conn, rows, 0)
    head = REGISTRY.checkpoint(SIZE, ["authority.example", "motor.example"])
    upstream.save_checkpoints(conn, {(REGISTRY.origin, SIZE): head})
    return head


def test_all_that_is_said_of_some_members_and_their_lines(conn):
    kept(conn, range(SIZE))
    said = standing_of(conn, MEMBERS)
    assert sorted(one.index for one in said.entries) == [1, 2, 4, 7, 8, STANDING]
    assert [(one.line.name, one.line.last_index, one.index) for one in said.lines] == [
        ("magnet.example", 8, STANDING),
        ("motor.example", 2, STANDING),
    ]


def test_it_makes_evidence_that_holds_for_whoever_relies_on_the_registry(conn):
    head = kept(conn, range(SIZE))
    said, motor = standing_of(conn, MEMBERS), motor_evidence(STORY)
    position = len(motor.checkpoints)
    entries = [*said.entries, *upstream.at(conn, [(REGISTRY.origin, 0)]).values()]
    made = Evidence(
        motor.subject,
        (*motor.entries, *(Proven(one.note, one.index, one.log, position, one.path) for one in entries)),
        (*motor.checkpoints, head),
        {**motor.disclosures, **{one.leaf: one.disclosures for one in entries}},
        motor.made_at,
        motor.consistency,
        standing=said.lines,
    )
    result = verify(parse_evidence(printed(made)), Policy.parse(registry_policy()))
    assert result.missing == ()
    assert sorted(result.members) == MEMBERS


def test_nothing_of_a_registry_that_is_here_only_in_part(conn):
    kept(conn, [index for index in range(SIZE) if index != 3])
    assert standing_of(conn, MEMBERS).entries == standing_of(conn, MEMBERS).lines == ()


def test_nothing_of_whom_nobody_admitted(conn):
    kept(conn, range(SIZE))
    assert standing_of(conn, ["longnan.example"]).entries == ()
    assert standing_of(conn, []).lines == ()
