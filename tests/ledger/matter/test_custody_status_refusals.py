"""What the rules of locks, ownership, measuring and statements refuse: what happened before, what is tried, the code.

That locked goods are not taken is told as stories in test_custody_locks.py.
Over 400 lines because it is one table.
"""

import re
from copy import deepcopy
from dataclasses import replace
from pathlib import Path

import pytest

from ledger.errors import Refusal
from ledger.matter import custody
from ledger.matter.events import Event
from ledger.matter.stock import Frozen
from tests.ledger.matter.story import HASH, KG, World, answer, made, measured, part, unit
from tests.ledger.matter.test_custody_refusals import Case, blocks, drums, mine, nothing, ore, pallet, smelter

RULES = ("holds", "locks", "ownership", "measuring", "statements", "registering")
"""The files that these refusals are raised in."""
ORE = "ion_clay_mixed_oxide"


def held(world: World) -> None:
    """70 kg of 100: a drum, and what stands loose."""
    drums(world)
    world.do(world["mine"].held("H", part("ore", 70 * KG, units=["D-1"])))


def pledged(world: World) -> None:
    drums(world)
    world.do(world["mine"].pledged("H", part("ore", 70 * KG, units=["D-1"])))


def recalled(world: World) -> None:
    drums(world)
    world.do(world["mine"].recalled("H", "ore"))


def recalled_drum(world: World) -> None:
    drums(world)
    world.do(world["mine"].recalled("H", "D-1"))


def carton(world: World) -> None:
    """Two cartons on a pallet."""
    blocks(world)
    world.do(world["mine"].packed("blocks", [unit("B-2", 4 * KG, count=40)]))
    world.do(world["mine"].packed("blocks", [unit("P-1", 8 * KG, count=80, contains=["B-1", "B-2"])]))


def tolling(world: World) -> None:
    """The smelter holds goods of its own, and goods that stay the mine's."""
    ore(world)
    world.do(world["smelter"].registered("own", 100 * KG))
    offer = world.do(world["mine"].shipped("S", "smelter", part("ore", 60 * KG), purpose="processing"))
    world.do(world["smelter"].received(offer, answer()))


def again(event: Event, of: Event) -> Event:
    return replace(event, ids=of.ids)


def put(event: Event, slot: str, **fields: object) -> Event:
    """The event with other fields in a slot, in each of its items where it is a list."""
    value = event.slots[slot]
    changed = [{**item, **fields} for item in value] if isinstance(value, list) else {**value, **fields}
    return replace(event, slots={**event.slots, slot: changed})


LOCKED = {
    "held goods": Case(held, mine(lambda n: n.removed(part("ore", 1))), "goods-held"),
    "a held drum": Case(held, mine(lambda n: n.removed(part("ore", 50 * KG, units=["D-1"]))), "unit-held"),
    "pledged goods": Case(pledged, mine(lambda n: n.removed(part("ore", 1))), "goods-pledged"),
    "a pledged drum": Case(pledged, mine(lambda n: n.unpacked("D-1")), "unit-pledged"),
    "goods of a recalled batch": Case(
        recalled, mine(lambda n: n.moved("plant-1", "yard", part("ore", 1))), "batch-recalled"
    ),
    "a recalled drum": Case(recalled_drum, mine(lambda n: n.unpacked("D-1")), "unit-recalled"),
    "a recalled drum, sold": Case(
        recalled_drum, mine(lambda n: n.shipped("S", "smelter", part("ore", 50 * KG, units=["D-1"]))), "unit-recalled"
    ),
    "a recalled drum, used up": Case(
        recalled_drum, mine(lambda n: n.removed(part("ore", 50 * KG, units=["D-1"]), kind="consumed")), "unit-recalled"
    ),
}

HOLDING = {
    "nothing": Case(ore, mine(lambda n: n.held("H")), "nothing-named"),
    "for no known reason": Case(ore, mine(lambda n: n.held("H", part("ore", KG), kind="mood")), "kind-unknown"),
    "without a word": Case(ore, mine(lambda n: n.held("H", part("ore", KG), reason=None)), "reason-missing"),
    "more than stands there": Case(ore, mine(lambda n: n.held("H", part("ore", 101 * KG))), "not-enough"),
    "more than stands there, in two lines": Case(
        ore, mine(lambda n: n.held("H", part("ore", 60 * KG), part("ore", 60 * KG))), "not-enough"
    ),
    "no mass": Case(ore, mine(lambda n: n.held("H", part("ore", 0))), "mass-is-zero"),
    "a drum twice": Case(
        drums,
        mine(lambda n: n.held("H", part("ore", 50 * KG, units=["D-1"]), part("ore", 50 * KG, units=["D-1"]))),
        "unit-twice",
    ),
    "a pallet without its drums": Case(
        pallet, mine(lambda n: n.held("H", part("ore", 80 * KG, units=["P-1"]))), "unit-contents-missing"
    ),
    "pieces without their number": Case(blocks, mine(lambda n: n.held("H", part("blocks", KG))), "count-missing"),
    "more pieces than stand there, in two lines": Case(
        blocks,
        mine(lambda n: n.held("H", part("blocks", KG, count=40), part("blocks", KG, count=40))),
        "not-enough-pieces",
    ),
    "with an id that is taken": Case(
        held, mine(lambda n: again(n.held("H2", part("ore", 30 * KG, units=["D-2"])), n.log[-1])), "id-given-twice"
    ),
}

PLEDGING = {
    "nothing": Case(ore, mine(lambda n: n.pledged("R")), "nothing-named"),
    "what is pledged": Case(pledged, mine(lambda n: n.pledged("R", part("ore", 1))), "goods-pledged"),
    "what is held": Case(held, mine(lambda n: n.pledged("R", part("ore", 1))), "goods-held"),
    "a drum that is held": Case(held, mine(lambda n: n.pledged("R", part("ore", 50 * KG, units=["D-1"]))), "unit-held"),
    "what is recalled": Case(recalled, mine(lambda n: n.pledged("R", part("ore", 1))), "batch-recalled"),
    "the same goods twice in one pledge": Case(
        ore, mine(lambda n: n.pledged("R", part("ore", 60 * KG), part("ore", 60 * KG))), "not-enough"
    ),
    "with an id that is taken": Case(
        pledged, mine(lambda n: again(n.pledged("R", part("ore", 30 * KG, units=["D-2"])), n.log[-1])), "id-given-twice"
    ),
}

ENDING = {
    "a lock that never was": Case(ore, mine(lambda n: n.released("0" * 26)), "lock-unknown"),
    "a batch": Case(ore, mine(lambda n: n.released("ore")), "lock-unknown"),
    "without a word": Case(held, mine(lambda n: n.released("H", reason=None)), "reason-missing"),
    "a hold, twice": Case(
        lambda w: (held(w), w.do(w["mine"].released("H"))), mine(lambda n: n.released("H")), "lock-ended"
    ),
    "a hold as a pledge": Case(held, mine(lambda n: n.unpledged("H")), "lock-of-other-kind"),
    "a pledge as a hold": Case(pledged, mine(lambda n: n.released("H")), "lock-of-other-kind"),
    "a hold of a drum it does not cover": Case(
        held, mine(lambda n: n.released("H", units=["D-1", "D-2"])), "release-differs"
    ),
    "a hold without its drum": Case(held, mine(lambda n: n.released("H", units=[])), "release-differs"),
    "a pledge of other batches": Case(
        lambda w: (pledged(w), w.do(w["mine"].registered("more", KG))),
        mine(lambda n: put(n.unpledged("H"), "lines.chain", batch=n.id("more"))),
        "release-differs",
    ),
}

RECALLING = {
    "nothing": Case(ore, mine(lambda n: n.recalled("R")), "nothing-named"),
    "for no known reason": Case(ore, mine(lambda n: n.recalled("R", "ore", kind="mood")), "kind-unknown"),
    "a batch that never was here": Case(ore, smelter(lambda n: n.recalled("R", "ore")), "batch-unknown"),
    "a unit that never was": Case(
        drums, mine(lambda n: put(n.recalled("R", "D-1"), "lines.public", unit="0" * 26)), "unit-unknown"
    ),
    "a unit of another batch": Case(
        lambda w: (drums(w), w.do(w["mine"].registered("more", KG))),
        mine(lambda n: n.recalled("R", "D-1", batch="more")),
        "unit-of-other-batch",
    ),
    "a batch again": Case(recalled, mine(lambda n: n.recalled("R", "ore")), "recalled-already"),
    "a unit of a recalled batch": Case(recalled, mine(lambda n: n.recalled("R", "D-1")), "recalled-already"),
    "a unit again": Case(recalled_drum, mine(lambda n: n.recalled("R", "D-1")), "recalled-already"),
    "a unit twice": Case(drums, mine(lambda n: n.recalled("R", "D-1", "D-1")), "recalled-already"),
    "a pallet without its drums": Case(pallet, mine(lambda n: n.recalled("R", "P-1")), "unit-contents-missing"),
    "with an id that is taken": Case(
        recalled_drum, mine(lambda n: again(n.recalled("R", "D-2"), n.log[-1])), "id-given-twice"
    ),
}


def sold(node, told_mg, owner="mine.example"):
    """A kilogram of the mine's goods at the smelter is sold; `owner` is told of `told_mg`."""
    goods = [{"batch": node.id("ore"), "mg": told_mg, "basis": "net"}]
    line = part("ore", KG, owner="mine.example")
    return node.title_transferred("traders", line, goods=goods, **{"from": owner})


OWNERSHIP = {
    "of nothing": Case(ore, mine(lambda n: n.title_transferred("smelter")), "nothing-named"),
    "to whom it belongs": Case(ore, mine(lambda n: n.title_transferred("mine", part("ore", KG))), "title-already"),
    "of others' goods to whom they belong": Case(
        tolling, smelter(lambda n: n.title_transferred("mine", part("ore", KG, owner="mine.example"))), "title-already"
    ),
    "of goods that are others'": Case(
        tolling, smelter(lambda n: n.title_transferred("traders", part("ore", KG))), "not-enough"
    ),
    "of a drum as somebody else's": Case(
        drums,
        mine(lambda n: n.title_transferred("smelter", part("ore", 50 * KG, units=["D-1"], owner="traders.example"))),
        "unit-of-other-owner",
    ),
    "of more than is here": Case(
        ore, mine(lambda n: n.title_transferred("smelter", part("ore", 101 * KG))), "not-enough"
    ),
    "of a drum out of its pallet": Case(
        pallet, mine(lambda n: n.title_transferred("smelter", part("ore", 50 * KG, units=["D-1"]))), "unit-inside-other"
    ),
    "that tells the owner of less": Case(tolling, smelter(lambda n: sold(n, KG - 1)), "title-told-otherwise"),
    "that tells another than the owner": Case(
        tolling, smelter(lambda n: sold(n, KG, owner="metal.example")), "title-told-otherwise"
    ),
    "that tells nobody what was sold": Case(
        tolling,
        smelter(lambda n: n.title_transferred("traders", part("ore", KG, owner="mine.example"), goods=[])),
        "title-told-otherwise",
    ),
    "of what is held": Case(held, mine(lambda n: n.title_transferred("smelter", part("ore", 1))), "goods-held"),
    "of what is pledged": Case(
        pledged, mine(lambda n: n.title_transferred("smelter", part("ore", 50 * KG, units=["D-1"]))), "unit-pledged"
    ),
    "of what is recalled": Case(
        recalled, mine(lambda n: n.title_transferred("smelter", part("ore", 1))), "batch-recalled"
    ),
}

SAMPLING = {
    "of nothing": Case(ore, mine(lambda n: n.sampled([], [made("s", 1, product=ORE)])), "nothing-named"),
    "with no sample": Case(ore, mine(lambda n: n.sampled([part("ore", 1)], [])), "nothing-named"),
    "that does not add up": Case(
        ore, mine(lambda n: n.sampled([part("ore", 100)], [made("s", 99, product=ORE)])), "sums-differ"
    ),
    "on another basis": Case(
        ore, mine(lambda n: n.sampled([part("ore", 100)], [made("s", 100, product=ORE, basis="dry")])), "bases-mixed"
    ),
    "of another product": Case(
        ore, mine(lambda n: n.sampled([part("ore", 1)], [made("s", 1)])), "sample-of-other-product"
    ),
    "of two batches": Case(
        lambda w: (ore(w), w.do(w["mine"].registered("more", KG))),
        mine(lambda n: n.sampled([part("ore", 1), part("more", 1)], [made("s", 2, product=ORE)])),
        "sample-of-several",
    ),
    "of two owners": Case(
        lambda w: (ore(w), w.do(w["mine"].title_transferred("smelter", part("ore", KG)))),
        mine(
            lambda n: n.sampled([part("ore", 1), part("ore", 1, owner="smelter.example")], [made("s", 2, product=ORE)])
        ),
        "sample-of-several",
    ),
    "elsewhere": Case(
        ore, mine(lambda n: n.sampled([part("ore", 1)], [made("s", 1, product=ORE)], site="yard")), "site-differs"
    ),
    "for no known use": Case(
        ore, mine(lambda n: n.sampled([part("ore", 1)], [made("s", 1, product=ORE)], use="gift")), "kind-unknown"
    ),
    "of nothing out of a drum": Case(
        drums, mine(lambda n: n.sampled([part("ore", 0, units=["D-1"])], [made("s", 1, product=ORE)])), "mass-is-zero"
    ),
    "out of a drum on another basis": Case(
        drums,
        mine(lambda n: n.sampled([part("ore", 1, units=["D-1"], basis="dry")], [made("s", 1, product=ORE)])),
        "basis-differs",
    ),
    "out of a pallet": Case(
        pallet,
        mine(lambda n: n.sampled([part("ore", 1, units=["P-1"])], [made("s", 1, product=ORE)])),
        "unit-contents-missing",
    ),
    "out of a drum that was emptied": Case(
        lambda w: (drums(w), w.do(w["mine"].unpacked("D-1"))),
        mine(lambda n: n.sampled([part("ore", 1, units=["D-1"])], [made("s", 1, product=ORE)])),
        "unit-not-here",
    ),
    "in pieces out of a drum that has none": Case(
        drums,
        mine(lambda n: n.sampled([part("ore", 1, count=1, units=["D-1"])], [made("s", 1, product=ORE)])),
        "count-unexpected",
    ),
    "of all pieces of a carton": Case(
        blocks,
        mine(
            lambda n: n.sampled([part("blocks", KG, count=40, units=["B-1"])], [made("s", KG, count=40, product=ORE)])
        ),
        "unit-without-pieces",
    ),
    "out of a drum whose label is not told": Case(
        drums,
        mine(lambda n: n.sampled([part("ore", 1, units=["D-1"])], [made("s", 1, product=ORE)], nets={})),
        "net-untold",
    ),
    "that tells another drum's label": Case(
        drums,
        mine(lambda n: n.sampled([part("ore", 1)], [made("s", 1, product=ORE)], nets={"D-1": 50 * KG})),
        "net-untold",
    ),
    "of held goods": Case(held, mine(lambda n: n.sampled([part("ore", 1)], [made("s", 1, product=ORE)])), "goods-held"),
    "out of a held drum": Case(
        held, mine(lambda n: n.sampled([part("ore", 1, units=["D-1"])], [made("s", 1, product=ORE)])), "unit-held"
    ),
    "out of a recalled drum": Case(
        recalled,
        mine(lambda n: n.sampled([part("ore", 1, units=["D-1"])], [made("s", 1, product=ORE)])),
        "batch-recalled",
    ),
}

WEIGHING = {
    "nothing": Case(ore, mine(lambda n: n.remeasured()), "nothing-named"),
    "by no known way": Case(ore, mine(lambda n: n.remeasured(measured("ore", KG), kind="guessed")), "kind-unknown"),
    "otherwise, without a word": Case(
        ore, mine(lambda n: n.remeasured(measured("ore", KG), kind="other")), "reason-missing"
    ),
    "a batch that is not here": Case(ore, smelter(lambda n: n.remeasured(measured("ore", KG))), "batch-unknown"),
    "on another basis": Case(ore, mine(lambda n: n.remeasured(measured("ore", KG, basis="dry"))), "basis-differs"),
    "to nothing": Case(ore, mine(lambda n: n.remeasured(measured("ore", 0))), "mass-is-zero"),
    "where nothing stands": Case(
        ore, mine(lambda n: n.remeasured(measured("ore", KG, site="yard"))), "nothing-to-measure"
    ),
    "what the books do not say": Case(
        ore, mine(lambda n: n.remeasured(measured("ore", KG, before=99 * KG))), "books-differ"
    ),
    "pieces that the books do not say": Case(
        blocks, mine(lambda n: n.remeasured(measured("blocks", KG, count=50, before_count=59))), "books-differ"
    ),
    "pieces, without those of the books": Case(
        blocks,
        mine(lambda n: put(n.remeasured(measured("blocks", 6 * KG, count=59)), "lines.authority", before_count=None)),
        "count-missing",
    ),
    "pieces of what has none": Case(
        ore, mine(lambda n: n.remeasured(measured("ore", KG, count=1, before_count=0))), "count-unexpected"
    ),
    "a drum as the books do not have it": Case(
        drums, mine(lambda n: n.remeasured(measured("ore", KG, unit="D-1", before=51 * KG))), "books-differ"
    ),
    "a drum at another site": Case(
        drums, mine(lambda n: n.remeasured(measured("ore", KG, unit="D-1", site="yard"))), "unit-at-other-site"
    ),
    "a drum of another owner": Case(
        drums,
        mine(lambda n: n.remeasured(measured("ore", KG, unit="D-1", owner="smelter.example"))),
        "unit-of-other-owner",
    ),
    "a drum that was emptied": Case(
        lambda w: (drums(w), w.do(w["mine"].unpacked("D-1"))),
        mine(lambda n: n.remeasured(measured("ore", KG, unit="D-1", before=50 * KG))),
        "unit-not-here",
    ),
    "a pallet": Case(pallet, mine(lambda n: n.remeasured(measured("ore", 79 * KG, unit="P-1"))), "unit-holds-units"),
    "a carton without pieces": Case(
        blocks, mine(lambda n: n.remeasured(measured("blocks", KG, unit="B-1", count=0))), "unit-without-pieces"
    ),
    "a drum whose label is not told": Case(
        drums, mine(lambda n: n.remeasured(measured("ore", 49 * KG, unit="D-1"), nets={})), "net-untold"
    ),
    "a drum whose label is told wrongly": Case(
        drums, mine(lambda n: n.remeasured(measured("ore", 49 * KG, unit="D-1"), nets={"D-1": 48 * KG})), "net-untold"
    ),
    "a drum on a pallet whose label is not told": Case(
        pallet, mine(lambda n: n.remeasured(measured("ore", 49 * KG, unit="D-1"), nets={"D-1": 49 * KG})), "net-untold"
    ),
}

COUNTING = {
    "nothing": Case(ore, mine(lambda n: n.counted()), "nothing-named"),
    "kilograms of a pool's period": Case(
        lambda w: (ore(w), w.do(w["mine"].charged("sx-1", part("ore", KG), opens="period 1"))),
        mine(lambda n: n.counted(measured("period 1", KG))),
        "pool-counted-as-batch",
    ),
    "an unknown pool": Case(ore, mine(lambda n: n.counted(pools=["sx-1"])), "pool-unknown"),
    "a batch that never was here": Case(ore, smelter(lambda n: n.counted(measured("ore", KG))), "batch-unknown"),
    "a difference without a word": Case(
        ore, mine(lambda n: n.counted(measured("ore", KG), reason=None)), "reason-missing"
    ),
    "what the books do not say": Case(ore, mine(lambda n: n.counted(measured("ore", KG, before=KG))), "books-differ"),
    "pieces, not saying how many": Case(blocks, mine(lambda n: n.counted(measured("blocks", KG))), "count-missing"),
    "on another basis": Case(ore, mine(lambda n: n.counted(measured("ore", KG, basis="dry"))), "basis-differs"),
    "own goods under one's own name": Case(
        ore, mine(lambda n: n.counted(measured("ore", KG, owner="mine.example"))), "owner-is-oneself"
    ),
    "a drum that is half there": Case(
        drums, mine(lambda n: n.counted(measured("ore", 25 * KG, unit="D-1"))), "unit-counted-in-part"
    ),
    "a carton with other pieces": Case(
        blocks, mine(lambda n: n.counted(measured("blocks", 4 * KG, unit="B-1", count=39))), "unit-counted-in-part"
    ),
    "a missing carton with pieces": Case(
        blocks, mine(lambda n: n.counted(measured("blocks", 0, unit="B-1", count=40))), "unit-counted-in-part"
    ),
    "a drum on a pallet": Case(pallet, mine(lambda n: n.counted(measured("ore", 0, unit="D-1"))), "unit-inside-other"),
    "a pallet": Case(pallet, mine(lambda n: n.counted(measured("ore", 0, unit="P-1"))), "unit-holds-units"),
    "a carton of a pallet": Case(
        carton, mine(lambda n: n.counted(measured("blocks", 0, unit="B-2"))), "unit-inside-other"
    ),
    "a drum that was emptied": Case(
        lambda w: (drums(w), w.do(w["mine"].unpacked("D-1"))),
        mine(lambda n: n.counted(measured("ore", 50 * KG, unit="D-1"))),
        "unit-not-here",
    ),
    "a missing drum as another owner's": Case(
        lambda w: (drums(w), w.do(w["mine"].counted(measured("ore", 0, unit="D-1")))),
        mine(lambda n: n.counted(measured("ore", 50 * KG, unit="D-1", owner="smelter.example"))),
        "unit-not-here",
    ),
}

STATING = {
    "an assay of a batch that never was": Case(ore, mine(lambda n: n.assayed("0" * 26)), "batch-unknown"),
    "an assay without results": Case(ore, mine(lambda n: n.assayed("ore", assay={})), "result-missing"),
    "an agreement on a batch that was never here": Case(
        ore, smelter(lambda n: n.assay_agreed("ore", own={"basis": "dried"})), "batch-unknown"
    ),
    "an agreement without results": Case(
        ore, mine(lambda n: n.assay_agreed("ore", assay={}, own={"basis": "dried"})), "result-missing"
    ),
    "an agreement on the other's value, which is not told": Case(
        ore, mine(lambda n: n.assay_agreed("ore", "other", own={"basis": "dried"})), "result-missing"
    ),
    "an agreement by no known rule": Case(ore, mine(lambda n: n.assay_agreed("ore", "dice")), "kind-unknown"),
    "a report of a month to come": Case(nothing, mine(lambda n: n.reported("2026-12")), "month-ahead"),
    "a quota of no known kind": Case(
        nothing, mine(lambda n: n.quota_granted("smelter", KG, kind="all")), "kind-unknown"
    ),
    "a quota of nothing": Case(nothing, mine(lambda n: n.quota_granted("smelter", 0)), "mass-is-zero"),
    "a quota of no year": Case(nothing, mine(lambda n: n.quota_granted("smelter", KG, year=26)), "year-absurd"),
    "an attestation of one's own log": Case(
        nothing, mine(lambda n: n.attested("mine.example/log", "custody")), "attests-itself"
    ),
    "an attestation of nothing": Case(nothing, mine(lambda n: n.attested("smelter.example/log")), "nothing-named"),
    "an attestation of good looks": Case(
        nothing, mine(lambda n: n.attested("smelter.example/log", "looks")), "kind-unknown"
    ),
    "an attestation of one check twice": Case(
        nothing, mine(lambda n: n.attested("smelter.example/log", "custody", "custody")), "named-twice"
    ),
}

SMELTER = "smelter.example"
REGISTERING = {
    "a USCC with a wrong digit": Case(
        nothing, mine(lambda n: n.about("admitted", SMELTER, member={"uscc": "91350100M000100Y44"})), "identifier-wrong"
    ),
    "a LEI with a wrong digit": Case(
        nothing,
        mine(lambda n: n.about("admitted", SMELTER, member={"lei": "5493001KJTIIGC8Y1R17"})),
        "identifier-wrong",
    ),
    "an EORI without a country": Case(
        nothing, mine(lambda n: n.about("admitted", SMELTER, member={"eori": "12345"})), "identifier-wrong"
    ),
    "a member without a role": Case(
        nothing, mine(lambda n: n.about("admitted", SMELTER, member={"roles": []})), "nothing-named"
    ),
    "a member with another's log": Case(
        nothing, mine(lambda n: n.about("admitted", SMELTER, log={"origin": "mine.example/log"})), "log-of-other"
    ),
    "a member whose log is none": Case(
        nothing, mine(lambda n: n.about("admitted", SMELTER, log={"origin": SMELTER})), "log-of-other"
    ),
    "a licence that ends before it begins": Case(
        nothing, mine(lambda n: n.about("licensed", SMELTER, licence={"until": "2025-12-31"})), "until-before-from"
    ),
    "new keys of another, not cited": Case(
        nothing, mine(lambda n: n.about("rekeyed", SMELTER, cited=None)), "nothing-cited"
    ),
    "new keys, citing another's log": Case(
        nothing, mine(lambda n: n.about("rekeyed", SMELTER, cited={"log": "mine.example/log"})), "log-of-other"
    ),
    "a revoked key for no known use": Case(
        nothing, mine(lambda n: n.about("revoked", SMELTER, revocation={"use": "door"})), "kind-unknown"
    ),
    "an author key with a log that succeeds it": Case(
        nothing,
        mine(lambda n: n.about("revoked", SMELTER, successor={"origin": f"{SMELTER}/log2", "leaf": HASH})),
        "successor-of-no-log",
    ),
    "a log key with another's log to succeed it": Case(
        nothing,
        mine(
            lambda n: n.about(
                "revoked", SMELTER, revocation={"use": "log"}, successor={"origin": "mine.example/log2", "leaf": HASH}
            )
        ),
        "log-of-other",
    ),
}


def frozen(world: World) -> None:
    """An order about all of the ore was delivered, and is obeyed; 20 kg are not held."""
    drums(world)
    node = world["mine"]
    batch = node.id("ore")
    node.view["frozen", batch] = Frozen(batch, ((ORDER, "", 0),))
    world.do(node.held("H", part("ore", 80 * KG, units=["D-1", "D-2"]), kind="ordered", order=ORDER))


def frozen_drum(world: World) -> None:
    drums(world)
    node = world["mine"]
    batch = node.id("ore")
    node.view["frozen", batch] = Frozen(batch, ((ORDER, node.id("D-1"), 0),))


def frozen_part(world: World) -> None:
    """Of what stands loose, orders freeze 10 kg and 5 kg; a hold obeys the first."""
    drums(world)
    node = world["mine"]
    batch = node.id("ore")
    node.view["frozen", batch] = Frozen(batch, ((ORDER, "", 10 * KG), (ORDER, "", 5 * KG)))
    world.do(node.held("H", part("ore", 10 * KG), kind="ordered", order=ORDER))
    free = sum(held.mg for held in node.batch("ore").loose) - 15 * KG
    world.do(node.removed(part("ore", free)))


def ordered(world: World) -> None:
    nothing(world)
    world.do(world["mine"].ordered("F", GOODS, to="smelter"))


ORDER = "authority.example/log#7K3M00000000000000000000ZZ"
GOODS = {"batch": "smelter.example/log#7K3M00000000000000000000ZZ"}
FROZEN = {
    "goods of a frozen batch": Case(frozen, mine(lambda n: n.removed(part("ore", 1))), "goods-frozen"),
    "a frozen drum": Case(frozen_drum, mine(lambda n: n.unpacked("D-1")), "goods-frozen"),
    "goods of a frozen batch, pledged": Case(frozen, mine(lambda n: n.pledged("R", part("ore", 1))), "goods-frozen"),
    "goods of which a part is frozen": Case(frozen_part, mine(lambda n: n.removed(part("ore", 1))), "part-frozen"),
    "goods of which a part is frozen, pledged": Case(
        frozen_part, mine(lambda n: n.pledged("R", part("ore", 1))), "part-frozen"
    ),
    "a hold that obeys an order that stands": Case(frozen, mine(lambda n: n.released("H")), "order-stands"),
}
ORDERING = {
    "of no known kind": Case(nothing, mine(lambda n: n.ordered("F", GOODS, to="smelter", kind="burn")), "kind-unknown"),
    "nothing": Case(nothing, mine(lambda n: n.ordered("F", to="smelter")), "nothing-named"),
    "the same goods twice": Case(nothing, mine(lambda n: n.ordered("F", GOODS, GOODS, to="smelter")), "named-twice"),
    "without a word": Case(nothing, mine(lambda n: n.ordered("F", GOODS, to="smelter", reason=None)), "reason-missing"),
    "oneself": Case(nothing, mine(lambda n: n.ordered("F", GOODS)), "to-oneself"),
    "with an id that is taken": Case(
        ordered, mine(lambda n: again(n.ordered("F2", GOODS, to="smelter"), n.log[-1])), "id-given-twice"
    ),
    "the end of no order": Case(
        nothing, mine(lambda n: n.ordered("F", to="smelter", kind="release", ends="0" * 26)), "order-unknown"
    ),
    "the end of a hold": Case(
        held, mine(lambda n: n.ordered("F", to="smelter", kind="release", ends="H")), "order-unknown"
    ),
    "an end, twice": Case(
        lambda w: (ordered(w), w.do(w["mine"].ordered("E", to="smelter", kind="release", ends="F"))),
        mine(lambda n: n.ordered("E2", to="smelter", kind="release", ends="F")),
        "lock-ended",
    ),
    "released as a hold": Case(ordered, mine(lambda n: n.released("F")), "lock-of-other-kind"),
}

INSPECTING = {
    "oneself": Case(nothing, mine(lambda n: n.inspected("mine")), "to-oneself"),
    "with no known result": Case(nothing, mine(lambda n: n.inspected(result="fine")), "kind-unknown"),
    "in no known way": Case(nothing, mine(lambda n: n.inspected(method="guessed")), "kind-unknown"),
    "without a word": Case(nothing, mine(lambda n: n.inspected(reason=None)), "reason-missing"),
    "announced on no day": Case(
        nothing, mine(lambda n: n.inspected(announced_at="2026-02-30T08:00:00+08:00")), "at-not-a-date"
    ),
}
VOIDING = {
    "without a word": Case(nothing, mine(lambda n: n.voided(reason=None)), "reason-missing"),
    "by another's log": Case(nothing, mine(lambda n: n.voided(log="mine")), "log-of-other"),
}

CASES = {
    f"{group}: {name}": case
    for group, cases in {
        "taking": LOCKED,
        "holding": HOLDING,
        "pledging": PLEDGING,
        "ending": ENDING,
        "recalling": RECALLING,
        "ownership": OWNERSHIP,
        "sampling": SAMPLING,
        "weighing": WEIGHING,
        "counting": COUNTING,
        "stating": STATING,
        "frozen": FROZEN,
        "ordering": ORDERING,
        "inspecting": INSPECTING,
        "voiding": VOIDING,
        "registering": REGISTERING,
    }.items()
    for name, case in cases.items()
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_refused_and_nothing_changed(case):
    world = World()
    case.history(world)
    event = case.event(world)
    before = {name: deepcopy(node.view) for name, node in world.nodes.items()}
    with pytest.raises(Refusal) as refused:
        world.do(event)
    assert refused.value.code == case.code
    assert {name: node.view for name, node in world.nodes.items()} == before
    assert refused.value.text("zh") != refused.value.text("en")


def test_a_refusal_tells_the_lock_its_kind_and_the_way_out():
    world = World()
    held(world)
    node = world["mine"]
    with pytest.raises(Refusal) as refused:
        world.do(node.removed(part("ore", 20 * KG)))
    told = str(refused.value)
    assert all(words in told for words in (node.id("H"), "held", "0 kg are free", "release the hold"))


def test_every_refusal_has_its_case():
    code = "".join((Path(custody.__file__).parent / f"{name}.py").read_text("utf-8") for name in RULES)
    raised = set(re.findall(r'Refusal\(\s*"([a-z-]+)"', code)) | set(re.findall(r'else "([a-z]+-[a-z]+)"', code))
    assert len(raised) > 30
    assert raised - {case.code for case in CASES.values()} == set()
