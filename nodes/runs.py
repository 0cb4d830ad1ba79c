"""Runs of an audit on their way to a process of their own and back: plain values, for less than pickled objects cost.

What travels was written by the other end of the same pipe, by the same interpreter: that is what `marshal` is for.
"""

import marshal
from collections.abc import Sequence

from ledger.audit import Record, Run, check_entries
from ledger.keys import Keys
from ledger.matter.events import Event


def pack(records: Sequence[Record]) -> bytes:
    return marshal.dumps([(one.raw, list(one.disclosures), one.leaf) for one in records])


def check_packed(packed: bytes, start: int, origin: str, keys: Keys) -> bytes:
    """`check_entries` in another process."""
    records = [Record(*parts) for parts in marshal.loads(packed)]  # noqa: S302 - from our own process
    run = check_entries(records, start, origin, keys)
    events = [(event.type, event.origin, event.slots, event.ids, event.recorded_at) for event in run.events]
    return marshal.dumps((run.start, run.previous, run.last, run.first_time, run.last_time, run.leaves, events))


def unpack(checked: bytes) -> Run:
    """The run that `check_packed` checked."""
    start, previous, last, first_time, last_time, leaves, events = marshal.loads(checked)  # noqa: S302 - as above
    return Run(start, previous, last, first_time, last_time, leaves, tuple([Event(*parts) for parts in events]))
