"""The kinds of books that can be read: which columns each has, by which names people know them, and what fills what.

A column's `place` is the place in the verb's body that its cells fill, as in forms. The unit of a mass stands in its
own column, behind the number, or in the header: 净重（吨）.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Column:
    """`how`: text, mass, percent, moment, unit, or a kind of words (cells.word). `names`: the first two are the
    template's, Chinese and English. `along`: what the row says besides, by place, where the cell says anything.
    """

    place: str
    how: str
    names: tuple[str, ...]
    needed: bool = False
    example: str = ""
    along: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Kind:
    """`named_by`: columns of which a row must fill one, or nobody could tell a repeated row from another."""

    verb: str
    columns: tuple[Column, ...]
    named_by: tuple[str, ...]
    once: tuple[str, ...] = ()
    """Columns that no two rows of a book may share."""


_REGISTRATIONS = (
    Column(
        "at",
        "moment",
        ("日期", "date", "过磅日期", "登记日期", "入库日期", "时间", "发生时间", "at", "happened"),
        needed=True,
        example="2025-03-07",
    ),
    Column("lot_no", "text", ("批号", "lot", "批次", "批次号", "lot no", "lot_no", "lot number"), example="XF-1"),
    Column("product", "product", ("产品", "product", "品名", "物料", "产品名称"), needed=True, example="氧化镨钕"),
    Column("site", "text", ("场所", "site", "仓库", "库房")),
    Column("quantity.value", "mass", ("净重", "net", "数量", "净重量", "重量", "质量", "mass", "mg"), example="12.5"),
    Column("quantity.unit", "unit", ("单位", "unit", "计量单位"), example="t"),
    Column("quantity.basis", "basis", ("计量基准", "basis")),
    Column("quantity.moisture_pct", "percent", ("水分", "moisture", "含水率", "水份")),
    Column("weighing.gross", "mass", ("毛重", "gross"), example="20.5"),
    Column("weighing.tare", "mass", ("皮重", "tare"), example="8"),
    Column("weighing.ticket", "text", ("磅单号", "ticket", "磅单", "过磅单号"), example="BT-991"),
    Column("weighing.scale", "text", ("磅秤", "scale", "地磅")),
    Column("origin.class", "origin", ("来源", "origin", "来源类别"), needed=True, example="期初库存"),
    Column("origin.country", "country", ("国家", "country", "原产国", "来源国"), needed=True, example="中国"),
    Column("origin.region", "text", ("地区", "region", "产地")),
    Column("origin.feed_class", "feed_class", ("矿种", "feed class")),
    Column("assay.total_reo_pct", "percent", ("REO", "total REO", "稀土总量", "REO含量")),
    Column("assay.basis", "assay_basis", ("化验基准", "assay basis")),
    Column("assay.lab", "text", ("化验室", "laboratory", "检测机构")),
    Column("external_ref", "text", ("单据号", "reference", "自编号", "ERP", "external_ref")),
    Column(
        "documents[0].no",
        "text",
        ("发票号", "special invoice", "专用发票号", "发票号码"),
        along=(("documents[0].kind", "special_invoice"),),
    ),
    Column(
        "documents[1].no",
        "text",
        ("报关单号", "customs declaration", "报关单"),
        along=(("documents[1].kind", "customs_declaration"),),
    ),
    Column(
        "documents[2].no",
        "text",
        ("合同号", "purchase contract", "采购合同号", "合同编号"),
        along=(("documents[2].kind", "purchase_contract"),),
    ),
)
_TRANSFORMATIONS = (
    Column("at", "moment", ("日期", "date", "生产日期", "加工日期"), needed=True, example="2025-03-08"),
    Column("steps[0].process", "process", ("工序", "process", "工艺"), needed=True, example="separation"),
    Column("steps[0].site", "text", ("场所", "site", "车间")),
    Column("inputs[0].batch", "text", ("投入批号", "input lot", "原料批号"), needed=True, example="XF-1"),
    Column("inputs[0].quantity.value", "mass", ("投入量", "input", "投料量"), needed=True, example="12"),
    Column("inputs[0].quantity.unit", "unit", ("投入单位", "input unit"), example="t"),
    Column("outputs[0].product", "product", ("产出产品", "output product", "产品"), needed=True, example="氧化镨钕"),
    Column("outputs[0].lot_no", "text", ("产出批号", "output lot", "成品批号"), example="PN-7"),
    Column("outputs[0].quantity.value", "mass", ("产出量", "output", "产量"), needed=True, example="4"),
    Column("outputs[0].quantity.unit", "unit", ("产出单位", "output unit"), example="t"),
    Column("losses[0].kind", "text", ("损耗类别", "loss kind"), example="residue"),
    Column("losses[0].quantity.value", "mass", ("损耗量", "loss"), example="7.9"),
    Column("losses[0].quantity.unit", "unit", ("损耗单位", "loss unit"), example="t"),
    Column("external_ref", "text", ("单据号", "reference", "工单号")),
)
_SHARES = "La 镧 La2O3,Ce 铈 CeO2,Pr 镨 Pr6O11,Nd 钕 Nd2O3,Sm 钐 Sm2O3,Eu 铕 Eu2O3,Gd 钆 Gd2O3,Tb 铽 Tb4O7,Dy 镝 Dy2O3"
_SHARES += ",Ho 钬 Ho2O3,Er 铒 Er2O3,Tm 铥 Tm2O3,Yb 镱 Yb2O3,Lu 镥 Lu2O3,Y 钇 Y2O3"
_ASSAYS = (
    Column("at", "moment", ("日期", "date", "化验日期", "报告日期"), needed=True, example="2025-03-09"),
    Column("batch", "text", ("批号", "lot", "批次", "批次号"), needed=True, example="XF-1"),
    Column("assay.certificate_no", "text", ("报告编号", "certificate number", "报告号"), example="HY-25-031"),
    Column("sample", "text", ("样品编号", "sample", "样品号")),
    Column("assay.basis", "assay_basis", ("化验基准", "assay basis", "基准"), needed=True, example="灼减后"),
    Column("assay.total_reo_pct", "percent", ("REO", "total REO", "稀土总量", "REO含量"), example="99.4"),
    Column("assay.moisture_pct", "percent", ("水分", "moisture", "含水率")),
    Column("assay.loi_pct", "percent", ("灼减", "loss on ignition", "灼失", "LOI")),
    *(
        Column(
            f"assay.distribution_pct[{at}][1]",
            "percent",
            (oxide, symbol, name, f"{name}配分"),
            example={"Pr": "24.8", "Nd": "75.2"}.get(symbol, ""),
            along=((f"assay.distribution_pct[{at}][0]", symbol),),
        )
        for at, (symbol, name, oxide) in enumerate(one.split() for one in _SHARES.split(","))
    ),
    Column("assay.lab", "text", ("化验室", "laboratory", "检测机构")),
    Column("assay.method", "text", ("检测方法", "method")),
    Column("external_ref", "text", ("单据号", "reference")),
)
_SHIPMENTS = (
    Column("at", "moment", ("日期", "date", "发货日期", "出库日期"), needed=True, example="2025-03-10"),
    Column("external_ref", "text", ("单据号", "reference", "发货单号", "出库单号"), needed=True, example="SO-25-118"),
    Column("to.outside.name", "text", ("收货单位", "consignee", "客户", "客户名称"), needed=True, example="某磁材公司"),
    Column("to.outside.country", "country", ("国家", "country", "收货国"), needed=True, example="中国"),
    Column("to.outside.uscc", "text", ("统一社会信用代码", "USCC", "信用代码")),
    Column("purpose", "purpose", ("用途", "purpose", "发货类别"), needed=True, example="销售"),
    Column("lines[0].batch", "text", ("批号", "lot", "批次", "批次号"), needed=True, example="PN-7"),
    Column("lines[0].site", "text", ("场所", "site", "仓库")),
    Column("lines[0].quantity.value", "mass", ("净重", "net", "数量", "重量"), needed=True, example="0.5"),
    Column("lines[0].quantity.unit", "unit", ("单位", "unit"), example="t"),
    Column("transport.vehicle", "text", ("车号", "vehicle", "车牌号")),
    Column("transport.waybill", "text", ("运单号", "waybill", "提单号")),
    Column(
        "documents[0].no",
        "text",
        ("发票号", "special invoice", "专用发票号", "发票号码"),
        along=(("documents[0].kind", "special_invoice"),),
    ),
    Column(
        "documents[1].no",
        "text",
        ("报关单号", "customs declaration", "报关单"),
        along=(("documents[1].kind", "customs_declaration"),),
    ),
)
_MOVES = (
    Column("at", "moment", ("日期", "date", "调拨日期"), needed=True, example="2025-03-11"),
    Column("external_ref", "text", ("单据号", "reference", "调拨单号"), needed=True, example="DB-25-07"),
    Column("from", "text", ("调出场所", "from", "调出仓库"), needed=True, example="main"),
    Column("to", "text", ("调入场所", "to", "调入仓库"), needed=True, example="store"),
    Column("lines[0].batch", "text", ("批号", "lot", "批次", "批次号"), needed=True, example="PN-7"),
    Column("lines[0].quantity.value", "mass", ("净重", "net", "数量", "重量"), needed=True, example="0.5"),
    Column("lines[0].quantity.unit", "unit", ("单位", "unit"), example="t"),
)
KINDS: Mapping[str, Kind] = {
    "registrations": Kind(
        "register", _REGISTRATIONS, ("lot_no", "weighing.ticket", "external_ref"), ("weighing.ticket", "lot_no")
    ),
    "transformations": Kind(
        "transform", _TRANSFORMATIONS, ("outputs[0].lot_no", "external_ref"), ("outputs[0].lot_no",)
    ),
    "assays": Kind("assay", _ASSAYS, ("assay.certificate_no", "sample", "external_ref")),
    "shipments": Kind("ship", _SHIPMENTS, ("external_ref",), ("external_ref",)),
    "moves": Kind("move", _MOVES, ("external_ref",), ("external_ref",)),
}
"""Shipments go to parties outside, each row one of them; a handover between nodes is never made of an old book."""
NAMES: Mapping[str, tuple[str, str]] = {
    "registrations": ("期初库存与入库", "Opening stock and intake"),
    "transformations": ("加工", "Processing"),
    "assays": ("化验结果", "Laboratory results"),
    "shipments": ("联盟外发货", "Shipments outside"),
    "moves": ("调拨", "Moves between sites"),
}
"""What people call a kind, in Chinese and English: the names of the sheets to fill in."""
EXAMPLE = "示例，不导入 example, not imported"
"""What stands in a cell of a row that only shows how to fill in a book."""
