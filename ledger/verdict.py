"""Verdicts: proven, attested, claimed. The three words, used exactly, and how each is earned.

    proven    authorship, order, inclusion, disclosed values, and a sum whose every term is disclosed to this reader
    attested  an authority or auditor recorded that it replayed the log with the disclosures up to this index
    claimed   everything else: what an organisation says about the world, such as an origin or a process

A verdict words what `evidence.verify` checked; it checks nothing itself. "Valid" always reads "no recall or correction
known as of size N, time T". Where elements come from is never proven: it is claimed by the organisation that committed
to it, or attested, where somebody replayed that organisation's log with provenance among the checks; and that says that
it follows from what the organisation recorded and was told, not that what it was told is true.

Over 400 lines because every sentence stands with what earns it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ledger.entries import id_in
from ledger.evidence import Checked, LogFacts, Result
from ledger.log.trust import organisation
from ledger.matter.event_types import REGISTRY_TYPES
from ledger.matter.events import Event
from ledger.matter.genealogy import event_at, made
from ledger.matter.rows import Row
from ledger.origins import Told, told_of

LAST_SECOND = 253_402_300_799
"""Of the year 9999, after which a time has no four-digit year; a cosignature may state any 63-bit number."""
PROVEN, ATTESTED, CLAIMED = "proven", "attested", "claimed"
WORDS: Mapping[str, tuple[str, str]] = {
    PROVEN: ("proven", "已证明"),
    ATTESTED: ("attested", "已鉴证"),
    CLAIMED: ("claimed", "自称"),
}
"""English and Chinese for people; programs use the English word."""

MEMBERSHIP = ("member", "member-days", "member-suspended")
"""Notices of what a registry says of an organisation."""
MODEL_WORDS: Mapping[str, tuple[str, str]] = {
    "identity_preserved": ("identity preserved", "同一性保持"),
    "segregated": ("segregated", "物理隔离"),
    "controlled_blending": ("controlled blending", "受控混合"),
    "mass_balance": ("mass balance", "质量平衡"),
    "book_and_claim": (
        "book and claim: certificates, and no statement about these goods",
        "账面声明（不代表实物来源）",
    ),
}
"""Models of the chain of custody, as people read them."""
CHECK_WORDS: Mapping[str, tuple[str, str]] = {
    "custody": ("custody", "保管链"),
    "balance": ("element balances", "元素平衡"),
    "provenance": ("origins", "来源"),
}
"""What an attestation rests on, as people read it."""
GUEST_WORDS: Mapping[str, tuple[str, str]] = {
    "complete": ("all of it arrived", "全部收到"),
    "differing": ("it arrived with differences", "收到但有差异"),
}
"""What a consignee without a node may say of a shipment as a whole."""

SENTENCES: Mapping[str, tuple[str, str]] = {
    "authorship": (
        "{entries} entries were written by the {logs} organisations named, in each log's order, and are unchanged.",
        "{entries} 条记录由所列 {logs} 家单位按各自日志的次序写下，且未被更改。",
    ),
    "authorship-by-own-word": (
        "{entries} entries fit the keys of {logs} logs that this file brings along. Whose they are, it alone says.",
        "{entries} 条记录与此文件自带的 {logs} 个日志的密钥相符。密钥归谁所有，只有文件自己在说。",
    ),
    "disclosed": (
        "{values} values shown here are the ones committed to when they were recorded.",
        "此处显示的 {values} 个数值即记录当时所承诺的数值。",
    ),
    "handovers": (
        "{handovers} handovers: sender and receiver state the same goods, shipment by shipment.",
        "{handovers} 次交接：发货方与收货方逐票陈述一致。",
    ),
    "witnessed": (
        "Of each of the {logs} logs, the newest checkpoint is cosigned by {least} or more witnesses of others.",
        "{logs} 本日志各自的最新检查点均有 {least} 个或更多其他单位的见证方联署。",
    ),
    "statements": (
        "Origin, process, country and product are what each organisation says; nobody has attested them.",
        "来源、工序、国家与产品均为各单位自述，尚无鉴证。",
    ),
    "statements-not-attested": (
        "What is not attested above is what each organisation says: origin, process, country and product.",
        "以上未经鉴证的内容，包括来源、工序、国家与产品，均为各单位自述。",
    ),
    "attested": (
        "{by} replayed the first {size} entries of {log}, checking {checks}; {entries} of them are here.",
        "{by} 已重放 {log} 的前 {size} 条记录，核查项目：{checks}；此处有其中 {entries} 条。",
    ),
    "inspected": (
        "{by} inspected {what} at {log} on {day}: {result}.",
        "{by} 于 {day} 在 {log} 检查了 {what}：{result}。",
    ),
    "origins": (
        "{log} tells where {elements} in {what} come from; the model of the chain of custody is {model}.",
        "{log} 陈述了 {what} 中 {elements} 的来源；监管链模式为 {model}。",
    ),
    "confirmed-by-guest": (
        "By entry {index} of {log}, whoever held the link of shipment {shipment} said that {how}. Nothing proves who.",
        "持有 {log} 为发货 {shipment} 所发链接的人称：{how}（第 {index} 号记录）；其身份未经证明。",
    ),
    "corrected": (
        "Entry {corrected} of {log} was corrected by its entry {index} ({how}).",
        "{log} 的第 {corrected} 号记录已由第 {index} 号记录更正（{how}）。",
    ),
    "held": (
        "Goods of {what} are held since entry {index} of {log}.",
        "{log} 的第 {index} 号记录起冻结了 {what} 的货物。",
    ),
    "hold-ended": (
        "The hold on goods of {what} by entry {index} of {log} has ended.",
        "{log} 的第 {index} 号记录对 {what} 货物的冻结已解除。",
    ),
    "recalled": (
        "{what} was recalled by entry {index} of {log}.",
        "{what} 已由 {log} 的第 {index} 号记录召回。",
    ),
    "recall-ended": (
        "The recall of {what} by entry {index} of {log} was taken back.",
        "{log} 的第 {index} 号记录对 {what} 的召回已撤销。",
    ),
    "no-correction-known": (
        "No recall or correction known as of size {size} of {log}, time {time}.",
        "截至 {log} 的大小 {size}、时间 {time}，未知有召回或更正。",
    ),
    "consistency-not-shown": (
        "Several checkpoints of {log} are given; that they are one history is not shown here.",
        "给出了 {log} 的多个检查点；此处未展示它们属于同一历史。",
    ),
    "member": (
        "{name} is a member of the registry {registry} as of {as_of}.",
        "截至 {as_of}，{name} 是登记处 {registry} 的成员。",
    ),
    "member-days": (
        "{name} is a member of the registry {registry} as of {as_of}, {days} days ago.",
        "截至 {as_of}（{days} 天前），{name} 是登记处 {registry} 的成员。",
    ),
    "member-suspended": (
        "{name} was suspended by the registry {registry}, from size {size} of its log on.",
        "登记处 {registry} 自 {name} 日志大小 {size} 起暂停了该成员。",
    ),
    "not-vouched": (
        "Self-consistent, vouched by nobody: no trust policy was given.",
        "自洽，但无人担保：未提供信任策略。",
    ),
    "cut-at-period": (
        "Goods were drawn from a pool of {log}; what went into its period {period} is not in the file.",
        "部分货物取自 {log} 的料仓/槽体；其周期 {period} 的投入不在文件中。",
    ),
    "not-shown": ("{values} values were not shown to you.", "{values} 个数值未向您披露。"),
    "missing": ("Not in the file: {what}.", "文件中缺少：{what}。"),
}


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the life of the goods. `standing` is of the entry; what it says of the world stays claimed."""

    log: str
    index: int
    organisation: str
    event: str
    at: str
    recorded_at: str
    products: tuple[str, ...]
    batches: tuple[str, ...]
    processes: tuple[str, ...]
    country: str | None
    origin: Mapping[str, Any] | None
    standing: str


Sentence = tuple[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Origin:
    """Where the elements of a batch come from, as the entry `index` of `log` tells it. Rows are parts of 10^9: mid, lo,
    hi, by country and feed class. `recycled` is by feed class; `only` the countries of an element that can be from no
    others. `standing` is claimed or attested; `attested_by` names who attested.
    """

    batch: str
    log: str
    index: int
    organisation: str
    model: str
    elements: Mapping[str, Mapping[str, Row]]
    recycled: Mapping[str, Mapping[str, Row]]
    only: Mapping[str, tuple[str, ...]]
    standing: str
    attested_by: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        return {
            "batch": self.batch,
            "log": self.log,
            "index": self.index,
            "organisation": self.organisation,
            "model": self.model,
            "standing": self.standing,
            "attested_by": list(self.attested_by),
            "elements": [
                {
                    "element": element,
                    "rows": [
                        {"country": country, "feed_class": feed_class, "mid": mid, "lo": lo, "hi": hi}
                        for (country, _, feed_class), (mid, lo, hi) in (
                            (origin.partition("/"), row) for origin, row in rows.items()
                        )
                    ],
                    "recycled": [
                        {"feed_class": feed_class, "mid": mid, "lo": lo, "hi": hi}
                        for feed_class, (mid, lo, hi) in self.recycled[element].items()
                    ],
                    "only_from": list(self.only[element]) or None,
                }
                for element, rows in self.elements.items()
            ],
        }


@dataclass(frozen=True, slots=True)
class Verdict:
    """`vouched` is the difference between exit 0 and 1. Sentences are (code, facts), worded by `sentence`."""

    subject: Mapping[str, str]
    vouched: bool
    steps: tuple[Step, ...]
    origins: tuple[Origin, ...]
    proven: tuple[Sentence, ...]
    attested: tuple[Sentence, ...]
    claimed: tuple[Sentence, ...]
    not_shown: int
    missing: tuple[str, ...]
    notices: tuple[Sentence, ...]

    @property
    def complete(self) -> bool:
        return self.vouched and not self.missing

    def to_json(self) -> dict[str, Any]:
        """For `--json` and the scan page."""
        return {
            "subject": dict(self.subject),
            "vouched": self.vouched,
            "complete": self.complete,
            "steps": [
                {
                    "log": step.log,
                    "index": step.index,
                    "organisation": step.organisation,
                    "event": step.event,
                    "at": step.at,
                    "recorded_at": step.recorded_at,
                    "products": list(step.products),
                    "batches": list(step.batches),
                    "processes": list(step.processes),
                    "country": step.country,
                    "origin": None if step.origin is None else dict(step.origin),
                    "standing": step.standing,
                }
                for step in self.steps
            ],
            "origins": [origin.to_json() for origin in self.origins],
            **{
                word: [
                    {"code": code, "text": sentence(code, facts), "zh": sentence(code, facts, "zh")}
                    for code, facts in said
                ]
                for word, said in (
                    (PROVEN, self.proven),
                    (ATTESTED, self.attested),
                    (CLAIMED, self.claimed),
                    ("notices", self.notices),
                )
            },
            "not_shown": self.not_shown,
            "missing": list(self.missing),
        }


def sentence(code: str, facts: Mapping[str, Any], language: str = "en") -> str:
    place = 0 if language == "en" else 1
    words = {"model": MODEL_WORDS, "how": GUEST_WORDS}
    worded = {name: words[name][fact][place] if fact in words.get(name, ()) else fact for name, fact in facts.items()}
    if "checks" in facts:
        checks = (CHECK_WORDS.get(one, (one, one))[place] for one in facts["checks"].split(", "))
        worded["checks"] = (", " if language == "en" else "、").join(checks)
    return SENTENCES[code][place].format(**worded)


def judge(result: Result) -> Verdict:
    """Words the outcome of `evidence.verify`."""
    checked = _in_story_order(result)
    steps = tuple(
        _step(one, result)
        for one in checked
        if one.event is not None and one.entry.index != 0 and one.event.type not in REGISTRY_TYPES
    )
    shown, hidden = _values(checked)
    handovers = sum(_is_told_by_both(one, result) for one in checked)
    written = {"entries": len(checked), "logs": len(result.logs)}
    proven: list[Sentence] = [("disclosed", {"values": shown})]
    origins = _origins(result)
    attested = [*_attested(result, checked), *_inspected(result), *_worded(origins, ATTESTED)]
    claimed = [("statements-not-attested" if attested else "statements", {}), *_worded(origins, CLAIMED)]
    claimed += _confirmations(checked)
    if result.vouched:
        proven.insert(0, ("authorship", written))
    else:
        claimed.insert(0, ("authorship-by-own-word", written))
    if handovers:
        proven.append(("handovers", {"handovers": handovers}))
    if least := min(
        (len({organisation(name) for name, _ in log.witnesses}) for log in result.logs.values()), default=0
    ):
        proven.append(("witnessed", {"logs": len(result.logs), "least": least}))
    notices = _corrections(checked)
    corrected = {facts["log"] for _, facts in notices}
    notices += [
        ("no-correction-known", {"log": facts.origin, "size": facts.newest.size, "time": _known_at(facts, checked)})
        for facts in result.logs.values()
        if facts.origin not in corrected
    ]
    notices += [
        ("consistency-not-shown", {"log": facts.origin}) for facts in result.logs.values() if not facts.consistent
    ]
    notices += _members(result)
    if not result.vouched:
        notices.append(("not-vouched", {}))
    notices += [("cut-at-period", facts) for facts in _cut_at(checked)]
    if hidden:
        notices.append(("not-shown", {"values": hidden}))
    notices += [("missing", {"what": what}) for what in result.missing]
    return Verdict(
        subject=result.subject,
        vouched=result.vouched,
        steps=steps,
        origins=origins,
        proven=tuple(proven),
        attested=tuple(attested),
        claimed=tuple(claimed),
        not_shown=hidden,
        missing=result.missing,
        notices=tuple(notices),
    )


def _members(result: Result) -> list[Sentence]:
    """How old the word is by which an organisation is taken for a member, and who may not act for now."""
    found: list[Sentence] = []
    for known in [word for first in result.members.values() for word in first.words]:
        name = known.member.name
        told = {"name": name, "registry": known.registry, "as_of": known.as_of}
        if known.as_of is not None:
            found.append(("member", told) if known.days is None else ("member-days", {**told, "days": known.days}))
        if known.member.suspended:
            size = known.member.suspensions[-1][0][1]
            found.append(("member-suspended", {"name": name, "registry": known.registry, "size": size}))
    return found


def _cut_at(checked: Iterable[Checked]) -> list[Mapping[str, Any]]:
    """The periods of pools that something here was drawn from, and of which nothing here says what went in."""
    drawn: dict[tuple[str, str], None] = {}
    before: dict[tuple[str, str], tuple[str, str]] = {}
    charged: set[tuple[str, str]] = set()
    for event in (one.event for one in checked if one.event is not None):
        if event.scalar("draw"):
            drawn[event.origin, event.scalar("draw")["period"]] = None
        if event.scalar("charge"):
            charged.add((event.origin, str(event.scalar("charge").get("period") or event.ids.get("opens"))))
        if event.scalar("closing") and "opens" in event.ids:
            before[event.origin, event.ids["opens"]] = (event.origin, event.scalar("closing")["period"])
    cut: list[Mapping[str, Any]] = []
    for period in drawn:
        seen = {period}
        one: tuple[str, str] | None = period
        while one is not None and one not in charged:
            one = before.get(one)
            if one in seen:  # a log may claim that a period follows itself
                one = None
            elif one is not None:
                seen.add(one)
        if one is None:
            cut.append({"log": period[0], "period": period[1]})
    return cut


def _origins(result: Result) -> tuple[Origin, ...]:
    events = [(place, one.event) for place, one in sorted(result.entries.items()) if one.event is not None]
    return tuple(_origin(told, result) for told in told_of(result.subject, events))


def _origin(told: Told, result: Result) -> Origin:
    (log, index), elements = told.place, told.shares.elements
    attesting = [one for one in result.attesting(result.entries[told.place]) if "provenance" in one.checks]
    return Origin(
        batch=told.batch,
        log=log,
        index=index,
        organisation=_organisation(result, log),
        model=told.shares.model,
        elements=elements,
        recycled={element: told.recycled(element) for element in elements},
        only={element: told.only_from(element) for element in elements},
        standing=ATTESTED if attesting else CLAIMED,
        attested_by=tuple(dict.fromkeys(one.by for one in attesting)),
    )


def _worded(origins: Iterable[Origin], standing: str) -> list[Sentence]:
    return [
        ("origins", {"log": one.log, "elements": ", ".join(one.elements), "what": one.batch, "model": one.model})
        for one in origins
        if one.standing == standing
    ]


def _confirmations(checked: Iterable[Checked]) -> list[Sentence]:
    """What consignees outside said through a link: an entry proves that it was said, and to whom, but never by whom."""
    return [
        (
            "confirmed-by-guest",
            {
                "log": one.entry.origin,
                "shipment": told["shipment"],
                "how": "complete" if told["complete"] else "differing",
                "index": one.entry.index,
            },
        )
        for one in checked
        if one.event is not None and (told := one.event.scalar("confirmation"))
    ]


def _attested(result: Result, checked: Iterable[Checked]) -> list[Sentence]:
    covered = [one for entry in checked for one in result.attesting(entry)]
    return [
        (
            "attested",
            {
                "by": one.by,
                "log": one.log,
                "size": one.size,
                "checks": ", ".join(one.checks),
                "entries": covered.count(one),
            },
        )
        for one in result.attested
    ]


def _inspected(result: Result) -> list[Sentence]:
    return [
        (
            "inspected",
            {"by": one.by, "log": f"{one.to}/log", "what": what, "day": one.at[:10], "result": one.result},
        )
        for one in result.inspected
        for what in one.goods
    ]


def _corrections(checked: Iterable[Checked]) -> list[Sentence]:
    """Corrections, holds and recalls among these entries, as far as they are disclosed."""
    found: list[Sentence] = []
    locks: dict[str, tuple[str, str, int, list[str]]] = {}
    ended: set[str] = set()
    for one in checked:
        event, log, index = one.event, one.entry.origin, one.entry.index
        if event is None:
            continue
        found += [("corrected", {"log": log, "corrected": n, "index": index, "how": event.type}) for n in _named(event)]
        lock = event.ids.get("recall") or event.ids.get("hold")
        if lock is not None:
            rows = event.rows("lines.public", "lines.chain")
            things = [id_in(row.get("unit") or row["batch"], log, "") for row in rows if "batch" in row]
            locks[id_in(lock, log, "")] = log, event.type, index, things
        if event.scalar("releasing"):
            ended.add(id_in(event.scalar("releasing")["lock"], log, ""))
    for lock, (log, kind, index, things) in locks.items():
        code = _ENDED[kind] if lock in ended else kind
        found += [(code, {"log": log, "index": index, "what": what}) for what in things]
    return found


_ENDED = {"recalled": "recall-ended", "held": "hold-ended"}


def _named(event: Event) -> list[int]:
    """The entries that a correction names."""
    rows = [event.scalar("amendment"), event.scalar("reversal")]
    if event.type == "adjusted":
        rows += [*event.rows("lines.chain"), *event.rows("shared.chain")]
    return list(dict.fromkeys(row["index"] for row in rows if "index" in row))


def _organisation(result: Result, log: str) -> str:
    facts = result.logs[log]
    if facts.opened.name in result.members:
        return str(result.members[facts.opened.name].member.told["organisation"])
    return str(facts.opened.scalar("log").get("organisation", facts.opened.name))


def _known_at(facts: LogFacts, checked: Iterable[Checked]) -> str:
    """When the log had this size: a witness's clock, else the log's own at its last entry here.

    Never the file's `made_at`, which nobody signed: whoever passes an old file on could make it look like new.
    """
    times = [min(time, LAST_SECOND) for _, time in facts.witnesses]
    if times:
        return datetime.fromtimestamp(max(times), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return max(one.entry.recorded_at for one in checked if one.entry.origin == facts.origin)


def _is_told_by_both(one: Checked, result: Result) -> bool:
    """A receipt whose shipment is here too, with the goods disclosed on both sides; that they agree was checked."""
    ref = one.event.scalar("offer") if one.event is not None else {}
    sent = result.entries.get((ref["log"], ref["index"])) if ref else None
    sides = [side.event for side in (one, sent) if side is not None and side.event is not None]
    return len(sides) == 2 and all(any("batch" in row for row in side.rows("lines.chain")) for side in sides)


def _in_story_order(result: Result) -> list[Checked]:
    """By recording time. A log's own order holds, for its times never go back; between logs it is what clocks said."""
    return sorted(result.entries.values(), key=lambda one: (one.entry.recorded_at, one.entry.origin, one.entry.index))


def _step(one: Checked, result: Result) -> Step:
    event = one.event
    assert event is not None, "the caller leaves unknown types out"
    opened = result.logs[event.origin].opened.scalar("log")
    return Step(
        log=event.origin,
        index=one.entry.index,
        organisation=_organisation(result, event.origin),
        event=event.type,
        at=event_at(event),
        recorded_at=event.recorded_at,
        products=tuple(dict.fromkeys(product for product in _products(event))),
        batches=tuple(id_in(batch, event.origin, "") for batch in _batches(event)),
        processes=tuple(step["process"] for step in _steps(event)),
        country=next((step["country"] for step in _steps(event) if step.get("country")), None)
        or event.scalar("origin").get("country")
        or opened.get("country"),
        origin=event.scalar("origin") or None,
        standing=PROVEN if result.vouched else CLAIMED,
    )


def _steps(event: Event) -> list[Mapping[str, Any]]:
    for slot in ("transformation", "assembly", "dismantling", "charge", "draw"):
        if event.scalar(slot):
            return list(event.scalar(slot)["steps"])
    return []


def _products(event: Event) -> list[str]:
    found = [one.product for one in made(event)]
    return found or [row["product"] for row in event.rows("lines.partner") if "product" in row]


def _batches(event: Event) -> list[str]:
    found = [one.batch for one in made(event)]
    if event.scalar("packing"):
        found.append(event.scalar("packing")["batch"])
    return found or [row["batch"] for row in event.rows("lines.chain") if "batch" in row]


def _values(checked: list[Checked]) -> tuple[int, int]:
    """How many commitments are opened here, and how many are not. List padding counts as opened nothing."""
    shown = hidden = 0
    for one in checked:
        opened = len(one.disclosures)
        total = sum(_sizes(one))
        shown += opened
        hidden += total - opened
    return shown, hidden


def _sizes(one: Checked) -> list[int]:
    return [value["n"] if isinstance(value, dict) else 1 for value in one.entry.sd.values()]
