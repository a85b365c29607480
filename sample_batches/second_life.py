"""NCM packs of a taxi fleet, taken apart to modules, and their second life beside solar panels (2026)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from .author import Author
from .designs import Design, Item, publish
from .founding import firm, found
from .handing_over import accept, deliver, offer, weights
from .treatment import charge, close_batch, open_batch, take_apart
from .vehicles import take_in

ORIGIN: Final = "packtrace.example/samples/second-life-of-taxi-packs"

REGISTRAR: Final = firm(
    "west registrar", "510000", "P", "示例省西部动力电池溯源登记中心",
    "Example West Battery Trace Registry",
    "registrar", department="12",
)  # fmt: skip
MAKER: Final = firm(
    "yibin", "511500", "Q", "宜宾长宁动力电池（示例）有限公司",
    "Changning Traction Battery (Sample) Co., Ltd.",
    "battery_maker", vendor_codes=("YB3",), sites=(("changning", "CN-511524", "长宁基地"),),
)  # fmt: skip
TAXIS: Final = firm(
    "taxi depot", "510100", "R", "成都蓉行出租汽车服务（示例）有限公司",
    "Rongxing Taxi Service (Sample) Ltd.",
    "collector", "repairer", sites=(("longquan", "CN-510112", "龙泉驿服务站"),),
)  # fmt: skip
DISMANTLER: Final = firm(
    "deyang", "510600", "T", "德阳精拆电池技术（示例）有限公司",
    "Jingchai Battery Technology (Sample) Co., Ltd.",
    "pack_dismantler", licences={"pack_dismantler": ("open_packs",)},
    sites=(("guanghan", "CN-510681", "广汉拆解车间"),),
)  # fmt: skip
REPURPOSER: Final = firm(
    "mianyang", "510700", "U", "绵阳再启储能科技（示例）有限公司",
    "Zaiqi Energy Storage (Sample) Co., Ltd.",
    "repurposer", licences={"repurposer": ("open_packs",)}, vendor_codes=("2ZQ",),
    sites=(("anzhou", "CN-510705", "安州工厂"),),
)  # fmt: skip
RECYCLER: Final = firm(
    "leshan", "511100", "W", "乐山沃循资源再生（示例）有限公司",
    "Woxun Resource Recovery (Sample) Co., Ltd.",
    "recycler", licences={"recycler": ("open_packs", "shred")},
    sites=(("wutong", "CN-511112", "五通桥工厂"),),
)  # fmt: skip
PARTIES: Final = (REGISTRAR, MAKER, TAXIS, DISMANTLER, REPURPOSER, RECYCLER)

TAXI_PACK: Final = Design(
    "YB-N53", "YB3", "P", "53", "N53T001", "NMC532", 385_000, 53_600, 350_400, 96, "长宁 N53 出租车电池包"
)
MODULE: Final = TAXI_PACK.of_level("M", 6)
CABINET: Final = Design(
    "ZQ-S42", "2ZQ", "P", "S4", "", "NMC532", 395_000, 42_000, 350_400, 96, "再启 S42 光储电池柜"
)

PACKS: Final = tuple(TAXI_PACK.item(made, serial) for made, serial in (
    ("2019-06-12", 3301), ("2019-06-12", 3302), ("2019-07-31", 118), ("2019-09-05", 2044), ("2020-01-08", 57),
))  # fmt: skip
CABINETS: Final = (
    CABINET.item("2026-06-22", 1),
    CABINET.item("2026-06-23", 2),
    CABINET.item("2026-06-24", 3),
)
FAILED_TEST: Final = (1, 2, 3, 4, 6)  # places of modules that are too weak for a second life, one a pack
RETURNED, ABROAD = CABINETS[0], CABINETS[2]

NCM_BATCH: Final = RECYCLER.owns("batch", "2026-11-NCM-02")
_OUTPUTS: Final = {"black_mass": 452, "copper": 76, "aluminium": 132, "steel": 187, "plastics": 51}
_LOSSES: Final = {"electrolyte": 66, "off_gas": 17, "dust": 6}


def modules(item: Item) -> tuple[Item, ...]:
    """The six modules of a taxi pack, made some days before it."""
    number = int(item.code[-7:])
    day = {"9": "2019-05-30", "A": "2019-12-27"}[item.code[14]]
    design = replace(MODULE, traceability="N53M001")
    return tuple(design.item(day, number * 10 + place) for place in range(1, 7))


def good(item: Item) -> tuple[Item, ...]:
    """Those of its modules that pass the test."""
    bad = FAILED_TEST[PACKS.index(item)]
    return tuple(part for place, part in enumerate(modules(item), 1) if place != bad)


def tell(author: Author) -> None:
    """The whole story."""
    found(author, [REGISTRAR], PARTIES, "2026-03-30")
    _collect(author)
    _take_apart(author)
    _test(author)
    _make_cabinets(author)
    _abroad_and_back(author)
    _end(author)


def _collect(author: Author) -> None:
    """Five taxis are taken out of service; the maker, asked, knows their packs."""
    author.on("2026-04-13 09:30")
    for number, item in enumerate(PACKS):
        data: dict[str, Any] = {
            "stage": "waste",
            "capacity": "collector",
            "holder": "signer",
            "basis": "legacy",
            "read_by": ("camera", "scanner")[number % 2],
            "chemistry": TAXI_PACK.chemistry,
            "mass": item.weighed(),
            "condition": "intact",
            "label": author.label(item.subject),
            "site": "longquan",
            "note": f"退役出租车拆下，行驶约 {38 + 3 * number} 万公里",
            "evidence": author.evidence("photo"),
        }
        author.say(TAXIS, "battery.registered", item.subject, data)
    author.on("2026-04-20 11:00")
    for item in PACKS:
        confirmed = {
            "reason": f"出厂记录相符：生产日期与序列号 {item.code[-7:]} 在库，配套车型为出租版",
            "evidence": author.evidence("report", "application/pdf"),
        }
        author.say(MAKER, "origin.confirmed", f"notes:{item.subject}", confirmed)
    deliver(
        author, TAXIS, DISMANTLER, "pack_dismantler", weights(PACKS),
        loaded="2026-04-27 08:10", unloaded="2026-04-27 11:50", name="RX-260427-1", site="guanghan",
    )  # fmt: skip


def _take_apart(author: Author) -> None:
    for day, item in enumerate(PACKS):
        author.on(f"2026-05-{6 + day:02d} 09:15")
        take_apart(author, DISMANTLER, item, modules(item), "pack_dismantler", site="guanghan")


def _test(author: Author) -> None:
    """The repurposer takes what looks good, and measures: one module a pack has faded too far."""
    everything = [part for item in PACKS for part in modules(item)]
    weak = [part for item in PACKS for part in modules(item) if part not in good(item)]
    deliver(
        author, DISMANTLER, REPURPOSER, "repurposer", weights(everything),
        loaded="2026-05-19 08:30", unloaded="2026-05-19 13:00", name="JC-260519-1", site="anzhou",
    )  # fmt: skip
    author.on("2026-06-01 09:00")
    for part in weak:
        tested = {
            "condition": "intact",
            "soh_permille": 560 + author.between(0, 45),
            "note": "0.33C 充放电两循环，容量低于 60 %，不适合再利用",
            "site": "anzhou",
            "evidence": author.evidence("report", "application/pdf"),
        }
        author.say(REPURPOSER, "battery.inspected", part.subject, tested)


def _make_cabinets(author: Author) -> None:
    """Twenty-five good modules: three cabinets of eight, each re-coded, and one that is kept."""
    author.on("2026-06-03 10:00")
    documents = author.evidence("fire_safety", "application/pdf")
    publish(author, REPURPOSER, CABINET, category="stationary", documents=documents, warranty_months=36)
    parts = [part for item in PACKS for part in good(item)]
    for number, cabinet in enumerate(CABINETS):
        author.on(f"2026-06-{22 + number} 15:00")
        used = [_use(author, part, cabinet) for part in parts[8 * number : 8 * number + 8]]
        made = {
            "sources": used,
            "category": "stationary",
            "intended_use": "stationary_storage",
            "model": CABINET.model(REPURPOSER),
            "chemistry": CABINET.chemistry,
            "mass": cabinet.weighed(),
            "energy_wh": CABINET.energy_wh,
            "voltage_mv": CABINET.voltage_mv,
            "label": author.label(cabinet.subject),
            "site": "anzhou",
            "evidence": author.evidence("report", "application/pdf"),
        }
        author.say(REPURPOSER, "battery.repurposed", cabinet.subject, made)
    author.on("2026-07-02 11:00")
    for cabinet in CABINETS[:2]:
        author.say(REPURPOSER, "battery.released", cabinet.subject, {"reason": "sold", "region": "CN-513400"})


def _use(author: Author, part: Item, cabinet: Item) -> str:
    """No longer waste, by test, contract and packing; and into the product."""
    requalified = {
        "capacity": "repurposer",
        "operation": "repurposed",
        "soh_permille": 742 + author.between(0, 96),
        "protection": "rack",
        "site": "anzhou",
        "evidence": [
            *author.evidence("report", "application/pdf"),
            *author.evidence("contract", "application/pdf"),
        ],
    }
    author.say(REPURPOSER, "battery.requalified", part.subject, requalified)
    used = {"product": cabinet.subject, "mass": part.weighed()}
    return author.say(REPURPOSER, "battery.used_in", part.subject, used)


def _abroad_and_back(author: Author) -> None:
    """The third cabinet is sold abroad, fails the buyer's test of grounding, and comes back."""
    author.on("2026-07-09 10:30")
    exported = {
        "destination": "LA",
        "reason": "second_life",
        "customs_number": "示例报关 530120260000004417",
        "mass": ABROAD.weighed(),
        "evidence": author.evidence("customs", "application/pdf"),
    }
    author.say(REPURPOSER, "battery.exported", ABROAD.subject, exported)
    author.on("2026-08-20 16:00")
    token, shown = author.seen(ABROAD.subject)
    returned = {
        "capacity": "repurposer",
        "stage": "removed",
        "read_by": "scanner",
        "token": token,
        "condition": "intact",
        "site": "anzhou",
        "evidence": author.evidence("customs", "application/pdf"),
    }
    author.say(REPURPOSER, "battery.returned", ABROAD.subject, returned, disclosures=(shown,))


def _end(author: Author) -> None:
    """Lightning ends one cabinet early: taken back, and recycled with the weak modules."""
    author.on("2026-09-10 10:00")
    struck = {
        "kind": "other",
        "note": "雷击后 BMS 与两个模组采样失效，业主要求更换",
        "evidence": author.evidence("photo"),
    }
    author.say(TAXIS, "note.incident", f"notes:{RETURNED.subject}", struck)
    author.on("2026-09-16 15:20")
    take_in(
        author, REPURPOSER, RETURNED.subject, "repurposer", "damaged", mass=RETURNED.weighed(), site="anzhou",
        evidence=author.evidence("photo"),
    )  # fmt: skip
    author.say(REPURPOSER, "battery.incident", RETURNED.subject, {"kind": "other", "condition": "damaged"})
    weak = [part for item in PACKS for part in modules(item) if part not in good(item)]
    deliver(
        author, REPURPOSER, RECYCLER, "recycler", weights(weak),
        loaded="2026-10-13 08:00", unloaded="2026-10-13 15:10", name="ZQ-261013-1", site="wutong",
    )  # fmt: skip
    author.on("2026-10-14 09:00")
    offered = offer(
        author, REPURPOSER, RECYCLER, "recycler", RETURNED.subject, mass=RETURNED.weighed(), packing="damaged"
    )  # fmt: skip
    author.on("2026-10-15 14:00")
    mass = RETURNED.weighed()
    accept(
        author, RECYCLER, "recycler", RETURNED.subject, offered, condition="damaged", mass=mass, site="wutong"
    )
    author.on("2026-11-02 08:30")
    open_batch(author, RECYCLER, "2026-11-NCM-02", "mechanical", "wutong", note="含一台综合利用产品，NCM532")
    charge(author, RECYCLER, NCM_BATCH, weights((*weak, RETURNED)))
    author.on("2026-11-04 17:00")
    close_batch(author, RECYCLER, NCM_BATCH, _OUTPUTS, _LOSSES)
