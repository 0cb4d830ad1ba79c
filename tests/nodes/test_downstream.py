"""News of goods that have left: who hears of it, what is shown of it, what goes on. Real nodes, over HTTP."""

import json
from base64 import urlsafe_b64decode
from urllib.parse import quote

import pytest

from ledger.evidence import parse_evidence, verify
from ledger.verdict import judge
from tests.bookkeeping import approved
from tests.world import Lost, World, kg, until

MINE, PLANT, MAKER, OTHER = "mine.example", "plant.example", "maker.example", "other.example"


def lead(member, path, body):
    """A supervisor's request."""
    lead.count += 1
    headers = {"idempotency-key": f"lead {lead.count}"}
    reply = member.ask("POST", f"/api/v1/{path}", body, role="supervisor", headers=headers)
    assert reply.status == 201, reply.body.decode()
    return reply.json()


lead.count = 0


def give(world, sender, to, *lines, **more):
    shipment = world[sender].ship(to, *lines, **more)
    world[to].await_arrival(shipment)
    world[to].receive(shipment)
    world[sender].await_status(shipment, "received")
    return shipment


def batch(member, code):
    return member.get(f"/api/v1/batches/{quote(code, safe='')}")


@pytest.fixture
def world(tmp_path):
    """Ore goes to a plant and to another; the plant's oxide, in drums, goes to a maker."""
    with World(tmp_path, MINE, PLANT, MAKER, OTHER) as made:
        made[MINE].register("A-1", "100")
        made[MINE].register("A-2", "100")
        give(made, MINE, PLANT, {"batch": "A-1", "quantity": kg("60")})
        give(made, MINE, OTHER, {"batch": "A-1", "quantity": kg("20")}, {"batch": "A-2", "quantity": kg("5")})
        inputs = [{"batch": "A-1", "quantity": kg("60")}]
        outputs = [{"product": "ion_clay_mixed_oxide", "lot_no": "P-1", "quantity": kg("60")}]
        made[PLANT].record(
            "/api/v1/transformations", {"steps": [{"process": "blend"}], "inputs": inputs, "outputs": outputs}
        )
        made.labels = {one["serial"]: one["label_url"] for one in made[PLANT].pack("P-1", "D-1", "D-2")}
        give(made, PLANT, MAKER, {"batch": "P-1", "units": ["D-1"]})
        yield made


def locks(member, code):
    return [(one["is"], one["log"]) for one in batch(member, code)["locks"]]


def recall(world, name, code):
    return lead(world[name], "recalls", {"kind": "quality", "text": "Send it back.", "lines": [{"batch": code}]})[
        "lock"
    ]


def notices(world, to):
    return [json.loads(one.body) for one in world.network.parcels("notice") if one.receiver == to]


def opened(bodies):
    """All that these messages say: as they stand, and what their disclosures open."""
    rows = [row for body in bodies for one in body["evidence"]["disclosures"] for row in one["opens"]]
    texts = [row if isinstance(row, str) else row["d"] for row in rows]
    plain = [urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode() for text in texts]
    return "\n".join([json.dumps(bodies), *plain])


def scan(member, label):
    token = label.rpartition("/q/")[2]
    return member.ask("GET", f"/q/{token}", role=None, headers={"accept": "application/json"}).json()


def page(member, label, language):
    token = label.rpartition("/q/")[2]
    headers = {"accept": "text/html", "accept-language": language}
    return member.ask("GET", f"/q/{token}", role=None, headers=headers).body.decode()


def test_a_recall_reaches_whoever_holds_what_was_made_of_it(world):
    lock = recall(world, MINE, "A-1")
    for name, code in ((PLANT, "P-1"), (MAKER, "P-1"), (OTHER, "A-1")):
        until(lambda name=name, code=code: locks(world[name], code) == [("recalled", f"{MINE}/log")], name)
    world.settle()
    assert [len(notices(world, name)) for name in (PLANT, MAKER, OTHER)] == [1, 1, 1], "once each"
    assert notices(world, MAKER)[0]["cover"]["sender"] == PLANT
    told = scan(world[MAKER], world.labels["D-1"])
    assert told["status"] == "concerned"
    assert "受牵连" in page(world[MAKER], world.labels["D-1"], "zh")
    assert "concerned" in page(world[MAKER], world.labels["D-1"], "en")
    assert not batch(world[MAKER], "P-1")["status"]["recalled"], "what is done with it, its holder decides"
    made = world[MAKER].ask("GET", "/api/v1/batches/P-1/evidence").body
    result = verify(parse_evidence(made), world[MAKER].node.policy)
    said = [facts["what"] for code, facts in judge(result).notices if code == "recalled"]
    assert [what.partition("#")[0] for what in said] == [f"{MINE}/log"]
    lead(world[MINE], f"holds/{lock}/releases", {"reason": "tested"})
    until(lambda: locks(world[MAKER], "P-1") == [])
    assert scan(world[MAKER], world.labels["D-1"])["status"] == "valid"


def test_a_partner_never_learns_of_another_partner(world):
    both = [{"batch": "A-1"}, {"batch": "A-2"}]
    lead(world[MINE], "recalls", {"kind": "quality", "text": "Send it back.", "lines": both})
    lead(
        world[PLANT],
        "holds",
        {"kind": "quality", "reason": "wet through", "lines": [{"batch": "P-1", "units": ["D-2"]}]},
    )
    until(lambda: len(locks(world[MAKER], "P-1")) == 2)
    world.settle()
    for to, others in ((MAKER, [OTHER]), (OTHER, [PLANT, MAKER]), (PLANT, [OTHER])):
        for told in notices(world, to):
            assert told["cover"]["receiver"] == to
            text = opened([told])
            assert not any(other in text for other in others), (to, others)
            assert "wet through" not in text
    unknown = world[MINE].get("/api/v1/batches/A-2")["batch"]
    for to, other in ((PLANT, True), (MAKER, True), (OTHER, False)):
        assert (unknown in opened(notices(world, to))) != other, "nothing of goods that one does not hold"
        assert ('"A-2"' in opened(notices(world, to))) != other
    assert not [one for one in notices(world, OTHER) if one["cover"]["sender"] != MINE]


def test_a_hold_is_shown_with_what_of_ones_own_stock_it_touches(world):
    lead(world[MINE], "holds", {"kind": "quality", "reason": "wet", "lines": [{"batch": "A-1", "quantity": kg("5")}]})
    lock = until(lambda: batch(world[PLANT], "P-1")["locks"])[0]["lock"]
    assert batch(world[MINE], "A-1")["locks"][0]["is"] == "held"
    path = f"/api/v1/recalls/{quote(lock, safe='')}"
    found = world[PLANT].get(path)
    assert (found["is"], found["by"], found["ended"]) == ("held", MINE, False)
    assert [(one["how"], one["lot_no"], one["here_mg"]) for one in found["goods"]] == [
        ("direct", "A-1", 0),
        ("indirect", "P-1", 50_000_000),
    ]
    assert [(one["holder"], one["indirect_mg"]) for one in found["holders"]] == [(MAKER, 10_000_000)]
    for language, words in (("zh", ("冻结清单", "质量", "间接")), ("en", ("Hold list", "quality", "indirect"))):
        shown = world[PLANT].ask("GET", f"{path}?format=html&lang={language}").body.decode()
        assert all(word in shown for word in words), language
    sheet = world[PLANT].ask("GET", f"{path}?format=csv&lang=zh").body.decode()
    assert "P-1" in sheet
    told = world[MAKER].get("/api/v1/notices")["notices"]
    assert [(one["type"], one["log"], one["lock"], one["ended"]) for one in told] == [
        ("held", f"{MINE}/log", lock, False)
    ]
    (step,) = [one for one in world[MAKER].get("/api/v1/batches/P-1/trace")["nodes"] if one["news"]]
    assert [one["event"] for one in step["news"]] == ["held"]
    lead(world[MINE], f"holds/{quote(lock.partition('#')[2])}/releases", {"reason": "dried"})
    until(
        lambda: (
            [one["ended"] for one in world[MAKER].get("/api/v1/notices")["notices"] if one["type"] == "held"] == [True]
        )
    )
    assert world[PLANT].get(path)["ended"]


def entry_of(member, code):
    return batch(member, code)["entry_no"]


def amend(member, index, path="batch.lot_no", word="A-1b"):
    body = {"kind": "amend", "entry": index, "words": [{"path": path, "is": word}], "reason": "misread"}
    return member.record("/api/v1/corrections", body)


def test_an_amendment_reaches_the_pages_of_descendants(world):
    index = entry_of(world[MINE], "A-1")
    amend(world[MINE], index)
    until(lambda: batch(world[MAKER], "P-1")["upstream_corrections"])
    assert batch(world[MAKER], "P-1")["upstream_corrections"] == [
        {"log": f"{MINE}/log", "index": index, "kinds": ["amended"]}
    ]
    assert scan(world[MAKER], world.labels["D-1"])["status"] == "corrected"
    assert "冲销" in page(world[MAKER], world.labels["D-1"], "zh")
    verdict = judge(
        verify(parse_evidence(world[MAKER].ask("GET", "/api/v1/batches/P-1/evidence").body), world[MAKER].node.policy)
    )
    assert [(facts["corrected"], facts["how"]) for code, facts in verdict.notices if code == "corrected"] == [
        (index, "amended")
    ]
    assert not any(word in opened(notices(world, MAKER)) for word in ("misread", "A-1b")), (
        "why, and which words, only the authority reads"
    )


def test_whoever_buys_later_finds_the_news_in_the_evidence(world):
    recall(world, MINE, "A-1")
    amend(world[MINE], entry_of(world[MINE], "A-1"))
    until(lambda: batch(world[PLANT], "P-1")["upstream_corrections"] and locks(world[PLANT], "P-1"))
    give(world, PLANT, OTHER, {"batch": "P-1", "units": ["D-2"]})
    assert locks(world[OTHER], "P-1") == [("recalled", f"{MINE}/log")]
    assert [one["kinds"] for one in batch(world[OTHER], "P-1")["upstream_corrections"]] == [["amended"]]


def test_news_that_comes_before_the_goods_waits_for_them(world):
    plant = world[PLANT]
    lost = Lost()
    world.network.rule(lost, to=MAKER, kind="handover", times=10**6)
    plant.register("B-1", "30")
    shipment = plant.ship(MAKER, {"batch": "B-1", "quantity": kg("10")})
    lost.first("handover")
    recall(world, PLANT, "B-1")
    until(
        lambda: any(
            one.kind == "notice" and reply is not None and reply.status == 202 for one, reply in world.network.carried
        )
    )
    assert world[MAKER].get("/api/v1/notices")["notices"] == []
    world.network.clear()
    world[MAKER].await_arrival(shipment)
    until(lambda: world[MAKER].get("/api/v1/notices")["notices"])
    world[MAKER].receive(shipment)
    assert locks(world[MAKER], "B-1") == [("recalled", f"{PLANT}/log")]


def test_news_told_again_is_kept_once_and_goes_on_once(world):
    recall(world, MINE, "A-1")
    until(lambda: locks(world[MAKER], "P-1"))
    world.settle()
    (parcel,) = [one for one in world.network.parcels("notice") if one.receiver == PLANT]
    assert world[PLANT].deliver(parcel).status == 200
    assert len(world[PLANT].get("/api/v1/notices")["notices"]) == 1
    world.settle()
    assert len(notices(world, MAKER)) == 1


def test_what_a_closed_pool_hides_its_owner_passes_on_by_himself(tmp_path):
    with World(tmp_path, MINE, PLANT, MAKER) as world:
        world[MINE].register("A-1", "100", product="prnd_oxide")
        give(world, MINE, PLANT, {"batch": "A-1", "quantity": kg("60")})
        world[PLANT].record(
            "/api/v1/pools/silo/charges",
            {"inputs": [{"batch": "A-1", "quantity": kg("60")}], "steps": [{"process": "blend"}]},
        )
        drawn = {"product": "prnd_oxide", "lot_no": "S-1", "quantity": kg("40")}
        world[PLANT].record("/api/v1/pools/silo/draws", {"outputs": [drawn]})
        world[PLANT].record("/api/v1/pools/silo/closings", {})
        give(world, PLANT, MAKER, {"batch": "S-1", "quantity": kg("40")})
        lock = recall(world, MINE, "A-1")
        until(lambda: locks(world[PLANT], "S-1"))
        found = world[PLANT].get(f"/api/v1/recalls/{quote(f'{MINE}/log#{lock}', safe='')}")
        assert ("indirect", "S-1") in [(one["how"], one["lot_no"]) for one in found["goods"]]
        world.settle()
        assert notices(world, MAKER) == []
        recall(world, PLANT, "S-1")
        until(lambda: locks(world[MAKER], "S-1") == [("recalled", f"{PLANT}/log")])
        assert MINE not in opened(notices(world, MAKER))


def test_with_whom_a_shipment_was_adjusted_only_that_partner_reads(world):
    """One adjustment of a lot and of its shipment to the plant: others who hold the lot hear of the first alone."""
    mine = world[MINE]
    shipped = min(one["index"] for one in mine.get("/api/v1/entries?type=shipped")["entries"])
    mine.acknowledge(f"{MINE}/log#{mine.get('/api/v1/shipments')['shipments'][-1]['shipment']}")
    own = {"entry": entry_of(mine, "A-1"), "side": "made", "batch": "A-1", "less": kg("1")}
    shared = {"entry": shipped, "side": "shipped", "batch": "A-1", "more": kg("2")}
    approved(mine, {"kind": "adjust", "reason": "tare forgotten", "lines": [own, shared]})
    until(lambda: [one["type"] for one in world[OTHER].get("/api/v1/notices")["notices"]] == ["adjusted"])
    world.settle()
    (told,) = world[PLANT].get("/api/v1/notices")["notices"]
    assert told["awaits_consent"]
    (heard,) = world[OTHER].get("/api/v1/notices")["notices"]
    assert (heard["awaits_consent"], heard["corrected"]) == (False, [own["entry"]])
    for body in notices(world, OTHER):
        assert not any(word in opened([body]) for word in (PLANT, "delta_mg", "tare"))
    assert [one["kinds"] for one in batch(world[MAKER], "P-1")["upstream_corrections"]] == [["adjusted"]] * 2
    assert "delta_mg" not in opened(notices(world, MAKER))
    assert "delta_mg" in opened(notices(world, PLANT)), "the partner reads what is his"


def test_an_adjusted_shipment_is_heard_of_wherever_its_goods_went(world):
    """The shipment alone is adjusted: by it, or of it, nobody is told who has no goods that came with it."""
    mine, plant, maker = world[MINE], world[PLANT], world[MAKER]
    sent = {one["to"]["node"]: one["shipment"] for one in mine.get("/api/v1/shipments")["shipments"]}
    mine.acknowledge(f"{MINE}/log#{sent[PLANT]}")
    shipped = min(one["index"] for one in mine.get("/api/v1/entries?type=shipped")["entries"])
    received = plant.get("/api/v1/entries?type=received")["entries"][0]["index"]
    lot = batch(mine, "A-1")["batch"]
    more = {"entry": shipped, "side": "shipped", "batch": "A-1", "more": kg("2")}
    given = approved(mine, {"kind": "adjust", "reason": "tare forgotten", "lines": [more]})["entry"]["index"]
    until(lambda: batch(maker, "P-1")["upstream_corrections"])
    consent = {"log": f"{MINE}/log", "index": given}
    took = {"entry": received, "side": "received", "batch": f"{MINE}/log#{lot}", "more": kg("2")}
    until(lambda: plant.get("/api/v1/notices")["notices"])
    approved(plant, {"kind": "adjust", "reason": "as agreed", "lines": [took], "consent": consent})
    until(lambda: len(batch(maker, "P-1")["upstream_corrections"]) == 2)
    world.settle()
    assert batch(maker, "P-1")["upstream_corrections"] == [
        {"log": f"{MINE}/log", "index": shipped, "kinds": ["adjusted"]},
        {"log": f"{PLANT}/log", "index": received, "kinds": ["adjusted"]},
    ]
    assert [one["cover"]["sender"] for one in notices(world, MAKER)] == [PLANT, PLANT], "each once"
    assert not any(word in opened(notices(world, MAKER)) for word in ("delta_mg", "tare", "agreed"))
    assert notices(world, OTHER) == []
    assert scan(maker, world.labels["D-1"])["status"] == "corrected"
    (known,) = [one for one in notices(world, MINE) if one["cover"]["sender"] == PLANT]
    assert "delta_mg" in opened([known])
