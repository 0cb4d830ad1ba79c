"""Verbs on assays: a laboratory's result, and the result that two parties agree on.

Agreement is by exchange of assays (ledger/matter/settlement.py): value by value, within the splitting limit the mean of
both counts, beyond it the middle of the two and the umpire's. Where no limit is stated it is twice the standard
uncertainty of the difference. Where the parties have agreed on something else, the result is stated instead.
"""

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction
from typing import Any

from ledger.entries import id_in
from ledger.errors import Refusal, Unknown
from ledger.log.canonical import unb64
from ledger.matter.assay_members import refuse_unknown_members
from ledger.matter.assays import Assay, parse_assay
from ledger.matter.elements import nearest_root
from ledger.matter.event_types import ASSAY_RULES
from ledger.matter.events import is_id
from ledger.matter.guards import ask, moisture_guard
from ledger.matter.quantities import decimal
from ledger.matter.settlement import Agreed, agree
from ledger.matter.statements import refuse_kind_unknown
from ledger.matter.stock import Batch, Booked
from nodes.verbs.draft import (
    Body,
    Delivery,
    Desk,
    Draft,
    Sealed,
    at_of,
    batch_of,
    documents_of,
    entry_of,
    only,
    recorded_of,
)

_PARTS = ("distribution_pct", "elements_pct")
_SINGLE = ("total_reo_pct", "moisture_pct", "loi_pct")
_SCALE = 10**9
_NINE = Decimal(1).scaleb(-9)


def assay(desk: Desk, body: Body) -> Draft:
    """What a laboratory found in goods: ours, or of another log, of which a sample came here; or, by `from`, what a
    laboratory told us, which then is this batch's.
    """
    if body.get("from") is not None:
        return _taken_over(desk, body)
    if body.get("assay") is None:
        raise Refusal("result-missing", field="assay", value="assay")
    told = dict(body["assay"])
    refuse_unknown_members(told, "assay")
    code = body["batch"]
    foreign = is_id(code) and "#" in code and not code.startswith(f"{desk.origin}#")
    known = desk.state(("batch", code)) if foreign else batch_of(desk, code, "batch")
    batch, confirmed = known if isinstance(known, Batch) else None, None
    if batch is not None:
        parse_assay(told, batch.product, desk.reference, "assay", custody=batch.basis)
        confirmed = ask([moisture_guard(batch.product, told, desk.reference, "assay")], body.get("confirm"))
    to = body.get("to")
    hashed = body.get("certificate_sha256") or told.get("certificate_sha256")
    report = only(
        lab=body.get("lab") or told.get("lab") or desk.settings.organisation,
        to=None if to is None else desk.settings.partners.get(to, to),
        sample=body.get("sample"),
        certificate=None if hashed is None else _hash(hashed),
    )
    slots = {
        "assaying": {"at": at_of(desk, body), "batch": code if batch is None else batch.id},
        "assay": told,
        "report": report,
        "documents": documents_of(body),
        "recorded": recorded_of(desk, body, confirmed),
    }
    client = report.get("to")
    deliveries = () if client is None else (Delivery("notice", client, f"{desk.origin}#{desk.index}"),)
    return Draft("assayed", slots, lambda sealed: {"entry": entry_of(sealed)}, deliveries=deliveries)


def _taken_over(desk: Desk, body: Body) -> Draft:
    """A laboratory's result as that of the goods that were sampled: its own words, and which entry of its log it is."""
    batch = batch_of(desk, body["batch"], "batch")
    found = _reported(desk, batch, body["from"], "from")
    _read(desk, batch, found.assay, "from")
    slots = {
        "assaying": {"at": at_of(desk, body), "batch": batch.id},
        "assay": found.assay,
        "report": {name: value for name, value in found.report.items() if name != "to"},
        "documents": {"list": [*(body.get("documents") or ()), found.document]},
        "recorded": recorded_of(desk, body),
    }
    return Draft("assayed", slots, lambda sealed: {"assay": found.assay, "entry": entry_of(sealed)})


@dataclass(frozen=True, slots=True)
class _Reported:
    """A result as it was recorded. `document` names its entry: log and index, and the leaf as a hash."""

    assay: dict[str, Any]
    report: Mapping[str, Any]
    document: dict[str, Any]


def _reported(desk: Desk, batch: Batch, named: Mapping[str, Any], field: str) -> _Reported:
    """An `assayed`, our own or one that we were told of, of this batch or of a sample of it."""
    if named["log"] == desk.origin:
        booked = desk.state(("entry", str(named["index"])))
        if not isinstance(booked, Booked):
            raise Unknown("entry-unknown", field=field, value=named["index"])
        event, leaf = booked.event, booked.leaf
    else:
        event, ref = desk.entry_of_other(named, field)
        leaf = unb64(ref["leaf"], field=field, size=32)
    place = f"{named['log']}#{named['index']}"
    if event.type != "assayed" or not event.scalar("assay") or not event.scalar("assaying"):
        raise Refusal("result-not-told", field=field, value=place)
    of = id_in(event.scalar("assaying")["batch"], event.origin, desk.origin)
    if not _is_sample(desk, of, batch.id):
        raise Refusal("result-of-other-goods", field=field, value=of, batch=batch.id)
    document = {"kind": "assayed", "no": place, "sha256": leaf.hex()}
    return _Reported(dict(event.scalar("assay")), event.scalar("report"), document)


def _is_sample(desk: Desk, of: str, batch: str) -> bool:
    """Whether it is the batch, or a sample of it, or of such a sample: back to where it was taken."""
    while of != batch:
        made = None if "#" in of else desk.made_event(of)
        if made is None or made.type != "sampled":
            return False
        of = made.items("inputs.chain")[0]["batch"]
    return True


def _hash(text: str) -> str:
    """A certificate's SHA-256 as events state it."""
    try:
        return b64encode(bytes.fromhex(text)).decode()
    except ValueError as error:
        raise Refusal("hash-not-hex", field="certificate_sha256", value=text) from error


def agreed(desk: Desk, body: Body) -> Draft:
    """The result that counts between two parties: stated, or computed from their own and perhaps an umpire's."""
    batch = batch_of(desk, body["batch"], "batch")
    given = {name: body[name] for name in ("own", "other", "umpire", "assay") if body.get(name) is not None}
    for name, one in given.items():
        refuse_unknown_members(one, name)
    results: dict[str, dict[str, Any]] = {}
    papers: list[dict[str, Any]] = list(body.get("documents") or ())
    for name in ("own", "other", "umpire"):
        stated, named = body.get(name), (body.get("entries") or {}).get(name)
        if stated is not None and named is not None:
            raise Refusal("result-twice", field=name, value=f"{named['log']}#{named['index']}")
        if named is not None:
            found = _reported(desk, batch, named, f"entries.{name}")
            results[name] = found.assay
            papers.append(found.document)
        elif stated is not None:
            results[name] = dict(stated)
    if "own" not in results:
        raise Refusal("result-missing", field="own", value="own")
    read = {name: _read(desk, batch, told, name) for name, told in results.items()}
    guards = [moisture_guard(batch.product, one, desk.reference, name) for name, one in given.items()]
    confirmed = ask(guards, body.get("confirm"))
    rule = body.get("rule")
    if rule is not None:
        refuse_kind_unknown(rule, ASSAY_RULES, "rule")
    values: list[dict[str, Any]] = []
    if body.get("assay") is not None:
        told, rule = dict(body["assay"]), rule or ("umpire" if "umpire" in results else "mean")
    elif rule in ("own", "other", "umpire") and rule in results:
        told = results[rule]
    else:
        if "other" not in results:
            raise Refusal("result-missing", field="results.other", value="other")
        told, values = _computed(results, read, body.get("limit_pct"))
        rule = "umpire" if any(one["why"] in ("umpire", "nearer") for one in values) else "mean"
    _read(desk, batch, told, "assay")
    slots = {
        "agreement": {"at": at_of(desk, body), "batch": batch.id},
        "assay": told,
        "results": {"rule": rule, **results},
        "documents": {"list": papers} if papers else None,
        "recorded": recorded_of(desk, body, confirmed),
    }

    def answer(sealed: Sealed) -> dict[str, Any]:
        return {"rule": rule, "assay": told, "values": values, "entry": entry_of(sealed)}

    return Draft("assay_agreed", slots, answer)


def _read(desk: Desk, batch: Batch, told: Mapping[str, Any], field: str) -> Assay:
    return parse_assay(told, batch.product, desk.reference, field, custody=batch.basis)


def _computed(
    results: Mapping[str, Mapping[str, Any]], read: Mapping[str, Assay], limit: str | None
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """(the agreed assay, and value by value how it came about)."""
    shape = {name: _shape(told) for name, told in results.items()}
    for name, found in shape.items():
        if found != shape["own"]:
            raise Refusal("assays-differ-in-shape", field=name, value=results[name].get("basis"))
    given = None if limit is None else decimal(limit, "limit_pct")
    told: dict[str, Any] = {"basis": results["own"]["basis"], "status": "final"}
    values: list[dict[str, Any]] = []

    def settle(of: str, texts: Mapping[str, str]) -> str:
        own, other = (Decimal(texts[name]) for name in ("own", "other"))
        tolerance = given if given is not None else _limit(of, own, other, read)
        umpire = Decimal(texts["umpire"]) if "umpire" in texts else None
        found: Agreed = agree(own, other, umpire, tolerance)
        if found.value is None:
            raise Refusal(
                "umpire-needed",
                field="umpire",
                value=f"{texts['own']}, {texts['other']}",
                of=of,
                limit=_shown(tolerance),
            )
        values.append(only(of=of, value=_shown(found.value), why=found.why, bears=found.bears))
        return _shown(found.value)

    for name in _SINGLE:
        if all(name in one for one in results.values()):
            told[name] = settle(name.removesuffix("_pct"), {which: one[name] for which, one in results.items()})
    for name in _PARTS:
        if name in results["own"]:
            pairs = {which: dict(one[name]) for which, one in results.items()}
            told[name] = [
                [element, settle(element, {which: part[element] for which, part in pairs.items()})]
                for element, _ in results["own"][name]
            ]
    return told, values


def _shape(told: Mapping[str, Any]) -> tuple[Any, ...]:
    """What two results must have in common to be compared value by value."""
    parts = [(name, sorted(element for element, _ in told[name])) for name in _PARTS if name in told]
    return (told["basis"], [name for name in _SINGLE if name in told], parts)


_TERMS = {"total_reo": "T", "moisture": "W", "loi": "L"}


def _limit(of: str, own: Decimal, other: Decimal, read: Mapping[str, Assay]) -> Decimal:
    """Twice the standard uncertainty of the difference, as both results state it or their methods have it."""
    square = Fraction(0)
    for name, value in (("own", own), ("other", other)):
        term = read[name].terms.get(_TERMS.get(of, of))
        if term is not None:
            # Of water the term is what is left without it, so its variance is relative to that.
            whole = Fraction(value) if of not in ("moisture", "loi") else 100 - Fraction(value)
            square += whole * whole * term.variance
    return Decimal(nearest_root(4 * square * _SCALE * _SCALE)).scaleb(-9)


def _shown(value: Decimal) -> str:
    return f"{value.quantize(_NINE, ROUND_HALF_EVEN).normalize():f}"
