"""Stages: what a law calls mined, refined, separated, melted or produced, in the words of processes.

The reference data says which processes are which stage; a process of nobody's table is of no known stage.
"""

from collections.abc import Iterable

from ledger.matter.reference import Reference


def stage_of(process: str, reference: Reference) -> str | None:
    return next((stage for stage, row in reference.tables["stages"].items() if process in row["processes"]), None)


def stages_of(processes: Iterable[str], reference: Reference) -> set[str]:
    return {stage for stage in (stage_of(process, reference) for process in processes) if stage is not None}
