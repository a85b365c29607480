"""The slip of a truck, made of what is on it."""

from __future__ import annotations

from typing import Final

from ...trace.codes.slip import PATH, slip_token, slip_url
from ...trace.labels.manifest import Loaded, Manifest
from ...trace.lifecycle.state import Log
from ...trace.lifecycle.world import World
from .loads import Load, Standing, party_object

PACKING: Final = {
    "normal": ("正常包装", "normal"),
    "damaged": ("破损电池包装", "damaged"),
    "critical": ("危险破损电池包装", "damaged, liable to react"),
}
_NOT_ON_IT: Final = (Standing.WITHDRAWN,)


def token_of(load: Load) -> str:
    """The token on the slip."""
    return slip_token(load.subject, load.dispatched.event.jws.value["nonce"])


def slip_path(load: Load) -> str:
    """What the slip's QR opens, without the host."""
    return f"{PATH}{load.subject.removeprefix('consignment:')}.{token_of(load)}"


def manifest_of(load: Load, world: World, host: str) -> Manifest:
    """What the paper says: what was offered with it and not withdrawn.

    Raises:
        LabelError: No address can have this host.
    """
    said = load.dispatched.event.data
    log = world.chain(f"log:{world.origin}")
    carrier = said.get("carrier")
    return Manifest(
        name=load.subject.rpartition("/")[2],
        url=slip_url(host, load.subject, token_of(load)),
        origin=world.origin,
        is_real=bool(log and isinstance(log.state, Log) and log.state.purpose == "production"),
        consignor=_party(load.dispatched.event.iss, world),
        consignee=_party(said["consignee"], world),
        carrier=_party(carrier, world) if carrier else None,
        dispatched_at=load.dispatched.event.occurred_at,
        un_number=said["un_number"],
        packing=PACKING[said["packing"]],
        mass_g=load.mass_g,
        loaded=[
            Loaded(each.subject.split(":", 2)[2], each.mass_g)
            for each in load.on_board
            if each.standing not in _NOT_ON_IT
        ],
    )


def _party(party: str, world: World) -> tuple[str, str, str]:
    said = party_object(party, world)
    return said["id"].removeprefix("org:"), said.get("name_zh", ""), said.get("name_en", "")
