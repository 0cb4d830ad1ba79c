"""An organisation that only the test speaks for: it has keys and a log that the others trust, and writes what it likes.

Its log is well-formed and well-signed; what it says need not be true, nor allowed by custody.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from ledger.entries import commit
from ledger.evidence import Evidence, Proven, evidence_json
from ledger.log.canonical import format_json
from nodes.identity import Identity
from nodes.signed_requests import sign_request
from tests.formats.scribe import Scribe, Written, recorded, salts, seed
from tests.world import Parcel

NOW = "2026-11-22T01:00:00.000Z"
AT = "2026-11-22T09:00:00+08:00"


class Rogue(Scribe):
    """A Scribe that also sends."""

    @property
    def policy_line(self) -> str:
        return f"log {self.key('log').verifier.vkey} http://{self.name}"

    @property
    def identity(self) -> Identity:
        keys = {use: self.key(use) for use in ("log", "author", "witness", "peer")}
        seal = X25519PrivateKey.from_private_bytes(seed(f"{self.name}/seal"))
        return Identity(name=self.name, **keys, seal=seal, next_commits={})

    def begin(self) -> "Rogue":
        self.open(self.name, "trader", NOW)
        return self

    # -- what it writes -----------------------------------------------------------------------------------------------

    def registered(self, mg: int = 10**9) -> Written:
        return self.write(
            "registered",
            NOW,
            {
                "batch": {"product": "dy_oxide", "lot_no": "R-1", "at": AT, "site": "main"},
                "origin": {"class": "mined", "country": "CN"},
                "quantity": {"mg": mg, "basis": "net", "typed": {"value": "1000", "unit": "kg"}},
                "recorded": recorded("r"),
            },
        )

    def shipped(self, to: str, batch: str, mg: int = 10**8, again: int | None = None, **line: Any) -> Written:
        offered = {"mg": mg, "basis": "net", "units": [], "product": "dy_oxide", "lot_no": "R-1", **line}
        return self.write(
            "shipped",
            NOW,
            {
                "shipment": {"at": AT, "purpose": "sale", "to": to},
                "lines.chain": [{"batch": batch}],
                "lines.partner": [offered],
                "lines.authority": [{"site": "main"}],
                "recorded": recorded("r"),
            },
            again,
        )

    def received(
        self, offer: Mapping[str, Any], shipment: str, sender: str, lines: Sequence[Any] = (), **receipt: Any
    ) -> Written:
        """`lines`: (batch, partner's fields) in the order of the offer; none for a shipment that is declined."""
        told = {"final": True, "declined": not lines, **({} if lines else {"reason": "no"}), **receipt}
        return self.write(
            "received",
            NOW,
            {
                "receipt": {"at": AT, "shipment": shipment, "from": sender, "purpose": "sale", **told},
                "offer": dict(offer),
                "lines.chain": [{"line": number, "batch": batch} for number, (batch, _) in enumerate(lines)],
                "lines.partner": [dict(fields) for _, fields in lines],
                "lines.authority": [{"site": "main"} for _ in lines],
                "recorded": recorded("r"),
            },
        )

    def acknowledged(self, answer: Mapping[str, Any], shipment: str, *, declined: bool = False) -> Written:
        own = shipment.partition("#")[2]
        return self.write(
            "acknowledged",
            NOW,
            {
                "acknowledgement": {"at": AT, "shipment": own, "agreed": True, "declined": declined},
                "answer": dict(answer),
                "lines.partner": [],
                "lines.authority": [],
                "recorded": recorded("r"),
            },
        )

    def write(self, event_type: str, recorded_at: str, slots: dict[str, Any], again: int | None = None) -> Written:
        """`again`: with the salts of the entry at that index, so that what it creates has the same id."""
        if again is not None:
            sealed = commit(event_type, slots, self.origin, salts(f"{self.origin} {again}"))
            self.reseals = {**self.reseals, len(self.written): lambda _: sealed}
        return super().write(event_type, recorded_at, slots)

    # -- what it sends ------------------------------------------------------------------------------------------------

    def evidence(self, shipment: str, *entries: Written, more: Evidence | None = None) -> Evidence:
        """All of `entries` opened to a partner, under our newest checkpoint, beside another log's evidence."""
        size = len(self.written)
        beside = more or Evidence({}, (), (), {}, "")
        at = len(beside.checkpoints)
        wanted = {one.entry.index: one for one in (self.written[0], *entries)}
        opened = {one.leaf: one.opening("public", "chain", "partner") for one in wanted.values()}
        proven: tuple[Proven, ...] = tuple(self.proven(index, size, at) for index in wanted)
        return Evidence(
            subject={"shipment": shipment},
            entries=(*beside.entries, *proven),
            checkpoints=(*beside.checkpoints, self.checkpoint(size, [])),
            disclosures={**beside.disclosures, **opened},
            made_at=NOW,
        )

    def message(self, kind: str, receiver: str, subject: str, evidence: Evidence) -> bytes:
        cover = {"kind": kind, "sender": self.name, "receiver": receiver, "subject": subject}
        return format_json({"cover": cover, "evidence": evidence_json(evidence)})

    def parcel(self, kind: str, receiver: str, body: bytes) -> Parcel:
        path = f"/inbox/{kind}"
        signed = sign_request("POST", f"http://{receiver}{path}", body, self.identity)
        return Parcel(self.name, receiver, "POST", path, (*signed.items(), ("content-type", "application/json")), body)

    def send(self, kind: str, receiver: str, subject: str, *entries: Written, more: Evidence | None = None) -> Parcel:
        return self.parcel(
            kind, receiver, self.message(kind, receiver, subject, self.evidence(subject, *entries, more=more))
        )
