"""A story that goes through everything custody knows, and playing it into the tables."""

from collections.abc import Mapping, Sequence

from ledger.matter.custody import apply, touches
from ledger.matter.events import Event
from ledger.matter.genealogy import edges
from ledger.matter.stock import Key, State
from nodes.store import genealogy, stock
from nodes.store.engine import Connection
from nodes.store.records import Making
from tests.ledger.matter.story import KG, World, answer, made, part, unit


def story() -> World:
    """Goods go through everything that custody knows."""
    world = World()
    mine, metal = world["mine"], world["metal"]
    world.do(mine.registered("ore", 1000 * KG))
    world.do(mine.transformed([part("ore", 600 * KG)], [made("oxide", 500 * KG), made("rest", 90 * KG)]))
    world.do(mine.packed("oxide", [unit(f"D-{number}", 50 * KG) for number in range(1, 7)]))
    world.do(mine.packed("oxide", [unit("P-1", 100 * KG, contains=["D-1", "D-2"], kind="pallet")]))
    world.do(mine.moved("plant-1", "plant-2", part("rest", 40 * KG)))
    world.do(mine.unpacked("D-6"))
    drums = ["P-1", "D-1", "D-2", "D-3", "D-4"]
    offer = world.do(mine.shipped("S-1", "metal", part("oxide", 250 * KG, units=drums)))
    told = dict.fromkeys(("P-1", "D-1", "D-2"), "accepted") | {"D-3": "rejected: seal broken", "D-4": "quarantined"}
    world.do(metal.received(offer, answer(accepted=100 * KG, rejected=50 * KG, units=told), final=False))
    world.do(
        metal.received(
            offer, answer(accepted=50 * KG, difference=-KG, units={"D-4": "accepted"}), answer(accepted=50 * KG)
        )
    )
    world.do(metal.transformed([part("oxide", 40 * KG)], [made("metal", 30 * KG, product="prnd_metal")]))
    world.do(mine.removed(part("rest", 10 * KG)))
    world.do(
        metal.transformed([part("metal", 20 * KG)], [made("magnets", 20 * KG, count=2000, product="ndfeb_magnet")])
    )
    motors = [unit(f"M-{number}", KG, count=1, kind="motor") for number in range(1, 5)]
    world.do(metal.assembled("motors", [part("magnets", 4 * KG, count=400)], motors))
    world.do(metal.dismantled(["M-4"], [made("scrap", KG, product="scrap")]))
    back = world.do(
        metal.shipped("R-1", "mine", part("oxide", 50 * KG, units=["D-3"], owner="mine.example"), purpose="return")
    )
    world.do(mine.received(back, answer(units={"D-3": "accepted"})))
    world.do(mine.acknowledged("S-1"))
    return world


def making_of(event: Event, index: int) -> Mapping[Key, Making]:
    ids = [("batch", event.ids.get("batch")), ("shipment", event.ids.get("shipment"))]
    ids += [("batch", id_) for id_ in event.ids.get("outputs.chain", ())]
    ids += [("unit", id_) for id_ in event.ids.get("units.public", ())]
    return {(kind, id_): Making(index) for kind, id_ in ids if id_ is not None}


def play(conn: Connection, events: Sequence[Event], group: int, *, first: int = 0) -> None:
    """Applies events in groups, each to what is loaded of it, as a sequencer does. The first has index `first`."""
    for start in range(0, len(events), group):
        changes: dict[Key, State] = {}
        makings: dict[Key, Making] = {}
        together = list(enumerate(events[start : start + group], first + start))
        for index, event in together:
            changes |= apply(stock.load(conn, touches(event)) | changes, event)
            makings |= making_of(event, index)
        stock.save(conn, changes, makings)
        for index, event in together:
            genealogy.save_edges(conn, index, edges(event))
