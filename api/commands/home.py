"""`lodetrace init`, `serve`, `token`: for whoever runs a node, on the machine where it runs.

They work on the home itself, not through HTTP. What starts a web server or opens a database is imported inside the
verbs: `lodetrace verify` must not load it.
"""

from pathlib import Path
from typing import Annotated, Any

import typer

from api.commands.terminal import AsJson, Home, say, show_facts, show_json, show_table
from ledger.errors import Unavailable

REQUEST = "request.json"


def add(app: typer.Typer) -> None:
    app.command()(init)
    app.command()(succeed)
    app.command()(serve)
    token = typer.Typer(no_args_is_help=True, help="Who may use the node's interface. 接口令牌")
    token.command("create")(create)
    token.command("list")(list_)
    token.command("revoke")(revoke)
    app.add_typer(token, name="token")


def init(
    home: Home,
    name: Annotated[str, typer.Option(help="The node's name, like a host's: longnan.example. 节点名称")],
    org: Annotated[str, typer.Option("--org", help="The organisation's name. 企业名称")],
    role: Annotated[str, typer.Option(help="mine, separation, metal, magnet, motor, recycler, authority… 所属环节")],
    org_en: Annotated[str | None, typer.Option("--org-en", help="Its name in Latin letters. 英文名称")] = None,
    country: Annotated[str, typer.Option(help="Where it is: two capital letters. 国家代码")] = "CN",
    site: Annotated[
        list[str] | None, typer.Option("--site", help="CODE[:REGION], once for each site; else one site, main. 场所")
    ] = None,
    host: Annotated[str | None, typer.Option(help="The address to listen on. 监听地址")] = None,
    port: Annotated[int | None, typer.Option(help="The port to listen on. 监听端口")] = None,
    label_url: Annotated[str | None, typer.Option(help="The address printed on labels. 标签网址")] = None,
    trust: Annotated[
        Path | None, typer.Option(help="A trust policy to start with. 信任策略文件", exists=True, dir_okay=False)
    ] = None,
    mldsa: Annotated[
        bool, typer.Option("--ml-dsa", help="Make an ML-DSA-44 witness key too. 同时生成 ML-DSA-44 见证密钥")
    ] = False,
    recovery: Annotated[
        int | None, typer.Option(help="How many of the recovery keys replace lost keys. 所需恢复密钥数量", min=1)
    ] = None,
    recovery_key: Annotated[
        list[str] | None, typer.Option(help="A holder's public recovery key; once for each. 恢复公钥，可重复")
    ] = None,
    registry: Annotated[str | None, typer.Option(help="The authority's node: its address. 监管节点地址")] = None,
    registry_key: Annotated[str | None, typer.Option(help="The key of the authority's log. 监管日志公钥")] = None,
    as_json: AsJson = False,
) -> None:
    """Make a new node: settings, keys, database, entry 0. 新建节点。"""
    from nodes.config import environment
    from nodes.homes import create_home

    if (registry is None) != (registry_key is None):
        raise typer.BadParameter("--registry and --registry-key go together / 两者应同时填写")
    if (recovery is None) != (not recovery_key):
        raise typer.BadParameter("--recovery and --recovery-key go together / 两者应同时填写")
    if trust is not None and registry is not None:
        raise typer.BadParameter("--trust or --registry, not both / --trust 与 --registry 只能选一")
    policy = "quorum none\n" if trust is None else trust.read_text("utf-8")
    authority, heard = None, True
    if registry is not None and registry_key is not None:
        policy, heard = _first_policy(registry.rstrip("/"), registry_key)
        authority = registry_key.partition("+")[0].rpartition("/")[0]
    settings, keys = create_home(
        home,
        environment(),
        name=name,
        organisation=org,
        organisation_en=org_en,
        role=role,
        country=country,
        sites=[_site(text, country) for text in site or ["main"]],
        host=host,
        port=port,
        label_url=label_url,
        policy=policy,
        authority=authority,
        mldsa=mldsa or None,
        recovery=None if recovery is None else {"m": recovery, "keys": recovery_key},
    )
    if registry is not None:
        _write_request(settings.home)
    vkeys = {use: getattr(keys, use).verifier.vkey for use in ("log", "author", "witness")}
    if keys.witness_mldsa is not None:
        vkeys["witness-ml-dsa-44"] = keys.witness_mldsa.verifier.vkey
    facts: dict[str, Any] = {
        "name": settings.name,
        "organisation": settings.organisation,
        "role": settings.role,
        "url": settings.url,
        "origin": keys.origin,
        "vkeys": vkeys,
        "home": str(settings.home),
    }
    if as_json:
        show_json(facts)
        return
    show_facts({key: value for key, value in facts.items() if key != "vkeys"})
    say("\nThe line for the trust policies (policy.txt) of your partners / 请将此行交给合作方，写入其信任策略:")
    typer.echo(f"log {vkeys['log']} {settings.url}")
    if not heard:
        say(f"\n{registry} does not answer; its trust policy is not known yet. 登记机构未应答，尚未取得其信任策略。")
    if registry is not None:
        say(f"\nThe request to be admitted is in {REQUEST}. Send it / 加入申请已写入，请提交:")
        typer.echo(f"lodetrace join --home {home} --uscc …")
    say(f"\nNext / 下一步: lodetrace person add Li --home {home} --role admin; lodetrace serve --home {home}")


def succeed(
    home: Home,
    old: Annotated[
        Path, typer.Option(help="The home whose log ends. 日志终止的旧节点目录", exists=True, file_okay=False)
    ],
    up_to: Annotated[
        int | None, typer.Option(help="The first entry of the old log that is not yours. 首条非本企业所写的条目", min=1)
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Go on with a new home, new keys and a new log where a lost or stolen log ended. 以后继日志接续旧日志。"""
    from nodes.config import environment
    from nodes.succession import succeed as go_on

    done = go_on(old, home, environment(), up_to=up_to)
    _write_request(home)
    vkeys = {use: getattr(done.identity, use).verifier.vkey for use in ("log", "author", "witness")}
    if as_json:
        facts = {"origin": done.identity.origin, "succeeds": done.before, "size": done.size, "lost": done.lost}
        show_json({**facts, "vkeys": vkeys, "home": str(home)})
        return
    typer.echo(f"✓ {done.identity.origin} goes on where {done.before} ended, at size {done.size}. 后继日志已建立。")
    if done.lost:
        say(f"{done.lost} entries behind that do not count: record them again. 其后 {done.lost} 条无效，请重新登记。")
    say("\nTell the registry, and read it the author key / 请通知登记机构并核对作者公钥:")
    typer.echo(f"author {vkeys['author']}")
    say(f"\nNext / 下一步: lodetrace join --home {home} --request {REQUEST}; lodetrace serve --home {home}")
    say("Partners without a registry put this line into their policy.txt / 无登记机构的合作方应在信任策略中加入:")
    typer.echo(f"log {vkeys['log']}")


def _first_policy(url: str, key: str) -> tuple[str, bool]:
    """What the registry recommends, and whether it could be asked."""
    from nodes.joining import first_policy, registry_alone

    try:
        return first_policy(url, key), True
    except Unavailable:
        return registry_alone(url, key), False


def _write_request(home: Path) -> None:
    from nodes.config import environment
    from nodes.joining import request_of

    (home / REQUEST).write_bytes(request_of(home, environment()))


def serve(
    home: Home,
    host: Annotated[str | None, typer.Option(help="Instead of the one in the settings. 监听地址")] = None,
    port: Annotated[int | None, typer.Option(help="Instead of the one in the settings. 监听端口")] = None,
    tls_cert: Annotated[
        Path | None, typer.Option(help="A certificate, for HTTPS; instead of the one in the settings. 证书文件")
    ] = None,
    tls_key: Annotated[Path | None, typer.Option(help="The private key of that certificate. 证书私钥文件")] = None,
) -> None:
    """Run the node until it is stopped. 运行节点。"""
    from api.server import run
    from nodes.config import environment, variable

    given = {variable("host"): host, variable("port"): None if port is None else str(port)}
    for name, file in (("tls_cert", tls_cert), ("tls_key", tls_key)):
        given[variable(name)] = None if file is None else str(file.absolute())
    run(home, {**environment(), **{name: value for name, value in given.items() if value is not None}}, started=say)


def create(
    home: Home,
    role: Annotated[str, typer.Option(help="viewer, clerk, supervisor or admin. 角色")],
    name: Annotated[str, typer.Option(help="Whose it is. 持有人")],
    as_json: AsJson = False,
) -> None:
    """Make a token and print it, this once. 生成令牌，仅显示一次。"""
    from nodes import tokens
    from nodes.clock import system_clock
    from nodes.homes import open_store

    with open_store(home) as store:
        text = tokens.mint(store, name, role, system_clock)
    if as_json:
        show_json({"token": text, "name": name, "role": role})
    else:
        typer.echo(text)


def list_(home: Home, as_json: AsJson = False) -> None:
    """Who has a token. 令牌列表。"""
    from nodes import tokens
    from nodes.homes import open_store

    with open_store(home) as store:
        found = tokens.listed(store)
    names = ("number", "name", "role", "created_at", "revoked_at")
    rows = [(token.no, token.owner, token.role, token.created_at, token.revoked_at) for token in found]
    if as_json:
        show_json([dict(zip(names, row, strict=True)) for row in rows])
    else:
        show_table(names, rows)


def revoke(
    home: Home, number: Annotated[int, typer.Argument(help="As lodetrace token list shows it. 令牌编号")]
) -> None:
    """End a token; it stops working within a second. 作废令牌。"""
    from nodes import tokens
    from nodes.clock import system_clock
    from nodes.homes import open_store

    with open_store(home) as store:
        tokens.revoke(store, number, system_clock)
    say(f"Token {number} is revoked. 令牌 {number} 已作废。")


def _site(text: str, country: str) -> dict[str, str]:
    code, colon, region = text.partition(":")
    return {"code": code, "country": country, "region": region} if colon else {"code": code, "country": country}
