"""`lodetrace keys`: a node's own keys, replaced on the machine where it runs, while it is stopped."""

from pathlib import Path
from typing import Annotated

import typer

from api.commands.terminal import AsJson, Home, say, show_json


def add(app: typer.Typer) -> None:
    keys = typer.Typer(no_args_is_help=True, help="The node's own keys. 节点自身的密钥")
    for verb in (rotate, recover, sign):
        keys.command()(verb)
    keys.command("recovery-key")(recovery_key)
    app.add_typer(keys, name="keys")


def rotate(
    home: Home,
    use: Annotated[
        list[str] | None,
        typer.Option("--use", help="log, author, witness, peer, seal or all; once for each. 用途，可重复"),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Put the keys made in advance in the place of the current ones; the node must be stopped. 更换密钥。"""
    from nodes.config import environment
    from nodes.posix import home_lock
    from nodes.rotation import ALL
    from nodes.rotation import rotate as replace

    uses = use or [ALL]
    with home_lock(home):
        done = replace(home, environment(), uses)
    vkeys = {name: getattr(done.identity, name).verifier.vkey for name in ("log", "author", "witness", "peer")}
    if as_json:
        show_json({"entry": done.index, "uses": uses, "vkeys": vkeys})
        return
    typer.echo(
        f"✓ Entry {done.index} of the log says it; start the node again. 已更换，见第 {done.index} 条，请重新启动节点。"
    )
    if {"log", ALL} & set(uses):
        say("The old log key signs along while keys/before/log.pem is there. 旧日志密钥在该文件存在期间继续共同签名。")
        typer.echo(f"log {vkeys['log']}")


def recovery_key(
    out: Annotated[Path, typer.Option(help="A file that does not exist yet. 新文件")],
    as_json: AsJson = False,
) -> None:
    """Make a key of last resort, to be kept offline by whoever holds it. 生成恢复密钥，离线保管。"""
    from nodes.config import environment, passphrase
    from nodes.identity import make_recovery_key

    public = make_recovery_key(out, passphrase(environment()))
    if as_json:
        show_json({"file": str(out), "public": public})
    else:
        typer.echo(public)


def recover(
    home: Home,
    out: Annotated[Path | None, typer.Option(help="Where the statement to be signed goes. 待签声明文件")] = None,
    signed: Annotated[
        list[Path] | None, typer.Option(help="What a holder signed; once for each. 已签声明，可重复", exists=True)
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Replace lost or stolen keys by the holders of recovery keys: first --out, then --signed. 以恢复密钥更换密钥。"""
    from nodes.config import environment
    from nodes.last_resort import finish, prepare
    from nodes.posix import home_lock

    if (out is None) == (not signed):
        raise typer.BadParameter("--out, or --signed for each holder / 请填写 --out，或逐份填写 --signed")
    with home_lock(home):
        if out is not None:
            out.write_text(prepare(home, environment()), "utf-8")
            if as_json:
                show_json({"statement": str(out)})
            else:
                say(f"Have it signed / 请各持有人签署: lodetrace keys sign {out} --key THEIRS --out THEIRS.signed")
            return
        done = finish(home, environment(), [file.read_bytes() for file in signed or ()])
    vkey = done.identity.log.verifier.vkey
    if as_json:
        show_json({"entry": done.index, "vkeys": {"log": vkey}})
    else:
        typer.echo(
            f"✓ Entry {done.index} of the log says it; start the node again. 已更换，请重新启动节点。\nlog {vkey}"
        )


def sign(
    statement: Annotated[Path, typer.Argument(help="As recover --out wrote it. 待签声明", exists=True, dir_okay=False)],
    key: Annotated[Path, typer.Option(help="The file of your recovery key. 恢复密钥文件", exists=True, dir_okay=False)],
    out: Annotated[Path, typer.Option(help="A file that does not exist yet. 新文件")],
    as_json: AsJson = False,
) -> None:
    """Sign as a holder of a recovery key, on any machine, offline. 恢复密钥持有人离线签署。"""
    from nodes.config import environment, passphrase
    from nodes.last_resort import sign as sign_it

    out.write_bytes(sign_it(statement.read_text("utf-8"), key, passphrase(environment())))
    if as_json:
        show_json({"signed": str(out)})
    else:
        say(f"Signed / 已签署: {out}")
