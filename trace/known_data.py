"""What a statement can only say as the log has it: filled in for its signer, and true when it is signed.

Nothing is filled in that somebody has to see, weigh or decide.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from .codes.subjects import parse_subject
from .lifecycle import words
from .lifecycle.batches import batch_inputs
from .lifecycle.consignments import consignment_offers
from .lifecycle.state import Battery, Lot, Notes, Vehicle
from .lifecycle.world import World
from .times import parse_time

LEADER_ID: Final = "<id of the first>"
"""Stands in a group, until that is signed, for the id of its first statement; fits no schema."""

_IN_CAPACITY: Final = ("battery.retired", "battery.repaired", "battery.requalified", "battery.removed")


def known_data(
    world: World, kind: str, subject: str, skeleton: Mapping[str, Any], occurred_at: str
) -> dict[str, Any]:
    """Members of ``data`` that follow from the log.

    Args:
        world: What the log says so far.
        kind: The type of the statement.
        subject: Its chain.
        skeleton: Its ``data`` with placeholders; the parts of lists are taken from there.
        occurred_at: When it happens, as the statement says.
    """
    if kind.endswith(".voided"):
        past = world.past(subject)
        return {"event": past.event} if past else {}
    match kind:
        case "batch.closed":
            return {"inputs": batch_inputs(world, subject)}
        case "consignment.dispatched":
            return _load(world, subject, occurred_at)
        case "battery.repurposed":
            sources = _used_in(world, subject)
            return {"sources": sources} if sources else {}
    chain = world.chain(subject)
    match chain.state if chain else None:
        case Battery() as battery:
            return _of_battery(battery, kind, skeleton)
        case Lot() as lot:
            return _answer(lot, kind)
        case Vehicle() as vehicle if kind == "vehicle.scrapped" and vehicle.packs:
            known = {"packs": vehicle.packs, "swap_model": vehicle.swap_model}
            return known | ({"present": list(vehicle.batteries)} if vehicle.batteries else {})
        case Notes() as notes if kind == "hold.lifted" and notes.holds:
            return {"hold": notes.holds[-1].event}
    if kind == "note.agreed":
        return _last_event(world, subject)
    return {}


def _of_battery(battery: Battery, kind: str, skeleton: Mapping[str, Any]) -> dict[str, Any]:
    known = _answer(battery, kind)
    if kind in _IN_CAPACITY and battery.capacity:
        known["capacity"] = battery.capacity
    if kind == "battery.removed" and battery.facts.vehicle:
        known["vehicle"] = battery.facts.vehicle
    if kind == "battery.dismantled":
        parts = tuple(dict.fromkeys((*battery.facts.components, *battery.facts.parts)))
        if parts:
            (child,) = skeleton["children"]
            known["children"] = [child | {"battery": part} for part in parts]
    if kind == "battery.returned" and battery.facts.before in words.WASTE:
        known["stage"] = "waste"
    return known


def _answer(holding: Battery | Lot, kind: str) -> dict[str, Any]:
    offer = holding.offer
    if offer is None or kind not in ("handover.accepted", "handover.declined", "handover.withdrawn"):
        return {}
    return {"offer": offer.id} | ({"capacity": offer.capacity} if kind == "handover.accepted" else {})


def _load(world: World, consignment: str, occurred_at: str) -> dict[str, Any]:
    """The open offers that name the consignment, and to whom they go where that is one."""
    offered = consignment_offers(world, consignment, parse_time(occurred_at, "/occurred_at"))
    if not offered.count:
        return {}
    known: dict[str, Any] = {"offers": {"count": offered.count, "root": offered.root}}
    consignees = {offer.consignee for offer in offered.offers}
    return ({"consignee": consignees.pop()} if len(consignees) == 1 else {}) | known


def _used_in(world: World, product: str) -> list[str]:
    """The events by which batteries went into the product, in the order of the log."""
    return [
        reference.event
        for reference in world.references_to(product)
        if (chain := world.chain(reference.subject))
        and isinstance(chain.state, Battery)
        and (chain.state.stage, chain.state.facts.into) == (words.USED_IN, product)
        and chain.head == reference.event
    ]


def _last_event(world: World, notes: str) -> dict[str, Any]:
    inner = parse_subject(notes).inner
    past = world.past(inner.text) if inner else None
    return {"event": past.event} if past else {}


def group_data(
    world: World, leader: Mapping[str, Any], kind: str, subject: str, skeleton: Mapping[str, Any]
) -> dict[str, Any]:
    """Members of ``data`` of a statement that follows another in its group.

    Args:
        world: What the log says before the group.
        leader: The statement that leads it. Its id, which signing gives it, is told as `LEADER_ID`.
        kind: The type of the statement that follows.
        subject: Its chain.
        skeleton: Its ``data`` with placeholders.
    """
    said, leading = leader["data"], leader["sub"]
    chain = world.chain(leading)
    before = chain.state if chain else None
    capacity = before.capacity if isinstance(before, Battery | Lot) else ""
    match kind:
        case "battery.extracted":
            return {"parent": leading, "dismantled": LEADER_ID, "capacity": capacity}
        case "battery.fitted":
            return {"parent": leading, "leader": LEADER_ID}
        case "battery.taken_out":
            return {"parent": leading, "leader": LEADER_ID, "capacity": said["capacity"]}
        case "battery.registered":
            return {"linked": LEADER_ID} | (_as_it_stood(before) if isinstance(before, Battery) else {})
        case "vehicle.fitted":
            vehicle = world.chain(subject)
            known = {"battery": leading, "installed": LEADER_ID, "packs": said["of"]}
            if vehicle and isinstance(vehicle.state, Vehicle) and vehicle.state.packs:
                known["swap_model"] = vehicle.state.swap_model
            return known
        case "vehicle.taken_out":
            return {"battery": leading, "removed": LEADER_ID}
        case "lot.merged":
            return {"into": leading, "leader": LEADER_ID}
        case "lot.made" if isinstance(before, Lot):
            return _share(before, said["into"], subject, skeleton)
        case _:
            return {"reason": said["reason"]}


def _as_it_stood(battery: Battery) -> dict[str, Any]:
    """How a battery is registered under the code by which it goes on."""
    stage = "waste" if battery.stage in words.WASTE else battery.stage
    known = {"stage": stage, "capacity": battery.capacity, "holder": "signer"}
    return known | ({"condition": battery.facts.condition} if battery.facts.condition else {})


def _share(
    lot: Lot, into: list[Mapping[str, Any]], subject: str, skeleton: Mapping[str, Any]
) -> dict[str, Any]:
    """What a lot is split into is what the lot was, in the share that the split says."""
    known: dict[str, Any] = {"split": LEADER_ID, "capacity": lot.capacity, "kind": lot.kind}
    if lot.chemistry:
        known["chemistry"] = lot.chemistry
    share = next((each["g"] for each in into if each["lot"] == subject), None)
    return known if share is None else known | {"mass": {**skeleton["mass"], "g": share}}
