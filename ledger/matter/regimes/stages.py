"""Stages: what a law calls mined, refined, separated, melted or produced, in the words of processes.

The reference data says which processes are which stage; a process of nobody's table is of no known stage.
"""

from ledger.matter.reference import Reference


def stage_of(process: str, reference: Reference) -> str | None:
    return next((stage for stage, row in reference.tables["stages"].items() if process in row["processes"]), None)
