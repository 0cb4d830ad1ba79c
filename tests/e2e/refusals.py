"""What is refused of goods, as a table: name → request, and the status, code and field of the answer."""

from tests.e2e.stage import (
    A1,
    C1,
    METAL,
    MINE,
    MOTORS,
    NEW_DRUM,
    NOWHERE,
    PLANT,
    Case,
    acknowledge,
    dismantle,
    link,
    made,
    measured,
    pack,
    post,
    receive,
    register,
    ship,
    state,
    transform,
)
from tests.world import kg

QUANTITIES: dict[str, Case] = {
    "a comma in a number": Case(422, "quantity-not-decimal", "quantity.value", measured(value="1,5")),
    "an exponent in text": Case(422, "quantity-not-decimal", "quantity.value", measured(value="1e3")),
    "a minus": Case(422, "quantity-not-decimal", "quantity.value", measured(value="-1")),
    "a leading zero": Case(422, "quantity-not-decimal", "quantity.value", measured(value="01")),
    "digits of another script": Case(422, "quantity-not-decimal", "quantity.value", measured(value="\u0661\u0662")),
    "nothing at all": Case(422, "mass-is-zero", "quantity.value", measured(value="0.000")),
    "less than a milligram": Case(422, "mass-is-zero", "quantity.value", measured(value="0.0000001")),
    "more than 2^53 mg": Case(422, "mass-too-large", "quantity.value", measured(value="9007200", unit="t")),
    "a unit nobody knows": Case(422, "measure-unknown", "quantity.unit", measured(unit="lb")),
    "a volume without a concentration": Case(422, "volume-needs-concentration", "quantity.g_per_l", measured(unit="L")),
    "a basis nobody knows": Case(422, "basis-unknown", "quantity.basis", measured(basis="wet")),
    "gross without a tare": Case(422, "gross-needs-tare", "quantity.basis", measured(basis="gross")),
    "less water than none": Case(422, "quantity-not-decimal", "quantity.moisture_pct", measured(moisture_pct="-5")),
    "more water than goods": Case(422, "moisture-absurd", "quantity.moisture_pct", measured(moisture_pct="105")),
    "all water": Case(422, "moisture-absurd", "quantity.moisture_pct", measured(moisture_pct="100")),
    "a tare above the gross": Case(
        422, "tare-above-gross", "weighing.tare", register(weighing={"gross": "1", "tare": "2", "unit": "kg"})
    ),
    "a ticket of another mass": Case(
        422, "weighing-differs", "quantity.value", register(weighing={"gross": "9", "tare": "2", "unit": "kg"})
    ),
    "a ticket in litres": Case(
        422, "measure-unknown", "weighing.unit", register(weighing={"gross": "2", "tare": "1", "unit": "L"})
    ),
    "no quantity where one is needed": Case(422, "quantity-missing", "lines[0].quantity", ship({"batch": "A-1"})),
    "a package without a net": Case(422, "quantity-missing", "units[0].net", pack("A-1", {"serial": "new"})),
}
GUARDS: dict[str, Case] = {
    "ten times the usual": Case(422, "guard-slip", "quantity", register(product="usual_ore", quantity=kg("1000"))),
    "a hundred times the usual": Case(
        422, "guard-slip", "quantity", register(product="usual_ore", quantity=kg("10000"))
    ),
    "a thousand times the usual": Case(
        422, "guard-slip", "quantity", register(product="usual_ore", quantity={**kg("100"), "unit": "t"})
    ),
    "a tenth of the usual": Case(422, "guard-slip", "quantity", register(product="usual_ore", quantity=kg("10"))),
    "a hundredth of the usual": Case(422, "guard-slip", "quantity", register(product="usual_ore", quantity=kg("1"))),
    "a thousandth of the usual": Case(422, "guard-slip", "quantity", register(product="usual_ore", quantity=kg("0.1"))),
    "a ticket that was used": Case(
        422,
        "guard-ticket-used",
        "weighing.ticket",
        register(weighing={"ticket": "WB-1", "gross": "11", "tare": "1", "unit": "kg"}, quantity=kg("10")),
    ),
    "more than a carton holds": Case(
        422, "guard-capacity", "units[0].net", pack("H-1", {"serial": "new", "kind": "carton", "net": kg("60")})
    ),
    "wetter than oxides are": Case(422, "guard-moisture", "quantity.moisture_pct", measured(moisture_pct="97")),
    "dry, and moist": Case(422, "guard-wet-for-dry", "quantity.basis", measured(basis="dry", moisture_pct="5")),
    "a product misspelt": Case(422, "guard-spelling", "product", register(product="prnd_oxyde")),
    "a made product misspelt": Case(
        422, "guard-spelling", "outputs[0].product", transform([A1], [{**made("1"), "product": "prnd_oxid"}])
    ),
    "most of it gone, and nothing lost": Case(
        422,
        "guard-yield",
        "outputs",
        transform(
            [{"batch": "T-1", "site": "main", "quantity": kg("10")}],
            [{"product": "dy_metal", "quantity": kg("1")}],
            "reduction",
        ),
    ),
    "a process misspelt": Case(422, "guard-spelling", "steps[0].process", transform([A1], [made("1")], "seperation")),
    "an oxide as metal": Case(
        422, "guard-oxide-metal", "quantity.basis", register(product="dy_oxide", quantity={**kg("1"), "basis": "metal"})
    ),
}
PLACES: dict[str, Case] = {
    "a time that is none": Case(422, "at-not-a-date", "at", register(at="yesterday")),
    "a day that is none": Case(422, "at-not-a-date", "at", register(at="2026-02-30T08:00:00+08:00")),
    "a time without a zone": Case(422, "at-without-zone", "at", register(at="2026-11-22T08:00:00")),
    "a time to come": Case(422, "at-in-the-future", "at", register(at="2099-01-01T08:00:00+08:00")),
    "a class of origin nobody knows": Case(
        422, "origin-unknown", "origin.class", register(origin={"class": "found", "country": "CN"})
    ),
    "a site of nobody's": Case(422, "site-unknown", "site", register(site="moon")),
    "which site": Case(422, "site-missing", "site", register(site=None)),
    "one of two sites": Case(422, "site-unclear", "lines[0].site", ship({"batch": "T-1", "quantity": kg("1")})),
    "which site to pack at": Case(422, "site-unclear", "site", pack("T-1", NEW_DRUM)),
    "a move to where it stands": Case(
        422, "site-same", "to", post("/api/v1/moves", {"from": "main", "to": "main", "lines": [A1]})
    ),
    "a product that is no code": Case(422, "field-wrong", "batch.product", register(product="PrNd Oxide")),
    "a document with a key of capitals": Case(
        422, "malformed", "documents.list[0]", register(documents=[{"kind": "x", "Number": "1"}])
    ),
    "a document nested too deep": Case(
        422,
        "malformed",
        "documents.list[0].a.a.a.a.a",
        register(documents=[{"kind": "x", "a": {"a": {"a": {"a": {"a": {}}}}}}]),
    ),
}
NAMES: dict[str, Case] = {
    "a batch that is not here": Case(
        404, "batch-unknown", "inputs[0].batch", transform([{**A1, "batch": "A-9"}], [made("1")])
    ),
    "a batch by an id of nothing": Case(404, "batch-unknown", "batch", pack(NOWHERE, NEW_DRUM)),
    "a lot number of two": Case(409, "ambiguous-code", "lines[0].batch", ship({"batch": "X-1", "quantity": kg("1")})),
    "a unit that is not here": Case(404, "unit-unknown", "units[0]", post("/api/v1/unpackings", {"units": ["D-9"]})),
    "a shipment that nobody offered": Case(404, "shipment-unknown", "shipment", receive(f"{PLANT}/log#{NOWHERE}")),
    "a shipment of our own to receive": Case(404, "shipment-unknown", "shipment", receive("offered")),
    "a shipment offered to somebody else": Case(404, "shipment-unknown", "shipment", receive(f"{METAL}/log#{NOWHERE}")),
    "a shipment that we never made": Case(404, "shipment-unknown", "shipment", acknowledge(NOWHERE)),
    "a partner that nobody trusts": Case(422, "partner-unknown", "to.node", ship(A1, to="nobody.example")),
    "ourselves": Case(422, "to-oneself", "to.node", ship(A1, to=MINE)),
    "a purpose nobody knows": Case(422, "purpose-unknown", "purpose", ship(A1, purpose="gift")),
    "a way out nobody knows": Case(
        422, "removal-unknown", "kind", post("/api/v1/removals", {"kind": "vanished", "lines": [A1]})
    ),
    "reading a batch that is not here": Case(
        404, "batch-unknown", "batch", post("/api/v1/batches/A-9", b"", method="GET")
    ),
    "reading a trace of nothing": Case(
        404, "batch-unknown", "batch", post("/api/v1/batches/A-9/trace", b"", method="GET")
    ),
    "a regime's report on a batch that is not here": Case(
        404, "batch-unknown", "batch", post("/api/v1/batches/A-9/regimes/oecd", b"", method="GET")
    ),
    "reading a unit that is not here": Case(404, "unit-unknown", "unit", post("/api/v1/units/D-9", b"", method="GET")),
    "reading a shipment that is not here": Case(
        404, "shipment-unknown", "id", post(f"/api/v1/shipments/{NOWHERE}", b"", method="GET")
    ),
    "reading an arrival that never came": Case(
        404, "arrival-unknown", "id", post(f"/api/v1/shipments/{METAL}%2Flog%23{NOWHERE}", b"", method="GET")
    ),
    "a label that somebody made up": Case(
        422,
        "label-version-unknown",
        "label",
        post("/q/AAAA", b"", method="GET", role=None, headers={"accept": "application/json"}),
    ),
}
STOCK: dict[str, Case] = {
    "more than is loose": Case(
        422, "not-enough", "inputs[0].quantity", transform([{**A1, "quantity": kg("61")}], [made("1")])
    ),
    "more pieces than are loose": Case(
        422, "not-enough-pieces", "lines[0].quantity.count", ship({**C1, "quantity": kg("1", count=61)})
    ),
    "pieces uncounted": Case(422, "count-missing", "lines[0].quantity.count", ship({**C1, "quantity": kg("1")})),
    "pieces of what has none": Case(
        422, "count-unexpected", "lines[0].quantity.count", ship({**A1, "quantity": kg("1", count=3)})
    ),
    "another basis": Case(
        422, "basis-differs", "lines[0].quantity.basis", ship({**A1, "quantity": {**kg("1"), "basis": "dry"}})
    ),
    "less than its units": Case(422, "less-than-its-units", "lines[0].quantity", ship({**A1, "units": ["D-1"]})),
    "a stack that weighs other than its parts": Case(
        422,
        "less-than-its-units",
        "units[0].net",
        pack("A-1", {"serial": "new", "kind": "pallet", "net": kg("41"), "contains": ["D-1", "D-2"]}),
    ),
    "nothing put in": Case(422, "nothing-named", "inputs", transform([], [made("1")])),
    "nothing come out": Case(422, "nothing-named", "outputs", transform([A1], [])),
    "nothing moved": Case(
        422, "nothing-named", "lines", post("/api/v1/moves", {"from": "main", "to": "annex", "lines": []})
    ),
    "nothing removed": Case(422, "nothing-named", "lines", post("/api/v1/removals", {"kind": "disposed", "lines": []})),
    "nothing received": Case(422, "nothing-named", "lines", receive("in", final=False, lines=[])),
    "a split that gains": Case(422, "sums-differ", "outputs", transform([A1], [made("2")], "split")),
    "a split on two bases": Case(
        422,
        "bases-mixed",
        "outputs",
        transform([A1], [{"product": "x", "quantity": {**kg("1"), "basis": "dry"}}], "split"),
    ),
    "a split into more pieces": Case(
        422, "pieces-from-nowhere", "outputs", transform([C1], [made("1", count=11)], "split")
    ),
    "goods of two owners": Case(
        422,
        "owners-mixed",
        "inputs",
        transform([A1, {"batch": "M-1", "quantity": kg("1"), "site": "main"}], [made("2")]),
    ),
    "somebody else's goods to a third": Case(
        422, "others-goods-go-back", "lines[0]", ship({"batch": "M-1", "quantity": kg("1")})
    ),
    "an input that is not there": Case(
        422,
        "input-not-named",
        "units[0].from",
        post("/api/v1/assemblies", {**MOTORS, "units": [{**NEW_DRUM, "from": [1]}]}),
    ),
}
UNITS: dict[str, Case] = {
    "a unit of another batch": Case(
        422, "unit-of-other-batch", "lines[0].units", ship({"batch": "A-1", "units": ["K-1"]})
    ),
    "a unit that has left": Case(422, "unit-not-here", "units[0]", post("/api/v1/unpackings", {"units": ["E-1"]})),
    "a unit at another site": Case(
        422, "unit-at-other-site", "lines[0].units", ship({"batch": "A-1", "units": ["D-1"], "site": "annex"})
    ),
    "a unit of another owner": Case(
        422,
        "unit-of-other-owner",
        "inputs[0].units",
        transform([{"batch": "M-1", "units": ["MD-1"], "owner": PLANT}], [made("1")]),
    ),
    "a unit in a stack, alone": Case(
        422, "unit-inside-other", "lines[0].units", ship({"batch": "S-1", "units": ["S/1"]})
    ),
    "a unit in two stacks": Case(
        422, "unit-inside-other", "units[0].contains", pack("S-1", {"serial": "new", "contains": ["S/1"]})
    ),
    "a unit opened inside its stack": Case(
        422, "unit-inside-other", "units[0]", post("/api/v1/unpackings", {"units": ["S/1"]})
    ),
    "a stack without what is in it": Case(422, "unit-contents-missing", "units", dismantle("P-1")),
    "a unit twice in a stack": Case(
        422, "unit-twice", "units[0].contains", pack("A-1", {"serial": "new", "contains": ["D-1", "D-1"]})
    ),
    "a unit taken apart twice": Case(422, "unit-twice", "units", dismantle("D-1", "D-1")),
    "a tower of units": Case(422, "stack-too-high", "lines[0].units", ship({"batch": "Z-1", "units": ["Z/10"]})),
    "units of two owners taken apart": Case(422, "owners-mixed", "units", dismantle("D-1", "MD-1")),
}
RECEIPTS: dict[str, Case] = {
    "a line that was not offered": Case(422, "line-not-offered", "lines[0]", receive("in", {"line": 4})),
    "a unit left open": Case(
        422, "unit-left-open", "lines[0].units", receive("in", {"line": 0, "units": [state("F-0", "accepted")]})
    ),
    "goods back at nobody's site": Case(
        422,
        "site-unknown",
        "lines[0].site",
        acknowledge("outside", lines=[{"line": 0, "weighed": kg("1", count=10), "site": "moon"}]),
    ),
    "a line by a lot that was not offered": Case(
        422, "line-not-offered", "lines[0].batch", receive("in", {"batch": "B-9"})
    ),
    "a line that names nothing": Case(422, "line-not-offered", "lines[0].batch", receive("in", {"weighed": kg("1")})),
    "a lot of two lines": Case(422, "line-not-offered", "lines[0].batch", receive("in", {"batch": "B-1"})),
    "a line twice": Case(422, "line-twice", "lines[1]", receive("in", {"line": 1}, {"line": 1})),
    "a line left open": Case(
        422,
        "line-left-open",
        "lines",
        receive("in", {"line": 1, "accepted": kg("40")}, {"line": 0}, {"line": 2}, {"line": 3}),
    ),
    "a line not named": Case(422, "line-left-open", "lines", receive("in", {"line": 1})),
    "more than was offered": Case(
        422,
        "more-than-offered",
        "lines[0]",
        receive("in", {"line": 1, "accepted": kg("60"), "rejected": kg("60"), "reason": "x"}, final=False),
    ),
    "a unit that was not offered": Case(
        422,
        "unit-not-offered",
        "lines[0].units",
        receive("in", {"line": 0, "units": [state("F-7", "accepted")]}, final=False),
    ),
    "a rejection without a reason": Case(
        422,
        "reason-missing",
        "lines[0].units",
        receive("in", {"line": 0, "units": [state("F-0", "rejected")]}, final=False),
    ),
    "a refusal without a reason": Case(422, "reason-missing", "reason", receive("in", declined=True)),
    "a difference beyond the scales": Case(
        422,
        "difference-needs-reason",
        "lines[1].reason",
        receive("in", {"line": 0}, {"line": 1, "weighed": kg("90")}, {"line": 2}, {"line": 3}),
    ),
    "a difference larger than what is loose": Case(
        422,
        "difference-too-large",
        "lines[0]",
        receive("in", {"line": 0, "weighed": kg("1"), "reason": "x"}, {"line": 1}, {"line": 2}, {"line": 3}),
    ),
    "weighed on another basis": Case(
        422,
        "basis-differs",
        "lines[0].weighed.basis",
        receive("in", {"line": 1, "weighed": {**kg("100"), "basis": "dry"}}, final=False),
    ),
    "accepted pieces uncounted": Case(
        422, "count-missing", "lines[0].accepted_count", receive("in", {"line": 2, "accepted": kg("5")}, final=False)
    ),
    "declined after it was begun": Case(
        422, "decline-too-late", "shipment", receive("begun", declined=True, reason="x")
    ),
    "a unit received twice": Case(
        422,
        "unit-received",
        "lines[0].units",
        receive("begun", {"line": 0, "units": [state("F-2", "accepted")]}, final=False),
    ),
    "received after it was declined": Case(422, "shipment-declined", "shipment", receive("refused", {"line": 0})),
    "received after the last receipt": Case(422, "shipment-received", "shipment", receive("received", {"line": 0})),
    "more after the last receipt": Case(422, "shipment-received", "shipment", receive("quarantine", {"line": 0})),
    "our own goods rejected": Case(
        422, "own-goods-not-rejected", "lines[0]", receive("own back", {"line": 0, "rejected": kg("30"), "reason": "x"})
    ),
    "an answer before the receipt": Case(422, "receipt-not-here", "shipment", acknowledge("offered")),
    "an answer to what is closed": Case(422, "shipment-closed", "shipment", acknowledge("closed")),
    "a disagreement without a reason": Case(422, "reason-missing", "reason", acknowledge("answered", agreed=False)),
    "a return by acknowledgement": Case(
        422, "return-by-shipment", "lines", acknowledge("answered", lines=[{"line": 0, "weighed": kg("1")}])
    ),
    "more back than was sent": Case(
        422,
        "more-than-sent",
        "lines[0].quantity",
        acknowledge("outside", lines=[{"line": 0, "weighed": kg("2", count=10), "site": "main"}]),
    ),
    "pieces back uncounted": Case(
        422,
        "count-missing",
        "lines[0].quantity.count",
        acknowledge("outside", lines=[{"line": 0, "weighed": kg("1"), "site": "main"}]),
    ),
    "a link for a member": Case(422, "confirmation-of-member", "shipment", link("offered")),
    "a link for what is not here": Case(404, "shipment-unknown", "id", link(NOWHERE)),
    "a link withdrawn that was never made": Case(404, "link-unknown", "shipment", link("outside", "DELETE")),
    "a line back that was not sent": Case(
        422, "line-not-offered", "lines[0]", acknowledge("outside", lines=[{"line": 7}])
    ),
    "a line back that names nothing": Case(
        422, "line-not-offered", "lines[0].batch", acknowledge("outside", lines=[{"weighed": kg("1")}])
    ),
    "a unit back that was not sent": Case(
        422,
        "unit-not-here",
        "lines[0].units",
        acknowledge("declined", lines=[{"line": 0, "units": ["D-1"], "site": "main"}]),
    ),
    "a unit back twice": Case(
        422,
        "unit-twice",
        "lines[0].units",
        acknowledge("declined", lines=[{"line": 0, "units": ["E-1", "E-1"], "site": "main"}]),
    ),
}

GROUPS = (QUANTITIES, GUARDS, PLACES, NAMES, STOCK, UNITS, RECEIPTS)
