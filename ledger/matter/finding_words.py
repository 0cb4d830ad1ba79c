"""The words of findings: one sentence per rule in English and in Chinese, and how numbers are written in them.

A placeholder is filled from the finding's facts and tolerance. What ends in `_ug` or `_mg` is a mass and is shown in
the unit that suits it, `_ppm` a share in percent, `_milli` a number of thousandths; tables of facts (`rows`, `masses`,
…) are written out by the writers below, joined with their limits. Four figures are shown; the finding holds them all.

Over 400 lines because it is one table, like ledger/messages.py.
"""

from collections.abc import Callable, Mapping, Sequence
from string import Formatter
from typing import Any

from ledger.matter.quantities import show_ug
from ledger.matter.reference import Reference

LANGUAGES = ("en", "zh")
_EN, _ZH = 0, 1

SENTENCES: Mapping[str, tuple[str, str]] = {
    # -- elements ----------------------------------------------------------------------------------------------
    "element-gain": (
        (
            "More came out of {processes} than went in, losses included: {apart} too much. {hidden}"
            "Weigh and assay again; name the feed that was not booked, or answer with the evidence."
        ),
        ("{processes}产出加损失多于投入：多出 {apart}。{hidden}请重新过磅、化验；补记漏登的原料，或附证据答复。"),
    ),
    "element-not-fed": (
        (
            "What came out never went in ({processes}): {apart}. {hidden}"
            "Check product and assay; name the feed that was not booked, or answer with the evidence."
        ),
        ("{processes}产出了未曾投入的元素：{apart}。{hidden}请核对品名和化验；补记漏登的原料，或附证据答复。"),
    ),
    "recycled-foreign": (
        (
            "Recycled feed gave what magnets do not hold ({processes}): {apart}. {hidden}"
            "Say what the feed was, with its assay and its papers."
        ),
        ("回收料产出了磁体中没有的元素（{processes}）：{apart}。{hidden}请说明原料为何，并附化验单和来源凭证。"),
    ),
    "pool-gain": (
        (
            "The pool put out more than it took in, with what was lost and what is left: {apart} too much. {hidden}"
            "Measure what is in it again; name the feed that was not booked, or answer with the evidence."
        ),
        ("槽体出槽、损失与槽存合计多于投入：多出 {apart}。{hidden}请重新测定槽存；补记漏登的原料，或附证据答复。"),
    ),
    "month-gain": (
        (
            "All balances of {month} together gain, though each of them alone is within its limit: "
            "{apart} too much. Look for a scale or an assay that always errs the same way, or for "
            "unbooked feed."
        ),
        (
            "{month} 各项平衡单独均在允许范围内，合计却有盈余：多出 {apart}。"
            "请检查是否有磅秤或化验总朝同一方向偏差，或有漏登原料。"
        ),
    ),
    "yield-low": (
        (
            "Less came out of {processes} than usual, missing: {apart}. At least {least_ppm} of what goes in comes out "
            "or is booked as lost: enter the loss with its assay, correct the output, or say where it went."
        ),
        (
            "产出比通常少（{processes}），缺：{apart}。通常至少有投入的 {least_ppm} 产出或记为损失："
            "请补填损失及其化验、更正产出，或说明去向。"
        ),
    ),
    "yield-high": (
        (
            "More came out of {processes} than usual, too much: {apart}. At most {greatest_ppm} of what goes in "
            "becomes product: check weights and assays of both sides, or say why it went so well."
        ),
        (
            "产品比通常多（{processes}），多出：{apart}。通常至多有投入的 {greatest_ppm} 成为产品："
            "请核对两侧的重量和化验，或说明收率偏高的原因。"
        ),
    ),
    "stocktake-gain": (
        (
            "The stock-take found more than the books have: {masses}. Say where it came from; it stays unexplained "
            "until then."
        ),
        "盘点多于账面：{masses}。请说明来源；在此之前按来源不明处理。",
    ),
    "stocktake-loss": (
        "The stock-take found less than the books have: {masses}. Say where it went, with the record of the count.",
        "盘点少于账面：{masses}。请说明去向，并附盘点记录。",
    ),
    "assay-differs": (
        (
            "A later assay of the same goods says otherwise: new - old = {rows}. Check that both samples were of "
            "these goods."
        ),
        "同一批货物的后一次化验与前一次不符：新值 − 旧值 = {rows}。请核对两次样品是否均取自该批货物。",
    ),
    # -- what enters -------------------------------------------------------------------------------------------
    "origin-not-allowed": (
        (
            "An organisation of the role {role} registered goods as {origin_class}, which it may not. Show the "
            "licence for it."
        ),
        "角色为 {role} 的企业登记了 {origin_class} 类货物，超出其许可范围。请出示相应许可。",
    ),
    "origin-feed-class": (
        (
            "Goods registered as {origin_class} by the role {role} may not be {feed_class}. Correct the class, or "
            "say why."
        ),
        "角色 {role} 以 {origin_class} 登记的货物不得为 {feed_class}。请更正原料类别，或说明理由。",
    ),
    "document-missing": (
        (
            "Goods registered as {origin_class} came without a paper of these kinds: {kinds}. Add it by amending the "
            "entry."
        ),
        "以 {origin_class} 登记的货物缺少凭证（以下之一）：{kinds}。请用更正补录。",
    ),
    "document-unmeasured": (
        (
            "The {kind} of imported or recycled goods states no mass, so nobody can see how far it is used up. Add "
            "its mass."
        ),
        "进口或回收货物的凭证（{kind}）未注明质量，无法核对已用量。请补充凭证上的质量。",
    ),
    "document-overdrawn": (
        (
            "More was drawn from one {kind} than it covers: drawn {drawn_mg} - covered {mass_mg} > allowed "
            "{allowed_mg} "
            "({k_milli}u). It was used twice, or belongs to something else: name the right paper for each batch."
        ),
        (
            "同一凭证（{kind}）使用量超过其质量：已用 {drawn_mg} − 凭证 {mass_mg} > 允许 {allowed_mg}（"
            "{k_milli}u）。"
            "该凭证被重复使用或用错：请为每个批次注明正确的凭证。"
        ),
    ),
    "document-differs": (
        "One {kind} was entered with different masses: {masses_mg}. Correct the entry that has it wrong.",
        "同一凭证（{kind}）登记了不同的质量：{masses_mg}。请更正有误的一条。",
    ),
    "certificate-twice": (
        "One certificate of analysis stands for two batches ({certificate}). Name the right one for each batch.",
        "同一份化验单用于两个批次（{certificate}）。请为每个批次注明正确的化验单。",
    ),
    "profile-off": (
        (
            "The rare earths of this ore are not distributed like {feed_class} ({profile}): {shares}. {alike}"
            "Check the sample, correct the class, or register the deposit's own baseline."
        ),
        (
            "该矿稀土配分与 {feed_class}（{profile}）不符：{shares}。{alike}请核对样品、更正原料类别，"
            "或登记矿点自有配分基线。"
        ),
    ),
    "recycled-pattern": (
        (
            "The rare earths of this scrap ({product}) are not those of magnets: {pattern}. Show what it is and "
            "whose it was."
        ),
        "该废料（{product}）的稀土配分不是磁体废料的配分：{pattern}。请说明其为何物、来自何处。",
    ),
    "recycled-above-recovered": (
        (
            "More recycled content has left than came in: {contents}. Withdraw the claim, or show the intake that is "
            "missing."
        ),
        "售出的再生含量多于回收量：{contents}。请撤回声明，或出示漏登的回收记录。",
    ),
    # -- handovers ---------------------------------------------------------------------------------------------
    "weighing-difference": (
        (
            "The weighing differs from what {sender} sent: received - sent = {masses}. Weigh again on another scale, "
            "together."
        ),
        "过磅与 {sender} 的发货量不符：收货 − 发货 = {masses}。请双方换磅复秤。",
    ),
    "unit-unexpected": (
        "Labelled units came that nobody had sent: {serials}. Keep them apart; compare seal, serial and net weight.",
        "收到无人发出的包装件：{serials}。请单独存放，核对铅封、编号和净重。",
    ),
    "tolling-shipped": (
        (
            "Feed of separation ({products}) went to {to} for processing; separating on commission is forbidden. Say "
            "what for."
        ),
        "将冶炼分离原料（{products}）以加工目的发给 {to}；冶炼分离禁止委托加工。请说明用途。",
    ),
    "tolling-separated": (
        "Goods of {owners} were separated here; separating on commission is forbidden. Show that they were bought.",
        "此处分离了 {owners} 所有的货物；冶炼分离禁止代加工。请出示购买凭证。",
    ),
    "ring": (
        (
            "Goods went to {partner} and the same mass came back after {days} days: sent {sent}, back {back}, "
            "equal within "
            "{same_ug}. Say what was done to them there; they count as recycled only once."
        ),
        (
            "货物售给 {partner}，{days} 天后等量返回：发出 {sent}，返回 {back}，差值在 {same_ug} 以内。"
            "请说明对方做了何种加工；再生含量只计一次。"
        ),
    ),
    "handover-mass": (
        "{receiver} weighed another mass than {sender} sent: received - sent = {masses}. Weigh again, together.",
        "{receiver} 的收货量与 {sender} 的发货量不符：收货 − 发货 = {masses}。请双方复秤。",
    ),
    "assays-disagree": (
        (
            "{sender} and {receiver} have different figures for the same goods: receiver - sender = {rows}. "
            "Agree on a value, or send the retained sample to an umpire."
        ),
        "{sender} 与 {receiver} 对同一批货物的化验不符：收方 − 发方 = {rows}。请协商定值，或将留样送第三方仲裁。",
    ),
    "seal-differs": (
        (
            "Units left {sender} under one seal and came to {receiver} under another: {seals}. Keep them apart and "
            "assay them."
        ),
        "包装件离开 {sender} 与到达 {receiver} 时的铅封不一致：{seals}。请单独存放并化验。",
    ),
    "received-before-sent": (
        "{receiver} received at {received_at} what {sender} sent at {sent_at}. Correct the time that is wrong.",
        "{receiver} 的收货时间 {received_at} 早于 {sender} 的发货时间 {sent_at}。请更正有误的时间。",
    ),
    "receipt-overdue": (
        (
            "{receiver} has not weighed in what was sent at {sent_at}, for more than {days_allowed} days. Ask both "
            "where it is."
        ),
        "{sent_at} 发出的货物，{receiver} 超过 {days_allowed} 天仍未收货。请向双方查询货物去向。",
    ),
    "receipt-of-nothing": (
        "Goods were weighed in under a shipment of {sender} that its log does not have ({shipment}). Ask {sender}.",
        "收货所依据的 {sender} 发货（{shipment}）在其日志中不存在。请向 {sender} 查询。",
    ),
    "receipt-of-voided": (
        (
            "{receiver} weighed in goods of a shipment that the authority voided ({shipment}); the sender may have "
            "them too. Ask both where the goods are, and let the receiver send back what is there."
        ),
        (
            "{receiver} 对已被监管部门作废的发货（{shipment}）办理了收货；发货方可能也已收回。"
            "请查明货物所在，并由收货方退回。"
        ),
    ),
    "order-goods-moved": (
        (
            "Goods that the authority had frozen by its order {order} were taken all the same ({event}), after the "
            "order was delivered. Bring them back and hold them, and tell the authority where they were."
        ),
        "监管部门命令 {order} 送达之后，被冻结的货物仍被动用（{event}）。请追回并封存，并向监管部门说明去向。",
    ),
    "order-unanswered": (
        (
            "{addressee} has had the authority's order {order} for more than {days_allowed} days, and no hold names "
            "it. Hold the goods as ordered (lodetrace hold --order), or say where they are."
        ),
        "{addressee} 收到监管部门命令 {order} 已超过 {days_allowed} 天，仍未按命令封存。请按命令封存，或说明货物所在。",
    ),
    "ring-of-several": (
        (
            "The same mass went round {partners} and back in {days} days: {rounds}. Say what each of them did to the "
            "goods."
        ),
        "等量货物在 {days} 天内经 {partners} 循环一周：{rounds}。请各方说明所做的加工。",
    ),
    # -- habits ------------------------------------------------------------------------------------------------
    "ticket-twice": (
        (
            "The ticket {ticket} of the scale {scale} stands for two weighings. Correct the entry that has the wrong "
            "ticket."
        ),
        "磅秤 {scale} 的磅单 {ticket} 用于两次过磅。请更正磅单号有误的一条。",
    ),
    "ticket-gap": (
        (
            "Tickets {series}{first} to {series}{last} of the scale {scale}: {missing} numbers are missing in "
            "{month}, "
            "{missing_allowed} may. Show the tickets, or what else was weighed."
        ),
        (
            "磅秤 {scale} 的磅单 {series}{first} 至 {series}{last} 在 {month} 缺 {missing} 号，允许 "
            "{missing_allowed}。"
            "请出示这些磅单，或说明过磅了什么。"
        ),
    ),
    "device-gap": (
        (
            "The device {device} signed nothing under the numbers {first} to {last}: {missing} are missing between two "
            "entries. Show its own records of them: refused, or not sent."
        ),
        (
            "设备 {device} 的编号 {first} 至 {last} 缺 {missing} 个，位于两条记录之间。"
            "请出示该设备自身对这些编号的记录：被拒绝，或未发送。"
        ),
    ),
    "round-weighings": (
        (
            "{round} of {weighings} weighings of {month} are multiples of {step_mg}; {share_ppm} are allowed. "
            "Show the scale's own records."
        ),
        (
            "{month} 的 {weighings} 次过磅中有 {round} 次为 {step_mg} 的整数倍，允许比例 {share_ppm}。"
            "请出示磅秤原始记录。"
        ),
    ),
    "late-cluster": (
        (
            "{count} entries of {day} were more than {late_hours} h late, the earliest for {earliest}; "
            "{count_allowed} in one day are allowed. Show the papers from which they were made."
        ),
        (
            "{day} 集中补录 {count} 条（迟于 {late_hours} 小时），最早事项发生于 {earliest}；每日允许 "
            "{count_allowed} 条。请出示补录所依据的原始单据。"
        ),
    ),
    "backdated-before-inspection": (
        (
            "After the inspection of {inspected} was announced ({announced}), {count} entries were made for the "
            "time before, "
            "the earliest for {earliest}. Show the papers from which they were made."
        ),
        (
            "检查（{inspected}）于 {announced} 通知后，补录了通知之前的事项 {count} 条，最早发生于 {earliest}。"
            "请出示补录所依据的原始单据。"
        ),
    ),
    "used-before-made": (
        "Goods were used at {used_at}, before they came into being at {made_at}. Correct the time that is wrong.",
        "货物在 {used_at} 被使用，而其产生时间为 {made_at}。请更正有误的时间。",
    ),
    "throughput": (
        (
            "{process} at {site} put out {made_mg} in {month}; {daily_mg} a day for {days} days are {capacity_mg}. "
            "Show the capacity, or where the goods were made."
        ),
        (
            "{site} 的{process}在 {month} 产出 {made_mg}；按每日 {daily_mg}、{days} 天计为 {capacity_mg}。"
            "请出示产能证明，或说明货物实际产地。"
        ),
    ),
    # -- quotas ------------------------------------------------------------------------------------------------
    "quota-near": (
        (
            "{holder} has reached {reached_ppm} of its quota ({kind}, {quota_class}, {year}): used {used_mg}, "
            "pending {pending_mg}, granted {granted_mg} REO. Plan the rest of the year, or ask for the next batch."
        ),
        (
            "{holder} 的总量控制指标（{kind}，{quota_class}，{year}）已用 {reached_ppm}：已用 {used_mg}，"
            "待定 {pending_mg}，下达 {granted_mg} REO。请安排余下生产，或申请下一批指标。"
        ),
    ),
    "quota-exceeded": (
        (
            "{holder} is over its quota ({kind}, {quota_class}, {year}): used {used_mg} + pending {pending_mg} > "
            "granted {granted_mg} REO, beyond {k_milli}u. Stop, and show which further quota was granted."
        ),
        (
            "{holder} 超出总量控制指标（{kind}，{quota_class}，{year}）：已用 {used_mg} + 待定 {pending_mg} > "
            "下达 {granted_mg} REO，超出 {k_milli}u。请停止生产，并出示追加指标的文件。"
        ),
    ),
}
RULES = tuple(SENTENCES)


def sentence(rule: str, facts: Mapping[str, Any], language: str, reference: Reference | None = None) -> str:
    """The rule's sentence with the facts in it."""
    column = _EN if language == "en" else _ZH
    pattern = SENTENCES[rule][column]
    names = {name for _, name, _, _ in Formatter().parse(pattern) if name is not None}
    return pattern.format(**{name: _word(name, facts, column, reference) for name in names})


def _milli(thousandths: int) -> str:
    """To two decimals, cut off: `3643` → `3.64`."""
    return f"{thousandths // 1000}.{thousandths % 1000 // 10:02d}".rstrip("0").rstrip(".")


def _percent(ppm: int) -> str:
    """To two decimals, cut off: `234484` → `23.44 %`."""
    text = f"{ppm // 10_000}.{ppm % 10_000 // 100:02d}".rstrip("0").rstrip(".")
    return f"{text} %"


# -- what each placeholder becomes ---------------------------------------------------------------------------------


def _word(name: str, facts: Mapping[str, Any], column: int, reference: Reference | None) -> str:
    writer = _TABLES.get(name)
    if writer is not None:
        return writer(facts, column)
    if name in {"hidden", "alike"}:
        return _feeds(name, facts, column, reference)
    value = facts[name]
    if name in _NAMES:
        listed = value if isinstance(value, list) else [value]
        told = [plain(name, one, LANGUAGES[column], reference) for one in listed]
        return (", ", "、")[column].join(told) or ("processing", "加工")[column]
    if isinstance(value, list):
        return (", ", "、")[column].join(plain(name, one, LANGUAGES[column]) for one in value)
    return plain(name, value, LANGUAGES[column])


def plain(name: str, value: Any, language: str, reference: Reference | None = None) -> str:
    """A single value of a fact of this name, with its unit; a code by its name."""
    column = LANGUAGES.index(language)
    if name in _NAMES:
        return _name(_NAMES[name], value, column, reference)
    if name.endswith("_mg"):
        return show_ug(int(value) * 1000)
    if name.endswith("_ug"):
        return show_ug(int(value))
    if name.endswith("_ppm"):
        return _percent(value)
    if name.endswith("_milli"):
        return _milli(value)
    return _CODES[value][column] if name in _CODED and value in _CODES else str(value)


_CODED = frozenset({"kind", "kinds", "role", "origin_class", "quota_class"})
_CODES: Mapping[str, tuple[str, str]] = {
    "customs_declaration": ("customs declaration", "报关单"),
    "invoice": ("invoice", "发票"),
    "special_invoice": ("special invoice", "稀土专用发票"),
    "purchase_contract": ("purchase contract", "购销合同"),
    "warehouse_receipt": ("warehouse receipt", "仓单"),
    "waste_transfer": ("waste transfer note", "废物转移联单"),
    "production_record": ("production record", "生产记录"),
    "weigh_ticket": ("weigh ticket", "磅单"),
    "stock_count": ("record of a stock-take", "盘点表"),
    "mined": ("mined", "开采"),
    "imported": ("imported", "进口"),
    "recycled": ("recycled", "回收"),
    "bought_outside": ("bought outside", "外购"),
    "unknown_opening": ("opening stock", "期初库存"),
    "mining": ("mining", "开采"),
    "separation": ("separation", "冶炼分离"),
    "rock": ("rock ore", "岩矿型"),
    "ion": ("ion-adsorption ore", "离子型"),
    "monazite": ("monazite", "独居石"),
    "import": ("imported ore", "进口矿"),
    "mine": ("mine", "矿山"),
    "metal": ("metal maker", "金属冶炼"),
    "magnet": ("magnet maker", "磁材"),
    "motor": ("motor maker", "电机"),
    "recycler": ("recycler", "综合利用"),
    "trader": ("trader or warehouse", "贸易仓储"),
    "laboratory": ("laboratory", "检测机构"),
    "carrier": ("carrier", "运输"),
    "authority": ("authority", "监管部门"),
}
_NAMES = {
    "processes": "processes",
    "process": "processes",
    "product": "products",
    "products": "products",
    "feed_class": "feed_classes",
    "profile": "ore_profiles",
}


def _name(table: str, code: str, column: int, reference: Reference | None) -> str:
    row = None if reference is None else reference.row(table, code)
    return code if row is None else str(row[LANGUAGES[column]])


def _joined(parts: Sequence[str], column: int) -> str:
    return ("; ", "；")[column].join(parts)


def _rows(facts: Mapping[str, Any], column: int) -> str:
    limits = {element: allowed for element, allowed, _ in facts["limits"]}
    k = _milli(facts["k_milli"])
    pattern = ("{} {}, allowed ±{} ({}u)", "{} {}，允许 ±{}（{}u）")[column]
    return _joined(
        [
            pattern.format(show_ug(int(ug), signed=True), element, show_ug(int(limits[element])), k)
            for element, ug in facts["rows"]
        ],
        column,
    )


def _apart(facts: Mapping[str, Any], column: int) -> str:
    """How far off, whichever way: the sentence says that."""
    limits = {element: allowed for element, allowed, _ in facts["limits"]}
    pattern = ("{} {} (error at most {})", "{} {}（误差至多 {}）")[column]
    return _joined(
        [
            pattern.format(show_ug(abs(int(ug))), element, show_ug(int(limits[element])))
            for element, ug in facts["rows"]
        ],
        column,
    )


def _masses(facts: Mapping[str, Any], column: int) -> str:
    limits = dict(map(tuple, facts["mass_limits"]))
    pattern = ("{} ({}), allowed ±{}", "{}（{}），允许 ±{}")[column]
    return _joined(
        [
            pattern.format(show_ug(mg * 1000, signed=True), batch, show_ug(limits[batch] * 1000))
            for batch, mg in facts["masses"]
        ],
        column,
    )


def _feeds(name: str, facts: Mapping[str, Any], column: int, reference: Reference | None) -> str:
    """A sentence of its own on the ore that would explain it, or that it looks like; nothing where there is none."""
    told = facts[name]
    if not told:
        return ""
    if name == "alike":
        names = (", ", "、")[column].join(_name("ore_profiles", one, column, reference) for one in told)
        return (f"It is like {names}. ", f"其配分与{names}相近。")[column]
    pattern = ("{} REO of {}", "{} REO（{}）")[column]
    parts = [pattern.format(show_ug(int(ug)), _name("ore_profiles", one, column, reference)) for one, ug in told]
    listed = (" or ", "或 ")[column].join(parts)
    return (f"It would take at least {listed} that is not in the books. ", f"至少需要账外原料 {listed}。")[column]


def _amounts(name: str) -> Callable[[Mapping[str, Any], int], str]:
    return lambda facts, column: _joined([f"{show_ug(int(ug))} {element}" for element, ug in facts[name]], column)


def _shares(facts: Mapping[str, Any], column: int) -> str:
    limits = dict(map(tuple, facts["share_limits"]))
    pattern = ("{} {}, typical {} ± {}", "{} {}，典型值 {} ± {}")[column]
    return _joined(
        [
            pattern.format(element, _percent(share), _percent(typical), _percent(limits[element]))
            for element, share, typical in facts["shares"]
        ],
        column,
    )


def _pattern(facts: Mapping[str, Any], column: int) -> str:
    pattern = ("{} {} (limit {})", "{} {}（界限 {}）")[column]
    return _joined(
        [pattern.format(name, _percent(ppm), _percent(limit)) for name, ppm, limit in facts["pattern"]], column
    )


def _contents(facts: Mapping[str, Any], column: int) -> str:
    limits = dict(map(tuple, facts["content_limits"]))
    pattern = ("{} ({}): out {} - in {}, allowed {}", "{}（{}）：售出 {} − 回收 {}，允许 {}")[column]
    return _joined(
        [
            pattern.format(element, class_, show_ug(int(left)), show_ug(int(came)), show_ug(int(limits[element])))
            for element, class_, came, left in facts["contents"]
        ],
        column,
    )


def _seals(facts: Mapping[str, Any], column: int) -> str:
    none = ("none", "无")[column]
    return _joined([f"{serial}: {left} → {right or none}" for serial, left, right in facts["seals"]], column)


_TABLES: Mapping[str, Callable[[Mapping[str, Any], int], str]] = {
    "rows": _rows,
    "apart": _apart,
    "masses": _masses,
    "sent": _amounts("sent"),
    "back": _amounts("back"),
    "rounds": _amounts("rounds"),
    "shares": _shares,
    "pattern": _pattern,
    "contents": _contents,
    "seals": _seals,
}
