"""`lodetrace registry …` and `join`: who takes part. For whoever admits, and for whoever asks to be admitted."""

from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer

from api.commands.asking import At, Documents, Key, get, node, noted, record, told
from api.commands.terminal import AsJson, Home, Token, Url, say, show_facts, show_json, show_table

Name = Annotated[str, typer.Argument(help="The member's node: longnan.example. 成员节点名称")]
Because = Annotated[str, typer.Option("--reason", help="Why; everybody can read it. 原因（公开）")]


REQUESTED = (
    "name",
    "organisation",
    "organisation_en",
    "uscc",
    "lei",
    "eori",
    "roles",
    "country",
    "url",
    "key",
    "fingerprint",
)


def add(app: typer.Typer) -> None:
    app.command()(join)
    registry = typer.Typer(no_args_is_help=True, help="Who takes part. 登记簿")
    for verb in (status, members, requests, admit, refuse, suspend, restore, revoke, succeed):
        registry.command(verb.__name__)(verb)
    registry.command("license")(license_)
    registry.command("confirm-keys")(confirm_keys)
    registry.command("policy")(recommend)
    app.add_typer(registry, name="registry")


def join(
    home: Home,
    uscc: Annotated[str | None, typer.Option(help="The Chinese company number. 统一社会信用代码")] = None,
    lei: Annotated[str | None, typer.Option(help="Legal entity identifier. 法人识别编码")] = None,
    eori: Annotated[str | None, typer.Option(help="EORI number in the EU. 欧盟海关注册号")] = None,
    reached_at: Annotated[
        str | None, typer.Option("--reached-at", help="The address at which others reach the node. 对外网址")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="Write the request here instead of sending it. 输出申请文件")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Ask the registry of the trust policy to admit this node. 申请加入。"""
    from ledger.joining import open_request
    from ledger.keys import fingerprint
    from nodes.config import environment
    from nodes.joining import ask, request_of

    data = request_of(home, environment(), uscc=uscc, lei=lei, eori=eori, reached_at=reached_at)
    read_out = fingerprint(open_request(data).author.public)
    if out is not None:
        out.write_bytes(data)
        say(f"Hand {out} to the authority. 请将 {out} 交给监管部门。")
        say(f"  fingerprint 指纹 {read_out}")
        return
    answers = ask(home, environment(), data)
    if as_json:
        show_json({"asked": answers, "fingerprint": read_out})
        return
    for answer in answers:
        say(f"✓ {answer['registry']}: {answer['name']} waits to be admitted 已提交申请")
        say(f"  key 密钥 {answer['author']}")
    say("Have the authority compare this fingerprint, over the telephone. 请与监管部门电话核对指纹：")
    say(f"  {read_out}")


def status(url: Url, token: Token, as_json: AsJson = False) -> None:
    """The registries that this node follows, and how fresh their word is. 所跟踪的登记簿。"""
    with node(url, token) as client:
        found = get(client, "/api/v1/registry")
    if as_json:
        show_json(found)
        return
    names = ("log", "members", "as_of", "error")
    show_table(names, [tuple(one[name] or "" for name in names) for one in found["registries"]])


def members(url: Url, token: Token, as_json: AsJson = False) -> None:
    """Everybody who is admitted. 成员名单。"""
    with node(url, token) as client:
        found = get(client, "/api/v1/registry/members")
    if as_json:
        show_json(found)
        return
    rows = [
        (one["name"], one["organisation"], ", ".join(one["roles"]), one["status"], one["reach"].get("url", ""))
        for one in found["members"]
    ]
    show_table(("name", "organisation", "roles", "status", "url"), rows)


def requests(url: Url, token: Token, as_json: AsJson = False) -> None:
    """Who has asked to be admitted, with the key to compare. 待处理的加入申请。"""
    with node(url, token) as client:
        found = get(client, "/api/v1/registry/requests")
    if as_json:
        show_json(found)
        return
    for one in found["requests"]:
        shown = {**one, "roles": ", ".join(one["roles"]), "url": one["reach"].get("url", ""), "key": one["author"]}
        show_facts({name: shown[name] for name in REQUESTED if name in shown})


def refuse(
    url: Url,
    token: Token,
    name: Name,
    reason: Annotated[str, typer.Option("--reason", help="Why; it stays here. 原因（仅存本节点）")],
) -> None:
    """Refuse a newcomer that has asked; it may ask again. 不予加入。"""
    with node(url, token) as client:
        client.post(f"/api/v1/registry/requests/{quote(name, safe='')}/refusal", {"reason": reason})
    say(f"✓ {name} is refused 已拒绝")


def admit(
    url: Url,
    token: Token,
    name: Name,
    file: Annotated[
        Path | None, typer.Option("--request", help="Its request as a file, if it did not come here. 申请文件")
    ] = None,
    author: Annotated[str | None, typer.Option(help="The key that it must have, as it told you. 应有的公钥")] = None,
    role: Annotated[
        list[str] | None, typer.Option("--role", help="In place of what it asked for, repeatable. 核定环节")
    ] = None,
    at: At = None,
    document: Documents = None,
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """Admit a newcomer that has asked. 准予加入。"""
    content = {"name": name, "author": author, "roles": role or None, **noted(at, None, document, None)}
    with node(url, token) as client:
        if file is not None:
            client.post("/registry/requests", file.read_bytes())
        made = record(client, "/api/v1/registry/admissions", content, {}, body=None, key=key)
    told(made, as_json, lambda: typer.echo(f"✓ {name} is admitted 已准予加入"))


def license_(
    url: Url,
    token: Token,
    name: Name,
    kind: Annotated[str, typer.Option(help="mining, separation, trade… 许可类别")],
    no: Annotated[str, typer.Option(help="Its number. 许可证号")],
    begins: Annotated[str, typer.Option("--from", help="The first day. 起始日")],
    until: Annotated[str | None, typer.Option(help="The last day. 截止日")] = None,
    product: Annotated[
        list[str] | None, typer.Option("--product", help="What it covers, repeatable; else all. 产品")
    ] = None,
    at: At = None,
    document: Documents = None,
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """Record what a member is licensed for. 登记许可。"""
    content = {
        "name": name,
        "kind": kind,
        "no": no,
        "from": begins,
        "until": until,
        "products": product or None,
        **noted(at, None, document, None),
    }
    _said(url, token, "licences", content, f"✓ {name}: {kind} {no}", key=key, as_json=as_json)


def suspend(
    url: Url,
    token: Token,
    name: Name,
    reason: Because,
    at: At = None,
    document: Documents = None,
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """Suspend a member: what it ships from now on is not relied on. 暂停成员。"""
    content = {"name": name, "reason": reason, **noted(at, None, document, None)}
    _said(url, token, "suspensions", content, f"✓ {name} is suspended 已暂停", key=key, as_json=as_json)


def restore(
    url: Url,
    token: Token,
    name: Name,
    reason: Because,
    at: At = None,
    document: Documents = None,
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """End a suspension. 恢复成员。"""
    content = {"name": name, "reason": reason, **noted(at, None, document, None)}
    _said(url, token, "restorations", content, f"✓ {name} is restored 已恢复", key=key, as_json=as_json)


def revoke(
    url: Url,
    token: Token,
    name: Name,
    public: Annotated[str, typer.Option("--public", help="The key, base64 of 32 bytes. 公钥")],
    reason: Because,
    use: Annotated[str, typer.Option(help="log, author, witness, peer or seal. 用途")] = "author",
    size: Annotated[int | None, typer.Option(help="Of its log, the last size that is believed. 可信长度")] = None,
    root: Annotated[str | None, typer.Option(help="The root at that size. 该长度的根")] = None,
    at: At = None,
    document: Documents = None,
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """Revoke a key that others may hold now. 吊销密钥。"""
    content = {"name": name, "use": use, "key": public, "reason": reason, "size": size, "root": root}
    content |= noted(at, None, document, None)
    _said(url, token, "revocations", content, f"✓ a key of {name} is revoked 已吊销", key=key, as_json=as_json)


def succeed(
    url: Url,
    token: Token,
    name: Name,
    reason: Because,
    file: Annotated[
        Path | None, typer.Option("--request", help="Its request as a file, if it did not come here. 申请文件")
    ] = None,
    author: Annotated[str | None, typer.Option(help="The key that it must have, as it told you. 应有的公钥")] = None,
    at: At = None,
    document: Documents = None,
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """End a member's log whose key is lost or stolen: the one that it asks with goes on. 以后继日志接续成员日志。"""
    content = {"name": name, "reason": reason, "author": author, **noted(at, None, document, None)}
    if file is not None:
        with node(url, token) as client:
            client.post("/registry/requests", file.read_bytes())
    _said(
        url,
        token,
        "successions",
        content,
        f"✓ {name} goes on with a new log 已由后继日志接续",
        key=key,
        as_json=as_json,
    )


def confirm_keys(
    url: Url,
    token: Token,
    log: Annotated[str, typer.Argument(help="The member's log: longnan.example/log. 成员日志")],
    index: Annotated[int, typer.Argument(help="Its entry that replaced keys. 更换密钥的条目")],
    at: At = None,
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """Tell everybody that a member has replaced keys, as its own log says. 确认成员更换密钥。"""
    content = {"log": log, "index": index, **noted(at, None, None, None)}
    _said(url, token, "keys", content, f"✓ new keys of {log} are confirmed 已确认", key=key, as_json=as_json)


def recommend(
    url: Url,
    token: Token,
    file: Annotated[Path, typer.Argument(help="A trust policy. 信任策略文件", exists=True, dir_okay=False)],
    at: At = None,
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """Publish the trust policy that newcomers begin with. 发布推荐的信任策略。"""
    content = {"text": file.read_text("utf-8"), **noted(at, None, None, None)}
    _said(url, token, "policy", content, "✓ newcomers begin with this policy 已发布", key=key, as_json=as_json)


def _said(
    url: str, token: str, path: str, content: dict[str, Any], done: str, *, key: str | None, as_json: bool
) -> None:
    with node(url, token) as client:
        made = record(client, f"/api/v1/registry/{path}", content, {}, body=None, key=key)
    told(made, as_json, lambda: typer.echo(done))
