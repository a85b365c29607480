"""From the factory to the truck: how forty packs came to stand in one yard (April to September 2026)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from .author import Author, Party
from .firms import CARS, GARAGE, IMPORTER, LICENCES, MAKER, RECYCLER, REGISTRAR, YARD
from .founding import add_key
from .packs import (
    CRASHED,
    HY_B52,
    HY_E72,
    IMPORTED,
    IN_USE,
    LEGACY,
    NEW,
    RECALLED,
    SHORT_OF_A_MODULE,
    TAGGED,
    TEST_TRUCK,
    WHOLE,
    Model,
    Pack,
    modules,
    pack,
)
from .vehicles import new_vehicle, vin

Made = tuple[Model, str, int]

BY_GARAGE: Final = LEGACY[12:14]  # the garage took them out of cars that got another pack
SEEN_IN_A_CAR: Final = LEGACY[7]
REDIRECTED: Final = LEGACY[9]  # offered to the recycler first, then withdrawn


def before_the_truck(author: Author) -> None:
    """Everything until the morning on which the truck is loaded."""
    _publish_models(author)
    vehicles = _make_and_sell(author)
    _register_legacy(author, WHOLE[:5], "2026-05-19 09:00")
    _import(author)
    _see_in_a_car(author)
    _register_legacy(author, WHOLE[5:], "2026-06-24 13:40")
    _crash(author)
    _widen_roles(author)
    _recall(author, vehicles)
    _scrap_test_truck(author)
    _register_legacy(author, _by_yard(), "2026-08-26 08:30")
    _garage_leftovers(author)
    _tag(author)
    _withdraw(author)


def offer(
    author: Author, consignor: Party, consignee: Party, capacity: str, item: str, *,
    until: str, word: str = "sign", **more: Any,
) -> str:  # fmt: skip
    """Offer one battery; ``until`` is a day, at noon UTC."""
    data = {"consignee": consignee.org, "capacity": capacity, "expires_at": f"{until}T12:00:00Z", **more}
    return author.say(consignor, "handover.offered", item, data, word=word)


def accept(
    author: Author, consignee: Party, capacity: str, item: str, offered: str, *,
    condition: str = "intact", word: str = "sign", **more: Any,
) -> str:  # fmt: skip
    """Take over what was offered, label read by the camera unless ``more`` says otherwise."""
    data = {"offer": offered, "capacity": capacity, "condition": condition, "read_by": "camera", **more}
    return author.say(consignee, "handover.accepted", item, data, word=word)


def _publish_models(author: Author) -> None:
    """What is true of every pack of a model, once, before the first of them is made."""
    author.on("2026-04-09 16:40")
    for model in (HY_B52, HY_E72):
        author.say(
            MAKER,
            "model.published",
            model.subject,
            {
                "name": {"zh": f"禾源 {model.letter}{model.specification} 动力电池包"},
                "category": "ev",
                "chemistry": model.chemistry,
                "level": "pack",
                "mass_g": model.nameplate_g,
                "energy_wh": model.energy_wh,
                "voltage_mv": model.voltage_mv,
                "documents": author.evidence("dismantling_manual", "application/pdf"),
            },
        )


def _make_and_sell(author: Author) -> dict[str, str]:
    """Ten packs leave the factory, go into nine vehicles, and eight of those are sold."""
    author.on("2026-04-10 08:05")
    for model, day, serial in NEW:
        item = pack(model, day, serial)
        author.say(
            MAKER,
            "battery.manufactured",
            item.subject,
            {
                "model": model.subject,
                "chemistry": model.chemistry,
                "mass": item.nameplate(),
                "energy_wh": model.energy_wh,
                "voltage_mv": model.voltage_mv,
                "label": author.label(item.subject),
                "components": list(modules(model, day, serial)),
                "site": "zhaoqing-1",
            },
            ago_s=3600 * 6,
        )
    new = [pack(*made) for made in NEW]
    author.on("2026-04-17 16:00")
    offers = {
        item: offer(author, MAKER, CARS, "vehicle_maker", item, until="2026-04-27", mass=mass)
        for item, mass in ((one.subject, one.nameplate()) for one in new)
    }
    author.on("2026-04-20 10:15")
    for subject, offered in offers.items():
        accept(author, CARS, "vehicle_maker", subject, offered, read_by="scanner", site="nansha-2")

    vehicles: dict[str, str] = {}
    author.on("2026-05-07 08:40")
    for made in (*RECALLED, *CRASHED):
        vehicles[pack(*made).subject] = _fit(author, made, 1, 1)
    truck = new_vehicle(author)
    for place, made in enumerate(TEST_TRUCK, 1):
        vehicles[pack(*made).subject] = _fit(author, made, place, 2, truck)
    _fit_by_mistake(author)
    vehicles[pack(*IN_USE).subject] = _fit(author, IN_USE, 1, 1)

    author.on("2026-05-15 11:00")
    for made in (*RECALLED, *CRASHED, IN_USE):
        released = {"reason": "sold", "region": "CN-440000"}
        author.say(CARS, "battery.released", pack(*made).subject, released)
    return vehicles


def _fit(author: Author, made: Made, place: int, packs: int, vehicle: str = "") -> str:
    """A pack goes into a vehicle: two events, one group. The first brings the VIN, withheld."""
    item = pack(*made).subject
    vehicle = vehicle or new_vehicle(author)
    with author.group():
        installed = author.say(
            CARS,
            "battery.installed",
            item,
            {"vehicle": vehicle, "position": place, "of": packs, "site": "nansha-2"},
        )
        slot, disclosure = author.withhold(vin(author, "LX9EV000"))
        fitted: dict[str, Any] = {"battery": item, "installed": installed}
        fitted |= {"packs": packs, "swap_model": False}
        if place == 1:
            fitted["vin"] = slot
        shown = (disclosure,) if place == 1 else ()
        author.say(CARS, "vehicle.fitted", vehicle, fitted, disclosures=shown)
    return vehicle


def _fit_by_mistake(author: Author) -> None:
    """The neighbour on the rack was scanned: the pair is voided within the hour, then done right."""
    vehicle = _fit(author, IN_USE, 1, 1)
    item = pack(*IN_USE).subject
    chain, fitted = author.world.chain(item), author.world.chain(vehicle)
    if chain is None or fitted is None:
        raise ValueError("story: expected the pack in the vehicle")
    author.on("2026-05-07 09:35")
    reason = "扫错标签：扫到了料架上相邻的包，车辆与电池对应关系有误"
    with author.group():
        author.say(CARS, "battery.voided", item, {"event": chain.head, "reason": reason})
        author.say(CARS, "vehicle.voided", vehicle, {"event": fitted.head, "reason": reason})


def _register_legacy(author: Author, items: tuple[Pack, ...], when: str) -> None:
    """The yard vouches for packs that are older than the system, from this day on."""
    author.on(when)
    for number, item in enumerate(items):
        data: dict[str, Any] = {
            "stage": "waste",
            "capacity": "vehicle_dismantler",
            "holder": "signer",
            "basis": "legacy",
            "read_by": ("camera", "scanner", "typed")[number % 3],
            "chemistry": item.chemistry,
            "mass": item.nameplate() if item is SHORT_OF_A_MODULE else item.weighed(),
            "condition": "intact",
            "label": author.label(item.subject),
            "site": "sanshui",
        }
        if number % 3:
            data["evidence"] = author.evidence("photo")
        else:
            data["note"] = f"随{item.car}整车报废入场，铭牌清晰，补登记前无平台记录"
        # With no network behind the press, the phone sends in the evening what it signed by day.
        author.say(YARD, "battery.registered", item.subject, data, word="phone", ago_s=4 * 3600 + 60 * number)


def _by_yard() -> tuple[Pack, ...]:
    others = (SEEN_IN_A_CAR, *BY_GARAGE)
    return (*(item for item in LEGACY if item not in others), SHORT_OF_A_MODULE)


def _import(author: Author) -> None:
    """An imported car's pack has an identifier of its own; the importer declares and sells it."""
    author.on("2026-05-28 10:00")
    data = {
        "stage": "in_vehicle",
        "capacity": "importer",
        "holder": "signer",
        "basis": "imported",
        "read_by": "scanner",
        "chemistry": IMPORTED.chemistry,
        "mass": IMPORTED.nameplate(),
        "condition": "intact",
        "note": "整车进口，报关单与原厂电池护照编号已核对",
        "evidence": author.evidence("customs", "application/pdf"),
    }
    author.say(IMPORTER, "battery.registered", IMPORTED.subject, data)
    author.on("2026-06-03 14:20")
    author.say(IMPORTER, "battery.released", IMPORTED.subject, {"reason": "sold", "region": "CN-440100"})


def _see_in_a_car(author: Author) -> None:
    """A garage meets an old pack in a customer's car and records it; nobody enrolled holds it."""
    author.on("2026-06-11 17:30")
    data = {
        "stage": "in_vehicle",
        "capacity": "repairer",
        "holder": "nobody",
        "basis": "legacy",
        "read_by": "camera",
        "chemistry": SEEN_IN_A_CAR.chemistry,
        "label": author.label(SEEN_IN_A_CAR.subject),
        "note": "例行保养时补登记，车主自用",
        "not_measured": [{"what": "mass", "reason": "电池在车上，未拆下称重"}],
        "evidence": author.evidence("photo"),
    }
    author.say(GARAGE, "battery.registered", SEEN_IN_A_CAR.subject, data)


def _crash(author: Author) -> None:
    """Five cars come to the yard as wrecks; the packs in them were nobody's that is enrolled."""
    wrecks = (
        *((pack(*made), "2026-07-06 09:10", "damaged") for made in CRASHED[:1]),
        (pack(*CRASHED[1]), "2026-07-13 15:00", "intact"),
        (SEEN_IN_A_CAR, "2026-07-14 10:45", "intact"),
        (IMPORTED, "2026-07-16 11:30", "damaged"),
        (pack(*CRASHED[2]), "2026-07-18 16:20", "leaking"),
    )
    for item, when, condition in wrecks:
        author.on(when)
        disclosures: tuple[str, ...] = ()
        data: dict[str, Any] = {
            "capacity": "vehicle_dismantler",
            "read_by": "camera",
            "condition": condition,
            "mass": item.weighed(),
            "site": "sanshui",
            "evidence": author.evidence("photo"),
        }
        if item is not IMPORTED:  # its label is another system's and has no token
            data["token"], shown = author.seen(item.subject)
            disclosures = (shown,)
        author.say(
            YARD, "battery.taken_in", item.subject, data, word="phone", ago_s=7200, disclosures=disclosures
        )
    again = pack(*CRASHED[0]).subject
    author.say(
        YARD,
        "label.reissued",
        again,
        {"label": author.label(again), "reason": "damaged", "evidence": author.evidence("photo")},
    )


def _widen_roles(author: Author) -> None:
    """The yard becomes a collection point too, so that garages may bring it single packs."""
    author.on("2026-07-20 10:00")
    roles = [
        {"role": "vehicle_dismantler", "licence": LICENCES[YARD.short]},
        {"role": "collector", "from": "2026-07-20T16:00:00Z"},
    ]
    author.say(REGISTRAR, "org.changed", YARD.org, {"roles": roles}, word="registry")


def _recall(author: Author, vehicles: dict[str, str]) -> None:
    """Four packs of one day's production swell; a garage takes them out, and the yard collects them."""
    author.on("2026-08-03 09:00")
    items = [pack(*made) for made in RECALLED]
    for item in items:
        vehicle = vehicles[item.subject]
        with author.group():
            token, shown = author.seen(item.subject)
            removed = author.say(
                GARAGE,
                "battery.removed",
                item.subject,
                {
                    "capacity": "repairer",
                    "vehicle": vehicle,
                    "read_by": "camera",
                    "token": token,
                    "reason": "recall",
                    "condition": "unknown",
                    "site": "changan",
                    "evidence": author.evidence("photo"),
                },
                disclosures=(shown,),
            )
            taken_out = {"battery": item.subject, "removed": removed}
            author.say(GARAGE, "vehicle.taken_out", vehicle, taken_out)
    author.on("2026-08-04 14:00")
    swollen = {
        "condition": "damaged",
        "soh_permille": 942,
        "note": "2号模组外壳鼓胀约3 mm，绝缘电阻合格，已断开手动维护开关",
        "site": "changan",
    }
    author.say(GARAGE, "battery.inspected", items[0].subject, swollen)
    author.on("2026-08-05 10:00")
    for item in items:
        retired = {"capacity": "repairer", "reason": "recall", "site": "changan"}
        author.say(GARAGE, "battery.retired", item.subject, retired)
    author.on("2026-08-10 09:30")
    offers = [offer(author, GARAGE, YARD, "collector", item.subject, until="2026-08-20") for item in items]
    author.on("2026-08-12 11:00")
    _collect(author, items, offers)


def _scrap_test_truck(author: Author) -> None:
    """The maker's own test lorry is scrapped before it was ever sold, with both of its packs."""
    author.on("2026-08-18 10:00")
    items = [pack(*made) for made in TEST_TRUCK]
    for item in items:
        retired = {"capacity": "vehicle_maker", "reason": "vehicle_scrapped", "condition": "intact"}
        author.say(CARS, "battery.retired", item.subject, retired)
    offers = [
        offer(author, CARS, YARD, "vehicle_dismantler", item.subject, until="2026-09-01") for item in items
    ]
    author.on("2026-08-20 15:40")
    for item, offered in zip(items, offers, strict=True):
        mass = item.weighed()
        accept(author, YARD, "vehicle_dismantler", item.subject, offered, mass=mass, site="sanshui")


def _garage_leftovers(author: Author) -> None:
    """Two old packs that a garage took out of cars, retired and handed on."""
    author.on("2026-08-27 16:00")
    for item in BY_GARAGE:
        data = {
            "stage": "removed",
            "capacity": "repairer",
            "holder": "signer",
            "basis": "legacy",
            "read_by": "typed",
            "chemistry": item.chemistry,
            "condition": "intact",
            "note": "车主换装新电池，旧电池留店，电压正常",
            "not_measured": [{"what": "soh", "reason": "门店没有充放电设备"}],
            "evidence": author.evidence("photo"),
        }
        author.say(GARAGE, "battery.registered", item.subject, data, ago_s=24 * 3600)
        retired = {"capacity": "repairer", "reason": "end_of_life", "site": "changan"}
        author.say(GARAGE, "battery.retired", item.subject, retired)
    offers = [
        offer(author, GARAGE, YARD, "collector", item.subject, until="2026-09-10") for item in BY_GARAGE
    ]
    author.on("2026-08-31 10:20")
    _collect(author, BY_GARAGE, offers)


def _collect(author: Author, items: Sequence[Pack], offers: Sequence[str]) -> None:
    """The yard takes over what a garage offered, as a collection point, and weighs it."""
    for item, offered in zip(items, offers, strict=True):
        mass = item.weighed()
        accept(
            author, YARD, "collector", item.subject, offered, word="phone", mass=mass, site="gaoming"
        )  # fmt: skip


def _tag(author: Author) -> None:
    """Burnt and flooded, the plate gone: a tag of the yard's own stands in until the code is found."""
    author.on("2026-09-02 15:00")
    data = {
        "stage": "waste",
        "capacity": "vehicle_dismantler",
        "holder": "signer",
        "basis": "label_unreadable",
        "read_by": "unreadable",
        "mass": TAGGED.weighed(),
        "condition": "burnt",
        "label": author.label(TAGGED.subject),
        "site": "sanshui",
        "note": "铭牌烧毁，二维码与钢印均无法辨认，场内标签 LT-2026-0902",
        "not_measured": [{"what": "label", "reason": "标签烧毁，未能找到电池编码"}],
        "evidence": author.evidence("photo"),
    }
    author.say(YARD, "battery.registered", TAGGED.subject, data, word="phone")


def _withdraw(author: Author) -> None:
    """One pack is offered to the recycler straight away, which wants it opened first: the offer goes back."""
    author.on("2026-09-08 10:00")
    offered = offer(author, YARD, RECYCLER, "recycler", REDIRECTED.subject, until="2026-09-18")
    author.on("2026-09-09 09:15")
    reason = "再生企业答复该型号须先拆解，改随14日车次送拆解企业"
    author.say(YARD, "handover.withdrawn", REDIRECTED.subject, {"offer": offered, "reason": reason})


def replace_phone(author: Author) -> None:
    """The yard's phone is lost: its key is revoked the same day, and a new one is added."""
    author.on("2026-10-20 18:30")
    revoked = {
        "kid": YARD.signer("phone").public.kid,
        "reason": "lost",
        "compromised_since": "2026-10-20T02:00:00Z",
    }
    author.say(YARD, "key.revoked", YARD.keys, revoked, word="admin")
    add_key(author, YARD, "new phone", name="三水场手持终端2号")
