"""Quota accounts (总量控制指标): what was granted, what is used of it, what is about to be.

Mining counts the REO of what is registered as mined; separation counts the REO of what is produced, split by the feed
class that it came from (the provenance of each element says so). Accounts are kept by kind, year and quota class, for
each organisation and for each group that a grant names: a group's use is that of its companies. Grants of several
batches within a year add up as they are granted, and a batch that is granted again counts as it was granted last; what
is used before a batch is granted is used without it.

`used` rests on assays, `pending` on what a product usually holds until its assay comes; a later assay moves it over,
and what is adjusted counts as adjusted, as does what was made of it. Recycled feed, and feed of unknown class, has no
quota.

Promises: integers; a quantity counts once, in the year of its `at`, and what an account says is the sum over batches.
Does not check who may grant: the caller hands in the authority's events only. Amounts of quotas are for the
organisation, its group and the authority.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import isqrt

from ledger.matter.balance import PPM
from ledger.matter.elements import UG_PER_MG
from ledger.matter.events import Event
from ledger.matter.findings import Entry
from ledger.matter.flows import Flow, Goods, Restated
from ledger.matter.reference import Reference

EXCEEDED = PPM + 1
"""The level beyond all shares: above the quota by more than three times the uncertainty of what was counted."""
_COVERAGE = 3


@dataclass(frozen=True, slots=True)
class AccountKey:
    """`holder` is an organisation's name, or `group:` and a group's."""

    holder: str
    kind: str
    year: str
    quota_class: str


@dataclass(slots=True)
class QuotaAccount:
    """In mg REO. `told_ppm`: the highest share that was warned about."""

    granted_mg: int = 0
    used_mg: int = 0
    pending_mg: int = 0
    variance: int = 0
    told_ppm: int = 0

    @property
    def total_mg(self) -> int:
        return self.used_mg + self.pending_mg

    @property
    def share_ppm(self) -> int:
        return self.total_mg * PPM // self.granted_mg if self.granted_mg else PPM


@dataclass(frozen=True, slots=True)
class Crossing:
    """A share of a quota that has just been reached, or EXCEEDED."""

    key: AccountKey
    ppm: int
    granted_mg: int
    used_mg: int
    pending_mg: int


@dataclass(frozen=True, slots=True)
class _Counted:
    """What a batch counts against a quota: (account, whether by an assay, mg REO, its uncertainty)."""

    kind: str
    year: str
    rows: tuple[tuple[AccountKey, bool, int, int], ...]


class Quotas:
    """The accounts of one organisation, or of all that an authority sees."""

    def __init__(self, reference: Reference) -> None:
        self._classes = {name: row.get("quota_class") for name, row in reference.tables["feed_classes"].items()}
        self._warn = {kind: sorted({*row["warn"]["ppm"], PPM}) for kind, row in reference.tables["quotas"].items()}
        self._numbers = {element: (f.numerator, f.denominator) for element, f in reference.factors.items()}
        self._groups: dict[str, str] = {}
        self._granted: dict[tuple[AccountKey, str, str, int], int] = {}
        self._counted: dict[tuple[str, str], _Counted] = {}
        self._made_by: dict[Entry, list[str]] = {}
        self.accounts: dict[AccountKey, QuotaAccount] = {}

    def grant(self, event: Event) -> None:
        """A `quota_granted` of the authority."""
        grant = event.scalar("grant")
        if not grant:
            return
        class_ = self._classes.get(grant["feed_class"]) or grant["feed_class"]
        holders = [grant["to"]]
        if grant.get("group"):
            self._groups[grant["to"]] = grant["group"]
            holders.append(f"group:{grant['group']}")
        for holder in holders:
            key = AccountKey(holder, grant["kind"], str(grant["year"]), class_)
            account = self.accounts.setdefault(key, QuotaAccount())
            batch = (key, grant["to"], grant["feed_class"], grant["batch"])
            account.granted_mg += grant["reo_mg"] - self._granted.get(batch, 0)
            self._granted[batch] = grant["reo_mg"]
            # More was granted: warn again as the larger quota fills.
            account.told_ppm = min(account.told_ppm, account.share_ppm)

    def take(self, flow: Flow) -> list[Crossing]:
        """Counts what the flow mines, produces, assays or adjusts; the shares that this brings about."""
        event = flow.event
        found = [crossing for kind, goods in counted(flow) for crossing in self._count(flow, kind, goods)]
        if event.type in {"assayed", "assay_agreed"}:
            for goods in flow.outs:
                found += self._assayed(event.origin, goods)
        for one in flow.restated:
            found += self._restated(one)
        return found

    def undo(self, entry: Entry) -> None:
        """An entry was reversed: what it counted is not counted any more."""
        for batch in self._made_by.pop(entry, ()):
            self._withdraw((entry[0], batch))

    def _count(self, flow: Flow, kind: str, goods: Goods) -> Iterator[Crossing]:
        year, name = flow.at[:4], flow.event.name
        holders = self._holders(name)
        if not any(key.holder in holders and (key.kind, key.year) == (kind, year) for key in self.accounts):
            return  # nobody has told what the quota is
        self._made_by.setdefault((flow.event.origin, flow.index), []).append(goods.batch)
        yield from self._enter((flow.event.origin, goods.batch), kind, year, goods, holders)

    def _holders(self, name: str) -> list[str]:
        return [name, *(f"group:{group}" for group in (self._groups.get(name),) if group)]

    def _enter(
        self, batch: tuple[str, str], kind: str, year: str, goods: Goods, holders: list[str]
    ) -> Iterator[Crossing]:
        rows = tuple(
            (AccountKey(holder, kind, year, class_), goods.sure, mg, u_mg)
            for class_, (mg, u_mg) in self._by_class(goods).items()
            for holder in holders
        )
        self._counted[batch] = _Counted(kind, year, rows)
        yield from self._add(rows)

    def _add(self, rows: Iterable[tuple[AccountKey, bool, int, int]]) -> Iterator[Crossing]:
        for key, sure, mg, u_mg in rows:
            account = self.accounts.setdefault(key, QuotaAccount())
            account.used_mg += mg if sure else 0
            account.pending_mg += 0 if sure else mg
            account.variance += u_mg * u_mg
            level = self._level(key, account)
            if level > account.told_ppm:
                account.told_ppm = level
                yield _crossing(key, level, account)

    def _withdraw(self, batch: tuple[str, str]) -> _Counted | None:
        counted = self._counted.pop(batch, None)
        for key, sure, mg, u_mg in () if counted is None else counted.rows:
            account = self.accounts[key]
            account.used_mg -= mg if sure else 0
            account.pending_mg -= 0 if sure else mg
            account.variance -= u_mg * u_mg
        return counted

    def _assayed(self, origin: str, goods: Goods) -> Iterator[Crossing]:
        """The batch counts by its new figures, in the year in which it was made."""
        was = self._withdraw((origin, goods.batch))
        if was is not None:
            holders = list(dict.fromkeys(key.holder for key, *_ in was.rows))
            yield from self._enter((origin, goods.batch), was.kind, was.year, goods, holders)

    def _restated(self, one: Restated) -> Iterator[Crossing]:
        """What was made counts as it would have from the first; what was assayed later, by that assay once more."""
        origin = one.now.event.origin
        if one.now.event.type in {"assayed", "assay_agreed"}:
            for goods in one.now.outs:
                yield from self._assayed(origin, goods)
        if (origin, one.now.index) in self._made_by:
            for goods in one.was.outs:
                self._withdraw((origin, goods.batch))
            self._made_by[origin, one.now.index] = []
            for kind, goods in counted(one.now):
                yield from self._count(one.now, kind, goods)

    def full(self) -> list[Crossing]:
        """The share that each account has reached by now, of those that have reached one."""
        levels = ((key, self._level(key, account), account) for key, account in self.accounts.items())
        return [_crossing(key, level, account) for key, level, account in levels if level]

    def _level(self, key: AccountKey, account: QuotaAccount) -> int:
        """The highest share to warn of that was reached, or EXCEEDED; 0 for none."""
        if account.total_mg <= 0:
            return 0
        over = account.total_mg - account.granted_mg
        level = max([ppm for ppm in self._warn[key.kind] if ppm <= account.share_ppm], default=0)
        if over > _COVERAGE * isqrt(account.variance):
            level = EXCEEDED
        return level

    def _by_class(self, goods: Goods) -> dict[str, tuple[int, int]]:
        """Mg REO of the goods by quota class, with its standard uncertainty."""
        found: dict[str, list[int]] = {}
        for element, (ug, u_ppm) in goods.elements.items():
            metal, oxide = self._numbers[element]
            rows: Mapping[str, tuple[int, int, int]] = goods.origins.get(element, {})
            for origin, (mid, _, _) in rows.items():
                class_ = self._classes.get(origin.partition("/")[2])
                if class_ is None or not ug:
                    continue
                sums = found.setdefault(class_, [0, 0])
                oxide_ug = mid * oxide // metal
                sums[0] += oxide_ug
                sums[1] += oxide_ug * u_ppm // PPM
        return {class_: (ug // UG_PER_MG, u_ug // UG_PER_MG) for class_, (ug, u_ug) in found.items()}


def _crossing(key: AccountKey, level: int, account: QuotaAccount) -> Crossing:
    return Crossing(key, level, account.granted_mg, account.used_mg, account.pending_mg)


def counted(flow: Flow) -> Iterator[tuple[str, Goods]]:
    """(kind of quota, goods) of everything in a flow that a quota counts."""
    kind = flow.event.type
    if kind == "registered" and flow.event.scalar("origin").get("class") == "mined":
        yield from (("mining", goods) for goods in flow.outs)
    elif kind in {"transformed", "drawn"} and "separation" in flow.processes:
        yield from (("separation", goods) for goods in flow.outs)
