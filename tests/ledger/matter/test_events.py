"""The table of event types is well-formed, and `Event.check` keeps to it."""

import re
from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest

from ledger.errors import LodetraceError, Malformed
from ledger.matter.event_types import AUDIENCES, EVENT_TYPES, LIST_MAX, OPTIONAL, ROWS, Slot, slot_of
from ledger.matter.events import KINDS, Event, is_id, is_name, is_origin
from tests.ledger.matter.story import ABOUT_MEMBER, AT, KG, World, answer, change, made, measured, part, unit

SLOTS = [pytest.param(type_, slot, id=f"{type_}: {slot.name}") for type_, row in EVENT_TYPES.items() for slot in row]
OWN, FOREIGN = "7K3M00000000000000000000ZZ", "xinfeng.example/log#7K3M00000000000000000000ZZ"


# -- the table -----------------------------------------------------------------------------------------------------


def test_the_types_are_the_ones_that_are_designed():
    assert sorted(EVENT_TYPES) == sorted(
        "log_opened registered transformed packed unpacked moved shipped received acknowledged confirmed assembled "
        "dismantled removed charged drawn closed sampled assayed assay_agreed remeasured counted title_transferred "
        "pledged unpledged held released recalled amended reversed adjusted period_closed reported answered "
        "quota_granted attested inspected ordered voided withdrawal_asked admitted licensed rekeyed revoked suspended "
        "restored "
        "standing policy_set device_set".split()
    )


@pytest.mark.parametrize(("type_", "slot"), SLOTS)
def test_every_slot_is_well_formed(type_, slot):
    assert isinstance(slot, Slot)
    assert re.fullmatch(r"[a-z][a-z0-9_.]*", slot.name)
    assert slot.audience in AUDIENCES
    assert slot.kinds
    for name, kind in slot.kinds.items():
        assert re.fullmatch(r"[a-z][a-z0-9_]*", name)
        assert kind.rstrip("?") in {*KINDS, *ROWS}
        assert kind.count("?") <= 1
    assert slot_of(type_, slot.name) is slot
    if slot.items:
        assert slot.name.partition(".")[2] in (slot.audience, "provenance", "sources", "sample"), (
            "a list slot is named for its readers, or for what it says of each row"
        )
    if slot.creates:
        assert slot.creates in ("batch", "unit", "shipment", "lock")
        assert slot.audience in ("public", "chain") or slot.creates == "lock", "who may follow goods may know their id"


@pytest.mark.parametrize("type_", EVENT_TYPES)
def test_every_type_is_well_formed(type_):
    slots = EVENT_TYPES[type_]
    names = [slot.name for slot in slots]
    assert len(set(names)) == len(names)
    if type_ != "log_opened":
        assert names[-1] == "recorded"
        assert "at" in slots[0].kinds
        assert [slot.name for slot in slots if "at" in slot.kinds] == [names[0]]
    groups: dict[str, list[str]] = {}
    for slot in slots:
        if slot.items:
            groups.setdefault(slot.name.partition(".")[0], []).append(slot.audience)
    for audiences in groups.values():
        assert audiences == sorted(audiences, key=AUDIENCES.index)


def test_what_may_be_absent_is_a_slot_of_some_type():
    assert {slot.name for slots in EVENT_TYPES.values() for slot in slots} >= OPTIONAL


def test_rows_name_known_kinds():
    for fields in ROWS.values():
        assert {kind.rstrip("?") for kind in fields.values()} <= set(KINDS)
    assert not ROWS.keys() & KINDS.keys()


def test_fields_that_python_reserves_are_written_as_they_are_sent():
    assert "class" in slot_of("registered", "origin").kinds
    assert {"from", "to"} <= slot_of("moved", "move").kinds.keys()


def test_a_slot_that_is_not_in_the_table_is_our_own_mistake():
    with pytest.raises(StopIteration):
        slot_of("moved", "lines.partner")


# -- names and ids -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["longnan.example", "hub.example/mill-7", "a.b", "x1.y2/z/w", "a-b.example"])
def test_names(name):
    assert is_name(name)
    assert is_origin(f"{name}/log")
    assert is_origin(f"{name}/log2")
    assert is_origin(f"{name}/log10")


NO_NAMES = (
    "longnan",
    "Longnan.example",
    "longnan.example/",
    "/log",
    "longnan..example",
    "-a.example",
    "a-.example",
    "longnan.example:8000",
    "longnan.example/Mill",
    "longnan.example\n",
    "龙南.example",
    "a.example#b",
    "a." + "b" * 119,
    "",
    None,
    7,
)


@pytest.mark.parametrize("name", NO_NAMES)
def test_no_names(name):
    assert not is_name(name)
    assert not is_origin(f"{name}/log" if isinstance(name, str) else name)


@pytest.mark.parametrize(
    "origin", ["a.example", "a.example/log1", "a.example/log0", "a.example/log02", "a.example/logs"]
)
def test_no_origins(origin):
    assert not is_origin(origin)


@pytest.mark.parametrize("id_", [OWN, FOREIGN, "0" * 26, "7" + "Z" * 25])
def test_ids(id_):
    assert is_id(id_)


@pytest.mark.parametrize(
    "id_",
    [
        OWN[1:],
        OWN + "0",
        OWN.lower(),
        OWN[:-1] + "I",
        OWN[:-1] + "U",
        "8" + "0" * 25,
        f"#{OWN}",
        f"xinfeng.example#{OWN}",
        f"xinfeng.example/log#{OWN}#",
        f"xinfeng.example/log##{OWN}",
        f"x.example/log#y.example/log#{OWN}",
        OWN + "\n",
        None,
        7,
    ],
)
def test_no_ids(id_):
    assert not is_id(id_)


# -- check ---------------------------------------------------------------------------------------------------------


def shipped() -> Event:
    world = World()
    world.do(world["mine"].registered("ore", 100 * KG))
    world.do(world["mine"].packed("ore", [unit("D-1", 50 * KG)]))
    return world.do(world["mine"].shipped("S", "smelter", part("ore", 60 * KG, units=["D-1"]), part("ore", KG)))


def put(path: str, value: Any) -> Callable[[Event], Event]:
    """The event with another value at `slot/position.field.…`; `...` takes the field away."""

    def change(event: Event) -> Event:
        slots = deepcopy(dict(event.slots))
        place: Any = slots
        *way, last = [int(step) if step.isdigit() else step for step in re.split(r"[/:]", path)]
        for step in way:
            place = place[step]
        if value is ...:
            del place[last]
        else:
            place[last] = value
        return replace(event, slots=slots)

    return change


WRONG: dict[str, tuple[Callable[[Event], Event], str, str]] = {
    "an unknown type": (lambda e: replace(e, type="smelted"), "event-type-unknown", "type"),
    "a slot that must speak and does not": (put("shipment", None), "field-missing", "shipment"),
    "a slot that is not there": (put("shipment", ...), "field-missing", "shipment"),
    "a field that is not there": (put("shipment:at", ...), "field-missing", "shipment.at"),
    "a field that is null": (put("shipment:purpose", None), "field-missing", "shipment.purpose"),
    "a field of an item that is not there": (put("lines.partner/1:mg", ...), "field-missing", "lines.partner/1.mg"),
    "an item that is null": (put("lines.chain/0", None), "field-missing", "lines.chain/0"),
    "lists of different lengths": (put("lines.chain", [{"batch": OWN}]), "malformed", "lines.partner"),
    "a list that is too long": (put("lines.chain", [{}] * (LIST_MAX + 1)), "list-too-long", "lines.chain"),
    "a name that is none": (put("shipment:to", "Smelter"), "field-wrong", "shipment.to"),
    "an id that is none": (put("lines.chain/1:batch", "7K3M"), "field-wrong", "lines.chain/1.batch"),
    "a code with a blank": (put("shipment:purpose", "for sale"), "field-wrong", "shipment.purpose"),
    "a code that is too long": (put("shipment:purpose", "x" * 65), "field-wrong", "shipment.purpose"),
    "a mass below zero": (put("lines.partner/0:mg", -1), "field-wrong", "lines.partner/0.mg"),
    "a mass that is a float": (put("lines.partner/0:mg", 1.0), "field-wrong", "lines.partner/0.mg"),
    "a mass that is true": (put("lines.partner/0:mg", value=True), "field-wrong", "lines.partner/0.mg"),
    "a mass that is a text": (put("lines.partner/0:mg", "1"), "field-wrong", "lines.partner/0.mg"),
    "a mass of 2^53": (put("lines.partner/0:mg", 2**53), "field-wrong", "lines.partner/0.mg"),
    "no pieces at all": (put("lines.partner/0:count", 0), "field-wrong", "lines.partner/0.count"),
    "a text that is empty": (put("lines.partner/0:lot_no", ""), "field-wrong", "lines.partner/0.lot_no"),
    "a text that is too long": (put("lines.partner/0:lot_no", "x" * 501), "field-wrong", "lines.partner/0.lot_no"),
    "a time without seconds": (put("shipment:at", AT[:16] + AT[19:]), "field-wrong", "shipment.at"),
    "a time without a zone": (put("shipment:at", AT[:19]), "field-wrong", "shipment.at"),
    "a time in Z": (put("shipment:at", AT[:19] + "Z"), "field-wrong", "shipment.at"),
    "a thirteenth month": (put("shipment:at", "2026-13" + AT[7:]), "field-wrong", "shipment.at"),
    "a time in other digits": (put("shipment:at", "\u0662" + AT[1:]), "field-wrong", "shipment.at"),
    "an object that is a text": (put("party", {"outside": "Muster GmbH"}), "field-wrong", "party.outside"),
    "units that are an object": (put("lines.partner/0:units", {}), "field-wrong", "lines.partner/0.units"),
    "a unit that is a text": (put("lines.partner/0:units/0", OWN), "field-wrong", "lines.partner/0.units[0]"),
    "a unit without its net": (
        put("lines.partner/0:units/0/net_mg", ...),
        "field-missing",
        "lines.partner/0.units[0].net_mg",
    ),
    "a unit without an id": (
        put("lines.partner/0:units/0/unit", "D-1"),
        "field-wrong",
        "lines.partner/0.units[0].unit",
    ),
}


@pytest.mark.parametrize(("change", "code", "field"), WRONG.values(), ids=WRONG)
def test_wrong_fields_are_named(change, code, field):
    with pytest.raises(Malformed) as wrong:
        change(shipped()).check()
    assert (wrong.value.code, wrong.value.field) == (code, field)


def test_a_country_is_two_capital_letters():
    event = World()["mine"].registered("ore", KG)
    for country in ("cn", "CHN", "C1", "ÄÖ", ""):
        with pytest.raises(Malformed, match=r"origin\.country"):
            put("origin:country", country)(event).check()


def test_fields_that_are_not_in_the_table_are_kept():
    event = put("shipment:incoterm", "DAP")(shipped())
    assert event.check() is event
    assert event.scalar("shipment")["incoterm"] == "DAP"


def test_what_is_not_disclosed_is_no_fault_and_what_is_disclosed_wrongly_is():
    event = replace(shipped(), slots={"lines.chain": [None, {"batch": OWN}, None], "shipment": None})
    assert event.check(whole=False) is event
    with pytest.raises(LodetraceError):
        event.check()
    with pytest.raises(Malformed, match=r"lines\.chain/1\.batch"):
        put("lines.chain/1:batch", 7)(event).check(whole=False)
    with pytest.raises(Malformed):
        put("lines.chain/1", {})(event).check(whole=False)


def test_every_event_that_the_stories_tell_is_well_formed():
    world = World()
    mine = world["mine"]
    world.do(mine.registered("ore", 100 * KG, count=11))
    world.do(mine.packed("ore", [unit("D-1", 50 * KG, count=5)]))
    world.do(mine.unpacked("D-1"))
    world.do(mine.moved("plant-1", "yard", part("ore", 60 * KG, count=6)))
    world.do(mine.charged("tank-1", part("ore", 4 * KG, site="yard", count=1), opens="period 1"))
    world.do(mine.drawn("tank-1", made("drawn", KG)))
    world.do(mine.closed("tank-1", opens="period 2", wip=[["Nd", "1000", 5000]]))
    world.do(mine.transformed([part("ore", KG, count=1)], [made("out", KG)], losses=[{"kind": "dust", "mg": 1}]))
    world.do(mine.assembled("M", [part("ore", KG, count=1)], [unit("M-1", KG, count=1)]))
    world.do(mine.dismantled(["M-1"], [made("scrap", KG)]))
    world.do(mine.removed(part("ore", KG, count=1)))
    offer = world.do(mine.shipped("S", "smelter", part("ore", KG, count=1)))
    world.do(world["smelter"].received(offer, answer()))
    world.do(mine.withdrawal_asked("S"))
    world.do(mine.acknowledged("S"))
    world.do(mine.shipped("G", None, part("ore", KG, count=1), outside={"name": "Muster", "country": "DE"}))
    world.do(mine.confirmed("G"))
    world.do(mine.sampled([part("out", 100)], [made("sample", 100)]))
    world.do(mine.assayed("sample"))
    world.do(mine.assay_agreed("out", own={"basis": "dried"}))
    world.do(mine.remeasured(measured("out", KG)))
    world.do(mine.counted(measured("out", KG - 1)))
    world.do(mine.pledged("R", part("out", KG - 1)))
    world.do(mine.unpledged("R"))
    world.do(mine.held("H", part("out", KG - 1)))
    world.do(mine.released("H"))
    world.do(mine.title_transferred("smelter", part("out", KG - 1)))
    world.do(mine.recalled("C", "out"))
    world.do(mine.reported())
    world.do(mine.answered())
    world.do(mine.quota_granted("smelter", KG))
    world.do(mine.attested("smelter.example/log", "custody"))
    world.do(mine.inspected())
    world.do(mine.ordered("F", {"batch": OWN}, to="smelter"))
    world.do(mine.voided("smelter", "mine", log="mine"))
    for type_ in ABOUT_MEMBER:
        world.do(mine.about(type_, "smelter.example"))
    world.do(mine.standing())
    world.do(mine.policy_set())
    world.do(mine.device_set("scale-2"))
    world.do(mine.amended(1, ("batch.lot_no", "ore", "L-1")))
    world.do(mine.reversed(11))
    world.do(mine.adjusted(change(1, "made", "ore", KG)))
    world.do(mine.period_closed("2026-10"))
    told = {event.type for node in world.nodes.values() for event in node.log}
    assert told == EVENT_TYPES.keys() - {"log_opened"}


# -- reading -------------------------------------------------------------------------------------------------------


def test_rows_merge_the_lists_of_one_group():
    lists = {"lines.chain": [{"batch": OWN}, None], "lines.authority": [{"site": "a"}, {"site": "b"}, {"site": "c"}]}
    event = Event("shipped", "hub.example/mill-7/log", lists)
    rows = [{"batch": OWN, "site": "a"}, {"site": "b"}, {"site": "c"}]
    assert list(event.rows("lines.chain", "lines.authority")) == rows
    assert list(event.rows("lines.chain", "lines.partner")) == [{"batch": OWN}, {}]
    assert list(event.rows("lines.partner")) == []
    assert (event.scalar("shipment"), list(event.items("lines.partner"))) == ({}, [])
    assert event.name == "hub.example/mill-7"


def test_a_row_takes_each_field_from_the_slot_that_the_table_gives_it():
    """A batch slipped into the partner's slot, or a mass into the chain's, says nothing."""
    lists = {"lines.chain": [{"batch": OWN, "mg": 7}], "lines.partner": [{"batch": FOREIGN, "mg": 1, "count": None}]}
    assert list(Event("shipped", "a.example/log", lists).rows("lines.chain", "lines.partner")) == [
        {"batch": OWN, "mg": 1}
    ]
