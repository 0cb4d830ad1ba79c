"""`lodetrace device …`: scales, handhelds and gateways that sign what they record, also without a network."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from api.commands.asking import At, Key, get, node, record, told
from api.commands.terminal import AsJson, Token, Url, say, show_json, show_table

Code = Annotated[str, typer.Argument(help="Your code for it: yard-scale-2. 设备代码")]
KeyFile = Annotated[Path, typer.Option("--key-file", help="The device's private key, PKCS#8. 设备私钥文件")]


def add(app: typer.Typer) -> None:
    device = typer.Typer(no_args_is_help=True, help="What signs for itself: add, retire, list, try. 采集设备")
    device.command("add")(add_)
    device.command()(retire)
    device.command("list")(list_)
    device.command("key")(key_)
    device.command()(sign)
    app.add_typer(device, name="device")


def add_(
    device: Code,
    url: Url,
    token: Token,
    public: Annotated[str, typer.Option("--public", help="Its Ed25519 key: base64 of 32 bytes. 设备公钥")],
    at: At = None,
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """Name a device and its key, or give it another key; its count goes on. 登记设备。"""
    with node(url, token) as client:
        content = {"device": device, "key": public, "at": at}
        answer = record(client, "/api/v1/devices", content, {}, body=None, key=key)
    told(answer, as_json, lambda: typer.echo(f"✓ device {device} 已登记"))


def retire(device: Code, url: Url, token: Token, at: At = None, key: Key = None, as_json: AsJson = False) -> None:
    """End a device: nothing that it signed is recorded any more. 停用设备。"""
    with node(url, token) as client:
        answer = record(client, "/api/v1/devices", {"device": device, "at": at}, {}, body=None, key=key)
    told(answer, as_json, lambda: typer.echo(f"✓ device {device} 已停用"))


def list_(url: Url, token: Token, as_json: AsJson = False) -> None:
    """Devices, their keys, and the last number recorded of each. 设备列表。"""
    with node(url, token) as client:
        found = get(client, "/api/v1/devices")
    if as_json:
        show_json(found)
        return
    rows = [(one["device"], one["key"] or "retired 已停用", one["seq"]) for one in found["devices"]]
    show_table(("device", "key", "seq"), rows)


def key_(
    device: Code,
    key_file: KeyFile,
    as_json: AsJson = False,
) -> None:
    """Make a key for a program that stands in for a device, and print its public half. 生成设备密钥。"""
    from nodes.devices import new_key

    public = new_key(key_file, device)
    if as_json:
        show_json({"device": device, "public": public})
    else:
        say(public)


def sign(
    file: Annotated[Path, typer.Argument(help="A request as for --body, JSON. 请求文件")],
    device: Annotated[str, typer.Option("--device", help="Its code. 设备代码")],
    seq: Annotated[int, typer.Option("--seq", min=1, help="Its own number, higher each time. 序号")],
    log: Annotated[str, typer.Option("--log", help="The log that it is for: mine.example/log. 日志")],
    verb: Annotated[str, typer.Option("--verb", help="What is asked for, as the interface names it: register. 操作")],
    key_file: KeyFile,
    at: At = None,
) -> None:
    """Sign a request as a device does; the answer is a request for --body. 以设备身份签名。"""
    import json

    from ledger.errors import Malformed, Unavailable
    from nodes.devices import signed

    try:
        body = json.loads(file.read_bytes())
    except OSError as error:
        raise Unavailable("file-unreadable", field=str(file), value=error.strerror) from error
    except ValueError as error:
        raise Malformed("malformed", field=str(file), why=f"it is not JSON ({error})") from error
    if not isinstance(body, dict):
        raise Malformed("malformed", field=str(file), why="it is not a JSON object")
    now = at or datetime.now(UTC).isoformat(timespec="seconds")
    show_json(signed(key_file, log, device, seq, now, verb, body))
