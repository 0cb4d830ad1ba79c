"""The reference data as it is shipped: the one place in the ledger that reads files, and only those of its package.

Whoever records, checks evidence or audits must compute with the same numbers, so they travel with the code. They are
as fixed as the code is: reading them is no input from outside.
"""

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any


@cache
def shipped() -> tuple[str, Mapping[str, Mapping[str, Any]]]:
    """Version and tables of the shipped set: table -> key -> row."""
    folder = files("ledger.matter").joinpath("data")
    contents = json.loads(folder.joinpath("set.json").read_bytes())
    tables = {}
    for name in contents["tables"]:
        read = json.loads(folder.joinpath(f"{name}.json").read_bytes())
        assert read["table"] == name, f"data/{name}.json says that it is {read['table']}"
        tables[name] = read["rows"]
    return contents["version"], tables
