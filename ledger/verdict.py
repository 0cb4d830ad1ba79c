"""Verdicts: proven, attested, claimed. The three words, used exactly, and how each is earned.

    proven    authorship, order, inclusion, disclosed values, and a sum whose every term is disclosed to this reader
    attested  an authority or auditor recorded that it replayed the log with the disclosures up to this index
    claimed   everything else: what an organisation says about the world, such as an origin or a process

A verdict words what `evidence.verify` checked; it checks nothing itself. "Valid" always reads "no recall or correction
known as of size N, time T".
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ledger.entries import id_in
from ledger.evidence import Checked, LogFacts, Result
from ledger.matter.events import Event
from ledger.matter.genealogy import event_at, made

LAST_SECOND = 253_402_300_799
"""Of the year 9999, after which a time has no four-digit year; a cosignature may state any 63-bit number."""
PROVEN, ATTESTED, CLAIMED = "proven", "attested", "claimed"
WORDS: Mapping[str, tuple[str, str]] = {
    PROVEN: ("proven", "已证明"),
    ATTESTED: ("attested", "已鉴证"),
    CLAIMED: ("claimed", "自称"),
}
"""English and Chinese for people; programs use the English word."""

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
    "statements": (
        "Origin, process, country and product are what each organisation says; nobody has attested them.",
        "来源、工序、国家与产品均为各单位自述，尚无鉴证。",
    ),
    "no-correction-known": (
        "No recall or correction known as of size {size} of {log}, time {time}.",
        "截至 {log} 的大小 {size}、时间 {time}，未知有召回或更正。",
    ),
    "consistency-not-shown": (
        "Several checkpoints of {log} are given; that they are one history is not shown here.",
        "给出了 {log} 的多个检查点；此处未展示它们属于同一历史。",
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


@dataclass(frozen=True, slots=True)
class Verdict:
    """`vouched` is the difference between exit 0 and 1. Sentences are (code, facts), worded by `sentence`."""

    subject: Mapping[str, str]
    vouched: bool
    steps: tuple[Step, ...]
    proven: tuple[tuple[str, Mapping[str, Any]], ...]
    attested: tuple[tuple[str, Mapping[str, Any]], ...]
    claimed: tuple[tuple[str, Mapping[str, Any]], ...]
    not_shown: int
    missing: tuple[str, ...]
    notices: tuple[tuple[str, Mapping[str, Any]], ...]

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
    return SENTENCES[code][0 if language == "en" else 1].format(**facts)


def judge(result: Result) -> Verdict:
    """Words the outcome of `evidence.verify`."""
    checked = _in_story_order(result)
    steps = tuple(_step(one, result) for one in checked if one.event is not None and one.entry.index != 0)
    shown, hidden = _values(checked)
    handovers = sum(_is_told_by_both(one, result) for one in checked)
    written = {"entries": len(checked), "logs": len(result.logs)}
    proven: list[tuple[str, Mapping[str, Any]]] = [("disclosed", {"values": shown})]
    claimed: list[tuple[str, Mapping[str, Any]]] = [("statements", {})]
    if result.vouched:
        proven.insert(0, ("authorship", written))
    else:
        claimed.insert(0, ("authorship-by-own-word", written))
    if handovers:
        proven.append(("handovers", {"handovers": handovers}))
    notices: list[tuple[str, Mapping[str, Any]]] = [
        ("no-correction-known", {"log": facts.origin, "size": facts.newest.size, "time": _known_at(facts, checked)})
        for facts in result.logs.values()
    ]
    notices += [
        ("consistency-not-shown", {"log": facts.origin}) for facts in result.logs.values() if not facts.consistent
    ]
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
        proven=tuple(proven),
        attested=(),
        claimed=tuple(claimed),
        not_shown=hidden,
        missing=result.missing,
        notices=tuple(notices),
    )


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
        organisation=opened.get("organisation", event.name),
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
