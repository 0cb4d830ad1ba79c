"""What is refused of pools, laboratories, scales and locks: a table as in refusals.py."""

from typing import Any
from urllib.parse import quote

from tests.e2e.stage import C1, METAL, MINE, NOWHERE, OXIDE, PLANT, Asked, Case, Make, Stage, post, register, ship
from tests.world import kg

O1 = {"batch": "O-1", "quantity": kg("1"), "site": "main"}
STEPS = [{"process": "blend", "site": "main"}]
ND = {"element": "Nd", "metal": {"value": "1", "unit": "kg"}, "u_pct": "2"}
OTHER = {**OXIDE, "total_reo_pct": "90.0"}


def charge(pool: str, *lines: dict[str, Any], **more: Any) -> Make:
    return post(f"/api/v1/pools/{pool}/charges", {"inputs": list(lines) or [O1], **more})


def draw(pool: str, *outputs: dict[str, Any]) -> Make:
    return post(f"/api/v1/pools/{pool}/draws", {"outputs": list(outputs)})


def close(*contents: dict[str, Any], method: str = "measured") -> Make:
    return post("/api/v1/pools/p/closings", {"wip": {"method": method, "contents": list(contents)}})


def assayed(product: str = "prnd_oxide", **changed: Any) -> Make:
    """A registration with an assay that is `OXIDE` but for what is changed; None leaves a member out."""
    told = {name: value for name, value in {**OXIDE, **changed}.items() if value is not None}
    return register(product=product, assay=told)


def dried(moisture: str) -> Make:
    shares = [["La", "40"], ["Y", "60"]]
    return assayed("ion_clay_mixed_oxide", basis="dried", distribution_pct=shares, moisture_pct=moisture)


def agree(**more: Any) -> Make:
    return post("/api/v1/assays/agreements", {"batch": "O-1", "own": OXIDE, **more})


def taken_over(place: dict[str, Any] | None = None) -> Make:
    """A result that is said to be O-1's, in an entry; where none is named, in that of O-2."""

    def make(stage: Stage) -> Asked:
        found = place or {"log": f"{MINE}/log", "index": stage.entries["assayed"]}
        return Asked("/api/v1/assays", {"batch": "O-1", "from": found})

    return make


def sample(**changed: Any) -> Make:
    portion = {"quantity": {"value": "1", "unit": "g"}, "use": "assay"}
    return post("/api/v1/samples", {"batch": "O-1", "site": "main", "samples": [portion], **changed})


def weigh(*lines: dict[str, Any], kind: str = "reweighed") -> Make:
    return post("/api/v1/remeasurements", {"kind": kind, "lines": list(lines)})


def count(*lines: dict[str, Any], **more: Any) -> Make:
    return post("/api/v1/counts", {"lines": list(lines), **more})


def lead(path: str, body: dict[str, Any]) -> Make:
    return post(path, body, role="supervisor")


def ended(name: str, path: str = "holds", **body: Any) -> Make:
    def make(stage: Stage) -> Asked:
        lock = quote(stage.ids.get(name, name), safe="")
        return Asked(f"/api/v1/{path}/{lock}/releases", {"reason": "x", **body}, role="supervisor")

    return make


def hold(*lines: dict[str, Any], **more: Any) -> Make:
    return lead("/api/v1/holds", {"kind": "quality", "reason": "x", "lines": list(lines), **more})


def settle(batch: str, shipment: str, **query: str) -> Make:
    def make(stage: Stage) -> Asked:
        asked = "&".join(f"{name}={value}" for name, value in {"shipment": stage.ids[shipment], **query}.items())
        return Asked(f"/api/v1/batches/{batch}/settlement?{asked.replace('#', '%23')}", method="GET")

    return make


POOLS: dict[str, Case] = {
    "a pool of which nothing is known": Case(422, "pool-process-missing", "steps", charge("new")),
    "a draw from no pool": Case(422, "pool-not-open", "pool", draw("new")),
    "a draw from a closed pool": Case(422, "pool-not-open", "pool", draw("q")),
    "a pool closed twice": Case(422, "pool-not-open", "pool", post("/api/v1/pools/q/closings", {})),
    "a draw of nothing": Case(422, "nothing-named", "outputs", draw("p")),
    "a draw above what is held": Case(
        422, "draw-above-content", "outputs", draw("p", {"product": "prnd_oxide", "quantity": kg("60"), "assay": OXIDE})
    ),
    "a draw of an element that never went in": Case(
        422,
        "draw-above-content",
        "outputs",
        draw(
            "p", {"product": "dy_oxide", "quantity": kg("1"), "assay": {**OXIDE, "distribution_pct": [["Dy", "100"]]}}
        ),
    ),
    "goods of others into a pool": Case(
        422,
        "pool-own-goods-only",
        "inputs",
        charge("p", {"batch": "M-1", "quantity": kg("1"), "site": "main", "owner": METAL}),
    ),
    "an element that is none in a pool": Case(
        422, "assay-element-unknown", "wip.contents[0].element", close({**ND, "element": "Fe"})
    ),
    "an element twice in a pool": Case(422, "assay-element-twice", "wip.contents[1].element", close(ND, ND)),
    "an absurd uncertainty": Case(
        422, "assay-percentage-absurd", "wip.contents[0].u_pct", close({**ND, "u_pct": "120"})
    ),
    "litres of an element": Case(
        422,
        "measure-unknown",
        "wip.contents[0].metal.unit",
        close({**ND, "metal": {"value": "1", "unit": "L"}}),
    ),
    "neither metal nor oxide": Case(422, "fields-wrong", "wip.contents[0]", close({"element": "Nd", "u_pct": "1"})),
    "a guess": Case(422, "kind-unknown", "wip.method", close(ND, method="guessed")),
    "reading a pool that is not there": Case(404, "pool-unknown", "pool", post("/api/v1/pools/new", b"", method="GET")),
    "a stock-take of a pool that is not there": Case(
        422,
        "pool-unknown",
        "pools[0].pool",
        post("/api/v1/counts", {"pools": [{"pool": "new", "method": "measured", "contents": [ND]}]}),
    ),
}
ASSAYS: dict[str, Case] = {
    "an assay of no basis": Case(422, "fields-wrong", "assay.basis", assayed(basis=None)),
    "a basis that does not fit": Case(
        422,
        "assay-basis-misfit",
        "assay.basis",
        register(product="ndfeb_magnet", assay={"basis": "ignited", "elements_pct": [["Nd", "30"]]}),
    ),
    "oxides and metals at once": Case(422, "assay-two-shapes", "assay", assayed(elements_pct=[["Nd", "60"]])),
    "shares without their total": Case(422, "assay-total-missing", "assay.total_reo_pct", assayed(total_reo_pct=None)),
    "more than all of it": Case(422, "assay-total-above-100", "assay.total_reo_pct", assayed(total_reo_pct="100.9")),
    "shares that do not add up": Case(
        422, "assay-sum-differs", "assay.distribution_pct", assayed(distribution_pct=[["Pr", "25"], ["Nd", "70"]])
    ),
    "metals beyond the whole": Case(
        422,
        "assay-metals-above-100",
        "assay.elements_pct",
        register(
            product="ndfeb_magnet",
            assay={"basis": "as_received", "elements_pct": [["Nd", "30"], ["Fe", "66"], ["B", "9"]]},
        ),
    ),
    "an element that does not belong": Case(
        422,
        "assay-element-foreign",
        "assay.distribution_pct[1]",
        assayed(distribution_pct=[["Nd", "80"], ["Dy", "20"]]),
    ),
    "a value below what was measurable": Case(
        422, "assay-below-loq", "assay.distribution_pct[0]", assayed(loq_pct="30")
    ),
    "a member of an assay that nobody reads": Case(422, "assay-member-unknown", "assay.th_pct", assayed(th_pct="0.02")),
    "a misspelt member of an assay": Case(422, "assay-member-unknown", "assay.moisture_pc", assayed(moisture_pc="3")),
    "an uncertainty of nothing there": Case(
        422,
        "assay-member-unknown",
        "assay.uncertainty_pct.total_pct",
        assayed(uncertainty_pct={"total_pct": "0.3"}),
    ),
    "a misspelt member of a product's assay": Case(
        422,
        "assay-member-unknown",
        "outputs[0].assay.other_pct",
        draw("p", {"product": "prnd_oxide", "quantity": kg("1"), "assay": {**OXIDE, "other_pct": "1"}}),
    ),
    "a misspelt member of a laboratory's result": Case(
        422,
        "assay-member-unknown",
        "assay.certificate",
        post("/api/v1/assays", {"batch": "O-1", "assay": {**OXIDE, "certificate": "Q-1"}}),
    ),
    "a misspelt member of the other's result": Case(
        422, "assay-member-unknown", "other.loi", agree(other={**OTHER, "loi": "1"})
    ),
    "an assay of nothing": Case(
        422, "assay-empty", "assay", assayed("ion_clay_mixed_oxide", total_reo_pct=None, distribution_pct=None)
    ),
    "an ignited result without its loss": Case(
        422,
        "assay-loi-missing",
        "assay.loi_pct",
        assayed("mixed_re_carbonate", distribution_pct=[["La", "40"], ["Ce", "60"]]),
    ),
    "a dried result without its water": Case(
        422,
        "assay-moisture-missing",
        "assay.moisture_pct",
        assayed("ion_clay_mixed_oxide", basis="dried", distribution_pct=[["La", "40"], ["Y", "60"]]),
    ),
    "an oxide that is nothing but water": Case(422, "guard-moisture", "assay.moisture_pct", assayed(moisture_pct="97")),
    "a product as wet as a slurry": Case(
        422,
        "guard-moisture",
        "outputs[0].assay.moisture_pct",
        draw("p", {"product": "prnd_oxide", "quantity": kg("1"), "assay": {**OXIDE, "moisture_pct": "97"}}),
    ),
    "a product weighed as wet as a slurry": Case(
        422,
        "guard-moisture",
        "outputs[0].quantity.moisture_pct",
        draw("p", {"product": "prnd_oxide", "quantity": {**kg("1"), "moisture_pct": "97"}, "assay": OXIDE}),
    ),
    "a laboratory that found water": Case(
        422,
        "guard-moisture",
        "assay.moisture_pct",
        post("/api/v1/assays", {"batch": "O-1", "assay": {**OXIDE, "moisture_pct": "97"}}),
    ),
    "a result of the other's that is water": Case(
        422, "guard-moisture", "other.moisture_pct", agree(other={**OTHER, "moisture_pct": "97"})
    ),
    "a dried result with less water than none": Case(422, "assay-percentage-absurd", "assay.moisture_pct", dried("-5")),
    "a dried result of nothing but water": Case(422, "assay-percentage-absurd", "assay.moisture_pct", dried("100")),
    "a share below nothing": Case(
        422,
        "assay-percentage-absurd",
        "assay.distribution_pct[0]",
        assayed(distribution_pct=[["Pr", "-25"], ["Nd", "125"]]),
    ),
    "a certificate's hash that is none": Case(
        422,
        "hash-not-hex",
        "certificate_sha256",
        post("/api/v1/assays", {"batch": "O-1", "assay": OXIDE, "certificate_sha256": "x"}),
    ),
    "a result for goods that are not here": Case(
        404, "batch-unknown", "batch", post("/api/v1/assays", {"batch": "A-9", "assay": OXIDE})
    ),
    "results far apart, and no umpire": Case(422, "umpire-needed", "umpire", agree(other=OTHER, limit_pct="0.5")),
    "results of two shapes": Case(
        422,
        "assays-differ-in-shape",
        "other",
        agree(other={"basis": "ignited", "elements_pct": [["Pr", "20"], ["Nd", "60"]]}),
    ),
    "a result without one": Case(422, "result-missing", "assay", post("/api/v1/assays", {"batch": "O-1"})),
    "a result for a client that nobody trusts": Case(
        422, "client-unknown", "to", post("/api/v1/assays", {"batch": "O-1", "assay": OXIDE, "to": "nobody.example"})
    ),
    "a result that never came": Case(
        404, "entry-of-other-unknown", "from", taken_over({"log": f"{PLANT}/log", "index": 9999})
    ),
    "a result in an entry that is not there": Case(
        404, "entry-unknown", "from", taken_over({"log": f"{MINE}/log", "index": 9999})
    ),
    "an entry that states no result": Case(
        422, "result-not-told", "from", taken_over({"log": f"{MINE}/log", "index": 0})
    ),
    "a result of other goods": Case(422, "result-of-other-goods", "from", taken_over()),
    "a result stated and named": Case(
        422, "result-twice", "own", agree(entries={"own": {"log": f"{MINE}/log", "index": 0}})
    ),
    "no result of our own": Case(
        422, "result-missing", "own", post("/api/v1/assays/agreements", {"batch": "O-1", "other": OTHER})
    ),
    "one result alone": Case(422, "result-missing", "results.other", agree()),
    "a rule nobody knows": Case(422, "kind-unknown", "rule", agree(other=OTHER, rule="louder")),
    "an umpire's rule without one": Case(
        422, "result-missing", "results.umpire", agree(other=OTHER, rule="umpire", assay=OXIDE)
    ),
    "a settlement by wet mass": Case(422, "settlement-on-wet", "basis", settle("W-2", "wet", basis="net")),
    "a settlement before the receipt": Case(404, "receipt-of-batch-unknown", "batch", settle("A-2", "offered")),
}
MEASURING: dict[str, Case] = {
    "a use nobody knows": Case(
        422,
        "kind-unknown",
        "outputs[0].use",
        sample(samples=[{"quantity": {"value": "1", "unit": "g"}, "use": "tea"}]),
    ),
    "all pieces of a carton as a sample": Case(
        422,
        "unit-without-pieces",
        "inputs[0].quantity.count",
        sample(
            batch="C-1",
            unit="K-1",
            samples=[{"quantity": {"value": "3", "unit": "kg", "count": 40}, "use": "assay"}],
        ),
    ),
    "nothing to weigh there": Case(
        422,
        "nothing-to-measure",
        "lines[0]",
        weigh({"batch": "O-1", "quantity": kg("1"), "site": "annex", "owner": METAL}),
    ),
    "a kind of measuring nobody knows": Case(
        422, "kind-unknown", "kind", weigh({"batch": "O-1", "site": "main", "quantity": kg("50")}, kind="felt")
    ),
    "a slip of the scale": Case(
        422, "guard-slip", "lines[0].quantity", weigh({"batch": "O-1", "site": "main", "quantity": kg("3")})
    ),
    "an oxide weighed as wet as a slurry": Case(
        422,
        "guard-moisture",
        "lines[0].quantity.moisture_pct",
        weigh({"batch": "O-1", "site": "main", "quantity": {**kg("50"), "moisture_pct": "97"}}),
    ),
    "a pallet weighed": Case(422, "unit-holds-units", "lines[0]", weigh({"unit": "P-1", "quantity": kg("41")})),
    "a unit there in part": Case(
        422, "unit-counted-in-part", "lines[0]", count({"unit": "D-1", "quantity": kg("19")}, reason="x")
    ),
    "a period weighed": Case(
        422,
        "pool-counted-as-batch",
        "lines[0]",
        count({"batch": "P 1", "site": "main", "quantity": kg("1")}, reason="x"),
    ),
    "a difference without a reason": Case(
        422, "reason-missing", "reason", count({"batch": "O-1", "site": "main", "quantity": kg("29")})
    ),
    "neither goods nor a unit": Case(422, "nothing-named", "lines[0]", count({"quantity": kg("1")})),
    "counted as one's own guest": Case(
        422,
        "owner-is-oneself",
        "lines[0].owner",
        count({"batch": "O-1", "site": "main", "owner": MINE, "quantity": kg("1")}, reason="x"),
    ),
    "no lines to weigh": Case(422, "fields-wrong", "lines", weigh()),
    "nothing counted": Case(422, "nothing-named", "lines", post("/api/v1/counts", {})),
}
LOCKS: dict[str, Case] = {
    "a clerk who holds": Case(
        403, "role-too-low", "Authorization", post("/api/v1/holds", {"kind": "quality", "lines": [O1]})
    ),
    "a hold for no reason": Case(422, "reason-missing", "reason", hold(O1, reason=None)),
    "a hold of a kind nobody knows": Case(422, "kind-unknown", "kind", hold(O1, kind="mood")),
    "held goods used": Case(
        422, "goods-held", "lines[0].quantity", ship({"batch": "L-1", "quantity": kg("75"), "site": "main"})
    ),
    "pledged goods used": Case(
        422, "goods-pledged", "lines[0].quantity", ship({"batch": "L-2", "quantity": kg("75"), "site": "main"})
    ),
    "a recalled batch sent": Case(
        422, "batch-recalled", "lines[0]", ship({"batch": "L-3", "quantity": kg("1"), "site": "main"})
    ),
    "a held unit opened": Case(422, "unit-held", "units[0]", post("/api/v1/unpackings", {"units": ["L/1"]})),
    "a pledged unit opened": Case(422, "unit-pledged", "units[0]", post("/api/v1/unpackings", {"units": ["L/2"]})),
    "a recalled unit opened": Case(422, "unit-recalled", "units[0]", post("/api/v1/unpackings", {"units": ["L/4"]})),
    "a lock that was never made": Case(404, "lock-unknown", "lock", ended(NOWHERE)),
    "a lock ended twice": Case(422, "lock-ended", "lock", ended("ended")),
    "a pledge released as a hold": Case(422, "lock-of-other-kind", "lock", ended("pledge")),
    "a hold ended as a pledge": Case(422, "lock-of-other-kind", "lock", ended("hold", "pledges")),
    "a release for no reason": Case(422, "reason-missing", "reason", ended("hold", reason=None)),
    "a recall of what is recalled": Case(
        422,
        "recalled-already",
        "lines[0]",
        lead("/api/v1/recalls", {"kind": "safety", "text": "x", "lines": [{"batch": "L-3"}]}),
    ),
    "a recall of a kind nobody knows": Case(
        422,
        "kind-unknown",
        "kind",
        lead("/api/v1/recalls", {"kind": "whim", "text": "x", "lines": [{"batch": "O-1"}]}),
    ),
    "reading a recall that never was": Case(
        404, "recall-unknown", "lock", post(f"/api/v1/recalls/{NOWHERE}", b"", method="GET")
    ),
    "title to whom it belongs": Case(
        422, "title-already", "lines[0]", lead("/api/v1/titles", {"to": MINE, "lines": [O1]})
    ),
    "a title to a name that is none": Case(
        422, "field-wrong", "transfer.to", lead("/api/v1/titles", {"to": "Herr Muster", "lines": [O1]})
    ),
    "goods of two owners sold at once": Case(
        422,
        "title-of-several-owners",
        "lines",
        lead("/api/v1/titles", {"to": PLANT, "lines": [O1, {"batch": "M-1", "quantity": kg("1"), "owner": METAL}]}),
    ),
    "pieces pledged uncounted": Case(
        422,
        "count-missing",
        "lines[0].quantity.count",
        lead("/api/v1/pledges", {"to": "Bank", "lines": [{**C1, "quantity": kg("1")}]}),
    ),
    "a partner's goods by a lot that is not here": Case(
        404, "batch-unknown", "lines[0].batch", lead("/api/v1/titles", {"to": PLANT, "lines": [{**O1, "batch": "A-9"}]})
    ),
}

GROUPS = (POOLS, ASSAYS, MEASURING, LOCKS)
