"""A node's settings: HOME/config.toml, and the environment above it. The only reader of either.

Every setting may stand in the file under its own name, or in the environment as LODETRACE_ and that name in capitals,
which wins; lists and tables in the environment are JSON. Paths are taken from HOME.

Promises: all settings are checked at once, when they are loaded; the error names every wrong one, where it stands, what
stands there and what belongs there. What is loaded does not change. `write_initial` writes what `load` reads back.
Does not read the policy (nodes/node.py does) nor the keys (nodes/identity.py), nor see whether the port is free.

Over 400 lines because every setting is found in one place.
"""

import json
import os
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from ipaddress import ip_address, ip_network
from pathlib import Path
from ssl import PROTOCOL_TLS_CLIENT, SSLContext
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, ValidationInfo
from pydantic_settings import BaseSettings, EnvSettingsSource, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict
from pydantic_settings.sources.utils import parse_env_vars

from ledger.errors import Malformed, Unavailable
from ledger.log.notes import Verifier
from ledger.log.trust import Policy
from ledger.matter.events import is_name
from nodes.countries import is_country
from nodes.posix import write_private

FILE = "config.toml"
POLICY = "policy.txt"
HIGHWATER = "highwater"
PREFIX = "LODETRACE_"
ROLES = ("authority", "mine", "separation", "metal", "magnet", "motor", "recycler", "trader", "laboratory", "carrier")
NOT_SETTINGS = frozenset({"LODETRACE_HOME", "LODETRACE_URL", "LODETRACE_TOKEN", "LODETRACE_PASSPHRASE"})
"""What the command line, and `passphrase`, read from the environment; none of them is a setting."""


@dataclass(frozen=True, slots=True)
class Says:
    """What belongs in a setting, in English and Chinese: for errors, for a new file's comments, for documentation."""

    en: str
    zh: str


# -- kinds of values ----------------------------------------------------------------------------------------------


def _holds(check: Callable[[Any], bool]) -> AfterValidator:
    def validate(value: Any) -> Any:
        if not check(value):
            raise ValueError("not as it must be")
        return value

    return AfterValidator(validate)


def _from_json(value: Any) -> Any:
    """A list or table as the environment holds it. The error of a bad one is a ValueError, like any other here."""
    return json.loads(value) if isinstance(value, str) else value


def _in_home(path: Path, info: ValidationInfo) -> Path:
    path = info.data["home"] / path
    if not path.is_file():
        raise ValueError("no such file")
    return path


def _to_be_in_home(path: Path, info: ValidationInfo) -> Path:
    """A file that may not be there yet. Its folder must be: that of a disk that is not mounted is not."""
    path = info.data["home"] / path
    if not path.parent.is_dir() or path.is_dir():
        raise ValueError("no such folder")
    return path


def _with_its_certificate(path: Path | None, info: ValidationInfo) -> Path | None:
    if (path is None) != (info.data.get("tls_cert") is None):
        raise ValueError("the two go together")
    return path


def _of_authorities(path: Path) -> Path:
    try:
        SSLContext(PROTOCOL_TLS_CLIENT).load_verify_locations(path)
    except OSError as error:  # an SSLError is one
        raise ValueError("no certificates") from error
    return path


def _with_its_issuer(client: str | None, info: ValidationInfo) -> str | None:
    if (client is None) != (info.data.get("oidc_issuer") is None):
        raise ValueError("the two go together")
    return client


def _is_network(text: str) -> bool:
    try:
        ip_network(text)
    except ValueError:
        return False
    return True


def _is_host(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return text == "localhost" or ("/" not in text and is_name(text))
    return True


def _is_base_url(text: str) -> bool:
    try:
        url = urlsplit(text)
        named = bool(url.hostname) and url.port != 0 and "@" not in url.netloc
    except ValueError:
        return False
    bare = text == f"{url.scheme}://{url.netloc}{url.path}" and all("!" <= sign <= "~" for sign in text)
    return named and bare and url.scheme in ("http", "https") and not text.endswith("/")


def _is_printer(text: str) -> bool:
    """`zpl 203 HOST:PORT`: a language, a resolution, and where it listens for raw labels."""
    host, _, port = text.partition(" ")[2].partition(" ")[2].rpartition(":")
    known = text.startswith(tuple(f"{language} {dpi} " for language in ("zpl", "tspl") for dpi in ("203", "300")))
    return known and port.isascii() and port.isdigit() and 0 < int(port) < 1 << 16 and bool(host) and _is_host(host)


def _of_another(name: str, info: ValidationInfo) -> str:
    if name == info.data.get("name"):
        raise ValueError("nobody brings anything to himself")
    return name


def _codes_differ(sites: Sequence["Site"]) -> bool:
    return len({site.code for site in sites}) == len(sites)


_Line = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]
_Code = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_.-]{0,63}$")]
_Node = Annotated[str, _holds(lambda text: is_name(text) and len(text) <= 100)]
_Country = Annotated[str, _holds(is_country)]
_File = Annotated[Path, AfterValidator(_in_home)]
_NewFile = Annotated[Path, AfterValidator(_to_be_in_home)]
_FromJson = BeforeValidator(_from_json)
_NODE = Says(
    "a node's name, like a host's, in lower case: longnan.example", "节点名称，形如小写主机名：longnan.example"
)


# -- the settings -------------------------------------------------------------------------------------------------


class Site(BaseModel):
    """A place of the organisation where goods stand."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    code: _Code
    country: _Country
    region: _Line | None = None


class Settings(BaseSettings):
    """One node's settings, checked. `home` is where they were found; `load` makes them."""

    model_config = SettingsConfigDict(frozen=True, extra="forbid", env_prefix=PREFIX)

    home: Path
    name: Annotated[_Node, _NODE]
    organisation: Annotated[_Line, Says("the organisation's name, at most 200 characters", "企业名称，至多 200 个字符")]
    organisation_en: Annotated[
        _Line | None, Says("that name in Latin letters, at most 200 characters", "企业英文名称，至多 200 个字符")
    ] = None
    role: Annotated[
        str, _holds(ROLES.__contains__), Says(f"one of {', '.join(ROLES)}", f"取值之一：{'、'.join(ROLES)}")
    ]
    country: Annotated[_Country | None, Says("a country's two capital letters: CN", "国家代码，两个大写字母：CN")] = (
        None
    )
    host: Annotated[
        str,
        _holds(_is_host),
        Says("the address to listen on: 127.0.0.1, or 0.0.0.0 for all", "监听地址：127.0.0.1；0.0.0.0 为全部"),
    ] = "127.0.0.1"
    port: Annotated[
        int, Field(ge=1, le=65535), Says("the port to listen on, from 1 to 65535", "监听端口，1 到 65535")
    ] = 8470
    tls_cert: Annotated[
        _File | None,
        Says(
            "a file with the certificate, and those above it, as PEM; then the node speaks HTTPS",
            "PEM 证书文件（含上级证书）；设置后节点使用 HTTPS",
        ),
    ] = None
    tls_key: Annotated[
        Annotated[_File | None, AfterValidator(_with_its_certificate)],
        Says(
            "a file with the private key of tls_cert as PEM: both or neither",
            "tls_cert 对应的私钥文件（PEM）：两者同时设置或都不设置",
        ),
    ] = Field(default=None, validate_default=True)
    ca_file: Annotated[
        Annotated[_File, AfterValidator(_of_authorities)] | None,
        Says(
            "a file with the certificates of authorities that partners may use besides the public ones, as PEM",
            "除公共 CA 外，合作方可使用的其他 CA 的证书文件（PEM）",
        ),
    ] = None
    proxy_addresses: Annotated[
        tuple[Annotated[str, _holds(_is_network)], ...],
        NoDecode,
        _FromJson,
        Says(
            "the addresses of web servers in front, whose word on who asks is taken",
            "前置 Web 服务器的地址，仅采信其转告的来访者信息",
        ),
    ] = ("127.0.0.1", "::1")
    proxy_header: Annotated[
        Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9-]{0,63}$")] | None,
        Says(
            "the header in which such a web server names whom it has signed in: X-Remote-User",
            "前置服务器告知已登录人员的请求头：X-Remote-User",
        ),
    ] = None
    oidc_issuer: Annotated[
        Annotated[str, _holds(_is_base_url)] | None,
        Says(
            "the organisation's own sign-in, by OpenID Connect: its issuer, without a slash at its end",
            "企业统一登录（OpenID Connect）的 issuer 网址，末尾不带斜杠",
        ),
    ] = None
    oidc_client_id: Annotated[
        Annotated[_Line | None, AfterValidator(_with_its_issuer)],
        Says("as which it knows this node: both or neither", "本节点在统一登录中的 client_id：两者须同时设置"),
    ] = Field(default=None, validate_default=True)
    oidc_secret: Annotated[
        _File | None,
        Says(
            "a file for its owner's eyes only, with the secret that this sign-in asks for, if any",
            "存放统一登录 client_secret 的文件，仅属主可读；无则不填",
        ),
    ] = None
    oidc_claim: Annotated[
        Annotated[str, Field(pattern=r"^[A-Za-z0-9_.:/-]{1,100}$")],
        Says(
            "what of its answer names a person; nothing that people can change themselves",
            "以应答中的哪一项识别人员；不得为本人可自行更改的项目",
        ),
    ] = "sub"
    label_url: Annotated[
        str,
        _holds(_is_base_url),
        Says(
            "the address printed on labels, without a slash at its end: https://q.longnan.example",
            "印在标签上的网址，末尾不带斜杠：https://q.longnan.example",
        ),
    ] = Field(
        default_factory=lambda data: f"{'http' if data.get('tls_cert') is None else 'https'}://127.0.0.1:{data['port']}"
    )
    policy: Annotated[
        _File, Says("a file with the trust policy: the logs of the partners", "信任策略文件：列出合作方的日志")
    ] = Field(default=Path(POLICY), validate_default=True)
    highwater: Annotated[
        _NewFile,
        Says(
            "a file with how far the log was published, in a folder that exists; best on another disk, in no backup",
            "记录日志已发布到何处的文件，目录须已存在；宜放在另一磁盘，不纳入备份",
        ),
    ] = Field(default=Path(HIGHWATER), validate_default=True)
    authority: Annotated[
        Annotated[_Node, AfterValidator(_of_another)] | None,
        Says(
            "the name of the authority's node, never this one's own: authority.example",
            "监管部门节点的名称，不得为本节点自己：authority.example",
        ),
    ] = None
    deliver_via: Annotated[
        Annotated[_Node, AfterValidator(_of_another)] | None,
        Says(
            "for a node that nobody can reach: the name of the node that relays for it, hub.example",
            "外部无法访问的节点：为其中转的节点名称，如 hub.example",
        ),
    ] = None
    relay_for: Annotated[
        tuple[_Node, ...],
        NoDecode,
        _FromJson,
        Says(
            "the names of nodes that nobody can reach, for which this one keeps messages",
            "由本节点代为保管消息的节点名称列表，这些节点外部无法访问",
        ),
    ] = ()
    relay_box_messages: Annotated[
        int,
        Field(ge=1, le=100_000),
        Says(
            "how many messages wait here for one such node, 1 to 100000", "为每个此类节点最多保管的消息数，1 到 100000"
        ),
    ] = 1000
    relay_box_mb: Annotated[
        int,
        Field(ge=1, le=10_000),
        Says("and of how many MiB in all, 1 to 10000", "及其总大小上限（MiB），1 到 10000"),
    ] = 256
    reference: Annotated[
        _File | None,
        Says("a file with your own reference data, laid over what is shipped", "自有参考数据文件，覆盖随附数据"),
    ] = None
    registry_confirms_keys: Annotated[
        bool,
        Says(
            "at an authority: false if new keys of members wait for somebody to confirm them",
            "监管节点：false 表示成员更换的密钥须由人工确认",
        ),
    ] = True
    evidence_public: Annotated[
        bool,
        Says(
            "true if whoever scans a label may see the organisations on the way and download the evidence",
            "true 表示扫码者可看到沿途单位并下载证据包",
        ),
    ] = False
    evidence_below_pools: Annotated[
        bool,
        Says(
            "true if evidence of goods drawn from your pools shows what was charged, not only the pool's period",
            "true 表示从料仓/槽体取出货物的证据包同时展示投入批次，而非仅到周期为止",
        ),
    ] = False
    origins_enforced: Annotated[
        bool,
        Says(
            "false if origins that your role does not register, or that lack a paper, are only reported as findings",
            "false 表示本角色不得登记的来源或缺少凭证的登记只作为疑点上报，不予拒绝",
        ),
    ] = True
    body_max: Annotated[
        int,
        Field(ge=1 << 16, le=1 << 30),
        Says("the largest request, from 65536 to 1073741824 bytes", "请求的最大字节数，65536 到 1073741824"),
    ] = 16 << 20
    retry_max_s: Annotated[
        int,
        Field(ge=1, le=86400),
        Says("the longest pause between two deliveries, 1 to 86400 seconds", "两次投递之间的最长间隔，1 到 86400 秒"),
    ] = 900
    registry_poll_s: Annotated[
        int,
        Field(ge=1, le=86400),
        Says(
            "how often the registries of the trust policy are asked for news, 1 to 86400 seconds",
            "多久向信任策略中的登记机构询问一次更新，1 到 86400 秒",
        ),
    ] = 60
    witness_again_s: Annotated[
        int,
        Field(ge=1, le=86400),
        Says(
            "after how long witnesses are asked again when nothing was recorded, 1 to 86400 seconds",
            "没有新记录时，间隔多久再次请求见证，1 到 86400 秒",
        ),
    ] = 3600
    mldsa: Annotated[
        bool,
        Says(
            "true if this node cosigns with an ML-DSA-44 key too, which must have been made with the home",
            "true 表示本节点同时以 ML-DSA-44 密钥联署；该密钥须在建立节点时生成",
        ),
    ] = False
    watch_max_s: Annotated[
        int,
        Field(ge=0, le=86400),
        Says(
            "the longest pause between two looks at a partner's log, 1 to 86400 seconds; 0 for no looks at all",
            "两次查看合作方日志之间的最长间隔，1 到 86400 秒；0 表示不查看",
        ),
    ] = 900
    watch_limit_s: Annotated[
        int,
        Field(ge=1, le=31_536_000),
        Says(
            "after how many seconds it is an alarm that a log does not show what others were shown, 1 to 31536000",
            "日志未展示他人已见到的内容超过多少秒即告警，1 到 31536000",
        ),
    ] = 86400
    sites: Annotated[
        tuple[Site, ...],
        NoDecode,
        _FromJson,
        _holds(_codes_differ),
        Says(
            "sites, each with a code of its own, a country, and perhaps a region",
            "场所列表，每个场所有不同的 code、country，可有 region",
        ),
    ] = ()
    products: Annotated[
        dict[_Line, _Code],
        NoDecode,
        _FromJson,
        Says("your own product codes: P-100 = prnd_oxide", "自有产品编码：P-100 = prnd_oxide"),
    ] = {}
    partners: Annotated[
        dict[_Line, _Node],
        NoDecode,
        _FromJson,
        Says("your own partner codes: K-17 = metal.example", "自有客户编码：K-17 = metal.example"),
    ] = {}

    printers: Annotated[
        dict[_Line, Annotated[str, _holds(_is_printer)]],
        NoDecode,
        _FromJson,
        Says(
            "label printers, each with its language, resolution and address: line-1 = zpl 203 192.0.2.7:9100",
            "标签打印机，依次为语言、分辨率和地址：line-1 = zpl 203 192.0.2.7:9100",
        ),
    ] = {}

    @classmethod
    def settings_customise_sources(cls, *_: Any, **sources: Any) -> tuple[PydanticBaseSettingsSource, ...]:
        """Nothing but its arguments: `load` brings both sources together, and can say what came from where."""
        return (sources["init_settings"],)

    @property
    def database(self) -> Path:
        return self.home / "node.db"

    @property
    def url(self) -> str:
        """Where a program on this machine finds the node."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)  # noqa: S104 - all is no address to ask
        scheme = "http" if self.tls_cert is None else "https"
        return f"{scheme}://[{host}]:{self.port}" if ":" in host else f"{scheme}://{host}:{self.port}"

    def site(self, code: str) -> Site | None:
        return next((site for site in self.sites if site.code == code), None)


NAMES = tuple(name for name in Settings.model_fields if name != "home")
TABLES = ("sites", "products", "partners", "printers")
"""These stand at the end of the file, as TOML wants it."""


def variable(name: str) -> str:
    """The environment's name for a setting."""
    return PREFIX + name.upper()


def says(name: str) -> Says:
    """What belongs in the setting `name`."""
    return next(note for note in Settings.model_fields[name].metadata if isinstance(note, Says))


# -- loading ------------------------------------------------------------------------------------------------------


class _Environment(EnvSettingsSource):
    """The library's reading of an environment, but of the one it is handed."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        super().__init__(Settings)

    def _load_env_vars(self) -> Mapping[str, str | None]:
        return parse_env_vars(self._environ, ignore_empty=True)


def environment() -> Mapping[str, str]:
    """The process's own, to hand to whoever asks for one."""
    return os.environ


def passphrase(environ: Mapping[str, str]) -> bytes | None:
    """LODETRACE_PASSPHRASE, which opens the key files. It is no setting, because files get copied."""
    return environ.get(f"{PREFIX}PASSPHRASE", "").encode() or None


def load(home: Path, environ: Mapping[str, str]) -> Settings:
    """Unavailable if there is no node at `home`; Malformed("settings-wrong") with every reason if anything is wrong."""
    file = home / FILE
    try:
        text = file.read_bytes()
    except OSError as error:
        raise Unavailable("settings-missing", field=str(file), value=error.strerror) from error
    try:
        written = tomllib.loads(text.decode())
    except ValueError as error:
        raise Malformed("settings-unreadable", field=str(file), why=str(error)) from error
    return _check(home, written, environ)


def write_initial(
    home: Path, *, name: str, organisation: str, role: str, policy: str = "quorum none\n", **more: Any
) -> Settings:
    """Writes config.toml and policy.txt into the folder `home`. `more` are further settings, None for none."""
    Policy.parse(policy)
    write_private(home / POLICY, policy.encode())
    values = {"name": name, "organisation": organisation, "role": role, **more}
    values = {key: value for key, value in values.items() if value is not None}
    settings = _check(home, values, {})
    write_private(home / FILE, _print(values).encode())
    return settings


def copy(home: Path, to: Path, named: Verifier) -> Settings:
    """The settings of a home in the folder `to`, with its policy and reference data; the high-water file is its own.

    Where no registry of the policy could tell of it, the log of the key `named` is added to the policy.
    """
    settings = load(home, {})
    values = tomllib.loads((home / FILE).read_text("utf-8"))
    for name in ("policy", "highwater"):
        values.pop(name, None)
    if settings.reference is not None:
        values["reference"] = settings.reference.name
        write_private(to / settings.reference.name, settings.reference.read_bytes())
    # Secrets are not copied about: these stay where they are.
    values |= {
        name: str(getattr(settings, name))
        for name in ("tls_cert", "tls_key", "ca_file", "oidc_secret")
        if name in values
    }
    policy = settings.policy.read_text("utf-8")
    if not Policy.parse(policy).registries:
        policy = f"log {named.vkey}\n{policy}"
    return write_initial(to, **{**values, "policy": policy})


def _check(home: Path, written: Mapping[str, Any], environ: Mapping[str, str]) -> Settings:
    """What stands in the environment hides what stands in the file, right or wrong."""
    given = _Environment(environ)()
    given.pop("home", None)
    values = {key: value for key, value in written.items() if key in NAMES} | given
    wrong = [_unknown(key, value, NAMES) for key, value in written.items() if key not in NAMES]
    variables = [variable(name) for name in NAMES]
    wrong += [
        _unknown(key, value, variables)
        for key, value in environ.items()
        if key.startswith(PREFIX) and key not in NOT_SETTINGS and key not in variables
    ]
    try:
        settings = Settings(home=home.resolve(), **values)
    except ValidationError as error:
        places = (one["loc"] for one in error.errors() if one["type"] != "default_factory_not_called")
        wrong = [_misfit(place, values, given) for place in dict.fromkeys(places)] + wrong
    if wrong:
        en, zh = ("\n".join(f"  - {line}" for line in lines) for lines in zip(*wrong, strict=True))
        raise Malformed("settings-wrong", field=str(home / FILE), value=len(wrong), en=en, zh=zh)
    return settings


def _misfit(place: Sequence[int | str], values: Mapping[str, Any], given: Mapping[str, Any]) -> tuple[str, str]:
    """The two lines about a setting whose value does not fit, with the part of it that does not."""
    name = str(place[0])
    shown = name + "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in place[1:])
    source = variable(name) if name in given else FILE
    value: Any = values
    try:
        for step in place:
            value = value if isinstance(value, str) else value[step]  # a str: JSON from the environment, shown whole
        what_en = what_zh = f"= {_short(value)} ({source})"
    except (LookupError, TypeError):
        what_en, what_zh = f"is missing ({source})", f"缺失（{source}）"
    return f"{shown} {what_en}. Wanted: {says(name).en}", f"{shown} {what_zh}。应为：{says(name).zh}"


def _unknown(key: str, value: Any, known: Iterable[str]) -> tuple[str, str]:
    near = get_close_matches(key, list(known), n=1)
    en = f"did you mean {near[0]}?" if near else "remove it"
    zh = f"是否应为 {near[0]}？" if near else "请删除"
    return f"{key} = {_short(value)}: there is no such setting; {en}", f"{key} = {_short(value)}：没有此设置；{zh}"


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else f"{text[:60]}…"


# -- writing ------------------------------------------------------------------------------------------------------


def _print(values: Mapping[str, Any]) -> str:
    """A TOML file that `load` reads back, with the settings that were not given as comments: what they are, and how."""
    lines = [
        "# Settings of this node. Any of them can also be given in the environment: LODETRACE_PORT=8471.",
        "# 本节点的设置，均可改由环境变量给出，如 LODETRACE_PORT=8471。",
    ]
    for name in NAMES:
        if name in TABLES:
            continue
        lines += ["", f"# {says(name).en} / {says(name).zh}"]
        default = Settings.model_fields[name].default
        if name in values:
            lines.append(f"{name} = {_toml(values[name])}")
        else:
            lines.append(f"# {name} = {_toml(default) if isinstance(default, (int, str, Path)) else '…'}")
    for name in TABLES:
        lines += ["", f"# {says(name).en} / {says(name).zh}"]
        content = values.get(name) or ()
        if isinstance(content, Mapping):
            lines += [f"[{name}]", *(f"{_toml(key)} = {_toml(value)}" for key, value in content.items())]
        for row in () if isinstance(content, Mapping) else content:
            lines += [f"[[{name}]]", *(f"{key} = {_toml(value)}" for key, value in row.items() if value is not None)]
    return "\n".join(lines) + "\n"


def _toml(value: object) -> str:
    """JSON's strings and integers are TOML's too, as far as settings may hold them: without control characters."""
    return json.dumps(value, ensure_ascii=False, default=str)
