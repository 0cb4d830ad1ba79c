"""Exactly what each reader gets: everything in every file that left a node is opened and held against the audiences.

What must be in a file is worked out here a second time, from the whole truth of all five logs, by plain recursion.

Over 400 lines because what each reader gets is told reader by reader.
"""

import json
from collections import defaultdict
from collections.abc import Iterator

import pytest

from ledger.entries import id_in, new_id, open_event, parse_entry
from ledger.errors import Unavailable, Unknown
from ledger.evidence import Evidence, evidence_of, format_evidence, parse_evidence, verify
from ledger.log.disclosures import open_slots
from ledger.matter.event_types import AUDIENCES, EVENT_TYPES, slot_of
from nodes import evidence
from nodes.scan import scan
from nodes.store import log
from nodes.store.engine import Store
from tests.chain import (
    ASSAY,
    LOSS,
    MINE,
    MOTOR,
    NAMES,
    OUTSIDE,
    PLANT,
    REFERENCE,
    RIVAL,
    TICKET,
    TRADER,
    VEHICLE,
    Chain,
)
from tests.world import World, kg

NOW = "2026-11-22T01:00:00.000Z"
HANDOVERS = (
    (MINE, PLANT, 0),
    (MINE, TRADER, 0),
    (MINE, RIVAL, 0),
    (TRADER, PLANT, 0),
    (PLANT, MINE, 0),
    (PLANT, MOTOR, 0),
    (PLANT, RIVAL, 0),
    (MOTOR, RIVAL, 0),
)


class Truth:
    """All five logs, whole."""

    def __init__(self, chain: Chain) -> None:
        self.events, self.opened = {}, {}
        for name in NAMES:
            with chain.node(name) as node, node.store.read() as conn:
                for stored in log.page(conn, limit=1000):
                    entry, texts = parse_entry(stored.note), stored.disclosures.split("\n")
                    self.events[entry.origin, entry.index] = open_event(entry, texts, whole=True)
                    self.opened[entry.origin, entry.index] = open_slots(entry.sd, texts)

    def of_log(self, origin: str):
        return [(index, event) for (log_, index), event in self.events.items() if log_ == origin]

    # -- what goods need ------------------------------------------------------------------------------------------

    def needs(self, origin: str, batches: list[str], units: list[str]) -> dict:
        """(log, index) → ids of batches and units, as `log#id`, that the entry is needed for."""
        found: dict = defaultdict(set)
        for batch in batches:
            self._walk(batch, origin, found, set())
        for unit in units:
            packed = next(place for place, ids in self._made("units.public") if unit in ids)
            found[packed].add(unit)
            batch = self.events[packed].scalar("packing").get("batch") or self.events[packed].ids["assembly"]
            found[packed].add(id_in(batch, packed[0], ""))
            self._walk(id_in(batch, packed[0], ""), packed[0], found, set())
        for log_ in {place[0] for place in found} | {origin}:
            found[log_, 0] |= set()
        return found

    def _made(self, *slots: str):
        for place, event in self.events.items():
            ids = [event.ids[slot] for slot in slots if slot in event.ids]
            flat = [one for made in ids for one in ((made,) if isinstance(made, str) else made)]
            yield place, [id_in(one, place[0], "") for one in flat]

    def _walk(self, batch: str, origin: str, found: dict, seen: set) -> None:
        if (batch, origin) in seen:
            return
        seen.add((batch, origin))
        maker = next(place for place, ids in self._made("batch", "assembly", "outputs.chain") if batch in ids)
        if maker[0] == origin:
            found[maker].add(batch)
            event = self.events[maker]
            rows = event.items("units.chain") if event.type == "dismantled" else event.items("inputs.chain")
            for row in rows:
                self._walk(id_in(row["batch"], origin, ""), origin, found, seen)
            return
        for index, event in self.of_log(origin):
            lines = [id_in(row["batch"], origin, "") for row in event.items("lines.chain")]
            if event.type == "received" and batch in lines:
                offer = event.scalar("offer")
                found[origin, index].add(batch)
                found[offer["log"], offer["index"]].add(batch)
                self._walk(batch, offer["log"], found, seen)

    # -- what of it a reader may see ------------------------------------------------------------------------------

    def paths(self, place: tuple[str, int], audience: str, ids: set | None) -> set[str]:
        """The slots, and places of lists, that `audience` is opened; with `ids`, of lists only what names them."""
        event, opened, found = self.events[place], self.opened[place], set()
        for slot in EVENT_TYPES[event.type]:
            if AUDIENCES.index(slot.audience) > AUDIENCES.index(audience):
                continue
            if not slot.items:
                found.add(slot.name)
                continue
            size = sum(1 for path in opened if path.startswith(f"{slot.name}/"))
            group = slot.name.partition(".")[0]
            used = len(event.items(slot.name))
            inputs = group == "inputs" or (event.type, group) == ("dismantled", "units")
            whole = ids is None or inputs
            rows = max(
                len(event.items(one.name)) for one in EVENT_TYPES[event.type] if one.name.startswith(f"{group}.")
            )
            kept = set(range(used)) if whole else {at for at in range(rows) if self._named(place, group, at) & ids}
            if whole or len(kept) == size or (used and kept >= set(range(used))):
                kept = set(range(size))
            found |= {f"{slot.name}/{at}" for at in kept}
        return found

    def _named(self, place: tuple[str, int], group: str, at: int) -> set[str]:
        """The batch or unit that the row `at` of a group of lists is about: what it makes, else what it names."""
        event = self.events[place]
        for slot in (one for one in EVENT_TYPES[event.type] if one.items and one.name.startswith(f"{group}.")):
            if slot.creates:
                return {id_in(event.ids[slot.name][at], place[0], "")}
        for slot in (one for one in EVENT_TYPES[event.type] if one.items and one.name.startswith(f"{group}.")):
            row = (event.items(slot.name)[at : at + 1] or ({},))[0] or {}
            named = row.get("unit") or row.get("batch")
            if named:
                return {id_in(named, place[0], "")}
        return set()


@pytest.fixture(scope="module")
def truth(chain):
    return Truth(chain)


def opened_in(made: Evidence) -> dict[tuple[str, int], set[str]]:
    """Every entry of a file, with all that is open of it."""
    found = {}
    for proven in made.entries:
        entry = parse_entry(proven.note)
        found[entry.origin, entry.index] = set(open_slots(entry.sd, made.disclosures.get(entry.leaf, ())))
    return found


def carried(chain: Chain, kind: str) -> Iterator[tuple[str, str, str, Evidence]]:
    """(sender, receiver, subject, evidence) of every message of a kind that was delivered."""
    for parcel in chain.parcels:
        if parcel.kind == kind:
            message = json.loads(parcel.body)
            cover = message["cover"]
            yield cover["sender"], cover["receiver"], cover["subject"], evidence_of(message["evidence"])


def handover(chain: Chain, sender: str, receiver: str, number: int) -> Evidence:
    subject = chain.shipments[sender, receiver, number]
    return next(found for *_, about, found in carried(chain, "handover") if about == subject)


def goods_of(truth: Truth, chain: Chain, handed: tuple[str, str, int]) -> tuple[tuple[str, int], list[str], list[str]]:
    """(the shipped entry, its batches, its units)"""
    sender, shipment = f"{handed[0]}/log", chain.shipments[handed].partition("#")[2]
    index, event = next((i, one) for i, one in truth.of_log(sender) if one.ids.get("shipment") == shipment)
    rows = list(event.rows("lines.chain", "lines.partner"))
    units = [id_in(unit["unit"], sender, "") for row in rows for unit in row["units"]]
    return (sender, index), [id_in(row["batch"], sender, "") for row in rows], units


# -- handovers ----------------------------------------------------------------------------------------------------


def test_every_handover_of_the_story_is_looked_at(chain):
    assert set(chain.shipments) == set(HANDOVERS)
    assert len(list(carried(chain, "handover"))) == len(HANDOVERS)


@pytest.mark.parametrize("handed", HANDOVERS, ids=lambda one: f"{one[0]} to {one[1]}")
def test_a_receiver_gets_exactly_the_history_of_his_goods(chain, truth, handed):
    shipped, batches, units = goods_of(truth, chain, handed)
    needs = truth.needs(f"{handed[0]}/log", batches, units)
    needs[shipped] |= {*batches, *units}
    expected = {
        place: truth.paths(place, "partner" if place == shipped else "chain", None if place[1] == 0 else ids)
        for place, ids in needs.items()
    }
    assert opened_in(handover(chain, *handed)) == expected


@pytest.mark.parametrize("handed", HANDOVERS, ids=lambda one: f"{one[0]} to {one[1]}")
def test_a_handover_verifies_alone_and_nothing_is_missing_in_it(chain, handed):
    result = verify(handover(chain, *handed), chain.policy)
    assert result.vouched
    assert result.missing == ()


def test_nobody_gets_what_is_for_the_authority(chain):
    for kind in ("handover", "receipt", "acknowledgement"):
        for *_, made in carried(chain, kind):
            for place, paths in opened_in(made).items():
                proven = next(one for one in made.entries if (one.log, one.index) == place)
                event_type = parse_entry(proven.note).type
                for path in paths:
                    assert slot_of(event_type, path.partition("/")[0]).audience != "authority", (place, path)


def test_what_is_for_a_partner_goes_to_that_partner_alone(chain, truth):
    """The counterparty of an entry: whom it ships to; whose shipment it receives; whose receipt it acknowledges."""
    seen = set()
    for kind in ("handover", "receipt", "acknowledgement"):
        for _, receiver, subject, made in carried(chain, kind):
            for place, paths in opened_in(made).items():
                event = truth.events[place]
                secret = {path for path in paths if slot_of(event.type, path.partition("/")[0]).audience == "partner"}
                if not secret:
                    continue
                party = {
                    "shipped": event.scalar("shipment").get("to"),
                    "received": event.scalar("receipt").get("from"),
                    "acknowledged": subject.partition("/log#")[2] and receiver,
                }[event.type]
                assert party == receiver, (place, secret)
                seen.add(event.type)
    assert seen == {"shipped", "received", "acknowledged"}


WHO_READS = {
    ASSAY: {(MINE, RIVAL)},  # with the lot that it was made of, to whom that lot was sold
    VEHICLE: {(MINE, PLANT)},
    TICKET: set(),
    LOSS: set(),
    REFERENCE: set(),
    OUTSIDE: set(),
}


@pytest.mark.parametrize("secret", WHO_READS)
def test_a_secret_is_read_by_those_it_was_told_and_by_nobody_downstream(chain, secret):
    readers = set()
    for kind in ("handover", "receipt", "acknowledgement"):
        for sender, receiver, _, made in carried(chain, kind):
            values = []
            for proven in made.entries:
                entry = parse_entry(proven.note)
                values += [one.value for one in open_slots(entry.sd, made.disclosures.get(entry.leaf, ())).values()]
            if secret in json.dumps(values):
                readers.add((sender, receiver))
    assert readers == WHO_READS[secret]


def test_kilograms_do_not_travel_down_the_chain(chain):
    """Beyond what is printed on a unit, a mass is told to the counterparty only."""
    for handed in HANDOVERS:
        made = handover(chain, *handed)
        for proven in made.entries:
            entry = parse_entry(proven.note)
            told = open_slots(entry.sd, made.disclosures.get(entry.leaf, ())).values()
            for one in told:
                if "mg" in (one.value or {}) or "accepted_mg" in (one.value or {}):
                    assert (entry.type, entry.origin) == ("shipped", f"{handed[0]}/log")


def test_units_of_others_are_not_in_it(chain, truth):
    """The mine packed four drums in one entry; each reader is told of his own. Nobody hears of lot A-9."""
    everything = ""
    for handed in HANDOVERS:
        made = handover(chain, *handed)
        _, _, units = goods_of(truth, chain, handed)
        shown = set()
        for proven in made.entries:
            entry = parse_entry(proven.note)
            for one in open_slots(entry.sd, made.disclosures.get(entry.leaf, ())).values():
                if one.path.startswith("units.public/") and one.value is not None:
                    shown.add(f"{entry.origin}#{new_id(entry.origin, one.salt)}")
        assert shown == set(units)
        everything += repr(list(verify(made, chain.policy).entries.values()))
    assert "'A-1'" in everything
    assert "'A-9'" not in everything


def test_a_buyer_of_one_output_is_not_told_of_the_other(chain, truth):
    place = next(place for place, ids in truth._made("outputs.chain") if chain.batches["P-1"] in ids)
    assert len(truth.events[place].ids["outputs.chain"]) == 2
    for handed in ((PLANT, MOTOR, 0), (PLANT, RIVAL, 0)):
        paths = opened_in(handover(chain, *handed))[place]
        assert {path for path in paths if path.startswith("outputs.")} == {"outputs.chain/0", "outputs.provenance/0"}
        assert {path for path in paths if path.startswith("inputs.")} == {f"inputs.chain/{at}" for at in range(4)}


# -- receipts and acknowledgements --------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["receipt", "acknowledgement"])
def test_an_answer_is_its_own_entry_whole_for_the_partner_and_what_it_answers(chain, truth, kind):
    wanted = {"receipt": "received", "acknowledgement": "acknowledged"}[kind]
    count = 0
    for sender, receiver, subject, made in carried(chain, kind):
        found = opened_in(made)
        origin = f"{sender}/log"
        [place] = [place for place in found if place[0] == origin and place[1] != 0]
        event = truth.events[place]
        answered = event.scalar("offer") or event.scalar("answer")
        assert found.keys() - {place} == {(origin, 0), (f"{receiver}/log", 0), (answered["log"], answered["index"])}
        assert answered["log"] == f"{receiver}/log"
        assert truth.events[place].type == wanted
        assert found[place] == truth.paths(place, "partner", None)
        assert found[origin, 0] == truth.paths((origin, 0), "public", None)
        assert subject in chain.shipments.values()
        assert receiver != sender
        count += 1
    assert count == {"receipt": len(HANDOVERS), "acknowledgement": 1}[kind]


# -- goods that come back -----------------------------------------------------------------------------------------


def test_goods_that_came_back_in_somebody_elses_drum_can_be_sold_on(tmp_path):
    """The mine's ore, packed by the plant, bought back: how the plant came by it is part of the drum's proof."""
    with World(tmp_path, MINE, PLANT, TRADER) as world:
        mine, plant, trader = world[MINE], world[PLANT], world[TRADER]
        mine.register("A-1", "100")
        ore = mine.ship(PLANT, {"batch": "A-1", "quantity": kg("60")})
        plant.await_arrival(ore)
        plant.receive(ore)
        [drum] = plant.pack("A-1", "D-1", net="25")
        for sender, receiver in ((plant, mine), (mine, trader)):
            bought = sender.ship(receiver.name, {"batch": "A-1", "units": ["D-1"]})
            receiver.await_arrival(bought)
            receiver.receive(bought)
            world.settle()
            with receiver.node.store.read() as conn:
                unit = id_in(drum["unit"], f"{PLANT}/log", receiver.node.origin)
                made = evidence.of_unit(conn, receiver.node.origin, unit, NOW)
            assert verify(made, receiver.node.policy).missing == ()
            assert scan(receiver.node, drum["label_url"]).genuine


# -- files that are asked for -------------------------------------------------------------------------------------


def asked(chain: Chain, name: str, **goods: str) -> Evidence:
    """What a node writes of a batch or a unit of the story."""
    with chain.node(name) as node, node.store.read() as conn:
        if "unit" in goods:
            return evidence.of_unit(conn, node.origin, chain.unit(goods["unit"], name), NOW)
        return evidence.of_batch(conn, node.origin, chain.batch(goods["batch"], name), NOW)


HELD = {
    MINE: ("A-1", "A-2", "A-9", "M-1"),
    TRADER: ("M-1",),
    PLANT: ("M-1", "A-2", "F-1", "P-1", "W-1"),
    MOTOR: ("P-1", "EV-1", "E-1"),
    RIVAL: ("A-1", "P-1", "EV-1", "E-1"),
}


@pytest.mark.parametrize(("name", "lot"), [(name, lot) for name, lots in HELD.items() for lot in lots])
def test_the_evidence_of_a_batch_is_what_the_chain_may_see(chain, truth, name, lot):
    made = asked(chain, name, batch=lot)
    needs = truth.needs(f"{name}/log", [chain.batches[lot]], [])
    assert opened_in(made) == {
        place: truth.paths(place, "chain", None if place[1] == 0 else ids) for place, ids in needs.items()
    }
    assert made.subject == {"batch": chain.batches[lot]}
    result = verify(parse_evidence(format_evidence(made)), chain.policy)
    assert (result.vouched, result.missing, result.evidence.made_at) == (True, (), NOW)


UNITS = [("D-1", MINE), ("D-1", TRADER), ("D-1", PLANT), ("C-1", PLANT), ("C-2", MOTOR), ("T-1", MOTOR), ("U-1", RIVAL)]


@pytest.mark.parametrize(("serial", "name"), UNITS)
def test_the_evidence_of_a_unit_shows_its_label_and_no_other(chain, truth, serial, name):
    made = asked(chain, name, unit=serial)
    unit = chain.units[serial]
    result = verify(made, chain.policy)
    assert result.missing == ()
    assert result.subject["unit"] == unit
    assert result.subject["serial"] == serial
    needs = truth.needs(f"{name}/log", [result.subject["batch"]], [unit])
    assert opened_in(made) == {
        place: truth.paths(place, "chain", None if place[1] == 0 else ids) for place, ids in needs.items()
    }


def test_a_pallet_is_shown_with_what_stands_in_it_by_id_alone(chain):
    made = asked(chain, MOTOR, unit="T-1")
    text = json.dumps([repr(one.event) for one in verify(made, chain.policy).entries.values()])
    assert chain.units["C-1"].partition("#")[2] in text
    assert "T-1" in text
    assert "C-1" not in text


def test_what_is_not_here_has_no_evidence(chain):
    with chain.node(MOTOR) as node, node.store.read() as conn:
        for make, id_ in ((evidence.of_unit, "0" * 26), (evidence.of_batch, "0" * 26)):
            with pytest.raises(Unknown):
                make(conn, node.origin, id_, NOW)


def test_evidence_longer_than_its_readers_take_is_not_written(chain, monkeypatch):
    with chain.node(RIVAL) as node, node.store.read() as conn:
        unit = chain.unit("U-1", RIVAL)
        whole = evidence.of_unit(conn, node.origin, unit, NOW)
        monkeypatch.setattr(evidence, "ENTRIES_MAX", len(whole.entries))
        assert evidence.of_unit(conn, node.origin, unit, NOW) == whole
        monkeypatch.setattr(evidence, "ENTRIES_MAX", len(whole.entries) - 1)
        with pytest.raises(Unavailable) as found:
            evidence.of_unit(conn, node.origin, unit, NOW)
    assert (found.value.code, found.value.value) == ("evidence-too-long", len(whole.entries))


def test_what_no_checkpoint_covers_yet_waits(chain, tmp_path):
    home = chain.copy(MOTOR, tmp_path / "home")
    store = Store.open(home / "node.db")
    with store.write() as conn:
        conn.execute("DELETE FROM checkpoints WHERE size > 4")
    with store.read() as conn, pytest.raises(Unavailable) as found:
        evidence.of_unit(conn, f"{MOTOR}/log", chain.unit("U-2", MOTOR), NOW)
    assert found.value.code == "no-checkpoint-yet"
    with store.read() as conn:
        newest, _ = log.latest_checkpoint(conn)
        early = evidence.of_batch(conn, f"{MOTOR}/log", chain.batches["P-1"], NOW)
    assert newest <= 4
    assert verify(early, chain.policy).missing == ()
    store.close()


def test_everything_is_proven_under_the_newest_checkpoint_of_its_writer(chain):
    made = asked(chain, MOTOR, unit="U-1")
    with chain.node(MOTOR) as node, node.store.read() as conn:
        _, newest = log.latest_checkpoint(conn)
    of_motor = {made.checkpoints[one.checkpoint] for one in made.entries if one.log == f"{MOTOR}/log"}
    assert of_motor == {newest}
    assert len(set(made.checkpoints)) == len(made.checkpoints)
