"""Quality certificates 质量证明书: what is said of goods of our own, signed, kept, drawn, confirmed to whoever asks.

What it says is put together from the books once, when it is issued; from then on it is that text and no other. What has
become of the goods since (corrected, held, recalled) is told beside it, by whoever confirms it.
"""

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from ledger.certificates import Certificate, check_code, digest_of, make_code, open_code
from ledger.errors import Refusal, Unknown
from ledger.log.canonical import b64, dump
from ledger.matter.elements import ELEMENTS
from ledger.matter.events import is_id
from ledger.matter.makeups import Composition
from ledger.matter.provenance import recycled
from ledger.matter.rows import Row
from ledger.matter.stock import Batch
from ledger.verdict import ATTESTED, CLAIMED
from nodes import corrected
from nodes.clock import stamp
from nodes.composition import assay_of
from nodes.contents import compositions
from nodes.node import Caller, Node
from nodes.printing.certificate import draw
from nodes.printing.pdf import pages
from nodes.scan import authors
from nodes.store import access, certificates, codes, lists, log
from nodes.store.access import Idempotency
from nodes.store.certificates import Issued
from nodes.store.engine import Connection
from nodes.store.records import BatchRecord

FORM = "lodetrace certificate v1"
_VERB = "certify"
_PARTS = 10**9
_GIVEN = ("number", "grade", "standard")
_ASSAY = (
    *("basis", "total_reo_pct", "distribution_pct", "elements_pct", "others_pct", "moisture_pct", "loi_pct"),
    *("uncertainty_pct", "loq_pct", "th_ppm", "u_ppm", "lab", "method", "sample", "certificate_no", "issued_at"),
)


@dataclass(frozen=True, slots=True)
class Confirmed:
    """A certificate that this node has issued, and what state the goods are in by now."""

    issued: Issued
    contents: Mapping[str, Any]
    status: str
    newer: bool


def issue(node: Node, body: Mapping[str, Any], caller: Caller, key: str) -> Issued:
    """For a batch, or for a line of a shipment: of goods that our own log made. The same key and body are one."""
    before = node.answered(_VERB, body, caller, key)
    if before is not None:
        with node.store.read() as conn:
            return certificates.one(conn, json.loads(before.body)["no"])
    with node.store.read() as conn:
        record, about = _subject(node, conn, body)
        if record.made_by is None or record.made_by < 0:
            raise Unknown("certificate-of-other-log", field="batch", value=record.batch.id)
        contents = {**_contents(node, conn, record, about), **{name: body.get(name) for name in _GIVEN}}
        made = log.entry(conn, record.made_by)
    at = stamp(node.clock())
    contents |= {"form": FORM, "issued_at": at}
    certificate = Certificate(node.origin, made.index, made.leaf, digest_of(contents))
    code = make_code(certificate, node.identity.author)
    with node.store.write() as conn:
        number = certificates.next_number(conn)
        issued = Issued(number, certificate.digest, record.batch.id, at, caller.owner, dump(contents).decode(), code)
        certificates.add(conn, issued)
        asked = Idempotency(caller.owner, key, sha256(dump([_VERB, body])).digest())
        access.remember(conn, [(asked, 201, dump({"no": number}))], at)
    return issued


def confirm(node: Node, code: str) -> Confirmed:
    """What stands behind a code. Unverified for a forged one, Unknown for one that this node has not issued."""
    with node.store.read() as conn:
        certificate = open_code(code, lambda index: authors(conn, node, index))
        issued = certificates.of_digest(conn, certificate.digest)
        if issued is None:
            raise Unknown("certificate-unknown", field="certificate", value=certificate.digest.hex()[:16])
        record = lists.batch(conn, issued.batch)
        newest = certificates.page(conn, before=lists.LATEST, limit=1, batch=issued.batch)[0]
        return Confirmed(issued, json.loads(issued.body), _status(node, conn, record), newest.no != issued.no)


def url_of(node: Node, issued: Issued) -> str:
    return f"{node.settings.label_url}/c/{issued.token}"


def pdf(node: Node, issued: Issued) -> bytes:
    """The certificate on paper: the same bytes whenever it is asked for. What it says is also in its keywords."""
    file = io.BytesIO()
    contents = json.loads(issued.body)
    drawing = draw(contents, url_of(node, issued), check_code(issued.digest))
    pages(file, [drawing], f"质量证明书 Quality certificate {check_code(issued.digest)}", carried(issued))
    return file.getvalue()


def carried(issued: Issued) -> str:
    """What a program reads from the PDF to check it offline: the code, and what is said as base64."""
    return f"lodetrace-certificate {issued.token} {b64(issued.body.encode())}"


def _subject(node: Node, conn: Connection, body: Mapping[str, Any]) -> tuple[BatchRecord, dict[str, Any]]:
    """The batch, and how much of it the certificate is for."""
    if "shipment" not in body:
        record = lists.batch(conn, codes.find_batch(conn, body["batch"]))
        return record, _amount(record.batch, record.batch.mg, record.batch.count)
    shipment = lists.shipment(conn, _shipment(node, conn, body["shipment"])).shipment
    at = body.get("line", 0)
    if at >= len(shipment.lines):
        raise Refusal("certificate-no-line", field="line", value=at, count=len(shipment.lines))
    line = shipment.lines[at]
    record = lists.batch(conn, line.batch)
    about = {"shipment": shipment.id, "to": shipment.to or None, **_amount(record.batch, line.mg, line.count)}
    return record, about


def _shipment(node: Node, conn: Connection, code: str) -> str:
    own = code.removeprefix(f"{node.origin}#")
    return own if is_id(own) else codes.one_of(codes.shipments_named(conn, own), "shipment", own, "shipment-unknown")


def _amount(batch: Batch, mg: int, count: int | None) -> dict[str, Any]:
    return {"mg": str(mg), "basis": batch.basis, "count": count}


def _contents(node: Node, conn: Connection, record: BatchRecord, about: Mapping[str, Any]) -> dict[str, Any]:
    batch, settings = record.batch, node.settings
    assert record.made_by is not None
    made = log.entry(conn, record.made_by)
    assay = assay_of(conn, node, batch)
    return {
        "maker": {
            "name": settings.name,
            "organisation": settings.organisation,
            "organisation_en": settings.organisation_en,
        },
        "entry": {"log": node.origin, "index": made.index, "leaf": b64(made.leaf)},
        "batch": batch.id,
        "lot_no": batch.lot_no,
        "product": batch.product,
        "product_zh": node.reference.product_name(batch.product, "zh"),
        "product_en": node.reference.product_name(batch.product, "en"),
        "made_at": record.at,
        "country": record.country or settings.country,
        **about,
        "assay": None
        if assay is None
        else {
            "rank": assay.rank,
            **{name: assay.stated[name] for name in _ASSAY if assay.stated.get(name) is not None},
        },
        "origin": _origin(node, conn, batch, made.index),
    }


def _origin(node: Node, conn: Connection, batch: Batch, made_by: int) -> dict[str, Any] | None:
    """Where each element is from and what of it is recycled, in parts of 10^9, and in which word that stands: attested
    where an attestation covers the entry that says so. No name of a supplier is in it.
    """
    found = compositions(conn, node.rulesets, [batch.id])[batch.id]
    if not isinstance(found, Composition) or not found.content.elements:
        return None
    result = node.verify(node.proof_of(conn, batch=batch.id))
    checked = result.entries.get((node.origin, made_by))
    by = [] if checked is None else sorted({one.by for one in result.attesting(checked)})
    return {
        "standing": ATTESTED if by else CLAIMED,
        "attested_by": by,
        "model": found.content.model,
        "elements": [
            {
                "element": element,
                "rows": [
                    {"country": country, "feed_class": feed_class, **_parts(row, share.ug)}
                    for (country, _, feed_class), row in (
                        (origin.partition("/"), row) for origin, row in sorted(share.origins.items())
                    )
                ],
                "recycled": [
                    {"feed_class": feed_class, **_parts(row, share.ug)}
                    for feed_class, row in sorted(recycled(found.content, element).items())
                ],
            }
            for element in ELEMENTS
            if (share := found.content.elements.get(element)) is not None
        ],
    }


def _parts(row: Row, ug: int) -> dict[str, int]:
    return {name: (part * _PARTS + ug // 2) // ug for name, part in zip(("mid", "lo", "hi"), row, strict=True)}


def _status(node: Node, conn: Connection, record: BatchRecord) -> str:
    if record.batch.recalled is not None:
        return "recalled"
    found = corrected.after(conn, node.origin, record, below_pools=node.settings.evidence_below_pools)
    if any(one.event.type == "recalled" for one in found.locks):
        return "recalled"
    if found.locks or record.batch.locks:
        return "held"
    return corrected.CORRECTED if found.own or found.before else corrected.VALID
