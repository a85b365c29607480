"""Eight packs and a small yard: the log on which the frauds are tried (July to October 2026)."""

from __future__ import annotations

from typing import Any, Final

from .author import Author
from .designs import Design, Item, make, publish
from .founding import add_key, firm, found
from .handing_over import accept, offer, weights
from .treatment import charge, close_batch, make_lot, open_batch, take_apart
from .vehicles import fit, new_vehicle, take_in, take_out

ORIGIN: Final = "packtrace.example/samples/eight-packs"

REGISTRAR: Final = firm(
    "lake registrar", "420000", "C", "示例省湖区动力电池溯源登记中心", "Example Lake Battery Trace Registry",
    "registrar", department="12",
)  # fmt: skip
OFFICE: Final = firm(
    "lake office", "420000", "D", "示例省湖区工业主管部门", "Example Lake Department of Industry",
    "regulator", department="11",
)  # fmt: skip
CARS: Final = firm(
    "jianghan", "420100", "E", "武汉江汉星汽车（示例）有限公司", "Jianghan Star Motors (Sample) Ltd.",
    "battery_maker", "vehicle_maker", vendor_codes=("JH4",),
)  # fmt: skip
GARAGE: Final = firm(
    "hanyang", "420105", "F", "汉阳小郭新能源汽修（示例）店", "Xiaoguo EV Garage (Sample)",
    "repairer", department="92", words=("sign", "phone"),
)  # fmt: skip
YARD: Final = firm(
    "ezhou", "420700", "G", "鄂州湖畔报废汽车拆解（示例）有限公司",
    "Hupan End-of-Life Vehicles (Sample) Ltd.",
    "vehicle_dismantler", "pack_dismantler",
    licences={"vehicle_dismantler": ("scrap_vehicles",), "pack_dismantler": ("open_packs",)},
)  # fmt: skip
RECYCLER: Final = firm(
    "huangshi", "420200", "H", "黄石循铜再生材料（示例）有限公司", "Xuntong Recycled Materials (Sample) Ltd.",
    "recycler", licences={"recycler": ("shred",)},
)  # fmt: skip
PARTIES: Final = (REGISTRAR, OFFICE, CARS, GARAGE, YARD, RECYCLER)

NEW: Final = Design(
    "JH-L50", "JH4", "P", "50", "L50X001", "LFP", 358_000, 50_100, 332_800, 104, "江汉星 L50 电池包"
)
OLD: Final = Design(
    "KW-B38", "KW9", "P", "38", "KWB3802", "LFP", 312_000, 38_400, 307_200, 96, "旧款物流车电池包"
)
MODULE: Final = OLD.of_level("M", 2)

SHREDDED, DRIVEN, WORN = (NEW.item("2026-07-08", serial) for serial in (1, 2, 3))
TAKEN_APART, HELD, OFFERED, EXPIRED, STANDING = (
    OLD.item("2019-02-14", serial) for serial in (31, 32, 33, 34, 35)
)
PARTS: Final = (MODULE.item("2019-02-01", 311), MODULE.item("2019-02-01", 312))
CLOSED: Final = RECYCLER.owns("batch", "2026-09-LFP-01")
OPEN: Final = RECYCLER.owns("batch", "2026-10-LFP-02")

_OUTPUTS: Final = {"black_mass": 438, "copper": 80, "aluminium": 119, "steel": 207, "plastics": 57}
_LOSSES: Final = {"electrolyte": 61, "off_gas": 18, "dust": 7}


def parts_of(item: Item) -> tuple[Item, Item]:
    """The two modules that a new pack is made with."""
    design = NEW.of_level("M", 2)
    first, second = (design.item("2026-07-03", int(item.code[-7:]) * 10 + place) for place in (1, 2))
    return first, second


def tell(author: Author) -> None:
    """The whole story."""
    found(author, [REGISTRAR], PARTIES, "2026-07-06")
    author.on("2026-07-07 09:00")
    publish(author, CARS, NEW)
    vehicles = _drive(author)
    _register(author)
    _crash(author)
    author.on("2026-08-12 10:00")
    take_out(
        author, GARAGE, WORN.subject, vehicles[WORN.subject], "repairer", "replacement", condition="intact"
    )
    retired = {"capacity": "repairer", "reason": "end_of_life", "condition": "intact"}
    author.say(GARAGE, "battery.retired", WORN.subject, retired)
    author.on("2026-08-20 08:40")
    lost = {"kid": GARAGE.signer("phone").public.kid, "reason": "lost"}
    author.say(GARAGE, "key.revoked", GARAGE.keys, lost, word="admin")
    add_key(author, GARAGE, "new phone", name="新手机")
    _treat(author)
    author.on("2026-10-12 09:00")
    offer(author, YARD, RECYCLER, "recycler", OFFERED.subject, mass=OFFERED.weighed())


def _drive(author: Author) -> dict[str, str]:
    author.on("2026-07-09 08:00")
    vehicles = {}
    for item in (SHREDDED, DRIVEN, WORN):
        make(author, CARS, item, components=parts_of(item))
        vehicles[item.subject] = new_vehicle(author)
        fit(author, CARS, item.subject, vehicles[item.subject])
        author.say(CARS, "battery.released", item.subject, {"reason": "sold", "region": "CN-420100"})
    return vehicles


def _register(author: Author) -> None:
    author.on("2026-07-20 10:00")
    for item in (TAKEN_APART, HELD, OFFERED, EXPIRED, STANDING):
        data: dict[str, Any] = {
            "stage": "waste",
            "capacity": "pack_dismantler",
            "holder": "signer",
            "basis": "legacy",
            "read_by": "camera",
            "chemistry": OLD.chemistry,
            "mass": item.weighed(),
            "condition": "intact",
            "label": author.label(item.subject),
            "evidence": author.evidence("photo"),
        }
        author.say(YARD, "battery.registered", item.subject, data)


def _crash(author: Author) -> None:
    """One of the new cars is a wreck within weeks; its pack goes to the recycler whole."""
    author.on("2026-08-03 09:00")
    take_in(author, YARD, SHREDDED.subject, "vehicle_dismantler", "damaged", mass=SHREDDED.weighed())
    author.on("2026-08-05 11:00")
    offered = offer(author, YARD, RECYCLER, "recycler", SHREDDED.subject, mass=SHREDDED.weighed())
    author.on("2026-08-06 15:00")
    accept(
        author, RECYCLER, "recycler", SHREDDED.subject, offered, condition="damaged", mass=SHREDDED.weighed()
    )


def _treat(author: Author) -> None:
    """A pack is taken apart, a batch closed and another begun; an offer expires, and a pack is held."""
    author.on("2026-08-27 09:00")
    dismantled = take_apart(author, YARD, TAKEN_APART, PARTS, "pack_dismantler")
    rest = TAKEN_APART.measured_g - sum(part.measured_g for part in PARTS)
    make_lot(
        author, YARD, "ALU-01", "casing", rest * 640 // 1000, "pack_dismantler",
        parent=TAKEN_APART.subject, dismantled=dismantled, line=1,
    )  # fmt: skip
    author.on("2026-08-31 10:00")
    offered = offer(author, YARD, RECYCLER, "recycler", PARTS[0].subject, mass=PARTS[0].weighed())
    offer(author, YARD, RECYCLER, "recycler", EXPIRED.subject, mass=EXPIRED.weighed())
    author.on("2026-09-02 10:00")
    accept(author, RECYCLER, "recycler", PARTS[0].subject, offered, mass=PARTS[0].weighed())
    author.on("2026-09-08 08:00")
    open_batch(author, RECYCLER, CLOSED.rpartition("/")[2], "mechanical", "huangshi-1")
    charge(author, RECYCLER, CLOSED, weights((SHREDDED,)))
    author.on("2026-09-09 17:00")
    close_batch(author, RECYCLER, CLOSED, _OUTPUTS, _LOSSES)
    author.on("2026-09-28 16:00")
    placed = {"basis": "investigation", "reason": "来源不明，待查"}
    author.say(OFFICE, "hold.placed", f"notes:{HELD.subject}", placed)
    author.on("2026-10-08 08:00")
    open_batch(author, RECYCLER, OPEN.rpartition("/")[2], "mechanical", "huangshi-1")
    charge(author, RECYCLER, OPEN, weights((PARTS[0],)))
