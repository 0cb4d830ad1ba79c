"""What verbs that ask a running node share: the call, the options of every recording, and finding what a code means.

A recording verb builds the body of one POST from its options, or passes on the body that `--body` names, byte for byte.
What the body means and whether it is allowed, the node decides; here is only what a person would rather not type.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import quote

import typer

from api.commands.terminal import show_json
from ledger.errors import Conflict, LodetraceError, Refusal, Unavailable, Unknown

if TYPE_CHECKING:
    from nodes.peers import ApiClient

PATIENCE_SECONDS = 10.0
"""For how long a call is repeated while the node is away or busy: long enough for one that is just starting."""
PAGE = 500

At = Annotated[str | None, typer.Option("--at", help="When it happened, with zone; else now. 发生时间（含时区）")]
Ref = Annotated[str | None, typer.Option("--ref", help="Your own number for it. 自有单号")]
Documents = Annotated[
    list[str] | None,
    typer.Option("--document", help="KIND:NO of a paper that goes with it, repeatable. 单据 类型:编号"),
]
Confirm = Annotated[
    str | None, typer.Option("--confirm", help="Why it is meant so, if the node asks whether it is a slip. 确认原因")
]
Body = Annotated[
    typer.FileBinaryRead | None,
    typer.Option("--body", help="Instead of the options: the JSON of the interface, - for standard input. 请求 JSON"),
]
Key = Annotated[
    str | None, typer.Option("--key", help="An Idempotency-Key of your own: twice is once. 幂等键，防止重复记录")
]
Reason = Annotated[str | None, typer.Option("--reason", help="Why. 原因")]
Html = Annotated[Path | None, typer.Option("--html", help="Write a page to print. 输出可打印页面")]
Limit = Annotated[int, typer.Option("--limit", min=1, help="How many, newest first. 条数")]


# -- calls --------------------------------------------------------------------------------------------------------


@contextmanager
def node(url: str, token: str) -> "Iterator[ApiClient]":
    """The node at `url`, asked as whoever holds the token."""
    from nodes.peers import ApiClient

    with ApiClient(url, token, patience=PATIENCE_SECONDS) as client:
        yield client


def get(client: "ApiClient", path: str, **query: Any) -> Any:
    with patiently():
        return client.get(path, **query).json()


@contextmanager
def patiently() -> Iterator[None]:
    """Says that something is under way, once it has taken a second."""
    from threading import Timer

    from rich.console import Console

    status = Console(stderr=True).status("Waiting for the node … 等待节点应答")
    timer = Timer(1.0, status.start)
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()
        status.stop()


def pages(client: "ApiClient", path: str, name: str, limit: int, **query: Any) -> dict[str, Any]:
    """Up to `limit` of what a list route answers, page after page, in the shape of one page."""
    found: list[Any] = []
    before: int | None = None
    while len(found) < limit:
        asked = min(PAGE, limit - len(found))
        page = get(client, path, limit=asked, before=before, **query)
        found += page[name]
        before = page["before"]
        if before is None:
            break
    return {name: found, "before": before}


def path_of(kind: str, code: str, *rest: str) -> str:
    """`/api/v1/batches/CODE/…`; a code may hold slashes and hashes."""
    return "/".join(("/api/v1", kind, quote(code, safe=""), *rest))


# -- recording ----------------------------------------------------------------------------------------------------


def record(
    client: "ApiClient",
    path: str,
    content: Mapping[str, Any],
    needed: Mapping[str, Any],
    *,
    body: typer.FileBinaryRead | None,
    key: str | None,
) -> dict[str, Any]:
    """Posts what the options say, or what --body holds; answers the node's answer.

    `needed` are the options that --body replaces and that must be there without it, by name.
    """
    filled = {name: value for name, value in content.items() if value not in (None, [], {})}
    if body is not None:
        if filled:
            raise typer.BadParameter(
                "--body stands for all of the request: leave the other options out / 不能与其他选项同用"
            )
        data: Any = body.read()
    else:
        missing = [name for name, value in needed.items() if value in (None, [], {})]
        if missing:
            raise typer.BadParameter(f"give {', '.join(missing)}, or --body / 请填写 {'、'.join(missing)}，或用 --body")
        data = filled
    with patiently():
        return dict(client.post(path, data, key=key).json())


def noted(at: str | None, ref: str | None, documents: Sequence[str] | None, confirm: str | None) -> dict[str, Any]:
    """The fields that every recording may carry."""
    papers = []
    for text in documents or ():
        kind, colon, number = text.partition(":")
        papers.append({"kind": kind, "no": number} if colon else {"kind": kind})
    return {
        "at": at,
        "external_ref": ref,
        "documents": papers,
        "confirm": None if confirm is None else {"reason": confirm},
    }


def told(answer: Mapping[str, Any], as_json: bool, say: Callable[[], None]) -> None:
    """The node's answer as it is, or in words, with the entry that it is in and what the node warned of."""
    if as_json:
        show_json(answer)
        return
    say()
    entry = answer["entry"]
    typer.echo(f"  entry {entry['index']} of {entry['log']}")
    for warning in answer.get("warnings", ()):
        typer.echo(f"  ! {warning['code']}: {warning['reason']}")


# -- what a code means --------------------------------------------------------------------------------------------


def unit_or_batch(client: "ApiClient", code: str) -> tuple[str, dict[str, Any]]:
    """("units", the unit) or ("batches", the batch). Refused if a serial and a lot number are the same text."""
    unit, no_unit = _look_up(client, "units", code)
    batch, no_batch = _look_up(client, "batches", code)
    if unit is not None and batch is not None:
        candidates = f"unit {unit['unit']}, batch {batch['batch']}"
        raise Conflict("ambiguous-code", field="code", value=code, count=2, candidates=candidates)
    if unit is not None:
        return "units", unit
    if batch is not None:
        return "batches", batch
    # Neither: a code that several units or several batches have says more than one that nothing has.
    raise next(
        (error for error in (no_unit, no_batch) if error is not None and error.field == "ambiguous-code"),
        Unknown("code-unknown", field="code", value=code),
    )


def _look_up(client: "ApiClient", kind: str, code: str) -> tuple[dict[str, Any] | None, LodetraceError | None]:
    try:
        return get(client, path_of(kind, code)), None
    except Refusal as error:
        if error.field not in ("unit-unknown", "batch-unknown", "ambiguous-code"):
            raise
        return None, error


def write_file(path: Path, content: bytes) -> None:
    """A result, to where the user wants it; its folder is made if need be."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    except OSError as error:
        raise Unavailable("file-unwritable", field=str(path), value=error.strerror) from error
