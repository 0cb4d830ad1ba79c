"""Everything that is refused over HTTP: the one clear answer, and nothing is changed.

The tables are refusals.py, refusals_of_matter.py, refusals_of_corrections.py, refusals_of_orders.py and
refusals_at_the_door.py; the last tests hold them against the code.
"""

import ast
import json
import random
from pathlib import Path
from urllib.parse import quote

import pytest

from ledger.errors import Conflict
from ledger.log.canonical import parse_json
from nodes.node import Caller
from tests import outside
from tests.e2e import (
    refusals,
    refusals_at_the_door,
    refusals_of_corrections,
    refusals_of_devices,
    refusals_of_matter,
    refusals_of_orders,
)
from tests.e2e.stage import A1, CHINESE, METAL, OXIDE, PLANT, Asked, Case, ask, problem
from tests.world import Lost, kg, until

ROOT = Path(__file__).resolve().parents[2]
GROUPS = (
    *refusals.GROUPS,
    *refusals_of_matter.GROUPS,
    *refusals_of_corrections.GROUPS,
    *refusals_of_orders.GROUPS,
    refusals_of_devices.DEVICES,
    *refusals_at_the_door.GROUPS,
)
CASES: dict[str, Case] = {name: case for group in GROUPS for name, case in group.items()}


@pytest.mark.parametrize("name", CASES)
def test_it_is_refused_clearly_and_nothing_changes(stage, name):
    case = CASES[name]
    asked = case.asked(stage)
    before = {member.name: outside.everything(member.node.store) for member in stage.world}
    if name == "a revoked token":  # whoever has used it may go on for a second
        until(lambda: ask(stage.mine, asked).status == 401, "the token ends")
    members = problem(ask(stage.world[asked.member], asked, name.encode("ascii", "replace").decode()))
    assert (members["status"], members["code"], members["field"]) == (case.status, case.code, case.field), members
    assert {member.name: outside.everything(member.node.store) for member in stage.world} == before


def test_every_name_is_given_once():
    assert len(CASES) == sum(len(group) for group in GROUPS)


# -- lines of a bulk request ------------------------------------------------------------------------------------------

LINES: dict[str, tuple[bytes, str, str]] = {
    "no JSON": (b"x", "body-not-json", "line 1 column 1"),
    "no verb": (b'{"key":"1","body":{}}', "fields-wrong", "verb"),
    "a verb nobody knows": (b'{"verb":"steal","key":"1","body":{}}', "verb-unknown", "verb"),
    "no key": (b'{"verb":"unpack","body":{"units":["D-1"]}}', "fields-wrong", "key"),
    "a key too long": (
        b'{"verb":"unpack","key":"%s","body":{"units":["D-1"]}}' % (b"k" * 201),
        "key-wrong",
        "Idempotency-Key",
    ),
    "a body that does not fit": (b'{"verb":"unpack","key":"1","body":{}}', "fields-wrong", "units"),
    "a refusal": (b'{"verb":"unpack","key":"1","body":{"units":["D-9"]}}', "unit-unknown", "units[0]"),
    "a receipt of no shipment": (b'{"verb":"receive","key":"1","body":{}}', "fields-wrong", "shipment"),
    "an answer to no shipment": (b'{"verb":"acknowledge","key":"1","body":{}}', "fields-wrong", "shipment"),
    "a charge of no pool": (
        b'{"verb":"charge","key":"1","body":{"inputs":[{"batch":"O-1"}]}}',
        "fields-wrong",
        "pool",
    ),
    "a pool where none belongs": (
        b'{"verb":"unpack","key":"1","pool":"x","body":{"units":["D-1"]}}',
        "fields-wrong",
        "pool",
    ),
    "what a clerk may not do": (
        b'{"verb":"release","key":"1","lock":"x","body":{"reason":"x"}}',
        "role-too-low",
        "Authorization",
    ),
    "what a second person must approve": (
        b'{"verb":"correct","key":"2","body":{"kind":"reverse","entry":1,"reason":"x"}}',
        "approval-missing",
        "recorded.approved_by",
    ),
    "a shipment where none belongs": (
        b'{"verb":"unpack","key":"1","shipment":"x","body":{"units":["D-1"]}}',
        "fields-wrong",
        "shipment",
    ),
}


def test_each_bad_line_of_a_bulk_request_is_refused_alone(stage):
    before = outside.everything(stage.mine.node.store)
    reply = ask(stage.mine, Asked("/api/v1/bulk", b"\n".join(line for line, _, _ in LINES.values())))
    assert reply.status == 200
    rows = [json.loads(line) for line in reply.body.splitlines()]
    assert len(rows) == len(LINES)
    for row, (name, (_, code, place)) in zip(rows, LINES.items(), strict=True):
        found = row["problem"]
        assert (found["code"], found["field"], found["status"]) == (code, place, row["status"]), (name, found)
        assert CHINESE(found["detail_zh"])
    assert outside.everything(stage.mine.node.store) == before


# -- other organisations ----------------------------------------------------------------------------------------------


def test_an_offer_to_another_organisation_is_refused_by_everybody_else(stage):
    """A handover that really happened, brought to a node that it was not meant for, by its own sender."""
    parcel = next(one for one in stage.world.network.parcels("handover") if one.receiver == PLANT)
    metal = stage.world[METAL]
    before = outside.everything(metal.node.store)
    for body in (parcel.body, parcel.body.replace(b'"receiver":"plant.example"', b'"receiver":"metal.example"', 1)):
        members = problem(metal.deliver(stage.mine.forge(parcel, body, receiver=METAL)))
        assert (members["status"], members["code"]) == (422, "offer-to-other")
    assert outside.everything(metal.node.store) == before


def test_a_receipt_for_a_shipment_to_another_organisation_is_not_found(stage):
    """Plant's clerk cannot receive what was offered to mine, nor can metal's."""
    for name in (PLANT, METAL):
        member = stage.world[name]
        before = outside.everything(member.node.store)
        path = f"/api/v1/shipments/{quote(stage.ids['in'], safe='')}/receipts"
        members = problem(ask(member, Asked(path, {})))
        assert (members["status"], members["code"]) == (404, "shipment-unknown")
        assert outside.everything(member.node.store) == before


def test_a_handover_damaged_on_the_way_is_refused(stage):
    mine, lost = stage.mine, Lost()
    stage.world.network.rule(lost, kind="handover", times=1000)
    mine.ship(PLANT, A1)
    parcel = lost.first()
    assert parse_json(parcel.body)
    plant = stage.world[PLANT]
    before = outside.everything(plant.node.store)
    for position in random.Random(7).sample(range(len(parcel.body)), 40):
        body = parcel.body[:position] + bytes([parcel.body[position] ^ 1]) + parcel.body[position + 1 :]
        assert problem(plant.deliver(mine.forge(parcel, body)))["status"] == 422 or _says_nothing(parcel.body, position)
    assert outside.everything(plant.node.store) == before
    stage.world.network.clear()


def _says_nothing(body: bytes, position: int) -> bool:
    """The time at which a file was made is nobody's statement."""
    start = body.index(b'"made_at":"') + len(b'"made_at":"')
    return start <= position < start + len("2026-11-22T00:00:00.000Z")


def test_books_that_moved_while_they_were_made_are_not_closed(stage):
    """Over HTTP they are made anew, five times; here they rest on a log that was shorter."""
    node, before = stage.mine.node, outside.everything(stage.mine.node.store)
    body = {"month": stage.ids["month"], "rows": [], "size": 1}
    with pytest.raises(Conflict) as refused:
        stage.world.call(node.do("close_month", body, Caller("Wang"), "books that moved"))
    assert (refused.value.code, refused.value.field) == ("books-moved", "month")
    assert outside.everything(node.store) == before


# -- recorded, for it may be true, and reported ------------------------------------------------------------------------

DY = {"basis": "ignited", "total_reo_pct": "99.0", "distribution_pct": [["Dy", "100"]]}
ODD: dict[str, tuple[str, str, dict]] = {
    "an element that the process cannot produce": (
        "element-not-fed",
        "transformations",
        {
            "steps": [{"process": "separation", "site": "main"}],
            "inputs": [{"batch": "N-1", "quantity": kg("1")}],
            "outputs": [{"product": "dy_oxide", "quantity": kg("1"), "assay": DY}],
        },
    ),
    "a product that cannot be made of what went in": (
        "element-not-fed",
        "transformations",
        {
            "steps": [{"process": "electrolysis", "site": "main"}],
            "inputs": [{"batch": "N-1", "quantity": kg("1")}],
            "outputs": [{"product": "dy_metal", "quantity": kg("0.8")}],
        },
    ),
    "an origin that the role may not register": (
        "origin-not-allowed",
        "batches",
        {
            "product": "eol_magnet",
            "site": "main",
            "quantity": kg("1"),
            "origin": {"class": "recycled", "country": "CN", "feed_class": "post_consumer"},
        },
    ),
}


@pytest.mark.parametrize("name", ODD)
def test_what_is_odd_is_recorded_and_reported_in_both_languages(stage, name):
    code, path, body = ODD[name]
    if code == "element-not-fed":
        lot = f"N {name}"
        stage.mine.register(lot, "10", site="main", product="prnd_oxide", assay=OXIDE)
        body = {**body, "inputs": [{"batch": lot, "quantity": kg("1")}]}
    warnings = stage.mine.record(f"/api/v1/{path}", body)["warnings"]
    found = next(one for one in warnings if one["code"] == code)
    assert len(found["reason"].split()) > 4
    assert CHINESE(found["reason_zh"])


# -- is it all there? -------------------------------------------------------------------------------------------------

REACHED_ELSEWHERE: dict[str, str] = {
    "captured-altered": "verbs copy what was typed; of another program's log: tests/nodes/test_devices.py",
    **dict.fromkeys(
        ("confirmation-unclear", "shipment-confirmed"),
        "answered by the page behind a link: tests/api/test_guest.py",
    ),
    "count-not-whole": "the shape of a body has whole counts above 0 only, and the reader no integer of 2^53",
    "event-type-unknown": "every verb writes one of the types that there are",
    "id-given-twice": "ids come from salts that are drawn anew",
    "line-differs-from-offer": "lines are copied from the offer; between nodes: tests/nodes/test_intake.py",
    "receipt-of-other-shipment": "a receipt names its own offer; between nodes: tests/nodes/test_intake.py",
    "session-ended": "a browser's cookie stands for a token: tests/api/test_sign_in.py",
    "to-one-party": "the shape of a body has exactly one party",
    "unit-net-differs": "a line's units are copied from stock, and a receipt's from the offer",
    "unit-state-unknown": "the shape of a body has the states that there are",
    **dict.fromkeys(
        ("entry-of-other-type", "identifier-wrong", "log-of-other", "member-unknown", "successor-of-no-log"),
        "at an authority: tests/e2e/test_registry.py",
    ),
    "until-before-from": "at an authority: tests/e2e/test_registry.py",
    "nothing-cited": "the verb cites what it was told of",
    "offer-not-shipped": "between nodes: the message's own entry is chosen by its type",
    "offer-not-disclosed": "between nodes: tests/nodes/test_intake.py",
    "offer-to-other": "a receipt is of an offer to us; between nodes: below, and tests/nodes/test_intake.py",
    "decline-differs": "an acknowledgement repeats what its receipt says; between nodes: tests/nodes/test_intake.py",
    "assay-basis-missing": "the shape of a body has the bases that there are",
    "reference-wrong": "a node does not start with it",
    "origins-not-offered": "origins are copied from the offer",
    "pool-open": "a charge opens a period only where none is open",
    "pool-opens-new": "a charge opens a period only where none is open",
    "pool-opens-product": "verbs open periods as such",
    "pool-period-closed": "charges and draws are of the open period",
    "books-differ": "what the books say is looked up when it is recorded",
    "net-untold": "verbs tell the nets that follow",
    "sample-of-several": "the shape of a body has one batch",
    "sample-of-other-product": "samples are of the batch's own product",
    "title-told-otherwise": "the verb tells the lines; between nodes: matter/test_custody_status_refusals.py",
    "site-differs": "a sample's site is where its batch stands",
    "release-differs": "what a lock covers is looked up",
    "settlement-bases-mixed": "both sides of a shipment name one product: tests/ledger/matter/test_settlement.py",
    **dict.fromkeys(
        (f"vector-{what}" for what in "bounds element form model number order row-name sum too-long".split()),
        "vectors are computed; between nodes: tests/ledger/matter/test_vectors.py",
    ),
    "adjustment-side-unknown": "the shape of a body has the sides that there are, and the verb sorts the lines by them",
    "adjustment-of-nothing": "no quantity is nothing: the amount is refused before",
    "adjustment-with-other": "the partner is looked up; between nodes: matter/test_corrections_refusals.py",
    "adjustment-of-other-shipment": "entries are looked up; between nodes, as above",
    "consent-to-other": "the partner's entry is looked up; between nodes, as above",
    "entry-other-leaf": "the leaf is looked up: tests/ledger/matter/test_corrections_refusals.py",
    "origin-not-for-role": "the stage only reports origins: tests/nodes/verbs/test_origins.py",
    "origin-document-missing": "the stage only reports origins: tests/nodes/verbs/test_origins.py",
    "opening-closed": "the stage closes no month before it: tests/nodes/verbs/test_origins.py",
    "draw-above-mass": "tests/nodes/verbs/test_origins.py",
    "books-moved": "only where others record during each of five tries to close a month: below",
    "list-too-long": "by the reader of bulk bodies, or as malformed by the commitment: tests/e2e/test_limits.py",
}
WHERE = [
    *(
        "nodes/verbs",
        "ledger/matter",
        "api/access.py",
        "api/bodies.py",
        "api/recording.py",
        "api/misfits.py",
        "api/bulk.py",
    ),
    *("nodes/desk.py", "nodes/store/codes.py"),
]
ERRORS = {"Malformed", "Unknown", "Conflict", "Refusal"}


def raised() -> dict[str, str]:
    """Every code that a recording request may meet in the code it runs through → where."""
    files = [
        path
        for place in WHERE
        for path in ((ROOT / place).rglob("*.py") if (ROOT / place).is_dir() else [ROOT / place])
    ]
    found = {}
    for path in sorted(files):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            name = node.func.id if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) else ""
            if isinstance(node, ast.Call) and node.args and (name in ERRORS or name == "Guard"):
                codes = [one.value for one in ast.walk(node.args[0]) if isinstance(one, ast.Constant)]
                found.update({str(code): f"{path.name}:{node.lineno}" for code in codes})
    return found


def test_every_refusal_of_a_request_has_its_case():
    covered = {case.code for case in CASES.values()} | {code for _, code, _ in LINES.values()}
    codes = raised()
    assert len(codes) > 70
    assert {code: place for code, place in codes.items() if code not in covered | REACHED_ELSEWHERE.keys()} == {}


def test_what_is_said_to_be_out_of_reach_is_still_there_and_still_is():
    covered = {case.code for case in CASES.values()}
    assert REACHED_ELSEWHERE.keys() <= raised().keys()
    assert (REACHED_ELSEWHERE.keys() - {"list-too-long"}) & covered == set()
