"""A bus fleet with four packs a bus, modules replaced in the depot, and a swap pool for lorries (2026)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from .author import Author
from .designs import Design, Item, make, publish
from .founding import firm, found
from .handing_over import accept, deliver, offer, weights
from .treatment import charge, close_batch, open_batch, take_apart
from .vehicles import fit, new_vehicle, take_in, take_out, vin

ORIGIN: Final = "packtrace.example/samples/bus-fleet-and-swap-pool"

REGISTRAR: Final = firm(
    "bay registrar", "440300", "G", "示例湾区动力电池溯源登记中心",
    "Example Bay Battery Trace Registry",
    "registrar", department="12",
)  # fmt: skip
MAKER: Final = firm(
    "dali", "441300", "H", "惠州大力商用车电池（示例）有限公司",
    "Dali Commercial Batteries (Sample) Co., Ltd.",
    "battery_maker", vendor_codes=("DL8",), sites=(("zhongkai", "CN-441300", "仲恺基地"),),
)  # fmt: skip
BUSES: Final = firm(
    "nanyun", "440300", "J", "深圳南运客车（示例）制造有限公司",
    "Nanyun Buses (Sample) Co., Ltd.",
    "vehicle_maker", sites=(("pingshan", "CN-440300", "坪山总装"),),
)  # fmt: skip
DEPOT: Final = firm(
    "gongjiao", "440300", "K", "深圳公交一分公司新能源维修厂（示例）",
    "City Bus No. 1 Depot Workshop (Sample)",
    "repairer", licences={"repairer": ("open_packs",)}, sites=(("qiaoxiang", "CN-440300", "侨香车辆段"),),
)  # fmt: skip
SWAP: Final = firm(
    "kuaihuan", "440300", "L", "深圳快换重卡换电服务（示例）有限公司",
    "Kuaihuan Lorry Battery Swap (Sample) Ltd.",
    "swap_operator", licences={"swap_operator": ("open_packs",)},
    sites=(("yantian", "CN-440300", "盐田港换电站"), ("longgang", "CN-440300", "龙岗换电站")),
)  # fmt: skip
YARD: Final = firm(
    "dongguan yard", "441900", "M", "东莞虎门报废汽车拆解（示例）有限公司",
    "Humen End-of-Life Vehicles (Sample) Co., Ltd.",
    "vehicle_dismantler", "pack_dismantler",
    licences={"vehicle_dismantler": ("scrap_vehicles",), "pack_dismantler": ("open_packs",)},
    sites=(("humen", "CN-441900", "虎门拆解场"),),
)  # fmt: skip
RECYCLER: Final = firm(
    "qingxin", "441800", "N", "清远清新循环材料（示例）有限公司",
    "Qingxin Circular Materials (Sample) Co., Ltd.",
    "recycler", licences={"recycler": ("open_packs", "shred")},
    sites=(("qingxin", "CN-441800", "清新破碎线"),),
)  # fmt: skip
PARTIES: Final = (REGISTRAR, MAKER, BUSES, DEPOT, SWAP, YARD, RECYCLER)

BUS_PACK: Final = Design(
    "DL-B81", "DL8", "P", "81", "B81LFP2", "LFP", 598_000, 81_400, 332_800, 104, "大力 B81 客车电池包"
)
BUS_MODULE: Final = BUS_PACK.of_level("M", 4)
SWAP_PACK: Final = Design(
    "DL-T282", "DL8", "P", "T2", "T282LF1", "LFP", 2_690_000, 282_000, 614_400, 384, "大力 T282 重卡换电包"
)

WITH_CODES: Final = tuple(
    BUS_PACK.item("2026-01-15", serial) for serial in (11, 12, 13, 14)
)  # of the first bus
PLAIN: Final = tuple(BUS_PACK.item("2026-01-16", serial) for serial in (21, 22, 23, 24))  # of the second
REPLACEMENT: Final = BUS_PACK.item("2026-05-06", 5)
POOL: Final = tuple(SWAP_PACK.item("2026-02-03", serial) for serial in (1, 2, 3, 4, 5))
SPARE_MODULES: Final = tuple(BUS_MODULE.item("2026-04-20", serial) for serial in (901, 902))
WEAK, FLOODED, SWOLLEN = WITH_CODES[1], PLAIN[2], POOL[3]

BATCH: Final = RECYCLER.owns("batch", "2026-10-LFP-07")
_OUTPUTS: Final = {"black_mass": 439, "copper": 79, "aluminium": 121, "steel": 206, "plastics": 55}
_LOSSES: Final = {"electrolyte": 62, "off_gas": 18, "dust": 7}


def modules(item: Item) -> tuple[Item, ...]:
    """The four modules that a bus pack is made with."""
    serial = int(item.code[-7:])
    day = {"2026-01-15": "2026-01-12", "2026-01-16": "2026-01-13"}.get(_day(item), "2026-05-02")
    return tuple(BUS_MODULE.item(day, serial * 10 + place) for place in (1, 2, 3, 4))


def _day(item: Item) -> str:
    return "2026-01-15" if item in WITH_CODES else "2026-01-16" if item in PLAIN else "2026-05-06"


def tell(author: Author) -> None:
    """The whole story."""
    found(author, [REGISTRAR], PARTIES, "2026-01-08")
    author.on("2026-01-09 10:00")
    publish(author, MAKER, BUS_MODULE, warranty_months=96)
    publish(author, MAKER, BUS_PACK, warranty_months=96)
    publish(author, MAKER, SWAP_PACK, warranty_months=72)
    _make(author)
    buses = _build_buses(author)
    _fill_the_pool(author)
    _replace_a_module(author, buses[0])
    _replace_a_pack(author, buses[1])
    _a_swollen_pack(author)
    _scrap(author, buses[1])
    _to_the_furnace(author)


def _make(author: Author) -> None:
    """The first bus's packs are built of modules with histories of their own, the second's only list them."""
    author.on("2026-01-16 16:00")
    for item in WITH_CODES:
        inside = modules(item)
        for part in inside:
            make(author, MAKER, part, site="zhongkai")
        with author.group():
            put_in = [part.subject for part in inside]
            made = make(author, MAKER, item, put_in=put_in, site="zhongkai")
            for part in inside:
                author.say(MAKER, "battery.fitted", part.subject, {"parent": item.subject, "leader": made})
    author.on("2026-01-17 09:00")
    for item in PLAIN:
        make(author, MAKER, item, components=modules(item), site="zhongkai")


def _build_buses(author: Author) -> tuple[str, str]:
    """Two buses of four packs each go to the city's bus company, which leases them."""
    deliver(
        author, MAKER, BUSES, "vehicle_maker", weights((*WITH_CODES, *PLAIN)),
        loaded="2026-01-22 07:30", unloaded="2026-01-22 14:00", name="DL-260122-1", site="pingshan",
    )  # fmt: skip
    buses = new_vehicle(author), new_vehicle(author)
    for day, (bus, items) in enumerate(zip(buses, (WITH_CODES, PLAIN), strict=True)):
        author.on(f"2026-02-0{4 + day} 09:00")
        for place, item in enumerate(items, 1):
            fit(author, BUSES, item.subject, bus, place=place, of=4, site="pingshan", prefix="LX9EB120")
    author.on("2026-02-12 15:00")
    for item in (*WITH_CODES, *PLAIN):
        author.say(BUSES, "battery.released", item.subject, {"reason": "leased", "region": "CN-440300"})
    return buses


def _fill_the_pool(author: Author) -> None:
    """Lorries are sold without a pack; the operator's packs go round among them without an event."""
    author.on("2026-02-13 09:00")
    for item in POOL:
        make(author, MAKER, item, site="zhongkai")
    deliver(
        author, MAKER, SWAP, "swap_operator", weights(POOL),
        loaded="2026-02-25 06:40", unloaded="2026-02-25 11:15", name="DL-260225-1", site="yantian",
    )  # fmt: skip
    author.on("2026-02-27 10:00")
    for item in POOL:
        author.say(SWAP, "battery.pooled", item.subject, {"site": "yantian"})
    author.on("2026-03-24 18:00")
    for item in POOL[2:]:
        author.say(SWAP, "battery.moved", item.subject, {"site": "longgang", "note": "调往新站"})


def _replace_a_module(author: Author, bus: str) -> None:
    """Module 3 of a pack is weak: another goes in, the old one out, and the pack back into its bus."""
    author.on("2026-04-22 10:00")
    for part in SPARE_MODULES:
        make(author, MAKER, part, site="zhongkai")
    offers = [
        offer(author, MAKER, DEPOT, "repairer", part.subject, mass=part.weighed()) for part in SPARE_MODULES
    ]
    author.on("2026-04-24 15:00")
    for part, offered in zip(SPARE_MODULES, offers, strict=True):
        accept(author, DEPOT, "repairer", part.subject, offered, mass=part.weighed(), site="qiaoxiang")

    author.on("2026-04-27 21:30")
    take_out(author, DEPOT, WEAK.subject, bus, "repairer", "repair", condition="intact", site="qiaoxiang")
    weak = modules(WEAK)[2]
    tested = {
        "condition": "intact",
        "soh_permille": 871,
        "note": "3号模组容量偏低，压差 118 mV，其余三个模组正常",
        "site": "qiaoxiang",
        "evidence": author.evidence("report", "application/pdf"),
    }
    author.say(DEPOT, "battery.inspected", WEAK.subject, tested)
    author.on("2026-04-28 10:00")
    _swap_modules(author, WEAK, weak, SPARE_MODULES[0], "更换3号模组，重新均衡，气密与绝缘合格")
    fit(author, DEPOT, WEAK.subject, bus, place=2, of=4, site="qiaoxiang")
    author.say(
        DEPOT, "battery.released", WEAK.subject, {"reason": "returned_to_owner", "region": "CN-440300"}
    )
    author.on("2026-04-29 09:00")
    retired = {"capacity": "repairer", "reason": "uneconomic", "condition": "intact", "site": "qiaoxiang"}
    author.say(DEPOT, "battery.retired", weak.subject, retired)


def _swap_modules(author: Author, item: Item, out: Item, into: Item, note: str) -> None:
    """One module out of a pack and another into it: one group of three events."""
    with author.group():
        data: dict[str, Any] = {
            "capacity": "repairer",
            "work": "parts_replaced",
            "opened": True,
            "took_out": [out.subject],
            "put_in": [into.subject],
            "mass": item.weighed(),
            "note": note,
            "site": "qiaoxiang",
            "evidence": author.evidence("photo"),
        }
        leader = author.say(DEPOT, "battery.repaired", item.subject, data)
        taken = {"parent": item.subject, "leader": leader, "capacity": "repairer", "condition": "intact"}
        author.say(DEPOT, "battery.taken_out", out.subject, {**taken, "site": "qiaoxiang"})
        author.say(DEPOT, "battery.fitted", into.subject, {"parent": item.subject, "leader": leader})


def _replace_a_pack(author: Author, bus: str) -> None:
    """Water got into a pack of the second bus in the May rains: a new one takes its place."""
    author.on("2026-05-08 09:00")
    make(author, MAKER, REPLACEMENT, components=modules(REPLACEMENT), site="zhongkai")
    offered = offer(author, MAKER, DEPOT, "repairer", REPLACEMENT.subject, mass=REPLACEMENT.weighed())
    author.on("2026-05-11 16:00")
    mass = REPLACEMENT.weighed()
    accept(author, DEPOT, "repairer", REPLACEMENT.subject, offered, mass=mass, site="qiaoxiang")
    author.on("2026-05-12 22:10")
    take_out(
        author, DEPOT, FLOODED.subject, bus, "repairer", "replacement", condition="damaged", site="qiaoxiang"
    )  # fmt: skip
    wet = {
        "kind": "water",
        "condition": "damaged",
        "note": "5月11日暴雨涉水后绝缘报警，开盖见积水",
        "site": "qiaoxiang",
        "evidence": author.evidence("photo"),
    }
    author.say(DEPOT, "battery.incident", FLOODED.subject, wet)
    fit(author, DEPOT, REPLACEMENT.subject, bus, place=3, of=4, site="qiaoxiang")
    given_back = {"reason": "returned_to_owner", "region": "CN-440300"}
    author.say(DEPOT, "battery.released", REPLACEMENT.subject, given_back)
    author.on("2026-05-13 10:00")
    retired = {"capacity": "repairer", "reason": "accident", "condition": "damaged", "site": "qiaoxiang"}
    author.say(DEPOT, "battery.retired", FLOODED.subject, retired)
    for items, name, packing, day in (
        ((FLOODED,), "GJ-260521-1", "damaged", 21), ((modules(WEAK)[2],), "GJ-260522-1", "normal", 22)
    ):  # fmt: skip
        deliver(
            author, DEPOT, YARD, "pack_dismantler", weights(items),
            loaded=f"2026-05-{day} 09:00", unloaded=f"2026-05-{day} 15:30", name=name, site="humen",
            packing=packing, condition="damaged" if packing == "damaged" else "intact",
        )  # fmt: skip


def _a_swollen_pack(author: Author) -> None:
    """A pack of the pool swells: out of the pool, looked at, retired, and taken apart."""
    author.on("2026-06-16 07:20")
    swollen = {
        "kind": "swelling",
        "condition": "damaged",
        "note": "换电机械臂对位失败，箱体上盖鼓起约 9 mm，转入防爆隔离区",
        "site": "longgang",
        "evidence": author.evidence("photo"),
    }
    author.say(SWAP, "battery.incident", SWOLLEN.subject, swollen)
    author.say(SWAP, "battery.unpooled", SWOLLEN.subject, {"site": "longgang"})
    author.on("2026-06-18 14:00")
    retired = {
        "capacity": "swap_operator",
        "reason": "end_of_life",
        "condition": "damaged",
        "site": "longgang",
    }
    author.say(SWAP, "battery.retired", SWOLLEN.subject, retired)
    # The pool stays: another pack rests a month in the store and comes back into it.
    author.say(SWAP, "battery.unpooled", POOL[4].subject, {"site": "longgang"})
    author.on("2026-07-14 08:00")
    checked = {
        "condition": "intact",
        "soh_permille": 968,
        "note": "月度抽检：容量与内阻一致性合格",
        "site": "longgang",
        "evidence": author.evidence("report", "application/pdf"),
    }
    author.say(SWAP, "battery.inspected", POOL[4].subject, checked)
    author.say(SWAP, "battery.pooled", POOL[4].subject, {"site": "longgang"})
    deliver(
        author, SWAP, YARD, "pack_dismantler", weights((SWOLLEN,)),
        loaded="2026-07-15 09:00", unloaded="2026-07-15 16:40", name="KH-260715-1", site="humen",
        packing="critical", condition="damaged",
    )  # fmt: skip


def _scrap(author: Author, bus: str) -> None:
    """The second bus burns out in a depot fire; a swap lorry is scrapped, to which no pack belongs."""
    author.on("2026-08-07 13:00")
    present: Sequence[Item] = (PLAIN[0], PLAIN[1], REPLACEMENT, PLAIN[3])
    for item in present:
        take_in(
            author, YARD, item.subject, "vehicle_dismantler", "burnt" if item is PLAIN[3] else "intact",
            mass=item.weighed(), site="humen", evidence=author.evidence("photo"),
        )  # fmt: skip
    burnt = {"kind": "fire", "condition": "burnt", "note": "车尾起火，4号包箱体烧穿", "site": "humen"}
    author.say(YARD, "battery.incident", PLAIN[3].subject, burnt)
    scrapped = {
        "packs": 4,
        "swap_model": False,
        "present": [item.subject for item in present],
        "missing": [],
        "region": "CN-441900",
        "evidence": author.evidence("certificate", "application/pdf"),
    }
    author.say(YARD, "vehicle.scrapped", bus, scrapped)
    author.on("2026-08-19 10:30")
    slot, shown = author.withhold(vin(author, "LX9EH6X4"))
    lorry = {"packs": 1, "swap_model": True, "present": [], "missing": [], "vin": slot, "region": "CN-441900"}
    author.say(YARD, "vehicle.scrapped", new_vehicle(author), lorry, disclosures=(shown,))


def _to_the_furnace(author: Author) -> None:
    """Taken apart as far as that is safe, and shredded."""
    author.on("2026-09-02 09:30")
    for item in (PLAIN[0], PLAIN[1], REPLACEMENT):
        rebooked = {"capacity": "pack_dismantler", "site": "humen"}
        author.say(YARD, "battery.rebooked", item.subject, rebooked)
        take_apart(author, YARD, item, modules(item), "pack_dismantler", site="humen")
    loose = [
        modules(WEAK)[2],
        *(part for item in (PLAIN[0], PLAIN[1], REPLACEMENT) for part in modules(item)),
    ]
    deliver(
        author, YARD, RECYCLER, "recycler", weights(loose),
        loaded="2026-09-22 08:00", unloaded="2026-09-22 14:20", name="HM-260922-1", site="qingxin",
    )  # fmt: skip
    deliver(
        author, YARD, RECYCLER, "recycler", weights((FLOODED, SWOLLEN, PLAIN[3])),
        loaded="2026-09-23 08:00", unloaded="2026-09-23 15:00", name="HM-260923-1", site="qingxin",
        packing="critical", condition="damaged",
    )  # fmt: skip
    author.on("2026-10-12 08:00")
    open_batch(author, RECYCLER, "2026-10-LFP-07", "mechanical", "qingxin", note="氮气保护破碎")
    charge(author, RECYCLER, BATCH, weights((*loose, FLOODED, SWOLLEN, PLAIN[3])))
    author.on("2026-10-16 18:00")
    close_batch(author, RECYCLER, BATCH, _OUTPUTS, _LOSSES)
