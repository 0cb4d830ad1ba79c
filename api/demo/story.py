"""The story: 100 t of rare-earth oxide from an ion-adsorption mine, step by step into a motor.

Over 400 lines because it is one story, read from its first page to its last.

Every step is one request of somebody's own program to that organisation's own node, with an Idempotency-Key, so that
a step repeated after a crash is the same step. Quantities follow a worked chain of published yields: separation 0.95,
oxide to metal 0.985 (PrNd) and 0.95 (Dy), alloy at about 30 % PrNd, charge to finished magnet 0.717.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Protocol
from urllib.parse import quote

MINE, PLANT, METAL, MAGNET, MOTOR, AUTHORITY = "mine", "separation", "metal", "magnet", "motor", "authority"
RECYCLER = "recycler"
NAMES = {
    AUTHORITY: ("authority.example", "赣州稀土追溯监管中心", "Ganzhou Rare-Earth Traceability Authority", ()),
    MINE: ("xinfeng.example", "信丰稀土矿业", "Xinfeng Rare-Earth Mining", ("xinfeng-1",)),
    PLANT: ("separation.example", "赣南分离厂", "Gannan Separation Plant", ("plant-1",)),
    METAL: ("metal.example", "虔东金属", "Qiandong Metals", ("furnace-1",)),
    MAGNET: ("magnet.example", "稀金谷磁材", "Rare Valley Magnets", ("magnet-1", "magnet-2")),
    MOTOR: ("motor.example", "赣江电机", "Ganjiang Motors", ("line-1",)),
}
"""Role → node name, organisation in Chinese and English, sites."""
NEWCOMER = ("recycler.example", "章江再生资源", "Zhangjiang Recycling", ("yard-1",))
"""The same of the recycler, who joins when the others have traded for a while."""
USCC = {
    MINE: "91360722MA35G00025",
    PLANT: "91360700MA35G00016",
    METAL: "91360702MA35G0004C",
    MAGNET: "91360703MA35G0005X",
    MOTOR: "91360704MA35G0006F",
    RECYCLER: "91360700MA35G0007Q",
}
"""Company numbers of nobody, whose check characters are right."""
LICENCES = {MINE: ("mining", "C3600002026-1"), PLANT: ("separation", "S3600002026-7")}
"""What needs a licence, and its number."""
WITNESSES = (AUTHORITY, PLANT, MOTOR)
"""Who regulates, who sells and who buys. Two of the three suffice: any two pairs of them have one in common."""

LOTS = ("21.716", "21.716", "21.716", "21.716", "10.858", "10.858")  # t; 108.58 t of oxide at 92.1 % REO: 100 t REO
WEIGHED = {
    "XF-2026-0001": "21716",
    "XF-2026-0002": "21698",
    "XF-2026-0003": "21716",
    "XF-2026-0004": "21722",
    "XF-2026-M1": "21716",
}
"""kg on the separation plant's own weighbridge."""
DISTRIBUTION = (
    *(("La", "27.6"), ("Ce", "3.2"), ("Pr", "5.6"), ("Nd", "17.6"), ("Sm", "4.5"), ("Eu", "0.93"), ("Gd", "6.0")),
    *(("Tb", "0.68"), ("Dy", "3.7"), ("Ho", "0.74"), ("Er", "2.48"), ("Tm", "0.27"), ("Yb", "1.13"), ("Lu", "0.21")),
    ("Y", "24.3"),
)
CARTON_PIECES = 500
POOL = "sx-1"
"""The plant's solvent-extraction circuit."""
DRAWN = (
    ("prnd_oxide", "PN-7", "22000", (("Pr", "24.14"), ("Nd", "75.86"))),
    ("dy_oxide", "DY-7", "3520", (("Dy", "100"),)),
    ("la_ce_oxide", "LC-7", "29260", (("La", "89.61"), ("Ce", "10.39"))),
    ("y_rich_oxide", "Y-7", "23085", (("Y", "100"),)),
    (
        *("other_re_oxide", "O-7", "16093"),
        (
            *(("Sm", "26.56"), ("Eu", "5.49"), ("Gd", "35.42"), ("Tb", "4.01"), ("Ho", "4.37"), ("Er", "14.64")),
            *(("Tm", "1.59"), ("Yb", "6.67"), ("Lu", "1.25")),
        ),
    ),
)
"""What comes out of the circuit: product, lot, kg, shares of the oxides in percent."""
METALS = {"prnd_metal": (("Pr", "23.30"), ("Nd", "76.50")), "dy_metal": (("Dy", "99.60"),)}
"""Assays of the metals, percent of the mass."""
LEFT_PCT = Decimal("3.2")
"""Of each element, measured in the circuit when its period is closed."""


class Actor(Protocol):
    """One organisation's program: it talks to its own node only."""

    def post(self, path: str, body: dict[str, Any], key: str) -> dict[str, Any]: ...
    def get(self, path: str) -> dict[str, Any]: ...
    def approve(self, draft: str, key: str) -> dict[str, Any]: ...
    def wait_for_arrival(self, shipment: str) -> None: ...
    def wait_for_status(self, shipment: str, status: str) -> None: ...


@dataclass
class Told:
    """What the steps so far have brought forth; later steps name it."""

    ids: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Shown:
    """A step as it is shown: who, what happened, in English and Chinese."""

    role: str
    en: str
    zh: str


def kg(value: str, **more: Any) -> dict[str, Any]:
    return {"value": value, "unit": "kg", "basis": "net", **more}


def tonnes(value: str, **more: Any) -> dict[str, Any]:
    return {"value": value, "unit": "t", "basis": "net", **more}


def day(number: int, hour: int = 8) -> str:
    """The story's own calendar: booked afterwards, as offices do."""
    return f"2026-{9 + number // 30:02d}-{number % 30 + 1:02d}T{hour:02d}:15:00+08:00"


def _oxide(shares: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """A final assay of a pure oxide."""
    return {
        "basis": "as_received",
        "total_reo_pct": "100",
        "distribution_pct": [list(pair) for pair in shares],
        "lab": "Gannan Separation Plant, own laboratory",
        "status": "final",
    }


def _left(element: str, percent: str) -> dict[str, Any]:
    """What is in the circuit still, of 100 t REO that went in."""
    oxide = Decimal(percent) * LEFT_PCT * 10
    return {"element": element, "oxide": {"value": f"{oxide:f}", "unit": "kg"}, "u_pct": "5"}


def _receipts(shipment: str) -> str:
    return f"/api/v1/shipments/{quote(shipment, safe='')}/receipts"


def play(actors: dict[str, Actor], told: Told) -> Iterator[Shown]:
    """The whole story; yields after each step what has happened."""
    yield from _mine(actors, told)
    yield from _separate(actors, told)
    yield from _reject_and_return(actors, told)
    yield from _metal(actors, told)
    yield from _magnets(actors, told)
    yield from _motors(actors, told)


def _mine(actors: dict[str, Actor], told: Told) -> Iterator[Shown]:
    mine = actors[MINE]
    for number, mass in enumerate(LOTS, 1):
        gross = Decimal(mass) + Decimal("12.460")
        answer = mine.post(
            "/api/v1/batches",
            {
                "product": "ion_clay_mixed_oxide",
                "lot_no": f"XF-2026-{number:04d}",
                "external_ref": f"ERP-{5510 + number}",
                "at": day(number),
                "quantity": tonnes(mass, moisture_pct="0.5"),
                "weighing": {
                    "ticket": f"BT-{990 + number}",
                    "scale": "WB-2",
                    "scale_kind": "weighbridge",
                    "gross": str(gross),
                    "tare": "12.460",
                    "unit": "t",
                },
                "origin": {"class": "mined", "country": "CN", "region": "Jiangxi", "feed_class": "ion_mid_y"},
                "assay": {
                    "basis": "ignited",
                    "total_reo_pct": "92.1",
                    "distribution_pct": [list(pair) for pair in DISTRIBUTION],
                    "others_pct": "1.06",
                    "lab": "Ganzhou testing platform",
                },
                "documents": [{"kind": "weigh_ticket", "no": f"BT-{990 + number}"}],
            },
            f"register-{number}",
        )
        told.ids[f"lot {number}"] = answer["batch"]
        yield Shown(MINE, f"registers lot XF-2026-{number:04d}, {mass} t", f"登记批次 XF-2026-{number:04d}，{mass} 吨")
    yield from _correct_a_slip(mine)
    merged = mine.post(
        "/api/v1/transformations",
        {
            "steps": [{"process": "merge"}],
            "at": day(7),
            "inputs": [{"batch": f"XF-2026-{number:04d}", "quantity": tonnes("10.858")} for number in (5, 6)],
            "outputs": [{"product": "ion_clay_mixed_oxide", "lot_no": "XF-2026-M1", "quantity": tonnes("21.716")}],
        },
        "merge",
    )
    told.ids["merged lot"] = merged["outputs"][0]["batch"]
    yield Shown(MINE, "merges the two half lots into XF-2026-M1", "将两个半批并为 XF-2026-M1")
    lots = [*(f"XF-2026-{number:04d}" for number in range(1, 5)), "XF-2026-M1"]
    shipped = mine.post(
        "/api/v1/shipments",
        {
            "to": {"node": NAMES[PLANT][0]},
            "purpose": "sale",
            "at": day(8),
            "lines": [{"batch": lot, "quantity": tonnes("21.716")} for lot in lots],
            "transport": {"vehicle": "赣B12345", "waybill": "WB-7001"},
            "documents": [{"kind": "special_invoice", "no": "INV-31"}],
        },
        "ship-ore",
    )
    told.ids["ore shipment"] = f"{NAMES[MINE][0]}/log#{shipped['shipment']}"
    yield Shown(MINE, "ships 108.58 t (100 t REO) to the separation plant", "向分离厂发运 108.58 吨（折 REO 100 吨）")


def _correct_a_slip(mine: Actor) -> Iterator[Shown]:
    """A ticket booked twice: nothing is deleted, a second person approves, and both stay to be seen."""
    twice = mine.post(
        "/api/v1/batches",
        {
            "product": "ion_clay_mixed_oxide",
            "lot_no": "XF-2026-0007",
            "at": day(6, 9),
            "quantity": tonnes("10.858", moisture_pct="0.5"),
            "origin": {"class": "mined", "country": "CN", "region": "Jiangxi", "feed_class": "ion_mid_y"},
            "documents": [{"kind": "weigh_ticket", "no": "BT-996"}],
        },
        "register-twice",
    )
    waiting = mine.post(
        "/api/v1/corrections",
        {
            "kind": "reverse",
            "entry": twice["entry"]["index"],
            "at": day(6, 10),
            "reason": "ticket BT-996 is that of lot XF-2026-0006",
        },
        "reverse",
    )
    mine.approve(waiting["draft"], "approve-reversal")
    yield Shown(
        MINE,
        "booked a ticket twice: lot XF-2026-0007 is reversed, with a second person's approval",
        "同一磅单重复登记：XF-2026-0007 红冲，经第二人审批",
    )


def _separate(actors: dict[str, Actor], told: Told) -> Iterator[Shown]:
    plant, shipment = actors[PLANT], told.ids["ore shipment"]
    plant.wait_for_arrival(shipment)
    received = plant.post(
        _receipts(shipment),
        {
            "final": True,
            "at": day(9),
            "lines": [{"batch": lot, "weighed": kg(weighed)} for lot, weighed in WEIGHED.items()],
        },
        "receive-ore",
    )
    difference = sum(line["difference_mg"] for line in received["lines"])
    told.ids["ore difference"] = difference
    yield Shown(
        PLANT,
        f"receives and reweighs: {difference / 10**6:+.0f} kg in all, within tolerance",
        f"收货复磅：合计 {difference / 10**6:+.0f} 公斤，在允差内",
    )
    plant.post(
        f"/api/v1/pools/{POOL}/charges",
        {
            "steps": [{"process": "separation", "site": "plant-1"}],
            "at": day(10),
            "inputs": [{"batch": lot, "quantity": kg(mass)} for lot, mass in WEIGHED.items()],
            "period_lot_no": "SX-1 2026-09",
        },
        "charge",
    )
    yield Shown(PLANT, f"charges all of it into circuit {POOL}", f"全部投入萃取槽 {POOL}")
    drawn = plant.post(
        f"/api/v1/pools/{POOL}/draws",
        {
            "at": day(20),
            "outputs": [
                {"product": product, "lot_no": lot, "quantity": kg(mass), "assay": _oxide(shares)}
                for product, lot, mass, shares in DRAWN
            ],
        },
        "draw",
    )
    told.ids["separated"] = [output["batch"] for output in drawn["outputs"]]
    yield Shown(
        PLANT, "draws 22.0 t of PrNd oxide, 3.52 t of Dy oxide and the rest", "产出氧化镨钕 22.0 吨、氧化镝 3.52 吨等"
    )
    closed = plant.post(
        f"/api/v1/pools/{POOL}/closings",
        {
            "at": day(20, 20),
            "wip": {"method": "measured", "contents": [_left(*pair) for pair in DISTRIBUTION]},
            "period_lot_no": "SX-1 2026-10",
        },
        "close-pool",
    )
    told.ids["period"] = closed["period"]
    yield Shown(
        PLANT,
        f"closes the period of {POOL}: 3.2 t REO measured as work in progress, every element balances",
        f"结清 {POOL} 的周期：槽存实测折 REO 3.2 吨，各元素平衡",
    )
    for lot, prefix, count, net in (("PN-7", "PN", 88, "250"), ("DY-7", "DY", 16, "220")):
        packed = plant.post(
            "/api/v1/units",
            {
                "batch": lot,
                "at": day(21),
                "units": [
                    {"serial": f"{prefix}-{at:03d}", "kind": "drum", "net": kg(net), "seal": f"A{prefix}{at:03d}"}
                    for at in range(1, count + 1)
                ],
            },
            f"pack-{prefix}",
        )
        told.ids[f"{prefix} drums"] = [unit["serial"] for unit in packed["units"]]
        told.ids[f"{prefix} label"] = packed["units"][0]["label_url"]
        yield Shown(PLANT, f"packs {count} drums of {lot}, each with its label", f"{lot} 装 {count} 桶，逐桶贴标")
    shipped = plant.post(
        "/api/v1/shipments",
        {
            "to": {"node": NAMES[METAL][0]},
            "purpose": "sale",
            "at": day(22),
            "lines": [
                {"batch": "PN-7", "units": told.ids["PN drums"]},
                {"batch": "DY-7", "units": told.ids["DY drums"]},
            ],
            "transport": {"vehicle": "赣B67890"},
        },
        "ship-oxide",
    )
    told.ids["oxide shipment"] = f"{NAMES[PLANT][0]}/log#{shipped['shipment']}"
    yield Shown(PLANT, "ships 104 drums to the metal maker", "向金属厂发运 104 桶")


def _reject_and_return(actors: dict[str, Actor], told: Told) -> Iterator[Shown]:
    metal, plant, shipment = actors[METAL], actors[PLANT], told.ids["oxide shipment"]
    metal.wait_for_arrival(shipment)
    states = [{"unit": serial, "state": "accepted"} for serial in told.ids["PN drums"][:-1]]
    states.append({"unit": told.ids["PN drums"][-1], "state": "rejected", "reason": "seal broken"})
    received = metal.post(
        _receipts(shipment),
        {
            "final": True,
            "at": day(23),
            "lines": [{"batch": "PN-7", "weighed": kg("21748.5"), "units": states}, {"batch": "DY-7"}],
        },
        "receive-oxide",
    )
    told.ids["oxide receipt"] = received
    yield Shown(
        METAL, "accepts 103 drums (-1.5 kg), rejects one: seal broken", "接收 103 桶（-1.5 公斤），拒收 1 桶：铅封破损"
    )
    returned = metal.post(
        "/api/v1/shipments",
        {
            "to": {"node": NAMES[PLANT][0]},
            "purpose": "return",
            "original": shipment,
            "at": day(24),
            "lines": [{"batch": "PN-7", "units": [told.ids["PN drums"][-1]]}],
        },
        "return-drum",
    )
    back = f"{NAMES[METAL][0]}/log#{returned['shipment']}"
    plant.wait_for_arrival(back)
    plant.post(
        _receipts(back),
        {"final": True, "at": day(25), "lines": [{"line": 0, "weighed": kg("250")}]},
        "take-back-drum",
    )
    yield Shown(PLANT, "weighs the returned drum in", "退回的一桶复磅入库")
    plant.wait_for_status(shipment.partition("#")[2], "received")
    plant.post(
        f"/api/v1/shipments/{shipment.partition('#')[2]}/acknowledgements",
        {"agreed": True, "at": day(25, 10)},
        "acknowledge-oxide",
    )
    yield Shown(PLANT, "acknowledges the metal maker's receipt", "确认金属厂的收货")


def _metal(actors: dict[str, Actor], told: Told) -> Iterator[Shown]:
    metal = actors[METAL]
    for key, lot, drums, product, mass, process, loss in (
        ("prnd", "PN-7", told.ids["PN drums"][:-1], "prnd_metal", "18238", "electrolysis", "3510.5"),
        ("dy", "DY-7", told.ids["DY drums"], "dy_metal", "2913", "reduction", "607"),
    ):
        metal.post(
            "/api/v1/transformations",
            {
                "steps": [{"process": process}],
                "at": day(30),
                "inputs": [{"batch": lot, "units": drums}],
                "outputs": [
                    {
                        "product": product,
                        "lot_no": f"{key.upper()}-M1",
                        "quantity": kg(mass),
                        "assay": {
                            "basis": "as_received",
                            "elements_pct": [list(pair) for pair in METALS[product]],
                            "lab": "Qiandong Metals, own laboratory",
                            "status": "final",
                        },
                    }
                ],
                "losses": [{"kind": "oxygen_and_slag", "quantity": kg(loss)}],
            },
            f"reduce-{key}",
        )
        yield Shown(METAL, f"{process}: {mass} kg {product}", f"{product}：{mass} 公斤")
    shipped = metal.post(
        "/api/v1/shipments",
        {
            "to": {"node": NAMES[MAGNET][0]},
            "purpose": "sale",
            "at": day(32),
            "lines": [
                {"batch": "PRND-M1", "quantity": kg("18238")},
                {"batch": "DY-M1", "quantity": kg("900")},
            ],
        },
        "ship-metal",
    )
    told.ids["metal shipment"] = f"{NAMES[METAL][0]}/log#{shipped['shipment']}"
    yield Shown(METAL, "ships PrNd metal and part of the Dy metal", "发运镨钕金属及部分金属镝")


def _magnets(actors: dict[str, Actor], told: Told) -> Iterator[Shown]:
    magnet, shipment = actors[MAGNET], told.ids["metal shipment"]
    magnet.wait_for_arrival(shipment)
    magnet.post(
        _receipts(shipment),
        {
            "final": True,
            "at": day(33),
            "lines": [
                {"batch": "PRND-M1", "site": "magnet-1", "weighed": kg("18236")},
                {"batch": "DY-M1", "site": "magnet-1", "weighed": kg("900")},
            ],
        },
        "receive-metal",
    )
    magnet.post(
        "/api/v1/batches",
        {
            "product": "iron_boron",
            "lot_no": "FB-1",
            "at": day(33),
            "site": "magnet-1",
            "quantity": kg("40900"),
            "origin": {"class": "bought_outside", "country": "CN"},
        },
        "register-iron",
    )
    yield Shown(MAGNET, "receives the metals, registers iron and ferro-boron", "接收金属，登记铁与硼铁")
    yield from _import_dysprosium(magnet, told)
    magnet.post(
        "/api/v1/transformations",
        {
            "steps": [{"process": "strip_cast", "site": "magnet-1"}],
            "at": day(35),
            "inputs": [
                {"batch": "PRND-M1", "quantity": kg("18236")},
                {"batch": "DY-M1", "quantity": kg("900")},
                {"batch": "DY-VN-3", "quantity": kg("300")},
                {"batch": "FB-1", "quantity": kg("40900")},
            ],
            "outputs": [{"product": "ndfeb_alloy", "lot_no": "AL-1", "quantity": kg("59400")}],
            "losses": [{"kind": "slag", "quantity": kg("936")}],
        },
        "cast",
    )
    yield Shown(MAGNET, "strip-casts 59.4 t of NdFeB alloy", "速凝甩带得钕铁硼片 59.4 吨")
    magnet.post(
        "/api/v1/transformations",
        {
            "steps": [{"process": "split", "site": "magnet-1"}],
            "at": day(36),
            "inputs": [{"batch": "AL-1", "quantity": kg("59400")}],
            "outputs": [
                {"product": "ndfeb_alloy", "lot_no": "AL-1A", "quantity": kg("30000")},
                {"product": "ndfeb_alloy", "lot_no": "AL-1B", "quantity": kg("29400")},
            ],
        },
        "split",
    )
    yield Shown(MAGNET, "splits the alloy into two lots", "将合金分为两批")
    magnet.post(
        "/api/v1/transformations",
        {
            "steps": [
                {"process": "jet_mill", "site": "magnet-1"},
                {"process": "sinter", "site": "magnet-1"},
                {"process": "machine", "site": "magnet-2"},
                {"process": "coat", "site": "magnet-2"},
            ],
            "at": day(50),
            "inputs": [{"batch": "AL-1A", "quantity": kg("30000")}],
            "outputs": [
                {"product": "ndfeb_magnet", "lot_no": "42SH-0417", "quantity": kg("21510", count=717_000)},
                {"product": "ndfeb_swarf", "lot_no": "SW-0417", "quantity": kg("8000")},
            ],
            "losses": [{"kind": "oxidation", "quantity": kg("490")}],
        },
        "make-magnets",
    )
    yield Shown(
        MAGNET,
        "mills, sinters, machines and coats: 717 000 magnets, 21.51 t",
        "制粉、烧结、加工、镀覆：磁体 717000 件，21.51 吨",
    )
    cartons = magnet.post(
        "/api/v1/units",
        {
            "batch": "42SH-0417",
            "at": day(51),
            "units": [
                {
                    "serial": f"C-{at:04d}",
                    "kind": "carton",
                    "net": kg("15"),
                    "count": CARTON_PIECES,
                    "seal": f"K{at:04d}",
                }
                for at in range(1, 13)
            ],
        },
        "pack-cartons",
    )
    serials = [unit["serial"] for unit in cartons["units"]]
    magnet.post(
        "/api/v1/units",
        {
            "batch": "42SH-0417",
            "at": day(51, 9),
            "units": [{"serial": "P-0001", "kind": "pallet", "contains": serials}],
        },
        "pack-pallet",
    )
    told.ids["cartons"] = serials
    yield Shown(MAGNET, "packs 12 cartons of 500 magnets onto a pallet", "12 箱（每箱 500 件）码一托盘")
    shipped = magnet.post(
        "/api/v1/shipments",
        {
            "to": {"node": NAMES[MOTOR][0]},
            "purpose": "sale",
            "at": day(52),
            "lines": [{"batch": "42SH-0417", "units": ["P-0001"]}],
            "documents": [{"kind": "delivery_note", "no": "DN-88"}],
        },
        "ship-magnets",
    )
    told.ids["magnet shipment"] = f"{NAMES[MAGNET][0]}/log#{shipped['shipment']}"
    yield Shown(MAGNET, "ships the pallet to the motor maker", "向电机厂发运该托盘")


def _import_dysprosium(magnet: Actor, told: Told) -> Iterator[Shown]:
    """Dysprosium of another origin; and a declaration that covers less than what is booked on it."""
    registered = magnet.post(
        "/api/v1/batches",
        {
            "product": "dy_metal",
            "lot_no": "DY-VN-3",
            "at": day(34),
            "site": "magnet-1",
            "quantity": kg("310"),
            "origin": {"class": "imported", "country": "VN", "feed_class": "import_separated"},
            "assay": {
                "basis": "as_received",
                "elements_pct": [["Dy", "99.50"]],
                "lab": "Customs laboratory, Nansha",
                "status": "final",
            },
            "documents": [
                {"kind": "customs_declaration", "no": "5101-2026-77", "mass": {"value": "300", "unit": "kg"}},
                {"kind": "special_invoice", "no": "INV-VN-3"},
            ],
        },
        "register-dy-import",
    )
    told.ids["overdrawn"] = registered["entry"]["index"]
    yield Shown(MAGNET, "registers 310 kg of Dy metal imported from VN", "登记自 VN 进口的金属镝 310 公斤")
    (finding,) = [one for one in magnet.get("/api/v1/findings")["findings"] if one["rule"] == "document-overdrawn"]
    told.ids["finding"] = finding
    yield Shown(MAGNET, f"finding: {finding['text']['en']}", f"疑点：{finding['text']['zh']}")
    magnet.post(
        "/api/v1/answers",
        {
            "finding": finding["id"],
            "at": day(34, 15),
            "text": "10 kg came under the supplementary declaration 5101-2026-78, attached",
            "documents": [{"kind": "customs_declaration", "no": "5101-2026-78"}],
        },
        "answer",
    )
    yield Shown(MAGNET, "answers it, with the supplementary declaration", "以补充报关单答复该疑点")


def _motors(actors: dict[str, Actor], told: Told) -> Iterator[Shown]:
    motor, shipment = actors[MOTOR], told.ids["magnet shipment"]
    motor.wait_for_arrival(shipment)
    motor.post(
        _receipts(shipment),
        {"final": True, "at": day(53), "lines": [{"line": 0, "weighed": kg("180")}]},
        "receive-magnets",
    )
    yield Shown(MOTOR, "receives 12 cartons", "接收 12 箱")
    motor.post("/api/v1/unpackings", {"at": day(54), "units": ["P-0001"]}, "open-pallet")
    motor.post("/api/v1/unpackings", {"at": day(54), "units": ["C-0001", "C-0002"]}, "open-cartons")
    assembled = motor.post(
        "/api/v1/assemblies",
        {
            "product": "motor",
            "lot_no": "EV-2026-11",
            "at": day(55),
            "inputs": [{"batch": "42SH-0417", "quantity": kg("30", count=2 * CARTON_PIECES)}],
            "units": [{"serials": {"prefix": "M-", "first": 1, "count": 20, "digits": 6}, "net": kg("46.2")}],
        },
        "assemble",
    )
    told.ids["motor batch"] = assembled["batch"]
    told.ids["motors"] = assembled["units"]
    yield Shown(MOTOR, "builds 20 motors, 1.5 kg of magnets in each", "装配电机 20 台，每台含磁体 1.5 公斤")
