"""An authority finds goods of deposited logs by what is written on them, sees what is told of them, freezes them."""

from urllib.parse import quote

import pytest

from nodes import seeking
from tests.bookkeeping import AUTHORITY, MINE, PLANT, register
from tests.bookkeeping import world as bookkeeping
from tests.hands import Hands
from tests.overseen import SCRIPT, worked_out
from tests.world import kg


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """Ore of a mine, packed, sent and received; and two lots that are called the same, one of them hostile in words."""
    with bookkeeping(tmp_path_factory.mktemp("seek")) as world:
        mine, plant = world[MINE], world[PLANT]
        register(mine, "XF-7", "100")
        (label,) = mine.pack("XF-7", "D-1")
        shipment = mine.ship(PLANT, {"batch": "XF-7", "units": ["D-1"]})
        plant.await_arrival(shipment)
        plant.receive(shipment)
        mine.await_status(shipment, "received")
        invoice = {"kind": "special_invoice", "no": "2444-0001", "mass": kg("5")}
        register(mine, "PAPER", "5", documents=[invoice])
        register(mine, "SAME", "1")
        register(plant, "SAME", "1")
        register(plant, SCRIPT, "1")
        world.settle()
        worked_out(world[AUTHORITY])
        world.label_url = label["label_url"]
        yield world


@pytest.fixture
def inspector(told):
    return Hands(told[AUTHORITY], role="supervisor")


def asked(member, hands, path):
    return member.ask("GET", path, role=None, headers={"cookie": hands.cookies})


def batch_of(told, lot):
    (found,) = seeking.seek(told[AUTHORITY].node, lot)
    return found.batch


def test_goods_are_found_by_whatever_a_person_has_in_hand(told, inspector):
    batch = batch_of(told, "XF-7")
    made = told[MINE].get("/api/v1/batches/XF-7")
    assert batch == f"{MINE}/log#{made['batch']}"
    entry = told[MINE].get("/api/v1/entries?type=registered")["entries"][0]["index"]
    for way in ("XF-7", "xf-7", batch, f"{MINE}/log {entry}", told.label_url):
        assert [one.batch for one in seeking.seek(told[AUTHORITY].node, way)] == [batch], way
        reply = asked(told[AUTHORITY], inspector, f"/seek?q={quote(way, safe='')}")
        assert (reply.status, reply.header("location")) == (303, f"/seek/{quote(batch, safe='')}")


def test_goods_are_found_by_the_paper_that_they_came_under(told, inspector):
    (found,) = seeking.seek(told[AUTHORITY].node, "24440001")
    assert found.lot_no == "PAPER"
    reply = asked(told[AUTHORITY], inspector, "/seek?q=2444-0001")
    assert reply.header("location") == f"/seek/{quote(found.batch, safe='')}"
    assert "is called that. Look at the spelling" in inspector.get("/seek?q=2444-0002")


def test_several_are_listed_and_none_is_said(told, inspector):
    page = inspector.get("/seek?q=same")
    assert page.count('href="/seek/') == 2
    assert "is called that. Look at the spelling" in inspector.get("/seek?q=nothing")
    assert "is called that" not in inspector.get("/seek")


def test_a_batch_tells_who_had_it_and_what_happened(told, inspector):
    batch = batch_of(told, "XF-7")
    page = inspector.get(f"/seek/{quote(batch, safe='')}")
    one = seeking.known(told[AUTHORITY].node, batch)
    assert [held.type for held in one.entries] == ["registered", "shipped", "received"]
    assert one.holders == (PLANT, MINE)
    for held in one.entries:
        path = f"/deposited/{held.log.removesuffix('/log')}/{held.index}"
        assert f'href="{path}"' in page
        assert "Who stands behind it" in inspector.get(path)
    assert f"/trace/{quote(batch)}" in page.replace("%2F", "/")
    assert f"/orders/new?to={PLANT}" in page


def test_an_entry_of_another_log_leads_to_goods_here_and_to_no_page_of_its_own_node(told, inspector):
    batch = batch_of(told, "XF-7")
    shipped = next(one for one in seeking.known(told[AUTHORITY].node, batch).entries if one.type == "shipped")
    page = inspector.get(f"/deposited/{MINE}/{shipped.index}").partition("<main")[2]
    assert f'href="/batches/{quote(batch, safe="")}"' in page
    assert 'href="/entries/' not in page
    reply = asked(told[AUTHORITY], inspector, f"/batches/{quote(batch, safe='')}")
    assert (reply.status, reply.header("location")) == (303, f"/seek?q={quote(batch, safe='')}")


def test_what_is_not_here_is_said(told, inspector):
    for path in (
        f"/seek/{MINE}%2Flog%2300000000000000000000000000",
        f"/deposited/{MINE}/999",
        "/deposited/nobody/0",
        "/seek/none",
    ):
        assert asked(told[AUTHORITY], inspector, path).status == 404, path
    mine = Hands(told[MINE], role="supervisor")
    assert asked(told[MINE], mine, "/seek?q=XF-7").status == 404


def test_names_are_harmless(told, inspector):
    page = inspector.get(f"/seek/{quote(batch_of(told, SCRIPT), safe='')}")
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page


def test_goods_are_frozen_by_the_lot_number_on_them(told, inspector):
    form = {"to": PLANT, "lines": "xf-7", "ground": "GB 1, 2", "reason": "look", "sure": "true"}
    reply = inspector.post("/orders/new", form)
    assert reply.status == 303
    batch = batch_of(told, "XF-7")
    page = inspector.get(f"/seek/{quote(batch, safe='')}")
    assert "Freeze ordered to" in page
    refused = inspector.post("/orders/new", {**form, "lines": "same"})
    assert 'id="wrong-lines"' in refused.body.decode()


def test_a_scan_leads_to_the_goods_or_to_what_is_wrong_with_the_label(told, inspector):
    batch = batch_of(told, "XF-7")
    for code in (told.label_url, "XF-7", batch):
        assert inspector.post("/scan", {"code": code}).header("location") == f"/seek?q={quote(code, safe='')}"
    scanned = "/q/" + told.label_url.rpartition("/q/")[2]
    assert f'href="/seek?q={quote(scanned)}"' in inspector.get(scanned)
    assert (
        "/seek?q="
        not in told[AUTHORITY]
        .ask("GET", scanned, role=None, headers={"accept": "text/html", "cookie": "lang=en"})
        .body.decode()
    )
    forged = told.label_url[:-4] + "AAAA"
    assert inspector.post("/scan", {"code": forged}).header("location") == f"/q/{forged.rpartition('/q/')[2]}"
