"""The second story: a separation plant, a metal maker and an authority, among whom every other type of event happens.

The plant mixes two origins in a pool, sells oxide, and makes and corrects mistakes; the authority replays its log.

Over 400 lines because it is one story, with every event of it written out.
"""

from typing import Any

from ledger.captured import message, request_of
from ledger.entries import id_in
from ledger.log.canonical import b64, parse_json
from ledger.matter.provenance import Content, apportion, entered, mix, take, weakest
from ledger.matter.vectors import received, rows, shares
from tests.formats.scribe import KG, Scribe, recorded, typed

SITE, POOL, SELLER, SCALE = "works-1", "sx-1", "longnan.example", "yard-scale-2"
NDPR, DY = "ndpr_oxide", "dy_oxide"
Slots = dict[str, Any]


def tell_plant(plant: Scribe, alloy: Scribe, authority: Scribe, others: Scribe) -> None:
    """`others`: a log that the authority attests too."""
    plant.open("龙南稀土分离有限公司", "separation", "2026-11-02T00:10:00.000Z")
    alloy.open("赣州稀土金属有限公司", "metal", "2026-11-02T00:12:00.000Z")
    authority.open("自然资源监管局", "authority", "2026-11-01T00:00:00.000Z")
    _separate(plant)
    _measure(plant)
    _lock(plant)
    _correct(plant)
    _sell(plant, alloy)
    _adjust(plant, alloy)
    _report(plant)
    _sell_outside(plant)
    _attest(plant, authority, others)
    _order(plant, authority)
    _take_back(plant, alloy, authority)
    _weigh_apart(plant)


def _amount(mg: int, **more: Any) -> Slots:
    return {"mg": mg, "basis": "net", "site": SITE, "typed": typed(str(mg // KG)), **more}


def _lines(*goods: tuple[str, int]) -> Slots:
    return {
        "lines.chain": [{"batch": batch} for batch, _ in goods],
        "lines.authority": [{"mg": mg, "basis": "net", "site": SITE} for _, mg in goods],
    }


def _covered(*batches: str) -> Slots:
    return {"lines.chain": [{"batch": batch} for batch in batches], "lines.authority": [{} for _ in batches]}


def _inputs(*goods: tuple[str, int]) -> Slots:
    return {
        "inputs.chain": [{"batch": batch} for batch, _ in goods],
        "inputs.authority": [_amount(mg) for _, mg in goods],
    }


def _outputs(*goods: tuple[str, int, Content]) -> Slots:
    return {
        "outputs.chain": [{"product": product} for product, _, _ in goods],
        "outputs.provenance": [shares(content) for _, _, content in goods],
        "outputs.authority": [_amount(mg) for _, mg, _ in goods],
        "outputs.sources": [rows(content) for _, _, content in goods],
    }


def _register(a: Scribe, at: str, lot: str, mg: int, origin: Slots, elements: dict[str, int]) -> str:
    """`elements` in g for each kg."""
    written = a.write(
        "registered",
        f"2026-11-{at}.000Z",
        {
            "batch": {"product": "re_chloride", "lot_no": lot, "at": f"2026-11-{at}+00:00", "site": SITE},
            "origin": origin,
            "quantity": {"mg": mg, "basis": "net", "typed": typed(str(mg // KG))},
            "assay": None,
            "documents": None,
            "recorded": recorded("u-1"),
        },
    )
    id_ = str(written.ids["batch"])
    totals = {element: (mg * parts, 5000) for element, parts in elements.items()}
    key = f"{origin['country']}/{origin['feed_class']}"
    a.contents[id_] = entered(mg, totals, origin=key, source=id_)
    return id_


def _separate(a: Scribe) -> None:
    """Entries 1 to 5: two origins go into a pool, two oxides come out, and the period is closed."""
    domestic = {"class": "mined", "country": "CN", "region": "江西", "feed_class": "ion_mid_y"}
    foreign = {"class": "imported", "country": "MM", "feed_class": "import_ion"}
    one = _register(a, "02T01:00:00", "ION-11", 1000 * KG, domestic, {"Nd": 120, "Tb": 2, "Dy": 6})
    two = _register(a, "02T02:00:00", "IMP-4", 400 * KG, foreign, {"Nd": 160, "Dy": 16})
    charged = a.write(
        "charged",
        "2026-11-02T03:00:00.000Z",
        {
            "charge": {
                "at": "2026-11-02T10:30:00+08:00",
                "pool": POOL,
                "steps": [{"process": "separate", "site": SITE, "country": "CN"}],
            },
            "opens": {"product": "pool"},
            **_inputs((one, 800 * KG), (two, 200 * KG)),
            "documents": None,
            "recorded": recorded("u-1"),
        },
    )
    whole = mix([a.take(one, 800 * KG), a.take(two, 200 * KG)])
    period, pooled = charged.ids["opens"], Content(whole.mg, whole.elements, weakest(whole.model, "mass_balance"))
    wanted = [{"Nd": (90_000_000_000, 5000), "Tb": (100_000_000, 9000)}, {"Dy": (3_000_000_000, 5000)}]
    drawn, other = apportion(pooled, wanted, [110 * KG, 4 * KG])
    written = a.write(
        "drawn",
        "2026-11-05T03:00:00.000Z",
        {
            "draw": {
                "at": "2026-11-05T10:30:00+08:00",
                "pool": POOL,
                "period": period,
                "steps": [{"process": "separate", "site": SITE, "country": "CN"}],
            },
            **_outputs((NDPR, 110 * KG, drawn), (DY, 4 * KG, other)),
            "losses": None,
            "documents": None,
            "recorded": recorded("u-1"),
        },
    )
    for id_, content in zip(written.ids["outputs.chain"], (drawn, other), strict=True):
        a.contents[id_] = content
    a.write(
        "closed",
        "2026-11-06T00:00:00.000Z",
        {
            "closing": {"at": "2026-11-06T07:00:00+08:00", "pool": POOL, "period": period},
            "opens": {"product": "pool"},
            "provenance": shares(pooled),
            "sources": rows(pooled),
            "wip": {"method": "dip_and_assay", "contents": [["Nd", "37500000000", 60000], ["Dy", "4900000000", 80000]]},
            "losses": None,
            "reason": None,
            "documents": None,
            "recorded": recorded("u-1"),
        },
    )


def oxide(a: Scribe) -> str:
    return str(a.written[4].ids["outputs.chain"][0])


def _measure(a: Scribe) -> None:
    """Entries 6 to 10."""
    batch = oxide(a)
    halves, rest = [], a.take(batch, KG)
    for mg in (KG // 2, KG // 2):
        half, rest = take(rest, mg)
        halves.append((NDPR, mg, half))
    a.write(
        "sampled",
        "2026-11-06T01:00:00.000Z",
        {
            "sampling": {"at": "2026-11-06T08:50:00+08:00", "site": SITE, "sampler": "u-4"},
            **_inputs((batch, KG)),
            **_outputs(*halves),
            "outputs.sample": [{"use": "assay", "seal": "S-1"}, {"use": "retained", "seal": "S-2"}],
            "nets.public": [],
            "documents": None,
            "recorded": recorded("u-4"),
        },
    )
    result = {"basis": "ignited", "oxides_pct": [["Nd", "99.1"]], "status": "final"}
    a.write(
        "assayed",
        "2026-11-07T01:00:00.000Z",
        {
            "assaying": {"at": "2026-11-07T08:50:00+08:00", "batch": batch},
            "assay": result,
            "report": {"lab": "赣州检验所", "certificate": b64(bytes(32))},
            "documents": None,
            "recorded": recorded("u-4"),
        },
    )
    a.write(
        "assay_agreed",
        "2026-11-08T01:00:00.000Z",
        {
            "agreement": {"at": "2026-11-08T08:50:00+08:00", "batch": batch},
            "assay": result,
            "results": {"rule": "mean", "own": result, "other": result},
            "documents": None,
            "recorded": recorded("u-4"),
        },
    )
    again = {"site": SITE, "basis": "net", "typed": typed("108.8"), "before_mg": 109 * KG, "mg": 108_800_000}
    a.write(
        "remeasured",
        "2026-11-08T02:00:00.000Z",
        {
            "measuring": {"at": "2026-11-08T09:50:00+08:00", "kind": "dried"},
            "lines.chain": [{"batch": batch}],
            "lines.authority": [again],
            "nets.public": [],
            "reason": None,
            "documents": None,
            "recorded": recorded("u-4"),
        },
    )
    imported = {"site": SITE, "basis": "net", "typed": typed("199"), "before_mg": 200 * KG, "mg": 199 * KG}
    a.write(
        "counted",
        "2026-11-09T02:00:00.000Z",
        {
            "stocktake": {"at": "2026-11-09T09:50:00+08:00"},
            "lines.chain": [{"batch": a.written[2].ids["batch"]}],
            "lines.authority": [imported],
            "pools.authority": [{"pool": POOL, "method": "dip_and_assay", "contents": [["Nd", "37400000000", 60000]]}],
            "reason": {"text": "桶底残留"},
            "documents": None,
            "recorded": recorded("u-4"),
        },
    )


def _lock(a: Scribe) -> None:
    """Entries 11 to 16."""
    batch, other = a.written[4].ids["outputs.chain"]
    common: Slots = {"documents": None, "recorded": recorded("u-2")}
    pledged = a.write(
        "pledged",
        "2026-11-10T01:00:00.000Z",
        {
            "pledge": {"at": "2026-11-10T08:50:00+08:00", "to": "赣州银行", "receipt_no": "CD-77"},
            **_lines((batch, 40 * KG)),
            **common,
        },
    )
    a.write(
        "unpledged",
        "2026-11-11T01:00:00.000Z",
        {
            "unpledging": {"at": "2026-11-11T08:50:00+08:00", "lock": pledged.ids["pledge"]},
            **_covered(batch),
            "reason": {"text": "贷款结清"},
            **common,
        },
    )
    held = a.write(
        "held",
        "2026-11-11T02:00:00.000Z",
        {
            "hold": {"at": "2026-11-11T09:50:00+08:00", "kind": "quality"},
            **_lines((other, 1 * KG)),
            "reason": {"text": "待复检"},
            **common,
        },
    )
    a.write(
        "released",
        "2026-11-12T02:00:00.000Z",
        {
            "releasing": {"at": "2026-11-12T09:50:00+08:00", "lock": held.ids["hold"]},
            **_covered(other),
            "reason": {"text": "复检合格"},
            **common,
        },
    )
    a.write(
        "title_transferred",
        "2026-11-12T03:00:00.000Z",
        {"transfer": {"at": "2026-11-12T10:50:00+08:00", "to": "alloy.example"}, **_lines((batch, 20 * KG)), **common},
    )
    a.write(
        "recalled",
        "2026-11-12T04:00:00.000Z",
        {
            "recall": {"at": "2026-11-12T11:50:00+08:00", "kind": "quality", "text": "留样标签有误"},
            "lines.public": [{"batch": a.written[6].ids["outputs.chain"][1]}],
            "reason": {"text": "贴错标签"},
            **common,
        },
    )


def _correct(a: Scribe) -> None:
    """Entries 17 to 20: a registration that should not have been, a lot number, and a transformation to adjust."""
    origin = {"class": "mined", "country": "CN", "region": "江西", "feed_class": "ion_mid_y"}
    _register(a, "13T01:00:00", "ION-12", 5 * KG, origin, {"Nd": 120})
    why: Slots = {"reason": {"text": "录入错误"}, "recorded": recorded("u-1", approved_by="u-3")}

    def named(index: int) -> Slots:
        return {"at": "2026-11-13T09:40:00+08:00", "index": index, "leaf": b64(a.written[index].leaf)}

    a.write("reversed", "2026-11-13T02:00:00.000Z", {"reversal": named(17), **why})
    a.write(
        "amended",
        "2026-11-13T03:00:00.000Z",
        {
            "amendment": named(1),
            "words": {"list": [{"path": "batch.lot_no", "was": "ION-11", "is": "ION-11A"}]},
            **why,
        },
    )
    feed = str(a.written[1].ids["batch"])
    mixed = mix([a.take(feed, 100 * KG)])
    (made,) = apportion(mixed, [{name: (share.ug, share.u_ppm) for name, share in mixed.elements.items()}], [60 * KG])
    a.write(
        "transformed",
        "2026-11-14T01:00:00.000Z",
        {
            "transformation": {
                "at": "2026-11-14T08:40:00+08:00",
                "steps": [{"process": "precipitate", "site": SITE, "country": "CN"}],
            },
            **_inputs((feed, 100 * KG)),
            **_outputs(("re_carbonate", 60 * KG, made)),
            "losses": {"list": [{"kind": "water", "mg": 40 * KG, "basis": "net"}]},
            "documents": None,
            "recorded": recorded("u-1"),
        },
    )


def _sell(a: Scribe, b: Scribe) -> None:
    """Entries 21 and 22 of the plant, 1 of the metal maker."""
    batch = oxide(a)
    sent = a.take(batch, 50 * KG)
    goods = {"basis": "net", "product": NDPR}
    shipped = a.write(
        "shipped",
        "2026-11-16T01:00:00.000Z",
        {
            "shipment": {"at": "2026-11-16T08:40:00+08:00", "purpose": "sale", "to": b.name},
            "party": None,
            "lines.chain": [{"batch": batch}, {"batch": a.written[1].ids["batch"]}],
            "lines.provenance": [shares(sent), None],
            "lines.partner": [
                {"mg": 50 * KG, "units": [], **goods},
                {"mg": 1 * KG, "units": [], "basis": "net", "product": "re_chloride"},
            ],
            "lines.authority": [{"site": SITE}, {"site": SITE}],
            "lines.sources": [rows(sent)],
            "transport": None,
            "documents": None,
            "recorded": recorded("u-1"),
        },
    )
    told = dict.fromkeys(("rejected_mg", "missing_mg", "difference_mg"), 0)
    arrived = id_in(batch, a.origin, b.origin)
    totals = {name: (share.ug, share.u_ppm) for name, share in sent.elements.items()}
    content = received(shares(sent), 50 * KG, totals, arrived)
    b.write(
        "received",
        "2026-11-17T01:00:00.000Z",
        {
            "receipt": {
                "at": "2026-11-17T08:40:00+08:00",
                "shipment": f"{a.origin}#{shipped.ids['shipment']}",
                "from": a.name,
                "purpose": "sale",
                "final": True,
                "declined": False,
            },
            "offer": a.ref(21, 22),
            "lines.chain": [
                {"line": 0, "batch": arrived},
                {"line": 1, "batch": id_in(a.written[1].ids["batch"], a.origin, b.origin)},
            ],
            "lines.provenance": [shares(sent), None],
            "lines.partner": [
                {**told, **goods, "offered_mg": 50 * KG, "accepted_mg": 50 * KG, "units": []},
                {
                    **told,
                    "basis": "net",
                    "product": "re_chloride",
                    "offered_mg": 1 * KG,
                    "accepted_mg": 1 * KG,
                    "units": [],
                },
            ],
            "lines.authority": [{"site": "melt-1"}, {"site": "melt-1"}],
            "lines.sources": [rows(content)],
            "documents": None,
            "recorded": recorded("u-9"),
        },
    )
    a.write(
        "acknowledged",
        "2026-11-17T02:00:00.000Z",
        {
            "acknowledgement": {
                "at": "2026-11-17T09:40:00+08:00",
                "shipment": shipped.ids["shipment"],
                "agreed": True,
                "declined": False,
            },
            "answer": b.ref(1, 2),
            "lines.partner": [],
            "lines.authority": [],
            "recorded": recorded("u-1"),
        },
    )


def _adjust(a: Scribe, b: Scribe) -> None:
    """Entries 23 and 24 of the plant, 2 of the metal maker: 1 kg less was shipped, and both say so."""
    feed, made = str(a.written[1].ids["batch"]), a.written[20].ids["outputs.chain"][0]
    own = {"index": 20, "leaf": b64(a.written[20].leaf)}
    delta = {"basis": "net", "site": SITE}
    why: Slots = {
        "reason": {"text": "复核过磅"},
        "documents": None,
        "recorded": recorded("u-1", approved_by="u-3"),
    }
    a.write(
        "adjusted",
        "2026-11-18T01:00:00.000Z",
        {
            "adjustment": {"at": "2026-11-18T08:40:00+08:00"},
            "lines.chain": [{**own, "batch": feed}, {**own, "batch": made}],
            "lines.authority": [
                {"side": "used", "delta_mg": 2 * KG, **delta},
                {"side": "made", "delta_mg": 1 * KG, **delta},
            ],
            "shared.chain": [],
            "shared.partner": [],
            "shared.authority": [],
            "consent": None,
            **why,
        },
    )
    less = {"basis": "net", "delta_mg": -1 * KG}
    shared = {"index": 1, "leaf": b64(b.written[1].leaf), "batch": id_in(oxide(a), a.origin, b.origin)}
    b.write(
        "adjusted",
        "2026-11-18T02:00:00.000Z",
        {
            "adjustment": {"at": "2026-11-18T09:40:00+08:00", "with": a.name},
            "lines.chain": [],
            "lines.authority": [],
            "shared.chain": [shared],
            "shared.partner": [{"side": "received", **less}],
            "shared.authority": [{"site": "melt-1"}],
            "consent": None,
            **why,
        },
    )
    a.write(
        "adjusted",
        "2026-11-18T03:00:00.000Z",
        {
            "adjustment": {"at": "2026-11-18T10:40:00+08:00", "with": b.name},
            "lines.chain": [],
            "lines.authority": [],
            "shared.chain": [{"index": 21, "leaf": b64(a.written[21].leaf), "batch": oxide(a)}],
            "shared.partner": [{"side": "shipped", **less}],
            "shared.authority": [{"site": SITE}],
            "consent": b.ref(2, 3),
            **why,
        },
    )


def _report(a: Scribe) -> None:
    """Entries 25 to 27."""
    common: Slots = {"documents": None, "recorded": recorded("u-1")}
    a.write(
        "period_closed",
        "2026-12-01T01:00:00.000Z",
        {
            "period": {"at": "2026-12-01T08:40:00+08:00", "month": "2026-11"},
            "books.authority": [{"site": SITE, "product": NDPR, "rows": [["drawn", str(110 * KG)]]}],
            **common,
        },
    )
    a.write(
        "reported",
        "2026-12-01T02:00:00.000Z",
        {
            "report": {
                "at": "2026-12-01T09:40:00+08:00",
                "month": "2026-11",
                "kind": "flow",
                "sha256": b64(bytes(range(32))),
            },
            **common,
        },
    )
    a.write(
        "answered",
        "2026-12-02T01:00:00.000Z",
        {
            "reply": {"at": "2026-12-02T08:40:00+08:00", "finding": "yield-low", "text": "设备检修"},
            **common,
        },
    )


def _sell_outside(a: Scribe) -> None:
    """The last two entries of the plant: somebody without a node says what arrived."""
    batch = str(a.written[1].ids["batch"])
    sent = a.take(batch, 2 * KG)
    shipped = a.write(
        "shipped",
        "2026-12-02T01:02:00.000Z",
        {
            "shipment": {"at": "2026-12-02T09:01:00+08:00", "purpose": "sale"},
            "party": {"outside": {"name": "Muster GmbH", "country": "DE"}},
            "lines.chain": [{"batch": batch}],
            "lines.provenance": [shares(sent)],
            "lines.partner": [{"mg": 2 * KG, "units": [], "basis": "net", "product": "re_chloride"}],
            "lines.authority": [{"site": SITE}],
            "lines.sources": [rows(sent)],
            "transport": {"waybill": "WB-9"},
            "documents": None,
            "recorded": recorded("u-1"),
        },
    )
    a.write(
        "confirmed",
        "2026-12-02T01:05:00.000Z",
        {
            "confirmation": {
                "at": "2026-12-02T09:04:00+08:00",
                "shipment": shipped.ids["shipment"],
                "complete": False,
            },
            "guest": {"name": "Erika Muster", "remark": "Deckel lose"},
            "lines.authority": [{"line": 0, "batch": batch, "weighed_mg": 1_990_000, "units": []}],
            "recorded": recorded("guest"),
        },
    )


def _attest(a: Scribe, authority: Scribe, others: Scribe) -> None:
    """Entries 1 to 3 of the authority."""
    common: Slots = {"documents": None, "recorded": recorded("u-20")}
    authority.write(
        "quota_granted",
        "2026-11-01T01:00:00.000Z",
        {
            "grant": {
                "at": "2026-11-01T08:40:00+08:00",
                "to": a.name,
                "kind": "separation",
                "year": 2026,
                "batch": 2,
                "feed_class": "ion_mid_y",
                "reo_mg": 500_000 * KG,
            },
            **common,
        },
    )
    for scribe, checks in ((a, ["custody", "balance", "provenance"]), (others, ["custody", "provenance"])):
        size = len(scribe.written)
        authority.write(
            "attested",
            "2026-12-03T01:00:00.000Z",
            {
                "attestation": {
                    "at": "2026-12-03T08:40:00+08:00",
                    "log": scribe.origin,
                    "size": size,
                    "root": b64(scribe.head(size).root),
                    "checks": checks,
                    "ruleset": "2026-11",
                },
                **common,
            },
        )


def _order(a: Scribe, authority: Scribe) -> None:
    """Entry 4 of the authority."""
    authority.write(
        "ordered",
        "2026-12-04T01:00:00.000Z",
        {
            "order": {"at": "2026-12-04T08:40:00+08:00", "kind": "freeze", "to": a.name},
            "lines.partner": [{"batch": f"{a.origin}#{a.written[1].ids['batch']}"}],
            "reason": {"text": "案件 2026-17"},
            "documents": None,
            "recorded": recorded("u-20"),
        },
    )


def _take_back(a: Scribe, b: Scribe, authority: Scribe) -> None:
    """Two entries of the plant, and entries 5 and 6 of the authority: goods that their receiver never took, and an
    inspection.
    """
    batch = a.written[1].ids["batch"]
    shipped = a.write(
        "shipped",
        "2026-12-02T01:10:00.000Z",
        {
            "shipment": {"at": "2026-12-02T08:50:00+08:00", "purpose": "sale", "to": b.name},
            "party": None,
            "lines.chain": [{"batch": batch}],
            "lines.provenance": [None],
            "lines.partner": [{"mg": 1 * KG, "units": [], "basis": "net", "product": "re_chloride"}],
            "lines.authority": [{"site": SITE}],
            "lines.sources": [None],
            "transport": None,
            "documents": None,
            "recorded": recorded("u-1"),
        },
    )
    shipment = shipped.ids["shipment"]
    a.write(
        "withdrawal_asked",
        "2026-12-02T01:20:00.000Z",
        {
            "withdrawal": {"at": "2026-12-02T08:55:00+08:00", "shipment": shipment, "to": b.name},
            "reason": {"text": "发错地址"},
            "recorded": recorded("u-1"),
        },
    )
    size = len(b.written)
    place = {"log": a.origin, "index": shipped.entry.index, "leaf": b64(shipped.leaf)}
    authority.write(
        "voided",
        "2026-12-09T01:00:00.000Z",
        {
            "voiding": {
                "at": "2026-12-09T08:40:00+08:00",
                "shipment": f"{a.origin}#{shipment}",
                "to": b.name,
                **place,
            },
            "unreceived": {"log": b.origin, "size": size, "root": b64(b.head(size).root)},
            "reason": {"text": "收货方无人应答"},
            "documents": None,
            "recorded": recorded("u-20"),
        },
    )
    authority.write(
        "inspected",
        "2026-12-10T01:00:00.000Z",
        {
            "inspection": {"at": "2026-12-10T08:40:00+08:00", "to": a.name, "result": "in_order"},
            "goods.chain": [{"batch": f"{a.origin}#{batch}"}],
            "goods.partner": [{"method": "sampled", "sample": "S-2026-88"}],
            "reason": {"text": "年度检查"},
            "documents": None,
            "recorded": recorded("u-20"),
        },
    )


def _weigh_apart(a: Scribe) -> None:
    """The plant's last two entries: a scale is named, and what it signed without a network comes in."""
    scale, verb, weighed_at = a.key(SCALE), "remove", "2026-12-02T09:20:00+08:00"
    batch, gone = a.written[1].ids["batch"], typed("1")
    a.write(
        "device_set",
        "2026-12-02T04:00:00.000Z",
        {
            "device": {"at": "2026-12-02T09:00:00+08:00", "device": SCALE, "key": b64(scale.verifier.public)},
            "recorded": recorded("u-1"),
        },
    )
    body = {"kind": "consumed", "lines": [{"batch": batch, "quantity": gone}], "reason": "样品"}
    request = request_of(body)
    text = message(a.origin, SCALE, 7, weighed_at, verb, parse_json(request.encode()))
    captured = {"device": SCALE, "seq": 7, "at": weighed_at, "verb": verb, "request": request}
    a.write(
        "removed",
        "2026-12-02T05:00:00.000Z",
        {
            "removal": {"at": weighed_at, "kind": "consumed"},
            "lines.chain": [{"batch": batch}],
            "lines.authority": [_amount(1 * KG)],
            "reason": {"text": "样品"},
            "documents": None,
            "recorded": recorded("u-1", captured={**captured, "signature": b64(scale.sign(text.encode()))}),
        },
    )
