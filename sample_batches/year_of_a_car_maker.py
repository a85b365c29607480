"""A car maker's year: models, eighteen packs, sixteen cars, and a recall (2025-11 to 2026-10)."""

from __future__ import annotations

from typing import Any, Final

from .author import Author
from .designs import Design, Item, make, publish
from .founding import add_key, firm, found
from .handing_over import accept, deliver, offer, weights
from .treatment import charge, close_batch, open_batch
from .vehicles import fit, new_vehicle, take_in, take_out

ORIGIN: Final = "packtrace.example/samples/year-of-a-car-maker"

REGISTRAR: Final = firm(
    "east registrar", "310000", "9", "示例市动力电池溯源登记中心",
    "Example City Battery Trace Registry",
    "registrar", department="12",
)  # fmt: skip
MAKER: Final = firm(
    "hengchuan", "320481", "A", "溧阳恒川动力电池（示例）有限公司",
    "Hengchuan Traction Battery (Sample) Co., Ltd.",
    "battery_maker", vendor_codes=("HC1",), sites=(("liyang-1", "CN-320481", "溧阳一厂"),),
)  # fmt: skip
CARS: Final = firm(
    "xingye", "340100", "B", "合肥星野汽车（示例）股份有限公司",
    "Xingye Automobile (Sample) Co., Ltd.",
    "vehicle_maker", sites=(("feixi-3", "CN-340123", "肥西三工厂"),),
)  # fmt: skip
DEALER: Final = firm(
    "dongjiao", "320100", "C", "南京东郊新能源汽车销售服务（示例）有限公司",
    "Dongjiao EV Sales & Service (Sample) Ltd.",
    "dealer", "repairer", licences={"repairer": ("open_packs",)},
    sites=(("dongjiao", "CN-320113", "东郊店"),),
)  # fmt: skip
GARAGE: Final = firm(
    "kuaixiu", "330100", "D", "杭州快修新能源汽车服务（示例）部",
    "Kuaixiu EV Service (Sample)",
    "repairer", department="92", sites=(("gongshu", "CN-330105", "拱墅店"),),
)  # fmt: skip
YARD: Final = firm(
    "sunan", "320500", "E", "苏州苏南报废机动车回收拆解（示例）有限公司",
    "Sunan End-of-Life Vehicles (Sample) Co., Ltd.",
    "vehicle_dismantler", licences={"vehicle_dismantler": ("scrap_vehicles",)},
    sites=(("xiangcheng", "CN-320507", "相城拆车场"),),
)  # fmt: skip
RECYCLER: Final = firm(
    "zaisheng", "320400", "F", "常州再升资源循环（示例）有限公司",
    "Zaisheng Resource Recycling (Sample) Co., Ltd.",
    "recycler", licences={"recycler": ("open_packs", "shred")},
    sites=(("jintan", "CN-320413", "金坛破碎线"),),
)  # fmt: skip
PARTIES: Final = (REGISTRAR, MAKER, CARS, DEALER, GARAGE, YARD, RECYCLER)

L62: Final = Design(
    "HC-L62", "HC1", "P", "62", "L62A001", "LFP", 441_000, 62_300, 358_400, 112, "恒川 L62 磷酸铁锂电池包"
)
N82: Final = Design(
    "HC-N82", "HC1", "P", "82", "N82B001", "NMC811", 471_000, 82_100, 403_200, 192, "恒川 N82 三元电池包"
)
L62_MODULE: Final = L62.of_level("M", 4)
N82_MODULE: Final = N82.of_level("M", 8)

FIRST: Final = tuple(L62.item("2025-12-08", serial) for serial in range(101, 106))
SECOND: Final = tuple(L62.item("2026-03-03", serial) for serial in range(1201, 1205))
RECALLED: Final = tuple(N82.item("2025-12-10", serial) for serial in range(41, 47))
FINE: Final = tuple(N82.item("2026-03-05", serial) for serial in range(77, 80))
PACKS: Final = (*FIRST, *SECOND, *RECALLED, *FINE)
REPLACED, REPAIRED, CLEARED = RECALLED[:2], RECALLED[2:4], RECALLED[4:]
SPARES: Final = FINE[:2]  # they replace two of the recalled
CRASHED, STRIPPED, FAILED, DONOR = FIRST[0], FIRST[1], FIRST[3], SECOND[3]
TERNARY_BATCH: Final = RECYCLER.owns("batch", "2026-10-NCM-11")
IRON_BATCH: Final = RECYCLER.owns("batch", "2026-10-LFP-12")

# Permille of what goes into the shredder; what is left to 1000 is lost unseen.
_OUTPUTS: Final = {
    TERNARY_BATCH: {"black_mass": 438, "copper": 72, "aluminium": 121, "steel": 211, "plastics": 60},
    IRON_BATCH: {"black_mass": 436, "copper": 80, "aluminium": 119, "steel": 208, "plastics": 58},
}
_LOSSES: Final = {"electrolyte": 63, "off_gas": 17, "dust": 6}


def tell(author: Author) -> None:
    """The whole year."""
    found(author, [REGISTRAR], PARTIES, "2025-11-24")
    _design(author)
    _make(author, (*FIRST, *RECALLED), "2025-12-12 08:10")
    _to_the_cars(author, (*FIRST, *RECALLED), "2025-12-22 07:40", "2025-12-23 09:15", "HC-251222-1")
    cars = _build(author, (*FIRST, *RECALLED), "2026-01-12 08:30")
    _sell(author, (*FIRST, *RECALLED), "2026-01-26 10:00", "2026-02-06 10:00")
    author.on("2026-02-27 15:00")
    _change_model(author)
    _make(author, (*SECOND, *FINE), "2026-03-09 08:05")
    _to_the_cars(author, (*SECOND, *FINE), "2026-03-20 07:30", "2026-03-21 10:05", "HC-260320-1")
    cars |= _build(author, (*SECOND, FINE[2]), "2026-04-02 08:15")
    _sell(author, (*SECOND, FINE[2]), "2026-04-13 10:30", "2026-04-24 11:00")
    _recall(author, cars)
    _accidents(author, cars)
    _to_the_furnace(author)


def _design(author: Author) -> None:
    author.on("2025-12-01 14:00")
    for design in (L62_MODULE, L62, N82_MODULE, N82):
        publish(author, MAKER, design, warranty_months=96)


def _change_model(author: Author) -> None:
    """Measured on the first thousand packs, the footprint is lower than what was published."""
    change = {
        "carbon_footprint_g_per_kwh": 57_800,
        "recycled": {"li_permille": 62, "ni_permille": 81, "co_permille": 164},
        "documents": author.evidence("report", "application/pdf")
        + author.evidence("fire_safety", "application/pdf"),
    }
    author.say(MAKER, "model.changed", N82.model(MAKER), change)


def _make(author: Author, items: tuple[Item, ...], when: str) -> None:
    author.on(when)
    for item in items:
        design = L62_MODULE if item.design is L62 else N82_MODULE
        count = 4 if item.design is L62 else 8
        made = "2025-12-04" if item in (*FIRST, *RECALLED) else "2026-02-26"
        serial = int(item.code[-7:])
        inside = [design.item(made, serial * 10 + place) for place in range(1, count + 1)]
        make(author, MAKER, item, components=inside, site="liyang-1")


def _to_the_cars(author: Author, items: tuple[Item, ...], loaded: str, unloaded: str, name: str) -> None:
    deliver(
        author, MAKER, CARS, "vehicle_maker", weights(items),
        loaded=loaded, unloaded=unloaded, name=name, site="feixi-3",
    )  # fmt: skip


def _build(author: Author, items: tuple[Item, ...], when: str) -> dict[str, str]:
    """Each pack goes into a car of its own; give the cars back."""
    author.on(when)
    cars = {item.subject: new_vehicle(author) for item in items}
    for item, car in cars.items():
        fit(author, CARS, item, car, site="feixi-3")
    return cars


def _sell(author: Author, items: tuple[Item, ...], to_dealer: str, to_owners: str) -> None:
    """Every second car is sold by the maker's own stores, the others by the dealer."""
    own, dealt = items[::2], items[1::2]
    author.on(to_dealer)
    offers = {item: offer(author, CARS, DEALER, "dealer", item.subject) for item in dealt}
    for item in own:
        author.say(CARS, "battery.released", item.subject, {"reason": "sold", "region": "CN-340100"})
    author.on(to_owners)
    for item, offered in offers.items():
        accept(author, DEALER, "dealer", item.subject, offered, site="dongjiao")
        author.say(DEALER, "battery.released", item.subject, {"reason": "sold", "region": "CN-320100"})


def _recall(author: Author, cars: dict[str, str]) -> None:
    """One day's packs may have a badly welded busbar: two are replaced, two repaired, two cleared."""
    author.on("2026-05-18 09:00")
    for item in RECALLED:
        said = {
            "kind": "recall",
            "note": "召回编号 示例-2026-07：2025-12-10 生产批次 3 号模组汇流排焊接虚焊风险，请停充并到店检测",
            "evidence": author.evidence("report", "application/pdf"),
        }
        author.say(MAKER, "note.incident", f"notes:{item.subject}", said)

    author.on("2026-05-22 14:00")
    spares = {item: offer(author, CARS, DEALER, "repairer", item.subject) for item in SPARES}
    author.on("2026-05-25 10:00")
    for item, offered in spares.items():
        accept(author, DEALER, "repairer", item.subject, offered, site="dongjiao")

    for day, item in enumerate(RECALLED):
        author.on(f"2026-06-{1 + 2 * day:02d} 09:30")
        if item in REPLACED:
            _replace(author, item, SPARES[REPLACED.index(item)], cars)
        else:
            _look_at(author, item, damaged=item in REPAIRED)


def _replace(author: Author, item: Item, spare: Item, cars: dict[str, str]) -> None:
    """The weld is cracked: another pack goes into the car, and the old one back to its maker."""
    car = cars[item.subject]
    take_out(author, DEALER, item.subject, car, "repairer", "recall", condition="damaged", site="dongjiao")
    found_out = {
        "kind": "recall",
        "condition": "damaged",
        "note": "内阻异常，3号模组汇流排焊点开裂，按召回方案更换整包",
        "evidence": author.evidence("photo"),
    }
    author.say(DEALER, "battery.incident", item.subject, found_out)
    fit(author, DEALER, spare.subject, car, site="dongjiao")
    author.say(
        DEALER, "battery.released", spare.subject, {"reason": "returned_to_owner", "region": "CN-320100"}
    )


def _look_at(author: Author, item: Item, *, damaged: bool) -> None:
    """Taken in with its car; repaired if it needs it, cleared with a report, and given back."""
    take_in(author, DEALER, item.subject, "repairer", "intact", site="dongjiao")
    if damaged:
        said = {"kind": "recall", "note": "焊点超声检测不合格，可返修"}
        author.say(DEALER, "battery.incident", item.subject, said)
        author.on(f"{author.at.date()} 17:40")
        repaired = {
            "capacity": "repairer",
            "work": "parts_replaced",
            "opened": True,
            "uncoded_out": [{"kind": "other", "count": 1}],
            "uncoded_in": [{"kind": "other", "count": 1}],
            "note": "更换3号模组汇流排组件，重做气密性与绝缘测试",
            "site": "dongjiao",
        }
        author.say(DEALER, "battery.repaired", item.subject, repaired)
    inspected: dict[str, Any] = {
        "condition": "intact",
        "soh_permille": 981 - author.between(0, 9),
        "note": "召回检测合格，放行",
        "site": "dongjiao",
        "evidence": author.evidence("report", "application/pdf"),
    }
    if damaged:
        inspected["clears_damage"] = True
    author.say(DEALER, "battery.inspected", item.subject, inspected)
    author.say(
        DEALER, "battery.released", item.subject, {"reason": "returned_to_owner", "region": "CN-320100"}
    )


def _accidents(author: Author, cars: dict[str, str]) -> None:
    """A crash; a car that comes without its pack; and a good pack that goes on in another car."""
    author.on("2026-07-06 11:20")
    again = CRASHED.subject
    mass = CRASHED.weighed()
    take_in(author, YARD, again, "vehicle_dismantler", "damaged", mass=mass, site="xiangcheng",
            evidence=author.evidence("photo"))  # fmt: skip
    author.say(
        YARD, "battery.incident", again, {"kind": "collision", "condition": "damaged", "site": "xiangcheng"}
    )
    relabelled = {"label": author.label(again), "reason": "damaged", "evidence": author.evidence("photo")}
    author.say(YARD, "label.reissued", again, relabelled)
    _scrap(author, cars[again], present=[again])

    author.on("2026-07-21 10:10")
    replaced = {"kid": GARAGE.signer("sign").public.kid, "reason": "superseded"}
    author.say(GARAGE, "key.revoked", GARAGE.keys, replaced, word="admin")
    add_key(author, GARAGE, "tablet", name="拱墅店平板")

    author.on("2026-07-28 16:00")
    why = {
        "battery": STRIPPED.subject,
        "why": "not_said",
        "note": "车主称事故后电池包已不在车上，无法提供去向",
    }
    _scrap(author, cars[STRIPPED.subject], present=[], missing=[why])

    author.on("2026-08-10 09:00")
    worn, receiver = FAILED.subject, cars[FAILED.subject]
    for item, reason in ((DONOR.subject, "other"), (worn, "replacement")):
        take_out(author, GARAGE, item, cars[item], "repairer", reason, word="tablet", site="gongshu")
    fit(author, GARAGE, DONOR.subject, receiver, word="tablet", site="gongshu")
    given_back = {"reason": "returned_to_owner", "region": "CN-330100"}
    author.say(GARAGE, "battery.released", DONOR.subject, given_back, word="tablet")
    retired = {"capacity": "repairer", "reason": "uneconomic", "condition": "intact", "site": "gongshu"}
    author.say(GARAGE, "battery.retired", worn, retired, word="tablet")


def _scrap(author: Author, car: str, present: list[str], missing: list[dict[str, Any]] | None = None) -> None:
    data = {
        "packs": 1,
        "swap_model": False,
        "present": present,
        "missing": missing or [],
        "region": "CN-320500",
        "evidence": author.evidence("certificate", "application/pdf"),
    }
    author.say(YARD, "vehicle.scrapped", car, data)


def _to_the_furnace(author: Author) -> None:
    """The replaced packs go back to their maker, and with the crashed and the worn one to the shredder."""
    deliver(
        author, DEALER, MAKER, "battery_maker", weights(REPLACED),
        loaded="2026-08-24 10:00", unloaded="2026-08-26 14:30", name="DJ-260824-1", site="liyang-1",
        packing="damaged", condition="damaged",
    )  # fmt: skip
    author.on("2026-09-03 16:00")
    for item in REPLACED:
        found_out = {
            "condition": "damaged",
            "soh_permille": 964,
            "note": "失效分析：汇流排激光焊功率漂移，同批其余电池包按召回方案处理",
            "evidence": author.evidence("report", "application/pdf"),
        }
        author.say(MAKER, "battery.inspected", item.subject, found_out)
        author.say(MAKER, "battery.retired", item.subject, {"capacity": "battery_maker", "reason": "recall"})
    for consignor, items, day, word in (
        (MAKER, REPLACED, 14, "sign"), (YARD, (CRASHED,), 16, "sign"), (GARAGE, (FAILED,), 18, "tablet")
    ):  # fmt: skip
        safe = consignor is GARAGE
        deliver(
            author, consignor, RECYCLER, "recycler", weights(items),
            loaded=f"2026-09-{day} 08:30", unloaded=f"2026-09-{day + 1} 10:00", name=f"ZS-2609{day}-1",
            site="jintan", packing="normal" if safe else "damaged", condition="intact" if safe else "damaged",
            word=word,
        )  # fmt: skip
    for batch, items, day in ((TERNARY_BATCH, REPLACED, 12), (IRON_BATCH, (CRASHED, FAILED), 14)):
        author.on(f"2026-10-{day} 08:00")
        open_batch(
            author, RECYCLER, batch.rpartition("/")[2], "mechanical", "jintan", note="破碎前放电至 0 V"
        )
        charge(author, RECYCLER, batch, weights(items))
        author.on(f"2026-10-{day + 1} 17:30")
        close_batch(author, RECYCLER, batch, _OUTPUTS[batch], _LOSSES)
