"""One sentence per error code, in English and in Chinese: what is wrong, where, and the way out.

A code is part of the interface: clients may act on it, so it is never renamed. Sentences are for people and
may be improved. Placeholders are `field`, `value` and the facts the error was raised with.
Over 400 lines because it is one table. Sections follow the import order of the project; inside a section the order is
alphabetical.
"""

MESSAGES: dict[str, tuple[str, str]] = {
    # --- ledger/log: bytes -------------------------------------------------------------------------------
    "consistency-unproven": (
        "No proof that the log at size {size} only added to its size {value}. Fetch both again, or ask its operator.",
        "无法证明日志从大小 {value} 到 {size} 只有追加。请重新获取两个检查点及证明，或询问其运营方。",
    ),
    "disclosure-unproven": (
        "What was disclosed as {value} is not what the entry committed to. Ask for it again from whoever holds it.",
        "所披露的 {value} 与条目中的承诺不符。请向持有方重新索取。",
    ),
    "inclusion-unproven": (
        "No proof that this is entry {value} of the log at size {size}. Fetch the proof again for this checkpoint.",
        "该证明不能表明此条目位于大小为 {size} 的日志的第 {value} 位。请针对该检查点重新获取证明。",
    ),
    "key-ambiguous": (
        "Two of the trusted keys share the name {value} and its key id. Remove one of them.",
        "受信任的密钥中有两把同为名称 {value} 且密钥编号相同，请移除其中一把。",
    ),
    "key-type": (
        "The key of {field} is of type {value}, which this version does not know. Use an Ed25519 key or update.",
        "{field} 的密钥类型为 {value}，本版本不支持。请改用 Ed25519 密钥或升级软件。",
    ),
    "key-unsupported": (
        "The key of {field} is an ML-DSA-44 key, and the cryptography package here cannot use those. Update it.",
        "{field} 的密钥为 ML-DSA-44 密钥，而此处的 cryptography 软件包不支持。请升级该软件包。",
    ),
    "key-unreadable": (
        "The private key for {field} cannot be read: {why}. Check the file and its passphrase.",
        "无法读取 {field} 的私钥：{why}。请检查文件及其口令。",
    ),
    "list-incomplete": (
        "{value} of the {n} items of {field} came without tree paths. Disclose all, or each one with its path.",
        "{field} 共 {n} 项，其中 {value} 项披露时没有树路径。请全部披露，或为每一项附上路径。",
    ),
    "log-not-witnessed": (
        "The log {value} is not witnessed here: only logs of other organisations in this node's trust policy are.",
        "此处不为日志 {value} 见证：仅见证本节点信任策略中其他企业的日志。",
    ),
    "log-untrusted": (
        "The log {value} is not named in the trust policy. Add its line if you trust it.",
        "信任策略中没有日志 {value}。如信任该日志，请添加相应的一行。",
    ),
    "malformed": ("{field} is malformed: {why}.", "{field} 格式不正确：{why}。"),
    "origin-differs": (
        "This checkpoint is of the log {value}, not of {expected}. Fetch it from the right log.",
        "此检查点属于日志 {value}，而非 {expected}。请从正确的日志获取。",
    ),
    "policy-malformed": (
        "Line {line} of the trust policy: {why}.",
        "信任策略第 {line} 行：{why}。",
    ),
    "quorum-missing": (
        "Too few witnesses cosigned this checkpoint (counted: {value}) for the quorum {quorum}. Fetch it again later.",
        "见证者联署不足（计入：{value}），未达到法定人数 {quorum}。请稍后重新获取检查点。",
    ),
    "signature-bad": (
        "The signature of {value} does not fit this text: one of them was changed. Fetch it again from its source.",
        "{value} 的签名与文本不符：文本或签名已被改动。请从来源处重新获取。",
    ),
    "signature-missing": (
        "No trusted key signed this {field} (signed by: {value}). Check which keys are trusted.",
        "没有受信任的密钥签署过此 {field}（签署者：{value}）。请检查信任的密钥。",
    ),
    "slot-opened-twice": (
        "{value} was disclosed twice. Each slot is opened once: remove the second disclosure.",
        "{value} 被披露了两次。每个字段只能披露一次，请移除第二次披露。",
    ),
    "slot-unknown": (
        "The entry commits to nothing at {value}. Remove this disclosure or attach it to the entry it belongs to.",
        "该条目没有对 {value} 作出承诺。请移除此披露，或将其归入所属条目。",
    ),
    "witness-finds-fork": (
        "Two histories of the log {value} are known here, so nothing of it is cosigned. Its operator must explain.",
        "此处已发现日志 {value} 的两个不同历史，因此不再为其联署。须由其运营方作出解释。",
    ),
    "witness-holds-other": (
        "The largest checkpoint of {log} that was cosigned here is of size {value}, not {old}. Prove from that one.",
        "此处最近联署的 {log} 检查点大小为 {value}，而非 {old}。请提供从该大小开始的证明。",
    ),
    # --- ledger/matter: quantities -----------------------------------------------------------------------
    "basis-unknown": (
        "{field} is {value}, which is no basis. Use one of: {bases}.",
        "{field} 为 {value}，不是可用的计量基准。请使用：{bases}。",
    ),
    "count-not-whole": (
        "{field} is {value}; pieces are counted in whole numbers from 1 up. Correct it, or leave it out if uncounted.",
        "{field} 为 {value}；件数必须是不小于 1 的整数。请更正；不计件的货物请不要填写。",
    ),
    "gross-needs-tare": (
        "{field} is {value}, but there is no weighing with a tare. Add the weighing, or give the net mass.",
        "{field} 为毛重（{value}），但没有皮重。请补充过磅记录（毛重、皮重），或直接填写净重。",
    ),
    "mass-is-zero": (
        "{field} is {value}, which is no mass. Enter what the scale showed, or leave the line out.",
        "{field} 为 {value}，没有质量。请填写磅秤读数，或删去此行。",
    ),
    "mass-too-large": (
        "{field} is {value} {unit}, more than one batch can hold. Check the unit and the decimal point.",
        "{field} 为 {value} {unit}，超过一个批次所能记录的上限。请检查单位和小数点。",
    ),
    "measure-unknown": (
        "{field} is {value}, which is no unit of mass or volume. Use one of: {units}.",
        "{field} 为 {value}，不是可用的质量或体积单位。请使用：{units}。",
    ),
    "moisture-absurd": (
        "{field} is {value} %; goods hold less than 100 % water. Enter the percentage of the wet mass.",
        "{field} 为 {value} %；水分必须低于 100 %。请填写占湿重的百分比。",
    ),
    "quantity-not-decimal": (
        (
            "{field} is {value}, which is not a plain decimal. Write it as text like 1948.5: "
            "no sign, no spaces, no thousands marks, at most 9 decimals."
        ),
        "{field} 为 {value}，不是规范的小数。请写成 1948.5 这样的文本：不带正负号、空格和千位分隔符，小数最多 9 位。",
    ),
    "tare-above-gross": (
        "{field} is {value}, not below the gross of {gross}. Check whether the two weighings were swapped.",
        "{field}（皮重）为 {value}，不小于毛重 {gross}。请检查毛重与皮重是否填反。",
    ),
    "volume-needs-concentration": (
        "A volume in {value} has a mass only with its concentration. Give {field}, or weigh the goods.",
        "以 {value} 计的体积需要浓度才能换算成质量。请填写 {field}（克/升），或改用称重。",
    ),
    "weighing-differs": (
        "{field} is {value}, but the weighing says {weighed}. Correct whichever was typed wrong.",
        "{field} 为 {value}，而过磅记录为 {weighed}。请更正填错的一项。",
    ),
    # --- ledger/matter: reference data and assays ---------------------------------------------------------
    "assay-basis-missing": (
        "{field} is {value}; without its basis an assay says nothing. Give one of: {bases}.",
        "{field} 为 {value}；没有基准的化验结果无法使用。请填写其一：{bases}（收到基、干基、灼后）。",
    ),
    "assay-basis-misfit": (
        "{field} is {value}, and {product} is never assayed so. Use one of: {bases}.",
        "{field} 为 {value}，而 {product} 不以此基准化验。请使用：{bases}。",
    ),
    "assay-below-loq": (
        "{field}: {element} is given as {value} %, below the limit of quantification of {loq} %. Leave it out.",
        "{field}：{element} 为 {value} %，低于定量限 {loq} %。请不要填写该元素。",
    ),
    "assay-element-foreign": (
        "{field}: {product} cannot hold {value} % of {element} (at most {limit} %). Check the product and the sample.",
        "{field}：{product} 中不可能含 {value} % 的 {element}（至多 {limit} %）。请核对产品和样品。",
    ),
    "assay-element-twice": (
        "{field}: {value} stands there twice. Remove one of the two.",
        "{field}：元素 {value} 出现两次。请删去其中一个。",
    ),
    "assay-element-unknown": (
        "{field} is {value}, which is no element that belongs here. Use symbols such as {known}.",
        "{field} 为 {value}，不是此处可用的元素。请填写元素符号，如 {known}。",
    ),
    "assay-empty": (
        (
            "{field} tells nothing of the elements in {value}. Give total_reo_pct with distribution_pct, or "
            "elements_pct; total_reo_pct alone is enough for a product or a feed class of known composition."
        ),
        (
            "{field} 没有说明 {value} 的元素含量。请填写 total_reo_pct 与 distribution_pct（配分），或 elements_pct；"
            "只有组成已知的产品或原料类别才可只填 total_reo_pct。"
        ),
    ),
    "assay-loi-missing": (
        (
            "{field}: between the {value} basis and the ignited sample stands the loss on ignition, and it is not "
            "given. Fill it in, or give the result as received."
        ),
        "{field}：{value} 基准与灼后结果之间需要灼减量，但没有填写。请补充灼减，或改填收到基结果。",
    ),
    "assay-member-unknown": (
        (
            "{field} = {value} is no member of an assay here: nobody would read it. The nearest is {meant}; "
            "what has no member of its own can be told in remark."
        ),
        "{field} = {value}：化验结果中没有这一项，不会被读取。最接近的是 {meant}；没有专门字段的内容可写入 remark。",
    ),
    "assay-metals-above-100": (
        "{field} adds up to {value} % of the mass, more than all of it. Check the decimal points.",
        "{field} 合计为 {value} %，超过物料总质量。请检查小数点。",
    ),
    "assay-moisture-missing": (
        (
            "{field}: between the {value} basis and the basis that is asked for stands the moisture, and it is not "
            "given. Fill it in, or give the result as received."
        ),
        "{field}：从 {value} 基准换算到所需基准需要水分，但没有填写。请补充水分，或改填收到基结果。",
    ),
    "assay-percentage-absurd": (
        "{field} is {value}; a percentage lies between 0 and 100. Check sign, unit and decimal point.",
        "{field} 为 {value}；百分数应在 0 到 100 之间。请检查正负号、单位和小数点。",
    ),
    "assay-sum-differs": (
        (
            "{field} adds up to {value} %, not to 100 ± {tolerance} % of the total REO. Correct it, or put what "
            "is not named into others_pct."
        ),
        "{field} 合计为 {value} %，应为稀土总量的 100 ± {tolerance} %。请更正，或把未列出的部分填入 others_pct。",
    ),
    "assay-total-above-100": (
        "{field} is {value} %; total REO cannot be more than the whole sample. Check basis and decimal point.",
        "{field} 为 {value} %；稀土总量不可能超过样品本身。请检查基准和小数点。",
    ),
    "assay-total-missing": (
        "{field} is missing: a distribution is of the total REO. Give the total, or the elements' own percentages.",
        "缺少 {field}：配分是相对于稀土总量的。请填写稀土总量，或直接填写各元素含量。",
    ),
    "assay-two-shapes": (
        "{field}: give either total_reo_pct with distribution_pct or elements_pct, not both.",
        "{field}：总量加配分（total_reo_pct、distribution_pct）与 elements_pct 只能填其一。",
    ),
    "reference-wrong": ("The reference data is not as it must be. {en}", "参考数据不符合要求。{zh}"),
    "settlement-bases-mixed": (
        "{field}: the two parties' goods are {value}, of different products. Settle each product by itself.",
        "{field}：双方的货物为 {value}，不是同一产品。请按产品分别结算。",
    ),
    "settlement-on-wet": (
        "{field} is {value}: goods that hold water are never settled by their wet mass. Use one of: {bases}.",
        "{field} 为 {value}：含水货物不以湿重结算。请使用：{bases}。",
    ),
    # --- ledger/matter: guards ---------------------------------------------------------------------------
    "guard-capacity": (
        "{field}: {given} in one {kind}, which holds at most {capacity}. Correct it, or confirm with a reason.",
        "{field}：一个 {kind} 装 {given}，而其容量最多为 {capacity}。请更正，或填写原因后确认。",
    ),
    "guard-moisture": (
        (
            "{field}: {given} % water in {product}, which plausibly holds at most {most} %. "
            "Check the decimal point and the product, or confirm with a reason."
        ),
        "{field}：{product} 的水分填为 {given} %，而合理上限为 {most} %。请检查小数点和产品，或填写原因后确认。",
    ),
    "guard-oxide-metal": (
        (
            "{field} is {basis}, but the product is a {form}: metal and oxide mass differ by a sixth. "
            "Correct it, or confirm with a reason."
        ),
        "{field} 为 {basis}，但产品形态是 {form}：金属量与氧化物量约差六分之一。请更正，或填写原因后确认。",
    ),
    "guard-slip": (
        (
            "{field}: {given} is about {slip} times off the usual {usual}. Check unit and decimal point, "
            "or confirm with a reason."
        ),
        "{field}：{given} 与通常的 {usual} 相差约 {slip} 倍。请检查单位和小数点，或填写原因后确认。",
    ),
    "guard-spelling": (
        "{field}: {given} is no code of the reference data, and nearly {meant}. Correct it, or confirm with a reason.",
        "{field}：参考数据中没有代码 {given}，与 {meant} 只差一个字母。请更正，或填写原因后确认。",
    ),
    "guard-ticket-used": (
        (
            "{field}: ticket {given} stands for batch {batch} already. Look there first; if these are other goods, "
            "confirm with a reason."
        ),
        "{field}：磅单 {given} 已登记为批次 {batch}。请先核对该批次；如确为另一批货物，请填写原因后确认。",
    ),
    "guard-wet-for-dry": (
        (
            "{field} says dry, yet a moisture of {moisture} % is given. Enter the net mass as weighed, "
            "or confirm with a reason."
        ),
        "{field} 为干基，却填了水分 {moisture} %。请填写实际称得的净重，或填写原因后确认。",
    ),
    "guard-yield": (
        (
            "{field}: {share} of the rare earths that went in are accounted for; {least} to {greatest} is usual. "
            "Enter what was lost, correct masses or assays, or confirm with a reason."
        ),
        (
            "{field}：投入的稀土中可核算的为 {share}，通常为 {least} 至 {greatest}。"
            "请补填损失、更正重量或化验，或填写原因后确认。"
        ),
    ),
    # --- ledger/matter: events ---------------------------------------------------------------------------
    "event-type-unknown": (
        "This version does not know events of type {value} ({field}). Check the spelling, or update.",
        "本版本不认识类型为 {value} 的事件（{field}）。请检查拼写，或升级软件。",
    ),
    "field-missing": (
        "{field} is missing. Fill it in.",
        "缺少 {field}。请填写。",
    ),
    "field-wrong": (
        "{field} is {value}, which is not of the kind {kind}. Correct it as the documentation of events shows.",
        "{field} 为 {value}，不符合要求的类型 {kind}。请按事件文档更正。",
    ),
    "list-too-long": (
        "{field} has {value} items; one event takes at most {limit}. Record it as several events.",
        "{field} 有 {value} 项；一个事件最多 {limit} 项。请分成几个事件记录。",
    ),
    # --- ledger/matter: stacks ---------------------------------------------------------------------------
    "stack-too-high": (
        "{field}: unit {value} stands inside more than {limit} others, or inside itself. Unpack the outer ones first.",
        "{field}：包装件 {value} 的外层超过 {limit} 层，或套在自身之内。请先拆开外层。",
    ),
    # --- ledger/matter: vectors --------------------------------------------------------------------------
    "vector-bounds": (
        (
            "{field}: the amounts {value} (likely, least, most) do not lie in order between 0 and {total}. "
            "Ask whoever told this origin to tell it again."
        ),
        "{field}：数值 {value}（估计、最少、最多）未按顺序落在 0 与 {total} 之间。请向告知该来源的一方重新索取。",
    ),
    "vector-element": (
        "{field} is {value}, which is no rare earth. The origin is told for rare earths only; ask for it again.",
        "{field} 为 {value}，不是稀土元素。来源只针对稀土元素给出，请重新索取。",
    ),
    "vector-form": (
        "{field} is not of the form {form}. Ask whoever told this origin to tell it again.",
        "{field} 不符合形式 {form}。请向告知该来源的一方重新索取。",
    ),
    "vector-model": (
        "{field} is {value}, which is no model of the chain of custody. Known are: {models}.",
        "{field} 为 {value}，不是已知的监管链模式。可用的有：{models}。",
    ),
    "vector-number": (
        "{field} holds {value}, which is not a whole number as it must be written here. Ask for this origin again.",
        "{field} 中的 {value} 不是此处要求的整数写法。请重新索取该来源。",
    ),
    "vector-order": (
        "{field}: {value} is named twice or stands in the wrong place. Ask whoever told this origin to tell it again.",
        "{field}：{value} 重复出现或顺序不对。请向告知该来源的一方重新索取。",
    ),
    "vector-row-name": (
        "{field} is {value}, which names no origin (such as CN/ion_mid_y) and no batch. Ask for this origin again.",
        "{field} 为 {value}，既不是来源（如 CN/ion_mid_y），也不是批次编号。请重新索取该来源。",
    ),
    "vector-sum": (
        "{field} adds up to {value}, not to {total}. Ask whoever told this origin to tell it again.",
        "{field} 合计为 {value}，应为 {total}。请向告知该来源的一方重新索取。",
    ),
    "vector-too-long": (
        "{field} has {value} rows; an element has at most {limit}. Ask for it with the smallest rows put together.",
        "{field} 有 {value} 行；每种元素最多 {limit} 行。请对方合并最小的几行后重新提供。",
    ),
    # --- ledger/matter: custody --------------------------------------------------------------------------
    "at-in-the-future": (
        "{field} is {value}, later than this node's clock ({now}). Correct the time, or the clock.",
        "{field} 为 {value}，晚于本节点的时钟（{now}）。请更正时间，或校准时钟。",
    ),
    "device-unknown": (
        "{field}: no device {value} is named here. Name it with its key: lodetrace device add.",
        "{field}：本节点未登记设备 {value}。请用 lodetrace device add 登记设备及其公钥。",
    ),
    "device-retired": (
        "{field}: the device {value} is retired. Name it again with a key, or record by hand what it weighed.",
        "{field}：设备 {value} 已停用。请重新登记公钥，或由人工录入其称重。",
    ),
    "device-key-wrong": (
        "{field} is {value}, which is no Ed25519 key of a device. Give the base64 of its 32 bytes.",
        "{field} 为 {value}，不是设备的 Ed25519 公钥。请提供 32 字节公钥的 base64。",
    ),
    "captured-again": (
        (
            "{field}: number {value} of the device {device} is not above {last}, the last one recorded. "
            "What was recorded stays; let the device count on."
        ),
        "{field}：设备 {device} 的序号 {value} 不大于已记录的最后序号 {last}。已记录的保留，请让设备继续编号。",
    ),
    "captured-unsigned": (
        (
            "{field}: the device {device} did not sign number {value} so. Send the request as the device signed it, "
            "to this log, or record it by hand."
        ),
        "{field}：设备 {device} 的第 {value} 号签名与内容不符。请按设备签名的原文发送到本日志，或由人工录入。",
    ),
    "captured-altered": (
        "{field} is {value}, which the device {device} did not sign. Send its request unchanged, or record it by hand.",
        "{field} 为 {value}，并非设备 {device} 所签内容。请原样发送其请求，或由人工录入。",
    ),
    "reversal-of-device": (
        "{field}: entry {value} ({type}) named or retired a device. Name it anew, or retire it.",
        "{field}：第 {value} 号记录（{type}）登记或停用了设备。请重新登记或停用该设备。",
    ),
    "at-not-a-date": (
        "{field} is {value}, a day or time that does not exist. Correct it.",
        "{field} 为 {value}，该日期或时间不存在。请更正。",
    ),
    "attests-itself": (
        (
            "{field}: the log {value} is one's own; an attestation is somebody else's word. Name the log that "
            "was replayed."
        ),
        "{field}：日志 {value} 是本单位自己的日志；见证须由他人作出。请填写所重放核验的日志。",
    ),
    "bases-mixed": (
        (
            "{field}: the goods are counted on different bases ({value}), so their sum says nothing. "
            "Split and merge only what is counted on one basis."
        ),
        "{field}：各批货物的计量基准不同（{value}），不能相加。拆分与合并只能用同一计量基准的批次。",
    ),
    "basis-differs": (
        "{field} is {value}, but this batch is counted as {basis}. Give its quantity as {basis}.",
        "{field} 为 {value}，但该批次按 {basis} 计量。请按 {basis} 填写数量。",
    ),
    "batch-recalled": (
        (
            "{field}: batch {value} is recalled by {lock}, with all that is or comes here of it. Send it back "
            "with the purpose return, remove it as destroyed or disposed, or release the recall."
        ),
        (
            "{field}：批次 {value} 已被召回（{lock}），包括此处现有及以后到达的全部货物。"
            "请以退货（return）用途发回，或按销毁、处置（destroyed、disposed）移出，或解除该召回。"
        ),
    ),
    "batch-unknown": (
        "{field}: there is no batch {value} here. Check the id; what was shipped to you is here once it is received.",
        "{field}：此处没有批次 {value}。请核对编号；发给您的货物在收货之后才会出现。",
    ),
    "books-differ": (
        (
            "{field} says {value}, but the books say {books}. Look at the stock again, then measure or count "
            "what stands there."
        ),
        "{field} 填写为 {value}，而账面为 {books}。请重新查看库存，再按实际称量或盘点。",
    ),
    "count-missing": (
        "Batch {batch} is counted in pieces. Give the number of pieces in {field}.",
        "批次 {batch} 按件计数。请在 {field} 填写件数。",
    ),
    "count-unexpected": (
        "{field} is {value}, but batch {batch} is not counted in pieces. Leave the number of pieces out.",
        "{field} 为 {value}，但批次 {batch} 不计件。请不要填写件数。",
    ),
    "decline-too-late": (
        "{field} {value} was received in part, so it cannot be declined as a whole. Reject the lines that are left.",
        "发货 {value}（{field}）已部分收货，不能再整单拒收。请将剩余各行记为拒收。",
    ),
    "difference-too-large": (
        (
            "{field}: the weighing difference of {value} leaves less than nothing of the {accepted} accepted. "
            "Weigh again, or book the rest as missing."
        ),
        "{field}：称重差异 {value} 超过了所接收的 {accepted}。请重新称重，或将缺少部分记为缺失。",
    ),
    "goods-frozen": (
        (
            "{field}: the authority froze {value} by its order {order}: it is not used, moved or sent. Hold it as "
            "ordered (lodetrace hold --order), and ask the authority to release the order."
        ),
        (
            "{field}：{value} 已被监管部门的命令 {order} 冻结，不得使用、移动或发出。"
            "请按命令封存（lodetrace hold --order），并请监管部门解除该命令。"
        ),
    ),
    "part-frozen": (
        (
            "{field}: {value} are more than the {free} that are free here: the authority froze a part of the batch by "
            "its order {order}. Use less, hold the part as ordered (lodetrace hold --order), and ask the authority to "
            "release the order."
        ),
        (
            "{field}：{value} 超过此处可用的 {free}：该批次的一部分已被监管部门的命令 {order} 冻结。"
            "请减少数量，按命令封存该部分（lodetrace hold --order），并请监管部门解除该命令。"
        ),
    ),
    "goods-held": (
        (
            "{field}: {value} of batch {batch} at {site} are not free: goods are held there by {lock}, and "
            "{free} are free. Use less, or release the hold first."
        ),
        (
            "{field}：{site} 的批次 {batch} 没有 {value} 可用：该处有货物被封存（{lock}），可用 {free}。"
            "请减少数量，或先解除封存。"
        ),
    ),
    "goods-pledged": (
        (
            "{field}: {value} of batch {batch} at {site} are not free: goods are pledged there by {lock}, and "
            "{free} are free. Use less, or end the pledge first."
        ),
        (
            "{field}：{site} 的批次 {batch} 没有 {value} 可用：该处有货物已质押（{lock}），可用 {free}。"
            "请减少数量，或先解除质押。"
        ),
    ),
    "id-given-twice": (
        "The id {value} is that of another {field} already: its salt was used twice. Record it again with a new salt.",
        "编号 {value} 已属于另一个对象（{field}）：盐值被重复使用。请用新的盐值重新记录。",
    ),
    "kind-unknown": (
        "{field} is {value}, which is not known here. Use one of: {kinds}.",
        "{field} 为 {value}，不在可用范围内。请使用：{kinds}。",
    ),
    "less-than-its-units": (
        "{field} is {value}, but the units listed hold {units}. Correct the quantity, or list the right units.",
        "{field} 为 {value}，但所列包装件共 {units}。请更正数量，或改列正确的包装件。",
    ),
    "line-differs-from-offer": (
        "{field} says {value}, but the shipment offered {offered}. Answer the line as it was offered.",
        "{field} 为 {value}，但发货方所发为 {offered}。请按发货内容填写该行。",
    ),
    "line-left-open": (
        (
            "{field}: {open} of line {value} is neither accepted, rejected nor missing. Say what became of it, "
            "or leave the receipt open for a later one."
        ),
        "{field}：第 {value} 行还有 {open} 未说明是接收、拒收还是缺失。请补充说明，或不要将本次收货标为最后一次。",
    ),
    "line-not-offered": (
        "{field}: shipment {shipment} has no such line of batch {value}. Check the line number and the batch.",
        "{field}：发货 {shipment} 中没有批次 {value} 的这一行。请核对行号和批次。",
    ),
    "lock-ended": (
        "{field}: lock {value} ({kind}) has ended already. Nothing is left to do.",
        "{field}：锁定 {value}（{kind}）此前已经解除，无需再次操作。",
    ),
    "lock-of-other-kind": (
        "{field}: lock {value} is of the kind {kind}. End it with the event {event}.",
        "{field}：锁定 {value} 的类型为 {kind}。请使用事件 {event} 解除。",
    ),
    "lock-unknown": (
        (
            "{field}: no lock {value} was made in this log. Check the id in the entry that held, pledged or "
            "recalled the goods."
        ),
        "{field}：本日志中没有锁定 {value}。请在封存、质押或召回的条目中核对其编号。",
    ),
    "month-ahead": (
        "{field} is {value}, after the day of the report ({at}). Correct the month.",
        "{field} 为 {value}，晚于报告日期（{at}）。请更正月份。",
    ),
    "more-than-offered": (
        "{field}: {value} is more than the {offered} offered. Book a surplus on the scale as the weighing difference.",
        "{field}：{value} 超过了所发的 {offered}。磅秤多出的部分请记为称重差异。",
    ),
    "more-than-sent": (
        "{field}: {value} is more than is still out of this line ({out}). Weigh back no more than went out.",
        "{field}：{value} 超过了该行尚未退回的数量（{out}）。退回入库不能多于发出数量。",
    ),
    # pools and what goods are made of
    "draw-above-content": (
        (
            "{field}: {value} of {element} would be drawn from pool {pool}, which holds {held}. Check the masses and "
            "assays of the outputs, or book the charge that is missing first."
        ),
        (
            "{field}：从料仓/槽体 {pool} 取出 {element} {value}，而其中只有 {held}。"
            "请核对产出的重量和化验，或先补录漏记的投料。"
        ),
    ),
    "pool-counted-as-batch": (
        (
            "{field}: {value} is a period of a pool, and has no kilograms of its own. Count the pool: what it holds is "
            "told element by element."
        ),
        "{field}：{value} 是料仓/槽体的周期，本身没有公斤数。请盘点料仓/槽体，按元素填写其中所存。",
    ),
    "draw-above-mass": (
        "{field}: {value} would be drawn from pool {pool}, where {held} are mixed and nothing else. Check the masses.",
        "{field}：从料仓/槽体 {pool} 取出 {value}，而其中只混有 {held}。请核对重量。",
    ),
    "pool-not-open": (
        "{field}: pool {value} has no open period. Charge it first; that opens one.",
        "{field}：料仓/槽体 {value} 没有进行中的周期。请先投料，投料会开启新周期。",
    ),
    "pool-open": (
        "{field}: pool {value} has a period open already, {period}. Charge that one, or close it first.",
        "{field}：料仓/槽体 {value} 已有进行中的周期 {period}。请投入该周期，或先结清它。",
    ),
    "pool-opens-new": (
        "{field}: pool {pool} opens a new period with this charge, so {value} cannot be named. Leave it out.",
        "{field}：料仓/槽体 {pool} 以本次投料开启新周期，不能填写 {value}。请留空。",
    ),
    "pool-opens-product": (
        "{field}: what opens a period of a pool has the product {product}, not {value}.",
        "{field}：料仓/槽体周期的产品代码应为 {product}，而不是 {value}。",
    ),
    "pool-own-goods-only": (
        (
            "{field}: goods of {value} cannot go into pool {pool}: what comes out would belong to nobody in "
            "particular. Take over the title first, or process them as a batch of their own."
        ),
        "{field}：{value} 的货物不能投入料仓/槽体 {pool}，否则产出归属不清。请先办理货权转移，或单独成批加工。",
    ),
    "pool-period-closed": (
        "{field} {value} is not the open period of pool {pool}; that is {period}. A closed period stays as it is.",
        "{field} {value} 不是料仓/槽体 {pool} 当前的周期，当前周期是 {period}。已结清的周期不再变动。",
    ),
    "provenance-differs": (
        "What {field} of this {value} entry says of the elements is not what follows from the entries before it.",
        "{value} 记录的 {field} 所述元素来源与之前各条记录推算的结果不一致。",
    ),
    "named-twice": (
        "{field}: {value} names one thing twice. Name each once.",
        "{field}：{value} 中有重复项。每项只填一次。",
    ),
    "net-untold": (
        (
            "{field}: the goods in unit {value} and the net told for its label do not agree. List in {field} "
            "each unit whose net changes, and the units it stands in, with what they hold now, and no others."
        ),
        (
            "{field}：包装件 {value} 内的货物与为其标签告知的净重不一致。"
            "请在 {field} 中列出净重有变的每个包装件及其所在的外层包装件，写明现有数量，不要列出其他包装件。"
        ),
    ),
    "not-enough": (
        (
            "{field}: {value} of batch {batch} is not here. At {site} stand {loose} loose; in units {packed}; "
            "{held} in all. Use less, name units, or name the right site."
        ),
        (
            "{field}：批次 {batch} 没有 {value} 可用。{site} 散装 {loose}；包装件内 {packed}；合计 {held}。"
            "请减少数量，或指明包装件，或改选正确的场地。"
        ),
    ),
    "not-enough-pieces": (
        "{field}: {value} pieces of batch {batch} are asked for, {held} stand loose there. Use fewer, or name units.",
        "{field}：需要批次 {batch} 的 {value} 件，而该处散装只有 {held} 件。请减少件数，或指明包装件。",
    ),
    "nothing-named": (
        "{field} is empty: nothing is named to {verb}. Name at least one.",
        "{field} 为空，没有指明操作（{verb}）的对象。请至少指明一项。",
    ),
    "none-loose": (
        (
            "{field}: nothing of batch {value} stands loose anywhere here. Correct the batch, or name its units; where "
            "a stock-take found some, say at which site."
        ),
        "{field}：批次 {value} 在各场地均无散装货物。请更正批次或填写其包装件；若为盘点时发现的货物，请填写所在场地。",
    ),
    "nothing-to-measure": (
        (
            "{field}: nothing of batch {value} stands loose at {site}. Name the unit that was weighed; what was "
            "found there is counted in a stock-take."
        ),
        "{field}：{site} 没有批次 {value} 的散装货物。请指明所称量的包装件；如在该处发现货物，请按盘点记录。",
    ),
    "others-goods-go-back": (
        "{field}: batch {value} belongs to {owner} and may only go back to {owner}, with the purpose return.",
        "{field}：批次 {value} 属于 {owner}，只能以退货（return）用途发回给 {owner}。",
    ),
    "own-goods-not-rejected": (
        (
            "{field}: batch {value} is your own and comes back to you, so it cannot be rejected. "
            "Accept it, and book what is lacking as missing."
        ),
        "{field}：批次 {value} 是本单位自己的货物退回，不能拒收。请接收，并将缺少部分记为缺失。",
    ),
    "owner-is-oneself": (
        "{field} is {value}, which is this organisation. Leave the owner out for goods of one's own.",
        "{field} 为 {value}，即本单位。自有货物请不要填写所有者。",
    ),
    "owners-mixed": (
        "{field}: the goods belong to different owners ({value}). Use the goods of one owner at a time.",
        "{field}：货物属于不同的所有者（{value}）。请每次只使用同一所有者的货物。",
    ),
    "pieces-from-nowhere": (
        "{field}: {value} pieces come out where {inputs} went in. Correct the number of pieces.",
        "{field}：投入 {inputs} 件，产出却有 {value} 件。请更正件数。",
    ),
    "assays-differ-in-shape": (
        (
            "{field}: the results cannot be compared value by value: basis, kind of percentages and elements must be "
            "the same. Have the same values stated, or state the agreed result yourself."
        ),
        "{field}：各方结果无法逐项比较：基准、百分数种类和元素须一致。请让各方报同样的项目，或直接填写商定的结果。",
    ),
    "hash-not-hex": (
        "{field} is {value}; a SHA-256 is 64 digits 0-9 and a-f. Copy it again from whoever made the certificate.",
        "{field} 为 {value}；SHA-256 应为 64 位十六进制数字（0-9、a-f）。请从出证方重新复制。",
    ),
    "umpire-needed": (
        (
            "The results for {of} ({value}) differ by more than {limit} %. Have an umpire's result and give it as "
            "{field}, or state the agreed result."
        ),
        "{of} 的两方结果（{value}）相差超过 {limit} %。请取得仲裁结果填入 {field}，或直接填写商定的结果。",
    ),
    "pool-process-missing": (
        "{field} is missing: pool {value} is not known here yet. Say what is done in it, and at which site.",
        "缺少 {field}：料仓/槽体 {value} 在此尚无记录。请填写其工序和所在场地。",
    ),
    "pool-unknown": (
        "{field}: there is no pool {value} here. Check its code, or charge it first.",
        "{field}：此处没有槽体/料仓 {value}。请核对代码，或先向其投料。",
    ),
    "purpose-unknown": (
        "{field} is {value}, which is no purpose of a shipment. Use one of: {purposes}.",
        "{field} 为 {value}，不是可用的发货用途。请使用：{purposes}。",
    ),
    "reason-missing": (
        "{field}: say why in a few words; without a reason this is not recorded.",
        "{field}：请简要填写原因，没有原因不能记录。",
    ),
    "receipt-of-batch-unknown": (
        "No receipt of {shipment} that names batch {value} is here. Ask again once it has been received.",
        "此处没有 {shipment} 中批次 {value} 的收货记录。请在收货之后再查。",
    ),
    "recall-unknown": (
        "{field}: this log has no recall {value}. Look it up in the list of locks.",
        "{field}：本日志中没有召回 {value}。请在封存与召回列表中查找。",
    ),
    "recalled-already": (
        "{field}: {value} is recalled already, by {lock}. Take it off the list.",
        "{field}：{value} 此前已被召回（{lock}）。请从清单中删去。",
    ),
    "release-differs": (
        (
            "{field}: lock {value} covers {batches} batches and {units} units, and ends for all of them at once. "
            "Name exactly those; to keep a part locked, hold that part first."
        ),
        (
            "{field}：锁定 {value} 涉及 {batches} 个批次和 {units} 个包装件，须一次全部解除。请恰好列出这些；"
            "如需继续锁定其中一部分，请先另行封存该部分。"
        ),
    ),
    "removal-unknown": (
        "{field} is {value}, which is no way of removing goods. Use one of: {kinds}.",
        "{field} 为 {value}，不是可用的移出方式。请使用：{kinds}。",
    ),
    "result-missing": (
        "{field}: the result of {value} is missing. Enter what the laboratory reported.",
        "{field}：缺少 {value} 的结果。请填写化验室报告的数值。",
    ),
    "return-by-shipment": (
        (
            "{field}: shipment {value} went to a member that did not decline it, so it cannot be weighed back here. "
            "Let the receiver send the goods back with the purpose return, and receive that."
        ),
        (
            "{field}：发货 {value} 的收货方是联盟成员且没有整单拒收，不能在此直接入库。"
            "请由收货方以退货（return）用途发回，再行收货。"
        ),
    ),
    "sample-of-other-product": (
        (
            "{field}: a sample is of what it is taken from: {product}, not {value}. Correct the product, or "
            "record a transformation."
        ),
        "{field}：样品与取样货物应为同一产品：{product}，而不是 {value}。请更正产品，或按加工记录。",
    ),
    "sample-of-several": (
        "{field}: samples are taken from one batch of one owner: {batch}. Record those of batch {value} apart.",
        "{field}：一次取样只针对一个所有者的一个批次：{batch}。批次 {value} 的取样请另行记录。",
    ),
    "confirmation-of-member": (
        "{field} {value} went to {to}, which receives it in its own log. Links are for parties without a node.",
        "发货 {value}（{field}）的收货方 {to} 在自己的日志中收货。链接只用于没有节点的收货方。",
    ),
    "confirmation-unclear": (
        "{field}: say either that all of it arrived, or what differs: in a line, or in the remark.",
        "{field}：请确认全部收到，或在某一行或备注中写明差异。",
    ),
    "link-expired": (
        "{field}: this link ended on {value}. Ask the sender for a new one.",
        "{field}：此链接已于 {value} 失效。请向发货方索取新链接。",
    ),
    "link-unknown": (
        (
            "{field}: this link does not lead to a delivery. It was replaced, withdrawn, or copied incompletely; "
            "ask the sender for a new one."
        ),
        "{field}：此链接未指向任何交付。它已被更换、撤回，或未复制完整；请向发货方索取新链接。",
    ),
    "shipment-closed": (
        "{field} {value} is acknowledged and closed. Record anything further as a new shipment.",
        "发货 {value}（{field}）已确认并结清。后续往来请另建发货。",
    ),
    "shipment-confirmed": (
        (
            "{field} {value} was confirmed by its consignee already; a link serves once. "
            "Tell the sender of anything further."
        ),
        "发货 {value}（{field}）已由收货人确认；链接只能使用一次。其他事项请告知发货方。",
    ),
    "shipment-voided": (
        (
            "{field} {value} was voided by the authority: the goods are the sender's. If they are here, let the sender "
            "ship them anew."
        ),
        "发货 {value}（{field}）已被监管部门作废，货物归发货方。如货物已在此处，请发货方重新发货。",
    ),
    "shipment-declined": (
        "{field} {value} was declined as a whole. Ask the sender for a new shipment.",
        "发货 {value}（{field}）已整单拒收。请要求发货方重新发货。",
    ),
    "shipment-received": (
        (
            "{field} {value} was received to the end; only quarantined units may still be decided. "
            "Send goods back with the purpose return."
        ),
        "发货 {value}（{field}）已全部收货，只能再处理待定（隔离）的包装件。退货请以退货（return）用途发货。",
    ),
    "shipment-unknown": (
        "{field}: this node sent no shipment {value}. Check the id.",
        "{field}：本节点没有发货 {value}。请核对编号。",
    ),
    "site-differs": (
        "{field} is {value}, but the samples are taken at {site}. Correct one of the two.",
        "{field} 为 {value}，而取样地点为 {site}。请更正其中一处。",
    ),
    "sums-differ": (
        (
            "{field}: {value} come out where {inputs} went in ({difference}); {process} changes no mass. "
            "Correct a quantity, or book the rest as a loss."
        ),
        (
            "{field}：投入 {inputs}，产出与损耗合计 {value}（相差 {difference}）；{process} 不改变质量。"
            "请更正数量，或将差额记为损耗。"
        ),
    ),
    "title-already": (
        "{field}: these goods of batch {value} belong to {owner} already. Check the owner on the line.",
        "{field}：批次 {value} 的这些货物已属于 {owner}。请核对该行的所有者。",
    ),
    "title-of-several-owners": (
        "{field} are goods of {value}. Each owner is told of his own only: record a transfer for each.",
        "{field} 涉及多个所有者（{value}）的货物。所有者只应获知自己的货物：请按所有者分别登记货权转移。",
    ),
    "title-told-otherwise": (
        "{field}: what {value} is told differs from the lines, or names goods of others. State the same in both.",
        "{field}：告知 {value} 的内容与明细行不一致，或涉及他人的货物。请使两处一致。",
    ),
    "to-one-party": (
        "{field} is {value}: a shipment goes either to one node or to one outside party. Name exactly one of them.",
        "{field} 为 {value}：发货要么给一个节点，要么给一个外部单位。请只指明其中一个。",
    ),
    "to-oneself": (
        "{field} is {value}, which is this node. Record a move between sites instead.",
        "{field} 为 {value}，即本节点自己。场地之间的调拨请用移库（moved）记录。",
    ),
    "unit-at-other-site": (
        "{field}: unit {serial} ({value}) stands at {site}. Name that site, or move the unit first.",
        "{field}：包装件 {serial}（{value}）在 {site}。请改选该场地，或先移库。",
    ),
    "unit-contents-missing": (
        "{field}: unit {value} contains unit {inner}, which is not listed. List all it contains, or unpack it first.",
        "{field}：包装件 {value} 内还有包装件 {inner}，但未列出。请列出其全部内件，或先拆包。",
    ),
    "unit-counted-in-part": (
        (
            "{field}: unit {unit} holds {net}; in a stock-take it is there with all of that, or missing (0), not "
            "{value}. Weigh it again as remeasured if its net has changed."
        ),
        (
            "{field}：包装件 {unit} 的净重为 {net}；盘点时它要么完整在库，要么缺失（0），不能为 {value}。"
            "如净重有变，请按复测（remeasured）记录。"
        ),
    ),
    "unit-held": (
        "{field}: unit {serial} ({value}) is held by {lock}. Leave it out, or release the hold first.",
        "{field}：包装件 {serial}（{value}）已被封存（{lock}）。请去掉该包装件，或先解除封存。",
    ),
    "unit-holds-units": (
        "{field}: unit {value} holds other units, and weighs what they do. Name those that are in it.",
        "{field}：包装件 {value} 内装有其他包装件，其净重为各件之和。请指明其中的各个包装件。",
    ),
    "unit-inside-other": (
        "{field}: unit {value} stands inside unit {outer}. Name the outer one too, or unpack it first.",
        "{field}：包装件 {value} 在包装件 {outer} 之内。请同时列出外层包装件，或先拆包。",
    ),
    "unit-net-differs": (
        (
            "{field}: unit {value} holds {net} according to its label entry. Give that net mass and its count, "
            "or unpack and pack it anew."
        ),
        "{field}：包装件 {value} 登记的净重为 {net}。请按登记的净重和件数填写，或拆包后重新装包。",
    ),
    "unit-not-here": (
        "{field}: unit {serial} ({value}) cannot be used: it is {state}. Check the serial on the label.",
        "{field}：包装件 {serial}（{value}）不可用，其状态为 {state}。请核对标签上的序列号。",
    ),
    "unit-of-other-batch": (
        "{field}: unit {value} holds batch {holds}, not {batch}. List it under its own batch.",
        "{field}：包装件 {value} 装的是批次 {holds}，不是 {batch}。请将其列在所属批次之下。",
    ),
    "unit-of-other-owner": (
        "{field}: unit {serial} ({value}) belongs to {owner}. Name that owner on the line, or leave the unit out.",
        "{field}：包装件 {serial}（{value}）属于 {owner}。请在该行注明所有者，或去掉该包装件。",
    ),
    "unit-pledged": (
        "{field}: unit {serial} ({value}) is pledged by {lock}. Leave it out, or end the pledge first.",
        "{field}：包装件 {serial}（{value}）已质押（{lock}）。请去掉该包装件，或先解除质押。",
    ),
    "unit-recalled": (
        (
            "{field}: unit {serial} ({value}) is recalled by {lock}. Send it back with the purpose return, "
            "remove it as destroyed or disposed, or release the recall."
        ),
        (
            "{field}：包装件 {serial}（{value}）已被召回（{lock}）。请以退货（return）用途发回，或按销毁、"
            "处置（destroyed、disposed）移出，或解除该召回。"
        ),
    ),
    "unit-received": (
        "{field}: unit {value} was received already. Remove it from this receipt.",
        "{field}：包装件 {value} 已经收货。请将其从本次收货中删去。",
    ),
    "unit-state-unknown": (
        "{field}: {value} is no outcome for a unit. Use one of: {states}.",
        "{field}：{value} 不是包装件的收货结果。请使用：{states}。",
    ),
    "unit-twice": (
        "{field}: unit {value} is listed twice. Remove one of the two.",
        "{field}：包装件 {value} 列了两次。请删去其中一次。",
    ),
    "unit-unknown": (
        "{field}: there is no unit {value} here. Check the label or the id.",
        "{field}：此处没有包装件 {value}。请核对标签或编号。",
    ),
    "unit-without-pieces": (
        "{field}: with {value} no piece would be left in unit {unit}. Name the whole unit, or correct the number.",
        "{field}：填写 {value} 后，包装件 {unit} 内将没有任何一件。请指明整个包装件，或更正件数。",
    ),
    "quota-not-reo": (
        "{field} is {value}; quotas are granted in oxide. Give the quantity with the basis reo.",
        "{field} 为 {value}；总量控制指标按氧化物计。请以 reo 为基准填写数量。",
    ),
    "year-absurd": (
        "{field} is {value}; quotas are of a year from {first} to {last}. Correct it.",
        "{field} 为 {value}；总量控制指标的年份应在 {first} 至 {last} 之间。请更正。",
    ),
    "withdrawal-asked": (
        "{field}: {value} was asked back already. Wait until its receiver declines, or ask the authority to void it.",
        "{field}：{value} 已申请撤回。请等待收货方拒收，或请监管部门作废。",
    ),
    "withdrawal-from-outside": (
        "{field}: {value} went to a party without a node, which cannot be asked here. Weigh in what comes back.",
        "{field}：{value} 发往体系外的收货方，无法在此申请撤回。退回的货物请直接入库。",
    ),
    # --- ledger/matter: registering ----------------------------------------------------------------------
    "identifier-wrong": (
        "{field}: {value} does not follow {standard}; a character is mistyped. Copy it from the certificate.",
        "{field}：{value} 不符合 {standard}，可能有字符录入错误。请按证照核对。",
    ),
    "log-of-other": (
        "{field}: {value} is no log of {name}. A member's logs are {name}/log, {name}/log2 and so on.",
        "{field}：{value} 不是 {name} 的日志。成员的日志名为 {name}/log、{name}/log2，依次类推。",
    ),
    "nothing-cited": (
        "{field}: new keys of {value} are told in its own log first; cite that entry.",
        "{field}：{value} 的新密钥应先记入其自己的日志；请引用该条目。",
    ),
    "successor-of-no-log": (
        "{field}: a log succeeds another when its log key is revoked, not a key for the use {value}. Leave it out.",
        "{field}：只有吊销日志密钥时才有后继日志，用途为 {value} 的密钥没有。请删去此项。",
    ),
    "until-before-from": (
        "{field}: {value} is before {begins}, when it begins. Correct one of the two.",
        "{field}：{value} 早于起始日 {begins}。请更正其中之一。",
    ),
    # --- ledger/matter: corrections ----------------------------------------------------------------------
    "adjustment-before-receipt": (
        (
            "{field}: shipment {value} has no agreed receipt yet. Acknowledge the receipt first; until then the "
            "receiver can state the true amounts there, or decline."
        ),
        "{field}：发货 {value} 的收货尚未确认一致。请先确认收货；在此之前，收货方可在收货中如实填写数量或整单拒收。",
    ),
    "adjustment-below-zero": (
        (
            "{field}: {value} is more than entry and earlier adjustments moved of batch {batch} ({moved}). "
            "Adjust by no more than that."
        ),
        "{field}：调整量 {value} 超过了该记录（含以前的调整）中批次 {batch} 的数量（{moved}）。请减少调整量。",
    ),
    "adjustment-leaves-half": (
        (
            "{field}: entry {value} would be left with only one side: goods made of nothing, or used for nothing. "
            "Adjust what was made and what was used together."
        ),
        "{field}：调整后第 {value} 号记录只剩一边（有产出无投入，或有投入无产出）。请同时调整产出与投入。",
    ),
    "adjustment-mixed": (
        (
            "{field} names entries {value} shared with a partner, or both more and less. "
            "Adjust one shared entry at a time, in one direction."
        ),
        "{field} 涉及与对方共有的记录 {value}，或同时有增有减。每次只能调整一条共有记录，且只能同一方向。",
    ),
    "adjustment-not-here": (
        (
            "{field}: {value} of batch {batch} would be taken at {site}, where {loose} stand loose. Bring it back, "
            "or unpack it, or adjust in the same step the entries that used it."
        ),
        (
            "{field}：需从 {site} 取走批次 {batch} 的 {value}，而该处散装只有 {loose}。请先移回或拆包，"
            "或在同一次调整中一并调整用掉它的记录。"
        ),
    ),
    "adjustment-of-nothing": (
        "{field}: the adjustment of batch {value} changes neither mass nor pieces. Give a difference, or leave it out.",
        "{field}：对批次 {value} 的调整既不改变质量也不改变件数。请填写差额，或删去该行。",
    ),
    "adjustment-of-other-entry": (
        (
            "{field}: entry {index} ({type}) moved nothing of batch {value} on this side, at this site, for this owner."
            " Name them as the entry does; what has no such amounts is reversed, or measured and recorded again."
        ),
        (
            "{field}：第 {index} 号记录（{type}）在这一侧、该场地、该所有者名下没有批次 {value}。"
            "请按原记录填写；没有可调整数量的记录请红冲，或重新计量、重新记录。"
        ),
    ),
    "adjustment-of-other-shipment": (
        "{field}: entry {value} is not the one that both adjust. Let both name their entries of the same shipment.",
        "{field}：第 {value} 号记录不是双方共同调整的那一条。请双方都填写同一发货的记录。",
    ),
    "adjustment-of-returned": (
        "{field}: of batch {value} in shipment {shipment}, goods came back already. Record what is left as it is now.",
        "{field}：发货 {shipment} 中批次 {value} 已有货物退回入库，不能这样调整。请按现有实物重新记录。",
    ),
    "adjustment-pieces-differ": (
        "{field}: batch {batch} would be left with {mass} and {value} pieces. Adjust mass and pieces together.",
        "{field}：调整后批次 {batch} 为 {mass}、{value} 件，两者不符。请同时调整质量和件数。",
    ),
    "adjustment-side-unknown": (
        (
            "{field} is {value}, which does not belong here. Use one of {sides}; "
            "shipped and received stand among the shared lines, the others among one's own."
        ),
        "{field} 为 {value}，不能用在此处。可用：{sides}；shipped 和 received 写在共有行中，其余写在自有行中。",
    ),
    "adjustment-with-other": (
        "{field} is {value}, but the entry is shared with {partner}. Name exactly that partner, or nobody.",
        "{field} 为 {value}，而该记录的对方是 {partner}。请如实填写对方；没有对方则不填。",
    ),
    "adjustments-differ": (
        "{field}: the partner gave {given}, this takes {value}. Take exactly what was given.",
        "{field}：对方调整的是 {given}，此处为 {value}。请与对方的调整完全一致。",
    ),
    "amendment-leaves-nothing": (
        "{field}: {value} cannot be left without words. Give the right ones.",
        "{field}：{value} 不能为空。请填写正确的文字。",
    ),
    "amendment-not-words": (
        (
            "{field}: {value} is nothing that can be amended in an entry of type {type}. Amend lot numbers, "
            "references, documents and reasons; amounts are reversed or adjusted."
        ),
        ("{field}：{value} 不是 {type} 类记录中可更正的文字。可更正批号、外部单号、单据和原因等；数量请用红冲或调整。"),
    ),
    "amendment-of-nothing": (
        "{field}: {path} says {value} already. Leave it out, or give other words.",
        "{field}：{path} 已经是 {value}。请删去该行，或填写不同的文字。",
    ),
    "amendment-of-other-words": (
        "{field} is {value}, but {path} says {was} now. Look at the entry again, and amend what it says.",
        "{field} 为 {value}，而 {path} 现在是 {was}。请重新查看记录后再更正。",
    ),
    "approval-by-oneself": (
        "{field} is {value}, who records it. Have a second person approve; where there is none, one from outside.",
        "{field} 为 {value}，即录入人本人。请由另一人审批；只有一人的单位请外部人员审批。",
    ),
    "approval-missing": (
        "{field} is empty: this correction moves goods. Have a second person approve it.",
        "{field} 为空：此项冲销涉及数量，须由另一人审批。",
    ),
    "consent-missing": (
        (
            "The {field} is missing: these goods come from {value}, who has to give them up first. "
            "Wait for that adjustment, and refer to it."
        ),
        "缺少 {field}：这些货物须由 {value} 先调出。请等对方完成调整后，引用其记录。",
    ),
    "consent-to-other": (
        "The {field} refers to entry {value}, not to the partner's adjustment {given}. Refer to that one.",
        "{field} 引用的是第 {value} 号记录，而对方的调整是第 {given} 号。请引用该记录。",
    ),
    "consent-unfitting": (
        (
            "The {field} {value} does not belong here: it stands with goods that a partner gave up, and is that "
            "partner's entry. Leave it out, or refer to the right one."
        ),
        "{field} {value} 不应出现在此：只有接收对方调出的货物时才引用对方的记录。请删去，或改引正确的记录。",
    ),
    "consent-used": (
        "The {field} {value} was used already: what the partner gave up is taken. Nothing is left to record.",
        "{field} {value} 已经用过：对方调出的货物已入账，无需再记。",
    ),
    "correction-in-closed-month": (
        "{field} is {value}, but the month {month} is closed. Date the correction in the month that is open.",
        "{field} 为 {value}，而 {month} 月已结账。请将冲销记在未结账的月份，并引用原记录。",
    ),
    "correction-in-pool": (
        (
            "{field}: entry {value} is about a pool, where goods cannot be told apart and a draw is final. "
            "Charge what is lacking, and let the count at its closing true up the rest."
        ),
        "{field}：第 {value} 号记录属于槽体/料仓，货物不可区分，出料不可更改。少投的请补投，其余在结池盘点时调平。",
    ),
    "correction-of-correction": (
        (
            "{field}: entry {value} is a correction itself ({type}). Amend or adjust the corrected entry once more; "
            "what was reversed is recorded anew."
        ),
        "{field}：第 {value} 号记录本身就是冲销（{type}）。请对原记录再次更正或调整；已红冲的请重新记录。",
    ),
    "correction-of-opening": (
        "{field} is {value}: the first entry opens the log and stands for good. Name the entry that is wrong.",
        "{field} 为 {value}：首条记录开立日志，不能冲销。请填写有误的那条记录。",
    ),
    "entry-other-leaf": (
        "{field} is {value}, but entry {index} of this log has another hash. Look the entry up again.",
        "{field} 为 {value}，而本日志第 {index} 号记录的哈希不同。请重新查找该记录。",
    ),
    "entry-reversed": (
        "{field}: entry {value} was reversed already and counts no more. Record anew what is true.",
        "{field}：第 {value} 号记录已经红冲，不再有效。请按实际情况重新记录。",
    ),
    "entry-unknown": (
        "{field}: this log has no entry {value}. Check the number.",
        "{field}：本日志没有第 {value} 号记录。请核对编号。",
    ),
    "month-closed": (
        "{field}: the month {value} is closed already. What is wrong in it is corrected in the open month.",
        "{field}：{value} 月已经结账。其中的错误请在未结账的月份冲销。",
    ),
    "month-not-over": (
        "{field}: the month {value} is not over yet. Close it when it is.",
        "{field}：{value} 月尚未结束。请在月末之后结账。",
    ),
    "reversal-of-confirmation": (
        "{field}: entry {value} ({type}) is what a consignee said through a link. Answer it by an acknowledgement.",
        "{field}：第 {value} 号记录（{type}）是收货人通过链接所作的陈述。请以确认（acknowledged）答复。",
    ),
    "reversal-of-acknowledgement": (
        (
            "{field}: entry {value} ({type}) closed a shipment or weighed goods in. "
            "Ship those again, or adjust the shipment together with the partner."
        ),
        "{field}：第 {value} 号记录（{type}）已结清发货或将货物退回入库。请重新发货，或与对方共同调整该发货。",
    ),
    "reversal-of-adjusted": (
        "{field}: entry {value} was adjusted and can no longer be reversed. Adjust it further, to nothing if need be.",
        "{field}：第 {value} 号记录已经调整过，不能再红冲。请继续调整，必要时调整到零。",
    ),
    "reversal-of-changed-units": (
        (
            "{field}: units of batch {value} are no longer as this entry left them. "
            "Undo first what was done with them since, or record what is true now."
        ),
        "{field}：批次 {value} 的包装件已不是该记录之后的状态。请先撤销其后的操作，或按现状重新记录。",
    ),
    "reversal-of-closing": (
        "{field}: entry {value} ({type}) closed a month, and it stays closed. Correct its entries in the open month.",
        "{field}：第 {value} 号记录（{type}）是月结，不能红冲。请在未结账的月份冲销有误的记录。",
    ),
    "reversal-of-goods-gone": (
        (
            "{field}: {value} of batch {batch} no longer stand loose at {site}. "
            "Bring them back there first, or record what is true now."
        ),
        "{field}：{site} 已没有批次 {batch} 的散装 {value}。请先移回，或按现状重新记录。",
    ),
    "reversal-of-locked": (
        "{field}: {value} is held, pledged or recalled, and stays as it is. Have it released first.",
        "{field}：{value} 处于冻结、质押或召回状态，不能红冲。请先解除。",
    ),
    "reversal-of-measurement": (
        "{field}: entry {value} ({type}) says what was measured. Measure or count again; the newer figure counts.",
        "{field}：第 {value} 号记录（{type}）是计量或盘点结果。请重新计量或盘点，以新结果为准。",
    ),
    "reversal-of-mixed-move": (
        (
            "{field}: a line of batch {value} moved units and loose goods together, and units may have been weighed "
            "anew since. Move the goods back to {site} with a new move."
        ),
        (
            "{field}：批次 {value} 的一行同时移动了包装件和散装货物，而包装件此后可能重新称重。"
            "请用新的移库记录把货物移回 {site}。"
        ),
    ),
    "reversal-of-opened-unit": (
        (
            "{field}: the sample was taken out of unit {value}, whose new net is told on its label. Adjust the entry "
            "to nothing, used and made alike: the goods then stand loose."
        ),
        (
            "{field}：样品取自包装件 {value}，其新净重已告知持标签者。请把该记录的取用和产出同时调整为零，"
            "货物随即成为散装。"
        ),
    ),
    "reversal-of-receipt": (
        (
            "{field}: entry {value} ({type}) took goods over from a partner. Send them back with the purpose return, "
            "or adjust the amount together with the partner."
        ),
        "{field}：第 {value} 号记录（{type}）已从对方接收货物。请以退货（return）用途发回，或与对方共同调整数量。",
    ),
    "reversal-of-shipment": (
        (
            "{field}: entry {value} ({type}) offered goods to somebody else. Ask the receiver to decline it, and weigh "
            "them back in with the acknowledgement; once received, adjust it together."
        ),
        (
            "{field}：第 {value} 号记录（{type}）已将货物发给对方。请对方整单拒收后，在确认中退回入库；"
            "对方已收货的，请双方共同调整。"
        ),
    ),
    "reversal-of-told": (
        (
            "{field}: entry {value} ({type}) was brought to others, who go by it. It stands: settle the shipment with "
            "its receiver, or end the order by a release."
        ),
        "{field}：第 {value} 号记录（{type}）已送达他方并被依据，不能冲销。请与收货方了结该发货，或以解除结束命令。",
    ),
    "reversal-of-status": (
        (
            "{field}: entry {value} ({type}) changed the status of goods. Record the opposite: release, unpledge, hold "
            "again, or let the new owner transfer it back."
        ),
        "{field}：第 {value} 号记录（{type}）改变了货物的状态。请记录相反的操作：解除、解押、冻结，或由新所有者转回。",
    ),
    "reversal-of-used": (
        (
            "{field}: batch {value} no longer stands at {site} as it was made ({made}, loose). What was used cannot be "
            "reversed: adjust it, or undo first what was done with it since."
        ),
        (
            "{field}：批次 {value} 已不是产出时的状态（{site}，散装 {made}）。用过的批次不能红冲，请用调整；"
            "或先撤销其后的操作。"
        ),
    ),
    "reversal-of-used-unit": (
        (
            "{field}: unit {serial} ({value}) no longer stands at {site}, whole and on its own. What was used cannot "
            "be reversed: undo first what was done with it since, or record what is true now."
        ),
        (
            "{field}：包装件 {serial}（{value}）已不在 {site} 完整单独存放。用过的包装件不能红冲，"
            "请先撤销其后的操作，或按现状重新记录。"
        ),
    ),
    # --- ledger/matter: handovers ------------------------------------------------------------------------
    "decline-differs": (
        "{field} is {value}, but the receiver's receipt of {shipment} says otherwise. Repeat what the receipt says.",
        "{field} 为 {value}，但收货方对 {shipment} 的收货记录并非如此。请与收货记录保持一致。",
    ),
    "offer-not-disclosed": (
        "{field}: the sender did not disclose batch and mass of this line. Ask the sender to send the offer again.",
        "{field}：发货方没有披露该行的批次和质量。请要求发货方重新发送。",
    ),
    "offer-not-shipped": (
        "{field}: an entry of type {value} offers no goods. Send the entry of type shipped.",
        "{field}：类型为 {value} 的条目不是发货。请发送 shipped 类型的条目。",
    ),
    "offer-to-other": (
        "{field}: this shipment is addressed to {value}, not to {receiver}. Only the addressee can receive it.",
        "{field}：该发货的收货方是 {value}，不是 {receiver}。只有指定的收货方才能收货。",
    ),
    "origins-not-offered": (
        (
            "{field} does not repeat what the offer says of origins (model here: {value}, offered: {offered}). "
            "Repeat it as it was offered; say nothing where it says nothing."
        ),
        "{field} 与发货方所述来源不一致（此处模式：{value}，发货方：{offered}）。请原样照录；未述来源的请留空。",
    ),
    "receipt-of-other-shipment": (
        "{field} is {value}, which is not the shipment that this receipt answers. Answer with its own receipt.",
        "{field} 为 {value}，与所答复的发货不是同一单。请用该发货自己的收货记录答复。",
    ),
    "unit-not-offered": (
        (
            "{field}: unit {value} was not in this line, or not with this net mass. "
            "Mark it unexpected, or answer it with the net mass offered."
        ),
        "{field}：该行发货中没有包装件 {value}，或净重不同。请将其标为多到（unexpected），或按所发净重填写。",
    ),
    # --- ledger/matter: regimes --------------------------------------------------------------------------
    "regime-unknown": (
        "There is no regime {value}. There are: {known}.",
        "没有名为 {value} 的合规报告。可用：{known}。",
    ),
    # --- ledger/entries.py -------------------------------------------------------------------------------
    "authors-differ": (
        "Entry {value} of {log} is not signed by exactly the author keys in force there. Fetch it again from {log}.",
        "{log} 的第 {value} 号条目未由当时有效的作者密钥签署。请向 {log} 重新获取。",
    ),
    "disclosure-missing": (
        "{field} of entry {value} of {log} is not disclosed. Restore its disclosures from a backup, or ask for them.",
        "{log} 第 {value} 号条目的 {field} 没有披露内容。请从备份恢复，或向持有方索取。",
    ),
    "entry-version-unknown": (
        "The {field} is of a form this version does not know: {value}. Update, then read it again.",
        "该条目（{field}）的格式本版本不认识：{value}。请升级软件后再读取。",
    ),
    # --- ledger/certificates.py --------------------------------------------------------------------------
    "certificate-altered": (
        "The {field} is not what was signed: its hash is not {value}…. Ask its maker for the one that was issued.",
        "证书内容（{field}）与签署内容不符：其摘要不是 {value}…。请向签发单位索取原件。",
    ),
    "certificate-forged": (
        "The {field} names the key {value}, but the signature is not that key's: it was altered or forged.",
        "证书（{field}）注明密钥 {value}，但签名不是该密钥所作：证书被改动或伪造。",
    ),
    "certificate-maker-unknown": (
        "The {field} was signed by a key {value} that nobody here knows. Ask where its maker is known.",
        "证书（{field}）由此处未知的密钥 {value} 签署。请到认识签发单位之处查验。",
    ),
    # --- ledger/labels.py --------------------------------------------------------------------------------
    "label-forged": (
        (
            "The {field} names unit {value}, but its signature is not its maker's: it was altered or forged. "
            "Do not accept the goods on it."
        ),
        "标签（{field}）所示包装件为 {value}，但签名不是制作方的：标签被改动或伪造。请勿凭此标签收货。",
    ),
    "label-maker-unknown": (
        (
            "No known organisation has the key {value} that this {field} names. Update the list of organisations, "
            "or check online."
        ),
        "标签（{field}）上的密钥 {value} 不属于任何已知组织。请更新组织名录，或联网核查。",
    ),
    "label-version-unknown": (
        "The {field} is of version {value}, which this version cannot read. Update, or check online.",
        "标签（{field}）的版本为 {value}，本版本无法读取。请升级软件，或联网核查。",
    ),
    # --- ledger/origins.py -------------------------------------------------------------------------------
    "model-grew-stronger": (
        "{field} claims the model {value}, but what went in is {best} at best. A claim never grows stronger.",
        "{field} 声称模式为 {value}，而投入物料至多为 {best}。监管链模式只能减弱，不能增强。",
    ),
    "origin-from-nowhere": (
        "{field} says that {element} is from {value}, but nothing that went in has that origin. Do not rely on it.",
        "{field} 称 {element} 来自 {value}，但投入物料中没有这一来源。请勿采信。",
    ),
    # --- ledger/evidence.py ------------------------------------------------------------------------------
    "consistency-of-unknown": (
        "{field}: a proof joins sizes of {value} that no checkpoint of this file has. Ask for the file again.",
        "{field}：有一项一致性证明涉及 {value} 的大小，但文件中没有相应的检查点。请重新索取文件。",
    ),
    "disclosure-of-nothing": (
        "{field} open the entry with leaf {value}, which is not in this file. Ask for the file again.",
        "{field} 披露的条目（叶哈希 {value}）不在此文件中。请重新索取文件。",
    ),
    "entry-elsewhere": (
        "{field}: what stands here is {value}, which belongs elsewhere. Fetch it again from its log.",
        "{field}：此处的内容是 {value}，不属于这个位置。请从所属日志重新获取。",
    ),
    "entry-not-included": (
        (
            "{field}: entry {value} of {log} is not in the log under its checkpoint: it was altered, or never logged. "
            "Do not rely on it."
        ),
        "{field}：{log} 的第 {value} 号条目不在检查点所覆盖的日志中：它被改动过，或从未记入日志。请勿采信。",
    ),
    "entry-signature-bad": (
        "{field}: entry {value} of {log} is not signed by that log's own keys. Do not rely on it.",
        "{field}：{log} 的第 {value} 号条目没有该日志自己密钥的有效签名。请勿采信。",
    ),
    "entry-zero-missing": (
        "{field}: entry 0 of {value}, which holds its keys, is not here. Ask for evidence that includes it.",
        "{field}：缺少 {value} 的第 0 号条目（其中有该日志的密钥）。请索取包含该条目的证据包。",
    ),
    "evidence-too-large": (
        "{field}: {value} is more than this check takes ({limit}). Ask for evidence of fewer goods.",
        "{field}：{value} 超过了核查上限（{limit}）。请索取范围较小的证据包。",
    ),
    "fork": (
        "{field}: there are two histories of {log} at size {value}. Keep both, and report them to the authority.",
        "{field}：{log} 在大小 {value} 处出现两个不同的历史。请保留两份，并报告监管部门。",
    ),
    "fork-unproven": (
        "This proves no fork of {value}: {why}. Do not rely on it.",
        "此文件不能证明 {value} 分叉：{why}。请勿采信。",
    ),
    "key-not-published": (
        "{field}: entry 0 of {log} publishes no Ed25519 key for the use {value}. Its operator must add one.",
        "{field}：{log} 的第 0 号条目没有公布用途为 {value} 的 Ed25519 密钥。请其运营方补充。",
    ),
    "log-not-trusted": (
        "The {field} does not name the log {value}. Add its line if you trust it, or do not rely on this evidence.",
        "信任策略（{field}）中没有日志 {value}。如信任请添加相应的一行，否则请勿采信此证据包。",
    ),
    "ref-to-other-entry": (
        "{field} refers to entry {value} of {log}, but what stands there is not what it means. Do not rely on it.",
        "{field} 引用了 {log} 的第 {value} 号条目，但该处并非它所指的条目。请勿采信。",
    ),
    "subject-differs": (
        "The file says {value} as {field}; the entry that made it says {stated}. Believe the entry, not the file.",
        "文件中 {field} 为 {value}，而产生它的条目记为 {stated}。请以条目为准。",
    ),
    "two-entries-one-place": (
        "{field}: two different entries claim to be number {value} of {log}. Keep both, and report them.",
        "{field}：有两个不同的条目都自称是 {log} 的第 {value} 号。请保留两份并报告监管部门。",
    ),
    # --- ledger/keys.py ----------------------------------------------------------------------------------
    "key-not-committed": (
        "{field}: the new key of {log} for {value} was not committed to before. Use the key made in advance.",
        "{field}：{log} 用途为 {value} 的新密钥未在上一份密钥列表中作出承诺。请使用预先生成的密钥。",
    ),
    "rekeyed-out-of-order": (
        "{field}: {log} cannot replace keys at entry {value}, before the keys that it replaces. Cite the right entry.",
        "{field}：{log} 不能在第 {value} 号条目更换密钥，该处早于被更换的密钥。请引用正确的条目。",
    ),
    # --- ledger/registry.py ------------------------------------------------------------------------------
    "key-not-of-member": (
        "{field}: {value} is no key that {name} published for the use {use}. Copy it from the member's keys.",
        "{field}：{value} 不是 {name} 为用途 {use} 公布过的密钥。请从该成员的密钥中复制。",
    ),
    "keys-are-others": (
        "{field} are not the keys in force of {value}. Keys change by `rekeyed` only; repeat the ones in force.",
        "{field} 不是 {value} 现行的密钥。密钥只能通过 rekeyed 更换；请填写现行密钥。",
    ),
    "log-is-another": (
        "{field}: {value} is not the log that the member writes now, {log}. Name that one, or a new one as successor.",
        "{field}：{value} 不是该成员现在书写的日志（{log}）。请填写该日志；若为后继日志，请填写新的日志名。",
    ),
    "succeeds-nothing": (
        (
            "{field}: {value} has not asked with a log that succeeds its own. Have it run lodetrace succeed "
            "and join again."
        ),
        "{field}：{value} 未以后继日志提出申请。请其先运行 lodetrace succeed，再重新提交申请。",
    ),
    "succeeded-already": (
        "The log of {field} was succeeded already, by {value}. Serve that home; to succeed it in turn, name that home.",
        "{field} 的日志已由 {value} 接续。请运行该节点目录；如需再次接续，请指明该目录。",
    ),
    "predecessor-incomplete": (
        "Entry {value} of {field} is not here, and another log goes on from what it left. Have it deposited whole.",
        "{field} 的第 {value} 号条目不在此处，而后继日志以其所余为起点。请补交其完整日志。",
    ),
    "member-unknown": (
        "{field}: {value} was never admitted here. Admit it first, and name no entry before that.",
        "{field}：{value} 从未在此获准加入。请先登记加入，且不要引用更早的条目。",
    ),
    "name-taken": (
        "{field}: the name {value} is taken since entry {index}. Choose another name; or, of the same member, cite it.",
        "{field}：名称 {value} 已被占用（第 {index} 号条目）。请换一个名称；若为同一成员，请引用该条目。",
    ),
    "not-suspended": (
        "{field}: {value} is not suspended, so nothing is to be restored.",
        "{field}：{value} 并未被暂停，无需恢复。",
    ),
    "not-the-entry-before": (
        "{field} is {value}, but the last entry about this member is {index}. Look at what it says, then cite it.",
        "{field} 为 {value}，而关于该成员的上一条目为第 {index} 号。请查看其内容后再引用。",
    ),
    "policy-not-one": (
        "{field} is no trust policy, line {value}: {why} Correct that line.",
        "{field} 不是有效的信任策略（第 {value} 行）：{why} 请更正该行。",
    ),
    "size-went-back": (
        "{field} is {value}, before {before}, which the registry stated already. Take the member's newest checkpoint.",
        "{field} 为 {value}，小于登记处此前已记录的 {before}。请采用该成员最新的检查点。",
    ),
    "standing-differs": (
        "{field} is {value}, but the {n} members as they are now have the root {root}. Compute it again.",
        "{field} 为 {value}，而现有 {n} 个成员对应的根为 {root}。请重新计算。",
    ),
    "standing-unproven": (
        "The line of {value} is not shown to be in the {field} that it names. Ask for it again from whoever made it.",
        "未能证明 {value} 的一行在其所指的 {field} 之中。请向制作者重新索取。",
    ),
    "suspended-already": (
        "{field}: {value} is suspended since entry {index}. Restore it first.",
        "{field}：{value} 自第 {index} 号条目起已被暂停。请先恢复。",
    ),
    "log-ended": (
        (
            "{field}: by its registry {log} ended at size {size} and another log goes on; {value} is beyond "
            "that. Reject it."
        ),
        ("{field}：据登记处所述，日志 {log} 已于长度 {size} 终止并由后继日志接续；{value} 超出其外。请勿采信。"),
    ),
    # --- ledger/last_resort.py ----------------------------------------------------------------------------
    "recovery-key-twice": (
        "{field}: {value} stands below this twice, and counts once. Have another holder of a recovery key sign.",
        "{field}：{value} 在此签署了两次，只计一次。请另一位恢复密钥持有人签署。",
    ),
    "recovery-key-unknown": (
        "{field}: entry 0 does not commit to the key {value}. Have holders of committed keys sign.",
        "{field}：第 0 号条目未承诺密钥 {value}。只能由已承诺的恢复密钥持有人签署。",
    ),
    "recovery-not-committed": (
        "{field}: entry 0 of {value} commits to no recovery keys, so none can replace its keys. Succeed the log.",
        "{field}：{value} 的第 0 号条目未承诺任何恢复密钥，无法以此更换密钥。请建立后继日志。",
    ),
    "recovery-not-prepared": (
        "{field} holds no keys that recovery keys could put in force. Run lodetrace keys recover --home HOME first.",
        "{field} 中没有待启用的密钥。请先运行 lodetrace keys recover --home HOME。",
    ),
    "recovery-of-other": (
        "{field}: what was signed is not the statement for this log, entry and list of keys: {value}. Sign it anew.",
        "{field}：所签内容不是针对本日志、本条目和本密钥列表的声明：{value}。请重新签署。",
    ),
    "recovery-too-few": (
        "{field}: {value} of the {n} recovery keys signed, and {m} must. Have more holders sign.",
        "{field}：{n} 把恢复密钥中只有 {value} 把签署，须有 {m} 把。请更多持有人签署。",
    ),
    "recovery-unproven": (
        "{field}: nothing joins size {value} of {log} with one that the key in the policy signs. Reject it.",
        "{field}：没有证明把 {log} 在 {value} 处与信任策略中密钥所签的检查点连为同一历史。请勿采信。",
    ),
    # --- ledger/standing.py ------------------------------------------------------------------------------
    "registries-differ": (
        "{one} and {other} tell of other logs or keys of {value}. Ask both registries; until then name one of them.",
        "登记处 {one} 与 {other} 所述 {value} 的日志或密钥不同。请询问双方；在此之前策略中只列其一。",
    ),
    "key-revoked": (
        "{field}: what {key} signed of {log} at {value} does not count: the registry revoked that key. Reject it.",
        "{field}：{log} 在 {value} 处由 {key} 所签的内容无效：该密钥已被登记处吊销。请勿采信。",
    ),
    "keys-differ-from-log": (
        "{field} that the registry {registry} tells of {value} are not those of its entry 0. Do not rely on it.",
        "登记处 {registry} 所述 {value} 的密钥（{field}）与其第 0 号条目不符。请勿采信。",
    ),
    "log-not-admitted": (
        "{field}: {value} is not the log with which {name} was admitted. Do not rely on it.",
        "{field}：{value} 不是 {name} 获准加入时的日志。请勿采信。",
    ),
    "predecessor-differs": (
        "The {field} in entry 0 of {value} is not the last checkpoint of {log} that counts. Do not rely on it.",
        "{value} 第 0 号条目中的 {field} 不是 {log} 最后一个有效的检查点。请勿采信。",
    ),
    "registry-chain-broken": (
        "{field}: entry {value} of the registry {log} does not follow from the ones before: {why} Do not rely on it.",
        "{field}：登记处 {log} 的第 {value} 号条目与之前的条目不衔接：{why} 请勿采信。",
    ),
    "registry-entry-left-out": (
        "{field}: entry {value} of the registry {log} about {name} was left out of this file. Ask for the whole.",
        "{field}：此文件缺少登记处 {log} 关于 {name} 的第 {value} 号条目。请索取完整的文件。",
    ),
    "shipped-while-suspended": (
        "{field}: entry {value} of {log} ships goods while the registry had suspended its organisation. Refuse them.",
        "{field}：{log} 的第 {value} 号条目在其单位被登记处暂停期间发货。请拒收。",
    ),
    "standing-contradicted": (
        "The {field} at entry {value} of the registry {log} is not what its own entries say. Do not rely on it.",
        "登记处 {log} 第 {value} 号条目的 {field} 与其自身的条目不符。请勿采信。",
    ),
    "standing-of-other": (
        "The {field} is of {value}, which is no registry of the trust policy. Name it there if you trust it.",
        "{field} 出自 {value}，而它不是信任策略中的登记处。如信任，请在策略中注明。",
    ),
    "standing-stale": (
        "The {field} of {value} is of {as_of}, {days} days ago; the policy allows {limit}. Ask for a newer file.",
        "{value} 的 {field} 为 {as_of}，距今 {days} 天，超过策略所允许的 {limit} 天。请索取较新的文件。",
    ),
    # --- ledger/audit.py ---------------------------------------------------------------------------------
    "checkpoint-broken": (
        "A checkpoint of {log} does not hold: {why} It was changed, or is of another log. Fetch it again.",
        "{log} 的一个检查点不成立：{why} 它被改动过，或属于另一账本。请重新获取。",
    ),
    "audit-broken": (
        "The log {log} breaks at {field} {value}: {why} Restore it from a backup and audit again.",
        "日志 {log} 在第 {value} 号条目（{field}）处不成立：{why} 请从备份恢复后重新核查。",
    ),
    "chain-broken": (
        "The {field} {value} is not chained to the one before it: one of the two was altered.",
        "第 {value} 号条目（{field}）与前一条目不相连：两者之一被改动过。请从备份恢复。",
    ),
    "leaf-differs": (
        "The {field} has the leaf hash {value}, not the one the tree was built from: the entry was altered.",
        "该条目（{field}）的叶哈希为 {value}，与建树时的不同：条目被改动过。请从备份恢复。",
    ),
    "log-cut-off": (
        (
            "The {field} covers {value} entries of {log}, but only {size} are here: the end was cut off. "
            "Restore them from a backup."
        ),
        "检查点（{field}）覆盖 {log} 的 {value} 条，此处只有 {size} 条：末尾被截去。请从备份恢复。",
    ),
    "root-differs": (
        (
            "The entries of {log} do not give the root of its {field} at size {value}: one of them was altered. "
            "Restore them from a backup."
        ),
        "{log} 的条目算不出检查点（{field}）在大小 {value} 处的根：有条目被改动过。请从备份恢复。",
    ),
    "time-went-back": (
        "The {field} was recorded at {value}, before the one it follows ({before}): one of the two was altered.",
        "该条目（{field}）的记录时间 {value} 早于前一条目（{before}）：两者之一被改动过。请从备份恢复。",
    ),
    # --- nodes: settings, keys, the home -----------------------------------------------------------------
    "file-exposed": (
        "The file {field} is open to others ({value}). Make it its owner's alone: chmod 600, and chown to this user.",
        "文件 {field} 可被他人访问（{value}）。请设为仅属主可读：chmod 600，并将属主改为当前用户。",
    ),
    "file-unreadable": (
        "The file {field} cannot be opened ({value}). Check that it is there and belongs to this user.",
        "无法打开文件 {field}（{value}）。请检查文件是否存在、是否属于当前用户。",
    ),
    "file-unwritable": (
        "The file {field} cannot be written ({value}). Choose another place, or check its folder.",
        "无法写入文件 {field}（{value}）。请另选位置，或检查所在目录。",
    ),
    "home-exists": (
        "There is something at {field} already, and it is not touched. Choose another folder for the new node.",
        "{field} 处已有内容，不会被改动。请为新节点另选目录。",
    ),
    "home-in-use": (
        "The node at {field} is running already (process {value}). Stop it first, or use its HTTP interface.",
        "{field} 处的节点已在运行（进程 {value}）。请先停止该进程，或使用其 HTTP 接口。",
    ),
    "key-file-wrong": (
        "The key file {field} cannot be used: {why}. Restore it from a backup, or check LODETRACE_PASSPHRASE.",
        "密钥文件 {field} 无法使用：{why}。请从备份恢复，或检查 LODETRACE_PASSPHRASE。",
    ),
    "settings-missing": (
        "There is no node here: {field} cannot be read ({value}). Check --home, or make a node with lodetrace init.",
        "此处没有节点：无法读取 {field}（{value}）。请检查 --home，或用 lodetrace init 新建节点。",
    ),
    "settings-unreadable": (
        "{field} is not TOML: {why}. Correct that place and start again.",
        "{field} 不是有效的 TOML：{why}。请更正后重新启动。",
    ),
    "settings-wrong": (
        "Wrong settings in {field} or the environment: {value}. Correct them and start again.\n{en}",
        "{field} 或环境变量中有 {value} 处设置错误，请更正后重新启动。\n{zh}",
    ),
    # --- nodes/verbs: what a clerk asks for --------------------------------------------------------------
    "at-without-zone": (
        "{field} is {value}, a time without a zone. Write it like 2026-11-22T08:15:00+08:00.",
        "{field} 为 {value}，没有时区。请写成 2026-11-22T08:15:00+08:00 的形式。",
    ),
    "difference-needs-reason": (
        "The weighing difference of {value} is beyond the tolerance of {tolerance}. Weigh again, or give {field}.",
        "称重差异 {value} 超过了允差 {tolerance}。请重新称重，或在 {field} 填写原因。",
    ),
    "input-not-named": (
        "{field} names input {value}, but there are {inputs} inputs, counted from 0. Correct the number.",
        "{field} 指向第 {value} 项投入，但共有 {inputs} 项（从 0 起计）。请更正序号。",
    ),
    "line-twice": (
        "{field}: line {value} of the shipment is answered twice. Remove one of the two.",
        "{field}：该发货的第 {value} 行答复了两次。请删去其中一次。",
    ),
    "origin-not-for-role": (
        (
            "{field}: an organisation with the role {role} does not register goods as {value}. Receive them from "
            "whoever did, or choose the origin that is true."
        ),
        "{field}：{role} 单位不能以“{value}”来源登记货物。请从登记方收货，或选择真实的来源类别。",
    ),
    "order-stands": (
        (
            "{field}: {value} holds goods by the authority's order {order}, which stands. Ask the authority to "
            "release it; then end this hold."
        ),
        "{field}：{value} 依据监管部门的命令 {order} 封存，该命令仍然有效。请先请监管部门解除命令，再解除封存。",
    ),
    "order-unknown": (
        (
            "{field}: no order {value} stands here that names these goods. Look at lodetrace order list, and name an "
            "order of theirs."
        ),
        "{field}：本节点没有针对这些货物的有效命令 {value}。请查看 lodetrace order list，并填写相应的命令编号。",
    ),
    "origin-document-missing": (
        "{field}: goods registered as {value} need a paper of one of these kinds: {kinds}. Add it under documents.",
        "{field}：以“{value}”来源登记须附以下凭证之一：{kinds}。请在 documents 中补充。",
    ),
    "opening-closed": (
        (
            "{field}: opening stock could be registered until the first month was closed. Book what is found now as "
            "a stock-take."
        ),
        "{field}：期初库存只能在首次月结之前登记。现在发现的货物请按盘点入账。",
    ),
    "origin-unknown": (
        "{field} is {value}, which is no class of origin. Use one of: {classes}.",
        "{field} 为 {value}，不是可用的来源类别。请使用：{classes}。",
    ),
    "client-unknown": (
        (
            "{field}: the trust policy names no log of {value}, so the result cannot be brought there. Check the "
            "spelling, add its line and restart the node, or leave {field} out and send the result on paper."
        ),
        "{field}：信任策略中没有 {value} 的日志，结果无法送达。请核对名称，或加入后重启节点，或不填此项。",
    ),
    "result-not-told": (
        (
            "{field}: the entry {value} tells us no laboratory's result. Name an entry of type assayed that came "
            "here (lodetrace notices lists them), or state the result itself."
        ),
        "{field}：条目 {value} 未披露化验结果。请引用已送达的 assayed 条目（见 lodetrace notices），或直接填写结果。",
    ),
    "result-twice": (
        "{field} is stated, and {value} is named for it too. Leave one of them out.",
        "{field} 既直接填写，又引用了 {value}。请只保留其一。",
    ),
    "result-of-other-goods": (
        (
            "{field}: the result is of {value}, which is neither the batch {batch} nor a sample of it. Name the "
            "batch that was sampled, or the right entry."
        ),
        "{field}：该结果属于 {value}，既不是批次 {batch}，也不是其样品。请填写被取样的批次，或更正所引条目。",
    ),
    "partner-unknown": (
        (
            "{field}: the trust policy names no log of {value}, so nothing can be sent there. Check the spelling, "
            "add its line and restart the node, or name the receiver as outside."
        ),
        "{field}：信任策略中没有 {value} 的日志，无法发货。请核对名称，或加入后重启节点，或填为体系外（outside）。",
    ),
    "quantity-missing": (
        "{field} is missing: say how much of {value}.",
        "缺少 {field}：请填写 {value} 的数量。",
    ),
    "receipt-not-here": (
        "{field} {value}: its receipt has not arrived here yet. Wait for it, or ask the receiver to send it again.",
        "发货 {value}（{field}）的收货记录尚未到达。请等待，或请收货方重新发送。",
    ),
    "site-missing": (
        "{field} is missing: say which of the sites ({sites}). With one site in the settings it may be left out.",
        "缺少 {field}：请从场地（{sites}）中指明一个。设置中只有一个场地时可以不填。",
    ),
    "site-same": (
        "{field} is {value}, the site where the goods stand already. Name another site.",
        "{field} 为 {value}，货物已在该场地。请改选其他场地。",
    ),
    "site-unclear": (
        "{field}: {value} stands at several sites ({sites}). Say which one.",
        "{field}：{value} 分布在多个场地（{sites}）。请指明是哪一个。",
    ),
    "site-unknown": (
        "{field} is {value}, which is no site of this organisation. Use one of: {sites}.",
        "{field} 为 {value}，不是本单位的场地。请使用：{sites}。",
    ),
    "unit-left-open": (
        (
            "{field}: {left} units of this line are not answered, {value} among them. Say what became of each, "
            "name no unit to accept all, or leave the receipt open for a later one."
        ),
        "{field}：该行还有 {left} 个包装件未说明，例如 {value}。请逐一说明，或都不列以全部接收，或不标为最后收货。",
    ),
    "withdrawal-too-late": (
        "{field}: the receiver of {value} has answered already. Answer its receipt, or agree on a return.",
        "{field}：{value} 的收货方已经答复。请确认其收货，或商定退货。",
    ),
    # --- nodes: other nodes, and the client of one's own -------------------------------------------------
    "answer-too-large": (
        "{field} answered with more than {value} bytes, which is never right. Check what stands at that address.",
        "{field} 的应答超过 {value} 字节，不正常。请检查该地址上是什么程序。",
    ),
    "node-address-wrong": (
        "{field} {value} is not an address. Give one such as http://127.0.0.1:8470.",
        "{field} {value} 不是有效地址。请填写如 http://127.0.0.1:8470 的地址。",
    ),
    "node-said-no": ("{en} [{value} {field}]", "{zh} [{value} {field}]"),
    "node-unreachable": (
        "No node answers at {field} ({value}). Start it with lodetrace serve, or check the address.",
        "{field} 处没有节点应答（{value}）。请用 lodetrace serve 启动，或检查地址。",
    ),
    "peer-address-wrong": (
        "The trust policy gives {value} as the address of {field}. Write one that begins with http:// or https://.",
        "信任策略中 {field} 的地址为 {value}。请写以 http:// 或 https:// 开头的地址。",
    ),
    "peer-unknown": (
        "The trust policy names no log of {value}. Add its line, with key and address, and start again.",
        "信任策略中没有 {value} 的日志。请添加含密钥和地址的一行后重新启动。",
    ),
    "peer-said-no": (
        "{field} answered with {value}: {why} If that lasts, ask its operator.",
        "{field} 的答复为 {value}：{why} 若长时间如此，请联系对方。",
    ),
    "relay-box-full": (
        "The box for {field} at this relay is full for one sender: {value} messages, {size} bytes of yours. Try later.",
        "本中转节点为 {field} 保管的、来自贵方的消息已达上限：{value} 条，{size} 字节。待 {field} 取走后即可继续投递。",
    ),
    "relay-busy": (
        "{field} is being asked {value} things through this relay at once. Ask again later.",
        "经本中转节点向 {field} 提出的询问已达 {value} 个。请稍后再试。",
    ),
    "relay-keeps-it": (
        "The relay at {value} keeps it; {field} has not answered yet. Nothing is lost; if that lasts, ask {field}.",
        "{value} 的中转节点已代为保管，{field} 尚未答复。消息不会丢失；若长时间如此，请联系 {field}。",
    ),
    "relay-not-for": (
        "{field} does not relay for {value}. Its operator adds the name to relay_for, if both agree.",
        "{field} 不为 {value} 中转。双方同意后，由其运营方将该名称加入 relay_for。",
    ),
    "relay-recipient-away": (
        "{field} does not answer at its relay {value} now. Ask again later.",
        "{field} 目前未在其中转节点 {value} 应答。请稍后再试。",
    ),
    "sealed-wrong": (
        "What is sealed does not open ({field}, {value} bytes): made for another key, or altered. Send it again.",
        "密封内容无法开启（{field}，{value} 字节）：它是为其他密钥制作的，或已被改动。请重新发送。",
    ),
    "peer-unreachable": (
        "The node {field} cannot be reached ({value}). It is tried again; if it lasts, ask its operator.",
        "无法连接节点 {field}（{value}）。系统会继续重试；若长时间无法恢复，请联系对方。",
    ),
    "peer-without-address": (
        "The trust policy gives no address for {value}. Add it at the end of its line, and start again.",
        "信任策略中没有 {value} 的地址。请在其所在行末尾添加地址后重新启动。",
    ),
    "request-signature": (
        "The request claims to be of {value}, but its signature does not hold ({why}). Check clock, key and path.",
        "请求自称来自 {value}，但签名无效（{why}）。请检查时钟、密钥和路径。",
    ),
    "request-unsigned": (
        "This address is for other nodes: requests need a {field} header after RFC 9421.",
        "此地址仅供其他节点使用：请求须带有符合 RFC 9421 的 {field} 头。",
    ),
    # --- nodes: the logs of others ------------------------------------------------------------------------
    "answer-encoded": (
        "{field} sent a compressed answer ({value}), which was not asked for. Nothing of it was read.",
        "{field} 发来了未曾要求的压缩应答（{value}），内容未读取。",
    ),
    "alarm-unknown": (
        "There is no alarm {value} of {log} now. See lodetrace logs.",
        "{log} 目前没有 {value} 告警。请用 lodetrace logs 查看。",
    ),
    "fork-unknown": (
        "There is no {field} {value} here. See lodetrace forks.",
        "此处没有第 {value} 号分叉（{field}）。请用 lodetrace forks 查看。",
    ),
    "log-alarm": (
        "{field}: {value}. {en}",
        "{field}：{value}。{zh}",
    ),
    "log-behind": (
        "{field} shows us {size} entries; others hold its checkpoint of {value} since {since}. Ask its operator.",
        "{field} 只向本节点展示了 {size} 条，而自 {since} 起他人持有其 {value} 条的检查点。请询问其运营方。",
    ),
    "log-shrank": (
        "{field} shows {value} entries, and has signed {size} before. Ask its operator: it may run from an old backup.",
        "{field} 目前展示 {value} 条，而此前已签署 {size} 条。请询问其运营方：可能在旧备份上运行。",
    ),
    "receiver-forked": (
        "Nothing goes to {value}: its log has forked (lodetrace forks, no. {no}). An admin can acknowledge that.",
        "暂不向 {value} 投递：其日志已分叉（见 lodetrace forks 第 {no} 号）。管理员可予以确认。",
    ),
    "ref-differs": (
        "{field} names another root of {log} at size {value} than that log shows. One of the two is wrong.",
        "{field} 所引用的 {log} 在大小 {value} 处的根与该日志所展示的不同。两者必有一误。",
    ),
    "sender-forked": (
        "Nothing is taken from {value}: its log has forked (no. {no} here). Its operator must clear that up with ours.",
        "暂不接收 {value} 的内容：其日志已分叉（本节点第 {no} 号）。请其运营方与我方澄清。",
    ),
    # --- nodes: recording, evidence, deliveries -----------------------------------------------------------
    "clock-behind": (
        "This node's clock says {value}, but its last entry was recorded at {last}. Set the clock right and try again.",
        "本节点时钟为 {value}，而最后一条记录的时间是 {last}。请校正时钟后重试。",
    ),
    "deliveries-refused": (
        "{value} deliveries were refused for good, the first one ({subject}) by {field}: {en}",
        "有 {value} 份投递被永久拒收，其中第一份（{subject}）由 {field} 拒收：{zh}",
    ),
    "webhook-calls-given-up": (
        "{value} calls of webhooks were given up after three days. See why on the page /webhooks, and send them again.",
        "有 {value} 次 webhook 通知在三天后放弃。请在 /webhooks 页面查看原因并重新发送。",
    ),
    "deliveries-waiting": (
        "{value} deliveries wait, the first of them for {field}: {en} They are repeated; nothing is lost.",
        "有 {value} 份投递在等待，首先是 {field}：{zh} 系统会继续重试，内容不会丢失。",
    ),
    "delivery-later": (
        "{field} answered with status {value} and will be asked again; nothing needs to be done.",
        "{field} 返回状态 {value}，稍后会自动重试，无需处理。",
    ),
    "delivery-note-wrong": (
        "What {value} answered is no delivery note for this offer. Ask its operator which version runs there.",
        "{value} 返回的内容不是此票货的签收单。请询问对方节点运行的版本。",
    ),
    "delivery-unconfirmed": (
        "{field} answered, but that confirms nothing, and it is sent again. If it lasts, see what answers there. {en}",
        "{field} 有应答但不是有效的签收，系统会重新发送。若长时间如此，请检查该地址上是什么程序。{zh}",
    ),
    "delivery-refused": (
        "{field} will not take this delivery (status {value}). {en}",
        "{field} 拒收此投递（状态 {value}）。{zh}",
    ),
    "evidence-incomplete": (
        "The evidence lacks entries that its own entries need: {value}. The sender must send all of it.",
        "证据包缺少其记录所依据的条目：{value}。发送方须完整提供。",
    ),
    "evidence-too-long": (
        "The history of these goods has {value} entries, more than the {limit} of one file. Ask for single units.",
        "此货物的历史有 {value} 条记录，超过单个证据包上限 {limit} 条。请按包装件分别获取。",
    ),
    "key-in-flight": (
        "The request with the Idempotency-Key {value} is still under way. Ask again in a second.",
        "Idempotency-Key 为 {value} 的请求仍在处理中，请一秒后重试。",
    ),
    "key-of-other-request": (
        "The Idempotency-Key {value} was used for another request. Use a new key for a new request.",
        "Idempotency-Key {value} 已用于另一请求。新的请求请使用新的 key。",
    ),
    "keys-of-other-log": (
        "The key in {field} ({value}) is not the one that this log has in force. Put the right key file back.",
        "{field} 中的密钥（{value}）不是此账本当前有效的密钥。请放回正确的密钥文件。",
    ),
    "label-of-other-entry": (
        "This label names entry {value} of {log}, but what stands there is something else. Do not trust the label.",
        "此标签指向 {log} 的第 {value} 条，但该处内容不符。请勿相信此标签。",
    ),
    "label-of-other-log": (
        "The unit {value} was labelled by another organisation; only its maker prints that label.",
        "包装件 {value} 由其他单位贴标，只有原单位可以打印该标签。",
    ),
    "no-partners": (
        "The trust policy {field} names no other organisation. Add the line of each partner: lodetrace introduce.",
        "信任策略 {field} 中没有其他单位。请加入各合作方的一行（lodetrace introduce 可打印）。",
    ),
    "no-checkpoint-yet": (
        "The newest entries of {value} are recorded but not yet under a checkpoint. Ask again in a second.",
        "{value} 的最新记录已保存，但检查点尚未发布，请一秒后重试。",
    ),
    "cosignature-from-future": (
        "The {field} of {value} carries a time that is still to come. Set the clock that is wrong, theirs or ours.",
        "{value} 的联署（{field}）时间在未来。请校正对方或本机的时钟。",
    ),
    "cosignature-missing": (
        "The witness answered without a {field} of {value}. Ask its operator, or take that key out of the policy.",
        "见证方的答复中没有 {value} 的联署（{field}）。请询问其运营方，或从信任策略中移除该密钥。",
    ),
    "node-overloaded": (
        "{value} commands wait already. Nothing was recorded; send it again in a moment.",
        "已有 {value} 条指令排队。本次未记录，请稍后重发。",
    ),
    "node-stopping": (
        "The node is stopping and takes no new command. Nothing was recorded; send it again when it is back.",
        "节点正在停止，不再接受新指令。本次未记录，请待其恢复后重发。",
    ),
    "not-an-authority": (
        "{value} is no authority and takes no deposits. Name the right node under `authority` in the settings.",
        "{value} 不是监管节点，不接收报备。请在设置 authority 中填写正确的节点。",
    ),
    "stock-differs": (
        "The log of {log} holds, but the tables show {field} {value} otherwise. Make them anew: lodetrace rebuild.",
        "{log} 的账本完好，但库中 {field} {value} 与账本不符。请执行 lodetrace rebuild 重建。",
    ),
    "witness-busy": (
        "Several requests about the log {value} are under way here. Ask again when they are answered.",
        "此处正在处理关于日志 {value} 的多个请求。请待其完成后再试。",
    ),
    "witness-ahead": (
        "The witness {field} claims size {value} of our log, we hold {size}. We were put back, or it lies: run doctor.",
        "见证方 {field} 称持有本账本大小 {value}，而本机为 {size}。本机数据被回退，或对方说谎：请运行 doctor。",
    ),
    "witness-contradicts": (
        "The witness {field} answers {value}: it claims another history of our log. Run lodetrace doctor, and ask it.",
        "见证方 {field} 答复 {value}：称持有本账本的另一个历史。请运行 lodetrace doctor，并询问对方。",
    ),
    "witness-elsewhere": (
        "The witness {field} holds size {value} of our log, another one each time. It is asked again.",
        "见证方 {field} 持有的本账本大小为 {value}，且每次不同。将再次请求。",
    ),
    "witness-refused": (
        "The witness {field} answers {value}. It is asked again; ask its operator if that goes on.",
        "见证方 {field} 答复 {value}。将再次请求；如持续如此，请询问其运营方。",
    ),
    "witness-unclear": (
        "The witness {field} answers 409 without a tree size ({value}). It is asked again; ask its operator.",
        "见证方 {field} 答复 409 但未给出树大小（{value}）。将再次请求；请询问其运营方。",
    ),
    "not-witnessed-yet": (
        "The log waits at size {value} until its witnesses have confirmed it; then all is sent by itself.",
        "正在等待见证节点确认账本（大小 {value}）；确认后自动发给对方，无需操作。",
    ),
    "sender-differs": (
        "The message says {value}, but its request says {signer}. Send it under one name.",
        "消息中写的是 {value}，而请求中是 {signer}。请保持一致。",
    ),
    "sender-not-in-evidence": (
        "The evidence does not hold entry 0 of its sender {value}, so nobody can tell whose it is.",
        "证据包中没有发送方 {value} 的第 0 条记录，无法判断其来源。",
    ),
    "subject-missing": (
        "The message is about {value}, but no entry in it tells of that.",
        "消息针对 {value}，但其中没有相应的记录。",
    ),
    # --- nodes: books, findings, drafts, attestations ------------------------------------------------------
    "attestation-unfounded": (
        "The audit of {field} does not bear out the check {value}: {why}. Leave it out, or settle the cause first.",
        "对 {field} 的核查不足以支持检查项“{value}”：{why}。请去掉该项，或先解决原因。",
    ),
    "month-books-differ": (
        "The books of {value} that were closed differ from what the entries say, first in {element}. Ask the operator.",
        "已关闭月份 {value} 的账与条目推算不符，首个不同元素为 {element}。请询问运营方。",
    ),
    "books-moved": (
        "Entries were recorded while the books of {value} were being made. Close the month again.",
        "生成 {value} 的账时又有新条目入账。请重新关账。",
    ),
    "composition-differs": (
        "The log of {log} holds, but not its table of what {value} is made of. Make it anew: lodetrace rebuild.",
        "{log} 的账本完好，但库中 {value} 的组成与账本不符。请执行 lodetrace rebuild 重建。",
    ),
    "deposits-incomplete": (
        "Of the log {value} nothing was deposited here. Its operator must name this node as authority.",
        "账本 {value} 尚未在此报备。其运营方须将本节点设为监管部门。",
    ),
    "draft-not-yours": (
        "The draft {value} was written by {owner}: only he or she may do that. Write one of your own.",
        "草稿 {value} 由 {owner} 起草，只有其本人可以这样做。请自行起草。",
    ),
    "draft-unknown": (
        "There is no draft {value}: it was sealed or deleted, or the number is wrong. List yours to see.",
        "没有草稿 {value}：可能已封存或删除，或编号有误。请列出草稿查看。",
    ),
    "draft-waiting": (
        "The draft {value} waits for approval and is changed no more. Delete it and write another.",
        "草稿 {value} 正等待批准，不能再改。请删除后重新起草。",
    ),
    "draft-not-waiting": (
        "The draft {value} needs no approval: its writer seals it. Nothing is left for you to do.",
        "草稿 {value} 不需批准，由起草人自行封存，您无需操作。",
    ),
    "voiding-from-outside": (
        "{field}: {value} went to a party without a node. Its sender weighs in what comes back, and nothing is voided.",
        "{field}：{value} 发往体系外的收货方。退回的货物由发货方直接入库，无需作废。",
    ),
    "voiding-of-received": (
        "{field}: {value} is answered in entry {index} of {log}. Void only what its receiver never took.",
        "{field}：{value} 已在 {log} 的条目 {index} 中答复。只能作废从未被收货的发货。",
    ),
    "entry-of-other-unknown": (
        "Entry {value} of {log} has not come here. Wait until its organisation has sent it, or correct the number.",
        "尚未收到 {log} 的条目 {value}。请等待对方送达，或更正编号。",
    ),
    "finding-unknown": (
        "There is no finding {value} in these books. Take its number from the list of findings.",
        "账上没有编号为 {value} 的疑点。请从疑点清单中取编号。",
    ),
    "flow-differs": (
        "The log of {log} holds, but not its table of what entry {value} moved. Make it anew: lodetrace rebuild.",
        "{log} 的账本完好，但库中条目 {value} 的物料变动与账本不符。请执行 lodetrace rebuild 重建。",
    ),
    "month-before-open": (
        "{value} cannot be closed while {open} is open. Close the months in their order.",
        "{open} 尚未关账，不能先关 {value}。请按月份顺序关账。",
    ),
    "notice-of-others": (
        "The notice in {field} concerns {value}, not this organisation. Send it to whom it concerns.",
        "{field} 中的通知涉及 {value}，与本单位无关。请发送给相关单位。",
    ),
    "notice-unfit": (
        "An entry of the type {value} is not sent as a notice. Send it the way that it is meant to go.",
        "{value} 类型的条目不以通知方式发送。请改用其应有的方式。",
    ),
    "only-the-authority": (
        "Only the node of an authority does that; this one is a {value}. Ask your authority.",
        "只有监管节点可以这样做，本节点的角色是 {value}。请联系监管部门。",
    ),
    "no-registry-here": (
        "{value} keeps no registry. Ask the node of an authority.",
        "{value} 不设登记簿。请访问监管部门的节点。",
    ),
    "no-registry-named": (
        "{field} names no registry. Put in the lines that the authority gives you: its log, and {value} with its name.",
        "{field} 中没有登记簿。请写入监管部门提供的两行：其日志，以及 {value} 加其名称。",
    ),
    "policy-of-other-key": (
        "{value} recommends a trust policy with another key for itself. Ask the authority, and do not go on.",
        "{value} 推荐的信任策略中是另一把密钥。请向监管部门核实，暂勿继续。",
    ),
    "request-of-other": (
        "{field} asks for {value}, but entry 0 in it is of {log}. Make the request anew: lodetrace join.",
        "{field} 申请的是 {value}，但其中的条目 0 属于 {log}。请重新生成申请：lodetrace join。",
    ),
    "request-of-other-key": (
        "The request was signed by {author}, not by {value}. Ask the organisation which key is its own.",
        "该申请由 {author} 签名，而不是 {value}。请向该单位核实其密钥。",
    ),
    "request-unknown": (
        "{value} has not asked to be admitted. Its operator runs lodetrace join, or sends you the request file.",
        "{value} 尚未申请加入。请其运行 lodetrace join，或将申请文件交给您。",
    ),
    "too-many-requests": (
        "{value} requests wait here already. Ask again when the authority has looked at some.",
        "已有 {value} 份申请等待处理。请待监管部门处理一部分后再试。",
    ),
    "member-not-known": (
        "No registry of our trust policy has admitted {value}. Look at lodetrace registry members.",
        "信任策略中的登记簿均未登记 {value}。请查看 lodetrace registry members。",
    ),
    "partner-suspended": (
        "{value} is suspended by its registry (entry {index}). Ship to it when it is restored.",
        "{value} 已被登记机构暂停（条目 {index}）。恢复后方可向其发货。",
    ),
    "entry-of-other-type": (
        "Entry {value} is of the type {type}, not {wanted}. Name the entry by which the keys were replaced.",
        "条目 {value} 的类型是 {type}，不是 {wanted}。请指明更换密钥的条目。",
    ),
    "decree-by-other": (
        (
            "Orders are taken from the authority {authority}, not from {value}. Correct the setting authority, or "
            "ignore it."
        ),
        "命令只认监管部门 {authority} 下达的，不认 {value}。请更正设置 authority，或不予理会。",
    ),
    "grant-by-other": (
        "Quotas are granted by the authority {authority}, not by {value}. Correct the setting authority, or ignore it.",
        "配额只认监管部门 {authority} 下达的，不认 {value}。请更正设置 authority，或不予理会。",
    ),
    "ruleset-missing": (
        "The reference data {value}, of an entry here, is not kept. Restore a backup that has it.",
        "条目所依据的参考数据 {value} 不在本机。请从含有它的备份恢复。",
    ),
    # --- nodes: labels ------------------------------------------------------------------------------------
    "certificate-no-line": (
        "{field} is {value}, but the shipment has {count} lines, counted from 0. Name one of them.",
        "{field} 为 {value}，但该发货单共 {count} 行（从 0 计）。请指定其中一行。",
    ),
    "certificate-other-evidence": (
        "The {field} is for entry {value}, which this evidence does not prove by this policy. Ask for the right one.",
        "证书（{field}）针对第 {value} 号条目，而该证据包在此信任策略下未证明该条目。请索取相应证据包。",
    ),
    "certificate-unread": (
        "{field} carries no certificate that a program can read. Take the PDF as it was issued, not a scan or a copy.",
        "{field} 中没有程序可读的证书内容。请使用签发时的 PDF 原件，而非扫描件或转存件。",
    ),
    "certificate-of-other-log": (
        "{field} {value} was made by another organisation, which certifies it. Pass its certificate on.",
        "{field} {value} 由其他单位制成，应由该单位出具证明。请转交其证书。",
    ),
    "certificate-unknown": (
        "This node has issued no {field} {value}. Check the number, or ask the organisation that is named on it.",
        "本节点未签发过该证书（{field}：{value}）。请核对编号，或向证书所列单位查询。",
    ),
    "font-missing": (
        "The typeface {value} is not beside the program, so nothing can be printed. scripts/setup fetches it.",
        "程序目录中缺少字体 {value}，无法打印。请运行 scripts/setup 获取字体。",
    ),
    "job-not-done": (
        "The printing job {value} is {state}, so there is nothing to fetch yet. Ask again when its state is done.",
        "打印任务 {value} 的状态为 {state}，暂无结果可取。请在状态为 done 后再取。",
    ),
    "job-unknown": (
        "There is no printing job {value}. Results are kept for an hour; have the labels printed again.",
        "没有打印任务 {value}。结果只保留一小时；请重新打印标签。",
    ),
    "deposits-unread": (
        "What is deposited here was not worked out yet; after a start that takes a while. Ask again a little later.",
        "尚未算出各报备账本的情况，启动后需要一些时间。请稍后再试。",
    ),
    "import-under-way": (
        "{value} is being looked through or recorded. Wait until that is done, then say again what is to happen.",
        "{value} 正在检查或导入。请等待其完成后再操作。",
    ),
    "jobs-waiting": (
        "{value} jobs are waiting already. Ask again when one of them is done.",
        "已有 {value} 个任务在等待。请在其中一个完成后再试。",
    ),
    "label-size-wrong": (
        "{field} is {value}, which is no size of a label. Use one of {sizes}, or width x height in mm such as 80x50.",
        "{field} 为 {value}，不是可用的标签尺寸。请使用 {sizes}，或以毫米填写 宽x高，如 80x50。",
    ),
    "label-too-small": (
        (
            "{field}: on a label of {value} mm no code has room that phones can read. Take one that is wider and "
            "higher than {least} mm, with some room for words."
        ),
        "{field}：{value} mm 的标签放不下手机可识读的二维码。请选用宽、高均大于 {least} mm 且留有文字位置的标签。",
    ),
    "labels-none": (
        "{field}: {value} has no units that this node labelled. Pack it first, or name units of your own.",
        "{field}：{value} 没有由本节点贴标的包装件。请先包装，或指定自有包装件。",
    ),
    "labels-too-many": (
        "{field} names {value} labels; one job prints at most {limit}. Print them in several jobs.",
        "{field} 共 {value} 张标签；一个任务最多打印 {limit} 张。请分几次打印。",
    ),
    "printer-unknown": (
        "There is no printer {value} in the settings. Known are: {printers}.",
        "设置中没有打印机 {value}。已有：{printers}。",
    ),
    "printer-unreachable": (
        "The printer at {value} did not take the labels: {why}. Check that it is on, then print again as not_printed.",
        "地址为 {value} 的打印机未能接收标签：{why}。请确认其已开机，然后以 not_printed 为原因重新打印。",
    ),
    "reprint-needs-reason": (
        (
            "{field}: labels of {count} of these units were printed before, {value} among them. Say why they are "
            "printed again: {reasons}."
        ),
        "{field}：其中 {count} 个包装件（如 {value}）的标签已打印过。请说明重新打印的原因：{reasons}。",
    ),
    "sheet-wrong": (
        (
            "{field} is {value}, which is no sheet of labels. Give columns x rows such as 2x4, a start within it, "
            "and margins that leave room."
        ),
        "{field} 为 {value}，不是可用的标签纸规格。请填写 列x行（如 2x4）、其范围内的起始位置，以及留有余地的边距。",
    ),
    # --- nodes: rollback and recovery ----------------------------------------------------------------------
    "backup-incomplete": (
        "{field} is no whole backup: {value} is missing. Use a folder that lodetrace backup has written.",
        "{field} 不是完整的备份：缺少 {value}。请使用 lodetrace backup 生成的目录。",
    ),
    "deposits-missing": (
        "This node holds no deposit of {value} with entry 0. Ask the authority to which its entries were brought.",
        "本节点没有 {value} 从第 0 条起的报备内容。请询问接收其报备的监管部门。",
    ),
    "deposits-of-others": (
        "{signer} asked for the deposits of {value}. They are given to the one who made them.",
        "{signer} 请求的是 {value} 的报备内容。报备只返还给报备方本身。",
    ),
    "deposits-wrong": (
        "The deposits from {value} are not as they must be: {why}. Fetch them again, or ask the authority.",
        "来自 {value} 的报备内容不符合要求：{why}。请重新获取，或询问监管部门。",
    ),
    "log-rewritten": (
        (
            "At {value} entries the log {field} has the root {root} here, but {known} for the {en}: another copy of "
            "this node has written. This node reads, and records nothing. Way out: stop every copy, keep both "
            "databases, report it to the authority, and go on with a successor log (docs/operating.md)."
        ),
        (
            "日志 {field} 在 {value} 条处，本节点的根为 {root}，而{zh}所知为 {known}：本节点的另一份副本曾经写入。本"
            "节点只提供读取，不再记录。解决办法：停止所有副本，保留两份数据库，报告监管部门，并改用后继日志（见 "
            "docs/operating.md）。"
        ),
    ),
    "log-key-revoked": (
        (
            "The registry has revoked the log key of {field} from size {value} on: nothing recorded here "
            "counts any more. This node reads, and records nothing. Way out: lodetrace succeed, from this home "
            "to a new one."
        ),
        (
            "登记处已自长度 {value} 起吊销 {field} 的日志密钥：此后在此登记的内容一律无效。本节点只提供读取，不"
            "再记录。解决办法：运行 lodetrace succeed，由本目录建立后继节点。"
        ),
    ),
    "log-succeeded": (
        (
            "{field} ended at size {value}, and {log} goes on from there. This node reads, and records "
            "nothing. Way out: serve the home of {log} instead."
        ),
        (
            "{field} 已于长度 {value} 终止，由 {log} 接续。本节点只提供读取，不再记录。解决办法：改为运行 "
            "{log} 所在的节点目录。"
        ),
    ),
    "log-rolled-back": (
        (
            "The database of {field} has {value} entries, but more are known: {en}. It was put back to an older "
            "state, or another copy of this node has written. This node reads, and records nothing. Way out: stop "
            "it, then restore the newest backup or run lodetrace recover --home HOME."
        ),
        (
            "{field} 的数据库有 {value} 条，而他处所知更多：{zh}。数据库曾被恢复到旧状态，或本节点的另一份副本曾经写"
            "入。本节点只提供读取，不再记录。解决办法：停止本节点，恢复最新的备份，或运行 lodetrace recover --home "
            "HOME。"
        ),
    ),
    "recovery-differs": (
        (
            "Entry {value} of {field}, as it was deposited, does not follow the last entry here: this database went "
            "on by itself. Nothing was changed. Keep it, report it to the authority, and go on with a successor log."
        ),
        (
            "报备中 {field} 的第 {value} 条不能接在本库最后一条之后：本库曾自行续写。未作任何更改。请保留本库，报告监"
            "管部门，并改用后继日志。"
        ),
    ),
    "recovery-incomplete": (
        (
            "With everything that was deposited, {field} has {value} entries, but more are known: {en}. What lies "
            "between is lost, and is not invented: nothing was changed. Look for a newer backup. If there is none, "
            "this log has ended: tell the authority and the partners its last size, and go on with a successor log "
            "(docs/operating.md)."
        ),
        (
            "加上全部报备内容，{field} 有 {value} 条，而他处所知更多：{zh}。其间的条目已经丢失，系统不会编造：未作任"
            "何更改。请寻找更新的备份；若没有，本日志即告终止：请将其最后的长度告知监管部门和合作方，并改用后继日志（"
            "见 docs/operating.md）。"
        ),
    ),
    "recovery-without-authority": (
        (
            "The settings of {field} name no authority that could hold its entries. Give a file with --from, or set "
            "authority."
        ),
        "{field} 的设置没有指明可能持有其条目的监管部门。请用 --from 给出文件，或设置 authority。",
    ),
    "witness-silent": (
        "The witness {field} could not be asked how long our log is; the node starts without its word. {en}",
        "无法向见证人 {field} 询问本日志的长度，本节点在没有其答复的情况下启动。{zh}",
    ),
    # --- nodes/sheets: rows of spreadsheets ----------------------------------------------------------------------
    "import-gone": (
        "{field}: the file {value} is no longer kept. Bring it again; rows that were recorded are not recorded twice.",
        "{field}：文件 {value} 已不再保存。请重新上传；已记录的行不会重复记录。",
    ),
    "import-missing": (
        "{field}: no file was chosen. Choose an .xlsx or CSV file.",
        "{field}：没有选择文件。请选择 .xlsx 或 CSV 文件。",
    ),
    "import-unknown": (
        "{field} {value}: you have brought no such file. Look at your files under Import.",
        "{field} {value}：您没有上传过此文件。请在“导入”页查看您的文件。",
    ),
    "cell-empty": (
        "{field} is empty; each row says its {en} there. Fill it in.",
        "{field} 为空；每一行都应填写“{zh}”。请补填。",
    ),
    "cell-formula-open": (
        "{field} holds a formula that was never computed. Open the book in a spreadsheet program and save it there.",
        "{field} 中的公式没有计算结果。请用表格软件打开并保存后再导入。",
    ),
    "cell-merged": (
        "{field} is covered by a merged cell, so it is not clear what this row says. Unmerge it and fill in each row.",
        "{field} 被合并单元格覆盖，无法判断本行内容。请取消合并并逐行填写。",
    ),
    "cell-negative": (
        "{field} holds {value}, below zero. Put what cancels a row (a credit note) and that into one, or drop both.",
        "{field} 的内容为 {value}，小于零。如为冲销另一行（如红字发票），请合并为一行并填写余额，或将两行都删除。",
    ),
    "cell-no-date": (
        "{field} holds {value}, which is no date. Write it like 2025-03-07.",
        "{field} 的内容为 {value}，不是日期。请写成 2025-03-07 或 2025年3月7日。",
    ),
    "cell-no-number": (
        "{field} holds {value}, which is no plain number. Write 12.5, or 12.5 t.",
        "{field} 的内容为 {value}，不是数字。请写成 12.5 或 12.5 吨。",
    ),
    "cell-no-unit": (
        "{field} holds {value}, no unit of mass known here. Write t, kg, g or mg behind the number or in the heading.",
        "{field} 的内容为 {value}，没有可识别的重量单位。请在数字后、表头或单位列中写明 吨、千克（公斤）、克或毫克。",
    ),
    "cell-repeats": (
        "{field} holds {value}, as {before} does already. Correct one of the two, or delete the row.",
        "{field} 的 {value} 与 {before} 重复。请更正其中之一，或删除该行。",
    ),
    "cell-word-unknown": (
        "{field} holds {value}, a name that is not known here. Write the name or code that the reference data has.",
        "{field} 的内容为 {value}，不是已知的名称。请填写参考数据中的名称或代码。",
    ),
    "column-unknown": (
        "{field}: {value} names no column of this kind of book. Give a place and a letter, of: {places}.",
        "{field}：{value} 不是此类表格的列。请填写以下位置及列字母：{places}。",
    ),
    "columns-missing": (
        "The sheet {field} lacks the columns {en}; its headers are: {value}. Add them, or say where they are.",
        "工作表 {field} 缺少列：{zh}；现有表头：{value}。请补充，或指明对应的列。",
    ),
    "row-recorded": (
        "{field}: {value} is registered already, as batch {batch}. Delete the row, or correct the number.",
        "{field}：{value} 已登记为批次 {batch}。请删除该行，或更正编号。",
    ),
    "row-unnamed": (
        "{field}: the row has none of {en}; without one it could be recorded twice unnoticed. Fill one in.",
        "{field}：本行没有 {zh} 中的任何一项，重复导入将无法识别。请至少填写一项。",
    ),
    "sheet-kind-unknown": (
        "{field} is {value}; books are read as one of: {kinds}. Choose one.",
        "{field} 为 {value}；可导入的表格种类：{kinds}。请选择其一。",
    ),
    "sheet-too-large": (
        "The book ({field}) comes to {value}, more than {limit}. Divide it into several.",
        "该文件（{field}）达到 {value}，超过 {limit}。请拆分成几个文件。",
    ),
    "sheet-unknown": (
        "{field}: the book has no sheet {value}. It has: {sheets}. Choose one of them.",
        "{field}：文件中没有工作表 {value}。现有：{sheets}。请选择其一。",
    ),
    "sheet-unreadable": ("The book ({field}) cannot be read: {en}.", "无法读取该文件（{field}）：{zh}。"),
    "zone-wrong": (
        "{field} is {value}, which is no time zone. Write it like +08:00.",
        "{field} 为 {value}，不是时区。请写成 +08:00。",
    ),
    # --- nodes/store: the database -----------------------------------------------------------------------
    "ambiguous-code": (
        "{value} names {count} different things here: {candidates}. Say which one by its id.",
        "{value} 在此对应 {count} 个不同对象：{candidates}。请用编号（id）指明是哪一个。",
    ),
    "arrival-unknown": (
        "No shipment {value} was offered to this node. Check the id (log#id), or ask the sender to deliver it again.",
        "没有编号为 {value} 的发货提供给本节点。请核对编号（log#id），或请发货方重新投递。",
    ),
    "database-damaged": (
        "The database {field} is damaged ({value}). Stop the node and restore the last backup, then rebuild.",
        "数据库 {field} 已损坏（{value}）。请停止节点，恢复最近的备份后执行重建。",
    ),
    "database-exists": (
        "There is a database at {field} already, and it is not overwritten. Choose another place for a new node.",
        "{field} 处已有数据库，不会被覆盖。请为新节点另选位置。",
    ),
    "database-locked": (
        "Another program keeps the database {field} locked. Close it (a backup tool, a second node) and try again.",
        "数据库 {field} 被其他程序锁定。请关闭该程序（备份工具或另一节点）后重试。",
    ),
    "database-missing": (
        "There is no database at {field}. Restore it from a backup; starting anew under old keys would fork the log.",
        "{field} 处没有数据库。请从备份恢复；沿用旧密钥重新开始会造成日志分叉。",
    ),
    "database-modes": (
        "The file system of {field} cannot keep a database safely ({value}). Use a local disk, not a network share.",
        "{field} 所在文件系统无法安全保存数据库（{value}）。请使用本地磁盘，不要使用网络共享。",
    ),
    "database-newer": (
        "The database {field} was made by a later version (schema {value}). Install that version or a newer one.",
        "数据库 {field} 由更新的版本创建（结构版本 {value}）。请安装该版本或更新的版本。",
    ),
    "database-readonly": (
        "The database {field} cannot be written to. Check its owner, its permissions and the file system.",
        "数据库 {field} 不可写。请检查文件属主、权限和文件系统。",
    ),
    "disk-low": (
        "Only {value} are free on the disk of {field}. Make room before the node has to stop recording.",
        "{field} 所在磁盘仅剩 {value}。请尽快腾出空间，以免节点无法记录。",
    ),
    "overview-failed": (
        "Deposits were not worked out ({value}). It is tried again in ten minutes; if it goes on: lodetrace doctor.",
        "报备数据未能核算（{value}）。十分钟后将重试；如仍失败，请节点管理员运行 lodetrace doctor 并查看运行日志。",
    ),
    "disk-failing": (
        "The disk did not take or give what was asked ({value}), at {field}. Check its space and its health.",
        "磁盘读写失败（{value}），位置 {field}。请检查磁盘空间和健康状况。",
    ),
    "disk-full": (
        "The disk of {field} is full; nothing was recorded. Make room and try again.",
        "{field} 所在磁盘已满，本次未记录任何内容。请腾出空间后重试。",
    ),
    "disk-unsynced": (
        (
            "The disk of {field} did not confirm what was written ({value}). Nothing is recorded any more, and it is "
            "not tried again: what such a disk says later cannot be relied on. Check or replace the disk, then start "
            "the node."
        ),
        (
            "{field} 所在磁盘未确认写入（{value}）。本节点停止记录且不再重试，因为此后该磁盘的答复不可信。请检查或更"
            "换磁盘后重新启动。"
        ),
    ),
    "head-moved": (
        "The log has grown to {size} entries meanwhile, not {value}. Read the head again and repeat.",
        "日志此间已增至 {size} 条，而非 {value} 条。请重新读取日志头后重试。",
    ),
    "highwater-unreadable": (
        (
            "The high-water file {field} is not as it was written: {value} Nothing is recorded until it is. Put it "
            "back, or let lodetrace recover ask everybody else and write it anew."
        ),
        (
            "高水位文件 {field} 与写入时不符：{value} 在恢复之前不作任何记录。请放回原文件，或运行 lodetrace recover "
            "向其他各方核对后重写。"
        ),
    ),
    "log-forked": (
        "There are two histories of {field} at size {value}, both signed. Keep both, and report them to the authority.",
        "{field} 在大小 {value} 处有两份均已签名但内容不同的历史。请保留两份，并报告监管部门。",
    ),
    "shipment-forked": (
        "Entry {value} of {field} offers a shipment that another of its entries offered before. Report both.",
        "{field} 的第 {value} 条再次提供了另一条记录已提供的同一票货。请保留两份，并报告监管部门。",
    ),
    "entry-forked": (
        "There are two different entries {value} of {field}, both signed. Keep both, and report them to the authority.",
        "{field} 存在两份均已签名但内容不同的第 {value} 条记录。请保留两份，并报告监管部门。",
    ),
    "entry-not-found": (
        "There is no entry {value}: the log has {size} entries so far, counted from 0.",
        "没有第 {value} 条记录：日志目前共 {size} 条，从 0 开始计数。",
    ),
    "hash-not-found": (
        "The tree hash {value} (level, position) of a log of {size} entries is missing here. Run rebuild.",
        "缺少日志（共 {size} 条）的树哈希 {value}（层，位置）。请执行重建。",
    ),
    "log-unknown": (
        "This node has nothing of the log {value}. Check its name.",
        "本节点没有日志 {value} 的任何内容。请核对名称。",
    ),
    "not-in-the-log-yet": (
        "{value}: the log is not that long yet. Ask for what the checkpoint covers.",
        "{value}：日志尚未达到该长度。请只请求检查点覆盖的内容。",
    ),
    "store-closed": (
        "The database {field} is closed: this node is stopping. Try again when it is back.",
        "数据库 {field} 已关闭：节点正在停止。请待其恢复后重试。",
    ),
    "too-much-parked": (
        "{value} has {messages} messages ({bytes} bytes) waiting here for entries that did not come. Send those first.",
        "{value} 已有 {messages} 条消息（{bytes} 字节）在此等待尚未到达的条目。请先发送所缺的条目。",
    ),
    # --- nodes: tokens -----------------------------------------------------------------------------------
    "owner-wrong": (
        "{field} is {value!r}, which names nobody. Give a name of 1 to 100 printable characters.",
        "{field} 为 {value!r}，不是有效的姓名。请填写 1 到 100 个可显示字符。",
    ),
    "role-unknown": (
        "{field} is {value}, which is no role. Use one of: {roles}.",
        "{field} 为 {value}，不是可用的角色。请使用：{roles}。",
    ),
    "token-number": (
        "There is no token of {field} {value} in use. See lodetrace token list.",
        "没有正在使用的 {value} 号令牌（{field}）。请用 lodetrace token list 查看。",
    ),
    "token-revoked": (
        "This token was revoked at {value}. Ask whoever runs the node for a new one.",
        "该令牌已于 {value} 作废。请向节点管理员索取新令牌。",
    ),
    "task-unknown": (
        "{field} is {value}, which is no task. Use some of: {tasks}.",
        "{field} 为 {value}，不是可用的岗位。请使用：{tasks}。",
    ),
    "task-of-others": (
        "This is the task {value}, and yours are: {tasks}. Ask a colleague who has it, or an administrator.",
        "此操作属于岗位 {value}，而您的岗位为：{tasks}。请由相应岗位的同事操作，或联系节点管理员。",
    ),
    "site-of-others": (
        "{field} is {value}, and your sites are: {sites}. Choose one of them, or ask a colleague there.",
        "{field} 为 {value}，而您负责的场所为：{sites}。请选择其中之一，或由该场所的同事操作。",
    ),
    "person-known": (
        "There is somebody called {value} already. Choose another name.",
        "已有名为 {value} 的人员。请换一个名字。",
    ),
    "case-unknown": (
        "There is no case {value}. Look at the list of cases.",
        "没有案件 {value}。请查看案件列表。",
    ),
    "case-closed": (
        "The case {value} is closed. Open it again first, and say why.",
        "案件 {value} 已结案。请先重新立案，并说明理由。",
    ),
    "case-not-closed": (
        "The case {value} is not closed, so it needs no opening again.",
        "案件 {value} 尚未结案，无需重新立案。",
    ),
    "case-not-asked": (
        "Nothing was asked of {value} in this case. Record the question first, then the answer.",
        "本案尚未向 {value} 提问。请先登记问题，再登记答复。",
    ),
    "outside-known": (
        "This file is here already, as table {table}. Open that one, or take it away first.",
        "该文件已导入，为第 {table} 号数据表。请打开该表，或先将其删除。",
    ),
    "outside-unknown": (
        "There is no table {value}: it was taken away, or the number is wrong. Look at the list of tables.",
        "没有第 {value} 号数据表：可能已删除，或编号有误。请查看数据表列表。",
    ),
    "person-unknown": (
        "Nobody called {value} may sign in here. Look at the list of people.",
        "没有名为 {value} 的在册人员。请查看人员列表。",
    ),
    "person-yourself": (
        "{value} is you. Another administrator does that, or lodetrace person on the node's machine.",
        "{value} 是您本人。请由其他管理员操作，或在节点所在机器上使用 lodetrace person。",
    ),
    "subject-known": (
        "{value} is the name under which {name} signs in. Two people cannot share it.",
        "{value} 已是 {name} 的统一登录名，不能由两人共用。",
    ),
    "password-elsewhere": (
        "You have no password here: you signed in with a token, or by your organisation's own sign-in.",
        "您在此没有口令：您是用令牌或统一登录进入的。",
    ),
    "passwords-differ": (
        "The new password was typed in two ways. Type it once more.",
        "两次输入的新口令不一致。请重新输入。",
    ),
    "oidc-refused": (
        "Your organisation's sign-in gave no answer that holds: {en}. Try again; if it lasts, ask an administrator.",
        "企业统一登录的应答无效：{zh}。请重试；若仍如此，请告知管理员。",
    ),
    "oidc-start-again": (
        "This sign-in was begun elsewhere, or too long ago. Begin again here.",
        "此次登录并非由此处发起，或已过期。请在此重新开始。",
    ),
    "oidc-unreachable": (
        "Your organisation's sign-in at {value} cannot be used now: {en} Try again in a while, or use a password.",
        "企业统一登录 {value} 目前无法使用：{zh}请稍后再试，或使用口令登录。",
    ),
    "address-silent": ("{field} does not answer ({value}).", "{field} 没有应答（{value}）。"),
    "password-length": (
        "A password has {least} to {most} characters. A sentence that only you know is easy to keep in mind.",
        "口令须为 {least} 到 {most} 个字符。可用一句只有您知道的话。",
    ),
    "sign-in-wrong": (
        "Name and password do not fit. Check both; whoever administers the node can set a new password.",
        "姓名与口令不符。请核对；节点管理员可重设口令。",
    ),
    "sign-in-too-often": (
        "Too many wrong tries for this name. Wait five minutes, then try again.",
        "该姓名输错次数过多。请五分钟后再试。",
    ),
    "sign-in-unknown-here": (
        "Your organisation's sign-in knows you as {value}, but nobody here has that name. Ask an administrator.",
        "单位统一登录认得您为 {value}，但本节点没有此人。请联系节点管理员。",
    ),
    "form-not-ours": (
        "The form is too old, or did not come from this node. Open the page again; what you typed is kept.",
        "表单已过期，或并非来自本节点。请重新打开页面；已填写的内容会保留。",
    ),
    "session-ended": (
        "You are no longer signed in. Sign in again; what you typed is kept.",
        "登录已失效。请重新登录；已填写的内容会保留。",
    ),
    "token-unknown": (
        "The node knows no such token as {field} holds. Check it, or ask whoever runs the node for one.",
        "本节点不认识 {field} 中的令牌。请核对，或向节点管理员索取。",
    ),
    # --- api ---------------------------------------------------------------------------------------------
    "body-not-json": (
        "The body is not JSON as it is taken here, at {field}: {why}. Correct that place and send it again.",
        "请求正文不符合要求，位置 {field}：{why}。请更正后重新发送。",
    ),
    "body-too-large": (
        "The body is larger than {value} bytes. Send it in parts, for example through /api/v1/bulk.",
        "请求正文超过 {value} 字节。请分批发送，例如使用 /api/v1/bulk。",
    ),
    "code-unknown": (
        "{field}: there is neither a unit nor a batch {value} here. Check the serial, lot number or id.",
        "{field}：此处既没有包装件也没有批次 {value}。请核对序列号、批号或编号。",
    ),
    "fields-wrong": ("The request is not as it must be. {en}", "请求内容不符合要求。{zh}"),
    "http-error": ("The server refused this request: {value}.", "服务器拒绝了该请求：{value}。"),
    "internal-error": (
        "Something went wrong inside the node; it is in its journal. What was answered before stays recorded.",
        "节点内部出错，详情已写入运行日志。此前已确认的内容不受影响。",
    ),
    "method-wrong": (
        "{field} does not take {value}. Use {allowed}.",
        "{field} 不接受 {value} 方法。请使用 {allowed}。",
    ),
    "no-units-here": (
        "{field}: no units of {value} stand here that are yours to use. Pack it first, or name a quantity.",
        "{field}：此处没有可供使用的 {value} 包装件。请先包装，或改填数量。",
    ),
    "not-in-this-shipment": (
        "{field}: nothing of this shipment is named {value}. See lodetrace shipment show for what was sent.",
        "{field}：此发货中没有 {value}。请用 lodetrace shipment show 查看所发内容。",
    ),
    "nothing-to-receive": (
        "No open {field} answers to {value}. See lodetrace arrivals for what has been sent here.",
        "没有与 {value} 相符的未结到货（{field}）。请用 lodetrace arrivals 查看到货。",
    ),
    "pair-wrong": (
        "{field}: {value} is no pair. Write PLACE=VALUE, as in lot_no=C.",
        "{field}：{value} 格式不对。请写成 位置=值，例如 lot_no=C。",
    ),
    "port-taken": (
        "Another program listens at {field} already. Stop it, or choose another port: --port or LODETRACE_PORT.",
        "{field} 已被其他程序占用。请停止该程序，或用 --port 或 LODETRACE_PORT 另选端口。",
    ),
    "port-unusable": (
        "This machine cannot listen at {field} ({value}). Choose another address or port: --host, --port.",
        "本机无法在 {field} 监听（{value}）。请用 --host、--port 另选地址或端口。",
    ),
    "series-without-number": (
        "{field} is {value}, and several count on from it. Give one that ends in a number: D-001.",
        "{field} 为 {value}，无法顺序编号。请填写以数字结尾的编号，如 D-001。",
    ),
    "code-missing": (
        "There is no code yet. Scan one, type it, or choose a photo of it.",
        "还没有编码。请扫描、输入，或选择编码的照片。",
    ),
    "photo-too-large": (
        "The photo has {value} pixels, and {limit} are the most. Take it anew in a smaller size.",
        "照片为 {value} 像素，超过上限 {limit}。请以较小尺寸重新拍摄。",
    ),
    "photo-unreadable": (
        "No QR code can be read in this photo. Go closer, hold still, wipe the label; or type the serial below it.",
        "照片中读不出二维码。请靠近、拿稳、擦净标签；或输入码下方的编号。",
    ),
    "form-unreadable": (
        "The form cannot be read at {field} ({value}). Open the page again and fill it in there.",
        "无法读取表单的 {field}（{value}）。请重新打开页面填写。",
    ),
    "role-too-low": (
        "This needs the role {wanted}, and the token has the role {value}. Ask somebody with that role.",
        "此操作需要角色 {wanted}，而该令牌的角色为 {value}。请由具备该角色的人员操作。",
    ),
    "route-unknown": (
        "There is nothing at {value}. See /openapi.json for what there is.",
        "{value} 处没有内容。可用接口见 /openapi.json。",
    ),
    "tls-key-of-other": (
        "The key in {value} is not that of the certificate in {cert}. Name its own: tls_key or --tls-key.",
        "{value} 中的私钥与证书 {cert} 不匹配。请用 tls_key 或 --tls-key 指明与证书对应的私钥。",
    ),
    "tls-unreadable": (
        "{field} cannot be used for HTTPS ({value}). It must be readable PEM; LODETRACE_PASSPHRASE opens a closed key.",
        "{field} 不能用于 HTTPS（{value}）。须为当前用户可读的 PEM 文件；私钥若有口令，请设置 LODETRACE_PASSPHRASE。",
    ),
    "webhook-address-internal": (
        "{value} lies inside a network of your own. If that is meant, say so: --internal, or the tick on the page.",
        "{value} 属于内部网络。如确有需要，请明确指定：--internal，或在页面上勾选。",
    ),
    "webhook-address-wrong": (
        "{value} is no address to call. Write one that begins with https:// or http://, without a password in it.",
        "{value} 不是可调用的地址。请填写以 https:// 或 http:// 开头、不含口令的地址。",
    ),
    "webhook-kind-unknown": (
        "{value} is nothing that a webhook is told. Choose among: {kinds}.",
        "没有名为 {value} 的通知种类。可选：{kinds}。",
    ),
    "webhook-known": (
        "{value} is called already. Remove that webhook first, if its secret is lost or it shall hear of other things.",
        "{value} 已在通知列表中。若密钥遗失或要更改通知种类，请先将其删除。",
    ),
    "webhook-unknown": (
        "There is no webhook {value}. Look at the list of webhooks.",
        "没有编号为 {value} 的通知地址。请查看列表。",
    ),
    "webhooks-too-many": (
        "There are {value} webhooks already, and that is the most. Remove one first.",
        "通知地址已有 {value} 个，达到上限。请先删除一个。",
    ),
    "token-missing": (
        "This needs a token: send the header Authorization: Bearer lt_… (lodetrace token create makes one).",
        "此处需要令牌：请发送 Authorization: Bearer lt_… 头（用 lodetrace token create 生成）。",
    ),
    "waited-in-vain": (
        "After {value} seconds there is still no {field}. Ask again later, or the other side.",
        "等待 {value} 秒后仍没有 {field}。请稍后再查，或询问对方。",
    ),
    "key-missing": (
        "Every recording request needs the header {field}: any text that you use for this request alone.",
        "每个记录请求都需要请求头 {field}：一个仅用于本次请求的文本。",
    ),
    "key-wrong": (
        "The {field} must be 1 to {limit} printable characters.",
        "{field} 应为 1 到 {limit} 个可见字符。",
    ),
    "verb-unknown": (
        "There is no verb {value}. Use one of: {verbs}.",
        "没有动作 {value}。可用：{verbs}。",
    ),
}
