"""The rules on what enters: may this role take it in, with these papers, and is it what it says it is?

    origin-not-allowed, origin-feed-class   the matrix of roles and classes of origin does not have it
    document-missing        a paper that the matrix asks for is not there
    document-unmeasured     a paper that is used up by mass states none
    document-overdrawn      more was drawn from a paper than it covers
    document-differs        the same paper was entered with two masses
    certificate-twice       one certificate stands for two batches
    profile-off             ore whose rare earths are not distributed like its feed class
    recycled-pattern        scrap whose rare earths are not those of magnets
    recycled-above-recovered   more recycled content left than came in

A mine's own baseline takes the place of the shipped profile through the reference data (`ore_profiles`).
"""

from base64 import b64decode
from collections.abc import Iterator, Mapping
from fractions import Fraction
from functools import cached_property
from typing import Any

from ledger.matter.balance import MILLI, PPM
from ledger.matter.documents import FAMILIES, Drawdown, differing, drawing, overdrawn, papers_of
from ledger.matter.findings import Entry, Finding
from ledger.matter.flows import Flow, Goods
from ledger.matter.limits import FOREIGN_TO_MAGNETS, RECYCLED_GROUP, Limits, entry_of

_SCRAP_FORMS = frozenset({"swarf", "eol", "magnet", "other"})
_PERCENT_PPM = PPM // 100
_COVERAGE = 3


class Intake:
    """Takes flows in the order of the log. `key` keys the hashes of papers."""

    def __init__(self, limits: Limits, key: bytes) -> None:
        self._limits, self._drawdown = limits, Drawdown(key)
        self._told_of: set[tuple[str, str]] = set()
        self._certificates: dict[str, tuple[str, str, str, Entry]] = {}
        self._recycled: dict[tuple[str, str], list[int]] = {}

    # Worked out when something is held against them: most intakes of a single entry never are.

    @cached_property
    def _bands(self) -> list[tuple[Fraction, int]]:
        rows = self._limits.reference.tables["profile_bands"].values()
        return sorted(((Fraction(row["from_pct"]), row["u_ppm"]) for row in rows), reverse=True)

    @cached_property
    def _prnd(self) -> tuple[int, ...]:
        row = self._limits.reference.tables["figures"]["scrap_prnd"]
        return tuple(int(Fraction(row[end]) * _PERCENT_PPM) for end in ("min", "max"))

    @cached_property
    def _dytb(self) -> int:
        return int(Fraction(self._limits.reference.tables["figures"]["scrap_dytb"]["max"]) * _PERCENT_PPM)

    def take(self, flow: Flow) -> Iterator[Finding]:
        type_ = flow.event.type
        if type_ == "registered":
            yield from self._matrix(flow)
            yield from self._documents(flow)
            yield from self._looks(flow)
        elif type_ in {"pledged", "received"}:
            yield from self._drawn(flow)
        elif type_ == "reversed":
            self._reversed(flow)
        yield from self._certified(flow)
        yield from self._content(flow)

    # -- the matrix --------------------------------------------------------------------------------------------

    def _matrix(self, flow: Flow) -> Iterator[Finding]:
        origin = flow.event.scalar("origin")
        class_, feed_class = origin.get("class"), origin.get("feed_class")
        rule = self._limits.reference.origin_rule(self._limits.role, str(class_))
        if class_ is None or rule is None:
            return
        facts = {"role": self._limits.role, "origin_class": class_, "feed_class": feed_class or ""}
        if rule["may"] != "yes":
            severity = "grave" if rule["may"] == "no" else "mild"
            yield self._about(flow, "origin-not-allowed", severity, facts)
        elif feed_class is not None and self._limits.feed_group(feed_class) not in rule["feed_groups"]:
            yield self._about(flow, "origin-feed-class", "grave", facts)
        given = {document.get("kind") for document in papers_of(flow)}
        for wanted in rule["documents"]:
            if not given & set(wanted["kinds"]):
                severity = "grave" if wanted["severity"] == "hard" else "mild"
                yield self._about(flow, "document-missing", severity, {**facts, "kinds": list(wanted["kinds"])})

    def _about(self, flow: Flow, rule: str, severity: str, facts: Mapping[str, Any], **rest: Any) -> Finding:
        batches = tuple(dict.fromkeys(goods.batch for goods in (*flow.outs, *flow.ins) if goods.batch))
        return Finding(rule, severity, facts, (entry_of(flow),), batches, **rest)

    # -- papers ------------------------------------------------------------------------------------------------

    def _documents(self, flow: Flow) -> Iterator[Finding]:
        class_ = flow.event.scalar("origin").get("class")
        rule = self._limits.reference.origin_rule(self._limits.role, str(class_))
        asked = {kind for wanted in (rule or {}).get("documents", ()) for kind in wanted["kinds"]}
        if class_ in {"imported", "recycled"}:
            for document in papers_of(flow):
                kind = document.get("kind")
                if kind in FAMILIES and kind in asked and not isinstance(document.get("mass"), Mapping):
                    yield self._about(flow, "document-unmeasured", "reason", {"kind": kind})
        yield from self._drawn(flow)

    def _drawn(self, flow: Flow) -> Iterator[Finding]:
        side, papers = drawing(flow)
        if not papers:
            return
        goods = flow.ins if side == "pledge" else flow.outs
        batches = tuple(one.batch for one in goods)
        mg = sum(one.mg for one in goods)
        scale_ppm = self._limits.reference.scale_ppm("")
        for row, document in enumerate(papers):
            found = self._drawdown.draw(document, entry_of(flow), batches, mg, side, row)
            if found is None:
                continue
            name, account = found
            told = {("differs", name): differing(account), (side, name): overdrawn(account, scale_ppm)}
            for key, finding in told.items():
                if finding is not None and key not in self._told_of:
                    self._told_of.add(key)
                    yield finding

    def _reversed(self, flow: Flow) -> None:
        entry = (flow.event.origin, flow.event.scalar("reversal").get("index", -1))
        self._drawdown.undo(entry)
        for name in [name for name, (_, _, _, used) in self._certificates.items() if used == entry]:
            del self._certificates[name]

    def _certified(self, flow: Flow) -> Iterator[Finding]:
        """One lot that was put down as several batches at once, or sent in several, shares its certificate rightly."""
        lot = flow.event.scalar("receipt").get("from") or f"{flow.event.origin}:{flow.index}"
        for certificate, batch, product in _certificates(flow):
            known = self._certificates.setdefault(certificate, (batch, product, lot, entry_of(flow)))
            if known[0] != batch and known[1:3] != (product, lot):
                entries = tuple(dict.fromkeys((known[3], entry_of(flow))))
                facts = {"certificate": certificate}
                yield Finding("certificate-twice", "grave", facts, entries, (known[0], batch))

    # -- is it what it says? -----------------------------------------------------------------------------------

    def _looks(self, flow: Flow) -> Iterator[Finding]:
        feed_class = flow.event.scalar("origin").get("feed_class")
        group = self._limits.feed_group(str(feed_class))
        for goods in flow.outs:
            if not goods.sure or not goods.elements:
                continue
            if group == RECYCLED_GROUP:
                yield from self._scrap(flow, goods, self._oxide_ppm(goods))
            elif group in {"ore", "import"}:
                yield from self._ore(flow, goods, str(feed_class), self._oxide_ppm(goods))

    def _oxide_ppm(self, goods: Goods) -> dict[str, int]:
        factors = self._limits.reference.factors
        oxides = {
            element: ug * factors[element].denominator // factors[element].numerator
            for element, (ug, _) in goods.elements.items()
        }
        total = sum(oxides.values()) or 1
        return {element: ug * PPM // total for element, ug in oxides.items()}

    def _ore(self, flow: Flow, goods: Goods, feed_class: str, shares: Mapping[str, int]) -> Iterator[Finding]:
        tables = self._limits.reference.tables
        name = tables["feed_classes"][feed_class].get("profile")
        if name is None or "distribution_pct" not in tables["ore_profiles"][name]:
            return
        off = self._off(goods, name, shares)
        if off:
            alike = sorted(other for other in self._limits.profiles if not self._off(goods, other, shares))
            yield self._about(
                flow,
                "profile-off",
                "mild",
                {
                    "feed_class": feed_class,
                    "profile": name,
                    "shares": [[element, share, typical] for element, share, typical, _ in off],
                    "alike": alike,
                },
                elements=tuple(element for element, _, _, _ in off),
                formula="profile",
                tolerance={"share_limits": [[element, allowed] for element, _, _, allowed in off]},
            )

    def _off(self, goods: Goods, profile: str, shares: Mapping[str, int]) -> list[tuple[str, int, int, int]]:
        """(element, share, typical share, allowed deviation) of what is off, all in ppm of the REO; worst first."""
        found = []
        row = self._limits.reference.tables["ore_profiles"][profile]
        for element, percent in row["distribution_pct"]:
            pct = Fraction(percent)
            typical = int(pct * _PERCENT_PPM)
            band = next(u_ppm for from_pct, u_ppm in self._bands if pct >= from_pct)
            share = shares.get(element, 0)
            u_ppm = goods.elements.get(element, (0, 0))[1]
            slack = share * u_ppm // PPM if u_ppm else self._limits.value["trace_ppm"]
            allowed = typical * band // PPM + slack * _COVERAGE
            if abs(share - typical) > allowed:
                found.append((element, share, typical, allowed))
        return sorted(found, key=lambda one: (-abs(one[1] - one[2]) * PPM // one[3], one[0]))

    def _scrap(self, flow: Flow, goods: Goods, shares: Mapping[str, int]) -> Iterator[Finding]:
        """Magnet scrap; scrap of SmCo, batteries or phosphors is told by its main element and left alone."""
        if self._limits.reference.form(goods.product) not in _SCRAP_FORMS or shares.get("Sm", 0) * 2 > PPM:
            return
        off: list[tuple[str, int, int]] = []
        trace = self._limits.value["scrap_trace_ppm"]
        prnd = shares.get("Pr", 0) + shares.get("Nd", 0)
        slack = self._slack(goods, ("Pr", "Nd"), shares)
        least, most = self._prnd
        if not least - slack <= prnd:
            off.append(("Pr+Nd", prnd, least))
        dytb = shares.get("Dy", 0) + shares.get("Tb", 0)
        if dytb > self._dytb + self._slack(goods, ("Dy", "Tb"), shares):
            off.append(("Dy+Tb", dytb, self._dytb))
        for element in FOREIGN_TO_MAGNETS:
            share = shares.get(element, 0)
            if share > trace + self._slack(goods, (element,), shares):
                off.append((element, share, trace))
        if off:
            elements = tuple(element for name, _, _ in off for element in name.split("+"))
            facts = {"pattern": [list(one) for one in off], "product": goods.product}
            foreign = any(name in FOREIGN_TO_MAGNETS for name, _, _ in off)
            rest = {"elements": elements, "formula": "pattern", "tolerance": {"prnd_ppm": [least, most]}}
            yield self._about(flow, "recycled-pattern", "grave" if foreign else "mild", facts, **rest)

    def _slack(self, goods: Goods, elements: tuple[str, ...], shares: Mapping[str, int]) -> int:
        return sum(
            shares.get(element, 0) * goods.elements.get(element, (0, 0))[1] * _COVERAGE // PPM for element in elements
        )

    # -- recycled content --------------------------------------------------------------------------------------

    def _content(self, flow: Flow) -> Iterator[Finding]:
        type_ = flow.event.type
        if type_ in {"registered", "received"}:
            for element, class_, ug, _ in self._recycled_rows(flow.outs):
                self._recycled.setdefault((element, class_), [0, 0, 0])[0] += ug
        elif type_ == "shipped":
            over = []
            for element, class_, ug, u_ppm in self._recycled_rows(flow.ins):
                sums = self._recycled.setdefault((element, class_), [0, 0, 0])
                sums[1] += ug
                sums[2] = max(sums[2], u_ppm)
                allowed = (sums[0] + sums[1]) * sums[2] * _COVERAGE // PPM
                if sums[1] - sums[0] > allowed:
                    over.append([element, class_, str(sums[0]), str(sums[1]), str(allowed)])
            if over:
                facts = {"contents": [row[:4] for row in over]}
                tolerance = {"content_limits": [[row[0], row[4]] for row in over], "k_milli": _COVERAGE * MILLI}
                elements = tuple(dict.fromkeys(row[0] for row in over))
                rest = {"elements": elements, "formula": "recovered", "tolerance": tolerance}
                yield self._about(flow, "recycled-above-recovered", "grave", facts, **rest)

    def _recycled_rows(self, goods: tuple[Goods, ...]) -> Iterator[tuple[str, str, int, int]]:
        classes = self._limits.reference.tables["feed_classes"]
        for one in goods:
            for element, rows in one.origins.items():
                for origin, (mid, _, _) in rows.items():
                    class_ = origin.partition("/")[2]
                    if mid and classes.get(class_, {}).get("recycled_content"):
                        yield element, class_, mid, one.elements.get(element, (0, 0))[1]


def _certificates(flow: Flow) -> Iterator[tuple[str, str, str]]:
    """(certificate, batch, product) of every assay that the event brings."""
    event = flow.event
    products = {goods.batch: goods.product for goods in flow.outs}
    found: list[tuple[str, Any]]
    if event.type == "registered":
        found = [(goods.batch, event.scalar("assay")) for goods in flow.outs]
    elif event.type in {"transformed", "drawn", "dismantled"}:
        rows = event.items("outputs.authority")
        found = [(goods.batch, (row or {}).get("assay")) for goods, row in zip(flow.outs, rows, strict=False)]
    elif event.type == "received":
        found = [
            (row["batch"], row.get("assay")) for row in event.rows("lines.chain", "lines.authority") if "batch" in row
        ]
    elif event.type == "assayed":
        found = [(event.scalar("assaying").get("batch", ""), event.scalar("assay"))]
        report = event.scalar("report").get("certificate")
        if report is not None and not _certificate(found[0][1]):
            found = [(found[0][0], {"certificate_sha256": b64decode(report).hex()})]
    else:
        return
    for batch, assay in found:
        name = _certificate(assay)
        if name:
            yield name, batch, products.get(batch, "")


def _certificate(assay: Any) -> str:
    """By its hash, or by its number where there is no file."""
    if not isinstance(assay, Mapping):
        return ""
    if assay.get("certificate_sha256"):
        return str(assay["certificate_sha256"])
    return f"{assay.get('lab', '')} {assay['certificate_no']}" if assay.get("certificate_no") else ""
