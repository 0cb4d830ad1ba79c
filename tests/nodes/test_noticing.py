"""Notices of an organisation that writes what it likes: what is false of them is not kept."""

import pytest

from ledger.log.canonical import b64
from tests.bookkeeping import approved
from tests.formats.scribe import recorded
from tests.nodes.test_intake import _line, index_of, ref_to
from tests.rogue import AT, NOW, Rogue
from tests.world import World, kg, until

MINE, ROGUE = "mine.example", "rogue.example"


@pytest.fixture
def rogue():
    return Rogue(ROGUE).begin()


@pytest.fixture
def world(tmp_path, rogue):
    with World(tmp_path, MINE, policy=[rogue.policy_line]) as made:
        yield made


def notice(rogue, receiver, *entries):
    evidence = rogue.evidence("", *entries)
    object.__setattr__(evidence, "subject", {"log": rogue.origin})
    return rogue.parcel("notice", receiver, rogue.message("notice", receiver, rogue.origin, evidence))


def code_of(world, parcel):
    reply = world[MINE].deliver(parcel)
    return reply.status if reply.status in (200, 202) else reply.json()["code"]


def recalled(rogue, batch):
    slots = {
        "recall": {"at": AT, "kind": "quality", "text": "Send it back."},
        "lines.public": [{"batch": batch}],
        "reason": {"text": "x"},
        "recorded": recorded("r"),
    }
    return rogue.write("recalled", NOW, slots)


def amended(rogue, index, leaf):
    slots = {
        "amendment": {"at": AT, "index": index, "leaf": leaf},
        "words": {"list": [{"path": "batch.lot_no", "was": "R-1", "is": "R-2"}]},
        "reason": {"text": "x"},
        "recorded": recorded("r"),
    }
    return rogue.write("amended", NOW, slots)


def consenting(rogue, given, receipt, batch, mg, **more):
    """The rogue takes what mine gave: so it says."""
    row = {"index": receipt.entry.index, "leaf": b64(receipt.leaf), "batch": batch}
    slots = {
        "adjustment": {"at": AT, "with": MINE},
        "shared.chain": [row],
        "shared.partner": [{"side": "received", "basis": "net", "delta_mg": mg}],
        "shared.authority": [{"site": "main"}],
        "consent": {**given, **more},
        "reason": {"text": "x"},
        "recorded": recorded("r"),
    }
    return rogue.write("adjusted", NOW, slots)


def test_a_consent_is_compared_on_its_arrival(world, rogue):
    """Goods that mine gave up are taken as they were given, or the notice is not kept."""
    mine = world[MINE]
    batch = f"{MINE}/log#{mine.register('R-9', '60')}"
    shipment = mine.ship(ROGUE, {"batch": "R-9", "quantity": kg("50")})
    until(lambda: ref_to(mine, 0)["size"] > index_of(mine, "shipped"))
    receipt = rogue.received(ref_to(mine, index_of(mine, "shipped")), shipment, MINE, [(batch, _line())])
    assert mine.deliver(rogue.send("receipt", MINE, shipment, receipt)).status == 200
    mine.acknowledge(shipment)
    line = {"entry": index_of(mine, "shipped"), "side": "shipped", "batch": "R-9", "more": kg("5")}
    approved(mine, {"kind": "adjust", "reason": "more went", "lines": [line]})
    until(lambda: ref_to(mine, 0)["size"] > index_of(mine, "adjusted"))
    given = ref_to(mine, index_of(mine, "adjusted"))
    for mg, said, code in (
        (4 * 10**6, {}, "adjustments-differ"),
        (5 * 10**6, {"leaf": "A" * 43 + "="}, "ref-to-other-entry"),
        (5 * 10**6, {**ref_to(mine, index_of(mine, "shipped"))}, "ref-to-other-entry"),
        (5 * 10**6, {"index": given["index"] + 10**6}, 202),
        (5 * 10**6, {}, 200),
    ):
        assert code_of(world, notice(rogue, MINE, consenting(rogue, given, receipt, batch, mg, **said))) == code
    told = mine.get("/api/v1/notices")["notices"]
    assert [one["type"] for one in told] == ["adjusted"], "of what was refused, nothing is kept"


def test_news_of_goods_that_nobody_here_knows_waits(world, rogue):
    made = rogue.registered()
    parcel = notice(rogue, MINE, made, recalled(rogue, made.ids["batch"]))
    assert code_of(world, parcel) == 202
    assert world[MINE].get("/api/v1/notices")["notices"] == []


def test_news_that_does_not_bring_what_it_is_about_is_refused(world, rogue):
    made = rogue.registered()
    assert code_of(world, notice(rogue, MINE, recalled(rogue, made.ids["batch"]))) == "evidence-incomplete"


def test_a_correction_of_another_entry_than_it_says(world, rogue):
    made = rogue.registered()
    parcel = notice(rogue, MINE, made, amended(rogue, 1, "A" * 43 + "="))
    assert code_of(world, parcel) == "ref-to-other-entry"
