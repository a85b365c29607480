"""How things change hands in a story: offers, answers, and what travels together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any, Final

from ..trace.lifecycle.consignments import consignment_offers
from .author import Author, Party
from .designs import Item

_WEEKS: Final = 3  # for which an offer stands, as these firms agree


def weights(items: Iterable[Item]) -> dict[str, Mapping[str, Any]]:
    """What each weighs on a scale."""
    return {item.subject: item.weighed() for item in items}


def offer(
    author: Author, consignor: Party, consignee: Party, capacity: str, item: str,
    *, word: str = "sign", **more: Any,
) -> str:  # fmt: skip
    """Offer one battery or lot, until noon UTC some weeks from now."""
    until = (author.at + timedelta(weeks=_WEEKS)).date()
    data = {"consignee": consignee.org, "capacity": capacity, "expires_at": f"{until}T12:00:00Z", **more}
    return author.say(consignor, "handover.offered", item, data, word=word)


def accept(
    author: Author, consignee: Party, capacity: str, item: str, offered: str,
    *, word: str = "sign", **more: Any,
) -> str:  # fmt: skip
    """Take over what was offered, its label read by a scanner unless ``more`` says otherwise."""
    data = {"offer": offered, "capacity": capacity, "condition": "intact", "read_by": "scanner", **more}
    return author.say(consignee, "handover.accepted", item, data, word=word)


def load(
    author: Author, consignor: Party, consignee: Party, capacity: str, name: str,
    masses: Mapping[str, Mapping[str, Any]], *, packing: str = "normal", un_number: str = "UN3480",
    carrier: Party | None = None, word: str = "sign", **more: Any,
) -> dict[str, str]:  # fmt: skip
    """Offer what goes on one vehicle, and say that it has left; give each one's offer back.

    Args:
        masses: The batteries or lots, and what each weighs.
        more: Further members of each offer.
    """
    consignment = consignor.owns("consignment", name)
    if packing != "normal":
        more["packing"] = packing
    offers = {
        item: offer(
            author,
            consignor,
            consignee,
            capacity,
            item,
            word=word,
            consignment=consignment,
            mass=mass,
            **more,
        )
        for item, mass in masses.items()
    }
    author.at += timedelta(minutes=25)
    loaded = consignment_offers(author.world, consignment, author.at + timedelta(minutes=2))
    plate, shown = author.withhold(f"示例{author.between(10_000, 99_999)}")
    data: dict[str, Any] = {
        "consignee": consignee.org,
        "offers": {"count": loaded.count, "root": loaded.root},
        "mass": {"g": sum(mass["g"] for mass in masses.values()), "basis": "measured", "scale_g": 20_000},
        "un_number": un_number,
        "packing": packing,
        "safety_check": {"passed": packing == "normal", "consignor": "发货员", "consignee": "驻场验收员"},
        "origin_region": consignor.region,
        "destination_region": consignee.region,
        "plate": plate,
    }
    if packing != "normal":
        data["safety_check"]["treated"] = "逐包绝缘检测，断开维护开关，装入防爆周转箱"
    if carrier:
        data["carrier"] = carrier.org
    author.say(consignor, "consignment.dispatched", consignment, data, word=word, disclosures=(shown,))
    return offers


def unload(
    author: Author, consignor: Party, consignee: Party, name: str, *, arrived: int,
    missing: Iterable[str] = (), unexpected: Iterable[str] = (), **more: Any,
) -> str:  # fmt: skip
    """Say what came off the vehicle; each thing on it is answered on its own chain."""
    data = {"arrived": arrived, "missing": list(missing), "unexpected": list(unexpected), **more}
    return author.say(consignee, "consignment.arrived", consignor.owns("consignment", name), data)


def deliver(
    author: Author, consignor: Party, consignee: Party, capacity: str,
    masses: Mapping[str, Mapping[str, Any]], *, loaded: str, unloaded: str, name: str, site: str = "",
    condition: str = "intact", **more: Any,
) -> None:  # fmt: skip
    """A whole load: offered and dispatched at one time, arrived and accepted at another (in Beijing)."""
    author.on(loaded)
    offers = load(author, consignor, consignee, capacity, name, masses, **more)
    author.on(unloaded)
    unload(author, consignor, consignee, name, arrived=len(offers), seal_intact=True)
    place: dict[str, Any] = {"site": site} if site else {}
    for item, offered in offers.items():
        accept(author, consignee, capacity, item, offered, mass=masses[item], condition=condition, **place)
