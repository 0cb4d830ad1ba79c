"""The status of a shipment, case by case, and what both sides are shown of the story's shipments."""

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from ledger.errors import Unknown
from ledger.matter.stock import Arrival, ArrivalLine, Line, Shipment
from nodes.shipping import OVERDUE_AFTER, arrival, one_shipment, shipments, status_of
from nodes.store import lists
from nodes.store.deliveries import Delivery
from nodes.store.records import Answer, ArrivalRecord, ShipmentRecord
from tests.chain import MINE, MOTOR, PLANT, RIVAL, TRADER
from tests.nodes.store.rows import an_id

AT = datetime(2026, 11, 1, 8, 15, tzinfo=UTC)
SOON = AT + timedelta(hours=1)
LATE = AT + OVERDUE_AFTER + timedelta(seconds=1)
BATCH, UNIT, SHIPMENT = (an_id(name) for name in ("batch", "unit", "shipment"))


def record(*, closed: bool = False, answers: tuple[Answer, ...] = ()) -> ShipmentRecord:
    line = Line(BATCH, 10, "net", None, (), "", "main")
    shipment = Shipment(SHIPMENT, "plant.example", None, "sale", AT.isoformat(), (line,), None, closed=closed)
    return ShipmentRecord(1, shipment, 3, None, answers)


def delivery(kind: str, state: str) -> Delivery:
    return Delivery(1, kind, "plant.example", 3, SHIPMENT, state, 2, "", None, None)


PART, FINAL = Answer(-1, final=False, declined=False), Answer(-2, final=True, declined=False)
DECLINED = Answer(-3, final=True, declined=True)
WAITING, SENT, REFUSED = (delivery("handover", state) for state in ("waiting", "sent", "refused"))
TOLD = delivery("acknowledgement", "waiting")
CASES = {
    "just recorded": (record(), [], SOON, "offered"),
    "on its way": (record(), [WAITING], SOON, "offered"),
    "with the receiver": (record(), [SENT], SOON, "delivered"),
    "the receiver will not take it": (record(), [REFUSED], SOON, "undeliverable"),
    "and still will not, weeks later": (record(), [REFUSED], LATE, "undeliverable"),
    "silence, not delivered": (record(), [WAITING], LATE, "overdue"),
    "silence after delivery": (record(), [SENT], LATE, "overdue"),
    "exactly a week": (record(), [SENT], AT + OVERDUE_AFTER, "delivered"),
    "a first receipt": (record(answers=(PART,)), [SENT], SOON, "received in part"),
    "a first receipt, long ago": (record(answers=(PART,)), [SENT], LATE, "received in part"),
    "the last receipt": (record(answers=(PART, FINAL)), [SENT], SOON, "received"),
    "the last receipt came before the first": (record(answers=(FINAL, PART)), [SENT], SOON, "received"),
    "declined": (record(answers=(DECLINED,)), [SENT], SOON, "declined"),
    "we do not agree": (record(answers=(FINAL,)), [SENT, TOLD], SOON, "disputed"),
    "agreed": (record(closed=True, answers=(FINAL,)), [SENT, TOLD], SOON, "acknowledged"),
    "agreed that it was declined": (record(closed=True, answers=(DECLINED,)), [SENT, TOLD], LATE, "acknowledged"),
    "a receipt of what was refused": (record(answers=(FINAL,)), [REFUSED], LATE, "received"),
}


@pytest.mark.parametrize(("shipment", "about", "now", "status"), CASES.values(), ids=CASES)
def test_status(shipment, about, now, status):
    assert status_of(shipment, about, now) == status


def test_status_does_not_depend_on_the_order_of_what_is_known():
    for answers, about in product(([PART, FINAL], [DECLINED]), ([SENT], [SENT, TOLD])):
        found = {
            status_of(record(answers=tuple(one)), other, SOON)
            for one in (answers, answers[::-1])
            for other in (about, about[::-1])
        }
        assert len(found) == 1


def test_every_status_is_met():
    """Those of the product page that events of today lead to."""
    assert {status for *_, status in CASES.values()} == {
        "offered",
        "delivered",
        "received in part",
        "received",
        "acknowledged",
        "undeliverable",
        "declined",
        "disputed",
        "overdue",
    }


LINE = ArrivalLine(BATCH, 100, None, accepted_mg=60, rejected_mg=30, missing_mg=10)


@pytest.mark.parametrize(
    ("state", "status"),
    [
        (None, "offered"),
        (Arrival("x/log#1", "x", "sale", {0: LINE}), "received in part"),
        (Arrival("x/log#1", "x", "sale", {0: LINE}, final=True), "received"),
        (Arrival("x/log#1", "x", "sale", {}, final=True, declined=True), "declined"),
    ],
)
def test_status_of_an_arrival(state, status):
    shown = arrival(ArrivalRecord(1, "mine.example/log#1", "mine.example", "sale", None, -4, state))
    assert shown["status"] == status
    assert shown["from"] == "mine.example"
    told = [
        tuple(line[f"{what}_mg"] for what in ("offered", "accepted", "rejected", "missing")) for line in shown["lines"]
    ]
    assert told == ([(100, 60, 30, 10)] if state is not None and state.lines else [])


# -- the story's shipments, on both sides -------------------------------------------------------------------------

BOTH = {
    (MINE, PLANT, 0): ("acknowledged", "received"),
    (MINE, TRADER, 0): ("received", "received"),
    (MINE, RIVAL, 0): ("received", "received"),
    (TRADER, PLANT, 0): ("received", "received"),
    (PLANT, MINE, 0): ("received", "received"),
    (PLANT, MOTOR, 0): ("received", "received"),
    (PLANT, RIVAL, 0): ("received", "received"),
    (MOTOR, RIVAL, 0): ("received", "received"),
}


@pytest.mark.parametrize("handed", BOTH, ids=lambda one: f"{one[0]} to {one[1]}")
def test_both_sides_show_the_same_shipment(chain, handed):
    sender, receiver, _ = handed
    id_ = chain.shipments[handed]
    with chain.node(sender) as node:
        ours = one_shipment(node, id_)
        assert one_shipment(node, id_.partition("#")[2]) == ours
    with chain.node(receiver) as node:
        theirs = one_shipment(node, id_)
    assert (ours["status"], theirs["status"]) == BOTH[handed]
    assert ours["to"] == {"node": receiver}
    assert theirs["from"] == sender
    assert f"{sender}/log#{ours['shipment']}" == theirs["shipment"] == id_
    assert (ours["purpose"], ours["at"]) == (theirs["purpose"], theirs["at"])
    assert ours["waiting_for"] is None
    assert {one["state"] for one in ours["deliveries"]} == {"sent"}
    assert [line["mg"] for line in ours["lines"]] == [line["offered_mg"] for line in theirs["lines"]]
    assert [line["mg"] for line in ours["lines"]] == [row["mg"] for row in theirs["offered"]]
    for line, row in zip(ours["lines"], theirs["offered"], strict=True):
        assert _global(line["batch"], sender) == _global(row["batch"], receiver)
        assert [_global(unit, sender) for unit in line["units"]] == [
            _global(unit["unit"], receiver) for unit in row["units"]
        ]


def _global(id_: str, name: str) -> str:
    return id_ if "#" in id_ else f"{name}/log#{id_}"


def test_what_was_rejected_and_missing_is_said_line_by_line(chain):
    with chain.node(PLANT) as node:
        [mixed, ore] = one_shipment(node, chain.shipments[MINE, PLANT, 0])["lines"]
    assert (mixed["accepted_mg"], mixed["rejected_mg"], mixed["missing_mg"]) == (30_000_000, 10_000_000, 0)
    assert (ore["accepted_mg"], ore["rejected_mg"], ore["open_mg"]) == (10_000_000, 0, 0)
    with chain.node(TRADER) as node:
        [line] = one_shipment(node, chain.shipments[MINE, TRADER, 0])["lines"]
    assert (line["accepted_mg"], line["missing_mg"], line["pending"]) == (10_000_000, 10_000_000, [])


def test_a_return_names_the_shipment_that_it_sends_back(chain):
    with chain.node(PLANT) as node:
        shown = one_shipment(node, chain.shipments[PLANT, MINE, 0])
    assert (shown["purpose"], shown["original"]) == ("return", chain.shipments[MINE, PLANT, 0])


def test_a_shipment_to_a_party_outside_waits_for_nobody(chain):
    with chain.node(PLANT) as node, node.store.read() as conn:
        found = shipments(node, conn, lists.shipments(conn, limit=50))
    [outside] = [one for one in found if "outside" in one["to"]]
    assert outside["to"]["outside"]["country"] == "DE"
    assert (outside["status"], outside["deliveries"], outside["waiting_for"]) == ("offered", [], None)


def test_silence_for_a_week_is_overdue(chain):
    def later():
        return datetime.now(UTC) + OVERDUE_AFTER

    with chain.node(PLANT, clock=later) as node, node.store.read() as conn:
        found = shipments(node, conn, lists.shipments(conn, limit=50))
    assert {one["status"] for one in found if "outside" in one["to"]} == {"overdue"}
    assert {one["status"] for one in found if "node" in one["to"]} == {"received"}


@pytest.mark.parametrize("id_", ["0" * 26, "mine.example/log#" + "0" * 26, "nothing", "#", ""])
def test_a_shipment_that_is_not_here(chain, id_):
    with chain.node(MINE) as node, pytest.raises(Unknown):
        one_shipment(node, id_)
