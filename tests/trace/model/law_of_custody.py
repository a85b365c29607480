"""Offers and their answers, custody assigned, and undoing: the same for batteries and for lots."""

from __future__ import annotations

from typing import Any

from .law import (
    DAY,
    Answer,
    Demands,
    Event,
    Refused,
    State,
    World,
    by_registrar,
    has_role,
    is_open,
    need,
    owner,
    policy,
    rule,
    seconds,
    stands,
    thing,
)
from .law_of_keys import check_joint
from .stages import DISMANTLERS, IN_PACK, IN_USE, LIVE, WASTE, check_capacity, waste_by


def _check_loose(event: Event, state: State, *, lost: bool = False) -> None:
    """Live and not in a pack, or a lot that is held; what is lost only where that is said."""
    lot = event["sub"].startswith("lot:")
    there = {"held", "lost"} if lot else LIVE - {IN_PACK}
    need(state["stage"] in there - (set() if lost else {"lost"}), "is not there to be handed over")


def _check_in_use(state: State, capacity: str) -> None:
    """What a later acceptance could only be refused is not offered, nor assigned round that bar."""
    barred = state["stage"] in IN_USE and capacity in DISMANTLERS | {"recycler"}
    need(not barred, "in use, it goes to no dismantler or recycler")


def _same_or_waste(event: Event, state: State, capacity: str) -> str:
    """Waste and what was lost follow the capacity; what is in use stays as it is. A lot has no stages."""
    if event["sub"].startswith("lot:"):
        return "held"
    return waste_by(capacity) if state["stage"] in WASTE | {"lost"} else str(state["stage"])


@rule("handover.offered")
def offered(world: World, event: Event, state: State) -> Answer:
    data, me = event["data"], event["iss"]
    _check_loose(event, state)
    need(state["custodian"] == me, "does not hold it")
    need(data["consignee"] != me and data["consignee"] in world["orgs"], "to another that is enrolled")
    _check_in_use(state, data["capacity"])
    least, most = policy(world, "offer_least_days"), policy(world, "offer_most_days")
    until = seconds(data["expires_at"])
    need(world["now"] + least * DAY <= until <= world["now"] + most * DAY, "stands for some days")
    packed = data.get("packing") in ("damaged", "critical")
    need(not state.get("damaged") or packed, "is damaged, and not packed as that")
    offer = {"id": event["id"], "consignee": data["consignee"], "capacity": data["capacity"], "until": until}
    if "consignment" in data:
        _load(world, event)
        offer["consignment"] = data["consignment"]
    return {**state, "offer": offer}, []


def _load(world: World, event: Event) -> None:
    """It travels with what is its consignor's, to one consignee, and has not arrived."""
    load = event["data"]["consignment"]
    need(owner(load) == event["iss"], "another's consignment")
    state = thing(world, load)
    on_its_way = state["stage"] != "arrived" and state.get("consignee") == event["data"]["consignee"]
    need(state["stage"] == "-" or on_its_way, "has arrived, or goes to another")
    world["loads"][load] = (*world["loads"].get(load, ()), event["sub"])


def _named(world: World, event: Event, state: State) -> dict[str, Any]:
    """The offer that an answer names, which is open."""
    offer: dict[str, Any] | None = state.get("offer")
    if offer is None or not is_open(world, offer) or offer["id"] != event["data"]["offer"]:
        raise Refused("no such offer is open", "")
    return offer


@rule("handover.accepted")
def accepted(world: World, event: Event, state: State) -> Answer:
    offer, me = _named(world, event, state), event["iss"]
    need(me == offer["consignee"], "is not the consignee")
    need(event["data"]["capacity"] == offer["capacity"], "as something else than offered")
    capacity = check_capacity(world, event)
    _check_in_use(state, capacity)
    after = {"stage": _same_or_waste(event, state, capacity), "custodian": me, "capacity": capacity}
    return {**state, **after, "offer": None}, []


@rule("handover.declined")
def declined(world: World, event: Event, state: State) -> Answer:
    need(event["iss"] == _named(world, event, state)["consignee"], "is not the consignee")
    return {**state, "offer": None}, []


@rule("handover.withdrawn")
def withdrawn(world: World, event: Event, state: State) -> Answer:
    _named(world, event, state)
    need(event["iss"] == state["custodian"], "is not the consignor")
    return {**state, "offer": None}, []


@rule("custody.assigned")
def assigned(world: World, event: Event, state: State) -> Answer:
    check_joint(world, event)
    data = event["data"]
    _check_loose(event, state, lost=True)
    need(data["party"] != state["custodian"], "holds it already")
    capacity = data["capacity"]
    need(has_role(world, data["party"], capacity), "the party has no such role")
    need(not world["orgs"][data["party"]]["suspended"], "the party is suspended")
    _check_in_use(state, capacity)
    after = {"stage": _same_or_waste(event, state, capacity), "custodian": data["party"]}
    return {**state, **after, "capacity": capacity, "offer": None}, []


# Undoing.


@rule("battery.voided", "vehicle.voided", "lot.voided")
def voided(world: World, event: Event, state: State) -> Answer:
    check_joint(world, event)
    sub, data = event["sub"], event["data"]
    trail = world["trails"].get(sub, ())
    need(trail and trail[-1]["id"] == data["event"], "is not the last event")
    last = trail[-1]
    need(last["type"] not in ("handover.withdrawn", "handover.declined"), "is not voidable")
    need(not last["led"] or event["demand"], "is undone with what leads it")
    if not by_registrar(world, event):
        _check_by_signer(world, event, last)
    _check_nothing_hangs_on_it(world, sub, state, last)
    demands: Demands = []
    for other, named in world["names"].get(last["id"], ()):
        if stands(world, other, named):
            kind = other.partition(":")[0]
            demands.append({"type": f"{kind}.voided", "sub": other, "iss": event["iss"], "voids": named})
    world["trails"][sub] = trail[:-1]
    before: State = last["before"]
    return before, demands


def _check_by_signer(world: World, event: Event, last: dict[str, Any]) -> None:
    """Its signer alone for some hours, afterwards with the other party's consent. In a group the leader's
    time counts."""
    need(last["iss"] == event["iss"], "another's event")
    if event["demand"] or world["now"] <= last["at"] + policy(world, "void_hours") * 3600:
        return
    consent = world["agreed"].get(event["data"].get("agreed"))
    need(consent == (last["id"], other_party(last)), "too late, without the other's consent")


def other_party(last: dict[str, Any]) -> str:
    """Whom an event concerned beside its signer: of an acceptance who held it before, of an offer its
    consignee, and so of what is said while the offer stands (ADR 15)."""
    before = last["before"]
    if last["type"] == "handover.accepted":
        return str(before["custodian"])
    if last["type"] == "handover.offered":
        return str(last["consignee"])
    offer = before.get("offer")
    return str(offer["consignee"]) if offer and last["at"] < offer["until"] else ""


def _check_nothing_hangs_on_it(world: World, sub: str, state: State, last: dict[str, Any]) -> None:
    """What a closed batch bound stays bound, and a chain into which another went keeps its beginning."""
    if last["type"] in ("battery.recycled", "lot.charged"):
        bound = [
            batch for batch, inputs in world["inputs"].items() for each in inputs if each[1] == last["id"]
        ]
        need(all(thing(world, batch)["stage"] != "closed" for batch in bound), "its batch is closed")
    if last["before"]["stage"] == "-":
        gone = [other for other in world["things"].values() if other["stage"] == "merged"]
        need(all(other.get("into") != sub for other in gone), "another chain went into it")
