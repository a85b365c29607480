"""What is on a truck: the consignment as it was dispatched, and what has become of each thing on it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from ...trace.history import Told
from ...trace.lifecycle.conditions.case import org_of
from ...trace.lifecycle.state import Battery, Lot
from ...trace.lifecycle.world import World
from ...trace.times import format_time

ReadChain = Callable[[str], Sequence[Told]]


class Standing(StrEnum):
    """What became of an offer."""

    OPEN = "open"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    CLOSED = "closed"  # in another way: lost, assigned by a court, voided


@dataclass(frozen=True, slots=True)
class OnBoard:
    """A battery or lot that was offered with a consignment."""

    subject: str
    offered: Told
    standing: Standing
    damaged: bool

    @property
    def mass_g(self) -> int | None:
        """As the consignor stated it."""
        mass = self.offered.event.data.get("mass")
        return mass["g"] if mass else None


@dataclass(frozen=True, slots=True)
class Load:
    """A consignment that was dispatched."""

    subject: str
    dispatched: Told
    arrived: Told | None
    on_board: tuple[OnBoard, ...]  # in the order in which they were offered

    @property
    def mass_g(self) -> int | None:
        """As it was weighed whole, else the sum of what was stated of each, if it was of all."""
        said = self.dispatched.event.data.get("mass")
        if said:
            return int(said["g"])
        masses = [each.mass_g for each in self.on_board]
        return sum(mass for mass in masses if mass is not None) if None not in masses else None


def read_load(subject: str, read: ReadChain, world: World, at: datetime) -> Load | None:
    """What is on a truck, or None where nothing was dispatched under this name.

    Args:
        subject: The consignment.
        read: Its chain, and those of what is on it.
        world: The same log, at the same moment.
        at: Now, for offers that expire.
    """
    chain = read(subject)
    by_type = {told.event.type: told for told in chain}
    dispatched = by_type.get("consignment.dispatched")
    if dispatched is None:
        return None
    return Load(
        subject, dispatched, by_type.get("consignment.arrived"), tuple(_on_board(subject, read, world, at))
    )


def _on_board(subject: str, read: ReadChain, world: World, at: datetime) -> Iterator[OnBoard]:
    for reference in world.references_to(subject):
        if reference.subject == subject:
            continue
        chain = read(reference.subject)
        place = next((n for n, told in enumerate(chain) if told.event.id == reference.event), None)
        if place is None or chain[place].event.type != "handover.offered":
            continue
        state = chain[-1].after
        damaged = isinstance(state, Battery) and state.facts.damaged
        yield OnBoard(reference.subject, chain[place], _standing(chain, place, at), damaged)


def _standing(chain: Sequence[Told], place: int, at: datetime) -> Standing:
    offered = chain[place].event.id
    state = chain[-1].after
    offer = state.offer if isinstance(state, Battery | Lot) else None
    if offer and offer.id == offered:
        return Standing.OPEN if at < offer.expires_at else Standing.EXPIRED
    answers = {"handover.accepted", "handover.declined", "handover.withdrawn"}
    for told in chain[place + 1 :]:
        if told.event.type in answers and told.event.data["offer"] == offered:
            return Standing(told.event.type.removeprefix("handover."))
    before = chain[place].after
    lapsed = isinstance(before, Battery | Lot) and before.offer is not None and at >= before.offer.expires_at
    return Standing.EXPIRED if lapsed else Standing.CLOSED


def party_object(party: str, world: World) -> dict[str, str]:
    """An organisation with its names."""
    org = org_of(world, party)
    return {"id": party} | ({"name_zh": org.name_zh, "name_en": org.name_en} if org else {})


def load_object(load: Load, world: World) -> dict[str, Any]:
    """A load for programs."""
    said = load.dispatched.event.data
    arrived = load.arrived.event.data if load.arrived else None
    return {
        "subject": load.subject,
        "consignor": party_object(load.dispatched.event.iss, world),
        "consignee": party_object(said["consignee"], world),
        "carrier": party_object(said["carrier"], world) if "carrier" in said else None,
        "dispatched": load.dispatched.event.id,
        "dispatched_at": format_time(load.dispatched.event.occurred_at),
        "un_number": said["un_number"],
        "packing": said["packing"],
        "mass_g": load.mass_g,
        "count": len(load.on_board),
        "on_board": [
            {
                "subject": each.subject,
                "offer": each.offered.event.id,
                "seq": each.offered.event.seq,
                "capacity": each.offered.event.data["capacity"],
                "expires_at": each.offered.event.data["expires_at"],
                "mass_g": each.mass_g,
                "damaged": each.damaged,
                "standing": each.standing.value,
            }
            for each in load.on_board
        ],
        "arrived": arrived and {name: arrived[name] for name in ("arrived", "missing", "unexpected")},
    }
