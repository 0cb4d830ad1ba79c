"""Doctor: looks at a home and at what it needs, and says of each thing whether it is well. It changes nothing.

    settings · trust policy · keys · database · log · high water · witnesses · clock · disk · deliveries · webhooks ·
    forks · deposits, at an authority · peers

Each look answers on its own, so one illness does not hide another; what cannot be looked at because of an earlier one
is not told. Does not replay the log: `lodetrace audit` does.
"""

import asyncio
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from ledger.entries import open_entry, parse_entry
from ledger.errors import Conflict, LodetraceError, Unavailable, Unverified
from ledger.log.checkpoints import open_checkpoint
from ledger.log.merkle import root_at
from ledger.log.trust import Policy, organisation
from nodes import config
from nodes import identity as keys
from nodes.clock import Clock, next_stamp, system_clock
from nodes.config import Settings
from nodes.introductions import open_introduction
from nodes.node import Node
from nodes.overlooking import worked_out
from nodes.peers import Peers
from nodes.posix import home_lock
from nodes.rekeyed import own_keys
from nodes.rollback import Memory, ask_witnesses, contradiction, of_highwater
from nodes.store import deliveries, followed, forks, health, log, webhooks
from nodes.verbs.books import AUTHORITY

PEER_SECONDS = 5.0
LITTLE_SPACE = 1 << 30
"""Free bytes below which a disk is worth a warning: some days of a busy plant, with its backups."""
OK, WARNING, FAILED = "ok", "warning", "failed"
WARNINGS = frozenset(
    {
        "deliveries-waiting",
        "disk-low",
        "home-in-use",
        "no-partners",
        "not-witnessed-yet",
        "peer-said-no",
        "peer-unreachable",
        "peer-without-address",
        "webhook-calls-given-up",
        "witness-silent",
    }
)
"""Errors with which a node still does its work, or that mend themselves."""

Said = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one look found, in English and Chinese. `state`: ok, warning or failed."""

    check: str
    state: str
    en: str
    zh: str


def examine(home: Path, environ: Mapping[str, str], clock: Clock = system_clock) -> Iterator[Outcome]:
    """One outcome after another, as it is found."""
    yield _look("disk", lambda: _disk(home))
    try:
        settings = config.load(home, environ)
    except LodetraceError as error:
        yield _ill("settings", error)
        return
    sites = ", ".join(site.code for site in settings.sites) or "-"
    yield Outcome("settings", OK, f"{settings.name}, sites: {sites}", f"{settings.name}，场所：{sites}")
    yield _look("running", lambda: _running(home, settings))
    policy = _look("policy", lambda: _policy(settings))
    yield policy
    held = _look("keys", lambda: _keys(settings, environ))
    yield held
    if FAILED in (policy.state, held.state):
        return
    try:
        node = Node.open(home, environ, clock)
    except LodetraceError as error:
        yield _ill("database", error)
        return
    try:
        node.learn_keys()  # a partner may have replaced the key that the policy names
        yield _look("database", lambda: _database(node))
        yield _look("log", lambda: _head(node))
        yield _look("highwater", lambda: _highwater(node))
        yield _look("witnesses", lambda: _witnesses(node))
        yield _look("clock", lambda: _clock(node))
        yield _look("deliveries", lambda: _deliveries(node))
        yield _look("webhooks", lambda: _webhooks(node))
        yield _look("forks", lambda: _forks(node))
        if node.settings.role == AUTHORITY:
            yield _look("deposits", lambda: _deposits(node))
        yield from asyncio.run(_peers(node))
    finally:
        node.stop()


def _look(check: str, look: Callable[[], Said]) -> Outcome:
    try:
        return Outcome(check, OK, *look())
    except LodetraceError as error:
        return _ill(check, error)


def _ill(check: str, error: LodetraceError) -> Outcome:
    return Outcome(check, WARNING if error.code in WARNINGS else FAILED, error.text("en"), error.text("zh"))


# -- the looks ----------------------------------------------------------------------------------------------------


def _disk(home: Path) -> Said:
    try:
        free = shutil.disk_usage(home).free
    except OSError as error:
        raise Unavailable("file-unreadable", field=str(home), value=error.strerror) from error
    size = f"{free / (1 << 30):.1f} GiB"
    if free < LITTLE_SPACE:
        raise Unavailable("disk-low", field=str(home), value=size)
    return f"{size} free", f"剩余 {size}"


def _running(home: Path, settings: Settings) -> Said:
    try:
        with home_lock(home):
            return "no process serves this home", "没有进程在运行此节点"
    except Unavailable as error:
        if error.code != "home-in-use":
            raise
        return f"process {error.value} serves it at {settings.url}", f"进程 {error.value} 正在 {settings.url} 运行"


def _policy(settings: Settings) -> Said:
    policy = Policy.parse(settings.policy.read_bytes())
    others = [origin for origin in policy.logs if organisation(origin) != settings.name]
    if not others:
        raise Unavailable("no-partners", field=str(settings.policy))
    return f"partners: {len(others)}, quorum: {policy.quorum}", f"合作方：{len(others)}，法定人数：{policy.quorum}"


def _keys(settings: Settings, environ: Mapping[str, str]) -> Said:
    held = keys.load(settings.home, settings.name, config.passphrase(environ), mldsa=settings.mldsa)
    signers = (("log", held.log), ("author", held.author), *(("witness", one) for one in held.cosigners))
    ids = ", ".join(f"{use} {signer.verifier.key_id.hex()}" for use, signer in signers)
    return f"private and readable: {ids}", f"私有且可读：{ids}"


def _database(node: Node) -> Said:
    """That it opened says already: WAL, synchronous=FULL, foreign keys, the right schema, the keys of its entry 0."""
    with node.store.read() as conn:
        found = health.damage(conn)
    if found is not None:
        raise Unavailable("database-damaged", field=str(node.store.path), value=found)
    return "its pages are sound; WAL, synchronous=FULL", "页面完好；WAL，synchronous=FULL"


def _head(node: Node) -> Said:
    """The last entry is the head's and its author's; the newest checkpoint is of this log, and of this tree."""
    with node.store.read() as conn:
        head, newest = log.head(conn), log.latest_checkpoint(conn)
        last = parse_entry(log.entry(conn, head.size - 1).note)
        if newest is None:
            raise Unavailable("no-checkpoint-yet", field="log", value=node.origin)
        own = own_keys(conn)
        checkpoint = open_checkpoint(newest[1], own.log_at(newest[0]), node.origin)
        if checkpoint.size > head.size:
            raise Unverified("log-cut-off", field="checkpoint", value=checkpoint.size, log=node.origin, size=head.size)
        if root_at(checkpoint.size, log.hashes(conn)) != checkpoint.root:
            raise Unverified("root-differs", field="checkpoint", value=checkpoint.size, log=node.origin)
    open_entry(last.raw, own.signers_at(last.index))
    if last.text_hash != head.text_hash:
        raise Conflict("head-moved", field="head", value=last.index + 1, size=head.size)
    return f"entries: {head.size}, checkpoint: {checkpoint.size}", f"条目：{head.size}，检查点：{checkpoint.size}"


def _highwater(node: Node) -> Said:
    """Nothing was published that the database does not have."""
    memories = of_highwater(node.sequencer.highwater)
    _compare(node, memories)
    path = node.settings.highwater
    if not memories:
        return f"{path} is not there yet: the next start writes it", f"{path} 尚不存在，下次启动时写入"
    return f"{memories[0].checkpoint.size} in {path}", f"{path}：{memories[0].checkpoint.size}"


def _witnesses(node: Node) -> Said:
    """No witness knows more of our log than the database has, and what we recorded may be shown: under the quorum that
    our own trust policy asks for.
    """
    memories, silent = asyncio.run(ask_witnesses(node.identity, node.policy, node.settings.ca_file))
    _compare(node, memories)
    with node.store.read() as conn:
        newest, shown = log.latest_checkpoint(conn), log.shown_checkpoint(conn)
    if newest is not None and (shown is None or shown[0] < newest[0] or not node.accepts(shown[1])):
        raise Unavailable("not-witnessed-yet", field="log", value=newest[0])
    if silent:
        raise silent[0]
    quorum, size = node.policy.quorum, shown[0] if shown else 0
    return f"quorum {quorum}, met at size {size}", f"法定人数 {quorum}，大小 {size} 处已满足"


def _compare(node: Node, memories: list[Memory]) -> None:
    with node.store.read() as conn:
        error = contradiction(conn, memories)
    if error is not None:
        raise error


def _clock(node: Node) -> Said:
    with node.store.read() as conn:
        last = log.head(conn).recorded_at
    now = next_stamp(node.clock, last)
    return f"{now}, not behind the last entry", f"{now}，不早于最后一条"


def _deliveries(node: Node) -> Said:
    with node.store.read() as conn:
        counted = deliveries.counts(conn)
        refused = deliveries.first_with_error(conn, "refused")
        late = deliveries.first_with_error(conn, "waiting")
    if refused is not None:
        raise Unavailable(
            "deliveries-refused",
            field=refused.to,
            value=counted["refused"],
            subject=refused.subject,
            en=refused.told("en"),
            zh=refused.told("zh"),
        )
    if late is not None:
        raise Unavailable(
            "deliveries-waiting", field=late.to, value=counted["waiting"], en=late.told("en"), zh=late.told("zh")
        )
    sent = counted.get("sent", 0)
    return (
        f"{sent} confirmed, {counted.get('waiting', 0)} under way",
        f"已确认 {sent}，在途 {counted.get('waiting', 0)}",
    )


def _webhooks(node: Node) -> Said:
    with node.store.read() as conn:
        known, lost = webhooks.everything(conn), webhooks.given_up(conn)
    if lost:
        raise Unavailable("webhook-calls-given-up", field="webhooks", value=lost)
    return f"{len(known)} named, no call given up", f"已登记 {len(known)} 个，没有放弃的通知"


def _forks(node: Node) -> Said:
    with node.store.read() as conn:
        found, alarms = forks.everything(conn), followed.alarms(conn)
        unseen = next((one for one in found if forks.unacknowledged(conn, one.origin) is not None), None)
    if unseen is not None:
        raise Unverified("entry-forked", field=unseen.origin, value=unseen.index)
    for one in alarms:
        if one.acknowledged_at is None:
            raise Unverified("log-alarm", field=one.origin, value=one.code, en=one.en, zh=one.zh)
    known = [f"{one.origin} {one.index} ({one.acknowledged_by})" for one in found if one.acknowledged_at is not None]
    known += [f"{one.origin} {one.code} ({one.acknowledged_by}: {one.reason})" for one in alarms]
    seen = "; ".join(known)
    return (f"acknowledged: {seen}", f"已确认：{seen}") if known else ("none seen", "未发现")


def _deposits(node: Node) -> Said:
    """That everything deposited here can be worked out, as pages show it; it takes as long as at the node's start."""
    made = worked_out(node.oversight, node.clock)
    return (
        f"{len(made.logs)} logs, findings: {len(made.findings)}",
        f"{len(made.logs)} 本账，疑点：{len(made.findings)}",
    )


async def _peers(node: Node) -> list[Outcome]:
    """Every other node of the policy, at once: does it answer, and is it who the policy says?"""
    others = sorted({organisation(origin) for origin in node.policy.logs} - {node.settings.name})
    way = Peers(node.identity, lambda: node.policy, ca_file=node.settings.ca_file)
    try:
        return list(await asyncio.gather(*(_peer(node.policy, way, name) for name in others)))
    finally:
        await way.aclose()


async def _peer(policy: Policy, way: Peers, name: str) -> Outcome:
    try:
        async with asyncio.timeout(PEER_SECONDS):
            told = await way.fetch_well_known(name)
        open_introduction(told, name, policy)
    except TimeoutError:
        return _ill(name, Unavailable("peer-unreachable", field=name, value=f"{PEER_SECONDS:.0f} s"))
    except LodetraceError as error:
        return _ill(name, error)
    return Outcome(
        name, OK, f"answers at {way.url_of(name)}, with the key we trust", f"{way.url_of(name)} 应答，密钥相符"
    )
