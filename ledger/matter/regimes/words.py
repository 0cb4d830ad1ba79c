"""What the lines and gaps of reports say, in English and Chinese; and what each report does not claim.

Placeholders are the facts of the line or gap.
"""

from collections.abc import Mapping

Words = Mapping[str, tuple[str, str]]

RESULTS: Words = {
    "met": ("nothing that it asks for is missing, and nothing contradicts it", "所需内容齐全，且无相反记载"),
    "not_met": ("not met", "不符合"),
    "incomplete": ("incomplete: see the gaps", "不完整：见缺口"),
    "not_covered": ("the rule does not speak of these goods", "该规则不适用于此货物"),
}

LINES: Words = {
    "magnet-kinds": ("Magnets of the kind {kinds} are in it.", "含 {kinds} 磁体。"),
    "step": (
        "{day} {process} at {organisation}, facility {site}, country {country} (stage: {stage}).",
        "{day} {process}，{organisation}，场所 {site}，国家 {country}（工序类别：{stage}）。",
    ),
    "step-besides": (
        "{day} {process} at {organisation}, facility {site}, country {country}: no stage of the rule.",
        "{day} {process}，{organisation}，场所 {site}，国家 {country}：不属该规则所指工序。",
    ),
    "entered": (
        "{day} {product} entered at {organisation}, {how}, facility {site}, country {country}.",
        "{day} {product} 由 {organisation} 入账，{how}，场所 {site}，国家 {country}。",
    ),
    "holds-no-rare-earth": (
        "{day} {product} entered at {organisation}, {how}, country {country}; it holds no rare earths.",
        "{day} {product} 由 {organisation} 入账，{how}，国家 {country}；不含稀土。",
    ),
    "origin": ("{element} from {origin}: {part}.", "{element} 来自 {origin}：{part}。"),
    "none-recorded": ("Of these none is recorded in it: {elements}.", "未记载含有：{elements}。"),
    "model": ("The model of the chain of custody is {model}.", "监管链模式为 {model}。"),
    "recycled": ("{element} recycled, {feed_class}: {part}.", "{element} 再生料 {feed_class}：{part}。"),
    "recycled-besides": (
        "{element} recycled, {feed_class}: {part}; this class does not count.",
        "{element} 再生料 {feed_class}：{part}；该类别不计入。",
    ),
    "mass-per-product": (
        "Magnets in one product: {mg} mg; the threshold is {threshold_mg} mg.",
        "单件产品中的磁体：{mg} mg；下限为 {threshold_mg} mg。",
    ),
    "magnet-mass": (
        "Magnets of lot {lot}: {mg} mg, for {pieces} pieces of the product.",
        "批号 {lot} 的磁体：{mg} mg，用于产品 {pieces} 件。",
    ),
    "coated": ("{organisation} records the process {process}.", "{organisation} 记载了工序 {process}。"),
    "measured": ("Measured in lot {lot}: {element} {percent} %.", "批号 {lot} 实测：{element} {percent} %。"),
    "measured-of-reo": (
        "Measured in lot {lot}: of the REO, {percent} % is that of {element}.",
        "批号 {lot} 实测：{element} 占 REO 的 {percent} %。",
    ),
    "total-reo": ("Measured in lot {lot}: REO {percent} %.", "批号 {lot} 实测：REO {percent} %。"),
    "declared-total": (
        "Declared for {product}, not measured: rare earths {percent} ± {u} % ({source}; {confidence}).",
        "{product} 的声明值（非实测）：稀土 {percent} ± {u} %（{source}；{confidence}）。",
    ),
    "declared-elements": (
        "Declared for {product}, not measured: it may hold {elements} ({source}; {confidence}).",
        "{product} 的声明值（非实测）：可能含 {elements}（{source}；{confidence}）。",
    ),
    "declared-grade": (
        "Declared for grade {grade} of {product}, not measured: Nd+Pr {prnd} %, Dy {dy} % ({source}; {confidence}).",
        "{product} 牌号 {grade} 的声明范围（非实测）：镨钕 {prnd} %，镝 {dy} %（{source}；{confidence}）。",
    ),
    "made-by": ("Recorded as made by {organisation}.", "由 {organisation} 记载为其生产。"),
    "label": ("Its label is that of {unit}, serial {serial}.", "标签为 {unit}，序列号 {serial}。"),
    "product": ("Product: {en} ({product}).", "产品：{zh}（{product}）。"),
    "lot": ("Lot number: {lot}.", "批号：{lot}。"),
    "net-mass": ("Net mass: {mg} mg, in {pieces} pieces.", "净重：{mg} mg，{pieces} 件。"),
    "producer": ("Producer: {organisation}.", "生产企业：{organisation}。"),
    "ore-producer": ("Producer of the raw ore: {organisation}.", "原矿生产企业：{organisation}。"),
    "oxide-producer": ("Producer of the oxide: {organisation}.", "氧化物生产企业：{organisation}。"),
    "scrap-producer": ("The scrap fell at {organisation}.", "废料产生企业：{organisation}。"),
    "laboratory": ("Laboratory: {value}.", "检测单位：{value}。"),
    "test-date": ("Date of the test: {value}.", "检测日期：{value}。"),
    "records": (
        "{entries} entries of {logs} logs, and {handovers} handovers told by both sides.",
        "{logs} 个日志的 {entries} 条记录，{handovers} 次交接双方陈述一致。",
    ),
    "organisation": (
        "{organisation} keeps the log {log}; role {role}, country {country}.",
        "{organisation} 保存日志 {log}；角色 {role}，国家 {country}。",
    ),
    "flag-suspended": (
        "Red flag: {organisation} is suspended by the registry {registry}.",
        "风险信号：{organisation} 已被登记处 {registry} 暂停。",
    ),
    "flag-origin": (
        "Red flag: {product} entered at {organisation} from {country} ({how}).",
        "风险信号：{product} 由 {organisation} 入账，来自 {country}（{how}）。",
    ),
    "flag-step": (
        "Red flag: {process} in {country}, facility {site}.",
        "风险信号：工序 {process} 在 {country}，场所 {site}。",
    ),
    "audited": (
        "{organisation} is a control point; {by} replayed its log, checking {checks}.",
        "{organisation} 为控制点；{by} 已重放其日志，核查 {checks}。",
    ),
    "corrected": ("Entry {entry} was corrected.", "记录 {entry} 已被更正。"),
}

GAPS: Words = {
    "not-vouched": (
        "Nobody vouches for the logs: no trust policy was given. Give one.",
        "无人为这些日志担保：未提供信任策略。请提供。",
    ),
    "goods-not-here": (
        "No entry here makes these goods. Ask for evidence of a batch or a unit.",
        "此处没有产生该货物的记录。请索取批次或包装件的证据包。",
    ),
    "entry-missing": ("Not in the evidence: {what}. Ask the supplier for it.", "证据中缺少：{what}。请向供方索取。"),
    "entry-not-disclosed": (
        "Entry {entry} does not disclose what went in, or what was done. Ask its organisation.",
        "记录 {entry} 未披露投入或工序。请询问其企业。",
    ),
    "made-of-unknown": (
        "What {batch} was made of, no entry here tells. Ask its organisation for evidence.",
        "此处没有记载 {batch} 由何而来。请向其企业索取证据。",
    ),
    "pool-cut": (
        "The history ends at the period {period} of a pool. Ask its operator for evidence below it.",
        "历史止于料仓/槽体周期 {period}。请向其运营方索取其下的证据。",
    ),
    "recalled": ("{what} is recalled. Settle the recall first.", "{what} 已被召回。请先处理召回。"),
    "magnet-kind-unknown": (
        "Which kind of magnets is in {product} is not recorded. Name it in the reference data of products.",
        "未记载 {product} 含何种磁体。请在产品参考数据中注明。",
    ),
    "process-unknown": (
        "{organisation} names a process of no known stage: {process}. Add it to the stages in the reference data.",
        "{organisation} 记载的工序 {process} 不属任何已知类别。请在参考数据的工序类别中补充。",
    ),
    "country-not-told": (
        "{organisation} does not say in which country {process} happened. Ask it.",
        "{organisation} 未说明 {process} 所在国家。请询问。",
    ),
    "facility-not-told": (
        "{organisation} does not say at which facility {process} happened. Ask it.",
        "{organisation} 未说明 {process} 所在场所。请询问。",
    ),
    "origin-not-disclosed": (
        "Where {batch} came from is not disclosed. Ask for it.",
        "未披露 {batch} 的来源。请索取。",
    ),
    "history-before-unknown": (
        "{batch} came in as {how} from {country}; what was done before is not recorded. Ask for its papers.",
        "{batch} 以 {how} 自 {country} 入账；此前工序无记载。请索取单证。",
    ),
    "stage-not-recorded": (
        "From {batch} on, no entry records: {stages}. Ask whoever did it.",
        "自 {batch} 起，未见以下工序的记录：{stages}。请询问实施方。",
    ),
    "origins-not-told": (
        "Where its elements come from is not told. Ask the supplier for the shares, or have the goods assayed.",
        "未说明其元素来源。请向供方索取占比，或化验。",
    ),
    "origin-unknown": (
        "Of {element}, {part} is of unknown origin. Ask whoever mixed it in.",
        "{element} 有 {part} 来源不明。请询问混入方。",
    ),
    "model-too-weak": (
        "The model of the chain of custody is {model}: it does not say where these goods come from.",
        "监管链模式为 {model}：不能说明该批货物的实物来源。",
    ),
    "book-and-claim": (
        "The claim is by certificates, and no statement about these goods: no share of it is shown.",
        "该声明以凭证为据，不说明该批货物，故不列任何占比。",
    ),
    "material-not-followed": (
        "The ledger does not follow {materials}. Their shares come from elsewhere.",
        "账本不追踪 {materials}。其占比须另行取得。",
    ),
    "magnet-mass-unknown": (
        "How much magnet is in one product is not disclosed. Ask its maker.",
        "未披露单件产品中的磁体质量。请询问生产方。",
    ),
    "product-not-here": (
        "The product that the magnets are built into is not here. Ask again with its evidence.",
        "此处没有装入磁体的产品。请以其证据再次查询。",
    ),
    "value-not-recorded": (
        "Listed material may be from there, and the ledger keeps no prices. Reckon its value against {ppm} ppm.",
        "可能含该国管制物项，而账本不记价格。请自行按 {ppm} ppm 测算价值占比。",
    ),
    "address": (
        "Address and contact of whoever is responsible are not recorded. Add them.",
        "未记载责任方地址与联系方式。请补充。",
    ),
    "label": ("No unit with a label is asked about. Ask for one.", "所查并非带标签的包装件。请按包装件查询。"),
    "magnet-location": ("Where in the product each magnet sits is not recorded.", "未记载各磁体在产品中的位置。"),
    "removal-steps": ("How magnets are reached and removed is not recorded.", "未记载磁体的接近与拆除步骤。"),
    "glues": ("Whether there are glues and additives is not recorded.", "未记载是否有胶粘剂及添加物。"),
    "coating-kind": ("A coating is recorded, and not of what.", "记载有镀覆，但未记载种类。"),
    "coating-unknown": ("Whether the magnets are coated is not recorded.", "未记载磁体是否镀覆。"),
    "composition-not-measured": (
        "No laboratory's result of lot {lot} is here. Ask for the assay.",
        "此处没有批号 {lot} 的检测结果。请索取化验单。",
    ),
    "grade": ("The grade of lot {lot} is not recorded.", "未记载批号 {lot} 的牌号。"),
    "product-unknown": (
        "{product} is in no table of products. Add it to the reference data.",
        "产品表中没有 {product}。请补充参考数据。",
    ),
    "lot": ("No lot number is recorded.", "未记载批号。"),
    "net-mass": ("The net mass is not disclosed. Ask for it.", "未披露净重。请索取。"),
    "gross-mass": ("The gross mass of the packed goods is not recorded.", "未记载包装后毛重。"),
    "standard-no": ("The number of the product's standard is not recorded.", "未记载产品标准号。"),
    "ex-works-date": ("The ex-works date is on the certificate, and not recorded.", "出厂日期见证明书，账本未记载。"),
    "laboratory": ("Which laboratory tested lot {lot} is not recorded.", "未记载批号 {lot} 的检测单位。"),
    "test-date": ("When lot {lot} was tested is not recorded.", "未记载批号 {lot} 的检测日期。"),
    "producer": ("No producer is known.", "生产企业不明。"),
    "ore-producer": ("No producer of the raw ore is known.", "原矿生产企业不明。"),
    "oxide-producer": ("No producer of the oxide is known.", "氧化物生产企业不明。"),
    "scrap-producer": ("At which plant the scrap fell is not known.", "废料产生企业不明。"),
    "scrap-supplier": (
        "Whose scrap lot {lot} is, {organisation} does not tell the chain. Ask it.",
        "{organisation} 未向链上披露批号 {lot} 的废料供应方。请询问。",
    ),
    "producer-outside": (
        "Lot {lot} came from outside ({how}); who produced it is not recorded.",
        "批号 {lot} 来自体系外（{how}）；其生产企业无记载。",
    ),
    "control-point-not-audited": (
        "{organisation} is a control point ({process}), and nobody attests its log. Ask for an audit.",
        "{organisation} 为控制点（{process}），其日志尚无鉴证。请要求审核。",
    ),
    "no-control-point": ("No separator or refiner is in this history.", "历史中没有分离或精炼企业。"),
    "risk-response": (
        "Step 3, the response to risks, is no record of the ledger. Keep your own.",
        "第三步（风险应对）不在账本内。请自行留存。",
    ),
    "yearly-report": (
        "Step 5, the yearly report, is no record of the ledger. Publish your own.",
        "第五步（年度报告）不在账本内。请自行发布。",
    ),
}

NOT_CLAIMED: Words = {
    "china-mark": (
        "This is what the ledger can say for a mark and a certificate; it is neither.",
        "本内容供制作标志与证明书之用，其本身并非标志或证明书。",
    ),
    "china-value-share": (
        "No value is computed, and no licence is judged necessary or unnecessary.",
        "不计算价值，也不判断是否须申请许可。",
    ),
    "crma-28": (
        "This is no declaration of conformity; ranges that are declared are not measured values.",
        "本内容不是合规声明；声明范围不是实测值。",
    ),
    "crma-29": (
        "How to calculate and verify is still to be laid down; shares follow from the ledger's own rules.",
        "计算与核查方法尚待授权法案规定；占比按账本自身规则得出。",
    ),
    "dfars-7052": (
        "Exceptions (recycled material, commercial items, waivers) are not decided, nor whether what is told is true.",
        "不判断例外情形（再生料、商用现货、豁免），也不证明自称或经鉴证的内容属实。",
    ),
    "oecd": (
        "This supports due diligence, and does not replace it.",
        "本摘要支持尽职调查，而不能取代之。",
    ),
}

FLOW_GAPS: Words = {
    "partner-unknown": (
        "Entry {entry} does not say with whom the trade was. Add it to the report.",
        "第 {entry} 号记录未载明交易对方。请在上报时补充。",
    ),
    "partner-without-uscc": (
        "Entry {entry}: the credit code of {partner} is not recorded. Add it to the report.",
        "第 {entry} 号记录：未载明 {partner} 的统一社会信用代码。请在上报时补充。",
    ),
    "import-without-declaration": (
        "Entry {entry}: an import without a customs declaration. Record it as a document.",
        "第 {entry} 号记录：进口而无报关单号。请补登单据。",
    ),
    "export-without-licence": (
        "Entry {entry}: an export without a licence number. Record it as a document.",
        "第 {entry} 号记录：出口而无许可证号。请补登单据。",
    ),
    "trade-without-invoice": (
        "Entry {entry}: a trade without an invoice number. Record it as a document.",
        "第 {entry} 号记录：交易而无发票号。请补登单据。",
    ),
    "reo-unknown": (
        "Some of {product} has no known composition, so its REO is not all. Have it assayed.",
        "部分 {product} 成分不明，折氧化物数不完整。请化验。",
    ),
    "reo-typical": (
        "Some REO of {product} is what such goods usually hold; nobody assayed them. Have them assayed.",
        "部分 {product} 的折氧化物数按通常含量估计，未经化验。请化验。",
    ),
    "closing-negative": (
        "The closing stock of {product} is {mg} mg. Look at its entries.",
        "{product} 期末为 {mg} mg。请核查相关记录。",
    ),
    "own-uscc-unknown": (
        "This organisation's own credit code is not known here. Add it to the report.",
        "此处没有本企业的统一社会信用代码。请在上报时补充。",
    ),
    "month-open": (
        "{month} is not closed yet: what is recorded for it still changes these figures. Close the month first.",
        "{month} 尚未月结：补记仍会改变数据。请先月结。",
    ),
}
