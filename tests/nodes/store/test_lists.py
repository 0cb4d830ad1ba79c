from dataclasses import replace

import pytest

from ledger.errors import Conflict, Unknown
from ledger.matter.genealogy import Made
from ledger.matter.stock import Arrival, ArrivalLine, Batch, Holding, Key, Line, Shipment, State, Unit
from nodes.store import codes, genealogy, lists, stock, upstream
from nodes.store.engine import Store
from nodes.store.records import Answer, BatchRecord, Making, UnitRecord
from tests.nodes.store.rows import KG, NOW, ORIGIN, OTHER, a_batch, a_unit, an_id

AT = "2026-11-22T08:15:00+08:00"


def save(store: Store, *states: State, **how: Making) -> None:
    """`how` by the state's place: `_0=Making(…)`."""
    made = {states[int(name[1:])].key: making for name, making in how.items()}
    with store.write() as conn:
        stock.save(conn, {state.key: state for state in states}, made)


def a_shipment(id_: str, *batches: str, to: str = "metal.example", closed: bool = False) -> Shipment:
    lines = tuple(Line(batch, KG, "net", None, (), "", "plant-1") for batch in batches)
    return Shipment(id_, to, None if to else {"name": "Fritz", "country": "DE"}, "sale", AT, lines, None, closed)


# -- pages --------------------------------------------------------------------------------------------------------


def test_pages_of_batches_newest_first_and_unmoved_by_new_ones(store: Store) -> None:
    batches = [a_batch(an_id(number)) for number in range(10)]
    save(store, *batches)
    with store.read() as conn:
        first = lists.batches(conn, limit=4)
    save(store, a_batch(an_id("newer")))
    with store.read() as conn:
        rest = lists.batches(conn, before=first[-1].no, limit=100)
    assert [record.batch for record in first + rest] == batches[::-1]


def test_batches_by_product_site_and_what_is_left(store: Store) -> None:
    used = a_batch(an_id("used"), 0)
    oxide = a_batch(an_id("oxide"))
    metal = replace(a_batch(an_id("metal"), product="dy_metal"), loose=(Holding("plant-2", "", 5),))
    packed = a_batch(an_id("packed"), 0, packed_mg=50 * KG)
    save(store, used, oxide, metal, packed, a_unit(an_id("u"), packed.id, "D-1", site="plant-3"))
    with store.read() as conn:
        assert [record.batch for record in lists.batches(conn, product="dy_metal")] == [metal]
        assert [record.batch for record in lists.batches(conn, on_hand=True)] == [packed, metal, oxide]
        assert [record.batch for record in lists.batches(conn, site="plant-2")] == [metal]
        assert [record.batch for record in lists.batches(conn, site="plant-3", on_hand=True)] == [packed]
        assert lists.batches(conn, product="dy_metal", site="plant-1") == []
    save(store, a_unit(an_id("u"), packed.id, "D-1", site="plant-3", state="shipped"))
    with store.read() as conn:
        assert lists.batches(conn, site="plant-3") == []


def test_how_a_batch_came_into_being(store: Store) -> None:
    made = a_batch(an_id(1), lot_no="XF-1")
    foreign = a_batch(f"{OTHER}#{an_id(2)}")
    save(store, made, foreign, _0=Making(41, None, AT, "CN", "ERP-5512", 20 * KG))
    with store.read() as conn:
        assert lists.batch(conn, made.id) == BatchRecord(1, made, 41, AT, "CN", "ERP-5512")
        assert lists.batch(conn, f"{ORIGIN}#{made.id}").batch == made
        assert lists.batch(conn, foreign.id) == BatchRecord(2, foreign, None, None, None, None)
        assert codes.made_by(conn, made.id) == 41
        assert codes.made_by(conn, foreign.id) is None
        assert codes.made_by(conn, an_id("nothing")) is None


def test_units_by_batch_site_and_whether_they_stand_here(store: Store) -> None:
    one, two = a_batch(an_id("one")), a_batch(f"{OTHER}#{an_id('two')}")
    here = a_unit(an_id("here"), one.id, "D-1", seal="A771")
    gone = a_unit(an_id("gone"), one.id, "D-2", state="shipped", shipment=an_id("s"))
    away = a_unit(f"{OTHER}#{an_id('away')}", two.id, "D-3", site="plant-2", state="quarantined", owner="metal.example")
    save(store, one, two, here, gone, away)
    with store.read() as conn:
        assert [record.unit for record in lists.units(conn)] == [away, gone, here]
        assert [record.unit for record in lists.units(conn, batch=one.id)] == [gone, here]
        assert [record.unit for record in lists.units(conn, batch=one.id, on_hand=True)] == [here]
        assert [record.unit for record in lists.units(conn, site="plant-2")] == [away]
        assert lists.units(conn, batch="no id at all") == []
        assert lists.units(conn, before=2, limit=5) == [UnitRecord(1, here, None, None)]
        assert lists.unit(conn, gone.id) == UnitRecord(2, gone, None, None)


def test_a_units_label_leads_to_its_entry(store: Store) -> None:
    batch, unit = a_batch(an_id("b")), a_unit(an_id("u"), an_id("b"), "D-1")
    save(store, batch, unit, _1=Making(7, 3))
    with store.read() as conn:
        assert lists.unit(conn, unit.id) == UnitRecord(1, unit, 7, 3)


def test_shipments_with_the_answers_told_so_far(store: Store) -> None:
    batch = a_batch(an_id("b"))
    sent, outside = a_shipment(an_id("s"), batch.id), a_shipment(an_id("o"), batch.id, to="", closed=True)
    save(store, batch, sent, outside, _1=Making(9, None, None, None, "SO-1"))
    with store.write() as conn:
        for entry_no in (-3, -1, -3):
            upstream.save_answer(conn, sent.id, entry_no, final=entry_no == -3, declined=False)
    with store.read() as conn:
        assert [record.shipment for record in lists.shipments(conn)] == [outside, sent]
        assert [record.shipment for record in lists.shipments(conn, is_open=True)] == [sent]
        assert [record.shipment for record in lists.shipments(conn, to="metal.example", limit=1)] == [sent]
        found = lists.shipment(conn, sent.id)
        assert (found.shipment, found.made_by, found.external_ref) == (sent, 9, "SO-1")
        assert sorted(found.answers, key=lambda one: one.entry_no) == [
            Answer(-3, final=True, declined=False),
            Answer(-1, final=False, declined=False),
        ]
        assert codes.shipments_named(conn, "SO-1") == [sent.id]


def test_arrivals_before_and_after_our_receipt(store: Store) -> None:
    id_ = f"{OTHER}#{an_id('s')}"
    with store.write() as conn:
        upstream.save_offer(conn, id_, "metal.example", "sale", AT, -4)
        upstream.save_offer(conn, id_, "metal.example", "sale", AT, -4)
        upstream.save_offer(conn, f"{OTHER}#{an_id('t')}", "metal.example", "return", AT, -5)
    with store.read() as conn:
        assert [record.offered_by for record in lists.arrivals(conn)] == [-5, -4]
        offered = lists.arrival(conn, id_)
        assert (offered.sender, offered.purpose, offered.at, offered.arrival) == ("metal.example", "sale", AT, None)
        assert stock.load(conn, [("arrival", id_)]) == {}, "custody knows nothing of it before our first receipt"
    received = Arrival(id_, "metal.example", "sale", {0: ArrivalLine(an_id("b"), KG, None, KG)}, final=True)
    save(store, received)
    with store.read() as conn:
        assert lists.arrival(conn, id_) == replace(offered, arrival=received)
        assert [record.id for record in lists.arrivals(conn, is_open=True)] == [f"{OTHER}#{an_id('t')}"]
        assert [record.id for record in lists.arrivals(conn, sender="metal.example", limit=1)] == [
            f"{OTHER}#{an_id('t')}"
        ]
        assert lists.arrivals(conn, sender="nobody.example") == []


@pytest.mark.parametrize("id_", [an_id("nothing"), f"nobody.example/log#{an_id(1)}", "D-1", "", "#", "7K3M…"])
def test_what_is_not_here_is_unknown(id_: str, store: Store) -> None:
    with store.read() as conn:
        for ask in (lists.batch, lists.unit, lists.shipment, lists.arrival, codes.find_batch, codes.find_unit):
            with pytest.raises(Unknown) as error:
                ask(conn, id_)
            assert error.value.value == id_
            assert error.value.text("en")
            assert error.value.text("zh")


# -- codes --------------------------------------------------------------------------------------------------------


def test_a_batch_goes_by_id_lot_number_and_external_reference(store: Store) -> None:
    own, foreign = a_batch(an_id(1), lot_no="XF-1"), a_batch(f"{OTHER}#{an_id(2)}", lot_no="PN-7")
    save(store, own, foreign, _0=Making(0, None, None, None, "ERP-5512"))
    with store.read() as conn:
        for code in (own.id, f"{ORIGIN}#{own.id}", "XF-1", "ERP-5512"):
            assert codes.find_batch(conn, code) == own.id
        for code in (foreign.id, "PN-7"):
            assert codes.find_batch(conn, code) == foreign.id
        with pytest.raises(Unknown):
            codes.find_batch(conn, an_id(2))  # another log's id, without that log


def test_a_unit_goes_by_id_and_serial(store: Store) -> None:
    batch, unit = a_batch(an_id("b")), a_unit(an_id("u"), an_id("b"), "D-001")
    save(store, batch, unit)
    with store.read() as conn:
        assert [codes.find_unit(conn, code) for code in (unit.id, f"{ORIGIN}#{unit.id}", "D-001")] == [unit.id] * 3


def test_one_batch_named_twice_by_a_code_is_one_batch(store: Store) -> None:
    batch = a_batch(an_id(1), lot_no="SAME")
    save(store, batch, _0=Making(0, None, None, None, "SAME"))
    with store.read() as conn:
        assert codes.find_batch(conn, "SAME") == batch.id


def test_a_code_of_several_things_is_refused_with_the_candidates(store: Store) -> None:
    batches = [a_batch(an_id(number), lot_no="LOT") for number in range(7)]
    units = [a_unit(an_id(f"u{number}"), batches[0].id, "D-1") for number in range(2)]
    states: dict[Key, State] = {state.key: state for state in (*batches, *units)}
    with store.write() as conn:
        stock.save(conn, states, {})
    with store.read() as conn:
        assert codes.batches_named(conn, "LOT") == [batch.id for batch in batches[::-1]]
        with pytest.raises(Conflict) as error:
            codes.find_batch(conn, "LOT", field="inputs[0].batch")
        assert (error.value.code, error.value.field, error.value.facts["count"]) == (
            "ambiguous-code",
            "inputs[0].batch",
            7,
        )
        assert error.value.facts["candidates"].split(", ") == [batch.id for batch in batches[:1:-1]]
        with pytest.raises(Conflict) as error:
            codes.find_unit(conn, "D-1")
        assert error.value.facts["candidates"].split(", ") == [unit.id for unit in units[::-1]]


def test_what_upstream_only_tells_of_has_no_code_here(store: Store) -> None:
    told = f"{OTHER}#{an_id('told')}"
    with store.write() as conn:
        genealogy.save_made(conn, -1, [Made(told, "prnd_oxide", "PN-7", NOW)], "CN")
    with store.read() as conn:
        assert codes.batches_named(conn, "PN-7") == []
        assert codes.find_batch(conn, told) == told, "by its id it is known, for a trace"
        assert lists.batches(conn) == []


def test_the_last_masses_of_a_product(store: Store) -> None:
    batches = [a_batch(an_id(number), product=("a", "b")[number % 2]) for number in range(8)]
    save(store, *batches, **{f"_{number}": Making(number, mg=number * KG) for number in range(8)})
    with store.read() as conn:
        assert codes.last_masses(conn, "b", 3) == [3 * KG, 5 * KG, 7 * KG]
        assert codes.last_masses(conn, "c", 3) == []


def test_ids_of_many_kinds_of_state_do_not_mix(store: Store) -> None:
    """The same 16 bytes may name a batch, a unit and a shipment."""
    id_ = an_id("same")
    states: list[State] = [a_batch(id_), a_unit(id_, id_, "D-1"), a_shipment(id_, id_)]
    save(store, *states)
    with store.read() as conn:
        found = (lists.batch(conn, id_).batch, lists.unit(conn, id_).unit, lists.shipment(conn, id_).shipment)
    assert [*found] == states
    assert [type(one) for one in found] == [Batch, Unit, Shipment]
