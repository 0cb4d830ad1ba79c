"""What is refused before anybody looks at goods: shapes of bodies, tokens, keys, paths; a table as in refusals.py."""

from collections.abc import Callable
from io import BytesIO
from typing import Any

from openpyxl import Workbook

from nodes import tokens
from nodes.clock import system_clock
from tests.e2e.stage import (
    A1,
    BODY_MAX,
    C1,
    GOOD,
    GOOD_TEXT,
    ORIGIN,
    PLANT,
    Asked,
    Case,
    Make,
    Stage,
    measured,
    post,
    receive,
    register,
    ship,
    state,
)
from tests.world import kg


def raw(text: bytes, **more: Any) -> Make:
    return post("/api/v1/batches", text, **more)


SHAPES: dict[str, Case] = {
    "no body": Case(400, "body-not-json", "line 1 column 1", raw(b"")),
    "no JSON": Case(400, "body-not-json", "line 1 column 1", raw(b"product=ore")),
    "half of a body": Case(400, "body-not-json", "line 1 column 61", raw(GOOD_TEXT[:60])),
    "a key twice": Case(
        400, "body-not-json", "body", raw(GOOD_TEXT.replace(b'{"product"', b'{"product":"x","product"'))
    ),
    "a float": Case(400, "body-not-json", "quantity.value", raw(GOOD_TEXT.replace(b'"1"', b"1.5"))),
    "an integer of 2^53": Case(
        400, "body-not-json", "quantity.count", raw(GOOD_TEXT.replace(b'"unit"', b'"count":9007199254740992,"unit"'))
    ),
    "no UTF-8": Case(400, "body-not-json", "byte 13", raw(b'{"product": "\xff"}')),
    "half of a surrogate pair": Case(400, "body-not-json", "body", raw(GOOD_TEXT.replace(b'"ore"', b'"\\ud800"'))),
    "nested without end": Case(400, "body-not-json", "body", raw(b'{"a":' + b"[" * 5000 + b"]" * 5000 + b"}")),
    "too large": Case(413, "body-too-large", "body", raw(b" " * (BODY_MAX + 1))),
    "a list instead of an object": Case(422, "fields-wrong", "the body", raw(b"[]")),
    "a number instead of text": Case(422, "fields-wrong", "product", register(product=7)),
    "a member that is not known": Case(422, "fields-wrong", "colour", register(colour="red")),
    "a member that is missing": Case(422, "fields-wrong", "product", register(product=None)),
    "a count that is no whole number": Case(422, "fields-wrong", "quantity.count", measured(count=True)),
    "a country that is none": Case(
        422, "fields-wrong", "origin.country", register(origin={**ORIGIN, "country": "China"})
    ),
    "no party": Case(
        422, "fields-wrong", "to", post("/api/v1/shipments", {"to": {}, "purpose": "sale", "lines": [A1]})
    ),
    "two parties": Case(
        422,
        "fields-wrong",
        "to",
        post(
            "/api/v1/shipments",
            {"to": {"node": PLANT, "outside": {"name": "x", "country": "DE"}}, "purpose": "sale", "lines": [A1]},
        ),
    ),
    "no lines": Case(422, "fields-wrong", "lines", ship()),
    "a state nobody knows": Case(
        422, "fields-wrong", "lines[0].units[0].state", receive("in", {"line": 0, "units": [state("F-0", "lost")]})
    ),
    "a motor without a serial": Case(
        422,
        "fields-wrong",
        "units[0]",
        post("/api/v1/assemblies", {"product": "m", "inputs": [C1], "units": [{"net": kg("1")}]}),
    ),
    "a page of no size": Case(422, "fields-wrong", "limit", post("/api/v1/batches?limit=0", b"", method="GET")),
    "flows of no year": Case(
        422, "fields-wrong", "year", post("/api/v1/deposits/flows?year=26&element=Nd", b"", method="GET")
    ),
    "flows of no rare earth": Case(
        422, "fields-wrong", "element", post("/api/v1/deposits/flows?year=2026&element=Fe", b"", method="GET")
    ),
    "a trace in no direction": Case(
        422, "fields-wrong", "direction", post("/api/v1/batches/A-1/trace?direction=up", b"", method="GET")
    ),
}


def inbox(
    change: Callable[[Stage], dict[str, str | None]] = lambda _: {}, kind: str = "handover", body: bytes = b"{}"
) -> Make:
    return lambda stage: Asked(f"/inbox/{kind}", body, role=None, headers={"idempotency-key": None, **change(stage)})


def stale(stage: Stage) -> Asked:
    """A token that was good yesterday."""
    store = stage.mine.node.store
    text = tokens.mint(store, "Zhao", "clerk", system_clock)
    number = max(one.no for one in tokens.listed(store))
    tokens.revoke(store, number, system_clock)
    return Asked("/api/v1/batches", GOOD, role=None, headers={"authorization": f"Bearer {text}"})


def spent(stage: Stage) -> Asked:
    """The key of a request that was answered, with another body."""
    assert stage.mine.post("/api/v1/batches", {**GOOD, "lot_no": "spent"}, key="spent").status == 201
    return Asked("/api/v1/batches", {**GOOD, "lot_no": "other"}, headers={"idempotency-key": "spent"})


def alarm_seen(stage: Stage) -> Asked:
    stage.mine.token("admin")  # made before, so that nothing changes by asking
    body = b'{"log": "other.example/log", "code": "ref-differs", "reason": "x"}'
    return Asked("/api/v1/logs/acknowledgement", body, role="admin")


DOORS: dict[str, Case] = {
    "no token": Case(401, "token-missing", "Authorization", raw(GOOD_TEXT, role=None)),
    "a password instead of a token": Case(
        401, "token-missing", "Authorization", raw(GOOD_TEXT, role=None, headers={"authorization": "Basic bGk6bGk="})
    ),
    "a token nobody gave out": Case(
        401,
        "token-unknown",
        "Authorization",
        raw(GOOD_TEXT, role=None, headers={"authorization": f"Bearer lt_{'A' * 43}"}),
    ),
    "a token that is none": Case(
        401, "token-unknown", "Authorization", raw(GOOD_TEXT, role=None, headers={"authorization": "Bearer x"})
    ),
    "a revoked token": Case(401, "token-revoked", "Authorization", stale),
    "a viewer who records": Case(403, "role-too-low", "Authorization", raw(GOOD_TEXT, role="viewer")),
    "nobody who reads": Case(
        401, "token-missing", "Authorization", post("/api/v1/batches", b"", method="GET", role=None)
    ),
    "no key": Case(400, "key-missing", "Idempotency-Key", raw(GOOD_TEXT, headers={"idempotency-key": None})),
    "an empty key": Case(422, "key-wrong", "Idempotency-Key", raw(GOOD_TEXT, headers={"idempotency-key": ""})),
    "a key too long": Case(422, "key-wrong", "Idempotency-Key", raw(GOOD_TEXT, headers={"idempotency-key": "k" * 201})),
    "a key of another request": Case(409, "key-of-other-request", "Idempotency-Key", spent),
    "a path where nothing is": Case(404, "route-unknown", "path", post("/api/v1/gifts", GOOD)),
    "a path of another version": Case(404, "route-unknown", "path", post("/api/v2/batches", GOOD)),
    "a tile that no log has": Case(404, "route-unknown", "path", post("/log/tile/9/x", b"", method="GET", role=None)),
    "a method that nothing takes": Case(405, "method-wrong", "/api/v1/batches", raw(GOOD_TEXT, method="PUT")),
    "a deletion": Case(405, "method-wrong", "/api/v1/batches/A-1", post("/api/v1/batches/A-1", b"", method="DELETE")),
    "too many lines at once": Case(422, "list-too-long", "body", post("/api/v1/bulk", b"{}\n" * 10_001)),
    "a delivery that nobody signed": Case(401, "request-unsigned", "Content-Digest", inbox()),
    "a proof that nobody signed": Case(401, "request-unsigned", "Signature", inbox(kind="fork")),
    "entries for whoever asks": Case(
        401, "token-missing", "Authorization", post("/log/tile/entries/000.p/1", b"", method="GET", role=None)
    ),
    "entries for a node that nobody knows": Case(
        404,
        "peer-unknown",
        "Signature",
        post(
            "/log/tile/entries/000.p/1",
            b"",
            method="GET",
            role=None,
            headers={
                "signature-input": 'peer=("@method");keyid="stranger.example/peer"',
                "content-digest": "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:",
            },
        ),
    ),
    "a log that nobody here has seen": Case(404, "log-unknown", "log", post("/log/seen/x", b"", method="GET")),
    "a fork that nobody found": Case(404, "fork-unknown", "fork", post("/api/v1/forks/7", b"", method="GET")),
    "a clerk who acknowledges a fork": Case(
        403, "role-too-low", "Authorization", post("/api/v1/forks/7/acknowledgement", b"")
    ),
    "an alarm that nobody raised": Case(404, "alarm-unknown", "code", alarm_seen),
    "a delivery larger than any": Case(
        413, "body-too-large", "body", inbox(lambda _: {"content-length": str(65 << 20)})
    ),
    "reading the inbox": Case(
        405, "method-wrong", "/inbox/handover", post("/inbox/handover", b"", method="GET", role=None)
    ),
}


def witnessing(text: str) -> Make:
    return lambda _: Asked(
        "/witness/add-checkpoint", text.encode(), role=None, headers={"idempotency-key": None, "accept": "text/plain"}
    )


def checkpoint(origin: str, *, root: str = "A" * 43 + "=") -> str:
    return f"{origin}\n1\n{root}\n\n\u2014 {origin} AAAAAAAA\n"


def printing(**body: Any) -> Make:
    return post("/api/v1/labels", body)


PRINTING: dict[str, Case] = {
    "labels of nothing named": Case(422, "fields-wrong", "the body", printing(form="pdf")),
    "labels of a batch that is not here": Case(404, "batch-unknown", "batch", printing(batch="A-9")),
    "labels of a batch in no packages": Case(422, "labels-none", "batch", printing(batch="H-2")),
    "the label of somebody else's drum": Case(404, "label-of-other-log", "unit", printing(units=["MD-1"])),
    "labels too small for any code": Case(422, "label-too-small", "size", printing(units=["D-1"], size="30x20")),
    "labels of no size": Case(422, "label-size-wrong", "size", printing(units=["D-1"], size="large")),
    "a sheet without columns": Case(422, "sheet-wrong", "sheet.grid", printing(units=["D-1"], sheet={"grid": "0x4"})),
    "a start behind the sheet's end": Case(
        422, "sheet-wrong", "sheet.start", printing(units=["D-1"], sheet={"grid": "2x4", "start": 9})
    ),
    "margins that leave nothing": Case(
        422, "sheet-wrong", "sheet", printing(units=["D-1"], sheet={"grid": "2x4", "margin": "110,0"})
    ),
    "a margin in inches": Case(
        422, "sheet-wrong", "sheet.margin", printing(units=["D-1"], sheet={"grid": "2x4", "margin": "1in"})
    ),
    "a sheet for a label printer": Case(
        422, "sheet-wrong", "sheet", printing(units=["D-1"], form="zpl", sheet={"grid": "2x4"})
    ),
    "more copies than anybody needs": Case(422, "fields-wrong", "copies", printing(units=["D-1"], copies=51)),
    "a printer nobody set up": Case(404, "printer-unknown", "printer", printing(units=["D-1"], printer="line-9")),
    "a reason that is none": Case(422, "fields-wrong", "reason", printing(units=["D-1"], reason="fun")),
    "a printing job that nobody began": Case(404, "job-unknown", "job", post("/api/v1/jobs/7", b"", method="GET")),
    "what no job made": Case(404, "job-unknown", "job", post("/api/v1/jobs/7/result", b"", method="GET")),
    "a viewer who prints": Case(
        403, "role-too-low", "Authorization", post("/api/v1/labels", {"units": ["D-1"]}, role="viewer")
    ),
    "printing without a key": Case(
        400,
        "key-missing",
        "Idempotency-Key",
        post("/api/v1/labels", {"units": ["D-1"]}, headers={"idempotency-key": None}),
    ),
}


def certify(**body: Any) -> Make:
    return post("/api/v1/certificates", body)


CERTIFICATES: dict[str, Case] = {
    "a certificate of nothing": Case(422, "fields-wrong", "the body", certify(number="1")),
    "a certificate of two things": Case(422, "fields-wrong", "the body", certify(batch="A-1", shipment="x")),
    "a certificate of no batch here": Case(404, "batch-unknown", "batch", certify(batch="A-9")),
    "a certificate of another maker's goods": Case(404, "certificate-of-other-log", "batch", certify(batch="M-1")),
    "a certificate of no shipment here": Case(404, "shipment-unknown", "shipment", certify(shipment="x")),
    "a certificate of a line that is none": Case(
        422,
        "certificate-no-line",
        "line",
        lambda stage: Asked("/api/v1/certificates", {"shipment": stage.ids["offered"], "line": 7}),
    ),
    "a certificate nobody issued": Case(
        404, "certificate-unknown", "certificate", post("/api/v1/certificates/7", b"", method="GET")
    ),
    "paper nobody issued": Case(
        404, "certificate-unknown", "certificate", post("/api/v1/certificates/7.pdf", b"", method="GET")
    ),
    "a code that is no certificate's": Case(
        422, "malformed", "certificate", post("/c/AAAA", b"", method="GET", headers={"accept": "application/json"})
    ),
    "a viewer who certifies": Case(
        403, "role-too-low", "Authorization", post("/api/v1/certificates", {"batch": "A-1"}, role="viewer")
    ),
}
NOBODY = "0" * 64
WITNESS: dict[str, Case] = {
    "no request to a witness": Case(400, "malformed", "add-checkpoint", witnessing("cosign this")),
    "a checkpoint without a size before it": Case(
        400, "malformed", "add-checkpoint", witnessing(f"\n\n{checkpoint(f'{PLANT}/log')}")
    ),
    "a checkpoint that nobody signed": Case(
        400, "malformed", "note", witnessing(f"old 0\n\n{PLANT}/log\n1\n{'A' * 43}=\n")
    ),
    "a checkpoint of a log that nobody knows": Case(
        404, "log-not-witnessed", "checkpoint", witnessing(f"old 0\n\n{checkpoint('nobody.example/log')}")
    ),
    "a checkpoint of our own log": Case(
        404, "log-not-witnessed", "checkpoint", witnessing(f"old 0\n\n{checkpoint('mine.example/log')}")
    ),
    "a checkpoint that its log did not sign": Case(
        403, "signature-missing", "note", witnessing(f"old 0\n\n{checkpoint(f'{PLANT}/log')}")
    ),
    "a checkpoint longer than any": Case(413, "body-too-large", "body", witnessing("old 0\n" * 30_000)),
    "a log that was never witnessed": Case(
        404, "log-not-witnessed", "log", post(f"/witness/{NOBODY}/checkpoint", b"", method="GET", role=None)
    ),
}


def book(text: str, query: str = "kind=registrations") -> Make:
    return post(f"/api/v1/imports?{query}", text.encode())


def as_workbook(title: str) -> bytes:
    made, data = Workbook(), BytesIO()
    made.worksheets[0].title = title
    made.save(data)
    return data.getvalue()


BOOKS: dict[str, Case] = {
    "a book of no kind": Case(422, "sheet-kind-unknown", "kind", book("a,b\n", "kind=poems")),
    "a book without the columns it needs": Case(422, "columns-missing", "CSV", book("批号,净重\nA,1\n")),
    "a column that there is not": Case(
        422, "column-unknown", "column", book("批号\n", "kind=registrations&column=colour%3DB")
    ),
    "a column without its letter": Case(
        422, "pair-wrong", "column", book("批号\n", "kind=registrations&column=lot_no")
    ),
    "a zone that is none": Case(422, "zone-wrong", "zone", book("批号\n", "kind=registrations&zone=Beijing")),
    "a sheet that there is not": Case(
        404, "sheet-unknown", "sheet", post("/api/v1/imports?kind=registrations&sheet=May", as_workbook("March"))
    ),
    "a template of no kind": Case(
        422, "sheet-kind-unknown", "kind", post("/api/v1/imports/poems/template", b"", method="GET")
    ),
    "a book without a word": Case(422, "sheet-unreadable", "body", book("")),
    "a book of the old kind": Case(
        422, "sheet-unreadable", "body", post("/api/v1/imports?kind=registrations", b"\xd0\xcf\x11\xe0rest")
    ),
    "a viewer who imports": Case(
        403, "role-too-low", "Authorization", post("/api/v1/imports?kind=registrations", b"x", role="viewer")
    ),
}

GROUPS = (SHAPES, DOORS, WITNESS, PRINTING, CERTIFICATES, BOOKS)
