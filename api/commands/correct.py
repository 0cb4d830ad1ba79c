"""`lodetrace correct …` and `lodetrace draft …`: what was recorded wrongly, put right by one person or by two."""

from typing import Annotated, Any

import typer

from api.commands import goods
from api.commands.asking import At, Body, Documents, Key, Limit, get, node, noted, pages, path_of, record, told
from api.commands.terminal import AsJson, Token, Url, show_facts, show_json, show_table

Reason = Annotated[str | None, typer.Option("--reason", help="Why it must be put right. 冲销原因")]
Entry = Annotated[int | None, typer.Option("--entry", help="The number of the entry. 条目编号")]
Draft = Annotated[str, typer.Argument(help="The number of the draft. 草稿编号")]
CORRECTIONS = "/api/v1/corrections"
DRAFTS = "/api/v1/drafts"


def add(app: typer.Typer) -> None:
    correct = typer.Typer(no_args_is_help=True, help="What was recorded wrongly: amend, reverse, adjust. 冲销")
    for verb in (amend, reverse, adjust):
        correct.command()(verb)
    app.add_typer(correct, name="correct")
    draft = typer.Typer(no_args_is_help=True, help="What is not sealed yet: list, show, approve, delete. 草稿")
    draft.command("list")(list_)
    for of_draft in (show, seal, approve, delete):
        draft.command()(of_draft)
    app.add_typer(draft, name="draft")


def amend(
    url: Url,
    token: Token,
    entry: Entry = None,
    word: Annotated[
        list[str] | None,
        typer.Option("--word", help="PLACE=WORDS, repeatable: batch.lot_no=A-2; nothing behind = takes it away. 更正"),
    ] = None,
    reason: Reason = None,
    at: At = None,
    body: Body = None,
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """Other words in an entry: a lot number, a seal, a paper's number. 更正文字。"""
    words: list[dict[str, str]] = []
    for text in word or ():
        path, equals, words_now = text.partition("=")
        if not equals:
            raise typer.BadParameter(f"--word {text!r} lacks PLACE=WORDS / 应为 位置=文字")
        words.append({"path": path, **({"is": words_now} if words_now else {})})
    content = _content("amend", body, entry=entry, words=words, reason=reason, at=at)
    needed = {"--entry": entry, "--word": words, "--reason": reason}
    with node(url, token) as client:
        answer = record(client, CORRECTIONS, content, needed, body=body, key=key)
    told(answer, as_json, lambda: typer.echo(f"✓ entry {entry} amended 已更正"))


def reverse(
    url: Url,
    token: Token,
    entry: Entry = None,
    reason: Reason = None,
    at: At = None,
    body: Body = None,
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """An entry that should not be, undone; a second person approves. 红冲整条。"""
    content = _content("reverse", body, entry=entry, reason=reason, at=at)
    with node(url, token) as client:
        needed = {"--entry": entry, "--reason": reason}
        answer = record(client, CORRECTIONS, content, needed, body=body, key=key)
    _waits(answer, as_json)


def adjust(
    url: Url,
    token: Token,
    more: Annotated[
        list[str] | None,
        typer.Option("--more", help='ENTRY:SIDE:BATCH=QUANTITY, repeatable: "41:made:A-1=2 t". 调增'),
    ] = None,
    less: Annotated[
        list[str] | None, typer.Option("--less", help="The same, of less; SIDE is made, used, shipped, received. 调减")
    ] = None,
    consent: Annotated[
        str | None, typer.Option("--consent", help="LOG:ENTRY of the partner that gives what is taken here. 对方同意")
    ] = None,
    reason: Reason = None,
    at: At = None,
    document: Documents = None,
    body: Body = None,
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """Amounts that were used since, by a difference; a second person approves. 差额调整。"""
    lines = [_line(text, "more") for text in more or ()] + [_line(text, "less") for text in less or ()]
    given = None
    if consent is not None:
        log, colon, index = consent.rpartition(":")
        if not colon or not index.isdecimal():
            raise typer.BadParameter(f"--consent {consent!r} lacks LOG:ENTRY / 应为 账本:条目")
        given = {"log": log, "index": int(index)}
    papers = noted(at, None, document, None)
    content = _content("adjust", body, lines=lines, consent=given, reason=reason, **papers)
    with node(url, token) as client:
        needed = {"--more or --less": lines, "--reason": reason}
        answer = record(client, CORRECTIONS, content, needed, body=body, key=key)
    _waits(answer, as_json)


def _content(kind: str, body: Any, **fields: Any) -> dict[str, Any]:
    return {**({} if body is not None else {"kind": kind}), **fields}


def _line(text: str, name: str) -> dict[str, Any]:
    """`ENTRY:SIDE:BATCH=QUANTITY`; a batch may hold a colon."""
    place, amount = goods.pair(text, f"--{name}")
    entry, _, rest = place.partition(":")
    side, _, batch = rest.partition(":")
    if not entry.isdecimal() or not side or not batch:
        raise typer.BadParameter(f"--{name} {text!r} lacks ENTRY:SIDE:BATCH=QUANTITY / 应为 条目:方向:批次=数量")
    return {"entry": int(entry), "side": side, "batch": batch, name: amount}


def _waits(answer: dict[str, Any], as_json: bool) -> None:
    if as_json:
        show_json(answer)
        return
    typer.echo(f"✓ draft {answer['draft']} waits for a supervisor: lodetrace draft approve {answer['draft']}")
    typer.echo("  等待另一人批准。")


# -- drafts -------------------------------------------------------------------------------------------------------


def list_(url: Url, token: Token, limit: Limit = 50, as_json: AsJson = False) -> None:
    """Your drafts; a supervisor sees also those that wait. 草稿清单。"""
    with node(url, token) as client:
        found = pages(client, DRAFTS, "drafts", limit)
    if as_json:
        show_json(found)
        return
    rows = [(one["draft"], one["state"], one["verb"], one["owner"], one["updated_at"]) for one in found["drafts"]]
    show_table(("draft", "state", "verb", "owner", "updated"), rows)


def show(url: Url, token: Token, draft: Draft, as_json: AsJson = False) -> None:
    """One draft, as it was written. 查看草稿。"""
    with node(url, token) as client:
        found = get(client, path_of("drafts", draft))
    if as_json:
        show_json(found)
    else:
        show_facts(found)


def seal(url: Url, token: Token, draft: Draft, key: Key = None, as_json: AsJson = False) -> None:
    """Record a draft of your own. 封存自己的草稿。"""
    with node(url, token) as client:
        answer = record(client, path_of("drafts", draft, "sealing"), {}, {}, body=None, key=key)
    if "entry" not in answer:
        _waits(answer, as_json)
    else:
        told(answer, as_json, lambda: typer.echo("✓ recorded 已入账"))


def approve(url: Url, token: Token, draft: Draft, key: Key = None, as_json: AsJson = False) -> None:
    """Approve what another person wrote; it is recorded with both names. 批准他人的冲销。"""
    with node(url, token) as client:
        answer = record(client, path_of("drafts", draft, "approval"), {}, {}, body=None, key=key)
    told(answer, as_json, lambda: typer.echo("✓ approved and recorded 已批准并入账"))


def delete(url: Url, token: Token, draft: Draft, as_json: AsJson = False) -> None:
    """Away with a draft. 删除草稿。"""
    with node(url, token) as client:
        client.delete(path_of("drafts", draft))
    if as_json:
        show_json({"ok": True, "draft": draft})
    else:
        typer.echo(f"✓ {draft} deleted 已删除")
