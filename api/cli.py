"""The command line, `lodetrace`. A keyboard is one more reader: it decides nothing.

Each file of api/commands holds the verbs of one kind of user, and an `add` that puts them here. At the top such a file
imports nothing but typer, its own kind and the ledger: what a verb needs beyond that it imports when it runs, so that
`lodetrace verify` works where neither a web server nor a database is installed.

Exit status: 0 fine, 1 refused or a check failed, 2 misuse.
"""

import logging
import sys

import typer

from api.commands import (
    audit,
    batch,
    books,
    certificate,
    correct,
    demo,
    deposits,
    device,
    hold,
    home,
    imports,
    keys,
    label,
    measure,
    operate,
    order,
    people,
    pool,
    regime,
    registry,
    restoring,
    shipment,
    terminal,
    trace,
    unit,
    verify,
    watch,
    webhooks,
)
from ledger.errors import LodetraceError

MISUSE = 2


def build() -> typer.Typer:
    app = typer.Typer(
        name="lodetrace",
        help="Lodetrace 磁迹: follow rare earths from the mine to the motor. 稀土产业链追溯账本。",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
    kinds = (
        home,
        people,
        batch,
        imports,
        label,
        certificate,
        unit,
        shipment,
        pool,
        measure,
        device,
        hold,
        correct,
        books,
        deposits,
        order,
        registry,
        keys,
        trace,
        regime,
        verify,
        watch,
        webhooks,
        audit,
        operate,
        restoring,
        demo,
    )
    for verbs in kinds:
        verbs.add(app)
    return app


def main() -> None:
    """The program. Errors of the ledger are told in both languages, and end it with 1."""
    logging.getLogger("stamina").setLevel(logging.ERROR)  # waiting for a node that starts is no warning
    try:
        build()()
    except SystemExit as end:
        if end.code == MISUSE:
            terminal.say("用法有误：请看以上提示，或加 --help 查看说明。")
        raise
    except LodetraceError as error:
        terminal.tell(error, as_json="--json" in sys.argv)
        sys.exit(1)
