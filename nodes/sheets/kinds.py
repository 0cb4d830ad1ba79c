"""The kinds of books that can be read: which columns each has, by which names people know them, and what fills what.

A column's `place` is the place in the verb's body that its cells fill, as in forms. The unit of a mass stands in its
own column, behind the number, or in the header: 净重（吨）.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Column:
    """`how`: text, mass, percent, moment, unit, or a kind of words (cells.word). `names`: the first two are the
    template's, Chinese and English.
    """

    place: str
    how: str
    names: tuple[str, ...]
    needed: bool = False
    example: str = ""


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
        "at", "moment", ("日期", "date", "过磅日期", "登记日期", "入库日期", "时间"), needed=True, example="2025-03-07"
    ),
    Column("lot_no", "text", ("批号", "lot", "批次", "批次号", "lot no"), example="XF-1"),
    Column("product", "product", ("产品", "product", "品名", "物料", "产品名称"), needed=True, example="氧化镨钕"),
    Column("site", "text", ("场所", "site", "仓库", "库房")),
    Column("quantity.value", "mass", ("净重", "net", "数量", "净重量", "重量"), example="12.5"),
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
    Column("external_ref", "text", ("单据号", "reference", "自编号", "ERP")),
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
KINDS: Mapping[str, Kind] = {
    "registrations": Kind(
        "register", _REGISTRATIONS, ("lot_no", "weighing.ticket", "external_ref"), ("weighing.ticket", "lot_no")
    ),
    "transformations": Kind(
        "transform", _TRANSFORMATIONS, ("outputs[0].lot_no", "external_ref"), ("outputs[0].lot_no",)
    ),
}
