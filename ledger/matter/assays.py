"""Assays: what a laboratory found, checked, and turned into micrograms of each rare earth.

An assay is a JSON object of `basis` (`as_received`, `dried`, `ignited`) and one of two shapes:

    {"total_reo_pct": "92.1", "distribution_pct": [["La", "27.6"], …]}   oxides; each in % of the total REO
    {"elements_pct": [["Nd", "24.1"], ["Fe", "66.0"], …]}                mass % of the element as metal

besides which may stand `others_pct` (what a distribution leaves unnamed), `moisture_pct` (of the goods as received),
`loi_pct` (loss on ignition: of the dried mass where a moisture is given, else of the goods as received, water
included), `uncertainty_pct`, `loq_pct`, `th_ppm`, `u_ppm`, `lab`, `method`, `sample`, `certificate_no`,
`certificate_sha256`, `issued_at`, `status` (`provisional`, where nothing is said, or `final`); `remark` is not read.

`uncertainty_pct` mirrors the names it speaks of: `{"total_reo_pct": "0.3", "distribution_pct": [["La", "0.5"]]}`, each
an absolute standard uncertainty in the same percent. What it does not name has the uncertainty of the method in the
reference data. `loq_pct` is one limit for all elements, or a list of pairs.

Promises: what is accepted adds up, and gives each element exactly, rounded half-even once. u² = u²(mass) +
(u(w)/(1-w))² + (u(loi)/(1-loi))² + u²(total) + u²(share), of those that the way from the mass to the element uses.
A member that is not known is passed over, for a later version may have written it: assay_members.py refuses it before
it is recorded. Does not check that the sample was of these goods, nor that a certificate is used once: the verbs and
the audit do.

Over 400 lines because what an assay may say and what follows from it is read together.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from re import compile as pattern
from typing import Any

from ledger.errors import Malformed, Refusal
from ledger.matter.assay_members import COMPUTED_WITH, RADIOACTIVE, TEXTS
from ledger.matter.compositions import (
    EXACT_ONE,
    Term,
    metal_terms,
    oxide_terms,
    share_of,
    sum_of,
    usual_split,
    variance_in,
)
from ledger.matter.elements import ELEMENTS, UG_PER_MG, ppm_of, variance_of
from ledger.matter.makeups import TYPICAL
from ledger.matter.quantities import decimal
from ledger.matter.reference import Reference
from ledger.matter.reference_rows import ASSAY_BASES
from ledger.matter.rows import half_even

STATUSES = ("provisional", "final")
_SIGNED = pattern(r"-[0-9]+(?:\.[0-9]+)?")
_SHA256 = pattern(r"[0-9a-f]{64}")

Content = dict[str, tuple[int, int]]
"""Element -> (µg, relative standard uncertainty in ppm)."""


# What stands between the goods as received and the other views, as powers of the terms: W = 1 - moisture, L = 1 - loss
# on ignition, T = REO of the assayed mass, M = rare-earth metal of that REO, and each element's share of that REO.
_MASS_OF = {"as_received": (0, 0), "dried": (1, 0), "ignited": (1, 1), "net": (0, 0), "dry": (1, 0)}


@dataclass(frozen=True, slots=True)
class Assay:
    """`stated` is what was given, by field; `terms` what is computed with. Made by parse_assay and typical_assay."""

    product: str
    basis: str
    status: str
    stated: Mapping[str, Any]
    terms: Mapping[str, Term]
    elements: tuple[str, ...]

    @property
    def rank(self) -> str:
        """How sure it is, as makeups.RANKS: what nobody measured stays typical, whoever states it."""
        return TYPICAL if self.stated.get("method") == TYPICAL else self.status

    def content(self, mg: int, basis: str, mass_ppm: int = 0) -> Content:
        """The elements in goods of `mg` on a custody basis; those that come to no microgram are left out."""
        if not self.elements:
            return {}
        oxides = self.ratio(basis, "reo")
        numerator, denominator = mg * UG_PER_MG * oxides.value.numerator, oxides.value.denominator
        variance = oxides.variance + variance_of(mass_ppm)
        found = {}
        for element in self.elements:
            share = self.terms[element]
            ug = half_even(numerator * share.value.numerator, denominator * share.value.denominator)
            if ug:
                found[element] = (ug, ppm_of(variance, share.variance))
        return found

    def ratio(self, basis: str, to: str, field: str = "") -> Term:
        """What one mass on `basis` is on the basis `to`, or of the element `to`: a factor with its variance.

        Terms that both sides share cancel, so moisture makes nothing uncertain that was weighed as it was assayed.
        """
        numerator, denominator, variances = 1, 1, []
        for term, power in self.way(basis, to, field).items():
            value = self.terms[term].value
            up, down = (value.numerator, value.denominator) if power > 0 else (value.denominator, value.numerator)
            numerator, denominator = numerator * up ** abs(power), denominator * down ** abs(power)
            variances.append(power * power * self.terms[term].variance)
        return Term(Fraction(numerator, denominator), sum_of(variances))

    def way(self, basis: str, to: str, field: str = "") -> dict[str, int]:
        """The terms that lead from `basis` to `to`, with their powers. Refuses a way that the assay does not tell."""
        powers: dict[str, int] = {}
        for name, sign in ((to, 1), (basis, -1)):
            for term, power in self._powers(name).items():
                powers[term] = powers.get(term, 0) + sign * power
        self._settle_water(powers, field)
        used = {term: power for term, power in powers.items() if power}
        if any(power < 0 and not self.terms[term].value for term, power in used.items()):
            raise Refusal("assay-empty", field="basis", value=self.product)
        return used

    def _powers(self, name: str) -> dict[str, int]:
        """A mass as powers of the terms, counted from the mass that was assayed."""
        water, loss = _MASS_OF[self.basis]
        if name in _MASS_OF:
            own_water, own_loss = _MASS_OF[name]
            return {"W": own_water - water, "L": own_loss - loss}
        if name == "reo":
            return {"T": 1}
        if name == "metal":
            return {"T": 1, "M": 1}
        if name in self.elements:
            return {"T": 1, name: 1}
        raise Refusal("basis-unknown", field="basis", value=name, bases="net, dry, reo, metal")

    def _settle_water(self, powers: dict[str, int], field: str) -> None:
        """Refuses a way that needs a moisture or a loss which nobody stated."""
        water, loss = powers.get("W", 0), powers.get("L", 0)
        if "W" not in self.terms and "L" in self.terms and water == loss:
            powers["W"] = 0  # the loss was found on the goods as received: it holds the water
            return
        if loss and "L" not in self.terms:
            raise Refusal("assay-loi-missing", field=f"{field}loi_pct", value=self.basis)
        if (water or loss) and "W" not in self.terms:
            raise Refusal("assay-moisture-missing", field=f"{field}moisture_pct", value=self.basis)


def parse_assay(
    value: Mapping[str, Any],
    product: str,
    reference: Reference,
    field: str,
    *,
    custody: str = "net",
    moisture_pct: str | None = None,
    feed_class: str | None = None,
) -> Assay:
    """The assay of goods that custody counts on `custody`.

    `moisture_pct` is the weighing's, for an assay without one of its own; `feed_class` tells the usual composition of
    an ore whose total alone was assayed.
    """
    if not isinstance(value, Mapping):
        raise Malformed("field-wrong", field=field, value=value, kind="object")
    reading = _Reading(value, product, reference, field)
    basis = reading.basis()
    terms = reading.water(moisture_pct)
    if "elements_pct" in value:
        reading.refuse_two_shapes()
        parts = reading.elements()
    else:
        parts = reading.distribution(feed_class)
    terms |= parts
    made = Assay(
        product=product,
        basis=basis,
        status=reading.status(),
        stated=reading.stated(),
        terms=terms,
        elements=tuple(element for element in ELEMENTS if element in parts),
    )
    made.way(custody, "reo", f"{field}.")
    return made


class _Reading:
    """One assay on its way in: each method reads a part of it, or refuses it by name."""

    def __init__(self, value: Mapping[str, Any], product: str, reference: Reference, field: str) -> None:
        self.value, self.product, self.reference, self.field = value, product, reference, field
        self.row = reference.products.get(product, {})
        methods = reference.tables["assay_methods"]
        self.method = methods.get(str(value.get("method")), methods["default"])

    def basis(self) -> str:
        basis = self.value.get("basis")
        if basis not in ASSAY_BASES:
            raise Refusal("assay-basis-missing", field=f"{self.field}.basis", value=basis, bases=", ".join(ASSAY_BASES))
        fitting = self.row.get("assay_bases", ASSAY_BASES)
        if basis not in fitting:
            raise Refusal(
                "assay-basis-misfit",
                field=f"{self.field}.basis",
                value=basis,
                product=self.product,
                bases=", ".join(fitting),
            )
        return str(basis)

    def status(self) -> str:
        return str(self.value.get("status", STATUSES[0]))

    def stated(self) -> dict[str, Any]:
        """The fields of an assay, each of its kind; others are not part of it."""
        stated = {name: self.value[name] for name in COMPUTED_WITH if name in self.value}
        for name in RADIOACTIVE:
            if name in self.value:
                decimal(self.value[name], f"{self.field}.{name}")
                stated[name] = self.value[name]
        for name in (*TEXTS, "certificate_sha256", "status"):
            if name in self.value:
                stated[name] = self._text(name)
        self._pairs_or_percent("loq_pct")
        return stated

    def _text(self, name: str) -> str:
        text = self.value[name]
        fits = isinstance(text, str) and 0 < len(text) <= 500
        if name == "certificate_sha256":
            fits = fits and _SHA256.fullmatch(text) is not None
        if name == "status":
            fits = text in STATUSES
        if not fits:
            kind = {"certificate_sha256": "SHA-256 in lower-case hex", "status": " | ".join(STATUSES)}.get(name, "text")
            raise Malformed("field-wrong", field=f"{self.field}.{name}", value=text, kind=kind)
        return str(text)

    # -- numbers ---------------------------------------------------------------------------------------------------

    def percent(self, text: Any, where: str) -> Decimal:
        if isinstance(text, str) and _SIGNED.fullmatch(text):
            raise Refusal("assay-percentage-absurd", field=where, value=text)
        number = decimal(text, where)
        if number > 100:
            raise Refusal("assay-percentage-absurd", field=where, value=text)
        return number

    def pairs(self, name: str, value: Any) -> list[tuple[str, str]]:
        """Pairs of symbol and percentage; each symbol once."""
        where = f"{self.field}.{name}"
        if not isinstance(value, Sequence) or isinstance(value, str):
            raise Malformed("field-wrong", field=where, value=value, kind="list")
        known = (*ELEMENTS, *(self.reference.tables["other_elements"] if name != "distribution_pct" else ()))
        found: dict[str, str] = {}
        for position, pair in enumerate(value):
            if not isinstance(pair, Sequence) or isinstance(pair, str) or len(pair) != 2:
                raise Malformed("field-wrong", field=f"{where}[{position}]", value=pair, kind="[element, percentage]")
            symbol, text = pair
            if symbol not in known:
                told = "La, Nd, Dy" if name == "distribution_pct" else "Nd, Fe, B"
                raise Refusal("assay-element-unknown", field=f"{where}[{position}]", value=symbol, known=told)
            if symbol in found:
                raise Refusal("assay-element-twice", field=f"{where}[{position}]", value=symbol)
            self.percent(text, f"{where}[{position}]")
            found[symbol] = text
        return list(found.items())

    def _pairs_or_percent(self, name: str) -> Mapping[str, Decimal] | Decimal | None:
        value = self.value.get(name)
        if value is None:
            return None
        if isinstance(value, str):
            return self.percent(value, f"{self.field}.{name}")
        return {symbol: Decimal(text) for symbol, text in self.pairs(name, value)}

    def uncertainty(self, name: str) -> Decimal | None:
        """The stated uncertainty of a single value."""
        told = self._uncertainties().get(name)
        return None if told is None else self.percent(told, f"{self.field}.uncertainty_pct.{name}")

    def _uncertainties(self) -> Mapping[str, Any]:
        told = self.value.get("uncertainty_pct", {})
        if not isinstance(told, Mapping):
            raise Malformed("field-wrong", field=f"{self.field}.uncertainty_pct", value=told, kind="object")
        return told

    def part_uncertainties(self, name: str) -> dict[str, Decimal]:
        told = self._uncertainties().get(name, [])
        return {symbol: Decimal(text) for symbol, text in self.pairs(f"uncertainty_pct.{name}", told)}

    # -- water -----------------------------------------------------------------------------------------------------

    def water(self, weighed: str | None) -> dict[str, Term]:
        """W and L, where they are known. Goods that hold no water have W = 1."""
        terms = {}
        moisture = self.value.get("moisture_pct", weighed)
        if moisture is not None:
            terms["W"] = self._rest("moisture_pct", moisture, self.method["moisture"]["u_pct"])
        elif not self.reference.holds_water(self.product):
            terms["W"] = EXACT_ONE
        if "loi_pct" in self.value:
            terms["L"] = self._rest("loi_pct", self.value["loi_pct"], self.method["loi"]["u_pct"])
        elif self.reference.form(self.product) == "oxide":
            # An oxide is sold ignited: what it has taken up since is told by the uncertainty, where nobody measured it.
            terms["L"] = Term(Fraction(1), variance_in(Decimal(100), Decimal(self.method["loi"]["u_pct"])))
        return terms

    def _rest(self, name: str, text: Any, usual: str) -> Term:
        """1 - w, with u = u(w)/(1 - w)."""
        share = share_of(self.percent(text, f"{self.field}.{name}"))
        if share == 1:
            raise Refusal("assay-percentage-absurd", field=f"{self.field}.{name}", value=text)
        told = self.uncertainty(name)
        uncertain = Fraction(told if told is not None else Decimal(usual)) / 100 if share or told is not None else 0
        return Term(1 - share, (uncertain / (1 - share)) ** 2)

    # -- the two shapes --------------------------------------------------------------------------------------------

    def refuse_two_shapes(self) -> None:
        if "distribution_pct" in self.value or "total_reo_pct" in self.value:
            raise Refusal("assay-two-shapes", field=self.field)

    def distribution(self, feed_class: str | None) -> dict[str, Term]:
        """T, M and the elements of a total with its distribution."""
        if "total_reo_pct" not in self.value:
            if "distribution_pct" in self.value:
                raise Refusal("assay-total-missing", field=f"{self.field}.total_reo_pct")
            raise Refusal("assay-empty", field=self.field, value=self.product)
        total = self._total()
        if "distribution_pct" not in self.value:
            usual = usual_split(self.product, self.reference, feed_class)
            if usual is None:
                raise Refusal("assay-empty", field=self.field, value=self.product)
            return {"T": total, **oxide_terms(usual, self.reference)}
        name = "distribution_pct"
        pairs = self.pairs(name, self.value[name])
        self._refuse_foreign(name, pairs, sum((Decimal(text) for _, text in pairs), Decimal(0)))
        self._refuse_below_loq(name, pairs)
        self._refuse_other_sum(pairs)
        told = self.part_uncertainties(name)
        split = [
            (element, Decimal(text), told.get(element, self._usual_u(Decimal(text))))
            for element, text in pairs
            if Decimal(text)
        ]
        return {"T": total, **oxide_terms(split, self.reference)}

    def _total(self) -> Term:
        where, text = f"{self.field}.total_reo_pct", self.value["total_reo_pct"]
        if isinstance(text, str) and _SIGNED.fullmatch(text):
            raise Refusal("assay-percentage-absurd", field=where, value=text)
        total = decimal(text, where)
        if total > 100:
            raise Refusal("assay-total-above-100", field=where, value=text)
        if total == 0:
            raise Refusal("assay-empty", field=self.field, value=self.product)
        told = self.uncertainty("total_reo_pct")
        uncertain = Decimal(self.method["total"]["u_pct"]) if told is None else told
        return Term(share_of(total), variance_in(total, uncertain))

    def _refuse_other_sum(self, pairs: Sequence[tuple[str, str]]) -> None:
        where, tolerances = f"{self.field}.distribution_pct", self.reference.tables["tolerances"]
        others = self.percent(self.value.get("others_pct", "0"), f"{self.field}.others_pct")
        if others > Decimal(tolerances["assay_others"]["abs_pct"]):
            raise Refusal("assay-percentage-absurd", field=f"{self.field}.others_pct", value=self.value["others_pct"])
        added = sum((Decimal(text) for _, text in pairs), others)
        tolerance = Decimal(tolerances["assay_sum"]["abs_pct"])
        if abs(added - 100) > tolerance:
            raise Refusal("assay-sum-differs", field=where, value=f"{added:f}", tolerance=f"{tolerance:f}")

    def elements(self) -> dict[str, Term]:
        """T, M and the elements of mass percentages; metals that are no rare earths are checked and left there."""
        name = "elements_pct"
        pairs = self.pairs(name, self.value[name])
        added = sum((Decimal(text) for _, text in pairs), Decimal(0))
        if added > 100 + Decimal(self.reference.tables["tolerances"]["assay_sum"]["abs_pct"]):
            raise Refusal("assay-metals-above-100", field=f"{self.field}.{name}", value=f"{added:f}")
        self._refuse_foreign(name, pairs, Decimal(100))
        self._refuse_below_loq(name, pairs)
        told = self.part_uncertainties(name)
        found = [
            (element, Decimal(text), told.get(element, self._usual_u(Decimal(text))))
            for element, text in pairs
            if element in ELEMENTS and Decimal(text)
        ]
        if not pairs:
            raise Refusal("assay-empty", field=self.field, value=self.product)
        return metal_terms(found, self.reference)

    def _refuse_foreign(self, name: str, pairs: Sequence[tuple[str, str]], whole: Decimal) -> None:
        """A product holds its own elements, and traces of others: each up to the limit, in % of its own shape."""
        holds = self.row.get("holds")
        if holds is None or not whole:
            return
        limit = Decimal(holds["trace_pct"])
        for position, (symbol, text) in enumerate(pairs):
            if symbol not in holds["main"] and symbol not in holds["others"] and Decimal(text) > limit:
                raise Refusal(
                    "assay-element-foreign",
                    field=f"{self.field}.{name}[{position}]",
                    value=text,
                    element=symbol,
                    product=self.product,
                    limit=holds["trace_pct"],
                )

    def _refuse_below_loq(self, name: str, pairs: Sequence[tuple[str, str]]) -> None:
        limits = self._pairs_or_percent("loq_pct")
        if limits is None:
            return
        for position, (symbol, text) in enumerate(pairs):
            limit = limits.get(symbol, Decimal(0)) if isinstance(limits, Mapping) else limits
            if Decimal(text) < limit:
                where = f"{self.field}.{name}[{position}]"
                raise Refusal("assay-below-loq", field=where, value=text, element=symbol, loq=f"{limit:f}")

    def _usual_u(self, percent: Decimal) -> Decimal:
        """The method's uncertainty of a share; one near the whole is as certain as what is beside it is small."""
        smaller = min(percent, 100 - percent) if percent < 100 else Decimal(0)
        for lowest, ppm in self.method["parts"]["bands"]:
            if smaller >= Decimal(lowest):
                return smaller * int(ppm) / 10**6
        return Decimal(0)
