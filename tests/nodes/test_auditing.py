"""Audits find the first thing that was altered, wherever a log is read: in a home, as deposited, over HTTP.

Over 400 lines because each way to damage a log is a case of its own.
"""

import shutil
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from random import Random

import pytest

from ledger.errors import LodetraceError, Malformed, Unverified
from ledger.log.checkpoints import Checkpoint, open_checkpoint, sign_checkpoint
from ledger.log.merkle import prove_inclusion
from ledger.log.notes import Ed25519Signer, sign_note
from ledger.matter.event_types import EVENT_TYPES, REGISTRY_TYPES
from nodes import tokens
from nodes.auditing import RUN, Report, Source, audit, from_deposits, from_node, from_store, open_home
from nodes.clock import system_clock
from nodes.homes import create_home
from nodes.node import Caller, Node
from nodes.peers import ApiClient
from nodes.store import log, upstream
from nodes.store.engine import Connection, Store
from nodes.store.upstream import Upstream
from tests.bookkeeping import EVENTS, ORDERING
from tests.chain import MINE, MOTOR, NAMES, PLANT
from tests.serving import serving
from tests.world import kg

LONG = 2 * RUN + 150
FLIPS = 150


def of_home(home: Path) -> Report:
    with closing(open_home(home)) as store:
        return audit(from_store(store))


def broken(home: Path) -> Unverified:
    with pytest.raises(Unverified) as found:
        of_home(home)
    assert found.value.text("zh")
    assert found.value.text("en")
    return found.value


def broken_at(home: Path) -> int:
    found = broken(home)
    assert found.code == "audit-broken", found
    return int(found.value)


@contextmanager
def stolen(home: Path) -> Iterator[Connection]:
    """Somebody with the database in his hands, its guards taken away."""
    with closing(Store.open(home / "node.db")) as store, store.write() as conn:
        for (name,) in conn.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            conn.execute(f"DROP TRIGGER {name}")
        conn.execute("PRAGMA defer_foreign_keys = ON")
        yield conn


@pytest.fixture
def home(chain, tmp_path):
    return chain.copy(PLANT, tmp_path / "home")


def size_of(home: Path) -> int:
    with closing(open_home(home)) as store, store.read() as conn:
        return log.head(conn).size


# -- logs that hold -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_a_log_that_holds_in_its_home(chain, name):
    report = of_home(chain.home(name))
    with chain.node(name) as node:
        point = open_checkpoint(node.checkpoint(), node.identity.log.verifier, node.origin)
    assert (report.origin, report.size, report.checkpoints) == (f"{name}/log", point.size, 1)
    units = {MINE: 5, PLANT: 4 + 2, MOTOR: 3 + 3}.get(name)  # packed here, and received
    if units is not None:
        assert report.units == units


@pytest.mark.parametrize("name", NAMES)
def test_and_over_http_with_a_viewers_token(chain, tmp_path, name):
    home = chain.copy(name, tmp_path / "home")
    heard: list[int] = []
    with chain.node(name, home) as node, serving(node) as url:
        token = tokens.mint(node.store, "auditor", "viewer", system_clock)
        with ApiClient(url, token) as client:
            report = audit(from_node(client, node.identity.log.verifier), heard.append)
    assert report == of_home(home)
    assert heard == [report.size]


def test_without_a_token_nothing_is_read(chain):
    with chain.node(MINE) as node, serving(node) as url, ApiClient(url) as client:
        source = from_node(client)
        with pytest.raises(LodetraceError) as found:
            audit(source)
        assert found.value.field == "token-missing"


def test_an_empty_log_is_no_log():
    with pytest.raises(Malformed):
        audit(Source(lambda: iter(()), list))


# -- one byte -----------------------------------------------------------------------------------------------------


def column(conn: Connection, what: str) -> dict[int, bytes]:
    table, name = what.split(".")
    return dict(conn.execute(f'SELECT "index", CAST({name} AS BLOB) FROM {table}'))


def put(conn: Connection, what: str, index: int, value: bytes) -> None:
    """Bytes as they are, into a column of text too."""
    table, name = what.split(".")
    kind = "TEXT" if what == "disclosures.body" else "BLOB"
    conn.execute(f'UPDATE {table} SET {name} = CAST(? AS {kind}) WHERE "index" = ?', (value, index))


@pytest.mark.parametrize("what", ["entries.note", "disclosures.body", "entries.leaf"])
def test_any_byte_that_is_changed_is_found_and_its_entry_named(home, what):
    random = Random(what)
    with stolen(home) as conn:
        rows = column(conn, what)
    for _ in range(FLIPS):
        index = random.choice(sorted(rows))
        changed = bytearray(rows[index])
        changed[random.randrange(len(changed))] ^= random.randint(1, 255)
        with stolen(home) as conn:
            put(conn, what, index, bytes(changed))
        assert broken_at(home) == index, bytes(changed)
        with stolen(home) as conn:
            put(conn, what, index, rows[index])
    assert of_home(home).size == len(rows)


@pytest.mark.parametrize("what", ["entries.note", "disclosures.body"])
@pytest.mark.parametrize(
    "change", [lambda raw: raw[:-1], lambda raw: raw + b"\n", lambda raw: b"", lambda raw: b"\xff"]
)
def test_bytes_that_are_added_or_gone(home, what, change):
    with stolen(home) as conn:
        rows = column(conn, what)
        put(conn, what, 5, change(rows[5]))
    assert broken_at(home) == 5


def test_every_entry_is_looked_at(home):
    with stolen(home) as conn:
        rows = column(conn, "disclosures.body")
    for index, body in rows.items():
        with stolen(home) as conn:
            put(conn, "disclosures.body", index, body.swapcase())
        assert broken_at(home) == index
        with stolen(home) as conn:
            put(conn, "disclosures.body", index, body)


# -- whole rows ---------------------------------------------------------------------------------------------------


def without_entry(conn: Connection, index: int) -> None:
    for table in ("disclosures", "entries"):
        assert conn.execute(f'DELETE FROM {table} WHERE "index" = ?', (index,)).rowcount == 1


@pytest.mark.parametrize("index", [1, 5, 9])
def test_an_entry_that_is_gone_is_named(home, index):
    with stolen(home) as conn:
        without_entry(conn, index)
    assert broken_at(home) == index


def test_the_first_entry_that_is_gone(home):
    with stolen(home) as conn:
        without_entry(conn, 0)
    assert broken_at(home) == 0


def test_an_end_that_is_cut_off_is_told_by_the_checkpoint(home):
    size = size_of(home)
    with stolen(home) as conn:
        without_entry(conn, size - 1)
        without_entry(conn, size - 2)
    found = broken(home)
    assert (found.code, found.value, found.facts["size"]) == ("log-cut-off", size, size - 2)


def test_disclosures_that_are_gone_are_named(home):
    with stolen(home) as conn:
        conn.execute('DELETE FROM disclosures WHERE "index" = 4')
    assert broken_at(home) == 4


def test_two_entries_in_each_others_place(home):
    with stolen(home) as conn:
        notes, bodies, leaves = (column(conn, what) for what in ("entries.note", "disclosures.body", "entries.leaf"))
        for one, other in ((3, 6), (6, 3)):
            put(conn, "entries.note", one, notes[other])
            put(conn, "disclosures.body", one, bodies[other])
            put(conn, "entries.leaf", one, leaves[other])
    assert broken_at(home) == 3


def test_the_first_of_several_is_named(home):
    with stolen(home) as conn:
        notes = column(conn, "entries.note")
        put(conn, "entries.note", 8, notes[8] + b"x")
        put(conn, "disclosures.body", 6, b"x")
        without_entry(conn, 5)
        put(conn, "entries.leaf", 3, b"\0" * 32)
    assert broken_at(home) == 3


def test_an_entry_of_another_writer(home):
    """Well-formed, chained, in its place, and not signed by this log's author."""
    with stolen(home) as conn:
        note = column(conn, "entries.note")[7]
        text = note.rpartition(b"\n\n")[0].decode() + "\n"
        put(conn, "entries.note", 7, sign_note(text, [Ed25519Signer.from_seed(f"{PLANT}/author", b"1" * 32)]))
    assert broken_at(home) == 7


# -- checkpoints and tables ---------------------------------------------------------------------------------------


def test_a_checkpoint_with_any_byte_changed(home):
    newest = "SELECT size, note FROM checkpoints ORDER BY size DESC LIMIT 1"
    with closing(open_home(home)) as store, store.read() as conn:
        size, note = conn.execute(newest).fetchone()
    for at in range(0, len(note), 5):
        changed = note[:at] + bytes([note[at] ^ 1]) + note[at + 1 :]
        with stolen(home) as conn:
            conn.execute("UPDATE checkpoints SET note = ? WHERE size = ?", (changed, size))
        assert broken(home).code == "checkpoint-broken"


@pytest.mark.parametrize(("ahead", "code"), [(0, "root-differs"), (1, "log-cut-off")])
def test_a_checkpoint_of_another_history(chain, home, ahead, code):
    """Signed by the log's own key, which whoever has the home has."""
    size = size_of(home)
    with chain.node(PLANT, home) as node:
        note = sign_checkpoint(Checkpoint(node.origin, size + ahead, b"\1" * 32), [node.identity.log])
    with stolen(home) as conn:
        conn.execute(
            "INSERT INTO checkpoints (size, note, at, satisfied) VALUES (?, ?, '', 1)"
            " ON CONFLICT (size) DO UPDATE SET note = excluded.note",
            (size + ahead, note),
        )
    found = broken(home)
    assert (found.code, found.value) == (code, size + ahead)


def test_a_log_under_another_key_than_the_trusted_one(chain):
    other = Ed25519Signer.from_seed(f"{PLANT}/log", b"2" * 32).verifier
    with chain.node(PLANT) as node:
        source = from_store(node.store)
        trusted = Source(source.records, source.checkpoints, other)
        with pytest.raises(Unverified) as found:
            audit(trusted)
    assert (found.value.code, found.value.value) == ("audit-broken", 0)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE holdings SET mg = mg + 1",
        "UPDATE units SET state = 'here' WHERE state = 'shipped'",
        "DELETE FROM holdings",
        "UPDATE batches SET lot_no = 'L' WHERE lot_no = 'P-1'",
        "UPDATE units SET id = randomblob(16) WHERE no = (SELECT max(no) FROM units)",
        "DELETE FROM units WHERE no = (SELECT max(no) FROM units)",
        "INSERT INTO batches (no, log_no, id, basis, counted, packed_mg) VALUES (1000, 0, zeroblob(16), 'net', 0, 0)",
        "UPDATE batches SET on_hand = NOT on_hand WHERE no = (SELECT max(no) FROM batches)",
    ],
)
def test_stock_that_the_log_does_not_imply(home, change):
    with stolen(home) as conn:
        assert conn.execute(change).rowcount > 0
    found = broken(home)
    assert found.code == "stock-differs"
    assert found.field in ("batch", "unit")


# -- over HTTP ----------------------------------------------------------------------------------------------------

SERVED: dict[str, tuple[Callable[[Connection], None], int]] = {
    "an entry": (lambda conn: put(conn, "entries.note", 5, b"x" + column(conn, "entries.note")[5]), 5),
    "an entry that is no text": (lambda conn: put(conn, "entries.note", 6, b"\xff\xfe"), 6),
    "a disclosure": (lambda conn: put(conn, "disclosures.body", 4, column(conn, "disclosures.body")[3]), 4),
    "a disclosure that is no text": (lambda conn: put(conn, "disclosures.body", 7, b"\xff\xfe\n"), 7),
    "an entry that is gone": (lambda conn: without_entry(conn, 3), 3),
    "the first entry": (lambda conn: put(conn, "entries.note", 0, b"x"), 0),
}


@pytest.mark.parametrize("case", SERVED)
def test_what_a_node_serves_is_checked_like_what_it_holds(chain, home, case):
    change, index = SERVED[case]
    with chain.node(PLANT, home) as node, serving(node) as url:
        token = tokens.mint(node.store, "auditor", "viewer", system_clock)
        with stolen(home) as conn:
            change(conn)
        with ApiClient(url, token) as client, pytest.raises(Unverified) as found:
            audit(from_node(client))
    assert (found.value.code, found.value.value) == ("audit-broken", index)
    assert broken_at(home) == index


# -- as deposited -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def authority(chain, tmp_path_factory):
    """A home that holds the plant's log whole, as an authority's does."""
    home = tmp_path_factory.mktemp("authority") / "home"
    create_home(home, {}, name="authority.example", organisation="监管中心", role="authority")
    with chain.node(PLANT) as node, node.store.read() as conn:
        stored, (size, note) = log.page(conn, limit=1000), log.latest_checkpoint(conn)
        read = log.hashes(conn)
        kept = [
            Upstream(
                *(node.origin, one.index, one.leaf, one.type, one.note, size),
                tuple(prove_inclusion(one.index, size, read)),
                tuple(one.disclosures.split("\n")),
            )
            for one in stored
        ]
    with closing(open_home(home)) as store, store.write() as conn:
        upstream.save(conn, kept, 1)
        upstream.save_checkpoints(conn, {(f"{PLANT}/log", size): note})
    return home


def deposited(home: Path) -> Report:
    with closing(open_home(home)) as store:
        return audit(from_deposits(store, f"{PLANT}/log"))


@pytest.fixture
def held(authority, tmp_path):
    return Path(shutil.copytree(authority, tmp_path / "authority"))


def test_a_log_holds_as_it_was_deposited(chain, held):
    report, own = deposited(held), of_home(chain.home(PLANT))
    assert (report.origin, report.size, report.root) == (own.origin, own.size, own.root)


DEPOSITS = {
    "an entry": ("UPDATE upstream SET note = CAST(note || 'x' AS BLOB) WHERE \"index\" = 5", 5),
    "an entry that is no text": ("UPDATE upstream SET note = X'FFFE' WHERE \"index\" = 5", 5),
    "a leaf": ('UPDATE upstream SET leaf = zeroblob(32) WHERE "index" = 5', 5),
    "a disclosure": ("UPDATE openings SET body = replace(body, 'W', 'X') WHERE no = 7", 6),
    "a list that is none": ("UPDATE openings SET body = substr(body, 2) WHERE no = 7", 6),
    "a list that is no text": ("UPDATE openings SET body = CAST(X'FFFE' AS TEXT) WHERE no = 7", 6),
    "less than all": ("UPDATE openings SET body = '[]' WHERE no = 7", 6),
    "nothing at all": ('UPDATE upstream SET "index" = 1000 WHERE "index" = 5', 5),
}


@pytest.mark.parametrize("case", DEPOSITS)
def test_a_deposit_that_was_altered_is_named(held, case):
    change, index = DEPOSITS[case]
    with stolen(held) as conn:
        assert conn.execute(change).rowcount == 1
    with pytest.raises(Unverified) as found:
        deposited(held)
    assert (found.value.code, found.value.value) == ("audit-broken", index)


# -- a long log, checked by several processes ---------------------------------------------------------------------


@pytest.fixture(scope="module")
def long(tmp_path_factory):
    """A home with a log of three runs, recorded in bulk."""
    home = tmp_path_factory.mktemp("long") / "home"
    create_home(
        home,
        {},
        name=MINE,
        organisation="信丰矿业",
        role="mine",
        country="CN",
        sites=[{"code": "main", "country": "CN"}],
    )
    node = Node.open(home, {})
    node.start()
    origin = {"class": "mined", "country": "CN"}
    body = {"product": "ion_clay_mixed_oxide", "quantity": kg("100"), "origin": origin}
    commands = [node.command("register", body, Caller("Li"), None) for _ in range(LONG - 1)]
    for waiting in [node.sequencer.submit(command) for command in commands]:
        waiting.result()
    node.stop()
    return home


def test_a_long_log_holds_and_is_told_run_by_run(long):
    heard: list[int] = []
    with closing(open_home(long)) as store:
        report = audit(from_store(store), heard.append)
    assert heard == [RUN, 2 * RUN, LONG]
    assert (report.size, report.batches) == (LONG, LONG - 1)


LATE = {
    "in the first run": (("disclosures.body", RUN // 2),),
    "at the end of a run": (("entries.note", RUN - 1),),
    "at the start of a run": (("entries.note", RUN),),
    "in the last run": (("disclosures.body", LONG - 1),),
    "in all runs at once": (("entries.leaf", 2 * RUN + 7), ("entries.note", RUN + 7), ("disclosures.body", 7)),
}


@pytest.mark.parametrize("case", LATE)
def test_in_a_long_log_too_the_first_break_is_named(long, case):
    with stolen(long) as conn:
        rows = {what: column(conn, what) for what, _ in LATE[case]}
        for what, index in LATE[case]:
            changed = bytearray(rows[what][index])
            changed[len(changed) // 2] ^= 0x55
            put(conn, what, index, bytes(changed))
    try:
        assert broken_at(long) == min(index for _, index in LATE[case])
    finally:
        with stolen(long) as conn:
            for what, index in LATE[case]:
                put(conn, what, index, rows[what][index])


def test_an_entry_missing_later_does_not_hide_one_that_was_changed_before(long, tmp_path):
    home = Path(shutil.copytree(long, tmp_path / "home"))
    with stolen(home) as conn:
        without_entry(conn, RUN + 30)
        put(conn, "disclosures.body", 30, b"x")
    assert broken_at(home) == 30
    with stolen(home) as conn:
        put(conn, "disclosures.body", 30, column(conn, "disclosures.body")[31])
    assert broken_at(home) == 30


def test_chains_are_held_together_across_runs(long):
    """A whole run of another log of the same organisation fits in itself; what is before it says otherwise."""
    with closing(open_home(long)) as store:
        records = list(from_store(store).records())
    shifted = [*records[:RUN], *records[RUN + 1 :]]
    with pytest.raises(Unverified) as found:
        audit(Source(lambda: iter(shifted), list))
    assert (found.value.code, found.value.value) == ("audit-broken", RUN)


def test_every_event_type_of_the_table_stands_in_some_log_that_was_audited(chain):
    types = {*EVENTS, *ORDERING}  # tests/nodes/test_bookkeeping.py and test_orders.py audit those
    for name in NAMES:
        with closing(open_home(chain.home(name))) as store, store.read() as conn:
            types |= {row[0] for row in conn.execute("SELECT DISTINCT type FROM entries")}
    # Guests confirm in tests/api/test_guest.py, which audits what they leave behind.
    # Devices are set in tests/nodes/test_devices.py, which does so too.
    assert types >= EVENT_TYPES.keys() - {"moved", "removed", "confirmed", "device_set", *REGISTRY_TYPES}
