"""What a story does to packs and vehicles: in, out, sold, scrapped."""

from __future__ import annotations

from typing import Any

from ..signing.base64url import b64url
from .author import Author, Party


def new_vehicle(author: Author) -> str:
    """A vehicle that nobody has said anything of."""
    return f"vehicle:{b64url(author.chance(16))}"


def fit(
    author: Author, party: Party, item: str, vehicle: str,
    *, place: int = 1, of: int = 1, swap_model: bool = False, site: str = "", prefix: str = "LX9EV000",
    word: str = "sign",
) -> None:  # fmt: skip
    """A pack goes into a vehicle: one group. Who is the first brings the VIN, withheld."""
    with author.group():
        known = author.world.chain(vehicle)
        data: dict[str, Any] = {"vehicle": vehicle, "position": place, "of": of}
        if site:
            data["site"] = site
        installed = author.say(party, "battery.installed", item, data, word=word)
        fitted: dict[str, Any] = {
            "battery": item,
            "installed": installed,
            "packs": of,
            "swap_model": swap_model,
        }
        disclosures: tuple[str, ...] = ()
        if known is None:
            fitted["vin"], shown = author.withhold(vin(author, prefix))
            disclosures = (shown,)
        author.say(party, "vehicle.fitted", vehicle, fitted, word=word, disclosures=disclosures)


def take_out(
    author: Author, party: Party, item: str, vehicle: str, capacity: str, reason: str,
    *, word: str = "sign", **more: Any,
) -> None:  # fmt: skip
    """A pack comes out of its vehicle: one group. The label's token shows that the label was read."""
    token, shown = author.seen(item)
    data = {"capacity": capacity, "vehicle": vehicle, "read_by": "scanner", "token": token, "reason": reason}
    with author.group():
        removed = author.say(
            party, "battery.removed", item, {**data, **more}, word=word, disclosures=(shown,)
        )
        taken_out = {"battery": item, "removed": removed}
        author.say(party, "vehicle.taken_out", vehicle, taken_out, word=word)


def take_in(author: Author, party: Party, item: str, capacity: str, condition: str, **more: Any) -> None:
    """Take a battery in from nobody, its label read."""
    token, shown = author.seen(item)
    data = {"capacity": capacity, "read_by": "camera", "condition": condition, "token": token, **more}
    author.say(party, "battery.taken_in", item, data, disclosures=(shown,))


def vin(author: Author, prefix: str) -> str:
    """A VIN of no maker (LX9 and zeros), with the check digit of GB 16735 in its ninth place."""
    places = f"{prefix}?TG{author.between(0, 999_999):06d}"
    weights = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)
    values = dict(zip("ABCDEFGHJKLMNPRSTUVWXYZ", "12345678123457923456789", strict=True))
    total = sum(
        int(values.get(letter, letter)) * weight
        for letter, weight in zip(places.replace("?", "0"), weights, strict=True)
    )
    return places.replace("?", "0123456789X"[total % 11])
