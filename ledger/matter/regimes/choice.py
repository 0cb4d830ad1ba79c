"""The regimes by name: what may be asked of a batch or a unit. The monthly flows are asked of a log: china_flows.py."""

from collections.abc import Callable, Mapping

from ledger.errors import Unknown
from ledger.matter.reference import Reference
from ledger.matter.regimes import china_mark, crma_28, crma_29, dfars, oecd, value_share
from ledger.matter.regimes.reports import Report
from ledger.matter.regimes.trace import Trace

REGIMES: Mapping[str, Callable[[Trace, Reference], Report]] = {
    china_mark.NAME: china_mark.china_mark,
    value_share.NAME: value_share.value_share,
    crma_28.NAME: crma_28.crma_28,
    crma_29.NAME: crma_29.crma_29,
    dfars.NAME: dfars.dfars,
    oecd.NAME: oecd.oecd,
}


def known(name: str) -> None:
    """Unknown for a regime that there is not."""
    if name not in REGIMES:
        raise Unknown("regime-unknown", field="regime", value=name, known=", ".join(REGIMES))


def report_on(name: str, trace: Trace, reference: Reference) -> Report:
    known(name)
    return REGIMES[name](trace, reference)
