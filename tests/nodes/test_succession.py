"""What a log leaves to its successor: every state, once; and nothing to whoever opens the old home again."""

import pytest

from ledger.errors import LodetraceError, Unavailable, Unknown
from ledger.evidence import verify
from ledger.log.trust import Policy
from ledger.matter.stock import Batch, Locked, Pool, Shipment, Unit
from nodes import people, webhooks
from nodes.auditing import audit, from_store
from nodes.homes import create_home
from nodes.inheritance import left_to
from nodes.labels import label_of
from nodes.node import Caller, Node
from nodes.rebuild import rebuild
from nodes.rotation import rotate
from nodes.scan import scan
from nodes.store import deliveries, log, stock
from nodes.store import rebuild as tables
from nodes.succession import succeed

NAME = "mine.example"
LI = Caller("Li")
WANG = Caller("Wang")
ORE = {"product": "ion_clay_mixed_oxide", "origin": {"class": "mined", "country": "CN", "feed_class": "ion_mid_y"}}
QUIET = {"LODETRACE_ORIGINS_ENFORCED": "false"}


def kg(value):
    return {"value": value, "unit": "kg", "basis": "net"}


def record(node, verb, caller=LI, **body):
    return node.sequencer.submit(node.command(verb, body, caller, None)).result()


@pytest.fixture
def home(tmp_path):
    """Goods loose, packed, held, sent on their way to a partner, and in a pool."""
    place = tmp_path / "mine"
    create_home(
        place, {}, name=NAME, organisation="M", role="mine", country="CN", sites=[{"code": "main", "country": "CN"}]
    )
    _, partner = create_home(tmp_path / "plant", {}, name="plant.example", organisation="P", role="separation")
    (place / "policy.txt").write_text(f"log {partner.log.verifier.vkey}\nquorum none\n")
    with Running(place) as node:
        for lot in ("A-1", "A-2", "A-3"):
            record(node, "register", lot_no=lot, quantity=kg("100"), **ORE)
        record(
            node,
            "pack",
            batch="A-1",
            units=[
                {"serial": "U-1", "net": kg("10"), "kind": "drum"},
                {"serial": "U-2", "net": kg("10"), "kind": "drum"},
            ],
        )
        record(node, "hold", lines=[{"batch": "A-2", "quantity": kg("30")}], kind="quality", reason="sampled again")
        record(node, "ship", to={"node": "plant.example"}, purpose="sale", lines=[{"batch": "A-1", "units": ["U-1"]}])
        record(
            node,
            "charge",
            pool="p-1",
            site="main",
            steps=[{"process": "leaching"}],
            inputs=[{"batch": "A-3", "quantity": kg("40")}],
        )
    return place


class Running:
    def __init__(self, home):
        self.node = Node.open(home, QUIET)

    def __enter__(self):
        self.node.start()
        return self.node

    def __exit__(self, *_):
        self.node.stop()


def states(node):
    with node.store.read() as conn:
        return {state.key: state for state in stock.everything(conn)}


def refused(run):
    with pytest.raises(LodetraceError) as found:
        run()
    return found.value.code


def test_all_that_was_there_is_there_once_and_can_be_used(home, tmp_path):
    with Running(home) as node:
        before = states(node)
        printed = label_of(node, "U-2").url.rpartition("/")[2]
    done = succeed(home, tmp_path / "next", {})
    assert (done.identity.origin, done.before, done.lost) == (f"{NAME}/log2", f"{NAME}/log", 0)
    with Running(tmp_path / "next") as node:
        after = states(node)
        assert len(after) == len(before)
        for kind in (Batch, Unit, Shipment, Locked, Pool):
            assert (
                sum(isinstance(one, kind) for one in after.values())
                == sum(isinstance(one, kind) for one in before.values())
                > 0
            )
        loose = {one.lot_no: one.mg for one in after.values() if isinstance(one, Batch) and one.lot_no}
        assert loose == {"A-1": 90_000_000, "A-2": 100_000_000, "A-3": 60_000_000}
        with node.store.read() as conn:
            assert {one.kind for one in deliveries.waiting(conn)} == {"handover"}, "the partner never got it"
        assert (
            refused(
                lambda: record(
                    node,
                    "ship",
                    to={"node": "plant.example"},
                    purpose="sale",
                    lines=[{"batch": "A-2", "quantity": kg("80")}],
                )
            )
            == "goods-held"
        )
        assert scan(node, printed).genuine, "a label stays its maker's"
        (hold,) = (one.id for one in after.values() if isinstance(one, Locked))
        record(node, "release", lock=hold, reason="fine")
        record(
            node,
            "ship",
            to={"node": "plant.example"},
            purpose="sale",
            lines=[{"batch": "A-2", "quantity": kg("80")}, {"batch": "A-1", "units": ["U-2"]}],
        )
        record(
            node,
            "draw",
            pool="p-1",
            site="main",
            steps=[{"process": "leaching"}],
            outputs=[{"product": "ion_clay_mixed_oxide", "lot_no": "D-1", "quantity": kg("10")}],
        )
        batch = next(one.id for one in after.values() if isinstance(one, Batch) and one.lot_no == "A-1")
        assert batch.startswith(f"{NAME}/log#")
    holds(tmp_path / "next", batch)


def test_a_successor_can_be_succeeded_and_keeps_its_log_when_its_keys_are_replaced(home, tmp_path):
    succeed(home, tmp_path / "next", {})
    rotate(tmp_path / "next", {}, ["all"])
    done = succeed(tmp_path / "next", tmp_path / "last", {})
    assert (done.identity.origin, done.before) == (f"{NAME}/log3", f"{NAME}/log2")
    with Running(tmp_path / "last") as node:
        record(
            node, "ship", to={"node": "plant.example"}, purpose="sale", lines=[{"batch": "A-1", "quantity": kg("50")}]
        )
        batch = next(one.id for one in states(node).values() if isinstance(one, Batch) and one.lot_no == "A-1")
    holds(tmp_path / "last", batch)


def holds(home, batch):
    """Evidence for whoever names all its logs, an audit, and a rebuild."""
    node = Node.open(home, QUIET)
    try:
        with node.store.read() as conn:
            file = node.proof_of(conn, batch=batch)
            was = list(tables.snapshot(conn))
        lines = [
            f"log {_key(home.parent / folder)}\n"
            for folder in ("mine", "next", "last")
            if (home.parent / folder).exists()
        ]
        result = verify(file, Policy.parse("".join(lines) + "quorum none\n"))
        assert result.missing == ()
        audit(from_store(node.store))
        rebuild(node)
        with node.store.read() as conn:
            assert list(tables.snapshot(conn)) == was
    finally:
        node.store.close()


def _key(home):
    node = Node.open(home, {})
    try:
        return (node.identity.log_before or node.identity.log).verifier.vkey
    finally:
        node.store.close()


def test_entries_from_the_first_that_is_not_ours_do_not_count(home, tmp_path):
    with Running(home) as node, node.store.read() as conn:
        size = log.head(conn).size
    done = succeed(home, tmp_path / "next", {}, up_to=size - 1)
    assert done.size <= size - 1
    assert done.lost == size - done.size


def test_a_log_is_succeeded_once_and_its_home_records_no_more(home, tmp_path):
    succeed(home, tmp_path / "next", {})
    assert refused(lambda: succeed(home, tmp_path / "other", {})) == "succeeded-already"
    with Running(home) as node:
        assert isinstance(node.sequencer.halted, Unavailable)
        assert node.sequencer.halted.code == "log-succeeded"


def test_what_is_not_all_here_is_not_inherited(home, tmp_path):
    succeed(home, tmp_path / "next", {})
    node = Node.open(tmp_path / "next", {})
    other = Node.open(home, {})
    try:
        with other.store.read() as conn, pytest.raises(Unknown) as found:
            left_to(conn, other.rulesets, node.opened())
        assert found.value.code == "predecessor-incomplete"
    finally:
        node.store.close()
        other.store.close()


def test_whoever_could_sign_in_still_can_and_programs_are_told_under_their_secrets(home, tmp_path):
    secret = tmp_path / "mine" / "oidc.secret"
    secret.write_text("x")
    file = home / "config.toml"
    head, mark, tail = file.read_text("utf-8").partition("# sites")
    own = 'oidc_issuer = "https://sso.example"\noidc_client_id = "mine"\noidc_secret = "oidc.secret"\n'
    file.write_text(f"{head}{own}\n{mark}{tail}", "utf-8")
    with Running(home) as node:
        people.hire(node.store, "Li", "clerk", node.clock, password="a long enough sentence", tasks=["sales"])
        people.hire(node.store, "Wang", "admin", node.clock, subject="wang")
        people.leave(node.store, "Wang", node.clock)
        webhooks.add(node.store, "https://example.com/", ["recalls"], node.clock)
        before = people.listed(node.store), webhooks.listed(node.store)
    new = tmp_path / "mine2"
    succeed(home, new, {})
    with Running(new) as node:
        assert (people.listed(node.store), webhooks.listed(node.store)) == before
        assert people.Reception(node.store, node.clock).sign_in("Li", "a long enough sentence", "here")
        assert node.settings.oidc_secret == secret
